"""A terminal as keys in and rows out: raw while somebody answers, as it was before and after."""
import contextlib
import os
import select
import signal
import sys
import time

from tinyrlhf.saving import Closing

try:
    import termios
    import tty
except ImportError:  # Windows
    termios = None
    import msvcrt

ESCAPED = {"A": "up", "B": "down", "C": "right", "D": "left", "H": "home", "F": "end",
           "3~": "delete"}                          # after ESC [ or ESC O
NAMED = {"\r": "enter", "\n": "enter", "\x7f": "backspace", "\b": "backspace", " ": "space",
         "\x1b": "escape"}
WINDOWS = {"H": "up", "P": "down", "M": "right", "K": "left", "S": "delete"}  # after NUL or 0xE0
PATIENCE = 0.05  # seconds until an ESC without anything after it is the key itself
GONE = (OSError, termios.error) if termios else OSError  # what no terminal raises
ENDING = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
SUSPEND = getattr(signal, "SIGTSTP", None)  # Ctrl-Z
ENTER, LEAVE = "\x1b[?1049h\x1b[?25l\x1b[2J", "\x1b[0m\x1b[?25h\x1b[?1049l"


def write(text):
    """On standard output, with ? for letters that it does not have."""
    letters = sys.stdout.encoding or "ascii"
    sys.stdout.write(text.encode(letters, "replace").decode(letters))
    sys.stdout.flush()


class Stopped(KeyboardInterrupt):
    """Like Ctrl-C, but by another signal, whose number it has."""

    def __init__(self, number):
        super().__init__()
        self.signal = number


class Decoder:
    """Bytes as they come, in any pieces -> names of keys; what nobody knows is left out."""

    def __init__(self):
        self.rest = b""

    def feed(self, data, more=True):
        """The keys that are complete; without `more` to come an ESC at the end is the key."""
        self.rest += data
        keys = []
        while self.rest:
            size, key = self._first(more)
            if not size:
                break
            self.rest = self.rest[size:]
            if key:
                keys.append(key)
        return keys

    def _first(self, more):
        """(bytes it takes, name or None) of the first key; 0 bytes: it is not complete."""
        data = self.rest
        if data[0] == 0x1b and len(data) == 1:
            return (0, None) if more else (1, "escape")
        if data[0] == 0x1b and data[1:2] in (b"[", b"O"):
            for end in range(2, len(data)):
                if 0x40 <= data[end] <= 0x7e:
                    return end + 1, ESCAPED.get(data[2:end + 1].decode("latin-1"))
            return (0, None) if more else (len(data), None)
        if data[0] == 0x1b:
            return (1 if data[1] == 0x1b else 2), None  # Alt and a key; and an arrow: the arrow
        size = sum(data[0] >= first for first in (0, 0xc2, 0xe0, 0xf0))
        if any(byte & 0xc0 != 0x80 for byte in data[1:size]):
            return 1, None  # no UTF-8
        if len(data) < size:
            return (0, None) if more else (len(data), None)
        letter = data[:size].decode(errors="ignore")
        return size, NAMED.get(letter) or (letter if letter.isprintable() else None)


class Terminal(Closing):
    """The terminal on standard input and output, until it is closed: then it is as it was."""
    still = False  # what moves is seen moving

    def __init__(self):
        self.decoder, self.waiting, self.read_at = Decoder(), [], 0.0
        self.handlers = {}  # of signals, as they were before
        self.suspended = False  # by Ctrl-Z
        if termios:
            self.file = sys.stdin.fileno()
            self.before = termios.tcgetattr(self.file)
            termios.tcflush(self.file, termios.TCIFLUSH)  # typed before there was a question
            for number in ENDING:
                self.handlers[number] = signal.signal(number, self._stop)
            self.handlers[SUSPEND] = signal.signal(SUSPEND, self._note_suspended)
        self._enter()

    def _enter(self):
        self.shown, self.size = {}, None
        if termios:
            tty.setcbreak(self.file)  # Ctrl-C and Ctrl-Z still are signals
        write(ENTER)

    def _leave(self):
        if termios:
            termios.tcsetattr(self.file, termios.TCSADRAIN, self.before)
        write(LEAVE)

    def _stop(self, number, frame):
        raise Stopped(number)

    def _note_suspended(self, number, frame):
        self.suspended = True  # it may be writing just now

    def _suspend(self):
        """As it was for whoever works here meanwhile; when continued, all is drawn anew."""
        self.suspended = False
        self._leave()
        ours = signal.signal(SUSPEND, signal.SIG_DFL)
        signal.raise_signal(SUSPEND)  # stands still here
        signal.signal(SUSPEND, ours)
        self._enter()

    def close(self):
        for number, handler in self.handlers.items():
            signal.signal(number, handler)
        try:
            self._leave()
        except GONE:  # and so is what is to be written
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    def key(self, seconds):
        """The next key, waited for so long; None: none came."""
        until = time.monotonic() + seconds
        while not self.waiting:
            if self.suspended:
                self._suspend()
                return None  # to be drawn
            left = until - time.monotonic()
            if left <= 0:
                return None
            if termios is None:
                self._read_windows()
                time.sleep(0.005)
            elif select.select([self.file], [], [], min(left, PATIENCE))[0]:
                data = b""
                with contextlib.suppress(OSError):
                    data = os.read(self.file, 1024)
                if not data:
                    raise KeyboardInterrupt  # the terminal is gone
                self.waiting += self.decoder.feed(data)
                self.read_at = time.monotonic()
            elif self.decoder.rest and time.monotonic() - self.read_at >= PATIENCE:
                self.waiting += self.decoder.feed(b"", more=False)
        return self.waiting.pop(0)

    def _read_windows(self):
        while msvcrt.kbhit():
            letter = msvcrt.getwch()
            if letter in "\x00\xe0":
                self.waiting.append(WINDOWS.get(msvcrt.getwch(), ""))
            elif letter == "\x03":
                raise KeyboardInterrupt
            else:
                self.waiting.append(NAMED.get(letter, letter))

    def measure(self):
        """Its size now, in columns and lines; some do not know theirs."""
        with contextlib.suppress(OSError):
            if all(size := os.get_terminal_size(sys.stdout.fileno())):
                return size
        return os.terminal_size((80, 24))

    def draw(self, rows):
        """Show these rows (texts with their colours, as wide as the terminal at most).

        Only those that changed are written; all of them after the terminal was resized.
        """
        size = self.measure()
        parts = []
        if size != self.size:
            self.size, self.shown = size, {}
            parts.append("\x1b[0m\x1b[2J")
        for number in range(size.lines):
            text = rows[number] if number < len(rows) else ""
            if self.shown.get(number, "") != text:
                parts.append(f"\x1b[{number + 1};1H{text}\x1b[0m\x1b[K")
                self.shown[number] = text
        if parts:
            write("".join(parts))


class Lines(Closing):
    """The same where there is no terminal: rows are printed once, keys are words of lines.

    l r = are arrows, an empty line is enter, a number its digits; q or the end of the input stops.
    """
    still = True
    words = {"l": "left", "r": "right", "=": "up"}

    def __init__(self):
        self.rows, self.printed, self.waiting = [], None, []

    def close(self):
        pass

    def measure(self):
        return os.terminal_size((80, 60))

    def draw(self, rows):
        self.rows = [row.rstrip() for row in rows]

    def line(self):
        """The next line, after what is to be seen if that has changed."""
        if self.rows != self.printed:
            write("\n".join(self.rows) + "\n")
            self.printed = self.rows
        line = sys.stdin.readline()
        if not line:
            raise KeyboardInterrupt
        return line.rstrip("\r\n")

    def key(self, seconds):
        while not self.waiting:
            for word in self.line().split() or ["enter"]:
                if word.isascii() and word.isdigit():
                    self.waiting += word
                else:
                    self.waiting.append(self.words.get(word, word))
        return self.waiting.pop(0)
