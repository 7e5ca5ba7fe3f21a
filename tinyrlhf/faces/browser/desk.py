"""One person at a browser on this computer: every kind of feedback, and what came of it.

    with Browser("gridworld") as page:
        state.person = Voters(page.ask, state)          # `sessions.py`
        rlhf(state)

A page shows its view: phase, title and lead, question (clips), options (`asking.py`), result, and
what stands beside; a message without a phase is what is new of it. What people do comes as messages
too: the loop's thread reads and answers them one after the other; it alone keeps the books, and
what is acknowledged is on the disk.
"""
import itertools
import secrets
import time
from pathlib import Path

import numpy as np

from tinyrlhf.faces.browser.asking import option, screen_of, words_for
from tinyrlhf.faces.browser.drawing import learned, piece_of
from tinyrlhf.faces.browser.server import (Door, Inbox, Refused, Reply, Server, as_json, packed,
                                           reply_to)
from tinyrlhf.feedback.answers import KINDS
from tinyrlhf.numerics import sigmoid
from tinyrlhf.saving import Closing
from tinyrlhf.sessions import Driven, Said, is_pair, is_unsure, report

WHO = "browser"
FILES = {"/": "html", "/page.css": "css", "/page.js": "javascript"}
TICK = 0.2        # seconds between looks at the clock
ROUNDS = 6        # whose accuracy stands beside a question
VOTE = {"ballot": str, "said": list, "turn": int, "ms": int, "confidence": float}
REFUSALS = {"unknown": (404, "this question is not yours"),
            "invalid": (400, "said: there is no such answer to this question"),
            "late": (409, "too late: this question is closed"),
            "replayed": (409, "this was said before; nothing has changed")}


def page_routes(door):
    """Routes of the three files of a page, for whoever came in by this `Door`."""
    def route(path, kind):
        name = path[1:] or "page.html"
        body = (Path(__file__).parent / name).read_bytes()

        async def reply(request):
            door.whose(request)
            return Reply(body, type=f"text/{kind}; charset=utf-8")
        return reply

    async def nothing(request):
        return Reply(status=204)

    routes = {("GET", path): route(path, kind) for path, kind in FILES.items()}
    return {**routes, ("GET", "/favicon.ico"): nothing}


class Desk(Closing):
    """The page at this computer: who has its address sees it, and nobody else.

    Args:
        world: name of what is learned in, for the page's head.
        port: 0: any that is free.
    """

    def __init__(self, world, port=0):
        self.world, self.inbox, self.server = world, Inbox(), Server()
        self.door = Door("tinyrlhf", secrets.token_urlsafe(24))
        self.texts = [packed({"phase": "wait", "title": "One moment ...", "world": world})]
        on = self.on
        routes = {**page_routes(self.door), ("GET", "/events"): self.events,
                  ("POST", "/vote"): on("vote", **VOTE),
                  ("POST", "/do"): on("do", what=str, text=str, turn=int),
                  ("POST", "/act"): on("act", ballot=str, key=str, text=str, **{"from": int})}
        try:
            self.listener = self.server.listen("127.0.0.1", port, routes, lambda whose: self.texts,
                                               self.door.by_link)
        except BaseException:
            self.server.close()
            raise
        self.door.name += f"-{self.listener.port}"  # cookies do not know ports
        self.url = f"{self.listener.url}/{self.door.code}"

    def on(self, verb, **kinds):
        async def reply(request):
            self.door.whose(request)
            return await self.inbox.ask(verb, WHO, *request.fields(**kinds))
        return reply

    async def events(self, request):
        self.door.whose(request)
        return Reply(stream=WHO)

    def show(self, view):
        """Tell the page all that it shows."""
        self.texts = [packed({**view, "world": self.world})]
        self.tell()

    def add(self, **more):
        """Tell it what is new, and nothing that it has."""
        self.texts = [self.texts[0], packed(more)]
        self.tell()

    def tell(self):
        text = self.texts[-1]
        self.server.do(self.listener.tell, lambda whose: text)

    def show_end(self, state, lines, title, told, options):
        """The last view: what came out."""
        beside = side_of(state, told)
        self.show({"phase": "end", "title": title, "result": [{"saying": line} for line in lines],
                   "question": before_and_now(beside["learned"]), "options": options, **beside})

    def close(self):
        self.server.close()


def answer_messages(found, votes, others):
    """Answer messages in their order, all votes between two others in one wait for the disk.

    votes: function [Said] -> [Reply or Refused]; others: function (verb, *fields) -> Reply or None.
    """
    replies = []
    for are_votes, group in itertools.groupby(found, lambda each: each[0][0] == "vote"):
        messages, waiting = zip(*group)
        if are_votes:
            said = [Said(*fields) for _, *fields in messages]
            answers = guarded(lambda: votes(said), len(said))
        else:
            answers = [guarded(lambda: [others(*message) or as_json({"said": ""})], 1)[0]
                       for message in messages]
        replies += zip(waiting, answers)
    reply_to(replies)


def guarded(function, n):
    """What it returns, or n times what it says is wrong."""
    try:
        return function()
    except Refused as refused:
        return [refused] * n
    except (ValueError, LookupError) as error:
        return [Refused(400, str(error))] * n
    except OSError as error:  # a disk that is full
        return [Refused(507, f"not kept, and not counted: {error.strerror}; try again")] * n


def votes_into(session, answers):
    """[Said] -> replies, from a session."""
    verdicts = session.say_all(answers, time.monotonic())
    return [Refused(*REFUSALS[verdict]) if verdict in REFUSALS else as_json({"said": "kept"})
            for verdict in verdicts]


def round_of(session, state):
    return f"round {session.number}" + (f" of {len(state.plan)}" if state else "")


def side_of(state, events):
    """What stands beside a question: pictures of what was learned, and how well it guesses."""
    if state is None:
        return {}
    shares = [(f"round {each['round']}", each.get("reward_model_accuracy", np.nan))
              for each in state.history][-ROUNDS:] + [("yourself", report(events)["consistency"])]
    rows = [bar(name, share) for name, share in shares if np.isfinite(share)]
    return {"learned": learned(state), "guessed": rows}


def bar(label, share, count=None, side=""):
    """A bar of a result."""
    number = f"{share:.0%}" if count is None else f"{share:.0%}  ({count})"
    return {"label": label, "share": float(share), "number": number, "count": count, "side": side}


def guess(session, ballot, state):
    """P(the left one) as the reward model has it; None: it compares nothing, or knows nothing."""
    rows, _ = session.screens(ballot)
    kind = session.kind(ballot)
    fitted = state is not None and any("fit_loss" in row for row in state.history)
    if not fitted or len(rows) != 2 or not (is_pair(kind) or KINDS[kind].lapse):
        return None
    left, right = state.reward_model.scores(session.questions.episodes[rows])
    return float(sigmoid(left - right))


def before_and_now(picture):
    """What the policy did at first, beside what it does now, as if it were a question."""
    if picture is None:
        return None
    clips = [{**picture["before"], "name": "before the first answer"},
             {**picture["now"], "name": "now"}]
    return {"id": "learned", "clips": clips, "wanted": 1}


class Browser(Desk):
    """A face: `ask` is what `sessions.Voters` wants of one."""

    told = ()  # events of the rounds before

    def ask(self, session, state):
        """Show and read until the session is closed."""
        self.session, self.state, self.last = session, state, None
        self.beside = side_of(state, self.told)
        with self.inbox:
            while not session.closed:
                self.ask_one(session.deal(WHO, time.monotonic()))
        self.told = [*self.told, *session.events]
        self.show(self.around(phase="learn", title="Learning from your answers ..."))

    def around(self, **view):
        """A view with what stands beside every question."""
        session = self.session
        done = f"{len(session.order[WHO])} of {session.n} answered"
        return {**self.beside, "last": self.last, "turn": session.turns.get(WHO, 0),
                "progress": f"{round_of(session, self.state)} · {done}", **view}

    def ask_one(self, ballot):
        """One question, or (None) whether to learn from the answers; until something is said."""
        if ballot is None:
            asked = {"title": "All is answered. Shall it learn from it?",
                     "question": None, "options": [
                         option("Enter", "learn from these answers", do="learn"),
                         option("Backspace", "undo", do="undo", minor=True)]}
        else:
            asked = screen_of(self.session, ballot, {})
        asked["options"].append(option("q", "stop here", do="quit", minor=True))
        self.ballot, self.asked, self.driven, self.changed = ballot, asked, None, False
        self.show(self.around(phase="ask", **asked))
        while not (self.changed or self.session.closed):
            answer_messages(self.inbox.read(TICK), self.votes,
                            lambda verb, who, *fields: getattr(self, verb)(*fields))

    def votes(self, answers):
        """What was said, beside what the model had expected."""
        replies = votes_into(self.session, answers)
        for said, reply in zip(answers, replies):
            if isinstance(reply, Reply) and self.ballot and said.ballot == self.ballot.id:
                self.changed = True
                unsure = " (not sure)" if is_unsure(said.confidence) else ""
                self.last = f"You said: {words_for(said.said, self.asked['options'])}{unsure}."
                p = guess(self.session, self.ballot, self.state)
                if p is not None:
                    side = "left" if p >= 0.5 else "right"
                    self.last += f" The reward model had expected {side}: {max(p, 1 - p):.0%}."
        return replies

    def do(self, what, text, turn):
        """Keys that are no answers."""
        now = time.monotonic()
        if what == "quit":
            raise KeyboardInterrupt
        if what == "keep" and self.ballot and "steer" in self.asked["question"]:
            return self.keep()
        if what == "undo":
            if self.session.undo(WHO, now, turn) is None:
                raise Refused(409, "there is nothing to undo in this round")
            self.last = None
        elif what == "prompt" and self.ballot and hasattr(self.session.game, "ask"):
            self.session.ask_instead(self.ballot, text or "", self.state.policy, now)
        elif what == "learn" and self.ballot is None:
            self.session.close(now)
        elif what != "look":
            raise Refused(400, "what: there is no such thing to do here")
        self.changed = True
        return None

    def keep(self, done=None):
        """What somebody played or wrote becomes their answer."""
        shows_it = KINDS[self.session.kind(self.ballot)].drawn
        if shows_it and done is None and not (self.driven and self.driven.over):
            raise Refused(409, "show it first, until it is over")
        if done is None and self.driven:
            done = self.driven.done()
        said = [0 if shows_it or done is None else 1]
        reply = votes_into(self.session, [Said(WHO, self.ballot.id, said, done=done)])[0]
        self.last = "You left it as it was." if done is None else "You have shown it."
        self.changed = True
        return reply

    def act(self, id, key, text, begin):
        """A step of somebody who plays, or a text that somebody wrote."""
        session, ballot = self.session, self.ballot
        if ballot is None or id != ballot.id or KINDS[session.kind(ballot)].needs != "expert":
            raise Refused(409, "too late: this question is closed")
        start = self.asked["question"].get("start")  # of a text
        if text is not None and start is not None:
            unchanged = text == start and not KINDS[session.kind(ballot)].drawn
            return self.keep(None if unchanged else session.with_text(ballot, text))
        if key not in session.game.keys:
            raise Refused(400, "key: expected one of the game's")
        if self.driven is None or (begin or 0) >= 0:
            self.driven = Driven(session.game, session.first_shown(ballot), begin or 0, session.rng)
        self.driven.step(session.game.keys[key])
        pieces = [piece_of(piece) for piece in session.game.scene(self.driven.state)]
        more = "; Enter keeps it, Backspace begins anew" if self.driven.over else ""
        return as_json({"pieces": pieces, "over": self.driven.over,
                        "said": f"step {len(self.driven.history)}{more}"})

    def end(self, state, lines):
        """The last view, for a moment."""
        self.show_end(state, lines, "Done: this is what it learned from you", self.told, [])
        time.sleep(TICK)
