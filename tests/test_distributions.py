"""Are log-probability, entropy and KL what their names say, with the right derivatives, and are samples fair?"""
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from tinyrlhf.conformance import check_gradient
from tinyrlhf.nn.distributions import Categorical
from tinyrlhf.nn.gaussian import Gaussian
from tinyrlhf.nn.networks import MLP, EmbeddingMLP, Table
from tinyrlhf.numerics import softmax
from tinyrlhf.policies import Policy

sys.path.insert(0, str(Path(__file__).parent))
from oracles import d_kl  # noqa: E402

DISTRIBUTIONS = [Categorical, Gaussian]
both = pytest.mark.parametrize("distribution", DISTRIBUTIONS)
shapes = pytest.mark.parametrize("shape", [(2,), (4,), (5, 6), (3, 2, 4)], ids=str)


def random_outputs(distribution, shape, rng):
    """Outputs of this shape; a Gaussian's last dimension holds means and log standard deviations."""
    return rng.normal(size=shape) * (2.0 if distribution is Categorical else 0.7)


def method(distribution, name):
    """A function of a distribution by its name; no learner uses the derivative of the KL, so it is an oracle's."""
    return partial(d_kl, distribution) if name == "d_kl" else getattr(distribution, name)


# ---- derivatives

@both
@shapes
def test_derivatives_agree_with_central_differences(distribution, shape):
    rng = np.random.default_rng(sum(shape))
    outputs, other = random_outputs(distribution, shape, rng), random_outputs(distribution, shape, rng)
    actions, weights = distribution.sample(outputs, rng), rng.normal(size=shape[:-1])
    for name, arguments in (("log_prob", [actions]), ("entropy", []), ("kl", [other])):
        value = method(distribution, name)
        derivative = method(distribution, f"d_{name}")(outputs, *arguments)
        assert value(outputs, *arguments).shape == shape[:-1] and derivative.shape == shape
        check_gradient(lambda: float((weights * value(outputs, *arguments)).sum()), {"outputs": outputs},
                       {"outputs": weights[..., None] * derivative}, rng)


@both
def test_time_first_outputs_have_the_derivative_of_their_copies(distribution):
    rng = np.random.default_rng(1)
    outputs = np.swapaxes(random_outputs(distribution, (3, 5, 4), rng), 0, 1)       # not contiguous
    actions = distribution.sample(outputs, rng)
    for function in (distribution.log_prob, distribution.d_log_prob):
        assert np.allclose(function(outputs, actions), function(outputs.copy("C"), actions), rtol=1e-13)


@both
def test_nothing_that_is_given_is_written_into(distribution):
    rng = np.random.default_rng(2)
    outputs, other = random_outputs(distribution, (5, 4), rng), random_outputs(distribution, (5, 4), rng)
    actions = distribution.sample(outputs, rng)
    before = outputs.copy(), other.copy(), actions.copy()
    for name in ("log_prob", "d_log_prob"):
        method(distribution, name)(outputs, actions)
    for name in ("entropy", "d_entropy"):
        method(distribution, name)(outputs)
    for name in ("kl", "d_kl"):
        method(distribution, name)(outputs, other)
    assert all(np.array_equal(now, then) for now, then in zip((outputs, other, actions), before))


def test_the_score_of_a_categorical_averages_to_zero_exactly():
    logits = random_outputs(Categorical, (6, 5), np.random.default_rng(3))
    scores = np.stack([Categorical.d_log_prob(logits, np.full(6, action)) for action in range(5)])
    assert np.allclose((softmax(logits).T[..., None] * scores).sum(axis=0), 0, atol=1e-15)


def test_the_score_of_a_gaussian_averages_to_zero_within_four_sigma():
    rng, n = np.random.default_rng(4), 50_000
    outputs = np.tile(random_outputs(Gaussian, (6,), rng), (n, 1))
    scores = Gaussian.d_log_prob(outputs, Gaussian.sample(outputs, rng))
    assert (np.abs(scores.mean(axis=0)) < 4 * scores.std(axis=0) / np.sqrt(n)).all()


# ---- closed forms

def test_categorical_log_probs_entropy_and_kl_against_their_sums():
    rng = np.random.default_rng(5)
    outputs, other = random_outputs(Categorical, (7, 4), rng), random_outputs(Categorical, (7, 4), rng)
    p, q = (np.exp(each) / np.exp(each).sum(axis=1, keepdims=True) for each in (outputs, other))
    for action in range(4):
        assert np.allclose(Categorical.log_prob(outputs, np.full(7, action)), np.log(p[:, action]), rtol=1e-12)
    assert np.allclose(Categorical.entropy(outputs), -(p * np.log(p)).sum(axis=1), rtol=1e-12)
    assert np.allclose(Categorical.kl(outputs, other), (p * np.log(p / q)).sum(axis=1), rtol=1e-11)


def test_a_uniform_choice_has_entropy_log_A_and_is_the_most_uncertain():
    assert np.allclose(Categorical.entropy(np.full((2, 6), 3.0)), np.log(6), rtol=1e-14)
    assert np.allclose(Categorical.d_entropy(np.full((2, 6), 3.0)), 0, atol=1e-15)
    logits = random_outputs(Categorical, (50, 6), np.random.default_rng(6))
    assert np.allclose(Categorical.kl(logits, np.zeros((50, 6))), np.log(6) - Categorical.entropy(logits), rtol=1e-11)


def test_gaussian_log_prob_entropy_and_kl_against_integrals():
    outputs, other = np.array([0.3, -0.4]), np.array([-0.5, 0.2])      # mean, log std
    grid, width = np.linspace(-12, 12, 40_001, retstep=True)
    log_p, log_q = (Gaussian.log_prob(np.tile(o, (len(grid), 1)), grid[:, None]) for o in (outputs, other))
    p = np.exp(log_p) * width
    assert np.isclose(p.sum(), 1, rtol=1e-9)
    assert np.isclose(p @ grid, 0.3, rtol=1e-9) and np.isclose(p @ (grid - 0.3) ** 2, np.exp(-0.8), rtol=1e-9)
    assert np.isclose(Gaussian.entropy(outputs), -p @ log_p, rtol=1e-9)
    assert np.isclose(Gaussian.kl(outputs, other), p @ (log_p - log_q), rtol=1e-9)


def test_independent_components_add_up():
    rng = np.random.default_rng(7)
    outputs, other, actions = rng.normal(size=(5, 6)), rng.normal(size=(5, 6)), rng.normal(size=(5, 3))
    one = [(outputs[:, [d, d + 3]], other[:, [d, d + 3]], actions[:, [d]]) for d in range(3)]
    assert np.allclose(Gaussian.log_prob(outputs, actions), sum(Gaussian.log_prob(o, a) for o, _, a in one), rtol=1e-12)
    assert np.allclose(Gaussian.entropy(outputs), sum(Gaussian.entropy(o) for o, _, _ in one), rtol=1e-12)
    assert np.allclose(Gaussian.kl(outputs, other), sum(Gaussian.kl(o, q) for o, q, _ in one), rtol=1e-12)


@both
def test_kl_is_positive_between_two_and_zero_with_zero_slope_at_equality(distribution):
    rng = np.random.default_rng(8)
    outputs, other = random_outputs(distribution, (200, 4), rng), random_outputs(distribution, (200, 4), rng)
    assert (distribution.kl(outputs, other) > 0).all()
    assert np.allclose(distribution.kl(outputs, outputs), 0, atol=1e-14)
    assert np.allclose(d_kl(distribution, outputs, outputs), 0, atol=1e-14)
    assert not np.allclose(distribution.kl(outputs, other), distribution.kl(other, outputs), rtol=0.01)


def test_a_constant_added_to_the_logits_changes_nothing():
    rng = np.random.default_rng(9)
    logits, other, actions = rng.normal(size=(8, 3)), rng.normal(size=(8, 3)), rng.integers(3, size=8)
    shifted = logits + rng.normal(size=(8, 1))
    assert np.allclose(Categorical.log_prob(shifted, actions), Categorical.log_prob(logits, actions), atol=1e-13)
    assert np.allclose(Categorical.kl(shifted, other), Categorical.kl(logits, other), atol=1e-13)
    assert np.allclose(Categorical.d_log_prob(logits, actions).sum(axis=1), 0, atol=1e-15)


# ---- impossible actions

@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_masked_action_changes_nothing_about_the_others(dtype):
    rng = np.random.default_rng(17)
    logits, other = rng.normal(size=(2, 6, 3)).astype(dtype)
    masked, other_masked = (np.insert(each, 1, -np.inf, axis=1) for each in (logits, other))
    for name in ("entropy", "d_entropy"):
        with_mask, without = (method(Categorical, name)(each) for each in (masked, logits))
        assert np.allclose(without_the_mask(with_mask), without, rtol=1e-5) and with_mask.dtype == dtype
    for name in ("kl", "d_kl"):
        with_mask = method(Categorical, name)(masked, other_masked)
        without = method(Categorical, name)(logits, other)
        assert np.allclose(without_the_mask(with_mask), without, rtol=1e-4, atol=1e-6) and with_mask.dtype == dtype
        assert not method(Categorical, name)(masked, masked).any()


def without_the_mask(values):
    """Values (n,) as they are; derivatives (n, 4) without the masked action, whose derivative must be 0."""
    if values.ndim == 1:
        return values
    assert not values[:, 1].any()
    return np.delete(values, 1, axis=1)


def test_the_kl_to_a_policy_that_cannot_do_it_is_infinite_and_the_other_way_round_finite():
    free, masked = np.zeros(3), np.array([0.0, 0.0, -np.inf])
    assert Categorical.kl(free, masked) == np.inf
    assert Categorical.kl(masked, free) == pytest.approx(np.log(3 / 2))
    assert Categorical.entropy(masked) == pytest.approx(np.log(2))


@pytest.mark.parametrize("n_actions", [2, 3, 7])
def test_a_masked_action_is_never_drawn_and_the_others_keep_their_log_probs(n_actions):
    rng, logits = np.random.default_rng(18), np.zeros((2000, n_actions), np.float32)
    logits[:, 0] = -np.inf
    actions, log_probs = Categorical.draw(logits, rng)
    assert set(actions.tolist()) == set(range(1, n_actions))
    assert np.allclose(log_probs, -np.log(n_actions - 1))
    assert np.allclose(Categorical.log_prob(logits, actions), log_probs)
    assert np.isfinite(Categorical.d_log_prob(logits, actions)).all()


@both
def test_outputs_of_small_integers_mean_what_the_same_floats_mean(distribution):
    outputs, other = np.array([[0, 3, 1, 2]], np.uint8), np.array([[2, 1, 0, 3]], np.uint8)
    actions = distribution.sample(outputs.astype(float), np.random.default_rng(19))
    for name, arguments in (("log_prob", (actions,)), ("d_log_prob", (actions,)), ("entropy", ()), ("d_entropy", ()),
                            ("kl", (other,)), ("d_kl", (other,))):
        function = method(distribution, name)
        assert np.allclose(function(outputs, *arguments), function(outputs.astype(float), *arguments)), name
    drawn = [distribution.draw(each, np.random.default_rng(20)) for each in (outputs, outputs.astype(float))]
    assert all(map(np.allclose, *drawn))


def test_an_entropy_bonus_leaves_a_policy_with_a_masked_action_finite():
    policy = Policy(Table(1, 3))
    policy.network.params["table"][0, 2] = -np.inf
    _, cache = policy.log_probs(np.zeros(4, int), np.array([0, 1, 1, 0]))
    grads = policy.backward(cache, np.ones(4), Categorical.d_entropy(cache.outputs))
    assert np.isfinite(grads.vector).all() and grads["table"][0, 2] == 0


# ---- samples

@pytest.mark.parametrize("n_actions", [2, 3, 7])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_actions_come_as_often_as_their_probability_within_five_sigma(n_actions, dtype):
    rng, n = np.random.default_rng(n_actions), 60_000
    logits = (1.5 * rng.normal(size=(3, n_actions))).astype(dtype)     # each row has its own chances
    actions = Categorical.sample(np.broadcast_to(logits, (n, 3, n_actions)), rng)
    p = softmax(logits.astype(float))
    counts = (actions[..., None] == np.arange(n_actions)).sum(axis=0)
    assert actions.shape == (n, 3) and np.issubdtype(actions.dtype, np.integer)
    assert (np.abs(counts - n * p) < 5 * np.sqrt(n * p * (1 - p))).all()


@pytest.mark.parametrize("logits, allowed", [
    ([1e4, -1e4], {0}), ([-1e4, 1e4], {1}), ([1e4, 1e4], {0, 1}), ([1e4, 0, -1e4], {0}), ([-1e4, 0, 1e4], {2}),
    ([0, 1e4, 1e4, -1e4], {1, 2}), ([-1e4] * 5, set(range(5)))])
def test_extreme_float32_logits_draw_only_what_is_possible(logits, allowed):
    rng = np.random.default_rng(10)
    rows = np.tile(np.array(logits, np.float32), (2000, 1))
    actions = Categorical.sample(rows, rng)
    assert set(actions.tolist()) == allowed
    assert np.isfinite(Categorical.log_prob(rows, actions)).all()
    assert np.isfinite(Categorical.d_log_prob(rows, actions)).all()
    assert np.isfinite(Categorical.entropy(rows)).all() and np.isfinite(Categorical.kl(rows, rows[::-1])).all()


def test_a_long_row_of_float32_probabilities_reaches_its_last_action():
    rows = np.zeros((20_000, 300), np.float32)
    counts = np.bincount(Categorical.sample(rows, np.random.default_rng(11)), minlength=300)
    mean = 20_000 / 300
    assert len(counts) == 300 and (np.abs(counts - mean) < 6 * np.sqrt(mean)).all()


def test_gaussian_samples_have_the_mean_and_the_standard_deviation_of_the_outputs():
    rng, n = np.random.default_rng(12), 50_000
    outputs = np.array([[1.0, -2.0, np.log(0.5), np.log(3.0)]])
    samples = Gaussian.sample(np.tile(outputs, (n, 1)), rng)
    z = (samples - [1.0, -2.0]) / [0.5, 3.0]
    assert samples.shape == (n, 2)
    assert (np.abs(z.mean(axis=0)) < 5 / np.sqrt(n)).all()
    assert (np.abs((z * z).mean(axis=0) - 1) < 5 * np.sqrt(2 / n)).all()
    assert abs((z[:, 0] * z[:, 1]).mean()) < 5 / np.sqrt(n)


@both
def test_log_probs_of_float32_outputs_are_float64(distribution):
    rng = np.random.default_rng(13)
    outputs = random_outputs(distribution, (5, 4), rng).astype(np.float32)
    assert distribution.log_prob(outputs, distribution.sample(outputs, rng)).dtype == np.float64


# ---- policies

POLICIES = {
    "table": (lambda rng: Policy(Table(6, 3)), lambda rng: rng.integers(6, size=(4, 5))),
    "two actions": (lambda rng: Policy(MLP((3, 8, 2), rng, dtype=np.float64)),
                    lambda rng: rng.normal(size=(4, 5, 3))),
    "text": (lambda rng: Policy(EmbeddingMLP(6, 2, 3, (8,), 6, rng, dtype=np.float64)),
             lambda rng: rng.integers(6, size=(9, 2))),
    "gaussian": (lambda rng: Policy(MLP((3, 8, 4), rng, dtype=np.float64), Gaussian),
                 lambda rng: rng.normal(size=(7, 3)))}
policies = pytest.mark.parametrize("build, draw", POLICIES.values(), ids=POLICIES.keys())


@policies
@pytest.mark.parametrize("entropy_coef", [None, 0.7])
def test_the_policy_gradient_agrees_with_central_differences_with_and_without_entropy(build, draw, entropy_coef):
    rng = np.random.default_rng(14)
    policy, observations = build(rng), draw(rng)
    policy.network.params.vector[:] += 0.3 * rng.normal(size=policy.network.params.vector.size)
    actions = policy.distribution.sample(policy.network.forward(observations)[0], rng)
    weights = rng.normal(size=actions.shape[:2] if draw is not POLICIES["gaussian"][1] else actions.shape[:1])

    def loss():
        log_probs, cache = policy.log_probs(observations, actions)
        entropy = policy.distribution.entropy(cache.outputs).sum()
        return float((weights * log_probs).sum() + (entropy_coef or 0) * entropy)

    _, cache = policy.log_probs(observations, actions)
    d_outputs = None if entropy_coef is None else entropy_coef * policy.distribution.d_entropy(cache.outputs)
    check_gradient(loss, policy.network.params, policy.backward(cache, weights, d_outputs), rng)


@policies
def test_what_a_policy_says_while_acting_is_what_it_says_afterwards(build, draw):
    rng = np.random.default_rng(15)
    policy, observations = build(rng), draw(rng)
    actions, log_probs = policy.act(observations, rng)
    assert np.allclose(policy.log_probs(observations, actions)[0], log_probs, rtol=1e-12)


def test_the_reference_stays_when_the_policy_moves():
    rng = np.random.default_rng(16)
    policy = Policy(MLP((3, 8, 4), rng), Gaussian)
    reference, observations = policy.copy(), rng.normal(size=(5, 3))
    actions, before = policy.act(observations, rng)
    policy.network.params.vector += 0.1
    assert np.array_equal(reference.log_probs(observations, actions)[0], before)
    assert not np.allclose(policy.log_probs(observations, actions)[0], before)
    policy.load(reference.state())
    assert np.array_equal(policy.log_probs(observations, actions)[0], before)
