"""Softmax, sigmoid and their logarithms, safe for numbers of any size."""
import numpy as np


def logsumexp(values, axis=-1, keepdims=False):
    """log(sum(exp(values))) along one axis; the maximum is taken out first, so that nothing overflows."""
    top = np.max(values, axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0.0)                      # a row of -inf stays -inf instead of turning NaN
    with np.errstate(divide="ignore"):
        total = np.log(np.sum(np.exp(values - top), axis=axis, keepdims=True)) + top
    return total if keepdims else np.squeeze(total, axis=axis)


def log_softmax(logits):
    """Log-probabilities (..., A) of logits (..., A).

    >>> np.exp(log_softmax(np.array([1000.0, 1000.0])))
    array([0.5, 0.5])
    """
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def softmax(logits):
    """Probabilities (..., A) of logits (..., A)."""
    weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


def softplus(values):
    """log(1 + exp(values)), without overflow."""
    return np.maximum(values, 0) + np.log1p(np.exp(-np.abs(values)))


def log_sigmoid(values):
    """log(1 / (1 + exp(-values))), exact also where the sigmoid itself rounds to 0 or 1."""
    return -softplus(-values)


def sigmoid(values):
    """1 / (1 + exp(-values)), without overflow.

    >>> sigmoid(np.array([-800.0, 0.0, 800.0]))
    array([0. , 0.5, 1. ])
    """
    small = np.exp(-np.abs(values))                                 # in (0, 1]
    return np.where(values >= 0, 1.0, small) / (1.0 + small)
