"""What the package does not need: exact answers, measures and derivatives that tests and benchmarks hold it against."""
from collections import namedtuple
from dataclasses import replace

import numpy as np

from tinyrlhf.checks import check_finite, check_indices, check_range, check_shapes, check_whole
from tinyrlhf.diagnostics import _check_answers, _check_shares, entropy_of, noise_ceiling
from tinyrlhf.exact.horizon import bandit_optimum, expected_visits
from tinyrlhf.exact.planning import action_values, check_tables
from tinyrlhf.exact.strings import _after, _check_tables, _successors
from tinyrlhf.learning.kl import k1
from tinyrlhf.nn.distributions import Categorical, finite_log_softmax
from tinyrlhf.nn.gaussian import halves
from tinyrlhf.numerics import log_sigmoid, log_softmax, logsumexp, softmax


# ---- every text of a small world, as exact/strings.py counts them

def enumerate_strings(n_symbols, length):
    """All texts of at most `length` symbols (N, length), padded with 0 on the right.

    >>> enumerate_strings(2, 2).tolist()
    [[0, 0], [1, 0], [1, 1]]
    """
    rows = np.indices((n_symbols,) * length).reshape(length, -1).T
    return rows[((rows[:, :-1] > 0) | (rows[:, 1:] == 0)).all(axis=1)]


def context_numbers(windows, n_symbols):
    """The numbers (...) of contexts (..., C): their symbols are digits to the base n_symbols."""
    return windows @ n_symbols ** np.arange(np.shape(windows)[-1])[::-1]


def string_log_probs(strings, log_policy):
    """log pi (N,) of texts (N, T), the end mark included where there is room for it."""
    n_contexts, n_symbols = np.shape(log_policy)
    strings = np.asarray(strings)
    _check_strings(strings, n_symbols)
    context, total = np.zeros(len(strings), int), np.zeros(len(strings))
    for t, symbol in enumerate(strings.T):
        going = t == 0 or strings[:, t - 1] > 0
        total += going * log_policy[context, symbol]
        context = (context * n_symbols + symbol) % n_contexts
    return total


def string_rewards(strings, automaton):
    """The reward (N,) of texts (N, T): the automaton reads them symbol by symbol."""
    next_state, step_reward, end_reward = automaton
    n_contexts, n_symbols = step_reward.shape
    strings = np.asarray(strings)
    _check_strings(strings, n_symbols)
    context, state = np.zeros((2, len(strings)), int)
    total = np.zeros(len(strings))
    for t, symbol in enumerate(strings.T):
        going = t == 0 or strings[:, t - 1] > 0
        total += going * step_reward[context, symbol]
        state = np.where(symbol > 0, next_state[state, symbol], state)
        context = (context * n_symbols + symbol) % n_contexts
    return total + end_reward[(strings > 0).sum(axis=1), state]


def kl_to_optimum(log_policy, log_reference, automaton, kl_coef):
    """KL(pi || pi*) in nats over whole texts; the value that pi lacks is kl_coef times this."""
    _check_tables(automaton, log_reference=log_reference, log_policy=log_policy)
    check_range("kl_coef", kl_coef, 1e-3, 1e9)
    next_state, step_reward, end_reward = automaton
    scaled = next_state, step_reward / kl_coef, end_reward / kl_coef
    ended = next_state, step_reward, np.zeros_like(end_reward)
    probabilities, kl = np.exp(log_policy), np.zeros((len(log_policy), len(next_state)))
    m = np.broadcast_to(scaled[2][-1], kl.shape)                # as in `optimum`
    for t in reversed(range(len(end_reward) - 1)):
        log_optimum = (log_reference + scaled[1])[:, :, None] + _after(m, scaled, t)
        m = logsumexp(log_optimum, axis=1)
        log_optimum -= m[:, None]
        kl_to_go = log_policy[:, :, None] - log_optimum + _after(kl, ended, t)
        kl = np.einsum("ua,uaq->uq", probabilities, kl_to_go)
    return float(kl[0, 0])


def value_gradient(logits, log_reference, automaton, kl_coef):
    """The gradient of `evaluate(...).value` by a table of logits (U, V): exact, in its shape.

        dJ / dlogits(u, a) = sum_t sum_q Pr(u, q at time t) pi(a|u) A_t(u, q, a),    A = Q - V

    where the KL penalty is paid as it goes. With it one climbs to the best that a policy can do
    which sees neither the clock nor the state q.
    Source: Sutton, McAllester, Singh, Mansour (2000), theorem 1, summed over all that the policy
        cannot tell apart.
    """
    _check_tables(automaton, log_reference=log_reference, logits=logits)
    check_range("kl_coef", kl_coef, 0, 1e9)
    next_state, step_reward, end_reward = automaton
    n_steps, n_states = len(end_reward) - 1, len(next_state)
    log_policy = log_softmax(np.asarray(logits, float))
    policy = np.exp(log_policy)[:, :, None]
    next_context = _successors(*log_policy.shape)
    places = next_context[:, :, None] * n_states + np.transpose(next_state)     # of (u', q')
    visits = np.zeros((n_steps, len(policy), n_states))
    visits[0, 0, 0] = 1.0
    for t in range(1, n_steps):
        moved = visits[t - 1][:, None] * policy
        arrived = np.bincount(places[:, 1:].ravel(), moved[:, 1:].ravel(), visits[0].size)
        visits[t] = arrived.reshape(visits[0].shape)
    values, gradient = np.broadcast_to(end_reward[-1], visits[0].shape), np.zeros(log_policy.shape)
    for t in reversed(range(n_steps)):
        penalized = step_reward - kl_coef * (log_policy - log_reference)
        q = penalized[:, :, None] + _after(values, automaton, t)
        values = (policy * q).sum(axis=1)
        # d pi(b) / d logits(a) = pi(b) (1[a = b] - pi(a))
        gradient += (visits[t][:, None] * policy * (q - values[:, None])).sum(axis=2)
    return gradient


def _check_strings(strings, n_symbols):
    """Refuse what are no texts (N, T) of these symbols."""
    check_shapes(strings=(strings, "N T"))
    check_indices("strings", strings, n_symbols)


# ---- the best of n answers, exact

def log_best_of_n(log_reference, rewards, n):
    """The distribution of the best of n answers, exact.

        Pr(level l) = F_l**n - F_{l-1}**n,    F_l = Pr(reward <= level l) under the reference

    Answers of equal reward are one level; which of them comes first is chance, so they share it as
    under the reference.

    Args:
        log_reference, rewards: (M,), finite, log-probabilities from -700 on.
        n: how many are drawn, at least 1 (fractions lie between).
    Returns:
        Log-probabilities (M,): those of bad answers are too small for probabilities.
    Source: Beirami et al. (2024), lemma 1. Departs from the source: ties are shared, not excluded.
    """
    check_shapes(log_reference=(log_reference, "M"), rewards=(rewards, "M"))
    check_finite(log_reference=log_reference, rewards=rewards)
    check_range("log_reference", np.min(log_reference, initial=0), -700, np.inf)    # exp(-746) is 0
    _check_log_probs(log_reference=log_reference)
    check_range("n", n, 1, 1e12)
    level = np.unique(rewards, return_inverse=True)[1]
    mass = np.bincount(level, np.exp(log_reference))
    cumulated = np.cumsum(mass)
    with np.errstate(divide="ignore"):                  # nothing lies below the lowest level: log 0
        # 1 - (F_{l-1} / F_l)**n, as F_{l-1} / F_l = 1 - mass_l / F_l
        share = -np.expm1(n * np.log1p(-mass / cumulated))
    log_level = n * np.log(cumulated / cumulated[-1]) + np.log(share)
    return log_reference + (log_level - np.log(mass))[level]


def exact_win_rate(log_probs, log_reference, rewards):
    """How often an answer of one policy beats one of the reference, both (M,), ties counting half.

    For best of n at most n/(n + 1).
    """
    check_shapes(log_probs=(log_probs, "M"), log_reference=(log_reference, "M"),
                 rewards=(rewards, "M"))
    check_finite(rewards=rewards)
    _check_log_probs(log_probs=log_probs, log_reference=log_reference)
    level = np.unique(rewards, return_inverse=True)[1]
    mine = np.bincount(level, np.exp(log_probs))
    other = np.bincount(level, np.exp(log_reference))
    return float(mine @ (np.cumsum(other) - other / 2))


def _check_log_probs(**lists):
    for name, logs in lists.items():
        if np.isnan(logs).any() or abs(logsumexp(np.asarray(logs, float))) > 1e-5:
            raise ValueError(f"{name}: expected log-probabilities whose exp sums to 1, "
                             f"got a sum of {np.exp(logs).sum():.6g}; log_softmax makes them so")


# ---- measures of reward models and texts

def log_loss(differences, labels):
    """Mean -log P(answer) in nats, P(first) = sigmoid(s1 - s2); log 2 is a coin.

    Differences may be infinite: a sure mistake costs infinitely much, and an answer that was not
    given nothing. NaN labels do not count; returns NaN when no answer counts.
    """
    differences, labels = _check_answers(differences, labels)
    kept = ~np.isnan(labels)
    if not kept.any():
        return float("nan")
    d, share = differences[kept], labels[kept]
    # - share log P(first) - (1 - share) log P(second), where 0 times infinity is 0
    first, second = share > 0, share < 1
    cost = np.zeros(len(d))
    cost[first] -= share[first] * log_sigmoid(d[first])
    cost[second] -= (1 - share[second]) * log_sigmoid(-d[second])
    return float(cost.mean())


def accuracy_along(reward_model, stages, preference):
    """Does the reward model tell what the person says, where each stage has taken the policy?

    Args:
        stages: for each stage, fresh Episodes of its policy; neighbours (0 and 1, 2 and 3, ...) are
            compared.
        preference: function (first, second) -> P(first) (N,), such as that of
            `Boltzmann(rationality=...)`.
    Returns:
        Expected accuracy and noise ceiling, (stages, 2).
    """
    rows = []
    for episodes in stages:
        first, second = episodes[0:len(episodes) // 2 * 2:2], episodes[1::2]
        difference = reward_model.scores(first) - reward_model.scores(second)
        probability = preference(first, second)
        right = [probability, 1 - probability]
        expected = np.select([difference > 0, difference < 0], right, 0.5)
        rows.append((expected.mean(), noise_ceiling(probability)))
    return np.array(rows)


def length_correlation(scores, lengths):
    """Pearson's correlation of scores (B,) with lengths (B,); NaN where all of either are alike."""
    check_shapes(scores=(scores, "B"), lengths=(lengths, "B"))
    check_finite(scores=scores, lengths=lengths)
    if not len(scores) or np.ptp(scores) == 0 or np.ptp(lengths) == 0:
        return float("nan")
    return float(np.corrcoef(scores, lengths)[0, 1])


def distinct_n(tokens, mask, n=2, size=1000):
    """Share of different n-grams among all n-grams in the first `size` tokens of texts.

    Longer samples repeat themselves more, so that only shares at one size can be compared; fewer
    tokens are an error. No n-gram reaches over the end of a text; NaN if no text is as long as n.

    Args:
        tokens: (B, T); mask: (B, T) bool, True where a token is written.
    Source: Li, Galley, Brockett, Gao, Dolan 2016, section 5.
    Departs from the source: they divide by tokens, not by n-grams.
    """
    check_shapes(tokens=(tokens, "B T"), mask=(mask, "B T"))
    check_whole("n", n, 1, 1_000_000)
    check_whole("size", size, 1, 10 ** 12)
    mask = np.asarray(mask, bool)
    kept = mask & (np.cumsum(mask).reshape(np.shape(mask)) <= size)
    if kept.sum() < size:
        raise ValueError(f"tokens: expected at least size = {size} tokens, got {kept.sum()}; "
                         "draw more texts or take a smaller size")
    if n > np.shape(tokens)[1]:
        return float("nan")
    windows = np.lib.stride_tricks.sliding_window_view(tokens, n, axis=1)
    whole = np.lib.stride_tricks.sliding_window_view(kept, n, axis=1).all(axis=2)
    grams = windows[whole]
    return len(np.unique(grams, axis=0)) / len(grams) if len(grams) else float("nan")


def effective_modes(samples):
    """exp(H): so many outputs, all equally frequent, would have the entropy of these samples."""
    return float(np.exp(entropy_of(samples)))


# ---- derivatives that no learner uses

def d_k1(log_probs, reference_log_probs):
    """1: on average the score is zero, so this loss follows nothing and only adds noise."""
    return np.ones(np.broadcast(log_probs, reference_log_probs).shape)


d_k2 = k1                          # d (d^2 / 2) / d log pi = d


def d_kl(distribution, outputs, other):
    """d KL(p || q) / d outputs, p from `outputs`, q from `other`, in their shape; Categorical or Gaussian."""
    if distribution is Categorical:
        log_p = finite_log_softmax(outputs)
        p = np.exp(log_p)
        log_ratio = np.where(p > 0, log_p - log_softmax(other), 0.0)
        return p * (log_ratio - (p * log_ratio).sum(axis=-1, keepdims=True))
    (m1, l1), (m2, l2) = halves(outputs), halves(other)
    return np.concatenate([(m1 - m2) * np.exp(-2 * l2),          # d / d m1 = (m1 - m2) / s2^2
                           np.exp(2 * (l1 - l2)) - 1], axis=-1)  # d / d l1 = s1^2 / s2^2 - 1


def d_kl_per_episode(policy, reference, episodes):
    """d `kl_per_episode` / d outputs (n, O), the visited states held fixed.

    It is the `d_outputs` of `Policy.backward`: the exact KL as a loss.
    """
    observations, _ = episodes.decisions
    outputs, _ = policy.network.forward(observations)
    other, _ = reference.network.forward(observations)
    return d_kl(policy.distribution, outputs, other) / len(episodes)


# ---- what no learner may need

def blindfolded(episodes):
    """The same episodes without the true rewards (NaN): they are for simulated people, baselines and plots alone."""
    return replace(episodes, true_rewards=np.full(episodes.mask.shape, np.nan))


# ---- the plainest optimizer

class SGD:
    """theta <- theta - learning_rate * g."""

    def __init__(self, params, learning_rate):
        check_range("learning_rate", learning_rate, 0, 1e3)
        self.params, self.learning_rate = params, learning_rate

    def step(self, grads):
        self.params.vector -= self.learning_rate * grads.vector

    def state(self):
        return {}

    def load(self, state):
        pass


# ---- policies of small games

def return_gradient(P, R, d0, logits, horizon, gamma=1.0):
    """The gradient that every sampled policy gradient should have on average, exact.

        dJ / dlogits(s, a) = sum_t gamma^t Pr(s_t = s) pi(a|s) (Q_t(s, a) - V_t(s))

    One table of logits serves all times: pi = softmax(logits).

    Args:
        P, R: (S, A, S); d0: (S,); logits: (S, A); horizon: T steps; gamma: discount in [0, 1].
    Returns:
        (S, A), the derivative of `finite_horizon_return`.
    Source: Sutton, McAllester, Singh, Mansour (2000), theorem 1.
    Departs from the source: a finite horizon, so that Q depends on the time left.
    """
    check_tables(P, R=R)
    check_finite(logits=logits)
    policy = softmax(logits)
    visits = expected_visits(P, d0, policy, horizon, gamma)
    values, gradient = np.zeros(len(P)), np.zeros(policy.shape)
    for t in reversed(range(horizon)):
        q = action_values(P, R, values, gamma)
        values = (policy * q).sum(axis=1)
        # d pi(b) / d logits(a) = pi(b) (1[a = b] - pi(a))
        gradient += visits[t][:, None] * policy * (q - values[:, None])
    return gradient


def soft_value_iteration(P, R, reference, kl_coef, gamma, sweeps=500):
    """`soft_backward_induction` for ever, from as many sweeps: values (S,), policy (S, A).

    Source: Ziebart (2010).
    """
    check_tables(P, R=R)
    values = np.zeros(len(P))
    for _ in range(sweeps):
        policy, values = bandit_optimum(action_values(P, R, values, gamma), reference, kl_coef)
    return values, policy


# ---- a measure that a report card will need

WinRate = namedtuple("WinRate", "share low high order")


def win_rate(a, b, judge):
    """How often is A's answer better than B's? Pairs are shown in both orders, ties count half.

    Args:
        a, b: N answers each, of whatever kind the judge reads; the pairs are independent.
        judge: function (shown first, shown second) -> share of the one shown first (N,): 1, 0, 1/2
            for a tie, or a probability; pairs with NaN do not count.
    Returns: WinRate: share of A, its 95 % interval from low to high, and what being shown first is
        worth by itself, order = P(first wins) - P(second wins): 1 for a judge who always says
        "first", 0 for one blind to order.
    Source: Wilson 1927 for the interval, which is not empty at 0 or 1; too wide, if anything, where
        a pair may end in between.
    """
    a_first, b_first = np.asarray(judge(a, b), float), np.asarray(judge(b, a), float)
    check_shapes(**{"judge(a, b)": (a_first, "N"), "judge(b, a)": (b_first, "N")})
    wins = 0.5 * (a_first + 1 - b_first)  # of A, per pair
    judged = ~np.isnan(wins)
    _check_shares(**{"judge(a, b)": a_first[judged], "judge(b, a)": b_first[judged]})
    n = np.count_nonzero(judged)
    if not n:
        return WinRate(*[float("nan")] * 4)
    share, z = wins[judged].mean(), 1.96
    widened = 1 + z * z / n
    middle = (share + z * z / (2 * n)) / widened
    half = z * np.sqrt(share * (1 - share) / n + (z / (2 * n)) ** 2) / widened
    order = np.nanmean(a_first + b_first - 1)
    return WinRate(float(share), float(middle - half), float(middle + half), float(order))
