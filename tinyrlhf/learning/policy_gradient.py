"""Improve: five learners, REINFORCE, actor-critic, PPO, RLOO and GRPO. Each is one `update` on the same four lines:
rewards -> advantages -> d_log_probs (a rule) -> one step of the policy.
"""
import numpy as np

from tinyrlhf.checks import check_choice, check_finite, check_range, check_shapes, check_whole
from tinyrlhf.learning import rules
from tinyrlhf.learning.advantages import (gae, group_normalized, leave_one_out, minus_batch_mean, minus_leave_one_out_mean,
                                          returns_to_go, whiten)
from tinyrlhf.nn.optimizers import Adam, clip_gradient
from tinyrlhf.saving import load_into, states_of

BASELINES = {"none": lambda values, mask: values * mask, "batch mean": minus_batch_mean,
             "leave one out": minus_leave_one_out_mean}


class Learner:
    """What all learners share: a policy, its optimizer, an entropy bonus, and how both fade over the run.

    Args:
        policy: the policy that is improved in place.
        learning_rate, entropy_coef: numbers, or functions of the share of training that is left (1 falling to 0).
        updates: how many calls of `update` the run will make; None: nothing fades.
        max_grad_norm: gradients longer than this are shortened.
        epsilon: Adam's.
    """

    def __init__(self, policy, learning_rate, entropy_coef=0.0, updates=None, max_grad_norm=np.inf, epsilon=1e-8):
        self.policy, self.updates, self.max_grad_norm = policy, updates, max_grad_norm
        self.learning_rate, self.entropy_coef, self.updates_done = learning_rate, entropy_coef, 0
        check_range("learning_rate", self.now(learning_rate), 0, 1e3)
        check_range("entropy_coef", self.now(entropy_coef), 0, 1e6)
        self.optimizer = Adam(policy.network.params, self.now(learning_rate), epsilon=epsilon)

    def now(self, setting):
        """The value of a setting that may fade."""
        left = 1.0 if self.updates is None else max(1.0 - self.updates_done / self.updates, 0.0)
        return float(setting(left) if callable(setting) else setting)

    def begin(self, episodes, reward):
        """The rewards (B, T) of these episodes, checked; and the learning rate of this update."""
        rewards = reward(episodes)
        check_shapes(mask=(episodes.mask, "B T"), rewards=(rewards, "B T"))
        check_finite(rewards=rewards, observations=episodes.observations)
        self.optimizer.learning_rate = self.now(self.learning_rate)
        return np.where(episodes.mask, rewards, 0.0)

    def step(self, cache, d_log_probs, weight):
        """One step down the loss whose slope by the log-probabilities (n,) is given, plus the entropy bonus.

        weight: what one played step counts in the objective, a number or (n,).
        """
        entropy_coef, d_outputs = self.now(self.entropy_coef), None
        if entropy_coef:
            slope = self.policy.distribution.d_entropy(cache.outputs)
            d_outputs = -entropy_coef * np.reshape(weight, (-1, 1)) * slope            # d (- c H) / d outputs
        grads = self.policy.backward(cache, d_log_probs, d_outputs)
        norm = clip_gradient(grads, self.max_grad_norm)
        self.optimizer.step(grads)
        return norm

    def finish(self, **numbers):
        """Count the update and hand its numbers back."""
        self.updates_done += 1
        return {name: float(value) for name, value in numbers.items()}

    def state(self):
        return {**states_of(optimizer=self.optimizer), "updates_done": self.updates_done}

    def load(self, state):
        load_into(state, optimizer=self.optimizer)
        self.updates_done = int(state["updates_done"])


class Reinforce(Learner):
    """REINFORCE: reward to come minus a baseline; `standardize` divides the advantages by their spread."""

    def __init__(self, policy, learning_rate, gamma=1.0, baseline="leave one out", standardize=False, **shared):
        super().__init__(policy, learning_rate, **shared)
        check_choice("baseline", baseline, BASELINES)
        check_range("gamma", gamma, 0, 1)
        self.gamma, self.baseline, self.standardize = gamma, BASELINES[baseline], standardize

    def update(self, episodes, reward, rng):
        """One step on the mean return of these episodes. Returns grad_norm."""
        advantages = self.advantages(self.begin(episodes, reward), episodes.mask)[episodes.mask]
        if self.standardize:
            advantages = whiten(advantages, shift=False)
        _, cache = self.policy.log_probs(*episodes.decisions)
        weight = 1.0 / len(episodes)
        return self.finish(grad_norm=self.step(cache, rules.reinforce(advantages, weight), weight))

    def advantages(self, rewards, mask):
        """(B, T) -> (B, T)."""
        return self.baseline(returns_to_go(rewards, self.gamma), mask)


class RLOO(Reinforce):
    """REINFORCE leave-one-out: the whole episode is one action, its baseline the other answers to the same start.

    group: how many neighbouring episodes began in the same state, at least 2.
    """

    def __init__(self, policy, learning_rate, group, standardize=False, **shared):
        super().__init__(policy, learning_rate, standardize=standardize, **shared)
        check_whole("group", group, 2, 1_000_000)
        self.group = group

    def advantages(self, rewards, mask):
        """(B, T) -> (B, T), the same for every step of an episode."""
        return np.where(mask, leave_one_out(rewards.sum(axis=1), self.group)[:, None], 0.0)


class GRPO(Learner):
    """Group-relative policy optimisation: group-normalised scores, PPO's clipping, k3 to the reference in the loss.

    Args:
        group: how many neighbouring episodes began in the same state, at least 2.
        reference, kl_coef: the leash in the loss. Mind its unit: scores are divided by their spread within the group, the
            leash is not, so that it loosens as a group comes to agree. The recipes put the leash into the reward instead.
        epochs: steps on the same episodes; clip: 0.1 to 0.3.
    """

    def __init__(self, policy, learning_rate, group, reference=None, kl_coef=0.0, epochs=1, clip=0.2, **shared):
        super().__init__(policy, learning_rate, **shared)
        check_whole("group", group, 2, 1_000_000)
        check_whole("epochs", epochs, 1, 1000)
        check_range("clip", clip, 0, 1)
        check_range("kl_coef", kl_coef, 0, 1e6)
        if kl_coef and reference is None:
            raise ValueError(f"kl_coef: expected 0 without a reference policy, got {kl_coef}; pass reference=policy.copy()")
        self.group, self.reference, self.kl_coef, self.epochs, self.clip = group, reference, kl_coef, epochs, clip

    def update(self, episodes, reward, rng):
        """`epochs` steps on the same episodes. Returns grad_norm of the last."""
        check_finite(log_probs=episodes.log_probs)                     # a replay does not know how likely its actions were
        mask, decisions = episodes.mask, episodes.decisions
        advantages = group_normalized(self.begin(episodes, reward).sum(axis=1), self.group)
        reference = (self.reference or self.policy).log_probs(*decisions)[0]
        weight = (mask / np.maximum(mask.sum(axis=1, keepdims=True), 1) / len(mask))[mask]
        for _ in range(self.epochs):
            log_probs, cache = self.policy.log_probs(*decisions)
            d_log_probs = rules.grpo(episodes.spread(log_probs), episodes.log_probs, episodes.spread(reference),
                                     advantages, mask, self.clip, self.kl_coef)
            norm = self.step(cache, d_log_probs[mask], weight)
        return self.finish(grad_norm=norm)


class ActorCritic(Learner):
    """Actor-critic: a critic V(s) is the baseline, and lets credit flow from guesses instead of whole returns.

    Args:
        critic: network of observations -> (..., 1); its learning rate is the policy's unless `critic_learning_rate` says else.
        gamma, lam: discount, and how far credit flows before a guess replaces what happened (1: never), both 0 to 1.
    """

    def __init__(self, policy, learning_rate, critic, gamma=1.0, lam=0.95, standardize=False, critic_learning_rate=None, **shared):
        super().__init__(policy, learning_rate, **shared)
        self.critic, self.gamma, self.lam, self.standardize = critic, gamma, lam, standardize
        check_range("gamma", gamma, 0, 1)
        check_range("lam", lam, 0, 1)
        self.critic_learning_rate = learning_rate if critic_learning_rate is None else critic_learning_rate
        self.critic_optimizer = Adam(critic.params, self.now(self.critic_learning_rate), epsilon=self.optimizer.epsilon)

    def estimate(self, episodes, reward):
        """Advantages and critic targets of the played steps, (n,) each."""
        rewards = self.begin(episodes, reward)
        self.critic_optimizer.learning_rate = self.now(self.critic_learning_rate)
        values = self.critic.forward(episodes.observations)[0][..., 0].astype(float)
        advantages = gae(rewards, values, episodes.mask, episodes.ended, self.gamma, self.lam)
        return advantages[episodes.mask], (advantages + values[:, :-1])[episodes.mask]

    def step_critic(self, observations, targets):
        """One step of the critic on half the mean squared error; returns that error."""
        values, cache = self.critic.forward(observations)
        slope = rules.critic_slope(values[..., 0], targets, 1.0 / len(targets))
        grads = self.critic.backward(cache, slope[..., None])
        clip_gradient(grads, self.max_grad_norm)
        self.critic_optimizer.step(grads)
        return 0.5 * len(targets) * (slope @ slope)

    def update(self, episodes, reward, rng):
        """One step of the policy, then one of the critic. Returns grad_norm and critic_loss."""
        advantages, targets = self.estimate(episodes, reward)
        if self.standardize:
            advantages = whiten(advantages)
        observations, actions = episodes.decisions
        _, cache = self.policy.log_probs(observations, actions)
        weight = 1.0 / len(episodes)
        norm = self.step(cache, rules.reinforce(advantages, weight), weight)
        return self.finish(grad_norm=norm, critic_loss=self.step_critic(observations, targets))

    def state(self):
        return {**super().state(), **states_of(critic=self.critic, critic_optimizer=self.critic_optimizer)}

    def load(self, state):
        super().load(state)
        load_into(state, critic=self.critic, critic_optimizer=self.critic_optimizer)


class PPO(ActorCritic):
    """Proximal policy optimisation: several epochs on the same episodes, held back by clipping.

    The details that change results follow Huang et al. 2022: advantages whitened per minibatch, minibatches reshuffled
    each epoch, gradient norm 0.5, Adam epsilon 1e-5.
    Departs from the source: policy and critic are separate networks with separate optimizers and gradient norms, and
    the value loss is not clipped.

    Args:
        epochs, minibatch: passes over the played steps, and steps in one minibatch (at least 2); clip: 0.1 to 0.3.
    """

    def __init__(self, policy, learning_rate, critic, gamma=0.99, lam=0.95, epochs=4, minibatch=256, clip=0.2,
                 max_grad_norm=0.5, epsilon=1e-5, **shared):
        super().__init__(policy, learning_rate, critic, gamma, lam, max_grad_norm=max_grad_norm, epsilon=epsilon, **shared)
        check_whole("epochs", epochs, 1, 1000)
        check_whole("minibatch", minibatch, 2, 10_000_000)
        check_range("clip", clip, 0, np.inf)
        self.epochs, self.minibatch, self.clip = epochs, minibatch, clip

    def update(self, episodes, reward, rng):
        """`epochs` passes over the played steps.

        Returns approx_kl (nats per step) and clip_fraction of the last pass, critic_loss of the last minibatch.
        """
        check_finite(log_probs=episodes.log_probs)                     # a replay does not know how likely its actions were
        advantages, targets = self.estimate(episodes, reward)
        observations, actions = episodes.decisions
        old_log_probs, drift = episodes.log_probs[episodes.mask], []
        for epoch in range(self.epochs):
            for rows in minibatches(len(advantages), self.minibatch, rng):
                seen, weight = observations.take(rows, axis=0), 1.0 / len(rows)
                log_probs, cache = self.policy.log_probs(seen, actions[rows])
                self.step(cache, rules.ppo_clip(log_probs, old_log_probs[rows], whiten(advantages[rows]), weight, self.clip), weight)
                critic_loss = self.step_critic(seen, targets[rows])
                if epoch == self.epochs - 1:
                    drift.append(log_probs - old_log_probs[rows])
        drift = np.concatenate(drift)
        return self.finish(approx_kl=np.mean(np.expm1(drift) - drift), critic_loss=critic_loss,
                           clip_fraction=np.mean(np.abs(np.expm1(drift)) > self.clip))


def minibatches(n, size, rng):
    """The numbers 0 to n-1 in random order, in chunks of `size`; the last is shorter, or takes a single one left over with it."""
    order, cuts = rng.permutation(n), range(size, n - 1, size)
    return [order[start:end] for start, end in zip((0, *cuts), (*cuts, n))]
