"""Exercise 10.1, kl_sampled: its solution, hints and usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise, near


@exercise("10.1", minutes=6, hints=[
    "How much likelier has each text become? The log-probability of a text is the sum of those of "
    "its characters; compare the policy's with the reference's.",
    "log policy(text) - log reference(text) = sum over its characters of (logp - ref_logp).",
    "`gap = logp - ref_logp`, which is (B, T); what stands behind the end of a text must not be "
    "summed"])
def kl_sampled(logp, ref_logp, mask):
    """How many nats each text is from the reference: log policy(text) - log reference(text).

    The policy wrote these texts. Averaged over many of them this is KL(policy || reference).

    logp, ref_logp: arrays (B, T), log-probability of each character by the policy and by the
    reference. mask: bool array (B, T), False behind the end of a text, whatever the others say
    there. Returns an array (B,).

    Worked: kl_sampled(np.array([[-1., -2.]]), np.array([[-1.5, -4.]]), np.array([[True, True]])) is
    [2.5]: 0.5 + 2.
    """
    return np.where(mask, logp - ref_logp, 0.0).sum(axis=1)


def some_texts(rows, columns, seed):
    """Log-probabilities by policy and reference, and a mask with texts of different length; behind
    the end stands nonsense.
    """
    rng = np.random.default_rng(seed)
    mask = np.arange(columns) < rng.permutation(np.linspace(1, columns,
                                                            rows).round().astype(int))[:, None]
    logp, ref_logp = -rng.exponential(1.5, size=(2, rows, columns))
    return np.where(mask, logp, -3.0), np.where(mask, ref_logp, -7.0), mask


kl_sampled.cases = [(np.array([[-1.0, -2.0]]), np.array([[-1.5, -4.0]]), np.array([[True, True]])),
                    some_texts(4, 5, 0), some_texts(3, 2, 1)]


@kl_sampled.law("Exchange policy and reference, and every number must change its sign: a "
                "divergence has a direction. Does yours?")
def exchange_changes_the_sign(f):
    logp, ref_logp, mask = some_texts(4, 3, 2)
    return near(f(logp, ref_logp, mask), -np.asarray(f(ref_logp, logp, mask)))


@kl_sampled.right
def text_by_text(logp, ref_logp, mask):
    return np.array([sum(p[kept]) - sum(q[kept]) for p, q, kept in zip(logp, ref_logp, mask)])


@kl_sampled.right
def with_the_library(logp, ref_logp, mask):
    from tinyrlhf.learning.kl import k1
    return np.einsum("bt,bt->b", k1(logp, ref_logp), mask)


DIRECTION = ("The direction is reversed: these are nats by which the texts have become *less* "
             "likely. The texts were written by the policy, and KL(policy || reference) is the "
             "mean of log policy - log reference. Which of the two comes first?")
ABSOLUTE = ("It looks like a distance, which is never negative and the same in both directions. A "
            "text may well have become less likely than it was, and must count as negative: only "
            "then is the mean right. What does the absolute value throw away?")
SQUARES = ("Squares make it a distance, the same in both directions. KL is none, and it is no mean "
           "of squares: a text that became likelier counts up, one that became rarer counts down. "
           "What is left if nothing is squared?")
PADDING = ("Characters behind the end of a text are counted. Nobody wrote them: short texts are "
           "filled up so that all fit into one array. Which argument says where a text is over?")
AVERAGED = ("It is a mean over the characters. The log-probability of a text is the *sum* of those "
            "of its characters, or long texts could drift away at half price. What happens to the "
            "penalty of a text that is twice as long?")


@kl_sampled.wrong(DIRECTION)
def reversed_direction(logp, ref_logp, mask):
    return -kl_sampled(logp, ref_logp, mask)


@kl_sampled.wrong(ABSOLUTE)
def absolute_of_each_text(logp, ref_logp, mask):
    return np.abs(kl_sampled(logp, ref_logp, mask))


@kl_sampled.wrong(ABSOLUTE)
def absolute_of_each_character(logp, ref_logp, mask):
    return (np.abs(logp - ref_logp) * mask).sum(axis=1)


@kl_sampled.wrong(ABSOLUTE)
def not_below_zero(logp, ref_logp, mask):
    return np.maximum(kl_sampled(logp, ref_logp, mask), 0)


@kl_sampled.wrong(SQUARES)
def squares(logp, ref_logp, mask):
    return ((logp - ref_logp) ** 2 * mask).sum(axis=1)


@kl_sampled.wrong(SQUARES)
def half_squares(logp, ref_logp, mask):
    return 0.5 * ((logp - ref_logp) ** 2 * mask).sum(axis=1)


@kl_sampled.wrong(SQUARES)
def euclidean_distance(logp, ref_logp, mask):
    return np.sqrt(((logp - ref_logp) ** 2 * mask).sum(axis=1))


@kl_sampled.wrong(PADDING)
def padding_counted(logp, ref_logp, mask):
    return (logp - ref_logp).sum(axis=1)


@kl_sampled.wrong(AVERAGED)
def mean_over_characters(logp, ref_logp, mask):
    return kl_sampled(logp, ref_logp, mask) / mask.sum(axis=1)


@kl_sampled.wrong(AVERAGED)
def mean_over_columns(logp, ref_logp, mask):
    return kl_sampled(logp, ref_logp, mask) / mask.shape[1]


ONE_NUMBER = ("It is one number for the whole batch. Each text will get its own reward, and so "
              "needs its own nats. Along which axis do you sum?")


@kl_sampled.wrong(ONE_NUMBER)
def mean_over_texts(logp, ref_logp, mask):
    return kl_sampled(logp, ref_logp, mask).mean()


@kl_sampled.wrong(ONE_NUMBER)
def sum_over_texts(logp, ref_logp, mask):
    return kl_sampled(logp, ref_logp, mask).sum()


@kl_sampled.wrong("It is one number for each character. The nats of a text are those of its "
                  "characters together, (B,). What is left to do?")
def one_number_for_each_character(logp, ref_logp, mask):
    return np.where(mask, logp - ref_logp, 0.0)


WEIGHED = ("Each character is weighed by its chance, as in the sum over *all* characters. But "
           "these were drawn: likely ones already come up more often. What is the weight of a "
           "sample in a mean?")


@kl_sampled.wrong(WEIGHED)
def weighed_by_the_chance(logp, ref_logp, mask):
    return (np.exp(logp) * (logp - ref_logp) * mask).sum(axis=1)


@kl_sampled.wrong(WEIGHED)
def weighed_by_the_chance_with_padding(logp, ref_logp, mask):
    return (np.exp(logp) * (logp - ref_logp)).sum(axis=1)


@kl_sampled.wrong("That compares chances, not their logarithms: from 0.5 to 0.4 would count a "
                  "hundred times as much as from 0.001 to nothing. What is the difference of two "
                  "logarithms?")
def difference_of_chances(logp, ref_logp, mask):
    return ((np.exp(logp) - np.exp(ref_logp)) * mask).sum(axis=1)
