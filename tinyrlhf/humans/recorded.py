"""Who answered: people whose every answer is in the log before anybody learns from it, and is never asked for twice."""
from dataclasses import replace

import numpy as np

from tinyrlhf.feedback.answers import KINDS, join_answers
from tinyrlhf.feedback.forms import as_labels, from_labels


class Book:
    """The log of a run as the loop sees it: what was said in the rounds to come, if it was said already, and where to write.

    Args:
        state: the run's State; form: how its episodes are written; log: its open `feedback.log.Log`, or None to write nothing.
        events: what this log holds already.
        source: events of another run's log, which is to be repeated.
    """

    def __init__(self, state, form, log=None, events=(), source=()):
        self.state, self.form, self.log = state, form, log
        self.labels = {}              # round -> labels; 0: of format 1, which knew no rounds
        self.closed = {}              # round -> what the person remembered when it had been answered
        self.priors = {}              # round -> prior of its answers, noted when it was learned from
        self.differences = []         # lines: where the log and this run differ
        self.keep(source)
        self.priors.clear()           # this run weighs its answers itself
        self.written = {event["round"] for event in events if event["k"] == "label"}       # rounds that need no writing
        for number in self.written:
            self.labels.pop(number, None)
        self.keep(events)

    def keep(self, events):
        for event in events:
            if event["k"] == "label":
                self.labels.setdefault(event.get("round", 0), []).append(event)
            elif event["k"] == "asked":
                self.closed[event["round"]] = event
            elif event["k"] == "learned":
                self.priors[event["round"]] = event["prior"]

    def write(self, number, answers, person, rng):
        """Write down what was said in a round, and what the person remembers after it, as one group."""
        if self.log is not None:
            labels = as_labels(answers, self.state.game, self.form, number, self.state.view.remarks)
            asked = {"round": number, "person": person.state(), "rng": rng.bit_generator.state}
            self.log.append_group([*(("label", label) for label in labels), ("asked", asked)])

    def read(self, labels):
        """Answers from labels."""
        return from_labels(labels, self.state.game, self.form, self.state.view.remarks)

    def learned(self, rounds):
        """The answers of the rounds 1, 2, ... `rounds`, with their priors; None if nobody was asked."""
        parts = []
        for number in range(1, rounds + 1):
            if number in self.labels:
                part = self.read(self.labels[number])
                prior = np.array(self.priors.get(number, np.zeros((len(part), 0))))
                if len(prior) != len(part):
                    raise ValueError(f"feedback.jsonl: expected {len(part)} priors in round {number}, got {len(prior)}")
                parts.append(with_round(part.only_shown(), number, prior))
        return join_answers(parts) if parts else None

    def note_learned(self, answers):
        """Write down what a round's answers weighed when they were learned from."""
        number = int(answers.round[0])
        if answers.prior.any() and number not in self.priors:
            self.log.append("learned", round=number, prior=answers.prior)
            self.priors[number] = answers.prior


class Recorded:
    """A person whose answers are kept in a book. What it holds already is taken from there, and only the rest is asked.

    asks: is the person asked for the rest? If not, it is an error when the book ends.
    """

    def __init__(self, person, book, asks=True):
        self.person, self.book, self.asks = person, book, asks

    def answer(self, game, questions, rng):
        """Questions -> Answers."""
        number = len(self.book.state.history) + 1
        labels = self.known(number, len(questions))
        if not labels:
            return self.ask(game, questions, rng, number)
        answers = self.book.read(labels)
        self.compare(answers, questions, number)
        closed = self.book.closed.get(number)
        if closed:
            rng.bit_generator.state = closed["rng"]
            self.load({name: np.array(value) for name, value in closed["person"].items()})
        if number not in self.book.written:
            self.book.write(number, answers, self, rng)
        if not closed and len(labels) < len(questions):
            return join_answers([answers, self.ask(game, questions[len(labels):], rng, number)])
        return answers

    def known(self, number, n):
        """The labels that the book holds for the n questions of a round."""
        if 0 not in self.book.labels:
            return self.book.labels.get(number, [])
        labels, self.book.labels[0] = self.book.labels[0][:n], self.book.labels[0][n:]     # format 1: one after the other
        return labels

    def ask(self, game, questions, rng, number):
        """Ask, and write down what was said, before anybody learns from it."""
        if not self.asks:
            raise ValueError(f"recorded: expected answers of round {number}, but the log has no more; try fewer --rounds")
        answers = self.person.answer(game, questions, rng)
        self.book.write(number, answers, self, rng)
        return answers

    def compare(self, told, questions, number):
        """Note where what was shown then is not what would be shown now."""
        n = min(len(told), len(questions))
        same_kinds = np.array_equal(told.kind[:n], questions.kind[:n])
        if not same_kinds or any(plays_shown(told, i) != plays_shown(questions, i) for i in range(n)):
            self.book.differences.append(f"round {number}: the log shows other episodes than this run has played; "
                                         "what the log shows was learned from")

    @property
    def expert(self):
        return getattr(self.person, "expert", None)

    def preference(self, first, second):
        return self.person.preference(first, second)

    def state(self):
        return self.person.state()

    def load(self, state):
        self.person.load(state)


def plays_shown(questions, number):
    """What the policy itself did in one question, as bytes: what people add is theirs."""
    rows = questions.shows[number][questions.shows[number] >= 0][KINDS[str(questions.kind[number])].own]
    return [questions.episodes.actions[row, :questions.episodes.lengths[row]].tolist() for row in rows]


def with_round(answers, number, prior):
    """The answers as they were learned from in a round."""
    return replace(answers, round=np.full(len(answers), number), prior=prior)
