"""From network outputs to continuous actions: Gaussian, with the same functions as Categorical.

D components of an action. `d_...` is the derivative by `outputs` and has its shape.
"""
import numpy as np

from tinyrlhf.checks import check_range
from tinyrlhf.nn.networks import MLP
from tinyrlhf.numerics import as_floats


class Gaussian:
    """Independent normal components.

    Outputs (..., 2 D) are the means, then the logarithms of the standard deviations. A game clips
    actions inside `step`; the log-probability is that of the unclipped sample.
    """

    @staticmethod
    def sample(outputs, rng):
        """mean + std * noise, (..., D)."""
        mean, log_std = halves(outputs)
        return mean + np.exp(log_std) * rng.normal(size=mean.shape)

    @staticmethod
    def draw(outputs, rng):
        """Sampled actions (..., D) and their log-probabilities (...)."""
        actions = Gaussian.sample(outputs, rng)
        return actions, Gaussian.log_prob(outputs, actions)

    @staticmethod
    def log_prob(outputs, actions):
        """sum over D of -(a - mean)^2 / (2 std^2) - log std - log(2 pi) / 2."""
        mean, log_std = halves(np.asarray(outputs, np.float64))
        z = (actions - mean) * np.exp(-log_std)
        return (-0.5 * z * z - log_std - 0.5 * np.log(2 * np.pi)).sum(axis=-1)

    @staticmethod
    def d_log_prob(outputs, actions):
        """d log p(a) / d outputs, (..., 2 D)."""
        mean, log_std = halves(outputs)
        z = (actions - mean) * np.exp(-log_std)
        return np.concatenate([z * np.exp(-log_std),          # d / d mean = (a - mean) / std^2
                               z * z - 1], axis=-1)           # d / d l = (a - mean)^2 / std^2 - 1

    @staticmethod
    def entropy(outputs):
        """sum over D of log std + log(2 pi e) / 2."""
        return (halves(outputs)[1] + 0.5 * np.log(2 * np.pi * np.e)).sum(axis=-1)

    @staticmethod
    def d_entropy(outputs):
        """dH / d outputs, (..., 2 D): 0 by the means, 1 by the log standard deviations."""
        mean, log_std = halves(outputs)
        return np.concatenate([np.zeros_like(mean), np.ones_like(log_std)], axis=-1)

    @staticmethod
    def kl(outputs, other):
        """sum over D of l2 - l1 + (s1^2 + (m1 - m2)^2) / (2 s2^2) - 1/2, with l = log s."""
        (m1, l1), (m2, l2) = halves(outputs), halves(other)
        squares = np.exp(2 * l1) + (m1 - m2) ** 2
        return (l2 - l1 + 0.5 * squares * np.exp(-2 * l2) - 0.5).sum(axis=-1)


class GaussianMLP(MLP):
    """Means by an MLP, and the same standard deviations everywhere: outputs (..., 2 D).

    Their logarithms `log_std` (D,) are set, not learned.

    Args:
        sizes, rng, head_gain: as for MLP; the last size is D.
        std: what all D standard deviations are at first.
    """

    def __init__(self, sizes, rng, head_gain=0.01, std=1.0):
        check_range("std", std, 1e-6, 1e6)
        super().__init__(sizes, rng, head_gain, log_std=(sizes[-1],))
        self.params["log_std"][...] = np.log(std)

    def forward(self, inputs):
        means, layer_inputs = super().forward(inputs)
        log_std = np.broadcast_to(self.params["log_std"], means.shape)
        return np.concatenate([means, log_std], axis=-1), layer_inputs

    def backward(self, cache, d_outputs):
        return super().backward(cache, halves(d_outputs)[0])


def halves(outputs):
    """Means (..., D) and logarithms of standard deviations (..., D)."""
    return np.split(as_floats(outputs), 2, axis=-1)
