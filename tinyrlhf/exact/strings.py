"""Which policy over short texts is best at a price per nat, and how far away is this one?

By sweeping or counting, without sampling. A text is a row of symbols 0..V-1: each step appends one,
symbol 0 ends the text, and so does the horizon. A policy that sees the last C symbols is a table
(U, V) of log-probabilities, one row for each of the U = V**C contexts (0 before the start).
"""
from typing import NamedTuple

import numpy as np

from tinyrlhf.checks import check_finite, check_indices, check_range, check_shapes
from tinyrlhf.numerics import logsumexp


class Automaton(NamedTuple):
    """A reward that a machine with Q states, beginning in 0, adds up while it reads a text."""
    next_state: np.ndarray        # (Q, V) integers, the state after a symbol
    step_reward: np.ndarray       # (U, V), of a symbol after a context, at any time
    end_reward: np.ndarray        # (T+1, Q), of a text of so many symbols that ends in this state


class Evaluation(NamedTuple):
    """What one policy reaches, in expectation: value = reward - kl_coef * kl."""
    value: float
    reward: float
    kl: float                     # nats


def contexts(n_symbols, window):
    """All contexts (U, C) in the order of their numbers, the oldest symbol first."""
    return np.indices((n_symbols,) * window).reshape(window, -1).T


def optimum(log_reference, automaton, kl_coef):
    """What the best policy that may remember everything reaches, by one sweep back to the start.

    pi* maximises E[reward] - kl_coef KL(pi || reference) and is

        pi*(text) = reference(text) exp(reward(text) / kl_coef) / Z

    With context u, state q and exp(m) the expected exp(reward still to come / kl_coef) under the
    reference:

        m_t(q, u) = log sum_a reference(a | u) exp(g(u, a) / kl_coef + m_{t+1}(q', u'))
        value = kl_coef * m_0

    Args:
        log_reference: (U, V) log-probabilities, finite.
        automaton: an Automaton, or its three arrays in that order.
        kl_coef: price of one nat, at least 0.001.
    Source: Todorov 2006 (linearly solvable control); as a tilted language model Korbak, Perez,
        Buckley 2022.
    """
    _check_tables(automaton, log_reference=log_reference)
    check_range("kl_coef", kl_coef, 1e-3, 1e9)
    next_state, step_reward, end_reward = automaton
    scaled = next_state, step_reward / kl_coef, end_reward / kl_coef
    reward = np.broadcast_to(end_reward[-1], (len(log_reference), len(next_state)))
    m = reward / kl_coef
    for t in reversed(range(len(end_reward) - 1)):
        log_weights = (log_reference + scaled[1])[:, :, None] + _after(m, scaled, t)
        m = logsumexp(log_weights, axis=1)
        probabilities = np.exp(log_weights - m[:, None])
        reward_to_go = step_reward[:, :, None] + _after(reward, automaton, t)
        reward = (probabilities * reward_to_go).sum(axis=1)
    value, reward = kl_coef * float(m[0, 0]), float(reward[0, 0])
    return Evaluation(value, reward, (reward - value) / kl_coef)


def evaluate(log_policy, log_reference, automaton, kl_coef):
    """What a policy (U, V) that sees the last C symbols really reaches: Evaluation."""
    _check_tables(automaton, log_reference=log_reference, log_policy=log_policy)
    check_range("kl_coef", kl_coef, 0, 1e9)
    next_state, step_reward, end_reward = automaton
    probabilities, log_ratio = np.exp(log_policy), log_policy - log_reference
    reward = np.broadcast_to(end_reward[-1], (len(log_policy), len(next_state)))
    kl = np.zeros(len(log_policy))
    for t in reversed(range(len(end_reward) - 1)):
        kl_afterwards = kl[_successors(*log_policy.shape)]
        kl_afterwards[:, 0] = 0.0  # nothing comes after the end mark
        kl = np.einsum("ua,ua->u", probabilities, log_ratio + kl_afterwards)
        reward_to_go = step_reward[:, :, None] + _after(reward, automaton, t)
        reward = np.einsum("ua,uaq->uq", probabilities, reward_to_go)
    reward, kl = float(reward[0, 0]), float(kl[0])
    return Evaluation(reward - kl_coef * kl, reward, kl)


def _after(values, automaton, t):
    """What follows each symbol at time t, (U, V, Q): the end reward, or values (U, Q) at t + 1."""
    next_state, _, end_reward = automaton
    symbols = np.arange(next_state.shape[1])
    values = values.reshape(-1, len(symbols), len(next_state))
    following = values[:, symbols[:, None], next_state.T]
    following[:, 0] = end_reward[t]
    return np.tile(following, (len(symbols), 1, 1))  # the oldest symbol falls out


def _successors(n_contexts, n_symbols):
    """The context after each context and symbol (U, V): the oldest symbol falls out."""
    return (np.arange(n_contexts)[:, None] * n_symbols + np.arange(n_symbols)) % n_contexts


def _check_tables(automaton, **tables):
    """Refuse tables that do not fit each other, are not finite, or no log-probabilities."""
    next_state, step_reward, end_reward = automaton
    check_shapes(next_state=(next_state, "Q V"), step_reward=(step_reward, "U V"),
                 end_reward=(end_reward, "T Q"),
                 **{name: (table, "U V") for name, table in tables.items()})
    n_contexts, n_symbols = np.shape(step_reward)
    if n_symbols < 2 or n_contexts != n_symbols ** round(np.log(n_contexts) / np.log(n_symbols)):
        raise ValueError("step_reward: expected a row for each context, V**C rows for "
                         f"V = {n_symbols} symbols, got {n_contexts} rows")
    check_finite(step_reward=step_reward, end_reward=end_reward, **tables)
    check_indices("next_state", next_state, len(next_state))
    for name, table in tables.items():
        sums = logsumexp(np.asarray(table, float))
        if name.startswith("log_") and not np.allclose(sums, 0, rtol=0, atol=1e-4):
            raise ValueError(f"{name}: expected log-probabilities whose exp sums to 1 in each row, "
                             f"got sums from {np.exp(sums.min()):.4g} to {np.exp(sums.max()):.4g}; "
                             "log_softmax makes them so")
