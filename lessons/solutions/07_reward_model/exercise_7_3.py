"""Exercise 7.3, holdout_accuracy: its solution, hints and usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise


@exercise("7.3", minutes=6, hints=[
    "A model may learn its votes by heart. So hide some from it, and let it foretell those.",
    r"$\frac{1}{N - n} \sum_{i > n} \left[\, 1 \text{ if } s_{\text{win}} > s_{\text{lose}}, \; "
    r"\tfrac12 \text{ if equal}, \; 0 \text{ else} \,\right]$, with scores $s$ that were fitted to "
    r"votes $1 \ldots n$ alone.",
    "`scores = fit(votes[:n_train])`"])
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
    scores = fit(votes[:n_train])
    lead = scores[votes[n_train:, 0]] - scores[votes[n_train:, 1]]
    return np.mean(np.where(lead == 0, 0.5, lead > 0))


def wins_minus_losses(votes):
    n = 4
    return np.bincount(votes[:, 0], minlength=n) - np.bincount(votes[:, 1], minlength=n)


def gently(votes):
    return 0.3 * wins_minus_losses(votes)


def constant(votes):
    return np.zeros(4)


holdout_accuracy.cases = [(wins_minus_losses, np.array([[0, 1], [0, 2], [1, 2], [1, 0]]), 2),
                          (wins_minus_losses, np.array([[0, 1], [2, 0], [3, 1], [1, 0], [3, 2],
                                                        [0, 3], [2, 1], [0, 2], [3, 1]]), 4),
                          (wins_minus_losses,
                           np.array([[1, 3], [3, 0], [1, 0], [2, 1], [2, 0], [0, 3], [2, 3]]), 3),
                          (constant, np.array([[0, 1], [2, 3], [3, 1], [2, 0]]), 1),
                          (gently, np.array([[0, 1], [0, 2], [2, 0], [3, 1], [3, 0], [2, 3]]), 1)]


@holdout_accuracy.law("A model that gives every walk the same score knows nothing, and must get "
                      "one half. Does it?")
def knowing_nothing_is_one_half(f):
    return abs(f(constant, np.array([[0, 1], [2, 3], [1, 3]]), 1) - 0.5) < 1e-5


@holdout_accuracy.right
def vote_by_vote(fit, votes, n_train):
    scores, points = fit(votes[:n_train]), 0.0
    for winner, loser in votes[n_train:]:
        lead = scores[winner] - scores[loser]
        points += 1 if lead > 0 else 0.5 if lead == 0 else 0
    return points / (len(votes) - n_train)


@holdout_accuracy.right
def with_the_library(fit, votes, n_train):
    from tinyrlhf.diagnostics import accuracy
    seen, new = votes[:n_train], votes[n_train:]
    return accuracy(np.diff(fit(seen)[new[:, ::-1]], axis=1)[:, 0], np.ones(len(new)))


def share_right(scores, votes, tie=0.5):
    lead = scores[votes[:, 0]] - scores[votes[:, 1]]
    return np.mean(np.where(lead == 0, tie, lead > 0))


TRAINING = ("It is measured on the votes that the model was fitted to. Those it may know by heart: "
            "a high number there says little. Which votes has it not seen?")
NOTHING_HELD_OUT = ("The model is fitted to all votes and measured on all votes: nothing was held "
                    "out. That shows how well it remembers. Which votes should it not see?")


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


@holdout_accuracy.wrong("The model was fitted to all votes, those included that it is then asked "
                        "to foretell. The test has leaked. Which votes may `fit` see?")
def fitted_to_everything(fit, votes, n_train):
    return share_right(fit(votes), votes[n_train:])


@holdout_accuracy.wrong("It is measured on all votes, also on those that the model has seen. That "
                        "mixes remembering with foretelling. Which rows are new to it?")
def measured_on_all_votes(fit, votes, n_train):
    return share_right(fit(votes[:n_train]), votes)


@holdout_accuracy.wrong("That looks like the number of votes foretold, not their share. By how "
                        "many must it be divided?")
def number_of_votes(fit, votes, n_train):
    return share_right(fit(votes[:n_train]), votes[n_train:]) * (len(votes) - n_train)


@holdout_accuracy.wrong("Equal scores count as right. Then a model that gives every walk the same "
                        "score would be perfect. What should somebody get who can only toss a "
                        "coin?")
def ties_counted_right(fit, votes, n_train):
    return share_right(fit(votes[:n_train]), votes[n_train:], tie=1.0)


@holdout_accuracy.wrong("Equal scores count as wrong. Then knowing nothing would be worse than "
                        "tossing a coin, which is right half of the time. What is a tie worth?")
def ties_counted_wrong(fit, votes, n_train):
    return share_right(fit(votes[:n_train]), votes[n_train:], tie=0.0)
