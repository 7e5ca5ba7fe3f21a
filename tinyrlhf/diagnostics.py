"""Measure: numbers that say whether a reward model, and a run, can be trusted."""
import math

import numpy as np

from tinyrlhf.checks import check_choice, check_shapes, check_whole
from tinyrlhf.numerics import sigmoid


def accuracy(differences, labels):
    """Share of answers that score differences s1 - s2 (N,) agree with.

    Labels (N,): 1 for "first", 0 for "second"; 0.5 ("same") and NaN do not count. A tie of scores
    is half right. Returns NaN when no answer counts.
    """
    differences, labels = _check_answers(differences, labels)
    decided = np.isin(labels, (0.0, 1.0))
    if not decided.any():
        return float("nan")
    right = np.where(labels[decided] == 1.0, differences[decided] > 0, differences[decided] < 0)
    return float((right + 0.5 * (differences[decided] == 0)).mean())


def noise_ceiling(probabilities):
    """The accuracy that nobody can beat: mean of max(p, 1 - p), p (N,) the person's P(first)."""
    _check_shares(probabilities=probabilities)
    return float(np.maximum(probabilities, 1 - probabilities).mean())


def calibration(differences, labels, bins=10):
    """Does 70 % mean 70 %? Predicted and observed share of "first" in up to `bins` equal bins.

    Equal in mass, but equal predictions share a bin. NaN labels do not count.
    Returns:
        predicted, observed (one number a bin), and the expected calibration error:
        mean |predicted - observed|.
    """
    differences, labels = _check_answers(differences, labels)
    check_whole("bins", bins, 1, 1_000_000)
    kept = ~np.isnan(labels)
    probability, share = sigmoid(differences[kept]), labels[kept]
    if not len(share):
        return probability, share, float("nan")
    edges = np.quantile(probability, np.linspace(0, 1, bins + 1)[1:-1])
    bin_of = np.searchsorted(edges, probability, side="left")
    mass = np.bincount(bin_of, minlength=bins)
    filled = mass > 0
    predicted = np.bincount(bin_of, probability, bins)[filled] / mass[filled]
    observed = np.bincount(bin_of, share, bins)[filled] / mass[filled]
    error = (mass[filled] * np.abs(predicted - observed)).sum() / mass.sum()
    return predicted, observed, float(error)


def _check_answers(differences, labels):
    """Refuse NaN differences, and labels that are no share of "first"; returns both as floats."""
    differences, labels = np.asarray(differences, float), np.asarray(labels, float)
    check_shapes(differences=(differences, "N"), labels=(labels, "N"))
    if np.isnan(differences).any():
        raise ValueError("differences: expected numbers, got NaN at index "
                         f"{np.isnan(differences).argmax()}")
    _check_shares(labels=labels[~np.isnan(labels)])
    return differences, labels


def _check_shares(**arrays):
    """Refuse what is not from 0 to 1, by name."""
    for name, array in arrays.items():
        array = np.asarray(array, float)
        wrong = ~((array >= 0) & (array <= 1))
        if wrong.any():
            raise ValueError(f"{name}: expected numbers from 0 to 1, got {array[wrong][0]}")


def entropy_of(samples):
    """H = - sum f log f in nats, f the frequencies of whole outputs among samples (B, ...).

    On average too low, at most log B.
    """
    rows = np.reshape(samples, (len(samples), -1))
    counts = np.unique(rows, axis=0, return_counts=True)[1]
    return float((counts / counts.sum() * np.log(counts.sum() / counts)).sum())


def krippendorff_alpha(values, level="nominal"):
    """How well do people agree? 1 perfectly, 0 as by chance; NaN where that cannot be told.

        alpha = 1 - D_o / D_e
        D_o = sum_u sum_ck n_uc n_uk d(c, k) / (m_u - 1),  D_e = sum_ck n_c n_k d(c, k) / (n - 1)

    n_uc of the m_u > 1 people who judged unit u said c. d(c, k): 1 unless c = k ("nominal"),
    (c - k)^2 ("interval"), the same of mid-ranks ("ordinal").
    values: (people, units); NaN, and below "interval" any negative number: nothing was said.
    Source: Krippendorff 2011, "Computing Krippendorff's alpha-reliability".
    """
    check_choice("level", level, ("nominal", "ordinal", "interval"))
    check_shapes(values=(values, "P U"))
    values = np.asarray(values, float)
    said = ~np.isnan(values) if level == "interval" else values >= 0
    said &= said.sum(axis=0) > 1
    categories, said_which = np.unique(values[said], return_inverse=True)
    counts = np.zeros((said.shape[1], len(categories)))
    np.add.at(counts, (np.nonzero(said)[1], said_which), 1)
    totals = counts.sum(axis=0)
    places = np.cumsum(totals) - totals / 2 if level == "ordinal" else categories
    distances = (places[:, None] - places) ** 2
    if level == "nominal":
        distances = np.sign(distances)
    others = np.maximum(counts.sum(axis=1) - 1, 1)
    observed = ((counts @ distances * counts).sum(axis=1) / others).sum()
    expected = totals @ distances @ totals / max(totals.sum() - 1, 1)
    return float(1 - observed / expected) if expected else float("nan")


def mean_interval(values):
    """Mean of n values, and the half width of its 95 % interval (Student's t); NaN for n = 1."""
    values = np.asarray(values, dtype=float)
    n = len(values)
    if n < 2:
        return float(values.mean()), float("nan")
    return float(values.mean()), student_t(n - 1) * float(values.std(ddof=1)) / math.sqrt(n)


def student_t(df, within=0.95):
    """The t within which Student's distribution of df degrees of freedom has this probability.

    Abramowitz and Stegun, 26.7.3 and 26.7.4: for a whole df the probability is a finite sum.
    """
    odd = df % 2

    def probability(t):
        angle = math.atan(t / math.sqrt(df))
        term = total = math.cos(angle) if odd else 1.0
        for k in range(2 + odd, df - 1, 2):
            term *= (k - 1) / k * math.cos(angle) ** 2
            total += term
        if df == 1:
            total = 0.0
        total *= math.sin(angle)
        return (angle + total) * 2 / math.pi if odd else total

    low, high = 0.0, 1e3
    while high - low > 1e-9 * high:
        middle = (low + high) / 2
        if probability(middle) < within:
            low = middle
        else:
            high = middle
    return low
