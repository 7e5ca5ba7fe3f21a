"""Makes the two tapes in lessons/logs, through the doors that people use; what it does is their whole story.

    python tests/benchmarks/tapes.py [terminal] [lecture]

terminal: `tinyrlhf vote gridworld` at a terminal of 80 x 24 (a pty); one rule presses the keys: of two walks the one
that gets to the goal, else stays out of the lava; then the one with fewer flowers; then the shorter one; if all is
equal, the key for "same". It does not look at the clips, and needs no time: milliseconds in the log are the machine's.
lecture: `tinyrlhf vote gridworld --lecture 127.0.0.1 --feedback ranking`; a presenter presses Enter, and 20 voters rank
four walks at a time, all through HTTP. 16 of them by the rule above, 4 like more flowers better than fewer; once in ten
times each mixes up two neighbours.
Both learn what there is to judge from the run's own log, where what is shown is written down.
"""
import argparse
import asyncio
import contextlib
import http.client
import json
import os
import re
import select
import shutil
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import numpy as np  # noqa: E402
from room import Voter, until  # noqa: E402

from tinyrlhf.feedback.log import events  # noqa: E402
from tinyrlhf.games.gridworld import Gridworld  # noqa: E402

LOGS = Path(__file__).parents[2] / "lessons" / "logs"
SETTINGS = {"terminal": ["--seed", "11", "--rounds", "8", "--questions", "5"],
            "lecture": ["--seed", "12", "--rounds", "3", "--questions", "3", "--feedback", "ranking"]}
VOTERS, OTHER_CAMP, SLIPS = 20, 4, 0.1
SYMBOLS = Gridworld().map.ravel()


def worth(walk, likes_flowers=False):
    """How a rule judges a walk, as the log has it: a tuple, the larger the better."""
    entered = SYMBOLS[walk["states"][1:]].tolist()
    flowers = entered.count("^")
    return "G" in entered, "L" not in entered, flowers if likes_flowers else -flowers, -len(entered)


def shown(log):
    """The walks of the ballot that was shown last, and where they are; how many ballots there were. Or None."""
    told = list(events(log)) if log.exists() else []
    shows = [event for event in told if event["k"] == "show"]
    if not shows:
        return None
    last = shows[-1]
    walks = next(event["shows"] for event in shows if "shows" in event and (event["round"], event["q"]) ==
                 (last["round"], last["q"]))
    return walks, last["place"], len(shows)


def command(name, folder):
    return [sys.executable, "-m", "tinyrlhf", "vote", "gridworld", *SETTINGS[name], "--out", str(folder)]


def environment():
    return {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MPLBACKEND": "Agg", "TERM": "xterm",
            "PYTHONPATH": str(LOGS.parents[1])}


def terminal(folder):
    """Answer at a pty until the program ends."""
    import fcntl
    import pty
    import struct
    import termios
    process, screen = pty.fork()
    if not process:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        os.execve(sys.executable, command("terminal", folder), environment())
    seen, asked = "", 0
    log = folder / "feedback.jsonl"
    while True:
        if select.select([screen], [], [], 0.02)[0]:
            try:
                seen += os.read(screen, 65536).decode(errors="replace")
            except OSError:  # it has ended
                break
        if "enter: learn" in seen:
            os.write(screen, b"\r")
            seen = ""
        found = shown(log)
        if found and found[2] > asked:  # it is in the log before it is on the screen, and then a key is read
            left, right = (worth(found[0][found[1].index(side)]) for side in (0, 1))
            os.write(screen, b"=" if left == right else b"\x1b[D" if left > right else b"\x1b[C")
            asked = found[2]
    code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    assert code == 0, f"expected exit code 0, got {code}: {seen[-500:]}"


async def vote_in_the_room(process, log):
    """The presenter's Enter and everybody's votes, until the program ends."""
    lines = []
    while not any(line.startswith("room: ") for line in lines):
        lines.append((await process.stdout.readline()).decode())
    desk, link = (next(line.split()[1] for line in lines if line.startswith(head)) for head in ("you:", "room:"))
    host, port, path = re.match(r"http://([^:/]+):(\d+)(/.*)", desk).groups()
    door = http.client.HTTPConnection(host, int(port))
    door.request("GET", path)
    presenter = Voter(host, int(port), "")
    presenter.cookie = door.getresponse().getheader("Set-Cookie").partition(";")[0]
    door.close()
    host, port, code = re.match(r"http://([^:/]+):(\d+)/(\w+)", link).groups()
    voters = [await Voter(host, int(port), code).join() for _ in range(VOTERS)]
    streams = [asyncio.ensure_future(voter.listen()) for voter in voters]
    await until(lambda: all(voter.heard for voter in voters), 30)
    rng, voted = np.random.default_rng(0), None
    while not all(stream.done() for stream in streams):
        view = voters[0].view
        question = view["phase"] == "open" and view["question"]["id"]
        if question and question != voted:
            voted, walks = question, shown(log)[0]
            await until(lambda: all(voter.view["phase"] == "open" for voter in voters), 30)
            for number, voter in enumerate(voters):
                values = [worth(walk, likes_flowers=number < OTHER_CAMP) for walk in walks]
                said = sorted(range(len(walks)), key=lambda i: values[i], reverse=True)
                if rng.random() < SLIPS:
                    i = int(rng.integers(len(walks) - 1))
                    said[i:i + 2] = said[i + 1], said[i]
                status, _ = await voter.vote(said, question)
                assert status == 200, f"expected 200, got {status}"
        if view["phase"] != "learn":
            with contextlib.suppress(OSError, IndexError):  # it ends
                await presenter.ask("POST", "/do", {"what": "next", "text": ""})
        await asyncio.sleep(0.3)


async def lecture(folder):
    process = await asyncio.create_subprocess_exec(*command("lecture", folder), "--lecture", "127.0.0.1:0",
                                                   stdout=asyncio.subprocess.PIPE, env=environment())
    try:
        await vote_in_the_room(process, folder / "feedback.jsonl")
        assert await asyncio.wait_for(process.wait(), 60) == 0, "expected exit code 0"
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[*SETTINGS, []], metavar="terminal | lecture")
    for name in parser.parse_args().names or SETTINGS:
        with tempfile.TemporaryDirectory() as place:
            folder, began = Path(place) / "run", time.monotonic()
            terminal(folder) if name == "terminal" else asyncio.run(lecture(folder))
            result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
            LOGS.mkdir(exist_ok=True)
            to = LOGS / f"{name}-gridworld.jsonl"
            shutil.copy(folder / "feedback.jsonl", to)
            print(f"{to.name}: {to.stat().st_size / 1000:.0f} kB, {time.monotonic() - began:.0f} s; true return "
                  f"{result['return_after']:.3f} (untrained {result['return_untrained']:.3f}, best possible "
                  f"{result['return_optimal']:.3f})")


if __name__ == "__main__":
    main()
