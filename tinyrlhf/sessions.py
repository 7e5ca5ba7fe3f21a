"""The books of real people: what is open, shown, taken, undone and counted, and who said it.

No input or output of its own, and no clock: a face (terminal, browser, lecture room) shows and
reads, and tells a `Session` what happened at which second. Whatever happens is an event; `write`
puts events on the disk before they count, so that what is acknowledged is never lost, and the same
events, read back after a crash, give the same books.

    session = Session(questions, game, rng=rng, write=log.append_group)
    while (ballot := session.deal("ann", now())) is not None:      # everybody has their own ...
        rows, options = session.screens(ballot)                    # from left to right
        session.say("ann", ballot.id, [options[0]], now())         # the left one
    session.close(now())
    answers = session.answers()

    session = Session(questions, game, rng=rng, write=log.append_group, room=True)
    while (ballot := session.open(now())) is not None:             # ... or all have the same one
        session.say("phone 7", ballot.id, [1], now(), turn=1)      # and so on, from whoever
        session.close(now(), ballot)
        session.tally(ballot)                                      # refused before it is closed
    session.close(now())

Events (all with `round`):

    show    ballot, q, kind, who (null: everybody), place, why, of; shows, where that is new
    label   ballot, q, kind, who, said, place, ms, and confidence, turn, shows where there are any
    check   the same for a repeated or golden question: kept, but nothing is learned from it
    undo    ballot, who (null: everybody's)
    close   ballot (null: the round), counts
"""
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from tinyrlhf.checks import check_range, check_whole
from tinyrlhf.diagnostics import krippendorff_alpha
from tinyrlhf.episodes import collect, cut_at, rollout, splice, steps, steps_left
from tinyrlhf.feedback.answers import KINDS, SKIP, Questions, join_answers
from tinyrlhf.feedback.forms import TEXT, Steps
from tinyrlhf.feedback.labels import counted, from_labels, said_in_words, said_of, votes_in
from tinyrlhf.humans.simulated import Absent

REPEATED, GOLDEN, GOLDEN_AT = 8, 12, 5  # every 8th ballot repeats one, the 5th of 12 is golden
FLAGGED, OF_GOLDEN = 16, 20             # fewer right ones of so many: does not look
MOST_SAID = 16                          # numbers in an answer
NOBODY = "nobody"                       # who skipped what nobody has answered
CONFIDENT = 2.576                       # standard errors: 99 %
CAMPS = 3, 6                            # ballots and voters, at least, to look for two camps


@dataclass
class Ballot:
    """One question as it is put to somebody, or to a whole room.

    id: what an answer refers to, unique in a run; number: within the round.
    row: of the session's `questions`; place: where each episode is seen, 0 on the left.
    why: "asked"; "repeat", of the ballot number `of`, with sides swapped; "golden", where the first
    is better for certain.
    who: whose it is; None: everybody's. shown: when, in seconds; None: not in this process.
    """
    id: str
    number: int
    row: int
    place: list
    why: str
    of: int | None
    who: str | None
    shown: float | None = None
    closed: bool = False


class Said(NamedTuple):
    """An answer as a face hands it on.

    said: numbers as in `feedback/answers.py`, of episodes, never of sides.
    turn: a number that grows with everything one person sends; what is not newer is a replay.
    ms: how long it was visible, by the face's own clock; None: since it was shown.
    confidence: 0 to 1, 1 quite sure; None: nothing was said of it. It is kept and counted, and
    nothing is learned from it: how reliable people are, the reward model infers (`Habits`).
    done: Episodes of one, what they played themselves in a demonstration or a correction.
    """
    who: str
    ballot: str
    said: list
    turn: int | None = None
    ms: int | None = None
    confidence: float | None = None
    done: object = None


def check_said(answer):
    """Refuse an answer that nobody can have given, whatever was asked."""
    if not 0 < len(answer.said) <= MOST_SAID:
        raise ValueError(f"said: expected 1 to {MOST_SAID} numbers, got {len(answer.said)}")
    for number in answer.said:
        check_whole("said", number, SKIP, MOST_SAID)
    for name in ("ms", "turn"):
        check_whole(name, getattr(answer, name) or 0, 0, 2 ** 53)
    check_range("confidence", answer.confidence or 0, 0, 1)


class Session:
    """The books of one round of questions.

    Args:
        questions: the N `Questions` of the round, to be answered by whoever comes.
        game, form, remarks: how episodes and remarks are written (`feedback/forms.py`).
        number: of the round.
        rng: decides which question is repeated, and the sides for whoever is second to see one.
        room: True: everybody answers the same ballot, opened and closed one after the other. False:
            each person is dealt ballots of their own, first what fewest have been asked.
        golden: Questions (`golden_pairs`) whose first episode is better for certain, or None.
        checks: are ballots repeated, or golden?
        write: function [(kind, fields)] -> None: on the disk when it returns. What it raises leaves
            the books as they were.
        told: events so far: of this round, which goes on after a crash, and of those before.
    """

    def __init__(self, questions, game, form=None, remarks=(), number=1, rng=None, room=False,
                 golden=None, checks=True, write=None, told=()):
        self.questions = questions if golden is None else join_answers([questions, golden])
        self.game, self.form, self.remarks = game, form or Steps(), list(remarks)
        self.n, self.number = len(questions), number
        self.rng = rng or np.random.default_rng(0)
        self.room, self.checks, self.write = room, checks, write
        self.ballots, self.by_id = [], {}
        self.dealt = defaultdict(list)  # who -> their ballots
        self.taken = Counter()          # row -> how many ballots ask it
        self.seen = set()               # rows that were shown
        self.closed = False
        self.events = []                # of this round, as dicts
        self.votes = {}                 # (ballot number, who) -> Said; faces ask `tally`
        self.words = {}                 # (ballot number, said) -> as it is written in the log
        self.order = defaultdict(list)  # who -> ballot numbers in the order they were answered
        self.turns = {}                 # who -> the newest turn
        self.n_shown = Counter()        # who -> ballots, also of earlier rounds
        earlier = set()
        for event in told:
            if event["round"] == number:
                self.note(event["k"], event, None)
            elif event["k"] == "show":
                earlier.add((event["who"], event["round"], event["ballot"]))
            self._note_turn(event)
        self.n_shown.update(who for who, _, _ in earlier)

    # ---- what is asked

    def deal(self, who, now):
        """The Ballot that `who` is to answer now: one they have not answered, or a new one.

        None: there is nothing (left) for them.
        """
        waiting = self._open_for(who)
        if waiting is None and not (self.room or self.closed):
            waiting = self._next(who)
        return self._put(waiting, now)

    def open(self, now):
        """The Ballot that a room is to answer now: the open one, or the next; None: no more."""
        waiting = self._open_for(None)
        return self._put(self._next(None) if waiting is None else waiting, now)

    def _open_for(self, who):
        """The first open ballot that they have not answered, or None."""
        for ballot in self.dealt[None if self.room else who]:
            if not (ballot.closed or self.closed or (ballot.number, who) in self.votes):
                return ballot
        return None

    def open_again(self, ballot, now):
        """A second vote, after discussion: what was said stays until it is changed."""
        self._commit([("show", self._show(ballot))], now)

    def ask_instead(self, ballot, prompt, policy, now):
        """The user's turn: the policy answers this prompt (a text) in the place of the ballot's."""
        shown = self.questions.shows[ballot.row]
        rows, columns = np.unique(shown[shown >= 0], return_inverse=True)
        starts = self.game.ask([prompt.strip().lower()] * len(rows))
        plays = rollout(self.game, policy, starts, self.rng)
        place = np.arange(len(columns))
        asked = Questions(plays, np.array([self.kind(ballot)]), columns[None], place[None])
        self.show(ballot, asked, now)

    def show(self, ballot, question, now):
        """Put another question (Questions of one) in the place of a ballot's."""
        shown = self._show(ballot) | {"shows": self._written(question, 0), "typed": True}
        self._commit([("show", shown)], now)

    def _next(self, who):
        """What a ballot for `who` (None: everybody) is about; None: nothing is left."""
        dealt = self.dealt[who]
        had = {ballot.row for ballot in dealt if ballot.why == "asked"}
        free = [row for row in range(self.n) if row not in had]
        if self.closed or not free:
            return None
        turn = self.n_shown[who] + 1
        if self.checks and turn % REPEATED == 0:
            repeated = {ballot.of for ballot in dealt}
            possible = [ballot for ballot in dealt if is_pair(self.kind(ballot))
                        and ballot.why == "asked" and ballot.number not in repeated]
            if possible:
                first = possible[self.rng.integers(len(possible))]
                return self._ballot(who, first.row, first.place[::-1], "repeat", first.number)
        if self.checks and turn % GOLDEN == GOLDEN_AT and self.n < len(self.questions):
            row = int(self.rng.integers(self.n, len(self.questions)))
            return self._ballot(who, row, self._place(row), "golden", None)
        row = min(free, key=lambda row: self.taken[row])
        place = self._place(row)
        if self.taken[row] and is_pair(str(self.questions.kind[row])) and self.rng.random() < 0.5:
            place = place[::-1]
        return self._ballot(who, row, place, "asked", None)

    def _place(self, row):
        return self.questions.place[row, self.questions.shows[row] >= 0].tolist()

    def _ballot(self, who, row, place, why, of):
        number = len(self.ballots)
        return Ballot(f"{self.number}.{number}", number, row, place, why, of, who)

    def _put(self, ballot, now):
        """Show a ballot, if that is new in this process."""
        if ballot is None or ballot.shown is not None:
            return ballot
        shown = self._show(ballot)
        if ballot.row not in self.seen:
            shown["shows"] = self._written(self.questions, ballot.row)
        self._commit([("show", shown)], now)
        return self.ballots[ballot.number]

    def _show(self, ballot):
        return {"round": self.number, "ballot": ballot.number, "q": ballot.row,
                "kind": self.kind(ballot), "who": ballot.who, "place": ballot.place,
                "why": ballot.why, "of": ballot.of}

    def _written(self, questions, row):
        rows = questions.shows[row][questions.shows[row] >= 0]
        return [self.form.write(self.game, questions.episodes, each) for each in rows]

    def kind(self, ballot):
        """The kind of feedback that a ballot asks for."""
        return str(self.questions.kind[ballot.row])

    def screens(self, ballot):
        """What is to be seen, from left to right: whole plays of the policy.

        Returns rows of `questions.episodes`, and which of the options each is: with `options[0]`
        somebody says the left one, whatever sides were swapped.
        """
        shows = self.questions.shows[ballot.row]
        shows = shows[shows >= 0]
        columns = np.arange(len(shows))[KINDS[self.kind(ballot)].own]
        order = np.argsort(np.array(ballot.place)[columns], kind="stable")
        return shows[columns][order], order.tolist()

    def first_shown(self, ballot):
        """What somebody who acts is to do otherwise, or has as an example: Episodes of one."""
        return self.questions.episodes[self.questions.shows[ballot.row, :1]]

    def with_text(self, ballot, text):
        """Episodes of one: another text where the first one was; ValueError: it cannot be one."""
        if len(text) >= self.game.horizon:
            raise ValueError(f"expected fewer than {self.game.horizon} letters")
        written = self.form.write(self.game, self.first_shown(ballot), 0)
        return self.form.read(self.game, [{**written, TEXT: text}])

    # ---- what is said

    def say(self, who, ballot, said, now, **more):
        """One answer to the ballot of this id; `more` as in `Said`. Returns what became of it:

        "taken"; "again": it said the same before; "late": it is closed; "replayed": its turn is not
        newer than what came before; "unknown": no such ballot is theirs; "invalid": its kind has no
        such answer. Only what is taken changes anything. What cannot be written is an OSError.
        """
        return self.say_all([Said(who, ballot, said, **more)], now)[0]

    def say_all(self, answers, now):
        """What became of several answers (`Said`), written in one wait for the disk."""
        turns, latest = {}, {}  # in these answers
        verdicts, events = [], []
        for answer in answers:
            try:
                verdict, event = self._judge(answer, turns, latest, now)
            except (ValueError, TypeError, IndexError):
                verdict, event = "invalid", None
            verdicts.append(verdict)
            events += [event] if event else []
        self._commit(events, now)
        self.turns.update(turns)
        return verdicts

    def _judge(self, answer, turns, latest, now):
        """What becomes of an answer, and the event that it is, if it is taken."""
        check_said(answer)
        who, ballot = answer.who, self.by_id.get(answer.ballot)
        if ballot is None or ballot.who not in (None, who) or who == NOBODY:
            return "unknown", None
        if answer.turn is not None and answer.turn <= turns.get(who, self.turns.get(who, -1)):
            return "replayed", None
        if ballot.closed or self.closed:
            return "late", None
        event = self._label(ballot, answer, now)
        if answer.turn is not None:
            turns[who] = answer.turn
        key = ballot.number, who
        now_said, before = (list(answer.said), answer.confidence), self.votes.get(key)
        before = before and (list(before.said), before.confidence)
        if answer.done is None and now_said == latest.get(key, before):
            return "again", None
        latest[key] = now_said
        return "taken", event

    def _label(self, ballot, answer, now):
        """The event that an answer is; what its kind does not have is a ValueError."""
        kind, key = self.kind(ballot), (ballot.number, tuple(answer.said))
        if key not in self.words:  # a whole room says the same few things
            answers = self._one(ballot).answered([answer.said], answer.who)
            self.words[key] = said_in_words(answers, 0, len(ballot.place), self.remarks)
        label = {"kind": kind, "who": answer.who, "round": self.number, "said": self.words[key],
                 "place": ballot.place, "ballot": ballot.number, "q": ballot.row}
        column = 0 if KINDS[kind].drawn else 1  # theirs, and what they say who acted
        acted = KINDS[kind].needs == "expert" and list(answer.said) == [column]
        if acted != (answer.done is not None):
            raise ValueError("done: expected an episode of whoever acted, and of nobody else")
        if acted:
            label["shows"] = self._written(self._one(ballot), 0)
            label["shows"][column] = self.form.write(self.game, answer.done, 0)
        since = 0.0 if ballot.shown is None else now - ballot.shown
        label["ms"] = round(1000 * since) if answer.ms is None else answer.ms
        extra = {"confidence": answer.confidence, "turn": answer.turn}
        label |= {name: value for name, value in extra.items() if value is not None}
        if ballot.why == "asked":
            return "label", label
        return "check", label | {"why": ballot.why, "of": ballot.of}

    def _one(self, ballot):
        """What a ballot asks, as Questions of one, where it is seen there."""
        one = self.questions[[ballot.row]]
        return replace(one, shows=one.shows[:, :len(ballot.place)], place=np.array([ballot.place]))

    def undo(self, who, now, turn=None):
        """Take back the latest answer of `who` that is not closed; its Ballot, or None."""
        if turn is not None and turn <= self.turns.get(who, -1):
            return None  # a replay
        for number in reversed(self.order[who]):
            ballot = self.ballots[number]
            if not (ballot.closed or self.closed):
                event = {"round": self.number, "ballot": number, "who": who}
                event |= {} if turn is None else {"turn": turn}
                self._commit([("undo", event)], now)
                return ballot
        return None

    def count_hands(self, ballot, raised, now):
        """Votes of hands that somebody has counted, [said]; they replace those counted before."""
        number = len(raised)
        while self.said(f"hand-{number}", ballot) is not None:
            self.undo(f"hand-{number}", now)
            number += 1
        self.say_all([Said(f"hand-{number}", ballot.id, said)
                      for number, said in enumerate(raised)], now)

    def simulate(self, person, asked, rng, now):
        """Let a simulated person answer for each of [(who, Ballot)]."""
        rows = np.array([ballot.row for _, ballot in asked])
        said = person.answer(self.game, self.questions[rows], rng).said.tolist()
        said = [[number for number in each if number >= 0] or each[:1] for each in said]
        self.say_all([Said(who, ballot.id, each)
                      for (who, ballot), each in zip(asked, said)], now)

    def reset(self, ballot, now):
        """Forget what everybody said to this ballot of a room, and open it again."""
        forget = {"round": self.number, "ballot": ballot.number, "who": None}
        self._commit([("undo", forget), ("show", self._show(ballot))], now)

    def said(self, who, ballot):
        """What `who` has said to a ballot, as a list of numbers; None: nothing yet."""
        vote = self.votes.get((ballot.number, who))
        return None if vote is None else list(vote.said)

    def unsure(self, ballot):
        """How many of its answers came with a confidence below 1."""
        return sum(number == ballot.number and is_unsure(vote.confidence)
                   for (number, _), vote in self.votes.items())

    def turnout(self, ballot=None):
        """How many have answered it, or (None) how often all; this may be known at any time."""
        return sum(ballot is None or number == ballot.number for number, _ in self.votes)

    # ---- what is counted

    def close(self, now, ballot=None):
        """Close one ballot, or (None) the round: what nobody has answered is skipped by nobody."""
        event = {"round": self.number, "ballot": None if ballot is None else ballot.number}
        if ballot is not None:
            event["counts"] = [[list(said), n] for said, n in self._counts(ballot).items()]
            self._commit([("close", event)], now)
        elif not self.closed:
            answered = {self.ballots[number].row for number, _ in self.votes
                        if self.ballots[number].why == "asked"}
            events = []
            for row in range(self.n):
                if row not in answered:
                    skipped = self._ballot(NOBODY, row, self._place(row), "asked", None)
                    skipped.number += len(events)
                    _, label = self._label(skipped, Said(NOBODY, "", [SKIP], ms=0), now)
                    events.append(("label", label | {"shows": self._written(self.questions, row)}))
            self._commit([*events, ("close", event)], now)

    def tally(self, ballot, among=None):
        """How often each was said, {said: count}, said a tuple of numbers; refused before close.

        among: whose votes; None: everybody's.
        """
        if not (ballot.closed or self.closed):
            raise ValueError(f"tally: expected a closed ballot, {ballot.id} is open: "
                             "nobody sees counts before they have voted")
        return self._counts(ballot, among)

    def _counts(self, ballot, among=None):
        return Counter(tuple(vote.said) for (number, who), vote in self.votes.items()
                       if number == ballot.number and (among is None or who in among))

    def answers(self):
        """All that counts as `Answers`, in the order of the questions; refused before close."""
        if not self.closed:
            raise ValueError("answers: expected a closed round, it is still open")
        return from_labels(counted(self.events), self.game, self.form, self.remarks)

    # ---- events

    def _commit(self, events, now):
        """On the disk first, then in the books."""
        if events and self.write is not None:
            self.write(events)
        for kind, fields in events:
            self.note(kind, fields, now)

    def note(self, kind, fields, now):
        """Take note of an event that is on the disk."""
        self.events.append({**fields, "k": kind})
        who, number = fields.get("who"), fields.get("ballot")
        self._note_turn(fields)
        if kind == "show":
            self._note_show(fields, now)
        elif kind in ("label", "check") and number is not None and who != NOBODY:
            said = said_of(fields, self.remarks)
            self.votes[number, who] = Said(who, self.ballots[number].id, said, fields.get("turn"),
                                           fields["ms"], fields.get("confidence"))
            if number in self.order[who]:
                self.order[who].remove(number)
            self.order[who].append(number)
        elif kind == "undo":
            for key in [key for key in self.votes if key[0] == number and who in (None, key[1])]:
                del self.votes[key]
                self.order[key[1]].remove(number)
        elif kind == "close" and number is not None:
            self.ballots[number].closed = True
        elif kind == "close":
            self.closed = True

    def _note_turn(self, event):
        who = event.get("who")
        self.turns[who] = max(self.turns.get(who, -1), event.get("turn", -1))

    def _note_show(self, fields, now):
        row = fields["q"]
        if fields["ballot"] == len(self.ballots):
            ballot = self._ballot(*(fields[name] for name in ("who", "q", "place", "why", "of")))
            self.ballots.append(ballot)
            self.by_id[ballot.id] = ballot
            self.dealt[ballot.who].append(ballot)
            self.n_shown[ballot.who] += 1
            self.taken[row] += ballot.why == "asked"
            self.seen.add(row)
        ballot = self.ballots[fields["ballot"]]
        ballot.shown, ballot.closed = now, False
        if "shows" in fields and fields["shows"] != self._written(self.questions, row):
            told = from_labels([{**fields, "said": "skip"}], self.game, self.form, self.remarks)
            told = Questions(told.episodes, told.kind, told.shows, told.place)
            rows = np.arange(len(self.questions))
            rows[row] = len(rows)
            self.questions = join_answers([self.questions, told])[rows]


class Driven:
    """An episode that somebody steers, from column `at` of one that was played: (1, T) Episodes."""

    def __init__(self, game, played, at, rng):
        self.game, self.played, self.history = game, played, []
        left = int(steps_left(game, played)[0])
        self.at = int(np.clip(at, 0, min(left, int(played.lengths[0])) - 1))
        self.left = left - self.at
        self.states = played.states[:, self.at]
        self.first_step = played.first_step + self.at
        self.playing = steps(game, self._choose, self.states, rng, self.first_step)
        self.state, self.over = self.states[0], False

    def _choose(self, observations, rng):
        return np.array([self.action]), np.full(1, np.nan)  # nobody says how likely

    def step(self, action):
        """One step, unless it is over; then `state` and `over` are new."""
        if not self.over:
            self.action = action
            self.history.append(next(self.playing))
            self.state = self.history[-1].next_states[0]
            self.over = bool(self.history[-1].over[0]) or len(self.history) >= self.left

    def done(self):
        """The whole episode, as it should have been."""
        tail = collect(self.game, self.history, self.states, self.first_step)
        whole = splice(self.played, np.array([self.at]), tail)
        return cut_at(whole, steps_left(self.game, self.played))


class Voters:
    """Real people at a face, as one Person: a `Session` for each round of the loop.

    Args:
        ask: function (session, state) -> None, the face: shows and reads until it has closed the
            session. What it raises ends the run; all that was answered is on the disk.
        state: of the run.
        others: who answers the first questions of a round instead, and how many of the last ones
            are left to people: None, all of them.
        how: `room`, `checks` as in `Session`.
    """

    def __init__(self, ask, state, others=None, most=None, **how):
        self.ask, self.of_run, self.how = ask, state, how
        self.others, self.most = others or Absent(), most
        self.book = None  # of the run's log; `humans.recorded.Recorded` sets it
        self.told = []    # events, where there is none

    def answer(self, game, questions, rng):
        """Questions -> Answers: first those of others, then those of real people."""
        n_others = 0 if self.most is None else max(len(questions) - self.most, 0)
        theirs = questions[np.arange(n_others, len(questions))].only_shown()
        elsewhere = []
        if n_others:
            asked = questions[np.arange(n_others)].only_shown()
            elsewhere = [self.others.answer(game, asked, rng)]
        session = self.session(game, theirs, rng)
        if not session.closed:
            self.ask(session, self.of_run)
        return join_answers([*elsewhere, session.answers()])

    def session(self, game, questions, rng):
        """The books of this round, with what the log holds of it already."""
        book, view, golden = self.book, self.of_run.view, None
        pairs = [kind for kind in np.unique(questions.kind).tolist() if is_pair(kind)]
        if pairs and view.certain is not None:
            golden = golden_pairs(view.certain, questions.episodes, pairs[0], 2, rng)
        return Session(questions, game, Steps() if book is None else book.form, view.remarks,
                       len(self.of_run.history) + 1, rng, golden=golden,
                       write=self.keep if book is None else book.note,
                       told=self.told if book is None else book.at_faces, **self.how)

    def keep(self, events):
        self.told += [{**fields, "k": kind} for kind, fields in events]

    def preference(self, first, second):
        return self.others.preference(first, second)

    def state(self):
        return self.others.state()

    def load(self, state):
        self.others.load(state)


def is_pair(kind):
    """Whether two whole episodes are compared, so that swapping sides asks the same again."""
    return KINDS[kind].n_shown == 2 and KINDS[kind].needs is None


def golden_pairs(certain, episodes, kind, n, rng):
    """At most n Questions of this kind about pairs whose first is better for certain, or None.

    certain: function episodes -> (B,): 1 good for whoever judges, -1 bad, 0 not certain.
    """
    levels = certain(episodes)
    good, bad = np.flatnonzero(levels > 0), np.flatnonzero(levels < 0)
    if not (len(good) and len(bad) and n):
        return None
    shows = np.stack([rng.choice(good, n), rng.choice(bad, n)], axis=1)
    place = np.where(rng.random((n, 1)) < 0.5, [0, 1], [1, 0])
    return Questions(episodes, np.full(n, kind, "<U16"), shows, place)


def report(events):
    """What the books of a run (all its events) say of its people, as one short dict.

    answers, people, seconds (median an answer), unsure (answers that said so); of pairs: left
    (share), band (99 % of fair coins are nearer to 1/2 than this), side_bias (logits, NaN without
    repeats); repeats, consistency; agreement {kind: Krippendorff's alpha} where several answered
    the same; golden {who: (right, of)}, flagged [who].

    The side bias needs no model: if P(left) = sigmoid(d + b), and sigmoid(-d + b) when swapped,
    then P(left twice) / P(right twice) = exp(2 b), whatever d is.
    """
    votes = {key: vote for key, vote in votes_in(events).items() if vote["who"] != NOBODY}
    firsts = {key: vote for key, vote in votes.items() if vote["k"] == "label"}
    checks = {key: vote for key, vote in votes.items() if vote["k"] == "check"}
    pairs = [vote for vote in votes.values() if sided(vote)]
    twice = []
    golden = defaultdict(list)
    for check in checks.values():
        first = firsts.get((check["round"], check["of"], check["who"]))
        if check["why"] == "golden" and isinstance(check["said"], list):
            golden[check["who"]].append(check["said"][0] == 0)
        elif first is not None and sided(check) and sided(first):
            twice.append((first, check))
    n_left = sum(is_left(first) and is_left(second) for first, second in twice)
    n_right = sum(not (is_left(first) or is_left(second)) for first, second in twice)
    bias = 0.5 * np.log((n_left + 0.5) / (n_right + 0.5)) if twice else np.nan
    latest = {who: right[-OF_GOLDEN:] for who, right in golden.items()}
    answers = firsts.values()
    return {
        "answers": len(answers),
        "people": len({vote["who"] for vote in answers}),
        "seconds": of(np.median, [vote["ms"] / 1000 for vote in answers]),
        "unsure": sum(is_unsure(vote.get("confidence")) for vote in answers),
        "left": of(np.mean, [is_left(vote) for vote in pairs]),
        "band": CONFIDENT * 0.5 / max(len(pairs), 1) ** 0.5,
        "side_bias": float(bias),
        "repeats": len(twice),
        "consistency": of(np.mean, [first["said"] == second["said"] for first, second in twice]),
        "agreement": agreement(answers),
        "golden": {who: (sum(right), len(right)) for who, right in golden.items()},
        "flagged": sorted(who for who, right in latest.items()
                          if len(right) == OF_GOLDEN and sum(right) < FLAGGED)}


def of(statistic, values):
    """NaN of nothing."""
    return float(statistic(values)) if values else float("nan")


def is_unsure(confidence):
    return confidence is not None and confidence < 1


def sided(vote):
    """Whether a vote prefers one of two that were seen side by side."""
    return is_pair(vote["kind"]) and vote["said"] in ([0], [1])


def is_left(vote):
    """Whether it prefers the left one."""
    return vote["place"][vote["said"][0]] == 0


def agreement(votes):
    """Krippendorff's alpha of each kind in which people said one number to the same questions.

    Of a single question it would say nothing.
    """
    of_kind = defaultdict(dict)
    for vote in votes:
        if isinstance(vote["said"], list) and len(vote["said"]) == 1:
            of_kind[vote["kind"]][vote["who"], (vote["round"], vote["q"])] = vote["said"][0]
    alphas = {}
    for kind, said in of_kind.items():
        people = {who: row for row, who in enumerate({who for who, _ in said})}
        units = {unit: column for column, unit in enumerate({unit for _, unit in said})}
        values = np.full((len(people), len(units)), np.nan)
        for (who, unit), number in said.items():
            values[people[who], units[unit]] = number
        level = "ordinal" if KINDS[kind].n_shown == 1 else "nominal"
        alphas[kind] = krippendorff_alpha(values, level) if len(units) > 1 else np.nan
    return {kind: alpha for kind, alpha in alphas.items() if np.isfinite(alpha)}


def two_camps(events):
    """People in two sets by the sign of the first principal component of their votes, or None.

    Of pairs: 1 the first, -1 the second, 0 anything else. Hands that were counted are nobody's.
    """
    votes = {}
    for (number, ballot, who), vote in votes_in(events).items():
        if sided(vote) and who != NOBODY and not who.startswith("hand-"):
            votes[who, (number, ballot)] = 1 - 2 * vote["said"][0]
    people = sorted({who for who, _ in votes})
    ballots = sorted({ballot for _, ballot in votes})
    if len(ballots) < CAMPS[0] or len(people) < CAMPS[1]:
        return None
    table = np.array([[votes.get((who, ballot), 0) for ballot in ballots] for who in people], float)
    table -= table.mean(axis=0)
    first = np.linalg.svd(table, full_matrices=False)[0][:, 0]
    right = {who for who, place in zip(people, first) if place > 0}
    return [set(people) - right, right]
