"""A robot arm, taught as people teach: show it, step in, then say which of two tries was better."""
from functools import partial

import numpy as np

from tinyrlhf.checks import check_whole
from tinyrlhf.episodes import clip, rollout
from tinyrlhf.games.arm import Dance, Obstacles, PickAndPlace, Reach
from tinyrlhf.humans.arm_teachers import ArmTeacher
from tinyrlhf.improvements import imitate
from tinyrlhf.nn.gaussian import Gaussian, GaussianMLP
from tinyrlhf.nn.networks import MLP
from tinyrlhf.nn.schedules import linear
from tinyrlhf.policies import Policy
from tinyrlhf.questions import View
from tinyrlhf.rewards.reward_models import StepReward
from tinyrlhf.rlhf import Stage, State, from_answers
from tinyrlhf.worlds import (LEARNERS, generators, kinds_of, make_learner, refer_to_policy,
                             world)

AREAS = {"front": 0.0, "left": 1.6, "right": -1.6}  # rad, around which hand and goal begin
GAMES = {"reach": Reach, "obstacles": Obstacles, "pick": PickAndPlace, "dance": Dance}
TASKS = tuple(GAMES)
TAKEOVER = 8          # steps for which people step in
NOISE = 0.35, 0.15    # standard deviation of the actions in the first and in the last round
UPDATES = 30          # of the policy in a round
TESTED = 100          # new starts in which success is counted


def features_of(game, tries):
    """The features (B, T, F) of all steps."""
    return game.features(tries.states[:, :-1], tries.states[:, 1:])


class Tries(View):
    """People compare tries from one start, and take over for some steps: just before a touch."""
    together = 4

    def __init__(self, game):
        self.game = game
        self.remarks = {words: partial(self.follows, *wish) for words, wish in game.remarks.items()}

    def follows(self, name, sign, tries):
        """How much of a feature there is on average, or how little, (B,)."""
        column = self.game.feature_names.index(name)
        return sign * features_of(self.game, tries)[..., column].mean(axis=1)

    def to_mend(self, episodes, n, rng):
        tries = episodes[rng.integers(len(episodes), size=n)]
        last = tries.mask.shape[1] - TAKEOVER
        touching = self.game.touching(tries.states)
        before = touching.argmax(axis=1) - rng.integers(6, 10, size=n)
        anywhere = rng.integers(last + 1, size=n)
        first = np.where(touching.any(axis=1), np.maximum(before, 0), anywhere)
        return clip(tries, np.minimum(first, last), TAKEOVER)


def steady(policy):
    """A copy that acts without noise: robots are judged so."""
    copy = policy.copy()
    copy.network.params["log_std"][...] = -20.0  # a standard deviation of 2e-9
    return copy


def shares_of(game, policy):
    """Shares of new tries without noise: at the goal in the end; a violation on the way."""
    rng = np.random.default_rng(0)
    states = rollout(game, steady(policy), game.start(TESTED, rng), rng).states
    return game.success(states).mean(), game.violations(states).mean()


def counts(state):
    """Success and violations in layouts that were not trained in, and success after each stage."""
    game = type(state.game)(state.game.area, layouts=1)
    success, violations = shares_of(game, state.policy)
    shares = {"success": success, "violations": violations}
    for stage in list(state.snapshots)[:-1]:
        shares[f"success_{stage}"] = shares_of(game, state.snapshots[stage])[0]
    return {name: float(share) for name, share in shares.items()}


def measured(state):
    """The mean true return of new tries, also after stages in which nothing is played."""
    rng = np.random.default_rng(0)
    tries = rollout(state.game, state.policy, state.game.start(TESTED, rng), rng)
    return {"true_return": float(tries.true_returns.mean())}


def explore(std, state):
    """Begin a round: from now on, actions have this much noise."""
    state.policy.network.params["log_std"][...] = np.log(std)


def explore_from_here(std, state):
    """Begin the first round: what the policy is now is the reference."""
    refer_to_policy(state)
    explore(std, state)


def from_nothing(state):
    """On the true reward nobody shows anything."""
    state.plan = [stage for stage in state.plan if stage.improve is from_answers]


@world(claim="{n} answers taught the arm", expert=ArmTeacher, moving=True, counts=counts,
       on_true_reward=from_nothing, idle={("task", "dance"): ("demonstrations", "corrections")})
def arm(seed=0, task: TASKS = "reach", learner: LEARNERS = "ppo", demonstrations=20,
        corrections=100, rounds=4, questions=15, kl_coef=0.007, area: tuple(AREAS) = "front",
        feedback="preference"):
    """A Gaussian MLP learns to move two joints.

    The course: people demonstrate, with a flaw. Twice the arm tries, and they take over for some
    steps. Then they judge tries, in rounds. Corrections are also read as choices, what was mended
    against what was. With `demonstrations` and `corrections` 0 the judgements teach alone, and so
    they always do to dance.

    The reward model is linear in the features of a step, and so is what people want, who do not
    care for some of them. Noise is not learned: it falls from round to round, and the KL from the
    reference, which keeps its own, counts that too.
    """
    game, rngs = GAMES[task](AREAS[area]), generators(seed)
    n_seen = game.observe(game.start(1, np.random.default_rng(0))).shape[-1]
    policy = Policy(GaussianMLP((n_seen, 64, 64, game.action_size), rngs["networks"], std=0.4),
                    Gaussian)
    reward_model = StepReward(MLP((len(game.feature_names), 1), rngs["networks"], head_gain=0.01),
                              partial(features_of, game), learning_rate=0.03, fit_steps=300,
                              batch=128)
    critic = MLP((n_seen, 64, 64, 1), rngs["networks"])
    improver = make_learner(learner, policy, critic, group=4, updates=UPDATES * rounds,
                            learning_rate=1e-3, gamma=0.97, minibatch=16 * game.horizon)
    shown = [] if task == "dance" else showing(demonstrations, corrections)
    return State(game, policy, policy.copy(), improver, reward_model,
                 [*shown, *judging(kinds_of(feedback), questions, rounds)],
                 episodes_per_update=64, updates_per_round=UPDATES, group=4, kl_coef=kl_coef,
                 rngs=rngs, view=Tries(game), measure=measured,
                 snapshots={"untrained": policy.copy()},
                 imitation={"learning_rate": linear(3e-3), "steps": 1500, "batch": 256})


def showing(demonstrations, corrections):
    """First people demonstrate, then they correct, twice; each time all of it is copied."""
    first, second = ("demonstration",), ("correction",)
    check_whole("demonstrations", demonstrations, 0, 10_000)
    check_whole("corrections", corrections, 0, 10_000)
    stages = [Stage("demonstrations", imitate, first, demonstrations)]
    for half in ((corrections + 1) // 2, corrections // 2):
        stages.append(Stage("corrections", imitate, second, half, also=first))
    return [stage for stage in stages if stage.questions]


def judging(kinds, questions, rounds):
    """Rounds of reinforcement, with less and less noise; corrections are judgements too."""
    plan = []
    for number, std in enumerate(np.geomspace(*NOISE, rounds)):
        begin = partial(explore if number else explore_from_here, std)
        plan.append(Stage("rounds", from_answers, kinds, questions, begin=begin,
                          also=("correction",)))
    return plan
