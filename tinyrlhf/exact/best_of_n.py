"""What does one get who draws n answers and keeps the best? Its exact distribution, how far that is, and an estimate from samples.

M answers have log-probabilities and rewards (M,). For `enumeration.kl` and its neighbours a list of log-probabilities is a policy.
"""
import numpy as np

from tinyrlhf.checks import check_finite, check_range, check_shapes, check_whole


def best_of_n(log_reference, rewards, n):
    """The distribution of the best of n answers, exact: log-probabilities (M,), since those of bad answers are too small for numbers.

        Pr(level l) = F_l**n - F_{l-1}**n,    F_l = Pr(reward <= level l) under the reference

    Answers of equal reward are one level; which of them comes first is chance, so they share it as under the reference.

    Args:
        log_reference, rewards: (M,), finite, log-probabilities from -700 on; n: how many are drawn, at least 1 (fractions lie between).
    Source: Beirami et al. (2024), lemma 1. Departs from the source: ties are shared instead of excluded.
    """
    check_shapes(log_reference=(log_reference, "M"), rewards=(rewards, "M"))
    check_finite(log_reference=log_reference, rewards=rewards)
    check_range("log_reference", np.min(log_reference), -700, np.inf)           # exp of less is 0: nobody draws it
    check_range("n", n, 1, 1e12)
    level = np.unique(rewards, return_inverse=True)[1]
    mass = np.bincount(level, np.exp(log_reference))
    cumulated = np.cumsum(mass)
    with np.errstate(divide="ignore"):                              # nothing lies below the lowest level: log 0
        share = -np.expm1(n * np.log1p(-mass / cumulated))          # 1 - (F_{l-1} / F_l)**n, as F_{l-1} / F_l = 1 - mass_l / F_l
    return log_reference + (n * np.log(cumulated / cumulated[-1]) + np.log(share) - np.log(mass))[level]


def kl_bound(n):
    """log n - (n - 1)/n nats, at least KL(best of n || reference); no less while no answer weighs much (Beirami et al. 2024)."""
    return np.log(n) - (n - 1) / n


def win_rate(log_probs, log_reference, rewards):
    """How often an answer of one policy beats one of the reference, both (M,), a tie counting half; for best of n at most n/(n + 1)."""
    check_shapes(log_probs=(log_probs, "M"), log_reference=(log_reference, "M"), rewards=(rewards, "M"))
    level = np.unique(rewards, return_inverse=True)[1]
    mine, other = (np.bincount(level, np.exp(logs)) for logs in (log_probs, log_reference))
    return float(mine @ (np.cumsum(other) - other / 2))


def expected_gold(proxy, gold, most):
    """E[gold reward of the best of n by proxy reward], without bias and for n = 1 to `most` at once, from N >= most answers.

        estimate(n) = sum_i C(i - 1, n - 1) / C(N, n) gold_(i),    i = 1 to N in rising order of the proxy

    Args:
        proxy, gold: (N,), both rewards of the same answers, drawn from the reference.
    Returns (most,), for each n the mean over all subsets of n answers, so that little is left to chance.
    Source: Nakano et al. (2021), appendix I. Departs from the source: equal proxies share the mean of their golds.
    """
    size = check_shapes(proxy=(proxy, "N"), gold=(gold, "N"))["N"]
    check_finite(proxy=proxy, gold=gold)
    check_whole("most", most, 1, size)
    _, level, counts = np.unique(proxy, return_inverse=True, return_counts=True)
    rising = np.repeat(np.bincount(level, gold) / counts, counts)
    place, weight, estimates = np.arange(1, size + 1), np.full(size, 1 / size), []
    for n in range(1, most + 1):
        estimates.append(weight @ rising)
        weight = weight * np.maximum(place - n, 0) / n * (n + 1) / max(size - n, 1)      # C(i-1, n-1) / C(N, n), from n to n + 1
    return np.array(estimates)
