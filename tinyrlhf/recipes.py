"""One function per world: game, policy, learner, reward model and questions, with calibrated defaults."""
import numpy as np

from tinyrlhf.episodes import clip
from tinyrlhf.games.cartpole import CartPole
from tinyrlhf.games.gridworld import Gridworld
from tinyrlhf.learning.policy_gradient import PPO, ActorCritic, Reinforce
from tinyrlhf.nn.networks import MLP, Table
from tinyrlhf.policies import Policy
from tinyrlhf.questions import most_disputed, random_pairs
from tinyrlhf.rewards.reward_models import Ensemble, StepReward
from tinyrlhf.rlhf import State


def generators(seed, *names):
    return {name: np.random.default_rng(child) for name, child in zip(names, np.random.SeedSequence(seed).spawn(len(names)))}


def whole_episodes(state, episodes, n, rng):
    return random_pairs(episodes, n, rng)


def gridworld(seed, rounds=20, questions_per_round=15, lr=0.05, ent=0.1, prior=20., fit_steps=100, fit_lr=0.05, updates=40, norm=None):
    game = Gridworld()
    policy = Policy(Table(game.n_states, game.n_actions))
    learner = Reinforce(policy, learning_rate=lambda left: lr*left, entropy_coef=lambda left: ent * left,
                        standardize=True, updates=rounds * updates)
    reward_model = StepReward(Table(game.n_states, 1), features=lambda episodes: episodes.next_observations,
                              learning_rate=fit_lr, prior=prior, fit_steps=fit_steps)
    return State(game, policy, policy.copy(), learner, reward_model, whole_episodes, questions_per_round,
                 episodes_per_update=32, updates_per_round=updates, group=2, kl_coef=0.0, rngs=generators(seed, "game", "person", "learner"))


def cartpole(seed, rounds=10, questions_per_round=20, lr=1e-3, members=1, prior=.02, fit_steps=100, fit_lr=3e-3, updates=8, length=25, custom_init=False, group=2, minibatch=400, epochs=4, spread=.1):
    game = CartPole(frozen=True)
    rng = np.random.default_rng(np.random.SeedSequence(seed).spawn(4)[3])
    policy = Policy(MLP((4, 64, 64, 2), rng, head_gain=0.01))
    critic = MLP((4, 64, 64, 1), rng)
    learner = PPO(policy, learning_rate=lambda left: lr * max(left, 0.02), critic=critic, updates=rounds * updates, epochs=epochs, minibatch=minibatch)
    ms = []
    for _ in range(members):
        net = MLP((4, 32, 32, 1), rng, head_gain=.3)
        if custom_init:
            net.params["weight_0"][...] = rng.normal(size=(4, 32)) * .7
            net.params["bias_0"][...] = rng.normal(size=32) * .35
            net.params["weight_1"][...] = rng.normal(size=(32, 32)) / np.sqrt(32)
            net.params["weight_2"][...] = .3*rng.normal(size=(32, 1)) / np.sqrt(32)
        ms.append(StepReward(net, cart_features, learning_rate=fit_lr, prior=prior, fit_steps=fit_steps, batch=64, centred=True, limit=3, spread=spread))
    rm = Ensemble(ms) if members > 1 else ms[0]

    def ask(state, episodes, n, rng):
        if members == 1:
            clips = cut_clips(episodes, 2 * n, length, rng)
            return random_pairs(clips, n, rng)
        return most_disputed(random_pairs(cut_clips(episodes, 16 * n, length, rng), 8 * n, rng), state.reward_model, n)
    return State(game, policy, policy.copy(), learner, rm, ask, questions_per_round,
                 episodes_per_update=16, updates_per_round=updates, group=group, kl_coef=0.0, rngs=generators(seed, "game", "person", "learner"))


def cart_features(episodes):
    return episodes.next_observations * (1.0, 0.5, 5.0, 0.5)


def cut_clips(episodes, n, length, rng):
    rows = rng.integers(len(episodes), size=n)
    horizon = episodes.mask.shape[1]
    early = rng.random(n) < 0.5
    first = np.where(early, rng.integers(60, size=n), rng.integers(horizon - length + 1, size=n))
    return clip(episodes[rows], first, length)
