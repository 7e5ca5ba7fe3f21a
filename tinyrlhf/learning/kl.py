"""KL penalty: how far a policy is from its reference, and three ways to estimate it from samples.

KL(pi || ref) = E_pi[d] with d = log pi - log ref of a sampled action. As a loss on fresh samples an
estimator follows, on average, not always the gradient of the KL (tests/benchmarks/kl.py):
    k1    d                  no bias                          as a loss it follows nothing
    k2    d^2 / 2            a bias of third order in d       the gradient of KL(pi || ref)
    k3    exp(-d) - 1 + d    no bias where pi covers ref      the gradient of KL(ref || pi)
In the reward it is k1 that follows the gradient of KL(pi || ref); k3 there follows almost nothing
while the two are close. For texts all this holds with d summed over the whole text: a loss of one
token at a time, be it k2 or the exact KL of a state, knows what a token costs now and not to which
states it leads.
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
    (Rao-Blackwell).
    """
    observations, _ = episodes.decisions
    outputs, _ = policy.network.forward(observations)
    other, _ = reference.network.forward(observations)
    total = float(policy.distribution.kl(outputs, other).sum() / len(episodes))
    return max(total, 0.0)  # rounding may leave less
