"""How much does each kind of feedback teach in each world? Every seed, and the mean with its 95 % interval.

    python tests/benchmarks/feedback.py [--worlds gridworld cartpole text] [--kinds KIND[,KIND...] ...] [--control]
                                        [--imitation] [--seeds 400-404] [--questions N] [--rounds N]
                                        [--ask NAME] [--workers N] [--json FILE]

For each world and kind: the share of the gap from untrained to best possible in true return (CartPole: steps in the
standard game), and where a nat has a price the share of the objective's gap; the nats the policy has moved; the
answers it took. Without --kinds all of a world's; --control puts coin flips beside each.
"""
import argparse
import json
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

import numpy as np  # noqa: E402  (after the thread count)

from claims import measure, row_of, seeds_of  # noqa: E402
from tinyrlhf.diagnostics import mean_interval  # noqa: E402
from tinyrlhf.learning.imitation import clone  # noqa: E402
from tinyrlhf.questions import kinds_for  # noqa: E402
from tinyrlhf.rlhf import propose  # noqa: E402
from tinyrlhf.worlds import build, find  # noqa: E402

TITLES = {"simulated": "", "coin": "coin flips", "imitation alone": "imitation alone"}
SHOWN = ("steps", "gap", "objective gap", "kl", "answers")


def one(job):
    """One run in a process of its own, and what came of it: job is (world, kind, seed, person, settings)."""
    world, kind, seed, person, settings = job
    if person == "imitation alone":
        return {"kind": kind, **imitated(world, seed)}
    return {"kind": kind, **row_of(world, seed, person, feedback=kind, **settings)}


def imitated(world, seed, steps=1000):
    """What comes of the first round's demonstrations alone, copied in so many steps; nothing is rewarded."""
    state = build(world, seed=seed, feedback="demonstration")
    answers = state.person.answer(state.game, propose(state, state.plan[0]), state.rngs["person"])
    clone(state.policy, *answers.acted().decisions, state.rngs["learner"], **{**state.imitation, "steps": steps})
    return {"world": world, "seed": seed, "person": "imitation alone", "answers": len(answers),
            **measure(world, state, seed)}


def kinds_of(world):
    """All that a world offers."""
    return kinds_for(build(world).view, find(world).expert)


def line(rows):
    """Every seed of one world, kind and person."""
    first = rows[0]
    title = f"{first['world']:<10}{first['kind']:<15}{TITLES[first['person']]:<16}"
    lines = []
    for name in SHOWN:
        values = [row[name] for row in rows if name in row]
        if name in ("kl", "answers"):
            lines.append(f"{title}{name:<14}{np.mean(values):.4g}")
        elif values:
            mean, half = mean_interval(values)
            lines.append(f"{title}{name:<14}" + " ".join(f"{value:7.3g}" for value in values)
                         + f"   mean {mean:.3f} +- {half:.3f}, lowest {min(values):.3f}")
    return "\n".join(lines)


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worlds", nargs="+", default=["gridworld", "cartpole", "text"])
    parser.add_argument("--kinds", nargs="+",
                        help="kinds, or mixes of them such as rating,comment (default: each that a world has)")
    parser.add_argument("--seeds", type=seeds_of, default="400-404")
    parser.add_argument("--questions", type=int, help="of each kind in a round (default: calibrated)")
    parser.add_argument("--rounds", type=int, help="how often to ask and improve (default: calibrated)")
    parser.add_argument("--ask", metavar="NAME", help="which questions to prefer (default: at random)")
    parser.add_argument("--imitation", action="store_true",
                        help="only this: the first round's demonstrations, copied and nothing else")
    parser.add_argument("--control", action="store_true", help="coin flips beside each")
    parser.add_argument("--workers", type=int, default=1, help="processes side by side")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    settings = {"questions": options.questions, "rounds": options.rounds, "ask": options.ask}
    people = ["simulated", "coin"] if options.control else ["simulated"]
    cells = [(world, kind, person) for world in options.worlds for kind in options.kinds or kinds_of(world)
             for person in people]
    if options.imitation:
        cells = [(world, "demonstration", "imitation alone") for world in options.worlds]
    found = []
    with ProcessPoolExecutor(options.workers) as pool:
        rows = pool.map(one,
                        [(world, kind, seed, person, settings) for world, kind,
                         person in cells for seed in options.seeds])
        for _ in cells:
            found += [next(rows) for _ in options.seeds]
            print(line(found[-len(options.seeds):]), flush=True)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
