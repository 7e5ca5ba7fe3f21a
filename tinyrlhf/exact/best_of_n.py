"""What does one get who draws n answers and keeps the best?"""
import numpy as np

from tinyrlhf.checks import check_finite, check_shapes, check_whole


def kl_bound(n):
    """log n - (n - 1)/n nats, at least KL(best of n || reference).

    No less while no answer weighs much. Source: Beirami et al. (2024).
    """
    return np.log(n) - (n - 1) / n


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
    weight = np.full(size, 1 / size)  # C(i - 1, n - 1) / C(N, n) at n = 1
    estimates = []
    for n in range(1, most + 1):
        estimates.append(weight @ rising)
        weight = weight * np.maximum(place - n, 0) / n * (n + 1) / max(size - n, 1)  # to n + 1
    return np.array(estimates)
