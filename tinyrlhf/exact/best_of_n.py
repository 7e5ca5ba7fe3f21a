"""What does one get who draws n answers and keeps the best? Its exact distribution, and estimates.

M answers have log-probabilities and rewards (M,). For `enumeration.kl` and its neighbours a list of
log-probabilities is a policy.
"""
import numpy as np

from tinyrlhf.checks import check_finite, check_range, check_shapes, check_whole
from tinyrlhf.numerics import logsumexp


def log_best_of_n(log_reference, rewards, n):
    """The distribution of the best of n answers, exact.

        Pr(level l) = F_l**n - F_{l-1}**n,    F_l = Pr(reward <= level l) under the reference

    Answers of equal reward are one level; which of them comes first is chance, so they share it as
    under the reference.

    Args:
        log_reference, rewards: (M,), finite, log-probabilities from -700 on.
        n: how many are drawn, at least 1 (fractions lie between).
    Returns:
        Log-probabilities (M,): those of bad answers are too small for probabilities.
    Source: Beirami et al. (2024), lemma 1. Departs from the source: ties are shared, not excluded.
    """
    check_shapes(log_reference=(log_reference, "M"), rewards=(rewards, "M"))
    check_finite(log_reference=log_reference, rewards=rewards)
    check_range("log_reference", np.min(log_reference, initial=0), -700, np.inf)    # exp(-746) is 0
    _check_log_probs(log_reference=log_reference)
    check_range("n", n, 1, 1e12)
    level = np.unique(rewards, return_inverse=True)[1]
    mass = np.bincount(level, np.exp(log_reference))
    cumulated = np.cumsum(mass)
    with np.errstate(divide="ignore"):                  # nothing lies below the lowest level: log 0
        # 1 - (F_{l-1} / F_l)**n, as F_{l-1} / F_l = 1 - mass_l / F_l
        share = -np.expm1(n * np.log1p(-mass / cumulated))
    log_level = n * np.log(cumulated / cumulated[-1]) + np.log(share)
    return log_reference + (log_level - np.log(mass))[level]


def kl_bound(n):
    """log n - (n - 1)/n nats, at least KL(best of n || reference).

    No less while no answer weighs much. Source: Beirami et al. (2024).
    """
    return np.log(n) - (n - 1) / n


def exact_win_rate(log_probs, log_reference, rewards):
    """How often an answer of one policy beats one of the reference, both (M,), ties counting half.

    For best of n at most n/(n + 1).
    """
    check_shapes(log_probs=(log_probs, "M"), log_reference=(log_reference, "M"),
                 rewards=(rewards, "M"))
    check_finite(rewards=rewards)
    _check_log_probs(log_probs=log_probs, log_reference=log_reference)
    level = np.unique(rewards, return_inverse=True)[1]
    mine = np.bincount(level, np.exp(log_probs))
    other = np.bincount(level, np.exp(log_reference))
    return float(mine @ (np.cumsum(other) - other / 2))


def expected_true_reward(proxy, true, most):
    """E[true reward of the best of n by proxy reward], without bias, from N >= most answers.

        estimate(n) = sum_i C(i - 1, n - 1) / C(N, n) true_(i),    i = 1 to N, proxies rising

    Args:
        proxy, true: (N,), both rewards of the same answers, drawn from the reference.
    Returns:
        (most,), for each n = 1 to `most` the mean over all subsets of n answers.
    Source: Nakano et al. (2021), appendix I.
    Departs from the source: equal proxies share the mean of their true rewards.
    """
    size = check_shapes(proxy=(proxy, "N"), true=(true, "N"))["N"]
    check_finite(proxy=proxy, true=true)
    check_whole("most", most, 1, size)
    _, level, counts = np.unique(proxy, return_inverse=True, return_counts=True)
    rising = np.repeat(np.bincount(level, true) / counts, counts)
    place = np.arange(1, size + 1)
    weight = np.full(size, 1 / size)                    # C(i - 1, n - 1) / C(N, n) at n = 1
    estimates = []
    for n in range(1, most + 1):
        estimates.append(weight @ rising)
        weight = weight * np.maximum(place - n, 0) / n * (n + 1) / max(size - n, 1)     # to n + 1
    return np.array(estimates)


def _check_log_probs(**lists):
    for name, logs in lists.items():
        if np.isnan(logs).any() or abs(logsumexp(np.asarray(logs, float))) > 1e-5:
            raise ValueError(f"{name}: expected log-probabilities whose exp sums to 1, "
                             f"got a sum of {np.exp(logs).sum():.6g}; log_softmax makes them so")
