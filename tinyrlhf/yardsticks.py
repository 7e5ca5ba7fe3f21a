"""What a run is held against: its exact return where the world is small enough, the best possible, and labels cloned once."""
import numpy as np

from tinyrlhf.episodes import rollout
from tinyrlhf.exact import strings
from tinyrlhf.exact.planning import backward_induction, finite_horizon_return, kl_to_reference, value_iteration
from tinyrlhf.games.cartpole import CartPole
from tinyrlhf.games.text import Text
from tinyrlhf.learning.imitation import clone
from tinyrlhf.learning.kl import kl_per_episode
from tinyrlhf.numerics import log_softmax, softmax
from tinyrlhf.recipes import words_spread


def judged_game(game):
    """CartPole learns in its fixed-horizon form and is judged in the standard game; all others where they learn."""
    return CartPole() if isinstance(game, CartPole) and game.frozen else game


def expected_return(state, policy, rng, n=1000):
    """Expected true return of one episode: exact where the world is small enough, else the mean of n fresh episodes."""
    game = judged_game(state.game)
    if isinstance(game, Text):
        return strings.evaluate(log_table(policy, game), log_table(state.reference, game), strings.Automaton(*game.automaton()), 0.0).reward
    if hasattr(game, "P"):
        return finite_horizon_return(game.P, game.R, game.d0, table(policy, game), game.horizon)
    return float(rollout(game, policy, game.start(n, rng), rng).true_returns.mean())


def optimal_return(state, kl_coef):
    """The best possible: exact in tables, without a leash; 500 steps in CartPole; for text the best policy under the same leash;
    NaN where nobody knows.

    A text run normalises its rewards on the reference, so that kl_coef is the price of a nat in its standard deviations;
    the yardstick uses the same unit.
    """
    game = state.game
    if isinstance(game, Text):
        return text_optimum(state, kl_coef).reward
    if hasattr(game, "P"):
        return float(backward_induction(game.P, game.R, game.horizon)[0][0] @ game.d0)
    return float(judged_game(game).horizon) if isinstance(game, CartPole) else float("nan")


def text_optimum(state, kl_coef):
    """The exact optimum of the words' taste at this leash (`exact.strings.Optimum`); without one, at a very long leash."""
    price = max(kl_coef, 0.01) * words_spread(state)
    return strings.optimum(log_table(state.reference, state.game), strings.Automaton(*state.game.automaton()), price)


def table(policy, game):
    """The action probabilities (S, A) of a policy in a tabular game."""
    return softmax(policy.network.forward(np.arange(game.n_states))[0])


def log_table(policy, game):
    """The log-probabilities (U, V) of a character model in every context."""
    return log_softmax(policy.network.forward(strings.contexts(game.n_actions, game.window))[0].astype(float))


def expected_kl(state, rng, n=1000):
    """Nats per episode from the reference to the policy, in the game it learned in: exact for words and tables, else sampled."""
    if isinstance(state.game, Text):
        tables = log_table(state.policy, state.game), log_table(state.reference, state.game)
        return strings.evaluate(*tables, strings.Automaton(*state.game.automaton()), 0.0).kl
    game = state.game
    if hasattr(game, "P"):
        policy, reference = table(state.policy, game), table(state.reference, game)
        over = np.isclose(np.einsum("sas->sa", game.P).min(axis=1), 1)  # nobody acts any more where there is no way out
        policy[over] = reference[over]
        return kl_to_reference(game.P, game.d0, policy, reference, game.horizon)
    episodes = rollout(game, state.policy, game.start(n, rng), rng, steps_at_most=state.steps_at_most)
    return kl_per_episode(state.policy, state.reference, episodes)


def clone_labels(state, n, rng, agreement=0.9):
    """Traditional supervised learning: a fixed set of n labels, cloned once. Returns the policy.

    A label is the right action in a situation that the untrained policy got into, but with probability 1 - agreement a wrong
    one. For text it is the best of four of the model's words, or with that probability just any of the four.
    """
    game, policy = judged_game(state.game), state.reference.copy()
    if isinstance(game, Text):
        words = rollout(game, policy, game.start(4 * n, rng), rng)
        best = words.true_returns.reshape(n, 4).argmax(axis=1)
        chosen = np.where(rng.random(n) < agreement, best, rng.integers(4, size=n))
        observations, actions = words[np.arange(n) * 4 + chosen].decisions
    else:
        episodes = rollout(game, policy, game.start(n, rng), rng)
        rows = rng.integers(episodes.mask.sum(), size=n)
        observations = episodes.decisions[0][rows]
        wrong = rng.random(n) >= agreement                              # another action, any of the others
        actions = (expert(game, observations) + wrong * rng.integers(1, game.n_actions, size=n)) % game.n_actions
    clone(policy, observations, actions, rng, learning_rate=0.003 if isinstance(game, Text) else 0.01, steps=300, batch=min(n, 128))
    return policy


def expert(game, observations):
    """The right action (n,) in each situation (n, *O)."""
    if hasattr(game, "P"):
        return value_iteration(game.P, game.R, gamma=0.99)[1][observations]
    if not isinstance(game, CartPole):
        raise ValueError(f"expert: expected a tabular game or CartPole, got {type(game).__name__}; nobody knows the right actions there")
    return (observations @ (0.5, 1.0, 10.0, 2.0) > 0).astype(int)       # push towards the side the pole and the cart lean to
