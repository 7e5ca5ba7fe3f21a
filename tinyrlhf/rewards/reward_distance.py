"""How far apart are two rewards (S, A, S), but for what no best policy depends on?

In games without an end b R + c + gamma phi(s') - phi(s), b > 0, has the same best policies as R:
scale, shift, shaping.
"""
import numpy as np

from tinyrlhf.checks import check_finite, check_range, check_shapes
from tinyrlhf.exact.horizon import backward_induction, finite_horizon_return
from tinyrlhf.exact.planning import value_iteration

ROUNDING = 1e-12


def canonical(R, gamma):
    """The same reward without shift and shaping, (S, A, S).

        C(s, a, s') = R(s, a, s') + gamma m(s') - m(s) - gamma E m(S),    m(s) = E R(s, A, S')

    S, A, S' are uniform: R is also read where no move leads.
    Source: Gleave, Dennis, Legg, Russell, Leike 2021, definition 4.1.
    """
    check_range("gamma", gamma, 0, 1)
    check_shapes(R=(R, "S A S"))
    check_finite(R=R)
    means = np.mean(R, axis=(1, 2))
    return R + gamma * means - means[:, None, None] - gamma * means.mean()


def epic(R1, R2, gamma, coverage=None):
    """Distance of two rewards: 0 alike but for shift, scale and shaping, 1 opposite.

        D = sqrt((1 - rho) / 2) = |z1 - z2| / 2

    rho: correlation of the canonical rewards; z: these standardised, which keeps all digits.
    coverage: (S, A, S), how much each transition counts; None: all alike.
    Source: Gleave et al. 2021, section 4.
    """
    coverage = np.ones(np.shape(R1)) if coverage is None else coverage
    check_shapes(R1=(R1, "S A S"), R2=(R2, "S A S"), coverage=(coverage, "S A S"))
    check_finite(R1=R1, R2=R2)
    check_range("smallest coverage", np.min(coverage), 0, 1e300)
    weights = coverage / max(np.sum(coverage), 1e-300)
    z = []
    for name, R in (("R1", R1), ("R2", R2)):
        away = canonical(R, gamma)
        away = away - (weights * away).sum()
        std = np.sqrt((weights * away ** 2).sum())
        if std <= ROUNDING * np.abs(R).max():
            raise ValueError(f"{name}: expected rewards that vary, got a constant but for shaping")
        z.append(away / std)
    return float(np.sqrt((weights * (z[0] - z[1]) ** 2).sum()) / 2)


def regret(P, R_true, R_learned, d0, gamma=None, horizon=None):
    """What planning on a learned reward loses: 0 nothing, 1 as much as acting at random.

        (J(pi*) - J(pi_learned)) / (J(pi*) - J(uniform))

    J: true return from d0, for ever at a discount gamma < 1, or in `horizon` steps. Of actions that
    are equally good the plan takes the first.
    """
    if (gamma is None) == (horizon is None):
        raise ValueError("regret: expected either gamma or horizon")
    if horizon is None:
        check_range("gamma", gamma, 0.01, 0.999)
    A = np.shape(P)[1]

    def plan(R):
        if horizon is not None:
            return np.eye(A)[backward_induction(P, R, horizon)[1]]
        return np.eye(A)[value_iteration(P, R / (np.abs(R).max() or 1.0), gamma)[1]]

    def value(policy):
        steps = horizon or int(np.log(ROUNDING) / np.log(gamma))
        return finite_horizon_return(P, R_true, d0, policy, steps, gamma or 1.0)

    best, at_random = value(plan(R_true)), value(np.full(np.shape(P)[:2], 1 / A))
    if best - at_random <= ROUNDING * np.abs(R_true).max():
        raise ValueError(f"R_true: expected rewards that vary, got {best:.4g} by all policies")
    return (best - value(plan(R_learned))) / (best - at_random)
