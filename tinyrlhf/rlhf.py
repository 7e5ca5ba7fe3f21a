"""THE LOOP: act, ask, fit, improve, measure. Everything else in this package is one of these five verbs.

    for each stage of the plan:
        act:      the policy plays
        ask:      a person says something about what it did: which was better, how good, how it is done, ...
        fit:      a reward model explains all answers so far
        improve:  the policy is reinforced on the reward model, minus kl_coef times its distance from the reference
        measure:  one row of numbers

A gridworld's plan is twenty times the same stage. A chat model's is: read a corpus (nobody is asked), imitate what people
correct, and be reinforced on what they rank. `propose` and `learn` are the two halves around the person.
"""
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from tinyrlhf import protocols
from tinyrlhf.checks import check_range, check_whole
from tinyrlhf.diagnostics import accuracy_on
from tinyrlhf.episodes import rollout, start_in_groups
from tinyrlhf.feedback.answers import Answers, join_answers
from tinyrlhf.games.game import Game
from tinyrlhf.improvements import weigh_tries
from tinyrlhf.learning.kl import AdaptiveKL, kl_penalized_rewards, kl_per_episode
from tinyrlhf.questions import View, ask
from tinyrlhf.saving import load_into, states_of


class Stage(NamedTuple):
    """One turn of the loop: what people are asked, and how the policy gets better by it."""
    name: str
    improve: Callable                 # (state, stage) -> numbers: `from_answers`, `from_true_reward`, those of improvements.py
    kinds: tuple = ()                 # of feedback that people are asked for; (): nobody is asked
    questions: int = 0                # of each kind
    person: protocols.Person | None = None      # who is asked, if somebody else than the state's person
    begin: Callable | None = None     # (state): a fresh learner, critic, reward model or reference, if the stage needs them


@dataclass
class State:
    """Everything the loop works on; `state()` and `load()` keep all that changes, so that a run resumes to the same bytes."""
    game: Game
    policy: protocols.Policy
    reference: protocols.Policy       # the policy as it was before the first answer
    learner: protocols.Learner
    reward_model: protocols.RewardModel
    plan: list                        # of Stages
    episodes_per_update: int
    updates_per_round: int
    group: int                        # episodes from each start; they stand next to each other
    kl_coef: float                    # price of one nat from the reference, in units of the normalised reward
    rngs: dict                        # "game", "questions", "person", "learner": independent generators
    person: protocols.Person | None = None      # who answers; what they remember is saved with the run
    view: View = field(default_factory=View)    # what people get to see
    steps_at_most: int | None = None  # cut episodes here (None: at the game's horizon)
    adaptive_kl: AdaptiveKL | None = None       # if given, its kl_coef counts, and moves after every update
    true_reward_scale: float = 1.0    # brings true rewards to the size of normalised learned ones
    measure: Callable | None = None   # (state) -> more numbers for a row
    snapshots: dict | None = None     # {name of a stage: the policy after it}, where somebody wants to look back
    imitator: protocols.Policy | None = None    # a policy that copies the demonstrations so far, as soon as there are any
    imitation: dict = field(default_factory=dict)   # how `clone` copies what people did: learning_rate, steps, batch
    answers: Answers | None = None
    history: list = field(default_factory=list)

    def __post_init__(self):
        for name in ("episodes_per_update", "updates_per_round", "group"):
            check_whole(name, getattr(self, name), 1, 1_000_000)
        check_range("kl_coef", self.kl_coef, 0, 1e6)

    def parts(self):
        """All that has a state of its own, by name."""
        parts = {"policy": self.policy, "reference": self.reference, "learner": self.learner, "reward_model": self.reward_model,
                 "person": self.person, "adaptive_kl": self.adaptive_kl, "imitator": self.imitator}
        parts.update({f"snapshots/{name}": policy for name, policy in (self.snapshots or {}).items()})
        return {name: part for name, part in parts.items() if part is not None}

    def state(self):
        """All that changes but the answers, which are in the log, as one flat dict of arrays, numbers and texts."""
        flat = states_of(**self.parts())
        flat.update({f"rng/{name}": json.dumps(rng.bit_generator.state) for name, rng in self.rngs.items()})
        return {**flat, "history": json.dumps(self.history)}

    def load(self, flat, answers):
        """Go on from what `state` returned and the answers (or None) that were learned from, in place."""
        self.history = json.loads(str(flat["history"]))
        self.answers = answers
        for row, stage in zip(self.history, self.plan):
            if stage.begin:
                stage.begin(self)                                      # parts of the right sizes; their numbers follow
            if self.snapshots is not None:
                self.snapshots[row["stage"]] = self.policy.copy()
        if any(name.startswith("imitator/") for name in flat):
            self.imitator = self.reference.copy()
        load_into(flat, **self.parts())
        for name, rng in self.rngs.items():
            rng.bit_generator.state = json.loads(str(flat[f"rng/{name}"]))


def rlhf(state, stages=None, on_round=None):
    """Run the plan until so many of its stages are done (None: all); `on_round(state, row)` sees every row as it comes."""
    check_whole("stages", len(state.plan) if stages is None else stages, 0, 1_000_000)
    for stage in state.plan[len(state.history):stages]:
        answers = None
        if stage.kinds:
            questions = propose(state, stage)                                                # act, and choose what to ask
            person = stage.person or state.person
            answers = person.answer(state.game, questions, state.rngs["person"])             # ask
        row = learn(state, stage, answers)                                                   # fit, improve, measure
        if on_round:
            on_round(state, row)
    return state


def propose(state, stage):
    """Act, and choose what to ask: the questions of a stage."""
    asked = []
    for kind in stage.kinds:
        n_episodes, alike = state.view.plays_needed(kind, stage.questions, state)
        asked.append(ask(kind, state, act(state, n_episodes, alike), stage.questions))
    return join_answers(asked) if len(asked) > 1 else asked[0]


def learn(state, stage, answers=None):
    """Take note of the answers (None: nobody was asked), improve the policy as the stage says, return one row of numbers."""
    if stage.begin:
        stage.begin(state)
    row = {"round": len(state.history) + 1, "stage": stage.name, "answers": 0}
    if answers is not None:
        answers = replace(answers.only_shown(), round=np.full(len(answers), row["round"]))
        answers = weigh_tries(state, answers)
        if any("fit_loss" in before for before in state.history):
            row["reward_model_accuracy"] = accuracy_on(state.reward_model, answers)      # it has not seen them yet
        state.answers = answers if state.answers is None else join_answers([state.answers, answers])
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
    answers = state.answers.of(stage.kinds)
    fit_loss = state.reward_model.fit(answers, state.rngs["learner"])
    if not state.reward_model.normalize(own_plays(answers[answers.round == answers.round.min()])):
        state.reward_model.normalize(own_plays(answers))               # all of the reference's plays were alike
    return {"fit_loss": fit_loss, **improve_on(state, state.reward_model.rewards)}


def from_true_reward(state, stage):
    """Traditional reinforcement learning: the same updates on the game's own reward, and nobody is asked."""
    return improve_on(state, lambda episodes: state.true_reward_scale * episodes.true_rewards)


def improve_on(state, reward):
    """A few updates of the policy on a reward function episodes -> (B, T).

    Returns numbers about the last episodes, played before the last update; kl is of the policy after it, where those had been.
    """
    def penalized(episodes):
        rewards, kl_coef = reward(episodes), (state.adaptive_kl or state).kl_coef
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
    return {"learned_return": float(reward(episodes).sum(axis=1).mean()),     # mean over episodes of the summed reward
            "true_return": float(episodes.true_returns.mean()),               # the same of the hidden one, for the reader only
            "length": float(episodes.lengths.mean()),                         # steps per episode
            "kl": kl_per_episode(state.policy, state.reference, episodes),    # nats per episode to the reference
            **numbers}


def act(state, n=None, group=None):
    """n episodes of the current policy, `group` neighbours from the same start."""
    group = state.group if group is None else group
    states = start_in_groups(state.game, state.episodes_per_update if n is None else n, group, state.rngs["game"])
    return rollout(state.game, state.policy, states, state.rngs["game"], steps_at_most=state.steps_at_most)


def own_plays(answers):
    """The whole episodes of the policy among what these answers are about."""
    return answers.episodes[np.concatenate([rows.T.ravel() for rows in answers.own_plays()])]
