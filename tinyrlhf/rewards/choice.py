"""The one likelihood: a person picks an option with probability softmax(rationality * worth).

With true returns as scores this is the simulated person (`humans/simulated.py`); with those of a
reward model it is that model's loss; with kl_coef times the log-ratio of an answer it is DPO.
"""
import numpy as np

from tinyrlhf.numerics import log_softmax


def choices_loss(blocks, scores, habits=None, counts=None):
    """Mean negative log-likelihood of choices, and its derivatives by scores and habits.

        worth_ik = sum_g weights_kg score_(place ig) + offset_k
        P_i      = softmax(rationality * worth_i + prior_i)
        loss     = - sum_i count_i sum_k share_ik log P_ik / sum_i count_i

    Args:
        blocks: feedback.answers.Choices; scores: (R,) of the rows that their places name.
        habits: `rewards.habits.Habits`, or None: rationality 1, no offsets, no lapses.
        counts: (N,), how often each answer counts; None: once.
    Returns:
        loss (nats), d_scores (R,), d_habits (as `habits.vector`; None without habits).
    Source: Jeon, Milli, Dragan 2020; two options: Bradley, Terry 1952; K: Luce 1959.
    """
    if counts is None:
        counts = [np.ones(len(block.whose)) for block in blocks]
    else:
        counts = [counts[block.whose] for block in blocks]
    total = max(sum(count.sum() for count in counts), 1e-12)           # a bootstrap may leave none
    loss = 0.0
    d_scores = np.zeros(len(scores))
    d_habits = None if habits is None else habits.zeros()
    for block, count in zip(blocks, counts):
        rationality, offsets, lapse = (1.0, 0.0, 0.0) if habits is None else habits.of(block)
        worth = scores[block.places] @ block.weights.T + offsets       # (c, K)
        utilities = rationality * worth + block.prior
        part, d_utilities, d_lapse = choice_loss(utilities, block.shares, count / total, lapse)
        loss += part
        d_worth = rationality * d_utilities
        d_shown = d_worth @ block.weights                              # worth = weights @ scores
        for places, slopes in zip(block.places.T, d_shown.T):
            d_scores += np.bincount(places, slopes, len(scores))
        if habits is not None:
            d_log_rationality = (d_worth * worth).sum()                # d rationality = rationality
            habits.collect(d_habits, block, d_worth, d_log_rationality, d_lapse)
    return loss, d_scores, d_habits


def choice_loss(utilities, shares, counts, lapse=0.0):
    """- sum_i count_i sum_k share_ik log P_ik,    P = (1 - lapse) softmax(utilities) + lapse / K.

    Args:
        utilities, shares: (c, K), a share 1 for what was chosen; rows of shares sum to 1.
        counts: (c,), weights of the choices, usually adding up to 1.
        lapse: share of answers that are given without looking, 0 to 1.
    Returns loss (nats), d_utilities (c, K), d_lapse.
    """
    counts = np.reshape(counts, (-1, 1))
    log_p = log_softmax(utilities)
    p = np.exp(log_p)
    if not lapse:
        loss = -(counts * shares * log_p).sum()
        return loss, counts * (p - shares), 0.0                        # d loss / d u = p - share
    mixed = (1 - lapse) * p + lapse / p.shape[1]
    pull = shares / mixed                                              # - d loss / d P_k
    d_p = -(1 - lapse) * pull
    d_utilities = p * (d_p - (p * d_p).sum(axis=1, keepdims=True))     # softmax: p (v - p v)
    d_lapse = (counts * pull * (p - 1 / p.shape[1])).sum()             # d P_k / d lapse = 1/K - p_k
    return -(counts * shares * np.log(mixed)).sum(), counts * d_utilities, float(d_lapse)
