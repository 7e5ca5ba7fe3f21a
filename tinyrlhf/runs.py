"""A run on disk: what was asked and answered, what was learned, and how to go on from there.

    run.json          settings, seed, versions: enough to build the same run again
    feedback.jsonl    every answer, for ever (format: `feedback/forms.py`); the truth
    checkpoint.npz    everything else that changes, after the last whole round; no pickle
    history.csv       one row of numbers per round
    result.json       what came out, as printed by --json
    figure.png        the picture; figure.json: the data it shows
    room.json         of a lecture: by this its voters are known again
    lock              who is at work here; it dies with them
"""
import contextlib
import copy
import csv
import io
import itertools
import json
import math
import os
import platform
import shlex
import time
import zlib
from pathlib import Path

import numpy as np

from tinyrlhf import __version__
from tinyrlhf.archives import arrays_in, check_saved, read_text
from tinyrlhf.checks import check_range
from tinyrlhf.feedback.log import Log, events
from tinyrlhf.humans.recorded import Book, Recorded, remembered_in
from tinyrlhf.saving import Closing, Lock, whole_file, write_whole
from tinyrlhf.worlds import find

ROOM = "room.json"
WRITTEN = ("run.json", "feedback.jsonl", "feedback.jsonl.torn", "checkpoint.npz", "history.csv",
           "result.json", "figure.png", "figure.json", ROOM)
LEFT_BEHIND = ("lock", "run.json.part", "history.csv.part", "checkpoint.npz.part",
               "sweep.json.part")
LATER = ("ask", "rewarded", "clips", "updates")  # settings that there were not always
UNREADABLE = (LookupError, TypeError, AttributeError, ValueError, ArithmeticError,  # what damage
              RecursionError)                                                      # shows itself as
REMEMBERED = ("return_on_true_reward", "return_without_feedback", "kl_without_feedback",
              "return_cloned", "seconds")


def create(out, settings, by="run"):
    """A new run folder for these settings, as a path; one that holds something else is refused.

    by: the command that makes it, `run` or `play`, which alone goes on with it.

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
            check_new(folder, "continue a run with --resume")
            versions = {"tinyrlhf": __version__, "numpy": np.__version__,
                        "python": platform.python_version(), "machine": platform.platform(),
                        "threads": os.environ.get("OMP_NUM_THREADS", "all")}
            described = json.dumps({"by": by, "settings": settings, "versions": versions}, indent=2)
            write_whole(folder / "run.json", described + "\n")
    except OSError as error:
        for path in made:
            with contextlib.suppress(OSError):
                path.rmdir()
        raise ValueError(f"--out: cannot write to {folder}: {error.strerror or error}") from None
    return folder


def check_new(folder, otherwise):
    """Refuse a folder that holds anything but what a process that was killed at once leaves."""
    held = [path.name for path in Path(folder).iterdir() if path.name not in LEFT_BEHIND]
    if held:
        raise ValueError(f"--out: expected a new or empty folder, {folder} already holds "
                         f"{held[0]}; choose another, or {otherwise}")


def left_before_it_began(folder):
    """Was this folder left by a process that was killed before it wrote its settings?"""
    path = Path(folder)
    return path.is_dir() and {each.name for each in path.iterdir()} <= set(LEFT_BEHIND)


def new_folder(path):
    """Makes this folder, or path-2, path-3...; of two runs at once only one can make it."""
    for count in itertools.count(1):
        folder = path if count == 1 else path.with_name(f"{path.name}-{count}")
        with contextlib.suppress(FileExistsError):
            folder.mkdir()
            return folder


def settings_of(folder, by="run"):
    """The settings of a folder made by this command, or one line that says what is wrong with it.

    by: as in `create`; None: either.
    """
    if folder == "" or not isinstance(folder, (str, os.PathLike)):
        raise ValueError(f"run: expected a folder made by `tinyrlhf run`, got {folder!r}")
    path = Path(folder) / "run.json"
    try:
        described = json.loads(read_text(path))
        settings, made_by = world_settings(described["settings"]), described.get("by", "run")
    except (FileNotFoundError, NotADirectoryError):
        parts = [shlex.quote(str(part.parent)) for part in sorted(Path(folder).glob("*/run.json"))]
        hint = f"; try {' or '.join(parts)}" if parts else ""
        raise ValueError(f"run: expected a folder made by `tinyrlhf {by or 'run'}`, {Path(folder)} "
                         f"has no run.json{hint}") from None
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"run: {path} cannot be used ({type(error).__name__}: {error}); "
                         "was it edited?") from None
    if by not in (None, made_by):
        command = f"{find(settings['world']).command} --resume {folder}"
        raise ValueError(f"run: expected a folder made by `tinyrlhf {by}`, {folder} was made by "
                         f"`{made_by}`; go on with `{command.replace(' run ', f' {made_by} ')}`")
    return settings


def world_settings(settings):
    """The same settings, if they are those of a world."""
    world = find(settings["world"])
    settings = complete(settings, settings["world"])
    expected = {"world", *world.defaults}
    if set(settings) != expected:
        raise ValueError(f"settings: expected {', '.join(sorted(expected))}; "
                         f"got {', '.join(settings)}")
    for name, value in world.settings(**of_its_own(settings)).items():
        if value != settings[name]:  # None stands for a default elsewhere, but not here
            raise ValueError(f"{name}: expected a value such as {value!r}, got {settings[name]!r}")
    return settings


def complete(settings, world):
    """The same settings with those that older runs of a world had no choice of."""
    defaults = find(world).defaults
    return {**settings, **{name: defaults[name] for name in LATER
                           if name in defaults and name not in settings}}


def of_its_own(settings):
    """The settings without the name of the world."""
    return {name: value for name, value in settings.items() if name != "world"}


def begin(settings):
    """The run that these settings describe, before its first stage; senseless ones are refused."""
    return find(settings["world"])(**of_its_own(settings))


def load(folder, or_begin=False, by="run", prepare=None):
    """The State of a finished or interrupted run as it was after its last whole round.

    Before the first that is an error, or with or_begin the run as it began. by: as in `create`;
    prepare: function of the State, which makes what the settings describe what that command runs.
    """
    settings, path = settings_of(folder, by), Path(folder) / "checkpoint.npz"
    try:
        state = begin(settings)
    except ValueError as error:
        raise ValueError(f"run: {path.with_name('run.json')} cannot be used ({error}); "
                         "was it edited?") from None
    if prepare:
        prepare(state)
    if or_begin and not path.exists():
        return state
    flat, log = flat_of(path, settings), path.with_name("feedback.jsonl")
    told = told_in(log, settings["world"]) if log.exists() else []
    try:
        n_rounds = checked_rounds(flat, state.plan)
        book = Book(state, find(settings["world"]).form, events=told)
        answers = book.learned(n_rounds)
        state.load(flat, answers)
        check_saved(without_own(flat), state.state())
    except UNREADABLE as error:
        raise ValueError(f"run: {folder} cannot be read ({type(error).__name__}: "
                         f"{str(error)[:300]}); is it another run's?") from None
    found = len(answers or ())
    if state.history and state.history[-1]["answers"] != found:
        raise ValueError(f"run: {log} has {found} answers of {n_rounds} rounds, but checkpoint.npz "
                         f"was made with {state.history[-1]['answers']}; is a part missing?")
    if "answered" in flat and str(flat["answered"]) != str(answered(answers)):
        raise ValueError(f"run: {log} says something else than checkpoint.npz was made with; "
                         "restore it, or delete checkpoint.npz to learn from what it says now")
    return state


def flat_of(path, settings):
    """What a checkpoint holds, if it belongs to these settings."""
    try:
        flat = arrays_in(path)
        made_with = complete(json.loads(str(flat["settings"])), settings["world"])
    except FileNotFoundError:
        again = how_to_go_on(settings["world"], path.parent)
        raise ValueError(f"run: {path.parent} was stopped before its first round was done; "
                         f"begin again with `{again}`") from None
    except Exception as error:  # damage shows in a dozen ways
        raise ValueError(f"run: {path} cannot be read ({type(error).__name__}: "
                         f"{str(error)[:300]}); delete it and go on with --resume, the answers "
                         "are in feedback.jsonl") from None
    for name in {**settings, **made_with}:
        then, now = made_with.get(name), settings.get(name)
        if then != now:
            raise ValueError(f"run: {path.with_name('run.json')} says {name} = {now!r}, but "
                             f"checkpoint.npz was made with {then!r}; change it back")
    return flat


def without_own(flat):
    """What the run's parts have put into a checkpoint."""
    return {name: value for name, value in flat.items() if name not in ("settings", "answered")}


def checked_rounds(flat, plan):
    """How many rounds a checkpoint has; refuses a history that is not of this plan."""
    history = json.loads(str(flat["history"]))
    for number, (row, stage) in enumerate(zip(history, plan), 1):
        if (row["round"], row["stage"]) != (number, stage.name) or type(row["answers"]) is not int:
            raise ValueError(f"history: expected round {number}, {stage.name}, and its answers; "
                             f"got {str(row)[:200]}")
        for name, value in row.items():
            if name != "stage" and not isinstance(value, (int, float)):
                raise ValueError(f"history: expected a number as {name}, got {str(value)[:50]}")
    scale = json.loads(str(flat["true_reward_scale"]))
    if scale is not None:
        check_range("true_reward_scale", scale, 0, 1e300)
    if len(history) > len(plan):
        raise ValueError(f"history: expected {len(plan)} rounds, got {len(history)}")
    return len(history)


def answered(answers):
    """A check sum of what was said, which differs where a log was changed behind a checkpoint."""
    if answers is None:
        return 0
    said, column = answers.said, np.arange(answers.said.shape[1])
    n_shown = (answers.shows >= 0).sum(axis=1, keepdims=True)
    meant = (column == 0) | (said >= 0) & (column < np.maximum(n_shown, 2))  # the rest is filling
    rows = said[meant], answers.place[answers.place >= 0], answers.round
    return zlib.crc32(b"".join(np.asarray(each, np.int64).tobytes() for each in rows))


def told_in(path, world):
    """The events of a log; one line if it is that of another world."""
    told = list(events(path))
    for event in told:
        if event["k"] == "run" and event.get("world") != world:
            raise ValueError(f"{path}: expected the log of a run on {world}, "
                             f"got one on {event.get('world')}")
    return told


def source_of(path, state, settings):
    """The events of another run's log, to be repeated by this one; one line if they cannot be."""
    told = told_in(path, settings["world"])
    asked = {kind for stage in state.plan for kind in stage.kinds}
    kinds, reading, where = set(), [], ""
    try:
        book = Book(state, find(settings["world"]).form, source=told)
        for reading in book.labels.values():
            kinds.update(book.read(reading).kind.tolist())
        reading = []
        for then in book.closed.values():
            copy.deepcopy(state.person).load(remembered_in(then))
            np.random.default_rng().bit_generator.state = then["rng"]
    except UNREADABLE as error:
        for label in reading:
            try:
                book.read([label])
            except UNREADABLE as its_own:
                error, where = its_own, f"line {label['seq'] + 1}: " if "seq" in label else ""
                break
        lacks = "expected " if isinstance(error, KeyError) else ""
        raise ValueError(f"{path}: {where}{lacks}{error}; "
                         f"{cause_of(told, settings)}") from None
    if not kinds <= asked:
        raise ValueError(f"{path}: expected answers of the kinds that this run asks for "
                         f"({', '.join(sorted(asked))}), got {', '.join(sorted(kinds - asked))}; "
                         "see --feedback")
    check_counts(book, state, path)
    return told


def cause_of(told, settings):
    """Why these events may not fit a run with these settings."""
    then = [event["settings"] for event in told if isinstance(event.get("settings"), dict)]
    if not then:
        return "is it the log of another world?"
    for name in sorted(set(settings) & set(then[0]) - {"person", "ask", "learner", "feedback"}):
        if isinstance(settings[name], str) and then[0][name] != settings[name]:
            return f"that run had {name} {then[0][name]}, this one has {settings[name]}"
    return "was it edited?"


def check_counts(book, state, path):
    """Refuse a log that does not hold as many answers as this run asks for, round by round."""
    for number, stage in enumerate(state.plan, 1):
        n, labels = stage.questions * len(stage.kinds), book.labels.get(number, ())
        asked = [label["q"] for label in labels if "ballot" in label]  # by several, or one, each
        n_held = len(labels) - len(asked) + len(set(asked))
        if stage.kinds and n_held != n:
            raise ValueError(f"{path}: expected {n} answers in round {number}, got {n_held}; "
                             "try --rounds and --questions as they were")


def load_finished(folder):
    """`load` of a run that has come to its end; else one line that says how to finish it."""
    state = load(folder)
    if len(state.history) < len(state.plan):
        again = how_to_go_on(settings_of(folder)["world"], folder)
        raise ValueError(f"run: expected a finished run, {folder} has {len(state.history)} of "
                         f"{len(state.plan)} rounds; finish it with `{again}`")
    return state


def how_to_go_on(world, folder):
    """The command that continues a run."""
    return f"{find(world).command} --resume {shlex.quote(str(folder))}"


class Run(Closing):
    """A run at work, alone in its folder; an answer is in the log before anybody learns from it.

    >>> with Run("runs/first", state) as run:               # doctest: +SKIP
    ...     rlhf(state, on_round=run.save)

    source: the events of another log (`source_of`), to be repeated instead of asking anybody.
    """

    def __init__(self, folder, state, source=None):
        self.folder, self.state = Path(folder), state
        self.settings = settings_of(folder, by=None)
        name = self.settings["world"]
        if (self.settings["person"] == "recorded") != (source is not None):
            raise ValueError(f"run: {folder}: expected --human recorded --from LOG where a run "
                             "repeats a log, and nowhere else")
        with contextlib.ExitStack() as opened:  # whatever fails here closes what is open
            opened.enter_context(Lock(folder))
            self.log = opened.enter_context(Log(self.folder / "feedback.jsonl"))
            told = told_in(self.log.path, name)
            for event in told:
                said = event.get("settings") if event["k"] == "run" else None
                if isinstance(said, dict) and said and complete(said, name) != self.settings:
                    raise ValueError(f"run: {self.log.path} was begun with other settings than "
                                     "run.json has now; was it edited?")
            if not told:
                self.log.append("run", world=name, settings=self.settings, numpy=np.__version__)
            self.book = Book(state, find(name).form, self.log, told, source or ())
            self.close = opened.pop_all().close

        def kept(person):
            return Recorded(person, self.book)

        state.person = kept(state.person)
        state.plan = [stage._replace(person=stage.person and kept(stage.person))
                      for stage in state.plan]

    def save(self, state, row=None):
        """After a round. The log only grows; the other files are replaced whole.

        A state with NaN is refused: the last checkpoint stays.
        """
        flat = state.state()
        check_saved(flat)
        number = len(state.history)
        if state.answers is not None and state.answers.round[-1] == number:
            self.book.note_learned(state.answers[state.answers.round == number])
        self.book.note_trained(number, state.history[-1]["answers"], fingerprint(state.policy))
        names = list(dict.fromkeys(name for row in state.history for name in row))
        table = io.StringIO(newline="")
        writer = csv.DictWriter(table, names)
        writer.writeheader()
        writer.writerows(state.history)
        write_whole(self.folder / "history.csv", table.getvalue())
        with whole_file(self.folder / "checkpoint.npz") as file:
            np.savez(file, settings=json.dumps(self.settings), answered=answered(state.answers),
                     **flat)


def fingerprint(policy):
    """Sixteen hex digits that are equal for equal parameters: the first of their SHA-256."""
    import hashlib  # loads OpenSSL, which few commands need
    parts = [np.asarray(part).tobytes() for _, part in sorted(policy.state().items())]
    return hashlib.sha256(b"".join(parts)).hexdigest()[:16]


def remembered(folder):
    """Seconds and baselines that an earlier report of this folder measured."""
    try:
        result = json.loads(read_text(Path(folder) / "result.json"))
        return {name: float(result[name]) for name in REMEMBERED
                if result.get(name) is not None and math.isfinite(result[name])}
    except (OSError, *UNREADABLE):
        return {}


def forget(folder):
    """Delete a run whole: what people said, and all that was learned from it."""
    path = Path(folder)
    world = settings_of(folder, by=None)["world"]  # or one line that it is no run
    with Lock(folder):
        for name in (*WRITTEN, f"{world}.gif"):
            (path / name).unlink(missing_ok=True)
    left = sorted(each.name for each in path.iterdir())
    if left:
        raise ValueError(f"{folder}: all that the run had written is deleted, but {left[0]} is not "
                         "its own; delete the folder yourself")
    Path(folder).rmdir()
