"""`tinyrlhf vote WORLD`: one person answers at a terminal, with one key, or line by line in a pipe.

A face is a function (session, state) that shows and reads until it has closed the session
(`sessions.Voters`). What is shown is drawn from the game's own scenes; a text of a model is hostile
and never reaches the terminal as it is.
"""
import itertools
import sys
import time
from typing import NamedTuple

import numpy as np

from tinyrlhf.episodes import steps_left
from tinyrlhf.faces.drawing import harmless, is_text, look, rows_of, signs_of, wrapped
from tinyrlhf.faces.keyboard import Lines, Terminal
from tinyrlhf.feedback.answers import CANT_TELL, FIRST, GRADES, KINDS, PARTS, SAME, SKIP
from tinyrlhf.feedback.forms import TEXT, Texts
from tinyrlhf.sessions import Driven, Voters, report

WHO = "human"
QUICK = 0.1    # seconds a step: a game that moves faster does not wait for a key,
SLOWER = 4     # and is shown and driven so many times slower
PAUSE = 0.8    # seconds between two plays of a clip
FRAME = 0.04   # seconds between two pictures
ROOMY = 16     # lines from which on signs are explained below every picture
WIDE = 100     # columns from which on texts stand side by side
MENDED = 5     # answers of a stage that a person of its own leaves to people
ARROWS = {"←": "left", "→": "right", "↑": "up", "↓": "down"}
COMMON = "c can't tell  s skip  u undo  space pause  ? help  q save, stop"
HELP = """Every answer is on the disk before the next question comes: stop at any time.

u or backspace  take back the last answer, then the one before it, and so on,
                until the round is learned
c               you looked, and can't tell: kept, nothing is learned from it
s               skip: you did not want to look
space           pause, and go on     [ ]  a step back, on     r  from the start
q or Ctrl-C     save and stop; the run can be resumed

Now and then a question comes back with sides swapped, or has a certain answer:
this tells how steady answers are. The report at the end says what came out.
"""


class Entry(NamedTuple):
    """What is asked in a kind of feedback, and by which keys it is answered."""
    question: str
    keys: str


ENTRIES = {
    "preference": Entry("Which is better?", "← left  → right  ↑ same  ↓ can't tell"),
    "ranking": Entry("Order them, the best first.", "1 2 3 ... best first"),
    "rating": Entry("How good is it?", "1 bad  2  3  4  5 good"),
    "thumb": Entry("Is it good?", "+ or ↑ good  - or ↓ bad"),
    "demonstration": Entry("This is what it does now. Show how it is done.", "enter: begin"),
    "correction": Entry("Should it have been otherwise?",
                        "enter: take over here  g good as it is"),
    "stop": Entry("Stop it where what follows is worth nothing.", "enter: stop here"),
    "comment": Entry("What do you say of it?", "0 nothing"),
    "credit": Entry("Which is better, and why?", "← left  → right"),
}
TURNED = {"left": 0, "1": 0, "right": 1, "2": 1}  # key -> which screen


class Undone(Exception):
    """The person wants back what they said before."""


def ask_at_terminal(session, state=None):
    """The face: keys on a terminal, lines in a pipe; Ctrl-C and q are a KeyboardInterrupt."""
    a_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    with Terminal() if a_terminal else Lines() as terminal:
        booth = Booth(terminal, session, state)
        while not session.closed:
            booth.answer_one()


class Booth:
    """One session at a terminal, key by key."""

    def __init__(self, terminal, session, state):
        self.terminal, self.session, self.state, self.game = terminal, session, state, session.game
        self.colours, self.letters = (False, False) if terminal.still else look()
        self.note = ""
        self.writes = isinstance(session.form, Texts)
        self.quick = self.game.seconds_per_step < QUICK and not terminal.still
        self.step_seconds = self.game.seconds_per_step * (SLOWER if self.quick else 1)

    # ---- one ballot

    def answer_one(self):
        """Show what is to be answered now, and take one answer or undo one; at the end close."""
        ballot = self.session.deal(WHO, time.monotonic())
        if ballot is None:
            self.end_of_round()
            return
        self.ballot, self.kind = ballot, self.session.kind(ballot)
        self.look_at(ballot)
        self.typed = []
        self.length = int(self.episodes.lengths.max())
        self.at, self.running, self.began = 0, not self.terminal.still, time.monotonic()
        try:
            said, done = self.read_answer()
            verdict = self.session.say(WHO, ballot.id, said, time.monotonic(), done=done)
            self.note = "saved" if verdict == "taken" else verdict
        except Undone:
            self.take_back()
        except OSError as error:
            self.note = f"not saved, and not counted: {error.strerror}; answer again"

    def take_back(self):
        """Undo the latest answer of this round."""
        undone = self.session.undo(WHO, time.monotonic())
        self.note = "taken back" if undone else "nothing to take back"

    def look_at(self, ballot):
        """What is on the screens; of tries beside a demonstration one is enough."""
        rows, self.options = self.session.screens(ballot)
        rows = rows[:1] if KINDS[self.kind].drawn else rows
        self.episodes = self.session.questions.episodes[rows]

    def read_answer(self):
        """(said, episode that was played or None); the clips run meanwhile."""
        while True:
            self.draw()
            key = self.terminal.key(FRAME if self.running else 0.25)
            self.move_on()
            if key is None:
                continue
            self.note = ""
            if key in ("u", "backspace"):
                if not self.typed:
                    raise Undone
                self.typed.pop()
                continue
            answer = self.common(key) or self.own(key)
            if answer is not None:
                return answer

    def common(self, key):
        """What a key means in every kind: the answer that it is, or None."""
        if key == "q":
            raise KeyboardInterrupt
        if key in ("c", "s"):
            return [CANT_TELL if key == "c" else SKIP], None
        if key == "?":
            self.show_help()
        elif key == "space":
            self.running = not self.running
            self.began = time.monotonic() - self.at * self.step_seconds
        elif key in ("[", "]", "r"):
            self.running = False
            at = 0 if key == "r" else self.at + (1 if key == "]" else -1)
            self.at = min(max(at, 0), self.length)
        elif key == "t" and hasattr(self.game, "ask") and self.state is not None:
            self.type_prompt()
        return None

    def own(self, key):
        """What a key means in this kind: (said, episode) or None."""
        kind, screens = self.kind, len(self.options)
        number = int(key) if key.isascii() and key.isdigit() else None
        if kind == "preference":
            if key in ("up", "="):
                return [SAME], None
            if key == "down":
                return [CANT_TELL], None
            return ([self.options[TURNED[key]]], None) if key in TURNED else None
        if kind == "ranking" and number and number <= screens and number not in self.typed:
            self.typed.append(number)
            if len(self.typed) == screens - 1:  # the last one is what is left
                self.typed += set(range(1, screens + 1)) - set(self.typed)
            if len(self.typed) == screens:
                return [self.options[place - 1] for place in self.typed], None
        elif kind == "rating" and number and number <= GRADES:
            return [number - 1], None
        elif kind == "thumb" and key in ("+", "up", "-", "down"):
            return [int(key in ("+", "up"))], None
        elif kind == "comment" and number is not None and number <= len(self.session.remarks):
            return [number], None
        elif kind == "stop" and key == "enter":
            return [self.part_until(self.at)], None
        elif kind == "credit":
            return self.reason(key, number)
        elif kind == "correction" and key == "g":
            return [FIRST], None
        elif kind in ("demonstration", "correction") and key == "enter":
            return self.act()
        return None

    def reason(self, key, number):
        """First which one, then the part that decided it: columns of the preferred one first."""
        if not self.typed:
            if key in TURNED:
                self.typed.append(TURNED[key])
            return None
        preferred = self.options[self.typed[0]]
        if key == "enter":
            return [preferred, CANT_TELL], None
        if number and number <= 2 * PARTS:
            screen, part = divmod(number - 1, PARTS)
            return [preferred, part if screen == self.typed[0] else PARTS + part], None
        return None

    def part_until(self, at):
        """The number of the part in which step `at` of the (first) clip is."""
        shows = self.session.questions.shows[self.ballot.row, :PARTS]
        ends = self.session.questions.episodes.lengths[shows]
        return int(min(np.searchsorted(ends, at), PARTS - 1))

    # ---- whoever acts

    def act(self):
        """The episode that the person plays or writes, as an answer; None: they gave it up."""
        asked, afresh = self.session.first_shown(self.ballot), KINDS[self.kind].drawn
        if self.writes:
            done = self.write_text(asked, "" if afresh else None)
        else:
            done = self.drive(asked, 0 if afresh else self.at)
        return None if done is None else ([0 if afresh else 1], done)

    def drive(self, asked, at):
        """Episodes of one: as far as `at` as it was, then by key, in as many steps as were left."""
        left = int(steps_left(self.game, asked)[0])
        over = at >= min(left, asked.lengths[0])
        if over or not self.game.keys:
            self.note = "it is over there, go back with [" if over else "this game has no keys"
            return None
        driven, self.action = Driven(self.game, asked, at, self.session.rng), None
        try:
            while not driven.over:
                driven.step(self.pressed(driven.state))
        except Undone:
            self.note = "given up: nothing is kept of it"
            return None
        return driven.done()

    def pressed(self, state):
        """The action of the next step; a game that does not wait goes on with the last one."""
        until = time.monotonic() + self.step_seconds
        names = ", ".join(map(harmless, self.game.keys))
        begun = self.quick and self.action is not None
        while True:
            self.draw_one(state, f"you drive: {names}   escape: give up")
            wait = until - time.monotonic() if begun else 60.0
            key = self.terminal.key(max(wait, 0.001))
            if key == "escape":
                raise Undone
            if key in self.game.keys:
                self.action = self.game.keys[key]
                if not begun:
                    return self.action
            if begun and time.monotonic() >= until:
                return self.action

    def write_text(self, asked, text):
        """Episodes of one: a text that the person writes, or mends (None); None: given up."""
        written = self.session.form.write(self.game, asked, 0)
        text = written[TEXT] if text is None else text
        while True:
            text = self.edit(written.get("prompt", ""), text)
            if text is None:
                return None
            try:
                return self.session.with_text(self.ballot, text)
            except ValueError as error:
                self.note = harmless(error)

    def type_prompt(self):
        """The user's turn: what the person types is asked instead; the policy answers it."""
        prompt = self.edit("the user's turn", "")
        if prompt is None:
            return
        try:
            self.session.ask_instead(self.ballot, prompt, self.state.policy, time.monotonic())
        except ValueError as error:
            self.note = harmless(error)
            return
        self.look_at(self.ballot)

    def edit(self, title, text):
        """A line that the person edits; None: escape."""
        if self.terminal.still:
            self.terminal.draw([harmless(title), harmless(text), self.note, "a line instead:"])
            return self.terminal.line()
        text, at = list(text), len(text)
        while True:
            before, after = harmless("".join(text[:at])), harmless("".join(text[at:]))
            room = self.terminal.measure().columns - 3
            before, after = before[-room:], after[:max(room - len(before), 0)]
            cursor = f"\x1b[7m{after[:1] or ' '}\x1b[0m" if self.colours else f"|{after[:1]}"
            self.terminal.draw([harmless(title)[:room], "", before + cursor + after[1:], "",
                                self.note[:room], "", "enter: done   escape: leave it"[:room]])
            key = self.terminal.key(60.0)
            if key in ("enter", "escape"):
                return "".join(text) if key == "enter" else None
            if key == "backspace" and at:
                at -= 1
                del text[at]
            elif key == "delete":
                del text[at:at + 1]
            elif key in ("left", "right", "home", "end"):
                ends = {"left": max(at - 1, 0), "right": min(at + 1, len(text)), "home": 0}
                at = ends.get(key, len(text))
            elif key is not None and (len(key) == 1 or key == "space"):
                text.insert(at, " " if key == "space" else key)
                at += 1

    # ---- what is seen

    def move_on(self):
        """Where the clips are now; whoever is to stop one sees it once, others again and again."""
        if self.running:
            at = int((time.monotonic() - self.began) / self.step_seconds)
            self.at = min(at, self.length)
            again = at > self.length + PAUSE / self.step_seconds
            if again and self.kind not in ("stop", "correction"):
                self.began = time.monotonic()

    def draw(self):
        """The whole screen as it is now."""
        moments = [0, self.length // 2, self.length] if self.terminal.still else [self.at]
        if is_text(self.game.scene(self.episodes.states[0, 0])):
            moments = [self.length]
        frames = [self.scenes_at(at) for at in moments]
        asked = len({self.session.ballots[number].row for number in self.session.order[WHO]
                     if self.session.ballots[number].why == "asked"})
        head = (f"round {self.session.number}   question {min(asked + 1, self.session.n)} of "
                f"{self.session.n}   {self.note}")
        entry = ENTRIES[self.kind]
        keys = entry.keys.replace("take over here", "mend it") if self.writes else entry.keys
        self.put([head, ""], frames, self.names(len(frames[0])),
                 [entry.question + self.more_of_question(), keys, COMMON])

    def scenes_at(self, at):
        """What each screen shows at this step; a play that is over shows its end."""
        return [self.game.scene(states[min(at, length)])
                for states, length in zip(self.episodes.states, self.episodes.lengths)]

    def more_of_question(self):
        """What is typed already, and what else can be said."""
        if self.kind == "comment":
            remarks = enumerate(self.session.remarks, 1)
            return "  " + "  ".join(f"{number} {harmless(remark)}" for number, remark in remarks)
        if self.kind == "credit" and self.typed:
            return (f"  {('left', 'right')[self.typed[0]]}: what decided it? 1-{PARTS} part of the "
                    f"left, {PARTS + 1}-{2 * PARTS} of the right, enter: nothing")
        if self.kind in ("stop", "credit"):
            return f"  (part {self.part_until(self.at) + 1} of {PARTS})"
        typed = " ".join(map(str, self.typed))
        if hasattr(self.game, "ask") and self.state is not None:
            return f"  {typed}  t: type another prompt"
        return f"  {typed}"

    def draw_one(self, state, line):
        self.put([f"round {self.session.number}   {self.note}", ""], [[self.game.scene(state)]],
                 [""], [line])

    def put(self, head, frames, names, foot):
        """Scenes side by side, or texts, between head and foot; cut to the terminal."""
        scenes, (columns, lines) = frames[0], self.terminal.measure()
        foot = [row for text in foot for row in wrapped(self.in_letters(text), columns - 1, 3)]
        foot = (self.legend() if lines >= ROOMY else []) + foot
        high = max(lines - len(foot) - len(head) - 2, 2)
        if all(map(is_text, scenes)):
            body = self.texts(scenes, names, columns)[:high + 1]
        else:
            high //= len(frames)
            body = [row for moment in frames
                    for row in self.pictures(moment, names, columns, high)]
        head = [harmless(text)[:columns - 1] for text in head]
        self.terminal.draw((head + body + [""] + foot)[:lines])

    def names(self, n):
        """What n screens are called: sides, or numbers; and what was done, if that is all."""
        names = {1: [""], 2: ["← left", "right →"]}.get(n) or [str(i + 1) for i in range(n)]
        if self.game.horizon == 1:
            keys = {action: key for key, action in self.game.keys.items()}
            names = [f"{name} ({keys[action]})"
                     for name, action in zip(names, self.episodes.actions[:, 0].tolist())]
        return [self.in_letters(name) for name in names]

    def in_letters(self, text):
        """Arrows as words, where the terminal has no such letters."""
        if not self.letters:
            for arrow, word in ARROWS.items():
                text = text.replace(arrow + " " + word, word).replace(word + " " + arrow, word)
                text = text.replace(arrow, word)
        return text

    def pictures(self, scenes, names, columns, high):
        width = min((columns - 1) // len(scenes) - 2, 2 * high)
        high = min(high, max(width // 2, 1))
        drawn = [rows_of(scene, width, high, self.colours, self.letters) for scene in scenes]
        title = "  ".join(name.center(width) for name in names)
        return [title, *("  ".join(rows) for rows in zip(*drawn))]

    def texts(self, scenes, names, columns):
        texts = [[piece.text for piece in scene] for scene in scenes]
        if columns < WIDE or len(texts) == 1:
            rows = []
            for name, parts in zip(names, texts):
                rows += [f"{name}:", *(row for part in parts
                                       for row in wrapped(part, columns - 3))]
            return rows
        width = columns // len(texts) - 2
        blocks = [[name, *(row for part in parts for row in wrapped(part, width))]
                  for name, parts in zip(names, texts)]
        return ["  ".join(row.ljust(width) for row in rows)
                for rows in itertools.zip_longest(*blocks, fillvalue="")]

    def legend(self):
        width = self.terminal.measure().columns - 1
        return signs_of(self.game.legend, width, self.colours, self.letters)

    def show_help(self):
        """As many pages as it needs."""
        entry, size = ENTRIES[self.kind], self.terminal.measure()
        texts = [self.in_letters(text) for text in (entry.question, entry.keys, "", HELP)]
        rows = [row for text in texts for line in text.split("\n")
                for row in wrapped(line, size.columns - 1)] + self.legend()
        high = size.lines - 1
        for start in range(0, len(rows), high):
            self.terminal.draw([*rows[start:start + high], "any key: on"])
            self.terminal.key(600.0)

    def end_of_round(self):
        """All is answered: learn from it, or take something back."""
        width = self.terminal.measure().columns - 1
        texts = (f"round {self.session.number}: all is answered   {self.note}", "",
                 "enter: learn from it   u undo   q save, stop")
        self.terminal.draw([row for text in texts for row in wrapped(text, width)])
        key = self.terminal.key(60.0)
        if key in ("u", "backspace"):
            self.take_back()
        elif key == "q":
            raise KeyboardInterrupt
        elif key == "enter":
            self.session.close(time.monotonic())


def seat(state, ask, **how):
    """Let people answer through a face instead of whoever answers in this State.

    Where a stage has a person of its own, who answers much, they are left the last few.
    """
    state.person = Voters(ask, state, **how)
    state.plan = [stage if stage.person is None else stage._replace(
        person=Voters(ask, state, others=stage.person, most=MENDED, **how))
        for stage in state.plan]


def in_words(told):
    """`sessions.report` of these events as a few lines; [] where nobody answered at a face."""
    events = list(told)
    if not any(event["k"] == "show" for event in events):
        return []
    said = report(events)
    people = "one person" if said["people"] == 1 else f"{said['people']} people"
    unsure = f", {said['unsure']} of them not sure" if said["unsure"] else ""
    lines = [f"  {people} answered {said['answers']} times, {said['seconds']:.1f} s each (median)"
             + unsure]
    if np.isfinite(said["left"]):
        lines.append(f"  the left one was preferred in {said['left']:.0%} (fair coins: 50 % +- "
                     f"{said['band']:.0%} in 99 of 100 cases)")
    if said["repeats"]:
        lines.append(f"  {said['repeats']} repeated with sides swapped: {said['consistency']:.0%} "
                     f"answered alike; towards the left {said['side_bias']:+.1f} logits")
    for kind, alpha in said["agreement"].items():
        lines.append(f"  agreement on a {kind}: Krippendorff's alpha {alpha:.2f}")
    right, of = np.sum(list(said["golden"].values()) or [(0, 0)], axis=0)
    if of:
        flagged = f"; {len(said['flagged'])} people did not look" if said["flagged"] else ""
        lines.append(f"  certain questions: {right} of {of} right{flagged}")
    return lines
