"""The yardsticks are what they say: exact where the world is small, never beaten, and clones that follow an expert."""
import numpy as np
import pytest

from tinyrlhf.episodes import rollout
from tinyrlhf.exact import strings
from tinyrlhf.exact.horizon import kl_to_reference
from tinyrlhf.games.cartpole import CartPole
from tinyrlhf.games.gridworld import Gridworld
from tinyrlhf.games.prefixes import Prefixes
from tinyrlhf.recipes import build, settings_for, words_spread
from tinyrlhf.report import claim_of, share_of_gap
from tinyrlhf.yardsticks import (clone_labels, expected_kl, expected_return, expert, judged_game, log_table, optimal_return, table,
                                 text_optimum)


@pytest.fixture(scope="module")
def states():
    return {world: build(**settings_for(world, 7)) for world in ("bandit", "gridworld", "cartpole", "text")}


def changed(state, scale, seed=0):
    """A copy of the reference with noise in its parameters."""
    policy, rng = state.reference.copy(), np.random.default_rng(seed)
    policy.network.params.vector[:] += scale * rng.normal(size=policy.network.params.vector.shape)
    return policy


def worth(game, policy):
    """The return of a policy (S, A), step by step backwards from the horizon; nothing shared with `exact`."""
    values = np.zeros(game.n_states)
    for _ in range(game.horizon):
        values = sum(policy[:, action] * (game.P[:, action] * (game.R[:, action] + values)).sum(axis=1) for action in range(game.n_actions))
    return game.d0 @ values


@pytest.mark.parametrize("world", ["bandit", "gridworld"])
def test_the_return_in_a_table_is_that_of_planning_for_any_policy(states, world):
    state = states[world]
    uniform = np.full((state.game.n_states, state.game.n_actions), 1 / state.game.n_actions)
    assert expected_return(state, state.reference, None) == pytest.approx(worth(state.game, uniform), abs=1e-12)
    other = changed(state, 2.0)
    assert expected_return(state, other, None) == pytest.approx(worth(state.game, table(other, state.game)), abs=1e-12)


@pytest.mark.parametrize("world", ["bandit", "gridworld", "text"])
def test_the_exact_return_is_the_mean_of_sampled_episodes(states, world):
    state, rng = states[world], np.random.default_rng(1)
    policy = changed(state, 0.3)
    returns = rollout(state.game, policy, state.game.start(4000, rng), rng).true_returns
    assert abs(returns.mean() - expected_return(state, policy, None)) < 5 * returns.std() / np.sqrt(4000)


@pytest.mark.parametrize("world", ["bandit", "gridworld"])
def test_no_policy_beats_the_optimum_of_a_table_and_the_expert_almost_reaches_it(states, world):
    state = states[world]
    best = optimal_return(state, 0.0)
    assert all(expected_return(state, changed(state, 3.0, seed), None) <= best + 1e-12 for seed in range(20))
    greedy = np.eye(state.game.n_actions)[expert(state.game, np.arange(state.game.n_states))]
    assert best - 0.01 < worth(state.game, greedy) <= best + 1e-12


def test_cartpole_is_judged_in_the_standard_game_where_500_steps_are_the_most(states):
    state, rng = states["cartpole"], np.random.default_rng(0)
    game = judged_game(state.game)
    assert not game.frozen and optimal_return(state, 0.0) == game.horizon == 500
    assert judged_game(states["gridworld"].game) is states["gridworld"].game
    assert 10 < expected_return(state, state.reference, rng, n=200) < 60           # a random policy stands for about 22 steps


class Chooses:
    """A policy that does what the expert says."""

    def act(self, observations, rng):
        return expert(CartPole(), observations), np.zeros(len(observations))


def test_the_expert_solves_cartpole():
    rng = np.random.default_rng(0)
    game = CartPole()
    assert rollout(game, Chooses(), game.start(100, rng), rng).true_returns.min() >= 475


@pytest.mark.parametrize("kl_coef", [0.05, 5.0])
def test_no_words_are_worth_more_than_the_text_optimum_at_its_price(states, kl_coef):
    state = states["text"]
    best, price = text_optimum(state, kl_coef), kl_coef * words_spread(state)
    reference, automaton = log_table(state.reference, state.game), strings.Automaton(*state.game.automaton())
    assert best.value == pytest.approx(best.reward - price * best.kl)
    for policy in (state.reference, *(changed(state, scale, seed) for seed, scale in enumerate((0.01, 0.03, 0.1, 0.3)))):
        reached = strings.evaluate(log_table(policy, state.game), reference, automaton, price)
        assert reached.value < best.value
        assert reached.reward == pytest.approx(expected_return(state, policy, None))
    assert optimal_return(state, kl_coef) == best.reward


def test_the_longer_the_leash_the_better_the_words_up_to_the_least_price_that_can_be_computed(states):
    state = states["text"]
    rewards = [optimal_return(state, kl_coef) for kl_coef in (100.0, 1.0, 0.1, 0.01)]
    assert rewards == sorted(rewards) and rewards[-1] <= 2.0 + 1e-9
    assert rewards[0] == pytest.approx(expected_return(state, state.reference, None), abs=0.02)
    assert optimal_return(state, 0.0) == rewards[-1]


def test_the_distance_to_the_reference_is_zero_at_first_and_exact_or_close_to_it(states):
    rng = np.random.default_rng(2)
    for world in ("bandit", "gridworld", "text"):
        state = build(**settings_for(world, 7))
        if world == "gridworld":
            state.game = Gridworld(slip=0.15)                       # 0.85 + 0.075 + 0.075 is not quite 1
        assert expected_kl(state, rng) == pytest.approx(0, abs=1e-6)
        state.policy.network.params.vector[:] = changed(state, 0.3 if world == "text" else 1.5).network.params.vector
        if world == "text":
            words = rollout(state.game, state.policy, state.game.start(4000, rng), rng)
            observations, actions = words.decisions
            ratios = words.log_probs - words.as_table(state.reference.log_probs(observations, actions)[0])
            totals = ratios.sum(axis=1, where=words.mask)
            assert abs(expected_kl(state, rng) - totals.mean()) < 5 * totals.std() / np.sqrt(4000)
        else:
            policy = table(state.policy, state.game)
            uniform = np.full(policy.shape, 1 / state.game.n_actions)
            if world == "gridworld":
                policy[state.game.is_end] = uniform[0]              # an episode is over there, planning goes on without pay
            exact = kl_to_reference(state.game.P, state.game.d0, policy, uniform, state.game.horizon)
            assert expected_kl(state, rng, n=4000) == pytest.approx(exact, rel=0.1)


@pytest.mark.parametrize("world, gap", [("bandit", 0.5), ("gridworld", 0.5), ("cartpole", 0.3), ("text", 0.05)])
def test_cloned_labels_are_better_than_no_training_and_leave_the_reference_alone(states, world, gap):
    state, rng = states[world], np.random.default_rng(3)
    before = state.reference.network.params.vector.copy()
    untrained, best = expected_return(state, state.reference, rng, n=100), optimal_return(state, 0.1)
    cloned = expected_return(state, clone_labels(state, 200, rng), rng, n=100)
    assert cloned - untrained > gap * (best - untrained)
    assert np.array_equal(state.reference.network.params.vector, before)


def test_labels_that_never_agree_teach_nothing(states):
    state, rng = states["gridworld"], np.random.default_rng(4)
    good, random = (expected_return(state, clone_labels(state, 200, rng, agreement), rng) for agreement in (0.9, 0.0))
    assert random < good - 0.5


def test_a_run_that_failed_is_not_titled_a_success():
    settings = settings_for("gridworld", 1)
    low, high = ({"comparisons": 300, "return_untrained": -1.5, "return_after": after, "return_optimal": 0.75} for after in (-1.4, 0.7))
    assert "comparisons: 4% of the way" in claim_of(settings, low)
    assert claim_of(settings, high) == "300 comparisons taught the walker to mind the flowers"
    assert claim_of({**settings, "teacher": "coin"}, high) == "The control: 300 coin flips instead of answers"


def test_where_nobody_knows_the_best_possible_none_is_claimed():
    state = build(**settings_for("bandit", 7))
    state.game = Prefixes(np.array([0.0, 0.3, 0.1, 0.2]), 2)
    assert np.isnan(optimal_return(state, 0.0))
    result = {"comparisons": 20, "return_untrained": 0.1, "return_after": 0.3, "return_optimal": optimal_return(state, 0.0)}
    assert np.isnan(share_of_gap(result))
    assert claim_of({**settings_for("bandit", 7), "world": "strings"}, result) == "20 comparisons: from 0.10 to 0.30"
    with pytest.raises(ValueError, match="expert: expected a tabular game or CartPole, got Prefixes"):
        expert(state.game, np.zeros(3, int))


def test_only_the_frozen_cartpole_is_judged_elsewhere():
    standard = CartPole()
    assert judged_game(standard) is standard and not judged_game(CartPole(frozen=True)).frozen
