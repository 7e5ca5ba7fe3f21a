"""Laws of the scores for plain items: Bradley-Terry, Davidson's ties, the effect of the position, features, the prior,
and when a finite answer exists.
"""
import numpy as np
import pytest

from tinyrlhf.numerics import sigmoid
from tinyrlhf.rewards.bradley_terry import derivatives, fit, fit_linear, probabilities


def comparisons(seed, n=6, count=400, tie_log_nu=-np.inf, position=0.0):
    """Items, outcomes and the planted scores of random comparisons."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=n)
    scores -= scores.mean()
    first = rng.integers(n, size=count)
    second = (first + rng.integers(1, n, size=count)) % n
    win, tie = probabilities(scores[first] - scores[second] + position, tie_log_nu)
    u = rng.random(count)
    return first, second, np.where(u < win, 1.0, np.where(u < win + tie, 0.5, 0.0)), scores


def tables(first, second, outcome, n, counts=1):
    """Points (N, N) that i won when it was shown first and j second, their games (N, N), and the number of ties."""
    points, games = np.zeros((2, n, n))
    np.add.at(points, (first, second), counts * outcome)
    np.add.at(games, (first, second), counts)
    return points, games, np.sum(counts * (outcome == 0.5))


def log_likelihood(parameters, *data):
    return derivatives(parameters, *data)[0]


def gradient_at(result, first, second, outcome, n, ties, counts=1):
    """By scores, log nu and the position, of the log-likelihood at a fit."""
    points, games, n_ties = tables(first, second, outcome, n, counts)
    parameters = np.append(result.scores, [result.tie_log_nu if ties else 0.0, result.position])
    return derivatives(parameters, points, games, n_ties * ties)[1]


def test_a_constant_added_to_all_scores_changes_no_likelihood():
    first, second, outcome, scores = comparisons(0, tie_log_nu=0.3)
    data = tables(first, second, outcome, 6)
    effects = [0.3, 0.2]
    shifted = log_likelihood(np.append(scores + 7, effects), *data)
    assert np.isclose(log_likelihood(np.append(scores, effects), *data), shifted, rtol=1e-12)


@pytest.mark.parametrize("ties", [False, True])
def test_the_likelihood_is_the_sum_of_the_log_probabilities_of_what_was_said(ties):
    first, second, outcome, scores = comparisons(1, tie_log_nu=0.3)
    log_nu, h = 0.3 if ties else -np.inf, 0.7
    points, games, n_ties = tables(first, second, outcome, 6)
    win, tie = probabilities(scores[first] - scores[second] + h, log_nu)
    loss, _ = probabilities(scores[second] - scores[first] - h, log_nu)
    assert np.allclose(win + tie + loss, 1)
    same = np.log(tie) if ties else (np.log(win) + np.log(loss)) / 2
    direct = np.where(outcome == 1, np.log(win), np.where(outcome == 0, np.log(loss), same)).sum()
    parameters = np.append(scores, [0.3, h])
    assert np.isclose(direct, log_likelihood(parameters, points, games, n_ties * ties), rtol=1e-12)


@pytest.mark.parametrize("features", [None, np.random.default_rng(9).normal(size=(400, 3))])
def test_gradient_and_information_agree_with_central_differences(features):
    first, second, outcome, scores = comparisons(2, tie_log_nu=0.3)
    points, games, n_ties = tables(first, second, outcome, 6)
    if features is not None:
        points, games, scores = outcome, np.ones(400), scores[:3]
    at = np.append(scores, [0.3, -0.4])
    _, gradient, information = derivatives(at, points, games, n_ties, features)
    for k, nudge in enumerate(np.eye(len(at)) * 1e-5):
        above, below = (derivatives(at + sign * nudge, points, games, n_ties, features)[:2] for sign in (1, -1))
        assert np.isclose(gradient[k], (above[0] - below[0]) / 2e-5, rtol=1e-6, atol=1e-5)
        assert np.allclose(-information[k], (above[1] - below[1]) / 2e-5, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("position", [False, True])
@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("prior", [0.0, 0.5])
def test_the_gradient_of_the_objective_vanishes_at_the_fit_and_the_scores_have_mean_zero(ties, prior, position):
    first, second, outcome, _ = comparisons(3, tie_log_nu=0.3, position=0.5)
    result = fit(first, second, outcome, prior=prior, ties=ties, position=position)
    gradient = gradient_at(result, first, second, outcome, 6, ties)
    assert np.abs(gradient[:6] - prior * result.scores).max() < 1e-8
    assert not ties or abs(gradient[6]) < 1e-8
    assert abs(gradient[7]) < 1e-8 if position else result.position == 0
    assert abs(result.scores.sum()) < 1e-12
    assert ties == np.isfinite(result.tie_log_nu)


def test_two_items_have_the_log_odds_of_their_wins_and_the_textbook_standard_error():
    result = fit([0] * 30 + [1] * 10, [1] * 30 + [0] * 10)
    assert np.isclose(result.scores[0] - result.scores[1], np.log(30 / 10), rtol=1e-12)
    # scores are +- half the difference
    assert np.isclose(2 * result.standard_errors[0], np.sqrt(1 / 30 + 1 / 10), rtol=1e-12)
    assert np.isclose(result.log_likelihood, 30 * np.log(0.75) + 10 * np.log(0.25), rtol=1e-12)


def test_two_equal_items_tie_with_probability_nu_over_two_plus_nu():
    nu = 1.7
    assert np.isclose(probabilities(0.0, np.log(nu))[1], nu / (2 + nu), rtol=1e-14)
    result = fit([0] * 20, [1] * 20, [1] * 4 + [0] * 4 + [0.5] * 12, ties=True)
    fitted_nu = np.exp(result.tie_log_nu)
    assert np.allclose(result.scores, 0, atol=1e-12) and np.isclose(fitted_nu / (2 + fitted_nu), 12 / 20, rtol=1e-10)
    assert np.isclose(result.covariance[-2, -2], 1 / (20 * 0.6 * 0.4), rtol=1e-9)   # of a logit: log(nu / 2)


def test_without_ties_the_chance_is_the_sigmoid_of_the_difference_of_any_size():
    differences = np.array([-1e4, -800.0, -3.0, 0.0, 0.5, 800.0, 1e4])
    assert np.allclose(probabilities(differences)[0], sigmoid(differences), rtol=1e-12, atol=0)


@pytest.mark.parametrize("tie_log_nu, position", [(-np.inf, 0.0), (0.3, 0.0), (0.3, 0.8)])
def test_planted_scores_are_recovered_within_their_standard_errors(tie_log_nu, position):
    z, of_effects = [], []
    for seed in range(40):
        first, second, outcome, scores = comparisons(100 + seed, 6, 1500, tie_log_nu, position)
        result = fit(first, second, outcome, ties=np.isfinite(tie_log_nu), position=position != 0)
        z.append((result.scores - scores) / result.standard_errors)
        if position:
            errors = np.sqrt(result.covariance.diagonal()[-2:])
            of_effects.append((np.array([result.tie_log_nu, result.position]) - [tie_log_nu, position]) / errors)
    assert abs(np.mean(z)) < 1e-9 + 4 / np.sqrt(np.size(z))
    assert 0.8 < np.std(z) < 1.2                                    # 240 values, 200 of them free: +- 0.05 by chance
    assert not position or 0.65 < np.std(of_effects) < 1.35         # 80 values: +- 0.08


def test_the_standard_error_of_a_contrast_is_that_of_the_covariance():
    first, second, outcome, _ = comparisons(10, tie_log_nu=0.0)
    result = fit(first, second, outcome, ties=True, position=True)
    contrast = np.zeros(8)
    contrast[[1, 4]] = 1, -1
    difference, error = result.contrast(1, 4)
    assert difference == result.scores[1] - result.scores[4]
    assert np.isclose(error**2, contrast @ result.covariance @ contrast, rtol=1e-12)
    assert np.allclose(result.standard_errors**2, result.covariance.diagonal()[:6], rtol=1e-12)
    assert np.isclose(fit([0, 1], [1, 0], counts=[30, 10]).contrast(0, 1)[1], np.sqrt(1 / 30 + 1 / 10), rtol=1e-9)


@pytest.mark.parametrize("ties, position", [(False, False), (True, False), (True, True)])
def test_counts_are_as_good_as_repeated_rows(ties, position):
    first, second, outcome, _ = comparisons(11, count=60, tie_log_nu=0.0)
    counts = np.random.default_rng(0).integers(0, 4, size=60)
    repeated = [np.repeat(column, counts) for column in (first, second, outcome)]
    for one, other in zip(fit(first, second, outcome, 6, ties=ties, counts=counts, position=position),
                          fit(*repeated, 6, ties=ties, position=position)):
        assert np.allclose(one, other, rtol=1e-9, atol=1e-9)


def test_half_the_counts_give_the_same_scores_and_twice_the_variance():
    first, second, outcome, _ = comparisons(12)
    whole, half = fit(first, second, outcome), fit(first, second, outcome, counts=np.full(400, 0.5))
    assert np.allclose(whole.scores, half.scores, atol=1e-9)
    assert np.allclose(2 * whole.covariance, half.covariance, rtol=1e-7)
    assert np.isclose(whole.log_likelihood, 2 * half.log_likelihood, rtol=1e-12)


def test_a_comparison_that_never_occurred_connects_nothing_and_is_no_tie():
    with pytest.raises(ValueError, match="item 2 never met the others"):
        fit([0, 1, 2], [1, 0, 0], counts=[1, 1, 0])
    with pytest.raises(ValueError, match="got 0 ties in 2; pass ties=False"):
        fit([0, 1, 0], [1, 0, 1], [1, 1, 0.5], ties=True, counts=[1, 1, 0])
    with pytest.raises(ValueError, match="no closed chain of items has more wins than ties"):
        fit([0, 0, 1, 0], [1, 2, 2, 1], [1, 0.5, 0.5, 0], ties=True, counts=[1, 1, 1, 0])


def test_the_effect_of_the_position_is_the_log_odds_of_the_first():
    result = fit([0, 0, 1, 1], [1, 1, 0, 0], [1, 0, 1, 0], counts=[14, 6, 14, 6], position=True)
    assert np.allclose(result.scores, 0, atol=1e-12) and np.isclose(result.position, np.log(14 / 6), rtol=1e-10)
    assert np.isclose(result.covariance[-1, -1], 1 / 28 + 1 / 12, rtol=1e-9)


def test_turning_all_comparisons_around_turns_the_effect_of_the_position_around():
    first, second, outcome, _ = comparisons(13, tie_log_nu=0.0, position=1.0)
    one = fit(first, second, outcome, ties=True, position=True)
    other = fit(second, first, 1 - outcome, ties=True, position=True)
    assert np.isclose(one.position, -other.position, rtol=1e-9) and one.position > 0.5
    assert np.allclose(one.scores, other.scores, atol=1e-9)


def test_half_wins_for_ties_equal_one_win_each_way_at_half_weight():
    first, second, outcome, _ = comparisons(4, tie_log_nu=0.0)
    pairs = (first, first), (second, second), (np.ceil(outcome), np.floor(outcome))
    twice = [np.concatenate(pair) for pair in pairs]
    assert np.allclose(fit(first, second, outcome).scores, fit(*twice).scores, atol=1e-10)


def test_turning_a_comparison_around_changes_nothing():
    first, second, outcome, _ = comparisons(5, tie_log_nu=0.0)
    for ties in (False, True):
        assert np.allclose(fit(first, second, outcome, ties=ties).scores,
                           fit(second, first, 1 - outcome, ties=ties).scores, atol=1e-10)


def test_a_cycle_and_nothing_but_ties_leave_all_items_equal():
    assert np.allclose(fit([0, 1, 2], [1, 2, 0]).scores, 0, atol=1e-12)
    assert np.allclose(fit([0, 1, 2], [1, 2, 0], [0.5] * 3).scores, 0, atol=1e-12)
    contradictory = fit([0, 1, 0, 1], [1, 0, 1, 0])
    assert np.allclose(contradictory.scores, 0, atol=1e-12)
    assert np.isclose(contradictory.log_likelihood / 4, -np.log(2), rtol=0, atol=1e-12)


def test_a_prior_keeps_separable_data_finite_and_shrinks_more_the_larger_it_is():
    spreads = [np.ptp(fit([0, 0, 1] * 1000, [1, 2, 2] * 1000, prior=prior).scores) for prior in (0.01, 0.1, 1.0, 10.0)]
    assert np.isfinite(spreads).all() and (np.diff(spreads) < 0).all()


@pytest.mark.parametrize("prior", [1e-3, 1e-6])
def test_ten_thousand_wins_and_no_loss_are_settled_by_a_weak_prior(prior):
    score = fit([0] * 10_000, [1] * 10_000, prior=prior).scores[0]
    assert np.isclose(10_000 * sigmoid(-2 * score), prior * score, rtol=1e-8)


@pytest.mark.parametrize("ties", [False, True])
def test_lopsided_data_where_a_full_newton_step_overshoots_are_fitted(ties):
    rng = np.random.default_rng(1)
    for _ in range(30):
        n = rng.integers(5, 9)
        first = rng.integers(n, size=25)
        second = (first + rng.integers(1, n, size=25)) % n
        repeats = rng.choice([1, 1, 100, 10_000], size=25)
        outcome = rng.choice([0.0, 0.5, 1.0, 1.0], size=25)
        result = fit(first, second, outcome, n_items=n, prior=1e-3, ties=ties, counts=repeats)
        gradient = gradient_at(result, first, second, outcome, n, ties, repeats)
        assert np.abs(gradient[:n] - 1e-3 * result.scores).max() < 1e-12 * repeats.sum()


def test_the_prior_alone_decides_about_an_item_nobody_met():
    result = fit([0, 1], [1, 0], n_items=4, prior=2.0)
    assert np.allclose(result.scores, 0, atol=1e-12)
    assert result.standard_errors[3] > result.standard_errors[0]


@pytest.mark.parametrize("first, second, n_items, sentence", [
    ([0, 1, 3, 3], [1, 0, 0, 1], 4, "item 2 never met the others"),
    ([0, 1, 3, 4, 3], [1, 0, 4, 3, 2], 5, "items 0, 1 never met the others"),
    ([0, 1, 2], [1, 0, 0], 3, "item 2 never lost to the others"),
    ([0, 1, 0], [1, 0, 2], 3, "item 2 never won against the others"),
    ([0, 1, 2, 3, 0], [1, 0, 3, 2, 2], 4, "items (0, 1 never lost to|2, 3 never won against) the others"),
    (range(1, 30), [0] * 29, 30, "item 0 never won against the others"),
])
def test_items_that_cannot_be_placed_are_named_and_the_message_says_what_to_do(first, second, n_items, sentence):
    with pytest.raises(ValueError, match=f"{sentence}; pass prior=0.1, or ask about them") as caught:
        fit(first, second, n_items=n_items)
    assert "\n" not in str(caught.value)
    assert np.isfinite(fit(first, second, n_items=n_items, prior=0.1).scores).all()


def test_ties_connect_items_as_wins_do():
    assert np.isfinite(fit([0, 1, 2], [1, 0, 0], [1, 1, 0.5]).scores).all()
    assert np.isfinite(fit([0, 1, 2, 1], [1, 0, 0, 2], [1, 1, 0.5, 1], ties=True).scores).all()


def test_ties_that_can_be_explained_ever_better_by_ever_larger_nu_are_refused():
    with pytest.raises(ValueError,
                       match="no closed chain of items has more wins than ties; pass prior=0.1 or ties=False"):
        # s = (a, -a, 0), nu = e^a explains all three as a grows
        fit([0, 0, 1], [1, 2, 2], [1, 0.5, 0.5], ties=True)
    assert np.isfinite(fit([0, 0, 1], [1, 2, 2], [1, 0.5, 0.5], ties=True, prior=0.1).tie_log_nu)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("first, second, outcome", [
    # once accepted, with scores of +-21.7 and standard errors 0
    ([0, 0], [1, 1], [1, 0.5]),
    ([0, 0, 1, 0], [1, 1, 2, 2], [0.5, 0.5, 0, 0.5]),               # once refused, after seven warnings
])
def test_ties_without_a_finite_fit_are_refused_in_one_error_and_without_a_warning(first, second, outcome):
    with pytest.raises(ValueError, match="comparisons: no finite scores") as caught:
        fit(first, second, outcome, ties=True)
    assert "\n" not in str(caught.value)


def nothing_loses_along_some_direction(first, second, outcome, n):
    """Is there a way to move scores and log nu for ever on which no outcome becomes less likely?

    Tries all small whole steps. Along (s, v) the log-likelihood of a win finally changes by d/2 - max(|d|/2, v),
    of a tie by v - max(|d|/2, v), where d = s_i - s_j.
    """
    winner, loser = np.where(outcome == 0, second, first), np.where(outcome == 0, first, second)
    for scores in np.indices((n,) * n).reshape(n, -1).T:
        difference = scores[winner] - scores[loser]
        for twice_v in (-1, 0, 1):
            slopes = np.where(outcome == 0.5, twice_v, difference) - np.maximum(abs(difference), twice_v)
            if (np.ptp(scores) or twice_v) and (slopes == 0).all():
                return True
    return False


@pytest.mark.filterwarnings("error")
def test_a_fit_with_ties_exists_where_each_direction_makes_some_outcome_unlikelier():
    rng, found = np.random.default_rng(8), {True: 0, False: 0}
    for _ in range(200):
        n, count = rng.integers(2, 5), rng.integers(2, 9)
        first = rng.integers(n, size=count)
        second = (first + rng.integers(1, n, size=count)) % n
        outcome = rng.choice([0.0, 0.5, 1.0], size=count)
        impossible = nothing_loses_along_some_direction(first, second, outcome, n)
        found[impossible] += 1
        if impossible:
            with pytest.raises(ValueError, match="pass (prior=0.1|ties=False)"):
                fit(first, second, outcome, n, ties=True)
            continue
        result = fit(first, second, outcome, n, ties=True)
        gradient = gradient_at(result, first, second, outcome, n, True)[:-1]
        assert np.abs(gradient).max() < 1e-7 and (result.standard_errors > 0).all()
    assert min(found.values()) > 50


@pytest.mark.filterwarnings("error")
def test_a_position_can_be_fitted_if_each_direction_makes_some_outcome_unlikelier():
    rng, found = np.random.default_rng(14), {True: 0, False: 0}
    for _ in range(60):
        n, count = rng.integers(2, 5), rng.integers(4, 14)
        first = rng.integers(n, size=count)
        second = (first + rng.integers(1, n, size=count)) % n
        outcome = rng.choice([0.0, 1.0, 0.5], p=[0.4, 0.4, 0.2], size=count)
        counts = rng.choice([1, 10_000], size=count)
        # along (s, h) no outcome becomes unlikelier if the preferred one never falls behind, and ties stay level
        scores = np.indices((n,) * n).reshape(n, -1)
        moves = scores[first] - scores[second] + np.arange(-1, 2)[:, None, None]             # (3 for h, C, directions)
        level = np.where(outcome[:, None] == 0.5, moves == 0, moves * (2 * outcome - 1)[:, None] >= 0).all(axis=1)
        level[1, np.ptp(scores, axis=0) == 0] = False                                       # no direction at all
        found[bool(level.any())] += 1
        if level.any():
            with pytest.raises(ValueError, match="comparisons: no .*prior") as caught:
                fit(first, second, outcome, n, counts=counts, position=True)
            assert "\n" not in str(caught.value)
            continue
        result = fit(first, second, outcome, n, counts=counts, position=True)
        gradient = gradient_at(result, first, second, outcome, n, False, counts)
        assert np.abs(np.delete(gradient, n)).max() < 1e-6 and (result.standard_errors > 0).all()
    assert min(found.values()) > 15


# ---- features

def test_a_feature_of_its_own_for_each_item_but_one_is_the_same_as_scores():
    first, second, outcome, _ = comparisons(15, tie_log_nu=0.0, position=0.4)
    scores = fit(first, second, outcome, ties=True, position=True)
    weights = fit_linear(np.eye(6)[:, 1:], first, second, outcome, ties=True, position=True)
    assert np.allclose(weights.weights, scores.scores[1:] - scores.scores[0], atol=1e-9)
    assert np.allclose(weights.standard_errors, [scores.contrast(k, 0)[1] for k in range(1, 6)], rtol=1e-7)
    assert np.isclose(weights.tie_log_nu, scores.tie_log_nu) and np.isclose(weights.position, scores.position)
    assert np.allclose(weights.covariance[-2:, -2:], scores.covariance[-2:, -2:], rtol=1e-6)
    assert np.isclose(weights.log_likelihood, scores.log_likelihood, rtol=1e-12)


def test_planted_weights_are_recovered_within_their_standard_errors_in_any_unit():
    rng, z = np.random.default_rng(16), []
    units = np.array([1.0, 1e-6, 1e6])
    for _ in range(40):
        features, weights = rng.normal(size=(800, 3)), rng.normal(size=3)   # 400 comparisons with features of their own
        first, second = np.arange(800).reshape(2, 400)
        outcome = rng.random(400) < sigmoid((features[first] - features[second]) @ weights)
        result = fit_linear(features * units, first, second, outcome)
        z.append((result.weights * units - weights) / (result.standard_errors * units))
    assert abs(np.mean(z)) < 4 / np.sqrt(np.size(z)) and 0.8 < np.std(z) < 1.2      # 120 values: +- 0.06 by chance
    in_small_units = fit_linear(1e9 * features * units, first, second, outcome)
    assert np.allclose(1e9 * in_small_units.weights, result.weights, rtol=1e-9)


def test_a_prior_on_weights_settles_what_comparisons_leave_open():
    for features in ([[1.0], [0.0]], [[1.0, 1.0], [0.0, 0.0]]):             # nobody ever contradicts; twins
        result = fit_linear(np.array(features), [0, 0], [1, 1], prior=0.5)
        width = len(features[0])
        assert np.allclose(2 * sigmoid(-result.weights.sum()), 0.5 * result.weights, rtol=1e-8)
        assert len(result.weights) == width and (result.standard_errors > 0).all()


@pytest.mark.parametrize("columns, effects, sentence", [
    ([0, 1, 2], {}, r"no outcome depends on some mix of parameters \[2\]; leave one out, or pass prior=0.1"),
    ([0, 1, 3], {}, r"no outcome depends on some mix of parameters \[0, 1, 2\]"),
    ([0, 4], dict(position=True), r"no outcome depends on some mix of parameters \[1, 2\]"),
    ([5], {}, "no finite scores fit best, they keep growing"),
])
def test_features_that_nothing_tells_apart_or_that_explain_all_are_refused(columns, effects, sentence):
    features = np.array([[1.0, 0, 7, 2, 0, 3], [0, 1, 7, -2, -1, 2], [2, 2, 7, 0, -2, 1], [0, 3, 7, -6, -3, 0]])
    first, second, outcome = [0, 1, 2, 0, 1], [1, 2, 3, 1, 2], [1, 1, 1, 0, 0]
    if columns == [5]:
        outcome = [1] * 5
    with pytest.raises(ValueError, match=f"comparisons: {sentence}") as caught:
        fit_linear(features[:, columns], first, second, outcome, **effects)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("features, sentence", [
    (np.zeros(3), "features: expected 2 dimensions .N, D., got shape .3,."),
    ([[np.nan], [0.0]], "features: expected finite numbers, got nan at index .0, 0."),
    (np.eye(2), "second: expected integers from 0 to 1, got 2 at index .1,."),
])
def test_what_are_no_features_of_the_items_is_refused_in_one_clear_line(features, sentence):
    with pytest.raises(ValueError, match=sentence) as caught:
        fit_linear(features, [0, 1], [1, 2])
    assert "\n" not in str(caught.value)


# ---- bad input


@pytest.mark.parametrize("arguments, sentence", [
    (dict(first=[0, 7], second=[1, 0], n_items=3), "first: expected integers from 0 to 2, got 7 at index .1,."),
    (dict(first=[0], second=[-1], n_items=3), "second: expected integers from 0 to 2, got -1 at index .0,."),
    (dict(first=[0.0], second=[1.0]), "first: expected integers"),
    (dict(first=["a"], second=["b"]), "first: expected integers"),
    (dict(first=[0, 1], second=[1, 1]), "got 1 against itself at index 1"),
    (dict(first=[], second=[]), "expected at least one"),
    (dict(first=[0], second=[1], outcome=[np.nan]),
     "outcome: expected 1 .first., 0 .second. or 0.5 .same., got nan at index 0"),
    (dict(first=[0, 0], second=[1, 1], outcome=[1, 0.7]), "got 0.7 at index 1"),
    (dict(first=[0], second=[1], outcome=[None]), "got None at index 0"),
    (dict(first=[0, 1], second=[1]), "second: expected .C. with C = 2"),
    (dict(first=[[0, 1]], second=[[1, 0]]), "first: expected 1 dimensions"),
    (dict(first=[0, 1], second=[1, 0], outcome=[1]), "outcome: expected .C. with C = 2"),
    (dict(first=[0, 1], second=[1, 0], n_items=2.5), "n_items: expected a whole number"),
    (dict(first=[0, 1], second=[1, 0], n_items=True), "n_items: expected a whole number"),
    (dict(first=[0], second=[10 ** 12]), "second: expected integers from 0 to 4999"),
    (dict(first=[0, 1], second=[1, 0], prior=-1), "prior: expected"),
    (dict(first=[0, 1], second=[1, 0], prior=np.nan), "prior: expected"),
    (dict(first=[0, 1], second=[1, 0], ties=True), "got 0 ties in 2; pass ties=False"),
    (dict(first=[0], second=[1], outcome=[0.5], ties=True), "got 1 ties in 1; pass ties=False"),
    (dict(first=[0, 1], second=[1, 0], counts=[1]), "counts: expected .C. with C = 2"),
    (dict(first=[0, 1], second=[1, 0], counts=[1, -2]), "counts: expected numbers >= 0, got -2"),
    (dict(first=[0, 1], second=[1, 0], counts=[1, np.nan]), "counts: expected finite numbers, got nan at index .1,."),
    (dict(first=[0, 1], second=[1, 0], counts=[0, 0]), "expected at least one"),
    (dict(first=[0, 1], second=[1, 0], position=True), "they keep growing; pass a prior .* or position=False"),
    (dict(first=[0, 1], second=[1, 0], position=True, prior=1.0), "they keep growing; pass .* or position=False"),
    (dict(first=[0, 1, 2], second=[1, 2, 0], outcome=[0.5] * 3, position=True, ties=True), "got 3 ties in 3"),
])
def test_bad_input_is_refused_in_one_clear_line(arguments, sentence):
    with pytest.raises(ValueError, match=sentence) as caught:
        fit(**arguments)
    assert "\n" not in str(caught.value)


def test_newton_and_hunters_minorise_maximise_loop_agree():
    first, second, outcome, _ = comparisons(6)
    points, games, _ = tables(first, second, outcome, 6)
    points = points + (games - points).T                                    # wherever it was shown
    games, worth = points + points.T, np.ones(6)
    for _ in range(2000):
        worth = points.sum(axis=1) / (games / (worth[:, None] + worth)).sum(axis=1)     # Hunter 2004, eq. 3
        worth /= worth.prod() ** (1 / 6)
    assert np.allclose(fit(first, second, outcome).scores, np.log(worth), atol=1e-8)


def test_a_hundred_items_that_almost_always_lose_to_the_next_are_fitted_exactly():
    below = np.arange(99)
    first = np.concatenate([np.repeat(below + 1, 1000), below])
    second = np.concatenate([np.repeat(below, 1000), below + 1])
    assert np.allclose(np.diff(fit(first, second).scores), np.log(1000), rtol=1e-8)


def test_choix_finds_the_same_scores():
    choix = pytest.importorskip("choix")
    first, second, outcome, _ = comparisons(7, n=30, count=5000)
    winners, losers = np.where(outcome == 1, first, second), np.where(outcome == 1, second, first)
    theirs = choix.ilsr_pairwise(30, list(zip(winners.tolist(), losers.tolist())))
    assert np.allclose(fit(first, second, outcome).scores, theirs - theirs.mean(), atol=1e-6)


# ---- published tables

# Baltimore, Boston, Cleveland, Detroit, Milwaukee, New York, Toronto: baseball games that the team of the row won, and
# lost, at home against that of the column. Agresti, Categorical Data Analysis (2002), p. 438; data and output as in the
# R package BradleyTerry2, data/baseball.csv and tests/baseball.Rout.save.
WON_AT_HOME = [[0, 1, 3, 1, 2, 2, 1], [6, 0, 5, 2, 5, 4, 3], [2, 4, 0, 3, 2, 4, 3], [4, 6, 6, 0, 3, 4, 4],
               [6, 6, 4, 4, 0, 4, 4], [6, 4, 4, 5, 3, 0, 2], [6, 4, 4, 4, 2, 2, 0]]
LOST_AT_HOME = [[0, 6, 4, 5, 5, 4, 6], [0, 0, 2, 5, 1, 2, 3], [4, 2, 0, 3, 5, 3, 4], [3, 0, 1, 0, 3, 3, 2],
                [0, 1, 2, 3, 0, 3, 2], [1, 3, 2, 1, 3, 0, 5], [0, 3, 2, 3, 5, 4, 0]]


@pytest.mark.parametrize("position, estimates, errors, effect, deviance", [
    (False, [1.1077, 0.6839, 1.4364, 1.5814, 1.2476, 1.2945], [0.3339, 0.3319, 0.3396, 0.3433, 0.3359, 0.3367],
     [0, 0], 44.053),
    (True, [1.1438, 0.7047, 1.4754, 1.6196, 1.2813, 1.3271], [0.3378, 0.3350, 0.3446, 0.3474, 0.3404, 0.3403],
     [0.3023, 0.1309], 38.643),
])
def test_agrestis_baseball_table_with_and_without_home_advantage(position, estimates, errors, effect, deviance):
    home, away = np.nonzero(~np.eye(7, dtype=bool))
    won, lost = (np.array(games)[home, away] for games in (WON_AT_HOME, LOST_AT_HOME))
    result = fit(np.tile(home, 2), np.tile(away, 2), np.repeat([1, 0], 42), counts=np.append(won, lost),
                 position=position)
    against_baltimore = [result.contrast(team, 0) for team in range(1, 7)]
    assert np.round(against_baltimore, 4).tolist() == np.stack([estimates, errors], axis=1).tolist()
    assert np.round([result.position, result.covariance[-1, -1]**0.5], 4).tolist() == effect
    shares = np.stack([won, lost]) / (won + lost)
    saturated = np.sum(np.stack([won, lost]) * np.log(np.where(shares > 0, shares, 1)))
    assert round(2 * (saturated - result.log_likelihood), 3) == deviance


def test_stiglers_3727_citations_among_four_journals():
    """Biometrika, Comm. Statist., JASA, JRSS-B; row cited by column.

    Stigler 1994, as in Agresti 2002, p. 448; data and coefficients as of BradleyTerry2, data/citations.txt, citeModel.
    """
    cited = np.array([[0, 730, 498, 221], [33, 0, 68, 17], [320, 813, 0, 142], [284, 276, 325, 0]])
    assert cited.sum() == 3727
    first, second = np.nonzero(cited)
    result = fit(first, second, counts=cited[first, second])
    assert [round(result.contrast(journal, 0)[0], 4) for journal in (1, 2, 3)] == [-2.9491, -0.4796, 0.2690]


def test_davidsons_table_of_six_puddings_with_ties():
    """Davidson 1970, example 2; data as printed by the R package hyper2 (robinhankin.github.io/hyper2/pudding.html),
    output as in the vignette of the R package PlackettLuce, whose iteration stops at 7, "not converged": of its printed
    digits only those of item 4 (0.1753) and the later ones of the worths are not yet those of the maximum.
    """
    pairs = np.array([[1, 2], [1, 3], [2, 3], [1, 4], [2, 4], [3, 4], [1, 5], [2, 5], [3, 5], [4, 5], [1, 6], [2, 6],
                      [3, 6], [4, 6], [5, 6]]) - 1
    first_won = [19, 16, 19, 18, 23, 19, 13, 16, 16, 17, 18, 22, 13, 14, 11]
    second_won = [22, 19, 19, 23, 19, 20, 19, 20, 15, 14, 21, 20, 18, 19, 21]
    same = [16, 12, 10, 13, 9, 15, 18, 12, 17, 16, 12, 12, 10, 18, 12]
    result = fit(*np.tile(pairs, (3, 1)).T, np.repeat([1, 0, 0.5], 15), ties=True, counts=first_won + second_won + same)
    estimates, errors = np.transpose([result.contrast(item, 0) for item in range(1, 6)])
    assert np.round(errors, 4).tolist() == [0.1872, 0.1935, 0.1882, 0.1927, 0.1924]
    assert np.round(estimates[[0, 1, 3, 4]], 4).tolist() == [0.2202, 0.1530, 0.1339, 0.3771]
    assert abs(estimates[2] - 0.1753) < 3e-4
    assert round(result.tie_log_nu, 4) == -0.2919 and round(result.covariance[-2, -2]**0.5, 6) == 0.082499
    assert np.round(result.standard_errors, 6).tolist() == [0.121949, 0.121818, 0.126823, 0.122003, 0.127054, 0.126594]
    assert round(-2 * result.log_likelihood, 1) == 1619.4
    worths = np.exp(result.scores) / np.exp(result.scores).sum()
    assert np.abs(worths - [0.1388005, 0.1729985, 0.1617420, 0.1653930, 0.1586805, 0.2023855]).max() < 3e-5
    assert abs(np.exp(result.tie_log_nu) - 0.7468147) < 3e-5
