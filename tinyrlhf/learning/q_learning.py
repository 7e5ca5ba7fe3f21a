"""Improve without a policy: what is each action worth in each state? Q-learning asks every step."""
from typing import NamedTuple

import numpy as np

from tinyrlhf.checks import check_finite, check_indices, check_range, check_shapes, check_whole
from tinyrlhf.episodes import steps
from tinyrlhf.nn.distributions import Categorical
from tinyrlhf.numerics import log_softmax


class Transitions(NamedTuple):
    """n steps as a learner sees them, all (n,)."""
    observations: np.ndarray
    actions: np.ndarray
    rewards: np.ndarray
    next_observations: np.ndarray
    ended: np.ndarray             # an end, after which nothing comes, not a cut


class QLearning:
    """A table Q (S, A) for games whose observations are numbers 0 .. S - 1.

        Q(s, a) <- Q(s, a) + step_size (r + gamma max_a' Q(s', a') - Q(s, a))

    without the max where the episode ends at s'.

    Args:
        n_states, n_actions: S and A.
        gamma: discount, 0 to 1.
        epsilon: how often it takes any action at random, else the best one.
        temperature: if given, it draws actions from softmax(Q / temperature) instead.
        step_size: 0 to 1, or None for 1 / N(s, a)^0.7 with N the visits so far.
    Source: Watkins 1989.
    Departs from the source: k episodes that do the same at the same time make one step, as long as
    k, to the mean of their targets.
    """

    def __init__(self, n_states, n_actions, gamma=1.0, epsilon=0.1, temperature=None,
                 step_size=None):
        check_whole("n_states", n_states, 1, 1_000_000_000)
        check_whole("n_actions", n_actions, 1, 1_000_000_000)
        check_range("gamma", gamma, 0, 1)
        check_range("epsilon", epsilon, 0, 1)
        check_range("temperature", 1 if temperature is None else temperature, 1e-9, np.inf)
        check_range("step_size", 1 if step_size is None else step_size, 0, 1)
        self.q, self.visits = np.zeros((n_states, n_actions)), np.zeros((n_states, n_actions))
        self.gamma, self.epsilon = gamma, epsilon
        self.temperature, self.step_size = temperature, step_size

    def log_probabilities(self, observations):
        """How it behaves: integers (...) -> log-probabilities (..., A)."""
        q = self.q[observations]
        if self.temperature is not None:
            return log_softmax(q / self.temperature)
        best = q == q.max(axis=-1, keepdims=True)
        greedy = best / best.sum(axis=-1, keepdims=True)
        with np.errstate(divide="ignore"):
            return np.log(self.epsilon / q.shape[-1] + (1 - self.epsilon) * greedy)

    def act(self, observations, rng):
        """Observations (n,) -> actions (n,) and their log-probabilities (n,)."""
        return Categorical.draw(self.log_probabilities(observations), rng)

    def learn(self, game, n, rng, reward=None):
        """Play n episodes side by side and learn from reward(step) (n,) at every step.

        reward: None: the game's own. Returns the mean of the summed rewards.
        """
        check_whole("episodes", n, 1, 1_000_000_000)
        total, states = 0.0, game.start(n, rng)
        shape = np.shape(game.observe(states))
        if len(shape) != 1:
            raise ValueError(f"observations: expected one number per episode, got {shape}; "
                             "try a smaller game")
        for step in steps(game, self.act, states, rng):
            rewards = step.true_rewards if reward is None else reward(step)
            self.experience(Transitions(step.observations, step.actions, rewards,
                                        game.observe(step.next_states), step.ended), rng)
            total += rewards.sum()
        return float(total / n)

    def experience(self, transitions, rng):
        """What becomes of a step in the game."""
        self.update(*transitions)

    def update(self, observations, actions, rewards, next_observations, ended):
        """Learn from transitions, all (n,); a cut is no end: there the next state counts."""
        check_transitions(self.q.shape, observations, actions, rewards, next_observations, ended)
        self.td_update(observations, actions, rewards, next_observations, ended)

    def td_update(self, observations, actions, rewards, next_observations, ended):
        """`update` of transitions that are known to fit."""
        next_values = np.where(ended, 0.0, self.q[next_observations].max(axis=-1))
        targets = rewards + self.gamma * next_values
        pairs = np.ravel_multi_index((observations, actions), self.q.shape)
        pairs, places, times = np.unique(pairs, return_inverse=True, return_counts=True)
        q, visits = self.q.reshape(-1), self.visits.reshape(-1)  # views: one number a pair
        visits[pairs] += times
        step_size = visits[pairs] ** -0.7 if self.step_size is None else self.step_size
        mean_targets = np.bincount(places, targets) / times
        q[pairs] += (1 - (1 - step_size) ** times) * (mean_targets - q[pairs])


def check_transitions(sizes, observations, actions, rewards, next_observations, ended):
    """Refuse transitions that do not fit each other, or a table of these sizes (S, A)."""
    check_shapes(observations=(observations, "N"), actions=(actions, "N"), rewards=(rewards, "N"),
                 next_observations=(next_observations, "N"), ended=(ended, "N"))
    check_finite(rewards=rewards)
    check_indices("observations", observations, sizes[0])
    check_indices("actions", actions, sizes[1])
    check_indices("next_observations", next_observations, sizes[0])
