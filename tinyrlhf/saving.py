"""What is on a disk: states as flat dicts (no pickle), files written whole, one holder a folder."""
import contextlib
import errno
import json
import math
import os
import platform
import stat
import struct
import time
import zipfile
from pathlib import Path

import numpy as np

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
    if not stat.S_ISREG(found.st_mode) or found.st_size > at_most:
        file.close()
        got = f"{found.st_size} bytes" if stat.S_ISREG(found.st_mode) else "something else"
        raise ValueError(f"{path}: expected a file of at most {at_most:,} bytes, got {got}")
    return file


def read_text(path, at_most=2**24):
    """The UTF-8 text of a regular file of bounded size."""
    with open_regular(path, at_most) as file:
        return file.read().decode()


def arrays_in(path, at_most=2**30):
    """{name: array} of an .npz file as `np.savez` writes it, of at most so many bytes.

    Sizes are compared before anything is allocated: nothing is packed, no name stands twice, each
    array is as large as its header says, and none holds objects.
    """
    with open_regular(path, at_most) as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 42))
        ending = file.read()  # where it begins with PK67, sizes have 64 bits
        end = struct.unpack("<4s4H2IH", ending[-22:].rjust(22))
        _, _, _, _, count, directory, start, _ = end
        if end[0] != b"PK\5\6" or ending[:4] == b"PK\6\7" or start + directory + 22 != size:
            raise ValueError("expected an archive of arrays that is whole")
        if count > 10_000 or directory > 1000 * count:
            raise ValueError(f"expected at most 10,000 arrays, got {count}")
        flat = {}
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            if len(entries) != count or sum(entry.file_size for entry in entries) > size:
                raise ValueError(f"expected {count} arrays, each of its own, that are not packed")
            for entry in entries:
                name = entry.filename.removesuffix(".npy")
                if entry.compress_type or entry.file_size != entry.compress_size or name in flat:
                    raise ValueError(f"{name}: expected it once, and not packed")
                with archive.open(entry) as part:
                    flat[name] = read_array(part, name, entry.file_size)
    return flat


def read_array(file, name, size):
    """The array of a .npy file of this size in bytes, checked before it is made."""
    form = np.lib.format
    readers = {(1, 0): form.read_array_header_1_0, (2, 0): form.read_array_header_2_0}
    shape, fortran, dtype = readers[form.read_magic(file)](file)
    if dtype.hasobject or math.prod(shape) * dtype.itemsize != size - file.tell():
        raise ValueError(f"{name}: expected {size - file.tell()} bytes of numbers or text, its "
                         f"header says {dtype} {shape}")
    data = bytearray(file.read())
    return np.ndarray(shape, dtype, data, order="F" if fortran else "C")


def check_saved(flat, made_of=None):
    """Refuse a state with NaN or infinity, or other than the one that it was made into.

    A part that takes what it is given says in its own state what it has made of it.
    """
    made_of = flat if made_of is None else made_of
    for name in dict.fromkeys([*made_of, *flat]):
        if name not in flat or name not in made_of:
            wanted = "no" if name in flat else "an"
            raise ValueError(f"{name}: expected {wanted} entry of this name")
        given, expected = np.asarray(flat[name]), np.asarray(made_of[name])
        if (given.dtype, given.shape) != (expected.dtype, expected.shape):
            raise ValueError(f"{name}: expected {expected.dtype} {expected.shape}, got "
                             f"{given.dtype} {given.shape}")
        if given.dtype.kind == "f" and not np.isfinite(given).all():
            raise ValueError(f"{name}: expected finite numbers, got NaN or infinity")
        if given.tobytes() != expected.tobytes():
            raise ValueError(f"{name}: expected other values")


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
    """One holder a folder, until it is closed or its process ends; the file `lock` says who it is.

    >>> with Lock("runs/first"):  # doctest: +SKIP
    ...     go_on()
    """

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
