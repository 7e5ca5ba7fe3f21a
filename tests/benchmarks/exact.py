"""How close do the methods come to the best policy there is? Exact figures, in worlds where every answer can be listed.

    python tests/benchmarks/exact.py [--seeds 600-604] [--workers 2] [--figure FILE]      (four minutes)

Strings of five letters out of five: 3125 answers, 781 prefixes, a random reference, kl_coef 0.5. Three worlds, drawn
anew for each seed: rewards for letters, rewards for neighbours, and a reward for each string that has nothing to do
with its letters. All KLs are exact, in nats.
"""
import argparse
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
    os.environ[threads] = "1"                                       # read once, when numpy is imported

import numpy as np  # noqa: E402

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parents[2])]

import enumeration  # noqa: E402
from oracles import log_best_of_n  # noqa: E402
from tinyrlhf.episodes import join, rollout  # noqa: E402
from tinyrlhf.exact import strings  # noqa: E402
from tinyrlhf.exact.best_of_n import kl_bound  # noqa: E402
from tinyrlhf.games.prefixes import Prefixes  # noqa: E402
from tinyrlhf.learning.direct_preferences import prefer  # noqa: E402
from tinyrlhf.learning.kl import kl_penalized_rewards  # noqa: E402
from tinyrlhf.learning.policy_gradient import PPO, RLOO, Reinforce  # noqa: E402
from tinyrlhf.nn.networks import Table  # noqa: E402
from tinyrlhf.nn.optimizers import Adam  # noqa: E402
from tinyrlhf.numerics import log_softmax, sigmoid  # noqa: E402
from tinyrlhf.plots import GREEN, GREY, ORANGE, PAINT, STYLE, VERMILLION, label_lines, save  # noqa: E402
from tinyrlhf.policies import Policy  # noqa: E402
from tinyrlhf.questions import shown  # noqa: E402

LETTERS, LENGTH, KL_COEF, WORLDS = 5, 5, 0.5, ("letters", "neighbours", "rough")


class World(NamedTuple):
    """A game whose strings are all listed: reference and best policy (781, 5), log Z."""
    game: Prefixes
    reference: np.ndarray
    best: np.ndarray
    log_z: float


def world(kind, seed):
    """One of WORLDS; rewards have mean 0 and standard deviation 1 over all strings."""
    rng, rows = np.random.default_rng([seed, WORLDS.index(kind)]), strings.contexts(LETTERS, LENGTH)
    if kind == "letters":
        rewards = rng.normal(size=(LENGTH, LETTERS))[np.arange(LENGTH), rows].sum(axis=1)
    elif kind == "neighbours":
        rewards = rng.normal(size=(LETTERS, LETTERS))[rows[:, :-1], rows[:, 1:]].sum(axis=1)
    else:
        rewards = rng.normal(size=len(rows))
    game = Prefixes((rewards - rewards.mean()) / rewards.std(), LETTERS)
    reference = log_softmax(0.7 * rng.normal(size=(game.n_prefixes, LETTERS)))
    return World(game, reference, *enumeration.best_policy(reference, game.rewards, KL_COEF))


# ---- the methods: functions (world, rng, watch) that call watch(step, table) as they go and return the last table

def fades(learning_rate):
    """Falling in a line to a twentieth: what is left at the end is mostly the last steps' noise."""
    return lambda left: learning_rate * max(left, 0.05)


def table_policy(world):
    network = Table(*world.reference.shape)
    network.params["table"][...] = world.reference
    return Policy(network)


def exact_gradient(world, rng, watch, steps=400, learning_rate=0.1):
    """Adam on the exact gradient of the table."""
    policy = table_policy(world)
    table, grads = policy.network.params["table"], policy.network.params.like()
    optimizer = Adam(policy.network.params, learning_rate)
    for step in range(steps):
        watch(step, table)
        grads["table"][...] = -enumeration.listed_gradient(table, world.reference, world.game.rewards, KL_COEF)
        optimizer.learning_rate = fades(learning_rate)(1 - step / steps)
        optimizer.step(grads)
    return table


def natural_gradient(world, rng, watch, steps=100, learning_rate=0.2):
    """The exact natural gradient, no optimizer."""
    table = world.reference.copy()
    for step in range(steps):
        watch(step, table)
        table += learning_rate * enumeration.natural_gradient(table, world.reference, world.game.rewards, KL_COEF)
    return table


def reinforced(world, rng, watch, make_learner, updates, batch):
    """`updates` updates on fresh strings, the KL penalty in the reward."""
    policy, reference, game = table_policy(world), table_policy(world), world.game
    learner = make_learner(policy, game, updates)

    def penalized(episodes):
        at_reference = episodes.as_table(reference.log_probs(*episodes.decisions)[0])
        return kl_penalized_rewards(episodes.true_rewards, episodes.log_probs, at_reference, KL_COEF)

    for update in range(updates):
        watch(update, policy.network.params["table"])
        learner.update(rollout(game, policy, game.start(batch, rng), rng), penalized, rng)
    return policy.network.params["table"]


def rloo(world, rng, watch, updates=700, batch=1024, learning_rate=0.08):
    return reinforced(world, rng, watch, lambda policy, game,
                      n: RLOO(policy, fades(learning_rate), group=batch, updates=n), updates, batch)


def reinforce(world, rng, watch, updates=700, batch=1024, learning_rate=0.08):
    return reinforced(world, rng, watch, lambda policy, game, n: Reinforce(policy, fades(learning_rate), updates=n),
                      updates, batch)


def ppo(world, rng, watch, updates=400, batch=1024, learning_rate=0.04, critic_learning_rate=0.05):
    return reinforced(world, rng, watch, lambda policy, game, n: PPO(
        policy, fades(learning_rate), Table(game.n_states, 1), gamma=1.0, epochs=2, minibatch=batch * game.horizon,
        max_grad_norm=np.inf,
        critic_learning_rate=fades(critic_learning_rate), updates=n), updates, batch)


def dpo(world, rng, watch, pairs=200_000, steps=1000, batch=1024, learning_rate=0.2, one_choice=False):
    """Pairs of answers of the reference, with the exact share of people who prefer the first; or with one person's
    choice."""
    policy, reference, game = table_policy(world), table_policy(world), world.game
    first, second = (rollout(game, reference, game.start(pairs, rng), rng) for _ in range(2))
    shares = sigmoid(first.true_returns - second.true_returns)
    shares = (rng.random(pairs) < shares).astype(float) if one_choice else shares
    questions = shown("preference", join([first, second]),
                      np.stack([np.arange(pairs), pairs + np.arange(pairs)], axis=1))
    watch(0, policy.network.params["table"])
    prefer(policy, reference, questions.answered(np.zeros(pairs, int)), rng, kl_coef=KL_COEF,
           shares=np.stack([shares, 1 - shares], axis=1),
           learning_rate=fades(learning_rate), steps=steps, batch=batch,
           on_step=lambda step, row: watch(step + 1, policy.network.params["table"]))
    return policy.network.params["table"]


def dpo_choices(world, rng, watch):
    """DPO as people really answer: 100,000 choices, two passes; with more it learns the choices by heart."""
    return dpo(world, rng, watch, pairs=100_000, steps=400, batch=512, learning_rate=0.05, one_choice=True)


METHODS = {"natural gradient": natural_gradient, "exact gradient": exact_gradient, "RLOO": rloo, "REINFORCE": reinforce,
           "PPO": ppo,
           "DPO, exact shares": dpo, "DPO, one choice each": dpo_choices}


def distances(seed, methods=METHODS):
    """KL(pi || pi*) at the end of each method in each world, {method: (3,)}; and the largest error of J* - J = kl_coef
    KL."""
    found, error = {name: [] for name in methods}, 0.0
    for kind in WORLDS:
        place = world(kind, seed)
        for name, method in methods.items():
            table = method(place, np.random.default_rng([seed, 7]), lambda step, table: None)
            shortfall = KL_COEF * place.log_z - enumeration.objective(table, place.reference, place.game.rewards,
                                                                      KL_COEF)
            found[name].append(enumeration.kl(table, place.best))
            error = max(error, abs(shortfall - KL_COEF * found[name][-1]))
    return found, error


# ---- best of n

def optimum_at(nats, log_reference, rewards):
    """Log-probabilities of the best policy that is so many nats away from the reference, by bisection for its
    kl_coef."""
    low, high = np.log(1e-3), np.log(1e6)
    for _ in range(60):
        optimum, _ = enumeration.best_policy(log_reference, rewards, np.exp((low + high) / 2))
        low, high = ((low + high) / 2, high) if enumeration.kl(optimum, log_reference) > nats else (low,
                                                                                                    (low + high) / 2)
    return optimum


def best_of(n, kind, seed):
    """Exact KL of best-of-n, its reward, and the reward of the best policy at the same KL."""
    place = world(kind, seed)
    log_reference, rewards = enumeration.log_probs(place.reference), place.game.rewards
    best = log_best_of_n(log_reference, rewards, n)
    nats = enumeration.kl(best, log_reference)
    optimum = best if n == 1 else optimum_at(nats, log_reference, rewards)
    return abs(nats), np.exp(best) @ rewards, np.exp(optimum) @ rewards


# ---- mode collapse

class Collapse(NamedTuple):
    """After training among 64 answers of which 8 are equally the best: probabilities and reward, and what pi* has."""
    plain: np.ndarray
    natural: np.ndarray
    best: np.ndarray
    rewards: np.ndarray
    natural_kl: float
    plain_kl: float


def modes(probabilities):
    """Effective number of answers: exp of the entropy."""
    p = probabilities[probabilities > 0]
    return float(np.exp(-(p * np.log(p)).sum()))


def collapse(seed, watch=lambda name, step, logits: None, kl_coef=0.1):
    """Plain softmax gradient and natural gradient, both exact, from the same reference."""
    rng = np.random.default_rng([seed, 64])
    reference = np.log(rng.dirichlet(np.full(64, 2.0)))
    rewards = np.where(np.arange(64) < 8, 3.0, rng.normal(size=64).clip(-3, 2))
    best, _ = enumeration.best_policy(reference, rewards, kl_coef)
    ends = {}
    rules = {"plain": (enumeration.listed_gradient, 4000, 1.0), "natural": (enumeration.natural_gradient, 200, 0.5)}
    for name, (step_of, steps, learning_rate) in rules.items():
        ends[name] = reference.copy()
        for step in range(steps):
            watch(name, step, ends[name])
            ends[name] += learning_rate * step_of(ends[name], reference, rewards, kl_coef)
    return Collapse(*(np.exp(enumeration.log_probs(logits)) for logits in (ends["plain"], ends["natural"], best)),
                    rewards,
                    enumeration.kl(ends["natural"], best), enumeration.kl(ends["plain"], best))


# ---- tables and pictures

def print_distances(seeds, workers):
    started = time.time()
    with ProcessPoolExecutor(workers) as pool:
        rows = list(pool.map(distances, seeds))
    print(f"KL(pi || pi*) at the end, {len(WORLDS)} worlds x seeds {seeds[0]} to {seeds[-1]} "
          f"({time.time() - started:.0f} s)")
    print(f"{'':22}{'mean':>9}{'worst':>9}   " + "".join(f"{kind:>12}" for kind in WORLDS))
    for name in METHODS:
        kls = np.array([found[name] for found, _ in rows])
        print(f"{name:22}{kls.mean():9.5f}{kls.max():9.5f}   " + "".join(f"{mean:12.5f}" for mean in kls.mean(axis=0)))
    start = [enumeration.kl(place.reference, place.best)
             for place in (world(kind, seed) for kind in WORLDS for seed in seeds)]
    print(f"{'reference':22}{np.mean(start):9.5f}{np.max(start):9.5f}")
    print(f"largest error of J* - J = kl_coef KL(pi || pi*): {max(error for _, error in rows):.1e}", end="\n\n")


def print_best_of_n(seeds):
    print("best of n, means over the same worlds; gap and lead: least and largest")
    print(f"{'n':>4}{'KL':>9}{'bound':>9}{'gap':>20}{'reward':>9}{'of pi*':>9}{'lead of pi* at equal KL':>27}")
    for n in (1, 2, 4, 16, 64):
        nats, reward, optimal = np.array([best_of(n, kind, seed) for kind in WORLDS for seed in seeds]).T
        gap, lead = np.abs(kl_bound(n) - nats), optimal - reward       # never below: tests/test_best_of_n.py
        print(f"{n:4}{nats.mean():9.4f}{kl_bound(n):9.4f}{gap.min():11.4f}{gap.max():9.4f}"
              f"{reward.mean():9.3f}{optimal.mean():9.3f}"
              f"{lead.min():16.3f}{lead.max():11.3f}")


def print_collapse(seeds):
    draws = [collapse(seed) for seed in seeds]
    shortfall = [(draw.best - draw.plain) @ draw.rewards for draw in draws]
    plain, best = ([modes(getattr(draw, name)) for draw in draws] for name in ("plain", "best"))
    print(f"\nmode collapse, 64 answers, 8 equally good, kl_coef 0.1, {len(draws)} draws")
    print(f"effective modes (medians): plain gradient {np.median(plain):.2f}, largest {max(plain):.2f}; "
          f"pi* {np.median(best):.2f}, least {min(best):.2f}")
    print(f"the plain gradient's reward lacks {np.median(shortfall):.4f} of {draws[0].rewards.max():.0f} "
          f"(largest {max(shortfall):.4f}), "
          f"its KL(pi || pi*) is {np.median([draw.plain_kl for draw in draws]):.2f} (median)")
    print(f"natural gradient, 200 steps: KL(pi || pi*) at most {max(draw.natural_kl for draw in draws):.1e}")


def paths(kind, seed):
    """name -> (steps, KL(pi || pi*)), a few dozen points spread evenly over the logarithm of the steps."""
    place, walked = world(kind, seed), {}
    wanted = set(np.unique(np.geomspace(1, 1001, 60).astype(int)))   # counted from 1, so that the start has a place

    for name, method in METHODS.items():
        points = walked[name] = []

        def watch(step, table):
            if step + 1 in wanted:
                points.append((step + 1, enumeration.kl(table, place.best)))

        method(place, np.random.default_rng([seed, 7]), watch)
    return {name: np.array(points).T for name, points in walked.items()}


def draw_paths(axis, walked):
    """KL to the optimum over steps, both in powers of ten; what comes closer than a millionth runs along the floor."""
    colors = dict(zip(METHODS, (GREEN, PAINT["ink"], "#56B4E9", GREY, ORANGE, VERMILLION, "#CC79A7")))
    labels = []
    for name, (steps, kls) in walked.items():
        heights = np.log10(np.maximum(kls, 1e-6))
        axis.plot(np.log10(steps), heights, color=colors[name],
                  linestyle="--" if name == "DPO, one choice each" else "-")
        axis.plot([np.log10(steps[-1]), 3], [heights[-1]] * 2, color=colors[name], linewidth=1,
                  linestyle=":")    # to its name
        labels.append((heights[-1], name, colors[name]))
    axis.set(ylim=(-6, 0.6), xlim=(0, 3), xticks=range(4), xticklabels=["1", "10", "100", "1000"],
             xlabel="steps or updates",
             yticks=range(-6, 1, 2), yticklabels=["0.000001", "0.0001", "0.01", "1"])
    axis.set_title("KL(pi || pi*), nats", weight="bold")
    label_lines(axis, labels)


def figure(seed):
    """Paths towards pi* above; below, what became of eight equally good answers."""
    from matplotlib import style
    from matplotlib.figure import Figure
    history = {"plain": [], "natural": []}
    outcome = collapse(seed, lambda name, step,
                       logits: history[name].append(modes(np.exp(enumeration.log_probs(logits)))))
    claim = {"size": 20, "weight": "bold", "va": "top"}
    with style.context(STYLE):
        picture = Figure(figsize=(13, 10.5))
        picture.text(0.03, 0.985, "All roads lead towards the best policy; noise decides how near", **claim)
        draw_paths(picture.add_axes((0.13, 0.52, 0.6, 0.37)), paths("neighbours", seed))
        left = f"{modes(outcome.plain):.1f} of {modes(outcome.best):.1f}"
        picture.text(0.03, 0.435, f"The reward looks perfect, but {left} effective answers are left", **claim)
        bars, lines = picture.add_axes((0.06, 0.07, 0.42, 0.27)), picture.add_axes((0.56, 0.07, 0.3, 0.27))
        draw_answers(bars, outcome)
        draw_modes(lines, history, modes(outcome.best))
    return picture


def draw_answers(axis, outcome):
    """The probabilities of the eight best answers under three policies."""
    order = np.argsort(-outcome.best[:8])
    for shift, probabilities, color, name in ((-0.27, outcome.best, GREY, "pi*"),
                                              (0, outcome.natural, GREEN, "natural gradient"),
                                              (0.27, outcome.plain, VERMILLION, "plain gradient")):
        axis.bar(np.arange(8) + shift, probabilities[order], width=0.25, color=color)
        axis.text(0.98, 0.9 - 0.42 * (shift + 0.27), f"{name}: reward {probabilities @ outcome.rewards:.3f}",
                  color=color, weight="bold",
                  ha="right", transform=axis.transAxes)
    axis.set(xticks=range(8), xticklabels="ABCDEFGH", yticks=(0, 0.5, 1), ylim=(0, 1))
    axis.set_title("probability of each best answer", weight="bold")


def draw_modes(axis, history, best):
    """Effective modes over steps."""
    axis.axhline(np.log2(best), color=GREY, linewidth=1.5, linestyle=(0, (4, 3)))
    for name, color in (("natural", GREEN), ("plain", VERMILLION)):
        axis.plot(np.log10(np.arange(len(history[name])) + 1), np.log2(history[name]), color=color)
    axis.set(xlim=(0, np.log10(4000)), xticks=range(4), xticklabels=["1", "10", "100", "1000"], xlabel="steps",
             yticks=range(7), yticklabels=[2 ** power for power in range(7)], ylim=(-0.2, 6))
    axis.set_title("effective number of answers", weight="bold")
    label_lines(axis, [(np.log2(best), f"pi* {best:.1f}", GREY)]
                + [(np.log2(history[name][-1]), f"{name} {history[name][-1]:.1f}", color) for name, color in
                   (("natural", GREEN), ("plain", VERMILLION))])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=seeds_of, default="600-604")
    parser.add_argument("--workers", type=int, default=2, help="processes side by side")
    parser.add_argument("--figure", type=Path,
                        help="draw the paths and the mode collapse of the first seed into this file")
    options = parser.parse_args()
    print_distances(options.seeds, options.workers)
    print_best_of_n(options.seeds)
    print_collapse(range(options.seeds[0], options.seeds[0] + 20))
    if options.figure:
        save(figure(options.seeds[0]), options.figure)


def seeds_of(text):
    """"600-604" or "3" as a list of numbers."""
    first, _, last = text.partition("-")
    return list(range(int(first), int(last or first) + 1))


if __name__ == "__main__":
    main()
