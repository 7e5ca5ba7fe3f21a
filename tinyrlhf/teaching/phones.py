"""The phones of a room answer a demo's questions: each is one vote of a `Lecture`."""
import contextlib
import threading
import time
from types import SimpleNamespace

import numpy as np

from tinyrlhf.episodes import Episodes
from tinyrlhf.faces.browser.lecture import Lecture
from tinyrlhf.questions import shown
from tinyrlhf.sessions import Session
from tinyrlhf.teaching.room import Vote


class TwoTexts:
    """A game whose two plays are the two options of a Question, as pages show them."""

    def __init__(self, options):
        self.options = options

    def decode(self, states):
        return [self.options[int(state)] for state in states]

    def plays(self):
        """One step each, Episodes of two."""
        states, zeros = np.array([[0, 0], [1, 1]]), np.zeros((2, 1))
        return Episodes(states=states, observations=states, actions=zeros.astype(int),
                        log_probs=zeros, mask=np.ones((2, 1), bool), ended=np.ones(2, bool),
                        first_step=np.zeros(2, int), true_rewards=zeros)


class Phones(Lecture):
    """A Lecture that the keys of a demo lead; its books are kept in a thread of their own.

    Who says "the same", or cannot tell, raises no hand.
    `put` opens a vote on a Question; `finish` closes it, then `outcome` is the Vote, for whoever
    asks; `leave` breaks it off. Arguments as of a Lecture, whose crowd these are.
    """
    thread = asked = outcome = raised = None

    def __init__(self, desk, address, port=0, simulate=0, rng=None):
        super().__init__(desk, address, port, self, simulate, rng=rng)

    @property
    def asking(self):
        return self.thread is not None and self.thread.is_alive()

    def put(self, question, number):
        self.leave()
        self.asked, self.raised, self.finishing = question, None, False
        game = TwoTexts(question.options)
        pair = shown("preference", game.plays(), np.array([[0, 1]]))
        self.vote_on = Session(pair, game, number=number, room=True, checks=False)
        self.thread = threading.Thread(target=self.work, daemon=True)
        self.thread.start()

    def work(self):
        with contextlib.suppress(KeyboardInterrupt):  # the hours of a lecture are over
            self.ask(self.vote_on, None)

    def tick(self):
        super().tick()
        now, hands = time.monotonic(), self.raised
        if self.session.closed:
            return
        if self.phase in ("wait", "read"):
            self.next(now)
        elif self.phase in ("open", "closing") and hands is not None:
            self.raised = None
            self.show_of_hands(f"{hands[0]} {hands[1]}", now)
        elif self.phase == "open" and self.finishing:
            self.next(now)
        elif self.phase == "closed":
            votes = [(who, vote.said) for (_, who), vote in self.session.votes.items()
                     if vote.said in ([0], [1])]
            left = sum(said == [0] for _, said in votes)
            invented = sum(who.startswith("simulated-") for who, _ in votes)
            self.outcome = Vote(left, len(votes) - left, invented)
            self.session.close(now)

    def finish(self):
        self.finishing = True

    def leave(self):
        if self.asking:
            self.vote_on.closed = True
            self.thread.join()
        self.outcome = None

    def audience_view(self):
        view = super().audience_view()
        if view["question"] is not None:
            view["title"] = self.asked.claim
        return view

    def answer(self, game, questions, rng):
        """What simulated voters say, as of a crowd."""
        return SimpleNamespace(said=(rng.random((len(questions), 1)) >= self.asked.share) * 1)

    def n_answered(self):
        return len(self.vote_on.votes)

    def words(self):
        """Where the room votes, and how many have."""
        place = self.link.removeprefix("http://")
        return f"vote: {place}" + (f"   {self.n_answered()} answered" if self.asking else "")
