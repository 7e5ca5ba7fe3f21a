"""Are the hand-written derivatives of the networks right, are parameters views of their own, and is Adam Adam?"""
import copy
import sys
from pathlib import Path

import numpy as np
import pytest

from tinyrlhf.conformance import check_gradient
from tinyrlhf.nn.networks import MLP, EmbeddingMLP, Table, orthogonal
from tinyrlhf.nn.sum_table import SumTable
from tinyrlhf.nn.optimizers import Adam, clip_gradient
from tinyrlhf.nn.schedules import as_schedule, linear

sys.path.insert(0, str(Path(__file__).parent))
from oracles import SGD  # noqa: E402


def table(rng, dtype=np.float64):
    network = Table(7, 3, dtype)
    network.params.vector[:] = rng.normal(size=21)
    return network, lambda shape: rng.integers(7, size=shape)


def sum_table(group):
    def build(rng, dtype=np.float64):
        network = SumTable(7, 3, dtype)
        network.params.vector[:] = rng.normal(size=21)
        return network, lambda shape: rng.integers(7, size=shape + (group,))
    return build


def mlp(sizes):
    def build(rng, dtype=np.float64):
        network = MLP(sizes, rng, dtype=dtype)
        network.params.vector[:] += 0.3 * rng.normal(size=network.params.vector.size)      # biases that are not zero
        return network, lambda shape: rng.normal(size=shape + sizes[:1])
    return build


def embedding_mlp(slots, hidden):
    def build(rng, dtype=np.float64):
        network = EmbeddingMLP(6, slots, 4, hidden, 5, rng, dtype=dtype)
        network.params.vector[:] += 0.3 * rng.normal(size=network.params.vector.size)
        return network, lambda shape: rng.integers(6, size=shape + (slots,)).astype(np.uint8)
    return build


BUILDERS = {"table": table, "sum table": sum_table(4), "sum of one": sum_table(1), "linear": mlp((3, 2)),
            "one hidden": mlp((4, 6, 1)), "two hidden": mlp((2, 5, 3, 4)),
            "four hidden": mlp((3, 4, 4, 4, 4, 2)), "embedding": embedding_mlp(3, (8,)),
            "one slot": embedding_mlp(1, ()),
            "embedding, two hidden": embedding_mlp(2, (5, 6))}
everywhere = pytest.mark.parametrize("build", BUILDERS.values(), ids=BUILDERS.keys())


# ---- gradients

@everywhere
@pytest.mark.parametrize("shape", [(), (1,), (9,), (4, 3), (2, 3, 2)], ids=str)
def test_the_gradient_agrees_with_central_differences(build, shape):
    rng = np.random.default_rng(len(shape))
    network, draw = build(rng)
    inputs = draw(shape)
    outputs, cache = network.forward(inputs)
    weights = rng.normal(size=outputs.shape)
    assert outputs.shape[:-1] == shape
    check_gradient(lambda: float((weights * network.forward(inputs)[0]).sum()), network.params,
                   network.backward(cache, weights), rng)


@everywhere
def test_leading_dimensions_are_only_a_way_to_write_the_batch(build):
    rng = np.random.default_rng(1)
    network, draw = build(rng)
    inputs = draw((4, 3))
    outputs, cache = network.forward(inputs)
    flat_outputs, flat_cache = network.forward(inputs.reshape((12,) + inputs.shape[2:]))
    weights = rng.normal(size=outputs.shape)
    assert np.allclose(outputs.reshape(12, -1), flat_outputs, rtol=1e-12)
    assert np.allclose(network.backward(cache, weights).vector,
                       network.backward(flat_cache, weights.reshape(12, -1)).vector, rtol=1e-10)


@everywhere
def test_time_first_arrays_give_the_gradient_of_their_copies(build):
    rng = np.random.default_rng(2)
    network, draw = build(rng)
    inputs = np.swapaxes(draw((4, 3)), 0, 1)                           # not contiguous
    outputs, cache = network.forward(inputs)
    weights = np.asfortranarray(rng.normal(size=outputs.shape))
    _, copied_cache = network.forward(inputs.copy())
    assert np.allclose(network.backward(cache, weights).vector,
                       network.backward(copied_cache, weights.copy("C")).vector, rtol=1e-12)


@everywhere
def test_two_forwards_before_one_backward_use_the_cache_that_is_given(build):
    rng = np.random.default_rng(3)
    network, draw = build(rng)
    here, elsewhere = draw((5,)), draw((5,))
    outputs, cache = network.forward(here)
    weights = rng.normal(size=outputs.shape)
    expected = network.backward(cache, weights).vector.copy()
    _, cache = network.forward(here)
    network.forward(elsewhere)
    assert np.array_equal(network.backward(cache, weights).vector, expected)


@everywhere
def test_backward_changes_neither_parameters_nor_what_it_is_given_and_each_call_gives_new_arrays(build):
    rng = np.random.default_rng(4)
    network, draw = build(rng)
    outputs, cache = network.forward(draw((5,)))
    weights, before = rng.normal(size=outputs.shape), network.params.vector.copy()
    kept, weights_before, outputs_before = network.backward(cache, weights), weights.copy(), outputs.copy()
    again = network.backward(cache, weights)
    assert not np.shares_memory(kept.vector, again.vector) and np.array_equal(kept.vector, again.vector)
    assert np.array_equal(weights, weights_before) and np.array_equal(network.params.vector, before)
    assert np.array_equal(outputs, outputs_before)


def test_a_table_collects_every_use_of_a_row():
    network = Table(3, 2)
    _, cache = network.forward(np.array([1, 1, 1, 2]))
    assert np.array_equal(network.backward(cache, np.ones((4, 2)))["table"], [[0, 0], [3, 3], [1, 1]])


def test_a_table_of_many_characters_learns_from_single_bytes():
    network = Table(30, 30)
    symbols = np.array([3, 17, 29], np.uint8)
    _, cache = network.forward(symbols)
    assert np.array_equal(np.flatnonzero(network.backward(cache, np.ones((3, 30)))["table"].sum(axis=1)), [3, 17, 29])


def test_a_sum_table_is_a_linear_model_on_how_often_each_number_occurs():
    rng = np.random.default_rng(16)
    network, draw = sum_table(5)(rng)
    inputs = draw((8, 3))
    counts = (inputs[..., None] == np.arange(7)).sum(axis=-2)
    assert np.allclose(network.forward(inputs)[0], counts @ network.params["table"], rtol=1e-12)
    weights = rng.normal(size=(8, 3, 3))
    expected = np.einsum("bti,bto->io", counts, weights)
    assert np.allclose(network.backward(network.forward(inputs)[1], weights)["table"], expected, rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.uint8, np.int64])
def test_the_embedding_of_a_symbol_collects_every_slot_where_it_stood_and_others_nothing(dtype):
    rng = np.random.default_rng(17)
    network, _ = embedding_mlp(3, (8,))(rng)
    for inputs in (np.full((9, 3), 4), np.array([[0, 5, 0]]), np.array([[5, 5, 5], [0, 5, 2]]),
                   rng.integers(6, size=(50, 3))):
        inputs = inputs.astype(dtype)
        outputs, cache = network.forward(inputs)
        weights = rng.normal(size=outputs.shape)
        grads = network.backward(cache, weights)
        hidden = cache[1][1]
        d_vectors = (weights @ network.params["weight_1"].T * (1 - hidden ** 2)) @ network.params["weight_0"].T
        expected = np.zeros((6, 4))
        np.add.at(expected, inputs, d_vectors.reshape(*inputs.shape, 4))
        assert np.allclose(grads["embedding"], expected, rtol=1e-10, atol=1e-14)
        assert not grads["embedding"][~np.isin(np.arange(6), inputs)].any()


@pytest.mark.parametrize("hidden", [(), (8,), (5, 6)], ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_new_head_keeps_all_but_the_last_layer_and_shares_nothing(hidden, dtype):
    rng = np.random.default_rng(18)
    network, draw = embedding_mlp(3, hidden)(rng, dtype)
    inputs, before = draw((5,)), network.params.vector.copy()
    twin = network.with_new_head(2, rng, head_gain=0.1)
    head = (f"weight_{len(hidden)}", f"bias_{len(hidden)}")
    assert list(twin.params) == list(network.params) and twin.params.vector.dtype == dtype
    assert twin.depth == network.depth
    for name in network.params:
        assert np.array_equal(twin.params[name], network.params[name]) == (name not in head)
    outputs, cache = twin.forward(inputs)
    assert outputs.shape == (5, 2) and all(map(np.array_equal, cache[1], network.forward(inputs)[1][1]))
    product = twin.params[head[0]].T @ twin.params[head[0]]
    assert np.allclose(product, 0.01 * np.eye(2), atol=1e-7) and not twin.params[head[1]].any()
    assert all(np.shares_memory(array, twin.params.vector) for array in twin.params.values())
    twin.params.vector += 1
    assert np.array_equal(network.params.vector, before)


# ---- parameters

@everywhere
def test_named_parameters_are_views_into_the_vector_and_cover_it(build):
    network, _ = build(np.random.default_rng(5))
    params = network.params
    params.vector[:] = np.arange(params.vector.size)
    assert np.array_equal(np.concatenate([array.ravel() for array in params.values()]), params.vector)
    assert all(np.shares_memory(array, params.vector) for array in params.values())


@everywhere
def test_a_copy_has_parameters_of_its_own(build):
    rng = np.random.default_rng(6)
    network, draw = build(rng)
    inputs, twin = draw((5,)), network.copy()
    for deep in (twin, copy.deepcopy(network)):
        assert all(np.shares_memory(array, deep.params.vector) for array in deep.params.values())
        assert not np.shares_memory(deep.params.vector, network.params.vector)
    before = twin.forward(inputs)[0].copy()
    assert np.array_equal(before, network.forward(inputs)[0])
    network.params.vector += 1
    for array in network.params.values():
        array *= 2
    assert np.array_equal(twin.forward(inputs)[0], before) and not np.array_equal(network.forward(inputs)[0], before)


@everywhere
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_loaded_network_gives_the_same_bytes_and_the_saved_state_stays(build, dtype):
    network, draw = build(np.random.default_rng(7), dtype)
    other, _ = build(np.random.default_rng(8), dtype)
    inputs, state = draw((5,)), network.state()
    expected = network.forward(inputs)[0].copy()
    network.params.vector += 1
    other.load(state)
    other.params.vector += 0
    assert np.array_equal(other.forward(inputs)[0], expected)
    other.params.vector += 1
    network.load(state)
    assert np.array_equal(network.forward(inputs)[0], expected)


def test_a_state_of_another_size_is_refused_with_both_sizes():
    small, large = Table(2, 3), Table(4, 3)
    with pytest.raises(ValueError, match="expected 12 parameters, got 6"):
        large.load(small.state())


@everywhere
def test_float32_networks_stay_float32_through_forward_backward_and_steps(build):
    rng = np.random.default_rng(9)
    network, draw = build(rng, np.float32)
    optimizer = Adam(network.params, np.float64(0.01))
    outputs, cache = network.forward(draw((5,)))
    grads = network.backward(cache, rng.normal(size=outputs.shape))
    clip_gradient(grads, 0.1)
    optimizer.step(grads)
    arrays = [outputs, grads.vector, network.params.vector, optimizer.mean, optimizer.square,
              network.copy().params.vector,
              network.forward(draw((5,)))[0], *network.params.values()]
    assert {array.dtype for array in arrays} == {np.dtype(np.float32)}


# ---- initial weights

@pytest.mark.parametrize("sizes", [(4, 16, 16, 2), (20, 5, 3), (3, 1), (1, 8, 1)], ids=str)
@pytest.mark.parametrize("head_gain", [1.0, 0.01])
def test_weights_start_orthogonal_with_gain_sqrt_two_then_head_gain_and_biases_at_zero(sizes, head_gain):
    network = MLP(sizes, np.random.default_rng(10), head_gain, np.float64)
    for layer in range(network.depth):
        weight = network.params[f"weight_{layer}"]
        product = weight @ weight.T if weight.shape[0] < weight.shape[1] else weight.T @ weight
        gain = head_gain if layer == network.depth - 1 else np.sqrt(2)
        assert np.allclose(product, gain ** 2 * np.eye(len(product)), atol=1e-12)
        assert not network.params[f"bias_{layer}"].any()


def test_orthogonal_matrices_are_drawn_without_preferring_a_sign():
    rng = np.random.default_rng(11)
    draws = np.array([orthogonal(2, 3, rng) for _ in range(2000)])
    sigma = np.sqrt(1 / 3 / 2000)  # an entry of a random unit vector in three dimensions
    assert (np.abs(draws.mean(axis=0)) < 5 * sigma).all()


def test_equal_generators_give_equal_networks():
    first, second = (EmbeddingMLP(6, 2, 4, (5,), 3, np.random.default_rng(12)) for _ in range(2))
    assert np.array_equal(first.params.vector, second.params.vector)


# ---- optimizers

def adam_of_the_paper(theta, gradients, learning_rate, decay_1, decay_2, epsilon):
    """Algorithm 1 of Kingma, Ba 2015, line by line."""
    mean, square = np.zeros_like(theta), np.zeros_like(theta)
    for t, g in enumerate(gradients, start=1):
        mean = decay_1 * mean + (1 - decay_1) * g
        square = decay_2 * square + (1 - decay_2) * g ** 2
        mean_hat, square_hat = mean / (1 - decay_1 ** t), square / (1 - decay_2 ** t)
        theta = theta - learning_rate * mean_hat / (np.sqrt(square_hat) + epsilon)
    return theta


@pytest.mark.parametrize("decays", [(0.9, 0.999), (0.5, 0.9), (0.0, 0.99)], ids=str)
@pytest.mark.parametrize("epsilon", [1e-8, 1e-2])
def test_adam_takes_the_steps_of_the_paper(decays, epsilon):
    rng = np.random.default_rng(13)
    network = Table(5, 4)
    start = network.params.vector[:] = rng.normal(size=20)
    start = start.copy()
    optimizer = Adam(network.params, 0.03, *decays, epsilon)
    # where epsilon is large, and where it is not
    gradients = rng.normal(size=(30, 20)) * 10.0 ** rng.integers(-9, 2, size=20)
    for t, gradient in enumerate(gradients, start=1):
        grads = network.params.like()
        grads.vector[:] = gradient
        optimizer.step(grads)
        if t in (1, 2, 30):
            expected = adam_of_the_paper(start, gradients[:t], 0.03, *decays, epsilon)
            assert np.allclose(network.params.vector - start, expected - start, rtol=1e-9, atol=1e-15)
        assert np.array_equal(grads.vector, gradient)


@pytest.mark.parametrize("optimizer", [Adam, SGD])
def test_an_optimizer_loaded_in_the_middle_goes_on_to_the_same_bytes(optimizer):
    rng = np.random.default_rng(14)
    gradients, networks = rng.normal(size=(6, 6)), [Table(3, 2), Table(3, 2)]
    optimizers = [optimizer(network.params, 0.1) for network in networks]

    def step(which, gradient):
        grads = networks[which].params.like()
        grads.vector[:] = gradient
        optimizers[which].step(grads)

    for gradient in gradients[:3]:
        step(0, gradient)
    networks[1].load(networks[0].state())
    saved = optimizers[0].state()
    step(0, gradients[3])                                              # what is saved is a copy
    optimizers[1].load(saved)
    step(1, gradients[3])
    for gradient in gradients[4:]:
        step(0, gradient)
        step(1, gradient)
    assert np.array_equal(networks[0].params.vector, networks[1].params.vector)


def test_sgd_goes_down_the_gradient():
    network = Table(2, 2)
    grads = network.params.like()
    grads.vector[:] = [1, -2, 0, 4]
    SGD(network.params, 0.5).step(grads)
    assert np.array_equal(network.params.vector, [-0.5, 1, 0, -2])


def test_clipping_shortens_all_arrays_together_keeps_the_direction_and_tells_the_length_before():
    rng = np.random.default_rng(15)
    grads = MLP((3, 4, 2), rng, dtype=np.float64).params.like()
    grads.vector[:] = rng.normal(size=grads.vector.size)
    before = grads.vector.copy()
    length = np.linalg.norm(before)
    assert np.isclose(clip_gradient(grads, 2 * length), length) and np.array_equal(grads.vector, before)
    assert np.isclose(clip_gradient(grads, 0.1), length)
    assert np.allclose(grads.vector, 0.1 * before / length, rtol=1e-5)
    assert np.shares_memory(grads["weight_0"], grads.vector)


# ---- what is refused at the doors

@pytest.mark.parametrize("make", [
    lambda rng: Table(0, 2), lambda rng: Table(2, -1), lambda rng: Table(2.0, 2), lambda rng: SumTable(2, 0),
    lambda rng: MLP((3, 0, 2), rng), lambda rng: MLP((3,), rng),
    lambda rng: EmbeddingMLP(0, 2, 3, (4,), 5, rng), lambda rng: EmbeddingMLP(6, 2, 3, (0,), 5, rng),
    lambda rng: embedding_mlp(2, (4,))(rng)[0].with_new_head(0, rng)])
def test_networks_without_inputs_outputs_or_layers_are_refused(make):
    with pytest.raises(ValueError, match="^(size of .*|layers|n_.*|slots): expected a whole number from 1"):
        make(np.random.default_rng(0))


@pytest.mark.parametrize("dtype", [int, np.uint8, complex])
def test_parameters_that_are_no_floats_are_refused(dtype):
    with pytest.raises(ValueError, match="^dtype: expected one of float32, float64"):
        Table(2, 3, dtype)


@pytest.mark.parametrize("head_gain", [np.nan, np.inf, "1"])
def test_a_head_gain_that_is_no_number_is_refused(head_gain):
    with pytest.raises(ValueError, match="^head_gain: expected a number"):
        MLP((3, 2), np.random.default_rng(0), head_gain)


@everywhere
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_saved_parameters_that_are_no_numbers_are_refused_and_change_nothing(build, bad):
    network, _ = build(np.random.default_rng(19))
    before, state = network.params.vector.copy(), network.state()
    state["vector"][-1] = bad
    with pytest.raises(ValueError, match="^network: expected finite numbers"):
        network.load(state)
    assert np.array_equal(network.params.vector, before)


@pytest.mark.parametrize("name, bad", [
    ("learning_rate", np.nan), ("learning_rate", -0.1), ("learning_rate", np.inf), ("learning_rate", "1"),
    ("mean_decay", 1.0), ("mean_decay", np.nan), ("square_decay", 1.0), ("square_decay", -0.1),
    ("epsilon", np.nan), ("epsilon", -1e-8)])
def test_optimizers_refuse_settings_that_would_spoil_the_parameters(name, bad):
    for make in (Adam, SGD) if name == "learning_rate" else (Adam,):
        with pytest.raises(ValueError, match=f"^{name}: expected a number from 0"):
            make(Table(2, 2).params, **{"learning_rate": 0.1, name: bad})


# ---- schedules

@pytest.mark.parametrize("start, lowest, gone_at", [
    (0.1, 0.02, 0.0), (0.6, 0.0, 0.25), (8e-3, 0.05, 0.0), (1e-4, 0.0, 0.0), (0.5, 0.1, 0.3)])
def test_a_linear_schedule_is_its_formula_to_the_last_bit(start, lowest, gone_at):
    schedule = linear(start, lowest, gone_at)
    for left in np.linspace(0, 1, 101):
        assert schedule(left) == start * max(left - gone_at, lowest) / (1 - gone_at)
    assert linear(start)(1.0) == start and linear(start)(0.0) == 0


def test_a_number_is_a_schedule_that_never_fades_and_a_schedule_stays_what_it_is():
    schedule = linear(0.1)
    assert as_schedule(schedule) is schedule and {as_schedule(0.3)(left) for left in (1.0, 0.5, 0.0)} == {0.3}


@pytest.mark.parametrize("name, bad", [
    ("start", np.nan), ("start", "1"), ("lowest", -0.1), ("lowest", 1.1), ("gone_at", 1.0), ("gone_at", -0.1)])
def test_schedules_that_never_begin_or_never_end_are_refused(name, bad):
    with pytest.raises(ValueError, match=f"^{name}: expected a number from"):
        linear(**{"start": 0.1, name: bad})
