"""Capture-Go on four by four points: who takes a stone first? A reply comes with every move."""
import functools

import numpy as np

from tinyrlhf.checks import check_indices, check_range
from tinyrlhf.games.game import Box, Circle, Game, Line

SIZE, POINTS = 4, 16
GOING, WON, LOST, DRAWN = range(4)  # the last number of a state
RESULTS = "", "won", "lost", "drawn"
COLOR = {1: "agent", -1: "floor"}
PAYS = np.array([0.0, 1.0, 0.0, 0.5])
# A set of points is one number, a bit for each: 1 is the upper left corner, 2 the point to its
# right, 16 the one below it.
POINT = (1 << np.arange(POINTS)).astype(np.uint16)
EVERY = np.uint16(0xFFFF)
NOT_LEFT, NOT_RIGHT = np.uint16(0xEEEE), np.uint16(0x7777)  # without that column
COUNT = np.zeros(1, np.int8)  # points in a set
for _ in range(POINTS):
    COUNT = np.concatenate([COUNT, COUNT + 1])  # sets with one bit more


def beside(points):
    """What is next to these points, sets (...): below, above, right, left."""
    across = (points & NOT_RIGHT) << 1 | (points & NOT_LEFT) >> 1
    return points << SIZE | points >> SIZE | across


def as_set(marked):
    """The points marked in (..., 16) bool -> sets (...)."""
    return (marked * POINT).sum(axis=-1, dtype=np.uint16)


def as_points(sets):
    """Undo `as_set`."""
    return sets[..., None] & POINT > 0


def stones(states):
    """Mine and theirs as sets (...), of states (..., 17)."""
    board = states[..., :POINTS]
    return as_set(board == 1), as_set(board == -1)


def groups(mine):
    """The group of each point: stones (...) beside each other belong together; (..., 16) sets."""
    group = mine[..., None] & POINT
    while True:
        grown = group | beside(group) & mine[..., None]
        if np.array_equal(grown, group):
            return group
        group = grown


@functools.cache
def around():
    """What is beside the group of each point, for every set of stones: (2 ** 16, 16)."""
    return beside(groups(np.arange(1 << POINTS, dtype=np.uint16)))


def liberties(mine, theirs):
    """The liberties of each group of mine: the empty points beside it, which keep it on the board.

    mine, theirs: sets of stones (...). Returns a set for each point (..., 16), that of the group
    which the point belongs to; every point where no stone of mine stands.
    """
    # beside(groups(mine)) & empty
    empty = ~(mine | theirs)[..., None]
    return np.where(mine[..., None] & POINT, around()[mine] & empty, EVERY)


def after_each_move(mine, theirs):
    """What a stone of mine on each of the 16 points would lead to; mine, theirs: sets (...).

    It is legal on an empty point, if it takes a group of theirs or its own group keeps a liberty
    (no suicide). Returns the liberties of my groups and of theirs after it, (..., 16, 16) each,
    whether it takes, and whether it is legal, (..., 16) bool each.
    """
    added, theirs = mine[..., None] | POINT, theirs[..., None]
    empty = (mine[..., None] | theirs) & POINT == 0
    own, other = liberties(added, theirs), liberties(theirs, added)
    takes = empty & (other == 0).any(axis=-1)
    return own, other, takes, takes | empty & (own > 0).all(axis=-1)


def attacked(groups):
    """Where a group of these liberties (..., 16) can be taken: their last liberties, sets (...)."""
    return np.bitwise_or.reduce(np.where(COUNT[groups] == 1, groups, 0), axis=-1)


def breath(groups):
    """How many points are a liberty of some of these groups (..., 16) -> (...)."""
    return COUNT[np.bitwise_or.reduce(np.where(groups == EVERY, 0, groups), axis=-1)]


def judgement(own, other, takes):
    """What an expert thinks of moves that lead to these liberties; reads one reply, then counts.

        1      a stone is taken
        -1     one can be taken in reply
        else   a / 4 + (m - t) / 32

    a: at how many points theirs are attacked, 2 at most; m, t: liberties of mine, of theirs.
    Arguments as `after_each_move` returns them; judgements (...) from -1 to 1.
    """
    attacks = np.minimum(COUNT[attacked(other)], 2)
    outlook = attacks / 4 + (breath(own) - breath(other)) / 32
    return np.select([takes, attacked(own) > 0], [1.0, -1.0], outlook)


class CaptureGo(Game):
    """Atari-Go: the first to take a stone has won; the opponent answers within the step.

    States (n, 17) int8: for each point 1 mine, -1 theirs, 0 empty, from the upper left to the lower
    right; then GOING, WON, LOST or DRAWN. What was taken last stays on the board. The opponent
    begins every other game, by a coin. Nobody passes: without a legal move the game is drawn. So it
    ends after eight moves of mine at the latest, since on the last empty point a stone takes or is
    suicide. Actions: 0 to 15, a stone on that point. An illegal one loses at once; replays and logs
    with one are refused.
    Policies see (n, 80) ones and zeros: my stones, theirs, the last liberties of groups of mine and
    of theirs, and where I may play (after the end: everywhere).

    Args:
        judged: pay for every move what the expert thinks it has lost, its judgement minus that of
            the best legal move, -2 to 0; else, in the end, 1 for a win, 1/2 for a draw.
        alertness: how often the opponent takes a stone if it can, 0 to 1; else its moves are
            uniformly random among the legal ones.
    """
    n_actions = POINTS
    horizon = POINTS // 2
    horizon_is_end = True
    seconds_per_step = 0.8
    keys = {key: point for point, key in enumerate("1234qwerasdfzxcv")}
    legend = {"agent": "stones of the policy", "floor": "of the other", "danger": "was taken"}

    def __init__(self, judged=False, alertness=0.0):
        check_range("alertness", alertness, 0, 1)
        self.judged, self.alertness = judged, alertness
        self.best_reward = 0.0 if judged else 1.0

    def check(self, states):
        """Refuse what is no board."""
        if not np.isin(states[..., :POINTS], (-1, 0, 1)).all():
            raise ValueError("states: expected -1, 0 or 1 on each point; is it another game's?")
        check_indices("result", states[..., POINTS].astype(int), DRAWN + 1)

    def start(self, n, rng):
        """Empty boards, half of them with one stone of the opponent."""
        states = np.zeros((n, POINTS + 1), np.int8)
        opened = rng.random(n) < 0.5
        states[opened, rng.integers(POINTS, size=n)[opened]] = -1
        return states

    def observe(self, states):
        """(..., 17) -> (..., 80) float32."""
        mine, theirs = stones(states)
        legal = after_each_move(mine, theirs)[-1] | (states[..., POINTS:] != GOING)
        last = attacked(liberties(mine, theirs)), attacked(liberties(theirs, mine))
        planes = [as_points(points) for points in (mine, theirs, *last)]
        return np.concatenate([*planes, legal], axis=-1).astype(np.float32)

    def legal(self, observations):
        """Observations (..., 80) -> where I may play (..., 16) bool."""
        return observations[..., -POINTS:] > 0

    def step(self, states, actions, rng):
        mine, theirs = stones(states)
        before, move = states[:, POINTS], (np.arange(len(states)), actions)
        going = before == GOING
        *liberties_after, takes, legal = after_each_move(mine, theirs)
        result = np.select([~going, takes[move], ~legal[move]], [before, WON, LOST], GOING)
        mine = np.where(going & legal[move], mine | POINT[actions], mine)

        *_, takes_mine, their_legal = after_each_move(theirs, mine)
        replies = self.reply(takes_mine, their_legal, rng)
        reply = np.arange(len(states)), replies
        answered = (result == GOING) & their_legal[reply]
        result = np.select([result != GOING, takes_mine[reply], ~answered], [result, LOST, DRAWN],
                           GOING)
        theirs = np.where(answered, theirs | POINT[replies], theirs)

        can_go_on = after_each_move(mine, theirs)[-1].any(axis=1)
        result = np.where((result == GOING) & ~can_go_on, DRAWN, result)
        rewards = PAYS[result]
        if self.judged:
            worth = judgement(*liberties_after, takes)
            best = worth.max(axis=1, where=legal, initial=-1.0)
            rewards = np.where(legal[move], worth[move] - best, -2.0)
        board = as_points(mine).astype(np.int8) - as_points(theirs)
        next_states = np.column_stack([board, result]).astype(states.dtype)
        return next_states, np.where(going, rewards, 0.0), result != GOING

    def reply(self, takes, legal, rng):
        """The opponent's moves (n,); both arguments (n, 16)."""
        eager = rng.random(len(legal)) < self.alertness
        order = rng.random(legal.shape) + 2.0 * legal + takes * eager[:, None]
        return order.argmax(axis=1)

    def show(self, state):
        """# mine, O theirs, and how it ended."""
        points = np.array([".", "#", "O"])[state[:POINTS]].reshape(SIZE, SIZE)
        board = "\n".join(" ".join(row) for row in points)
        return f"{board}\n{RESULTS[state[POINTS]]}".strip()

    def scene(self, state, left=0.0, below=0.0, size=1.0):
        """The board in a square; mine in the agent's colour, theirs light, what was taken marked.
        """
        places = (np.arange(SIZE) + 0.5) / SIZE * size
        x, y = np.meshgrid(left + places, below + places[::-1])
        lines = [Line(x[i, 0], y[i, 0], x[i, -1], y[i, -1], "ink") for i in range(SIZE)]
        lines += [Line(x[0, i], y[0, i], x[-1, i], y[-1, i], "ink") for i in range(SIZE)]
        pieces = [Box(left, below, left + size, below + size, "wall"), *lines]
        for x, y, owner, marked in zip(x.flat, y.flat, state[:POINTS], taken(state)):
            if owner:
                pieces.append(Circle(x, y, 0.11 * size, COLOR[owner], moving=True))
            if marked:
                pieces.append(Circle(x, y, 0.05 * size, "danger", moving=True))
        return pieces


def taken(state):
    """The stones that were taken last, (16,) bool."""
    mine, theirs = stones(state)
    if state[POINTS] == LOST:
        mine, theirs = theirs, mine
    return (liberties(theirs, mine) == 0) & (state[POINTS] != GOING)
