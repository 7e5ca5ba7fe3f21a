"""What gradient do the learners follow on average, and how far is that from the exact one?

For test_learners.py and benchmarks/bias.py.
"""
from typing import NamedTuple

import numpy as np
from oracles import return_gradient

from tinyrlhf.episodes import Episodes, rollout, start_in_groups
from tinyrlhf.games.gridworld import Gridworld
from tinyrlhf.learning import rules
from tinyrlhf.learning.policy_gradient import GRPO, PPO, RLOO, ActorCritic, Reinforce
from tinyrlhf.nn.networks import Table
from tinyrlhf.policies import Policy

GROUP = 4                          # episodes in one batch, all from the same start
WITH_ENDS = "S.^\n.SG\n.L."        # goal and lava within reach: episodes of all lengths
WITHOUT_ENDS = "S.^#G\nS^.##"      # the goal is walled off: every episode runs until the horizon


class World(NamedTuple):
    """A small game, a fixed policy, and a critic that is wrong."""
    game: object
    policy: object
    critic: object


def world(map, horizon=5):
    """A slippery floor and an arbitrary policy, far from uniform; the last step is an end: nobody bootstraps there."""
    game = Gridworld(map, slip=0.3, horizon=horizon)
    game.horizon_is_end = True
    return World(game, Policy(arbitrary_table(game.n_states, 4)), arbitrary_table(game.n_states, 1))


def arbitrary_table(n_inputs, n_outputs):
    """Numbers from -1.5 to 1.5 without rhyme or reason, the same on every machine."""
    table = Table(n_inputs, n_outputs)
    table.params.vector[:] = 1.5 * np.sin(np.arange(1, table.params.vector.size + 1) ** 2)
    return table


def exact_gradient(world):
    """d mean return / d table, flat, in the order of the parameters."""
    game = world.game
    return return_gradient(game.P, game.R, game.d0, world.policy.network.params["table"], game.horizon).ravel()


def true_rewards(episodes):
    return episodes.true_rewards


class Recorder:
    """Stands where an optimizer stood: keeps the last gradient, as a direction of ascent, and changes nothing."""
    learning_rate = 0.0
    ascent = None

    def step(self, grads):
        self.ascent = -grads.vector.copy()


# ---- estimators: a function of the world -> a function of the episodes -> a gradient (S * A,)

def of_learner(make):
    """The gradient that a learner hands to its optimizer; `make(policy, critic)` builds it."""
    def estimator(world):
        learner, recorder, rng = make(world.policy, world.critic), Recorder(), np.random.default_rng(0)
        learner.optimizer = learner.critic_optimizer = recorder
        learner.step_critic = lambda observations, targets: 0.0  # the critic stays as wrong as it is

        def gradient(episodes):
            learner.update(episodes, true_rewards, rng)
            return recorder.ascent
        return gradient
    return estimator


def ppo_plain(world):
    """The clipped rule at ratio 1 on plain advantages (lam 1), which the learner itself always whitens."""
    learner = ActorCritic(world.policy, 0.1, world.critic, lam=1.0)

    def gradient(episodes):
        advantages, _ = learner.estimate(episodes, true_rewards)
        log_probs, cache = world.policy.log_probs(*episodes.decisions)
        slopes = rules.ppo_clip(log_probs, episodes.log_probs[episodes.mask], advantages, 1.0 / len(episodes))
        return -world.policy.backward(cache, slopes).vector
    return gradient


def reinforce(baseline):
    return of_learner(lambda policy, critic: Reinforce(policy, 0.1, baseline=baseline))


def actor_critic(lam, **options):
    return of_learner(lambda policy, critic: ActorCritic(policy, 0.1, critic, lam=lam, **options))


UNBIASED = {
    "REINFORCE, no baseline": reinforce("none"),
    "REINFORCE, leave one out": reinforce("leave one out"),
    "RLOO": of_learner(lambda policy, critic: RLOO(policy, 0.1, GROUP)),
    "actor-critic, lam 1": actor_critic(1.0),
    "PPO at ratio 1, plain": ppo_plain,
}
SHRUNK = {"REINFORCE, batch mean": reinforce("batch mean")}
BIASED = {
    "actor-critic, lam 0.95": actor_critic(0.95),
    "actor-critic, lam 0": actor_critic(0.0),
    "actor-critic, whitened": actor_critic(1.0, standardize=True),
    "PPO at ratio 1, whitened": of_learner(lambda policy, critic: PPO(policy, 0.1, critic, gamma=1.0, lam=1.0, epochs=1,
                                                                      minibatch=10 ** 6, max_grad_norm=np.inf)),
    "GRPO": of_learner(lambda policy, critic: GRPO(policy, 0.1, GROUP)),
}


# ---- on average, sampled

def batches(world, n, rng):
    """n batches of GROUP episodes."""
    states = start_in_groups(world.game, n * GROUP, GROUP, rng)
    episodes = rollout(world.game, world.policy, states, rng)
    return [episodes[first:first + GROUP] for first in range(0, len(episodes), GROUP)]


def sampled_gradients(estimator, world, batches):
    """One gradient a batch, (n, S * A)."""
    gradient = estimator(world)
    return np.array([gradient(episodes) for episodes in batches])


def sigmas_off(gradients, exact):
    """By how many standard errors the mean gradient (n, D) misses the exact one (D,).

    One half of the sample says in which direction the error seems to lie; the other half tests that one direction.
    So chance alone gives a number like a standard normal one, however many parameters there are.
    """
    suspicion, errors = gradients[0::2].mean(axis=0) - exact, gradients[1::2] - exact
    along = errors @ (suspicion / np.sqrt(suspicion @ suspicion))
    return along.mean() / (along.std(ddof=1) / np.sqrt(len(along)))


def across(gradients, exact):
    """The gradients (n, D) without their part along the exact one (D,): zero on average if only the length is wrong."""
    return gradients - np.outer(gradients @ exact / (exact @ exact), exact)


class Bias(NamedTuple):
    """How a mean gradient m compares with the exact g; lengths are in units of g."""
    relative: float                # |m - g|
    chance: float                  # what |m - g| would be about by chance alone
    scale: float                   # m . g / g . g
    cosine: float                  # between m and g
    sigmas_across: float           # how sure it is that the direction is wrong too
    deviation: float               # standard deviation of one batch, in units of |scale| * |g|


def bias(gradients, exact):
    mean, length = gradients.mean(axis=0), np.sqrt(exact @ exact)
    deviation = np.sqrt(gradients.var(axis=0, ddof=1).sum()) / length
    scale = mean @ exact / length ** 2
    return Bias(relative=np.linalg.norm(mean - exact) / length, chance=deviation / np.sqrt(len(gradients)), scale=scale,
                cosine=scale * length / np.linalg.norm(mean),
                sigmas_across=sigmas_off(across(gradients, exact), 0.0 * exact), deviation=deviation / abs(scale))


# ---- on average, exactly: a world so small that all its episodes can be listed

def all_episodes(P, R, d0, is_end, policy, horizon):
    """Every episode that can happen -> Episodes, probabilities (n,)."""
    chances = np.exp(policy.log_probs(*np.indices(P.shape[:2]))[0])
    rows = [([start], [], [], [], d0[start]) for start in np.flatnonzero(d0)]
    for _ in range(horizon):
        longer = []
        for states, actions, rewards, mask, probability in rows:
            here = states[-1]
            if is_end[here]:
                longer.append((states + [here], actions + [0], rewards + [0.0], mask + [False], probability))
                continue
            for action, to in zip(*np.nonzero(P[here])):
                longer.append((states + [to], actions + [action], rewards + [R[here, action, to]], mask + [True],
                               probability * chances[here, action] * P[here, action, to]))
        rows = longer
    states, actions, rewards, mask, probability = (np.array(column) for column in zip(*rows))
    log_probs = np.where(mask, policy.log_probs(states[:, :-1], actions)[0], 0.0)
    end, zero = np.ones(len(mask), bool), np.zeros(len(mask), int)
    return Episodes(states, states, actions, log_probs, mask, end, zero, rewards), probability


def expected_gradient(gradient, episodes, probability):
    """The mean of `gradient` over all batches of two episodes that begin alike; their order does not matter."""
    total, starts = 0.0, episodes.states[:, 0]
    start_chance = np.bincount(starts, probability)
    assert np.allclose(gradient(episodes[np.array([0, 1])]), gradient(episodes[np.array([1, 0])]), rtol=0, atol=1e-12)
    for i in range(len(episodes)):
        for j in np.flatnonzero(starts == starts[i]):
            if j <= i:
                chance = (2 - (i == j)) * probability[i] * probability[j] / start_chance[starts[i]]
                total = total + chance * gradient(episodes[np.array([i, j])])
    return total


def tiny_world(rng, with_end):
    """P, R, d0, is_end at random, and the arbitrary policy and critic: two states, two actions, perhaps an end."""
    S, A = 2 + with_end, 2
    P, R = rng.dirichlet(np.ones(S), size=(S, A)), rng.normal(size=(S, A, S))
    P[2:], R[2:] = np.eye(S)[2:, None], 0.0
    d0 = np.append([0.3, 0.7], np.zeros(S - 2))
    return (P, R, d0, np.arange(S) == 2), World(None, Policy(arbitrary_table(S, A)), arbitrary_table(S, 1))
