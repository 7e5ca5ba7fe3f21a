"""Exercise 6.6, check_pref_loss_grad: its solution, hints and usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise

from .exercise_6_3 import pref_loss_grad


@exercise("6.6", minutes=5, extra=True, hints=[
    "Two or three votes that you can work out on paper tell most: at equal scores every vote has "
    "the chance one half.",
    "At equal scores p and 1 - p are the same, so try a lead of log 3 as well, where p is 3/4. Let "
    "an item occur twice.",
    "Equal scores, votes 0 over 1 twice and 2 over 1 once: [-1/3, 1/2, -1/6]"])
def check_pref_loss_grad(f):
    """Is f a right pref_loss_grad (6.3)? Write the test instead of the function.

    f: a function as in 6.3, written by us: right ones in several styles, and wrong ones. Returns
    True if f is right, up to 1e-6.

    Worked: check_pref_loss_grad(f) is True for the solution of 6.3, and False for one with all
    signs reversed.
    """
    scores, wins, losses = np.zeros(3), np.array([0, 0, 2]), np.array([1, 1, 1])
    equal = np.allclose(f(scores, wins, losses), [-1 / 3, 1 / 2, -1 / 6], atol=1e-6)
    lead = f(np.log([3.0, 1.0]), np.array([0, 1]), np.array([1, 0]))
    return equal and np.allclose(lead, [0.25, -0.25], atol=1e-6) and not scores.any()


check_pref_loss_grad.checks(pref_loss_grad)


@check_pref_loss_grad.right
def by_other_cases(f):
    scores, before = np.array([[0.3, -1.0, 2.0, 0.5]] * 2)
    wins, losses = np.array([[0, 1, 2, 2, 0], [1, 2, 0, 1, 3]])
    loss = lambda scores: np.logaddexp(0, scores[losses] - scores[wins]).mean()
    slopes = [(loss(scores + step) - loss(scores - step)) / 2e-4 for step in 1e-4 * np.eye(4)]
    found = f(scores, wins, losses)
    return np.allclose(found, slopes, atol=1e-6) and np.array_equal(scores, before)


@check_pref_loss_grad.wrong("It accepts whatever it is shown. A test that cannot fail tests "
                            "nothing: which wrong version can you think of, and what would give it "
                            "away?")
def accepts_everything(f):
    return True


@check_pref_loss_grad.wrong("It rejects whatever it is shown, the right versions, too. Which of "
                            "its rules does a right one break?")
def rejects_everything(f):
    return False
