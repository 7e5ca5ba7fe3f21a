"""The learner's and the teacher's tools: watching, grading a class, copies, notebooks, and what their pages promise."""
import csv
import faulthandler
import html.parser
import io
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tinyrlhf import cli
from tinyrlhf.teaching import classes, copies, grader, pages, pictures, places, stepper, watching
from tinyrlhf.teaching.exercises import exercises_of, function_nodes, solution_text
from tinyrlhf.teaching.verdicts import FAILED, PASSED

ROOT = Path(__file__).parent.parent
LESSONS = sorted(path.parent for path in (ROOT / "lessons").glob("[0-9][0-9]_*/lesson.py"))
NAME = "06_votes_to_scores"
NUMBERS = list(exercises_of(ROOT / "lessons" / NAME))
TEACHING = (ROOT / "lessons" / "TEACHING.md").read_text(encoding="utf-8")
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "MPLBACKEND": "Agg", "OMP_NUM_THREADS": "1"}
HEAD = "import math\nimport numpy as np\n\n\n"
RIGHT = "def pref_prob(a, b):\n    return 0.5 + 0.5 * np.tanh((a - b) / 2)\n"
HOSTILE = "<script>alert(1)</script>\x1b[31m"


def here(arguments):
    """What the child process does, in this one, which is quicker; for files that neither loop nor end Python."""
    try:
        grader.child(*arguments)
    finally:
        faulthandler.cancel_dump_traceback_later()


@pytest.fixture(autouse=True)
def among_the_lessons(monkeypatch):
    monkeypatch.chdir(ROOT)


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A copy of the lessons in which one may work; returns the folder of lesson 6."""
    ignored = shutil.ignore_patterns("img", "work", "__pycache__")
    shutil.copytree(ROOT / "lessons", tmp_path / "lessons", ignore=ignored)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "lessons" / NAME


@pytest.fixture
def watched(course):
    """A `Watch` of lesson 6 as it came, and a function that saves another text."""
    assert cli.main(["lesson", "start", "06"]) == 0
    lesson = watching.Watch(course, here, seconds=60)
    lesson.resume()

    def save(text):
        lesson.path.write_text(text, encoding="utf-8")
        lesson.saved()

    return lesson, save


# ---- watching

def test_a_right_version_shows_a_solution_and_the_next_exercise(watched, capsys):
    lesson, save = watched
    lesson.resume()
    assert "6.1 pref_prob (4 minutes): The chance" in capsys.readouterr().out
    save(HEAD + RIGHT.replace("0.5 + ", ""))
    assert "  not yet 6.1 pref_prob: " in capsys.readouterr().out and lesson.number == "6.1"
    save(HEAD + RIGHT)
    said = capsys.readouterr().out
    assert "passed" in said and "2 attempts, 0 hints" in said and "6.2 pref_loss (5 minutes)" in said
    bar = f"[#{'-' * (len(NUMBERS) - 1)}] 1/{len(NUMBERS)} exercises passed, 0/2 predictions made"
    assert f"{NAME} {bar}" in said and lesson.number == "6.2"
    first = solution_text(lesson.folder, "6.1").strip().splitlines()
    assert all(line.strip() in said for line in first)


def test_attempts_are_other_versions_with_code_in_them_not_savings(watched):
    lesson, save = watched
    stub = lesson.path.read_text(encoding="utf-8")
    wrong = HEAD + RIGHT.replace("0.5 + ", "")
    for text, attempts in [(stub, 0), (stub + "\n", 0), ("def pref_prob(a, b", 0), (wrong, 1), (wrong + "# a note", 1),
                           (wrong.replace("tanh", "sinh"), 2), ("x = 1", 2)]:
        save(text)
        assert lesson.rows["6.1"]["attempts"] == attempts, text


def test_place_attempts_and_hints_are_there_again_the_next_day(watched, capsys):
    lesson, save = watched
    save(HEAD + RIGHT)
    lesson.press("h")
    lesson.press("h")
    assert capsys.readouterr().out.count("hint ") == 2
    again = watching.Watch(lesson.folder, here, seconds=60)
    again.resume()
    assert again.number == "6.2" and again.rows == lesson.rows
    assert again.rows["6.2"] == {"attempts": 0, "hints": 2, "passed": 0} and again.rows["6.1"]["attempts"] == 1


def test_skipping_comes_round_to_the_first_open_exercise(watched):
    lesson, save = watched
    save(HEAD + RIGHT)
    seen = []
    for _ in NUMBERS:
        seen.append(lesson.number)
        lesson.press("n")
    assert seen == [*NUMBERS[1:], NUMBERS[1]] and lesson.press("q") and not lesson.press("x")


def test_whichever_exercise_was_changed_gets_the_verdict_and_its_attempt(watched, capsys):
    lesson, save = watched
    late = HEAD + "def same_model(first, second):\n    return first == second\n"
    save(late)
    assert "not yet 6.5 same_model: " in capsys.readouterr().out and lesson.number == "6.5"
    save(late + "\n\n" + RIGHT)
    said = capsys.readouterr().out
    assert "passed  6.1 pref_prob" in said and "same_model" not in said and lesson.number == "6.2"
    assert lesson.rows["6.5"]["attempts"] == lesson.rows["6.1"]["attempts"] == 1


def test_a_prediction_is_answered_once_when_it_is_saved(watched, capsys):
    lesson, save = watched
    text = lesson.path.read_text(encoding="utf-8").replace("predict_6_a = None", "predict_6_a = 99")
    save(text)
    said = capsys.readouterr().out
    assert "predict 6.a: You wrote 99, it is" in said and "6.1" not in said
    save(text + "\n")
    assert "predict" not in capsys.readouterr().out
    save(text.replace("99", "98").replace('raise NotImplementedError("6.1")', "return 2"))
    said = capsys.readouterr().out
    assert "predict 6.a: You wrote 98" in said and "not yet 6.1" in said and "predict 6.b" not in said
    for word, answer in (("much", "Expected a number, or words in quotes"), ("'much'", "You wrote 'much'")):
        save(text.replace("predict_6_a = 99", f"predict_6_a = {word}"))
        assert f"predict 6.a: {answer}" in capsys.readouterr().out


def test_after_the_last_hint_the_way_to_a_solution_is_told(watched, capsys):
    lesson, _ = watched
    for _ in range(3):
        assert "lesson solution" not in capsys.readouterr().out
        lesson.press("h")
    assert "lesson solution 6.1" in capsys.readouterr().out


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"06": 1}', '{"06": {"6.1": {"attempts": -1}}}', "[" * 100_000,
                                  '{"06": {"6.1": {"attempts": 1e400, "hints": 0, "passed": 0}}}', "\0", "nul"])
def test_a_damaged_record_of_progress_is_no_record(tmp_path, text):
    (tmp_path / "progress.json").write_text(text, encoding="utf-8")
    assert watching.read_progress(tmp_path / "progress.json") == {}
    assert watching.read_progress(tmp_path / "none.json") == {}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names")
def test_a_pipe_in_place_of_the_record_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "progress.json")
    assert watching.read_progress(tmp_path / "progress.json") == {}


def test_a_damaged_record_is_set_aside_and_not_overwritten(watched, capsys):
    lesson, save = watched
    path = lesson.path.with_name("progress.json")
    path.write_text("{half", encoding="utf-8")
    watching.Watch(lesson.folder, here, seconds=60).resume()
    assert path.with_name("progress-unreadable.json").read_text(encoding="utf-8") == "{half"
    assert "could not be read" in capsys.readouterr().out and watching.read_progress(path)


@pytest.mark.slow
def test_the_verdict_comes_soon_after_saving_and_ctrl_c_leaves_cleanly(course):
    code = ("import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "   # else ignored in a job
            "from tinyrlhf.__main__ import main; sys.exit(main())")
    process = subprocess.Popen([sys.executable, "-u", "-c", code, "lesson", "watch", "06"], env=ENVIRONMENT, text=True,
                               start_new_session=True, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        while "6.1 pref_prob" not in process.stdout.readline():
            pass
        began = time.monotonic()
        (course.parent / "work" / f"{NAME}.py").write_text(HEAD + RIGHT, encoding="utf-8")
        while "passed  6.1" not in process.stdout.readline():
            pass
        assert time.monotonic() - began < 3                                      # 1.5 on a quiet machine
        children = subprocess.run(["ps", "--ppid", str(process.pid), "-o", "pid="], capture_output=True, text=True)
        process.send_signal(signal.SIGINT)
        _, complaint = process.communicate(timeout=20)
    finally:
        process.kill()
    assert process.returncode == 130 and "go on with: tinyrlhf lesson watch 06" in complaint
    assert complaint.count("\n") == 2 and "Traceback" not in complaint           # the other line: which lessons
    for child in children.stdout.split():
        assert not Path("/proc", child).exists()


# ---- a class

def hand_in(folder, name, text, when=None):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    if when:
        os.utime(path, (when, when))
    return path


@pytest.fixture
def graded(tmp_path, monkeypatch):
    """A function that grades files {name: text} in this process, and returns the rows."""
    class Here:
        def __init__(self, folder):
            pass

        def __enter__(self):
            return here

        def __exit__(self, *_):
            pass

    monkeypatch.setattr(classes, "Warm", Here)
    monkeypatch.setattr(classes.os, "cpu_count", lambda: 1)
    monkeypatch.setattr(classes, "SECONDS", 60)

    def grade(files, *lessons):
        for name, text in files.items():
            hand_in(tmp_path / "class", name, text)
        assert cli.main(["lesson", "grade", str(tmp_path / "class"), *lessons]) == 0
        with open(tmp_path / "class" / "grades.csv", encoding="utf-8", newline="") as table:
            return list(csv.DictReader(table))

    return grade


def test_the_map_counts_each_named_mistake_and_says_who_is_stuck(graded, capsys, tmp_path):
    wrong = HEAD + RIGHT.replace("(a - b)", "(b - a)")
    progress = {NAME: {"6.1": {"attempts": 7, "hints": 3, "passed": 0}}}
    rows = graded({f"ann/{NAME}.py": wrong, f"bob/{NAME}.py": wrong, f"cy/{NAME}.py": HEAD + RIGHT,
                   "bob/progress.json": json.dumps(progress), f"di/{NAME}.py": "def pref_prob(a, b\n",
                   f"zoe/{NAME}.py": (ROOT / "lessons" / NAME / "exercises.py").read_text(encoding="utf-8")})
    said = capsys.readouterr().out
    named = next(message for message, function in exercises_of(ROOT / "lessons" / NAME)["6.1"].wrong_versions
                 if function(1.0986, 0.0) < 0.3)
    assert re.search(r"6\.1 +pref_prob +1 passed +3 not yet", said) and "2 x named" in said
    assert "attempts: 7\n" in said
    assert "stuck here: bob (7 attempts), ann, di\n" in said and "3" not in next(
        line for line in said.splitlines() if "bob (" in line)                   # hints are the student's own
    assert [row["mistake"] for row in rows if row["exercise"] == "6.1"] == [
        named, named, "", "The file cannot be read: SyntaxError.", ""]
    assert len(rows) == 5 * len(NUMBERS) and classes.WARNING in said
    assert f"[#{'x' * (len(NUMBERS) - 1)}]" in said
    page = (tmp_path / "class" / "grades.html").read_text(encoding="utf-8")
    assert "bob (7 attempts)" in page and "passed of 5" in page


def test_what_is_wrong_with_a_whole_file_is_told_once(graded, capsys, tmp_path):
    rows = graded({f"ann/{NAME}.py": "", f"bob/{NAME}.py": "def pref_prob(a, b\n", f"cy/{NAME}.py": HEAD + RIGHT})
    said, page = capsys.readouterr().out, (tmp_path / "class" / "grades.html").read_text(encoding="utf-8")
    assert said.count("no function of this lesson") == page.count("no function of this lesson") == 1
    assert said.count("SyntaxError") == page.count("SyntaxError") == 1
    assert sum(row["kind"] == "unreadable" for row in rows) == 2 * len(NUMBERS)          # the table keeps them all


class Tags(html.parser.HTMLParser):
    def handle_starttag(self, tag, attributes):
        self.found = getattr(self, "found", set()) | {tag}
        assert tag != "script" and not any(name.startswith("on") or name in ("src", "href") for name, _ in attributes)


def test_names_and_texts_of_hand_ins_are_never_markup_or_control(graded, capsys, tmp_path):
    text = HEAD + (f"def pref_prob(a, b):\n    raise ValueError({HOSTILE!r})\n"
                   f"def same_model(a, b):\n    return {HOSTILE!r}")
    rows = graded({f"{HOSTILE.replace('/', ' ')}/{NAME}.py": text, f"=cmd()/{NAME}.py": HEAD + RIGHT})
    said, page = capsys.readouterr().out, (tmp_path / "class" / "grades.html").read_text(encoding="utf-8")
    Tags().feed(page)
    assert "\x1b" not in said + page and "&lt;script&gt;" in page and "default-src 'none'" in page
    assert {row["student"][0] for row in rows} == {"<", "'"}


def test_what_is_a_link_or_too_large_is_not_run_and_stays_in_the_table(graded, tmp_path):
    hand_in(tmp_path, "elsewhere.py", HEAD + RIGHT)
    (tmp_path / "class" / "eve").mkdir(parents=True)
    (tmp_path / "class" / "eve" / f"{NAME}.py").symlink_to(tmp_path / "elsewhere.py")
    rows = graded({f"fat/{NAME}.py": HEAD + RIGHT + "#" * classes.LARGEST})
    assert {row["state"] for row in rows} == {FAILED} and {row["student"] for row in rows} == {"eve", "fat"}
    assert all("cannot be read" in row["mistake"] for row in rows)


def test_hand_ins_are_found_as_they_come(tmp_path):
    for name in ("ann/lessons/work/06_votes_to_scores.py", "ann/lessons/06_votes_to_scores/exercises.py",
                 "ann/lessons/solutions/06_votes_to_scores.py", "bob_06_votes_to_scores.py", "cy/mine.py",
                 "di/06_votes_to_scores (2).py", "di/06_votes_to_scores.py", "ed/01_the_loop.py", "cy/deep/er/x.py"):
        hand_in(tmp_path, name, "x = 1", when=1 if "(2)" in name else 3 if "exercises" in name else 2)
    found = {(each.student, each.lesson): each.path.name for each in classes.hand_ins(tmp_path, [])}
    assert found == {("ann", NAME): f"{NAME}.py", ("bob", NAME): f"bob_{NAME}.py", ("di", NAME): f"{NAME}.py",
                     ("ed", "01_the_loop"): "01_the_loop.py"}
    for name in ("zip/ann/", "zip/bob/lessons/work/", "zip/cy/", "zip/cy/old/", "flat/di_", "flat/ed-"):
        hand_in(tmp_path / "folders", f"{name}{NAME}.py", "x = 1")
    assert [each.student for each in classes.hand_ins(tmp_path / "folders", [])] == [
        "flat/di", "flat/ed", "zip/ann", "zip/bob", "zip/cy"]
    shutil.rmtree(tmp_path / "folders")
    six = classes.hand_ins(tmp_path, [places.lesson_folder(6)])
    assert {each.student for each in six} == {"ann", "bob", "cy", "di"} and {each.lesson for each in six} == {NAME}
    assert "work" in str(six[0].path)


@pytest.mark.slow
def test_hand_ins_that_hang_or_crash_stay_in_the_table_and_cost_two_seconds(tmp_path):
    def files(first):
        for name, body in first.items():
            hand_in(tmp_path, f"{name}/{NAME}.py", f"{HEAD}import os\ndef pref_prob(a, b):\n    {body}\n")

    files({"loop": "while True: pass", "exit": "os._exit(0)", "kill": "os.kill(os.getpid(), 9)",
           "hoard": "return [0] * 10**10", "right": "return 0.5 + 0.5 * np.tanh((a - b) / 2)",
           "forks": "os.fork() or os.execvp('sleep', ['sleep', '6135'])"})
    began = time.monotonic()
    command = [sys.executable, "-m", "tinyrlhf", "lesson", "grade", str(tmp_path)]
    done = subprocess.run(command, env=ENVIRONMENT, text=True, capture_output=True, cwd=ROOT, timeout=60)
    assert done.returncode == 0 and time.monotonic() - began < 20
    rows = list(csv.DictReader(io.StringIO((tmp_path / "grades.csv").read_text(encoding="utf-8"))))
    kinds = {row["student"]: (row["state"], row["kind"]) for row in rows if row["exercise"] == "6.1"}
    assert kinds["loop"] == (FAILED, "never ends") and kinds["right"] == (PASSED, "")
    assert kinds["exit"] == kinds["kill"] == (FAILED, "other") and len(kinds) == 6
    assert kinds["hoard"] == (FAILED, "stops")
    asleep = subprocess.run(["pgrep", "-f", "^sleep 6135$"], capture_output=True, text=True).stdout
    assert not asleep.strip()


@pytest.mark.parametrize("arguments, said", [
    ("lesson grade no/such/folder", "expected a folder of hand-ins"), ("lesson grade tests/benchmarks", "found none"),
    ("lesson grade", "a folder of hand-ins, got none"), ("lesson grade tests 99", "99"),
    ("lesson export", "new folder"), ("lesson notebook museum", "a lesson such as 06"),
    ("lesson export tests", "it is there"), ("lesson export lessons/copy", "outside of"),
    ("lesson export x y", "one new folder"), ("lesson export x --only 8-", "--only"),
    ("lesson export x --only 9-8", "smaller number first"),
    ("lesson export x --only 1-99", "got "), ("lesson list --only 3", "`export` alone"), ("lesson watch", "a number"),
    ("lesson solution", "lesson solution 6.2`")])
def test_a_mistake_of_a_teacher_gets_one_line(arguments, said, capsys):
    assert cli.main(arguments.split()) == 2
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1 and said in captured.err and captured.out == "" and not Path("x").exists()


# ---- copies

def test_an_export_has_no_solutions_hints_or_dead_links(tmp_path, capsys, monkeypatch):
    out = tmp_path / "class"
    assert cli.main(["lesson", "export", str(out), "--without-solutions", "--without-hints", "--only", "1,6"]) == 0
    assert sorted(path.name for path in (out / "lessons").glob("[0-9]*")) == ["01_the_loop", NAME]
    assert not (out / "lessons" / "solutions").exists() and not (out / "lessons" / "TEACHING.md").exists()
    for page in (out / "lessons").rglob("README.md"):
        text = page.read_text(encoding="utf-8")
        assert "<summary>Hint" not in text and "\nSolution: " not in text
        links = re.findall(r"\]\(([^)#:\s]+)\)", text)
        assert all((page.parent / link).exists() for link in links if not link.startswith("$"))
    monkeypatch.chdir(out)
    capsys.readouterr()
    assert cli.main(["lesson", "start", "06"]) == 0 and (out / "lessons" / "work" / f"{NAME}.py").exists()
    said = capsys.readouterr().out
    assert "your teacher has the solutions" in said and "watch" not in said
    assert cli.main(["lesson"]) == 0  # the path, which says what is not there
    assert capsys.readouterr().out.count("not in this copy") == len(LESSONS) - 2
    assert cli.main(["lesson", "solution", "6.2"]) == 2 and "lessons came without" in capsys.readouterr().err
    assert cli.main(["lesson", "build", "06"]) == 2 and "this is a copy" in capsys.readouterr().err
    monkeypatch.setenv("TINYRLHF_MINE", "1")
    assert grader.mine("06", "pref_prob", len) is len
    capsys.readouterr()
    pytest.main(["-p", "no:cacheprovider", "--capture=no", "-c", os.devnull, "--rootdir", str(out), f"{out}/lessons"])
    assert capsys.readouterr().out.count("came without solutions; `tinyrlhf lesson start 06` makes a file in") == 1
    assert not re.search(r"^predict\(.*,$", (out / "lessons" / NAME / "lesson.py").read_text(encoding="utf-8"), re.M)


def test_an_export_with_solutions_keeps_only_those_of_its_lessons(tmp_path):
    assert cli.main(["lesson", "export", str(tmp_path / "all"), "--only", "5-6"]) == 0
    left = sorted(path.name[:2] for path in (tmp_path / "all" / "lessons" / "solutions").glob("[0-9]*"))
    assert left == ["05", "06"] and "<summary>Hint" in (tmp_path / "all" / "lessons" / NAME / "README.md").read_text()


def test_a_notebook_lands_in_work_and_is_never_overwritten(course, capsys):
    assert cli.main(["lesson", "notebook", "06"]) == 0
    path = course.parent / "work" / f"{NAME}.ipynb"
    assert f"lessons/work/{NAME}.ipynb is yours now" in capsys.readouterr().out
    path.write_text("mine", encoding="utf-8")
    assert cli.main(["lesson", "notebook", "06"]) == 2 and "it is yours" in capsys.readouterr().err
    assert path.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("folder", LESSONS, ids=lambda folder: folder.name)
def test_a_notebook_is_valid_has_its_exercises_and_its_links_work(folder):
    place = folder.parent / "work"
    book = json.loads(copies.notebook_text(folder, place))
    assert (book["nbformat"], book["nbformat_minor"]) == (4, 5) and set(book) == {
        "cells", "nbformat", "nbformat_minor", "metadata"}
    names = [cell["id"] for cell in book["cells"]]
    assert len(set(names)) == len(names) and all(re.fullmatch(r"[\w-]{1,64}", name) for name in names)
    for cell in book["cells"]:
        code = {"execution_count", "outputs"} if cell["cell_type"] == "code" else set()
        assert set(cell) == {"cell_type", "id", "metadata", "source"} | code
        if not code:
            links = re.findall(r"\]\(([^)#:\s]+)\)", "".join(cell["source"]))
            assert all((place / link).resolve().exists() for link in links)
    codes = ["".join(cell["source"]) for cell in book["cells"] if cell["cell_type"] == "code"]
    written = [name for code in codes if "raise NotImplementedError" in code for name in function_nodes(code)]
    assert set(each.name for each in exercises_of(folder).values()) <= set(written)
    assert all(f'check("{number}", {each.name})' in codes for number, each in exercises_of(folder).items())


def test_a_check_in_a_notebook_says_what_is_right_or_wrong(capsys):
    exercise = exercises_of(ROOT / "lessons" / NAME)["6.1"]
    grader.check("6.1", exercise.function)
    grader.check("6.1", lambda a, b: None, hints=1)
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "passed  6.1" and said[1].startswith("not yet  6.1: It returns None")
    assert said[2] == f"hint: {exercise.hints[0]}"

    def untouched(a, b):
        """What it should return."""
        raise NotImplementedError("6.1")

    def forgotten(a, b):
        print(a - b)
        raise NotImplementedError("6.1")

    grader.check("6.1", untouched)
    grader.check("6.1", forgotten)
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "to do  6.1" and said[1].startswith("not yet")
    with pytest.raises(ValueError, match="expected one of 6.1"):
        grader.check("6.77", len)


# ---- whose lessons, whose window

def test_a_strangers_folder_of_lessons_is_not_run(tmp_path, monkeypatch, capsys):
    for inner in (tmp_path, tmp_path / "lessons" / "deep"):
        trap = inner / "lessons" / "06_trap"
        trap.mkdir(parents=True)
        (inner / "lessons" / "README.md").write_text("# Piano lessons", encoding="utf-8")
        for name in ("demo.py", "lesson.py", "exercises.py"):
            (trap / name).write_text("raise SystemError('run')", encoding="utf-8")
    monkeypatch.chdir(tmp_path / "lessons" / "deep")
    for arguments in (["demo", "6"], ["lesson", "start", "06"], ["lesson", "build", "06"]):
        assert cli.main(arguments) == 2 and "found none" in capsys.readouterr().err


def test_a_copy_of_the_lessons_says_where_it_is(course, capsys):
    places.ours.cache_clear()
    assert cli.main(["lesson", "solution", "6.1"]) == 0
    assert f"lessons: those in {str(course.parent)!r}\n" == capsys.readouterr().err
    places.ours.cache_clear()
    os.chdir(ROOT)
    assert cli.main(["lesson", "solution", "6.1"]) == 0 and capsys.readouterr().err == ""


@pytest.mark.parametrize("backend, told", [("TkAgg", True), ("module://matplotlib_inline.backend_inline", False)])
def test_a_window_that_stops_the_lesson_is_announced(backend, told, monkeypatch, capsys):
    plt = pytest.importorskip("matplotlib.pyplot")
    monkeypatch.setattr(plt, "get_backend", lambda: backend)
    monkeypatch.setattr(plt, "show", lambda: None)
    monkeypatch.delenv("TINYRLHF_PICTURES", raising=False)
    pictures.show(plt.figure(), "x", "Votes add up")
    assert ("picture: Votes add up (close its window to go on)" in capsys.readouterr().out) is told


# ---- pages

def commands_in(text):
    return re.findall(r"(?:^|`)(tinyrlhf [^`\n]+)", text, re.MULTILINE)


def test_every_command_of_the_teachers_page_is_understood_and_quick_ones_run(tmp_path, capsys, monkeypatch):
    commands, parser = commands_in(TEACHING), cli.parser(cli.world_names())
    assert len(commands) > 30
    for command in commands:
        arguments = shlex.split(command)[1:]
        options, more = parser.parse_known_args(arguments)
        assert not more, command
        if options.command == "demo":
            places.lesson_folder(options.number)
        if arguments[:2] in (["lesson", "list"], ["lesson", "solution"]):
            assert cli.main(arguments) == 0 and capsys.readouterr().out
        if arguments[:2] == ["lesson", "export"]:
            assert cli.main([*arguments[:2], str(tmp_path / "copy"), *arguments[3:]]) == 0
    assert {Path(link) for link in re.findall(r"\]\(([^)#:]+)\)", TEACHING)} == {Path("../tests/benchmarks/README.md")}


def test_the_teachers_page_has_every_key_every_lesson_and_minutes_that_add_up():
    for line in stepper.KEYS.splitlines():
        assert f"| {' | '.join(re.split(' {2,}', line, maxsplit=1))} |" in TEACHING, line
    for number in range(1, 15):
        assert re.search(rf"^\| {number} \| .*\d+ \|", TEACHING, re.MULTILINE), number
    spans = [tuple(map(int, span)) for span in re.findall(r"^\| (\d+)-(\d+) \|", TEACHING, re.MULTILINE)]
    assert spans[0][0] == 0 and spans[-1][1] == 60 and all(one[1] == two[0] for one, two in zip(spans, spans[1:]))
    for cut in ("One hour", "Half a day", "A semester", "Lesson 1, ", "Lesson 6, ", "Lesson 9, "):
        assert f"**{cut}" in TEACHING


def test_the_front_page_is_a_gallery_of_all_lessons_with_their_claims():
    text = (ROOT / "lessons" / "README.md").read_text(encoding="utf-8")
    assert f"{pages.GALLERY}\n{pages.gallery()}\n{pages.GALLERY}" in text, "run: tinyrlhf lesson build"
    shown = re.findall(r"\[!\[(.+?)\]\((.+?)\)\]\(.+?\)<br>(.+?)\.<br>", text)
    assert len(shown) == len(LESSONS) == 14 and all(alt == claim for alt, _, claim in shown)
    for link in re.findall(r"\]\(([^)#:\s]+)\)", text):
        assert (ROOT / "lessons" / link).exists(), link


def test_where_these_systems_are_used_and_what_may_fail_stands_in_lesson_14():
    text = (ROOT / "lessons" / "14_capstone" / "lesson.py").read_text(encoding="utf-8")
    used = text[text.index('<a id="real-world"></a>'):][:1500]
    for where in ("conversation", "content", "education", "robotics", "games"):
        assert f"| {where}" in used, where
    assert "more capable" in text[text.index('<a id="not-too-bad"></a>'):][:900]


def test_there_is_one_way_to_do_the_exercises_and_nobody_needs_pytest_for_it():
    page = places.run_file(ROOT / "lessons" / "build.py")["page"]
    for folder in LESSONS:
        text = page(folder, 99 * [""])
        assert text.count("lesson watch") >= 2 and "lesson start" not in text and "pytest" not in text, folder
        tasks = re.findall(r"^### .*\n\n((?:.+\n)+)", text, re.MULTILINE)
        assert len(tasks) == len(exercises_of(folder)) and not re.search(r"(?m)^ ", "".join(tasks))
    for path in (ROOT / "lessons").glob("*/exercises.py"):
        head = path.read_text(encoding="utf-8")[:400]
        assert path.parent.name == "museum" or f"lesson watch {path.parent.name[:2]}" in head and "pytest" not in head


def test_where_letters_are_missing_lessons_escape_them_and_go_on(tmp_path):
    code = ("from tinyrlhf.teaching import predict; print('\\u2212 \\u00fc'); "
            "predict('6.a', 'caf\\u00e9: a or b?', 'a', 'So.')")
    for folder in (tmp_path, ROOT):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=folder,
                              stdin=subprocess.DEVNULL, env={**ENVIRONMENT, "LC_ALL": "C", "PYTHONUTF8": "0",
                                                             "PYTHONIOENCODING": "ascii"})
        assert done.returncode == 0 and "\\u2212 \\xfc" in done.stdout and "caf\\xe9" in done.stdout, done.stderr


def test_nobody_must_test_the_project_before_lesson_1():
    for path in (ROOT / "README.md", ROOT / "lessons" / "README.md"):
        text = path.read_text(encoding="utf-8")
        begin = text[text.index("New to all this" if path.parent == ROOT else "## Begin"):][:900]
        assert "lesson watch 01" in begin and "01_the_loop/README.md" in begin and "second command" not in begin
        assert "pytest" not in begin
    front = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(front.split()) <= 2000 and front.index("![") < front.index("python3 -m venv") < front.index("New to all")
