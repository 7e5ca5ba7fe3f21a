"""Demonstrations, votes, or both? A floor with glass that only the person minds.

    python tests/benchmarks/glass.py [--quick] [--seeds 420-429]

Each seed is a whole run; returns are exact. For each way of teaching:

    return    true return of a walk of the final policy
    glass     its steps on glass in a walk
    gap       how much of the way from the clone (of votes alone: from the uniform policy) to the best possible
    shown     of the walks that people compared: how many got to the goal, and how many of these without glass
    rests     expected steps in the cell (other than the goal) where the final policy spends most of a walk
    praise    what the reward model pays for all of these steps, in units of what it pays for the goal
    success   fixed before the seeds were run: at least 90 % of the gap, and less than a tenth of the clone's glass
              (which votes alone never had: of the mean of the clones)
"""
import argparse
import os
import sys
from pathlib import Path
from typing import NamedTuple

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

import numpy as np  # noqa: E402  (after the thread count)

from claims import seeds_of  # noqa: E402
from tinyrlhf.diagnostics import mean_interval  # noqa: E402
from tinyrlhf.exact.horizon import expected_visits  # noqa: E402
from tinyrlhf.rlhf import own_plays, rlhf  # noqa: E402
from tinyrlhf.worlds import build  # noqa: E402
from tinyrlhf.yardsticks import Tabular  # noqa: E402

WAYS = {"votes alone": {"demonstrations": 0, "kl_coef": 0.0},
        "votes alone, KL penalty": {"demonstrations": 0},
        "demonstrations, votes": {"kl_coef": 0.0},
        "demonstrations, votes, KL penalty": {},
        "demonstrations, coin flips, KL penalty": {"person": "coin"},
        "demonstrations, true reward, KL penalty": {"person": "nobody"}}
ENOUGH, LITTLE = 0.9, 0.1


class Result(NamedTuple):
    returned: float
    glass: float
    gap: float
    clone: float         # its true return
    clone_glass: float
    shown: int
    at_goal: int
    clean: int           # at the goal, without glass
    rests: float
    praise: float


def measure(seed, settings):
    state = rlhf(build("glass", seed=seed, **settings))
    game, exact, last = state.game, Tabular(state), state.history[-1]
    clone, best = exact.expected_return(state.reference, None), exact.best_return()
    visits = expected_visits(game.P, game.d0, exact.table(state.policy), game.horizon).sum(axis=0)
    visits[game.is_end] = 0.0
    rest, goal = visits.argmax(), np.flatnonzero(game.map.ravel() == "G")[0]
    paid = state.reward_model.network.forward(np.array([rest, goal]))[0][:, 0]
    praise = visits[rest] * paid[0] / paid[1] if paid[1] > 1e-6 else np.nan
    shown = at_goal = clean = 0
    votes = state.answers and state.answers.of(("preference",))
    if votes:
        walks = own_plays(votes)
        on_glass = (walks.mask & (game.map.ravel()[walks.next_observations] == "^")).sum(axis=1)
        shown, at_goal, clean = len(walks), walks.ended.sum(), (walks.ended & (on_glass == 0)).sum()
    return Result(last["true_return"], last["glass"], (last["true_return"] - clone) / (best - clone), clone,
                  state.history[0]["glass"], shown, at_goal, clean, visits[rest], praise)


def row(name, values, form):
    mean, half = mean_interval(values)
    return f"  {name:<9}" + "".join(f"{value:{form}}" for value in values) + f"   mean {mean:.2f} +- {half:.2f}"


def facts():
    """What the world rests on, exactly."""
    state = build("glass")
    game, exact = state.game, Tabular(state)
    after = expected_visits(game.P, game.d0, exact.table(state.policy), game.horizon + 1)[-1]
    lucky = after[game.map.ravel() == "G"].sum()  # who is there stays there
    still = game.horizon * game.entry_rewards[game.starts[0]]
    print(f"a uniform policy is worth {exact.expected_return(state.policy, None):.2f} and gets to the goal once in "
          f"{1 / lucky:,.0f} walks; standing still is worth {still:.2f}, the best possible {exact.best_return():.2f}")


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=seeds_of, default="420-429")
    parser.add_argument("--quick", action="store_true", help="two seeds")
    options = parser.parse_args(arguments)
    seeds = options.seeds[:2] if options.quick else options.seeds
    print(f"seeds {seeds[0]} to {seeds[-1]}")
    facts()
    found = {}
    for name, settings in WAYS.items():
        print(f"{name} ...", file=sys.stderr, flush=True)
        found[name] = [Result(*columns) for columns in [measure(seed, settings) for seed in seeds]]
    clones = found["demonstrations, votes, KL penalty"]
    print("\ndemonstrations alone (the clone)")
    print(row("return", [each.clone for each in clones], "7.2f"))
    print(row("glass", [each.clone_glass for each in clones], "7.2f"))
    usual = np.mean([each.clone_glass for each in clones])
    for name, results in found.items():
        allowed = [LITTLE * (usual if name.startswith("votes") else each.clone_glass) for each in results]
        good = [each.gap >= ENOUGH and each.glass < most for each, most in zip(results, allowed)]
        print(f"\n{name}: success {sum(good)} of {len(good)}")
        print(row("return", [each.returned for each in results], "7.2f"))
        print(row("glass", [each.glass for each in results], "7.2f"))
        print(row("gap", [each.gap for each in results], "7.2f"))
        print(row("rests", [each.rests for each in results], "7.1f"))
        if results[0].clean and results[0].praise == results[0].praise:
            print("  praise   " + "".join(f"{each.praise:7.1f}" for each in results))
        if results[0].shown:
            print(f"  of {results[0].shown} walks shown, at the goal: "
                  + " ".join(str(each.at_goal) for each in results)
                  + "; without glass: " + " ".join(str(each.clean) for each in results))


if __name__ == "__main__":
    main()
