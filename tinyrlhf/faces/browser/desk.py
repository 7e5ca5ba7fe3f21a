"""One person at a browser on this computer: every kind of feedback, and what came of it.

    with Browser("gridworld") as page:
        state.person = Voters(page.ask, state)          # `sessions.py`
        rlhf(state)

What people do comes as messages, which the thread of the loop reads and answers one after the
other: it alone keeps the books, and what is acknowledged is on the disk.
"""
import json
import time
from pathlib import Path

from tinyrlhf.faces.browser import asking
from tinyrlhf.faces.browser.drawing import chance_of_first, learned
from tinyrlhf.faces.browser.server import (Inbox, Refused, Reply, Server, Token, as_json, reply_to)
from tinyrlhf.feedback.answers import KINDS
from tinyrlhf.saving import Closing, finite
from tinyrlhf.sessions import Said, is_pair, report

WHO = "browser"
FILES = {"/": ("page.html", "text/html"), "/page.css": ("page.css", "text/css"),
         "/page.js": ("page.js", "text/javascript")}
TICK = 0.2        # seconds between looks at the clock
MOST_SAID = 16    # numbers in an answer
NAMES = {"ArrowLeft": "left arrow", "ArrowRight": "right arrow", "ArrowUp": "up arrow",
         "ArrowDown": "down arrow", "Backspace": "backspace or u"}


def page_routes(door):
    """Routes of the three files of a page, for whom `door(request)` lets in; its own replies go
    first."""
    def route(name, kind):
        body = (Path(__file__).parent / name).read_bytes()

        async def reply(request):
            return door(request) or Reply(body, type=f"{kind}; charset=utf-8")
        return reply

    async def nothing(request):
        return Reply(status=204)

    routes = {("GET", path): route(*file) for path, file in FILES.items()}
    return {**routes, ("GET", "/favicon.ico"): nothing}


class Desk(Closing):
    """The page at this computer: who has the token sees it, and nobody else.

    Args:
        world: name of what is learned in, for the page's head.
        port: 0: any that is free.
    """

    def __init__(self, world, port=0):
        self.world, self.rev, self.boot = world, 0, time.time_ns() // 1_000_000
        self.token = Token("tinyrlhf")
        self.inbox, self.server = Inbox(), Server()
        self.text = self.packed({"phase": "wait", "title": "One moment ..."})
        routes = {**page_routes(self.token.opened), ("GET", "/events"): self.events,
                  ("POST", "/vote"): self.on("vote", ballot=str, said=list, turn=int, ms=int),
                  ("POST", "/do"): self.on("do", what=str, text=str),
                  ("POST", "/act"): self.on("act", ballot=str, action=int, text=str,
                                            **{"from": int})}
        try:
            self.listener = self.server.listen("127.0.0.1", port, routes, lambda whose: self.text)
        except BaseException:
            self.server.close()
            raise
        self.token.name += f"-{self.listener.port}"  # cookies do not know ports
        self.url = f"{self.listener.url}/?token={self.token.token}"

    def on(self, verb, **kinds):
        async def reply(request):
            self.token.check(request)
            return await self.inbox.ask(verb, WHO, *request.fields(**kinds))
        return reply

    async def events(self, request):
        self.token.check(request)
        return Reply(stream=WHO)

    def packed(self, view):
        """A view as a message, newer than all before."""
        self.rev += 1
        about = {"world": self.world, "rev": self.rev, "boot": self.boot}
        return json.dumps(finite({**view, **about}), separators=(",", ":")).encode()

    def show(self, view):
        self.text = text = self.packed(view)
        self.server.do(self.listener.tell, lambda whose: text)

    def show_end(self, state, lines, title, told, options):
        """The last view: what came out."""
        picture = learned(state)
        self.show({"phase": "end", "title": title, "result": [{"text": line} for line in lines],
                   "question": before_and_now(picture), "learned": picture, "options": options,
                   "chart": chart(state, told), "help": help_for(options)})

    def close(self):
        self.server.close()


def check_vote(ballot, said, turn, ms):
    """Refuse what no page sends."""
    whole = said is not None and all(type(each) is int for each in said)
    if ballot is None or not whole or not 0 < len(said) <= MOST_SAID:
        raise Refused(400, f"said: expected 1 to {MOST_SAID} whole numbers, and a ballot")
    if not 0 <= (turn or 0) < 2 ** 53 or not 0 <= (ms or 0) < 10 ** 8:
        raise Refused(400, "turn, ms: expected counts")


def answer_messages(found, votes, others):
    """Answer messages in their order, all votes between two others in one wait for the disk.

    votes: function [Said] -> [Reply or Refused]; others: function (verb, *fields) -> Reply.
    """
    replies, waiting = [], []

    def settle():
        group, waiting[:] = list(waiting), []
        if group:
            replies.extend(zip([reply for _, reply in group],
                               guarded(votes, [said for said, _ in group], len(group))))

    for (verb, who, *fields), reply in found:
        if verb == "vote":
            ballot, said, turn, ms = fields
            try:
                check_vote(ballot, said, turn, ms)
                waiting.append((Said(who, ballot, said, turn, ms), reply))
            except Refused as refused:
                replies.append((reply, refused))
        else:
            settle()
            replies.append((reply, guarded(lambda _: [others(verb, who, *fields)], None, 1)[0]))
    settle()
    reply_to(replies)


def guarded(function, argument, n):
    """What it returns, or n times what it says is wrong."""
    try:
        return function(argument)
    except Refused as refused:
        return [refused] * n
    except (ValueError, LookupError) as error:
        return [Refused(400, str(error))] * n
    except OSError as error:  # a disk that is full
        return [Refused(507, f"not kept, and not counted: {error.strerror}; try again")] * n


def votes_into(session):
    """Function [Said] -> replies, from a session; one senseless vote spoils no other."""
    def votes(answers):
        try:
            verdicts = session.say_all(answers, time.monotonic())
        except ValueError as error:
            if len(answers) == 1:
                return [Refused(400, str(error))]
            return [votes([answer])[0] for answer in answers]
        return [verdict_reply(verdict) for verdict in verdicts]
    return votes


def verdict_reply(verdict):
    if verdict == "unknown":
        return Refused(404, "this question is not yours")
    if verdict in ("late", "replayed"):
        return Refused(409, "too late: this question is closed" if verdict == "late"
                       else "this was said before; nothing has changed")
    return as_json({"said": "kept"})


def help_for(options, more=""):
    """The keys of a screen, one a line."""
    lines = [f"{NAMES.get(each['key'], each['key'])}: {each['label'] or 'number ' + each['key']}"
             for each in options if each["key"]]
    return "\n".join([*lines, "space: pause or play    ?: this list", *more.splitlines()])


def chart(state, events):
    """Accuracy on new answers by round, beside how often people agree with themselves."""
    rows = [row.get("reward_model_accuracy") for row in state.history] if state else []
    return {"accuracy": [each for each in finite(rows)],
            "consistency": finite(report(events)["consistency"])}


def guess(session, ballot, state):
    """P(the left one) as the reward model has it; None where it does not compare, or knows nothing.
    """
    rows, _ = session.screens(ballot)
    fitted = state is not None and any("fit_loss" in row for row in state.history)
    compares = is_pair(session.kind(ballot)) or KINDS[session.kind(ballot)].lapse > 0
    if not (fitted and compares and len(rows) == 2):
        return None
    left, right = (session.questions.episodes[[row]] for row in rows)
    return chance_of_first(state.reward_model, left, right)


class Browser(Desk):
    """A face: `ask` is what `sessions.Voters` wants of one."""

    def __init__(self, world, port=0):
        super().__init__(world, port)
        self.told, self.picture, self.last = [], None, None

    def ask(self, session, state):
        """Show and read until the session is closed."""
        self.picture = state and learned(state)
        self.last = None
        with self.inbox:
            while not session.closed:
                self.ask_one(session, state, session.deal(WHO, time.monotonic()))
        self.told += session.events
        self.show(self.around(session, state, title="Learning from your answers ...",
                              phase="learn"))

    def around(self, session, state, **view):
        """A view with what stands beside every question."""
        rounds = f"round {session.number}" + (f" of {len(state.plan)}" if state else "")
        done = len(session.order[WHO])
        view.setdefault("progress", f"{rounds} · {done} of {session.n} answered")
        return {"learned": self.picture, "last": self.last,
                "chart": chart(state, [*self.told, *session.events]),
                "turn": session.turns.get(WHO, 0), **view}

    def ask_one(self, session, state, ballot):
        """One question, or (None) whether to learn from the answers; until something is said."""
        if ballot is None:
            options = [asking.option("Enter", "learn from these answers", do="learn"),
                       asking.option("Backspace", "undo", do="undo", minor=True)]
            asked = {"title": f"{session.n} answers. Shall it learn from them?", "question": None,
                     "options": options}
        else:
            asked = asking.screen_of(session, ballot)
        self.options, self.driven, self.changed = asked["options"], None, False
        view = {"phase": "ask", "help": help_for(self.options, "q: save and stop"), **asked}
        self.options.append(asking.option("q", "stop here", do="quit", minor=True))
        self.show(self.around(session, state, **view))

        def votes(answers):
            replies = votes_into(session)(answers)
            for said, reply in zip(answers, replies):
                if isinstance(reply, Reply):
                    self.note(session, state, ballot, said.said)
            return replies

        def others(verb, who, *fields):
            return getattr(self, verb)(session, state, ballot, *fields)

        while not (self.changed or session.closed):
            answer_messages(self.inbox.read(TICK), votes, others)

    def note(self, session, state, ballot, said):
        """What was said, beside what the model had expected."""
        self.changed = True
        if ballot is None:
            return
        self.last = f"You said: {asking.words_for(said, self.options)}."
        p = guess(session, ballot, state)
        if p is not None:
            self.last += (f" The reward model had expected {'left' if p >= 0.5 else 'right'}, "
                          f"with {max(p, 1 - p):.0%}.")

    def do(self, session, state, ballot, what, text):
        """Keys that are no answers."""
        now = time.monotonic()
        if what == "quit":
            raise KeyboardInterrupt
        if what == "undo":
            if session.undo(WHO, now) is None and self.driven is None:
                raise Refused(409, "there is nothing to undo in this round")
            self.last = None
        elif what == "learn" and ballot is None:
            session.close(now)
        elif what == "keep" and ballot is not None:
            return self.keep(session, state, ballot, now)
        elif what != "look":
            raise Refused(400, "what: there is no such thing to do here")
        self.changed = True
        return as_json({"said": ""})

    def keep(self, session, state, ballot, now, done=None):
        """What somebody played or wrote becomes their answer."""
        kind = KINDS[session.kind(ballot)]
        if done is None and self.driven is None:
            if kind.drawn:
                raise Refused(409, "show it first, with the keys")
        elif done is None:
            if kind.drawn and not self.driven.over:
                raise Refused(409, "go on until it is over")
            done = self.driven.done()
        said = [0 if kind.drawn or done is None else 1]
        verdict = session.say_all([Said(WHO, ballot.id, said, done=done)], now)[0]
        self.last = "You have shown it." if done is not None else "You left it as it was."
        self.changed = True
        return verdict_reply(verdict)

    def act(self, session, state, ballot, id, action, text, begin):
        """A step of somebody who plays, or a text that somebody wrote."""
        game = session.game
        if ballot is None or id != ballot.id or KINDS[session.kind(ballot)].needs != "expert":
            raise Refused(409, "too late: this question is closed")
        row = session.questions.shows[ballot.row, 0]
        played = session.questions.episodes[[row]]
        if text is not None:
            if len(text) >= game.horizon:
                raise Refused(400, f"expected fewer than {game.horizon} letters")
            written = session.form.write(game, session.questions.episodes, row)
            same = text == written["text"] and not KINDS[session.kind(ballot)].drawn
            done = None if same else session.form.read(game, [{**written, "text": text}])
            return self.keep(session, state, ballot, time.monotonic(), done)
        if type(action) is not int or action not in game.keys.values():
            raise Refused(400, "action: expected one of the game's")
        if self.driven is None or (begin is not None and begin >= 0):
            self.driven = asking.Driven(game, played, begin or 0, session.rng)
        pieces = self.driven.step(action)
        over = self.driven.over
        steps = len(self.driven.history)
        return as_json({"pieces": pieces, "over": over,
                        "said": f"step {steps}" + ("; Enter keeps it, Backspace begins anew"
                                                   if over else "")})

    def end(self, state, lines):
        """The last view, for a moment."""
        self.show_end(state, lines, "Done: this is what it learned from you", self.told, [])
        time.sleep(TICK)


def before_and_now(picture):
    """What the policy did at first, beside what it does now, as if it were a question."""
    if picture is None:
        return None
    clips = [{**picture[when], "name": name} for when, name in
             (("before", "before the first answer"), ("now", "now"))]
    return {"id": "learned", "clips": clips, "wanted": 1}
