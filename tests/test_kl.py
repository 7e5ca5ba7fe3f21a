"""KL penalty: is each estimator as good as its name says, as a value and as a loss, and does AdaptiveKL work?"""
import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from tinyrlhf.conformance import check_gradient
from tinyrlhf.episodes import rollout
from tinyrlhf.games.gridworld import Gridworld
from tinyrlhf.learning.adaptive_kl import AdaptiveKL
from tinyrlhf.learning import kl, rules
from tinyrlhf.nn.distributions import Categorical
from tinyrlhf.nn.networks import MLP
from tinyrlhf.numerics import log_softmax, softmax
from tinyrlhf.policies import Policy
from tinyrlhf.rlhf import improve_on, rlhf
from tinyrlhf.worlds import build
from tinyrlhf.yardsticks import Tabular

sys.path.insert(0, str(Path(__file__).parent))
from oracles import d_k1, d_k2, d_kl, d_kl_per_episode  # noqa: E402

SPEC = importlib.util.spec_from_file_location("kl_laboratory", Path(__file__).parent / "benchmarks" / "kl.py")
laboratory = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(laboratory)

ESTIMATORS = {"k1": (kl.k1, d_k1), "k2": (kl.k2, d_k2), "k3": (kl.k3, kl.d_k3)}
every_estimator = pytest.mark.parametrize("value, slope", ESTIMATORS.values(), ids=ESTIMATORS)


@pytest.fixture
def five_symbols():
    """Logits of a policy and of a reference, and d log pi(a) / d logits for each symbol a."""
    logits, reference = np.random.default_rng(3).normal(size=(2, 5))
    return logits, reference, np.eye(5) - softmax(logits)


def true_kl(p, q):
    return float(np.sum(p * np.log(p / q)))


def towards_reference(logits, reference):
    """d KL(ref || pi) / d logits of pi = pi - ref."""
    return softmax(logits) - softmax(reference)


# ---- values

def test_k1_and_k3_are_the_kl_on_average_and_k2_is_not(five_symbols):
    logits, reference, _ = five_symbols
    log_p, log_q = log_softmax(logits), log_softmax(reference)
    mean = {name: softmax(logits) @ value(log_p, log_q) for name, (value, _) in ESTIMATORS.items()}
    true = true_kl(softmax(logits), softmax(reference))
    assert mean["k1"] == pytest.approx(true, abs=1e-12) and mean["k3"] == pytest.approx(true, abs=1e-12)
    assert abs(mean["k2"] - true) > 0.01 * true


def test_k2_and_k3_are_never_negative_and_k1_is():
    log_probs, reference = np.log(np.random.default_rng(0).uniform(0.01, 1, size=(2, 1000)))
    assert kl.k2(log_probs, reference).min() >= 0 and kl.k3(log_probs, reference).min() >= 0
    assert kl.k1(log_probs, reference).min() < 0
    assert not any(value(log_probs, log_probs).any() for value, _ in ESTIMATORS.values())


@pytest.mark.parametrize("shift", [0.1, 1.0])
def test_two_bell_curves_give_the_known_table(shift):
    row = laboratory.value_row(laboratory.bell_curve(shift))
    unit = shift ** 2 / 2                                               # the KL
    assert row["k1"] == pytest.approx((0, shift / unit), abs=1e-9)
    assert row["k2"] == pytest.approx((shift ** 2 / 4, np.sqrt(2 + shift ** 2)), abs=1e-9)
    assert row["k3"] == pytest.approx((0, np.sqrt(np.expm1(shift ** 2) - shift ** 2) / unit), abs=1e-9)
    assert row["exact per state"] == pytest.approx((0, 0), abs=1e-12)


def test_absurd_ratios_stay_finite():
    log_probs, reference = np.array([-2000.0, -1.0]), np.array([-1.0, -2000.0])
    for value, slope in ESTIMATORS.values():
        assert np.isfinite(value(log_probs, reference)).all() and np.isfinite(slope(log_probs, reference)).all()


# ---- pulls on one choice

@every_estimator
def test_every_slope_is_the_derivative_of_its_value(value, slope):
    log_probs, reference = np.log(np.random.default_rng(1).uniform(0.05, 1, size=(2, 3, 4)))
    check_gradient(lambda: value(log_probs, reference).sum(), {"log_probs": log_probs},
                   {"log_probs": slope(log_probs, reference)},
                   np.random.default_rng(2))


def test_k1_as_a_loss_pulls_nowhere(five_symbols):
    logits, reference, scores = five_symbols
    assert np.allclose(softmax(logits) * d_k1(log_softmax(logits), log_softmax(reference)) @ scores, 0, atol=1e-12)


def test_k2_as_a_loss_has_exactly_the_gradient_of_the_kl(five_symbols):
    logits, reference, scores = five_symbols
    pull = softmax(logits) * d_k2(log_softmax(logits), log_softmax(reference)) @ scores
    assert np.allclose(pull, d_kl(Categorical, logits, reference), atol=1e-12)


def test_k3_as_a_loss_has_exactly_the_gradient_of_the_other_direction(five_symbols):
    logits, reference, scores = five_symbols
    pull = softmax(logits) * kl.d_k3(log_softmax(logits), log_softmax(reference)) @ scores
    assert np.allclose(pull, towards_reference(logits, reference), atol=1e-12)
    assert not np.allclose(pull, d_kl(Categorical, logits, reference), atol=1e-2)


def test_k3_in_the_reward_leaves_only_the_difference_of_the_two_directions(five_symbols):
    logits, reference, scores = five_symbols
    costs = kl.k3(log_softmax(logits), log_softmax(reference))
    pull = rules.reinforce(-costs, softmax(logits)) @ scores
    assert np.allclose(pull, d_kl(Categorical, logits, reference) - towards_reference(logits, reference), atol=1e-12)


def test_the_exact_kl_is_a_loss_by_its_slope_at_the_outputs():
    rng = np.random.default_rng(4)
    game = Gridworld("S.^\n..G\n.L.", slip=0.3, horizon=6)
    policy = Policy(MLP((1, 5, 4), rng, dtype=np.float64))
    reference = Policy(MLP((1, 5, 4), rng, dtype=np.float64))
    game.observe = lambda states: np.asarray(states)[..., None] / 9 - 0.5
    episodes = rollout(game, policy, game.start(7, rng), rng)
    log_probs, cache = policy.log_probs(*episodes.decisions)
    grads = policy.backward(cache, np.zeros(log_probs.shape), d_kl_per_episode(policy, reference, episodes))
    check_gradient(lambda: kl.kl_per_episode(policy, reference, episodes), policy.network.params, grads, rng)


# ---- pulls on texts: the laboratory

@pytest.fixture(scope="module")
def text_world():
    """Logits of policy and reference (U, V), and the listed texts."""
    logits, reference = np.random.default_rng(5).normal(size=(2, laboratory.N_SYMBOLS, laboratory.N_SYMBOLS))
    return logits, reference, laboratory.texts(logits, reference)


def test_the_listed_texts_are_all_there_are(text_world):
    _, _, listed = text_world
    assert listed.probability.sum() == pytest.approx(1, abs=1e-12)
    assert np.allclose(np.einsum("n,ntd->d", listed.probability, listed.scores), 0, atol=1e-12)


@pytest.mark.parametrize("direction", [0, 1])
def test_the_true_gradients_of_the_laboratory_agree_with_central_differences(text_world, direction):
    logits, reference, listed = text_world
    logits = logits.copy()

    def whole():
        one = laboratory.texts(logits, reference)
        log_p, log_q = one.log_probs.sum(axis=1), one.reference.sum(axis=1)
        return np.exp(log_q) @ (log_q - log_p) if direction else np.exp(log_p) @ (log_p - log_q)

    gradient = laboratory.true_gradients(listed)[direction].reshape(logits.shape)
    check_gradient(whole, {"logits": logits}, {"logits": gradient}, np.random.default_rng(6))


def test_on_texts_the_right_uses_have_the_true_gradient_and_the_others_do_not(text_world):
    listed = text_world[2]
    forward, backward = laboratory.true_gradients(listed)
    mean = {key: listed.probability @ gradients for key, gradients in laboratory.pulls(listed).items()}
    for use in (("in the reward", "k1"), ("both", "exact per state"), ("loss of texts", "k2")):
        assert np.allclose(mean[use], forward, atol=1e-10), use
    assert np.allclose(mean["loss of texts", "k3"], backward, atol=1e-10)
    assert np.allclose(mean["in the reward", "k3"], forward - mean["as a loss", "k3"], atol=1e-10)
    assert np.allclose(mean["as a loss", "k1"], 0, atol=1e-10)
    for use in (("in the reward", "k2"), ("in the reward", "k3"), ("as a loss", "k2"), ("as a loss", "k3")):
        assert np.linalg.norm(mean[use] - forward) > 0.05 * np.linalg.norm(forward), use


def test_k2_of_each_token_and_the_exact_kl_of_each_state_are_one_loss_with_less_noise(text_world):
    listed = text_world[2]
    found = laboratory.pulls(listed)
    sampled, exact = found["as a loss", "k2"], found["as a loss", "exact per state"]
    assert np.allclose(listed.probability @ sampled, listed.probability @ exact, atol=1e-10)
    assert laboratory.pull(exact, listed).spread < laboratory.pull(sampled, listed).spread


@pytest.mark.slow
def test_the_laboratory_prints_its_tables_and_draws_its_picture():
    found = laboratory.worlds(seed=1)
    assert laboratory.report(found).count("as a pull") == len(found) == 5
    assert len(laboratory.figure(found).axes) == 2


# ---- the adaptive price

def test_the_price_rises_where_the_policy_is_too_far_and_falls_where_it_is_near():
    adaptive = AdaptiveKL(0.5, target=2.0, horizon=100)
    assert adaptive.update(2.0, 10) == 0.5
    assert adaptive.update(2.2, 10) == pytest.approx(0.5 * (1 + 0.1 * 10 / 100))
    assert AdaptiveKL(0.5, 2.0, 100).update(1.8, 10) == pytest.approx(0.5 * (1 - 0.1 * 10 / 100))


def test_no_update_moves_the_price_by_more_than_a_fifth_of_its_share_of_the_horizon():
    for nats in (0.0, 1e9):
        adaptive = AdaptiveKL(1.0, target=1.0, horizon=10_000)
        assert abs(adaptive.update(nats, 64) - 1) == pytest.approx(0.2 * 64 / 10_000)


@pytest.mark.parametrize("start", [1e-3, 10.0])
def test_the_price_finds_its_target_where_distance_falls_with_the_price(start):
    adaptive, rng, seen = AdaptiveKL(start, target=3.0, horizon=20 * 64), np.random.default_rng(7), []
    for _ in range(2000):                           # a policy that is at 0.6 / kl_coef nats, measured with noise
        seen.append(0.6 / adaptive.kl_coef)
        adaptive.update(seen[-1] * np.exp(0.1 * rng.normal()), 64)
    assert np.mean(seen[-500:]) == pytest.approx(3.0, rel=0.03)
    assert adaptive.kl_coef == pytest.approx(0.2, rel=0.2)


@pytest.mark.parametrize("n_episodes", [64, 500, 501, 10 ** 6])
@pytest.mark.parametrize("nats", [0.0, 1e9, np.inf])
def test_the_price_stays_above_0_and_finite_however_long_it_is_pushed(n_episodes, nats):
    adaptive = AdaptiveKL(0.1, target=1.0, horizon=100)
    prices = [adaptive.update(nats, n_episodes) for _ in range(1000)]
    assert 0.08 <= prices[0] <= 0.12 and all(1e-9 <= price <= 1e9 for price in prices)
    assert np.all(np.diff(prices) >= 0) if nats else np.all(np.diff(prices) <= 0)


@pytest.mark.parametrize("nats, n_episodes, name", [
    (np.nan, 64, "kl"), (-0.1, 64, "kl"), (1.0, -1, "n_episodes"), (1.0, 0, "n_episodes"), (1.0, np.nan, "n_episodes")])
def test_an_update_of_the_price_refuses_what_is_no_distance_and_no_number(nats, n_episodes, name):
    adaptive = AdaptiveKL(0.1, target=1.0)
    with pytest.raises(ValueError, match=f"^{name}: expected"):
        adaptive.update(nats, n_episodes)
    assert adaptive.kl_coef == 0.1


def test_the_kl_per_episode_of_float32_copies_is_never_below_0():
    rng = np.random.default_rng(9)
    game, policy = Gridworld("S.^\n..G\n.L.", horizon=6), Policy(MLP((1, 5, 4), rng))
    game.observe = lambda states: np.asarray(states)[..., None] / 9 - 0.5
    episodes, distances = rollout(game, policy, game.start(7, rng), rng), []
    for _ in range(200):
        near = policy.copy()
        near.network.params.vector += 1e-6 * rng.normal(size=near.network.params.vector.size).astype(np.float32)
        distances.append(kl.kl_per_episode(policy, near, episodes))
    assert min(distances) == 0 < max(distances)


@pytest.mark.parametrize("kl_coef", [-0.1, np.nan])
def test_a_penalty_that_pays_for_distance_is_refused(kl_coef):
    with pytest.raises(ValueError, match="^kl_coef: expected a number from 0"):
        kl.kl_penalized_rewards(np.zeros((1, 2)), np.zeros((1, 2)), np.zeros((1, 2)), kl_coef)


def test_a_price_that_could_never_move_is_refused():
    for bad in ({"kl_coef": 0.0, "target": 1.0}, {"kl_coef": 1.0, "target": 0.0}, {"kl_coef": 1.0, "target": np.nan}):
        with pytest.raises(ValueError, match="expected a number from"):
            AdaptiveKL(**bad)


def adaptive_run(target=0.05, seed=5):
    state = build("gridworld", seed=seed, rounds=3)
    state.updates_per_round = 5
    state.adaptive_kl = AdaptiveKL(0.1, target, horizon=20 * state.episodes_per_update)
    return state


@pytest.mark.slow
def test_a_run_with_an_adaptive_price_resumes_to_the_same_bytes():
    whole, first, second = adaptive_run(), adaptive_run(), adaptive_run()
    rlhf(whole, 2)
    rlhf(first, 1)
    second.load(first.state(), first.answers)
    rlhf(second, 2)
    assert {name: np.asarray(value).tobytes() for name, value in second.state().items()} \
        == {name: np.asarray(value).tobytes() for name, value in whole.state().items()}
    assert whole.history[-1]["kl_coef"] == whole.adaptive_kl.kl_coef != 0.1


def test_the_price_that_a_run_pays_is_the_adaptive_one():
    state, paid = adaptive_run(), []

    class Listener:
        def update(self, episodes, reward, rng):
            reference = episodes.as_table(state.reference.log_probs(*episodes.decisions)[0])
            paid.append(np.allclose(reward(episodes), -state.adaptive_kl.kl_coef * (episodes.log_probs - reference)))
            return {}

    vector = state.policy.network.params.vector
    vector[:] = np.random.default_rng(8).normal(size=vector.size)
    state.learner = Listener()
    row = improve_on(state, lambda episodes: np.zeros(episodes.mask.shape))
    assert paid == [True] * state.updates_per_round and row["kl_coef"] > 0.1


@pytest.mark.slow
def test_a_run_ends_about_as_far_from_its_reference_as_it_was_told():
    state = build("gridworld", seed=105, rounds=12)
    state.game.horizon, state.reward_model.fit_steps = 8, 20
    state.adaptive_kl = AdaptiveKL(0.1, target=2.0, horizon=30 * state.episodes_per_update)
    rlhf(state)
    assert Tabular(state).expected_kl(None) == pytest.approx(2.0, rel=0.25)
