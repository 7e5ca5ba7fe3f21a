"""Does each criterion ask what it says, of any kind of feedback, and never the same twice?"""
import itertools
import sys
from pathlib import Path

import numpy as np
import pytest

from tinyrlhf.criteria import (CRITERIA, choose, disagreement, entropy, information_gain, option_chances, thompson,
                               uncertainty, volume_removal)
from tinyrlhf.feedback.answers import KINDS, OTHER_READINGS, join_answers
from tinyrlhf.numerics import sigmoid, softmax
from tinyrlhf.questions import shown
from tinyrlhf.rewards.choice import log_likelihoods
from tinyrlhf.rewards.habits import Habits

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent / "benchmarks")]
import asking  # noqa: E402
from planted import SHOWN, clips, episodes_worth, questions_of  # noqa: E402

ORDERS = np.array(list(itertools.permutations(range(4))))
SAID = {"preference": [[0], [1]], "ranking": ORDERS, "rating": np.arange(5)[:, None], "thumb": [[0], [1]],
        "demonstration": np.arange(4)[:, None], "correction": [[0], [1]], "stop": np.arange(4)[:, None],
        "comment": np.arange(3)[:, None], "credit": list(itertools.product(range(2), range(8)))}
OPTION = {"ranking": ORDERS[:, 0], "credit": np.repeat([0, 1], 8)}     # of each that may be said, where it is more


def chances_of(M, N, K, rng, spread=1.0):
    return softmax(spread * rng.normal(size=(M, N, K))), softmax(rng.normal(size=M))


def pairs(*rows, n=4):
    return shown("preference", episodes_worth(np.zeros(n)), np.array(rows))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("with_habits", [False, True])
def test_chances_of_options_are_those_of_the_one_likelihood(kind, with_habits):
    rng = np.random.default_rng(0)
    habits = Habits() if with_habits else None
    if with_habits:
        habits.vector[len(KINDS):] = rng.normal(size=len(habits.vector) - len(KINDS))
    questions = questions_of(kind, clips(SHOWN[kind], rng))
    answers = questions[np.zeros(len(SAID[kind]), int)].answered(np.array(SAID[kind]))
    scores = rng.normal(size=(3, SHOWN[kind]))
    expected = np.zeros((3, len(set(OPTION.get(kind, np.arange(len(SAID[kind])))))))
    for i, option in enumerate(OPTION.get(kind, np.arange(len(answers)))):
        rows, blocks = answers.choices(np.array([i]), OTHER_READINGS if kind == "ranking" else None)
        expected[:, option] += np.exp(log_likelihoods(blocks, scores[:, rows], habits))
    chances = option_chances(kind, scores[:, questions.shows], habits)
    assert chances.shape == (3, 1, expected.shape[1]) and np.allclose(chances[:, 0], expected, rtol=1e-10)


def test_each_member_answers_by_its_own_habits():
    rng = np.random.default_rng(1)
    scores, habits = rng.normal(size=(2, 5, 1)), [Habits(), Habits(rationality={"rating": 3.0})]
    habits[0].vector[-4:] = rng.normal(size=4)
    chances = option_chances("rating", scores, habits)
    for m in range(2):
        assert np.array_equal(chances[[m]], option_chances("rating", scores[[m]], habits[m]))


@pytest.mark.parametrize("K", [2, 5])
def test_information_gain_is_the_entropy_that_an_answer_takes_from_who_is_right(K):
    chances, weights = chances_of(7, 20, K, np.random.default_rng(2))
    joint = weights[:, None, None] * chances                           # P(member is right, option)
    after = (joint.sum(axis=0) * entropy((joint / joint.sum(axis=0)).transpose(1, 2, 0))).sum(axis=1)
    gain = information_gain(chances, weights)
    assert np.allclose(gain, entropy(weights) - after, atol=1e-12)
    assert (gain > 0).all() and (gain <= np.log(K)).all()


def test_the_gain_of_who_is_best_is_less_than_that_of_the_whole_order():
    rng = np.random.default_rng(3)
    scores, weights = rng.normal(size=(6, 4)), softmax(rng.normal(size=6))
    orders = shown("ranking", clips(4, rng), np.tile(np.arange(4), (24, 1))).answered(ORDERS)
    chances = []
    for i in range(24):
        rows, blocks = orders.choices(np.array([i]), OTHER_READINGS)
        chances.append(np.exp(log_likelihoods(blocks, scores[:, rows])))
    whole = information_gain(np.stack(chances, axis=1)[:, None], weights)
    best = information_gain(option_chances("ranking", scores[:, None]), weights)
    assert 0 < best[0] < whole[0]


def test_two_identical_plays_teach_nothing_though_volume_removal_asks_for_them():
    rng = np.random.default_rng(4)
    scores = rng.normal(size=(50, 1000, 2))
    scores[:, 7, 1] = scores[:, 7, 0]
    chances, weights = option_chances("preference", scores), np.full(50, 0.02)
    assert abs(information_gain(chances, weights)[7]) < 1e-12 and disagreement(chances, weights)[7] < 1e-20
    assert volume_removal(chances, weights).argmax() == uncertainty(chances, weights).argmax() == 7


def test_criteria_of_pairs_are_their_formulas():
    rng = np.random.default_rng(5)
    p, weights = rng.random((4, 9)), softmax(rng.normal(size=4))
    chances, mean = np.stack([p, 1 - p], axis=2), weights @ p
    assert np.allclose(volume_removal(chances, weights), 2 * mean * (1 - mean))
    assert np.allclose(uncertainty(chances, weights), -mean * np.log(mean) - (1 - mean) * np.log(1 - mean))
    assert np.allclose(disagreement(chances, weights), 2 * (weights @ p ** 2 - mean ** 2))


@pytest.mark.parametrize("criterion", CRITERIA.values())
def test_sure_members_and_weightless_ones_make_no_nan(criterion):
    chances = np.array([[[1.0, 0.0], [1.0, 0.0]], [[0.0, 1.0], [1.0, 0.0]], [[0.5, 0.5], [0.0, 1.0]]])
    values = criterion(chances, np.array([0.5, 0.5, 0.0]))
    assert np.isfinite(values).all() and values[0] > values[1] + 0.1 and np.isclose(values[1], 0)


def test_disagreement_asks_where_the_chance_of_a_win_varies_most():
    scores = np.random.default_rng(6).normal(size=(5, 60))
    questions = shown("preference", episodes_worth(np.zeros(60)), np.arange(60).reshape(30, 2))
    wins = sigmoid(scores[:, 0::2] - scores[:, 1::2])
    most_varied = np.sort(np.argsort(-wins.var(axis=0))[:7])
    assert np.array_equal(choose(questions, scores, disagreement, 7).shows, questions.shows[most_varied])


def test_a_batch_asks_no_question_twice_unless_there_are_too_few():
    scores = np.array([[0.0, 3.0, 1.0, 1.5], [3.0, 0.0, 1.2, 1.0]])
    questions = pairs([0, 1], [2, 3], [1, 0], [0, 1], [2, 2])
    for criterion in (information_gain, disagreement):
        assert choose(questions, scores, criterion, 3).shows.tolist() == [[0, 1], [2, 3], [2, 2]]
    assert len(choose(questions, scores, information_gain, 5)) == 5


def test_weights_say_who_counts():
    scores = np.array([[0.0, 5.0, 0.0, 0.0], [5.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 5.0], [0.0, 0.0, 5.0, 0.0]])
    questions = pairs([0, 1], [2, 3])
    assert choose(questions, scores, information_gain, 1, np.array([0.4, 0.4, 0.1, 0.1])).shows.tolist() == [[0, 1]]
    assert choose(questions, scores, information_gain, 1, np.array([0.1, 0.1, 0.4, 0.4])).shows.tolist() == [[2, 3]]


def test_the_kind_is_asked_that_tells_most_per_second():
    rng = np.random.default_rng(7)
    scores = 3 * rng.normal(size=(40, 4))
    both = join_answers([pairs([0, 1]), shown("ranking", episodes_worth(np.zeros(4)), np.arange(4)[None])])
    scores = np.tile(scores, (1, 2))                                   # each brings its own four episodes
    weights, per_kind = np.full(40, 1 / 40), {}
    for kind, _, shows in both.grouped():
        per_kind[kind] = information_gain(option_chances(kind, scores[:, shows]), weights)[0]
    worth = per_kind["ranking"] / per_kind["preference"]
    assert worth > 1
    for seconds, asked in ((1.0, "ranking"), (0.99 * worth, "ranking"), (1.01 * worth, "preference")):
        chosen = choose(both, scores, information_gain, 1, seconds={"ranking": 5 * seconds, "preference": 5.0})
        assert chosen.kind.tolist() == [asked]


def test_thompson_shows_the_best_plays_of_two_members():
    rng = np.random.default_rng(8)
    scores = rng.normal(size=(3, 6)) * [[1.0], [10.0], [0.1]]
    questions = pairs(*itertools.permutations(range(6), 2), n=6)
    weights, best = np.array([0.5, 0.5, 0.0]), scores.argmax(axis=1)
    assert len(set(best)) == 3
    seen = {tuple(thompson(questions, scores, 1, rng, weights).shows[0].tolist()) for _ in range(50)}
    assert {(best[0], best[1]), (best[1], best[0])} <= seen
    assert all({best[0], best[1]} & {*pair} for pair in seen)          # both drew the same: it and the next best
    assert (best[2], best[2]) not in seen and not {(best[0], best[2]), (best[2], best[0])} <= seen
    batch = thompson(questions, scores, 20, rng, weights).shows
    assert len(np.unique(batch, axis=0)) == 20


@pytest.mark.parametrize("n", [0, 3])
def test_more_questions_than_there_are_candidates_are_refused(n):
    questions, scores = pairs([0, 1], [2, 3]), np.zeros((2, 4))
    for ask in (lambda: choose(questions, scores, disagreement, n),
                lambda: thompson(questions, scores, n, np.random.default_rng(0))):
        with pytest.raises(ValueError, match=f"n: expected a whole number from 1 to 2, got {n}"):
            ask()
    with pytest.raises(ValueError, match=r"scores: expected \(M, 4\) with 4 = 4, got shape \(2, 3\)"):
        choose(questions, scores[:, :3], disagreement, 1)


# ---- the claims, on other seeds than the benchmark's

@pytest.mark.slow
def test_asking_what_tells_most_learns_faster_than_asking_at_random():
    paths = {name: np.array([asking.learn_by_asking(name, seed, 0, n_answers=10)[0] for seed in range(430, 450)])
             for name in ("information-gain", "random")}
    mean, half = asking.mean_interval((paths["information-gain"] - paths["random"])[:, -1])
    assert mean > 0.02 and mean - half > 0


@pytest.mark.slow
def test_a_demonstration_is_asked_first_and_comparisons_later_unless_it_is_noisy():
    cost = {"demonstration": 2, "preference": 1}
    for noise, first in ((5, "demonstration"), (0.3, "preference")):
        for seed in range(430, 435):
            kinds, _ = asking.kinds_asked(seed, {"demonstration": noise, "preference": 5}, cost, True)
            assert kinds == [first] + 5 * ["preference"]


@pytest.mark.slow
def test_a_rationality_assumed_too_high_hurts_more_than_one_too_low():
    low, right, high = (np.array([asking.assume(assumed, seed)[0] for seed in range(430, 460)]).mean()
                        for assumed in (0.1, 1.0, 10.0))
    assert right > low > -np.log(500) > high and right - high > 3 * (right - low)
