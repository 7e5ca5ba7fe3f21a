"""What is saved is there whole, or what was there before; and a folder has one holder at a time."""
import io
import json
import os
import re
import stat
import struct
import subprocess
import sys
import time
import tracemalloc
import types
import warnings
import zipfile

import numpy as np
import pytest

from tinyrlhf import saving
from tinyrlhf.archives import arrays_in, check_saved, read_text
from tinyrlhf.feedback.log import Log, events
from tinyrlhf.feedback.rows import read_rows
from tinyrlhf.saving import Lock, finite, hold, whole_file, write_json, write_whole

needs_links = pytest.mark.skipif(os.name == "nt", reason="links need a right there")


class NthCallFails:
    """Counts the calls of os functions that change or sync files and lets one of them fail as on a full disk."""

    def __init__(self, monkeypatch, n):
        self.calls, self.n = [], n
        for name in ("fsync", "replace"):
            monkeypatch.setattr(saving.os, name, self.counted(name, getattr(os, name)))

    def counted(self, name, real):
        def call(*arguments):
            kind = "folder" if name == "fsync" and stat.S_ISDIR(os.fstat(arguments[0]).st_mode) else "file"
            self.calls.append(f"{name} {kind}" if name == "fsync" else name)
            if len(self.calls) == self.n:
                raise OSError(28, "No space left on device")
            return real(*arguments)
        return call


@pytest.mark.parametrize("text", ["ü\n", "\x00\xff\r\n", ""], ids=["text", "controls", "nothing"])
def test_a_file_is_written_as_it_was_given_and_nothing_stays_beside_it(tmp_path, text):
    path = tmp_path / "file.txt"
    for _ in range(2):
        write_whole(path, text)
        assert path.read_bytes() == text.encode()
        assert os.listdir(tmp_path) == ["file.txt"]


def test_the_file_is_on_the_disk_before_it_gets_its_name_and_the_name_before_the_call_returns(tmp_path, monkeypatch):
    recorder = NthCallFails(monkeypatch, n=None)
    write_whole(tmp_path / "file.txt", "new")
    assert recorder.calls == ["fsync file", "replace"] + ["fsync folder"] * (os.name != "nt")


def test_all_bytes_have_left_the_buffer_when_the_file_is_synced(tmp_path, monkeypatch):
    sizes, real = [], os.fsync
    monkeypatch.setattr(saving.os, "fsync", lambda number: (sizes.append(os.fstat(number).st_size), real(number)))
    write_whole(tmp_path / "file.txt", "x" * 100)
    assert sizes[0] == 100


@pytest.mark.parametrize("n", [1, 2, 3])
def test_whichever_call_fails_the_old_file_or_the_new_one_is_there_and_nothing_else(tmp_path, monkeypatch, n):
    path = tmp_path / "file.txt"
    path.write_text("old")
    with monkeypatch.context() as patch:
        NthCallFails(patch, n)
        with pytest.raises(OSError, match="No space left"):
            write_whole(path, "new")
    assert path.read_text() == ("old" if n < 3 else "new") and os.listdir(tmp_path) == ["file.txt"]


@pytest.mark.parametrize("error", [OSError, ValueError, KeyboardInterrupt])
def test_a_block_that_fails_leaves_the_old_file_and_no_other(tmp_path, error):
    path = tmp_path / "checkpoint.npz"
    path.write_text("old")
    with pytest.raises(error):
        with whole_file(path) as file:
            file.write(b"half")
            raise error
    assert path.read_text() == "old" and os.listdir(tmp_path) == ["checkpoint.npz"]


def test_a_full_disk_leaves_the_old_file(tmp_path):
    resource = pytest.importorskip("resource")
    path, (soft, hard) = tmp_path / "checkpoint.npz", resource.getrlimit(resource.RLIMIT_FSIZE)
    with whole_file(path) as file:
        np.savez(file, weights=np.arange(10.0))
    before = path.read_bytes()
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(OSError):
            with whole_file(path) as file:
                np.savez(file, weights=np.arange(10000.0))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == before and os.listdir(tmp_path) == ["checkpoint.npz"]
    assert np.array_equal(np.load(path)["weights"], np.arange(10.0))


def test_a_part_that_a_killed_process_left_is_no_hindrance(tmp_path):
    (tmp_path / "run.json.part").write_text("half of an older, longer one" * 9)
    write_whole(tmp_path / "run.json", "whole")
    assert (tmp_path / "run.json").read_text() == "whole" and os.listdir(tmp_path) == ["run.json"]


@needs_links
@pytest.mark.parametrize("name", ["file.txt", "file.txt.part"])
def test_a_link_is_replaced_and_what_it_points_to_stays(tmp_path, name):
    (tmp_path / "precious").write_text("precious")
    (tmp_path / name).symlink_to(tmp_path / "precious")
    write_whole(tmp_path / "file.txt", "new")
    assert (tmp_path / "precious").read_text() == "precious"
    assert (tmp_path / "file.txt").read_text() == "new" and not (tmp_path / "file.txt").is_symlink()


@pytest.mark.parametrize("number, passes", [(13, True), (22, True), (5, False)],
                         ids=["not opened", "not synced", "broken"])
def test_a_system_that_cannot_sync_folders_is_forgiven_and_a_broken_disk_is_not(tmp_path, monkeypatch, number, passes):
    def refuse(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(saving.os, "open" if number == 13 else "fsync", refuse)
    if passes:
        saving.sync_folder(tmp_path)
    else:
        with pytest.raises(OSError):
            saving.sync_folder(tmp_path)


def test_json_has_null_where_numbers_are_not_finite_and_ends_with_a_line(tmp_path):
    data = {"a": float("nan"), "b": [1.5, (float("inf"), np.float64("-inf"))], "c": {"d": True, "e": 10**400}}
    assert finite(data) == {"a": None, "b": [1.5, [None, None]], "c": {"d": True, "e": 10**400}}
    write_json(tmp_path / "result.json", {**data, "c": "ü"})
    text = (tmp_path / "result.json").read_text()
    assert json.loads(text) == {"a": None, "b": [1.5, [None, None]], "c": "ü"} and text.endswith("}\n")


# ---- files from elsewhere

def header(shape, dtype="<f8"):
    """The beginning of a .npy file, and two numbers, whatever it says there are."""
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": dtype, "fortran_order": False, "shape": shape})
    return file.getvalue() + bytes(16)


def archive(*entries, pack=zipfile.ZIP_STORED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", pack) as made, warnings.catch_warnings():
        warnings.simplefilter("ignore")                              # of a name that stands twice
        for name, data in entries:
            made.writestr(zipfile.ZipInfo(name), data, pack)
    return file.getvalue()


def empty_entries(n):
    """An archive's directory of n entries; there is nothing in them."""
    local, whole = archive(("a.npy", b"")), io.BytesIO()
    start = local.index(b"PK\1\2")
    entry = local[start:local.index(b"PK\5\6")]
    whole.write(local[:start] + entry * n)
    whole.write(b"PK\5\6" + struct.pack("<4H2IH", 0, 0, n % 2**16, n % 2**16, n * len(entry), start, 0))
    return whole.getvalue()


TWO = ("a.npy", header((2,)))
BOMBS = {"packed": lambda: archive(TWO, ("b.npy", bytes(10**7)), pack=zipfile.ZIP_DEFLATED),
         "packed otherwise": lambda: archive(TWO, ("b", bytes(10**7)), pack=zipfile.ZIP_BZIP2),
         "7 TiB in a header": lambda: archive(("a.npy", header((7 * 2**37,)))),
         "a product that wraps around": lambda: archive(("a.npy", header((2**32, 2**32)))),
         "objects": lambda: archive(("a.npy", header((2,), "|O"))),
         "a name twice": lambda: archive(TWO, TWO),
         "a hundred thousand entries": lambda: empty_entries(100_000),
         "one entry a thousand times": lambda: empty_entries(1000),
         "no array": lambda: archive(("a.npy", b"moon")), "no archive": lambda: b"PK" * 99, "nothing": lambda: b""}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_within_50_ms_and_before_anything_is_allocated(tmp_path, name):
    path, times = tmp_path / "checkpoint.npz", []
    path.write_bytes(BOMBS[name]())
    for trace in (False, False, False, True):
        if trace:
            tracemalloc.start()
        began = time.perf_counter()
        with pytest.raises((ValueError, KeyError, zipfile.BadZipFile)):
            arrays_in(path)
        times.append(time.perf_counter() - began)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert min(times) < 0.05 and peak < 2_000_000


@needs_links
@pytest.mark.parametrize("read", [read_text, arrays_in, lambda path: next(events(path)), Log, read_rows])
def test_what_is_no_file_is_refused_and_not_waited_for(tmp_path, read):
    path = tmp_path / "x"
    os.mkfifo(path)
    keep = os.open(path, os.O_RDWR)                                   # else a writer would wait for a reader
    with pytest.raises(ValueError, match="expected a file, got a pipe or a device; save its"):
        read(path)
    os.close(keep)
    path.unlink()
    path.symlink_to("/dev/zero")
    with pytest.raises(ValueError, match="expected a file, got a pipe or a device; save its"):
        read(path)


def test_a_text_has_a_largest_size(tmp_path):
    (tmp_path / "run.json").write_text("12345")
    assert read_text(tmp_path / "run.json", at_most=5) == "12345"
    with pytest.raises(ValueError, match="at most 4 bytes, got 5$"):
        read_text(tmp_path / "run.json", at_most=4)


def test_arrays_are_read_as_numpy_reads_them(tmp_path):
    arrays = {"a/b": np.arange(6.0).reshape(2, 3), "f": np.asfortranarray(np.eye(3, dtype=np.float32)), "t": "moon",
              "none": np.zeros((0, 3)), "n": 7}
    np.savez(tmp_path / "x.npz", **arrays)
    read = arrays_in(tmp_path / "x.npz")
    check_saved(read, arrays)
    with np.load(tmp_path / "x.npz") as same:
        check_saved(read, dict(same))
    read["f"][0] = 5                                                  # and may be written to


@pytest.mark.parametrize("changes, sentence", [
    ({"a": np.array([1.0, np.nan])}, "a: expected finite"), ({"a": np.ones(2, np.float32)}, "a: expected float64"),
    ({"a": np.ones((2, 1))}, r"a: expected float64 \(2,\)"), ({"a": np.zeros(2)}, "a: expected other"),
    ({"b": 0}, "b: expected no"), ({"a": None}, "a: expected")])
def test_a_state_that_was_not_taken_as_it_was_given_is_refused_by_name(changes, sentence):
    with pytest.raises(ValueError, match=sentence):
        check_saved({"a": np.ones(2), **changes}, {"a": np.ones(2)})
    with pytest.raises(ValueError, match="a: expected an entry"):
        check_saved({}, {"a": np.ones(2)})


def test_a_folder_has_one_holder_and_the_second_is_told_who_it_is_and_what_to_do(tmp_path):
    with Lock(tmp_path):
        with pytest.raises(ValueError) as caught:
            Lock(tmp_path)
        who = rf"process {os.getpid()} on .+ since \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d"
        line = rf"{re.escape(str(tmp_path))}: expected nobody else .*, but {who} is; wait .* or stop it"
        assert re.fullmatch(line, str(caught.value))
        with pytest.raises(ValueError, match="expected nobody else"):       # having asked does not make it free
            Lock(tmp_path)
    assert os.listdir(tmp_path) == [] or os.name == "nt"
    Lock(tmp_path).close()


def test_a_holder_whose_work_fails_lets_go(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        with Lock(tmp_path):
            raise KeyboardInterrupt
    Lock(tmp_path).close()


def test_the_lock_dies_with_a_killed_process_and_its_file_is_no_lock(tmp_path):
    program = ("import sys; from tinyrlhf.saving import Lock; lock = Lock(sys.argv[1])\n"
               "print('held', flush=True); sys.stdin.read()")
    command = [sys.executable, "-c", program, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(ValueError, match=f"process {holder.pid} on "):
            Lock(tmp_path)
        holder.kill()
    assert os.listdir(tmp_path) == ["lock"]
    with Lock(tmp_path):
        assert (tmp_path / "lock").read_text().startswith(f"process {os.getpid()} on ")


def test_who_opens_the_file_of_a_holder_that_ends_meanwhile_does_not_hold_a_file_without_a_name(tmp_path, monkeypatch):
    first, meanwhile = Lock(tmp_path), [1]

    def slow(file):
        if meanwhile:
            meanwhile.clear()
            first.close()
        return hold(file)

    monkeypatch.setattr(saving, "hold", slow)
    with Lock(tmp_path):
        with pytest.raises(ValueError, match="expected nobody else"):
            Lock(tmp_path)


def test_a_holder_that_has_not_said_its_name_yet_and_one_with_a_hostile_name(tmp_path):
    with Lock(tmp_path) as lock:
        for text, said in [(b"", "another process"), (b"\x1b[2Jx\xff\n" + b"y" * 10**6, "[2Jx�y")]:
            lock.file.seek(0)
            lock.file.truncate()
            lock.file.write(text)
            with pytest.raises(ValueError) as caught:
                Lock(tmp_path)
            message = str(caught.value)
            assert f"but {said}" in message and message.isprintable() and len(message) < 500


@needs_links
def test_a_folder_that_cannot_be_locked_is_one_line_and_a_link_is_not_written_through(tmp_path):
    with pytest.raises(ValueError, match="nowhere: cannot be locked: No such file"):
        Lock(tmp_path / "nowhere")
    (tmp_path / "precious").write_text("precious")
    (tmp_path / "lock").symlink_to(tmp_path / "precious")
    with pytest.raises(ValueError, match="cannot be locked"):
        Lock(tmp_path)
    assert (tmp_path / "precious").read_text() == "precious"


def test_windows_locks_one_byte_behind_the_text_so_that_the_name_can_be_read(tmp_path, monkeypatch):
    fcntl, places = pytest.importorskip("fcntl"), []

    def locking(number, mode, count):
        places.append((os.lseek(number, 0, os.SEEK_CUR), mode, count))
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise PermissionError(13, "Permission denied") from None

    monkeypatch.setattr(saving, "fcntl", None)
    monkeypatch.setattr(saving, "msvcrt", types.SimpleNamespace(locking=locking, LK_NBLCK=2), raising=False)
    with Lock(tmp_path):
        with pytest.raises(ValueError, match=f"process {os.getpid()} on "):
            Lock(tmp_path)
        assert (tmp_path / "lock").stat().st_size < 1000
    assert places == [(2**31 - 2, 2, 1)] * 2
