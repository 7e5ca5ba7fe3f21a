"""How does the cost of a run grow: with its rounds, with answers, with batches? How much memory does a run take?

    python tests/benchmarks/scaling.py [memory] [rounds] [size] [sweep] [--worlds gridworld,text]

memory: the peak of a calibrated run, above what its imports take.
rounds: what round 400 costs over round 40, as many new answers in each, by the verbs of the loop: collect, ask, fit,
        improve, and keep (log, history, checkpoint).
size:   n episodes, questions, answers in a step, episodes in an update take a fixed overhead and n times a row; from
        overhead / row on a row costs at most twice its asymptote: there Python's overhead ends. From there on the
        exponent b of seconds = a n^b; the mathematics of all of them says 1.
sweep:  `tinyrlhf sweep --jobs 2` beside --jobs 1, by the clock on the wall, and what the machine allows meanwhile.

All other seconds are those of one core (`process_time`), the least of three turns, so that neighbours matter little.
"""
import argparse
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[threads] = "1"                                       # read once, when numpy is imported

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402

from tinyrlhf import rlhf, runs, worlds  # noqa: E402
from tinyrlhf.feedback.answers import join_answers  # noqa: E402
from tinyrlhf.worlds.chat import Sizes  # noqa: E402

WORLDS = ("bandit", "gridworld", "glass", "cartpole", "capture_go", "arm", "text", "chat")
VERBS = ("collect", "ask", "fit", "improve", "keep")
ROUNDS = 40, 400
SHORT = Sizes(documents=500, reading_steps=300, corrections=100, imitation_steps=100, measured=50)  # up to the rounds
FEWER = {"chat": {"questions": 34, "sizes": SHORT}}              # 400 rounds of 334 rankings are 3.7 GB
MEMORY = """
import resource, sys
from tinyrlhf import rlhf, worlds
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
world, before = worlds.find(sys.argv[1]), peak()
state = rlhf.rlhf(world())
n = 0 if state.answers is None else len(state.answers)
print(f"{sys.argv[1]:<12} {peak() - before:6.0f} MB over {before:.0f} MB; {len(state.history):2} stages, {n:,} answers")
"""


def memory(names):
    """In a process each; run before the others, since a child begins with its parent's peak."""
    print("peak memory of a calibrated run")
    for name in names:
        subprocess.run([sys.executable, "-c", MEMORY, name], check=True, env={**os.environ, "PYTHONPATH": str(ROOT)})


def at_round(name, n, more=0):
    """A run before its n-th round, all before it answered like the first; `more` rounds follow that one."""
    state = worlds.build(name, rounds=n + more, **FEWER.get(name, {}))
    rlhf.rlhf(state, len(state.plan) - n - more + 1)                # what leads to the rounds, and the first of them
    row = state.history[-1]
    one = state.answers[state.answers.round == row["round"]].only_shown()
    later = range(row["round"] + 1, row["round"] + n - 1)
    state.answers = join_answers([state.answers, *(replace(one, round=np.full(len(one), turn)) for turn in later)])
    for turn in later:
        row = {**row, "round": turn, "answers": row["answers"] + len(one)}
        state.history.append(row)
    return state


def timed(function, spent, verb):
    """The same function, which adds to spent[verb] the seconds that it takes."""
    def run(*args, **named):
        began = time.process_time()
        try:
            return function(*args, **named)
        finally:
            spent[verb] += time.process_time() - began
    return run


def next_round(state, run, spent):
    """Run and keep the next round; adds to spent what it takes, by verb."""
    plain = {name: getattr(rlhf, name) for name in ("act", "ask", "fit")}
    update, answer = state.learner.update, state.person.answer
    rlhf.act, rlhf.ask, rlhf.fit = map(timed, plain.values(), [spent] * 3, ("collect", "ask", "fit"))
    state.learner.update, state.person.answer = timed(update, spent, "improve"), timed(answer, spent, "ask")
    try:
        timed(rlhf.rlhf, spent, "a round")(state, len(state.history) + 1, timed(run.save, spent, "keep"))
    finally:
        vars(rlhf).update(plain)
        state.learner.update, state.person.answer = update, answer


def rounds_timed(name, turns=3):
    """{verb: seconds at each of ROUNDS}, the least of so many rounds from there on: they take turns, after a first."""
    with ExitStack() as opened:
        begun = []
        for n in ROUNDS:
            state, folder = at_round(name, n, turns), opened.enter_context(tempfile.TemporaryDirectory())
            runs.create(folder, worlds.find(name).settings(rounds=n + turns))
            begun.append((state, opened.enter_context(runs.Run(folder, state))))
        taken = np.zeros((turns + 1, len(ROUNDS), 1 + len(VERBS)))
        for turn in range(turns + 1):
            for i, (state, run) in enumerate(begun):
                spent = dict.fromkeys(("a round", *VERBS), 0.0)
                next_round(state, run, spent)
                taken[turn, i] = list(spent.values())
    return dict(zip(spent, taken[1:].min(axis=0).T))


def exponent(sizes, seconds):
    """The slope b of the line through log seconds over log sizes: seconds = a size^b."""
    return np.polyfit(np.log(sizes), np.log(np.maximum(seconds, 1e-9)), 1)[0]


def rounds(names):
    """Round 400 beside round 40. No verb's work grows with what was before, but that of `keep`: a row of history."""
    print(f"\n{'milliseconds of':<24}" + "".join(f"{f'round {n}':>11}" for n in ROUNDS) + "   times  exponent")
    for name in names:
        for verb, row in rounds_timed(name).items():
            print(f"{name:<12}{verb:<12}" + "".join(f"{1e3 * seconds:11.1f}" for seconds in row)
                  + f"{row[-1] / max(row[0], 1e-9):8.2f}{exponent(ROUNDS, row):10.2f}", flush=True)


def seconds_of(function):
    """Of one call, the least of three turns, each of which is long enough to be timed."""
    began, times = time.process_time(), 1
    function()
    times = max(1, int(0.02 / max(time.process_time() - began, 1e-6)))
    turns = []
    for _ in range(3):
        began = time.process_time()
        for _ in range(times):
            function()
        turns.append((time.process_time() - began) / times)
    return min(turns)


def verbs_of(state):
    """{verb: function of a size n -> a function to be timed}, in a state with many answers."""
    kind, model, learner, rng = state.plan[-1].kinds[0], state.reward_model, state.learner, np.random.default_rng(0)
    model.fit_steps = 10

    def collect(n):
        return lambda: rlhf.act(state, n, 1)

    def ask(n):
        together = state.view.together or 1
        episodes = rlhf.act(state, max(n, 4) * together, together)
        return lambda: state.person.answer(state.game, rlhf.ask(kind, state, episodes, n), rng)

    def fit(n):
        model.batch = n
        return lambda: model.fit(state.answers, rng)

    def improve(n):
        episodes = rlhf.act(state, n, 4)
        return lambda: learner.update(episodes, model.rewards, rng)

    if hasattr(learner, "group"):
        learner.group = 4
    return {"collect": collect, "ask": ask, "fit": fit, "improve": improve}


def size(names, most=4096, longest=0.5):
    """Sizes double up to `most`, or until a call takes half a second: seconds = overhead + n * a row."""
    print(f"\n{'':<24}{'n':<20} us overhead   us a row   it ends at    b")
    rows = {"collect": "episodes", "ask": "questions", "fit": "answers in 10 steps", "improve": "episodes"}
    for name in names:
        questions = FEWER.get(name, worlds.find(name).defaults)["questions"]
        for verb, prepare in verbs_of(at_round(name, 2 + 2 * most // questions)).items():
            sizes, seconds = [], []
            for n in 2 ** np.arange(2, np.log2(most) + 1).astype(int):
                if not seconds or seconds[-1] < longest:
                    sizes.append(int(n))
                    seconds.append(seconds_of(prepare(int(n))))
            row, overhead = np.polyfit(sizes, seconds, 1, w=1 / np.array(seconds))
            beyond = min(np.searchsorted(sizes, overhead / row), len(sizes) - 3)
            print(f"{name:<12}{verb:<12}{rows[verb]:<20}{1e6 * overhead:12.0f}{1e6 * row:11.1f}{overhead / row:13.0f}"
                  f"{exponent(sizes[beyond:], seconds[beyond:]):5.2f}", flush=True)


def sweep(names, turns=3):
    """Two jobs beside one, in turn, and two processes of plain Python beside one: the limit in that minute."""
    plain = [sys.executable, "-c", "sum(i * i for i in range(10**7))"]
    command = [sys.executable, "-m", "tinyrlhf", "sweep", "gridworld", "--rounds", "6", "--seeds", "20", "--jobs"]
    rows = []
    for _ in range(turns):
        row = [wall(lambda: [subprocess.run(plain) for _ in range(2)]),
               wall(lambda: [each.wait() for each in [subprocess.Popen(plain) for _ in range(2)]])]
        for jobs in ("1", "2"):
            with tempfile.TemporaryDirectory() as folder:
                row.append(wall(lambda: subprocess.run([*command, jobs, "--out", folder], check=True, cwd=ROOT,
                                                       stdout=subprocess.DEVNULL)))
                table = Path(folder, "table.csv").read_text(encoding="utf-8").splitlines()
                row.append(sum(float(line.rpartition(",")[2]) for line in table[1:]))
        rows.append(row)
        alone, together, one, _, two, _ = row
        print(f"20 runs: {one:.1f} s, with two jobs {two:.1f} s, {one / two:.2f} times as fast; "
              f"plain Python {alone / together:.2f}; load {os.getloadavg()[0]:.1f}", flush=True)
    alone, together, one, in_one, two, _ = np.median(rows, axis=0)
    print(f"median: {one / two:.2f}, plain Python {alone / together:.2f}; {one - in_one:.1f} of {one:.1f} s are not "
          f"runs")


def wall(function):
    """Seconds by the clock on the wall."""
    began = time.perf_counter()
    function()
    return time.perf_counter() - began


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parts = {"memory": memory, "rounds": rounds, "size": size, "sweep": sweep}
    parser.add_argument("part", nargs="*", choices=[*parts, []], metavar="PART",
                        help=f"{', '.join(parts)}; all in this order unless told")
    parser.add_argument("--worlds", default=",".join(WORLDS), help="separated by commas")
    chosen = parser.parse_args()
    names = chosen.worlds.split(",")
    if not set(names) <= set(WORLDS):
        parser.error(f"--worlds: expected some of {', '.join(WORLDS)}; got {chosen.worlds}")
    for part in chosen.part or parts:
        parts[part](names)


if __name__ == "__main__":
    main()
