"""Exercise 8.1, collect: its solution, hints and usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise


@exercise("8.1", minutes=5, hints=[
    "Each pair needs two walks, and each walk is played anew. All luck comes from the one "
    "generator that you are given: hand it on, and it never gives the same numbers twice.",
    "n pairs are 2n calls of `play(rng)`.",
    "`return [(play(rng), ...) for _ in range(n)]`"])
def collect(play, n, rng):
    """n pairs of walks to be compared: all 2n played one after the other, the first of a pair
    before the second.

    play: function rng -> one walk, of whatever type; it draws all its luck from that generator. n:
    a whole number. rng: a numpy Generator. Returns a list of n tuples (first, second).

    Worked: if play draws a number from 0 to 99, collect(play, 2, np.random.default_rng(0)) is [(85,
    63), (51, 26)].
    """
    return [(play(rng), play(rng)) for _ in range(n)]


def number(rng):
    return int(rng.integers(100))


@collect.play
def with_the_same_luck(collect, play, n):
    return collect(play, n, np.random.default_rng(0))


collect.cases = [(number, 2), (number, 5), (lambda rng: int(rng.integers(2, 7)), 3), (number, 0)]


@collect.law("Two of 200 pairs drawn from a million walks should hardly ever begin with the same "
             "walk. Do they differ?")
def walks_differ(f):
    pairs = f(lambda rng: int(rng.integers(10**9)), 200, np.random.default_rng(1))
    return len(pairs) == 200 and len({walk for pair in pairs for walk in pair}) == 400


@collect.right
def one_by_one(play, n, rng):
    walks = [play(rng) for _ in range(2 * n)]
    return list(zip(walks[::2], walks[1::2]))


@collect.right
def in_a_loop(play, n, rng):
    pairs = []
    while len(pairs) < n:
        first = play(rng)
        pairs.append((first, play(rng)))
    return pairs


@collect.wrong("Both walks of a pair are the same: it was played once and shown twice, or twice "
               "with equal luck. Nobody can prefer one of them, and no vote says anything. How "
               "often is play called for one pair?")
def shown_twice(play, n, rng):
    walks = [play(rng) for _ in range(n)]
    return [(walk, walk) for walk in walks]


@collect.wrong("Every walk begins with a generator made anew, so all have the same luck and all "
               "pairs are identical. Which generator were you given?")
def a_new_generator_each_time(play, n, rng):
    return [(play(np.random.default_rng(0)), play(np.random.default_rng(0))) for _ in range(n)]


@collect.wrong("There are n walks, not n pairs: each stands in two pairs, next to its neighbours. "
               "Then one odd walk spoils two answers. How many walks do n pairs need?")
def neighbours(play, n, rng):
    walks = [play(rng) for _ in range(n + 1)]
    return list(zip(walks, walks[1:]))


@collect.wrong("The first half of all walks stands against the second half. As pairs they are as "
               "good, but the order was to be: first of a pair, second of a pair, next pair. What "
               "does play(rng) return the second time?")
def halves(play, n, rng):
    walks = [play(rng) for _ in range(2 * n)]
    return list(zip(walks[:n], walks[n:]))


@collect.wrong("Python evaluates the second walk of each pair before the first here. Which of the "
               "two is played first?")
def second_first(play, n, rng):
    return [pair[::-1] for pair in collect(play, n, rng)]


@collect.wrong("That is one long list of walks. Who is asked needs to know which two belong "
               "together. Where are the pairs?")
def no_pairs(play, n, rng):
    return [play(rng) for _ in range(2 * n)]
