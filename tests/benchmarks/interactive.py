"""Teaching within an episode: what do compounding errors cost, and who learns from thumbs while it plays?

    python tests/benchmarks/interactive.py corridor | road | thumbs | stop | irl [--seeds 400-409]

corridor  expected cost in T steps, exact, of a clone that never returns to the road and of DAgger
road      the same learned: a small network on a road of T cells, whose hand slips in one action of twenty
thumbs    share of the way from the uniform policy to the best one that 300 thumbs teach, exact, %
stop      how often somebody with a stop button in their hand sees it enter the lava
irl       a planted reward from demonstrations: the same share, by planning on what was found
"""
import argparse
import os
import sys
from pathlib import Path

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
    os.environ[threads] = "1"                                       # read once, when numpy is imported

import numpy as np  # noqa: E402

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parents[2])]

from corridor import corridor  # noqa: E402
from tinyrlhf.diagnostics import mean_interval  # noqa: E402
from tinyrlhf.episodes import rollout  # noqa: E402
from tinyrlhf.exact.horizon import (backward_induction, finite_horizon_return,  # noqa: E402
                                    soft_backward_induction)
from tinyrlhf.games.gridworld import Gridworld  # noqa: E402
from tinyrlhf.humans.watchers import Watcher, against_best, against_usual  # noqa: E402
from tinyrlhf.interactive import Coach, Tamer, dagger, teach  # noqa: E402
from tinyrlhf.nn.networks import MLP, Table  # noqa: E402
from tinyrlhf.numerics import softmax  # noqa: E402
from tinyrlhf.policies import Policy  # noqa: E402
from tinyrlhf.rewards.max_ent_irl import max_ent_irl, rewards_on_entering  # noqa: E402

LENGTHS = (8, 16, 32, 64)
SLIPS = 0.05                                # of the hand that acts, and not of the expert's
GAME = Gridworld()
CELLS = np.arange(GAME.n_states)
LATE = (0.25, 0.5, 0.25)                    # how likely a person speaks at once, one step late, two
PERSON = {"speaks": 0.5, "delay": LATE, "mistakes": 0.05, "notices": 0.02, "at_most": 300}
MOST_STEPS = 2000                           # then a person who has nothing to say goes home


# ---- compounding errors

def corridor_table(seeds):
    print("corridor, mistakes in one step of a thousand: expected cost, exact")
    print(f"{'T':>6}{'clone':>10}{'DAgger':>10}{'a doubling':>14}")
    before = None
    for T in (10, 20, 40, 80, 160, 320):
        P, R, d0, *policies = corridor(0.001)
        costs = np.array([-finite_horizon_return(P, R, d0, policy, T) for policy in policies])
        grown = "" if before is None else "  x {:.2f} / {:.2f}".format(*costs / before)
        print(f"{T:>6}{costs[0]:10.4f}{costs[1]:10.4f}{grown:>14}")
        before = costs


class Places(MLP):
    """A small network that sees where a cell is, row and column, and so generalises between cells."""

    def __init__(self, map, rng):
        super().__init__((2, 16, 4), rng, head_gain=0.01)
        rows, columns = np.divmod(np.arange(map.size), map.shape[1])
        self.places = np.stack([(rows - map.shape[0] // 2) / 2, columns / 16], axis=1)

    def forward(self, cells):
        return super().forward(self.places[cells])


class SlippingHand(Policy):
    """Does something else in some of its steps, wherever it is."""

    def act(self, observations, rng):
        actions, log_probs = super().act(observations, rng)
        slips = rng.random(len(actions)) < SLIPS
        actions[slips] = rng.integers(4, size=slips.sum())
        return actions, log_probs


def road_cost(length, seed, expert_acts):
    """Expected steps beside a road of so many cells, exact, after 4 rounds of 5 episodes with labels."""
    lines = ["^" * length] * 9
    lines[4] = "S" + "." * (length - 2) + "G"
    game = Gridworld("\n".join(lines), slip=0.0, horizon=length - 1, goal=0.0, step_reward=0.0, flowers=-1.0)

    def expert(cells, rng):                 # east on the road, else back to it
        rows = cells // length
        return np.where(rows < 4, 2, np.where(rows > 4, 0, 1))

    rng = np.random.default_rng(seed)
    policy = SlippingHand(Places(game.map, rng))
    beta = {"beta": lambda i: 1.0} if expert_acts else {}
    dagger(game, policy, expert, 4, 5, rng, learning_rate=0.03, steps=100, **beta)
    chances = softmax(policy.network.forward(np.arange(game.n_states))[0].astype(float))
    chances = (1 - SLIPS) * chances + SLIPS / 4
    return -finite_horizon_return(game.P, game.R, game.d0, chances, game.horizon)


def road_table(seeds):
    print(f"road, the hand slips in {SLIPS:.0%} of the steps, 20 episodes with labels: steps beside the road, exact")
    for name, expert_acts in (("clone", True), ("DAgger", False)):
        before = None
        for length in LENGTHS:
            costs = np.array([road_cost(length, seed, expert_acts) for seed in seeds])
            grown = "" if before is None else f"  x {costs.mean() / before:.2f}"
            print(f"{name:7} T = {length:3}  {with_interval(costs, 2)}  " + each(costs, 1) + grown, flush=True)
            before = costs.mean()


# ---- thumbs while it plays

class SoftTamer(Tamer):
    """TAMER that acts by softmax(5 H) instead of the largest H."""

    def preferred(self, observations):
        return 5 * self.network.forward(observations)[0]


LEARNERS = {"TAMER": lambda: Tamer(Table(GAME.n_states, 4), 0.3, LATE),
            "TAMER, softmax": lambda: SoftTamer(Table(GAME.n_states, 4), 0.3, LATE),
            "COACH": lambda: Coach(Policy(Table(GAME.n_states, 4)), 0.5, decay=0.6)}
PEOPLE = {"against the best": (against_best, {}), "against the usual": (against_usual, {}),
          "coin": (against_best, {"mistakes": 0.5})}


def taught(learner, judge, seed, **traits):
    """Share of the way (%), signals, steps, episodes in the lava, episodes stopped."""
    rng, person = np.random.default_rng(seed), Watcher(judge(GAME), **{**PERSON, **traits})
    steps = lava = stopped = 0
    while person.said < PERSON["at_most"] and steps < MOST_STEPS:
        walks, said = teach(GAME, learner, person, GAME.start(1, rng), rng)
        steps += int(walks.lengths.sum())
        lava += int((GAME.map.ravel()[walks.states[:, -1]] == "L").sum())
        stopped += int(np.isinf(said).any())
    return share_of_the_way(learner.chances(CELLS)), person.said, steps, lava, stopped


def share_of_the_way(policy):
    """From the uniform policy's true return, 0, to the best one's, 100; exact."""
    low, reached = (finite_horizon_return(GAME.P, GAME.R, GAME.d0, each_policy, GAME.horizon)
                    for each_policy in (np.full((GAME.n_states, 4), 0.25), policy))
    best = backward_induction(GAME.P, GAME.R, GAME.horizon)[0][0] @ GAME.d0
    return 100 * (reached - low) / (best - low)


def thumbs_table(seeds):
    print(f"grid, at most {PERSON['at_most']} thumbs, {MOST_STEPS} steps: % of the way, and what was said and watched")
    for name, make in LEARNERS.items():
        for who, (judge, traits) in PEOPLE.items():
            found = np.array([taught(make(), judge, seed, **traits) for seed in seeds])
            print(f"{name:15} {who:18} {with_interval(found[:, 0], 0)}  {each(found[:, 0], 0)}   "
                  f"thumbs {found[:, 1].mean():.0f}, steps {found[:, 2].mean():.0f}", flush=True)


def stop_table(seeds):
    print("grid, TAMER, 300 signals by somebody who judges against the best; stop for what costs over .3")
    for name, delay, stops_at in (("thumbs only", LATE, -np.inf), ("stop button", LATE, -0.3),
                                  ("thumbs at once", (1.0,), -np.inf), ("stop at once", (1.0,), -0.3)):
        found = np.array([taught(Tamer(Table(GAME.n_states, 4), 0.3, delay), against_best, seed, delay=delay,
                                 stops_at=stops_at) for seed in seeds])
        print(f"{name:15} {with_interval(found[:, 0], 0)} %  {each(found[:, 0], 0)}   into the lava "
              f"{found[:, 3].mean():.1f} times: {each(found[:, 3], 0)}, stopped {found[:, 4].mean():.1f} times",
              flush=True)


# ---- maximum-entropy inverse reinforcement learning

def irl_table(seeds):
    print("grid of 12 steps, demonstrations by softmax of 4 rewards: % of the way by planning on what is found")
    game = Gridworld(horizon=12)
    uniform = np.full((game.n_states, 4), 0.25)
    _, soft = soft_backward_induction(game.P, 4 * game.R, uniform, 1.0, game.horizon)
    best = backward_induction(game.P, game.R, 12)[0][0] @ game.d0
    low = finite_horizon_return(game.P, game.R, game.d0, uniform, 12)
    for n in (20, 200, 2000):
        shares = []
        for seed in seeds:
            rng, time = np.random.default_rng(seed), iter(range(12))

            def act(observations, rng):
                chances = soft[next(time)][observations]
                actions = (chances.cumsum(axis=1) > rng.random((len(chances), 1))).argmax(axis=1)
                return actions, np.zeros(len(actions))

            person = type("Soft", (), {"act": staticmethod(act)})
            walks = rollout(game, person, game.start(n, rng), rng)
            found, _ = max_ent_irl(game.P, walks, 12, prior=1.0, steps=200)
            _, actions = backward_induction(game.P, rewards_on_entering(game.P, found), 12)
            reached = finite_horizon_return(game.P, game.R, game.d0, np.eye(4)[actions], 12)
            shares.append(100 * (reached - low) / (best - low))
        print(f"{n:5} demonstrations  {with_interval(np.array(shares), 0)}  {each(shares, 0)}", flush=True)


# ---- words

def with_interval(values, digits):
    mean, half = mean_interval(values)
    return f"{mean:6.{digits}f} +- {half:.{digits}f}"


def each(values, digits):
    return "(" + " ".join(f"{value:.{digits}f}" for value in values) + ")"


TABLES = {"corridor": corridor_table, "road": road_table, "thumbs": thumbs_table, "stop": stop_table, "irl": irl_table}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("table", choices=TABLES)
    parser.add_argument("--seeds", default="400-409", help="first-last")
    arguments = parser.parse_args()
    first, _, last = arguments.seeds.partition("-")
    TABLES[arguments.table](range(int(first), int(last or first) + 1))
