"""What do damaged checkpoints, bombs, killed writers, very long logs and other kernels cost? The reliability section.

    python tests/benchmarks/reliability.py [damage] [bombs] [kills] [long] [kernels]
"""
import os
import sys
import tempfile
import time
import tracemalloc
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import subprocess  # noqa: E402

import numpy as np  # noqa: E402  (after the thread count)

import test_log  # noqa: E402
import test_reliability  # noqa: E402
import test_runs  # noqa: E402
import test_saving  # noqa: E402
from tinyrlhf import archives, runs  # noqa: E402
from tinyrlhf.feedback import log  # noqa: E402

LONG = """
import resource, sys, time
from tinyrlhf.feedback.log import Log, events
before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
with Log(sys.argv[1]) as opened:
    n = opened.next_seq
middle = time.process_time()
assert sum(event["k"] == "label" for event in events(sys.argv[1])) == n
print(f"{n:,} answers: opened in {middle - began:.1f} s of one core, read in {time.process_time() - middle:.1f} s, "
      f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB (before: {before // 1024} MB)")
"""


def damage(n=10_000):
    """Mutated checkpoints: cut, one bit flipped, eight bytes overwritten, a stretch reversed or replaced."""
    import resource
    os.chdir(tempfile.mkdtemp())
    test_runs.run("one", rounds=1)
    rng, path, settings = np.random.default_rng(1), Path("one/checkpoint.npz"), runs.settings_of("one")
    data, whole = path.read_bytes(), {name: value.tobytes() for name, value in archives.arrays_in(path).items()}
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    refused = same = 0
    for number in range(n):
        path.write_bytes(test_runs.damaged(data, number, rng))
        try:
            same += {name: value.tobytes() for name, value in runs.flat_of(path, settings).items()} == whole
        except ValueError:
            refused += 1
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"{n:,} damaged checkpoints: {refused:,} refused in one line, {same:,} untouched where it matters, "
          f"{n - refused - same} taken otherwise; {time.process_time() - began:.0f} s of one core, {grown:.0f} MB more")


def bombs():
    """Seconds and memory until each bomb is refused."""
    path = Path(tempfile.mkdtemp(), "checkpoint.npz")
    for name, make in test_saving.BOMBS.items():
        path.write_bytes(make())
        times = []
        for trace in (False, False, False, True):
            if trace:
                tracemalloc.start()
            began = time.perf_counter()
            try:
                archives.arrays_in(path)
                said = "TAKEN"
            except Exception as error:
                said = type(error).__name__
            times.append(time.perf_counter() - began)
        print(f"{name:<28} {said:<11} {1000 * min(times):5.1f} ms   "
              f"peak {tracemalloc.get_traced_memory()[1] / 1e6:.2f} MB")
        tracemalloc.stop()


def kills(n=60):
    """Writers of a log, killed at random moments in the middle of writing."""
    path = Path(tempfile.mkdtemp(), "log.jsonl")
    lost = torn = 0
    for seed in range(n):
        acknowledged = test_log.kill_a_writer(path, seed)
        with log.Log(path) as opened:
            lost += max(0, acknowledged + 1 - opened.next_seq)
            torn += bool(opened.torn)
    print(f"{n} kills of a writer: {opened.next_seq:,} events, {torn} torn ends set aside, {lost} acknowledged lost")


def long(n=1_000_000):
    """A log of so many answers, opened and read in a process of its own."""
    path = Path(tempfile.mkdtemp(), "long.jsonl")
    episode = {"first_step": 0, "ended": True, "states": [0, 0], "actions": [3], "rewards": [0.5]}
    label = {"v": 2, "k": "label", "t": "2026-01-01T00:00:00.000Z", "kind": "preference", "who": "ada", "round": 1,
             "said": [0], "place": [0, 1], "shows": [episode, episode]}
    with open(path, "wb") as file:
        for seq in range(n):
            file.write(log.seal({**label, "seq": seq}))
    print(f"{path.stat().st_size / 1e6:.0f} MB;", end=" ", flush=True)
    subprocess.run([sys.executable, "-c", LONG, str(path)], check=True,
                   env={**os.environ, "PYTHONPATH": str(ROOT)})
    path.unlink()


FINISHED = """
import numpy as np
from tinyrlhf.rlhf import rlhf
from tinyrlhf.worlds import build, find

state = rlhf(build({world!r}, seed={seed}))
found = [find({world!r}).yardstick(state).expected_return(each, np.random.default_rng(0))
         for each in (state.reference, state.policy)]
"""


def kernels(worlds=("gridworld", "text", "cartpole", "arm"), seeds=(400, 401)):
    """Finished runs on other kernels and threads of this processor: the true return, untrained and at the end."""
    for world in worlds:
        for seed in seeds:
            program = FINISHED.format(world=world, seed=seed)
            found = {name: test_reliability.computed(program, environment)
                     for name, environment in [("own", {}), *test_reliability.kernels().items()]}
            own = found["own"][1]
            most = max(abs(after - own) for _, after in found.values()) / abs(own)
            print(f"{world:<9} {seed}   untrained {found['own'][0]:7.3f}   " +
                  "   ".join(f"{name} {after:.4f}" for name, (_, after) in found.items()) +
                  f"   differ by {100 * most:.2f} %", flush=True)


if __name__ == "__main__":
    parts = {"damage": damage, "bombs": bombs, "kills": kills, "long": long, "kernels": kernels}
    if not set(sys.argv[1:]) <= set(parts):
        sys.exit(__doc__)
    for part in sys.argv[1:] or parts:
        parts[part]()
