"""Laws of the scores for plain items: Bradley-Terry, Davidson's ties, the prior, and when a finite answer exists."""
import numpy as np
import pytest

from tinyrlhf.numerics import sigmoid
from tinyrlhf.rewards.bradley_terry import derivatives, fit, joint_log_likelihood, probabilities, tally


def comparisons(seed, n=6, count=400, tie_log_nu=-np.inf):
    """Items, outcomes and the planted scores of random comparisons."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=n)
    scores -= scores.mean()
    first = rng.integers(n, size=count)
    second = (first + rng.integers(1, n, size=count)) % n
    win, tie = probabilities(scores[first] - scores[second], tie_log_nu)
    u = rng.random(count)
    return first, second, np.where(u < win, 1.0, np.where(u < win + tie, 0.5, 0.0)), scores


def test_a_constant_added_to_all_scores_changes_no_likelihood():
    first, second, outcome, scores = comparisons(0, tie_log_nu=0.3)
    points, n_ties = tally(first, second, outcome, 6)
    shifted = joint_log_likelihood(scores + 7, points, 0.3, n_ties)
    assert np.isclose(joint_log_likelihood(scores, points, 0.3, n_ties), shifted, rtol=1e-12)


@pytest.mark.parametrize("ties", [False, True])
def test_the_likelihood_is_the_sum_of_the_log_probabilities_of_what_was_said(ties):
    first, second, outcome, scores = comparisons(1, tie_log_nu=0.3)
    log_nu = 0.3 if ties else -np.inf
    points, n_ties = tally(first, second, outcome, 6)
    win, tie = probabilities(scores[first] - scores[second], log_nu)
    loss, _ = probabilities(scores[second] - scores[first], log_nu)
    assert np.allclose(win + tie + loss, 1)
    same = np.log(tie) if ties else (np.log(win) + np.log(loss)) / 2
    direct = np.where(outcome == 1, np.log(win), np.where(outcome == 0, np.log(loss), same)).sum()
    assert np.isclose(direct, joint_log_likelihood(scores, points, log_nu, n_ties * ties), rtol=1e-12)


def test_gradient_and_information_agree_with_central_differences():
    first, second, outcome, scores = comparisons(2, tie_log_nu=0.3)
    points, n_ties = tally(first, second, outcome, 6)
    gradient, information = derivatives(scores, points, 0.3, n_ties)
    for k, nudge in enumerate(np.eye(7) * 1e-5):
        values, slopes = zip(*[(joint_log_likelihood(scores + sign * nudge[:6], points, 0.3 + sign * nudge[6], n_ties),
                                derivatives(scores + sign * nudge[:6], points, 0.3 + sign * nudge[6], n_ties)[0])
                               for sign in (1, -1)])
        assert np.isclose(gradient[k], (values[0] - values[1]) / 2e-5, rtol=1e-6, atol=1e-5)
        assert np.allclose(-information[k], (slopes[0] - slopes[1]) / 2e-5, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("prior", [0.0, 0.5])
def test_the_gradient_of_the_objective_vanishes_at_the_fit_and_the_scores_have_mean_zero(ties, prior):
    first, second, outcome, _ = comparisons(3, tie_log_nu=0.3)
    result = fit(first, second, outcome, prior=prior, ties=ties)
    points, n_ties = tally(first, second, outcome, 6)
    gradient, _ = derivatives(result.scores, points, result.tie_log_nu, n_ties * ties)
    assert np.abs(gradient[:6] - prior * result.scores).max() < 1e-8
    assert not ties or abs(gradient[6]) < 1e-8
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


def test_without_ties_the_chance_is_the_sigmoid_of_the_difference_of_any_size():
    differences = np.array([-1e4, -800.0, -3.0, 0.0, 0.5, 800.0, 1e4])
    assert np.allclose(probabilities(differences)[0], sigmoid(differences), rtol=1e-12, atol=0)


@pytest.mark.parametrize("tie_log_nu", [-np.inf, 0.3])
def test_planted_scores_are_recovered_within_their_standard_errors(tie_log_nu):
    z = []
    for seed in range(40):
        first, second, outcome, scores = comparisons(100 + seed, count=1500, tie_log_nu=tie_log_nu)
        result = fit(first, second, outcome, ties=np.isfinite(tie_log_nu))
        z.append((result.scores - scores) / result.standard_errors)
    assert abs(np.mean(z)) < 1e-9 + 4 / np.sqrt(np.size(z))
    assert 0.8 < np.std(z) < 1.2                                    # 240 values, 200 of them free: +- 0.05 by chance


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
        first, second, outcome = (np.repeat(x, repeats) for x in (first, second, outcome))
        result = fit(first, second, outcome, n_items=n, prior=1e-3, ties=ties)
        points, n_ties = tally(first, second, outcome, n)
        gradient, _ = derivatives(result.scores, points, result.tie_log_nu, n_ties * ties)
        assert np.abs(gradient[:n] - 1e-3 * result.scores).max() < 1e-12 * points.sum()


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
        gradient, _ = derivatives(result.scores, *tally(first, second, outcome, n)[:1], result.tie_log_nu,
                                  np.sum(outcome == 0.5))
        assert np.abs(gradient).max() < 1e-7 and (result.standard_errors > 0).all()
    assert min(found.values()) > 50


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
])
def test_bad_input_is_refused_in_one_clear_line(arguments, sentence):
    with pytest.raises(ValueError, match=sentence) as caught:
        fit(**arguments)
    assert "\n" not in str(caught.value)


def test_newton_and_hunters_minorise_maximise_loop_agree():
    first, second, outcome, _ = comparisons(6)
    points, _ = tally(first, second, outcome, 6)
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
