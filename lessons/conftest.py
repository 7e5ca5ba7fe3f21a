"""`pytest lessons/06_votes_to_scores` grades exercises, one sentence for each; tinyrlhf.teaching does the work."""
import argparse
import os
import tempfile
from pathlib import Path

import pytest

from tinyrlhf.teaching.exercises import exercises_of, stub_text
from tinyrlhf.teaching.grader import grade_lesson
from tinyrlhf.teaching.places import students_file
from tinyrlhf.teaching.predictions import predictions_of
from tinyrlhf.teaching.verdicts import FAILED, PASSED, TO_DO

LOOKS = {PASSED: (".", "green"), TO_DO: ("t", "yellow"), FAILED: ("x", "red")}


def how_many(text):
    if text not in ("1", "2", "3"):
        raise argparse.ArgumentTypeError(f"expected 1, 2 or 3, got {text}; write the lesson before --hints")
    return int(text)


def pytest_addoption(parser):
    group = parser.getgroup("lessons")
    group.addoption("--hints", nargs="?", const=1, default=0, type=how_many, metavar="N",
                    help="the first N hints for the next exercise")
    group.addoption("--solutions", action="store_true", default=os.environ.get("TINYRLHF_SOLUTIONS") == "1",
                    help="grade the solutions")


@pytest.hookimpl(hookwrapper=True)
def pytest_collect_file(file_path, parent):
    """exercises.py is graded; no other file is collected, and none is imported."""
    outcome = yield
    if file_path.suffix == ".py":
        outcome.force_result([Lesson.from_parent(parent, path=file_path)] if file_path.name == "exercises.py" else [])


class Lesson(pytest.File):
    def collect(self):
        folder, self.verdicts = self.path.parent, {}
        predictions = {} if self.config.getoption("solutions") else predictions_of(folder)
        try:
            exercises = exercises_of(folder)
        except ValueError as error:                         # a copy without solutions
            pytest.skip(str(error), allow_module_level=True)
        for each in [*predictions.values(), *exercises.values()]:
            yield Exercise.from_parent(self, name=f"{each.number.replace('.', '_')}_{each.name}", exercise=each)


class Exercise(pytest.Item):
    def __init__(self, exercise, **named):
        super().__init__(**named)
        self.exercise = exercise

    def runtest(self):
        lesson, folder = self.parent, self.parent.path.parent
        if not lesson.verdicts:                             # all that were selected, in one child process
            numbers = [item.exercise.number for item in self.session.items if item.parent is lesson]
            with tempfile.TemporaryDirectory() as place:
                solved = Path(place) / "solved.py"
                solved.write_text(stub_text(folder, solved=True), encoding="utf-8")
                path = solved if self.config.getoption("solutions") else None
                lesson.verdicts = grade_lesson(folder, numbers, path)
        verdict = lesson.verdicts[self.exercise.number]
        if verdict.state != PASSED:
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
        report.user_properties.append(("verdict", item.parent.verdicts[item.exercise.number].state))


def pytest_terminal_summary(terminalreporter, config):
    for lesson in dict.fromkeys(item.parent for item in terminalreporter._session.items if isinstance(item, Exercise)):
        exercises = [item.exercise for item in terminalreporter._session.items if item.parent is lesson]
        summarise(lesson, exercises, terminalreporter, config)


def summarise(lesson, exercises, out, config):
    """A line for each exercise, the progress line, and the hints that were asked for."""
    said = set()
    out.write_line("")
    for each in exercises:
        state, message, trace = lesson.verdicts[each.number]
        out.write(f"  {state:<8}", **{LOOKS[state][1]: True})
        out.write_line(f"{each.number} {each.name}" + (f": {message}" if message not in said | {""} else ""))
        said.add(message)
        if trace and config.option.tbstyle == "long":
            out.write_line(trace)
    left = [each for each in exercises if lesson.verdicts[each.number].state != PASSED]
    done, name = len(exercises) - len(left), lesson.path.parent.name
    to_do = f"next: {left[0].number} {left[0].name} ({left[0].minutes} minutes)" if left else "all done. Well done!"
    out.write_line(f"{name} [{'#' * done}{'-' * len(left)}] {done}/{len(exercises)}  {to_do}", bold=True)
    for hint in left[0].hints[:config.getoption("hints")] if left else ():
        out.write_line(f"  hint: {hint}", cyan=True)
    if left:
        more, file = min(config.getoption("hints") + 1, 3), os.path.relpath(students_file(lesson.path.parent))
        out.write_line(f"graded: {file}   stuck? add --hints" + (f" {more}" if more > 1 else ""))
