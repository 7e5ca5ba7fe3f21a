"""The tapes in lessons/logs give the same lecture again."""
import json
import os
from pathlib import Path

import pytest

from tinyrlhf import cli, runs
from tinyrlhf.feedback.log import events
from tinyrlhf.rlhf import rlhf

LOGS = Path(__file__).parents[1] / "lessons" / "logs"
README = (LOGS / "README.md").read_text(encoding="utf-8")
TAPES = {"terminal-gridworld": 3, "lecture-gridworld": 2}     # how many rounds are repeated here


def test_tapes_are_small_and_named_with_how_they_were_made():
    assert {path.stem for path in LOGS.glob("*.jsonl")} == set(TAPES)
    assert "python tests/benchmarks/tapes.py" in README and "No person answered" in README
    for name in TAPES:
        path = LOGS / f"{name}.jsonl"
        assert path.stat().st_size < 60_000 and f"--from lessons/logs/{name}.jsonl" in README
        assert all(isinstance(json.loads(line), dict) for line in path.read_text().splitlines())


@pytest.mark.parametrize("name", TAPES)
def test_a_tape_repeats_the_same_policy_without_asking_anybody(tmp_path, name):
    told = list(events(LOGS / f"{name}.jsonl"))
    settings = {**told[0]["settings"], "person": "recorded", "agreement": 0.9}
    state = runs.begin(runs.world_settings(settings))
    source = runs.source_of(LOGS / f"{name}.jsonl", state, settings)
    with runs.Run(runs.create(tmp_path / "again", settings), state, source) as run:
        rlhf(state, TAPES[name])
        assert run.book.differences == []                      # every walk is the one that was shown then
    people = {event["who"] for event in told if event["k"] == "label"}
    assert set(state.answers.person) <= people and (len(people) == 20) == name.startswith("lecture")


def test_the_command_beside_a_tape_has_the_settings_it_was_made_with():
    for line in README.splitlines():
        if "--human recorded" in line:
            words = line.split("`")[-2].split()
            options, more = cli.parser(cli.world_names()).parse_known_args(words[1:])
            path = LOGS.parents[1] / options.source
            said = {name: value for name, value in vars(options).items() if value is not None}
            given = cli.given_to(runs.find("gridworld"), {**said, **cli.own_settings(more), "person": "recorded"})
            then = next(events(path))["settings"]
            now = runs.find("gridworld").settings(**given)
            assert {**then, "person": "recorded"} == now and os.path.exists(path)
