"""`tinyrlhf lesson build 06`: from a lesson's one source to its page, with output and pictures."""
import contextlib
import hashlib
import inspect
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

from tinyrlhf.plots import save
from tinyrlhf.saving import write_whole
from tinyrlhf.teaching.exercises import exercises_of, stub_text
from tinyrlhf.teaching.pages import cells, with_gallery
from tinyrlhf.teaching.places import lessons_folder


def run_cells(folder, pictures):
    """Run lesson.py as a whole with the library's functions.

    Returns what each code cell printed, and the names that it defined.
    """
    import matplotlib
    printed = []

    def next_cell():
        printed.append(io.StringIO())
        redirected.enter_context(contextlib.redirect_stdout(printed[-1]))

    source = (folder / "lesson.py").read_text(encoding="utf-8")
    marked = re.sub(r"^# %%(?! \[markdown\]).*$", "next_cell()", source, flags=re.MULTILINE)
    with contextlib.ExitStack() as redirected:
        place = redirected.enter_context(tempfile.TemporaryDirectory())
        for context in (patch.dict(os.environ, TINYRLHF_MINE="0", TINYRLHF_PICTURES=str(pictures),
                                   TINYRLHF_SEEDS="all"),
                        patch("tinyrlhf.teaching.pictures.save", keep),
                        matplotlib.rc_context(), warnings.catch_warnings()):
            redirected.enter_context(context)
        matplotlib.use("Agg", force=True)
        path = Path(place) / "lesson.py"  # a code cell's mark is a call
        path.write_text(marked, encoding="utf-8")
        names = runpy.run_path(str(path), {"next_cell": next_cell})
    return [each.getvalue().rstrip() for each in printed], names


def write_pages(folder):
    """Write img/, README.md and, with the predictions of that page, exercises.py of a lesson."""
    if folder.name != "museum":  # its page is written by hand
        printed, _ = run_cells(folder, folder / "img")
        (folder / "README.md").write_text(page(folder, printed), encoding="utf-8")
    (folder / "exercises.py").write_text(stub_text(folder), encoding="utf-8")


def page(folder, printed):
    """README.md: goal, the last picture, how to run and grade it; text, code, output; exercises."""
    (_, top), *rest = cells(folder)
    number, watch = int(folder.name[:2]), f"tinyrlhf lesson watch {folder.name[:2]}"
    pictures = re.findall(r"^!\[.*$", "\n".join(printed), re.MULTILINE)
    parts = [top, *pictures[-1:],
             "| | |\n|---|---|\n"
             "| install once | in the project's folder: `pip install -e .` |\n"
             f"| run it | `python lessons/{folder.name}/lesson.py` |\n"
             f"| do its exercises | `{watch}`: a verdict at each save |\n"
             f"| show it to a room | `tinyrlhf demo {number}` |"]
    outputs = iter(printed)
    for kind, text in rest:
        if kind == "predict":  # its call would give the answer away
            parts.append(next(outputs))
            continue
        code = f"```python\n{text}\n```"
        if kind == "drawing":
            code = f"<details><summary>The drawing</summary>\n\n{code}\n\n</details>"
        parts.append(text if kind == "markdown" else code)
        if kind != "markdown":
            for piece in re.split(r"(?m)(^!\[.*$)", next(outputs)):
                if piece.startswith("!["):
                    parts.append(piece)
                elif piece.strip():
                    parts.append(f"```text\n{piece.strip()}\n```")
    parts.append(f"## Exercises\n\n`{watch}` copies them to `lessons/work/{folder.name}.py`, which "
                 "is yours, and says at each save what is right, or wrong and why.")
    for each in exercises_of(folder).values():
        task = inspect.getdoc(each.function).split("\n\n")[0]
        hints = "\n".join(f"<details><summary>Hint {i}</summary>\n\n{hint}\n\n</details>"
                          for i, hint in enumerate(each.hints, 1))
        extra = ", extra" if each.extra else ""
        parts += [f"### {each.number} `{each.name}`, {each.minutes} minutes{extra}", task, hints,
                  f"Solution: `tinyrlhf lesson solution {each.number}`"]
    parts.append(f"<sub>Made by `tinyrlhf lesson build {number:02}` with NumPy {np.__version__}; "
                 "edit lesson.py instead.</sub>")
    return "\n\n".join(parts) + "\n"


def write_gallery():
    """Bring lessons/README.md up to date."""
    path = lessons_folder() / "README.md"
    write_whole(path, with_gallery(path.read_text(encoding="utf-8")))


def keep(figure, path):
    """Write a picture, unless the data drawn in it are those of the file that is there."""
    prints = path.parent / "fingerprints.json"
    known = json.loads(prints.read_text(encoding="utf-8")) if prints.exists() else {}
    mark = fingerprint(figure)
    if known.get(path.name) != mark or not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        save(figure, path)
        text = json.dumps({**known, path.name: mark}, indent=1, sort_keys=True) + "\n"
        prints.write_text(text, encoding="utf-8")


def fingerprint(figure):
    """A hash of what is drawn: words, points, colours, limits.

    Numbers are rounded to three digits of the largest in their table; those along x and along y,
    which may have other units, each on their own.
    """
    words, tables = [text.get_text() for text in figure.texts], [figure.get_size_inches()]
    for axis in figure.axes:
        texts = [*axis.texts, axis.title, axis.xaxis.label, axis.yaxis.label]
        words += [text.get_text() for text in texts]
        tables += [axis.get_xlim(), axis.get_ylim()]
        for line in axis.lines:
            tables += [*np.asarray(line.get_xydata(), float).T]
            words.append(str(line.get_color()))
        for shape in axis.patches:
            corners = shape.get_patch_transform().transform(shape.get_path().vertices)
            tables += [*corners.T, shape.get_facecolor()]
        for group in axis.collections:
            tables += [*np.ma.filled(group.get_offsets(), np.nan).T, group.get_facecolor()]
            tables += [column for path in group.get_paths() for column in path.vertices.T]
        tables += [image.get_array() for image in axis.images]
    for table in tables:
        table = np.asarray(table, float)
        scale = np.abs(table[np.isfinite(table)]).max(initial=1e-12)
        words.append(str((np.round(table / scale, 3) + 0.0).tolist()))
    return hashlib.sha256("\n".join(words).encode()).hexdigest()[:16]
