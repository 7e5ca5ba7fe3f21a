"""Improve without a reward model: by what people chose (DPO, IPO), or by copying the best.

The log-ratio of an answer is log pi(answer) - log ref(answer), summed over its steps: what the
policy likes more than the reference did. kl_coef times it is the score of the answer: the policy
is its own reward model.
"""
import numpy as np

from tinyrlhf.checks import check_finite, check_range, check_shapes, check_whole
from tinyrlhf.episodes import log_probs_of, rollout, start_in_groups
from tinyrlhf.learning.advantages import in_groups
from tinyrlhf.learning.imitation import clone
from tinyrlhf.nn.optimizers import Adam, clip_gradient
from tinyrlhf.nn.schedules import as_schedule
from tinyrlhf.rewards.choice import ABSENT, choices_loss
from tinyrlhf.rewards.habits import Habits


def dpo(blocks, log_ratios, kl_coef, habits=None):
    """Direct preference optimisation: the one likelihood, with c * log-ratio as score.

        two options:  loss = - mean [ p log sigmoid(c h) + (1 - p) log sigmoid(-c h) ]
                      h = log-ratio of the first - log-ratio of the second

    Args:
        blocks: feedback.answers.Choices; of rankings read in turn this is Plackett-Luce DPO. From
            shares 1 and 0 alone h may grow for ever; 1 - s and s smooth labels, of which a share s
            may be slips.
        log_ratios: (R,) of the answers that the blocks name.
        kl_coef: c, the price of a nat, 0.05 to 1.
        habits: of people, where these are learned too.
    Returns loss (nats), d_log_ratios (R,), d_habits.
    Source: Rafailov et al. 2023, eq. 7; rankings: appendix A.3.
    """
    check_range("kl_coef", kl_coef, 0, 1e9)
    check_log_ratios(np.maximum(log_ratios, ABSENT))
    loss, d_scores, d_habits = choices_loss(blocks, kl_coef * log_ratios, habits)
    return loss, kl_coef * d_scores, d_habits  # score = c * log-ratio


def ipo(blocks, log_ratios, kl_coef, habits=None):
    """Identity preference optimisation: loss = mean (h - (2 p - 1) / (2 c))**2.

    The goal of h is finite, however sure the choice. Arguments and returns as `dpo`, but all
    choices are between two episodes.
    Source: Azar et al. 2023, eq. 17, with shares p instead of choices.
    Departs from common code (TRL): h sums over the steps of an answer, which they average.
    """
    check_range("kl_coef", kl_coef, 1e-9, 1e9)
    check_log_ratios(log_ratios)
    loss = 0.0
    d_log_ratios = np.zeros(len(log_ratios))
    n_choices = sum(len(block.answer) for block in blocks)
    for block in blocks:
        if not np.array_equal(block.weights, np.eye(2)):
            raise ValueError(f"ipo: expected choices between two episodes, got a {block.kind} with "
                             f"{len(block.weights)} options; try dpo")
        first, second = block.rows.T
        goal = (2 * block.shares[:, 0] - 1) / (2 * kl_coef)
        gap = log_ratios[first] - log_ratios[second] - goal
        loss += float((gap ** 2).sum() / n_choices)
        slope = 2 * gap / n_choices  # d mean gap^2 / d h
        d_log_ratios += np.bincount(first, slope, len(log_ratios))
        d_log_ratios -= np.bincount(second, slope, len(log_ratios))
    return loss, d_log_ratios, None


def check_log_ratios(log_ratios):
    check_shapes(log_ratios=(log_ratios, "R"))
    check_finite(log_ratios=log_ratios)


def prefer(policy, reference, answers, rng, loss=dpo, kl_coef=0.1, learning_rate=1e-3, steps=300,
           batch=64, max_grad_norm=np.inf, shares=None, readings=None, on_step=None):
    """Train a policy on what people chose among whole answers; no new answers are drawn.

    Args:
        policy, reference: improved in place; frozen, usually a copy of it.
        answers: feedback.answers.Answers of any kinds; those that say nothing are left out.
        loss: `dpo`, `ipo` or a function like them; kl_coef: its price of a nat.
        learning_rate: a number, or a schedule.
        steps, batch: Adam steps, and answers drawn for each (None: all of them).
        shares: (N, K) of the options of each answer instead of 1 for what was chosen.
        readings: as in `RewardModel`; on_step: function (step, row), called after each.
    Returns a row for each step: loss, and the mean log-ratio of the `chosen` and of the `rejected`
    options. Both may fall together.
    """
    said = np.flatnonzero(answers.judged)
    if not len(said):
        raise ValueError(f"answers: expected one that says something, got {len(answers)} others")
    check_range("kl_coef", kl_coef, 1e-3, 1e6)
    check_range("max_grad_norm", max_grad_norm, 0, np.inf)
    check_whole("steps", steps, 0, 1_000_000_000)
    check_whole("batch", 1 if batch is None else batch, 1, 10_000_000)
    check_range("learning_rate", as_schedule(learning_rate)(1.0), 0, 1e3)
    if shares is not None:
        check_shapes(shares=(shares, f"{len(answers)} K"))
        lowest, sums = np.min(shares), np.sum(shares, axis=1)
        if lowest < 0 or not np.allclose(sums, 1.0):
            raise ValueError("shares: expected rows of numbers from 0 to 1 that sum to 1; got sums "
                             f"from {sums.min()} to {sums.max()} and {lowest} as the smallest")
    n_choices = sum(len(block.answer) for block in answers.choices(said, readings)[1])
    episodes = answers.episodes
    parts = [episodes[row:row + 256] for row in range(0, len(episodes), 256)]
    at_reference = np.concatenate([log_probs_of(reference, part)[0] for part in parts])
    rate = as_schedule(learning_rate)
    optimizer = Adam(policy.network.params, rate(1.0))
    habits = Habits()
    history = []
    for step in range(steps):
        optimizer.learning_rate = rate(1.0 - step / steps)
        chosen = said if batch is None else rng.choice(said, batch)
        rows, blocks = answers.choices(chosen, readings)
        if shares is not None:
            blocks = [block._replace(shares=shares[block.answer]) for block in blocks]
        shown = episodes[rows]
        log_probs, cache = log_probs_of(policy, shown)
        ratios = log_probs - at_reference[rows]
        value, d_ratios, d_habits = loss(blocks, ratios, kl_coef, habits)
        grads = policy.backward(cache, np.repeat(d_ratios, shown.lengths))  # d sum = 1
        clip_gradient(grads, max_grad_norm)
        optimizer.step(grads)
        if d_habits is not None:
            habits.step(d_habits, n_choices)
        history.append({"loss": float(value), **chosen_and_rejected(blocks, ratios)})
        if on_step:
            on_step(step, history[-1])
    return history


def chosen_and_rejected(blocks, ratios):
    """Mean log-ratio of the options that were chosen, and of the others."""
    chosen, rejected = [], []
    for block in blocks:
        worth = ratios[block.rows] @ block.weights.T  # (c, K)
        others = (1 - block.shares) / (block.shares.shape[1] - 1)
        chosen.append((worth * block.shares).sum(axis=1))
        rejected.append((worth * others).sum(axis=1))
    return {"chosen": float(np.concatenate(chosen).mean()),
            "rejected": float(np.concatenate(rejected).mean())}


def rows_of_best(scores, group):
    """Rejection sampling: the row of the best score in each group, (B,) -> (B / group,).

    >>> rows_of_best(np.array([1.0, 3.0, 2.0, 0.0]), group=2)
    array([1, 2])
    """
    groups = in_groups(scores, group)
    return groups.argmax(axis=1) + group * np.arange(len(groups))


def clone_best(game, policy, score, rng, starts=64, group=8, **how):
    """One round of expert iteration: draw `group` answers from each start, clone the best by score.

    score: function episodes -> (B,); how: what `clone` takes besides.
    Returns the mean score of all answers, and of those that were cloned.
    Source: Anthony, Tian, Barber 2017; for language models Dong et al. 2023 (RAFT).
    """
    answers = rollout(game, policy, start_in_groups(game, starts * group, group, rng), rng)
    scores = score(answers)
    best = rows_of_best(scores, group)
    clone(policy, *answers[best].decisions, rng, **how)
    return float(scores.mean()), float(scores[best].mean())
