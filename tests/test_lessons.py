"""The lessons hold: solutions pass, stubs and mistakes do not, pages match their source, bad files get a sentence."""
import ast
import faulthandler
import functools
import inspect
import json
import os
import re
import shutil
import subprocess
import sys
import types
from pathlib import Path

import numpy as np
import pytest

from tinyrlhf import cli
from tinyrlhf.teaching import copies, grader, pages, verdicts
from tinyrlhf.teaching.exercises import exercises_of, function_nodes, still_a_stub, stub_text
from tinyrlhf.teaching.grader import SECONDS, died, grade_lesson, mine
from tinyrlhf.teaching.places import run_file
from tinyrlhf.teaching.verdicts import FAILED, PASSED, TO_DO, grade

ROOT = Path(__file__).parent.parent
LESSONS = sorted(path.parent for path in (ROOT / "lessons").glob("[0-9][0-9]_*/lesson.py"))
BUILD = run_file(ROOT / "lessons" / "build.py")
EXERCISES = [(folder, each) for folder in LESSONS for each in exercises_of(folder).values()]
each_lesson = pytest.mark.parametrize("folder", LESSONS, ids=lambda folder: folder.name)
each_exercise = pytest.mark.parametrize("exercise", [each for _, each in EXERCISES],
                                        ids=lambda each: f"{each.number}_{each.name}")
first_exercises = pytest.mark.parametrize("exercise", [         # of each lesson; the others where there is time
    pytest.param(each, marks=[] if each.number.endswith(".1") else pytest.mark.slow, id=f"{each.number}_{each.name}")
    for _, each in EXERCISES])


@pytest.fixture(autouse=True)
def among_the_lessons(monkeypatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("TINYRLHF_MINE", "0")                    # what a reader of this copy has solved is theirs
    plt = pytest.importorskip("matplotlib.pyplot")
    if plt.get_backend() != "agg":
        plt.switch_backend("Agg")
    yield
    plt.close("all")


@pytest.fixture
def without_a_child(monkeypatch):
    """For files that neither loop nor end Python: what the child process does is done in this one, which is quicker."""
    def run(command, **_):
        try:
            grader.child(*command[3:])
        finally:
            faulthandler.cancel_dump_traceback_later()

    monkeypatch.setattr(grader, "subprocess", types.SimpleNamespace(run=run, DEVNULL=None))


# ---- exercises

@first_exercises
def test_the_solution_and_two_more_right_functions_pass(exercise):
    assert exercise.right_versions
    for function in (exercise.function, *exercise.right_versions):
        assert grade(exercise, function) == (PASSED, "", ""), function.__name__


@first_exercises
def test_every_usual_mistake_is_rejected_with_its_own_message(exercise):
    assert len(exercise.wrong_versions) >= 2
    for message, function in exercise.wrong_versions:
        verdict = grade(exercise, function)
        assert verdict.state == FAILED and verdict.message == message, f"{function.__name__}: {verdict.message}"
        assert message.rstrip()[-1] in ".?" and len(message) > 40


@functools.cache
def nodes_of(path):
    return function_nodes(Path(path).read_text(encoding="utf-8"))


@each_exercise
def test_an_exercise_is_complete_and_its_solution_short(exercise):
    assert re.fullmatch(r"\d+\.\d", exercise.number) and 1 <= exercise.minutes <= 20
    assert len(exercise.hints) == 3 and len(exercise.cases) >= 2 and "Worked" in exercise.function.__doc__
    node = nodes_of(exercise.function.__code__.co_filename)[exercise.name]
    assert node.end_lineno - node.body[0].end_lineno <= 12


@each_lesson
def test_the_stubs_are_generated_and_none_of_them_passes(folder, without_a_child):
    stubs = (folder / "exercises.py").read_text(encoding="utf-8")
    assert stubs == stub_text(folder), f"run: tinyrlhf lesson build {folder.name[:2]}"
    nodes, exercises = function_nodes(stubs), exercises_of(folder)
    assert 3 <= len(exercises) <= 6 and all(still_a_stub(nodes[each.name]) for each in exercises.values())
    found = grade_lesson(folder, list(exercises), folder / "exercises.py")
    assert {verdict.state for verdict in found.values()} == {TO_DO}
    assert [each for each in sorted(exercises)] == [f"{int(folder.name[:2])}.{i}" for i in range(1, len(exercises) + 1)]


# ---- pages, pictures, claims

def same_structure(text):
    return re.sub(r"[-−]?\d+(\.\d+)?(e[-+]\d+)?", "#", re.sub(r" +", " ", text))


@pytest.mark.slow
@each_lesson
def test_the_page_is_what_the_lesson_gives_and_its_claims_hold_on_five_seeds(folder, tmp_path):
    printed, names = BUILD["run_cells"](folder, tmp_path)
    built, kept = BUILD["page"](folder, printed), (folder / "README.md").read_text(encoding="utf-8")
    if f"NumPy {np.__version__};" in kept:
        assert built == kept, f"run: tinyrlhf lesson build {folder.name[:2]}"
    assert same_structure(built) == same_structure(kept)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(path.name for path in (folder / "img").iterdir())
    claims = [name[6:].replace("_", " ") for name in names if name.startswith("claim_")]
    held = re.findall(r"^(.*): on (\d+) of (\d+) seeds$", "\n".join(printed), re.MULTILINE)
    assert claims and [claim for claim, _, _ in held] == claims
    assert all(int(tried) >= 5 and some == tried for _, some, tried in held), held


@each_lesson
def test_what_the_page_links_to_is_there_and_small(folder):
    kept = (folder / "README.md").read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#:]+)\)", kept)
    assert any(link.startswith("img/") for link in links) and all((folder / link).exists() for link in links)
    assert len(list((folder / "img").glob("*.png"))) <= 4
    assert sum(path.stat().st_size for path in (folder / "img").iterdir()) < 600_000


@each_lesson
def test_the_code_is_that_of_the_lesson_and_the_notebook_too(folder):
    code = [text for kind, text in pages.cells(folder) if kind in ("code", "drawing")]
    assert re.findall(r"```python\n(.*?)\n```", (folder / "README.md").read_text(encoding="utf-8"), re.DOTALL) == code
    book = json.loads(copies.notebook_text(folder))
    shown = ["".join(cell["source"]) for cell in book["cells"] if cell["cell_type"] == "code"]
    asked = [each for each in shown if each.startswith("predict(")]
    assert [each for each in shown if each not in asked][:len(code)] == code    # then come the exercises
    assert len(asked) == 2 and all(re.fullmatch(r'predict\("\d+\.[ab]"\)', each) for each in asked)
    assert book["nbformat"] == 4
    assert all(node.msg for node in ast.walk(ast.parse("\n".join(code))) if isinstance(node, ast.Assert))


def test_lessons_are_100_columns_wide_and_their_pages_at_most_2500_words():
    lessons = ROOT / "lessons"
    for path in [*lessons.glob("*.py"), *lessons.glob("[!w]*/*.py"), *lessons.glob("solutions/*/*.py")]:
        lines = path.read_text(encoding="utf-8").splitlines()
        assert max(map(len, lines)) <= 100, (path, [i for i, line in enumerate(lines, 1) if len(line) > 100])
    for folder in LESSONS:
        text = (folder / "README.md").read_text(encoding="utf-8").split("## Exercises")[0]
        prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL).split("## For the curious")[0]
        assert len(prose.split()) <= 2500, folder.name


def test_a_pages_drawing_is_folded_and_its_picture_is_not():
    found = [cell for cell in pages.cells(LESSONS[5]) if cell[0] != "markdown"]
    page = BUILD["page"](LESSONS[5], [f"![{kind}](img/x.png)" for kind, _ in found])
    fold = r"<details><summary>The drawing</summary>\n\n```python\n(.*?)\n```\n\n</details>\n\n!\[drawing\]"
    folded = re.findall(fold, page, re.DOTALL)
    assert folded and folded == [text for kind, text in found if kind == "drawing"]


def test_every_row_of_the_article_stands_in_its_lessons_and_the_path_names_all_fourteen():
    text = (ROOT / "lessons" / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z-]+)` \| .*? \| ([\d, ]+) \|$", text, re.MULTILINE)
    assert len(rows) >= 35 and len({anchor for anchor, _ in rows}) == len(rows)
    for folder in LESSONS:
        lesson = (folder / "lesson.py").read_text(encoding="utf-8")
        wanted = {anchor for anchor, lessons in rows if str(int(folder.name[:2])) in lessons.split(", ")}
        assert set(re.findall(r'<a id="(.*?)"></a>', lesson)) == wanted, folder.name
    listed = pages.path_table()
    assert len(listed) == 14
    for number, line in enumerate(listed, 1):
        ready = any(int(folder.name[:2]) == number for folder in LESSONS)
        assert line.startswith(f"{number:>2} ") and line.endswith("ready" if ready else "to come")


@each_lesson
def test_the_minutes_on_the_path_are_those_of_the_exercises_and_fifteen_more(folder):
    line = pages.path_table()[int(folder.name[:2]) - 1]
    minutes = 15 + sum(each.minutes for each in exercises_of(folder).values())
    assert abs(int(re.search(r"(\d+) minutes", line)[1]) - minutes) <= 5


@pytest.mark.slow
@each_lesson
def test_the_first_picture_comes_within_two_seconds(folder):
    code = (f"from tinyrlhf.teaching.stepper import Stepper; show = Stepper('{folder.name}'); "
            "show.next(); show.figure.canvas.draw()")

    def soon():
        began = os.times()
        subprocess.run([sys.executable, "-c", code], check=True)
        took = os.times()
        return took.children_user + took.children_system - began.children_user - began.children_system < 2
    assert soon() or soon()                                             # the first time something may be compiled


def test_a_picture_is_written_again_only_when_its_data_change(tmp_path):
    import matplotlib.pyplot as plt

    def draw(last):
        figure, axis = plt.subplots()
        axis.plot([1.0, 20.0, 10_000.0], [1.0, 2.0, last])              # x must not drown y
        axis.set_ylim(0, 4)
        BUILD["keep"](figure, tmp_path / "img" / "a.png")
        return (tmp_path / "img" / "a.png").stat().st_mtime_ns

    first = draw(3.0)
    os.utime(tmp_path / "img" / "a.png", (1, 1))
    assert draw(3.0 + 1e-9) == 10**9 and first != 10**9
    assert draw(3.1) > 10**9


# ---- what a learner may write

GOOD = """
def pref_prob(score_a, score_b):
    return 0.5 + 0.5 * np.tanh((score_a - score_b) / 2)
"""
GRADIENT = """
import numpy as np
def pref_loss_grad(scores, wins, losses):
    scores -= scores.mean()
    p, n = 1 / (1 + np.exp(scores[losses] - scores[wins])), len(scores)
    return (np.bincount(losses, 1 - p, n) - np.bincount(wins, 1 - p, n)) / len(wins)
"""
BAD = {
    "syntax": ("def pref_prob(a, b)\n    return 1", "6.1", FAILED, r"cannot be read: SyntaxError: .* in line 1"),
    "import": ("x = 1\nimport no_such_thing", "6.1", FAILED, r"cannot be read: ModuleNotFoundError: .* in line 2"),
    "exit at import": ("raise SystemExit", "6.1", FAILED, "cannot be read: SystemExit"),
    "loop at import": ("while True: pass", "6.1", FAILED, "not done after 0.5 seconds, in line 1. Is there a loop"),
    "missing": ("def pref_loss(a, b):\n    return 0", "6.1", FAILED, "no function pref_prob in"),
    "empty": ("", "6.3", FAILED, "cannot be read: it has no function of this lesson, such as pref_prob."),
    "stub": ("def pref_prob(a, b):\n    '''Text.'''\n    raise NotImplementedError('6.1')", "6.1", TO_DO, "^$"),
    "raise left": ("def pref_prob(a, b):\n    d = a - b\n    raise NotImplementedError('6.1')", "6.1", FAILED,
                   "still there. Delete it"),
    "needs another": ("def pref_prob(a, b):\n    other()\ndef other():\n    raise NotImplementedError('6.9')", "6.1",
                      TO_DO, "needs exercise 6.9 first"),
    "prints": ("def pref_prob(a, b):\n    print(0.5)", "6.1", FAILED, "prints something but returns None"),
    "prints and is right": ("import numpy as np\n" + GOOD.replace("return", "print('here')\n    return"), "6.1", PASSED,
                            "also prints"),
    "none": ("def pref_prob(a, b):\n    a - b", "6.1", FAILED, "returns None. Is the `return` missing"),
    "loop": ("def pref_prob(a, b):\n    while True:\n        a += 1", "6.1", FAILED,
             "not done after 0.5 seconds, in line [23]"),
    "exit": ("import os\ndef pref_prob(a, b):\n    os._exit(0)", "6.1", FAILED, "ended Python itself"),
    "polite exit": ("def pref_prob(a, b):\n    raise SystemExit(3)", "6.1", FAILED,
                    "stops with SystemExit: 3 in line 2"),
    "input": ("def pref_prob(a, b):\n    return float(input())", "6.1", FAILED, "stops with EOFError"),
    "type": ("def pref_prob(a, b):\n    return '0.5'", "6.1", FAILED,
             "returns a str, expected a number, for score_a ="),
    "list": ("def pref_prob(a, b):\n    return [a, b]", "6.1", FAILED, "returns a list of 2 .* expected a number"),
    "shape": ("import numpy as np\ndef pref_loss_grad(s, w, l):\n    return np.zeros(7)", "6.3", FAILED,
              r"shape \(7,\), expected an array of shape \(3,\)"),
    "nan": ("def pref_prob(a, b):\n    return float('nan')", "6.1", FAILED, "returns nan, for .* overflows"),
    "error": ("def pref_prob(a, b):\n    return 1 / 0", "6.1", FAILED,
              "ZeroDivisionError: division by zero in line 2, for score_a"),
    "arguments": ("def pref_prob(a):\n    return a", "6.1", FAILED, "TypeError: .*argument"),
    "recursion": ("def pref_prob(a, b):\n    return pref_prob(b, a)", "6.1", FAILED, "RecursionError"),
    "in place": (GRADIENT, "6.3", FAILED, r"changes its input scores in place.*scores.copy\(\)"),
    "worked number": ("def pref_prob(a, b):\n    return 0.5", "6.1", FAILED,
                      r"expected 0.75 \(the worked number of the docstring\), got 0.5"),
    "huge": ("def pref_prob(a, b):\n    return 'x' * 10**6", "6.1", FAILED, "returns a str"),
    "byte order mark": ("\ufeffdef pref_prob(a, b):\n    return 2.0", "6.1", FAILED, "expected 0.75"),
    "two lines": ("def pref_prob(a, b):\n    raise ValueError('a\\nb' * 999)", "6.1", FAILED, "ValueError: a ba b"),
    "odd letters": ("\ufeffdef pref_prob(a, b):\n    return 'ü\N{GRINNING FACE}\0'", "6.1", FAILED, "null|return|read"),
}


IN_A_CHILD = ["loop at import", "loop", "exit", "input"]  # where the process itself is what counts


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.slow if name in IN_A_CHILD else ())
                                  for name in BAD])
def test_a_bad_file_gets_its_own_sentence(name, tmp_path, request):
    seconds = 0.5
    if name not in IN_A_CHILD:
        request.getfixturevalue("without_a_child")
        seconds = 60
    text, number, state, message = BAD[name]
    path = tmp_path / "work" / "06_votes_to_scores.py"
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    verdict = grade_lesson(ROOT / "lessons" / "06_votes_to_scores", [number], path, seconds)[number]
    assert verdict.state == state and re.search(message, verdict.message), verdict.message
    assert "\n" not in verdict.message and "Traceback" not in verdict.message and len(verdict.message) < 400


@pytest.mark.slow
def test_a_function_that_never_ends_does_not_keep_the_others_from_being_graded(tmp_path):
    path = tmp_path / "exercises.py"
    path.write_text("import numpy as np\ndef pref_loss(a, b):\n    while True: pass\n" + GOOD, encoding="utf-8")
    found = grade_lesson(ROOT / "lessons" / "06_votes_to_scores", ["6.2", "6.1"], path, seconds=0.5)
    assert found["6.2"].state == FAILED and found["6.1"].state == PASSED and SECONDS < 10


def test_a_timeout_is_told_also_where_no_line_of_the_student_is_known(tmp_path):
    (tmp_path / "trace").write_text('File "somewhere/library.py", line 7 in wait', encoding="utf-8")
    verdict = died("lessons/work/06.py", tmp_path / "trace", 5.0)
    assert verdict.message == "It was not done after 5 seconds. Is there a loop that never ends?"


def test_the_first_wrong_case_is_told_where_no_usual_mistake_fits():
    exercise = exercises_of(ROOT / "lessons" / "06_votes_to_scores")["6.1"]
    nearly = lambda a, b: exercise(a, b) + 0.01 * (a == -0.5)
    assert grade(exercise, nearly).message == ("For score_a = -0.5, score_b = 1.5 expected 0.1192, got 0.1292. "
                                               "Right in 8 of 9 cases.")
    unfair = lambda a, b: exercise(a, b) + 0.01 * (a == 2)
    assert "must add up to 1" in grade(exercise, unfair).message


def test_what_the_grader_makes_up_is_told_in_the_words_of_the_student():
    choose = exercises_of(ROOT / "lessons" / "01_the_loop")["1.2"]
    for wrong in (lambda probs, rng: rng.choice(probs), lambda probs, rng: rng.choice(probs, p=probs)):
        assert grade(choose, wrong).message.startswith("It returns one of the chances, not the number of a move")
    said = grade(choose, lambda probs, rng: rng.choice(2, p=probs)).message
    assert "for probs = [0.2, 0.5, 0.3], drawn 2000 times." in said and "draws =" not in said
    for _, each in EXERCISES:
        own = set(verdicts.argument_names(each)) - set(inspect.signature(each.function).parameters)
        assert each.told or each.tested or each.number == "11.5" or not own, each.number
        assert "=" in verdicts.given(each, each.cases[0]) or not each.told


def test_a_plain_number_is_no_array_and_a_text_no_number():
    weights, history = (exercises_of(folder)[number] for folder, number in (
        (ROOT / "lessons" / "11_dpo", "11.4"), (ROOT / "lessons" / "12_proxy_breaks", "12.1")))
    message = grade(weights, lambda *given: [*weights(*given)[:2], 0, 0]).message
    assert message.startswith("It returns in part 3 of 4 a whole number, expected an array of shape (2,)")
    assert grade(history, lambda given: tuple(map(str, history(given)))).state == FAILED


@pytest.mark.parametrize("one, other, equal", [
    (1, 1.0, True), (np.nan, np.nan, True), ([1, (2.0, None)], [1, (2.0, None)], True), (None, 0.0, False),
    ("a", "a", True), ("a", 1, False), (np.zeros(3), np.zeros(4), False), ({"a": 1}, {"a": 1.0}, True),
    ({"a": 1}, {"b": 1}, False), ([1], [1, 1], False), (None, None, True),
    (np.zeros(1), 0.0, False), (object(), object(), True), (object(), 1, False), ("a", ("a",), False)])
def test_sameness_of_results(one, other, equal):
    assert verdicts.same(one, other, 1e-6) is equal and verdicts.same(other, one, 1e-6) is equal


# ---- commands

@pytest.mark.slow
def test_pytest_grades_a_lesson_and_says_what_comes_next(capsys, without_a_child):
    def pytest_run(*arguments):
        code = pytest.main(["-p", "no:cacheprovider", "--capture=no", "lessons/06_votes_to_scores", *arguments])
        return code, capsys.readouterr().out

    code, text = pytest_run("--solutions")
    assert code == 0 and "06_votes_to_scores [######] 6/6 exercises passed; all done" in text and "stuck" not in text
    code, text = pytest_run("-k", "6_2", "--hints", "2")
    if (ROOT / "lessons" / "work" / "06_votes_to_scores.py").exists():
        return
    assert code == 1 and "06_votes_to_scores [-] 0/1 exercises passed; next: 6.2 pref_loss (5 minutes)" in text
    assert text.count("hint: ") == 2 and "stuck? add --hints 3" in text and "Traceback" not in text


def test_the_learners_function_is_used_when_it_passes(tmp_path, monkeypatch, capsys, without_a_child):
    shutil.copytree(ROOT / "lessons", tmp_path / "lessons", ignore=shutil.ignore_patterns("img", "work", "__pycache__"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TINYRLHF_MINE")
    library = lambda a, b: -1.0
    with monkeypatch.context() as no_child:                     # a process for what is as it came would take its time
        no_child.setattr(grader, "grade_lesson", None)
        assert mine("06", "pref_prob", library) is library and capsys.readouterr().out == "pref_prob: the library's\n"
    assert cli.main(["lesson", "start", "06"]) == 0
    with monkeypatch.context() as without_grading:              # an untouched one needs none
        without_grading.setattr(grader, "grade_lesson", None)
        assert mine("06", "pref_prob", library) is library and "until" not in capsys.readouterr().out
    path = tmp_path / "lessons" / "work" / "06_votes_to_scores.py"
    path.write_text("import numpy as np\n" + GOOD, encoding="utf-8")
    assert mine("06", "pref_prob", library)(0, 0) == 0.5 and "pref_prob: yours" in capsys.readouterr().out
    path.write_text("def pref_prob(a, b):\n    return 0", encoding="utf-8")
    assert mine("06", "pref_prob", library) is library
    assert "until yours passes: tinyrlhf lesson watch 06" in capsys.readouterr().out
    assert cli.main(["lesson", "start", "06"]) == 2 and "it is yours" in capsys.readouterr().err


@pytest.mark.parametrize("arguments, said", [
    ("lesson start 99", "lesson"), ("lesson start", "06"), ("lesson solution 06.9", "6.1"), ("lesson fly 06", "fly"),
    ("lesson build ../06", "../06"), ("lesson notebook x", "x"), ("demo 99", "99"), ("demo 6 --seed -1", "--seed"),
    ("demo 6 --votes 23", "--votes"), ("demo 6 --votes a,b", "--votes")])
def test_a_mistake_gets_one_line(arguments, said, capsys):
    assert cli.main(arguments.split()) == 2
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1 and said in captured.err and captured.out == ""


def test_without_lessons_one_line_says_where_to_get_them(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for arguments in (["lesson", "list"], ["demo", "6"], ["lesson", "start", "06"]):
        assert cli.main(arguments) == 2
        assert "found none; it comes with the project's source" in capsys.readouterr().err
    assert mine("06", "pref_prob", len) is len


def test_commands_print_and_write_what_they_say(tmp_path, monkeypatch, capsys):
    assert cli.main(["lesson", "solution", "06.2"]) == 0
    assert "def pref_loss(" in capsys.readouterr().out
    monkeypatch.setattr(pages, "lessons_folder", lambda: ROOT / "lessons")
    assert cli.main(["lesson", "list"]) == 0 and len(capsys.readouterr().out.splitlines()) == 14
