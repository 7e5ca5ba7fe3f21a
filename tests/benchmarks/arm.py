"""Can a robot arm be taught? Success in new layouts without noise, every seed, and the mean with its 95 % interval.

    python tests/benchmarks/arm.py [PART ...] [--seeds 400-404] [--tasks reach obstacles pick]

    course       after each stage of the calibrated plan, at the end, and violations there
    coin         the same with coin flips and random acts; true: the true reward from nothing
    alone        as many comparisons as the course has answers, and nobody shows anything; alone-coin: coin flips
    early        the same two: share of episodes with a violation in the first fifth of training
    kinds        each kind of feedback by itself, on reaching
    area         what was learned in front, used at the side: without, and with 20 more answers; and 20 answers anew
    dance        how often a dance is preferred to the first one, and to standing still
"""
import argparse
import os
import sys
import time
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

import numpy as np  # noqa: E402  (after the thread count)

from claims import seeds_of  # noqa: E402
from tinyrlhf.checks import check_choice  # noqa: E402
from tinyrlhf.diagnostics import mean_interval  # noqa: E402
from tinyrlhf.episodes import rollout  # noqa: E402
from tinyrlhf.questions import kinds_for  # noqa: E402
from tinyrlhf.rlhf import rlhf  # noqa: E402
from tinyrlhf.worlds import build, find  # noqa: E402
from tinyrlhf.worlds.arm import counts, explore, steady  # noqa: E402

ALONE = {"demonstrations": 0, "corrections": 0, "questions": 45}  # as many answers as the course has
COURSES = {"course": {}, "coin": {"person": "coin"}, "true": {"person": "nobody"}, "alone": ALONE,
           "alone-coin": {**ALONE, "person": "coin"}}
FEW = {"demonstrations": 0, "corrections": 0, "rounds": 1, "questions": 20}
PARTS = ("course", "coin", "true", "alone", "alone-coin", "early", "kinds", "area", "dance")


def shares(values):
    """Every seed, then the mean with its interval."""
    mean, half = mean_interval(values)
    return " ".join(f"{value:.2f}" for value in values) + f"   mean {mean:.2f} +- {half:.2f}"


def watched(state):
    """A run whose training episodes are counted: share with a violation in each update, in order."""
    update, seen = state.learner.update, []

    def watching(episodes, reward, rng):
        seen.append(state.game.violations(episodes.states).mean())
        return update(episodes, reward, rng)

    state.learner.update = watching
    rlhf(state)
    return seen


def course(task, seeds, **settings):
    """Success after each stage and at the end, and how often something was violated there."""
    rows, seconds = [], []
    for seed in seeds:
        began = time.perf_counter()
        state = rlhf(build("arm", task=task, seed=seed, **settings))
        seconds.append(time.perf_counter() - began)
        rows.append(counts(state))
    for name in rows[0]:
        print(f"  {task:<10} {name:<30} {shares([row[name] for row in rows])}", flush=True)
    print(f"  {task:<10} seconds {np.min(seconds):.0f} to {np.max(seconds):.0f}", flush=True)


def early(task, seeds):
    """Violations in the first fifth of training, with and without the course."""
    for name, settings in (("course", {}), ("comparisons alone", ALONE)):
        rates = []
        for seed in seeds:
            seen = watched(build("arm", task=task, seed=seed, **settings))
            rates.append(np.mean(seen[:len(seen) // 5]))
        print(f"  {task:<10} {name:<30} {shares(rates)}", flush=True)


def kinds(seeds):
    """Each kind alone, as many answers as the course has."""
    for kind in kinds_for(build("arm").view, find("arm").expert):
        found = [counts(rlhf(build("arm", seed=seed, feedback=kind, **ALONE)))["success"] for seed in seeds]
        print(f"  {kind:<30} {shares(found)}", flush=True)


def area(task, seeds):
    """The policy of one area in another, before and after 20 comparisons there; and 20 from nothing."""
    found = {"there": [], "elsewhere": [], "and 20 answers": [], "20 answers anew": []}
    for seed in seeds:
        state = rlhf(build("arm", task=task, seed=seed))
        found["there"].append(counts(state)["success"])
        other = build("arm", task=task, seed=seed, area="left", **FEW)
        anew = rlhf(build("arm", task=task, seed=seed, area="left", **FEW))
        other.policy.load(state.policy.state())
        found["elsewhere"].append(counts(other)["success"])
        other.reward_model.load(state.reward_model.state())
        other.plan = [stage._replace(begin=lambda state: explore(0.2, state)) for stage in other.plan]
        other.reference = state.policy
        rlhf(other)
        found["and 20 answers"].append(counts(other)["success"])
        found["20 answers anew"].append(counts(anew)["success"])
    for name, values in found.items():
        print(f"  {task:<10} {name:<30} {shares(values)}", flush=True)


def dance(seeds, person):
    """How often a person prefers the dance that was learned to the first one, and to standing still."""
    first, still = [], []
    for seed in seeds:
        state = build("arm", task="dance", seed=seed, person=person)
        before = state.policy.copy()
        rlhf(state)
        rng = np.random.default_rng(seed)
        starts = state.game.start(1000, rng)
        played = [rollout(state.game, policy, starts, rng) for policy in (steady(state.policy), before)]
        first.append((played[0].true_returns > played[1].true_returns).mean())
        still.append(state.game.success(played[0].states).mean())
    print(f"  dance      preferred to the first one     {shares(first)}")
    print(f"  dance      preferred to standing still    {shares(still)}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", default=["course"], metavar="PART")
    parser.add_argument("--seeds", type=seeds_of, default=list(range(400, 405)), metavar="FIRST-LAST")
    parser.add_argument("--tasks", nargs="*", default=["reach", "obstacles", "pick"], metavar="TASK")
    options = parser.parse_args()
    for part in options.parts:
        check_choice("part", part, PARTS)
    for task in options.tasks:
        check_choice("task", task, ("reach", "obstacles", "pick"))
    for part in options.parts:
        print(part, flush=True)
        for task in options.tasks:
            if part in COURSES:
                course(task, options.seeds, **COURSES[part])
            elif part == "early":
                early(task, options.seeds)
            elif part == "area":
                area(task, options.seeds)
        if part == "kinds":
            kinds(options.seeds)
        if part == "dance":
            for person in ("simulated", "coin"):
                print(f" {person}")
                dance(options.seeds, person)


if __name__ == "__main__":
    main()
