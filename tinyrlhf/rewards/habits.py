"""How people answer, apart from what they like: offsets of grades and of "same", how sure they are, how often they lapse.

These are learned together with the scores. An offset holds for all sittings (a person in one round), plus a deviation in
each, since what is normal to a person moves with what they have seen; in a first sitting the deviation is zero.
"""
import numpy as np

from tinyrlhf.checks import check_range
from tinyrlhf.feedback.answers import KINDS
from tinyrlhf.nn.optimizers import Adam
from tinyrlhf.numerics import sigmoid
from tinyrlhf.saving import load_into, states_of

NUMBER = {kind: number for number, kind in enumerate(KINDS)}
OFFSETS = [(kind, option) for kind in KINDS for option in KINDS[kind].offsets]       # one column each
N_FIXED = 2 * len(KINDS)                                               # log rationalities, then logits of lapse rates
LAPSE = np.array([max(kind.lapse, 1e-3) for kind in KINDS.values()])


class Habits:
    """The parameters of `choices_loss` besides the scores, in one vector.

    Log rationality of each kind, relative to the scores; logit of each kind's lapse rate; a row of offsets for all sittings,
    and a row of deviations for each. All have a Gaussian prior, in units of the summed log-likelihood: of precision 1 round
    0 (a lapse rate round what its kind expects), deviations of their own precision.

    Args:
        deviation_prior: precision of the prior on deviations; None: no deviations, all sittings are alike.
        fit_rationality: is each kind's rationality learned? Else it is 1: the size of the scores says how sure people are.
    """

    def __init__(self, deviation_prior=None, fit_rationality=False, learning_rate=0.05):
        check_range("deviation_prior", 1 if deviation_prior is None else deviation_prior, 1e-6, 1e12)
        self.deviation_prior, self.fit_rationality = deviation_prior, fit_rationality
        self.center = np.concatenate([np.zeros(len(KINDS)), np.log(LAPSE / (1 - LAPSE)), np.zeros(len(OFFSETS))])
        self.vector = self.center.copy()
        self.optimizer = Adam(self, learning_rate)
        self.sittings = []
        self.sitting_of = None                                         # (N,) of the answers that are being fitted

    def meet(self, answers):
        """Find the sitting of each answer (N,), and make room for new ones."""
        if self.deviation_prior is None:
            self.sitting_of = np.zeros(len(answers), int)
            return
        names = [f"{person} {turn}" for person, turn in zip(answers.person.tolist(), answers.round.tolist())]
        self.sittings += sorted(set(names) - set(self.sittings))
        numbers = {name: number for number, name in enumerate(self.sittings)}
        self.sitting_of = np.array([numbers[name] for name in names], int)
        self.grow()

    def grow(self):
        """Deviations of new sittings stand behind all that is known, and begin at zero."""
        missing = N_FIXED + (1 + len(self.sittings)) * len(OFFSETS) - len(self.vector)
        for part, name in ((self, "vector"), (self, "center"), (self.optimizer, "mean"), (self.optimizer, "square")):
            setattr(part, name, np.pad(getattr(part, name), (0, missing)))

    def zeros(self):
        return np.zeros_like(self.vector)

    def of(self, block, met=True):
        """Rationality, offsets (c, K) of the options, and lapse rate in a block of c choices among K options.

        met: of answers that `meet` has seen; else of people never met, whose deviations are zero.
        """
        number, n_options = NUMBER[block.kind], len(block.weights)
        rationality = float(np.exp(self.vector[number]))
        lapse = float(sigmoid(self.vector[len(KINDS) + number])) if KINDS[block.kind].lapse else 0.0
        offsets = np.zeros((len(block.whose), n_options))
        rows = offset_rows(self.vector)
        for column, option in offset_columns(block):
            offsets[:, option] = rows[0, column]
            if met and self.deviation_prior is not None:
                offsets[:, option] += rows[1 + self.sitting_of[block.whose], column]
        return rationality, offsets, lapse

    def collect(self, d_vector, block, d_worth, d_log_rationality, d_lapse):
        """Add to d_vector what the slopes of a block say: d_worth (c, K), d_log_rationality, d_lapse."""
        number = NUMBER[block.kind]
        if self.fit_rationality:
            d_vector[number] += d_log_rationality
        if KINDS[block.kind].lapse:
            lapse = float(sigmoid(self.vector[len(KINDS) + number]))
            d_vector[len(KINDS) + number] += d_lapse * lapse * (1 - lapse)       # d sigmoid(z) / d z
        rows = offset_rows(d_vector)
        for column, option in offset_columns(block):
            rows[0, column] += d_worth[:, option].sum()
            if self.deviation_prior is not None:
                sittings = self.sitting_of[block.whose]
                rows[1:, column] += np.bincount(sittings, d_worth[:, option], len(self.sittings))

    def step(self, d_vector, n_choices):
        """One step on the mean loss of all n_choices choices, prior included."""
        if d_vector.any():
            precision = np.ones_like(self.vector)
            precision[N_FIXED + len(OFFSETS):] = self.deviation_prior or 1.0
            self.optimizer.step(Slopes(d_vector + precision * (self.vector - self.center) / n_choices))

    def state(self):
        return {**states_of(optimizer=self.optimizer), "vector": self.vector.copy(), "sittings": "\n".join(self.sittings)}

    def load(self, state):
        self.sittings = str(state["sittings"]).split("\n") if str(state["sittings"]) else []
        self.grow()
        self.vector[:] = state["vector"]
        load_into(state, optimizer=self.optimizer)


class Slopes:
    """Slopes as an optimizer reads them: in one vector."""

    def __init__(self, vector):
        self.vector = vector


def offset_rows(vector):
    """The offsets in a vector as a view (1 + sittings, columns): of all sittings, then the deviations of each."""
    return vector[N_FIXED:].reshape(-1, len(OFFSETS))


def offset_columns(block):
    """The (column, option) of each offset that a block of choices has."""
    return [(column, option) for column, (kind, option) in enumerate(OFFSETS)
            if kind == block.kind and option < len(block.weights)]
