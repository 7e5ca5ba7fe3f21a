"""Does the sweep over contexts and automaton states give what listing all texts gives?"""
import sys
from pathlib import Path

import numpy as np
import pytest

from tinyrlhf.conformance import check_gradient
from tinyrlhf.exact.strings import Automaton, contexts, evaluate, optimum
from tinyrlhf.numerics import log_softmax, logsumexp

sys.path.insert(0, str(Path(__file__).parent))
from oracles import (context_numbers, enumerate_strings, kl_to_optimum, string_log_probs,  # noqa: E402
                     string_rewards, value_gradient)


def world(n_symbols=3, window=2, horizon=5, n_states=4, seed=0):
    """A random automaton, reference and policy, and all texts."""
    rng = np.random.default_rng(seed)
    n_contexts = n_symbols ** window
    automaton = Automaton(rng.integers(n_states, size=(n_states, n_symbols)), rng.normal(size=(n_contexts, n_symbols)),
                          rng.normal(size=(horizon + 1, n_states)))
    reference, policy = log_softmax(rng.normal(size=(2, n_contexts, n_symbols)))
    return automaton, reference, policy, enumerate_strings(n_symbols, horizon)


WORLDS = [world(), world(4, 1, 4, 2, 1), world(3, 3, 5, 5, 2), world(2, 2, 1, 3, 3), world(4, 3, 2, 1, 4)]


@pytest.mark.parametrize("n_symbols, length", [(2, 1), (3, 4), (4, 3)])
def test_enumeration_lists_each_text_once_and_all_of_them(n_symbols, length):
    rows = enumerate_strings(n_symbols, length)
    assert len(np.unique(rows, axis=0)) == len(rows) == sum((n_symbols - 1) ** n for n in range(length + 1))
    ended = np.cumsum(rows == 0, axis=1) > 0
    assert (rows[ended] == 0).all()


def test_context_numbers_are_the_row_numbers_of_the_contexts():
    assert np.array_equal(context_numbers(contexts(4, 3), 4), np.arange(64))


def test_a_reward_is_the_sum_of_its_steps_and_its_end():
    next_state = np.array([[0, 1, 0], [1, 0, 1]])                    # is the number of 1s odd?
    step_reward = np.array([[0, 0, 0], [0, 5, 0], [0, 0, 7.0]])      # a double 1 or a double 2
    end_reward = np.arange(4)[:, None] * 100 + np.array([0, 1])      # hundreds: the length
    rows = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [1, 1, 1], [2, 2, 1], [1, 2, 1]])
    assert string_rewards(rows, Automaton(next_state, step_reward, end_reward)).tolist() == [0, 101, 205, 311, 308, 300]


@pytest.mark.parametrize("automaton, reference, policy, rows", WORLDS)
def test_the_probabilities_of_all_texts_sum_to_one(automaton, reference, policy, rows):
    assert np.isclose(logsumexp(string_log_probs(rows, policy)), 0, atol=1e-12)


@pytest.mark.parametrize("automaton, reference, policy, rows", WORLDS)
def test_evaluation_is_the_average_over_all_texts(automaton, reference, policy, rows):
    log_policy, log_reference = string_log_probs(rows, policy), string_log_probs(rows, reference)
    probabilities, rewards = np.exp(log_policy), string_rewards(rows, automaton)
    found = evaluate(policy, reference, automaton, kl_coef=0.7)
    kl = probabilities @ (log_policy - log_reference)
    wanted = (probabilities @ rewards - 0.7 * kl, probabilities @ rewards, kl)
    assert np.allclose(found, wanted, rtol=0, atol=1e-10)


@pytest.mark.parametrize("automaton, reference, policy, rows", WORLDS)
def test_the_optimum_is_the_reference_tilted_by_the_reward(automaton, reference, policy, rows):
    log_reference, log_policy = string_log_probs(rows, reference), string_log_probs(rows, policy)
    rewards = string_rewards(rows, automaton)
    for kl_coef in (0.1, 0.7, 5.0):
        tilted = log_reference + rewards / kl_coef
        log_optimum = tilted - logsumexp(tilted)
        found = optimum(reference, automaton, kl_coef)
        kl = np.exp(log_optimum) @ (log_optimum - log_reference)
        assert np.allclose(found[:3], (kl_coef * logsumexp(tilted), np.exp(log_optimum) @ rewards, kl), rtol=0,
                           atol=1e-10)
        assert np.isclose(kl_to_optimum(policy, reference, automaton, kl_coef),
                          np.exp(log_policy) @ (log_policy - log_optimum), atol=1e-10)


@pytest.mark.parametrize("automaton, reference, policy, rows", WORLDS)
def test_the_shortfall_of_a_policy_is_the_price_times_its_distance_from_the_optimum(automaton, reference, policy, rows):
    for kl_coef in (0.2, 1.0):
        shortfall = optimum(reference, automaton, kl_coef).value - evaluate(policy, reference, automaton, kl_coef).value
        assert shortfall > 0
        assert np.isclose(shortfall, kl_coef * kl_to_optimum(policy, reference, automaton, kl_coef), rtol=0, atol=1e-9)


def test_a_dear_nat_gives_the_reference_and_a_cheap_one_the_best_text():
    automaton, reference, _, rows = world()
    short, long = optimum(reference, automaton, 1e6), optimum(reference, automaton, 2e-3)
    at_reference, best = evaluate(reference, reference, automaton, 1.0), string_rewards(rows, automaton)
    assert np.isclose(short.reward, at_reference.reward, atol=1e-5) and np.isclose(short.kl, 0, atol=1e-5)
    assert at_reference.kl == 0
    assert np.isclose(long.reward, best.max(), atol=1e-9)
    assert np.isclose(long.kl, -string_log_probs(rows, reference)[best.argmax()], atol=1e-6)


def test_a_reward_without_differences_leaves_the_reference():
    automaton, reference, _, _ = world()
    same = automaton._replace(step_reward=0 * automaton.step_reward, end_reward=0 * automaton.end_reward + 3)
    assert np.allclose(optimum(reference, same, 0.5)[:3], (3, 3, 0), atol=1e-12)
    assert np.isclose(kl_to_optimum(reference, reference, same, 0.5), 0, atol=1e-12)


@pytest.mark.parametrize("automaton, reference, policy, rows", WORLDS)
@pytest.mark.parametrize("kl_coef", [0.0, 0.7])
def test_the_policy_gradient_agrees_with_central_differences(automaton, reference, policy, rows, kl_coef):
    logits = 2 * policy + 1                                          # not normalised
    check_gradient(lambda: evaluate(log_softmax(logits), reference, automaton, kl_coef).value, {"logits": logits},
                   {"logits": value_gradient(logits, reference, automaton, kl_coef)}, np.random.default_rng(0))


@pytest.mark.slow
def test_the_gradient_climbs_to_the_optimum_where_the_policy_sees_the_whole_text():
    automaton, reference, policy, _ = world(n_symbols=3, window=1, horizon=2)
    best, logits = optimum(reference, automaton, 0.5), policy.copy()
    for _ in range(500):
        logits += 5.0 * value_gradient(logits, reference, automaton, 0.5)
    assert np.isclose(evaluate(log_softmax(logits), reference, automaton, 0.5).value, best.value, atol=1e-8)


def test_what_does_not_fit_is_refused_in_words():
    automaton, reference, policy, _ = world()
    with pytest.raises(ValueError, match="log_policy"):
        evaluate(policy[:-1], reference, automaton, 0.5)
    with pytest.raises(ValueError, match="log_reference: expected finite"):
        optimum(np.where(reference == reference.min(), -np.inf, reference), automaton, 0.5)
    with pytest.raises(ValueError, match="kl_coef"):
        optimum(reference, automaton, 0.0)
    with pytest.raises(ValueError, match="V\\*\\*C rows"):
        optimum(reference[:8], automaton._replace(step_reward=automaton.step_reward[:8]), 0.5)
    with pytest.raises(ValueError, match="kl_coef"):
        evaluate(policy, reference, automaton, np.nan)
    with pytest.raises(ValueError, match="log_policy: expected log-probabilities whose exp sums to 1 in each row"):
        evaluate(policy + 1, reference, automaton, 0.5)
    with pytest.raises(ValueError, match="next_state: expected integers from 0 to"):
        optimum(reference, automaton._replace(next_state=automaton.next_state - 1), 0.5)
    with pytest.raises(ValueError, match="strings: expected integers from 0 to"):
        string_log_probs(np.array([[0, -1]]), reference)             # once the last row of the table
    with pytest.raises(ValueError, match="strings: expected integers from 0 to"):
        string_rewards(np.array([[0.0, 1.0]]), automaton)
