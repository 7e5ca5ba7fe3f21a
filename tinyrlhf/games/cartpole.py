"""CartPole: can you keep a pole upright by pushing the cart under it, fifty times a second?"""
import numpy as np

from tinyrlhf.checks import check_whole
from tinyrlhf.games.game import Box, Game, Line

GRAVITY, FORCE, SECONDS = 9.8, 10.0, 0.02                       # m/s^2, N, s per step
CART_MASS, POLE_MASS, HALF_LENGTH = 1.0, 0.1, 0.5               # kg, kg, m
TOTAL_MASS = CART_MASS + POLE_MASS
X_LIMIT, ANGLE_LIMIT = 2.4, 12 * 2 * np.pi / 360  # metres, radians

PUSH = np.array([-FORCE, FORCE]) / TOTAL_MASS                   # F / M by action
SWING = POLE_MASS * HALF_LENGTH / TOTAL_MASS                    # m l / M
INERTIA = HALF_LENGTH * 4 / 3                                   # 4/3 l


def move(states, actions):
    """One step of the physics: states (n, 4), actions (n,) 0 left or 1 right -> states (n, 4).

        push     = F / M + (m l / M) theta'^2 sin theta
        theta''  = (g sin theta - push cos theta) / (4/3 l - (m l / M) cos^2 theta)
        x''      = push - (m l / M) theta'' cos theta
        state   += seconds * (x', x'', theta', theta'')

    (Euler: positions move with the *old* velocities.) A row is (x in m, x' in m/s, theta in rad
    from upright, theta' in rad/s); m, l: mass and half-length of the pole, M: both masses.

    Source: Barto, Sutton, Anderson (1983), with the constants of Gymnasium's CartPole-v1.
    Departs from the source: no friction (as in Gymnasium).
    """
    columns = states.T
    _, _, angle, angle_speed = columns
    sine, cosine = np.sin(angle), np.cos(angle)
    change = np.empty(columns.shape)                            # (4, n): rows are written fast
    change[::2] = columns[1::2]                                 # x', theta'
    acceleration, angle_acceleration = change[1], change[3]

    push = angle_speed * angle_speed * sine * SWING + PUSH[actions]
    inertia = INERTIA - SWING * cosine * cosine
    np.divide(GRAVITY * sine - cosine * push, inertia, out=angle_acceleration)
    np.subtract(push, SWING * angle_acceleration * cosine, out=acceleration)
    change *= SECONDS
    change += columns
    return change.T


def fallen(states):
    """Is the cart off the track or the pole beyond 12 degrees? States (..., 4) -> bool (...)."""
    return (np.abs(states[..., 0]) > X_LIMIT) | (np.abs(states[..., 2]) > ANGLE_LIMIT)


def true_reward(states):
    """What the person likes, upright and centred: states (..., 4) -> (...), at most 1.

        1 - (theta / limit)^2 - 0.5 (x / limit)^2
    """
    return 1.0 - (states[..., 2] / ANGLE_LIMIT) ** 2 - 0.5 * (states[..., 0] / X_LIMIT) ** 2


class CartPole(Game):
    """States (n, 4) float64 as in `move`; two actions, push left and push right.

    Standard: 1 per step, also for the step that falls; ends at a fall, cut after 500 steps. Two
    unfinished clips of equal length are always tied: nothing for a person to compare.
    Frozen: 200 steps for everyone, a fallen state stays as it is, nothing is ever done, and the
    true reward is `true_reward` of the state after the step. An end that only comes with a fall
    would give the answer away without a single comparison.
    """
    n_actions = 2
    best_reward = 1.0
    seconds_per_step = SECONDS
    keys = {"left": 0, "a": 0, "right": 1, "d": 1}

    def __init__(self, frozen=False, horizon=None):
        self.frozen = frozen
        self.horizon = (200 if frozen else 500) if horizon is None else horizon
        check_whole("horizon", self.horizon, 1, 1_000_000)

    def start(self, n, rng):
        return rng.uniform(-0.05, 0.05, size=(n, 4))

    def step(self, states, actions, rng):
        moved = move(states, actions)
        if self.frozen:
            moved = np.where(fallen(states)[:, None], states, moved)
            return moved, true_reward(moved), np.zeros(len(states), bool)
        return moved, np.ones(len(states)), fallen(moved)

    def show(self, state):
        x, _, angle, _ = state
        end = ", fallen" if fallen(state) else ""
        return f"cart {x:+.2f} m, pole {np.degrees(angle):+.1f} degrees{end}"

    def scene(self, state):
        """Track with its limits, cart, and the pole, three times too long: angles show."""
        scale, track, top = 0.15, 0.2, 0.3  # per metre; heights
        x, length = 0.5 + scale * state[0], 3 * scale * 2 * HALF_LENGTH
        tip = x + length * np.sin(state[2]), top + length * np.cos(state[2])
        limits = [Line(at, track - 0.05, at, track + 0.05, "quiet")
                  for at in (0.5 - scale * X_LIMIT, 0.5 + scale * X_LIMIT)]
        return [Line(0.0, track, 1.0, track, "quiet"), *limits,
                Box(x - 0.07, track, x + 0.07, top, "agent", moving=True),
                Line(x, top, *tip, "danger" if fallen(state) else "ink", moving=True)]
