"""Does Q-learning learn what actions are worth: the exact values where they are known, and ends told from cuts?"""
import numpy as np
import pytest

from tinyrlhf.episodes import rollout, steps
from tinyrlhf.exact import planning
from tinyrlhf.games.bandit import Bandit
from tinyrlhf.games.cartpole import CartPole
from tinyrlhf.games.gridworld import Gridworld
from tinyrlhf.games.prefixes import Prefixes
from tinyrlhf.games.text import Text
from tinyrlhf.learning.q_learning import QLearning
from tinyrlhf.numerics import softmax

SMALL = "S.^\n..G\n.L."


def learned(game, batches, n=64, seed=0, reward=None, **options):
    learner, rng = QLearning(game.n_states, game.n_actions, **options), np.random.default_rng(seed)
    for _ in range(batches):
        learner.learn(game, n, rng, reward)
    return learner


# ---- against exact values

@pytest.mark.parametrize("behaviour", [{"epsilon": 1.0}, {"epsilon": 0.3}, {"temperature": 0.5}], ids=str)
def test_it_comes_to_the_values_of_value_iteration_whatever_it_does_meanwhile(behaviour):
    game = Gridworld(SMALL, slip=0.2, horizon=20)
    learner = learned(game, 40, n=256, gamma=0.9, **behaviour)
    values, _ = planning.value_iteration(game.P, game.R, 0.9)
    error = np.abs(learner.q - planning.action_values(game.P, game.R, values, 0.9))
    often, reached = learner.visits > 1000, (learner.visits > 0).any(axis=1)
    # of an average with step size N^-0.7, rewards of standard deviation 1 at most
    noise = 1.0 * np.sqrt(0.5 * learner.visits[often] ** -0.7)
    assert often.sum() >= 8 and (error[often] < 4 * noise).all()
    assert reached.sum() == 6 and np.abs(learner.q.max(axis=1) - values)[reached].max() < 0.1


def test_where_nothing_is_left_to_chance_a_step_size_of_1_is_exact():
    game = Gridworld(SMALL, slip=0.0, horizon=20)
    learner = learned(game, 30, gamma=0.9, epsilon=1.0, step_size=1.0)
    values, _ = planning.value_iteration(game.P, game.R, 0.9, tolerance=1e-12)
    reached, exact = learner.visits.min(axis=1) > 0, planning.action_values(game.P, game.R, values, 0.9)
    assert reached.sum() == 6 and np.allclose(learner.q[reached], exact[reached], atol=1e-9)


def test_it_writes_the_best_string_of_a_small_world():
    rewards = np.random.default_rng(1).normal(size=27)
    game = Prefixes(rewards, 3)
    learner = learned(game, 50, epsilon=0.5, step_size=1.0)
    learner.epsilon = 0.0
    episodes = rollout(game, learner, game.start(5, None), np.random.default_rng(2))
    assert (episodes.true_returns == rewards.max()).all() and learner.q[0].max() == pytest.approx(rewards.max())


def test_on_a_bandit_it_learns_the_means_of_the_arms_within_4_sigma():
    game = Bandit([0.0, 0.5, 1.0], noise=0.3)
    learner = learned(game, 200, epsilon=1.0)
    deviation = 0.3 * np.sqrt(0.5 * (200 * 64 / 3) ** -0.7)               # of an average with step size N^-0.7
    assert np.abs(learner.q[0] - game.means).max() < 4 * deviation < 0.1


# ---- ends and cuts

@pytest.mark.parametrize("horizon_is_end, worth", [(False, 1 / (1 - 0.5)), (True, 1.0)])
def test_the_horizon_is_a_cut_after_which_the_rest_counts_or_an_end_after_which_nothing_does(horizon_is_end, worth):
    game = Gridworld("S#G", slip=0.0, step_reward=1.0, horizon=1)      # standing still pays 1 a step
    game.horizon_is_end = horizon_is_end
    learner = learned(game, 100, gamma=0.5, epsilon=1.0, step_size=1.0)
    assert np.allclose(learner.q[0], worth, atol=1e-6)


def test_an_end_is_an_end_although_the_state_looks_the_same():
    learner = QLearning(2, 1, gamma=0.5, step_size=1.0)
    learner.q[1] = 8.0
    learner.update(np.array([0]), np.array([0]), np.array([1.0]), np.array([1]), np.array([False]))
    assert learner.q[0, 0] == 1 + 0.5 * 8
    learner.update(np.array([0]), np.array([0]), np.array([1.0]), np.array([1]), np.array([True]))
    assert learner.q[0, 0] == 1


def test_rows_that_have_stopped_teach_nothing():
    game = Gridworld(SMALL, slip=0.3, horizon=15)
    learner, rng = QLearning(game.n_states, game.n_actions, epsilon=1.0), np.random.default_rng(3)
    learner.learn(game, 50, rng)
    rng = np.random.default_rng(3)
    act = QLearning(game.n_states, 4, epsilon=1.0).act
    played = sum(len(step.rows) for step in steps(game, act, game.start(50, rng), rng))
    assert learner.visits.sum() == played < 50 * 15 and not learner.visits[game.is_end].any()


# ---- steps

def test_k_equal_transitions_side_by_side_are_k_steps_one_after_the_other():
    together, apart = (QLearning(3, 2, gamma=0.5, step_size=0.3) for _ in range(2))
    for learner in (together, apart):
        learner.q[...] = np.arange(6).reshape(3, 2)
    one = np.array([0]), np.array([1]), np.array([7.0]), np.array([2]), np.array([False])
    together.update(*(np.repeat(column, 4) for column in one))
    for _ in range(4):
        apart.update(*one)
    assert np.allclose(together.q, apart.q, atol=1e-12) and np.array_equal(together.visits, apart.visits)


def test_side_by_side_the_order_of_the_rows_does_not_matter():
    rng = np.random.default_rng(4)
    batch = (rng.integers(3, size=20), rng.integers(2, size=20), rng.normal(size=20), rng.integers(3, size=20),
             rng.random(20) < 0.3)
    order = rng.permutation(20)
    first, second = QLearning(3, 2), QLearning(3, 2)
    first.update(*batch)
    second.update(*(column[order] for column in batch))
    assert np.allclose(first.q, second.q, atol=1e-12)


def test_a_given_reward_replaces_the_games_own():
    game = Bandit([0.0, 0.5, 1.0], noise=0.0)
    learner = learned(game, 30, epsilon=1.0, reward=lambda step: -step.true_rewards)
    assert learner.q[0] == pytest.approx([0.0, -0.5, -1.0], abs=0.01)
    blind = learned(game, 30, epsilon=1.0, reward=lambda step: np.where(step.actions == 1, 2.0, 0.0))
    assert blind.q[0].argmax() == 1


def test_learn_returns_the_mean_return_it_learned_from():
    game = Bandit([1.0, 1.0], noise=0.0)
    assert QLearning(2, 2).learn(game, 10, np.random.default_rng(0)) == 1
    assert QLearning(2, 2).learn(game, 10, np.random.default_rng(0), lambda step: 3 * step.true_rewards) == 3


# ---- behaviour

def test_epsilon_is_the_share_of_random_actions_and_equals_share_the_rest():
    learner = QLearning(1, 4, epsilon=0.2)
    learner.q[0] = [1.0, 3.0, 3.0, 0.0]
    assert np.exp(learner.log_probabilities(np.array([0]))) == pytest.approx(np.array([[0.05, 0.45, 0.45, 0.05]]))
    learner.epsilon = 0.0
    actions, log_probs = learner.act(np.zeros(1000, int), np.random.default_rng(5))
    assert set(actions) == {1, 2} and np.allclose(log_probs, np.log(0.5))


def test_a_temperature_draws_from_the_softmax_of_the_values():
    learner = QLearning(1, 3, temperature=0.5)
    learner.q[0] = [0.0, 1.0, 2.0]
    assert np.allclose(np.exp(learner.log_probabilities(np.array([0]))), softmax(np.array([0.0, 2.0, 4.0])))
    actions, log_probs = learner.act(np.zeros(20_000, int), np.random.default_rng(6))
    shares = np.bincount(actions, minlength=3) / 20_000
    assert np.abs(shares - softmax(np.array([0.0, 2.0, 4.0]))).max() < 4 * 0.5 / np.sqrt(20_000)
    assert np.allclose(np.exp(log_probs), softmax(np.array([0.0, 2.0, 4.0]))[actions])


def test_a_game_that_shows_anything_but_one_number_is_refused():
    for game in (CartPole(), Text()):
        with pytest.raises(ValueError, match="one number per episode"):
            QLearning(10, 2).learn(game, 3, np.random.default_rng(0))


def test_small_integers_do_not_overflow():
    learner = QLearning(200, 5, step_size=1.0)
    learner.update(np.array([199], np.uint8), np.array([4]), np.array([1.0]), np.array([0], np.uint8), np.array([True]))
    assert learner.q[199, 4] == 1 and learner.visits.sum() == 1


@pytest.mark.parametrize("bad", [{"gamma": 1.1}, {"epsilon": -0.1}, {"temperature": 0.0}, {"step_size": 2.0},
                                 {"gamma": np.nan}], ids=str)
def test_settings_that_make_no_sense_are_refused(bad):
    with pytest.raises(ValueError, match=next(iter(bad))):
        QLearning(2, 2, **bad)


@pytest.mark.parametrize("sizes, name", [
    ((0, 2), "n_states"), ((-1, 2), "n_states"), ((2, 0), "n_actions"), ((2, 1.5), "n_actions")])
def test_tables_without_states_or_actions_are_refused(sizes, name):
    with pytest.raises(ValueError, match=f"^{name}: expected a whole number from 1"):
        QLearning(*sizes)


def test_a_reward_that_is_no_number_is_refused_before_anything_is_learned():
    learner = QLearning(2, 2)
    with pytest.raises(ValueError, match="^rewards: expected finite numbers, got nan"):
        learner.learn(Bandit([0.0, 1.0]), 3, np.random.default_rng(0), lambda step: step.true_rewards * np.nan)
    with pytest.raises(ValueError, match="^episodes: expected a whole number from 1"):
        learner.learn(Bandit([0.0, 1.0]), 0, np.random.default_rng(0))
    assert not learner.q.any() and not learner.visits.any()
