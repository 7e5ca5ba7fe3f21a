"""Exercise 7.2, rm_grad_mlp: its solution, hints and usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise, near


@exercise("7.2", minutes=11, hints=[
    "Follow the chain backwards: loss, two scores, the rewards of all steps, the hidden layer, the "
    "weights. Both walks use the same weights, so both leave a gradient, with opposite signs.",
    r"With $p = \sigma(R_{liked} - R_{other})$: $\partial L/\partial R_{liked} = -(1-p)$, "
    r"$\partial L/\partial R_{other} = +(1-p)$. For one step with features $x$ and $h = \tanh(xW + "
    r"b)$: $\partial r/\partial v = h$, $\;\partial r/\partial b = v(1-h^2)$, $\;\partial "
    r"r/\partial W = x^\top v(1-h^2)$. Sum over the steps of each walk.",
    "`hidden_liked, hidden_other = np.tanh(liked @ W + b), np.tanh(other @ W + b)`; then a loop "
    "over both walks that adds up the gradients"])
def rm_grad_mlp(params, liked, other):
    """The gradient of the loss of one vote by the weights of a small network.

    The reward of a step with features x is tanh(x @ W + b) @ v, the score of a walk is the sum over
    its steps, and the loss of the vote is -log sigmoid(score of liked - score of other).

    params: the tuple (W, b, v) of arrays (F, H), (H,), (H,). liked, other: arrays (T, F), the steps
    of the walk that was preferred and of the other one; the two T may differ. Returns dW, db, dv,
    with the shapes of W, b, v.

    Worked: W = [[0.]], b = [0.], v = [1.], liked = [[1.]], other = [[0.]]: both scores are 0, and
    the gradient is ([[-0.5]], [0.], [0.]).
    """
    W, b, v = params
    hidden_liked, hidden_other = np.tanh(liked @ W + b), np.tanh(other @ W + b)
    lead = (hidden_liked @ v).sum() - (hidden_other @ v).sum()
    surprise = 1 / (1 + np.exp(lead))
    dW, db, dv = np.zeros(W.shape), np.zeros(b.shape), np.zeros(v.shape)
    for x, h, d_score in ((liked, hidden_liked, -surprise), (other, hidden_other, surprise)):
        d_sums = d_score * v * (1 - h**2)
        dW, db, dv = dW + x.T @ d_sums, db + d_sums.sum(axis=0), dv + d_score * h.sum(axis=0)
    return dW, db, dv


@rm_grad_mlp.play
def list_or_tuple(f, params, liked, other):
    gradient = f(params, liked, other)
    return tuple(gradient) if isinstance(gradient, list) else gradient


def some_vote(n_features, n_hidden, n_liked, n_other, seed):
    rng = np.random.default_rng(seed)
    weight = 0.7 * rng.normal(size=(n_features, n_hidden))
    params = weight, 0.3 * rng.normal(size=n_hidden), rng.normal(size=n_hidden)
    return params, rng.normal(size=(n_liked, n_features)), rng.normal(size=(n_other, n_features))


rm_grad_mlp.cases = [((np.zeros((1, 1)), np.zeros(1), np.ones(1)), np.ones((1, 1)),
                      np.zeros((1, 1))), some_vote(2, 3, 4, 2, 0), some_vote(3, 5, 1, 3, 1),
                     some_vote(2, 4, 3, 3, 2)]


@rm_grad_mlp.law("If both walks are the same walk, no weight can make one of them win: the "
                 "gradient must be zero. Is it?")
def equal_walks_teach_nothing(f):
    params, walk, _ = some_vote(2, 3, 4, 1, 3)
    return all(near(part, 0) for part in f(params, walk, walk.copy()))


@rm_grad_mlp.right
def by_differences(params, liked, other):
    def parts_of(vector):
        pieces = np.split(vector, np.cumsum([p.size for p in params])[:-1])
        return tuple(piece.reshape(p.shape) for piece, p in zip(pieces, params))

    def loss(vector):
        W, b, v = parts_of(vector)
        score = lambda walk: (np.tanh(walk @ W + b) @ v).sum()
        return np.logaddexp(0, score(other) - score(liked))

    vector = np.concatenate([part.ravel() for part in params])
    gradient = np.array([(loss(vector + step) - loss(vector - step)) / 2e-5
                         for step in 1e-5 * np.eye(len(vector))])
    return parts_of(gradient)


@rm_grad_mlp.right
def by_the_library(params, liked, other):
    from tinyrlhf.nn.networks import MLP
    from tinyrlhf.rewards.choice import choice_loss
    network = MLP((*params[0].shape, 1), np.random.default_rng(0), dtype=float)
    names = ("weight_0", "bias_0", "weight_1")
    for name, value in zip(names, params):
        network.params[name][...] = value.reshape(network.params[name].shape)
    rewards, cache = network.forward(np.concatenate([liked, other]))
    n = len(liked)
    scores = np.array([[rewards[:n].sum(), rewards[n:].sum()]])
    _, d_scores, _ = choice_loss(scores, np.array([[1.0, 0.0]]), np.ones(1))
    grads = network.backward(cache, np.repeat(d_scores[0], [n, len(other)])[:, None])
    return tuple(grads[name].reshape(value.shape) for name, value in zip(names, params))


def backwards(params, liked, other, signs=(-1, 1), slope=lambda z, h: 1 - h**2,
              push=lambda p: 1 - p, score=np.sum, share=len):
    """The solution with switches, for the wrong versions; each step counts share(rewards) / (its
    walk's steps)."""
    W, b, v = params
    lead = score(np.tanh(liked @ W + b) @ v) - score(np.tanh(other @ W + b) @ v)
    total = [np.zeros(part.shape) for part in params]
    for x, sign in zip((liked, other), signs):
        z = x @ W + b
        d_score = sign * push(1 / (1 + np.exp(-lead))) * share(x) / len(x)
        d_sums = d_score * v * slope(z, np.tanh(z))
        for part, more in zip(total,
                              (x.T @ d_sums, d_sums.sum(axis=0), d_score * np.tanh(z).sum(axis=0))):
            part += more
    return tuple(total)


@rm_grad_mlp.wrong("Only the liked walk leaves a gradient. Both scores come out of the same "
                   "weights, so both walks push them. What is the derivative of the loss by the "
                   "score of the other walk?")
def other_branch_forgotten(params, liked, other):
    return backwards(params, liked, other, signs=(-1, 0))


@rm_grad_mlp.wrong("Both walks push the same way: the other walk is raised as well. It should "
                   "become less likely to win. Which sign has the derivative by its score?")
def both_branches_up(params, liked, other):
    return backwards(params, liked, other, signs=(-1, -1))


@rm_grad_mlp.wrong("All signs are reversed. The gradient points uphill, to where the vote is a "
                   "bigger surprise. Does raising the liked walk's score raise the loss?")
def uphill(params, liked, other):
    return backwards(params, liked, other, signs=(1, -1))


@rm_grad_mlp.wrong("The derivative of tanh looks taken at the wrong place: 1 - z**2 with the sum z "
                   "= x @ W + b. It is 1 - h**2 with h = tanh(z), what came out. Which of the two "
                   "did you keep?")
def slope_from_the_sum(params, liked, other):
    return backwards(params, liked, other, slope=lambda z, h: 1 - z**2)


@rm_grad_mlp.wrong("It is right for v, but W and b miss a factor: the signal passes through tanh, "
                   "which is flat where it is saturated. What is the slope of tanh?")
def slope_forgotten(params, liked, other):
    return backwards(params, liked, other, slope=lambda z, h: np.ones_like(h))


@rm_grad_mlp.wrong("The push looks like p, the chance the model gave to this vote. Then it learns "
                   "most from what it knew already. How large should the push be when p is nearly "
                   "1?")
def pushed_by_what_was_known(params, liked, other):
    return backwards(params, liked, other, push=lambda p: p)


@rm_grad_mlp.wrong("The push is the same whatever the model thought of this vote. A vote that was "
                   "foretold should move little, a surprise much. Which derivative has -log "
                   "sigmoid?")
def pushed_by_one(params, liked, other):
    return backwards(params, liked, other, push=lambda p: 1)


MEAN_OF_THE_STEPS = ("Somewhere a mean over the steps stands for their sum, so that a long walk is "
                     "pushed less at each step, or scored as if it were short. What is the score "
                     "of a walk?")


@rm_grad_mlp.wrong(MEAN_OF_THE_STEPS)
def mean_in_the_gradient(params, liked, other):
    return backwards(params, liked, other, share=lambda x: 1)


@rm_grad_mlp.wrong(MEAN_OF_THE_STEPS)
def mean_in_the_scores(params, liked, other):
    return backwards(params, liked, other, score=np.mean)


@rm_grad_mlp.wrong(MEAN_OF_THE_STEPS)
def mean_in_both(params, liked, other):
    return backwards(params, liked, other, score=np.mean, share=lambda x: 1)
