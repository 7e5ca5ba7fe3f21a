"""The house stands as drawn: imports run downwards, the core stays small, and nothing unsafe or hidden is inside."""
import ast
import functools
import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

import tinyrlhf
from tinyrlhf.feedback.answers import KINDS

PACKAGE = Path(tinyrlhf.__file__).parent
FLOORS = {"numerics": 0, "checks": 0, "conformance": 0, "saving": 0, "archives": 0.1, "protocols": 0, "nn": 1,
          "games": 1, "policies": 2, "episodes": 2, "exact": 2, "feedback": 3, "rewards": 4, "learning": 5,
          "humans": 5, "questions": 5, "criteria": 4.9, "diagnostics": 5, "plots": 5, "rlhf": 6, "improvements":
          6.1, "interactive": 6.1, "yardsticks": 6.2, "worlds": 6.5, "sessions": 6.6, "runs": 7, "report": 7.1,
          "faces": 7.1, "teaching": 7.2, "sweeps": 7.2, "gymnasium_envs": 7.2, "cli": 8, "__main__": 9}
FENCES = [("games", "nn"), ("nn", "games"), ("learning", "games"), ("learning", "humans"), ("rewards", "humans"),
          ("rewards", "games"), ("humans", "learning"), ("plots", "learning"), ("plots", "rewards"), ("exact", "games"),
          ("exact", "nn")]
LOOP = ("rlhf.py", "feedback/log.py", "worlds/gridworld.py", "worlds/cartpole.py", "worlds/text.py")
OPTIONAL = {"gymnasium_envs.py": ("gymnasium",)}
FILES = sorted(PACKAGE.rglob("*.py"))


def room(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@functools.cache
def nodes(path):
    """All that a file consists of."""
    return list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


def imports(path):
    """(module, line) of every import of the package, wherever in the file it stands."""
    for node in nodes(path):
        if isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path.name}:{node.lineno} imports relatively"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        yield from ((name, node.lineno) for name in names)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_run_downwards_and_never_through_a_fence(path):
    here = room(path)
    for name, line in imports(path):
        top, _, rest = name.partition(".")
        target = rest.split(".")[0]
        if top != "tinyrlhf" or target in ("", "__version__", here) or here == "__init__":
            continue
        assert FLOORS[target] < FLOORS[here], f"{path.name}:{line} {here} imports {target}"
        assert (here, target) not in FENCES, f"{path.name}:{line} {here} must not know {target}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_numpy_matplotlib_and_the_standard_library_are_needed(path):
    for name, line in imports(path):
        top = name.split(".")[0]
        extra = OPTIONAL.get(path.name, ())                    # a module that is imported where they are
        wanted = top in sys.stdlib_module_names or top in ("numpy", "matplotlib", "tinyrlhf", "PIL", *extra)
        assert wanted, f"{path.name}:{line} needs {top}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_nothing_unsafe_and_no_global_randomness(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\b(pickle|eval|exec)\s*\(|allow_pickle\s*=\s*True|shell\s*=\s*True", text)
    assert not re.search(r"\btime\.time\(", text), "clocks jump: durations are of time.monotonic or perf_counter"
    assert not re.search(r"np\.random\.(?!Generator|default_rng|SeedSequence)", text)
    if room(path) not in ("cli", "__main__", "faces", "teaching"):
        assert not re.search(r"^\s*print\(", text, re.MULTILINE), "only the command line and the lessons print"


def needed_by(*modules):
    """The files of these modules and of all that they import, directly or not."""
    found, waiting = set(), [PACKAGE / name for name in modules]
    while waiting:
        path = waiting.pop()
        if path.is_file() and path not in found:
            found.add(path)
            parts = [name.split(".")[1:] for name, _ in imports(path)]
            for depth in (1, 2):
                waiting += [PACKAGE.joinpath(*part[:depth]).with_suffix(".py") for part in parts if part]
    return found


def test_the_loop_and_its_worlds_stay_readable_in_an_afternoon():
    size = {path: len(path.read_text(encoding="utf-8")) for path in FILES}       # in characters: lines may be short
    loop = needed_by(*LOOP)
    core = {"rlhf.py", "reward_models.py", "answers.py", "choice.py", "questions.py", "gridworld.py"}
    assert core <= {path.name for path in loop}
    assert sum(size[path] for path in loop) <= 178_000
    assert sum(n for path, n in size.items() if room(path) not in ("faces", "teaching")) <= 625_000
    assert sum(size.values()) <= 850_000


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_page_of_code_is_100_columns_wide(path):
    wide = [number for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1) if len(line) > 100]
    assert not wide, f"over 100 columns: lines {wide}"


def said_in(path):
    """(text, line) of every string in a file that is no docstring."""
    docstrings = {id(node.value) for node in nodes(path) if isinstance(node, ast.Expr)}
    return [(node.value, node.lineno) for node in nodes(path)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings]


ABOVE = [path for path in FILES if FLOORS.get(room(path), 0) > FLOORS["worlds"]]
WORLDS = [path.stem for path in FILES if room(path) == "worlds" and path.stem[0] != "_"]


@pytest.mark.parametrize("path", ABOVE, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_nothing_above_the_worlds_names_one_of_them(path):
    assert {"bandit", "gridworld", "cartpole", "text", "chat", "capture_go"} <= set(WORLDS)
    of_the_command_line = {"chat"} if path.name == "cli.py" else ()    # `tinyrlhf chat RUN` is the name of a command
    named = [(text, line) for text, line in said_in(path) if text in WORLDS and text not in of_the_command_line]
    assert not named, f"{path.name} names worlds: {named}"
    for name, line in imports(path):
        if name.startswith("tinyrlhf.worlds."):
            module = name.split(".")[2]
            assert not (PACKAGE / "worlds" / f"{module}.py").exists(), f"{path.name}:{line} imports {name}"


# forms: logs of format 1 named no kinds
KNOW_KINDS = {"feedback/answers.py", "feedback/labels.py", "questions.py", "cli.py", "faces/vote.py",
              "faces/browser/asking.py", "teaching/phones.py", "feedback/rows.py"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_kinds_of_feedback_are_named_where_they_are_defined_and_by_worlds_that_choose_one(path):
    place = path.relative_to(PACKAGE).as_posix()
    if place in KNOW_KINDS or room(path) in ("humans", "worlds"):
        return
    named = [(text, line) for text, line in said_in(path) if text in KINDS]
    assert not named, f"{place} names kinds: {named}"


def test_the_docstring_names_every_room_in_reading_order():
    for path in PACKAGE.iterdir():
        if path.name.startswith("_"):
            continue
        name = path.name.removesuffix(".py")
        if path.is_dir() or path.suffix == ".py":
            assert re.search(rf"\b{name}\b", tinyrlhf.__doc__), f"the map in tinyrlhf.__doc__ does not name {name}"


def test_importing_what_does_not_draw_does_not_import_matplotlib():
    code = "import sys, tinyrlhf.rlhf, tinyrlhf.worlds.text, tinyrlhf.cli; print('matplotlib' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"


def test_every_wrong_version_still_fits_the_code_and_names_a_test_that_exists():
    spec = importlib.util.spec_from_file_location("wrong_versions", Path(__file__).parent / "wrong_versions.py")
    wrong = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(wrong)
    for file, old, new, test in wrong.WRONG:
        count = (wrong.ROOT / file).read_text(encoding="utf-8").count(old)
        assert count == 1 and old != new, f"{file} does not hold once: {old}"
        place, _, name = test.partition("::")
        wanted = f"def {name.partition('[')[0]}(" if name else ""           # some name a whole file
        assert wanted in (wrong.ROOT / place).read_text(encoding="utf-8"), f"there is no {test}"
