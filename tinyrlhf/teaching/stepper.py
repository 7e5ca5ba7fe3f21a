"""A demo in front of a room: the next picture at the press of a key.

Where there is no window, all of them as files.
"""
import re
from pathlib import Path
from textwrap import fill

from tinyrlhf.plots import GREY, save
from tinyrlhf.teaching.pictures import LECTURE, has_window
from tinyrlhf.teaching.places import lesson_folder, run_file

KEYS = "space: next    23,11 and enter: votes    r: restart    s: save    q: quit"


def parse_votes(text):
    """`23,11,5,30` -> [(23, 11), (5, 30)]: hands for the left and for the right of each pair."""
    if not text:
        return []
    parts = text.split(",")
    if len(parts) % 2 or not all(re.fullmatch(r" *[0-9]{1,4} *", part) for part in parts):
        raise ValueError("--votes: expected hands for the left and the right, such as 23,11, "
                         f"or several such pairs; got {text}")
    numbers = [int(part) for part in parts]
    return list(zip(numbers[::2], numbers[1::2]))


class Stepper:
    """Steps through `beats(figure, seed, votes)` of a demo.

    It draws on the figure and yields the claim that the picture shows. votes: list of (left, right)
    hands; it grows when the lecturer types, and the demo invents those that are not there.
    """

    def __init__(self, number, seed, votes, out):
        from matplotlib import pyplot as plt
        folder = lesson_folder(number)
        self.plt, self.number, self.out = plt, int(folder.name[:2]), Path(out)
        self.seed, self.votes = seed, votes
        self.beats = run_file(folder / "demo.py")["beats"]
        with plt.style.context(LECTURE):
            self.figure = plt.figure(f"tinyrlhf demo {self.number}", figsize=(12.8, 7.2))
            self.figure.get_layout_engine().set(rect=(0, 0.03, 1, 0.97))  # below: the command
        self.restart()

    def restart(self):
        self.beat, self.typed, self.steps = 0, "", self.beats(self.figure, self.seed, self.votes)

    def next(self):
        """Draw the next beat; returns its claim, or None where there is none."""
        with self.plt.style.context(LECTURE):
            self.figure.clear()
            claim = next(self.steps, None)
            if claim:
                self.beat += 1
                self.figure.suptitle(fill(claim, 60))
                command = f"tinyrlhf demo {self.number} --seed {self.seed}"
                if self.votes:
                    pairs = ",".join(f"{left},{right}" for left, right in self.votes)
                    command += f" --votes {pairs}"
                self.corner = self.figure.text(0.995, 0.005, command, size=10, color=GREY,
                                               ha="right", va="bottom")
        return claim

    def save(self):
        """Write the picture that is seen; returns its path."""
        self.out.mkdir(parents=True, exist_ok=True)
        path = self.out / f"demo{self.number:02}_{self.beat}.png"
        save(self.figure, path)
        return path

    def press(self, key):
        """What a key does; digits and commas gather into votes."""
        if key in ("q", "escape"):
            return self.plt.close(self.figure)
        if key == "enter" and self.typed:
            try:
                self.votes += parse_votes(self.typed)
                key = " "
            except ValueError as error:
                self.corner.set_text(str(error))
            self.typed = ""
        if key == "r":
            self.restart()
        if key in ("r", " ", "right") and self.next() is None:  # after the last comes the first
            self.restart()
            self.next()
        if key == "s":
            self.corner.set_text(f"saved {self.save()}")
        if key and key in "0123456789,":
            self.typed += key
            self.corner.set_text(f"votes: {self.typed}")
        return self.figure.canvas.draw_idle()


def step_through(number, seed=0, votes="", out="."):
    """Step through a demo in a window; without a display, write its pictures and say where."""
    stepper = Stepper(number, seed, parse_votes(votes), out)
    if has_window():
        canvas = stepper.figure.canvas
        own_keys = getattr(canvas.manager, "key_press_handler_id", None)
        canvas.mpl_disconnect(own_keys)  # its s and q mean something else
        canvas.mpl_connect("key_press_event", lambda event: stepper.press(event.key))
        print(KEYS)
        stepper.next()
        stepper.plt.show()
    else:
        while claim := stepper.next():
            print(f"{stepper.save()}: {claim}", flush=True)
        stepper.plt.close(stepper.figure)
