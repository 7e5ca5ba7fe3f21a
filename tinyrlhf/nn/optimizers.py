"""From gradients to new parameters: Adam, and clipping of the gradient's length."""
import math

import numpy as np

from tinyrlhf.checks import check_range


class Adam:
    """Running means m of the gradient g and v of its square, both corrected for their start at 0.

        m <- b1 m + (1 - b1) g            m_hat = m / (1 - b1^t)
        v <- b2 v + (1 - b2) g^2          v_hat = v / (1 - b2^t)
        theta <- theta - learning_rate * m_hat / (sqrt(v_hat) + epsilon)

    Args:
        params: changed in place; learning_rate: 0 or more, may be set anew before every step.
        mean_decay, square_decay: b1 and b2, below 1; epsilon: 0 to 1.
    Source: Kingma, Ba 2015, algorithm 1, in the efficient order of their section 2.
    """

    def __init__(self, params, learning_rate, mean_decay=0.9, square_decay=0.999, epsilon=1e-8):
        check_range("learning_rate", learning_rate, 0, 1e3)
        check_range("mean_decay", mean_decay, 0, 1 - 1e-9)
        check_range("square_decay", square_decay, 0, 1 - 1e-9)
        check_range("epsilon", epsilon, 0, 1)
        self.params, self.learning_rate, self.epsilon = params, learning_rate, epsilon
        self.decays, self.steps = (mean_decay, square_decay), 0
        self.mean = np.zeros_like(params.vector)
        self.square = np.zeros_like(params.vector)

    def step(self, grads):
        """One step down the gradient; NaN stops. Kept are m / (1 - b1), v / (1 - b2): faster."""
        g, (b1, b2) = grads.vector, self.decays
        if not math.isfinite(g.dot(g)):
            self.stop(grads)
        self.steps += 1
        self.mean *= b1
        self.mean += g  # m = (1 - b1) self.mean
        self.square *= b2
        self.square += g * g                                  # v = (1 - b2) self.square
        m_scale = (1 - b1) / (1 - b1 ** self.steps)           # m_hat = m_scale * self.mean
        v_scale = (1 - b2) / (1 - b2 ** self.steps)           # v_hat = v_scale * self.square
        root = math.sqrt(v_scale)
        # theta -= learning_rate * m_scale * mean / (root * sqrt(square) + epsilon)
        step = np.sqrt(self.square)
        step += self.epsilon / root
        np.divide(self.mean, step, out=step)
        step *= float(self.learning_rate) * m_scale / root
        self.params.vector -= step

    def stop(self, grads):
        """Refuse a gradient that is no number, before it changes anything."""
        tensors = grads if isinstance(grads, dict) else {"vector": grads.vector}
        for name, values in tensors.items():
            if not np.isfinite(values).all():
                raise ValueError(f"gradient of {name}: expected finite numbers, got NaN or "
                                 f"infinity in step {self.steps + 1}; training stops here")

    def state(self):
        return {"mean_sum": self.mean.copy(), "square_sum": self.square.copy(), "steps": self.steps}

    def load(self, state):
        self.mean[:], self.square[:] = state["mean_sum"], state["square_sum"]
        self.steps = int(state["steps"])


def clip_gradient(grads, max_norm):
    """Shorten all gradients together to length max_norm if they are longer; returns the old length.

        g <- g * min(1, max_norm / |g|)
    """
    norm = float(np.sqrt(grads.vector @ grads.vector))
    if norm > max_norm:
        grads.vector *= max_norm / norm
    return norm
