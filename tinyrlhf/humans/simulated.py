"""People made of code, who want something known: what they say can be held against what they want.

A simulated person is the one likelihood read forwards: of all that could be said, an option is
picked with probability softmax(rationality * worth), worth made of true returns.
"""
from dataclasses import replace

import numpy as np

from tinyrlhf.checks import check_finite, check_range, check_shapes
from tinyrlhf.episodes import join
from tinyrlhf.feedback.answers import KINDS, SKIP
from tinyrlhf.humans.experts import anybody
from tinyrlhf.numerics import sigmoid

MEMORY = 4  # rounds: what was seen in these is normal to a person
ROUNDING = 1e-9  # differences this much smaller than the largest are none


class Boltzmann:
    """Somebody who chooses by softmax(rationality * worth).

    Give exactly one: the `rationality` (inverse reward units), or the `agreement`: how often they
    should agree with the true reward in a random pair of what is shown, 1/2 to 1. The rationality
    that gives this rate is solved anew for each batch, because 90 % agreement on easy pairs
    and on hard ones are two different people; it then holds for all kinds in the batch. With
    traits they agree as often with what they themselves see, before mistakes and lapses.

    Args:
        expert: who acts for them where they demonstrate or correct (`humans/experts.py`), or None.
        lapse: how often they mark a part without looking, 0 to 1.
        traits: what sets them apart besides (`humans/zoo.py`).
    Source: Bradley, Terry 1952; as a model of choice Luce 1959; for all kinds of feedback Jeon,
    Milli, Dragan 2020. The agreement knob is ours.
    """

    def __init__(self, agreement=None, rationality=None, expert=None, lapse=0.0,
                 traits=()):
        if (agreement is None) == (rationality is None):
            got = "neither" if agreement is None else "both"
            raise ValueError(f"person: expected either agreement or rationality, got {got}")
        if agreement is not None:
            check_range("agreement", agreement, 0.5, 1.0)
        else:
            check_range("rationality", rationality, 0.0, 1e9)
        check_range("lapse", lapse, 0.0, 1.0)
        self.agreement = agreement
        self.rationality = rationality
        self.expert = expert
        self.lapse = lapse
        self.traits = traits
        self.answered = 0
        self.latest = 1.0 if rationality is None else rationality  # in the last questions
        self.remembered = []  # graded returns, by round

    def returns(self, episodes):
        """What this person makes of episodes, (B,)."""
        check_finite(true_rewards=episodes.true_returns)
        if not self.traits:
            return episodes.true_returns
        rewards = np.where(episodes.mask, episodes.true_rewards, 0.0)
        for trait in self.traits:
            rewards = trait.sees(rewards, episodes.mask)
        return rewards.sum(axis=1)

    def answer(self, game, questions, rng):
        """Questions -> Answers."""
        self.settle(questions)
        return self.choose(game, questions, rng)

    def settle(self, questions):
        """Find the rationality that gives the agreement in these questions."""
        returns = self.returns(questions.episodes)
        check_shapes(returns=(returns, f"{len(questions.episodes)}"))
        if self.agreement is not None:
            gaps = differences(questions, returns)
            self.latest = rationality_for(self.agreement, gaps)

    def choose(self, game, questions, rng):
        """Questions -> Answers, as sure as they are."""
        rationality = self.latest * self.sureness(len(questions), rng)  # (N,)
        questions, said = self.act(game, questions, rationality, rng)
        returns = self.returns(questions.episodes)
        self.remember(questions, returns)
        for name, members, shows in questions.grouped():
            kind = KINDS[name]
            if kind.needs != "expert":
                sure = rationality[members, None]
                traits = [trait for trait in self.traits if trait.affects(kind)]
                place = questions.place[members, :shows.shape[1]]
                lean = sum((trait.lean(place) for trait in traits), 0.0)
                scores = sure * returns[shows] + lean
                offsets = -sure * self.levels_below(kind, shows.shape[1])
                lapse = self.lapse if kind.lapse else 0.0
                chosen = kind.choose(kind.options, scores, offsets, lapse, rng)
                for trait in traits:
                    chosen = trait.says(kind, returns[shows], chosen)
                said[members, :chosen.shape[1]] = chosen
        self.answered += len(questions)
        return questions.answered(said)

    def sureness(self, n, rng):
        """How sure they are of the next n answers, (n,): factors of their rationality."""
        factors = np.ones(n)
        for trait in self.traits:
            factors = factors * trait.sureness(self.answered + np.arange(n), rng)
        return factors

    def remember(self, questions, returns):
        """Keep returns (E,) of what is graded in this round, of whatever kind the grades are."""
        graded = [returns[rows[:, 0]] for _, _, rows in questions.grouped() if rows.shape[1] == 1]
        if graded:
            self.remembered = [*self.remembered, np.concatenate(graded)][-MEMORY:]

    def levels_below(self, kind, n_shown):
        """What is normal: grade g is worth g times the return minus the sum of the levels below it.

        Levels are quantiles of what was graded in the last rounds: people get used to good things.
        """
        if n_shown > 1:
            return 0.0
        n_grades = len(kind.options(1))
        quantiles = np.arange(1, n_grades) / n_grades
        return np.cumsum([0.0, *np.quantile(np.concatenate(self.remembered), quantiles)])

    def act(self, game, questions, rationality, rng):
        """Play what has to be played, as sure as that (N,).

        Returns the questions with it, and what is said by that, (N, S).
        """
        said = np.full(questions.shows.shape, SKIP)
        for name, members, shows in questions.grouped():
            if KINDS[name].needs == "expert":
                if self.expert is None:
                    raise ValueError(f"person: expected an expert for a {name}, got None")
                asked = questions.episodes[shows[:, 0]]
                sure = np.maximum(rationality[members, None], 0.0)  # nobody errs on purpose
                if KINDS[name].drawn:  # tries stand beside it
                    done = self.expert.demonstrate(game, asked, sure, rng)
                    column = 0
                    said[members, 0] = 0
                else:  # as it was stands beside it
                    done, mended = self.expert.correct(game, asked, sure, rng)
                    column = 1
                    said[members, 0] = mended
                rows = questions.shows.copy()
                rows[members, column] = len(questions.episodes) + np.arange(len(members))
                episodes = join([questions.episodes, done])
                questions = replace(questions, episodes=episodes, shows=rows)
        return questions, said

    def preference(self, first, second):
        """P(first) of N pairs, (N,), by somebody as sure as in the last questions."""
        return sigmoid(self.latest * (self.returns(first) - self.returns(second)))

    def state(self):
        """What they remember, which is saved with the run."""
        return {"latest": self.latest, "answered": self.answered,
                "returns": np.concatenate([*self.remembered, np.zeros(0)]),
                "rounds": np.array([len(each) for each in self.remembered], int)}

    def load(self, state):
        self.latest = float(state["latest"])
        self.answered = int(state.get("answered", 0))  # older runs did not count
        ends = np.cumsum(np.asarray(state["rounds"], int))
        self.remembered = np.split(np.asarray(state["returns"], float), ends)[:-1]


class CoinFlip(Boltzmann):
    """Answers without looking, the control: what it teaches is not learned from feedback."""

    def __init__(self):
        super().__init__(rationality=0.0)

    def returns(self, episodes):
        return np.zeros(len(episodes))

    def act(self, game, questions, rationality, rng):
        self.expert = anybody(game)
        return super().act(game, questions, rationality, rng)


class Absent(Boltzmann):
    """Somebody who has answered once, in a log; asked anything else, it is an error."""

    def __init__(self):
        super().__init__(rationality=1.0)  # the log says how sure they were
        self.memory = {}

    def state(self):
        return self.memory

    def load(self, state):
        self.memory = dict(state)  # whoever it was that answered

    def answer(self, game, questions, rng):
        raise ValueError("recorded: expected a log that holds these answers; see --from")


def differences(questions, returns):
    """Differences of true returns (E,) in random pairs of the policy's plays in these questions.

    Those shown together where several are, else one and the next.
    """
    parts = []
    for rows in questions.own_plays():
        values = returns[rows]
        others = np.roll(values, 1, axis=0) if values.shape[1] == 1 else values
        parts.append((values[:, :, None] - others[:, None, :]).ravel())
    gaps = np.concatenate([np.zeros(0), *parts])  # none: nobody was asked
    return np.where(np.abs(gaps) > ROUNDING * np.abs(returns).max(initial=0.0), gaps, 0.0)


def rationality_for(agreement, differences):
    """The b at which the mean of sigmoid(b |difference|) over pairs that differ is `agreement`.

    By bisection: the mean rises from 1/2 at b = 0 to 1, so that exactly one b fits. Agreement 1
    gives a b that leaves no doubt. Pairs that differ by rounding alone do not count.

    >>> round(rationality_for(0.75, np.array([2.0, -2.0, 0.0])), 6)  # log(3) / 2
    0.549306
    """
    check_range("agreement", agreement, 0, 1)
    check_finite(differences=differences)
    sizes = np.abs(differences)
    sizes = sizes[sizes > ROUNDING * sizes.max(initial=0.0)]
    if not sizes.size:
        return 1.0
    low, high = 0.0, 60.0 / sizes.min()
    for _ in range(200):
        middle = 0.5 * (low + high)
        if sigmoid(middle * sizes).mean() < agreement:
            low = middle
        else:
            high = middle
    return float(high)
