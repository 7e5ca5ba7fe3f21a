"""Exercise 4.6, check_reward_to_go: its solution, hints and usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise

from .exercise_4_2 import reward_to_go


@exercise("4.6", minutes=5, extra=True, hints=[
    "Think of what people get wrong: the direction of time, the own reward, steps after the end, "
    "the discount.",
    "One table can tell most of it: two games of different length, something large behind the end, "
    "a discount of 0.5, and numbers that you can add up by hand.",
    "Do not forget gamma = 0 and gamma = 1, and that the input must stay as it is: `before = "
    "rewards.copy()`"])
def check_reward_to_go(f):
    """Is f a right reward_to_go (4.2)? Write the test instead of the function.

    f: a function as in 4.2, written by us: right ones in several styles, and wrong ones. Returns
    True if f is right. Comparing with your own 4.2 would do, but numbers by hand teach more.

    Worked: check_reward_to_go(f) is True for the solution of 4.2, and False for one that sums
    forwards.
    """
    rewards, alive = np.array([[8.0, 4.0, 2.0], [1.0, 9.0, 9.0]]), np.arange(3) < [[3], [1]]
    before, long = rewards.copy(), {0.0: [8, 4, 2], 0.5: [10.5, 5, 2], 1.0: [14, 6, 2]}
    right = [np.allclose(f(rewards, alive, gamma), [long[gamma], [1, 0, 0]]) for gamma in long]
    return all(right) and np.array_equal(rewards, before)


check_reward_to_go.checks(reward_to_go)


@check_reward_to_go.right
def by_other_cases(f):
    rewards, alive = np.array([[1.0, 2.0, 4.0, 7.0]]), np.array([[True, True, True, False]])
    found = [f(rewards.copy(), alive, gamma) for gamma in (0.25, 0.0)]
    return np.allclose(found, [[[1.75, 3, 4, 0]], [[1, 2, 4, 0]]])


@check_reward_to_go.wrong("It accepts whatever it is shown. A test that cannot fail tests nothing: "
                          "which wrong version can you think of, and what would give it away?")
def accepts_everything(f):
    return True


@check_reward_to_go.wrong("It rejects whatever it is shown, the right versions, too. Which of its "
                          "rules does a right one break?")
def rejects_everything(f):
    return False
