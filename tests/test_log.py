"""The log of what people said: what was acknowledged stays, exactly as it was said, and damage is noticed."""
import json
import os
import random
import re
import subprocess
import sys
import time
import tracemalloc

import numpy as np
import pytest

from tinyrlhf.feedback import log as log_module
from tinyrlhf.feedback.log import Log, events, seal


def read(path):
    return list(events(path))


def write_groups(path):
    """A log of one event, a group of three of two kinds, and one event; returns its bytes."""
    with Log(path) as log:
        log.append("label", q="q-0", ans="a", ms=100.5)
        answers = [("label", dict(q="q-1", ans="b")), ("label", dict(q="q-2", ans="a"))]
        log.append_group([("show", dict(q="q-1")), *answers])
        log.append("undo", of=3)
    return path.read_bytes()


def sealed(seq, version=2, **fields):
    """A line as some version might have written it."""
    return seal({"v": version, "seq": seq, "k": "label", "t": "2026-01-01T00:00:00.000Z", **fields})


def with_crc(body):
    """Any bytes that end with a brace, with the check sum that belongs to them."""
    return body[:-1] + b',"crc":"%08x"}\n' % log_module.zlib.crc32(body)


def test_what_is_written_is_read_back_exactly(tmp_path):
    rng = np.random.default_rng(0)
    fields = dict(text='ü "quoted" \n \u2028 \x00 \ud800', none=None, flag=True, big=2**127 + 1, third=1 / 3,
                  tiny=5e-324, nested={"deep": [1, [2.5, "x"], {"y": None}]}, empty=[])
    arrays = dict(float64=rng.normal(size=(3, 4)), float32=rng.normal(size=5).astype(np.float32),
                  int64=rng.integers(2**62, size=3), uint8=np.arange(3, dtype=np.uint8), bool_=np.array([True, False]),
                  scalar=np.float32(0.1), count=np.int64(7), words=np.array(["a", "b"]))
    with Log(tmp_path / "log.jsonl") as log:
        assert log.append("label", **fields) == 0
        assert list(log.append_group([("clip", arrays), ("clip", {})])) == [1, 2]
    first, second, third = read(tmp_path / "log.jsonl")
    assert {name: first[name] for name in fields} == fields
    for name, array in arrays.items():
        assert np.array_equal(np.asarray(second[name], array.dtype), array), name
        assert type(second[name]) in (list, float, int)
    assert [event["k"] for event in (first, second, third)] == ["label", "clip", "clip"]


def test_every_line_is_plain_json_with_version_number_kind_time_first_and_crc_last(tmp_path):
    own = [["q", "ans", "ms"], ["more", "q"], ["more", "q", "ans"], ["q", "ans"], ["of"]]
    for seq, line in enumerate(write_groups(tmp_path / "log.jsonl").splitlines()):
        event = json.loads(line)
        assert list(event) == ["v", "seq", "k", "t", *own[seq], "crc"]
        assert event["v"] == 2 and event["seq"] == seq and event["t"].endswith("Z") and len(event["crc"]) == 8


def test_the_lines_of_a_group_say_how_many_follow_and_a_group_of_one_says_nothing(tmp_path):
    write_groups(tmp_path / "log.jsonl")
    assert [event.get("more") for event in read(tmp_path / "log.jsonl")] == [None, 2, 1, None, None]


def test_a_log_goes_on_where_it_stopped(tmp_path):
    write_groups(tmp_path / "log.jsonl")
    with Log(tmp_path / "log.jsonl") as log:
        assert log.append("undo", of=4) == 5 and log.torn == b""
        assert list(log.append_group([])) == [] and log.append("undo", of=3) == 6
    assert [event["seq"] for event in read(tmp_path / "log.jsonl")] == list(range(7))


def test_after_a_cut_at_any_byte_the_whole_groups_are_there_and_the_rest_is_set_aside(tmp_path, monkeypatch):
    monkeypatch.setattr(log_module.os, "fsync", lambda _: None)         # a thousand times; others look at it
    data = write_groups(tmp_path / "log.jsonl")
    whole = read(tmp_path / "log.jsonl")
    ends = [0] + [i + 1 for i, byte in enumerate(data) if byte == ord("\n")]
    ends_of_groups = {ends[count]: count for count in (0, 1, 4, 5)}         # bytes -> events
    for cut in range(len(data) + 1):
        path, torn = tmp_path / "cut.jsonl", tmp_path / "cut.jsonl.torn"
        torn.unlink(missing_ok=True)
        path.write_bytes(data[:cut])
        end = max(end for end in ends_of_groups if end <= cut)
        count = ends_of_groups[end]
        assert list(events(path)) == whole[:count] and path.read_bytes() == data[:cut]
        with Log(path) as log:
            assert log.torn == data[end:cut] and path.read_bytes() == data[:end]
            assert log.append("label", q="next") == count
        assert [event["seq"] for event in read(path)] == list(range(count + 1))
        assert torn.exists() == bool(log.torn)
        if log.torn:
            assert torn.read_bytes() == log.torn + b"\n"


def test_what_is_set_aside_is_on_the_disk_before_it_is_cut_off_and_nothing_older_is_lost(tmp_path, monkeypatch):
    data, path, kept = write_groups(tmp_path / "log.jsonl"), tmp_path / "log.jsonl", tmp_path / "log.jsonl.torn"
    seen = []

    def record(number):
        seen.append((os.path.samestat(os.fstat(number), kept.stat()), kept.stat().st_size, path.stat().st_size))

    monkeypatch.setattr(log_module.os, "fsync", record)
    for n in (1, 2):
        path.write_bytes(data[:-5])
        seen.clear()
        torn = Log(path).torn
        assert seen[0] == (True, n * len(torn + b"\n"), len(data) - 5)
    assert kept.read_bytes() == 2 * (torn + b"\n")


def test_no_flipped_bit_goes_unnoticed_and_the_message_names_the_line(tmp_path):
    data, path = write_groups(tmp_path / "log.jsonl"), tmp_path / "log.jsonl"
    whole, earlier = read(path), [0, 1, 1, 1, 4]                   # events before the group of each line
    for position in range(len(data)):
        bits = range(8) if position == len(data) - 1 else [position % 8]
        for bit in bits:
            path.write_bytes(data[:position] + bytes([data[position] ^ (1 << bit)]) + data[position + 1:])
            number = data[:position].count(b"\n") + 1
            kept = []
            with pytest.raises(ValueError, match=f"line {number}: expected an event with a matching crc") as caught:
                for event in events(path):
                    kept.append(event)
            assert "\n" not in str(caught.value) and kept == whole[:earlier[number - 1]]


def test_a_damaged_log_is_not_opened_and_not_changed(tmp_path):
    data, path = write_groups(tmp_path / "log.jsonl"), tmp_path / "log.jsonl"
    for damaged in (data.replace(b"q-1", b"q-9"), data[:-1] + b"\x0b"):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"line [25]: .*damaged"):
            Log(path)
        assert path.read_bytes() == damaged and os.listdir(tmp_path) == ["log.jsonl"]


def test_a_missing_line_and_a_newer_format_are_named(tmp_path):
    path = tmp_path / "log.jsonl"
    lines = write_groups(path).splitlines(keepends=True)
    path.write_bytes(lines[0] + b"".join(lines[2:]))
    with pytest.raises(ValueError, match="line 2: expected seq = 1, got 2"):
        read(path)
    path.write_bytes(sealed(0, version=3))
    with pytest.raises(ValueError, match="line 1: expected format v = 1 or 2, got 3; .*newer version"):
        Log(path)


@pytest.mark.parametrize("lines, sentence", [
    ([dict(more=2), dict(more=2)], "line 2: expected more = 1, got 2; a line of its group is missing"),
    ([dict(more=2), dict()], "line 2: expected more = 1, got 0"),
    ([dict(more=1), dict(more=1)], "line 2: expected more = 0, got 1"),
    ([dict(more=1), dict(version=1)], None),
    ([dict(more=2), dict(version=1, more=1)], "line 2: expected more = 1, got 0"),
    ([dict(more=-1)], "line 1: expected more = a count, got -1"),
    ([dict(more="x")], "line 1: expected more = a count, got 'x'"),
    ([dict(more=None)], "line 1: expected more = a count, got None"),
])
def test_a_group_that_does_not_count_down_is_refused(tmp_path, lines, sentence):
    path = tmp_path / "log.jsonl"
    path.write_bytes(b"".join(sealed(seq, **line) for seq, line in enumerate(lines)))
    if sentence is None:
        assert len(read(path)) == len(lines)
    else:
        for door in (read, Log):
            with pytest.raises(ValueError, match=sentence):
                door(path)


def test_a_log_of_format_one_is_read_and_goes_on_and_its_own_fields_are_its_own(tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_bytes(sealed(0, version=1, ans="a", more=7) + sealed(1, version=1, more="x"))
    with Log(path) as log:
        assert log.torn == b""
        assert list(log.append_group([("label", dict(ans="b")), ("label", dict(ans="c"))])) == [2, 3]
    assert [(event["v"], event.get("more")) for event in read(path)] == [(1, 7), (1, "x"), (2, 1), (2, None)]


def test_kinds_and_fields_that_nobody_knows_are_kept(tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_bytes(seal({"v": 2, "seq": 0, "k": "poem", "t": "2026-01-01T00:00:00.000Z", "rhyme": [1, {"x": "y"}]}))
    with Log(path) as log:
        log.append("label", mood="new")
    assert read(path)[0]["rhyme"] == [1, {"x": "y"}] and read(path)[1]["mood"] == "new"


@pytest.mark.parametrize("body, sentence", [
    (b'{"v":2,"seq":0,"x":' + b"[" * 10**5 + b"]" * 10**5 + b"}", "recursion"),
    (b'{"v":2,"seq":0,"x":' + b"7" * 400 + b"}", "777, which is no finite float64"),
    (b'{"v":2,"seq":0,"x":-' + b"7" * 5000 + b"}", "777, which is no finite float64"),
    (b'{"v":2,"seq":0,"x":' + b"7" * 400 + b".5}", "777, which is no finite float64"),
    (b'{"v":2,"seq":0,"x":NaN}', "NaN, which is no finite float64"),
    *((b'{"v":2,"seq":0,"x":[' + number + b']}', number.decode() + ", which is no finite float64")
      for number in (b"1e999", b"-1E309", b"2e400")),
    (b'{"v":2,"seq":0,x}', "Expecting property name"),
    (b'{"v":2,"seq":0,"x":"\xff"}', "decode byte"),
    (b'nonsense}', "Expecting value"),
    (b'[]}', "Extra data"),
])
def test_a_line_with_a_matching_check_sum_that_cannot_be_read_is_named(tmp_path, body, sentence):
    path = tmp_path / "log.jsonl"
    path.write_bytes(with_crc(body))
    for door in (read, Log):
        with pytest.raises(ValueError, match=f"^{re.escape(str(path))}, line 1: .*{sentence}") as caught:
            door(path)
        assert "\n" not in str(caught.value) and len(str(caught.value)) < 400


def test_text_may_hold_as_many_digits_as_it_likes_and_numbers_as_many_as_a_float64(tmp_path):
    path, fields = tmp_path / "log.jsonl", dict(text="7" * 5000, whole=-2**1023 + 1, real=[1e308, 5e-324], many=0.1)
    with Log(path) as log:
        log.append("label", **fields)
    event = read(path)[0]
    assert {name: event[name] for name in fields} == fields
    path.write_bytes(with_crc(b'{"v":2,"seq":0,"x":0.' + b"0" * 400 + b'1}'))
    assert read(path)[0]["x"] == 0.0


def deep(levels):
    value = 0
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize("fields, sentence", [
    (dict(ms=float("nan")), "label: expected finite numbers"),
    (dict(states=np.array([1.0, np.inf])), "label: expected finite numbers.* in one of states"),
    (dict(seq=3), "seq: expected a field name other than"),
    (dict(more=1), "more: expected a field name other than"),
    (dict(big=-2**1023), r"big: expected numbers below 2\*\*1023, got 1024 bits"),
    (dict(big=[10**5000]), "big: expected numbers below"),
    (dict(fine=1, x=deep(10**4)), "fine, x: expected less deeply nested values"),
    (dict(crc="00000000"), "crc: expected a field name other than"),
    (dict(who={1: "x"}), "who: expected numbers, text.*got dict"),
    (dict(who=b"bytes"), "who: .*got bytes"),
    (dict(who=[{"deep": {1, 2}}]), "deep: .*got set"),
    (dict(who=np.array([object()])), "who: .*got ndarray"),
    (dict(who=1j), "who: .*got complex"),
])
def test_what_would_not_read_back_exactly_is_refused_before_anything_is_written(tmp_path, fields, sentence):
    with Log(tmp_path / "log.jsonl") as log:
        with pytest.raises(ValueError, match=sentence) as caught:
            log.append_group([("label", dict(ans="a")), ("label", fields)])
        assert "\n" not in str(caught.value) and (tmp_path / "log.jsonl").read_bytes() == b""
        assert log.append("label", ans="a") == 0


def test_a_field_may_be_called_kind(tmp_path):
    with Log(tmp_path / "log.jsonl") as log:
        log.append("label", kind="x", self="y")
    assert read(tmp_path / "log.jsonl")[0]["kind"] == "x"


def test_a_full_disk_refuses_the_event_and_leaves_the_earlier_ones_intact(tmp_path):
    pytest.importorskip("resource")
    program = """
import resource, signal, sys
from tinyrlhf.feedback.log import Log
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
log = Log(sys.argv[1])
log.append("label", ans="a")
resource.setrlimit(resource.RLIMIT_FSIZE, (300, resource.RLIM_INFINITY))
try:
    log.append("label", ans="b" * 1000)
except OSError:
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    print(log.append("label", ans="c"))
"""
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path / "log.jsonl")], capture_output=True, text=True)
    assert done.stdout == "1\n", done.stderr
    assert [event["ans"] for event in read(tmp_path / "log.jsonl")] == ["a", "c"]


class FailingFile:
    """The log's file, but the named methods raise."""

    def __init__(self, file, names):
        self.file, self.names = file, names

    def __getattr__(self, name):
        if name in self.names:
            raise OSError(5, "Input/output error")
        return getattr(self.file, name)


def test_a_disk_that_neither_takes_nor_gives_back_closes_the_log_before_anything_is_written_behind_the_rest(tmp_path):
    path = tmp_path / "log.jsonl"
    data = write_groups(path)
    log = Log(path)
    log.file.write(b'{"v":2,"half')
    log.file = FailingFile(log.file, ["write", "truncate"])
    with pytest.raises(OSError):
        log.append("label", ans="a")
    log.file.names = []
    with pytest.raises(ValueError):
        log.append("label", ans="b")
    assert path.read_bytes() == data + b'{"v":2,"half'
    with Log(path) as log:
        assert log.torn == b'{"v":2,"half' and log.append("label", ans="c") == 5


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_a_group_that_was_not_synced_was_not_written(tmp_path, monkeypatch, error):
    def fail(_):
        raise error

    data = write_groups(tmp_path / "log.jsonl")
    with Log(tmp_path / "log.jsonl") as log:
        with monkeypatch.context() as patch:
            patch.setattr(log_module.os, "fsync", fail)
            with pytest.raises(error):
                log.append_group([("label", dict(ans="a")), ("label", dict(ans="b"))])
        assert (tmp_path / "log.jsonl").read_bytes() == data
        assert log.append("label", ans="c") == 5


def test_a_group_waits_once_for_the_disk_and_a_new_log_once_for_its_name(tmp_path, monkeypatch):
    synced, sync = [], os.fsync
    monkeypatch.setattr(log_module.os, "fsync", lambda number: (synced.append(os.fstat(number).st_ino), sync(number)))
    path, folder = tmp_path / "log.jsonl", [tmp_path.stat().st_ino] * (os.name != "nt")
    with Log(path) as log:
        assert synced == folder
        log.append_group([("label", dict(ans="a"))] * 100)
        assert synced == folder + [path.stat().st_ino]
    with Log(path):
        assert synced == folder + [path.stat().st_ino]


def test_a_log_has_one_writer_and_the_second_is_refused_before_it_touches_anything(tmp_path):
    path = tmp_path / "log.jsonl"
    write_groups(path)
    with Log(path) as log:
        log.file.write(b'{"v":2,"half')                             # the first is in the middle of writing
        before = path.read_bytes()
        with pytest.raises(ValueError, match=f"^{re.escape(str(path))}: expected no other writer.*; close"):
            Log(path)
        code = "import sys; from tinyrlhf.feedback.log import Log; Log(sys.argv[1])"
        other = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True)
        assert other.returncode == 1 and "ValueError: " in other.stderr and "expected no other writer" in other.stderr
        assert path.read_bytes() == before and os.listdir(tmp_path) == ["log.jsonl"]
        assert len(read(path)) == 5                                 # reading is free
    Log(path).close()


def test_a_log_that_was_not_opened_can_be_opened_once_it_is_mended(tmp_path):
    path = tmp_path / "log.jsonl"
    data = write_groups(path)
    path.write_bytes(data.replace(b"q-1", b"q-9"))
    with pytest.raises(ValueError):
        Log(path)
    path.write_bytes(data)
    Log(path).close()


def test_opening_and_reading_need_memory_for_a_line_or_a_group_not_for_the_log(tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_bytes(b"".join(sealed(seq, text="x" * 3000) for seq in range(2000)))
    tracemalloc.start()
    try:
        Log(path).close()
        assert sum(1 for _ in events(path)) == 2000
        assert tracemalloc.get_traced_memory()[1] < 500_000 < path.stat().st_size / 10
    finally:
        tracemalloc.stop()


WRITER = """
import random, sys, time
from tinyrlhf.feedback.log import Log
log, rng = Log(sys.argv[1]), random.Random(int(sys.argv[2]))
class Slow:
    def __getattr__(self, name): return getattr(file, name)
    def write(self, data):
        time.sleep(0.001)
        return file.write(data[:rng.randint(1, 400)])
file, log.file = log.file, Slow()
while True:
    size = rng.randint(1, 9)
    rows = [(("show", "label")[i % 2], {"group": log.next_seq, "size": size, "pad": "x" * 200}) for i in range(size)]
    print(log.append_group(rows)[-1], flush=True)
"""


def kill_a_writer(path, seed):
    """Kills a writer, whose writes take only a part each, at a random moment; returns what it acknowledged last."""
    command = [sys.executable, "-c", WRITER, str(path), str(seed)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        said = [writer.stdout.readline()]
        time.sleep(random.Random(seed).uniform(0, 0.03))
        writer.kill()
        said += writer.stdout.readlines()
    return int([line for line in said if line.endswith("\n")][-1])


@pytest.mark.parametrize("tries", [5, pytest.param(100, marks=pytest.mark.slow)])
def test_a_killed_writer_loses_nothing_it_has_acknowledged_and_leaves_no_half_group(tmp_path, tries):
    path, acknowledged, set_aside = tmp_path / "log.jsonl", [], 0
    for seed in range(tries):
        acknowledged.append(kill_a_writer(path, seed))
        left = path.read_bytes()
        kept = list(events(path))
        assert len(kept) > acknowledged[-1]
        sizes = {}
        for event in kept:
            sizes[event["group"]] = sizes.get(event["group"], 0) + 1
        assert all(sizes[event["group"]] == event["size"] for event in kept)
        with Log(path) as log:
            assert log.next_seq == len(kept) and path.read_bytes() + log.torn == left
            set_aside += bool(log.torn)
    assert set_aside                                                # some were killed in the middle of a group
