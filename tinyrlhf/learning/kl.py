"""The leash: how far a policy is from its reference, and what that costs."""


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
