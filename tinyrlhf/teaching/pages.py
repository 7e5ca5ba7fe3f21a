"""From a lesson's one source to what people read: a page with output and pictures, a notebook."""
import contextlib
import io
import os
import re
import runpy
import tempfile
import warnings
from pathlib import Path
from unittest.mock import patch

import numpy as np

from tinyrlhf.saving import write_whole
from tinyrlhf.teaching.exercises import exercises_of, stub_text
from tinyrlhf.teaching.places import lesson_folders, lessons_folder

GALLERY = "<!-- the gallery: made by `tinyrlhf lesson build` -->"


def cells(folder):
    """The cells of lesson.py in percent format: (kind, text).

    kind: markdown, code, predict (shown as a question) or drawing (code that the page folds away).
    """
    source = (folder / "lesson.py").read_text(encoding="utf-8")
    parts = re.split(r"^# %%(.*)\n", source, flags=re.MULTILINE)[1:]
    found = []
    for mark, text in zip(parts[::2], parts[1::2]):
        if "markdown" in mark:
            found.append(("markdown", re.sub(r"^# ?", "", text.strip(), flags=re.MULTILINE)))
        else:
            found.append((mark.strip(" []") or "code", text.strip()))
    return found


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
    number, start = int(folder.name[:2]), f"tinyrlhf lesson start {folder.name[:2]}"
    pictures = re.findall(r"^!\[.*$", "\n".join(printed), re.MULTILINE)
    parts = [top, *pictures[-1:],
             "| | |\n|---|---|\n"
             "| install once | in the project's folder: `pip install -e \".[test]\"` |\n"
             f"| run it | `python lessons/{folder.name}/lesson.py` |\n"
             f"| do its exercises | `tinyrlhf lesson watch {number:02}`: a verdict at each save |\n"
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
    parts.append(f"## Exercises\n\n`{start}` copies them to `lessons/work/{folder.name}.py`, which "
                 f"is yours; `pytest lessons/{folder.name}` says what is right.")
    for each in exercises_of(folder).values():
        task = each.function.__doc__.split("\n\n")[0].strip()
        hints = "\n".join(f"<details><summary>Hint {i}</summary>\n\n{hint}\n\n</details>"
                          for i, hint in enumerate(each.hints, 1))
        extra = ", extra" if each.extra else ""
        parts += [f"### {each.number} `{each.name}`, {each.minutes} minutes{extra}", task, hints,
                  f"Solution: `tinyrlhf lesson solution {each.number}`"]
    parts.append(f"<sub>Made by `tinyrlhf lesson build {number:02}` with NumPy {np.__version__}; "
                 "edit lesson.py instead.</sub>")
    return "\n\n".join(parts) + "\n"


def path_table():
    """The path through all lessons, from lessons/README.md: lines of number, name and minutes."""
    text = (lessons_folder() / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| \[?(.*?)(?:\].*?)? \| (\d+) \| (.*?) \|$", text, re.MULTILINE)
    there = {int(folder.name[:2]) for folder in lesson_folders()}
    return [f"{number:>2}  {name:<50} {minutes:>3} minutes   "
            f"{state if int(number) in there else 'not in this copy'}"
            for number, name, minutes, state in rows]


def gallery(folders=None):
    """The pictures of all (or these) lessons for lessons/README.md, two in a row, with claims."""
    minutes = {line[:2].strip(): re.search(r"(\d+) minutes", line)[1] for line in path_table()}
    found = []
    for folder in folders or lesson_folders():
        text = (folder / "README.md").read_text(encoding="utf-8")
        claim, picture = re.search(r"^!\[(.*?)\]\((.*?)\)", text, re.MULTILINE).groups()
        title = re.match(r"# (.*)", text)[1]
        number = str(int(folder.name[:2]))
        page = f"{folder.name}/README.md"
        found.append(f"[![{claim}]({folder.name}/{picture})]({page})<br>{claim}.<br>"
                     f"**[{title}]({page})**, {minutes[number]} minutes")
    rows = [f"| {' | '.join([*found[i:i + 2], ''][:2])} |" for i in range(0, len(found), 2)]
    return "\n".join(["| | |", "|---|---|", *rows])


def with_gallery(text, folders=None):
    """The text of lessons/README.md with the gallery as it is now, between its two marks."""
    before, _, after = text.split(GALLERY)
    return f"{before}{GALLERY}\n{gallery(folders)}\n{GALLERY}{after}"


def write_gallery():
    """Bring lessons/README.md up to date."""
    path = lessons_folder() / "README.md"
    write_whole(path, with_gallery(path.read_text(encoding="utf-8")))
