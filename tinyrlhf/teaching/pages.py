"""From a lesson's one source to what people read: a page with output and pictures, or a notebook."""
import contextlib
import io
import json
import os
import re
import runpy
import tempfile
import warnings
from pathlib import Path
from unittest.mock import patch

import numpy as np

from tinyrlhf.teaching.exercises import exercises_of, stub_text
from tinyrlhf.teaching.places import lessons_folder


def cells(folder):
    """The cells of lesson.py in percent format: a list of (kind, text), kind "markdown" or "code"."""
    parts = re.split(r"^# %%(.*)\n", (folder / "lesson.py").read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    found = []
    for mark, text in zip(parts[::2], parts[1::2]):
        if "markdown" in mark:
            found.append(("markdown", re.sub(r"^# ?", "", text.strip(), flags=re.MULTILINE)))
        else:
            found.append(("code", text.strip()))
    return found


def run_cells(folder, pictures):
    """Run lesson.py as a whole with the library's functions; returns what each code cell printed, and its names."""
    import matplotlib
    printed = []

    def next_cell():
        printed.append(io.StringIO())
        redirected.enter_context(contextlib.redirect_stdout(printed[-1]))

    source = (folder / "lesson.py").read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as place, contextlib.ExitStack() as redirected, patch.dict(
            os.environ, TINYRLHF_MINE="0", TINYRLHF_PICTURES=str(pictures)), matplotlib.rc_context(), warnings.catch_warnings():
        matplotlib.use("Agg", force=True)
        path = Path(place) / "lesson.py"                    # the same lines, each mark of a code cell a call
        path.write_text(re.sub(r"^# %%(?! \[markdown\]).*$", "next_cell()", source, flags=re.MULTILINE), encoding="utf-8")
        names = runpy.run_path(str(path), {"next_cell": next_cell})
    return [each.getvalue().rstrip() for each in printed], names


def build(folder):
    """Write exercises.py, img/ and README.md of a lesson."""
    (folder / "exercises.py").write_text(stub_text(folder), encoding="utf-8")
    (folder / "README.md").write_text(page(folder, run_cells(folder, folder / "img")[0]), encoding="utf-8")


def page(folder, printed):
    """README.md: goal, the last picture, how to run and grade it; then text, code, output; then exercises with folded hints."""
    (_, top), *rest = cells(folder)
    number, pictures = int(folder.name[:2]), re.findall(r"^!\[.*$", "\n".join(printed), re.MULTILINE)
    parts = [top, *pictures[-1:], "| | |\n|---|---|\n| install once | in the project's folder: `pip install -e \".[test]\"` |\n"
             f"| run it | `python lessons/{folder.name}/lesson.py` |\n"
             f"| do its exercises | `tinyrlhf lesson start {number:02}`, then `pytest lessons/{folder.name}` |\n"
             f"| show it to a room | `tinyrlhf demo {number}` |"]
    outputs = iter(printed)
    for kind, text in rest:
        parts.append(text if kind == "markdown" else f"```python\n{text}\n```")
        if kind == "code":
            for piece in re.split(r"(?m)(^!\[.*$)", next(outputs)):
                if piece.strip():
                    parts.append(piece if piece.startswith("![") else f"```text\n{piece.strip()}\n```")
    parts.append(f"## Exercises\n\n`tinyrlhf lesson start {number:02}` copies them to `lessons/work/{folder.name}.py`, which is yours; "
                 f"`pytest lessons/{folder.name}` says what is right.")
    for each in exercises_of(folder).values():
        task = each.function.__doc__.split("\n\n")[0].strip()
        hints = "\n".join(f"<details><summary>Hint {i}</summary>\n\n{hint}\n\n</details>" for i, hint in enumerate(each.hints, 1))
        parts.append(f"### {each.number} `{each.name}`, {each.minutes} minutes{', extra' * each.extra}\n\n{task}\n\n{hints}\n\n"
                     f"Solution: `tinyrlhf lesson solution {each.number}`")
    parts.append(f"<sub>Made by `tinyrlhf lesson build {number:02}` with NumPy {np.__version__}; edit lesson.py instead.</sub>")
    return "\n\n".join(parts) + "\n"


def notebook(folder):
    """The lesson as the text of a notebook (nbformat 4), without outputs."""
    def cell(i, kind, text):
        body = {"cell_type": kind, "id": f"cell-{i}", "metadata": {}, "source": text.splitlines(keepends=True)}
        return body | ({"execution_count": None, "outputs": []} if kind == "code" else {})

    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return json.dumps({"cells": [cell(i, *each) for i, each in enumerate(cells(folder))], "nbformat": 4, "nbformat_minor": 5,
                       "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}}}, indent=1) + "\n"


def path_table():
    """The lines of the path through all lessons: number, name and minutes, from lessons/README.md."""
    text = (lessons_folder() / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| \[?(.*?)(?:\].*?)? \| (\d+) \| (.*?) \|$", text, re.MULTILINE)
    return [f"{number:>2}  {name:<50} {minutes:>3} minutes   {state}" for number, name, minutes, state in rows]
