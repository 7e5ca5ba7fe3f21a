"""The one likelihood: a person picks an option with probability softmax(score). Two options: Bradley-Terry."""
import numpy as np

from tinyrlhf.numerics import log_softmax


def choice_loss(scores, shares, weights=None):
    """Mean negative log-likelihood of choices among K options, and its derivative by the scores.

    loss = - sum_i w_i sum_k share_ik log softmax(score_i)_k / sum_i w_i

    Args:
        scores: (N, K), rationality included.
        shares: (N, K), one-hot for a choice, (1/2, 1/2) for "same"; rows sum to 1.
        weights: (N,), how often each choice counts; default once.
    Returns:
        loss (nats), d_scores (N, K).
    Source: Luce 1959; two options: Bradley, Terry 1952; K options after Ziegler et al. 2019, eq. 1.
    """
    weights = np.ones(len(scores)) if weights is None else weights
    weights = (weights / max(weights.sum(), 1e-12))[:, None]                      # a bootstrap may leave a batch empty
    log_p = log_softmax(scores)
    loss = -(weights * shares * log_p).sum()
    return loss, weights * (np.exp(log_p) - shares)                    # d loss / d score_k = w (p_k - share_k)


def preference_loss(first_scores, second_scores, labels, weights=None):
    """Bradley-Terry: loss = - mean log sigmoid(s1 - s2), with labels (N,) = share of the first (1, 0 or 1/2).

    Returns loss, d_first (N,), d_second (N,).
    """
    loss, d_scores = choice_loss(np.stack([first_scores, second_scores], axis=1), np.stack([labels, 1 - labels], axis=1), weights)
    return loss, d_scores[:, 0], d_scores[:, 1]
