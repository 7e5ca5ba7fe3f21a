"""What is the best that anybody could do in T steps, and how far from it is this policy?

Letters as in `planning`; T is the horizon. A policy is (S, A), or (T, S, A) where it may change
with time.
"""
import numpy as np

from tinyrlhf.checks import check_range, check_whole
from tinyrlhf.exact.planning import action_values, check_probabilities, check_tables
from tinyrlhf.numerics import logsumexp, softmax

MOST_STEPS = 1_000_000


def backward_induction(P, R, horizon):
    """The best in `horizon` steps: values (T+1, S) with nothing left at T, actions (T, S)."""
    sizes = check_tables(P, R=R)
    check_whole("horizon", horizon, 1, MOST_STEPS)
    values = np.zeros((horizon + 1, sizes["S"]))
    actions = np.zeros((horizon, sizes["S"]), dtype=int)
    for t in reversed(range(horizon)):
        q = action_values(P, R, values[t + 1])
        actions[t], values[t] = q.argmax(axis=1), q.max(axis=1)
    return values, actions


def bandit_optimum(rewards, reference, kl_coef):
    """The best compromise between reward and staying close, for one choice.

        pi*(a) = ref(a) exp(r(a) / c) / Z,    value = max_pi E_pi[r] - c KL(pi || ref) = c log Z

    For every other policy, value - J(pi) = c KL(pi || pi*). Rewards (..., A) and probabilities
    (..., A), c > 0 -> policy (..., A), value (...).
    Source: Todorov (2006); for language models Korbak, Perez, Buckley (2022), equation 4.
    """
    if not 0 < kl_coef < np.inf:
        raise ValueError(f"kl_coef: expected a positive number, got {kl_coef}; "
                         "for 0 use backward_induction or value_iteration")
    with np.errstate(divide="ignore"):  # log 0 = -inf is meant
        logits = np.log(reference) + rewards / kl_coef
    return softmax(logits), kl_coef * logsumexp(logits)


def soft_backward_induction(P, R, reference, kl_coef, horizon):
    """The best in `horizon` steps, when leaving the reference costs kl_coef per nat.

        Q_t(s, a) = sum_s' P (R + V_{t+1}(s'))
        V_t(s) = c log sum_a ref(a|s) exp(Q / c),    pi_t(a|s) = ref(a|s) exp((Q - V) / c)

    maximises E sum_t [ r_t - c KL(pi_t(.|s_t) || ref(.|s_t)) ]. Beware: tilting whole episodes,
    p(episode) ~ ref(episode) exp(return / c), is the same only where nothing is left to chance. On
    a slippery floor the tilt would also change the floor; no policy can buy that luck, and this one
    does not count on it.

    Reference (S, A) or (T, S, A) -> values (T+1, S), policy (T, S, A).
    Source: Ziebart (2010); on the pitfall Levine (2018), "Reinforcement learning and control as
        probabilistic inference".
    """
    sizes = check_tables(P, R=R)
    reference = _over_time("reference", reference, P, horizon)
    values, policy = np.zeros((horizon + 1, sizes["S"])), np.zeros(reference.shape)
    for t in reversed(range(horizon)):
        q = action_values(P, R, values[t + 1])
        policy[t], values[t] = bandit_optimum(q, reference[t], kl_coef)
    return values, policy


def expected_visits(P, d0, policy, horizon, gamma=1.0):
    """gamma^t Pr(s_t = s) for t = 0 .. T-1: policy (S, A) or (T, S, A) -> (T, S)."""
    check_range("gamma", gamma, 0, 1)
    sizes = check_tables(P)
    check_probabilities("S", P, d0=d0)
    policy = _over_time("policy", policy, P, horizon)
    visits = np.zeros((horizon, sizes["S"]))
    present = np.asarray(d0, dtype=float)
    for t in range(horizon):
        visits[t] = present
        present = gamma * np.tensordot(present[:, None] * policy[t], P, axes=2)
    return visits


def finite_horizon_return(P, R, d0, policy, horizon, gamma=1.0):
    """J = E[sum_t gamma^t r_t] over `horizon` steps, exact: policy (S, A) or (T, S, A) -> float."""
    check_tables(P, R=R)
    visits = expected_visits(P, d0, policy, horizon, gamma)
    taken = visits[..., None] * policy
    return float((taken * action_values(P, R, np.zeros(len(P)))).sum())


def kl_to_reference(P, d0, policy, reference, horizon):
    """KL between the episodes of two policies, each (S, A) or (T, S, A), in nats -> float.

    The expected sum of the steps' KLs; infinite if the reference never does what the policy does.
    """
    visits = expected_visits(P, d0, policy, horizon)
    policy = _over_time("policy", policy, P, horizon)
    reference = _over_time("reference", reference, P, horizon)
    weights = visits[..., None] * policy
    met = weights > 0  # elsewhere 0 log 0 counts as 0
    with np.errstate(divide="ignore"):
        log_ratios = np.log(policy[met]) - np.log(reference[met])
    return float((weights[met] * log_ratios).sum())


def _over_time(name, policy, P, horizon):
    """A policy (S, A) of this game, checked and repeated for all T steps; (T, S, A) stays."""
    check_whole("horizon", horizon, 1, MOST_STEPS)
    if np.ndim(policy) != 3:
        policy = np.broadcast_to(policy, (horizon, *np.shape(policy)))
    check_probabilities(f"{horizon} S A", P, **{name: policy})
    return policy
