"""Where are the lessons, and which file is the student's?"""
import functools
import re
import runpy
import sys
from pathlib import Path

import tinyrlhf

OWN = Path(tinyrlhf.__file__).parents[1] / "lessons"  # of the source that this package is part of


def lessons_folder():
    """The course's folder `lessons` in the working directory or above; others are left alone.

    As Python is run from there, a copy that is not this package's own says where it is.
    """
    for folder in (Path.cwd(), *Path.cwd().parents):
        if ours(folder / "lessons"):
            return folder / "lessons"
    raise ValueError("lessons: expected a folder `lessons` here or above, found none; it comes "
                     "with the project's source, not with the installed package: "
                     "call this inside the source")


@functools.cache
def ours(folder):
    """Is this our course, whose README.md names our command, and not somebody else's folder?"""
    try:
        with open(folder / "README.md", encoding="utf-8", errors="replace") as file:
            named = "`tinyrlhf lesson " in file.read(100_000)
    except OSError:
        return False
    if named and folder != OWN.resolve():
        print(f"lessons: those in {str(folder)!r}", file=sys.stderr)
    return named


def lesson_folders():
    """All lessons that are there, in order."""
    return sorted(path.parent for path in lessons_folder().glob("[0-9][0-9]_*/lesson.py"))


def lesson_folder(number):
    """The folder of a lesson that is called 6, 06 or 06_votes_to_scores, or of the museum."""
    if number == "museum":
        return lessons_folder() / "museum"
    wanted, *words = str(number).split("_")
    for folder in lesson_folders():
        own_number, *own_words = folder.name.split("_")
        same_number = re.match(r"\d+$", wanted) and int(wanted) == int(own_number)
        if same_number and words in ([], own_words):
            return folder
    present = ", ".join(folder.name[:2] for folder in lesson_folders())
    raise ValueError(f"lesson: expected museum or one of {present}, got {number}")


def solutions_folder(folder):
    found = folder.parent / "solutions" / folder.name
    if not found.is_dir():
        raise ValueError(f"lesson: expected the solutions of {folder.name}, but this copy of the "
                         "lessons came without; your teacher has them, and grades")
    return found


def work_file(folder):
    return folder.parent / "work" / f"{folder.name}.py"


def students_file(folder):
    """The student's copy in lessons/work if there is one, else the exercises as they came."""
    own = work_file(folder)
    return own if own.exists() else folder / "exercises.py"


def run_file(path):
    """The names that a file defines, as a dict; it is read anew each time, never from a cache."""
    return runpy.run_path(str(path), run_name=Path(path).stem)
