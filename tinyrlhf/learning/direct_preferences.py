"""Improve without a reward model: from comparisons straight to the policy (DPO, IPO), and from scores by copying the best of several.

The log-ratio of an answer is log pi(answer) - log ref(answer), summed over its steps: what the policy likes more than the reference did.
"""
import numpy as np

from tinyrlhf.checks import check_range, check_shapes
from tinyrlhf.episodes import rollout, start_in_groups
from tinyrlhf.learning.advantages import in_groups
from tinyrlhf.learning.imitation import clone
from tinyrlhf.nn.optimizers import Adam, clip_gradient
from tinyrlhf.rewards.choice import preference_loss


def dpo(first, second, labels, kl_coef):
    """Direct preference optimisation: Bradley-Terry, with kl_coef times the log-ratio of an answer as its score.

        loss = - mean [ p log sigmoid(c h) + (1 - p) log sigmoid(-c h) ],    h = first - second

    Args:
        first, second: (N,), log-ratios of the two answers of each pair.
        labels: (N,), p, the share of the first: 1 or 0 for a choice, 1 - s or s where a share s may be slips (label smoothing), 1/2 for
            "same", or the exact probability of the choice. From 1 and 0 alone h may grow for ever, whatever the leash.
        kl_coef: c, the leash, 0.05 to 1.
    Returns loss (nats), d_first (N,), d_second (N,). Source: Rafailov et al. 2023, eq. 7.
    """
    loss, d_first, d_second = preference_loss(kl_coef * first, kl_coef * second, labels)
    return loss, kl_coef * d_first, kl_coef * d_second                 # score = c * log-ratio


def ipo(first, second, labels, kl_coef):
    """Identity preference optimisation: loss = mean (h - (2 p - 1) / (2 c))**2. The goal of h is finite, however sure the choice.

    Arguments and returns as `dpo`. Source: Azar et al. 2023, eq. 17, with shares p instead of choices.
    """
    gap = first - second - (2 * labels - 1) / (2 * kl_coef)
    slope = 2 * gap / len(gap)                                         # d mean gap^2 / d first
    return float(np.mean(gap ** 2)), slope, -slope


def prefer(policy, reference, comparisons, rng, loss=dpo, kl_coef=0.1, labels=None, learning_rate=1e-3, steps=300, batch=64,
           max_grad_norm=np.inf, on_step=None):
    """Train a policy on comparisons of whole answers: no reward model, and no new answers are drawn.

    Args:
        policy, reference: improved in place; frozen, usually a copy of it.
        comparisons: feedback.records.Comparisons; loss: `dpo`, `ipo` or a function like them; kl_coef: its leash.
        labels: (N,), share of the first of each pair; None: as answered, and pairs that nobody judged are left out.
        learning_rate: a number, or a function of the share of steps that is left (1 falling to 0).
        steps, batch: Adam steps, and pairs drawn for each (None: all of them); on_step: function (step, row), called after each.
    Returns a row for each step: loss, and the mean log-ratio of the `chosen` and of the `rejected` answers. Both may fall together.
    """
    if labels is None:
        comparisons = comparisons.judged
        labels = comparisons.labels
    n, answers = len(comparisons), comparisons.both()
    check_shapes(labels=(labels, f"{n}"))
    wrong = np.flatnonzero(~((labels >= 0) & (labels <= 1)))
    if not n or wrong.size:
        raise ValueError("labels: expected at least one share from 0 to 1, got " + (f"{labels[wrong[0]]} at {wrong[0]}" if n else "none"))
    check_range("kl_coef", kl_coef, 1e-3, 1e6)
    at_reference = np.concatenate([answer_log_probs(reference, answers[row:row + 256])[0] for row in range(0, 2 * n, 256)])
    rate = learning_rate if callable(learning_rate) else lambda left: learning_rate
    optimizer, history = Adam(policy.network.params, rate(1.0)), []
    for step in range(steps):
        optimizer.learning_rate = rate(1.0 - step / steps)
        pairs = np.arange(n) if batch is None else rng.integers(n, size=batch)
        rows = np.concatenate([pairs, pairs + n])                      # both sides of each pair, in one batch
        shown, share = answers[rows], labels[pairs]
        log_probs, cache = answer_log_probs(policy, shown)
        ratios = np.split(log_probs - at_reference[rows], 2)
        value, *slopes = loss(*ratios, share, kl_coef)
        grads = policy.backward(cache, np.repeat(np.concatenate(slopes), shown.lengths))     # d answer / d step = 1
        clip_gradient(grads, max_grad_norm)
        optimizer.step(grads)
        chosen, rejected = np.where(share < 0.5, ratios[::-1], ratios).mean(axis=1)
        history.append({"loss": float(value), "chosen": float(chosen), "rejected": float(rejected)})
        if on_step:
            on_step(step, history[-1])
    return history


def answer_log_probs(policy, episodes):
    """log pi of whole answers (B,), the sum over the steps that were played, and the cache for `Policy.backward`."""
    log_probs, cache = policy.log_probs(*episodes.decisions)
    return episodes.as_table(log_probs).sum(axis=1), cache


def best_of_n(scores, group):
    """Rejection sampling: the row of the best score in each group of neighbours, (B,) -> (B / group,).

    >>> best_of_n(np.array([1.0, 3.0, 2.0, 0.0]), group=2)
    array([1, 2])
    """
    groups = in_groups(scores, group)
    return groups.argmax(axis=1) + group * np.arange(len(groups))


def clone_best(game, policy, score, rng, starts=64, group=8, **how):
    """One round of expert iteration: draw `group` answers from each of `starts` starts, keep the best by score, clone them.

    score: function episodes -> (B,); how: what `clone` takes besides. Returns the mean score of all answers, and of those kept.
    Source: Anthony, Tian, Barber 2017; for language models Dong et al. 2023 (RAFT).
    """
    answers = rollout(game, policy, start_in_groups(game, starts * group, group, rng), rng)
    scores = score(answers)
    kept = best_of_n(scores, group)
    clone(policy, *answers[kept].decisions, rng, **how)
    return float(scores.mean()), float(scores[kept].mean())
