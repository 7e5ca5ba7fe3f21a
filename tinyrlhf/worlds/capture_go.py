"""A board game that an expert judges: can ratings of single moves teach capture-Go?"""
from dataclasses import replace

import numpy as np

from tinyrlhf.episodes import clip, rollout
from tinyrlhf.games.capture_go import (COUNT, DRAWN, LOST, POINT, POINTS, RESULTS, WON,
                                       CaptureGo, after_each_move, as_set, beside, judgement,
                                       liberties, stones)
from tinyrlhf.games.game import Words
from tinyrlhf.humans.experts import Player
from tinyrlhf.nn.masked import MaskedMLP
from tinyrlhf.nn.networks import MLP
from tinyrlhf.policies import Policy
from tinyrlhf.questions import View
from tinyrlhf.rewards.reward_models import StepReward
from tinyrlhf.rlhf import State
from tinyrlhf.worlds import LEARNERS, generators, make_learner, rounds_of, world

PAINT = {WON: "good", LOST: "danger", DRAWN: "ink"}
CLEAR = 0.5  # a move that has lost more than this is a mistake


class Moves(View):
    """People see single moves, each by itself: there is nothing to stop, and no parts."""
    stops = False
    parts = False

    def clips(self, episodes, n, rng, to_act=False):
        rows, columns = np.nonzero(episodes.mask)
        drawn = rng.integers(len(rows), size=n)
        moves = clip(episodes[rows[drawn]], columns[drawn], 1)
        return replace(moves, ended=np.zeros(n, bool))  # whatever became of the game


def master(game):
    """Makes a move that the judgement likes best, and takes back clear mistakes."""
    def act(observations, rng):
        seen = observations > 0
        mine, theirs = as_set(seen[:, :POINTS]), as_set(seen[:, POINTS:2 * POINTS])
        *after, takes, legal = after_each_move(mine, theirs)
        worth = judgement(*after, takes) + 1e-9 * rng.random(takes.shape)  # any of the best
        return np.where(legal, worth, -np.inf).argmax(axis=-1)

    def first_clear_mistake(moves, rationality, rng):
        mistake = moves.true_rewards < -CLEAR
        return np.where(mistake.any(axis=1), mistake.argmax(axis=1), moves.lengths)

    return Player(act, first_clear_mistake)


def looks(moves):
    """What the reward model sees of moves, (B, T, 26) zeros and ones.

    After it: the fewest liberties of a group of mine, and of theirs (0, 1, 2, at least 3); those of
    the group that the stone belongs to (0 to at least 4). Beside the stone: how many of mine, of
    theirs (0 to 4), how many edges (0 to 2).
    """
    mine, theirs = stones(moves.states[:, :-1])
    stone = POINT[moves.actions]
    near = beside(stone)
    own, other = liberties(mine | stone, theirs), liberties(theirs, mine | stone)
    joined = np.take_along_axis(own, moves.actions[..., None], axis=-1)[..., 0]
    numbers = ((COUNT[own].min(axis=-1), 3), (COUNT[other].min(axis=-1), 3), (COUNT[joined], 4),
               (COUNT[near & mine], 4), (COUNT[near & theirs], 4), (4 - COUNT[near], 2))
    marks = [np.minimum(number, most)[..., None] == np.arange(most + 1)
             for number, most in numbers]
    return np.concatenate(marks, axis=-1).astype(float)


def page_of_games(game, policy, rng):
    """Four games as they ended, with their results, as one scene."""
    episodes = rollout(game, policy, game.start(4, rng), rng)
    page = []
    for number, (states, length) in enumerate(zip(episodes.states, episodes.lengths)):
        left, below, result = 0.54 * (number % 2), 0.52 * (1 - number // 2), states[length][-1]
        page += game.scene(states[length], left, below + 0.08, 0.4)
        page.append(Words(left + 0.2, below + 0.03, RESULTS[result], PAINT[result]))
    return [[page]]


@world(claim="{n} answers about single moves taught it to win", judged_in=CaptureGo(), best=1.0,
       called="share of wins", expert=master, scenes=page_of_games)
def capture_go(seed=0, learner: LEARNERS = "ppo", rounds=10, questions=30, kl_coef=0.0,
               feedback="rating"):
    """An MLP that sees the board learns from an expert's judgements of single moves.

    A judgement looks ahead already, so that the learner need not: its discount is 0, as in TAMER
    (Knox, Stone 2009); else it would play on to collect more good moves. The true reward is
    what the expert thinks that a move has lost; a run is judged by its games against a player who
    moves at random, and who begins every other game.
    """
    game, rngs = CaptureGo(judged=True), generators(seed)
    policy = Policy(MaskedMLP((5 * POINTS, 64, POINTS), rngs["networks"], head_gain=0.01))
    reward_model = StepReward(MLP((26, 16, 1), rngs["networks"]), looks,
                              learning_rate=0.01, prior=1.0, batch=64, centred=True, limit=3)
    critic = MLP((5 * POINTS, 64, 1), rngs["networks"])
    improver = make_learner(learner, policy, critic, group=4, updates=15 * rounds,
                            learning_rate=5e-3, entropy_coef=0.2, entropy_until=0.3,
                            gamma=0.0, minibatch=64)
    return State(game, policy, policy.copy(), improver, reward_model,
                 rounds_of(feedback, questions, rounds), episodes_per_update=32,
                 updates_per_round=15, group=4, kl_coef=kl_coef, rngs=rngs, view=Moves(),
                 imitation={"learning_rate": 3e-3, "steps": 100, "batch": 256})
