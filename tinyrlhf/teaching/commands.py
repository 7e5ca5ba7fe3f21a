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
        raise ValueError(f"lesson {options.what}: expected a number, got none; "
                         f"try `tinyrlhf lesson {options.what} 06`")
    for which in options.which or [folder.name for folder in lesson_folders()]:
        number = which.split(".")[0] if options.what == "solution" else which
        ACTIONS[options.what](lesson_folder(number), which)
    return None


def start_work(folder, which):
    path = work_file(folder)
    if path.exists():
        raise ValueError(f"lesson start: expected no {os.path.relpath(path)} yet, but it is there "
                         "and it is yours; rename it to begin anew")
    path.parent.mkdir(exist_ok=True)
    path.write_text(pages.stub_text(folder), encoding="utf-8")
    print(f"{os.path.relpath(path)} is yours now; grade it with: pytest {os.path.relpath(folder)}")


def print_solution(folder, which):
    number, known = re.sub(r"^0+", "", which), exercises_of(folder)
    if number not in known:
        raise ValueError(f"lesson solution: expected one of {', '.join(known)}, got {which}")
    print(solution_text(folder, number))


def write_notebook(folder, which):
    path = Path(f"{folder.name}.ipynb")
    path.write_text(pages.notebook_text(folder), encoding="utf-8")
    print(path)


def build_pages(folder, which):
    pages.write_pages(folder)
    print(os.path.relpath(folder / "README.md"))


def demo(options):
    """`tinyrlhf demo N`."""
    if (options.seed or 0) < 0:
        raise ValueError(f"--seed: expected 0 or more, got {options.seed}")
    stepper.step_through(options)


ACTIONS = {"start": start_work, "solution": print_solution, "notebook": write_notebook,
           "build": build_pages}
