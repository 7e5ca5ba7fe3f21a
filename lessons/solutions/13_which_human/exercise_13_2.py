"""Exercise 13.2, flip_corrected_loss: its solution, hints and usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise


@exercise("13.2", minutes=6, hints=[
    "Two ways lead to what was said: it was meant and said so, or the opposite was meant and the "
    "answer slipped. Add the chances of both, then take the logarithm.",
    r"The mean of $-\log\big[(1 - f)\, \sigma(d) + f\, \sigma(-d)\big]$, with $d$ the winner's "
    r"lead and $f$ = flip.",
    "`meant = 1 / (1 + np.exp(lose_scores - win_scores))`"])
def flip_corrected_loss(win_scores, lose_scores, flip):
    """The mean surprise at N comparisons by somebody who says the opposite of what they mean as
    often as `flip`.

    What they mean follows lesson 6: the first of two is meant with the chance sigmoid(its lead).
    win_scores, lose_scores: arrays (N,), of what was said to be better and worse; their differences
    stay below 30. flip: a number from 0 to 1/2. Returns a number, in nats.

    Worked: a lead of 1.0986 means 3 : 1; with one flip in five what was said has the chance 0.8 *
    0.75 + 0.2 * 0.25 = 0.65, so flip_corrected_loss(np.array([1.0986]), np.array([0.]), 0.2) is
    0.431.
    """
    meant = 1 / (1 + np.exp(lose_scores - win_scores))
    return -np.mean(np.log((1 - flip) * meant + flip * (1 - meant)))


flip_corrected_loss.cases = [(np.array([np.log(3)]), np.zeros(1), 0.2),
                             (np.array([2.0, -1.0, 0.5]), np.array([0.0, 1.0, 0.4]), 0.1),
                             (np.array([20.0, 0.0]), np.array([0.0, 20.0]), 0.3),
                             (np.array([1.0, 2.0, 0.0, -2.0]), np.array([0.5, 0.0, 1.0, 1.0]), 0.0)]


@flip_corrected_loss.law("With flip = 1/2 answers say nothing: the loss is log 2 = 0.693, whatever "
                         "the scores. Is it?")
def a_coin_says_nothing(f):
    return abs(f(np.array([5.0, -3.0]), np.zeros(2), 0.5) - np.log(2)) < 1e-5


@flip_corrected_loss.law("An answer that contradicts a lead of 25 was flipped: it can cost no more "
                         "than -log flip, which is 2.3 for flip = 0.1. Does it?")
def a_flip_costs_no_more_than_a_flip(f):
    return f(np.array([0.0]), np.array([25.0]), 0.1) < -np.log(0.1) + 1e-6


@flip_corrected_loss.right
def with_the_library(win_scores, lose_scores, flip):
    from tinyrlhf.rewards.choice import choice_loss  # who flips 20 % answers 40 % by coin
    logits, n = np.stack([win_scores, lose_scores], axis=1), len(win_scores)
    return choice_loss(logits, np.tile([1.0, 0.0], (n, 1)), np.full(n, 1 / n), lapse=2 * flip)[0]


@flip_corrected_loss.right
def answer_by_answer(win_scores, lose_scores, flip):
    total = 0.0
    for lead in win_scores - lose_scores:
        likes, likes_not = np.exp(min(lead, 0)), np.exp(min(-lead, 0))
        total -= np.log(((1 - flip) * likes + flip * likes_not) / (likes + likes_not))
    return total / len(win_scores)


def mean_loss(chances):
    return -np.mean(np.log(chances))


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


@flip_corrected_loss.wrong("That is the loss of lesson 6, as if every answer was meant. Mistakes "
                           "do not average out by themselves: they make all leads look smaller, "
                           "and one that contradicts a large lead costs without limit. In which "
                           "two ways can an answer come about?")
def flips_ignored(win_scores, lose_scores, flip):
    return mean_loss(sigmoid(win_scores - lose_scores))


@flip_corrected_loss.wrong("It is the mean of two losses, one for the answer and one for its "
                           "opposite (smoothed labels). But an answer was flipped or it was not: "
                           "the chances of the two ways add up. Which comes first, the sum or the "
                           "logarithm?")
def smoothed_labels(win_scores, lose_scores, flip):
    lead = win_scores - lose_scores
    return (1 - flip) * mean_loss(sigmoid(lead)) + flip * mean_loss(sigmoid(-lead))


@flip_corrected_loss.wrong("It is the loss whose average over flips is that of somebody who never "
                           "errs. That is another way, but it has no lower bound, and is not the "
                           "surprise at what was said. What is the chance of the answer itself?")
def unbiased_but_unbounded(win_scores, lose_scores, flip):
    lead = win_scores - lose_scores
    return ((1 - flip) * mean_loss(sigmoid(lead)) - flip * mean_loss(sigmoid(-lead))) / (1 - 2
                                                                                         * flip)


@flip_corrected_loss.wrong("Something is swapped: winner and loser, or flip and 1 - flip. With few "
                           "flips the loss should be small where the winner leads. Where does it "
                           "belong, the 1 - flip?")
def swapped(win_scores, lose_scores, flip):
    return flip_corrected_loss(lose_scores, win_scores, flip)


@flip_corrected_loss.wrong("That is somebody who tosses a coin as often as `flip`, and is then "
                           "right in half of the cases. Who flips is always wrong then. With which "
                           "chance is the opposite meant?")
def tosses_a_coin(win_scores, lose_scores, flip):
    return mean_loss((1 - flip) * sigmoid(win_scores - lose_scores) + flip / 2)


@flip_corrected_loss.wrong("The way by a mistake is missing: the chances of `first` and `second` "
                           "add up to 1 - flip only. What happens in the other cases?")
def one_way_only(win_scores, lose_scores, flip):
    return mean_loss((1 - flip) * sigmoid(win_scores - lose_scores))


@flip_corrected_loss.wrong("The lead is multiplied by 1 - flip, as if mistakes made people less "
                           "sure. On a clear pair even then hardly anybody would err. What is the "
                           "chance of an answer about a clear pair?")
def less_sure(win_scores, lose_scores, flip):
    return mean_loss(sigmoid((1 - flip) * (win_scores - lose_scores)))


@flip_corrected_loss.wrong("That looks like a mean of chances. Surprise is -log of a chance: only "
                           "then does a confident mistake cost a lot. Where is the logarithm?")
def no_logarithm(win_scores, lose_scores, flip):
    meant = sigmoid(win_scores - lose_scores)
    return 1 - np.mean((1 - flip) * meant + flip * (1 - meant))


@flip_corrected_loss.wrong("That looks like the sum over the answers. The loss is their mean, so "
                           "that it can be compared between 20 answers and 300. What is it divided "
                           "by?")
def summed(win_scores, lose_scores, flip):
    return len(win_scores) * flip_corrected_loss(win_scores, lose_scores, flip)
