"""What the loop expects of its parts. Whatever has these methods fits; nothing need be inherited.

Letters as in the package's docstring; O stands for the dimensions of one observation. `state` gives
all that changes as a flat dict of arrays, numbers and texts, and `load` takes it back in place.
"""
from typing import Any, Protocol

import numpy as np


class Policy(Protocol):
    """Who acts: pi(a | o). `policies.Policy` reads a network as one."""

    def act(self, observations, rng) -> tuple[np.ndarray, np.ndarray]:
        """Observations (n, *O) -> sampled actions (n,) or (n, D), their log-probabilities (n,)."""

    def log_probs(self, observations, actions) -> tuple[np.ndarray, Any]:
        """log pi(actions | observations), float64 (...), and the cache for `backward`."""

    def backward(self, cache, d_log_probs, d_outputs=None):
        """d loss / d log-probs (...), and what adds to d loss / d outputs (..., O) -> gradients."""

    def copy(self) -> "Policy":
        """One with its own parameters: the frozen reference."""

    def state(self) -> dict:
        """Its parameters."""

    def load(self, state) -> None:
        """Take back what `state` gave."""


class Learner(Protocol):
    """Who improves a policy, in place."""

    def update(self, episodes, reward, rng) -> dict[str, float]:
        """One improvement on these B episodes; returns numbers for the row of the round.

        reward: function episodes -> (B, T), the only way to learn what was good.
        """

    def state(self) -> dict:
        """What it needs to go on to the same bytes: its optimizers, its critic, its count."""

    def load(self, state) -> None:
        """Take back what `state` gave."""


class RewardModel(Protocol):
    """What a person wants, as far as it is known. `rewards.reward_models` has three."""

    def fit(self, answers, rng) -> float:
        """Explain all answers so far (`feedback.answers.Answers`); returns the loss in nats."""

    def normalize(self, episodes) -> bool:
        """Set mean and scale on these episodes; False where all of them are alike."""

    def scores(self, episodes) -> np.ndarray:
        """What a person's options are made of, (B,)."""

    def rewards(self, episodes) -> np.ndarray:
        """Normalised rewards for learning, (B, T)."""

    def state(self) -> dict:
        """Its parameters, optimizer and scale."""

    def load(self, state) -> None:
        """Take back what `state` gave."""


class Person(Protocol):
    """Who answers, whoever it is: `humans.simulated`, `humans.recorded`."""

    def answer(self, game, questions, rng) -> Any:
        """`feedback.answers.Questions` -> `Answers`; who acts adds what they did."""

    def preference(self, first, second) -> Any:
        """P(first) of N pairs of episodes, (N,); only the chat model's report asks for it."""

    def state(self) -> dict:
        """What they remember."""

    def load(self, state) -> None:
        """Take back what `state` gave."""


class Yardstick(Protocol):
    """What a run is held against: `yardsticks.Tabular`, `Strings`, `Sampled`; NaN: nobody knows."""

    def expected_return(self, policy, rng) -> float:
        """True return of one episode of a policy, where the run is judged."""

    def best_return(self) -> float:
        """The best possible."""

    def objective(self, rng) -> float:
        """What the run maximises: its true return minus the price of its KL."""

    def best_objective(self) -> float:
        """The best possible at this price."""

    def expected_kl(self, rng) -> float:
        """Nats per episode from the reference to the policy."""
