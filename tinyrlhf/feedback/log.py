"""How is what people said kept for ever? As a file that only grows, one event a line, each checked.

A line is a JSON object: v (format, 2), seq (0, 1, 2, ...), k (kind of event), t (UTC time), the
event's own fields, and crc last: the CRC-32 of the object's text without it. Lines written as one
group carry `more`: how many of the group follow. A group is there whole or not at all: what a crash
left of the last one is set aside in PATH.torn when the log is opened. Any other damage is an error.
A log may begin with lines of format 1, which knew no groups.
"""
import json
import math
import os
import zlib
from datetime import datetime, timezone
from pathlib import Path

import numpy as np

from tinyrlhf.saving import Closing, hold, open_regular, sync_folder

RESERVED = ("v", "seq", "k", "t", "more", "crc")


class Log(Closing):
    """A log, opened or begun, and its only writer; what `append` has returned from is on the disk.

    >>> with Log("answers.jsonl") as log:  # doctest: +SKIP
    ...     log.append("label", q="q-0012", ans="a", ms=3120)
    0
    """

    def __init__(self, path):
        self.path = os.fspath(path)
        self.torn = b""  # what a crash left of the last group
        self.next_seq = 0
        self.size = 0  # bytes of all whole groups
        self.file = open(self.path, "ab", buffering=0)
        try:
            if not hold(self.file):
                raise ValueError(f"{self.path}: expected no other writer, but it has one; "
                                 "close that log, or stop its process")
            self._recover()
        except BaseException:
            self.file.close()
            raise

    def append(self, kind, /, **fields):
        """Write one event; returns its seq."""
        return self.append_group([(kind, fields)])[0]

    def append_group(self, pairs):
        """Write (kind, fields) pairs as one group, in one wait for the disk; returns their seqs."""
        pairs = list(pairs)
        now = datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        seqs = range(self.next_seq, self.next_seq + len(pairs))
        lines = []
        for seq, (kind, fields) in zip(seqs, pairs):
            if not isinstance(kind, str):
                raise ValueError(f"kind: expected a word such as 'label', got {kind!r}")
            head = {"v": 2, "seq": seq, "k": kind, "t": now}
            if seq < seqs[-1]:
                head["more"] = seqs[-1] - seq
            lines.append(seal(head | own_fields(fields)))
        self._write(b"".join(lines), len(lines))
        return seqs

    def close(self):
        self.file.close()

    def _write(self, data, count):
        rest = data
        try:
            while rest:
                rest = rest[self.file.write(rest):]  # a disk that fills up takes only a part
            os.fsync(self.file.fileno())
            self.size += len(data)
            self.next_seq += count
        except BaseException:
            self._cut()  # the group is refused, not halved
            raise

    def _cut(self):
        """Back to the last whole group; where that fails, nothing may be written after the rest."""
        try:
            self.file.truncate(self.size)
        except OSError:
            self.file.close()
            raise

    def _recover(self):
        folder = Path(self.path).parent
        with open_regular(self.path) as file:
            for event, more in checked_lines(file):
                if not more:
                    self.next_seq = event["seq"] + 1
                    self.size = file.tell()
            file.seek(self.size)
            self.torn = file.read()
        if self.torn:
            with open(self.path + ".torn", "ab") as aside:
                aside.write(self.torn + b"\n")
                aside.flush()
                os.fsync(aside.fileno())  # kept there before it goes here
            sync_folder(folder)
            self._cut()
        elif not self.size:
            sync_folder(folder)  # the log may be new


def events(path):
    """Yields the events of a log as dicts, in order, without a torn end; the file stays as is."""
    group = []
    with open_regular(path) as file:
        for event, more in checked_lines(file):
            group.append(event)
            if not more:
                yield from group
                group.clear()


def checked_lines(file):
    """Yields each event of a binary file and how many lines of its group follow.

    Stops before a last line without its end, as crashes leave it; other damage is a ValueError.
    """
    due = None  # what `more` must be, within a group
    for seq, line in enumerate(file):
        if not line.endswith(b"\n") and unseal(line[:-1] + b"\n") is None:
            return
        body = unseal(line)
        try:
            event, more = checked(body, seq, due)
        except ValueError as error:
            raise ValueError(f"{file.name}, line {seq + 1}: {error}") from None
        due = more - 1 if more else None
        yield event, more


def checked(body, seq, due):
    """The event of this text and its `more`, or a ValueError that says what is wrong with it."""
    if body is None:
        raise ValueError("expected an event with a matching crc, got a damaged line; "
                         "restore it from a copy")
    event = parse(body)
    version, number = event.get("v"), event.get("seq")
    if version not in (1, 2):
        raise ValueError(f"expected format v = 1 or 2, got {version!r}; "
                         "was it written by a newer version?")
    if number != seq:
        raise ValueError(f"expected seq = {seq}, got {number!r}; "
                         "a line is missing, or two programs wrote at once")
    more = event.get("more", 0) if version == 2 else 0
    if type(more) is not int or more < 0 or due not in (None, more):
        expected = "a count" if due is None else due
        raise ValueError(f"expected more = {expected}, got {more!r}; "
                         "a line of its group is missing")
    return event, more


def parse(body):
    """The JSON object of a text; ValueError if it is none, too deep, or with numbers too large."""
    zeros = body.translate(ZEROS)
    large = any(pattern in zeros for pattern in LARGE)
    try:
        return (EXACTING if large else DECODER).decode(body.decode())
    except (ValueError, RecursionError) as error:
        raise ValueError(f"expected a JSON object that can be read, got: {error}") from None


def bounded(number):
    """The same text of a number, if float64 can hold it."""
    if not math.isfinite(float(number)):
        raise ValueError(f"{number[:12]}, which is no finite float64")
    return number


EXACTING = json.JSONDecoder(parse_int=lambda text: int(bounded(text)), parse_constant=bounded,
                            parse_float=lambda text: float(bounded(text)))
DECODER = json.JSONDecoder(parse_constant=bounded)  # up to 3 times as fast as EXACTING,
LARGE = b"0" * 309, b"e000", b"e+000"  # and enough where no number is LARGE
ZEROS = bytes.maketrans(b"123456789E", b"000000000e")


def seal(event):
    """One event as a line of bytes that ends with the check sum of all before it."""
    try:
        body = json.dumps(event, separators=(",", ":"), allow_nan=False)  # ASCII: easily cut
    except ValueError:
        own = ", ".join(name for name in event if name not in RESERVED)
        raise ValueError(f"{event['k']}: expected finite numbers, got NaN or infinity "
                         f"in one of {own}; use None") from None
    return f'{body[:-1]},"crc":"{zlib.crc32(body.encode()):08x}"}}\n'.encode()


def unseal(line):
    """The object's text without the check sum, or None where the line is damaged or incomplete."""
    start, mark, crc = line.rpartition(b',"crc":"')
    body = start + b"}"
    return body if mark and crc == b'%08x"}\n' % zlib.crc32(body) else None


def own_fields(row):
    """The event's fields as plain JSON values; arrays become lists that read back exactly."""
    for name in row:
        if name in RESERVED:
            raise ValueError(f"{name}: expected a field name other than {', '.join(RESERVED)}, "
                             "which the log writes itself")
    try:
        return plain(row, "event")
    except RecursionError:
        raise ValueError(f"{', '.join(row)}: expected less deeply nested values") from None


def plain(value, name):
    """The same value in lists, dicts, text, numbers, booleans, None; `name` is for complaints."""
    if isinstance(value, (np.ndarray, np.generic)):
        dtype = value.dtype
        if dtype.kind in "biuU" or dtype in (np.float16, np.float32, np.float64):
            return value.tolist()
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {key: plain(item, key) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item, name) for item in value]
    if isinstance(value, int) and value.bit_length() > 1023:
        raise ValueError(f"{name}: expected numbers below 2**1023, got {value.bit_length()} bits")
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise ValueError(f"{name}: expected numbers, text, None, lists, arrays or dicts with text "
                     f"keys, got {type(value).__name__}")
