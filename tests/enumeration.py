"""What the package does not need: which policy over short strings is best at a price per nat, and how far is this one?

By listing every string. There are N = A**L strings of L letters, in the order of the dictionary
(`strings.contexts(A, L)` spells them). Their prefixes are the nodes of a tree: the empty one is
node 0, and letter a after node i leads to node A i + a + 1. A policy is a table (nodes, A) of
logits or log-probabilities. A list of plain answers is a tree of one row; there (A,) will do.
"""
import numpy as np

from tinyrlhf.checks import check_finite, check_range, check_shapes, check_whole
from tinyrlhf.numerics import log_softmax, logsumexp


def log_probs(logits):
    """log pi (N,) of every string."""
    log_policy = _table(logits)
    return _log_reach(log_policy)[len(log_policy):]


def conditionals(log_weights, n_letters):
    """The policy that writes letter by letter what has these log-weights (N,).

    Returns log-probabilities (nodes, A), and the log of the sum of all weights.
    """
    check_finite(log_weights=log_weights)
    size = check_shapes(log_weights=(log_weights, "N"))["N"]
    check_whole("n_letters", n_letters, 2, 1_000_000)
    if size not in (n_letters ** length for length in range(1, 64)):
        raise ValueError(f"log_weights: expected A, A**2, A**3 ... of them for A = {n_letters} "
                         f"letters, got {size}")
    rows = []
    while len(log_weights) > 1:
        block = np.reshape(log_weights, (-1, n_letters))
        log_weights = logsumexp(block)
        rows.insert(0, block - log_weights[:, None])
    return np.concatenate(rows), float(log_weights[0])


def best_policy(reference, rewards, kl_coef):
    """The best compromise between reward and staying close; it writes letter by letter.

        pi*(y) = ref(y) exp(r(y) / c) / Z,    max J = c log Z

    and for every policy  max J - J(pi) = c KL(pi || pi*).

    Args:
        reference: (nodes, A); rewards: (N,), of each whole string.
        kl_coef: c, the price of one nat, at least 0.001.
    Returns log pi* in the shape of the reference, and log Z.
    Source: Todorov (2006); for language models Korbak, Perez, Buckley (2022), equation 4.
    """
    check_range("kl_coef", kl_coef, 1e-3, 1e9)
    log_weights = log_probs(reference) + _worth(reference, reference, rewards, 0.0) / kl_coef
    log_optimum, log_z = conditionals(log_weights, np.shape(reference)[-1])
    return log_optimum.reshape(np.shape(reference)), log_z


def objective(logits, reference, rewards, kl_coef):
    """J(pi) = E_pi[r] - kl_coef KL(pi || ref), exact: tables (nodes, A), rewards (N,) -> float."""
    check_range("kl_coef", kl_coef, 0, 1e9)
    return float(np.exp(log_probs(logits)) @ _worth(logits, reference, rewards, kl_coef))


def kl(logits, other):
    """KL(pi || other) over whole strings, in nats: two tables (nodes, A) -> float."""
    log_policy = log_probs(logits)
    return float(np.exp(log_policy) @ (log_policy - log_probs(other)))


def natural_gradient(logits, reference, rewards, kl_coef):
    """The advantage of each letter after each prefix, (nodes, A): logits += learning_rate * it.

        A(node, a) = Q(node, a) - sum_b pi(b | node) Q(node, b)
        Q(node, a) = E_pi[r - c log(pi / ref) | the string takes this child]

    For a list of answers, each step multiplies log pi - log pi* (up to a constant) by exactly
    1 - learning_rate * c, however rare the answer; at learning_rate 1 / c strings are exact after L
    steps.

    Args:
        logits, reference: (nodes, A); rewards: (N,); kl_coef: c, at least 0.
    Source: Kakade (2001); for softmax tables Agarwal, Kakade, Lee, Mahajan (2021).
    Departs from the source: the KL penalty is in the reward.
    """
    check_range("kl_coef", kl_coef, 0, 1e9)
    log_policy = _table(logits)
    values = _worth(logits, reference, rewards, kl_coef)
    advantages = np.empty(log_policy.shape)
    for first, last in reversed(_levels(log_policy)):
        q = values.reshape(last - first, -1)
        values = (np.exp(log_policy[first:last]) * q).sum(axis=1)
        advantages[first:last] = q - values[:, None]
    return advantages.reshape(np.shape(logits))


def listed_gradient(logits, reference, rewards, kl_coef):
    """dJ / dlogits(node, a) = Pr(node) pi(a | node) A(node, a), exact; as `natural_gradient`.

    The two probabilities are what a plain gradient suffers from: what is rarely written is hardly
    ever corrected.
    """
    advantages = natural_gradient(logits, reference, rewards, kl_coef)
    child_probs = np.exp(_log_reach(_table(logits))[1:])            # Pr(node) pi(a | node)
    return child_probs.reshape(np.shape(logits)) * advantages


def _table(logits):
    check_finite(logits=logits)
    return np.atleast_2d(log_softmax(np.asarray(logits, float)))


def _levels(table):
    """First and last row of the prefixes of each length, shortest first."""
    levels, n_letters = [(0, 1)], table.shape[1]
    while levels[-1][1] < len(table):
        levels.append((levels[-1][1], n_letters * levels[-1][1] + 1))
    if levels[-1][1] != len(table):
        raise ValueError("logits: expected 1, 1 + A, 1 + A + A**2 ... rows "
                         f"for A = {n_letters} letters, got {len(table)}")
    return levels


def _log_reach(log_policy):
    """The log-probability of coming through each node, then of each string: (nodes + N,)."""
    rows, n_letters = log_policy.shape
    log_reach = np.zeros(rows * n_letters + 1)
    for first, last in _levels(log_policy):  # the children of neighbours are neighbours
        of_children = log_reach[first:last, None] + log_policy[first:last]
        log_reach[n_letters * first + 1:n_letters * last + 1] = of_children.ravel()
    return log_reach


def _worth(logits, reference, rewards, kl_coef):
    """What each string is worth (N,) with the KL penalty: r - kl_coef (log pi - log ref)."""
    log_policy, log_reference = log_probs(logits), log_probs(reference)
    check_shapes(logits=(log_policy, "N"), reference=(log_reference, "N"),
                 rewards=(rewards, "N"))
    check_finite(rewards=rewards)
    return np.asarray(rewards, float) - kl_coef * (log_policy - log_reference)
