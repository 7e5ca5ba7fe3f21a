"""What demos share: what they ask a room, what they take from their lesson, and how they draw."""
import ast
import importlib.abc
import importlib.util
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tinyrlhf.plots import BLUE, GREY, VERMILLION


class Question(NamedTuple):
    """What a demo yields where it asks: `left, right = yield Question("Which is better?", .7)`.

    share, people: of a room that is invented, where nobody votes: how many raise the left hand.
    options: left and right in words, for phones. about: what else makes it this question.
    """
    claim: str
    share: float
    people: int = 30
    options: tuple = ("left", "right")
    about: object = None

    @property
    def subject(self):
        """Which question this is, as a text."""
        return str((self.options, self.about))


class Vote(NamedTuple):
    """Hands for left and right, and how many of them nobody raised.

    subject: of the question it was given for; None: any question.
    """
    left: int
    right: int
    invented: int = 0
    subject: str | None = None


def invent(question, number, seed):
    """A Vote on question `number` that nobody gave."""
    rng = np.random.default_rng([seed, number])
    left = int(rng.binomial(question.people, question.share))
    return Vote(left, question.people - left, question.people)


def definitions_of(demo, *constants):
    """A module of what the lesson beside a demo imports and defines, and of these constants.

    Its experiment does not run, and what exercises define is the library's. demo: the demo's path.
    """
    loader = Definitions(Path(demo).with_name("lesson.py"), constants)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("lesson", loader))
    loader.exec_module(module)
    return module


class Definitions(importlib.abc.InspectLoader):
    """Reads a lesson's imports, functions, classes, exercises and some constants, nothing else."""

    def __init__(self, path, constants):
        self.path, self.constants = path, constants

    def get_source(self, fullname):
        lines = ast.parse(self.path.read_text(encoding="utf-8")).body
        kept = [found for found in map(self.kept, lines) if found is not None]
        return ast.unparse(ast.Module(kept, []))

    def kept(self, node):
        """The statement as this module has it, or None."""
        if isinstance(node, (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)):
            return node
        if not isinstance(node, ast.Assign):
            return None
        call = node.value
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "mine":
            return ast.Assign(node.targets, call.args[2], lineno=node.lineno)
        names = {each.id for target in node.targets for each in ast.walk(target)
                 if isinstance(each, ast.Name)}
        return node if names & set(self.constants) else None


def counted(number):
    return "1 hand" if number == 1 else f"{number} hands"


def as_shares(votes):
    """[(left, right)] as shares of the hands, (n, 2); nobody's are 0."""
    hands = np.array(votes, float)
    return hands / np.maximum(hands.sum(axis=1, keepdims=True), 1)


def at_most(votes, most):
    """[(left, right)] as (n, 2), scaled down to so many hands each: a full room is not surer."""
    hands = np.array(votes, float).reshape(-1, 2)
    return hands * np.minimum(1, most / np.maximum(hands.sum(axis=1, keepdims=True), 1))


def blank(axis):
    """An axis for words alone, from 0 to 1 both ways."""
    axis.axis("off")
    axis.set(xlim=(0, 1), ylim=(0, 1))
    return axis


def draw_card(axis, text, color, size=44, edge=None):
    """A few words in large letters, in a frame if `edge` is its colour."""
    frame = edge and dict(boxstyle="round,pad=0.7", facecolor="white", edgecolor=edge, lw=5)
    blank(axis).text(0.5, 0.5, text, ha="center", va="center", size=size, color=color,
                     weight="bold", bbox=frame)


def draw_sides(axis, left, right, size=26, height=0.5):
    """Words for the left in blue and for the right in vermillion."""
    for x, text, color in ((0.25, left, BLUE), (0.75, right, VERMILLION)):
        blank(axis).text(x, height, text, ha="center", va="center", size=size, color=color,
                         weight="bold")


def draw_words(axis, words, columns=4, size=30, color=GREY):
    """A table of words, row by row; none is "(nothing)"."""
    axis.axis("off")
    axis.set(xlim=(0, columns), ylim=(-(-(-len(words) // columns)), 0))
    for number, word in enumerate(words):
        axis.text(number % columns + 0.5, -(number // columns) - 0.5, word or "(nothing)",
                  size=size, ha="center", va="center", color=color)


def percent_axis(axis, label):
    """Shares on the y axis."""
    axis.set(ylabel=label, ylim=(-0.05, 1.08), yticks=[0, 0.5, 1],
             yticklabels=["0 %", "50 %", "100 %"])
