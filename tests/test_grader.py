"""The grader is right: other right solutions pass, changed ones do not, and what it says is true."""
import os
import runpy
import sys
import time
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
import mutants  # noqa: E402
from equivalent_mutants import EQUIVALENT, INVISIBLE  # noqa: E402

from tinyrlhf.teaching import grader, relations, verdicts  # noqa: E402
from tinyrlhf.teaching.exercises import Exercise, function_nodes  # noqa: E402
from tinyrlhf.teaching.grader import grade_lesson, watchdog  # noqa: E402
from tinyrlhf.teaching.verdicts import FAILED, PASSED, grade  # noqa: E402

ROOT = Path(__file__).parent.parent
ALL = {each.number: each for each in mutants.all_exercises()}
NAMED = {each.name: each for each in ALL.values()}
SAME = {name for names in EQUIVALENT.values() for name in names} | set(INVISIBLE)
POOL = sorted((ROOT / "tests" / "right_solutions").glob("*.py"))
posix = pytest.mark.skipif(not hasattr(os, "fork"), reason="processor time is limited by a signal")


@pytest.mark.parametrize("path", [
    pytest.param(path, marks=[] if path.stem in ("04", "12") else pytest.mark.slow, id=path.stem) for path in POOL])
def test_right_solutions_by_somebody_who_never_saw_ours_pass(path):
    names = {name: function for name, function in runpy.run_path(str(path)).items()
             if name.partition("__")[0] in NAMED and "__" in name}
    assert len({name.partition("__")[0] for name in names}) >= 3
    for name, function in names.items():
        assert grade(NAMED[name.partition("__")[0]], function) == (PASSED, "", ""), name


def in_lists(value):
    if isinstance(value, (tuple, list)):
        return [in_lists(each) for each in value]
    return value.tolist() if isinstance(value, np.ndarray) else value


def single(value):
    if isinstance(value, (tuple, list)):
        return type(value)(single(each) for each in value)
    return np.asarray(value, np.float32)[()] if np.asarray(value).dtype == float else value


@pytest.mark.parametrize("form", [in_lists, single])
@pytest.mark.parametrize("exercises", [
    pytest.param([each for each in ALL.values() if each.tolerance < 0.01], id="exact"),
    pytest.param([each for each in ALL.values() if each.tolerance >= 0.01], id="draws", marks=pytest.mark.slow)])
def test_lists_and_single_precision_are_accepted_everywhere(form, exercises):
    for each in exercises:
        assert grade(each, lambda *given: form(each.function(*given))).state == PASSED, each.number


def test_every_tolerance_is_a_tenth_of_the_smallest_number_graded_or_less():
    for each in ALL.values():
        if each.tolerance < 0.01:                           # the others compare shares of many draws
            results = [verdicts.known_outcome(each, each.function, i).result for i in range(len(each.cases))]
            sizes = [np.abs(part).max() for part in leaves(results) if np.abs(part).max() > 1e-12]
            assert not sizes or each.tolerance <= 0.1 * min(sizes), each.number


def leaves(value):
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (tuple, list)):
        return [part for each in value for part in leaves(each)]
    return [np.nan_to_num(value, posinf=0, neginf=0)] if verdicts.numeric(value) and np.size(value) else []


# ---- changed solutions

def kinds_of(exercise):
    return {name: mutants.kind(exercise, mutants.verdict_on(exercise, function))
            for name, function in mutants.mutants_of(exercise)}


@posix
@pytest.mark.parametrize("number", ["1.1", "3.1", "4.1", "6.1", "7.1", "8.1", "9.1", "10.1", "11.1", "12.1", "13.1"])
def test_every_changed_solution_is_found_but_those_that_change_nothing(number):
    kinds = kinds_of(ALL[number])
    assert {name for name, kind in kinds.items() if kind == "survives"} <= SAME and len(kinds) > 1


@posix
@pytest.mark.slow
def test_changed_solutions_are_found_and_more_than_a_third_of_them_explained():
    kinds = {name: kind for each in ALL.values() for name, kind in kinds_of(each).items()}
    survive = {name for name, kind in kinds.items() if kind == "survives"}
    assert survive <= SAME and all(name in kinds for name in SAME)
    different = [name for name in kinds if name not in SAME - set(INVISIBLE)]
    assert len(survive & set(INVISIBLE)) <= 0.01 * len(different) and len(different) > 1500
    killed = [kind for kind in kinds.values() if kind != "survives"]
    assert sum(kind in ("named", "relation", "cases") for kind in killed) >= 0.35 * len(killed)


# ---- what is said

ROW, TABLE = np.array([0.5, -1.0, 2.0, 0.25]), np.array([[1.0, 2.0], [3.0, -5.0]])


@pytest.mark.parametrize("wrong, said", [
    (lambda right: -right, "Yours is -1 times the expected result: a sign is reversed."),
    (lambda right: 0 * right, "Yours is 0 everywhere."),
    (lambda right: 3 * right, "Yours is 3 times the expected result."),
    (lambda right: right / 4, "Yours is 1/4 times the expected result."),
    (lambda right: len(right) * right, "a number of its own in each case: 4, 2."),
    (lambda right: right + 2, "shifted by a constant: 2."),
    (lambda right: right - right.mean(), "shifted by a number of its own in each case."),
    (lambda right: 1 - right, "Yours is 1 minus the expected result."),
    (np.abs, "without its signs"),
    (lambda right: right[::-1], "in reversed order"),
    (lambda right: np.roll(right, 1, axis=0) if right.ndim == 1 else right[::-1].copy(), "one place too late"),
    (lambda right: right.sum(), "the sum of the expected numbers"),
    (lambda right: right[None], "with an axis too many"),
    (lambda right: np.sign(right) * np.where(right > 1, -right, right) * np.sign(right), "some signs are not"),
    (lambda right: np.concatenate([right[:1], right[1:] + 1 + np.arange(right[1:].size).reshape(right[1:].shape)]),
     "Only the first row is right."),
    (lambda right: np.full(right.shape, np.nan), "None"),
    (lambda right: right ** 3 * 0 + np.arange(right.size).reshape(right.shape) + 0.3, "None")])
def test_a_relation_that_holds_in_all_cases_is_told(wrong, said):
    assert said in str(relations.relation([(ROW, wrong(ROW)), (TABLE, wrong(TABLE))]))


def test_a_transposed_result_is_told():
    tables = [TABLE, np.arange(6.0).reshape(2, 3)]
    assert "transposed" in relations.relation([(table, table.T) for table in tables])


def graded(result, *cases, tolerance=1e-6):
    """The verdict on a function that returns result(x), where 2 x is asked for."""
    asked = Exercise(lambda x: (2 * x, x), "0.0", 1, [], tolerance)
    asked.cases = [(np.array(case, float),) for case in cases]
    return grade(asked, result)


def test_of_several_results_the_one_of_another_form_is_told_and_the_right_ones():
    asked = Exercise(lambda x: (x, 2 * x, True), "0.0", 1, [], 1e-6)
    asked.cases = [(np.ones(2),)]
    said = grade(asked, lambda x: (x, 2 * x, np.ones(1))).message
    assert said.startswith("It returns in part 3 of 3 an array of shape (1,), expected True or False, for x = ")
    assert "Right in every case: parts 1 and 2 of 3." in said


def test_a_number_in_a_sentence_has_no_point_of_its_own():
    assert (verdicts.words(5.0), verdicts.words(0.5), verdicts.words(np.ones(1))) == ("5", "0.5", "[1.]")


def test_who_asks_an_array_whether_it_is_true_is_told_what_works_entry_by_entry():
    assert "np.minimum" in graded(lambda x: min(x, 2 * x), [1, 2]).message


def test_a_partly_right_answer_is_told_which_part_and_where():
    verdict = graded(lambda x: (2 * x + np.arange(len(x)) ** 2, x), [1, 2], [1] * 20)
    assert verdict.state == FAILED and "expected in part 1 of 2 [2., 4.]" in verdict.message
    assert "Right in every case: part 2 of 2." in verdict.message and len(verdict.message) < 400
    asked = Exercise(lambda x: [(x, x)] * 5, "0.0", 1, [])
    asked.cases = [(1.0,)]
    assert "in part 5 of 5 (1, 1)" in grade(asked, lambda x: [(x, x)] * 4 + [None]).message
    verdict = graded(lambda x: (2 * x, x + (np.arange(len(x)) == 17)), [1] * 20, [3, 2])
    assert "expected in part 2 of 2 at [17] 1 " in verdict.message, verdict.message


def test_two_numbers_that_differ_are_shown_with_as_many_digits_as_it_takes():
    verdict = graded(lambda x: (2 * x + 3e-6, x), [0.5, 0.25])
    assert "[1. , 0.5]" in verdict.message and "[1.000003, 0.500003]" in verdict.message


def test_results_in_some_cases_only_are_counted():
    verdict = graded(lambda x: (2 * x if len(x) < 3 else 5 / 0, x), [1, 2], [1, 2, 3], [2, 3])
    assert "ZeroDivisionError" in verdict.message and "Right in 2 of 3 cases." in verdict.message


# ---- files as Python itself would run them

SOFTMAX = "def softmax(prefs):\n    weights = np.exp(prefs - prefs.max())\n    return weights / weights.sum()\n"
NUDGE = ("def nudge(prefs, action, thumb, lr):\n    step = -softmax(prefs)\n    step[action] += 1\n"
         "    return prefs + lr * thumb * step\n")
HABITS = {
    "np.seterr": b"import numpy as np\nnp.seterr(all='raise')\n",
    "print options": b"import numpy as np\nnp.set_printoptions(precision=0)\n",
    "stdout": b"import sys\nimport numpy as np\nsys.stdout.reconfigure(encoding='utf-8')\nsys.stdout.isatty()\n",
    "helper": b"import numpy as np\nfrom helper import nothing\n",
    "cookie": b"# -*- coding: latin-1 -*-\nimport numpy as np\nname = '\xfc'\n",
    "arguments": b"import sys\nimport numpy as np\nassert len(sys.argv) == 1\n",
    "warnings": b"import warnings\nimport numpy as np\nwarnings.simplefilter('error')\n"}


@pytest.mark.slow
@pytest.mark.parametrize("habit", HABITS)
def test_what_a_file_sets_for_itself_refuses_no_right_answer(habit, tmp_path):
    (tmp_path / "helper.py").write_text("nothing = 0", encoding="utf-8")
    path = tmp_path / "exercises.py"
    path.write_bytes(HABITS[habit] + SOFTMAX.encode() + b"    print('here')\n" + NUDGE.encode())
    found = grade_lesson(ROOT / "lessons" / "01_the_loop", ["1.1", "1.3"], path)
    assert [verdict.state for verdict in found.values()] == [PASSED, PASSED], found


@pytest.mark.parametrize("wrong, told", [
    (SOFTMAX.replace("weights.sum()", "weights.max()") + NUDGE,
     "It is right by itself, but it uses your softmax (1.1), which is not right yet. Mend that first."),
    (SOFTMAX.replace("weights.sum()", "weights.max()") + "def mine(prefs):\n    return softmax(prefs)\n"
     + NUDGE.replace("softmax", "mine") + "def unused():\n    return choose()\ndef choose():\n    return 0\n",
     "It is right by itself, but it uses your softmax (1.1), which is not right yet. Mend that first."),
    (SOFTMAX.replace("weights.sum()", "weights.max()") + NUDGE.replace("+ lr", "- lr"), None),
    (SOFTMAX + NUDGE.replace("+ lr", "- lr"), None)])
def test_a_right_function_that_uses_a_wrong_one_is_told_so(wrong, told):
    names, exercises = {"np": np}, {number: each for number, each in ALL.items() if number.startswith("1.")}
    exec(wrong, names)
    own = names["softmax"]
    verdict = grader.not_its_fault(ALL["1.3"], names, function_nodes(wrong), exercises)
    assert (verdict and verdict.message) == told and names["softmax"] is own


def test_a_file_that_tells_numpy_to_raise_or_sets_up_its_screen_is_graded_as_others():
    def softmax(prefs):
        sys.stdout.reconfigure(line_buffering=True)
        return ALL["1.1"].function(prefs)

    with np.errstate(all="raise"):
        assert grade(ALL["1.1"], softmax).state == PASSED


@posix
@pytest.mark.parametrize("hang", ["while True: pass", "__import__('time').sleep(60)"])
def test_a_step_that_never_ends_is_ended_after_its_seconds(hang, tmp_path):
    began, child = time.monotonic(), os.fork()
    if not child:
        with watchdog(tmp_path / "trace", 0.1) as begin:
            begin()
            exec(hang)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1 and time.monotonic() - began < 20
    text = (tmp_path / "trace").read_text()
    assert "Thread" in text and "Timeout" not in text                   # which is for what holds the interpreter


@pytest.mark.parametrize("report", [None, "", '["6.1", "pas', '["import"]\n["end"]\n', '["import"]\n["6.1"]\n'])
def test_a_child_that_dies_early_or_breaks_its_report_costs_only_its_own_verdicts(report, tmp_path):
    def run(arguments):
        if report is not None:
            Path(arguments[2]).write_text(report, encoding="utf-8")

    found = grade_lesson(ROOT / "lessons" / "06_votes_to_scores", ["6.1", "6.2"], tmp_path / "06.py", run=run)
    assert [verdict.state for verdict in found.values()] == [FAILED, FAILED]


# ---- pytest on lessons

@pytest.mark.slow
@pytest.mark.parametrize("asked, said", [
    (["lessons/06_votes_to_scores", "-k", "6.2"], "06_votes_to_scores [#] 1/1 exercises passed; these are done; "),
    (["lessons/06_votes_to_scores", "-k", "6_2"], "others were not graded: pytest"),
    (["lessons/01_the_loop", "lessons/11_dpo", "-k", "1.1"], "01_the_loop [#] 1/1"),
    (["lessons/06_votes_to_scores", "-k", "pref_prob or same"], "06_votes_to_scores [##] 2/2")])
def test_k_means_the_number_of_one_exercise(asked, said, capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    pytest.main(["-p", "no:cacheprovider", "--capture=no", "--solutions", *asked])
    text = capsys.readouterr().out
    assert said in text and "11_dpo [" not in text and "all done" not in text
