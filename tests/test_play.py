"""`tinyrlhf play`: what is driven by key is copied while one watches, kept, and gone on with."""
import json
import os

import numpy as np

from tinyrlhf import cli, runs
from tinyrlhf.faces import keyboard, play, vote
from tinyrlhf.feedback.log import events
from tinyrlhf.rlhf import rlhf
from tinyrlhf.sessions import Voters
from tinyrlhf.worlds import find


class Driver(keyboard.Lines):
    """Presses the key that `choose(state)` names when a step is due, and enter at everything else."""

    def __init__(self, choose):
        super().__init__()
        self.choose, self.state = choose, None

    def line(self):
        if self.state is None:
            return ""
        state, self.state = self.state, None
        return self.choose(state)


class Booth(vote.Booth):
    def draw_one(self, state, line):
        self.terminal.state = state


def played(world, choose, rounds, **own):
    """A run in which `choose` drives so many episodes."""
    world = find(world)
    settings = world.settings(seed=1, rounds=rounds, **own, **play.ALWAYS)
    state = play.prepare(runs.begin(settings), world, settings)

    def face(session, state):
        booth = Booth(Driver(choose), session, state)
        while not session.closed:
            booth.answer_one()

    state.imitation["steps"] = min(state.imitation["steps"], 100)
    state.person = Voters(face, state, checks=False)
    return rlhf(state)


def test_the_policy_copies_what_was_driven_better_from_episode_to_episode():
    lean = np.array([0.5, 1.0, 10.0, 2.0])
    state = played("cartpole", lambda state: "d" if state @ lean > 0 else "a", rounds=2)
    assert state.answers.acted().true_returns.min() == 500
    copies = [row["true_return"] for row in state.history]
    assert copies[0] > 30 and copies[-1] > 200 and copies[-1] > copies[0]    # untrained poles fall within 22 steps


def test_whoever_drives_the_arm_has_a_key_for_each_joint_and_way():
    for task in ("reach", "pick", "dance", "obstacles"):
        keys = np.array(list(find("arm")(task=task).game.keys.values()))
        for joint in (0, 1):
            assert {-1.0, 1.0} <= set(keys[:, joint].tolist())
    state = played("arm", lambda state: "left", rounds=1, task="pick")
    done = state.answers.acted()
    assert (done.actions[0][done.mask[0]] == [1.0, 0.0, -1.0]).all() and len(state.history) == 1


def lines(monkeypatch, *typed):
    """Standard input that is no terminal, with these lines."""
    waiting = list(typed)
    monkeypatch.setattr(keyboard.Lines, "line", lambda self: waiting.pop(0) if waiting else stopped())


def stopped():
    raise KeyboardInterrupt


def test_play_keeps_what_was_played_goes_on_with_it_and_takes_an_episode_back(monkeypatch, capsys, tmp_path):
    folder = str(tmp_path / "run")
    one = ["", *["d"] * 40]                                    # drive; what is left over of the keys means nothing
    lines(monkeypatch, *one, "u", "", *["d"] * 40, "", *one, "q")
    assert cli.main(["play", "gridworld", "--seed", "3", "--rounds", "5", "--out", folder]) == 0
    told = list(events(f"{folder}/feedback.jsonl"))
    assert [event["k"] for event in told if event["k"] in ("label", "undo", "asked")].count("undo") == 1
    said = capsys.readouterr().out
    assert f"tinyrlhf play gridworld --resume {folder}" in said and "1 episodes of yours" in said
    assert "--human recorded" in said
    for command in (["show", folder], ["vote", "gridworld", "--resume", folder]):
        assert cli.main(command) == 2 and f"play gridworld --resume {folder}" in capsys.readouterr().err
    lines(monkeypatch, "", *one, "q")                         # the second one is answered, and waits to be learned
    assert cli.main(["play", "gridworld", "--resume", folder]) == 0
    assert "2 episodes of yours" in capsys.readouterr().out
    state = runs.load(folder, by="play", prepare=lambda state: play.prepare(
        state, find("gridworld"), runs.settings_of(folder, by="play")))
    assert len(state.history) == 2 and state.history[0]["stage"] == "play"


def test_play_takes_a_worlds_own_settings_and_refuses_what_has_no_effect(monkeypatch, capsys, tmp_path):
    folder = str(tmp_path / "run")
    lines(monkeypatch, "q")
    assert cli.main(["play", "arm", "--task", "pick", "--out", folder]) == 0
    described = json.loads((tmp_path / "run" / "run.json").read_text())
    assert described["by"] == "play" and described["settings"]["task"] == "pick"
    capsys.readouterr()
    for more, named in ((["arm", "--task", "flop"], "reach, obstacles, pick, dance"),
                        (["arm", "--questions", "3"], "questions: expected nothing"),
                        (["gridworld", "--wobble", "3"], "--wobble"), (["chat"], "tinyrlhf vote chat"),
                        (["arm", "--resume", folder, "--task", "reach"], "task reach"),
                        (["gridworld", "--resume", folder], "is a run on arm"),
                        (["arm", "--resume", str(tmp_path)], "has no run.json")):
        assert cli.main(["play", *more]) == 2
        out, err = capsys.readouterr()
        assert out == "" and err.count("\n") == 1 and named in err, err
    assert sorted(os.listdir(tmp_path)) == ["run"]
