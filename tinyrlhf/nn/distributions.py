"""From network outputs to chances: Categorical and Gaussian, each with its derivatives.

Pure functions; A actions, D components of a continuous action. `d_...` is the derivative by
`outputs` and has its shape.
"""
import numpy as np

from tinyrlhf.numerics import as_floats, log_sigmoid, log_softmax, softmax


class Categorical:
    """A choice among A actions; outputs are logits (..., A), -inf for what is impossible."""

    @staticmethod
    def sample(outputs, rng):
        """Actions (...): the first one whose cumulated probability passes a uniform number."""
        return Categorical.draw(outputs, rng)[0]

    @staticmethod
    def draw(outputs, rng):
        """Sampled actions (...) and their log-probabilities (...), from the same exponentials."""
        outputs = as_floats(outputs)
        if outputs.shape[-1] == 2:                            # two actions: one logistic threshold
            uniform = rng.random(outputs.shape[:-1])
            gap = outputs[..., 1] - outputs[..., 0]
            second = np.log(uniform) - np.log1p(-uniform) < gap
            log_probs = log_sigmoid(np.where(second, gap, -gap))
            return second.astype(np.int64), log_probs.astype(np.float64)
        shifted = outputs - outputs.max(axis=-1, keepdims=True)
        cumulative = np.cumsum(np.exp(shifted), axis=-1)
        total = cumulative[..., -1:]                          # not 1: float32 rounds
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
        log_p = finite_log_softmax(outputs)
        return -(np.exp(log_p) * log_p).sum(axis=-1)

    @staticmethod
    def d_entropy(outputs):
        """dH / dz_i = -p_i (log p_i + H)."""
        log_p = finite_log_softmax(outputs)
        p = np.exp(log_p)
        return -p * (log_p - (p * log_p).sum(axis=-1, keepdims=True))

    @staticmethod
    def kl(outputs, other):
        """KL(p || q) = sum p (log p - log q), nats (...), p from `outputs`, q from `other`.

        It is infinite where p does what q cannot do; there `d_kl` has no value.
        """
        p, log_ratio = probabilities_and_log_ratios(outputs, other)
        return (p * log_ratio).sum(axis=-1)

    @staticmethod
    def d_kl(outputs, other):
        """d KL(p || q) / dz_i = p_i (log p_i - log q_i - KL), z the logits of p."""
        p, log_ratio = probabilities_and_log_ratios(outputs, other)
        return p * (log_ratio - (p * log_ratio).sum(axis=-1, keepdims=True))


def finite_log_softmax(outputs):
    """log p (..., A), the lowest float instead of -inf, so that p log p is 0 where p is 0."""
    log_p = log_softmax(outputs)
    return np.maximum(log_p, np.finfo(log_p.dtype).min, out=log_p)


def probabilities_and_log_ratios(outputs, other):
    """p and log p - log q, both (..., A); 0 instead of a log-ratio where p is 0."""
    log_p = finite_log_softmax(outputs)
    p = np.exp(log_p)
    return p, np.where(p > 0, log_p - log_softmax(other), 0.0)


def pick(table, actions):
    """The entry of each row of table (..., A) that its action (...) names, float64 (...)."""
    rows = table.reshape(-1, table.shape[-1])
    picked = rows[np.arange(len(rows)), np.ravel(actions)]
    return picked.astype(np.float64).reshape(table.shape[:-1])


class Gaussian:
    """Independent normal components.

    Outputs (..., 2 D) are the means, then the logarithms of the standard deviations. A game that
    limits its actions clips inside `step`; the log-probability is that of the unclipped sample.
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
        """d log p(a) / d outputs (..., 2 D): by the means, then by the log standard deviations."""
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

    @staticmethod
    def d_kl(outputs, other):
        """d KL(p || q) / d outputs of p, (..., 2 D)."""
        (m1, l1), (m2, l2) = halves(outputs), halves(other)
        return np.concatenate([(m1 - m2) * np.exp(-2 * l2),          # d / d m1 = (m1 - m2) / s2^2
                               np.exp(2 * (l1 - l2)) - 1], axis=-1)  # d / d l1 = s1^2 / s2^2 - 1


def halves(outputs):
    """Means (..., D) and logarithms of standard deviations (..., D)."""
    return np.split(as_floats(outputs), 2, axis=-1)
