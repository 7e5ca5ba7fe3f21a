"""Who answered: people whose answers are logged before anybody learns from them, and kept."""
from dataclasses import replace

import numpy as np

from tinyrlhf.feedback.answers import KINDS, join_answers
from tinyrlhf.feedback.labels import as_labels, counted, from_labels, labels_in


class Book:
    """The log of a run as the loop sees it: what was said in which round, and where to write.

    Args:
        state: the run's State; form: how its episodes are written.
        log: its open `feedback.log.Log`, or None to write nothing; events: what it holds already.
        source: events of another run's log, which is to be repeated.
    """

    def __init__(self, state, form, log=None, events=(), source=()):
        self.state, self.form = state, form
        self.log = log
        self.labels = {}       # round -> labels
        self.closed = {}       # round -> what the person remembered when it was answered
        self.trained = set()   # rounds whose training step is in the log
        self.priors = {}       # round -> prior of its answers, when it was learned from
        self.differences = []  # lines: where the log and this run differ
        self.at_faces = []     # events of people at a face (`sessions.py`)
        self.keep(source)
        self.priors.clear()  # this run weighs its answers itself
        self.trained.clear()
        self.at_faces.clear()
        repeated, self.labels = self.labels, {}
        self.keep(events)
        self.written = set(self.labels)  # rounds that are in the log
        for number, labels in repeated.items():
            if content(self.labels.setdefault(number, labels)) != content(labels):
                raise ValueError(f"recorded: expected the log that this run began with; in round "
                                 f"{number} it was told something else")

    def keep(self, events):
        for label in labels_in(events, self.state.plan):
            self.labels.setdefault(label["round"], []).append(label)
        for event in events:
            if "ballot" in event:
                self.at_faces.append(event)
            if event["k"] == "asked":
                self.closed[event["round"]] = event
            elif event["k"] == "learned":
                self.priors[event["round"]] = event["prior"]
            elif event["k"] == "train":
                self.trained.add(event["round"])

    def note(self, events):
        """As one group: (kind, fields) of what happened at a face."""
        if self.log is not None:
            self.log.append_group(events)
        self.at_faces += [{**fields, "k": kind} for kind, fields in events]

    def write(self, number, answers, person, rng):
        """As one group: what was said in a round, and what the person remembers after it."""
        if self.log is not None:
            remarks = self.state.view.remarks
            labels = as_labels(answers, self.state.game, self.form, number, remarks)
            asked = {"round": number, "person": person.state(), "rng": rng.bit_generator.state}
            self.log.append_group([*(("label", label) for label in labels), ("asked", asked)])

    def read(self, labels):
        """Answers from labels."""
        return from_labels(labels, self.state.game, self.form, self.state.view.remarks)

    def learned(self, rounds):
        """The answers of the rounds 1 to `rounds`, with their priors; None if nobody was asked."""
        parts = []
        for number in range(1, rounds + 1):
            if number in self.labels:
                part = self.read(self.labels[number])
                prior = np.array(self.priors.get(number, np.zeros((len(part), 0))))
                if len(prior) != len(part):
                    raise ValueError(f"feedback.jsonl: expected {len(part)} priors in round "
                                     f"{number}, got {len(prior)}")
                of_round = np.full(len(part), number)
                parts.append(replace(part.only_shown(), round=of_round, prior=prior))
        return join_answers(parts) if parts else None

    def note_learned(self, answers):
        """Write down what a round's answers weighed when they were learned from."""
        number = int(answers.round[0])
        if answers.prior.any() and number not in self.priors:
            self.log.append("learned", round=number, prior=answers.prior)
            self.priors[number] = answers.prior

    def note_trained(self, number, n_answers, policy):
        """Write down, once, that a round was learned from, all n answers so far, and to what."""
        if number not in self.trained:
            self.log.append("train", round=number, answers=n_answers, policy=policy)
            self.trained.add(number)


class Recorded:
    """A person whose answers are kept in a book; only those that it does not hold are asked for."""

    def __init__(self, person, book):
        self.person, self.book = person, book
        if hasattr(person, "book"):  # at a face: each answer is written before it counts
            person.book = book

    def answer(self, game, questions, rng):
        """Questions -> Answers, which are in the log before anybody learns from them."""
        book, number = self.book, len(self.book.state.history) + 1
        if number in book.labels:
            labels = book.labels[number]
            answers = book.read(labels)
            self.compare(labels, answers, questions)
        else:
            answers = self.person.answer(game, questions, rng)
        if number in book.closed:
            rng.bit_generator.state = book.closed[number]["rng"]
            self.load(remembered_in(book.closed[number]))
        if number not in book.written:
            at_face = [event for event in book.at_faces if event["round"] == number]
            elsewhere = len(answers) - len(counted(at_face))  # these stand above
            book.write(number, answers[:elsewhere], self, rng)
        return answers

    def compare(self, labels, told, questions):
        """Note where what was shown then is not what would be shown now."""
        elsewhere = sum("ballot" not in label for label in labels)
        for i, label in enumerate(labels):
            asked = elsewhere + label["q"] if "ballot" in label else i
            there = asked < len(questions) and told.kind[i] == questions.kind[asked]
            typed = label.get("typed", False)
            if not there or not typed and plays(told, i) != plays(questions, asked):
                self.book.differences.append(
                    f"round {label['round']}: the log shows other episodes than this run has "
                    "played; what the log shows was learned from")
                return

    def preference(self, first, second):
        return self.person.preference(first, second)

    def state(self):
        return self.person.state()

    def load(self, state):
        self.person.load(state)


def content(labels):
    """What labels say, without what the log itself writes."""
    return [[label[name] for name in ("kind", "who", "said", "place", "shows")] for label in labels]


def remembered_in(asked):
    """What a person remembered, as this event of the log has it."""
    return {name: np.array(value) for name, value in asked["person"].items()}


def plays(questions, i):
    """What the policy itself did in one question; what people add is theirs."""
    episodes, rows = questions.episodes, questions.shows[i]
    own = rows[rows >= 0][KINDS[str(questions.kind[i])].own]
    return [episodes.actions[row, :episodes.lengths[row]].tolist() for row in own]
