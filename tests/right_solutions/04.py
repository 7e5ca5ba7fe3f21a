"""Right solutions of lesson 04 in different styles, written from the stubs alone; named EXERCISE__style."""
import math

import numpy as np
from tinyrlhf.numerics import softmax


def logp_grad__loops(logits, actions):
    rows = []
    for row, action in zip(logits, actions):
        weights = [math.exp(z - max(row)) for z in row]
        rows.append([(1.0 if a == action else 0.0) - weight / sum(weights) for a, weight in enumerate(weights)])
    return np.array(rows)


def logp_grad__vector(logits, actions):
    return np.eye(logits.shape[1])[actions] - softmax(logits)


def logp_grad__float32(logits, actions):
    slope = -softmax(np.asarray(logits, dtype=np.float32))
    slope[np.arange(len(actions)), actions] += np.float32(1)
    return slope


def logp_grad__inplace(logits, actions):
    slope = np.array(logits, dtype=float)
    slope -= slope.max(axis=1, keepdims=True)
    np.exp(slope, out=slope)
    slope /= -slope.sum(axis=1, keepdims=True)
    slope[np.arange(len(slope)), actions] += 1
    return slope


def logp_grad__jacobian(logits, actions):
    """d log p_a = dp_a / p_a, with the Jacobian of the softmax, diag(p) - p p^T."""
    probs = softmax(logits)
    jacobian = np.einsum("na,ab->nab", probs, np.eye(probs.shape[1])) - np.einsum("na,nb->nab", probs, probs)
    rows = np.arange(len(probs))
    return jacobian[rows, actions] / probs[rows, actions][:, None]


def logp_grad__complex_step(logits, actions):
    n, n_actions = np.shape(logits)
    moved = np.asarray(logits, dtype=float)[:, None, :] + 1e-30j * np.eye(n_actions)
    log_probs = moved - np.log(np.exp(moved).sum(axis=2, keepdims=True))
    return log_probs[np.arange(n), :, actions].imag / 1e-30


def reward_to_go__loops(rewards, alive, gamma):
    returns = []
    for row, runs in zip(rewards, alive):
        to_go = []
        for t in range(len(row)):
            total = 0.0
            for k in range(t, len(row)):
                if runs[k]:
                    total += gamma ** (k - t) * row[k]
            to_go.append(total if runs[t] else 0.0)
        returns.append(to_go)
    return np.array(returns)


def reward_to_go__vector(rewards, alive, gamma):
    steps = np.arange(rewards.shape[1])
    later = steps[:, None] - steps[None, :]
    weights = np.where(later >= 0, float(gamma) ** np.abs(later), 0.0)
    return np.where(alive, np.where(alive, rewards, 0.0) @ weights, 0.0)


def reward_to_go__float32(rewards, alive, gamma):
    returns = np.where(alive, rewards, 0).astype(np.float32)
    for t in range(returns.shape[1] - 2, -1, -1):
        returns[:, t] += np.float32(gamma) * returns[:, t + 1]
    return returns


def reward_to_go__inplace(rewards, alive, gamma):
    returns = np.array(rewards, dtype=float)
    returns[~alive] = 0.0
    for t in reversed(range(returns.shape[1] - 1)):
        returns[:, t] += gamma * returns[:, t + 1]
    return returns


def reward_to_go__solve(rewards, alive, gamma):
    """G = rewards + gamma * (G one step later), solved for G."""
    n_steps = rewards.shape[1]
    matrix = np.eye(n_steps) - gamma * np.eye(n_steps, k=1)
    return np.linalg.solve(matrix, np.where(alive, rewards, 0.0).T).T


def reward_to_go__doubling(rewards, alive, gamma):
    """Sums over 1, 2, 4, ... steps: each is two of the size before."""
    returns, reach = np.where(alive, rewards, 0.0), 1
    while reach < returns.shape[1]:
        later = np.zeros_like(returns)
        later[:, :-reach] = returns[:, reach:]
        returns, reach = returns + gamma ** reach * later, 2 * reach
    return returns


def advantages__loops(returns, alive):
    n_games, n_steps = len(returns), len(returns[0])
    better = [[0.0] * n_steps for _ in range(n_games)]
    for t in range(n_steps):
        for b in range(n_games):
            if alive[b][t]:
                others = [returns[c][t] for c in range(n_games) if c != b and alive[c][t]]
                better[b][t] = returns[b][t] - (sum(others) / len(others) if others else 0.0)
    return np.array(better)


def advantages__vector(returns, alive):
    returns = np.where(alive, returns, 0.0)
    others = np.maximum(alive.sum(axis=0) - 1, 1)
    return np.where(alive, returns - (returns.sum(axis=0) - returns) / others, 0.0)


def advantages__float32(returns, alive):
    returns = np.asarray(returns, dtype=np.float32) * alive
    others = np.maximum(alive.sum(axis=0) - 1, 1).astype(np.float32)
    return (returns - (returns.sum(axis=0) - returns) / others) * alive


def advantages__inplace(returns, alive):
    better = np.array(returns, dtype=float)
    for column, runs in zip(better.T, alive.T):
        if runs.sum() > 1:
            column[runs] -= (column[runs].sum() - column[runs]) / (runs.sum() - 1)
        column[~runs] = 0.0
    return better


def advantages__matrix(returns, alive):
    """Weights of the baseline: game b listens to game c, if both run and are not the same."""
    listens = alive.T[:, :, None] & alive.T[:, None, :] & ~np.eye(len(alive), dtype=bool)
    weights = listens / np.maximum(listens.sum(axis=2, keepdims=True), 1)
    return (returns - np.einsum("tbc,ct->bt", weights, returns)) * alive


def advantages__from_mean(returns, alive):
    """n / (n - 1) times the lead over the mean of all n, its own included."""
    n = np.maximum(alive.sum(axis=0), 1)
    mean = np.where(alive, returns, 0.0).sum(axis=0) / n
    better = np.where(n > 1, n / np.maximum(n - 1, 1) * (returns - mean), returns)
    return np.where(alive, better, 0.0)


def mlp_backward__loops(inputs, hidden, weight_1, d_logits):
    n, n_in, n_hidden, n_out = len(inputs), len(inputs[0]), len(hidden[0]), len(d_logits[0])
    d_w0, d_b0 = np.zeros((n_in, n_hidden)), np.zeros(n_hidden)
    d_w1, d_b1 = np.zeros((n_hidden, n_out)), np.zeros(n_out)
    for row in range(n):
        for a in range(n_out):
            d_b1[a] += d_logits[row][a]
        for h in range(n_hidden):
            d_hidden = 0.0
            for a in range(n_out):
                d_w1[h, a] += hidden[row][h] * d_logits[row][a]
                d_hidden += weight_1[h][a] * d_logits[row][a]
            d_sum = d_hidden * (1 - hidden[row][h] ** 2)
            d_b0[h] += d_sum
            for i in range(n_in):
                d_w0[i, h] += inputs[row][i] * d_sum
    return d_w0, d_b0, d_w1, d_b1


def mlp_backward__vector(inputs, hidden, weight_1, d_logits):
    d_sums = d_logits @ weight_1.T * (1 - hidden ** 2)
    return inputs.T @ d_sums, d_sums.sum(axis=0), hidden.T @ d_logits, d_logits.sum(axis=0)


def mlp_backward__float32(inputs, hidden, weight_1, d_logits):
    inputs, hidden, weight_1, d_logits = (np.asarray(each, dtype=np.float32)
                                          for each in (inputs, hidden, weight_1, d_logits))
    d_sums = np.einsum("na,ha,nh->nh", d_logits, weight_1, 1 - hidden * hidden)
    ones = np.ones(len(inputs), np.float32)
    return inputs.T @ d_sums, ones @ d_sums, hidden.T @ d_logits, ones @ d_logits


def silent_bug__dict(program):
    return {"A": 6, "B": 3, "C": 4}[program]


def silent_bug__ifs(program):
    if program == "A":
        return 6
    return 3 if program == "B" else 4
