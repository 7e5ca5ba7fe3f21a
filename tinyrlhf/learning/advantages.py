"""How much better than expected was each action? From rewards to advantages.

All (B, T), zero where nothing was played, unless said otherwise. Learners check what comes in.
"""
import numpy as np

from tinyrlhf.checks import check_finite, check_shapes, check_whole


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
    """Subtract, step by step, the mean over all episodes still running.

    Their own included: while all n run, the expected gradient is (n-1)/n of the true one.
    """
    running = np.maximum(mask.sum(axis=0), 1)
    return np.where(mask, values - np.where(mask, values, 0.0).sum(axis=0) / running, 0.0)


def minus_leave_one_out_mean(values, mask):
    """Subtract, step by step, the mean over the *other* episodes still running.

    No bias, since the baseline ignores the own action. The last one running keeps its value.
    Source: Kool, van Hoof, Welling 2019, eq. 8; here once per time step.
    """
    running = mask.sum(axis=0)
    others_sum = np.where(mask, values, 0.0).sum(axis=0) - values
    others_mean = others_sum / np.maximum(running - 1, 1)
    return np.where(mask, values - np.where(running > 1, others_mean, 0.0), 0.0)


def leave_one_out(scores, group):
    """RLOO: A_k = R_k - mean of the other R_j in the group = K/(K-1) (R_k - mean R), (B,).

    Args:
        scores: (B,), reward of each whole episode; neighbours in a group began in the same state.
        group: K, at least 2.
    Source: Ahmadian et al. 2024, eq. 7. Unbiased.
    """
    groups = in_groups(scores, group, at_least=2)
    centred = groups - groups.mean(axis=1, keepdims=True)
    return (group / (group - 1) * centred).ravel()


def in_groups(scores, group, at_least=1):
    """Scores (B,) as (B / K, K), refused where B is no multiple of K or K is too small."""
    check_whole("group", group, at_least, 1_000_000)
    check_shapes(scores=(scores, "B"))
    check_finite(scores=scores)
    if len(scores) % group:
        raise ValueError(f"episodes: expected a multiple of the group size {group}, "
                         f"got {len(scores)}")
    return np.reshape(scores, (-1, group))


def group_normalized(scores, group):
    """GRPO: A_k = (R_k - mean R) / (std R + 1e-4) within each group, (B,), as `leave_one_out`.

    Biased: it favours starts where all answers score alike, and strengthens as a group agrees.

    Source: Shao et al. 2024, section 4.1.2.
    Departs from the source: 1e-4, in the unit of the scores (what differs by less hardly counts),
    as in TRL's GRPOTrainer, which divides by the sample standard deviation (K-1): its advantages
    are sqrt((K-1)/K) times these, .866 at K = 4.
    """
    groups = in_groups(scores, group, at_least=2)
    centred = groups - groups.mean(axis=1, keepdims=True)
    return (centred / (groups.std(axis=1, keepdims=True) + 1e-4)).ravel()


def gae(rewards, values, mask, ended, gamma, lam):
    """Generalised advantage estimation, with V(s) = 0 after an end:

        A_t = delta_t + gamma lam A_{t+1},    delta_t = r_t + gamma V_{t+1} - V_t

    An episode that was cut off keeps V after its last step.

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
        advantages[:, t] += gamma * lam * advantages[:, t + 1]  # zero behind the last step
    return advantages


def whiten(values, shift=True, size=None):
    """(values - mean) / standard deviation, float64; only divided if `shift` is False; any shape.

    Where all values are equal, but for rounding, nothing is divided.

    Args:
        size: what rounding errors are relative to, None: the largest of |values|. Values that are
            differences (returns minus a baseline) need the size of what was subtracted.
    Source: the code of Ziegler et al. 2019.
    Departs from the source: without a shift that code divides only what deviates from the mean. It
    adds 1e-8 to the variance, others to the standard deviation (Huang et al. 2022); here nothing is
    added, so that the unit of the values does not matter.
    """
    values = np.asarray(values, np.float64)
    size = np.abs(values).max() if size is None else size
    centred = values - values.mean()
    deviation = np.sqrt(np.mean(centred * centred))
    if deviation <= 1e-9 * size:
        deviation = 1.0
    return (centred if shift else values) / deviation
