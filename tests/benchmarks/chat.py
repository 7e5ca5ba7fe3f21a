"""The chat model's figures: stages, rounds, reward models, what breaks without a KL penalty, true return per nat.

    python tests/benchmarks/chat.py [stages rewards free rounds frontier] [--seeds 400-404] [--language dialogue]
        [--figure FILE]

    stages     the command line's own run, then 1,000 fresh answers of each saved stage, measured here: RLOO, PPO and
               the controls
    rewards    each kind of reward model on 2,004 comparisons: order of fresh clear pairs, beside what nobody can beat
    free       each kind without a KL penalty: true return at its peak and at the end, what the person says there, and
               what it writes
    rounds     two rounds of answers against one round with twice as many
    frontier   true return over KL (for best-of-n its upper bound): SFT, best-of-n, DPO, IPO, RLOO, PPO on equal
               answers (--figure draws it)
"""
import argparse
import functools
import os
import sys
import tempfile
import time
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

import numpy as np  # noqa: E402  (after the thread count)

from claims import command_line  # noqa: E402
from tinyrlhf import runs  # noqa: E402
from tinyrlhf.diagnostics import mean_interval  # noqa: E402
from tinyrlhf.episodes import rollout, start_in_groups  # noqa: E402
from tinyrlhf.exact.best_of_n import expected_true_reward, kl_bound  # noqa: E402
from tinyrlhf.learning.kl import kl_per_episode  # noqa: E402
from tinyrlhf.report import held_out  # noqa: E402
from tinyrlhf.rlhf import fit, improve_on, rlhf  # noqa: E402
from tinyrlhf.worlds._chat_report import without_kl_penalty  # noqa: E402
from tinyrlhf.worlds.chat import GROUP, REWARDS, chat as a_chat, learner_for  # noqa: E402

RUNS = {"rloo": [], "ppo": ["--method", "ppo"], "coin flips": ["--without-feedback"],
        "true reward": ["--on-true-reward"]}
FRONTIER = {"RLOO": ("rloo", (0.05, 0.1, 0.2, 0.4, 0.8)), "PPO": ("ppo", (0.05, 0.1, 0.2, 0.4, 0.8)),
            "DPO": ("dpo", (0.1, 0.2, 0.4, 0.8)),
            "IPO": ("ipo", (0.1, 0.2, 0.4, 0.8)), "copies of the best of 16": ("best-of-n", (0.2,))}


def look(chat, policy, seed, n=1000):
    """n fresh answers of a policy, with random numbers of their own: true return, real words, KL to the fine-tuned
    model."""
    rng = np.random.default_rng([seed, 77])
    answers = rollout(chat.game, policy, chat.game.start(n, rng), rng)
    texts = chat.game.decode(answers.states[:, -1])
    return {"true_return": float(answers.true_returns.mean()),
            "unkind": float(np.mean([chat.game.count_unkind(text) > 0 for text in texts])),
            "real words": 1 - float(np.mean([chat.game.unknown_words(text) for text in texts])),
            "kl": kl_per_episode(policy, chat.reference, answers)}


@functools.lru_cache(maxsize=16)
def fine_tuned(seed, language):
    """The stages before the first comparison, as a flat dict, and what was mended; every variant of a seed begins with
    them."""
    state = rlhf(a_chat(seed=seed, language=language), 2)
    return state.state(), state.answers


def variant(seed, language, **settings):
    """A finished run with these settings, on the same fine-tuned model as all others of its seed."""
    state, (early, mended) = a_chat(seed=seed, language=language, **settings), fine_tuned(seed, language)
    own = ("learner/", "reward_model/", "person/")                  # of this variant, and not yet used
    fresh = {name: value for name, value in state.state().items() if name.startswith(own)}
    state.load({**{name: value for name, value in early.items() if not name.startswith(own)}, **fresh}, mended)
    return rlhf(state)


def fitted(seed, language, reward):
    """A run whose reward model of this kind was fitted to the answers, though nothing was reinforced on it; seconds of
    the fit."""
    state = variant(seed, language, reward=reward, method="ipo")
    began = time.process_time()
    state.history[-1]["fit_loss"] = fit(state, state.plan[-1])
    return state, time.process_time() - began


def stages(seeds, language):
    """The whole command, its seconds, and its stages measured from outside."""
    for kind, options in RUNS.items():
        rows = []
        for seed in seeds:
            with tempfile.TemporaryDirectory() as folder:
                claimed = command_line("run", "chat", "--seed", str(seed), "--out", folder, "--language", language,
                                       *options)
                chat = runs.load(folder)
            rows.append({"seconds": claimed["seconds"], "bits": claimed["stages"]["pretrained"]["bits_per_character"],
                         **{stage: look(chat, policy, seed) for stage, policy in chat.snapshots.items()}})
        print(f"{kind}: seconds " + " ".join(f"{row['seconds']:.0f}" for row in rows)
              + ", bits per character after pretraining " + " ".join(f"{row['bits']:.3f}" for row in rows))
        for stage in ("pretrained", "sft", "rl"):
            for name in ("true_return", "real words", "unkind", "kl"):
                line(f"  {stage} {name}", [row[stage][name] for row in rows])


def line(title, values):
    """Every seed, then the mean with its interval, and the worst."""
    mean, half = mean_interval(values)
    print(f"{title:<44}" + " ".join(f"{value:7.3f}" for value in values)
          + f"   mean {mean:.3f} +- {half:.3f}, lowest {min(values):.3f}, highest {max(values):.3f}", flush=True)


def rewards(seeds, language):
    """Accuracy of each kind, and the seconds of its fit."""
    for kind in REWARDS:
        rows, seconds = [], []
        for seed in seeds:
            chat, took = fitted(seed, language, kind)
            seconds.append(took)
            rows.append(foretold(chat, seed))
        for name in ("accuracy_on_clear_pairs", "reward_model_accuracy", "noise_ceiling"):
            line(f"{kind} {name}", [row[name] for row in rows])
        line(f"{kind} seconds of a fit", seconds)


def foretold(chat, seed, prompts=250):
    """Accuracy on fresh comparisons, and on clear pairs of the fine-tuned model's answers, whose true returns differ
    by more than 1/2."""
    numbers = held_out({"rationality": chat.person.latest}, chat, np.random.default_rng([seed, 79]))
    rng = np.random.default_rng([seed, 80])
    answers = rollout(chat.game, chat.reference, start_in_groups(chat.game, GROUP * prompts, GROUP, rng), rng)
    first, second = (np.add.outer(GROUP * np.arange(prompts), side).ravel() for side in np.triu_indices(GROUP, 1))
    learned, true = (scores[first] - scores[second]
                     for scores in (chat.reward_model.scores(answers), answers.true_returns))
    return {**numbers, "accuracy_on_clear_pairs": float((learned * true > 0)[np.abs(true) > 0.5].mean())}


def free(seeds, language):
    """What each kind of reward model breaks into."""
    for kind in REWARDS:
        rows = [without_kl_penalty(fitted(seed, language, kind)[0]) for seed in seeds]
        best = [int(np.argmax([row["true_return"] for row in curve])) for curve in rows]
        for name, values in (("true return at its peak", [curve[i]["true_return"] for curve, i in zip(rows, best)]),
                             ("true return at the end", [curve[-1]["true_return"] for curve in rows]),
                             ("fall", [curve[i]["true_return"] - curve[-1]["true_return"]
                                       for curve, i in zip(rows, best)]),
                             ("learned reward, end minus peak", [end["learned_return"] - curve[i]["learned_return"]
                                                                 for curve, i,
                                                                 end in zip(rows, best,
                                                                            (curve[-1] for curve in rows))]),
                             ("person prefers it to SFT at the end", [curve[-1]["person_prefers"] for curve in rows]),
                             ("reward model prefers it to SFT at the end",
                              [curve[-1]["reward_model_prefers"] for curve in rows]),
                             ("KL at the end", [curve[-1]["kl"] for curve in rows])):
            line(f"{kind} {name}", values)
        for seed, curve in zip(seeds, rows):
            print(f"    {seed}: {curve[-1]['sample']!r}")
        farther = [without_kl_penalty(fitted(seed, language, kind)[0], updates=400, learning_rate=3e-3)
                   for seed in seeds]
        line(f"{kind} true return at the end, pushed six times as hard",
             [curve[-1]["true_return"] for curve in farther])
        for seed, curve in zip(seeds, farther):
            print(f"    {seed}: {curve[-1]['sample']!r}")


def rounds(seeds, language):
    """Fresh answers of the better policy, or twice as many of the first one? And more steps on the same answers, as a
    control."""
    two, one, longer = [], [], []
    for seed in seeds:
        two.append(look(*policy_of(variant(seed, language, rounds=2)), seed)["true_return"])
        chat = variant(seed, language, questions=668)
        one.append(look(*policy_of(chat), seed)["true_return"])
        chat.learner = learner_for(chat, "rloo")
        improve_on(chat, chat.reward_model.rewards)
        longer.append(look(chat, chat.policy, seed)["true_return"])
    for title, values in (("two rounds of 2,004 comparisons", two), ("one round of 4,008", one),
                          ("one round of 4,008, as many updates", longer)):
        line(title, values)
    line("two rounds minus one", np.subtract(two, one))
    line("two rounds minus one with as many updates", np.subtract(two, longer))


def policy_of(chat):
    return chat, chat.policy


def best_of_n_curve(chat, seed, most=64, prompts=64):
    """(kl, true return) of best-of-n for n = 1, 2, 4 ... `most`, by the unbiased estimator from `most` answers to each
    prompt."""
    rng = np.random.default_rng([seed, 78])
    answers = rollout(chat.game, chat.reference, start_in_groups(chat.game, most * prompts, most, rng), rng)
    learned, true = (scores.reshape(prompts, most)
                     for scores in (chat.reward_model.scores(answers), answers.true_returns))
    curve = np.mean([expected_true_reward(p, g, most) for p, g in zip(learned, true)], axis=0)
    return [(float(kl_bound(n)), float(curve[n - 1])) for n in 2 ** np.arange(int(np.log2(most)) + 1)]


def frontier(seeds, language, figure=None):
    """Points (KL, true return) of every method, seed by seed; all learned from the same answers."""
    points = {}
    for seed in seeds:
        start = variant(seed, language)
        points.setdefault("SFT", []).append([(0.0, look(start, start.reference, seed)["true_return"])])
        points.setdefault("best of n", []).append(best_of_n_curve(start, seed))
        for name, (method, coefs) in FRONTIER.items():
            looks = [look(*policy_of(variant(seed, language, method=method, kl_coef=kl_coef)), seed)
                     for kl_coef in coefs]
            points.setdefault(name, []).append([(row["kl"], row["true_return"]) for row in looks])
    for name, curves in points.items():
        for seed, curve in zip(seeds, curves):
            print(f"{name:<26}{seed}  " + "  ".join(f"{kl:5.2f} nats {true_return:5.2f}" for kl, true_return in curve))
    if figure:
        draw_frontier(points, figure)


def draw_frontier(points, path):
    """Mean over the seeds, a line for each method from the lowest kl_coef to the highest."""
    from matplotlib import style
    from matplotlib.figure import Figure

    from tinyrlhf import plots
    colors = dict(zip(points,
                      (plots.GREY, plots.GREEN, plots.BLUE, plots.ORANGE, plots.VERMILLION, "#CC79A7", "#56B4E9")))
    with style.context(plots.STYLE):
        canvas = Figure(figsize=(11, 6.5))
        axis = canvas.add_axes((0.08, 0.12, 0.62, 0.76))
        ends = []
        for name, curves in points.items():
            far, true_returns = np.mean(curves, axis=0).T
            axis.plot(far, true_returns, color=colors[name], marker="o", markersize=8)
            ends.append((true_returns[np.argmax(far)], name, colors[name]))
        axis.set(xlabel="KL from the fine-tuned model, nats an answer (best of n: at most)",
                 ylabel="true return, at most 2.5", xlim=(-0.1, None))
        axis.set_title("The same answers: best of n gets most for its nats,\nand every long way bends down",
                       weight="bold")
        plots.label_lines(axis, ends)
    plots.save(canvas, path)


WHAT = {"stages": stages, "rewards": rewards, "free": free, "rounds": rounds, "frontier": frontier}


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", nargs="*", default=list(WHAT), metavar="WHAT", help=" ".join(WHAT))
    parser.add_argument("--seeds", default="400-404")
    parser.add_argument("--language", default="dialogue", choices=("dialogue", "sentiment"))
    parser.add_argument("--figure", type=Path, help="draw the frontier here")
    options = parser.parse_args(arguments)
    if not set(options.what) <= set(WHAT):
        parser.error(f"expected some of {', '.join(WHAT)}; got {' '.join(options.what)}")
    first, _, last = options.seeds.partition("-")
    seeds = list(range(int(first), int(last or first) + 1))
    for what in options.what:
        print(f"# {what}", flush=True)
        WHAT[what](seeds, options.language, *([options.figure] if what == "frontier" else []))


if __name__ == "__main__":
    main()
