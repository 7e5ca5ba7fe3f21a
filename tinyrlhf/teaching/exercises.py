"""What is an exercise? One right function, and everything needed to tell it from wrong ones."""
import ast
import importlib
import inspect
import sys
import textwrap
import types

import numpy as np

from tinyrlhf.teaching.places import solutions_folder
from tinyrlhf.teaching.predictions import predictions_of, stub_lines

STUB_HEAD = '''"""The exercises of lesson {name}.

Each function says what it should return. Replace its `raise` line by your code,
and save; the verdict comes from

    tinyrlhf lesson watch {number}
"""
'''

MUSEUM_HEAD = '"""The museum of bugs: each function is as it was published. Mend it."""\n'


class Exercise:
    """One exercise; `lessons/solutions` fills it with decorators.

    Args:
        function: the solution; its signature and docstring become the stub.
        number: such as "6.2"; minutes: how long it takes; hints: idea, formula, first line.
        tolerance: results may differ so much, absolutely and relatively.
        extra: not among the core of the lesson.
    Attributes:
        cases: list of tuples of arguments; the first one is the worked number of the docstring.
        wrong_versions: (message, function) of usual mistakes; right_versions: other solutions;
            laws: (sentence, function -> bool, or the sentence that says what is wrong).
        published, where: a bug that was published, for the stub; tested: the exercise that this
            one is a check of.
    """

    def __init__(self, function, number, minutes, hints, tolerance=1e-6, extra=False):
        self.function, self.number, self.minutes, self.hints = function, number, minutes, hints
        self.tolerance, self.extra, self.name = tolerance, extra, function.__name__
        self.cases, self.wrong_versions, self.right_versions, self.laws = [], [], [], []
        self.published, self.where, self.tested = None, "", None
        self.player = lambda function, *arguments: function(*arguments)
        self.signature = function  # whose argument names are printed
        self.told = ""  # of a `play` with arguments of its own: a case in words, "q = {q}"

    def __call__(self, *arguments, **named):
        return self.function(*arguments, **named)

    def wrong(self, message):
        """Decorator: a usual mistake, and the sentences that the student who makes it reads."""
        return lambda function: self.wrong_versions.append((message, function)) or function

    def bug(self, where, message):
        """Decorator: a mistake that was published, and where; the stub begins with it."""
        def note(function):
            self.published, self.where = function, where
            return self.wrong(message)(function)

        return note

    def right(self, function):
        """Decorator: another right solution, such as the library's."""
        self.right_versions.append(function)
        return function

    def law(self, sentence):
        """Decorator: says of the student's function whether the sentence is true of it."""
        return lambda function: self.laws.append((sentence, function)) or function

    def checks(self, tested):
        """This exercise is a check(f) of another one: it is shown every version, right and wrong.

        What stops under it is rejected. It passes if it accepts the right ones and no wrong one.
        """
        self.tested, right = tested, [tested.function, *tested.right_versions]
        versions = {f"right: {each.__name__}": each for each in right}
        versions |= {message: each for message, each in tested.wrong_versions}

        def accepts(check, version):
            try:
                said = check(versions[version])
                return said if isinstance(said, str) else bool(said)
            except Exception:
                if versions[version] in right:
                    raise
                return False

        def score(check):
            said = {version: accepts(check, version) for version in versions}
            slipped = [version for version in list(said)[len(right):] if said[version]]
            kept, wrong = sum(list(said.values())[:len(right)]), len(said) - len(right)
            return kept == len(right) and not slipped or (
                f"It accepts {kept} of {len(right)} right versions and rejects "
                f"{wrong - len(slipped)} of {wrong} wrong ones. "
                + (f"One that gets through is told: {slipped[0]}" if slipped else "Which rule "
                   "of yours is stricter than the task?"))

        self.cases = [(version,) for version in versions]
        self.player = self.signature = accepts
        self.law("")(score)
        return self

    def play(self, function):
        """Decorator: play(f, *case) -> what is compared, where f(*case) itself is not.

        For random numbers, objects, many calls.
        """
        self.player = self.signature = function
        return function


def near(one, other):
    """Is a law fulfilled, up to what single precision loses?"""
    return np.allclose(one, other, 1e-5, 1e-5)


def exercise(number, minutes, hints, **options):
    """Decorator: the function below is the solution of this exercise."""
    return lambda function: Exercise(function, number, minutes, hints, **options)


def solution_modules(folder):
    """The modules of `lessons/solutions/NN_name`, one for each exercise, in order.

    They are imported as parts of one package, so that one may build on another.
    """
    place = solutions_folder(folder).resolve()
    name = str(place).replace(".", "_")
    package = sys.modules.setdefault(name, types.ModuleType(name))
    package.__path__ = [str(place)]
    files = sorted(place.glob("exercise_*.py"))
    return [importlib.import_module(f"{name}.{file.stem}") for file in files]


def exercises_of(folder):
    """The exercises of a lesson as a dict by number, in order."""
    found = {}
    for module in solution_modules(folder):
        here = [each for each in vars(module).values() if isinstance(each, Exercise)]
        found.update((each.number, each) for each in here if each.number not in found)
    return found


def function_nodes(source):
    """Name -> syntax tree of each function of a text."""
    return {node.name: node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)}


def stub_text(folder, solved=False):
    """The text of exercises.py: the solutions with a raise where the body was, or solved."""
    imports, parts = [], []
    for each in exercises_of(folder).values():
        source = inspect.getsource(inspect.getmodule(each.function))
        imports += [ast.unparse(node) for node in ast.parse(source).body if is_import(node)]
        text, extra = solution_text(folder, each.number), ", extra" if each.extra else ""
        if not solved:
            docstring = ast.parse(text).body[0].body[0]
            lines = text.splitlines()[:docstring.end_lineno]
            body = f'    raise NotImplementedError("{each.number}")'
            if each.published:
                extra, body = f"; {each.where}", body_text(each.published)
            text = "\n".join([*lines, body])
        title = textwrap.fill(f"# {each.number}, {each.minutes} minutes{extra}", 100,
                              subsequent_indent="# ")
        parts.append(f"\n\n{title}\n{text}")
    # first the standard library, then numpy, then this package
    imports = sorted(set(imports), key=lambda line: ("tinyrlhf" in line, "numpy" in line, line))
    asked = [f"\n\n{stub_lines(folder)}"] if not solved and predictions_of(folder) else []
    head = MUSEUM_HEAD if folder.name == "museum" else STUB_HEAD.format(
        name=folder.name, number=folder.name[:2])
    return "\n".join([head + "\n".join(imports), *asked, *parts]) + "\n"


def is_import(node):
    """Is this an import that the student needs, too?"""
    ours = getattr(node, "level", 0) or getattr(node, "module", "") == "tinyrlhf.teaching"
    return isinstance(node, (ast.Import, ast.ImportFrom)) and not ours


def solution_text(folder, number):
    """The solution of one exercise, as text."""
    source = inspect.getsource(exercises_of(folder)[number].function)
    return source[source.index("\ndef ") + 1:].rstrip()


def body_text(function):
    """The text below the signature of a function that has no docstring."""
    lines = inspect.getsource(function).splitlines()
    return "\n".join(lines[ast.parse("\n".join(lines)).body[0].body[0].lineno - 1:])


def still_a_stub(node, published=None):
    """Does this function consist of a docstring and what it came with, a raise or a bug?"""
    def says_nothing(part):
        docstring = isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant)
        return docstring or isinstance(part, ast.Pass)

    said = [ast.unparse(part) for part in node.body if not says_nothing(part)]
    if published:
        came_with = ast.parse(textwrap.dedent(body_text(published))).body
        return said in ([], [ast.unparse(part) for part in came_with])
    return all(part.startswith("raise NotImplementedError") for part in said)
