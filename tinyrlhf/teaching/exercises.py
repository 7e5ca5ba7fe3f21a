"""What is an exercise? One right function, and everything needed to tell it from wrong ones."""
import ast
import functools
import textwrap

from tinyrlhf.teaching.places import run_file, solutions_file

STUB_HEAD = '''"""The exercises of lesson {name}.

Each function says what it should return. Replace its `raise` line by your code, \
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


@functools.cache
def exercises_of(folder):
    """The exercises of a lesson as a dict by number, in order; the folder is read once."""
    if not solutions_file(folder).exists():
        raise ValueError(f"lesson: expected the solution of {folder.name}, but this copy of the "
                         "lessons came without solutions; your teacher has it, and grades")
    names = run_file(solutions_file(folder))
    return {each.number: each for each in names.values() if isinstance(each, Exercise)}


def function_nodes(source):
    """Name -> syntax tree of each function of a text."""
    return {node.name: node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)}


def stub_text(folder):
    """The text of exercises.py: the solutions with a raise where the body was."""
    source = solutions_file(folder).read_text(encoding="utf-8")
    lines, nodes = source.splitlines(), function_nodes(source)
    imports = [ast.unparse(node) for node in ast.parse(source).body
               if isinstance(node, (ast.Import, ast.ImportFrom))
               and getattr(node, "module", "") != "tinyrlhf.teaching"]
    parts = [STUB_HEAD.format(name=folder.name) + "\n".join(imports)]
    for each in exercises_of(folder).values():
        node = nodes[each.name]
        head = "\n".join(lines[node.lineno - 1:node.body[0].end_lineno])
        extra = ", extra" if each.extra else ""
        parts.append(f'\n\n# {each.number}, {each.minutes} minutes{extra}\n{head}\n'
                     f'    raise NotImplementedError("{each.number}")')
    return "\n".join(parts) + "\n"


def solution_text(folder, number):
    """The solution of one exercise, as text."""
    source = solutions_file(folder).read_text(encoding="utf-8")
    node = function_nodes(source)[exercises_of(folder)[number].name]
    return textwrap.dedent("\n".join(source.splitlines()[node.lineno - 1:node.end_lineno]))


def still_a_stub(node):
    """Does this function consist of a docstring and the raise that it came with?"""
    def says_nothing(part):
        docstring = isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant)
        return docstring or isinstance(part, ast.Pass)

    return all(says_nothing(part) or ast.unparse(part).startswith("raise NotImplementedError")
               for part in node.body)
