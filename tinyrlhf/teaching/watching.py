"""`tinyrlhf lesson watch 06`: save the file, read the verdict, go on to the next exercise."""
import ast
import json
import os
import queue
import sys
import textwrap
import threading
import time

from tinyrlhf.archives import read_text
from tinyrlhf.faces.terminal import printable
from tinyrlhf.saving import write_json
from tinyrlhf.teaching.exercises import exercises_of, function_nodes, solution_text
from tinyrlhf.teaching.grader import SECONDS, grade_lesson
from tinyrlhf.teaching.places import work_file
from tinyrlhf.teaching.predictions import judge, predictions_of, said_in, source_of
from tinyrlhf.teaching.verdicts import GUESSED, PASSED, TO_DO
from tinyrlhf.teaching.warm import Warm

POLL = 0.15  # seconds between two looks at the file
KEYS = "h and enter: a hint    n: the next exercise    q, or Ctrl-C: leave"
COUNTS = ("attempts", "hints", "passed")  # of an exercise, each a whole number


def progress_file(folder):
    return work_file(folder).with_name("progress.json")


def read_progress(path):
    """Lesson -> exercise -> counts; {} where nothing is remembered, or nothing that can be read."""
    try:
        book = json.loads(read_text(path, 10**6))
        good = all(type(row[count]) is int and 0 <= row[count] < 10**6
                   for lesson in book.values() for row in lesson.values() for count in COUNTS)
    except Exception:  # others may have written it
        return {}
    return book if good else {}


class Watch:
    """One lesson's exercises in turn, with what is remembered of each.

    folder: of the lesson; run: see `grade_lesson`. Attempts are versions of a function with code in
    it that were saved; they and the hints are kept in lessons/work/progress.json, for the student.
    """

    def __init__(self, folder, run, seconds=SECONDS):
        self.folder, self.run, self.seconds = folder, run, seconds
        self.path, self.exercises, self.texts = work_file(folder), exercises_of(folder), {}
        kept = progress_file(folder)
        self.book = read_progress(kept)
        if kept.exists() and not self.book:  # whatever it is, it is not overwritten
            kept.replace(kept.with_name("progress-unreadable.json"))
            print("progress.json could not be read, and is progress-unreadable.json now")
        self.rows = self.book.setdefault(folder.name, {})
        for number in self.exercises:
            self.rows.setdefault(number, dict.fromkeys(COUNTS, 0))
        self.number, self.said = None, said_in(self.path)

    def verdicts(self, numbers):
        return grade_lesson(self.folder, numbers, self.path, self.seconds, self.run)

    def resume(self):
        """Grade all, and go to the first exercise that is not passed."""
        for number, verdict in self.verdicts(list(self.exercises)).items():
            self.count(number, verdict, again=self.rows[number]["attempts"] > 0)
        self.number = None
        self.go_on()

    def go_on(self):
        """To the next open exercise, the first one after the last; says how far one is."""
        numbers = list(self.exercises)
        left = [number for number in numbers if not self.rows[number]["passed"]]
        place = numbers.index(self.number) if self.number else -1
        later = [number for number in left if numbers.index(number) > place]
        self.number = (later or left or [None])[0]
        passed = [number not in left for number in numbers]
        made = [judge(each, self.said.get(each.name)).state in (PASSED, GUESSED)
                for each in predictions_of(self.folder).values()]
        print(f"\n{self.folder.name} {progress(passed, made)}")
        if self.number:
            each = self.exercises[self.number]
            task = " ".join(each.function.__doc__.split("\n\n")[0].split())
            print(textwrap.fill(f"{each.number} {each.name} ({each.minutes} minutes): {task}", 100))

    def count(self, number, verdict, again=False):
        """Remember an attempt if the function is another one than before, and whether it passed."""
        row, text = self.rows[number], self.text_of(number)
        if verdict.state != TO_DO and text != self.texts.get(number) and text and not again:
            row["attempts"] += 1
        self.texts[number] = text or self.texts.get(number)
        row["passed"] = int(verdict.state == PASSED)
        write_json(progress_file(self.folder), self.book)

    def text_of(self, number):
        """The student's function as it stands, without comments; None where none can be read."""
        try:
            nodes = function_nodes(source_of(self.path))
            return ast.unparse(nodes[self.exercises[number].name])
        except Exception:  # half written, or gone
            return None

    def saved(self):
        """A verdict on what was changed, else on the exercise that one is at."""
        before, self.said = self.said, said_in(self.path) or self.said
        new = [each for each in predictions_of(self.folder).values()
               if self.said.get(each.name) not in (None, before.get(each.name))]
        for each in new:
            told = judge(each, self.said[each.name]).message
            print(printable(f"  predict {each.number}: {told}"))
        changed = [number for number in self.exercises
                   if self.text_of(number) not in (None, self.texts.get(number))]
        for number in changed or [self.number] * (not new):
            self.number = number
            self.told(number)

    def told(self, number):
        """The verdict on one exercise; after passing, a solution and the next."""
        row, verdict = self.rows[number], self.verdicts([number])[number]
        self.count(number, verdict)
        said = f": {verdict.message}" if verdict.message else ""
        print(printable(f"  {verdict.state:<8}{number} {self.exercises[number].name}{said}"))
        if verdict.state == PASSED:
            print(f"  {counted(row['attempts'], 'attempt')}, {counted(row['hints'], 'hint')}. "
                  "One way to write it:\n")
            print(textwrap.indent(solution_text(self.folder, number), "    "))
            self.go_on()

    def press(self, key):
        """h: a hint, n: the next exercise; True for q, which leaves."""
        if key == "h":
            row, hints = self.rows[self.number], self.exercises[self.number].hints
            row["hints"] = min(row["hints"] + 1, len(hints))
            write_json(progress_file(self.folder), self.book)
            hint = f"hint {row['hints']} of {len(hints)}: {hints[row['hints'] - 1]}"
            print(textwrap.indent(textwrap.fill(hint, 96), "  "))
            if row["hints"] == len(hints):
                print(f"  the last one; a solution: tinyrlhf lesson solution {self.number}")
        elif key == "n":
            self.go_on()
        elif key and key != "q":
            print(f"  {KEYS}")
        return key == "q"


def progress(passed, made):
    """How far one is, in exercises passed and predictions made (lists of bools), as a text."""
    told = (f"[{'#' * sum(passed):-<{len(passed)}}] "
            f"{sum(passed)}/{len(passed)} exercises passed")
    return told + (f", {sum(made)}/{len(made)} predictions made" if made else "")


def counted(number, what):
    return f"{number} {what}{'s' * (number != 1)}"


def stamp(path):
    """Changes when the file is saved; None while there is none."""
    try:
        about = os.stat(path)
        return about.st_mtime_ns, about.st_size, about.st_ino
    except OSError:
        return None


def typed():
    """A queue of the lines that are typed, where somebody can type."""
    lines = queue.Queue()

    def listen():  # below Python's buffers: at the end nobody waits for their locks
        while text := os.read(sys.stdin.fileno(), 1000):
            lines.put(text.decode(errors="replace").strip().lower()[:1])

    if sys.stdin is not None and sys.stdin.isatty():
        threading.Thread(target=listen, daemon=True).start()
    return lines


def watch(folder):
    """Watch lessons/work/LESSON.py until all is passed, or the student leaves."""
    number = folder.name.split("_")[0]
    with Warm(folder) as run:
        try:
            lesson = Watch(folder, run)
            print(f"watching {os.path.relpath(lesson.path)}: save it in your editor, and the "
                  f"verdict comes\n{KEYS}", flush=True)
            follow(lesson)
        except KeyboardInterrupt:
            raise KeyboardInterrupt("; your place is kept, go on with: "
                                    f"tinyrlhf lesson watch {number}") from None


def follow(lesson):
    """Look at the file again and again: a verdict when it was saved, keys in between."""
    seen, lines = stamp(lesson.path), typed()
    lesson.resume()
    while lesson.number:
        try:
            if lesson.press(lines.get(timeout=POLL)):
                raise KeyboardInterrupt
        except queue.Empty:
            now = stamp(lesson.path)
            if now not in (None, seen):
                time.sleep(POLL / 3)  # an editor may still be writing
                if now == stamp(lesson.path):
                    seen = now
                    lesson.saved()
    attempts, hints = (sum(row[count] for row in lesson.rows.values()) for count in COUNTS[:2])
    print(f"All done, with {counted(attempts, 'attempt')} and {counted(hints, 'hint')}. Well done!")
    script = lesson.folder / "lesson.py"
    if script.exists():
        print(f"Now see the experiment with your functions: python {os.path.relpath(script)}")
