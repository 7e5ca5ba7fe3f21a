"""What is the best that anybody could do in a small game that may go on for ever?

Letters: P, R (S, A, S) transition probabilities and rewards, d0 (S,) where episodes start. A policy
is (S, A); from actions it is `np.eye(A)[actions]`. What does not fit is refused.
"""
import numpy as np

from tinyrlhf.checks import check_finite, check_range, check_shapes

MOST_SWEEPS = 100_000


def action_values(P, R, values, gamma=1.0):
    """Q(s, a) = sum_s' P(s'|s, a) (R(s, a, s') + gamma V(s')): values (S,) -> (S, A)."""
    return np.einsum("sax,sax->sa", P, R) + gamma * (P @ values)


def value_iteration(P, R, gamma, tolerance=1e-8):
    """The best policy of a game that may go on for ever.

        V <- max_a sum_s' P (R + gamma V(s'))

    until max |change| <= tolerance (1 - gamma) / (2 gamma).

    Args:
        P, R: (S, A, S).
        gamma: discount in [0, 1]. At 1 the episodes must end by themselves; the rule is then
            max |change| <= tolerance.
        tolerance: how far from the optimum the returned policy may be.
    Returns:
        values (S,), actions (S,).
    Raises:
        ValueError: the values do not come to rest, as at gamma = 1 where rewards never stop.
    Source: Bellman (1957); stopping rule Puterman (1994), section 6.3.
    """
    sizes = check_tables(P, R=R)
    check_range("gamma", gamma, 0, 1)
    check_range("tolerance", tolerance, 1e-300, np.inf)
    limit = tolerance * (1 - gamma) / (2 * gamma) if 0 < gamma < 1 else tolerance
    values = np.zeros(sizes["S"])
    for _ in range(MOST_SWEEPS):
        before, values = values, action_values(P, R, values, gamma).max(axis=1)
        if np.abs(values - before).max() <= limit:
            return values, action_values(P, R, values, gamma).argmax(axis=1)
    raise ValueError(f"values: expected them to rest, they did not come to rest in {MOST_SWEEPS} "
                     f"sweeps; try a larger tolerance or a gamma below {gamma}")


def check_tables(P, **rewards):
    """Refuse a P that is no distribution and rewards that do not fit; the sizes by letter."""
    shapes = {name: (table, "S A S") for name, table in rewards.items()}
    sizes = check_shapes(P=(P, "S A S"), **shapes)
    check_finite(**rewards)
    check_sums(P=P)
    return sizes


def check_probabilities(pattern, P, **tables):
    """Refuse policies or a d0 that do not fit P, or whose last axis is no distribution."""
    shapes = {name: (table, pattern) for name, table in tables.items()}
    check_shapes(P=(P, "S A S"), **shapes)
    check_sums(**tables)


def check_sums(**tables):
    """Refuse tables whose last axis holds no probabilities."""
    for name, table in tables.items():
        check_finite(**{name: table})
        sums = np.sum(table, axis=-1)
        if np.min(table) < 0 or not np.allclose(sums, 1, rtol=0, atol=1e-5):
            worst = np.ravel(sums)[np.abs(np.ravel(sums) - 1).argmax()]
            raise ValueError(f"{name}: expected probabilities that sum to 1 along the last axis, "
                             f"got a sum of {worst:.6g} and numbers from {np.min(table):.6g} on; "
                             "is an axis transposed?")
