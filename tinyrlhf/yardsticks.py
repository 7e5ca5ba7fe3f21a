"""What a run is held against: its true return and its objective, each beside the best possible.

    Tabular    games with tables P, R, d0: everything exact
    Strings    texts judged by an automaton: exact, by sweeps over all that can be written
    Sampled    all others: means of fresh episodes; the best possible where somebody knows it

Two figures that are never mixed: the true return, at most `best_return()`; and the objective, true
return minus the price of the KL at the run's own kl_coef, at most `best_objective()`. As a run
normalises its rewards on the reference, kl_coef is the price of a nat in standard deviations of the
reference's return. NaN: nobody knows.
"""
from functools import cached_property

import numpy as np

from tinyrlhf.episodes import join, rollout, std_of_returns
from tinyrlhf.exact import horizon, strings
from tinyrlhf.games.game import nth_legal
from tinyrlhf.learning.imitation import clone
from tinyrlhf.learning.kl import kl_per_episode
from tinyrlhf.numerics import log_softmax, softmax


def yardstick_for(state, judged_in, best, called):
    """The most exact yardstick that the game of a run allows; judged_in, ...: as `Sampled`."""
    if judged_in is None and hasattr(state.game, "P"):
        return Tabular(state)
    if judged_in is None and hasattr(state.game, "automaton"):
        return Strings(state)
    return Sampled(state, judged_in, best, called)


class Yardstick:
    """What all share; `game` is where a run is judged, `called` what that is in a report.

    Each has besides: `expected_return(policy, rng)`, the true return of one episode there;
    `best_return()` and `best_objective()`; `expected_kl(rng)`, nats per episode of the run's policy
    from the reference.
    """
    called = "mean true return"

    def __init__(self, state):
        self.state, self.game = state, state.game

    @cached_property
    def std_of_reference(self):
        """Of its true returns, where the policy learns."""
        return std_of_returns(self.state.game, self.state.reference)

    def price_of_a_nat(self):
        """kl_coef in units of the true return."""
        return self.state.kl_coef * self.std_of_reference if self.state.kl_coef else 0.0

    def objective(self, rng):
        """What the run maximises: true return minus the price of its KL."""
        expected_return = self.expected_return(self.state.policy, rng)
        if not self.state.kl_coef:
            return expected_return
        return expected_return - self.price_of_a_nat() * self.expected_kl(rng)


class Tabular(Yardstick):
    """A game with exact tables."""

    def expected_return(self, policy, rng):
        game = self.game
        return horizon.finite_horizon_return(game.P, game.R, game.d0, self.table(policy),
                                             game.horizon)

    def best_return(self):
        """By planning."""
        game = self.game
        values = horizon.backward_induction(game.P, game.R, game.horizon)[0]
        return float(values[0] @ game.d0)

    def best_objective(self):
        game, price = self.game, self.price_of_a_nat()
        if not price:
            return self.best_return()
        reference = self.table(self.state.reference)
        values = horizon.soft_backward_induction(game.P, game.R, reference, price, game.horizon)[0]
        return float(values[0] @ game.d0)

    def expected_kl(self, rng):
        game = self.game
        policy, reference = self.table(self.state.policy), self.table(self.state.reference)
        over = np.isclose(np.einsum("sas->sa", game.P).min(axis=1), 1)  # nobody acts there
        policy[over] = reference[over]
        return horizon.kl_to_reference(game.P, game.d0, policy, reference, game.horizon)

    def table(self, policy):
        """The action probabilities (S, A) of a policy."""
        observations = self.game.observe(np.arange(self.game.n_states))
        return softmax(policy.network.forward(observations)[0])


class Strings(Yardstick):
    """Texts by a policy that sees some last characters; an automaton can tell the true reward."""

    def __init__(self, state):
        super().__init__(state)
        self.automaton = strings.Automaton(*self.game.automaton())
        self.log_reference = self.log_table(state.reference)

    def expected_return(self, policy, rng):
        return self.evaluate(policy).reward

    def best_return(self):
        return self.optimum(0.001).reward

    def best_objective(self):
        price = self.price_of_a_nat()
        return self.optimum(price).value if price else self.best_return()

    def expected_kl(self, rng):
        return self.evaluate(self.state.policy).kl

    def evaluate(self, policy):
        return strings.evaluate(self.log_table(policy), self.log_reference, self.automaton, 0.0)

    def optimum(self, price):
        """What is exactly the best at this price of a nat, in units of the true return."""
        return strings.optimum(self.log_reference, self.automaton, price)

    def log_table(self, policy):
        """The log-probabilities (U, V) of a character model in every context."""
        contexts = strings.contexts(self.game.n_actions, self.game.window)
        return log_softmax(policy.network.forward(contexts)[0].astype(float))


class Sampled(Yardstick):
    """Means of fresh episodes.

    Args:
        judged_in: the game in which a run is judged, if not the one where it learns.
        best, called: the best possible return there, and what that is called.
    """

    def __init__(self, state, judged_in=None, best=float("nan"), called="mean true return"):
        self.state, self.game = state, judged_in or state.game
        self.best, self.called = float(best), called

    def objective(self, rng):
        """NaN where its two terms belong to two games."""
        if self.state.kl_coef and self.game is not self.state.game:
            return float("nan")
        return super().objective(rng)

    def expected_return(self, policy, rng, n=1000):
        return float(rollout(self.game, policy, self.game.start(n, rng), rng).true_returns.mean())

    def best_return(self):
        return self.best

    def best_objective(self):
        return float("nan") if self.state.kl_coef else self.best

    def expected_kl(self, rng, n=1000):
        """In the game it learned in."""
        state = self.state
        episodes = rollout(state.game, state.policy, state.game.start(n, rng), rng,
                           steps_at_most=state.steps_at_most)
        return kl_per_episode(state.policy, state.reference, episodes)


def clone_labels(policy, game, expert, n, rng, agreement=0.9, **imitation):
    """Traditional supervised learning: a fixed set of n labels, cloned once. Returns a new policy.

    A label is what the expert does where the policy got to, or makes of a text it wrote; but with
    probability 1 - agreement any other legal action, or the text as it was.

    imitation: how `clone` copies them: learning_rate, steps, batch.
    """
    policy = policy.copy()
    episodes = rollout(game, policy, game.start(n, rng), rng)
    if hasattr(expert, "act"):
        observations = episodes.decisions[0][rng.integers(episodes.mask.sum(), size=n)]
        wrong = rng.random(n) >= agreement
        right = expert.act(observations, rng)
        legal = game.legal(observations)
        n_legal = legal.sum(axis=1)
        before = np.cumsum(legal, axis=1)[np.arange(n), right] - 1
        others = (before + rng.integers(1, np.maximum(n_legal, 2))) % n_legal
        actions = np.where(wrong, nth_legal(legal, others), right)
    else:
        mended = expert.correct(game, episodes, 1.0, rng)[0]
        kept = rng.random(n) < agreement
        observations, actions = join([mended[kept], episodes[~kept]]).decisions
    clone(policy, observations, actions, rng, **imitation)
    return policy
