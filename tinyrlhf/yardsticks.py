"""What a run is held against: its true return, and what it maximises, each beside the best possible. One class a kind of world.

    Tabular    games with tables P, R, d0: everything exact
    Strings    texts judged by an automaton: everything exact, by sweeps over all that can be written
    Sampled    all others: means of fresh episodes, in the game it is judged in; the best possible where somebody knows it

Two figures that are never mixed: the true return, at most `best_return()`; and the objective, true return minus the price of the KL
at the run's own kl_coef, at most `best_objective()`. A run normalises its rewards on the reference, so that kl_coef is the price of
a nat in standard deviations of the reference's return; the objective uses the same unit. NaN: nobody knows.
"""
import numpy as np

from tinyrlhf.episodes import join, rollout
from tinyrlhf.exact import strings
from tinyrlhf.exact.horizon import backward_induction, finite_horizon_return, kl_to_reference, soft_backward_induction
from tinyrlhf.learning.imitation import clone
from tinyrlhf.learning.kl import kl_per_episode
from tinyrlhf.numerics import log_softmax, softmax


class Yardstick:
    """What all yardsticks share; `game` is where a run is judged, `called` what that is called in a report."""
    called = "mean true return"

    def __init__(self, state):
        self.state, self.game = state, state.game

    def price_of_a_nat(self):
        """kl_coef in units of the true return."""
        rng = np.random.default_rng(0)
        game, reference = self.state.game, self.state.reference
        return self.state.kl_coef * float(rollout(game, reference, game.start(10_000, rng), rng).true_returns.std())

    def objective(self, rng):
        """What the run maximises, in units of the true return: its true return minus the price of its KL."""
        if not self.state.kl_coef:
            return self.expected_return(self.state.policy, rng)
        return self.expected_return(self.state.policy, rng) - self.price_of_a_nat() * self.expected_kl(rng)


class Tabular(Yardstick):
    """A game with exact tables."""

    def expected_return(self, policy, rng):
        """Expected true return of one episode of a policy."""
        return finite_horizon_return(self.game.P, self.game.R, self.game.d0, self.table(policy), self.game.horizon)

    def best_return(self):
        """The best possible, by planning."""
        return float(backward_induction(self.game.P, self.game.R, self.game.horizon)[0][0] @ self.game.d0)

    def best_objective(self):
        """The best compromise between true return and KL."""
        price = self.price_of_a_nat()
        if not price:
            return self.best_return()
        values = soft_backward_induction(self.game.P, self.game.R, self.table(self.state.reference), price, self.game.horizon)[0]
        return float(values[0] @ self.game.d0)

    def expected_kl(self, rng):
        """Nats per episode from the reference to the policy."""
        policy, reference = self.table(self.state.policy), self.table(self.state.reference)
        over = np.isclose(np.einsum("sas->sa", self.game.P).min(axis=1), 1)     # nobody acts any more where there is no way out
        policy[over] = reference[over]
        return kl_to_reference(self.game.P, self.game.d0, policy, reference, self.game.horizon)

    def table(self, policy):
        """The action probabilities (S, A) of a policy."""
        return softmax(policy.network.forward(np.arange(self.game.n_states))[0])


class Strings(Yardstick):
    """Texts written by a policy that sees some last characters, with a true reward that an automaton can tell."""

    def __init__(self, state):
        super().__init__(state)
        self.automaton = strings.Automaton(*self.game.automaton())
        self.log_reference = self.log_table(state.reference)

    def expected_return(self, policy, rng):
        return strings.evaluate(self.log_table(policy), self.log_reference, self.automaton, 0.0).reward

    def best_return(self):
        return self.optimum(0.001).reward

    def best_objective(self):
        price = self.price_of_a_nat()
        return self.optimum(price).value if price else self.best_return()

    def optimum(self, price):
        """The exact optimum (`exact.strings.Optimum`) at this price of a nat, in units of the true return."""
        return strings.optimum(self.log_reference, self.automaton, price)

    def expected_kl(self, rng):
        return strings.evaluate(self.log_table(self.state.policy), self.log_reference, self.automaton, 0.0).kl

    def log_table(self, policy):
        """The log-probabilities (U, V) of a character model in every context."""
        contexts = strings.contexts(self.game.n_actions, self.game.window)
        return log_softmax(policy.network.forward(contexts)[0].astype(float))


class Sampled(Yardstick):
    """Means of fresh episodes.

    Args:
        game: where it is judged, if not where it learns; best: the best possible return there; called: what that is called.
    """

    def __init__(self, state, game=None, best=float("nan"), called="mean true return"):
        super().__init__(state)
        self.game, self.best, self.called = game or state.game, best, called

    def expected_return(self, policy, rng, n=1000):
        return float(rollout(self.game, policy, self.game.start(n, rng), rng).true_returns.mean())

    def best_return(self):
        return float(self.best)

    def best_objective(self):
        return float(self.best) if not self.state.kl_coef else float("nan")

    def expected_kl(self, rng, n=1000):
        """In the game it learned in."""
        game = self.state.game
        episodes = rollout(game, self.state.policy, game.start(n, rng), rng, steps_at_most=self.state.steps_at_most)
        return kl_per_episode(self.state.policy, self.state.reference, episodes)


def clone_labels(state, yardstick, n, rng, agreement=0.9):
    """Traditional supervised learning: a fixed set of n labels, cloned once. Returns the policy.

    A label is what the expert does in a situation that the untrained policy got into, or what they make of a text it has
    written; but with probability 1 - agreement any other action, or the text as it was.
    """
    game, policy, expert = yardstick.game, state.reference.copy(), state.person.expert
    episodes = rollout(game, policy, game.start(n, rng), rng)
    if hasattr(expert, "act"):
        observations = episodes.decisions[0][rng.integers(episodes.mask.sum(), size=n)]
        wrong = rng.random(n) >= agreement                              # another action, any of the others
        actions = (expert.act(observations, rng) + wrong * rng.integers(1, game.n_actions, size=n)) % game.n_actions
    else:
        mended = expert.correct(game, episodes, state.person.rationality or 1.0, rng)[0]
        right = rng.random(n) < agreement
        observations, actions = join([mended[right], episodes[~right]]).decisions
    clone(policy, observations, actions, rng, **state.imitation)
    return policy
