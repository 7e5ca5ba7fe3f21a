"""Which kind of feedback teaches most? Passive answers of each kind, then the best plan for what was learned from them.

    python tests/benchmarks/kinds.py [--quick] [--seeds 500-519] [--json FILE] [--figure FILE]

On three layouts of the gridworld people are shown walks of the uniform policy, which never learns: nobody explores,
nothing is reinforced, only the kind of feedback differs. All kinds are answered by the same person, who agrees with the
true reward in 90 % of random pairs of these walks; whoever acts (demonstration, correction) acts as well as possible.
The reader knows how rational that is. Rewards are linear in the symbol of the cell entered (floor, goal, lava, flowers)
with a Gaussian prior of standard deviation 1 in units of the true reward; the most probable one is planned for.

    regret   true return lost by that plan, in units of what the best plan has over the uniform policy
    new      the same in the two layouts that were not shown
    bits     how much likelier the answers made the true reward, log2 p(true | answers) / p(true); below 0 they misled
    claimed  how much narrower they made what the reader believes, log2 of the ratio of volumes; medians, both

Readings: x 10, x 0.1, the reader takes everybody to be so many times as rational (a wrong scale of the reward, which
plans do not see: it acts through the prior alone); expert, half of the walks shown are the expert's; per cell, a reward
for each cell instead of each symbol; careful, the same minus a standard deviation; coin, answers by coin flips.
More rows: "demo., exact", the same demonstrations read without tries beside them, by soft planning in the known game;
"demo., exact, soft", of somebody who errs as that reading assumes, while the expert never does; "correction, chosen",
if people chose between a walk and its mend by the likelihood that reads them, while they always take the mend.
"""
import argparse
import functools
import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

import numpy as np  # noqa: E402  (after the thread count)

from claims import seeds_of  # noqa: E402
from tinyrlhf.diagnostics import mean_interval  # noqa: E402
from tinyrlhf.episodes import join, rollout  # noqa: E402
from tinyrlhf.exact.horizon import (backward_induction, demonstration_loss, finite_horizon_return,  # noqa: E402
                                    soft_backward_induction)
from tinyrlhf.feedback.answers import KINDS, draw_option  # noqa: E402
from tinyrlhf.games.gridworld import FLOWERS_MAP, Gridworld  # noqa: E402
from tinyrlhf.humans.experts import Player, planner  # noqa: E402
from tinyrlhf.humans.simulated import Boltzmann, CoinFlip, rationality_for  # noqa: E402
from tinyrlhf.nn.networks import Table  # noqa: E402
from tinyrlhf.numerics import softmax  # noqa: E402
from tinyrlhf.policies import Policy  # noqa: E402
from tinyrlhf.questions import ask  # noqa: E402
from tinyrlhf.rewards.choice import choice_loss  # noqa: E402
from tinyrlhf.rlhf import with_priors  # noqa: E402
from tinyrlhf.worlds import AGREEMENT, LAPSE  # noqa: E402
from tinyrlhf.worlds.gridworld import Walks, gridworld  # noqa: E402

LAYOUTS = {"garden": FLOWERS_MAP, "cliff": """
    .....
    .^^^.
    SLLLG
    """, "doors": """
    ...#...
    S..^..G
    ...#...
    L..#.L.
    .......
    """}
SYMBOLS = ".GL^"                          # what a cell may be to the reader; a start is floor
EXACT, SOFT, CHOSEN = "demo., exact", "demo., exact, soft", "correction, chosen"
NAMES = [*KINDS, EXACT, SOFT, CHOSEN]
ANSWERS = (5, 10, 20, 50, 100, 200)
WALKS = 400                               # shown, of one seed

# Seconds of a person's time for one answer. Preference: Christiano et al. 2017 (5,000 labels in about 5 hours, 3.6 s).
# All others are assumptions: what has to be watched beside a pair, and about a second for each key while acting.
SECONDS = {"preference": 4, "ranking": 10, "rating": 3, "thumb": 2, "demonstration": 15, "correction": 10, "stop": 3,
           "comment": 6, "credit": 8, EXACT: 15, SOFT: 15, CHOSEN: 10}
MINUTES = (2, 10)
FAILED = 0.05                             # a plan that loses more


class Reading(NamedTuple):
    """Who answers about what, and how it is read."""
    name: str
    coin: bool = False                    # answers by coin flips
    expert_walks: bool = False            # half of the walks shown are the expert's
    per_cell: bool = False                # a reward for each cell, instead of each symbol
    careful: float = 0.0                  # so many standard deviations are taken off each reward
    surer: float = 1.0                    # the reader takes the person to be so many times as rational


AS_IT_IS = Reading("as it is")
READINGS = (AS_IT_IS, Reading("x 10", surer=10.0), Reading("x 0.1", surer=0.1),
            Reading("expert", expert_walks=True), Reading("per cell", per_cell=True),
            Reading("careful", per_cell=True, careful=1.0), Reading("coin", coin=True))


# ---- the places

class Place(NamedTuple):
    game: Gridworld
    uniform: Policy
    expert: Player
    soft: Policy                          # acts by softmax(rationality * soft value), not as well as possible
    rationality: float
    best_return: float
    uniform_return: float
    symbols: np.ndarray                   # (S,) number of the symbol in each cell


@functools.cache
def place(layout):
    """A layout, and the person who lives there."""
    game = Gridworld(LAYOUTS[layout])
    uniform = Policy(Table(game.n_states, game.n_actions))
    walks = rollout(game, uniform, game.start(4000, np.random.default_rng(0)), np.random.default_rng(1))
    gaps = walks.true_returns[0::2] - walks.true_returns[1::2]
    table = np.full((game.n_states, game.n_actions), 1 / game.n_actions)
    rationality = rationality_for(AGREEMENT, gaps)
    soft = uniform.copy()
    soft.network.params["table"][:] = np.log(
        soft_backward_induction(game.P, game.R, table, 1 / rationality, game.horizon)[1][0])
    symbols = [max(SYMBOLS.find(symbol), 0) for symbol in game.map.ravel()]
    return Place(game, uniform, planner(game), soft, rationality,
                 float(backward_induction(game.P, game.R, game.horizon)[0][0] @ game.d0),
                 finite_horizon_return(game.P, game.R, game.d0, table, game.horizon), np.array(symbols))


def returns_of_plans(game, rewards):
    """The true return of the best plan for each of n rewards on entering cells, (n, S) -> (n,), side by side.

    As `exact.horizon.backward_induction` and `finite_horizon_return`, in one sweep.
    """
    ways = game.P.reshape(-1, game.n_states).T                         # (S', S A)
    shape = len(rewards), game.n_states, game.n_actions
    values = np.zeros(shape[:2])
    true_values = np.zeros(shape[:2])
    for _ in range(game.horizon):
        q = ((rewards + values) @ ways).reshape(shape)
        true_q = ((game.entry_rewards + true_values) @ ways).reshape(shape)
        best = q.argmax(axis=2)[..., None]
        values, true_values = (np.where(game.is_end, 0.0, np.take_along_axis(each, best, axis=2)[..., 0])
                               for each in (q, true_q))
    return true_values @ game.d0


def regrets(where, rewards):
    """What plans for rewards (n, S) lose, (n,)."""
    lost = where.best_return - returns_of_plans(where.game, rewards)
    return lost / (where.best_return - where.uniform_return)


# ---- asking

def answers_of(where, seed, reading, n):
    """The State of a run that never improves, n answers of each kind about the same walks, walks to be read exactly."""
    game = where.game
    state = replace(gridworld.make(seed=seed), game=game, policy=where.uniform, reference=where.uniform,
                    view=Walks(game))
    walks = rollout(game, where.uniform, game.start(WALKS, state.rngs["game"]), state.rngs["game"])
    if reading.expert_walks:
        done = where.expert.demonstrate(game, walks[0::2], where.rationality, state.rngs["game"])
        walks = join([done, walks[1::2]])
    given = {}
    for kind in KINDS:
        person = Boltzmann(rationality=where.rationality, expert=where.expert, lapse=LAPSE)
        if reading.coin:
            person = CoinFlip()
        given[kind] = person.answer(game, ask(kind, state, walks, n), state.rngs["person"])
    if reading != AS_IT_IS:
        return state, given, {}
    given[CHOSEN] = chosen(given["correction"], where.rationality, state.rngs["person"])
    soft = rollout(game, where.soft, game.start(n, state.rngs["game"]), state.rngs["game"])
    return state, given, {EXACT: given["demonstration"].acted(), SOFT: soft}


def chosen(corrections, rationality, rng):
    """The same corrections, if the person had chosen between both walks as in a preference."""
    returns = corrections.episodes.true_returns[corrections.shows]
    said = corrections.said.copy()
    said[:, 0] = draw_option(rationality * returns, rng)
    return replace(corrections, said=said)


# ---- reading: the likelihood of the package, and Newton's method, as there are few parameters

class Block(NamedTuple):
    """Choices: option k of choice i is worth design[i, k] @ parameters, first D rewards, then offsets."""
    design: np.ndarray                    # (c, K, D + offsets)
    prior: np.ndarray
    shares: np.ndarray
    lapse: float


def blocks_of(answers, feature, size):
    """What answers mean, when a step is paid by the feature (S,) of the cell entered, one of so many."""
    rows, choices = answers.choices(np.arange(len(answers)))
    walks = answers.episodes[rows]
    visits = np.zeros((len(walks), size))
    np.add.at(visits, (np.nonzero(walks.mask)[0], feature[walks.next_observations[walks.mask]]), 1)
    blocks = []
    for each in choices:
        steps = np.einsum("kg,cgd->ckd", each.weights, visits[each.rows])
        options = [option for option in KINDS[each.kind].offsets if option < len(each.weights)]
        offsets = np.broadcast_to(np.eye(len(each.weights))[:, options], (*steps.shape[:2], len(options)))
        blocks.append(Block(np.concatenate([steps, offsets], axis=2), each.prior, each.shares,
                            KINDS[each.kind].lapse))
    return blocks


def choice_terms(blocks, rationality):
    """parameters -> minus the log-likelihood, its gradient, and Fisher's information."""
    def terms(parameters):
        loss, gradient, information = 0.0, 0.0, 0.0
        for design, prior, shares, lapse in blocks:
            logits = rationality * (design @ parameters) + prior
            part, d_logits, _ = choice_loss(logits, shares, np.ones(len(design)), lapse)
            p = softmax(logits)
            away = design - np.einsum("ck,ckp->cp", p, design)[:, None]
            # d P_k = (1 - lapse) p_k rationality (design_k - mean),  I = sum_k d P_k d P_k' / P_k
            scale = rationality * (1 - lapse) * p / np.sqrt(np.maximum((1 - lapse) * p + lapse / p.shape[1], 1e-300))
            slopes = (scale[..., None] * away).reshape(-1, len(parameters))
            loss += part
            gradient = gradient + rationality * np.einsum("ck,ckp->p", d_logits, design)
            information = information + slopes.T @ slopes
        return loss, gradient, information
    return terms


def demonstration_terms(game, done, rationality, feature, size, step=1e-4):
    """The same of demonstrations by somebody who plans softly; information by differences of the gradient.

    Luck makes this likelihood bend upwards here and there; what is negative of the information counts as none.
    """
    late = game.horizon - done.mask.shape[1]
    states = np.pad(done.states, [(0, 0), (0, late)], mode="edge")
    actions, mask = (np.pad(table, [(0, 0), (0, late)]) for table in (done.actions, done.mask))
    pays = np.eye(size)[feature] * ~game.is_end[:, None, None, None]   # (S, 1, S', D): nothing after an end
    pays = np.broadcast_to(pays, (*game.P.shape, size))

    def slope(parameters):
        loss, d_rewards = demonstration_loss(game.P, rationality * (pays @ parameters), states, actions, mask)
        gradient = np.tensordot(d_rewards, pays, axes=3)
        return len(done) * loss, len(done) * rationality * gradient

    def terms(parameters):
        loss, gradient = slope(parameters)
        rows = [slope(parameters + step * axis)[1] - gradient for axis in np.eye(size)]
        bends, axes = np.linalg.eigh((np.array(rows) + np.array(rows).T) / (2 * step))
        return loss, gradient, axes * np.maximum(bends, 0) @ axes.T
    return terms


def most_probable(terms, precision, parameters, steps=30, tolerance=1e-5):
    """Where likelihood times a Gaussian prior is highest, and the information there, both with the prior.

    Newton's method; a step that does not pay is halved.
    """
    def with_prior(at):
        loss, gradient, information = terms(at)
        return loss + 0.5 * (precision * at ** 2).sum(), gradient + precision * at, information + np.diag(precision)

    loss, gradient, information = with_prior(parameters)
    for _ in range(steps):
        direction = np.linalg.solve(information, gradient)
        promised = gradient @ direction
        if promised < tolerance:                                       # nats
            break
        size = 1.0
        tried = with_prior(parameters - direction)
        while tried[0] > loss - 1e-4 * size * promised and size > 1e-4:
            size /= 2
            tried = with_prior(parameters - size * direction)
        parameters = parameters - size * direction
        loss, gradient, information = tried
    return parameters, information


def bits_of(parameters, information, true):
    """By how much answers have made the true reward (D,) likelier, and how much they claim, both in bits.

    The posterior is taken as Gaussian, what is known of offsets is left out, and the prior is standard normal.
    """
    size = len(true)
    cross, offsets = information[:size, size:], information[size:, size:]
    precision = information[:size, :size] - cross @ np.linalg.solve(offsets, cross.T)
    claimed = 0.5 * np.linalg.slogdet(precision)[1]
    away = true - parameters[:size]
    return (claimed - 0.5 * away @ precision @ away + 0.5 * true @ true) / np.log(2), claimed / np.log(2)


# ---- one layout, seed and reading

def study(layout, seed, reading, budgets):
    """Arrays (kinds, budgets): regret, regret in new layouts, bits, claimed; NaN where there is none."""
    where = place(layout)
    state, given, exact = answers_of(where, seed, reading, max(budgets))
    feature = np.arange(where.game.n_states) if reading.per_cell else where.symbols
    size = feature.max() + 1
    rationality = reading.surer * where.rationality
    paid = np.zeros(size)
    paid[feature] = where.game.entry_rewards
    learned, bits = np.full((len(NAMES), len(budgets), size), np.nan), np.full((len(NAMES), len(budgets), 2), np.nan)
    for kind in [*given, *exact]:
        row, parameters = NAMES.index(kind), None
        for column, n in enumerate(budgets):
            if kind in exact:
                terms, width = demonstration_terms(where.game, exact[kind][:n], rationality, feature, size), size
            else:
                state.imitator = None                                  # a clone of these demonstrations alone
                blocks = blocks_of(with_priors(state, given[kind][:n]), feature, size)
                terms, width = choice_terms(blocks, rationality), blocks[0].design.shape[2]
            precision = np.where(np.arange(width) < size, 1.0, 0.01)   # levels of what is normal may be anywhere
            parameters = np.zeros(width) if parameters is None else parameters
            parameters, information = most_probable(terms, precision, parameters)
            uncertain = np.sqrt(np.diag(np.linalg.inv(information)))
            learned[row, column] = (parameters - reading.careful * uncertain)[:size]
            bits[row, column] = bits_of(parameters, information, paid)
    flat = learned.reshape(-1, size)
    found = {"regret": regrets(where, flat[:, feature]), "bits": bits[..., 0], "claimed": bits[..., 1]}
    if not reading.per_cell:
        others = [place(other) for other in LAYOUTS if other != layout]
        found["new"] = np.mean([regrets(other, flat[:, other.symbols]) for other in others], axis=0)
    there = ~np.isnan(learned[..., 0])
    return {name: np.where(there, values.reshape(there.shape), np.nan) for name, values in found.items()}


def all_studies(seeds, budgets):
    """{reading: {measure: (layouts, seeds, kinds, budgets)}}."""
    found = {}
    for reading in READINGS:
        print(f"{reading.name} ...", file=sys.stderr, flush=True)
        cells = [[study(layout, seed, reading, budgets) for seed in seeds] for layout in LAYOUTS]
        found[reading.name] = {measure: np.array([[cell[measure] for cell in row] for row in cells])
                               for measure in cells[0][0]}
    return found


# ---- tables

def row_of(title, values):
    """A kind's mean and half its 95 % interval for each number of answers: values (seeds, budgets)."""
    pairs = [mean_interval(column) for column in values.T]
    return f"{title:<22}" + "".join(f"{mean:7.3f} +-{half:5.3f}" for mean, half in pairs)


def print_regrets(title, values, budgets):
    """values (seeds, kinds, budgets)."""
    print(f"\n{title:<22}" + "".join(f"{n:>15}" for n in budgets))
    for row, kind in enumerate(NAMES):
        if not np.isnan(values[:, row]).any():
            print(row_of(kind, values[:, row]))


def after(values, seconds, minutes, budgets):
    """Regrets (..., budgets) after so many minutes at so many seconds an answer, between the budgets."""
    n = np.log(np.clip(60 * minutes / seconds, budgets[0], budgets[-1]))
    return np.apply_along_axis(lambda line: np.interp(n, np.log(budgets), line), -1, values)


def best_and_worst(values):
    """In words, of regrets (seeds, kinds): who has least and most, and who is not told apart from them (paired)."""
    order = [row for row in np.argsort(values.mean(axis=0)) if row < len(KINDS)]
    sentences = []
    for name, one, sign in (("best", order[0], 1), ("worst", order[-1], -1)):
        gaps = {row: mean_interval(sign * (values[:, row] - values[:, one])) for row in order if row != one}
        alike = [NAMES[row] for row, (mean, half) in gaps.items() if not mean > half]
        also = f" (or {', '.join(alike)})" if alike else ""
        sentences.append(f"{name} {NAMES[one]} {values[:, one].mean():.3f}{also}")
    return "; ".join(sentences)


def print_tables(found, budgets):
    real = found[AS_IT_IS.name]
    middle = budgets.index(20)
    for layout in LAYOUTS:
        where = place(layout)
        print(f"{layout}: best return {where.best_return:.3f}, uniform policy {where.uniform_return:.3f}, "
              f"a person of rationality {where.rationality:.2f}")
    for number, layout in enumerate(LAYOUTS):
        print_regrets(f"regret, {layout}", real["regret"][number], budgets)
    print_regrets("regret, mean of three", real["regret"].mean(axis=0), budgets)
    lost = (real["regret"] > FAILED).mean(axis=0)
    print_regrets(f"plans over {FAILED}", np.where(np.isnan(real["regret"][0]), np.nan, lost), budgets)
    print_regrets("regret, new layouts", real["new"].mean(axis=0), budgets)
    print_regrets("per cell, mean of three", found["per cell"]["regret"].mean(axis=0), budgets)
    print_regrets("careful, mean of three", found["careful"]["regret"].mean(axis=0), budgets)
    print_regrets("coin, mean of three", found["coin"]["regret"].mean(axis=0), budgets)

    print(f"\n{'of 20 answers':<22}{'seconds':>9}{'bits each':>11}{'claimed':>9}{'bits a minute':>15}"
          + "".join(f"{f'regret, {m} min':>16}{f'new, {m} min':>14}" for m in MINUTES))
    for row, kind in enumerate(NAMES):
        seconds = SECONDS[kind]
        bits, claimed = (np.median(real[name][:, :, row, middle]) / 20 for name in ("bits", "claimed"))
        columns = [after(real[name][:, :, row], seconds, minutes, budgets).mean()
                   for minutes in MINUTES for name in ("regret", "new")]
        print(f"{kind:<22}{seconds:>9}{bits:11.2f}{claimed:9.2f}{60 / seconds * bits:15.1f}"
              + "".join(f"{value:{width}.3f}" for value, width in zip(columns, (16, 14) * len(MINUTES))))

    for n in (20, budgets[-1]):
        column = budgets.index(n)
        names = [reading.name for reading in READINGS]
        print(f"\n{f'regret, {n} answers':<22}" + "".join(f"{name:>10}" for name in names))
        for row, kind in enumerate(KINDS):
            values = [found[name]["regret"][:, :, row, column].mean() for name in names]
            print(f"{kind:<22}" + "".join(f"{value:10.3f}" for value in values))

    print("\nbest and worst of the nine kinds (in brackets: not told apart, paired over seeds)")
    for number, layout in enumerate(LAYOUTS):
        print(f"  {layout}, 20 answers: {best_and_worst(real['regret'][number, :, :, middle])}")
    for column, n in enumerate(budgets):
        print(f"  {n} answers: {best_and_worst(real['regret'][..., column].mean(axis=0))}")
        print(f"  {n} answers, new layouts: {best_and_worst(real['new'][..., column].mean(axis=0))}")
        print(f"  {n} answers, per cell: {best_and_worst(found['per cell']['regret'][..., column].mean(axis=0))}")
    for minutes in MINUTES:
        values = np.stack([after(real["regret"][:, :, row], SECONDS[kind], minutes, budgets).mean(axis=0)
                           for row, kind in enumerate(NAMES)], axis=1)
        print(f"  {minutes} minutes: {best_and_worst(values)}")


# ---- the picture

BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "0.45"


def draw(found, budgets, path):
    """A panel for each kind, from least regret in 20 answers to most; all others grey behind it."""
    import matplotlib.pyplot as plt

    real, column = found[AS_IT_IS.name], budgets.index(20)
    shown, coin = (found[name]["regret"][:, :, :len(KINDS)].mean(axis=(0, 1)) for name in (AS_IT_IS.name, "coin"))
    order = np.argsort(shown[:, column])
    abroad = np.argsort(-real["new"][:, :, :len(KINDS), -1].mean(axis=(0, 1)))
    figure, axes = plt.subplots(3, 3, figsize=(10, 8.5), sharex=True, sharey=True, layout="constrained")
    first, second, third, last, but_one = (NAMES[row] for row in order[[0, 1, 2, -1, -2]])
    figure.suptitle(f"In 20 answers {first}, {second} and {third} teach most, {last} and {but_one} least;\n"
                    f"{NAMES[abroad[0]]} and {NAMES[abroad[1]]} carry over least to a new layout",
                    fontsize=14, fontweight="bold")
    for axis, row in zip(axes.flat, order):
        axis.plot(budgets, shown.T, color="0.88", linewidth=1)
        for measure, color, marker in (("new", ORANGE, "s"), ("regret", BLUE, "o")):
            mean, half = np.array([mean_interval(values) for values in real[measure][:, :, row].mean(axis=0).T]).T
            axis.fill_between(budgets, np.maximum(mean - half, 0), mean + half, color=color, alpha=0.15, linewidth=0)
            axis.plot(budgets, mean, color=color, marker=marker, markersize=4, linewidth=2)
        axis.axhline(1, color="0.7", linewidth=0.8)
        axis.text(0.98, 0.97, f"coin flips: {coin[row, column]:.1f}", color=GREY, fontsize=9, ha="right", va="top",
                  transform=axis.transAxes)
        axis.set_title(NAMES[row], loc="left", fontweight="bold")
        axis.spines[["top", "right"]].set_visible(False)
    corner = axes.flat[0]
    corner.set_xscale("log")
    corner.set_xticks(budgets, [str(n) for n in budgets])
    corner.minorticks_off()
    corner.set_ylim(-0.05, 2.6)
    for height, color, text in ((0.75, ORANGE, "new layouts"), (0.62, BLUE, "layout that was shown")):
        corner.text(0.98, height, text, color=color, fontsize=10, ha="right", transform=corner.transAxes)
    corner.text(budgets[-1], 1.02, "uniform policy", color=GREY, ha="right", va="bottom", fontsize=9)
    figure.supxlabel("answers")
    figure.supylabel("regret of planning on what was learned")
    figure.savefig(path, dpi=110, facecolor="white")


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=seeds_of, default="500-519")
    parser.add_argument("--quick", action="store_true", help="two seeds, 5 and 20 answers")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--figure", type=Path)
    options = parser.parse_args(arguments)
    seeds, budgets = (options.seeds[:2], (5, 20)) if options.quick else (options.seeds, ANSWERS)
    found = all_studies(seeds, budgets)
    print_tables(found, budgets)
    if options.json:
        about = {"layouts": list(LAYOUTS), "seeds": seeds, "kinds": NAMES, "answers": budgets}
        for reading, arrays in found.items():
            about[reading] = {name: np.where(np.isnan(table), None, table).tolist() for name, table in arrays.items()}
        options.json.write_text(json.dumps(about) + "\n", encoding="utf-8")
    if options.figure:
        draw(found, budgets, options.figure)


if __name__ == "__main__":
    main()
