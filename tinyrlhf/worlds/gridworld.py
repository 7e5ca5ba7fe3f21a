"""A walker on a slippery floor: will people's answers teach it to mind the flowers?"""
from functools import partial

import numpy as np

from tinyrlhf.games.gridworld import Gridworld
from tinyrlhf.humans.experts import planner
from tinyrlhf.nn.networks import MLP, Table
from tinyrlhf.policies import Policy
from tinyrlhf.questions import View
from tinyrlhf.rewards.habits import Habits
from tinyrlhf.rewards.reward_models import StepReward
from tinyrlhf.rlhf import State
from tinyrlhf.worlds import LEARNERS, REWARDED, generators, make_learner, rounds_of, world


class Walks(View):
    """People see whole walks, and may say what they mind in them; minded: what `^` stands for."""

    def __init__(self, game, minded="flowers"):
        def entered(walks, symbol):  # how often, (B,)
            cells = game.map.ravel()[walks.states[:, 1:]]
            return (walks.mask & (cells == symbol)).sum(axis=1)

        self.remarks = {f"mind the {minded}": lambda walks: -entered(walks, "^"),
                        "not into the lava": lambda walks: -entered(walks, "L"),
                        "go to the goal": lambda walks: entered(walks, "G"),
                        "hurry up": lambda walks: -walks.lengths}
        if "L" not in game.map:
            del self.remarks["not into the lava"]
        self.certain = lambda walks: entered(walks, "G") - entered(walks, "L")


# Kinds that say little about each step are read with a higher rationality than they were said
# with, so that the strong prior does not outweigh them.
SURER = {"thumb": 2.0, "demonstration": 4.0, "stop": 8.0}


def signs_entered(game, walks):
    """Whether each step enters the goal, lava, flowers; and that it is a step: (B, T, 4)."""
    symbols = game.map.ravel()[walks.next_observations]
    return np.stack([symbols == "G", symbols == "L", symbols == "^", symbols != ""], axis=-1) * 1.0


@world(claim="{n} answers taught the walker to mind the flowers", expert=planner,
       idle={("person", "nobody"): ("rewarded",)})
def gridworld(seed=0, learner: LEARNERS = "reinforce", rounds=20, questions=15, kl_coef=0.0,
              feedback="preference", rewarded: REWARDED = "states"):
    """A table learns from judgements of whole walks to go around the flowers.

    The prior of its rewards is strong on purpose: a weak one believes too early that some harmless
    cell is worth more than nothing per step, and the walker settles there for ever. Of
    features, the signs entered, far fewer answers say what they are worth.
    """
    game = Gridworld()
    policy = Policy(Table(game.n_states, game.n_actions))
    rngs, habits = generators(seed), Habits(deviation_prior=4.0, rationality=SURER)
    if rewarded == "states":
        reward_model = StepReward(Table(game.n_states, 1), lambda walks: walks.next_observations,
                                  learning_rate=0.05, prior=10.0, batch=512, habits=habits)
    else:
        linear = MLP((4, 1), rngs["networks"], head_gain=0.01)
        reward_model = StepReward(linear, partial(signs_entered, game), learning_rate=0.03,
                                  prior=0.3, fit_steps=300, batch=512, habits=habits)
    improver = make_learner(learner, policy, critic=Table(game.n_states, 1), group=32,
                            updates=40 * rounds, learning_rate=0.1, entropy_coef=0.6,
                            entropy_until=0.25)
    return State(game, policy, policy.copy(), improver, reward_model,
                 rounds_of(feedback, questions, rounds), episodes_per_update=32,
                 updates_per_round=40, group=32, kl_coef=kl_coef, rngs=rngs,
                 view=Walks(game), imitation={"learning_rate": 0.1, "steps": 50, "batch": 256})
