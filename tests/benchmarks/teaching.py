"""How long do `lesson watch` and `lesson grade` take?  python tests/benchmarks/teaching.py [hand-ins] [lesson]"""
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("OMP_NUM_THREADS", "1")

from tinyrlhf.teaching.exercises import exercises_of, solution_text   # noqa: E402

WRONG = {"to do": '    raise NotImplementedError("{number}")',
         "never ends": "    while True: pass",
         "error": "    return 1 / 0",
         "none": "    pass",
         "value": "    return 0.123"}


def file_text(folder, wrong=None, how=None):
    """A hand-in: all solutions of a lesson, the exercise `wrong` done as `how`."""
    stubs = (folder / "exercises.py").read_text(encoding="utf-8")
    head = [line for line in stubs.splitlines() if line.startswith(("import ", "from "))]
    parts = []
    for number in exercises_of(folder):
        text = solution_text(folder, number)
        if number == wrong:
            text = text.split("\n")[0] + "\n" + WRONG[how].format(number=number)
        parts.append(text)
    return "\n".join(head) + "\n\n\n" + "\n\n\n".join(parts) + "\n"


def make_class(place, folder, count):
    """`count` hand-ins, one tenth of which hang in one exercise; the others are right or wrong in turn."""
    numbers, ways = list(exercises_of(folder)), [how for how in WRONG if how != "never ends"]
    for i in range(count):
        how = "never ends" if i % 10 == 0 else ways[i % len(ways)]
        wrong = None if i % 5 == 1 else numbers[i % len(numbers)]
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
    print(done.stdout[:1500])
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
            body = solution_text(folder, number).split('"""\n')[-1]
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


if __name__ == "__main__":
    how_many = int(sys.argv[1]) if sys.argv[1:] else 200
    which = sys.argv[2] if sys.argv[2:] else "06"
    chosen = next((ROOT / "lessons").glob(f"{which}_*"))
    grading(chosen, how_many)
    watching(chosen)
