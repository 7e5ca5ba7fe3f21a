"""Exercises of lesson 4, policy gradient from scratch: solutions, hints, usual mistakes."""
import numpy as np

from tinyrlhf.numerics import softmax
from tinyrlhf.teaching import exercise


# ---- 4.1

@exercise("4.1", minutes=6, hints=[
    "Raising the logit of the chosen action makes it more likely; raising the logit of any other makes it less likely, "
    "by as much as that other is likely.",
    "log pi(a) = z_a - log(sum of exp(z)), so its slope by z_k is 1 - pi_k for k = a, and -pi_k for all others.",
    "`gradient = -softmax(logits)`, then add 1 in each row at its action: `np.arange(len(actions))` counts the rows"])
def logp_grad(logits, actions):
    """The slope of log pi(action) by the logits, one row for each of n decisions.

    logits: array (n, A) of moderate size; the chances of a row are softmax(row). actions: integer array (n,), the
    action that was drawn. Returns an array (n, A).

    Worked: logits (0, 1.0986) mean chances of 1/4 and 3/4, so logp_grad(np.array([[0., 1.0986]]), np.array([0])) is
    [[0.75, -0.75]].
    """
    gradient = -softmax(logits)
    gradient[np.arange(len(actions)), actions] += 1
    return gradient


logp_grad.cases = [(np.array([[0.0, np.log(3)]]), np.array([0])),
                   (np.array([[0.3, -1.0, 2.0], [0.0, 0.0, 0.0], [1.0, 0.5, -0.5], [2.0, 1.0, 0.0]]),
                    np.array([2, 0, 1, 0])),
                   (np.array([[1.0, 0.0], [-2.0, 0.5], [0.4, 0.4]]), np.array([0, 1, 1]))]


@logp_grad.law("Each row must sum to zero: what the chosen action gains, the others lose. Does it, for logits 1, 0 and "
               "2?")
def rows_sum_to_zero(f):
    return abs(np.sum(f(np.array([[1.0, 0.0, 2.0]]), np.array([1])))) < 1e-9


@logp_grad.right
def by_the_library(logits, actions):
    from tinyrlhf.nn.distributions import Categorical
    return Categorical.d_log_prob(logits, actions)


@logp_grad.right
def by_differences(logits, actions):
    rows = np.arange(len(actions))
    log_prob = lambda z: np.log(softmax(z))[rows, actions]
    steps = 1e-5 * np.eye(logits.shape[1])
    return np.stack([(log_prob(logits + step) - log_prob(logits - step)) / 2e-5 for step in steps], axis=1)


@logp_grad.right
def row_by_row(logits, actions):
    def one(row, action):
        return [(k == action) - chance for k, chance in enumerate(softmax(row))]

    return np.array([one(*pair) for pair in zip(logits, actions)])


@logp_grad.wrong("All signs are reversed: with this push, what was done becomes less likely. It looks like "
                 "probabilities minus one-hot, the slope of a loss. Does raising the chosen action's logit raise its "
                 "log-probability, or lower it?")
def reversed_sign(logits, actions):
    return -logp_grad(logits, actions)


@logp_grad.wrong("That is the slope of the probability itself, not of its logarithm: it is too small by the factor "
                 "p(action), so rare actions hardly count. What is the derivative of log p?")
def of_p_instead_of_log_p(logits, actions):
    return softmax(logits)[np.arange(len(actions)), actions][:, None] * logp_grad(logits, actions)


@logp_grad.wrong("Only the chosen action is pushed. The chances add up to 1, so the others must give way. Which term "
                 "comes from log(sum of exp)?")
def only_the_chosen(logits, actions):
    gradient = logp_grad(logits, actions)
    return np.where(np.arange(logits.shape[1]) == actions[:, None], gradient, 0.0)


@logp_grad.wrong("That looks like the one-hot row alone. It would make the chances grow without end, even of an action "
                 "that is certain already. What has to be subtracted, so that the push ends when p(action) is 1?")
def one_hot_alone(logits, actions):
    return (np.arange(logits.shape[1]) == actions[:, None]).astype(float)


@logp_grad.wrong("Right for one decision, wrong for several: `gradient[:, actions]` takes these columns in every row. "
                 "Each row has its own action. How do you pair row 0 with actions[0], row 1 with actions[1]?")
def columns_in_every_row(logits, actions):
    gradient = -softmax(logits)
    gradient[:, actions] += 1
    return gradient


@logp_grad.wrong("Right for one decision, wrong for several: all chances together add up to 1, instead of those of "
                 "each row. Does a softmax of yours sum over the whole table? Along which axis must it sum?")
def one_softmax_for_the_table(logits, actions):
    gradient = -np.exp(logits) / np.exp(logits).sum()
    gradient[np.arange(len(actions)), actions] += 1
    return gradient


@logp_grad.wrong("The ones stand in whole rows: `table[actions]` picks rows by the numbers of the actions. Rows are "
                 "decisions, columns are actions. Which index has to come second?")
def rows_instead_of_columns(logits, actions):
    onehot = np.zeros(logits.shape)
    onehot[actions] = 1
    return onehot - softmax(logits)


@logp_grad.wrong("It is divided by the number of rows. Each row is asked for its own slope; means are taken later, "
                 "where the loss is put together. What is left if you do not average?")
def averaged(logits, actions):
    return logp_grad(logits, actions) / len(actions)


# ---- 4.2

@exercise("4.2", minutes=7, hints=[
    "Begin at the end of the game: after the last step nothing is to come. Then walk backwards; what is to go from "
    "step t is its own reward plus what is to go from the next step, discounted once.",
    "G at t = reward at t + gamma times G at t + 1, with reward 0 in steps that were not played, and G = 0 behind the "
    "last column.",
    "`returns = np.where(alive, rewards, 0.0)`, then `for t in reversed(range(returns.shape[1] - 1)):`"])
def reward_to_go(rewards, alive, gamma):
    """What each action still had before it: the discounted sum of the rewards from its step to the end of its game.

    rewards: array (B, T), B games side by side. alive: bool array (B, T), False behind the end of a game, whatever
    `rewards` says there. gamma: discount, 0 to 1. Returns an array (B, T), zero where a game was over.

    Worked: reward_to_go(np.array([[8., 4., 2.]]), np.array([[True, True, True]]), 0.5) is [[10.5, 5., 2.]].
    """
    returns = np.where(alive, rewards, 0.0)
    for t in reversed(range(returns.shape[1] - 1)):
        returns[:, t] += gamma * returns[:, t + 1]
    return returns


reward_to_go.cases = [(np.array([[8.0, 4.0, 2.0]]), np.array([[True, True, True]]), 0.5),
                      (np.array([[1.0, 2.0, -1.0, 3.0], [2.0, 1.0, 7.0, 7.0], [5.0, 7.0, 7.0, 7.0]]),
                       np.arange(4) < np.array([[4], [2], [1]]), 0.9),
                      (np.ones((2, 3)), np.array([[True, True, False], [True, True, True]]), 1.0)]


@reward_to_go.right
def with_the_library(rewards, alive, gamma):
    from tinyrlhf.learning.advantages import returns_to_go
    return returns_to_go(np.where(alive, rewards, 0.0), gamma)


@reward_to_go.right
def one_sum_for_each_step(rewards, alive, gamma):
    returns = np.zeros(rewards.shape)
    for game, step in zip(*np.nonzero(alive)):
        for later in range(step, rewards.shape[1]):
            returns[game, step] += alive[game, later] * gamma ** (later - step) * rewards[game, later]
    return returns


PAST = ("Every step of a game gets the same number, the return of the whole game. An action cannot change what was "
        "paid before it; to credit it with that is only noise. Where should the sum for step t begin?")


@reward_to_go.wrong(PAST)
def past_credited(rewards, alive, gamma):
    total = (np.where(alive, rewards, 0.0) * gamma ** np.arange(rewards.shape[1])).sum(axis=1, keepdims=True)
    return np.where(alive, total, 0.0)


@reward_to_go.wrong(PAST)
def past_credited_without_discount(rewards, alive, gamma):
    return np.where(alive, np.where(alive, rewards, 0.0).sum(axis=1, keepdims=True), 0.0)


@reward_to_go.wrong(PAST)
def past_credited_everywhere(rewards, alive, gamma):
    return np.where(alive, rewards, 0.0).sum(axis=1, keepdims=True) + np.zeros(rewards.shape)


FORWARDS = ("The sums run forwards: they hold what was paid up to each step, not what comes from it on. Which end of "
            "the game must the loop start from?")


@reward_to_go.wrong(FORWARDS)
def forwards(rewards, alive, gamma):
    returns = np.where(alive, rewards, 0.0)
    for t in range(1, returns.shape[1]):
        returns[:, t] += gamma * returns[:, t - 1]
    return np.where(alive, returns, 0.0)


@reward_to_go.wrong(FORWARDS)
def forwards_without_discount(rewards, alive, gamma):
    return np.cumsum(np.where(alive, rewards, 0.0), axis=1)


@reward_to_go.wrong(FORWARDS)
def forwards_without_discount_and_hidden(rewards, alive, gamma):
    return np.where(alive, np.cumsum(np.where(alive, rewards, 0.0), axis=1), 0.0)


@reward_to_go.wrong("The loop walks forwards, so it adds the next step's reward before the steps behind it have been "
                    "added to that: only one step of the future is seen. In which order must t run, so that the next "
                    "sum is ready?")
def loop_in_the_wrong_order(rewards, alive, gamma):
    returns = np.where(alive, rewards, 0.0)
    returns[:, :-1] += gamma * returns[:, 1:]
    return returns


DEAD = ("Steps behind the end of a game are counted. What stands in the table there was never played: the game was "
        "over. Which array tells you where, and when must it be used, before the sum or after it?")


@reward_to_go.wrong(DEAD)
def dead_steps_counted(rewards, alive, gamma):
    return reward_to_go(rewards, np.ones_like(alive), gamma)


@reward_to_go.wrong(DEAD)
def dead_steps_counted_and_hidden(rewards, alive, gamma):
    return np.where(alive, dead_steps_counted(rewards, alive, gamma), 0.0)


@reward_to_go.wrong("gamma is not used: these are the sums for gamma = 1. Each step into the future should make a "
                    "reward count less. By which factor does the next step's sum come in?")
def no_discount(rewards, alive, gamma):
    return reward_to_go(rewards, alive, 1.0)


@reward_to_go.wrong("The discount counts from the beginning of the game, so late actions count for almost nothing. For "
                    "the action at step t, the reward of step t itself is not discounted. How far away is a reward, "
                    "seen from step t?")
def discounted_from_the_beginning(rewards, alive, gamma):
    rewards = np.where(alive, rewards, 0.0) * gamma ** np.arange(rewards.shape[1])
    return np.cumsum(rewards[:, ::-1], axis=1)[:, ::-1]


@reward_to_go.wrong("The rewards before the own step are right to be left out, but its own reward is left out, too. "
                    "The action at step t is paid at step t. Where does the sum begin?")
def own_reward_left_out(rewards, alive, gamma):
    return np.where(alive, reward_to_go(rewards, alive, gamma) - rewards, 0.0)


# ---- 4.3

@exercise("4.3", minutes=7, hints=[
    "At each step, add up the rewards to go of all games that still run. For each game, take its own out of the sum, "
    "and divide by the number of the others.",
    "A = G - (sum - G) / (running - 1), with sum and number of the games that run at this step; where only one runs, A "
    "= G.",
    "`running = alive.sum(axis=0)`; and np.maximum(running - 1, 1) never divides by zero"])
def advantages(returns, alive):
    """How much better than the other games was each step? Its reward to go minus the mean over the *other* games that
    still run.

    returns: array (B, T), rewards to go of B games, 0 behind the end. alive: bool array (B, T), False behind the end of
    a game. Returns an array (B, T), zero where a game was over. Where a game runs alone there are no others, and its
    baseline is 0.

    Worked: advantages(np.array([[3.], [5.], [10.]]), np.array([[True], [True], [True]])) is [[-4.5], [-1.5], [6.]]; the
    first is 3 minus the mean of 5 and 10.
    """
    running = alive.sum(axis=0)
    others = np.where(alive, returns, 0.0).sum(axis=0) - returns
    baseline = others / np.maximum(running - 1, 1)
    return np.where(alive, returns - np.where(running > 1, baseline, 0.0), 0.0)


advantages.cases = [(np.array([[3.0], [5.0], [10.0]]), np.ones((3, 1), bool)),
                    (np.array([[4.0, 3.0, 2.0, 1.0], [2.0, 1.0, 0.0, 0.0], [3.0, 2.5, 1.0, 0.0]]),
                     np.array([[True, True, True, True], [True, True, False, False], [True, True, True, False]])),
                    (np.array([[6.0, 1.0], [-2.0, 4.0]]), np.ones((2, 2), bool))]


@advantages.law("Raising one game's reward by 1 must raise its own advantage by 1: the baseline must not know what it "
                "is compared with.")
def baseline_is_blind(f):
    returns, alive = np.array([[1.0], [4.0], [2.0]]), np.ones((3, 1), bool)
    raised = returns + np.array([[1.0], [0.0], [0.0]])
    return abs(f(raised, alive)[0, 0] - f(returns, alive)[0, 0] - 1) < 1e-9


@advantages.right
def from_the_library(returns, alive):
    from tinyrlhf.learning.advantages import minus_leave_one_out_mean
    return minus_leave_one_out_mean(returns, alive)


@advantages.right
def game_by_game(returns, alive):
    better = np.zeros(returns.shape)
    for game, step in zip(*np.nonzero(alive)):
        others = [returns[other, step] for other in range(len(returns)) if other != game and alive[other, step]]
        better[game, step] = returns[game, step] - (sum(others) / len(others) if others else 0)
    return better


OWN = ("Each game is part of its own baseline, so the baseline moves along with the action that it should judge: with "
       "n games the push shrinks to (n - 1)/n, and a game alone gets no push at all. Which games may be averaged?")


@advantages.wrong(OWN)
def own_game_included(returns, alive):
    mean = np.where(alive, returns, 0.0).sum(axis=0) / np.maximum(alive.sum(axis=0), 1)
    return np.where(alive, returns - mean, 0.0)


@advantages.wrong(OWN)
def own_and_dead_games_included(returns, alive):
    return np.where(alive, returns - returns.mean(axis=0), 0.0)


TABLE = ("One mean for the whole table is subtracted. Late steps have less to go than early ones, so they would look "
         "bad whatever was done. With which steps of the other games may step t be compared?")


@advantages.wrong(TABLE)
def one_mean_for_all(returns, alive):
    return returns - returns.mean()


@advantages.wrong(TABLE)
def one_mean_for_all_and_hidden(returns, alive):
    return np.where(alive, returns - returns.mean(), 0.0)


@advantages.wrong(TABLE)
def one_mean_for_all_that_run(returns, alive):
    return np.where(alive, returns - returns[alive].mean(), 0.0)


@advantages.wrong("Games that are over take part in the mean, as zeros. Late in the game that makes everybody who "
                  "still runs look better than expected. By how many games may the sum be divided?")
def dead_games_in_the_mean(returns, alive):
    others = returns.sum(axis=0) - returns
    return np.where(alive, returns - others / (len(returns) - 1), 0.0)


@advantages.wrong("The baseline is the mean over the game's own steps. What came later in a game depends on the action "
                  "that is judged, so this baseline looks at the action. Along which axis do the other games stand?")
def own_mean_over_time(returns, alive):
    mean = np.where(alive, returns, 0.0).sum(axis=1, keepdims=True) / alive.sum(axis=1, keepdims=True)
    return np.where(alive, returns - mean, 0.0)


NORMALISED = ("It also divides by the spread at each step. Where one game is left, or all are alike, the spread is "
              "zero and the result is nan; and two games 1 apart would count as much as two games 100 apart. What is "
              "asked for is only a difference, so what may be left out?")


@advantages.wrong(NORMALISED)
def normalised_for_each_step(returns, alive):
    table = np.where(alive, returns, np.nan)
    return np.where(alive, (table - np.nanmean(table, axis=0)) / np.nanstd(table, axis=0), 0.0)


@advantages.wrong(NORMALISED)
def normalised_with_the_dead(returns, alive):
    return np.where(alive, (returns - returns.mean(axis=0)) / returns.std(axis=0), 0.0)


@advantages.wrong(NORMALISED)
def normalised_by_the_spread_of_all(returns, alive):
    mean = np.where(alive, returns, 0.0).sum(axis=0) / alive.sum(axis=0)
    return np.where(alive, (returns - mean) / (returns.std(axis=0) + 1e-8), 0.0)


@advantages.wrong(NORMALISED)
def normalised_never_by_zero(returns, alive):
    table = np.where(alive, returns, np.nan)
    return np.where(alive, (table - np.nanmean(table, axis=0)) / (np.nanstd(table, axis=0) + 1e-8), 0.0)


ALONE = ("A game that runs alone has no others: the sum over them is 0 and so is their number, and 0/0 is nan. Its "
         "baseline shall be 0. How can the division by zero be avoided?")


@advantages.wrong(ALONE)
def alone_divides_by_zero(returns, alive):
    others = np.where(alive, returns, 0.0).sum(axis=0) - returns
    return np.where(alive, returns - others / (alive.sum(axis=0) - 1), 0.0)


@advantages.wrong(ALONE)
def alone_divides_by_zero_and_multiplies(returns, alive):
    others = np.where(alive, returns, 0.0).sum(axis=0) - returns
    return (returns - others / (alive.sum(axis=0) - 1)) * alive


# ---- 4.4

@exercise("4.4", minutes=10, extra=True, hints=[
    "Walk from the logits back to the inputs, one line of the network at a time. Weights: (what came in) transposed, "
    "times the slope of what went out. Biases: the slope of what went out, summed over the rows.",
    "Second layer: hidden.T @ d_logits, and the sum of d_logits over the rows. Then d_hidden = d_logits @ weight_1.T; "
    "through the tanh: d_sums = d_hidden times (1 - hidden squared). First layer: inputs.T @ d_sums, and the sum of "
    "d_sums over the rows.",
    "`d_sums = (d_logits @ weight_1.T) * (1 - hidden ** 2)`, then `return inputs.T @ d_sums, ...`"])
def mlp_backward(inputs, hidden, weight_1, d_logits):
    """The slopes of the loss by all weights of hidden = tanh(inputs @ weight_0 + bias_0), logits = hidden @ weight_1 +
    bias_1.

    inputs: array (n, I). hidden: array (n, H), behind the tanh. weight_1: array (H, A). d_logits: array (n, A), the
    slope of the loss by each logit; if the loss is a mean over the rows, the 1/n is in here already. Returns a tuple of
    four arrays: by weight_0 (I, H), bias_0 (H,), weight_1 (H, A), bias_1 (A,).

    Worked: mlp_backward(np.array([[2.]]), np.array([[0.5]]), np.array([[3.]]), np.array([[1.]])) is ([[4.5]], [2.25],
    [[0.5]], [1.]).
    """
    d_sums = (d_logits @ weight_1.T) * (1 - hidden ** 2)
    return inputs.T @ d_sums, d_sums.sum(axis=0), hidden.T @ d_logits, d_logits.sum(axis=0)


dice = np.random.default_rng(0)
mlp_backward.cases = [(np.array([[2.0]]), np.array([[0.5]]), np.array([[3.0]]), np.array([[1.0]]))] + [
    (dice.normal(size=(n, i)), np.tanh(dice.normal(size=(n, h))), dice.normal(size=(h, a)), dice.normal(size=(n, a)))
    for n, i, h, a in ((2, 1, 2, 1), (5, 3, 4, 2), (3, 4, 4, 4))]


@mlp_backward.right
def backward_by_the_library(inputs, hidden, weight_1, d_logits):
    from tinyrlhf.nn.networks import MLP
    network = MLP((inputs.shape[1], *weight_1.shape), np.random.default_rng(0), dtype=np.float64)
    network.params["weight_1"][...] = weight_1
    return tuple(network.backward([inputs, hidden], d_logits).values())


@mlp_backward.right
def moving_every_weight(inputs, hidden, weight_1, d_logits):
    sums = np.arctanh(hidden)                               # of the weights and the bias that we do not know
    shapes = [(inputs.shape[1], hidden.shape[1]), hidden.shape[1:], weight_1.shape, weight_1.shape[1:]]

    def loss(weight_0, bias_0, change_1, bias_1):
        return np.sum(d_logits * (np.tanh(sums + inputs @ weight_0 + bias_0) @ (weight_1 + change_1) + bias_1))

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


@mlp_backward.wrong("The first layer is wrong: the slope of tanh is missing. A hidden number near 1 hardly moves any "
                    "more, so little may flow back through it. Which factor says so?")
def no_slope_of_tanh(inputs, hidden, weight_1, d_logits):
    d_sums = d_logits @ weight_1.T
    return inputs.T @ d_sums, d_sums.sum(axis=0), hidden.T @ d_logits, d_logits.sum(axis=0)


@mlp_backward.wrong("The first layer is wrong: tanh seems to be taken twice, 1 - tanh(hidden)^2. `hidden` is the "
                    "output of the tanh, not what went into it. How does the slope look in terms of the output?")
def tanh_taken_twice(inputs, hidden, weight_1, d_logits):
    d_sums = (d_logits @ weight_1.T) * (1 - np.tanh(hidden) ** 2)
    return inputs.T @ d_sums, d_sums.sum(axis=0), hidden.T @ d_logits, d_logits.sum(axis=0)


@mlp_backward.wrong("The first layer is wrong: hidden (1 - hidden) is the slope of the sigmoid, not of tanh. Which "
                    "function does this network use?")
def slope_of_the_sigmoid(inputs, hidden, weight_1, d_logits):
    d_sums = (d_logits @ weight_1.T) * hidden * (1 - hidden)
    return inputs.T @ d_sums, d_sums.sum(axis=0), hidden.T @ d_logits, d_logits.sum(axis=0)


@mlp_backward.wrong("The first layer is wrong: it looks like 1 - hidden, without the square. tanh is as steep at -0.5 "
                    "as at 0.5. Which formula says so?")
def square_forgotten(inputs, hidden, weight_1, d_logits):
    d_sums = (d_logits @ weight_1.T) * (1 - hidden)
    return inputs.T @ d_sums, d_sums.sum(axis=0), hidden.T @ d_logits, d_logits.sum(axis=0)


@mlp_backward.wrong("weight_1 is used as on the way forwards. On the way back its rows and columns change places: "
                    "every hidden number collects from all the logits that it fed. What turns (n, A) into (n, H)?")
def not_transposed(inputs, hidden, weight_1, d_logits):
    d_sums = (d_logits @ weight_1) * (1 - hidden ** 2)
    return inputs.T @ d_sums, d_sums.sum(axis=0), hidden.T @ d_logits, d_logits.sum(axis=0)


@mlp_backward.wrong("The biases keep one row for each decision. All rows use the same bias, so it gets one slope. How "
                    "do the rows come together?")
def biases_not_summed(inputs, hidden, weight_1, d_logits):
    weight_0, _, weight_1_slope, _ = mlp_backward(inputs, hidden, weight_1, d_logits)
    return weight_0, (d_logits @ weight_1.T) * (1 - hidden ** 2), weight_1_slope, d_logits


@mlp_backward.wrong("Everything is too small by the number of rows. The 1/n of the mean is in d_logits already; here "
                    "it is taken a second time. What is done with the rows, if not averaged?")
def mean_taken_twice(inputs, hidden, weight_1, d_logits):
    return tuple(slope / len(inputs) for slope in mlp_backward(inputs, hidden, weight_1, d_logits))


@mlp_backward.wrong("The weights are right, the biases are too small by the number of rows: it looks like a mean. "
                    "Every row uses the bias once. How do the contributions of the rows come together?")
def biases_averaged(inputs, hidden, weight_1, d_logits):
    weight_0, bias_0, weight_1, bias_1 = mlp_backward(inputs, hidden, weight_1, d_logits)
    return weight_0, bias_0 / len(inputs), weight_1, bias_1 / len(inputs)


@mlp_backward.wrong("The second layer comes first in the result. You walk backwards, but hand back in the order of the "
                    "network: weight_0, bias_0, weight_1, bias_1. Which two have to change places?")
def second_layer_first(inputs, hidden, weight_1, d_logits):
    weight_0, bias_0, weight_1, bias_1 = mlp_backward(inputs, hidden, weight_1, d_logits)
    return weight_1, bias_1, weight_0, bias_0


# ---- 4.5

@exercise("4.5", minutes=5, extra=True, hints=[
    "Read each line aloud and ask: whose numbers are these, of which game and which step, seen before the action or "
    "after it? Then lay the three programs side by side: each is wrong where the other two agree.",
    "B: a baseline must not depend on what the action led to. C: log pi(action | observation) wants what the agent saw "
    "when it chose.",
    '`return {"A": 6, "B": ..., "C": ...}[program]`'])
def silent_bug(program):
    """In which line is the bug of each program in the lesson's section "It learns, so is it right?"

    program: "A", "B" or "C". Returns the number at the end of that line, 1 to 7, or 0 if the program is right.

    Worked: silent_bug("A") is 6: `better.T[episodes.mask.T]` lists the advantages step by step, the log-probabilities
    stand game by game, so each action is pushed by the advantage of another one.
    """
    return {"A": 6, "B": 3, "C": 4}[program]


silent_bug.cases = [("A",), ("B",), ("C",)]


@silent_bug.law("That is not the line of program B. With what does it compare a reward to go, and may that depend on "
                "the action?")
def found_in_b(f):
    return f("B") == 3


@silent_bug.law("B is found, but that is not the line of program C. To which moment do the numbers of each line "
                "belong, before the action or after it?")
def found_in_c(f):
    return f("C") == 4


@silent_bug.right
def with_ifs(program):
    if program == "A":
        return 6
    return 3 if program == "B" else 4


@silent_bug.wrong("B and C learn a little or a lot, so they are right? A program can learn in spite of a mistake; each "
                  "of the three has one. Which line differs from the other two programs?")
def it_learns_so_it_is_right(program):
    return {"A": 6, "B": 0, "C": 0}[program]


@silent_bug.wrong("B is found. C balances as well as the right program, and has a bug all the same: in CartPole 1/50 "
                  "of a second makes little difference. What did the agent see when it chose its action?")
def a_good_curve_is_right(program):
    return {"A": 6, "B": 3, "C": 0}[program]


@silent_bug.wrong("C is found. B's curve rises, but less than that of the right program, and that is a bug's doing. "
                  "What does it subtract from a reward to go?")
def a_rising_curve_is_right(program):
    return {"A": 6, "B": 0, "C": 4}[program]
