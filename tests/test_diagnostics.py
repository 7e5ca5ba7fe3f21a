"""Do the measures measure what they say: planted probabilities, closed forms, and intervals that keep their promise?"""
import sys
from pathlib import Path

import numpy as np
import pytest

from tinyrlhf.diagnostics import accuracy, calibration, entropy_of, krippendorff_alpha, noise_ceiling
from tinyrlhf.episodes import rollout
from tinyrlhf.games.gridworld import Gridworld
from tinyrlhf.humans.simulated import Boltzmann
from tinyrlhf.nn.networks import Table
from tinyrlhf.numerics import sigmoid
from tinyrlhf.policies import Policy

sys.path.insert(0, str(Path(__file__).parent))
from oracles import (accuracy_along, distinct_n, effective_modes, length_correlation,  # noqa: E402
                     log_loss, win_rate)


def answers(rng, differences):
    """Labels (N,), 1 for "first", from a person who follows Bradley-Terry with these score differences."""
    return (rng.random(len(differences)) < sigmoid(differences)).astype(float)


# ---- accuracy

def test_accuracy_is_the_share_of_answers_foreseen():
    assert accuracy(np.array([2.0, -1.0, 0.5, -3.0]), np.array([1.0, 0.0, 0.0, 0.0])) == 0.75


def test_equal_scores_are_half_right_whatever_the_answer():
    assert accuracy(np.zeros(3), np.array([1.0, 0.0, 1.0])) == 0.5
    assert accuracy(np.array([0.0, 1.0]), np.array([0.0, 1.0])) == 0.75


def test_answers_of_same_and_no_answer_do_not_count():
    differences, labels = np.array([1.0, -1.0, 5.0, -5.0, 0.0]), np.array([1.0, 1.0, 0.5, np.nan, np.nan])
    assert accuracy(differences, labels) == 0.5
    assert np.isnan(accuracy(differences[2:], labels[2:]))


def test_swapping_the_sides_changes_no_accuracy_and_turning_the_scores_turns_it():
    rng = np.random.default_rng(0)
    differences = np.round(rng.normal(size=200), 1)                    # some ties
    labels = rng.choice([0.0, 1.0, 0.5, np.nan], size=200)
    share = accuracy(differences, labels)
    assert accuracy(-differences, 1 - labels) == pytest.approx(share)
    assert accuracy(-differences, labels) == pytest.approx(1 - share)


# ---- noise ceiling

def test_the_noise_ceiling_of_a_coin_is_a_half_and_of_certainty_is_1():
    assert noise_ceiling(np.full(4, 0.5)) == 0.5
    assert noise_ceiling(np.array([0.0, 1.0])) == 1.0
    assert noise_ceiling(np.array([0.8, 0.3])) == pytest.approx(0.75)


def test_who_knows_the_person_reaches_the_noise_ceiling_within_4_sigma_and_nobody_else_does():
    rng = np.random.default_rng(1)
    differences = rng.normal(size=20_000)
    labels = answers(rng, differences)
    ceiling, sigma = noise_ceiling(sigmoid(differences)), 0.5 / np.sqrt(len(labels))
    assert abs(accuracy(differences, labels) - ceiling) < 4 * sigma
    assert accuracy(differences + 0.7 * rng.normal(size=len(labels)), labels) < ceiling - 4 * sigma


# ---- log loss

def test_the_log_loss_of_equal_scores_is_log_2():
    assert log_loss(np.zeros(5), np.array([1.0, 0.0, 1.0, 1.0, 0.0])) == pytest.approx(np.log(2))


def test_log_loss_is_the_mean_negative_log_probability_of_the_answers():
    differences, labels = np.array([np.log(3), np.log(3), -np.log(4)]), np.array([1.0, 0.0, 0.0])
    assert log_loss(differences, labels) == pytest.approx(-np.log([0.75, 0.25, 0.8]).mean())
    assert log_loss(differences[:1], np.array([0.5])) == pytest.approx(-0.5 * np.log(0.75) - 0.5 * np.log(0.25))


def test_a_sure_mistake_costs_its_difference_and_nothing_overflows():
    assert log_loss(np.array([-1000.0]), np.array([1.0])) == pytest.approx(1000)
    assert log_loss(np.array([1000.0]), np.array([1.0])) == 0


@pytest.mark.filterwarnings("error")
def test_a_sure_answer_costs_nothing_if_right_and_infinitely_much_if_wrong():
    sure = np.array([np.inf, -np.inf])
    assert log_loss(sure, np.array([1.0, 0.0])) == 0                 # once NaN: 0 times infinity
    assert log_loss(sure, np.array([0.0, 0.0])) == np.inf == log_loss(sure, np.array([0.5, 0.0]))
    assert log_loss(sure, np.array([np.nan, 0.0])) == 0
    assert accuracy(sure, np.array([1.0, 1.0])) == 0.5
    predicted, observed, error = calibration(sure, np.array([1.0, 0.0]), bins=2)
    assert predicted.tolist() == observed.tolist() == [0, 1] and error == 0


def test_what_is_no_answer_is_refused_by_name():
    differences, labels = np.array([1.0, -1.0]), np.array([1.0, 0.0])
    for measure in (accuracy, log_loss, calibration):
        for wrong in (7.0, -3.0, np.inf):
            with pytest.raises(ValueError, match="labels: expected numbers from 0 to 1"):
                measure(differences, np.array([1.0, wrong]))
        with pytest.raises(ValueError, match="differences: expected numbers, got NaN at index 1"):
            measure(np.array([1.0, np.nan]), labels)
        with pytest.raises(ValueError, match="labels: expected .N. with N = 2"):
            measure(differences, labels[:1])
    with pytest.raises(ValueError, match="bins: expected a whole number"):
        calibration(differences, labels, bins=0)
    for wrong in (1.5, -0.1, np.nan):
        with pytest.raises(ValueError, match="probabilities: expected numbers from 0 to 1"):
            noise_ceiling(np.array([0.5, wrong]))
    with pytest.raises(ValueError, match="lengths: expected .B. with B = 2"):
        length_correlation(differences, np.arange(3))
    with pytest.raises(ValueError, match="scores: expected finite"):
        length_correlation(differences * np.nan, np.arange(2))
    with pytest.raises(ValueError, match="judge.a, b.: expected numbers from 0 to 1, got 7"):
        win_rate(differences, labels, lambda first, second: np.full(2, 7.0))


def test_the_true_differences_have_the_least_log_loss():
    rng = np.random.default_rng(2)
    differences = rng.normal(size=20_000)
    labels = answers(rng, differences)
    best = log_loss(differences, labels)
    assert all(log_loss(scale * differences, labels) > best for scale in (-1.0, 0.5, 2.0))


# ---- calibration

def test_true_probabilities_are_calibrated_and_too_sure_ones_are_not():
    rng = np.random.default_rng(3)
    differences = rng.normal(size=20_000)
    labels = answers(rng, differences)
    predicted, observed, error = calibration(differences, labels)
    assert len(predicted) == len(observed) == 10
    assert error < 4 * 0.5 / np.sqrt(2000)                             # 2000 answers in a bin
    assert np.abs(predicted - observed).max() < 4 * 0.5 / np.sqrt(2000)
    predicted, observed, too_sure = calibration(4 * differences, labels)
    assert too_sure > 0.1
    assert predicted[0] < observed[0] and predicted[-1] > observed[-1]


def test_calibration_error_is_the_gap_between_what_was_said_and_what_came():
    labels = np.array([1.0, 1.0, 1.0, 0.0] * 25)
    predicted, observed, error = calibration(np.full(100, np.log(9)), labels, bins=1)
    assert predicted == pytest.approx([0.9]) and observed == pytest.approx([0.75]) and error == pytest.approx(0.15)


def test_bins_hold_equal_shares_of_the_answers_from_least_to_most_likely():
    # bins of equal width would leave most of them empty
    probability = np.repeat([0.01, 0.02, 0.03, 0.9], 5)
    order = np.random.default_rng(4).permutation(20)
    predicted, observed, _ = calibration(np.log(probability / (1 - probability))[order],
                                         np.repeat([0.0, 1.0], 10)[order], bins=4)
    assert predicted == pytest.approx([0.01, 0.02, 0.03, 0.9]) and observed.tolist() == [0, 0, 1, 1]


def test_opposite_errors_in_different_bins_do_not_cancel():
    differences = np.repeat([-np.log(9), np.log(9)], 50)               # says 10 % and 90 %, the truth is a coin
    labels = np.tile([0.0, 1.0], 50)
    assert calibration(differences, labels, bins=2)[2] == pytest.approx(0.4)


def test_unequal_bins_count_by_their_mass():
    assert calibration(np.zeros(3), np.array([1.0, 1.0, 1.0]), bins=2)[2] == pytest.approx(0.5)
    _, observed, error = calibration(np.array([-1000.0, -1000.0, 1000.0]), np.array([1.0, 1.0, 1.0]), bins=2)
    assert observed.tolist() == [1, 1] and error == pytest.approx(2 / 3)


def test_more_bins_than_answers_leave_no_empty_bin():
    predicted, observed, error = calibration(np.array([-1.0, 1.0]), np.array([0.0, 1.0]), bins=10)
    assert len(predicted) == len(observed) == 2 and np.isfinite(error)


def test_the_order_of_equal_predictions_cannot_matter():
    assert calibration(np.zeros(1000), np.repeat([1.0, 0.0], 500))[2] == pytest.approx(0.0)


def test_answers_that_say_nothing_do_not_count():
    given = np.array([1.0, -1.0]), np.array([1.0, 0.0])
    known = calibration(*given), log_loss(*given)
    more = np.array([1.0, -1.0, 5.0]), np.array([1.0, 0.0, np.nan])
    assert calibration(*more)[2] == known[0][2] and log_loss(*more) == known[1]


# ---- accuracy along the stages

class Scores:
    """A reward model that scores episodes by any function of them."""

    def __init__(self, scores):
        self.scores = scores


def walks(n, seed, habit=0.0):
    game, policy = Gridworld(horizon=20), Policy(Table(30, 4))
    policy.network.params["table"][:, 1] = habit
    rng = np.random.default_rng(seed)
    return rollout(game, policy, game.start(n, rng), rng)


def test_who_scores_by_the_true_return_reaches_the_ceiling_of_every_stage_and_its_opposite_the_floor():
    person, stages = Boltzmann(rationality=2.0), [walks(400, 0), walks(400, 1, habit=2.0)]
    right = accuracy_along(Scores(lambda episodes: episodes.true_returns), stages, person.preference)
    wrong = accuracy_along(Scores(lambda episodes: -episodes.true_returns), stages, person.preference)
    assert right.shape == (2, 2) and np.allclose(right[:, 0], right[:, 1])
    assert np.allclose(wrong[:, 0], 1 - right[:, 1]) and np.array_equal(wrong[:, 1], right[:, 1])
    assert right[1, 1] != right[0, 1]                                  # another stage has other pairs


def test_a_reward_model_without_an_opinion_is_right_half_the_time_and_an_odd_episode_is_left_over():
    table = accuracy_along(Scores(lambda episodes: np.zeros(len(episodes))), [walks(7, 2)],
                           Boltzmann(rationality=1.0).preference)
    assert table[0, 0] == 0.5 < table[0, 1]


def test_the_expected_accuracy_is_the_mean_of_the_sampled_one_within_4_sigma():
    person, rng, episodes = Boltzmann(rationality=2.0), np.random.default_rng(7), walks(4000, 3)
    model = Scores(lambda episodes: -1.0 * episodes.lengths)
    first, second = episodes[0::2], episodes[1::2]
    labels = (rng.random(len(first)) < person.preference(first, second)).astype(float)
    sampled = accuracy(model.scores(first) - model.scores(second), labels)
    assert abs(sampled - accuracy_along(model, [episodes], person.preference)[0, 0]) < 4 * 0.5 / np.sqrt(len(first))


# ---- length

def test_the_correlation_with_length_is_1_for_a_judge_of_length_and_ignores_scale_and_zero():
    lengths, noise = np.random.default_rng(8).normal(size=(2, 5000))
    assert length_correlation(3 * lengths - 7, lengths) == pytest.approx(1) == -length_correlation(-lengths, lengths)
    assert abs(length_correlation(noise, lengths)) < 4 / np.sqrt(5000)
    assert np.isnan(length_correlation(np.ones(3), np.arange(3)))
    assert np.isnan(length_correlation(np.arange(3), np.ones(3)))


# ---- diversity

def test_distinct_n_counts_n_grams_by_hand():
    texts, mask = np.array([[1, 1, 2, 2], [1, 2, 9, 9]]), np.array([[1, 1, 1, 1], [1, 1, 0, 0]], bool)
    assert distinct_n(texts, mask, n=1, size=6) == 2 / 6               # 1 2 | 1 1 2 2 1 2
    assert distinct_n(texts, mask, n=2, size=6) == 3 / 4               # 11 12 22 | 11 12 22 12
    assert distinct_n(texts, mask, n=3, size=6) == 2 / 2               # 112 122
    assert np.isnan(distinct_n(texts, mask, n=5, size=6)) and np.isnan(distinct_n(texts[1:], mask[1:], n=3, size=2))


def test_distinct_n_is_1_where_nothing_comes_twice_and_smallest_where_all_is_alike():
    everything = np.ones((5, 20), bool)
    assert distinct_n(np.arange(100).reshape(5, 20), everything, n=2, size=100) == 1
    assert distinct_n(np.zeros((5, 20), int), everything, n=2, size=100) == 1 / 95


def test_distinct_n_looks_at_the_first_tokens_only_so_that_more_samples_change_nothing():
    rng = np.random.default_rng(9)
    texts, mask = rng.integers(5, size=(400, 8)), np.arange(8) < rng.integers(1, 9, size=(400, 1))
    small, large = (distinct_n(texts[:n], mask[:n], n=3, size=500) for n in (200, 400))
    assert small == large > distinct_n(texts, mask, n=3, size=1500)    # more tokens would repeat themselves more


def test_distinct_n_does_not_care_what_stands_behind_the_end_nor_how_letters_are_called():
    rng = np.random.default_rng(10)
    texts, mask = rng.integers(5, size=(50, 8)), np.arange(8) < rng.integers(1, 9, size=(50, 1))
    share = distinct_n(texts, mask, n=2, size=100)
    assert distinct_n(np.where(mask, texts, 77), mask, n=2, size=100) == share
    assert distinct_n(4 - texts, mask, n=2, size=100) == share


def test_too_few_tokens_to_compare_are_refused():
    with pytest.raises(ValueError, match="at least size = 1000 tokens, got 6"):
        distinct_n(np.zeros((2, 3), int), np.ones((2, 3), bool))


def test_entropy_and_effective_modes_of_whole_outputs():
    rows = np.array([[1, 2], [2, 1], [1, 2], [2, 1]])                  # of letters there are two as well, but two texts
    assert entropy_of(rows) == pytest.approx(np.log(2)) and effective_modes(rows) == pytest.approx(2)
    assert effective_modes(np.zeros((9, 3))) == 1
    assert effective_modes(np.arange(10)) == pytest.approx(10)
    shares = np.array([0.5, 0.3, 0.2])
    samples = np.repeat(np.arange(3), (10 * shares).astype(int))
    assert entropy_of(samples) == pytest.approx(-(shares * np.log(shares)).sum())


def test_entropy_is_that_of_texts_and_not_of_their_letters():
    assert effective_modes(np.tile(np.arange(20), (50, 1))) == 1       # one text of many letters, again and again


# ---- win rate

def test_a_judge_who_always_says_first_shows_no_winner_and_all_of_the_order():
    rate = win_rate(np.arange(50), np.arange(50), lambda first, second: np.ones(len(first)))
    assert rate.share == 0.5 and rate.order == 1
    assert win_rate(np.arange(50), np.arange(50), lambda first, second: np.zeros(len(first))).order == -1


def test_a_judge_blind_to_order_shows_the_share_of_wins_with_ties_half_and_no_order():
    a, b = np.array([3, 1, 2, 5]), np.array([1, 1, 3, 0])
    rate = win_rate(a, b, lambda first, second: np.where(first == second, 0.5, first > second))
    assert rate.share == (2 + 0.5) / 4 and rate.order == 0
    back = win_rate(b, a, lambda first, second: np.where(first == second, 0.5, first > second))
    assert back.share == 1 - rate.share and (back.low, back.high) == pytest.approx((1 - rate.high, 1 - rate.low))


def test_a_leaning_to_the_first_place_is_measured_and_does_not_help_either_side():
    rng = np.random.default_rng(11)
    a, b = rng.normal(0.5, 1, size=(2, 20_000)) - np.array([[0.0], [0.5]])
    fair, leaning = (win_rate(a, b, lambda first, second, lean=lean: sigmoid(first - second + lean))
                     for lean in (0.0, 1.0))
    assert fair.order == pytest.approx(0) and leaning.order > 0.3
    assert 0.5 < leaning.share <= fair.share


def test_pairs_that_nobody_can_judge_do_not_count():
    a, b = np.array([1.0, np.nan, 3.0]), np.array([0.0, 0.0, 0.0])
    judge = lambda first, second: np.where(np.isnan(first + second), np.nan, first > second)
    assert win_rate(a, b, judge) == win_rate(a[[0, 2]], b[[0, 2]], judge)
    assert np.isnan(win_rate(a[1:2], b[1:2], judge)).all()


@pytest.mark.parametrize("chance", [0.5, 0.9, 0.98])
def test_the_interval_of_a_win_rate_covers_the_truth_19_times_out_of_20(chance):
    rng, covered, trials = np.random.default_rng(12), 0, 1000
    for _ in range(trials):
        a = (rng.random(40) < chance).astype(float)
        rate = win_rate(a, 1 - a, lambda first, second: first)
        covered += rate.low <= chance <= rate.high
    assert covered / trials > 0.92


def test_a_win_in_every_one_of_ten_pairs_is_not_certainty():
    rate = win_rate(np.ones(10), np.zeros(10), lambda first, second: first)
    assert rate.share == 1 and 0.6 < rate.low < 0.8 and rate.high == pytest.approx(1)


# ---- agreement between people

_ = np.nan
# The example of Wikipedia's page on this alpha; and of Krippendorff 2011, "any metric, missing data"
THREE_CODERS = np.array([[_, _, _, _, _, 3, 4, 1, 2, 1, 1, 3, 3, _, 3],
                         [1, _, 2, 1, 3, 3, 4, 3, _, _, _, _, _, _, _],
                         [_, _, 2, 1, 3, 4, 4, _, 2, 1, 1, 3, 3, _, 4]])
FOUR_OBSERVERS = np.array([[1, 2, 3, 3, 2, 1, 4, 1, 2, _, _, _],
                           [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, _, 3],
                           [_, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, _],
                           [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, _]])


@pytest.mark.parametrize("values, level, published", [
    (THREE_CODERS, "nominal", 0.691), (THREE_CODERS, "interval", 0.811), (FOUR_OBSERVERS, "nominal", 0.743),
    (FOUR_OBSERVERS, "ordinal", 0.815), (FOUR_OBSERVERS, "interval", 0.849)])
def test_alpha_is_as_published_to_the_printed_digits(values, level, published):
    assert round(krippendorff_alpha(values, level), 3) == published
    said = np.nan_to_num(values, nan=-1).astype(int)                   # "can't tell" instead of nothing
    if level != "interval":                                            # where -1 is a number as any other
        assert krippendorff_alpha(said, level) == pytest.approx(krippendorff_alpha(values, level))


@pytest.mark.parametrize("level", ["nominal", "ordinal", "interval"])
def test_alpha_of_two_is_one_minus_observed_over_expected_disagreement_by_hand(level):
    rng = np.random.default_rng(13)
    values = np.array([0, 1, 1, 4])[rng.integers(4, size=(2, 9))]
    counts = np.array([(values < v).sum() for v in range(5)]) + np.array([(values == v).sum() for v in range(5)]) / 2
    apart = {"nominal": lambda c, k: c != k, "interval": lambda c, k: (c - k) ** 2.0,
             "ordinal": lambda c, k: (counts[c] - counts[k]) ** 2}[level]
    pool = values.ravel()
    observed = np.mean([apart(c, k) for c, k in values.T])
    expected = np.mean([apart(pool[i], pool[j]) for i in range(18) for j in range(18) if i != j])
    assert krippendorff_alpha(values, level) == pytest.approx(1 - observed / expected)


def test_alpha_is_1_for_people_who_agree_and_0_for_coins_whoever_comes_first():
    rng = np.random.default_rng(14)
    coins = rng.integers(3, size=(4, 5000))
    assert abs(krippendorff_alpha(coins)) < 0.02
    assert krippendorff_alpha(np.repeat(coins[:1], 3, axis=0)) == 1
    few = np.where(rng.random((4, 30)) < 0.3, -1, coins[:, :30])
    assert krippendorff_alpha(few[[2, 0, 3, 1], ::-1]) == pytest.approx(krippendorff_alpha(few))
    alone = np.pad(few, [(0, 0), (0, 5)], constant_values=-1)
    alone[0, 30:] = 7                                                  # nobody else judged these
    for level in ("nominal", "ordinal"):
        assert krippendorff_alpha(alone, level) == pytest.approx(krippendorff_alpha(few, level))
    interval = np.where(few < 0, np.nan, few)
    shifted = krippendorff_alpha(interval - 2, "interval")             # from -2 on, and nothing is lost
    assert shifted == pytest.approx(krippendorff_alpha(interval, "interval"))


def test_alpha_that_cannot_be_told_is_nan_and_what_is_no_table_is_refused():
    for nothing in (np.full((3, 4), -1), np.zeros((2, 0)), np.array([[1, -1], [-1, 2]]), np.ones((3, 4))):
        assert np.isnan(krippendorff_alpha(nothing))
    with pytest.raises(ValueError, match="level: expected one of nominal, ordinal, interval; got 'ratio'"):
        krippendorff_alpha(THREE_CODERS, "ratio")
    with pytest.raises(ValueError, match="values: expected 2 dimensions"):
        krippendorff_alpha(np.ones(4))
