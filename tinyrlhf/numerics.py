"""Softmax, sigmoid and their logarithms, safe for numbers of any size.

Logits may be integers, and -inf for impossible actions, as long as one in each row is possible.
"""
import numpy as np


def as_floats(values):
    """The same array if it holds floats, else a float64 copy: small integers would wrap around."""
    values = np.asarray(values)
    return values if values.dtype.kind == "f" else values.astype(np.float64)


def logsumexp(values, axis=-1):
    """log(sum(exp(values))) along one axis; the maximum is taken out first: nothing overflows."""
    values = as_floats(values)
    top = np.max(values, axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0.0)  # a row of -inf stays -inf, not NaN
    with np.errstate(divide="ignore"):
        total = np.log(np.sum(np.exp(values - top), axis=axis, keepdims=True)) + top
    return np.squeeze(total, axis=axis)


def log_softmax(logits):
    """Log-probabilities (..., A) of logits (..., A).

    >>> np.exp(log_softmax(np.array([1000.0, 1000.0])))
    array([0.5, 0.5])
    """
    logits = as_floats(logits)
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def softmax(logits):
    """Probabilities (..., A) of logits (..., A)."""
    logits = as_floats(logits)
    weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


def log_sigmoid(values):
    """log(1 / (1 + exp(-values))), exact also where the sigmoid itself rounds to 0 or 1."""
    values = as_floats(values)
    return np.minimum(values, 0) - np.log1p(np.exp(-np.abs(values)))


def sigmoid(values):
    """1 / (1 + exp(-values)), without overflow.

    >>> sigmoid(np.array([-800.0, 0.0, 800.0]))
    array([0. , 0.5, 1. ])
    """
    values = as_floats(values)
    small = np.exp(-np.abs(values))  # in (0, 1]
    return np.where(values >= 0, 1.0, small) / (1.0 + small)
