"""What is the best that anybody could do in a small game, and how far from it is this policy?

Letters: P, R (S, A, S) transition probabilities and rewards, d0 (S,) where episodes start, T the horizon. A policy is (S, A), or
(T, S, A) where it may change with time; from actions it is `np.eye(A)[actions]`.
"""
import numpy as np

from tinyrlhf.checks import check_range, check_shapes
from tinyrlhf.numerics import logsumexp, softmax

MOST_SWEEPS = 100_000


def action_values(P, R, values, gamma=1.0):
    """Q(s, a) = sum_s' P(s'|s, a) (R(s, a, s') + gamma V(s')): values (S,) -> (S, A)."""
    return np.einsum("sax,sax->sa", P, R) + gamma * (P @ values)


# ---- without end: discounted values

def value_iteration(P, R, gamma, tolerance=1e-8):
    """The best policy of a game that may go on for ever.

        V <- max_a sum_s' P (R + gamma V(s'))     until max |change| <= tolerance (1 - gamma) / (2 gamma)

    Args:
        P, R: (S, A, S).
        gamma: discount in [0, 1]. At 1 the episodes must end by themselves; the rule is then max |change| <= tolerance.
        tolerance: how far from the optimum the returned policy may be.
    Returns:
        values (S,), actions (S,).
    Raises:
        ValueError: the values do not come to rest, as happens at gamma = 1 where rewards never stop.
    Source: Bellman (1957); stopping rule Puterman (1994), section 6.3.
    """
    values = _fixed_point(lambda values: action_values(P, R, values, gamma).max(axis=1), P, R, gamma, tolerance)
    return values, action_values(P, R, values, gamma).argmax(axis=1)


def soft_value_iteration(P, R, reference, kl_coef, gamma, tolerance=1e-8):
    """The best policy of a game that may go on for ever, when leaving the reference costs.

        Q = sum_s' P (R + gamma V(s')),   V(s) = c log sum_a ref(a|s) exp(Q(s, a) / c),   pi(a|s) = ref(a|s) exp((Q - V) / c)

    maximises E sum_t gamma^t [ r_t - c KL(pi(.|s_t) || ref(.|s_t)) ]. Small c: value iteration; large c: the reference.
    Beware: tilting whole episodes, p(episode) ~ ref(episode) exp(return / c), is the same only where nothing is left to chance.
    On a slippery floor the tilt would also change the floor; no policy can buy that luck, and this one does not count on it.

    Args:
        P, R: (S, A, S); reference: (S, A); kl_coef: c > 0; gamma, tolerance: as in `value_iteration`.
    Returns:
        values (S,), policy (S, A).
    Source: Ziebart (2010); Levine (2018), "Reinforcement learning and control as probabilistic inference", on the pitfall.
    """
    check_shapes(P=(P, "S A S"), reference=(reference, "S A"))

    def optimum(values):
        return bandit_optimum(action_values(P, R, values, gamma), reference, kl_coef)

    values = _fixed_point(lambda values: optimum(values)[1], P, R, gamma, tolerance)
    return values, optimum(values)[0]


def _fixed_point(backup, P, R, gamma, tolerance):
    """Repeat values (S,) <- backup(values) until they rest."""
    sizes = check_shapes(P=(P, "S A S"), R=(R, "S A S"))
    check_range("gamma", gamma, 0, 1)
    values = np.zeros(sizes["S"])
    limit = tolerance * (1 - gamma) / (2 * gamma) if 0 < gamma < 1 else tolerance
    for _ in range(MOST_SWEEPS):
        before, values = values, backup(values)
        if np.abs(values - before).max() <= limit:
            return values
    raise ValueError(f"values did not come to rest in {MOST_SWEEPS} sweeps; try a larger tolerance or a gamma below {gamma}")


def evaluate_policy(P, R, policy, gamma):
    """What a policy (S, A) is worth from every state, for ever: solves (I - gamma P_pi) V = r_pi, gamma < 1 -> values (S,)."""
    check_shapes(P=(P, "S A S"), R=(R, "S A S"), policy=(policy, "S A"))
    if not 0 <= gamma < 1:
        raise ValueError(f"gamma: expected 0 <= gamma < 1, got {gamma}; for gamma 1 use finite_horizon_return")
    P_policy = np.einsum("sa,sax->sx", policy, P)
    rewards = np.einsum("sa,sax,sax->s", policy, P, R)
    return np.linalg.solve(np.eye(len(P)) - gamma * P_policy, rewards)


# ---- with a horizon: exact sums over time

def backward_induction(P, R, horizon):
    """The best that can be done in `horizon` steps: values (T+1, S) with nothing left at T, actions (T, S)."""
    sizes = check_shapes(P=(P, "S A S"), R=(R, "S A S"))
    values = np.zeros((horizon + 1, sizes["S"]))
    actions = np.zeros((horizon, sizes["S"]), dtype=int)
    for t in reversed(range(horizon)):
        q = action_values(P, R, values[t + 1])
        actions[t], values[t] = q.argmax(axis=1), q.max(axis=1)
    return values, actions


def soft_backward_induction(P, R, reference, kl_coef, horizon):
    """The best that can be done in `horizon` steps, when leaving the reference costs kl_coef per nat.

    The equations, and what not to confuse them with, are those of `soft_value_iteration` with gamma 1; the policy depends on time.
    Reference (S, A) or (T, S, A) -> values (T+1, S), policy (T, S, A).
    """
    reference = _over_time(reference, horizon)
    sizes = check_shapes(P=(P, "S A S"), R=(R, "S A S"), reference=(reference, f"{horizon} S A"))
    values, policy = np.zeros((horizon + 1, sizes["S"])), np.zeros(reference.shape)
    for t in reversed(range(horizon)):
        policy[t], values[t] = bandit_optimum(action_values(P, R, values[t + 1]), reference[t], kl_coef)
    return values, policy


def expected_visits(P, d0, policy, horizon, gamma=1.0):
    """gamma^t Pr(s_t = s) for t = 0 .. T-1: policy (S, A) or (T, S, A) -> (T, S)."""
    policy = _over_time(policy, horizon)
    sizes = check_shapes(P=(P, "S A S"), d0=(d0, "S"), policy=(policy, f"{horizon} S A"))
    visits = np.zeros((horizon, sizes["S"]))
    present = np.asarray(d0, dtype=float)
    for t in range(horizon):
        visits[t] = present
        present = gamma * np.tensordot(present[:, None] * policy[t], P, axes=2)
    return visits


def finite_horizon_return(P, R, d0, policy, horizon, gamma=1.0):
    """J = E[sum_t gamma^t r_t] over the first `horizon` steps, exact: policy (S, A) or (T, S, A) -> float."""
    visits = expected_visits(P, d0, policy, horizon, gamma)
    rewards = action_values(P, R, np.zeros(len(P)))
    return float((visits[..., None] * _over_time(policy, horizon) * rewards).sum())


def policy_gradient(P, R, d0, logits, horizon, gamma=1.0):
    """The gradient that every sampled estimator should have on average: exact, for a table of logits that serves all times.

        dJ / dlogits(s, a) = sum_t gamma^t Pr(s_t = s) pi(a|s) (Q_t(s, a) - V_t(s)),    pi = softmax(logits)

    Args:
        P, R: (S, A, S); d0: (S,); logits: (S, A); horizon: T steps; gamma: discount in [0, 1].
    Returns:
        (S, A), the derivative of `finite_horizon_return`.
    Source: Sutton, McAllester, Singh, Mansour (2000), theorem 1.
    Departs from the source: a finite horizon, so that Q depends on the time left.
    """
    policy = softmax(logits)
    visits = expected_visits(P, d0, policy, horizon, gamma)
    values, gradient = np.zeros(len(P)), np.zeros(policy.shape)
    for t in reversed(range(horizon)):
        q = action_values(P, R, values, gamma)
        values = (policy * q).sum(axis=1)
        gradient += visits[t][:, None] * policy * (q - values[:, None])     # d pi(b) / d z(a) = pi(b) (1[a = b] - pi(a))
    return gradient


# ---- how far from the reference, and what it buys

def bandit_optimum(rewards, reference, kl_coef):
    """The best compromise between reward and staying close, for one choice.

        pi*(a) = ref(a) exp(r(a) / c) / Z,    value = max_pi E_pi[r] - c KL(pi || ref) = c log Z

    For every other policy, value - J(pi) = c KL(pi || pi*): all that is lost is one divergence.

    Args:
        rewards: (..., A), finite; reference: (..., A) probabilities; kl_coef: c > 0, reward per nat.
    Returns:
        policy (..., A), value (...).
    Source: Todorov (2006); for language models Korbak, Perez, Buckley (2022), equation 4.
    """
    if not 0 < kl_coef < np.inf:
        raise ValueError(f"kl_coef: expected a positive number, got {kl_coef}; for 0 use backward_induction or value_iteration")
    with np.errstate(divide="ignore"):                          # what the reference never does has log-probability -inf
        logits = np.log(reference) + rewards / kl_coef
    return softmax(logits), kl_coef * logsumexp(logits)


def kl_to_reference(P, d0, policy, reference, horizon):
    """KL between the episodes of two policies, each (S, A) or (T, S, A): the expected sum of per-step KLs, in nats -> float."""
    visits = expected_visits(P, d0, policy, horizon)
    policy, reference = _over_time(policy, horizon), _over_time(reference, horizon)
    check_shapes(policy=(policy, "T S A"), reference=(reference, "T S A"))
    weights = visits[..., None] * policy
    met = weights > 0                                           # elsewhere 0 log 0 counts as 0
    with np.errstate(divide="ignore"):                          # infinite, if the policy does what the reference never does
        log_ratios = np.log(policy[met]) - np.log(reference[met])
    return float((weights[met] * log_ratios).sum())


def _over_time(policy, horizon):
    """A policy (S, A) repeated for all T steps; one that already is (T, S, A) stays."""
    return policy if np.ndim(policy) == 3 else np.broadcast_to(policy, (horizon, *np.shape(policy)))
