"""Measure: numbers that say whether a reward model, and a run, can be trusted."""
from collections import namedtuple

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


def accuracy_on(reward_model, answers):
    """Share of choices in which a reward model finds the option worth most that was chosen; equal worths share what is right.

    Answers in which two options are the same do not count. NaN when none counts.
    """
    rows, blocks = answers.choices(np.arange(len(answers)), reward_model.readings)
    scores = reward_model.scores(answers.episodes[rows])
    check_finite(scores=scores)
    right = []
    for block in blocks:
        _, offsets, _ = reward_model.habits.of(block, met=False)
        worth = scores[block.places] @ block.weights.T + offsets + block.prior
        best = worth == worth.max(axis=1, keepdims=True)
        decided = block.shares.max(axis=1) == 1.0
        right.append(((best * block.shares).sum(axis=1) / best.sum(axis=1))[decided])
    return float(np.concatenate(right).mean()) if sum(map(len, right)) else float("nan")


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


STUDENT = {2: 12.71, 3: 4.30, 4: 3.18, 5: 2.78, 6: 2.57, 7: 2.45, 8: 2.36, 9: 2.31, 10: 2.26, 15: 2.14, 20: 2.09, 30: 2.05, 60: 2.00}


def interval(values):
    """Mean of n values, and half the width of its 95 % interval by Student's t (for n between two table rows, the wider one)."""
    values = np.asarray(values, float)
    n = len(values)
    if n < 2:
        return float(values[0]) if n else float("nan"), float("nan")
    quantile = STUDENT[max(row for row in STUDENT if row <= n)]
    return float(values.mean()), float(quantile * values.std(ddof=1) / np.sqrt(n))


def accuracy_along(reward_model, stages, preference):
    """Does the reward model foresee the person where each stage has taken the policy? Expected accuracy and noise ceiling, (stages, 2).

    Args:
        stages: for each stage, fresh Episodes of its policy; neighbours (0 and 1, 2 and 3, ...) are compared.
        preference: function (first, second) -> P(first) (N,), such as that of `Boltzmann(rationality=...)`.
    """
    rows = []
    for episodes in stages:
        first, second = episodes[0:len(episodes) // 2 * 2:2], episodes[1::2]
        difference, probability = reward_model.scores(first) - reward_model.scores(second), preference(first, second)
        expected = np.select([difference > 0, difference < 0], [probability, 1 - probability], 0.5)
        rows.append((expected.mean(), noise_ceiling(probability)))
    return np.array(rows)


def length_correlation(scores, lengths):
    """Pearson's correlation of scores (B,) with lengths (B,); NaN where all of either are alike."""
    return float("nan") if np.ptp(scores) == 0 or np.ptp(lengths) == 0 else float(np.corrcoef(scores, lengths)[0, 1])


def distinct_n(tokens, mask, n=2, size=1000):
    """Share of different n-grams among all n-grams in the first `size` tokens of texts (B, T), those where mask (B, T) is True.

    Longer samples repeat themselves more, so that only shares at one size can be compared; fewer tokens are an error.
    No n-gram reaches over the end of a text; NaN if no text is as long as n.
    Source: Li, Galley, Brockett, Gao, Dolan 2016, section 5. Departs from the source: they divide by tokens, not by n-grams.
    """
    kept = mask & (np.cumsum(mask).reshape(np.shape(mask)) <= size)
    if kept.sum() < size:
        raise ValueError(f"distinct_n: expected at least size = {size} tokens, got {kept.sum()}; draw more texts or take a smaller size")
    if n > np.shape(tokens)[1]:
        return float("nan")
    windows, whole = (np.lib.stride_tricks.sliding_window_view(table, n, axis=1) for table in (tokens, kept))
    grams = windows[whole.all(axis=2)]
    return len(np.unique(grams, axis=0)) / len(grams) if len(grams) else float("nan")


def entropy_of(samples):
    """H = - sum f log f in nats, f the frequencies of whole outputs among samples (B, ...): on average too low, at most log B."""
    counts = np.unique(np.reshape(samples, (len(samples), -1)), axis=0, return_counts=True)[1]
    return float((counts / counts.sum() * np.log(counts.sum() / counts)).sum())


def effective_modes(samples):
    """exp(H): as many outputs, all equally frequent, would have the entropy of these samples (B, ...)."""
    return float(np.exp(entropy_of(samples)))


WinRate = namedtuple("WinRate", "share low high order")


def win_rate(a, b, judge):
    """How often is A's answer better than B's? Every pair is shown in both orders, and ties count half.

    Args:
        a, b: N answers each, of whatever kind the judge reads; the pairs are independent.
        judge: function (shown first, shown second) -> share of the one shown first (N,): 1, 0, 1/2 for a tie, or a probability;
            pairs with NaN do not count.
    Returns: WinRate: share of A, its 95 % interval from low to high, and what being shown first is worth by itself,
        order = P(first wins) - P(second wins): 1 for a judge who always says "first", 0 for one blind to order.
    Source: Wilson 1927 for the interval, which is not empty at 0 or 1; too wide, if anything, where a pair may end in between.
    """
    a_first, b_first = np.asarray(judge(a, b), float), np.asarray(judge(b, a), float)
    wins = 0.5 * (a_first + 1 - b_first)                               # of A, per pair
    wins, n = wins[~np.isnan(wins)], np.count_nonzero(~np.isnan(wins))
    if not n:
        return WinRate(*[float("nan")] * 4)
    share, z = wins.mean(), 1.96
    middle, half = (share + z * z / (2 * n)) / (1 + z * z / n), z * np.sqrt(share * (1 - share) / n + (z / (2 * n)) ** 2) / (1 + z * z / n)
    return WinRate(float(share), float(middle - half), float(middle + half), float(np.nanmean(a_first + b_first - 1)))
