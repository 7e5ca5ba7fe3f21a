"""Exercises of lesson 1, the loop: solutions, hints, usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise


# ---- 1.1

@exercise("1.1", minutes=5, hints=[
    "Make every number positive with exp(), then divide by the sum, so that they add up to 1. "
    "Subtracting one number from all of them first changes nothing in the result. Which number makes it safe?",
    "probs[a] = exp(prefs[a] - max) / sum over b of exp(prefs[b] - max), with max the largest preference.",
    "`weights = np.exp(prefs - prefs.max())`"])
def softmax(prefs):
    """From preferences to chances: positive, adding up to 1, larger where the preference is larger.

    prefs: array (A,), one number of any size for each of A moves, also 1000 or -1000. Returns an array (A,).

    Worked: e to the power log(3) = 1.0986 is 3, so softmax(np.array([0., 1.0986])) is [0.25, 0.75], as 1 is to 3.
    """
    weights = np.exp(prefs - prefs.max())
    return weights / weights.sum()


softmax.cases = [(np.array([0.0, np.log(3)]),), (np.array([0.5, -1.0, 2.0]),), (np.zeros(5),),
                 (np.array([1000.0, 1001.0, 0.0]),), (np.array([-1000.0, -1000.0]),)]


@softmax.law("Adding 5 to every preference must not change any chance: only differences count. Does it, in yours?")
def shifting_changes_nothing(f):
    prefs = np.array([0.5, -1.0, 2.0])
    return np.allclose(f(prefs + 5), f(prefs))


@softmax.right
def by_the_library(prefs):
    from tinyrlhf import numerics
    return numerics.softmax(prefs)


@softmax.right
def by_logarithms(prefs):
    return np.exp(prefs - np.logaddexp.reduce(prefs))


OVERFLOW = ("It is right for small preferences, but exp(1000) is too large for a computer, and exp(-1000) is 0. Which "
            "number can you subtract from all preferences, without changing the result, so that the largest becomes 0?")


@softmax.wrong(OVERFLOW)
def overflows(prefs):
    return np.exp(prefs) / np.exp(prefs).sum()


@softmax.wrong(OVERFLOW)
def overflows_with_an_error(prefs):
    import math
    weights = np.array([math.exp(each) for each in prefs])
    return weights / weights.sum()


@softmax.wrong("The largest chance is always 1, so together they are more than 1: that looks divided by the largest "
               "weight. By what must you divide so that all chances add up to 1?")
def divided_by_the_largest(prefs):
    weights = np.exp(prefs - prefs.max())
    return weights / weights.max()


@softmax.wrong("That looks like the share prefs / sum of prefs. Preferences may be negative or 0, so they have no "
               "shares. What turns any number into a positive one, and keeps the order?")
def shares(prefs):
    return prefs / prefs.sum()


@softmax.wrong("The favourite gets the smallest chance: the sign looks reversed. Should a larger preference be "
               "likelier, or less?")
def reversed_sign(prefs):
    return softmax(-prefs)


# ---- 1.2

@exercise("1.2", minutes=4, tolerance=0.04, hints=[
    "Imagine a stick of length 1, cut into pieces as long as the chances. Throw a dart at it. Which piece did it hit?",
    "The index of the first move whose chance, added to those of all moves before it, exceeds a uniform number u; or "
    "rng.choice with p=.",
    "`u = rng.random()`, then compare it with np.cumsum(probs)"])
def choose(probs, rng):
    """Draw one of A moves: move a with the chance probs[a]. Returns its index, a whole number from 0 to A-1.

    probs: array (A,), adding up to 1. rng: a np.random.Generator; take all randomness from it.

    Worked: choose(np.array([0., 1.]), rng) is 1, every time; with [0.2, 0.5, 0.3] it is 1 about every other time.
    """
    return int(rng.choice(len(probs), p=probs))


@choose.play
def how_often(choose, probs, draws):
    """The share of each move in many draws; where one move is certain, a draw that is not that move, if there is one.
    """
    rng = np.random.default_rng(1)
    picked = [choose(probs, rng) for _ in range(draws)]
    odd = [each for each in picked if np.ndim(each) or np.asarray(each).dtype.kind not in "iu"]
    if odd or probs.max() == 1:
        return next((each for each in odd or picked if odd or each != probs.argmax()), picked[0])
    return np.bincount(np.clip(picked, 0, len(probs) - 1), minlength=len(probs)) / draws


choose.cases = [(np.array([0.0, 1.0]), 50), (np.array([0.2, 0.5, 0.3]), 2000),
                (np.array([0.6, 0.0, 0.1, 0.3]), 2000), (np.array([1.0]), 5)]


@choose.law("Generators in the same state must give the same moves, and move on. Is every random number from `rng`?")
def uses_the_given_rng(f):
    probs, (one, other) = np.full(4, 0.25), [np.random.default_rng(7) for _ in range(2)]
    draws = [f(probs, one) for _ in range(40)]
    return draws == [f(probs, other) for _ in range(40)] and len(set(draws)) > 1


@choose.right
def by_a_dart(probs, rng):
    return min(int((np.cumsum(probs) <= rng.random()).sum()), len(probs) - 1)


@choose.right
def by_the_categorical(probs, rng):
    from tinyrlhf.nn.distributions import Categorical
    with np.errstate(divide="ignore"):
        return int(Categorical.sample(np.log(probs), rng))


@choose.wrong("It always picks the likeliest move. That is not drawing: a robot that never tries the others can never "
              "learn that you like one of them. How often should a move with chance 0.3 come?")
def the_likeliest(probs, rng):
    return int(np.argmax(probs))


@choose.wrong("All moves come equally often, as if nothing had been learned; even one with chance 0 comes. "
              "Where do the chances `probs` enter?")
def ignores_the_chances(probs, rng):
    return int(rng.integers(len(probs)))


@choose.wrong("It counts the moves from 1, as people do; Python counts from 0. Which index has the last of two moves?")
def counted_from_one(probs, rng):
    return int(rng.choice(len(probs), p=probs)) + 1


OWN_RNG = np.random.default_rng()


@choose.wrong("The frequencies are right, but the dice are not those of `rng`: run twice with the same seed, and you "
              "get two different dances. Which random numbers does your function use?")
def dice_of_its_own(probs, rng):
    return int(OWN_RNG.choice(len(probs), p=probs))


# ---- 1.3

@exercise("1.3", minutes=7, hints=[
    "A thumb up makes the chosen move more likely. Chances add up to 1, so the others together must become less "
    "likely: the preference of each falls in proportion to its chance.",
    "new prefs[b] = prefs[b] + lr * thumb * ((1 if b is the action, else 0) - probs[b]), with probs = softmax(prefs), "
    "for every b.",
    "`slope = -softmax(prefs)`, then add 1 at one place"])
def nudge(prefs, action, thumb, lr):
    """New preferences after a thumb: a step of lr * thumb along the slope of log(chance of the action).

    prefs: array (A,). action: index of the move that was made. thumb: +1 like, -1 dislike, or anything between. lr: how
    far to go, above 0. Returns a new array (A,); prefs itself stays as it was.

    Worked: both chances are 1/2, so nudge(np.array([0., 0.]), 0, 1, 0.5) is [0.25, -0.25]; with thumb -1 it is [-0.25,
    0.25].
    """
    slope = -softmax(prefs)
    slope[action] += 1
    return prefs + lr * thumb * slope


nudge.cases = [(np.zeros(2), 0, 1, 0.5), (np.zeros(2), 0, -1, 0.5), (np.array([0.5, -1.0, 2.0]), 1, 1, 0.2),
               (np.array([0.5, -1.0, 2.0]), 2, -1, 0.3),
               (np.array([0.3, 0.0, -0.4, 1.0, 0.1]), 4, 0.25, 1.0), (np.array([1.0, 2.0]), 1, 0, 0.5)]


@nudge.law("The preferences must keep their sum: what the chosen move gains, the others lose. Do yours?")
def keeps_the_sum(f):
    prefs = np.array([0.5, -1.0, 2.0])
    return abs(f(prefs, 1, 1, 0.2).sum() - prefs.sum()) < 1e-9


@nudge.law("After a thumb up the chance of the move must be larger than before, and after a thumb down smaller. Is it?")
def up_is_up_and_down_is_down(f):
    prefs = np.array([0.5, -1.0, 2.0])
    up, same, down = (softmax(each)[1] for each in (f(prefs, 1, 1, 0.2), prefs, f(prefs, 1, -1, 0.2)))
    return up > same > down


@nudge.right
def by_its_slope(prefs, action, thumb, lr):
    from tinyrlhf.nn.distributions import Categorical
    return prefs + lr * thumb * Categorical.d_log_prob(prefs, action)


@nudge.right
def by_differences(prefs, action, thumb, lr):
    steps = 1e-5 * np.eye(len(prefs))
    slope = [(np.log(softmax(prefs + step)[action]) - np.log(softmax(prefs - step)[action])) / 2e-5 for step in steps]
    return prefs + lr * thumb * np.array(slope)


@nudge.wrong("Only the preference of the chosen move changes. The slope of log(chance) is not zero for the others: "
             "each of them has a share in the sum. By how much should they go the other way?")
def only_the_chosen(prefs, action, thumb, lr):
    new = prefs.copy()
    new[action] += lr * thumb * (1 - softmax(prefs)[action])
    return new


@nudge.wrong("It adds lr * thumb to the chosen move and nothing else, however likely that move was. An expected move "
             "should teach little. Where do the chances enter?")
def a_fixed_step(prefs, action, thumb, lr):
    new = prefs.copy()
    new[action] += lr * thumb
    return new


@nudge.wrong("A thumb down makes the move more likely, just as a thumb up does: the sign of the thumb looks lost. "
             "What should happen at -1?")
def sign_ignored(prefs, action, thumb, lr):
    return nudge(prefs, action, abs(thumb), lr)


@nudge.wrong("Everything goes the wrong way: what is liked becomes less likely. "
             "Is the slope probs minus one-hot, instead of one-hot minus probs?")
def reversed_slope(prefs, action, thumb, lr):
    return nudge(prefs, action, -thumb, lr)


@nudge.wrong("That looks like the slope of the chance, not of its logarithm: a rare move then hardly moves, however "
             "much it is liked. By which factor is yours too small?")
def slope_of_the_chance(prefs, action, thumb, lr):
    return nudge(prefs, action, thumb, lr * softmax(prefs)[action])


# ---- 1.4

@exercise("1.4", minutes=9, tolerance=0.06, extra=True, hints=[
    "Run the loop twice, each time from preferences 0. The two differ in one `if` only: whether the robot still learns "
    "after the change. Judge both after the change, by the new taste.",
    "Each round: action = choose(softmax(prefs), rng); thumb = 1 if action is liked now, else -1; if it still learns, "
    "prefs = 0.95 * nudge(prefs, action, thumb, 0.5). Share = liked moves after the change / rounds after the change.",
    "`for still_learns in (False, True):`, and inside `for number in range(rounds):`"])
def fixed_labels_vs_feedback(changes_at, rounds, rng):
    """How often do two robots please people after the taste has changed? Returns (share with old labels, share with
    feedback).

    In rounds 0 to changes_at - 1 people like moves 1 and 4, from round changes_at on moves 0 and 2. Both robots have
    six moves, begin with preferences 0, act in every round, and learn from thumbs (1 or -1, no slips) by prefs = 0.95 *
    nudge(prefs, action, thumb, 0.5). The first learns before the change only: its labels are old. The second goes on
    learning. changes_at, rounds: whole numbers, changes_at < rounds. rng: a np.random.Generator. A share is the number
    of liked moves divided by the number of rounds, over rounds changes_at to rounds - 1. Returns a tuple of two
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
    results = [fixed_labels_vs_feedback(changes_at, rounds, np.random.default_rng(seed)) for seed in range(12)]
    fine = all(isinstance(each, (tuple, list, np.ndarray)) and len(each) == 2 for each in results)
    return tuple(float(each) for each in np.mean(results, axis=0)) if fine else results[0]


fixed_labels_vs_feedback.cases = [(60, 160), (60, 100)]


def two_robots(changes_at, rounds, rng, thumbs="new"):
    """Which taste each move met, (2 robots, rounds, 2): liked by the old one, by the new one.

    thumbs: the taste that teaches after the change.
    """
    met = np.zeros((2, rounds, 2), bool)
    for robot in (0, 1):
        prefs = [0.0] * 6                                               # lists are quicker than such small arrays
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
                prefs = 0.95 * (prefs + (0.5 if action in taste else -0.5) * Categorical.d_log_prob(prefs, action))
        return prefs, met / max(n, 1)

    prefs = turns(np.zeros(6), (1, 4), changes_at, True)[0]
    return turns(prefs, (0, 2), rounds - changes_at, False)[1], turns(prefs, (0, 2), rounds - changes_at, True)[1]


@fixed_labels_vs_feedback.wrong("Both shares are high: that looks measured before the change, when the old labels were "
                                "still right. What happens to both robots once the taste is a new one?")
def judged_before_the_change(changes_at, rounds, rng):
    return tuple(two_robots(changes_at, rounds, rng)[:, :changes_at, 0].mean(axis=1))


@fixed_labels_vs_feedback.wrong("That looks like the mean over all rounds. The good time before the change hides what "
                                "comes after it. Over which rounds is the share asked for?")
def judged_over_all_rounds(changes_at, rounds, rng):
    met = two_robots(changes_at, rounds, rng)
    return tuple((met[:, :changes_at, 0].sum(axis=1) + met[:, changes_at:, 1].sum(axis=1)) / rounds)


@fixed_labels_vs_feedback.wrong("The robot with old labels looks excellent and the one that listens looks bad: the "
                                "moves after the change are judged by the old taste. Who decides in round changes_at "
                                "what is good?")
def judged_by_the_old_taste(changes_at, rounds, rng):
    return tuple(two_robots(changes_at, rounds, rng)[:, changes_at:, 0].mean(axis=1))


@fixed_labels_vs_feedback.wrong("Both robots fail after the change: the second one does learn on, but from thumbs of "
                                "the old taste. What do people like when they give their thumbs in round changes_at?")
def thumbs_of_the_old_taste(changes_at, rounds, rng):
    return tuple(two_robots(changes_at, rounds, rng, thumbs="old")[:, changes_at:, 1].mean(axis=1))


@fixed_labels_vs_feedback.wrong("The two shares look swapped. Which of the two robots can follow the change, "
                                "and which place does the docstring give it?")
def in_the_other_order(changes_at, rounds, rng):
    return tuple(two_robots(changes_at, rounds, rng)[::-1, changes_at:, 1].mean(axis=1))


@fixed_labels_vs_feedback.wrong("Both shares are too small by one factor: the liked moves after the change look "
                                "divided by all rounds. How many rounds come after the change?")
def divided_by_all_rounds(changes_at, rounds, rng):
    return tuple(two_robots(changes_at, rounds, rng)[:, changes_at:, 1].sum(axis=1) / rounds)


@fixed_labels_vs_feedback.wrong("The first robot pleases people in one round of three, which is blind chance for two "
                                "moves out of six: it seems never to have learned. From which rounds are its labels?")
def the_first_never_learned(changes_at, rounds, rng):
    blind = np.mean(rng.integers(6, size=rounds - changes_at) % 3 == 0)
    return blind, two_robots(changes_at, rounds, rng)[1, changes_at:, 1].mean()
