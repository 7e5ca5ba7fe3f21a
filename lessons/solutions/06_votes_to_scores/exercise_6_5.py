"""Exercise 6.5, same_model: its solution, hints and usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise


@exercise("6.5", minutes=4, extra=True, hints=[
    "The model sees only differences. What can you do to all scores at once without changing any "
    "difference?",
    "first[i] - first[j] = second[i] - second[j] for all i and j says the same as: first[i] - "
    "second[i] is one number for all i.",
    "`gap = first - second`"])
def same_model(first, second):
    """Do two lists of scores predict the same votes? True if they differ by one constant, up to
    1e-6.

    first, second: arrays (n,). Returns True or False.

    Worked: same_model(np.array([3., 1.]), np.array([0., -2.])) is True: both say that the first
    item leads by 2.
    """
    gap = first - second
    return bool(np.ptp(gap) <= 1e-6)


same_model.cases = [(np.array([3.0, 1.0]), np.array([0.0, -2.0])),
                    (np.array([1.0, 2.0, 4.0]), np.array([1.0, 2.0, 4.0])),
                    (np.array([1.0, 2.0, 4.0]), np.array([2.0, 4.0, 8.0])),
                    (np.array([1.0, 2.0, 3.0]), np.array([0.0, 5.0, 6.0])),
                    (np.array([1000.005, 1000.0]), np.zeros(2)),
                    (np.array([1.0, 2.0, 3.0]), np.array([3.0, 2.0, 1.0])),
                    (np.array([0.1, 0.2, 0.3]), np.array([0.8, 0.9, 1.0])),
                    (np.array([1.0, 2.0, 4.0, 4.0]), np.array([0.0, 1.0, 9.0, 3.0])),
                    (np.array([1.0, 5.0, 2.0]), np.array([0.0, 7.0, 1.0]))]


@same_model.right
def all_differences(first, second):
    return np.allclose(first[:, None] - first, second[:, None] - second, atol=1e-6)


@same_model.right
def centred(first, second):
    return bool(np.all(np.abs((first - first.mean()) - (second - second.mean())) < 1e-6))


@same_model.wrong("It asks whether the numbers are equal. A score of 3 says nothing by itself: (3, "
                  "1) and (0, -2) predict the same votes. What is left of the scores in pref_prob?")
def equal_numbers(first, second):
    return bool(np.allclose(first, second))


@same_model.wrong("It lets large scores differ by more: np.allclose also allows a share of the "
                  "size. The 1e-6 is absolute. What is rtol for?")
def close_for_its_size(first, second):
    gap = first - second
    return bool(np.allclose(gap, gap[0], atol=1e-6))


@same_model.wrong("It asks whether the order is the same. A lead of 1 and a lead of 5 have the "
                  "same order but predict 73 % and 99 %. What else must agree?")
def same_order(first, second):
    return bool(np.array_equal(np.argsort(first), np.argsort(second)))


@same_model.wrong("Equal but for rounding should be True: 0.1 + 0.7 and 0.8 differ in the last "
                  "digit. How close is close enough?")
def no_rounding_allowed(first, second):
    return bool(np.ptp(first - second) == 0)


@same_model.wrong("It lets scores be stretched. Doubling all scores keeps their ratios but makes "
                  "the voters twice as sure. Which change of all scores keeps every difference?")
def stretched(first, second):
    return bool(np.corrcoef(first, second)[0, 1] > 1 - 1e-9)


@same_model.wrong("It compares the first two items only. Which other differences are there?")
def first_two_only(first, second):
    return bool(abs((first[0] - first[1]) - (second[0] - second[1])) <= 1e-6)
