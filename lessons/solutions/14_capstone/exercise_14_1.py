"""Exercise 14.1, win_rate: its solution, hints and usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise


@exercise("14.1", minutes=9, hints=[
    "One number for each pair first: how often ours was preferred in its two orders. The pairs are "
    "what is independent, so the interval comes from their spread.",
    r"$w_i = (a_i + b_i) / 2$; rate $\bar w$; interval $\bar w \pm 1.96 \, s / \sqrt n$, where $s$ "
    "is the standard deviation of the $w_i$ with n - 1.",
    "`pairs = (ours_first + ours_second) / 2`, then look up the argument ddof of std()"])
def win_rate(ours_first, ours_second):
    """How often are our answers preferred, and how sure is that? The rate, and a 95 % interval.

    A judge saw n pairs, one answer of ours and one of another model to the same prompt, each
    pair twice: with ours shown first, and with ours shown second.

    ours_first, ours_second: arrays (n,), what was said of pair i in either order: 1 ours is
    better, 0 the other one, 0.5 no difference. Returns (rate, low, high): 0.5 means as good as
    the other model, and low and high are 1.96 standard errors of the mean over pairs away.

    Worked: of four pairs ours won one in both orders, and the judge stayed with the first one in
    the other three: win_rate(np.array([1., 1., 1., 1.]), np.array([1., 0., 0., 0.])) is (0.625,
    0.38, 0.87).
    """
    pairs = (ours_first + ours_second) / 2
    half = 1.96 * pairs.std(ddof=1) / np.sqrt(len(pairs))
    return pairs.mean(), pairs.mean() - half, pairs.mean() + half


FIRST = np.array([1.0, 1.0, 0.5, 1.0, 0.0, 1.0, 1.0, 0.5, 1.0])
SECOND = np.array([1.0, 0.0, 0.5, 1.0, 0.0, 0.5, 1.0, 0.0, 0.0])
win_rate.cases = [(np.ones(4), np.array([1.0, 0.0, 0.0, 0.0])),
                  (FIRST, SECOND), (SECOND, FIRST[::-1]),
                  (1 - FIRST, np.array([0.0, 0.0, 0.5, 0.0, 0.0, 0.0, 1.0, 0.5, 0.0]))]


@win_rate.law("A judge who always takes what stands first knows nothing of the models: the rate is "
              "0.5. Is it?")
def first_is_no_merit(f):
    return abs(f(np.ones(6), np.zeros(6))[0] - 0.5) < 1e-9


@win_rate.law("Seen from the other model's side the rate is 1 - rate, and the interval as wide. "
              "Are they?")
def other_side(f):
    rate, low, high = f(FIRST, SECOND)
    other, other_low, other_high = f(1 - SECOND, 1 - FIRST)
    return np.allclose([other, other_low, other_high], [1 - rate, 1 - high, 1 - low])


@win_rate.right
def pair_by_pair(ours_first, ours_second):
    n, pairs = len(ours_first), [(a + b) / 2 for a, b in zip(ours_first, ours_second)]
    rate = sum(pairs) / n
    variance = sum((each - rate) ** 2 for each in pairs) / (n - 1)
    return rate, rate - 1.96 * (variance / n) ** 0.5, rate + 1.96 * (variance / n) ** 0.5


@win_rate.right
def by_covariance(ours_first, ours_second):
    both = np.stack([ours_first, ours_second])
    error = np.sqrt(np.cov(both).sum() / 4 / both.shape[1])
    return tuple(both.mean() + 1.96 * error * np.array([0, -1, 1]))


def rate_and_interval(values, error):
    return np.mean(values), np.mean(values) - 1.96 * error, np.mean(values) + 1.96 * error


@win_rate.wrong("It looks at one order only. Many judges lean to what stands first, and then any "
                "model wins that is shown there. What was said with ours in second place?")
def one_order(ours_first, ours_second):
    return win_rate(ours_first, ours_first)


@win_rate.wrong("Pairs without a winner were dropped. Two models that nearly always write the same "
                "would then seem far apart. What does a pair count in which the judge saw no "
                "difference, or went by the place?")
def ties_dropped(ours_first, ours_second):
    kept = ours_first + ours_second != 1
    return win_rate(ours_first[kept], ours_second[kept]) if kept.sum() > 1 else (0.5, 0.5, 0.5)


@win_rate.wrong("Pairs without a winner count as won. Two equal models would then both beat each "
                "other. What is half of the way between winning and losing?")
def ties_are_wins(ours_first, ours_second):
    won = (ours_first + ours_second >= 1).astype(float)
    return win_rate(won, won)


@win_rate.wrong("Pairs without a winner count as lost. Two equal models would then both lose to "
                "each other. What is half of the way between winning and losing?")
def ties_are_losses(ours_first, ours_second):
    won = (ours_first + ours_second > 1).astype(float)
    return win_rate(won, won)


@win_rate.wrong("The interval takes the two orders of a pair for two independent pairs. But they "
                "show the same two answers: who wins in one order mostly wins in the other. How "
                "many pairs were there?")
def orders_as_pairs(ours_first, ours_second):
    both = np.concatenate([ours_first, ours_second])
    return rate_and_interval(both, both.std(ddof=1) / np.sqrt(len(both)))


@win_rate.wrong("That is the spread of single pairs, not the uncertainty of their mean. A mean of "
                "many pairs is much surer than one pair. By the root of what is the spread "
                "divided?")
def spread_of_pairs(ours_first, ours_second):
    pairs = (ours_first + ours_second) / 2
    return rate_and_interval(pairs, pairs.std(ddof=1))


@win_rate.wrong("The interval is one standard error wide to each side, which holds in 68 % of "
                "cases. How many are it for 95 %?")
def one_standard_error(ours_first, ours_second):
    rate, low, high = win_rate(ours_first, ours_second)
    return rate, rate - (rate - low) / 1.96, rate + (high - rate) / 1.96


@win_rate.wrong("The interval is that of tosses that can only be won or lost, sqrt(p (1 - p) / n). "
                "A pair here may be half won, and then spreads less. What is the standard "
                "deviation of the pairs themselves?")
def as_tosses(ours_first, ours_second):
    pairs = (ours_first + ours_second) / 2
    return rate_and_interval(pairs, np.sqrt(pairs.mean() * (1 - pairs.mean()) / len(pairs)))


@win_rate.wrong("The standard deviation divides by n. The mean was found from the same pairs, "
                "which makes them look closer to it than they are. What is it for few pairs, n or "
                "n - 1?")
def divided_by_n(ours_first, ours_second):
    pairs = (ours_first + ours_second) / 2
    return rate_and_interval(pairs, pairs.std() / np.sqrt(len(pairs)))


@win_rate.wrong("The second array was turned round, as if it said how often the *other* one won. "
                "Both arrays are about ours. Which judge would then always get 0.5?")
def second_turned_round(ours_first, ours_second):
    return win_rate(ours_first, 1 - ours_second)


@win_rate.wrong("That is how often the other model wins. Whose rate was asked for?")
def theirs(ours_first, ours_second):
    return win_rate(1 - ours_first, 1 - ours_second)
