"""What `tinyrlhf lesson` and `tinyrlhf demo` do."""
import os
import re
from pathlib import Path

from tinyrlhf.teaching import pages, stepper
from tinyrlhf.teaching.exercises import exercises_of, solution_text
from tinyrlhf.teaching.places import lesson_folder, lesson_folders, work_file


def lesson(options):
    """`tinyrlhf lesson list | start | solution | notebook | build`."""
    if options.what == "list":
        return print("\n".join(pages.path_table()))
    if not options.which and options.what != "build":
        raise ValueError(f"lesson {options.what}: expected a number, got none; try `tinyrlhf lesson {options.what} 06`")
    for which in options.which or [folder.name for folder in lesson_folders()]:
        ACTIONS[options.what](lesson_folder(which.split(".")[0] if options.what == "solution" else which), which)
    return None


def start(folder, which):
    path = work_file(folder)
    if path.exists():
        raise ValueError(f"lesson start: expected no {os.path.relpath(path)} yet, but it is there and it is yours; rename it to begin anew")
    path.parent.mkdir(exist_ok=True)
    path.write_text(pages.stub_text(folder), encoding="utf-8")
    print(f"{os.path.relpath(path)} is yours now; grade it with: pytest {os.path.relpath(folder)}")


def solution(folder, which):
    number = re.sub(r"^0+", "", which)
    if number not in exercises_of(folder):
        raise ValueError(f"lesson solution: expected one of {', '.join(exercises_of(folder))}, got {which}")
    print(solution_text(folder, number))


def notebook(folder, which):
    path = Path(f"{folder.name}.ipynb")
    path.write_text(pages.notebook(folder), encoding="utf-8")
    print(path)


def build(folder, which):
    pages.build(folder)
    print(os.path.relpath(folder / "README.md"))


def demo(options):
    """`tinyrlhf demo N`."""
    if options.seed < 0:
        raise ValueError(f"--seed: expected 0 or more, got {options.seed}")
    stepper.demo(options.number, options.seed, options.votes, options.out)


ACTIONS = {"start": start, "solution": solution, "notebook": notebook, "build": build}
