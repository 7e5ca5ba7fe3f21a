"""With a model of the world and without one: how many steps in it does each need?

    python tests/benchmarks/dyna.py [maze learned relabel loop] [--seeds 400-409]

maze: the maze of Sutton and Barto (2018), example 8.1. It is solved as soon as, after an episode, the policy that is
thought best takes at most 20 steps (expected, ties at random, by the linear system: no luck enters). Beside it the
first episode that was played, with epsilon 0.1, in at most 20. learned: the reward that `tinyrlhf run gridworld` has
learned from 300 simulated preferences, planned on the true tables, planned on counts, learned by Q-learning and by
Dyna-Q: the true return of what each thinks best, computed exactly, after so many steps in the world. relabel: the
reward of the first round (15 preferences) gives way to that of the last one when each learner has played 1,000 steps
at random; then none of them plays on. loop: the gridworld's loop of 20 rounds and 300 preferences, improved by
planning on counts of the walks that people saw, and by policy gradient as it is: true return of what is thought best,
and steps in the world.
"""
import argparse
import os
import sys
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"
sys.path[:0] = [str(Path(__file__).resolve().parents[2]), str(Path(__file__).parent), str(Path(__file__).parents[1])]

import numpy as np  # noqa: E402  (after the thread count)

from claims import seeds_of  # noqa: E402
from tinyrlhf.diagnostics import mean_interval  # noqa: E402
from tinyrlhf.exact import evaluation, planning  # noqa: E402
from tinyrlhf.exact.horizon import finite_horizon_return  # noqa: E402
from tinyrlhf.games.gridworld import DYNA_MAZE, Gridworld  # noqa: E402
from tinyrlhf.improvements import planning as planning_in_the_loop  # noqa: E402
from tinyrlhf.learning.dyna import DynaQ  # noqa: E402
from tinyrlhf.rlhf import rlhf  # noqa: E402
from tinyrlhf.worlds import build  # noqa: E402

BUDGETS = 100, 300, 1000, 2000
NEAR = 0.05                             # so much true return below the plan on the true tables counts as reached


class Dyna(DynaQ):
    def think(self, rng):
        """A thousand times its planning steps, none in the world."""
        for _ in range(1000):
            self.plan(self.planning_steps, rng)


class Planner(DynaQ):
    """Plans anew on its counts after every episode; an action never tried is worth `untried`."""

    def __init__(self, n_states, n_actions, untried, **options):
        super().__init__(n_states, n_actions, planning_steps=0, **options)
        self.untried = untried

    def update(self, *transitions):
        """It keeps nothing but counts."""

    def learn(self, game, n, rng, reward=None):
        earned = super().learn(game, n, rng, reward)
        self.think(rng)
        return earned

    def think(self, rng):
        self.q[...] = self.model.action_values(self.gamma, self.untried)


# ---- the maze

def maze_run(planning_steps, seed, most=100):
    """(steps that each episode took, steps that the policy thought best after it takes: expected, exact)."""
    game = Gridworld(DYNA_MAZE, slip=0.0, step_reward=0.0, horizon=1_000_000)
    rng, lengths, best = np.random.default_rng(seed), [], []
    learner = DynaQ(game.n_states, 4, planning_steps, gamma=0.95, epsilon=0.1, step_size=0.1)
    while len(lengths) < most and (min(lengths, default=21) > 20 or min(best) > 20):
        learner.learn(game, 1, rng)
        lengths.append(int(learner.model.counts.sum()) - sum(lengths))
        best.append(evaluation.hitting_times(game.P, greedy(learner.q), game.is_end)[game.starts[0]])
    return np.array(lengths), np.array(best)


def maze(seeds):
    game = Gridworld(DYNA_MAZE, slip=0.0, step_reward=0.0)
    expected = evaluation.hitting_times(game.P, greedy(np.zeros((game.n_states, 4))), game.is_end)[game.starts[0]]
    print(f"expected length of the first episode, by the linear system: {expected:.2f}")
    for n in (0, 5, 50):
        found = [maze_run(n, seed) for seed in seeds]
        solved = [int((best <= 20).argmax()) + 1 for _, best in found]
        print(f"{n:3} planning steps: solved after episode " + " ".join(map(str, solved)))
        steps = [lengths[:k].sum() for k, (lengths, _) in zip(solved, found)]
        print(f"{'':23}steps in the world until then " + "{:.0f} +- {:.0f}".format(*mean_interval(steps)))
        print(f"{'':23}first episode of at most 20 steps " + " ".join(
            str((lengths <= 20).argmax() + 1) for lengths, _ in found))
        print(f"{'':23}first episodes took " + " ".join(str(lengths[0]) for lengths, _ in found), flush=True)


def greedy(q):
    """The policy (S, A) that takes the best actions of q (S, A), each as often."""
    best = np.isclose(q, q.max(axis=1, keepdims=True), rtol=0, atol=1e-12)
    return best / best.sum(axis=1, keepdims=True)


# ---- one learned reward

def learned_rewards(seed, rounds=(20,)):
    """A game, and what its reward model pays after so many rounds, each (S, A, S)."""
    state, found = build("gridworld", seed=seed), []
    game = state.game
    for stages in rounds:
        rlhf(state, stages)
        cells = state.reward_model.scale * state.reward_model.network.forward(np.arange(game.n_states))[0][:, 0]
        found.append(np.where(game.is_end[:, None, None], 0.0, cells) * np.ones((1, 4, 1)))
    return game, found


def true_return(game, q):
    """Of the policy that does what q (S, A) says is best, exactly."""
    return finite_horizon_return(game.P, game.R, game.d0, greedy(q), game.horizon)


def best_q(game, R, gamma):
    values, _ = planning.value_iteration(game.P, R, gamma)
    return planning.action_values(game.P, R, values, gamma)


def learners(game, R, epsilon, gamma=0.7):
    """Name -> a fresh learner."""
    sizes, options = (game.n_states, 4), dict(gamma=gamma, epsilon=epsilon)
    hope = R.max() / (1 - gamma)
    return {"plan on counts, untried = 0": Planner(*sizes, untried=0.0, **options),
            "plan on counts, untried = hope": Planner(*sizes, untried=hope, **options),
            "Dyna-Q, 50 planning steps": Dyna(*sizes, 50, **options),
            "Q-learning": Dyna(*sizes, 0, **options)}


def play(learner, game, R, n_steps, rng):
    """Whole episodes until so many steps have been played."""
    while learner.model.counts.sum() < n_steps:
        learner.learn(game, 1, rng, lambda step: R[step.states, step.actions, step.next_states])


def learned(seeds):
    worlds = {seed: learned_rewards(seed) for seed in seeds}
    goals = []
    for seed, (game, (R,)) in worlds.items():
        far, near = (true_return(game, best_q(game, R, gamma)) for gamma in (0.95, 0.7))
        goals.append(near)
        print(f"seed {seed}: the plan on the true tables earns {far:6.3f} with discount 0.95, {near:6.3f} with 0.7")
    chance, best = (true_return(game, each) for each in (np.zeros((game.n_states, 4)), best_q(game, game.R, 0.95)))
    print(f"moves at random earn {chance:.3f}, the plan on the true reward {best:.3f}; from here on discount 0.7")
    budgets = "".join(f"{budget:>15}" for budget in BUDGETS)
    print(f"{'':13}{'true return after steps':30}{budgets}   steps needed")
    for epsilon in (0.0, 0.1, 1.0):
        rows = {}
        for seed, (game, (R,)) in worlds.items():
            for name, learner in learners(game, R, epsilon).items():
                rng = np.random.default_rng([seed, 5])
                for budget in BUDGETS:
                    play(learner, game, R, budget, rng)
                    rows.setdefault(name, []).append(true_return(game, learner.q))
        for name, returns in rows.items():
            table = np.reshape(returns, (len(worlds), len(BUDGETS)))
            means = "".join("{:8.2f} +-{:4.2f}".format(*mean_interval(column)) for column in table.T)
            first = " ".join(needed(row, goal) for row, goal in zip(table, goals))
            print(f"epsilon {epsilon:<4} {name:30}{means}   {first}", flush=True)


def needed(returns, goal):
    """The first of the budgets from which on the plan on the true tables is reached, as text."""
    short = np.flatnonzero(returns < goal - NEAR)
    first = short[-1] + 1 if len(short) else 0
    return str(BUDGETS[first]) if first < len(BUDGETS) else f">{BUDGETS[-1]}"


# ---- a reward that changes

def relabel(seeds):
    rows = {}
    for seed in seeds:
        game, (early, late) = learned_rewards(seed, (1, 20))
        for name, R in (("first", early), ("last", late)):
            rows.setdefault(f"plan on the true tables, {name} reward", []).append(best_q(game, R, 0.7))
        for relabelled in ("stale", "relabelled"):
            for name, learner in learners(game, early, 1.0).items():
                rng = np.random.default_rng([seed, 6])
                play(learner, game, early, 1000, rng)
                if relabelled == "relabelled":
                    learner.model.relabel(late)
                learner.think(rng)
                rows.setdefault(f"{name}, {relabelled}", []).append(learner.q)
    print("true return after the change, without one step more")
    for name, found in rows.items():
        if "untried = hope" not in name and name != "Q-learning, relabelled":
            returns = [true_return(game, q) for q in found]
            print(f"{name:45}" + "{:6.2f} +-{:4.2f}   ".format(*mean_interval(returns))
                  + " ".join(f"{each:.2f}" for each in returns), flush=True)


# ---- in the loop

def loop(seeds):
    improve = planning_in_the_loop(gamma=0.9, temperature=0.2)
    for name in ("planning", "policy gradient"):
        returns, steps = [], []
        for seed in seeds:
            state, played = build("gridworld", seed=seed), 0
            if name == "planning":
                state.plan = [stage._replace(improve=improve) for stage in state.plan]
            rlhf(state)
            played = int(state.answers.episodes.mask.sum())
            if name == "policy gradient":                               # episodes are as long as the last of the round
                per_round = state.episodes_per_update * state.updates_per_round
                played += per_round * sum(row["length"] for row in state.history)
            returns.append(true_return(state.game, state.policy.network.params["table"]))
            steps.append(played)
        print(f"{name:16} true return " + "{:.3f} +- {:.3f}: ".format(*mean_interval(returns))
              + " ".join(f"{each:.2f}" for each in returns) + f"; steps in the world {min(steps):,.0f} to "
              f"{max(steps):,.0f}, mean {np.mean(steps):,.0f}", flush=True)


PARTS = {"maze": maze, "learned": learned, "relabel": relabel, "loop": loop}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], default=[])
    parser.add_argument("--seeds", type=seeds_of, default="400-409")
    options = parser.parse_args()
    for name in options.parts or PARTS:
        PARTS[name](options.seeds)


if __name__ == "__main__":
    main()
