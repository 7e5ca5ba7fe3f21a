"""Exercise 11.6, check_dpo_loss: its solution, hints and usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise

from .exercise_11_3 import dpo_loss


@exercise("11.6", minutes=5, extra=True, hints=[
    "What must every vote cost while policy and reference are the same? And what if the references "
    "of the two answers differ?",
    "A lead of 1, of -1, and a vote that is lost by a thousand nats (log(1 + e^1000) is 1000); all "
    "in one mean.",
    "With kl_coef 0.5: chosen [-4, -4, -2000], rejected [-6, -4, -3], references [-5, -3, -9] and "
    "[-5, -5, -9]"])
def check_dpo_loss(f):
    """Is f a right dpo_loss (11.3)? Write the test instead of the function.

    f: a function as in 11.3, written by us: right ones in several styles, and wrong ones. Returns
    True if f is right, also where a vote is lost by a thousand nats.

    Worked: check_dpo_loss(f) is True for the solution of 11.3, and False for one that leaves out
    the reference.
    """
    chosen, rejected = np.array([-4.0, -4.0, -2000.0]), np.array([-6.0, -4.0, -3.0])
    references = np.array([-5.0, -3.0, -9.0]), np.array([-5.0, -5.0, -9.0])
    leads = {0.5: np.array([1.0, -1.0, -998.5]), 2.0: np.array([4.0, -4.0, -3994.0])}
    losses = [f(chosen, rejected, *references, price) for price in leads]
    wanted = [np.logaddexp(0, -lead).mean() for lead in leads.values()]
    return np.allclose(losses, wanted, rtol=1e-6)


check_dpo_loss.checks(dpo_loss)


@check_dpo_loss.right
def by_other_cases(f):
    four = np.array([[-3.0, -7.0], [-4.0, -2.0], [-3.5, -7.5], [-3.0, -2.2]])
    far = np.array([[-3000.0], [-1.0], [-2.0], [-4.0]])
    wanted = np.logaddexp(0, -0.7 * np.array([1.5, 0.3])).mean()
    return np.isclose(f(*four, 0.7), wanted) and np.isclose(f(*far, 0.7), 0.7 * 3001)


@check_dpo_loss.wrong("It accepts whatever it is shown. A test that cannot fail tests nothing: "
                      "which wrong version can you think of, and what would give it away?")
def accepts_everything(f):
    return True


@check_dpo_loss.wrong("It rejects whatever it is shown, the right versions, too. Which of its "
                      "rules does a right one break?")
def rejects_everything(f):
    return False
