"""Act: a policy is a network whose outputs are read as a distribution over actions."""
from typing import NamedTuple

import numpy as np

from tinyrlhf.nn.distributions import Categorical


class Cache(NamedTuple):
    """What `Policy.backward` needs; entropy and KL are computed from the outputs."""
    outputs: np.ndarray
    actions: np.ndarray
    network: object


class Policy:
    """pi(a | o): draws actions, tells their log-probability, passes derivatives back."""

    def __init__(self, network, distribution=Categorical):
        self.network, self.distribution = network, distribution

    def act(self, observations, rng):
        """Observations (n, *O) -> sampled actions (n,) or (n, D), log-probabilities (n,)."""
        return self.distribution.draw(self.network.forward(observations)[0], rng)

    def log_probs(self, observations, actions):
        """log pi(actions | observations), float64 (...), and the cache for `backward`."""
        outputs, cache = self.network.forward(observations)
        return self.distribution.log_prob(outputs, actions), Cache(outputs, actions, cache)

    def backward(self, cache, d_log_probs, d_outputs=None):
        """The second and third hop of the chain rule: log-probs -> outputs -> parameters.

        d_log_probs (...) is d loss / d log-probs; `d_outputs` (..., O) adds terms that know the
        whole distribution, such as an entropy bonus.
        """
        # d outputs = d log-probs * (d log-probs / d outputs)
        d_total = self.distribution.d_log_prob(cache.outputs, cache.actions)
        d_total *= np.asarray(d_log_probs, d_total.dtype)[..., None]
        if d_outputs is not None:
            d_total += d_outputs
        return self.network.backward(cache.network, d_total)

    def copy(self):
        """A policy with its own parameters: the frozen reference."""
        return Policy(self.network.copy(), self.distribution)

    def state(self):
        return self.network.state()

    def load(self, state):
        self.network.load(state)
