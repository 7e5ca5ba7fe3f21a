"""What `tinyrlhf lesson` and `tinyrlhf demo` do."""
import os
import re

from tinyrlhf.saving import write_whole
from tinyrlhf.teaching import classes, copies, pages, stepper, watching
from tinyrlhf.teaching.exercises import exercises_of, solution_text
from tinyrlhf.teaching.places import (lesson_folder, lesson_folders, lessons_folder, run_file,
                                      work_file)
from tinyrlhf.teaching.watching import counted

WANTED = {"grade": ("a folder of hand-ins", "FOLDER"), "export": ("a new folder", "FOLDER"),
          "solution": ("an exercise", "6.2")}


def lesson(options):
    """`tinyrlhf lesson`."""
    what, which = options.what, options.which
    if what != "export" and (options.without_solutions or options.without_hints or options.only):
        raise ValueError(f"lesson {what}: expected --without-solutions, --without-hints and "
                         "--only with `export` alone")
    if what == "list":
        return print("\n".join(pages.path_table()))
    if not which and what != "build":
        wanted, such = WANTED.get(what, ("a number", "06"))
        raise ValueError(f"lesson {what}: expected {wanted}, got none; try `tinyrlhf lesson {what} "
                         f"{such}`")
    if what == "grade":
        return classes.grade_class(which[0], which[1:])
    if what == "export":
        return export(which, options)
    for each in which or [folder.name for folder in lesson_folders()]:
        number = each.split(".")[0] if what == "solution" else each
        ACTIONS[what](lesson_folder(number), each)
    return None


def begin(path, verb, text):
    """Write a student's file, unless there is one."""
    if path.exists():
        raise ValueError(f"lesson {verb}: expected no {os.path.relpath(path)} yet, but it is there "
                         "and it is yours; rename it to begin anew")
    path.parent.mkdir(exist_ok=True)
    write_whole(path, text)


def start_work(folder, which):
    path = work_file(folder)
    begin(path, "start", (folder / "exercises.py").read_text(encoding="utf-8"))
    told = "hand it in: your teacher has the solutions, and grades"
    if (folder.parent / "solutions" / folder.name).is_dir():
        told = f"a verdict at each save: tinyrlhf lesson watch {folder.name.split('_')[0]}"
    print(f"{os.path.relpath(path)} is yours now; {told}")


def watch_work(folder, which):
    if not work_file(folder).exists():
        start_work(folder, which)
    watching.watch(folder)


def export(which, options):
    if len(which) > 1:
        raise ValueError(f"lesson export: expected one new folder, got {' '.join(which)}")
    made = copies.export(which[0], options.only, not options.without_solutions,
                         not options.without_hints)
    print(f"{counted(len(made), 'lesson')} in {os.path.join(which[0], 'lessons')}"
          + (", without solutions: collect the files of `work` there, and grade them here with "
             "`tinyrlhf lesson grade FOLDER`" if options.without_solutions else ""))


def print_solution(folder, which):
    number, known = re.sub(r"^0+", "", which), exercises_of(folder)
    if number not in known:
        raise ValueError(f"lesson solution: expected one of {', '.join(known)}, got {which}")
    print(solution_text(folder, number))


def write_notebook(folder, which):
    if which == "museum":
        raise ValueError("lesson notebook: expected a lesson such as 06, got museum, which is "
                         "exercises alone")
    path = copies.notebook_file(folder)
    begin(path, "notebook", copies.notebook_text(folder, path.parent))
    print(f"{os.path.relpath(path)} is yours now, with its exercises; open it with: "
          f"jupyter lab {os.path.relpath(path)}")


def build_pages(folder, which):
    if not (lessons_folder() / "build.py").exists():
        raise ValueError("lesson build: expected the project's own lessons, but this is a copy")
    build = run_file(lessons_folder() / "build.py")
    build["write_pages"](folder)
    build["write_gallery"]()
    print(os.path.relpath(folder / "README.md"))


def demo(options):
    """`tinyrlhf demo N`."""
    if (options.seed or 0) < 0:
        raise ValueError(f"--seed: expected 0 or more, got {options.seed}")
    stepper.step_through(options)


ACTIONS = {"start": start_work, "watch": watch_work, "solution": print_solution,
           "notebook": write_notebook, "build": build_pages}
