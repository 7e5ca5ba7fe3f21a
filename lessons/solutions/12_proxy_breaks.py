"""Exercises of lesson 12, when the proxy breaks: solutions, hints, usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise


# ---- 12.1

@exercise("12.1", minutes=5, hints=[
    "The machine's promises rise for ever, so they cannot say when to stop. Which column can? Mind that it has gaps.",
    r"$\text{best} = \arg\max_{i \,:\, \text{asked}} \text{felt}_i$; the cost is $\text{felt}_{\text{best}} - "
    r"\text{felt}_{\text{last asked}}$.",
    "`asked = history[~np.isnan(history[:, 2])]`"])
def true_vs_proxy(history):
    """When should a run have been stopped, and what did it cost to go on?

    history: array (N, 3), one row for each look at the run, in order, with the columns: number of the step, what the
    machine promised, what people felt when they were asked. They were not asked at every look: the third column is NaN
    where they were not. Returns two numbers: the *step* at which people were happiest (the earliest, if several are
    equal), and by how much they were happier then than when they were asked for the last time.

    Worked: history = [[0, 5, 5], [10, 8, 7], [20, 12, nan], [30, 14, 3]]: they were happiest at step 10, and going on
    to step 30 cost 4, so true_vs_proxy returns (10, 4).
    """
    asked = history[~np.isnan(history[:, 2])]
    best = asked[:, 2].argmax()
    return asked[best, 0], asked[best, 2] - asked[-1, 2]


@true_vs_proxy.play
def two_numbers(f, history):
    found = f(history)
    if isinstance(found, (tuple, list, np.ndarray)) and np.size(found) == 2:
        return tuple(float(number) for number in found)
    return found


NAN = np.nan
true_vs_proxy.cases = [
    (np.array([[0, 5, 5], [10, 8, 7], [20, 12, NAN], [30, 14, 3]]),),
    (np.array([[0, 5.5, 5.4], [4, 7.2, 7.0], [8, 9.1, NAN], [12, 10.6, 8.2], [16, 11.8, 7.7],
               [20, 13.0, 8.2], [24, 13.6, NAN], [28, 14.0, 4.1], [32, 14.3, 4.9], [36, 13.9, NAN]]),),
    (np.array([[0, 2.0, 2.5], [5, 3.0, 2.0], [15, 4.5, -1.0], [20, 4.4, -3.5]]),),
    (np.array([[0, 1.0, NAN], [25, 2.0, 0.5], [50, 3.0, 0.7], [75, 2.9, 1.5]]),)]


@true_vs_proxy.right
def row_by_row(history):
    best, last = None, None
    for step, _, felt in history:
        if felt == felt:
            last = felt
            best = (step, felt) if best is None or felt > best[1] else best
    return best[0], best[1] - last


@true_vs_proxy.right
def with_nan_functions(history):
    step, _, felt = history.T
    return step[np.nanargmax(felt)], np.nanmax(felt) - felt[np.flatnonzero(np.isfinite(felt))[-1]]


def stopped_at(history, row, judged=2, cost=None):
    """Answers that pick a row; the cost by the column `judged`, unless another is given."""
    asked = history[~np.isnan(history[:, 2])]
    return history[row, 0], history[row, judged] - asked[-1, judged] if cost is None else cost


PROXY = ("It picks the step with the highest promise. That is the machine's own opinion of itself, and it rises while "
         "people grow unhappy. Which column did people fill in?")


@true_vs_proxy.wrong(PROXY)
def highest_proxy(history):
    return stopped_at(history, history[:, 1].argmax())


@true_vs_proxy.wrong(PROXY)
def highest_proxy_where_asked(history):
    asked = history[~np.isnan(history[:, 2])]
    return asked[asked[:, 1].argmax(), 0], asked[asked[:, 1].argmax(), 2] - asked[-1, 2]


@true_vs_proxy.wrong(PROXY)
def highest_proxy_and_its_cost(history):
    return stopped_at(history, history[:, 1].argmax(), judged=1)


@true_vs_proxy.wrong(PROXY)
def highest_proxy_and_cost_to_the_last_row(history):
    row = history[:, 1].argmax()
    return history[row, 0], history[row, 2] - history[-1, 2]


@true_vs_proxy.wrong("NaN gets in the way: np.argmax and np.max take it for the largest number of all. It says that "
                     "nobody was asked at that look. Which rows remain without it?")
def nan_taken_for_the_best(history):
    return stopped_at(history, history[:, 2].argmax(), cost=history[:, 2].max() - history[-1, 2])


@true_vs_proxy.wrong("The step is right, but the cost is NaN where nobody was asked at the last look of all. When were "
                     "people asked for the last time?")
def cost_to_the_last_row(history):
    best = np.nanargmax(history[:, 2])
    return history[best, 0], history[best, 2] - history[-1, 2]


@true_vs_proxy.wrong("That looks like the number of the row, but the first column says which step it was. In what row "
                     "is step 10?")
def row_instead_of_step(history):
    return np.nanargmax(history[:, 2]), true_vs_proxy.function(history)[1]


@true_vs_proxy.wrong("That looks like the number of the row once the rows with NaN are gone, but the first column says "
                     "which step it was. What is in that column?")
def row_of_those_asked(history):
    asked = history[~np.isnan(history[:, 2])]
    return asked[:, 2].argmax(), true_vs_proxy.function(history)[1]


@true_vs_proxy.wrong("If several steps are equally good, it takes the latest of them. The earliest is nearer to the "
                     "start, and safer. What does argmax do with equals, and did you turn the rows round?")
def latest_of_equals(history):
    asked = history[~np.isnan(history[:, 2])]
    best = np.flatnonzero(asked[:, 2] == asked[:, 2].max())[-1]
    return asked[best, 0], asked[best, 2] - asked[-1, 2]


@true_vs_proxy.wrong("It stops where promise and feeling are nearest to each other. That is honest but mostly the "
                     "start, where nothing has been gained yet. When were people happiest?")
def nearest(history):
    return stopped_at(history, np.nanargmin(np.abs(history[:, 1] - history[:, 2])))


@true_vs_proxy.wrong("The step is right, but the cost is counted in promises. By those, going on costs nothing. Who "
                     "pays the cost?")
def cost_in_promises(history):
    return stopped_at(history, np.nanargmax(history[:, 2]), judged=1)


@true_vs_proxy.wrong("The step is right, but the sign of the cost is turned: people lost something by going on, so the "
                     "cost is not negative. What minus what is it?")
def cost_with_the_wrong_sign(history):
    step, cost = true_vs_proxy.function(history)
    return step, -cost


@true_vs_proxy.wrong("The step is right, but the second number is what was *gained* since the first look. The question "
                     "is what was lost by going on. Which is the last row where people were asked?")
def gain_instead_of_cost(history):
    asked = history[~np.isnan(history[:, 2])]
    return true_vs_proxy.function(history)[0], asked[:, 2].max() - asked[0, 2]


# ---- 12.2

@exercise("12.2", minutes=6, hints=[
    "Count how often each whole word occurs, turn the counts into frequencies, and average how surprising a word is.",
    r"$H = -\sum_w f_w \log f_w$, with $f_w$ the share of the samples that are the word $w$.",
    "`counts = np.unique(samples, return_counts=True)[1]`"])
def entropy(samples):
    """The entropy, in nats, of whole words among samples.

    samples: list of words (str), as a model wrote them one after the other; a word may occur often. Words that do not
    occur do not count. Returns a number: 0 if all are the same word, log(N) if all N are different.

    Worked: in ["ka", "ka", "lo", "mi"] the frequencies are 1/2, 1/4 and 1/4, so the entropy is
    -(1/2 log 1/2 + 1/4 log 1/4 + 1/4 log 1/4) = 1.0397.
    """
    counts = np.unique(samples, return_counts=True)[1]
    frequencies = counts / len(samples)
    return -(frequencies * np.log(frequencies)).sum()


entropy.cases = [(["ka", "ka", "lo", "mi"],), (["lumikate"] * 5,), (["lane", "male", "lane", "rane", "lane", "no"],),
                 (["e", "ke", "kek", "ke", "keke", "e", "e", "kekeke"],), (["mola", "mola", "mola", "mola", "kit"],)]


@entropy.law("Ten samples of the one word lumikate are as uniform as samples can be: their entropy must be 0. Is it?")
def one_word_only(f):
    return abs(f(["lumikate"] * 10)) < 1e-9


@entropy.law("The order in which the words were written must not matter. Does it, in yours?")
def order_does_not_matter(f):
    return abs(f(["a", "b", "a", "c", "a"]) - f(["c", "a", "a", "b", "a"])) < 1e-9


@entropy.right
def with_a_counter(samples):
    from collections import Counter
    from math import log
    n = len(samples)
    return -sum(count / n * log(count / n) for count in Counter(samples).values())


@entropy.right
def as_mean_surprise(samples):
    return float(np.mean([np.log(len(samples) / samples.count(word)) for word in samples]))


@entropy.right
def by_the_library(samples):
    from tinyrlhf.diagnostics import entropy_of
    return entropy_of(np.array(samples))


def entropy_by(samples, log=np.log):
    """The solution, for whatever can be counted."""
    frequencies = np.unique(samples, return_counts=True)[1] / len(samples)
    return -(frequencies * log(frequencies)).sum()


LETTERS = ("That looks like the entropy of *letters*. A model that writes nothing but lumikate uses many letters, and "
           "is still stuck on one word. What is counted: letters, or whole words?")


@entropy.wrong(LETTERS)
def of_all_letters(samples):
    return entropy_by(list("".join(samples)))


@entropy.wrong(LETTERS)
def of_the_letters_of_each_word(samples):
    return float(np.mean([entropy_by(list(word)) for word in samples]))


@entropy.wrong("The sign is turned: logarithms of frequencies are not positive, an entropy is not negative. Which sign "
               "stands before the sum?")
def sign_forgotten(samples):
    return -entropy_by(samples)


@entropy.wrong("The value is in bits: the logarithm looks taken to the base 2. Nats want the natural one. Which is "
               "np.log?")
def in_bits(samples):
    return entropy_by(samples, np.log2)


@entropy.wrong("That is the number of different words. It cannot tell one rare slip from real variety: 99 times keke "
               "and once lano are two words as well. How often does each occur?")
def number_of_different_words(samples):
    return len(set(samples))


@entropy.wrong("That is the share of different words, a fine number too, but it does not see whether one word takes "
               "most of the samples. What does the formula do with frequencies?")
def share_of_different_words(samples):
    return len(set(samples)) / len(samples)


@entropy.wrong("That is exp(entropy), how many words are in use. You are one step too far. What is its logarithm?")
def words_in_use(samples):
    return np.exp(entropy_by(samples))


@entropy.wrong("It depends only on how many *different* words there are, as if all were equally frequent. What are the "
               "frequencies of ka, lo and mi?")
def as_if_equally_frequent(samples):
    return np.log(len(set(samples)))


@entropy.wrong("The surprises are added without weights: a word that occurs once counts as much as one that occurs "
               "often. By what is each log f multiplied?")
def surprise_not_weighted(samples):
    frequencies = np.unique(samples, return_counts=True)[1] / len(samples)
    return -np.log(frequencies).sum()


@entropy.wrong("The surprises are averaged without weights: a word that occurs once counts as much as one that occurs "
               "often. By what is each log f multiplied?")
def surprise_averaged_without_weights(samples):
    frequencies = np.unique(samples, return_counts=True)[1] / len(samples)
    return -np.log(frequencies).mean()


@entropy.wrong("Each sample is counted, not each different word: a word that occurs three times enters the sum three "
               "times. What does np.unique return?")
def every_sample_in_the_sum(samples):
    frequencies = np.array([samples.count(word) for word in samples]) / len(samples)
    return -(frequencies * np.log(frequencies)).sum()


@entropy.wrong("The counts were not divided by the number of samples: f log f is meant for frequencies, which add up "
               "to 1. What is f for ka?")
def counts_for_frequencies(samples):
    counts = np.unique(samples, return_counts=True)[1]
    return -(counts * np.log(counts)).sum()


# ---- 12.3

@exercise("12.3", minutes=6, hints=[
    "A vote that a run was trained on is no witness for it. Drop those, and see which run wins most of the others.",
    r"$\text{share}_r = \text{mean of } \text{wins}_{r,j} \text{ over those } j \ge n_{seen} \text{ that are not "
    r"NaN}$; take the largest `kl_coef` among the runs with the largest share.",
    "`shares = np.nanmean(wins[:, n_seen:], axis=1)`"])
def pick_kl_coef(kl_coefs, wins, n_seen):
    """The kl_coef of the run that people like best, by votes that no run was trained on.

    kl_coefs: array (R,), one for each run, in any order. wins: array (R, N), votes on words of each run against words
    of the start: 1 if the run's word won, 0 if it lost, 0.5 for "same", NaN if nobody answered. The first n_seen
    columns were then given to the reward model and the runs were continued on it, so that they have been trained to win
    these. Returns the kl_coef with the largest mean over the other votes; if several are equal, the largest kl_coef:
    the shortest leash.

    Worked: kl_coefs = [0, 0.3], wins = [[1, 1, 0, 0], [0, 1, 1, 0]] and n_seen = 2: the runs win 0 % and 50 % of the
    two new votes, so pick_kl_coef returns 0.3.
    """
    shares = np.nanmean(wins[:, n_seen:], axis=1)
    return kl_coefs[np.isclose(shares, shares.max())].max()


pick_kl_coef.cases = [
    (np.array([0, 0.3]), np.array([[1.0, 1, 0, 0], [0, 1, 1, 0]]), 2),
    (np.array([0.1, 0.0, 1.0, 0.3]), np.array([[1, 1, 1, 1, 0.5, NAN, 1, 1, 0], [1, 1, 1, 1, 0, 0, 0, 1, 0],
                                               [1, 0, 0, 0, 1, 1, 0.5, NAN, 0], [0, 1, 0, 0, 1, 0.5, 1, 1, 0]]), 4),
    (np.array([1.0, 0.5, 0.2, 0.0]), np.array([[1, 0, 0, 1, 0, 1, 0], [0, 1, 0, 1, NAN, NAN, NAN],
                                               [1, 0, 0, 1, 1, 1, 0], [1, 1, 1, 1, 1, 0, 0.0]]), 3),
    (np.array([0.2, 0.4, 0.05]), np.array([[1, 0, 1, NAN, 1, 0.5], [0, 0, 1, 0.5, 1, NAN], [1, 1, 0, 1, 1, 0.5]]), 2),
    (np.array([0.7, 0.1]), np.array([[0, 0.5, 0, NAN, 0], [1, 0, 1, 0, 1]]), 1)]


@pick_kl_coef.right
def run_by_run(kl_coefs, wins, n_seen):
    found = []
    for coefficient, votes in zip(kl_coefs, wins):
        new = [vote for vote in votes[n_seen:] if vote == vote]
        found.append((round(sum(new) / len(new), 9), coefficient))
    return max(found)[1]


@pick_kl_coef.right
def by_sorting(kl_coefs, wins, n_seen):
    new = wins[:, n_seen:]
    answered = ~np.isnan(new)
    shares = np.round(np.where(answered, new, 0).sum(axis=1) / answered.sum(axis=1), 9)
    return kl_coefs[np.lexsort([kl_coefs, shares])[-1]]


def picked(kl_coefs, votes, mean=np.nanmean, tie=np.max):
    shares = mean(votes, axis=1)
    return tie(kl_coefs[np.isclose(shares, np.nanmax(shares))])


@pick_kl_coef.wrong("It is chosen on the votes that the runs were trained on. Those the loosest leash wins most "
                    "easily: it has learned to. Which columns has no run seen?")
def on_training_votes(kl_coefs, wins, n_seen):
    return picked(kl_coefs, wins[:, :n_seen])


@pick_kl_coef.wrong("It is chosen on all votes, those included that the runs were trained on. Where do the new ones "
                    "begin?")
def on_all_votes(kl_coefs, wins, n_seen):
    return picked(kl_coefs, wins)


@pick_kl_coef.wrong("That is the number of the run, not its kl_coef. What do you look up with it?")
def number_of_the_run(kl_coefs, wins, n_seen):
    return int(np.argmax(kl_coefs == pick_kl_coef.function(kl_coefs, wins, n_seen)))


@pick_kl_coef.wrong("That is the share of votes that the best run wins, not its kl_coef. Which run was it?")
def the_share_itself(kl_coefs, wins, n_seen):
    return np.nanmean(wins[:, n_seen:], axis=1).max()


@pick_kl_coef.wrong("Among equals it takes the loosest leash, or the first in the list. If people cannot tell them "
                    "apart, stay nearer to the start. Which of the equal coefficients is that?")
def first_of_equals(kl_coefs, wins, n_seen):
    return kl_coefs[np.nanmean(wins[:, n_seen:], axis=1).argmax()]


@pick_kl_coef.wrong("Among equals it takes the loosest leash, or the first in the list. If people cannot tell them "
                    "apart, stay nearer to the start. Which of the equal coefficients is that?")
def loosest_of_equals(kl_coefs, wins, n_seen):
    return picked(kl_coefs, wins[:, n_seen:], tie=np.min)


@pick_kl_coef.wrong("A NaN spoils the mean of its whole row. It says that nobody answered, so that this vote does not "
                    "count. Which mean leaves NaN out?")
def nan_spoils_the_mean(kl_coefs, wins, n_seen):
    return kl_coefs[np.mean(wins[:, n_seen:], axis=1).argmax()]


@pick_kl_coef.wrong("A NaN spoils the mean of its whole row. It says that nobody answered, so that this vote does not "
                    "count. Which mean leaves NaN out?")
def nan_spoils_the_mean_in_a_list(kl_coefs, wins, n_seen):
    means = [np.mean(row[n_seen:]) for row in wins]
    return kl_coefs[means.index(max(means))]


MISSING = ("A vote that nobody gave counts as lost. Then a run that happened to be asked about less looks worse. By "
           "how many votes must the sum be divided?")


@pick_kl_coef.wrong(MISSING)
def unanswered_counts_as_lost(kl_coefs, wins, n_seen):
    return picked(kl_coefs, np.nan_to_num(wins[:, n_seen:]))


@pick_kl_coef.wrong(MISSING)
def most_wins(kl_coefs, wins, n_seen):
    return picked(kl_coefs, wins[:, n_seen:], mean=np.nansum)


@pick_kl_coef.wrong(MISSING)
def most_wins_the_first_of_them(kl_coefs, wins, n_seen):
    return kl_coefs[np.nansum(wins[:, n_seen:], axis=1).argmax()]


@pick_kl_coef.wrong("It takes the run that people like least. Is a 1 in `wins` good or bad for the run?")
def least_liked(kl_coefs, wins, n_seen):
    return picked(kl_coefs, 1 - wins[:, n_seen:])


@pick_kl_coef.wrong("It takes the shortest leash of all, whatever people said. Safe, but then nothing is learned "
                    "either. What do the new votes say?")
def shortest_leash(kl_coefs, wins, n_seen):
    return kl_coefs.max()


# ---- 12.4

@exercise("12.4", minutes=6, extra=True, hints=[
    "Bring all members to one scale first, since votes fix neither the zero nor the unit of a score. Then believe the "
    "one that likes the word least.",
    r"$\min_m \dfrac{s_m(x) - \text{mean}(s_m(\text{reference}))}{\text{std}(s_m(\text{reference}))}$",
    "`usual = np.stack([member(reference) for member in ensemble])`, which is (M, R)"])
def conservative(ensemble, x, reference):
    """A cautious score: that of the member of an ensemble which likes the word least.

    ensemble: list of M functions, each takes features (B, F) and returns scores (B,). x: array (B, F), the words to be
    scored. reference: array (R, F), ordinary words. Each member's scores are first brought to one scale: minus its
    mean, divided by its standard deviation (np.std), both over the reference words. Then the lowest member counts, word
    by word. Returns an array (B,).

    Worked: with reference = [[0.], [2.]], one member that returns x[:, 0] and one that returns 10 - x[:, 0] have the
    mean 1 and 9 and the standard deviation 1. At x = [[1.], [4.]] they say [0, 3] and [0, -3], so conservative returns
    [0, -3].
    """
    usual = np.stack([member(reference) for member in ensemble])
    scores = np.stack([member(x) for member in ensemble])
    return ((scores - usual.mean(axis=1, keepdims=True)) / usual.std(axis=1, keepdims=True)).min(axis=0)


def member(weights, zero=0.0):
    return lambda features: features @ np.asarray(weights, float) + zero


WORDS = np.array([[0.0, 1, 2], [1, 1, 0], [2, 0, 1], [1, 3, 1], [0, 0, 1]])
conservative.cases = [
    ([member([1.0]), member([-1.0], 10.0)], np.array([[1.0], [4.0]]), np.array([[0.0], [2.0]])),
    ([member([1, 0.5, 0], 3), member([0.2, 1, 0.4], -8), member([4, -1, 2], 100)],
     np.array([[0.0, 5, 0], [5, 0, 0], [1, 1, 1], [0, 0, 6]]), WORDS),
    ([member([1, 1, 1], 50), member([0.1, 0.3, 0.1], 50)], np.array([[2.0, 2, 2], [0, 0, 0], [9, 0, 0]]), WORDS),
    ([member([1, 0, 2], 1)], np.array([[3.0, 1, 1]]), WORDS)]


@conservative.law("A constant added to all scores of one member changes no vote, so it must not change the answer. "
                  "Does it?")
def zeros_do_not_matter(f):
    x = np.array([[1.0, 0, 3], [0, 2, 0]])
    plain, shifted = ([member([1, 0, 1]), member([0, 1, 0.5], zero)] for zero in (0.0, 20.0))
    return np.allclose(f(plain, x, WORDS), f(shifted, x, WORDS))


@conservative.right
def word_by_word(ensemble, x, reference):
    def marks(member):
        usual = member(reference)
        return [(score - usual.mean()) / usual.std() for score in member(x)]

    return np.array([min(column) for column in zip(*map(marks, ensemble))])


@conservative.right
def one_after_the_other(ensemble, x, reference):
    lowest = np.full(len(x), np.inf)
    for each in ensemble:
        usual = each(reference)
        lowest = np.minimum(lowest, (each(x) - np.mean(usual)) / np.std(usual))
    return lowest


def combined(ensemble, x, reference, join=np.min, shift=True, scale=True, axis=0, yardstick=None):
    """The solution with switches, from which the wrong versions are made."""
    scores, usual = (np.stack([each(features) for each in ensemble]) for features in (x, reference))
    usual = scores if yardstick == "x" else usual
    zero = usual.mean(axis=1, keepdims=True) if shift else 0.0
    return join((scores - zero) / (usual.std(axis=1, keepdims=True) if scale else 1.0), axis=axis)


MEAN = ("That is the mean of the members. One member in love with a word carries the others along: a mean is not "
        "caution. Whose word counts for somebody cautious?")


@conservative.wrong(MEAN)
def mean_is_not_caution(ensemble, x, reference):
    return combined(ensemble, x, reference, np.mean)


@conservative.wrong(MEAN)
def mean_of_raw_scores(ensemble, x, reference):
    return combined(ensemble, x, reference, np.mean, shift=False, scale=False)


@conservative.wrong("That is the highest of the members: the boldest believes what anybody promises. Which one do you "
                    "believe when you are cautious?")
def the_boldest(ensemble, x, reference):
    return combined(ensemble, x, reference, np.max)


@conservative.wrong("That is the median of the members. If most of them are fooled, so is it. Which member is the most "
                    "cautious?")
def the_median(ensemble, x, reference):
    return combined(ensemble, x, reference, np.median)


@conservative.wrong("That is the mean minus the standard deviation. It is another kind of caution, and a good one, but "
                    "here the lowest member is asked for. Which function picks it?")
def mean_minus_spread(ensemble, x, reference):
    return combined(ensemble, x, reference, lambda scores, axis: scores.mean(axis=axis) - scores.std(axis=axis))


@conservative.wrong("The raw scores are compared. Each member has its own zero, and the one with the lowest zero "
                    "always wins, whatever it thinks. What have they to be minus, and divided by?")
def raw_scores(ensemble, x, reference):
    return combined(ensemble, x, reference, shift=False, scale=False)


@conservative.wrong("The zeros are right, but the units are still the members' own: one that is twice as sure has "
                    "scores twice as large. What do you divide by?")
def only_shifted(ensemble, x, reference):
    return combined(ensemble, x, reference, scale=False)


@conservative.wrong("The units are right, but not the zeros: each member's mean over the reference words should become "
                    "0. What is missing before the division?")
def only_scaled(ensemble, x, reference):
    return combined(ensemble, x, reference, shift=False)


@conservative.wrong("All members share one zero and one unit. Each has its own: over which axis is the mean?")
def one_scale_for_all(ensemble, x, reference):
    usual = np.stack([each(reference) for each in ensemble])
    return ((np.stack([each(x) for each in ensemble]) - usual.mean()) / usual.std()).min(axis=0)


@conservative.wrong("That is the standard deviation with R - 1 below the fraction line; here it is the plain one, "
                    "np.std. How large is it for the scores 0 and 2?")
def with_ddof_one(ensemble, x, reference):
    r = len(reference)
    return combined(ensemble, x, reference) * np.sqrt((r - 1) / r)


@conservative.wrong("It uses the mean and spread of the new words themselves. Then a batch of nothing but hacks looks "
                    "ordinary. Which words stay the same for ever?")
def by_its_own_batch(ensemble, x, reference):
    return combined(ensemble, x, reference, yardstick="x")


@conservative.wrong("There is one number for each member: the lowest over the words. The lowest over the *members* is "
                    "asked for, for each word. Over which axis is the minimum taken?")
def lowest_word(ensemble, x, reference):
    return combined(ensemble, x, reference, axis=1)


@conservative.wrong("There is one number for everything. A score for each word is asked for. Over which axis is the "
                    "minimum taken?")
def one_for_all(ensemble, x, reference):
    return float(combined(ensemble, x, reference).min())


# ---- 12.5

@exercise("12.5", minutes=7, extra=True, hints=[
    "The machine adds up points for letters, or something like it, and sees no repetition. What would you write if you "
    "were paid like that and did not care?",
    "Few letters, often: kekekeke. There are only so many pairs of letters, so try them all, and for each pair several "
    "lengths.",
    "`tries = [(a + b) * n for a in LETTERS for b in LETTERS for n in range(1, 6)]`"])
def hack(score, words):
    """A word with a top score that you yourself dislike: made to please the machine, and nobody else.

    score: a function that takes one word (str) and returns what the machine thinks of it. words: list of ordinary
    words. Return a word (str) that scores higher than all of the ordinary words, although it is made of at most two
    different letters. It has one to ten letters, all from "aeioulmnrbdgkpstv". Looking into `score` is not needed:
    trying is enough.

    Worked: if score counts the letter k (and nothing else), and the words are "kit" and "kekul", then kkkkkkkkkk is
    such a word, and so is kekekeke.
    """
    letters = "aeioulmnrbdgkpstv"
    tries = [(a + b) * n for a in letters for b in letters for n in range(1, 6)]
    return max(tries, key=score)


@hack.play
def is_it_a_hack(f, score, words):
    """What is right or wrong about the word, since many words are right."""
    word = f(score, words)
    if not isinstance(word, str):
        return word if word is None else f"no word but {type(word).__name__}"
    if len(word) > 10 or not word:
        return "more than ten letters" if word else "no letter at all"
    if not set(word) <= set("aeioulmnrbdgkpstv"):
        return "letters of another game"
    different = "1 or 2" if len(set(word)) <= 2 else len(set(word))
    return f"{different} letters, {'beats all' if score(word) > max(map(score, words)) else 'beaten'}"


def points(**each):
    """A machine that adds up points for letters; `length`: points for each letter beyond six."""
    beyond = each.pop("length", 0.0)
    return lambda word: sum(each.get(letter, 0.0) for letter in word) + beyond * max(len(word) - 6, 0)


def first_letter(word):
    return 3.0 * (word[0] == "m") + word.count("a") - 0.01 * len(word)


hack.cases = [
    (points(k=1.0), ["kit", "kekul"]),
    (points(a=1.6, e=1.3, i=1.5, o=1.4, u=1.5, l=0.7, g=1.1, k=0.9, t=1.0, n=0.7, r=0.4),
     ["lemosi", "tagu", "gemolati", "kitegulo", "e"]),
    (points(e=0.5, s=2.0, length=-5.0), ["esses", "sa", "lisse", "mulos"]),
    (points(e=-1.0, a=-0.5, k=-2.0, r=-0.1, o=-3.0), ["kare", "ar", "era", "oke"]),
    (first_letter, ["mala", "amara", "lam", "mo"]),
    (lambda word: float(word.count("tu")) - 0.3 * len(word), ["tutor", "matutu", "li", "batu"])]


@hack.right
def all_lengths_and_one_or_two_letters(score, words):
    import itertools
    best, most = None, max(map(score, words))
    for a, b in itertools.product("aeioulmnrbdgkpstv", repeat=2):
        for n in range(1, 11):
            word = ((a + b) * 5)[:n]
            if score(word) > most:
                best, most = word, score(word)
    return best


@hack.right
def letter_by_letter(score, words):
    letters, best = "aeioulmnrbdgkpstv", "a"
    for a in letters:
        for b in letters:
            word = a + b
            while len(word) < 10 and max(score(word + a), score(word + b), score(word + a + b)) > score(word):
                word = max([word + a, word + b, (word + a + b)[:10]], key=score)
            best = max(best, word, a, key=score)
    return best


@hack.wrong("That is the best of the ordinary words: a high score, and people may well like it. A high score is not "
            "yet good, nor bad. What scores higher still, and is no pleasure to read?")
def best_ordinary_word(score, words):
    return max(words, key=score)


@hack.wrong("The machine dislikes that word as much as you do. A hack pleases the machine. Which end of the list is "
            "sorted to the top?")
def worst_word(score, words):
    return min(words, key=score)


@hack.wrong("It has more than ten letters, and the game ends after ten. What is the best that fits?")
def too_long(score, words):
    return "ke" * 8


@hack.wrong("It returns the score, but the word is asked for. What does max return if it gets key=score?")
def the_score_itself(score, words):
    return float(max(score(a * n) for a in "aeioulmnrbdgkpstv" for n in range(1, 11)))


GUESSED = ("One word cannot trick every machine: this one scores less than some ordinary word, since other votes give "
           "other points. Does your code try many words, and ask `score` about each?")


@hack.wrong(GUESSED)
def always_kekekeke(score, words):
    return "kekekeke"


@hack.wrong(GUESSED)
def always_kekekekeke(score, words):
    return "kekekekeke"


@hack.wrong(GUESSED)
def two_letters_of_the_best_word(score, words):
    return max(words, key=score)[:2]


@hack.wrong(GUESSED)
def two_letters_of_the_best_word_again_and_again(score, words):
    return max(words, key=score)[:2] * 5


@hack.wrong(GUESSED)
def ordinary_word_with_fewest_letters(score, words):
    return min(words, key=lambda word: len(set(word)))


@hack.wrong("Only one length is tried. Some machines dislike long words. What about shorter ones of the same two "
            "letters?")
def only_ten_letters(score, words):
    return max([(a + b) * 5 for a in "aeioulmnrbdgkpstv" for b in "aeioulmnrbdgkpstv"], key=score)


@hack.wrong("Only one letter is tried at a time. Some machines look at what stands beside what. What about two letters "
            "in turns?")
def only_one_letter(score, words):
    return max([a * n for a in "aeioulmnrbdgkpstv" for n in range(1, 11)], key=score)
