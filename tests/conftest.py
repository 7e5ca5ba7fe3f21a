"""What the tests of several files share, and how many of them use two cores."""
import functools
import gc
import ipaddress
import itertools
import json
import os
import queue
import random
import signal
import socket
import threading

import numpy as np
import pytest

from tinyrlhf.games.text import Text
from tinyrlhf.worlds import text


def pytest_addoption(parser):
    parser.addoption("--shuffle", type=int, metavar="SEED", help="files, and the tests of each, in another order")
    parser.addoption("--offline", action="store_true", help="no socket to another computer")


def pytest_configure(config):
    if config.getoption("--offline"):
        socket.socket.connect = offline(socket.socket.connect)
        socket.getaddrinfo = offline(socket.getaddrinfo)


def offline(connect):
    """The same, for addresses of this computer alone; others fail the test, whoever catches what they raise."""
    def connected(*arguments, **options):
        host = next((each[0] if isinstance(each, tuple) else each for each in arguments
                     if isinstance(each, (tuple, str))), None)
        there = host not in (None, "", "localhost") and not host.startswith("/")
        if there and not ipaddress.ip_address(host).is_loopback:
            pytest.fail(f"a test asked for {host}")
        return connect(*arguments, **options)
    return connected


def pytest_collection_modifyitems(config, items):
    seed = config.getoption("--shuffle")
    if seed is not None:
        order = random.Random(seed)
        files = {item.path: order.random() for item in items}
        items.sort(key=lambda item: (files[item.path], order.random()))


def pytest_collection_finish():
    """Thousands of tests stay until the end: the garbage collector need not look through them again and again."""
    gc.freeze()


# ---- many tests in two processes

MANY = 400                                             # tests: fewer are not worth a second process


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session):
    """Files are drawn by whoever is free; a second process tells this one what became of its tests."""
    option = session.config.option
    if len(session.items) < MANY or not hasattr(os, "fork") or option.collectonly or option.usepdb:
        return None
    files = [list(tests) for _, tests in itertools.groupby(session.items, key=lambda item: item.path)]
    numbers, deck = os.pipe()
    os.write(deck, b"".join(number.to_bytes(2, "big") for number in range(len(files))))
    os.close(deck)                                     # a number is read once, by one of the two; then the end
    reports, told = os.pipe()
    capture = session.config.pluginmanager.getplugin("capturemanager")
    capture.stop_global_capturing()                    # its files would be shared
    child = os.fork()
    capture.start_global_capturing()
    capture.suspend_global_capture()
    if not child:
        run_and_tell(session, files, numbers, told)
    os.close(told)
    heard = queue.SimpleQueue()
    listener = threading.Thread(target=lambda: [heard.put(line) for line in os.fdopen(reports)])
    listener.start()
    try:
        run_drawn(session, files, numbers, lambda: note(session, heard))
        listener.join()
        note(session, heard)
        ended, child = os.waitpid(child, 0)[1], None
        if ended:
            raise RuntimeError(f"the second process of this suite ended with {ended}")
    finally:
        if child:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    return True


def run_drawn(session, files, numbers, after_each):
    """The tests of file after file, in the way of pytest's own loop."""
    drawn = (item for number in iter(lambda: os.read(numbers, 2), b"") for item in files[int.from_bytes(number, "big")])
    item = next(drawn, None)
    while item is not None:
        following = next(drawn, None)                  # fixtures that it needs, too, are kept
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        after_each()
        if session.shouldfail:
            raise session.Failed(session.shouldfail)
        if session.shouldstop:
            raise session.Interrupted(session.shouldstop)
        item = following


def run_and_tell(session, files, numbers, told):
    """In the second process: every report a line of JSON; it ends here."""
    hook, code = session.config.hook, 1

    class Teller:
        def pytest_runtest_logreport(self, report):
            plain = hook.pytest_report_to_serializable(config=session.config, report=report)
            os.write(told, json.dumps(plain, default=str).encode() + b"\n")

    try:
        session.config.pluginmanager.unregister(name="terminalreporter")
        session.config.pluginmanager.register(Teller())
        run_drawn(session, files, numbers, lambda: None)
        code = 0
    finally:
        os._exit(code)


def note(session, heard):
    """What the second process has told, as if it had happened here."""
    hook = session.config.hook
    while not heard.empty():
        plain = json.loads(heard.get())
        report = hook.pytest_report_from_serializable(config=session.config, data=plain)
        hook.pytest_runtest_logreport(report=report)


# ---- what several files share

@functools.cache
def unread():
    """Parameters of a character model that has read nothing."""
    return text.character_model(Text(), np.random.default_rng(1)).network.params.vector


@pytest.fixture
def barely_pretrained(monkeypatch):
    """The world of texts with such a model: what is shown there is as true of it, and it is there at once."""
    monkeypatch.setattr(text, "pretrained_vector", lambda seed: unread())
