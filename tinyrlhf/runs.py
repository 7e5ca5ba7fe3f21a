"""A run on disk: what was asked and answered, what was learned, and how to go on from there.

    run.json          settings, seed, versions: enough to build the same run again
    history.csv       one row of numbers per round
    feedback.jsonl    every answer, for ever (format: `feedback/log.py`)
    checkpoint.npz    everything that changes; no pickle
    figure.png, figure.json   the picture, and the data it shows
"""
import csv
import json
import os
import platform
import time
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from tinyrlhf import __version__
from tinyrlhf.feedback.log import Log
from tinyrlhf.recipes import build


def create(out, settings):
    """A new run folder for these settings; refuses a folder that holds something else. Returns its path."""
    folder = Path(out) if out else unused(Path("runs") / f"{settings['world']}-{time.strftime('%Y%m%d-%H%M%S')}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise ValueError(f"--out: expected a new or empty folder, {folder} already holds {next(folder.iterdir()).name}; "
                             "choose another, or continue a run with --resume")
        versions = {"tinyrlhf": __version__, "numpy": np.__version__, "python": platform.python_version()}
        write_text(folder / "run.json", json.dumps({"settings": settings, "versions": versions}, indent=2) + "\n")
    except OSError as error:
        raise ValueError(f"--out: cannot write to {folder}: {error.strerror or error}") from None
    return folder


def unused(folder):
    """This path, or the first of folder-2, folder-3... that does not exist."""
    count, candidate = 1, folder
    while candidate.exists():
        count += 1
        candidate = folder.with_name(f"{folder.name}-{count}")
    return candidate


def settings_of(folder):
    """The settings of a run folder, or one line that says what is wrong with it."""
    path = Path(folder) / "run.json"
    try:
        return json.loads(path.read_text(encoding="utf-8"))["settings"]
    except FileNotFoundError:
        raise ValueError(f"run: expected a folder made by `tinyrlhf run`, {folder} has no run.json") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"run: {path} cannot be read ({type(error).__name__}); was it edited?") from None


def load(folder):
    """A finished or interrupted run as it was after its last whole round: game, policy, reference, reward_model, history."""
    state, path = build(**settings_of(folder)), Path(folder) / "checkpoint.npz"
    try:
        with np.load(path, allow_pickle=False) as flat:
            state.load(dict(flat))
    except FileNotFoundError:
        raise ValueError(f"run: {folder} was stopped before its first round was done; start it again with --out") from None
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        raise ValueError(f"run: {path} cannot be read ({error}); start again, the answers are in feedback.jsonl") from None
    return state


def save(folder, state):
    """Keep everything up to the last whole round. The log only grows; the other files are replaced whole."""
    folder = Path(folder)
    if state.answers is not None:
        log_answers(folder / "feedback.jsonl", state.answers)
    names = list(state.history[-1])
    with open(folder / "history.csv.part", "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([names, *([row[name] for name in names] for row in state.history)])
    os.replace(folder / "history.csv.part", folder / "history.csv")
    with open(folder / "checkpoint.npz.part", "wb") as file:
        np.savez(file, **state.state())
    os.replace(folder / "checkpoint.npz.part", folder / "checkpoint.npz")


def log_answers(path, answers):
    """Append the answers that the log does not hold yet, each with both clips: enough to learn from it again."""
    with Log(path) as log:
        new = answers[log.next_seq:]
        log.append_many("label", [{"verb": "compare", "who": str(new.person[i]), "ans": str(new.answers[i]),
                                   "left": "first" if new.first_is_left[i] else "second",
                                   "first": as_json(new.first, i), "second": as_json(new.second, i)} for i in range(len(new))])


def as_json(episodes, row):
    """One episode as plain lists, without its padding."""
    length = int(episodes.lengths[row])
    return {"first_step": int(episodes.first_step[row]), "ended": bool(episodes.ended[row]),
            "states": episodes.states[row, :length + 1].tolist(), "actions": episodes.actions[row, :length].tolist()}


def write_text(path, text):
    """Write a file whole or not at all."""
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8")
    os.replace(part, path)
