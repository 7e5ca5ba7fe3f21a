"""The log of what people said: what was acknowledged stays, exactly as it was said, and damage is noticed."""
import json
import os
import subprocess
import sys

import numpy as np
import pytest

from tinyrlhf.feedback import log as log_module
from tinyrlhf.feedback.log import Log, read


def write_five(path):
    """A log of five events; returns its bytes."""
    with Log(path) as log:
        for i in range(5):
            log.append("label", q=f"q-{i}", ans="a", ms=100.5 + i)
    return path.read_bytes()


def test_what_is_written_is_read_back_exactly(tmp_path):
    rng = np.random.default_rng(0)
    fields = dict(text='ü "quoted" \n \u2028 \x00 \ud800', none=None, flag=True, big=2**127 + 1, third=1 / 3, tiny=5e-324,
                  nested={"deep": [1, [2.5, "x"], {"y": None}]}, empty=[])
    arrays = dict(float64=rng.normal(size=(3, 4)), float32=rng.normal(size=5).astype(np.float32), int64=rng.integers(2**62, size=3),
                  uint8=np.arange(3, dtype=np.uint8), bool_=np.array([True, False]), scalar=np.float32(0.1), count=np.int64(7),
                  words=np.array(["a", "b"]))
    with Log(tmp_path / "log.jsonl") as log:
        assert log.append("label", **fields) == 0
        assert list(log.append_many("clip", [arrays, {}])) == [1, 2]
    first, second, third = read(tmp_path / "log.jsonl")
    assert {name: first[name] for name in fields} == fields
    for name, array in arrays.items():
        assert np.array_equal(np.asarray(second[name], array.dtype), array), name
        assert type(second[name]) in (list, float, int)
    assert [event["k"] for event in (first, second, third)] == ["label", "clip", "clip"]


def test_every_line_is_plain_json_with_version_number_kind_time_first_and_crc_last(tmp_path):
    for seq, line in enumerate(write_five(tmp_path / "log.jsonl").splitlines()):
        event = json.loads(line)
        assert list(event) == ["v", "seq", "k", "t", "q", "ans", "ms", "crc"]
        assert event["v"] == 1 and event["seq"] == seq and event["t"].endswith("Z") and len(event["crc"]) == 8


def test_a_log_goes_on_where_it_stopped(tmp_path):
    write_five(tmp_path / "log.jsonl")
    with Log(tmp_path / "log.jsonl") as log:
        assert log.append("undo", of=4) == 5 and log.torn == b""
    assert [event["seq"] for event in read(tmp_path / "log.jsonl")] == list(range(6))


def test_after_a_cut_at_any_byte_the_whole_lines_are_there_and_the_rest_is_set_aside(tmp_path):
    data = write_five(tmp_path / "log.jsonl")
    whole = read(tmp_path / "log.jsonl")
    for cut in range(len(data) + 1):
        path = tmp_path / f"{cut}.jsonl"
        path.write_bytes(data[:cut])
        complete = data[:cut].count(b"\n")
        assert read(path) == whole[:complete]
        with Log(path) as log:
            assert log.torn == data[:cut][data[:cut].rfind(b"\n") + 1:]
            assert log.append("label", q="next") == complete
        assert [event["seq"] for event in read(path)] == list(range(complete + 1))
        assert os.path.exists(f"{path}.torn") == bool(log.torn)
        if log.torn:
            assert (tmp_path / f"{cut}.jsonl.torn").read_bytes() == log.torn + b"\n"


def test_no_flipped_bit_goes_unnoticed_and_the_message_names_the_line(tmp_path):
    data, path = write_five(tmp_path / "log.jsonl"), tmp_path / "log.jsonl"
    whole = read(path)
    for position in range(len(data)):
        path.write_bytes(data[:position] + bytes([data[position] ^ (1 << position % 8)]) + data[position + 1:])
        number = data[:position].count(b"\n") + 1
        if position == len(data) - 1:                               # without its end, the last line is a torn one
            assert read(path) == whole[:number - 1]
        else:
            with pytest.raises(ValueError, match=f"line {number}: expected an event with a matching crc") as caught:
                read(path)
            assert "\n" not in str(caught.value)


def test_a_damaged_log_is_not_opened_and_not_changed(tmp_path):
    data, path = write_five(tmp_path / "log.jsonl"), tmp_path / "log.jsonl"
    damaged = data.replace(b"q-1", b"q-9")
    path.write_bytes(damaged)
    with pytest.raises(ValueError, match="line 2"):
        Log(path)
    assert path.read_bytes() == damaged


def test_a_missing_line_and_a_newer_format_are_named(tmp_path):
    path = tmp_path / "log.jsonl"
    lines = write_five(path).splitlines(keepends=True)
    path.write_bytes(lines[0] + b"".join(lines[2:]))
    with pytest.raises(ValueError, match="line 2: expected seq = 1, got 2"):
        read(path)
    path.write_bytes(log_module.seal({"v": 2, "seq": 0, "k": "label"}))
    with pytest.raises(ValueError, match="line 1: expected format v = 1, got 2"):
        Log(path)


def test_fields_nobody_knows_are_kept(tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_bytes(log_module.seal({"v": 1, "seq": 0, "k": "poem", "t": "2026-01-01T00:00:00.000Z", "rhyme": [1, {"x": "y"}]}))
    with Log(path) as log:
        log.append("label", mood="new")
    assert read(path)[0]["rhyme"] == [1, {"x": "y"}] and read(path)[1]["mood"] == "new"


@pytest.mark.parametrize("fields, sentence", [
    (dict(ms=float("nan")), "label: expected finite numbers"),
    (dict(states=np.array([1.0, np.inf])), "label: expected finite numbers.*states"),
    (dict(seq=3), "seq: expected a field name other than"),
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
            log.append_many("label", [dict(ans="a"), fields])
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


def test_a_killed_writer_loses_nothing_it_has_acknowledged(tmp_path):
    program = ("import sys; from tinyrlhf.feedback.log import Log; log = Log(sys.argv[1])\n"
               "while True: print(log.append('label', ans='a' * 50), flush=True)")
    for _ in range(3):
        writer = subprocess.Popen([sys.executable, "-c", program, str(tmp_path / "log.jsonl")], stdout=subprocess.PIPE, text=True)
        acknowledged = [writer.stdout.readline() for _ in range(50)]
        writer.kill()
        acknowledged += writer.stdout.read().splitlines()
        writer.wait()
        writer.stdout.close()
        assert len(read(tmp_path / "log.jsonl")) > int([number for number in acknowledged if number.strip()][-1])
