"""A whole lecture room as the person: everybody votes on their phones, the presenter leads.

The presenter's console is a `Desk` on this computer; the audience's page is on an address that must
be named. A ballot is read, open, closed, then revealed: what the reward model had guessed, the
votes, how far the room disagrees. No count leaves this process before that. Or, if the session is
no room, everybody gets pairs of their own, as many as there are.
"""
import secrets
import time
from collections import Counter

import numpy as np

from tinyrlhf.faces.browser.asking import option, screen_of
from tinyrlhf.faces.browser.desk import (TICK, Desk, answer_messages, before_and_now, chart, guess,
                                         help_for, page_routes, votes_into)
from tinyrlhf.faces.browser.drawing import learned
from tinyrlhf.faces.browser.server import Bucket, Refused, Reply, Signed, as_json
from tinyrlhf.feedback.answers import CANT_TELL, SKIP
from tinyrlhf.sessions import Said, report

LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that looks like another
CODE = 6                   # of them in the room's link
GRACE, LONGEST = 0.4, 3.0  # seconds after "close": what was on its way still counts
HOURS = 2                  # then a lecture ends itself
THINKING = 3.0             # seconds, on average, of simulated voters
HANDS = 2000               # of each kind, at most
CAMPS = 3, 6               # ballots and voters, at least, to look for two camps
STORED = ("What is kept: your answers, and a random number for this browser. "
          "No names, no addresses. A private window counts as another voter.")
TO_ALL = {  # phase: title and lead on the phones
    "wait": ("Welcome", "The first question comes in a moment."),
    "show": ("Look at the screen", "This is what it does now."),
    "read": ("", "Look first: the vote opens in a moment."),
    "open": ("One moment ...", "You may change your mind until it is closed."),
    "closed": ("Thank you", "The vote is closed: look at the screen."),
    "learn": ("It learns from your answers ...", ""),
    "end": ("Thank you", "That was the last question.")}
ON_THE_SCREEN = {  # phase: title and lead of the presenter, and what Enter does
    "wait": ("Vote with your phone: open", "", "begin"),
    "show": ("What your answers have taught it", "", "go on"),
    "read": ("", "Look first: the vote is not open yet", "open the vote"),
    "open": ("Everybody judges pairs of their own",
             "{} answers; they are hidden until the vote is closed", "close the vote"),
    "closing": ("", "closing ...", None),
    "closed": ("What the room has said", "closed, with {} answers", "go on"),
    "learn": ("It learns from your answers ...", "", None)}
REVEALS = ("show the votes", "show how far you disagree", "go on")
MORE_KEYS = ("page down: the same as Enter, for clickers\n"
             "12 7 3 and Enter: a show of hands for left, right, the same")


class Lecture:
    """A face: `ask` is what `sessions.Voters` wants of one.

    Args:
        desk: the presenter's `Desk`.
        address, port: where the audience's page is; port 0: any that is free.
        crowd: a simulated person whose answers `simulate` voters give besides, or None.
        keys: {"secret", "code"} of a lecture that goes on, so that its voters are known again.
        rng: of the simulated voters.
    """

    def __init__(self, desk: Desk, address, port=0, crowd=None, simulate=0, keys=None, rng=None):
        code = "".join(secrets.choice(LETTERS) for _ in range(CODE))
        self.keys = keys or {"secret": secrets.token_hex(16), "code": code}
        self.desk, self.crowd, self.simulate = desk, crowd, simulate
        self.rng = rng or np.random.default_rng(0)
        self.signed = Signed("tinyrlhf-voter", self.keys["secret"])
        self.pace, self.tries = Bucket(2, 5), Bucket(1 / 6, 10)
        self.theirs = {}  # voter -> the message that is theirs alone
        self.told, self.due, self.phase, self.session = [], [], "wait", None
        self.ends = time.monotonic() + 3600 * HOURS
        self.base = desk.packed(self.audience_view())
        routes = {**page_routes(self.enter), ("GET", "/events"): self.events,
                  ("POST", "/vote"): self.vote}
        self.audience = desk.server.listen(address, port, routes, self.greet, self.by_code)
        self.link = f"{self.audience.url}/{self.keys['code']}"

    # ---- the audience, in the server's thread

    def enter(self, request):
        self.signed.whose(request)

    async def by_code(self, request):
        """The room's link lets in, and gives a browser its number."""
        if request.method != "GET" or len(request.path) != 1 + CODE:
            raise Refused(404, "there is nothing here")
        if not self.tries.take(request.address, cost=0):
            raise Refused(429, "too many wrong links; wait a minute")
        if not secrets.compare_digest(request.path[1:].encode(), self.keys["code"].encode()):
            self.tries.take(request.address)
            raise Refused(404, "this is not the link on the screen")
        try:
            self.signed.whose(request)  # who comes again is the same voter
            cookie = ()
        except Refused:
            cookie = (self.signed.new()[1],)
        return Reply(status=303, headers=(("Location", "/"), *cookie))

    async def events(self, request):
        whose = self.signed.whose(request)
        self.desk.inbox.tell("joined", whose)
        return Reply(stream=whose)

    def greet(self, whose):
        return self.theirs.get(whose, self.base)

    async def vote(self, request):
        whose = self.signed.whose(request)
        if not self.pace.take(whose):
            raise Refused(429, "slowly, please")
        fields = request.fields(ballot=str, said=list, turn=int, ms=int)
        return await self.desk.inbox.ask("vote", whose, *fields)

    # ---- the rounds, in the loop's thread

    def ask(self, session, state):
        """Show and read until the presenter has closed the round."""
        self.session, self.state, self.ballot, self.closing = session, state, None, None
        self.picture, self.chart = state and learned(state), chart(state, self.told)
        with self.desk.inbox:
            self.go("show" if self.picture else "wait")
            while not session.closed:
                self.tick()
        self.told += session.events
        self.go("learn")

    def tick(self):
        """Read what has come, and look at the clock."""
        next_due = self.due[0][0] - time.monotonic() if self.due else TICK
        found = self.desk.inbox.read(min(max(next_due, 0.001), TICK))
        joined = {message[1] for message, reply in found if reply is None}
        answer_messages([each for each in found if each[1] is not None], self.votes, self.presses)
        now = time.monotonic()
        if now > self.ends:
            raise KeyboardInterrupt(f"; a lecture ends itself after {HOURS} hours")
        if self.session.closed:
            return
        self.tell_some(joined & set(self.session.turns) if self.session.room else joined)
        self.let_simulated_answer(now)
        if self.closing is not None and now > self.closing + GRACE:
            all_there = not found and not self.audience.waiting
            if all_there or now > self.closing + LONGEST:
                self.close()
        if now > self.told_at + TICK and self.counted != (self.turnout(), self.n_there()):
            self.tell_presenter()

    def votes(self, answers):
        """What became of votes that came together."""
        if self.phase not in ("open", "closing"):
            when = "voting is not open yet" if self.phase == "read" else "too late"
            return [Refused(409, f"{when}: nothing was counted")] * len(answers)
        replies = votes_into(self.session, answers)
        if not self.session.room:
            self.tell_some({answer.who for answer in answers})  # the next pair
        return replies

    def presses(self, verb, who, what=None, text="", *_):
        """What the presenter does."""
        now, phase, room = time.monotonic(), self.phase, self.session.room
        if what == "quit":
            raise KeyboardInterrupt
        if what == "next":
            self.next(now)
        elif what == "hands" and phase in ("read", "open") and room:
            return self.show_of_hands(text or "", now)
        elif what == "again" and phase == "closed" and room:
            self.first = self.session.tally(self.ballot)
            self.session.open_again(self.ballot, now)
            self.go("open")
        elif what == "reset" and phase in ("open", "closed") and room:
            self.session.reset(self.ballot, now)
            self.first = None
            self.go("read")
        elif what == "camps" and phase == "closed" and room:
            self.camps = not self.camps
            self.go("closed", self.revealed)
        else:
            raise Refused(409, "there is no such thing to do now")
        return as_json({"said": ""})

    def next(self, now):
        """Enter, or a clicker: whatever comes next."""
        room = self.session.room
        if self.phase == "read" or (self.phase in ("wait", "show") and not room):
            self.go("open")
        elif self.phase == "open":
            self.closing, self.phase = now, "closing"
            self.tell_presenter()
        elif self.phase == "closed" and room and self.revealed < len(REVEALS) - 1:
            self.go("closed", self.revealed + 1)
        elif self.phase != "closing":
            ballot = self.session.open(now) if room else None
            if ballot is None:
                self.session.close(now)
            else:
                self.ballot, self.first, self.camps = ballot, None, False
                self.go("read")

    def close(self):
        """What was on its way has come: now it is counted, and nothing later counts."""
        self.closing = None
        if self.session.room:
            self.session.close(time.monotonic(), self.ballot)
        self.go("closed")

    def show_of_hands(self, text, now):
        """Typed as counts such as `12 7 3`: as many voters, marked as such."""
        order, counts = self.hands(), text.split()
        if not 0 < len(counts) <= len(order) or not all(
                each.isascii() and each.isdigit() and int(each) <= HANDS for each in counts):
            raise Refused(400, f"hands: expected up to {len(order)} counts, such as 12 7 3, "
                               f"got {text!r}")
        raised = [said for said, count in zip(order, counts) for _ in range(int(count))]
        if self.phase == "read":
            self.go("open")
        number = len(raised)
        while self.session.said(f"hand-{number}", self.ballot) is not None:  # typed before, fewer
            self.session.undo(f"hand-{number}", now)
            number += 1
        self.session.say_all([Said(f"hand-{number}", self.ballot.id, said)
                              for number, said in enumerate(raised)], now)
        return as_json({"said": f"counted {len(raised)} hands"})

    def hands(self):
        """What hands are raised for, in this order: left, right, then what is undecided."""
        said = [each for each in self.screen["options"] if each["say"] and not each.get("minor")]
        return [each["say"] for each in sorted(said, key=lambda each: not each.get("side"))]

    def let_simulated_answer(self, now):
        """Those of them who have thought long enough."""
        session = self.session
        if self.phase not in ("open", "closing") or not self.simulate:
            return
        if not self.due and self.phase == "open":
            names = [f"simulated-{number}" for number in range(self.simulate)]
            waiting = [who for who in names
                       if not session.room or session.said(who, self.ballot) is None]
            times = now + self.rng.exponential(THINKING, len(waiting))
            self.due = sorted(zip(times.tolist(), waiting))
        ready = [who for at, who in self.due if at <= now]
        self.due = self.due[len(ready):]
        ballots = [self.ballot if session.room else session.deal(who, now) for who in ready]
        asked = [(who, ballot) for who, ballot in zip(ready, ballots) if ballot is not None]
        if asked:
            rows = np.array([ballot.row for _, ballot in asked])
            answers = self.crowd.answer(session.game, session.questions[rows], self.rng)
            said = [[number for number in each if number >= 0] or each[:1]
                    for each in answers.said.tolist()]
            session.say_all([Said(who, ballot.id, each)
                             for (who, ballot), each in zip(asked, said)], now)

    # ---- what is seen

    def go(self, phase, revealed=0):
        """Show everybody the next phase."""
        self.phase, self.revealed, self.due = phase, revealed, []
        if self.ballot is not None:
            self.screen = screen_of(self.session, self.ballot)
        self.base = text = self.desk.packed(self.audience_view())
        self.theirs.clear()
        self.desk.server.do(self.audience.tell, lambda whose: text)
        if phase == "open":
            voted = {who for number, who in self.session.votes if not self.session.room
                     or number == self.ballot.number}
            self.tell_some(voted if self.session.room else set(self.audience.streams.values()))
        self.tell_presenter()

    def turnout(self):
        if self.phase not in ("open", "closing", "closed"):
            return 0
        return (self.session.turnout(self.ballot) if self.session.room
                else len(self.session.votes))

    def n_there(self):
        return len(set(self.audience.streams.values()))

    def audience_view(self):
        """What all phones show."""
        title, lead = TO_ALL[self.phase]
        view = {"phase": self.phase, "footer": STORED, "question": None, "title": title}
        if self.phase in ("read", "open", "closed") and self.session.room:
            view.update(for_phones(self.screen))
            if self.phase == "closed":
                view.update(options=[], question={**view["question"], "id": "closed"},
                            result=self.result())
        return {**view, "lead": lead}

    def tell_some(self, names):
        """To each of these voters what is theirs alone."""
        texts = {whose: self.desk.packed(self.personal(whose)) for whose in names}
        self.theirs.update(texts)
        if texts:
            self.desk.server.do(self.audience.tell, texts.get)

    def personal(self, whose):
        """What all see, with what this voter has said, or with a pair of their own."""
        view = {**self.audience_view(), "turn": self.session.turns.get(whose, 0)}
        if self.phase == "open" and self.session.room:
            view["yours"] = self.session.said(whose, self.ballot)
        elif self.phase == "open":
            ballot = self.session.deal(whose, time.monotonic())
            if ballot is None:
                return {**view, "title": "You have judged them all: thank you", "lead": ""}
            view.update(for_phones(screen_of(self.session, ballot)),
                        lead=f"{len(self.session.order[whose])} answered")
        return view

    def tell_presenter(self):
        """The console: what all see, how many have answered, and the keys."""
        phase, room, there = self.phase, self.session.room, self.n_there()
        self.told_at, self.counted = time.monotonic(), (self.turnout(), there)
        title, lead, enter = ON_THE_SCREEN[phase]
        n_rounds = f" of {len(self.state.plan)}" if self.state else ""
        view = {"phase": phase, "title": title, "lead": lead.format(self.turnout()),
                "question": None, "hands": phase in ("read", "open") and room,
                "progress": f"round {self.session.number}{n_rounds} · phones here: {there}",
                "footer": f"join: {self.link}", "learned": self.picture, "chart": self.chart}
        if phase == "wait":
            view["result"] = [{"big": self.link}, {"saying": STORED}]
        elif phase == "show":
            view["question"] = before_and_now(self.picture)
        elif phase == "closed":
            view["result"] = self.result()
        elif phase == "open" and not room:
            view["result"] = [{"big": f"{self.turnout()} answers"}]
        keys = [option("Enter", enter, do="next")] if enter else []
        if room and phase in ("read", "open", "closing", "closed"):
            question = {**self.screen["question"], "id": f"presenter {self.ballot.id}"}
            view.update(title=self.screen["title"], question=question)
            if phase == "closed":
                keys = [option("Enter", REVEALS[self.revealed], do="next"),
                        option("2", "vote again, after discussion", do="again", minor=True),
                        option("t", "two camps", do="camps", minor=True)]
            if phase in ("open", "closed"):
                keys.append(option("r", "reset this vote", do="reset", minor=True))
        if phase != "learn":
            keys.append(option("q", "stop here", do="quit", minor=True))
        self.desk.show({**view, "options": keys, "help": help_for(keys, MORE_KEYS)})

    def result(self):
        """What is revealed of a closed vote: the guess, then the votes, then the disagreement."""
        if not self.session.room:
            return result_of_own(self.session)
        p = guess(self.session, self.ballot, self.state)
        parts = [{"saying": "The reward model makes no guess here."} if p is None else
                 {"title": "What the reward model had guessed",
                  "rows": [row("left", p, side="left"), row("right", 1 - p, side="right")]}]
        tally = self.session.tally(self.ballot)
        if self.revealed >= 1:
            parts.append({"title": "What you said", "rows": self.rows(tally),
                          "saying": unsaid(tally)})
            if self.first is not None:
                parts.append({"title": "Before the discussion", "rows": self.rows(self.first)})
        if self.revealed >= 1 and self.camps:
            parts.append(self.two_camps())
        elif self.revealed >= 2:
            parts.append(self.disagreement(tally))
        return parts

    def rows(self, tally):
        """How many said each option; of an order or a reason the first number counts."""
        firsts = Counter()
        for said, count in tally.items():
            firsts[said[0]] += count
        total = max(sum(count for said, count in firsts.items() if said >= 0), 1)
        named = [(each, each["say"][0] if each["say"] else each.get("add", -1))
                 for each in self.screen["options"]]
        return [row(each["label"] or each["key"], firsts[number] / total, firsts[number],
                    each.get("side", "")) for each, number in named if number >= 0]

    def disagreement(self, tally):
        """How far the room is from one opinion: 4 p (1 - p) here, p the largest share.

        Krippendorff's alpha is over all votes; of a single question it says nothing.
        """
        counts = [each["count"] for each in self.rows(tally)]
        p = max(counts) / max(sum(counts), 1)
        told = [*self.told, *self.session.events]
        alpha = report(told)["agreement"].get(self.session.kind(self.ballot))
        n_asked = len({(each["round"], each["q"]) for each in told if each["k"] == "label"})
        text = ("Krippendorff's alpha needs another question" if alpha is None or n_asked < 2 else
                f"Krippendorff's alpha over all votes so far: {alpha:.2f} "
                "(1: all agree; 0: as if by chance)")
        return {"title": "How far you disagree", "saying": text,
                "rows": [row("4 p (1 - p)", 4 * p * (1 - p))]}

    def two_camps(self):
        """Voters in two groups by how they have voted, and what each says here."""
        camp_of = two_camps([*self.told, *self.session.events])
        if camp_of is None:
            return {"saying": "Two camps need %d votes of %d voters." % CAMPS}
        tallies = [Counter(), Counter()]
        for who, camp in camp_of.items():
            said = self.session.said(who, self.ballot)
            if said is not None:
                tallies[camp][tuple(said)] += 1
        return {"camps": [{"title": f"camp {1 + camp}: {list(camp_of.values()).count(camp)} voters",
                           "rows": self.rows(tally)} for camp, tally in enumerate(tallies)]}

    def end(self, state, lines):
        """What has come of it, until the presenter has seen it."""
        self.phase, seen = "end", False
        self.base = text = self.desk.packed(self.audience_view())
        self.desk.server.do(self.audience.tell, lambda whose: text)

        def close(*_):
            nonlocal seen
            seen = True
            return as_json({"said": ""})

        with self.desk.inbox:
            self.desk.show_end(state, lines, "What the room has taught it", self.told,
                               [option("Enter", "close", do="next")])
            while not seen and time.monotonic() < self.ends:
                found = self.desk.inbox.read(TICK)
                answer_messages([each for each in found if each[1] is not None],
                                lambda said: [Refused(409, "too late")] * len(said), close)


def for_phones(screen):
    """Without what only the presenter, or somebody alone, may do."""
    return {**screen, "options": [each for each in screen["options"] if not each.get("do")]}


def result_of_own(session):
    """Of a round in which everybody had pairs of their own."""
    found = report(session.events)
    alphas = [f"Krippendorff's alpha of a {kind}: {alpha:.2f}"
              for kind, alpha in found["agreement"].items()]
    return [{"big": f"{found['answers']} answers of {found['people']} voters"},
            {"saying": "; ".join([f"{found['seconds']:.1f} seconds each, at the median", *alphas])}]


def row(label, share, count=None, side=""):
    """A bar of a result."""
    number = f"{share:.0%}" if count is None else f"{share:.0%}  ({count})"
    return {"label": label, "share": float(share), "number": number, "count": count, "side": side}


def unsaid(tally):
    """Those who said nothing, which is not the same."""
    words = {CANT_TELL: "can't tell", SKIP: "skipped"}
    return ", ".join(f"{tally[number,]} {text}" for number, text in words.items()
                     if tally.get((number,)))


def two_camps(events):
    """{who: 0 or 1} by the sign of the first principal component of what they voted, or None.

    Of pairs: 1 the first, -1 the second, 0 anything else.
    """
    votes = {}
    for event in events:
        if event["k"] == "label" and event["said"] in ([0], [1]):
            votes[event["who"], (event["round"], event["ballot"])] = 1 - 2 * event["said"][0]
    people = sorted({who for who, _ in votes if not who.startswith(("nobody", "hand-"))})
    ballots = sorted({ballot for _, ballot in votes})
    if len(ballots) < CAMPS[0] or len(people) < CAMPS[1]:
        return None
    table = np.array([[votes.get((who, ballot), 0) for ballot in ballots] for who in people], float)
    table -= table.mean(axis=0)
    first = np.linalg.svd(table, full_matrices=False)[0][:, 0]
    return dict(zip(people, (first > 0).astype(int).tolist()))
