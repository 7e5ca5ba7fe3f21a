"""What is the best that anybody could do in a small game that may go on for ever?

Letters: P, R (S, A, S) transition probabilities and rewards, d0 (S,) where episodes start. A policy
is (S, A); from actions it is `np.eye(A)[actions]`. Every public function of a game is a door: what
does not fit is refused.
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
    def best(values):
        return action_values(P, R, values, gamma).max(axis=1)

    values = fixed_point(best, P, R, gamma, tolerance)
    return values, action_values(P, R, values, gamma).argmax(axis=1)


def fixed_point(backup, P, R, gamma, tolerance):
    """Repeat values (S,) <- backup(values) until they rest."""
    sizes = check_tables(P, R)
    check_range("gamma", gamma, 0, 1)
    check_range("tolerance", tolerance, 1e-300, np.inf)
    values = np.zeros(sizes["S"])
    limit = tolerance * (1 - gamma) / (2 * gamma) if 0 < gamma < 1 else tolerance
    for _ in range(MOST_SWEEPS):
        before, values = values, backup(values)
        if np.abs(values - before).max() <= limit:
            return values
    raise ValueError(f"values: expected them to rest after {MOST_SWEEPS} sweeps, they did not "
                     f"come to rest; try a larger tolerance or a gamma below {gamma}")


def check_tables(P, R=None, d0=None, name="R"):
    """Refuse tables that do not fit or are no distributions; returns the sizes by letter."""
    tables = {"P": (P, "S A S")}
    if R is not None:
        tables[name] = R, "S A S"
        check_finite(**{name: R})
    if d0 is not None:
        tables["d0"] = d0, "S"
    sizes = check_shapes(**tables)
    _check_distributions(P=P, **({} if d0 is None else {"d0": d0}))
    return sizes


def check_policies(pattern, P, **policies):
    """Refuse policies whose rows are not distributions over the actions of this game."""
    shapes = {name: (policy, pattern) for name, policy in policies.items()}
    check_shapes(P=(P, "S A S"), **shapes)
    _check_distributions(**policies)


def _check_distributions(**tables):
    """Refuse tables with a last axis that is negative or does not sum to 1, by name."""
    for name, table in tables.items():
        check_finite(**{name: table})
        sums = np.sum(table, axis=-1)
        if np.min(table) < 0 or not np.allclose(sums, 1, rtol=0, atol=1e-5):
            worst = np.ravel(sums)[np.abs(np.ravel(sums) - 1).argmax()]
            raise ValueError(f"{name}: expected probabilities that sum to 1 along the last axis, "
                             f"got a sum of {worst:.6g} and numbers from {np.min(table):.6g} on; "
                             "is an axis transposed?")
