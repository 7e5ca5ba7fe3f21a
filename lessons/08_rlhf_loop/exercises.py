"""The exercises of lesson 08_rlhf_loop.

Each function says what it should return. Replace its `raise` line by your code,
and save; the verdict comes from

    tinyrlhf lesson watch 08
"""
from types import SimpleNamespace
import numpy as np


# 8.a, predict: six rounds, 25 comparisons each. Of the 300 walks that people compare, how many
# reach the goal?
predict_8_a = None

# 8.b, predict: on seed 0 the clone's walk is worth 1.24. What is a walk worth after 150 comparisons
# more, without a KL penalty?
predict_8_b = None


# 8.1, 5 minutes
def collect(play, n, rng):
    """n pairs of walks to be compared: all 2n played one after the other, the first of a pair
    before the second.

    play: function rng -> one walk, of whatever type; it draws all its luck from that generator. n:
    a whole number. rng: a numpy Generator. Returns a list of n tuples (first, second).

    Worked: if play draws a number from 0 to 99, collect(play, 2, np.random.default_rng(0)) is [(85,
    63), (51, 26)].
    """
    raise NotImplementedError("8.1")


# 8.2, 5 minutes
def ask(human, pairs):
    """Which walk of each pair does a person prefer?

    human: function (cells of the first walk, cells of the second) -> True if they like the first
    better. pairs: list of n tuples (first, second); a walk is a dict with "cells", the list of
    cells that it visited, and "reward", which the game keeps to itself. Returns an array (n,) of
    whole numbers: 0 where the first is preferred, 1 where the second is.

    Worked: a person who likes short walks is asked about cells [1, 2] and [1, 2, 3], then about [5,
    5, 5] and [5]: ask gives [0, 1], whatever the rewards are.
    """
    raise NotImplementedError("8.2")


# 8.3, 8 minutes
def rlhf_round(policy, votes, world):
    """One round of the loop: act, ask, fit, improve.

    policy: whatever world.play and world.improve understand. votes: list of (pair, said) of all
    earlier rounds, which the caller still needs as it is. world has the functions play(policy) -> a
    list of n pairs of walks; ask(pairs) -> n answers; fit(votes) -> a reward model, which says of a
    walk what it is worth; improve(policy, reward model) -> a better policy; and reward, the game's
    own, which also says of a walk what it is worth. Returns (policy, votes): the new policy, and
    all votes, old ones first.

    Worked: with a world in which walks and policies are numbers, rlhf_round(1, [((5, 6), 1)],
    world) asks about the pairs (1, 2) and (2, 3), gets 1 and 0, and returns the policy 8 and three
    votes.
    """
    raise NotImplementedError("8.3")


# 8.4, 7 minutes, extra
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
    raise NotImplementedError("8.4")


# 8.5, 10 minutes, extra
def train(robot, human, algorithm, converged, most_rounds):
    """The training loop of a robot with a person: until it has converged, or for most_rounds
    rounds.

    robot.act() -> some tries. human.give_feedback(tries) -> what a person says of them.
    algorithm.update(robot, tries, feedback) makes the robot better. human.compare(before, after) ->
    the share in which they prefer the tries `after`. converged: function of the list of all such
    shares so far -> True or False, looked at after each round. Returns how many rounds it took.

    Worked: with people who see no more difference in round 3, train(robot, human, algorithm,
    converged, 9) is 3. Then feedback was given 3 times, and tries were played 4 times.
    """
    raise NotImplementedError("8.5")
