"""Measure: numbers that say whether a reward model, and a run, can be trusted."""
import numpy as np

from tinyrlhf.checks import check_finite
from tinyrlhf.numerics import log_sigmoid, sigmoid


def accuracy(differences, labels):
    """Share of answers a score difference s1 - s2 (N,) foresees; "same" and NaN labels do not count, a tie of scores is half right.

    Returns NaN when no answer counts.
    """
    check_finite(differences=differences)
    decided = np.isin(labels, (0.0, 1.0))
    if not decided.any():
        return float("nan")
    right = np.where(labels[decided] == 1.0, differences[decided] > 0, differences[decided] < 0)
    return float((right + 0.5 * (differences[decided] == 0)).mean())


def noise_ceiling(probabilities):
    """The accuracy that nobody can beat: mean of max(p, 1 - p) over the pairs, p = P(first) of the person (N,)."""
    return float(np.maximum(probabilities, 1 - probabilities).mean())


def log_loss(differences, labels):
    """Mean -log P(answer) in nats, P(first) = sigmoid(s1 - s2); log 2 is a coin. NaN labels do not count."""
    kept = ~np.isnan(labels)
    d, share = np.asarray(differences, float)[kept], np.asarray(labels, float)[kept]
    return float("nan") if not len(d) else float(-(share * log_sigmoid(d) + (1 - share) * log_sigmoid(-d)).mean())


def calibration(differences, labels, bins=10):
    """Does 70 % mean 70 %? Predicted and observed share of "first" in up to `bins` bins of equal mass.

    Equal predictions share a bin, so that the order of the pairs cannot matter. NaN labels do not count.
    Returns:
        predicted, observed (one number a bin), and the expected calibration error: mean |predicted - observed|.
    """
    kept = ~np.isnan(labels)
    probability, share = sigmoid(np.asarray(differences, float)[kept]), np.asarray(labels, float)[kept]
    if not len(share):
        return probability, share, float("nan")
    edges = np.quantile(probability, np.linspace(0, 1, bins + 1)[1:-1])
    bin_of = np.searchsorted(edges, probability, side="left")
    mass = np.bincount(bin_of, minlength=bins)
    filled = mass > 0
    predicted = np.bincount(bin_of, probability, bins)[filled] / mass[filled]
    observed = np.bincount(bin_of, share, bins)[filled] / mass[filled]
    return predicted, observed, float((mass[filled] * np.abs(predicted - observed)).sum() / mass.sum())


STUDENT = {2: 12.71, 3: 4.30, 4: 3.18, 5: 2.78, 6: 2.57, 7: 2.45, 8: 2.36, 9: 2.31, 10: 2.26, 15: 2.14, 20: 2.09, 30: 2.05}


def interval(values):
    """Mean of n values, and half the width of its 95 % interval by Student's t (for n between two table rows, the wider one)."""
    values = np.asarray(values, float)
    n = len(values)
    if n < 2:
        return float(values[0]) if n else float("nan"), float("nan")
    quantile = STUDENT[max(row for row in STUDENT if row <= n)] if n <= 60 else 1.96
    return float(values.mean()), float(quantile * values.std(ddof=1) / np.sqrt(n))
