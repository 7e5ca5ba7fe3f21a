"""Do reward models follow the gradient of the choice likelihood, recover a planted taste, and learn only from what was said?"""
from dataclasses import replace

import numpy as np
import pytest

from tinyrlhf.checks import check_gradient
from tinyrlhf.episodes import Episodes, clip, rollout
from tinyrlhf.feedback.records import CANT_TELL, FIRST, SAME, SECOND, SKIP, Rankings, join_comparisons, join_rankings
from tinyrlhf.games.cartpole import CartPole
from tinyrlhf.games.gridworld import Gridworld
from tinyrlhf.humans.simulated import Boltzmann
from tinyrlhf.nn.networks import MLP, Table
from tinyrlhf.numerics import log_sigmoid, sigmoid
from tinyrlhf.policies import Policy
from tinyrlhf.questions import random_pairs, show
from tinyrlhf.rewards.choice import choice_loss, preference_loss
from tinyrlhf.rewards.reward_models import Ensemble, OutcomeReward, StepReward, carefully, evenly, lowest

TASTE = np.array([1.0, -0.5, 0.0])


def clips(n, rng, T=6, equal=True):
    """n clips of random features; the taste is linear in them."""
    observations, lengths = rng.normal(size=(n, T + 1, 3)), np.full(n, T) if equal else rng.integers(1, T + 1, size=n)
    mask = np.arange(T) < lengths[:, None]
    return Episodes(observations, observations, np.zeros((n, T), int), np.zeros((n, T)), mask, np.zeros(n, bool),
                    np.zeros(n, int), np.where(mask, observations[:, 1:] @ TASTE, 0.0))


def answered(n, rng, human=Boltzmann(rationality=1.0), **settings):
    questions = show(clips(n, rng, **settings), clips(n, rng, **settings), rng)
    return questions.answered(human.compare(None, questions.first, questions.second, rng))


def each_step(episodes):
    return episodes.next_observations


def whole_episode(episodes):
    return episodes.next_observations.sum(axis=1)


def linear(kind=StepReward, seed=0, sizes=(3, 1), features=None, dtype=np.float64, **settings):
    network = MLP(sizes, np.random.default_rng(seed), dtype=dtype)
    return kind(network, features or {StepReward: each_step, OutcomeReward: whole_episode}[kind], **settings)


KINDS = [StepReward, OutcomeReward]
kinds = pytest.mark.parametrize("kind", KINDS)


# ---- the likelihood

@pytest.mark.parametrize("shape", [(1, 2), (7, 2), (5, 4)], ids=str)
@pytest.mark.parametrize("weighted", [False, True])
def test_the_derivative_of_the_choice_loss_agrees_with_central_differences(shape, weighted):
    rng = np.random.default_rng(shape[0])
    scores, shares = 2 * rng.normal(size=shape), rng.dirichlet(np.ones(shape[1]), size=shape[0])
    weights = rng.poisson(1.0, shape[0]) + 0.5 if weighted else None
    check_gradient(lambda: choice_loss(scores, shares, weights)[0], {"scores": scores},
                   {"scores": choice_loss(scores, shares, weights)[1]}, rng)


@pytest.mark.parametrize("weighted", [False, True])
def test_the_derivative_of_the_preference_loss_agrees_with_central_differences(weighted):
    rng = np.random.default_rng(0)
    first, second, labels = rng.normal(size=9), rng.normal(size=9), rng.choice([0, 0.5, 1, 0.3], size=9)
    weights = 1.0 * rng.poisson(1.0, 9) + np.eye(9)[0] if weighted else None
    _, d_first, d_second = preference_loss(first, second, labels, weights)
    check_gradient(lambda: preference_loss(first, second, labels, weights)[0], {"first": first, "second": second},
                   {"first": d_first, "second": d_second}, rng)


def test_the_preference_loss_is_bradley_terry_also_where_nobody_doubts():
    first, second = np.array([2.0, 2.0, 1.0, 1e4]), np.array([1.0, 1.0, 1.0, -1e4])
    for label, expected in ((1.0, -log_sigmoid(first - second)), (0.0, -log_sigmoid(second - first))):
        for row in range(4):
            loss, d_first, d_second = preference_loss(first[[row]], second[[row]], np.array([label]))
            assert np.isclose(loss, expected[row], rtol=1e-12, atol=0)
            assert np.isclose(d_first[0], sigmoid(first - second)[row] - label, atol=1e-12) and d_second[0] == -d_first[0]


def test_a_weight_counts_like_a_repetition_and_only_the_ratio_of_weights_matters():
    rng = np.random.default_rng(1)
    first, second, labels, weights = rng.normal(size=6), rng.normal(size=6), 1.0 * rng.integers(2, size=6), np.array([1, 0, 2, 3, 1, 0])
    again = np.repeat(np.arange(6), weights)
    loss, d_first, _ = preference_loss(first, second, labels, weights)
    repeated, d_repeated, _ = preference_loss(first[again], second[again], labels[again])
    assert np.isclose(loss, repeated, rtol=1e-12) and np.allclose(d_first, np.bincount(again, d_repeated, 6), rtol=1e-12)
    assert np.isclose(preference_loss(first, second, labels, 7.0 * weights)[0], loss, rtol=1e-12)


def test_a_bootstrap_that_leaves_a_batch_empty_teaches_nothing():
    loss, d_first, d_second = preference_loss(np.ones(3), np.zeros(3), np.ones(3), np.zeros(3))
    assert loss == 0 and not d_first.any() and not d_second.any()


def test_bradley_terry_ignores_a_constant_added_to_all_scores():
    rng = np.random.default_rng(2)
    first, second, labels = rng.normal(size=9), rng.normal(size=9), rng.choice([0, 0.5, 1], size=9)
    for one, other in zip(preference_loss(first, second, labels), preference_loss(first + 3, second + 3, labels)):
        assert np.allclose(one, other, atol=1e-14)
    scores = rng.normal(size=(9, 4))
    assert np.allclose(choice_loss(scores, np.eye(4)[rng.integers(4, size=9)])[1].sum(axis=1), 0, atol=1e-15)


# ---- the two kinds of reward

@kinds
@pytest.mark.parametrize("equal", [True, False])
def test_the_derivative_of_the_scores_agrees_with_central_differences(kind, equal):
    rng = np.random.default_rng(3)
    model, episodes = linear(kind, sizes=(3, 5, 1)), clips(8, rng, equal=equal)
    weights = rng.normal(size=8)
    _, cache = model.forward(episodes)
    grads = model.backward(cache, np.repeat(weights[:, None], 6, axis=1))
    check_gradient(lambda: float(weights @ model.scores(episodes)), model.network.params, grads, rng)


@kinds
def test_the_derivative_of_each_reward_agrees_with_central_differences(kind):
    rng = np.random.default_rng(4)
    model, episodes = linear(kind, sizes=(3, 5, 1)), clips(8, rng, equal=False)
    weights = rng.normal(size=(8, 6))                                  # also where there is no reward: it must not count
    check_gradient(lambda: float((weights * model.forward(episodes)[0]).sum()), model.network.params,
                   model.backward(model.forward(episodes)[1], weights), rng)


def test_a_step_is_rewarded_by_its_own_features_and_padding_by_nothing():
    rng = np.random.default_rng(5)
    model, episodes = linear(), clips(8, rng, equal=False)
    model.network.params["bias_0"][...] = 10
    rewards = model.rewards(episodes)
    assert np.allclose(rewards[episodes.mask], (episodes.next_observations @ model.network.params["weight_0"] + 10)[episodes.mask, 0])
    assert not rewards[~episodes.mask].any() and not model.forward(episodes)[0][~episodes.mask].any()
    assert np.allclose(model.scores(episodes), rewards.sum(axis=1))


def test_the_reward_of_an_outcome_falls_on_the_last_step():
    rng = np.random.default_rng(6)
    model, episodes = linear(OutcomeReward), clips(8, rng, equal=False)
    rewards, last = model.rewards(episodes), episodes.lengths - 1
    assert np.allclose(rewards[np.arange(8), last], whole_episode(episodes) @ model.network.params["weight_0"][:, 0])
    assert np.count_nonzero(rewards) == 8 and np.allclose(model.scores(episodes), rewards.sum(axis=1))


def test_a_constant_per_step_is_invisible_between_clips_of_equal_length_and_only_there():
    model, rng = linear(prior=0.0, fit_steps=1), np.random.default_rng(7)
    for equal in (True, False):
        comparisons = answered(20, rng, equal=equal)
        before = model.scores(comparisons.first) - model.scores(comparisons.second)
        model.network.params["bias_0"] += 5
        after = model.scores(comparisons.first) - model.scores(comparisons.second)
        assert np.allclose(before, after) == equal
        bias = model.network.params["bias_0"].copy()
        model.fit(comparisons, rng)
        assert np.allclose(model.network.params["bias_0"], bias, atol=1e-6) == equal


# ---- fitting

def held_out(model, comparisons, human):
    """Accuracy of a model on fresh pairs against the taste's answers, and what a model that knows the taste would reach."""
    p = human.preference(comparisons.first, comparisons.second)
    wins = model.scores(comparisons.first) > model.scores(comparisons.second)
    return np.where(wins, p, 1 - p).mean(), np.maximum(p, 1 - p).mean()


@kinds
def test_a_planted_linear_taste_is_recovered_with_its_scale_up_to_the_noise_ceiling(kind):
    rng, human = np.random.default_rng(8), Boltzmann(rationality=1.0)
    model = linear(kind, learning_rate=0.05, prior=1.0, fit_steps=300)
    loss = model.fit(answered(1500, rng), rng)
    reached, ceiling = held_out(model, answered(3000, rng), human)
    assert reached > ceiling - 0.01
    assert np.allclose(model.network.params["weight_0"][:, 0], TASTE, atol=0.15)
    assert 0.2 < loss < np.log(2)


def test_the_fit_explains_the_answers_at_least_as_well_as_the_truth_does():
    rng = np.random.default_rng(9)
    model, comparisons = linear(learning_rate=0.05, prior=0.0, fit_steps=400), answered(400, rng)
    truth = comparisons.first.true_returns - comparisons.second.true_returns
    assert model.fit(comparisons, rng) <= preference_loss(truth, 0 * truth, comparisons.labels)[0]


def test_cells_that_a_person_minds_are_found_from_walks_of_different_length():
    rng, human, game = np.random.default_rng(10), Boltzmann(rationality=4.0), Gridworld(horizon=15)
    walks = rollout(game, Policy(Table(game.n_states, 4)), game.start(800, rng), rng)

    def ask(n):
        questions = random_pairs(walks, n, rng)
        return questions.answered(human.compare(game, questions.first, questions.second, rng))

    model = StepReward(Table(game.n_states, 1), each_step, learning_rate=0.1, prior=0.5, fit_steps=150)
    model.fit(ask(1500), rng)
    reached, ceiling = held_out(model, ask(3000), human)
    assert reached > ceiling - 0.02
    cells, symbols = model.network.params["table"][:, 0], game.map.ravel()
    assert cells[symbols == "G"] > np.max(cells[symbols == "."]) > np.mean(cells[symbols == "."]) > np.max(cells[symbols == "^"])


def test_coin_flips_teach_no_taste():
    rng, n = np.random.default_rng(11), 2000
    comparisons = answered(n, rng, Boltzmann(rationality=0.0))
    model = linear(learning_rate=0.05, prior=0.0, fit_steps=200)
    assert model.fit(comparisons, rng) > np.log(2) - 0.005
    sigma = np.sqrt(4 / n / 12)                                        # the information of n pairs: n p (1 - p) times variance 2 T
    assert (np.abs(model.network.params["weight_0"]) < 5 * sigma).all()


@pytest.mark.parametrize("prior, copies", [(1.0, 1), (1.0, 50), (0.1, 50)])
def test_the_prior_keeps_separable_answers_finite_at_the_point_where_it_balances_the_likelihood(prior, copies):
    rng = np.random.default_rng(12)
    observations = np.zeros((2, 2, 1))
    observations[1, 1] = 2.0                                           # second - first = -2, and always the second is liked
    pair = Episodes(observations, observations, np.zeros((2, 1), int), np.zeros((2, 1)), np.ones((2, 1), bool), np.zeros(2, bool),
                    np.zeros(2, int), np.zeros((2, 1)))
    comparisons = show(pair[np.zeros(copies, int)], pair[np.ones(copies, int)], rng).answered([SECOND] * copies)
    model = linear(sizes=(1, 1), learning_rate=0.1, prior=prior, fit_steps=1500)
    model.fit(comparisons, rng)
    weight = float(model.network.params["weight_0"][0, 0])
    assert np.isclose(2 * copies * sigmoid(-2 * weight), prior * weight, rtol=1e-2)


def test_same_is_learned_as_half_and_half():
    rng = np.random.default_rng(13)
    comparisons = answered(50, rng)
    same = show(comparisons.first, comparisons.second, rng).answered([SAME] * 50)
    model = linear(learning_rate=0.05, prior=0.0, fit_steps=400)
    assert np.isclose(model.fit(same, rng), np.log(2), atol=1e-4)
    assert np.allclose(model.network.params["weight_0"], 0, atol=0.01)


def without_judgement(comparisons, rows):
    answers = comparisons.answers.copy()
    answers[rows] = np.where(np.arange(len(answers))[rows] % 2, SKIP, CANT_TELL)
    return replace(comparisons, answers=answers)


@kinds
def test_cant_tell_and_skip_are_not_trained_on(kind):
    comparisons = answered(60, np.random.default_rng(14))
    silent = np.arange(60) % 3 == 0
    models = [linear(kind, fit_steps=20) for _ in range(2)]
    weights = np.arange(60) % 5
    models[0].fit(without_judgement(comparisons, silent), np.random.default_rng(0), weights)
    models[1].fit(comparisons[~silent], np.random.default_rng(0), weights[~silent])
    assert np.array_equal(models[0].network.params.vector, models[1].network.params.vector)


@kinds
def test_without_a_single_judgement_there_is_nothing_to_fit(kind):
    comparisons = without_judgement(answered(4, np.random.default_rng(15)), slice(None))
    with pytest.raises(ValueError, match="expected at least one answer that prefers or says same, got 4 without"):
        linear(kind).fit(comparisons, np.random.default_rng(0))


def test_batches_find_what_all_answers_together_find():
    comparisons = answered(1000, np.random.default_rng(16))
    models = [linear(learning_rate=0.02, fit_steps=500, prior=5.0, batch=batch) for batch in (None, 1000, 100)]
    for model in models:
        model.fit(comparisons, np.random.default_rng(0))
    vectors = [model.network.params.vector for model in models]
    assert np.array_equal(vectors[0], vectors[1]) and np.allclose(vectors[0], vectors[2], atol=0.15)


def test_a_fit_goes_on_from_the_last_one():
    comparisons = answered(200, np.random.default_rng(17))
    models = [linear(fit_steps=steps) for steps in (30, 15)]
    models[0].fit(comparisons, None)
    models[1].fit(comparisons, None)
    models[1].fit(comparisons, None)
    assert np.array_equal(models[0].network.params.vector, models[1].network.params.vector)


# ---- rankings

def rankings_of(n, k, rng, human=Boltzmann(rationality=1.0), **settings):
    episodes = clips(n * k, rng, **settings)
    return Rankings(episodes, human.rank(None, episodes, k, rng), np.full(n, "simulated"))


def assert_equal_opinions(models, episodes):
    """The same scores, but for a constant that no answer can tell, so that rounding moves it."""
    scores = [model.scores(episodes) - model.scores(episodes).mean() for model in models]
    assert np.allclose(*scores, atol=1e-7) and scores[0].std() > 0.1


@kinds
@pytest.mark.parametrize("batch", [None, 10])
def test_a_fit_to_rankings_of_two_is_the_fit_to_those_comparisons(kind, batch):
    rankings = rankings_of(30, 2, np.random.default_rng(30), equal=False)
    models = [linear(kind, sizes=(3, 4, 1), fit_steps=25, batch=batch) for _ in range(2)]
    weights = np.random.default_rng(1).poisson(1.0, 30)
    losses = [model.fit(answers, np.random.default_rng(0), weights) for model, answers in zip(models, (rankings, rankings.comparisons()))]
    assert np.isclose(*losses, rtol=1e-7)
    assert_equal_opinions(models, rankings.episodes)


@kinds
def test_a_fit_to_rankings_is_the_fit_to_all_their_pairs(kind):
    rankings = rankings_of(12, 4, np.random.default_rng(31), equal=False)
    models = [linear(kind, sizes=(3, 4, 1), fit_steps=25) for _ in range(2)]
    weights = np.random.default_rng(1).poisson(1.0, 12)
    losses = [models[0].fit(rankings, None, weights), models[1].fit(rankings.comparisons(), None, np.repeat(weights, 6))]
    assert np.isclose(*losses, rtol=1e-7)
    assert_equal_opinions(models, rankings.episodes)


@kinds
def test_one_step_on_rankings_goes_down_the_gradient_of_the_loss_of_all_pairs(kind):
    rng, seen = np.random.default_rng(32), []
    rankings = rankings_of(7, 4, rng, equal=False)
    model = linear(kind, sizes=(3, 5, 1), fit_steps=1, prior=2.0)
    weights, pairs = rng.poisson(1.0, 7) + 0.5, rankings.comparisons()
    before = model.network.params.vector.copy()
    model.optimizer.step = lambda grads: seen.append(grads)
    model.fit(rankings, rng, weights)
    assert np.array_equal(model.network.params.vector, before) and len(seen) == 1

    def loss():
        """Mean over the pairs, and the prior in units of it."""
        likelihood = preference_loss(model.scores(pairs.first), model.scores(pairs.second), pairs.labels, np.repeat(weights, 6))[0]
        return likelihood + 0.5 * 2.0 / len(pairs) * float(model.network.params.vector @ model.network.params.vector)

    check_gradient(loss, model.network.params, seen[0], rng)


def test_each_ranked_answer_goes_through_the_network_once_in_a_step():
    model, rows = linear(OutcomeReward, fit_steps=3, batch=5), []
    forward = model.network.forward
    model.network.forward = lambda inputs: (rows.append(len(inputs)), forward(inputs))[1]
    model.fit(rankings_of(20, 4, np.random.default_rng(33)), np.random.default_rng(0))
    assert rows == [5 * 4] * 3                                         # not 5 * 6 pairs with two sides each


def test_a_planted_taste_is_recovered_from_rankings_too():
    rng = np.random.default_rng(34)
    model = linear(learning_rate=0.05, prior=1.0, fit_steps=200)
    model.fit(rankings_of(400, 4, rng), rng)
    assert np.allclose(model.network.params["weight_0"][:, 0], TASTE, atol=0.15)
    reached, ceiling = held_out(model, answered(2000, rng), Boltzmann(rationality=1.0))
    assert reached > ceiling - 0.02


# ---- normalisation

@kinds
@pytest.mark.parametrize("equal", [True, False])
def test_normalised_rewards_have_standard_deviation_one_and_the_sign_they_had(kind, equal):
    rng = np.random.default_rng(18)
    model, episodes = linear(kind), clips(200, rng, equal=equal)
    model.network.params.vector[:] = 7 * rng.normal(size=4)
    raw = model.forward(episodes)[0]
    model.normalize(episodes)
    assert np.isclose(model.rewards(episodes).sum(axis=1).std(), 1, rtol=1e-9)
    assert np.array_equal(np.sign(model.rewards(episodes)), np.sign(raw))


def test_centred_rewards_have_mean_zero_and_standard_deviation_one_over_the_played_steps():
    rng = np.random.default_rng(19)
    model, episodes = linear(centred=True), clips(200, rng, equal=False)
    model.network.params.vector[:] = 3 + rng.normal(size=4)
    model.normalize(episodes)
    rewards = model.rewards(episodes)
    assert np.isclose(rewards[episodes.mask].mean(), 0, atol=1e-12) and np.isclose(rewards[episodes.mask].std(), 1, rtol=1e-9)
    assert not rewards[~episodes.mask].any()


def test_rewards_are_limited_in_standard_deviations_then_spread():
    rng = np.random.default_rng(20)
    episodes, models = clips(200, rng), [linear(centred=True, spread=spread, limit=limit) for spread, limit in ((1, np.inf), (0.1, 2))]
    for model in models:
        model.normalize(episodes)
    assert np.allclose(models[1].rewards(episodes), 0.1 * np.clip(models[0].rewards(episodes), -2, 2), atol=1e-12)
    assert np.isclose(models[1].rewards(episodes).max(), 0.2)


def test_a_model_without_any_preference_gives_finite_rewards():
    model, episodes = StepReward(MLP((3, 1), np.random.default_rng(21), head_gain=0.0), each_step), clips(5, np.random.default_rng(21))
    model.normalize(episodes)
    assert not model.rewards(episodes).any()


# ---- ensembles

def ensemble(size=3, kind=StepReward, **settings):
    return Ensemble([linear(kind, seed, **settings) for seed in range(size)])


def test_each_answer_keeps_the_weights_that_were_drawn_when_it_came():
    rng = np.random.default_rng(22)
    comparisons, model = answered(500, rng), ensemble(20, fit_steps=1)
    model.fit(comparisons[:100], rng)
    early = model.weights.copy()
    model.fit(comparisons, rng)
    assert early.shape == (20, 100) and np.array_equal(model.weights[:, :100], early) and model.weights.shape == (20, 500)
    model.fit(comparisons, rng)
    assert model.weights.shape == (20, 500)
    weights, n = model.weights, 20 * 500                               # Poisson(1): mean 1, variance 1, fourth central moment 4
    assert np.array_equal(weights, np.round(weights)) and weights.min() == 0
    assert abs(weights.mean() - 1) < 5 / np.sqrt(n) and abs(weights.var() - 1) < 5 * np.sqrt(3 / n)
    assert np.allclose(np.corrcoef(weights)[~np.eye(20, dtype=bool)], 0, atol=5 / np.sqrt(500))      # each member has its own


def test_without_a_bootstrap_each_member_sees_every_answer_once():
    rng = np.random.default_rng(29)
    comparisons, together, alone = answered(60, rng), ensemble(fit_steps=20), ensemble(fit_steps=20)
    together.bootstrap = False
    together.fit(comparisons[:40], rng)
    together.fit(comparisons, rng)
    assert together.weights.shape == (3, 60)
    for one, other in zip(together.members, alone.members):
        other.fit(comparisons[:40], rng)
        other.fit(comparisons, rng)
        assert np.array_equal(one.network.params.vector, other.network.params.vector)


def test_each_member_is_fitted_with_its_own_weights_also_where_answers_are_missing():
    rng = np.random.default_rng(23)
    comparisons = without_judgement(answered(60, rng), np.arange(60) % 4 == 0)
    together, alone = ensemble(fit_steps=20), ensemble(fit_steps=20)
    together.fit(comparisons, rng)
    for member, weights in zip(alone.members, together.weights):
        member.fit(comparisons, rng, weights)
    for one, other in zip(together.members, alone.members):
        assert np.array_equal(one.network.params.vector, other.network.params.vector)


def test_an_ensemble_gives_the_mean_of_rewards_that_each_member_normalised():
    rng = np.random.default_rng(24)
    model, episodes = ensemble(centred=True), clips(100, rng, equal=False)
    for scale, member in zip((1, 10, 100), model.members):
        member.network.params.vector *= scale                          # whoever speaks louder must not count more
    model.normalize(episodes)
    for member in model.members:
        assert np.isclose(member.rewards(episodes)[episodes.mask].std(), 1, rtol=1e-9)
    assert np.allclose(model.rewards(episodes), sum(member.rewards(episodes) for member in model.members) / 3, atol=1e-12)
    assert model.member_scores(episodes).shape == (3, 100)
    assert np.allclose(model.scores(episodes), model.member_scores(episodes).mean(axis=0), atol=1e-12)


WEIGHS = {"evenly": (evenly, lambda scores: scores.mean(axis=0)), "lowest": (lowest, lambda scores: scores.min(axis=0)),
          "carefully": (carefully(1.5), lambda scores: scores.mean(axis=0) - 1.5 * scores.std(axis=0)),
          "without a care": (carefully(0.0), lambda scores: scores.mean(axis=0))}
weighs = pytest.mark.parametrize("weigh, expected", WEIGHS.values(), ids=WEIGHS)


@weighs
@pytest.mark.parametrize("members", [1, 2, 5])
def test_the_weighted_sum_of_scores_is_mean_minimum_or_mean_minus_k_standard_deviations(weigh, expected, members):
    scores = 3 * np.random.default_rng(40).normal(size=(members, 50))
    weights = weigh(scores)
    assert weights.shape == scores.shape and np.allclose(weights.sum(axis=0), 1)
    assert np.allclose((weights * scores).sum(axis=0), expected(scores), atol=1e-12)
    alike = np.ones((members, 1)) * scores[:1]
    assert np.allclose((weigh(alike) * alike).sum(axis=0), scores[0], rtol=0.01)       # nothing to disagree about but rounding


def mixed(weigh=None, **settings):
    """An outcome reward and two step rewards as one."""
    return Ensemble([linear(OutcomeReward, 0, **settings), linear(StepReward, 1, **settings),
                     linear(StepReward, 2, sizes=(3, 4, 1), **settings)], weigh)


@weighs
def test_members_of_different_kinds_are_weighed_by_their_sums_and_every_step_keeps_its_share(weigh, expected):
    rng = np.random.default_rng(41)
    model, episodes = mixed(weigh), clips(60, rng, equal=False)
    each = np.stack([member.rewards(episodes).sum(axis=1) for member in model.members])
    assert np.allclose(model.rewards(episodes).sum(axis=1), expected(each), atol=1e-12)             # before normalize nothing is typical
    model.normalize(episodes)
    tables = np.stack([member.rewards(episodes) for member in model.members])
    away = tables.sum(axis=2) - tables.sum(axis=2).mean(axis=1, keepdims=True)
    rewards, last = model.rewards(episodes), np.arange(episodes.mask.shape[1]) == episodes.lengths[:, None] - 1
    assert np.allclose(np.where(last, 0, rewards - np.einsum("mb,mbt->bt", weigh(away), tables)), 0, atol=1e-12)
    assert np.allclose(rewards.sum(axis=1), expected(away) + model.typical.mean(), atol=1e-12)
    assert not model.rewards(episodes)[~episodes.mask].any()
    assert np.allclose(model.scores(episodes), model.member_scores(episodes).mean(axis=0), atol=1e-12)


def test_whose_level_is_low_is_not_the_sternest_for_that():
    rng = np.random.default_rng(42)
    episodes = clips(200, rng)
    for weigh in (evenly, lowest):
        model = mixed(weigh)
        model.normalize(episodes)
        before = model.rewards(episodes).sum(axis=1)
        low = model.members[1]
        low.network.params["bias_0"] -= 50 / low.scale / 6             # now it gives every clip of six steps 50 less
        sternest = low.rewards(episodes).sum(axis=1) - model.typical[1] + model.typical.mean()
        assert np.allclose(model.rewards(episodes).sum(axis=1), before - 50 / 3 if weigh is evenly else sternest)
        model.normalize(episodes)                                      # what is typical of it is measured again
        assert np.allclose(model.rewards(episodes).sum(axis=1), before - 50 / 3)            # a constant, which teaches nothing


@weighs
def test_an_ensemble_of_any_care_learns_from_rankings_and_keeps_what_is_typical(weigh, expected):
    rng = np.random.default_rng(43)
    rankings, more = rankings_of(10, 4, rng), rankings_of(5, 4, rng)
    model, loaded = mixed(weigh, fit_steps=5), mixed(weigh, fit_steps=5)
    model.fit(rankings, rng)
    model.normalize(rankings.episodes)
    assert model.weights.shape == (3, 10) and model.typical.shape == (3, 1)
    loaded.load(model.state())
    assert np.array_equal(loaded.rewards(more.episodes), model.rewards(more.episodes))
    for each in (model, loaded):
        each.fit(join_rankings([rankings, more]), np.random.default_rng(0))
    assert model.weights.shape == (3, 15) and np.array_equal(loaded.rewards(more.episodes), model.rewards(more.episodes))


@pytest.mark.parametrize("build", [lambda: linear(batch=16, fit_steps=7, sizes=(3, 4, 1), dtype=np.float32),
                                   lambda: linear(OutcomeReward, fit_steps=7),
                                   lambda: ensemble(12, batch=16, fit_steps=7, centred=True, dtype=np.float32)],
                         ids=["step", "outcome", "ensemble"])
def test_a_loaded_model_goes_on_to_the_same_bytes(build):
    rng = np.random.default_rng(25)
    comparisons, more = answered(40, rng), answered(30, rng)
    model, loaded = build(), build()
    model.fit(comparisons, rng)
    model.normalize(comparisons.both())
    state, expected = model.state(), model.rewards(more.both())
    luck = rng.bit_generator.state
    model.fit(join_comparisons([comparisons, more]), rng)              # what is saved must not move with it
    model.normalize(more.both())
    loaded.load(state)
    assert np.array_equal(loaded.rewards(more.both()), expected)
    rng.bit_generator.state = luck
    loaded.fit(join_comparisons([comparisons, more]), rng)
    loaded.normalize(more.both())
    assert np.array_equal(loaded.rewards(more.both()), model.rewards(more.both()))
    assert all(np.array_equal(value, model.state()[key]) for key, value in loaded.state().items())


def test_clips_cut_from_episodes_are_scored_by_their_own_steps():
    rng = np.random.default_rng(26)
    model, episodes = linear(), clips(10, rng, equal=False)
    parts = [model.scores(clip(episodes, np.full(10, first), 2)) for first in (0, 2, 4)]
    assert np.allclose(sum(parts), model.scores(episodes), atol=1e-12)
    assert np.array_equal(np.sign(parts[2]) == 0, episodes.lengths <= 4)


def test_only_what_a_person_said_enters_a_fit():
    comparisons = answered(40, np.random.default_rng(27))
    hidden = replace(comparisons, first=comparisons.first.blindfolded(), second=comparisons.second.blindfolded())
    models = [linear(fit_steps=10) for _ in range(2)]
    for model, given in zip(models, (comparisons, hidden)):
        model.fit(given, None)
    assert np.array_equal(models[0].network.params.vector, models[1].network.params.vector)
    assert set(comparisons.answers.tolist()) == {FIRST, SECOND}


def test_observations_that_are_not_numbers_are_refused_before_anything_is_learned():
    rng = np.random.default_rng(8)
    game = CartPole(frozen=True)
    episodes = rollout(game, Policy(MLP((4, 8, 2), rng)), game.start(6, rng), rng, steps_at_most=5)
    model = StepReward(MLP((4, 8, 1), rng), lambda episodes: episodes.next_observations)
    asked = random_pairs(episodes, 4, rng).answered(["first"] * 4)
    asked.first.observations[0, 2, 1] = np.nan
    before = model.network.params.vector.copy()
    with pytest.raises(ValueError, match="features: expected finite numbers, got nan"):
        model.fit(asked, rng)
    assert np.array_equal(before, model.network.params.vector)
