"""How is what people said kept for ever? As a file that only grows: one event per line, each with a number and a check sum.

A line is a JSON object: v (format, 1), seq (0, 1, 2, ...), k (kind), t (UTC time), the event's own fields, and crc last: the CRC-32
of the object's text without it. A half-written last line is set aside when the log is opened; any other damage is an error.
"""
import json
import os
import zlib
from datetime import datetime, timezone

import numpy as np

RESERVED = ("v", "seq", "k", "t", "crc")


class Log:
    """Opens a log, or starts one, and appends to it; `append` returns only when the event is on the disk.

    >>> with Log("answers.jsonl") as log:                           # doctest: +SKIP
    ...     log.append("label", q="q-0012", ans="a", ms=3120)
    0
    """

    def __init__(self, path):
        self.path, self.torn = os.fspath(path), b""                 # torn: what a crash left of a last line
        self.next_seq, self.size = 0, 0
        self.file = open(self.path, "ab", buffering=0)
        try:
            self._recover()
        except BaseException:
            self.file.close()
            raise

    def append(self, kind, /, **fields):
        """Write one event; returns its seq."""
        return self.append_many(kind, [fields])[0]

    def append_many(self, kind, rows):
        """Write one event for each dict of rows, with a single wait for the disk; returns their seqs."""
        if not isinstance(kind, str):
            raise ValueError(f"kind: expected a word such as 'label', got {kind!r}")
        time = datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        lines = [seal({"v": 1, "seq": self.next_seq + i, "k": kind, "t": time, **own_fields(row)}) for i, row in enumerate(rows)]
        self._write(b"".join(lines))
        self.next_seq += len(lines)
        return range(self.next_seq - len(lines), self.next_seq)

    def close(self):
        self.file.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _write(self, data):
        rest = data
        try:
            while rest:
                rest = rest[self.file.write(rest):]                 # a disk that fills up takes only a part
            os.fsync(self.file.fileno())
        except BaseException:
            self.file.truncate(self.size)                           # no half line: the event was refused, not half accepted
            raise
        self.size += len(data)

    def _recover(self):
        with open(self.path, "rb") as file:
            for event in whole_events(file):
                self.next_seq, self.size = event["seq"] + 1, file.tell()
            file.seek(self.size)
            self.torn = file.read()
        if self.torn:
            with open(self.path + ".torn", "ab") as aside:          # set aside, never thrown away
                aside.write(self.torn + b"\n")
            self.file.truncate(self.size)


def read(path):
    """All events of a log as dicts, checked, in order; a torn last line is left out, and the file is not touched."""
    with open(path, "rb") as file:
        return list(whole_events(file))


def whole_events(file):
    """Yields the events of a binary file; stops before a torn last line, raises ValueError for any other damage."""
    for seq, line in enumerate(file):
        body, where = unseal(line), f"{file.name}, line {seq + 1}"
        if body is None:
            if file.peek(1) or line.endswith(b"\n"):                # a crash leaves a line without its end
                raise ValueError(f"{where}: expected an event with a matching crc, got a damaged line; restore it from a copy")
            return
        event = json.loads(body)
        if event.get("v") != 1:
            raise ValueError(f"{where}: expected format v = 1, got {event.get('v')}; was it written by a newer version?")
        if event.get("seq") != seq:
            raise ValueError(f"{where}: expected seq = {seq}, got {event.get('seq')}; a line is missing, or two programs wrote at once")
        yield event


def seal(event):
    """One event as a line of bytes that ends with the check sum of all before it."""
    try:
        body = json.dumps(event, separators=(",", ":"), allow_nan=False)        # ASCII: a cut never falls inside a character
    except ValueError:
        raise ValueError(f"{event['k']}: expected finite numbers, got NaN or infinity among {list(event)[4:]}; use None") from None
    return f'{body[:-1]},"crc":"{zlib.crc32(body.encode()):08x}"}}\n'.encode()


def unseal(line):
    """The object's text without the check sum, or None where the line is damaged or incomplete."""
    start, mark, crc = line.rpartition(b',"crc":"')
    body = start + b"}"
    return body if mark and crc == b'%08x"}\n' % zlib.crc32(body) else None


def own_fields(row):
    """The event's fields as plain JSON values; arrays and NumPy numbers become lists and numbers that read back exactly."""
    for name in row:
        if name in RESERVED:
            raise ValueError(f"{name}: expected a field name other than {', '.join(RESERVED)}, which the log writes itself")
    return plain(row, "event")


def plain(value, name):
    """The same value in lists, dicts, strings, numbers, booleans and None; name says which one a complaint is about."""
    if isinstance(value, (np.ndarray, np.generic)) and (value.dtype.kind in "biuU" or value.dtype in (np.float16, np.float32, np.float64)):
        return value.tolist()
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {key: plain(item, key) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item, name) for item in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise ValueError(f"{name}: expected numbers, text, None, lists, arrays or dicts with text keys, got {type(value).__name__}")
