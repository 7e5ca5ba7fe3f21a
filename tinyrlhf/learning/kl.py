"""KL penalty: how far a policy is from its reference, and three ways to estimate it from samples.

KL(pi || ref) = E_pi[d] with d = log pi - log ref of a sampled action. Each estimator has a value,
and a derivative by log pi for those who put it into the loss; as a loss on fresh samples it
follows, on average, not always the gradient of the KL (tests/benchmarks/kl.py):
    k1    d                  no bias                          as a loss it follows nothing
    k2    d^2 / 2            a bias of third order in d       the gradient of KL(pi || ref)
    k3    exp(-d) - 1 + d    no bias where pi covers ref      the gradient of KL(ref || pi)
In the reward it is k1 that follows the gradient of KL(pi || ref); k3 there follows almost nothing
while the two are close. All this is said of one choice. For texts it holds with d summed over the
whole text: a loss of one token at a time, be it k2 or the exact KL of a state, knows what a token
costs now and not to which states it leads.
Source: Schulman 2020, "Approximating KL divergence"; on the gradients Tang, Munos 2025.
"""
import numpy as np

from tinyrlhf.checks import check_range, check_whole


def k1(log_probs, reference_log_probs):
    """log pi - log ref, any shape: right on average, but it may be negative."""
    return log_probs - reference_log_probs


def k2(log_probs, reference_log_probs):
    """(log pi - log ref)^2 / 2, any shape: never negative, nearly right while the two are close."""
    return 0.5 * (log_probs - reference_log_probs) ** 2


def k3(log_probs, reference_log_probs):
    """ref / pi - 1 - log(ref / pi), any shape: never negative, right on average.

    Wild where pi is much smaller than ref; ratios are capped at e^50.
    """
    log_ratios = reference_log_probs - log_probs
    return np.expm1(np.clip(log_ratios, -50, 50)) - log_ratios


def d_k3(log_probs, reference_log_probs):
    """1 - ref / pi: what GRPO uses."""
    return -np.expm1(np.clip(reference_log_probs - log_probs, -50, 50))


def kl_penalized_rewards(rewards, log_probs, reference_log_probs, kl_coef):
    """r_t - kl_coef (log pi(a_t|s_t) - log pi_ref(a_t|s_t)), all (B, T); kl_coef at least 0.

    The sampled log-ratio in the reward (not as a loss) has the gradient of the true KL on average.
    Source: Ziegler et al. 2019, eq. 2; Ouyang et al. 2022, eq. 2.
    """
    check_range("kl_coef", kl_coef, 0, np.inf)
    return rewards - kl_coef * (log_probs - reference_log_probs)


def kl_per_episode(policy, reference, episodes):
    """Mean over episodes of the summed exact KL(pi || ref) at the visited states, nats per episode.

    Summing over actions instead of taking the sampled one leaves only the states to chance
    (Rao-Blackwell). Never below 0: what rounding leaves there is cut off.
    """
    observations, _ = episodes.decisions
    outputs, _ = policy.network.forward(observations)
    other, _ = reference.network.forward(observations)
    total = float(policy.distribution.kl(outputs, other).sum() / len(episodes))
    return max(total, 0.0)


class AdaptiveKL:
    """A kl_coef that rises while the policy is further from its reference than the target.

        kl_coef <- kl_coef (1 + e n_episodes / horizon),    e = clip(KL / target - 1, -0.2, 0.2)

    It falls while the policy is nearer, and stays between 1e-9 and 1e9.

    Args:
        kl_coef: where it starts; target: nats per episode; both above 0.
        horizon: episodes. With the default an update on 64 episodes moves kl_coef by 0.13 % at
            most; in a small world take 20 to 50 batches.
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
        """The new kl_coef after an update that ended `kl` nats per episode from the reference.

        kl: at least 0, since a whole KL is never negative; a few sampled log-ratios may be, so
        average more of them, or take `kl_per_episode`.
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
