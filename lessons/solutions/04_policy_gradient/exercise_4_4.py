"""Exercise 4.4, mlp_backward: its solution, hints and usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise


@exercise("4.4", minutes=10, extra=True, hints=[
    "Walk from the logits back to the inputs, one line of the network at a time. Weights: (what "
    "came in) transposed, times the slope of what went out. Biases: the slope of what went out, "
    "summed over the rows.",
    "Second layer: hidden.T @ d_logits, and the sum of d_logits over the rows. Then d_hidden = "
    "d_logits @ weight_1.T; through the tanh: d_sums = d_hidden times (1 - hidden squared). First "
    "layer: inputs.T @ d_sums, and the sum of d_sums over the rows.",
    "`d_sums = (d_logits @ weight_1.T) * (1 - hidden ** 2)`, then `return inputs.T @ d_sums, ...`"])
def mlp_backward(inputs, hidden, weight_1, d_logits):
    """The slopes of the loss by all weights of hidden = tanh(inputs @ weight_0 + bias_0), logits =
    hidden @ weight_1 + bias_1.

    inputs: array (n, I). hidden: array (n, H), behind the tanh. weight_1: array (H, A). d_logits:
    array (n, A), the slope of the loss by each logit; if the loss is a mean over the rows, the 1/n
    is in here already. Returns a tuple of four arrays: by weight_0 (I, H), bias_0 (H,), weight_1
    (H, A), bias_1 (A,).

    Worked: mlp_backward(np.array([[2.]]), np.array([[0.5]]), np.array([[3.]]), np.array([[1.]])) is
    ([[4.5]], [2.25], [[0.5]], [1.]).
    """
    d_sums = (d_logits @ weight_1.T) * (1 - hidden ** 2)
    return inputs.T @ d_sums, d_sums.sum(axis=0), hidden.T @ d_logits, d_logits.sum(axis=0)


dice = np.random.default_rng(0)
mlp_backward.cases = [
    (np.array([[2.0]]), np.array([[0.5]]), np.array([[3.0]]), np.array([[1.0]]))]
for n, i, h, a in ((2, 1, 2, 1), (5, 3, 4, 2), (3, 4, 4, 4)):
    mlp_backward.cases.append((dice.normal(size=(n, i)), np.tanh(dice.normal(size=(n, h))),
                               dice.normal(size=(h, a)), dice.normal(size=(n, a))))


@mlp_backward.right
def backward_by_the_library(inputs, hidden, weight_1, d_logits):
    from tinyrlhf.nn.networks import MLP
    network = MLP((inputs.shape[1], *weight_1.shape), np.random.default_rng(0), dtype=np.float64)
    network.params["weight_1"][...] = weight_1
    return tuple(network.backward([inputs, hidden], d_logits).values())


@mlp_backward.right
def moving_every_weight(inputs, hidden, weight_1, d_logits):
    sums = np.arctanh(hidden)  # of the weights and the bias that we do not know
    shapes = [(inputs.shape[1], hidden.shape[1]), hidden.shape[1:], weight_1.shape,
              weight_1.shape[1:]]

    def loss(weight_0, bias_0, change_1, bias_1):
        return np.sum(d_logits * (np.tanh(sums + inputs @ weight_0 + bias_0) @ (weight_1 + change_1)
                                  + bias_1))

    slopes = [np.zeros(shape) for shape in shapes]
    for number, slope in enumerate(slopes):
        for place in np.ndindex(slope.shape):
            moved = [np.zeros(shape) for shape in shapes]
            moved[number][place] = 1e-5
            slope[place] = (loss(*moved) - loss(*[-each for each in moved])) / 2e-5
    return tuple(slopes)


@mlp_backward.right
def row_after_row(inputs, hidden, weight_1, d_logits):
    slopes = [0.0, 0.0, 0.0, 0.0]
    for x, h, dz in zip(inputs, hidden, d_logits):
        ds = (weight_1 @ dz) * (1 - h * h)
        slopes = [sum(pair) for pair in zip(slopes, (np.outer(x, ds), ds, np.outer(h, dz), dz))]
    return tuple(slopes)


@mlp_backward.wrong("The first layer is wrong: the slope of tanh is missing. A hidden number near "
                    "1 hardly moves any more, so little may flow back through it. Which factor "
                    "says so?")
def no_slope_of_tanh(inputs, hidden, weight_1, d_logits):
    d_sums = d_logits @ weight_1.T
    return inputs.T @ d_sums, d_sums.sum(axis=0), hidden.T @ d_logits, d_logits.sum(axis=0)


@mlp_backward.wrong("The first layer is wrong: tanh seems to be taken twice, 1 - tanh(hidden)^2. "
                    "`hidden` is the output of the tanh, not what went into it. How does the slope "
                    "look in terms of the output?")
def tanh_taken_twice(inputs, hidden, weight_1, d_logits):
    d_sums = (d_logits @ weight_1.T) * (1 - np.tanh(hidden) ** 2)
    return inputs.T @ d_sums, d_sums.sum(axis=0), hidden.T @ d_logits, d_logits.sum(axis=0)


@mlp_backward.wrong("The first layer is wrong: hidden (1 - hidden) is the slope of the sigmoid, "
                    "not of tanh. Which function does this network use?")
def slope_of_the_sigmoid(inputs, hidden, weight_1, d_logits):
    d_sums = (d_logits @ weight_1.T) * hidden * (1 - hidden)
    return inputs.T @ d_sums, d_sums.sum(axis=0), hidden.T @ d_logits, d_logits.sum(axis=0)


@mlp_backward.wrong("The first layer is wrong: it looks like 1 - hidden, without the square. tanh "
                    "is as steep at -0.5 as at 0.5. Which formula says so?")
def square_forgotten(inputs, hidden, weight_1, d_logits):
    d_sums = (d_logits @ weight_1.T) * (1 - hidden)
    return inputs.T @ d_sums, d_sums.sum(axis=0), hidden.T @ d_logits, d_logits.sum(axis=0)


@mlp_backward.wrong("weight_1 is used as on the way forwards. On the way back its rows and columns "
                    "change places: every hidden number collects from all the logits that it fed. "
                    "What turns (n, A) into (n, H)?")
def not_transposed(inputs, hidden, weight_1, d_logits):
    d_sums = (d_logits @ weight_1) * (1 - hidden ** 2)
    return inputs.T @ d_sums, d_sums.sum(axis=0), hidden.T @ d_logits, d_logits.sum(axis=0)


@mlp_backward.wrong("The biases keep one row for each decision. All rows use the same bias, so it "
                    "gets one slope. How do the rows come together?")
def biases_not_summed(inputs, hidden, weight_1, d_logits):
    weight_0, _, weight_1_slope, _ = mlp_backward(inputs, hidden, weight_1, d_logits)
    return weight_0, (d_logits @ weight_1.T) * (1 - hidden ** 2), weight_1_slope, d_logits


@mlp_backward.wrong("Everything is too small by the number of rows. The 1/n of the mean is in "
                    "d_logits already; here it is taken a second time. What is done with the rows, "
                    "if not averaged?")
def mean_taken_twice(inputs, hidden, weight_1, d_logits):
    return tuple(slope / len(inputs) for slope in mlp_backward(inputs, hidden, weight_1, d_logits))


@mlp_backward.wrong("The weights are right, the biases are too small by the number of rows: it "
                    "looks like a mean. Every row uses the bias once. How do the contributions of "
                    "the rows come together?")
def biases_averaged(inputs, hidden, weight_1, d_logits):
    weight_0, bias_0, weight_1, bias_1 = mlp_backward(inputs, hidden, weight_1, d_logits)
    return weight_0, bias_0 / len(inputs), weight_1, bias_1 / len(inputs)


@mlp_backward.wrong("The second layer comes first in the result. You walk backwards, but hand back "
                    "in the order of the network: weight_0, bias_0, weight_1, bias_1. Which two "
                    "have to change places?")
def second_layer_first(inputs, hidden, weight_1, d_logits):
    weight_0, bias_0, weight_1, bias_1 = mlp_backward(inputs, hidden, weight_1, d_logits)
    return weight_1, bias_1, weight_0, bias_0
