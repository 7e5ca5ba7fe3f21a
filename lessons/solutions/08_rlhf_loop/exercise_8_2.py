"""Exercise 8.2, ask: its solution, hints and usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise


@exercise("8.2", minutes=5, hints=[
    "People see what happened. They do not see a number, and neither do you: the answer is what "
    "they say.",
    'A walk is a dict; what can be seen of it is `walk["cells"]`. human(first, second) is True or '
    'False.',
    '`said = [human(first["cells"], second["cells"]) for first, second in pairs]`, then 0 where '
    'True'])
def ask(human, pairs):
    """Which walk of each pair does a person prefer?

    human: function (cells of the first walk, cells of the second) -> True if they like the first
    better. pairs: list of n tuples (first, second); a walk is a dict with "cells", the list of
    cells that it visited, and "reward", which the game keeps to itself. Returns an array (n,) of
    whole numbers: 0 where the first is preferred, 1 where the second is.

    Worked: a person who likes short walks is asked about cells [1, 2] and [1, 2, 3], then about [5,
    5, 5] and [5]: ask gives [0, 1], whatever the rewards are.
    """
    return np.array([0 if human(first["cells"], second["cells"]) else 1 for first, second in pairs],
                    int)


def likes_short(first, second):
    return len(first) < len(second)


def minds_seven(first, second):
    return list(first).count(7) < list(second).count(7)


def walk(cells, reward):
    return {"cells": cells, "reward": reward}


ask.cases = [(likes_short,
              [(walk([1, 2], 0.0), walk([1, 2, 3], 5.0)), (walk([5, 5, 5], 2.0), walk([5], 1.0))]),
             (minds_seven,
              [(walk([7, 7, 1], 9.0), walk([7], 1.0)), (walk([3], 1.0), walk([7, 1], 3.0)),
               (walk([7], 0.0), walk([2, 2], 0.5))]),
             (minds_seven,
              [(walk([7, 2], 1.0), walk([2, 7], 4.0)), (walk([1], 0.0), walk([7, 7], 2.0))])]


@ask.law("Two people of opposite taste must get opposite answers about the same walks. Do they?")
def it_is_the_person_who_answers(f):
    pairs = ask.cases[0][1]
    return np.array_equal(f(lambda a, b: not likes_short(a, b), pairs),
                          1 - np.asarray(f(likes_short, pairs)))


@ask.right
def by_inversion(human, pairs):
    return 1 - np.array([human(a["cells"], b["cells"]) for a, b in pairs]).astype(int)


@ask.right
def pair_by_pair(human, pairs):
    said = np.ones(len(pairs), int)
    for i, (first, second) in enumerate(pairs):
        if human(first["cells"], second["cells"]):
            said[i] = 0
    return said


@ask.wrong("Nobody is asked: the rewards of the game are compared. That is traditional "
           "reinforcement learning with a detour. In RLHF the reward is what nobody can write "
           "down. Who knows which walk is better?")
def reads_the_reward(human, pairs):
    return np.array([int(second["reward"] > first["reward"]) for first, second in pairs])


@ask.wrong("People are shown the game's reward instead of the walk. Then they can only repeat it, "
           "and what they mind is never learned. What can be seen of a walk?")
def shows_the_reward(human, pairs):
    return np.array([0 if human([first["reward"]], [second["reward"]]) else 1
                     for first, second in pairs])


@ask.wrong("The answers are the wrong way round: True means that the first is preferred, and the "
           "first has the number 0. What is int(True)?")
def true_is_one(human, pairs):
    return 1 - ask(human, pairs)


@ask.wrong("The two walks change places before the person sees them. Then their answer is about "
           "the other one. Which comes first?")
def changed_places(human, pairs):
    return np.array([0 if human(second["cells"], first["cells"]) else 1 for first, second in pairs])


@ask.wrong("All pairs get the answer to the first one. Each pair is a question of its own. How "
           "often is the person asked about n pairs?")
def the_first_answer_for_all(human, pairs):
    return np.full(len(pairs), ask(human, pairs[:1])[0])
