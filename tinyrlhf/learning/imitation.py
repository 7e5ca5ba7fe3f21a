"""Traditional supervised learning: copy given behaviour by maximum likelihood, without any loop through a person."""
import numpy as np

from tinyrlhf.checks import check_finite
from tinyrlhf.learning import rules
from tinyrlhf.nn.optimizers import Adam


def clone(policy, observations, actions, rng, learning_rate=1e-2, steps=300, batch=None):
    """Behaviour cloning, also called SFT: raise the mean log-probability of labelled actions.

    Args:
        observations (N, *O), actions (N,): the labelled set.
        learning_rate: a number, or a function of the share of steps that is left (1 falling to 0).
        steps, batch: Adam steps, and labels in each (None: all of them).
    Returns:
        the mean negative log-likelihood before each step, on the labels of that step, nats per action.
    """
    if not len(actions):
        raise ValueError("clone: expected at least one labelled action, got none")
    if len(actions) != len(observations):
        raise ValueError(f"clone: expected an action for each of {len(observations)} observations, got {len(actions)}")
    check_finite(observations=observations)
    rate = learning_rate if callable(learning_rate) else lambda left: learning_rate
    optimizer, losses = Adam(policy.network.params, rate(1.0)), []
    for step in range(steps):
        optimizer.learning_rate = rate(1.0 - step / steps)
        rows = slice(None) if batch is None else rng.integers(len(actions), size=batch)
        log_probs, cache = policy.log_probs(observations[rows], actions[rows])
        optimizer.step(policy.backward(cache, rules.log_likelihood(np.ones(log_probs.shape))))
        losses.append(-float(log_probs.mean()))
    return losses
