"""`tinyrlhf run chat` and `tinyrlhf chat RUN`: a language model on its way through the stages, and all stages side by side."""
import difflib
import json
import sys
import time
from pathlib import Path
from textwrap import fill

import numpy as np

from tinyrlhf import plots, runs
from tinyrlhf.checks import check_whole
from tinyrlhf.diagnostics import noise_ceiling
from tinyrlhf.episodes import rollout, start_in_groups
from tinyrlhf.games.language import words_of
from tinyrlhf.plots import AFTER, BEFORE, GREY, PAINT, STYLE, VERMILLION, axis_at, label_lines, number
from tinyrlhf.stages import GROUP, over_optimize

WHAT = {"pretrained": "reading 20,000 lines of raw text", "sft": "people edit 2,000 suggestions, the model copies them"}
MOST = 2.5                                                          # what the taste gives at most


def run(settings, chat, folder, options, line, began):
    """All stages that are missing, each saved as it is finished; then measure, draw, and say what came out."""
    def announce():
        name = chat.names[len(chat.stages):][:1]
        for each in name:
            line.say(f"stage {len(chat.stages) + 1}/{len(chat.names)}  {each}: {WHAT.get(each, 'answers are ranked, the policy learns')}")

    def on_row(chat, row):
        runs.save(folder, chat)
        line.say(f"stage {len(chat.stages)}/{len(chat.names)}  {row['stage']} done: " + in_words(row))
        announce()

    announce()
    chat.go(on_row)
    finish(folder, settings, chat, options, line, began)


def show(settings, chat, options, line, began):
    """`tinyrlhf show` for a finished run: measure and draw again, from what the folder holds."""
    finish(options.run, settings, finished(options.run, chat), options, line, began)


def finished(folder, chat):
    """The same run, if all its stages are done."""
    if len(chat.stages) < len(chat.names):
        raise ValueError(f"run: expected a finished run, {folder} has {len(chat.stages)} of {len(chat.names)} stages; "
                         f"finish it with `tinyrlhf run chat --resume {folder}`")
    return chat


def finish(folder, settings, chat, options, line, began):
    """Measure, draw, and say what came out."""
    folder = Path(folder)
    if chat.answers is not None:
        line.say("the same reward model without a leash, and what the person says of it")
    result = measure(settings, chat)
    samples = sample(chat)
    draw(folder, settings, chat, result, samples)
    result.update(seconds=runs.remembered(folder).get("seconds", round(time.perf_counter() - began, 2)), out=str(folder))
    runs.write_json(folder / "result.json", result)
    line.close()
    shown = str(folder) if str(folder).isprintable() else ascii(str(folder))         # the name of a folder may be hostile to terminals
    print(sentences({**result, "out": shown}, samples))
    if options.json:
        print(json.dumps(runs.finite({name: value for name, value in result.items() if name != "without_a_leash"})))


def measure(settings, chat):
    """The result of a finished run as a dict; `stages` has the numbers of each stage by name."""
    rows = {row["stage"]: row for row in chat.history}
    first, last = chat.history[0], chat.history[-1]
    kept = ("gold", "real_words", "kl", "bits_per_character", "unkind", "length", "distinct", "learned")
    asked = chat.answers is not None
    return {"world": "chat", "language": settings["language"], "method": settings["method"], "seed": settings["seed"],
            "comparisons": len(chat.answers) * GROUP * (GROUP - 1) // 2 if asked else 0,
            "return_untrained": first["gold"], "return_after": last["gold"], "return_optimal": MOST,
            "return_on_true_reward": last["gold"] if settings["teacher"] == "true reward" else None, "kl": last["kl"],
            **(held_out(chat) if asked else {"reward_model_accuracy": None, "noise_ceiling": None, "accuracy_on_clear_pairs": None}),
            "stages": {name: {key: row[key] for key in kept} for name, row in rows.items()},
            "without_a_leash": over_optimize(chat) if asked else []}


def held_out(chat, prompts=250):
    """How well the reward model foresees fresh comparisons of the reference's answers, beside what nobody can beat.

    A pair is clear if its tastes differ by more than 1/2; on clear pairs, right is who agrees with the taste itself.
    """
    rng = chat.dice("held out pairs")
    answers = rollout(chat.game, chat.reference, start_in_groups(chat.game, GROUP * prompts, GROUP, rng), rng)
    first, second = (answers[np.add.outer(GROUP * np.arange(prompts), side).ravel()] for side in np.triu_indices(GROUP, 1))
    probability = chat.person.preference(first, second)
    learned = chat.reward_model.scores(first) - chat.reward_model.scores(second)
    true = first.true_returns - second.true_returns
    clear = np.abs(true) > 0.5
    return {"reward_model_accuracy": float(np.select([learned > 0, learned < 0], [probability, 1 - probability], 0.5).mean()),
            "noise_ceiling": noise_ceiling(probability),
            "accuracy_on_clear_pairs": float((learned * true > 0)[clear].mean()) if clear.any() else None}


def reply(chat, stage, prompts, rng):
    """The answers of one stage to some prompts: texts (n,), their learned rewards (n,) and log-probabilities (n,)."""
    episodes = rollout(chat.game, chat.stages[stage], chat.game.ask(prompts), rng)
    learned = chat.reward_model.rewards(episodes).sum(axis=1) if chat.answers is not None else np.full(len(episodes), np.nan)
    return chat.game.decode(episodes.states[:, -1]), learned, episodes.log_probs.sum(axis=1)


def sample(chat, n=4):
    """The same prompts answered at each stage: {prompt: {stage: text}}."""
    prompts = chat.game.prompts[::max(len(chat.game.prompts) // n, 1)][:n]
    texts = {name: reply(chat, name, prompts, chat.dice("samples"))[0] for name in chat.stages}
    return {prompt: {name: texts[name][i] for name in texts} for i, prompt in enumerate(prompts)}


def in_words(row):
    """One stage's numbers for people."""
    leash = "" if row["kl"] is None or row["stage"] == "sft" else f"   KL {row['kl']:4.1f}"
    return (f"taste {row['gold']:5.2f}   real words {row['real_words']:4.0%}   unkind {row['unkind']:4.0%}"
            f"   bits/character {row['bits_per_character']:.3f}" + leash)


def sentences(result, samples):
    """The result for people."""
    lines = [f"chat ({result['language']}), {result['method']}, seed {result['seed']}: {result['comparisons']} comparisons, "
             f"{result['seconds']:.1f} s"]
    lines += [f"  {name:<13} {in_words({'stage': name, **row})}" for name, row in result["stages"].items()]
    if result["reward_model_accuracy"] is not None:
        clear = result["accuracy_on_clear_pairs"]
        lines.append(f"  reward model  foresees {result['reward_model_accuracy']:.0%} of fresh comparisons; nobody could beat "
                     f"{result['noise_ceiling']:.0%}" + ("" if clear is None else f"; {clear:.0%} right where the difference is clear"))
    if result["without_a_leash"]:
        best, last = max(result["without_a_leash"], key=lambda row: row["gold"]), result["without_a_leash"][-1]
        lines.append(f"  without leash taste peaks at {best['gold']:.2f} and ends at {last['gold']:.2f} while the learned reward goes "
                     f"from {best['learned']:.1f} to {last['learned']:.1f}: {last['sample']!r}")
    for prompt, answers in samples.items():
        lines += [f"  {prompt}"] + [f"    {name:<11} {text}" for name, text in answers.items()]
    return "\n".join([*lines, f"  see           {Path(result['out']) / 'figure.png'}"])


def draw(folder, settings, chat, result, samples):
    """figure.png, with its data in figure.json."""
    rows, n = result["without_a_leash"], result["comparisons"]
    gold = {name: row["gold"] for name, row in result["stages"].items()}
    learned = list(gold.values())[-1] > max(1.8, gold["sft"] + 0.3)
    claim = f"{n:,} comparisons " + ("taught it to answer as people like" if learned else f"by {settings['method']}")
    if settings["teacher"] != "person":
        claim = f"The same stages, taught by {'coin flips' if settings['teacher'] == 'coin' else 'the true reward'}"
    data = {"claim": claim, "gold": gold, "unkind": {name: row["unkind"] for name, row in result["stages"].items()}, "samples": samples,
            "curve": rows}
    plots.save(stages_figure(**data), folder / "figure.png")
    runs.write_json(folder / "figure.json", data)


def stages_figure(claim, gold, unkind, samples, curve):
    """A chat model on its way: what it says, how much the person likes it, and what happens without a leash.

    Args:
        gold, unkind: {stage: mean taste}, {stage: share of unkind answers}; samples: {prompt: {stage: text}}.
        curve: rows of kl, gold, learned, person_prefers, proxy_prefers of the run without a leash; may be empty.
    """
    from matplotlib import style
    from matplotlib.figure import Figure
    with style.context(STYLE):
        figure = Figure(figsize=(13, 9.9))
        figure.text(0.5, 0.98, fill(claim, 68), size=22, weight="bold", ha="center", va="top")
        draw_samples(axis_at(figure, 0.4, 4.9, 8.6, 3.9), samples)
        bars = axis_at(figure, 9.9, 5.7, 2.8, 2.3)
        bars.bar(range(len(gold)), gold.values(), color=[BEFORE, *[AFTER] * (len(gold) - 1)])
        for place, value in enumerate(gold.values()):
            bars.text(place, max(value, 0) + 0.05, number(value, ".1f"), ha="center", weight="bold")
        bars.set(xticks=range(len(gold)), xticklabels=[f"{name}\n{unkind[name]:.0%}" for name in gold], yticks=[],
                 xlabel="below: share of unkind answers")
        bars.tick_params(axis="x", labelsize=15 if len(gold) < 4 else 11)
        bars.set_title("How much the person\nlikes its answers", weight="bold", pad=16)
        bars.spines["left"].set_visible(False)
        if curve:
            far = np.sqrt([row["kl"] for row in curve])
            left, right = axis_at(figure, 0.9, 1.05, 3.7, 2.7), axis_at(figure, 7.6, 1.05, 3.2, 2.7)
            fall = max(row["gold"] for row in curve) - curve[-1]["gold"]
            title = "Without a leash the learned reward rises,\nthe taste falls" if fall >= 0.4 else "Without a leash: it holds, so far"
            draw_person_and_proxy(left, far, curve, "gold", "learned", title, "points, each in its own unit")
            figure.text(0.5, 0.005, f"at the end: {curve[-1]['sample']}", size=13, family="DejaVu Sans Mono", color=VERMILLION, ha="center")
            draw_person_and_proxy(right, far, curve, "person_prefers", "proxy_prefers", "Who prefers it to its reference?",
                                  "share of comparisons")
    return figure


def draw_samples(axis, samples):
    """What each stage answers to the same prompts, as a table."""
    axis.set(xlim=(0, 1), ylim=(0, 1))
    axis.set_axis_off()
    lines = [(prompt, None, None) if name is None else (prompt, name, text) for prompt, answers in samples.items()
             for name, text in [(None, None), *answers.items()]]
    for i, (prompt, name, text) in enumerate(lines):
        y = 1 - (i + 0.5) / len(lines)
        if name is None:
            axis.text(0, y, prompt, weight="bold", size=15, va="center")
        else:
            axis.text(0.02, y, name, size=13, color=GREY, va="center")
            color = BEFORE if name == "pretrained" else PAINT["ink"]
            axis.text(0.16, y, text, size=13, family="DejaVu Sans Mono", color=color, va="center")


def draw_person_and_proxy(axis, far, curve, person, proxy, title, unit):
    """Two columns of a run without a leash over sqrt(KL) (R,): what the person says, and what the reward model says."""
    ends = [(curve[-1][person], "the person", AFTER), (curve[-1][proxy], "the reward model", VERMILLION)]
    for name, (_, _, color) in zip((person, proxy), ends):
        axis.plot(far, [row[name] for row in curve], color=color)
    axis.set(xlabel="distance from the fine-tuned model, √nats", ylabel=unit, xlim=(0, None))
    axis.locator_params(axis="x", nbins=5)
    axis.set_title(title, weight="bold", pad=12)
    label_lines(axis, ends)


def talk(folder, seed=0, lines=None):
    """`tinyrlhf chat RUN`: all stages answer what is typed, side by side, with learned reward and log-probability."""
    settings = runs.settings_of(folder)
    if settings["world"] != "chat":
        raise ValueError(f"run: expected a run made by `tinyrlhf run chat`, {folder} is a run on {settings['world']}")
    chat = finished(folder, runs.load(folder))
    check_whole("--seed", seed, 0, 2 ** 63)
    rng, examples = np.random.default_rng(seed), ", ".join(map(repr, chat.game.prompts[:4]))
    print(f"Ask {examples} or the like; an empty line or Ctrl-D ends.")
    for line in typed() if lines is None else lines:
        prompt = line.strip().lower()
        if not prompt:
            break
        try:
            print(side_by_side(chat, prompt, rng), flush=True)
        except ValueError as error:
            print(f"  {error}; try {chat.game.prompts[0]!r}", flush=True)


def typed():
    """What is typed, line by line, until Ctrl-D or Ctrl-C."""
    sign = "> " if sys.stdin.isatty() else ""
    while True:
        try:
            yield input(sign)
        except (EOFError, KeyboardInterrupt):
            return


def side_by_side(chat, prompt, rng):
    """The answer of each stage to a prompt, and a word about what the model cannot know."""
    lines = []
    unknown = [word for word in words_of(prompt) if word not in chat.game.vocabulary]
    near = difflib.get_close_matches(prompt, chat.game.prompts, 1, 0.0)[0]
    if unknown:
        lines.append(f"  {unknown[0]!r} is no word of this language: it never stood in the corpus, so the model reads letters it cannot "
                     f"place. Try {near!r}.")
    elif prompt not in chat.game.prompts:
        lines.append(f"  The model has never seen a prompt of this form; did you mean {near!r}?")
    for name in chat.stages:
        texts, learned, log_probs = reply(chat, name, [prompt], rng)
        reward = f"reward {learned[0]:5.1f}   " if chat.answers is not None else ""
        lines.append(f"  {name:<11} {texts[0]:<58} {reward}log-probability {log_probs[0]:6.1f}")
    return "\n".join(lines)
