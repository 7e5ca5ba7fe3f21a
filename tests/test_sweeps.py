"""A sweep is its runs, however often it is stopped and whoever carries it out."""
import json
import math
import os
import re
import subprocess
import sys
import time
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from tinyrlhf import cli, report, runs, sweeps
from tinyrlhf.diagnostics import mean_interval, student_t
from tinyrlhf.rlhf import rlhf

ROOT = Path(__file__).resolve().parent.parent
SMALL = {"rounds": 2, "questions": 3}
COMMAND = ["sweep", "bandit", "--rounds", "2", "--questions", "3", "--seeds", "2", "--vary", "kl-coef=0,.1",
           "--jobs", "1"]


class AtOnce(Executor):
    """Does what it is given when it is given, in this process; after `last` runs somebody presses Ctrl-C."""

    def __init__(self, last=math.inf):
        self.n, self.last = 0, last

    def submit(self, function, *arguments):
        self.n += 1
        future = Future()
        try:
            if self.n > self.last:
                raise KeyboardInterrupt
            future.set_result(function(*arguments))
        except (KeyboardInterrupt, BrokenExecutor, OSError) as stop:
            future.set_exception(stop)
        return future


def cells(folder, seeds=range(2)):
    return sweeps.cells_of(folder, "bandit", SMALL, {"kl_coef": [0.0, 0.1], "learner": ["reinforce", "ppo"]}, seeds)


def without_seconds(results):
    return [{name: value for name, value in result.items() if name != "seconds"} for result in results]


def test_the_quantiles_of_student_are_those_of_the_tables():
    table = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 9: 2.262, 10: 2.228, 19: 2.093, 30: 2.042, 120: 1.980}
    for df, value in table.items():
        assert student_t(df) == pytest.approx(value, abs=6e-4), df
    assert student_t(9, 0.99) == pytest.approx(3.250, abs=6e-4)


def test_an_interval_holds_the_mean_as_often_as_it_says():
    values = np.array([1.0, 4.0, 2.0, 7.0])
    mean, half = mean_interval(values)
    assert mean_interval(3 - 2 * values) == pytest.approx((3 - 2 * mean, 2 * half))
    assert math.isnan(mean_interval([1.0])[1])
    draws = np.random.default_rng(0).normal(size=(4000, 4))
    means, halves = np.transpose([mean_interval(draw) for draw in draws])
    assert abs((np.abs(means) < halves).mean() - 0.95) < 4 * math.sqrt(0.95 * 0.05 / 4000)


def test_each_cell_is_the_run_that_its_settings_describe(tmp_path):
    planned = cells(tmp_path)
    assert len(planned) == len({cell.folder for cell in planned}) == 8
    for cell, result in zip(planned[::3], sweeps.sweep(planned[::3], AtOnce())):
        state = rlhf(runs.begin(cell.settings))
        alone = report.measure(cell.settings, state)
        assert without_seconds([result]) == without_seconds([json.loads(json.dumps(alone))])
        assert runs.load_finished(cell.folder).history == state.history


def test_results_stand_in_the_order_of_their_cells_whoever_ends_first(tmp_path, monkeypatch):
    planned = cells(tmp_path, range(1))
    monkeypatch.setattr(sweeps, "finish_run", lambda folder, settings: settings)
    monkeypatch.setattr(sweeps, "as_completed", lambda futures: reversed(list(futures)))
    assert sweeps.sweep(planned, AtOnce()) == [cell.settings for cell in planned]


def test_a_sweep_that_was_stopped_repeats_nothing_and_ends_in_the_same_results(tmp_path):
    planned, whole = cells(tmp_path / "one"), sweeps.sweep(cells(tmp_path / "other"), AtOnce())
    with pytest.raises(KeyboardInterrupt):
        sweeps.sweep(planned, AtOnce(last=3))
    done = {cell.folder: os.stat(os.path.join(cell.folder, "result.json")).st_mtime_ns for cell in planned[:3]}
    assert not os.path.exists(planned[3].folder)
    assert without_seconds(sweeps.sweep(planned, AtOnce())) == without_seconds(whole)
    assert done == {cell.folder: os.stat(os.path.join(cell.folder, "result.json")).st_mtime_ns for cell in planned[:3]}


def test_a_run_stopped_between_its_rounds_goes_on_from_there(tmp_path, monkeypatch):
    planned, whole = cells(tmp_path / "one")[:1], sweeps.sweep(cells(tmp_path / "other")[:1], AtOnce())
    save, saved = runs.Run.save, []

    def stop_after_one(run, state, row=None):
        save(run, state, row)
        saved.append(len(state.history))
        if len(saved) == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(runs.Run, "save", stop_after_one)
    with pytest.raises(KeyboardInterrupt):
        sweeps.sweep(planned, AtOnce())
    assert without_seconds(sweeps.sweep(planned, AtOnce())) == without_seconds(whole)
    assert saved == [1, 2]


def test_the_best_is_named_only_where_it_leads_seed_by_seed():
    def found(**returns):
        return {name: (*mean_interval(values), values) for name, values in returns.items()}

    noise = np.array([0.0, 5.0, -3.0, 2.0])  # of the seeds; both settings share it
    assert "one is best: by 1 " in sweeps.claim_of(found(other=noise, one=noise + [1.1, 0.9, 1.0, 1.0]))
    assert "not told apart" in sweeps.claim_of(found(other=noise, one=noise[::-1] + 1.0))
    assert sweeps.claim_of(found(alone=noise)).startswith("alone: 1 ±")
    for once in (found(one=[0.5]), found(one=[0.5], other=[0.4])):
        assert sweeps.claim_of(once) == "one: 0.5, with a single seed, from which nothing follows"
        results = [{"return_untrained": 0.2, "return_optimal": None}]
        assert "nan" not in " ".join(sweeps.table(once, results))


def test_the_command_prints_a_table_and_goes_on_where_it_was(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(sweeps, "ProcessPoolExecutor", lambda *_: AtOnce())
    command = [*COMMAND, "--out", str(tmp_path / "a sweep"), "--json"]
    assert cli.main(command) == 0
    first = capsys.readouterr().out.splitlines()
    assert first[0].startswith("1/4 runs") and first[3].startswith("4/4 runs")
    found = json.loads(first[-1])
    assert list(found) == ["kl_coef=0", "kl_coef=0.1"] and all(len(each["returns"]) == 2 for each in found.values())
    assert {"sweep.json", "table.csv", "figure.png", "figure.json"} <= set(os.listdir(tmp_path / "a sweep"))
    assert cli.main(command) == 0
    out, err = capsys.readouterr()
    assert "4 of 4 runs were done before" in err and json.loads(out.splitlines()[-1]) == found
    assert cli.main([*command[:-2], str(tmp_path / "a sweep"), "--seeds", "3"]) == 2
    assert "differs in seeds" in capsys.readouterr().err


def test_a_damaged_result_is_measured_again_and_nothing_else_is(tmp_path):
    planned = cells(tmp_path)[:2]
    whole = sweeps.sweep(planned, AtOnce())
    for damage in ("{", "[]", '{"return_after": 1}', '{"return_after": null, "measure": "x"}'):
        damaged, other = (Path(cell.folder, "result.json") for cell in planned)
        damaged.write_text(damage)
        before = other.stat().st_mtime_ns
        assert without_seconds(sweeps.sweep(planned, AtOnce())) == without_seconds(whole)
        assert before == other.stat().st_mtime_ns


@pytest.mark.parametrize("error", [BrokenExecutor("a process was killed"), OSError(28, "No space left on device")])
def test_a_killed_process_or_a_full_disk_is_one_line_that_says_how_to_go_on(tmp_path, capsys, monkeypatch, error):
    def fail(*_):
        raise error

    monkeypatch.setattr(sweeps, "finish_run", fail)
    monkeypatch.setattr(sweeps, "ProcessPoolExecutor", lambda *_: AtOnce())
    assert cli.main([*COMMAND, "--out", str(tmp_path / "s")]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and str(error) in err and f"go on with the same command and --out {tmp_path}" in err


@pytest.mark.parametrize("given, expected", [
    (["--person", "human"], "person: expected simulated"), (["--seeds", "0"], "--seeds: expected a number such as 20"),
    (["--seeds", "9-3"], "--seeds: expected"),
    (["--jobs", "0"], "--jobs: expected 1 or more"), (["--vary", "kl-coef"], "--vary: expected a setting and"),
    (["--vary", "kl-coef=0,0"], "--vary: expected a setting and different"),
    (["--vary", "kl-coef=.1,0.10"], "--vary: expected different values"),
    (["--kl-coef", "1", "--vary", "kl-coef=0,1"], "--kl-coef: expected it alone or in --vary, got both"),
    (["--vary", "speed=1,2"], "--speed: expected a setting of bandit"), (["--vary", "seed=1,2"], "other than the seed"),
    (["--vary", "kl-coef=0,x"], "--kl-coef: expected a number"), (["--vary", "learner=none,ppo"], "learner: expected"),
    (["--vary", "rounds=0,1"], "rounds: expected"), (["--speed", "1"], "--speed: expected a setting of bandit")])
def test_what_makes_no_sense_is_one_line_and_leaves_no_folder(tmp_path, capsys, given, expected):
    assert cli.main(["sweep", "bandit", "--out", str(tmp_path / "new"), *given]) == 2
    out, err = capsys.readouterr()
    assert not out and err.count("\n") == 1 and re.search(re.escape(expected), err)
    assert not (tmp_path / "new").exists()


def test_a_folder_of_something_else_is_refused(tmp_path, capsys):
    (tmp_path / "mine.txt").write_text("mine")
    assert cli.main([*COMMAND, "--out", str(tmp_path)]) == 2
    assert "holds mine.txt" in capsys.readouterr().err and os.listdir(tmp_path) == ["mine.txt"]
    (tmp_path / "sweep.json").write_text("[" * 100_000)
    assert cli.main([*COMMAND, "--out", str(tmp_path)]) == 2
    assert "cannot be read" in capsys.readouterr().err


@pytest.mark.slow
def test_a_stop_of_the_sweep_alone_does_not_wait_for_the_runs_at_work(tmp_path):
    command = [sys.executable, "-m", "tinyrlhf", "sweep", "gridworld", "--rounds", "2000", "--seeds", "1",
               "--jobs", "1", "--out", str(tmp_path / "s")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            while not (tmp_path / "s/gridworld/seed-0/history.csv").exists():
                assert process.poll() is None
                time.sleep(0.05)
            process.terminate()
            _, err = process.communicate(timeout=60)  # the run would take many minutes
        finally:
            process.kill()
    assert process.returncode == 143 and "go on with the same command" in err


@pytest.mark.slow
def test_processes_give_what_one_process_gives(tmp_path):
    with ProcessPoolExecutor(2) as pool:
        many = sweeps.sweep(cells(tmp_path / "one"), pool)
    assert without_seconds(many) == without_seconds(sweeps.sweep(cells(tmp_path / "other"), AtOnce()))


@pytest.mark.slow
def test_a_dask_cluster_gives_what_one_process_gives(tmp_path):
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        with distributed.Client(cluster) as client:
            many = sweeps.sweep(cells(tmp_path / "one"), client.get_executor())
    assert without_seconds(many) == without_seconds(sweeps.sweep(cells(tmp_path / "other"), AtOnce()))
