"""Are the particles a posterior: the one that can be computed on a grid, however its answers come?"""
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tinyrlhf.feedback.answers import KINDS, OTHER_READINGS, join_answers
from tinyrlhf.humans.simulated import Boltzmann
from tinyrlhf.nn.networks import Table
from tinyrlhf.numerics import softmax
from tinyrlhf.rewards.choice import choices_loss, log_likelihoods
from tinyrlhf.rewards.habits import Habits
from tinyrlhf.rewards.posterior import Particles, effective_size
from tinyrlhf.rewards.reward_models import StepReward

sys.path.insert(0, str(Path(__file__).parent))
from planted import clips, one_of_each, questions_of  # noqa: E402

GRID = np.stack(np.meshgrid(*[np.linspace(-4, 4, 65)] * 2), axis=-1).reshape(-1, 2)


def two_features(episodes):
    return np.where(episodes.mask[..., None], episodes.observations[:, 1:, :2], 0.0).sum(axis=1)


def particles(rng, **settings):
    return Particles(two_features, 2, rng, **{"M": 1000, **settings})


def on_the_grid(answers, prior=1.0, habits=None, readings=None):
    """The posterior's weights on GRID, by the plain formula."""
    rows, blocks = answers.choices(np.arange(len(answers)), readings)
    scores = GRID @ two_features(answers.episodes)[rows].T
    return softmax(log_likelihoods(blocks, scores, habits) - prior / 2 * (GRID ** 2).sum(axis=1))


def distance(belief, answers, **settings):
    """The largest error in mean and covariance, in standard deviations of the posterior on the grid."""
    exact = on_the_grid(answers, **settings)
    mean = exact @ GRID
    unit = np.sqrt(exact @ (GRID - mean) ** 2)
    covariances = []
    for vectors, weights in ((GRID, exact), (belief.vectors, belief.weights)):
        away = (vectors - weights @ vectors) / unit
        covariances.append((weights * away.T) @ away)
    return max(np.abs((belief.mean - mean) / unit).max(), np.abs(np.subtract(*covariances)).max())


def some_answers(n, rng, kind="preference", size=2):
    questions = questions_of(kind, clips(n * size, rng))
    return Boltzmann(rationality=1.0).answer(None, questions, rng)


@pytest.mark.parametrize("with_habits", [False, True])
def test_the_likelihood_of_many_scorings_is_that_of_each(with_habits):
    rng = np.random.default_rng(0)
    answers = one_of_each(rng)
    habits = Habits() if with_habits else None
    if with_habits:
        habits.vector[:] += rng.normal(size=len(habits.vector))
    rows, blocks = answers.choices(np.arange(len(answers)), OTHER_READINGS)
    scores = rng.normal(size=(5, len(rows)))
    scores[2, 0] = -np.inf                                             # does not exist
    n = sum(len(block.answer) for block in blocks)
    each = [-n * choices_loss(blocks, row, habits)[0] for row in scores]
    assert np.allclose(log_likelihoods(blocks, scores, habits), each, rtol=1e-10)


@pytest.mark.parametrize("at_once", [True, False])
def test_answers_of_all_kinds_give_the_posterior_of_the_grid(at_once):
    rng = np.random.default_rng(1)
    answers, belief = one_of_each(rng, n=1), particles(rng)
    for n in [len(answers)] if at_once else range(1, len(answers) + 1):
        belief.fit(answers[:n], rng)
    assert effective_size(belief.log_weights) >= 500 and distance(belief, answers) < 0.2


def test_many_answers_at_once_do_not_collapse_the_particles():
    rng = np.random.default_rng(2)
    answers, belief = some_answers(20, rng), particles(rng)
    belief.fit(answers, rng)
    assert len(np.unique(belief.vectors, axis=0)) > 950 and distance(belief, answers) < 0.2


@pytest.mark.parametrize("moves", [1, 15])
def test_a_refresh_leaves_the_posterior_as_it_is(moves):
    rng = np.random.default_rng(3)
    answers, belief = some_answers(6, rng), particles(rng, M=4000, moves=moves)
    rows, blocks = answers.choices(np.arange(len(answers)))
    features = two_features(answers.episodes)[rows].T
    belief.log_weights = log_likelihoods(blocks, belief.vectors @ features)
    assert effective_size(belief.log_weights) > 300 and distance(belief, answers) < 0.2
    for _ in range(2):
        before = belief.vectors
        belief.refresh(lambda vectors: log_likelihoods(blocks, vectors @ features), rng)
        assert distance(belief, answers) < 0.2 and not belief.log_weights.any()
    assert np.isin(belief.vectors, before).mean() < 0.9


def test_the_fit_of_a_linear_reward_model_is_the_peak_of_the_posterior():
    rng = np.random.default_rng(4)
    answers = one_of_each(rng, n=4, kinds=["preference", "ranking", "demonstration", "stop"])
    cells = rng.integers(3, size=answers.episodes.actions.shape)
    answers = replace(answers, episodes=replace(answers.episodes, actions=cells))
    model = StepReward(Table(3, 1), lambda episodes: episodes.actions, learning_rate=0.1, prior=2.0, fit_steps=200)
    model.fit(answers, rng)
    belief = Particles(lambda episodes: np.eye(3)[episodes.actions].sum(axis=1), 3, rng, prior=2.0)
    belief.fit(answers, rng)
    rows, blocks = answers.choices(np.arange(len(answers)))
    features = np.eye(3)[answers.episodes.actions].sum(axis=1)[rows].T

    def log_posterior(vectors):
        return log_likelihoods(blocks, vectors @ features) - (vectors ** 2).sum(axis=1)

    fitted = model.network.params["table"].T
    best = log_posterior(belief.vectors).max()
    assert best <= log_posterior(fitted)[0] + 1e-3 and best > log_posterior(fitted)[0] - 0.2


def test_answers_of_people_who_do_not_look_leave_the_prior():
    rng = np.random.default_rng(5)
    coins = Habits()
    coins.vector[:len(KINDS)] = -800.0                                 # rationality 0
    belief = particles(rng, habits=coins, prior=4.0)
    before = belief.vectors.copy()
    belief.fit(one_of_each(rng, kinds=["preference", "ranking", "rating"]), rng)
    assert np.ptp(belief.weights) < 1e-12 and (belief.vectors == before).all() and 0.45 < before.std() < 0.55


def test_a_fit_that_brings_nothing_new_changes_nothing():
    rng = np.random.default_rng(6)
    answers, belief = some_answers(5, rng), particles(rng)
    unsaid = answers.answered(np.full(5, -1))                          # can't tell
    belief.fit(answers, rng)
    vectors, weights = belief.vectors.copy(), belief.weights
    belief.fit(answers, rng)
    belief.fit(join_answers([answers, unsaid]), rng)
    assert (belief.vectors == vectors).all() and np.allclose(belief.weights, weights, rtol=1e-12)
    with pytest.raises(ValueError, match="those of the last fit and new ones behind them, got 5 after 10"):
        belief.fit(answers, rng)


def test_scores_are_those_of_each_particle_and_their_mean_is_that_of_the_mean():
    rng = np.random.default_rng(7)
    answers, belief = some_answers(5, rng), particles(rng, M=50)
    belief.fit(answers, rng)
    scores = belief.member_scores(answers.episodes)
    assert scores.shape == (50, 10) and np.isclose(scores[3, 4], belief.vectors[3] @ two_features(answers.episodes)[4])
    assert np.allclose(belief.weights @ scores, two_features(answers.episodes) @ belief.mean)


def test_features_of_another_shape_and_impossible_settings_are_refused():
    rng = np.random.default_rng(8)
    with pytest.raises(ValueError, match=r"features: expected \(4, 3\) with 3 = 3, got shape \(4, 2\)"):
        Particles(two_features, 3, rng).fit(some_answers(2, rng), rng)
    for wrong in ({"M": 1}, {"prior": 0.0}):
        with pytest.raises(ValueError, match=f"{next(iter(wrong))}: expected a"):
            Particles(two_features, **{"D": 2, "rng": rng, **wrong})
