"""A terminal for tests and benchmarks: a command at a pty, and what is to be seen on its screen."""
import fcntl
import os
import pty
import re
import select
import struct
import termios
import time


class Screen:
    """`command` on a screen of this size; whoever looks at it knows what a person would see, and nothing else."""

    def __init__(self, command, lines=24, columns=80, **environment):
        self.columns, self.rows, self.at, self.rest, self.gone = columns, [" " * columns] * lines, [0, 0], "", False
        self.process, self.file = pty.fork()
        if not self.process:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
            os.execve(command[0], command, {**os.environ, "TERM": "xterm", **environment})

    def watch(self, seconds):
        """Let so much time pass."""
        end = time.monotonic() + seconds
        while not self.gone and (left := end - time.monotonic()) > 0:
            if select.select([self.file], [], [], left)[0]:
                try:
                    self.take(os.read(self.file, 65536).decode(errors="replace"))
                except OSError:
                    self.gone = True

    def take(self, text):
        """Move the cursor, clear and write as the text says; of what is cut the rest will come."""
        text, place = self.rest + text, 0
        while place < len(text):
            escape = re.compile(r"\x1b\[([?0-9;]*)([A-Za-z])").match(text, place)
            if escape is None and text[place] == "\x1b" and len(text) - place < 12:
                break
            if escape is None:
                self.letter(text[place])
                place += 1
                continue
            numbers, what = escape.groups()
            if what == "H":
                self.at = [int(number) - 1 for number in (numbers or "1;1").split(";")]
            elif what == "J" or numbers == "?1049":              # cleared, or another screen
                self.rows = [" " * self.columns] * len(self.rows)
            elif what == "K":
                self.rows[self.at[0]] = self.rows[self.at[0]][:self.at[1]].ljust(self.columns)
            place = escape.end()
        self.rest = text[place:]

    def letter(self, letter):
        row, column = self.at
        if letter == "\n":
            self.at[0] = min(row + 1, len(self.rows) - 1)
        elif letter == "\r":
            self.at[1] = 0
        elif column < self.columns:
            self.rows[row] = self.rows[row][:column] + letter + self.rows[row][column + 1:]
            self.at[1] += 1

    @property
    def text(self):
        return "\n".join(self.rows)

    def press(self, key):
        os.write(self.file, key)

    def ended(self):
        """Its exit code, when it has ended."""
        while not self.gone:
            self.watch(1.0)
        return os.waitstatus_to_exitcode(os.waitpid(self.process, 0)[1])
