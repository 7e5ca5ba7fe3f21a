"""Traditional supervised learning: copy given behaviour by maximum likelihood; nobody is asked."""
from dataclasses import replace

import numpy as np

from tinyrlhf.checks import check_finite, check_range, check_shapes, check_whole
from tinyrlhf.episodes import log_probs_of
from tinyrlhf.nn.optimizers import Adam
from tinyrlhf.nn.schedules import as_schedule


def clone(policy, observations, actions, rng, learning_rate=1e-2, steps=300, batch=None):
    """Behaviour cloning, also called SFT: raise the mean log-probability of labelled actions.

    Args:
        observations (N, *O), actions (N,) or (N, D): the labelled set.
        learning_rate: a number, or a function of the share of steps that is left (1 falling to 0),
            such as `schedules.linear`.
        steps, batch: Adam steps, and labels in each (None: all of them).
    Returns:
        the mean negative log-likelihood of the labels of each step, before it, nats per action.
    """
    check_finite(observations=observations, actions=actions)
    n_labels, n_observations = len(np.atleast_1d(actions)), len(np.atleast_1d(observations))
    if n_labels != n_observations or not n_labels:
        raise ValueError("actions: expected at least one, and one for each of the observations, "
                         f"got {n_labels} for {n_observations}")
    if np.asarray(actions).dtype.kind in "iu":
        check_shapes(actions=(actions, "N"))
        check_range("actions", np.min(actions), 0, np.inf)  # -1 would be the last action
    check_whole("steps", steps, 0, 1_000_000_000)
    check_whole("batch", 1 if batch is None else batch, 1, 1_000_000_000)
    rate = as_schedule(learning_rate)
    optimizer, losses = Adam(policy.network.params, rate(1.0)), []
    for step in range(steps):
        optimizer.learning_rate = rate(1.0 - step / steps)
        rows = slice(None) if batch is None else rng.integers(len(actions), size=batch)
        log_probs, cache = policy.log_probs(observations[rows], actions[rows])
        optimizer.step(policy.backward(cache, d_log_likelihood(np.ones(log_probs.shape))))
        losses.append(-float(log_probs.mean()))
    return losses


def d_log_likelihood(mask):
    """Imitation: loss = - mean log pi(a_t|s_t) over the demonstrated steps; (B, T)."""
    return -(mask / np.maximum(mask.sum(), 1))


def weigh_tries(answers, actor, imitator, rng, **how):
    """The answers, with a prior for options that a policy has drawn: tries beside a demonstration.

        prior = - log [ (M q(episode) + clone(episode)) / (M + 1) ],     M tries of the policy q

    Weighed by one over the chance of having been drawn, tries and demonstration together estimate
    the sum over all that could have been done. The clone, which copies demonstrations, covers what
    the policy itself would hardly ever do: with q alone such a demonstration would have
    probability 1 before anything is learned.

    Args:
        answers: feedback.answers.Answers; actor, imitator: q and the clone, which is taught here.
        how: what `clone` takes besides.
    Source: Finn, Levine, Abbeel 2016, section 4.
    """
    drawn = np.flatnonzero(answers.drawn)
    shown = answers[drawn]
    clone(imitator, *shown.acted().decisions, rng, **how)
    prior = np.zeros((len(answers), answers.shows.shape[1]))
    for _, members, rows in shown.grouped():
        episodes = shown.episodes[rows.ravel()]
        n_tries = rows.shape[1] - 1
        by_actor = np.log(n_tries) + log_probs_of(actor, episodes)[0]
        by_clone = log_probs_of(imitator, episodes)[0]
        log_mixture = np.logaddexp(by_actor, by_clone) - np.log(n_tries + 1)
        prior[drawn[members], :n_tries + 1] = -log_mixture.reshape(rows.shape)
    return replace(answers, prior=prior)
