"""The exercises of lesson 03_model_or_not.

Each function says what it should return. Replace its `raise` line by your code,
and save; the verdict comes from

    tinyrlhf lesson watch 03
"""
import numpy as np


# 3.a, predict: S is 14 steps from G, and worth 0.513 in the end. What does it seem worth after 13
# sweeps?
predict_3_a = None

# 3.b, predict: epsilon-greedy with epsilon 0.1 has 60 episodes. On how many of 10 seeds does it
# find the larger prize?
predict_3_b = None


# 3.1, 7 minutes
def bellman_backup(V, P, R, gamma):
    """One sweep of planning: what each state is worth if the states behind it are worth V.

    V: array (S,), worth of each state so far. P: array (S, A, S), P[s, a, s2] is the chance that
    action a leads from s to s2. R: array (S, A), what action a pays in s. gamma: discount, 0 to 1.
    Returns an array (S,), a new one.

    Worked: in state 0, action 0 stays and pays 0, action 1 leads to state 1 and pays 1; in state 1
    all stays and pays 0. Then bellman_backup(np.array([2., 4.]), P, R, 0.5) is [3., 2.]: the better
    of 0 + 0.5 * 2 and 1 + 0.5 * 4.
    """
    raise NotImplementedError("3.1")


# 3.2, 9 minutes
def estimate_model(transitions, nS, nA):
    """What does the world do? A model from what was seen: chances are shares, rewards are means.

    transitions: list of (s, a, r, s2): in state s action a paid r and led to s2. nS, nA: how many
    states and actions there are. Returns (P, R): P, array (nS, nA, nS), P[s, a, s2] is the share of
    s2 among all that followed s and a; R, array (nS, nA), the mean of what a paid in s. Of a pair
    (s, a) that was never seen say: it stays in s, pays 0.

    Worked: estimate_model([(0, 0, 1.0, 1), (0, 0, 0.0, 0), (0, 0, 0.5, 1)], 2, 1) gives P = [[[1/3,
    2/3]], [[0, 1]]] and R = [[0.5], [0]].
    """
    raise NotImplementedError("3.2")


# 3.3, 7 minutes
def q_update(Q, s, a, r, s2, done, alpha, gamma):
    """One step of Q-learning: what the table says after action a in state s has paid r and led to
    s2.

    Q: array (S, A), what each action seems worth in each state. done: True if s2 ended the episode,
    then nothing comes after it, whatever Q says there. alpha: step size, 0 to 1. gamma: discount, 0
    to 1. Returns a new array (S, A).

    Worked: Q = [[0, 0], [2, 4]], s = 0, a = 1, r = 1, s2 = 1, not done, alpha = 0.5, gamma = 0.5:
    the target is 1 + 0.5 * 4 = 3, and half the way to it is [[0, 1.5], [2, 4]].
    """
    raise NotImplementedError("3.3")


# 3.4, 5 minutes, extra
def epsilon_greedy(q, eps, rng):
    """Mostly the best, sometimes anything: returns an action, a whole number from 0 to A-1.

    q: array (A,), what each action seems worth. eps: how often any action is taken at random, all
    alike, the best one too; else one of those with the largest q, all alike. rng: a
    np.random.Generator; take all randomness from it.

    Worked: epsilon_greedy(np.array([1., 3.]), 0, rng) is 1, every time; with eps 0.2 it is 0 one
    time in ten.
    """
    raise NotImplementedError("3.4")
