"""Three hand-written networks: Table, MLP and EmbeddingMLP.

`forward` returns its cache, `backward` takes it. Sizes are checked when a network is built, saved
parameters when they are loaded; inputs are not.
"""
import copy
import math

import numpy as np

from tinyrlhf.checks import check_choice, check_finite, check_range, check_whole


class Parameters(dict):
    """Named arrays for formulas, views into one flat `vector` for optimizers and checkpoints."""

    def __init__(self, shapes, dtype):
        super().__init__()
        self.shapes = shapes
        self.vector = np.zeros(sum(map(math.prod, shapes.values())), dtype)
        start = 0
        for name, shape in shapes.items():
            end = start + math.prod(shape)
            self[name] = self.vector[start:end].reshape(shape)
            start = end

    def like(self):
        """Zeros with the same names and shapes."""
        return Parameters(self.shapes, self.vector.dtype)

    def __deepcopy__(self, memo):
        """A copy whose entries are views of its own vector, as these are of this one."""
        twin = self.like()
        twin.vector[:] = self.vector
        return twin


class Network:
    """What all networks share: parameters, copying, saving. Knows neither time nor episodes."""

    def __init__(self, shapes, dtype):
        try:
            self.dtype = np.dtype(dtype)
        except (TypeError, ValueError):
            raise ValueError(f"dtype: expected float32 or float64, got {dtype!r}") from None
        check_choice("dtype", self.dtype.name, ("float32", "float64"))
        for name, shape in shapes.items():
            for size in shape:
                check_whole(f"size of {name}", size, 1, 1_000_000_000)
        self.params = Parameters(shapes, self.dtype)

    def copy(self):
        """A twin with its own parameters."""
        twin = copy.copy(self)
        twin.params = copy.deepcopy(self.params)
        return twin

    def state(self):
        return {"vector": self.params.vector.copy()}

    def load(self, state):
        expected, given = self.params.vector, np.asarray(state["vector"])
        if given.shape != expected.shape:
            raise ValueError(f"network: expected {expected.size} parameters, got {given.size}; "
                             "was it saved by a network of other sizes?")
        check_finite(network=given)
        self.params.vector[:] = given


class Table(Network):
    """One row of outputs for each input number: a bigram model, a policy, a value per cell."""

    def __init__(self, n_inputs, n_outputs, dtype=np.float64):
        check_sizes(n_inputs=n_inputs, n_outputs=n_outputs)
        super().__init__({"table": (n_inputs, n_outputs)}, dtype)

    def forward(self, inputs):
        """Integers (...) -> outputs (..., O), cache."""
        return self.params["table"].take(inputs, axis=0), inputs

    def backward(self, cache, d_outputs):
        """d_outputs (..., O) -> grads. Each row of the table collects what its uses passed back."""
        # for s, d_y in zip(inputs, d_outputs): d_table[s] += d_y
        n_inputs, n_outputs = self.params["table"].shape
        places = np.asarray(cache, np.int64)[..., None] * n_outputs + np.arange(n_outputs)
        grads = self.params.like()
        grads.vector[:] = np.bincount(places.ravel(), np.ravel(d_outputs), n_inputs * n_outputs)
        return grads


class MLP(Network):
    """y = W_L tanh(... tanh(W_1 x + b_1) ...) + b_L, with orthogonal weights.

    Args:
        sizes: inputs, hidden layers, outputs, for instance (4, 64, 64, 2).
        head_gain: scale of the last layer; 0.01 makes a policy start almost uniform.
    Source: Saxe, McClelland, Ganguli 2014 (orthogonal weights); the gains are those of Huang et
    al. 2022.
    """

    def __init__(self, sizes, rng, head_gain=1.0, dtype=np.float32, **other_shapes):
        check_range("head_gain", head_gain, -1e6, 1e6)
        self.depth = len(sizes) - 1
        check_whole("layers", self.depth, 1, 1000)
        self.layers = [(f"weight_{layer}", f"bias_{layer}") for layer in range(self.depth)]
        shapes = other_shapes
        for (weight, bias), n_inputs, n_outputs in zip(self.layers, sizes, sizes[1:]):
            shapes[weight] = n_inputs, n_outputs
            shapes[bias] = (n_outputs,)
        super().__init__(shapes, dtype)
        for layer, (weight, _) in enumerate(self.layers, start=1):
            gain = np.sqrt(2) if layer < self.depth else head_gain
            self.params[weight][...] = gain * orthogonal(*shapes[weight], rng)

    def forward(self, inputs):
        """Inputs (..., I) -> outputs (..., O), cache (the input of every layer)."""
        inputs = np.asarray(inputs, self.dtype)
        layer_inputs, x = [], inputs.reshape(-1, inputs.shape[-1])
        for layer, (weight, bias) in enumerate(self.layers, start=1):
            layer_inputs.append(x)
            x = x @ self.params[weight]  # z = x W + b
            x += self.params[bias]
            if layer < self.depth:
                np.tanh(x, out=x)  # x = tanh(z); the last layer stays z
        return x.reshape(inputs.shape[:-1] + x.shape[1:]), layer_inputs

    def backward(self, cache, d_outputs):
        """d_outputs (..., O) -> grads, keys and shapes as params."""
        grads = self.params.like()
        self.layers_backward(cache, d_outputs, grads)
        return grads

    def layers_backward(self, layer_inputs, d_outputs, grads):
        """Fill `grads` from the last layer to the first; returns d z of the first."""
        d_outputs = np.asarray(d_outputs, self.dtype)
        dz = d_outputs.reshape(-1, d_outputs.shape[-1])
        ones = np.ones(len(dz), self.dtype)
        for layer in reversed(range(self.depth)):
            (weight, bias), x = self.layers[layer], layer_inputs[layer]
            np.matmul(x.T, dz, out=grads[weight])             # d W = x' dz
            np.matmul(ones, dz, out=grads[bias])              # d b = sum of dz, four times as fast
            if layer:
                dz = dz @ self.params[weight].T               # d x = dz W'
                dz *= 1 - x * x                               # x = tanh(z), so dz = dx (1 - x^2)
        return dz


class EmbeddingMLP(MLP):
    """Symbols in slots -> embedding vectors side by side -> MLP.

    Whatever the model may see is a symbol: the last characters, the tail of a prompt, the position.

    Args:
        n_symbols, slots: how many different symbols, and how many stand in one input row.
        embedding, hidden, n_outputs: sizes of one symbol's vector, of the hidden layers (a tuple),
            of the output.
    Source: the language model of Bengio, Ducharme, Vincent, Jauvin 2003.
    """

    def __init__(self, n_symbols, slots, embedding, hidden, n_outputs, rng, head_gain=1.0,
                 dtype=np.float32):
        check_sizes(n_symbols=n_symbols, slots=slots, embedding=embedding, n_outputs=n_outputs)
        self.sizes = n_symbols, slots, embedding, tuple(hidden)
        super().__init__((slots * embedding, *hidden, n_outputs), rng, head_gain, dtype,
                         embedding=(n_symbols, embedding))
        self.params["embedding"][...] = rng.normal(size=(n_symbols, embedding))

    def with_new_head(self, n_outputs, rng, head_gain=1.0):
        """A twin with a fresh last layer: a critic or reward model that can read from the start."""
        twin = EmbeddingMLP(*self.sizes, n_outputs, rng, head_gain, self.dtype)
        for name in self.params:
            if name not in self.layers[-1]:
                twin.params[name][...] = self.params[name]
        return twin

    def forward(self, inputs):
        """Integers (..., C) -> outputs (..., O), cache."""
        inputs = np.asarray(inputs)
        vectors = self.params["embedding"].take(inputs, axis=0)  # (..., C, E)
        outputs, layer_inputs = super().forward(vectors.reshape(inputs.shape[:-1] + (-1,)))
        return outputs, (inputs, layer_inputs)

    def backward(self, cache, d_outputs):
        """d_outputs (..., O) -> grads. Each embedding collects what its uses passed back."""
        inputs, layer_inputs = cache
        grads = self.params.like()
        dz = self.layers_backward(layer_inputs, d_outputs, grads)
        d_vectors = (dz @ self.params["weight_0"].T).reshape(np.size(inputs), -1)  # d x = dz W'
        # for v, d_x in zip(inputs, d_vectors): d_E[v] += d_x
        order = np.argsort(inputs, axis=None, kind="stable")         # equal symbols side by side
        symbols = inputs.take(order)                                 # are summed four times as fast
        starts = np.flatnonzero(np.append(True, symbols[1:] != symbols[:-1]))
        sums = np.add.reduceat(d_vectors.take(order, axis=0), starts)
        grads["embedding"][symbols[starts]] = sums
        return grads


def check_sizes(**sizes):
    for name, size in sizes.items():
        check_whole(name, size, 1, 1_000_000_000)


def orthogonal(rows, columns, rng):
    """A random matrix (rows, columns) whose shorter side is orthonormal."""
    tall = rng.normal(size=(max(rows, columns), min(rows, columns)))
    q, r = np.linalg.qr(tall)
    q *= np.sign(np.diag(r))  # else the library chooses the signs
    return q if rows >= columns else q.T
