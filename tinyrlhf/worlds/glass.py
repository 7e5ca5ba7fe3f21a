"""A walker is shown the way by somebody who does not mind the glass. Will votes lead it around?

    demonstrations   a careless person shows the way, mostly over the glass; the walker copies it
    rounds           people who mind the glass compare walks; the copy is reinforced on that, under
                     a KL penalty to itself as it was copied

The floor looks alike everywhere: the walker knows its cell, and nothing about glass. Nobody gets to
the goal by strolling about, so without demonstrations there is no walk that a vote could praise.
Source: Ibarz et al. 2018, section 2: demonstrations first, then preferences.
Departs from the source: clips of the demonstrations are not compared with the policy's own, and the
clone is kept as a reference.
"""
import numpy as np

from tinyrlhf.checks import check_whole
from tinyrlhf.exact.horizon import expected_visits
from tinyrlhf.games.gridworld import Gridworld
from tinyrlhf.humans.experts import Player, planner
from tinyrlhf.humans.simulated import Boltzmann
from tinyrlhf.improvements import imitate
from tinyrlhf.nn.networks import Table
from tinyrlhf.policies import Policy
from tinyrlhf.rewards.habits import Habits
from tinyrlhf.rewards.reward_models import StepReward
from tinyrlhf.rlhf import Stage, State
from tinyrlhf.worlds import (LEARNERS, generators, make_learner, refer_to_policy, rounds_of,
                             world)
from tinyrlhf.worlds.gridworld import SURER, Walks
from tinyrlhf.yardsticks import Tabular

GLASS_MAP = """
...............
...............
S.....^^^.....G
...............
...............
"""

STRAYS = 0.15  # share of steps in which the careless person goes anywhere


def room(glass=-3.0):
    """The game, as somebody sees it to whom a step on glass is worth so much."""
    game = Gridworld(GLASS_MAP, slip=0.03, step_reward=-0.1, goal=10.0, flowers=glass, horizon=30)
    game.legend["bad"] = "glass"
    return game


def careless():
    """An expert who does not mind the glass, nor takes care where to step."""
    best = planner(room(glass=0.0)).act

    def act(observations, rng):
        strays = rng.random(len(observations)) < STRAYS
        anywhere = rng.integers(Gridworld.n_actions, size=len(observations))
        return np.where(strays, anywhere, best(observations, rng))

    return Player(act, step_in=None)


@world(claim="{n} answers led the walker around the glass", expert=planner)
def glass(seed=0, learner: LEARNERS = "reinforce", demonstrations=10, rounds=6, questions=25,
          kl_coef=0.15, feedback="preference"):
    """A table copies demonstrations, then learns from votes what they do not say.

    Few updates a round on purpose: a cell that good walks pass is praised with them, and who gets
    too much out of the first votes stays on it for ever, to be praised in every step.
    """
    check_whole("demonstrations", demonstrations, 0, 10_000)
    game = room()
    policy = Policy(Table(game.n_states, game.n_actions))
    reward_model = StepReward(Table(game.n_states, 1), lambda walks: walks.next_observations,
                              learning_rate=0.05, prior=40.0, batch=512,
                              habits=Habits(deviation_prior=4.0, rationality=SURER))
    improver = make_learner(learner, policy, critic=Table(game.n_states, 1), group=32,
                            updates=30 * rounds, learning_rate=0.1)
    plan = rounds_of(feedback, questions, rounds)
    if demonstrations:
        guide = Boltzmann(rationality=1.0, expert=careless())
        plan[0] = plan[0]._replace(begin=refer_to_policy)
        plan.insert(0, Stage("demonstrations", imitate, ("demonstration",), demonstrations,
                             person=guide))
    return State(game, policy, policy.copy(), improver, reward_model, plan,
                 episodes_per_update=32, updates_per_round=30, group=32, kl_coef=kl_coef,
                 rngs=generators(seed), view=Walks(game, "glass"), measure=measured,
                 snapshots={"untrained": policy.copy()},
                 imitation={"learning_rate": 0.1, "steps": 40})


def measured(state):
    """True return and steps on glass of one walk, both exact."""
    game, exact = state.game, Tabular(state)
    visits = expected_visits(game.P, game.d0, exact.table(state.policy), game.horizon + 1)
    return {"true_return": exact.expected_return(state.policy, rng=None),
            "glass": float(visits[:, game.map.ravel() == "^"].sum())}
