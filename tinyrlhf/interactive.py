"""Teaching within an episode: what if a person does not wait until it is over?

    teach     play; after each step a person reacts, that is logged, and the learner learns
    relearn   the same from a log, to the same parameters
    Tamer     foretells what the person will say, and does what they will like best
    Coach     takes what they say for how much better than usual it was
    dagger    an expert says what they would have done wherever the learner gets to

A person watches n seats; in each one episode follows the other. `react(step, chances, rng)` says
for each of the r that play 1 (good), -1 (bad), 0 (nothing), or STOP (the stop button). A learner
acts, tells its chances (r, A), and learns from (rows, observations, actions, signals), (r,) each.
"""
import numpy as np

from tinyrlhf.checks import (check_distribution, check_indices, check_range, check_shapes,
                             check_whole)
from tinyrlhf.episodes import collect, steps
from tinyrlhf.humans.watchers import STOP
from tinyrlhf.learning.imitation import clone
from tinyrlhf.nn.distributions import Categorical, pick
from tinyrlhf.numerics import softmax


def thumbs_of(signals):
    """Signals (r,) as numbers: a stop is a thumb down as well."""
    return np.where(signals == STOP, -1.0, signals)


def teach(game, learner, person, states, rng, log=None):
    """Play one episode in each seat, from states (n, ...); person and learner go on meanwhile.

    A stop cuts an episode: it is kept as far as it was played, and nothing that comes later is
    blamed on it. Time does not stop between episodes: what is said a little late, after an end, is
    about the last steps before it. log: a `feedback.log.Log`; what is said is on the disk before it
    is learned from.

    Returns:
        Episodes, and what was said at each step (n, T).
    """
    history, heard = [], []
    for step in steps(game, learner.act, states, rng):
        signals = person.react(step, learner.chances, rng)
        check_shapes(signals=(signals, f"{len(step.rows)}"))
        moment = step.rows, step.observations, step.actions
        if log is not None:
            rows, observations, actions = moment
            log.append("moment", step=len(history), rows=rows, observations=observations,
                       actions=actions, said=thumbs_of(signals), stopped=signals == STOP)
        learner.learn(*moment, signals)
        step.over[signals == STOP] = True
        history.append(step)
        heard.append(signals)
    episodes = collect(game, history, states, 0)
    said = np.zeros(episodes.mask.shape)
    for t, step in enumerate(history):
        said[step.rows, t] = heard[t]
    return episodes, said


def relearn(learner, events):
    """Learn again what a log holds; the learner must be as it was when that began."""
    for event in events:
        if event["k"] == "moment":
            signals = np.where(event["stopped"], STOP, event["said"])
            moment = (np.array(event[name]) for name in ("rows", "observations", "actions"))
            learner.learn(*moment, signals)


class Recent:
    """The last K steps in each seat, newest first. Where a seat does not play, time stands still.
    """

    def __init__(self, K):
        self.K = K
        self.tables = None

    def add(self, rows, observations, actions):
        """Note a step of the seats `rows`.

        Returns their last K observations (r, K, *O) and actions (r, K), and which there have been.
        """
        news = observations, actions, np.ones(len(rows), bool)
        if self.tables is None:  # in the first step all seats play
            self.tables = [np.zeros((len(rows), self.K, *new.shape[1:]), new.dtype) for new in news]
        check_indices("seats", rows, len(self.tables[0]))
        for table, new in zip(self.tables, news):
            table[rows, 1:] = table[rows, :-1]
            table[rows, 0] = new
        return [table[rows] for table in self.tables]

    def forget(self, rows):
        self.tables[2][rows] = False


def credit(delay, known):
    """How much of what is said now is about each of the last K steps: rows that sum to 1.

    delay (K,): how likely people speak 0, 1, 2, ... steps late; known (r, K): which of these steps
    there have been. Zeros where nothing can have been meant.
    """
    weights = delay * known
    total = weights.sum(axis=1, keepdims=True)
    return np.divide(weights, total, out=np.zeros(weights.shape), where=total > 0)


class Tamer:
    """TAMER: what will the person say? Then do what they like best; no discounting, no rewards.

        error = h - sum_k c_k H(s_k, a_k)             c: credit of the last K steps
        w <- w + learning_rate * error * sum_k c_k grad H(s_k, a_k)
        a = argmax_a H(s, a)                          ties by lot

    A person's signal already says how good an action is in the long run, so that nothing has to be
    added up. Silence says nothing.

    Args:
        network: observations -> H of each action (..., A).
        delay: as in `credit`; (1,): whatever is said is about this very step.
    Source: Knox, Stone 2009.
    Departs from the source: delays in steps, not in seconds.
    """

    def __init__(self, network, learning_rate, delay=(1.0,)):
        check_range("learning_rate", learning_rate, 0, 1e3)
        self.network = network
        self.learning_rate = learning_rate
        check_distribution("delay", delay)
        self.delay = np.asarray(delay, float)
        self.recent = Recent(len(self.delay))

    def preferred(self, observations):
        """Logits (..., A): 0 for the best actions, -inf for others."""
        liked = self.network.forward(observations)[0]
        return np.where(liked == liked.max(axis=-1, keepdims=True), 0.0, -np.inf)

    def act(self, observations, rng):
        return Categorical.draw(self.preferred(observations), rng)

    def chances(self, observations):
        return softmax(self.preferred(observations))

    def learn(self, rows, observations, actions, signals):
        """One step of regression on all that is said in this moment."""
        observations, actions, known = self.recent.add(rows, observations, actions)
        said = signals != 0
        if said.any():
            self.regress(observations[said], actions[said], known[said], thumbs_of(signals[said]))
        self.recent.forget(rows[signals == STOP])

    def regress(self, observations, actions, known, thumbs):
        """One step; observations (m, K, *O), actions and known (m, K), thumbs (m,)."""
        weights = credit(self.delay, known)
        outputs, cache = self.network.forward(observations)  # (m, K, A)
        error = thumbs - (weights * pick(outputs, actions)).sum(axis=1)
        d_outputs = np.zeros(outputs.shape)  # loss = error^2 / 2
        d_taken = -error[:, None] * weights
        np.put_along_axis(d_outputs, actions[..., None], d_taken[..., None], axis=-1)
        grads = self.network.backward(cache, d_outputs)
        self.network.params.vector -= self.learning_rate * grads.vector


class Coach:
    """COACH: what the person says is a sample of the advantage, of how much better than usual.

        e <- decay e + grad log pi(a_{t-d} | s_{t-d})
        theta <- theta + learning_rate * f_t * e

    If f is the advantage A of pi, this is the policy gradient. People praise less what they have
    got used to; so does A.

    Args:
        policy: improved in place.
        decay: of the eligibility trace, 0 to 1; delay: d, how many steps late people are.
    Source: MacGlashan et al. 2017, algorithm 1.
    Departs from the source: one trace, not a choice of several decays; one for each seat.
    """

    def __init__(self, policy, learning_rate, decay=0.0, delay=0):
        check_range("learning_rate", learning_rate, 0, 1e3)
        check_range("decay", decay, 0, 1)
        check_whole("delay", delay, 0, 1000)
        self.policy = policy
        self.learning_rate = learning_rate
        self.decay = decay
        self.delay = delay
        self.recent = Recent(delay + 1)
        self.traces = None

    def act(self, observations, rng):
        return self.policy.act(observations, rng)

    def chances(self, observations):
        return softmax(self.policy.network.forward(observations)[0])

    def learn(self, rows, observations, actions, signals):
        """One step along the traces of those seats about which something is said."""
        observations, actions, known = self.recent.add(rows, observations, actions)
        network = self.policy.network
        params = network.params
        if self.traces is None:
            self.traces = np.zeros((len(rows), params.vector.size))
        self.traces[rows] *= self.decay
        then = [self.delay]
        for i in np.flatnonzero(known[:, self.delay]):
            outputs, cache = network.forward(observations[i, then])
            slope = self.policy.distribution.d_log_prob(outputs, actions[i, then])
            self.traces[rows[i]] += network.backward(cache, slope).vector
        params.vector += self.learning_rate * thumbs_of(signals) @ self.traces[rows]
        stopped = rows[signals == STOP]
        self.recent.forget(stopped)
        self.traces[stopped] = 0.0


def dagger(game, policy, expert, rounds, episodes, rng, beta=lambda i: float(i == 0), **how):
    """DAgger: play, ask the expert about every state that was visited, and copy all labels so far.

        for i = 0, 1, ..:  play beta_i expert + (1 - beta_i) policy,  D <- D + {(s, expert(s))},
                           policy <- clone(D), anew

    The expert's labels come from where the *learner* gets to, so that it learns to get back.
    With beta = 1 throughout this is behaviour cloning.

    Args:
        expert: function (observations (n, *O), rng) -> actions (n,) or (n, D).
        rounds, episodes: how often, and how many episodes in each.
        beta: function of the round -> probability that the expert acts, at each step.
        how: what `clone` takes besides.
    Returns:
        all observations (N, *O) and labels (N,); of each round the losses of `clone`.
    Source: Ross, Gordon, Bagnell 2011, algorithm 3.1.
    Departs from the source: the last policy is kept, not the best one in a validation.
    """
    check_whole("rounds", rounds, 1, 10_000)
    beginning = policy.state()
    seen, labels, losses = [], [], []

    def choose(observations, rng):
        actions, log_probs = policy.act(observations, rng)
        wanted = expert(observations, rng)
        steered = rng.random(len(actions)) < beta(i)  # in round i, below
        actions[steered] = wanted[steered]
        seen.append(observations)
        labels.append(wanted)
        return actions, log_probs

    for i in range(rounds):
        for _ in steps(game, choose, game.start(episodes, rng), rng):
            pass
        policy.load(beginning)
        data = np.concatenate(seen), np.concatenate(labels)
        losses.append(clone(policy, *data, rng, **how))
    return *data, losses
