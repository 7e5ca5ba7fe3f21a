"""A robot arm of two links on a table: it reaches, avoids, picks and places, and dances.

Points of the table are complex numbers, x + iy in metres from the shoulder: times i is a quarter
turn, and Re(conj(a) b) is the inner product of two arrows. q (..., 2) are the angles of shoulder
and elbow in rad, the second from the direction of the first link.
"""
import functools

import numpy as np

from tinyrlhf.checks import check_finite, check_range, check_whole
from tinyrlhf.games.game import Circle, Game, Line

SECONDS = 0.1                         # per step
SPEED = 2.0                           # rad/s at full action; both links are 1 m long
LIMITS = np.array([np.pi, 2.8])       # rad, of both joints
NEAR = 0.1                            # m: there
MARGIN = 0.05                         # m from an obstacle: too close
ROUNDING = 1e-9                       # m
GRID = 40                             # angles of each joint, where a way is looked for


# ---- kinematics

def elbow_of(q):
    """Where the elbow is: q (..., 2) -> (...)."""
    return np.exp(1j * q[..., 0])


def hand_of(q):
    """Where the hand is: q (..., 2) -> (...)."""
    return elbow_of(q) + np.exp(1j * (q[..., 0] + q[..., 1]))


def jacobian(q):
    """d hand / d q1 and d hand / d q2, (...) each: what turns moves at a right angle."""
    hand = hand_of(q)
    return 1j * hand, 1j * (hand - elbow_of(q))


def inner(a, b):
    """The inner product of two arrows, (...)."""
    return (np.conj(a) * b).real


def joint_torque(q, force):
    """J' f: how a force (...) on the hand turns the joints, (..., 2)."""
    return np.stack([inner(column, force) for column in jacobian(q)], axis=-1)


def damped_least_squares(q, shift, damping=1e-2):
    """The turn (..., 2) of the joints that shifts the hand, not too far where it is stretched.

        dq = (J'J + damping I)^-1 J' shift

    Source: Wampler 1986; Nakamura, Hanafusa 1986.
    """
    first, second = jacobian(q)
    a, b, c = inner(first, first) + damping, inner(first, second), inner(second, second) + damping
    x, y = inner(first, shift), inner(second, shift)
    turn = np.stack([c * x - b * y, a * y - b * x], axis=-1)
    return turn / (a * c - b * b)[..., None]


def inverse_kinematics(points):
    """The angles (..., 2), with the elbow bent to the left, that bring the hand to points (...).

        cos q2 = |point|^2 / 2 - 1

    Raises ValueError for what is out of reach.
    """
    check_targets(points)
    q2 = np.arccos(np.clip(np.square(np.abs(points)) / 2 - 1, -1, 1))
    q1 = np.angle(points / (1 + np.exp(1j * q2)))  # hand = e^(i q1) (1 + e^(i q2))
    return np.stack([q1, q2], axis=-1)


def check_targets(points):
    """Refuse targets that the hand cannot get to."""
    distance = np.ravel(np.abs(points))
    closest = 2 * np.cos(LIMITS[1] / 2)  # folded up to the elbow's limit
    check_finite(target=distance)
    wrong = (distance > 2 + ROUNDING) | (distance < closest - ROUNDING)
    if wrong.any():
        raise ValueError(f"target: expected {closest:.2f} to 2 m from the shoulder, got "
                         f"{distance[wrong][0]:.2f} m; is it in metres?")


def check_angles(q):
    """Refuse angles (..., 2) beyond the limits."""
    check_finite(angles=q)
    beyond = (np.abs(q) > LIMITS).any(axis=-1)
    if beyond.any():
        raise ValueError(f"states: expected joint angles up to {LIMITS.round(2).tolist()} rad, "
                         f"got {q[beyond][0].round(2).tolist()}; are they in degrees?")


def point(states, column):
    """The point in two columns of states (..., S), (...)."""
    return states[..., column] + 1j * states[..., column + 1]


def x_and_y(points):
    """Points (..., ) as two columns (..., 2)."""
    return np.stack([points.real, points.imag], axis=-1)


# ---- the tasks

class Arm(Game):
    """What all tasks share. States (n, S): q, and what else there is.

    The action turns the joints, at full speed with -1 or 1; it is clipped to that here. An episode
    never ends by itself. The true reward is linear in `features` of the step.

    Args:
        area: the angle in rad around which hand and goal begin, -1.6 to 1.6.
        layouts: seed of the layouts, where a task has a fixed set of them.

    remarks: what people may say about a feature, and which way it should go. `success(states)` and
    `violations(states)` tell of whole episodes (B, T+1, S) -> (B,) bool.
    """
    action_size = 2
    seconds_per_step = SECONDS
    keys = {"left": (1.0, 0.0), "right": (-1.0, 0.0), "up": (0.0, 1.0), "down": (0.0, -1.0)}
    feature_names: tuple
    true_weights: np.ndarray
    true_constant = 0.0
    remarks: dict = {}

    def __init__(self, area=0.0, layouts=0):
        check_range("area", area, -1.6, 1.6)
        check_whole("layouts", layouts, 0, 2 ** 32)
        self.area = area
        self.layouts = layouts

    def postures(self, n, rng):
        """Random angles (n, 2): to the front, neither stretched nor folded."""
        return np.stack([self.area + rng.uniform(-1.5, 1.5, n), rng.uniform(0.4, 2.4, n)], axis=1)

    def check(self, states):
        check_angles(states[..., :2])

    def observe(self, states):
        return np.concatenate(self.seen(states), axis=-1)

    def seen(self, states):
        """The parts of an observation, (..., some) each. Here: the posture."""
        return [np.cos(states[..., :2]), np.sin(states[..., :2])]

    def step(self, states, actions, rng):
        after = states.copy()
        turn = SECONDS * SPEED * np.clip(actions[:, :2], -1, 1)
        after[:, :2] = np.clip(states[:, :2] + turn, -LIMITS, LIMITS)
        self.react(after, actions)
        return after, self.true_reward(states, after), np.zeros(len(states), bool)

    def react(self, after, actions):
        """What else happens in a step, in place."""

    def features(self, before, after):
        """What a step can be judged by: states (..., S) before and after it -> (..., F)."""
        raise NotImplementedError(f"{type(self).__name__} must say what there is to judge")

    def true_reward(self, before, after):
        """What the person wants: (...)."""
        return self.features(before, after) @ self.true_weights + self.true_constant

    def touching(self, states):
        """Is an obstacle touched? States (..., S) -> (...) bool."""
        return np.zeros(states.shape[:-1], bool)

    def violations(self, states):
        """Was one ever touched, or a joint driven into its limit?"""
        at_limit = (np.abs(states[..., :2]) >= LIMITS).any(axis=-1)
        return (at_limit | self.touching(states)).any(axis=1)

    def scene(self, state):
        """The table from above: what lies on it, both links, shoulder and hand."""
        elbow, hand = on_picture(elbow_of(state[:2])), on_picture(hand_of(state[:2]))
        return [*self.things(state), Line(0.5, 0.5, *elbow, "agent", moving=True),
                Line(*elbow, *hand, "agent", moving=True),
                Circle(0.5, 0.5, 0.025, "quiet"), Circle(*hand, 0.02, "ink", moving=True)]

    def things(self, state):
        """What lies on the table."""
        return []


def on_picture(point):
    """Metres -> (x, y) in the unit square."""
    return 0.5 + 0.23 * point.real, 0.5 + 0.23 * point.imag


class Reach(Arm):
    """Bring the hand to a goal. States (n, 4): q, goal.

    `speed` is the sum of squares of the joints' speeds in rad^2/s^2, `height` is y.
    """
    horizon = 40
    feature_names = "distance", "there", "speed", "height"
    remarks = {"nearer to the goal": ("distance", -1), "more slowly": ("speed", -1),
               "keep low": ("height", -1)}
    true_weights = np.array([-1.0, 0.5, 0.0, 0.0])
    true_constant = 1.0

    def check(self, states):
        super().check(states)
        check_targets(point(states, 2))

    def start(self, n, rng):
        states = self.draw(n, rng)
        unfair = np.flatnonzero(~self.fair(states))
        while len(unfair):
            states[unfair] = self.draw(len(unfair), rng)
            unfair = unfair[~self.fair(states[unfair])]
        return states

    def draw(self, n, rng):
        """n start states, not all of them fair."""
        goal = hand_of(self.postures(n, rng))
        return np.concatenate([self.postures(n, rng), x_and_y(goal)], axis=1)

    def fair(self, states):
        """Is there something to do, and can it be done? States (n, S) -> (n,) bool."""
        return self.distance(states) >= 0.5

    def distance(self, states):
        """From hand to goal, states (..., S) -> (...) in m."""
        return np.abs(point(states, 2) - hand_of(states[..., :2]))

    def seen(self, states):
        """Posture, and where the goal is, in space and for the joints."""
        return [*super().seen(states), *looks_at(states[..., :2], point(states, 2))]

    def features(self, before, after):
        distance = self.distance(after)
        speed = np.square((after - before)[..., :2] / SECONDS).sum(axis=-1)
        height = hand_of(after[..., :2]).imag
        return np.stack([distance, distance < NEAR, speed, height], axis=-1)

    def success(self, states):
        """Is the hand at the goal at the end?"""
        return self.distance(states[:, -1]) < NEAR

    def show(self, state):
        return f"hand {self.distance(state):.2f} m from the goal"

    def things(self, state):
        return [Circle(*on_picture(point(state, 2)), 2 * 0.23 * NEAR, "good")]  # seen under a hand


def looks_at(q, target):
    """How a target (...) is seen: the way of the hand, J' of it, and that by 0.1 + its length."""
    way = target - hand_of(q)
    turn = joint_torque(q, way)
    return x_and_y(way), turn, turn / (0.1 + np.abs(way))[..., None]


class Obstacles(Reach):
    """Reach a goal without touching one to three discs. States (n, 13): q, goal, 3 x, 3 y, 3 radii.

    Discs can be passed through: touching is counted, not blocked. A disc that is not there has
    radius 0 and lies far away. All layouts are from a bank in which each has a way.
    """
    feature_names = *Reach.feature_names, "contact", "too close"
    remarks = {**Reach.remarks, "keep clear": ("too close", -1)}
    true_weights = np.array([-1.0, 0.5, 0.0, 0.0, -8.0, -1.0])

    def check(self, states):
        super().check(states)
        check_range("radii", states[..., 10:].min(), 0, 1)

    def start(self, n, rng):
        bank = layouts_with_a_way(self.area, self.layouts)
        return bank[rng.integers(len(bank), size=n)]

    def draw(self, n, rng):
        states = super().draw(n, rng)
        halfway = (hand_of(states[:, :2]) + point(states, 2)) / 2
        halfway += rng.uniform(-0.06, 0.06, n) + 1j * rng.uniform(-0.06, 0.06, n)
        angle = rng.uniform(-np.pi, np.pi, (n, 2))
        anywhere = rng.uniform(0.9, 1.9, (n, 2)) * np.exp(1j * angle)
        centres = np.column_stack([halfway, anywhere])
        radii = rng.uniform(0.10, 0.16, (n, 3))
        absent = np.arange(3) >= rng.integers(1, 4, size=n)[:, None]
        centres[absent], radii[absent] = 9.0, 0.0
        return np.concatenate([states, centres.real, centres.imag, radii], axis=1)

    def fair(self, states):
        goal = inverse_kinematics(point(states, 2))
        clear = [clearance(q, *discs_of(states)).min(axis=-1) > 0.1 for q in (states[:, :2], goal)]
        possible = super().fair(states) & clear[0] & clear[1]
        states = states[possible]
        row, column = cells_of(states[:, :2]).T
        steps = steps_to_goal(states)[np.arange(len(states)), row, column]
        possible[possible] = np.isfinite(steps)
        return possible

    def seen(self, states):
        q, discs = states[..., :2], discs_of(states)
        return [*super().seen(states), *felt(q, *discs), *ways_past(q, point(states, 2), discs[0])]

    def features(self, before, after):
        """Those of reaching, and: is a disc touched; how much closer than the margin, 0 to 1."""
        nearest = clearance(after[..., :2], *discs_of(after)).min(axis=-1)
        more = np.stack([nearest < 0, np.maximum(1 - nearest / MARGIN, 0)], axis=-1)
        return np.concatenate([super().features(before, after), more], axis=-1)

    def touching(self, states):
        return clearance(states[..., :2], *discs_of(states)).min(axis=-1) < 0

    def success(self, states):
        return super().success(states) & ~self.touching(states).any(axis=1)

    def things(self, state):
        discs = [Circle(*on_picture(centre), 0.23 * radius, "danger")
                 for centre, radius in zip(*discs_of(state)) if radius]
        return [*super().things(state), *discs]


@functools.lru_cache(maxsize=8)
def layouts_with_a_way(area, seed, n=300):
    """A bank (n, 13) of fair start states: to look for a way takes too long for every episode."""
    # not Obstacles.start, which draws from this bank
    return Reach.start(Obstacles(area), n, np.random.default_rng(seed))


def discs_of(states):
    """Centres and radii of the discs, (..., 3) each."""
    return states[..., 4:7] + 1j * states[..., 7:10], states[..., 10:13]


def nearest_points(q, centres):
    """The points of both links that are nearest to each disc: (..., 2 links, 3 discs)."""
    elbow = elbow_of(q)
    begins = np.stack([np.zeros_like(elbow), elbow], axis=-1)[..., None]
    along = np.stack([elbow, hand_of(q) - elbow], axis=-1)[..., None]
    share = np.clip(inner(along, centres[..., None, :] - begins), 0, 1)  # links are 1 m long
    return begins + share * along


def clearance(q, centres, radii):
    """Distance from each link to the edge of the nearest disc, (..., 2) in m; below 0 inside."""
    away = np.abs(nearest_points(q, centres) - centres[..., None, :])
    return (away - radii[..., None, :]).min(axis=-1)


def felt(q, centres, radii):
    """What the skin of each link feels of its nearest disc: nearness, and which turn leads away.

    Returns exp(-clearance / 0.15) (..., 2), and it times d clearance / d q1 and / d q2, (..., 2).
    """
    points = nearest_points(q, centres)
    away = points - centres[..., None, :]
    gaps = np.abs(away) - radii[..., None, :]
    nearest = gaps.argmin(axis=-1)[..., None]

    def of_nearest(values):
        return np.take_along_axis(values, nearest, axis=-1)[..., 0]

    touched, outward = of_nearest(points), of_nearest(away / np.maximum(np.abs(away), 1e-9))
    nearness = np.exp(-of_nearest(gaps) / 0.15)
    by_shoulder = inner(1j * touched, outward)
    by_elbow = inner(1j * (touched - elbow_of(q)[..., None]), outward) * (0.0, 1.0)  # forearm alone
    return nearness, nearness * by_shoulder, nearness * by_elbow


def ways_past(q, goal, centres):
    """Of the two discs nearest to the hand: where it is, and which turn passes it, (..., 7) each.

    Unit arrow to it, 1, its sine and cosine with the way to the goal, and the turn sideways if it
    is in the way; all fade with the distance.
    """
    hand = hand_of(q)
    to_goal = goal - hand
    to_goal = to_goal / np.maximum(np.abs(to_goal), 1e-9)
    to_discs = centres - hand[..., None]
    order = np.abs(to_discs).argsort(axis=-1)
    seen = []
    for rank in range(2):
        to_disc = np.take_along_axis(to_discs, order[..., rank, None], axis=-1)[..., 0]
        far = np.maximum(np.abs(to_disc), 1e-9)
        unit = to_disc / far
        angle = np.conj(unit) * to_goal  # cosine + i sine
        side = np.where(angle.imag >= 0, 1j, -1j) * unit * np.maximum(angle.real, 0)
        look = [unit.real, unit.imag, np.ones_like(far), angle.imag, angle.real]
        look = np.concatenate([np.stack(look, axis=-1), joint_torque(q, side)], axis=-1)
        seen.append(look * np.exp(-far / 0.4)[..., None])
    return seen


def cells_of(q):
    """The cell (row, column) of angles (..., 2) on the grid of joint angles, (..., 2) integers."""
    share = (q + LIMITS) / (2 * LIMITS)
    return np.clip(np.rint(share * (GRID - 1)), 0, GRID - 1).astype(int)


def angles_of(cells):
    """The angles (..., 2) in the middle of cells (..., 2)."""
    return (2 * cells / (GRID - 1) - 1) * LIMITS


def steps_to_goal(states, margin=0.04):
    """How many cells from each posture to the goal, around the discs: (n, GRID, GRID).

    states (n, 13). A breadth-first search over free cells from the goal's, which counts as free;
    infinite where no way leads there.
    """
    n, wide = len(states), GRID + 2  # with a border that is never free
    q = angles_of(np.stack(np.mgrid[:GRID, :GRID], axis=-1))
    centres, radii = discs_of(states[:, None, None])
    free = clearance(q, centres, radii).min(axis=-1) > margin
    unvisited = np.pad(free, ((0, 0), (1, 1), (1, 1))).ravel()
    steps = np.full(unvisited.shape, np.inf)
    row, column = cells_of(inverse_kinematics(point(states, 2))).T
    front = (np.arange(n) * wide + row + 1) * wide + column + 1
    distance = 0
    while len(front):
        steps[front], unvisited[front] = distance, False
        beside = np.concatenate([front - wide, front + wide, front - 1, front + 1])
        front = np.unique(beside[unvisited[beside]])
        distance += 1
    return steps.reshape(n, wide, wide)[:, 1:-1, 1:-1]


class PickAndPlace(Reach):
    """Grasp an object, carry it to a goal, let go. States (n, 8): q, goal, object, holding, done.

    The third component of the action closes the gripper if above 0. It grasps what is within 10 cm;
    what is let go within 10 cm of the goal is done.
    """
    action_size = 3
    horizon = 60
    keys = {"left": (1.0, 0.0, -1.0), "right": (-1.0, 0.0, -1.0), "up": (0.0, 1.0, -1.0),
            "down": (0.0, -1.0, -1.0), "a": (1.0, 0.0, 1.0), "d": (-1.0, 0.0, 1.0),
            "w": (0.0, 1.0, 1.0), "s": (0.0, -1.0, 1.0)}  # letters: with the gripper closed
    feature_names = "hand to object", "object to goal", "holding", "done", "speed", "height"
    remarks = {"fetch it": ("hand to object", -1), "bring it": ("object to goal", -1),
               "hold it": ("holding", 1), "more slowly": ("speed", -1)}
    true_weights = np.array([-0.5, -1.0, 0.3, 1.3, 0.0, 0.0])
    true_constant = 0.7

    def draw(self, n, rng):
        thing = x_and_y(hand_of(self.postures(n, rng)))
        return np.concatenate([super().draw(n, rng), thing, np.zeros((n, 2))], axis=1)

    def fair(self, states):
        return (self.to_object(states) >= 0.5) & (self.to_place(states) >= 0.5)

    def check(self, states):
        super().check(states)
        check_targets(point(states, 4))
        if not np.isin(states[..., 6:], (0, 1)).all():
            raise ValueError("states: expected 0 or 1 for holding and done; is it another task's?")

    def to_object(self, states):
        """From hand to object, (...) in m."""
        return np.abs(point(states, 4) - hand_of(states[..., :2]))

    def to_place(self, states):
        """From object to goal, (...) in m."""
        return np.abs(point(states, 4) - point(states, 2))

    def seen(self, states):
        """Those of reaching, the same of the object, and what the gripper senses of all three."""
        gaps = [self.to_object(states), self.distance(states), self.to_place(states)]
        sensed = np.exp(-np.square(np.stack(gaps, axis=-1) / 0.07) / 2)
        return [*super().seen(states), *looks_at(states[..., :2], point(states, 4)),
                states[..., 6:8], sensed]

    def react(self, after, actions):
        closed = actions[:, 2] > 0
        holding, done = after[:, 6] > 0, after[:, 7] > 0
        done |= holding & ~closed & (self.to_place(after) < NEAR)
        holding = closed & ~done & (holding | (self.to_object(after) < NEAR))
        after[holding, 4:6] = x_and_y(hand_of(after[holding, :2]))
        after[:, 6], after[:, 7] = holding, done

    def features(self, before, after):
        holding, done = after[..., 6], after[..., 7]
        to_fetch = self.to_object(after) * (1 - holding) * (1 - done)
        to_bring = self.to_place(after) * (1 - done)
        rest = super().features(before, after)[..., 2:]
        return np.concatenate([np.stack([to_fetch, to_bring, holding, done], axis=-1), rest],
                              axis=-1)

    def success(self, states):
        return states[:, -1, 7] > 0

    def show(self, state):
        return "placed" if state[7] else "held" if state[6] else "on the table"

    def things(self, state):
        thing = Circle(*on_picture(point(state, 4)), 0.03, "bad", moving=True)
        return [*super().things(state), thing]


class Dance(Arm):
    """Move to a beat. States (n, 3): q, steps so far. A beat is eight steps long.

    What there is to like: `rhythm`, up on the beats and down between them; `sway`, to the right on
    one beat and to the left on the next; `stretch`, far from the shoulder; speed and height. None
    of them comes along with the opposite of another, or coins would seem to teach it.
    """
    horizon = 48
    feature_names = "rhythm", "sway", "stretch", "speed", "height"
    remarks = {"with the beat": ("rhythm", 1), "side to side": ("sway", 1), "higher": ("height", 1)}
    true_weights = np.array([1.0, 1.0, 0.5, 0.0, 0.0])
    beat = 8

    def check(self, states):
        super().check(states)
        check_range("steps so far", states[..., 2].min(), 0, self.horizon)

    def start(self, n, rng):
        return np.concatenate([self.postures(n, rng), np.zeros((n, 1))], axis=1)

    def seen(self, states):
        """Posture, and the time within one beat and within two."""
        turns = 2 * np.pi * states[..., 2:] / self.beat
        return [*super().seen(states), np.cos(turns), np.sin(turns), np.cos(turns / 2),
                np.sin(turns / 2)]

    def react(self, after, actions):
        after[:, 2] += 1

    def features(self, before, after):
        hand = hand_of(after[..., :2])
        speed = np.abs(hand - hand_of(before[..., :2])) / SECONDS  # m/s
        turns = 2 * np.pi * after[..., 2] / self.beat
        return np.stack([hand.imag * np.cos(turns), hand.real * np.cos(turns / 2), np.abs(hand),
                         speed, hand.imag], axis=-1)

    def success(self, states):
        """Is it liked better than not to move? States (B, T+1, 3) -> (B,) bool."""
        still = np.concatenate([np.repeat(states[:, :1, :2], states.shape[1], axis=1),
                                states[..., 2:]], axis=-1)
        returns = [self.true_reward(path[:, :-1], path[:, 1:]).sum(axis=1)
                   for path in (states, still)]
        return returns[0] > returns[1]

    def show(self, state):
        return f"step {state[2]:.0f}"

    def things(self, state):
        """A lamp that lights up on the beat."""
        on = state[2] % self.beat == 0
        return [Circle(0.5, 0.06, 0.05, "good" if on else "floor")]
