"""A robot arm, taught as people teach: show it, step in, then say which of two tries was better."""
from functools import partial

import numpy as np

from tinyrlhf.episodes import clip, replay, steps_left
from tinyrlhf.games.arm import (SECONDS, SPEED, Obstacles, PickAndPlace, Reach, angles_of,
                                cells_of, damped_least_squares, hand_of, point, steps_to_goal)
from tinyrlhf.improvements import imitate
from tinyrlhf.learning.imitation import clone
from tinyrlhf.nn.distributions import Categorical
from tinyrlhf.nn.gaussian import Gaussian
from tinyrlhf.nn.networks import MLP, GaussianMLP
from tinyrlhf.nn.schedules import linear
from tinyrlhf.policies import Policy
from tinyrlhf.questions import View
from tinyrlhf.rewards.habits import Habits
from tinyrlhf.rewards.reward_models import StepReward
from tinyrlhf.rlhf import Stage, State, from_answers
from tinyrlhf.worlds import LEARNERS, generators, kinds_of, make_learner, rounds_of, world

GAMES = {"reach": Reach, "obstacles": Obstacles, "pick": PickAndPlace}
TASKS = tuple(GAMES)
HOLD = 8
PARALLAX = 0.25j


class Tries(View):
    """People compare tries from one start, and step in for a few steps."""
    together = 4

    def __init__(self, game):
        self.game = game

    def to_mend(self, episodes, n, rng):
        last = episodes.mask.shape[1] - HOLD
        tries = episodes[rng.integers(len(episodes), size=n)]
        touching = self.game.touching(tries.states)
        first = np.where(touching.any(axis=1), touching.argmax(axis=1) - rng.integers(6, 10, size=n),
                         rng.integers(last + 1, size=n))
        return clip(tries, np.clip(first, 0, last), HOLD)


class Teacher:
    def __init__(self, game):
        self.flawed, self.careful = TEACHERS[type(game)]

    def demonstrate(self, game, episodes, rationality, rng):
        return played(game, episodes, self.flawed, rng)

    def correct(self, game, episodes, rationality, rng):
        return played(game, episodes, self.careful, rng), np.ones(len(episodes), bool)


def played(game, episodes, act, rng):
    """The episodes as somebody plays them who decides from the states."""
    length = steps_left(game, episodes)
    states, actions = episodes.states[:, 0], []
    start = states
    memory = {}
    for _ in range(length.max()):
        actions.append(act(states, memory) + 0.1 * rng.normal(size=(len(states), game.action_size)))
        states = game.step(states, actions[-1], rng)[0]
    mask = np.arange(length.max()) < length[:, None]
    return replay(game, start, np.stack(actions, axis=1), mask, rng, episodes.first_step)


def move_to(q, target, speed=0.6):
    """The action (n, 2) that brings the hand nearer to a target."""
    turn = damped_least_squares(q, target - hand_of(q)) / (SECONDS * SPEED)
    return turn * np.minimum(1, speed / np.maximum(np.abs(turn).max(axis=1, keepdims=True), 1e-9))


def reach_flawed(states, memory):
    return move_to(states[:, :2], point(states, 2) + PARALLAX)


def reach_careful(states, memory):
    return move_to(states[:, :2], point(states, 2))


def around_discs(states, memory):
    if not memory:
        steps = np.minimum(steps_to_goal(states, 0.08), steps_to_goal(states) + 1000)
        memory["steps"] = np.pad(steps, ((0, 0), (1, 1), (1, 1)),
                                 constant_values=np.inf)
    steps, rows = memory["steps"], np.arange(len(states))
    q = states[:, :2]
    cell = cells_of(q)
    for _ in range(2):
        options = cell[:, None] + np.array([(0, 0), (1, 0), (-1, 0), (0, 1), (0, -1)])
        left = steps[rows[:, None], options[..., 0] + 1, options[..., 1] + 1]
        cell = options[rows, left.argmin(axis=1)]
    turn = (angles_of(cell) - q) / (SECONDS * SPEED)
    turn *= np.minimum(1, 0.6 / np.maximum(np.abs(turn).max(axis=1, keepdims=True), 1e-9))
    near = steps[rows, cell[:, 0] + 1, cell[:, 1] + 1] < 1
    return np.where(near[:, None], reach_careful(states, memory), turn)


def pick(states, shift):
    holding, done = states[:, 6] > 0, states[:, 7] > 0
    target = np.where(holding, point(states, 2), point(states, 4)) + shift
    move = move_to(states[:, :2], target)
    move[done] = 0
    there = np.abs(point(states, 4) - point(states, 2) - shift) < 0.05
    closed = np.where(holding, ~there, np.abs(target - hand_of(states[:, :2])) < 0.08)
    return np.concatenate([move, np.where(closed, 0.6, -0.6)[:, None]], axis=1)


def pick_flawed(states, memory):
    return pick(states, PARALLAX)


def pick_careful(states, memory):
    return pick(states, 0 * PARALLAX)


TEACHERS = {Reach: (reach_flawed, reach_careful), Obstacles: (reach_careful, around_discs),
            PickAndPlace: (pick_flawed, pick_careful)}


def explore(std, state):
    """Begin with this much noise in the actions."""
    state.policy.network.params["log_std"][...] = np.log(std)


def compare_from_here(std, state):
    state.reference = state.policy.copy()
    explore(std, state)


def imitate_all(state, stage):
    done = state.answers.acted()
    losses = clone(state.policy, *done.decisions, state.rngs["learner"], **state.imitation)
    return {"imitation_loss": float(np.mean(losses[-100:]))}


def from_all_answers(state, stage):
    """`from_answers`, the corrections included: what was mended is better than it was."""
    return from_answers(state, stage._replace(kinds=("correction", *stage.kinds)))


@world(claim="{n} answers taught the arm", expert=Teacher, moving=True)
def arm(seed=0, learner: LEARNERS = "ppo", task: TASKS = "reach", rounds=4, questions=25,
        demonstrations=20, corrections=100, kl_coef=0.3, feedback="course"):
    """An arm."""
    game, rngs = GAMES[task](), generators(seed)
    n_seen = game.observe(game.start(1, np.random.default_rng(0))).shape[-1]
    D = game.action_size
    policy = Policy(GaussianMLP((n_seen, 64, 64, D), rngs["networks"], std=0.4), Gaussian)
    n_features = len(game.described)

    def features(tries):
        return game.features(tries.states[:, :-1], tries.states[:, 1:])

    reward_model = StepReward(MLP((n_features, 1), rngs["networks"], head_gain=0.01), features,
                              learning_rate=0.03, prior=1.0, fit_steps=300, centred=True, habits=Habits())
    critic = MLP((n_seen, 64, 64, 1), rngs["networks"])
    updates = 30
    improver = make_learner(learner, policy, critic, group=4, updates=updates * rounds,
                            learning_rate=1e-3, gamma=0.97, minibatch=16 * game.horizon)
    stds = np.geomspace(0.35, 0.15, rounds)
    plan = []
    if demonstrations:
        plan.append(Stage("demonstrations", imitate_all, ("demonstration",), demonstrations))
    if corrections:
        plan += [Stage("corrections", imitate_all, ("correction",), corrections // 2)] * 2
    plan += [Stage("preferences", from_all_answers, ("preference",), questions,
                   begin=partial(compare_from_here if i==0 else explore, std)) for i, std in enumerate(stds)]
    return State(game, policy, policy.copy(), improver, reward_model, plan,
                 episodes_per_update=64, updates_per_round=updates, group=4, kl_coef=kl_coef,
                 rngs=rngs, view=Tries(game), snapshots={},
                 imitation={"learning_rate": linear(3e-3, lowest=0.0), "steps": 1500, "batch": 256})
