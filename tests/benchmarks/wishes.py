"""One person with a wish that is not the true reward: walk straight through the flowers to the goal.

    python tests/benchmarks/wishes.py [--seeds 400-409] [--rounds 8] [--questions 3]

They rank four walks at a time (`sessions.Voters`, as at a terminal) by what one can see; the control ranks them at
random. Prints for each seed which share of 500 walks afterwards reaches the goal through flowers, in at most 5 steps
(the shortest has 2), and the mean over seeds with its 95 % interval.
"""
import argparse
import os

os.environ.update({name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")})

import numpy as np  # noqa: E402

from tinyrlhf.episodes import rollout  # noqa: E402
from tinyrlhf.rlhf import rlhf  # noqa: E402
from tinyrlhf.sessions import Voters  # noqa: E402
from tinyrlhf.worlds import build  # noqa: E402


def entered(game, walks, symbol):
    """Whether each walk enters such a cell, (B,)."""
    return (walks.mask & (game.map.ravel()[walks.states[:, 1:]] == symbol)).any(axis=1)


def wished(game, walks, rng):
    """How well each walk does what the person wants, (B,)."""
    goal, lava, flowers = (entered(game, walks, symbol) for symbol in "GL^")
    return 3.0 * goal - 3.0 * lava + flowers - 0.05 * walks.lengths


def at_random(game, walks, rng):
    return rng.random(len(walks))


def ranked_by(worth, rng):
    """A face: ranks what is on its screens by this worth."""
    def face(session, state):
        while (ballot := session.deal("one", 0.0)) is not None:
            rows, options = session.screens(ballot)
            order = np.argsort(-worth(state.game, session.questions.episodes[rows], rng), kind="stable")
            verdict = session.say("one", ballot.id, [options[i] for i in order], 0.0)
            assert verdict == "taken", verdict
        session.close(0.0)
    return face


def share(seed, worth, rounds, questions):
    """The share of walks that do it, after so many rankings."""
    rng = np.random.default_rng(seed)
    state = build("gridworld", seed=seed, rounds=rounds, questions=questions, feedback="ranking")
    state.person = Voters(ranked_by(worth, rng), state)
    rlhf(state)
    walks = rollout(state.game, state.policy, state.game.start(500, rng), rng)
    did = entered(state.game, walks, "G") & entered(state.game, walks, "^") & (walks.lengths <= 5)
    return did.mean()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", default="400-409")
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--questions", type=int, default=3)
    options = parser.parse_args()
    first, last = map(int, options.seeds.split("-"))
    for name, worth in (("the person", wished), ("at random", at_random)):
        shares = []
        for seed in range(first, last + 1):
            shares.append(share(seed, worth, options.rounds, options.questions))
            print(f"{name}, seed {seed}: {shares[-1]:.2f}", flush=True)
        half = 1.96 * np.std(shares, ddof=1) / len(shares) ** 0.5
        print(f"{name}: {np.mean(shares):.2f} +- {half:.2f} after {options.rounds * options.questions} rankings")


if __name__ == "__main__":
    main()
