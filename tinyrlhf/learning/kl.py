"""The leash: how far a policy is from its reference, what that costs, and three ways to estimate it from samples.

KL(pi || ref) = E_pi[d] with d = log pi - log ref of a sampled action. Each estimator has a value, and a slope by log pi for those
who put it into the loss; as a loss on fresh samples it follows, on average, not always the KL's gradient (tests/benchmarks/kl.py):
    k1    d                  no bias                           as a loss it follows nothing
    k2    d^2 / 2            a bias of third order in d        the gradient of KL(pi || ref)
    k3    exp(-d) - 1 + d    no bias where pi covers ref       the gradient of KL(ref || pi), the other direction
In the reward it is k1 that follows the gradient of KL(pi || ref); k3 there follows almost nothing while the two are close.
All this is said of one choice. For texts it holds with d summed over the whole text: a loss of one token at a time, be it k2
or the exact KL of a state, knows what a token costs now and not to which states it leads.
Source: Schulman 2020, "Approximating KL divergence"; on the gradients Tang, Munos 2025.
"""
import numpy as np

from tinyrlhf.checks import check_range


def k1(log_probs, reference_log_probs):
    """log pi - log ref, any shape: right on average, but it may be negative."""
    return log_probs - reference_log_probs


def k2(log_probs, reference_log_probs):
    """(log pi - log ref)^2 / 2, any shape: never negative, nearly right while the two are close."""
    return 0.5 * (log_probs - reference_log_probs) ** 2


def k3(log_probs, reference_log_probs):
    """ref / pi - 1 - log(ref / pi), any shape: never negative and right on average; wild where pi is much smaller than ref."""
    log_ratios = reference_log_probs - log_probs
    return np.expm1(np.clip(log_ratios, -50, 50)) - log_ratios


def d_k1(log_probs, reference_log_probs):
    """1: on average the score is zero, so this loss pulls nowhere and only adds noise."""
    return np.ones(np.broadcast(log_probs, reference_log_probs).shape)


d_k2 = k1                                                              # d (d^2 / 2) / d log pi = d


def d_k3(log_probs, reference_log_probs):
    """1 - ref / pi: what GRPO uses."""
    return -np.expm1(np.clip(reference_log_probs - log_probs, -50, 50))


def kl_penalized_rewards(rewards, log_probs, reference_log_probs, kl_coef):
    """r_t - kl_coef (log pi(a_t|s_t) - log pi_ref(a_t|s_t)), all (B, T).

    The sampled log-ratio in the reward (not as a loss) has the gradient of the true KL in expectation.
    Source: Ziegler et al. 2019, eq. 2; Ouyang et al. 2022, eq. 2.
    """
    return rewards - kl_coef * (log_probs - reference_log_probs)


def kl_per_episode(policy, reference, episodes):
    """Mean over episodes of the summed exact KL(pi || pi_ref) at the visited states, nats per episode.

    Summing over actions instead of taking the sampled one leaves only the states to chance (Rao-Blackwell).
    """
    observations, _ = episodes.decisions
    outputs, other = policy.network.forward(observations)[0], reference.network.forward(observations)[0]
    return float(policy.distribution.kl(outputs, other).sum() / len(episodes))


def d_kl_per_episode(policy, reference, episodes):
    """d `kl_per_episode` / d outputs (n, O), the visited states held fixed: the `d_outputs` of `Policy.backward`."""
    logits, wanted = (one.network.forward(episodes.decisions[0])[0] for one in (policy, reference))
    return policy.distribution.d_kl(logits, wanted) / len(episodes)


class AdaptiveKL:
    """A kl_coef that rises while the policy is further from its reference than the target, and falls while it is nearer.

        kl_coef <- kl_coef (1 + e n_episodes / horizon),    e = clip(KL / target - 1, -0.2, 0.2)

    Args:
        kl_coef: where it starts; target: nats per episode; both above 0.
        horizon: episodes. 64 of them move kl_coef by 0.13 % at most with the source's 10,000; in a small world take 20 to 50 batches.
    Source: Ziegler et al. 2019, section 2.2.
    """

    def __init__(self, kl_coef, target, horizon=10_000):
        for name, value in (("kl_coef", kl_coef), ("target", target), ("horizon", horizon)):
            check_range(name, value, 1e-9, 1e9)
        self.kl_coef, self.target, self.horizon = float(kl_coef), target, horizon

    def update(self, kl, n_episodes):
        """After an update on n_episodes that ended so many nats per episode from the reference; returns the new kl_coef."""
        error = np.clip(kl / self.target - 1, -0.2, 0.2)
        self.kl_coef *= float(1 + error * n_episodes / self.horizon)
        return self.kl_coef

    def state(self):
        return {"kl_coef": self.kl_coef}

    def load(self, state):
        self.kl_coef = float(state["kl_coef"])
