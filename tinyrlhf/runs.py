"""A run on disk: what was asked and answered, what was learned, and how to go on from there.

    run.json          settings, seed, versions: enough to build the same run again
    history.csv       one row of numbers per round
    feedback.jsonl    every answer, for ever (format: `feedback/log.py`)
    checkpoint.npz    everything that changes; no pickle
    result.json       what came out, as printed by --json
    figure.png, figure.json   the picture, and the data it shows
"""
import contextlib
import csv
import itertools
import json
import math
import os
import platform
import time
from pathlib import Path

import numpy as np

from tinyrlhf import __version__
from tinyrlhf.checks import check_choice
from tinyrlhf.feedback.log import Log
from tinyrlhf.feedback.records import Rankings
from tinyrlhf.recipes import WORLDS, build, settings_for
from tinyrlhf.stages import Chat, settings_for_chat

REMEMBERED = ("return_on_true_reward", "return_without_feedback", "kl_without_feedback", "return_cloned", "seconds")


def create(out, settings):
    """A new run folder for these settings; refuses a folder that holds something else. Returns its path.

    Without `out` it is runs/<world>-<time>, counted up when taken. Whatever fails leaves no folder behind.
    """
    if out == "":
        raise ValueError("--out: expected the name of a folder, got an empty text")
    folder = Path("runs" if out is None else out)
    made = [path for path in (folder, *folder.parents) if not os.path.lexists(path)]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if out is None:
            folder = new_folder(folder / f"{settings['world']}-{time.strftime('%Y%m%d-%H%M%S')}")
            made.insert(0, folder)
        if any(folder.iterdir()):
            raise ValueError(f"--out: expected a new or empty folder, {folder} already holds {next(folder.iterdir()).name}; "
                             "choose another, or continue a run with --resume")
        versions = {"tinyrlhf": __version__, "numpy": np.__version__, "python": platform.python_version()}
        write_text(folder / "run.json", json.dumps({"settings": settings, "versions": versions}, indent=2) + "\n")
    except OSError as error:
        for path in made:
            with contextlib.suppress(OSError):
                path.rmdir()
        raise ValueError(f"--out: cannot write to {folder}: {error.strerror or error}") from None
    return folder


def new_folder(path):
    """Makes this folder, or the first of path-2, path-3... that does not exist; of two runs at once only one can make it."""
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
        return checked(json.loads(path.read_text(encoding="utf-8"))["settings"])
    except (FileNotFoundError, NotADirectoryError):
        raise ValueError(f"run: expected a folder made by `tinyrlhf run`, {Path(folder)} has no run.json") from None
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"run: {path} cannot be used ({type(error).__name__}: {error}); was it edited?") from None


def complete_settings(world, **given):
    """All settings of a run on this world: the given ones, and calibrated values for the rest."""
    check_choice("world", world, (*WORLDS, "chat"))
    return settings_for_chat(**given) if world == "chat" else settings_for(world, **given)


def begin(settings):
    """The run that these settings describe, before its first step; settings without sense are refused."""
    if settings["world"] == "chat":
        return Chat(**{name: value for name, value in settings.items() if name != "world"})
    return build(**settings)


def checked(settings):
    """The same settings, if they have the right names and types; the values are left to `begin`."""
    example = complete_settings(settings["world"])
    if set(settings) != set(example):
        raise ValueError(f"settings: expected {', '.join(example)}; got {', '.join(settings)}")
    for name, value in settings.items():
        text = isinstance(example[name], str)
        unsaid = value is None and name in ("agreement", "rationality") and settings["world"] != "chat"
        if isinstance(value, bool) or not (unsaid or isinstance(value, str if text else (int, float))):
            raise ValueError(f"{name}: expected {'text' if text else 'a number'}, got {value!r}")
    return settings


def load(folder, or_begin=False):
    """A finished or interrupted run as it was after its last whole round or stage: game, policy, reference, reward_model, history.

    If it was stopped before its first round was done, that is an error, or with or_begin the run as it began.
    """
    settings, path = settings_of(folder), Path(folder) / "checkpoint.npz"
    try:
        state = begin(settings)
    except ValueError as error:
        raise ValueError(f"run: {path.with_name('run.json')} cannot be used ({error}); was it edited?") from None
    if or_begin and not path.exists():
        return state
    try:
        with np.load(path, allow_pickle=False) as flat:
            made_with = dict(json.loads(str(flat["settings"])))
            changed = [name for name in {**settings, **made_with} if made_with.get(name) != settings.get(name)]
            if not changed:
                state.load(dict(flat))
    except FileNotFoundError:
        raise ValueError(f"run: {folder} was stopped before its first round was done; "
                         f"begin again with `tinyrlhf run {settings['world']} --resume {folder}`") from None
    except Exception as error:                                      # a damaged archive fails in a dozen ways
        raise ValueError(f"run: {path} cannot be read ({type(error).__name__}: {error}); start again, "
                         "the answers are in feedback.jsonl") from None
    if changed:
        name = changed[0]
        raise ValueError(f"run: {path.with_name('run.json')} says {name} = {settings.get(name)!r}, but checkpoint.npz was made with "
                         f"{made_with.get(name)!r}; change it back")
    return state


def save(folder, state):
    """Keep everything up to the last whole round. The log only grows; the other files are replaced whole."""
    folder = Path(folder)
    if state.answers is not None:
        log_answers(folder / "feedback.jsonl", state)
    names = list(dict.fromkeys(name for row in state.history for name in row))
    with open(folder / "history.csv.part", "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([names, *([row.get(name) for name in names] for row in state.history)])
    os.replace(folder / "history.csv.part", folder / "history.csv")
    with open(folder / "checkpoint.npz.part", "wb") as file:
        np.savez(file, settings=json.dumps(settings_of(folder)), **state.state())
    os.replace(folder / "checkpoint.npz.part", folder / "checkpoint.npz")


def log_answers(path, state):
    """Append the answers that the log does not hold yet, each with what was shown: enough to learn from it again."""
    with Log(path) as log:
        new = state.answers[log.next_seq:]
        if isinstance(new, Rankings):
            texts, k = state.game.decode(new.episodes.states[:, -1]), new.order.shape[1]
            asked = state.game.asked(new.episodes.states[::k, 0])
            rows = [{"verb": "rank", "who": str(new.person[i]), "prompt": asked[i], "options": texts[k * i:k * i + k],
                     "order": new.order[i]} for i in range(len(new))]
        else:
            rows = [{"verb": "compare", "who": str(new.person[i]), "ans": str(new.answers[i]),
                     "left": "first" if new.first_is_left[i] else "second",
                     "first": as_json(new.first, i), "second": as_json(new.second, i)} for i in range(len(new))]
        log.append_many("label", rows)


def as_json(episodes, row):
    """One episode as plain lists, without its padding."""
    length = int(episodes.lengths[row])
    return {"first_step": int(episodes.first_step[row]), "ended": bool(episodes.ended[row]),
            "states": episodes.states[row, :length + 1].tolist(), "actions": episodes.actions[row, :length].tolist()}


def remembered(folder):
    """The baselines that an earlier report of this folder measured, and the run's seconds, by name; nothing if there are none."""
    try:
        result = json.loads((Path(folder) / "result.json").read_text(encoding="utf-8"))
        return {name: float(result[name]) for name in REMEMBERED if result.get(name) is not None and math.isfinite(result[name])}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def write_json(path, data):
    """Write a dict as JSON; numbers that are not finite become null."""
    write_text(path, json.dumps(finite(data), indent=1) + "\n")


def finite(data):
    """The same lists, dicts and numbers, with None for NaN and infinity."""
    if isinstance(data, dict):
        return {name: finite(value) for name, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [finite(value) for value in data]
    return None if isinstance(data, float) and not math.isfinite(data) else data


def write_text(path, text):
    """Write a file whole or not at all."""
    part = path.with_name(path.name + ".part")
    try:
        part.write_text(text, encoding="utf-8")
        os.replace(part, path)
    except OSError:
        part.unlink(missing_ok=True)
        raise
