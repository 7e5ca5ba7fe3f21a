"""The README tells the truth: its links lead somewhere, its code runs, and its commands exist."""
import re
import shlex
from pathlib import Path

import numpy as np

from tinyrlhf import cli
from tinyrlhf.worlds import find

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BENCHMARKS = ROOT / "tests" / "benchmarks"


def test_every_link_leads_to_a_file():
    for place, text in ((ROOT, README), (BENCHMARKS, (BENCHMARKS / "README.md").read_text(encoding="utf-8"))):
        links = re.findall(r"\]\(([^)#:]+)\)", text)
        assert links and not [link for link in links if not (place / link).exists()]


def test_the_loop_in_the_readme_runs_and_learns(capsys):
    code = re.search(r"```python\n(.*?)```", README, re.DOTALL).group(1)
    fewer = code.replace("seed=1)", "seed=1, rounds=6)")
    assert fewer != code
    exec(compile(fewer, "README.md", "exec"), {})                      # our own text, not a stranger's
    returns = [float(line.split()[-1]) for line in capsys.readouterr().out.splitlines()]
    assert len(returns) == 6 and np.mean(returns[-3:]) > returns[0] + 1


def test_every_command_in_the_table_is_understood():
    commands = re.findall(r"^\| `tinyrlhf ([^`]+)`", README, re.MULTILINE)
    assert len(commands) > 5
    for command in commands:
        options, more = cli.parser(cli.world_names()).parse_known_args(shlex.split(command))
        said = {name: value for name, value in vars(options).items() if value is not None}
        for world in map(find, getattr(options, "worlds", [])):
            own = cli.own_settings(more)
            given = cli.given_to(world, {**said, **own})
            assert set(own) <= set(given)
            world(**{"seed": 7, **given})


def test_every_benchmark_is_named_with_a_command_where_results_stand():
    scripts = re.findall(r"python tests/benchmarks/(\w+\.py)", (BENCHMARKS / "README.md").read_text(encoding="utf-8"))
    assert set(scripts) == {path.name for path in BENCHMARKS.glob("*.py")}


def test_both_commands_stand_on_one_line_each_on_the_first_screen():
    lines = README.splitlines()
    commands = [number for number, line in enumerate(lines) if line.startswith("python3 -m venv")]
    assert len(commands) == 2 and commands[-1] < 25
