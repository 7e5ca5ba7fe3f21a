"""People made of code who watch it play, and say good or bad while it does, a few steps late.

They compare an action with what they judge it by, which is exact: the best one (`against_best`), or
what the learner usually does (`against_usual`). Tabular games only.
"""
import numpy as np

from tinyrlhf.checks import check_distribution, check_indices, check_range
from tinyrlhf.exact.evaluation import values_under
from tinyrlhf.exact.planning import action_values, value_iteration

NO_REGRET = 1e-6  # actions whose values differ by less are equally good
GAMMA = 0.99
STOP = -np.inf  # the stop button: the episode is over


def against_best(game):
    """Whatever the learner does otherwise: 1 for a best action, else minus what it loses.

    A function (states (r,), actions (r,), chances) -> (r,).
    """
    values, _ = value_iteration(game.P, game.R, GAMMA)
    q = action_values(game.P, game.R, values, GAMMA)
    lost = q - q.max(axis=1, keepdims=True)
    table = np.where(lost > -NO_REGRET, 1.0, lost)

    def judge(states, actions, chances):
        return table[states, actions]
    return judge


def against_usual(game):
    """The advantage A(s, a) = Q(s, a) - V(s) under what the learner does at this moment.

    A function (states (r,), actions (r,), chances) -> (r,); chances: cells -> (S, A).
    Source: people's feedback depends on the policy, MacGlashan et al. 2017, section 3.
    """
    usual = advantage = None

    def judge(states, actions, chances):
        nonlocal usual, advantage
        policy = chances(np.arange(game.n_states))
        if not np.array_equal(policy, usual):  # it has learned meanwhile
            usual, values = policy, values_under(game.P, game.R, policy, GAMMA)
            advantage = action_values(game.P, game.R, values, GAMMA) - values[:, None]
        return advantage[states, actions]
    return judge


class Watcher:
    """Somebody who thumbs the sign of a judgement, and may press the stop button.

    Args:
        judge: function (states, actions, chances) -> (r,), such as `against_best(game)`.
        speaks: how often they say something about a step, 0 to 1.
        delay: how likely they say it 0, 1, 2, ... steps later; after an end, in the next episode.
        mistakes: how often it is the wrong thumb; 1/2: a coin, the control.
        notices: smaller differences leave them silent.
        stops_at: what they judge worse than that makes them press stop, by no mistake, but as
            seldom and as late as they speak.
        at_most: how many signals they give before they have had enough.
    """

    def __init__(self, judge, speaks=1.0, delay=(1.0,), mistakes=0.0, notices=1e-6,
                 stops_at=-np.inf, at_most=np.inf):
        for name, value in (("speaks", speaks), ("mistakes", mistakes)):
            check_range(name, value, 0, 1)
        check_range("notices", notices, 0, np.inf)
        check_range("at_most", at_most, 0, np.inf)
        check_distribution("delay", delay)
        self.judge = judge
        self.speaks = speaks
        self.spoken_by = np.cumsum(delay)  # the chance, so many steps later
        self.mistakes = mistakes
        self.notices = notices
        self.stops_at = stops_at
        self.at_most = at_most
        self.said = 0  # signals so far
        self.pending = None  # (n, K): what each seat will hear, now and later

    def react(self, step, chances, rng):
        """1, 0, -1 or STOP for each of the r that play: (r,)."""
        n = len(step.rows)
        if self.pending is None:
            self.pending = np.zeros((n, len(self.spoken_by)))
        check_indices("seats", step.rows, len(self.pending))
        judged = self.judge(step.states, step.actions, chances)
        wrong = rng.random(n) < self.mistakes
        thumbs = np.where(wrong, -1.0, 1.0) * np.sign(judged)
        thumbs = np.where(judged < self.stops_at, STOP, thumbs)
        meant = (rng.random(n) < self.speaks) & (np.abs(judged) >= self.notices)
        delays = (rng.random((n, 1)) > self.spoken_by[:-1]).sum(axis=1)
        heard = self.pending[step.rows]
        heard[meant, delays[meant]] = thumbs[meant]  # a newer thought replaces an older one
        signals = heard[:, 0].copy()
        signals[self.said + np.cumsum(signals != 0) > self.at_most] = 0.0
        self.said += int((signals != 0).sum())
        heard[:, :-1] = heard[:, 1:]
        heard[:, -1] = 0.0
        heard[signals == STOP] = 0.0  # nothing more about what was stopped
        self.pending[step.rows] = heard
        return signals
