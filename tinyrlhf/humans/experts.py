"""Who can show how it is done, and step in: experts. A world that has one passes it to its people.

An expert has two methods. `demonstrate(game, episodes, rationality, rng)` plays from where each of
B episodes began; `correct(game, episodes, rationality, rng)` returns each as it should have been,
and whether anything was mended (B,).
"""
import numpy as np

from tinyrlhf.episodes import collect, cut_at, replay, splice, steps, steps_left
from tinyrlhf.exact.planning import action_values, value_iteration
from tinyrlhf.feedback.answers import draw_option
from tinyrlhf.games.game import nth_legal

NO_REGRET = 1e-9  # actions whose values differ by less are equally good


class Player:
    """An expert who knows what to do in each situation.

    Args:
        act: function (observations (n, *O), rng) -> actions (n,).
        step_in: function (episodes, rationality, rng) -> the column (B,) in which they take over;
            the length of an episode: never.
    """

    def __init__(self, act, step_in):
        self.act = act
        self.step_in = step_in

    def demonstrate(self, game, episodes, rationality, rng):
        return self.take_over(game, episodes, np.zeros(len(episodes), int), rng)

    def correct(self, game, episodes, rationality, rng):
        at = self.step_in(episodes, rationality, rng)
        return self.take_over(game, episodes, at, rng), at < episodes.lengths

    def take_over(self, game, episodes, at, rng):
        """Each episode up to column `at` (B,), then the expert, in as many steps as were left."""
        def choose(observations, rng):
            actions = self.act(observations, rng)
            return actions, np.full(len(actions), np.nan)  # nobody says how likely

        left = steps_left(game, episodes)
        done = at >= np.minimum(left, episodes.lengths)  # nobody acts after an end
        if done.all():
            return episodes
        states = episodes.states[np.arange(len(at)), at]
        first_step = np.where(done, game.horizon, episodes.first_step + at)
        tails = collect(game, steps(game, choose, states, rng, first_step), states, first_step)
        return cut_at(splice(episodes, at, tails), left)


def planner(game):
    """An expert in a tabular game, planned through: the best action, and what others cost."""
    values, best = value_iteration(game.P, game.R, gamma=0.99)
    regret = values[:, None] - action_values(game.P, game.R, values, 0.99)  # (S, A)

    def act(observations, rng):
        return best[observations]

    def worst_step(episodes, rationality, rng):
        """Where to step in is a choice too, by softmax(rationality * regret); never without any."""
        taken = regret[episodes.observations[:, :-1], episodes.actions]
        costs = np.where(episodes.mask, taken, 0.0)
        noisy = np.where(episodes.mask, rationality * costs + rng.gumbel(size=costs.shape), -np.inf)
        at = noisy.argmax(axis=1)
        return np.where(costs[np.arange(len(at)), at] > NO_REGRET, at, episodes.lengths)

    return Player(act, worst_step)


def anybody(game):
    """Somebody without a clue, for the control: acts at random, steps in at a random step."""
    def act(observations, rng):
        if hasattr(game, "action_size"):
            return rng.normal(size=(len(observations), game.action_size))
        legal = game.legal(observations)
        return nth_legal(legal, rng.integers(legal.sum(axis=1)))

    def step_in(episodes, rationality, rng):
        return rng.integers(np.maximum(episodes.lengths, 1))

    return Player(act, step_in)


class Writer:
    """An expert in texts, who weighs some, and takes one by softmax(rationality * true reward).

    Args:
        drafts: (start states (n, ...), rng) -> finished states (n, m, ...), what they might write.
        edits: (finished states (n, ...), rng) -> (n, m, ...), what they might turn each into.
        as_actions: finished states (n, ...) -> actions (n, T) and mask (n, T) that write them.
        true_reward: finished states (n, ...) -> (n,).
    """

    def __init__(self, drafts, edits, as_actions, true_reward):
        self.drafts = drafts
        self.edits = edits
        self.as_actions = as_actions
        self.true_reward = true_reward

    def demonstrate(self, game, episodes, rationality, rng):
        options = self.drafts(episodes.states[:, 0], rng)
        return self.written(game, episodes, options, rationality, rng)

    def correct(self, game, episodes, rationality, rng):
        before = episodes.states[:, -1]
        mended = self.written(game, episodes, self.edits(before, rng), rationality, rng)
        return mended, (mended.states[:, -1] != before).any(axis=1)

    def written(self, game, episodes, options, rationality, rng):
        """One of the options (n, m, ...) for each of n episodes, as if it had been written."""
        n, m = options.shape[:2]
        worth = self.true_reward(options.reshape(n * m, *options.shape[2:])).reshape(n, m)
        taken = options[np.arange(n), draw_option(rationality * worth, rng)]
        return replay(game, episodes.states[:, 0], *self.as_actions(taken), rng)
