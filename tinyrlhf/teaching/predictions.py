"""Predict, then see: what will the next cell say? First the student's answer, then the truth.

A cell `# %% [predict]` of lesson.py calls `predict`; its truth is computed by the lesson's own
code. The page keeps it, folded, and that is where grading reads it.
"""
import ast
import contextlib
import os
import re
import sys
from pathlib import Path
from textwrap import fill
from typing import NamedTuple

from tinyrlhf.archives import read_text
from tinyrlhf.saving import write_whole
from tinyrlhf.teaching.places import lesson_folder, students_file, work_file
from tinyrlhf.teaching.verdicts import FAILED, GUESSED, PASSED, TO_DO, Verdict

ON_THE_PAGE = re.compile(r"^\*\*Predict (.*?)\*\*: (.*?)\n\n<details><summary>Answer</summary>\n\n"
                         r"\*\*(.*?)\*\*\. (.*?)\n\n</details>", re.MULTILINE | re.DOTALL)
BARE = re.compile(rb"(?m)^(predict_\w+) *= *(?!None\b|True\b|False\b)((?:[A-Za-z_]|"
                  rb"\d[\d.]*(?:x| *%| +[A-Za-z]))(?:[\w ,>%-]|(?<=\d)\.){0,99}?)"
                  rb"(?=[ \t]*(?:#.*)?\r?$)")
NUMBER = re.compile(r"(?<![\w.])[-+]?\d+(?:\.\d*)?(?:e[-+]?\d+)?(?=x?(?![\w^*/]|\.\d))")
UNCLEAR = set("not no never neither nor or both but except without t cannot second third last "
              "worst".split())
BOUNDS = set("more less over under above below least most than to".split())


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
    return "\n\n".join(
        fill(f"# {each.number}, predict: {each.question}", 100, subsequent_indent="# ")
        + f"\n{each.name} = None" for each in predictions_of(folder).values())


class Bare(NamedTuple):
    """What a student wrote without quotes."""
    words: str


def source_of(path):
    """A student's file as bytes, with quotes around the words of predictions that lack them."""
    return BARE.sub(rb"\1 = '\2'", Path(path).read_bytes())


def said_in(path):
    """What a student's file predicts: name -> number, word or list. The file is not run."""
    said = {}
    with contextlib.suppress(Exception):  # grading says what is wrong with the file
        bare = dict(BARE.findall(path.read_bytes()))
        for node in ast.parse(source_of(path)).body:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                name, value = node.targets[0].id, Bare("about 4")
                with contextlib.suppress(Exception):  # such as sqrt(15)
                    value = ast.literal_eval(node.value)
                said[name] = Bare(value) if name.encode() in bare else value
    return said


def judge(prediction, said):
    """The verdict: to do without an answer; passed, or guessed, with the gap and the reason."""
    if said is None or said is ... or not words_of(str(said)):
        return Verdict(TO_DO, prediction.question)
    if isinstance(said, Bare):
        return Verdict(FAILED, "Expected a number, or words in quotes, such as "
                               f'`{prediction.name} = "{said.words}"`.')
    truth = prediction.truth
    try:
        number = number_in(said)
        gap = abs(number - float(truth))
        right = gap <= 0.05 * max(abs(float(truth)), 0.5)
        wrong = f"You wrote {number:g}, it is {truth}: {gap:.3g} off."
    except (TypeError, ValueError, OverflowError):  # words
        right = same_words(prediction, str(said))
        wrong = f"You wrote {str(said)[:60]!a}, it is {truth}."
    return Verdict(PASSED if right else GUESSED,
                   (f"Right: {truth}." if right else wrong) + f" {prediction.because}")


def number_in(said):
    """A number, or the only one of a text such as "about 88 %"; a bound is none."""
    if isinstance(said, str):
        bound = "<" in said or ">" in said or {*words_of(said)} & (UNCLEAR | BOUNDS)
        found = NUMBER.findall(said.lower().replace("\N{MINUS SIGN}", "-"))
        said = found[0] if len(found) == 1 and not bound else said
    return float(said)


def same_words(prediction, said):
    """Does it name the truth, once and in order, and nothing else that the question offers?

    The question offers what stands after its colon. Case, punctuation and plurals do not count.
    """
    words, truth = words_of(said), words_of(prediction.truth)
    offered = re.sub(r"\(.*?\)", "", prediction.question.rpartition(":")[2])
    unclear = (UNCLEAR | {*words_of(offered)}) - {*truth}
    named = [word for word in words if word in truth]
    return "<" not in said and ("".join(words) == "".join(truth)
                                or named == truth and not {*words} & unclear)


def words_of(text):
    """Its words, without the plural's s and British ll."""
    words = re.findall(r"[^\W_]+", text.lower().replace("ll", "l"))
    return [word[:-1] if re.search("..[^s]s$", word) else word for word in words]


def predict(number, question="", truth="", because=""):
    """Ask what the student expects, then show the truth and the reason.

    Args:
        number: such as "6.a". With it alone, as in the students' copies, the page knows the rest.
        question: it names the unit, or, after a colon, the words to choose from.
        truth: a number or text; because: why, and what one tends to believe instead.
    """
    text = truth if isinstance(truth, str) else f"{truth:.3g}"
    prediction = Prediction(number, question, text, because)
    said, name, file = None, prediction.name, "your file"
    with contextlib.suppress(ValueError):  # no lessons around here
        folder = lesson_folder(number.split(".")[0])
        prediction = prediction if question else predictions_of(folder).get(number, prediction)
        file = os.path.relpath(work_file(folder))
        if os.environ.get("TINYRLHF_MINE") != "0":
            said = said_in(students_file(folder)).get(name)
    cell = vars(sys.modules["__main__"])
    if "get_ipython" in cell:  # a notebook
        said, file = cell.get(name, said), "a cell above"
    if os.environ.get("TINYRLHF_PICTURES"):  # the page is built
        return print(prediction.on_the_page())
    if not prediction.question:
        return print(f"predict {number}: its question stands on the lesson's page, not found here")
    print(f"predict {number}: {prediction.question}")
    if said is None and sys.stdin and sys.stdin.isatty():
        with contextlib.suppress(EOFError):
            said = input("your answer (enter: not now): ").strip() or None
        keep(file, name, said)
    state, told, *_ = judge(prediction, said)
    print(f"(write `{name} = ...` into {file}, and the answer stands here)" if state == TO_DO
          else told)


def keep(file, name, said):
    """Write what was typed into the student's file, if it is there and has the line."""
    if said is not None and os.path.exists(file):
        text = re.sub(rf"(?m)^{name} = None\b", lambda _: f"{name} = {said!a}", read_text(file))
        write_whole(os.path.realpath(file), text)
