"""How freely may what is normal to a person deviate between rounds? Ratings and thumbs with several priors.

    python tests/benchmarks/offsets.py WORLD [--precisions none,1,4] [--kinds rating,thumb] [--seeds 0-9]

Prints the share of the gap of each seed (CartPole: steps that the pole stands) for each precision of the Gaussian
prior on the deviations of a session's offsets; none: no deviations.
"""
import argparse
import os
import sys
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

import numpy as np  # noqa: E402  (after the thread count)

from claims import seeds_of  # noqa: E402
from tinyrlhf.rewards.habits import KINDS, Habits  # noqa: E402
from tinyrlhf.rlhf import rlhf  # noqa: E402
from tinyrlhf.worlds import find  # noqa: E402


def measured(world, kind, precision, seed):
    """The run's true return (CartPole), or its share of what the best has over the untrained policy."""
    state = find(world)(seed=seed, feedback=kind)
    sure = np.exp(state.reward_model.habits.center[:len(KINDS)])
    state.reward_model.habits = Habits(precision, rationality=dict(zip(KINDS, sure)))
    rlhf(state)
    yardstick, rng = find(world).yardstick(state), np.random.default_rng([seed, 1])
    after = yardstick.expected_return(state.policy, rng)
    if world == "cartpole":
        return f"{after:.0f}"
    before = yardstick.expected_return(state.reference, rng)
    return f"{(after - before) / (yardstick.best_return() - before):.3f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("world", choices=("gridworld", "cartpole", "text"))
    parser.add_argument("--precisions", default="none,1,4")
    parser.add_argument("--kinds", default="rating,thumb")
    parser.add_argument("--seeds", default="0-9")
    options = parser.parse_args()
    for kind in options.kinds.split(","):
        for precision in options.precisions.split(","):
            prior = None if precision == "none" else float(precision)
            values = [measured(options.world, kind, prior, seed) for seed in seeds_of(options.seeds)]
            print(f"{options.world} {kind:<7} precision {precision:<5} {' '.join(values)}", flush=True)


if __name__ == "__main__":
    main()
