"""Exercise 6.1, pref_prob: its solution, hints and usual mistakes."""
import math

import numpy as np

from tinyrlhf.teaching import exercise


@exercise("6.1", minutes=4, hints=[
    "Only the difference of the two scores matters. At difference 0 the chance is one half; it "
    "never reaches 0 or 1.",
    "P = 1 / (1 + exp(-d)) with d = score_a - score_b. Where d is below zero this exp() overflows, "
    "and the equal form exp(d) / (1 + exp(d)) does not.",
    "`d = score_a - score_b`"])
def pref_prob(score_a, score_b):
    """The chance that a is preferred to b: the sigmoid of the difference of their scores.

    score_a, score_b: numbers of any size, also 1000. Returns a number between 0 and 1.

    Worked: a score lead of log(3) = 1.0986 means 3 : 1, so pref_prob(1.0986, 0) is 0.75.
    """
    d = score_a - score_b
    small = math.exp(-abs(d))
    return 1 / (1 + small) if d >= 0 else small / (1 + small)


pref_prob.cases = [(math.log(3), 0.0), (0.4, 0.4), (2.0, -1.0), (-0.5, 1.5),
                   (1000.0, 0.0), (-1000.0, 0.0), (1000.0, 1000.0),
                   (0.9, 0.4),
                   (0.4, 0.9)]


@pref_prob.law("The chance that a beats b and the chance that b beats a must add up to 1. Do they, "
               "for scores 2 and -1?")
def chances_add_up(f):
    return abs(f(2.0, -1.0) + f(-1.0, 2.0) - 1) < 1e-5


@pref_prob.right
def by_tanh(score_a, score_b):
    return 0.5 * (1 + np.tanh((score_a - score_b) / 2))


@pref_prob.right
def by_logaddexp(score_a, score_b):
    return np.exp(-np.logaddexp(0, score_b - score_a))


@pref_prob.wrong("That looks like the share score_a / (score_a + score_b). Scores may be negative, "
                 "so they have no shares; only their difference means something. What should "
                 "happen if 10 is added to both?")
def ratio(score_a, score_b):
    return score_a / (score_a + score_b)


@pref_prob.wrong("The higher score gets the lower chance: the sign looks reversed. Which "
                 "difference belongs to `a is preferred`?")
def reversed_sign(score_a, score_b):
    return pref_prob(score_b, score_a)


OVERFLOW = ("It is right for small scores, but exp() of a large number overflows. Scores of 1000 "
            "are extreme, yet training meets them. Can you write it so that exp() only ever sees "
            "numbers below zero?")


@pref_prob.wrong(OVERFLOW)
def overflows(score_a, score_b):
    return np.exp(score_a) / (np.exp(score_a) + np.exp(score_b))


@pref_prob.wrong(OVERFLOW)
def overflows_with_an_error(score_a, score_b):
    return math.exp(score_a) / (math.exp(score_a) + math.exp(score_b))


@pref_prob.wrong(OVERFLOW)
def overflows_at_large_negative_differences(score_a, score_b):
    return 1 / (1 + math.exp(score_b - score_a))
