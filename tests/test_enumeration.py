"""Is the best policy over listed strings the best, every shortfall one divergence, and do the gradients point there?"""
import sys
from pathlib import Path

import numpy as np
import pytest

from tinyrlhf.conformance import check_game, check_gradient
from tinyrlhf.episodes import rollout
from tinyrlhf.exact import strings
from tinyrlhf.exact.horizon import bandit_optimum, soft_backward_induction
from tinyrlhf.games.prefixes import Prefixes
from tinyrlhf.learning.kl import kl_penalized_rewards
from tinyrlhf.learning.policy_gradient import GRPO, PPO, RLOO, Reinforce
from tinyrlhf.nn.networks import EmbeddingMLP, Table
from tinyrlhf.numerics import log_softmax, softmax
from tinyrlhf.policies import Policy

sys.path.insert(0, str(Path(__file__).parent))
import enumeration  # noqa: E402
from enumeration import listed_gradient  # noqa: E402
from oracles import kl_to_optimum, string_log_probs, string_rewards  # noqa: E402

SIZES = [(2, 3), (3, 4), (5, 3), (7, 1)]


def world(n_letters, length, seed=0):
    """Logits of a policy and of a reference (nodes, A), rewards (N,), all random."""
    rng = np.random.default_rng([seed, n_letters, length])
    nodes = sum(n_letters ** depth for depth in range(length))
    return (*rng.normal(size=(2, nodes, n_letters)), rng.normal(size=n_letters ** length))


def paths(n_letters, length):
    """The nodes (N, L) that each string comes through, walked one letter at a time, and its letters (N, L)."""
    letters = strings.contexts(n_letters, length)
    nodes = np.zeros(letters.shape, int)
    for t in range(1, length):
        nodes[:, t] = n_letters * nodes[:, t - 1] + letters[:, t - 1] + 1
    return nodes, letters


@pytest.mark.parametrize("size", SIZES)
def test_a_string_is_as_likely_as_all_its_letters_together(size):
    logits, _, _ = world(*size)
    assert np.allclose(enumeration.log_probs(logits), log_softmax(logits)[paths(*size)].sum(axis=1), atol=1e-12)
    assert np.isclose(np.exp(enumeration.log_probs(logits)).sum(), 1, atol=1e-12)


@pytest.mark.parametrize("size", SIZES)
def test_conditionals_find_the_policy_behind_a_distribution_and_its_size(size):
    logits, _, _ = world(*size)
    table, total = enumeration.conditionals(enumeration.log_probs(logits) + 5.0, size[0])
    assert np.allclose(table, log_softmax(logits), atol=1e-12) and np.isclose(total, 5.0)


@pytest.mark.parametrize("size", SIZES + [(5, 5)])
@pytest.mark.parametrize("kl_coef", [0.02, 0.5, 10.0])
def test_every_shortfall_is_the_price_times_the_distance_from_the_optimum(size, kl_coef):
    for seed in range(5):
        logits, reference, rewards = world(*size, seed)
        best, log_z = enumeration.best_policy(reference, rewards, kl_coef)
        for policy in (logits, 10 * logits, reference, best):
            shortfall = kl_coef * log_z - enumeration.objective(policy, reference, rewards, kl_coef)
            assert np.isclose(shortfall, kl_coef * enumeration.kl(policy, best), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("size", SIZES)
def test_the_best_policy_is_the_reference_tilted_by_the_reward(size):
    _, reference, rewards = world(*size)
    tilted = np.exp(enumeration.log_probs(reference) + rewards / 0.3)
    best, log_z = enumeration.best_policy(reference, rewards, 0.3)
    assert np.allclose(np.exp(enumeration.log_probs(best)), tilted / tilted.sum(), atol=1e-12)
    assert np.isclose(np.exp(log_z), tilted.sum())


def test_a_dear_nat_gives_the_reference_and_a_cheap_one_the_best_string():
    _, reference, rewards = world(3, 4)
    assert enumeration.kl(enumeration.best_policy(reference, rewards, 1e6)[0], reference) < 1e-10
    assert enumeration.log_probs(enumeration.best_policy(reference, rewards, 1e-3)[0])[rewards.argmax()] > -1e-6


def test_the_divergence_is_that_of_the_strings_in_both_directions():
    logits, other, _ = world(3, 3)
    p, q = (np.exp(enumeration.log_probs(table)) for table in (logits, other))
    assert np.isclose(enumeration.kl(logits, other), (p * np.log(p / q)).sum())
    assert np.isclose(enumeration.kl(other, logits), (q * np.log(q / p)).sum())


def test_a_list_of_answers_is_a_bandit():
    logits, reference, rewards = (np.ravel(table) for table in world(7, 1))
    policy, value = bandit_optimum(rewards, softmax(reference), 0.4)
    best, log_z = enumeration.best_policy(reference, rewards, 0.4)
    assert best.shape == (7,) and np.allclose(np.exp(best), policy) and np.isclose(0.4 * log_z, value)
    for function in (listed_gradient, enumeration.natural_gradient):
        tree = function(logits[None], reference[None], rewards, 0.4)
        assert np.array_equal(function(logits, reference, rewards, 0.4), tree[0])


# ---- the same answers by other roads

def test_planning_in_the_tree_finds_the_same_policy():
    _, reference, rewards = world(3, 3)
    nodes, states = len(reference), len(reference) + len(rewards)
    P, R = np.zeros((2, states, 3, states))
    child = 3 * np.arange(nodes)[:, None] + np.arange(3) + 1
    P[np.arange(nodes)[:, None], np.arange(3), child] = 1
    P[np.arange(nodes, states), :, np.arange(nodes, states)] = 1
    R[np.arange(nodes)[:, None], np.arange(3), child] = np.where(child < nodes, 0.0,
                                                                 rewards[np.maximum(child - nodes, 0)])
    full = np.concatenate([softmax(reference), np.full((len(rewards), 3), 1 / 3)])
    values, policy = soft_backward_induction(P, R, full, 0.5, 3)
    best, log_z = enumeration.best_policy(reference, rewards, 0.5)
    assert np.isclose(values[0, 0], 0.5 * log_z, atol=1e-12)
    depth = np.repeat(np.arange(3), 3 ** np.arange(3))
    assert np.allclose(policy[depth, np.arange(nodes)], np.exp(best), atol=1e-12)


def test_sweeping_an_automaton_finds_the_same_value_and_distance():
    rng, window, length = np.random.default_rng(0), 2, 4
    reference, policy = rng.normal(size=(2, 4 ** window, 4))
    # nobody ever ends early: all strings have four letters
    reference[:, 0] = policy[:, 0] = -60
    reference, policy = log_softmax(reference), log_softmax(policy)
    machine = strings.Automaton(rng.integers(3, size=(3, 4)), rng.normal(size=(4 ** window, 4)),
                                rng.normal(size=(length + 1, 3)))
    rows = strings.contexts(3, length) + 1
    listed, tables = string_rewards(rows, machine), []
    for table in (reference, policy):
        tables.append(enumeration.conditionals(string_log_probs(rows, table), 3)[0])
    best, log_z = enumeration.best_policy(tables[0], listed, 0.7)
    swept = strings.optimum(reference, machine, 0.7)
    assert np.allclose(swept[:3],
                       (0.7 * log_z, np.exp(enumeration.log_probs(best)) @ listed, enumeration.kl(best, tables[0])),
                       atol=1e-10)
    assert np.isclose(kl_to_optimum(policy, reference, machine, 0.7), enumeration.kl(tables[1], best),
                      atol=1e-10)
    assert np.isclose(strings.evaluate(policy, reference, machine, 0.7).value,
                      enumeration.objective(tables[1], tables[0], listed, 0.7), atol=1e-10)


# ---- gradients

@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kl_coef", [0.0, 0.5])
def test_the_gradient_agrees_with_central_differences(size, kl_coef):
    logits, reference, rewards = world(*size)
    check_gradient(lambda: enumeration.objective(logits, reference, rewards, kl_coef), {"logits": logits},
                   {"logits": listed_gradient(logits, reference, rewards, kl_coef)}, np.random.default_rng(1))


def test_the_gradient_is_what_reinforce_has_on_average():
    logits, reference, rewards = world(3, 3)
    (nodes, letters), policy = paths(3, 3), softmax(logits)
    log_ratio = enumeration.log_probs(logits) - enumeration.log_probs(reference)
    weights = np.exp(enumeration.log_probs(logits)) * (rewards - 0.5 * log_ratio)
    average = np.zeros(logits.shape)
    for weight, path, written in zip(weights, nodes, letters):
        average[path] += weight * (np.eye(3)[written] - policy[path])
    assert np.allclose(listed_gradient(logits, reference, rewards, 0.5), average, atol=1e-12)


def test_both_gradients_vanish_at_the_optimum_and_nowhere_near():
    logits, reference, rewards = world(3, 4)
    best, _ = enumeration.best_policy(reference, rewards, 0.5)
    for function in (listed_gradient, enumeration.natural_gradient):
        assert np.abs(function(best, reference, rewards, 0.5)).max() < 1e-12
        assert np.abs(function(logits, reference, rewards, 0.5)).max() > 1e-3


@pytest.mark.parametrize("learning_rate, kl_coef", [(0.5, 0.2), (0.1, 1.0), (3.0, 0.1)])
def test_the_natural_gradient_shrinks_the_error_of_answers_at_one_rate(learning_rate, kl_coef):
    logits, reference, rewards = (np.ravel(table) for table in world(7, 1))
    logits = 5 * logits                                              # some answers are very rare
    best, _ = enumeration.best_policy(reference, rewards, kl_coef)
    error = lambda table: log_softmax(table) - best - (log_softmax(table) - best).mean()
    for _ in range(4):
        moved = logits + learning_rate * enumeration.natural_gradient(logits, reference, rewards, kl_coef)
        assert np.allclose(error(moved), (1 - learning_rate * kl_coef) * error(logits), atol=1e-10)
        logits = moved


def test_the_natural_gradient_is_exact_after_as_many_full_steps_as_there_are_letters():
    logits, reference, rewards = world(3, 4)
    best, _ = enumeration.best_policy(reference, rewards, 0.5)
    distances = []
    for _ in range(4):
        logits = logits + 2.0 * enumeration.natural_gradient(logits, reference, rewards, 0.5)
        distances.append(enumeration.kl(logits, best))
    assert distances[2] > 1e-9 > 1e-12 > abs(distances[3])


# ---- the game whose states are the nodes

@pytest.mark.parametrize("size", SIZES)
def test_the_tree_keeps_the_protocol_of_a_game(size):
    game = Prefixes(world(*size)[2], size[0])
    check_game(game, np.random.default_rng(0))
    assert game.horizon == size[1] and game.n_prefixes == len(world(*size)[0])


def test_the_game_writes_the_strings_that_are_listed_and_pays_each_once():
    _, _, rewards = world(3, 4)
    game, rng = Prefixes(rewards, 3), np.random.default_rng(0)
    states, paid = game.start(81, rng), np.zeros(81)
    nodes, letters = paths(3, 4)
    for t in range(4):
        assert np.array_equal(states, nodes[:, t]) and np.array_equal(game.letters[states][:, :t], letters[:, :t] + 1)
        states, reward, done = game.step(states, letters[:, t], rng)
        paid += reward
    assert done.all() and np.array_equal(paid, rewards) and np.array_equal(game.letters[states], letters + 1)
    assert game.show(states[5]) == "aabc" and game.show(nodes[5, 2]) == "aa··"


def test_a_table_plays_the_tree_as_often_as_it_says_within_4_sigma():
    logits, _, rewards = world(3, 3)
    game, network, rng = Prefixes(rewards, 3), Table(13, 3), np.random.default_rng(0)
    network.params["table"][...] = logits
    episodes = rollout(game, Policy(network), game.start(20_000, rng), rng)
    counts = np.bincount(episodes.states[:, -1] - game.n_prefixes, minlength=27)
    p = np.exp(enumeration.log_probs(logits))
    assert (np.abs(counts - 20_000 * p) < 4 * np.sqrt(20_000 * p * (1 - p))).all()


class Spelled(Prefixes):
    """The same game for a network that sees letters."""
    def observe(self, states):
        return self.letters[states]


def log_table(policy, game):
    return log_softmax(policy.network.forward(game.observe(np.arange(game.n_prefixes)))[0].astype(float))


LEARNERS = {"REINFORCE": lambda policy, game: Reinforce(policy, 0.03),
            "RLOO": lambda policy, game: RLOO(policy, 0.03, group=256),
            "GRPO": lambda policy, game: GRPO(policy, 0.03, group=256),
            "PPO": lambda policy, game: PPO(policy, 0.03, Table(game.n_states, 1), gamma=1.0, critic_learning_rate=0.1)}


@pytest.mark.slow
@pytest.mark.parametrize("name", [*LEARNERS, "a network"])
def test_the_learners_approach_the_optimum_that_was_listed(name):
    logits, _, rewards = world(3, 3)
    game, network, rng = Prefixes(rewards, 3), Table(13, 3), np.random.default_rng(0)
    network.params["table"][...] = logits
    if name == "a network":
        game, network = Spelled(rewards, 3), EmbeddingMLP(4, 3, 4, (32,), 3, rng)
    policy, reference = Policy(network), Policy(network).copy()
    learner = LEARNERS.get(name, lambda policy, game: RLOO(policy, 0.01, group=256))(policy, game)
    at_reference = log_table(reference, game)
    best, _ = enumeration.best_policy(at_reference, rewards, 0.5)

    def penalized(episodes):
        before = episodes.as_table(reference.log_probs(*episodes.decisions)[0])
        return kl_penalized_rewards(episodes.true_rewards, episodes.log_probs, before, 0.5)

    for _ in range(60):
        learner.update(rollout(game, policy, game.start(256, rng), rng), penalized, rng)
    assert enumeration.kl(log_table(policy, game), best) < 0.15 * enumeration.kl(at_reference, best)


# ---- doors

def test_what_does_not_fit_is_refused_in_words():
    logits, reference, rewards = world(3, 3)
    with pytest.raises(ValueError, match="rows for A = 3 letters, got 12"):
        enumeration.log_probs(logits[:-1])
    with pytest.raises(ValueError, match="rewards: expected .* N = 27"):
        enumeration.best_policy(reference, rewards[:-1], 0.5)
    with pytest.raises(ValueError, match="reference: expected .* N = 27"):
        listed_gradient(logits, reference[:4], rewards, 0.5)
    with pytest.raises(ValueError, match="kl_coef"):
        enumeration.best_policy(reference, rewards, 0.0)
    with pytest.raises(ValueError, match="logits: expected finite"):
        enumeration.log_probs(np.where(logits == logits.max(), np.nan, logits))
    with pytest.raises(ValueError, match=r"rewards: expected 3\*\*T"):
        Prefixes(rewards[:-1], 3)
    with pytest.raises(ValueError, match="n_letters"):
        Prefixes(rewards, 1)
    with pytest.raises(ValueError, match="kl_coef"):
        enumeration.objective(logits, reference, rewards, -1.0)
    with pytest.raises(ValueError, match="kl_coef"):
        enumeration.natural_gradient(logits, reference, rewards, np.nan)
    with pytest.raises(ValueError, match="log_weights: expected A, A..2, A..3 ... of them for A = 3 letters, got 26"):
        enumeration.conditionals(np.zeros(26), 3)
    with pytest.raises(ValueError, match="log_weights: expected finite"):
        enumeration.conditionals(np.full(27, -np.inf), 3)
