"""Ask: which episodes should a person be shown next?"""
import numpy as np

from tinyrlhf.feedback.records import Questions
from tinyrlhf.numerics import sigmoid


def random_pairs(episodes, n, rng):
    """n pairs of different episodes, drawn at random."""
    if len(episodes) < 2:
        raise ValueError(f"questions: expected at least 2 episodes to choose from, got {len(episodes)}")
    first = rng.integers(len(episodes), size=n)
    second = (first + rng.integers(1, len(episodes), size=n)) % len(episodes)
    return show(episodes[first], episodes[second], rng)


def same_start_pairs(episodes, n, group, rng):
    """n pairs whose two episodes began in the same state: they sit in one group of `group` neighbouring rows."""
    if not 2 <= group <= len(episodes):
        raise ValueError(f"questions: expected groups of 2 to {len(episodes)} episodes from the same start, got {group}")
    start = group * rng.integers(len(episodes) // group, size=n)
    first = rng.integers(group, size=n)
    second = (first + rng.integers(1, group, size=n)) % group
    return show(episodes[start + first], episodes[start + second], rng)


def most_disputed(questions, ensemble, n):
    """The n of these questions on which the members of an ensemble disagree most about who wins.

    Source: Christiano et al. 2017, section 2.2.4 (variance of the predicted preference over the ensemble).
    """
    wins = sigmoid(ensemble.member_scores(questions.first) - ensemble.member_scores(questions.second))                # (M, N)
    return questions[np.sort(np.argsort(-wins.var(axis=0), kind="stable")[:n])]


def show(first, second, rng):
    """Two stacks of episodes as questions; a coin decides which one is shown on the left."""
    return Questions(first, second, rng.random(len(first)) < 0.5)
