"""Fit: reward models that explain what people say. The score of an episode sums its rewards."""
import copy

import numpy as np

from tinyrlhf.checks import check_finite, check_range, check_whole
from tinyrlhf.nn.optimizers import Adam
from tinyrlhf.rewards.choice import choices_loss
from tinyrlhf.rewards.habits import Habits
from tinyrlhf.saving import load_into, states_of

NO_SPREAD = 1e-6  # rewards with a smaller standard deviation are all alike


def episodes_of(answers, chosen):
    """The episodes that the chosen answers show, and in which row there each of all (E,) is."""
    shown = np.zeros(len(answers.episodes) + 1, bool)  # one more for -1, no episode
    shown[answers.shows[chosen]] = True
    return answers.episodes[shown[:-1]], shown[:-1].cumsum() - 1


class RewardModel:
    """A network on features, fitted to choices; the classes below say which features are rewarded.

    Args:
        network: features -> (..., 1).
        features: function episodes -> (B, T, ...) for StepReward, (B, ...) for OutcomeReward.
        prior: precision of a Gaussian prior on every parameter, in units of the summed
            log-likelihood; it keeps scores finite when a person never contradicts themself.
        fit_steps, batch: Adam steps in one `fit`, and answers in one step (None: all of them).
        centred: subtract the reference's mean reward per step. Right where all episodes have the
            same number of rewards; elsewhere a constant per step would pay or punish staying alive.
        target_std: standard deviation of rewards on the reference episodes once normalised.
        limit: rewards are clipped to +- limit standard deviations.
        readings: kinds of answers to be read in another way (`feedback.answers.OTHER_READINGS`).
        habits: what is learned of people besides; None: `Habits()`.
    """

    def __init__(self, network, features, learning_rate=3e-3, prior=1.0, fit_steps=100, batch=None,
                 centred=False, target_std=1.0, limit=np.inf, readings=None, habits=None):
        check_range("learning_rate", learning_rate, 0, 1e3)
        check_range("prior", prior, 0, 1e12)
        check_whole("fit_steps", fit_steps, 1, 1_000_000)
        check_whole("batch", 1 if batch is None else batch, 1, 10_000_000)
        check_range("target_std", target_std, 0, 1e12)
        check_range("limit", limit, 0, np.inf)
        self.network = network
        self.features = features
        self.prior = prior
        self.fit_steps = fit_steps
        self.batch = batch
        self.centred = centred
        self.target_std = target_std
        self.limit = limit
        self.readings = readings
        self.habits = habits or Habits()
        self.optimizer = Adam(network.params, learning_rate)
        self.mean = 0.0
        self.scale = 1.0

    def scores(self, episodes):
        """The sum of raw rewards of each episode, (B,): what the worth of options is made of."""
        return self.forward(episodes)[0].sum(axis=1)

    def rewards(self, episodes):
        """Rewards for learning (B, T): normalised on the reference episodes, then limited."""
        centred = self.forward(episodes)[0] - self.mean
        rewards = self.scale * centred * self.rewarded(episodes)
        return self.target_std * np.clip(rewards, -self.limit, self.limit)

    def fit(self, answers, rng, counts=None):
        """Raise the likelihood of all answers so far, starting from the last fit.

        answers: feedback.answers.Answers, of any kinds together.
        counts (N,): how often each answer counts (an ensemble's bootstrap).
        Returns the mean loss in nats; NaN if none of the answers says anything.
        """
        said = np.flatnonzero(answers.judged)
        if not len(said):
            return float("nan")
        n_choices = sum(len(each.answer) for each in answers.choices(said, self.readings)[1])
        batches = [said]
        if self.batch is not None and self.batch < len(said):
            batches = [rng.choice(said, self.batch, replace=False) for _ in range(self.fit_steps)]
        used, row = episodes_of(answers, np.concatenate(batches))
        features, mask = self.features(used), self.rewarded(used)
        check_finite(features=features)
        self.habits.meet(answers)
        losses = []
        for step in range(self.fit_steps):
            if step < len(batches):  # all at once stay the same
                rows, blocks = answers.choices(batches[step], self.readings)
                seen = features[row[rows]], mask[row[rows]]
            rewards, cache = self.reward_table(*seen)
            scores = rewards.sum(axis=1)
            loss, d_scores, d_habits = choices_loss(blocks, scores, self.habits, counts)
            d_rewards = np.broadcast_to(d_scores[:, None], rewards.shape)  # score = sum
            grads = self.backward(cache, d_rewards)
            grads.vector += self.prior / n_choices * self.network.params.vector  # d prior/2 |w|^2
            self.optimizer.step(grads)
            self.habits.step(d_habits, n_choices)
            losses.append(loss)
        return float(np.mean(losses[-10:]))

    def normalize(self, episodes):
        """Bring rewards (uncentred: their sums) to standard deviation 1 on these episodes.

        Returns False, and leaves the scale at 1, where all of them are alike or there is none.
        """
        rewards = self.forward(episodes)[0]
        values = rewards[self.rewarded(episodes)] if self.centred else rewards.sum(axis=1)
        deviation = float(values.std()) if len(values) else 0.0
        self.mean = float(values.mean()) if self.centred and len(values) else 0.0
        self.scale = 1.0 / deviation if deviation > NO_SPREAD else 1.0
        return deviation > NO_SPREAD

    def forward(self, episodes):
        """Raw rewards (B, T), zero where there is none, and the cache for `backward`."""
        return self.reward_table(self.features(episodes), self.rewarded(episodes))

    def state(self):
        parts = states_of(network=self.network, optimizer=self.optimizer, habits=self.habits)
        return {**parts, "mean": self.mean, "scale": self.scale}

    def load(self, state):
        load_into(state, network=self.network, optimizer=self.optimizer, habits=self.habits)
        self.mean = float(state["mean"])
        self.scale = float(state["scale"])


class StepReward(RewardModel):
    """r(step): every step is rewarded by its own features."""

    def rewarded(self, episodes):
        return episodes.mask

    def reward_table(self, features, mask):
        """Features (B, T, ...) and mask (B, T) -> rewards (B, T), float64, and the cache."""
        outputs, cache = self.network.forward(features[mask])  # (n, 1), what was played
        rewards = np.zeros(mask.shape)
        rewards[mask] = outputs[:, 0]
        return rewards, (cache, mask)

    def backward(self, cache, d_rewards):
        """d_rewards (B, T) -> grads."""
        network_cache, mask = cache
        return self.network.backward(network_cache, d_rewards[mask][:, None])  # d outputs


class OutcomeReward(RewardModel):
    """r(episode): the finished episode is judged as a whole, its reward falls on the last step."""

    def rewarded(self, episodes):
        last = np.zeros(episodes.mask.shape, bool)
        last[np.arange(len(episodes)), episodes.lengths - 1] = True
        return last & episodes.mask  # an empty clip has none

    def reward_table(self, features, mask):
        """Features (B, ...) and mask (B, T) -> rewards (B, T), float64, and the cache."""
        outputs, cache = self.network.forward(features)  # (B, 1)
        return np.where(mask, outputs.astype(np.float64), 0.0), (cache, mask)

    def backward(self, cache, d_rewards):
        """d_rewards (B, T) -> grads."""
        network_cache, mask = cache
        d_outputs = np.where(mask, d_rewards, 0.0).sum(axis=1, keepdims=True)
        return self.network.backward(network_cache, d_outputs)


class Ensemble:
    """Several reward models as one; their disagreement can ask questions, or make them careful.

    Args:
        members: reward models, of one class or of several.
        weigh: how the members' normalised scores (M, B) of B episodes become their weights (M, B):
            `mean` (the default), `worst_case`, `mean_minus_std(k)`.
        bootstrap: each member sees each answer Poisson(1) times, drawn once when it arrives, so
            that members of one class come to differ. Those of several differ anyway: let them see
            all answers.
    Source: Christiano et al. 2017, section 2.2.3 (each member normalised on its own, then
    averaged); the careful ones Coste et al. 2024.
    Departs from the source: they subtract the variance; the standard deviation has the unit of a
    reward. `mean_minus_std` may weigh a member negatively.
    """

    def __init__(self, members, weigh=None, bootstrap=True):
        self.members = list(members)
        self.weigh = weigh or mean
        self.bootstrap = bootstrap
        self.counts = np.zeros((len(self.members), 0))                 # of each member and answer
        self.typical = np.zeros((len(self.members), 1))                # mean of reference episodes

    @property
    def readings(self):
        return self.members[0].readings

    @property
    def habits(self):
        return self.members[0].habits

    def member_scores(self, episodes):
        """What each member thinks of each episode, (M, B)."""
        return np.stack([member.scores(episodes) for member in self.members])

    def scores(self, episodes):
        """What the ensemble believes of a person's answers, (B,): the mean, however it weighs."""
        return self.member_scores(episodes).mean(axis=0)

    def rewards(self, episodes):
        """Rewards for learning (B, T): the members' own, weighted episode by episode.

        Their sum is sum_m w_m (R_m - typical_m) + mean of typical; what differs from the sum of
        weighted rewards falls on the last step.
        """
        tables = np.stack([member.rewards(episodes) for member in self.members])  # (M, B, T)
        weights = self.weigh(tables.sum(axis=2) - self.typical)  # (M, B)
        rewards = (weights[..., None] * tables).sum(axis=0)
        level = ((weights - 1 / len(weights)) * self.typical).sum(axis=0)
        rewards[np.arange(len(rewards)), episodes.lengths - 1] -= level
        return rewards

    def fit(self, answers, rng):
        """Each member on the answers as often as it sees them; returns their mean loss."""
        if len(answers) < self.counts.shape[1]:
            raise ValueError(f"answers: expected those of the last fit and new ones behind them, "
                             f"got {len(answers)} after {self.counts.shape[1]}")
        new = len(self.members), len(answers) - self.counts.shape[1]
        drawn = rng.poisson(1.0, new) if self.bootstrap else np.ones(new)
        counts = np.concatenate([self.counts, drawn], axis=1)
        losses = [member.fit(answers, rng, row) for member, row in zip(self.members, counts)]
        self.counts = counts  # not if a fit was refused
        return float(np.mean(losses))

    def normalize(self, episodes):
        """Each member on its own; False where one of them finds all episodes alike."""
        differ = [member.normalize(episodes) for member in self.members]
        rewards = [member.rewards(episodes).sum(axis=1).mean() for member in self.members]
        self.typical = np.array(rewards)[:, None]
        return all(differ)

    def state(self):
        parts = states_of(**{str(m): member for m, member in enumerate(self.members)})
        return {**parts, "counts": self.counts, "typical": self.typical}

    def load(self, state):
        load_into(state, **{str(m): member for m, member in enumerate(self.members)})
        self.counts = np.asarray(state["counts"])
        self.typical = np.asarray(state["typical"])


def as_ensemble(model, size=5):
    """An ensemble of so many copies, told apart by their bootstraps; one stays as it is."""
    if isinstance(model, Ensemble):
        return model
    return Ensemble([copy.deepcopy(model) for _ in range(size)])


def mean(scores):
    """Weights (M, B) that make the mean."""
    return np.full(scores.shape, 1.0 / len(scores))


def worst_case(scores):
    """Weights (M, B) that leave to each episode only the member who likes it least."""
    return (np.arange(len(scores))[:, None] == scores.argmin(axis=0)).astype(float)


def mean_minus_std(k):
    """Weights (M, B) that make mean - k std, since std = sum_m s_m (s_m - mean) / (M std)."""
    def weigh(scores):
        away = scores - scores.mean(axis=0)
        return (1.0 - k * away / np.maximum(scores.std(axis=0), 1e-9)) / len(scores)
    return weigh
