"""Exercise 7.5, normalise: its solution, hints and usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise, near


@exercise("7.5", minutes=4, extra=True, hints=[
    "Votes fix neither the zero nor the unit of a score. Choose both once, on walks that stay the "
    "same, and keep them.",
    r"$\dfrac{s - \text{mean}(s_{\text{reference}})}{\text{std}(s_{\text{reference}})}$",
    "`return (scores - ...) / ...`, both from `reference`"])
def normalise(scores, reference):
    """Scores on a scale that stays: 0 is the mean of the reference walks, 1 is their standard
    deviation (np.std).

    scores: array (N,), raw scores of new walks, N may be 1. reference: array (R,), raw scores of
    the reference walks, by the same model. Returns an array (N,).

    Worked: reference walks with scores 1 and 3 have mean 2 and standard deviation 1, so
    normalise(np.array([3., 5.]), np.array([1., 3.])) is [1, 3].
    """
    return (scores - reference.mean()) / reference.std()


normalise.cases = [(np.array([3.0, 5.0]), np.array([1.0, 3.0])),
                   (np.array([4.0]), np.array([0.0, 1.0, 5.0])),
                   (np.array([-2.0, 0.0, 2.5, 7.0]), np.array([-1.0, 0.0, 4.0]))]


@normalise.law("Two models that differ by a constant give the same votes, and must give the same "
               "normalised scores. Do they?")
def a_constant_changes_nothing(f):
    new, reference = np.array([1.0, 4.0]), np.array([0.0, 2.0, 7.0])
    return near(f(new, reference), f(new + 10, reference + 10))


@normalise.right
def in_two_steps(scores, reference):
    centre = sum(reference) / len(reference)
    return (scores - centre) / np.sqrt(np.mean((reference - centre) ** 2))


@normalise.right
def walk_by_walk_normalised(scores, reference):
    from statistics import fmean, pstdev
    return np.array([(score - fmean(reference)) / pstdev(reference) for score in scores])


@normalise.wrong("It uses the mean and spread of the new walks themselves. Then every batch has "
                 "mean 0: while the robot improves, `0` silently moves along, and no progress is "
                 "ever seen. Whose mean stays the same?")
def by_its_own_batch(scores, reference):
    return (scores - scores.mean()) / scores.std()


@normalise.wrong("It mixes the new walks into the mean and the spread. Then the scale moves with "
                 "every batch. Which walks are the yardstick?")
def by_both(scores, reference):
    both = np.concatenate([scores, reference])
    return (scores - both.mean()) / both.std()


@normalise.wrong("The zero is right, but the unit is still the raw one. If the person were twice "
                 "as sure, all scores would double. What do you divide by?")
def only_shifted(scores, reference):
    return scores - reference.mean()


@normalise.wrong("The unit is right, but not the zero: the mean of the reference walks should "
                 "become 0. What is missing before the division?")
def only_scaled(scores, reference):
    return scores / reference.std()


@normalise.wrong("That is the standard deviation with R - 1 below the fraction line; here it is "
                 "the plain one, np.std(reference). How large is it for the scores 1 and 3?")
def with_ddof_one(scores, reference):
    return (scores - reference.mean()) / reference.std(ddof=1)


@normalise.wrong("Scores are stretched so that the worst reference walk is 0 and the best is 1. "
                 "Then two odd walks decide the scale. Which two numbers describe all reference "
                 "walks?")
def between_worst_and_best(scores, reference):
    return (scores - reference.min()) / np.ptp(reference)


@normalise.wrong("It divides by the variance, whose unit is a score squared. What is its root "
                 "called?")
def divided_by_the_variance(scores, reference):
    return (scores - reference.mean()) / reference.var()
