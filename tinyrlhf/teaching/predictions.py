"""Predict, then see: what will the next cell say? First the student's answer, then the truth.

A cell `# %% [predict]` of lesson.py calls `predict`; its truth is computed by the lesson's own
code. The page keeps it, folded, and that is where grading reads it.
"""
import ast
import contextlib
import os
import re
import sys
from textwrap import fill
from typing import NamedTuple

from tinyrlhf.archives import read_text
from tinyrlhf.saving import write_whole
from tinyrlhf.teaching.places import lesson_folder, students_file, work_file
from tinyrlhf.teaching.verdicts import PASSED, TO_DO, Verdict

ON_THE_PAGE = re.compile(r"^\*\*Predict (.*?)\*\*: (.*?)\n\n<details><summary>Answer</summary>\n\n"
                         r"\*\*(.*?)\*\*\. (.*?)\n\n</details>", re.MULTILINE | re.DOTALL)


class Prediction(NamedTuple):
    """A question such as "6.a", and its truth as text: a number, a word, or an order."""
    number: str
    question: str
    truth: str
    because: str
    minutes: int = 1
    hints: tuple = ()

    @property
    def name(self):
        return f"predict_{self.number.replace('.', '_')}"

    def on_the_page(self):
        return (f"**Predict {self.number}**: {self.question}\n\n"
                "<details><summary>Answer</summary>\n\n"
                f"**{self.truth}**. {self.because}\n\n</details>")


def predictions_of(folder):
    """The predictions of a lesson as a dict by number, read from its page."""
    page = folder / "README.md"
    text = page.read_text(encoding="utf-8") if page.exists() else ""
    return {found[0]: Prediction(*found) for found in ON_THE_PAGE.findall(text)}


def stub_lines(folder):
    """The lines of exercises.py in which the student writes what they expect."""
    lines = []
    for each in predictions_of(folder).values():
        question = fill(f"# {each.number}, predict: {each.question}", 100, subsequent_indent="# ")
        lines.append(f"{question}\n{each.name} = None")
    return "\n\n".join(lines)


def said_in(path):
    """What a student's file predicts: name -> number, word or list. The file is not run."""
    said = {}
    with contextlib.suppress(Exception):  # grading says what is wrong with the file
        for node in ast.parse(path.read_bytes()).body:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                with contextlib.suppress(Exception):  # not a plain value
                    said[node.targets[0].id] = ast.literal_eval(node.value)
    return said


def judge(prediction, said):
    """The verdict: to do without an answer, else passed, with the gap and the reason."""
    if said is None:
        return Verdict(TO_DO, prediction.question)
    truth, because = prediction.truth, prediction.because
    try:
        gap = abs(float(said) - float(truth))
        right = gap <= 0.05 * max(abs(float(truth)), 0.5)
        wrong = f"You wrote {float(said):g}, it is {truth}: {gap:.3g} off."
    except (TypeError, ValueError, OverflowError):  # words
        right = letters(said) == letters(truth)
        wrong = f"You wrote {str(said)[:60]!a}, it is {truth}."
    return Verdict(PASSED, (f"Right: {truth}." if right else wrong) + f" {because}")


def letters(value):
    """'B, a' and ["b", "A"] say the same: ba."""
    return re.sub(r"[\W_]", "", str(value)).lower()


def predict(number, question, truth, because):
    """Ask what the student expects, then show the truth and the reason.

    Args:
        number: such as "6.a"; question: it names the unit, or the words to choose from.
        truth: a number or text; because: why, and what one tends to believe instead.
    """
    text = truth if isinstance(truth, str) else f"{truth:.3g}"
    prediction = Prediction(number, " ".join(question.split()), text, " ".join(because.split()))
    if os.environ.get("TINYRLHF_PICTURES"):  # the page is built
        return print(prediction.on_the_page())
    said, name, file = None, prediction.name, "your file"
    with contextlib.suppress(ValueError):  # no lessons around here
        folder = lesson_folder(number.split(".")[0])
        file = os.path.relpath(work_file(folder))
        if os.environ.get("TINYRLHF_MINE") != "0":
            said = said_in(students_file(folder)).get(name)
    print(f"predict {number}: {prediction.question}")
    if said is None and sys.stdin and sys.stdin.isatty():
        with contextlib.suppress(EOFError):
            said = input("your answer (enter: not now): ").strip() or None
        keep(file, name, said)
    if said is None:
        return print(f"(write `{name} = ...` into {file}, and the answer stands here)")
    return print(judge(prediction, said).message)


def keep(file, name, said):
    """Write what was typed into the student's file, if it is there and has the line."""
    if said is not None and os.path.exists(file):
        answer = f"{name} = {said!a}"
        text = re.sub(rf"(?m)^{name} = None\b", lambda _: answer, read_text(file))
        write_whole(os.path.realpath(file), text)
