"""How long do `lesson watch`, `lesson grade`, a lecture and the lessons themselves take?

    python tests/benchmarks/teaching.py [hand-ins] [lesson]
    python tests/benchmarks/teaching.py rehearsal
    python tests/benchmarks/teaching.py lessons [06 ...]
"""
import inspect
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("OMP_NUM_THREADS", "1")

from tinyrlhf.teaching.exercises import exercises_of   # noqa: E402

WRONG = {"to do": '    raise NotImplementedError("{number}")',
         "never ends": "    while True: pass",
         "error": "    return 1 / 0",
         "none": "    pass"}


def function_text(function):
    """The source of a function without its decorators."""
    lines = textwrap.dedent(inspect.getsource(function)).splitlines()
    return "\n".join(lines[next(i for i, line in enumerate(lines) if line.startswith("def ")):])


def file_text(folder, wrong=None, how=None):
    """A hand-in: all solutions of a lesson, the exercise `wrong` done as `how`, a word or a usual mistake."""
    stubs = (folder / "exercises.py").read_text(encoding="utf-8")
    head = [line for line in stubs.splitlines() if line.startswith(("import ", "from "))]
    parts = []
    for number, each in exercises_of(folder).items():
        text = function_text(each.function)
        if number == wrong and how in WRONG:
            text = text.split("\n")[0] + "\n" + WRONG[how].format(number=number)
        elif number == wrong:                          # in it the solution's name means the solution
            inner = textwrap.indent(f"{text}\n\n{function_text(how)}\n\nreturn {how.__name__}", "    ")
            text = f"def made():\n{inner}\n\n\n{each.name} = made()"
        parts.append(text)
    return "\n".join(head) + "\n\n\n" + "\n\n\n".join(parts) + "\n"


def make_class(place, folder, count):
    """`count` hand-ins: one tenth hangs in one exercise; of the others a fifth is right, half makes usual mistakes."""
    exercises = exercises_of(folder)
    usual = [(number, function) for number, each in exercises.items() for _, function in each.wrong_versions
             if function.__name__ != "<lambda>"]
    others = [(number, how) for number in exercises for how in ("to do", "error", "none")]
    for i in range(count):
        wrong, how = (None, None) if i % 5 == 1 else usual[i % len(usual)] if i % 2 else others[i % len(others)]
        if i % 10 == 0:
            wrong, how = list(exercises)[i // 10 % len(exercises)], "never ends"
        path = place / f"student_{i:03}" / f"{folder.name}.py"
        path.parent.mkdir()
        path.write_text(file_text(folder, wrong, how), encoding="utf-8")


def grading(folder, count):
    with tempfile.TemporaryDirectory() as place:
        make_class(Path(place), folder, count)
        began = time.perf_counter()
        done = subprocess.run([sys.executable, "-m", "tinyrlhf", "lesson", "grade", place], cwd=ROOT, check=True,
                              capture_output=True, text=True)
        seconds, used = time.perf_counter() - began, os.times()
        table = (Path(place) / "grades.csv").read_text(encoding="utf-8")
    print(done.stdout[:4500])
    print(f"lesson grade, {folder.name}: {count} hand-ins, {table.count(',never ends,')} exercises that never end: "
          f"{seconds:.1f} s, {used.children_user + used.children_system:.1f} s of them computing; "
          f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")


def watching(folder):
    """Seconds from saving to the verdict, for each exercise in turn, wrong and then right."""
    with tempfile.TemporaryDirectory() as place:
        shutil.copytree(ROOT / "lessons", Path(place) / "lessons", ignore=shutil.ignore_patterns("work"))
        path = Path(place) / "lessons" / "work" / f"{folder.name}.py"
        process = subprocess.Popen([sys.executable, "-u", "-m", "tinyrlhf", "lesson", "watch", folder.name], cwd=place,
                                   stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True,
                                   env={**os.environ, "PYTHONPATH": str(ROOT)})
        while "minutes)" not in process.stdout.readline():
            pass
        took, text, numbers = [], path.read_text(encoding="utf-8"), list(exercises_of(folder))
        for number in numbers:
            stub = f'    raise NotImplementedError("{number}")'
            body = function_text(exercises_of(folder)[number].function).split('"""\n')[-1]
            for new in ("    return None", body):
                began = time.perf_counter()
                path.write_text(text.replace(stub, new), encoding="utf-8")
                while f"{number} " not in (line := process.stdout.readline()) and line:
                    pass
                took.append(time.perf_counter() - began)
                while "minutes)" not in line and "All done" not in line and new == body and line:
                    line = process.stdout.readline()
            text = text.replace(stub, body)
        process.wait(30)
    print(f"lesson watch, {folder.name}: from saving to the verdict {min(took):.2f} to {max(took):.2f} s, "
          f"{len(took)} times")


def rehearsal():
    """The one-hour cut of lessons/TEACHING.md in a fresh copy of what is committed, without network if that can be."""
    page = (ROOT / "lessons" / "TEACHING.md").read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as place:
        archive = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, check=True, capture_output=True).stdout
        subprocess.run(["tar", "-x", "-C", place], input=archive, check=True)
        alone = ["unshare", "--net", "--map-root-user"]
        cut_off = shutil.which("unshare") and not subprocess.run([*alone, "true"], capture_output=True).returncode
        for minutes, command in re.findall(r"^\| (\d+-\d+) \|.*\| `tinyrlhf (.*?)` \|$", page, re.MULTILINE):
            began = time.perf_counter()
            subprocess.run([*(alone if cut_off else []), sys.executable, "-m", "tinyrlhf", *shlex.split(command),
                            "--out", "pictures"], cwd=place, check=True, capture_output=True,
                           env={**os.environ, "MPLBACKEND": "Agg", "PYTHONPATH": place})
            seconds, made = time.perf_counter() - began, len(list(Path(place, "pictures").glob("*.png")))
            print(f"minutes {minutes}: tinyrlhf {command}: {seconds:.1f} s for all its pictures ({made} so far), "
                  f"network {'off' if cut_off else 'on'}", flush=True)


def lessons(numbers):
    """Each lesson.py from beginning to end without a window, as a student runs it: one seed for its claims."""
    for path in sorted((ROOT / "lessons").glob("[0-9][0-9]_*/lesson.py")):
        if numbers and path.parent.name[:2] not in numbers:
            continue
        with tempfile.TemporaryDirectory() as place:
            began, before = time.perf_counter(), os.times()
            subprocess.run([sys.executable, path], cwd=ROOT, check=True, capture_output=True, stdin=subprocess.DEVNULL,
                           env={**os.environ, "MPLBACKEND": "Agg", "PYTHONPATH": str(ROOT), "TINYRLHF_PICTURES": place,
                                "TINYRLHF_MINE": "0", "TINYRLHF_SEEDS": "first"})
            seconds, used = time.perf_counter() - began, os.times()
        cpu = used.children_user + used.children_system - before.children_user - before.children_system
        print(f"{path.parent.name}: {cpu:.1f} s computing, {seconds:.1f} s in all", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["lessons"]:
        sys.exit(lessons(sys.argv[2:]))
    if sys.argv[1:] == ["rehearsal"]:
        sys.exit(rehearsal())
    how_many = int(sys.argv[1]) if sys.argv[1:] else 200
    which = sys.argv[2] if sys.argv[2:] else "06"
    chosen = next((ROOT / "lessons").glob(f"{which}_*"))
    grading(chosen, how_many)
    watching(chosen)
