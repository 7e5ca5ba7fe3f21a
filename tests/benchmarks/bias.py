"""Which estimators of the policy gradient are right on average, how wrong are the others, what noise has each?

    python tests/benchmarks/bias.py [--batches 10000] [--seed 0]

One fixed arbitrary policy on a slippery floor; every estimator sees the same batches of 4 episodes from the same
start, and the exact gradient comes from dynamic programming. All lengths are in units of the exact gradient:
    bias     |mean - exact|            chance   what that would be about for an unbiased estimator and this many batches
    scale    mean along the exact      cosine   between mean and exact
    across   sigmas by which the direction is wrong, whatever the scale
    std      standard deviation of a batch's gradient, divided by the scale
    episode  the same of one episode's share of it: twice as much
"""
import argparse
import os
import sys
from pathlib import Path

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
    os.environ[threads] = "1"                                       # read once, when numpy is imported

import numpy as np  # noqa: E402

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parents[2])]

import estimators  # noqa: E402


def bias_table(map, n_batches, seed):
    """One line for each estimator, and for the world it was measured in."""
    world = estimators.world(map)
    exact, batches = estimators.exact_gradient(world), estimators.batches(world, n_batches, np.random.default_rng(seed))
    lengths = np.mean([batch.lengths.mean() for batch in batches])
    lines = [f"{' / '.join(map.split())}: {n_batches} batches of {estimators.GROUP} episodes, "
             f"{lengths:.1f} steps each on average",
             f"{'':27}{'bias':>8}{'chance':>8}{'scale':>8}{'cosine':>8}{'across':>8}{'std':>8}{'episode':>8}"]
    for name, estimator in {**estimators.UNBIASED, **estimators.SHRUNK, **estimators.BIASED}.items():
        row = estimators.bias(estimators.sampled_gradients(estimator, world, batches), exact)
        lines.append(f"{name:27}{row.relative:8.3f}{row.chance:8.3f}{row.scale:8.3f}{row.cosine:8.4f}"
                     f"{row.sigmas_across:8.1f}{row.deviation:8.2f}{row.deviation * np.sqrt(estimators.GROUP):8.2f}")
    return "\n".join(lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batches", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    for each_map in (estimators.WITH_ENDS, estimators.WITHOUT_ENDS):
        print(bias_table(each_map, arguments.batches, arguments.seed), end="\n\n")
