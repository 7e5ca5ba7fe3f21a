"""The KL laboratory: what does each estimator of the KL say, and where does it pull when it is used?

    python tests/benchmarks/kl.py [--seed 0] [--figure FILE]

Every text of a small character model is listed with its probability (3 letters and an end mark, at most 5 characters,
one row of logits for the next character after each character), and so are the points of a bell curve, by quadrature:
no number here has any sampling noise. There are 21 references, drawn at random, and at a small, a middle and a large
distance from each a policy.

As a value, of a text, in units of KL(pi || ref), medians over the 21 worlds:
    bias     of the estimate, summed over the characters of the text
    std      standard deviation of one text's estimate
As a pull, the mean gradient beside the true gradients, one of KL(pi || ref), one of KL(ref || pi); medians, and the
range of a cosine:
    cosine   1 where the direction is right          length   1 where the length is right
    spread   standard deviation of one text's gradient, in units of the true gradient of KL(pi || ref)
"""
import argparse
import os
import sys
from pathlib import Path
from typing import NamedTuple

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
    os.environ[threads] = "1"                                       # read once, when numpy is imported

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import numpy as np  # noqa: E402

from oracles import d_k1, d_k2, d_kl, enumerate_strings  # noqa: E402
from tinyrlhf.learning import kl  # noqa: E402
from tinyrlhf.learning.advantages import returns_to_go  # noqa: E402
from tinyrlhf.nn.distributions import Categorical  # noqa: E402
from tinyrlhf.nn.gaussian import Gaussian  # noqa: E402
from tinyrlhf.plots import BLUE, GREY, ORANGE, STYLE, VERMILLION, save  # noqa: E402

N_SYMBOLS, LENGTH, N_WORLDS = 4, 5, 21
DISTANCES = {"small": 0.1, "middle": 0.5, "large": 2.0}             # standard deviation of the logits' differences
VALUES = {"k1": kl.k1, "k2": kl.k2, "k3": kl.k3}
SLOPES = {"k1": d_k1, "k2": d_k2, "k3": kl.d_k3}


class Listed(NamedTuple):
    """All that can happen: N texts of T characters, zero where nothing was written, of a policy with D parameters."""
    probability: np.ndarray        # (N,)
    log_probs: np.ndarray          # (N, T) of the policy
    reference: np.ndarray          # (N, T) log-probabilities of the reference
    scores: np.ndarray             # (N, T, D) d log pi / d parameters
    state_kl: np.ndarray           # (N, T) exact KL of the state that each character was written in
    d_state_kl: np.ndarray         # (N, T, D)


# ---- worlds

def texts(logits, reference):
    """Every text of the character model with these logits (U, V), against a reference (U, V)."""
    rows = enumerate_strings(N_SYMBOLS, LENGTH)
    before = np.pad(rows, [(0, 0), (1, 0)])[:, :-1]                 # the character before each; 0 at the start
    written = (np.arange(LENGTH) == 0) | (before > 0)

    def by_parameter(slopes):
        spread = np.zeros((*rows.shape, N_SYMBOLS, N_SYMBOLS))      # only the row of the character before takes part
        np.put_along_axis(spread, before[..., None, None], (written[..., None] * slopes)[..., None, :], axis=2)
        return spread.reshape(*rows.shape, -1)

    log_p, log_q = logits[before], reference[before]
    mine, others = (np.where(written, Categorical.log_prob(table, rows), 0.0) for table in (log_p, log_q))
    return Listed(np.exp(mine.sum(axis=1)), mine, others, by_parameter(Categorical.d_log_prob(log_p, rows)),
                  written * Categorical.kl(log_p, log_q), by_parameter(d_kl(Categorical, log_p, log_q)))


def bell_curve(shift, n_points=80):
    """N(0, 1) against the reference N(shift, 1), by Gauss-Hermite quadrature; parameters: mean and log standard
    deviation."""
    points, weights = np.polynomial.hermite_e.hermegauss(n_points)
    outputs, other, actions = np.zeros((n_points, 1, 2)), np.tile([shift, 0.0], (n_points, 1, 1)), points[:, None, None]
    return Listed(weights / weights.sum(), Gaussian.log_prob(outputs, actions), Gaussian.log_prob(other, actions),
                  Gaussian.d_log_prob(outputs, actions), Gaussian.kl(outputs, other), d_kl(Gaussian, outputs, other))


def worlds(seed):
    """Title -> list of Listed: the character model at three distances from each reference, and two bell curves."""
    rng = np.random.default_rng(seed)
    references, directions = rng.normal(size=(2, N_WORLDS, N_SYMBOLS, N_SYMBOLS))
    found = {}
    for name, size in DISTANCES.items():
        found[f"{name} distance"] = [texts(reference + size * direction, reference)
                                     for reference, direction in zip(references, directions)]
    return {**found, **{f"N(0, 1) against N({shift:g}, 1)": [bell_curve(shift)] for shift in (0.1, 1.0)}}


# ---- what is true

def true_kl(listed):
    """KL(pi || ref) over whole texts."""
    return float(listed.probability @ (listed.log_probs - listed.reference).sum(axis=1))


def true_gradients(listed):
    """d KL(pi || ref) and d KL(ref || pi), each (D,): the mean of (log pi - log ref) * score, and of -(ref / pi) *
    score."""
    log_ratio, score = (listed.log_probs - listed.reference).sum(axis=1), listed.scores.sum(axis=1)
    return (listed.probability * log_ratio) @ score, -(listed.probability * np.exp(-log_ratio)) @ score


# ---- what the estimators say, and where they pull

def values(listed):
    """Name -> estimate of each text (N,)."""
    of_tokens = {name: value(listed.log_probs, listed.reference).sum(axis=1) for name, value in VALUES.items()}
    return {**of_tokens, "exact per state": listed.state_kl.sum(axis=1)}


def pulls(listed):
    """(Use, name) -> gradient that each text gives (N, D), to be followed downwards."""
    def in_reward(costs):
        return np.einsum("nt,ntd->nd", returns_to_go(costs),
                         listed.scores)            # REINFORCE with the cost still to come

    whole = listed.log_probs.sum(axis=1), listed.reference.sum(axis=1)
    found = {("in the reward", name): in_reward(value(listed.log_probs, listed.reference))
             for name, value in VALUES.items()}
    to_come = np.pad(listed.state_kl[:, 1:], [(0, 0), (0, 1)])      # what this character costs by itself is in the loss
    found["both", "exact per state"] = in_reward(to_come) + listed.d_state_kl.sum(axis=1)
    for name, slope in SLOPES.items():
        found["as a loss", name] = np.einsum("nt,ntd->nd", slope(listed.log_probs, listed.reference), listed.scores)
    found["as a loss", "exact per state"] = listed.d_state_kl.sum(axis=1)
    for name in ("k2", "k3"):
        found["loss of texts", name] = SLOPES[name](*whole)[:, None] * listed.scores.sum(axis=1)
    return found


class Pull(NamedTuple):
    """A mean gradient beside the two true ones."""
    cosine: float
    length: float
    other_cosine: float
    other_length: float
    along: float                   # the part along the gradient of KL(pi || ref), in its units: cosine * length
    spread: float


def pull(gradients, listed):
    """Summary of the gradients (N, D) that the texts give; the cosine of nothing is NaN."""
    forward, backward = true_gradients(listed)
    mean = listed.probability @ gradients
    length, along = np.linalg.norm(mean), mean @ forward / (forward @ forward)

    def beside(true):
        return (mean @ true / (length * np.linalg.norm(true))
                if length > 1e-9 else np.nan), length / np.linalg.norm(true)

    spread = np.sqrt(listed.probability @ ((gradients - mean) ** 2).sum(axis=1)) / np.linalg.norm(forward)
    return Pull(*beside(forward), *beside(backward), along, spread)


# ---- tables and picture

def value_row(listed):
    """Name -> (bias, standard deviation), in units of the true KL."""
    true, row = true_kl(listed), {}
    for name, estimate in values(listed).items():
        mean = listed.probability @ estimate
        row[name] = (mean - true) / true, np.sqrt(listed.probability @ (estimate - mean) ** 2) / true
    return row


def pull_row(listed):
    """(Use, name) -> Pull."""
    return {key: pull(gradients, listed) for key, gradients in pulls(listed).items()}


def medians(rows):
    """Rows of one table from many worlds -> name -> medians over the worlds, and all of them (worlds, columns)."""
    every = {name: np.array([row[name] for row in rows], float) for name in rows[0]}
    return {name: (np.median(numbers, axis=0), numbers) for name, numbers in every.items()}


def report(found):
    """The tables of all worlds as text."""
    lines = []
    for title, group in found.items():
        lines += [f"{title}: KL(pi || ref) {np.median([true_kl(listed) for listed in group]):.3g} nats",
                  f"    {'as a value':33}{'bias':>8}{'std':>8}"]
        for name, ((bias, spread), _) in medians([value_row(listed) for listed in group]).items():
            lines.append(f"    {'':15}{name:18}{np.round(bias, 4) + 0.0:8.4f}{spread:8.2f}")
        lines.append(f"    {'as a pull: beside the gradient of':33}{'KL(pi || ref)':>34}   {'KL(ref || pi)':>15}\n"
                     f"    {'':33}{'cosine':>8}{'lowest, highest':>18}{'length':>8}   "
                     f"{'cosine':>7}{'length':>8}{'spread':>10}")
        for (use, name), (middle, every) in medians([pull_row(listed) for listed in group]).items():
            row, cosines = Pull(*middle), every[:, 0]
            directed = (f"{row.cosine:8.3f}{cosines.min():10.2f},{cosines.max():7.2f}", f"{row.other_cosine:7.3f}")
            blank = (f"{'none':>8}{'':18}", f"{'none':>7}")
            first, second = directed if np.isfinite(row.cosine) else blank
            lines.append(f"    {use:15}{name:18}{first}{row.length:8.2f}   "
                         f"{second}{row.other_length:8.2f}{row.spread:10.2f}")
        lines.append("")
    return "\n".join(lines)


USES = {("in the reward", "k1"): "k1 in the reward",
        ("both", "exact per state"): "exact KL: now as a loss,\nlater in the reward",
        ("as a loss", "exact per state"): "exact KL, or k2, of each\ncharacter as a loss",
        ("as a loss", "k3"): "k3 of each character\nas a loss",
        ("in the reward", "k3"): "k3 in the reward", ("as a loss", "k1"): "k1 as a loss"}
PAINT = {"small distance": BLUE, "middle distance": ORANGE, "large distance": VERMILLION}


def figure(found):
    """Left: how much one text's estimate scatters; right: how much of the true gradient each use keeps, a dot for each
    world."""
    from matplotlib import style
    from matplotlib.figure import Figure
    with style.context(STYLE):
        picture = Figure(figsize=(14, 7.2))
        picture.text(0.5, 0.965, "Near the reference k1 is the noisiest of the three numbers,\n"
                     "but in the reward it alone pulls the policy straight home", size=22, weight="bold", ha="center",
                     va="top")
        draw_scatter(picture.add_axes((0.075, 0.13, 0.24, 0.59)), found)
        draw_pulls(picture.add_axes((0.60, 0.13, 0.37, 0.59)), found)
    return picture


def draw_scatter(axis, found):
    groups = [medians([value_row(listed) for listed in found[title]]) for title in PAINT]
    for name, label in (("k1", "k1"), ("k2", "k2"), ("k3", "k3"), ("exact per state", "exact")):
        spread = [group[name][0][1] for group in groups]
        axis.plot(range(3), spread, color=GREY, zorder=1)
        axis.scatter(range(3), spread, color=list(PAINT.values()), s=80)
        axis.text(2.15, spread[-1], label, va="center", weight="bold")
    axis.set_yscale("log")
    axis.set(xticks=range(3), xticklabels=["small", "middle", "large"], xlabel="distance from the reference")
    axis.set_title("As a value: std of one text,\nin units of the KL (medians)", weight="bold")
    axis.set_yticks([0.3, 1, 3, 10, 30], ["0.3", "1", "3", "10", "30"])
    axis.minorticks_off()


def draw_pulls(axis, found):
    low, high = -0.6, 2.0
    for shift, (title, color) in zip((0.24, 0.0, -0.24), PAINT.items()):
        table = medians([pull_row(listed) for listed in found[title]])
        for place, use in enumerate(reversed(USES)):
            along = table[use][1][:, Pull._fields.index("along")]
            outside = (along < low) | (along > high)
            axis.scatter(along[~outside], np.full((~outside).sum(), place + shift), color=color, s=45, alpha=0.45,
                         linewidths=0)
            for edge, gone, mark in ((low, (along < low).sum(), "<"), (high, (along > high).sum(), ">")):
                if gone:
                    axis.scatter(edge, place + shift, color=color, marker=mark, s=60)
    for x, color, label in zip((0.0, 0.21, 0.47), PAINT.values(), ("small", "middle", "large distance")):
        axis.text(x, 1.03, f"● {label}", color=color, weight="bold", transform=axis.transAxes)
    axis.axvline(1.0, color=GREY, linewidth=1.5, linestyle=(0, (4, 3)), zorder=0)
    axis.axvline(0.0, color=GREY, linewidth=1.5, zorder=0)
    axis.set(xlim=(low - 0.05, high + 0.05), yticks=range(len(USES)), yticklabels=list(USES.values())[::-1],
             xlabel="share of the gradient of KL(policy || reference)\n(1: all of it, 0: no pull, below 0: away)")
    axis.set_title("As a pull: mean step, a dot for each world", weight="bold", pad=34)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--figure", help="draw the picture into this PNG")
    arguments = parser.parse_args()
    laboratory = worlds(arguments.seed)
    print(report(laboratory))
    if arguments.figure:
        save(figure(laboratory), arguments.figure)
