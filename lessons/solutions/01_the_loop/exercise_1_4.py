"""Exercise 1.4, fixed_labels_vs_feedback: its solution, hints and usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise

from .exercise_1_1 import softmax
from .exercise_1_2 import choose
from .exercise_1_3 import nudge


@exercise("1.4", minutes=9, tolerance=0.06, extra=True, hints=[
    "Run the loop twice, each time from logits 0. The two differ in one `if` only: whether "
    "the robot still learns after the change. Judge both after the change, by the new taste.",
    "Each round: action = choose(softmax(prefs), rng); thumb = 1 if action is liked now, else -1; "
    "if it still learns, prefs = 0.95 * nudge(prefs, action, thumb, 0.5). Share = liked moves "
    "after the change / rounds after the change.",
    "`for still_learns in (False, True):`, and inside `for number in range(rounds):`"])
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
    shares = []
    for still_learns in (False, True):
        prefs, liked = np.zeros(6), []
        for number in range(rounds):
            action = choose(softmax(prefs), rng)
            liked.append(action in ((1, 4) if number < changes_at else (0, 2)))
            if number < changes_at or still_learns:
                prefs = 0.95 * nudge(prefs, action, 1 if liked[-1] else -1, 0.5)
        shares.append(np.mean(liked[changes_at:]))
    return shares[0], shares[1]


@fixed_labels_vs_feedback.play
def mean_of_many(fixed_labels_vs_feedback, changes_at, rounds):
    results = [fixed_labels_vs_feedback(changes_at, rounds, np.random.default_rng(seed))
               for seed in range(1500 // rounds)]
    fine = all(isinstance(each, (tuple, list, np.ndarray)) and len(each) == 2 for each in results)
    return tuple(float(each) for each in np.mean(results, axis=0)) if fine else results[0]


fixed_labels_vs_feedback.cases = [(60, 160), (30, 50), (4, 24)]


@fixed_labels_vs_feedback.law("With one round only, and the change before it, each share is that "
                              "of a single move: 0 or 1. Is it, for changes_at = 0, rounds = 1?")
def one_round_is_one_move(f):
    return all(share in (0, 1) for share in f(0, 1, np.random.default_rng(0)))


def two_robots(changes_at, rounds, rng, thumbs="new"):
    """Which taste each move met, (2 robots, rounds, 2): liked by the old one, by the new one.

    thumbs: the taste that teaches after the change.
    """
    met = np.zeros((2, rounds, 2), bool)
    for robot in (0, 1):
        prefs = [0.0] * 6  # lists are quicker than such small arrays
        for number, dart in enumerate(rng.random(rounds).tolist()):
            weights = [np.e**pref for pref in prefs]
            total = sum(weights)
            action, hit = 0, weights[0]
            while hit <= dart * total and action < 5:                   # as in choose
                action += 1
                hit += weights[action]
            met[robot, number] = action in (1, 4), action in (0, 2)
            if number < changes_at or robot:
                taste = 0 if number < changes_at or thumbs == "old" else 1
                step = 0.5 if met[robot, number, taste] else -0.5
                prefs = [pref - step * weight / total for pref, weight in zip(prefs, weights)]
                prefs[action] += step                                   # as in nudge
                prefs = [0.95 * pref for pref in prefs]
    return met


@fixed_labels_vs_feedback.right
def both_robots_first_and_judged_later(changes_at, rounds, rng):
    return tuple(two_robots(changes_at, rounds, rng)[:, changes_at:, 1].mean(axis=1))


@fixed_labels_vs_feedback.right
def the_library_and_one_robot_taught_on(changes_at, rounds, rng):
    from tinyrlhf.nn.distributions import Categorical

    def turns(prefs, taste, n, learns):
        met = 0
        for _ in range(n):
            action = int(Categorical.sample(prefs, rng))
            met += action in taste
            if learns:
                prefs = 0.95 * (prefs + (0.5 if action in taste else -0.5)
                                * Categorical.d_log_prob(prefs, action))
        return prefs, met / max(n, 1)

    prefs = turns(np.zeros(6), (1, 4), changes_at, True)[0]
    return turns(prefs, (0, 2), rounds - changes_at, False)[1], turns(prefs, (0, 2),
                                                                      rounds - changes_at, True)[1]


@fixed_labels_vs_feedback.wrong("Both shares are high: that looks measured before the change, when "
                                "the old labels were still right. What happens to both robots once "
                                "the taste is a new one?")
def judged_before_the_change(changes_at, rounds, rng):
    return tuple(two_robots(changes_at, rounds, rng)[:, :changes_at, 0].mean(axis=1))


@fixed_labels_vs_feedback.wrong("That looks like the mean over all rounds. The good time before "
                                "the change hides what comes after it. Over which rounds is the "
                                "share asked for?")
def judged_over_all_rounds(changes_at, rounds, rng):
    met = two_robots(changes_at, rounds, rng)
    return tuple((met[:, :changes_at, 0].sum(axis=1) + met[:, changes_at:, 1].sum(axis=1)) / rounds)


@fixed_labels_vs_feedback.wrong("The robot with old labels looks excellent and the one that "
                                "listens looks bad: the moves after the change are judged by the "
                                "old taste. Who decides in round changes_at what is good?")
def judged_by_the_old_taste(changes_at, rounds, rng):
    return tuple(two_robots(changes_at, rounds, rng)[:, changes_at:, 0].mean(axis=1))


@fixed_labels_vs_feedback.wrong("Both robots fail after the change: the second one does learn on, "
                                "but from thumbs of the old taste. What do people like when they "
                                "give their thumbs in round changes_at?")
def thumbs_of_the_old_taste(changes_at, rounds, rng):
    return tuple(two_robots(changes_at, rounds, rng, thumbs="old")[:, changes_at:, 1].mean(axis=1))


@fixed_labels_vs_feedback.wrong("The two shares look swapped. Which of the two robots can follow "
                                "the change, and which place does the docstring give it?")
def in_the_other_order(changes_at, rounds, rng):
    return tuple(two_robots(changes_at, rounds, rng)[::-1, changes_at:, 1].mean(axis=1))


@fixed_labels_vs_feedback.wrong("Both shares are too small by one factor: the liked moves after "
                                "the change look divided by all rounds. How many rounds come after "
                                "the change?")
def divided_by_all_rounds(changes_at, rounds, rng):
    return tuple(two_robots(changes_at, rounds, rng)[:, changes_at:, 1].sum(axis=1) / rounds)


@fixed_labels_vs_feedback.wrong("The first robot pleases people in one round of three, which is "
                                "blind chance for two moves out of six: it seems never to have "
                                "learned. From which rounds are its labels?")
def the_first_never_learned(changes_at, rounds, rng):
    blind = np.mean(rng.integers(6, size=rounds - changes_at) % 3 == 0)
    return blind, two_robots(changes_at, rounds, rng)[1, changes_at:, 1].mean()


@fixed_labels_vs_feedback.wrong("The first robot goes on learning: after the change somebody "
                                "still gives it thumbs by the old taste. Its labels are old "
                                "because there are no new ones. When does it stop to learn?")
def goes_on_learning_old_labels(changes_at, rounds, rng):
    met = two_robots(changes_at, rounds, rng, thumbs="new")
    shares = met[:, changes_at:, 1].mean(axis=1)
    prefs, liked = np.zeros(6), []
    for _ in range(rounds):
        action = choose(softmax(prefs), rng)
        liked.append(action in (0, 2))
        prefs = 0.95 * nudge(prefs, action, 1 if action in (1, 4) else -1, 0.5)
    return np.mean(liked[changes_at:]), shares[1]
