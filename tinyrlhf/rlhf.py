"""THE LOOP: act, ask, fit, improve, measure. All else in this package is one of these five verbs.

    for each stage of the plan:
        act:      the policy plays
        ask:      a person says something about it: which was better, how good, how it is done, ...
        fit:      a reward model explains all answers so far
        improve:  the policy is reinforced on the reward model, minus kl_coef times its distance
                  from the reference
        measure:  one row of numbers

A gridworld's plan is twenty times the same stage; a chat model's is: read a corpus, imitate what
people correct, be reinforced on what they rank.
"""
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from tinyrlhf import protocols
from tinyrlhf.checks import check_range, check_whole
from tinyrlhf.episodes import rollout, start_in_groups, std_of_returns
from tinyrlhf.feedback.answers import Answers, join_answers
from tinyrlhf.games.game import Game
from tinyrlhf.learning.imitation import weigh_tries
from tinyrlhf.learning.kl import kl_penalized_rewards, kl_per_episode
from tinyrlhf.questions import View, ask, n_candidates
from tinyrlhf.rewards.choice import accuracy_on
from tinyrlhf.saving import load_into, states_of


class Stage(NamedTuple):
    """One turn of the loop: what people are asked, and how the policy gets better by it.

    improve: (state, stage) -> numbers; `from_answers`, `from_true_reward`, or of improvements.py.
    kinds: of feedback that people are asked for; (): nobody is asked.
    questions: how many of each kind.
    person: who is asked, if somebody else than the state's person.
    begin: (state), makes a fresh learner, reward model or reference, if the stage needs them.
    also: kinds of earlier stages whose answers are used again.
    """
    name: str
    improve: Callable
    kinds: tuple = ()
    questions: int = 0
    person: protocols.Person | None = None
    begin: Callable | None = None
    also: tuple = ()


@dataclass
class State:
    """All that the loop works on; `state` and `load` keep what changes, to resume to equal bytes.

    Args:
        reference: the policy as it was before the first answer.
        group: episodes from each start; they stand next to each other.
        kl_coef: price of one nat from the reference, in units of the normalised reward.
        rngs: independent generators: "game", "questions", "person", "learner", ...
        person: who answers; view: what of the game they get to see.
        criterion: (candidate questions, reward model, n, rng) -> the n to ask, as in `criteria.py`;
            None: as they come.
        steps_at_most: where episodes are cut; None: at the game's horizon.
        adaptive_kl: a `learning.adaptive_kl.AdaptiveKL`, whose kl_coef then counts, and moves.
        true_reward_scale: brings true rewards to the size of normalised learned ones; None: set
            when it is needed, so that the reference's returns have standard deviation 1.
        imitation: how `clone` copies what people did: learning_rate, steps, batch.
        imitator: a policy that copies demonstrations, as soon as there are any.
        snapshots: {stage: the policy after it}, where somebody wants to look back.
        measure: (state) -> more numbers for a row.
    """
    game: Game
    policy: protocols.Policy
    reference: protocols.Policy
    learner: protocols.Learner
    reward_model: protocols.RewardModel
    plan: list
    episodes_per_update: int
    updates_per_round: int
    group: int
    kl_coef: float
    rngs: dict
    person: protocols.Person | None = None
    view: View = field(default_factory=View)
    criterion: Callable | None = None
    steps_at_most: int | None = None
    adaptive_kl: object | None = None
    true_reward_scale: float | None = None
    imitation: dict = field(default_factory=dict)
    imitator: protocols.Policy | None = None
    snapshots: dict | None = None
    measure: Callable | None = None
    answers: Answers | None = None
    history: list = field(default_factory=list)

    def __post_init__(self):
        for name in ("episodes_per_update", "updates_per_round", "group"):
            check_whole(name, getattr(self, name), 1, 1_000_000)
        check_range("kl_coef", self.kl_coef, 0, 1e6)

    def parts(self):
        """All that has a state of its own, by name."""
        names = ("policy", "reference", "learner", "reward_model", "person", "adaptive_kl",
                 "imitator")
        parts = {name: getattr(self, name) for name in names if getattr(self, name) is not None}
        for name, policy in (self.snapshots or {}).items():
            parts[f"snapshots/{name}"] = policy
        for number, stage in enumerate(self.plan, 1):
            if stage.person is not None:
                parts[f"people/{number}"] = stage.person
        return parts

    def state(self):
        """All that changes but the answers, which are in the log: a dict of arrays and texts."""
        flat = states_of(**self.parts())
        for name, rng in self.rngs.items():
            flat[f"rng/{name}"] = json.dumps(rng.bit_generator.state)
        return {**flat, "history": json.dumps(self.history),
                "true_reward_scale": json.dumps(self.true_reward_scale)}

    def load(self, flat, answers):
        """Go on from what `state` returned and the answers (or None) of those rounds, in place."""
        self.history = json.loads(str(flat["history"]))
        self.true_reward_scale = json.loads(str(flat["true_reward_scale"]))
        self.answers = answers
        for row, stage in zip(self.history, self.plan):
            if stage.begin:
                stage.begin(self)  # make parts, filled below
            if self.snapshots is not None:
                self.snapshots[row["stage"]] = self.policy.copy()
        if any(name.startswith("imitator/") for name in flat):
            self.imitator = self.reference.copy()
        load_into(flat, **self.parts())
        for name, rng in self.rngs.items():
            rng.bit_generator.state = json.loads(str(flat[f"rng/{name}"]))


def rlhf(state, stages=None, on_round=None):
    """Run the plan until so many of its stages are done (None: all).

    on_round: (state, row), sees every row of numbers as it comes.
    """
    check_whole("stages", len(state.plan) if stages is None else stages, 0, 1_000_000)
    for stage in state.plan[len(state.history):stages]:
        answers = None
        questions = propose(state, stage)  # act, choose what to ask
        if questions is not None:
            person = stage.person or state.person
            answers = person.answer(state.game, questions, state.rngs["person"])  # ask
        row = learn(state, stage, answers)  # fit, improve, measure
        if on_round:
            on_round(state, row)
    return state


def propose(state, stage):
    """Begin a stage: act, and choose what to ask. None: nobody is asked."""
    if stage.begin:
        stage.begin(state)
    asked = []
    for kind in stage.kinds:
        candidates = n_candidates(kind, state, stage.questions)
        n_episodes, group = state.view.plays_needed(kind, candidates, state)
        asked.append(ask(kind, state, act(state, n_episodes, group), stage.questions))
    return join_answers(asked) if asked else None


def learn(state, stage, answers=None):
    """Take note of the answers (None: nobody was asked), improve the policy; one row of numbers."""
    row = {"round": len(state.history) + 1, "stage": stage.name, "answers": 0}
    if answers is not None:
        answers = with_priors(state, answers.only_shown())
        if any("fit_loss" in before for before in state.history):
            row["reward_model_accuracy"] = accuracy_on(state.reward_model, answers)  # new ones
        answers = replace(answers, round=np.full(len(answers), row["round"]))
        before = [] if state.answers is None else [state.answers]
        state.answers = join_answers([*before, answers])
    if state.answers is not None:
        row["answers"] = len(state.answers)
    row.update(stage.improve(state, stage))
    if state.snapshots is not None:
        state.snapshots[stage.name] = state.policy.copy()
    if state.measure is not None:
        row.update(state.measure(state))
    state.history.append(row)
    return row


def from_answers(state, stage):
    """Fit the reward model to all answers of these kinds so far, and improve the policy on it."""
    fit_loss = fit(state, stage)
    return {"fit_loss": fit_loss, **improve_on(state, state.reward_model.rewards)}


def from_true_reward(state, stage):
    """Traditional reinforcement learning: the same on the game's own reward; nobody is asked."""
    if state.true_reward_scale is None:
        state.true_reward_scale = 1.0 / (std_of_returns(state.game, state.reference) or 1.0)
    return improve_on(state, lambda episodes: state.true_reward_scale * episodes.true_rewards)


def fit(state, stage):
    """Explain all answers of a stage's kinds; returns the loss in nats.

    Rewards are normalised on what was played in the first stage that improves like this one: there
    the policy was still the reference. Where these plays all earn the same, on all plays.
    """
    answers = state.answers.of((*stage.kinds, *stage.also))
    fit_loss = state.reward_model.fit(answers, state.rngs["learner"])
    such = [n for n, each in enumerate(state.plan, 1) if each.improve is stage.improve]
    rounds = answers.round[np.isin(answers.round, such)]
    first = rounds.min() if len(rounds) else answers.round.min()
    first_round = answers[answers.round == first]
    if not state.reward_model.normalize(own_plays(first_round)):
        state.reward_model.normalize(own_plays(answers))
    return fit_loss


def improve_on(state, reward):
    """A few updates of the policy on a reward function episodes -> (B, T).

    Returns means over the last episodes, which were played before the last update: summed rewards,
    steps, and nats. `kl` is that of the policy after it, in the states of these episodes.
    """
    def penalized(episodes):
        rewards = reward(episodes)
        kl_coef = (state.adaptive_kl or state).kl_coef
        if not kl_coef:
            return rewards
        reference = episodes.as_table(state.reference.log_probs(*episodes.decisions)[0])
        return kl_penalized_rewards(rewards, episodes.log_probs, reference, kl_coef)

    for _ in range(state.updates_per_round):
        episodes = act(state)
        numbers = state.learner.update(episodes, penalized, state.rngs["learner"])
        if state.adaptive_kl:
            kl = kl_per_episode(state.policy, state.reference, episodes)
            numbers["kl_coef"] = state.adaptive_kl.update(kl, len(episodes))
    return {"learned_return": float(reward(episodes).sum(axis=1).mean()),
            "true_return": float(episodes.true_returns.mean()),  # hidden, for the reader only
            "length": float(episodes.lengths.mean()),
            "kl": kl_per_episode(state.policy, state.reference, episodes), **numbers}


def act(state, n=None, group=None):
    """n episodes of the current policy, `group` neighbours from the same start."""
    n = state.episodes_per_update if n is None else n
    group = state.group if group is None else group
    starts = start_in_groups(state.game, n, group, state.rngs["game"])
    return rollout(state.game, state.policy, starts, state.rngs["game"],
                   steps_at_most=state.steps_at_most)


def own_plays(answers):
    """The whole episodes of the policy among what these answers are about."""
    rows = [shows.T.ravel() for shows in answers.own_plays()]
    return answers.episodes[np.concatenate(rows)]


def with_priors(state, answers):
    """The answers with a prior of those options that a policy has drawn, if there are any."""
    if not answers.drawn.any():
        return answers
    if state.imitator is None:
        state.imitator = state.reference.copy()
    actor = getattr(state, state.view.tries)
    return weigh_tries(answers, actor, state.imitator, state.rngs["learner"], **state.imitation)
