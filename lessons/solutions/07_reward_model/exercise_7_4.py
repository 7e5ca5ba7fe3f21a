"""Exercise 7.4, most_disputed: its solution, hints and usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise


@exercise("7.4", minutes=6, extra=True, hints=[
    "Let each member foretell each vote: a chance. Where these chances differ from member to "
    "member, an answer will prove some of them wrong.",
    r"$p_{mi} = \sigma(s_{mi}^{first} - s_{mi}^{second})$; ask the pairs $i$ with the largest "
    r"variance of $p_{mi}$ over the members $m$.",
    "`chances = 1 / (1 + np.exp(second_scores - first_scores))`, which is (M, N)"])
def most_disputed(first_scores, second_scores, n):
    """The n pairs of walks about which the members of an ensemble disagree most.

    first_scores, second_scores: arrays (M, N), what each of M members thinks of the first and of
    the second walk of N pairs. Disagreement about a pair is the variance, over the members, of
    their chance that the first one wins: the sigmoid of the difference of its scores. Returns an
    integer array (n,), the numbers of these pairs, in any order.

    Worked: two members give the first walks [[0., 3.], [0., -3.]] and the second ones 0: about pair
    1 they disagree, so for n = 1 the answer is [1].
    """
    chances = 1 / (1 + np.exp(second_scores - first_scores))
    return np.argsort(-chances.var(axis=0))[:n]


@most_disputed.play
def in_order(f, first_scores, second_scores, n):
    rows = f(first_scores, second_scores, n)
    return np.sort(rows) if isinstance(rows, (np.ndarray, list)) and np.ndim(rows) == 1 else rows


SIX_PAIRS = (np.array([[9.0, 3.1, 1.2, 2.0, 0.05, -1.0], [30.0, 3.0, -1.0, 2.5, -0.05, -4.0],
                       [60.0, 2.9, 0.2, 1.6, 0.0, -2.5]]),
             np.array([[0.0, 3.0, 0.0, 0.1, 0.0, 1.0], [0.1, 3.1, 0.2, 0.0, 0.1, 0.5],
                       [0.0, 3.0, 0.0, 0.0, 0.0, 1.5]]))
most_disputed.cases = [(np.array([[0.0, 3.0], [0.0, -3.0]]), np.zeros((2, 2)), 1), (*SIX_PAIRS, 1),
                       (*SIX_PAIRS, 3),
                       (SIX_PAIRS[1], SIX_PAIRS[0] / 2, 2),
                       (np.zeros((2, 3)), np.array([[1.0, 2.0, 0.1], [1.5, -2.0, 0.3]]), 1)]


@most_disputed.right
def by_the_librarys_criterion(first_scores, second_scores, n):
    from tinyrlhf.criteria import choose, disagreement
    from tinyrlhf.questions import shown
    walks = np.arange(2 * first_scores.shape[1])
    pairs = shown("preference", walks, walks.reshape(2, -1).T)
    return choose(pairs, np.concatenate([first_scores, second_scores], axis=1), disagreement,
                  n).shows[:, 0]


@most_disputed.right
def by_every_two_members(first_scores, second_scores, n):
    chances = 0.5 * (1 + np.tanh((first_scores - second_scores) / 2))
    quarrel = ((chances[:, None] - chances[None]) ** 2).sum(axis=(0, 1))
    return np.argsort(quarrel)[len(quarrel) - n:]


@most_disputed.wrong("It picks pairs with high scores. The best walks are nice to look at, but if "
                     "all members agree about them, an answer teaches nothing. Who disagrees?")
def highest_reward(first_scores, second_scores, n):
    return np.argsort(-np.maximum(first_scores, second_scores).mean(axis=0))[:n]


CLEAREST = ("It picks the pairs with the largest lead. Those are the clearest ones: everybody "
            "knows who wins, and an answer teaches nothing. About which pairs do the members "
            "differ?")


@most_disputed.wrong(CLEAREST)
def largest_lead(first_scores, second_scores, n):
    return np.argsort(-np.abs(first_scores - second_scores).mean(axis=0))[:n]


@most_disputed.wrong(CLEAREST)
def largest_mean_lead(first_scores, second_scores, n):
    return np.argsort(-np.abs((first_scores - second_scores).mean(axis=0)))[:n]


@most_disputed.wrong("It looks like the variance of the score differences. Leads of 9, 30 and 60 "
                     "differ a lot, yet all three say `the first wins, certainly`. Which function "
                     "turns a lead into a chance, before the variance is taken?")
def variance_of_scores(first_scores, second_scores, n):
    return np.argsort(-(first_scores - second_scores).var(axis=0))[:n]


@most_disputed.wrong("It picks the pairs whose mean chance is nearest to one half. If every member "
                     "says 50 : 50, they agree that the two are equally good. What tells `we all "
                     "say one half` from `half of us say yes`?")
def nearest_to_one_half(first_scores, second_scores, n):
    chances = 1 / (1 + np.exp(second_scores - first_scores))
    return np.argsort(np.abs(chances.mean(axis=0) - 0.5))[:n]


@most_disputed.wrong("It picks the pairs about which the members agree most: their answers are "
                     "known already. Does np.argsort begin with the smallest or the largest?")
def least_disputed(first_scores, second_scores, n):
    chances = 1 / (1 + np.exp(second_scores - first_scores))
    return np.argsort(chances.var(axis=0))[:n]
