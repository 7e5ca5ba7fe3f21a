"""Museum of bugs 9, what_counts: as published, as it is right, and what would have told."""
import numpy as np

from tinyrlhf.teaching import exercise


@exercise("museum.9", minutes=4, hints=[
    "Which symbol says that a text is over, and which one fills the row? Here they are the same.",
    "Padding is known by its place, not by its value.",
    "`np.arange(T) < lengths[:, None]`"])
def what_counts(tokens, lengths):
    """Which tokens are imitated: all of the text, its end mark (0) included, no padding (also 0).

    tokens: (B, T) integers; lengths: (B,), tokens of each text with its end mark. Returns a mask
    (B, T).

    Worked: tokens [[5, 0, 0]] of length 2 give [[True, True, False]].
    """
    return np.arange(tokens.shape[1]) < lengths[:, None]


what_counts.cases = [(np.array([[5, 0, 0]]), np.array([2])),
                     (np.array([[1, 2, 3, 0], [4, 0, 0, 0], [0, 0, 0, 0]]), np.array([4, 2, 1]))]


@what_counts.law("The end mark must count: who never imitates it never learns to stop. Does it?")
def the_end_counts(f):
    return f(np.array([[7, 8, 0, 0]]), np.array([3]))[0, 2]


@what_counts.bug("NVIDIA-NeMo/Megatron-Bridge, pull request 4660; mlabonne/llm-course, issue 33",
                 "Padding is masked by its value, and the end mark, which has the same, with it: "
                 "the model never learns to stop. How else can padding be told?")
def by_value(tokens, lengths):
    return tokens != 0


@what_counts.wrong("Now padding is imitated, too: most of what it learns is to write nothing.")
def everything(tokens, lengths):
    return np.ones(tokens.shape, bool)


@what_counts.right
def row_by_row(tokens, lengths):
    return np.array([[i < length for i in range(tokens.shape[1])] for length in lengths])
