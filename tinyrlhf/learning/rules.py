"""By how much should the log-probability of each action that was taken move? `d_log_probs` says it.

d_log_probs is the derivative of the rule's loss by the log-probabilities, in their shape; no
network is needed to test it. The learners check what comes in.
"""
import numpy as np

from tinyrlhf.learning.kl import d_k3


def reinforce(advantages, weight):
    """loss = - weight * sum A_t log pi(a_t|s_t), hence d loss / d log pi = - weight * A.

    Args:
        advantages: any shape, zero where nothing was played.
        weight: 1 / number of episodes makes it the gradient of the mean return.
    Source: Williams 1992; with rewards to come Sutton et al. 2000.
    Departs from the source: without the factor gamma^t of the discounted objective.
    """
    return -weight * advantages


def ppo_clip(log_probs, old_log_probs, advantages, weight, clip=0.2):
    """loss = - weight * sum min(rho A, clip(rho, 1 - clip, 1 + clip) A), rho = pi / pi_old.

    The slope by log pi is rho A, and exactly zero where the step has already gone far enough:
    A > 0 and rho > 1 + clip, or A < 0 and rho < 1 - clip.

    Args:
        log_probs, old_log_probs, advantages: one shape.
        weight: a number, or an array of that shape (GRPO's share of each token).
        clip: 0.1 to 0.3.
    Source: Schulman, Wolski, Dhariwal, Radford, Klimov 2017, eq. 7.
    """
    ratio = np.exp(np.clip(log_probs - old_log_probs, -50, 50))
    far_enough = np.where(advantages > 0, ratio > 1 + clip, ratio < 1 - clip)
    return -weight * np.where(far_enough, 0.0, ratio * advantages)  # d rho / d log pi = rho


def grpo(log_probs, old_log_probs, reference_log_probs, advantages, weight, clip=0.2, kl_coef=0.0):
    """PPO's clipped term plus kl_coef * k3, summed over the tokens with their weights.

    Args:
        log_probs, old_log_probs, reference_log_probs: (B, T).
        advantages: (B,), one for the whole answer (`group_normalized`).
        weight: (B, T), zero where nothing was played; in the source `token_weight`.
    Source: Shao et al. 2024, eq. 3 and 4.
    """
    d_penalty = kl_coef * weight * d_k3(log_probs, reference_log_probs)
    return ppo_clip(log_probs, old_log_probs, advantages[:, None], weight, clip) + d_penalty


def token_weight(mask):
    """GRPO's weight of a token: the mean over the tokens of an answer, then over answers, (B, T).

    The mean over tokens makes long bad answers cheap (Liu et al. 2025).
    Source: Shao et al. 2024, eq. 3.
    """
    return mask / np.maximum(mask.sum(axis=1, keepdims=True), 1) / len(mask)


def critic_slope(values, targets, weight):
    """loss = weight/2 * sum (V - target)^2, hence d loss / d V = weight * (V - target)."""
    return weight * (values - targets)
