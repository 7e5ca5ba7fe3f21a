"""Four hand-written networks, Table, SumTable, MLP and EmbeddingMLP: forward returns its cache, backward takes it."""
import copy
import itertools
import math

import numpy as np


class Parameters(dict):
    """Named arrays that are views into one flat `vector`: formulas use the names, optimizers the vector."""

    def __init__(self, shapes, dtype, ends=None):
        super().__init__()
        self.shapes = shapes
        self.ends = ends or list(itertools.accumulate(math.prod(shape) for shape in shapes.values()))
        self.vector, start = np.zeros(self.ends[-1], dtype), 0
        for (name, shape), end in zip(shapes.items(), self.ends):
            self[name] = self.vector[start:end].reshape(shape)
            start = end

    def like(self):
        """Zeros with the same names and shapes."""
        return Parameters(self.shapes, self.vector.dtype, self.ends)


class Network:
    """What all networks share: parameters in one vector, copying, saving. Knows neither time nor episodes."""

    def __init__(self, shapes, dtype):
        self.dtype = np.dtype(dtype)
        self.params = Parameters(shapes, self.dtype)

    def copy(self):
        """A twin with its own parameters."""
        twin = copy.copy(self)
        twin.params = self.params.like()
        twin.params.vector[:] = self.params.vector
        return twin

    def state(self):
        return {"vector": self.params.vector.copy()}

    def load(self, state):
        if np.shape(state["vector"]) != self.params.vector.shape:
            raise ValueError(f"network: expected {self.params.vector.size} parameters, got {np.size(state['vector'])}; "
                             "was it saved by a network of other sizes?")
        self.params.vector[:] = state["vector"]


class Table(Network):
    """One row of outputs for each input number: a bigram model, a tabular policy, a value per cell."""

    def __init__(self, n_inputs, n_outputs, dtype=np.float64):
        super().__init__({"table": (n_inputs, n_outputs)}, dtype)

    def forward(self, inputs):
        """Integers (...) -> outputs (..., O), cache."""
        return self.params["table"].take(inputs, axis=0), inputs

    def backward(self, cache, d_outputs):
        """d_outputs (..., O) -> grads. Each row of the table collects what its uses passed back."""
        n_inputs, n_outputs = self.params["table"].shape
        places = np.asarray(cache, np.int64)[..., None] * n_outputs + np.arange(n_outputs)
        grads = self.params.like()
        grads.vector[:] = np.bincount(places.ravel(), np.ravel(d_outputs), n_inputs * n_outputs)   # d table[s] = sum of d y at s
        return grads


class SumTable(Table):
    """The sum of one row for each input number of a group, (..., G) -> (..., O): a linear model on a bag of features."""

    def forward(self, inputs):
        """Integers (..., G) -> outputs (..., O), cache."""
        rows, cache = super().forward(inputs)
        return rows.sum(axis=-2), cache

    def backward(self, cache, d_outputs):
        """d_outputs (..., O) -> grads; every member of a group gets the derivative of its sum."""
        d_rows = np.broadcast_to(np.asarray(d_outputs)[..., None, :], (*np.shape(cache), np.shape(d_outputs)[-1]))
        return super().backward(cache, d_rows)                         # y = sum of rows, so d row = d y


class MLP(Network):
    """y = W_L tanh(... tanh(W_1 x + b_1) ...) + b_L, with orthogonal weights.

    Args:
        sizes: inputs, hidden layers, outputs, for instance (4, 64, 64, 2).
        head_gain: scale of the last layer; 0.01 makes a policy start almost uniform.
    Source: Saxe, McClelland, Ganguli 2014 (orthogonal weights); the gains are those of Huang et al. 2022.
    """

    def __init__(self, sizes, rng, head_gain=1.0, dtype=np.float32, extra_shapes=None):
        self.depth = len(sizes) - 1
        shapes = dict(extra_shapes or {})
        for layer in range(self.depth):
            shapes[f"weight_{layer}"], shapes[f"bias_{layer}"] = (sizes[layer], sizes[layer + 1]), (sizes[layer + 1],)
        super().__init__(shapes, dtype)
        for layer in range(self.depth):
            gain = head_gain if layer == self.depth - 1 else np.sqrt(2)
            self.params[f"weight_{layer}"][...] = gain * orthogonal(*shapes[f"weight_{layer}"], rng)

    def forward(self, inputs):
        """Inputs (..., I) -> outputs (..., O), cache (the input of every layer)."""
        inputs = np.asarray(inputs, self.dtype)
        layer_inputs, signal = [], inputs.reshape(-1, inputs.shape[-1])
        for layer in range(self.depth):
            layer_inputs.append(signal)
            signal = signal @ self.params[f"weight_{layer}"]
            signal += self.params[f"bias_{layer}"]
            if layer < self.depth - 1:
                np.tanh(signal, out=signal)
        return signal.reshape(inputs.shape[:-1] + signal.shape[1:]), layer_inputs

    def backward(self, cache, d_outputs):
        """d_outputs (..., O) -> grads, keys and shapes as params."""
        grads = self.params.like()
        self._layers_backward(cache, d_outputs, grads)
        return grads

    def _layers_backward(self, layer_inputs, d_outputs, grads):
        """Fill `grads`, layer by layer from the last; returns the derivative at the first layer's pre-activation."""
        d_sums = np.asarray(d_outputs, self.dtype).reshape(-1, self.params[f"bias_{self.depth - 1}"].size)
        ones = np.ones(len(d_sums), self.dtype)
        for layer in reversed(range(self.depth)):
            x = layer_inputs[layer]
            np.matmul(x.T, d_sums, out=grads[f"weight_{layer}"])       # d W = x' dz
            np.matmul(ones, d_sums, out=grads[f"bias_{layer}"])        # d b = sum of dz, as a product: four times as fast
            if layer:
                d_sums = d_sums @ self.params[f"weight_{layer}"].T     # d x = dz W'
                d_sums *= 1 - x * x                                    # x = tanh(z), so dz = dx (1 - x^2)
        return d_sums


class EmbeddingMLP(MLP):
    """Symbols in slots -> embedding vectors side by side -> MLP: the language model of Bengio et al. 2003.

    Whatever the model may see is a symbol in a slot: the last characters, the tail of a prompt, the position.

    Args:
        n_symbols, slots: how many different symbols, and how many stand in one input row.
        embedding, hidden, n_outputs: sizes of one symbol's vector, of the hidden layers (a tuple), of the output.
    """

    def __init__(self, n_symbols, slots, embedding, hidden, n_outputs, rng, head_gain=1.0, dtype=np.float32):
        super().__init__((slots * embedding, *hidden, n_outputs), rng, head_gain, dtype, {"embedding": (n_symbols, embedding)})
        self.params["embedding"][...] = rng.normal(size=(n_symbols, embedding))

    def forward(self, inputs):
        """Integers (..., C) -> outputs (..., O), cache."""
        inputs = np.asarray(inputs)
        vectors = self.params["embedding"].take(inputs, axis=0)                        # (..., C, E)
        outputs, layer_inputs = super().forward(vectors.reshape(inputs.shape[:-1] + (-1,)))
        return outputs, (inputs, layer_inputs)

    def with_new_head(self, n_outputs, rng, head_gain=1.0):
        """A twin with the same embedding and hidden layers, and a fresh last layer: a critic or a reward model that can read already."""
        n_symbols, embedding = self.params.shapes["embedding"]
        widths = [len(self.params[f"weight_{layer}"]) for layer in range(self.depth)]
        twin = EmbeddingMLP(n_symbols, widths[0] // embedding, embedding, widths[1:], n_outputs, rng, head_gain, self.dtype)
        for name in self.params:
            if name not in (f"weight_{self.depth - 1}", f"bias_{self.depth - 1}"):
                twin.params[name][...] = self.params[name]
        return twin

    def backward(self, cache, d_outputs):
        """d_outputs (..., O) -> grads."""
        inputs, layer_inputs = cache
        grads = self.params.like()
        d_sums = self._layers_backward(layer_inputs, d_outputs, grads)
        d_vectors = (d_sums @ self.params["weight_0"].T).reshape(np.size(inputs), -1)  # d x = dz W', one row a symbol
        order = np.argsort(inputs, axis=None, kind="stable")                           # equal symbols side by side: four times as
        symbols = inputs.take(order)                                                   # fast as a one-hot product or np.add.at
        starts = np.flatnonzero(np.append(True, symbols[1:] != symbols[:-1]))
        grads["embedding"][symbols[starts]] = np.add.reduceat(d_vectors.take(order, axis=0), starts)     # d E[v] = sum of its d x
        return grads


def orthogonal(rows, columns, rng):
    """A random matrix (rows, columns) whose shorter side is orthonormal."""
    tall = rng.normal(size=(max(rows, columns), min(rows, columns)))
    q, r = np.linalg.qr(tall)
    q *= np.sign(np.diag(r))                                           # else the signs would depend on the library
    return q if rows >= columns else q.T
