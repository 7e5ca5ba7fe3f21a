"""Exercise 5.2, sft_grad: its solution, hints and usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise, near


@exercise("5.2", minutes=6, hints=[
    "The loss is the mean surprise at what was demonstrated, -log pi(target). You know the slope "
    "of log pi(action) from exercise 4.1; here the demonstrated action takes the place of the "
    "drawn one.",
    r"$\frac{1}{N} \, (p - \text{onehot(target)})$ with $p = \text{softmax(logits)}$, row by row.",
    "`p = np.exp(logits - logits.max(axis=1, keepdims=True))`, then divide each row by its sum"])
def sft_grad(logits, targets):
    """The slope, by the logits, of the loss of supervised fine-tuning: the mean of -log pi(target)
    over N decisions.

    logits: array (N, A) of any size; the chances of a row are softmax(row). targets: integer array
    (N,), the actions that were demonstrated. Returns an array (N, A).

    Worked: logits (0, 1.0986) mean chances of 1/4 and 3/4. Two such decisions, in which action 0
    was demonstrated and then action 1: sft_grad(np.array([[0., 1.0986], [0., 1.0986]]),
    np.array([0, 1])) is [[-0.375, 0.375], [0.125, -0.125]].
    """
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    p[np.arange(len(targets)), targets] -= 1
    return p / len(targets)


LOGITS = np.array([[0.5, -1.0, 2.0], [0.0, 0.3, -0.2], [1.5, 1.5, 1.0], [-2.0, 0.4, 0.1]])
sft_grad.cases = [(np.array([[0.0, np.log(3)], [0.0, np.log(3)]]), np.array([0, 1])),
                  (LOGITS, np.array([2, 0, 1, 1])), (LOGITS[:1], np.array([1])),
                  (np.array([[1000.0, 0.0], [-3.0, 900.0], [1.0, 0.0]]), np.array([1, 1, 0]))]


@sft_grad.law("Each row must add up to 0: adding the same to all logits of a row changes no "
              "chance. Does it?")
def rows_add_up_to_nothing(f):
    return near(f(LOGITS, np.array([2, 0, 1, 1])).sum(axis=1), 0)


@sft_grad.right
def by_differences(logits, targets):
    def loss(z):
        top = z.max(axis=1, keepdims=True)
        log_sum = top[:, 0] + np.log(np.exp(z - top).sum(axis=1))
        return np.mean(log_sum - z[np.arange(len(targets)), targets])

    gradient = np.zeros(logits.shape)
    for place in np.ndindex(logits.shape):
        step = np.zeros(logits.shape)
        step[place] = 1e-4
        gradient[place] = (loss(logits + step) - loss(logits - step)) / 2e-4
    return gradient


@sft_grad.right
def by_the_library(logits, targets):
    from tinyrlhf.learning.imitation import d_log_likelihood
    from tinyrlhf.nn.distributions import Categorical
    weights = d_log_likelihood(np.ones(len(targets)))
    return weights[:, None] * Categorical.d_log_prob(logits, targets)


@sft_grad.wrong("That is the slope of log pi, as in 4.1; the loss is minus that. Going *down* this "
                "slope would make the demonstrated actions rarer. Which sign does a loss have?")
def of_the_log_probability(logits, targets):
    return -sft_grad(logits, targets)


@sft_grad.wrong("That is the slope of the sum over the decisions. The loss is their mean, so that "
                "a step is as large for 20 demonstrations as for 2,000. What is it divided by?")
def of_the_sum(logits, targets):
    return len(targets) * sft_grad(logits, targets)


@sft_grad.wrong("It is divided by the number of all logits. Only the decisions are averaged: the "
                "actions of one are not separate examples. How many decisions are there?")
def divided_by_all(logits, targets):
    return sft_grad(logits, targets) / logits.shape[1]


@sft_grad.wrong("It imitates what the policy would do itself, its most likely action, and never "
                "looks at `targets`. Whose action is to become likelier?")
def own_favourite(logits, targets):
    return sft_grad(logits, logits.argmax(axis=1))


@sft_grad.wrong("Only the demonstrated action moves. Chances add up to 1: if one rises, which "
                "others have to fall, and how much?")
def others_stay(logits, targets):
    gradient = np.zeros(logits.shape)
    rows = np.arange(len(targets))
    gradient[rows, targets] = sft_grad(logits, targets)[rows, targets]
    return gradient


@sft_grad.wrong("That is the slope of minus the chance, not of minus its logarithm. Then an "
                "example that the policy finds impossible teaches nothing, though it should teach "
                "most. Where is the logarithm?")
def of_the_chance(logits, targets):
    rows = np.arange(len(targets))
    chance = 1 + len(targets) * sft_grad(logits, targets)[rows, targets]
    return chance[:, None] * sft_grad(logits, targets)


@sft_grad.wrong("The softmax runs down the columns, over the decisions. Each decision has chances "
                "of its own, which add up to 1 over its actions. Along which axis?")
def softmax_over_decisions(logits, targets):
    p = np.exp(logits - logits.max(axis=0))
    p /= p.sum(axis=0)
    p[np.arange(len(targets)), targets] -= 1
    return p / len(targets)


@sft_grad.wrong("It is right for small logits, but exp() of a large number overflows. What can be "
                "taken off every logit of a row without changing a chance?")
def overflows(logits, targets):
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    p[np.arange(len(targets)), targets] -= 1
    return p / len(targets)
