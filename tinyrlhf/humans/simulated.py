"""People made of code, with a known taste: what they say can be held against what they want."""
import numpy as np

from tinyrlhf.checks import check_finite, check_range
from tinyrlhf.feedback.records import FIRST, SECOND
from tinyrlhf.numerics import sigmoid


class Boltzmann:
    """Prefers the first with probability sigmoid(rationality * (R1 - R2)), R the sum of true rewards.

    Say either `rationality` itself (inverse reward units), or the `agreement`: how often this person should agree with
    the taste on the pairs at hand, 1/2 to 1. The rationality that gives this rate is solved anew for each batch of
    pairs, because 90 % agreement on easy pairs and on hard ones are two different people.
    Source: Bradley, Terry 1952; as a model of choice Luce 1959. The agreement knob is ours.
    """

    def __init__(self, agreement=None, rationality=None):
        if (agreement is None) == (rationality is None):
            raise ValueError("human: expected either agreement or rationality, got "
                             + ("neither" if agreement is None else "both"))
        if agreement is not None:
            check_range("agreement", agreement, 0.5, 1.0)
        else:
            check_range("rationality", rationality, 0.0, 1e9)
        self.agreement, self.rationality = agreement, rationality

    def compare(self, game, first, second, rng):
        """Two stacks of N episodes -> N answers."""
        probability = self.preference(first, second)
        return np.where(rng.random(len(first)) < probability, FIRST, SECOND)

    def rank(self, game, episodes, group, rng):
        """Each `group` neighbours of N * group episodes in order, best first: (N, group) of 0..group-1.

        Choosing the best by softmax(rationality * R), then the best of the rest, is sorting after adding Gumbel noise; each
        pair is then ordered as `compare` would. Source: Plackett 1975, Luce 1959.
        """
        returns = episodes.true_returns.reshape(-1, group)
        check_finite(true_rewards=returns)
        differences = returns[:, :, None] - returns[:, None, :]
        rationality = rationality_for(self.agreement, differences.ravel()) if self.rationality is None else self.rationality
        return np.argsort(-(rationality * returns + rng.gumbel(size=returns.shape)), axis=1, kind="stable")

    def preference(self, first, second):
        """P(first) of N pairs, (N,)."""
        difference = first.true_returns - second.true_returns
        check_finite(true_rewards=difference)
        if self.rationality is None:
            return sigmoid(rationality_for(self.agreement, difference) * difference)
        return sigmoid(self.rationality * difference)


class CoinFlip:
    """Answers without looking: the control. Whatever is learned from this person was not learned from feedback."""

    def compare(self, game, first, second, rng):
        return np.where(rng.random(len(first)) < 0.5, FIRST, SECOND)

    def rank(self, game, episodes, group, rng):
        return rng.random((len(episodes) // group, group)).argsort(axis=1)

    def preference(self, first, second):
        return np.full(len(first), 0.5)


def rationality_for(agreement, differences):
    """The b for which the mean of sigmoid(b |difference|) over the pairs that differ is `agreement`; by bisection.

    The mean rises from 1/2 at b = 0 to 1, so that exactly one b fits. Agreement 1 gives a b that leaves no doubt.

    >>> round(rationality_for(0.75, np.array([2.0, -2.0, 0.0])), 6)        # log(3) / 2
    0.549306
    """
    sizes = np.abs(differences)
    sizes = sizes[sizes > 1e-12]
    if not sizes.size:
        return 1.0
    low, high = 0.0, 60.0 / sizes.min()
    for _ in range(200):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if sigmoid(middle * sizes).mean() < agreement else (low, middle)
    return float(high)
