"""Do reward models follow the gradient of the likelihood, recover a planted reward, learn only from what was said?"""
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tinyrlhf.conformance import check_gradient
from tinyrlhf.episodes import Episodes, clip, rollout
from tinyrlhf.feedback.answers import CANT_TELL, FIRST, KINDS, OTHER_READINGS, SAME, SECOND, SKIP, join_answers
from tinyrlhf.games.cartpole import CartPole
from tinyrlhf.games.gridworld import Gridworld
from tinyrlhf.humans.simulated import Boltzmann
from tinyrlhf.nn.networks import MLP, Table
from tinyrlhf.numerics import sigmoid
from tinyrlhf.policies import Policy
from tinyrlhf.questions import random_pairs, shown
from tinyrlhf.rewards.choice import choices_loss
from tinyrlhf.rewards.habits import Habits
from tinyrlhf.rewards.reward_models import Ensemble, OutcomeReward, StepReward, mean, mean_minus_std, worst_case

sys.path.insert(0, str(Path(__file__).parent))
from oracles import blindfolded  # noqa: E402
from planted import SHOWN, clips, one_of_each, pairs_of, questions_of  # noqa: E402

# the planted true reward of a step is linear in its features
TRUE = np.array([1.0, -0.5, 0.0])


def said_of(kind, n, rng, person=None, **settings):
    """n answers of a kind about random clips."""
    person = person or Boltzmann(rationality=1.0)
    return person.answer(None, questions_of(kind, clips(n * SHOWN[kind], rng, **settings)), rng)


def answered(n, rng, person=None, **settings):
    return said_of("preference", n, rng, person, **settings)


def sides(answers):
    """First and second of each preference."""
    return [answers.episodes[answers.shows[:, side]] for side in (0, 1)]


def loss_of(answers, scores, counts=None, readings=None):
    """The mean loss of all answers, of the scores (E,) of their episodes."""
    rows, blocks = answers.choices(np.arange(len(answers)), readings)
    return choices_loss(blocks, scores[rows], None, counts)[0]


def each_step(episodes):
    return episodes.next_observations


def whole_episode(episodes):
    return episodes.next_observations.sum(axis=1)


def linear(kind=StepReward, seed=0, sizes=(3, 1), features=None, dtype=np.float64, **settings):
    network = MLP(sizes, np.random.default_rng(seed), dtype=dtype)
    return kind(network, features or {StepReward: each_step, OutcomeReward: whole_episode}[kind], **settings)


kinds = pytest.mark.parametrize("kind", [StepReward, OutcomeReward])


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
    # also where there is no reward: it must not count
    weights = rng.normal(size=(8, 6))
    check_gradient(lambda: float((weights * model.forward(episodes)[0]).sum()), model.network.params,
                   model.backward(model.forward(episodes)[1], weights), rng)


def test_a_step_is_rewarded_by_its_own_features_and_padding_by_nothing():
    rng = np.random.default_rng(5)
    model, episodes = linear(), clips(8, rng, equal=False)
    model.network.params["bias_0"][...] = 10
    rewards = model.rewards(episodes)
    assert np.allclose(rewards[episodes.mask],
                       (episodes.next_observations @ model.network.params["weight_0"] + 10)[episodes.mask, 0])
    assert not rewards[~episodes.mask].any() and not model.forward(episodes)[0][~episodes.mask].any()
    assert np.allclose(model.scores(episodes), rewards.sum(axis=1))


def test_the_reward_of_an_outcome_falls_on_the_last_step():
    rng = np.random.default_rng(6)
    model, episodes = linear(OutcomeReward), clips(8, rng, equal=False)
    rewards, last = model.rewards(episodes), episodes.lengths - 1
    assert np.allclose(rewards[np.arange(8), last], whole_episode(episodes) @ model.network.params["weight_0"][:, 0])
    assert np.count_nonzero(rewards) == 8 and np.allclose(model.scores(episodes), rewards.sum(axis=1))


def test_the_score_of_an_outcome_is_a_float64_whatever_the_network():
    episodes = clips(8, np.random.default_rng(6))
    for kind in (StepReward, OutcomeReward):
        model = linear(kind, dtype=np.float32)
        model.network.params["bias_0"][...] = 0.1
        assert model.scores(episodes).dtype == model.rewards(episodes).dtype == np.float64
    large = linear(OutcomeReward, dtype=np.float32)
    large.normalize(episodes)
    # a level that float32 cannot hold beside the differences
    large.mean = 1e9
    assert len(np.unique(large.rewards(episodes)[:, -1])) == 8


def test_a_constant_per_step_is_invisible_between_clips_of_equal_length_and_only_there():
    model, rng = linear(prior=0.0, fit_steps=1), np.random.default_rng(7)
    for equal in (True, False):
        answers = answered(20, rng, equal=equal)
        before = np.subtract(*map(model.scores, sides(answers)))
        model.network.params["bias_0"] += 5
        assert np.allclose(before, np.subtract(*map(model.scores, sides(answers)))) == equal
        bias = model.network.params["bias_0"].copy()
        model.fit(answers, rng)
        assert np.allclose(model.network.params["bias_0"], bias, atol=1e-6) == equal


# ---- fitting

def held_out(model, answers, person):
    """Accuracy of a model on fresh pairs against a person's answers, and what the true reward would reach."""
    first, second = sides(answers)
    p = person.preference(first, second)
    return np.where(model.scores(first) > model.scores(second), p, 1 - p).mean(), np.maximum(p, 1 - p).mean()


@kinds
def test_a_planted_linear_reward_is_recovered_with_its_scale_up_to_the_noise_ceiling(kind):
    rng, person = np.random.default_rng(8), Boltzmann(rationality=1.0)
    model = linear(kind, learning_rate=0.05, prior=1.0, fit_steps=150)
    loss = model.fit(answered(800, rng), rng)
    reached, ceiling = held_out(model, answered(2000, rng, person), person)
    assert reached > ceiling - 0.01
    assert np.allclose(model.network.params["weight_0"][:, 0], TRUE, atol=0.15)
    assert 0.2 < loss < np.log(2)


@pytest.mark.slow
def test_a_planted_reward_orders_and_predicts_on_twenty_seeds():
    person, ratios, expected, came = Boltzmann(rationality=1.0), [], [], []
    for seed in range(400, 420):
        rng, model = np.random.default_rng(seed), linear(learning_rate=0.05, prior=1.0, fit_steps=150)
        model.fit(answered(800, rng, person), rng)
        fresh = answered(2000, rng, person)
        ratios.append(np.divide(*held_out(model, fresh, person)))
        first, second = map(model.scores, sides(fresh))
        expected.append(sigmoid(first - second))
        came.append(fresh.said[:, 0] == 0)
    assert np.mean(ratios) >= 0.95 and min(ratios) >= 0.9
    bins = (10 * np.concatenate(expected)).astype(int)
    for which in range(10):
        gap = np.concatenate(expected)[bins == which].mean() - np.concatenate(came)[bins == which].mean()
        assert abs(gap) < 0.05, which


@pytest.mark.parametrize("kind, readings", [
    ("ranking", None), ("ranking", OTHER_READINGS),
    *(pytest.param(kind, None, marks=pytest.mark.slow) for kind in ("rating", "thumb", "stop", "comment", "credit"))])
def test_the_true_reward_is_recovered_from_each_kind_of_answer(kind, readings):
    rng = np.random.default_rng(34)
    model = linear(learning_rate=0.05, prior=1.0, fit_steps=120, readings=readings)
    model.fit(said_of(kind, {"ranking": 150, "thumb": 800, "rating": 500, "credit": 800}.get(kind, 300), rng), rng)
    assert np.allclose(model.network.params["weight_0"][:, 0], TRUE, atol=0.2)


@pytest.mark.parametrize("kind", ["demonstration", "correction"])
def test_the_true_reward_is_recovered_from_what_people_pick_though_somebody_else_acted(kind):
    rng = np.random.default_rng(35)
    questions = questions_of(kind, clips(400 * SHOWN[kind], rng))
    returns = questions.episodes.true_returns[questions.shows]
    said = (returns + rng.gumbel(size=returns.shape)).argmax(axis=1)
    model = linear(learning_rate=0.05, prior=1.0, fit_steps=120)
    model.fit(questions.answered(said), rng)
    assert np.allclose(model.network.params["weight_0"][:, 0], TRUE, atol=0.2)


@pytest.mark.slow
def test_what_each_kind_says_adds_up_in_one_model():
    rng = np.random.default_rng(36)
    parts = [said_of(kind, 100, rng) for kind in ("preference", "ranking", "rating", "thumb", "stop", "comment",
                                                  "credit")]
    model = linear(learning_rate=0.05, prior=1.0, fit_steps=120, habits=Habits(deviation_prior=1.0))
    model.fit(join_answers(parts), rng)
    assert np.allclose(model.network.params["weight_0"][:, 0], TRUE, atol=0.15)
    assert len(model.habits.sessions) == 1 and model.habits.vector.any()


def test_the_fit_explains_the_answers_at_least_as_well_as_the_truth_does():
    rng = np.random.default_rng(9)
    model, answers = linear(learning_rate=0.05, prior=0.0, fit_steps=400), answered(400, rng)
    assert model.fit(answers, rng) <= loss_of(answers, answers.episodes.true_returns)


@pytest.mark.slow
def test_cells_that_a_person_minds_are_found_from_walks_of_different_length():
    rng, person, game = np.random.default_rng(10), Boltzmann(rationality=4.0), Gridworld(horizon=15)
    walks = rollout(game, Policy(Table(game.n_states, 4)), game.start(800, rng), rng)

    def ask(n):
        return person.answer(game, shown("preference", walks, np.stack(random_pairs(len(walks), n, rng), axis=1)), rng)

    model = StepReward(Table(game.n_states, 1), each_step, learning_rate=0.1, prior=0.5, fit_steps=150)
    model.fit(ask(1500), rng)
    reached, ceiling = held_out(model, ask(3000), person)
    assert reached > ceiling - 0.02
    cells, symbols = model.network.params["table"][:, 0], game.map.ravel()
    floor = cells[symbols == "."]
    assert cells[symbols == "G"] > np.max(floor) > np.mean(floor) > np.max(cells[symbols == "^"])


def test_coin_flips_teach_nothing():
    rng, n = np.random.default_rng(11), 800
    comparisons = answered(n, rng, Boltzmann(rationality=0.0))
    model = linear(learning_rate=0.05, prior=0.0, fit_steps=100)
    assert model.fit(comparisons, rng) > np.log(2) - 0.01
    # the information of n pairs: n p (1 - p) times variance 2 T
    sigma = np.sqrt(4 / n / 12)
    assert (np.abs(model.network.params["weight_0"]) < 5 * sigma).all()


@pytest.mark.parametrize("prior, copies", [(1.0, 1), (1.0, 50), (0.1, 50)])
def test_the_prior_keeps_separable_answers_finite_where_it_balances_the_likelihood(prior, copies):
    observations = np.zeros((2, 2, 1))
    # second - first = -2, and always the second is liked
    observations[1, 1] = 2.0
    pair = Episodes(observations, observations, np.zeros((2, 1), int), np.zeros((2, 1)), np.ones((2, 1), bool),
                    np.zeros(2, bool),
                    np.zeros(2, int), np.zeros((2, 1)))
    answers = shown("preference", pair, np.tile([0, 1], (copies, 1))).answered(np.full(copies, SECOND))
    model = linear(sizes=(1, 1), learning_rate=0.1, prior=prior, fit_steps=500)
    model.fit(answers, None)
    weight = float(model.network.params["weight_0"][0, 0])
    assert np.isclose(2 * copies * sigmoid(-2 * weight), prior * weight, rtol=1e-2)


def test_same_is_learned_as_half_and_half():
    rng = np.random.default_rng(13)
    same = pairs_of(clips(50, rng), clips(50, rng)).answered(np.full(50, SAME))
    model = linear(learning_rate=0.05, prior=0.0, fit_steps=400)
    assert np.isclose(model.fit(same, rng), np.log(2), atol=1e-4)
    assert np.allclose(model.network.params["weight_0"], 0, atol=0.01)


def test_how_readily_people_call_two_the_same_is_learned_where_same_is_an_option():
    rng, n = np.random.default_rng(14), 800
    questions = pairs_of(clips(n, rng), clips(n, rng))
    returns = questions.episodes.true_returns[questions.shows]
    worth = np.column_stack([returns, returns.mean(axis=1) + 1.0])
    answers = questions.answered((worth + rng.gumbel(size=worth.shape)).argmax(axis=1))
    model = linear(learning_rate=0.05, prior=1.0, fit_steps=150, readings=OTHER_READINGS)
    model.fit(answers, rng)
    rows, [block] = answers.choices(np.arange(n), OTHER_READINGS)
    assert np.isclose(model.habits.of(block)[1][0, SAME], 1.0, atol=0.2)
    assert np.allclose(model.network.params["weight_0"][:, 0], TRUE, atol=0.15)


def silenced(answers, rows):
    """The same, but of these rows some cannot be told and some are skipped."""
    said = answers.said.copy()
    said[rows] = np.where(np.arange(len(said))[rows] % 2, SKIP, CANT_TELL)[:, None]
    return replace(answers, said=said)


@kinds
@pytest.mark.parametrize("batch", [None, 20])
def test_cant_tell_and_skip_are_not_trained_on(kind, batch):
    answers = answered(60, np.random.default_rng(14))
    silent = np.arange(60) % 3 == 0
    models = [linear(kind, fit_steps=20, batch=batch) for _ in range(2)]
    counts = np.arange(60) % 5
    models[0].fit(silenced(answers, silent), np.random.default_rng(0), counts)
    models[1].fit(answers[~silent], np.random.default_rng(0), counts[~silent])
    assert np.array_equal(models[0].network.params.vector, models[1].network.params.vector)


@kinds
def test_without_a_single_judgement_nothing_is_learned_and_nothing_fails(kind):
    answers, model = silenced(answered(4, np.random.default_rng(15)), slice(None)), linear(kind)
    before = model.state()
    assert np.isnan(model.fit(answers, np.random.default_rng(0)))
    assert all(np.array_equal(value, before[name]) for name, value in model.state().items())
    together = Ensemble([linear(kind), linear(kind, 1)])
    assert np.isnan(together.fit(answers, np.random.default_rng(0))) and together.counts.shape == (2, 4)


@pytest.mark.slow
def test_batches_find_what_all_answers_together_find():
    comparisons = answered(500, np.random.default_rng(16))
    models = [linear(learning_rate=0.04, fit_steps=200, prior=5.0, batch=batch) for batch in (None, 500, 100)]
    for model in models:
        model.fit(comparisons, np.random.default_rng(0))
    vectors = [model.network.params.vector for model in models]
    assert np.array_equal(vectors[0], vectors[1]) and np.allclose(vectors[0], vectors[2], atol=0.15)


def test_a_fit_looks_only_at_episodes_of_its_batches_however_many_answers_there_are():
    seen = []
    model = linear(batch=4, fit_steps=5, features=lambda episodes: seen.append(len(episodes)) or each_step(episodes))
    for n in (30, 300, 3000):
        model.fit(answered(n, np.random.default_rng(18)), np.random.default_rng(0))
    assert len(seen) == 3 and max(seen) <= 2 * 5 * 4 * SHOWN["preference"]


def test_a_fit_goes_on_from_the_last_one():
    comparisons = answered(200, np.random.default_rng(17))
    models = [linear(fit_steps=steps) for steps in (30, 15)]
    models[0].fit(comparisons, None)
    models[1].fit(comparisons, None)
    models[1].fit(comparisons, None)
    assert np.array_equal(models[0].network.params.vector, models[1].network.params.vector)


# ---- one step of a fit

@kinds
@pytest.mark.parametrize("readings", [None, OTHER_READINGS], ids=["by default", "otherwise"])
def test_one_step_on_answers_of_all_kinds_goes_down_the_gradient_of_their_loss_and_prior(kind, readings):
    rng, seen = np.random.default_rng(32), []
    answers = one_of_each(rng, 3, make=lambda n, rng: clips(n, rng, equal=False))
    habits = Habits(deviation_prior=2.0, fit_rationality=True)
    model = linear(kind, sizes=(3, 5, 1), fit_steps=1, prior=2.0, readings=readings, habits=habits)
    habits.meet(answers)
    habits.vector += 0.3 * rng.normal(size=len(habits.vector))
    counts, before = rng.poisson(1.0, len(answers)) + 0.5, habits.vector.copy()
    model.optimizer.step = habits.optimizer.step = lambda grads: seen.append(grads)
    model.fit(answers, rng, counts)
    rows, blocks = answers.choices(np.arange(len(answers)), readings)
    n_choices = sum(len(block.answer) for block in blocks)

    def loss():
        return (choices_loss(blocks, model.scores(answers.episodes)[rows], habits, counts)[0]
                + 0.5 * 2.0 / n_choices * float(model.network.params.vector @ model.network.params.vector))

    assert np.array_equal(habits.vector, before)
    check_gradient(loss, model.network.params, seen[0], rng)


def test_a_fit_to_rankings_of_two_is_the_fit_to_those_preferences():
    rng = np.random.default_rng(30)
    pairs = answered(30, rng, equal=False)
    orders = np.where(pairs.said[:, :1] == FIRST, [[0, 1]], [[1, 0]])
    rankings = replace(pairs, kind=np.full(30, "ranking"), said=orders)
    models = [linear(sizes=(3, 4, 1), fit_steps=25, batch=10) for _ in range(2)]
    counts = rng.poisson(1.0, 30)
    losses = [model.fit(answers, np.random.default_rng(0), counts) for model, answers in zip(models, (rankings, pairs))]
    assert np.isclose(*losses, rtol=1e-7)
    scores = [model.scores(pairs.episodes) - model.scores(pairs.episodes).mean() for model in models]
    assert np.allclose(*scores, atol=1e-7) and scores[0].std() > 0.1   # but for a constant that no answer can tell


@pytest.mark.parametrize("kind", KINDS)
def test_each_episode_that_is_shown_goes_through_the_network_once_in_a_step(kind):
    model, rows = linear(OutcomeReward, fit_steps=3, batch=5), []
    forward = model.network.forward
    model.network.forward = lambda inputs: (rows.append(len(inputs)), forward(inputs))[1]
    model.fit(one_of_each(np.random.default_rng(33), 20, kinds=[kind]), np.random.default_rng(0))
    # whatever is made of them: 6 pairs of a ranking, for instance
    assert rows == [5 * SHOWN[kind]] * 3


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
    assert np.isclose(rewards[episodes.mask].mean(), 0, atol=1e-12)
    assert np.isclose(rewards[episodes.mask].std(), 1, rtol=1e-9)
    assert not rewards[~episodes.mask].any()


def test_rewards_are_limited_in_standard_deviations_then_scaled():
    rng = np.random.default_rng(20)
    episodes, models = clips(200, rng), [linear(centred=True, target_std=std, limit=limit) for std,
                                         limit in ((1, np.inf), (0.1, 2))]
    for model in models:
        model.normalize(episodes)
    assert np.allclose(models[1].rewards(episodes), 0.1 * np.clip(models[0].rewards(episodes), -2, 2), atol=1e-12)
    assert np.isclose(models[1].rewards(episodes).max(), 0.2)


@kinds
@pytest.mark.parametrize("centred", [False, True])
def test_where_all_episodes_are_alike_the_scale_is_1_until_some_differ(kind, centred):
    model, episodes = linear(kind, centred=centred), clips(5, np.random.default_rng(21))
    alike = episodes[np.zeros(6, int)]
    alike.observations[:] = 1.0
    assert model.normalize(alike) is not True and not model.normalize(alike) and model.scale == 1.0
    assert np.allclose(model.rewards(alike)[:, -1], 0 if centred else model.forward(alike)[0][:, -1])
    assert not model.normalize(episodes[:0]) and model.scale == 1.0 and model.mean == 0.0
    assert model.normalize(episodes) and model.scale != 1.0
    values = model.rewards(episodes)[model.rewarded(episodes)] if centred else model.rewards(episodes).sum(axis=1)
    assert np.isclose(values.std(), 1, rtol=1e-9)


def test_a_single_episode_sets_no_scale_but_may_set_a_level():
    model, episode = linear(), clips(1, np.random.default_rng(22))
    assert not model.normalize(episode) and model.scale == 1.0
    assert np.isclose(model.rewards(episode).sum(), model.scores(episode)[0])


def test_a_model_without_any_preference_gives_finite_rewards():
    rng = np.random.default_rng(21)
    model, episodes = StepReward(MLP((3, 1), rng, head_gain=0.0), each_step), clips(5, rng)
    assert not model.normalize(episodes) and not model.rewards(episodes).any()


# ---- ensembles

def ensemble(size=3, kind=StepReward, **settings):
    return Ensemble([linear(kind, seed, **settings) for seed in range(size)])


def test_each_answer_keeps_the_counts_that_were_drawn_when_it_came():
    rng = np.random.default_rng(22)
    comparisons, model = answered(500, rng), ensemble(20, fit_steps=1)
    model.fit(comparisons[:100], rng)
    early = model.counts.copy()
    model.fit(comparisons, rng)
    assert early.shape == (20, 100) and np.array_equal(model.counts[:, :100], early) and model.counts.shape == (20, 500)
    model.fit(comparisons, rng)
    assert model.counts.shape == (20, 500)
    # Poisson(1): mean 1, variance 1, fourth central moment 4
    weights, n = model.counts, 20 * 500
    assert np.array_equal(weights, np.round(weights)) and weights.min() == 0
    assert abs(weights.mean() - 1) < 5 / np.sqrt(n) and abs(weights.var() - 1) < 5 * np.sqrt(3 / n)
    # each member has its own
    assert np.allclose(np.corrcoef(weights)[~np.eye(20, dtype=bool)], 0, atol=5 / np.sqrt(500))


def test_without_a_bootstrap_each_member_sees_every_answer_once():
    rng = np.random.default_rng(29)
    comparisons, together, alone = answered(60, rng), ensemble(fit_steps=20), ensemble(fit_steps=20)
    together.bootstrap = False
    together.fit(comparisons[:40], rng)
    together.fit(comparisons, rng)
    assert together.counts.shape == (3, 60)
    for one, other in zip(together.members, alone.members):
        other.fit(comparisons[:40], rng)
        other.fit(comparisons, rng)
        assert np.array_equal(one.network.params.vector, other.network.params.vector)


def test_each_member_is_fitted_with_its_own_counts_also_where_answers_are_missing():
    rng = np.random.default_rng(23)
    comparisons = silenced(answered(60, rng), np.arange(60) % 4 == 0)
    together, alone = ensemble(fit_steps=20), ensemble(fit_steps=20)
    together.fit(comparisons, rng)
    for member, weights in zip(alone.members, together.counts):
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
    assert np.allclose(model.rewards(episodes), sum(member.rewards(episodes) for member in model.members) / 3,
                       atol=1e-12)
    assert model.member_scores(episodes).shape == (3, 100)
    assert np.allclose(model.scores(episodes), model.member_scores(episodes).mean(axis=0), atol=1e-12)


WEIGHS = {"mean": (mean, lambda scores: scores.mean(axis=0)),
          "worst case": (worst_case, lambda scores: scores.min(axis=0)),
          "mean minus std": (mean_minus_std(1.5), lambda scores: scores.mean(axis=0) - 1.5 * scores.std(axis=0)),
          "minus no std": (mean_minus_std(0.0), lambda scores: scores.mean(axis=0))}
weighs = pytest.mark.parametrize("weigh, expected", WEIGHS.values(), ids=WEIGHS)


@weighs
@pytest.mark.parametrize("members", [1, 2, 5])
def test_the_weighted_sum_of_scores_is_mean_minimum_or_mean_minus_k_standard_deviations(weigh, expected, members):
    scores = 3 * np.random.default_rng(40).normal(size=(members, 50))
    weights = weigh(scores)
    assert weights.shape == scores.shape and np.allclose(weights.sum(axis=0), 1)
    assert np.allclose((weights * scores).sum(axis=0), expected(scores), atol=1e-12)
    alike = np.ones((members, 1)) * scores[:1]
    # nothing to disagree about but rounding
    assert np.allclose((weigh(alike) * alike).sum(axis=0), scores[0], rtol=0.01)


def mixed(weigh=None, **settings):
    """An outcome reward and two step rewards as one."""
    return Ensemble([linear(OutcomeReward, 0, **settings), linear(StepReward, 1, **settings),
                     linear(StepReward, 2, sizes=(3, 4, 1), **settings)], weigh)


@weighs
def test_different_members_are_weighed_by_their_sums_and_every_step_keeps_its_share(weigh, expected):
    rng = np.random.default_rng(41)
    model, episodes = mixed(weigh), clips(60, rng, equal=False)
    each = np.stack([member.rewards(episodes).sum(axis=1) for member in model.members])
    # before normalize nothing is typical
    assert np.allclose(model.rewards(episodes).sum(axis=1), expected(each), atol=1e-12)
    model.normalize(episodes)
    tables = np.stack([member.rewards(episodes) for member in model.members])
    away = tables.sum(axis=2) - tables.sum(axis=2).mean(axis=1, keepdims=True)
    rewards, last = model.rewards(episodes), np.arange(episodes.mask.shape[1]) == episodes.lengths[:, None] - 1
    assert np.allclose(np.where(last, 0, rewards - np.einsum("mb,mbt->bt", weigh(away), tables)), 0, atol=1e-12)
    assert np.allclose(rewards.sum(axis=1), expected(away) + model.typical.mean(), atol=1e-12)
    assert not model.rewards(episodes)[~episodes.mask].any()
    assert np.allclose(model.scores(episodes), model.member_scores(episodes).mean(axis=0), atol=1e-12)


def test_whose_level_is_low_is_not_the_worst_case_for_that():
    rng = np.random.default_rng(42)
    episodes = clips(200, rng)
    for weigh in (mean, worst_case):
        model = mixed(weigh)
        model.normalize(episodes)
        before = model.rewards(episodes).sum(axis=1)
        low = model.members[1]
        low.network.params["bias_0"] -= 50 / low.scale / 6             # now it gives every clip of six steps 50 less
        worst = low.rewards(episodes).sum(axis=1) - model.typical[1] + model.typical.mean()
        assert np.allclose(model.rewards(episodes).sum(axis=1), before - 50 / 3 if weigh is mean else worst)
        model.normalize(episodes)                                      # what is typical of it is measured again
        # a constant, which teaches nothing
        assert np.allclose(model.rewards(episodes).sum(axis=1), before - 50 / 3)


@weighs
def test_an_ensemble_however_weighed_learns_from_rankings_and_keeps_what_is_typical(weigh, expected):
    rng = np.random.default_rng(43)
    rankings, more = said_of("ranking", 10, rng), said_of("ranking", 5, rng)
    model, loaded = mixed(weigh, fit_steps=5), mixed(weigh, fit_steps=5)
    model.fit(rankings, rng)
    model.normalize(rankings.episodes)
    assert model.counts.shape == (3, 10) and model.typical.shape == (3, 1)
    loaded.load(model.state())
    assert np.array_equal(loaded.rewards(more.episodes), model.rewards(more.episodes))
    for each in (model, loaded):
        each.fit(join_answers([rankings, more]), np.random.default_rng(0))
    assert model.counts.shape == (3, 15) and np.array_equal(loaded.rewards(more.episodes), model.rewards(more.episodes))


@pytest.mark.parametrize("build", [lambda: linear(batch=16, fit_steps=7, sizes=(3, 4, 1), dtype=np.float32),
                                   lambda: linear(OutcomeReward, fit_steps=7),
                                   lambda: ensemble(12, batch=16, fit_steps=7, centred=True, dtype=np.float32)],
                         ids=["step", "outcome", "ensemble"])
def test_a_loaded_model_goes_on_to_the_same_bytes(build):
    rng = np.random.default_rng(25)
    comparisons, more = answered(40, rng), answered(30, rng)
    model, loaded = build(), build()
    model.fit(comparisons, rng)
    model.normalize(comparisons.episodes)
    state, expected = model.state(), model.rewards(more.episodes)
    luck = rng.bit_generator.state
    model.fit(join_answers([comparisons, more]), rng)              # what is saved must not move with it
    model.normalize(more.episodes)
    loaded.load(state)
    assert np.array_equal(loaded.rewards(more.episodes), expected)
    rng.bit_generator.state = luck
    loaded.fit(join_answers([comparisons, more]), rng)
    loaded.normalize(more.episodes)
    assert np.array_equal(loaded.rewards(more.episodes), model.rewards(more.episodes))
    assert all(np.array_equal(value, model.state()[key]) for key, value in loaded.state().items())


def test_clips_cut_from_episodes_are_scored_by_their_own_steps():
    rng = np.random.default_rng(26)
    model, episodes = linear(), clips(10, rng, equal=False)
    parts = [model.scores(clip(episodes, np.full(10, first), 2)) for first in (0, 2, 4)]
    assert np.allclose(sum(parts), model.scores(episodes), atol=1e-12)
    assert np.array_equal(np.sign(parts[2]) == 0, episodes.lengths <= 4)


def test_only_what_a_person_said_enters_a_fit():
    comparisons = answered(40, np.random.default_rng(27))
    hidden = replace(comparisons, episodes=blindfolded(comparisons.episodes))
    models = [linear(fit_steps=10) for _ in range(2)]
    for model, given in zip(models, (comparisons, hidden)):
        model.fit(given, None)
    assert np.array_equal(models[0].network.params.vector, models[1].network.params.vector)
    assert set(comparisons.said[:, 0].tolist()) == {FIRST, SECOND}


def test_observations_that_are_not_numbers_are_refused_before_anything_is_learned():
    rng = np.random.default_rng(8)
    game = CartPole(frozen=True)
    episodes = rollout(game, Policy(MLP((4, 8, 2), rng)), game.start(6, rng), rng, steps_at_most=5)
    model = StepReward(MLP((4, 8, 1), rng), lambda episodes: episodes.next_observations)
    asked = shown("preference", episodes, np.stack(random_pairs(6, 4, rng), axis=1)).answered(np.full(4, FIRST))
    asked.episodes.observations[asked.shows[0, 0], 2, 1] = np.nan
    before = model.network.params.vector.copy()
    with pytest.raises(ValueError, match="features: expected finite numbers, got nan"):
        model.fit(asked, rng)
    assert np.array_equal(before, model.network.params.vector)
