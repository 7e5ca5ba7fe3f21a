"""Exercise 6.4, fit_scores: its solution, hints and usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise

from .exercise_6_1 import pref_prob
from .exercise_6_3 import pref_loss_grad


@exercise("6.4", minutes=8, tolerance=0.01, extra=True, hints=[
    "Start with all scores at 0 and walk downhill: 1000 steps against the gradient of 6.3. The "
    "penalty pulls every score towards 0.",
    "The gradient of l2 / (2 N) * sum(scores**2) by the scores is l2 * scores / N, with N = "
    "len(pairs). Add the gradient of 6.3.",
    "`scores = np.zeros(n)`, then in a loop `scores = scores - (pref_loss_grad(scores, pairs[:, "
    "0], pairs[:, 1]) + ...)`"])
def fit_scores(pairs, n, l2):
    """The scores that best explain the votes: minimise (loss of 6.2) + l2 / (2 * number of votes) *
    (sum of squared scores).

    pairs: integer array (N, 2), each row (winner, loser). n: number of items. l2: strength of the
    penalty, 0.1 to 1. Returns an array (n,), right to 0.01.

    Worked: two votes for item 0 and one for item 1: fit_scores(np.array([[0, 1], [0, 1], [1, 0]]),
    2, 0.5) is [0.254, -0.254].
    """
    scores = np.zeros(n)
    for _ in range(1000):
        slope = pref_loss_grad(scores, pairs[:, 0], pairs[:, 1]) + l2 * scores / len(pairs)
        scores = scores - 1.0 * slope
    return scores


fit_scores.cases = [(np.array([[0, 1], [0, 1], [1, 0]]), 2, 0.5),
                    (np.array([[0, 1], [0, 1], [1, 0], [1, 2], [2, 0], [0, 2], [1, 2]]), 3, 1.0),
                    (np.array([[3, 0], [0, 1], [3, 0], [1, 3], [2, 1], [1, 2], [3, 2], [3, 1]]), 4,
                     0.2)]


@fit_scores.law("An item that won all of its 10 votes has no finite best score without the "
                "penalty; with l2 = 0.1 it is 1.96. Is l2 used in every step, and are "
                "there enough steps to get there?")
def stays_finite(f):
    return abs(f(np.array([[0, 1]] * 10), 2, 0.1)[0] - 1.957) < 0.02


@fit_scores.right
def with_the_library(pairs, n, l2):
    from tinyrlhf.rewards import bradley_terry
    return bradley_terry.fit(pairs[:, 0], pairs[:, 1], n_items=n, prior=l2).scores


@fit_scores.right
def one_vote_at_a_time_in_turn(pairs, n, l2):
    scores, speed = np.zeros(n), 0.1
    for _ in range(500):
        slope = l2 * scores
        for winner, loser in pairs:
            push = 1 - pref_prob(scores[winner], scores[loser])
            slope[winner] -= push
            slope[loser] += push
        scores -= speed * slope
    return scores


@fit_scores.wrong("The penalty seems to be missing: these are the scores for l2 = 0. They run to "
                  "infinity as soon as one item wins all its votes. Which term does the penalty "
                  "add to the gradient?")
def no_penalty(pairs, n, l2):
    return fit_scores(pairs, n, 0.0)


@fit_scores.wrong("That looks like the share of votes that each item won. It forgets against whom: "
                  "winning against the best counts as much as winning against the worst. Which "
                  "function of this lesson knows the opponents?")
def share_of_wins(pairs, n, l2):
    won, lost = np.bincount(pairs[:, 0], minlength=n), np.bincount(pairs[:, 1], minlength=n)
    return won / (won + lost)


@fit_scores.wrong("The penalty is too strong: it looks as if l2 were not divided by the number of "
                  "votes, so that 300 votes weigh as little as one. What becomes of the penalty "
                  "when there are more votes?")
def penalty_not_divided(pairs, n, l2):
    return fit_scores(pairs, n, l2 * len(pairs))


@fit_scores.wrong("The scores have the right order but are too small, all of them: the walk "
                  "downhill looks cut short, or its steps are tiny. How many steps does it take "
                  "until nothing changes any more?")
def too_few_steps(pairs, n, l2):
    scores = np.zeros(n)
    for _ in range(100):
        slope = pref_loss_grad(scores, pairs[:, 0], pairs[:, 1]) + l2 * scores / len(pairs)
        scores = scores - 0.1 * slope
    return scores
