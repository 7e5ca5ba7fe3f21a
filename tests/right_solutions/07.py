"""Right solutions of lesson 07 in different styles, written from the stubs alone; named EXERCISE__style."""
import math

import numpy as np


def traj_score__loops(reward_fn, features, mask):
    scores = []
    for rewards, walked in zip(reward_fn(features), mask):
        scores.append(sum((float(reward) for reward, was in zip(rewards, walked) if was), 0.0))
    return np.array(scores)


def traj_score__vector(reward_fn, features, mask):
    return np.where(mask, reward_fn(features), 0.0).sum(axis=1)


def traj_score__float32(reward_fn, features, mask):
    rewards = np.asarray(reward_fn(np.asarray(features, dtype=np.float32)), dtype=np.float32)
    return np.where(mask, rewards, np.float32(0)).sum(axis=1)


def traj_score__inplace(reward_fn, features, mask):
    rewards = np.array(reward_fn(features), dtype=float)
    rewards[~np.asarray(mask)] = 0
    return rewards.sum(axis=-1)


def traj_score__where(reward_fn, features, mask):
    return np.sum(reward_fn(features), axis=1, where=mask)


def traj_score__walk_by_walk(reward_fn, features, mask):
    return np.array([reward_fn(features[b:b + 1])[0][mask[b]].sum() for b in range(len(features))])


def traj_score__bincount(reward_fn, features, mask):
    return np.bincount(np.nonzero(mask)[0], weights=np.asarray(reward_fn(features))[mask], minlength=len(features))


def rm_grad_mlp__loops(params, liked, other):
    W, b, v = params
    n_in, n_hidden = len(W), len(b)
    walks = []
    for walk in (liked, other):
        walks.append([[math.tanh(sum(x[f] * W[f][h] for f in range(n_in)) + b[h]) for h in range(n_hidden)]
                      for x in walk])
    scores = [sum(row[h] * v[h] for row in rows for h in range(n_hidden)) for rows in walks]
    lead = scores[0] - scores[1]
    surprise = math.exp(-lead) / (1 + math.exp(-lead)) if lead >= 0 else 1 / (1 + math.exp(lead))
    dW = [[0.0] * n_hidden for _ in range(n_in)]
    db, dv = [0.0] * n_hidden, [0.0] * n_hidden
    for sign, walk, rows in ((-surprise, liked, walks[0]), (surprise, other, walks[1])):
        for x, row in zip(walk, rows):
            for h in range(n_hidden):
                dv[h] += sign * row[h]
                slope = sign * v[h] * (1 - row[h] ** 2)
                db[h] += slope
                for f in range(n_in):
                    dW[f][h] += slope * x[f]
    return np.array(dW), np.array(db), np.array(dv)


def rm_grad_mlp__vector(params, liked, other):
    W, b, v = params
    h_liked, h_other = np.tanh(liked @ W + b), np.tanh(other @ W + b)
    surprise = np.exp(-np.logaddexp(0.0, (h_liked @ v).sum() - (h_other @ v).sum()))
    s_liked, s_other = (1 - h_liked ** 2) * v, (1 - h_other ** 2) * v
    dW = liked.T @ s_liked - other.T @ s_other
    return (-surprise * dW, -surprise * (s_liked.sum(axis=0) - s_other.sum(axis=0)),
            -surprise * (h_liked.sum(axis=0) - h_other.sum(axis=0)))


def rm_grad_mlp__float32(params, liked, other):
    W, b, v = (np.asarray(each, dtype=np.float32) for each in params)
    steps = np.concatenate([liked, other]).astype(np.float32)
    signs = np.repeat(np.array([1, -1], np.float32), [len(liked), len(other)])
    hidden = np.tanh(steps @ W + b)
    lead = signs @ (hidden @ v)
    push = -signs * (np.float32(0.5) - np.float32(0.5) * np.tanh(lead / np.float32(2)))
    d_sums = push[:, None] * (1 - hidden * hidden) * v
    return steps.T @ d_sums, d_sums.sum(axis=0), push @ hidden


def rm_grad_mlp__inplace(params, liked, other):
    dW, db, dv = (np.zeros(np.shape(each)) for each in params)
    W, b, v = params
    lead = 0.0
    for sign, walk in ((1, liked), (-1, other)):
        for x in walk:
            hidden = np.tanh(x @ W + b)
            lead += sign * (hidden @ v)
            dv += sign * hidden
            db += sign * v * (1 - hidden ** 2)
            dW += sign * np.outer(x, v * (1 - hidden ** 2))
    small = np.exp(-abs(lead))
    for each in (dW, db, dv):
        each *= -(small if lead >= 0 else 1.0) / (1 + small)
    return dW, db, dv


def rm_grad_mlp__complex_step(params, liked, other):
    """Each slope of the lead as the imaginary part of the lead at weights with a tiny imaginary step."""
    def lead(W, b, v):
        return (np.tanh(liked @ W + b) @ v).sum() - (np.tanh(other @ W + b) @ v).sum()

    params = [np.asarray(each, dtype=complex) for each in params]
    push = -np.exp(-np.logaddexp(0.0, lead(*params).real))
    grads = []
    for k, each in enumerate(params):
        grad = np.zeros(each.shape)
        for place in np.ndindex(each.shape):
            moved = [other_one.copy() for other_one in params]
            moved[k][place] += 1e-30j
            grad[place] = push * lead(*moved).imag / 1e-30
        grads.append(grad)
    return tuple(grads)


def rm_grad_mlp__einsum(params, liked, other):
    W, b, v = params
    slopes, leads = [], []
    for walk in (liked, other):
        hidden = np.tanh(np.einsum("tf,fh->th", walk, W) + b)
        bend = (1 - hidden) * (1 + hidden)
        leads.append(np.einsum("th,h->", hidden, v))
        slopes.append((np.einsum("tf,th,h->fh", walk, bend, v), np.einsum("th,h->h", bend, v), hidden.sum(axis=0)))
    wrong = np.exp(leads[1] - np.logaddexp(*leads))
    return tuple(wrong * (down - up) for up, down in zip(*slopes))


def holdout_accuracy__loops(fit, votes, n_train):
    scores = fit(votes[:n_train])
    right = 0.0
    for winner, loser in votes[n_train:]:
        if scores[winner] > scores[loser]:
            right += 1
        elif scores[winner] == scores[loser]:
            right += 0.5
    return right / (len(votes) - n_train)


def holdout_accuracy__vector(fit, votes, n_train):
    scores = np.asarray(fit(votes[:n_train]))
    winners, losers = votes[n_train:].T
    return np.mean((scores[winners] > scores[losers]) + 0.5 * (scores[winners] == scores[losers]))


def holdout_accuracy__float32(fit, votes, n_train):
    scores = np.asarray(fit(votes[:n_train]))
    leads = scores[votes[n_train:, 0]] - scores[votes[n_train:, 1]]
    return np.heaviside(leads.astype(np.float32), np.float32(0.5)).mean(dtype=np.float32)


def holdout_accuracy__sign(fit, votes, n_train):
    seen, new = np.split(np.array(votes), [n_train])
    leads = -np.diff(np.asarray(fit(seen))[new], axis=1)
    return 0.5 + 0.5 * float(np.sign(leads).mean())


def most_disputed__loops(first_scores, second_scores, n):
    spread = []
    for k in range(len(first_scores[0])):
        chances = [0.5 * (1 + math.tanh((first[k] - second[k]) / 2))
                   for first, second in zip(first_scores, second_scores)]
        mean = sum(chances) / len(chances)
        spread.append(sum((chance - mean) ** 2 for chance in chances))
    return np.array(sorted(range(len(spread)), key=spread.__getitem__, reverse=True)[:n], dtype=int)


def most_disputed__vector(first_scores, second_scores, n):
    spread = np.exp(-np.logaddexp(0.0, second_scores - first_scores)).var(axis=0)
    return np.argsort(-spread)[:n]


def most_disputed__float32(first_scores, second_scores, n):
    leads = np.asarray(first_scores, dtype=np.float32) - np.asarray(second_scores, dtype=np.float32)
    spread = np.tanh(leads / np.float32(2)).std(axis=0, ddof=1)
    return np.argpartition(spread, len(spread) - n)[len(spread) - n:]


def normalise__loops(scores, reference):
    mean = sum(reference) / len(reference)
    unit = math.sqrt(sum((score - mean) ** 2 for score in reference) / len(reference))
    return np.array([(score - mean) / unit for score in scores])


def normalise__vector(scores, reference):
    return (scores - np.mean(reference)) / np.std(reference)


def normalise__float32(scores, reference):
    reference = np.asarray(reference, dtype=np.float32)
    return (np.asarray(scores, dtype=np.float32) - reference.mean()) / reference.std()
