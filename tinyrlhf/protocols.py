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
