"""The figures that are stated, measured again from outside: every seed, beside its control.

    python tests/benchmarks/claims.py [gridworld cartpole text] [--seeds 400-409] [--only simulated coin "true reward"]
                                      [--feedback KIND[,KIND...]] [--questions N] [--workers N] [--json FILE]

Each run is the command line's own, in a process of its own; its saved policy is then loaded and measured here, with
other random numbers: exactly for gridworld and text, in 100 fresh episodes of the standard game for CartPole. gap:
share of the way from untrained to the best possible true return; objective gap: the same of what the run maximises,
true return minus the price of its nats.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT)]

import numpy as np  # noqa: E402  (after the thread count)

from tinyrlhf import runs  # noqa: E402
from tinyrlhf.diagnostics import mean_interval  # noqa: E402
from tinyrlhf.episodes import rollout  # noqa: E402
from tinyrlhf.learning.kl import kl_per_episode  # noqa: E402
from tinyrlhf.report import SMALL_GAP  # noqa: E402
from tinyrlhf.rlhf import rlhf  # noqa: E402
from tinyrlhf.worlds import build, find  # noqa: E402

PEOPLE = {"simulated": [], "coin": ["--without-feedback"], "true reward": ["--on-true-reward"]}


def command_line(*arguments):
    """What `tinyrlhf ... --json` of this folder says in the end; its complaint, if it has one, ends everything."""
    done = subprocess.run([sys.executable, "-m", "tinyrlhf", *arguments, "--json"], cwd=ROOT, capture_output=True,
                          text=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def run(world, seed, person, folder, questions=None, feedback=None):
    """One run in a process of its own; returns its JSON and what this process measures of the saved policy."""
    asked = ["--questions", str(questions)] if questions else []
    kinds = ["--feedback", feedback] if feedback and person != "true reward" else []
    claimed = command_line("run", world, "--seed", str(seed), "--out", str(folder), *PEOPLE[person], *asked, *kinds)
    return {"world": world, "seed": seed, "person": person, "seconds": claimed["seconds"],
            "answers": claimed["answers"],
            **measure(world, runs.load(folder), seed)}


def row_of(world, seed, person, **settings):
    """The same run in this process, without report and files."""
    state = rlhf(build(world, seed=seed, person=person, **settings))
    return {"world": world, "seed": seed, "person": person, "answers": state.history[-1]["answers"],
            **measure(world, state, seed)}


def measure(world, state, seed):
    """Final policy with sampled actions: steps, or the shares of both gaps; and how far it moved.

    CartPole's KL is per step of the standard game, where every step counts: in the game it learned in, a fallen policy
    spends
    nearly all its steps where its actions change nothing.
    """
    rng, yardstick = np.random.default_rng([seed, 77]), find(world).yardstick(state)
    if yardstick.game is not state.game or state.steps_at_most:
        game = yardstick.game
        episodes = rollout(game, state.policy, game.start(100, rng), rng)
        steps = float(episodes.lengths.mean())
        return {"steps": steps, "kl": kl_per_episode(state.policy, state.reference, episodes) / steps}
    low, after = (yardstick.expected_return(policy, rng) for policy in (state.reference, state.policy))
    best = yardstick.best_return()
    row = {"return": after, "kl": yardstick.expected_kl(rng)}
    if best - low > SMALL_GAP:
        row["gap"] = (after - low) / (best - low)
    if state.kl_coef and yardstick.best_objective() - low > SMALL_GAP:
        # the reference has moved no nat
        row["objective gap"] = (yardstick.objective(rng) - low) / (yardstick.best_objective() - low)
    return row


def seeds_of(text):
    """"400-409" or "3" as a list of numbers."""
    first, _, last = text.partition("-")
    return list(range(int(first), int(last or first) + 1))


def all_runs(worlds, seeds, people=tuple(PEOPLE), questions=None, workers=2, feedback=None):
    """Rows of every world, seed and person, some processes side by side."""
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(workers) as pool:
        jobs = [(world, seed, person, Path(folder) / f"{world}-{seed}-{person.replace(' ', '-')}", questions, feedback)
                for world in worlds for person in people for seed in seeds]
        return list(pool.map(lambda job: run(*job), jobs))


def print_table(rows, worlds, people):
    """A line for each world and person: every seed, then the summary; both shares below each other."""
    for world in worlds:
        for person in people:
            chosen = [row for row in rows if row["world"] == world and row["person"] == person]
            for name in ("steps", "return", "gap", "objective gap"):
                values = [row[name] for row in chosen if name in row]
                if values:
                    mean, half = mean_interval(values)
                    print(f"{world:<10}{person:<12}{name:<14}" + " ".join(f"{value:7.3g}" for value in values)
                          + f"   lowest {min(values):.4g}, highest {max(values):.4g}, mean {mean:.4g} +- {half:.2g}")
            kl, seconds = (np.median([row[name] for row in chosen]) for name in ("kl", "seconds"))
            unit = "step" if "steps" in chosen[0] else "episode"
            print(f"{world:<10}{person:<12}{'medians':<14}KL {kl:.3g} nats a {unit}, {seconds:.1f} s, "
                  f"{chosen[0]['answers']} answers", flush=True)


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("worlds", nargs="*", default=["gridworld", "cartpole", "text"])
    parser.add_argument("--seeds", type=seeds_of, default="400-409")
    parser.add_argument("--only", nargs="+", choices=PEOPLE, default=list(PEOPLE))
    parser.add_argument("--feedback", metavar="KIND[,KIND...]", help="what people are asked for (default: calibrated)")
    parser.add_argument("--questions", type=int, help="of each kind in a round")
    parser.add_argument("--workers", type=int, default=1,
                        help="processes side by side (more than 1 spoils the seconds)")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    rows = []
    for world in options.worlds:
        rows += all_runs([world], options.seeds, options.only, options.questions, options.workers, options.feedback)
        print_table(rows, [world], options.only)
    if options.json:
        options.json.write_text(json.dumps(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
