"""The museum of bugs: each is rejected by a law that knows no answer, stands in the stub, and was measured."""
import importlib.util
import re
import types
from pathlib import Path

import numpy as np
import pytest

from tinyrlhf.teaching import grader
from tinyrlhf.teaching.exercises import exercises_of, function_nodes, still_a_stub, stub_text
from tinyrlhf.teaching.verdicts import FAILED, PASSED, TO_DO, grade

ROOT = Path(__file__).parent.parent
MUSEUM = ROOT / "lessons" / "museum"
BUGS = list(exercises_of(MUSEUM).values())
each_bug = pytest.mark.parametrize("exercise", BUGS, ids=lambda each: f"{each.number}_{each.name}")
SIX = exercises_of(ROOT / "lessons" / "06_votes_to_scores")


@pytest.fixture(scope="module")
def measuring():
    spec = importlib.util.spec_from_file_location("bugs", ROOT / "tests" / "benchmarks" / "bugs.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.filterwarnings("ignore:invalid value")
@each_bug
def test_the_bug_breaks_a_law_and_the_mended_ones_pass(exercise):
    assert not all(law(exercise.published) for _, law in exercise.laws)
    for function in (exercise.function, *exercise.right_versions):
        assert grade(exercise, function) == (PASSED, "", ""), function.__name__
    assert len(exercise.wrong_versions) >= 2 and len(exercise.hints) == 3 and len(exercise.cases) >= 2
    for message, function in exercise.wrong_versions:
        assert grade(exercise, function)[:2] == (FAILED, message), function.__name__


def test_the_stubs_are_the_bugs_and_count_as_untouched(monkeypatch):
    text = (MUSEUM / "exercises.py").read_text(encoding="utf-8")
    assert text == stub_text(MUSEUM), "run: tinyrlhf lesson build museum"
    names, nodes = {}, function_nodes(text)
    exec(compile(text, "museum", "exec"), names)
    for each in BUGS:
        assert still_a_stub(nodes[each.name], each.published) and not still_a_stub(nodes[each.name])
        assert grade(each, names[each.name]).state == FAILED and each.where in text.replace("\n# ", " ")

    def run(command, **_):
        grader.child(*command[3:])
        grader.faulthandler.cancel_dump_traceback_later()

    monkeypatch.setattr(grader, "subprocess", types.SimpleNamespace(run=run, DEVNULL=None))
    found = grader.grade_lesson(MUSEUM, [each.number for each in BUGS], MUSEUM / "exercises.py")
    assert {verdict.state for verdict in found.values()} == {TO_DO} and len(found) == len(BUGS) >= 12


def test_the_page_tells_of_each_where_it_was_what_it_did_and_what_would_have_told(measuring):
    page = (MUSEUM / "README.md").read_text(encoding="utf-8")
    for number, each in enumerate(BUGS, 1):
        assert re.search(r"[\w-]+/[\w-]+, (issue|pull request) \d+", each.where)
        assert each.where in page and each.laws[0][0] in page
        assert f"| {number} | `{each.name}` | {getattr(measuring, each.name).__doc__} |" in page


@pytest.mark.parametrize("name", ["mean_where", "standardized", "td_target"])
def test_what_was_measured_tells_the_bug_from_the_mended_one(measuring, name):
    exercise = next(each for each in BUGS if each.name == name)
    right, bug = measuring.measured(exercise, [400])
    assert abs(right[0] - bug[0]) > 0.2 * abs(right[0])


def test_a_check_is_told_how_many_versions_it_takes_and_one_that_gets_through():
    exercise = SIX["6.6"]
    sums_to_zero = lambda f: abs(f(np.zeros(3), np.array([0, 1]), np.array([1, 2])).sum()) < 1e-9
    verdict = grade(exercise, sums_to_zero)
    rights, wrongs = len(SIX["6.3"].right_versions) + 1, len(SIX["6.3"].wrong_versions)
    assert verdict.state == FAILED
    assert re.match(rf"It accepts {rights} of {rights} right versions and rejects \d+ of {wrongs} wrong ones\. "
                    "One that gets through is told: ", verdict.message)
    stops = lambda f: undefined  # noqa: F821
    assert "NameError" in grade(exercise, stops).message
