"""Museum of bugs 14, answer_log_probs: as published, as it is right, and what would have told."""
import numpy as np

from tinyrlhf.teaching import exercise


@exercise("museum.14", minutes=4, hints=[
    "The chance of a whole answer is a product of chances.",
    "So its log-probability is the sum over its tokens. DPO's formula holds for that one only.",
    "`.sum(axis=1)`"])
def answer_log_probs(log_probs, mask):
    """The log-probability of each answer, as DPO's loss needs it.

    log_probs: (B, T), of each token; mask: (B, T), True for the tokens of the answer. Returns (B,).

    Worked: [[-1, -2, -9]] of which two count give [-3].
    """
    return np.where(mask, log_probs, 0.0).sum(axis=1)


answer_log_probs.cases = [
    (np.array([[-1.0, -2.0, -9.0]]), np.array([[True, True, False]])),
    (-np.arange(8.0).reshape(2, 4), np.arange(4) < np.array([[4], [1]]))]


@answer_log_probs.law("Over all answers that there are, the chances must add up to 1. Do they, for "
                      "two answers of one token and two of two tokens?")
def chances_add_up(f):
    half = np.log(0.5)
    table = np.array([[half, 0.0], [half, half], [half, half]])
    mask = np.array([[True, False], [True, True], [True, True]])
    return np.isclose(np.exp(f(table, mask)).sum(), 1)


@answer_log_probs.bug("linkedin/Liger-Kernel, pull request 693; huggingface/trl, issue 789",
                      "It is the mean of the tokens: no chance of anything. A long answer gets off "
                      "more lightly for each token, and the optimum is another one. What "
                      "multiplies?")
def mean_of_tokens(log_probs, mask):
    return np.where(mask, log_probs, 0.0).sum(axis=1) / mask.sum(axis=1)


@answer_log_probs.wrong("The mask is turned round, as in QwenAudio/CosyVoice, issue 1449: it sums "
                        "what does not belong to the answer.")
def the_other_tokens(log_probs, mask):
    return np.where(mask, 0.0, log_probs).sum(axis=1)


@answer_log_probs.right
def row_by_row(log_probs, mask):
    return np.array([row[counts].sum() for row, counts in zip(log_probs, mask)])
