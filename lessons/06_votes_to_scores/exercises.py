"""The exercises of lesson 06_votes_to_scores.

Each function says what it should return. Replace its `raise` line by your code,
and save; the verdict comes from

    tinyrlhf lesson watch 06
"""
import math
import numpy as np


# 6.a, predict: a lead of 1 wins 73 % of the votes. How many percent does a lead of 2 win?
predict_6_a = None

# 6.b, predict: 300 votes are 15 times as many as 20. By which factor does the mean error of a score
# shrink (mean of seeds 0 to 9)?
predict_6_b = None


# 6.1, 4 minutes
def pref_prob(score_a, score_b):
    """The chance that a is preferred to b: the sigmoid of the difference of their scores.

    score_a, score_b: numbers of any size, also 1000. Returns a number between 0 and 1.

    Worked: a score lead of log(3) = 1.0986 means 3 : 1, so pref_prob(1.0986, 0) is 0.75.
    """
    raise NotImplementedError("6.1")


# 6.2, 5 minutes
def pref_loss(win_scores, lose_scores):
    """The mean surprise of the model at N votes, in nats: mean of -log P(the winner wins).

    win_scores, lose_scores: arrays (N,), the scores of the preferred and of the other item of each
    vote, of any size. Returns a number.

    Worked: pref_loss(np.array([1.0986, 0.]), np.array([0., 0.])) is 0.490, the mean of -log 0.75
    and -log 0.5.
    """
    raise NotImplementedError("6.2")


# 6.3, 8 minutes
def pref_loss_grad(scores, wins, losses):
    """The derivative of the loss of 6.2 by each item's score.

    scores: array (n,), one for each item. wins, losses: integer arrays (N,): vote i preferred item
    wins[i] to item losses[i]. Items may occur in many votes. Returns an array (n,).

    Worked: two votes of item 0 over item 1, all scores 0: pref_loss_grad(np.zeros(3), np.array([0,
    0]), np.array([1, 1])) is [-0.5, 0.5, 0.0]: to lower the loss, raise item 0, lower item 1.
    """
    raise NotImplementedError("6.3")


# 6.4, 8 minutes, extra
def fit_scores(pairs, n, l2):
    """The scores that best explain the votes: minimise (loss of 6.2) + l2 / (2 * number of votes) *
    (sum of squared scores).

    pairs: integer array (N, 2), each row (winner, loser). n: number of items. l2: strength of the
    penalty, 0.1 to 1. Returns an array (n,), right to 0.01.

    Worked: two votes for item 0 and one for item 1: fit_scores(np.array([[0, 1], [0, 1], [1, 0]]),
    2, 0.5) is [0.254, -0.254].
    """
    raise NotImplementedError("6.4")


# 6.5, 4 minutes, extra
def same_model(first, second):
    """Do two lists of scores predict the same votes? True if they differ by one constant, up to
    1e-6.

    first, second: arrays (n,). Returns True or False.

    Worked: same_model(np.array([3., 1.]), np.array([0., -2.])) is True: both say that the first
    item leads by 2.
    """
    raise NotImplementedError("6.5")


# 6.6, 5 minutes, extra
def check_pref_loss_grad(f):
    """Is f a right pref_loss_grad (6.3)? Write the test instead of the function.

    f: a function as in 6.3, written by us: right ones in several styles, and wrong ones. Returns
    True if f is right, up to 1e-6.

    Worked: check_pref_loss_grad(f) is True for the solution of 6.3, and False for one with all
    signs reversed.
    """
    raise NotImplementedError("6.6")
