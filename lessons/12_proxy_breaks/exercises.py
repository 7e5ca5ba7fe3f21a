"""The exercises of lesson 12_proxy_breaks.

Each function says what it should return. Replace its `raise` line by your code,
and save; the verdict comes from

    tinyrlhf lesson watch 12
"""
import numpy as np


# 12.a, predict: score = truth + error. With heavy-tailed errors the best of 4 has a mean truth of
# 0.5. And the best of 4096?
predict_12_a = None

# 12.b, predict: the true reward is paid for every word, no proxy. At first about 63 of 64 words are
# different. How many are in use after 80 steps (seed 0)?
predict_12_b = None


# 12.1, 5 minutes
def true_vs_proxy(history):
    """When should a run have been stopped, and what did it cost to go on?

    history: array (N, 3), one row for each look at the run, in order, with the columns: number of
    the step, what the machine promised, what people felt when they were asked. They were not asked
    at every look: the third column is NaN where they were not. Returns two numbers: the *step* at
    which people were happiest (the earliest, if several are equal), and by how much they were
    happier then than when they were asked for the last time.

    Worked: history = [[0, 5, 5], [10, 8, 7], [20, 12, nan], [30, 14, 3]]: they were happiest at
    step 10, and going on to step 30 cost 4, so true_vs_proxy returns (10, 4).
    """
    raise NotImplementedError("12.1")


# 12.2, 6 minutes
def entropy(samples):
    """The entropy, in nats, of whole words among samples.

    samples: list of words (str), as a model wrote them one after the other; a word may occur often.
    Words that do not occur do not count. Returns a number: 0 if all are the same word, log(N) if
    all N are different.

    Worked: in ["ka", "ka", "lo", "mi"] the frequencies are 1/2, 1/4 and 1/4, so the entropy is
    -(1/2 log 1/2 + 1/4 log 1/4 + 1/4 log 1/4) = 1.0397.
    """
    raise NotImplementedError("12.2")


# 12.3, 6 minutes
def pick_kl_coef(kl_coefs, wins, n_seen):
    """The kl_coef of the run that people like best, by votes that no run was trained on.

    kl_coefs: array (R,), one for each run, in any order. wins: array (R, N), votes on words of each
    run against words of the start: 1 if the run's word won, 0 if it lost, 0.5 for "same", NaN if
    nobody answered. The first n_seen columns were then given to the reward model and the runs were
    continued on it, so that they have been trained to win these. Returns the kl_coef with the
    largest mean over the other votes; if several are equal, the largest kl_coef, which
    stays nearest to the start.

    Worked: kl_coefs = [0, 0.3], wins = [[1, 1, 0, 0], [0, 1, 1, 0]] and n_seen = 2: the runs win 0
    % and 50 % of the two new votes, so pick_kl_coef returns 0.3.
    """
    raise NotImplementedError("12.3")


# 12.4, 6 minutes, extra
def conservative(ensemble, x, reference):
    """A cautious score: that of the member of an ensemble which likes the word least.

    ensemble: list of M functions, each takes features (B, F) and returns scores (B,). x: array (B,
    F), the words to be scored. reference: array (R, F), ordinary words. Each member's scores are
    first brought to one scale: minus its mean, divided by its standard deviation (np.std), both
    over the reference words. Then the lowest member counts, word by word. Returns an array (B,).

    Worked: with reference = [[0.], [2.]], one member that returns x[:, 0] and one that returns 10 -
    x[:, 0] have the mean 1 and 9 and the standard deviation 1. At x = [[1.], [4.]] they say [0, 3]
    and [0, -3], so conservative returns [0, -3].
    """
    raise NotImplementedError("12.4")


# 12.5, 7 minutes, extra
def hack(score, words):
    """A word with a top score that you yourself dislike: made to please the machine, and nobody
    else.

    score: a function that takes one word (str) and returns what the machine thinks of it. words:
    list of ordinary words. Return a word (str) that scores higher than all of the ordinary words,
    although it is made of at most two different letters. It has one to ten letters, all from
    "aeioulmnrbdgkpstv". Looking into `score` is not needed: trying is enough.

    Worked: if score counts the letter k (and nothing else), and the words are "kit" and "kekul",
    then kkkkkkkkkk is such a word, and so is kekekeke.
    """
    raise NotImplementedError("12.5")


# 12.6, 5 minutes, extra
def check_true_vs_proxy(f):
    """Is f a right true_vs_proxy (12.1)? Write the test instead of the function.

    f: a function as in 12.1, written by us: right ones in several styles, and wrong ones. Returns
    True if f is right.

    Worked: check_true_vs_proxy(f) is True for the solution of 12.1, and False for one that goes by
    what the machine promised.
    """
    raise NotImplementedError("12.6")
