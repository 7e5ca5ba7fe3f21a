"""The stepper: votes stay with their questions, every key works, nothing is faked, and nothing written unasked."""
import time
from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.backend_bases import KeyEvent, ResizeEvent

from tinyrlhf.cli import main
from tinyrlhf.faces.browser import lecture
from tinyrlhf.faces.browser.desk import Desk
from tinyrlhf.feedback.log import Log
from tinyrlhf.teaching import places, stepper
from tinyrlhf.teaching.phones import Phones
from tinyrlhf.teaching.room import Vote, definitions_of
from tinyrlhf.teaching.stepper import Stepper, on_tape, parse_votes

DEMO = """
from tinyrlhf.teaching.room import Question

def beats(figure, seed):
    left, right = yield Question("first?", 0.5)
    yield f"first: {left} to {right}"
    left, right = yield Question("second?", 0.5, about="A" if left > right else "B")
    yield f"second: {left} to {right}"
"""


@pytest.fixture(autouse=True)
def lessons(tmp_path, monkeypatch):
    """A folder with one small lesson, whose demo asks twice; the second question depends on the first answer."""
    folder = tmp_path / "lessons" / "06_small"
    folder.mkdir(parents=True)
    for name, text in (("../README.md", "`tinyrlhf lesson list`"), ("lesson.py", ""), ("demo.py", DEMO)):
        (folder / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(places, "OWN", folder.parent)


@pytest.fixture
def show(monkeypatch):
    """A window, without a display, at the first picture; its keys are events of the canvas."""
    made = Stepper("6")
    monkeypatch.setattr(made.figure.canvas, "draw_idle", lambda: None)  # what a key does is asked, not how it looks
    made.listen()
    made.next()
    yield made
    made.plt.close(made.figure)


def press(show, *keys):
    """Press them; returns the claim of the picture then."""
    for key in keys:
        KeyEvent("key_press_event", show.figure.canvas, key)._process()
    return show.figure.get_suptitle()


# ---- votes

def test_a_vote_belongs_to_the_question_on_the_screen(show):
    press(show, " ", " ")                                               # nobody votes on the first
    assert press(show, *"10,20", "enter") == "second: 10 to 20"
    assert list(show.votes) == [1] and show.votes[1][:2] == (10, 20)
    assert press(show, "left", "left", "left", "left", "left") == "first?"
    assert press(show, *"3,4", " ") == "first: 3 to 4"
    assert {number: vote[:2] for number, vote in show.votes.items()} == {0: (3, 4), 1: (10, 20)}


def test_after_going_back_the_votes_are_those_of_before(show):
    assert press(show, *"30,1", " ", " ", *"5,6", " ", "pageup", "pageup") == "first: 30 to 1"
    assert press(show, " ", " ") == "second: 5 to 6"


def test_a_vote_on_a_question_that_is_no_longer_asked_is_forgotten(show):
    press(show, *"30,1", " ", " ", *"5,6", " ", "left", "left", "left", *"1,30", " ")
    assert press(show, " ", " ") != "second: 5 to 6" and list(show.votes) == [0]


def test_a_picture_that_asks_nothing_takes_no_votes(show):
    press(show, " ", *"23,11")
    assert show.typed == "" and "asks nothing" in show.box.get_text() and not show.votes


def test_beginning_again_forgets_what_was_voted_but_not_the_tape(show):
    press(show, *"10,20", " ", " ", *"5,6", " ")
    assert press(show, "r") == "first?" and not show.votes
    show.tape = {0: Vote(7, 8)}
    press(show, "r", *"10,20", " ")
    assert press(show, "r", " ") == "first: 7 to 8"


@pytest.mark.parametrize("key", [" ", "enter", "right", "down", "pagedown"])
def test_every_key_that_goes_on_takes_what_is_typed(show, key):
    assert press(show, *"10,20", key) == "first: 10 to 20" and show.typed == ""


def test_typed_hands_are_large_on_the_screen_and_can_be_mended(show):
    press(show, *"10,21", "backspace", "0")
    assert show.box.get_text().startswith("10,20") and show.box.get_visible() and show.box.get_fontsize() >= 36
    assert press(show, " ") == "first: 10 to 20"
    press(show, "left", *"99", "escape")
    assert show.typed == "" and not show.box.get_visible()


@pytest.mark.parametrize("typed", ["23", "23,", ",11", "1,2,3"])
def test_a_count_that_is_none_stays_to_be_mended(show, typed):
    assert press(show, *typed, " ") == "first?" and "expected hands" in show.box.get_text()
    assert show.typed == typed and not show.votes
    press(show, *["backspace"] * len(typed), *"1,2", " ")
    assert show.votes[0][:2] == (1, 2)


def test_votes_are_pairs_and_a_dash_is_nobodys():
    assert parse_votes("23,11,-, 5, 30") == {0: Vote(23, 11), 2: Vote(5, 30)}
    assert parse_votes("") == {}
    for wrong in ("23", "a,b", "1,2,3", "1,,2", "1,2,", ",", "-5,3", "99999,1"):
        with pytest.raises(ValueError, match="--votes"):
            parse_votes(wrong)


# ---- keys

def test_the_keys_of_a_presenter_work(show, monkeypatch):
    assert press(show, "pagedown") == press(show, "right", "left") == press(show, "right", "pageup") != "first?"
    assert press(show, "pageup") == press(show, "pageup") == "first?"    # before the first there is nothing
    assert press(show, *["right"] * 9) == "This was the last picture." and show.beat == 4
    assert press(show, "left").startswith("second:")
    toggled = []
    monkeypatch.setattr(show.figure.canvas.manager, "full_screen_toggle", lambda: toggled.append(1))
    press(show, "f", "f", "f5", "escape")
    assert len(toggled) == 4
    press(show, None, "shift", "x", "ctrl+c")
    assert show.plt.fignum_exists(show.figure.number)
    press(show, "q")
    assert not show.plt.fignum_exists(show.figure.number)


def test_the_keys_stand_on_every_picture_and_all_of_them_at_h(show):
    for _ in range(5):
        assert show.footer.get_text() == stepper.FOOTER
        press(show, " ")
    for key in ("h", "?"):
        press(show, key)
        assert show.cover.get_text() == stepper.KEYS
        press(show, key)
        assert not show.cover.get_text()
    press(show, "b", " ")                                               # black, until a key
    assert not show.cover.get_text()


# ---- honesty

def test_invented_hands_are_marked_on_every_picture_that_rests_on_them(show):
    mark = lambda: "INVENTED" in show.status.get_text()
    assert not mark() and show.status.get_fontsize() >= 18
    press(show, *"10,20", " ")
    assert not mark()
    press(show, " ", " ")
    assert mark() and "30 of 60" in show.status.get_text()
    press(show, "left", *"1,2", " ")
    assert not mark()


def test_the_command_of_a_show_does_not_pass_invented_hands_for_raised_ones(show):
    show.vote(4, 5, invented=2)
    show.next()
    show.next()
    show.vote(7, 8)
    assert show.command() == "tinyrlhf demo 6 --seed 0 --votes -,7,8"


def test_without_a_display_nothing_is_written_unless_a_folder_is_named(tmp_path, monkeypatch, capsys):
    assert main(["demo", "6"]) == 2
    captured = capsys.readouterr()
    assert "--out" in captured.err and captured.err.count("\n") == 1 and len(list(tmp_path.iterdir())) == 1
    monkeypatch.setattr(stepper, "save", lambda figure, path: path.touch())
    assert main(["demo", "6", "--out", "here", "--votes", "4,5"]) == 0
    assert sorted(path.name for path in (tmp_path / "here").iterdir()) == [f"demo06_{i}.png" for i in range(1, 5)]


def test_a_lesson_without_a_demo_is_refused_in_one_line(tmp_path, capsys):
    (tmp_path / "lessons" / "06_small" / "demo.py").unlink()
    for number in ("6", "museum"):
        assert main(["demo", number, "--out", "here"]) == 2
        captured = capsys.readouterr()
        assert captured.err.count("\n") == 1 and "demo: expected the number of a lesson that has one" in captured.err


def test_with_a_display_a_show_is_a_window_and_nothing_is_written(tmp_path, monkeypatch, capsys):
    from matplotlib import pyplot as plt

    def led():
        for key in (*"4,5", " ", " ", " ", "q"):
            KeyEvent("key_press_event", plt.gcf().canvas, key)._process()
    monkeypatch.setattr(stepper, "has_window", lambda: True)
    monkeypatch.setattr(plt, "show", led)
    assert main(["demo", "6"]) == 0
    said = capsys.readouterr().out
    assert stepper.KEYS in said and "this show again: tinyrlhf demo 6 --seed 0 --votes 4,5" in said
    assert not plt.get_fignums() and len(list(tmp_path.iterdir())) == 1


def test_a_saved_picture_says_how_to_make_it_again(show, tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(stepper, "save", lambda figure, path: seen.append([each.get_text() for each in figure.texts]))
    show.out = tmp_path
    press(show, *"10,20", " ", "s")
    assert "tinyrlhf demo 6 --seed 0 --votes 10,20" in seen[0] and stepper.FOOTER not in seen[0]
    assert show.footer.get_text() == stepper.FOOTER and "demo06_2.png" in show.box.get_text()


# ---- tapes

def test_a_show_can_be_given_again_from_its_tape(tmp_path):
    show = Stepper("6", seed=3, out=tmp_path)
    show.next()
    show.vote(10, 20)
    show.next()
    show.next()
    show.vote(5, 6, invented=11)
    show.log.close()
    show.plt.close(show.figure)
    votes, seed = on_tape(tmp_path / "votes.jsonl", 6)
    assert seed == 3 and [vote[:3] for vote in votes.values()] == [(10, 20, 0), (5, 6, 11)]
    again = Stepper("6", seed, votes)
    claims = [again.next() for _ in range(4)]
    assert claims[1::2] == ["first: 10 to 20", "second: 5 to 6"] and "11 of 41" in again.status.get_text()
    again.plt.close(again.figure)
    with pytest.raises(ValueError, match="expected a tape of demo 7, got .* one of demo 6"):
        on_tape(tmp_path / "votes.jsonl", 7)


@pytest.mark.parametrize("vote", [[1], [1, 2, 0, None, 5], [-1, 2], [1.5, 2], ["a", "b"], "12", None])
def test_a_tape_of_something_else_is_refused(vote, tmp_path):
    with Log(tmp_path / "tape") as log:
        log.append("demo", number=6, seed=0)
        log.append("hands", question=0, vote=vote)
    with pytest.raises(ValueError):
        on_tape(tmp_path / "tape", 6)


@pytest.mark.parametrize("head", [{"number": 6}, {"seed": 0}, {"number": 6, "seed": "0"}])
def test_a_tape_without_its_number_or_seed_is_refused(head, tmp_path):
    with Log(tmp_path / "tape") as log:
        log.append("demo", **head)
    with pytest.raises(ValueError):
        on_tape(tmp_path / "tape", 6)


def test_a_folder_that_takes_nothing_is_told_on_the_screen_and_no_vote_is_lost(show, tmp_path):
    (tmp_path / "file").touch()
    show.out = tmp_path / "file"
    press(show, "s")
    assert "file" in show.box.get_text()
    press(show, *"4,5", " ")
    assert "file" in show.box.get_text() and show.votes[0][:2] == (4, 5)
    show.tell("")
    show.phones = SimpleNamespace(outcome=Vote(7, 8), words=str)
    show.listen()
    show.clock._on_timer()                                              # a vote of phones has ended
    assert "file" in show.box.get_text() and show.votes[0][:2] == (7, 8)


@pytest.mark.parametrize("words, said", [
    (["--simulate", "3"], "--lecture"), (["--from", "nowhere"], "nowhere"), (["--votes", "5"], "--votes"),
    (["--lecture", "127.0.0.1"], "--simulate"), (["--lecture", "everywhere", "--simulate", "2"], "--lecture"),
    (["--lecture", "127.0.0.1:0", "--simulate", "-2"], "--simulate"), (["--seed", "-1"], "--seed")])
def test_a_senseless_show_is_refused_in_one_line(words, said, tmp_path, capsys):
    assert main(["demo", "6", "--out", str(tmp_path / "out"), *words]) == 2
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1 and said in captured.err and not (tmp_path / "out").exists()


# ---- phones

def until(happened):
    end = time.monotonic() + 10
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_phones_and_typed_hands_are_counted_together_and_simulated_ones_marked(show, monkeypatch):
    monkeypatch.setattr(lecture, "THINKING", 0.01)
    monkeypatch.setattr(lecture, "GRACE", 0.0)
    with Desk("demo 6") as desk:
        show.phones = phones = Phones(desk, "127.0.0.1", simulate=4)
        show.ask_phones()
        until(lambda: phones.n_answered() == 4)
        assert phones.audience_view()["title"] == "first?"
        press(show, *"20,3", " ")                                       # typed, and that closes the vote
        until(lambda: phones.outcome)
        assert show.figure.get_suptitle() == "first?"
        show.hear_phones()
        vote = show.votes[0]
        assert vote.left + vote.right == 27 and vote.invented == 4 and vote.left >= 20
        assert "INVENTED: 4 of 27" in show.status.get_text() and show.join.get_text()[6:] in phones.link
        press(show, " ")
        assert phones.asking and press(show, "left").startswith("first:") and not phones.asking
        assert press(show, "left", " ") == f"first: {vote.left} to {vote.right}"    # asked once, not again
        phones.leave()


def test_hands_that_are_typed_while_the_vote_closes_still_count(show, monkeypatch):
    monkeypatch.setattr(lecture, "TICK", 0.02)
    monkeypatch.setattr(lecture, "GRACE", 0.6)
    with Desk("demo 6") as desk:
        show.phones = phones = Phones(desk, "127.0.0.1")
        show.ask_phones()
        press(show, " ")
        until(lambda: phones.phase == "closing")
        press(show, *"20,3", " ")
        until(lambda: phones.outcome)
        assert phones.outcome[:2] == (20, 3)
        phones.leave()


# ---- pictures

def test_where_to_vote_and_what_is_invented_stand_side_by_side(show):
    show.heard = [Vote(4000, 1000, 3000)]
    show.phones = SimpleNamespace(words=lambda: "vote: 192.168.100.105:65535/abcdef   2000 answered")
    show.show_status()
    left, right = show.status.get_window_extent(), show.join.get_window_extent()
    assert 0 < left.x0 < left.x1 < right.x0 < right.x1 < show.figure.bbox.x1


def test_the_first_window_fits_every_screen_and_all_grows_with_it(show):
    assert (show.figure.get_size_inches() * show.figure.dpi <= (1024, 700)).all()
    show.figure.set_size_inches(1024 / 75, 768 / 75, forward=False)      # as windows do before they tell of it
    ResizeEvent("resize_event", show.figure.canvas)._process()
    assert np.allclose(show.figure.get_size_inches() * show.figure.dpi, (1024, 768), atol=1)
    assert show.figure.dpi == pytest.approx(80, abs=0.1)                # 12.8 inches wide, as ever: no text moves
    show.figure.set_size_inches(1920 / 80, 1080 / 80)
    show.fit()
    assert show.figure.dpi == pytest.approx(150, abs=0.1)


# ---- code

def test_a_demo_takes_definitions_from_its_lesson_without_running_it(tmp_path):
    (tmp_path / "lesson.py").write_text(
        "import numpy as np\nfrom tinyrlhf.teaching import mine\nA, B = 2, 3\nC = 4\nrows = 1 / 0\n"
        "def double(x):\n    return A * x\n"
        "twice = mine('06', 'twice', lambda x: double(x))\nprint(twice(3), rows)\n", encoding="utf-8")
    lesson = definitions_of(tmp_path / "demo.py", "A")
    assert lesson.double(4) == lesson.twice(4) == 8 and not hasattr(lesson, "rows") and not hasattr(lesson, "C")
    lesson.A = 5
    assert lesson.double(4) == 20
