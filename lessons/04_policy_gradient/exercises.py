"""The exercises of lesson 04_policy_gradient.

Each function says what it should return. Replace its `raise` line by your code,
and save; the verdict comes from

    tinyrlhf lesson watch 04
"""
import numpy as np
from tinyrlhf.numerics import softmax


# 4.a, predict: ours ends at 199 of 200 steps. Each of A, B and C has a wrong line. How many of the
# three end above 150 (mean of seeds 0 and 1)?
predict_4_a = None

# 4.b, predict: by which factor does the baseline shrink the scatter of single pushes (points 5, 6,
# 8, each with a noise of 1)?
predict_4_b = None


# 4.1, 6 minutes
def logp_grad(logits, actions):
    """The slope of log pi(action) by the logits, one row for each of n decisions.

    logits: array (n, A) of moderate size; the chances of a row are softmax(row). actions: integer
    array (n,), the action that was drawn. Returns an array (n, A).

    Worked: logits (0, 1.0986) mean chances of 1/4 and 3/4, so logp_grad(np.array([[0., 1.0986]]),
    np.array([0])) is [[0.75, -0.75]].
    """
    raise NotImplementedError("4.1")


# 4.2, 7 minutes
def reward_to_go(rewards, alive, gamma):
    """What each action still had before it: the discounted sum of the rewards from its step to the
    end of its game.

    rewards: array (B, T), B games side by side. alive: bool array (B, T), False behind the end of a
    game, whatever `rewards` says there. gamma: discount, 0 to 1. Returns an array (B, T), zero
    where a game was over.

    Worked: reward_to_go(np.array([[8., 4., 2.]]), np.array([[True, True, True]]), 0.5) is [[10.5,
    5., 2.]].
    """
    raise NotImplementedError("4.2")


# 4.3, 7 minutes
def advantages(returns, alive):
    """How much better than the other games was each step? Its reward to go minus the mean over the
    *other* games that still run.

    returns: array (B, T), rewards to go of B games, 0 behind the end. alive: bool array (B, T),
    False behind the end of a game. Returns an array (B, T), zero where a game was over. Where a
    game runs alone there are no others, and its baseline is 0.

    Worked: advantages(np.array([[3.], [5.], [10.]]), np.array([[True], [True], [True]])) is
    [[-4.5], [-1.5], [6.]]; the first is 3 minus the mean of 5 and 10.
    """
    raise NotImplementedError("4.3")


# 4.4, 10 minutes, extra
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
    raise NotImplementedError("4.4")


# 4.5, 5 minutes, extra
def silent_bug(program):
    """In which line is the bug of each program in the lesson's section "It learns, so is it right?"

    program: "A", "B" or "C". Returns the number at the end of that line, 1 to 7, or 0 if the
    program is right.

    Worked: silent_bug("A") is 6: `better.T[episodes.mask.T]` lists the advantages step by step, the
    log-probabilities stand game by game, so each action is pushed by the advantage of another one.
    """
    raise NotImplementedError("4.5")


# 4.6, 5 minutes, extra
def check_reward_to_go(f):
    """Is f a right reward_to_go (4.2)? Write the test instead of the function.

    f: a function as in 4.2, written by us: right ones in several styles, and wrong ones. Returns
    True if f is right. Comparing with your own 4.2 would do, but numbers by hand teach more.

    Worked: check_reward_to_go(f) is True for the solution of 4.2, and False for one that sums
    forwards.
    """
    raise NotImplementedError("4.6")
