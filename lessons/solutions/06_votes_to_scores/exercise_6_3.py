"""Exercise 6.3, pref_loss_grad: its solution, hints and usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise

from .exercise_6_1 import pref_prob
from .exercise_6_2 import pref_loss


@exercise("6.3", minutes=8, hints=[
    "Each vote pushes two scores: the winner's up, the loser's down, equally hard. The push is how "
    "wrong the model was about this vote.",
    "A vote to which the model gave the chance p adds -(1 - p) / N to the winner's entry and +(1 - "
    "p) / N to the loser's.",
    "`push = (1 - p) / len(wins)` for all votes at once; then np.add.at, np.bincount or a loop, "
    "since items occur more than once"])
def pref_loss_grad(scores, wins, losses):
    """The derivative of the loss of 6.2 by each item's score.

    scores: array (n,), one for each item. wins, losses: integer arrays (N,): vote i preferred item
    wins[i] to item losses[i]. Items may occur in many votes. Returns an array (n,).

    Worked: two votes of item 0 over item 1, all scores 0: pref_loss_grad(np.zeros(3), np.array([0,
    0]), np.array([1, 1])) is [-0.5, 0.5, 0.0]: to lower the loss, raise item 0, lower item 1.
    """
    surprise = 1 - 1 / (1 + np.exp(scores[losses] - scores[wins]))
    gradient = np.zeros(len(scores))
    np.add.at(gradient, wins, -surprise / len(wins))
    np.add.at(gradient, losses, surprise / len(wins))
    return gradient


pref_loss_grad.cases = [(np.zeros(3), np.array([0, 0]), np.array([1, 1])),
                        (np.array([0.5, -1.0, 2.0, 0.0]), np.array([0, 2, 2, 1, 0]),
                         np.array([1, 1, 0, 2, 1])),
                        (np.array([1.0, -0.5]), np.array([0, 1, 0]), np.array([1, 0, 1]))]


@pref_loss_grad.law("The gradient must sum to zero: raising all scores together changes no "
                    "difference, so it changes no loss.")
def sums_to_zero(f):
    return abs(f(np.array([0.3, -1.0, 2.0]), np.array([0, 1, 2, 2]),
                 np.array([1, 2, 0, 1])).sum()) < 1e-5


@pref_loss_grad.right
def by_counting(scores, wins, losses):
    surprise = 1 - np.array([pref_prob(a, b) for a, b in zip(scores[wins], scores[losses])])
    n = len(scores)
    return (np.bincount(losses, surprise, n) - np.bincount(wins, surprise, n)) / len(wins)


@pref_loss_grad.right
def by_differences(scores, wins, losses):
    steps = 1e-5 * np.eye(len(scores))
    loss = lambda s: pref_loss(s[wins], s[losses])
    return np.array([(loss(scores + step) - loss(scores - step)) / 2e-5 for step in steps])


@pref_loss_grad.wrong("Items that occur in several votes are counted once: `gradient[wins] += ...` "
                      "with a repeated index keeps only the last of them. Which NumPy function "
                      "adds them all up?")
def repeated_items_lost(scores, wins, losses):
    surprise = 1 - 1 / (1 + np.exp(scores[losses] - scores[wins]))
    gradient = np.zeros(len(scores))
    gradient[wins] -= surprise / len(wins)
    gradient[losses] += surprise / len(wins)
    return gradient


@pref_loss_grad.wrong("All signs are reversed. The gradient of the loss points uphill, to where "
                      "the votes are less likely. Does raising the winner's score raise the loss, "
                      "or lower it?")
def uphill(scores, wins, losses):
    return -pref_loss_grad(scores, wins, losses)


@pref_loss_grad.wrong("Only the winners move. Every vote pushes two scores, the loser's as well. "
                      "What is the derivative by the loser's score?")
def winners_only(scores, wins, losses):
    surprise = 1 - 1 / (1 + np.exp(scores[losses] - scores[wins]))
    return -np.bincount(wins, surprise, len(scores)) / len(wins)


@pref_loss_grad.wrong("It is the gradient of the sum over the votes; the loss of 6.2 is their "
                      "mean. By which number is it too large?")
def gradient_of_the_sum(scores, wins, losses):
    return len(wins) * pref_loss_grad(scores, wins, losses)


@pref_loss_grad.wrong("Each vote pushes by p, the chance that the model gave it, where it should "
                      "push by how wrong the model was, 1 - p. A vote that was foretold teaches "
                      "nothing. Which of the two is large then?")
def pushes_by_the_chance(scores, wins, losses):
    p = 1 / (1 + np.exp(scores[losses] - scores[wins]))
    n = len(scores)
    return (np.bincount(losses, p, n) - np.bincount(wins, p, n)) / len(wins)
