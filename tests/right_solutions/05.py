"""Right solutions of lesson 05 in different styles, written from the stubs alone; named EXERCISE__style."""
import math

import numpy as np


def clone__loops(states, actions, n_states, n_actions, smooth):
    table = []
    for s in range(n_states):
        counts = [float(smooth)] * n_actions
        for state, action in zip(states, actions):
            if state == s:
                counts[action] += 1
        total = sum(counts)
        table.append([count / total for count in counts] if total > 0 else [1 / n_actions] * n_actions)
    return np.array(table)


def clone__vector(states, actions, n_states, n_actions, smooth):
    counts = np.full((n_states, n_actions), float(smooth))
    np.add.at(counts, (states, actions), 1)
    counts[counts.sum(axis=1) == 0] = 1
    return counts / counts.sum(axis=1, keepdims=True)


def clone__float32(states, actions, n_states, n_actions, smooth):
    counts = np.zeros((n_states, n_actions), np.float32)
    for state, action in zip(states, actions):
        counts[state, action] += 1
    total = counts.sum(axis=1, keepdims=True) + np.float32(smooth * n_actions)
    uniform = np.float32(1) / np.float32(n_actions)
    return np.where(total > 0, (counts + np.float32(smooth)) / np.where(total > 0, total, np.float32(1)), uniform)


def clone__bincount(states, actions, n_states, n_actions, smooth):
    cells = np.ravel_multi_index((states, actions), (n_states, n_actions))
    counts = np.bincount(cells, minlength=n_states * n_actions).reshape(n_states, n_actions) + smooth
    total = counts.sum(axis=1, keepdims=True)
    return np.divide(counts, total, out=np.full((n_states, n_actions), 1 / n_actions), where=total > 0)


def clone__onehots(states, actions, n_states, n_actions, smooth):
    """A mix of the shares that were shown and of all alike, weighed by how much there is of each."""
    counts = np.eye(n_states)[states].T @ np.eye(n_actions)[actions]
    shown = counts.sum(axis=1, keepdims=True)
    weight = shown / np.maximum(shown + smooth * n_actions, 1e-300)
    return weight * counts / np.maximum(shown, 1) + (1 - weight) / n_actions


def sft_grad__loops(logits, targets):
    rows = []
    for row, target in zip(logits, targets):
        weights = [math.exp(z - max(row)) for z in row]
        total = sum(weights)
        rows.append([(weight / total - (a == target)) / len(logits) for a, weight in enumerate(weights)])
    return np.array(rows)


def sft_grad__vector(logits, targets):
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    return (weights / weights.sum(axis=1, keepdims=True) - np.eye(logits.shape[1])[targets]) / len(logits)


def sft_grad__float32(logits, targets):
    logits = np.asarray(logits, dtype=np.float32)
    grad = np.exp(logits - logits.max(axis=1, keepdims=True))
    grad /= grad.sum(axis=1, keepdims=True)
    grad[np.arange(len(targets)), targets] -= np.float32(1)
    return grad / np.float32(len(targets))


def sft_grad__inplace(logits, targets):
    grad = np.array(logits, dtype=float)
    for row, target in zip(grad, targets):
        row -= row.max()
        np.exp(row, out=row)
        row /= row.sum()
        row[target] -= 1
    grad /= len(grad)
    return grad


def sft_grad__logaddexp(logits, targets):
    """Of the target: minus the chance of all others together."""
    log_probs = logits - np.logaddexp.reduce(logits, axis=1)[:, None]
    is_target = np.arange(np.shape(logits)[1]) == np.asarray(targets)[:, None]
    probs = np.exp(log_probs)
    others = np.where(is_target, 0.0, probs).sum(axis=1, keepdims=True)
    return np.where(is_target, -others, probs) / len(targets)


def aggregate__loops(data, visited, did, should):
    states, actions = [], []
    for state, action in zip(*data):
        states.append(int(state))
        actions.append(int(action))
    for state, action in zip(visited, should):
        states.append(int(state))
        actions.append(int(action))
    return np.array(states, dtype=int), np.array(actions, dtype=int)


def aggregate__vector(data, visited, did, should):
    return np.concatenate([data[0], visited]), np.concatenate([data[1], should])


def aggregate__float32(data, visited, did, should):
    """As small whole numbers: what float32 is for numbers with a point."""
    return tuple(np.hstack(pair).astype(np.int32) for pair in ((data[0], visited), (data[1], should)))


def aggregate__inplace(data, visited, did, should):
    states, actions = (np.array(column) for column in data)
    n = len(states)
    states.resize(n + len(visited), refcheck=False)
    actions.resize(n + len(visited), refcheck=False)
    states[n:], actions[n:] = visited, should
    return states, actions


def aggregate__rows(data, visited, did, should):
    states, actions = np.hstack([np.vstack(data), np.vstack([visited, should])])
    return states, actions


def advice_to_update__loops(said, taken, reward, kind, n_actions):
    push = [0.0] * n_actions
    if kind == "action":
        push[said] = 1.0
    elif kind == "thumb":
        push[taken] = float(said)
    else:
        push[taken] = float(reward)
    return np.array(push)


def advice_to_update__vector(said, taken, reward, kind, n_actions):
    where, push = {"action": (said, 1.0), "thumb": (taken, said), "nobody": (taken, reward)}[kind]
    return np.where(np.arange(n_actions) == where, push, 0.0)


def advice_to_update__float32(said, taken, reward, kind, n_actions):
    push = np.zeros(n_actions, np.float32)
    push[said if kind == "action" else taken] = 1 if kind == "action" else said if kind == "thumb" else reward
    return push
