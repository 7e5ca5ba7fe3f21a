"""Is the best of n answers distributed as counting says, and is the estimate from samples right on average?"""
import sys
from itertools import combinations, product
from pathlib import Path

import numpy as np
import pytest

from tinyrlhf.exact.best_of_n import expected_true_reward, kl_bound
from tinyrlhf.numerics import log_softmax

sys.path.insert(0, str(Path(__file__).parent))
import enumeration  # noqa: E402
from oracles import exact_win_rate, log_best_of_n  # noqa: E402


def answers(size, levels=None, seed=0):
    """Log-probabilities and rewards (M,); with `levels`, rewards tie."""
    rng = np.random.default_rng([seed, size])
    log_reference = log_softmax(rng.normal(size=size))
    rewards = rng.normal(size=size) if levels is None else rng.integers(levels, size=size).astype(float)
    return log_reference, rewards


@pytest.mark.parametrize("levels", [None, 2, 3, 1])
@pytest.mark.parametrize("size, n", [(5, 1), (5, 2), (4, 3), (3, 5)])
def test_it_is_what_counting_all_draws_gives(size, n, levels):
    log_reference, rewards = answers(size, levels)
    counted = np.zeros(size)
    for draws in product(range(size), repeat=n):
        best = [draw for draw in draws if rewards[draw] == max(rewards[list(draws)])]
        for draw in best:
            counted[draw] += np.exp(log_reference[list(draws)].sum()) / len(best)
    assert np.allclose(np.exp(log_best_of_n(log_reference, rewards, n)), counted, rtol=0, atol=1e-9)


@pytest.mark.parametrize("levels", [None, 4])
def test_its_distance_and_its_win_rate_stay_below_their_bounds(levels):
    log_reference, rewards = answers(60, levels)
    for n in (1, 2, 4, 16, 64, 1000):
        best = log_best_of_n(log_reference, rewards, n)
        assert -1e-12 <= enumeration.kl(best, log_reference) <= kl_bound(n) + 1e-12
        assert exact_win_rate(best, log_reference, rewards) <= n / (n + 1) + 1e-12


@pytest.mark.parametrize("size, nats", [(2, 0.6930), (4, 1.3301), (16, 1.7940), (256, 1.8349)])
def test_the_bound_is_reached_as_answers_get_many(size, nats):
    uniform = np.full(size, -np.log(size))
    found = enumeration.kl(log_best_of_n(uniform, np.arange(size), 16), uniform)
    assert np.isclose(found, nats, atol=1e-4) and found < kl_bound(16)


def test_where_answers_weigh_nothing_both_bounds_are_reached():
    uniform, rewards = np.full(20_000, -np.log(20_000)), np.arange(20_000)
    for n in (2, 5, 30):
        best = log_best_of_n(uniform, rewards, n)
        assert np.isclose(enumeration.kl(best, uniform), kl_bound(n), rtol=1e-3)
        assert np.isclose(exact_win_rate(best, uniform, rewards), n / (n + 1), rtol=1e-3)


def test_a_policy_beats_itself_half_the_time():
    log_reference, rewards = answers(9, 3)
    assert np.isclose(exact_win_rate(log_reference, log_reference, rewards), 0.5)


def test_a_million_draws_leave_only_the_best_and_finite_logarithms():
    log_reference, rewards = answers(30)
    best = log_best_of_n(log_reference, rewards, 1_000_000)
    assert np.isfinite(best).all() and best[rewards.argmax()] > -1e-9 and best.min() < -1e6


@pytest.mark.parametrize("seed", range(4))
def test_at_equal_distance_the_optimum_at_a_price_earns_more(seed):
    log_reference, rewards = answers(200, seed=seed)
    for n in (2, 4, 16):
        best = log_best_of_n(log_reference, rewards, n)
        low, high = 1e-2, 1e3
        for _ in range(60):                                          # bisection: a cheaper nat leads farther
            middle = np.sqrt(low * high)
            optimum = enumeration.best_policy(log_reference, rewards, middle)[0]
            farther = enumeration.kl(optimum, log_reference) > enumeration.kl(best, log_reference)
            low, high = (middle, high) if farther else (low, middle)
        assert np.exp(optimum) @ rewards > np.exp(best) @ rewards


# ---- the estimate from samples

@pytest.mark.parametrize("levels", [None, 3])
def test_the_estimate_is_the_mean_over_all_subsets(levels):
    rng = np.random.default_rng(3)
    proxy, true = answers(7, levels)[1], rng.normal(size=7)
    for n, estimate in enumerate(expected_true_reward(proxy, true, 7), start=1):
        subsets = [np.array(subset) for subset in combinations(range(7), n)]
        returns = [true[subset][proxy[subset] == proxy[subset].max()].mean() for subset in subsets]
        assert np.isclose(estimate, np.mean(returns), atol=1e-12)


@pytest.mark.parametrize("levels", [None, 2])
def test_the_estimate_is_right_on_average_over_all_samples(levels):
    log_reference, proxy = answers(3, levels)
    true, average = np.array([1.0, -2.0, 0.5]), np.zeros(4)
    for draws in product(range(3), repeat=4):
        rows = list(draws)
        average += np.exp(log_reference[rows].sum()) * expected_true_reward(proxy[rows], true[rows], 4)
    exact = [np.exp(log_best_of_n(log_reference, proxy, n)) @ true for n in range(1, 5)]
    assert np.allclose(average, exact, atol=1e-12)


def test_the_weights_stay_exact_for_thousands_of_samples():
    estimates = expected_true_reward(np.random.default_rng(0).normal(size=5000), np.ones(5000), 5000)
    assert np.allclose(estimates, 1, atol=1e-9)


def test_what_does_not_fit_is_refused_in_words():
    log_reference, rewards = answers(5)
    with pytest.raises(ValueError, match="rewards: expected"):
        log_best_of_n(log_reference, rewards[:-1], 2)
    with pytest.raises(ValueError, match="n: expected a number from 1"):
        log_best_of_n(log_reference, rewards, 0)
    with pytest.raises(ValueError, match="most: expected a whole number from 1 to 5"):
        expected_true_reward(rewards, rewards, 6)
    with pytest.raises(ValueError, match="log_reference: expected log-probabilities whose exp sums to 1"):
        log_best_of_n(log_reference - 1, rewards, 2)
    with pytest.raises(ValueError, match="log_probs: expected log-probabilities"):
        exact_win_rate(log_reference * np.nan, log_reference, rewards)
    with pytest.raises(ValueError, match="rewards: expected finite"):
        exact_win_rate(log_reference, log_reference, rewards * np.inf)
    with pytest.raises(ValueError, match="log_reference: expected finite"):
        log_best_of_n(np.where(rewards == rewards.max(), -np.inf, log_reference), rewards, 2)
