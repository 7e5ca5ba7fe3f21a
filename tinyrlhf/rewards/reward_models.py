"""Fit: reward models that explain a person's answers. An episode's score is the sum of its rewards."""
import numpy as np

from tinyrlhf.checks import check_finite, check_range, check_whole
from tinyrlhf.nn.optimizers import Adam
from tinyrlhf.saving import load_into, states_of
from tinyrlhf.rewards.choice import preference_loss


class RewardModel:
    """A network on features, fitted by Bradley-Terry; the two kinds below say which features become which reward.

    Args:
        network: features -> (..., 1).
        features: function episodes -> (B, T, ...) for StepReward, (B, ...) for OutcomeReward.
        prior: precision of a Gaussian prior on every parameter, in units of the summed log-likelihood. It keeps the
            scores finite when a person never contradicts themself.
        fit_steps, batch: Adam steps in one `fit`, and answers (pairs or rankings) in one step (None: all of them).
        centred: subtract the reference's mean reward per step. Right where all episodes have the same number of
            rewards; elsewhere a constant per step would pay or punish staying alive, so only the scale is set.
        spread: the standard deviation that rewards have on the reference episodes after normalisation.
        limit: rewards are clipped to +- limit standard deviations.
    """

    def __init__(self, network, features, learning_rate=3e-3, prior=1.0, fit_steps=100, batch=None, centred=False, spread=1.0,
                 limit=np.inf):
        check_range("learning_rate", learning_rate, 0, 1e3)
        check_range("prior", prior, 0, 1e12)
        check_whole("fit_steps", fit_steps, 1, 1_000_000)
        check_whole("batch", 1 if batch is None else batch, 1, 10_000_000)
        check_range("limit", limit, 0, np.inf)
        self.network, self.features, self.prior = network, features, prior
        self.fit_steps, self.batch, self.centred, self.spread, self.limit = fit_steps, batch, centred, spread, limit
        self.optimizer = Adam(network.params, learning_rate)
        self.mean, self.scale = 0.0, 1.0

    def scores(self, episodes):
        """The sum of raw rewards of each episode, (B,): what Bradley-Terry compares."""
        return self.forward(episodes)[0].sum(axis=1)

    def rewards(self, episodes):
        """Rewards for learning (B, T): normalised on the reference episodes, then limited."""
        rewards = self.scale * (self.forward(episodes)[0] - self.mean) * self.rewarded(episodes)
        return self.spread * np.clip(rewards, -self.limit, self.limit)

    def fit(self, comparisons, rng, weights=None):
        """Raise the likelihood of all answers so far, starting from the last fit; returns the mean loss in nats.

        comparisons: Comparisons, or Rankings, whose episodes are scored once each although they take part in several pairs.
        weights (N,): how often each answer counts (an ensemble's bootstrap).
        """
        keep = ~np.isnan(comparisons.labels)
        judged, labels = comparisons[keep], comparisons.labels[keep]
        n = len(labels)
        if not n:
            raise ValueError(f"fit: expected at least one answer that prefers or says same, got {len(comparisons)} without")
        weights, n_pairs = np.ones(n) if weights is None else weights[keep], len(judged.pairs_of(np.arange(n))[1])
        episodes = judged.both()
        features, mask = self.features(episodes), self.rewarded(episodes)
        check_finite(features=features)
        losses = []
        for _ in range(self.fit_steps):
            chosen = np.arange(n) if self.batch is None or self.batch >= n else rng.choice(n, self.batch, replace=False)
            rows, first, second, whose = judged.pairs_of(chosen)
            rewards, cache = self.reward_table(features[rows], mask[rows])
            scores = rewards.sum(axis=1)
            loss, d_first, d_second = preference_loss(scores[first], scores[second], labels[whose], weights[whose])
            d_scores = np.bincount(first, d_first, len(rows)) + np.bincount(second, d_second, len(rows))     # over all pairs it is in
            grads = self.backward(cache, np.repeat(d_scores[:, None], mask.shape[1], axis=1))
            grads.vector += self.prior / n_pairs * self.network.params.vector      # d of prior/2 |w|^2, per pair
            self.optimizer.step(grads)
            losses.append(loss)
        return float(np.mean(losses[-10:]))

    def normalize(self, episodes):
        """Set mean and scale so that rewards (or, uncentred, their sums) have standard deviation 1 on these reference episodes."""
        rewards, rewarded = self.forward(episodes)[0], self.rewarded(episodes)
        if self.centred:
            self.mean, spread = float(rewards[rewarded].mean()), rewards[rewarded].std()
        else:
            self.mean, spread = 0.0, rewards.sum(axis=1).std()
        self.scale = 1.0 / max(float(spread), 1e-6)

    def forward(self, episodes):
        """Raw rewards (B, T), zero where there is none, and the cache for `backward`."""
        return self.reward_table(self.features(episodes), self.rewarded(episodes))

    def state(self):
        return {**states_of(network=self.network, optimizer=self.optimizer), "mean": self.mean, "scale": self.scale}

    def load(self, state):
        load_into(state, network=self.network, optimizer=self.optimizer)
        self.mean, self.scale = float(state["mean"]), float(state["scale"])


class StepReward(RewardModel):
    """r(step): every step is rewarded by its own features."""

    def rewarded(self, episodes):
        return episodes.mask

    def reward_table(self, features, mask):
        outputs, cache = self.network.forward(features[mask])          # (n, 1), only what was played
        rewards = np.zeros(mask.shape)
        rewards[mask] = outputs[:, 0]
        return rewards, (cache, mask)

    def backward(self, cache, d_rewards):
        """d_rewards (B, T) -> grads."""
        network_cache, mask = cache
        return self.network.backward(network_cache, d_rewards[mask][:, None])          # d outputs = d rewards


class OutcomeReward(RewardModel):
    """r(episode): the finished episode is judged as a whole, and the reward falls on its last step."""

    def rewarded(self, episodes):
        last = np.zeros(episodes.mask.shape, bool)
        last[np.arange(len(episodes)), episodes.lengths - 1] = True
        return last & episodes.mask                                    # an empty clip has no last step

    def reward_table(self, features, mask):
        outputs, cache = self.network.forward(features)                # (B, 1)
        return np.where(mask, outputs, 0.0), (cache, mask)

    def backward(self, cache, d_rewards):
        """d_rewards (B, T) -> grads."""
        network_cache, mask = cache
        return self.network.backward(network_cache, np.where(mask, d_rewards, 0.0).sum(axis=1, keepdims=True))


class Ensemble:
    """Several reward models as one; their disagreement can ask questions, or make them careful.

    Args:
        members: reward models, of one kind or of several.
        weigh: how the members' normalised scores (M, B) of B episodes become their weights (M, B): `evenly` (the mean), `lowest`
            (the worst case), `carefully(k)` (the mean minus k standard deviations).
        bootstrap: each member sees each answer Poisson(1) times, drawn once when the answer arrives, so that members of one kind
            come to differ. Members of different kinds differ anyway: let them see all answers.
    Source: Christiano et al. 2017, section 2.2.3 (each member normalised on its own, then averaged); the careful ones Coste et al. 2024.
    Departs from the source: they subtract the variance; the standard deviation has the unit of a reward. `carefully` may weigh
    a member negatively.
    """

    def __init__(self, members, weigh=None, bootstrap=True):
        self.members, self.weigh, self.bootstrap = list(members), weigh or evenly, bootstrap
        self.weights = np.zeros((len(self.members), 0))
        self.typical = np.zeros((len(self.members), 1))                # what each member gives a reference episode on average

    def member_scores(self, episodes):
        """What each member thinks of each episode, (M, B)."""
        return np.stack([member.scores(episodes) for member in self.members])

    def scores(self, episodes):
        """What the ensemble believes of a person's answers, (B,): the mean, however careful its rewards are."""
        return self.member_scores(episodes).mean(axis=0)

    def rewards(self, episodes):
        """Rewards for learning (B, T): the members' own, weighted episode by episode; the last step makes up for their levels."""
        tables = np.stack([member.rewards(episodes) for member in self.members])                             # (M, B, T)
        weights = self.weigh(tables.sum(axis=2) - self.typical)                                              # (M, B)
        rewards = (weights[..., None] * tables).sum(axis=0)
        rewards[np.arange(len(rewards)), episodes.lengths - 1] -= ((weights - 1 / len(weights)) * self.typical).sum(axis=0)
        return rewards

    def fit(self, comparisons, rng):
        """Each member on the answers as often as it sees them; returns their mean loss."""
        new = len(self.members), len(comparisons) - self.weights.shape[1]
        weights = np.concatenate([self.weights, rng.poisson(1.0, new) if self.bootstrap else np.ones(new)], axis=1)
        loss = float(np.mean([member.fit(comparisons, rng, row) for member, row in zip(self.members, weights)]))
        self.weights = weights                                         # only now: a refused fit leaves nothing half-done
        return loss

    def normalize(self, episodes):
        """Each member on its own."""
        for member in self.members:
            member.normalize(episodes)
        self.typical = np.array([[member.rewards(episodes).sum(axis=1).mean()] for member in self.members])

    def state(self):
        return {**states_of(**{str(m): member for m, member in enumerate(self.members)}), "weights": self.weights, "typical": self.typical}

    def load(self, state):
        load_into(state, **{str(m): member for m, member in enumerate(self.members)})
        self.weights, self.typical = np.asarray(state["weights"]), np.asarray(state["typical"])


def evenly(scores):
    """Weights (M, B) that make the mean."""
    return np.full(scores.shape, 1.0 / len(scores))


def lowest(scores):
    """Weights (M, B) that leave to each episode only the member who likes it least."""
    return (np.arange(len(scores))[:, None] == scores.argmin(axis=0)).astype(float)


def carefully(k):
    """Weights (M, B) whose sum of scores is mean - k std, since std = sum_m s_m (s_m - mean) / (M std)."""
    def weigh(scores):
        away = scores - scores.mean(axis=0)
        return (1.0 - k * away / np.maximum(scores.std(axis=0), 1e-9)) / len(scores)
    return weigh
