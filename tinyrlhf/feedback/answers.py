"""What people say, of whatever kind, is a choice: episodes are shown, and each possible answer is an option.

    kind            shows                                        options, and what each is worth
    preference      two episodes                                 s0 | s1 (and "same")
    ranking         K                                            each against all below it, one after the other
    rating, thumb   one                                          g s + offset_g, for the grades g = 0, 1, ...
    demonstration   what a person did, and M tries of a policy   s0 | s1 | ... | sM, each with its prior
    correction      as it was, and as it should have been        s0 | s1
    stop            one, cut after ever more of its parts        s of what was played until then
    comment         as it was, and as each remark would have it  s0 | s1 | ...
    credit          the parts of two episodes                    s0 | s1, then: the part that decided it

s is the score of an episode: its true return in a person, its learned one in a reward model. An option is picked with
probability softmax(rationality * worth), worth a weighted sum of scores plus an offset. `KINDS` is the only place that
knows kinds: `choose` reads one forwards, from scores to what a person says, `read` backwards, from what was said to
`Choices` for the likelihood (`rewards/choice.py`).
Source: Jeon, Milli, Dragan 2020, "Reward-rational (implicit) choice", definitions 1 to 3; choices by softmax: Luce 1959.
"""
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from tinyrlhf.checks import check_choice, check_shapes
from tinyrlhf.episodes import Episodes, join, trimmed
from tinyrlhf.numerics import softmax

FIRST, SECOND, SAME = 0, 1, 2         # what is said of a pair
CANT_TELL, SKIP = -1, -2              # kept, and nothing is learned from them
GRADES = 5                            # of a rating
PARTS = 4                             # of an episode that is stopped, or in which a part is marked


class Choices(NamedTuple):
    """c choices of one kind among K options, each worth a weighted sum of G scores."""
    kind: str                         # whose offsets, rationality and lapse rate these are
    places: np.ndarray                # (c, G) of the episodes among the rows that are scored
    weights: np.ndarray               # (K, G)
    prior: np.ndarray                 # (c, K) known log-weights of the options, or 0.0
    shares: np.ndarray                # (c, K): 1 for the option that was chosen, halves for two that are the same
    whose: np.ndarray                 # (c,) the answer that each choice belongs to


class Kind(NamedTuple):
    """The meaning of a kind of feedback.

    options: G -> weights (K, G): with G episodes shown, option k is worth weights[k] @ scores.
    choose: forwards, (options, scores (m, G), offsets (K,), lapse, rng) -> said (m, S).
    read: backwards, (kind, seen (m, G), said (m, S)) -> rows of (kind, seen, weights, shares, which of the m).
    valid: which answers (m, S) about G episodes exist, (said, G) -> (m,) bool; `words` says so to people.
    own: which of the G are whole plays of the policy: on these rewards are normalised, and agreement is defined.
    offsets: options that have an offset which must be learned: people are generous or stern, and call more or less the same.
    lapse: how often an answer is expected to be given without looking; if above 0 the rate is learned.
    drawn: did a policy draw the other options? Then they stand for all that could have been done, and need a prior.
    needs: what a world must have for it: "expert", "remarks", "stops" or "parts" (see `questions.View`).
    """
    options: Callable
    choose: Callable
    read: Callable
    valid: Callable
    words: str
    own: slice = slice(None)
    offsets: tuple = ()
    lapse: float = 0.0
    drawn: bool = False
    needs: str | None = None


# ---- forwards: what a person says

def draw_option(worth, rng, lapse=0.0):
    """One option of each row (m, K) with probability softmax(worth), with probability `lapse` any -> (m,)."""
    chances = (1 - lapse) * softmax(worth) + lapse / worth.shape[1]
    return (rng.random((len(worth), 1)) >= np.cumsum(chances, axis=1)[:, :-1]).sum(axis=1)


def choose_one(options, scores, offsets, lapse, rng):
    """One of the options."""
    return draw_option(scores @ options(scores.shape[1]).T + offsets, rng, lapse)[:, None]


def choose_order(options, scores, offsets, lapse, rng):
    """The best, then the best of the rest, and so on; sorting after adding Gumbel noise does the same.

    Source: Plackett 1975; Luce 1959. Any two then stand in either order as often as in a preference.
    """
    return np.argsort(-(scores + rng.gumbel(size=scores.shape)), axis=1, kind="stable")


def choose_with_reason(options, scores, offsets, lapse, rng):
    """One of two episodes, and then the part that decided it."""
    preferred = draw_option(scores[:, PARTS - 1::PARTS], rng)
    mark = draw_option(preferred_first(scores, preferred) @ options(2 * PARTS).T, rng, lapse)
    return np.stack([preferred, mark], axis=1)


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
    """"Same" as a third option, worth the mean of both and a learned offset. Source: Davidson 1970, eq. 2.1."""
    weights = np.array([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]])
    return [(kind, seen, weights, one_hot(said[:, 0], 3), np.arange(len(seen)))]


def read_ranking_as_pairs(kind, seen, said):
    """K (K-1) / 2 preferences, each episode against all below it. Source: Ouyang et al. 2022, eq. 1."""
    better, worse = np.triu_indices(seen.shape[1], 1)
    order = np.take_along_axis(seen, said, axis=1)
    pairs = np.stack([order[:, better], order[:, worse]], axis=2).reshape(-1, 2)
    first = one_hot(np.zeros(len(pairs), int), 2)
    return [(kind, pairs, np.eye(2), first, np.repeat(np.arange(len(seen)), len(better)))]


def read_ranking_in_turn(kind, seen, said):
    """K - 1 choices: the best of all, then the best of the rest, ... Source: Plackett 1975; Luce 1959."""
    order = np.take_along_axis(seen, said, axis=1)
    first = np.zeros(len(seen), int)
    left = [order[:, turn:] for turn in range(seen.shape[1] - 1)]
    return [(kind, each, np.eye(each.shape[1]), one_hot(first, each.shape[1]), np.arange(len(seen))) for each in left]


def read_reason(kind, seen, said):
    """A preference between the two wholes; and where a part was marked, a choice among the parts."""
    marked = np.flatnonzero(said[:, 1] >= 0)
    shown = preferred_first(seen[marked], said[marked, 0])
    wholes = one_hot(said[:, 0], 2)
    return [("preference", seen[:, PARTS - 1::PARTS], np.eye(2), wholes, np.arange(len(seen))),
            (kind, shown, worth_of_marks(2 * PARTS), one_hot(said[marked, 1], 2 * PARTS), marked)]


def one_hot(chosen, n_options):
    """Shares (m, K) of the options chosen (m,)."""
    return (np.asarray(chosen)[:, None] == np.arange(n_options)).astype(float)


def preferred_first(columns, preferred):
    """What belongs to two episodes, (m, 2 P), with that of the preferred one (m,) in front."""
    halves = columns.reshape(len(columns), 2, PARTS)
    order = np.stack([preferred, 1 - preferred], axis=1)
    return np.take_along_axis(halves, order[..., None], axis=1).reshape(columns.shape)


def worth_of_grades(n):
    """Weights (n, 1): grade g = 0, 1, ... is worth g times the score (adjacent categories; Masters 1982)."""
    return lambda shown: np.arange(n, dtype=float)[:, None]


def worth_of_marks(shown):
    """Weights (2 P, 2 P) of the parts of two episodes, the preferred one's first.

    A part decided it as far as it was good, or, in the episode that was not preferred, as far as it was bad. Each episode
    is shown until the end of part 1, 2, ..., so that a part is worth what its end adds to the score.
    """
    parts = np.eye(PARTS) - np.eye(PARTS, k=-1)
    return np.kron(np.diag([1.0, -1.0]), parts)


# ---- which answers exist

def is_option(n):
    """Whether the first number said is one of n options; None: of as many as are shown."""
    return lambda said, shown: (said[:, 0] >= 0) & (said[:, 0] < (shown if n is None else n))


def is_order(said, shown):
    return (np.sort(said[:, :shown], axis=1) == np.arange(shown)).all(axis=1)


def is_reason(said, shown):
    return is_option(2)(said, shown) & (said[:, 1] >= SKIP) & (said[:, 1] < shown)


PICK = (np.eye, choose_one, read_option, is_option(None))              # an episode is picked among those shown
KINDS = {
    "preference": Kind(np.eye, choose_one, read_preference, is_option(3), "0 (first), 1 (second) or 2 (same)", offsets=(SAME,)),
    "ranking": Kind(np.eye, choose_order, read_ranking_as_pairs, is_order, "the number of each one shown, best first"),
    "rating": Kind(worth_of_grades(GRADES), choose_one, read_option, is_option(GRADES), "a grade from 0 to 4",
                   offsets=(1, 2, 3, 4)),
    "thumb": Kind(worth_of_grades(2), choose_one, read_option, is_option(2), "0 (down) or 1 (up)", offsets=(1,)),
    "demonstration": Kind(*PICK, "0 (what the person did)", own=slice(1, None), needs="expert", drawn=True),
    "correction": Kind(*PICK, "1 (as it should have been) or 0 (it may stay)", own=slice(1), needs="expert"),
    "stop": Kind(*PICK, "the number of the last part played", own=slice(-1, None), needs="stops"),
    "comment": Kind(*PICK, "the number of a remark, 0 for none", own=slice(1), needs="remarks"),
    "credit": Kind(worth_of_marks, choose_with_reason, read_reason, is_reason, "the preferred one (0 or 1) and a part",
                   own=slice(PARTS - 1, None, PARTS), needs="parts", lapse=0.1),
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
        for kind in np.unique(self.kind).tolist():
            check_choice("kind of feedback", kind, KINDS)

    def __len__(self):
        return len(self.kind)

    def __getitem__(self, rows):
        """Some of them, about the same episodes."""
        return replace(self, **{each.name: getattr(self, each.name)[rows] for each in fields(self)[1:]})

    @cached_property
    def groups(self):
        """Those of one kind that show equally many belong together: [(kind, G)], and to which group each belongs (N,)."""
        pairs = list(zip(self.kind.tolist(), (self.shows >= 0).sum(axis=1).tolist()))
        names = sorted(set(pairs))
        return names, np.array([names.index(pair) for pair in pairs], int)

    def grouped(self, chosen=None):
        """Of each group among those chosen (n,), default all: kind, which of the N (m,), the rows they show (m, G)."""
        names, group = self.groups
        chosen = np.arange(len(self)) if chosen is None else chosen
        for number, (kind, shown) in enumerate(names):
            members = chosen if len(names) == 1 else chosen[group[chosen] == number]
            if len(members):
                yield kind, members, self.shows[members, :shown]

    def only_shown(self):
        """The same about those episodes alone that are shown, in as many columns as the longest of them needs."""
        there = self.shows >= 0
        used, numbers = np.unique(self.shows[there], return_inverse=True)
        shows = np.full(self.shows.shape, -1)
        shows[there] = numbers
        return replace(self, episodes=trimmed(self.episodes[used]), shows=shows)

    def own_plays(self):
        """Rows of `episodes` that are whole plays of the policy, (m, G) for each group of questions."""
        return [shows[:, KINDS[kind].own] for kind, _, shows in self.grouped()]

    def answered(self, said, person="simulated"):
        """The same with what was said, (N,) or (N, S), as the table above has it, by this person (or (N,) of them)."""
        said = np.asarray(said)
        if said.ndim not in (1, 2) or len(said) != len(self) or said.dtype.kind not in "iu":
            raise ValueError(f"said: expected whole numbers for each of {len(self)} questions, got {said.dtype} {said.shape}")
        said = said.reshape(len(self), -1)
        for kind, members, shows in self.grouped():
            bad = members[(said[members, 0] >= 0) & ~KINDS[kind].valid(said[members], shows.shape[1])]
            if len(bad) or said[members, 0].min(initial=0) < SKIP:
                wrong = said[bad[0]] if len(bad) else said[members, 0].min()
                raise ValueError(f"said: expected {KINDS[kind].words} of each {kind}, or -1 (can't tell) or -2 (skip); got {wrong}")
        n = len(self)
        return Answers(self.episodes, self.kind, self.shows, self.place, said, np.broadcast_to(person, n).astype(str),
                       np.zeros(n, int), np.zeros((n, 0)))


@dataclass(frozen=True)
class Answers(Questions):
    """N things that people said."""
    said: np.ndarray              # (N, S): option, grade, or an order; CANT_TELL and SKIP say nothing
    person: np.ndarray            # (N,) who said it
    round: np.ndarray             # (N,) of the run, from 1 on
    prior: np.ndarray             # (N, K) what is known of the options' log-weights; (N, 0): nothing

    @property
    def judged(self):
        """Which answers say something, (N,) bool."""
        return self.said[:, 0] >= 0

    def of(self, kinds):
        """The answers of these kinds."""
        return self[np.isin(self.kind, list(kinds))]

    def acted(self):
        """What people did themselves, one episode for each demonstration and each correction."""
        done = np.isin(self.kind, [kind for kind in KINDS if KINDS[kind].needs == "expert"]) & self.judged
        return self.episodes[self.shows[done, self.said[done, 0]]]

    def choices(self, chosen, readings=None):
        """What some answers (n,) mean: rows (R,) of `episodes` to score, and [Choices] whose places are among these.

        readings: {kind: function} where a kind is to be read in another way than by default (`OTHER_READINGS`).
        """
        rows, blocks, n_rows = [], [], 0
        for kind, members, shows in self.grouped(chosen[self.judged[chosen]]):
            seen = n_rows + np.arange(shows.size).reshape(shows.shape[::-1]).T
            rows.append(shows.T.ravel())
            n_rows += shows.size
            read = (readings or {}).get(kind, KINDS[kind].read)
            for name, places, weights, shares, which in read(kind, seen, self.said[members]):
                whose = members[which]
                prior = self.prior[whose][:, :len(weights)] if self.prior[whose].any() else 0.0
                blocks.append(Choices(name, places, weights, prior, shares, whose))
        return np.concatenate(rows) if rows else np.zeros(0, int), blocks


def join_answers(parts):
    """Several Questions, or several Answers, below each other."""
    above = np.cumsum([0, *(len(part.episodes) for part in parts)])

    def stack(name):
        tables = [getattr(part, name) for part in parts]
        if name == "shows":
            tables = [np.where(table >= 0, table + start, -1) for table, start in zip(tables, above)]
        if tables[0].ndim == 1:
            return np.concatenate(tables)
        widest, blank = max(table.shape[1] for table in tables), 0 if name == "prior" else -1
        return np.concatenate([np.pad(table, [(0, 0), (0, widest - table.shape[1])], constant_values=blank) for table in tables])

    joined = {each.name: stack(each.name) for each in fields(parts[0])[1:]}
    return type(parts[0])(join([part.episodes for part in parts]), **joined)
