"""A price of the KL that keeps a policy at a given distance from its reference."""
import numpy as np

from tinyrlhf.checks import check_range, check_whole


class AdaptiveKL:
    """A kl_coef that rises while the policy is further from its reference than the target.

        kl_coef <- kl_coef (1 + e n_episodes / horizon),    e = clip(KL / target - 1, -0.2, 0.2)

    It falls while the policy is nearer, and stays between 1e-9 and 1e9.

    Args:
        kl_coef: where it starts; target: nats per episode; both above 0.
        horizon: episodes; in a small world take 20 to 50 batches.
    Source: Ziegler et al. 2019, section 2.2, with n_episodes / horizon as in their code (10,000)
    instead of the paper's fixed 0.1.
    Departs from the source: more episodes than the horizon count as one horizon (from five horizons
    on the source's kl_coef turns negative), and the limits.
    """

    def __init__(self, kl_coef, target, horizon=10_000):
        for name, value in (("kl_coef", kl_coef), ("target", target), ("horizon", horizon)):
            check_range(name, value, 1e-9, 1e9)
        self.kl_coef, self.target, self.horizon = float(kl_coef), target, horizon

    def update(self, kl, n_episodes):
        """The new kl_coef after an update that ended `kl` >= 0 nats per episode from the reference.

        A mean of a few sampled log-ratios may be negative; `kl_per_episode` is not.
        """
        check_range("kl", kl, 0, np.inf)
        check_whole("n_episodes", n_episodes, 1, 1_000_000_000)
        error = np.clip(kl / self.target - 1, -0.2, 0.2)
        n = min(n_episodes, self.horizon)
        kl_coef = self.kl_coef * float(1 + error * n / self.horizon)
        self.kl_coef = min(max(kl_coef, 1e-9), 1e9)
        return self.kl_coef

    def state(self):
        return {"kl_coef": self.kl_coef}

    def load(self, state):
        self.kl_coef = float(state["kl_coef"])
