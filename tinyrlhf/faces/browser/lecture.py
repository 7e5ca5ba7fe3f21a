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
from tinyrlhf.faces.browser.desk import (TICK, VOTE, answer_messages, bar, before_and_now, guess,
                                         page_routes, round_of, side_of, votes_into)
from tinyrlhf.faces.browser.server import Bucket, Door, Refused, Reply, as_json, packed
from tinyrlhf.faces.vote import in_words
from tinyrlhf.feedback.answers import CANT_TELL, SKIP
from tinyrlhf.sessions import CAMPS, report, two_camps

LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that looks like another
CODE = 6                   # of them in the room's link
GRACE, LONGEST = 0.4, 3.0  # seconds after "close": what was on its way still counts
HOURS = 2                  # then a lecture ends itself
AT_ONCE = 20               # get pairs of their own between two looks at what has come
THINKING = 3.0             # seconds, on average, of simulated voters
HANDS = 2000               # of each kind, at most
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
             "answers: {}; hidden until the vote is closed", "close the vote"),
    "closing": ("", "closing ...", None),
    "closed": ("What the room has said", "closed; answers: {}", "go on"),
    "learn": ("It learns from your answers ...", "", None)}
REVEALS = ("show the votes", "show how far you disagree", "go on")
MORE_KEYS = ("PageDown: the same as Enter, for clickers\n"
             "12 7 3 and Enter: a show of hands for left, right, the same")


class Lecture:
    """A face: `ask` is what `sessions.Voters` wants of one.

    Args:
        desk: the presenter's `Desk`.
        address, port: where the audience's page is; port 0: any that is free.
        crowd: a simulated person whose answers `simulate` voters give besides, or None.
        keys: {"secret", "code"} of a lecture that goes on: its voters are known again.
        rng: of the simulated voters.
    """

    def __init__(self, desk, address, port=0, crowd=None, simulate=0, keys=None, rng=None):
        code = "".join(secrets.choice(LETTERS) for _ in range(CODE))
        self.keys = keys or {"secret": secrets.token_hex(16), "code": code}
        self.desk, self.crowd, self.simulate = desk, crowd, simulate
        self.rng = rng or np.random.default_rng(0)
        self.door = Door("tinyrlhf-voter", **self.keys, tries=Bucket(1 / 6, 10))
        self.pace = Bucket(2, 5)
        self.own = {}  # voter -> the message with the pair that is theirs alone
        self.waiting = []  # who gets one next
        self.told, self.phase, self.session = [], "wait", None
        self.ends = time.monotonic() + 3600 * HOURS
        self.base = packed(self.audience_view())
        routes = {**page_routes(self.door), ("GET", "/events"): self.events,
                  ("POST", "/vote"): self.vote}
        self.audience = desk.server.listen(address, port, routes, self.greet, self.door.by_link)
        self.link = f"{self.audience.url}/{self.keys['code']}"

    # ---- the audience, in the server's thread, which reads the books and never writes them

    async def events(self, request):
        whose = self.door.whose(request)
        self.desk.inbox.tell("joined", whose)
        return Reply(stream=whose)

    def greet(self, whose):
        return [self.base] if self.session is None else [self.base, self.mine(whose)]

    def mine(self, whose):
        """What this voter sees besides: what they have said, or the pair that is theirs alone."""
        in_room = self.phase == "open" and self.session.room
        yours = self.session.said(whose, self.ballot) if in_room else None
        here = packed({"turn": self.session.turns.get(whose, 0), "yours": yours})
        return self.own.get(whose, here)

    async def vote(self, request):
        whose = self.door.whose(request)
        if not self.pace.take(whose):
            raise Refused(429, "slowly, please")
        return await self.desk.inbox.ask("vote", whose, *request.fields(**VOTE))

    # ---- the rounds, in the loop's thread

    def ask(self, session, state):
        """Show and read until the presenter has closed the round."""
        self.session, self.state, self.ballot, self.closing = session, state, None, None
        self.beside, self.drawn = side_of(state, self.told), {}
        with self.desk.inbox:
            self.go("show" if self.beside.get("learned") else "wait")
            while not session.closed:
                self.tick()
        self.told += session.events
        self.go("learn")

    def tick(self):
        """Read what has come, and look at the clock."""
        before = time.monotonic()
        found = self.desk.inbox.read(0.001 if self.waiting else TICK)
        answer_messages(found, self.votes, self.presses)
        self.deal()
        now = time.monotonic()
        if self.session.closed:
            return
        if now > self.ends:
            raise KeyboardInterrupt(f"; a lecture ends itself after {HOURS} hours")
        self.let_simulated_answer(now, now - before)
        if self.closing is not None and now > self.closing + GRACE:
            all_there = not found and not self.audience.waiting
            if all_there or now > self.closing + LONGEST:
                self.close()
        if now > self.told_at + TICK:
            self.recount()

    def votes(self, answers):
        """What became of votes that came together."""
        if self.phase not in ("open", "closing"):
            when = "voting is not open yet" if self.phase == "read" else "too late"
            return [Refused(409, f"{when}: nothing was counted")] * len(answers)
        self.waiting += [answer.who for answer in answers]
        return votes_into(self.session, answers)

    def presses(self, verb, who, what=None, text="", *_):
        """What the presenter does; and who has joined."""
        now, phase, room = time.monotonic(), self.phase, self.session.room
        if verb == "joined":
            self.waiting.append(who)
        elif verb == "act":
            raise Refused(409, "nobody acts in a lecture")
        elif what == "quit":
            raise KeyboardInterrupt
        elif what == "next":
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
        elif what == "back" and phase == "closed" and self.revealed:
            self.go("closed", self.revealed - 1)
        elif what == "camps" and phase == "closed" and room:
            self.camps = not self.camps
            self.go("closed", self.revealed)
        else:
            raise Refused(409, "there is no such thing to do now")
        return None

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
        self.session.count_hands(self.ballot, raised, now)
        return as_json({"said": f"counted {len(raised)} hands"})

    def hands(self):
        """What hands are raised for, in order: left, right, then what is undecided."""
        said = [each for each in self.screen["options"] if each["say"] and not each.get("minor")]
        return [each["say"] for each in sorted(said, key=lambda each: not each.get("side"))]

    def let_simulated_answer(self, now, passed):
        """Each at any moment alike, after `THINKING` on average; seconds passed."""
        if self.phase != "open":
            return
        ready = np.flatnonzero(self.rng.random(self.simulate) < passed / THINKING)
        asked = []
        for who in (f"simulated-{number}" for number in ready):
            ballot = self.ballot if self.session.room else self.session.deal(who, now)
            if ballot is not None and self.session.said(who, ballot) is None:
                asked.append((who, ballot))
        if asked:
            self.session.simulate(self.crowd, asked, self.rng, now)

    # ---- what is seen

    def go(self, phase, revealed=0):
        """Show everybody the next phase."""
        self.phase, self.revealed, self.own = phase, revealed, {}
        if self.ballot is not None:
            self.screen = screen_of(self.session, self.ballot, self.drawn)
        self.shown = self.result() if phase == "closed" else []
        self.tell_audience()
        if phase == "open":
            self.waiting = list(self.audience.streams.values())
            if self.session.turnout(self.ballot):  # a second vote
                self.desk.server.do(self.audience.tell, self.mine)
        self.tell_presenter()

    def tell_audience(self):
        """To all phones the same message."""
        self.base = text = packed(self.audience_view())
        self.desk.server.do(self.audience.tell, lambda whose: text)

    def audience_view(self):
        """What all phones show."""
        title, lead = TO_ALL[self.phase]
        view = {"phase": self.phase, "footer": STORED, "question": None, "title": title,
                "world": self.desk.world}
        if self.phase in ("read", "open", "closed") and self.session.room:
            view.update(for_phones(self.screen))
            if self.phase == "closed":
                view.update(options=[], result=self.shown)
        return {**view, "lead": lead}

    def deal(self):
        """To some of those who wait the next pair of their own, if that is how this room votes."""
        some, self.waiting = set(self.waiting[:AT_ONCE]), self.waiting[AT_ONCE:]
        if self.phase != "open" or self.session.room:
            return
        texts = {}
        for who in some:
            ballot = self.session.deal(who, time.monotonic())
            view = {"title": "You have judged them all: thank you", "question": None, "options": []}
            if ballot is not None:
                view = for_phones(screen_of(self.session, ballot, self.drawn))
                view["lead"] = f"{len(self.session.order[who])} answered"
            texts[who] = packed({**view, "turn": self.session.turns.get(who, 0)})
        if texts:
            self.own.update(texts)
            self.desk.server.do(self.audience.tell, texts.get)

    def counts(self):
        """What often changes on the presenter's screen."""
        here = str(len(set(self.audience.streams.values())))
        if self.simulate:
            here += f" + {self.simulate} simulated"
        return {"lead": ON_THE_SCREEN[self.phase][1].format(self.session.turnout(self.ballot)),
                "progress": f"{round_of(self.session, self.state)} · phones here: {here}"}

    def recount(self):
        """Tell the presenter, if it has changed."""
        counts, self.told_at = self.counts(), time.monotonic()
        if counts != self.counted:
            self.counted = counts
            self.desk.add(**counts)

    def tell_presenter(self):
        """The console: what all see, the turnout, and the keys."""
        phase, room, enter = self.phase, self.session.room, ON_THE_SCREEN[self.phase][2]
        self.told_at, self.counted = time.monotonic(), self.counts()
        view = {"phase": phase, "title": ON_THE_SCREEN[phase][0], "question": None,
                "hands": phase in ("read", "open") and room, "footer": f"join: {self.link}",
                "result": self.shown, **self.beside, **self.counted}
        if phase == "wait":
            view["result"] = [{"big": self.link}, {"saying": STORED}]
        elif phase == "show":
            view["question"] = before_and_now(self.beside["learned"])
        keys = [option("Enter", enter, do="next")] if enter else []
        if room and phase in ("read", "open", "closing", "closed"):
            view.update(title=self.screen["title"], question=self.screen["question"])
            if phase == "closed":
                keys = [option("Enter", REVEALS[self.revealed], do="next"),
                        option("2", "vote again, after discussion", do="again", minor=True),
                        option("t", "two camps", do="camps", minor=True),
                        option("PageUp", "back", do="back", minor=True)]
            if phase in ("open", "closed"):
                keys.append(option("r", "reset this vote", do="reset", minor=True))
        if phase != "learn":
            keys.append(option("q", "stop here", do="quit", minor=True))
        self.desk.show({**view, "options": keys, "help": MORE_KEYS})

    def result(self):
        """What is revealed of a closed vote: the guess, then the votes, then the disagreement."""
        if not self.session.room:
            return [{"big": f"answers: {self.session.turnout()}"},
                    *({"saying": line} for line in in_words(self.session.events))]
        p = guess(self.session, self.ballot, self.state)
        parts = [{"saying": "The reward model makes no guess here."} if p is None else
                 {"title": "What the reward model had guessed",
                  "rows": [bar("left", p, side="left"), bar("right", 1 - p, side="right")]}]
        tally = self.session.tally(self.ballot)
        if self.revealed >= 1:
            parts.append({"title": "What you said", "rows": self.rows(tally),
                          "saying": unsaid(tally, self.session.unsure(self.ballot))})
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
        return [bar(each["label"] or each["key"], firsts[number] / total, firsts[number],
                    each.get("side", "")) for each, number in named if number >= 0]

    def disagreement(self, tally):
        """How far the room is from one opinion: 4 p (1 - p) here, p the largest share.

        And how many of all pairs of voters agree here. Krippendorff's alpha is over all votes.
        """
        counts = [each["count"] for each in self.rows(tally)]
        n = sum(counts)
        p, agree = max(counts) / max(n, 1), sum(k * (k - 1) for k in counts) / max(n * (n - 1), 1)
        told = report([*self.told, *self.session.events])["agreement"]
        alpha = told.get(self.session.kind(self.ballot))
        text = ("Krippendorff's alpha needs another question" if alpha is None else
                f"Krippendorff's alpha over all votes so far: {alpha:.2f} "
                "(1: all agree; 0: as if by chance)")
        return {"title": "How far you disagree", "saying": text,
                "rows": [bar("4 p (1 - p)", 4 * p * (1 - p)), bar("pairs agree", agree)]}

    def two_camps(self):
        """Voters in two groups by how they have voted, and what each says here."""
        camps = two_camps([*self.told, *self.session.events])
        if camps is None:
            return {"saying": "Two camps need %d votes of %d voters." % CAMPS}
        tallies = [self.session.tally(self.ballot, camp) for camp in camps]
        return {"camps": [{"title": f"{len(camp)} voters", "rows": self.rows(tally)}
                          for camp, tally in zip(camps, tallies)]}

    def end(self, state, lines):
        """What has come of it, until the presenter has seen it."""
        self.phase = "end"
        self.tell_audience()
        with self.desk.inbox:
            self.desk.show_end(state, lines, "What the room has taught it", self.told,
                               [option("Enter", "close", do="next")])
            while self.phase == "end" and time.monotonic() < self.ends:
                answer_messages(self.desk.inbox.read(TICK), self.votes, self.leave)

    def leave(self, verb, *_):
        """Whatever is pressed at the end."""
        if verb == "do":
            self.phase = "over"


def for_phones(screen):
    """Without what only the presenter, or somebody alone, may do."""
    return {**screen, "options": [each for each in screen["options"] if not each.get("do")]}


def unsaid(tally, n_unsure):
    """Those who said nothing, and those who were not sure: three things, never one."""
    words = {CANT_TELL: "can't tell", SKIP: "skipped"}
    told = [f"{tally[number,]} {text}" for number, text in words.items() if tally.get((number,))]
    if n_unsure:
        told.append(f"{n_unsure} of them not sure")
    return ", ".join(told)
