"""Do advantages say how much better than expected an action was: closed forms, loops, nothing from beyond the end?"""
import itertools

import numpy as np
import pytest

from tinyrlhf.learning.advantages import (gae, group_normalized, in_groups, leave_one_out, minus_batch_mean,
                                          minus_leave_one_out_mean, returns_to_go, whiten)

B, T = 7, 6


def some_episodes(rng):
    """Rewards (B, T), values (B, T+1), mask (B, T), ended (B,): all lengths from 1 to T, ends and cuts at each."""
    lengths = np.concatenate([np.arange(1, T + 1), rng.integers(1, T + 1, size=B)])
    mask = np.arange(T) < np.repeat(lengths, 2)[:, None]
    ended = np.arange(len(mask)) % 2 == 0
    return np.where(mask, rng.normal(size=mask.shape), 0.0), rng.normal(size=(len(mask), T + 1)), mask, ended


def gae_one_by_one(rewards, values, mask, ended, gamma, lam):
    """Sum over k of (gamma lam)^k delta_{t+k}, one episode and one step after the other."""
    advantages = np.zeros(mask.shape)
    for b in range(len(mask)):
        length = int(mask[b].sum())
        after = [values[b, t + 1] for t in range(length - 1)] + [0.0 if ended[b] else values[b, length]]
        deltas = [rewards[b, t] + gamma * after[t] - values[b, t] for t in range(length)]
        for t in range(length):
            advantages[b, t] = sum((gamma * lam) ** k * deltas[t + k] for k in range(length - t))
    return advantages


# ---- returns

@pytest.mark.parametrize("gamma", [0.0, 0.7, 1.0])
def test_returns_to_go_are_discounted_sums_of_what_follows(gamma):
    rewards = np.random.default_rng(0).normal(size=(B, T))
    by_hand = [[sum(gamma ** (k - t) * rewards[b, k] for k in range(t, T)) for t in range(T)] for b in range(B)]
    assert np.allclose(returns_to_go(rewards, gamma), by_hand, rtol=0, atol=1e-12)


def test_returns_leave_the_rewards_alone():
    rewards = np.ones((2, 3))
    returns_to_go(rewards)
    assert (rewards == 1).all()


def test_a_constant_reward_returns_a_geometric_series():
    left = T - np.arange(T)
    assert np.allclose(returns_to_go(np.ones((1, T)), 0.9)[0], (1 - 0.9 ** left) / (1 - 0.9))


# ---- baselines

def test_the_batch_mean_leaves_an_average_of_zero_among_the_episodes_still_running():
    values, _, mask, _ = some_episodes(np.random.default_rng(1))
    advantages = minus_batch_mean(values, mask)
    assert np.allclose(advantages.sum(axis=0), 0) and (advantages[~mask] == 0).all()
    for b, t in np.argwhere(mask):
        assert advantages[b, t] == pytest.approx(values[b, t] - values[mask[:, t], t].mean())


def test_the_baseline_of_leave_one_out_is_the_mean_of_the_others_still_running():
    values, _, mask, _ = some_episodes(np.random.default_rng(2))
    advantages = minus_leave_one_out_mean(values, mask)
    for b, t in np.argwhere(mask):
        others = [values[c, t] for c in range(len(mask)) if mask[c, t] and c != b]
        assert advantages[b, t] == pytest.approx(values[b, t] - np.mean(others))
    assert (advantages[~mask] == 0).all()


def test_the_own_value_does_not_enter_the_own_baseline_of_leave_one_out():
    values, _, mask, _ = some_episodes(np.random.default_rng(3))
    raised = values.copy()
    raised[4] += mask[4]
    change = minus_leave_one_out_mean(raised, mask) - minus_leave_one_out_mean(values, mask)
    assert np.allclose(change[4], mask[4])
    assert not np.allclose((minus_batch_mean(raised, mask) - minus_batch_mean(values, mask))[4], mask[4])


def test_leave_one_out_is_the_batch_mean_times_n_over_n_minus_1():
    values, _, mask, _ = some_episodes(np.random.default_rng(4))
    running = mask.sum(axis=0)
    assert (running > 1).all()
    assert np.allclose(minus_leave_one_out_mean(values, mask), minus_batch_mean(values, mask) * running / (running - 1))


def test_the_last_episode_running_keeps_its_value():
    mask = np.array([[True, True], [True, False]])
    assert np.allclose(minus_leave_one_out_mean(np.array([[3.0, 5.0], [1.0, 0.0]]), mask), [[2, 5], [-2, 0]])


@pytest.mark.parametrize("baseline", [minus_batch_mean, minus_leave_one_out_mean])
def test_baselines_do_not_read_the_padding(baseline):
    values, _, mask, _ = some_episodes(np.random.default_rng(5))
    assert np.array_equal(baseline(np.where(mask, values, 1e9), mask), baseline(values, mask))


# ---- groups

def test_leave_one_out_of_a_group_is_the_score_minus_the_mean_of_the_others():
    scores, group = np.random.default_rng(6).normal(size=12), 4
    by_hand = []
    for k, score in enumerate(scores):
        first = k // group * group
        by_hand.append(score - np.mean([scores[j] for j in range(first, first + group) if j != k]))
    assert np.allclose(leave_one_out(scores, group), by_hand)


@pytest.mark.parametrize("group", [2, 3, 6])
def test_leave_one_out_is_k_over_k_minus_1_times_the_distance_from_the_mean(group):
    groups = np.random.default_rng(7).normal(size=(5, group))
    closed = group / (group - 1) * (groups - groups.mean(axis=1, keepdims=True))
    assert np.allclose(leave_one_out(groups.ravel(), group), closed.ravel())


@pytest.mark.parametrize("advantages", [leave_one_out, group_normalized])
def test_what_a_whole_group_gains_moves_nothing(advantages):
    rng = np.random.default_rng(8)
    scores = rng.normal(size=12)
    assert np.allclose(advantages(scores + np.repeat(rng.normal(size=3), 4), 4), advantages(scores, 4))


def test_grpo_divides_by_the_standard_deviation_of_each_group_plus_epsilon():
    scores = np.random.default_rng(9).normal(size=12)
    by_hand = []
    for first in range(0, 12, 4):
        of_group = scores[first:first + 4]
        deviation = np.sqrt(sum((score - of_group.mean()) ** 2 for score in of_group) / 4)
        by_hand += [(score - of_group.mean()) / (deviation + 1e-4) for score in of_group]
    assert np.allclose(group_normalized(scores, 4), by_hand, rtol=0, atol=1e-12)


def test_grpo_gives_small_and_large_differences_the_same_size():
    scores = np.array([0.0, 1.0, 0.0, 100.0])
    assert np.allclose(group_normalized(scores, 2), [-1, 1, -1, 1], atol=1e-3)
    assert np.allclose(leave_one_out(scores, 2), [-1, 1, -100, 100])


def test_grpo_learns_nothing_from_a_group_that_agrees():
    assert (group_normalized(np.array([2.0, 2.0, 2.0, 2.0]), 4) == 0).all()


@pytest.mark.parametrize("advantages", [leave_one_out, group_normalized])
@pytest.mark.parametrize("group, sentence", [
    (1, "group: expected a whole number from 2"), (0, "group: expected a whole number from 2"),
    (-2, "group: expected"), (2.0, "group: expected a whole number"), (np.nan, "group: expected"),
    (5, "episodes: expected a multiple of the group size 5, got 12")])
def test_groups_that_cannot_be_compared_are_refused(advantages, group, sentence):
    with pytest.raises(ValueError, match="^" + sentence):
        advantages(np.arange(12.0), group)


def test_groups_of_one_are_groups_where_nothing_is_compared():
    assert in_groups(np.arange(3.0), 1).shape == (3, 1)
    with pytest.raises(ValueError, match="^group: expected a whole number from 1"):
        in_groups(np.arange(3.0), 0)


# ---- generalised advantage estimation

@pytest.mark.parametrize("gamma, lam", [(1.0, 1.0), (0.9, 0.95), (0.8, 0.0), (0.0, 0.5), (1.0, 0.3)])
def test_gae_is_the_discounted_sum_of_surprises_of_each_episode_alone(gamma, lam):
    rewards, values, mask, ended = some_episodes(np.random.default_rng(10))
    expected = gae_one_by_one(rewards, values, mask, ended, gamma, lam)
    assert np.allclose(gae(rewards, values, mask, ended, gamma, lam), expected, rtol=0, atol=1e-12)


def test_lam_0_is_the_surprise_of_one_step():
    rewards, values, mask, _ = some_episodes(np.random.default_rng(11))
    advantages = gae(rewards, values, mask, np.zeros(len(mask), bool), 0.9, 0.0)
    assert np.allclose(advantages[mask], (rewards + 0.9 * values[:, 1:] - values[:, :-1])[mask])


def test_lam_1_of_an_ended_episode_is_the_return_minus_the_value():
    rewards, values, mask, _ = some_episodes(np.random.default_rng(12))
    advantages = gae(rewards, values, mask, np.ones(len(mask), bool), 0.9, 1.0)
    assert np.allclose(advantages, np.where(mask, returns_to_go(rewards, 0.9) - values[:, :-1], 0))


def test_an_end_is_worth_nothing_and_a_cut_is_worth_the_guess_of_the_critic():
    rewards, values, mask = np.zeros((2, 3)), np.full((2, 4), 10.0), np.array([[True, True, False]] * 2)
    for lam in (0.0, 1.0):
        ended, cut = gae(rewards, values, mask, np.array([True, False]), 0.5, lam)
        assert ended[1] == 0 - 10 and cut[1] == 0.5 * 10 - 10


def test_nothing_leaks_from_beyond_the_last_step():
    rng = np.random.default_rng(13)
    rewards, values, mask, ended = some_episodes(rng)
    lengths = mask.sum(axis=1)
    beyond = np.arange(T + 1) > lengths[:, None] - ended[:, None]  # what follows an end; a cut still shows one value
    spoiled_rewards, spoiled_values = np.where(mask, rewards, 1e6), np.where(beyond, 1e6, values)
    assert beyond.any(axis=1).sum() > len(mask) / 2
    spoiled = gae(spoiled_rewards, spoiled_values, mask, ended, 0.9, 0.8)
    assert np.array_equal(spoiled, gae(rewards, values, mask, ended, 0.9, 0.8))


def test_gae_leaves_its_arguments_alone():
    arguments = some_episodes(np.random.default_rng(14))
    before = [array.copy() for array in arguments]
    gae(*arguments, 0.9, 0.9)
    assert all(np.array_equal(array, old) for array, old in zip(arguments, before))


def test_a_critic_that_knows_the_values_is_never_surprised():
    rewards, _, mask, ended = some_episodes(np.random.default_rng(15))
    known = np.concatenate([returns_to_go(rewards, 0.9), np.zeros((len(mask), 1))], axis=1)
    assert np.allclose(gae(rewards, known, mask, ended, 0.9, 0.7), 0)


# ---- whitening

def test_whitened_numbers_have_mean_0_and_standard_deviation_1():
    values = np.random.default_rng(16).normal(3, 5, size=(4, 50))
    assert whiten(values).mean() == pytest.approx(0, abs=1e-12) and whiten(values).std() == pytest.approx(1, abs=1e-6)


def test_whitening_without_a_shift_keeps_every_sign():
    values = np.random.default_rng(17).normal(3, 5, size=200)
    assert np.allclose(whiten(values, shift=False) * values.std(), values)


def test_whitening_ignores_units_and_survives_a_constant():
    values = np.random.default_rng(18).normal(size=30)
    assert np.allclose(whiten(7 * values + 2), whiten(values))
    assert (whiten(np.full(5, 2.0)) == 0).all()


@pytest.mark.parametrize("unit", [1e-100, 1e-12, 1e-6, 1e6, 1e100])
def test_whitening_ignores_units_however_small_or_large(unit):
    values = np.random.default_rng(19).normal(3, 5, size=30)
    for shift in (True, False):
        assert np.allclose(whiten(unit * values, shift), whiten(values, shift), rtol=1e-9)


@pytest.mark.parametrize("value", [0.0, 0.35, 3.0, 1e4 / 3, -1e9 / 7])
@pytest.mark.parametrize("n", [1, 7])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_where_nothing_deviates_nothing_is_divided(value, n, dtype):
    values = np.full(n, value, dtype)
    assert np.allclose(whiten(values), 0, atol=1e-9 * abs(value))
    assert np.array_equal(whiten(values, shift=False), values)


def test_what_only_rounding_tells_apart_is_not_blown_up():
    returns = np.array([sum(order) for order in itertools.permutations([0.1, 0.2, 0.3, 0.7, 1.1])])
    advantages = returns - returns.mean()
    assert len(set(returns)) > 1 and np.abs(whiten(returns)).max() < 1e-14
    assert np.abs(whiten(advantages, shift=False, size=np.abs(returns).max())).max() < 1e-14
