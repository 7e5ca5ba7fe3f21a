"""Who can show how it is done, and step in: experts, by what they know. A world that has one passes it to its people.

An expert has two methods. `demonstrate(game, episodes, rationality, rng)` plays from where each of B episodes began;
`correct(game, episodes, rationality, rng)` returns each as it should have been, and whether there was anything to mend (B,).
"""
import numpy as np

from tinyrlhf.episodes import collect, cut_at, replay, splice, steps, steps_left
from tinyrlhf.exact.planning import action_values, value_iteration
from tinyrlhf.numerics import softmax


class Player:
    """An expert who knows what to do in each situation.

    Args:
        act: function (observations (n, *O), rng) -> actions (n,).
        step_in: function (episodes, rationality, rng) -> the column (B,) in which they take over; at the end of an episode: never.
    """

    def __init__(self, act, step_in):
        self.act, self.step_in = act, step_in

    def demonstrate(self, game, episodes, rationality, rng):
        return self.take_over(game, episodes, np.zeros(len(episodes), int), rng)

    def correct(self, game, episodes, rationality, rng):
        at = self.step_in(episodes, rationality, rng)
        return self.take_over(game, episodes, at, rng), at < episodes.lengths

    def take_over(self, game, episodes, at, rng):
        """Each episode up to the column `at` (B,), then what comes of the expert's actions, in as many steps as there were left."""
        def choose(observations, rng):
            return self.act(observations, rng), np.full(len(observations), np.nan)      # nobody says how likely they were

        left = steps_left(game, episodes)
        states = episodes.states[np.arange(len(at)), at]
        stopped = at >= left
        if stopped.all():
            return episodes
        first_step = np.where(stopped, game.horizon, episodes.first_step + at)
        tails = collect(game, steps(game, choose, states, rng, first_step), states, first_step)
        return cut_at(splice(episodes, at, tails), left)


def planner(game):
    """An expert in a tabular game, who has planned it through: the best action everywhere, and what any other one costs."""
    values, best = value_iteration(game.P, game.R, gamma=0.99)
    regret = values[:, None] - action_values(game.P, game.R, values, 0.99)       # (S, A)

    def worst_step(episodes, rationality, rng):
        """Where they step in is a choice too: softmax(rationality * regret_t); never, where nothing was wrong."""
        costs = np.where(episodes.mask, regret[episodes.observations[:, :-1], episodes.actions], 0.0)
        noisy = np.where(episodes.mask, rationality * costs + rng.gumbel(size=costs.shape), -np.inf)
        at = noisy.argmax(axis=1)
        return np.where(costs[np.arange(len(at)), at] > 1e-9, at, episodes.lengths)

    return Player(lambda observations, rng: best[observations], worst_step)


def anybody(game):
    """Somebody without a clue, for the control: acts at random, steps in at a random step."""
    return Player(lambda observations, rng: rng.integers(game.n_actions, size=len(observations)),
                  lambda episodes, rationality, rng: rng.integers(np.maximum(episodes.lengths, 1)))


class Writer:
    """An expert with texts, who weighs some: each is chosen by softmax(rationality * true reward).

    Args:
        drafts: function (start states (n, ...), rng) -> finished states (n, m, ...) that they might write.
        edits: function (finished states (n, ...), rng) -> finished states (n, m, ...) that they might turn each into.
        as_actions: function finished states (n, ...) -> actions (n, T) and mask (n, T) that write them.
        true_reward: function finished states (n, ...) -> (n,).
    """

    def __init__(self, drafts, edits, as_actions, true_reward):
        self.drafts, self.edits, self.as_actions, self.true_reward = drafts, edits, as_actions, true_reward

    def demonstrate(self, game, episodes, rationality, rng):
        return self.chosen(game, episodes, self.drafts(episodes.states[:, 0], rng), rationality, rng)

    def correct(self, game, episodes, rationality, rng):
        finished = episodes.states[:, -1]
        mended = self.chosen(game, episodes, self.edits(finished, rng), rationality, rng)
        return mended, np.array([not np.array_equal(*pair) for pair in zip(mended.states[:, -1], finished)])

    def chosen(self, game, episodes, options, rationality, rng):
        """One of the options (n, m, ...) for each of n episodes, as if it had been written."""
        n, m = options.shape[:2]
        worth = np.reshape(self.true_reward(options.reshape(n * m, *options.shape[2:])), (n, m))
        chances = softmax(rationality * worth)
        picked = (rng.random((n, 1)) >= np.cumsum(chances, axis=1)[:, :-1]).sum(axis=1)
        return replay(game, episodes.states[:, 0], *self.as_actions(options[np.arange(n), picked]), rng)
