"""How much better than expected was each action? From rewards to advantages, all (B, T), zero where nothing was played."""
import numpy as np


def returns_to_go(rewards, gamma=1.0):
    """G_t = r_t + gamma G_{t+1}, shape (B, T). Rewards must be zero where nothing was played.

    >>> returns_to_go(np.array([[1.0, 1.0, 1.0]]), gamma=0.5)
    array([[1.75, 1.5 , 1.  ]])
    """
    returns = np.array(rewards, float)
    for t in reversed(range(returns.shape[1] - 1)):
        returns[:, t] += gamma * returns[:, t + 1]
    return returns


def minus_batch_mean(values, mask):
    """Subtract, step by step, the mean over all episodes still running, their own included.

    Each sample takes part in its own baseline: while all n episodes run, the expected gradient is (n-1)/n of the true one.
    """
    running = np.maximum(mask.sum(axis=0), 1)
    return np.where(mask, values - np.where(mask, values, 0.0).sum(axis=0) / running, 0.0)


def minus_leave_one_out_mean(values, mask):
    """Subtract, step by step, the mean over the *other* episodes still running: no bias, since it ignores the own action.

    The last one running has no others and keeps its value.
    Source: Kool, van Hoof, Welling 2019, eq. 8; here once per time step.
    """
    running = mask.sum(axis=0)
    others_mean = (np.where(mask, values, 0.0).sum(axis=0) - values) / np.maximum(running - 1, 1)
    return np.where(mask, values - np.where(running > 1, others_mean, 0.0), 0.0)


def leave_one_out(scores, group):
    """RLOO: A_k = R_k - mean of the other R_j in the group = K/(K-1) (R_k - mean R).

    Args:
        scores: (B,), reward of each whole episode; neighbours of the same group began in the same state.
        group: K, at least 2.
    Source: Ahmadian et al. 2024, eq. 7. Unbiased.
    """
    groups = in_groups(scores, group)
    return (group / (group - 1) * (groups - groups.mean(axis=1, keepdims=True))).ravel()


def in_groups(scores, group):
    """Scores (B,) as (B / K, K)."""
    if len(scores) % group:
        raise ValueError(f"episodes: expected a multiple of the group size {group}, got {len(scores)}")
    return scores.reshape(-1, group)


def group_normalized(scores, group, epsilon=1e-4):
    """GRPO: A_k = (R_k - mean R) / (std R + epsilon) within each group, (B,).

    Dividing by the spread favours starts where all answers score alike: biased, and it strengthens as a group agrees.
    Source: Shao et al. 2024, section 4.1.2. Departs from the source: epsilon, as their released code has it.
    """
    groups = in_groups(scores, group)
    return ((groups - groups.mean(axis=1, keepdims=True)) / (groups.std(axis=1, keepdims=True) + epsilon)).ravel()


def gae(rewards, values, mask, ended, gamma, lam):
    """Generalised advantage estimation: A_t = delta_t + gamma lam A_{t+1}, delta_t = r_t + gamma V_{t+1} - V_t.

    An episode that ended has nothing to come: V after its last step is 0. One that was cut off keeps V there.

    Args:
        rewards, mask: (B, T); values: (B, T+1), of the observations; ended: (B,).
    Returns:
        advantages (B, T); advantages + values[:, :-1] are the targets for the critic.
    Source: Schulman, Moritz, Levine, Jordan, Abbeel 2016, eq. 16.
    """
    next_values = values[:, 1:].copy()
    rows = np.flatnonzero(ended)
    next_values[rows, mask[rows].sum(axis=1) - 1] = 0.0
    advantages = np.where(mask, rewards + gamma * next_values - values[:, :-1], 0.0)
    for t in reversed(range(advantages.shape[1] - 1)):
        advantages[:, t] += gamma * lam * advantages[:, t + 1]         # zero behind the last step, so no leak
    return advantages


def whiten(values, shift=True):
    """Divide by the standard deviation, after subtracting the mean unless `shift` is False; any shape."""
    centred = values - values.mean()
    return (centred if shift else values) / (np.sqrt(np.mean(centred * centred)) + 1e-8)
