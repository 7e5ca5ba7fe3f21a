"""Are the exact answers exact: published utilities, closed forms, and identities that tie them to each other?"""
import sys
from pathlib import Path

import numpy as np
import pytest

from tinyrlhf.conformance import check_gradient
from tinyrlhf.exact import planning
from tinyrlhf.exact.horizon import (backward_induction, bandit_optimum, demonstration_loss, expected_visits,
                                    finite_horizon_return, kl_to_reference, soft_backward_induction)
from tinyrlhf.exact.evaluation import evaluate_policy, hitting_times
from tinyrlhf.exact.planning import action_values, value_iteration
from tinyrlhf.games.gridworld import Gridworld
from tinyrlhf.numerics import softmax

sys.path.insert(0, str(Path(__file__).parent))
from oracles import return_gradient, soft_value_iteration  # noqa: E402

S, A, T = 5, 3, 7


def random_mdp(rng):
    return rng.dirichlet(np.ones(S), size=(S, A)), rng.normal(size=(S, A, S)), rng.dirichlet(np.ones(S))


def random_policy(rng, *shape):
    return softmax(2 * rng.normal(size=shape))


# ---- without regularisation

def test_value_iteration_finds_the_utilities_of_russell_and_norvig():
    game = Gridworld("...G\n.#.L\nS...", slip=0.2, lava=-1.0)
    values, actions = value_iteration(game.P, game.R, gamma=1.0)
    # our rewards come on entering, so that an end itself is worth 0
    free = [8, 9, 10, 11, 4, 6, 0, 1, 2]
    assert np.allclose(values[free], [0.705, 0.655, 0.611, 0.388, 0.762, 0.660, 0.812, 0.868, 0.918], atol=0.0005)
    assert values[3] == values[7] == 0
    assert actions[[8, 4, 0, 1, 2]].tolist() == [0, 0, 1, 1, 1]                     # up and around, the long safe way


@pytest.mark.parametrize("gamma", [0.0, 0.5, 0.95])
def test_the_values_of_the_best_policy_are_what_evaluation_says_it_earns(gamma):
    P, R, _ = random_mdp(np.random.default_rng(0))
    values, actions = value_iteration(P, R, gamma, tolerance=1e-10)
    assert np.allclose(evaluate_policy(P, R, np.eye(A)[actions], gamma), values, atol=1e-9)


def test_an_evaluated_policy_satisfies_its_bellman_equation():
    rng = np.random.default_rng(1)
    P, R, _ = random_mdp(rng)
    policy = random_policy(rng, S, A)
    values = evaluate_policy(P, R, policy, 0.9)
    assert np.allclose((policy * action_values(P, R, values, 0.9)).sum(axis=1), values)


def gambler(p, n):
    """Wins 1 with chance p, else loses 1, and stops at 0 or n: P (n+1, 1, n+1), the policy, where it stops."""
    P = np.zeros((n + 1, 1, n + 1))
    P[0, 0, 0] = P[n, 0, n] = 1.0
    inside = np.arange(1, n)
    P[inside, 0, inside + 1], P[inside, 0, inside - 1] = p, 1 - p
    return P, np.ones((n + 1, 1)), np.isin(np.arange(n + 1), [0, n])


def test_a_gambler_stops_when_the_books_say():
    n, start = 10, np.arange(11)
    assert np.allclose(hitting_times(*gambler(0.5, n)), start * (n - start))
    p, odds = 0.6, 0.4 / 0.6
    lasts = (start - n * (1 - odds ** start) / (1 - odds ** n)) / (1 - 2 * p)
    assert np.allclose(hitting_times(*gambler(p, n)), lasts)


def test_a_hitting_time_is_the_sum_of_all_visits_before_it():
    rng = np.random.default_rng(20)
    P, _, d0 = random_mdp(rng)
    policy, ends = random_policy(rng, S, A), np.arange(S) == 2
    P[2] = np.eye(S)[2]
    visits = expected_visits(P, d0, policy, 2000)[:, ~ends].sum()
    assert d0 @ hitting_times(P, policy, ends) == pytest.approx(visits, rel=1e-9)


def test_what_comes_after_an_end_does_not_matter_to_when_it_is_hit():
    P, policy, ends = gambler(0.5, 4)
    onwards = np.zeros((6, 1, 6))
    onwards[:5, :, :5] = P
    onwards[[0, 4, 5], 0] = np.eye(6)[[5, 3, 5]]                             # 5 is a trap behind an end
    times = hitting_times(onwards, np.ones((6, 1)), np.append(ends, False))
    assert times.tolist() == [*hitting_times(P, policy, ends), np.inf]


def test_where_an_end_may_never_come_the_time_is_infinite():
    P, policy, ends = gambler(0.5, 4)
    assert hitting_times(P, policy, ends & (np.arange(5) == 4)).tolist() == [np.inf] * 4 + [0]     # 0 is a trap now
    assert (hitting_times(P, policy, np.zeros(5, bool)) == np.inf).all()
    to = np.eye(4)[np.array([[1, 2], [1, 1], [3, 3], [3, 3]])]                # one action leads astray
    for share, first in ((0.0, 2), (0.5, np.inf), (1.0, np.inf)):
        astray = np.tile([share, 1 - share], (4, 1))
        assert hitting_times(to, astray, np.arange(4) == 3).tolist() == [first, np.inf, 1, 0]


def test_a_long_horizon_agrees_with_no_horizon():
    rng = np.random.default_rng(2)
    P, R, d0 = random_mdp(rng)
    policy = random_policy(rng, S, A)
    for_ever = d0 @ evaluate_policy(P, R, policy, 0.9)
    assert finite_horizon_return(P, R, d0, policy, 400, gamma=0.9) == pytest.approx(for_ever, abs=1e-10)


def test_backward_induction_earns_its_values_and_no_policy_earns_more():
    rng = np.random.default_rng(3)
    P, R, d0 = random_mdp(rng)
    values, actions = backward_induction(P, R, T)
    assert values.shape == (T + 1, S) and actions.shape == (T, S) and (values[T] == 0).all()
    best = d0 @ values[0]
    assert finite_horizon_return(P, R, d0, np.eye(A)[actions], T) == pytest.approx(best, abs=1e-12)
    assert all(finite_horizon_return(P, R, d0, random_policy(rng, T, S, A), T) <= best for _ in range(200))


def test_backward_induction_is_the_best_of_all_plans_where_nothing_is_left_to_chance():
    rng = np.random.default_rng(4)
    to = rng.integers(S, size=(S, 2))
    P, R = np.eye(S)[to], rng.normal(size=(S, 2, S))
    plans = np.stack(np.meshgrid(*[[0, 1]] * T), axis=-1).reshape(-1, T)
    place, total = np.zeros(len(plans), int), np.zeros(len(plans))
    for t in range(T):
        after = to[place, plans[:, t]]
        total, place = total + R[place, plans[:, t], after], after
    assert backward_induction(P, R, T)[0][0, 0] == pytest.approx(total.max(), abs=1e-12)


def test_visits_sum_to_the_discounted_time_and_follow_the_simulation():
    rng = np.random.default_rng(5)
    P, _, d0 = random_mdp(rng)
    policy, n = random_policy(rng, S, A), 40_000
    assert np.allclose(expected_visits(P, d0, policy, T, 0.8).sum(axis=1), 0.8 ** np.arange(T))
    visits = expected_visits(P, d0, policy, T)
    states = rng.choice(S, size=n, p=d0)
    for t in range(T):
        noise = np.sqrt(n * visits[t] * (1 - visits[t]))
        assert (np.abs(np.bincount(states, minlength=S) - n * visits[t]) <= 5 * noise).all()
        steps = np.einsum("sa,sax->sx", policy, P).cumsum(axis=1)
        states = (steps[states] > rng.random((n, 1)) * steps[states][:, -1:]).argmax(axis=1)


@pytest.mark.parametrize("gamma", [1.0, 0.7])
def test_the_policy_gradient_agrees_with_central_differences(gamma):
    rng = np.random.default_rng(6)
    P, R, d0 = random_mdp(rng)
    logits = rng.normal(size=(S, A))
    gradient = return_gradient(P, R, d0, logits, T, gamma)
    for row, column in np.ndindex(S, A):
        bump = np.zeros((S, A))
        bump[row, column] = 1e-5
        up, down = (finite_horizon_return(P, R, d0, softmax(logits + sign * bump), T, gamma) for sign in (1, -1))
        assert gradient[row, column] == pytest.approx((up - down) / 2e-5, abs=1e-8)
    check_gradient(lambda: finite_horizon_return(P, R, d0, softmax(logits), T, gamma), {"logits": logits},
                   {"logits": gradient}, rng)


# ---- with a price per nat

def test_on_a_bandit_what_is_lost_is_one_divergence():
    rng = np.random.default_rng(7)
    rewards, reference, policy, c = rng.normal(size=A), random_policy(rng, A), random_policy(rng, A), 0.3
    best, value = bandit_optimum(rewards, reference, c)

    def objective(policy):
        return policy @ rewards - c * policy @ np.log(policy / reference)

    assert objective(best) == pytest.approx(value, abs=1e-12)
    assert value - objective(policy) == pytest.approx(c * policy @ np.log(policy / best), abs=1e-9)


@pytest.mark.parametrize("shape", [(S, A), (T, S, A)])
def test_in_a_game_what_is_lost_is_the_divergence_of_the_episodes(shape):
    rng = np.random.default_rng(8)
    P, R, d0 = random_mdp(rng)
    reference, c = random_policy(rng, *shape), 0.4
    values, best = soft_backward_induction(P, R, reference, c, T)

    def objective(policy):
        return finite_horizon_return(P, R, d0, policy, T) - c * kl_to_reference(P, d0, policy, reference, T)

    assert objective(best) == pytest.approx(d0 @ values[0], abs=1e-9)
    for policy in (random_policy(rng, S, A), random_policy(rng, T, S, A)):
        shortfall = d0 @ values[0] - objective(policy)
        assert shortfall == pytest.approx(c * kl_to_reference(P, d0, policy, best, T), abs=1e-9)


def test_a_cheap_divergence_gives_the_greedy_policy_and_a_dear_one_the_reference():
    rng = np.random.default_rng(9)
    P, R, _ = random_mdp(rng)
    reference = random_policy(rng, S, A)
    hard, actions = backward_induction(P, R, T)
    soft, policy = soft_backward_induction(P, R, reference, 1e-6, T)
    assert np.allclose(soft, hard, atol=1e-4) and np.allclose(policy, np.eye(A)[actions])
    soft, policy = soft_backward_induction(P, R, reference, 1e7, T)
    assert np.allclose(policy, reference, atol=1e-5)
    hard, actions = value_iteration(P, R, 0.9)
    soft, policy = soft_value_iteration(P, R, reference, 1e-6, 0.9)
    assert np.allclose(soft, hard, atol=1e-4) and np.allclose(policy, np.eye(A)[actions])
    soft, policy = soft_value_iteration(P, R, reference, 1e7, 0.9)
    assert np.allclose(policy, reference, atol=1e-5)
    assert np.allclose(soft, evaluate_policy(P, R, reference, 0.9), atol=1e-3)


def test_a_cheap_divergence_splits_ties_as_the_reference_does():
    policy, value = bandit_optimum(np.array([1.0, 1.0, 0.0]), np.array([0.1, 0.3, 0.6]), 1e-4)
    assert np.allclose(policy, [0.25, 0.75, 0.0]) and value == pytest.approx(1.0, abs=1e-3)


def test_soft_values_satisfy_their_equation_without_end():
    rng = np.random.default_rng(10)
    P, R, _ = random_mdp(rng)
    reference, c = random_policy(rng, S, A), 0.5
    values, policy = soft_value_iteration(P, R, reference, c, 0.9)
    q = action_values(P, R, values, 0.9)
    assert np.allclose(values, c * np.log((reference * np.exp(q / c)).sum(axis=1)), atol=1e-9)
    assert np.allclose(policy, reference * np.exp((q - values[:, None]) / c), atol=1e-9)


def test_tilting_episodes_counts_on_luck_that_no_policy_can_buy():
    P, R = np.zeros((3, 2, 3)), np.zeros((3, 2, 3))
    # action 0 is a lottery, action 1 safe
    P[0, 0, [1, 2]], P[0, 1, 1], P[1, :, 1], P[2, :, 2] = 0.5, 1.0, 1.0, 1.0
    R[0, :, 1], R[0, :, 2] = 0.0, -1.0
    reference, c = np.full((3, 2), 0.5), 0.1
    values, policy = soft_backward_induction(P, R, reference, c, 1)
    tilted = c * np.log((reference[0][:, None] * P[0] * np.exp(R[0] / c)).sum())
    assert policy[0, 0, 0] == pytest.approx(1 / (1 + np.exp(0.5 / c))) and values[0, 0] < tilted - 0.03
    # nothing left to chance: now both agree
    P[0, 0, [1, 2]] = 0.0, 1.0
    tilted = c * np.log((reference[0][:, None] * P[0] * np.exp(R[0] / c)).sum())
    assert soft_backward_induction(P, R, reference, c, 1)[0][0, 0] == pytest.approx(tilted, abs=1e-12)


def test_the_value_of_a_bandit_grows_with_each_reward_by_its_probability():
    rng = np.random.default_rng(11)
    rewards, reference = rng.normal(size=A), random_policy(rng, A)
    policy, _ = bandit_optimum(rewards, reference, 0.3)
    check_gradient(lambda: bandit_optimum(rewards, reference, 0.3)[1], {"rewards": rewards}, {"rewards": policy}, rng)


def test_divergence_from_a_reference_is_zero_for_itself_and_infinite_for_what_it_never_does():
    rng = np.random.default_rng(12)
    P, _, d0 = random_mdp(rng)
    policy, never = random_policy(rng, S, A), np.eye(A)[np.zeros(S, int)]
    assert kl_to_reference(P, d0, policy, policy, T) == 0
    assert kl_to_reference(P, d0, never, policy, T) < np.inf == kl_to_reference(P, d0, policy, never, T)
    best, _ = bandit_optimum(np.array([0.0, 99.0]), np.array([1.0, 0.0]), 1.0)
    assert best.tolist() == [1.0, 0.0]


# ---- demonstrations

def played(rng, P, policy, n):
    """n demonstrations of a policy (T, S, A): states (n, T+1) and actions (n, T)."""
    states, actions = np.zeros((n, len(policy) + 1), int), np.zeros((n, len(policy)), int)
    for row in range(n):
        for t in range(len(policy)):
            actions[row, t] = rng.choice(A, p=policy[t, states[row, t]])
            states[row, t + 1] = rng.choice(S, p=P[states[row, t], actions[row, t]])
    return states, actions


def all_plans(to, start, horizon):
    """Every sequence of actions without chance, to (S, A): states (A**T, T+1) and actions (A**T, T)."""
    actions = np.indices((A,) * horizon).reshape(horizon, -1).T
    states = np.full((len(actions), horizon + 1), start)
    for t in range(horizon):
        states[:, t + 1] = to[states[:, t], actions[:, t]]
    return states, actions


def test_without_chance_a_demonstration_has_the_share_of_its_exponential_return():
    rng = np.random.default_rng(14)
    to, rewards = rng.integers(S, size=(S, A)), rng.normal(size=(S, A, S))
    states, actions = all_plans(to, 2, 4)
    returns = rewards[states[:, :-1], actions, states[:, 1:]].sum(axis=1)
    mask = np.ones((1, 4), bool)
    losses = [demonstration_loss(np.eye(S)[to], rewards, states[i:i + 1], actions[i:i + 1], mask)[0]
              for i in range(len(states))]
    probabilities = np.exp(-np.array(losses))
    assert probabilities.sum() == pytest.approx(1, abs=1e-12)
    assert np.allclose(probabilities, np.exp(returns) / np.exp(returns).sum(), rtol=1e-10)


def test_without_chance_the_gradient_is_expected_visits_minus_what_was_seen():
    rng = np.random.default_rng(15)
    to, rewards = rng.integers(S, size=(S, A)), rng.normal(size=(S, A, S))
    P, (states, actions) = np.eye(S)[to], all_plans(to, 2, 4)
    shares = softmax(rewards[states[:, :-1], actions, states[:, 1:]].sum(axis=1))
    expected, seen = np.zeros((2, S, A, S))
    np.add.at(expected, (states[:, :-1], actions, states[:, 1:]), shares[:, None])
    np.add.at(seen, (states[:5, :-1], actions[:5], states[:5, 1:]), 1 / 5)
    gradient = demonstration_loss(P, rewards, states[:5], actions[:5], np.ones((5, 4), bool))[1]
    assert np.allclose(gradient, expected - seen, atol=1e-12)


def test_the_gradient_of_demonstrations_in_a_game_of_chance_agrees_with_differences():
    rng = np.random.default_rng(16)
    P, rewards, _ = random_mdp(rng)
    states, actions = played(rng, P, random_policy(rng, T, S, A), 6)
    mask = np.arange(T) < np.array([1, 3, T, 2, T, 5])[:, None]
    gradient = demonstration_loss(P, rewards, states, actions, mask)[1]
    check_gradient(lambda: demonstration_loss(P, rewards, states, actions, mask)[0], {"rewards": rewards},
                   {"rewards": gradient}, rng)
    unread = np.where(mask, actions, -1)
    assert np.array_equal(demonstration_loss(P, rewards, states, unread, mask)[1], gradient)


def test_demonstrations_have_the_probability_that_soft_induction_gives_them():
    rng = np.random.default_rng(17)
    P, rewards, _ = random_mdp(rng)
    policy = soft_backward_induction(P, rewards, np.full((S, A), 1 / A), 1.0, T)[1]
    states, actions = played(rng, P, policy, 4)
    loss = demonstration_loss(P, rewards, states, actions, np.ones((4, T), bool))[0]
    assert loss == pytest.approx(-np.log(policy[np.arange(T), states[:, :-1], actions]).sum() / 4, rel=1e-12)


def test_demonstrations_that_are_hardly_ever_played_have_a_finite_loss():
    rewards = np.zeros((2, 2, 2))
    rewards[0, 1] = -1e4
    P = np.eye(2)[np.array([[1, 1], [1, 1]])]
    loss, gradient = demonstration_loss(P, rewards, [[0, 1]], [[1]], np.ones((1, 1), bool))
    assert loss == pytest.approx(1e4) and np.isfinite(gradient).all()


def test_demonstrations_of_another_game_are_refused():
    to = np.array([[0, 1, 2], [1, 2, 3], [2, 3, 4], [3, 4, 0], [4, 0, 1]])
    P, rewards, mask = np.eye(S)[to], np.zeros((S, A, S)), np.ones((1, 2), bool)
    assert demonstration_loss(P, rewards, [[0, 1, 2]], [[1, 1]], mask)[0] == pytest.approx(2 * np.log(A))
    for states, actions, sentence in (([[0, 1, 4]], [[1, 1]], "got 1 to 4 by action 1 in row 0, step 1"),
                                      ([[0, 1, 5]], [[1, 1]], "next states: expected integers from 0 to 4"),
                                      ([[0, 1, 2]], [[1, 3]], "actions: expected integers from 0 to 2"),
                                      ([[0.0, 1.0, 2.0]], [[1, 1]], "states: expected integers"),
                                      ([[0, 1]], [[1, 1]], "states: expected")):
        with pytest.raises(ValueError, match=sentence):
            demonstration_loss(P, rewards, states, actions, mask)
    with pytest.raises(ValueError, match="mask: expected booleans"):
        demonstration_loss(P, rewards, [[0, 1, 2]], [[1, 1]], [[1, 1]])
    with pytest.raises(ValueError, match="rewards: expected finite"):
        demonstration_loss(P, rewards + np.nan, [[0, 1, 2]], [[1, 1]], mask)


# ---- doors

def test_tables_that_are_no_distributions_are_refused_by_name():
    P, R, d0 = random_mdp(np.random.default_rng(19))
    policy, logits = np.full((S, A), 1 / A), np.zeros((S, A))
    turned = P.transpose(2, 1, 0)                                   # once evaluated without a word
    for call in (lambda: evaluate_policy(turned, R, policy, 0.9), lambda: value_iteration(turned, R, 0.9),
                 lambda: soft_value_iteration(turned, R, policy, 0.1, 0.9), lambda: backward_induction(turned, R, T),
                 lambda: soft_backward_induction(turned, R, policy, 0.1, T),
                 lambda: expected_visits(turned, d0, policy, T),
                 lambda: hitting_times(turned, policy, np.ones(S, bool)),
                 lambda: return_gradient(turned, R, d0, logits, T),
                 lambda: kl_to_reference(turned, d0, policy, policy, T)):
        with pytest.raises(ValueError, match="^P: expected probabilities that sum to 1.*transposed"):
            call()
    for name, call in {"P": lambda: evaluate_policy(P * np.nan, R, policy, 0.9),
                       "R": lambda: evaluate_policy(P, R * np.nan, policy, 0.9),
                       "policy": lambda: evaluate_policy(P, R, 2 * policy, 0.9),
                       "ends": lambda: hitting_times(P, policy, np.ones(S + 1, bool)),
                       "d0": lambda: expected_visits(P, 2 * d0, policy, T),
                       "reference": lambda: kl_to_reference(P, d0, policy, policy - 1, T),
                       "logits": lambda: return_gradient(P, R, d0, logits * np.nan, T),
                       "gamma": lambda: finite_horizon_return(P, R, d0, policy, T, np.nan),
                       "horizon": lambda: backward_induction(P, R, 2.5),
                       "tolerance": lambda: value_iteration(P, R, 0.9, np.nan)}.items():
        with pytest.raises(ValueError, match=f"^{name}: expected"):
            call()


def test_senseless_requests_are_refused_with_a_way_out(monkeypatch):
    P, R, d0 = random_mdp(np.random.default_rng(13))
    policy = np.full((S, A), 1 / A)
    with pytest.raises(ValueError, match="finite_horizon_return"):
        evaluate_policy(P, R, policy, 1.0)
    with pytest.raises(ValueError, match="gamma: expected a number from 0 to 1"):
        value_iteration(P, R, 1.1)
    with pytest.raises(ValueError, match="kl_coef: expected a positive number"):
        soft_backward_induction(P, R, policy, 0.0, T)
    with pytest.raises(ValueError, match="policy: expected"):
        expected_visits(P, d0, np.full((T + 1, S, A), 1 / A), T)
    with pytest.raises(ValueError, match="R: expected"):
        backward_induction(P, R[:, 0], T)
    monkeypatch.setattr(planning, "MOST_SWEEPS", 100)
    with pytest.raises(ValueError, match="did not come to rest"):
        value_iteration(P, np.ones_like(R), 1.0)
