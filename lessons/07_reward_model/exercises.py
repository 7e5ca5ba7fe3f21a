"""The exercises of lesson 07_reward_model.

Each function says what it should return. Replace its `raise` line by your code,
and save; the verdict comes from

    tinyrlhf lesson watch 07
"""
import numpy as np


# 7.a, predict: a table of 77 numbers explains all of the 30 votes that it was fitted to. How many
# percent of new votes does it foretell (a coin: 50, nobody more than 90)?
predict_7_a = None

# 7.b, predict: two walks saw 11 cells between them. The vote on them is one step for the network.
# Of how many of the 70 cells does the reward move?
predict_7_b = None


# 7.1, 4 minutes
def traj_score(reward_fn, features, mask):
    """The score of each of B walks: the sum of the rewards of its steps.

    reward_fn: a function, features (B, T, F) -> rewards (B, T). features: array (B, T, F), what is
    known of each step. mask: array (B, T) of True and False. Walks have different lengths; where
    mask is False nobody walked, and whatever the features say there does not count. Returns an
    array (B,).

    Worked: one walk with the rewards 1, 2 and 5, of which the last is only padding (mask True,
    True, False): traj_score returns [3.0].
    """
    raise NotImplementedError("7.1")


# 7.2, 11 minutes
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
    raise NotImplementedError("7.2")


# 7.3, 6 minutes
def holdout_accuracy(fit, votes, n_train):
    """The share of votes foretold right, among those that the model has not seen.

    votes: integer array (N, 2), each row (winner, loser), numbers of walks. fit: a function, votes
    (n, 2) -> scores, one for each walk. Fit to the first n_train votes, and measure on all others.
    Where the two scores are equal the model can only toss a coin: count one half. Returns a number
    from 0 to 1.

    Worked: with fit = (wins minus losses of each of 4 walks), votes [[0, 1], [0, 2], [1, 2], [1,
    0]] and n_train = 2 the scores are 2, -1, -1, 0; the third vote is a tie and the fourth is
    wrong, so holdout_accuracy is 0.25.
    """
    raise NotImplementedError("7.3")


# 7.4, 6 minutes, extra
def most_disputed(first_scores, second_scores, n):
    """The n pairs of walks about which the members of an ensemble disagree most.

    first_scores, second_scores: arrays (M, N), what each of M members thinks of the first and of
    the second walk of N pairs. Disagreement about a pair is the variance, over the members, of
    their chance that the first one wins: the sigmoid of the difference of its scores. Returns an
    integer array (n,), the numbers of these pairs, in any order.

    Worked: two members give the first walks [[0., 3.], [0., -3.]] and the second ones 0: about pair
    1 they disagree, so for n = 1 the answer is [1].
    """
    raise NotImplementedError("7.4")


# 7.5, 4 minutes, extra
def normalise(scores, reference):
    """Scores on a scale that stays: 0 is the mean of the reference walks, 1 is their standard
    deviation (np.std).

    scores: array (N,), raw scores of new walks, N may be 1. reference: array (R,), raw scores of
    the reference walks, by the same model. Returns an array (N,).

    Worked: reference walks with scores 1 and 3 have mean 2 and standard deviation 1, so
    normalise(np.array([3., 5.]), np.array([1., 3.])) is [1, 3].
    """
    raise NotImplementedError("7.5")
