"""What happened: play a policy in a game, keep every step, and cut clips out of it.

B episodes are rows, T steps are columns, padded on the right; `mask` says which were played.
"""
import itertools
from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np

from tinyrlhf.checks import check_indices, check_range, check_shapes, check_whole

STATES = "states", "observations"  # of these an episode has one more than of steps
STEPS = "actions", "log_probs", "true_rewards"


@dataclass(frozen=True)
class Episodes:
    """B episodes of at most T steps.

    `ended` tells an end (goal, end mark) from a cut (time limit, end of a clip). True rewards are
    there for simulated people, baselines and plots alone.
    """
    states: np.ndarray            # (B, T+1, ...)
    observations: np.ndarray      # (B, T+1, ...)
    actions: np.ndarray           # (B, T) or (B, T, D)
    log_probs: np.ndarray         # (B, T) of the policy that acted, when it acted
    mask: np.ndarray              # (B, T) bool
    ended: np.ndarray             # (B,) bool
    first_step: np.ndarray        # (B,) number of the first column within its episode
    true_rewards: np.ndarray      # (B, T), zero where padded

    def __len__(self):
        return len(self.mask)

    def __getitem__(self, rows):
        """The episodes of these rows: a slice, indices or a mask."""
        return Episodes(*(getattr(self, field.name)[rows] for field in fields(self)))

    @property
    def next_observations(self):
        """What was seen after each action, (B, T, ...)."""
        return self.observations[:, 1:]

    @property
    def lengths(self):
        """Steps played, (B,)."""
        return self.mask.sum(axis=1)

    @property
    def true_returns(self):
        """Sum of true rewards, (B,)."""
        return self.true_rewards.sum(axis=1)

    @property
    def decisions(self):
        """Observations (n, *O) and actions (n,) or (n, D) of the n steps that were played."""
        return self.observations[:, :-1][self.mask], self.actions[self.mask]

    def as_table(self, values):
        """Numbers (n,) of the played steps as a table (B, T), zero where nothing was played."""
        table = np.zeros(self.mask.shape)
        table[self.mask] = values
        return table


class Step(NamedTuple):
    """One time step of the r episodes that still play, side by side."""
    rows: np.ndarray              # (r,) which episodes these are
    states: np.ndarray            # (r, ...), and so are all below
    observations: np.ndarray
    actions: np.ndarray
    log_probs: np.ndarray
    next_states: np.ndarray
    true_rewards: np.ndarray
    ended: np.ndarray             # (r,) bool: over by the game's rules
    over: np.ndarray              # (r,) bool: over by them, or cut; who watches may set it


def steps(game, choose, states, rng, first_step=0):
    """Play n episodes and yield every time step: whatever steers within an episode loops over it.

    Args:
        choose: function (observations, rng) -> actions, log-probabilities of those still playing.
        states: (n, ...), where they begin.
        first_step: how many steps of the episode are over already, a number or (n,); episodes
            stop at the horizon.
    """
    step_number = np.zeros(len(states), int) + first_step
    rows = np.flatnonzero(step_number < game.horizon)
    states, step_number = states[rows], step_number[rows]
    while len(rows):
        observations = game.observe(states)
        actions, log_probs = choose(observations, rng)
        next_states, rewards, done = game.step(states, actions, rng)
        step_number = step_number + 1
        over = done | (step_number >= game.horizon)
        ended = over.copy() if game.horizon_is_end else done
        yield Step(rows, states, observations, actions, log_probs, next_states, rewards,
                   ended, over)
        states = next_states
        if over.any():
            rows, states, step_number = rows[~over], states[~over], step_number[~over]


def rollout(game, policy, states, rng, first_step=0, steps_at_most=None):
    """Episodes of a policy from these states (B, ...), at most `steps_at_most` steps long."""
    longest = game.horizon if steps_at_most is None else steps_at_most
    check_whole("steps_at_most", longest, 1, 1_000_000_000)
    played = itertools.islice(steps(game, policy.act, states, rng, first_step), longest)
    return collect(game, played, states, first_step)


def std_of_returns(game, policy):
    """Standard deviation of a policy's true returns: the unit of normalised rewards and kl_coef."""
    starts = game.start(10_000, np.random.default_rng(1))
    return float(rollout(game, policy, starts, np.random.default_rng(0)).true_returns.std())


def replay(game, states, actions, mask, rng, first_step=0):
    """Episodes with given actions (B, T) or (B, T, D) from start states (B, ...), as in the game.

    Each is played as far as its mask (B, T) says. The log-probabilities are NaN: nobody says with
    what probability a person acts.
    """
    check_replay(game, states, actions, mask)
    T, history = np.shape(mask)[1], []
    playing = np.flatnonzero(first_step + np.zeros(len(states)) < game.horizon)

    def given(observations, rng):
        rows = history[-1].rows[~history[-1].over] if history else playing
        return np.asarray(actions)[rows, len(history)], np.full(len(rows), np.nan)

    for step in itertools.islice(steps(game, given, states, rng, first_step), T):
        history.append(step)
    played = cut_at(collect(game, history, states, first_step), np.sum(mask, axis=1))
    check_legal(game, *played.decisions)
    return played


def check_replay(game, states, actions, mask):
    """Refuse actions that do not fit the states, the mask or the game, and masks with a hole."""
    check_shapes(states=(np.reshape(states, (len(states), -1)), "B N"), mask=(mask, "B T"),
                 actions=(np.reshape(actions, np.shape(actions)[:2] + (-1,)), "B T D"))
    if (np.diff(np.asarray(mask, int), axis=1) > 0).any():
        raise ValueError("mask: expected the played steps first in each row, got one with a hole")
    game.check(states)
    if hasattr(game, "n_actions"):
        check_indices("actions", actions, game.n_actions)


def check_legal(game, observations, actions):
    """Refuse steps (n,) with an action that the game does not allow where this was seen."""
    if hasattr(game, "n_actions"):
        legal = game.legal(observations)
        wrong = np.flatnonzero(~legal[np.arange(len(actions)), actions])
        if len(wrong):
            some = ", ".join(map(str, np.flatnonzero(legal[wrong[0]])))
            raise ValueError(f"actions: expected one that is legal there ({some}), "
                             f"got {actions[wrong[0]]}")


def collect(game, history, states, first_step):
    """Gather the time steps of the episodes from these states (B, ...) into Episodes."""
    history = list(history)
    if not history:
        raise ValueError("rollout: expected at least one step to play, "
                         "but every episode is over already")
    B, T = len(states), len(history)
    rows = np.concatenate([step.rows for step in history])
    columns = np.repeat(np.arange(T), [len(step.rows) for step in history])

    def table(name):
        values = np.concatenate([getattr(step, name) for step in history])
        filled = np.zeros((B, T, *values.shape[1:]), values.dtype)
        filled[rows, columns] = values
        return filled

    mask = np.zeros((B, T), bool)
    mask[rows, columns] = True
    visited = np.concatenate([states[:, None], table("next_states")], axis=1)
    stopped = np.minimum(np.arange(T + 1), mask.sum(axis=1)[:, None])  # there a state stays
    visited = visited[np.arange(B)[:, None], stopped]
    return Episodes(states=visited, observations=game.observe(visited), actions=table("actions"),
                    log_probs=table("log_probs"), mask=mask, ended=table("ended").any(axis=1),
                    first_step=np.zeros(B, int) + first_step,
                    true_rewards=table("true_rewards").astype(float))


def rearranged(episodes, rows, columns, mask, ended, first_step):
    """Episodes put together anew: column c of episode b is columns[b, c] of the episode rows[b, c].

    rows (B, T+1) or (B, 1), columns (B, T+1), mask (B, T): which steps are played. Behind its last
    column an episode stays as it is.
    """
    last, T = episodes.mask.shape[1], mask.shape[1]
    of_states = rows, np.minimum(columns, last)
    of_steps = rows[:, :T], np.minimum(columns[:, :T], last - 1)
    tables = {name: getattr(episodes, name)[of_states] for name in STATES}
    for name in STEPS:
        table = getattr(episodes, name)[of_steps]
        played = mask.reshape(mask.shape + (1,) * (table.ndim - 2))
        tables[name] = np.where(played, table, np.zeros((), table.dtype))
    return Episodes(mask=mask, ended=ended, first_step=first_step, **tables)


def clip(episodes, first, length):
    """`length` steps from column `first` (B,) of each episode; shorter where the episode stops."""
    first = np.broadcast_to(first, (len(episodes),))
    check_range("first", first.min(), 0, np.inf)
    check_whole("length", length, 1, 1_000_000_000)
    return window(episodes, first, np.clip(episodes.lengths - first, 0, length), length)


def cut_at(episodes, lengths):
    """The first `lengths` (B,) steps of each episode, in as many columns as before."""
    lengths = np.minimum(lengths, episodes.lengths)
    return window(episodes, np.zeros_like(lengths), lengths, episodes.mask.shape[1])


def window(episodes, first, lengths, width):
    """The `lengths` (B,) steps from column `first` (B,) of each episode, in `width` columns."""
    rows = np.arange(len(episodes))[:, None]
    columns = np.arange(width + 1)
    mask = columns[:-1] < lengths[:, None]
    columns = first[:, None] + np.minimum(columns, lengths[:, None])
    ended = episodes.ended & mask.any(axis=1) & (first + lengths == episodes.lengths)
    return rearranged(episodes, rows, columns, mask, ended, episodes.first_step + first)


def trimmed(episodes):
    """The same episodes in as many columns as the longest of them needs, at least one."""
    return in_columns(episodes, max(int(episodes.lengths.max(initial=0)), 1))


def in_columns(episodes, T):
    """The same episodes in T columns: padded on the right, or cut."""
    tables = {}
    for name, table in vars(episodes).items():
        width = T + 1 if name in STATES else T
        if table.ndim > 1 and table.shape[1] < width:
            more = np.zeros((len(table), width - table.shape[1], *table.shape[2:]), table.dtype)
            if name in STATES:
                more[:] = table[:, -1:]
            table = np.concatenate([table, more], axis=1)
        tables[name] = table[:, :width] if table.ndim > 1 else table
    return Episodes(**tables)


def splice(episodes, at, tails):
    """Each episode up to column `at` (B,), then its tail, which begins in the state there.

    A tail may be empty; then nothing changes but that the episode stops there.
    """
    both = join([episodes, tails])  # tails stand below
    longest = max(episodes.mask.shape[1], int((at + tails.lengths).max()))
    columns = np.arange(longest + 1)
    late = columns >= at[:, None]  # (B, T+1)
    rows = np.arange(len(at))[:, None] + np.where(late, len(at), 0)
    columns = np.where(late, columns - at[:, None], columns)
    mask = columns[:, :-1] < both.lengths[rows[:, :-1]]
    ended = np.where(tails.lengths > 0, tails.ended, episodes.ended)
    return rearranged(both, rows, columns, mask, ended, episodes.first_step)


def join(parts):
    """Several Episodes below each other, padded on the right to the longest."""
    check_whole("parts", len(parts), 1, 1_000_000_000)
    longest = max(part.mask.shape[1] for part in parts)
    alike = [vars(in_columns(part, longest)) for part in parts]
    return Episodes(**{name: np.concatenate([tables[name] for tables in alike])
                       for name in alike[0]})


def start_in_groups(game, n, group, rng):
    """n start states (n, ...), `group` neighbours alike: answers to one prompt, for instance."""
    check_whole("group", group, 1, 1_000_000)
    check_whole("episodes", n, 1, 1_000_000_000)
    if n % group:
        raise ValueError(f"episodes: expected a multiple of the group size {group}, got {n}")
    return np.repeat(game.start(n // group, rng), group, axis=0)


def steps_left(game, episodes):
    """How many steps (B,) another play from the start of each may take: a clip is not exceeded."""
    return np.where(episodes.ended, game.horizon - episodes.first_step, episodes.lengths)


def log_probs_of(policy, episodes):
    """log pi of whole episodes (B,), and the cache for `Policy.backward`."""
    log_probs, cache = policy.log_probs(*episodes.decisions)
    return episodes.as_table(log_probs).sum(axis=1), cache
