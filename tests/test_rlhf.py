"""The loop keeps its promises: it learns from answers alone, is blind to true rewards, and resumes to equal bytes."""
import copy
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tinyrlhf import criteria, questions
from tinyrlhf.feedback.answers import CANT_TELL, KINDS, SKIP, Questions
from tinyrlhf.humans.simulated import Boltzmann, CoinFlip
from tinyrlhf.nn.optimizers import Adam
from tinyrlhf.rewards.reward_models import as_ensemble
from tinyrlhf.rlhf import Stage, State, act, from_answers, from_true_reward, improve_on, learn, own_plays, propose, rlhf
from tinyrlhf.worlds import LEARNERS, build, find
from tinyrlhf.worlds.chat import Sizes

sys.path.insert(0, str(Path(__file__).parent))
from oracles import blindfolded  # noqa: E402

SMALL = {"bandit": {"rounds": 4}, "gridworld": {"rounds": 3}, "cartpole": {"rounds": 2, "questions": 10},
         "text": {"rounds": 2, "questions": 20}}
EVERY = ",".join(KINDS)
TINY = Sizes(documents=60, reading_steps=10, corrections=12, imitation_steps=4, fit_steps=4, episodes_per_update=8,
             share_of_updates=0.02, direct_steps=4, starts=4, best_of=4, measured=16)
pytestmark = pytest.mark.usefixtures("barely_pretrained")


def small(world, seed=5, **changes):
    state = build(world, seed=seed, **{**SMALL[world], **changes})
    state.updates_per_round = 2
    state.game.horizon = min(state.game.horizon, 12)
    state.episodes_per_update = min(state.episodes_per_update, 2 * state.group)
    state.reward_model.fit_steps = 5
    state.imitation = {**state.imitation, "steps": 10}
    return state


def bytes_of(state):
    return {name: np.asarray(value).tobytes() for name, value in state.state().items()}


def differ(one, other):
    """The names under which two runs hold other bytes."""
    one, other = bytes_of(one), bytes_of(other)
    return sorted({*one, *other} - {name for name in one if one[name] == other.get(name)})


def without_rewards(answers):
    return replace(answers, episodes=blindfolded(answers.episodes))


class Blindfold:
    """Passes on everything but the true rewards, which turn NaN."""

    def __init__(self, part):
        self.part = part

    def __getattr__(self, name):
        return getattr(self.part, name)

    def update(self, episodes, reward, rng):
        return self.part.update(blindfolded(episodes), reward, rng)

    def fit(self, answers, rng):
        return self.part.fit(without_rewards(answers), rng)

    def rewards(self, episodes):
        return self.part.rewards(blindfolded(episodes))

    def scores(self, episodes):
        return self.part.scores(blindfolded(episodes))

    def normalize(self, episodes):
        return self.part.normalize(blindfolded(episodes))


# ---- what is not seen

CASES = [("bandit", "preference"), ("bandit", "ranking,rating,thumb,demonstration,correction"),
         ("gridworld", "preference"),
         ("gridworld", EVERY), ("cartpole", "correction"), ("text", "preference"),
         ("text", EVERY.replace(",stop", ""))]


@pytest.mark.parametrize("world, feedback", CASES, ids=lambda value: value if len(value) < 20 else "several")
def test_blindfolded_learner_and_reward_model_learn_the_same_bit_for_bit(world, feedback):
    seeing, blind = (small(world, feedback=feedback, questions=6) for _ in range(2))
    blind.learner, blind.reward_model = Blindfold(blind.learner), Blindfold(blind.reward_model)
    for state in (seeing, blind):
        rlhf(state, 1 if world == "cartpole" else 2)
    assert not differ(seeing, blind)


@pytest.mark.parametrize("kind", KINDS)
def test_which_questions_are_asked_does_not_depend_on_true_rewards(kind):
    seeing, blind = (small("gridworld", feedback=kind) for _ in range(2))
    clips = blind.view.clips
    blind.view.clips = lambda episodes, n, rng, to_act=False: clips(blindfolded(episodes), n, rng, to_act)
    questions = [propose(state, state.plan[0]) for state in (seeing, blind)]
    for name in ("states", "actions", "mask"):
        assert np.array_equal(*(getattr(each.episodes, name) for each in questions))
    assert np.array_equal(*(each.shows for each in questions)) and np.array_equal(*(each.place for each in questions))


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_learned_from_answers_of_a_kind_is_what_they_say_not_what_they_are_about(kind):
    seeing, blind = (small("gridworld", feedback=kind, questions=6) for _ in range(2))
    for state, change in ((seeing, lambda answers: answers), (blind, without_rewards)):
        for stage in state.plan[:2]:
            answers = state.person.answer(state.game, propose(state, stage), state.rngs["person"])
            learn(state, stage, change(answers))
    assert not differ(seeing, blind)


def test_a_round_takes_as_many_gradient_steps_however_many_rounds_went_before(monkeypatch):
    step, taken, before = Adam.step, [], [0]
    monkeypatch.setattr(Adam, "step", lambda self, grads: taken.append(self) or step(self, grads))
    state = rlhf(small("bandit"), on_round=lambda *_: before.append(len(taken)))
    assert np.diff(before).tolist() == len(state.plan) * [state.reward_model.fit_steps + state.updates_per_round]


# ---- which questions

@pytest.mark.parametrize("criterion", ["information-gain", "thompson",
                                       *(pytest.param(name, marks=pytest.mark.slow) for name in
                                         ("uncertainty", "disagreement", "volume-removal"))])
def test_a_criterion_chooses_as_many_of_many_as_would_have_been_asked(criterion):
    feedback = "preference,rating,demonstration"
    state = small("gridworld", ask=criterion, feedback=feedback, questions=5)
    offered, choose = [], state.criterion
    state.criterion = lambda candidates, *given: offered.append(candidates) or choose(candidates, *given)
    rlhf(state, 1)
    asked = propose(state, state.plan[1])
    n = state.plan[0].questions
    assert asked.kind.tolist() == [kind for kind in feedback.split(",") for _ in range(n)]
    assert [len(each) for each in offered] == 4 * [questions.MANY * n]  # whoever acts is not foreseen
    if criterion in criteria.CRITERIA:
        pairs, scores = offered[2], state.reward_model.member_scores(offered[2].episodes)
        habits = [member.habits for member in state.reward_model.members]
        best = criteria.choose(pairs, scores, criteria.CRITERIA[criterion], n, habits=habits)
        chosen = asked[:n]
        assert np.array_equal(chosen.episodes[chosen.shows[:, 0]].actions, best.episodes[best.shows[:, 0]].actions)


def test_an_ensemble_of_copies_has_members_of_their_own_and_one_stays_what_it_is():
    state = small("gridworld", ask="disagreement")
    members = state.reward_model.members
    rlhf(state, 1)
    vectors = [member.network.params.vector for member in members]
    assert len({vector.tobytes() for vector in vectors}) == len(members) == 5
    assert as_ensemble(state.reward_model) is state.reward_model


@pytest.mark.parametrize("criterion", ["information-gain", pytest.param("thompson", marks=pytest.mark.slow)])
def test_whatever_chooses_the_questions_a_loaded_run_ends_in_the_same_bytes(criterion):
    whole, second = (small("gridworld", ask=criterion, questions=5, person="drift:9+annotators+skip")
                     for _ in range(2))
    second.load(*saved_after(1, whole))
    rlhf(second)
    assert not differ(second, whole)


def test_the_reward_model_that_a_stage_begins_is_an_ensemble_too():
    state = build("chat", seed=5, sizes=TINY, ask="disagreement", feedback="preference", questions=3)
    rlhf(state)
    assert len(state.reward_model.members) == 5 and (state.answers.kind == "preference").sum() == 3


# ---- going on

def saved_after(stage, state, stages=None):
    """Run a plan; returns what was saved after one of its stages."""
    saved = []
    rlhf(state, stages, lambda state, row: saved.append((copy.deepcopy(state.state()), state.answers)))
    return saved[stage - 1]


@pytest.mark.parametrize("world, learner", [*(("gridworld", learner) for learner in LEARNERS), ("text", "rloo"),
                                            pytest.param("text", "ppo", marks=pytest.mark.slow)])
def test_saved_after_one_round_and_loaded_it_ends_in_the_same_bytes(world, learner):
    whole, second = (small(world, learner=learner) for _ in range(2))
    second.load(*saved_after(1, whole, 2))
    rlhf(second, 2)
    assert not differ(second, whole)


@pytest.mark.parametrize("feedback", [*KINDS, EVERY],
                         ids=lambda feedback: feedback if feedback in KINDS else "all kinds")
def test_whatever_people_are_asked_a_loaded_run_ends_in_the_same_bytes(feedback):
    whole, second = (small("gridworld", feedback=feedback, questions=5) for _ in range(2))
    second.load(*saved_after(2, whole))
    rlhf(second)
    assert not differ(second, whole) and len(whole.answers) == 3 * 5 * len(feedback.split(","))


@pytest.mark.slow
@pytest.mark.parametrize("method, done", [("rloo", 1), ("dpo", 3), ("best-of-n", 2)])
def test_a_run_of_several_stages_goes_on_from_each_of_them_to_the_same_bytes(method, done):
    whole, second = (find("chat")(seed=5, method=method, rounds=2, questions=4, sizes=TINY) for _ in range(2))
    second.load(*saved_after(done, whole))
    rlhf(second)
    assert [row["stage"] for row in second.history] == ["pretrained", "sft", "rl", "rl_2"] and not differ(second, whole)


def test_equal_seeds_give_equal_runs_and_other_seeds_do_not():
    runs = [rlhf(build("bandit", seed=seed, rounds=2, person="coin")) for seed in (3, 3, 4)]
    assert not differ(runs[0], runs[1]) and differ(runs[1], runs[2])


def test_propose_and_learn_by_hand_are_the_loop():
    by_hand, by_loop = (small("gridworld", feedback="preference,rating,correction") for _ in range(2))
    for stage in by_hand.plan:
        questions = propose(by_hand, stage)
        assert type(questions) is Questions
        learn(by_hand, stage, by_hand.person.answer(by_hand.game, questions, by_hand.rngs["person"]))
    assert not differ(by_hand, rlhf(by_loop))


def test_the_plan_is_done_once_and_every_row_is_seen_as_it_comes():
    state, rows = small("bandit"), []
    rlhf(state, 3, lambda seen, row: rows.append((len(seen.history), row)))
    rlhf(state, 3, lambda seen, row: rows.append("again"))
    assert [number for number, _ in rows] == [1, 2, 3] and [row for _, row in rows] == state.history
    rlhf(state)
    assert len(state.history) == len(state.plan) == 4 and [row["round"] for row in state.history] == [1, 2, 3, 4]


# ---- what is kept

def test_answers_of_all_rounds_are_kept_and_the_reference_never_moves():
    state = small("bandit", person="coin")
    before = state.reference.network.params.vector.copy()
    rlhf(state, 3)
    assert len(state.answers) == 3 * state.plan[0].questions
    assert state.answers.round.tolist() == [1] * 10 + [2] * 10 + [3] * 10
    assert [row["answers"] for row in state.history] == [10, 20, 30]
    assert np.array_equal(before, state.reference.network.params.vector)
    assert not np.array_equal(before, state.policy.network.params.vector)


def test_a_mixed_run_keeps_and_learns_from_every_kind():
    state = rlhf(small("gridworld", feedback=EVERY, questions=3))
    assert {kind: int((state.answers.kind == kind).sum()) for kind in KINDS} == dict.fromkeys(KINDS, 9)
    assert all(np.isfinite(row["fit_loss"]) for row in state.history) and state.imitator is not None
    tried = state.answers.kind == "demonstration"
    assert (state.answers.prior[tried][:, :4] != 0).all() and not state.answers.prior[~tried].any()
    assert state.history[0].get("reward_model_accuracy") is None and 0 <= state.history[1]["reward_model_accuracy"] <= 1


def silent(questions, said=CANT_TELL):
    return questions.answered(np.full((len(questions), questions.shows.shape[1]), said))


@pytest.mark.parametrize("kind, said", [*((kind, CANT_TELL) for kind in KINDS), ("preference", SKIP)])
def test_a_first_round_in_which_nobody_says_anything_is_kept_and_the_run_goes_on(kind, said):
    state = small("gridworld", feedback=kind, questions=4)
    row = learn(state, state.plan[0], silent(propose(state, state.plan[0]), said))
    assert len(state.answers) == row["answers"] == 4 and np.isnan(row["fit_loss"])
    assert np.isfinite(state.policy.network.params.vector).all() and np.isfinite(state.reward_model.scale)
    rlhf(state)
    assert len(state.answers) == 12 and np.isfinite(state.history[-1]["fit_loss"])


def test_a_later_round_of_cant_tell_is_kept_but_teaches_nothing_wrong():
    state = rlhf(small("bandit"), 1)
    questions = propose(state, state.plan[1])
    row = learn(state, state.plan[1], silent(questions))
    assert len(state.answers) == 2 * len(questions) and np.isnan(row["reward_model_accuracy"])


def test_a_first_round_whose_plays_are_all_alike_sets_no_scale_and_the_next_one_does():
    state = small("bandit", questions=1)
    first, second = state.plan[:2]
    questions = propose(state, first)
    alike = replace(questions, shows=questions.shows[:, [0, 0]])
    learn(state, first, alike.answered(np.array([0])))
    assert state.reward_model.scale == 1.0
    state.reward_model.network.params.vector[:] = np.arange(5)
    fit, state.reward_model.fit = state.reward_model.fit, lambda answers, rng: 0.0
    learn(state, second, shown_arms(state, [0, 4]).answered(np.array([1])))
    plays = state.reward_model.rewards(own_plays(state.answers)).sum(axis=1)
    assert state.reward_model.scale != 1.0 and np.isclose(plays.std(), 1, rtol=1e-9) and fit


def shown_arms(state, arms):
    """A preference between two pulls of the bandit."""
    questions = propose(state, state.plan[0])
    episodes = questions.episodes[np.zeros(2, int)]
    return replace(questions, episodes=replace(episodes, actions=np.array(arms)[:, None]), shows=np.array([[0, 1]]))


def test_rewards_are_normalised_on_the_plays_of_the_first_round_as_long_as_they_differ():
    state = rlhf(small("gridworld"))
    first = state.answers[state.answers.round == 1]
    assert np.isclose(state.reward_model.rewards(own_plays(first)).sum(axis=1).std(), 1, rtol=1e-6)


# ---- what is paid

def test_a_kl_penalty_keeps_the_policy_closer_to_the_reference():
    far, near = small("gridworld"), small("gridworld", kl_coef=5.0)
    for state in (far, near):
        state.updates_per_round = 20
        rlhf(state, 3)
    assert near.history[-1]["kl"] < 0.5 * far.history[-1]["kl"]


def test_the_penalty_that_is_paid_is_kl_coef_times_the_log_ratio():
    state = rlhf(small("text", kl_coef=0.7, person="coin"), 1)
    paid = []

    class Listener:
        def update(self, episodes, reward, rng):
            reference = episodes.as_table(state.reference.log_probs(*episodes.decisions)[0])
            paid.append(np.allclose(reward(episodes), -0.7 * (episodes.log_probs - reference)))
            return {}

    state.learner = Listener()
    improve_on(state, lambda episodes: np.zeros(episodes.mask.shape))
    assert paid == [True] * state.updates_per_round


# ---- who answers

@pytest.mark.slow
def test_answers_teach_what_coin_flips_do_not():                       # in larger worlds: test_claims.py
    gaps = {}
    for person in ("simulated", "coin"):
        state = rlhf(build("bandit", seed=101, person=person))
        held_against = find("bandit").yardstick(state)
        low, high = held_against.expected_return(state.reference, None), held_against.best_return()
        gaps[person] = (held_against.expected_return(state.policy, None) - low) / (high - low)
    assert gaps["simulated"] > 0.9 and gaps["coin"] < 0.5


def test_silence_never_means_the_true_reward_and_who_wants_it_says_so():
    answered, alone = small("gridworld"), small("gridworld", person="nobody")
    assert {stage.improve for stage in answered.plan} == {from_answers}
    assert {stage.improve for stage in alone.plan} == {from_true_reward}
    assert not any(stage.kinds for stage in alone.plan)
    alone.true_reward_scale = 0.5
    rlhf(alone, 1)
    assert alone.answers is None and alone.history[0]["answers"] == 0 and "fit_loss" not in alone.history[0]
    assert alone.history[0]["learned_return"] == 0.5 * alone.history[0]["true_return"]


def test_a_stage_may_have_a_person_of_its_own():
    state, asked = small("bandit"), []

    class Listener(CoinFlip):
        def answer(self, game, questions, rng):
            asked.append(len(questions))
            return super().answer(game, questions, rng)

    state.plan = [state.plan[0]._replace(person=Listener()), state.plan[1]]
    rlhf(state)
    assert asked == [10] and len(state.answers) == 20


def test_a_stage_begins_before_anything_is_learned_in_it():
    state, seen = small("bandit"), []
    stage = Stage("late", lambda state, stage: {"said": len(state.answers)}, ("preference",), 4,
                  begin=lambda state: seen.append(state.answers))
    state.plan = [stage]
    rlhf(state)
    assert seen == [None] and state.history == [{"round": 1, "stage": "late", "answers": 4, "said": 4}]


def test_a_person_who_draws_more_numbers_is_asked_the_same_questions():
    class Fidgety(CoinFlip):
        def answer(self, game, questions, rng):
            answers = super().answer(game, questions, np.random.default_rng(0))
            rng.random(fidgets)
            return answers

    asked = []
    for fidgets in (0, 7):
        state = small("bandit")
        state.person = Fidgety()
        rlhf(state, 2)
        asked.append(propose(state, state.plan[2]).episodes.actions)
    assert np.array_equal(*asked)


def test_what_a_person_remembers_is_saved_with_the_run():
    first, second = (small("gridworld", feedback="rating") for _ in range(2))
    second.load(*saved_after(2, first, 2))
    assert [len(each) for each in second.person.remembered] == [15, 15] and second.person.latest == first.person.latest
    assert first.person.state().keys() == second.person.state().keys()
    assert isinstance(first.person, Boltzmann)


def test_episodes_come_in_groups_from_equal_starts():
    state = small("cartpole")
    starts = act(state).states[:, 0].reshape(-1, state.group, 4)
    assert (starts == starts[:, :1]).all() and len(np.unique(starts[:, 0], axis=0)) == len(starts)


@pytest.mark.parametrize("changes, sentence",
                         [({"group": 0}, "group"), ({"episodes_per_update": 0}, "episodes_per_update"),
                          ({"kl_coef": -1.0}, "kl_coef"), ({"updates_per_round": 1.5}, "updates_per_round")])
def test_a_state_that_cannot_run_is_refused(changes, sentence):
    fields = {name: getattr(state, name) for state in [small("bandit")] for name in State.__dataclass_fields__}
    with pytest.raises(ValueError, match=f"{sentence}: expected"):
        State(**{**fields, **changes})
