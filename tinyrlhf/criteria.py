"""What to ask next: which answer tells most about who is right, of an ensemble or of particles?

A criterion turns the chances (M, N, K) that M members give to the options of N questions, and the
members' weights (M,), into (N,): the larger, the better to ask. `choose_by` takes an ensemble;
with particles p it is

    choose(questions, p.member_scores(questions.episodes), criterion, n, p.weights, p.habits)
"""
import numpy as np

from tinyrlhf.checks import check_choice, check_shapes, check_whole
from tinyrlhf.feedback.answers import KINDS, Choices, choose_with_reason
from tinyrlhf.numerics import softmax


def option_chances(kind, scores, habits=None):
    """P(option) by each member: scores (M, m, G) of what m questions show -> (M, m, K).

    Of a ranking: who is best; of a preference with a reason: the preference. More will be said:
    information gain is a lower bound. habits: one `Habits`, or a list of each member's own.
    """
    if isinstance(habits, list):
        own = [option_chances(kind, scores[[m]], each) for m, each in enumerate(habits)]
        return np.concatenate(own)
    with_reason = KINDS[kind].choose is choose_with_reason
    G = scores.shape[2]
    weights = np.eye(G)[KINDS[kind].own] if with_reason else KINDS[kind].options(G)
    rationality, offsets = 1.0, 0.0
    if habits is not None:
        block = Choices(kind, None, weights, 0.0, None, np.arange(scores.shape[1]))
        rationality, offsets, _ = habits.of(block, met=False)
    return softmax(rationality * (scores @ weights.T + offsets))


def uncertainty(chances, weights):
    """Entropy of what all together expect, largest for identical options. Lewis, Gale 1994."""
    return entropy(mean(chances, weights))


def disagreement(chances, weights):
    """Variance between members, summed over options. Christiano et al. 2017, section 2.2.4."""
    return mean((chances - mean(chances, weights)) ** 2, weights).sum(axis=-1)


def information_gain(chances, weights):
    """Nats that an answer tells about who is right, H(E[p]) - E[H(p)]; 0 for identical options.

    Source: Houlsby et al. 2011; of people Biyik et al. 2019.
    """
    return uncertainty(chances, weights) - mean(entropy(chances), weights)


def volume_removal(chances, weights):
    """Expected share of the members that an answer removes, 1 - sum_k E[p_k]^2.

    Largest for identical options, which teach nothing: a warning (Biyik et al. 2019).
    Two options are ordered as by uncertainty.
    Source: Sadigh et al. 2017. Departs from the source: the mean over answers, not the worst.
    """
    return 1 - (mean(chances, weights) ** 2).sum(axis=-1)


def mean(values, weights):
    """Over members: (M, ...) -> (...)."""
    return np.tensordot(weights, values, axes=1)


def entropy(p):
    """In nats: (..., K) -> (...)."""
    return -(p * np.log(np.maximum(p, 1e-300))).sum(axis=-1)


CRITERIA = {"uncertainty": uncertainty, "disagreement": disagreement,
            "information-gain": information_gain, "volume-removal": volume_removal}
NAMES = (*CRITERIA, "thompson")  # which needs no chances


def choose_by(name, questions, ensemble, n, rng):
    """The n questions that a criterion by its name prefers, by the members of an ensemble."""
    scores = ensemble.member_scores(questions.episodes)
    if name == "thompson":
        return thompson(questions, scores, n, rng)
    habits = [member.habits for member in ensemble.members]
    return choose(questions, scores, CRITERIA[name], n, habits=habits)


def choose(questions, scores, criterion, n, weights=None, habits=None, seconds=None):
    """The n best questions; equal values, as of a pair and its mirror image, count as repeats.

    They are chosen one by one: two that are nearly the same may both be among them.

    Args:
        scores: `member_scores` of all episodes, (M, E); criterion: one of the functions above.
        weights: of the members, adding up to 1; None: all alike.
        seconds: {kind: what an answer costs a person}; then the best per second.
    """
    check_whole("n", n, 1, len(questions))
    weights = np.full(len(scores), 1 / len(scores)) if weights is None else weights
    check_shapes(scores=(scores, f"M {len(questions.episodes)}"), weights=(weights, "M"))
    values = np.zeros(len(questions))
    for kind, rows, shows in questions.grouped():
        chances = option_chances(kind, scores[:, shows], habits)
        if seconds is not None:
            check_choice("kind of feedback in seconds", kind, seconds)
        values[rows] = criterion(chances, weights) / (seconds[kind] if seconds else 1.0)
    repeats = np.ones(len(values), bool)
    repeats[np.unique(values.round(12), return_index=True)[1]] = False
    return questions[np.sort(np.lexsort((-values, repeats))[:n])]  # repeats: if too few are left


def thompson(questions, scores, n, rng, weights=None):
    """n questions of one kind: for each place a member is drawn; they like what it shows most.

    Source: Wu, Liu 2016.
    """
    check_whole("n", n, 1, len(questions))
    chosen = []
    for _ in range(n):
        drawn = rng.choice(len(scores), questions.shows.shape[1], p=weights)
        liked = scores[drawn, questions.shows].sum(axis=1)
        liked[chosen] = -np.inf
        chosen.append(int(liked.argmax()))
    return questions[chosen]
