"""Exercise 1.3, nudge: its solution, hints and usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise

from .exercise_1_1 import softmax


@exercise("1.3", minutes=7, hints=[
    "A thumb up makes the chosen move more likely. Chances add up to 1, so the others together "
    "must become less likely: the logit of each falls in proportion to its chance.",
    "new prefs[b] = prefs[b] + lr * thumb * ((1 if b is the action, else 0) - probs[b]), with "
    "probs = softmax(prefs), for every b.",
    "`slope = -softmax(prefs)`, then add 1 at one place"])
def nudge(prefs, action, thumb, lr):
    """New logits after a thumb: a step of lr * thumb along the slope of log(chance of the
    action).

    prefs: array (A,). action: index of the move that was made. thumb: +1 like, -1 dislike, or
    anything between. lr: how far to go, above 0. Returns a new array (A,); prefs itself stays as it
    was.

    Worked: both chances are 1/2, so nudge(np.array([0., 0.]), 0, 1, 0.5) is [0.25, -0.25]; with
    thumb -1 it is [-0.25, 0.25].
    """
    slope = -softmax(prefs)
    slope[action] += 1
    return prefs + lr * thumb * slope


nudge.cases = [(np.zeros(2), 0, 1, 0.5), (np.zeros(2), 0, -1, 0.5),
               (np.array([0.5, -1.0, 2.0]), 1, 1, 0.2), (np.array([0.5, -1.0, 2.0]), 2, -1, 0.3),
               (np.array([0.3, 0.0, -0.4, 1.0, 0.1]), 4, 0.25, 1.0),
               (np.array([1.0, 2.0]), 1, 0, 0.5)]


@nudge.law("The logits must keep their sum: what the chosen move gains, the others lose. Do "
           "yours?")
def keeps_the_sum(f):
    prefs = np.array([0.5, -1.0, 2.0])
    return abs(f(prefs, 1, 1, 0.2).sum() - prefs.sum()) < 1e-5


@nudge.law("After a thumb up the chance of the move must be larger than before, and after a thumb "
           "down smaller. Is it?")
def up_is_up_and_down_is_down(f):
    prefs = np.array([0.5, -1.0, 2.0])
    up, same, down = (softmax(each)[1]
                      for each in (f(prefs, 1, 1, 0.2), prefs, f(prefs, 1, -1, 0.2)))
    return up > same > down


@nudge.right
def by_its_slope(prefs, action, thumb, lr):
    from tinyrlhf.nn.distributions import Categorical
    return prefs + lr * thumb * Categorical.d_log_prob(prefs, action)


@nudge.right
def by_differences(prefs, action, thumb, lr):
    steps = 1e-5 * np.eye(len(prefs))
    slope = [(np.log(softmax(prefs + step)[action]) - np.log(softmax(prefs - step)[action])) / 2e-5
             for step in steps]
    return prefs + lr * thumb * np.array(slope)


@nudge.wrong("Only the logit of the chosen move changes. The slope of log(chance) is not zero "
             "for the others: each of them has a share in the sum. By how much should they go the "
             "other way?")
def only_the_chosen(prefs, action, thumb, lr):
    new = prefs.copy()
    new[action] += lr * thumb * (1 - softmax(prefs)[action])
    return new


@nudge.wrong("It adds lr * thumb to the chosen move and nothing else, however likely that move "
             "was. An expected move should teach little. Where do the chances enter?")
def a_fixed_step(prefs, action, thumb, lr):
    new = prefs.copy()
    new[action] += lr * thumb
    return new


@nudge.wrong("A thumb down makes the move more likely, just as a thumb up does: the sign of the "
             "thumb looks lost. What should happen at -1?")
def sign_ignored(prefs, action, thumb, lr):
    return nudge(prefs, action, abs(thumb), lr)


@nudge.wrong("Everything goes the wrong way: what is liked becomes less likely. "
             "Is the slope probs minus one-hot, instead of one-hot minus probs?")
def reversed_slope(prefs, action, thumb, lr):
    return nudge(prefs, action, -thumb, lr)


@nudge.wrong("That looks like the slope of the chance, not of its logarithm: a rare move then "
             "hardly moves, however much it is liked. By which factor is yours too small?")
def slope_of_the_chance(prefs, action, thumb, lr):
    return nudge(prefs, action, thumb, lr * softmax(prefs)[action])


@nudge.wrong("The step has the same size whatever lr is: lr looks forgotten. How far should a "
             "learning rate of 0.2 go, compared with 1?")
def lr_forgotten(prefs, action, thumb, lr):
    return nudge(prefs, action, thumb, 1.0)


@nudge.wrong("Only the sign of the thumb counts, as if it were asked with `if`: a thumb of 0.25 "
             "moves as far as one of 1, and 0 is not nothing. By what can the step be multiplied "
             "instead?")
def thumb_by_if(prefs, action, thumb, lr):
    return nudge(prefs, action, 1 if thumb > 0 else -1, lr)
