"""Exercise 12.6, check_true_vs_proxy: its solution, hints and usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise

from .exercise_12_1 import true_vs_proxy


@exercise("12.6", minutes=5, extra=True, hints=[
    "One history can hold all traps: a last look at which nobody was asked, two best ones, a "
    "promise that rises for ever, steps that are no row numbers.",
    "People were happiest at step 10 and again at step 30, last asked at step 40, and not at steps "
    "20 and 50: it is step 10, and the cost is that until step 40.",
    "`step, cost = f(history.copy())`"])
def check_true_vs_proxy(f):
    """Is f a right true_vs_proxy (12.1)? Write the test instead of the function.

    f: a function as in 12.1, written by us: right ones in several styles, and wrong ones. Returns
    True if f is right.

    Worked: check_true_vs_proxy(f) is True for the solution of 12.1, and False for one that goes by
    what the machine promised.
    """
    felt = [5, 7, np.nan, 7, 3, np.nan]
    history = np.stack([[5, 10, 20, 30, 40, 50], [5, 8, 12, 13, 14, 15], felt], axis=1)
    step, cost = f(history)
    return bool(step == 10 and cost == 4)


check_true_vs_proxy.checks(true_vs_proxy)


@check_true_vs_proxy.right
def by_other_cases(f):
    felt = np.array([np.nan, 2, 6, np.nan, 6, 1.5, np.nan])
    step, cost = f(np.stack([4.0 * np.arange(7), [3, 1, 2, 9, 7, 8, 10], felt], axis=1))
    return abs(step - 8) < 1e-9 and abs(cost - 4.5) < 1e-9


@check_true_vs_proxy.wrong("It accepts whatever it is shown. A test that cannot fail tests "
                           "nothing: which wrong version can you think of, and what would give it "
                           "away?")
def accepts_everything(f):
    return True


@check_true_vs_proxy.wrong("It rejects whatever it is shown, the right versions, too. Which of its "
                           "rules does a right one break?")
def rejects_everything(f):
    return False
