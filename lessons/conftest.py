"""`pytest lessons/06_votes_to_scores` grades exercises, one sentence for each."""
import argparse
import os
import re
import tempfile
from pathlib import Path

import pytest

from tinyrlhf.teaching.exercises import exercises_of, stub_text
from tinyrlhf.teaching.grader import grade_lesson
from tinyrlhf.teaching.places import students_file
from tinyrlhf.teaching.predictions import predictions_of
from tinyrlhf.teaching.verdicts import FAILED, GUESSED, PASSED, TO_DO
from tinyrlhf.teaching.warm import Warm
from tinyrlhf.teaching.watching import counted, progress

LOOKS = {PASSED: (".", "green"), GUESSED: ("g", "yellow"), TO_DO: ("t", "yellow"),
         FAILED: ("x", "red")}
DONE = PASSED, GUESSED


def how_many(text):
    if text not in ("1", "2", "3"):
        raise argparse.ArgumentTypeError(f"expected 1, 2 or 3, got {text}; "
                                         "write the lesson before --hints")
    return int(text)


def pytest_addoption(parser):
    group = parser.getgroup("lessons")
    group.addoption("--hints", nargs="?", const=1, default=0, type=how_many, metavar="N",
                    help="the first N hints for the next exercise")
    group.addoption("--solutions", action="store_true", help="grade the solutions",
                    default=os.environ.get("TINYRLHF_SOLUTIONS") == "1")


def pytest_configure(config):
    """`-k 6.2` and `-k 6_2` are this one exercise, not also 16.2."""
    config.only = re.sub(r"^0*(\w+)[._](\w)$", r"\1.\2", config.option.keyword)
    if re.fullmatch(r"(\d+|museum)\.\w", config.only):
        config.option.keyword = ""


def pytest_collection_modifyitems(config, items):
    if config.only and not config.option.keyword:
        others = [item for item in items
                  if getattr(item, "exercise", None) and item.exercise.number != config.only]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if item not in others]


@pytest.hookimpl(hookwrapper=True)
def pytest_collect_file(file_path, parent):
    """exercises.py is graded, and the student's copy where it is asked for; nothing else."""
    outcome = yield
    if file_path.suffix != ".py":
        return
    asked = [Path(each.split("::")[0]).resolve() for each in parent.config.args]
    in_work = file_path.parent.name == "work"
    work = in_work and any(each in (file_path, file_path.parent) for each in asked)
    folder = file_path.parent.parent / file_path.stem if work else file_path.parent
    found = (work or file_path.name == "exercises.py") and (folder / "exercises.py").exists()
    lessons = [Lesson.from_parent(parent, path=file_path, folder=folder)] if found else []
    outcome.force_result(lessons)


class Lesson(pytest.File):
    def __init__(self, folder, **named):
        super().__init__(**named)
        self.folder, self.verdicts = folder, {}

    def collect(self):
        predictions = {} if self.config.getoption("solutions") else predictions_of(self.folder)
        try:
            exercises = exercises_of(self.folder)
        except ValueError as error:                         # a copy without solutions
            self.config.not_graded = True
            pytest.skip(str(error), allow_module_level=True)
        self.all = [*predictions.values(), *exercises.values()]
        for each in self.all:
            name = f"{each.number.replace('.', '_')}_{each.name}"
            yield Exercise.from_parent(self, name=name, exercise=each)

    def grade(self, numbers):
        """All that were selected, in one process that has no memory of other lessons."""
        run = warm(self.config) if self.session.testscollected > len(numbers) else None
        if not self.config.getoption("solutions"):
            return grade_lesson(self.folder, numbers, run=run)
        with tempfile.TemporaryDirectory() as place:
            solved = Path(place) / "solved.py"
            solved.write_text(stub_text(self.folder, solved=True), encoding="utf-8")
            return grade_lesson(self.folder, numbers, solved, run=run)


def warm(config):
    """For many lessons: one process that has read the package, and forks for each of them."""
    if not hasattr(config, "warm"):
        config.warm = Warm()
        config.add_cleanup(config.warm.close)
    return config.warm


class Exercise(pytest.Item):
    def __init__(self, exercise, **named):
        super().__init__(**named)
        self.exercise = exercise

    def runtest(self):
        lesson = self.parent
        if not lesson.verdicts:
            numbers = [item.exercise.number for item in self.session.items
                       if item.parent is lesson]
            lesson.verdicts = lesson.grade(numbers)
        verdict = lesson.verdicts[self.exercise.number]
        if verdict.state not in DONE:
            raise AssertionError(verdict.message or verdict.state)

    def repr_failure(self, excinfo, style=None):
        return str(excinfo.value)


def pytest_report_teststatus(report, config):
    item = dict(report.user_properties).get("verdict")
    if report.when == "call" and item:
        letter, color = LOOKS[item]
        return item, letter, (item.upper(), {color: True})
    return None


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if isinstance(item, Exercise) and item.parent.verdicts:
        verdict = item.parent.verdicts[item.exercise.number]
        report.user_properties.append(("verdict", verdict.state))


def pytest_terminal_summary(terminalreporter, config):
    if hasattr(config, "not_graded"):
        terminalreporter.write_line(
            "not graded: this copy of the lessons came without solutions; `tinyrlhf lesson start "
            "06` makes a file in lessons/work: write in it and hand it in, your teacher grades")
    items = [item for item in terminalreporter._session.items if isinstance(item, Exercise)]
    for lesson in dict.fromkeys(item.parent for item in items):
        exercises = [item.exercise for item in items if item.parent is lesson]
        summarise(lesson, exercises, terminalreporter, config)


def summarise(lesson, exercises, out, config):
    """A line for each exercise, the progress line, and the hints that were asked for."""
    said = set()
    out.write_line("")
    for each in exercises:
        state, message, trace = lesson.verdicts[each.number]
        out.write(f"  {state:<8}", **{LOOKS[state][1]: True})
        new = f": {message}" if message not in said | {""} else ""
        out.write_line(f"{each.number} {each.name}{new}")
        said.add(message)
        if trace and config.option.tbstyle == "long":
            out.write_line(trace)
    done = {each.number: lesson.verdicts[each.number].state in DONE for each in exercises}
    left = [each for each in exercises if not done[each.number]]
    made = [done[number] for number in predictions_of(lesson.folder) if number in done]
    passed, others = list(done.values())[len(made):], len(lesson.all) - len(exercises)
    if left:
        to_do = f"next: {left[0].number} {left[0].name} ({counted(left[0].minutes, 'minute')})"
    elif others:
        to_do = (f"these are done; {others} others were not graded: "
                 f"pytest {os.path.relpath(lesson.folder)}")
    else:
        to_do = "all done. Well done!"
    out.write_line(f"{lesson.folder.name} {progress(passed, made)}; {to_do}", bold=True)
    for hint in left[0].hints[:config.getoption("hints")] if left else ():
        out.write_line(f"  hint: {hint}", cyan=True)
    if left:
        more = min(config.getoption("hints") + 1, 3)
        file = os.path.relpath(students_file(lesson.folder))
        out.write_line(f"graded: {file}   stuck? add --hints" + (f" {more}" if more > 1 else ""))
