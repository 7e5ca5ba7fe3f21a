"""The one likelihood: a person picks an option with probability softmax(rationality * worth).

With true returns as scores this is the simulated person (`humans/simulated.py`); with those of a reward model it is
that model's loss; with kl_coef times the log-ratio of an answer as its score it is DPO.
"""
import numpy as np

from tinyrlhf.numerics import log_softmax

ABSENT = -1e300                       # a score or a utility of -inf, in numbers that can be multiplied by 0


def choices_loss(blocks, scores, habits=None, counts=None):
    """Mean negative log-likelihood of choices, and its derivatives by the scores and by the habits.

        worth_ik = sum_g weights_kg score_(place ig) + offset_k
        loss     = - sum_i count_i sum_k share_ik log P_ik / sum_i count_i,     P_i = softmax(rationality * worth_i + prior_i)

    Args:
        blocks: feedback.answers.Choices; scores: (R,) of the rows that their places name; -inf: an option that
            does not exist.
        habits: `rewards.habits.Habits`, or None where people have none; counts: (N,), how often each answer counts.
    Returns:
        loss (nats), d_scores (R,), d_habits (as `habits.vector`; None without habits).
    Source: Jeon, Milli, Dragan 2020; two options: Bradley, Terry 1952; K: Luce 1959.
    """
    counts = [np.ones(len(block.whose)) if counts is None else counts[block.whose] for block in blocks]
    total = max(sum(count.sum() for count in counts), 1e-12)           # a bootstrap may leave a batch empty
    scores = np.maximum(scores, ABSENT)
    loss, d_scores = 0.0, np.zeros(len(scores))
    d_habits = None if habits is None else habits.zeros()
    for block, count in zip(blocks, counts):
        rationality, offsets, lapse = (1.0, 0.0, 0.0) if habits is None else habits.of(block)
        worth = scores[block.places] @ block.weights.T + offsets       # (c, K)
        part, d_utilities, d_lapse = choice_loss(rationality * worth + block.prior, block.shares, count / total, lapse)
        loss += part
        d_worth = rationality * d_utilities
        for places, slope in zip(block.places.T, (d_worth @ block.weights).T):       # worth = weights @ scores
            d_scores += np.bincount(places, slope, len(scores))
        if habits is not None:
            habits.collect(d_habits, block, d_worth, (d_worth * worth).sum(), d_lapse)   # d by log rationality
    return loss, d_scores, d_habits


def choice_loss(utilities, shares, counts, lapse=0.0):
    """- sum_i count_i sum_k share_ik log P_ik, with P = (1 - lapse) p + lapse / K and p = softmax(utilities).

        d loss / d u_k = count (p_k - share_k) without lapses; with them, of a share only as much as was not a lapse

    Args:
        utilities, shares: (c, K), a share 1 for the option that was chosen; rows of shares sum to 1.
            A utility of -inf: there is no such option.
        counts: (c,), weights of the choices, usually adding up to 1.
        lapse: share of answers that are given without looking, 0 to 1.
    Returns loss (nats), d_utilities (c, K), d_lapse. All keep their digits where an option is nearly certain.
    """
    counts = np.reshape(counts, (-1, 1))
    log_p = log_softmax(np.maximum(utilities, ABSENT))
    p = np.exp(log_p)
    others = 1 - np.eye(p.shape[1])
    rest = p @ others                                                  # 1 - p without cancellation
    np.log1p(-rest, out=log_p, where=rest < 0.5)
    looked, log_mixed, d_lapse = shares, log_p, 0.0
    if lapse:
        mixed = (1 - lapse) * p + lapse / p.shape[1]
        looked, log_mixed = shares * (1 - lapse) * p / mixed, np.log(mixed)
        d_lapse = float((counts * shares / mixed * (p - 1 / p.shape[1])).sum())
    d_utilities = p * (looked @ others) - looked * rest                # p_k (1 - looked_k) - looked_k (1 - p_k)
    return -(counts * shares * log_mixed).sum(), counts * d_utilities, d_lapse
