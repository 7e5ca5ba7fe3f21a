"""Exercise 12.3, pick_kl_coef: its solution, hints and usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise

from .exercise_12_1 import NAN


@exercise("12.3", minutes=6, hints=[
    "A vote that a run was trained on is no witness for it. Drop those, and see which run wins "
    "most of the others.",
    r"$\text{share}_r = \text{mean of } \text{wins}_{r,j} \text{ over those } j \ge n_{seen} "
    r"\text{ that are not NaN}$; take the largest `kl_coef` among the runs with the largest share.",
    "`shares = np.nanmean(wins[:, n_seen:], axis=1)`"])
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
    shares = np.nanmean(wins[:, n_seen:], axis=1)
    return kl_coefs[np.isclose(shares, shares.max())].max()


pick_kl_coef.cases = [(np.array([0, 0.3]), np.array([[1.0, 1, 0, 0], [0, 1, 1, 0]]), 2),
                      (np.array([0.1, 0.0, 1.0, 0.3]),
                       np.array([[1, 1, 1, 1, 0.5, NAN, 1, 1, 0], [1, 1, 1, 1, 0, 0, 0, 1, 0],
                                 [1, 0, 0, 0, 1, 1, 0.5, NAN, 0], [0, 1, 0, 0, 1, 0.5, 1, 1, 0]]),
                       4), (np.array([1.0, 0.5, 0.2, 0.0]),
                            np.array([[1, 0, 0, 1, 0, 1, 0], [0, 1, 0, 1, NAN, NAN, NAN],
                                      [1, 0, 0, 1, 1, 1, 0], [1, 1, 1, 1, 1, 0, 0.0]]), 3),
                      (np.array([0.2, 0.4, 0.05]),
                       np.array([[1, 0, 1, NAN, 1, 0.5], [0, 0, 1, 0.5, 1, NAN],
                                 [1, 1, 0, 1, 1, 0.5]]), 2),
                      (np.array([0.7, 0.1]), np.array([[0, 0.5, 0, NAN, 0], [1, 0, 1, 0, 1]]), 1),
                      (np.array([0.2, 0.6, 0.4]),
                       np.array([[0, 1, 0, 1.0], [0, 1, 1, 0], [0, 0, 1, 1]]), 0),
                      (np.array([0.3, 0.1]), np.array([[1, 1, 0.5, 0.5, 0.5], [0, 1, 1, 0, 1]]), 1)]


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


@pick_kl_coef.wrong("It is chosen on the votes that the runs were trained on. Those the smallest "
                    "kl_coef wins most easily: it has learned to. Which columns has no run seen?")
def on_training_votes(kl_coefs, wins, n_seen):
    return picked(kl_coefs, wins[:, :n_seen])


@pick_kl_coef.wrong("It is chosen on all votes, those included that the runs were trained on. "
                    "Where do the new ones begin?")
def on_all_votes(kl_coefs, wins, n_seen):
    return picked(kl_coefs, wins)


@pick_kl_coef.wrong("That is the number of the run, not its kl_coef. What do you look up with it?")
def number_of_the_run(kl_coefs, wins, n_seen):
    return int(np.argmax(kl_coefs == pick_kl_coef.function(kl_coefs, wins, n_seen)))


@pick_kl_coef.wrong("That is the share of votes that the best run wins, not its kl_coef. Which run "
                    "was it?")
def the_share_itself(kl_coefs, wins, n_seen):
    return np.nanmean(wins[:, n_seen:], axis=1).max()


@pick_kl_coef.wrong("Among equals it takes the smallest kl_coef, or the first in the list. If "
                    "people cannot tell them apart, stay nearer to the start. Which of the equal "
                    "coefficients is that?")
def first_of_equals(kl_coefs, wins, n_seen):
    return kl_coefs[np.nanmean(wins[:, n_seen:], axis=1).argmax()]


@pick_kl_coef.wrong("Among equals it takes the smallest kl_coef, or the first in the list. If "
                    "people cannot tell them apart, stay nearer to the start. Which of the equal "
                    "coefficients is that?")
def loosest_of_equals(kl_coefs, wins, n_seen):
    return picked(kl_coefs, wins[:, n_seen:], tie=np.min)


@pick_kl_coef.wrong("A NaN spoils the mean of its whole row. It says that nobody answered, so that "
                    "this vote does not count. Which mean leaves NaN out?")
def nan_spoils_the_mean(kl_coefs, wins, n_seen):
    return kl_coefs[np.mean(wins[:, n_seen:], axis=1).argmax()]


@pick_kl_coef.wrong("A NaN spoils the mean of its whole row. It says that nobody answered, so that "
                    "this vote does not count. Which mean leaves NaN out?")
def nan_spoils_the_mean_in_a_list(kl_coefs, wins, n_seen):
    means = [np.mean(row[n_seen:]) for row in wins]
    return kl_coefs[means.index(max(means))]


MISSING = ("A vote that nobody gave counts as lost. Then a run that happened to be asked about "
           "less looks worse. By how many votes must the sum be divided?")


@pick_kl_coef.wrong(MISSING)
def unanswered_counts_as_lost(kl_coefs, wins, n_seen):
    return picked(kl_coefs, np.nan_to_num(wins[:, n_seen:]))


@pick_kl_coef.wrong(MISSING)
def most_wins(kl_coefs, wins, n_seen):
    return picked(kl_coefs, wins[:, n_seen:], mean=np.nansum)


@pick_kl_coef.wrong(MISSING)
def most_wins_the_first_of_them(kl_coefs, wins, n_seen):
    return kl_coefs[np.nansum(wins[:, n_seen:], axis=1).argmax()]


@pick_kl_coef.wrong("It takes the run that people like least. Is a 1 in `wins` good or bad for the "
                    "run?")
def least_liked(kl_coefs, wins, n_seen):
    return picked(kl_coefs, 1 - wins[:, n_seen:])


@pick_kl_coef.wrong("It takes the largest kl_coef of all, whatever people said. Safe, but then "
                    "nothing is learned either. What do the new votes say?")
def highest_price(kl_coefs, wins, n_seen):
    return kl_coefs.max()


@pick_kl_coef.wrong("Several runs are equally good, and it takes the last of them. The question "
                    "asks for the largest kl_coef of these, wherever it stands. What picks the "
                    "largest?")
def last_of_equals(kl_coefs, wins, n_seen):
    shares = np.nanmean(wins[:, n_seen:], axis=1)
    return kl_coefs[np.flatnonzero(np.isclose(shares, shares.max()))[-1]]


@pick_kl_coef.wrong("Votes for `same` are left out, as if nobody had answered. They say "
                    "something: half a win. What would a run be worth of which people only ever "
                    "say `same`?")
def same_left_out(kl_coefs, wins, n_seen):
    return pick_kl_coef(kl_coefs, np.where(wins == 0.5, NAN, wins), n_seen)
