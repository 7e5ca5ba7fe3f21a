"""Exercise 13.1, choice_logp: its solution, hints and usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise, near


@exercise("13.1", minutes=8, hints=[
    "First what each option is worth, then a softmax over the options, then the logarithm of the "
    "one that was taken.",
    r"$\log P(k) = \rho u_k - \log \sum_j e^{\rho u_j}$ with $u = $ `options @ scores`, which is "
    r"(K, M). Take the "
    "largest off before exp().",
    "`worth = rationality * (options @ scores)`, then look up np.logaddexp.reduce"])
def choice_logp(scores, chosen, options, rationality):
    """How likely is it that somebody takes this option? The logarithm of its softmax, for each of M
    candidates.

    scores: array (n, M), what n things are worth if candidate m is right, of any size. options:
    array (K, n): option k is worth the sum of options[k, i] * scores[i]. chosen: the number of the
    option that was taken. rationality: 0 or more; each worth is multiplied by it. Returns an array
    (M,).

    Worked: one of two things was taken, the first: choice_logp(np.array([[1.0986, 0.], [0., 0.]]),
    0, np.eye(2), 1.0) is [-0.288, -0.693]. Candidate 0 gave it the chance 0.75, candidate 1 gave it
    0.5.
    """
    worth = rationality * (options @ scores)
    return worth[chosen] - np.logaddexp.reduce(worth, axis=0)


THREE = np.array([[1.0, -0.5, 0.0, 2.0], [0.2, 0.8, -1.0, 0.0], [-0.7, 0.4, 1.5, 0.3]])
choice_logp.cases = [
    (np.array([[np.log(3), 0.0], [0.0, 0.0]]), 0, np.eye(2), 1.0),  # a comparison
    (THREE, 0, np.eye(3)[[2, 0]], 2.0), (THREE, 1, np.eye(3), 0.5),  # ... a demonstration
    (THREE, 3, np.outer(range(5), np.eye(3)[1]), 1.5),  # a rating
    (THREE, 1, np.array([[1.0, 0.0, 0.0], [0.0, 0.5, 0.5]]), 3.0),  # words about two things
    (1000 * THREE, 1, np.eye(3)[[0, 1]], 1.0)]


@choice_logp.law("The chances of all options must add up to 1. Do they, for three things and "
                 "rationality 2?")
def chances_add_up(f):
    return near(sum(np.exp(f(THREE, k, np.eye(3), 2.0)) for k in range(3)), 1)


@choice_logp.law("With rationality 0 nobody looks: each of four options has the chance one "
                 "quarter. Does it?")
def a_coin_knows_nothing(f):
    return near(f(THREE, 2, np.eye(3)[[0, 1, 2, 0]], 0.0), np.log(1 / 4))


@choice_logp.right
def by_the_library(scores, chosen, options, rationality):
    from tinyrlhf.rewards.choice import choice_loss
    share, once = np.eye(len(options))[[chosen]], np.ones(1)
    return np.array([-choice_loss(rationality * (options @ column)[None], share, once)[0]
                     for column in scores.T])


@choice_logp.right
def option_by_option(scores, chosen, options, rationality):
    worth = np.array([sum(weight * row for weight, row in zip(option, scores))
                      for option in options])
    largest = worth.max(axis=0)
    chances = np.exp(rationality * (worth - largest))
    return rationality * (worth[chosen] - largest) - np.log(chances.sum(axis=0))


@choice_logp.wrong("It compares with all things, whatever the options were. `This one` out of two "
                   "is a comparison, out of all a demonstration, and they say very different "
                   "things. Over what does the sum run?")
def options_ignored(scores, chosen, options, rationality):
    return rationality * (options[chosen] @ scores) - np.logaddexp.reduce(rationality * scores,
                                                                          axis=0)


@choice_logp.wrong("It takes `chosen` for the number of a thing. It is the number of an option, a "
                   "row of `options`, and these may stand in any order, or be worth several "
                   "things. What is that row worth?")
def chosen_is_a_thing(scores, chosen, options, rationality):
    thing = np.minimum(chosen, len(scores) - 1)
    return rationality * scores[thing] - np.logaddexp.reduce(rationality * (options @ scores),
                                                             axis=0)


@choice_logp.wrong("The rationality seems to be missing. Somebody who is twice as sure takes the "
                   "better option more often. What is each worth multiplied by?")
def rationality_forgotten(scores, chosen, options, rationality):
    return choice_logp(scores, chosen, options, 1.0)


@choice_logp.wrong("The rationality multiplies the logarithm of a finished chance. Then the "
                   "chances of all options no longer add up to 1. Does it belong inside the "
                   "softmax or outside?")
def rationality_outside(scores, chosen, options, rationality):
    return rationality * choice_logp(scores, chosen, options, 1.0)


@choice_logp.wrong("It divides by the rationality. That would be a temperature, with which people "
                   "become less sure. Should the chance of the better option rise with the "
                   "rationality, or fall?")
def rationality_as_temperature(scores, chosen, options, rationality):
    return choice_logp(scores, chosen, options, 1 / rationality)


@choice_logp.wrong("The option that is worth least gets the highest chance: a sign looks reversed. "
                   "Which option should people take most often?")
def reversed_sign(scores, chosen, options, rationality):
    return choice_logp(-scores, chosen, options, rationality)


@choice_logp.wrong("That is the chance itself, not its logarithm. The chances of many answers are "
                   "multiplied, and their logarithms added. Which of the two is returned?")
def not_the_logarithm(scores, chosen, options, rationality):
    return np.exp(choice_logp(scores, chosen, options, rationality))


@choice_logp.wrong("That is a loss: the logarithm of a chance is never above 0, and this is never "
                   "below. Where does the minus come from?")
def as_a_loss(scores, chosen, options, rationality):
    return -choice_logp(scores, chosen, options, rationality)


@choice_logp.wrong("It is right for small scores, but exp() of a large number overflows. What can "
                   "be taken off every worth before exp() without changing any chance?")
def overflows(scores, chosen, options, rationality):
    worth = np.exp(rationality * (options @ scores))
    return np.log(worth[chosen] / worth.sum(axis=0))


@choice_logp.wrong("It is the logarithm of the worth's share of all worths. A worth may be "
                   "negative, and has no share; exp() makes it positive. Where is exp()?")
def shares_of_worth(scores, chosen, options, rationality):
    worth = rationality * (options @ scores)
    return np.log(worth[chosen] / worth.sum(axis=0))


@choice_logp.wrong("The sum runs over the candidates. Each candidate has chances of its own, which "
                   "add up to 1 over the options. Which axis of (K, M) are the options?")
def summed_over_candidates(scores, chosen, options, rationality):
    worth = rationality * (options @ scores)
    return worth[chosen] - np.logaddexp.reduce(worth[chosen])
