"""Measure: numbers that say whether a reward model, and a run, can be trusted."""
import numpy as np

from tinyrlhf.numerics import log_sigmoid, sigmoid


def accuracy(differences, labels):
    """Share of answers a score difference s1 - s2 (N,) foresees; "same" and NaN labels do not count, a tie of scores is half right.

    Returns NaN when no answer counts.
    """
    decided = np.isin(labels, (0.0, 1.0))
    if not decided.any():
        return float("nan")
    right = np.where(labels[decided] == 1.0, differences[decided] > 0, differences[decided] < 0)
    return float((right + 0.5 * (differences[decided] == 0)).mean())


def noise_ceiling(probabilities):
    """The accuracy that nobody can beat: mean of max(p, 1 - p) over the pairs, p = P(first) of the person (N,)."""
    return float(np.maximum(probabilities, 1 - probabilities).mean())


def log_loss(differences, labels):
    """Mean -log P(answer) in nats, P(first) = sigmoid(s1 - s2); log 2 is a coin."""
    return float(-(labels * log_sigmoid(differences) + (1 - labels) * log_sigmoid(-differences)).mean())


def calibration(differences, labels, bins=10):
    """Does 70 % mean 70 %? Predicted and observed share of "first" in `bins` bins of equal mass.

    Returns:
        predicted (bins,), observed (bins,), and the expected calibration error: mean |predicted - observed|.
    """
    probability = sigmoid(np.asarray(differences, float))
    parts = [part for part in np.array_split(np.argsort(probability), bins) if len(part)]
    predicted = np.array([probability[part].mean() for part in parts])
    observed = np.array([np.asarray(labels, float)[part].mean() for part in parts])
    mass = np.array([len(part) for part in parts]) / len(probability)
    return predicted, observed, float((mass * np.abs(predicted - observed)).sum())


def interval(values, level=1.96):
    """Mean of values (n,), and half the width of its 95 % interval."""
    values = np.asarray(values, float)
    return float(values.mean()), float(level * values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else float("nan")
