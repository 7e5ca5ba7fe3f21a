"""What is the best that anybody could do in T steps, and how far from it is this policy?

Letters as in `planning`; T is the horizon. A policy is (S, A), or (T, S, A) where it may change
with time.
"""
import numpy as np

from tinyrlhf.checks import check_finite, check_indices, check_range, check_shapes, check_whole
from tinyrlhf.exact.planning import action_values, check_probabilities, check_sums, check_tables
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
    check_range("kl_coef", kl_coef, 0, 1e300)
    if kl_coef == 0:
        raise ValueError("kl_coef: expected a positive number, got 0; "
                         "for 0 use backward_induction or value_iteration")
    check_finite(rewards=rewards)
    check_sums(reference=reference)
    if np.shape(reference)[-1:] != np.shape(rewards)[-1:]:
        raise ValueError(f"rewards: expected one for each of {np.shape(reference)[-1]} choices of "
                         f"the reference, got shape {np.shape(rewards)}")
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


def demonstration_loss(P, rewards, states, actions, mask):
    """How unlikely are these demonstrations, if a person acts by the soft best policy of a reward?

        loss = - 1/N sum_n sum_t log pi_t(a_t | s_t)
        log pi_t(a|s) = Q_t(s, a) - V_t(s),    V_t(s) = log sum_a exp Q_t(s, a),    V_T = 0
        Q_t(s, a) = sum_s' P(s'|s, a) (r(s, a, s') + V_{t+1}(s'))

    Where nothing is left to chance this is the classical likelihood exp(return) / Z, Z summed over
    all sequences of T actions. Rewards are in units of the person's noise: twice as large, twice as
    rational. All T steps are choices, also those after an end (an absorbing state), so that an
    early end is not disliked for the choices that it takes away.

    Args:
        P, rewards: (S, A, S); states: (N, T+1) integers; actions: (N, T) integers;
        mask: (N, T) bool, the steps that were played; at the others nothing is read.
    Returns:
        loss in nats, d_rewards (S, A, S); for a reward r(s') on entering sum it over (0, 1).
    Raises:
        ValueError: shapes, numbers out of range, moves that this game cannot make.
    Source: Ziebart, Maas, Bagnell, Dey (2008); with chance Ziebart, Bagnell, Dey (2010).
    Departs from the source: a fixed horizon, and a reward of its own for every transition.
    """
    played = _check_demonstrations(P, rewards, states, actions, mask)
    n, horizon = np.shape(actions)
    values, log_policy = np.zeros(len(P)), np.empty((horizon, *np.shape(P)[:2]))
    for t in reversed(range(horizon)):
        q = action_values(P, rewards, values)
        values = logsumexp(q)
        log_policy[t] = q - values[:, None]
    shares = np.zeros(log_policy.shape)
    np.add.at(shares, played, 1.0 / n)
    loss = -float((shares * log_policy).sum())

    d_q_sum, d_values = np.zeros(np.shape(P)[:2]), np.zeros(len(P))
    for t in range(horizon):
        d_values = d_values + shares[t].sum(axis=1)  # the loss has V - Q
        d_q = np.exp(log_policy[t]) * d_values[:, None] - shares[t]  # d V / d Q(a) = pi(a)
        d_values = np.tensordot(d_q, P, axes=2)  # d Q / d V_{t+1}(s') = P(s')
        d_q_sum += d_q
    return loss, d_q_sum[..., None] * P  # d Q / d r(s') = P(s')


def _check_demonstrations(P, rewards, states, actions, mask):
    """Refuse what this game cannot have played; returns (t, s, a) of every step that was."""
    sizes = check_tables(P, rewards=rewards)
    steps = check_shapes(actions=(actions, "N T"), mask=(mask, "N T"))
    check_shapes(states=(states, f"{steps['N']} {steps['T'] + 1}"))
    if not np.size(mask) or np.asarray(mask).dtype != bool:
        raise ValueError(f"mask: expected booleans, at least one, got {mask}")
    row, t = np.nonzero(mask)
    s, a = np.asarray(states)[row, t], np.asarray(actions)[row, t]
    following = np.asarray(states)[row, t + 1]
    check_indices("states", s, sizes["S"])
    check_indices("actions", a, sizes["A"])
    check_indices("next states", following, sizes["S"])
    impossible = np.asarray(P)[s, a, following] == 0
    if impossible.any():
        i = impossible.argmax()
        raise ValueError(f"states: expected moves that this game can make, got {s[i]} to "
                         f"{following[i]} by action {a[i]} in row {row[i]}, step {t[i]}")
    return t, s, a
