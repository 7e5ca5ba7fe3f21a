"""Exercises of lesson 13, which human, which feedback: solutions, hints, usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise


# ---- 13.1

@exercise("13.1", minutes=8, hints=[
    "First what each option is worth, then a softmax over the options, then the logarithm of the one that was taken.",
    r"$\log P(k) = \rho u_k - \log \sum_j e^{\rho u_j}$ with $u = $ `options @ scores`, which is (K, M). Take the "
    "largest off before exp().",
    "`worth = rationality * (options @ scores)`, then look up np.logaddexp.reduce"])
def choice_logp(scores, chosen, options, rationality):
    """How likely is it that somebody takes this option? The logarithm of its softmax, for each of M candidates.

    scores: array (n, M), what n things are worth if candidate m is right, of any size. options: array (K, n): option k
    is worth the sum of options[k, i] * scores[i]. chosen: the number of the option that was taken. rationality: 0 or
    more; each worth is multiplied by it. Returns an array (M,).

    Worked: one of two things was taken, the first: choice_logp(np.array([[1.0986, 0.], [0., 0.]]), 0, np.eye(2), 1.0)
    is [-0.288, -0.693]. Candidate 0 gave it the chance 0.75, candidate 1 gave it 0.5.
    """
    worth = rationality * (options @ scores)
    return worth[chosen] - np.logaddexp.reduce(worth, axis=0)


THREE = np.array([[1.0, -0.5, 0.0, 2.0], [0.2, 0.8, -1.0, 0.0], [-0.7, 0.4, 1.5, 0.3]])
choice_logp.cases = [
    (np.array([[np.log(3), 0.0], [0.0, 0.0]]), 0, np.eye(2), 1.0),                              # a comparison
    (THREE, 0, np.eye(3)[[2, 0]], 2.0), (THREE, 1, np.eye(3), 0.5),                             # ... a demonstration
    (THREE, 3, np.outer(range(5), np.eye(3)[1]), 1.5),                                          # a rating
    (THREE, 1, np.array([[1.0, 0.0, 0.0], [0.0, 0.5, 0.5]]), 3.0),                              # words about two things
    (1000 * THREE, 1, np.eye(3)[[0, 1]], 1.0)]


@choice_logp.law("The chances of all options must add up to 1. Do they, for three things and rationality 2?")
def chances_add_up(f):
    return np.allclose(sum(np.exp(f(THREE, k, np.eye(3), 2.0)) for k in range(3)), 1)


@choice_logp.law("With rationality 0 nobody looks: each of four options has the chance one quarter. Does it?")
def a_coin_knows_nothing(f):
    return np.allclose(f(THREE, 2, np.eye(3)[[0, 1, 2, 0]], 0.0), np.log(1 / 4))


@choice_logp.right
def by_the_library(scores, chosen, options, rationality):
    from tinyrlhf.rewards.choice import choice_loss
    share, once = np.eye(len(options))[[chosen]], np.ones(1)
    return np.array([-choice_loss(rationality * (options @ column)[None], share, once)[0] for column in scores.T])


@choice_logp.right
def option_by_option(scores, chosen, options, rationality):
    worth = np.array([sum(weight * row for weight, row in zip(option, scores)) for option in options])
    largest = worth.max(axis=0)
    chances = np.exp(rationality * (worth - largest))
    return rationality * (worth[chosen] - largest) - np.log(chances.sum(axis=0))


@choice_logp.wrong("It compares with all things, whatever the options were. `This one` out of two is a comparison, "
                   "out of all a demonstration, and they say very different things. Over what does the sum run?")
def options_ignored(scores, chosen, options, rationality):
    return rationality * (options[chosen] @ scores) - np.logaddexp.reduce(rationality * scores, axis=0)


@choice_logp.wrong("It takes `chosen` for the number of a thing. It is the number of an option, a row of `options`, "
                   "and these may stand in any order, or be worth several things. What is that row worth?")
def chosen_is_a_thing(scores, chosen, options, rationality):
    thing = np.minimum(chosen, len(scores) - 1)
    return rationality * scores[thing] - np.logaddexp.reduce(rationality * (options @ scores), axis=0)


@choice_logp.wrong("The rationality seems to be missing. Somebody who is twice as sure takes the better option more "
                   "often. What is each worth multiplied by?")
def rationality_forgotten(scores, chosen, options, rationality):
    return choice_logp(scores, chosen, options, 1.0)


@choice_logp.wrong("The rationality multiplies the logarithm of a finished chance. Then the chances of all options no "
                   "longer add up to 1. Does it belong inside the softmax or outside?")
def rationality_outside(scores, chosen, options, rationality):
    return rationality * choice_logp(scores, chosen, options, 1.0)


@choice_logp.wrong("It divides by the rationality. That would be a temperature, with which people become less sure. "
                   "Should the chance of the better option rise with the rationality, or fall?")
def rationality_as_temperature(scores, chosen, options, rationality):
    return choice_logp(scores, chosen, options, 1 / rationality)


@choice_logp.wrong("The option that is worth least gets the highest chance: a sign looks reversed. Which option "
                   "should people take most often?")
def reversed_sign(scores, chosen, options, rationality):
    return choice_logp(-scores, chosen, options, rationality)


@choice_logp.wrong("That is the chance itself, not its logarithm. The chances of many answers are multiplied, and "
                   "their logarithms added. Which of the two is returned?")
def not_the_logarithm(scores, chosen, options, rationality):
    return np.exp(choice_logp(scores, chosen, options, rationality))


@choice_logp.wrong("That is a loss: the logarithm of a chance is never above 0, and this is never below. Where does "
                   "the minus come from?")
def as_a_loss(scores, chosen, options, rationality):
    return -choice_logp(scores, chosen, options, rationality)


@choice_logp.wrong("It is right for small scores, but exp() of a large number overflows. What can be taken off every "
                   "worth before exp() without changing any chance?")
def overflows(scores, chosen, options, rationality):
    worth = np.exp(rationality * (options @ scores))
    return np.log(worth[chosen] / worth.sum(axis=0))


@choice_logp.wrong("It is the logarithm of the worth's share of all worths. A worth may be negative, and has no "
                   "share; exp() makes it positive. Where is exp()?")
def shares_of_worth(scores, chosen, options, rationality):
    worth = rationality * (options @ scores)
    return np.log(worth[chosen] / worth.sum(axis=0))


@choice_logp.wrong("The sum runs over the candidates. Each candidate has chances of its own, which add up to 1 over "
                   "the options. Which axis of (K, M) are the options?")
def summed_over_candidates(scores, chosen, options, rationality):
    worth = rationality * (options @ scores)
    return worth[chosen] - np.logaddexp.reduce(worth[chosen])


# ---- 13.2

@exercise("13.2", minutes=6, hints=[
    "Two ways lead to what was said: it was meant and said so, or the opposite was meant and the answer slipped. Add "
    "the chances of both, then take the logarithm.",
    r"The mean of $-\log\big[(1 - f)\, \sigma(d) + f\, \sigma(-d)\big]$, with $d$ the winner's lead and $f$ = flip.",
    "`meant = 1 / (1 + np.exp(lose_scores - win_scores))`"])
def flip_corrected_loss(win_scores, lose_scores, flip):
    """The mean surprise at N comparisons by somebody who says the opposite of what they mean as often as `flip`.

    What they mean follows lesson 6: the first of two is meant with the chance sigmoid(its lead). win_scores,
    lose_scores: arrays (N,), of what was said to be better and worse; their differences stay below 30. flip: a number
    from 0 to 1/2. Returns a number, in nats.

    Worked: a lead of 1.0986 means 3 : 1; with one flip in five what was said has the chance 0.8 * 0.75 + 0.2 * 0.25 =
    0.65, so flip_corrected_loss(np.array([1.0986]), np.array([0.]), 0.2) is 0.431.
    """
    meant = 1 / (1 + np.exp(lose_scores - win_scores))
    return -np.mean(np.log((1 - flip) * meant + flip * (1 - meant)))


flip_corrected_loss.cases = [(np.array([np.log(3)]), np.zeros(1), 0.2),
                             (np.array([2.0, -1.0, 0.5]), np.array([0.0, 1.0, 0.4]), 0.1),
                             (np.array([20.0, 0.0]), np.array([0.0, 20.0]), 0.3),
                             (np.array([1.0, 2.0, 0.0, -2.0]), np.array([0.5, 0.0, 1.0, 1.0]), 0.0)]


@flip_corrected_loss.law("With flip = 1/2 answers say nothing: the loss is log 2 = 0.693, whatever the scores. Is it?")
def a_coin_says_nothing(f):
    return abs(f(np.array([5.0, -3.0]), np.zeros(2), 0.5) - np.log(2)) < 1e-9


@flip_corrected_loss.law("An answer that contradicts a lead of 25 was flipped: it can cost no more than -log flip, "
                         "which is 2.3 for flip = 0.1. Does it?")
def a_flip_costs_no_more_than_a_flip(f):
    return f(np.array([0.0]), np.array([25.0]), 0.1) < -np.log(0.1) + 1e-6


@flip_corrected_loss.right
def with_the_library(win_scores, lose_scores, flip):
    from tinyrlhf.rewards.choice import choice_loss                     # who flips 20 % answers 40 % by coin
    logits, n = np.stack([win_scores, lose_scores], axis=1), len(win_scores)
    return choice_loss(logits, np.tile([1.0, 0.0], (n, 1)), np.full(n, 1 / n), lapse=2 * flip)[0]


@flip_corrected_loss.right
def answer_by_answer(win_scores, lose_scores, flip):
    total = 0.0
    for lead in win_scores - lose_scores:
        likes, likes_not = np.exp(min(lead, 0)), np.exp(min(-lead, 0))
        total -= np.log(((1 - flip) * likes + flip * likes_not) / (likes + likes_not))
    return total / len(win_scores)


def mean_loss(chances):
    return -np.mean(np.log(chances))


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


@flip_corrected_loss.wrong("That is the loss of lesson 6, as if every answer was meant. Mistakes do not average out "
                           "by themselves: they make all leads look smaller, and one that contradicts a large lead "
                           "costs without limit. In which two ways can an answer come about?")
def flips_ignored(win_scores, lose_scores, flip):
    return mean_loss(sigmoid(win_scores - lose_scores))


@flip_corrected_loss.wrong("It is the mean of two losses, one for the answer and one for its opposite (smoothed "
                           "labels). But an answer was flipped or it was not: the chances of the two ways add up. "
                           "Which comes first, the sum or the logarithm?")
def smoothed_labels(win_scores, lose_scores, flip):
    lead = win_scores - lose_scores
    return (1 - flip) * mean_loss(sigmoid(lead)) + flip * mean_loss(sigmoid(-lead))


@flip_corrected_loss.wrong("It is the loss whose average over flips is that of somebody who never errs. That is "
                           "another way, but it has no lower bound, and is not the surprise at what was said. What is "
                           "the chance of the answer itself?")
def unbiased_but_unbounded(win_scores, lose_scores, flip):
    lead = win_scores - lose_scores
    return ((1 - flip) * mean_loss(sigmoid(lead)) - flip * mean_loss(sigmoid(-lead))) / (1 - 2 * flip)


@flip_corrected_loss.wrong("Something is swapped: winner and loser, or flip and 1 - flip. With few flips the loss "
                           "should be small where the winner leads. Where does it belong, the 1 - flip?")
def swapped(win_scores, lose_scores, flip):
    return flip_corrected_loss(lose_scores, win_scores, flip)


@flip_corrected_loss.wrong("That is somebody who tosses a coin as often as `flip`, and is then right in half of the "
                           "cases. Who flips is always wrong then. With which chance is the opposite meant?")
def tosses_a_coin(win_scores, lose_scores, flip):
    return mean_loss((1 - flip) * sigmoid(win_scores - lose_scores) + flip / 2)


@flip_corrected_loss.wrong("The way by a mistake is missing: the chances of `first` and `second` add up to 1 - flip "
                           "only. What happens in the other cases?")
def one_way_only(win_scores, lose_scores, flip):
    return mean_loss((1 - flip) * sigmoid(win_scores - lose_scores))


@flip_corrected_loss.wrong("The lead is multiplied by 1 - flip, as if mistakes made people less sure. On a clear pair "
                           "even then hardly anybody would err. What is the chance of an answer about a clear pair?")
def less_sure(win_scores, lose_scores, flip):
    return mean_loss(sigmoid((1 - flip) * (win_scores - lose_scores)))


@flip_corrected_loss.wrong("That looks like a mean of chances. Surprise is -log of a chance: only then does a "
                           "confident mistake cost a lot. Where is the logarithm?")
def no_logarithm(win_scores, lose_scores, flip):
    meant = sigmoid(win_scores - lose_scores)
    return 1 - np.mean((1 - flip) * meant + flip * (1 - meant))


@flip_corrected_loss.wrong("That looks like the sum over the answers. The loss is their mean, so that it can be "
                           "compared between 20 answers and 300. What is it divided by?")
def summed(win_scores, lose_scores, flip):
    return len(win_scores) * flip_corrected_loss(win_scores, lose_scores, flip)


# ---- 13.3

@exercise("13.3", minutes=6, hints=[
    "Long answers may be better ones. So fit the scores by quality and length together, and look only at length.",
    r"Least squares: $\min_{a, b, c} \sum_i (s_i - a - c\, q_i - b\, l_i)^2$; return $b$.",
    "`columns = np.stack([np.ones(len(scores)), qualities, lengths], axis=1)`, then look up np.linalg.lstsq"])
def length_bias(scores, qualities, lengths):
    """What a model pays for one more unit of length when quality is held equal.

    That is b in the least-squares fit scores = a + c * qualities + b * lengths. scores: array (N,), by the model.
    qualities: array (N,), what the things are truly worth. lengths: array (N,). Returns a number.

    Worked: at quality 0 lengths 1, 3 get the scores 1, 2, at quality 1 lengths 2, 4 get 4, 5: length_bias(np.array([1.,
    2., 4., 5.]), np.array([0., 0., 1., 1.]), np.array([1., 3., 2., 4.])) is 0.5, half a point for each unit.
    """
    columns = np.stack([np.ones(len(scores)), qualities, lengths], axis=1)
    return np.linalg.lstsq(columns, scores, rcond=None)[0][2]


QUALITIES = np.array([0.3, -1.0, 2.0, 0.8, -0.4, 1.1, -2.2])
LENGTHS = np.array([4.0, 3.0, 9.0, 7.0, 2.0, 8.0, 2.5])
length_bias.cases = [(np.array([1.0, 2.0, 4.0, 5.0]), np.array([0.0, 0.0, 1.0, 1.0]), np.array([1.0, 3.0, 2.0, 4.0])),
                     (np.array([1.2, -0.5, 6.0, 3.3, -0.2, 5.1, -1.9]), QUALITIES, LENGTHS),
                     (3 * QUALITIES + 5, QUALITIES, LENGTHS),
                     (np.array([0.2, 1.9, -1.0, 0.1, 1.2, -0.4, 3.0]), QUALITIES, LENGTHS)]


@length_bias.law("A model that pays for quality alone has no length bias, even when all good walks are long. Is it 0 "
                 "for scores = 3 * qualities + 5?")
def quality_alone_is_no_bias(f):
    return abs(f(3 * QUALITIES + 5, QUALITIES, LENGTHS)) < 1e-9


@length_bias.law("A model that pays 0.2 for each unit of length, and for quality besides, has a length bias of 0.2.")
def what_is_paid_is_found(f):
    return abs(f(0.5 * QUALITIES + 0.2 * LENGTHS - 1, QUALITIES, LENGTHS) - 0.2) < 1e-9


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


@length_bias.wrong("It is the slope over length alone. If good walks are long, a perfect model gets a slope as well: "
                   "quality was not held equal. What else must stand in the fit?")
def quality_not_held_equal(scores, qualities, lengths):
    return np.polyfit(lengths, scores, 1)[0]


@length_bias.wrong("It is a correlation, which has no unit, and quality is not held equal: where good walks are long, "
                   "a perfect model correlates with length too. What is paid for one more unit?")
def correlation(scores, qualities, lengths):
    return np.corrcoef(scores, lengths)[0, 1]


@length_bias.wrong("It is a partial correlation: quality is held equal, but the unit is lost. It says how regular the "
                   "payment is, not how large. By what must be divided?")
def partial_correlation(scores, qualities, lengths):
    return np.corrcoef(left_over(scores, qualities), left_over(lengths, qualities))[0, 1]


@length_bias.wrong("Quality was taken out of the scores, but not out of the lengths. Then part of what length "
                   "explains has gone with it. What is left of the lengths at equal quality?")
def only_out_of_the_scores(scores, qualities, lengths):
    return np.polyfit(lengths, left_over(scores, qualities), 1)[0]


@length_bias.wrong("It takes the scores to be in the unit of quality: scores - qualities. A model may pay 3 for each "
                   "point of quality. Should the fit not find that factor?")
def quality_at_its_own_price(scores, qualities, lengths):
    return np.polyfit(lengths, scores - qualities, 1)[0]


@length_bias.wrong("That is what is paid for quality. Which coefficient belongs to length?")
def price_of_quality(scores, qualities, lengths):
    columns = np.stack([np.ones(len(scores)), qualities, lengths], axis=1)
    return np.linalg.lstsq(columns, scores, rcond=None)[0][1]


@length_bias.wrong("The constant is missing from the fit. Scores have no zero of their own, so it has to be free. "
                   "Which column is it?")
def without_a_constant(scores, qualities, lengths):
    return np.linalg.lstsq(np.stack([qualities, lengths], axis=1), scores, rcond=None)[0][1]


@length_bias.wrong("The fit is the wrong way round: it explains length by score and quality. Which of them is to be "
                   "explained?")
def length_explained(scores, qualities, lengths):
    columns = np.stack([np.ones(len(scores)), qualities, scores], axis=1)
    return np.linalg.lstsq(columns, lengths, rcond=None)[0][2]


# ---- 13.4

@exercise("13.4", minutes=5, extra=True, hints=[
    "Ask about each pair twice, once in each order. The answer is a place, not a thing: what does the same place mean "
    "when the order was swapped?",
    "The same thing was preferred if the two answers differ: 0 then 1, or 1 then 0. 0 and 0 is twice the first place.",
    "`said = np.array([(human(a, b), human(b, a)) for a, b in pairs])`"])
def swap_order_check(human, pairs):
    """Does somebody prefer a thing, or a place? Ask about every pair twice, in both orders.

    human: a function of two things, the one that is shown first and the one that is shown second; it returns 0 if the
    first shown is preferred, else 1. pairs: array (N, 2) of things, which are numbers. Returns three shares of the
    pairs: those in which the same thing was preferred both times, twice the first shown, twice the second shown.

    Worked: somebody who always takes the first, on pairs [[1, 2], [5, 3]]: swap_order_check is (0, 1, 0).
    """
    said = np.array([(human(first, second), human(second, first)) for first, second in pairs])
    return np.mean(said[:, 0] != said[:, 1]), np.mean(said.sum(axis=1) == 0), np.mean(said.sum(axis=1) == 2)


def always_the_first(first, second):
    return 0


def the_larger(first, second):
    return int(second > first)


def the_first_unless_much_smaller(first, second):
    return int(second > first + 2)


def the_second_when_odd(first, second):
    return int(first % 2 == 1 or second > first)


FIVE = np.array([[1, 2], [5, 3], [7, 1], [4, 5], [2, 6]])
swap_order_check.cases = [(always_the_first, np.array([[1, 2], [5, 3]])), (the_larger, FIVE),
                          (the_first_unless_much_smaller, FIVE), (the_second_when_odd, FIVE),
                          (the_second_when_odd, FIVE[:3])]


@swap_order_check.law("Somebody who always prefers the larger number does not care for places: (1, 0, 0). Is it?")
def who_prefers_a_thing_has_no_place(f):
    return np.allclose(f(the_larger, FIVE), (1, 0, 0))


@swap_order_check.law("Every pair is of one of the three kinds, so the shares must add up to 1. Do they?")
def shares_add_up(f):
    return abs(sum(f(the_second_when_odd, FIVE)) - 1) < 1e-9


@swap_order_check.right
def pair_by_pair(human, pairs):
    same = first = second = 0
    for one, other in pairs:
        liked = (one, other)[human(one, other)]
        liked_swapped = (other, one)[human(other, one)]
        same += liked == liked_swapped
        first += liked == one and liked_swapped == other
        second += liked == other and liked_swapped == one
    return same / len(pairs), first / len(pairs), second / len(pairs)


@swap_order_check.right
def by_sums(human, pairs):
    sums = [human(one, other) + human(other, one) for one, other in pairs]
    return tuple(np.bincount(sums, minlength=3)[[1, 0, 2]] / len(pairs))


def answers_to(human, pairs, swap=True):
    return np.array([(human(one, other), human(other, one) if swap else human(one, other)) for one, other in pairs])


def shares(same, first, second):
    return np.mean(same), np.mean(first), np.mean(second)


@swap_order_check.wrong("Somebody who always takes the first place counts as if they preferred the same thing. An "
                        "answer is a place: when the order was swapped, the same place is the other thing. Which two "
                        "answers name the same thing?")
def first_place_taken_for_preferred(human, pairs):
    said = answers_to(human, pairs)
    return shares(said[:, 0] == said[:, 1], said[:, 0] < said[:, 1], said[:, 0] > said[:, 1])


@swap_order_check.wrong("The shares add up to more than 1: equal answers count as the same thing, and again as a "
                        "place. If both answers are 0, was it the same thing?")
def equal_answers_counted_twice(human, pairs):
    said = answers_to(human, pairs)
    return shares(said[:, 0] == said[:, 1], said.sum(axis=1) == 0, said.sum(axis=1) == 2)


@swap_order_check.wrong("It looks as if the same order was asked twice. That shows whether people waver, not whether "
                        "they prefer a place. What should be shown first the second time?")
def the_same_order_twice(human, pairs):
    said = answers_to(human, pairs, swap=False)
    return shares(said[:, 0] == said[:, 1], said.sum(axis=1) == 0, said.sum(axis=1) == 2)


@swap_order_check.wrong("It looks as if each pair was asked once, and every first place counted. The better thing may "
                        "just have stood there. How can you tell the thing from the place?")
def asked_once(human, pairs):
    said = answers_to(human, pairs)[:, 0]
    return shares(said != said, said == 0, said == 1)


@swap_order_check.wrong("All answers `first` are counted, also those of people who stay with the same thing: of their "
                        "two answers one is always `first`. Which pairs got `first` twice?")
def answers_instead_of_pairs(human, pairs):
    said = answers_to(human, pairs)
    return shares(said[:, 0] != said[:, 1], said == 0, said == 1)


@swap_order_check.wrong("First and second look swapped. Which place does the answer 0 name?")
def places_swapped(human, pairs):
    same, first, second = swap_order_check(human, pairs)
    return same, second, first


@swap_order_check.wrong("Those are numbers of pairs, not shares. By what must they be divided?")
def numbers_of_pairs(human, pairs):
    return tuple(len(pairs) * share for share in swap_order_check(human, pairs))


# ---- 13.5

@exercise("13.5", minutes=6, extra=True, hints=[
    "How often do two people differ about the same pair, and how often do two answers differ that are drawn from all "
    "answers there are?",
    r"$\alpha = 1 - D_o / D_e$. With $k$ of $P$ people for 1: $D_o$ is the mean over the pairs of "
    r"$\frac{2 k (P - k)}{P (P - 1)}$. With $K$ of all $N$ answers being 1: $D_e = \frac{2 K (N - K)}{N (N - 1)}$.",
    "`for_one = votes.sum(axis=0)`"])
def agreement(votes):
    """Krippendorff's alpha: how well do people agree, beyond chance? 1 is perfectly, 0 as well as by chance.

    votes: array (P, U) of 0 and 1, what each of P people said of each of U pairs; both answers occur. alpha = 1 -
    observed / expected: observed is the share of all two different people who differ about a pair, expected the share
    of all two different answers that differ, whoever gave them and whatever about. Returns a number, below 0 too.

    Worked: agreement(np.array([[0, 1, 1, 0], [0, 1, 0, 0]])) is 0.533. The two differ about 1 of 4 pairs; of the 8
    answers 3 are 1, so 2 * 3 * 5 of the 8 * 7 ways to draw two differ: 1 - 0.25 / 0.536.
    """
    n_people, n_answers = len(votes), votes.size
    for_one = votes.sum(axis=0)
    observed = np.mean(2 * for_one * (n_people - for_one)) / (n_people * (n_people - 1))
    expected = 2 * votes.sum() * (n_answers - votes.sum()) / (n_answers * (n_answers - 1))
    return 1 - observed / expected


SAID = np.array([[1, 0, 0, 1, 0, 0, 1], [1, 0, 1, 1, 0, 0, 0], [1, 0, 0, 1, 1, 0, 1]])
agreement.cases = [(np.array([[0, 1, 1, 0], [0, 1, 0, 0]]),), (SAID,), (np.array([[0, 1, 0, 0, 1], [1, 0, 1, 0, 0]]),),
                   (np.array([[0, 0, 0, 0, 1, 0], [0, 0, 0, 0, 0, 1], [0, 0, 0, 1, 0, 0], [0, 0, 0, 0, 1, 0]]),)]


@agreement.law("People who always say the same must get 1. Do they, for [[0, 1, 1], [0, 1, 1]]?")
def unanimity_is_one(f):
    return abs(f(np.array([[0, 1, 1], [0, 1, 1]])) - 1) < 1e-9


@agreement.law("Two people who say 0 of nearly everything, but differ where one says 1, agree on 8 of 10 pairs and "
               "yet no better than by chance: alpha is -0.06. Is it?")
def saying_0_of_everything_is_no_agreement(f):
    return abs(f(np.eye(10, dtype=int)[[8, 9]]) + 1 / 18) < 1e-9


@agreement.right
def with_the_librarys_alpha(votes):
    from tinyrlhf.diagnostics import krippendorff_alpha
    return krippendorff_alpha(votes)


@agreement.right
def two_by_two(votes):
    differ = lambda values: np.mean([one != other for i, one in enumerate(values) for other in values[:i]])
    return 1 - np.mean([differ(column) for column in votes.T]) / differ(votes.ravel())


def observed_of(votes):
    n_people, for_one = len(votes), votes.sum(axis=0)
    return np.mean(2 * for_one * (n_people - for_one)) / (n_people * (n_people - 1))


@agreement.wrong("That is the raw share of equal answers. People who say 0 of nearly everything agree often, without "
                 "having looked. How often would answers agree that are drawn at random from all?")
def raw_share(votes):
    return 1 - observed_of(votes)


@agreement.wrong("It takes chance to be a fair coin. But where 9 of 10 answers are 0, two of them agree by chance far "
                 "more often than every second time. How often are the answers 1?")
def a_fair_coin(votes):
    return 1 - observed_of(votes) / 0.5


@agreement.wrong("The expected part also draws an answer together with itself, and of course these two agree. After "
                 "one of N answers was drawn, how many are left for the second?")
def drawn_with_itself(votes):
    return 1 - observed_of(votes) / (2 * votes.mean() * (1 - votes.mean()))


@agreement.wrong("The observed part also compares each person with themselves, and of course they agree. How many "
                 "other people are there?")
def compared_with_themselves(votes):
    n_people = len(votes)
    return 1 - (1 - agreement(votes)) * (n_people - 1) / n_people


@agreement.wrong("Chance is made from each person's own habit (Cohen's kappa). Alpha draws from the answers of all "
                 "people together. From which answers are the two drawn that are expected to differ?")
def cohens_kappa(votes):
    kappas = []
    for i, one in enumerate(votes):
        for other in votes[:i]:
            chance = one.mean() * other.mean() + (1 - one.mean()) * (1 - other.mean())
            kappas.append((np.mean(one == other) - chance) / (1 - chance))
    return np.mean(kappas)


@agreement.wrong("That is how much they disagree, as a share of chance: 0 where all say the same. What must it be "
                 "taken from, so that 1 is perfect?")
def disagreement(votes):
    return 1 - agreement(votes)


@agreement.wrong("That looks like the share of answers that follow the majority. With few people somebody always "
                 "does, even if all toss coins. How often do two of them say the same of a pair?")
def share_of_the_majority(votes):
    return np.mean(np.maximum(votes.mean(axis=0), 1 - votes.mean(axis=0)))


@agreement.wrong("It is expected / observed, upside down. When people differ less than by chance, should alpha rise "
                 "or fall?")
def upside_down(votes):
    return 1 - 1 / (1 - agreement(votes))
