"""What is the best that anybody could do, when leaving a reference policy costs?

Letters as in `planning`; with a horizon see `horizon.soft_backward_induction`.
"""
import numpy as np

from tinyrlhf.exact.planning import action_values, check_policies, check_tables, fixed_point
from tinyrlhf.numerics import logsumexp, softmax


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


def soft_value_iteration(P, R, reference, kl_coef, gamma, tolerance=1e-8):
    """The best policy of a game that may go on for ever, when leaving the reference costs.

        Q(s, a) = sum_s' P (R + gamma V(s'))
        V(s) = c log sum_a ref(a|s) exp(Q(s, a) / c),    pi(a|s) = ref(a|s) exp((Q - V) / c)

    maximises E sum_t gamma^t [ r_t - c KL(pi(.|s_t) || ref(.|s_t)) ]. Small c: value iteration;
    large c: the reference. Beware: tilting whole episodes, p(episode) ~ ref(episode) exp(return/c),
    is the same only where nothing is left to chance. On a slippery floor the tilt would also change
    the floor; no policy can buy that luck, and this one does not count on it.

    Args:
        P, R: (S, A, S); reference: (S, A); kl_coef: c > 0.
        gamma, tolerance: see `planning.value_iteration`.
    Returns:
        values (S,), policy (S, A).
    Source: Ziebart (2010); on the pitfall Levine (2018), "Reinforcement learning and control as
        probabilistic inference".
    """
    check_tables(P, R)
    check_policies("S A", P, reference=reference)

    def optimum(values):
        return bandit_optimum(action_values(P, R, values, gamma), reference, kl_coef)

    values = fixed_point(lambda values: optimum(values)[1], P, R, gamma, tolerance)
    return values, optimum(values)[0]
