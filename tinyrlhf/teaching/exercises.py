"""What is an exercise? One right function, and everything needed to tell it from wrong ones."""
import ast
import importlib
import inspect
import sys
import types

from tinyrlhf.teaching.places import solutions_folder

STUB_HEAD = '''"""The exercises of lesson {name}.

Each function says what it should return. Replace its `raise` line by your code,
and let the grader look:

    pytest lessons/{name}            add --hints when stuck
"""
'''


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
            laws: (sentence, function -> bool).
    """

    def __init__(self, function, number, minutes, hints, tolerance=1e-6, extra=False):
        self.function, self.number, self.minutes, self.hints = function, number, minutes, hints
        self.tolerance, self.extra, self.name = tolerance, extra, function.__name__
        self.cases, self.wrong_versions, self.right_versions, self.laws = [], [], [], []
        self.player = lambda function, *arguments: function(*arguments)
        self.signature = function  # whose argument names are printed

    def __call__(self, *arguments, **named):
        return self.function(*arguments, **named)

    def wrong(self, message):
        """Decorator: a usual mistake, and the sentences that the student who makes it reads."""
        return lambda function: self.wrong_versions.append((message, function)) or function

    def right(self, function):
        """Decorator: another right solution, such as the library's."""
        self.right_versions.append(function)
        return function

    def law(self, sentence):
        """Decorator: says of the student's function whether the sentence is true of it."""
        return lambda function: self.laws.append((sentence, function)) or function

    def play(self, function):
        """Decorator: play(f, *case) -> what is compared, where f(*case) itself is not.

        For random numbers, objects, many calls.
        """
        self.player = self.signature = function
        return function


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
            text = "\n".join(lines) + f'\n    raise NotImplementedError("{each.number}")'
        parts.append(f"\n\n# {each.number}, {each.minutes} minutes{extra}\n{text}")
    # first the standard library, then numpy, then this package
    imports = sorted(set(imports), key=lambda line: ("tinyrlhf" in line, "numpy" in line, line))
    return "\n".join([STUB_HEAD.format(name=folder.name) + "\n".join(imports), *parts]) + "\n"


def is_import(node):
    """Is this an import that the student needs, too?"""
    ours = getattr(node, "level", 0) or getattr(node, "module", "") == "tinyrlhf.teaching"
    return isinstance(node, (ast.Import, ast.ImportFrom)) and not ours


def solution_text(folder, number):
    """The solution of one exercise, as text."""
    source = inspect.getsource(exercises_of(folder)[number].function)
    return source[source.index("\ndef ") + 1:].rstrip()


def still_a_stub(node):
    """Does this function consist of a docstring and the raise that it came with?"""
    def says_nothing(part):
        docstring = isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant)
        return docstring or isinstance(part, ast.Pass)

    return all(says_nothing(part) or ast.unparse(part).startswith("raise NotImplementedError")
               for part in node.body)
