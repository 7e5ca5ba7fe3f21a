"""A run on disk: what was asked and answered, what was learned, and how to go on from there.

    run.json          settings, seed, versions: enough to build the same run again
    feedback.jsonl    every answer, for ever (format: `feedback/forms.py`); the truth
    checkpoint.npz    everything else that changes, after the last whole round; no pickle
    history.csv       one row of numbers per round
    result.json       what came out, as printed by --json
    figure.png        the picture; figure.json: the data it shows
    lock              who is at work here; it dies with them
"""
import contextlib
import csv
import io
import itertools
import json
import math
import os
import platform
import time
from pathlib import Path

import numpy as np

from tinyrlhf import __version__
from tinyrlhf.feedback.log import Log, events
from tinyrlhf.humans.recorded import Book, Recorded
from tinyrlhf.saving import Lock, whole_file, write_whole
from tinyrlhf.worlds import find

LEFT_BEHIND = ("lock", "run.json.part", "history.csv.part", "checkpoint.npz.part")
REMEMBERED = ("return_on_true_reward", "return_without_feedback", "kl_without_feedback",
              "return_cloned", "seconds")


def create(out, settings):
    """A new run folder for these settings, as a path; one that holds something else is refused.

    Without `out` it is runs/<world>-<time>, counted up when taken. What fails leaves no folder.
    """
    if out == "":
        raise ValueError("--out: expected the name of a folder, got an empty text")
    folder = Path("runs" if out is None else out)
    made = [path for path in (folder, *folder.parents) if not os.path.lexists(path)]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if out is None:
            now = time.strftime("%Y%m%d-%H%M%S")
            folder = new_folder(folder / f"{settings['world']}-{now}")
            made.insert(0, folder)
        with Lock(folder):
            held = [path.name for path in folder.iterdir() if path.name not in LEFT_BEHIND]
            if held:
                raise ValueError(f"--out: expected a new or empty folder, {folder} already holds "
                                 f"{held[0]}; choose another, or continue a run with --resume")
            versions = {"tinyrlhf": __version__, "numpy": np.__version__,
                        "python": platform.python_version()}
            made_of = {"settings": settings, "versions": versions}
            write_whole(folder / "run.json", json.dumps(made_of, indent=2) + "\n")
    except OSError as error:
        for path in made:
            with contextlib.suppress(OSError):
                path.rmdir()
        raise ValueError(f"--out: cannot write to {folder}: {error.strerror or error}") from None
    return folder


def left_before_it_began(folder):
    """Was this folder left by a process that was killed before it had written its settings?"""
    path = Path(folder)
    return path.is_dir() and {each.name for each in path.iterdir()} <= set(LEFT_BEHIND)


def new_folder(path):
    """Makes this folder, or the first of path-2, path-3... that does not exist.

    Of two runs at once only one can make it.
    """
    for count in itertools.count(1):
        folder = path if count == 1 else path.with_name(f"{path.name}-{count}")
        with contextlib.suppress(FileExistsError):
            folder.mkdir()
            return folder


def settings_of(folder):
    """The settings of a run folder, or one line that says what is wrong with it."""
    if folder == "":
        raise ValueError("run: expected a folder made by `tinyrlhf run`, got an empty text")
    path = Path(folder) / "run.json"
    try:
        return world_settings(json.loads(path.read_text(encoding="utf-8"))["settings"])
    except (FileNotFoundError, NotADirectoryError):
        raise ValueError(f"run: expected a folder made by `tinyrlhf run`, {Path(folder)} has no "
                         "run.json") from None
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"run: {path} cannot be used ({type(error).__name__}: {error}); "
                         "was it edited?") from None


def world_settings(settings):
    """The same settings, if they are those of a world."""
    world = find(settings["world"])
    expected = {"world", *world.defaults}
    if set(settings) != expected:
        raise ValueError(f"settings: expected {', '.join(sorted(expected))}; "
                         f"got {', '.join(settings)}")
    return world.settings(**of_its_own(settings))


def of_its_own(settings):
    """The settings without the name of the world."""
    return {name: value for name, value in settings.items() if name != "world"}


def begin(settings):
    """The run that these settings describe, before its first stage; senseless ones are refused."""
    return find(settings["world"])(**of_its_own(settings))


def load(folder, or_begin=False):
    """The State of a finished or interrupted run as it was after its last whole round.

    Before the first was done that is an error, or with or_begin the run as it began.
    """
    settings, path = settings_of(folder), Path(folder) / "checkpoint.npz"
    try:
        state = begin(settings)
    except ValueError as error:
        raise ValueError(f"run: {path.with_name('run.json')} cannot be used ({error}); "
                         "was it edited?") from None
    if or_begin and not path.exists():
        return state
    flat = flat_of(path, settings)
    book = Book(state, find(settings["world"]).form, events=logged(folder, settings))
    n_rounds = len(json.loads(str(flat["history"])))
    try:
        answers = book.learned(n_rounds)
        state.load(flat, answers)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"run: {folder} cannot be read ({type(error).__name__}: {error}); "
                         "is it another run's?") from None
    found = len(answers or ())
    if state.history and state.history[-1]["answers"] != found:
        raise ValueError(f"run: {Path(folder) / 'feedback.jsonl'} has {found} answers of "
                         f"{n_rounds} rounds, but checkpoint.npz was made with "
                         f"{state.history[-1]['answers']}; is a part missing?")
    return state


def flat_of(path, settings):
    """What a checkpoint holds, if it is whole and belongs to these settings."""
    try:
        with np.load(path, allow_pickle=False) as flat:
            made_with = dict(json.loads(str(flat["settings"])))
            changed = [name for name in {**settings, **made_with}
                       if made_with.get(name) != settings.get(name)]
            if not changed:
                return dict(flat)
    except FileNotFoundError:
        again = f"tinyrlhf run {settings['world']} --resume {path.parent}"
        raise ValueError(f"run: {path.parent} was stopped before its first round was done; "
                         f"begin again with `{again}`") from None
    except Exception as error:                                  # damage shows in a dozen ways
        raise ValueError(f"run: {path} cannot be read ({type(error).__name__}: {error}); delete it "
                         "and go on with --resume, the answers are in feedback.jsonl") from None
    name = changed[0]
    raise ValueError(f"run: {path.with_name('run.json')} says {name} = {settings.get(name)!r}, "
                     f"but checkpoint.npz was made with {made_with.get(name)!r}; change it back")


def logged(folder, settings):
    """The events of a folder's log, or none; one line if it is the log of another world."""
    path = Path(folder) / "feedback.jsonl"
    told = list(events(path)) if path.exists() else []
    return of_world(told, settings["world"], path)


def of_world(told, world, path):
    """The same events, if they are of this world."""
    for event in told:
        if event["k"] == "run" and event.get("world") != world:
            raise ValueError(f"{path}: expected the log of a run on {world}, "
                             f"got one on {event.get('world')}")
    return told


class Run:
    """A run at work, alone in its folder; an answer is in the log before anybody learns from it.

    >>> with Run("runs/first", state) as run:               # doctest: +SKIP
    ...     rlhf(state, on_round=run.save)

    source: the log of another run, whose answers are used again instead of asking anybody.
    """

    def __init__(self, folder, state, source=None):
        self.folder, self.state = Path(folder), state
        self.settings = settings_of(folder)
        self.lock = Lock(folder)
        try:
            self.open(source)
        except BaseException:
            self.close()
            raise

    def open(self, source):
        """Open the log, and let it keep what everybody says who is asked."""
        name = self.settings["world"]
        self.log = Log(self.folder / "feedback.jsonl")
        told = logged(self.folder, self.settings)
        again = [] if source is None else of_world(list(events(source)), name, source)
        if not told:
            self.log.append("run", world=name, settings=self.settings, numpy=np.__version__)
        self.book = Book(self.state, find(name).form, self.log, told, again)

        def kept(person):
            return Recorded(person if source is None else None, self.book)

        self.state.person = kept(self.state.person)
        self.state.plan = [stage._replace(person=stage.person and kept(stage.person))
                           for stage in self.state.plan]

    def save(self, state, row=None):
        """Keep what the last round changed. The log only grows; other files are replaced whole."""
        number = len(state.history)
        if state.answers is not None and state.answers.round[-1] == number:
            self.book.note_learned(state.answers[state.answers.round == number])
        names = list(dict.fromkeys(name for row in state.history for name in row))
        table = io.StringIO(newline="")
        writer = csv.writer(table)
        writer.writerow(names)
        for row in state.history:
            writer.writerow([row.get(name) for name in names])
        write_whole(self.folder / "history.csv", table.getvalue())
        with whole_file(self.folder / "checkpoint.npz") as file:
            np.savez(file, settings=json.dumps(self.settings), **state.state())

    def close(self):
        if hasattr(self, "log"):
            self.log.close()
        self.lock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def remembered(folder):
    """The seconds and baselines that an earlier report of this folder measured, by name."""
    try:
        result = json.loads((Path(folder) / "result.json").read_text(encoding="utf-8"))
        return {name: float(result[name]) for name in REMEMBERED
                if result.get(name) is not None and math.isfinite(result[name])}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
