"""A run folder says everything: it loads to the same policy, its log alone rebuilds every answer, and damage is one clear line."""
import csv
import json
import os
import shutil
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tinyrlhf import cli, runs
from tinyrlhf.episodes import Episodes, replay
from tinyrlhf.feedback import log
from tinyrlhf.feedback.records import Comparisons, Rankings
from tinyrlhf.recipes import build, settings_for, teach
from tinyrlhf.yardsticks import expected_return

sys.path.insert(0, str(Path(__file__).parent))
import small_chat  # noqa: E402

SMALL = {"rounds": 2, "questions": 5}


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """An empty folder to stand in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(folder, world="bandit", updates=2, **changes):
    """A small run on disk, saved after each of its rounds; returns its state."""
    settings = settings_for(world, 3, **{**SMALL, **changes})
    state = build(**settings)
    state.updates_per_round = updates
    runs.create(folder, settings)
    return teach(state, settings["rounds"], lambda state, row: runs.save(folder, state), settings["teacher"])


def bytes_of(state):
    return {name: np.asarray(value).tobytes() for name, value in state.state().items()}


def refusal(call, *arguments):
    """The one line with which a ValueError refuses."""
    with pytest.raises(ValueError) as error:
        call(*arguments)
    assert "\n" not in str(error.value)
    return str(error.value)


# ---- what a folder holds

@pytest.mark.parametrize("world", ["bandit", "gridworld"])
def test_the_loaded_policy_measured_from_outside_is_the_one_that_was_reported(capsys, world):
    assert cli.main(["run", world, "--rounds", "2", "--questions", "5", "--seed", "3", "--json", "--out", "one"]) == 0
    result, state = json.loads(capsys.readouterr().out.splitlines()[-1]), runs.load("one")
    assert expected_return(state, state.policy, None) == result["return_after"] != result["return_untrained"]
    assert expected_return(state, state.reference, None) == result["return_untrained"]
    assert type(state.game).__name__.lower() == world and callable(state.reward_model.scores)


@pytest.mark.parametrize("learner", ["reinforce", "rloo", "grpo", "actor-critic", "ppo"])
def test_load_gives_back_every_byte_that_was_saved(learner):
    assert bytes_of(run("one", learner=learner)) == bytes_of(runs.load("one"))


def rebuilt(game, events, side, n_steps):
    """Episodes from nothing but the game's rules and the lines of a log; what the log does not say is NaN."""
    told = [event[side] for event in events]
    lengths = np.array([len(episode["actions"]) for episode in told])
    states = np.array([episode["states"] + [episode["states"][-1]] * (n_steps - len(episode["actions"])) for episode in told])
    states = states.astype(game.start(1, np.random.default_rng(0)).dtype)
    actions = np.array([episode["actions"] + [0] * (n_steps - len(episode["actions"])) for episode in told])
    unknown, mask = np.full(actions.shape, np.nan), np.arange(n_steps) < lengths[:, None]
    ended, first_step = (np.array([episode[name] for episode in told]) for name in ("ended", "first_step"))
    return Episodes(states, game.observe(states), actions, unknown, mask, ended, first_step, unknown)


@pytest.mark.parametrize("world", ["bandit", "gridworld", "cartpole", "text"])
def test_the_log_alone_rebuilds_the_answers_and_teaches_the_same_reward(world):
    state = run("one", world)
    events = log.read("one/feedback.jsonl")
    n_steps = state.answers.first.mask.shape[1]
    first, second = (rebuilt(state.game, events, side, n_steps) for side in ("first", "second"))
    answers = Comparisons(first, second, np.array([event["left"] == "first" for event in events]),
                          np.array([event["ans"] for event in events]), np.array([event["who"] for event in events]))
    for name in ("first_is_left", "answers", "person"):
        assert np.array_equal(getattr(answers, name), getattr(state.answers, name))
    for ours, kept in ((first, state.answers.first), (second, state.answers.second)):
        assert np.array_equal(ours.mask, kept.mask) and np.array_equal(ours.actions[ours.mask], kept.actions[kept.mask])
        played = np.pad(ours.mask, ((0, 0), (1, 0)), constant_values=True)
        assert np.array_equal(ours.states[played], kept.states[played])
        assert np.array_equal(ours.ended, kept.ended) and np.array_equal(ours.first_step, kept.first_step)
    models = [build(**settings_for(world, 3, **SMALL)).reward_model for _ in range(2)]
    losses = [model.fit(told, np.random.default_rng(0)) for model, told in zip(models, (answers, state.answers))]
    assert losses[0] == losses[1]
    assert np.array_equal(models[0].scores(state.answers.first), models[1].scores(state.answers.first))


def test_history_csv_has_one_row_of_the_same_numbers_per_round_and_no_part_files_stay():
    state = run("one")
    with open("one/history.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [list(row) for row in rows] == [list(row) for row in state.history] and len(rows) == 2
    assert np.array_equal([list(map(float, row.values())) for row in rows], [list(row.values()) for row in state.history], equal_nan=True)
    assert sorted(os.listdir("one")) == ["checkpoint.npz", "feedback.jsonl", "history.csv", "run.json"]


def test_a_run_on_the_true_reward_has_no_answers_and_no_log():
    state = run("one", teacher="true reward")
    assert not os.path.exists("one/feedback.jsonl") and runs.load("one").answers is None
    assert bytes_of(state) == bytes_of(runs.load("one"))


def test_saving_twice_logs_no_answer_twice():
    state = run("one")
    runs.save("one", state)
    assert len(log.read("one/feedback.jsonl")) == len(state.answers)


# ---- where a run goes

def test_default_folders_are_named_by_world_and_time_and_counted_up(monkeypatch):
    monkeypatch.setattr(time, "strftime", lambda form: "20300102-030405")
    names = [runs.create(None, settings_for("bandit")) for _ in range(3)]
    assert [name.as_posix() for name in names] == [f"runs/bandit-20300102-030405{end}" for end in ("", "-2", "-3")]
    assert all((name / "run.json").exists() for name in names)


def test_of_two_runs_in_the_same_second_only_one_gets_the_folder(monkeypatch):
    monkeypatch.setattr(time, "strftime", lambda form: "now")
    make, rivals = runs.Path.mkdir, []

    def rival_first(path, *arguments, **options):
        if path.name == "bandit-now" and not rivals:
            rivals.append(path)
            make(path)                                              # another process, between our look and our step
        make(path, *arguments, **options)

    monkeypatch.setattr(runs.Path, "mkdir", rival_first)
    assert runs.create(None, settings_for("bandit")).name == "bandit-now-2" and os.listdir(rivals[0]) == []


def test_an_empty_folder_is_welcome_and_stays_when_writing_fails(monkeypatch):
    os.mkdir("mine")
    with monkeypatch.context() as patch:
        patch.setattr(runs.os, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        assert "No space left" in refusal(runs.create, "mine", settings_for("bandit"))
    assert os.listdir("mine") == []
    assert runs.create("mine", settings_for("bandit")).name == "mine" and os.listdir("mine") == ["run.json"]


# ---- damage

def settings_text(**changes):
    return json.dumps({"settings": {**settings_for("bandit", 3, **SMALL), **changes}})


def without(name):
    settings = settings_for("bandit")
    del settings[name]
    return json.dumps({"settings": settings})


@pytest.mark.parametrize("text, named", [
    ("", "JSONDecodeError"), ("{", "JSONDecodeError"), ("[]", "TypeError"), ("{}", "settings"), ('{"settings": []}', "TypeError"),
    ('{"settings": "bandit"}', "TypeError"), ('{"settings": null}', "TypeError"), ("[" * 100_000, "Recursion"), ("\udcff", "Unicode"),
    (without("world"), "world"), (without("rounds"), "rounds"), (settings_text(speed=3), "speed"), (settings_text(world="mars"), "'mars'"),
    (settings_text(world=["bandit"]), "world"), (settings_text(learner=None), "learner"), (settings_text(learner="magic"), "'magic'"),
    (settings_text(teacher=["coin"]), "teacher"), (settings_text(seed="3"), "seed"), (settings_text(seed=-1), "seed"),
    (settings_text(seed=True), "seed"), (settings_text(rounds=2.5), "rounds"), (settings_text(rounds=[2]), "rounds"),
    (settings_text(kl_coef="0.1"), "kl_coef"), (settings_text(kl_coef=True), "kl_coef"),
    (settings_text(kl_coef=None), "kl_coef"), (settings_text(kl_coef=float("nan")), "kl_coef"),
    (settings_text(agreement="high"), "agreement"), (settings_text(agreement=1.5), "agreement"),
    (settings_text(rationality=-1), "rationality"),
    (settings_text(agreement=0.9, rationality=1), "agreement or rationality")])
def test_an_edited_run_json_is_refused_by_name(capsys, text, named):
    run("one", rounds=1)
    with open("one/run.json", "wb") as file:
        file.write(text.encode("utf-8", "surrogateescape"))
    line = refusal(runs.load, "one")
    assert "run.json" in line and named in line
    for arguments in (["run", "bandit", "--resume", "one"], ["show", "one"]):
        assert cli.main(arguments) == 2
        out, err = capsys.readouterr()
        assert out == "" and err.count("\n") == 1 and err.startswith("tinyrlhf: ")


def test_settings_that_are_not_those_of_the_checkpoint_are_refused():
    run("one", rounds=1)
    with open("one/run.json", "w", encoding="utf-8") as file:
        file.write(settings_text(seed=4))
    assert "run.json says seed = 4, but checkpoint.npz was made with 3" in refusal(runs.load, "one")


@pytest.mark.parametrize("made_with, said", [('{"colour": "red"}', "says"), ("more", "says colour = None"), ("[1]", "cannot be read"),
                                             ('"x"', "cannot be read")])
def test_a_checkpoint_of_other_settings_is_never_taken_for_an_untrained_run(made_with, said):
    run("one", rounds=1)
    with np.load("one/checkpoint.npz") as flat:
        kept = dict(flat)
    more = json.dumps({**json.loads(str(kept["settings"])), "colour": "red"})
    np.savez("one/checkpoint.npz", **{**kept, "settings": more if made_with == "more" else made_with})
    assert said in refusal(runs.load, "one")


def test_hostile_text_in_run_json_reaches_the_terminal_escaped(capsys):
    run("one", rounds=1)
    for changes in ({"world": "\x1b[31m"}, {"\x1b[31m": 1}, {"seed": "\x1b]0;\x07"}):
        runs.write_text(runs.Path("one/run.json"), settings_text(**changes))
        assert cli.main(["show", "one"]) == 2 and cli.main(["run", "bandit", "--resume", "one"]) == 2
        err = capsys.readouterr().err
        assert all(line.isprintable() for line in err.split("\n")) and "\\x1b" in err


def test_a_checkpoint_cut_short_or_with_a_flipped_bit_is_refused_or_was_not_touched(capsys):
    whole = bytes_of(run("one", "gridworld"))
    path, rng = "one/checkpoint.npz", np.random.default_rng(0)
    data = open(path, "rb").read()
    flipped = [bytearray(data) for _ in range(60)]
    for copy in flipped:
        copy[rng.integers(len(data))] ^= 1 << int(rng.integers(8))
    refused = 0
    for text in [b"", b"PK", b"not an archive", *(data[:end] for end in rng.integers(len(data), size=10)), *flipped]:
        with open(path, "wb") as file:
            file.write(text)
        try:
            assert bytes_of(runs.load("one")) == whole
        except ValueError as error:
            assert "checkpoint.npz cannot be read" in str(error)
            refused += 1
    assert refused > 40
    assert cli.main(["show", "one"]) == 2 and cli.main(["run", "gridworld", "--resume", "one"]) == 2
    assert capsys.readouterr().err.count("tinyrlhf: run: ") == 2


def test_the_checkpoint_of_another_run_is_refused():
    run("one")
    for place, changes in (("world", {"world": "gridworld"}), ("learner", {"learner": "ppo"})):
        run(place, **changes)
        shutil.copy("one/checkpoint.npz", os.path.join(place, "checkpoint.npz"))
        assert "checkpoint.npz" in refusal(runs.load, place)


class Trap:
    def __reduce__(self):
        return os.mkdir, ("sprung",)


def test_a_checkpoint_never_unpickles(here):
    state = run("one")
    settings = json.dumps(runs.settings_of("one"))
    np.savez("one/checkpoint.npz", settings=settings, **{**state.state(), "policy/vector": np.array([Trap()], dtype=object)})
    assert "checkpoint.npz" in refusal(runs.load, "one")
    assert not (here / "sprung").exists()


def test_a_missing_a_foreign_and_an_unbegun_folder_are_told_apart(here):
    (here / "foreign").mkdir()
    (here / "file").write_text("")
    for name in ("missing", "foreign", "file"):
        assert f"{name} has no run.json" in refusal(runs.load, name)
    runs.create("new", settings_for("bandit", 3, **SMALL))
    assert "before its first round" in refusal(runs.load, "new")
    assert bytes_of(runs.load("new", or_begin=True)) == bytes_of(build(**settings_for("bandit", 3, **SMALL)))


# ---- what an earlier report measured

def test_a_second_report_keeps_the_baselines_of_the_first(tmp_path, capsys):
    folder = str(tmp_path / "run")
    cli.main(["run", "bandit", "--rounds", "2", "--questions", "5", "--baselines", "--out", folder, "--json"])
    first = json.loads(capsys.readouterr().out.splitlines()[-1])
    cli.main(["show", folder, "--json"])
    second = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert first["return_cloned"] is not None
    assert {**first, "seconds": 0} == {**second, "seconds": 0}


def test_a_result_that_was_edited_to_nonsense_is_not_remembered(tmp_path):
    for nonsense in ('["return_cloned"]', '{"return_cloned": "much"}', '{"return_cloned": NaN, "seconds": 1e999}'):
        (tmp_path / "result.json").write_text(nonsense)
        assert runs.remembered(tmp_path) == {}


# ---- chat

@pytest.fixture
def small(monkeypatch):
    small_chat.shrink(monkeypatch)


def run_chat(folder, stages=3, **changes):
    """A small chat run on disk, saved after each of its stages; returns its state."""
    settings = runs.complete_settings("chat", **{"seed": 3, "questions": 6, **changes})
    state = runs.begin(settings)
    runs.create(folder, settings)
    state.names = state.names[:stages]
    return state.go(lambda state, row: runs.save(folder, state))


def values_of(state):
    return {name: np.asarray(value).tolist() for name, value in state.state().items()}


@pytest.mark.parametrize("changes", [{}, {"reward": "ensemble", "teacher": "coin"}], ids=str)
def test_a_chat_run_loads_as_it_was_after_its_last_whole_stage(small, changes):
    state = run_chat("one", stages=4, rounds=2, **changes)
    loaded = runs.load("one")
    assert values_of(loaded) == values_of(state) and loaded.history == state.history
    half = run_chat("half", stages=2, **changes)
    assert values_of(runs.load("half")) == values_of(half) and runs.load("half").answers is None
    assert not os.path.exists("half/feedback.jsonl")


@pytest.mark.parametrize("changes", [{"reward": "ensemble"}, {"language": "sentiment", "reward": "ngram"}], ids=str)
def test_the_log_holds_every_ranking_and_it_alone_teaches_the_same_reward(small, changes):
    state = run_chat("one", stages=4, rounds=2, **changes)
    events, kept = log.read("one/feedback.jsonl"), state.answers
    assert len(events) == len(kept) == 12 and {event["verb"] for event in events} == {"rank"}
    prompts = [event["prompt"] for event in events for _ in event["options"]]
    _, actions, mask = state.game.demonstrations(prompts, [text for event in events for text in event["options"]])
    answers = Rankings(replay(state.game, state.game.ask(prompts), actions, mask, None), np.array([event["order"] for event in events]),
                       np.array([event["who"] for event in events]))
    for name in ("states", "observations", "mask", "ended", "true_rewards"):
        assert np.array_equal(getattr(answers.episodes, name), getattr(kept.episodes, name))
    assert np.array_equal(answers.order, kept.order) and np.array_equal(answers.person, kept.person)
    models = [runs.begin(runs.settings_of("one")).reward_model for _ in range(2)]
    assert models[0].fit(answers, np.random.default_rng(0)) == models[1].fit(kept, np.random.default_rng(0))
    assert np.array_equal(models[0].scores(kept.episodes), models[1].scores(kept.episodes))


def test_a_chat_run_saved_twice_logs_no_ranking_twice_and_its_history_has_a_row_for_each_stage(small):
    state = run_chat("one")
    runs.save("one", state)
    assert len(log.read("one/feedback.jsonl")) == 6
    with open("one/history.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["stage"] for row in rows] == ["pretrained", "sft", "rl"] and rows[0]["kl"] == "" and rows[2]["loss"] == ""
    for row, numbers in zip(rows, state.history):
        assert all(row[name] == str(value) for name, value in numbers.items() if value is not None)
    assert sorted(os.listdir("one")) == ["checkpoint.npz", "feedback.jsonl", "history.csv", "run.json"]


@pytest.mark.parametrize("changes, named", [
    ({"method": "magic"}, "'magic'"), ({"method": None}, "method"), ({"method": ["dpo"]}, "method"), ({"reward": "eyes"}, "'eyes'"),
    ({"language": "french"}, "'french'"), ({"rounds": 10_001}, "rounds"), ({"rounds": 1.5}, "rounds"), ({"seed": -1}, "seed"),
    ({"seed": True}, "seed"), ({"agreement": 0.2}, "agreement"), ({"agreement": "high"}, "agreement"),
    ({"kl_coef": float("nan")}, "kl_coef"), ({"method": "dpo", "kl_coef": 0}, "kl_coef"),
    ({"teacher": "true reward", "method": "dpo"}, "method"), ({"learner": "ppo"}, "learner"), ({"world": "text"}, "settings")])
def test_an_edited_run_json_of_a_chat_is_refused_by_name(changes, named):
    settings = runs.complete_settings("chat")
    folder = runs.create("one", settings)
    runs.write_text(folder / "run.json", json.dumps({"settings": {**settings, **changes}}))
    line = refusal(runs.load, "one")
    assert "run.json" in line and named in line


def test_an_unbegun_chat_and_the_checkpoint_of_another_one_are_refused(small):
    runs.create("new", runs.complete_settings("chat", seed=3))
    assert "before its first round" in refusal(runs.load, "new") and "tinyrlhf run chat --resume new" in refusal(runs.load, "new")
    assert runs.load("new", or_begin=True).history == []
    run_chat("one", stages=1)
    run_chat("other", stages=1, seed=4)
    run("bandit")
    for place in ("other", "bandit", "new"):
        shutil.copy("one/checkpoint.npz", os.path.join(place, "checkpoint.npz"))
        assert "checkpoint.npz" in refusal(runs.load, place)
    with open("one/checkpoint.npz", "r+b") as file:
        file.truncate(2000)
    assert "checkpoint.npz cannot be read" in refusal(runs.load, "one")
