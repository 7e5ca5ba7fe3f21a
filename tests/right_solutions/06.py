"""Right solutions of lesson 06 in different styles, written from the stubs alone; named EXERCISE__style."""
import math

import numpy as np


def pref_prob__loops(score_a, score_b):
    lead = score_a - score_b
    if lead >= 0:
        return 1 / (1 + math.exp(-lead))
    return math.exp(lead) / (1 + math.exp(lead))


def pref_prob__vector(score_a, score_b):
    weights = np.exp(np.array([score_a, score_b], dtype=float) - max(score_a, score_b))
    return weights[0] / weights.sum()


def pref_prob__float32(score_a, score_b):
    lead = np.float32(score_a) - np.float32(score_b)
    small = np.exp(-np.abs(lead))
    return np.float32(1) / (1 + small) if lead >= 0 else small / (1 + small)


def pref_prob__tanh(score_a, score_b):
    return 0.5 * (1 + math.tanh(0.5 * (score_a - score_b)))


def pref_prob__logaddexp(score_a, score_b):
    return np.exp(-np.logaddexp(0.0, score_b - score_a))


def pref_loss__loops(win_scores, lose_scores):
    total = 0.0
    for win, lose in zip(win_scores, lose_scores):
        lead = win - lose
        total += max(-lead, 0.0) + math.log1p(math.exp(-abs(lead)))
    return total / len(win_scores)


def pref_loss__vector(win_scores, lose_scores):
    return np.logaddexp(0.0, lose_scores - win_scores).mean()


def pref_loss__float32(win_scores, lose_scores):
    lead = np.asarray(win_scores, dtype=np.float32) - np.asarray(lose_scores, dtype=np.float32)
    return np.mean(np.maximum(-lead, np.float32(0)) + np.log1p(np.exp(-np.abs(lead))))


def pref_loss__inplace(win_scores, lose_scores):
    surprise = np.array(lose_scores, dtype=float)
    surprise -= win_scores
    np.logaddexp(surprise, 0.0, out=surprise)
    return surprise.sum() / surprise.size


def pref_loss__two_scores(win_scores, lose_scores):
    """log(e^win + e^lose) - win."""
    both = np.stack([win_scores, lose_scores])
    top = both.max(axis=0)
    return float(np.mean(np.log(np.exp(both - top).sum(axis=0)) + top - both[0]))


def pref_loss_grad__loops(scores, wins, losses):
    grad = [0.0] * len(scores)
    for win, lose in zip(wins, losses):
        lead = scores[win] - scores[lose]
        surprise = math.exp(-lead) / (1 + math.exp(-lead)) if lead >= 0 else 1 / (1 + math.exp(lead))
        grad[win] -= surprise / len(wins)
        grad[lose] += surprise / len(wins)
    return np.array(grad)


def pref_loss_grad__vector(scores, wins, losses):
    push = np.exp(-np.logaddexp(0.0, scores[wins] - scores[losses])) / len(wins)
    grad = np.zeros(len(scores))
    np.add.at(grad, losses, push)
    np.subtract.at(grad, wins, push)
    return grad


def pref_loss_grad__float32(scores, wins, losses):
    scores = np.asarray(scores, dtype=np.float32)
    push = np.float32(0.5) * (np.float32(1) - np.tanh(np.float32(0.5) * (scores[wins] - scores[losses])))
    grad = np.zeros(len(scores), np.float32)
    for win, lose, each in zip(wins, losses, push / np.float32(len(wins))):
        grad[win] -= each
        grad[lose] += each
    return grad


def pref_loss_grad__incidence(scores, wins, losses):
    """One row for each vote, +1 at the winner and -1 at the loser: leads are rows @ scores."""
    rows = np.eye(len(scores))[wins] - np.eye(len(scores))[losses]
    return -rows.T @ np.exp(-np.logaddexp(0.0, rows @ scores)) / len(rows)


def pref_loss_grad__bincount(scores, wins, losses):
    n, lead = len(scores), np.asarray(scores, dtype=float)[losses] - np.asarray(scores, dtype=float)[wins]
    small = np.exp(-np.abs(lead))
    lost = np.where(lead >= 0, 1.0, small) / (1 + small)
    return (np.bincount(losses, lost, minlength=n) - np.bincount(wins, lost, minlength=n)) / len(lost)


def pref_loss_grad__table(scores, wins, losses):
    """Votes counted for each pair of items, then one table of chances."""
    n = len(scores)
    votes = np.zeros((n, n))
    np.add.at(votes, (wins, losses), 1)
    pushes = votes * np.exp(-np.logaddexp(0.0, np.subtract.outer(scores, scores)))
    return (pushes.sum(axis=0) - pushes.sum(axis=1)) / votes.sum()


def fit_scores__loops(pairs, n, l2):
    """Gradient descent by hand, on the sum over the votes."""
    scores = [0.0] * n
    most = max(sum(int(i in pair) for pair in pairs) for i in range(n))
    step = 1 / (0.5 * most + l2)
    for _ in range(100_000):
        grad = [l2 * score for score in scores]
        for win, lose in pairs:
            surprise = 1 / (1 + math.exp(scores[win] - scores[lose]))
            grad[win] -= surprise
            grad[lose] += surprise
        scores = [score - step * slope for score, slope in zip(scores, grad)]
        if max(abs(slope) for slope in grad) < 1e-4 * l2:
            break
    return np.array(scores)


def fit_scores__newton(pairs, n, l2):
    pairs = np.asarray(pairs)
    rows = np.eye(n)[pairs[:, 0]] - np.eye(n)[pairs[:, 1]]
    scores = np.zeros(n)
    for _ in range(100):
        lost = 1 / (1 + np.exp(rows @ scores))
        grad = l2 * scores - rows.T @ lost
        scores = scores - np.linalg.solve(rows.T @ (rows * (lost * (1 - lost))[:, None]) + l2 * np.eye(n), grad)
    return scores


def fit_scores__float32(pairs, n, l2):
    pairs = np.asarray(pairs)
    rows = (np.eye(n)[pairs[:, 0]] - np.eye(n)[pairs[:, 1]]).astype(np.float32)
    bound = np.linalg.inv(rows.T @ rows / np.float32(4) + np.float32(l2) * np.eye(n, dtype=np.float32))
    scores = np.zeros(n, np.float32)
    for _ in range(5000):
        scores -= bound @ (np.float32(l2) * scores - rows.T @ (1 / (1 + np.exp(rows @ scores))))
    return scores


def same_model__loops(first, second):
    differences = [a - b for a, b in zip(first, second)]
    return max(differences) - min(differences) <= 1e-6


def same_model__vector(first, second):
    return bool(np.ptp(first - second) <= 1e-6)


def same_model__leads(first, second):
    leads = np.subtract.outer(first, first) - np.subtract.outer(second, second)
    return np.abs(leads).max() <= 1e-6
