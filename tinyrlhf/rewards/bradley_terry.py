"""How good is each item, if all we know is who was preferred to whom?

Maximum likelihood scores for plain items. An item with score s has worth e^s. The chance that i is
preferred to j depends on the difference d = s_i - s_j alone:

    win = e^(d/2) / Z      tie = nu / Z      loss = e^(-d/2) / Z      Z = e^(d/2) + nu + e^(-d/2)

With nu = 0 there are no ties, and win = sigmoid(d).
"""
from typing import NamedTuple

import numpy as np

from tinyrlhf.checks import check_indices, check_range, check_shapes, check_whole

MOST_ITEMS = 5000  # the tables below have N**2 entries


class Fit(NamedTuple):
    """What the comparisons say about N items."""
    scores: np.ndarray              # (N,), mean zero
    standard_errors: np.ndarray     # (N,), of the mean-zero scores, from the curvature
    tie_log_nu: float               # log nu; -inf where ties are not modelled
    log_likelihood: float           # of all comparisons, in nats, without the prior


def probabilities(difference, tie_log_nu=-np.inf):
    """Chances that the first item is preferred and that the two tie; difference: first - second.

    Source: Bradley and Terry 1952; the tie is Davidson 1970, eq. 2.1.

    >>> win, tie = probabilities(np.log([1.0, 3.0, 9.0]))
    >>> win
    array([0.5 , 0.75, 0.9 ])
    """
    small, nu = np.exp(-np.abs(difference) / 2), np.exp(tie_log_nu)
    total = 1 + nu * small + small**2  # Z over its largest term
    return np.where(difference >= 0, 1.0, small**2) / total, nu * small / total


def joint_log_likelihood(scores, points, tie_log_nu=-np.inf, n_ties=0):
    """Log-probability of all outcomes.

        sum_ij points_ij (s_i - s_j)/2 + n_ties log(nu) - sum_{i<j} games_ij log(Z_ij)

    scores (N,); points (N, N): what i won against j, a tie being half a point for each.
    """
    difference = scores[:, None] - scores
    small = np.exp(-np.abs(difference) / 2)
    log_rest = np.log1p(small * (small + np.exp(tie_log_nu)))       # exact near zero
    log_win = np.minimum(difference, 0) - log_rest                  # d/2 - log Z
    ties = n_ties * tie_log_nu if n_ties else 0.0
    return float(np.sum(points * log_win) + ties)  # Z_ij = Z_ji: each game counts once


def derivatives(scores, points, tie_log_nu=-np.inf, n_ties=0):
    """Gradient (N+1,) of the log-likelihood and information (N+1, N+1), minus its Hessian.

    The last entry is log nu's. The gradient is what was observed (points of each item; ties) minus
    what the scores expect; the information is the covariance of these counts.
    """
    n, games = len(scores), points + points.T
    win, tie = probabilities(scores[:, None] - scores, tie_log_nu)
    expected = win + tie / 2  # points per game of i against j
    gradient, information = np.empty(n + 1), np.empty((n + 1, n + 1))
    gradient[:n] = (points - games * expected).sum(axis=1)
    gradient[n] = n_ties - np.sum(games * tie) / 2  # each game stands twice
    variance = games * (win + tie / 4 - expected**2)
    information[:n, :n] = np.diag(variance.sum(axis=1)) - variance
    information[:n, n] = (games * tie * (0.5 - expected)).sum(axis=1)
    information[n, :n] = information[:n, n]
    information[n, n] = np.sum(games * tie * (1 - tie)) / 2
    return gradient, information


def fit(first, second, outcome=None, n_items=None, prior=0.0, ties=False):
    """Scores that make the observed comparisons most likely, by Newton's method.

    argmax_s  joint_log_likelihood(s) - prior/2 sum_i s_i^2,    where sum_i s_i = 0

    (with ties=True also over log nu).

    Args:
        first, second: integers (C,), the two items of each comparison, from 0 to n_items - 1.
        outcome: (C,) 1 where the first was preferred, 0 the second, 0.5 both the same; None: always
            the first.
        n_items: N, at most 5000; None: the largest number that occurs, plus one.
        prior: precision (1/variance) of a Gaussian prior on each score; it makes scores finite.
        ties: model ties (Davidson); otherwise a tie is half a win for each.
    Raises:
        ValueError: bad input; or no finite maximum exists: then it names what is missing.
    Source: Zermelo 1929; Bradley and Terry 1952; Ford 1957 (when a finite maximum exists);
        Davidson 1970 (ties).
    Departs from the source: Newton's method instead of their fixed-point iteration, the prior, and
        with ties the condition for a finite maximum (`check_wins_outnumber_ties`).
    """
    first, second, outcome, n = check_comparisons(first, second, outcome, n_items)
    check_range("prior", prior, 0, 1e12)
    points, n_ties = tally(first, second, outcome, n)
    if prior == 0:
        check_connected(points)
    if not ties:
        n_ties = 0  # half wins, and no more
    elif not 0 < n_ties < len(outcome):
        raise ValueError("outcome: expected some ties and some preferences, got "
                         f"{n_ties} ties in {len(outcome)}; pass ties=False")
    elif prior == 0:
        check_wins_outnumber_ties(first, second, outcome, n)
    scores, log_nu, information = maximise(points, prior, n_ties)
    covariance = np.linalg.inv(information)
    gauge = covariance[:n, :n].mean()  # adds the same everywhere
    errors = np.sqrt(np.maximum(np.diag(covariance)[:n] - gauge, 0))
    return Fit(scores, errors, log_nu, joint_log_likelihood(scores, points, log_nu, n_ties))


def tally(first, second, outcome, n):
    """Points (N, N) that each item won against each other, half a one for a tie; number of ties."""
    pair_and_outcome = (first * n + second) * 3 + (2 * outcome).astype(np.intp)
    counts = np.bincount(pair_and_outcome, minlength=3 * n * n).reshape(n, n, 3)
    second_won, same, first_won = np.moveaxis(counts, 2, 0)
    return first_won + second_won.T + (same + same.T) / 2, int(same.sum())


def maximise(points, prior, n_ties):
    """Newton's method -> scores (N,), log nu (-inf without ties), information at the maximum."""
    n = len(points)
    size = n + (n_ties > 0)  # is log nu a parameter?
    parameters = np.append(np.zeros(n), 0.0 if n_ties else -np.inf)

    def objective(parameters):
        scores = parameters[:n]
        penalty = prior / 2 * scores @ scores
        return joint_log_likelihood(scores, points, parameters[n], n_ties) - penalty

    value = objective(parameters)
    for _ in range(100):
        gradient, information = derivatives(parameters[:n], points, parameters[n], n_ties)
        gradient[:n] -= prior * parameters[:n]
        information[:n, :n] += prior * np.eye(n) + 1 / n  # 1/n holds the mean at zero
        step = np.zeros(n + 1)
        try:
            step[:size] = np.linalg.solve(information[:size, :size], gradient[:size])
        except np.linalg.LinAlgError:  # flat: the maximum is at infinity
            break
        if np.abs(step).max() < 1e-7:  # the last step squares the error
            scores = parameters[:n] + step[:n]
            log_nu = float(parameters[n] + step[n])
            return scores - scores.mean(), log_nu, information[:size, :size]
        while (better := objective(parameters + step)) < value - 1e-10 * max(1.0, abs(value)):
            step /= 2  # overshot
        parameters, value = parameters + step, better
    raise ValueError("comparisons: no finite scores fit best, they keep growing; "
                     "pass a prior (0.1, or larger than now)")


def check_comparisons(first, second, outcome, n_items):
    """Refuse what is no list of comparisons; returns first, second (C,) int, outcome (C,), N."""
    first, second = np.asarray(first), np.asarray(second)
    outcome = np.ones(first.shape) if outcome is None else np.asarray(outcome)
    check_shapes(first=(first, "C"), second=(second, "C"), outcome=(outcome, "C"))
    if len(first) == 0:
        raise ValueError("comparisons: expected at least one, got none")
    if n_items is not None:
        check_whole("n_items", n_items, 2, MOST_ITEMS)
    for name, items in {"first": first, "second": second}.items():
        check_indices(name, items, n_items or MOST_ITEMS)
    itself = first == second
    if itself.any():
        wrong = itself.argmax()
        raise ValueError("comparisons: expected two different items, "
                         f"got {first[wrong]} against itself at index {wrong}; leave it out")
    known = (outcome == 1) | (outcome == 0) | (outcome == 0.5)
    if not known.all():
        wrong = known.argmin()
        raise ValueError("outcome: expected 1 (first), 0 (second) or 0.5 (same), "
                         f"got {outcome[wrong]} at index {wrong}")
    n = n_items or int(max(first.max(), second.max())) + 1
    return first.astype(np.intp), second.astype(np.intp), outcome.astype(float), n


def check_connected(points):
    """Finite scores need, for every split of the items in two groups, a point for each group.

    Source: Ford 1957: equivalently, from any item a chain "beat or tied with" leads to any other.
    """
    met = points + points.T > 0
    for edges, verb, other_way in ((met, "met", "met"), (points > 0, "won against", "lost to"),
                                   (points.T > 0, "lost to", "won against")):
        reached = np.arange(len(points)) == 0
        newly = reached
        while newly.any():
            newly = edges[newly].any(axis=0) & ~reached
            reached = reached | newly
        if not reached.all():  # no chain leads out of here
            group = reached
            if 2 * reached.sum() > len(reached):
                group, verb = ~reached, other_way  # name the smaller group
            items = np.flatnonzero(group)
            names = ("items " if len(items) > 1 else "item ") + ", ".join(map(str, items[:10]))
            more = f" and {len(items) - 10} more" if len(items) > 10 else ""
            raise ValueError(f"comparisons: no finite scores without a prior, since {names}{more} "
                             f"never {verb} the others; pass prior=0.1, or ask about them")


def check_wins_outnumber_ties(first, second, outcome, n):
    """A finite log nu needs a closed chain "beat or tied with" that has more wins than ties.

    Otherwise scores exist with s_i - s_j >= 1 where i beat j, and |s_i - s_j| <= 1 where they tied,
    and multiplying them, with log nu = 1/2, by ever larger numbers makes nothing less likely: these
    difference constraints can be met if no cycle is negative whose wins count -1 and ties +1.
    Bellman and Ford's search from item 0; the items are connected (`check_connected`).
    """
    won, tied = np.zeros((2, n, n), bool)
    won[first[outcome == 1], second[outcome == 1]] = True
    won[second[outcome == 0], first[outcome == 0]] = True
    tied[first[outcome == 0.5], second[outcome == 0.5]] = True
    cost = np.select([won, tied | tied.T], [-1.0, 1.0], np.inf)
    least = np.where(np.arange(n) == 0, 0.0, np.inf)  # of all chains from item 0
    for _ in range(n):
        before, least = least, np.minimum(least, (least[:, None] + cost).min(axis=0))
        if least[0] < 0:
            return
        if np.array_equal(least, before):
            raise ValueError("comparisons: no finite scores and log nu without a prior, since no "
                             "closed chain of items has more wins than ties; pass prior=0.1 or "
                             "ties=False, or compare pairs again that were preferred one way")
