"""Five slot machines: the smallest world with everything in it."""
from tinyrlhf.games.bandit import Bandit
from tinyrlhf.humans.experts import planner
from tinyrlhf.nn.networks import Table
from tinyrlhf.policies import Policy
from tinyrlhf.questions import View
from tinyrlhf.rewards.reward_models import OutcomeReward
from tinyrlhf.rlhf import State
from tinyrlhf.worlds import LEARNERS, generators, make_learner, rounds_of, world


class OnePull(View):
    """An episode is a single step: nothing to stop, and no parts."""
    stops = False
    parts = False


@world(claim="{n} answers found the best machine", expert=planner)
def bandit(seed=0, learner: LEARNERS = "reinforce", rounds=10, questions=10, kl_coef=0.0,
           feedback="preference"):
    """Whole episodes of one pull are judged."""
    game = Bandit(means=[0.0, 0.3, 0.5, 0.8, 1.0], noise=0.2)
    policy = Policy(Table(game.n_states, game.n_actions))
    reward_model = OutcomeReward(Table(game.n_actions, 1), lambda pulls: pulls.actions[:, 0],
                                 learning_rate=0.1, prior=1.0, batch=64)
    improver = make_learner(learner, policy, critic=Table(game.n_states, 1), group=32,
                            updates=10 * rounds, learning_rate=0.1, entropy_coef=0.1)
    return State(game, policy, policy.copy(), improver, reward_model,
                 rounds_of(feedback, questions, rounds), episodes_per_update=32,
                 updates_per_round=10, group=32, kl_coef=kl_coef, rngs=generators(seed),
                 view=OnePull())
