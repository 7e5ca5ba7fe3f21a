"""Exercise 6.2, pref_loss: its solution, hints and usual mistakes."""
import math

import numpy as np

from tinyrlhf.teaching import exercise

from .exercise_6_1 import pref_prob


@exercise("6.2", minutes=5, hints=[
    "How surprised is the model by each vote? A vote that it gave the chance p costs -log p. Take "
    "the mean over the votes.",
    "The mean of -log sigmoid(d) with d = win_scores - lose_scores; and -log sigmoid(d) = log(1 + "
    "exp(-d)).",
    "`d = win_scores - lose_scores`, then look up np.logaddexp"])
def pref_loss(win_scores, lose_scores):
    """The mean surprise of the model at N votes, in nats: mean of -log P(the winner wins).

    win_scores, lose_scores: arrays (N,), the scores of the preferred and of the other item of each
    vote, of any size. Returns a number.

    Worked: pref_loss(np.array([1.0986, 0.]), np.array([0., 0.])) is 0.490, the mean of -log 0.75
    and -log 0.5.
    """
    return np.mean(np.logaddexp(0, lose_scores - win_scores))


pref_loss.cases = [(np.array([math.log(3), 0.0]), np.zeros(2)),
                   (np.array([2.0, -1.0, 0.5]), np.array([0.0, 1.0, 0.4])),
                   (np.array([3.0]), np.array([1.0])),
                   (np.array([-1000.0, 0.0]), np.array([0.0, 1.0]))]


@pref_loss.law("Adding 5 to all scores must not change the loss: only differences count.")
def shifting_changes_nothing(f):
    win, lose = np.array([1.0, 2.0, 0.0]), np.array([0.0, 2.5, 1.0])
    return abs(f(win + 5, lose + 5) - f(win, lose)) < 1e-5


@pref_loss.right
def by_the_library(win_scores, lose_scores):
    from tinyrlhf.rewards.choice import choice_loss
    n = len(win_scores)
    return choice_loss(np.stack([win_scores, lose_scores], axis=1), np.tile([1.0, 0.0], (n, 1)),
                       np.full(n, 1 / n))[0]


@pref_loss.right
def vote_by_vote(win_scores, lose_scores):
    total = 0.0
    for d in win_scores - lose_scores:
        total += math.log1p(math.exp(-d)) if d > 0 else -d + math.log1p(math.exp(d))
    return total / len(win_scores)


@pref_loss.wrong("The loss is large where the winner scores higher. Winner and loser look swapped. "
                 "Which one should end up with the larger score?")
def swapped(win_scores, lose_scores):
    return pref_loss(lose_scores, win_scores)


@pref_loss.wrong("That looks like a mean of probabilities. A loss adds up surprises, -log p: only "
                 "then does a confident mistake cost a lot. Where is the logarithm?")
def no_logarithm(win_scores, lose_scores):
    return 1 - np.mean([pref_prob(a, b) for a, b in zip(win_scores, lose_scores)])


@pref_loss.wrong("That looks like the sum over the votes. The loss is their mean, so that it can "
                 "be compared between 20 votes and 300. What is it divided by?")
def summed(win_scores, lose_scores):
    return np.sum(np.logaddexp(0, lose_scores - win_scores))


@pref_loss.wrong("It is right, until a chance rounds to 0: then its logarithm is infinite. The "
                 "loss there is just about 1000, a plain number. Can you get log(1 + exp(-d)) "
                 "without forming the chance first?")
def logarithm_of_zero(win_scores, lose_scores):
    return -np.mean(np.log([pref_prob(a, b) for a, b in zip(win_scores, lose_scores)]))


@pref_loss.wrong("It is right, until a chance rounds to 0. Then a small number added inside the "
                 "logarithm, or a chance that is clipped, hides the infinity, but the loss stays "
                 "at 28 or so where it should go on to 1000. Can you get log(1 + exp(-d)) without "
                 "forming the chance first?")
def small_number_added(win_scores, lose_scores):
    chances = np.array([pref_prob(a, b) for a, b in zip(win_scores, lose_scores)])
    return -np.mean(np.log(chances + 1e-12))


@pref_loss.wrong("It is right, until a chance is tiny: it is clipped away from 0, so a confident "
                 "mistake costs no more than a smaller one. The loss should go on to 1000. Can "
                 "you get log(1 + exp(-d)) without forming the chance first?")
def chance_clipped(win_scores, lose_scores):
    chances = np.array([pref_prob(a, b) for a, b in zip(win_scores, lose_scores)])
    return -np.mean(np.log(np.clip(chances, 1e-7, 1 - 1e-7)))
