"""A world that is `chat` with less to read, to ask, to learn and to measure: a run takes a second, through every door.

    python tests/small_chat.py --questions 6 --out DIR
"""
import inspect
import sys

from tinyrlhf import cli
from tinyrlhf.worlds import OWN, World
from tinyrlhf.worlds._chat_report import ChatReport
from tinyrlhf.worlds.chat import MOST, Sizes, chat
from tinyrlhf.yardsticks import Sampled

SMALL = Sizes(documents=60, reading_steps=10, corrections=12, imitation_steps=4, fit_steps=4, episodes_per_update=8,
              share_of_updates=0.02, direct_steps=4, starts=4, best_of=4, measured=16)


def small_chat(**settings):
    """A chat model that has hardly read or learned anything."""
    return chat.make(sizes=SMALL, **settings)


class Glance(Sampled):
    """Means of a few answers."""

    def __init__(self, state):
        super().__init__(state, best=MOST)

    def expected_return(self, policy, rng):
        return super().expected_return(policy, rng, n=40)

    def expected_kl(self, rng):
        return super().expected_kl(rng, n=40)

    def price_of_a_nat(self):
        return self.state.kl_coef


class AtAGlance(World):
    """A world that is measured by a few answers."""

    def yardstick(self, state):
        return Glance(state)


small_chat.__signature__ = inspect.signature(chat.make)
SMALL_CHAT = AtAGlance(**{**vars(chat), "make": small_chat, "report": ChatReport(updates=3, compared=12)})
OWN["small_chat"] = SMALL_CHAT

if __name__ == "__main__":
    sys.exit(cli.main(own_world=SMALL_CHAT))
