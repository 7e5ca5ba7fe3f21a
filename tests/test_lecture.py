"""A room that votes: nothing lost, nothing twice, nothing shown too early, nobody named."""
import asyncio
import contextlib
import json
import socket
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from tinyrlhf.cli import main
from tinyrlhf.faces.browser import lecture, server
from tinyrlhf.faces.browser.seats import address_of, keys_in
from tinyrlhf.faces.browser.server import Bucket
from tinyrlhf.humans import zoo
from tinyrlhf.rlhf import rlhf
from tinyrlhf.runs import create
from tinyrlhf.sessions import Voters, report, two_camps
from tinyrlhf.worlds import build, find

sys.path.insert(0, str(Path(__file__).parent))
import chrome  # noqa: E402
from room import Voter, open_room, until  # noqa: E402
from test_browser import a_session, entered, needs_browser, request  # noqa: E402


@contextlib.contextmanager
def at_work(session, state=None, **more):
    """A lecture that asks this session in the background: yields (desk, lecture, voters of one)."""
    desk, room = open_room(**more)
    failed = []

    def work():
        try:
            room.ask(session, state)
        except BaseException as error:
            failed.append(error)
    thread = threading.Thread(target=work, daemon=True)
    with desk:
        thread.start()
        try:
            yield desk, room
        finally:
            session.closed = True
            thread.join(5)
    assert not thread.is_alive() and not failed, failed


def voter(room):
    return Voter("127.0.0.1", room.audience.port, room.keys["code"])


async def here(room, n=1):
    """n voters who have joined and listen, and what must be cancelled at the end."""
    voters = [voter(room) for _ in range(n)]
    await asyncio.gather(*(each.join() for each in voters))
    streams = [asyncio.ensure_future(each.listen()) for each in voters]
    await until(lambda: all(each.heard for each in voters))
    return voters, streams


def shown(desk):
    """All that the presenter's page shows."""
    view = {}
    for text in desk.texts:
        view.update(json.loads(text))
    return view


class Presenter:
    """Presses keys."""

    def __init__(self, desk):
        self.port, self.cookie = desk.listener.port, entered(desk)

    async def do(self, what, text=""):
        return await asyncio.to_thread(request, self.port, "POST", "/do", {"what": what, "text": text}, self.cookie)


def run(scene, session, **more):
    """Play an async scene (desk, room, presenter) in a lecture on this session."""
    async def play(desk, room):
        await until(lambda: desk.inbox.open)
        return await scene(desk, room, Presenter(desk))
    with at_work(session, **more) as (desk, room):
        return asyncio.run(play(desk, room))


def test_two_hundred_votes_within_a_tenth_of_a_second_are_all_counted():
    """How quickly they are answered is measured in tests/benchmarks/lecture.py."""
    session, n = a_session(n=1, room=True), 200

    async def scene(desk, room, presenter):
        voters, streams = await here(room, n)
        await presenter.do("next")
        await presenter.do("next")
        await until(lambda: all(each.view["phase"] == "open" for each in voters))

        async def one(number, each):
            await asyncio.sleep(0.1 * number / n)
            return await each.vote([number % 2])
        replies = await asyncio.gather(*(one(number, each) for number, each in enumerate(voters)))
        assert {status for status, _ in replies} == {200}
        await presenter.do("next")
        await until(lambda: room.phase == "closed")
        assert session.tally(room.ballot) == {(0,): n // 2, (1,): n // 2}
        for each in streams:
            each.cancel()
    run(scene, session)
    assert len(session.votes) == n


def test_no_count_leaves_the_process_before_the_vote_is_closed():
    session = a_session(n=1, room=True)

    async def scene(desk, room, presenter):
        voters, streams = await here(room, 5)
        await presenter.do("next")
        await presenter.do("next")
        await until(lambda: all(each.view["phase"] == "open" for each in voters))
        for each in voters:
            await each.vote([1])
        told = [view for each in voters for _, view in each.heard] + [shown(desk)]
        for view in told:
            assert not view.get("result") and "counts" not in view
            assert "%" not in json.dumps({**view, "question": None})
        await presenter.do("next")
        await until(lambda: voters[0].view["phase"] == shown(desk)["phase"] == "closed")
        assert "What you said" not in json.dumps([voters[0].view, shown(desk)])  # the guess comes first
        await presenter.do("next")
        await until(lambda: "What you said" in json.dumps(voters[0].view))
        for each in streams:
            each.cancel()
    run(scene, session)


def test_late_votes_replays_and_forged_cookies_change_nothing_and_the_last_vote_counts():
    session = a_session(n=1, room=True)

    async def scene(desk, room, presenter):
        (one, other), streams = await here(room, 2)
        await presenter.do("next")
        await until(lambda: one.view["phase"] == "read")
        assert (await one.vote([0], "1.0"))[0] == 409                # not open yet
        await presenter.do("next")
        await until(lambda: one.view["phase"] == "open")
        assert (await one.vote([0]))[0] == 200
        assert (await one.vote([1], turn=5))[0] == 200               # changed
        assert (await one.vote([0], turn=5))[0] == 409               # replayed
        forged = voter(room)
        for cookie in ("", one.cookie[:-1], one.cookie[:-1] + "0", "tinyrlhf-voter=p-00." + 32 * "0",
                       one.cookie.replace("p-", "p-1")):
            forged.cookie = cookie if cookie != one.cookie else cookie[:-1] + "1"
            assert (await forged.vote([0], "1.0"))[0] == 401
        assert (await one.ask("POST", "/do", {"what": "next"}))[0] == 404    # no presenter's routes here
        assert (await one.ask("POST", "/act", {}))[0] == 404
        await presenter.do("next")
        await until(lambda: room.phase == "closed")
        assert (await other.vote([0], "1.0"))[0] == 409              # late
        assert session.tally(room.ballot) == {(1,): 1}
        for each in streams:
            each.cancel()
    run(scene, session)


def test_votes_on_their_way_when_the_vote_is_closed_still_count():
    session, n = a_session(n=1, room=True), 60

    async def scene(desk, room, presenter):
        voters, streams = await here(room, n)
        await presenter.do("next")
        await presenter.do("next")
        await until(lambda: all(each.view["phase"] == "open" for each in voters))
        ready, go_on = [], asyncio.Event()

        async def slow(each):
            """Sends the end of its vote only after the presenter has pressed the key."""
            reader, writer = await asyncio.open_connection("127.0.0.1", each.port)
            body = json.dumps({"ballot": "1.0", "said": [0], "turn": 1, "ms": 1}).encode()
            host = f"127.0.0.1:{each.port}"
            writer.write(f"POST /vote HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nCookie: {each.cookie}\r\n"
                         f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body[:-1])
            ready.append(each)
            await go_on.wait()
            writer.write(body[-1:])
            return await reader.read()
        votes = [asyncio.ensure_future(slow(each)) for each in voters]
        await until(lambda: len(ready) == n)
        await presenter.do("next")
        go_on.set()
        replies = await asyncio.gather(*votes)
        assert all(reply.startswith(b"HTTP/1.1 200 ") for reply in replies)
        await until(lambda: room.phase == "closed")
        assert session.tally(room.ballot) == {(0,): n}
        for each in streams:
            each.cancel()
    run(scene, session)


def test_one_cookie_that_floods_is_slowed_down_and_nobody_else():
    session = a_session(n=1, room=True)

    async def scene(desk, room, presenter):
        (loud, quiet), streams = await here(room, 2)
        await presenter.do("next")
        await presenter.do("next")
        await until(lambda: quiet.view["phase"] == "open")

        async def flood():
            return await asyncio.gather(*(loud.vote([0], "1.0", turn=1 + i) for i in range(100)))
        flooding = asyncio.ensure_future(flood())
        status, seconds = await quiet.vote([1])
        assert status == 200 and seconds < 1
        statuses = [status for status, _ in await flooding]
        assert 5 <= 100 - statuses.count(429) <= 12
        await presenter.do("next")
        await until(lambda: room.phase == "closed")
        assert session.tally(room.ballot) == {(0,): 1, (1,): 1}
        for each in streams:
            each.cancel()
    run(scene, session)


def test_half_open_connections_on_every_slot_block_neither_voters_nor_presenter(monkeypatch):
    monkeypatch.setattr(server, "WAITING", 50)
    session = a_session(n=1, room=True)

    async def scene(desk, room, presenter):
        lines = []
        for listener in (room.audience, desk.listener):
            for _ in range(80):
                line = socket.create_connection(("127.0.0.1", listener.port))
                line.sendall(b"POST /vote HTTP/1.1\r\nHost")
                lines.append(line)
        began = time.monotonic()
        (one,), streams = await here(room)
        await presenter.do("next")
        await presenter.do("next")
        await until(lambda: one.view["phase"] == "open")
        assert (await one.vote([0]))[0] == 200
        assert time.monotonic() - began < 2
        for line in lines:
            line.close()
        streams[0].cancel()
    run(scene, session)


def test_one_round_is_reset_without_the_others_and_a_second_vote_is_held_beside_the_first():
    session = a_session(n=2, room=True)

    async def scene(desk, room, presenter):
        (one, other), streams = await here(room, 2)

        async def hold(*said):
            if room.phase == "read":
                await presenter.do("next")
            await until(lambda: one.view["phase"] == "open" and other.view["phase"] == "open")
            for each, answer in zip((one, other), said):
                assert (await each.vote(answer))[0] == 200
            await presenter.do("next")
            await until(lambda: room.phase == "closed")
        await presenter.do("next")
        await hold([0], [1])
        await presenter.do("again")                                  # after discussion
        await until(lambda: one.view.get("yours") == [0] and other.view.get("yours") == [1])
        assert one.view["phase"] == "open"
        await hold([1])                                              # only one changes their mind
        assert session.tally(room.ballot) == {(1,): 2} and room.first == {(0,): 1, (1,): 1}
        await presenter.do("next")
        await until(lambda: "Before the discussion" in json.dumps(shown(desk)))
        await presenter.do("next")
        await presenter.do("next")
        await until(lambda: one.view["phase"] == "read")
        await hold([0], [0])
        await presenter.do("reset")
        await until(lambda: one.view["phase"] == "read")
        await hold([1], [0])
        assert [session.tally(ballot) for ballot in session.ballots] == [{(1,): 2}, {(1,): 1, (0,): 1}]
        for each in streams:
            each.cancel()
    run(scene, session)


def test_the_reveal_tells_how_many_were_not_sure_and_a_changed_confidence_counts():
    session = a_session(n=1, room=True)
    desk, room = open_room()
    with desk:
        room.session, room.state, room.first, room.camps, room.revealed = session, None, None, False, 1
        room.ballot = session.open(0.0)
        room.screen = lecture.screen_of(session, room.ballot, {})
        for who, said in (("a", [0]), ("b", [1]), ("c", [-1])):
            assert session.say(who, room.ballot.id, said, 1.0) == "taken"
        assert session.say("a", room.ballot.id, [0], 2.0, confidence=0.5) == "taken"
        assert session.say("a", room.ballot.id, [0], 3.0, confidence=0.5) == "again"
        session.close(4.0, room.ballot)
        assert room.result()[1]["saying"] == "1 can't tell, 1 of them not sure"


def test_a_show_of_hands_is_counted_as_typed_and_can_be_mended():
    session = a_session(n=1, room=True)

    async def scene(desk, room, presenter):
        await presenter.do("next")
        for text in ("", "12 x", "1 2 3 4", "-1", "1e3", "9999999", "\u0663"):
            assert (await presenter.do("hands", text))[0] == 400
        assert (await presenter.do("hands", "12 7 3"))[0] == 200
        assert (await presenter.do("hands", "4 1"))[0] == 200
        await presenter.do("next")
        await until(lambda: room.phase == "closed")
        left, right = room.hands()[:2]
        assert session.tally(room.ballot) == {tuple(left): 4, tuple(right): 1}
    run(scene, session)
    names = {event["who"] for event in session.events if event["k"] == "label"}
    assert all(name.startswith("hand-") for name in names if name != "nobody")


def test_everybody_with_pairs_of_their_own_gets_the_next_when_they_have_answered():
    session = a_session(n=6)

    async def scene(desk, room, presenter):
        voters, streams = await here(room, 2)
        await presenter.do("next")
        for number in range(3):
            await until(lambda: all(each.view.get("question") and each.view["lead"] == f"{number} answered"
                                    for each in voters))
            assert voters[0].view["question"]["id"] != voters[1].view["question"]["id"]
            for each in voters:
                assert (await each.vote([0]))[0] == 200
        assert (await voters[0].vote([0], voters[1].heard[-1][1]["question"]["id"]))[0] == 404   # not theirs
        await presenter.do("next")
        await until(lambda: room.phase == "closed")
        await until(lambda: "2 people answered 6 times" in json.dumps(shown(desk)))
        await presenter.do("next")
        await until(lambda: session.closed)
        for each in streams:
            each.cancel()
    run(scene, session)
    assert len(session.answers()) == 6


def test_phones_come_back_to_their_vote_when_the_server_comes_back():
    session = a_session(n=1, room=True)
    heard = []

    async def before(desk, room, presenter):
        (one,), streams = await here(room)
        await presenter.do("next")
        await presenter.do("next")
        await until(lambda: one.view["phase"] == "open")
        await one.vote([1])
        heard.append(one)
        streams[0].cancel()
        return room.keys, room.audience.port
    keys, port = run(before, session)
    session.closed = False                                           # what a crash would leave
    one = heard[0]

    async def after(desk, room, presenter):
        one.heard.clear()
        stream = asyncio.ensure_future(one.listen())
        await presenter.do("next")
        await presenter.do("next")
        await until(lambda: one.heard and one.view.get("yours") == [1])
        assert one.view["turn"] == 1
        assert (await one.vote([1], turn=2))[0] == 200
        stream.cancel()
    run(after, session, keys=keys, port=port)
    assert len(session.votes) == 1


def test_the_link_of_the_room_cannot_be_guessed_and_lets_the_same_browser_in_as_the_same_voter():
    session = a_session(n=1, room=True)

    async def scene(desk, room, presenter):
        one = await voter(room).join()
        first = one.cookie
        await one.join()
        assert one.cookie == first and "p-" in first
        stranger = voter(room)
        assert (await stranger.ask("GET", "/"))[0] == 401
        assert (await stranger.ask("GET", "/events"))[0] == 401
        statuses = []
        for i in range(14):
            stranger.code = f"wrong{i % 10}"
            statuses.append((await stranger.ask("GET", f"/{stranger.code}"))[0])
        assert statuses[:10] == 10 * [404] and 429 in statuses
        assert (await one.ask("GET", "/"))[0] == 200                 # who is in stays in
    run(scene, session)


def test_what_is_stored_of_a_voter_is_a_random_number_and_the_page_says_so():
    session = a_session(n=1, room=True)

    async def scene(desk, room, presenter):
        (one,), streams = await here(room)
        assert "random number" in one.view["footer"] and "No names" in one.view["footer"]
        await presenter.do("next")
        await presenter.do("next")
        await until(lambda: one.view["phase"] == "open")
        await one.vote([0])
        streams[0].cancel()
    run(scene, session)
    written = json.dumps(session.events)
    assert "127.0.0.1" not in written and "Mozilla" not in written
    who = [event["who"] for event in session.events if event["k"] == "label"][0]
    assert who.startswith("p-") and len(who) == 12


def test_simulated_voters_are_marked_as_such_and_answer_every_kind_of_vote():
    for kind in ("preference", "ranking", "rating", "thumb", "stop", "comment", "credit"):
        session = a_session(kind, 1, room=True)
        desk, room = open_room(crowd=zoo.person("simulated", 0.9), simulate=7)
        with desk:
            room.session, room.state, room.phase, room.ballot = session, None, "open", session.open(0.0)
            room.let_simulated_answer(1.0, 0.0)
            assert not session.votes
            room.let_simulated_answer(1000.0, 1000.0)
            room.let_simulated_answer(2000.0, 1000.0)
        assert session.turnout(room.ballot) == 7 and room.counts()["progress"].endswith("here: 0 + 7 simulated")
        assert all(who.startswith("simulated-") for _, who in session.votes)


def test_two_camps_are_found_where_there_are_two():
    rng = np.random.default_rng(0)
    told = []
    for ballot in range(8):
        for number in range(20):
            said = (number % 2) ^ (ballot % 2) if rng.random() < 0.9 else rng.integers(2)
            vote = {"k": "label", "kind": "preference", "who": f"p-{number}", "round": 1, "ballot": ballot}
            told.append({**vote, "said": [int(said)]})
    camps = two_camps(told)
    assert {f"p-{number}" for number in range(0, 20, 2)} in camps and {f"p-{n}" for n in range(1, 20, 2)} in camps
    assert two_camps(told[:20]) is None


def test_krippendorffs_alpha_of_the_room_is_one_where_all_agree_and_undefined_for_one_voter():
    session = a_session(n=3, room=True)
    for said in ([0], [1], [0]):
        ballot = session.open(0.0)
        for who in ("a", "b", "c"):
            session.say(who, ballot.id, said, 1.0)
        session.close(2.0, ballot)
    assert report(session.events)["agreement"]["preference"] == 1.0
    assert report([each for each in session.events if each.get("who") in (None, "a")])["agreement"] == {}


def test_a_bucket_gives_what_it_has_and_forgets_those_who_waited():
    bucket = Bucket(rate=1000, most=2)
    assert [bucket.take("a") for _ in range(4)].count(True) >= 2
    for number in range(6000):
        bucket.take(number)
    time.sleep(0.01)
    bucket.take("b")
    assert len(bucket.left) < 6000


@pytest.mark.parametrize("text, expected", [("192.168.1.5", ("192.168.1.5", 8000)), ("10.0.0.2:80", ("10.0.0.2", 80)),
                                            ("[::1]:9000", ("::1", 9000)), ("::1", ("::1", 8000))])
def test_a_lecture_is_on_the_address_that_is_named(text, expected):
    assert address_of(text) == expected


@pytest.mark.parametrize("text", ["", "0.0.0.0", "::", "localhost", "example.org", "224.0.0.1", "1.2.3.4:99999",
                                  "1.2.3", "10.0.0.1:", "10.0.0.1:x", "fe80::1%eth0"])
def test_a_lecture_on_no_address_or_on_all_is_refused(text):
    with pytest.raises(ValueError, match="--lecture: expected an address"):
        address_of(text)


@pytest.mark.parametrize("words, message", [
    (["--lecture", "203.0.113.7"], "cannot listen on 203.0.113.7"),
    (["--simulate", "3"], "expected --lecture"), (["--own"], "expected --lecture"),
    (["--lecture", "127.0.0.1:0", "--feedback", "demonstration"], "let one person do it"),
    (["--lecture", "127.0.0.1:0", "--simulate", "-1"], "--simulate")])
def test_senseless_lectures_are_refused_in_one_line_before_anything_is_written(words, message, tmp_path, capsys):
    assert main(["vote", "gridworld", "--out", str(tmp_path / "run"), *words]) == 2
    assert message in capsys.readouterr().err and not (tmp_path / "run").exists()


@pytest.mark.parametrize("text", ["", "5", '["secret", "code"]', '{"secret": "a"}', '{"secret": "a", "code": 5}'])
def test_keys_of_a_lecture_that_cannot_be_read_are_refused_in_words(text, tmp_path):
    (tmp_path / "room.json").write_text(text)
    with pytest.raises(ValueError, match="delete it"):
        keys_in(tmp_path)
    (tmp_path / "room.json").write_text('{"secret": "a", "code": "b"}')
    assert keys_in(tmp_path)["code"] == "b" and keys_in(None) is None


def test_one_command_forgets_a_lecture_and_nothing_else(tmp_path, capsys):
    folder = create(tmp_path / "run", find("bandit").settings(person="human"))
    for name in ("room.json", "feedback.jsonl", "mine.txt"):
        (folder / name).write_text("{}")
    assert main(["vote", "--forget", str(folder)]) == 2 and "mine.txt" in capsys.readouterr().err
    assert [each.name for each in folder.iterdir()] == ["mine.txt"]
    assert main(["vote", "--forget", str(folder)]) == 2              # no run any more
    (folder / "mine.txt").unlink()
    folder = create(folder, find("bandit").settings(person="human"))
    assert main(["vote", "--forget", str(folder)]) == 0 and not folder.exists()


@pytest.mark.slow
def test_a_whole_lecture_teaches_the_policy_and_shows_what_it_learned(monkeypatch):
    monkeypatch.setattr(lecture, "THINKING", 0.05)
    monkeypatch.setattr(lecture, "GRACE", 0.0)
    state = build("bandit", seed=3, rounds=2, questions=2)
    desk, room = open_room(crowd=zoo.person("simulated", 0.95), simulate=12, rng=np.random.default_rng(1))
    state.person = Voters(room.ask, state, room=True)
    phases, go = set(), room.go
    monkeypatch.setattr(room, "go", lambda phase, *more: (phases.add(phase), go(phase, *more)))
    lecture_thread = threading.Thread(target=lambda: room.end(rlhf(state), ["done"]), daemon=True)
    with desk:
        lecture_thread.start()
        presenter, end = Presenter(desk), time.monotonic() + 60
        while lecture_thread.is_alive() and time.monotonic() < end:
            if room.phase == "closing" or room.phase == "open" and room.session.turnout(room.ballot) < 12:
                time.sleep(0.02)
                continue
            request(presenter.port, "POST", "/do", {"what": "next"}, presenter.cookie)
    lecture_thread.join(5)
    assert phases == {"wait", "read", "open", "closed", "learn", "show"} and room.phase == "over"
    assert len(state.history) == 2 and len(state.answers) == 4 * 12


@needs_browser
@pytest.mark.slow
def test_the_presenter_and_a_phone_see_the_same_lecture_in_real_browsers():
    session = a_session(n=1, room=True)
    screen, phone = chrome.Chrome(), chrome.Chrome()
    try:
        with at_work(session) as (desk, room):
            screen.size(1280, 720)
            phone.size(390, 844, True)
            screen.open(desk.url)
            screen.wait("view.phase === 'wait' && !!document.querySelector('.big')")
            assert screen.run("document.querySelector('.big').textContent") == room.link
            phone.open(room.link)
            phone.wait("view.phase === 'wait'")
            assert room.keys["code"] not in phone.run("location.href")
            screen.key("PageDown")                                   # a clicker
            phone.wait("view.phase === 'read'")
            phone.key("ArrowLeft")
            assert "not open" in phone.wait("at('status').textContent")
            screen.wait("view.phase === 'read'")
            screen.key("Enter")
            phone.wait("view.phase === 'open' && !tooSoon()")
            assert phone.run("Math.min(...[...document.querySelectorAll('#options button:not(.minor)')]"
                             ".map(b => b.offsetHeight))") >= 76
            phone.key("n")
            phone.key("ArrowLeft")
            phone.wait("at('status').textContent === 'kept'")
            assert phone.run("document.querySelector('button.left').getAttribute('aria-pressed')") == "true"
            screen.wait("view.lead.startsWith('answers: 1;')")
            for key in "12 7 3":
                screen.key(key)
            assert "12 7 3" in screen.run("at('status').textContent")
            screen.key("Enter")
            screen.wait("view.lead.startsWith('answers: 23;')")
            screen.key("Enter")
            for _ in range(2):
                screen.wait("view.phase === 'closed'")
                screen.key("Enter")
            screen.wait("document.querySelectorAll('.row').length === 5")
            screen.key("PageUp")
            screen.wait("document.querySelectorAll('.row').length === 3")
            screen.key("PageDown")
            screen.wait("document.querySelectorAll('.row').length === 5")
            assert "(13)" in screen.run("at('result').textContent")
            assert "1 of them not sure" in screen.run("at('result').textContent")
            for window in (screen, phone):
                assert window.run("document.documentElement.scrollWidth <= innerWidth")
            screen.key("Enter")
            phone.wait("view.phase === 'learn'")
            assert not screen.errors and [each for each in phone.errors if "409" not in each] == []
    finally:
        screen.close()
        phone.close()


def test_a_lecture_that_had_ended_shows_its_end_again_when_it_is_resumed():
    desk, room = open_room()
    ended = threading.Thread(target=room.end, args=(build("bandit", seed=3), ["done"]), daemon=True)
    with desk:
        presenter = Presenter(desk)
        ended.start()
        asyncio.run(until(lambda: room.phase == "end" and desk.inbox.open))
        assert shown(desk)["result"] == [{"saying": "done"}]
        assert asyncio.run(presenter.do("next"))[0] == 200
        ended.join(5)
    assert room.phase == "over"


def test_a_presenter_who_sends_what_no_page_sends_is_refused():
    async def scene(desk, room, presenter):
        await presenter.do("next")
        step = {"ballot": "hands", "key": "5"}
        assert (await asyncio.to_thread(request, presenter.port, "POST", "/act", step, presenter.cookie))[0] == 409
        assert (await presenter.do("hands", "4 1"))[0] == 200
    run(scene, a_session(n=1, room=True))


def test_a_lecture_ends_itself():
    session = a_session(n=1, room=True)
    desk, room = open_room()
    with desk:
        room.ends = 0.0
        with pytest.raises(KeyboardInterrupt, match="ends itself after 2 hours"):
            room.ask(session, None)
    assert lecture.HOURS == 2
