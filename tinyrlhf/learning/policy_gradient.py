"""Improve: five learners, REINFORCE, actor-critic, PPO, RLOO and GRPO. Each is one `update` on the
same four lines: rewards -> advantages -> d_log_probs (a rule) -> one step of the policy.
"""
import numpy as np

from tinyrlhf.checks import check_choice, check_finite, check_range, check_shapes, check_whole
from tinyrlhf.learning import rules
from tinyrlhf.learning.advantages import (gae, group_normalized, leave_one_out, minus_batch_mean,
                                          minus_leave_one_out_mean, returns_to_go, whiten)
from tinyrlhf.nn.optimizers import Adam, clip_gradient
from tinyrlhf.nn.schedules import as_schedule
from tinyrlhf.saving import load_into, states_of

BASELINES = {"none": lambda values, mask: values * mask, "batch mean": minus_batch_mean,
             "leave one out": minus_leave_one_out_mean}


class Learner:
    """What all learners share: a policy, its optimizer, an entropy bonus, and how both fade.

    One `update(episodes, reward, rng)` of any of them calls, in this order:

        begin       asks for the rewards, checks them, sets this update's learning rate
                    advantages (n,) of the n played steps: what each learner has of its own
        policy.log_probs         log pi of the steps, and the cache          } PPO and GRPO
        rules.NAME               d loss / d log pi                           } repeat these three
        step                     entropy bonus, backward, clipping, Adam     } on the same episodes
        finish      counts the update, hands back its numbers

    Args:
        policy: the policy that is improved in place.
        learning_rate, entropy_coef: numbers, or functions of the share of training that is left
            (1 falling to 0), such as `schedules.linear`.
        updates: how many calls of `update` the run will make; None: nothing fades.
        max_grad_norm: gradients longer than this are shortened.
        epsilon: Adam's.
    """

    def __init__(self, policy, learning_rate, entropy_coef=0.0, updates=None, max_grad_norm=np.inf,
                 epsilon=1e-8):
        check_whole("updates", 1 if updates is None else updates, 1, 1_000_000_000)
        check_range("max_grad_norm", max_grad_norm, 0, np.inf)
        self.policy, self.updates, self.max_grad_norm = policy, updates, max_grad_norm
        self.updates_done = 0
        self.learning_rate, self.entropy_coef = learning_rate, entropy_coef
        check_range("learning_rate", as_schedule(learning_rate)(1.0), 0, 1e3)
        check_range("entropy_coef", as_schedule(entropy_coef)(1.0), 0, 1e6)
        self.optimizer = Adam(policy.network.params, self.now(learning_rate), epsilon=epsilon)

    def now(self, setting):
        """The value of a setting that may fade."""
        left = 1.0 if self.updates is None else max(1.0 - self.updates_done / self.updates, 0.0)
        return float(as_schedule(setting)(left))

    def begin(self, episodes, reward):
        """The rewards (B, T) of these episodes, checked; sets the learning rate of this update."""
        rewards = reward(episodes)
        check_shapes(mask=(episodes.mask, "B T"), rewards=(rewards, "B T"))
        check_finite(rewards=rewards, observations=episodes.observations)
        self.optimizer.learning_rate = self.now(self.learning_rate)
        return np.where(episodes.mask, rewards, 0.0)

    def step(self, cache, d_log_probs, weight):
        """One step down the loss whose derivative by the log-probabilities (n,) is given.

        weight: what one played step counts in the objective, a number or (n,); the entropy bonus
        is entropy_coef * sum of weight * entropy.
        """
        entropy_coef, d_outputs = self.now(self.entropy_coef), None
        if entropy_coef:
            d_entropy = self.policy.distribution.d_entropy(cache.outputs)
            d_outputs = -entropy_coef * np.reshape(weight, (-1, 1)) * d_entropy
        grads = self.policy.backward(cache, d_log_probs, d_outputs)
        norm = clip_gradient(grads, self.max_grad_norm)
        self.optimizer.step(grads)
        return norm

    def step_reinforce(self, episodes, advantages):
        """One step on the mean return of these episodes; advantages (n,) of their played steps."""
        _, cache = self.policy.log_probs(*episodes.decisions)
        weight = 1.0 / len(episodes)
        return self.step(cache, rules.reinforce(advantages, weight), weight)

    def finish(self, **numbers):
        """Count the update and hand its numbers back."""
        self.updates_done += 1
        return {name: float(value) for name, value in numbers.items()}

    def state(self):
        return {**states_of(optimizer=self.optimizer), "updates_done": self.updates_done}

    def load(self, state):
        load_into(state, optimizer=self.optimizer)
        self.updates_done = int(state["updates_done"])


def refuse(given, **reasons):
    """Refuse settings that a learner would ignore: name -> why it has none."""
    for name, reason in reasons.items():
        if name in given:
            raise ValueError(f"{name}: expected none, since {reason}; got {given[name]!r}")


class Reinforce(Learner):
    """REINFORCE: rewards to come minus a baseline.

    Args:
        gamma: discount, 0 to 1; baseline: one of BASELINES.
        standardize: divide the advantages of all played steps by their standard deviation, which
            turns no gradient.
    Departs from the source: `standardize` is not in Williams 1992.
    """

    def __init__(self, policy, learning_rate, gamma=1.0, baseline="leave one out",
                 standardize=False, **shared):
        super().__init__(policy, learning_rate, **shared)
        check_choice("baseline", baseline, BASELINES)
        check_range("gamma", gamma, 0, 1)
        self.gamma, self.baseline, self.standardize = gamma, BASELINES[baseline], standardize

    def update(self, episodes, reward, rng):
        """One step on the mean return of these episodes. Returns grad_norm."""
        rewards = self.begin(episodes, reward)
        advantages = self.advantages(rewards, episodes.mask)[episodes.mask]
        if self.standardize:  # rounding is relative to the returns
            size = np.abs(rewards).sum(axis=1).max()
            advantages = whiten(advantages, shift=False, size=size)
        return self.finish(grad_norm=self.step_reinforce(episodes, advantages))

    def advantages(self, rewards, mask):
        """(B, T) -> (B, T)."""
        return self.baseline(returns_to_go(rewards, self.gamma), mask)


class RLOO(Reinforce):
    """REINFORCE leave-one-out: the whole episode is one action.

    Args:
        group: how many neighbouring episodes began in the same state, at least 2; the others of
            the group are the baseline of each.
        standardize: as for REINFORCE.
    Source: Ahmadian et al. 2024, section 3; Kool, van Hoof, Welling 2019.
    Departs from the source: `standardize` is not in it. That of TRL's RLOOTrainer counts a long
    answer once (`normalize_advantages`), and divides by the sample standard deviation + 1e-4.
    """

    def __init__(self, policy, learning_rate, group, standardize=False, **shared):
        refuse(shared, gamma="a whole episode is one action",
               baseline="it is the mean of the others in the group")
        super().__init__(policy, learning_rate, standardize=standardize, **shared)
        check_whole("group", group, 2, 1_000_000)
        self.group = group

    def advantages(self, rewards, mask):
        """(B, T) -> (B, T), alike in all steps of an episode."""
        return np.where(mask, leave_one_out(rewards.sum(axis=1), self.group)[:, None], 0.0)


class GRPO(Learner):
    """Group-relative policy optimisation: group-normalised scores, clipping, k3 in the loss.

    Args:
        group: how many neighbouring episodes began in the same state, at least 2.
        reference, kl_coef: the KL penalty in the loss. Scores are divided by their standard
            deviation within the group, the penalty is not: it weakens as a group comes to agree.
            The worlds put the penalty into the reward instead.
        epochs: steps on the same episodes; clip: 0.1 to 0.3.
    Source: Shao et al. 2024, section 4.1; what departs from it stands in `group_normalized`.
    """

    def __init__(self, policy, learning_rate, group, reference=None, kl_coef=0.0, epochs=1,
                 clip=0.2, **shared):
        super().__init__(policy, learning_rate, **shared)
        check_whole("group", group, 2, 1_000_000)
        check_whole("epochs", epochs, 1, 1000)
        check_range("clip", clip, 0, 1)
        check_range("kl_coef", kl_coef, 0, 1e6)
        if kl_coef and reference is None:
            raise ValueError(f"kl_coef: expected 0 without a reference policy, got {kl_coef}; "
                             "pass reference=policy.copy()")
        self.group, self.reference, self.kl_coef = group, reference, kl_coef
        self.epochs, self.clip = epochs, clip

    def update(self, episodes, reward, rng):
        """`epochs` steps on the same episodes. Returns grad_norm of the last."""
        check_finite(log_probs=episodes.log_probs)  # a replay does not know them
        mask, decisions = episodes.mask, episodes.decisions
        advantages = group_normalized(self.begin(episodes, reward).sum(axis=1), self.group)
        reference, _ = (self.reference or self.policy).log_probs(*decisions)
        reference = episodes.as_table(reference)
        weight = rules.token_weight(mask)
        for _ in range(self.epochs):
            log_probs, cache = self.policy.log_probs(*decisions)
            d_log_probs = rules.grpo(episodes.as_table(log_probs), episodes.log_probs, reference,
                                     advantages, weight, self.clip, self.kl_coef)
            norm = self.step(cache, d_log_probs[mask], weight[mask])
        return self.finish(grad_norm=norm)


class ActorCritic(Learner):
    """Actor-critic: a critic V(s) is the baseline, and its guesses stand for what is still to come.

    Args:
        critic: network of observations -> (..., 1).
        gamma, lam: discount, and how far credit flows before a guess replaces what happened
            (1: never), both 0 to 1.
        standardize: whiten the advantages of all played steps.
        critic_learning_rate: None: the policy's.
    """

    def __init__(self, policy, learning_rate, critic, gamma=1.0, lam=0.95, standardize=False,
                 critic_learning_rate=None, **shared):
        super().__init__(policy, learning_rate, **shared)
        if critic_learning_rate is None:
            critic_learning_rate = learning_rate
        check_range("gamma", gamma, 0, 1)
        check_range("lam", lam, 0, 1)
        check_range("critic_learning_rate", as_schedule(critic_learning_rate)(1.0), 0, 1e3)
        self.critic, self.gamma, self.lam, self.standardize = critic, gamma, lam, standardize
        self.critic_learning_rate = critic_learning_rate
        self.critic_optimizer = Adam(critic.params, self.now(critic_learning_rate),
                                     epsilon=self.optimizer.epsilon)

    def estimate(self, episodes, reward):
        """Advantages and critic targets of the played steps, (n,) each."""
        rewards, mask = self.begin(episodes, reward), episodes.mask
        self.critic_optimizer.learning_rate = self.now(self.critic_learning_rate)
        values = self.critic.forward(episodes.observations)[0][..., 0].astype(float)
        advantages = gae(rewards, values, mask, episodes.ended, self.gamma, self.lam)
        return advantages[mask], (advantages + values[:, :-1])[mask]

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
        norm = self.step_reinforce(episodes, advantages)
        critic_loss = self.step_critic(episodes.decisions[0], targets)
        return self.finish(grad_norm=norm, critic_loss=critic_loss)

    def state(self):
        parts = states_of(critic=self.critic, critic_optimizer=self.critic_optimizer)
        return {**super().state(), **parts}

    def load(self, state):
        super().load(state)
        load_into(state, critic=self.critic, critic_optimizer=self.critic_optimizer)


class PPO(ActorCritic):
    """Proximal policy optimisation: several epochs on the same episodes, held back by clipping.

    Args:
        epochs: passes over the played steps; minibatch: steps in one, at least 2.
        clip: 0.1 to 0.3.
    Source: Huang et al. 2022 for the details that change results: advantages whitened per
    minibatch, minibatches reshuffled each epoch, gradient norm 0.5, Adam epsilon 1e-5.
    Departs from the source: policy and critic are separate networks with separate optimizers and
    gradient norms, and the value loss is not clipped.
    """

    def __init__(self, policy, learning_rate, critic, gamma=0.99, lam=0.95, epochs=4,
                 minibatch=256, clip=0.2, max_grad_norm=0.5, epsilon=1e-5, **shared):
        refuse(shared, standardize="PPO always whitens, each minibatch by itself")
        super().__init__(policy, learning_rate, critic, gamma, lam, max_grad_norm=max_grad_norm,
                         epsilon=epsilon, **shared)
        check_whole("epochs", epochs, 1, 1000)
        check_whole("minibatch", minibatch, 2, 10_000_000)
        check_range("clip", clip, 0, np.inf)
        self.epochs, self.minibatch, self.clip = epochs, minibatch, clip

    def update(self, episodes, reward, rng):
        """`epochs` passes over the played steps.

        Returns approx_kl (nats per step) and clip_fraction of the last pass, and its last
        critic_loss.
        """
        check_finite(log_probs=episodes.log_probs)  # a replay does not know them
        advantages, targets = self.estimate(episodes, reward)
        observations, actions = episodes.decisions
        old_log_probs = episodes.log_probs[episodes.mask]
        for _ in range(self.epochs):
            drift = []  # log pi / pi_old in this pass
            for rows in minibatches(len(advantages), self.minibatch, rng):
                seen, old = observations.take(rows, axis=0), old_log_probs[rows]
                better, weight = whiten(advantages[rows]), 1.0 / len(rows)
                log_probs, cache = self.policy.log_probs(seen, actions[rows])
                d_log_probs = rules.ppo_clip(log_probs, old, better, weight, self.clip)
                self.step(cache, d_log_probs, weight)
                critic_loss = self.step_critic(seen, targets[rows])
                drift.append(log_probs - old)
        drift = np.concatenate(drift)
        return self.finish(approx_kl=np.mean(np.expm1(drift) - drift), critic_loss=critic_loss,
                           clip_fraction=np.mean(np.abs(np.expm1(drift)) > self.clip))


def minibatches(n, size, rng):
    """The numbers 0 to n-1 in random order, in chunks of `size`; none is left alone in the last."""
    order, cuts = rng.permutation(n), range(size, n - 1, size)
    return [order[start:end] for start, end in zip((0, *cuts), (*cuts, n))]
