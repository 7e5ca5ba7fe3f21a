"""What the tests of several files share."""
import functools
import gc

import numpy as np
import pytest

from tinyrlhf.games.text import Text
from tinyrlhf.worlds import text


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
