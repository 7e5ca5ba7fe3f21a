"""Do the measures measure what they say: planted probabilities, closed forms, and intervals that keep their promise?"""
import numpy as np
import pytest

from tinyrlhf.diagnostics import accuracy, calibration, interval, log_loss, noise_ceiling
from tinyrlhf.numerics import sigmoid


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
    probability = np.repeat([0.01, 0.02, 0.03, 0.9], 5)                # bins of equal width would leave most of them empty
    order = np.random.default_rng(4).permutation(20)
    predicted, observed, _ = calibration(np.log(probability / (1 - probability))[order], np.repeat([0.0, 1.0], 10)[order], bins=4)
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
    known = calibration(np.array([1.0, -1.0]), np.array([1.0, 0.0])), log_loss(np.array([1.0, -1.0]), np.array([1.0, 0.0]))
    more = np.array([1.0, -1.0, 5.0]), np.array([1.0, 0.0, np.nan])
    assert calibration(*more)[2] == known[0][2] and log_loss(*more) == known[1]


# ---- intervals

def test_the_interval_covers_the_truth_19_times_out_of_20():
    values = np.random.default_rng(5).normal(3, 2, size=(4000, 40))
    means, halves = np.array([interval(row) for row in values]).T
    covered = np.mean(np.abs(means - 3) <= halves)
    assert abs(covered - 0.943) < 4 * np.sqrt(0.943 * 0.057 / 4000)    # 1.96 is the normal quantile; Student's at 39 covers 94.3 %


def test_the_interval_of_few_values_is_as_wide_as_students_t_asks():
    mean, half = interval([1.0, 2.0, 3.0, 6.0])
    assert mean == 3 and half == pytest.approx(3.18 * np.sqrt(14 / 3) / 2)
    values = np.random.default_rng(6).normal(3, 2, size=(4000, 5))
    means, halves = np.array([interval(row) for row in values]).T
    assert (np.abs(means - 3) < halves).mean() > 0.94                  # 1.96 would cover 0.88 of them


def test_a_single_value_has_no_known_spread():
    mean, half = interval([4.0])
    assert mean == 4 and np.isnan(half)
