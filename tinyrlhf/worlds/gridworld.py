"""A walker on a slippery floor: will people's answers teach it to mind the flowers?"""
from tinyrlhf.games.gridworld import Gridworld
from tinyrlhf.humans.experts import planner
from tinyrlhf.nn.networks import Table
from tinyrlhf.policies import Policy
from tinyrlhf.questions import View
from tinyrlhf.rewards.habits import Habits
from tinyrlhf.rewards.reward_models import StepReward
from tinyrlhf.rlhf import State
from tinyrlhf.worlds import LEARNERS, generators, make_learner, rounds_of, world


class Walks(View):
    """People see whole walks, and may say what they mind in them."""

    def __init__(self, game):
        def entered(walks, symbol):  # how often, (B,)
            cells = game.map.ravel()[walks.states[:, 1:]]
            return (walks.mask & (cells == symbol)).sum(axis=1)

        self.remarks = {"mind the flowers": lambda walks: -entered(walks, "^"),
                        "not into the lava": lambda walks: -entered(walks, "L"),
                        "go to the goal": lambda walks: entered(walks, "G"),
                        "hurry up": lambda walks: -walks.lengths}
        self.certain = lambda walks: entered(walks, "G") - entered(walks, "L")


# Kinds that say little about each step are read with a higher rationality than they were said
# with, so that the strong prior does not outweigh them.
SURER = {"thumb": 2.0, "demonstration": 4.0, "stop": 8.0}


@world(claim="{n} answers taught the walker to mind the flowers", expert=planner)
def gridworld(seed=0, learner: LEARNERS = "reinforce", rounds=20, questions=15, kl_coef=0.0,
              feedback="preference"):
    """A table learns from judgements of whole walks to go around the flowers.

    The prior of its rewards is strong on purpose: a weak one believes too early that some harmless
    cell is worth more than nothing per step, and the walker settles there for ever.
    """
    game = Gridworld()
    policy = Policy(Table(game.n_states, game.n_actions))
    reward_model = StepReward(Table(game.n_states, 1), lambda walks: walks.next_observations,
                              learning_rate=0.05, prior=10.0, batch=512,
                              habits=Habits(deviation_prior=4.0, rationality=SURER))
    improver = make_learner(learner, policy, critic=Table(game.n_states, 1), group=32,
                            updates=40 * rounds, learning_rate=0.1, entropy_coef=0.6,
                            entropy_until=0.25)
    return State(game, policy, policy.copy(), improver, reward_model,
                 rounds_of(feedback, questions, rounds), episodes_per_update=32,
                 updates_per_round=40, group=32, kl_coef=kl_coef, rngs=generators(seed),
                 view=Walks(game), imitation={"learning_rate": 0.1, "steps": 50, "batch": 256})
