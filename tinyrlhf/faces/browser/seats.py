"""`tinyrlhf vote WORLD --browser` and `--lecture ADDRESS`: people at pages become the person."""
import contextlib
import ipaddress
import json
import os
from pathlib import Path

import numpy as np

from tinyrlhf.checks import check_whole
from tinyrlhf.faces.browser.desk import Browser, Desk
from tinyrlhf.faces.browser.lecture import Lecture
from tinyrlhf.faces.vote import seat
from tinyrlhf.feedback.answers import KINDS
from tinyrlhf.humans import zoo
from tinyrlhf.runs import ROOM
from tinyrlhf.sessions import Voters
from tinyrlhf.worlds import AGREEMENT

PORT = 8000  # of the audience's page, unless told


@contextlib.contextmanager
def seated(state, world, options):
    """The face, open; people answer in this State. Prints where its page is."""
    if options.lecture is None:
        with Browser(world) as page:
            seat(state, page.ask)
            print(f"open {page.url}\n(only this computer can; q there, or Ctrl-C here, saves and "
                  "stops)", flush=True)
            yield page
        return
    address, port = address_of(options.lecture)
    check_whole("--simulate", options.simulate, 0, 10_000)
    check_kinds(state)
    with Desk(world) as desk:
        crowd = zoo.person("simulated", AGREEMENT)
        lecture = Lecture(desk, address, port, crowd, options.simulate, keys_in(options.resume),
                          np.random.default_rng(0))
        state.person = Voters(lecture.ask, state, room=not options.own)
        print(f"you:  {desk.url}  (open it here: Enter begins, ? shows the keys)\n"
              f"room: {lecture.link}\nWhoever reaches {address} can open the "
              "second page, and see nothing but it. Nothing is encrypted: for a classroom, not "
              "for the internet.", flush=True)
        yield lecture


def address_of(text):
    """An address of this computer and a port, from 192.168.1.5, 192.168.1.5:8000 or [::1]:8000."""
    host, colon, port = text.rpartition(":") if text.count(":") == 1 or "]:" in text else (
        text, "", "")
    host = host.strip("[]")
    try:
        address = ipaddress.ip_address(host)
        if address.is_unspecified or address.is_multicast or "%" in host:
            raise ValueError
        number = int(port) if colon else PORT
        if not 0 <= number < 65536:
            raise ValueError
    except ValueError:
        raise ValueError("--lecture: expected an address of this computer in the room's network, "
                         f"such as 192.168.1.5 or 192.168.1.5:{PORT}, got {text!r}") from None
    return str(address), number


def check_kinds(state):
    """Refuse kinds of feedback that a room cannot give, before anything begins."""
    asked = {kind for stage in state.plan if stage.person is None for kind in stage.kinds}
    acted = sorted(kind for kind in asked if KINDS[kind].needs == "expert")
    if acted:
        raise ValueError(f"--lecture: expected kinds of feedback that a room can give by voting, "
                         f"got {', '.join(acted)}; let one person do it, with --browser")


def keys_in(folder):
    """By what a lecture that goes on knows its voters again, or None."""
    path = Path(folder or "") / ROOM
    if folder is None or not path.exists():
        return None
    with contextlib.suppress(ValueError, TypeError, AttributeError):
        keys = json.loads(path.read_text(encoding="utf-8"))
        if set(keys) == {"secret", "code"} and set(map(type, keys.values())) == {str}:
            return keys
    raise ValueError(f"{path}: cannot be read; delete it, and everybody comes in anew")


def keep_keys(lecture, folder):
    """Write them into the run's folder, for its owner's eyes only."""
    with open(os.open(Path(folder) / ROOM, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w",
              encoding="utf-8") as file:
        json.dump(lecture.keys, file)
