"""What is on a disk: states as flat dicts (no pickle), files written whole, one holder a folder."""
import contextlib
import errno
import json
import math
import os
import platform
import stat
import time
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None
    import msvcrt


def states_of(**parts):
    """States of parts in one flat dict: `states_of(policy=policy)` -> {"policy/vector": ...}."""
    flat = {}
    for name, part in parts.items():
        flat |= {f"{name}/{key}": value for key, value in part.state().items()}
    return flat


def load_into(flat, **parts):
    """Undo `states_of`: give each part its own entries back."""
    for name, part in parts.items():
        start = name + "/"
        part.load({key[len(start):]: flat[key] for key in flat if key.startswith(start)})


@contextlib.contextmanager
def whole_file(path):
    """Yields a binary file that is `path` after the block; after an error `path` is as it was.

    The file is on the disk before it gets its name, and the name before the block is left: after a
    power cut the old file is there or the new one, no mixture. A link is replaced, not followed.
    """
    path = Path(path)
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)  # a killed process left it
    try:
        with open(part, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
        sync_folder(path.parent)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def write_whole(path, text):
    """Write a text, in UTF-8, as one `whole_file`."""
    with whole_file(path) as file:
        file.write(text.encode())


def write_json(path, data):
    """Write a dict as JSON; numbers that are not finite become null."""
    write_whole(path, json.dumps(finite(data), indent=1) + "\n")


def finite(data):
    """The same lists, dicts and numbers, with None for NaN and infinity."""
    if isinstance(data, dict):
        return {name: finite(value) for name, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [finite(value) for value in data]
    return None if isinstance(data, float) and not math.isfinite(data) else data


def open_regular(path, at_most=math.inf):
    """An open binary file; a pipe, a device, or one of more bytes is refused, unread."""
    def opener(name, flags):
        return os.open(name, flags | getattr(os, "O_NONBLOCK", 0))  # else a pipe waits for a writer
    file = open(path, "rb", opener=opener)
    found = os.fstat(file.fileno())
    refused = ""
    if not stat.S_ISREG(found.st_mode):
        refused = "expected a file, got a pipe or a device; save its content, and name that"
    elif found.st_size > at_most:
        refused = f"expected a file of at most {at_most:,} bytes, got {found.st_size:,}"
    if refused:
        file.close()
        raise ValueError(f"{path}: {refused}")
    return file


def sync_folder(folder):
    """Wait until the names in a folder are on the disk, on systems that can (Windows cannot)."""
    try:
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
    except OSError as error:
        if error.errno not in (errno.EACCES, errno.EBADF, errno.EINVAL):
            raise


class Closing:
    """What a `with` block closes at its end."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Lock(Closing):
    """One holder a folder, until closed or its process ends; the file `lock` says who it is."""

    def __init__(self, folder):
        self.path = Path(folder) / "lock"
        try:
            self.file = self._held()
            now = time.strftime("%Y-%m-%d %H:%M:%S")
            holder = f"process {os.getpid()} on {platform.node()} since {now}\n"
            self.file.truncate(0)
            self.file.write(holder.encode())
        except OSError as error:
            raise ValueError(f"{folder}: cannot be locked: {error.strerror or error}") from None

    def _held(self):
        """The open file, held; once more if its last holder removed it after it was opened here."""
        while True:
            mode = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
            file = open(os.open(self.path, mode), "r+b", buffering=0)
            if not hold(file):
                with file:
                    raise ValueError(f"{self.path.parent}: expected nobody else at work here, but "
                                     f"{said_in(file)} is; wait until it ends, or stop it")
            with contextlib.suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(file.fileno()), os.stat(self.path)):
                    return file
            file.close()

    def close(self):
        with contextlib.suppress(OSError):  # Windows keeps a file that is open
            self.path.unlink()
        self.file.close()


def said_in(file):
    """Who holds a folder, as its lock says; the file is made a moment before it says so."""
    text = file.read(200).decode(errors="replace")
    return "".join(filter(str.isprintable, text)) or "another process"


def hold(file):
    """Whether an open file is now the only holder of what it opened, until it is closed."""
    try:
        if fcntl:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        else:  # one byte, far behind all text
            file.seek(2**31 - 2)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            file.seek(0)
    except (BlockingIOError, PermissionError):
        file.seek(0)
        return False
    return True
