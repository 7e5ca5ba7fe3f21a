"""Capture-Go: what do ratings of single moves teach, and how far is it from the best possible? Every seed.

    python tests/benchmarks/capture_go.py [runs exact] [--seeds 400-404] [--kinds KIND ...]
                                          [--people simulated coin nobody] [--games N]

runs: the share of wins against a player who moves at random, in fresh games of the final policy with sampled actions,
half of which the opponent begins: of people's answers, of coin flips, and on the true reward.
exact: all positions that can come up, solved from the last to the first: the share of wins of the best play against
the random player, of the expert's and of the random player's own, and who wins if neither errs.
"""
import argparse
import os
import sys
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT)]

import numpy as np  # noqa: E402  (after the thread count)

from claims import seeds_of  # noqa: E402
from tinyrlhf.diagnostics import mean_interval  # noqa: E402
from tinyrlhf.episodes import rollout  # noqa: E402
from tinyrlhf.games.capture_go import COUNT, POINT, POINTS, after_each_move, judgement, liberties  # noqa: E402
from tinyrlhf.rlhf import rlhf  # noqa: E402
from tinyrlhf.worlds import build, find  # noqa: E402

PEOPLE = {"simulated": "rated by an expert", "coin": "coin flips", "nobody": "on the true reward"}
PLACE = 3 ** np.arange(POINTS)                                         # a position is a number to the base 3
BOARD = np.arange(POINTS).reshape(4, 4)
IMAGES = [board.ravel() for turned in (BOARD, BOARD.T) for board in (np.rot90(turned, k) for k in range(4))]
BY_SET = np.array([(PLACE * (number >> np.arange(POINTS) & 1)).sum() for number in range(1 << POINTS)])
BEST, EXPERT, RANDOM, NEITHER_ERRS = range(4)


def wins(state, policy, games, seed):
    """In so many fresh games against the random player, whoever begins: all, the first half, the second half."""
    game, rng = find("capture_go").yardstick(state).game, np.random.default_rng([seed, 77])
    starts = game.start(games, rng)
    returns = rollout(game, policy, starts, rng).true_returns
    begins = (starts == 0).all(axis=1)
    return returns.mean(), returns[begins].mean(), returns[~begins].mean()


def show_runs(options):
    """A line for each kind and person."""
    for kind in options.kinds:
        for person in options.people:
            if person == "nobody" and kind != options.kinds[0]:
                continue                                               # it does not depend on what nobody is asked
            rows = []
            for seed in options.seeds:
                settings = {} if person == "nobody" else {"feedback": kind}
                state = rlhf(build("capture_go", seed=seed, person=person, **settings))
                rows.append(wins(state, state.policy, options.games, seed))
            shares, first, second = np.transpose(rows)
            answers = 0 if state.answers is None else len(state.answers)
            untrained = wins(state, state.reference, options.games, seed)[0]
            mean, half = mean_interval(shares)
            print(f"{kind if person != 'nobody' else '':<14} {PEOPLE[person]:<20} {answers:3} answers   "
                  + " ".join(f"{share:.3f}" for share in shares)
                  + f"   mean {mean:.3f} +- {half:.3f}, lowest {min(shares):.3f}   begins {first.mean():.3f}, "
                  f"second {second.mean():.3f}   untrained {untrained:.3f}", flush=True)


def positions(n_mine, n_theirs):
    """All with so many stones in which every group has a liberty, up to symmetry: mine and theirs (n,)."""
    sets = np.arange(1 << POINTS, dtype=np.uint16)
    mine, theirs = sets[COUNT == n_mine], sets[COUNT == n_theirs]
    bits = mine[:, None] >> np.arange(POINTS) & 1
    images = [(bits[:, image] * POINT).sum(axis=1) for image in IMAGES]
    for one in mine[mine == np.min(images, axis=0)]:
        other = theirs[theirs & one == 0]
        one = np.full(len(other), one)
        alive = (liberties(one, other) > 0).all(axis=1) & (liberties(other, one) > 0).all(axis=1)
        yield one[alive], other[alive]


def worth_of_moves(mine, theirs, values):
    """What each of my moves is worth, (n, 16, 4), and which are legal; values (3^16, 4) of what may follow."""
    own, other, takes, legal = after_each_move(mine, theirs)
    worth = np.zeros((*takes.shape, 4))
    worth[takes] = 1.0
    row, point = np.nonzero(legal & ~takes)
    moved, against = mine[row] | POINT[point], theirs[row]
    *_, their_takes, their_legal = after_each_move(against, moved)
    at = BY_SET[moved] + 2 * BY_SET[against]
    goes_on = their_legal & ~their_takes
    after = values[at[:, None] + np.where(goes_on, 2 * PLACE, 0)] * goes_on[..., None]
    count = np.maximum(their_legal.sum(axis=1), 1)[:, None]
    replied = (after * their_legal[..., None]).sum(axis=1) / count
    replied[:, NEITHER_ERRS] = np.where(their_legal, after[..., NEITHER_ERRS], 1.0).min(axis=1)
    replied[~their_legal.any(axis=1)] = 0.5
    worth[row, point] = replied
    return worth, legal, np.where(legal, judgement(own, other, takes), -np.inf)


def solve():
    """values (3^16, 4) of all positions in which it is my turn."""
    values = np.zeros((3 ** POINTS, 4), np.float32)
    for stones in reversed(range(POINTS)):
        for mine, theirs in positions(stones // 2, stones - stones // 2):
            worth, legal, judged = worth_of_moves(mine, theirs, values)
            best = np.where(legal[..., None], worth, -1.0).max(axis=1)
            chances = legal / np.maximum(legal.sum(axis=1, keepdims=True), 1)
            liked = np.isclose(judged, judged.max(axis=1, keepdims=True)) & legal
            choices = liked / np.maximum(liked.sum(axis=1, keepdims=True), 1)
            value = best.copy()
            value[:, EXPERT] = (worth[..., EXPERT] * choices).sum(axis=1)
            value[:, RANDOM] = (worth[..., RANDOM] * chances).sum(axis=1)
            value[~legal.any(axis=1)] = 0.5
            board = (mine[:, None] >> np.arange(POINTS) & 1) + 2 * (theirs[:, None] >> np.arange(POINTS) & 1)
            for image in IMAGES:
                values[board[:, image] @ PLACE] = value
    return values


def show_exact(options):
    values = solve()
    begins, second = values[0], values[2 * PLACE].mean(axis=0)
    for column, title in ((BEST, "best play"), (EXPERT, "the expert"), (RANDOM, "the random player")):
        print(f"against the random player, {title:<18} {(begins[column] + second[column]) / 2:.4f}   "
              f"begins {begins[column]:.4f}, second {second[column]:.4f}", flush=True)
    print(f"if neither errs, who begins gets {begins[NEITHER_ERRS]:.1f}, who plays second after each first stone "
          f"{np.unique(values[2 * PLACE][:, NEITHER_ERRS])}")


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", choices=["runs", "exact"], default=["runs", "exact"])
    parser.add_argument("--seeds", type=seeds_of, default="400-404")
    parser.add_argument("--kinds", nargs="+", default=["rating"])
    parser.add_argument("--people", nargs="+", choices=PEOPLE, default=list(PEOPLE))
    parser.add_argument("--games", type=int, default=2000)
    options = parser.parse_args(arguments)
    for part in options.parts:
        {"runs": show_runs, "exact": show_exact}[part](options)


if __name__ == "__main__":
    main()
