"""What does a class get wrong? `tinyrlhf lesson grade FOLDER` counts mistakes, not marks."""
import csv
import io
import os
import queue
import re
import sys
import textwrap
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from html import escape
from itertools import takewhile
from pathlib import Path
from statistics import median
from typing import NamedTuple

from tinyrlhf.faces.terminal import printable
from tinyrlhf.saving import write_whole
from tinyrlhf.teaching.exercises import exercises_of
from tinyrlhf.teaching.grader import SECONDS, grade_lesson
from tinyrlhf.teaching.places import lesson_folder, lesson_folders
from tinyrlhf.teaching.verdicts import FAILED, PASSED, TO_DO, Verdict
from tinyrlhf.teaching.warm import Warm
from tinyrlhf.teaching.watching import counted, read_progress

LARGEST = 1_000_000  # bytes of a hand-in
MARKS = {PASSED: "#", FAILED: "x", TO_DO: "-"}
WARNING = ("This runs the students' code on this computer with your rights: each file in a process "
           "of its own with a time limit, which is no protection from malice.")
NOT_THEIRS = ("solutions", "__pycache__", "site-packages", "tinyrlhf", "tests")  # of a whole clone


class HandIn(NamedTuple):
    student: str
    lesson: str  # the name of its folder
    path: Path


class Row(NamedTuple):
    """One student's exercise: a line of the CSV file."""

    student: str
    lesson: str
    exercise: str
    name: str
    state: str
    kind: str  # of mistake: named, law, relation, never ends, stops, unreadable, value, other
    mistake: str
    attempts: int | str  # empty if the student handed in no progress.json
    minutes: int
    file: str


def grade_class(folder, lessons):
    """Print the map of a folder of hand-ins, and write it there as grades.csv and grades.html."""
    folder = Path(folder)
    if not folder.is_dir():
        raise ValueError(f"lesson grade: expected a folder of hand-ins, got {folder}")
    found = hand_ins(folder, [lesson_folder(which) for which in lessons])
    if not found:
        raise ValueError(f"lesson grade: expected files such as NAME/{lesson_folders()[0].name}.py "
                         f"in {folder}, found none; if other names are meant, say the lesson: "
                         f"tinyrlhf lesson grade {folder} 06")
    print(WARNING)
    rows = grade_all(folder, found)
    print("\n".join(map(printable, as_lines(rows))))
    for name, text in (("grades.csv", as_csv(rows)), ("grades.html", as_page(rows))):
        write_whole(folder / name, text)
        print(printable(folder / name))


def hand_ins(folder, lessons):
    """What was handed in, for each student and lesson the file in `work`, or the newest one.

    A student is the outermost folder with a hand-in (class/ann of class/ann/lessons/work), or the
    name in front of the lesson's (class/ann_06_votes_...py). A file belongs to the lesson that its
    name says, or of exercises.py its folder's; if one is given (lessons: folders), to that.
    """
    best, known = {}, [*lesson_folders(), lesson_folder("museum")]
    ours, students = {"lessons", "work", *(each.name for each in known)}, set()  # folders
    for path in sorted(folder.rglob("*.py"), key=lambda path: (len(path.parts), path)):
        parts = path.relative_to(folder).parts
        if any(part in NOT_THEIRS or part.startswith(".") for part in parts):
            continue
        above = tuple(takewhile(lambda part: part not in ours, parts[:-1]))
        place = next((above[:i] for i in range(1, len(above)) if above[:i] in students), above)
        said = path.parent.name if path.name == "exercises.py" else path.stem
        lesson = next((each for each in known if each.name in said), None)
        if not lesson and len(lessons) == 1 and path.parent in (folder, folder.joinpath(*place)):
            lesson = lessons[0]
        if not lesson:
            continue
        before, _, behind = (part.strip("_-. ") for part in path.stem.rpartition(lesson.name))
        if not before:
            students.add(place)
        if not lessons or lesson in lessons:
            student = [*place, before] if before else place or [behind or path.stem]
            rank = path.parent.name == "work", path.lstat().st_mtime_ns
            key = "/".join(student), lesson.name
            best[key] = max(best.get(key, (rank, path)), (rank, path))
    return [HandIn(*key, path) for key, (_, path) in sorted(best.items())]


def grade_all(folder, found):
    """Rows for all hand-ins, lesson by lesson; as many at once as there are processors."""
    rows = []
    for lesson in dict.fromkeys(each.lesson for each in found):
        theirs = [each for each in found if each.lesson == lesson]
        jobs, ready = min(len(theirs), os.cpu_count() or 1), queue.SimpleQueue()

        def one(hand_in):
            grader = ready.get()
            try:
                return rows_of(folder, hand_in, grader)
            finally:
                ready.put(grader)

        with ExitStack() as stack:
            for _ in range(jobs):
                ready.put(stack.enter_context(Warm(lesson_folder(lesson))))
            pool = ThreadPoolExecutor(jobs)
            stack.callback(pool.shutdown, cancel_futures=True)  # before the processes end
            for number, more in enumerate(pool.map(one, theirs), 1):
                rows += more
                if sys.stderr.isatty():
                    print(f"\r{lesson}: {number} of {len(theirs)}", end="", file=sys.stderr)
        if sys.stderr.isatty():
            print(file=sys.stderr)
    return rows


def rows_of(folder, hand_in, run):
    """Grade one file; what is no plain file, or too large, is not run."""
    lesson, path = lesson_folder(hand_in.lesson), hand_in.path
    exercises, refused = exercises_of(lesson), refusal(path)
    if refused:
        verdicts = dict.fromkeys(exercises, Verdict(FAILED, refused))
    else:
        verdicts = grade_lesson(lesson, list(exercises), path.resolve(), SECONDS, run)
    book = read_progress(path.with_name("progress.json")).get(lesson.name, {})
    rows = []
    for number, each in exercises.items():
        verdict = verdicts[number]
        kind, mistake = mistake_of(each, verdict.message) if verdict.state == FAILED else ("", "")
        attempts = book.get(number, {}).get("attempts", "")
        rows.append(Row(hand_in.student, lesson.name, number, each.name, verdict.state, kind,
                        mistake, attempts, each.minutes, str(path.relative_to(folder))))
    return rows


def refusal(path):
    """Why this file is not run; empty if it is."""
    if path.is_symlink() or not path.is_file():
        return "The file cannot be read: it is a link, or no plain file."
    if path.stat().st_size > LARGEST:
        return f"The file cannot be read: it has more than {LARGEST} bytes."
    return ""


def mistake_of(exercise, message):
    """(kind, sentence) under which a verdict is counted."""
    for kind, known in (("named", exercise.wrong_versions), ("law", exercise.laws)):
        for sentence, _ in known:
            if sentence and message.startswith(sentence):
                return kind, sentence
    if "was not done after" in message:
        return "never ends", "It never ends: it ran into the time limit."
    if reason := re.search(r"cannot be read: ([A-Z]\w+)?", message):
        return "unreadable", f"The file cannot be read: {reason[1]}." if reason[1] else message
    if reason := re.match(r"It stops with (\w+)", message):
        return "stops", f"It stops with {reason[1]}."
    if reason := re.search(r"\. ((?:Yours is|The sizes|These are|Only the) .*)", message):
        return "relation", reason[1]
    if message.startswith("For "):
        return "value", "Another wrong value, and no usual mistake."
    general = re.sub(r"-?\d[\d.e+-]*", "#", message.split(", for ")[0])  # without the one case
    return "other", textwrap.shorten(general, 200)


class Summary(NamedTuple):
    """One lesson of a class."""

    lesson: str
    exercises: dict  # number -> [rows, one for each student]
    students: dict  # student -> [rows, one for each exercise]

    def mistakes(self, number):
        """((kind, sentence), how many) of one exercise; of a whole file, at the first alone."""
        first = number == next(iter(self.exercises))
        return Counter((row.kind, row.mistake) for row in self.exercises[number]
                       if row.state == FAILED and (first or row.kind != "unreadable")).most_common()

    def attempts(self, number):
        """In words, of those who handed in their progress.json; empty if nobody did."""
        known = [row.attempts for row in self.exercises[number] if row.attempts]
        if len(set(known)) == 1:
            return f"attempts: {known[0]}"
        return f"attempts: {min(known)} to {max(known)}, median {median(known):g}" if known else ""

    def stuck(self):
        """Exercise -> the rows of those who tried it, have not passed it, and passed all before."""
        found = {}
        for rows in self.students.values():
            first = next((row for row in rows if row.state != PASSED), None)
            if first and first.state == FAILED:
                found.setdefault(first.exercise, []).append(first)
        return {number: sorted(found[number], key=lambda row: (-(row.attempts or 0), row.student))
                for number in self.exercises if number in found}


def summaries(rows):
    """A Summary for each lesson."""
    for lesson in dict.fromkeys(row.lesson for row in rows):
        exercises, students = {}, {}
        for row in rows:
            if row.lesson == lesson:
                exercises.setdefault(row.exercise, []).append(row)
                students.setdefault(row.student, []).append(row)
        yield Summary(lesson, exercises, students)


def minutes_left(rows):
    return sum(row.minutes for row in rows if row.state != PASSED)


def whom(row):
    return row.student + (f" ({counted(row.attempts, 'attempt')})" if row.attempts else "")


def as_lines(rows):
    """The map for a terminal, not yet escaped."""
    lines = []
    for lesson in summaries(rows):
        lines += ["", f"{lesson.lesson}: {counted(len(lesson.students), 'hand-in')}"]
        stuck = lesson.stuck()
        for number, theirs in lesson.exercises.items():
            states = Counter(row.state for row in theirs)
            counts = "   ".join(f"{states[state]:>3} {state}" for state in MARKS)
            lines.append(f"  {number:<5} {theirs[0].name:<28} {counts}   {lesson.attempts(number)}")
            for (kind, mistake), count in lesson.mistakes(number):
                lines.append(f"    {count:>4} x {kind:<10} {textwrap.shorten(mistake, 78)}")
            if number in stuck:
                names = ", ".join(map(whom, stuck[number][:6]))
                more = len(stuck[number]) - 6
                lines.append(f"      stuck here: {names}" + (f" and {more} more" * (more > 0)))
        lines.append("  progress (# passed, x not yet, - to do; minutes left of the exercises')")
        slowest = sorted(lesson.students.values(), key=minutes_left, reverse=True)
        for theirs in slowest[:20]:
            bar = "".join(MARKS[row.state] for row in theirs)
            lines.append(f"    [{bar}] {minutes_left(theirs):>3} minutes   {theirs[0].student}")
        if slowest[20:]:
            lines.append(f"    and {len(slowest) - 20} who are further: see grades.html")
    return lines


def as_csv(rows):
    """A table for a spreadsheet, in which no cell is taken for a formula."""
    def cell(value):
        text = printable(value)
        return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text

    table = io.StringIO()
    out = csv.writer(table, lineterminator="\n")
    out.writerow(Row._fields)
    out.writerows([cell(value) for value in row] for row in rows)
    return table.getvalue()


STYLE = """
body { font: 17px/1.45 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem;
       color: #222; background: #fff }
table { border-collapse: collapse; margin: 0.5rem 0 2rem }
th, td { text-align: left; vertical-align: top; padding: 0.25rem 0.8rem;
         border-bottom: 1px solid #ddd }
td.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
.k { white-space: nowrap }
.bar { display: inline-block; height: 0.7em; background: #0072b2; margin-left: 0.5em }
.passed { background: #cfe8f7 } .not { background: #f9d9c3; font-weight: bold }
"""


def as_page(rows):
    """The map as one HTML page: all text escaped, nothing loaded, no script."""
    def safe(text):
        return escape(printable(text))

    def table(head, lines):
        cells = "".join(f"<th>{each}</th>" for each in head)
        return f"<table><tr>{cells}</tr>\n{''.join(lines)}</table>\n"

    parts = []
    for lesson in summaries(rows):
        size = len(lesson.students)
        parts.append(f"<h1>{safe(lesson.lesson)}: {counted(size, 'hand-in')}</h1>\n"
                     "<h2>What is behind the mistakes</h2>\n")
        lines, most = [], max([count for number in lesson.exercises
                               for _, count in lesson.mistakes(number)], default=1)
        for number, theirs in lesson.exercises.items():
            passed = sum(row.state == PASSED for row in theirs)
            lines.append(f"<tr><th class=k>{number} {safe(theirs[0].name)}</th>"
                         f"<td>{passed}</td><td colspan=2>passed of {size}. "
                         f"{lesson.attempts(number)}</td></tr>\n")
            for (kind, mistake), count in lesson.mistakes(number):
                bar = f'<span class=bar style="width:{8 * count / most:.2f}rem"></span>'
                lines.append(f"<tr><td></td><td class=k>{count}{bar}</td><td class=k>{kind}</td>"
                             f"<td>{safe(mistake)}</td></tr>\n")
        parts.append(table(["exercise", "students", "kind", "what they read"], lines))
        lines = [f"<tr><td>{number}</td><td>{safe(', '.join(map(whom, stuck)))}</td></tr>\n"
                 for number, stuck in lesson.stuck().items()]
        parts.append("<h2>Who is stuck, and where</h2>\n" + table(["exercise", "students"], lines))
        lines = []
        for student, theirs in sorted(lesson.students.items()):
            cells = "".join(f'<td class={row.state.split()[0]}>{row.state}</td>' for row in theirs)
            lines.append(f"<tr><td>{safe(student)}</td>{cells}"
                         f"<td class=n>{minutes_left(theirs)}</td></tr>\n")
        parts.append("<h2>Progress</h2>\n"
                     + table(["student", *lesson.exercises, "minutes left"], lines))
    return ('<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>Grades</title>\n'
            '<meta http-equiv="Content-Security-Policy" '
            "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
            f"<style>{STYLE}</style>\n{''.join(parts)}</html>\n")
