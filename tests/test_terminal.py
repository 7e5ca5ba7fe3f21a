"""A real terminal: every key does what the screen says, the terminal is as it was, and no answer is lost."""
import contextlib
import json
import os
import re
import select
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tinyrlhf import runs
from tinyrlhf.faces import drawing, vote
from tinyrlhf.faces.keyboard import Decoder, Lines
from tinyrlhf.feedback.answers import CANT_TELL, KINDS, SAME, SKIP
from tinyrlhf.feedback.labels import votes_in
from tinyrlhf.feedback.log import Log, events
from tinyrlhf.games.cartpole import CartPole
from tinyrlhf.games.game import Words
from tinyrlhf.games.gridworld import Gridworld
from tinyrlhf.rlhf import act, propose, rlhf
from tinyrlhf.sessions import Session, Voters
from tinyrlhf.worlds import build, find

pty = pytest.importorskip("pty")
fcntl, termios = pytest.importorskip("fcntl"), pytest.importorskip("termios")
HOSTILE = ["\x1b[2J\x1b[H", "\x1b]8;;http://x\x07y\x1b]8;;\x07", "\x1b]52;c;aGk=\x07", "\x9b2J", "a\rb",
           "\x00\x07\x08", "\u202egnp.exe", "\u2066x\u2069", "z\u0300\u0301\u0302\u0303", "wide \u6f22\u5b57",
           "\ud800", "\u200bx", "\n\n\n", "\U0001f600",
           "<script>alert(1)</script>", "x" * 100_000, "\u2028\u2029", "\x7f\x85", "\x1bP1$r\x1b\\", "\ufeff",
           "\x1b[?1049h", "\x1b[6n", "\x1bc", "\x0e\x0f", "\u061c", "\u200e\u200f", "\xad", "\u180e", "a\tb", "\x1b(0"]
OURS = re.compile(r"\x1b\[(?:[0-9;]*[mHKJ]|\?(?:25|1049)[hl])")
ENDED = "\x1b[?25h\x1b[?1049l"


class AtTerminal:
    """`work` in a process of its own, at a terminal of its own; it returns what is sent back as its exit code."""

    def __init__(self, work, size=(24, 80), encoding="utf-8", **environment):
        self.seen = ""
        self.pid, self.file = pty.fork()
        if self.pid:
            self.resize(*size)
            return
        code = 3
        with contextlib.suppress(BaseException):
            signal.signal(signal.SIGINT, signal.default_int_handler)   # a job in the background ignores it
            os.environ.pop("NO_COLOR", None)
            os.environ.update({"TERM": "xterm", **environment})
            sys.stdin, sys.stdout = open(0, closefd=False), open(1, "w", encoding=encoding, closefd=False)
            until = time.monotonic() + 5
            while os.get_terminal_size(1).lines != size[0] and time.monotonic() < until:
                time.sleep(0.001)                              # the parent says how large it is
            try:
                work()
                code = 0
            except KeyboardInterrupt as stop:
                code = 128 + getattr(stop, "signal", signal.SIGINT)
        os._exit(code)

    def resize(self, lines, columns):
        fcntl.ioctl(self.file, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def until(self, text, seconds=20):
        """Read until this is seen, in what comes from now on."""
        start, end = len(self.seen), time.monotonic() + seconds
        while text not in self.seen[start:]:
            assert time.monotonic() < end, f"{text!r} never came, but {self.seen[start:][-1500:]!r}"
            if select.select([self.file], [], [], 0.1)[0]:
                try:
                    self.seen += os.read(self.file, 65536).decode(errors="replace")
                except OSError:
                    assert text in self.seen[start:], f"it ended without {text!r}: {self.seen[-1500:]!r}"
        return self.seen[start:]

    def asked(self):
        """The number of the question that is asked from now on."""
        start = len(self.seen)
        while not (match := re.search(r"question (\d+) of \d+ ", self.seen[start:])):
            self.until("question")
        return int(match[1])

    def send(self, *keys):
        for key in keys:
            os.write(self.file, key)

    def type(self, *keys, until):
        """One key, and what must then be seen, after the other."""
        for key, text in zip(keys, until):
            self.send(key)
            self.until(text)

    def ended(self):
        """Its exit code, after everything it said."""
        with contextlib.suppress(OSError):
            while data := os.read(self.file, 65536):
                self.seen += data.decode(errors="replace")
        code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        os.close(self.file)
        return code


def one_round(path, world="gridworld", n=4, kind="preference"):
    """Work for `AtTerminal`: ask for n answers of this kind, write the log here, and the answers beside."""
    state = build(world, seed=1, questions=n, feedback=kind)
    questions = propose(state, state.plan[0])

    def work():
        with Log(path) as log:
            session = Session(questions, state.game, find(world).form, state.view.remarks, checks=False,
                              rng=np.random.default_rng(0), write=log.append_group)
            while not session.closed:
                vote.ask_at_terminal(session, state)
            answers = session.answers()
            Path(path).with_suffix(".said").write_text(json.dumps([answers.said.tolist(), answers.place.tolist()]))
    return work


def said_in(path):
    """What was said in the end, and the places."""
    return json.loads(Path(path).with_suffix(".said").read_text())


def question(number, n=4):
    return f"question {number} of {n}"


LEFT, RIGHT, UP, DOWN, APP_LEFT, APP_RIGHT = (b"\x1b[D", b"\x1b[C", b"\x1b[A", b"\x1b[B", b"\x1bOD", b"\x1bOC")


def test_keys_are_read_in_both_encodings_and_in_any_pieces():
    data = b"\x1b[D\x1bOC\x1b[A\x1bOBx1\x7f\r \xc3\xa9\x1b[3~\x1b[99;5u\xff\x04y"
    keys = ["left", "right", "up", "down", "x", "1", "backspace", "enter", "space", "\xe9", "delete", "y"]
    for cuts in [[], range(1, len(data)), [1], [2, 5], [3, 4, 17]]:
        decoder, got, places = Decoder(), [], [0, *cuts, len(data)]
        for start, end in zip(places, places[1:]):
            got += decoder.feed(data[start:end])
        assert got + decoder.feed(b"", more=False) == keys, list(cuts)
    assert Decoder().feed(b"\x1bx\x1b\x1b[D\x1b\x1b", more=False) == ["left", "escape"]     # Alt, or impatience
    assert Decoder().feed(b"\x1b") == [] and Decoder().feed(b"\x1b", more=False) == ["escape"]


def test_arrows_digits_undo_and_the_rest_say_what_the_screen_says(tmp_path):
    log = tmp_path / "log.jsonl"
    at = AtTerminal(one_round(log, n=6))
    at.until(question(1, 6))
    at.send(b"\x1b")                                           # an arrow in three pieces
    at.send(b"[")
    at.send(b"D")
    at.until(question(2, 6))
    expected = [question(number, 6) for number in (3, 2, 3, 4, 5, 6)]
    at.type(APP_RIGHT, b"u", RIGHT, b"1", UP, DOWN, b"s", until=[*expected, "all is answered"])
    at.type(b"u", b"c", b"\r", until=[question(6, 6), "all is answered", ENDED])
    assert at.ended() == 0
    said, place = said_in(log)
    left, right = [np.argsort(sides).tolist() for sides in place], [np.argsort(sides)[::-1].tolist() for sides in place]
    assert [row[0] for row in said] == [left[0][0], right[1][0], left[2][0], SAME, CANT_TELL, CANT_TELL]
    assert at.seen.endswith(ENDED)


@pytest.mark.parametrize("size", [(24, 80), (20, 60), (12, 40), (6, 20), (0, 0)])
@pytest.mark.parametrize("look", [{}, {"NO_COLOR": "1"}, {"encoding": "ascii"}])
def test_any_size_and_look_is_drawn_inside_the_terminal_with_nothing_but_our_escapes(tmp_path, size, look):
    at = AtTerminal(one_round(tmp_path / "log.jsonl", n=1), size, **look)
    at.until("round 1")
    at.type(b"1", b"\r", until=["all is", ENDED])
    assert at.ended() == 0
    size = size if any(size) else (24, 80)                     # it does not know its own
    assert "\x1b" not in OURS.sub("", at.seen)
    rows = re.findall(r"\x1b\[(\d+);1H([^\x1b]*(?:\x1b\[[0-9;]*m[^\x1b]*)*)", at.seen)
    assert rows and max(int(number) for number, _ in rows) <= size[0]
    assert max(len(OURS.sub("", text)) for _, text in rows) < size[1]
    assert ("walker" in at.seen) == (size[0] >= vote.ROOMY)
    if look:
        assert "38;5" not in at.seen if "NO_COLOR" in look else at.seen.isascii()


def test_a_resized_terminal_is_drawn_anew_to_its_size(tmp_path):
    at = AtTerminal(one_round(tmp_path / "log.jsonl", n=1))
    at.until("save, stop")
    at.resize(12, 40)
    later = at.until("\x1b[2J").partition("\x1b[2J")[2]
    later += "" if "save, stop" in later else at.until("save, stop")
    assert max(map(int, re.findall(r"\x1b\[(\d+);1H", later))) <= 12
    at.type(b"2", b"\r", until=["all is", ENDED])
    assert at.ended() == 0


@pytest.mark.parametrize("stop", [b"\x03", b"q"])
def test_a_stop_restores_the_terminal_and_keeps_every_answer(tmp_path, stop):
    log = tmp_path / "log.jsonl"
    modes = []
    at = AtTerminal(one_round(log))
    modes.append(termios.tcgetattr(at.file)[3])
    at.until(question(1))
    asking = termios.tcgetattr(at.file)[3]
    at.type(b"1", b"2", until=[question(2), question(3)])
    at.send(stop)
    at.until(ENDED)
    after = termios.tcgetattr(at.file)[3] if sys.platform == "linux" else termios.ICANON | termios.ECHO
    assert at.ended() == 130
    assert not asking & termios.ICANON and after & termios.ICANON and after & termios.ECHO
    assert len(votes_in(events(log))) == 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_whoever_kills_it_gets_the_terminal_back_and_every_answer_is_kept(tmp_path, number):
    log = tmp_path / "log.jsonl"
    at = AtTerminal(one_round(log))
    at.until(question(1))
    at.type(b"1", b"2", until=[question(2), question(3)])
    os.kill(at.pid, number)
    at.until(ENDED)
    assert at.ended() == 128 + number and len(votes_in(events(log))) == 2


def test_a_terminal_that_is_gone_ends_it_quietly_with_every_answer_kept(tmp_path):
    log = tmp_path / "log.jsonl"
    at = AtTerminal(one_round(log))
    at.until(question(1))
    at.type(b"1", until=[question(2)])
    os.close(at.file)                                          # the window is closed
    assert os.waitstatus_to_exitcode(os.waitpid(at.pid, 0)[1]) == 128 + signal.SIGHUP
    assert len(votes_in(events(log))) == 1


def under_a_shell(work):
    """Work for `AtTerminal`: a job in front; whoever suspends it is told how the terminal is, and continues it."""
    def shell():
        job = os.fork()
        if not job:
            os.setpgid(0, 0)
            signal.signal(signal.SIGTTOU, signal.SIG_IGN)
            os.tcsetpgrp(0, os.getpid())
            work()
            os._exit(7)
        _, status = os.waitpid(job, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
        modes = termios.tcgetattr(0)[3]
        print("back at the shell", bool(modes & termios.ICANON and modes & termios.ECHO), flush=True)
        os.kill(job, signal.SIGCONT)
        assert os.waitstatus_to_exitcode(os.waitpid(job, 0)[1]) == 7
    return shell


def test_ctrl_z_gives_the_terminal_back_and_whoever_comes_back_sees_it_all_again(tmp_path):
    at = AtTerminal(under_a_shell(one_round(tmp_path / "log.jsonl")))
    at.until(question(1))
    at.type(b"1", until=[question(2)])
    at.send(b"\x1a")
    seen = at.until("back at the shell")
    seen += "" if "save, stop" in seen else at.until("save, stop")
    before, mark, again = seen.partition("back at the shell True")
    assert before.endswith(ENDED) and mark and "\x1b[?1049h" in again and question(2) in again
    at.type(b"1", b"1", b"1", b"\r", until=[question(3), question(4), "all is", ENDED])
    assert at.ended() == 0 and len(said_in(tmp_path / "log.jsonl")[0]) == 4


def test_undo_goes_back_as_far_as_the_round_began(tmp_path):
    at = AtTerminal(one_round(tmp_path / "log.jsonl"))
    at.until(question(1))
    at.type(b"1", b"1", b"1", b"1", until=[question(2), question(3), question(4), "all is answered"])
    at.type(b"u", b"u", b"u", b"\x7f", b"u", until=[*map(question, (4, 3, 2, 1)), "nothing to take back"])
    at.type(*[b"="] * 4, b"\r", until=[*map(question, (2, 3, 4)), "all is answered", ENDED])
    assert at.ended() == 0 and [row[0] for row in said_in(tmp_path / "log.jsonl")[0]] == [SAME] * 4


def test_hostile_texts_on_the_screen_move_nothing(tmp_path):
    class Written(Gridworld):
        def scene(self, state):
            return [Words(0.5, 0.5, HOSTILE[int(state)])]

    state = build("gridworld", seed=1, questions=15)
    questions = propose(state, state.plan[0])
    questions.episodes.states[:] = np.arange(len(questions.episodes))[:, None]
    questions.shows[:] = np.arange(30).reshape(15, 2)

    def work():
        session = Session(questions, Written(), checks=False)
        vote.ask_at_terminal(session, state)

    at = AtTerminal(work, (24, 120))
    at.until("question")
    at.type(*[b"1"] * 15, b"\r", until=[*(question(number, 15) for number in range(2, 16)), "all is answered", ENDED])
    assert at.ended() == 0
    plain = OURS.sub("", at.seen).replace("\r\n", "")
    assert plain.isprintable() and not re.search("[\u0300-\u036f\u4e00-\u9fff]", plain)
    assert "<script>alert(1)</script>" in plain


def test_every_kind_is_answered_by_the_keys_that_its_screen_names(tmp_path):
    kinds = [kind for kind in KINDS if kind != "demonstration"]
    keys = {"preference": [b"\x1b[D"], "ranking": [b"3", b"1", b"2"], "rating": [b"4"], "thumb": [b"+"],
            "correction": [b" ", b"r", b"g"], "stop": [b" ", b"r", b"]", b"[", b"\r"], "comment": [b"0"],
            "credit": [b"2", b"\r"]}
    log = tmp_path / "log.jsonl"
    at = AtTerminal(one_round(log, n=1, kind=",".join(kinds)))
    at.until("save, stop")
    at.type(b"?", b"x", until=["any key", "save, stop"])
    for number, kind in enumerate(kinds, 1):
        at.send(*keys[kind])
        shown = at.until("all is answered" if number == len(kinds) else vote.ENTRIES[kinds[number]].question)
        assert number == len(kinds) or question(number + 1, len(kinds)) in shown
    at.type(b"\r", until=[ENDED])
    said = {event["kind"]: event["said"] for event in events(log) if event["k"] == "label"}
    assert at.ended() == 0 and set(said) == set(kinds) and said["rating"] == [3] and said["stop"] == [0]


@pytest.mark.parametrize("world", ["gridworld", "glass", "capture_go"])
def test_every_sign_of_a_board_is_explained_below_it(world):
    state = build(world, seed=1)
    game, last = state.game, act(state, 20, 1).states[:, -1]
    colors = {piece.color for state in last for piece in game.scene(state) if not isinstance(piece, Words)}
    assert colors - set(game.legend) <= {"floor", "ink", "wall"} and "agent" in game.legend
    for looks in ((True, True), (True, False), (False, False)):
        rows = drawing.signs_of(game.legend, 39, *looks)
        assert max(len(OURS.sub("", row)) for row in rows) <= 39
        text = OURS.sub("", " ".join(rows))
        assert all(words in text for words in game.legend.values())
        if looks == (False, False):
            assert all(f"{drawing.LETTERS[color]} {words}" in text for color, words in game.legend.items())


def test_only_rows_that_changed_are_written(tmp_path):
    at = AtTerminal(one_round(tmp_path / "log.jsonl", world="cartpole", n=1))
    at.until(question(1, 1))
    start = len(at.seen)
    time.sleep(0.4)
    at.type(b"1", b"\r", until=["all is", ENDED])
    at.ended()
    pictures = at.seen[start:at.seen.index("all is")].count("\x1b[0m\x1b[K")
    assert 0 < pictures < 60, "a clip of 25 steps of 24 rows is not written whole"


def by_keys(kind, keys, world="gridworld"):
    """What a kind's keys say, in a pipe: (said, place)."""
    state = build(world, seed=1, questions=1, feedback=kind)
    questions = propose(state, state.plan[0])
    session = Session(questions, state.game, find(world).form, state.view.remarks, checks=False,
                      rng=state.rngs["person"])

    class Typed(Lines):
        def line(self):
            return keys.pop(0)

    booth = vote.Booth(Typed(), session, state)
    while not session.closed:
        booth.answer_one()
    return session.answers(), questions


@pytest.mark.parametrize("kind, keys, said", [
    ("preference", ["="], [SAME]), ("preference", ["c"], [CANT_TELL]), ("preference", ["s"], [SKIP]),
    ("ranking", ["3142"], [2, 0, 3, 1]), ("ranking", ["31", "u", "u", "1", "2", "3"], [0, 1, 2, 3]),
    ("rating", ["5"], [4]), ("rating", ["9", "1"], [0]), ("thumb", ["+"], [1]), ("thumb", ["down"], [0]),
    ("comment", ["2"], [2]), ("comment", ["0"], [0]), ("stop", ["]", "enter"], [0]),
    ("stop", [*["]"] * 99, ""], [3]), ("credit", ["l", "3"], [0, 2]), ("credit", ["r", "3"], [1, 6]),
    ("credit", ["r", "8"], [1, 3]), ("credit", ["l", ""], [0, -1]), ("correction", ["g"], [0])])
def test_every_kind_has_keys_that_say_it(kind, keys, said):
    answers, _ = by_keys(kind, [*keys, ""])
    assert answers.said[0, :len(said)].tolist() == said
    assert KINDS[kind].valid(answers.said, 8 if kind == "credit" else (answers.shows >= 0).sum()).all() or said[0] < 0


def test_every_kind_of_feedback_can_be_given_at_a_terminal():
    assert set(vote.ENTRIES) == set(KINDS)


def test_a_demonstration_is_what_the_keys_drove():
    answers, questions = by_keys("demonstration", ["", "w w d d d s s a escape", "", *["w"] * 40, ""])
    done = answers.acted()
    assert done.actions[0][done.mask[0]].tolist() == [0] * 40 and done.states[0, 0] == questions.episodes.states[0, 0]


def test_a_correction_keeps_what_was_until_the_person_takes_over():
    answers, questions = by_keys("correction", ["]", "]", "", *["d"] * 40, ""])
    before, done = questions.episodes[questions.shows[0, :1]], answers.acted()
    assert answers.said[0, 0] == 1
    assert np.array_equal(done.actions[0, :2], before.actions[0, :2]) and (done.actions[0][done.mask[0]][2:] == 1).all()
    assert np.array_equal(done.states[0, :3], before.states[0, :3])


def test_a_key_that_nobody_knows_does_nothing(monkeypatch):
    monkeypatch.setattr(Lines, "words", {"F1": ""})                    # so it comes on Windows
    answers, questions = by_keys("correction", ["]", "]", "F1", "", *["d"] * 40, ""])
    before, done = questions.episodes[questions.shows[0, :1]], answers.acted()
    assert before.actions[0, 1] != 1 and np.array_equal(done.actions[0, :2], before.actions[0, :2])


def test_texts_are_written_mended_and_asked_anew(barely_pretrained):
    written, _ = by_keys("demonstration", ["", "lanoX", "lano", ""], world="text")
    assert find("text").form.write(build("text").game, written.acted(), 0) == {"text": "lano"}
    mended, _ = by_keys("correction", ["", "merola", ""], world="text")
    assert build("text").game.decode(mended.acted().states[:, -1]) == ["merola"]


def test_a_terminal_edits_a_text_where_the_cursor_is(tmp_path, barely_pretrained):
    log = tmp_path / "log.jsonl"
    at = AtTerminal(one_round(log, "text", 1, "demonstration"))
    at.until(question(1, 1))
    at.type(b"\r", b"lxno", until=["enter: done", "lxno"])
    at.send(LEFT, LEFT, b"\x7f", b"a", b"\x1b[F", b"\r")
    at.type(b"", b"\r", until=["all is", ENDED])
    assert at.ended() == 0
    label = next(event for event in events(log) if event["k"] == "label")
    assert label["shows"][0] == {"text": "lano"}


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_text_cannot_reach_the_terminal(text):
    rows = [drawing.harmless(text)[:500], *drawing.wrapped(text[:2000], 30)]
    rows += drawing.rows_of([Words(0.5, 0.5, text[:2000])], 30, 9, False, False)
    for row in rows:
        assert row.isprintable() and not re.search("[\x1b\u0300-\u036f\u4e00-\u9fff\u202a-\u202e]", row)
    assert all(len(row) <= 30 for row in rows[1:])


def test_a_full_disk_is_said_and_the_answer_counts_once_there_is_room():
    state = build("gridworld", seed=1, questions=1)
    full = [False, True, False, False]

    def write(group):
        if full.pop(0):
            raise OSError(28, "No space left on device")

    session = Session(propose(state, state.plan[0]), state.game, checks=False, write=write)
    said, keys = [], ["l", "l", ""]

    class Typed(Lines):
        def line(self):
            said.append(" ".join(self.rows))
            return keys.pop(0)

    booth = vote.Booth(Typed(), session, state)
    while not session.closed:
        booth.answer_one()
    assert "No space left" in said[1] and "not counted" in said[1] and len(session.votes) == 1


def test_pictures_are_as_wide_and_high_as_asked_and_show_what_moves():
    for game, state in ((Gridworld(), 13), (CartPole(), np.array([0.5, 0, 0.1, 0]))):
        for width, height in ((36, 18), (12, 6), (1, 1)):
            plain = drawing.rows_of(game.scene(state), width, height, False, False)
            assert [len(row) for row in plain] == [width] * height
            blocks = [OURS.sub("", row) for row in drawing.rows_of(game.scene(state), width, height, True, True)]
            assert [len(row) for row in blocks] == [width] * height
        assert "@" in "".join(drawing.rows_of(game.scene(state), 36, 18, False, False))


def answering(folder, resume, n=40):
    """Work: a run in this folder whose only round is answered at the terminal."""
    settings = find("gridworld").settings(seed=2, rounds=1, questions=n, person="human")

    def work():
        state = runs.load(folder, or_begin=True) if resume else runs.begin(settings)
        if not resume:
            runs.create(folder, settings)
        state.person = Voters(vote.ask_at_terminal, state, checks=False)
        with runs.Run(folder, state) as run:
            rlhf(state, on_round=run.save)
    return work


def test_no_acknowledged_answer_is_lost_and_nobody_is_asked_twice_whenever_it_is_killed(tmp_path):
    folder, rng = tmp_path / "run", np.random.default_rng(0)
    kept = 0
    for kill in range(12):
        at = AtTerminal(answering(folder, resume=kill > 0))
        number = at.asked()
        assert number == kept + 1, "asked twice, or lost"
        for _ in range(rng.integers(1, 3)):
            at.send([b"1", b"2"][rng.integers(2)])
            assert at.asked() == number + 1                    # this acknowledges the answer
            number += 1
        if kill % 2:
            at.send(b"1")                                      # perhaps written, perhaps not
            time.sleep(rng.random() * 0.01)
        os.kill(at.pid, signal.SIGKILL)
        at.ended()
        labels = [event["q"] for event in events(folder / "feedback.jsonl") if event["k"] == "label"]
        assert labels == list(range(len(labels))) and len(labels) in (number - 1, number)
        kept = len(labels)


def piped(folder, lines, *arguments):
    """`tinyrlhf vote gridworld` with these lines for its input."""
    where = ["--out" if arguments[0] == "vote" else "--resume", str(folder)]
    command = [sys.executable, "-m", "tinyrlhf", *arguments, *where]
    place = Path(vote.__file__).parents[2]
    return subprocess.run(command, input="\n".join(lines) + "\n", capture_output=True, text=True, cwd=place,
                          env={**os.environ, "PYTHONIOENCODING": "ascii"})


@pytest.mark.slow
def test_a_script_answers_stops_and_goes_on_in_a_pipe(tmp_path):
    short = ["--rounds", "1", "--questions", "3"]
    stopped = piped(tmp_path / "run", ["l", "r", "u", "=", "q"], "vote", "gridworld", *short)
    assert stopped.returncode == 130 and "every answer is saved; go on with: tinyrlhf run" in stopped.stderr
    done = piped(tmp_path / "run", ["s", ""], "run", "gridworld", "--human", "terminal")
    assert done.returncode == 0 and "one person answered 3 times" in done.stdout and "\x1b" not in done.stdout
    again = piped(tmp_path / "run", [""], "run", "gridworld")
    assert again.returncode == 2 and "--human terminal" in again.stderr
