"""From gradients to new parameters: SGD, Adam, and clipping of the gradient's length."""
import math

import numpy as np


class SGD:
    """theta <- theta - learning_rate * g."""

    def __init__(self, params, learning_rate):
        self.params, self.learning_rate = params, learning_rate

    def step(self, grads):
        self.params.vector -= self.learning_rate * grads.vector

    def state(self):
        return {}

    def load(self, state):
        pass


class Adam:
    """theta <- theta - learning_rate * m_hat / (sqrt(v_hat) + epsilon), with running means m of g and v of g^2.

    Kept are m / (1 - b1) and v / (1 - b2), two products less; the factors enter together with the correction of the start.
    Source: Kingma, Ba 2015, algorithm 1, in the efficient order of their section 2 (epsilon scaled alike).
    """

    def __init__(self, params, learning_rate, mean_decay=0.9, square_decay=0.999, epsilon=1e-8):
        self.params, self.learning_rate, self.epsilon = params, learning_rate, epsilon
        self.decays = mean_decay, square_decay
        self.mean, self.square, self.steps = np.zeros_like(params.vector), np.zeros_like(params.vector), 0

    def step(self, grads):
        """One step down the gradient; only this changes parameters."""
        (decay_1, decay_2), g = self.decays, grads.vector
        self.steps += 1
        self.mean *= decay_1
        self.mean += g                                                 # m / (1 - b1) <- b1 m / (1 - b1) + g
        self.square *= decay_2
        self.square += g * g                                           # v / (1 - b2) <- b2 v / (1 - b2) + g^2
        mean_factor = (1 - decay_1) / (1 - decay_1 ** self.steps)      # m_hat = mean_factor * self.mean
        root_factor = math.sqrt((1 - decay_2) / (1 - decay_2 ** self.steps))       # sqrt(v_hat) = root_factor * sqrt(self.square)
        step = np.sqrt(self.square)
        step += self.epsilon / root_factor
        np.divide(self.mean, step, out=step)
        step *= float(self.learning_rate) * mean_factor / root_factor
        self.params.vector -= step

    def state(self):
        return {"mean_sum": self.mean.copy(), "square_sum": self.square.copy(), "steps": self.steps}

    def load(self, state):
        self.mean[:], self.square[:], self.steps = state["mean_sum"], state["square_sum"], int(state["steps"])


def clip_gradient(grads, max_norm):
    """Shorten all gradients together to length max_norm if they are longer; returns the length they had."""
    norm = float(np.sqrt(grads.vector @ grads.vector))
    if norm > max_norm:
        grads.vector *= max_norm / norm
    return norm
