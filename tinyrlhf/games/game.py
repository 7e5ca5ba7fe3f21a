"""What a game is: a batch of states that actions move.

A state is one row of an array, for a grid as for a text.
"""
from typing import NamedTuple

import numpy as np


class Line(NamedTuple):
    """A stroke from (x0, y0) to (x1, y1); all pieces live in the unit square, y upwards."""
    x0: float
    y0: float
    x1: float
    y1: float
    color: str = "ink"
    moving: bool = False


class Circle(NamedTuple):
    """A filled disc."""
    x: float
    y: float
    radius: float
    color: str = "ink"
    moving: bool = False


class Box(NamedTuple):
    """A filled rectangle from its lower left to its upper right corner."""
    x0: float
    y0: float
    x1: float
    y1: float
    color: str = "ink"
    moving: bool = False


class Words(NamedTuple):
    """A text centred on (x, y)."""
    x: float
    y: float
    text: str
    color: str = "ink"
    moving: bool = False


COLORS = ("ink", "quiet", "floor", "wall", "agent", "good", "bad", "danger")  # roles


class Game:
    """The protocol. Batch first: n rows are n separate episodes.

    Pure: no hidden state and no stored generator.
    horizon: most steps in one episode.
    horizon_is_end: is the last step an end (a text) or only a cut (CartPole, grid)? It decides
        whether a critic may bootstrap there.
    n_actions: how many actions there are (or `action_size`, the number of components of a
        continuous action).
    best_reward: the highest true reward of a step, where somebody knows it.
    seconds_per_step: for showing it; keys: key -> action, for people; legend: color -> meaning.
    Tabular games also have n_states, P (S, A, S), R (S, A, S) and d0 (S,).
    """
    horizon: int
    horizon_is_end = False
    best_reward = float("nan")
    seconds_per_step = 0.2
    keys: dict = {}
    legend: dict = {}

    def start(self, n, rng):
        """n start states (n, ...)."""
        raise NotImplementedError(f"{type(self).__name__} must say how an episode starts")

    def observe(self, states):
        """What a policy may see of states (..., *S) -> (..., *O). Here: everything."""
        return states

    def legal(self, observations):
        """Which actions exist where this is seen, (n, *O) -> (n, A) bool. Here: all."""
        return np.ones((len(observations), self.n_actions), bool)

    def step(self, states, actions, rng):
        """States (n, ...), actions (n,) -> next states, true rewards (n,), done (n,) bool."""
        raise NotImplementedError(f"{type(self).__name__} must say what an action does")

    def check(self, states):
        """Refuse states that cannot be, read from a log or given by a person. Here: none."""

    def show(self, state):
        """One state as text."""
        return str(np.asarray(state))

    def scene(self, state):
        """One state as a list of Line, Circle, Box, Words; terminal, figure and GIF draw this."""
        return [Words(0.5, 0.5, self.show(state))]


def nth_legal(legal, number):
    """The action (n,) before which so many (n,) others are legal; legal (n, A) bool."""
    return (np.cumsum(legal, axis=1) > number[:, None]).argmax(axis=1)
