"""A gridworld: which way to the goal, on a slippery floor with flowers that some people mind?"""
import numpy as np

from tinyrlhf.checks import check_range, check_whole
from tinyrlhf.games.game import Box, Circle, Game, Words

FLOWERS_MAP = """
......
......
.S^G..
L.#...
......
"""  # through the flowers 2 steps, around them 4
DYNA_MAZE = """
.......#G
..#....#.
S.#....#.
..#......
.....#...
.........
"""  # of Sutton and Barto (2018), example 8.1; the shortest way takes 14 steps
MOVES = np.array([(-1, 0), (0, 1), (1, 0), (0, -1)])  # north, east, south, west
NAMES = {"G": "goal", "^": "flowers", "L": "lava", "#": "wall"}
COLOR = {".": "floor", "S": "floor", "G": "good", "L": "danger", "^": "bad", "#": "wall"}


def read_map(map):
    """A map as text -> array (rows, columns) of symbols.

    `.` floor, `S` start, `G` goal, `L` lava, `^` flowers, `#` wall.
    """
    lines = [line.strip() for line in map.strip().splitlines()]
    symbols = "".join(lines)
    unknown = sorted(set(symbols) - set(COLOR))
    if unknown:
        raise ValueError(f"map: expected the symbols {' '.join(COLOR)}, got {unknown}")
    lengths = [len(line) for line in lines]
    if len(set(lengths)) > 1:
        raise ValueError(f"map: expected lines of equal length, got {lengths}; pad with . or #")
    if "S" not in symbols or "G" not in symbols:
        raise ValueError(f"map: expected at least one S (start) and one G (goal), got {lines}")
    return np.array([list(line) for line in lines])


class Gridworld(Game):
    """States (n,) are cell numbers, row * columns + column.

    Actions: 0 north, 1 east, 2 south, 3 west. With probability 1 - slip the agent goes where it
    wants, else to one of the two sides. Whoever bumps into a wall or the edge enters its own cell
    again. Every step pays `step_reward` plus that of the cell entered: goal and lava (both end the
    episode, and pay nothing further), flowers, or nothing.
    Tabular: P, R (S, A, S) and d0 (S,) are exact; walls are counted as states that nobody visits.
    """
    n_actions = 4
    seconds_per_step = 0.15
    keys = {"w": 0, "up": 0, "d": 1, "right": 1, "s": 2, "down": 2, "a": 3, "left": 3}

    def __init__(self, map=FLOWERS_MAP, slip=0.1, step_reward=-0.04, goal=1.0, lava=-1.5,
                 flowers=-0.6, horizon=40):
        check_range("slip", slip, 0, 1)
        check_whole("horizon", horizon, 1, 1_000_000)
        rewards = {"step_reward": step_reward, "goal": goal, "lava": lava, "flowers": flowers}
        for name, value in rewards.items():
            check_range(name, value, -1e300, 1e300)
        self.map, self.slip, self.horizon = read_map(map), slip, horizon
        symbols = self.map.ravel()
        self.n_states = symbols.size
        self.starts = np.flatnonzero(symbols == "S")
        self.legend = {"agent": "walker", **{COLOR[symbol]: words for symbol, words in NAMES.items()
                                             if symbol in self.map}}
        self.is_end = np.isin(symbols, ["G", "L"])  # (S,)
        pays = {"G": goal, "L": lava, "^": flowers}
        self.entry_rewards = np.array([step_reward + pays.get(symbol, 0.0) for symbol in symbols])
        self.next_cell = self._next_cell()
        self.move_rewards = np.where(self.is_end[:, None], 0.0, self.entry_rewards[self.next_cell])
        self._tables()

    def _next_cell(self):
        """Where a move leads when nothing slips: (S, A) cell numbers."""
        rows, columns = self.map.shape
        places = np.stack(np.divmod(np.arange(self.n_states), columns), axis=1)
        targets = np.clip(places[:, None] + MOVES, 0, (rows - 1, columns - 1))
        cells = targets[..., 0] * columns + targets[..., 1]  # (S, A); at the edge all stay
        stuck = self.is_end[:, None] | (self.map.ravel() == "#")[cells]
        return np.where(stuck, np.arange(self.n_states)[:, None], cells)

    def _tables(self):
        """P, R and d0: the same three ways to go as in `step`, with their probabilities."""
        cells = np.arange(self.n_states)
        self.P = np.zeros((self.n_states, 4, self.n_states))
        for turn, probability in ((0, 1 - self.slip), (1, self.slip / 2), (-1, self.slip / 2)):
            for action in range(4):
                self.P[cells, action, self.next_cell[:, (action + turn) % 4]] += probability
        self.R = np.repeat(np.where(self.is_end[:, None, None], 0.0, self.entry_rewards), 4, axis=1)
        self.d0 = np.bincount(self.starts, minlength=self.n_states) / len(self.starts)

    def start(self, n, rng):
        return self.starts[rng.integers(len(self.starts), size=n)]

    def step(self, states, actions, rng):
        luck = rng.random(len(states))
        ways = (actions + (luck < self.slip / 2) - (luck >= 1 - self.slip / 2)) % 4
        cells = self.next_cell[states, ways]
        return cells, self.move_rewards[states, ways], self.is_end[cells]

    def show(self, state):
        symbols = self.map.copy()
        symbols.ravel()[state] = "@"
        return "\n".join("".join(line) for line in symbols)

    def scene(self, state):
        """Cells as boxes, the largest that fit; the agent as a disc."""
        rows, columns = self.map.shape
        size = 1.0 / max(rows, columns)
        left, bottom = (1 - columns * size) / 2, (1 - rows * size) / 2
        wide, half = 0.96 * size, 0.48 * size
        corners = [(left + column * size, bottom + (rows - 1 - row) * size)
                   for row in range(rows) for column in range(columns)]
        cells, names = [], []
        for (x, y), symbol in zip(corners, self.map.ravel()):
            cells.append(Box(x, y, x + wide, y + wide, COLOR[symbol]))
            if symbol in "SG":
                names.append(Words(x + half, y + half, symbol))
        x, y = corners[int(state)]
        return [*cells, *names, Circle(x + half, y + half, 0.3 * size, "agent", moving=True)]
