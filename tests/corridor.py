"""A road with a mistake beside it, as exact tables: what compounding errors cost, in closed form."""
import numpy as np


def corridor(mistake):
    """P, R (2, 2, 2), d0 (2,), and the policies of a clone and of DAgger, (2, 2) each.

    State 0 is the road, 1 is beside it, where each step costs 1; action 0 leads to the road, 1 beside it. Both go
    wrong on the road with this probability. The clone has never seen what is beside it, and stays there; DAgger has
    labels from there too, and goes wrong there no more often than on the road.
    """
    P = np.zeros((2, 2, 2))
    P[:, 0, 0] = P[:, 1, 1] = 1.0
    R = np.zeros((2, 2, 2))
    R[:, :, 1] = -1.0
    on_the_road = [1 - mistake, mistake]
    return P, R, np.array([1.0, 0.0]), np.array([on_the_road, [0.0, 1.0]]), np.array([on_the_road, on_the_road])
