"""A demo in front of a room: the next picture at the press of a key.

Where there is no window, all of them as files, in a folder that is named.
"""
import re
import time
from pathlib import Path
from textwrap import fill

from tinyrlhf.checks import check_whole
from tinyrlhf.feedback.log import Log, events
from tinyrlhf.plots import BLUE, GREY, VERMILLION, save
from tinyrlhf.teaching.pictures import LECTURE, has_window
from tinyrlhf.teaching.places import lesson_folder, run_file
from tinyrlhf.teaching.room import Question, Vote, invent

WIDE, HIGH = 12.8, 7.2  # inches: the larger the window, the larger all that is drawn
WINDOW = 75             # dots an inch of the first window: 960 x 540, which any screen holds
FORWARD = " ", "enter", "right", "down", "pagedown"
BACK = "left", "up", "pageup", "backspace"
HELP = "h", "?", "f1"
BLACK = "b", "."
KEYS = """space, right, page down   the next picture
left, page up             the one before
23,11 and space           hands for left and right of this question
backspace                 mends what is typed
f                         full screen, and back
b                         a black screen, and back
s                         save this picture
r                         begin again; what was voted is forgotten
h                         these keys
q                         quit"""
FOOTER = "space next    left back    23,11 hands    f full screen    h all keys    q quit"
TAPE = "votes.jsonl"    # in the folder of the pictures
TICK = 0.2              # seconds between looks at the phones


def parse_votes(text):
    """`23,11,-,5,30` -> {0: Vote(23, 11), 2: Vote(5, 30)}: hands for the left and right of each.

    `-`: a question on which nobody votes.
    """
    pair = r" *(?:([0-9]{1,4}) *, *([0-9]{1,4})|-) *"
    if text and not re.fullmatch(f"{pair}(?:,{pair})*", text):
        raise ValueError("--votes: expected hands for the left and the right, such as 23,11, or "
                         f"several such pairs, and - for none; got {text}")
    return {number: Vote(int(found[1]), int(found[2]))
            for number, found in enumerate(re.finditer(pair, text)) if found[1]}


def on_tape(path, number):
    """(votes, seed) of the last recorded show of this demo on a tape."""
    recorded, seed, votes = "no demo", 0, {}
    try:
        for event in events(path):
            if event["k"] == "demo":
                recorded, seed, votes = f"demo {event['number']}", event["seed"], {}
            elif event["k"] == "hands":
                votes[event["question"]] = Vote(*event["vote"])
        check_whole("seed", seed, 0, 2 ** 53)
        for question, vote in votes.items():
            for value in (question, *vote[:3]):
                check_whole(f"vote {question}", value, 0, 2 ** 53)
    except (TypeError, KeyError) as error:
        raise ValueError(f"--from: expected a tape of a demo, got {path}: {error}") from None
    if recorded != f"demo {number}":
        raise ValueError(f"--from: expected a tape of demo {number}, got {path}, one of {recorded}")
    return votes, seed


class Stepper:
    """Steps through `beats(figure, seed)` of a demo, which draws on the figure and yields claims.

    Where it yields a `Question`, it is sent the hands: those that were typed (or raised by phones)
    while that question was on the screen, else those of the tape, else invented ones, and then
    every picture from there on says so.

    Args:
        number: of the lesson.
        votes: question number -> Vote: a tape.
        out: folder for pictures, and for a tape of this show; None: only what `s` saves, here.
        phones: `phones.Phones` by which a room answers, or None.
    """

    def __init__(self, number, seed=0, votes=(), out=None, phones=None):
        from matplotlib import pyplot as plt
        folder = lesson_folder(number)
        self.plt, self.number, self.seed = plt, int(folder.name[:2]), seed
        self.tape, self.out, self.phones, self.log = dict(votes), out, phones, None
        self.beats = run_file(folder / "demo.py")["beats"]
        with plt.style.context(LECTURE):
            self.figure = plt.figure(f"tinyrlhf demo {self.number}", figsize=(WIDE, HIGH),
                                     dpi=WINDOW)
            self.figure.get_layout_engine().set(rect=(0, 0.075, 1, 0.925))  # below: what is told
        self.full_screen = False
        self.restart()

    def restart(self):
        """Before the first picture; votes of this show are forgotten."""
        self.votes = dict(self.tape)
        self.rewind()

    def rewind(self):
        self.beat, self.typed, self.question = 0, "", None
        self.n_asked, self.heard = 0, []  # questions so far; Votes on those that are answered
        self.steps = self.beats(self.figure, self.seed)

    # ---- pictures

    def next(self):
        """Draw the next picture; returns its claim, or None after the last."""
        hands = self.answered()
        with self.plt.style.context(LECTURE):
            self.figure.clear()
            try:
                told = self.steps.send(hands)
            except StopIteration:
                told = None
            self.beat += told is not None
            self.question = told if isinstance(told, Question) else None
            self.n_asked += self.question is not None
            claim = told.claim if self.question else told
            self.figure.suptitle(fill(claim or "This was the last picture.", 60))
            self.dress()
        return claim

    def answered(self):
        """(left, right) for the question on the screen, or None if there is none."""
        if self.question is None:
            return None
        number, vote = self.n_asked - 1, self.votes.get(self.n_asked - 1)
        if vote is None or vote.subject not in (None, self.question.subject):
            self.votes.pop(number, None)  # it was for another question
            vote = invent(self.question, number, self.seed)
        self.heard.append(vote)
        return vote[:2]

    def back(self):
        """Draw the picture before this one: all from the first on, with the same votes."""
        last = self.beat if self.steps.gi_frame is None else self.beat - 1
        self.rewind()
        while self.beat < max(last, 1):
            self.next()

    def ask_phones(self):
        """Open the vote on the question on the screen, unless the room has voted on it."""
        if self.phones:
            self.phones.leave()
            if self.question and self.n_asked - 1 not in self.votes:
                self.phones.put(self.question, self.n_asked - 1)

    def hear_phones(self):
        """Look at the clock: how many have answered, and whether the vote is closed."""
        vote, self.phones.outcome = self.phones.outcome, None
        if vote is not None:
            self.vote(*vote[:3])
            self.next()
            self.ask_phones()
        self.show_status()

    def dress(self):
        """What stands around every picture."""
        text = self.figure.text
        self.footer = text(0.5, 0.006, FOOTER, size=11, color=GREY, ha="center", va="bottom")
        self.status = text(0.008, 0.032, "", size=18, color=VERMILLION, weight="bold",
                           va="bottom")
        self.join = text(0.992, 0.032, "", size=18, color=BLUE, ha="right", va="bottom")
        self.box = text(0.5, 0.14, "", size=40, ha="center", va="center", weight="bold",
                        zorder=10, bbox=dict(boxstyle="round", facecolor="white", edgecolor=BLUE,
                                             lw=4))
        self.cover = text(0.5, 0.5, "", size=18, ha="center", va="center", zorder=11,
                          multialignment="left", family="DejaVu Sans Mono")
        self.tell("")
        self.show_status()

    def show_status(self):
        """Which hands nobody raised, and where phones find the question."""
        invented = sum(vote.invented for vote in self.heard)
        total = sum(sum(vote[:2]) for vote in self.heard)
        text = f"INVENTED: {invented} of {total} hands"
        if not self.phones:
            text += ", raised by nobody"
        self.status.set_text(text if invented else "")
        if self.phones:
            self.join.set_text(self.phones.words())

    def tell(self, text, size=24):
        """A box above the picture, or none."""
        self.box.set(text=text, size=size, visible=bool(text))

    def command(self):
        """What gives this show again; hands that nobody raised are invented again."""
        raised = {number: f"{vote.left},{vote.right}" for number, vote in self.votes.items()
                  if not vote.invented}
        command = f"tinyrlhf demo {self.number} --seed {self.seed}"
        if raised:
            pairs = [raised.get(number, "-") for number in range(max(raised) + 1)]
            command += f" --votes {','.join(pairs)}"
        return command

    def save(self):
        """Write the picture that is seen, with the command that gives it; returns its path."""
        folder = Path(self.out or ".")
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"demo{self.number:02}_{self.beat}.png"
        self.tell("")
        self.footer.set_text(fill(self.command(), 140))
        save(self.figure, path)
        self.footer.set_text(FOOTER)
        return path

    def fit(self):
        """All that is drawn grows with the window."""
        figure, (width, height) = self.figure, self.figure.bbox.size
        dpi = min(width / WIDE, height / HIGH)
        figure.set_size_inches(width / dpi, height / dpi, forward=False)
        manager, figure.canvas.manager = figure.canvas.manager, None  # the window stays as it is
        figure.set_dpi(dpi)
        figure.canvas.manager = manager

    # ---- votes

    def vote(self, left, right, invented=0):
        """These hands are for the question on the screen; with `out` they go on the tape."""
        number = self.n_asked - 1
        vote = self.votes[number] = Vote(left, right, invented, self.question.subject)
        if self.out is not None:
            if self.log is None:
                Path(self.out).mkdir(parents=True, exist_ok=True)
                self.log = Log(Path(self.out) / TAPE)
                self.log.append("demo", number=self.number, seed=self.seed)
            self.log.append("hands", question=number, vote=vote, asked=self.question.claim)

    def take(self):
        """Take what is typed as a vote; False, and it stays to be mended, if it is none."""
        match = re.fullmatch(r"([0-9]{1,4}),([0-9]{1,4})", self.typed)
        if match is None:
            self.tell(f"{self.typed}\nexpected hands for left and right, such as 23,11")
            return False
        self.typed = ""
        self.tell("")
        hands = int(match[1]), int(match[2])
        if self.phones and self.phones.asking:
            self.phones.raised = hands
        else:
            self.vote(*hands)
        return True

    # ---- keys

    def listen(self):
        """From now on the window's keys, its size and the clock lead the show."""
        canvas = self.figure.canvas
        canvas.mpl_disconnect(canvas.manager.key_press_handler_id)  # its s and q mean other things
        canvas.mpl_connect("key_press_event", lambda event: self.on(self.obey, event.key))
        canvas.mpl_connect("resize_event", lambda event: self.fit())
        if self.phones:
            self.clock = canvas.new_timer(round(1000 * TICK), [(self.on, (self.hear_phones,), {})])
            self.clock.start()

    def on(self, event, *about):
        """What a key or the clock does; what goes wrong is said on the screen."""
        try:
            event(*about)
        except (OSError, ValueError) as error:  # a folder that takes no picture, a tape in use
            self.tell(fill(str(error), 60))
        self.figure.canvas.draw_idle()

    def obey(self, key):
        """`KEYS`, one by one."""
        covered = self.cover.get_text()
        if covered:
            self.show_cover("")
        if covered and key in (*HELP, *BLACK, "escape"):
            pass
        elif key in HELP:
            self.show_cover(KEYS)
        elif key in BLACK:
            self.show_cover(" ", "black", 99)
        elif key == "q" or (key == "escape" and not (self.typed or self.full_screen)):
            self.plt.close(self.figure)
        elif key in ("f", "f5") or (key == "escape" and not self.typed):
            self.toggle_full_screen()
        elif key in FORWARD:
            self.forward()
        elif self.typed and key in ("backspace", "escape"):
            self.type(self.typed[:-1] if key == "backspace" else "")
        elif key in BACK:
            self.back()
            self.ask_phones()
        elif key == "r":
            self.restart()
            self.next()
            self.ask_phones()
        elif key == "s":
            self.tell(f"saved: {self.save()}")
        elif key and key in "0123456789,":
            self.type(self.typed + key)

    def type(self, text):
        """Digits and a comma, large and on the screen until they are taken."""
        if self.question is None:
            return self.tell("This picture asks nothing; left goes back to the question.")
        self.typed = text[:9]
        return self.tell(text and f"{self.typed}\u2581", 40)

    def forward(self):
        """The next picture; what was typed is the vote on this one."""
        if self.typed and not self.take():
            return
        if self.phones and self.phones.outcome:
            self.hear_phones()
        elif self.phones and self.phones.asking:
            self.phones.finish()  # the next picture comes when the last vote has
        else:
            self.next()
            self.ask_phones()

    def toggle_full_screen(self):
        self.full_screen = not self.full_screen
        self.figure.canvas.manager.full_screen_toggle()

    def show_cover(self, text, color="white", pad=1.5):
        """A sheet in front of the picture; an empty text takes it away."""
        sheet = dict(boxstyle=f"square,pad={pad}", facecolor=color, edgecolor=GREY)
        self.cover.set(text=text, bbox=sheet if text else None)


def step_through(options):
    """`tinyrlhf demo N`: in a window; without a display, all pictures into a folder."""
    folder, taped, window = lesson_folder(options.number), {}, has_window()
    seed = options.seed
    if not (folder / "demo.py").exists():
        raise ValueError("demo: expected the number of a lesson that has one, such as 6, got "
                         f"{options.number}")
    if options.tape is not None:
        taped, seed_of_tape = on_tape(options.tape, int(folder.name[:2]))
        seed = seed_of_tape if seed is None else seed
    votes = {**taped, **parse_votes(options.votes)}
    if not (window or options.out):
        raise ValueError("demo: expected a display to show pictures on, found none; with "
                         "--out FOLDER all of them are written there")
    if not options.lecture:
        if options.simulate:
            raise ValueError("--simulate: expected --lecture ADDRESS with it")
        return present(Stepper(folder.name, seed or 0, votes, options.out), window)
    from tinyrlhf.faces.browser.desk import Desk  # only now: the first picture comes sooner
    from tinyrlhf.faces.browser.seats import address_of
    from tinyrlhf.teaching.phones import Phones
    check_whole("--simulate", options.simulate, 0, 10_000)
    if not (window or options.simulate):
        raise ValueError("--lecture: expected a display, or --simulate N, found none")
    address, port = address_of(options.lecture)
    with Desk(f"demo {int(folder.name[:2])}") as desk:
        phones = Phones(desk, address, port, options.simulate)
        print(f"room: {phones.link}\nWhoever reaches {address} can open this page. Nothing is "
              "encrypted: for a classroom, not for the internet.", flush=True)
        try:
            return present(Stepper(folder.name, seed or 0, votes, options.out, phones), window)
        finally:
            phones.leave()


def present(show, window):
    """The whole show, led by keys; without a window, each picture as a file."""
    if window:
        show.listen()
        print(KEYS)
        show.next()
        show.ask_phones()
        show.plt.show()
        print(f"this show again: {show.command()}")
        return
    while claim := show.next():
        print(f"{show.save()}: {claim}", flush=True)
        show.ask_phones()
        while show.phones and show.phones.asking:
            time.sleep(TICK)
            if show.phones.n_answered() >= show.phones.simulate:
                show.phones.finish()
        if show.phones and show.phones.outcome:
            show.vote(*show.phones.outcome[:3])
    show.plt.close(show.figure)
