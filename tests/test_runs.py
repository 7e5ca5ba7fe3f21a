"""A run folder says everything: its log alone teaches the same policy, no stop loses or changes an answer, damage is
one clear line."""
import csv
import functools
import io
import json
import multiprocessing
import os
import shutil
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tinyrlhf import archives, cli, report, runs, saving
from tinyrlhf.episodes import Episodes, replay
from tinyrlhf.feedback import log
from tinyrlhf.feedback.answers import KINDS, Answers
from tinyrlhf.feedback.forms import Texts
from tinyrlhf.feedback.labels import from_labels, modern
from tinyrlhf.games.gridworld import Gridworld
from tinyrlhf.nn.networks import Table
from tinyrlhf.questions import kinds_for
from tinyrlhf.rlhf import rlhf
from tinyrlhf.saving import Lock
from tinyrlhf.worlds import LEARNERS, build, find

sys.path.insert(0, str(Path(__file__).parent))
import small_chat  # noqa: E402

SMALL = {"seed": 3, "rounds": 2, "questions": 5}
WITHOUT = {"text": {"stop"}, "small_chat": {"stop"},               # a text is judged when it is finished,
           "capture_go": {"stop", "comment", "credit"}}            # and a move has no parts
WORLDS = ("gridworld", "cartpole", "text", "small_chat", "capture_go", "arm")
CELLS = [(world, kind) for world in WORLDS for kind in KINDS
         if kind not in WITHOUT.get(world, ())]
SHORTER = {"small_chat": {"rounds": 1}, "arm": {"rounds": 1, "demonstrations": 2, "corrections": 4}}  # more stages
ENOUGH = {("gridworld", kind) for kind in ("preference", "ranking", "demonstration", "comment", "credit")}
QUICK = [cell if cell in {*ENOUGH, ("small_chat", "demonstration")} else pytest.param(*cell, marks=pytest.mark.slow)
         for cell in CELLS]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """An empty folder to stand in; nobody pulls the plug, so that nothing has to wait for the disk."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(saving.os, "fsync", lambda _: None)
    return tmp_path


@pytest.fixture(scope="module", autouse=True)
def short_walks():
    """A walk of the gridworld ends after a dozen steps."""
    with pytest.MonkeyPatch.context() as patch:
        module = sys.modules[find("gridworld").make.__module__]
        patch.setattr(module, "Gridworld", functools.partial(Gridworld, horizon=12))
        yield


def settings_for(world, **changes):
    return find(world).settings(**changes)


def short(state):
    """The same run with two updates and a few steps of fitting a round."""
    state.updates_per_round = min(state.updates_per_round, 2)
    if "steps" in state.imitation:
        state.imitation["steps"] = min(state.imitation["steps"], 5)
    for model in getattr(state.reward_model, "members", [state.reward_model]):
        model.fit_steps = min(model.fit_steps, 5)
    return state


def run(folder, world="bandit", on_round=lambda run: None, source=None, **changes):
    """A short run on disk, saved after each of its rounds; returns its state."""
    settings = settings_for(world, **{**SMALL, **changes})
    return go_on(runs.create(folder, settings), short(runs.begin(settings)), on_round, source)


def go_on(folder, state=None, on_round=lambda run: None, source=None):
    """Continue the run in a folder as it lies there."""
    state = state or short(runs.load(folder, or_begin=True))
    with runs.Run(folder, state, source) as at_work:
        def save(state, row):
            at_work.save(state)
            on_round(at_work)
        return rlhf(state, on_round=save)


def bytes_of(state):
    return {name: np.asarray(value).tobytes() for name, value in state.state().items()}


def saved(folder):
    """All that must be equal after equal runs: checkpoint, every event, history."""
    with np.load(os.path.join(folder, "checkpoint.npz")) as flat:
        state = {name: flat[name].tobytes() for name in flat}
    told = [{name: value for name, value in event.items() if name not in ("t", "crc")}
            for event in log.events(os.path.join(folder, "feedback.jsonl"))]
    return state, told, Path(folder, "history.csv").read_text()


def refusal(call, *arguments):
    """The one line with which a ValueError refuses."""
    with pytest.raises(ValueError) as error:
        call(*arguments)
    assert "\n" not in str(error.value)
    return str(error.value)


# ---- every cell of the matrix: stopped, gone on with, said again

def test_the_matrix_has_the_cells_that_it_should_have():
    for name in WORLDS:
        offered = kinds_for(build(name, seed=7).view, find(name).expert)
        assert offered == [kind for world, kind in CELLS if world == name]


@pytest.fixture(scope="module")
def cell(tmp_path_factory):
    """A finished run of a cell as `whole`, and beside it what was on the disk `before` its last round; made once."""
    @functools.cache
    def made(world, kind):
        place = tmp_path_factory.mktemp(f"{world}-{kind}")
        shorter = SHORTER.get(world, {})

        def keep(at_work):
            if len(at_work.state.history) == len(at_work.state.plan) - 1:
                shutil.copytree(place / "whole", place / "before")
        run(place / "whole", world, keep, feedback=kind, **shorter)
        return place
    return made


def stopped_at(place, data):
    """A folder whose log was written up to here when its process was killed, in the last round."""
    shutil.rmtree("cut", ignore_errors=True)
    shutil.copytree(place / "before", "cut")
    Path("cut/feedback.jsonl").write_bytes(data)
    return "cut"


@pytest.mark.parametrize("world, kind", QUICK)
def test_stopped_after_the_log_and_before_the_checkpoint_nobody_is_asked_again(monkeypatch, cell, world, kind):
    place = cell(world, kind)
    lines = (place / "whole/feedback.jsonl").read_bytes().splitlines(keepends=True)
    last = max(number for number, line in enumerate(lines) if b'"k":"asked"' in line)
    for data in {b"".join(lines[:last + 1]), b"".join(lines)}:      # before, and after its answers were weighed
        state = short(runs.load(stopped_at(place, data)))
        monkeypatch.setattr(state.person, "answer", lambda *_: pytest.fail("was asked again"))
        state.rngs["person"].random(7)                               # and what they would have said does not matter
        go_on("cut", state)
        assert saved("cut") == saved(place / "whole")


@pytest.mark.parametrize("world, kind", QUICK)
def test_stopped_in_the_middle_of_a_group_the_rest_is_set_aside_and_asked_anew(cell, world, kind):
    place = cell(world, kind)
    whole = (place / "whole/feedback.jsonl").read_bytes()
    start, rng = (place / "before/feedback.jsonl").stat().st_size, np.random.default_rng(0)
    end = whole.index(b"\n", whole.rindex(b'"k":"asked"'))
    folder = stopped_at(place, whole[:rng.integers(start + 1, end)])
    go_on(folder)
    assert saved(folder) == saved(place / "whole")
    assert Path(folder, "feedback.jsonl.torn").exists()


@pytest.mark.parametrize("world, kind", QUICK)
def test_the_log_alone_teaches_the_same_policy_and_nobody_is_asked(monkeypatch, cell, world, kind):
    place = cell(world, kind)
    settings = {**runs.settings_of(place / "whole"), "person": "recorded"}
    state = short(runs.begin(settings))
    for person in {state.person, *(stage.person for stage in state.plan)} - {None}:
        monkeypatch.setattr(person, "answer", lambda *_: pytest.fail("was asked"))
    source = runs.source_of(place / "whole/feedback.jsonl", state, settings)
    state = go_on(runs.create("again", settings), state, source=source)
    (now, told, rows), (then, told_then, rows_then) = saved("again"), saved(place / "whole")
    assert now.pop("settings") != then.pop("settings")
    assert (now, told[1:], rows) == (then, told_then[1:], rows_then)
    assert bytes_of(runs.load("again")) == bytes_of(state)


def obey(world, arguments):
    """In a process of its own: the command line; what it complains of goes into a file."""
    sys.stdout, sys.stderr = open(os.devnull, "w"), open("complaints", "w")
    own = {"small_chat": small_chat.SMALL_CHAT}.get(world)
    sys.exit(cli.main(arguments if own else ["run", world, *arguments], own))


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("world, kind", CELLS)
def test_killed_at_a_random_moment_every_cell_goes_on_to_the_same_bytes(monkeypatch, world, kind):
    begin, rng = runs.begin, np.random.default_rng([len(world), list(KINDS).index(kind)])
    monkeypatch.setattr(runs, "begin", lambda settings: short(begin(settings)))
    monkeypatch.setattr(cli, "finish", lambda *_: None)              # the report, after the last round
    rounds = 1 if world == "small_chat" else 2
    settings = ["--feedback", kind, "--seed", "3", "--questions", "5", "--rounds", str(rounds)]
    build(world, seed=3)                             # read once, and not by each of the processes that begin from here

    def at_work(folder, option):
        process = multiprocessing.get_context("fork").Process(target=obey, args=(world, [*settings, option, folder]))
        process.start()
        while process.is_alive() and not Path(folder).exists():
            time.sleep(0.001)
        return process

    def finished(folder, option):
        process = at_work(folder, option)
        process.join()
        assert process.exitcode == 0
        return Path("complaints").read_text()

    began = time.monotonic()
    assert finished("whole", "--out") == ""
    took = time.monotonic() - began
    for cut in ("cut-1", "cut-2", "cut-3"):
        process = at_work(cut, "--out")
        time.sleep(rng.uniform(0, 1) * took)
        process.kill()                                               # SIGKILL
        process.join()
        complaints = finished(cut, "--resume")
        assert complaints == "" or "set aside" in complaints
        assert saved(cut) == saved("whole")


def kept_after_a_round(at_work):
    """A copy of a run's folder, `cut`, as it was when its first round was done."""
    if len(at_work.state.history) == 1:
        shutil.copytree(at_work.folder, "cut", ignore=shutil.ignore_patterns("lock"))


@pytest.mark.parametrize("learner", LEARNERS)
def test_each_learner_goes_on_to_the_same_bytes(learner):
    run("whole", on_round=kept_after_a_round, learner=learner, feedback="rating")
    go_on("cut")
    assert saved("cut") == saved("whole")


def fail_at(monkeypatch, n):
    """The n-th call that opens, writes, syncs or names a file fails as on a full disk; returns the calls."""
    calls = []

    def counted(name, real):
        def call(*arguments, **options):
            calls.append(name)
            if len(calls) == n:
                raise OSError(28, "No space left on device")
            return real(*arguments, **options)
        return call

    class File(io.FileIO):
        write = counted("write", io.FileIO.write)

    def opened(path, mode, buffering=-1, **options):
        if mode not in ("ab", "xb"):
            return open(path, mode, buffering, **options)
        file = counted("open", File)(path, mode)
        return io.BufferedWriter(file) if buffering else file

    for module in (saving, log):
        monkeypatch.setattr(module, "open", opened, raising=False)
    for name in ("fsync", "replace", "unlink"):
        monkeypatch.setattr(os, name, counted(name, getattr(os, name)))
    return calls


@pytest.mark.slow
def test_whichever_call_of_a_round_fails_an_old_or_new_state_loads_and_goes_on():
    run("whole", on_round=kept_after_a_round)
    states, whole, number = [bytes_of(runs.load(folder)) for folder in ("cut", "whole")], saved("whole"), 0
    os.rename("cut", "before")
    failed = True
    while failed:
        number += 1
        shutil.rmtree("cut", ignore_errors=True)
        shutil.copytree("before", "cut")
        with pytest.MonkeyPatch.context() as patch:
            calls = fail_at(patch, number)
            try:
                go_on("cut")
            except OSError as error:
                assert error.errno == 28
        failed = len(calls) >= number
        assert bytes_of(runs.load("cut")) in states and not list(Path("cut").glob("*.part"))
        go_on("cut")
        assert saved("cut") == whole, (number, calls)
    assert {"open", "write", "fsync", "replace"} <= set(calls) and number > 40


# ---- what a folder holds

@pytest.mark.parametrize("world", ["bandit", pytest.param("gridworld", marks=pytest.mark.slow)])
def test_the_loaded_policy_measured_from_outside_is_the_one_that_was_reported(capsys, monkeypatch, world):
    monkeypatch.setattr(report, "draw", lambda *_: None)
    assert cli.main(["run", world, "--rounds", "2", "--questions", "5", "--seed", "3", "--json", "--out", "one"]) == 0
    result, state = json.loads(capsys.readouterr().out.splitlines()[-1]), runs.load("one")
    yardstick = find(world).yardstick(state)
    assert yardstick.expected_return(state.policy, None) == result["return_after"] != result["return_untrained"]
    assert yardstick.expected_return(state.reference, None) == result["return_untrained"]
    assert type(state.game).__name__.lower() == world and callable(state.reward_model.scores)


@pytest.mark.parametrize("learner", ["reinforce", "rloo", "grpo", "actor-critic", "ppo"])
def test_load_gives_back_every_byte_that_was_saved(learner):
    assert bytes_of(run("one", learner=learner, feedback="rating,demonstration")) == bytes_of(runs.load("one"))


def rebuilt(game, told):
    """Episodes from nothing but the game's rules and what a log shows; what it does not say is NaN."""
    lengths = np.array([len(episode["actions"]) for episode in told])
    longest = lengths.max()
    states = np.array([episode["states"] + [episode["states"][-1]] * (longest - len(episode["actions"]))
                       for episode in told])
    states = states.astype(game.start(1, np.random.default_rng(0)).dtype)
    actions = np.array([episode["actions"] + [0] * (longest - len(episode["actions"])) for episode in told])
    unknown, mask = np.full(actions.shape, np.nan), np.arange(longest) < lengths[:, None]
    ended, first_step = (np.array([episode[name] for episode in told]) for name in ("ended", "first_step"))
    return Episodes(states, game.observe(states), actions, unknown, mask, ended, first_step, unknown)


def labels_in(folder):
    return [event for event in log.events(Path(folder) / "feedback.jsonl") if event["k"] == "label"]


def same_reward(state, answers):
    """Do these answers teach a fresh reward model the same as those of the run?"""
    models = [short(runs.begin(runs.settings_of("one"))).reward_model for _ in range(2)]
    losses = [model.fit(told, np.random.default_rng(0)) for model, told in zip(models, (answers, state.answers))]
    assert losses[0] == losses[1]
    assert np.array_equal(models[0].scores(state.answers.episodes), models[1].scores(state.answers.episodes))


@pytest.mark.parametrize("world, kind", [("bandit", "preference"), ("gridworld", "ranking"), ("cartpole", "rating")])
def test_a_stranger_who_reads_the_log_learns_the_same_reward(world, kind):
    state = run("one", world, feedback=kind)
    told = labels_in("one")
    kept, n = state.answers, len(told[0]["shows"])
    answers = Answers(rebuilt(state.game, [episode for label in told for episode in label["shows"]]),
                      np.array([label["kind"] for label in told]),
                      np.arange(len(told) * n).reshape(-1, n), np.array([label["place"] for label in told]),
                      np.array([label["said"] for label in told]), np.array([label["who"] for label in told]),
                      np.array([label["round"] for label in told]), np.zeros((len(told), 0)))
    for name in ("kind", "place", "person", "round"):
        assert np.array_equal(getattr(answers, name), getattr(kept, name))
    assert np.array_equal(answers.said, kept.said[:, :answers.said.shape[1]])
    ours, theirs = answers.episodes, kept.episodes[kept.shows.ravel()]
    assert np.array_equal(ours.mask, theirs.mask) and np.array_equal(ours.actions[ours.mask], theirs.actions[ours.mask])
    assert np.array_equal(ours.states, theirs.states)
    assert np.array_equal(ours.ended, theirs.ended) and np.array_equal(ours.first_step, theirs.first_step)
    same_reward(state, answers)


@pytest.mark.slow
def test_a_stranger_who_reads_the_log_of_a_chat_learns_the_same_reward():
    state = run("one", "small_chat", rounds=1)
    told = [label for label in labels_in("one") if label["kind"] == "ranking"]
    prompts = [text["prompt"] for label in told for text in label["shows"]]
    _, actions, mask = state.game.demonstrations(prompts, [text["text"] for label in told for text in label["shows"]])
    state.answers = state.answers.of(("ranking",))
    answers = Answers(replay(state.game, state.game.ask(prompts), actions, mask, None), state.answers.kind,
                      np.arange(20).reshape(5, 4),
                      np.array([label["place"] for label in told]), np.array([label["said"] for label in told]),
                      state.answers.person,
                      state.answers.round, np.zeros((5, 0)))
    same_reward(state, answers)


def test_history_csv_has_one_row_of_the_same_numbers_per_round_and_no_part_files_stay():
    state = run("one")
    with open("one/history.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 and list(rows[0]) == list(state.history[1]) or set(rows[0]) == set(state.history[1])
    for row, numbers in zip(rows, state.history):
        told = {name: text for name, text in row.items() if text}
        assert told == {name: str(value) for name, value in numbers.items()}
    assert sorted(os.listdir("one")) == ["checkpoint.npz", "feedback.jsonl", "history.csv", "run.json"]


def test_each_training_step_is_in_the_log_once_with_the_policy_it_led_to():
    steps = {}
    for folder, source in (("one", ()), ("two", ["--human", "recorded", "--from", "one/feedback.jsonl"])):
        assert cli.main(["run", "bandit", "--rounds", "3", "--questions", "5", *source, "--out", folder]) == 0
        steps[folder] = [event for event in log.events(f"{folder}/feedback.jsonl") if event["k"] == "train"]
        assert [(step["round"], step["answers"]) for step in steps[folder]] == [(1, 5), (2, 10), (3, 15)]
        assert steps[folder][-1]["policy"] == runs.fingerprint(runs.load(folder).policy)
        assert len({step["policy"] for step in steps[folder]}) == 3
    assert [step["policy"] for step in steps["one"]] == [step["policy"] for step in steps["two"]]
    os.remove("one/checkpoint.npz")                                      # it learns again, and from the same
    assert cli.main(["run", "bandit", "--resume", "one"]) == 0
    assert [event for event in log.events("one/feedback.jsonl") if event["k"] == "train"] == steps["one"]


def test_a_run_on_the_true_reward_has_no_answers():
    state = run("one", person="nobody")
    assert {event["k"] for event in log.events("one/feedback.jsonl")} == {"run", "train"}
    assert runs.load("one").answers is None
    assert bytes_of(state) == bytes_of(runs.load("one"))


def test_saving_twice_logs_nothing_twice():
    kept = []

    def save_again(at_work):
        kept.append(Path("one/feedback.jsonl").read_bytes())
        at_work.save(at_work.state)
        kept.append(Path("one/feedback.jsonl").read_bytes())
    run("one", feedback="demonstration", on_round=save_again)
    assert len(kept) == 4 and kept[::2] == kept[1::2]


def test_a_round_writes_what_is_new_and_no_file_grows_with_the_answers():
    sizes = []

    def look(at_work):
        sizes.append((Path("one/feedback.jsonl").read_bytes(), Path("one/checkpoint.npz").stat().st_size,
                      os.stat("one/feedback.jsonl").st_ino,
                      len(json.dumps(at_work.state.history))))
    run("one", on_round=look, rounds=12, questions=40)
    logs, checkpoints, inodes, histories = zip(*sizes)
    assert all(after.startswith(before) for before, after in zip(logs, logs[1:])) and len(set(inodes)) == 1
    written = np.diff([len(text) for text in logs])
    assert written.max() < 1.05 * written.min()
    assert checkpoints[-1] - checkpoints[3] < 4 * (histories[-1] - histories[3]) + 1000 < written[0] * 8


def test_a_second_holder_of_a_folder_is_refused_in_one_line(capsys):
    settings = settings_for("bandit", **SMALL)
    runs.create("one", settings)
    with runs.Run("one", runs.begin(settings)):
        before = saved_names = sorted(os.listdir("one"))
        line = refusal(runs.Run, "one", runs.begin(settings))
        assert "at work" in line and str(os.getpid()) in line
        assert cli.main(["run", "bandit", "--resume", "one"]) == 2
        out, err = capsys.readouterr()
        assert out == "" and err.count("\n") == 1 and "at work" in err
        assert cli.main(["run", "bandit", "--out", "one"]) == 2
        assert sorted(os.listdir("one")) == before == saved_names
    assert len(go_on("one").history) == 2                           # the lock went with its holder


def command(*options):
    """A run by the front door, without its report."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cli, "finish", lambda *_: None)
        assert cli.main(["run", "bandit", "--rounds", "2", "--questions", "5", "--seed", "3", *options]) == 0


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """What a run in a folder of its own leaves behind, made once."""
    folder = str(tmp_path_factory.mktemp("bandit") / "undisturbed")
    command("--out", folder)
    return saved(folder)


@pytest.mark.parametrize("left", [["run.json.part"], ["lock"], ["run.json.part", "lock"]], ids=" ".join)
@pytest.mark.parametrize("option", ["--out", "--resume"])
def test_a_folder_left_by_a_kill_before_the_run_began_goes_on(undisturbed, left, option):
    os.mkdir("one")
    for name in left:
        Path("one", name).write_text("{")
    command(option, "one")
    assert saved("one") == undisturbed and not {"lock", "run.json.part"} & set(os.listdir("one"))


# ---- logs of others

def write_log(path, labels, world=None):
    """A log of format 1 (version of the labels without a world), or of format 2."""
    rows = [("label", label) for label in labels]
    if world:
        rows = [("run", {"world": world, "settings": {}, "numpy": "2"}), *rows]
    Path(path).write_bytes(b"".join(log.seal({"v": 2 if world else 1, "seq": seq, "k": kind,
                                              "t": "2026-01-01T00:00:00.000Z", **fields})
                                    for seq, (kind, fields) in enumerate(rows)))


def pull(machine):
    return {"first_step": 0, "ended": True, "states": [0, 0], "actions": [machine], "rewards": [0.0]}


def compared(better, worse, answer="first", left="second"):
    old = [{name: value for name, value in pull(machine).items() if name != "rewards"} for machine in (better, worse)]
    return {"verb": "compare", "who": "ada", "ans": answer, "left": left, "first": old[0], "second": old[1]}


def replayed(path, world="bandit", **changes):
    settings = settings_for(world, **{**SMALL, "person": "recorded", **changes})
    state = short(runs.begin(settings))
    source = runs.source_of(path, state, settings)
    return go_on(runs.create("again", settings), state, source=source)


def test_comparisons_of_format_1_are_read_one_round_after_the_other():
    answers = ["first", "second", "same", "cant tell", "skip"] * 2
    write_log("old.jsonl",
              [compared(i % 5, (i + 1) % 5, answer, ["first", "second"][i % 2]) for i, answer in enumerate(answers)])
    state = replayed("old.jsonl")
    assert state.answers.said[:, 0].tolist() == [0, 1, 2, -1, -2] * 2
    assert state.answers.round.tolist() == [1] * 5 + [2] * 5
    assert state.answers.place.tolist() == [[0, 1], [1, 0]] * 5 and set(state.answers.person) == {"ada"}
    shown = state.answers.episodes.actions[state.answers.shows[:, 0], 0]
    assert shown.tolist() == [0, 1, 2, 3, 4] * 2
    assert bytes_of(runs.load("again")) == bytes_of(state)
    assert {event["v"] for event in log.events("again/feedback.jsonl")} == {2}        # and are kept as format 2
    kept = replayed_again()
    assert bytes_of(kept) == bytes_of(state)


def test_a_stopped_replay_of_format_1_goes_on_in_format_2():
    write_log("old.jsonl", [compared(i % 5, (i + 1) % 5) for i in range(10)])
    whole = replayed("old.jsonl")
    settings = settings_for("bandit", **{**SMALL, "person": "recorded"})
    source = runs.source_of("old.jsonl", short(runs.begin(settings)), settings)
    with runs.Run(runs.create("two", settings), state := short(runs.begin(settings)), source) as at_work:
        rlhf(state, 1, on_round=lambda state, row: at_work.save(state))
    assert bytes_of(go_on("two", source=source)) == bytes_of(whole)


def replayed_again():
    os.rename("again", "once")
    return replayed("once/feedback.jsonl")


def test_rankings_of_format_1_are_read():
    state = find("small_chat")(**{**SMALL, "rounds": 1})
    texts = ["tea is hot.", "sure! tea is hot.", "no idea.", "tea."]
    order = [1, 0, 3, 2]
    label = {"verb": "rank", "who": "ada", "prompt": "what is tea?", "options": texts, "order": order}
    answers = from_labels([modern(label)], state.game, Texts())
    assert answers.kind.tolist() == ["ranking"] and answers.said.tolist() == [order]
    assert state.game.decode(answers.episodes.states[:, -1]) == texts
    assert state.game.asked(answers.episodes.states[:, 0]) == ["what is tea?"] * 4


def good(**changes):
    return {"kind": "preference", "who": "ada", "round": 1, "said": [0], "place": [0, 1], "shows": [pull(0), pull(1)],
            **changes}


@pytest.mark.parametrize("world, label, settings, named", [
    ("gridworld", good(), {}, "expected the log of a run on bandit, got one on gridworld"),
    ("bandit", good(kind="applause"), {}, "'applause'"),
    ("bandit", good(said=[7]), {}, "0 (first), 1 (second) or 2 (same)"),
    ("bandit", good(said="maybe"), {}, "'maybe'"), ("bandit", good(said=[0.5]), {}, "expected a whole number"),
    ("bandit", good(kind="rating", shows=[pull(0)], place=[0], said=[5]), {"feedback": "rating"},
     "a grade from 0 to 4"),
    ("bandit", good(kind="rating", shows=[pull(0)], place=[0]), {},
     "expected answers of the kinds that this run asks for (preference), got rating"),
    ("bandit", good(kind="ranking", shows=[pull(0), pull(1), pull(2)], place=[0, 1, 2], said=[0, 2, 2]),
     {"feedback": "ranking"}, "best first"),
    ("bandit", good(kind="ranking", shows=[pull(0), pull(1), pull(2)], place=[0, 1, 2], said=[0, 3, 1]),
     {"feedback": "ranking"}, "best first"),
    ("bandit", good(shows=[pull(0), pull(9)]), {}, "actions"),
    ("bandit", good(shows=[pull(0)], place=[0]), {}, "expected 2 episodes for each preference, got 1"),
    ("bandit", good(shows=[pull(0)] * 3, place=[0, 1, 2]), {}, "expected 2 episodes for each preference, got 3"),
    ("bandit", good(shows=[pull(0), {**pull(0), "actions": [0.5]}]), {}, "actions: expected integers from 0 to 4"),
    ("bandit", good(shows=[pull(0), {**pull(0), "states": [0.0, 0.7]}]), {}, "states"),
    ("bandit", good(shows=[pull(0), {**pull(0), "states": [0], "actions": [], "rewards": []}]), {}, "actions"),
    ("bandit", good(shows=[pull(0), {**pull(0), "states": [0, 3]}]), {}, "states"),
    ("bandit", good(shows=[pull(0), {**pull(0), "states": [[0.5, 1, 2, 3]] * 2}]), {}, "states"),
    ("bandit", good(shows=[pull(0), {"text": "moon"}]), {}, "line 2: expected 'states'"),
    ("bandit", {"q": 3}, {}, "expected 'round'"),
    ("gridworld", good(kind="comment", said="louder, please"), {"feedback": "comment"},
     "'mind the flowers', 'not into the lava'"),
    ("capture_go", good(kind="rating", place=[0], shows=[{**pull(0), "states": [[1] + [0] * 16] * 2, "actions": [0]}]),
     {"feedback": "rating"}, "actions: expected one that is legal there (1, 2, 3, 4"),
    ("gridworld", good(kind="demonstration", said=[0], shows=[{**pull(0), "states": [[0.0] * 4] * 2}]),
     {"feedback": "demonstration"}, "states")])
def test_a_log_that_cannot_be_learned_from_is_one_line_before_anything_is_written(capsys, here, world, label, settings,
                                                                                  named):
    write_log("log.jsonl", [label], world)
    into = world if settings else "bandit"
    options = [word for name, value in settings.items() for word in (f"--{name}", value)]
    assert cli.main(["run", into, *options, "--human", "recorded", "--from", "log.jsonl", "--out", "new"]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and err.startswith("tinyrlhf: log.jsonl: ") and named in err
    assert sorted(os.listdir(here)) == ["log.jsonl"]


@pytest.mark.parametrize("told, cause", [
    ([{"k": "run", "settings": {"task": "pick", "seed": 3}}], "that run had task pick, this one has reach"),
    ([{"k": "run", "settings": {"task": "reach", "seed": 3, "person": "human"}}], "was it edited?"),
    ([{"k": "label"}], "is it the log of another world?")])
def test_a_log_that_cannot_be_read_is_said_to_be_another_worlds_only_if_it_may_be(told, cause):
    assert runs.cause_of(told, settings_for("arm", person="recorded")) == cause


@pytest.mark.parametrize("version", [0, 3, "2"])
def test_a_log_of_a_newer_version_is_one_line_before_anything_is_written(capsys, here, version):
    run("one", rounds=1)
    line = log.seal({"v": version, "seq": 0, "k": "label", "t": "2026-01-01T00:00:00.000Z"})
    Path("log.jsonl").write_bytes(line)
    Path("one/feedback.jsonl").write_bytes(line)
    before = {path: path.read_bytes() for path in here.rglob("*.*")}
    for options in (["--human", "recorded", "--from", "log.jsonl", "--out", "new"], ["--resume", "one"]):
        assert cli.main(["run", "bandit", *options]) == 2
        out, err = capsys.readouterr()
        assert out == "" and err.count("\n") == 1 and "newer version" in err
    assert {path: path.read_bytes() for path in here.rglob("*.*")} == before


def test_the_log_of_another_world_or_run_in_the_folder_is_one_line_before_anything_changes(here):
    run("one")
    run("other", "gridworld")
    run("longer", rounds=1, questions=7)
    for place, said in (("other", "expected the log of a run on bandit, got one on gridworld"),
                        ("longer", "but checkpoint.npz was made with")):
        shutil.copy(f"{place}/feedback.jsonl", "one/feedback.jsonl")
        before = {path: path.read_bytes() for path in Path("one").iterdir()}
        assert said in refusal(runs.load, "one")
        assert cli.main(["run", "bandit", "--resume", "one"]) == 2
        assert {path: path.read_bytes() for path in Path("one").iterdir()} == before
    os.remove("one/feedback.jsonl")
    assert "is a part missing?" in refusal(runs.load, "one")


def test_what_was_shown_otherwise_than_now_is_learned_from_and_said():
    run("one")
    settings = settings_for("bandit", **{**SMALL, "seed": 4, "person": "recorded"})
    state = short(runs.begin(settings))
    source = runs.source_of("one/feedback.jsonl", state, settings)
    with runs.Run(runs.create("two", settings), state, source) as at_work:
        rlhf(state, on_round=lambda state, row: at_work.save(state))
        assert "round 1: the log shows other episodes" in at_work.book.differences[0]
    assert [label["shows"] for label in labels_in("two")] == [label["shows"] for label in labels_in("one")]


def test_a_log_that_ends_before_the_run_does_is_refused_before_anything_is_written():
    run("one", rounds=2)
    assert "expected 5 answers in round 3, got 0" in refusal(lambda: replayed("one/feedback.jsonl", rounds=3))
    assert "expected 4 answers in round 1, got 5" in refusal(lambda: replayed("one/feedback.jsonl", questions=4))
    write_log("old.jsonl", [compared(0, 1, "first", "first")] * 7)       # of format 1, which knew no rounds
    assert "expected 5 answers in round 2, got 2" in refusal(lambda: replayed("old.jsonl", rounds=2))
    assert not os.path.exists("again")


def test_a_run_that_repeats_a_log_goes_on_with_that_log_or_not_at_all(capsys):
    run("one")
    settings = settings_for("bandit", **{**SMALL, "person": "recorded"})
    state = short(runs.begin(settings))
    runs.create("two", settings)
    assert "expected --human recorded --from LOG" in refusal(runs.Run, "two", state)
    assert "expected a log that holds these answers" in refusal(rlhf, state)
    assert cli.main(["run", "bandit", "--resume", "two"]) == 2
    source = ["--human", "recorded", "--from", "one/feedback.jsonl"]
    assert cli.main(["run", "bandit", *source, "--without-feedback"]) == 2
    assert cli.main(["run", "bandit", *source, "--agreement", "0.6"]) == 2
    said = capsys.readouterr().err
    assert "agreement: expected nothing" in said and "expected neither --on-true-reward" in said
    assert not os.path.exists("two/feedback.jsonl") or not labels_in("two")


def test_a_stopped_replay_goes_on_with_the_log_that_it_began_with():
    run("one")
    run("other", seed=9)
    settings = settings_for("bandit", **{**SMALL, "person": "recorded"})
    logs = [Path(folder, "feedback.jsonl") for folder in ("one", "other")]
    first, second = (runs.source_of(path, short(runs.begin(settings)), settings) for path in logs)
    with runs.Run(runs.create("two", settings), state := short(runs.begin(settings)), first) as at_work:
        rlhf(state, 1, on_round=lambda state, row: at_work.save(state))
    assert "the log that this run began with" in refusal(go_on, "two", None, lambda run: None, second)
    assert bytes_of(go_on("two", source=first)) == bytes_of(runs.load("one"))


def test_nobody_reports_on_a_run_while_somebody_is_at_work_in_its_folder(capsys):
    run("one")
    with Lock("one"):
        assert cli.main(["show", "one"]) == 2
    assert "expected nobody else at work here" in capsys.readouterr().err


def test_names_may_hold_anything():
    labels = [{**good(kind="rating", shows=[pull(i % 5)], place=[0], said=[i % 5]), "round": 1 + i // 5,
               "who": "a\nb"} for i in range(10)]
    write_log("log.jsonl", labels, "bandit")
    state = replayed("log.jsonl", feedback="rating")
    assert bytes_of(runs.load("again")) == bytes_of(state)


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
        patch.setattr(saving.os, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        assert "No space left" in refusal(runs.create, "mine", settings_for("bandit"))
    assert os.listdir("mine") == []
    assert runs.create("mine", settings_for("bandit")).name == "mine" and os.listdir("mine") == ["run.json"]


# ---- damage

@pytest.fixture(scope="module")
def once(tmp_path_factory):
    """A run of one round, made once."""
    folder = tmp_path_factory.mktemp("bandit") / "one"
    run(folder, rounds=1)
    return folder


@pytest.fixture
def begun(once):
    """The same run, to be damaged."""
    shutil.copytree(once, "one")
    return "one"


def settings_text(**changes):
    return json.dumps({"settings": {**settings_for("bandit", **SMALL), **changes}})


def without(name):
    settings = settings_for("bandit")
    del settings[name]
    return json.dumps({"settings": settings})


@pytest.mark.parametrize("text, named", [
    ("", "JSONDecodeError"), ("{", "JSONDecodeError"), ("[]", "TypeError"), ("{}", "settings"),
    ('{"settings": []}', "TypeError"),
    ('{"settings": "bandit"}', "TypeError"), ('{"settings": null}', "TypeError"), ("[" * 100_000, "Recursion"),
    ("\udcff", "Unicode"),
    (without("world"), "world"), (without("rounds"), "rounds"), (settings_text(speed=3), "speed"),
    (settings_text(world="mars"), "'mars'"),
    (settings_text(world=["bandit"]), "world"), (settings_text(learner=None), "learner"),
    (settings_text(learner="magic"), "'magic'"),
    (settings_text(person=["coin"]), "person"), (settings_text(feedback="applause"), "'applause'"),
    (settings_text(feedback=3), "feedback"), (settings_text(feedback="stop"), "'stop'"),
    (settings_text(feedback="rating,rating"), "once"), (settings_text(seed="3"), "seed"),
    (settings_text(seed=-1), "seed"),
    (settings_text(seed=True), "seed"), (settings_text(rounds=2.5), "rounds"), (settings_text(rounds=[2]), "rounds"),
    (settings_text(kl_coef="0.1"), "kl_coef"), (settings_text(kl_coef=True), "kl_coef"),
    (settings_text(kl_coef=None), "kl_coef"), (settings_text(kl_coef=float("nan")), "kl_coef"),
    (settings_text(agreement="high"), "agreement"), (settings_text(agreement=1.5), "agreement"),
    (settings_text(rationality=-1), "rationality"),
    (settings_text(agreement=0.9, rationality=1), "agreement or rationality")])
def test_an_edited_run_json_is_refused_by_name(capsys, begun, text, named):
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


@pytest.mark.parametrize("made_with, said",
                         [('{"colour": "red"}', "says"), ("more", "says colour = None"), ("[1]", "cannot be read"),
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
        Path("one/run.json").write_text(settings_text(**changes), encoding="utf-8")
        assert cli.main(["show", "one"]) == 2 and cli.main(["run", "bandit", "--resume", "one"]) == 2
        err = capsys.readouterr().err
        assert all(line.isprintable() for line in err.split("\n")) and "\\x1b" in err


def test_a_checkpoint_cut_short_or_with_a_flipped_bit_is_refused_or_was_not_touched(capsys):
    whole = bytes_of(run("one", "gridworld"))
    path, rng = "one/checkpoint.npz", np.random.default_rng(0)
    data = open(path, "rb").read()
    flipped = [bytearray(data) for _ in range(30)]
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
    assert refused > 20
    Path(path).write_bytes(data[:-9])
    assert cli.main(["show", "one"]) == 2 and cli.main(["run", "gridworld", "--resume", "one"]) == 2
    assert capsys.readouterr().err.count("tinyrlhf: run: ") == 2


def test_the_checkpoint_of_another_run_is_refused():
    run("one")
    for place, changes in (("world", {"world": "gridworld"}), ("learner", {"learner": "ppo"})):
        run(place, **changes)
        shutil.copy("one/checkpoint.npz", os.path.join(place, "checkpoint.npz"))
        assert "checkpoint.npz" in refusal(runs.load, place)


def alike(one, other):
    return one is not None and (one.dtype, one.shape, one.tobytes()) == (other.dtype, other.shape, other.tobytes())


def wrong_content(flat, rng):
    """(what was done, the same entries with one that is something else)."""
    name = str(rng.choice(list(flat)))
    value = flat[name]
    changed = value.astype(float) if value.dtype.kind in "iub" else np.array([1.0])
    if value.dtype.kind == "f":
        changed = value.astype({4: np.float64, 8: np.float32}[value.dtype.itemsize])
    nan = np.full(value.shape, np.nan)
    others = {"left out": None, "empty": np.zeros(0), "scalar": np.float64(1.0), "other type": changed, "NaN": nan,
              "longer": np.append(value, value), "deep": np.array("[" * 100_000), "null": np.array("null"),
              "huge": np.array('{"x": ' + "9" * 400 + "}"), "text": np.array("moon"),
              "rows": np.array('[{"round": 1}]'), "one more": value}
    how = str(rng.choice(list(others)))
    if how == "scalar" and not value.shape or alike(others[how], value):                  # it may be right
        how = "text"
    if how == "one more":
        return f"{how} {name}", {**flat, name + "s": value}
    kept = {each: flat[each] for each in flat if each != name}
    return f"{how} {name}", kept if others[how] is None else {**kept, name: others[how]}


@pytest.mark.parametrize("tries", [60, pytest.param(2000, marks=pytest.mark.slow)])
def test_a_checkpoint_of_wrong_content_is_one_line_and_none_is_taken_silently(begun, tries):
    flat, rng = archives.arrays_in("one/checkpoint.npz"), np.random.default_rng(0)
    for _ in range(tries):
        how, wrong = wrong_content(flat, rng)
        if "answered" in how.split() and "answered" not in wrong:       # older checkpoints have none
            continue
        np.savez("one/checkpoint.npz", **wrong)
        with pytest.raises(ValueError) as error:
            pytest.fail(f"{how}: {type(runs.load('one'))}")
        assert "\n" not in str(error.value) and len(str(error.value)) < 1000, how


def damaged(data, number, rng):
    """A checkpoint's bytes, cut, with one bit flipped, eight bytes overwritten, a stretch reversed or replaced."""
    changed, (start, end) = bytearray(data), np.sort(rng.integers(len(data), size=2))
    if number % 4 == 0:
        return changed[:start]
    if number % 4 == 1:
        changed[start] ^= 1 << int(rng.integers(8))
    elif number % 4 == 2:
        changed[start:start + 8] = rng.bytes(8)
    else:
        changed[start:end] = changed[start:end][::-1] if number % 8 == 3 else rng.bytes(int(rng.integers(1000)))
    return changed


@pytest.mark.slow
def test_damaged_checkpoints_are_refused_or_untouched_and_need_no_memory(begun, tries=1000):
    resource = pytest.importorskip("resource")
    whole, path, rng = bytes_of(runs.load("one")), Path("one/checkpoint.npz"), np.random.default_rng(1)
    data = path.read_bytes()
    before, began, refused = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time(), 0
    settings = runs.settings_of("one")
    held = {name: value.tobytes() for name, value in archives.arrays_in(path).items()}
    for number in range(tries):
        path.write_bytes(damaged(data, number, rng))
        try:
            if number % 50:
                assert {name: value.tobytes() for name, value in runs.flat_of(path, settings).items()} == held
            else:                                                     # the same, and then the rest of the run
                assert bytes_of(runs.load("one")) == whole
        except ValueError as error:
            assert "checkpoint.npz" in str(error)
            refused += 1
    assert refused > 0.9 * tries and time.process_time() - began < 60
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000      # kilobytes


def test_answers_that_were_changed_behind_a_checkpoint_are_noticed(capsys, begun):
    told = list(log.events("one/feedback.jsonl"))
    for event in told:
        if event["k"] == "label":
            event["said"] = [1 - event["said"][0]]
    Path("one/feedback.jsonl").write_bytes(b"".join(
        log.seal({name: value for name, value in event.items() if name != "crc"}) for event in told))
    assert "says something else than checkpoint.npz was made with" in refusal(runs.load, "one")


def test_a_seed_that_was_edited_before_the_first_checkpoint_is_noticed(capsys, begun):
    os.remove("one/checkpoint.npz")
    Path("one/run.json").write_text(settings_text(seed=4, rounds=1))
    assert cli.main(["run", "bandit", "--resume", "one"]) == 2
    err = capsys.readouterr().err
    assert "was begun with other settings" in err and err.count("\n") == 1


@pytest.mark.parametrize("name", ["run.json", "feedback.jsonl", "checkpoint.npz"])
@pytest.mark.skipif(os.name == "nt", reason="needs pipes with names")
def test_a_pipe_in_the_place_of_a_file_is_one_line(capsys, begun, name):
    os.remove(f"one/{name}")
    os.mkfifo(f"one/{name}")
    assert cli.main(["show", "one"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_state_with_nan_is_not_saved_and_the_last_checkpoint_stays(begun):
    state, before = runs.load("one"), Path("one/checkpoint.npz").read_bytes()
    with runs.Run("one", state) as at_work:
        state.policy.network.params.vector[0] = np.nan
        assert "policy/vector: expected finite" in refusal(at_work.save, state)
    assert Path("one/checkpoint.npz").read_bytes() == before


def test_a_poisoned_gradient_stops_the_run_in_that_step_and_the_last_checkpoint_is_good(capsys, monkeypatch, here):
    settings = ["run", "gridworld", "--rounds", "2", "--questions", "5", "--seed", "3", "--out", "one"]
    backward, calls = Table.backward, []

    def poisoned(table, cache, d_outputs):
        grads = backward(table, cache, d_outputs)
        calls.append(1)
        if len(runs_begun) == 2:
            grads.vector[7] = np.nan
        return grads

    runs_begun = [1]
    rounds = cli.Progress.round
    monkeypatch.setattr(cli.Progress, "round", lambda *it: (rounds(*it), runs_begun.append(1)))
    monkeypatch.setattr(Table, "backward", poisoned)
    assert cli.main(settings) == 2
    err = capsys.readouterr().err
    assert "gradient of table: expected finite numbers, got NaN or infinity in step" in err and err.count("\n") == 1
    assert len(runs.load("one").history) == 1 and np.isfinite(runs.load("one").policy.network.params.vector).all()


class Trap:
    def __reduce__(self):
        return os.mkdir, ("sprung",)


def test_a_checkpoint_never_unpickles(here):
    state = run("one")
    settings = json.dumps(runs.settings_of("one"))
    np.savez("one/checkpoint.npz", settings=settings,
             **{**state.state(), "policy/vector": np.array([Trap()], dtype=object)})
    assert "checkpoint.npz" in refusal(runs.load, "one")
    assert not (here / "sprung").exists()


def test_a_missing_a_foreign_and_an_unbegun_folder_are_told_apart(here):
    (here / "foreign").mkdir()
    (here / "file").write_text("")
    for name in ("missing", "foreign", "file"):
        assert f"{name} has no run.json" in refusal(runs.load, name)
    runs.create("new", settings_for("bandit", **SMALL))
    assert "before its first round" in refusal(runs.load, "new")
    assert bytes_of(runs.load("new", or_begin=True)) == bytes_of(build("bandit", **SMALL))


# ---- what an earlier report measured

@pytest.mark.slow
def test_a_second_report_keeps_the_baselines_of_the_first(capsys, monkeypatch):
    monkeypatch.setattr(report, "draw", lambda *_: None)
    cli.main(["run", "bandit", "--rounds", "2", "--questions", "5", "--baselines", "--out", "one", "--json"])
    first = json.loads(capsys.readouterr().out.splitlines()[-1])
    cli.main(["show", "one", "--json"])
    second = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert first["return_cloned"] is not None and first["kl_without_feedback"] is not None
    assert first == second                                           # the seconds, too, are those of the run


def test_a_result_that_was_edited_to_nonsense_is_not_remembered(tmp_path):
    for nonsense in ('["return_cloned"]', '{"return_cloned": "much"}', '{"return_cloned": NaN, "seconds": 1e999}',
                     "[" * 10**5, '{"seconds": ' + "9" * 400 + "}"):
        (tmp_path / "result.json").write_text(nonsense)
        assert runs.remembered(tmp_path) == {}


def test_a_run_from_before_there_was_a_choice_of_questions_can_be_shown(tmp_path):
    folder = tmp_path / "old"
    runs.create(folder, settings_for("bandit", **SMALL))
    written = json.loads((folder / "run.json").read_text())
    assert written["settings"].pop("ask") == "random"
    (folder / "run.json").write_text(json.dumps(written))
    assert runs.settings_of(folder)["ask"] == "random"
    older = {name: value for name, value in settings_for("bandit", **SMALL).items() if name != "ask"}
    np.savez(tmp_path / "checkpoint.npz", settings=json.dumps(older))    # it says nothing of it either
    assert json.loads(str(runs.flat_of(tmp_path / "checkpoint.npz", runs.settings_of(folder))["settings"])) == older
    with pytest.raises(ValueError, match="says ask = 'thompson', but checkpoint.npz was made with 'random'"):
        runs.flat_of(tmp_path / "checkpoint.npz", settings_for("bandit", **SMALL, ask="thompson"))


# ---- chat

@pytest.mark.slow
@pytest.mark.parametrize("changes", [
    {"reward": "trunk"}, {"reward": "ensemble", "person": "coin", "rounds": 2}, {"method": "dpo"},
    {"method": "best-of-n", "reward": "ngram"}], ids=str)
def test_a_chat_run_loads_as_it_was_after_each_of_its_stages(changes):
    kept = []

    def look(at_work):
        loaded = runs.load("one")
        kept.append((bytes_of(loaded) == bytes_of(at_work.state), loaded.history == at_work.state.history,
                     list(loaded.snapshots)))
    state = run("one", "small_chat", look, **{"rounds": 1, **changes})
    names = [stage.name for stage in state.plan]
    assert names[:3] == ["pretrained", "sft", "rl"]
    assert kept == [(True, True, names[:n + 1]) for n in range(len(names))]


@pytest.mark.parametrize("changes, named", [
    ({"method": "magic"}, "'magic'"), ({"method": None}, "method"), ({"method": ["dpo"]}, "method"),
    ({"reward": "eyes"}, "'eyes'"),
    ({"language": "french"}, "'french'"), ({"rounds": 10_001}, "rounds"), ({"rounds": 1.5}, "rounds"),
    ({"seed": -1}, "seed"),
    ({"seed": True}, "seed"), ({"agreement": 0.2}, "agreement"), ({"agreement": "high"}, "agreement"),
    ({"kl_coef": float("nan")}, "kl_coef"), ({"feedback": "stop"}, "'stop'"),
    ({"person": "nobody", "method": "dpo"}, "person"), ({"learner": "ppo"}, "learner"),
    ({"world": "text"}, "settings")])
def test_an_edited_run_json_of_a_chat_is_refused_by_name(changes, named):
    settings = settings_for("chat")
    folder = runs.create("one", settings)
    saving.write_whole(folder / "run.json", json.dumps({"settings": {**settings, **changes}}))
    line = refusal(runs.load, "one")
    assert "run.json" in line and named in line
