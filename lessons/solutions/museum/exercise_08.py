"""Museum of bugs 8, score_of: as published, as it is right, and what would have told."""
import numpy as np

from tinyrlhf.teaching import exercise


@exercise("museum.8", minutes=4, hints=[
    "Two texts of length 2 and 4 in a table of four columns: which entries are meant?",
    "The score stands at the last token of the text, not of the table.",
    "`scores[np.arange(len(scores)), lengths - 1]`"])
def score_of(scores, lengths):
    """The reward model's score of each text: what it says at its last token.

    scores: (B, T), what it says at every token; lengths: (B,) integers, at least 1, at most T; what
    comes after is padding. Returns (B,).

    Worked: scores [[1, 2, 9]] of a text of two tokens give [2].
    """
    return scores[np.arange(len(scores)), lengths - 1]


score_of.cases = [(np.array([[1.0, 2.0, 9.0]]), np.array([2])),
                  (np.arange(12.0).reshape(3, 4), np.array([4, 1, 3]))]


@score_of.law("The same text with more padding must have the same score. Has it?")
def padding_does_not_count(f):
    long, short = np.array([[1.0, 2.0, 7.0]]), np.array([[1.0, 2.0]])
    return f(long, np.array([2]))[0] == f(short, np.array([2]))[0]


@score_of.bug("EleutherAI/gpt-neox, pull request 1285",
              "It reads the last column, which for shorter texts is padding. Where does a text of "
              "`lengths` tokens end?")
def last_column(scores, lengths):
    return scores[:, -1]


@score_of.wrong("One place too far: the last of n tokens has the number n - 1.")
def one_too_far(scores, lengths):
    return scores[np.arange(len(scores)), np.minimum(lengths, scores.shape[1] - 1)]


@score_of.right
def text_by_text(scores, lengths):
    return np.array([row[length - 1] for row, length in zip(scores, lengths)])
