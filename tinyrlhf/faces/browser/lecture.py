"""A whole lecture room as the person: everybody votes on their phones, the presenter leads.

The presenter's console is a `Desk` on this computer; the audience's page is on an address that must
be named. A ballot goes: read, open, closed, then revealed step by step: what the reward model had
guessed, the votes, how far the room disagrees. No count leaves this process before a ballot is
closed. Or everybody gets pairs of their own (`own`), as many as they like.
"""
import secrets
import time
from collections import Counter

import numpy as np

from tinyrlhf.faces.browser import asking
from tinyrlhf.faces.browser.desk import (TICK, WHO, answer_messages, before_and_now, chart,
                                         file_routes, guess, help_for, votes_into)
from tinyrlhf.faces.browser.drawing import learned
from tinyrlhf.faces.browser.server import Bucket, Refused, Reply, Signed, as_json, reply_to
from tinyrlhf.feedback.answers import CANT_TELL, KINDS, SKIP
from tinyrlhf.sessions import Said, report

LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that looks like another
CODE = 6                   # of them in the room's link
GRACE, LONGEST = 0.4, 3.0  # seconds after "close": what was on its way still counts
HOURS = 2                  # then a lecture ends itself
THINKING = 3.0             # seconds, on average, of simulated voters
HANDS = 2000               # at most, in a show of hands
STORED = ("What is kept: your answers, and a random number for this browser. "
          "No names, no addresses. A private window counts as another voter.")
CAMPS = 3, 6               # ballots and voters, at least, to look for two camps
NEXT = {"wait": "begin", "read": "open the vote", "open": "close the vote"}
REVEALS = ("show the votes", "show how far you disagree", "go on")


class Lecture:
    """A face: `ask` is what `sessions.Voters` wants of one; it needs room=True, or own pairs.

    Args:
        desk: the presenter's `Desk`.
        address, port: where the audience's page is; port 0: any that is free.
        crowd: a simulated person whose answers `simulate` voters give besides, or None.
        keys: {"secret", "code"} of a lecture that goes on, so that its voters are known again.
        rng: of the simulated voters.
    """

    def __init__(self, desk, address, port=0, crowd=None, simulate=0, keys=None, rng=None):
        code = "".join(secrets.choice(LETTERS) for _ in range(CODE))
        self.keys = keys or {"secret": secrets.token_hex(16), "code": code}
        self.desk, self.crowd, self.simulate = desk, crowd, simulate
        self.rng = rng or np.random.default_rng(0)
        self.signed = Signed("tinyrlhf-voter", self.keys["secret"])
        self.pace, self.tries = Bucket(2, 5), Bucket(1 / 6, 10)
        self.shown, self.told, self.picture, self.due = {}, [], None, []
        self.phase, self.revealed, self.first, self.camps = "wait", 0, None, False
        self.ends = time.monotonic() + 3600 * HOURS
        routes = {**file_routes(self.enter), ("GET", "/events"): self.events,
                  ("POST", "/vote"): self.vote}
        self.audience = desk.server.listen(address, port, routes, self.greet, self.by_code)
        self.link = f"{self.audience.url}/{self.keys['code']}"
        self.base = desk.packed({"phase": "wait", "title": "Welcome", "footer": STORED,
                                 "lead": "The first question comes in a moment."})

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
        cookie = ()
        try:
            self.signed.whose(request)  # who comes again is the same voter
        except Refused:
            cookie = (self.signed.new()[1],)
        return Reply(status=303, headers=(("Location", "/"), *cookie))

    async def events(self, request):
        whose = self.signed.whose(request)
        if self.desk.inbox.open:
            self.desk.inbox.tell("joined", whose)
        return Reply(stream=whose)

    def greet(self, whose):
        return self.shown.get(whose, self.base)

    async def vote(self, request):
        whose = self.signed.whose(request)
        if not self.pace.take(whose):
            raise Refused(429, "slowly, please")
        fields = request.fields(ballot=str, said=list, turn=int, ms=int)
        return await self.desk.inbox.ask("vote", whose, *fields)

    # ---- the rounds, in the loop's thread

    def ask(self, session, state):
        """Show and read until the presenter has closed the round."""
        kinds = set(session.questions.kind.tolist())
        acted = sorted(kind for kind in kinds if KINDS[kind].needs == "expert")
        if acted:
            raise ValueError(f"lecture: expected kinds of feedback that a room can give, such as "
                             f"preference or ranking; got {', '.join(acted)}")
        self.session, self.state = session, state
        self.picture = state and learned(state)
        self.ballot, self.closing, self.counted = None, None, -1
        self.desk.inbox.open = True
        self.go("show" if self.picture else "wait")
        try:
            while not session.closed:
                self.tick()
        finally:
            self.desk.inbox.open = False
            late = self.desk.inbox.read(0)
            reply_to([(reply, Refused(409, "too late")) for _, reply in late if reply])
        self.told += session.events
        self.go("learn")

    def tick(self):
        """Read what has come, and look at the clock."""
        found = self.desk.inbox.read(min(TICK, *(at - time.monotonic() for at, *_ in self.due[:1]))
                                     if self.due and self.due[0][0] > time.monotonic() else TICK)
        joined = [message for message, reply in found if reply is None]
        answer_messages([each for each in found if each[1] is not None], self.votes, self.others)
        now = time.monotonic()
        if self.session.closed:
            return
        if now > self.ends:
            raise KeyboardInterrupt(f"; a lecture ends itself after {HOURS} hours")
        known = {whose for _, whose in joined if whose in self.session.turns}
        self.tell_some(known if self.session.room else {whose for _, whose in joined})
        self.simulated(now)
        if self.closing is not None and now > self.closing + GRACE:
            all_there = not found and not self.audience.waiting
            if all_there or now > self.closing + LONGEST:
                self.close()
        if self.turnout() != self.counted or joined:
            self.counted = self.turnout()
            self.tell_presenter()

    def votes(self, answers):
        if self.phase not in ("open", "closing"):
            text = "voting is not open yet" if self.phase == "read" else "too late"
            return [Refused(409, f"{text}: nothing was counted")] * len(answers)
        replies = votes_into(self.session)(answers)
        if not self.session.room:
            self.tell_some({answer.who for answer in answers})  # the next pair
        return replies

    def others(self, verb, who, what, text, *_):
        """What the presenter does."""
        now, phase = time.monotonic(), self.phase
        if verb != "do":
            raise Refused(409, "there is no such thing to do now")
        if what == "quit":
            raise KeyboardInterrupt
        if what == "hands" and phase in ("read", "open") and self.session.room:
            return self.hands(text or "", now)
        if what == "next":
            self.next(now)
        elif what == "again" and phase == "closed":
            self.first = self.session.tally(self.ballot)
            self.session.open_again(self.ballot, now)
            self.go("open")
        elif what == "reset" and phase in ("open", "closed"):
            self.session.reset(self.ballot, now)
            self.first = None
            self.go("read")
        elif what == "camps" and phase == "closed":
            self.camps = not self.camps
            self.go("closed", self.revealed)
        else:
            raise Refused(409, "there is no such thing to do now")
        return as_json({"said": ""})

    def next(self, now):
        """Enter, or a clicker: whatever comes next."""
        if self.phase in ("wait", "show"):
            self.next_ballot(now)
        elif self.phase == "read":
            self.go("open")
        elif self.phase == "open":
            self.closing = now
            self.phase = "closing"
            self.tell_presenter()
        elif self.phase == "closed" and self.revealed < len(REVEALS) - 1 and self.session.room:
            self.go("closed", self.revealed + 1)
        elif self.phase == "closed" and self.session.room:
            self.next_ballot(now)
        elif self.phase == "closed":
            self.session.close(now)

    def next_ballot(self, now):
        self.first = None
        if not self.session.room:
            self.go("open")
            return
        ballot = self.session.open(now)
        if ballot is None:
            self.session.close(now)
        else:
            self.ballot = ballot
            self.go("read")

    def close(self):
        """What was on its way has come: now it is counted, and nothing later counts."""
        self.closing = None
        if self.session.room:
            self.session.close(time.monotonic(), self.ballot)
        self.go("closed")

    def hands(self, text, now):
        """A show of hands, typed as counts such as `12 7 3`: as many voters, marked as such."""
        said = [each["say"] for each in self.screen["options"] if each.get("say")
                and not each.get("minor")]
        counts = text.split()
        if not (0 < len(counts) <= len(said)) or not all(
                each.isascii() and each.isdigit() and int(each) <= HANDS for each in counts):
            raise Refused(400, f"hands: expected up to {len(said)} counts, such as 12 7 3, "
                               f"got {text!r}")
        order = self.hands_in_order(said)
        raised = [order[i] for i, count in enumerate(counts) for _ in range(int(count))]
        if self.phase == "read":
            self.go("open")
        for number in range(len(raised), HANDS):  # typed again, and fewer
            if self.session.said(f"hand-{number}", self.ballot) is None:
                break
            self.session.undo(f"hand-{number}", now)
        self.session.say_all([Said(f"hand-{number}", self.ballot.id, each)
                              for number, each in enumerate(raised)], now)
        return as_json({"said": f"counted {len(raised)} hands"})

    def hands_in_order(self, said):
        """Left, right, the same: as one counts hands, what is undecided comes last."""
        sides = [each["say"] for each in self.screen["options"] if each.get("side")]
        return [*sides, *(each for each in said if each not in sides)]

    # ---- simulated voters

    def simulated(self, now):
        """Let those of them answer who have thought long enough."""
        if self.phase not in ("open", "closing") or not self.simulate:
            return
        if not self.due and self.phase == "open":
            names = [f"simulated-{number}" for number in range(self.simulate)]
            missing = [who for who in names if self.session.room is False or
                       self.session.said(who, self.ballot) is None]
            times = now + self.rng.exponential(THINKING, len(missing))
            self.due = sorted(zip(times.tolist(), missing))
        ready = [who for at, who in self.due if at <= now]
        self.due = self.due[len(ready):]
        ballots = [self.session.deal(who, now) if self.session.room is False else self.ballot
                   for who in ready]
        asked = [(who, ballot) for who, ballot in zip(ready, ballots) if ballot is not None]
        if asked:
            rows = np.array([ballot.row for _, ballot in asked])
            answers = self.crowd.answer(self.session.game, self.session.questions[rows], self.rng)
            self.session.say_all([Said(who, ballot.id, [n for n in said if n >= SKIP][:length])
                                  for (who, ballot), said, length in
                                  zip(asked, answers.said.tolist(), self.lengths(answers))], now)

    def lengths(self, answers):
        """How many numbers each answer has: an order has as many as are shown."""
        shown = (answers.shows >= 0).sum(axis=1)
        return [int(n) if KINDS[kind].n_shown is None and KINDS[kind].needs is None else
                2 if KINDS[kind].lapse else 1 for kind, n in zip(answers.kind.tolist(), shown)]

    # ---- what is seen

    def go(self, phase, revealed=0):
        """Show everybody the next phase."""
        self.phase, self.revealed, self.due = phase, revealed, []
        if self.session.room and self.ballot is not None:
            self.screen = asking.screen(self.session, self.ballot)
        self.tell_audience()
        self.counted = self.turnout()
        self.tell_presenter()

    def turnout(self):
        if self.phase not in ("open", "closing", "closed"):
            return 0
        if self.session.room:
            return self.session.turnout(self.ballot)
        return len(self.session.votes)

    def tell_audience(self):
        """The same view for all; then what is theirs alone, for those who have something."""
        self.base = text = self.desk.packed(self.audience_view())
        self.shown.clear()
        self.desk.server.do(self.audience.tell, lambda whose: text)
        if self.phase == "open" and self.session.room:
            self.tell_some({who for number, who in self.session.votes
                            if number == self.ballot.number})
        elif self.phase == "open":
            self.tell_some(set(self.audience.streams.values()))

    def tell_some(self, names):
        """To each of these voters what is theirs alone."""
        texts = {whose: self.desk.packed(self.personal(whose)) for whose in names}
        self.shown.update(texts)
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
                view["title"] = "You have judged them all: thank you"
            else:
                view.update(self.for_phones(asking.screen(self.session, ballot)),
                            lead=f"{len(self.session.order[whose])} answered")
        return view

    def for_phones(self, screen):
        options = [each for each in screen["options"] if not each.get("do")]
        return {**screen, "options": options}

    def audience_view(self):
        titles = {"open": "One moment ...", "closed": "Thank you: look at the screen",
                  "learn": "It learns from your answers ...", "wait": "Welcome",
                  "show": "Look at the screen: this is what it does now", "end": "Thank you"}
        view = {"phase": self.phase, "footer": STORED, "question": None,
                "title": titles.get(self.phase, "One moment ...")}
        if not (self.phase in ("read", "open", "closed") and self.session.room):
            return view
        view.update(self.for_phones(self.screen))
        leads = {"read": "Look first: the vote opens in a moment.",
                 "open": "You may change your mind until it is closed.",
                 "closed": "The vote is closed: look at the screen."}
        if self.phase == "closed":
            view.update(options=[], question={**view["question"], "id": "closed"},
                        result=self.result())
        return {**view, "lead": leads[self.phase]}

    def tell_presenter(self):
        """The console: what all see, how many have answered, and the keys."""
        phase, room = self.phase, self.session.room
        n_there = len(set(self.audience.streams.values()))
        view = {"phase": phase, "title": "", "question": None, "hands": phase in ("read", "open"),
                "progress": f"round {self.session.number}"
                            + (f" of {len(self.state.plan)}" if self.state else "")
                            + f" · {n_there} {'phone' if n_there == 1 else 'phones'} here",
                "footer": f"join: {self.link}", "learned": self.picture,
                "chart": chart(self.state, [*self.told, *self.session.events])}
        label = NEXT.get(phase, "go on")
        if phase == "closed" and room:
            label = REVEALS[self.revealed]
        keys = [asking.option("Enter", label, do="next")]
        if room and phase in ("read", "open", "closing", "closed"):
            view.update(title=self.screen["title"],
                        question={**self.screen["question"], "id": f"presenter {self.ballot.id}"})
        if phase == "wait":
            view.update(title="Vote with your phone: open", result=[
                {"big": self.link}, {"text": STORED},
                {"text": f"{n_there} here, {self.simulate} simulated"}])
        elif phase == "show":
            view.update(title="What your answers have taught it",
                        question=before_and_now(self.picture))
        elif phase == "learn":
            view.update(title="It learns from your answers ...")
            keys = []
        elif phase == "open":
            view.update(lead=f"{self.turnout()} answers; they are hidden until the vote is closed")
            if not room:
                view.update(title="Everybody judges pairs of their own",
                            result=[{"big": f"{self.turnout()} answers"}])
        elif phase == "read":
            view.update(lead="Look first: votes are not open yet")
        elif phase == "closing":
            view.update(lead="closing ...")
            keys = []
        elif phase == "closed":
            view.update(result=self.result(), lead=f"closed, with {self.turnout()} answers",
                        title=view["title"] or "What the room has said")
        if phase == "closed" and room:
            keys.append(asking.option("2", "vote again, after discussion", do="again", minor=True))
            keys.append(asking.option("t", "two camps", do="camps", minor=True))
        if phase in ("open", "closed") and room:
            keys.append(asking.option("r", "reset this vote", do="reset", minor=True))
        keys.append(asking.option("q", "stop here", do="quit", minor=True))
        more = ("page down: the same as Enter, for clickers\n"
                "12 7 3 and Enter: a show of hands for left, right, the same")
        self.desk.show({**view, "options": keys, "help": help_for(keys, more)})

    def result(self):
        """What is revealed of a closed vote: the guess, then the votes, then the disagreement."""
        if not self.session.room:
            return self.result_of_own()
        parts = []
        p = guess(self.session, self.ballot, self.state)
        if p is None:
            parts.append({"text": "The reward model has no guess: it has learned nothing yet."
                          if not self.picture else "The reward model makes no guess here."})
        else:
            parts.append({"title": "What the reward model had guessed", "rows": [
                row("left", p, side="left"), row("right", 1 - p, side="right")]})
        tally = self.session.tally(self.ballot)
        if self.revealed >= 1:
            parts.append({"title": "What you said", "rows": self.rows(tally),
                          "text": unsaid(tally)})
            if self.first is not None:
                parts.append({"title": "Before the discussion", "rows": self.rows(self.first)})
        if self.revealed >= 2:
            parts.append(self.disagreement(tally))
        if self.revealed >= 1 and self.camps:
            parts.append(self.two_camps())
        return parts

    def rows(self, tally):
        """How many said each option; of an order or a reason the first number counts."""
        firsts = Counter()
        for said, count in tally.items():
            firsts[said[0]] += count
        total = max(sum(count for said, count in firsts.items() if said >= 0), 1)
        rows = []
        for each in self.screen["options"]:
            number = each["say"][0] if each.get("say") else each.get("add")
            if number is not None and number >= 0:
                rows.append(row(each["label"] or each["key"], firsts[number] / total,
                                firsts[number], each.get("side", "")))
        return rows

    def disagreement(self, tally):
        """How far the room is from one opinion: 4 p (1 - p) here, and Krippendorff's alpha of all.
        """
        counts = np.array([each["count"] for each in self.rows(tally)])
        shares = np.sort(counts / max(counts.sum(), 1))[::-1]
        split = 4 * shares[0] * (1 - shares[0]) if counts.sum() else 0.0
        alphas = report([*self.told, *self.session.events])["agreement"]
        alpha = alphas.get(self.session.kind(self.ballot))
        several = len({event["ballot"] for event in self.session.events
                       if event["k"] == "label"}) > 1 or self.told
        text = ("Krippendorff's alpha over all votes needs another question"
                if alpha is None or not several else
                f"Krippendorff's alpha over all votes so far: {alpha:.2f} "
                "(1: all agree; 0: as if by chance)")
        return {"title": "How far you disagree", "text": text,
                "rows": [row("4 p (1 - p)", split)]}

    def two_camps(self):
        """Voters in two groups by how they have voted, and what each says here."""
        said = two_camps([*self.told, *self.session.events])
        if said is None:
            return {"text": "Two camps need %d votes of %d voters" % CAMPS}
        camps = []
        for number in (0, 1):
            here = Counter()
            for who, camp in said.items():
                vote = self.session.said(who, self.ballot)
                if camp == number and vote is not None:
                    here[tuple(vote)] += 1
            size = sum(camp == number for camp in said.values())
            camps.append({"title": f"camp {number + 1}: {size} voters", "rows": self.rows(here)})
        return {"camps": camps}

    def result_of_own(self):
        """Of a round in which everybody had pairs of their own."""
        found = report(self.session.events)
        alphas = "; ".join(f"alpha of {kind}: {alpha:.2f}"
                           for kind, alpha in found["agreement"].items())
        return [{"big": f"{found['answers']} answers of {found['people']} voters"},
                {"text": f"{found['seconds']:.1f} seconds each, at the median"},
                {"text": alphas}]

    def end(self, state, lines):
        """What has come of it, until the presenter has seen it."""
        self.picture = learned(state)
        self.phase = "end"
        self.tell_audience()
        keys = [asking.option("Enter", "close", do="next")]
        self.desk.inbox.open = True
        self.desk.show({"phase": "end", "title": "What the room has taught it", "options": keys,
                        "question": before_and_now(self.picture), "learned": self.picture,
                        "result": [{"text": line} for line in lines],
                        "chart": chart(state, self.told), "help": help_for(keys)})
        while time.monotonic() < self.ends:
            found = [each for each in self.desk.inbox.read(TICK) if each[1] is not None]
            reply_to([(reply, as_json({"said": ""}) if message[:2] == ("do", WHO) else
                       Refused(409, "too late")) for message, reply in found])
            if any(message[:2] == ("do", WHO) for message, _ in found):
                return


def row(label, share, count=None, side=""):
    """A bar of a result."""
    number = f"{share:.0%}" if count is None else f"{share:.0%}  ({count})"
    return {"label": label, "share": round(float(share), 4), "number": number, "count": count,
            "side": side}


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
