"""The README tells the truth: its links lead somewhere, its code runs, and its commands exist."""
import re
import shlex
from pathlib import Path

import numpy as np

from tinyrlhf.cli import parser

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def test_every_link_leads_to_a_file():
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    assert links and not [link for link in links if not (Path(__file__).parent.parent / link).exists()]


def test_the_loop_in_the_readme_runs_and_learns(capsys):
    code = re.search(r"```python\n(.*?)```", README, re.DOTALL).group(1)
    names = {}
    exec(compile(code, "README.md", "exec"), names)                    # our own text, not a stranger's
    returns = [float(line.split()[-1]) for line in capsys.readouterr().out.splitlines()]
    assert len(returns) == 20 and np.mean(returns[-3:]) > returns[0] + 1


def test_every_command_in_the_table_is_understood():
    commands = re.findall(r"^\| `tinyrlhf ([^`]+)`", README, re.MULTILINE)
    assert len(commands) > 5
    for command in commands:
        parser().parse_args(shlex.split(command))


def test_every_script_in_the_table_exists():
    scripts = re.findall(r"`python (tests/[^ `]+)", README)
    assert scripts and all((Path(__file__).parent.parent / script).exists() for script in scripts)


def test_both_commands_stand_on_one_line_each_on_the_first_screen():
    lines = README.splitlines()
    commands = [number for number, line in enumerate(lines) if line.startswith("python3 -m venv")]
    assert len(commands) == 2 and commands[-1] < 25
