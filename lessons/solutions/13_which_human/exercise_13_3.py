"""Exercise 13.3, length_bias: its solution, hints and usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise


@exercise("13.3", minutes=6, hints=[
    "Long answers may be better ones. So fit the scores by quality and length together, and look "
    "only at length.",
    r"Least squares: $\min_{a, b, c} \sum_i (s_i - a - c\, q_i - b\, l_i)^2$; return $b$.",
    "`columns = np.stack([np.ones(len(scores)), qualities, lengths], axis=1)`, then look up "
    "np.linalg.lstsq"])
def length_bias(scores, qualities, lengths):
    """What a model pays for one more unit of length when quality is held equal.

    That is b in the least-squares fit scores = a + c * qualities + b * lengths. scores: array (N,),
    by the model. qualities: array (N,), what the things are truly worth. lengths: array (N,).
    Returns a number.

    Worked: at quality 0 lengths 1, 3 get the scores 1, 2, at quality 1 lengths 2, 4 get 4, 5:
    length_bias(np.array([1., 2., 4., 5.]), np.array([0., 0., 1., 1.]), np.array([1., 3., 2., 4.]))
    is 0.5, half a point for each unit.
    """
    columns = np.stack([np.ones(len(scores)), qualities, lengths], axis=1)
    return np.linalg.lstsq(columns, scores, rcond=None)[0][2]


QUALITIES = np.array([0.3, -1.0, 2.0, 0.8, -0.4, 1.1, -2.2])
LENGTHS = np.array([4.0, 3.0, 9.0, 7.0, 2.0, 8.0, 2.5])
length_bias.cases = [(np.array([1.0, 2.0, 4.0, 5.0]), np.array([0.0, 0.0, 1.0, 1.0]),
                      np.array([1.0, 3.0, 2.0, 4.0])),
                     (np.array([1.2, -0.5, 6.0, 3.3, -0.2, 5.1, -1.9]), QUALITIES, LENGTHS),
                     (3 * QUALITIES + 5, QUALITIES, LENGTHS),
                     (np.array([0.2, 1.9, -1.0, 0.1, 1.2, -0.4, 3.0]), QUALITIES, LENGTHS)]


@length_bias.law("A model that pays for quality alone has no length bias, even when all good walks "
                 "are long. Is it 0 for scores = 3 * qualities + 5?")
def quality_alone_is_no_bias(f):
    return abs(f(3 * QUALITIES + 5, QUALITIES, LENGTHS)) < 1e-5


@length_bias.law("A model that pays 0.2 for each unit of length, and for quality besides, has a "
                 "length bias of 0.2.")
def what_is_paid_is_found(f):
    return abs(f(0.5 * QUALITIES + 0.2 * LENGTHS - 1, QUALITIES, LENGTHS) - 0.2) < 1e-5


def left_over(values, qualities):
    """What quality does not explain of the values."""
    slope, constant = np.polyfit(qualities, values, 1)
    return values - slope * qualities - constant


@length_bias.right
def by_what_is_left_over(scores, qualities, lengths):
    length = left_over(lengths, qualities)
    return length @ left_over(scores, qualities) / (length @ length)


@length_bias.right
def by_covariances(scores, qualities, lengths):
    (qq, ql), (_, ll) = np.cov(qualities, lengths)
    sq, sl = np.cov(scores, qualities)[0, 1], np.cov(scores, lengths)[0, 1]
    return (qq * sl - ql * sq) / (qq * ll - ql ** 2)


@length_bias.wrong("It is the slope over length alone. If good walks are long, a perfect model "
                   "gets a slope as well: quality was not held equal. What else must stand in the "
                   "fit?")
def quality_not_held_equal(scores, qualities, lengths):
    return np.polyfit(lengths, scores, 1)[0]


@length_bias.wrong("It is a correlation, which has no unit, and quality is not held equal: where "
                   "good walks are long, a perfect model correlates with length too. What is paid "
                   "for one more unit?")
def correlation(scores, qualities, lengths):
    return np.corrcoef(scores, lengths)[0, 1]


@length_bias.wrong("It is a partial correlation: quality is held equal, but the unit is lost. It "
                   "says how regular the payment is, not how large. By what must be divided?")
def partial_correlation(scores, qualities, lengths):
    return np.corrcoef(left_over(scores, qualities), left_over(lengths, qualities))[0, 1]


@length_bias.wrong("Quality was taken out of the scores, but not out of the lengths. Then part of "
                   "what length explains has gone with it. What is left of the lengths at equal "
                   "quality?")
def only_out_of_the_scores(scores, qualities, lengths):
    return np.polyfit(lengths, left_over(scores, qualities), 1)[0]


@length_bias.wrong("It takes the scores to be in the unit of quality: scores - qualities. A model "
                   "may pay 3 for each point of quality. Should the fit not find that factor?")
def quality_at_its_own_price(scores, qualities, lengths):
    return np.polyfit(lengths, scores - qualities, 1)[0]


@length_bias.wrong("That is what is paid for quality. Which coefficient belongs to length?")
def price_of_quality(scores, qualities, lengths):
    columns = np.stack([np.ones(len(scores)), qualities, lengths], axis=1)
    return np.linalg.lstsq(columns, scores, rcond=None)[0][1]


@length_bias.wrong("The constant is missing from the fit. Scores have no zero of their own, so it "
                   "has to be free. Which column is it?")
def without_a_constant(scores, qualities, lengths):
    return np.linalg.lstsq(np.stack([qualities, lengths], axis=1), scores, rcond=None)[0][1]


@length_bias.wrong("The fit is the wrong way round: it explains length by score and quality. Which "
                   "of them is to be explained?")
def length_explained(scores, qualities, lengths):
    columns = np.stack([np.ones(len(scores)), qualities, scores], axis=1)
    return np.linalg.lstsq(columns, lengths, rcond=None)[0][2]
