"""The command line keeps its promises: one line for a mistake and nothing left behind, honest JSON, and no run lost to
Ctrl-C."""
import contextlib
import functools
import io
import json
import os
import runpy
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tinyrlhf import cli, criteria, report, rlhf, runs, saving
from tinyrlhf.feedback import log
from tinyrlhf.feedback.answers import KINDS
from tinyrlhf.humans import zoo
from tinyrlhf.humans.simulated import Boltzmann
from tinyrlhf.worlds import find

sys.path.insert(0, str(Path(__file__).parent))
import small_chat  # noqa: E402

SMALL = ["--rounds", "2", "--questions", "5"]
CHAT = ["--questions", "6", "--seed", "3"]
FIELDS = {"world", "seed", "feedback", "seconds", "answers", "comparisons", "return_untrained", "return_after",
          "return_optimal", "return_on_true_reward",
          "objective_after", "objective_optimal", "kl", "reward_model_accuracy", "noise_ceiling", "calibration_error",
          "out"}
STOPPED = "tinyrlhf: stopped; every finished round is saved; go on with:"
ESCAPE = "a\x1b[31mred\rb"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """An empty folder to stand in; nobody pulls the plug, so that nothing has to wait for the disk."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(saving.os, "fsync", lambda _: None)
    return tmp_path


@contextlib.contextmanager
def glance():
    """Skips the figure, which takes longer than the run, and foretells fewer comparisons."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(report, "draw", lambda *_: None)
        patch.setattr(report, "held_out", functools.partial(report.held_out, n=40))
        yield


@pytest.fixture
def undrawn():
    with glance():
        yield


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The folder of a run that nobody stopped, with its figure, made once."""
    folder = str(tmp_path_factory.mktemp("bandit") / "finished")
    done("run", "bandit", *SMALL, "--seed", "3", "--out", folder)
    return folder


@pytest.fixture(scope="module")
def talker(tmp_path_factory):
    """The folder of a chat run that nobody stopped, and what it printed; made once."""
    folder, out = str(tmp_path_factory.mktemp("chat") / "talker"), io.StringIO()
    with glance(), contextlib.redirect_stdout(out):
        assert chat(*CHAT, "--out", folder) == 0
    return folder, out.getvalue()


def everything(folder):
    """All paths below a folder."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def times():
    """When each file below was written, and which folders there are."""
    return {path: path.is_file() and path.stat().st_mtime_ns for path in Path.cwd().rglob("*")}


def refused(capsys, *arguments):
    """The one line that a mistake gets; nothing on standard output, no path made or touched."""
    capsys.readouterr()
    before = times()
    assert cli.main(list(arguments)) == 2
    out, err = capsys.readouterr()
    assert times() == before
    assert out == "" and err.startswith("tinyrlhf: ") and err.endswith("\n") and err[:-1].isprintable()
    return err


def done(*arguments):
    assert cli.main(list(arguments)) == 0


def chat(*arguments):
    """A short chat run by the front door of a world's own file; returns the exit code."""
    return cli.main(list(arguments), own_world=small_chat.SMALL_CHAT)


def saved(folder):
    """All that must be equal after equal runs: the checkpoint's bytes and every answer."""
    with np.load(os.path.join(folder, "checkpoint.npz")) as flat:
        state = {name: flat[name].tobytes() for name in flat}
    answers = [{name: value for name, value in event.items() if name not in ("t", "crc")}
               for event in log.events(os.path.join(folder, "feedback.jsonl"))]
    return state, answers, open(os.path.join(folder, "history.csv")).read()


# ---- help and mistakes

@pytest.mark.parametrize("command", [[], ["run"], ["show"], ["chat"]])
def test_every_command_has_help_with_an_example(capsys, command):
    try:
        assert cli.main([*command, "--help"]) == 0
    except SystemExit as stop:
        assert stop.code == 0
    example = capsys.readouterr().out.split("example: tinyrlhf ")[1].split()
    assert cli.parser(cli.world_names()).parse_args(example).command == (command or ["run"])[0]


def test_help_imports_neither_numpy_nor_matplotlib():
    code = ("import sys\nfrom tinyrlhf.cli import main\n"
            "try: main(['--help'])\nfinally: print(sorted(sys.modules), file=sys.stderr)")
    names = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment()).stderr
    assert "'argparse'" in names and "'numpy'" not in names and "'matplotlib'" not in names


def test_help_names_every_world_and_kind_and_the_settings_of_a_world(capsys):
    done("run", "--help")
    out = capsys.readouterr().out
    worlds = ["arm", "bandit", "capture_go", "cartpole", "chat", "glass", "gridworld", "text"]
    assert cli.world_names() == worlds
    assert " | ".join(worlds) in " ".join(out.split())
    assert all(name in "".join(out.split()) for name in (*KINDS, *zoo.KNOBS, *criteria.NAMES))
    done("run", "text", "chat", "-h")
    out = capsys.readouterr().out
    for name in ("text", "chat"):
        for setting, default in find(name).defaults.items():
            assert f"--{setting.replace('_', '-')} (default {default})" in out.split(f"\n{name}: ")[1]
    assert "rloo | ppo" in out and "dialogue | sentiment" in out
    assert "  myopic:0.9 (0 to 1)   Recent steps count most" in out
    assert all(f"\n  {name}:{zoo.KNOBS[name][0]:g} (" in out for name in zoo.KNOBS)


@pytest.mark.parametrize("given, expected", [({}, "1"), ({"OMP_NUM_THREADS": "3", "MKL_NUM_THREADS": ""}, "3")],
                         ids=["nobody", "somebody"])
def test_one_thread_unless_somebody_has_said_otherwise_before_numpy_is_imported(given, expected):
    code = """import os, sys
class Watch:
    def find_spec(self, name, *_):
        if name == "numpy":
            print(*(os.environ[each] for each in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")),
            sep=",")
            sys.exit(0)
sys.meta_path.insert(0, Watch())
from tinyrlhf.cli import main
main(["show", "missing"])"""
    bare = {name: value for name, value in environment().items() if name not in cli.THREADS}
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={**bare, **given}).stdout
    assert out.strip() == f"{expected},1,{given.get('MKL_NUM_THREADS', '1')}"


@pytest.mark.parametrize("arguments, names, came", [
    ("", "required", "run | vote | play | sweep | show"), ("swim", "run", "swim"),
    ("run", "WORLD: expected one or more of arm", "none"),
    ("show", "RUN", "required"),
    ("run mars", "bandit", "mars"), ("run bandit bandit", "WORLD", "bandit bandit"),
    ("run bandit --frob", "--frob", "--frob"), ("run bandit --frob 3", "--frob", "got 3"),
    ("run bandit loose", "bandit", "loose"),
    ("show one --frob", "--frob", "unrecognized"),
    ("run bandit --learner magic", "ppo", "magic"),
    ("run bandit --agreement 1.5", "agreement", "1.5"), ("run bandit --agreement 0.2", "agreement", "0.2"),
    ("run bandit --agreement nan", "agreement", "nan"),
    ("run bandit --agreement 0.9 --rationality 2", "agreement or rationality", "both"),
    ("run bandit --rationality -1", "rationality", "-1"), ("run bandit --rationality nan", "rationality", "nan"),
    ("run bandit --seed x", "--seed", "'x'"), ("run bandit --seed 1.5", "--seed", "1.5"),
    ("run bandit --seed -1", "seed", "-1"),
    ("run bandit --rounds 0", "rounds", "0"), ("run bandit --rounds 10001", "rounds", "10001"),
    ("run bandit --questions 0", "questions", "0"), ("run bandit --kl-coef", "--kl-coef", "one"),
    ("run bandit --kl-coef -1", "kl_coef", "-1"), ("run bandit --kl-coef nan", "kl_coef", "nan"),
    ("run bandit --on-true-reward --without-feedback", "--without-feedback", "--on-true-reward"),
    ("run bandit --person recorded", "--human: expected neither", "since others answer; got simulated and recorded"),
    ("run bandit --on-true-reward --baselines", "--baselines", "--on-true-reward"),
    ("run bandit --without-feedback --agreement 0.9", "agreement", "no effect with coin flips"),
    ("run bandit --on-true-reward --questions 5", "questions", "no effect with training on the true reward"),
    ("run bandit --on-true-reward --feedback rating", "feedback", "no effect with training on the true reward"),
    ("run bandit --person nobody --rationality 3", "rationality", "no effect"),
    ("run bandit --person cat", "person: expected simulated, recorded, human, coin, nobody; or one or more",
     "'cat'"),
    ("run bandit --person myopic:2", "person myopic: expected a number from 0.0 to 1.0", "2.0"),
    ("run bandit --person camps+annotators", "nobody is both", "camps+annotators"),
    ("run bandit --person oracle --agreement 0.8", "agreement, rationality: expected nothing, since person oracle",
     "0.8"),
    ("run bandit --person skip --without-feedback", "--person: expected nobody else", "skip"),
    ("run gridworld --person position --feedback rating", "it changes nothing that is said of rating", "'position'"),
    ("run gridworld --ask thompson --feedback demonstration", "ask: expected random", "thompson for demonstration"),
    ("run bandit --ask me", "ask: expected one of random, uncertainty, disagreement", "'me'"),
    ("run bandit --on-true-reward --ask thompson", "ask", "no effect with training on the true reward"),
    ("run chat --method dpo --ask thompson", "ask", "no effect with method dpo"),
    ("run bandit --feedback applause", "one of preference, ranking, rating, thumb, demonstration, correction; got",
     "'applause'"),
    ("run bandit --feedback stop", "one of preference, ranking, rating, thumb, demonstration, correction; got",
     "'stop'"),
    ("run text --seed 7 --feedback rating,stop",
     "one of preference, ranking, rating, thumb, demonstration, correction, comment, credit; got", "'stop'"),
    ("run chat --feedback stop",
     "one of preference, ranking, rating, thumb, demonstration, correction, comment, credit; got", "'stop'"),
    ("run gridworld --feedback rating,rating", "feedback: expected each kind once", "rating,rating"),
    ("run gridworld --feedback=", "feedback", "''"),
    ("run gridworld bandit --feedback stop", "feedback on bandit", "'stop'"),
    ("run bandit --human recorded", "--from", "--human recorded"),
    ("run bandit --from x", "--from", "--human recorded"),
    ("run bandit --human recorded --from missing.jsonl", "missing.jsonl", "No such file"),
    ("run bandit --human parrot", "recorded", "parrot"),
    ("run bandit --resume missing", "run.json", "missing"), ("show missing", "run.json", "missing"),
    ("run chat --method magic", "best-of-n", "magic"), ("run chat --reward eyes", "ensemble", "eyes"),
    ("run chat --language french", "sentiment", "french"), ("run chat --learner ppo", "--learner", "ppo"),
    ("run chat --method best-of-n --kl-coef 0.1", "kl_coef", "no effect with method best-of-n"),
    ("run bandit --method dpo", "--method", "dpo"), ("run text --reward ngram", "--reward", "ngram"),
    ("run cartpole --language dialogue", "--language", "dialogue"), ("run chat --rounds 10001", "rounds", "10001"),
    ("run chat --questions 0", "questions", "0"), ("run chat --agreement 0.2", "agreement", "0.2"),
    ("run chat --seed -1", "seed", "-1"),
    ("run chat --kl-coef -1", "kl_coef", "-1"), ("run chat --kl-coef nan", "kl_coef", "nan"),
    ("run chat --method dpo --kl-coef 0", "kl_coef", "0.001"),
    ("run chat --method best-of-n --on-true-reward", "person", "nobody"),
    ("run chat --method dpo --on-true-reward", "person", "nobody"),
    ("run chat --without-feedback --agreement 0.9", "agreement", "no effect with coin flips"),
    ("run chat --on-true-reward --questions 5", "questions", "no effect with training on the true reward"),
    ("run chat --resume missing", "run.json", "missing"), ("chat missing", "run.json", "missing"),
    ("chat", "RUN", "required"),
    ("chat missing --seed x", "--seed", "'x'"),
])
def test_a_mistake_gets_one_line_and_leaves_nothing_behind(capsys, arguments, names, came):
    line = refused(capsys, *arguments.split())
    assert names in line and came in line
    assert everything(Path.cwd()) == []


@pytest.mark.parametrize("out, reason", [("file", "xists"), ("file/below", "directory"), ("full", "holds mine.txt"),
                                         ("new/" + "x" * 300, "long")])
def test_an_out_that_cannot_be_used_is_refused_and_no_folder_is_left(capsys, here, out, reason):
    (here / "file").write_text("")
    (here / "full").mkdir()
    (here / "full" / "mine.txt").write_text("mine")
    line = refused(capsys, "run", "bandit", *SMALL, "--out", out)
    assert "--out" in line and out in line and (reason in line or os.name == "nt")
    assert everything(here) == ["file", "full", os.path.join("full", "mine.txt")]


def test_a_folder_that_forbids_writing_is_refused_without_a_trace(capsys, here, monkeypatch):
    def forbidden(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(saving.os, "fsync", forbidden)
    for out in (["--out", "a/b"], []):
        assert "Permission denied" in refused(capsys, "run", "bandit", *SMALL, *out)
    assert everything(here) == []


def test_a_disk_that_fills_up_is_one_line_and_the_finished_rounds_can_go_on(capsys, undrawn, monkeypatch, finished):
    save, calls = np.savez, []

    def full(*arguments, **options):
        calls.append(1)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        save(*arguments, **options)

    monkeypatch.setattr(np, "savez", full)
    assert cli.main(["run", "bandit", *SMALL, "--seed", "3", "--out", "full"]) == 2
    err = capsys.readouterr().err
    assert err == f"tinyrlhf: full: No space left on device{STOPPED[17:]} tinyrlhf run bandit --resume full\n"
    done("run", "bandit", "--resume", "full")
    assert saved("full") == saved(finished)


def test_several_worlds_refuse_a_taken_folder_before_the_first_one_runs(capsys, here):
    (here / "taken" / "gridworld").mkdir(parents=True)
    assert "bandit gridworld" in refused(capsys, "run", "bandit", "gridworld", *SMALL, "--out", "taken")


@pytest.mark.parametrize("arguments",
                         [["run", ESCAPE], ["run", "bandit", "--" + ESCAPE], ["run", "bandit", "--resume", ESCAPE],
                          ["show", ESCAPE], ["run", "bandit", "--resume", "\udc80\u202e"]])
def test_hostile_text_in_arguments_reaches_the_terminal_escaped(capsys, arguments):
    assert "\\" in refused(capsys, *arguments)


@pytest.mark.skipif(os.name == "nt", reason="such a name is no file name on Windows")
def test_a_folder_with_a_hostile_name_is_used_but_never_printed_raw(capsys, undrawn):
    done("run", "bandit", *SMALL, "--json", "--out", ESCAPE)
    out = capsys.readouterr().out
    assert all(line.isprintable() for line in out.splitlines()) and "\x1b" not in out and "\r" not in out
    assert json.loads(out.splitlines()[-1])["out"] == ESCAPE and os.path.isdir(ESCAPE)
    assert ESCAPE.encode("unicode_escape").decode() in refused(capsys, "run", "bandit", "--out", ESCAPE)
    done("vote", "--forget", ESCAPE)
    assert "\x1b" not in capsys.readouterr().out


# ---- what comes out

def results(capsys):
    def strict(word):
        raise AssertionError(f"{word} is not JSON")

    lines = capsys.readouterr().out.splitlines()
    return [json.loads(line, parse_constant=strict) for line in lines if line.startswith("{")], lines


@pytest.mark.slow
def test_json_ends_the_output_with_one_object_per_world(capsys, undrawn):
    done("run", "bandit", "gridworld", *SMALL, "--seed", "4", "--json", "--out", "both")
    objects, lines = results(capsys)
    assert [result["world"] for result in objects] == ["bandit", "gridworld"] and lines[-1].startswith("{")
    for result in objects:
        assert FIELDS <= set(result) and result["return_on_true_reward"] is None
        assert result["seed"] == 4 and result["comparisons"] == result["answers"] == 10 and os.path.isdir(result["out"])
        assert result["return_untrained"] < result["return_optimal"] >= result["return_after"]
        assert result["kl"] >= 0 and 0 <= result["reward_model_accuracy"] <= 1 and 0 < result["seconds"] < 60


def test_nan_becomes_null_and_show_says_the_same_again(capsys, undrawn, monkeypatch):
    done("run", "bandit", *SMALL, "--json", "--out", "one")
    ran = results(capsys)[0][0]
    done("show", "one", "--json")
    again = results(capsys)[0][0]
    assert again == ran                                                # the seconds, too, are those of the run
    monkeypatch.setattr(report, "measure", lambda *_: {**ran, "kl": float("nan"), "return_after": np.float64("inf")})
    done("show", "one", "--json")
    assert results(capsys)[0][0] == {**ran, "kl": None, "return_after": None}


def test_the_true_reward_is_reported_when_asked(capsys, undrawn):
    done("run", "bandit", "--rounds", "2", "--on-true-reward", "--json")
    result = results(capsys)[0][0]
    assert result["return_on_true_reward"] == result["return_after"] and result["answers"] == 0
    assert result["reward_model_accuracy"] is None and Path(result["out"]).parts[0] == "runs"
    done("run", "bandit", *SMALL, "--baselines", "--json")
    result = results(capsys)[0][0]
    assert FIELDS | {"return_cloned", "return_without_feedback"} <= set(result)
    assert result["return_on_true_reward"] is not None


def test_piped_output_is_plain_lines(capsys, undrawn):
    done("run", "bandit", *SMALL)
    out = capsys.readouterr().out
    assert "\r" not in out and "\x1b" not in out and sum(line.startswith("round") for line in out.splitlines()) == 2


def test_only_the_run_folder_is_written(here, undrawn):
    done("run", "bandit", *SMALL, "--out", "a/b")
    files = ["checkpoint.npz", "feedback.jsonl", "history.csv", "result.json", "run.json"]
    assert everything(here) == ["a", os.path.join("a", "b"), *(os.path.join("a", "b", name) for name in files)]


# ---- interrupted

def interrupt_at(monkeypatch, owner, name, call, before=True):
    """Ctrl-C at the n-th call of a function, before or after it does its work."""
    real, calls = getattr(owner, name), []

    def stopped(*arguments, **options):
        calls.append(1)
        if len(calls) == call and before:
            raise KeyboardInterrupt
        value = real(*arguments, **options)
        if len(calls) == call:
            raise KeyboardInterrupt
        return value

    monkeypatch.setattr(owner, name, stopped)


@pytest.mark.parametrize("owner, name, call, before", [
    (rlhf, "ask", 1, True), (rlhf, "ask", 2, False), (Boltzmann, "answer", 2, False),
    (log.Log, "append_group", 1, False), (log.Log, "append_group", 3, True), (log.Log, "append_group", 3, False),
    (saving.os, "fsync", 5, True), (saving.os, "replace", 2, False), (saving.os, "replace", 5, True),
    (runs.np, "savez", 2, True), (runs.np, "savez", 2, False), (cli.Progress, "round", 1, False),
    (report, "measure", 1, True)])
def test_a_run_stopped_anywhere_and_resumed_ends_in_the_same_bytes(capsys, undrawn, monkeypatch, finished, owner, name,
                                                                   call, before):
    if owner is not report:
        monkeypatch.setattr(cli, "finish", lambda *_: None)
    with monkeypatch.context() as patch:
        interrupt_at(patch, owner, name, call, before)
        assert cli.main(["run", "bandit", *SMALL, "--seed", "3", "--out", "cut"]) == 130
    assert capsys.readouterr().err == f"{STOPPED} tinyrlhf run bandit --resume cut\n"
    done("run", "bandit", "--resume", "cut")
    assert saved("cut") == saved(finished)
    assert [event["seq"] for event in saved("cut")[1]] == list(range(1 + 2 * 7))


@pytest.mark.slow
def test_a_finished_run_may_be_resumed_and_stays_as_it_is(capsys, here, finished):
    shutil.copytree(finished, "one")
    before, files = saved("one"), everything(here)
    assert {str(Path("one", name)) for name in ("figure.json", "figure.png")} < set(files)
    os.remove(os.path.join("one", "figure.png"))
    done("run", "bandit", "--resume", "one")
    assert saved("one") == before and everything(here) == files


@pytest.mark.parametrize("arguments, came", [
    (["gridworld"], "gridworld"), (["bandit", "gridworld"], "gridworld"), (["bandit", "--seed", "0"], "seed 0"),
    (["bandit", "--rounds", "9"], "rounds 9"), (["bandit", "--learner", "ppo"], "learner ppo"),
    (["bandit", "--out", "x"], "out x"),
    (["bandit", "--without-feedback"], "person coin"), (["bandit", "--feedback", "rating"], "feedback rating")])
def test_resume_refuses_to_become_another_run(capsys, finished, arguments, came):
    line = refused(capsys, "run", *arguments, "--resume", finished)
    assert "--resume" in line and came in line


def test_resume_accepts_the_settings_that_the_run_has(undrawn, finished):
    done("run", "bandit", *SMALL, "--seed", "3", "--resume", finished)


def test_show_refuses_an_unfinished_run_and_says_how_to_finish_it(capsys, undrawn, monkeypatch):
    for place, call, rounds in (("round", 1, "1 of 2 rounds"), ("__init__", 1, "first round")):
        with monkeypatch.context() as patch:
            interrupt_at(patch, cli.Progress, place, call, before=False)
            assert cli.main(["run", "bandit", *SMALL, "--out", place]) == 130
        line = refused(capsys, "show", place)
        assert rounds in line and f"tinyrlhf run bandit --resume {place}" in line


# ---- real processes

def environment():
    source = os.path.dirname(os.path.dirname(os.path.abspath(cli.__file__)))
    return {**os.environ, "PYTHONPATH": source, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "COLUMNS": "40"}


def process(*arguments, **options):
    """The command as a process that draws no figure and listens to Ctrl-C, whoever began the tests."""
    code = ("import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
            "from tinyrlhf import cli, report; report.draw = lambda *_: None; sys.exit(cli.main())")
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    return subprocess.Popen([sys.executable, "-c", code, *arguments], text=True, env=environment(), **pipes)


@pytest.fixture
def signals():
    """The names of the three signals that stop a process, which are heard as before after the test."""
    if os.name == "nt":
        pytest.skip("other signals on Windows")
    before = {name: signal.getsignal(getattr(signal, name)) for name in ("SIGINT", "SIGTERM", "SIGHUP")}
    for name in before:
        signal.signal(getattr(signal, name), signal.SIG_DFL)
    yield before
    for name, handler in before.items():
        signal.signal(getattr(signal, name), handler)


def stopped_by(monkeypatch, name):
    """The exit code of a run as a process of its own, which gets this signal after its first round."""
    rounds = cli.Progress.round

    def stop(line, state, row):
        rounds(line, state, row)
        os.kill(os.getpid(), getattr(signal, name))
    monkeypatch.setattr(cli.Progress, "round", stop)
    monkeypatch.setattr(sys, "argv", ["tinyrlhf", "run", "bandit", *SMALL, "--seed", "3", "--out", "cut"])
    monkeypatch.setattr(cli, "BEGAN", 0.0)
    return cli.main()


@pytest.mark.parametrize("name, code", [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_each_signal_that_stops_a_run_leaves_it_saved_and_has_its_own_code(capsys, undrawn, monkeypatch, signals, name,
                                                                           code):
    with monkeypatch.context() as patch:
        assert stopped_by(patch, name) == code
    assert capsys.readouterr().err == f"{STOPPED} tinyrlhf run bandit --resume cut\n"
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN        # a stop too late to stop anything
    assert len(runs.load("cut").history) == 1


def test_a_second_stop_ends_at_once_in_one_line(capfd, undrawn, monkeypatch, signals):
    def end(code):
        raise SystemExit(code)

    monkeypatch.setattr(cli.os, "_exit", end)
    monkeypatch.setattr(cli, "complain", lambda text: os.kill(os.getpid(), signal.SIGTERM))    # too late: not heard
    assert stopped_by(monkeypatch, "SIGINT") == 130
    shutil.rmtree("cut")
    for name in signals:
        signal.signal(getattr(signal, name), signal.SIG_DFL)
    monkeypatch.setattr(log.Log, "close", lambda _: os.kill(os.getpid(), signal.SIGINT))   # while it is saving
    with pytest.raises(SystemExit) as stop:
        stopped_by(monkeypatch, "SIGINT")
    assert stop.value.code == 130 and "stopped at once" in capfd.readouterr().err


def test_who_was_told_to_ignore_the_end_of_its_terminal_goes_on(undrawn, monkeypatch, signals):
    signal.signal(signal.SIGHUP, signal.SIG_IGN)                    # nohup tinyrlhf run ...
    assert stopped_by(monkeypatch, "SIGHUP") == 0


@pytest.mark.slow
def test_fifty_stops_at_any_call_whatever_resume_to_the_same_bytes(capsys, undrawn, monkeypatch, finished):
    """A KeyboardInterrupt where it can hit a run: at the n-th call of any function, ours, Python's or numpy's."""
    monkeypatch.setattr(cli, "finish", lambda *_: None)
    arguments = ["run", "bandit", *SMALL, "--seed", "3", "--out"]
    calls = [0, None]

    def count(frame, event, argument):
        calls[0] += 1
        if calls[0] == calls[1]:
            raise KeyboardInterrupt

    def counted(folder, at=None):
        calls[:] = 0, at
        sys.setprofile(count)
        try:
            return cli.main([*arguments, folder])
        finally:
            sys.setprofile(None)

    assert counted("whole") == 0
    for number, at in enumerate(np.random.default_rng(0).integers(1, calls[0], size=50)):
        folder = f"cut-{number}"
        code = counted(folder, at)
        err = capsys.readouterr().err
        assert code in (0, 130) and err.count("\n") == (code == 130)   # 0: where Python lets nothing through
        if code == 130 and os.path.exists(folder):
            done("run", "bandit", "--resume", folder)
            assert saved(folder) == saved(finished)


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="no SIGINT for one process on Windows")
def test_a_process_stopped_in_the_middle_can_be_loaded_and_resumed(undrawn):
    settings = ["--rounds", "10", "--questions", "5", "--seed", "3"]
    done("run", "bandit", *settings, "--out", "whole")
    for signals, options in ((["SIGINT", "SIGINT"], [*settings, "--out", "cut"]), (["SIGKILL"], ["--resume", "cut"])):
        with process("run", "bandit", *options) as child:
            assert child.stdout.readline().startswith("round ")
            for name in signals:
                child.send_signal(getattr(signal, name))
            err = child.communicate(timeout=60)[1]
        assert child.returncode == (130 if signals[0] == "SIGINT" else -signal.SIGKILL)
        assert err.count("\n") == (signals[0] == "SIGINT") and "Traceback" not in err
        assert 1 <= len(runs.load("cut").history) < 10
    done("run", "bandit", "--resume", "cut")
    assert saved("cut") == saved("whole")


@pytest.mark.skipif(os.name == "nt", reason="a shell's redirections")
@pytest.mark.parametrize("words, stream", [("--help >&-", "stdout"), ("--help <&-", "stdin"),
                                           ("list > /dev/full", "output")])
def test_streams_that_cannot_be_used_are_one_line(words, stream):
    command = f"{sys.executable} -m tinyrlhf {words.replace('list', 'run bandit --help')}"
    process = subprocess.run(["sh", "-c", command], capture_output=True, text=True,
                             env={**environment(), "PYTHONUNBUFFERED": ""})
    assert process.returncode == 2 and process.stdout == ""
    assert process.stderr.startswith(f"tinyrlhf: {stream}: ") and process.stderr.count("\n") == 1


def test_letters_that_output_does_not_have_are_escaped_and_bytes_that_are_no_letters_are_read_as_a_mark(monkeypatch):
    out, told = io.BytesIO(), io.BytesIO(b"caf\xff\n")
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(out, "ascii"))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(told, "utf-8"))
    cli.open_streams()
    print("\u2212 \u043a", sys.stdin.readline().strip(), flush=True)
    assert out.getvalue() == b"\\u2212 \\u043a caf\\ufffd\n"


@pytest.mark.skipif(os.name == "nt", reason="no SIGINT for one process on Windows")
@pytest.mark.parametrize("moment", ["argparse", "tinyrlhf.faces.terminal", "tinyrlhf.worlds"])
def test_ctrl_c_while_it_is_still_starting_is_one_line(moment):
    code = f"""import os, runpy, signal, sys
class Stop:
    def find_spec(self, name, *_):
        if name == {moment!r}:
            os.kill(os.getpid(), signal.SIGINT)
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.meta_path.insert(0, Stop())
sys.argv = ["tinyrlhf", "run", "--help", "bandit"]
runpy.run_module("tinyrlhf", run_name="__main__")"""
    done = subprocess.run([sys.executable, "-S", "-c", code] if moment == "argparse" else [sys.executable, "-c", code],
                          capture_output=True, text=True, env=environment())
    assert done.returncode == 130 and done.stderr == "tinyrlhf: stopped\n"


def test_what_was_computed_is_kept_and_said_when_the_picture_fails(capsys, undrawn, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device", "one/figure.png")

    monkeypatch.setattr(report, "draw", full)
    assert cli.main(["run", "bandit", *SMALL, "--out", "one", "--json"]) == 2
    out, err = capsys.readouterr()
    assert json.loads(out.splitlines()[-1])["answers"] == 10 and json.loads(Path("one/result.json").read_text())
    assert err.startswith("tinyrlhf: one/figure.png: No space left") and err.count("\n") == 1


def test_a_folder_with_a_space_is_quoted_where_it_is_to_be_pasted(capsys, undrawn, monkeypatch):
    with monkeypatch.context() as patch:
        interrupt_at(patch, cli.Progress, "round", 1, before=False)
        assert cli.main(["run", "bandit", *SMALL, "--out", "my runs/one"]) == 130
    assert capsys.readouterr().err.endswith(" --resume 'my runs/one'\n")
    assert "--resume 'my runs/one'`" in refused(capsys, "show", "my runs/one")
    assert "try 'my runs/one'" in refused(capsys, "show", "my runs")


@pytest.mark.slow
def test_equal_seeds_give_equal_bytes_whatever_the_hash_seed_time_zone_and_locale(monkeypatch):
    for number, (hashes, zone, locale) in enumerate([("0", "UTC", "C.UTF-8"), ("77", "XYZ-13:45", "C")]):
        for name, value in (("PYTHONHASHSEED", hashes), ("TZ", zone), ("LC_ALL", locale)):
            monkeypatch.setenv(name, value)
        settings = [*SMALL, "--feedback", "rating,comment", "--seed", "3", "--out", f"run-{number}"]
        with process("run", "gridworld", *settings) as child:
            assert child.communicate(timeout=100)[1] == ""
    assert saved("run-0") == saved("run-1")


@pytest.mark.skipif(os.name == "nt", reason="pipes break otherwise on Windows")
def test_a_reader_that_leaves_after_one_line_is_no_reason_to_complain():
    with process("run", "bandit", *SMALL, "--out", "one") as child:
        assert child.stdout.readline().startswith("round")
        child.stdout.close()
        assert child.stderr.read() == ""
    assert child.returncode == 1


def test_a_terminal_shows_one_live_line_that_is_overwritten():
    pty = pytest.importorskip("pty", reason="no pseudo-terminals here")
    screen, terminal = pty.openpty()
    with process("run", "bandit", *SMALL, "--out", "one", stdout=terminal, stderr=terminal) as child:
        os.close(terminal)
        text = b""
        try:
            while chunk := os.read(screen, 4096):
                text += chunk
        except OSError:                                             # how Linux says that the other end is closed
            pass
    os.close(screen)
    live, rest = text.decode().split("bandit, seed 0", 1)
    lines = live.split("\r")
    assert child.returncode == 0 and "\n" not in live and sum(line.startswith("round") for line in lines) == 2
    assert all(len(line) < 40 for line in lines) and all("s left" in line for line in lines if line.startswith("round"))
    pairs = zip(lines, lines[1:-1])
    assert all(len(after) >= len(before.rstrip()) for before, after in pairs)           # nothing of the old line stays
    assert lines[-2].strip() == lines[-1] == ""
    assert "measuring" in lines[-3]                        # wiped before the report
    assert "best possible" in rest


# ---- a world's own file

OWN_WORLD = """import sys
import tinyrlhf.cli
from tinyrlhf.games.bandit import Bandit
from tinyrlhf.nn.networks import Table
from tinyrlhf.policies import Policy
from tinyrlhf.rewards.reward_models import OutcomeReward
from tinyrlhf.rlhf import State
from tinyrlhf.worlds import LEARNERS, generators, make_learner, rounds_of, world


@world(claim="{n} answers found the better door")
def my_world(seed=0, learner: LEARNERS = "rloo", doors=2, rounds=2, questions=5, kl_coef=0.0, feedback="preference"):
    \"\"\"A few doors.\"\"\"
    game, rngs = Bandit(means=[float(door) for door in range(doors)], noise=0.1), generators(seed)
    policy = Policy(Table(game.n_states, doors))
    model = OutcomeReward(Table(doors, 1), lambda episodes: episodes.actions[:, 0], learning_rate=0.1, batch=16)
    improver = make_learner(learner, policy, None, group=8, updates=2 * rounds, learning_rate=0.1)
    return State(game, policy, policy.copy(), improver, model, rounds_of(feedback, questions, rounds),
    episodes_per_update=8,
                 updates_per_round=2, group=8, kl_coef=kl_coef, rngs=rngs)


if __name__ == "__main__":
    sys.exit(tinyrlhf.cli.main(own_world=my_world))
"""


def test_a_world_outside_the_package_has_the_same_front_door(capsys, undrawn, here, monkeypatch, signals):
    (here / "my_world.py").write_text(OWN_WORLD)
    helped = subprocess.run([sys.executable, "my_world.py", "--help"], capture_output=True, text=True,
                            env=environment())
    assert helped.returncode == 0 and "my_world: A few doors." in helped.stdout
    assert "--doors (default 2)" in helped.stdout

    def command(*options):
        """The same in this process: exit code, standard output and error."""
        monkeypatch.setattr(sys, "argv", ["my_world.py", *options])
        with pytest.raises(SystemExit) as stop:
            runpy.run_path("my_world.py", run_name="__main__")
        return stop.value.code, *capsys.readouterr()

    code, out, err = command("--seed", "3", "--doors", "3", "--out", "one")
    assert (code, err) == (0, "") and "my_world, seed 3: 10 answers" in out
    whole = saved("one")
    for name in ("checkpoint.npz", "history.csv", "result.json"):      # as if it had been killed before its first
        os.remove(Path("one", name))                                    # round was saved
    code, _, err = command("--resume", "one")
    assert (code, err) == (0, "") and saved("one") == whole
    code, _, err = command("--feedback", "comment")
    assert code == 2 and err.count("\n") == 1 and "feedback on my_world: expected one of preference" in err
    assert find("bandit").command == "tinyrlhf run bandit"
    assert find("small_chat").command == f"python {Path(small_chat.__file__)}"


# ---- chat

@pytest.mark.slow
def test_a_chat_run_ends_with_one_object_that_has_the_promised_keys(capsys, undrawn):
    assert chat(*CHAT, "--without-feedback", "--reward", "ensemble", "--rounds", "2", "--json", "--out", "one") == 0
    (result,), lines = results(capsys)
    assert lines[-1].startswith("{") and FIELDS | {"stages", "samples", "without_kl_penalty"} <= set(result)
    assert result["world"] == "small_chat" and result["seed"] == 3 and result["answers"] == 12 + 12
    assert result["out"] == "one"
    assert result["return_untrained"] < result["return_optimal"] >= result["return_after"]
    assert result["kl"] > 0 < result["seconds"] < 100
    assert result["objective_optimal"] is None                       # nobody knows it
    assert result["reward_model_accuracy"] is not None and len(result["without_kl_penalty"]) == 2
    assert result["return_on_true_reward"] is None
    assert list(result["stages"]) == ["pretrained", "sft", "rl", "rl_2"]
    for row in result["stages"].values():
        assert {"true_return", "real_words", "kl", "bits_per_character"} <= set(row)
        assert 0 <= row["real_words"] <= 1 < row["bits_per_character"] and row["kl"] >= 0
    assert all(list(texts) == list(result["stages"]) for texts in result["samples"].values())
    assert len(result["samples"]) == 4
    done("show", "one", "--json")
    assert results(capsys)[0][0] == result


def test_what_several_people_said_is_repeated_from_its_log_to_the_same_numbers(monkeypatch):
    monkeypatch.setattr(cli, "finish", lambda *_: None)
    short = ("--rounds", "2", "--questions", "6", "--seed", "5")
    done("run", "bandit", "--person", "camps:0.3+fatigue", *short, "--out", "one")
    done("run", "bandit", "--human", "recorded", "--from", "one/feedback.jsonl", *short, "--out", "again")
    assert Path("one/history.csv").read_bytes() == Path("again/history.csv").read_bytes()


def test_a_stage_says_what_it_asks_for_before_it_begins(talker):
    lines = [line.split("  ")[2] for line in talker[1].splitlines() if line.startswith("round")]
    assert lines[:5:2] == ["pretrained begins", "sft begins: people answer 12 times (correction)",
                           "rl begins: people answer 6 times (ranking)"]


@pytest.mark.parametrize("case", [(log.Log, "append_group", 2, False), (runs.np, "savez", 3, True)],
                         ids=lambda case: f"{case[1]} {case[2]} {'before' if case[3] else 'after'}")
def test_a_chat_run_stopped_anywhere_and_resumed_ends_in_the_same_bytes(capsys, talker, monkeypatch, case):
    monkeypatch.setattr(cli, "finish", lambda *_: None)
    with monkeypatch.context() as patch:
        interrupt_at(patch, *case)
        assert chat(*CHAT, "--out", "cut") == 130
    door = find("small_chat").command
    assert capsys.readouterr().err == f"{STOPPED} {door} --resume cut\n"
    for verb in ("show", "chat"):
        line = refused(capsys, verb, "cut")
        assert f"{door} --resume cut" in line
    assert chat("--resume", "cut") == 0
    assert saved("cut") == saved(talker[0])


def test_a_run_on_another_world_is_no_chat_and_a_chat_stays_what_it_is(capsys, undrawn, finished, talker):
    assert "is a run on bandit" in refused(capsys, "chat", finished)
    shutil.copytree(talker[0], "one")
    before = saved("one")
    for arguments, came in ((["--method", "dpo"], "method dpo"), (["--seed", "4"], "seed 4"),
                            (["--without-feedback"], "person coin"),
                            (["--out", "x"], "out x")):
        assert chat(*arguments, "--resume", "one") == 2
        line = capsys.readouterr().err
        assert "--resume" in line and came in line
    assert chat(*CHAT, "--resume", "one") == 0
    assert saved("one") == before


def test_the_chat_command_reads_questions_and_stops_at_their_end(capsys, talker, monkeypatch):
    heard = []
    for seed in ("0", "0", "1"):
        capsys.readouterr()
        monkeypatch.setattr(sys, "stdin", io.StringIO("what is tea?\nwhat is love?\n" + "long " * 9 + "\n"))
        done("chat", talker[0], "--seed", seed)
        heard.append(capsys.readouterr().out.splitlines())
    assert heard[0] == heard[1] != heard[2] and len(heard[0]) == 1 + 3 + 4 + 1
    assert "at most 18 characters" in heard[0][-1]
    refused(capsys, "chat", talker[0], "--seed", "-1")


@pytest.mark.skipif(os.name == "nt", reason="such a name is no file name on Windows")
def test_a_chat_in_a_folder_with_a_hostile_name_prints_it_escaped(capsys, undrawn, talker):
    shutil.copytree(talker[0], ESCAPE)
    assert chat("--resume", ESCAPE) == 0
    out = capsys.readouterr().out
    assert all(line.isprintable() for line in out.splitlines()) and "\x1b" not in out and os.path.isdir(ESCAPE)


def test_vote_asks_what_suits_real_people_unless_told_and_run_does_not(monkeypatch):
    begun = []
    monkeypatch.setattr(cli, "run", lambda world, given, options, began: begun.append(given))
    for command in ("vote gridworld", "vote gridworld --rewarded states --rounds 3", "vote bandit",
                    "vote gridworld --lecture 127.0.0.1", "run gridworld"):
        assert cli.main(command.split()) == 0
    typed, told, bandit, room, run = begun
    assert (typed["rewarded"], typed["rounds"]) == ("features", cli.FOR_PEOPLE["rounds"])
    assert (told["rewarded"], told["rounds"]) == ("states", 3) and "rewarded" not in bandit
    assert (room["rewarded"], room["rounds"]) == ("features", cli.FOR_A_ROOM["rounds"])
    assert not {"rewarded", "rounds"} & set(run)
