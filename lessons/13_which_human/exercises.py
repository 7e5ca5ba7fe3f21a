"""The exercises of lesson 13_which_human.

Each function says what it should return. Replace its `raise` line by your code,
and save; the verdict comes from

    tinyrlhf lesson watch 13
"""
import numpy as np


# 13.a, predict: which leaves least regret, which most? Write the order, best first: at_random,
# information_gain, volume_removal.
predict_13_a = None

# 13.b, predict: read rightly, 32 demonstrations tell 6.2 of the 8 bits. How many if people are
# taken for ten times as sure?
predict_13_b = None


# 13.1, 8 minutes
def choice_logp(scores, chosen, options, rationality):
    """How likely is it that somebody takes this option? The logarithm of its softmax, for each of M
    candidates.

    scores: array (n, M), what n things are worth if candidate m is right, of any size. options:
    array (K, n): option k is worth the sum of options[k, i] * scores[i]. chosen: the number of the
    option that was taken. rationality: 0 or more; each worth is multiplied by it. Returns an array
    (M,).

    Worked: one of two things was taken, the first: choice_logp(np.array([[1.0986, 0.], [0., 0.]]),
    0, np.eye(2), 1.0) is [-0.288, -0.693]. Candidate 0 gave it the chance 0.75, candidate 1 gave it
    0.5.
    """
    raise NotImplementedError("13.1")


# 13.2, 6 minutes
def flip_corrected_loss(win_scores, lose_scores, flip):
    """The mean surprise at N comparisons by somebody who says the opposite of what they mean as
    often as `flip`.

    What they mean follows lesson 6: the first of two is meant with the chance sigmoid(its lead).
    win_scores, lose_scores: arrays (N,), of what was said to be better and worse; their differences
    stay below 30. flip: a number from 0 to 1/2. Returns a number, in nats.

    Worked: a lead of 1.0986 means 3 : 1; with one flip in five what was said has the chance 0.8 *
    0.75 + 0.2 * 0.25 = 0.65, so flip_corrected_loss(np.array([1.0986]), np.array([0.]), 0.2) is
    0.431.
    """
    raise NotImplementedError("13.2")


# 13.3, 6 minutes
def length_bias(scores, qualities, lengths):
    """What a model pays for one more unit of length when quality is held equal.

    That is b in the least-squares fit scores = a + c * qualities + b * lengths. scores: array (N,),
    by the model. qualities: array (N,), what the things are truly worth. lengths: array (N,).
    Returns a number.

    Worked: at quality 0 lengths 1, 3 get the scores 1, 2, at quality 1 lengths 2, 4 get 4, 5:
    length_bias(np.array([1., 2., 4., 5.]), np.array([0., 0., 1., 1.]), np.array([1., 3., 2., 4.]))
    is 0.5, half a point for each unit.
    """
    raise NotImplementedError("13.3")


# 13.4, 5 minutes, extra
def swap_order_check(human, pairs):
    """Does somebody prefer a thing, or a place? Ask about every pair twice, in both orders.

    human: a function of two things, the one that is shown first and the one that is shown second;
    it returns 0 if the first shown is preferred, else 1. pairs: array (N, 2) of things, which are
    numbers. Returns three shares of the pairs: those in which the same thing was preferred both
    times, twice the first shown, twice the second shown.

    Worked: somebody who always takes the first, on pairs [[1, 2], [5, 3]]: swap_order_check is (0,
    1, 0).
    """
    raise NotImplementedError("13.4")


# 13.5, 6 minutes, extra
def agreement(votes):
    """Krippendorff's alpha: how well do people agree, beyond chance? 1 is perfectly, 0 as well as
    by chance.

    votes: array (P, U) of 0 and 1, what each of P people said of each of U pairs; both answers
    occur. alpha = 1 - observed / expected: observed is the share of all two different people who
    differ about a pair, expected the share of all two different answers that differ, whoever gave
    them and whatever about. Returns a number, below 0 too.

    Worked: agreement(np.array([[0, 1, 1, 0], [0, 1, 0, 0]])) is 0.533. The two differ about 1 of 4
    pairs; of the 8 answers 3 are 1, so 2 * 3 * 5 of the 8 * 7 ways to draw two differ: 1 - 0.25 /
    0.536.
    """
    raise NotImplementedError("13.5")
