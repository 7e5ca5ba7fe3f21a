"""What the tests of several files share."""
import functools
import gc
import ipaddress
import random
import socket

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


@functools.cache
def unread():
    """Parameters of a character model that has read nothing."""
    return text.character_model(Text(), np.random.default_rng(1)).network.params.vector


@pytest.fixture
def barely_pretrained(monkeypatch):
    """The world of texts with such a model: what is shown there is as true of it, and it is there at once."""
    monkeypatch.setattr(text, "pretrained_vector", lambda seed: unread())
