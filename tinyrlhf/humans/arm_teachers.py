"""People who know a robot arm: they show its tasks not too well, and step in with care.

An act is a function (states (n, S), plan) -> actions (n, D); `plan` is a dict that is empty at the
first step, for what needs to be thought out only once.
"""
import numpy as np

from tinyrlhf.episodes import replay, steps_left
from tinyrlhf.games.arm import (SECONDS, SPEED, Dance, Obstacles, PickAndPlace, Reach, angles_of,
                                cells_of, damped_least_squares, hand_of, point, steps_to_goal)

PARALLAX = 0.25j  # m: whoever looks from the side sees everything too high
PACE = 0.6        # of full speed: who learns from it has room to be faster and slower
NOISE = 0.1       # of a joystick
NEIGHBOURS = np.array([(0, 0), (1, 0), (-1, 0), (0, 1), (0, -1)])


class ArmTeacher:
    """An expert (`humans/experts.py`): demonstrates with a flaw, and corrects without.

    Takes no heed of rationality; every correction counts as one.
    """

    def __init__(self, game):
        if type(game) not in TEACHERS:
            raise ValueError(f"game: expected a task of the arm, got {type(game).__name__}")
        self.show, self.mend = TEACHERS[type(game)]

    def demonstrate(self, game, episodes, rationality, rng):
        return played(game, episodes, self.show, rng)

    def correct(self, game, episodes, rationality, rng):
        return played(game, episodes, self.mend, rng), np.ones(len(episodes), bool)


def played(game, episodes, act, rng):
    """What these episodes would have been, had somebody else acted from their first state."""
    start, length = episodes.states[:, 0], steps_left(game, episodes)
    states, actions, plan = start, [], {}
    for _ in range(length.max()):
        noise = NOISE * rng.normal(size=(len(states), game.action_size))
        actions.append(act(states, plan) + noise)
        states = game.step(states, actions[-1], rng)[0]
    mask = np.arange(length.max()) < length[:, None]
    return replay(game, start, np.stack(actions, axis=1), mask, rng, episodes.first_step)


def at_pace(turn):
    """The action (n, 2) for a turn of the joints in rad, not faster than PACE."""
    action = turn / (SECONDS * SPEED)
    return action * np.minimum(1, PACE / np.maximum(np.abs(action).max(axis=1), 1e-9))[:, None]


def toward(states, target):
    """Straight to a target (n,), the action (n, 2)."""
    q = states[:, :2]
    return at_pace(damped_least_squares(q, target - hand_of(q)))


def to_goal(states, plan):
    """Straight to the goal, whatever is in the way."""
    return toward(states, point(states, 2))


def above_goal(states, plan):
    """To where the goal seems to be."""
    return toward(states, point(states, 2) + PARALLAX)


def around_obstacles(states, plan):
    """Down the wavefront, two cells ahead; wide of obstacles where there is room."""
    if not plan:
        steps = np.minimum(steps_to_goal(states, margin=0.08), steps_to_goal(states) + 1000)
        plan["steps"] = np.pad(steps, ((0, 0), (1, 1), (1, 1)), constant_values=np.inf)
    steps, rows, cell = plan["steps"], np.arange(len(states)), cells_of(states[:, :2])
    for _ in range(2):
        beside = cell[:, None] + NEIGHBOURS                            # (n, 5, 2)
        left = steps[rows[:, None], beside[..., 0] + 1, beside[..., 1] + 1]
        cell = beside[rows, left.argmin(axis=1)]
    there = steps[rows, cell[:, 0] + 1, cell[:, 1] + 1] == 0
    turn = at_pace(angles_of(cell) - states[:, :2])
    return np.where(there[:, None], to_goal(states, plan), turn)


def pick_and_place(states, seen_at=0.0):
    """To the object, close, to the goal, open; seen_at: how far off all seems to be."""
    holding, done = states[:, 6] > 0, states[:, 7] > 0
    target = np.where(holding, point(states, 2), point(states, 4)) + seen_at
    move = np.where(done[:, None], 0.0, toward(states, target))
    gap = np.abs(target - hand_of(states[:, :2]))
    closed = np.where(holding, gap >= 0.05, gap < 0.08)
    return np.column_stack([move, np.where(closed, PACE, -PACE)])


def pick(states, plan):
    return pick_and_place(states)


def pick_above(states, plan):
    return pick_and_place(states, PARALLAX)


def dance(states, plan):
    """From side to side, and up on every beat."""
    turns = 2 * np.pi * (states[:, 2] + 1) / Dance.beat
    return toward(states, 1.2 * np.cos(turns / 2) + 1j * (1 + 0.5 * np.cos(turns)))


TEACHERS = {Reach: (above_goal, to_goal), Obstacles: (to_goal, around_obstacles),
            PickAndPlace: (pick_above, pick), Dance: (dance, dance)}
