"""Exercise 12.4, conservative: its solution, hints and usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise, near


@exercise("12.4", minutes=6, extra=True, hints=[
    "Bring all members to one scale first, since votes fix neither the zero nor the unit of a "
    "score. Then believe the one that likes the word least.",
    r"$\min_m \dfrac{s_m(x) - "
    r"\text{mean}(s_m(\text{reference}))}{\text{std}(s_m(\text{reference}))}$",
    "`usual = np.stack([member(reference) for member in ensemble])`, which is (M, R)"])
def conservative(ensemble, x, reference):
    """A cautious score: that of the member of an ensemble which likes the word least.

    ensemble: list of M functions, each takes features (B, F) and returns scores (B,). x: array (B,
    F), the words to be scored. reference: array (R, F), ordinary words. Each member's scores are
    first brought to one scale: minus its mean, divided by its standard deviation (np.std), both
    over the reference words. Then the lowest member counts, word by word. Returns an array (B,).

    Worked: with reference = [[0.], [2.]], one member that returns x[:, 0] and one that returns 10 -
    x[:, 0] have the mean 1 and 9 and the standard deviation 1. At x = [[1.], [4.]] they say [0, 3]
    and [0, -3], so conservative returns [0, -3].
    """
    usual = np.stack([member(reference) for member in ensemble])
    scores = np.stack([member(x) for member in ensemble])
    return ((scores - usual.mean(axis=1, keepdims=True))
            / usual.std(axis=1, keepdims=True)).min(axis=0)


def member(weights, zero=0.0):
    return lambda features: features @ np.asarray(weights, float) + zero


WORDS = np.array([[0.0, 1, 2], [1, 1, 0], [2, 0, 1], [1, 3, 1], [0, 0, 1]])
conservative.cases = [([member([1.0]), member([-1.0], 10.0)], np.array([[1.0], [4.0]]),
                       np.array([[0.0], [2.0]])),
                      ([member([1, 0.5, 0], 3), member([0.2, 1, 0.4], -8), member([4, -1, 2], 100)],
                       np.array([[0.0, 5, 0], [5, 0, 0], [1, 1, 1], [0, 0, 6]]), WORDS),
                      ([member([1, 1, 1], 50), member([0.1, 0.3, 0.1], 50)],
                       np.array([[2.0, 2, 2], [0, 0, 0], [9, 0, 0]]), WORDS),
                      ([member([1, 0, 2], 1)], np.array([[3.0, 1, 1]]), WORDS)]


@conservative.law("A constant added to all scores of one member changes no vote, so it must not "
                  "change the answer. Does it?")
def zeros_do_not_matter(f):
    x = np.array([[1.0, 0, 3], [0, 2, 0]])
    plain, shifted = ([member([1, 0, 1]), member([0, 1, 0.5], zero)] for zero in (0.0, 20.0))
    return near(f(plain, x, WORDS), f(shifted, x, WORDS))


@conservative.right
def word_by_word(ensemble, x, reference):
    def marks(member):
        usual = member(reference)
        return [(score - usual.mean()) / usual.std() for score in member(x)]

    return np.array([min(column) for column in zip(*map(marks, ensemble))])


@conservative.right
def one_after_the_other(ensemble, x, reference):
    lowest = np.full(len(x), np.inf)
    for each in ensemble:
        usual = each(reference)
        lowest = np.minimum(lowest, (each(x) - np.mean(usual)) / np.std(usual))
    return lowest


def combined(ensemble, x, reference, join=np.min, shift=True, scale=True, axis=0, yardstick=None):
    """The solution with switches, from which the wrong versions are made."""
    scores, usual = (np.stack([each(features) for each in ensemble]) for features in (x, reference))
    usual = scores if yardstick == "x" else usual
    zero = usual.mean(axis=1, keepdims=True) if shift else 0.0
    return join((scores - zero) / (usual.std(axis=1, keepdims=True) if scale else 1.0), axis=axis)


MEAN = ("That is the mean of the members. One member in love with a word carries the others along: "
        "a mean is not caution. Whose word counts for somebody cautious?")


@conservative.wrong(MEAN)
def mean_is_not_caution(ensemble, x, reference):
    return combined(ensemble, x, reference, np.mean)


@conservative.wrong(MEAN)
def mean_of_raw_scores(ensemble, x, reference):
    return combined(ensemble, x, reference, np.mean, shift=False, scale=False)


@conservative.wrong("That is the highest of the members: the boldest believes what anybody "
                    "promises. Which one do you believe when you are cautious?")
def the_boldest(ensemble, x, reference):
    return combined(ensemble, x, reference, np.max)


@conservative.wrong("That is the median of the members. If most of them are fooled, so is it. "
                    "Which member is the most cautious?")
def the_median(ensemble, x, reference):
    return combined(ensemble, x, reference, np.median)


@conservative.wrong("That is the mean minus the standard deviation. It is another kind of caution, "
                    "and a good one, but here the lowest member is asked for. Which function picks "
                    "it?")
def mean_minus_spread(ensemble, x, reference):
    def careful_mean(scores, axis):
        return scores.mean(axis=axis) - scores.std(axis=axis)

    return combined(ensemble, x, reference, careful_mean)


@conservative.wrong("The raw scores are compared. Each member has its own zero, and the one with "
                    "the lowest zero always wins, whatever it thinks. What have they to be minus, "
                    "and divided by?")
def raw_scores(ensemble, x, reference):
    return combined(ensemble, x, reference, shift=False, scale=False)


@conservative.wrong("The zeros are right, but the units are still the members' own: one that is "
                    "twice as sure has scores twice as large. What do you divide by?")
def only_shifted(ensemble, x, reference):
    return combined(ensemble, x, reference, scale=False)


@conservative.wrong("The units are right, but not the zeros: each member's mean over the reference "
                    "words should become 0. What is missing before the division?")
def only_scaled(ensemble, x, reference):
    return combined(ensemble, x, reference, shift=False)


@conservative.wrong("All members share one zero and one unit. Each has its own: over which axis is "
                    "the mean?")
def one_scale_for_all(ensemble, x, reference):
    usual = np.stack([each(reference) for each in ensemble])
    return ((np.stack([each(x) for each in ensemble]) - usual.mean()) / usual.std()).min(axis=0)


@conservative.wrong("That is the standard deviation with R - 1 below the fraction line; here it is "
                    "the plain one, np.std. How large is it for the scores 0 and 2?")
def with_ddof_one(ensemble, x, reference):
    r = len(reference)
    return combined(ensemble, x, reference) * np.sqrt((r - 1) / r)


@conservative.wrong("It uses the mean and spread of the new words themselves. Then a batch of "
                    "nothing but hacks looks ordinary. Which words stay the same for ever?")
def by_its_own_batch(ensemble, x, reference):
    return combined(ensemble, x, reference, yardstick="x")


@conservative.wrong("There is one number for each member: the lowest over the words. The lowest "
                    "over the *members* is asked for, for each word. Over which axis is the "
                    "minimum taken?")
def lowest_word(ensemble, x, reference):
    return combined(ensemble, x, reference, axis=1)


@conservative.wrong("There is one number for everything. A score for each word is asked for. Over "
                    "which axis is the minimum taken?")
def one_for_all(ensemble, x, reference):
    return float(combined(ensemble, x, reference).min())
