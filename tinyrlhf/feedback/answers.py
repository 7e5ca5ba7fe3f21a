"""What people say, of whatever kind, is a choice: episodes are shown, what can be said are options.

    kind           what is shown                               options, and what each is worth
    preference     two episodes                                s0 | s1 (and "same")
    ranking        K of them                                   the best, then the best of the rest
    rating, thumb  one                                         g s + offset_g, g = 0, 1, ...
    demonstration  what a person did, M tries of a policy      s0 | s1 | ... | sM, with priors
    correction     as it was, as it should have been           s0 | s1
    stop           one until the end of part 1, of part 2 ...  s of what was played until then
    comment        as it was, as each remark would have it     s0 | s1 | ...
    credit         two episodes, in parts                      s0 | s1, then: which part decided it

s is the score of an episode: its true return in a person, its learned one in a reward model. An
option is picked with probability softmax(rationality * worth), worth a weighted sum of scores plus
an offset. `KINDS` is the only place that knows kinds: `choose` reads one forwards, from scores to
what a person says, `read` backwards, from what was said to `Choices` for the likelihood.
Source: Jeon, Milli, Dragan 2020, "Reward-rational (implicit) choice"; choice by softmax: Luce 1959.
"""
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import NamedTuple

import numpy as np

from tinyrlhf.checks import check_choice, check_shapes
from tinyrlhf.episodes import Episodes, join, trimmed
from tinyrlhf.numerics import softmax

FIRST = 0  # what is said of a pair
SECOND = 1
SAME = 2
CANT_TELL = -1  # kept, and nothing is learned from them
SKIP = -2
GRADES = 5  # of a rating
PARTS = 4  # of an episode that is stopped, or in which a part is marked


class Choices(NamedTuple):
    """c choices among K options, each option worth a weighted sum of G scores."""
    kind: str                         # whose offsets, rationality and lapse rate these are
    rows: np.ndarray                  # (c, G) of the episodes, among those that are scored
    weights: np.ndarray               # (K, G)
    prior: np.ndarray                 # (c, K) known log-weights of the options, or 0.0
    shares: np.ndarray                # (c, K) 1 for what was chosen, halves for two "same" ones
    answer: np.ndarray                # (c,) number of the answer that each choice belongs to


class Kind(NamedTuple):
    """The meaning of a kind of feedback.

    options: G -> weights (K, G): with G episodes shown, option k is worth weights[k] @ scores.
    choose: forwards, (options, scores (m, G), offsets, lapse, rng) -> said (m, S).
    read: backwards, (kind, seen (m, G), said (m, S)) -> rows of what `Choices` has, without prior.
    n_shown: G, or None: 2 or more.
    valid: which answers exist, (said (m, S), G) -> (m,) bool; `words` says so to people.
    own: which of the G are whole plays of the policy: on these rewards are normalised.
    offsets: options with an offset that is learned: people are generous or stern.
    lapse: how often an answer is expected to be given without looking; above 0 it is learned.
    drawn: are the other options a policy's samples of all there are? Then they have log-weights.
    needs: what a world must have: "expert", "remarks", "stops", "parts" (`questions.kinds_for`).
    """
    options: Callable
    choose: Callable
    read: Callable
    n_shown: int | None
    valid: Callable
    words: str
    own: slice = slice(None)
    offsets: tuple = ()
    lapse: float = 0.0
    drawn: bool = False
    needs: str | None = None


# ---- forwards: what a person says

def draw_option(worth, rng, lapse=0.0):
    """An option of each row (m, K) by softmax(worth), with probability `lapse` any one -> (m,)."""
    chances = (1 - lapse) * softmax(worth) + lapse / worth.shape[1]
    cumulated = np.cumsum(chances, axis=1)[:, :-1]
    return (rng.random((len(worth), 1)) >= cumulated).sum(axis=1)


def choose_one(options, scores, offsets, lapse, rng):
    """One of the options."""
    return draw_option(scores @ options(scores.shape[1]).T + offsets, rng, lapse)[:, None]


def choose_order(options, scores, offsets, lapse, rng):
    """The best, then the best of the rest, ...: sorting with Gumbel noise added does the same.

    Source: Plackett 1975; Luce 1959. Any two then stand in either order as in a preference.
    """
    return np.argsort(-(scores + rng.gumbel(size=scores.shape)), axis=1, kind="stable")


def choose_with_reason(options, scores, offsets, lapse, rng):
    """One of two episodes, and then the part that decided it."""
    preferred = draw_option(scores[:, PARTS - 1::PARTS], rng)
    worth = preferred_first(scores, preferred) @ options(2 * PARTS).T
    return np.stack([preferred, draw_option(worth, rng, lapse)], axis=1)


# ---- backwards: what their answers mean

def read_option(kind, seen, said):
    """One choice: the option that was said."""
    weights = KINDS[kind].options(seen.shape[1])
    return [(kind, seen, weights, one_hot(said[:, 0], len(weights)), np.arange(len(seen)))]


def read_preference(kind, seen, said):
    """Bradley-Terry, with "same" as half a preference for each."""
    shares = one_hot(said[:, 0], 2)
    shares[said[:, 0] == SAME] = 0.5
    return [(kind, seen, np.eye(2), shares, np.arange(len(seen)))]


def read_preference_or_tie(kind, seen, said):
    """"Same" as a third option, worth the mean of both and an offset. Davidson 1970, eq. 2.1."""
    weights = np.array([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]])
    return [(kind, seen, weights, one_hot(said[:, 0], 3), np.arange(len(seen)))]


def read_ranking_as_pairs(kind, seen, said):
    """K (K-1) / 2 preferences, each episode against all below it, taken as independent.

    Source: Ouyang et al. 2022, eq. 1. `read_ranking_in_turn` is the likelihood itself.
    """
    better, worse = np.triu_indices(seen.shape[1], 1)
    order = np.take_along_axis(seen, said, axis=1)
    pairs = np.stack([order[:, better], order[:, worse]], axis=2).reshape(-1, 2)
    first = one_hot(np.zeros(len(pairs), int), 2)
    return [(kind, pairs, np.eye(2), first, np.repeat(np.arange(len(seen)), len(better)))]


def read_ranking_in_turn(kind, seen, said):
    """K - 1 choices: the best of all, then the best of the rest, ... Plackett 1975; Luce 1959."""
    order = np.take_along_axis(seen, said, axis=1)
    rows = []
    for turn in range(seen.shape[1] - 1):
        left = order[:, turn:]
        best = one_hot(np.zeros(len(left), int), left.shape[1])
        rows.append((kind, left, np.eye(left.shape[1]), best, np.arange(len(left))))
    return rows


def read_reason(kind, seen, said):
    """A preference between two wholes; and where a part was marked, a choice among the parts."""
    wholes = one_hot(said[:, 0], 2)
    marked = np.flatnonzero(said[:, 1] >= 0)
    parts = preferred_first(seen[marked], said[marked, 0])
    marks = one_hot(said[marked, 1], 2 * PARTS)
    return [("preference", seen[:, PARTS - 1::PARTS], np.eye(2), wholes, np.arange(len(seen))),
            (kind, parts, worth_of_marks(2 * PARTS), marks, marked)]


def one_hot(chosen, n_options):
    """Shares (m, K) of the options chosen (m,)."""
    return (np.asarray(chosen)[:, None] == np.arange(n_options)).astype(float)


def preferred_first(columns, preferred):
    """What belongs to two episodes, (m, 2 P), with that of the preferred one (m,) in front."""
    halves = columns.reshape(len(columns), 2, PARTS)
    order = np.stack([preferred, 1 - preferred], axis=1)
    return np.take_along_axis(halves, order[..., None], axis=1).reshape(columns.shape)


def worth_of_grades(n_grades):
    """Grade g is worth g times the score, weights (n, 1). Adjacent categories: Masters 1982."""
    return lambda shown: np.arange(n_grades, dtype=float)[:, None]


def worth_of_marks(shown):
    """Weights (2 P, 2 P) of the parts of two episodes, those of the preferred one first.

    A part decided it as far as it was good; one of the other episode as far as it was bad. Each
    episode is shown until the end of part 1, 2, ...: a part is worth what its end adds.
    """
    parts = np.eye(PARTS) - np.eye(PARTS, k=-1)
    return np.kron(np.diag([1.0, -1.0]), parts)


# ---- which answers exist

def is_one_of(n_options):
    """Whether the first number said is one of so many options; None: of as many as are shown."""
    def valid(said, shown):
        return (said[:, 0] >= 0) & (said[:, 0] < (shown if n_options is None else n_options))
    return valid


def is_order(said, shown):
    if said.shape[1] < shown:
        return np.zeros(len(said), bool)
    return (np.sort(said[:, :shown], axis=1) == np.arange(shown)).all(axis=1)


def is_reason(said, shown):
    if said.shape[1] < 2:
        return np.zeros(len(said), bool)
    return is_one_of(2)(said, shown) & (said[:, 1] >= SKIP) & (said[:, 1] < shown)


ONE_OF = np.eye, choose_one, read_option  # an episode is picked
KINDS = {
    "preference": Kind(np.eye, choose_one, read_preference, 2, is_one_of(3),
                       "0 (first), 1 (second) or 2 (same)", offsets=(SAME,)),
    "ranking": Kind(np.eye, choose_order, read_ranking_as_pairs, None, is_order,
                    "the number of each one shown, best first"),
    "rating": Kind(worth_of_grades(GRADES), choose_one, read_option, 1, is_one_of(GRADES),
                   "a grade from 0 to 4", offsets=(1, 2, 3, 4)),
    "thumb": Kind(worth_of_grades(2), choose_one, read_option, 1, is_one_of(2),
                  "0 (down) or 1 (up)", offsets=(1,)),
    "demonstration": Kind(*ONE_OF, None, is_one_of(None), "0 (what the person did)",
                          own=slice(1, None), drawn=True, needs="expert"),
    "correction": Kind(*ONE_OF, 2, is_one_of(2), "1 (as it should have been) or 0 (it may stay)",
                       own=slice(1), needs="expert"),
    "stop": Kind(*ONE_OF, PARTS, is_one_of(PARTS), "the number of the last part played",
                 own=slice(-1, None), needs="stops"),
    "comment": Kind(*ONE_OF, None, is_one_of(None), "the number of a remark, 0 for none",
                    own=slice(1), needs="remarks"),
    "credit": Kind(worth_of_marks, choose_with_reason, read_reason, 2 * PARTS, is_reason,
                   "the preferred one (0 or 1) and a part", own=slice(PARTS - 1, None, PARTS),
                   lapse=0.1, needs="parts"),
}
OTHER_READINGS = {"preference": read_preference_or_tie, "ranking": read_ranking_in_turn}


# ---- questions and answers

@dataclass(frozen=True)
class Questions:
    """N questions about E episodes, each of which is stored once."""
    episodes: Episodes            # (E)
    kind: np.ndarray              # (N,) of KINDS
    shows: np.ndarray             # (N, G) rows of `episodes`; -1: no more
    place: np.ndarray             # (N, G) where each was seen, 0 on the left

    def __post_init__(self):
        check_shapes(kind=(self.kind, "N"), shows=(self.shows, "N G"), place=(self.place, "N G"))
        for kind in set(self.kind.tolist()):
            check_choice("kind of feedback", kind, KINDS)

    def __len__(self):
        return len(self.kind)

    def __getitem__(self, rows):
        """Some of them, about the same episodes."""
        tables = {each.name: getattr(self, each.name)[rows] for each in fields(self)[1:]}
        return replace(self, **tables)

    def grouped(self, chosen=None):
        """Those of one kind that show equally many, one group after the other, among `chosen` (n,).

        Yields kind, which of the N they are (m,), and the rows they show (m, G).
        """
        chosen = np.arange(len(self)) if chosen is None else chosen
        kinds, shown = self.kind[chosen], (self.shows[chosen] >= 0).sum(axis=1)
        for kind, n in sorted(set(zip(kinds.tolist(), shown.tolist()))):
            members = chosen[(kinds == kind) & (shown == n)]
            yield kind, members, self.shows[members, :n]

    def only_shown(self):
        """The same about the episodes that are shown, in as many columns as these need."""
        there = self.shows >= 0
        used, numbers = np.unique(self.shows[there], return_inverse=True)
        shows = np.full(self.shows.shape, -1)
        shows[there] = numbers
        return replace(self, episodes=trimmed(self.episodes[used]), shows=shows)

    def own_plays(self):
        """Rows of `episodes` that are whole plays of the policy, (m, G) a group of questions."""
        return [shows[:, KINDS[kind].own] for kind, _, shows in self.grouped()]

    def answered(self, said, person="simulated"):
        """The same with what was said, (N,) or (N, S) as in the table above; person: one, or (N,).

        Raises ValueError for an answer that its kind does not have.
        """
        said = np.asarray(said)
        if said.ndim not in (1, 2) or len(said) != len(self) or said.dtype.kind not in "iu":
            raise ValueError(f"said: expected whole numbers for each of {len(self)} questions, "
                             f"got {said.dtype} {said.shape}")
        said = said.reshape(len(self), -1)
        for kind, members, shows in self.grouped():
            expected, shown = KINDS[kind].n_shown, shows.shape[1]
            fits = shown >= 2 if expected is None else shown == expected
            if not fits:
                raise ValueError(f"shows: expected {expected or '2 or more'} episodes for each "
                                 f"{kind}, got {shown}")
            unsaid = np.isin(said[members, 0], (CANT_TELL, SKIP))
            wrong = members[~unsaid & ~KINDS[kind].valid(said[members], shows.shape[1])]
            if len(wrong):
                raise ValueError(f"said: expected {KINDS[kind].words} of each {kind}, or -1 (can't "
                                 f"tell) or -2 (skip); got {said[wrong[0]].tolist()}")
        n = len(self)
        return Answers(self.episodes, self.kind, self.shows, self.place, said,
                       person=np.broadcast_to(person, n).astype(str), round=np.zeros(n, int),
                       prior=np.zeros((n, 0)))


@dataclass(frozen=True)
class Answers(Questions):
    """N things that people said."""
    said: np.ndarray              # (N, S) option, grade or order; CANT_TELL and SKIP say nothing
    person: np.ndarray            # (N,) who said it
    round: np.ndarray             # (N,) of the run, from 1 on
    prior: np.ndarray             # (N, K) known log-weights of the options; (N, 0): none

    @property
    def judged(self):
        """Which answers say something, (N,) bool."""
        return self.said[:, 0] >= 0

    @property
    def drawn(self):
        """Which answers are a choice among options that a policy has drawn, (N,) bool."""
        return self.judged & np.isin(self.kind, [kind for kind in KINDS if KINDS[kind].drawn])

    def of(self, kinds):
        """The answers of these kinds."""
        return self[np.isin(self.kind, list(kinds))]

    def acted(self):
        """What people did themselves: an episode for each demonstration and each correction."""
        kinds = [kind for kind in KINDS if KINDS[kind].needs == "expert"]
        done = np.isin(self.kind, kinds) & self.judged
        return self.episodes[self.shows[done, self.said[done, 0]]]

    def choices(self, chosen, readings=None):
        """What some answers (n,) mean.

        readings: {kind: function} to read a kind in another way (`OTHER_READINGS`).
        Returns rows (R,) of `episodes` to score, and [Choices] whose `rows` count within these.
        """
        rows = [np.zeros(0, int)]
        blocks = []
        n_rows = 0
        for kind, members, shows in self.grouped(chosen[self.said[chosen, 0] >= 0]):
            seen = n_rows + np.arange(shows.size).reshape(shows.shape[::-1]).T  # one column ...
            rows.append(shows.T.ravel())  # ... after the other
            n_rows += shows.size
            read = (readings or {}).get(kind, KINDS[kind].read)
            for name, places, weights, shares, which in read(kind, seen, self.said[members]):
                answer = members[which]
                prior = self.prior[answer][:, :len(weights)] if self.prior[answer].any() else 0.0
                blocks.append(Choices(name, places, weights, prior, shares, answer))
        return np.concatenate(rows), blocks


def join_answers(parts):
    """Several Questions, or several Answers, below each other."""
    if len(parts) == 1:
        return parts[0]
    above = np.cumsum([0, *(len(part.episodes) for part in parts)])

    def stack(name):
        tables = [getattr(part, name) for part in parts]
        if name == "shows":
            tables = [np.where(rows >= 0, rows + start, -1) for rows, start in zip(tables, above)]
        if tables[0].ndim == 1:
            return np.concatenate(tables)
        widest = max(table.shape[1] for table in tables)
        blank = 0 if name == "prior" else -1
        return np.concatenate([np.pad(table, [(0, 0), (0, widest - table.shape[1])],
                                      constant_values=blank) for table in tables])

    joined = {each.name: stack(each.name) for each in fields(parts[0])[1:]}
    return type(parts[0])(join([part.episodes for part in parts]), **joined)
