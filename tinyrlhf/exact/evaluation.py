"""What is a given policy worth in a small game, and how long does it take? By linear systems.

Letters as in `planning.py`.
"""
import numpy as np

from tinyrlhf.checks import check_range, check_shapes
from tinyrlhf.exact.planning import check_probabilities, check_tables


def evaluate_policy(P, R, policy, gamma):
    """What a policy (S, A) is worth from every state, for ever -> values (S,); gamma < 1.

        V = r_pi + gamma P_pi V,    that is    (I - gamma P_pi) V = r_pi
    """
    check_tables(P, R=R)
    check_probabilities("S A", P, policy=policy)
    check_range("gamma", gamma, 0, 1)
    if gamma == 1:
        raise ValueError(f"gamma: expected 0 <= gamma < 1, got {gamma}; "
                         "for gamma 1 use finite_horizon_return")
    return values_under(P, R, policy, gamma)


def values_under(P, R, policy, gamma):
    """As `evaluate_policy`, of tables that are known to fit."""
    rewards = np.einsum("sa,sax,sax->s", policy, P, R)
    return np.linalg.solve(np.eye(len(P)) - gamma * _under(policy, P), rewards)


def hitting_times(P, policy, ends):
    """How many steps a policy is expected to take until it first stands on an end.

        h(s) = 0 on an end, elsewhere h(s) = 1 + sum_s' P_pi(s'|s) h(s')

    policy (S, A), ends (S,) bool -> (S,); infinite where it may be that an end never comes.
    Source: Norris (1997), Markov Chains, theorem 1.3.5.
    """
    sizes = check_tables(P)
    check_probabilities("S A", P, policy=policy)
    check_shapes(ends=(ends, str(sizes["S"])))
    ends = np.asarray(ends, bool)
    P_policy = _under(policy, P)
    ways = (P_policy > 0) & ~ends[:, None]
    endless = _leads_to(~_leads_to(ends, ways), ways)
    inside = ~ends & ~endless
    times = np.where(endless, np.inf, 0.0)
    among = P_policy[np.ix_(inside, inside)]
    times[inside] = np.linalg.solve(np.eye(len(among)) - among, np.ones(len(among)))
    return times


def _under(policy, P):
    """P_pi(s'|s) = sum_a pi(a|s) P(s'|s, a), (S, S)."""
    return np.einsum("sa,sax->sx", policy, P)


def _leads_to(states, ways):
    """From where one may come to these states (S,) bool, by ways (S, S) bool."""
    while (more := states | ways @ states).sum() > states.sum():
        states = more
    return states
