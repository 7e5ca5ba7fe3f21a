"""How good is each item, if all we know is who was preferred to whom?

Maximum likelihood scores for plain items. An item with score s has worth e^s. The chance that i,
shown first, is preferred to j depends on d = s_i - s_j + h alone:

    win = e^(d/2) / Z      tie = nu / Z      loss = e^(-d/2) / Z      Z = e^(d/2) + nu + e^(-d/2)

With nu = 0 there are no ties, and win = sigmoid(d). h is the effect of the position, as to play at
home; 0 unless asked for.
"""
from collections import namedtuple
from typing import NamedTuple

import numpy as np

from tinyrlhf.checks import check_finite, check_indices, check_range, check_shapes, check_whole
from tinyrlhf.numerics import as_floats

MOST_ITEMS = 5000  # the tables below have N**2 entries


class Fit(NamedTuple):
    """What the comparisons say about N items."""
    scores: np.ndarray              # (N,), mean zero
    standard_errors: np.ndarray     # (N,), of the mean-zero scores, from the curvature
    tie_log_nu: float               # log nu; -inf where ties are not modelled
    log_likelihood: float           # of all comparisons, in nats, without the prior
    position: float                 # h; 0 where it is not modelled
    covariance: np.ndarray          # (N+2, N+2) of scores, log nu, h; 0 for what is not modelled

    def contrast(self, i, j):
        """Score of i minus score of j, and the standard error of this difference."""
        c = self.covariance
        return self.scores[i] - self.scores[j], np.sqrt(c[i, i] + c[j, j] - 2 * c[i, j])


LinearFit = namedtuple("LinearFit", ("weights", *Fit._fields[1:]))  # of D features


def probabilities(difference, tie_log_nu=-np.inf):
    """Chances that the first item is preferred and that the two tie; difference: first - second.

    Source: Bradley and Terry 1952; the tie is Davidson 1970, eq. 2.1.

    >>> win, tie = probabilities(np.log([1.0, 3.0, 9.0]))
    >>> win
    array([0.5 , 0.75, 0.9 ])
    """
    likelier, tie, other = outcomes(difference, tie_log_nu)
    return np.where(difference >= 0, likelier, other), tie


def outcomes(difference, tie_log_nu):
    """Chances of the likelier preference, a tie and the other preference."""
    small, nu = np.exp(-np.abs(difference) / 2), np.exp(tie_log_nu)
    total = 1 + nu * small + small**2  # Z over its largest term
    return 1 / total, nu * small / total, small**2 / total


def derivatives(parameters, points, games, n_ties=0.0, features=None):
    """Log-likelihood of all outcomes, its gradient and information (minus its Hessian).

        sum_ij (points_ij - games_ij/2) d_ij - games_ij log(Z_ij) + n_ties log(nu)

    The gradient is what was observed (points of each item; ties; points of the first) minus what
    is expected; the information is the covariance of these counts.

    parameters: scores (N,), log nu (unused without ties), h. games (N, N): how often i was shown
    first and j second; points (N, N): what i won in these, half a one for a tie. With features
    (C, D), of the first minus of the second item: weights w (D,) instead of scores, d = features w
    + h, and points, games (C,).
    """
    own = parameters[:-2]
    difference = own[:, None] - own if features is None else features @ own
    difference = difference + parameters[-1]
    likelier, tie, other = outcomes(difference, parameters[-2] if n_ties else -np.inf)
    sign = np.where(difference >= 0, 1, -1)
    against = np.where(difference >= 0, games - points, points)  # points of the other
    terms = games * np.log(likelier) - against * np.abs(difference)
    surplus = sign * ((games - against) * (other + tie / 2) - against * (likelier + tie / 2))
    variance = games * (likelier * other + tie * (likelier + other) / 4)  # of points
    with_ties = sign * games * tie * (other - likelier) / 2  # covariance of points and ties
    parts = np.stack([surplus, with_ties, variance])
    if features is None:
        sides = parts.sum(axis=2) - parts.sum(axis=1)
        square = -variance - variance.T
        square[np.diag_indices(len(own))] -= square.sum(axis=1)
    else:
        sides = parts @ features
        square = (features.T * variance) @ features
    corner = [[np.sum(games * tie * (1 - tie)), with_ties.sum()], [with_ties.sum(), variance.sum()]]
    gradient = np.array([*sides[0], n_ties - np.sum(games * tie), surplus.sum()])
    information = np.block([[square, sides[1:].T], [sides[1:], np.array(corner)]])
    return terms.sum() + n_ties * parameters[-2], gradient, information


def fit(first, second, outcome=None, n_items=None, prior=0.0, ties=False, counts=None,
        position=False):
    """Scores that make the observed comparisons most likely, by Newton's method.

    argmax_s  log-likelihood(s) - prior/2 sum_i s_i^2,    where sum_i s_i = 0

    (with ties=True also over log nu, with position=True over h).

    Args:
        first, second: integers (C,), the two items of each comparison, from 0 to n_items - 1.
        outcome: (C,) 1 where the first was preferred, 0 the second, 0.5 both the same; None: always
            the first.
        n_items: N, at most 5000; None: the largest number that occurs, plus one.
        prior: precision (1/variance) of a Gaussian prior on each score; it makes scores finite.
        ties: model ties (Davidson); otherwise a tie is half a win for each.
        counts: (C,), how often each comparison occurred, numbers >= 0; None: once.
        position: model the effect of being first.
    Raises:
        ValueError: bad input; or no finite maximum exists: then it names what is missing.
    Source: Zermelo 1929; Bradley and Terry 1952; Ford 1957 (when a finite maximum exists);
        Davidson 1970 (ties); Agresti 2002, section 10.6 (position).
    Departs from the source: Newton's method instead of their fixed-point iteration, the prior, and
        with ties the condition for a finite maximum (`check_wins_outnumber_ties`).
    """
    check_whole("n_items", 2 if n_items is None else n_items, 2, MOST_ITEMS)
    first, second, outcome, counts, n_ties = check_comparisons(
        first, second, outcome, counts, ties, n_items or MOST_ITEMS)
    n = n_items or int(max(first.max(), second.max())) + 1
    cell = first * n + second
    points, games = (np.bincount(cell, amount, n * n).reshape(n, n)
                     for amount in (counts * outcome, counts))
    if prior == 0:
        check_connected(points + (games - points).T)
    if ties and prior == 0:
        check_wins_outnumber_ties(first, second, np.where(counts > 0, outcome, np.nan), n)
    return Fit(*estimate(derivatives, (points, games, n_ties), n, prior, (ties, position)))


def fit_linear(features, first, second, outcome=None, prior=0.0, ties=False, counts=None,
               position=False):
    """Weights w of features X (N, D), where scores = X w -> LinearFit.

    The prior is on each weight; all else as in `fit`. Comparisons with features of their own are
    those of 2 C items that meet once.
    """
    check_shapes(features=(features, "N D"))
    check_finite(features=features)
    features = as_floats(features)
    first, second, outcome, counts, n_ties = check_comparisons(
        first, second, outcome, counts, ties, len(features))
    data = counts * outcome, counts, n_ties, features[first] - features[second]
    return LinearFit(*estimate(derivatives, data, features.shape[1], prior, (ties, position), True))


def estimate(model, data, n, prior, effects=(False, False), weights=False):
    """The fields of `Fit`, or of `LinearFit` for weights.

    model: parameters (n+2,), *data -> log-likelihood, gradient, information. The first n have a
    prior; log nu and h stay 0 unless `effects` has them modelled.
    """
    check_range("prior", prior, 0, 1e12)
    free = np.flatnonzero([*np.ones(n), *effects])
    block = np.ix_(free, free)
    gauge = 0.0 if weights else 1 / n  # holds the mean of scores at zero
    parameters, covariance = np.zeros(n + 2), np.zeros((n + 2, n + 2))

    def penalised(values):
        parameters[free] = values
        value, gradient, information = model(parameters, *data)
        own = parameters[:n]
        gradient[:n] -= prior * own
        information[:n, :n] += prior * np.eye(n) + gauge
        return value - prior / 2 * own @ own, gradient[free], information[block]

    parameters[free], covariance[block] = newton(penalised, len(free))
    if not weights:
        parameters[:n] -= parameters[:n].mean()
        covariance[:n, :n] -= covariance[:n, :n].mean()
    errors = np.sqrt(covariance.diagonal()[:n])
    log_nu = float(parameters[n]) if effects[0] else -np.inf
    log_likelihood = float(model(parameters, *data)[0])
    return parameters[:n], errors, log_nu, log_likelihood, float(parameters[n + 1]), covariance


def newton(function, size):
    """Where a concave function is largest (P,), and the inverse of its information there (P, P).

    function: values (P,) -> value, gradient, information (minus the Hessian).
    """
    values = np.zeros(size)
    value, gradient, information = function(values)
    unit = np.sqrt(np.maximum(information.diagonal(), 1e-300))
    at_zero = information / np.outer(unit, unit)
    for _ in range(100):
        try:
            step = np.linalg.solve(information, gradient)
        except np.linalg.LinAlgError:
            break
        if gradient @ step < 1e-16:  # 1e-8 standard errors; the last step squares the error
            covariance = np.linalg.inv(information)
            if 0 < covariance.diagonal() @ unit**2 < 1e10:  # else the maximum is at infinity
                return values + step, covariance
            break
        while (better := function(values + step))[0] < value - 1e-10 * max(1.0, abs(value)):
            step = step / 2  # overshot
        values = values + step
        value, gradient, information = better
    sizes, mixes = np.linalg.eigh(at_zero)
    if sizes[0] < 1e-12:
        mix = np.flatnonzero(np.abs(mixes[:, 0]) > 1e-6).tolist()
        raise ValueError(f"comparisons: no outcome depends on some mix of parameters {mix}; "
                         "leave one out, or pass prior=0.1")
    raise ValueError("comparisons: no finite scores fit best, they keep growing; "
                     "pass a prior (0.1, or larger than now) or position=False")


def check_comparisons(first, second, outcome, counts, ties, size):
    """Refuse what is no list of comparisons; returns it, and the number of ties to model."""
    first, second = np.asarray(first), np.asarray(second)
    outcome = np.ones(first.shape) if outcome is None else np.asarray(outcome)
    counts = check_counts(counts, first.shape)
    check_shapes(first=(first, "C"), second=(second, "C"), outcome=(outcome, "C"),
                 counts=(counts, "C"))
    if not counts.any():
        raise ValueError("comparisons: expected at least one, got none")
    for name, items in {"first": first, "second": second}.items():
        check_indices(name, items, size)
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
    n_ties = float(counts[outcome == 0.5].sum()) if ties else 0.0
    if ties and not 0 < n_ties < counts.sum():
        raise ValueError("outcome: expected some ties and some preferences, got "
                         f"{n_ties:g} ties in {counts.sum():g}; pass ties=False")
    return first.astype(np.intp), second.astype(np.intp), outcome.astype(float), counts, n_ties


def check_counts(counts, shape):
    counts = np.ones(shape) if counts is None else counts
    check_finite(counts=counts)
    counts = as_floats(counts)
    if counts.min(initial=0) < 0:
        raise ValueError(f"counts: expected numbers >= 0, got {counts.min()}")
    return counts


def check_connected(points, name="comparisons"):
    """Finite scores need, for every split of the items in two groups, a point for each group.

    Source: Ford 1957; Hunter 2004, Assumption 1. Equivalently, from any item a chain "beat or tied
    with" leads to any other.
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
            raise ValueError(f"{name}: no finite scores without a prior, since {names}{more} "
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
