"""Exercises of lesson 6, from votes to scores: solutions, hints, usual mistakes."""
import math

import numpy as np

from tinyrlhf.teaching import exercise


# ---- 6.1

@exercise("6.1", minutes=4, hints=[
    "Only the difference of the two scores matters. At difference 0 the chance is one half; it never reaches 0 or 1.",
    "P = 1 / (1 + exp(-d)) with d = score_a - score_b. Where d is below zero this exp() overflows, and the equal form "
    "exp(d) / (1 + exp(d)) does not.",
    "`d = score_a - score_b`"])
def pref_prob(score_a, score_b):
    """The chance that a is preferred to b: the sigmoid of the difference of their scores.

    score_a, score_b: numbers of any size, also 1000. Returns a number between 0 and 1.

    Worked: a score lead of log(3) = 1.0986 means 3 : 1, so pref_prob(1.0986, 0) is 0.75.
    """
    d = score_a - score_b
    small = math.exp(-abs(d))
    return 1 / (1 + small) if d >= 0 else small / (1 + small)


pref_prob.cases = [(math.log(3), 0.0), (0.4, 0.4), (2.0, -1.0), (-0.5, 1.5),
                   (1000.0, 0.0), (-1000.0, 0.0), (1000.0, 1000.0)]


@pref_prob.law("The chance that a beats b and the chance that b beats a must add up to 1. Do they, for scores 2 and "
               "-1?")
def chances_add_up(f):
    return abs(f(2.0, -1.0) + f(-1.0, 2.0) - 1) < 1e-9


@pref_prob.right
def by_tanh(score_a, score_b):
    return 0.5 * (1 + np.tanh((score_a - score_b) / 2))


@pref_prob.right
def by_logaddexp(score_a, score_b):
    return np.exp(-np.logaddexp(0, score_b - score_a))


@pref_prob.wrong("That looks like the share score_a / (score_a + score_b). Scores may be negative, so they have no "
                 "shares; only their difference means something. What should happen if 10 is added to both?")
def ratio(score_a, score_b):
    return score_a / (score_a + score_b)


@pref_prob.wrong("The higher score gets the lower chance: the sign looks reversed. Which difference belongs to `a is "
                 "preferred`?")
def reversed_sign(score_a, score_b):
    return pref_prob(score_b, score_a)


OVERFLOW = ("It is right for small scores, but exp() of a large number overflows. Scores of 1000 are extreme, yet "
            "training meets them. Can you write it so that exp() only ever sees numbers below zero?")


@pref_prob.wrong(OVERFLOW)
def overflows(score_a, score_b):
    return np.exp(score_a) / (np.exp(score_a) + np.exp(score_b))


@pref_prob.wrong(OVERFLOW)
def overflows_with_an_error(score_a, score_b):
    return math.exp(score_a) / (math.exp(score_a) + math.exp(score_b))


@pref_prob.wrong(OVERFLOW)
def overflows_at_large_negative_differences(score_a, score_b):
    return 1 / (1 + math.exp(score_b - score_a))


# ---- 6.2

@exercise("6.2", minutes=5, hints=[
    "How surprised is the model by each vote? A vote that it gave the chance p costs -log p. Take the mean over the "
    "votes.",
    "The mean of -log sigmoid(d) with d = win_scores - lose_scores; and -log sigmoid(d) = log(1 + exp(-d)).",
    "`d = win_scores - lose_scores`, then look up np.logaddexp"])
def pref_loss(win_scores, lose_scores):
    """The mean surprise of the model at N votes, in nats: mean of -log P(the winner wins).

    win_scores, lose_scores: arrays (N,), the scores of the preferred and of the other item of each vote, of any size.
    Returns a number.

    Worked: pref_loss(np.array([1.0986, 0.]), np.array([0., 0.])) is 0.490, the mean of -log 0.75 and -log 0.5.
    """
    return np.mean(np.logaddexp(0, lose_scores - win_scores))


pref_loss.cases = [(np.array([math.log(3), 0.0]), np.zeros(2)), (np.array([2.0, -1.0, 0.5]), np.array([0.0, 1.0, 0.4])),
                   (np.array([3.0]), np.array([1.0])), (np.array([-1000.0, 0.0]), np.array([0.0, 1.0]))]


@pref_loss.law("Adding 5 to all scores must not change the loss: only differences count.")
def shifting_changes_nothing(f):
    win, lose = np.array([1.0, 2.0, 0.0]), np.array([0.0, 2.5, 1.0])
    return abs(f(win + 5, lose + 5) - f(win, lose)) < 1e-9


@pref_loss.right
def by_the_library(win_scores, lose_scores):
    from tinyrlhf.rewards.choice import choice_loss
    n = len(win_scores)
    return choice_loss(np.stack([win_scores, lose_scores], axis=1), np.tile([1.0, 0.0], (n, 1)), np.full(n, 1 / n))[0]


@pref_loss.right
def vote_by_vote(win_scores, lose_scores):
    total = 0.0
    for d in win_scores - lose_scores:
        total += math.log1p(math.exp(-d)) if d > 0 else -d + math.log1p(math.exp(d))
    return total / len(win_scores)


@pref_loss.wrong("The loss is large where the winner scores higher. Winner and loser look swapped. Which one should "
                 "end up with the larger score?")
def swapped(win_scores, lose_scores):
    return pref_loss(lose_scores, win_scores)


@pref_loss.wrong("That looks like a mean of probabilities. A loss adds up surprises, -log p: only then does a "
                 "confident mistake cost a lot. Where is the logarithm?")
def no_logarithm(win_scores, lose_scores):
    return 1 - np.mean([pref_prob(a, b) for a, b in zip(win_scores, lose_scores)])


@pref_loss.wrong("That looks like the sum over the votes. The loss is their mean, so that it can be compared between "
                 "20 votes and 300. What is it divided by?")
def summed(win_scores, lose_scores):
    return np.sum(np.logaddexp(0, lose_scores - win_scores))


@pref_loss.wrong("It is right, until a chance rounds to 0: then its logarithm is infinite. The loss there is just "
                 "about 1000, a plain number. Can you get log(1 + exp(-d)) without forming the chance first?")
def logarithm_of_zero(win_scores, lose_scores):
    return -np.mean(np.log([pref_prob(a, b) for a, b in zip(win_scores, lose_scores)]))


# ---- 6.3

@exercise("6.3", minutes=8, hints=[
    "Each vote pushes two scores: the winner's up, the loser's down, equally hard. The push is how wrong the model was "
    "about this vote.",
    "A vote to which the model gave the chance p adds -(1 - p) / N to the winner's entry and +(1 - p) / N to the "
    "loser's.",
    "`push = (1 - p) / len(wins)` for all votes at once; then np.add.at, np.bincount or a loop, since items occur more "
    "than once"])
def pref_loss_grad(scores, wins, losses):
    """The derivative of the loss of 6.2 by each item's score.

    scores: array (n,), one for each item. wins, losses: integer arrays (N,): vote i preferred item wins[i] to item
    losses[i]. Items may occur in many votes. Returns an array (n,).

    Worked: two votes of item 0 over item 1, all scores 0: pref_loss_grad(np.zeros(3), np.array([0, 0]), np.array([1,
    1])) is [-0.5, 0.5, 0.0]: to lower the loss, raise item 0, lower item 1.
    """
    surprise = 1 - 1 / (1 + np.exp(scores[losses] - scores[wins]))
    gradient = np.zeros(len(scores))
    np.add.at(gradient, wins, -surprise / len(wins))
    np.add.at(gradient, losses, surprise / len(wins))
    return gradient


pref_loss_grad.cases = [(np.zeros(3), np.array([0, 0]), np.array([1, 1])),
                        (np.array([0.5, -1.0, 2.0, 0.0]), np.array([0, 2, 2, 1, 0]), np.array([1, 1, 0, 2, 1])),
                        (np.array([1.0, -0.5]), np.array([0, 1, 0]), np.array([1, 0, 1]))]


@pref_loss_grad.law("The gradient must sum to zero: raising all scores together changes no difference, so it changes "
                    "no loss.")
def sums_to_zero(f):
    return abs(f(np.array([0.3, -1.0, 2.0]), np.array([0, 1, 2, 2]), np.array([1, 2, 0, 1])).sum()) < 1e-9


@pref_loss_grad.right
def by_counting(scores, wins, losses):
    surprise = 1 - np.array([pref_prob(a, b) for a, b in zip(scores[wins], scores[losses])])
    n = len(scores)
    return (np.bincount(losses, surprise, n) - np.bincount(wins, surprise, n)) / len(wins)


@pref_loss_grad.right
def by_differences(scores, wins, losses):
    steps = 1e-5 * np.eye(len(scores))
    loss = lambda s: pref_loss(s[wins], s[losses])
    return np.array([(loss(scores + step) - loss(scores - step)) / 2e-5 for step in steps])


@pref_loss_grad.wrong("Items that occur in several votes are counted once: `gradient[wins] += ...` with a repeated "
                      "index keeps only the last of them. Which NumPy function adds them all up?")
def repeated_items_lost(scores, wins, losses):
    surprise = 1 - 1 / (1 + np.exp(scores[losses] - scores[wins]))
    gradient = np.zeros(len(scores))
    gradient[wins] -= surprise / len(wins)
    gradient[losses] += surprise / len(wins)
    return gradient


@pref_loss_grad.wrong("All signs are reversed. The gradient of the loss points uphill, to where the votes are less "
                      "likely. Does raising the winner's score raise the loss, or lower it?")
def uphill(scores, wins, losses):
    return -pref_loss_grad(scores, wins, losses)


@pref_loss_grad.wrong("Only the winners move. Every vote pushes two scores, the loser's as well. What is the "
                      "derivative by the loser's score?")
def winners_only(scores, wins, losses):
    surprise = 1 - 1 / (1 + np.exp(scores[losses] - scores[wins]))
    return -np.bincount(wins, surprise, len(scores)) / len(wins)


@pref_loss_grad.wrong("It is the gradient of the sum over the votes; the loss of 6.2 is their mean. By which number is "
                      "it too large?")
def gradient_of_the_sum(scores, wins, losses):
    return len(wins) * pref_loss_grad(scores, wins, losses)


# ---- 6.4

@exercise("6.4", minutes=8, tolerance=0.01, extra=True, hints=[
    "Start with all scores at 0 and walk downhill: 1000 steps against the gradient of 6.3. The penalty pulls every "
    "score towards 0.",
    "The gradient of l2 / (2 N) * sum(scores**2) by the scores is l2 * scores / N, with N = len(pairs). Add the "
    "gradient of 6.3.",
    "`scores = np.zeros(n)`, then in a loop `scores = scores - (pref_loss_grad(scores, pairs[:, 0], pairs[:, 1]) + "
    "...)`"])
def fit_scores(pairs, n, l2):
    """The scores that best explain the votes: minimise (loss of 6.2) + l2 / (2 * number of votes) * (sum of squared
    scores).

    pairs: integer array (N, 2), each row (winner, loser). n: number of items. l2: strength of the penalty, 0.1 to 1.
    Returns an array (n,), right to 0.01.

    Worked: two votes for item 0 and one for item 1: fit_scores(np.array([[0, 1], [0, 1], [1, 0]]), 2, 0.5) is [0.254,
    -0.254].
    """
    scores = np.zeros(n)
    for _ in range(1000):
        slope = pref_loss_grad(scores, pairs[:, 0], pairs[:, 1]) + l2 * scores / len(pairs)
        scores = scores - 1.0 * slope
    return scores


fit_scores.cases = [(np.array([[0, 1], [0, 1], [1, 0]]), 2, 0.5),
                    (np.array([[0, 1], [0, 1], [1, 0], [1, 2], [2, 0], [0, 2], [1, 2]]), 3, 1.0),
                    (np.array([[3, 0], [0, 1], [3, 0], [1, 3], [2, 1], [1, 2], [3, 2], [3, 1]]), 4, 0.2)]


@fit_scores.law("An item that won all of its 10 votes has no finite best score without the penalty; with l2 = 0.1 it "
                "is 1.96. Is l2 used in every step?")
def stays_finite(f):
    return abs(f(np.array([[0, 1]] * 10), 2, 0.1)[0] - 1.957) < 0.02


@fit_scores.right
def with_the_library(pairs, n, l2):
    from tinyrlhf.rewards import bradley_terry
    return bradley_terry.fit(pairs[:, 0], pairs[:, 1], n_items=n, prior=l2).scores


@fit_scores.right
def one_vote_at_a_time_in_turn(pairs, n, l2):
    scores, speed = np.zeros(n), 0.1
    for _ in range(500):
        slope = l2 * scores
        for winner, loser in pairs:
            push = 1 - pref_prob(scores[winner], scores[loser])
            slope[winner] -= push
            slope[loser] += push
        scores -= speed * slope
    return scores


@fit_scores.wrong("The penalty seems to be missing: these are the scores for l2 = 0. They run to infinity as soon as "
                  "one item wins all its votes. Which term does the penalty add to the gradient?")
def no_penalty(pairs, n, l2):
    return fit_scores(pairs, n, 0.0)


@fit_scores.wrong("That looks like the share of votes that each item won. It forgets against whom: winning against the "
                  "best counts as much as winning against the worst. Which function of this lesson knows the "
                  "opponents?")
def share_of_wins(pairs, n, l2):
    won, lost = np.bincount(pairs[:, 0], minlength=n), np.bincount(pairs[:, 1], minlength=n)
    return won / (won + lost)


@fit_scores.wrong("The penalty is too strong: it looks as if l2 were not divided by the number of votes, so that 300 "
                  "votes weigh as little as one. What becomes of the penalty when there are more votes?")
def penalty_not_divided(pairs, n, l2):
    return fit_scores(pairs, n, l2 * len(pairs))


# ---- 6.5

@exercise("6.5", minutes=4, extra=True, hints=[
    "The model sees only differences. What can you do to all scores at once without changing any difference?",
    "first[i] - first[j] = second[i] - second[j] for all i and j says the same as: first[i] - second[i] is one number "
    "for all i.",
    "`gap = first - second`"])
def same_model(first, second):
    """Do two lists of scores predict the same votes? True if they differ by one constant, up to 1e-6.

    first, second: arrays (n,). Returns True or False.

    Worked: same_model(np.array([3., 1.]), np.array([0., -2.])) is True: both say that the first item leads by 2.
    """
    gap = first - second
    return bool(np.ptp(gap) <= 1e-6)


same_model.cases = [(np.array([3.0, 1.0]), np.array([0.0, -2.0])),
                    (np.array([1.0, 2.0, 4.0]), np.array([1.0, 2.0, 4.0])),
                    (np.array([1.0, 2.0, 4.0]), np.array([2.0, 4.0, 8.0])),
                    (np.array([1.0, 2.0, 3.0]), np.array([0.0, 5.0, 6.0])),
                    (np.array([1000.005, 1000.0]), np.zeros(2)),
                    (np.array([1.0, 2.0, 3.0]), np.array([3.0, 2.0, 1.0])),
                    (np.array([0.1, 0.2, 0.3]), np.array([0.8, 0.9, 1.0]))]


@same_model.right
def all_differences(first, second):
    return np.allclose(first[:, None] - first, second[:, None] - second, atol=1e-6)


@same_model.right
def centred(first, second):
    return bool(np.all(np.abs((first - first.mean()) - (second - second.mean())) < 1e-6))


@same_model.wrong("It asks whether the numbers are equal. A score of 3 says nothing by itself: (3, 1) and (0, -2) "
                  "predict the same votes. What is left of the scores in pref_prob?")
def equal_numbers(first, second):
    return bool(np.allclose(first, second))


@same_model.wrong("It lets large scores differ by more: np.allclose also allows a share of the size. The 1e-6 is "
                  "absolute. What is rtol for?")
def close_for_its_size(first, second):
    gap = first - second
    return bool(np.allclose(gap, gap[0], atol=1e-6))


@same_model.wrong("It asks whether the order is the same. A lead of 1 and a lead of 5 have the same order but predict "
                  "73 % and 99 %. What else must agree?")
def same_order(first, second):
    return bool(np.array_equal(np.argsort(first), np.argsort(second)))


@same_model.wrong("Equal but for rounding should be True: 0.1 + 0.7 and 0.8 differ in the last digit. How close is "
                  "close enough?")
def no_rounding_allowed(first, second):
    return bool(np.ptp(first - second) == 0)


@same_model.wrong("It lets scores be stretched. Doubling all scores keeps their ratios but makes the voters twice as "
                  "sure. Which change of all scores keeps every difference?")
def stretched(first, second):
    return bool(np.corrcoef(first, second)[0, 1] > 1 - 1e-9)
