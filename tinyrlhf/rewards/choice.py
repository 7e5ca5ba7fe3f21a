"""The one likelihood: a person picks an option with probability softmax(rationality * worth).

With true returns as scores this is the simulated person (`humans/simulated.py`); with those of a
reward model it is that model's loss; with kl_coef times the log-ratio of an answer it is DPO.
"""
import numpy as np

from tinyrlhf.checks import check_finite, check_range, check_shapes
from tinyrlhf.numerics import log_softmax, logsumexp

ABSENT = -1e300  # stands for -inf, in numbers that may be multiplied by 0


def choices_loss(blocks, scores, habits=None, counts=None):
    """Mean negative log-likelihood of choices, and its derivatives by scores and habits.

        worth_ik = sum_g weights_kg score_(row ig) + offset_k
        P_i      = softmax(rationality * worth_i + prior_i)
        loss     = - sum_i count_i sum_k share_ik log P_ik / sum_i count_i

    Args:
        blocks: feedback.answers.Choices; scores: (R,), which their rows count, -inf for what
            does not exist.
        habits: `rewards.habits.Habits`, or None: rationality 1, no offsets, no lapses.
        counts: (N,), how often each answer counts; None: once.
    Returns:
        loss (nats), d_scores (R,), d_habits (as `habits.vector`; None without habits).
    Source: Jeon, Milli, Dragan 2020; two options: Bradley, Terry 1952; K: Luce 1959.
    """
    check_shapes(scores=(scores, "R"))
    if counts is None:
        counts = [np.ones(len(block.answer)) for block in blocks]
    else:
        check_shapes(counts=(counts, "N"))
        check_range("smallest of counts", np.min(counts, initial=0), 0, 1e300)
        check_finite(counts=counts)
        counts = [counts[block.answer] for block in blocks]
    total = max(sum(count.sum() for count in counts), 1e-12)  # a bootstrap may leave none
    scores = np.maximum(scores, ABSENT)
    check_finite(scores=scores)
    loss = 0.0
    d_scores = np.zeros(len(scores))
    d_habits = None if habits is None else habits.zeros()
    for block, count in zip(blocks, counts):
        rationality, offsets, lapse = (1.0, 0.0, 0.0) if habits is None else habits.of(block)
        worth = scores[block.rows] @ block.weights.T + offsets  # (c, K)
        logits = rationality * worth + block.prior
        part, d_logits, d_lapse = choice_loss(logits, block.shares, count / total, lapse)
        loss += part
        d_worth = rationality * d_logits
        d_shown = d_worth @ block.weights  # worth = weights @ scores
        for rows, slopes in zip(block.rows.T, d_shown.T):
            d_scores += np.bincount(rows, slopes, len(scores))
        if habits is not None:
            d_log_rationality = (d_worth * worth).sum(axis=1)  # d rho / d log rho = rho
            habits.collect(d_habits, block, d_worth, d_log_rationality, d_lapse)
    return loss, d_scores, d_habits


def choice_loss(logits, shares, counts, lapse=0.0):
    """- sum_i count_i sum_k share_ik log P_ik,  P = (1 - lapse) p + lapse / K,  p = softmax(logits)

        d loss / d logit_k = count (p_k - share_k) without lapses; digits are kept near certainty

    Args:
        logits, shares: (c, K), a share 1 for what was chosen; rows of shares sum to 1.
            A logit of -inf: there is no such option.
        counts: (c,), weights of the choices, usually adding up to 1.
        lapse: share of answers that are given without looking, 0 to 1.
    Returns loss (nats), d_logits (c, K), d_lapse.
    """
    surplus = np.sum(shares) - len(shares)
    if np.shape(shares) != np.shape(logits) or abs(surplus) > 1e-6 * len(shares):
        raise ValueError(f"shares: expected rows that sum to 1, shaped like logits "
                         f"{np.shape(logits)}; got shape {np.shape(shares)}, sum {np.sum(shares)}")
    counts = np.reshape(counts, (-1, 1))
    log_p = log_softmax(np.maximum(logits, ABSENT))
    p = np.exp(log_p)
    others = 1 - np.eye(p.shape[1])
    rest = p @ others  # 1 - p, to all digits
    np.log1p(-rest, out=log_p, where=rest < 0.5)
    looked, log_mixed, d_lapse = shares, log_p, 0.0
    if lapse:
        mixed = (1 - lapse) * p + lapse / p.shape[1]
        looked = shares * (1 - lapse) * p / mixed  # what was not a lapse
        log_mixed = np.log(mixed)
        d_lapse = float((counts * shares / mixed * (p - 1 / p.shape[1])).sum())
    d_logits = p * (looked @ others) - looked * rest  # p (1 - s) - s (1 - p)
    loss = -(counts * shares * log_mixed).sum()
    if not abs(loss) < np.inf:  # only then look why
        check_finite(logits=np.maximum(logits, ABSENT), shares=shares, counts=counts)
    return loss, counts * d_logits, d_lapse


def log_likelihoods(blocks, scores, habits=None):
    """log P(choices) in nats by each of M scorings at once, (M, R) -> (M,).

    Of one scoring it is - loss times the number of choices. People count as never met before.
    """
    scores = np.maximum(scores, ABSENT).T.copy()  # (R, M): scorings side by side are fastest
    total = np.zeros(scores.shape[1])
    for block in blocks:
        rationality, offsets, lapse = (1.0, 0.0, 0.0) if habits is None else habits.of(block, False)
        worth = block.weights @ scores[block.rows] + np.expand_dims(offsets, -1)  # (c, K, M)
        logits = rationality * worth + np.expand_dims(block.prior, -1)
        log_p = logits - logsumexp(logits, axis=1)[:, None]
        if lapse:
            log_p = np.log((1 - lapse) * np.exp(log_p) + lapse / len(block.weights))
        total += np.tensordot(block.shares, log_p, axes=2)
    return total


def accuracy_on(reward_model, answers):
    """Share of choices in which the option that is likeliest by a reward model was chosen.

    Options that are equally likely share what is right; choices between two that are "the same" do
    not count. NaN when none counts.
    """
    rows, blocks = answers.choices(np.arange(len(answers)), reward_model.readings)
    if not len(rows):
        return float("nan")
    scores = reward_model.scores(answers.episodes[rows])
    check_finite(scores=scores)
    right = []
    for block in blocks:
        rationality, offsets, _ = reward_model.habits.of(block, met=False)
        worth = scores[block.rows] @ block.weights.T + offsets
        likely = rationality * worth + block.prior
        best = likely == likely.max(axis=1, keepdims=True)
        decided = block.shares.max(axis=1) == 1.0
        right.append(((best * block.shares).sum(axis=1) / best.sum(axis=1))[decided])
    right = np.concatenate(right)
    return float(right.mean()) if len(right) else float("nan")
