"""Right solutions of lesson 01 in different styles, written from the stubs alone; named EXERCISE__style."""
import math

import numpy as np


def softmax__loops(prefs):
    top = max(prefs)
    weights = [math.exp(pref - top) for pref in prefs]
    total = sum(weights)
    return np.array([weight / total for weight in weights])


def softmax__vector(prefs):
    weights = np.exp(prefs - np.max(prefs))
    return weights / weights.sum()


def softmax__float32(prefs):
    prefs = np.asarray(prefs, dtype=np.float32)
    weights = np.exp(prefs - prefs.max())
    return weights / weights.sum()


def softmax__inplace(prefs):
    probs = np.array(prefs, dtype=float)
    probs -= probs.max()
    np.exp(probs, out=probs)
    probs /= probs.sum()
    return probs


def softmax__logaddexp(prefs):
    return np.exp(prefs - np.logaddexp.reduce(prefs))


def softmax__pairwise(prefs):
    """One over the sum of how often each other move comes for one of this."""
    prefs = np.asarray(prefs, dtype=float)
    leads = np.minimum(prefs[None, :] - prefs[:, None], 700.0)
    return 1.0 / np.exp(leads).sum(axis=1)


def choose__loops(probs, rng):
    u, last = rng.random(), 0
    for a in range(len(probs)):
        if probs[a] > 0:
            last = a
        u -= probs[a]
        if u < 0:
            return a
    return last


def choose__vector(probs, rng):
    return int(rng.choice(len(probs), p=probs))


def choose__float32(probs, rng):
    ends = np.cumsum(np.asarray(probs, dtype=np.float32), dtype=np.float32)
    a = np.searchsorted(ends, rng.random(dtype=np.float32), side="right")
    return min(a, np.flatnonzero(probs)[-1])


def choose__inplace(probs, rng):
    ends = np.array(probs, dtype=float)
    np.cumsum(ends, out=ends)
    ends /= ends[-1]
    return int((ends <= rng.random()).sum())


def choose__gumbel(probs, rng):
    with np.errstate(divide="ignore"):
        return np.argmax(np.log(probs) + rng.gumbel(size=len(probs)))


def choose__multinomial(probs, rng):
    return np.argmax(rng.multinomial(1, probs))


def choose__one_question_each(probs, rng):
    """This one, given that it was none of those before?"""
    rest, last = 1.0, 0
    for a, prob in enumerate(probs):
        if prob > 0:
            last = a
            if rng.random() * rest < prob:
                return a
        rest -= prob
    return last


def nudge__loops(prefs, action, thumb, lr):
    top = max(prefs)
    weights = [math.exp(pref - top) for pref in prefs]
    new = []
    for a, pref in enumerate(prefs):
        slope = (1.0 if a == action else 0.0) - weights[a] / sum(weights)
        new.append(pref + lr * thumb * slope)
    return np.array(new)


def nudge__vector(prefs, action, thumb, lr):
    probs = np.exp(prefs - np.max(prefs))
    probs = probs / probs.sum()
    return prefs + lr * thumb * (np.eye(len(prefs))[action] - probs)


def nudge__float32(prefs, action, thumb, lr):
    prefs = np.asarray(prefs, dtype=np.float32)
    weights = np.exp(prefs - prefs.max())
    onehot = (np.arange(len(prefs)) == action).astype(np.float32)
    return prefs + np.float32(lr * thumb) * (onehot - weights / weights.sum())


def nudge__inplace(prefs, action, thumb, lr):
    new = np.array(prefs, dtype=float)
    weights = np.exp(new - new.max())
    new -= lr * thumb * weights / weights.sum()
    new[action] += lr * thumb
    return new


def nudge__complex_step(prefs, action, thumb, lr):
    """The slope as the imaginary part of log(chance) at preferences moved by a tiny imaginary step."""
    prefs = np.asarray(prefs, dtype=float)
    moved = prefs - prefs.max() + 1e-30j * np.eye(len(prefs))
    slope = (moved[:, action] - np.log(np.exp(moved).sum(axis=1))).imag / 1e-30
    return prefs + lr * thumb * slope


def nudge__logaddexp(prefs, action, thumb, lr):
    probs = np.exp(prefs - np.logaddexp.reduce(prefs))
    slope = np.where(np.arange(len(prefs)) == action, 1 - probs, -probs)
    return np.add(prefs, np.multiply(lr * thumb, slope))


def fixed_labels_vs_feedback__loops(changes_at, rounds, rng):
    shares = []
    for learns_on in (False, True):
        prefs, liked_moves = [0.0] * 6, 0
        for number in range(rounds):
            weights = [math.exp(pref - max(prefs)) for pref in prefs]
            probs = [weight / sum(weights) for weight in weights]
            u, action = rng.random(), 0
            while action < 5 and u >= probs[action]:
                u -= probs[action]
                action += 1
            liked = action in ((1, 4) if number < changes_at else (0, 2))
            if number >= changes_at:
                liked_moves += liked
            if learns_on or number < changes_at:
                thumb = 1 if liked else -1
                prefs = [0.95 * (prefs[a] + 0.5 * thumb * ((a == action) - probs[a])) for a in range(6)]
        shares.append(liked_moves / (rounds - changes_at))
    return tuple(shares)


def fixed_labels_vs_feedback__float32(changes_at, rounds, rng):
    """Both robots side by side."""
    prefs, liked_moves = np.zeros((2, 6), np.float32), np.zeros(2, np.float32)
    for number in range(rounds):
        probs = np.exp(prefs)
        probs /= probs.sum(axis=1, keepdims=True)
        actions = (probs.cumsum(axis=1)[:, :-1] <= rng.random((2, 1))).sum(axis=1)
        liked = np.isin(actions, (1, 4) if number < changes_at else (0, 2))
        thumbs = np.where(liked, 1, -1).astype(np.float32)
        learned = np.float32(0.95) * (prefs + 0.5 * thumbs[:, None] * (np.eye(6, dtype=np.float32)[actions] - probs))
        if number < changes_at:
            prefs = learned
        else:
            prefs[1] = learned[1]
            liked_moves += liked
    old, feedback = liked_moves / np.float32(rounds - changes_at)
    return old, feedback
