"""The front door: `tinyrlhf run WORLD`, `tinyrlhf show RUN`."""
import argparse
import json
import math
import signal
import sys
import time

WORLD_NAMES = ("bandit", "gridworld", "cartpole", "text")
LEARNER_NAMES = ("reinforce", "rloo", "grpo", "actor-critic", "ppo")
BEGAN = time.perf_counter() - time.process_time()                   # about when the process began: importing is all it has done


class Parser(argparse.ArgumentParser):
    """argparse with one line for a mistake, and exit code 2."""

    def error(self, message):
        raise SystemExit(complain(f"{message} (see `{self.prog} --help`)"))


def complain(message):
    """One line on standard error; returns the exit code for bad input."""
    print(f"tinyrlhf: {message}", file=sys.stderr)
    return 2


def parser():
    """All commands and options."""
    top = Parser(prog="tinyrlhf", description="Reinforcement learning from human feedback, small enough to read.",
                 epilog="example: tinyrlhf run cartpole --seed 3")
    commands = top.add_subparsers(dest="command", required=True, metavar="run | show", parser_class=Parser)
    run = commands.add_parser("run", help="act, ask, fit, improve, measure: the whole loop on one world",
                              description="The whole loop on one world, answered by a simulated person.",
                              epilog="example: tinyrlhf run gridworld --seed 3 --baselines --out runs/first")
    run.add_argument("world", choices=WORLD_NAMES, metavar="WORLD", help=" | ".join(WORLD_NAMES))
    run.add_argument("--seed", type=int, default=0, metavar="N", help="equal seeds give equal runs (default 0)")
    run.add_argument("--learner", choices=LEARNER_NAMES, help="default: the one calibrated for this world; " + " | ".join(LEARNER_NAMES),
                     metavar="NAME")
    run.add_argument("--rounds", type=int, metavar="N", help="how often to ask and improve (default: calibrated)")
    run.add_argument("--questions", type=int, metavar="N", help="comparisons per round (default: calibrated)")
    run.add_argument("--agreement", type=float, metavar="SHARE", help="how often the person's answers agree with their taste "
                     "(0.5 to 1, default 0.9)")
    run.add_argument("--rationality", type=float, metavar="B", help="instead: P(first) = sigmoid(B * (R1 - R2))")
    run.add_argument("--kl-coef", type=float, metavar="C", help="price of one nat away from the reference (default: calibrated)")
    teacher = run.add_mutually_exclusive_group()
    teacher.add_argument("--on-true-reward", action="store_true", help="traditional reinforcement learning: nobody is asked")
    teacher.add_argument("--without-feedback", action="store_true", help="the control: the same run, every answer a coin flip")
    teacher.add_argument("--baselines", action="store_true", help="also run the true reward, one cloned set of labels, and the control")
    run.add_argument("--resume", metavar="RUN", help="continue this interrupted run with its own settings")
    run.add_argument("--out", metavar="DIR", help="run folder (default runs/WORLD-TIME)")
    run.add_argument("--json", action="store_true", help="last line of the output: the result as one JSON object")
    show = commands.add_parser("show", help="the report and figures of a run again", epilog="example: tinyrlhf show runs/first")
    show.add_argument("run", metavar="RUN", help="folder of a run")
    show.add_argument("--json", action="store_true", help="last line of the output: the result as one JSON object")
    return top


def main(arguments=None):
    """Run one command; returns its exit code: 0, 2 for bad input, 130 after Ctrl-C."""
    try:
        options = parser().parse_args(arguments)
        return run(options) if options.command == "run" else show(options)
    except ValueError as error:
        return complain(error)
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)                # a second Ctrl-C must not interrupt the goodbye
        print("\ntinyrlhf: stopped; every finished round is saved", file=sys.stderr)
        return 130
    except BrokenPipeError:                                         # `tinyrlhf run ... | head`
        sys.stderr.close()
        return 1


def run(options):
    """`tinyrlhf run`: build or resume, loop, measure, draw."""
    from tinyrlhf import runs
    from tinyrlhf.recipes import build, teach
    if options.resume:
        folder, settings = options.resume, resumed_settings(options)
        state = runs.load(folder)
    else:
        settings = settings_from(options)
        state = build(**settings)                                   # bad settings are refused before anything is written
        folder = runs.create(options.out, settings)
    line = Progress(settings["rounds"], len(state.history))

    def on_round(state, row):
        runs.save(folder, state)
        line.show(row)

    teach(state, settings["rounds"], on_round, settings["teacher"], settings["agreement"], settings["rationality"])
    line.say("measuring and drawing")
    return finish(folder, settings, state, options, line)


def show(options):
    """`tinyrlhf show`: measure and draw again, from what the folder holds."""
    from tinyrlhf import runs
    settings = runs.settings_of(options.run)
    return finish(options.run, settings, runs.load(options.run), options, Progress(settings["rounds"], 0))


def settings_from(options):
    """The settings that the options say, None where they say nothing."""
    from tinyrlhf.recipes import settings_for
    teacher = "true reward" if options.on_true_reward else "coin" if options.without_feedback else "person"
    return settings_for(options.world, options.seed, teacher, options.agreement, options.rationality, learner=options.learner,
                        rounds=options.rounds, questions=options.questions, kl_coef=options.kl_coef)


def resumed_settings(options):
    """The settings of the run to continue; any other given setting would make it a different run."""
    from tinyrlhf import runs
    settings, asked = runs.settings_of(options.resume), settings_from(options)
    plain = settings_from(parser().parse_args(["run", options.world]))
    if settings["world"] != options.world:
        raise ValueError(f"--resume: {options.resume} is a run on {settings['world']}, got {options.world}")
    changed = [name for name in asked if asked[name] != plain[name] and asked[name] != settings[name]]
    if changed or options.out:
        raise ValueError(f"--resume: expected no other setting, since the run keeps its own; got {(changed + ['out'])[0]}")
    return settings


def finish(folder, settings, state, options, line):
    """Measure, draw, and say what came out; returns exit code 0."""
    from tinyrlhf import report
    result = report.measure(settings, state)
    if getattr(options, "baselines", False):
        line.say("the same world on the true reward, with coin flips, and from cloned labels")
        result.update(report.baselines(settings, state))
    report.draw(folder, settings, state, result)
    result.update(seconds=round(time.perf_counter() - BEGAN, 2), out=str(folder))
    line.close()
    print(report.sentences(result))
    if options.json:
        finite = {name: None if isinstance(value, float) and not math.isfinite(value) else value for name, value in result.items()}
        print(json.dumps(finite))
    return 0


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
        self.say(f"round {row['round']:>2}/{self.rounds}   answers {row['answers']:>3}   "
                 + (f"foreseen {foreseen:4.0%}   " if math.isfinite(foreseen) else "")
                 + f"true return {row['true_return']:8.2f}   KL {row['kl']:6.1f}   {left:4.0f} s left")

    def say(self, text):
        """Overwrite the live line, or print a plain one."""
        if self.live:
            print("\r" + text.ljust(self.width), end="", flush=True)
            self.width = len(text)
        else:
            print(text, flush=True)

    def close(self):
        if self.live and self.width:
            print("\r" + " " * self.width + "\r", end="", flush=True)
