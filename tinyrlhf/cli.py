"""The front door: `tinyrlhf run WORLD`, `tinyrlhf show RUN`, `tinyrlhf chat RUN`, `tinyrlhf lesson ...`, `tinyrlhf demo N`."""
import argparse
import json
import math
import os
import shutil
import signal
import sys
import time
from pathlib import Path

WORLD_NAMES = ("bandit", "gridworld", "cartpole", "text", "chat")
LESSON_VERBS = ("list", "start", "solution", "notebook", "build")
LEARNER_NAMES = ("reinforce", "rloo", "grpo", "actor-critic", "ppo")
LANGUAGE_NAMES, METHOD_NAMES = ("dialogue", "sentiment"), ("rloo", "ppo", "reinforce", "grpo", "dpo", "ipo", "best-of-n")
REWARD_NAMES = ("bag", "ngram", "trunk", "ensemble")
SHARED = ("seed", "teacher", "rounds", "questions", "agreement", "kl_coef")        # settings of every world; the others:
OWN = {True: ("language", "method", "reward"), False: ("learner", "rationality")}  # is it chat?
NO_BASELINES = "--baselines: expected nothing for chat; its controls are --without-feedback and --on-true-reward"
NOBODY_ANSWERS = {"true reward": ("agreement", "rationality", "questions", "reward"), "coin": ("agreement", "rationality")}
BEGAN = time.perf_counter() - time.process_time()                   # about when the process began: importing is all it has done


class Parser(argparse.ArgumentParser):
    """argparse with one line for a mistake, which `main` prints."""

    def error(self, message):
        raise ValueError(f"{message} (see `{self.prog} --help`)")


def complain(message):
    """One line on standard error; returns the exit code for bad input."""
    print(f"tinyrlhf: {printable(message)}", file=sys.stderr)
    return 2


def printable(text):
    """One line without control characters: the name of a folder may be hostile to terminals."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in str(text))


def parser():
    """All commands and options."""
    top = Parser(prog="tinyrlhf", description="Reinforcement learning from human feedback, small enough to read.",
                 epilog="example: tinyrlhf run cartpole --seed 3")
    commands = top.add_subparsers(dest="command", required=True, metavar="run | show | chat | lesson | demo", parser_class=Parser)
    run = commands.add_parser("run", help="act, ask, fit, improve, measure: the whole loop on one world",
                              description="The whole loop on one world, answered by a simulated person.",
                              epilog="example: tinyrlhf run gridworld --seed 3 --baselines --out runs/first")
    run.add_argument("worlds", nargs="+", choices=WORLD_NAMES, metavar="WORLD", help=" | ".join(WORLD_NAMES) + "; several run in turn")
    run.add_argument("--seed", type=int, metavar="N", help="equal seeds give equal runs (default 0)")
    run.add_argument("--learner", choices=LEARNER_NAMES, help="default: the one calibrated for this world; " + " | ".join(LEARNER_NAMES),
                     metavar="NAME")
    run.add_argument("--rounds", type=int, metavar="N", help="how often to ask and improve (default: calibrated)")
    run.add_argument("--questions", type=int, metavar="N", help="comparisons per round; chat: prompts whose four "
                     "answers are ranked, six comparisons each (default: calibrated)")
    run.add_argument("--agreement", type=float, metavar="SHARE", help="how often the person's answers agree with their taste "
                     "(0.5 to 1, default 0.9)")
    run.add_argument("--rationality", type=float, metavar="B", help="instead: P(first) = sigmoid(B * (R1 - R2))")
    run.add_argument("--kl-coef", type=float, metavar="C", help="price of one nat away from the reference (default: calibrated)")
    for name, choices, meaning in (("--language", LANGUAGE_NAMES, "what is talked about"), ("--reward", REWARD_NAMES, "what the reward "
                                   "model can see"), ("--method", METHOD_NAMES, "how the policy learns")):
        run.add_argument(name, choices=choices, metavar="NAME", help=f"chat: {meaning} (default {choices[0]}); " + " | ".join(choices))
    teacher = run.add_mutually_exclusive_group()
    teacher.add_argument("--on-true-reward", dest="teacher", action="store_const", const="true reward",
                         help="traditional reinforcement learning: nobody is asked")
    teacher.add_argument("--without-feedback", dest="teacher", action="store_const", const="coin",
                         help="the control: the same run, every answer a coin flip")
    teacher.add_argument("--baselines", action="store_true", help="also run the true reward, one cloned set of labels, and the control")
    run.add_argument("--resume", metavar="RUN", help="continue this interrupted run with its own settings")
    run.add_argument("--out", metavar="DIR", help="run folder (default runs/WORLD-TIME)")
    run.add_argument("--json", action="store_true", help="last line of the output: the result as one JSON object")
    show = commands.add_parser("show", help="the report and figures of a run again", epilog="example: tinyrlhf show runs/first")
    show.add_argument("run", metavar="RUN", help="folder of a run")
    show.add_argument("--baselines", action="store_true", help="with the true reward, the cloned labels, and the control beside it")
    show.add_argument("--json", action="store_true", help="last line of the output: the result as one JSON object")
    chat = commands.add_parser("chat", help="talk to a trained chat model, its stages side by side",
                               epilog="example: tinyrlhf chat runs/chat-1")
    chat.add_argument("run", metavar="RUN", help="folder made by `tinyrlhf run chat`")
    chat.add_argument("--seed", type=int, default=0, metavar="N", help="equal seeds give equal answers (default 0)")
    lesson = commands.add_parser("lesson", help="the lessons: their path, exercises, solutions, notebooks",
                                 epilog="example: tinyrlhf lesson start 06")
    lesson.add_argument("what", choices=LESSON_VERBS, metavar=" | ".join(LESSON_VERBS), help="show the path; copy the exercises to "
                        "lessons/work, where they are yours; print a solution; write an .ipynb; make the page and pictures anew")
    lesson.add_argument("which", nargs="*", metavar="N", help="a lesson such as 06, an exercise such as 6.2 for `solution`")
    demo = commands.add_parser("demo", help="a lesson as a show for a room, picture by picture",
                               epilog="example: tinyrlhf demo 6 --votes 23,11")
    demo.add_argument("number", metavar="N", help="number of the lesson")
    demo.add_argument("--seed", type=int, default=0, metavar="N", help="equal seeds give equal shows (default 0)")
    demo.add_argument("--votes", default="", metavar="L,R", help="hands for left and right of each pair, 23,11 or 23,11,5,30")
    demo.add_argument("--out", default=".", metavar="DIR", help="where pictures are saved (default: here)")
    return top


def main(arguments=None):
    """Run one command; returns its exit code: 0, 2 for bad input, 130 after Ctrl-C."""
    try:
        return obey(arguments, BEGAN if arguments is None else time.perf_counter())
    except BrokenPipeError:                                         # `tinyrlhf run ... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())                  # else Python complains when it exits
        return 1
    except OSError as error:
        return complain(f"{error.filename or 'output'}: {error.strerror or error}")
    except ValueError as error:
        return complain(error)
    except KeyboardInterrupt as stop:
        if arguments is None:                                       # the process ends here: a second Ctrl-C must not interrupt the goodbye
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        print("\n" * sys.stderr.isatty() + f"tinyrlhf: stopped{printable(stop)}", file=sys.stderr)
        return 130


def obey(arguments, began):
    """Do what the arguments say; what is wrong with them, or stops it, is raised."""
    try:
        options = parser().parse_args(arguments)
        if options.command == "show":
            show(options, began)
            return 0
        if options.command == "chat":
            from tinyrlhf.chat import talk
            talk(options.run, options.seed)
            return 0
        if options.command in ("lesson", "demo"):
            from tinyrlhf.teaching import commands                  # only now, so that --help stays fast
            getattr(commands, options.command)(options)
            return 0
        if len(set(options.worlds)) < len(options.worlds):
            raise ValueError(f"WORLD: expected each world once, got {' '.join(options.worlds)}")
        for world in options.worlds:                                # all mistakes before the first run
            given(world, options)
        for world in options.worlds:
            run(world, options, began)
            began = time.perf_counter()
        return 0
    finally:
        sys.stdout.flush()                                          # here a closed pipe can still be caught


def run(world, options, began):
    """`tinyrlhf run` for one world: build or resume, loop, measure, draw."""
    from tinyrlhf import chat, runs
    from tinyrlhf.recipes import teach
    if options.resume is not None:
        folder, settings = options.resume, resumed_settings(world, options)
        state = runs.load(folder, or_begin=True)
    else:
        settings = runs.complete_settings(world, **given(world, options))
        state = runs.begin(settings)                                # bad settings are refused before anything is written
        folder = runs.create(out_folder(world, options), settings)
    line = Progress(settings["rounds"], len(state.history))

    def on_round(state, row):
        runs.save(folder, state)
        line.show(row)

    try:
        if world == "chat":
            return chat.run(settings, state, folder, options, line, began)
        teach(state, settings["rounds"], on_round, settings["teacher"], settings["agreement"], settings["rationality"])
        finish(folder, settings, state, options, line, began)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"; every finished round is saved; go on with: tinyrlhf run {world} --resume {folder}") from None


def show(options, began):
    """`tinyrlhf show`: measure and draw again, from what the folder holds."""
    from tinyrlhf import chat, runs
    settings, state = runs.settings_of(options.run), runs.load(options.run)
    if settings["world"] == "chat":
        if options.baselines:
            raise ValueError(NO_BASELINES)
        return chat.show(settings, state, options, Progress(0, 0), began)
    if len(state.history) < settings["rounds"]:
        raise ValueError(f"run: expected a finished run, {options.run} has {len(state.history)} of {settings['rounds']} rounds; "
                         f"finish it with `tinyrlhf run {settings['world']} --resume {options.run}`")
    finish(options.run, settings, state, options, Progress(settings["rounds"], 0), began)


def out_folder(world, options):
    """The folder that was asked for, None for the default; several worlds share a new one, each in its own part."""
    if options.out is None or len(options.worlds) == 1:
        return options.out
    if world == options.worlds[0] and os.path.exists(options.out) and (not os.path.isdir(options.out) or os.listdir(options.out)):
        raise ValueError(f"--out: expected a new or empty folder for {' '.join(options.worlds)}, got {options.out}")
    return os.path.join(options.out, world)


def given(world, options):
    """The settings that the options say, by name; refuses those that could have no effect."""
    foreign = [name for name in OWN[world != "chat"] if getattr(options, name) is not None]
    if foreign:
        raise ValueError(f"--{foreign[0]}: expected nothing for {world}" + "; say --method" * (foreign[0] == "learner")
                         + f"; got {getattr(options, foreign[0])}")
    if world == "chat" and options.baselines:
        raise ValueError(NO_BASELINES)
    names = SHARED + OWN[world == "chat"]
    said = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    idle = [name for name in NOBODY_ANSWERS.get(options.teacher, ()) if name in said]
    if idle:
        raise ValueError(f"--{idle[0]}: expected nothing about a person's answers, since nobody answers; got {said[idle[0]]}")
    if options.method == "best-of-n" and "kl_coef" in said:
        raise ValueError(f"--kl-coef: expected nothing for best-of-n, which has no leash; got {said['kl_coef']}")
    return said


def resumed_settings(world, options):
    """The settings of the run to continue; any other given setting would make it a different run."""
    from tinyrlhf import runs
    settings = runs.settings_of(options.resume)
    if options.worlds != [settings["world"]]:
        raise ValueError(f"--resume: {options.resume} is a run on {settings['world']}, got {' '.join(options.worlds)}")
    changed = {name: value for name, value in given(settings["world"], options).items() if value != settings[name]}
    if changed or options.out is not None:
        name, value = next(iter(changed.items()), ("out", options.out))
        raise ValueError(f"--resume: expected no other setting, since the run keeps its own; got {name} {value}")
    return settings


def finish(folder, settings, state, options, line, began):
    """Measure, draw, and say what came out."""
    from tinyrlhf import report, runs
    line.say("measuring and drawing")
    result = {**report.measure(settings, state), **runs.remembered(folder)}
    if options.baselines:
        line.say("the same world on the true reward, with coin flips, and from cloned labels")
        result.update(report.baselines(settings, state))
    report.draw(folder, settings, state, result)
    result = {"seconds": round(time.perf_counter() - began, 2), **result, "out": str(folder)}
    runs.write_json(Path(folder) / "result.json", result)
    line.close()
    print(report.sentences({**result, "out": printable(folder)}))
    if options.json:
        print(json.dumps(runs.finite(result)))


class Progress:
    """One live line on a terminal, plain lines when piped."""

    def __init__(self, rounds, done):
        self.rounds, self.done, self.live, self.width = rounds, done, sys.stdout.isatty(), 0
        self.began = time.perf_counter()

    def show(self, row):
        """A finished round: answers, accuracy on answers not yet learned from, return, KL, time left."""
        rounds = row["round"] - self.done
        left = (time.perf_counter() - self.began) / rounds * (self.rounds - row["round"])
        foreseen = row.get("reward_model_accuracy", math.nan)
        self.say(f"round {row['round']:>2}/{self.rounds}  {left:3.0f} s left   answers {row['answers']:>3}   "
                 + (f"foreseen {foreseen:4.0%}   " if math.isfinite(foreseen) else "")
                 + f"true return {row['true_return']:7.2f}   KL {row['kl']:5.1f}")

    def say(self, text):
        """Overwrite the live line, or print a plain one."""
        if self.live:
            text = text[:shutil.get_terminal_size().columns - 1]                        # a line that wraps cannot be overwritten
            print("\r" + text.ljust(self.width), end="", flush=True)
            self.width = len(text)
        else:
            print(text, flush=True)

    def close(self):
        if self.live and self.width:
            print("\r" + " " * self.width + "\r", end="", flush=True)
