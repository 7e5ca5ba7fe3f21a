"""Museum of bugs 7, mean_where: as published, as it is right, and what would have told."""
import numpy as np

from tinyrlhf.teaching import exercise


@exercise("museum.7", minutes=3, hints=[
    "What is the mean of nothing?",
    "A batch in which nothing counts must teach nothing: a loss of 0.",
    "`max(mask.sum(), 1)`"])
def mean_where(losses, mask):
    """The mean loss of the tokens that count; 0 where none does (the answers were cut off).

    losses: (B, T), finite; mask: (B, T). Returns a number.

    Worked: losses [[2, 4, 9]] of which the first two count give 3.
    """
    return (losses * mask).sum() / max(mask.sum(), 1)


mean_where.cases = [(np.array([[2.0, 4.0, 9.0]]), np.array([[True, True, False]])),
                    (np.ones((2, 3)), np.zeros((2, 3), bool)),
                    (np.arange(6.0).reshape(2, 3), np.arange(6).reshape(2, 3) > 3)]


@mean_where.law("A batch in which no token counts must give 0. Does it?")
def nothing_teaches_nothing(f):
    return f(np.ones((2, 2)), np.zeros((2, 2), bool)) == 0


@mean_where.bug("nvidia-cosmos/cosmos-rl, pull request 155; huggingface/trl, issue 6668",
                "Zero divided by zero: a batch whose answers were all cut off gives NaN, and with "
                "the next step every weight is NaN. What should such a batch teach?")
def zero_by_zero(losses, mask):
    return (losses * mask).sum() / mask.sum()


@mean_where.wrong("It divides by all tokens: the more padding, the smaller the loss. By how many "
                  "should it divide?")
def mean_of_all(losses, mask):
    return (losses * mask).mean()


@mean_where.right
def by_choice(losses, mask):
    return float(losses[mask].mean()) if mask.any() else 0.0
