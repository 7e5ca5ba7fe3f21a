"""Exercise 10.5, ppo_clip: its solution, hints and usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise, near


@exercise("10.5", minutes=8, extra=True, hints=[
    "How many times as likely is the character now? Compare what it is paid without a limit and "
    "with the limit, and take the less favourable of the two, whatever the sign of the advantage.",
    "min(q A, clip(q, 1 - eps, 1 + eps) A) with q = exp(logp - old_logp).",
    "`ratio = np.exp(logp - old_logp)`; then np.clip and np.minimum"])
def ppo_clip(logp, old_logp, advantages, eps):
    """What PPO is paid for each character: min(q A, clip(q, 1 - eps, 1 + eps) A) with q = policy /
    old policy.

    logp, old_logp: arrays of one shape, log-probability of each character now, and when it was
    written. advantages: array of that shape. eps: 0.1 to 0.3. Returns an array of that shape, the
    objective (to be raised, so not yet a loss).

    Worked: a good character has become 1.5 times as likely, a bad one as well:
    ppo_clip(np.log([1.5, 1.5]), np.zeros(2), np.array([1., -1.]), 0.2) is [1.2, -1.5]. The good one
    is paid no more than 1.2; the bad one must still be mended.
    """
    ratio = np.exp(logp - old_logp)
    return np.minimum(ratio * advantages, np.clip(ratio, 1 - eps, 1 + eps) * advantages)


ppo_clip.cases = [(np.log([1.5, 1.5]), np.zeros(2), np.array([1.0, -1.0]), 0.2),
                  (np.log([0.5, 0.5, 0.9, 0.9, 1.1, 1.1]) - 1, -np.ones(6),
                   np.array([2.0, -2.0, 1.0, -1.0, 0.5, -0.5]), 0.3),
                  (np.log([[0.4, 0.9], [0.3, 0.02]]), np.log([[0.2, 0.3], [0.4, 0.1]]),
                   np.array([[1.0, -1.0], [-2.0, 3.0]]), 0.1)]


@ppo_clip.law("Where nothing has changed yet (logp = old_logp), the objective must be the "
              "advantage itself. Is it?")
def unchanged_is_the_advantage(f):
    logp, advantages = np.log([0.1, 0.5, 0.9]), np.array([1.0, -2.0, 0.5])
    return near(f(logp, logp.copy(), advantages, 0.2), advantages)


@ppo_clip.law("It must never be paid more than without clipping: PPO is the cautious one of the "
              "two. Is it, for bad characters, too?")
def never_above_unclipped(f):
    logp, old = np.log([0.05, 0.3, 0.9, 0.5]), np.log([0.2, 0.2, 0.5, 0.9])
    advantages = np.array([-1.0, -1.0, 1.0, 1.0])
    return np.all(f(logp, old, advantages, 0.2) <= np.exp(logp - old) * advantages + 1e-5)


@ppo_clip.right
def by_cases(logp, old_logp, advantages, eps):
    ratio = np.exp(logp) / np.exp(old_logp)
    return advantages * np.where(advantages > 0, np.minimum(ratio, 1 + eps),
                                 np.maximum(ratio, 1 - eps))


@ppo_clip.right
def by_the_slope_of_the_library(logp, old_logp, advantages, eps):
    from tinyrlhf.learning import rules
    slope = -rules.ppo_clip(logp, old_logp, advantages, weight=1.0, clip=eps)  # or zero: flat
    return np.where(slope != 0, slope, advantages * np.where(advantages > 0, 1 + eps, 1 - eps))


@ppo_clip.wrong("It takes the larger of the two. For a good character that pays without limit once "
                "it has become likelier, the very thing that clipping should stop. Which of the "
                "two is the cautious choice?")
def larger_instead_of_smaller(logp, old_logp, advantages, eps):
    ratio = np.exp(logp - old_logp)
    return np.maximum(ratio * advantages, np.clip(ratio, 1 - eps, 1 + eps) * advantages)


SWAPPED = ("Good characters are right, bad ones are not: min and max are exchanged where the "
           "advantage is negative. The minimum is taken of the *products*, for both signs; the "
           "negative advantage has turned the order around already. Does the bad character of the "
           "docstring get -1.5?")


@ppo_clip.wrong(SWAPPED)
def maximum_for_negative_advantages(logp, old_logp, advantages, eps):
    ratio = np.exp(logp - old_logp)
    both = ratio * advantages, np.clip(ratio, 1 - eps, 1 + eps) * advantages
    return np.where(advantages >= 0, np.minimum(*both), np.maximum(*both))


@ppo_clip.wrong(SWAPPED)
def lower_limit_as_a_ceiling(logp, old_logp, advantages, eps):
    ratio = np.exp(logp - old_logp)
    return advantages * np.where(advantages > 0, np.minimum(ratio, 1 + eps),
                                 np.minimum(ratio, 1 - eps))


@ppo_clip.wrong(SWAPPED)
def minimum_of_the_ratios(logp, old_logp, advantages, eps):
    ratio = np.exp(logp - old_logp)
    return np.minimum(ratio, np.clip(ratio, 1 - eps, 1 + eps)) * advantages


ALWAYS = ("It clips always. Then a good character that has become rarer, or a bad one that has "
          "become likelier, gets no push any more and can never be mended. With what must the "
          "clipped product be compared?")


@ppo_clip.wrong(ALWAYS)
def always_clipped(logp, old_logp, advantages, eps):
    return np.clip(np.exp(logp - old_logp), 1 - eps, 1 + eps) * advantages


@ppo_clip.wrong(ALWAYS)
def product_clipped(logp, old_logp, advantages, eps):
    return np.clip(np.exp(logp - old_logp) * advantages, (1 - eps) * advantages,
                   (1 + eps) * advantages)


@ppo_clip.wrong("That looks like a ratio of the log-probabilities. The ratio of two chances is "
                "exp() of the *difference* of their logarithms. From 0.5 to 0.25, what is it?")
def ratio_of_logarithms(logp, old_logp, advantages, eps):
    ratio = logp / old_logp
    return np.minimum(ratio * advantages, np.clip(ratio, 1 - eps, 1 + eps) * advantages)


@ppo_clip.wrong("The difference of the log-probabilities is used as the ratio; where nothing has "
                "changed it is 0 and should be 1. Which function turns a difference of logarithms "
                "into a ratio?")
def difference_of_logarithms(logp, old_logp, advantages, eps):
    ratio = logp - old_logp
    return np.minimum(ratio * advantages, np.clip(ratio, 1 - eps, 1 + eps) * advantages)


@ppo_clip.wrong("The ratio is upside down, old / new. A good character that has become likelier "
                "would be paid less and less. Which of the two stands above?")
def upside_down_ratio(logp, old_logp, advantages, eps):
    return ppo_clip(old_logp, logp, advantages, eps)


@ppo_clip.wrong("It is not clipped at all: on the same batch the model would be paid for going on "
                "and on. What should hold it between 1 - eps and 1 + eps?")
def not_clipped(logp, old_logp, advantages, eps):
    return np.exp(logp - old_logp) * advantages


@ppo_clip.wrong("All signs are reversed: that is the loss. Here the objective is asked for, which "
                "is to be raised. What is the objective of a good character that has not changed?")
def as_a_loss(logp, old_logp, advantages, eps):
    return -ppo_clip(logp, old_logp, advantages, eps)


MEAN = ("It is one number, the mean. Return one for each character; the mean is taken later. Which "
        "step can be left out?")


@ppo_clip.wrong(MEAN)
def one_number(logp, old_logp, advantages, eps):
    return np.mean(ppo_clip(logp, old_logp, advantages, eps))


@ppo_clip.wrong(MEAN)
def one_number_as_a_loss(logp, old_logp, advantages, eps):
    return -np.mean(ppo_clip(logp, old_logp, advantages, eps))


BEFORE_EXP = ("The *logarithm* of the ratio is clipped, not the ratio itself; the limits 1 - eps "
              "and 1 + eps are meant for exp(logp - old_logp). In which order do exp and clip "
              "come?")


@ppo_clip.wrong(BEFORE_EXP)
def logarithm_clipped_around_one(logp, old_logp, advantages, eps):
    ratio = np.exp(logp - old_logp)
    return np.minimum(ratio * advantages, np.exp(np.clip(logp - old_logp, 1 - eps, 1 + eps))
                      * advantages)


@ppo_clip.wrong(BEFORE_EXP)
def logarithm_clipped_around_zero(logp, old_logp, advantages, eps):
    ratio = np.exp(logp - old_logp)
    return np.minimum(ratio * advantages, np.exp(np.clip(logp - old_logp, -eps, eps)) * advantages)
