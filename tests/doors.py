"""A small seeded generator of wrong arguments: what does each door of the package answer to them?

A door is a constructor, a `fit`, `update`, loss, record, file or setting: where values of others come in. `DOORS` names
them with arguments that are right and what each of these may be; `answers` puts one wrong value in the place of each.
"""
import math
import signal
import tempfile
import warnings
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tinyrlhf import runs
from tinyrlhf.exact import best_of_n, evaluation, horizon, planning
from tinyrlhf.feedback.log import Log
from tinyrlhf.games.bandit import Bandit
from tinyrlhf.games.cartpole import CartPole
from tinyrlhf.games.gridworld import Gridworld
from tinyrlhf.humans.simulated import Boltzmann, rationality_for
from tinyrlhf.learning import advantages, direct_preferences, kl, policy_gradient
from tinyrlhf.learning.adaptive_kl import AdaptiveKL
from tinyrlhf.learning.dyna import CountModel, DynaQ
from tinyrlhf.learning.imitation import clone
from tinyrlhf.learning.q_learning import QLearning
from tinyrlhf.nn.networks import MLP, EmbeddingMLP, Table
from tinyrlhf.nn.optimizers import Adam
from tinyrlhf.nn.schedules import linear
from tinyrlhf.rewards import bradley_terry, choice, plackett_luce, reward_distance
from tinyrlhf.rewards.posterior import Particles
from tinyrlhf.rewards.reward_models import OutcomeReward, StepReward
from tinyrlhf.rlhf import State, rlhf
from tinyrlhf.worlds import build, find

VERDICTS = ("named", "deep", "taken", "NaN", "hangs")
SECONDS = 5  # after which a call hangs
NAN, INF, HUGE = math.nan, math.inf, 2**63 - 1


class Number(NamedTuple):
    low: float
    high: float


class Whole(NamedTuple):
    low: int
    high: int


class Array(NamedTuple):
    """Finite numbers of the given shape; lengths: whether another length is wrong; low, high: what may stand in it."""
    lengths: bool = True
    low: float = -INF
    high: float = INF
    absent: bool = False  # may -inf stand for what is not there?


class Indices(NamedTuple):
    size: int
    lengths: bool = True
    low: int = 0


class Json(NamedTuple):
    """What a log can hold."""


class Word(NamedTuple):
    """One of a list."""


def wrong_values(spec, right, rng):
    """Yields what an argument like this cannot be."""
    if isinstance(spec, (Number, Whole)):
        yield from (None, "moon", [], [0.5, 0.5], {}, 1j, NAN)
        yield from (value for value in (spec.low - 1, spec.high + 1, -INF, INF, -10.0**rng.integers(3, 300))
                    if not spec.low <= value <= spec.high)
        if isinstance(spec, Whole):
            yield from ("3", spec.low + 0.5, 2**64, float(HUGE))
    elif isinstance(spec, (Array, Indices)):
        right = np.asarray(right)
        yield from (None, "moon", {}, right.astype(str), np.full(right.shape, None), 1j * right)
        if spec.lengths:
            yield from (right[..., None], right[:0])
        place = tuple(rng.integers(right.shape))
        last = 1e308 if isinstance(spec, Indices) else -INF
        for value in (NAN, INF) if getattr(spec, "absent", False) else (NAN, INF, last):
            spoilt = right.astype(float)
            spoilt[place] = value
            yield spoilt
        outside = (spec.low - 1, spec.size, HUGE, -HUGE) if isinstance(spec, Indices) else (spec.low - 1, spec.high + 1)
        for value in outside:
            if np.isfinite(value):
                spoilt = right.copy()
                spoilt[place] = value
                yield spoilt
        if isinstance(spec, Indices):
            yield right + 0.5
        if spec.lengths:
            yield right[:-1]
            yield np.concatenate([right, right])
    elif isinstance(spec, Json):
        yield from (NAN, -INF, 1j, {1, 2}, b"moon", object(), np.array([NAN]), 2**2000, {1: 2}, math.sin)
    else:
        yield from (None, "nonsense", "", 3, NAN, [], b"moon", "x" * 10**5)


def has_nan(value, depth=0):
    """Is there NaN anywhere in a result?"""
    if isinstance(value, (float, np.ndarray, np.generic)):
        value = np.asarray(value)
        return value.dtype.kind in "fc" and bool(np.isnan(value).any())
    if depth > 4 or value is None or isinstance(value, (str, bytes, int)):
        return False
    if isinstance(value, dict):
        value = list(value.values())
    elif is_dataclass(value):
        value = [getattr(value, each.name) for each in fields(value)]
    elif not isinstance(value, (list, tuple)):
        value = [each for name, each in vars(value).items()] if hasattr(value, "__dict__") else []
    return any(has_nan(each, depth + 1) for each in value)


def verdict(call, arguments, name):
    """What one call says: named, deep (an error that does not name the argument), NaN, taken or hangs."""
    def late(*_):
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(SECONDS)
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            result = call(**arguments)
    except TimeoutError:
        return "hangs"
    except ValueError as error:
        return "named" if name in str(error) or name.replace("_", " ") in str(error) else "deep"
    except Exception:
        return "deep"
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    return "NaN" if has_nan(result) else "taken"


def answers(seed=0, doors=None):
    """Yields (door, argument, wrong value, verdict) of every door."""
    rng = np.random.default_rng(seed)
    for door, (make, specs) in (doors or DOORS).items():
        for name, spec in specs.items():
            call, arguments = make()
            for value in wrong_values(spec, arguments.get(name), rng):
                if value is None and (door, name) in MAY_BE_NONE:
                    continue
                call, arguments = make()  # what one call did to it is not there for the next
                yield door, name, value, verdict(call, {**arguments, name: value}, name)


# ---- what is right

def small(**changes):
    return build("bandit", seed=1, rounds=1, questions=4, **changes)


def played():
    """A run of one round: its state, with answers."""
    state = small()
    state.updates_per_round = 1
    return rlhf(state)


STATE = played()
ANSWERS = STATE.answers
ROWS, BLOCKS = ANSWERS.choices(np.arange(len(ANSWERS)))
P = np.full((3, 2, 3), 1 / 3)
P[0, 0], P[1, 1] = [.5, .5, 0], [0, .2, .8]
R, START = np.arange(18.0).reshape(3, 2, 3), np.array([1.0, 0, 0])
UNIFORM = np.full((3, 2), 0.5)
TABLES = {"P": Array(low=0, high=1), "R": Array(), "policy": Array(low=0, high=1)}
RNG = np.random.default_rng


def plain(call, **arguments):
    return lambda: (call, dict(arguments))


def learner(name, **arguments):
    """A learner and what it is given."""
    made = {"learning_rate": 0.1, **arguments}

    def make():
        policy = STATE.policy.copy()
        critic = {"critic": Table(5, 1)} if name in ("ActorCritic", "PPO") else {}
        return getattr(policy_gradient, name), {"policy": policy, **critic, **made}
    return make


def updated(name, **arguments):
    """`update` on rewards (B, T)."""
    def make():
        call, made = learner(name, **arguments)()
        learns = call(**made)
        episodes = rollout_of()

        def update(rewards):
            result = learns.update(episodes, lambda _: rewards, RNG(0))
            return result, learns.policy.network.params.vector
        return update, {"rewards": np.ones(episodes.mask.shape)}
    return make


def rollout_of():
    from tinyrlhf.rlhf import act
    state = small()
    return act(state, 8, 4)


def q_update():
    values = QLearning(3, 2)
    given = {"observations": np.array([0, 1, 2]), "actions": np.array([0, 1, 0]), "rewards": np.ones(3),
             "next_observations": np.array([1, 2, 2]), "ended": np.array([False, False, True])}
    return (lambda **all: (values.learn(*all.values()), values)), given


def a_network():
    return {"params": Table(3, 2).params}


def fitted(model, **arguments):
    def make():
        def built(**given):
            return model(Table(5, 1), lambda episodes: episodes.actions[:, 0], **given)
        return built, dict(arguments)
    return make


def appended():
    folder = tempfile.mkdtemp()

    def append(ms):
        with Log(Path(folder, "log.jsonl")) as log:
            return log.append("label", ms=ms)
    return append, {"ms": 3}


def a_state(**given):
    parts = {each.name: getattr(STATE, each.name) for each in fields(State)}
    return State(**{**parts, **given})


def to_be_run(stages):
    return rlhf(small(), stages)


def said_of(said):
    return ANSWERS.answered(said)


def a_folder(run):
    return runs.load(run)


RATE, SHARE, COUNT = Number(0, 1e3), Number(0, 1), Whole(1, 10**6)
COMPARED = {"first": Indices(4), "second": Indices(4), "outcome": Array(low=0, high=1), "counts": Array(low=0),
            "prior": Number(0, 1e12)}
PAIRS = {"first": np.array([0, 1, 2, 3, 0]), "second": np.array([1, 2, 3, 0, 2]), "outcome": np.array([1, 1, 0, 1, .5]),
         "counts": np.ones(5), "prior": 1.0}
DOORS = {
    "Adam": (plain(Adam, **a_network(), learning_rate=0.1, mean_decay=0.9, square_decay=0.999, epsilon=1e-8),
             {"learning_rate": RATE, "mean_decay": SHARE, "square_decay": SHARE, "epsilon": SHARE}),
    "Table": (plain(Table, n_inputs=3, n_outputs=2, dtype=np.float64),
              {"n_inputs": COUNT._replace(high=10**9), "n_outputs": COUNT._replace(high=10**9), "dtype": Word()}),
    "MLP": (plain(MLP, sizes=(3, 4, 2), rng=RNG(0), head_gain=1.0, dtype=np.float32),
            {"head_gain": Number(-1e6, 1e6), "dtype": Word()}),
    "EmbeddingMLP": (plain(EmbeddingMLP, n_symbols=3, slots=2, embedding=4, hidden=(5,), n_outputs=2, rng=RNG(0)),
                     {"n_symbols": COUNT._replace(high=10**9), "slots": COUNT._replace(high=10**9),
                      "embedding": COUNT._replace(high=10**9), "n_outputs": COUNT._replace(high=10**9)}),
    "linear": (plain(linear, start=1.0, lowest=0.1, gone_at=0.0),
               {"start": Number(-1e9, 1e9), "lowest": SHARE, "gone_at": Number(0, 0.999)}),
    "bradley_terry.fit": (plain(bradley_terry.fit, **PAIRS, n_items=4), {**COMPARED, "n_items": Whole(2, 5000)}),
    "fit_linear": (plain(bradley_terry.fit_linear, features=RNG(0).normal(size=(4, 2)), **PAIRS),
                   {"features": Array(), **COMPARED}),
    "plackett_luce.fit": (plain(plackett_luce.fit, rankings=np.array([[0, 1, 2], [2, 0, 1]]), counts=np.ones(2),
                                prior=1.0, n_items=3),
                          {"rankings": Indices(3, low=-1), "counts": Array(low=0), "prior": Number(0, 1e12),
                           "n_items": Whole(2, 5000)}),
    "dpo": (plain(direct_preferences.dpo, blocks=BLOCKS, log_ratios=np.zeros(len(ROWS)), kl_coef=0.1),
            {"log_ratios": Array(lengths=False), "kl_coef": Number(0, 1e9)}),
    "ipo": (plain(direct_preferences.ipo, blocks=BLOCKS, log_ratios=np.zeros(len(ROWS)), kl_coef=0.1),
            {"log_ratios": Array(lengths=False), "kl_coef": Number(0, 1e9)}),
    "choices_loss": (plain(choice.choices_loss, blocks=BLOCKS, scores=np.zeros(len(ROWS)),
                           counts=np.ones(len(ANSWERS))),
                     {"scores": Array(lengths=False, absent=True), "counts": Array(lengths=False, low=0)}),
    "choice_loss": (plain(choice.choice_loss, logits=np.zeros((3, 2)), shares=np.eye(2)[[0, 1, 0]], counts=np.ones(3)),
                    {"logits": Array(absent=True), "shares": Array(low=0, high=1), "counts": Array(low=0)}),
    "prefer": (plain(direct_preferences.prefer, policy=STATE.policy.copy(), reference=STATE.reference, answers=ANSWERS,
                     rng=RNG(0), steps=2, batch=2, kl_coef=0.1, learning_rate=0.1, max_grad_norm=1.0),
               {"steps": Whole(0, 10**9), "batch": Whole(1, 10**7), "kl_coef": Number(1e-3, 1e6), "learning_rate": RATE,
                "max_grad_norm": Number(0, INF)}),
    "clone": (plain(clone, policy=STATE.policy.copy(), observations=np.zeros(4, int), actions=np.array([0, 1, 2, 3]),
                    rng=RNG(0), learning_rate=0.1, steps=2, batch=2),
              {"observations": Array(), "actions": Array(low=0), "learning_rate": RATE, "steps": Whole(0, 10**9),
               "batch": Whole(1, 10**9)}),
    "Reinforce": (learner("Reinforce", gamma=1.0, baseline="none", entropy_coef=0.0, updates=3, max_grad_norm=1.0),
                  {"learning_rate": RATE, "gamma": SHARE, "baseline": Word(), "entropy_coef": Number(0, 1e6),
                   "updates": Whole(1, 10**9), "max_grad_norm": Number(0, INF)}),
    "RLOO": (learner("RLOO", group=4), {"learning_rate": RATE, "group": Whole(2, 10**6)}),
    "GRPO": (learner("GRPO", group=4, epochs=1, clip=0.2, kl_coef=0.0),
             {"group": Whole(2, 10**6), "epochs": COUNT, "clip": SHARE, "kl_coef": Number(0, 1e6)}),
    "ActorCritic": (learner("ActorCritic", gamma=1.0, lam=0.95, critic_learning_rate=0.1),
                    {"gamma": SHARE, "lam": SHARE, "critic_learning_rate": RATE}),
    "PPO": (learner("PPO", epochs=2, minibatch=4, clip=0.2),
            {"epochs": COUNT, "minibatch": Whole(2, 10**7), "clip": Number(0, INF)}),
    **{f"{name}.update": (updated(name, **how), {"rewards": Array()})
       for name, how in (("Reinforce", {}), ("RLOO", {"group": 4}), ("GRPO", {"group": 4}), ("ActorCritic", {}),
                         ("PPO", {"minibatch": 4}))},
    **{name: (fitted(model, learning_rate=0.1, prior=1.0, fit_steps=3, batch=2, target_std=1.0),
              {"learning_rate": RATE, "prior": Number(0, 1e12), "fit_steps": COUNT, "batch": Whole(1, 10**7),
               "target_std": Number(0, 1e12)})
       for name, model in (("OutcomeReward", OutcomeReward), ("StepReward", StepReward))},
    "AdaptiveKL": (plain(AdaptiveKL, kl_coef=0.1, target=1.0, horizon=100),
                   {name: Number(1e-9, 1e9) for name in ("kl_coef", "target", "horizon")}),
    "AdaptiveKL.update": (lambda: (AdaptiveKL(0.1, 1.0).update, {"kl": 0.5, "n_episodes": 8}),
                          {"kl": Number(0, INF), "n_episodes": COUNT._replace(high=10**9)}),
    "kl_penalized_rewards": (plain(kl.kl_penalized_rewards, rewards=np.ones((2, 3)), log_probs=-np.ones((2, 3)),
                                   reference_log_probs=-np.ones((2, 3)), kl_coef=0.1), {"kl_coef": Number(0, INF)}),
    "leave_one_out": (plain(advantages.leave_one_out, scores=np.arange(8.0), group=4),
                      {"scores": Array(lengths=False), "group": Whole(2, 10**6)}),
    "group_normalized": (plain(advantages.group_normalized, scores=np.arange(8.0), group=4),
                         {"scores": Array(lengths=False), "group": Whole(2, 10**6)}),
    "evaluate_policy": (plain(evaluation.evaluate_policy, P=P, R=R, policy=UNIFORM, gamma=0.9),
                        {**TABLES, "gamma": SHARE}),
    "hitting_times": (plain(evaluation.hitting_times, P=P, policy=UNIFORM, ends=np.array([False, False, True])),
                      {"P": TABLES["P"], "policy": TABLES["policy"]}),
    "value_iteration": (plain(planning.value_iteration, P=P, R=R, gamma=0.9, tolerance=1e-8),
                        {"P": TABLES["P"], "R": Array(), "gamma": SHARE, "tolerance": Number(1e-300, INF)}),
    "backward_induction": (plain(horizon.backward_induction, P=P, R=R, horizon=4),
                           {"P": TABLES["P"], "R": Array(), "horizon": COUNT}),
    "finite_horizon_return": (plain(horizon.finite_horizon_return, P=P, R=R, d0=START, policy=UNIFORM, horizon=4,
                                    gamma=0.9),
                              {**TABLES, "d0": Array(low=0, high=1), "horizon": COUNT, "gamma": SHARE}),
    "bandit_optimum": (plain(horizon.bandit_optimum, rewards=np.arange(3.0), reference=np.full(3, 1 / 3), kl_coef=0.1),
                       {"rewards": Array(), "reference": Array(low=0, high=1), "kl_coef": Number(1e-300, 1e300)}),
    "expected_true_reward": (plain(best_of_n.expected_true_reward, proxy=np.arange(6.0), true=np.arange(6.0), most=3),
                             {"proxy": Array(), "true": Array(), "most": Whole(1, 6)}),
    "canonical": (plain(reward_distance.canonical, R=np.ones((3, 2, 3)), gamma=0.9), {"R": Array(), "gamma": SHARE}),
    "epic": (plain(reward_distance.epic, R1=RNG(0).normal(size=(3, 2, 3)), R2=RNG(1).normal(size=(3, 2, 3)), gamma=0.9),
             {"R1": Array(), "R2": Array(), "gamma": SHARE}),
    "QLearning": (plain(QLearning, n_states=3, n_actions=2, gamma=1.0, epsilon=0.1, temperature=1.0, step_size=0.1),
                  {"n_states": COUNT._replace(high=10**9), "n_actions": COUNT._replace(high=10**9), "gamma": SHARE,
                   "epsilon": SHARE, "temperature": Number(1e-9, INF), "step_size": SHARE}),
    "CountModel": (plain(CountModel, n_states=3, n_actions=2),
                   {"n_states": Whole(1, 2000), "n_actions": Whole(1, 1000)}),
    "DynaQ": (plain(DynaQ, n_states=3, n_actions=2, planning_steps=5),
              {"n_states": Whole(1, 2000), "n_actions": Whole(1, 1000), "planning_steps": Whole(0, 10**6)}),
    "Boltzmann agreement": (plain(Boltzmann, agreement=0.9, lapse=0.1), {"agreement": Number(0.5, 1), "lapse": SHARE}),
    "Boltzmann rationality": (plain(Boltzmann, rationality=3.0), {"rationality": Number(0, 1e9)}),
    "rationality_for": (plain(rationality_for, agreement=0.9, differences=np.arange(1.0, 5)),
                        {"agreement": Number(0.5, 1), "differences": Array(lengths=False)}),
    "Bandit": (plain(Bandit, means=np.arange(3.0), noise=1.0),
               {"means": Array(lengths=False), "noise": Number(0, 1e9)}),
    "Gridworld": (plain(Gridworld, slip=0.1, step_reward=-0.04, goal=1.0, horizon=9),
                  {"slip": SHARE, "step_reward": Number(-INF, INF), "goal": Number(-INF, INF), "horizon": COUNT}),
    "CartPole": (plain(CartPole, horizon=9), {"horizon": COUNT}),
    "State": (plain(a_state, episodes_per_update=8, updates_per_round=1, group=4, kl_coef=0.1),
              {"episodes_per_update": COUNT, "updates_per_round": COUNT, "group": COUNT, "kl_coef": Number(0, 1e6)}),
    "rlhf": (plain(to_be_run, stages=0), {"stages": Whole(0, 10**6)}),
    "answered": (plain(said_of, said=np.zeros(4, int)), {"said": Indices(3, lengths=False, low=-2)}),
    "Particles": (plain(Particles, features=lambda episodes: episodes.actions, D=1, rng=RNG(0), M=4, prior=1.0),
                  {"M": Whole(2, 10**6), "prior": Number(1e-12, 1e12)}),
    "a world": (plain(find("bandit"), seed=1, rounds=1, questions=4, agreement=0.9, kl_coef=0.1, learner="rloo",
                      feedback="preference", person="simulated", ask="random"),
                {"seed": Whole(0, 2**63), "rounds": Whole(1, 10**4), "questions": Whole(1, 10**6),
                 "agreement": Number(0.5, 1), "kl_coef": Number(0, 1e6), "learner": Word(), "feedback": Word(),
                 "person": Word(), "ask": Word()}),
    "runs.load": (plain(a_folder, run="missing"), {"run": Word()}),
    "Log.append": (appended, {"ms": Json()}),
}


MAY_BE_NONE = {("bradley_terry.fit", "outcome"), ("bradley_terry.fit", "counts"), ("bradley_terry.fit", "n_items"),
               ("fit_linear", "outcome"), ("fit_linear", "counts"), ("plackett_luce.fit", "counts"),
               ("plackett_luce.fit", "n_items"), ("choices_loss", "counts"), ("prefer", "batch"), ("clone", "batch"),
               ("Reinforce", "updates"), ("ActorCritic", "critic_learning_rate"), ("OutcomeReward", "batch"),
               ("StepReward", "batch"), ("QLearning", "temperature"), ("QLearning", "step_size"),
               ("CartPole", "horizon"),
               ("rlhf", "stages"), ("Table", "dtype"), ("MLP", "dtype"), ("Boltzmann agreement", "agreement"),
               ("Boltzmann rationality", "rationality"), ("Log.append", "ms"),
               *(("a world", name) for name in DOORS["a world"][1])}  # None: the default


def right():
    """Yields (door, argument, verdict) of arguments that are right; an argument that is not there is named nowhere."""
    for door, (make, specs) in DOORS.items():
        call, arguments = make()
        yield door, set(specs) - set(arguments), verdict(call, arguments, "")


def table(seed=0):
    """{door: {verdict: how often}}, and a line for what was answered otherwise than with the argument's name."""
    counts, others = {}, []
    for door, name, value, said in answers(seed):
        counts.setdefault(door, dict.fromkeys(VERDICTS, 0))[said] += 1
        if said != "named":
            others.append(" ".join(f"{said:<6} {door}({name}={value!r:.60})".split()))
    return counts, others
