"""Do the safe logarithms stay safe, and do the checks pass what is right and name what is wrong?"""
import decimal
import re

import numpy as np
import pytest

from tinyrlhf.checks import check_choice, check_finite, check_range, check_shapes
from tinyrlhf.conformance import check_game, check_gradient
from tinyrlhf.games.bandit import Bandit
from tinyrlhf.games.cartpole import CartPole
from tinyrlhf.games.gridworld import Gridworld
from tinyrlhf.games.text import Text
from tinyrlhf.nn.networks import MLP
from tinyrlhf.numerics import log_sigmoid, log_softmax, logsumexp, sigmoid, softmax
from tinyrlhf.rewards.choice import choice_loss
from tinyrlhf.saving import load_into, states_of

BIG = 1e4


def expects(error, sentence):
    return pytest.raises(error, match=re.escape(sentence))


# ---- numerics

@pytest.mark.parametrize("shape, axis", [((5,), -1), ((3, 4), 0), ((2, 3, 4), 1), ((2, 1), -1)])
def test_logsumexp_is_the_logarithm_of_the_sum_of_exponentials(shape, axis):
    values = np.random.default_rng(0).normal(size=shape)
    expected = np.log(np.exp(values).sum(axis=axis))
    assert np.allclose(logsumexp(values, axis), expected, rtol=1e-14)


@pytest.mark.parametrize("size", [-BIG, BIG])
def test_logsumexp_of_k_equal_huge_numbers_adds_log_k(size):
    assert np.allclose(logsumexp(np.full((2, 3), size)), size + np.log(3), rtol=1e-15)


def test_rows_of_minus_infinity_stay_minus_infinity_without_a_warning():
    rows = np.array([[-np.inf, -np.inf], [-np.inf, 2.0], [0.0, 0.0]])
    assert np.array_equal(logsumexp(rows), [-np.inf, 2.0, np.log(2.0)])


def test_softmax_and_log_softmax_at_ten_thousand():
    logits = np.array([[BIG, 0.0, -BIG], [-BIG, -BIG, -BIG - 1]])
    assert np.array_equal(softmax(logits)[0], [1, 0, 0]) and np.array_equal(log_softmax(logits)[0], [0, -BIG, -2 * BIG])
    assert np.allclose(log_softmax(logits)[1], log_softmax(np.array([0.0, 0.0, -1.0])), rtol=1e-12)
    assert np.allclose(softmax(logits).sum(axis=-1), 1, rtol=1e-15)


def test_softmax_and_its_logarithm_ignore_a_shift_of_each_row_and_agree_with_each_other():
    rng = np.random.default_rng(1)
    logits = rng.normal(size=(4, 3, 6))
    shifted = logits + 100 * rng.normal(size=(4, 3, 1))
    assert np.allclose(log_softmax(shifted), log_softmax(logits), atol=1e-12)
    assert np.allclose(softmax(shifted), np.exp(log_softmax(logits)), atol=1e-12)
    assert np.allclose(logsumexp(log_softmax(logits)), 0, atol=1e-14)


def test_sigmoids_at_ten_thousand():
    values = np.array([-BIG, 0.0, BIG])
    assert np.array_equal(sigmoid(values), [0, 0.5, 1])
    assert np.array_equal(log_sigmoid(values), [-BIG, -np.log(2.0), 0])


def test_log_sigmoid_keeps_its_digits_where_the_sigmoid_rounds_to_one():
    assert np.allclose(log_sigmoid(np.array([40.0, 60.0, 700.0])), -np.exp([-40.0, -60.0, -700.0]), rtol=1e-15, atol=0)
    assert np.allclose(sigmoid(np.array([-40.0, -700.0])), np.exp([-40.0, -700.0]), rtol=1e-15, atol=0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_logistic_functions_are_exact_to_4_units_in_the_last_place(dtype):
    """Against 400 decimal digits. Logits of size z that are rounded themselves cost the loss up to z units."""
    z = np.outer([0, 1e-8, 0.5, 3, 17, 40, 88, 100, 700, 800, 1e30], [1, -1]).ravel().astype(dtype)
    logits = np.stack([z, 0 * z], axis=1)
    with np.errstate(divide="raise", over="raise", invalid="raise"):
        losses = [choice_loss(row[None].astype(float), np.eye(2)[:1], np.ones(1)) for row in logits]
        found = {"p": [sigmoid(z), softmax(logits)[:, 0]], "log p": [log_sigmoid(z)], "largest": [logsumexp(logits)],
                 "loss": [np.array([-loss for loss, _, _ in losses])],
                 "gradient": [np.array([d_logits[0, 1] for _, d_logits, _ in losses])]}
        assert np.array_equal(log_sigmoid(dtype([-np.inf, np.inf])), [-np.inf, 0])
        assert np.array_equal(sigmoid(dtype([-np.inf, np.inf])), [0, 1])
    with decimal.localcontext(decimal.Context(prec=400)):
        for i, each in enumerate(map(decimal.Decimal, z.tolist())):
            small = (-abs(each)).exp()
            rest, unlikely = (1 + small).ln(), small / (1 + small)
            p = 1 - unlikely if each >= 0 else unlikely
            exact = {"p": p, "log p": min(each, 0) - rest, "largest": max(each, 0) + rest, "loss": min(each, 0) - rest,
                     "gradient": 1 - p}
            for name, values in found.items():
                size = max(abs(float(exact[name])), float(name == "largest"))
                units = 4 * max(1, abs(z[i])) if name in ("loss", "gradient") else 4
                for value in values:
                    error = abs(decimal.Decimal(float(value[i])) - exact[name])
                    assert error <= decimal.Decimal(float(units * np.spacing(value.dtype.type(size)))), (name, each)


def test_sigmoid_relations():
    values = 5 * np.random.default_rng(2).normal(size=100)
    assert np.allclose(sigmoid(values) + sigmoid(-values), 1, rtol=1e-15)
    assert np.allclose(np.exp(log_sigmoid(values)), sigmoid(values), rtol=1e-14)
    assert np.allclose(log_sigmoid(values) - log_sigmoid(-values), values, rtol=1e-12)
    assert np.allclose(sigmoid(values), softmax(np.stack([values, 0 * values], axis=1))[:, 0], rtol=1e-14)


@pytest.mark.parametrize("function", [softmax, log_softmax, logsumexp, sigmoid, log_sigmoid])
def test_float32_goes_in_and_float32_comes_out(function):
    assert function(np.array([[-BIG, 3.0, BIG]], np.float32)).dtype == np.float32


@pytest.mark.parametrize("function", [softmax, log_softmax, logsumexp, sigmoid, log_sigmoid])
@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int64, bool])
def test_integers_do_not_wrap_around(function, dtype):
    values = np.array([[0, 1, 5, 127]]).astype(dtype)
    assert np.array_equal(function(values), function(values.astype(float)))
    assert np.array_equal(function(np.array([[-128, 3]], np.int8)), function(np.array([[-128.0, 3.0]])))


def test_softmax_and_its_logarithm_take_minus_infinity_for_the_impossible():
    logits = np.array([0.0, -np.inf, 0.0])
    assert np.array_equal(softmax(logits), [0.5, 0, 0.5])
    assert np.array_equal(log_softmax(logits), np.log([0.5, 1, 0.5]) + [0, -np.inf, 0])


def test_loading_undoes_saving_also_when_one_name_begins_like_another():
    def networks(seed):
        return {name: MLP((2, 1), np.random.default_rng(seed + size)) for size, name in enumerate(("1", "10", "1a"))}

    saved, fresh = networks(0), networks(7)
    load_into(states_of(**saved), **fresh)
    assert all(np.array_equal(fresh[name].params.vector, saved[name].params.vector) for name in saved)


# ---- check_gradient

def cubic(rng):
    """The function sum of a^3 + 2 b with its gradient, and the arrays it reads."""
    arrays = {"first": rng.normal(size=(3, 2)), "second": rng.normal(size=4)}
    gradients = {"first": 3 * arrays["first"] ** 2, "second": np.full(4, 2.0)}
    return lambda: (arrays["first"] ** 3).sum() + 2 * arrays["second"].sum(), arrays, gradients


def test_a_right_gradient_passes_and_the_arrays_come_back_untouched():
    rng = np.random.default_rng(3)
    loss, arrays, gradients = cubic(rng)
    before = {name: array.copy() for name, array in arrays.items()}
    check_gradient(loss, arrays, gradients, rng)
    assert all(np.array_equal(arrays[name], before[name]) for name in arrays)


@pytest.mark.parametrize("name, index, sentence", [("first", (1, 0), "gradient of first at (1, 0): analytic"),
                                                   ("second", (3,), "gradient of second at (3,): analytic")])
@pytest.mark.parametrize("mistake", [1e-2, -1.0, np.nan])
def test_a_wrong_gradient_is_named_with_parameter_and_index(name, index, sentence, mistake):
    rng = np.random.default_rng(4)
    loss, arrays, gradients = cubic(rng)
    before = {key: array.copy() for key, array in arrays.items()}
    gradients[name][index] += mistake
    with expects(AssertionError, sentence):
        check_gradient(loss, arrays, gradients, rng)
    assert all(np.array_equal(arrays[key], before[key]) for key in arrays)


def test_mistakes_that_cancel_in_the_sum_are_found():
    rng = np.random.default_rng(5)
    loss, arrays, gradients = cubic(rng)
    gradients["second"] += np.array([1.0, -1.0, 0.0, 0.0])
    with expects(AssertionError, "gradient of second"):
        check_gradient(loss, arrays, gradients, rng)


def test_gradients_of_other_shape_and_arrays_of_low_precision_are_refused():
    rng = np.random.default_rng(6)
    loss, arrays, gradients = cubic(rng)
    with expects(AssertionError, "second: the gradient has shape (4, 1), the parameter (4,)"):
        check_gradient(loss, arrays, {**gradients, "second": np.ones((4, 1))}, rng)
    with expects(ValueError, "first: expected float64 for a gradient check, got float32"):
        check_gradient(loss, {**arrays, "first": arrays["first"].astype(np.float32)}, gradients, rng)


# ---- the other checks

def test_shapes_that_fit_give_the_sizes():
    assert check_shapes(rewards=(np.zeros((4, 7)), "B T"), states=(np.zeros((4, 7, 2)), "B T 2")) == {"B": 4, "T": 7}


@pytest.mark.parametrize("shapes, patterns, sentence", [
    (((4, 7), (4, 6)), ("B T", "B T"), "second: expected (B, T) with T = 7, as in first, got shape (4, 6)"),
    (((4, 7), (4,)), ("B T", "B T"), "second: expected 2 dimensions (B, T), got shape (4,)"),
    (((4,), (4, 3)), ("B", "B 2"), "second: expected (B, 2) with 2 = 2"),
    (((3, 4), (3, 4)), ("S S", "S A"), "first: expected (S, S) with S = 3")])
def test_shapes_that_do_not_fit_are_named(shapes, patterns, sentence):
    with expects(ValueError, sentence):
        check_shapes(first=(np.zeros(shapes[0]), patterns[0]), second=(np.zeros(shapes[1]), patterns[1]))


def test_finite_choice_and_range_name_what_they_refuse():
    check_finite(rewards=np.ones((2, 2)), noise=0.5)
    check_choice("answer", "first", ("first", "second"))
    check_range("slip", 1, 0, 1)
    with expects(ValueError, "rewards: expected finite numbers, got nan at index (1, 0)"):
        check_finite(fine=np.zeros(3), rewards=np.array([[0.0, 1.0], [np.nan, np.inf]]))
    with expects(ValueError, "noise: expected finite numbers, got inf at index (0,)"):
        check_finite(noise=np.inf)
    with expects(ValueError, "answer: expected one of first, second; got 'left'"):
        check_choice("answer", "left", ("first", "second"))
    for value in (-0.1, 1.1, np.nan):
        with expects(ValueError, f"slip: expected a number from 0 to 1, got {value}"):
            check_range("slip", value, 0, 1)


# ---- check_game

@pytest.mark.parametrize("game",
                         [Bandit([0.0, 1.0]), Gridworld(), CartPole(horizon=60), CartPole(frozen=True, horizon=60),
                          Text()],
                         ids=["bandit", "grid", "cartpole", "frozen", "text"])
def test_games_that_keep_the_protocol_pass(game):
    check_game(game, np.random.default_rng(7))


class Cart(CartPole):
    """What the broken games below break."""
    def __init__(self):
        super().__init__(horizon=3)


class StartsTooMany(Cart):
    def start(self, n, rng):
        return super().start(n + 1, rng)


class SqueezesOneRow(Cart):
    def start(self, n, rng):
        return super().start(n, rng).squeeze()


class WritesIntoItsInput(Cart):
    def step(self, states, actions, rng):
        next_states, rewards, done = super().step(states, actions, rng)
        states[...] = next_states
        return states, rewards, done


class LosesPrecision(Cart):
    def step(self, states, actions, rng):
        next_states, rewards, done = super().step(states, actions, rng)
        return next_states.astype(np.float32), rewards, done


class PaysInColumns(Cart):
    def step(self, states, actions, rng):
        next_states, rewards, done = super().step(states, actions, rng)
        return next_states, rewards[:, None], done


class PaysNothingKnown(Cart):
    def step(self, states, actions, rng):
        next_states, rewards, done = super().step(states, actions, rng)
        return next_states, rewards * np.nan, done


class SaysDoneInNumbers(Cart):
    def step(self, states, actions, rng):
        next_states, rewards, done = super().step(states, actions, rng)
        return next_states, rewards, done.astype(float)


class SeesTheFirstRow(Cart):
    def observe(self, states):
        return states[0]


class SeesOnlyTwoDimensions(Cart):
    def observe(self, states):
        return states[:, :2]


class HasItsOwnLuck(Cart):
    def __init__(self):
        super().__init__()
        self.rng = np.random.default_rng(0)

    def step(self, states, actions, rng):
        next_states, rewards, done = super().step(states, actions, rng)
        return next_states + self.rng.random(next_states.shape), rewards, done


class CountsItsSteps(Cart):
    count = 0

    def step(self, states, actions, rng):
        self.count += 1
        next_states, rewards, done = super().step(states, actions, rng)
        return next_states, rewards * self.count, done


class ShowsNumbers(Cart):
    def show(self, state):
        return state


class DrawsColourless(Cart):
    def scene(self, state):
        return [(0.5, 0.5)]


@pytest.mark.parametrize("broken, sentence", [
    (StartsTooMany, "start(5) must return 5 rows, got 6"), (SqueezesOneRow, "start(1) must return one row"),
    (WritesIntoItsInput, "step must not change the states"), (LosesPrecision, "step must keep shape and dtype"),
    (PaysInColumns, "rewards must be 5 finite numbers"), (PaysNothingKnown, "rewards must be 5 finite numbers"),
    (SaysDoneInNumbers, "done must be 5 booleans"), (SeesTheFirstRow, "observe must keep the leading dimension"),
    (SeesOnlyTwoDimensions, "observe must accept any leading dimensions"),
    (HasItsOwnLuck, "equal generators must give equal steps"),
    (CountsItsSteps, "equal generators must give equal steps"), (ShowsNumbers, "show must return text"),
    (DrawsColourless, "scene must return pieces with a color")])
def test_broken_games_are_refused_with_their_name_and_the_promise(broken, sentence):
    with expects(AssertionError, f"{broken.__name__}: {sentence}"):
        check_game(broken(), np.random.default_rng(8))


@pytest.mark.parametrize("name, wrong, sentence", [
    ("P", lambda table: table[:, :3], "P must have shape (S, A, S)"),
    ("P", lambda table: table * 0.9, "must be a distribution"),
    ("P", lambda table: table * 3 - 2 * np.roll(table, 1, axis=2), "must be a distribution"),
    ("R", lambda table: table[:, :, 0], "R must have the shape of P"),
    ("d0", lambda table: table * 2, "d0 must be a distribution")])
def test_broken_tables_are_refused(name, wrong, sentence):
    game = Gridworld(horizon=3)
    setattr(game, name, wrong(getattr(game, name)))
    with expects(AssertionError, sentence):
        check_game(game, np.random.default_rng(9))
