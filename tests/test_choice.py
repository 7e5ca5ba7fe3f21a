"""Is there one likelihood for whatever people say, is its gradient right, and does it keep its digits?"""
import itertools
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tinyrlhf.conformance import check_gradient
from tinyrlhf.feedback.answers import FIRST, KINDS, OTHER_READINGS, SAME
from tinyrlhf.numerics import log_sigmoid, log_softmax, sigmoid, softmax
from tinyrlhf.rewards.bradley_terry import probabilities
from tinyrlhf.rewards.choice import choice_loss, choices_loss
from tinyrlhf.rewards.habits import N_FIXED, NUMBER, OFFSETS, Habits

sys.path.insert(0, str(Path(__file__).parent))
from planted import SAYS, SHOWN, clips, one_of_each, questions_of  # noqa: E402

SAID = {**{kind: np.arange(n)[:, None] for kind, n in SAYS.items()}, "demonstration": np.arange(4)[:, None],
        "ranking": np.array(list(itertools.permutations(range(4)))),
        "credit": np.array(list(itertools.product(range(2), range(8))))}
PICKED = ["demonstration", "correction", "stop", "comment"]            # one of several is picked
every_kind = pytest.mark.parametrize("kind", KINDS)


def habits_at_random(answers, rng, **settings):
    habits = Habits(fit_rationality=True, **settings)
    habits.meet(answers)
    habits.vector[:] += rng.normal(size=len(habits.vector))
    return habits


def likelihood(answers, habits=None, readings=None, scores=None, counts=None):
    """Mean loss, its derivatives by the scores of all E episodes and by the habits, and how many choices there are."""
    rows, blocks = answers.choices(np.arange(len(answers)), readings)
    scores = answers.episodes.true_returns if scores is None else scores
    loss, d_rows, d_habits = choices_loss(blocks, scores[rows], habits, counts)
    return loss, np.bincount(rows, d_rows, len(scores)), d_habits, sum(len(block.answer) for block in blocks)


def probability(answers, habits=None, readings=None):
    loss, _, _, n_choices = likelihood(answers, habits, readings)
    return np.exp(-n_choices * loss)


def everything_said(kind, rng, prior=False):
    """One question, answered once in every way there is: Answers (number of ways)."""
    questions = questions_of(kind, clips(SHOWN[kind], rng))
    said = SAID[kind]
    answers = questions[np.zeros(len(said), int)].answered(said)
    return replace(answers, prior=np.tile(rng.normal(size=SHOWN[kind]), (len(said), 1))) if prior else answers


# ---- what everybody may say

@every_kind
@pytest.mark.parametrize("with_habits", [False, True])
def test_the_chances_of_all_that_may_be_said_sum_to_1(kind, with_habits):
    for seed in range(3):
        rng = np.random.default_rng(seed)
        answers = everything_said(kind, rng, prior=kind in PICKED)
        habits = habits_at_random(answers, rng) if with_habits else None
        chances = [probability(answers[[i]], habits, OTHER_READINGS) for i in range(len(answers))]
        assert min(chances) > 0 and np.isclose(sum(chances), 1, rtol=1e-12)


@every_kind
def test_where_scores_do_not_count_the_prior_is_left(kind):
    rng = np.random.default_rng(1)
    answers = everything_said(kind, rng, prior=kind in PICKED)
    habits = habits_at_random(answers, rng)
    habits.vector[:len(KINDS)] = -800.0                                # of every kind: exp(-800) is 0
    rows, blocks = answers.choices(np.arange(len(answers)), OTHER_READINGS)
    for block in blocks:
        if KINDS[block.kind].lapse:
            continue
        loss, d_scores, _ = choices_loss([block], answers.episodes.true_returns[rows], habits)
        expected = np.broadcast_to(log_softmax(block.prior + np.zeros(block.shares.shape)), block.shares.shape)
        assert np.isclose(loss, -(block.shares * expected).sum() / len(block.answer), rtol=1e-12) and not d_scores.any()


def test_two_options_are_bradley_terry_to_12_digits():
    rng = np.random.default_rng(2)
    answers = one_of_each(rng, 50, kinds=["preference"])
    scores = 5 * rng.normal(size=100)
    loss, d_scores, _, n = likelihood(answers, scores=scores)
    difference = scores[::2] - scores[1::2]
    share = np.select([answers.said[:, 0] == FIRST, answers.said[:, 0] == SAME], [1.0, 0.5])
    plain = -np.mean(share * log_sigmoid(difference) + (1 - share) * log_sigmoid(-difference))
    assert n == 50 and np.isclose(loss, plain, rtol=1e-12)
    assert np.allclose(50 * d_scores[::2], sigmoid(difference) - share, rtol=1e-12, atol=1e-14)
    assert np.allclose(d_scores[::2], -d_scores[1::2], rtol=1e-12)
    wins = answers[answers.said[:, 0] == FIRST]
    chances = [probability(wins[[i]]) for i in range(len(wins))]
    assert np.allclose(chances, probabilities(returns_of_pairs(wins))[0], rtol=1e-12)


def returns_of_pairs(answers):
    returns = answers.episodes.true_returns[answers.shows]
    return returns[:, 0] - returns[:, 1]


def test_an_offset_of_same_is_the_logarithm_of_what_davidson_calls_nu():
    rng = np.random.default_rng(3)
    answers = everything_said("preference", rng)
    habits = Habits()
    habits.meet(answers)
    habits.vector[N_FIXED + OFFSETS.index(("preference", SAME))] = 0.7
    win, tie = probabilities(returns_of_pairs(answers[:1]), tie_log_nu=0.7)
    chances = [probability(answers[[i]], habits, OTHER_READINGS) for i in range(3)]
    assert np.allclose(chances, [win[0], 1 - win[0] - tie[0], tie[0]], rtol=1e-12)


def test_a_ranking_read_in_turn_is_plackett_luce():
    rng = np.random.default_rng(4)
    answers = everything_said("ranking", rng)
    worth = np.exp(answers.episodes.true_returns)
    for i, order in enumerate(SAID["ranking"]):
        expected = np.prod([worth[order[turn]] / worth[order[turn:]].sum() for turn in range(4)])
        assert np.isclose(probability(answers[[i]], readings=OTHER_READINGS), expected, rtol=1e-12)


@pytest.mark.parametrize("readings", [None, OTHER_READINGS], ids=["pairs", "in turn"])
def test_a_ranking_of_two_is_their_preference(readings):
    rng = np.random.default_rng(5)
    pairs = one_of_each(rng, 20, kinds=["preference"])
    pairs = pairs[pairs.said[:, 0] != SAME]
    orders = np.where(pairs.said == FIRST, [[0, 1]], [[1, 0]])
    rankings = replace(pairs, kind=np.full(len(pairs), "ranking"), said=orders)
    for one, other in zip(likelihood(pairs)[:2], likelihood(rankings, readings=readings)[:2]):
        assert np.allclose(one, other, rtol=1e-12, atol=1e-15)


def test_a_ranking_read_as_pairs_is_the_mean_of_all_its_preferences():
    rng = np.random.default_rng(6)
    answers = one_of_each(rng, 5, kinds=["ranking"])
    returns = np.take_along_axis(answers.episodes.true_returns[answers.shows], answers.said, axis=1)
    better, worse = np.triu_indices(4, 1)
    loss, _, _, n = likelihood(answers)
    assert n == 30 and np.isclose(loss, -log_sigmoid(returns[:, better] - returns[:, worse]).mean(), rtol=1e-12)


@pytest.mark.parametrize("kind", ["rating", "thumb"])
def test_a_grade_against_the_next_is_a_comparison_of_the_score_with_a_level(kind):
    rng = np.random.default_rng(7)
    answers = everything_said(kind, rng)
    habits = habits_at_random(answers, rng)
    rationality = np.exp(habits.vector[NUMBER[kind]])
    offsets = np.array([0.0,
                        *(habits.vector[N_FIXED + column] for column, (name, _) in enumerate(OFFSETS) if name == kind)])
    chances = np.array([probability(answers[[i]], habits) for i in range(len(answers))])
    score = answers.episodes.true_returns[0]
    assert np.allclose(chances[1:] / (chances[1:] + chances[:-1]), sigmoid(rationality * (score + np.diff(offsets))),
                       rtol=1e-12)


@pytest.mark.parametrize("kind", PICKED)
def test_one_of_several_is_a_softmax_of_their_scores(kind):
    rng = np.random.default_rng(8)
    answers = everything_said(kind, rng, prior=True)
    expected = softmax(answers.episodes.true_returns + answers.prior[0])
    assert np.allclose([probability(answers[[i]]) for i in range(len(answers))], expected, rtol=1e-12)


def test_a_reason_is_a_preference_times_a_choice_among_parts_that_may_be_a_lapse():
    rng = np.random.default_rng(9)
    answers = everything_said("credit", rng)
    habits = habits_at_random(answers, rng)
    lapse = sigmoid(habits.vector[len(KINDS) + NUMBER["credit"]])
    sure, surest = np.exp(habits.vector[[NUMBER["preference"], NUMBER["credit"]]])
    scores = answers.episodes.true_returns
    parts = np.diff(scores.reshape(2, 4), prepend=0, axis=1)
    for i, (preferred, mark) in enumerate(SAID["credit"]):
        worth = np.concatenate([parts[preferred], -parts[1 - preferred]])
        wins = sigmoid(sure * (scores[3] - scores[7]) * (1 if preferred == FIRST else -1))
        expected = wins * ((1 - lapse) * softmax(surest * worth)[mark] + lapse / 8)
        assert np.isclose(probability(answers[[i]], habits), expected, rtol=1e-12)


# ---- many answers

@pytest.mark.parametrize("readings", [None, OTHER_READINGS], ids=["by default", "otherwise"])
def test_the_order_of_answers_does_not_matter(readings):
    rng = np.random.default_rng(10)
    answers, counts = one_of_each(rng, 5), rng.poisson(1.0, 5 * len(KINDS)) + 0.0
    habits, order = habits_at_random(answers, rng, deviation_prior=2.0), rng.permutation(len(answers))
    before = likelihood(answers, habits, readings, counts=counts)
    habits.meet(answers[order])
    after = likelihood(answers[order], habits, readings, counts=counts[order])
    for one, other in zip(before, after):
        assert np.allclose(one, other, rtol=1e-12, atol=1e-14)


def test_a_count_is_a_repetition_and_only_the_ratio_of_counts_matters():
    rng = np.random.default_rng(11)
    answers, counts = one_of_each(rng, 4), rng.integers(0, 4, size=4 * len(KINDS)) * 1.0
    habits = habits_at_random(answers, rng)
    again = answers[np.repeat(np.arange(len(answers)), counts.astype(int))]
    counted, sevenfold = (likelihood(answers, habits, counts=factor * counts)[:3] for factor in (1, 7))
    habits.meet(again)
    for one, other, third in zip(counted, likelihood(again, habits)[:3], sevenfold):
        assert np.allclose(one, other, rtol=1e-12, atol=1e-14) and np.allclose(one, third, rtol=1e-12, atol=1e-14)


def test_a_bootstrap_that_leaves_a_batch_empty_teaches_nothing():
    answers = one_of_each(np.random.default_rng(12), 2)
    loss, d_scores, _, _ = likelihood(answers, counts=np.zeros(len(answers)))
    assert loss == 0 and not d_scores.any()


@pytest.mark.parametrize("kind", ["preference", "ranking", "demonstration", "correction", "stop", "comment"])
def test_a_constant_added_to_all_scores_changes_nothing_where_one_is_picked_among_others(kind):
    rng = np.random.default_rng(13)
    answers = one_of_each(rng, 6, kinds=[kind])
    scores = answers.episodes.true_returns
    for one, other in zip(likelihood(answers, scores=scores)[:2], likelihood(answers, scores=scores + 3)[:2]):
        assert np.allclose(one, other, rtol=1e-10, atol=1e-14)
    assert np.isclose(likelihood(answers)[1].sum(), 0, atol=1e-14)


# ---- the gradient

@pytest.mark.parametrize("readings, counted", [(None, True), (OTHER_READINGS, False)], ids=["by default", "otherwise"])
def test_the_gradient_of_all_kinds_together_agrees_with_central_differences(readings, counted):
    rng = np.random.default_rng(14)
    answers = one_of_each(rng, 2)
    assert answers.prior.any() and set(answers.kind.tolist()) == set(KINDS)
    sureness = {"sureness_prior": 1.0} if counted else {}
    habits = habits_at_random(answers, rng, deviation_prior=2.0, **sureness)
    scores = rng.normal(size=len(answers.episodes))
    counts = rng.poisson(1.0, len(answers)) + 0.5 if counted else None
    assert len(habits.sessions) == 3 and len(habits.vector) == N_FIXED + 4 * (len(OFFSETS) + counted)
    _, d_scores, d_habits, _ = likelihood(answers, habits, readings, scores, counts)
    arrays, slopes = {"scores": scores, "habits": habits.vector}, {"scores": d_scores, "habits": d_habits}
    for name, array in arrays.items():
        for i in range(counted, len(array), 2):                      # half of them now, the others otherwise
            values = []
            for step in (1e-4, -1e-4, 2e-4, -2e-4):
                array[i] += step
                values.append(likelihood(answers, habits, readings, scores, counts)[0])
                array[i] -= step
            numeric = (8 * (values[0] - values[1]) - (values[2] - values[3])) / 12e-4    # error of fourth order
            assert abs(slopes[name][i] - numeric) <= 1e-6 * abs(numeric) + 1e-11, f"{name}[{i}]"
    lapse_rates = slice(len(KINDS), 2 * len(KINDS))
    assert np.count_nonzero(d_habits[:len(KINDS)]) == len(KINDS) and np.count_nonzero(d_habits[lapse_rates]) == 1


def test_a_rationality_that_is_not_learned_has_no_slope():
    answers = one_of_each(np.random.default_rng(15), 3)
    habits = Habits()
    habits.meet(answers)
    d_habits = likelihood(answers, habits)[2]
    assert not d_habits[:len(KINDS)].any() and d_habits[N_FIXED:].any()


@pytest.mark.parametrize("shape", [(1, 2), (7, 2), (5, 4)], ids=str)
@pytest.mark.parametrize("lapse", [0.0, 0.2])
def test_the_slopes_of_choices_with_shares_agree_with_central_differences(shape, lapse):
    rng = np.random.default_rng(shape[0])
    logits, counts = 2 * rng.normal(size=shape), rng.random(shape[0])
    shares = rng.dirichlet(np.ones(shape[1]), size=shape[0])
    _, slopes, d_lapse = choice_loss(logits, shares, counts, lapse)
    check_gradient(lambda: choice_loss(logits, shares, counts, lapse)[0], {"logits": logits},
                   {"logits": slopes}, rng)
    step = 1e-6
    sides = [choice_loss(logits, shares, counts, 0.2 + sign * step)[0] for sign in (1, -1)]
    assert np.isclose(choice_loss(logits, shares, counts, 0.2)[2], (sides[0] - sides[1]) / (2 * step), rtol=1e-6)


# ---- its digits

@pytest.mark.parametrize("lead", [1.0, 20.0, 30.0, 37.0, 100.0, 700.0])
@pytest.mark.parametrize("behind", [1, 3])
def test_loss_and_slopes_keep_their_digits_where_an_option_is_nearly_certain(lead, behind):
    logits = np.append(lead, np.zeros(behind))[None]
    little = behind * np.exp(-lead)                                    # of all others, relative to the likeliest
    loss, slopes, _ = choice_loss(logits, np.eye(1 + behind)[[0]], np.ones(1))
    assert np.isclose(loss, np.log1p(little), rtol=1e-12, atol=0)
    assert np.allclose(slopes, np.append(-little, np.full(behind, little / behind))[None] / (1 + little), rtol=1e-12,
                       atol=0)
    loss, slopes, _ = choice_loss(logits, np.eye(1 + behind)[[1]], np.ones(1))
    assert np.isclose(loss, lead + np.log1p(little), rtol=1e-12, atol=0)
    assert np.isclose(slopes[0, 0], 1 / (1 + little), rtol=1e-12, atol=0)


@pytest.mark.parametrize("lapse", [0.0, 0.2])
def test_an_option_worth_minus_infinity_weighs_nothing(lapse):
    rng = np.random.default_rng(16)
    logits, shares = rng.normal(size=(6, 3)), np.eye(3)[rng.integers(3, size=6)]
    more = np.insert(logits, 1, -np.inf, axis=1)
    loss, slopes, _ = choice_loss(more, np.insert(shares, 1, 0, axis=1), np.ones(6), lapse)
    assert not slopes[:, 1].any() and np.isfinite(slopes).all() and np.isfinite(loss)
    if not lapse:
        expected, without, _ = choice_loss(logits, shares, np.ones(6))
        assert np.isclose(loss, expected, rtol=1e-12) and np.allclose(np.delete(slopes, 1, axis=1), without, rtol=1e-12)


def test_a_score_or_a_prior_of_minus_infinity_is_an_option_that_does_not_exist():
    rng = np.random.default_rng(17)
    answers = one_of_each(rng, 5, kinds=["demonstration"])
    habits, scores = habits_at_random(answers, rng), rng.normal(size=20)
    absent = np.where(np.arange(20) % 4 == 2, -np.inf, scores)
    by_prior = answers.prior.copy()
    by_prior[:, 2] = -np.inf
    kept = [0, 1, 3]
    without = replace(answers, shows=answers.shows[:, kept], place=answers.place[:, kept], prior=answers.prior[:, kept])
    loss, slopes, d_habits, _ = likelihood(without, habits, scores=scores)
    hidden = replace(answers, prior=by_prior)
    for other in (likelihood(answers, habits, scores=absent), likelihood(hidden, habits, scores=scores)):
        assert np.isclose(other[0], loss, rtol=1e-12) and np.allclose(other[1], slopes, rtol=1e-12)
        assert np.allclose(other[2], d_habits, rtol=1e-10, atol=1e-14)
