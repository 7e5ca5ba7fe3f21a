"""How people answer, apart from what they like: how generous, how sure, how attentive they are.

Habits are learned together with the scores. An offset holds for all sessions (a person in one
round), plus a deviation in each, since what is normal to a person moves with what they have seen;
it begins at zero, and so it is for people never met. A session may also be surer than others.
"""
import json

import numpy as np

from tinyrlhf.checks import check_choice, check_range
from tinyrlhf.feedback.answers import KINDS
from tinyrlhf.nn.optimizers import Adam
from tinyrlhf.numerics import sigmoid
from tinyrlhf.saving import load_into, states_of

NUMBER = {kind: number for number, kind in enumerate(KINDS)}
OFFSETS = [(kind, option) for kind in KINDS for option in KINDS[kind].offsets]  # the columns
N_FIXED = 2 * len(KINDS)  # two numbers for each kind


class Habits:
    """The parameters of `choices_loss` besides the scores, in one vector.

    Log rationality of each kind, relative to the scores; logit of each kind's lapse rate; a row of
    offsets for all sessions, then a row of deviations for each; with them, if wanted, how much
    surer or less sure a session is, as a logarithm. All have a Gaussian prior, in units of the
    summed log-likelihood: of precision 1 round 0, or round what is expected (rationalities, lapse
    rates), deviations and sureness of a precision of their own.

    Args:
        deviation_prior: that precision; None: no deviations, all sessions are alike.
        sureness_prior: the same for how sure sessions are; None: all are equally sure.
        by_person: a session is all that a person says, not what they say in one round.
        fit_rationality: is each kind's rationality learned, or fixed?
        rationality: {kind: relative to the scores}, fixed or expected; 1 where nothing is said.
    """

    def __init__(self, deviation_prior=None, fit_rationality=False, rationality=None,
                 learning_rate=0.05, sureness_prior=None, by_person=False):
        priors = {"deviation_prior": deviation_prior, "sureness_prior": sureness_prior}
        for name, prior in priors.items():
            check_range(name, 1 if prior is None else prior, 1e-6, 1e12)
        lapses = np.array([max(kind.lapse, 1e-3) for kind in KINDS.values()])
        logits = np.log(lapses / (1 - lapses))
        for kind, value in (rationality or {}).items():
            check_choice("kind of feedback", kind, KINDS)
            check_range("rationality", value, 1e-6, 1e6)
        self.deviation_prior = deviation_prior
        self.sureness_prior = sureness_prior
        self.by_person = by_person
        self.by_session = deviation_prior is not None or sureness_prior is not None
        self.columns = len(OFFSETS) + (sureness_prior is not None)
        self.fit_rationality = fit_rationality
        log_rationality = np.log([(rationality or {}).get(kind, 1.0) for kind in KINDS])
        self.center = np.concatenate([log_rationality, logits, np.zeros(self.columns)])
        self.vector = self.center.copy()
        self.optimizer = Adam(self, learning_rate)
        self.sessions = []
        self.session_of = None  # (N,) of what is fitted

    def meet(self, answers):
        """Find the session of each answer (N,), and make room for new ones."""
        if not self.by_session:
            return
        names = answers.person.tolist()
        if not self.by_person:
            names = [f"{person} {turn}" for person, turn in zip(names, answers.round.tolist())]
        self.sessions += sorted(set(names) - set(self.sessions))
        numbers = {name: number for number, name in enumerate(self.sessions)}
        self.session_of = np.array([numbers[name] for name in names], int)
        self.grow()

    def grow(self):
        """Deviations of new sessions stand behind all that is known, and begin at zero."""
        missing = N_FIXED + (1 + len(self.sessions)) * self.columns - len(self.vector)
        self.vector = np.pad(self.vector, (0, missing))
        self.center = np.pad(self.center, (0, missing))
        self.optimizer.mean = np.pad(self.optimizer.mean, (0, missing))
        self.optimizer.square = np.pad(self.optimizer.square, (0, missing))

    def zeros(self):
        return np.zeros_like(self.vector)

    def of(self, block, met=True):
        """Rationality, one or (c, 1), offsets (c, K) and lapse rate in a block of c choices.

        met: of answers that `meet` has seen; else of people never met, without deviations.
        """
        number = NUMBER[block.kind]
        rationality = float(np.exp(self.vector[number]))
        lapse = self.lapse(block.kind) if KINDS[block.kind].lapse else 0.0
        offsets = np.zeros((len(block.answer), len(block.weights)))
        rows = self.rows(self.vector)
        for column, option in offset_columns(block):
            offsets[:, option] = rows[0, column]
            if met and self.deviation_prior is not None:
                offsets[:, option] += rows[1 + self.session_of[block.answer], column]
        if met and self.sureness_prior is not None:
            rationality *= np.exp(rows[1 + self.session_of[block.answer], -1:])
        return rationality, offsets, lapse

    def sureness(self):
        """{session: factor of the rationality}; empty where it is not learned."""
        if self.sureness_prior is None:
            return {}
        return dict(zip(self.sessions, np.exp(self.rows(self.vector)[1:, -1]).tolist()))

    def lapse(self, kind):
        """How often an answer of this kind is given without looking."""
        return float(sigmoid(self.vector[len(KINDS) + NUMBER[kind]]))

    def collect(self, d_vector, block, d_worth, d_log_rationality, d_lapse):
        """Add to d_vector what a block says: d_worth (c, K), d_log_rationality (c,), d_lapse."""
        number = NUMBER[block.kind]
        if self.fit_rationality:
            d_vector[number] += d_log_rationality.sum()
        if KINDS[block.kind].lapse:
            lapse = self.lapse(block.kind)
            d_vector[len(KINDS) + number] += d_lapse * lapse * (1 - lapse)  # d sigmoid(z) / d z
        rows = self.rows(d_vector)
        sessions = self.session_of[block.answer] if self.by_session else None
        for column, option in offset_columns(block):
            rows[0, column] += d_worth[:, option].sum()
            if self.deviation_prior is not None:
                rows[1:, column] += np.bincount(sessions, d_worth[:, option], len(self.sessions))
        if self.sureness_prior is not None:  # d rho / d log sureness = rho
            rows[1:, -1] += np.bincount(sessions, d_log_rationality, len(self.sessions))

    def rows(self, vector):
        """Offsets, and sureness if it is learned, (1 + sessions, columns): of all, then of each."""
        return vector[N_FIXED:].reshape(-1, self.columns)

    def step(self, d_vector, n_choices):
        """One step on the mean loss of all n_choices choices, prior included."""
        if d_vector.any():
            precision = np.ones_like(self.vector)
            rows = self.rows(precision)
            rows[1:] = self.deviation_prior or 1.0
            rows[1:, len(OFFSETS):] = self.sureness_prior or 1.0
            d_prior = precision * (self.vector - self.center) / n_choices
            self.optimizer.step(Slopes(d_vector + d_prior))

    def state(self):
        return {**states_of(optimizer=self.optimizer), "vector": self.vector.copy(),
                "sessions": json.dumps(self.sessions)}

    def load(self, state):
        self.sessions = json.loads(str(state["sessions"]))
        self.grow()
        self.vector[:] = state["vector"]
        load_into(state, optimizer=self.optimizer)


class Slopes:
    """Slopes as an optimizer reads them: in one vector."""

    def __init__(self, vector):
        self.vector = vector


def offset_columns(block):
    """The (column, option) of each offset that a block of choices has."""
    return [(column, option) for column, (kind, option) in enumerate(OFFSETS)
            if kind == block.kind and option < len(block.weights)]
