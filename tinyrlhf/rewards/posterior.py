"""How sure can one be of a reward after these answers? A posterior over linear rewards."""
import numpy as np

from tinyrlhf.checks import check_finite, check_range, check_shapes, check_whole
from tinyrlhf.numerics import softmax
from tinyrlhf.rewards.choice import log_likelihoods


class Particles:
    """M weight vectors w, each as likely as its weight says; scores are linear in features.

        p(w | answers) ~ exp(- prior / 2 |w|^2) prod_i P(answer_i | scores = features . w)

    The prior is that of `RewardModel`, whose fit of a linear network is the peak of this posterior.
    The length of w is how sure people are; on the unit ball of Sadigh et al. 2017 it must be known.

    Args:
        features: function episodes -> (B, D); M: how many particles.
        prior: precision of w before anything is said. moves: Metropolis steps in a refresh.
        readings, habits: as in `RewardModel`, but habits are not learned.
    Source: Chopin 2002 (draw anew and move); Del Moral, Doucet, Jasra 2006 (share by share).
    """

    def __init__(self, features, D, rng, M=500, prior=1.0, moves=20, readings=None, habits=None):
        check_whole("M", M, 2, 1_000_000)
        check_range("prior", prior, 1e-12, 1e12)
        self.features = features
        self.prior = prior
        self.moves = moves
        self.readings = readings
        self.habits = habits
        self.vectors = rng.normal(size=(M, D)) / np.sqrt(prior)
        self.log_weights = np.zeros(M)
        self.n_answers = 0

    @property
    def weights(self):
        """How likely each particle is, (M,)."""
        return softmax(self.log_weights)

    @property
    def mean(self):
        """E[w], (D,)."""
        return self.weights @ self.vectors

    def member_scores(self, episodes):
        """What each particle thinks of each episode, (M, B)."""
        return self.vectors @ self.features(episodes).T

    def fit(self, answers, rng):
        """Take in, of all answers so far, those behind the last fit's.

        They come in shares that leave an effective size of M / 2, with a refresh after each but
        the last.
        """
        if len(answers) < self.n_answers:
            raise ValueError(f"answers: expected those of the last fit and new ones behind them, "
                             f"got {len(answers)} after {self.n_answers}")
        features = self.features(answers.episodes)
        check_shapes(features=(features, f"{len(answers.episodes)} {self.vectors.shape[1]}"))
        check_finite(features=features)

        def log_likelihood(chosen):
            rows, blocks = answers.choices(chosen, self.readings)
            return lambda vectors: log_likelihoods(blocks, vectors @ features[rows].T, self.habits)

        before, told = map(log_likelihood, np.split(np.arange(len(answers)), [self.n_answers]))
        self.n_answers = len(answers)
        share = 0.0
        while share < 1:
            gain = told(self.vectors)
            step = 1 - share
            while effective_size(self.log_weights + step * gain) < len(gain) / 2:
                step /= 2
            share += step
            self.log_weights = self.log_weights + step * gain
            if share < 1:
                self.refresh(lambda vectors: before(vectors) + share * told(vectors), rng)

    def refresh(self, log_likelihood, rng):
        """Draw particles by weight, then move each so that their distribution stays as it is.

        Metropolis: a step is taken with probability min(1, p(there) / p(here)); it has 2.38^2 / D
        times the covariance of the particles (Roberts, Gelman, Gilks 1997).
        """
        def log_p(vectors):
            return log_likelihood(vectors) - self.prior / 2 * (vectors ** 2).sum(axis=1)

        M, D = self.vectors.shape
        away = self.vectors - self.mean
        covariance = (self.weights * away.T) @ away + 1e-9 / self.prior * np.eye(D)
        spread = 2.38 / np.sqrt(D) * np.linalg.cholesky(covariance)
        here = self.vectors[rng.choice(M, M, p=self.weights)]
        log_here = log_p(here)
        for _ in range(self.moves):
            there = here + rng.normal(size=(M, D)) @ spread.T
            log_there = log_p(there)
            taken = np.log(rng.random(M)) < log_there - log_here
            here[taken] = there[taken]
            log_here[taken] = log_there[taken]
        self.vectors = here
        self.log_weights = np.zeros(M)


def effective_size(log_weights):
    """So many equal particles say as much: 1 / sum_m weight_m^2."""
    return 1 / (softmax(log_weights) ** 2).sum()
