"""Right solutions of lesson 12 in different styles, written from the stubs alone; named EXERCISE__style."""
import itertools
import math
from collections import Counter

import numpy as np


def true_vs_proxy__loops(history):
    best_step, best, last = None, -math.inf, None
    for step, _, felt in history:
        if math.isnan(felt):
            continue
        if felt > best:
            best_step, best = step, felt
        last = felt
    return best_step, best - last


def true_vs_proxy__vector(history):
    asked = history[~np.isnan(history[:, 2])]
    best = asked[:, 2].argmax()
    return asked[best, 0], asked[best, 2] - asked[-1, 2]


def true_vs_proxy__float32(history):
    history = np.asarray(history, dtype=np.float32)
    felt = history[:, 2]
    best = np.nanargmax(felt)
    return history[best, 0], felt[best] - felt[np.flatnonzero(felt == felt)[-1]]


def true_vs_proxy__inplace(history):
    felt = np.array(history, dtype=float)[:, 2]
    felt[np.isnan(felt)] = -np.inf
    best = int(np.argmax(felt))
    return int(history[best][0]), float(felt[best] - felt[np.isfinite(felt)][-1])


def true_vs_proxy__sorted(history):
    asked = [(step, felt) for step, _, felt in np.asarray(history).tolist() if felt == felt]
    step, felt = sorted(asked, key=lambda look: -look[1])[0]
    return step, felt - asked[-1][1]


def entropy__loops(samples):
    total = 0.0
    for word in set(samples):
        share = sum(other == word for other in samples) / len(samples)
        total -= share * math.log(share)
    return total


def entropy__vector(samples):
    shares = np.unique(samples, return_counts=True)[1] / len(samples)
    return -(shares * np.log(shares)).sum()


def entropy__float32(samples):
    counts = np.array(list(Counter(samples).values()), dtype=np.float32)
    shares = counts / counts.sum()
    return np.sum(shares * -np.log(shares))


def entropy__from_counts(samples):
    """log N - mean of log(count), over all words as they come."""
    counts = Counter(samples)
    return math.log(len(samples)) - sum(math.log(counts[word]) for word in samples) / len(samples)


def entropy__groups(samples):
    n = len(samples)
    return math.fsum(count / n * math.log(n / count)
                     for count in (len(list(group)) for _, group in itertools.groupby(sorted(samples))))


def pick_kl_coef__loops(kl_coefs, wins, n_seen):
    best, best_mean = None, -math.inf
    for kl_coef, row in zip(kl_coefs, wins):
        votes = [vote for vote in row[n_seen:] if not math.isnan(vote)]
        if not votes:
            continue
        mean = sum(votes) / len(votes)
        if mean > best_mean or (mean == best_mean and kl_coef > best):
            best, best_mean = kl_coef, mean
    return best


def pick_kl_coef__vector(kl_coefs, wins, n_seen):
    means = np.nanmean(wins[:, n_seen:], axis=1)
    return np.max(kl_coefs[means == np.nanmax(means)])


def pick_kl_coef__float32(kl_coefs, wins, n_seen):
    new = np.asarray(wins, dtype=np.float32)[:, n_seen:]
    answered = ~np.isnan(new)
    means = np.where(answered, new, 0).sum(axis=1, dtype=np.float32) / answered.sum(axis=1).astype(np.float32)
    kl_coefs = np.asarray(kl_coefs, dtype=np.float32)
    return kl_coefs[np.lexsort((kl_coefs, means))[-1]]


def pick_kl_coef__inplace(kl_coefs, wins, n_seen):
    wins = np.array(wins, dtype=float)
    wins[:, :n_seen] = np.nan
    order = np.argsort(kl_coefs)[::-1]
    return float(np.asarray(kl_coefs)[order[np.nanargmax(np.nanmean(wins[order], axis=1))]])


def pick_kl_coef__masked(kl_coefs, wins, n_seen):
    means = np.ma.masked_invalid(wins)[:, n_seen:].mean(axis=1)
    return max(zip(means.filled(-np.inf), kl_coefs))[1]


def conservative__loops(ensemble, x, reference):
    lowest = [math.inf] * len(x)
    for member in ensemble:
        ordinary = [float(score) for score in member(reference)]
        mean = sum(ordinary) / len(ordinary)
        unit = math.sqrt(sum((score - mean) ** 2 for score in ordinary) / len(ordinary))
        for k, score in enumerate(member(x)):
            lowest[k] = min(lowest[k], (score - mean) / unit)
    return np.array(lowest)


def conservative__vector(ensemble, x, reference):
    scores, ordinary = (np.array([member(words) for member in ensemble]) for words in (x, reference))
    return ((scores - ordinary.mean(axis=1, keepdims=True)) / ordinary.std(axis=1, keepdims=True)).min(axis=0)


def conservative__float32(ensemble, x, reference):
    x, reference, lowest = np.asarray(x, dtype=np.float32), np.asarray(reference, dtype=np.float32), None
    for member in ensemble:
        ordinary = np.asarray(member(reference), dtype=np.float32)
        own = (np.asarray(member(x), dtype=np.float32) - ordinary.mean()) / ordinary.std()
        lowest = own if lowest is None else np.minimum(lowest, own)
    return lowest


def two_letter_words():
    letters = "aeioulmnrbdgkpstv"
    for length in range(10, 0, -1):
        for first, second in itertools.product(letters, repeat=2):
            yield (first + second) * (length // 2) + first * (length % 2)
    for first, second in itertools.combinations(letters, 2):
        for length in range(2, 11):
            yield from map("".join, itertools.product(first + second, repeat=length))


def hack__trying(score, words):
    best = max(score(word) for word in words)
    return next(word for word in two_letter_words() if score(word) > best)


def hack__climbing(score, words):
    """For each pair of letters: change one letter, add one, drop one, as long as that helps."""
    best = max(map(score, words))
    for first, second in itertools.combinations("aeioulmnrbdgkpstv", 2):
        for word in ((first + second) * 5, first * 10, second * 10):
            while True:
                near = [word[:k] + letter + word[k + 1:] for k in range(len(word)) for letter in first + second]
                near += [word[:k] + word[k + 1:] for k in range(len(word)) if len(word) > 1]
                near += [word + letter for letter in first + second if len(word) < 10]
                top = max(near, key=score)
                if score(top) <= score(word):
                    break
                word = top
            if score(word) > best:
                return word
    return next(word for word in two_letter_words() if score(word) > best)
