"""Museum of bugs 6, loss_of_parts: as published, as it is right, and what would have told."""
import numpy as np

from tinyrlhf.teaching import exercise


@exercise("museum.6", minutes=4, hints=[
    "Two parts, one of one token, one of nine. How much should each token weigh?",
    "(x1 / n1 + x2 / n2) / 2 is not (x1 + x2) / (n1 + n2).",
    "Sum all losses; divide once."])
def loss_of_parts(parts):
    """The mean loss of a token, when a batch is worked off in parts (gradient accumulation).

    parts: list of arrays, the losses of the tokens of each part; their lengths differ. Returns a
    number: what one large batch would give.

    Worked: [[3], [1, 1, 1]] gives 1.5.
    """
    return np.concatenate(parts).mean()


loss_of_parts.cases = [([np.array([3.0]), np.ones(3)],),
                       ([np.arange(5.0), np.array([7.0, 8.0]), np.array([1.0])],)]


@loss_of_parts.law("In one part or in three, the same tokens must give the same loss. Do they?")
def parts_do_not_matter(f):
    losses = np.array([5.0, 1.0, 2.0, 4.0])
    return np.isclose(f([losses]), f([losses[:1], losses[1:]]))


@loss_of_parts.bug("meta-pytorch/torchtune, pull request 1875",
                   "A mean of means: a token in a short part weighs more than one in a long part. "
                   "What should be divided, and when?")
def mean_of_means(parts):
    return sum(part.mean() for part in parts) / len(parts)


@loss_of_parts.wrong("It is a sum: with more parts the steps grow. It is to be what one large "
                     "batch gives, a mean over all tokens.")
def sum_of_means(parts):
    return sum(part.mean() for part in parts)


@loss_of_parts.right
def sum_by_count(parts):
    return sum(part.sum() for part in parts) / sum(len(part) for part in parts)
