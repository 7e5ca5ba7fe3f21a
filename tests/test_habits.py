"""Are habits of people learned beside what they like: levels, how sure they are, lapses?"""
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tinyrlhf.feedback.answers import KINDS, SAME, join_answers
from tinyrlhf.numerics import sigmoid
from tinyrlhf.humans.zoo import person
from tinyrlhf.rewards.choice import choices_loss
from tinyrlhf.rewards.habits import N_FIXED, NUMBER, OFFSETS, Habits

sys.path.insert(0, str(Path(__file__).parent))
from planted import episodes_worth, one_of_each, questions_of  # noqa: E402


def offsets_of(habits, kind, row=0):
    columns = [column for column, (name, _) in enumerate(OFFSETS) if name == kind]
    return habits.vector[N_FIXED:].reshape(-1, len(OFFSETS))[row, columns]


def said_by(kind, worth, offsets, rng, rationality=1.0, lapse=0.0):
    """Answers of a kind about episodes worth these numbers (n, G), from somebody with these habits."""
    questions = questions_of(kind, episodes_worth(np.ravel(worth)))
    said = KINDS[kind].choose(KINDS[kind].options, rationality * worth, rationality * offsets, lapse, rng)
    return questions.answered(said)


def learn(habits, answers, steps=200):
    """Habits of people whose true returns are known."""
    habits.meet(answers)
    rows, blocks = answers.choices(np.arange(len(answers)))
    scores, n = answers.episodes.true_returns[rows], sum(len(block.answer) for block in blocks)
    for _ in range(steps):
        _, _, d_habits = choices_loss(blocks, scores, habits)
        habits.step(d_habits, n)
    return habits


@pytest.mark.parametrize("kind", ["rating", "thumb"])
def test_the_levels_from_which_on_people_give_more_are_learned(kind):
    rng = np.random.default_rng(0)
    levels = np.array([0.4]) if kind == "thumb" else np.array([-1.5, -0.5, 0.7, 1.6])
    answers = said_by(kind, 2 * rng.normal(size=(2500, 1)), -np.cumsum([0.0, *levels]), rng)
    learned = offsets_of(learn(Habits(), answers), kind)
    assert np.allclose(-np.diff(learned, prepend=0), levels, atol=0.25)
    assert np.isclose(learned[0], -levels[0], atol=0.25)


@pytest.mark.slow
def test_how_sure_people_are_is_learned_for_each_kind_and_stays_1_unless_it_shall_be():
    rng = np.random.default_rng(1)
    answers = join_answers([said_by("preference", rng.normal(size=(3000, 2)), 0.0, rng, rationality=3.0),
                            said_by("stop", rng.normal(size=(3000, 4)), 0.0, rng, rationality=0.4)])
    learned = np.exp(learn(Habits(fit_rationality=True), answers).vector[:len(KINDS)])
    assert np.isclose(learned[NUMBER["preference"]], 3.0, rtol=0.1)
    assert np.isclose(learned[NUMBER["stop"]], 0.4, rtol=0.15)
    assert not learn(Habits(), answers, 20).vector[:len(KINDS)].any()


@pytest.mark.parametrize("lapse", [pytest.param(0.02, marks=pytest.mark.slow), 0.4])
def test_how_often_marks_are_set_without_looking_is_learned(lapse):
    rng = np.random.default_rng(2)
    answers = said_by("credit", 6 * rng.normal(size=(1200, 8)), 0.0, rng, lapse=lapse)
    habits = learn(Habits(), answers, 150)
    assert np.isclose(sigmoid(habits.vector[len(KINDS) + NUMBER["credit"]]), lapse, atol=0.05)


@pytest.mark.slow
def test_what_is_normal_may_differ_between_sessions_and_is_learned_for_each():
    rng = np.random.default_rng(3)
    sessions = [replace(said_by("thumb", 2 * rng.normal(size=(2000, 1)), np.array([0.0, -level]), rng),
                        round=np.full(2000, number))
                for number, level in ((1, -1.0), (2, 1.0))]
    habits = learn(Habits(deviation_prior=1.0), join_answers(sessions))
    both, deviations = offsets_of(habits, "thumb"), [offsets_of(habits, "thumb", row) for row in (1, 2)]
    assert np.isclose(both + deviations[0], 1.0, atol=0.25) and np.isclose(both + deviations[1], -1.0, atol=0.25)
    alike = learn(Habits(), join_answers(sessions))
    assert np.isclose(offsets_of(alike, "thumb"), 0, atol=0.15) and len(alike.vector) == N_FIXED + len(OFFSETS)


def test_a_sitting_is_one_person_in_one_round_and_new_ones_stand_behind_the_old():
    answers = one_of_each(np.random.default_rng(4), 3)
    some = replace(answers, person=np.where(np.arange(len(answers)) % 2, "Ada", "Grace"),
                   round=np.ones(len(answers), int))
    habits = Habits(deviation_prior=2.0)
    habits.meet(some)
    habits.vector[N_FIXED:] = np.arange(3 * len(OFFSETS))
    before = habits.vector.copy()
    assert habits.sessions == ["Ada 1", "Grace 1"]
    assert np.array_equal(habits.session_of, 1 - np.arange(len(answers)) % 2)
    more = join_answers([some, replace(some[:2], round=np.full(2, 2), person=np.array(["Ada", "Aaron"]))])
    habits.meet(more)
    assert habits.sessions == ["Ada 1", "Grace 1", "Aaron 2", "Ada 2"] and habits.session_of[-2:].tolist() == [3, 2]
    assert np.array_equal(habits.vector[:len(before)], before) and not habits.vector[len(before):].any()
    assert len(habits.center) == len(habits.optimizer.mean) == len(habits.vector)


def test_annotators_of_different_quality_are_told_apart_and_the_better_ones_count_more():
    rng = np.random.default_rng(15)
    worth = rng.normal(size=(4000, 2))
    asked = said_by("preference", worth, 0.0, rng)
    answers = person("annotators:4", rationality=1.5).answer(None, asked, rng)
    habits = learn(Habits(sureness_prior=1.0, by_person=True, fit_rationality=True), answers)
    overall = np.exp(habits.vector[NUMBER["preference"]])
    for name, factor in zip(habits.sessions, (0.25, 0.5, 1, 2, 4)):
        assert np.isclose(overall * habits.sureness()[name], 1.5 * factor, rtol=0.35), name
    rows, [block] = answers.choices(np.arange(len(answers)))
    d_scores = np.abs(choices_loss([block], answers.episodes.true_returns[rows] * 0, habits)[1])
    pull = [d_scores[block.rows[answers.person == name]].mean() for name in habits.sessions]
    assert (np.diff(pull) > 0).all()


def test_sureness_is_of_a_person_in_a_round_or_of_a_person():
    answers = one_of_each(np.random.default_rng(16), 6)
    for by_person, expected in ((False, 3), (True, 1)):
        habits = Habits(sureness_prior=1.0, by_person=by_person)
        habits.meet(answers)
        assert len(habits.sureness()) == expected and set(habits.sureness().values()) == {1.0}
        _, blocks = answers.choices(np.arange(len(answers)))
        assert all(habits.of(block, met=False)[0] == 1.0 for block in blocks)


def test_somebody_who_was_never_met_is_expected_to_be_as_all_are():
    rng = np.random.default_rng(5)
    answers = one_of_each(rng, 4, kinds=["rating"])
    habits = Habits(deviation_prior=2.0)
    habits.meet(answers)
    habits.vector[:] = rng.normal(size=len(habits.vector))
    _, [block] = answers.choices(np.arange(len(answers)))
    unmet, met = habits.of(block, met=False)[1], habits.of(block)[1]
    assert np.allclose(unmet, [0, *offsets_of(habits, "rating")])
    rows = [1 + session for session in habits.session_of]
    assert np.allclose(met[:, 1:], [offsets_of(habits, "rating") + offsets_of(habits, "rating", row) for row in rows])
    assert not met[:, 0].any()


def test_each_kind_reads_its_own_habits():
    answers = one_of_each(np.random.default_rng(6), 2)
    habits = Habits()
    habits.meet(answers)
    habits.vector[:len(KINDS)] = np.log(1 + np.arange(len(KINDS)))
    habits.vector[N_FIXED:] = 10 + np.arange(len(OFFSETS))
    for block in answers.choices(np.arange(len(answers)))[1]:
        rationality, offsets, lapse = habits.of(block)
        assert np.isclose(rationality, 1 + NUMBER[block.kind]) and (lapse > 0) == (block.kind == "credit")
        wanted = [10.0 + OFFSETS.index((block.kind, option)) if (block.kind, option) in OFFSETS else 0.0
                  for option in range(len(block.weights))]
        assert np.array_equal(offsets, np.tile(wanted, (len(block.answer), 1)))
    assert ("preference", SAME) in OFFSETS


def test_the_prior_draws_each_habit_to_what_is_expected_as_strongly_as_it_says():
    answers, n = one_of_each(np.random.default_rng(7), 2), 50
    habits = Habits(deviation_prior=4.0)
    habits.meet(answers)
    habits.vector[:] = habits.center + np.random.default_rng(8).normal(size=len(habits.vector))
    away, seen = habits.vector - habits.center, []
    habits.optimizer.step = lambda slopes: seen.append(slopes.vector.copy())
    d_habits = np.random.default_rng(9).normal(size=len(habits.vector))
    habits.step(d_habits, n)
    precision = np.where(np.arange(len(away)) < N_FIXED + len(OFFSETS), 1.0, 4.0)
    assert np.allclose(seen[0], d_habits + precision * away / n)
    assert np.isclose(habits.center[len(KINDS) + NUMBER["credit"]], np.log(1 / 9))
    habits.step(np.zeros(len(away)), n)
    assert len(seen) == 1                                              # nothing said about habits: they stay


def test_loaded_habits_go_on_to_the_same_bytes():
    rng = np.random.default_rng(10)
    early, late = one_of_each(rng, 3), one_of_each(rng, 3)
    late = join_answers([early, replace(late, round=late.round + 3)])
    for prior in (None, 2.0):
        habits, loaded = (Habits(deviation_prior=prior, fit_rationality=True) for _ in range(2))
        learn(habits, early, 5)
        loaded.load(habits.state())
        for each in (habits, loaded):
            learn(each, late, 5)
        assert all(np.array_equal(value, loaded.state()[key]) for key, value in habits.state().items())


def test_a_prior_of_deviations_that_is_none_is_refused():
    with pytest.raises(ValueError, match="deviation_prior: expected a number from"):
        Habits(deviation_prior=0.0)
    with pytest.raises(ValueError, match="sureness_prior: expected a number from"):
        Habits(sureness_prior=-1.0)
