"""Museum of bugs 12, critic_slope: as published, as it is right, and what would have told."""
import numpy as np

from tinyrlhf.teaching import exercise


@exercise("museum.12", minutes=4, hints=[
    "Print the shape of the difference.",
    "(N,) minus (N, 1) is (N, N): each value is compared with every return.",
    "`returns[:, 0]`"])
def critic_slope(values, returns):
    """The derivative of the mean of (value - return)**2 / 2 by each value.

    values: (N,), as the network gives them; returns: (N, 1), as the buffer has them. Returns (N,).

    Worked: values [1, 2] and returns [[1], [4]] give [0, -1].
    """
    return (values - returns[:, 0]) / len(values)


critic_slope.cases = [(np.array([1.0, 2.0]), np.array([[1.0], [4.0]])),
                      (np.array([3.0, 0.0, -1.0]), np.array([[1.0], [2.0], [7.0]]))]


@critic_slope.law("Where every value equals its return there is nothing to learn: the slope must "
                  "be 0. Is it?")
def no_error_no_slope(f):
    return np.allclose(f(np.array([1.0, 5.0]), np.array([[1.0], [5.0]])), 0)


@critic_slope.bug("RLinf/RLinf, issue 1568; RITCHIEHuang/DeepRL_Algorithms, issue 13",
                  "Each value is compared with the return of every state in the batch, so all of "
                  "them learn the mean. What is the shape of values - returns?")
def all_against_all(values, returns):
    return (values - returns).mean(axis=0) / len(values)


@critic_slope.wrong("The sign is reversed: a value above its return must be pushed down, so its "
                    "slope is positive.")
def reversed_sign(values, returns):
    return (returns[:, 0] - values) / len(values)


@critic_slope.right
def by_ravel(values, returns):
    return (values - returns.ravel()) / values.size
