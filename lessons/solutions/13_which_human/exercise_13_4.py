"""Exercise 13.4, swap_order_check: its solution, hints and usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise, near


@exercise("13.4", minutes=5, extra=True, hints=[
    "Ask about each pair twice, once in each order. The answer is a place, not a thing: what does "
    "the same place mean when the order was swapped?",
    "The same thing was preferred if the two answers differ: 0 then 1, or 1 then 0. 0 and 0 is "
    "twice the first place.",
    "`said = np.array([(human(a, b), human(b, a)) for a, b in pairs])`"])
def swap_order_check(human, pairs):
    """Does somebody prefer a thing, or a place? Ask about every pair twice, in both orders.

    human: a function of two things, the one that is shown first and the one that is shown second;
    it returns 0 if the first shown is preferred, else 1. pairs: array (N, 2) of things, which are
    numbers. Returns three shares of the pairs: those in which the same thing was preferred both
    times, twice the first shown, twice the second shown.

    Worked: somebody who always takes the first, on pairs [[1, 2], [5, 3]]: swap_order_check is (0,
    1, 0).
    """
    said = np.array([(human(first, second), human(second, first)) for first, second in pairs])
    return np.mean(said[:, 0] != said[:, 1]), np.mean(said.sum(axis=1)
                                                      == 0), np.mean(said.sum(axis=1) == 2)


def always_the_first(first, second):
    return 0


def the_larger(first, second):
    return int(second > first)


def the_first_unless_much_smaller(first, second):
    return int(second > first + 2)


def the_second_when_odd(first, second):
    return int(first % 2 == 1 or second > first)


FIVE = np.array([[1, 2], [5, 3], [7, 1], [4, 5], [2, 6]])
swap_order_check.cases = [(always_the_first, np.array([[1, 2], [5, 3]])), (the_larger, FIVE),
                          (the_first_unless_much_smaller, FIVE), (the_second_when_odd, FIVE),
                          (the_second_when_odd, FIVE[:3])]


@swap_order_check.law("Somebody who always prefers the larger number does not care for places: (1, "
                      "0, 0). Is it?")
def who_prefers_a_thing_has_no_place(f):
    return near(f(the_larger, FIVE), (1, 0, 0))


@swap_order_check.law("Every pair is of one of the three kinds, so the shares must add up to 1. Do "
                      "they?")
def shares_add_up(f):
    return abs(sum(f(the_second_when_odd, FIVE)) - 1) < 1e-5


@swap_order_check.right
def pair_by_pair(human, pairs):
    same = first = second = 0
    for one, other in pairs:
        liked = (one, other)[human(one, other)]
        liked_swapped = (other, one)[human(other, one)]
        same += liked == liked_swapped
        first += liked == one and liked_swapped == other
        second += liked == other and liked_swapped == one
    return same / len(pairs), first / len(pairs), second / len(pairs)


@swap_order_check.right
def by_sums(human, pairs):
    sums = [human(one, other) + human(other, one) for one, other in pairs]
    return tuple(np.bincount(sums, minlength=3)[[1, 0, 2]] / len(pairs))


def answers_to(human, pairs, swap=True):
    return np.array([(human(one, other), human(other, one) if swap else human(one, other))
                     for one, other in pairs])


def shares(same, first, second):
    return np.mean(same), np.mean(first), np.mean(second)


@swap_order_check.wrong("Somebody who always takes the first place counts as if they preferred the "
                        "same thing. An answer is a place: when the order was swapped, the same "
                        "place is the other thing. Which two answers name the same thing?")
def first_place_taken_for_preferred(human, pairs):
    said = answers_to(human, pairs)
    return shares(said[:, 0] == said[:, 1], said[:, 0] < said[:, 1], said[:, 0] > said[:, 1])


@swap_order_check.wrong("The shares add up to more than 1: equal answers count as the same thing, "
                        "and again as a place. If both answers are 0, was it the same thing?")
def equal_answers_counted_twice(human, pairs):
    said = answers_to(human, pairs)
    return shares(said[:, 0] == said[:, 1], said.sum(axis=1) == 0, said.sum(axis=1) == 2)


@swap_order_check.wrong("It looks as if the same order was asked twice. That shows whether people "
                        "waver, not whether they prefer a place. What should be shown first the "
                        "second time?")
def the_same_order_twice(human, pairs):
    said = answers_to(human, pairs, swap=False)
    return shares(said[:, 0] == said[:, 1], said.sum(axis=1) == 0, said.sum(axis=1) == 2)


@swap_order_check.wrong("It looks as if each pair was asked once, and every first place counted. "
                        "The better thing may just have stood there. How can you tell the thing "
                        "from the place?")
def asked_once(human, pairs):
    said = answers_to(human, pairs)[:, 0]
    return shares(said != said, said == 0, said == 1)


@swap_order_check.wrong("All answers `first` are counted, also those of people who stay with the "
                        "same thing: of their two answers one is always `first`. Which pairs got "
                        "`first` twice?")
def answers_instead_of_pairs(human, pairs):
    said = answers_to(human, pairs)
    return shares(said[:, 0] != said[:, 1], said == 0, said == 1)


@swap_order_check.wrong("First and second look swapped. Which place does the answer 0 name?")
def places_swapped(human, pairs):
    same, first, second = swap_order_check(human, pairs)
    return same, second, first


@swap_order_check.wrong("Those are numbers of pairs, not shares. By what must they be divided?")
def numbers_of_pairs(human, pairs):
    return tuple(len(pairs) * share for share in swap_order_check(human, pairs))
