"""The figures that the README states, measured again from outside: every seed, beside its control.

    python tests/benchmarks/claims.py [gridworld cartpole text] [--seeds 400-409] [--only person coin "true reward"]
                                      [--questions N] [--workers N] [--json FILE]

Each run is the command line's own, in a process of its own; its saved policy is then loaded and measured here, with
other dice: exactly for gridworld and text, in 100 fresh episodes of the standard game for CartPole.
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
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402  (after the thread count)

from tinyrlhf import runs  # noqa: E402
from tinyrlhf.diagnostics import interval  # noqa: E402
from tinyrlhf.episodes import rollout  # noqa: E402
from tinyrlhf.exact import strings  # noqa: E402
from tinyrlhf.games.cartpole import CartPole  # noqa: E402
from tinyrlhf.games.text import Text  # noqa: E402
from tinyrlhf.learning.kl import kl_per_episode  # noqa: E402
from tinyrlhf.yardsticks import expected_kl, expected_return, log_table, optimal_return, text_optimum  # noqa: E402

TEACHERS = {"person": [], "coin": ["--without-feedback"], "true reward": ["--on-true-reward"]}


def command_line(*arguments):
    """What `tinyrlhf ... --json` of this folder says in the end; its complaint, if it has one, ends everything."""
    done = subprocess.run([sys.executable, "-m", "tinyrlhf", *arguments, "--json"], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def run(world, seed, teacher, folder, questions=None):
    """One run in a process of its own; returns its JSON and what this process measures of the saved policy."""
    claimed = command_line("run", world, "--seed", str(seed), "--out", str(folder), *TEACHERS[teacher],
                           *(["--questions", str(questions)] if questions else []))
    return {"world": world, "seed": seed, "teacher": teacher, "seconds": claimed["seconds"],
            "comparisons": claimed["comparisons"], **measure(folder, seed)}


def measure(folder, seed):
    """Load a run folder and measure its final policy with sampled actions: return, share of the gap, and how far it moved.

    CartPole's KL is per step of the standard game, where every step counts: in the game it learned in, a fallen policy spends
    nearly all its steps where its actions change nothing.
    """
    state, rng = runs.load(folder), np.random.default_rng([seed, 77])
    if isinstance(state.game, CartPole):
        game = CartPole()
        episodes = rollout(game, state.policy, game.start(100, rng), rng)
        lengths = episodes.lengths.mean()
        return {"return": float(lengths), "kl": kl_per_episode(state.policy, state.reference, episodes) / float(lengths)}
    low, after = (expected_return(state, policy, rng) for policy in (state.reference, state.policy))
    kl_coef = runs.settings_of(folder)["kl_coef"]
    row = {"return": after, "kl": expected_kl(state, rng), "gap": (after - low) / (optimal_return(state, kl_coef) - low)}
    if isinstance(state.game, Text):
        row["objective gap"] = objective_gap(state, kl_coef)
    return row


def objective_gap(state, kl_coef):
    """The same share for what the run really maximises: taste minus the price of the nats, both from their start at the reference."""
    best = text_optimum(state, kl_coef)
    price = (best.reward - best.value) / best.kl
    tables = log_table(state.reference, state.game), strings.Automaton(*state.game.automaton()), price
    low = strings.evaluate(log_table(state.reference, state.game), *tables).value
    return (strings.evaluate(log_table(state.policy, state.game), *tables).value - low) / (best.value - low)


def seeds_of(text):
    """"400-409" or "3" as a list of numbers."""
    first, _, last = text.partition("-")
    return list(range(int(first), int(last or first) + 1))


def all_runs(worlds, seeds, teachers=tuple(TEACHERS), questions=None, workers=2):
    """Rows of every world, seed and teacher, some processes side by side."""
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(workers) as pool:
        jobs = [(world, seed, teacher, Path(folder) / f"{world}-{seed}-{teacher.replace(' ', '-')}", questions)
                for world in worlds for teacher in teachers for seed in seeds]
        return list(pool.map(lambda job: run(*job), jobs))


def print_table(rows, worlds, teachers):
    """A line for each world and teacher: every seed, then the summary."""
    for world in worlds:
        for teacher in teachers:
            chosen = [row for row in rows if row["world"] == world and row["teacher"] == teacher]
            for name in ("return", "gap", "objective gap"):
                values = [row[name] for row in chosen if name in row]
                if values:
                    mean, half = interval(values)
                    print(f"{world:<10}{teacher:<12}{name:<14}" + " ".join(f"{value:7.3g}" for value in values)
                          + f"   lowest {min(values):.4g}, highest {max(values):.4g}, mean {mean:.4g} +- {half:.2g}")
            kl, seconds = (np.median([row[name] for row in chosen]) for name in ("kl", "seconds"))
            print(f"{world:<10}{teacher:<12}{'medians':<14}KL {kl:.3g} nats a {'step' if world == 'cartpole' else 'episode'}, "
                  f"{seconds:.1f} s, {chosen[0]['comparisons']} comparisons", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("worlds", nargs="*", default=["gridworld", "cartpole", "text"])
    parser.add_argument("--seeds", type=seeds_of, default="400-409")
    parser.add_argument("--only", nargs="+", choices=TEACHERS, default=list(TEACHERS))
    parser.add_argument("--questions", type=int, help="comparisons per round")
    parser.add_argument("--workers", type=int, default=1, help="processes side by side (more than 1 spoils the seconds)")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    rows = []
    for world in options.worlds:
        rows += all_runs([world], options.seeds, options.only, options.questions, options.workers)
        print_table(rows, [world], options.only)
    if options.json:
        options.json.write_text(json.dumps(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
