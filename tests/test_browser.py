"""The page for one person: who gets in, what is refused, what a real browser shows and sends."""
import contextlib
import json
import os
import queue
import re
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from tinyrlhf.faces.browser import asking, server
from tinyrlhf.faces.browser.desk import Browser
from tinyrlhf.faces.browser.server import Listener, Reply, Server
from tinyrlhf.faces.vote import in_words
from tinyrlhf.feedback.answers import KINDS, Questions
from tinyrlhf.feedback.log import Log, events
from tinyrlhf.games.game import Game
from tinyrlhf.questions import ASK, ask
from tinyrlhf.rlhf import act, propose
from tinyrlhf.sessions import Session, Voters, report
from tinyrlhf.worlds import build, find

sys.path.insert(0, str(Path(__file__).parent))
import chrome  # noqa: E402
from small_chat import small_chat  # noqa: E402

ROUTES = (("GET", "/"), ("GET", "/page.js"), ("GET", "/page.css"), ("GET", "/events"), ("GET", "/favicon.ico"),
          ("POST", "/vote"), ("POST", "/do"), ("POST", "/act"))
needs_browser = pytest.mark.skipif(chrome.BINARY is None, reason="no chromium here")


def talk(port, raw, address="127.0.0.1", seconds=5):
    """All that a server says to these bytes."""
    with socket.create_connection((address, port), timeout=seconds) as line:
        line.sendall(raw)
        parts = []
        with contextlib.suppress(OSError):
            while part := line.recv(65536):
                parts.append(part)
                if b"text/event-stream" in part:
                    break
    return b"".join(parts)


def request(port, method="GET", path="/", body=None, cookie="", origin=True, host=None, more=""):
    """(status, headers, body) of one request; origin: True the right one, None none."""
    host = f"127.0.0.1:{port}" if host is None else host
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}"]
    if origin:
        lines.append(f"Origin: {f'http://{host}' if origin is True else origin}")
    if cookie:
        lines.append(f"Cookie: {cookie}")
    data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    if method == "POST":
        lines += ["Content-Type: application/json", f"Content-Length: {len(data)}"]
    reply = talk(port, ("\r\n".join(lines) + f"\r\n{more}\r\n").encode("latin-1") + data)
    head, _, text = reply.partition(b"\r\n\r\n")
    status = int(head.split(b" ")[1]) if head else 0
    return status, head.decode("latin-1"), text


def entered(desk):
    """The cookie of whoever opened the desk's address."""
    _, head, _ = request(desk.listener.port, path=f"/{desk.door.code}")
    return re.search("Set-Cookie: ([^;]+)", head)[1]


def a_session(kind="preference", n=3, world="gridworld", write=None, state=None, **how):
    """Questions of a kind about a world that has learned nothing, as a Session."""
    state = state or build(world, seed=1)
    n_episodes, group = state.view.plays_needed(kind, n, state)
    questions = ask(kind, state, act(state, n_episodes, group), n)
    return Session(questions, state.game, find(world).form, state.view.remarks, rng=np.random.default_rng(0),
                   checks=False, write=write, **how)


@contextlib.contextmanager
def asking_in_the_background(page, session, state=None):
    """The face at work; afterwards it has closed the session, or was told to stop."""
    failed = queue.Queue()

    def work():
        try:
            page.ask(session, state)
        except BaseException as error:
            failed.put(error)
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield failed
    finally:
        session.closed = True
        thread.join(5)
        assert not thread.is_alive()


@pytest.fixture
def page():
    with Browser("gridworld") as made:
        yield made


@pytest.fixture(scope="module")
def window():
    made = chrome.Chrome()
    yield made
    made.close()


# ---- who gets in

def test_the_page_listens_on_this_computer_alone_and_leaves_its_port_free(page):
    table = Path("/proc/net/tcp")
    if table.exists():
        listening = [line.split()[1] for line in table.read_text().splitlines()[1:] if line.split()[3] == "0A"]
        assert [each.split(":")[0] for each in listening if int(each.split(":")[1], 16) == page.listener.port] == [
            "0100007F"]
    page.close()
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(("127.0.0.1", page.listener.port))


@pytest.mark.parametrize("method, path", ROUTES)
def test_a_foreign_host_or_origin_is_refused_on_every_route(page, method, path):
    cookie, port = entered(page), page.listener.port
    for host in (f"evil.example:{port}", f"127.0.0.1:{port + 1}", "127.0.0.1", f"LOCALHOST:{port}", f"[::1]:{port}",
                 f"127.0.0.1.evil.example:{port}", f"127.0.0.1:{port}.", ""):
        assert request(port, method, path, {}, cookie, host=host)[0] in (400, 403), host
    for origin in ("http://evil.example", "null", f"https://127.0.0.1:{port}", f"http://localhost:{port}",
                   f"http://127.0.0.1:{port}/"):
        assert request(port, method, path, {}, cookie, origin=origin)[0] == 403, origin
    if method == "POST":
        assert request(port, method, path, {}, cookie, origin=None)[0] == 403
    twice = request(port, method, path, {}, cookie, more=f"Host: 127.0.0.1:{port}\r\n")
    assert twice[0] == 400
    none = talk(port, f"{method} {path} HTTP/1.1\r\n\r\n".encode())
    assert b" 400 " in none.splitlines()[0]


@pytest.mark.parametrize("method, path", [route for route in ROUTES if route[1] != "/favicon.ico"])
def test_without_the_link_nothing_is_shown_on_any_route(page, method, path):
    port = page.listener.port
    name, _, value = entered(page).partition("=")
    for cookie in ("", f"{name}=", f"{name}={value[:-1]}", f"{name}={value}x", f"{name}=\xe4\xf6", f"other={value}"):
        status, _, text = request(port, method, path, {}, cookie)
        assert status == 401 and b"script" not in text
    if path == "/":
        for code in ("x", page.door.code[:-1], page.door.code.swapcase(), "%00", "?" + page.door.code):
            assert request(port, path=f"/{code}")[0] in (401, 404)


def test_the_secret_link_leaves_the_address_at_once_and_is_told_nowhere(page, capfd):
    token, port = page.door.code, page.listener.port
    status, head, text = request(port, path=f"/{token}")
    assert status == 303 and "Location: /\r\n" in head and token not in head + text.decode()
    assert "HttpOnly" in head and "SameSite=Strict" in head and len(token) >= 22
    cookie = entered(page)
    for path in ("/", "/page.js", "/page.css", "/nothing"):
        _, head, text = request(port, path=path, cookie=cookie)
        assert token not in head + text.decode() and "no-referrer" in head
    assert token not in "".join(capfd.readouterr())


def test_every_answer_forbids_foreign_scripts_frames_guessed_types_and_copies(page):
    for path in ("/", "/nothing"):
        head = request(page.listener.port, path=path, cookie=entered(page))[1]
        for line in ("default-src 'none'; script-src 'self'", "frame-ancestors 'none'", "nosniff", "no-store",
                     "Connection: close"):
            assert line in head
        assert "unsafe" not in head


# ---- what is refused

BROKEN = [
    (b"junk\r\n\r\n", 400), (b"GET / HTTP/0.9\r\n\r\n", 400), (b"GET /\r\n\r\n", 400),
    (b"\x16\x03\x01\x02\r\n\r\n", 400),
    (b"GET  / HTTP/1.1\r\nHost: H\r\n\r\n", 400), (b"GET http://x/ HTTP/1.1\r\nHost: H\r\n\r\n", 400),
    (b"BREW / HTTP/1.1\r\nHost: H\r\n\r\n", 405), (b"GET /" + 600 * b"a" + b" HTTP/1.1\r\nHost: H\r\n\r\n", 414),
    (b"GET / HTTP/1.1\r\nHost: H\r\n" + 80 * b"A: b\r\n" + b"\r\n", 431),
    (b"GET / HTTP/1.1\r\nHost: H\r\nA: " + 9000 * b"b" + b"\r\n\r\n", 431),
    (b"GET / HTTP/1.1\r\nHost: H\r\nA: b\r\n c: d\r\n\r\n", 400), (b"GET / HTTP/1.1\r\nHost : H\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: H\r\nA: \x00\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: H\r\nContent-Length: 4\r\n\r\n1234", 413),
    (b"POST /vote HTTP/1.1\r\nHost: H\r\nOrigin: http://H\r\n\r\n", 411),
]
BODIES = [("Content-Length: 1000000000", 413), ("Content-Length: -1", 400), ("Content-Length: +1", 400),
          ("Content-Length: 1\r\nContent-Length: 1", 400), ("Content-Length: 1, 1", 400), ("Content-Length: 0x1", 400),
          ("Transfer-Encoding: chunked", 411), ("Content-Length: 5\r\nTransfer-Encoding: chunked", 400),
          ("Content-Length: 3000", 413), ("Content-Length: 2\r\nContent-Type: text/plain", 415)]


@pytest.mark.parametrize("raw, status", BROKEN)
def test_broken_requests_get_the_right_refusal_and_an_end(page, raw, status):
    host = f"127.0.0.1:{page.listener.port}".encode()
    reply = talk(page.listener.port, raw.replace(b"H\r\n", host + b"\r\n"))
    assert reply.startswith(f"HTTP/1.1 {status} ".encode()) and b"junk" not in reply
    assert request(page.listener.port, cookie=entered(page))[0] == 200


@pytest.mark.parametrize("lines, status", BODIES)
def test_lengths_that_lie_are_refused_before_a_body_is_read(page, lines, status):
    port = page.listener.port
    kind = "" if "Type" in lines else "Content-Type: application/json\r\n"
    raw = (f"POST /vote HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: http://127.0.0.1:{port}\r\n{kind}{lines}\r\n\r\n"
           "{}GET / HTTP/1.1\r\n\r\n")
    reply = talk(port, raw.encode())
    assert reply.startswith(f"HTTP/1.1 {status} ".encode()) and reply.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize("body", [
    b"", b"[]", b"null", b"{", b"\xff", b"[" * 2000, b'{"ballot":"1","ballot":"2","said":[0]}',
    b'{"said":[NaN],"ballot":"1"}',
    b'{"ballot":"1.0","said":[0],"more":1}', b'{"ballot":1,"said":[0]}', b'{"ballot":"1.0","said":[true]}',
    b'{"ballot":"1.0","said":["0"]}', b'{"ballot":"1.0","said":[0.0]}', b'{"ballot":"1.0","said":[]}',
    b'{"ballot":"1.0","said":[0],"turn":-1}', b'{"ballot":"1.0","said":[0],"turn":1e3}', b'{"ballot":"1.0","said":[7]}',
    b'{"ballot":"1.0","said":[' + 40 * b"0," + b"0]}", b'{"ballot":"1.0","said":[' + 400 * b"9" + b"]}"])
def test_what_no_page_would_send_changes_nothing(page, body):
    session = a_session()
    with asking_in_the_background(page, session):
        until(lambda: page.inbox.open and session.ballots)
        assert request(page.listener.port, "POST", "/vote", body, entered(page))[0] == 400
        assert not session.votes


@pytest.mark.parametrize("kind, path, body", [
    ("demonstration", "/vote", {"ballot": "1.0", "said": [0], "turn": 1}),     # nobody has shown anything
    ("correction", "/vote", {"ballot": "1.0", "said": [1], "turn": 1}),        # nor mended
    ("preference", "/do", {"what": "keep"}), ("preference", "/do", {"what": "prompt", "text": "a"})])
def test_what_a_question_does_not_offer_is_refused_and_changes_nothing(page, kind, path, body):
    session = a_session(kind)
    with asking_in_the_background(page, session) as failed:
        until(lambda: page.inbox.open and session.ballots)
        assert request(page.listener.port, "POST", path, body, entered(page))[0] == 400
        assert not session.votes and failed.empty()


def until(true, seconds=5):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.01)


def test_nothing_outside_the_table_of_routes_exists(page):
    cookie = entered(page)
    for path in ("/page.html", "/server.py", "/../desk.py", "/%2e%2e/desk.py", "/page.js/..", "//", "/.git/config"):
        assert request(page.listener.port, path=path, cookie=cookie)[0] == 404
    assert request(page.listener.port, "POST", "/page.js", {}, cookie)[0] == 405


def test_half_open_connections_take_no_slot_from_a_good_request(page, monkeypatch):
    monkeypatch.setattr(server, "WAITING", 40)
    cookie, lines = entered(page), []
    try:
        for _ in range(60):
            line = socket.create_connection(("127.0.0.1", page.listener.port))
            line.sendall(b"GET / HT")
            lines.append(line)
        began = time.monotonic()
        assert request(page.listener.port, cookie=cookie)[0] == 200
        assert time.monotonic() - began < 1
        until(lambda: len(page.listener.waiting) <= 40)
    finally:
        for line in lines:
            line.close()


def test_a_request_that_trickles_in_ends_at_its_total_deadline(page, monkeypatch):
    monkeypatch.setattr(server, "SECONDS", 0.3)
    with socket.create_connection(("127.0.0.1", page.listener.port), timeout=3) as line:
        began = time.monotonic()
        with contextlib.suppress(OSError):
            while time.monotonic() - began < 3:
                line.sendall(b"G")
                time.sleep(0.02)
        assert time.monotonic() - began < 1
    until(lambda: not page.listener.waiting)


def test_a_stream_that_is_not_read_is_dropped_and_blocks_nobody(page, monkeypatch):
    monkeypatch.setattr(server, "BEHIND", 20_000)
    cookie, port = entered(page), page.listener.port
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        slow.connect(("127.0.0.1", port))
        slow.sendall(f"GET /events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: {cookie}\r\n\r\n".encode())
        until(lambda: page.listener.streams)
        began = time.monotonic()
        for _ in range(200):
            page.show({"phase": "wait", "title": 40_000 * "x"})
            if not page.listener.streams:
                break
        until(lambda: not page.listener.streams)
        assert time.monotonic() - began < 3


def test_a_full_house_of_streams_is_never_answered_with_an_error(page, monkeypatch):
    """An EventSource never comes back after one; after silence it does."""
    monkeypatch.setattr(server, "STREAMS", 0)
    port = page.listener.port
    raw = f"GET /events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: {entered(page)}\r\n\r\n"
    assert talk(port, raw.encode()) == b""


def test_the_server_leaves_no_thread_behind():
    before = set(threading.enumerate())
    with Server() as made:
        async def hello(_):
            return Reply(b"hello")
        listener = made.listen("127.0.0.1", 0, {("GET", "/"): hello}, lambda whose: [], hello)
        line = socket.create_connection(("127.0.0.1", listener.port))
        assert request(listener.port)[2] == b"hello"
        with pytest.raises(ValueError, match="cannot listen on 127.0.0.1, port"):
            made.listen("127.0.0.1", listener.port, {}, None, None)
    line.close()
    assert set(threading.enumerate()) == before
    assert isinstance(listener, Listener)


# ---- the books

def test_votes_are_kept_in_order_and_a_replay_or_a_late_one_changes_nothing(page):
    session, port = a_session(n=2), page.listener.port
    with asking_in_the_background(page, session):
        cookie = entered(page)
        until(lambda: page.inbox.open and session.ballots)
        vote = {"ballot": "1.0", "said": [0], "turn": 1, "ms": 900}
        assert request(port, "POST", "/vote", vote, cookie)[0] == 200
        assert request(port, "POST", "/vote", vote, cookie)[0] == 409
        assert request(port, "POST", "/vote", {**vote, "said": [1]}, cookie)[0] == 409
        assert request(port, "POST", "/vote", {**vote, "ballot": "9.9", "turn": 5}, cookie)[0] == 404
        assert session.said("browser", session.ballots[0]) == [0]
        undo = {"what": "undo", "text": "", "turn": 2}
        assert request(port, "POST", "/do", undo, cookie)[0] == 200
        assert session.said("browser", session.ballots[0]) is None
        assert request(port, "POST", "/vote", {**vote, "turn": 3}, cookie)[0] == 200
        assert request(port, "POST", "/do", undo, cookie)[0] == 409
        assert session.said("browser", session.ballots[0]) == [0]
        for ballot, turn in (("1.0", 7), ("1.1", 8)):
            until(lambda: any(each.id == ballot for each in session.ballots))
            assert request(port, "POST", "/vote", {"ballot": ballot, "said": [1], "turn": turn}, cookie)[0] == 200
        assert request(port, "POST", "/do", {"what": "learn"}, cookie)[0] == 200
        until(lambda: session.closed and not page.inbox.open)
        assert request(port, "POST", "/vote", {**vote, "turn": 9}, cookie)[0] == 409
    assert session.answers().said[:, 0].tolist() == [1, 1]


def test_what_was_pressed_between_two_rounds_is_not_taken_for_the_next():
    inbox = server.Inbox()
    inbox.messages.put((("do", "browser", "learn"), None))           # it was on its way when the round was closed
    with inbox:
        assert inbox.read(0) == []


def test_an_earlier_question_answered_anew_is_not_taken_for_the_one_on_the_screen(page):
    state = build("gridworld", seed=1, questions=1, feedback="preference,rating")
    session = Session(propose(state, state.plan[0]), state.game, checks=False)
    with asking_in_the_background(page, session) as failed:
        cookie = entered(page)
        until(lambda: page.inbox.open and session.ballots)
        for turn, said in enumerate(([0], [2]), 1):
            vote = {"ballot": "1.0", "said": said, "turn": turn}
            assert request(page.listener.port, "POST", "/vote", vote, cookie)[0] == 200
            assert session.said("browser", session.ballots[0]) == said and failed.empty()
            until(lambda: len(session.ballots) == 2)
        assert page.last in ("You said: left.", "You said: right.")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no full disk here")
def test_on_a_full_disk_a_vote_is_refused_and_kept_when_there_is_room_again(page, tmp_path):
    log, full = Log(tmp_path / "feedback.jsonl"), []

    def write(pairs):
        if full:
            with open("/dev/full", "wb", buffering=0) as disk:
                disk.write(b"x")
        log.append_group(pairs)

    session, port = a_session(write=write), page.listener.port
    with asking_in_the_background(page, session):
        cookie = entered(page)
        until(lambda: page.inbox.open and session.ballots)
        full.append(True)
        status, _, text = request(port, "POST", "/vote", {"ballot": "1.0", "said": [0], "turn": 1}, cookie)
        assert status == 507 and b"not kept" in text and not session.votes
        full.clear()
        assert request(port, "POST", "/vote", {"ballot": "1.0", "said": [0], "turn": 1}, cookie)[0] == 200
    log.close()
    assert [event["said"] for event in events(log.path) if event["k"] == "label"] == [[0]]


@pytest.mark.parametrize("kind", sorted(ASK))
@pytest.mark.parametrize("world", ["gridworld", "cartpole", "text"])
def test_every_kind_of_feedback_has_keys_that_say_all_that_can_be_said(world, kind, barely_pretrained):
    state = build(world, seed=1)
    needs = {"remarks": bool(state.view.remarks), "stops": state.view.stops, "parts": state.view.parts}
    if not needs.get(KINDS[kind].needs, True):
        return
    session = a_session(kind, 2, world)
    ballot = session.deal("browser", 0.0)
    told = json.loads(json.dumps(asking.screen_of(session, ballot, {})))
    keys = [each["key"] for each in told["options"] if each["key"]]
    assert len(set(keys)) == len(keys) and not set(keys) & set(told["question"].get("steer", ()))
    assert len(told["question"]["clips"]) == len(session.screens(ballot)[0])
    sayable = [each["say"] for each in told["options"] if each.get("say")]
    for each in told["options"]:
        for then in each.get("more", ()):
            sayable.append([each["add"], then["add"]])
    orders = [each["add"] for each in told["options"] if each.get("add") is not None and not each.get("more")]
    if orders:
        sayable.append(orders)
    assert [-1] in sayable and [-2] in sayable
    if KINDS[kind].needs != "expert":
        assert len(sayable) > 2
    for number, said in enumerate(sayable):
        assert session.say("browser", ballot.id, said, 1.0 + number) in ("taken", "again")


def test_left_on_the_page_is_the_clip_that_is_seen_on_the_left():
    session = a_session(n=8)
    sides = set()
    for _ in range(8):
        ballot = session.deal("browser", 0.0)
        told = asking.screen_of(session, ballot, {})
        left = next(each for each in told["options"] if each["label"] == "left")
        row = session.questions.shows[ballot.row][left["say"][0]]
        seen = session.screens(ballot)[0][0]
        assert row == seen and told["question"]["clips"][0]["side"] == "left"
        sides.add(left["say"][0])
        session.say("browser", ballot.id, left["say"], 1.0)
    assert sides == {0, 1}


@pytest.mark.parametrize("world, kind", [("gridworld", "demonstration"), ("cartpole", "correction"),
                                         ("arm", "demonstration")])
def test_who_drives_moves_the_game_itself_and_their_play_is_the_answer(world, kind):
    with Browser(world) as page:
        session, port = a_session(kind, 1, world), page.listener.port
        with asking_in_the_background(page, session):
            cookie = entered(page)
            until(lambda: page.inbox.open and session.ballots)
            begin, drawn = 2 if kind == "correction" else 0, KINDS[kind].drawn
            if drawn:
                assert request(port, "POST", "/do", {"what": "keep"}, cookie)[0] == 409
            first, *_, last = keys = session.game.keys
            for number in range(session.game.horizon):
                status, _, text = request(port, "POST", "/act", {"ballot": "1.0", "from": -1 if number else begin,
                                                                 "key": last if number % 2 else first}, cookie)
                assert status == 200
                if json.loads(text)["over"]:
                    break
            assert request(port, "POST", "/act", {"ballot": "1.0", "from": -1, "key": "F1"}, cookie)[0] == 400
            assert request(port, "POST", "/do", {"what": "keep"}, cookie)[0] == 200
            until(lambda: len(session.votes) == 1)
            assert request(port, "POST", "/do", {"what": "learn"}, cookie)[0] == 200
            until(lambda: session.closed)
    answers = session.answers()
    done = answers.acted()
    n = int(done.lengths[0])
    pressed = [keys[last if number % 2 else first] for number in range(n - begin)]
    assert keys[first] != keys[last] and np.array_equal(done.actions[0, begin:n], pressed)


def test_a_prompt_that_is_typed_is_answered_and_ranked_and_its_answer_edited(page):
    state = small_chat(seed=1)
    for kind in ("ranking", "correction"):
        session, port = a_session(kind, 1, "chat", state=state), page.listener.port
        with asking_in_the_background(page, session, state):
            cookie = entered(page)
            until(lambda: page.inbox.open and session.ballots and session.ballots[0].shown)
            ballot = session.ballots[0]
            status, _, text = request(port, "POST", "/do", {"what": "prompt", "text": 500 * "x"}, cookie)
            assert status == 400 and text and not session.events[1:]           # what is no prompt changes nothing
            shown = session.events[0]["shows"][0]["prompt"]
            typed = next(prompt for prompt in state.game.prompts if prompt not in shown)
            assert request(port, "POST", "/do", {"what": "prompt", "text": f" {typed} "}, cookie)[0] == 200
            until(lambda: typed in page.texts[0].decode())
            said = {"ballot": ballot.id, "said": list(range(len(ballot.place))), "turn": 1}
            if kind == "correction":
                assert request(port, "POST", "/act", {"ballot": ballot.id, "text": "it is hot."}, cookie)[0] == 200
            else:
                assert request(port, "POST", "/vote", said, cookie)[0] == 200
            until(lambda: session.votes)
            request(port, "POST", "/do", {"what": "learn"}, cookie)
            until(lambda: session.closed)
        answers = session.answers()
        assert set(session.game.asked(answers.episodes.states[:, 0])) == {typed}
        if kind == "correction":
            assert session.game.decode(answers.acted().states[:, -1]) == ["it is hot."]


def test_who_is_not_sure_says_so_and_it_is_kept_counted_and_reported(page):
    session, port = a_session(n=2), page.listener.port
    with asking_in_the_background(page, session):
        cookie = entered(page)
        for number, confidence in enumerate((0.5, 1.0)):
            until(lambda: page.inbox.open and len(session.ballots) > number)
            vote = {"ballot": f"1.{number}", "said": [0], "turn": number + 1, "confidence": confidence}
            for wrong in (2.0, -0.5, 1, "sure"):
                assert request(port, "POST", "/vote", {**vote, "confidence": wrong}, cookie)[0] == 400
            assert request(port, "POST", "/vote", vote, cookie)[0] == 200
        request(port, "POST", "/do", {"what": "learn"}, cookie)
        until(lambda: session.closed)
    assert [each["confidence"] for each in session.events if each["k"] == "label"] == [0.5, 1.0]
    assert report(session.events)["unsure"] == 1 and "1 of them not sure" in in_words(session.events)[0]


def test_a_stream_gives_a_sign_of_life_that_a_page_can_hear(monkeypatch):
    monkeypatch.setattr(server, "HEARTBEAT", 0.05)
    with Browser("gridworld") as page:
        raw = f"GET /events HTTP/1.1\r\nHost: 127.0.0.1:{page.listener.port}\r\nCookie: {entered(page)}\r\n\r\n"
        with socket.create_connection(("127.0.0.1", page.listener.port), timeout=3) as line:
            line.sendall(raw.encode())
            heard = b""
            while heard.count(b"data: {}\n\n") < 2:
                heard += line.recv(4096)


# ---- the page itself

def test_the_page_names_only_what_it_has_and_needs_no_inline_code():
    folder = Path(server.__file__).parent
    html, script, style = ((folder / f"page.{kind}").read_text(encoding="utf-8") for kind in ("html", "js", "css"))
    ids = set(re.findall(r'id="(\w+)"', html))
    assert set(re.findall(r'\bat\("(\w+)"\)', script)) <= ids
    assert not re.search(r"\son\w+=|<style|style=|javascript:", html)
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b|new Function", script)
    assert not re.search(r"https?://", html + script + style)
    for path in re.findall(r'(?:src|href)="([^"]+)"', html):
        assert ("GET", path) in ROUTES
    assert sum(len(path.read_text(encoding="utf-8")) for path in folder.iterdir() if path.is_file()) <= 90_000


def contrast(first, second):
    """Of two colours #RRGGBB. WCAG 2.2."""
    light = []
    for color in (first, second):
        shares = np.array([int(color[i:i + 2], 16) for i in (1, 3, 5)]) / 255
        linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
        light.append(linear @ (0.2126, 0.7152, 0.0722))
    return (max(light) + 0.05) / (min(light) + 0.05)


def test_words_stand_out_from_what_is_behind_them_in_the_light_and_in_the_dark():
    style = (Path(server.__file__).parent / "page.css").read_text(encoding="utf-8")
    for block in re.findall(r":root \{([^}]+)\}", style):
        colors = dict(re.findall(r"--(\w+): (#\w{6})", block))
        for words in ("ink", "soft"):
            for behind in ("page", "card"):
                assert contrast(colors[words], colors[behind]) >= 4.5
        for shape in ("left", "right", "agent", "danger", "quiet"):
            assert contrast(colors[shape], colors["card"]) >= 3


HOSTILE = ["<script>document.title='caught'</script>", "<img src=x onerror=\"document.title='caught'\">",
           "</textarea></script><h1>", "\x1b[2J\x1b]8;;http://evil\x07", "\u202eright to left\u202c", "\x00\x01",
           "Z\u0361\u0489" * 30, "a\r\n\r\ndata: {}\n\nb", "\ud800 lone", "{{7*7}}${7*7}", "x" * 100_000, "&lt;b&gt;",
           "e\u0301 \U0001f600 \u05d0\u05d1", "\u2028\u2029", "'\"><svg/onload=alert(1)>", "<!--", "]]>", "%3Cb%3E",
           "<iframe src=javascript:alert(1)>", "<a href=\"javascript:alert(1)\">x</a>", "<base href=//evil.example>",
           "<style>body{display:none}</style>", "<meta http-equiv=refresh content=0>", "javascript:alert(1)",
           "\x1b]52;c;aGk=\x07", "\x9b31m", "\u2066hidden\u2069", "\ufeffmark", "\x08\x08", "__proto__"]


class Hostile(Game):
    """Texts that mean harm: a state is the number of one."""
    horizon, n_actions, horizon_is_end = 1, len(HOSTILE), True

    def start(self, n, rng):
        return np.zeros(n, int)

    def step(self, states, actions, rng):
        return np.asarray(actions), np.zeros(len(states)), np.ones(len(states), bool)

    def decode(self, states):
        return [HOSTILE[int(state)] for state in states]


class HostileForm:
    def write(self, game, episodes, row):
        return {"text": game.decode(episodes.states[[row], -1])[0]}


@needs_browser
@pytest.mark.slow
def test_a_browser_shows_hostile_texts_as_what_they_are(window):
    from tinyrlhf.episodes import replay
    game, n = Hostile(), len(HOSTILE)
    numbers = np.arange(n)[:, None]
    plays = replay(game, np.zeros(n, int), numbers, np.ones((n, 1), bool), np.random.default_rng(0))
    questions = Questions(plays, np.full(n, "preference"), np.column_stack([numbers, (numbers + 1) % n]),
                          np.tile([0, 1], (n, 1)))
    session = Session(questions, game, HostileForm(), checks=False)
    window.errors.clear()
    with Browser("hostile") as page, asking_in_the_background(page, session):
        window.open(page.url)
        window.requests.clear()
        for i in range(n):
            window.wait(f"view.question && view.question.id === '1.{i}'")
            shown = window.run("JSON.stringify([...document.querySelectorAll('blockquote')].map(e => e.textContent))")
            assert json.loads(shown)[0] == HOSTILE[i].replace("\r\n", "\n").replace("\r", "\n") or (
                json.loads(shown)[0] == HOSTILE[i])
            window.run("seen = 1e9")
            window.key("ArrowLeft")
        window.wait("view.question === null")
        assert window.run("document.title") == "tinyrlhf"
        assert window.run("document.querySelectorAll('script').length") == 1
        allowed = re.compile(re.escape(page.listener.url) + "/(vote|events|page\\.(js|css)|favicon.ico)?$")
        assert all(allowed.match(each["url"]) for each in window.requests)
    assert not window.errors


@needs_browser
@pytest.mark.slow
def test_a_browser_is_steered_by_keys_alone_at_every_size_and_in_the_dark(window, tmp_path):
    session = a_session(n=4)
    window.errors.clear()
    with Browser("gridworld") as page, asking_in_the_background(page, session):
        window.size(1280, 720)
        window.media(prefers_color_scheme="light", prefers_reduced_motion="no-preference")
        window.open(page.url)
        window.wait("view.phase === 'ask'")
        assert page.door.code not in window.run("location.href") and window.run("document.referrer") == ""
        assert window.run("document.cookie") == ""
        for width, height in ((1280, 720), (390, 844)):
            window.size(width, height, width < 500)
            window.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
            assert window.run("document.documentElement.scrollWidth <= innerWidth")
            small = window.run("Math.min(...[...document.querySelectorAll('button')].filter(b => b.offsetParent)"
                               ".flatMap(b => [b.offsetWidth, b.offsetHeight]))")
            assert small >= 44
        window.media(prefers_color_scheme="dark")
        assert window.run("getComputedStyle(document.body).backgroundColor") == "rgb(21, 23, 27)"
        assert window.run("new Promise(done => { let n = 0, t = performance.now(); const go = () => ++n && performance"
                          ".now() - t > 400 ? done(n / 0.4) : requestAnimationFrame(go); go(); })") > 25
        window.wait("!tooSoon()")
        window.key("n")
        window.key("ArrowRight")
        window.wait("view.question.id === '1.1'")
        assert "You said: right (not sure)" in window.run("at('side').textContent")
        assert session.events[-2]["confidence"] == 0.5
        window.key("u")
        window.wait("view.question.id === '1.0'")
        for number, key in enumerate(("ArrowLeft", "ArrowDown", "s", "ArrowUp")):
            window.wait(f"view.question.id === '1.{number}' && !tooSoon()")
            window.key(key)
        window.wait("view.question === null")
        window.key("Enter")
        window.wait("view.phase === 'learn'")
        window.picture(tmp_path / "page.png")
    kept = session.answers().said[:, 0].tolist()
    assert kept[1:] == [-1, -2, 2] and kept[0] in (0, 1) and not window.errors


@needs_browser
@pytest.mark.slow
@pytest.mark.parametrize("world, key", [("arm", "ArrowLeft"), ("capture_go", "q")])    # q: a cell, not the end
def test_a_game_is_driven_by_its_own_keys_in_a_browser(window, world, key):
    session = a_session("demonstration", 1, world)
    window.errors.clear()
    with Browser(world) as page, asking_in_the_background(page, session) as failed:
        until(lambda: page.inbox.open and session.ballots)
        window.open(page.url)
        window.wait("view.phase === 'ask'")
        window.key(key)
        window.wait("at('status').textContent.startsWith('step 1')")
        assert failed.empty() and not window.errors


@needs_browser
@pytest.mark.slow
def test_a_browser_that_wants_no_motion_gets_a_film_strip_until_space(window):
    session = a_session(n=2)
    with Browser("gridworld") as page, asking_in_the_background(page, session):
        window.media(prefers_reduced_motion="reduce")
        window.open(page.url)
        window.wait("view.phase === 'ask'")
        picture = "[...document.querySelectorAll('canvas')].map(c => c.toDataURL()).join()"
        still = window.run(f"new Promise(done => setTimeout(() => done({picture}), 100))")
        assert window.run(f"new Promise(done => setTimeout(() => done({picture}), 300))") == still
        window.key(" ")
        window.wait(f"{picture} !== {json.dumps(still)}")
        window.media(prefers_reduced_motion="no-preference")
        assert window.run("document.querySelectorAll('canvas[role=img][aria-label]').length") == 2
        assert window.run("at('status').getAttribute('aria-live')") == "polite"


@needs_browser
def test_keys_do_nothing_in_a_text_field_and_what_is_typed_there_is_kept(window, barely_pretrained):
    session = a_session("demonstration", 1, "text")
    with Browser("text") as page, asking_in_the_background(page, session):
        window.open(page.url)
        window.wait("view.phase === 'ask'")
        window.run("at('typed').focus()")
        for letter in "lumes":
            window.key(letter)
        assert window.run("at('typed').value") == "lumes" and window.run("view.question.id") == "1.0"
        window.key("Enter")
        window.wait("view.question === null")
        window.key("Enter")
        until(lambda: session.closed)
    assert session.game.decode(session.answers().acted().states[:, -1]) == ["lumes"]


@needs_browser
def test_every_button_is_reached_by_the_tab_key_and_shows_that_it_is(window):
    session = a_session(n=1)
    with Browser("gridworld") as page, asking_in_the_background(page, session):
        window.open(page.url)
        window.wait("view.phase === 'ask'")
        reached = []
        for _ in range(9):
            window.key("Tab")
            reached.append(window.run("document.activeElement.textContent"))
            assert window.run("document.activeElement === document.body || getComputedStyle(document.activeElement)"
                              ".outlineStyle") in (True, "solid")
        assert set(window.run("[...document.querySelectorAll('button')].filter(b => b.offsetParent)"
                              ".map(b => b.textContent)")) <= set(reached)


@needs_browser
@pytest.mark.slow
def test_the_page_says_so_while_the_server_is_away_and_comes_back_by_itself(window):
    first = Browser("gridworld")
    with first:
        window.open(first.url)
        window.wait("view.phase === 'wait'")
        port, door = first.listener.port, first.door
    window.wait("!at('link').hidden")
    window.run("at('link').hidden = true, heard = -1e9")           # a line that is dead without a word
    window.wait("!at('link').hidden")
    with Browser("gridworld", port) as again:
        again.door.secret = door.secret
        again.show({"phase": "wait", "title": "here again"})
        window.wait("at('link').hidden && at('title').textContent === 'here again'", 6)
    window.errors.clear()


@pytest.mark.slow
def test_a_run_at_a_browser_from_the_command_line_is_kept_and_reported(tmp_path):
    command = [sys.executable, "-m", "tinyrlhf", "vote", "gridworld", "--browser", "--rounds", "2", "--questions", "2",
               "--out", str(tmp_path / "run")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        url = process.stdout.readline().split()[1]
        window = chrome.Chrome()
        try:
            window.open(url)
            for _ in range(60):
                if process.poll() is not None or window.run("view.phase") == "end":
                    break
                window.run("seen = 1e9")
                window.key("ArrowLeft")
                window.key("Enter")
                time.sleep(0.3)
        finally:
            window.close()
        assert "4 times" in process.communicate(timeout=30)[0] and process.returncode == 0


def test_voters_are_a_person_for_the_loop(page):
    person = Voters(page.ask, None)
    assert person.state() == {} or person.state() is not None
