"""From network outputs to chances: Categorical, with its derivatives; for Gaussian see `gaussian`.

Pure functions; A actions. `d_...` is the derivative by `outputs` and has its shape.
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
        if outputs.shape[-1] == 2:  # two actions: one logistic threshold
            uniform = rng.random(outputs.shape[:-1])
            gap = outputs[..., 1] - outputs[..., 0]
            second = np.log(uniform) - np.log1p(-uniform) < gap
            log_probs = log_sigmoid(np.where(second, gap, -gap))
            return second.astype(np.int64), log_probs.astype(np.float64)
        shifted = outputs - outputs.max(axis=-1, keepdims=True)
        cumulative = np.exp(shifted).cumsum(axis=-1)
        total = cumulative[..., -1:]  # not 1: float32 rounds
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

        It is infinite where p does what q cannot do.
        """
        log_p = finite_log_softmax(outputs)
        p = np.exp(log_p)
        log_ratio = np.where(p > 0, log_p - log_softmax(other), 0.0)
        return (p * log_ratio).sum(axis=-1)


def finite_log_softmax(outputs):
    """log p (..., A), the lowest float instead of -inf, so that p log p is 0 where p is 0."""
    log_p = log_softmax(outputs)
    return np.maximum(log_p, np.finfo(log_p.dtype).min, out=log_p)


def pick(table, actions):
    """The entry of each row of table (..., A) that its action (...) names, float64 (...)."""
    rows = table.reshape(-1, table.shape[-1])
    picked = rows[np.arange(len(rows)), np.ravel(actions)]
    return picked.astype(np.float64).reshape(table.shape[:-1])
