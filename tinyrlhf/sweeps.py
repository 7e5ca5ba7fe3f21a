"""Many runs: every value with every seed, on all cores or on a cluster. Which setting is better?

    sweep.json              the world, its settings, what varies, the seeds
    kl_coef=0.02/seed-3     a run folder as any other, but for the figure: `tinyrlhf show` draws it
    table.csv               one row a run
    figure.png              every run a dot, means with their intervals; figure.json: its data

A sweep that was stopped goes on where it was: what is done is read, not repeated.
"""
import csv
import io
import itertools
import json
import multiprocessing
import os
import re
import shlex
import signal
import threading
import time
from concurrent.futures import (BrokenExecutor, CancelledError, ProcessPoolExecutor,
                                as_completed)
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from tinyrlhf import plots, report, runs
from tinyrlhf.archives import read_text
from tinyrlhf.diagnostics import mean_interval
from tinyrlhf.faces.terminal import Line, printable
from tinyrlhf.rlhf import rlhf
from tinyrlhf.saving import Lock, finite, write_json, write_whole
from tinyrlhf.worlds import find

COLUMNS = ("return_untrained", "return_after", "return_optimal", "kl", "reward_model_accuracy",
           "answers", "seconds")


class Cell(NamedTuple):
    """One run of a sweep: the values that vary, in words, all settings, its folder."""
    name: str
    settings: dict
    folder: str


def cells_of(folder, world, given, vary, seeds):
    """All runs of a sweep: each combination of values with each seed.

    vary: {setting: its values}; given: the settings that all runs share.
    """
    cells = []
    for values in itertools.product(*vary.values()):
        varied = dict(zip(vary, values))
        name = " ".join(f"{setting}={in_words(value)}" for setting, value in varied.items())
        name = name or world
        place = Path(folder, re.sub(r"[^\w.,=:+-]", "_", name.replace(" ", ",")))
        for seed in seeds:
            settings = find(world).settings(**given, **varied, seed=seed)
            cells.append(Cell(name, settings, str(place / f"seed-{seed}")))
    if len({cell.folder for cell in cells}) < len(cells):
        raise ValueError(f"--vary: expected different values, got twice the same among {vary}")
    return cells


def in_words(value):
    return f"{value:g}" if isinstance(value, float) else str(value)


def finish_run(folder, settings):
    """Begin this run or go on with it; returns its result, that of `report.measure`."""
    began = time.perf_counter()
    if done_in(folder) is None:
        if not Path(folder, "run.json").exists():
            runs.create(folder, settings)
        state = runs.load(folder, or_begin=True)
        with runs.Run(folder, state) as run:
            rlhf(state, on_round=run.save)
        result = report.measure(settings, state)
        seconds = round(time.perf_counter() - began, 2)
        write_json(Path(folder, "result.json"), {"seconds": seconds, **result})
    return done_in(folder)


def done_in(folder):
    """The result of a run that has ended; None before, or where it is damaged."""
    with suppress(OSError, *runs.UNREADABLE):
        result = json.loads(read_text(Path(folder, "result.json")))
        result["return_after"] + 0  # a number
        return result if {"measure", *COLUMNS[:3]} <= set(result) else None


def sweep(cells, executor, on_done=None):
    """The results of all cells, in their order.

    executor: any `concurrent.futures.Executor`: processes of this computer, or a cluster's, as
    Dask's `client.get_executor()` or mpi4py's `MPIPoolExecutor`, with folders that all can see.
    on_done: function (number done, cell, result), called as runs end. An error ends the sweep.
    """
    waiting = {executor.submit(finish_run, cell.folder, cell.settings): i
               for i, cell in enumerate(cells)}
    results = [None] * len(cells)
    try:
        for n_done, future in enumerate(as_completed(waiting), 1):
            i = waiting[future]
            results[i] = future.result()
            if on_done:
                on_done(n_done, cells[i], results[i])
    except BaseException:
        for future in waiting:
            future.cancel()
        raise
    return results


def summary(cells, results):
    """{name: (mean, half width of its 95 % interval, returns by seed)} of the true return."""
    returns = {}
    for cell, result in zip(cells, results):
        returns.setdefault(cell.name, []).append(result["return_after"])
    return {name: (*mean_interval(values), values) for name, values in returns.items()}


def claim_of(found):
    """What the runs show of the best setting: seed by seed against the second best."""
    best, *others = sorted(found, key=lambda name: -found[name][0])
    mean, half, values = found[best]
    if len(values) == 1:
        return f"{best}: {mean:.3g}, with a single seed, from which nothing follows"
    if not others:
        return f"{best}: {mean:.3g} ± {half:.2g} over {len(values)} seeds"
    second = others[0]
    leads = [one - other for one, other in zip(values, found[second][2])]
    lead, half = mean_interval(leads)
    if lead > half:
        return f"{best} is best: by {lead:.2g} ± {half:.2g} a seed before {second}"
    return f"{best} and {second} are not told apart: {lead:.2g} ± {half:.2g} a seed"


def table(found, results):
    """The lines of the printed table."""
    width = max(map(len, found))
    lines = [f"{'':{width}}  seeds   true return   95 % interval   lowest   highest"]
    for name, (mean, half, values) in found.items():
        between = f"{mean - half:.2f} to {mean + half:.2f}" if values[1:] else "unknown"
        lines.append(f"{printable(name):{width}}  {len(values):5}   {mean:11.2f}   {between:>13}   "
                     f"{min(values):6.2f}   {max(values):7.2f}")
    ends = [f"{name} {min(values):.2f}" if max(values) - min(values) < 0.005 else
            f"{name} {min(values):.2f} to {max(values):.2f}" for name, values in limits(results)]
    return [*lines, "   ".join(ends)]


def limits(results):
    """What the returns lie between: [(words, values)]; the best possible only where it is known."""
    known = [("untrained", "return_untrained"), ("best possible", "return_optimal")]
    held = [(words, [result[name] for result in results]) for words, name in known]
    return [(words, values) for words, values in held if None not in values]


def write(folder, cells, results):
    """table.csv, figure.png and figure.json; returns the lines to print."""
    found, text = summary(cells, results), io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["setting", "seed", *COLUMNS])
    for cell, result in zip(cells, results):
        row = [result.get(name) for name in COLUMNS]
        writer.writerow([cell.name, cell.settings["seed"], *row])
    write_whole(Path(folder, "table.csv"), text.getvalue())
    claim = claim_of(found)
    lines = {words: sum(values) / len(values) for words, values in limits(results)}
    figure = plots.sweep_figure(claim, found, lines, results[0]["measure"])
    plots.save(figure, Path(folder, "figure.png"))
    write_json(Path(folder, "figure.json"), {"claim": claim, "found": found, "lines": lines})
    return [*table(found, results), claim, f"see {printable(Path(folder, 'figure.png'))}"]


def folder_of(out, asked):
    """The folder of this sweep: new, or begun before by an equal command."""
    now = time.strftime("%Y%m%d-%H%M%S")
    folder = Path(out or f"runs/sweep-{asked['world']}-{now}")
    path = folder / "sweep.json"
    folder.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        runs.check_new(folder, "go on with an equal sweep")
        write_json(path, asked)
    try:
        begun = json.loads(read_text(path))
        other = [name for name in asked if begun.get(name) != asked[name]]
    except (ValueError, AttributeError, RecursionError) as error:
        raise ValueError(f"--out: {path} cannot be read ({type(error).__name__}: {error}); "
                         "choose another folder") from None
    if other:
        raise ValueError(f"--out: expected a new folder, or that of an equal sweep; {folder} "
                         f"differs in {', '.join(other)}")
    return folder


def seeds_of(text):
    """"20" is the seeds 0 to 19, "400-419" those twenty."""
    match = re.fullmatch(r"(?:(\d{1,9})-)?(\d{1,9})", text)
    first, last = match.groups() if match else (None, 0)
    seeds = range(int(last)) if first is None else range(int(first), int(last) + 1)
    if not 0 < len(seeds) <= 10_000:
        raise ValueError(f"--seeds: expected a number such as 20, or 400-419, got {text}")
    return seeds


def varied_of(texts):
    """{"kl_coef": ["0", ".02"]} of ["kl-coef=0,.02"]."""
    vary = {}
    for text in texts:
        name, _, values = text.partition("=")
        name, values = name.lstrip("-").replace("-", "_"), values.split(",")
        if not name or "" in values or name in vary or len(set(values)) < len(values):
            raise ValueError("--vary: expected a setting and different values, such as "
                             f"kl-coef=0,.02,.1, each setting once; got {text}")
        vary[name] = values
    return vary


def end_with_parent():
    """In a process of the pool: a stop ends it at once, as does the end of who started it."""
    def wait():
        multiprocessing.parent_process().join()
        os._exit(1)

    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_DFL)
    threading.Thread(target=wait, daemon=True).start()


def command(options, given, vary):
    """`tinyrlhf sweep WORLD --seeds 20 --vary kl-coef=0,.02,.1 --jobs 2`: what it prints."""
    if options.jobs < 1:
        raise ValueError(f"--jobs: expected 1 or more, got {options.jobs}")
    world, seeds = options.world, seeds_of(options.seeds)
    for cell in cells_of(".", world, given, vary, seeds[:1]):
        runs.begin(cell.settings)  # what is senseless leaves no folder
        if cell.settings["person"] in ("human", "recorded"):
            raise ValueError("person: expected simulated people, got " + cell.settings["person"])
    asked = {"world": world, "settings": given, "vary": vary, "seeds": list(seeds)}
    folder, line, began = folder_of(options.out, asked), Line(), time.perf_counter()
    with Lock(folder):
        cells = cells_of(folder, world, given, vary, seeds)
        n_before = sum(done_in(cell.folder) is not None for cell in cells)
        if n_before:
            line.note(f"{n_before} of {len(cells)} runs were done before")

        def say(n_done, cell, result):
            rate = max(n_done - n_before, 1) / (time.perf_counter() - began)
            line.say(f"{n_done}/{len(cells)} runs   {(len(cells) - n_done) / rate:3.0f} s left   "
                     f"{cell.name} seed {cell.settings['seed']}: {result['return_after']:.2f}")

        others = set(multiprocessing.active_children())
        pool = ProcessPoolExecutor(options.jobs, multiprocessing.get_context("spawn"),
                                   end_with_parent)
        kept = "; every finished round is saved; go on with the same command and --out "
        kept += shlex.quote(str(folder))
        try:
            results = sweep(cells, pool, say)
        except (KeyboardInterrupt, CancelledError):
            raise KeyboardInterrupt(kept) from None
        except BrokenPipeError:
            raise
        except (BrokenExecutor, OSError) as error:  # killed for its memory, a full disk
            raise ValueError(f"{folder}: {str(error).rstrip('.')}{kept}") from None
        finally:
            with suppress(Exception):
                pool.shutdown(wait=False, cancel_futures=True)
            for child in set(multiprocessing.active_children()) - others:
                child.terminate()  # else it would end its run first
        lines = write(folder, cells, results)
    line.close()
    if options.json:
        found = {name: {"mean": mean, "half_width": half, "returns": values}
                 for name, (mean, half, values) in summary(cells, results).items()}
        lines.append(json.dumps(finite(found)))
    return "\n".join(lines)
