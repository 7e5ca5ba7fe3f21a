"""The house stands as drawn: imports run downwards, the core stays small, and nothing unsafe or hidden is inside."""
import ast
import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

import tinyrlhf

PACKAGE = Path(tinyrlhf.__file__).parent
FLOORS = {"numerics": 0, "checks": 0, "conformance": 0, "saving": 0, "protocols": 0,
          "nn": 1, "games": 1, "policies": 2, "episodes": 2, "exact": 2, "feedback": 3,
          "rewards": 4, "learning": 5, "humans": 5, "questions": 5, "diagnostics": 5, "rlhf": 6, "recipes": 6.1, "yardsticks": 6.2,
          "stages": 6.2, "plots": 6.2, "runs": 7, "report": 7.1, "chat": 7.1, "teaching": 7, "cli": 8, "__main__": 9}
FENCES = [("games", "nn"), ("nn", "games"), ("learning", "games"), ("learning", "humans"), ("rewards", "humans"), ("rewards", "games"),
          ("humans", "learning"), ("plots", "learning"), ("plots", "recipes"), ("exact", "games"), ("exact", "nn")]
FILES = sorted(PACKAGE.rglob("*.py"))


def room(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path):
    """(module, line) of every import of the package, wherever in the file it stands."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
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
        assert top in sys.stdlib_module_names or top in ("numpy", "matplotlib", "tinyrlhf", "PIL"), f"{path.name}:{line} needs {top}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_nothing_unsafe_and_no_global_randomness(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\b(pickle|eval|exec)\s*\(|allow_pickle\s*=\s*True|shell\s*=\s*True", text)
    assert not re.search(r"np\.random\.(?!Generator|default_rng|SeedSequence)", text)
    if room(path) not in ("cli", "__main__", "chat", "teaching"):
        assert not re.search(r"^\s*print\(", text, re.MULTILINE), "only the command line and the lessons print"


def needed_by(*modules):
    """The files of these modules and of all that they import, directly or not."""
    found, waiting = set(), [PACKAGE / name for name in modules]
    while waiting:
        path = waiting.pop()
        if path.is_file() and path not in found:
            found.add(path)
            parts = [name.split(".")[1:] for name, _ in imports(path)]
            waiting += [PACKAGE.joinpath(*part[:depth]).with_suffix(".py") for part in parts for depth in (1, 2) if part[:depth]]
    return found


def test_the_loop_and_its_worlds_stay_readable_in_an_afternoon():
    size = {path: len(path.read_text(encoding="utf-8")) for path in FILES}       # in characters: lines may be short
    loop = needed_by("rlhf.py", "recipes.py", "feedback/log.py")
    assert {"policy_gradient.py", "reward_models.py", "cartpole.py", "text.py", "simulated.py"} <= {path.name for path in loop}
    assert sum(size[path] for path in loop) <= 175_000
    assert sum(size.values()) <= 540_000


def test_the_docstring_names_every_room_in_reading_order():
    for path in PACKAGE.iterdir():
        if path.name.startswith("_"):
            continue
        name = path.name.removesuffix(".py")
        if path.is_dir() or path.suffix == ".py":
            assert re.search(rf"\b{name}\b", tinyrlhf.__doc__), f"the map in tinyrlhf.__doc__ does not name {name}"


def test_importing_what_does_not_draw_does_not_import_matplotlib():
    code = "import sys, tinyrlhf.rlhf, tinyrlhf.recipes, tinyrlhf.cli; print('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "False"


def test_every_wrong_version_still_fits_the_code_and_names_a_test_that_exists():
    spec = importlib.util.spec_from_file_location("wrong_versions", Path(__file__).parent / "wrong_versions.py")
    wrong = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(wrong)
    for file, old, new, test in wrong.WRONG:
        assert (wrong.ROOT / file).read_text(encoding="utf-8").count(old) == 1 and old != new, f"{file} does not hold once: {old}"
        place, _, name = test.partition("::")
        wanted = f"def {name.partition('[')[0]}(" if name else ""           # some name a whole file
        assert wanted in (wrong.ROOT / place).read_text(encoding="utf-8"), f"there is no {test}"
