"""Exercise 1.1, softmax: its solution, hints and usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise, near


@exercise("1.1", minutes=5, hints=[
    "Make every number positive with exp(), then divide by the sum, so that they add up to 1. "
    "Subtracting one number from all of them first changes nothing in the result. Which number "
    "makes it safe?",
    "probs[a] = exp(prefs[a] - max) / sum over b of exp(prefs[b] - max), with max the largest "
    "logit.",
    "`weights = np.exp(prefs - prefs.max())`"])
def softmax(prefs):
    """From logits to chances: positive, adding up to 1, larger where the logit is larger.

    prefs: array (A,), one number of any size for each of A moves, also 1000 or -1000. Returns an
    array (A,).

    Worked: e to the power log(3) = 1.0986 is 3, so softmax(np.array([0., 1.0986])) is [0.25, 0.75],
    as 1 is to 3.
    """
    weights = np.exp(prefs - prefs.max())
    return weights / weights.sum()


softmax.cases = [(np.array([0.0, np.log(3)]),), (np.array([0.5, -1.0, 2.0]),), (np.zeros(5),),
                 (np.array([1000.0, 1001.0, 0.0]),), (np.array([-1000.0, -1000.0]),),
                 (np.array([1000.0, -1000.0]),)]


@softmax.law("Adding 5 to every logit must not change any chance: only differences count. "
             "Does it, in yours?")
def shifting_changes_nothing(f):
    prefs = np.array([0.5, -1.0, 2.0])
    return near(f(prefs + 5), f(prefs))


@softmax.right
def by_the_library(prefs):
    from tinyrlhf import numerics
    return numerics.softmax(prefs)


@softmax.right
def by_logarithms(prefs):
    return np.exp(prefs - np.logaddexp.reduce(prefs))


OVERFLOW = ("It is right for small logits, but exp(1000) is too large for a computer, and "
            "exp(-1000) is 0. Which number can you subtract from all logits, without changing "
            "the result, so that the largest becomes 0?")


@softmax.wrong(OVERFLOW)
def overflows(prefs):
    return np.exp(prefs) / np.exp(prefs).sum()


@softmax.wrong(OVERFLOW)
def overflows_with_an_error(prefs):
    import math
    weights = np.array([math.exp(each) for each in prefs])
    return weights / weights.sum()


@softmax.wrong("The largest chance is always 1, so together they are more than 1: that looks "
               "divided by the largest weight. By what must you divide so that all chances add up "
               "to 1?")
def divided_by_the_largest(prefs):
    weights = np.exp(prefs - prefs.max())
    return weights / weights.max()


@softmax.wrong("That looks like the share prefs / sum of prefs. Preferences may be negative or 0, "
               "so they have no shares. What turns any number into a positive one, and keeps the "
               "order?")
def shares(prefs):
    return prefs / prefs.sum()


@softmax.wrong("The favourite gets the smallest chance: the sign looks reversed. Should a larger "
               "logit be likelier, or less?")
def reversed_sign(prefs):
    return softmax(-prefs)
