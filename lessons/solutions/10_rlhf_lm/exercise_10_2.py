"""Exercise 10.2, kl_penalized_reward: its solution, hints and usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise


@exercise("10.2", minutes=4, hints=[
    "Going away from the reference costs. What does a nat cost, and for whom?",
    "reward of a text = its score - kl_coef times its nats.",
    "One line: begin with `return scores`"])
def kl_penalized_reward(scores, kl, kl_coef):
    """What each text is paid: its score, minus the price of how far it has gone from the reference.

    scores: array (B,), by the reward model. kl: array (B,), nats of each text as in 10.1; below
    zero where a text has become rarer. kl_coef: the price of a nat, 0 or more. Returns an array
    (B,).

    Worked: kl_penalized_reward(np.array([2., 1.]), np.array([3., -1.]), 0.5) is [0.5, 1.5].
    """
    return scores - kl_coef * kl


kl_penalized_reward.cases = [(np.array([2.0, 1.0]), np.array([3.0, -1.0]), 0.5),
                             (np.array([0.5, -1.0, 2.0, 0.0]), np.array([1.0, 4.0, -0.5, 0.25]),
                              0.2), (np.array([1.0, 3.0, -2.0]), np.array([2.0, -1.0, 1.5]), 0.0)]


@kl_penalized_reward.law("Two texts with equal scores, one of them farther from the reference: the "
                         "farther one must be paid less. Is it?")
def farther_is_paid_less(f):
    near, far = f(np.array([1.0, 1.0]), np.array([0.5, 2.5]), 0.1)
    return far < near


@kl_penalized_reward.right
def text_by_text_paid(scores, kl, kl_coef):
    return np.array([score - kl_coef * nats for score, nats in zip(scores, kl)])


@kl_penalized_reward.right
def penalty_by_the_library(scores, kl, kl_coef):
    from tinyrlhf.learning.kl import kl_penalized_rewards
    return kl_penalized_rewards(scores, kl, np.zeros(len(kl)), kl_coef)


@kl_penalized_reward.wrong("Going away from the reference is paid, not charged: the sign of the "
                           "penalty is plus. Such a model runs off as fast as it can. Which sign "
                           "pulls it back?")
def plus_instead_of_minus(scores, kl, kl_coef):
    return scores + kl_coef * kl


@kl_penalized_reward.wrong("kl_coef stands at the score. It is the price of a *nat*: 0 must mean "
                           "that distance is free, and here it means that the score is worth "
                           "nothing. What does it multiply?")
def coefficient_on_the_reward(scores, kl, kl_coef):
    return kl_coef * scores - kl


@kl_penalized_reward.wrong("It mixes score and penalty with weights that add up to 1. Then a "
                           "higher penalty also makes the score worth less. Only the nats have a "
                           "price. What is the weight of the score?")
def weighted_mean(scores, kl, kl_coef):
    return (1 - kl_coef) * scores - kl_coef * kl


@kl_penalized_reward.wrong("The price is not used: each nat costs 1, whatever kl_coef says. Where "
                           "does it belong?")
def price_forgotten(scores, kl, kl_coef):
    return scores - kl


@kl_penalized_reward.wrong("It divides by kl_coef: then a cheap nat costs most. A price "
                           "multiplies.")
def divided_by_the_price(scores, kl, kl_coef):
    return scores - kl / kl_coef


SAME_FOR_ALL = ("Every text is charged the same, for the nats of the whole batch. A number that is "
                "equal for all drops out as soon as the baseline is subtracted, and the penalty is "
                "gone. Whose nats should a text pay for?")


@kl_penalized_reward.wrong(SAME_FOR_ALL)
def mean_of_the_batch(scores, kl, kl_coef):
    return scores - kl_coef * np.mean(kl)


@kl_penalized_reward.wrong(SAME_FOR_ALL)
def sum_of_the_batch(scores, kl, kl_coef):
    return scores - kl_coef * np.sum(kl)


ONE_SIDED = ("A text that has become rarer, with nats below zero, gets nothing back or is even "
             "charged. It must be paid for that: only with both signs is the penalty the KL on "
             "average, and the pull is back towards the reference. What happens without abs() or "
             "maximum()?")


@kl_penalized_reward.wrong(ONE_SIDED)
def absolute_nats(scores, kl, kl_coef):
    return scores - kl_coef * np.abs(kl)


@kl_penalized_reward.wrong(ONE_SIDED)
def only_positive_nats(scores, kl, kl_coef):
    return scores - kl_coef * np.maximum(kl, 0)
