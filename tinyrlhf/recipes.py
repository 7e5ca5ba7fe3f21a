"""One function per world: game, policy, learner, reward model and questions, with calibrated defaults.

Every figure that the project states was measured with these. They were tuned on seeds 0 to 99 and are reported on others.
"""
import functools
import inspect

import numpy as np

from tinyrlhf.checks import check_choice, check_range, check_whole
from tinyrlhf.episodes import clip, rollout
from tinyrlhf.games.bandit import Bandit
from tinyrlhf.games.cartpole import CartPole
from tinyrlhf.games.gridworld import Gridworld
from tinyrlhf.games.text import Text
from tinyrlhf.games.words import corpus
from tinyrlhf.humans.simulated import Boltzmann, CoinFlip
from tinyrlhf.learning.imitation import clone
from tinyrlhf.learning.policy_gradient import GRPO, PPO, RLOO, ActorCritic, Reinforce
from tinyrlhf.nn.networks import MLP, EmbeddingMLP, Table
from tinyrlhf.nn.schedules import linear
from tinyrlhf.policies import Policy
from tinyrlhf.questions import random_pairs
from tinyrlhf.rewards.reward_models import OutcomeReward, StepReward
from tinyrlhf.rlhf import State, reinforce_true_reward, rlhf

LEARNERS = ("reinforce", "rloo", "grpo", "actor-critic", "ppo")
TEACHERS = ("person", "coin", "true reward")
AGREEMENT = 0.9                                                     # how often a person's answers agree with their taste, unless told


def bandit(seed=0, learner="reinforce", rounds=10, questions=10, kl_coef=0.0):
    """Five slot machines; whole "episodes" of one pull are compared."""
    game, rngs = Bandit(means=[0.0, 0.3, 0.5, 0.8, 1.0], noise=0.2), generators(seed)
    policy = Policy(Table(game.n_states, game.n_actions))
    reward_model = OutcomeReward(Table(game.n_actions, 1), lambda episodes: episodes.actions[:, 0], learning_rate=0.1, prior=1.0)
    improver = make_learner(learner, policy, critic=Table(game.n_states, 1), group=32, updates=10 * rounds, learning_rate=0.1,
                            entropy_coef=0.1)
    return State(game, policy, policy.copy(), improver, reward_model, whole_episodes, questions_per_round=questions,
                 episodes_per_update=32, updates_per_round=10, group=32, kl_coef=kl_coef, rngs=rngs)


def gridworld(seed=0, learner="reinforce", rounds=20, questions=15, kl_coef=0.0):
    """A table learns from comparisons of whole walks to go around the flowers.

    The reward table has one number for each cell that can be entered. Its prior is strong on purpose: a weak one believes
    too early that some harmless cell is worth more than nothing per step, and the walker settles there for ever.
    """
    game, rngs = Gridworld(), generators(seed)
    policy = Policy(Table(game.n_states, game.n_actions))
    reward_model = StepReward(Table(game.n_states, 1), lambda episodes: episodes.next_observations, learning_rate=0.05, prior=10.0)
    improver = make_learner(learner, policy, critic=Table(game.n_states, 1), group=32, updates=40 * rounds, learning_rate=0.1,
                            entropy_coef=0.6, curious_until=0.25)
    return State(game, policy, policy.copy(), improver, reward_model, whole_episodes, questions_per_round=questions,
                 episodes_per_update=32, updates_per_round=40, group=32, kl_coef=kl_coef, rngs=rngs)


def cartpole(seed=0, learner="ppo", rounds=10, questions=20, kl_coef=0.0):
    """An MLP learns to balance from comparisons of half-second clips, in a game that gives nothing away by ending.

    The entropy bonus keeps the policy curious while the reward model knows little: without it one run in ten believes its first
    answers too much, falls the same way ever after, and never sees a pole that stands. 250 steps are enough to see where a cart
    that drifts will end; with 200 one run in fifty drifted off the track later on. The reward model is shown the push as well as
    the pose: a person who likes poles that stand does not care, but a coin would seem to like some push, and so the control falls.
    """
    game, rngs = CartPole(frozen=True, horizon=250), generators(seed)
    policy = Policy(MLP((4, 64, 64, 2), rngs["networks"], head_gain=0.01))
    reward_model = StepReward(MLP((5, 32, 32, 1), rngs["networks"]), pushes_and_poses, learning_rate=3e-3, prior=0.3, batch=64,
                              centred=True, spread=0.1, limit=10)
    improver = make_learner(learner, policy, critic=MLP((4, 64, 64, 1), rngs["networks"]), group=4, updates=10 * rounds,
                            learning_rate=1e-3, entropy_coef=0.6, curious_until=0.3, gamma=0.99, minibatch=400)
    return State(game, policy, policy.copy(), improver, reward_model, early_and_late_clips, questions_per_round=questions,
                 episodes_per_update=16, updates_per_round=10, group=4, kl_coef=kl_coef, rngs=rngs)


def text(seed=0, learner="rloo", rounds=6, questions=300, kl_coef=0.07):
    """A character model, pretrained on invented words, learns a person's taste in words.

    The reward model knows which letters a word has and how long it is, not their order: it must guess the rest.
    """
    game, rngs, policy = Text(), generators(seed), pretrained(seed)
    n_features = game.features(game.start(1, None)).shape[-1]
    reward_model = OutcomeReward(MLP((n_features, 1), rngs["networks"], head_gain=0.01),
                                 lambda episodes: game.features(episodes.states[:, -1]), learning_rate=0.05, prior=3.0, centred=True)
    critic = EmbeddingMLP(game.n_actions, game.window, 12, (64,), 1, rngs["networks"])
    improver = make_learner(learner, policy, critic, group=128, updates=200 * rounds, learning_rate=0.01)
    return State(game, policy, policy.copy(), improver, reward_model, whole_episodes, questions_per_round=questions,
                 episodes_per_update=128, updates_per_round=200, group=128, kl_coef=kl_coef, rngs=rngs)


@functools.lru_cache(maxsize=8)
def pretrained_vector(seed):
    """The parameters of the character model after pretraining; kept, since several runs with one seed start from it."""
    game, rng = Text(), generators(seed)["pretraining"]
    policy = character_model(game, rng)
    observations, actions, mask = game.demonstrations(corpus(1000, rng))
    clone(policy, observations[mask], actions[mask], rng, learning_rate=linear(0.01, lowest=0.1), steps=1000, batch=256)
    return policy.network.params.vector


def character_model(game, rng):
    """Three characters in, the next one out."""
    return Policy(EmbeddingMLP(game.n_actions, game.window, 12, (64,), game.n_actions, rng, head_gain=0.1))


def pretrained(seed):
    """A character model that has read a thousand invented words."""
    policy = character_model(Text(), np.random.default_rng(0))
    policy.network.params.vector[:] = pretrained_vector(seed)
    return policy


WORLDS = {"bandit": bandit, "gridworld": gridworld, "cartpole": cartpole, "text": text}


def calibrated(world):
    """The calibrated settings of a world: learner, rounds, questions per round, kl_coef."""
    check_choice("world", world, WORLDS)
    return {name: parameter.default for name, parameter in inspect.signature(WORLDS[world]).parameters.items() if name != "seed"}


def generators(seed):
    """Independent generators, so that nobody's dice depend on how often somebody else has thrown."""
    names = ("networks", "game", "person", "learner", "pretraining", "questions")
    return {name: np.random.default_rng(child) for name, child in zip(names, np.random.SeedSequence(seed).spawn(len(names)))}


def make_learner(name, policy, critic, group, updates, learning_rate, entropy_coef=0.0, curious_until=0.0, gamma=1.0, minibatch=256):
    """A learner by name; the learning rate falls linearly over the run, the entropy bonus until this share of it is left."""
    check_choice("learner", name, LEARNERS)
    shared = {"updates": updates, "learning_rate": linear(learning_rate, lowest=0.02),
              "entropy_coef": linear(entropy_coef, gone_at=curious_until)}
    if name == "reinforce":
        return Reinforce(policy, gamma=gamma, standardize=True, **shared)
    if name == "rloo":
        return RLOO(policy, group=group, standardize=True, **shared)
    if name == "grpo":
        return GRPO(policy, group=group, **shared)                      # the leash is in the reward, as for all others
    if name == "actor-critic":
        return ActorCritic(policy, critic=critic, gamma=gamma, standardize=True, **shared)
    return PPO(policy, critic=critic, gamma=gamma, minibatch=minibatch, **shared)


def whole_episodes(state, episodes, n, rng):
    """Questions about whole episodes, drawn at random."""
    return random_pairs(episodes, n, rng)


def early_and_late_clips(state, episodes, n, rng, length=25, early=60):
    """Questions about clips of half a second: half of them begin early, since later most poles lie still."""
    rows, horizon = rng.integers(len(episodes), size=2 * n), episodes.mask.shape[1]
    first = np.where(rng.random(2 * n) < 0.5, rng.integers(early, size=2 * n), rng.integers(horizon - length + 1, size=2 * n))
    return random_pairs(clip(episodes[rows], first, length), n, rng)


def pushes_and_poses(episodes):
    """Each push (-1 or 1), and what came of it, scaled to about one: metres, metres per second, radians, radians per second."""
    return np.concatenate([2.0 * episodes.actions[..., None] - 1, episodes.next_observations * (1.0, 0.5, 5.0, 0.5)], axis=-1)


def settings_for(world, seed=0, teacher="person", agreement=None, rationality=None, **given):
    """Complete settings: what was given (None: not given), the calibrated values for the rest, and an agreement of 90 %."""
    unknown = set(given) - set(calibrated(world))
    if unknown:
        raise ValueError(f"settings: expected {', '.join(calibrated(world))}; got {', '.join(sorted(unknown))}")
    given = {name: value for name, value in given.items() if value is not None}
    if agreement is None and rationality is None:
        agreement = AGREEMENT
    person = {"teacher": teacher, "agreement": agreement, "rationality": rationality}
    return {"world": world, "seed": seed, **calibrated(world), **given, **person}


def build(world, seed, learner, rounds, questions, kl_coef, teacher="person", agreement=None, rationality=None):
    """The State of a run from its settings (`settings_for`), refused in one line if they make no sense."""
    check_choice("world", world, WORLDS)
    check_choice("learner", learner, LEARNERS)
    check_choice("teacher", teacher, TEACHERS)
    for name, value, low, high in (("seed", seed, 0, 2 ** 63), ("rounds", rounds, 1, 10_000), ("questions", questions, 1, 10_000)):
        check_whole(name, value, low, high)
    check_range("kl_coef", kl_coef, 0.0, 1e6)
    make_person("person", agreement, rationality)
    state = WORLDS[world](seed, learner, rounds, questions, kl_coef)
    if teacher == "true reward" and world == "cartpole":                # the game's own reward: 1 for each step that stands
        state.game, state.steps_at_most = CartPole(), 200
    return state


def make_person(teacher="person", agreement=None, rationality=None):
    """Who answers: a person with a taste, or a coin."""
    if teacher == "coin":
        return CoinFlip()
    return Boltzmann(AGREEMENT if agreement is None and rationality is None else agreement, rationality)


def teach(state, rounds, on_round=None, teacher="person", agreement=None, rationality=None):
    """Run the loop with this teacher until `rounds` rounds are done."""
    if teacher == "true reward":
        return reinforce_true_reward(state, rounds, on_round, true_reward_scale(state))
    return rlhf(state, make_person(teacher, agreement, rationality), rounds, on_round)


def true_reward_scale(state):
    """The factor that brings a game's own rewards to the size of normalised learned ones, which critic and kl_coef expect."""
    if isinstance(state.game, Text):
        return 1.0 / words_spread(state)
    return 0.1 if isinstance(state.game, CartPole) else 1.0


def words_spread(state):
    """Standard deviation of the taste over the reference's words: the unit in which rewards and kl_coef are measured."""
    words = rollout(state.game, state.reference, state.game.start(10_000, None), np.random.default_rng(0))
    return float(words.true_returns.std())
