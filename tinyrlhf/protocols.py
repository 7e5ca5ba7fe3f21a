"""What the loop expects of its parts. Whatever has these methods fits; nothing need be inherited.

Letters as in the package's docstring; O stands for the dimensions of one observation.
"""
from typing import Any, Protocol

import numpy as np


class Part(Protocol):
    """What changes in a run, and is saved with it, to go on to the same bytes."""

    def state(self) -> dict:
        """All that changes, as a flat dict of arrays, numbers and texts."""

    def load(self, state) -> None:
        """Take back what `state` gave, in place."""


class Policy(Part, Protocol):
    """Who acts: pi(a | o). `policies.Policy` reads a network as one."""

    def act(self, observations, rng) -> tuple[np.ndarray, np.ndarray]:
        """Observations (n, *O) -> sampled actions (n,) or (n, D), their log-probabilities (n,)."""

    def log_probs(self, observations, actions) -> tuple[np.ndarray, Any]:
        """log pi(actions | observations), float64 (...), and the cache for `backward`."""

    def backward(self, cache, d_log_probs, d_outputs=None):
        """d loss / d log-probs (...), and what adds to d loss / d outputs (..., O) -> gradients."""

    def copy(self) -> "Policy":
        """One with its own parameters: the frozen reference."""


class Learner(Part, Protocol):
    """Who improves a policy, in place; its state is its optimizers, its critic, its count."""

    def update(self, episodes, reward, rng) -> dict[str, float]:
        """One improvement on these B episodes; returns numbers for the row of the round.

        reward: function episodes -> (B, T), the only way to learn what was good.
        """


class RewardModel(Part, Protocol):
    """What a person wants, as far as it is known. `rewards.reward_models` has three."""

    def fit(self, answers, rng) -> float:
        """Explain all answers so far (`feedback.answers.Answers`); returns the loss in nats."""

    def normalize(self, episodes) -> bool:
        """Set mean and scale on these episodes; False where all of them are alike."""

    def scores(self, episodes) -> np.ndarray:
        """What a person's options are made of, (B,)."""

    def rewards(self, episodes) -> np.ndarray:
        """Normalised rewards for learning, (B, T)."""


class Person(Part, Protocol):
    """Who answers, whoever it is: `humans.simulated`, `humans.recorded`; they may remember."""

    def answer(self, game, questions, rng) -> Any:
        """`feedback.answers.Questions` -> `Answers`; who acts adds what they did."""

    def preference(self, first, second) -> Any:
        """P(first) of N pairs of episodes, (N,); only the chat model's report asks for it."""
