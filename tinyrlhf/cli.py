"""The front door: `tinyrlhf run WORLD`, vote, play; `show RUN`, `chat RUN`; lesson, demo."""
import argparse
import contextlib
import json
import os
import shlex
import signal
import sys
import time
from pathlib import Path

from tinyrlhf.faces.terminal import Progress, complain, escaping, printable

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
LESSON_VERBS = ("list", "start", "watch", "solution", "notebook", "grade", "export", "build")
COMMANDS = "run | vote | play | sweep | show | export | chat | lesson | demo"
ROWS = ("preference", "unpaired", "prompt-completion", "prompt-only", "metrics")
FACES = ("terminal", "browser")  # through which real people answer
HUMANS = ("simulated", "recorded", *FACES)
FOR_A_ROOM = {"rounds": 5, "questions": 3}  # of a lecture: everybody answers each
EACH_THEIR_OWN = 60  # questions, for a room in which everybody has pairs of their own
FOR_PEOPLE = {"rounds": 8, "questions": 5,  # of `vote`, unless told: real people get tired,
              "rewarded": "features", "clips": "upright", "updates": 15}  # and must see it learn
VOTE_EPILOG = ("All options of `run`, and a world's own settings. Every answer is on the disk "
               "before the next question: stop with q, go on with --resume. In a pipe a line is a "
               "key: l, r, =, c, s, u, a number; an empty one ends a round. examples: tinyrlhf "
               "vote gridworld; tinyrlhf vote cartpole --feedback rating,stop --rounds 5; "
               "tinyrlhf vote chat; tinyrlhf vote gridworld --resume runs/first")
OWN = "A world's own settings are options too: `tinyrlhf run chat --help` lists them. "
PLAY_EPILOG = OWN + ("Stop with q. examples: tinyrlhf play cartpole --rounds 5; tinyrlhf play arm "
                     "--task pick")
RUN_EPILOG = OWN + ("example: tinyrlhf run gridworld --feedback rating,comment --seed 3 "
                    "--out runs/first")
SWEEP_EPILOG = ("What was chosen on these seeds is reported on others: --seeds 400-419. example: "
                "tinyrlhf sweep gridworld --seeds 20 --vary kl-coef=0,.02,.1 --jobs 2")
JSON_HELP = "last line of the output: the result as one JSON object"
OURS = ("command", "worlds", "help", "human", "source", "baselines", "resume", "out", "json",
        "parser", "instead",
        "browser", "lecture", "simulate", "own", "forget")  # of `run`, and no settings of a world
BEGAN = time.perf_counter() - time.process_time()  # of the process, which has only imported


class Parser(argparse.ArgumentParser):
    """argparse with one line for a mistake, which `main` prints."""

    def error(self, message):
        raise ValueError(f"{message} (see `{self.prog} --help`)")


def world_names():
    """The worlds of the package, by their files' names."""
    return sorted(path.stem for path in (Path(__file__).parent / "worlds").glob("[!_]*.py"))


def flag(setting):
    """kl_coef as it is typed: --kl-coef."""
    return f"--{setting.replace('_', '-')}"


def parser(worlds):
    """All commands and options; worlds: the names that `run` takes."""
    top = Parser(prog="tinyrlhf", epilog="example: tinyrlhf run cartpole --seed 3",
                 description="Reinforcement learning from human feedback, small enough to read.")
    commands = top.add_subparsers(dest="command", required=True, parser_class=Parser,
                                  metavar=COMMANDS)
    add_run(commands, worlds)
    add_run(commands, worlds, "vote", "terminal", help="answer yourself, at this terminal",
            description="The loop of `run`, and you are the person.", epilog=VOTE_EPILOG)
    play = commands.add_parser("play", help="drive a game by key, and watch the policy imitate you",
                               epilog=PLAY_EPILOG)
    add = play.add_argument
    add("worlds", nargs=1, choices=worlds, metavar="WORLD", help=" | ".join(worlds))
    add("--seed", type=int, metavar="N", help="equal seeds give equal starts (default 0)")
    add("--rounds", type=int, metavar="N", help="episodes at most (default 20)")
    add("--resume", metavar="RUN", help="play on in this folder, with its own settings")
    add("--out", metavar="DIR", help="run folder (default runs/WORLD-TIME)")
    sweep = commands.add_parser("sweep", help="many runs: which setting is better?",
                                description="Each value with each seed. All other settings are "
                                "those of `run`, such as --rounds 5.", epilog=SWEEP_EPILOG)
    add = sweep.add_argument
    add("world", choices=worlds, metavar="WORLD", help=" | ".join(worlds))
    add("--seeds", default="10", metavar="N", help="how many, or from-to: 400-419 (default 10)")
    add("--vary", action="append", default=[], metavar="SETTING=V,V",
        help="a setting and its values, such as kl-coef=0,.02 or person=simulated,coin; several "
        "--vary make all combinations")
    add("--jobs", type=int, default=os.cpu_count(), metavar="N",
        help="runs at a time (default: one for each core)")
    add("--out", metavar="DIR", help="folder, new or of this sweep begun before "
        "(default runs/sweep-WORLD-TIME)")
    add("--json", action="store_true", help="last line of the output: means and intervals")
    show = commands.add_parser("show", help="the report and figures of a run again",
                               epilog="example: tinyrlhf show runs/first")
    add = show.add_argument
    add("run", metavar="RUN", help="folder of a run")
    add("--baselines", action="store_true",
        help="with the true reward, the cloned labels, and the control beside it")
    add("--json", action="store_true", help=JSON_HELP)
    export = commands.add_parser("export", help="answers about texts as rows for TRL's trainers",
                                 epilog="example: tinyrlhf export runs/chat-1 --rows preference "
                                 "--out preferences.jsonl")
    add = export.add_argument
    add("run", metavar="RUN", help="folder of a run on text or chat")
    add("--rows", choices=ROWS, default=ROWS[0], metavar="FORM", help=" | ".join(ROWS))
    add("--out", metavar="FILE", help="a new file (default: the output)")
    chat = commands.add_parser("chat", epilog="example: tinyrlhf chat runs/chat-1",
                               help="talk to a trained chat model, its stages side by side")
    add = chat.add_argument
    add("run", metavar="RUN", help="folder made by `tinyrlhf run chat`")
    add("--seed", type=int, default=0, metavar="N",
        help="equal seeds give equal answers (default 0)")
    lesson = commands.add_parser("lesson", epilog="example: tinyrlhf lesson watch 06",
                                 help="the lessons: their path, exercises, solutions, notebooks")
    add = lesson.add_argument
    add("what", nargs="?", default="list", choices=LESSON_VERBS, metavar=" | ".join(LESSON_VERBS),
        help="show the path; copy the exercises to lessons/work, where they are yours; a verdict "
        "whenever you save them; print a solution; write an .ipynb; for teachers: what a folder of "
        "hand-ins gets wrong, a copy of the lessons; make the page and pictures anew")
    add("which", nargs="*", metavar="N",
        help="a lesson such as 06, an exercise such as 6.2 for `solution`; a folder, and lessons "
        "if file names do not say them, for `grade` (a student is the outermost folder "
        "with a hand-in, such as ann or class/ann, or the name in front of the lesson's: "
        "ann_06_votes_to_scores.py); a new folder for `export`")
    add("--without-solutions", action="store_true", help="of `export`: for students")
    add("--without-hints", action="store_true", help="of `export`")
    add("--only", metavar="N-M", help="of `export`: these lessons, such as 1-8 or 1,6,9")
    demo = commands.add_parser("demo", epilog="example: tinyrlhf demo 6 --votes 23,11",
                               help="a lesson as a show for a room, picture by picture")
    add = demo.add_argument
    add("number", metavar="N", help="number of the lesson")
    add("--seed", type=int, metavar="N", help="equal seeds give equal shows (default 0)")
    add("--votes", default="", metavar="L,R",
        help="hands for left and right of each question, such as 23,11,-,5,30; -: nobody's")
    add("--from", dest="tape", metavar="FILE", help="give a recorded show again: DIR/votes.jsonl")
    add_room(add)
    add("--out", metavar="DIR", help="where pictures and votes are kept (default: nowhere; the "
        "key s saves a picture here); without a display it must be given")
    return top


def add_run(commands, worlds, name="run", human="simulated", **about):
    """What every world has; a world's own settings are the arguments of its function."""
    often = FOR_PEOPLE if about else dict.fromkeys(("rounds", "questions"), "calibrated")
    about = about or {"help": "act, ask, fit, improve, measure: the whole loop on one world",
                      "description": "The whole loop on one world, or on several in turn.",
                      "epilog": RUN_EPILOG}
    run = commands.add_parser(name, add_help=False, **about)
    add = run.add_argument
    add("worlds", nargs="*", metavar="WORLD",
        help=" | ".join(worlds) + "; several run in turn")
    add("-h", "--help", action="store_true",
        help="show this, and the settings of the worlds that are named")
    add("--seed", type=int, metavar="N", help="equal seeds give equal runs (default 0)")
    add("--feedback", metavar="KIND[,KIND...]",
        help="what people are asked for: preference, ranking, rating, thumb, demonstration, "
        "correction, stop, comment, credit; several are asked in turn (default: calibrated)")
    add("--rounds", type=int, metavar="N",
        help=f"how often to ask and improve (default: {often['rounds']})")
    add("--questions", type=int, metavar="N",
        help=f"answers of each kind in a round (default: {often['questions']})")
    add("--agreement", type=float, metavar="SHARE",
        help="how often the person's answers agree with the true reward in a random pair of what "
        "is shown (0.5 to 1, default 0.9)")
    add("--rationality", type=float, metavar="B",
        help="instead: an option is picked by softmax(B * worth)")
    add("--person", metavar="NAME[:STRENGTH][+...]",
        help="who is simulated: oracle, stochastic, myopic, peak-end, length, drift, fatigue, "
        "lapse, mistake, position, skip, equal, camps, annotators; several joined by +")
    add("--ask", metavar="NAME",
        help="which questions: random (default), uncertainty, disagreement, information-gain, "
        "volume-removal, thompson; from an ensemble of reward models")
    add("--kl-coef", type=float, metavar="C",
        help="price of one nat away from the reference (default: calibrated)")
    add("--human", choices=HUMANS, default=human, metavar="WHO",
        help="who answers: simulated; recorded: the answers of another run's log; terminal: you "
        f"(default {human})")
    add("--from", dest="source", metavar="LOG",
        help="with --human recorded: that log, a feedback.jsonl")
    either = run.add_mutually_exclusive_group().add_argument
    either("--on-true-reward", dest="instead", action="store_const", const="nobody",
           help="traditional reinforcement learning: nobody is asked")
    either("--without-feedback", dest="instead", action="store_const", const="coin",
           help="the control: the same run, every answer a coin flip")
    either("--baselines", action="store_true",
           help="also run the true reward, one cloned set of labels, and the control")
    add("--resume", metavar="RUN", help="continue this interrupted run with its own settings")
    add("--out", metavar="DIR", help="run folder (default runs/WORLD-TIME)")
    add("--json", action="store_true", help=JSON_HELP)
    if name == "vote":
        add_pages(add)
    run.set_defaults(parser=run, lecture=None, forget=None)


def add_pages(add):
    """People at a browser, and a whole room."""
    add("--browser", action="store_true", help="answer on a page, at this computer")
    add_room(add)
    add("--own", action="store_true",
        help="with --lecture: everybody judges pairs of their own, not all the same one")
    add("--forget", metavar="RUN", help="delete a lecture, or any run, whole")


def add_room(add):
    add("--lecture", metavar="ADDRESS[:PORT]",
        help="a room votes from its phones: an address of this computer in their network")
    add("--simulate", type=int, default=0, metavar="N", help="with --lecture: N simulated voters")


def main(arguments=None, own_world=None):
    """Run one command; returns its exit code: 0, 2 for bad input, 128 + n after signal n.

    own_world: a world's own front door, to `run` it.
    Without arguments it is a process of its own: SIGTERM and SIGHUP, too, stop it in order (143,
    129), and a second stop ends it at once.
    """
    for name in THREADS:                  # before numpy: with one thread equal seeds give
        os.environ.setdefault(name, "1")  # equal bytes
    process = arguments is None
    if process and os.environ.get("MPLBACKEND", "").startswith("module:"):
        os.environ["MPLBACKEND"] = "Agg"  # a notebook's is of no use here
    began = BEGAN if process else time.perf_counter()
    stops = listen() if process else []
    try:
        if process:
            open_streams()
        return obey(arguments, began, own_world)
    except BrokenPipeError:  # `tinyrlhf run ... | head`
        return 1
    except OSError as error:
        complain(f"{error.filename or 'output'}: {error.strerror or error}")
    except ValueError as error:
        complain(error)
    except KeyboardInterrupt as stop:
        with contextlib.suppress(OSError):  # the terminal may be gone
            hear(signal.SIG_IGN, process)
            if sys.stderr.isatty():
                print(file=sys.stderr)
            complain(f"stopped{stop}")
        return 128 + (stops[0] if stops else getattr(stop, "signal", signal.SIGINT))
    finally:
        if process:
            say_goodbye()
    return 2


def hear(handler, process=True):
    """What happens when somebody stops this process; who is told to ignore it, still does."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP") if process else ():
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)


def listen():
    """Stops become KeyboardInterrupt, the second one the end; returns a list of those heard."""
    stops = []

    def stop(number, _):
        stops.append(number)
        if len(stops) == 1:
            raise KeyboardInterrupt
        os.write(2, b"tinyrlhf: stopped at once; what was saved before is whole\n")
        os._exit(128 + number)

    hear(stop)
    return stops


def open_streams():
    """Refuse closed ones; letters that output does not have are escaped, broken ones read as ?."""
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # else a file of ours would get its number
    for name in ("stdin", "stdout"):
        stream = getattr(sys, name)
        if stream is None:
            raise ValueError(f"{name}: expected an open one, got a closed one; "
                             f"give it {os.devnull}")
        escaping(stream, "replace" if name == "stdin" else "backslashreplace")


def say_goodbye():
    """In the last moments no stop is heard, and output that nobody takes is no reason to fail."""
    hear(signal.SIG_IGN)
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream:
                stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def obey(arguments, began, own_world=None):
    """Do what the arguments say; what is wrong with them, or stops it, is raised."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    names = world_names()
    if own_world is not None:
        names = [own_world.name]
        if arguments[:1] != ["show"]:  # all else is a run on it
            arguments = ["run", *names, *arguments]
    try:
        options, more = parser(names).parse_known_args(arguments)
        if more and options.command not in ("run", "vote", "play", "sweep"):
            raise ValueError(f"unrecognized arguments: {' '.join(more)} "
                             f"(see `tinyrlhf {options.command} --help`)")
        if options.command == "show":
            show(options, began)
        elif options.command == "chat":
            from tinyrlhf.faces.talk import talk
            talk(options.run, options.seed)
        elif options.command in ("lesson", "demo"):
            from tinyrlhf.teaching import commands  # only now, so that --help stays fast
            getattr(commands, options.command)(options)
        elif options.command == "play":
            play(options, more)
        elif options.command == "export":
            export(options)
        elif options.command == "sweep":
            from tinyrlhf import sweeps
            print(sweeps.command(options, *swept(options, more)))
        else:
            if options.forget is not None:
                from tinyrlhf.runs import forget
                forget(options.forget)
                print(f"{printable(options.forget)} is deleted")
                return 0
            check_worlds(options, names)
            if options.help:
                help_for(options)
            else:
                run_all(options, more, began)
        return 0
    finally:
        if sys.stdout:
            sys.stdout.flush()  # here a closed pipe can still be caught


def check_worlds(options, names):
    """Refuse worlds that nobody knows, none, or one twice."""
    unknown = [world for world in options.worlds if world not in names]
    got = " ".join(unknown) if options.worlds else "none"
    if unknown or not (options.worlds or options.help):
        raise ValueError(f"WORLD: expected one or more of {', '.join(names)}; got {got} "
                         "(see `tinyrlhf run --help`)")
    if len(set(options.worlds)) < len(options.worlds):
        raise ValueError(f"WORLD: expected each world once, got {' '.join(options.worlds)}")


def help_for(options):
    """The options of `run`, and the own settings of the worlds that are named."""
    options.parser.print_help()
    if options.worlds:
        from tinyrlhf.humans import zoo
        from tinyrlhf.worlds import find
        for world in map(find, options.worlds):
            print(f"\n{world.name}: {world.make.__doc__}\n")
            for setting, default in world.defaults.items():
                values = world.choices.get(setting, ())
                listed = f"   {' | '.join(values)}" if values else ""
                print(f"  {flag(setting)} (default {default}){listed}")
        print("\npeople (--person NAME:STRENGTH, joined by +), with their default strength\n")
        for name, (default, lowest, highest) in zoo.KNOBS.items():
            print(f"  {name}:{default:g} ({lowest:g} to {highest:g})   {zoo.ABOUT[name]}")


def check_pages(options):
    """`--browser` and `--lecture` are `--human browser`; what needs a room is refused without."""
    if options.browser or options.lecture is not None:
        options.human = "browser"
    elif options.simulate or options.own:
        raise ValueError("--simulate, --own: expected --lecture ADDRESS with them")


def run_all(options, more, began):
    """`tinyrlhf run`: one world after the other; all mistakes before the first run."""
    from tinyrlhf.worlds import find
    if options.command == "vote":
        check_pages(options)
    recorded = options.human == "recorded"
    if recorded != (options.source is not None):
        raise ValueError("--human recorded: expected --from LOG with it, and --from only with it")
    if options.instead and options.person not in (None, options.instead):
        raise ValueError(f"--person: expected nobody else with --on-true-reward or "
                         f"--without-feedback, got {options.person}")
    own = {"recorded": "recorded", "simulated": None}.get(options.human, "human")
    options.person = options.person or options.instead or own
    said = said_in(options, more)
    if own != {"recorded": "recorded", "human": "human"}.get(said.get("person")):
        raise ValueError("--human: expected neither --on-true-reward, --without-feedback nor "
                         "--person beside recorded or a face, since others answer; got "
                         f"{options.human} and {said.get('person')}")
    worlds = [find(name) for name in options.worlds]
    if options.command == "vote" and options.resume is None:
        people = FOR_PEOPLE if options.lecture is None else {**FOR_PEOPLE, **FOR_A_ROOM}
        known = set().union(*(world.defaults for world in worlds))
        said = {**{name: value for name, value in people.items() if name in known}, **said}
        if options.own and options.questions is None:
            said["questions"] = EACH_THEIR_OWN
    given = [given_to(world, said) for world in worlds]
    refuse_unknown(said, given, options)
    for world, settings in zip(worlds, given):
        if len(worlds) > 1:
            world(**settings)  # what only building finds is said before the first run
        if options.baselines:
            world(**{**settings, "person": "nobody"})
    for world, settings in zip(worlds, given):
        run(world, settings, options, began)
        began = time.perf_counter()


def play(options, more):
    """`tinyrlhf play`: all mistakes before the first episode."""
    from tinyrlhf import runs
    from tinyrlhf.faces import play as face
    from tinyrlhf.worlds import find
    world = find(options.worlds[0])
    said = said_in(options, more)
    given = given_to(world, said)
    refuse_unknown(said, [given], options)
    if options.resume is not None and not runs.left_before_it_began(options.resume):
        resumed_settings(given, options, by="play")
    face.play(world, given, options.out, options.resume)


def refuse_unknown(said, given, options):
    """Refuse an option that is none of these worlds'."""
    known = set(OURS).union(*given)
    for name, value in said.items():
        if name not in known:
            raise ValueError(f"{flag(name)}: expected nothing for {' '.join(options.worlds)}; "
                             f"got {value} (see `tinyrlhf run {options.worlds[0]} --help`)")


def said_in(options, more):
    """All that was said, as {name: value}."""
    said = {name: value for name, value in vars(options).items() if value is not None}
    return {**said, **own_settings(more)}


def own_settings(more):
    """Options unknown to argparse, `--method dpo` or `--method=dpo`, as {"method": "dpo"}."""
    words, settings = [], {}
    for word in more:
        words += word.split("=", 1) if word.startswith("--") else [word]
    for name, value in zip(words[::2], [*words[1::2], None]):
        if not name.startswith("--"):
            raise ValueError(f"unrecognized arguments: {name} (see `tinyrlhf run --help`)")
        if value is None:
            raise ValueError(f"{name}: expected a value after it (see `tinyrlhf run --help`)")
        settings[name[2:].replace("-", "_")] = value
    return settings


def swept(options, more):
    """The settings of a sweep: those that all runs share, and {name: values} of what varies."""
    from tinyrlhf.sweeps import varied_of
    from tinyrlhf.worlds import find
    world, vary, said = find(options.world), varied_of(options.vary), own_settings(more)
    for name in (*said, *vary):
        if name not in world.defaults or name == "seed":
            raise ValueError(f"{flag(name)}: expected a setting of {world.name}, other than the "
                             f"seed; got {name} (see `tinyrlhf run {world.name} --help`)")
        if name in said and name in vary:
            raise ValueError(f"{flag(name)}: expected it alone or in --vary, got both")
    typed = [[given_to(world, {**said, name: value})[name] for value in values]
             for name, values in vary.items()]
    return given_to(world, said), dict(zip(vary, typed))


def given_to(world, said):
    """The settings of a world among what was said, in their types; refuses what makes no sense."""
    defaults = world.defaults
    given = {name: value for name, value in said.items() if name in defaults}
    for name, value in given.items():
        kind = type(defaults[name])
        if isinstance(value, str) and kind in (int, float):  # as `own_settings` has it
            try:
                given[name] = kind(value)
            except ValueError:
                raise ValueError(f"{flag(name)}: expected a number, got {value!r}") from None
    world.refuse_idle(given)
    return given


def run(world, given, options, began):
    """`tinyrlhf run` for one world: build or resume, loop, measure, draw."""
    from tinyrlhf import runs
    resumed = options.resume is not None and not runs.left_before_it_began(options.resume)
    if resumed:
        settings = resumed_settings(given, options)
        state = runs.load(options.resume, or_begin=True)
    else:
        settings = world.settings(**given)
        state = runs.begin(settings)
    if (settings["person"] == "human") != (options.human in FACES):
        raise ValueError(f"--resume: expected --human {' or '.join(FACES)} for a run that people "
                         f"answer, and only for such; got {options.human}")
    if options.human == "browser":
        from tinyrlhf.faces.browser.seats import seated
        with seated(state, world.name, options) as face:
            go(world, state, settings, options, began, resumed, face)
        return
    if options.human in FACES:
        from tinyrlhf.faces import vote
        vote.seat(state, vote.ask_at_terminal)
    go(world, state, settings, options, began, resumed)


def go(world, state, settings, options, began, resumed, face=None):
    """All rounds that are left, in the run's folder; face: pages, which show what came out."""
    from tinyrlhf import runs
    from tinyrlhf.rlhf import rlhf
    source = options.source and runs.source_of(options.source, state, settings)
    folder = options.resume if resumed else runs.create(out_folder(world.name, options), settings)
    line = Progress(state)
    try:
        with runs.Run(folder, state, source) as at_work:
            if at_work.log.torn:
                line.note(f"feedback.jsonl: an unfinished end was set aside in "
                          f"{at_work.log.path}.torn")

            def on_round(state, row):
                at_work.save(state)
                line.round(state, row)

            if options.lecture is not None:
                from tinyrlhf.faces.browser.seats import keep_keys
                keep_keys(face, folder)
            line.announce(state)
            rlhf(state, on_round=on_round)
            differences = at_work.book.differences
            if differences:
                line.note(f"{differences[0]} ({len(differences)} such rounds; another seed, or "
                          "other settings?)")
            told = finish(folder, state, options, line, began)
            if face is not None:
                face.end(state, told)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise ValueError(f"{error.filename or folder}: {error.strerror or error}; "
                         f"{what_is_saved(world, options, folder)}") from None
    except KeyboardInterrupt as stop:
        stop.args = (f"{stop}; {what_is_saved(world, options, folder)}",)
        raise


def what_is_saved(world, options, folder):
    """Of a run that was stopped, and how to go on."""
    again = f" --human {options.human}" if options.human != "simulated" else ""
    command = world.command
    if options.lecture is not None:
        command = command.replace(" run ", " vote ")
        again = f" --lecture {options.lecture}"
    again += f" --from {shlex.quote(options.source)}" if options.source else ""
    kept = "answer" if options.human in FACES else "finished round"
    return (f"every {kept} is saved; go on with: "
            f"{command} --resume {shlex.quote(str(folder))}{again}")


def show(options, began):
    """`tinyrlhf show`: measure and draw again, from what the folder holds."""
    from tinyrlhf import runs
    from tinyrlhf.saving import Lock
    folder = options.run
    state = runs.load_finished(folder)
    with Lock(folder):
        finish(folder, state, options, Progress(state), began)


def export(options):
    """`tinyrlhf export`: the answers of a run as rows, a JSON object a line."""
    from tinyrlhf import runs
    from tinyrlhf.feedback import labels, rows
    from tinyrlhf.saving import write_whole
    if options.rows == "metrics":
        found = rows.metric_rows(runs.load(options.run).history)
    else:
        settings = runs.settings_of(options.run)
        told = runs.told_in(Path(options.run, "feedback.jsonl"), settings["world"])
        said = labels.labels_in(told, runs.begin(settings).plan)
        found = rows.rows_of(said, options.rows)
        n_used = len({row[rows.OURS]["n"] for row in found if rows.OURS in row})
        if options.rows != "prompt-only" and n_used < len(said):
            complain(f"{len(said) - n_used} of {len(said)} answers are no {options.rows} rows: "
                     "they are of other kinds, or say nothing")
    text = "".join(json.dumps(row) + "\n" for row in found)
    if options.out is None:
        return print(text, end="")
    if os.path.lexists(options.out):
        raise ValueError(f"--out: expected a new file, {options.out} exists")
    write_whole(options.out, text)
    print(f"{len(found)} rows in {printable(options.out)}")


def out_folder(world, options):
    """The folder that was asked for (None: the default); each of several worlds has its part."""
    out = options.out if options.resume is None else options.resume
    if out is None or len(options.worlds) == 1:
        return out
    if world == options.worlds[0] and os.path.exists(out):
        if not os.path.isdir(out) or os.listdir(out):
            worlds = " ".join(options.worlds)
            raise ValueError(f"--out: expected a new or empty folder for {worlds}, got {out}")
    return os.path.join(out, world)


def resumed_settings(given, options, by="run"):
    """The settings of the run to continue, which must stay as they are."""
    from tinyrlhf import runs
    settings = runs.settings_of(options.resume, by)
    if options.worlds != [settings["world"]]:
        raise ValueError(f"--resume: {options.resume} is a run on {settings['world']}, "
                         f"got {' '.join(options.worlds)}")
    for name, value in {**given, "out": options.out}.items():
        if value not in (None, settings.get(name)):
            raise ValueError("--resume: expected no other setting, since the run keeps its own; "
                             f"got {name} {value}")
    return settings


def finish(folder, state, options, line, began):
    """Measure, draw, and say what came out, in lines; returns these."""
    from tinyrlhf import report, runs
    from tinyrlhf.faces.vote import in_words
    from tinyrlhf.saving import finite, write_json
    settings = runs.settings_of(folder)
    line.say("measuring and drawing")
    result = {**report.measure(settings, state), **runs.remembered(folder)}
    if options.baselines:
        line.say("the same world on the true reward, with coin flips, and from cloned labels")
        result.update(report.baselines(settings))
    try:
        report.draw(folder, settings, state, result)
    finally:  # what was measured is kept and said, whatever becomes of the picture
        result = {"seconds": round(time.perf_counter() - began, 2), **result, "out": str(folder)}
        write_json(Path(folder) / "result.json", result)
        line.close()
        texts = [report.sentences(settings, {**result, "out": printable(folder)}),
                 *in_words(runs.events(Path(folder) / "feedback.jsonl"))]
        print("\n".join(texts))
        if options.json:
            print(json.dumps(finite(result)))
    return [line for text in texts for line in text.split("\n")]
