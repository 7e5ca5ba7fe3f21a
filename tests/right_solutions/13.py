"""Right solutions of lesson 13 in different styles, written from the stubs alone; named EXERCISE__style."""
import math

import numpy as np


def choice_logp__loops(scores, chosen, options, rationality):
    result = []
    for m in range(len(scores[0])):
        worths = []
        for option in options:
            worths.append(rationality * sum(option[i] * scores[i][m] for i in range(len(scores))))
        top = max(worths)
        result.append(worths[chosen] - top - math.log(sum(math.exp(worth - top) for worth in worths)))
    return np.array(result)


def choice_logp__vector(scores, chosen, options, rationality):
    worths = rationality * (options @ scores)
    worths = worths - worths.max(axis=0)
    return worths[chosen] - np.log(np.exp(worths).sum(axis=0))


def choice_logp__float32(scores, chosen, options, rationality):
    worths = np.asarray(options, dtype=np.float32) @ np.asarray(scores, dtype=np.float32)
    worths = np.float32(rationality) * (worths - worths.max(axis=0))
    return worths[chosen] - np.log(np.exp(worths).sum(axis=0))


def choice_logp__inplace(scores, chosen, options, rationality):
    worths = np.array(options, dtype=float) @ np.array(scores, dtype=float)
    worths -= worths[chosen].copy()
    worths *= rationality
    top = worths.max(axis=0)
    worths -= top
    np.exp(worths, out=worths)
    return -top - np.log(worths.sum(axis=0))


def choice_logp__logaddexp(scores, chosen, options, rationality):
    """Each other option against the chosen one; the chosen one against itself is 0."""
    leads = np.einsum("ki,im->km", options - options[chosen], scores)
    return -np.logaddexp.reduce(rationality * leads, axis=0)


def flip_corrected_loss__loops(win_scores, lose_scores, flip):
    total = 0.0
    for win, lose in zip(win_scores, lose_scores):
        meant = 1 / (1 + math.exp(lose - win))
        total -= math.log((1 - flip) * meant + flip * (1 - meant))
    return total / len(win_scores)


def flip_corrected_loss__vector(win_scores, lose_scores, flip):
    meant = 1 / (1 + np.exp(lose_scores - win_scores))
    return -np.log((1 - flip) * meant + flip * (1 - meant)).mean()


def flip_corrected_loss__float32(win_scores, lose_scores, flip):
    lead = np.asarray(win_scores, dtype=np.float32) - np.asarray(lose_scores, dtype=np.float32)
    meant, unmeant = 1 / (1 + np.exp(-lead)), 1 / (1 + np.exp(lead))
    return -np.mean(np.log(np.float32(1 - flip) * meant + np.float32(flip) * unmeant))


def flip_corrected_loss__inplace(win_scores, lose_scores, flip):
    chance = np.array(lose_scores, dtype=float)
    chance -= win_scores
    np.exp(chance, out=chance)
    chance += 1
    np.reciprocal(chance, out=chance)
    chance *= 1 - 2 * flip
    chance += flip
    return float(-np.log(chance).sum() / len(chance))


def flip_corrected_loss__logaddexp(win_scores, lose_scores, flip):
    lead = np.subtract(win_scores, lose_scores)
    with np.errstate(divide="ignore"):
        kept, flipped = np.log1p(-flip), np.log(flip)
    return -np.mean(np.logaddexp(kept - np.logaddexp(0, -lead), flipped - np.logaddexp(0, lead)))


def flip_corrected_loss__one_fraction(win_scores, lose_scores, flip):
    """(1 - flip + flip * e^-lead) / (1 + e^-lead)."""
    small = np.exp(np.asarray(lose_scores) - win_scores)
    return np.average(np.log1p(small) - np.log(1 - flip + flip * small))


def length_bias__loops(scores, qualities, lengths):
    """The normal equations of two centred columns, by Cramer's rule."""
    n = len(scores)
    s, q, x = ([each - sum(column) / n for each in column] for column in (scores, qualities, lengths))
    qq, xx, qx = (sum(a * b for a, b in zip(*pair)) for pair in ((q, q), (x, x), (q, x)))
    qs, xs = sum(a * b for a, b in zip(q, s)), sum(a * b for a, b in zip(x, s))
    return (xs * qq - qs * qx) / (xx * qq - qx * qx)


def length_bias__vector(scores, qualities, lengths):
    columns = np.column_stack([np.ones(len(scores)), qualities, lengths])
    return np.linalg.lstsq(columns, scores, rcond=None)[0][2]


def length_bias__float32(scores, qualities, lengths):
    scores, qualities, lengths = (np.asarray(each, dtype=np.float32) for each in (scores, qualities, lengths))
    columns = np.stack([qualities - qualities.mean(), lengths - lengths.mean()], axis=1)
    return np.linalg.lstsq(columns, scores - scores.mean(), rcond=None)[0][1]


def length_bias__inplace(scores, qualities, lengths):
    """What is left of the length when the quality is taken out explains what is left of the score."""
    rest, quality = np.array(lengths, dtype=float), np.array(qualities, dtype=float)
    rest -= rest.mean()
    quality -= quality.mean()
    rest -= (rest @ quality) / (quality @ quality) * quality
    return float(rest @ scores / (rest @ rest))


def length_bias__covariance(scores, qualities, lengths):
    table = np.cov([qualities, lengths, scores])
    return np.linalg.solve(table[:2, :2], table[:2, 2])[1]


def length_bias__pinv(scores, qualities, lengths):
    return np.linalg.pinv(np.stack([lengths, qualities, np.ones(len(lengths))], axis=1))[0] @ scores


def length_bias__qr(scores, qualities, lengths):
    q, r = np.linalg.qr(np.column_stack([np.ones(len(scores)), qualities, lengths]))
    return (q[:, 2] @ scores) / r[2, 2]


def swap_order_check__loops(human, pairs):
    same = first = second = 0
    for a, b in pairs:
        said, swapped = human(a, b), human(b, a)
        if said != swapped:
            same += 1
        elif said == 0:
            first += 1
        else:
            second += 1
    return same / len(pairs), first / len(pairs), second / len(pairs)


def swap_order_check__vector(human, pairs):
    said = np.array([[human(a, b), human(b, a)] for a, b in pairs])
    times_second = said.sum(axis=1)
    return np.mean(times_second == 1), np.mean(times_second == 0), np.mean(times_second == 2)


def swap_order_check__float32(human, pairs):
    counts = np.zeros(3, np.float32)
    for pair in np.asarray(pairs):
        counts[human(*pair) + human(*pair[::-1])] += 1
    first, same, second = counts / np.float32(len(pairs))
    return same, first, second


def agreement__loops(votes):
    people, units = len(votes), len(votes[0])
    differ = 0
    for u in range(units):
        for p in range(people):
            for q in range(people):
                differ += p != q and votes[p][u] != votes[q][u]
    observed = differ / (units * people * (people - 1))
    answers = [answer for row in votes for answer in row]
    n, ones = len(answers), sum(answers)
    return 1 - observed / (2 * ones * (n - ones) / (n * (n - 1)))


def agreement__vector(votes):
    votes = np.asarray(votes, dtype=float)
    people, n, share = len(votes), votes.size, votes.mean()
    ones = votes.sum(axis=0)
    observed = (2 * ones * (people - ones)).mean() / (people * (people - 1))
    return 1 - observed / (2 * share * (1 - share) * n / (n - 1))


def agreement__float32(votes):
    """Variance within the pairs over the variance of all answers, both with ddof 1."""
    votes = np.asarray(votes, dtype=np.float32)
    return np.float32(1) - votes.var(axis=0, ddof=1).mean() / votes.var(ddof=1)
