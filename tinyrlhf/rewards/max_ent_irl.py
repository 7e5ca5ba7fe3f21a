"""What does somebody want, if this is how they act? A reward for each cell, from demonstrations."""
import numpy as np

from tinyrlhf.checks import check_range, check_whole
from tinyrlhf.episodes import in_columns
from tinyrlhf.exact.horizon import demonstration_loss
from tinyrlhf.nn.networks import Table
from tinyrlhf.nn.optimizers import Adam


def max_ent_irl(P, demonstrations, horizon, prior=1.0, learning_rate=0.1, steps=300):
    """Maximum-entropy inverse reinforcement learning, with the exact partition function.

        min_r  - 1/N sum_n log P(demonstration n | r) + prior / (2 N) |r|^2

    At the minimum the soft best policy of r enters each cell as often as the demonstrations do, but
    for prior * r / N: feature counts match.

    Args:
        P: (S, A, S); demonstrations: N `episodes.Episodes` whose states are cells.
        horizon: how many steps an episode may have.
        prior: precision of a Gaussian around 0; learning_rate, steps: Adam's.
    Returns:
        r (S,) for entering a cell, in units of the person's noise; the loss of each step, in nats.
    Source: Ziebart, Maas, Bagnell, Dey 2008; with chance Ziebart, Bagnell, Dey 2010.
    """
    if not len(demonstrations):
        raise ValueError("demonstrations: expected at least one, got none")
    check_whole("horizon", horizon, int(demonstrations.lengths.max()), 1_000_000)
    check_range("prior", prior, 0, 1e9)
    check_whole("steps", steps, 1, 1_000_000)
    shown, network = in_columns(demonstrations, horizon), Table(len(P), 1)
    optimizer, losses = Adam(network.params, learning_rate), []
    r, precision = network.params.vector, prior / len(shown)
    inside = ~absorbing(P)
    for _ in range(steps):
        loss, d_rewards = demonstration_loss(P, rewards_on_entering(P, r), shown.states,
                                             shown.actions, shown.mask)
        grads = network.params.like()
        grads.vector[:] = d_rewards[inside].sum(axis=(0, 1)) + precision * r
        optimizer.step(grads)
        losses.append(loss + precision / 2 * float(r @ r))
    return r.copy(), losses


def rewards_on_entering(P, r):
    """Rewards (S, A, S) of a game that pays r (S,) for the cell entered; nothing after an end."""
    return np.broadcast_to(np.where(absorbing(P)[:, None, None], 0.0, r), np.shape(P))


def absorbing(P):
    """Which cells cannot be left, (S,) bool."""
    cells = np.arange(len(P))
    return (np.asarray(P)[cells, :, cells] == 1).all(axis=1)
