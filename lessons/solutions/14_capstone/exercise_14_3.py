"""Exercise 14.3, fair_gain: its solution, hints and usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise


@exercise("14.3", minutes=8, hints=[
    "Both runs of a seed share its pretrained model, its luck and its person. Subtract first, seed "
    "by seed; then average.",
    r"$d_i = t_i - c_i$; gain $\bar d$; interval $\bar d \pm q \, s_d / \sqrt n$, $q$ = `times`.",
    "`differences = treated - control`, then as in 14.1"])
def fair_gain(treated, control, times):
    """What did the new thing bring, beside the same without it? The mean gain, and an interval.

    treated, control: arrays (n,), the result of each seed with and without the new thing, all
    else equal. times: how many standard errors the interval has to each side (with few seeds
    more than 1.96: 4.30 for three, 2.26 for ten). Returns (gain, low, high); only if low is
    above 0 has a gain been shown.

    Worked: fair_gain(np.array([2.0, 2.2, 2.1]), np.array([1.8, 1.9, 2.0]), 4.30) is (0.2, -0.048,
    0.448): better on each of three seeds, and still not shown.
    """
    differences = treated - control
    half = times * differences.std(ddof=1) / np.sqrt(len(differences))
    return differences.mean(), differences.mean() - half, differences.mean() + half


AFTER = np.array([2.10, 1.95, 2.31, 2.02, 2.20])
WITHOUT = np.array([1.90, 1.88, 2.25, 1.70, 2.21])
fair_gain.cases = [(np.array([2.0, 2.2, 2.1]), np.array([1.8, 1.9, 2.0]), 4.30),
                   (AFTER, WITHOUT, 2.78), (WITHOUT, AFTER, 2.78),
                   (np.array([0.12, 0.31, 0.05, 0.44]), np.array([0.5, 0.1, 0.2, 0.3]), 3.18)]


@fair_gain.law("What both runs of a seed share is no gain: 5 more for both on one seed changes "
               "nothing. Does it?")
def shared_luck_cancels(f):
    luck = np.array([0.0, 5.0, 0.0, -2.0, 0.0])
    return np.allclose(f(AFTER + luck, WITHOUT + luck, 2.78), f(AFTER, WITHOUT, 2.78))


@fair_gain.right
def seed_by_seed(treated, control, times):
    gains = [one - other for one, other in zip(treated, control)]
    mean = sum(gains) / len(gains)
    error = (sum((gain - mean) ** 2 for gain in gains) / (len(gains) - 1) / len(gains)) ** 0.5
    return mean, mean - times * error, mean + times * error


@fair_gain.right
def by_variances(treated, control, times):
    (one, both), (_, other) = np.cov(treated, control)
    error = np.sqrt((one + other - 2 * both) / len(treated))
    return tuple(np.mean(treated) - np.mean(control) + times * error * np.array([0, -1, 1]))


def gain_and_interval(gain, half):
    return gain, gain - half, gain + half


@fair_gain.wrong("The seeds were not paired: the interval is that of two groups that have nothing "
                 "in common. But both runs of a seed share its luck, which cancels if one "
                 "subtracts first. Which differences spread?")
def unpaired(treated, control, times):
    error = np.sqrt((treated.var(ddof=1) + control.var(ddof=1)) / len(treated))
    return gain_and_interval(treated.mean() - control.mean(), times * error)


@fair_gain.wrong("It compares the best seed with the mean of the control. With enough seeds "
                 "anything wins like that. Which seeds count?")
def best_seed(treated, control, times):
    _, low, high = fair_gain(treated, control, times)
    return gain_and_interval(treated.max() - control.mean(), (high - low) / 2)


@fair_gain.wrong("It compares the best seed of one with the best of the other. The best of many "
                 "tells of luck. Which seeds count?")
def best_against_best(treated, control, times):
    _, low, high = fair_gain(treated, control, times)
    return gain_and_interval(treated.max() - control.max(), (high - low) / 2)


@fair_gain.wrong("The control is missing: that is the result, not the gain. Without the new thing "
                 "most of it would have come as well. What is subtracted?")
def no_control(treated, control, times):
    return fair_gain(treated, np.zeros(len(treated)), times)


@fair_gain.wrong("The sign is reversed: a gain comes out as a loss. Which one is subtracted from "
                 "which?")
def reversed_sign(treated, control, times):
    return fair_gain(control, treated, times)


@fair_gain.wrong("That is the spread of the seeds, not the uncertainty of their mean, which "
                 "shrinks with more seeds. By the root of what is it divided?")
def spread_of_seeds(treated, control, times):
    differences = treated - control
    return gain_and_interval(differences.mean(), times * differences.std(ddof=1))


@fair_gain.wrong("The standard deviation divides by n, which flatters where seeds are few. What is "
                 "it, n or n - 1?")
def divided_by_n_seeds(treated, control, times):
    differences = treated - control
    error = differences.std() / np.sqrt(len(differences))
    return gain_and_interval(differences.mean(), times * error)


@fair_gain.wrong("It takes 1.96 standard errors whatever `times` says. With three seeds the spread "
                 "itself is hardly known, and 95 % needs 4.30. Which number belongs there?")
def always_two(treated, control, times):
    return fair_gain(treated, control, 1.96)


@fair_gain.wrong("It is a gain in per cent of the control. True rewards have no natural zero, so a "
                 "percentage means nothing (lesson 6). In which unit is a difference?")
def per_cent(treated, control, times):
    return fair_gain(treated / control, np.ones(len(control)), times)
