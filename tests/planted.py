"""Episodes of planted worth, and answers of every kind about them."""
from dataclasses import replace

import numpy as np

from tinyrlhf.episodes import Episodes, join
from tinyrlhf.feedback.answers import KINDS, join_answers
from tinyrlhf.questions import shown

SHOWN = {"preference": 2, "ranking": 4, "rating": 1, "thumb": 1, "demonstration": 4, "correction": 2, "stop": 4,
         "comment": 3, "credit": 8}                                    # episodes in a question
SAYS = {"preference": 3, "rating": 5, "thumb": 2, "demonstration": 1, "correction": 2, "stop": 4, "comment": 3}


def episodes_worth(returns, T=3):
    """Episodes of T steps with these true returns (B,); their first step is their number, to tell them apart."""
    returns, B = np.asarray(returns, float), len(returns)
    states = np.arange(B)[:, None] + np.zeros((1, T + 1))
    return Episodes(states, states, np.zeros((B, T), int), np.zeros((B, T)), np.ones((B, T), bool), np.zeros(B, bool),
                    np.arange(B), np.repeat(returns[:, None] / T, T, axis=1))


def clips(n, rng, T=6, equal=True, weights=(1.0, -0.5, 0.0)):
    """n clips of random features (n, T+1, 3); the true reward is linear in them."""
    observations = rng.normal(size=(n, T + 1, 3))
    lengths = np.full(n, T) if equal else rng.integers(1, T + 1, size=n)
    mask = np.arange(T) < lengths[:, None]
    return Episodes(observations, observations, np.zeros((n, T), int), np.zeros((n, T)), mask, np.zeros(n, bool),
                    np.zeros(n, int), np.where(mask, observations[:, 1:] @ np.array(weights), 0.0))


def pairs_of(first, second, place=None):
    """Preferences about the first and the second of each pair of episodes."""
    n = np.arange(len(first))
    return shown("preference", join([first, second]), np.stack([n, len(n) + n], axis=1), place)


def questions_of(kind, episodes):
    """Questions of a kind that show these episodes one after the other."""
    return shown(kind, episodes, np.arange(len(episodes)).reshape(-1, SHOWN[kind]))


def anything_said(kind, n, rng):
    """Answers (n, S) of a kind that exist, drawn at random."""
    if kind == "ranking":
        return rng.random((n, SHOWN[kind])).argsort(axis=1)
    if kind == "credit":
        return np.stack([rng.integers(2, size=n), rng.integers(8, size=n)], axis=1)
    return rng.integers(SAYS[kind], size=(n, 1))


def one_of_each(rng, n=6, make=clips, kinds=KINDS):
    """n random answers of each kind in one Answers, in three rounds, with a prior for demonstrations."""
    parts = []
    for kind in kinds:
        answers = questions_of(kind, make(n * SHOWN[kind], rng)).answered(anything_said(kind, n, rng))
        prior = rng.normal(size=(n, SHOWN[kind])) if KINDS[kind].drawn else np.zeros((n, 0))
        parts.append(replace(answers, round=rng.integers(1, 4, size=n), prior=prior))
    return join_answers(parts)
