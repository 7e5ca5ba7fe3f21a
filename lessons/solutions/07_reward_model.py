"""Exercises of lesson 7, reward models that generalise: solutions, hints, usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise


# ---- 7.1

@exercise("7.1", minutes=4, hints=[
    "A person judges the whole walk, the model rewards single steps. The bridge between them is a sum, over the steps "
    "that were really walked.",
    r"$R(\text{walk}) = \sum_{t \,:\, \text{mask}_t} r(\text{features}_t)$",
    "`rewards = reward_fn(features)`, which is (B, T); then look up np.where"])
def traj_score(reward_fn, features, mask):
    """The score of each of B walks: the sum of the rewards of its steps.

    reward_fn: a function, features (B, T, F) -> rewards (B, T). features: array (B, T, F), what is known of each step.
    mask: array (B, T) of True and False. Walks have different lengths; where mask is False nobody walked, and whatever
    the features say there does not count. Returns an array (B,).

    Worked: one walk with the rewards 1, 2 and 5, of which the last is only padding (mask True, True, False): traj_score
    returns [3.0].
    """
    return np.where(mask, reward_fn(features), 0.0).sum(axis=1)


def first_feature(features):
    return features[..., 0]


def likes_the_first_fears_the_second(features):
    return features @ np.array([1.0, -2.0])


traj_score.cases = [
    (first_feature, np.array([[[1.0], [2.0], [5.0]]]), np.array([[True, True, False]])),
    (likes_the_first_fears_the_second, np.array([[[1.0, 0], [1, 1], [0, 1], [0, 0]], [[0, 2], [3, 0], [7, 1], [7, 1]]]),
     np.array([[True, True, True, True], [True, True, False, False]])),
    (first_feature, np.array([[[0.5], [0.5]], [[-1.0], [4.0]], [[2.0], [-3.0]]]),
     np.array([[True, True], [True, False], [True, True]]))]


@traj_score.law("A walk that goes on for a second, equal round must score twice as much. Does yours?")
def twice_the_walk_twice_the_score(f):
    once, mask = np.array([[[1.0], [2.0]]]), np.ones((1, 2), bool)
    twice = np.concatenate([once, once], axis=1)
    return np.allclose(2 * f(first_feature, once, mask), f(first_feature, twice, np.ones((1, 4), bool)))


@traj_score.right
def walk_by_walk(reward_fn, features, mask):
    return np.array([sum(reward_fn(walk[walked])) for walk, walked in zip(features, mask)])


@traj_score.right
def by_a_product(reward_fn, features, mask):
    return np.einsum("bt,bt->b", reward_fn(features), mask)


MEAN = ("That looks like the mean over the steps. Then a walk through one flower bed and a walk through ten cost the "
        "same, and the length is lost. Does a second trampled flower make a walk worse?")


@traj_score.wrong(MEAN)
def mean_over_steps(reward_fn, features, mask):
    return (reward_fn(features) * mask).sum(axis=1) / mask.sum(axis=1)


@traj_score.wrong(MEAN)
def mean_over_all_columns(reward_fn, features, mask):
    return (reward_fn(features) * mask).sum(axis=1) / mask.shape[1]


@traj_score.wrong(MEAN)
def mean_over_everything(reward_fn, features, mask):
    return reward_fn(features).mean(axis=1)


@traj_score.wrong("Only the last step counts. The person saw the whole walk, flowers at its beginning included. Over "
                  "what do you have to sum?")
def last_step_only(reward_fn, features, mask):
    return reward_fn(features)[np.arange(len(mask)), mask.sum(axis=1) - 1]


@traj_score.wrong("Steps that nobody walked are counted. Short walks are filled up with padding so that all fit into "
                  "one array. Which argument says where a walk is over?")
def padding_counted(reward_fn, features, mask):
    return reward_fn(features).sum(axis=1)


# ---- 7.2

@exercise("7.2", minutes=11, hints=[
    "Follow the chain backwards: loss, two scores, the rewards of all steps, the hidden layer, the weights. Both walks "
    "use the same weights, so both leave a gradient, with opposite signs.",
    r"With $p = \sigma(R_{liked} - R_{other})$: $\partial L/\partial R_{liked} = -(1-p)$, "
    r"$\partial L/\partial R_{other} = +(1-p)$. For one step with features $x$ and $h = \tanh(xW + b)$: "
    r"$\partial r/\partial v = h$, $\;\partial r/\partial b = v(1-h^2)$, $\;\partial r/\partial W = x^\top v(1-h^2)$. "
    r"Sum over the steps of each walk.",
    "`hidden_liked, hidden_other = np.tanh(liked @ W + b), np.tanh(other @ W + b)`; then a loop over both walks that "
    "adds up the gradients"])
def rm_grad_mlp(params, liked, other):
    """The gradient of the loss of one vote by the weights of a small network.

    The reward of a step with features x is tanh(x @ W + b) @ v, the score of a walk is the sum over its steps, and the
    loss of the vote is -log sigmoid(score of liked - score of other).

    params: the tuple (W, b, v) of arrays (F, H), (H,), (H,). liked, other: arrays (T, F), the steps of the walk that
    was preferred and of the other one; the two T may differ. Returns dW, db, dv, with the shapes of W, b, v.

    Worked: W = [[0.]], b = [0.], v = [1.], liked = [[1.]], other = [[0.]]: both scores are 0, and the gradient is
    ([[-0.5]], [0.], [0.]).
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
    params = 0.7 * rng.normal(size=(n_features, n_hidden)), 0.3 * rng.normal(size=n_hidden), rng.normal(size=n_hidden)
    return params, rng.normal(size=(n_liked, n_features)), rng.normal(size=(n_other, n_features))


rm_grad_mlp.cases = [((np.zeros((1, 1)), np.zeros(1), np.ones(1)), np.ones((1, 1)), np.zeros((1, 1))),
                     some_vote(2, 3, 4, 2, 0), some_vote(3, 5, 1, 3, 1), some_vote(2, 4, 3, 3, 2)]


@rm_grad_mlp.law("If both walks are the same walk, no weight can make one of them win: the gradient must be zero. Is "
                 "it?")
def equal_walks_teach_nothing(f):
    params, walk, _ = some_vote(2, 3, 4, 1, 3)
    return all(np.allclose(part, 0, atol=1e-9) for part in f(params, walk, walk.copy()))


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
    gradient = np.array([(loss(vector + step) - loss(vector - step)) / 2e-5 for step in 1e-5 * np.eye(len(vector))])
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


def backwards(params, liked, other, signs=(-1, 1), slope=lambda z, h: 1 - h**2, push=lambda p: 1 - p, score=np.sum,
              share=len):
    """The solution with switches, for the wrong versions; each step counts share(rewards) / (its walk's steps)."""
    W, b, v = params
    lead = score(np.tanh(liked @ W + b) @ v) - score(np.tanh(other @ W + b) @ v)
    total = [np.zeros(part.shape) for part in params]
    for x, sign in zip((liked, other), signs):
        z = x @ W + b
        d_score = sign * push(1 / (1 + np.exp(-lead))) * share(x) / len(x)
        d_sums = d_score * v * slope(z, np.tanh(z))
        for part, more in zip(total, (x.T @ d_sums, d_sums.sum(axis=0), d_score * np.tanh(z).sum(axis=0))):
            part += more
    return tuple(total)


@rm_grad_mlp.wrong("Only the liked walk leaves a gradient. Both scores come out of the same weights, so both walks "
                   "push them. What is the derivative of the loss by the score of the other walk?")
def other_branch_forgotten(params, liked, other):
    return backwards(params, liked, other, signs=(-1, 0))


@rm_grad_mlp.wrong("Both walks push the same way: the other walk is raised as well. It should become less likely to "
                   "win. Which sign has the derivative by its score?")
def both_branches_up(params, liked, other):
    return backwards(params, liked, other, signs=(-1, -1))


@rm_grad_mlp.wrong("All signs are reversed. The gradient points uphill, to where the vote is a bigger surprise. Does "
                   "raising the liked walk's score raise the loss?")
def uphill(params, liked, other):
    return backwards(params, liked, other, signs=(1, -1))


@rm_grad_mlp.wrong("The derivative of tanh looks taken at the wrong place: 1 - z**2 with the sum z = x @ W + b. "
                   "It is 1 - h**2 with h = tanh(z), what came out. Which of the two did you keep?")
def slope_from_the_sum(params, liked, other):
    return backwards(params, liked, other, slope=lambda z, h: 1 - z**2)


@rm_grad_mlp.wrong("It is right for v, but W and b miss a factor: the signal passes through tanh, which is flat where "
                   "it is saturated. What is the slope of tanh?")
def slope_forgotten(params, liked, other):
    return backwards(params, liked, other, slope=lambda z, h: np.ones_like(h))


@rm_grad_mlp.wrong("The push looks like p, the chance the model gave to this vote. Then it learns most from what it "
                   "knew already. How large should the push be when p is nearly 1?")
def pushed_by_what_was_known(params, liked, other):
    return backwards(params, liked, other, push=lambda p: p)


@rm_grad_mlp.wrong("The push is the same whatever the model thought of this vote. A vote that was foretold should move "
                   "little, a surprise much. Which derivative has -log sigmoid?")
def pushed_by_one(params, liked, other):
    return backwards(params, liked, other, push=lambda p: 1)


MEAN_OF_THE_STEPS = ("Somewhere a mean over the steps stands for their sum, so that a long walk is pushed less at each "
                     "step, or scored as if it were short. What is the score of a walk?")


@rm_grad_mlp.wrong(MEAN_OF_THE_STEPS)
def mean_in_the_gradient(params, liked, other):
    return backwards(params, liked, other, share=lambda x: 1)


@rm_grad_mlp.wrong(MEAN_OF_THE_STEPS)
def mean_in_the_scores(params, liked, other):
    return backwards(params, liked, other, score=np.mean)


@rm_grad_mlp.wrong(MEAN_OF_THE_STEPS)
def mean_in_both(params, liked, other):
    return backwards(params, liked, other, score=np.mean, share=lambda x: 1)


# ---- 7.3

@exercise("7.3", minutes=6, hints=[
    "A model may learn its votes by heart. So hide some from it, and let it foretell those.",
    r"$\frac{1}{N - n} \sum_{i > n} \left[\, 1 \text{ if } s_{\text{win}} > s_{\text{lose}}, \; \tfrac12 \text{ if "
    r"equal}, \; 0 \text{ else} \,\right]$, with scores $s$ that were fitted to votes $1 \ldots n$ alone.",
    "`scores = fit(votes[:n_train])`"])
def holdout_accuracy(fit, votes, n_train):
    """The share of votes foretold right, among those that the model has not seen.

    votes: integer array (N, 2), each row (winner, loser), numbers of walks. fit: a function, votes (n, 2) -> scores,
    one for each walk. Fit to the first n_train votes, and measure on all others. Where the two scores are equal the
    model can only toss a coin: count one half. Returns a number from 0 to 1.

    Worked: with fit = (wins minus losses of each of 4 walks), votes [[0, 1], [0, 2], [1, 2], [1, 0]] and n_train = 2
    the scores are 2, -1, -1, 0; the third vote is a tie and the fourth is wrong, so holdout_accuracy is 0.25.
    """
    scores = fit(votes[:n_train])
    lead = scores[votes[n_train:, 0]] - scores[votes[n_train:, 1]]
    return np.mean(np.where(lead == 0, 0.5, lead > 0))


def wins_minus_losses(votes):
    n = 4
    return np.bincount(votes[:, 0], minlength=n) - np.bincount(votes[:, 1], minlength=n)


def constant(votes):
    return np.zeros(4)


holdout_accuracy.cases = [
    (wins_minus_losses, np.array([[0, 1], [0, 2], [1, 2], [1, 0]]), 2),
    (wins_minus_losses, np.array([[0, 1], [2, 0], [3, 1], [1, 0], [3, 2], [0, 3], [2, 1], [0, 2], [3, 1]]), 4),
    (wins_minus_losses, np.array([[1, 3], [3, 0], [1, 0], [2, 1], [2, 0], [0, 3], [2, 3]]), 3),
    (constant, np.array([[0, 1], [2, 3], [3, 1], [2, 0]]), 1)]


@holdout_accuracy.law("A model that gives every walk the same score knows nothing, and must get one half. Does it?")
def knowing_nothing_is_one_half(f):
    return abs(f(constant, np.array([[0, 1], [2, 3], [1, 3]]), 1) - 0.5) < 1e-9


@holdout_accuracy.right
def vote_by_vote(fit, votes, n_train):
    scores, points = fit(votes[:n_train]), 0.0
    for winner, loser in votes[n_train:]:
        points += 1 if scores[winner] > scores[loser] else 0.5 if scores[winner] == scores[loser] else 0
    return points / (len(votes) - n_train)


@holdout_accuracy.right
def with_the_library(fit, votes, n_train):
    from tinyrlhf.diagnostics import accuracy
    seen, new = votes[:n_train], votes[n_train:]
    return accuracy(np.diff(fit(seen)[new[:, ::-1]], axis=1)[:, 0], np.ones(len(new)))


def share_right(scores, votes, tie=0.5):
    lead = scores[votes[:, 0]] - scores[votes[:, 1]]
    return np.mean(np.where(lead == 0, tie, lead > 0))


TRAINING = ("It is measured on the votes that the model was fitted to. Those it may know by heart: a high number there "
            "says little. Which votes has it not seen?")
NOTHING_HELD_OUT = ("The model is fitted to all votes and measured on all votes: nothing was held out. That shows how "
                    "well it remembers. Which votes should it not see?")


@holdout_accuracy.wrong(TRAINING)
def measured_on_training_votes(fit, votes, n_train):
    return share_right(fit(votes[:n_train]), votes[:n_train])


@holdout_accuracy.wrong(TRAINING)
def measured_on_training_votes_ties_wrong(fit, votes, n_train):
    return share_right(fit(votes[:n_train]), votes[:n_train], tie=0.0)


@holdout_accuracy.wrong(NOTHING_HELD_OUT)
def nothing_held_out(fit, votes, n_train):
    return share_right(fit(votes), votes)


@holdout_accuracy.wrong(NOTHING_HELD_OUT)
def nothing_held_out_ties_wrong(fit, votes, n_train):
    return share_right(fit(votes), votes, tie=0.0)


@holdout_accuracy.wrong("The model was fitted to all votes, those included that it is then asked to foretell. The test "
                        "has leaked. Which votes may `fit` see?")
def fitted_to_everything(fit, votes, n_train):
    return share_right(fit(votes), votes[n_train:])


@holdout_accuracy.wrong("It is measured on all votes, also on those that the model has seen. That mixes remembering "
                        "with foretelling. Which rows are new to it?")
def measured_on_all_votes(fit, votes, n_train):
    return share_right(fit(votes[:n_train]), votes)


@holdout_accuracy.wrong("That looks like the number of votes foretold, not their share. By how many must it be "
                        "divided?")
def number_of_votes(fit, votes, n_train):
    return share_right(fit(votes[:n_train]), votes[n_train:]) * (len(votes) - n_train)


@holdout_accuracy.wrong("Equal scores count as right. Then a model that gives every walk the same score would be "
                        "perfect. What should somebody get who can only toss a coin?")
def ties_counted_right(fit, votes, n_train):
    return share_right(fit(votes[:n_train]), votes[n_train:], tie=1.0)


@holdout_accuracy.wrong("Equal scores count as wrong. Then knowing nothing would be worse than tossing a coin, which "
                        "is right half of the time. What is a tie worth?")
def ties_counted_wrong(fit, votes, n_train):
    return share_right(fit(votes[:n_train]), votes[n_train:], tie=0.0)


# ---- 7.4

@exercise("7.4", minutes=6, extra=True, hints=[
    "Let each member foretell each vote: a chance. Where these chances differ from member to member, an answer will "
    "prove some of them wrong.",
    r"$p_{mi} = \sigma(s_{mi}^{first} - s_{mi}^{second})$; ask the pairs $i$ with the largest variance of $p_{mi}$ "
    r"over the members $m$.",
    "`chances = 1 / (1 + np.exp(second_scores - first_scores))`, which is (M, N)"])
def most_disputed(first_scores, second_scores, n):
    """The n pairs of walks about which the members of an ensemble disagree most.

    first_scores, second_scores: arrays (M, N), what each of M members thinks of the first and of the second walk of N
    pairs. Disagreement about a pair is the variance, over the members, of their chance that the first one wins: the
    sigmoid of the difference of its scores. Returns an integer array (n,), the numbers of these pairs, in any order.

    Worked: two members give the first walks [[0., 3.], [0., -3.]] and the second ones 0: about pair 1 they disagree, so
    for n = 1 the answer is [1].
    """
    chances = 1 / (1 + np.exp(second_scores - first_scores))
    return np.argsort(-chances.var(axis=0))[:n]


@most_disputed.play
def in_order(f, first_scores, second_scores, n):
    rows = f(first_scores, second_scores, n)
    return np.sort(rows) if isinstance(rows, (np.ndarray, list)) and np.ndim(rows) == 1 else rows


SIX_PAIRS = (
    np.array([[9.0, 3.1, 1.2, 2.0, 0.05, -1.0], [30.0, 3.0, -1.0, 2.5, -0.05, -4.0], [60.0, 2.9, 0.2, 1.6, 0.0, -2.5]]),
    np.array([[0.0, 3.0, 0.0, 0.1, 0.0, 1.0], [0.1, 3.1, 0.2, 0.0, 0.1, 0.5], [0.0, 3.0, 0.0, 0.0, 0.0, 1.5]]))
most_disputed.cases = [(np.array([[0.0, 3.0], [0.0, -3.0]]), np.zeros((2, 2)), 1), (*SIX_PAIRS, 1), (*SIX_PAIRS, 3)]


@most_disputed.right
def by_the_librarys_criterion(first_scores, second_scores, n):
    from tinyrlhf.criteria import choose, disagreement
    from tinyrlhf.questions import shown
    walks = np.arange(2 * first_scores.shape[1])
    pairs = shown("preference", walks, walks.reshape(2, -1).T)
    return choose(pairs, np.concatenate([first_scores, second_scores], axis=1), disagreement, n).shows[:, 0]


@most_disputed.right
def by_every_two_members(first_scores, second_scores, n):
    chances = 0.5 * (1 + np.tanh((first_scores - second_scores) / 2))
    quarrel = ((chances[:, None] - chances[None]) ** 2).sum(axis=(0, 1))
    return np.argsort(quarrel)[len(quarrel) - n:]


@most_disputed.wrong("It picks pairs with high scores. The best walks are nice to look at, but if all members agree "
                     "about them, an answer teaches nothing. Who disagrees?")
def highest_reward(first_scores, second_scores, n):
    return np.argsort(-np.maximum(first_scores, second_scores).mean(axis=0))[:n]


CLEAREST = ("It picks the pairs with the largest lead. Those are the clearest ones: everybody knows who wins, and an "
            "answer teaches nothing. About which pairs do the members differ?")


@most_disputed.wrong(CLEAREST)
def largest_lead(first_scores, second_scores, n):
    return np.argsort(-np.abs(first_scores - second_scores).mean(axis=0))[:n]


@most_disputed.wrong(CLEAREST)
def largest_mean_lead(first_scores, second_scores, n):
    return np.argsort(-np.abs((first_scores - second_scores).mean(axis=0)))[:n]


@most_disputed.wrong("It looks like the variance of the score differences. Leads of 9, 30 and 60 differ a lot, yet all "
                     "three say `the first wins, certainly`. Which function turns a lead into a chance, before the "
                     "variance is taken?")
def variance_of_scores(first_scores, second_scores, n):
    return np.argsort(-(first_scores - second_scores).var(axis=0))[:n]


@most_disputed.wrong("It picks the pairs whose mean chance is nearest to one half. If every member says 50 : 50, they "
                     "agree that the two are equally good. What tells `we all say one half` from `half of us say yes`?")
def nearest_to_one_half(first_scores, second_scores, n):
    chances = 1 / (1 + np.exp(second_scores - first_scores))
    return np.argsort(np.abs(chances.mean(axis=0) - 0.5))[:n]


@most_disputed.wrong("It picks the pairs about which the members agree most: their answers are known already. Does "
                     "np.argsort begin with the smallest or the largest?")
def least_disputed(first_scores, second_scores, n):
    chances = 1 / (1 + np.exp(second_scores - first_scores))
    return np.argsort(chances.var(axis=0))[:n]


# ---- 7.5

@exercise("7.5", minutes=4, extra=True, hints=[
    "Votes fix neither the zero nor the unit of a score. Choose both once, on walks that stay the same, and keep them.",
    r"$\dfrac{s - \text{mean}(s_{\text{reference}})}{\text{std}(s_{\text{reference}})}$",
    "`return (scores - ...) / ...`, both from `reference`"])
def normalise(scores, reference):
    """Scores on a scale that stays: 0 is the mean of the reference walks, 1 is their standard deviation (np.std).

    scores: array (N,), raw scores of new walks, N may be 1. reference: array (R,), raw scores of the reference walks,
    by the same model. Returns an array (N,).

    Worked: reference walks with scores 1 and 3 have mean 2 and standard deviation 1, so normalise(np.array([3., 5.]),
    np.array([1., 3.])) is [1, 3].
    """
    return (scores - reference.mean()) / reference.std()


normalise.cases = [(np.array([3.0, 5.0]), np.array([1.0, 3.0])), (np.array([4.0]), np.array([0.0, 1.0, 5.0])),
                   (np.array([-2.0, 0.0, 2.5, 7.0]), np.array([-1.0, 0.0, 4.0]))]


@normalise.law("Two models that differ by a constant give the same votes, and must give the same normalised scores. Do "
               "they?")
def a_constant_changes_nothing(f):
    new, reference = np.array([1.0, 4.0]), np.array([0.0, 2.0, 7.0])
    return np.allclose(f(new, reference), f(new + 10, reference + 10))


@normalise.right
def in_two_steps(scores, reference):
    centre = sum(reference) / len(reference)
    return (scores - centre) / np.sqrt(np.mean((reference - centre) ** 2))


@normalise.right
def walk_by_walk_normalised(scores, reference):
    from statistics import fmean, pstdev
    return np.array([(score - fmean(reference)) / pstdev(reference) for score in scores])


@normalise.wrong("It uses the mean and spread of the new walks themselves. Then every batch has mean 0: while the "
                 "robot improves, `0` silently moves along, and no progress is ever seen. Whose mean stays the same?")
def by_its_own_batch(scores, reference):
    return (scores - scores.mean()) / scores.std()


@normalise.wrong("It mixes the new walks into the mean and the spread. Then the scale moves with every batch. Which "
                 "walks are the yardstick?")
def by_both(scores, reference):
    both = np.concatenate([scores, reference])
    return (scores - both.mean()) / both.std()


@normalise.wrong("The zero is right, but the unit is still the raw one. If the person were twice as sure, all scores "
                 "would double. What do you divide by?")
def only_shifted(scores, reference):
    return scores - reference.mean()


@normalise.wrong("The unit is right, but not the zero: the mean of the reference walks should become 0. What is "
                 "missing before the division?")
def only_scaled(scores, reference):
    return scores / reference.std()


@normalise.wrong("That is the standard deviation with R - 1 below the fraction line; here it is the plain one, "
                 "np.std(reference). How large is it for the scores 1 and 3?")
def with_ddof_one(scores, reference):
    return (scores - reference.mean()) / reference.std(ddof=1)


@normalise.wrong("Scores are stretched so that the worst reference walk is 0 and the best is 1. Then two odd walks "
                 "decide the scale. Which two numbers describe all reference walks?")
def between_worst_and_best(scores, reference):
    return (scores - reference.min()) / np.ptp(reference)


@normalise.wrong("It divides by the variance, whose unit is a score squared. What is its root called?")
def divided_by_the_variance(scores, reference):
    return (scores - reference.mean()) / reference.var()
