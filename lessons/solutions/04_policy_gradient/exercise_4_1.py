"""Exercise 4.1, logp_grad: its solution, hints and usual mistakes."""
import numpy as np

from tinyrlhf.numerics import softmax
from tinyrlhf.teaching import exercise


@exercise("4.1", minutes=6, hints=[
    "Raising the logit of the chosen action makes it more likely; raising the logit of any other "
    "makes it less likely, by as much as that other is likely.",
    "log pi(a) = z_a - log(sum of exp(z)), so its slope by z_k is 1 - pi_k for k = a, and -pi_k "
    "for all others.",
    "`gradient = -softmax(logits)`, then add 1 in each row at its action: "
    "`np.arange(len(actions))` counts the rows"])
def logp_grad(logits, actions):
    """The slope of log pi(action) by the logits, one row for each of n decisions.

    logits: array (n, A) of moderate size; the chances of a row are softmax(row). actions: integer
    array (n,), the action that was drawn. Returns an array (n, A).

    Worked: logits (0, 1.0986) mean chances of 1/4 and 3/4, so logp_grad(np.array([[0., 1.0986]]),
    np.array([0])) is [[0.75, -0.75]].
    """
    gradient = -softmax(logits)
    gradient[np.arange(len(actions)), actions] += 1
    return gradient


logp_grad.cases = [(np.array([[0.0, np.log(3)]]), np.array([0])),
                   (np.array([[0.3, -1.0, 2.0], [0.0, 0.0, 0.0], [1.0, 0.5, -0.5],
                              [2.0, 1.0, 0.0]]), np.array([2, 0, 1, 0])),
                   (np.array([[1.0, 0.0], [-2.0, 0.5], [0.4, 0.4]]), np.array([0, 1, 1]))]


@logp_grad.law("Each row must sum to zero: what the chosen action gains, the others lose. Does it, "
               "for logits 1, 0 and 2?")
def rows_sum_to_zero(f):
    return abs(np.sum(f(np.array([[1.0, 0.0, 2.0]]), np.array([1])))) < 1e-5


@logp_grad.right
def by_the_library(logits, actions):
    from tinyrlhf.nn.distributions import Categorical
    return Categorical.d_log_prob(logits, actions)


@logp_grad.right
def by_differences(logits, actions):
    rows = np.arange(len(actions))
    log_prob = lambda z: np.log(softmax(z))[rows, actions]
    steps = 1e-5 * np.eye(logits.shape[1])
    return np.stack([(log_prob(logits + step) - log_prob(logits - step)) / 2e-5 for step in steps],
                    axis=1)


@logp_grad.right
def row_by_row(logits, actions):
    def one(row, action):
        return [(k == action) - chance for k, chance in enumerate(softmax(row))]

    return np.array([one(*pair) for pair in zip(logits, actions)])


@logp_grad.wrong("All signs are reversed: with this push, what was done becomes less likely. It "
                 "looks like probabilities minus one-hot, the slope of a loss. Does raising the "
                 "chosen action's logit raise its log-probability, or lower it?")
def reversed_sign(logits, actions):
    return -logp_grad(logits, actions)


@logp_grad.wrong("That is the slope of the probability itself, not of its logarithm: it is too "
                 "small by the factor p(action), so rare actions hardly count. What is the "
                 "derivative of log p?")
def of_p_instead_of_log_p(logits, actions):
    return softmax(logits)[np.arange(len(actions)), actions][:, None] * logp_grad(logits, actions)


@logp_grad.wrong("Only the chosen action is pushed. The chances add up to 1, so the others must "
                 "give way. Which term comes from log(sum of exp)?")
def only_the_chosen(logits, actions):
    gradient = logp_grad(logits, actions)
    return np.where(np.arange(logits.shape[1]) == actions[:, None], gradient, 0.0)


@logp_grad.wrong("That looks like the one-hot row alone. It would make the chances grow without "
                 "end, even of an action that is certain already. What has to be subtracted, so "
                 "that the push ends when p(action) is 1?")
def one_hot_alone(logits, actions):
    return (np.arange(logits.shape[1]) == actions[:, None]).astype(float)


@logp_grad.wrong("Right for one decision, wrong for several: `gradient[:, actions]` takes these "
                 "columns in every row. Each row has its own action. How do you pair row 0 with "
                 "actions[0], row 1 with actions[1]?")
def columns_in_every_row(logits, actions):
    gradient = -softmax(logits)
    gradient[:, actions] += 1
    return gradient


@logp_grad.wrong("Right for one decision, wrong for several: all chances together add up to 1, "
                 "instead of those of each row. Does a softmax of yours sum over the whole table? "
                 "Along which axis must it sum?")
def one_softmax_for_the_table(logits, actions):
    gradient = -np.exp(logits) / np.exp(logits).sum()
    gradient[np.arange(len(actions)), actions] += 1
    return gradient


@logp_grad.wrong("The ones stand in whole rows: `table[actions]` picks rows by the numbers of the "
                 "actions. Rows are decisions, columns are actions. Which index has to come "
                 "second?")
def rows_instead_of_columns(logits, actions):
    onehot = np.zeros(logits.shape)
    onehot[actions] = 1
    return onehot - softmax(logits)


@logp_grad.wrong("It is divided by the number of rows. Each row is asked for its own slope; means "
                 "are taken later, where the loss is put together. What is left if you do not "
                 "average?")
def averaged(logits, actions):
    return logp_grad(logits, actions) / len(actions)
