"""Exercise 8.4, converged: its solution, hints and usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise


@exercise("8.4", minutes=7, extra=True, hints=[
    "Ask those who know: do people still see a difference between the walks of this round and "
    "those of the round before? The learned return is the learner's own opinion of itself.",
    'Each of the last `window` rows needs |row["preferred"] - 1/2| <= tolerance; fewer rows are '
    'too few to tell.',
    '`last = [row["preferred"] for row in history[-window:]]`'])
def converged(history, window, tolerance):
    """Has learning come to rest? Only if people see no more difference, several rounds in a row.

    history: list of dicts, one for each round: "preferred", in which share of comparisons people
    preferred the walks of this round to those of the round before (1/2: no difference; less: it got
    worse); "learned", the mean return of the reward model. window: a whole number, at least 1.
    tolerance: so far from 1/2 counts as no difference, either way. Returns True if in each of the
    last `window` rounds there was no difference; False with fewer rounds than that.

    Worked: people preferred the new walks in shares 0.9, 0.7, 0.52 and 0.49 of the comparisons:
    converged(history, 2, 0.05) is True, and converged(history, 3, 0.05) is False.
    """
    last = [row["preferred"] for row in history[-window:]]
    return len(history) >= window and all(abs(share - 0.5) <= tolerance for share in last)


def told(preferred, learned):
    return [{"preferred": share, "learned": value} for share, value in zip(preferred, learned)]


converged.cases = [(told([0.9, 0.7, 0.52, 0.49], [0.1, 0.6, 0.9, 1.2]), 2, 0.05),
                   (told([0.9, 0.7, 0.52, 0.49], [0.1, 1.0, 1.0, 1.0]), 3, 0.05),
                   (told([0.8, 0.8, 0.3, 0.2], [0.5, 0.9, 0.9, 0.9]), 2, 0.05),
                   (told([0.5], [0.0]), 2, 0.1), (told([0.9, 0.5, 0.8], [0.2, 0.4, 0.4]), 2, 0.1),
                   (told([0.9, 0.8, 0.5], [0.2, 0.4, 0.4]), 2, 0.1),
                   (told([0.9, 0.55, 0.45, 0.5], [0.0, 1.0, 2.0, 3.0]), 3, 0.06),
                   (told([0.4, 0.6], [0.3, 0.3]), 2, 0.05), (told([0.5, 0.5], [2.0, 1.0]), 2, 0.0)]


@converged.law("No rounds at all are no proof. Is converged([], 1, 0.1) False?")
def nothing_proves_nothing(f):
    return not f([], 1, 0.1)


@converged.right
def by_the_largest_gap(history, window, tolerance):
    shares = np.array([row["preferred"] for row in history])[-window:]
    return bool(len(history) >= window and np.abs(shares - 0.5).max() <= tolerance)


@converged.right
def counted_backwards(history, window, tolerance):
    calm = 0
    for row in reversed(history):
        if not 0.5 - tolerance <= row["preferred"] <= 0.5 + tolerance:
            break
        calm += 1
    return calm >= window


@converged.wrong("It stops when the *learned* return no longer rises. That is the learner's "
                 "opinion of itself: it also comes to rest where the policy stands still, and "
                 "while true returns fall. Who can tell whether anything still changes?")
def plateau_of_the_learned_return(history, window, tolerance):
    last = [row["learned"] for row in history[-window:]]
    return len(history) >= window and max(last) - min(last) <= tolerance


@converged.wrong("It stops as soon as the new walks are no longer preferred, also where people "
                 "clearly prefer the old ones. Then it is getting worse, and has not come to rest. "
                 "How far from 1/2 may a share be, and on which side?")
def worse_is_fine(history, window, tolerance):
    last = [row["preferred"] for row in history[-window:]]
    return len(history) >= window and all(share - 0.5 <= tolerance for share in last)


@converged.wrong("It looks at the last round only. With few comparisons one calm round is luck. "
                 "How many must be calm in a row?")
def last_round_only(history, window, tolerance):
    return len(history) >= window and abs(history[-1]["preferred"] - 0.5) <= tolerance


@converged.wrong("One calm round among the last ones is enough for it. How many of them must be "
                 "calm?")
def any_calm_round(history, window, tolerance):
    last = [row["preferred"] for row in history[-window:]]
    return len(history) >= window and any(abs(share - 0.5) <= tolerance for share in last)


@converged.wrong("It averages the last rounds: a better one and a worse one cancel, and it looks "
                 "calm while people see a difference every time. Should the mean be close to 1/2, "
                 "or each share?")
def on_average(history, window, tolerance):
    last = [row["preferred"] for row in history[-window:]]
    return len(history) >= window and abs(np.mean(last) - 0.5) <= tolerance + 1e-12


@converged.wrong("It is satisfied with fewer rounds than the window has. After one calm round "
                 "nobody knows. How many rows must there be?")
def too_few_rounds(history, window, tolerance):
    last = [row["preferred"] for row in history[-window:]]
    return len(last) > 0 and all(abs(share - 0.5) <= tolerance for share in last)
