"""From network outputs to chances: Categorical and Gaussian, each with the derivatives by the outputs.

Pure functions; A actions, D components of a continuous action. `d_...` is the derivative by `outputs` and has its shape.
"""
import numpy as np

from tinyrlhf.numerics import log_sigmoid, log_softmax, softmax


class Categorical:
    """A choice among A actions; outputs are logits (..., A)."""

    @staticmethod
    def sample(outputs, rng):
        """Actions (...): the first one whose cumulated probability passes a uniform number."""
        return Categorical.draw(outputs, rng)[0]

    @staticmethod
    def draw(outputs, rng):
        """Sampled actions (...) and their log-probabilities (...), from the same exponentials."""
        if outputs.shape[-1] == 2:                                     # two actions: one logistic threshold does it
            uniform, gap = rng.random(outputs.shape[:-1]), outputs[..., 1] - outputs[..., 0]
            second = np.log(uniform) - np.log1p(-uniform) < gap
            return second.astype(np.int64), log_sigmoid(np.where(second, gap, -gap)).astype(np.float64)
        shifted = outputs - outputs.max(axis=-1, keepdims=True)
        cumulative = np.cumsum(np.exp(shifted), axis=-1)
        total = cumulative[..., -1:]                                   # not quite 1 times anything in float32, hence the same sum
        actions = (cumulative > rng.random(total.shape) * total).argmax(axis=-1)
        return actions, pick(shifted, actions) - np.log(total[..., 0])

    @staticmethod
    def log_prob(outputs, actions):
        """log p(a) = z_a - logsumexp(z), float64 (...)."""
        return pick(log_softmax(outputs), actions)

    @staticmethod
    def d_log_prob(outputs, actions):
        """d log p(a) / dz = onehot(a) - p, shape (..., A)."""
        rows = -softmax(outputs).reshape(-1, outputs.shape[-1])
        rows[np.arange(len(rows)), np.ravel(actions)] += 1
        return rows.reshape(outputs.shape)

    @staticmethod
    def entropy(outputs):
        """H = -sum p log p, nats (...)."""
        log_p = log_softmax(outputs)
        return -(np.exp(log_p) * log_p).sum(axis=-1)

    @staticmethod
    def d_entropy(outputs):
        """dH / dz_i = -p_i (log p_i + H)."""
        log_p = log_softmax(outputs)
        p = np.exp(log_p)
        return -p * (log_p - (p * log_p).sum(axis=-1, keepdims=True))

    @staticmethod
    def kl(outputs, other):
        """KL(p || q) = sum p (log p - log q), nats (...), p from `outputs`, q from `other`."""
        log_p = log_softmax(outputs)
        return (np.exp(log_p) * (log_p - log_softmax(other))).sum(axis=-1)

    @staticmethod
    def d_kl(outputs, other):
        """d KL(p || q) / dz_i = p_i (log p_i - log q_i - KL), z the logits of p."""
        log_p = log_softmax(outputs)
        p, gap = np.exp(log_p), log_p - log_softmax(other)
        return p * (gap - (p * gap).sum(axis=-1, keepdims=True))


def pick(table, actions):
    """The entry of each row of table (..., A) that its action (...) names, float64 (...)."""
    rows = table.reshape(-1, table.shape[-1])
    return rows[np.arange(len(rows)), np.ravel(actions)].astype(np.float64).reshape(table.shape[:-1])


class Gaussian:
    """Independent normal components; outputs (..., 2 D) are the means, then the logarithms of the standard deviations.

    A game that limits its actions clips inside `step`; the log-probability is that of the unclipped sample.
    """

    @staticmethod
    def sample(outputs, rng):
        """mean + std * noise, (..., D)."""
        mean, log_std = np.split(outputs, 2, axis=-1)
        return mean + np.exp(log_std) * rng.normal(size=mean.shape)

    @staticmethod
    def draw(outputs, rng):
        """Sampled actions (..., D) and their log-probabilities (...)."""
        actions = Gaussian.sample(outputs, rng)
        return actions, Gaussian.log_prob(outputs, actions)

    @staticmethod
    def log_prob(outputs, actions):
        """sum over D of -(a - mean)^2 / (2 std^2) - log std - log(2 pi) / 2."""
        mean, log_std = np.split(np.asarray(outputs, np.float64), 2, axis=-1)
        z = (actions - mean) * np.exp(-log_std)
        return (-0.5 * z * z - log_std - 0.5 * np.log(2 * np.pi)).sum(axis=-1)

    @staticmethod
    def d_log_prob(outputs, actions):
        """d log p(a) / d outputs, shape (..., 2 D): first by the means, then by the log standard deviations."""
        mean, log_std = np.split(outputs, 2, axis=-1)
        z = (actions - mean) * np.exp(-log_std)
        return np.concatenate([z * np.exp(-log_std),                   # d / d mean = (a - mean) / std^2
                               z * z - 1], axis=-1)                    # d / d log std = (a - mean)^2 / std^2 - 1

    @staticmethod
    def entropy(outputs):
        """sum over D of log std + log(2 pi e) / 2."""
        return (np.split(outputs, 2, axis=-1)[1] + 0.5 * np.log(2 * np.pi * np.e)).sum(axis=-1)

    @staticmethod
    def d_entropy(outputs):
        """dH / d outputs, (..., 2 D): 0 by the means, 1 by the log standard deviations."""
        mean, log_std = np.split(outputs, 2, axis=-1)
        return np.concatenate([np.zeros_like(mean), np.ones_like(log_std)], axis=-1)

    @staticmethod
    def kl(outputs, other):
        """sum over D of l2 - l1 + (s1^2 + (m1 - m2)^2) / (2 s2^2) - 1/2, with l = log s."""
        mean_1, log_1, mean_2, log_2 = np.split(np.concatenate([outputs, other], axis=-1), 4, axis=-1)
        return (log_2 - log_1 + 0.5 * (np.exp(2 * log_1) + (mean_1 - mean_2) ** 2) * np.exp(-2 * log_2) - 0.5).sum(axis=-1)

    @staticmethod
    def d_kl(outputs, other):
        """d KL(p || q) / d outputs of p, (..., 2 D)."""
        mean_1, log_1, mean_2, log_2 = np.split(np.concatenate([outputs, other], axis=-1), 4, axis=-1)
        return np.concatenate([(mean_1 - mean_2) * np.exp(-2 * log_2),                 # d / d m1 = (m1 - m2) / s2^2
                               np.exp(2 * (log_1 - log_2)) - 1], axis=-1)              # d / d l1 = s1^2 / s2^2 - 1
