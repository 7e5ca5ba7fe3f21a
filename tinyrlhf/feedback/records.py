"""What a person said: two episodes were shown and one of five answers came back, or several were put into an order."""
from dataclasses import dataclass, fields

import numpy as np

from tinyrlhf.checks import check_shapes
from tinyrlhf.episodes import Episodes, join

FIRST, SECOND, SAME, CANT_TELL, SKIP = "first", "second", "same", "cant tell", "skip"
ANSWERS = (FIRST, SECOND, SAME, CANT_TELL, SKIP)


@dataclass(frozen=True)
class Questions:
    """N pairs of episodes or clips, waiting for an answer. Which one a person sees on the left is drawn, and kept."""
    first: Episodes
    second: Episodes
    first_is_left: np.ndarray     # (N,) bool

    def __post_init__(self):
        sizes = {name: len(getattr(self, name)) for name in vars(self)}
        if len(set(sizes.values())) > 1:
            raise ValueError(f"questions: expected as many of each, got {', '.join(f'{n} {name}' for name, n in sizes.items())}")

    def __len__(self):
        return len(self.first)

    def __getitem__(self, rows):
        return Questions(self.first[rows], self.second[rows], self.first_is_left[rows])

    def answered(self, answers, person="simulated"):
        """The same pairs with their answers (N,), ready to learn from."""
        answers = np.asarray(answers)
        if answers.shape != (len(self),):
            raise ValueError(f"answers: expected one for each of {len(self)} questions, got shape {answers.shape}")
        unknown = [answer for answer in answers.tolist() if answer not in ANSWERS]
        if unknown:
            raise ValueError(f"answers: expected {', '.join(ANSWERS)}; got {unknown[0]!r}")
        return Comparisons(self.first, self.second, self.first_is_left, answers.astype("<U9"), np.full(len(self), person))


@dataclass(frozen=True)
class Comparisons(Questions):
    """N answered pairs. Answers name first or second, never a side; "can't tell" and "skip" are kept, not trained on."""
    answers: np.ndarray           # (N,) of ANSWERS
    person: np.ndarray            # (N,) who answered

    def __getitem__(self, rows):
        return Comparisons(*(getattr(self, field.name)[rows] for field in fields(self)))

    @property
    def judged(self):
        """Only the pairs that say something: first, second or same."""
        return self[np.isin(self.answers, (FIRST, SECOND, SAME))]

    @property
    def labels(self):
        """Share of the first, (N,): 1 first, 0 second, 1/2 same; NaN for "can't tell" and "skip"."""
        share = {FIRST: 1.0, SECOND: 0.0, SAME: 0.5}
        return np.array([share.get(answer, np.nan) for answer in self.answers.tolist()])

    def both(self):
        """All episodes in one, the N first ones above the N second ones."""
        return join([self.first, self.second])

    def pairs_of(self, chosen):
        """What some answers (n,) say: rows of `both()` to score, places among them of first and second in each pair, whose it is."""
        numbers = np.arange(len(chosen))
        return np.concatenate([chosen, len(self) + chosen]), numbers, len(chosen) + numbers, chosen


@dataclass(frozen=True)
class Rankings:
    """N orders of K episodes each, that began in the same state and stand next to each other."""
    episodes: Episodes            # (N * K rows)
    order: np.ndarray             # (N, K) of 0..K-1: which of the K is best, second best, ...
    person: np.ndarray            # (N,) who answered

    def __post_init__(self):
        n, k = check_shapes(order=(self.order, "N K"), person=(self.person, "N")).values()
        if len(self.episodes) != n * k or not np.array_equal(np.sort(self.order), np.broadcast_to(np.arange(k), (n, k))):
            raise ValueError(f"order: expected each of {len(self.episodes)} episodes once in its ranking, got shape {(n, k)}")

    def __len__(self):
        return len(self.order)

    def __getitem__(self, chosen):
        """Some of the rankings (n,)."""
        numbers, k = np.arange(len(self))[chosen], self.order.shape[1]
        return Rankings(self.episodes[(numbers[:, None] * k + np.arange(k)).ravel()], self.order[numbers], self.person[numbers])

    @property
    def labels(self):
        """A ranking always says something: ones (N,)."""
        return np.ones(len(self))

    def both(self):
        """All episodes, each once."""
        return self.episodes

    def pairs_of(self, chosen):
        """What some rankings (n,) say, as `Comparisons.pairs_of`: each answer is scored once, and wins against all below it."""
        n, k = len(chosen), self.order.shape[1]
        better, worse = np.triu_indices(k, 1)
        starts = k * np.arange(n)[:, None]
        return (k * chosen[:, None] + self.order[chosen]).ravel(), (starts + better).ravel(), (starts + worse).ravel(), \
            np.repeat(chosen, len(better))

    def comparisons(self):
        """The same as N K (K-1) / 2 answered pairs, the better one first."""
        rows, first, second, whose = self.pairs_of(np.arange(len(self)))
        return Comparisons(self.episodes[rows[first]], self.episodes[rows[second]], np.ones(len(first), bool),
                           np.full(len(first), FIRST, "<U9"), self.person[whose])


def join_rankings(parts):
    """Several Rankings of as many episodes each below each other."""
    return Rankings(join([part.episodes for part in parts]), *(np.concatenate([getattr(part, name) for part in parts])
                                                               for name in ("order", "person")))


def join_comparisons(parts):
    """Several Comparisons below each other."""
    return Comparisons(join([part.first for part in parts]), join([part.second for part in parts]),
                       *(np.concatenate([getattr(part, name) for part in parts]) for name in ("first_is_left", "answers", "person")))
