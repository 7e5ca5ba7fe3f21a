"""Which policy over short texts is best under a leash, and how far away is this one? By sweeping or counting, without sampling.

A text is a row of symbols 0..V-1: each step appends one, symbol 0 ends the text, and so does the horizon. A policy that sees
the last C symbols is a table (U, V) of log-probabilities, one row for each of the U = V**C contexts (0 before the start).
"""
from typing import NamedTuple

import numpy as np

from tinyrlhf.checks import check_finite, check_range, check_shapes
from tinyrlhf.numerics import log_softmax, logsumexp


class Automaton(NamedTuple):
    """A reward that a machine with Q states can add up while it reads a text; it starts in state 0.

    next_state: (Q, V) integers, the state after a symbol.
    step_reward: (U, V), the reward for a symbol after a context, at any time.
    end_reward: (T + 1, Q), the reward for a text of so many symbols that ends in this state; T is the horizon.
    """
    next_state: np.ndarray
    step_reward: np.ndarray
    end_reward: np.ndarray


class Optimum(NamedTuple):
    """What the best policy under a leash reaches: value = reward - kl_coef * kl.

    log_weights: (T + 1, U, Q), the logarithm of the expected exp(reward still to come / kl_coef) under the reference;
        the first entry of log_weights[0] is log Z.
    """
    value: float
    reward: float
    kl: float
    log_weights: np.ndarray


class Evaluation(NamedTuple):
    """What one policy reaches, in expectation: value = reward - kl_coef * kl; length without the end mark; kl and entropy in nats."""
    value: float
    reward: float
    kl: float
    length: float
    entropy: float


def enumerate_strings(n_symbols, length):
    """All texts of at most `length` symbols (N, length), padded with 0 on the right.

    >>> enumerate_strings(2, 2).tolist()
    [[0, 0], [1, 0], [1, 1]]
    """
    rows = np.indices((n_symbols,) * length).reshape(length, -1).T
    return rows[((rows[:, :-1] > 0) | (rows[:, 1:] == 0)).all(axis=1)]


def contexts(n_symbols, window):
    """All contexts (U, C) in the order of their numbers, the oldest symbol first."""
    return np.indices((n_symbols,) * window).reshape(window, -1).T


def context_numbers(windows, n_symbols):
    """The numbers (...) of contexts (..., C): their symbols read as the digits of one number to the base n_symbols."""
    return windows @ n_symbols ** np.arange(np.shape(windows)[-1])[::-1]


def string_log_probs(strings, log_policy):
    """log pi (N,) of texts (N, T), the end mark included where there is room for it."""
    n_contexts, n_symbols = log_policy.shape
    context, total = np.zeros(len(strings), int), np.zeros(len(strings))
    for t, symbol in enumerate(strings.T):
        going = t == 0 or strings[:, t - 1] > 0
        total += going * log_policy[context, symbol]
        context = (context * n_symbols + symbol) % n_contexts
    return total


def string_rewards(strings, automaton):
    """The reward (N,) of texts (N, T): the automaton reads them symbol by symbol."""
    next_state, step_reward, end_reward = automaton
    n_contexts, n_symbols = step_reward.shape
    context, state, total = np.zeros(len(strings), int), np.zeros(len(strings), int), np.zeros(len(strings))
    for t, symbol in enumerate(strings.T):
        going = t == 0 or strings[:, t - 1] > 0
        total += going * step_reward[context, symbol]
        state = np.where(symbol > 0, next_state[state, symbol], state)
        context = (context * n_symbols + symbol) % n_contexts
    return total + end_reward[(strings > 0).sum(axis=1), state]


def optimum(log_reference, automaton, kl_coef):
    """The best any policy can do that may remember everything, by one sweep from the horizon back to the start.

    pi* maximises E[reward] - kl_coef KL(pi || reference) and is reference(text) exp(reward(text) / kl_coef) / Z. With context u,
    state q and exp(m) the expected exp(reward still to come / kl_coef) under the reference:
        m_t(q, u) = log sum_a reference(a | u) exp(g(u, a) / kl_coef + m_{t+1}(q', u')),   value = kl_coef * m_0.

    Args:
        log_reference: (U, V) log-probabilities.
        automaton: an Automaton, or its three arrays in that order.
        kl_coef: price of one nat, at least 0.001.
    Returns: Optimum.
    Raises: ValueError for shapes that do not fit, for -inf, for a kl_coef below 0.001.
    Source: Todorov 2006 (linearly solvable control); as a tilted language model Korbak, Perez, Buckley 2022.
    """
    _check_tables(automaton, log_reference=log_reference)
    check_range("kl_coef", kl_coef, 1e-3, 1e9)
    n_steps, n_states = len(automaton[2]) - 1, len(automaton[0])
    log_weights = np.empty((n_steps + 1, len(log_reference), n_states))
    log_weights[-1] = automaton[2][-1] / kl_coef
    reward = np.broadcast_to(automaton[2][-1], log_weights[-1].shape)
    for t in reversed(range(n_steps)):
        log_optimum = _log_optimum(log_reference, automaton, kl_coef, log_weights, t)
        log_weights[t] = logsumexp(log_optimum, axis=1)
        probabilities = np.exp(log_optimum - log_weights[t][:, None])
        reward = (probabilities * (automaton[1][:, :, None] + _after(reward, automaton, t))).sum(axis=1)
    value, reward = kl_coef * float(log_weights[0, 0, 0]), float(reward[0, 0])
    return Optimum(value, reward, (reward - value) / kl_coef, log_weights)


def evaluate(log_policy, log_reference, automaton, kl_coef):
    """What a policy that sees the last C symbols really reaches (Evaluation), from log-probabilities (U, V)."""
    _check_tables(automaton, log_reference=log_reference, log_policy=log_policy)
    probabilities, step_reward = np.exp(log_policy), automaton[1]
    per_step = np.stack([log_policy - log_reference, np.ones_like(log_policy), -log_policy], axis=-1)       # kl, length, entropy
    per_step[:, 0, 1] = 0.0                                         # the end mark is not part of the text
    reward, sums = np.broadcast_to(automaton[2][-1], (len(log_policy), len(automaton[0]))), np.zeros((len(log_policy), 3))
    for t in reversed(range(len(automaton[2]) - 1)):
        following = sums[_successors(*log_policy.shape)]
        following[:, 0] = 0.0                                       # nothing comes after the end mark
        sums = np.einsum("ua,uas->us", probabilities, per_step + following)
        reward = np.einsum("ua,uaq->uq", probabilities, step_reward[:, :, None] + _after(reward, automaton, t))
    reward, (kl, length, entropy) = float(reward[0, 0]), map(float, sums[0])
    return Evaluation(reward - kl_coef * kl, reward, kl, length, entropy)


def kl_to_optimum(log_policy, log_reference, automaton, kl_coef):
    """KL(pi || pi*) in nats over whole texts; the value that pi still lacks is kl_coef times this."""
    _check_tables(automaton, log_reference=log_reference, log_policy=log_policy)
    log_weights = optimum(log_reference, automaton, kl_coef).log_weights
    probabilities, kl = np.exp(log_policy), np.zeros(log_weights[0].shape)
    for t in reversed(range(len(log_weights) - 1)):
        log_optimum = _log_optimum(log_reference, automaton, kl_coef, log_weights, t) - log_weights[t][:, None]
        ended = automaton[0], automaton[1], np.zeros_like(automaton[2])
        kl = np.einsum("ua,uaq->uq", probabilities, log_policy[:, :, None] - log_optimum + _after(kl, ended, t))
    return float(kl[0, 0])


def policy_gradient(logits, log_reference, automaton, kl_coef):
    """The gradient of `evaluate(...).value` by a table of logits (U, V): exact, in its shape.

        dJ / dlogits(u, a) = sum_t sum_q Pr(u, q at time t) pi(a|u) A_t(u, q, a),    A = Q - V, the leash paid as it goes

    With it one climbs to the best that a policy can do which sees neither the clock nor the state q.
    Source: Sutton, McAllester, Singh, Mansour (2000), theorem 1, summed over all that the policy cannot tell apart.
    """
    _check_tables(automaton, log_reference=log_reference, logits=logits)
    log_policy, (next_state, step_reward, end_reward) = log_softmax(np.asarray(logits, float)), automaton
    policy, (n_steps, n_states) = np.exp(log_policy)[:, :, None], np.subtract(np.shape(end_reward), (1, 0))
    places = _successors(*log_policy.shape)[:, :, None] * n_states + np.transpose(next_state)             # of (u', q') in one row
    visits = np.zeros((n_steps, len(policy), n_states))
    visits[0, 0, 0] = 1.0
    for t in range(1, n_steps):
        moved = visits[t - 1][:, None] * policy
        visits[t] = np.bincount(places[:, 1:].ravel(), moved[:, 1:].ravel(), visits[0].size).reshape(visits[0].shape)
    values, gradient = np.broadcast_to(end_reward[-1], visits[0].shape), np.zeros(log_policy.shape)
    for t in reversed(range(n_steps)):
        q = (step_reward - kl_coef * (log_policy - log_reference))[:, :, None] + _after(values, automaton, t)
        values = (policy * q).sum(axis=1)
        gradient += (visits[t][:, None] * policy * (q - values[:, None])).sum(axis=2)    # d pi(b) / d z(a) = pi(b) (1[a = b] - pi(a))
    return gradient


def _after(values, automaton, t):
    """From values (U, Q) at time t + 1: what follows each symbol at time t, (U, V, Q); after the end mark, the end reward."""
    next_state, end_reward = automaton[0], automaton[2]
    following = values[_successors(len(values), next_state.shape[1])[:, :, None], next_state.T]
    following[:, 0] = end_reward[t]
    return following


def _successors(n_contexts, n_symbols):
    """The number of the context after each context and symbol (U, V): the oldest symbol falls out."""
    return (np.arange(n_contexts)[:, None] * n_symbols + np.arange(n_symbols)) % n_contexts


def _log_optimum(log_reference, automaton, kl_coef, log_weights, t):
    """log reference + (reward now) / kl_coef + log weight afterwards, (U, V, Q): log pi* at time t before normalising."""
    scaled = automaton[0], automaton[1], automaton[2] / kl_coef
    return (log_reference + automaton[1] / kl_coef)[:, :, None] + _after(log_weights[t + 1], scaled, t)


def _check_tables(automaton, **tables):
    """Refuse tables that do not fit each other or that are not finite."""
    check_shapes(next_state=(automaton[0], "Q V"), step_reward=(automaton[1], "U V"), end_reward=(automaton[2], "T Q"),
                 **{name: (table, "U V") for name, table in tables.items()})
    n_contexts, n_symbols = np.shape(automaton[1])
    if n_symbols < 2 or n_contexts != n_symbols ** round(np.log(n_contexts) / np.log(n_symbols)):
        raise ValueError(f"step_reward: expected a row for each context, V**C rows for V = {n_symbols} symbols, got {n_contexts} rows")
    check_finite(step_reward=automaton[1], end_reward=automaton[2], **tables)
