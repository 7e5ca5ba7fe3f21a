"""THE LOOP: act, ask, fit, improve, measure. Everything else in this package is one of these five verbs.

    for each round:
        act:      the policy plays
        ask:      a person compares pairs of what it did
        fit:      a reward model explains all answers so far
        improve:  the policy is reinforced on the reward model, minus kl_coef times its distance from the reference
        measure:  one row of numbers

`propose` and `learn` are the two halves around the person, so that people who take their time can sit between them.
"""
import json
from collections.abc import Callable
from dataclasses import dataclass, field

from tinyrlhf.checks import check_range, check_whole
from tinyrlhf.diagnostics import accuracy
from tinyrlhf.episodes import Episodes, rollout, start_in_groups
from tinyrlhf.feedback.records import Comparisons, join_comparisons
from tinyrlhf.learning.kl import AdaptiveKL, kl_penalized_rewards, kl_per_episode
from tinyrlhf.saving import load_into, states_of


@dataclass
class State:
    """Everything the loop works on; `state()` and `load()` keep all that changes, so that a run resumes to the same bytes."""
    game: object
    policy: object
    reference: object                 # the policy as it was before the first answer
    learner: object
    reward_model: object
    choose_questions: Callable        # (state, episodes, n, rng) -> Questions
    questions_per_round: int
    episodes_per_update: int
    updates_per_round: int
    group: int                        # episodes from each start; they stand next to each other
    kl_coef: float                    # price of one nat from the reference, in units of the normalised reward
    rngs: dict                        # "game", "questions", "person", "learner": independent generators
    steps_at_most: int | None = None  # cut episodes here (None: at the game's horizon)
    adaptive_kl: AdaptiveKL | None = None       # if given, its kl_coef counts, and moves after every update
    answers: Comparisons | None = None
    history: list = field(default_factory=list)

    def __post_init__(self):
        for name in ("questions_per_round", "episodes_per_update", "updates_per_round", "group"):
            check_whole(name, getattr(self, name), 1, 1_000_000)
        check_range("kl_coef", self.kl_coef, 0, 1e6)

    def state(self):
        """All that changes, as one flat dict of arrays, numbers and texts."""
        flat = states_of(policy=self.policy, reference=self.reference, learner=self.learner, reward_model=self.reward_model)
        flat.update({f"rng/{name}": json.dumps(rng.bit_generator.state) for name, rng in self.rngs.items()})
        flat["history"] = json.dumps(self.history)
        flat.update(states_of(adaptive_kl=self.adaptive_kl) if self.adaptive_kl else {})
        if self.answers is not None:
            for side in ("first", "second"):
                flat.update({f"answers/{side}/{name}": table for name, table in vars(getattr(self.answers, side)).items()})
            flat.update({f"answers/{name}": getattr(self.answers, name) for name in ("first_is_left", "answers", "person")})
        return flat

    def load(self, flat):
        """Go on from what `state` returned, in place."""
        load_into(flat, policy=self.policy, reference=self.reference, learner=self.learner, reward_model=self.reward_model)
        if self.adaptive_kl:
            load_into(flat, adaptive_kl=self.adaptive_kl)
        for name, rng in self.rngs.items():
            rng.bit_generator.state = json.loads(str(flat[f"rng/{name}"]))
        self.history, self.answers = json.loads(str(flat["history"])), None
        if "answers/answers" in flat:
            first, second = (Episodes(**{key.split("/")[2]: table for key, table in flat.items()
                                         if key.startswith(f"answers/{side}/")}) for side in ("first", "second"))
            self.answers = Comparisons(first, second, *(flat[f"answers/{name}"] for name in ("first_is_left", "answers", "person")))


def rlhf(state, human, rounds, on_round=None):
    """Run the loop until `rounds` rounds are done; `on_round(state, row)` sees every row of numbers as it comes."""
    check_whole("rounds", rounds, 0, 1_000_000)
    while len(state.history) < rounds:
        questions = propose(state)                                                                       # act
        answers = human.compare(state.game, questions.first, questions.second, state.rngs["person"])     # ask
        row = learn(state, questions.answered(answers))                                                  # fit, improve, measure
        if on_round:
            on_round(state, row)
    return state


def propose(state):
    """Act, and choose what to ask: the questions of the next round."""
    return state.choose_questions(state, act(state), state.questions_per_round, state.rngs["questions"])


def learn(state, answers):
    """Fit the reward model to all answers so far, improve the policy on it, and return one row of numbers."""
    foreseen = accuracy(state.reward_model.scores(answers.first) - state.reward_model.scores(answers.second), answers.labels)
    all_answers = answers if state.answers is None else join_comparisons([state.answers, answers])
    fit_loss = state.reward_model.fit(all_answers, state.rngs["learner"])
    state.answers = all_answers
    first_round = state.history[0]["answers"] if state.history else len(answers)         # these episodes show the reference
    state.reward_model.normalize(state.answers[:first_round].both())
    row = {"round": len(state.history) + 1, "answers": len(state.answers),
           "reward_model_accuracy": foreseen if state.history else float("nan"),      # on answers it had not seen; untrained at first
           "fit_loss": fit_loss, **improve(state, state.reward_model.rewards)}
    state.history.append(row)
    return row


def improve(state, reward):
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
            numbers["kl_coef"] = state.adaptive_kl.update(kl_per_episode(state.policy, state.reference, episodes), len(episodes))
    return {"learned_return": float(reward(episodes).sum(axis=1).mean()),     # mean over episodes of the summed reward
            "true_return": float(episodes.true_returns.mean()),               # the same of the hidden one, for the reader only
            "length": float(episodes.lengths.mean()),                         # steps per episode
            "kl": kl_per_episode(state.policy, state.reference, episodes),    # nats per episode to the reference
            **numbers}


def act(state):
    """Episodes of the current policy, `group` neighbours from the same start."""
    states = start_in_groups(state.game, state.episodes_per_update, state.group, state.rngs["game"])
    return rollout(state.game, state.policy, states, state.rngs["game"], steps_at_most=state.steps_at_most)


def reinforce_true_reward(state, rounds, on_round=None, scale=1.0):
    """Traditional reinforcement learning: the same updates on `scale` times the game's own reward, and nobody is asked."""
    while len(state.history) < rounds:
        row = {"round": len(state.history) + 1, "answers": 0, **improve(state, lambda episodes: scale * episodes.true_rewards)}
        state.history.append(row)
        if on_round:
            on_round(state, row)
    return state
