"""The exercises of lesson 01_the_loop.

Each function says what it should return. Replace its `raise` line by your code,
and save; the verdict comes from

    tinyrlhf lesson watch 01
"""
import numpy as np


# 1.a, predict: in the first 30 rounds, while the taste is still the old one, who does best: thumbs,
# written reward or labelled examples?
predict_1_a = None

# 1.b, predict: 20 robots hear every thumb and forget nothing (`keep=1`). How many still dance the
# old moves 50 rounds after the taste has changed?
predict_1_b = None


# 1.1, 5 minutes
def softmax(prefs):
    """From logits to chances: positive, adding up to 1, larger where the logit is larger.

    prefs: array (A,), one number of any size for each of A moves, also 1000 or -1000. Returns an
    array (A,).

    Worked: e to the power log(3) = 1.0986 is 3, so softmax(np.array([0., 1.0986])) is [0.25, 0.75],
    as 1 is to 3.
    """
    raise NotImplementedError("1.1")


# 1.2, 4 minutes
def choose(probs, rng):
    """Draw one of A moves: move a with the chance probs[a]. Returns its index, a whole number from
    0 to A-1.

    probs: array (A,), adding up to 1. rng: a np.random.Generator; take all randomness from it.

    Worked: choose(np.array([0., 1.]), rng) is 1, every time; with [0.2, 0.5, 0.3] it is 1 about
    every other time.
    """
    raise NotImplementedError("1.2")


# 1.3, 7 minutes
def nudge(prefs, action, thumb, lr):
    """New logits after a thumb: a step of lr * thumb along the slope of log(chance of the
    action).

    prefs: array (A,). action: index of the move that was made. thumb: +1 like, -1 dislike, or
    anything between. lr: how far to go, above 0. Returns a new array (A,); prefs itself stays as it
    was.

    Worked: both chances are 1/2, so nudge(np.array([0., 0.]), 0, 1, 0.5) is [0.25, -0.25]; with
    thumb -1 it is [-0.25, 0.25].
    """
    raise NotImplementedError("1.3")


# 1.4, 9 minutes, extra
def fixed_labels_vs_feedback(changes_at, rounds, rng):
    """How often do two robots please people after the taste has changed? Returns (share with old
    labels, share with feedback).

    In rounds 0 to changes_at - 1 people like moves 1 and 4, from round changes_at on moves 0 and 2.
    Both robots have six moves, begin with logits 0, act in every round, and learn from thumbs
    (1 or -1, no slips) by prefs = 0.95 * nudge(prefs, action, thumb, 0.5). The first learns before
    the change only: its labels are old. The second goes on learning. changes_at, rounds: whole
    numbers, changes_at < rounds. rng: a np.random.Generator. A share is the number of liked moves
    divided by the number of rounds, over rounds changes_at to rounds - 1. Returns a tuple of two
    numbers.

    Worked: fixed_labels_vs_feedback(60, 160, rng) is about (0.08, 0.74), the mean over many rngs.
    """
    raise NotImplementedError("1.4")
