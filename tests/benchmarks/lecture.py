"""A lecture room on loopback: simulated phones in a process of their own, the server and its log in another.

    python tests/benchmarks/lecture.py [--voters 200] [--rounds 5] [--burst 0.1]
    python tests/benchmarks/lecture.py --voters 500 --soak 300

The first: every round all phones vote within `burst` seconds. The second: for `soak` seconds rounds of 10 s, in
which the votes are spread over 6 s and every phone drops its stream once and comes back. Votes are on the disk before
they are acknowledged. Printed: votes that were lost, milliseconds until a vote is acknowledged and until a new round
has reached the phones, and what the server's process used.
"""
import argparse
import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")
sys.path.insert(0, str(Path(__file__).parent.parent))

import numpy as np  # noqa: E402
from room import Voter, open_room, until  # noqa: E402

from tinyrlhf.faces.browser.server import allow_many_files  # noqa: E402

ROUND, SPREAD = 10.0, 6.0  # seconds, in a soak


def quantiles(seconds):
    """p50, p95, p99 and the largest, in milliseconds."""
    return " / ".join(f"{1000 * number:.0f}" for number in (*np.quantile(seconds, (0.5, 0.95, 0.99)), max(seconds)))


# ---- the phones, in their own process

async def phones(options, port, code, presenter_port, cookie):
    """Join, vote in every round, and print what was seen as JSON."""
    voters = [Voter("127.0.0.1", port, code) for _ in range(options.voters)]
    presenter = Voter("127.0.0.1", presenter_port, code)
    presenter.cookie = cookie
    rng = np.random.default_rng(0)
    streams = {}

    async def listen(each):
        """As a browser does: who loses the stream comes back."""
        while True:
            await each.listen()
            await asyncio.sleep(rng.uniform(1, 2))

    for start in range(0, len(voters), 50):                          # a room comes in within seconds, not at once
        await asyncio.gather(*(each.join() for each in voters[start:start + 50]))
        for each in voters[start:start + 50]:
            streams[each] = asyncio.ensure_future(listen(each))
    await until(lambda: all(each.heard for each in voters), 30)
    seen = {"vote": [], "reach": [], "refused": 0, "presenter": [], "counts": []}

    async def press(what="next"):
        began = time.monotonic()
        status, _, _ = await presenter.ask("POST", "/do", {"what": what, "text": ""})
        seen["presenter"].append(time.monotonic() - began)
        return status

    async def one(each, wait, away):
        await asyncio.sleep(wait)
        for _ in range(3):                                           # as people do, who press again
            status, seconds = await each.vote([int(rng.integers(2))])
            if status == 200:
                seen["vote"].append(seconds)
                break
        else:
            seen["refused"] += 1
        if away:
            await asyncio.sleep(rng.uniform(0, 2))
            streams[each].cancel()
            n_heard = len(each.heard)
            await asyncio.sleep(rng.uniform(0, 0.5))
            streams[each] = asyncio.ensure_future(listen(each))
            await until(lambda: len(each.heard) > n_heard, 20)

    rounds = options.rounds if options.soak is None else round(options.soak / ROUND)
    for number in range(rounds):
        began = time.monotonic()
        await press()                                                # read
        opened = time.monotonic()
        await press()                                                # open
        await until(lambda: all(each.view.get("phase") == "open" for each in voters), 20)
        for each in voters:
            first = next(when for when, view in reversed(each.heard) if view["phase"] == "open")
            seen["reach"].append(first - opened)
        within = options.burst if options.soak is None else SPREAD
        await asyncio.gather(*(one(each, wait, options.soak is not None)
                               for each, wait in zip(voters, rng.uniform(0, within, len(voters)))))
        await press()                                                # close
        await until(lambda: all(each.view.get("phase") == "closed" for each in voters), 20)
        await press()
        await press()
        for each in voters:
            del each.heard[:-1]
        if options.soak is not None:
            await asyncio.sleep(max(0.0, ROUND - (time.monotonic() - began)))
    await press()
    print(json.dumps({**seen, "cpu": time.process_time()}))
    for stream in streams.values():
        stream.cancel()


# ---- the server

def serve(options):
    """The lecture, its log, and the phones beside it; prints the table."""
    from test_browser import a_session, entered

    from tinyrlhf.feedback.log import Log, events
    rounds = options.rounds if options.soak is None else round(options.soak / ROUND)
    with tempfile.TemporaryDirectory() as folder, Log(f"{folder}/feedback.jsonl") as log:
        session = a_session(n=rounds, room=True, write=log.append_group)
        desk, room = open_room()
        with desk:
            lecture = threading.Thread(target=room.ask, args=(session, None), daemon=True)
            lecture.start()
            cookie = entered(desk)
            before, began = time.process_time(), time.monotonic()
            command = [sys.executable, __file__, "--phones", str(room.audience.port), room.keys["code"],
                       str(desk.listener.port), cookie, "--voters", str(options.voters),
                       "--rounds", str(options.rounds), "--burst", str(options.burst)]
            command += ["--soak", str(options.soak)] if options.soak else []
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
                seen = json.loads(process.stdout.read())
            cpu, seconds = time.process_time() - before, time.monotonic() - began
            n_threads = threading.active_count()
        session.closed = True
        lecture.join(5)
        kept = {(event["ballot"], event["who"]) for event in events(log.path) if event["k"] == "label"}
        counted = sum(sum(session.tally(ballot).values()) for ballot in session.ballots)
    memory = "-"
    with contextlib.suppress(ImportError):
        import resource
        memory = f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB"
    n = options.voters * rounds
    print(f"{options.voters} voters, {rounds} rounds: {len(seen['vote'])} of {n} votes acknowledged, "
          f"{len(kept)} in the log, {counted} counted, {seen['refused']} refused\n"
          f"  ms until a vote is acknowledged, p50 / p95 / p99 / most:   {quantiles(seen['vote'])}\n"
          f"  ms until a new round has reached the phones:               {quantiles(seen['reach'])}\n"
          f"  ms until a key of the presenter is obeyed:                 {quantiles(seen['presenter'])}\n"
          f"  server: {cpu:.1f} s of a core in {seconds:.0f} s ({100 * cpu / seconds:.0f} %), {memory} at most, "
          f"{n_threads} threads; phones: {seen['cpu']:.1f} s; load of the machine {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--voters", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--burst", type=float, default=0.1, help="seconds within which all vote")
    parser.add_argument("--soak", type=float, help="seconds in all, in rounds of 10 s")
    parser.add_argument("--phones", nargs=4, help=argparse.SUPPRESS)
    given = parser.parse_args()
    allow_many_files()
    if given.phones:
        port, code, presenter_port, cookie = given.phones
        asyncio.run(phones(given, int(port), code, int(presenter_port), cookie))
    else:
        serve(given)
