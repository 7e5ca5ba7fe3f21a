"""What a run shows on a terminal while it goes on, and what may be shown there."""
import contextlib
import math
import sys
import time


def printable(text):
    """One line without control characters: names of folders may be hostile."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in str(text))


def escaping(stream, errors="backslashreplace"):
    """From now on a stream escapes letters that it does not have; a notebook's has them all."""
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors=errors)


def complain(text):
    """One line on standard error, if anybody is there."""
    with contextlib.suppress(OSError):
        print(f"tinyrlhf: {printable(text)}", file=sys.stderr)


class Line:
    """One live line on a terminal, plain lines when piped."""

    def __init__(self):
        self.live, self.width = sys.stdout.isatty(), 0

    def note(self, text):
        """A line that stays, on standard error."""
        self.close()
        complain(text)

    def say(self, text):
        """Overwrite the live line, or print a plain one."""
        if self.live:  # a line that wraps cannot be overwritten
            import shutil  # which loads much
            text = text[:shutil.get_terminal_size().columns - 1]
            print("\r" + text.ljust(self.width), end="", flush=True)
            self.width = len(text)
        else:
            print(text, flush=True)

    def close(self):
        if self.live and self.width:
            print("\r" + " " * self.width + "\r", end="", flush=True)


class Progress(Line):
    """What the rounds of a run have brought."""

    def __init__(self, state):
        super().__init__()
        self.n_rounds, self.done = len(state.plan), len(state.history)
        self.named = len({stage.name for stage in state.plan}) > 1  # stages are announced
        self.began = time.perf_counter()

    def round(self, state, row):
        """A finished round; accuracy is on answers not yet learned from."""
        name = f"{row['stage']:<11}" if self.named else f"{self.seconds_left(row):3.0f} s left"
        accuracy = row.get("reward_model_accuracy", math.nan)
        told = f"accuracy on new answers {accuracy:4.0%}   " if math.isfinite(accuracy) else ""
        moved = f"   KL {row['kl']:5.1f}" if "kl" in row else ""  # imitation has none
        self.say(f"round {row['round']:>2}/{self.n_rounds}  {name}   answers {row['answers']:>3}   "
                 f"{told}true return {row.get('true_return', math.nan):7.2f}{moved}")
        self.announce(state)

    def seconds_left(self, row):
        a_round = (time.perf_counter() - self.began) / (row["round"] - self.done)
        return a_round * (self.n_rounds - row["round"])

    def announce(self, state):
        """What comes next, where stages differ."""
        number = len(state.history) + 1
        if self.named and number <= self.n_rounds:
            stage = state.plan[number - 1]
            kinds = ", ".join(stage.kinds)
            n_asked = stage.questions * len(stage.kinds)
            asked = f": people answer {n_asked:,} times ({kinds})" if kinds else ""
            self.say(f"round {number:>2}/{self.n_rounds}  {stage.name} begins{asked}")
