"""The worlds, one file each: a function of the file's name, whose arguments are its settings.

    @world(claim="{n} answers found the best machine", expert=planner)
    def bandit(seed=0, learner: LEARNERS = "reinforce", rounds=10, kl_coef=0.0, ...):
        return State(...)

An annotation that is a tuple lists the values which a setting may have. `bandit(seed=3)` is a run
before its first stage, with a person who answers; `build("bandit", seed=3)` is the same by name. A
world of your own, outside the package, has the same front door:
`if __name__ == "__main__": sys.exit(tinyrlhf.cli.main(own_world=my_world))`.
"""
import functools
import importlib
import importlib.util
import inspect
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from tinyrlhf import criteria
from tinyrlhf.checks import check_choice, check_range, check_whole
from tinyrlhf.feedback.answers import KINDS
from tinyrlhf.feedback.forms import Steps
from tinyrlhf.games.game import Game
from tinyrlhf.humans import zoo
from tinyrlhf.learning.policy_gradient import GRPO, PPO, RLOO, ActorCritic, Reinforce
from tinyrlhf.nn.schedules import linear
from tinyrlhf.questions import kinds_for
from tinyrlhf.rewards.reward_models import as_ensemble
from tinyrlhf.rlhf import Stage, from_answers, from_true_reward
from tinyrlhf.yardsticks import yardstick_for

MADE = {  # name: class, what else it needs, what is always set
    "reinforce": (Reinforce, ("gamma",), {"standardize": True}),
    "rloo": (RLOO, ("group",), {"standardize": True}),
    "grpo": (GRPO, ("group",), {}),  # the KL penalty is in the reward here too
    "actor-critic": (ActorCritic, ("critic", "gamma"), {"standardize": True}),
    "ppo": (PPO, ("critic", "gamma", "minibatch"), {}),
}
LEARNERS = tuple(MADE)
REWARDED = ("states", "features")  # by a reward model
AGREEMENT = 0.9                           # of answers with the true reward, unless told
LAPSE = 0.1                               # how often a person marks a part without looking
COMMON = {"person": "simulated", "agreement": None, "rationality": None, "ask": "random"}
IDLE = {("person", "nobody"): ("agreement", "rationality", "questions", "feedback", "ask"),
        ("person", "coin"): ("agreement", "rationality"),
        ("person", "recorded"): ("agreement", "rationality"),
        ("person", "human"): ("agreement", "rationality")}
IN_WORDS = {"nobody": "training on the true reward", "coin": "coin flips",
            "recorded": "recorded answers", "human": "real people"}
RANGES = {"seed": (0, 2 ** 63), "rounds": (1, 10_000), "questions": (1, 10_000)}
OWN = {}  # name -> World, as their files are imported


@functools.cache
def arguments_of(make):
    """Of a world's function, as `inspect` tells them."""
    return list(inspect.signature(make).parameters.values())


@dataclass(frozen=True)
class World:
    """A world by name: how its runs are made, and what report, people and log ask it for.

    make: function of the settings -> State; its signature is the list of the settings.
    claim: the title of the figure when a run has worked; "{n}" is the number of answers.
    judged_in, best, called: another game than the one it learns in, where results are measured
        (None: the same); the best possible return there, if somebody knows it; what that is called.
    expert: function game -> who can act (`humans/experts.py`), or None.
    form: how its episodes are written to the log (`feedback/forms.py`).
    scenes: function (game, policy, rng) -> episodes of scenes; None: a few episodes.
    moving: is its figure also worth a GIF?
    on_true_reward: function State -> None: what else differs in runs on the true reward.
    counts: function State -> {name: share}, what else of a result is worth a line; or None.
    idle: {(setting, value): settings that then have no effect}.
    report: its own report, if it has one.
    """
    make: Callable
    claim: str
    judged_in: Game | None = None
    best: float = float("nan")
    called: str = "mean true return"
    expert: Callable | None = None
    form: object = field(default_factory=Steps)
    scenes: Callable | None = None
    moving: bool = False
    on_true_reward: Callable | None = None
    counts: Callable | None = None
    idle: dict = field(default_factory=dict)
    report: object = None

    @property
    def name(self):
        return self.make.__name__

    def yardstick(self, state):
        """What a run is held against (`yardsticks.py`)."""
        return yardstick_for(state, self.judged_in, self.best, self.called)

    @property
    def command(self):
        """What begins and resumes its runs on a command line."""
        if self.make.__module__ == f"{__name__}.{self.name}":
            return f"tinyrlhf run {self.name}"
        return f"python {inspect.getsourcefile(self.make)}"

    @property
    def defaults(self):
        """The calibrated settings by name, those of the person included."""
        own = {each.name: each.default for each in arguments_of(self.make)
               if isinstance(each.default, (int, float, str))}
        return {**own, **COMMON}

    @property
    def choices(self):
        """The values that a setting may have, by name, where these can be listed."""
        own = {each.name: each.annotation for each in arguments_of(self.make)
               if isinstance(each.annotation, tuple)}
        return {**own, "ask": ("random", *criteria.NAMES)}

    def settings(self, **given):
        """All settings of a run: what was given (not None), or calibrated values."""
        given = {name: value for name, value in given.items() if value is not None}
        unknown = sorted(set(given) - set(self.defaults))
        if unknown:
            raise ValueError(f"settings: expected {', '.join(self.defaults)} for {self.name}; "
                             f"got {', '.join(unknown)}")
        settings = {**self.defaults, **given}
        for name, value in settings.items():
            self.check(name, value)
        how_sure = [settings["agreement"], settings["rationality"]]
        if set(zoo.parse(settings["person"])) & set(zoo.HOW_SURE):
            if how_sure != [None, None]:
                raise ValueError(f"agreement, rationality: expected nothing, since person "
                                 f"{settings['person']} says how sure they are; got {how_sure}")
        elif how_sure == [None, None]:
            settings["agreement"] = AGREEMENT
        return {"world": self.name, **settings}

    def refuse_idle(self, given):
        """Refuse given settings that have no effect beside another."""
        for (name, value), without_effect in [*IDLE.items(), *self.idle.items()]:
            for other in without_effect:
                if given.get(name) == value and other in given:
                    beside = IN_WORDS.get(value, f"{name} {value}")
                    raise ValueError(f"{other}: expected nothing, since it has no effect with "
                                     f"{beside}; got {given[other]}")

    def check(self, name, value):
        """Refuse a value that this setting cannot have."""
        default = self.defaults[name]
        if name == "person" and isinstance(value, str):
            zoo.parse(value)
        elif name in self.choices:
            check_choice(name, value, self.choices[name])
        elif name in RANGES:
            check_whole(name, value, *RANGES[name])
        elif isinstance(default, str) != isinstance(value, str) and value is not None:
            expected = "text" if isinstance(default, str) else "a number"
            raise ValueError(f"{name}: expected {expected}, got {value!r}")
        elif isinstance(default, float):
            check_range(name, value, 0.0, 1e6)

    def __call__(self, sizes=None, **given):
        """The State of a run before its first stage; sizes: of a smaller run, where it has them."""
        settings = self.settings(**given)
        own = {name: settings[name] for name in settings if name not in ("world", *COMMON)}
        if sizes is not None:
            own["sizes"] = sizes
        state = self.make(**own)
        kinds = kinds_for(state.view, self.expert)
        for stage in state.plan:
            for kind in stage.kinds:
                check_choice(f"feedback on {self.name}", kind, kinds)
        state.person = zoo.person(settings["person"], settings["agreement"],
                                  settings["rationality"], self.expert and self.expert(state.game),
                                  LAPSE)
        asked = [stage.kinds for stage in state.plan if stage.person is None]
        zoo.check_affects(settings["person"], sorted(set().union(*asked)))
        if settings["ask"] != "random":
            ask_by(settings["ask"], state)
        if settings["person"] == "nobody":
            if self.on_true_reward:
                self.on_true_reward(state)
            state.plan = [self.without_answers(stage) for stage in state.plan]
        return state

    def without_answers(self, stage):
        """The same stage on the true reward, where it would have been on a learned one."""
        if not stage.kinds or stage.person is not None:
            return stage
        if stage.improve is not from_answers:
            raise ValueError(f"person: expected somebody who answers, since {self.name} learns "
                             "from nothing else here; got nobody")
        return stage._replace(improve=from_true_reward, kinds=(), questions=0)


def ask_by(criterion, state):
    """Choose what is asked by a criterion, for which the reward model becomes an ensemble."""
    def begin_with_several(begin, state):
        begin(state)
        state.reward_model = as_ensemble(state.reward_model)

    kinds = {kind for stage in state.plan for kind in stage.kinds}
    if kinds and all(KINDS[kind].needs == "expert" for kind in kinds):
        raise ValueError(f"ask: expected random, since what people will do is not foreseen; got "
                         f"{criterion} for {', '.join(sorted(kinds))}")
    state.criterion = functools.partial(criteria.choose_by, criterion)
    state.reward_model = as_ensemble(state.reward_model)
    state.plan = [stage._replace(begin=functools.partial(begin_with_several, stage.begin))
                  if stage.begin else stage for stage in state.plan]


def world(**owned):
    """Decorator: this function makes a world."""
    def register(make):
        OWN[make.__name__] = World(make, **owned)
        return OWN[make.__name__]
    return register


def find(name):
    """The world of this name: one made already, or a file of this folder, found without a list."""
    if isinstance(name, str) and name in OWN:
        return OWN[name]
    module, named = f"{__name__}.{name}", isinstance(name, str) and name.isidentifier()
    if not named or name.startswith("_") or importlib.util.find_spec(module) is None:
        raise ValueError(f"world: expected the name of a file in tinyrlhf/worlds, got {name!r}; "
                         "your own have doors of their own: `python my_world.py show RUN`")
    return getattr(importlib.import_module(module), name)


def build(name, **given):
    """The State of a run on a world by its name, before the first stage."""
    return find(name)(**given)


def kinds_of(feedback):
    """Kinds of feedback from a setting such as "preference,rating"."""
    kinds = tuple(kind.strip() for kind in feedback.split(","))
    if len(set(kinds)) < len(kinds):
        raise ValueError(f"feedback: expected each kind once, got {feedback}")
    return kinds


def rounds_of(feedback, questions, rounds):
    """The plan of most worlds: in every round questions of each kind, then `from_answers`."""
    return [Stage("round", from_answers, kinds_of(feedback), questions)] * rounds


def refer_to_policy(state):
    """Begin a stage: what the policy is now is the reference that it is held to."""
    state.reference.load(state.policy.state())


def generators(seed):
    """Independent generators: nobody's numbers depend on how often somebody else has drawn."""
    names = ("networks", "game", "person", "learner", "pretraining", "questions")
    children = np.random.SeedSequence(seed).spawn(len(names))
    return {name: np.random.default_rng(child) for name, child in zip(names, children)}


def make_learner(name, policy, critic, group, updates, learning_rate, entropy_coef=0.0,
                 entropy_until=0.0, gamma=1.0, minibatch=256):
    """A learner by name; its learning rate falls linearly over the run.

    So does its entropy bonus, until a share `entropy_until` of the run is left.
    """
    check_choice("learner", name, LEARNERS)
    shared = {"updates": updates, "learning_rate": linear(learning_rate, lowest=0.02),
              "entropy_coef": linear(entropy_coef, gone_at=entropy_until)}
    own = {"critic": critic, "group": group, "gamma": gamma, "minibatch": minibatch}
    learner, needs, always = MADE[name]
    return learner(policy, **{name: own[name] for name in needs}, **always, **shared)
