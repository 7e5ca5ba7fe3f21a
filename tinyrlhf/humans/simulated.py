"""People made of code, who want something known: what they say can be held against what they want.

A simulated person is the one likelihood read forwards: of all that could be said, each option is picked with probability
softmax(rationality * worth), its worth made of true returns (`feedback/answers.py`).
"""
from dataclasses import replace

import numpy as np

from tinyrlhf.checks import check_finite, check_range
from tinyrlhf.episodes import join
from tinyrlhf.feedback.answers import KINDS, SKIP
from tinyrlhf.humans.experts import anybody
from tinyrlhf.numerics import sigmoid

MEMORY = 4                            # rounds: what a person has seen in these is normal to them


class Boltzmann:
    """Somebody who chooses by softmax(rationality * worth).

    Say either `rationality` itself (inverse reward units), or the `agreement`: how often this person should agree with
    the true reward in a random pair of what is shown, 1/2 to 1. The rationality that gives this rate is solved anew for
    each batch of questions, because 90 % agreement on easy pairs and on hard ones are two different people; it then holds
    for all kinds of questions in the batch.

    Args:
        expert: who acts for them where they demonstrate or correct (`humans/experts.py`); None: they cannot.
        lapse: how often they mark a part without looking, 0 to 1.
    Source: Bradley, Terry 1952; as a model of choice Luce 1959; for all kinds of feedback Jeon, Milli, Dragan 2020. The
    agreement knob is ours.
    """

    def __init__(self, agreement=None, rationality=None, expert=None, lapse=0.0):
        if (agreement is None) == (rationality is None):
            got = "neither" if agreement is None else "both"
            raise ValueError(f"person: expected either agreement or rationality, got {got}")
        if agreement is not None:
            check_range("agreement", agreement, 0.5, 1.0)
        else:
            check_range("rationality", rationality, 0.0, 1e9)
        check_range("lapse", lapse, 0.0, 1.0)
        self.agreement, self.rationality = agreement, rationality
        self.expert, self.lapse = expert, lapse
        self.latest = rationality or 1.0                               # how sure they were in the last questions
        self.remembered = []                                           # returns of what was graded, one array a round

    def returns(self, episodes):
        """What this person makes of episodes, (B,)."""
        check_finite(true_rewards=episodes.true_returns)
        return episodes.true_returns

    def answer(self, game, questions, rng):
        """Questions -> Answers."""
        returns = self.returns(questions.episodes)
        rationality = self.latest = self.rationality_for(questions, returns)
        questions, said = self.act(game, questions, rationality, rng)
        returns = self.returns(questions.episodes)
        self.remember(questions, returns)
        for kind, members, shows in questions.grouped():
            if KINDS[kind].needs != "expert":
                scores = rationality * returns[shows]
                offsets = rationality * self.offsets(KINDS[kind], shows.shape[1])
                lapse = self.lapse if KINDS[kind].lapse else 0.0
                chosen = KINDS[kind].choose(KINDS[kind].options, scores, offsets, lapse, rng)
                said[members, :chosen.shape[1]] = chosen
        return questions.answered(said)

    def rationality_for(self, questions, returns):
        """How sure this person is: their own rationality, or that at which their agreement holds for random pairs."""
        if self.rationality is not None:
            return self.rationality
        return rationality_for(self.agreement, differences(questions, returns))

    def remember(self, questions, returns):
        """Returns (E,) of the episodes that are graded in this round: who sees better things for a while expects them."""
        graded = [returns[shows[:, 0]] for _, _, shows in questions.grouped() if shows.shape[1] == 1]
        if graded:
            self.remembered = [*self.remembered, np.concatenate(graded)][-MEMORY:]

    def offsets(self, kind, shown):
        """What is normal: a grade is worth g times the return minus the levels (quantiles of what they remember) below it."""
        if shown > 1:
            return 0.0
        n_grades = len(kind.options(1))
        levels = np.quantile(np.concatenate(self.remembered), np.arange(1, n_grades) / n_grades)
        return -np.cumsum([0.0, *levels])

    def act(self, game, questions, rationality, rng):
        """Play what has to be played: the questions with it, and what was said by that, (N, S)."""
        said = np.full(questions.shows.shape, SKIP)
        for kind, members, shows in questions.grouped():
            if KINDS[kind].needs == "expert":
                if self.expert is None:
                    raise ValueError(f"person: expected an expert for a {kind}, got None; this world has nobody who can act")
                asked = questions.episodes[shows[:, 0]]
                mends = KINDS[kind].own == slice(1)                    # of what was shown first, which stays beside it
                if mends:
                    done, mended = self.expert.correct(game, asked, rationality, rng)
                    said[members, 0] = mended                          # 0: it may stay as it was
                else:
                    done = self.expert.demonstrate(game, asked, rationality, rng)
                    said[members, 0] = 0
                rows = questions.shows.copy()
                rows[members, int(mends)] = len(questions.episodes) + np.arange(len(members))
                questions = replace(questions, episodes=join([questions.episodes, done]), shows=rows)
        return questions, said

    def preference(self, first, second):
        """P(first) of N pairs, (N,), by somebody as sure as in the last questions."""
        return sigmoid(self.latest * (self.returns(first) - self.returns(second)))

    def state(self):
        """What they remember, which is saved with the run."""
        return {"latest": self.latest, "returns": np.concatenate([*self.remembered, np.zeros(0)]),
                "rounds": np.array([len(each) for each in self.remembered], int)}

    def load(self, state):
        self.latest, ends = float(state["latest"]), np.cumsum(np.asarray(state["rounds"], int))
        self.remembered = np.split(np.asarray(state["returns"]), ends)[:-1]


class CoinFlip(Boltzmann):
    """Answers without looking: the control. Whatever is learned from this person was not learned from feedback."""

    def __init__(self):
        super().__init__(rationality=0.0)

    def returns(self, episodes):
        return np.zeros(len(episodes))

    def act(self, game, questions, rationality, rng):
        self.expert = anybody(game)
        return super().act(game, questions, rationality, rng)


def differences(questions, returns):
    """Differences of true returns (E,) between random pairs of the policy's plays in these questions: those shown together where
    several are, else one and the next."""
    parts = []
    for rows in questions.own_plays():
        values = returns[rows]
        others = np.roll(values, 1, axis=0) if values.shape[1] == 1 else values
        parts.append((values[:, :, None] - others[:, None, :]).ravel())
    return np.concatenate(parts)


def rationality_for(agreement, differences):
    """The b for which the mean of sigmoid(b |difference|) over the pairs that differ is `agreement`; by bisection.

    The mean rises from 1/2 at b = 0 to 1, so that exactly one b fits. Agreement 1 gives a b that leaves no doubt. Pairs
    that differ by rounding alone do not count.

    >>> round(rationality_for(0.75, np.array([2.0, -2.0, 0.0])), 6)        # log(3) / 2
    0.549306
    """
    sizes = np.abs(differences)
    sizes = sizes[sizes > 1e-9 * sizes.max(initial=0.0)]
    if not sizes.size:
        return 1.0
    low, high = 0.0, 60.0 / sizes.min()
    for _ in range(200):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if sigmoid(middle * sizes).mean() < agreement else (low, middle)
    return float(high)
