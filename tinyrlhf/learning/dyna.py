"""Learn what the world does, and plan in it: fewer steps in the world, more in the head."""
import numpy as np

from tinyrlhf.checks import check_finite, check_whole
from tinyrlhf.exact.planning import action_values, value_iteration
from tinyrlhf.learning.q_learning import QLearning, Transitions, check_transitions


def transitions_of(episodes, rewards):
    """The played steps of episodes, with these rewards (B, T), as Transitions."""
    mask = episodes.mask
    last = np.arange(mask.shape[1]) == episodes.lengths[:, None] - 1
    ended = last & episodes.ended[:, None]
    return Transitions(*episodes.decisions, rewards[mask], episodes.next_observations[mask],
                       ended[mask])


class CountModel:
    """A model of a game whose observations are numbers 0 .. S - 1, from the steps seen in it.

        P_hat(x|s, a) = N(s, a, x) / N(s, a),    R_hat(s, a, x) = mean reward seen there

    the maximum-likelihood model. x is s' where it went on and S + s' where it ended in s': an end
    is told from a state that looks the same. A pair (s, a) never seen has no P_hat: whoever plans
    takes it to be worth `unseen`.
    """

    def __init__(self, n_states, n_actions):
        check_whole("n_states", n_states, 1, 2_000)  # tables grow with its square
        check_whole("n_actions", n_actions, 1, 1_000)
        self.counts = np.zeros((n_states, n_actions, 2 * n_states))       # N
        self.reward_sums = np.zeros(self.counts.shape)                    # N times R_hat

    def update(self, observations, actions, rewards, next_observations, ended):
        """Take note of transitions, all (n,)."""
        n_states = len(self.counts)
        check_transitions(self.counts.shape, observations, actions, rewards, next_observations,
                          ended)
        seen = observations, actions, next_observations + n_states * np.asarray(ended, int)
        np.add.at(self.counts, seen, 1)
        np.add.at(self.reward_sums, seen, rewards)

    def relabel(self, R):
        """What was seen so far paid R(s, a, s'), (S, A, S) or what broadcasts to it.

        When a reward model has learned more, its old rewards are wrong wherever they are kept.
        Source: Lee, Smith, Abbeel (2021), PEBBLE, section 4.3.
        """
        n_states, n_actions, _ = self.counts.shape
        R = np.broadcast_to(R, (n_states, n_actions, n_states))
        check_finite(R=R)
        self.reward_sums = self.counts * np.concatenate([R, R], axis=2)

    def sample(self, n, rng):
        """n Transitions: a pair drawn evenly from those seen, then x from P_hat; R_hat is paid."""
        n_states, n_actions, width = self.counts.shape
        counts, sums = (table.reshape(-1, width) for table in (self.counts, self.reward_sums))
        seen = np.flatnonzero(counts.any(axis=1))
        if not len(seen):
            raise ValueError("model: expected transitions to draw from, got none; update it first")
        pairs = rng.choice(seen, n)
        below = counts[pairs].cumsum(axis=1)
        x = (below > rng.random((n, 1)) * below[:, -1:]).argmax(axis=1)
        rewards = sums[pairs, x] / counts[pairs, x]
        return Transitions(pairs // n_actions, pairs % n_actions, rewards, x % n_states,
                           x >= n_states)

    def tables(self, unseen=0.0):
        """P_hat and R_hat as tables (2S, A, 2S) to plan on; rows from S on are the ends.

        unseen: what an action never tried is taken to be worth: it ends the episode and pays this.
            0 where no reward is negative: stay with what is known. The most that could be earned,
            R_max / (1 - gamma): try everything (Brafman, Tennenholtz 2002, R-max).
        """
        check_finite(unseen=unseen)
        n_states, n_actions, width = self.counts.shape
        P, R = np.zeros((2, width, n_actions, width))
        visits = self.counts.sum(axis=2, keepdims=True)
        P[:n_states] = self.counts / np.maximum(visits, 1)
        R[:n_states] = self.reward_sums / np.maximum(self.counts, 1)
        states, actions = np.nonzero(visits[..., 0] == 0)
        P[states, actions, n_states + states] = 1.0
        R[states, actions, n_states + states] = unseen
        ends = np.arange(n_states, width)
        P[ends, :, ends] = 1.0
        return P, R

    def action_values(self, gamma, unseen=0.0):
        """Q (S, A) of the best policy, if the model is right (certainty equivalence)."""
        P, R = self.tables(unseen)
        values, _ = value_iteration(P, R, gamma)
        return action_values(P, R, values, gamma)[:len(self.counts)]


class DynaQ(QLearning):
    """Q-learning that also learns from steps which its model draws.

    After every step in the game: learn from it, count it, then learn from n steps in the head.

    Args:
        planning_steps: n, for each episode that plays; 0 is Q-learning.
        others: as QLearning; its visits N(s, a) then count the steps in the head as well.
    Source: Sutton (1990); Sutton and Barto (2018), section 8.2.
    Departs from the source: its model keeps counts, so that the world may be one of chance; the n
    steps all start from the same Q, as if side by side.
    """

    def __init__(self, n_states, n_actions, planning_steps=50, **options):
        check_whole("planning_steps", planning_steps, 0, 1_000_000)
        super().__init__(n_states, n_actions, **options)
        self.planning_steps, self.model = planning_steps, CountModel(n_states, n_actions)

    def experience(self, transitions, rng):
        """What becomes of a step in the game: it is learned from, counted, and thought over."""
        self.update(*transitions)
        self.model.update(*transitions)
        self.plan(self.planning_steps * len(transitions.rewards), rng)

    def plan(self, n, rng):
        """Learn from n steps in the head; no step in the game."""
        if n:
            self.td_update(*self.model.sample(n, rng))
