"""Does the distance of two rewards forget what comparisons cannot say, and nothing else?"""
import sys
from pathlib import Path

import numpy as np
import pytest

from tinyrlhf.exact.horizon import backward_induction, finite_horizon_return
from tinyrlhf.exact.evaluation import evaluate_policy
from tinyrlhf.feedback.answers import KINDS
from tinyrlhf.games.gridworld import Gridworld
from tinyrlhf.nn.networks import Table
from tinyrlhf.rewards.habits import Habits
from tinyrlhf.rewards.reward_distance import canonical, epic, regret
from tinyrlhf.rewards.reward_models import StepReward
from tinyrlhf.rlhf import with_priors

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent / "benchmarks")]
import kinds  # noqa: E402

S, A, GAMMA = 6, 3, 0.9


def reward(rng):
    return rng.normal(size=(S, A, S))


def shaping(rng, gamma=GAMMA, n=S):
    """gamma phi(s') - phi(s) of a random potential."""
    phi = rng.normal(size=n)
    return gamma * phi - phi[:, None, None]


def chances(rng):
    return rng.dirichlet(np.full(S, 0.2), size=(S, A)), rng.dirichlet(np.ones(S))


# ---- EPIC

@pytest.mark.parametrize("gamma", [0.0, 0.9, 1.0])
@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_rewards_that_differ_by_scale_shift_and_shaping_have_no_distance(gamma, scale):
    rng = np.random.default_rng(1)
    R = reward(rng)
    same = scale * (R + 3.0 * shaping(rng, gamma) - 7.0)
    assert epic(R, same, gamma) < 1e-9
    assert epic(R, -same, gamma) == pytest.approx(1, abs=1e-9)
    assert epic(R, same, gamma, rng.random(R.shape)) < 1e-9            # wherever one looks


def test_the_distance_is_that_of_correlations_and_symmetric():
    rng = np.random.default_rng(2)
    R1, R2, gamma = reward(rng), reward(rng), 0.7
    C1, C2 = (canonical(R, gamma).ravel() for R in (R1, R2))
    rho = np.corrcoef(C1, C2)[0, 1]
    assert epic(R1, R2, gamma) == pytest.approx(np.sqrt((1 - rho) / 2), abs=1e-12)
    assert epic(R2, R1, gamma) == pytest.approx(epic(R1, R2, gamma), abs=1e-15)


def test_the_canonical_reward_is_the_published_expectation_term_by_term():
    rng = np.random.default_rng(3)
    R, gamma = reward(rng), 0.8
    C = canonical(R, gamma)
    for s, a, t in [(0, 0, 0), (2, 1, 5), (5, 2, 3)]:
        expected = R[s, a, t] + np.mean([gamma * R[t, b, u] - R[s, b, u] - gamma * R[v, b, u]
                                         for b in range(A) for u in range(S) for v in range(S)])
        assert C[s, a, t] == pytest.approx(expected, abs=1e-12)


def test_the_triangle_inequality_holds_on_1000_random_triples():
    rng = np.random.default_rng(4)
    for _ in range(1000):
        R1, R2 = reward(rng), reward(rng)
        mixed = rng.random() * R1 + rng.random() * R2                  # nearly on the straight way
        R3 = mixed + rng.choice([0.0, 1e-3, 1.0]) * reward(rng)
        assert epic(R1, R2, GAMMA) <= epic(R1, R3, GAMMA) + epic(R3, R2, GAMMA) + 1e-12


def test_only_what_is_covered_counts():
    rng = np.random.default_rng(5)
    R1, R2 = reward(rng), reward(rng)
    seen = rng.random(R1.shape) < 0.5
    rho = np.corrcoef(canonical(R1, GAMMA)[seen], canonical(R2, GAMMA)[seen])[0, 1]
    assert epic(R1, R2, GAMMA, 3.0 * seen) == pytest.approx(np.sqrt((1 - rho) / 2))


def test_a_reward_without_variation_is_refused_by_name():
    rng = np.random.default_rng(6)
    R = reward(rng)
    for flat in (np.zeros(R.shape), np.full(R.shape, 3.0), 5.0 + shaping(rng) + np.zeros(R.shape)):
        with pytest.raises(ValueError, match="R2: expected rewards that vary"):
            epic(R, flat, GAMMA)
    with pytest.raises(ValueError, match="R1: expected rewards that vary"):
        epic(R, R, GAMMA, np.zeros(R.shape))
    with pytest.raises(ValueError, match="smallest coverage"):
        epic(R, R, GAMMA, -np.ones(R.shape))
    with pytest.raises(ValueError, match="R2: expected .* with S = 6"):
        epic(R, R[:, :, :5], GAMMA)
    with pytest.raises(ValueError, match="R1: expected finite"):
        epic(R * np.nan, R, GAMMA)
    with pytest.raises(ValueError, match="gamma"):
        epic(R, R, 1.5)


# ---- regret

def test_two_rewards_without_distance_have_no_regret_in_any_game():
    rng = np.random.default_rng(7)
    for scale in (1e-12, 1.0, 1e12):
        R = reward(rng)
        same = scale * (R + shaping(rng) + 2.0)
        assert epic(R, same, GAMMA) < 1e-9
        for _ in range(3):
            P, d0 = chances(rng)
            assert regret(P, R, same, d0, gamma=GAMMA) == pytest.approx(0, abs=1e-9)


def test_regret_is_lost_return_in_units_of_what_there_is_to_lose():
    rng = np.random.default_rng(8)
    P, d0 = chances(rng)
    R, wrong, uniform = reward(rng), reward(rng), np.full((S, A), 1 / A)
    best, chosen = (evaluate_policy(P, R, np.eye(A)[plan(P, each)], GAMMA) @ d0 for each in (R, wrong))
    at_random = evaluate_policy(P, R, uniform, GAMMA) @ d0
    assert regret(P, R, wrong, d0, gamma=GAMMA) == pytest.approx((best - chosen) / (best - at_random), rel=1e-6)

    policies = [np.eye(A)[backward_induction(P, each, 7)[1]] for each in (R, wrong)]
    best, chosen, at_random = (finite_horizon_return(P, R, d0, policy, 7) for policy in (*policies, uniform))
    assert regret(P, R, wrong, d0, horizon=7) == pytest.approx((best - chosen) / (best - at_random))


def plan(P, R):
    """The best of all 3 ** 6 policies, found by trying each."""
    policies = np.indices((A,) * S).reshape(S, -1).T
    return max(policies, key=lambda policy: evaluate_policy(P, R, np.eye(A)[policy], GAMMA).sum())


def test_a_reward_that_forgets_the_flowers_costs_something_and_its_opposite_more():
    game, careless = Gridworld(), Gridworld(flowers=0.0)
    given = game.P, game.R
    assert regret(*given, game.R, game.d0, horizon=40) == 0
    lost = regret(*given, careless.R, game.d0, horizon=40)
    assert 0 < lost < 1 < regret(*given, -game.R, game.d0, horizon=40)


def test_regret_refuses_what_leaves_it_without_meaning():
    rng = np.random.default_rng(9)
    P, d0 = chances(rng)
    R = reward(rng)
    for both_or_none in ({}, {"gamma": 0.9, "horizon": 3}):
        with pytest.raises(ValueError, match="either gamma or horizon"):
            regret(P, R, R, d0, **both_or_none)
    with pytest.raises(ValueError, match="gamma"):
        regret(P, R, R, d0, gamma=1.0)
    with pytest.raises(ValueError, match="R_true: expected rewards that vary"):
        regret(P, np.ones(R.shape), R, d0, gamma=0.9)
    with pytest.raises(ValueError, match="R: expected"):
        regret(P, R, R[:, :, :5], d0, horizon=3)


# ---- the shortcuts of benchmarks/kinds.py

def test_plans_of_many_rewards_side_by_side_lose_what_regret_says():
    rng = np.random.default_rng(10)
    for layout in kinds.LAYOUTS:
        where = kinds.place(layout)
        game, rewards = where.game, rng.normal(size=(3, where.game.n_states))
        for paid, lost in zip(rewards, kinds.regrets(where, rewards)):
            learned = np.where(game.is_end[:, None, None], 0.0, np.broadcast_to(paid, game.P.shape))
            assert lost == pytest.approx(regret(game.P, game.R, learned, game.d0, horizon=game.horizon))


def terms_of(kind, n=20):
    """n answers of a kind, minus their log-likelihood with slopes and information, and the number of parameters."""
    where = kinds.place("garden")
    state, given, _ = kinds.answers_of(where, 3, kinds.AS_IT_IS, n)
    answers = with_priors(state, given[kind])
    blocks = kinds.blocks_of(answers, where.symbols, 4)
    return answers, kinds.choice_terms(blocks, where.rationality), blocks[0].design.shape[2]


@pytest.mark.parametrize("kind", KINDS)
def test_what_newtons_method_is_told_are_the_slopes_of_the_likelihood(kind):
    _, terms, width = terms_of(kind, 5)
    at, step = np.linspace(-0.5, 0.5, width), 1e-5
    _, gradient, information = terms(at)
    for axis in np.eye(width):
        above, below = terms(at + step * axis), terms(at - step * axis)
        assert (above[0] - below[0]) / (2 * step) == pytest.approx(axis @ gradient, rel=1e-5, abs=1e-5)
        if not KINDS[kind].lapse:                                      # else information is what is expected of bends
            bends = (above[1] - below[1]) / (2 * step)
            assert np.allclose(bends, axis @ information, rtol=1e-4, atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["preference", "rating", "demonstration"])
def test_newtons_method_explains_answers_as_the_reward_model_does(kind):
    answers, terms, width = terms_of(kind)
    where = kinds.place("garden")
    found, _ = kinds.most_probable(terms, np.ones(width), np.zeros(width))
    model = StepReward(Table(4, 1), lambda walks: where.symbols[walks.next_observations], learning_rate=0.05,
                       fit_steps=500, habits=Habits(rationality=dict.fromkeys(KINDS, where.rationality)))
    model.fit(answers, None)
    assert np.allclose(model.network.params["table"][:, 0], found[:4], atol=0.01)


@pytest.mark.slow
def test_demonstrations_read_exactly_have_the_slopes_of_their_likelihood_too():
    where = kinds.place("cliff")
    _, given, _ = kinds.answers_of(where, 3, kinds.AS_IT_IS, 5)
    terms = kinds.demonstration_terms(where.game, given["demonstration"].acted(), 2.0, where.symbols, 4)
    at, step = np.array([-0.1, 0.5, -1.0, -0.4]), 1e-5
    for axis in np.eye(4):
        slope = (terms(at + step * axis)[0] - terms(at - step * axis)[0]) / (2 * step)
        assert slope == pytest.approx(axis @ terms(at)[1], rel=1e-5, abs=1e-6)
