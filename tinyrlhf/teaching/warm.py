"""A process that has read a lesson, and then grades one file after the other in no time."""
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tinyrlhf.saving import Closing
from tinyrlhf.teaching.exercises import exercises_of
from tinyrlhf.teaching.grader import child, environment
from tinyrlhf.teaching.verdicts import known_outcome

try:
    import resource
except ImportError:  # Windows
    resource = None

MEMORY = 4 * 2**30  # bytes for a student's file, where the system can limit it


class Warm(Closing):
    """Runs `grader.child` for `grade_lesson`: each file in a fork of one process that is ready.

    Where there is no fork, the process is used once, and the next one begins at once. It runs what
    students wrote, with this account's rights; it sits in a session of its own, so that what they
    start ends with it, and ends by `close`, or when this process does.
    """

    def __init__(self, folder=""):
        self.folder = folder
        self.begin()

    def begin(self):
        code = "import sys; from tinyrlhf.teaching.warm import serve; serve(sys.argv[1])"
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, str(self.folder)], env=environment(), text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            start_new_session=True)

    def __call__(self, arguments):
        """Grade one file, as `child` does; returns when its report is written."""
        self.process.stdin.write(json.dumps([str(each) for each in arguments]) + "\n")
        self.process.stdin.flush()
        alive = self.process.stdout.readline()  # "done", or nothing from one that has died
        if not alive or not hasattr(os, "fork"):
            self.close()
            self.begin()

    def close(self):
        """End the process, and all that it has started."""
        self.process.terminate()  # it ends its fork, if there is one
        with self.process:
            pass


def serve(folder):
    """In the process that is ready: a line of JSON asks, a line answers."""
    for each in exercises_of(Path(folder)).values() if folder else ():
        for function in (each.function, *(wrong for _, wrong in each.wrong_versions)):
            for number in range(len(each.cases)):
                known_outcome(each, function, number)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    for line in sys.stdin:
        grade_one = in_a_fork if hasattr(os, "fork") else child
        grade_one(*json.loads(line))
        print("done", flush=True)


def in_a_fork(*arguments):
    """`child` in a copy of this process, which is ended with all that it began."""
    seconds, numbers = float(arguments[4]), arguments[5:]
    last = time.monotonic() + 10 * seconds * (len(numbers) + 1)  # its own watchdog is quicker
    number = os.fork()
    if not number:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.setpgid(0, 0)
        with contextlib.suppress(AttributeError, ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        nowhere = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(nowhere, standard)
        try:
            child(*arguments)
        finally:
            os._exit(0)
    try:
        while os.waitpid(number, os.WNOHANG) == (0, 0) and time.monotonic() < last:
            time.sleep(0.005)
    finally:
        with contextlib.suppress(OSError):
            os.killpg(number, signal.SIGKILL)
            os.waitpid(number, 0)
