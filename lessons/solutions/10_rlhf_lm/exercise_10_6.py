"""Exercise 10.6, check_ppo_clip: its solution, hints and usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise

from .exercise_10_5 import ppo_clip


@exercise("10.6", minutes=4, extra=True, hints=[
    "Six characters tell it: a ratio of 0.5, 1 and 1.5, each once good and once bad.",
    "With eps = 0.2 and advantage 1 they are paid 0.5, 1, 1.2; with advantage -1 -0.8, -1, -1.5.",
    "Let the old log-probabilities not be zero, and try another eps."])
def check_ppo_clip(f):
    """Is f a right ppo_clip (10.5)? Write the test instead of the function.

    f: a function as in 10.5, written by us: right ones in several styles, and wrong ones. Returns
    True if f is right, up to 1e-6.

    Worked: check_ppo_clip(f) is True for the solution of 10.5, and False for one that takes the
    larger of the two payments.
    """
    ratios, old = np.array([[0.5, 1.0, 1.5]] * 2), np.full((2, 3), -2.0)
    advantages = np.array([[1.0] * 3, [-2.0] * 3])
    found = [f(old + np.log(ratios), old, advantages, eps) for eps in (0.2, 0.3)]
    wanted = [[[0.5, 1, 1.2], [-1.6, -2, -3]], [[0.5, 1, 1.3], [-1.4, -2, -3]]]
    return np.allclose(found, wanted, atol=1e-6)


check_ppo_clip.checks(ppo_clip)


@check_ppo_clip.right
def by_other_cases(f):
    now, old = np.log([[0.1, 0.4, 0.6, 0.2], [0.3, 0.2, 0.2, 0.22]])
    advantages = np.array([-3.0, 3.0, -1.0, 2.0])
    wanted = [-3 * 0.9, 3 * 1.1, -3.0, 2 / 1.1]
    return np.allclose(f(now, old, advantages, 0.1), wanted, atol=1e-6)


@check_ppo_clip.wrong("It accepts whatever it is shown. A test that cannot fail tests nothing: "
                      "which wrong version can you think of, and what would give it away?")
def accepts_everything(f):
    return True


@check_ppo_clip.wrong("It rejects whatever it is shown, the right versions, too. Which of its "
                      "rules does a right one break?")
def rejects_everything(f):
    return False
