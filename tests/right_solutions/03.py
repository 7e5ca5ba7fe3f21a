"""Right solutions of lesson 03 in different styles, written from the stubs alone; named EXERCISE__style."""
from collections import Counter, defaultdict

import numpy as np


def bellman_backup__loops(V, P, R, gamma):
    new = []
    for s in range(len(V)):
        worths = []
        for a in range(len(R[s])):
            later = 0.0
            for s2 in range(len(V)):
                later += P[s][a][s2] * V[s2]
            worths.append(R[s][a] + gamma * later)
        new.append(max(worths))
    return np.array(new)


def bellman_backup__vector(V, P, R, gamma):
    return (R + gamma * P @ V).max(axis=1)


def bellman_backup__float32(V, P, R, gamma):
    V, P, R = (np.asarray(values, dtype=np.float32) for values in (V, P, R))
    return np.max(R + np.float32(gamma) * (P @ V), axis=1)


def bellman_backup__inplace(V, P, R, gamma):
    Q, discounted = np.array(R, dtype=float), np.array(V, dtype=float)
    discounted *= gamma
    for s2 in range(len(V)):
        Q += P[:, :, s2] * discounted[s2]
    V = np.array(V, dtype=float)
    V[:] = Q.max(axis=1)
    return V


def bellman_backup__einsum(V, P, R, gamma):
    """The mean over what may follow of (paid now + discounted worth); chances add up to 1."""
    return np.einsum("ijk,ijk->ij", P, R[:, :, None] + gamma * np.asarray(V)[None, None, :]).max(axis=-1)


def estimate_model__loops(transitions, nS, nA):
    P = [[[0.0] * nS for _ in range(nA)] for _ in range(nS)]
    R = [[0.0] * nA for _ in range(nS)]
    for s in range(nS):
        for a in range(nA):
            seen = [(r, s2) for s1, a1, r, s2 in transitions if (s1, a1) == (s, a)]
            if not seen:
                P[s][a][s] = 1.0
                continue
            for r, s2 in seen:
                P[s][a][s2] += 1 / len(seen)
                R[s][a] += r / len(seen)
    return np.array(P), np.array(R)


def estimate_model__vector(transitions, nS, nA):
    counts, paid = np.zeros((nS, nA, nS)), np.zeros((nS, nA))
    if transitions:
        s, a, r, s2 = (np.array(column) for column in zip(*transitions))
        np.add.at(counts, (s, a, s2), 1)
        np.add.at(paid, (s, a), r)
    n = counts.sum(axis=2)
    P = np.where(n[:, :, None] > 0, counts / np.maximum(n, 1)[:, :, None], np.eye(nS)[:, None, :])
    return P, paid / np.maximum(n, 1)


def estimate_model__float32(transitions, nS, nA):
    P, R = np.zeros((nS, nA, nS), np.float32), np.zeros((nS, nA), np.float32)
    for s, a, r, s2 in transitions:
        P[s, a, s2] += 1
        R[s, a] += r
    n = P.sum(axis=2)
    P[n == 0] = np.repeat(np.eye(nS, dtype=np.float32), nA, axis=0)[(n == 0).ravel()]
    n = np.maximum(n, 1)
    return P / n[:, :, None], R / n


def estimate_model__running_mean(transitions, nS, nA):
    """Begin with the answer for pairs never seen; each transition moves chances and reward 1/n of the way."""
    P, R, n = np.zeros((nS, nA, nS)), np.zeros((nS, nA)), np.zeros((nS, nA))
    P[np.arange(nS), :, np.arange(nS)] = 1
    for s, a, r, s2 in transitions:
        n[s, a] += 1
        P[s, a] += (np.eye(nS)[s2] - P[s, a]) / n[s, a]
        R[s, a] += (r - R[s, a]) / n[s, a]
    return P, R


def estimate_model__dicts(transitions, nS, nA):
    after, paid = defaultdict(Counter), defaultdict(list)
    for s, a, r, s2 in transitions:
        after[s, a][s2] += 1
        paid[s, a].append(r)
    P, R = np.zeros((nS, nA, nS)), np.zeros((nS, nA))
    for s, a in np.ndindex(nS, nA):
        for s2, count in (after[s, a] or {s: 1}).items():
            P[s, a, s2] = count / max(len(paid[s, a]), 1)
        R[s, a] = np.mean(paid[s, a] or [0.0])
    return P, R


def estimate_model__bincount(transitions, nS, nA):
    table = np.array(transitions, dtype=float).reshape(-1, 4)
    pair = (table[:, 0] * nA + table[:, 1]).astype(int)
    counts = np.bincount(pair * nS + table[:, 3].astype(int), minlength=nS * nA * nS).reshape(nS, nA, nS)
    paid = np.bincount(pair, weights=table[:, 2], minlength=nS * nA).reshape(nS, nA)
    n = counts.sum(axis=2)
    stays = np.eye(nS)[:, None, :] * (n == 0)[:, :, None]
    return (counts + stays) / np.maximum(n, 1)[:, :, None], paid / np.maximum(n, 1)


def q_update__loops(Q, s, a, r, s2, done, alpha, gamma):
    new = [[float(worth) for worth in row] for row in Q]
    target = r
    if not done:
        target = r + gamma * max(Q[s2])
    new[s][a] = (1 - alpha) * Q[s][a] + alpha * target
    return np.array(new)


def q_update__vector(Q, s, a, r, s2, done, alpha, gamma):
    target = r if done else r + gamma * np.max(Q[s2])
    here = np.zeros(np.shape(Q), bool)
    here[s, a] = True
    return np.where(here, Q + alpha * (target - np.asarray(Q)[s, a]), Q)


def q_update__float32(Q, s, a, r, s2, done, alpha, gamma):
    new = np.array(Q, dtype=np.float32)
    later = np.float32(0) if done else new[s2].max()
    new[s, a] += np.float32(alpha) * (np.float32(r) + np.float32(gamma) * later - new[s, a])
    return new


def q_update__inplace(Q, s, a, r, s2, done, alpha, gamma):
    Q = np.array(Q, dtype=float)
    target = r + (0.0 if done else gamma * Q[s2].max())
    Q[s, a] *= 1 - alpha
    Q[s, a] += alpha * target
    return Q


def q_update__outer(Q, s, a, r, s2, done, alpha, gamma):
    """The old table and one bump of the surprise."""
    Q = np.asarray(Q, dtype=float)
    surprise = r - Q[s, a] if done else r - Q[s, a] + gamma * np.sort(Q[s2])[-1]
    return Q + alpha * surprise * np.outer(np.eye(len(Q))[s], np.eye(Q.shape[1])[a])


def epsilon_greedy__loops(q, eps, rng):
    if rng.random() < eps:
        return int(rng.integers(len(q)))
    best = [a for a in range(len(q)) if q[a] == max(q)]
    return best[int(rng.integers(len(best)))]


def epsilon_greedy__vector(q, eps, rng):
    best = q == np.max(q)
    return rng.choice(len(q), p=(1 - eps) * best / best.sum() + eps / len(q))


def epsilon_greedy__float32(q, eps, rng):
    q = np.asarray(q)
    worth = np.zeros(len(q), np.float32) if rng.random() < eps else (q == q.max()).astype(np.float32)
    return int(np.lexsort((rng.random(len(q), dtype=np.float32), worth))[-1])
