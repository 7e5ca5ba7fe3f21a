"""Copies of the lessons for others: without solutions for a class, as a notebook."""
import ast
import json
import os
import re
import shutil
from pathlib import Path

from tinyrlhf.saving import write_whole
from tinyrlhf.teaching.exercises import exercises_of, function_nodes, is_import, stub_text
from tinyrlhf.teaching.pages import cells, with_gallery
from tinyrlhf.teaching.places import lesson_folder, lesson_folders, lessons_folder, work_file

NOT_COPIED = ("work", "build.py", "__pycache__", "*.ipynb", "*.pyc")
HINT = re.compile(r"<details><summary>Hint \d.*?</details>\n*", re.DOTALL)
SOLUTION = re.compile(r"^Solution: `tinyrlhf lesson solution .*`\n*", re.MULTILINE)
HAND_IN = """

**This copy came without solutions**, so nothing grades here: write in `lessons/work`, and hand in
the file. Where a page says `tinyrlhf lesson watch`, write `tinyrlhf lesson start`; your teacher
grades.

"""


def chosen(only):
    """`1-8` or `1,6,9` -> the folders of these lessons; None: all."""
    if only is None:
        return lesson_folders()
    if not re.fullmatch(r"\d{1,2}(-\d{1,2})?(,\d{1,2}(-\d{1,2})?)*", only):
        raise ValueError(f"--only: expected lessons such as 1-8 or 1,6,9, got {only}")
    numbers = set()
    for part in only.split(","):
        first, _, last = part.partition("-")
        numbers |= set(range(int(first), int(last or first) + 1))
    if not numbers:
        raise ValueError(f"--only: expected the smaller number first, got {only}")
    return [lesson_folder(number) for number in sorted(numbers)]


def export(out, only=None, solutions=True, hints=True):
    """Copy the lessons to OUT/lessons; without solutions nobody can grade there.

    Returns the folders of the copied lessons.
    """
    folders, here, out = chosen(only), lessons_folder(), Path(out)
    if out.exists():
        raise ValueError(f"lesson export: expected no {out} yet, but it is there; name another")
    if out.resolve().is_relative_to(here):
        raise ValueError(f"lesson export: expected a folder outside of {here}, got {out}")
    left_out = [f"{folder.name}*" for folder in set(lesson_folders()) - set(folders)]
    for_teachers = [] if solutions else ["solutions", "TEACHING.md"]
    copy = out / "lessons"
    ignored = shutil.ignore_patterns(*NOT_COPIED, *left_out, *for_teachers)
    shutil.copytree(here, copy, ignore=ignored)
    for path in copy.rglob("README.md"):
        page = path.read_text(encoding="utf-8")
        page = page if hints else HINT.sub("", page)
        page = page if solutions else SOLUTION.sub("", page)
        if path.parent == copy:
            page = with_gallery(page if solutions else page.replace("\n\n", HAND_IN, 1), folders)
        write_whole(path, without_dead_links(page, path.parent))
    for path in copy.glob("*/lesson.py"):
        write_whole(path, without_answers(path.read_text(encoding="utf-8")))
    return [copy / folder.name for folder in folders]


def without_dead_links(page, folder):
    """Links to files that are not there, such as the package's, become their text."""
    def kept(match):
        whole, text, target = match[0], match[1], match[2]
        return whole if ":" in target or (folder / target).exists() else text

    return re.sub(r"(?<!!)\[([^][]*)\]\(([^)\s#]+)(?:#[^)]*)?\)", kept, page)


def without_answers(text):
    """Calls of `predict` with their number alone: question and answer are read from the page."""
    return re.sub(r'^predict\(("\d+\.\w"),$.*?(\n*)(?=^# %%|\Z)', r"predict(\1)\2", text,
                  flags=re.MULTILINE | re.DOTALL)


def notebook_file(folder):
    return work_file(folder).with_suffix(".ipynb")


def notebook_text(folder, place=None):
    """The lesson as the text of a notebook (nbformat 4), without outputs.

    Behind the lesson's own cells come, for each exercise, its task, its stub, and a cell that
    checks what was written. Links lead on from the folder `place` (default: the lesson's own).
    """
    def relinked(match):
        target = os.path.relpath(folder / match[1], place or folder)
        return f"]({Path(target).as_posix()})"

    def cell(i, kind, text):
        if kind == "markdown":
            text = re.sub(r"\]\((?![a-z]+:|#)([^)\s]+)\)", relinked, text)
        text = without_answers(text) if kind == "predict" else text
        body = {"cell_type": "markdown", "id": f"cell-{i}", "metadata": {},
                "source": text.splitlines(keepends=True)}
        if kind != "markdown":
            body |= {"cell_type": "code", "execution_count": None, "outputs": []}
        return body

    parts = [*cells(folder), *exercise_cells(folder)]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    book = {"cells": [cell(i, *each) for i, each in enumerate(parts)],
            "nbformat": 4, "nbformat_minor": 5,
            "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}}}
    return json.dumps(book, indent=1) + "\n"


def exercise_cells(folder):
    """Task, stub and check of each exercise."""
    stubs = stub_text(folder)
    functions = function_nodes(stubs)
    imports = [ast.unparse(node) for node in ast.parse(stubs).body if is_import(node)]
    yield "markdown", (
        "## Exercises\n\nReplace each `raise` line, run the cell, and then the one below it, which "
        "says what is right, or wrong and why; `check(..., hints=1)` adds a hint. The lesson above "
        f"uses your functions when they are in `lessons/work/{folder.name}.py`.")
    yield "code", "\n".join([*imports, "from tinyrlhf.teaching import check"])
    for each in exercises_of(folder).values():
        extra = ", extra" if each.extra else ""
        yield "markdown", f"### {each.number} `{each.name}`, {each.minutes} minutes{extra}"
        yield "code", ast.get_source_segment(stubs, functions[each.name])
        yield "code", f'check("{each.number}", {each.name})'
