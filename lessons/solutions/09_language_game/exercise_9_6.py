"""Exercise 9.6, check_sequence_logp: its solution, hints and usual mistakes."""
import numpy as np

from tinyrlhf.games.words import LETTERS
from tinyrlhf.teaching import exercise

from .exercise_9_3 import sequence_logp


@exercise("9.6", minutes=5, extra=True, hints=[
    "A model that gives all 18 the same chance: what is the chance of a word of two letters? Mind "
    "the end mark.",
    "That model does not tell in which order the letters are asked, nor on which text. Take one "
    "that is sure of one word, with logits of 1000: that word has log-probability 0, and another "
    "one -1000 for each place where it is surprised.",
    '`spelled = {"": 1 + LETTERS.index("l"), "l": 1 + LETTERS.index("a")}` and `model = lambda '
    'text: 1000.0 * np.eye(18)[spelled.get(text, 0)]`'])
def check_sequence_logp(f):
    """Is f a right sequence_logp (9.3)? Write the test instead of the function.

    f: a function as in 9.3, written by us: right ones in several styles, and wrong ones. Returns
    True if f is right, also for logits of 1000.

    Worked: check_sequence_logp(f) is True for the solution of 9.3, and False for one that leaves
    out the end mark.
    """
    spelled = {"": 1 + LETTERS.index("l"), "l": 1 + LETTERS.index("a")}
    alike, sure = lambda text: np.zeros(18), lambda text: 1000.0 * np.eye(18)[spelled.get(text, 0)]
    found = [f(alike, "la"), f(alike, ""), f(sure, "la"), f(sure, "al"), f(sure, "")]
    return np.allclose(found, [-3 * np.log(18), -np.log(18), 0.0, -2000.0, -1000.0], atol=1e-6)


check_sequence_logp.checks(sequence_logp)


@check_sequence_logp.right
def by_other_cases(f):
    model = lambda text: 900.0 * np.sin(np.arange(18) + 2 * len(text) + sum(map(ord, text)))
    rows = [model(word) for word in ("", "n", "ne", "neo")]
    numbers = [1 + LETTERS.index(letter) for letter in "neo"] + [0]
    wanted = sum(row[number] - np.logaddexp.reduce(row) for row, number in zip(rows, numbers))
    return np.isclose(f(model, "neo"), wanted)


@check_sequence_logp.wrong("It accepts whatever it is shown. A test that cannot fail tests "
                           "nothing: which wrong version can you think of, and what would give it "
                           "away?")
def accepts_everything(f):
    return True


@check_sequence_logp.wrong("It rejects whatever it is shown, the right versions, too. Which of its "
                           "rules does a right one break?")
def rejects_everything(f):
    return False
