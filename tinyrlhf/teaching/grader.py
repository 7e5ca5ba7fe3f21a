"""Has the student solved it?

Their file runs in a child process: it may loop, print, exit or crash without taking anyone along.
"""
import ast
import contextlib
import faulthandler
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from unittest.mock import patch

import tinyrlhf
from tinyrlhf.teaching.exercises import exercises_of, function_nodes, still_a_stub
from tinyrlhf.teaching.places import lesson_folder, run_file, students_file
from tinyrlhf.teaching.predictions import judge, predictions_of, said_in, source_of
from tinyrlhf.teaching.verdicts import (FAILED, PASSED, TO_DO, Verdict, grade, known_outcome, quiet,
                                        stopped, trace_of)

SECONDS = 1.5  # of work or of waiting, for an import and for each exercise


def grade_lesson(folder, numbers, path=None, seconds=SECONDS, run=None):
    """Verdicts by number on the student's file, or on that at `path`; of predictions, too.

    A child that dies is begun anew with what is left. run: takes the arguments of `child` and
    returns when a child is done with them (default: a new process; `warm.Warm` is quicker).
    """
    path = path or students_file(folder)
    said, predictions = said_in(Path(path)), predictions_of(Path(folder))
    verdicts = {number: judge(predictions[number], said.get(predictions[number].name))
                for number in numbers if number in predictions}
    while missing := [number for number in numbers if number not in verdicts]:
        with tempfile.TemporaryDirectory() as place:
            report, trace = Path(place) / "report", Path(place) / "trace"
            (run or in_new_process)([folder, path, report, trace, str(seconds), *missing])
            rows = [["import"]]
            with contextlib.suppress(OSError, ValueError):  # it died early, or broke its report
                rows += map(json.loads, report.read_text(encoding="utf-8").splitlines())
            begun = rows[-1][0]  # if it died, then in this
            lost = [begun] if begun in missing else missing
            verdicts.update(dict.fromkeys(lost, died(path, trace, seconds)))
            verdicts.update({row[0]: Verdict(*row[1:]) for row in rows if len(row) > 1})
    return verdicts


def environment():
    """Of processes in which students' files run: this package is found, one thread, UTF-8."""
    package = str(Path(tinyrlhf.__file__).parents[1])
    return {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
            "PYTHONPATH": os.pathsep.join([package, os.environ.get("PYTHONPATH", "")]),
            "PYTHONIOENCODING": "utf-8", "MPLBACKEND": "Agg"}


def in_new_process(arguments):
    """Run `child` in a process of its own."""
    code = "import sys; from tinyrlhf.teaching.grader import child; child(*sys.argv[1:])"
    subprocess.run([sys.executable, "-c", code, *arguments], env=environment(),
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def died(path, trace, seconds):
    """Why a child ended without a verdict: its watchdog left a trace, or the file ended Python."""
    text = trace.read_text(encoding="utf-8") if trace.exists() else ""
    if not text:
        return Verdict(FAILED, "It ended Python itself, before it returned. "
                               "Is there an exit(), or a crash?")
    line = re.search(rf'{re.escape(Path(path).name)}", line (\d+)', text)
    where = f", in line {line[1]}" if line else ""
    return Verdict(FAILED, f"It was not done after {seconds:g} seconds{where}. "
                           "Is there a loop that never ends?", text)


def child(folder, path, report, trace, seconds, *numbers):
    """In the child process: import the file, grade what is asked, write steps as JSON lines."""
    path, exercises = Path(path), exercises_of(Path(folder))
    for each in (exercises[number] for number in numbers):
        for i in range(len(each.cases)):
            known_outcome(each, each.function, i)  # none of the student's time
    with open(report, "w", encoding="utf-8") as rows, watchdog(trace, float(seconds)) as begin:
        def note(*row):
            rows.write(json.dumps(row) + "\n")
            rows.flush()
            begin()

        note("import")
        try:
            nodes = function_nodes(source_of(path))
            with quiet():
                names = run_as_python(path)
            why, traced, wanted = "", "", [each.name for each in exercises.values()]
            if not any(callable(names.get(name)) for name in wanted):
                why = f"it has no function of this lesson, such as {wanted[0]}"
        except (Exception, SystemExit) as error:
            why, traced = stopped(error), trace_of(error)
        if why:
            for number in numbers:
                note(number, FAILED, f"{path.name} cannot be read: {why}.", traced)
            return note("end")
        for number in numbers:
            note(number)
            each = exercises[number]
            if not callable(names.get(each.name)):
                note(number, FAILED,
                     f"There is no function {each.name} in the file. Was it renamed?")
            elif each.name in nodes and still_a_stub(nodes[each.name], each.published):
                note(number, TO_DO)
            else:
                verdict = grade(each, names[each.name])
                if verdict.state == FAILED:
                    note(number)  # a second look has its own time
                    verdict = not_its_fault(each, names, nodes, exercises) or verdict
                note(number, *verdict)
        note("end")


def run_as_python(path):
    """`run_file`, as with `python FILE`: it imports what is beside it, and has no arguments.

    Words of predictions without quotes stop no exercise.
    """
    beside = str(Path(path).resolve().parent)
    if beside not in sys.path:
        sys.path.insert(0, beside)
    with (patch.object(sys, "argv", [str(path)]),  # runpy reads by io.open_code
          patch.object(io, "open_code", lambda file: io.BytesIO(source_of(file)))):
        return run_file(path)


@contextlib.contextmanager
def watchdog(trace, seconds):
    """Ends this process, leaving a trace, where one step never does; yields what begins a step.

    Seconds of work count, so that a slow computer refuses nobody; or of waiting without work.
    """
    over, now = threading.Event(), lambda: (time.process_time(), time.monotonic())
    begun = [now()]

    def begin():
        begun[0] = now()
        faulthandler.dump_traceback_later(10 * seconds, exit=True, file=file)  # NumPy may hold us

    def watch():
        while not over.wait(0.05):
            worked, waited = (one - other for one, other in zip(now(), begun[0]))
            if worked > seconds or waited > seconds and worked < 0.05 * waited:
                faulthandler.dump_traceback(file)
                os._exit(1)

    with open(trace, "w", encoding="utf-8") as file:
        threading.Thread(target=watch, daemon=True).start()
        try:
            yield begin
        finally:
            over.set()
            faulthandler.cancel_dump_traceback_later()


def not_its_fault(exercise, names, nodes, exercises):
    """The verdict on a right function that uses the student's own of another exercise, a wrong one.

    It is graded once more with the solutions of the others in their places; else None.
    """
    function = names[exercise.name]
    others = {each.name: each for each in exercises.values() if each is not exercise}
    used, unread = set(), {exercise.name}
    while unread:
        name = unread.pop()
        used.add(name)
        if name in nodes and name not in others:  # it, or a helper
            unread |= {getattr(part, "id", name) for part in ast.walk(nodes[name])} - used
    others = [each for name, each in others.items() if name in used]
    here = getattr(function, "__globals__", {})
    own = {each.name: here[each.name] for each in others if each.name in here}
    if not own:
        return None
    here.update((each.name, each.function) for each in others)
    again = grade(exercise, function)
    here.update(own)
    if again.state != PASSED:
        return None
    wrong = [each for each in others if grade(each, own[each.name]).state != PASSED]
    told = " and ".join(f"{each.name} ({each.number})" for each in wrong or others)
    return Verdict(FAILED, f"It is right by itself, but it uses your {told}, which is not right "
                           "yet. Mend that first.")


def check(number, function, hints=0):
    """Print the verdict on a function in a notebook, here and now, and the first `hints` hints."""
    exercises = exercises_of(lesson_folder(number.split(".")[0]))
    if number not in exercises:
        raise ValueError(f"check: expected one of {', '.join(exercises)}, got {number}")
    verdict, code = grade(exercises[number], function), getattr(function, "__code__", None)
    if verdict.message.endswith("still there. Delete it.") and code and code.co_names == (
            "NotImplementedError",) and code.co_nlocals == code.co_argcount:
        verdict = Verdict(TO_DO)  # there is nothing but that line
    print(f"{verdict.state}  {number}" + (f": {verdict.message}" if verdict.message else ""))
    for hint in exercises[number].hints[:hints]:
        print(f"hint: {hint}")


def untouched(exercise, path):
    """Is it in the file as it came? No process need run for that."""
    with contextlib.suppress(Exception):  # grading says what is wrong with the file
        return still_a_stub(function_nodes(source_of(path))[exercise.name], exercise.published)


def mine(lesson, name, library):
    """The student's function of this name if it passes, else the library's; says which."""
    whose = "the library's"
    with contextlib.suppress(ValueError):  # no lessons around here
        folder = lesson_folder(lesson)
        path = students_file(folder)
        known = {each.name: each for each in exercises_of(folder).values()}
        each = known.get(name)
        if each and os.environ.get("TINYRLHF_MINE") != "0" and not untouched(each, path):
            verdict = grade_lesson(folder, [each.number], path)[each.number]
            if verdict.state == PASSED:
                library, whose = run_as_python(path)[name], "yours"
            elif verdict.state == FAILED:
                whose += f", until yours passes: tinyrlhf lesson watch {folder.name[:2]}"
    print(f"{name}: {whose}")
    return library
