"""The bandit: one choice among several arms, then it is over. The smallest game there is."""
import numpy as np

from tinyrlhf.checks import check_finite, check_range
from tinyrlhf.games.game import Box, Game, Line, Words


class Bandit(Game):
    """Pull one arm, get a reward from N(means[arm], noise^2).

    States (n,) integers: 0 about to pull, 1 over.
    Tabular: P and R (2, A, 2) with R the expected rewards, d0 (2,).
    """
    horizon = 1
    horizon_is_end = True
    n_states = 2

    def __init__(self, means, noise=1.0):
        check_finite(means=means)
        self.means = np.array(means, dtype=float)
        if self.means.ndim != 1 or self.means.size == 0:
            raise ValueError("means: expected one number per arm, such as [0, 0.5, 1]; "
                             f"got shape {self.means.shape}")
        check_range("noise", noise, 0, 1e9)
        self.noise = noise
        self.n_actions = len(self.means)
        self.keys = {str(arm + 1): arm for arm in range(min(self.n_actions, 9))}
        self.P = np.zeros((2, self.n_actions, 2))
        self.P[:, :, 1] = 1.0
        self.R = np.zeros((2, self.n_actions, 2))
        self.R[0, :, 1] = self.means
        self.d0 = np.array([1.0, 0.0])

    def start(self, n, rng):
        return np.zeros(n, dtype=int)

    def step(self, states, actions, rng):
        rewards = self.means[actions] + self.noise * rng.normal(size=len(states))
        return np.ones_like(states), np.where(states == 0, rewards, 0.0), np.ones(len(states), bool)

    def show(self, state):
        return " ".join(f"{mean:.2f}" for mean in self.means) + (" (over)" if state else "")

    def scene(self, state):
        """One bar per arm from a line at zero, as high as its mean; quiet once the pull is over."""
        low, high = min(self.means.min(), 0.0), max(self.means.max(), 0.0)
        heights = 0.15 + 0.8 * (np.append(self.means, 0.0) - low) / max(high - low, 1e-9)
        zero, width = heights[-1], 1.0 / self.n_actions
        color = "quiet" if state else "good"
        bars = [Box((arm + 0.2) * width, min(zero, height),
                    (arm + 0.8) * width, max(zero, height), color)
                for arm, height in enumerate(heights[:-1])]
        names = [Words((arm + 0.5) * width, 0.06, str(arm + 1)) for arm in range(self.n_actions)]
        return [*bars, Line(0.0, zero, 1.0, zero, "quiet"), *names]
