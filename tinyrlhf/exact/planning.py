"""What is the best that anybody could do in a small game, and how far from it is this policy?

Letters: P, R (S, A, S) transition probabilities and rewards, d0 (S,) where episodes start, T the
horizon. A policy is (S, A), or (T, S, A) where it may change with time; from actions it is
`np.eye(A)[actions]`. Every public function of a game is a door: what does not fit is refused.
"""
import numpy as np

from tinyrlhf.checks import check_finite, check_range, check_shapes, check_whole
from tinyrlhf.numerics import logsumexp, softmax

MOST_SWEEPS = 100_000
MOST_STEPS = 1_000_000


def action_values(P, R, values, gamma=1.0):
    """Q(s, a) = sum_s' P(s'|s, a) (R(s, a, s') + gamma V(s')): values (S,) -> (S, A)."""
    return np.einsum("sax,sax->sa", P, R) + gamma * (P @ values)


# ---- without end: discounted values

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

    values = _fixed_point(best, P, R, gamma, tolerance)
    return values, action_values(P, R, values, gamma).argmax(axis=1)


def soft_value_iteration(P, R, reference, kl_coef, gamma, tolerance=1e-8):
    """The best policy of a game that may go on for ever, when leaving the reference costs.

        Q(s, a) = sum_s' P (R + gamma V(s'))
        V(s) = c log sum_a ref(a|s) exp(Q(s, a) / c),    pi(a|s) = ref(a|s) exp((Q - V) / c)

    maximises E sum_t gamma^t [ r_t - c KL(pi(.|s_t) || ref(.|s_t)) ]. Small c: value iteration;
    large c: the reference. Beware: tilting whole episodes, p(episode) ~ ref(episode) exp(return/c),
    is the same only where nothing is left to chance. On a slippery floor the tilt would also change
    the floor; no policy can buy that luck, and this one does not count on it.

    Args:
        P, R: (S, A, S); reference: (S, A); kl_coef: c > 0; gamma, tolerance: see `value_iteration`.
    Returns:
        values (S,), policy (S, A).
    Source: Ziebart (2010); on the pitfall Levine (2018), "Reinforcement learning and control as
        probabilistic inference".
    """
    _check_game(P, R)
    _check_policies("S A", P, reference=reference)

    def optimum(values):
        return bandit_optimum(action_values(P, R, values, gamma), reference, kl_coef)

    values = _fixed_point(lambda values: optimum(values)[1], P, R, gamma, tolerance)
    return values, optimum(values)[0]


def _fixed_point(backup, P, R, gamma, tolerance):
    """Repeat values (S,) <- backup(values) until they rest."""
    sizes = _check_game(P, R)
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


def evaluate_policy(P, R, policy, gamma):
    """What a policy (S, A) is worth from every state, for ever -> values (S,); gamma < 1.

    Solves (I - gamma P_pi) V = r_pi.
    """
    _check_game(P, R)
    _check_policies("S A", P, policy=policy)
    if not 0 <= gamma < 1:
        raise ValueError(f"gamma: expected 0 <= gamma < 1, got {gamma}; "
                         "for gamma 1 use finite_horizon_return")
    P_policy = np.einsum("sa,sax->sx", policy, P)
    rewards = np.einsum("sa,sax,sax->s", policy, P, R)
    return np.linalg.solve(np.eye(len(P)) - gamma * P_policy, rewards)


# ---- with a horizon: exact sums over time

def backward_induction(P, R, horizon):
    """The best in `horizon` steps: values (T+1, S) with nothing left at T, actions (T, S)."""
    sizes = _check_game(P, R)
    check_whole("horizon", horizon, 1, MOST_STEPS)
    values = np.zeros((horizon + 1, sizes["S"]))
    actions = np.zeros((horizon, sizes["S"]), dtype=int)
    for t in reversed(range(horizon)):
        q = action_values(P, R, values[t + 1])
        actions[t], values[t] = q.argmax(axis=1), q.max(axis=1)
    return values, actions


def soft_backward_induction(P, R, reference, kl_coef, horizon):
    """The best in `horizon` steps, when leaving the reference costs kl_coef per nat.

    The equations, and what not to confuse them with, are those of `soft_value_iteration` with
    gamma 1; the policy depends on time.
    Reference (S, A) or (T, S, A) -> values (T+1, S), policy (T, S, A).
    """
    reference = _over_time(reference, horizon)
    sizes = _check_game(P, R)
    _check_policies(f"{horizon} S A", P, reference=reference)
    values, policy = np.zeros((horizon + 1, sizes["S"])), np.zeros(reference.shape)
    for t in reversed(range(horizon)):
        q = action_values(P, R, values[t + 1])
        policy[t], values[t] = bandit_optimum(q, reference[t], kl_coef)
    return values, policy


def expected_visits(P, d0, policy, horizon, gamma=1.0):
    """gamma^t Pr(s_t = s) for t = 0 .. T-1: policy (S, A) or (T, S, A) -> (T, S)."""
    policy = _over_time(policy, horizon)
    sizes = _check_game(P, d0=d0)
    check_range("gamma", gamma, 0, 1)
    _check_policies(f"{horizon} S A", P, policy=policy)
    visits = np.zeros((horizon, sizes["S"]))
    present = np.asarray(d0, dtype=float)
    for t in range(horizon):
        visits[t] = present
        present = gamma * np.tensordot(present[:, None] * policy[t], P, axes=2)
    return visits


def finite_horizon_return(P, R, d0, policy, horizon, gamma=1.0):
    """J = E[sum_t gamma^t r_t] over `horizon` steps, exact: policy (S, A) or (T, S, A) -> float."""
    _check_game(P, R)
    visits = expected_visits(P, d0, policy, horizon, gamma)
    rewards = action_values(P, R, np.zeros(len(P)))
    return float((visits[..., None] * _over_time(policy, horizon) * rewards).sum())


def return_gradient(P, R, d0, logits, horizon, gamma=1.0):
    """The gradient that every sampled policy gradient should have on average, exact.

        dJ / dlogits(s, a) = sum_t gamma^t Pr(s_t = s) pi(a|s) (Q_t(s, a) - V_t(s))

    One table of logits serves all times: pi = softmax(logits).

    Args:
        P, R: (S, A, S); d0: (S,); logits: (S, A); horizon: T steps; gamma: discount in [0, 1].
    Returns:
        (S, A), the derivative of `finite_horizon_return`.
    Source: Sutton, McAllester, Singh, Mansour (2000), theorem 1.
    Departs from the source: a finite horizon, so that Q depends on the time left.
    """
    _check_game(P, R)
    check_finite(logits=logits)
    policy = softmax(logits)
    visits = expected_visits(P, d0, policy, horizon, gamma)
    values, gradient = np.zeros(len(P)), np.zeros(policy.shape)
    for t in reversed(range(horizon)):
        q = action_values(P, R, values, gamma)
        values = (policy * q).sum(axis=1)
        # d pi(b) / d logits(a) = pi(b) (1[a = b] - pi(a))
        gradient += visits[t][:, None] * policy * (q - values[:, None])
    return gradient


# ---- what does a person want who acts like this?

def demonstration_loss(P, rewards, states, actions, mask):
    """How unlikely are these demonstrations, if a person acts by the soft best policy of a reward?

        loss = - 1/N sum_n sum_t log pi_t(a_t | s_t)
        log pi_t(a|s) = Q_t(s, a) - V_t(s),    V_t(s) = log sum_a exp Q_t(s, a),    V_T = 0
        Q_t(s, a) = sum_s' P(s'|s, a) (r(s, a, s') + V_{t+1}(s'))

    Where nothing is left to chance this is the classical likelihood exp(return) / Z, Z summed over
    all sequences of T actions. Rewards are in units of the person's noise: twice as large, twice as
    rational. All T steps are choices, also those after an end (an absorbing state): this is the
    policy that is best against a uniform reference at a price of 1 a nat, so that an early end is
    not disliked for the choices that it takes away.

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
        d_values = d_values + shares[t].sum(axis=1)             # the loss has V - Q
        d_q = np.exp(log_policy[t]) * d_values[:, None] - shares[t]     # d V / d Q(a) = pi(a)
        d_values = np.tensordot(d_q, P, axes=2)                     # d Q / d V_{t+1}(s') = P(s')
        d_q_sum += d_q
    return loss, d_q_sum[..., None] * P                             # d Q / d r(s') = P(s')


def _check_demonstrations(P, rewards, states, actions, mask):
    """Refuse what this game cannot have played; returns (t, s, a) of every step that was."""
    states, actions = np.asarray(states), np.asarray(actions)
    mask = np.asarray(mask)
    sizes = _check_game(P, rewards, name="rewards")
    steps = check_shapes(actions=(actions, "N T"), mask=(mask, "N T"))
    check_shapes(states=(states, f"{steps['N']} {steps['T'] + 1}"))
    if not mask.size or mask.dtype != bool:
        raise ValueError("mask: expected booleans, at least one, "
                         f"got {mask.dtype} of shape {mask.shape}")
    row, t = np.nonzero(mask)
    columns = {"states": (states, t, sizes["S"]), "actions": (actions, t, sizes["A"]),
               "next states": (states, t + 1, sizes["S"])}
    found = []
    for name, (table, column, size) in columns.items():
        numbers = table[row, column]
        if numbers.dtype.kind not in "iu" or ((numbers < 0) | (numbers >= size)).any():
            raise ValueError(f"{name}: expected integers from 0 to {size - 1}, got {numbers}")
        found.append(numbers)
    s, a, following = found
    impossible = np.asarray(P)[s, a, following] == 0
    if impossible.any():
        i = impossible.argmax()
        raise ValueError(f"states: expected moves that this game can make, got {s[i]} to "
                         f"{following[i]} by action {a[i]} in row {row[i]}, step {t[i]}")
    return t, s, a


# ---- how far from the reference, and what it buys

def bandit_optimum(rewards, reference, kl_coef):
    """The best compromise between reward and staying close, for one choice.

        pi*(a) = ref(a) exp(r(a) / c) / Z,    value = max_pi E_pi[r] - c KL(pi || ref) = c log Z

    For every other policy, value - J(pi) = c KL(pi || pi*): all that is lost is one divergence.

    Args:
        rewards: (..., A), finite; reference: (..., A), probabilities; kl_coef: c > 0, reward a nat.
    Returns:
        policy (..., A), value (...).
    Source: Todorov (2006); for language models Korbak, Perez, Buckley (2022), equation 4.
    """
    if not 0 < kl_coef < np.inf:
        raise ValueError(f"kl_coef: expected a positive number, got {kl_coef}; "
                         "for 0 use backward_induction or value_iteration")
    with np.errstate(divide="ignore"):                          # log 0 = -inf is meant
        logits = np.log(reference) + rewards / kl_coef
    return softmax(logits), kl_coef * logsumexp(logits)


def kl_to_reference(P, d0, policy, reference, horizon):
    """KL between the episodes of two policies, each (S, A) or (T, S, A), in nats -> float.

    It is the expected sum of the steps' KLs; infinite, if the reference never does what the policy
    does.
    """
    visits = expected_visits(P, d0, policy, horizon)
    policy, reference = _over_time(policy, horizon), _over_time(reference, horizon)
    _check_policies(f"{horizon} S A", P, reference=reference)
    weights = visits[..., None] * policy
    met = weights > 0                                           # elsewhere 0 log 0 counts as 0
    with np.errstate(divide="ignore"):
        log_ratios = np.log(policy[met]) - np.log(reference[met])
    return float((weights[met] * log_ratios).sum())


def _over_time(policy, horizon):
    """A policy (S, A) repeated for all T steps; one that already is (T, S, A) stays."""
    check_whole("horizon", horizon, 1, MOST_STEPS)
    return policy if np.ndim(policy) == 3 else np.broadcast_to(policy, (horizon, *np.shape(policy)))


def _check_game(P, R=None, d0=None, name="R"):
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


def _check_policies(pattern, P, **policies):
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
