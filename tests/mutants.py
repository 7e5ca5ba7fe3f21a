"""Changed solutions that nobody wrote by hand: one small change in the syntax tree of each, for the grader to find.

    python tests/mutants.py [6.2 ...]      all of them, or those of some exercises: who survives, who is called by name
"""
import ast
import collections
import copy
import functools
import inspect
import signal
import sys
import textwrap
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tinyrlhf.teaching import verdicts  # noqa: E402
from tinyrlhf.teaching.exercises import exercises_of  # noqa: E402

LESSONS = Path(__file__).resolve().parent.parent / "lessons"
OPERATORS = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult,
             ast.FloorDiv: ast.Div, ast.Mod: ast.FloorDiv, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
             ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
             ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
             ast.And: ast.Or, ast.Or: ast.And}
TURNED = {ast.Lt: ast.Gt, ast.LtE: ast.GtE, ast.Gt: ast.Lt, ast.GtE: ast.LtE}
NAMES = {"min": "max", "argmin": "argmax", "minimum": "maximum", "nanmin": "nanmax", "nanargmin": "nanargmax",
         "any": "all", "zeros": "ones", "zeros_like": "ones_like", "mean": "sum", "nanmean": "nansum", "fmean": "sum"}
NAMES |= {other: one for one, other in NAMES.items() if other != "sum"} | {
    "sum": "mean", "var": "std", "std": "var", "cumsum": "cumprod", "floor": "ceil", "append": "extend", "sin": "cos",
    "cos": "sin", "argsort": "sort", "empty": "zeros"}


def changes(node):
    """(what it became) for each small change of one node; a statement that is dropped becomes `pass`."""
    new = functools.partial(copy.deepcopy, node)

    def with_(**parts):
        other = new()
        for name, value in parts.items():
            setattr(other, name, value)
        return other

    if isinstance(node, ast.BinOp):
        if type(node.op) in OPERATORS:
            yield with_(op=OPERATORS[type(node.op)]())
        yield node.left
        if isinstance(node.op, (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.BitAnd, ast.BitOr)):
            yield node.right
        if isinstance(node.op, (ast.Sub, ast.Div, ast.Pow, ast.MatMult)):
            yield with_(left=node.right, right=node.left)
    if isinstance(node, ast.UnaryOp):
        yield node.operand
    if isinstance(node, ast.Compare):
        for turn in (OPERATORS, TURNED):
            if type(node.ops[0]) in turn:
                yield with_(ops=[turn[type(node.ops[0])](), *node.ops[1:]])
    if isinstance(node, ast.BoolOp):
        yield with_(op=OPERATORS[type(node.op)]())
        yield from node.values
    if isinstance(node, ast.Call):
        yield from changed_calls(node, with_)
    if isinstance(node, ast.Constant) and not isinstance(node.value, (str, type(None), type(...))):
        if isinstance(node.value, bool):
            yield ast.Constant(not node.value)
        else:
            factor = 2 if isinstance(node.value, float) else 1
            yield from (ast.Constant(node.value * factor + 1), ast.Constant(node.value - 1))
    if isinstance(node, ast.Slice):
        for name in ("lower", "upper", "step"):
            if getattr(node, name) is not None:
                yield with_(**{name: None})
        if node.lower is None:
            yield with_(lower=ast.Constant(1))
        if node.upper is None:
            yield with_(upper=ast.Constant(-1))
    if isinstance(node, ast.IfExp):
        yield from (node.body, node.orelse, with_(body=node.orelse, orelse=node.body))
    if isinstance(node, (ast.If, ast.While)):
        yield with_(test=ast.UnaryOp(ast.Not(), node.test))
        if isinstance(node, ast.If):
            yield with_(test=ast.Constant(True))
            yield with_(test=ast.Constant(False))
    if isinstance(node, ast.comprehension) and node.ifs:
        yield with_(ifs=[])
    if isinstance(node, ast.AugAssign):
        if type(node.op) in OPERATORS:
            yield with_(op=OPERATORS[type(node.op)]())
        yield ast.Assign([node.target], node.value)
    if isinstance(node, (ast.AugAssign, ast.Break, ast.Continue)) or (
            isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)):
        yield ast.Pass()
    if isinstance(node, ast.Tuple) and isinstance(node.ctx, ast.Load) and len(node.elts) > 1:
        yield with_(elts=[node.elts[1], node.elts[0], *node.elts[2:]])


def changed_calls(node, with_):
    """Another function, swapped or missing arguments, another axis, no call at all."""
    called = node.func
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    if name in NAMES:
        other = copy.deepcopy(called)
        setattr(other, "attr" if isinstance(called, ast.Attribute) else "id", NAMES[name])
        yield with_(func=other)
    if name in ("exp", "log", "sqrt", "abs", "tanh", "cumsum", "reversed", "asarray", "sorted", "round", "int", "float",
                "log1p", "expm1", "bool", "radians", "softmax", "log_softmax", "square") and node.args:
        yield node.args[0]
    if isinstance(called, ast.Attribute) and name in ("copy", "mean", "sum", "cumsum", "max", "min", "any", "all"):
        if not (isinstance(called.value, ast.Name) and called.value.id == "np"):
            yield called.value
    if name in ("where", "clip", "minimum", "maximum") and len(node.args) > 1:
        yield from node.args[-2:]
    if len(node.args) > 1:
        yield with_(args=[node.args[1], node.args[0], *node.args[2:]])
    if len(node.args) > 2:
        yield with_(args=[node.args[0], node.args[2], node.args[1], *node.args[3:]])
    for i, keyword in enumerate(node.keywords):
        yield with_(keywords=node.keywords[:i] + node.keywords[i + 1:])
    if name in ("zeros", "zeros_like", "ones", "ones_like"):  # a plain number in place of an array
        yield ast.Constant(int(name.startswith("ones")))
    if name == "range":
        yield with_(args=[*node.args[:-1], ast.BinOp(node.args[-1], ast.Sub(), ast.Constant(1))])
        if len(node.args) == 1:
            yield with_(args=[ast.Constant(1), *node.args])


def mutants_of(exercise):
    """(name, function) of each changed solution; changes that make the same code are one."""
    source = textwrap.dedent(inspect.getsource(exercise.function))
    tree = ast.parse(source).body[0]
    tree.decorator_list = []
    told = {ast.unparse(tree)}
    counts = collections.Counter()
    body = ast.Module(tree.body[1:], [])
    for place, node in enumerate(ast.walk(body)):
        for change in changes(node):
            changed = copy.deepcopy(tree)
            inner = ast.Module(changed.body[1:], [])
            old = next(each for i, each in enumerate(ast.walk(inner)) if i == place)
            replace(inner, old, change)
            changed.body[1:] = inner.body
            text = ast.unparse(ast.fix_missing_locations(changed))
            if text in told:
                continue
            told.add(text)
            name = f"{exercise.number}: {where(body, node)}{short(node)} -> {short(change)}"
            counts[name] += 1
            names = dict(vars(sys.modules[exercise.function.__module__]))
            if "choose" in names:
                names["choose"] = quickly
            exec(compile(text, f"<{name}>", "exec"), names)
            yield name + (f" ({counts[name]})" if counts[name] > 1 else ""), names[exercise.name]


def quickly(probs, rng):
    """The draw of exercise 1.2 from the same random number, in a fifth of the time."""
    return int((probs.cumsum() <= rng.random()).sum())


def where(body, node):
    """What stands around a number, which alone says little."""
    while isinstance(node, ast.Constant) or len(short(node)) < 10:
        holders = [each for each in ast.walk(body) if any(child is node for child in ast.iter_child_nodes(each))]
        if not holders or isinstance(holders[0], (ast.Module, ast.stmt)):
            return ""
        node = holders[0]
        if len(short(node)) >= 10:
            return f"in {short(node)}: "
    return ""


def short(node):
    text = " ".join(ast.unparse(ast.fix_missing_locations(copy.deepcopy(node))).split())
    return text if len(text) < 60 else text[:40] + " ... " + text[-15:]


def replace(tree, old, new):
    """Put another node where the old one stands."""
    for node in ast.walk(tree):
        for field, value in ast.iter_fields(node):
            if value is old:
                return setattr(node, field, copy.deepcopy(new))
            if isinstance(value, list) and any(each is old for each in value):
                return setattr(node, field, [copy.deepcopy(new) if each is old else each for each in value])
    raise AssertionError("the old node is not in the tree")


class NeverEnds(BaseException):
    """A changed loop goes on for ever; nothing but the grader's own caller may catch this."""


def stop(*_):
    raise NeverEnds


def verdict_on(exercise, function, seconds=1.0):
    """The grader's verdict, or None for a function that never ends."""
    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        return verdicts.grade(exercise, function)
    except NeverEnds:
        return None
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def all_exercises():
    """All but those that are checks of others: a changed check that still tells all versions apart is right."""
    return [each for folder in sorted(LESSONS.glob("[0-9][0-9]_*/exercises.py"))
            for each in exercises_of(folder.parent).values() if each.tested is None]


def kind(exercise, verdict):
    """Which kind of sentence: a named mistake, a relation, how many cases are right, a law, or numbers only?"""
    if verdict is None:
        return "hangs"
    if verdict.state == verdicts.PASSED:
        return "survives"
    if any(verdict.message.startswith(message) for message, _ in exercise.wrong_versions):
        return "named"
    if any(sign in verdict.message for sign in ("Yours is", "part ", " right.", "right numbers in", "sizes are")):
        return "relation"
    if "Right in" in verdict.message:
        return "cases"
    if any(verdict.message.startswith(sentence) for sentence, _ in exercise.laws):
        return "law"
    return "error" if verdict.message.startswith(("It stops", "It returns")) else "numbers"


if __name__ == "__main__":
    import time
    found = collections.Counter()
    for each in all_exercises():
        if not sys.argv[1:] or each.number in sys.argv[1:]:
            began, here = time.process_time(), collections.Counter()
            for name, function in mutants_of(each):
                what = kind(each, verdict_on(each, function))
                here[what] += 1
                if what == "survives" or "-v" in sys.argv:
                    print(name, "|", what)
            print(each.number, each.name, dict(here), f"{time.process_time() - began:.2f} s", flush=True)
            found += here
    killed = sum(found.values()) - found["survives"]
    print(dict(found), f"{killed} of {sum(found.values())} found")
    for said, kinds in (("named", ["named"]), ("or by a relation", ["named", "relation"]),
                        ("or told how many cases are right", ["named", "relation", "cases"])):
        print(f"{sum(found[each] for each in kinds) / killed:.0%} {said}")
