"""Right solutions of lesson 10 in different styles, written from the stubs alone; named EXERCISE__style."""
import math

import numpy as np
from tinyrlhf.numerics import log_softmax, softmax


def kl_sampled__loops(logp, ref_logp, mask):
    nats = []
    for row, ref_row, written in zip(logp, ref_logp, mask):
        total = 0.0
        for t in range(len(row)):
            if written[t]:
                total += row[t] - ref_row[t]
        nats.append(total)
    return np.array(nats)


def kl_sampled__vector(logp, ref_logp, mask):
    return np.where(mask, logp - ref_logp, 0.0).sum(axis=1)


def kl_sampled__float32(logp, ref_logp, mask):
    logp, ref_logp = (np.where(mask, each, 0).astype(np.float32) for each in (logp, ref_logp))
    return (logp - ref_logp).sum(axis=1)


def kl_sampled__inplace(logp, ref_logp, mask):
    nats = np.array(logp, dtype=float)
    nats -= ref_logp
    nats[~mask] = 0
    return nats.sum(axis=-1)


def kl_sampled__two_sums(logp, ref_logp, mask):
    return np.sum(logp, axis=1, where=mask) - np.sum(ref_logp, axis=1, where=mask)


def kl_sampled__einsum(logp, ref_logp, mask):
    logp, ref_logp = np.where(mask, logp, 0.0), np.where(mask, ref_logp, 0.0)
    return np.einsum("bt,bt->b", logp - ref_logp, mask.astype(float))


def kl_penalized_reward__loops(scores, kl, kl_coef):
    return np.array([score - kl_coef * nats for score, nats in zip(scores, kl)])


def kl_penalized_reward__vector(scores, kl, kl_coef):
    return scores - kl_coef * kl


def kl_penalized_reward__float32(scores, kl, kl_coef):
    return np.asarray(scores, dtype=np.float32) - np.float32(kl_coef) * np.asarray(kl, dtype=np.float32)


def kl_penalized_reward__inplace(scores, kl, kl_coef):
    paid = np.array(kl, dtype=float)
    paid *= -kl_coef
    paid += scores
    return paid


def kl_penalized_reward__dot(scores, kl, kl_coef):
    return np.array([1.0, -kl_coef]) @ np.stack([scores, kl])


def rlhf_grad__loops(logits, ref_logits, actions, mask, scores, kl_coef):
    n_texts, n_places, n_chars = np.shape(logits)

    def chances(row):
        weights = [math.exp(z - max(row)) for z in row]
        return [weight / sum(weights) for weight in weights]

    def log_chance(row, action):
        return row[action] - max(row) - math.log(sum(math.exp(z - max(row)) for z in row))

    paid = []
    for b in range(n_texts):
        nats = 0.0
        for t in range(n_places):
            if mask[b][t]:
                nats += log_chance(logits[b][t], actions[b][t]) - log_chance(ref_logits[b][t], actions[b][t])
        paid.append(scores[b] - kl_coef * nats)
    grad = np.zeros((n_texts, n_places, n_chars))
    for b in range(n_texts):
        advantage = paid[b] - (sum(paid) - paid[b]) / (n_texts - 1)
        for t in range(n_places):
            if mask[b][t]:
                for a, chance in enumerate(chances(logits[b][t])):
                    grad[b, t, a] = -advantage * ((a == actions[b][t]) - chance) / n_texts
    return grad


def rlhf_grad__vector(logits, ref_logits, actions, mask, scores, kl_coef):
    actions = np.where(mask, actions, 0)
    log_ratio = log_softmax(logits) - log_softmax(ref_logits)
    nats = np.where(mask, np.take_along_axis(log_ratio, actions[:, :, None], axis=2)[:, :, 0], 0.0).sum(axis=1)
    paid = scores - kl_coef * nats
    n = len(paid)
    advantages = (paid - paid.mean()) * n / (n - 1)
    push = -advantages[:, None, None] / n * (np.eye(logits.shape[2])[actions] - softmax(logits))
    return np.where(mask[:, :, None], push, 0.0)


def rlhf_grad__float32(logits, ref_logits, actions, mask, scores, kl_coef):
    logits, ref_logits, scores = (np.asarray(each, dtype=np.float32) for each in (logits, ref_logits, scores))
    b, t = np.nonzero(mask)
    written, n = actions[b, t], len(scores)
    log_probs, ref_log_probs = log_softmax(logits[b, t]), log_softmax(ref_logits[b, t])
    rows = np.arange(len(b))
    paid = scores.copy()
    np.subtract.at(paid, b, np.float32(kl_coef) * (log_probs[rows, written] - ref_log_probs[rows, written]))
    advantages = paid - (paid.sum() - paid) / np.float32(n - 1)
    slopes = np.exp(log_probs)
    slopes[rows, written] -= 1
    grad = np.zeros_like(logits)
    grad[b, t] = slopes * (advantages / np.float32(n))[b][:, None]
    return grad


def rlhf_grad__inplace(logits, ref_logits, actions, mask, scores, kl_coef):
    grad, paid = np.array(logits, dtype=float), np.array(scores, dtype=float)
    for b, t in np.argwhere(mask):
        paid[b] -= kl_coef * (log_softmax(logits[b, t]) - log_softmax(ref_logits[b, t]))[actions[b, t]]
    advantages = paid.copy()
    for b in range(len(paid)):
        advantages[b] -= np.delete(paid, b).mean()
    for b, t in np.ndindex(*mask.shape):
        grad[b, t] = softmax(grad[b, t]) if mask[b, t] else 0.0
        if mask[b, t]:
            grad[b, t, actions[b, t]] -= 1
    grad *= (advantages / len(paid))[:, None, None]
    return grad


def rlhf_grad__einsum(logits, ref_logits, actions, mask, scores, kl_coef):
    """Numbers behind the end are replaced first, then one-hots pick what was written and a matrix compares texts."""
    n, _, n_chars = logits.shape
    logits = np.where(mask[:, :, None], logits, 0.0)
    ref_logits = np.where(mask[:, :, None], ref_logits, 0.0)
    onehots = (np.arange(n_chars) == np.asarray(actions)[:, :, None]) * mask[:, :, None]
    log_probs = logits - np.logaddexp.reduce(logits, axis=2, keepdims=True)
    ref_log_probs = ref_logits - np.logaddexp.reduce(ref_logits, axis=2, keepdims=True)
    paid = scores - kl_coef * np.einsum("btv,btv->b", onehots, log_probs - ref_log_probs)
    compare = (n * np.eye(n) - np.ones((n, n))) / (n - 1)
    slopes = onehots - np.exp(log_probs) * mask[:, :, None]
    return -np.einsum("bc,c,btv->btv", compare, paid, slopes) / n


def k1_k2_k3__loops(logp, ref_logp):
    shape = np.shape(logp)
    k1, k2, k3 = [], [], []
    for own, ref in zip(np.ravel(logp), np.ravel(ref_logp)):
        log_rho = ref - own
        k1.append(-log_rho)
        k2.append(log_rho ** 2 / 2)
        k3.append(math.expm1(log_rho) - log_rho)
    return tuple(np.array(each).reshape(shape) for each in (k1, k2, k3))


def k1_k2_k3__vector(logp, ref_logp):
    log_rho = ref_logp - logp
    return -log_rho, log_rho ** 2 / 2, np.exp(log_rho) - 1 - log_rho


def k1_k2_k3__float32(logp, ref_logp):
    k1 = np.asarray(logp, dtype=np.float32) - np.asarray(ref_logp, dtype=np.float32)
    return k1, k1 * k1 / np.float32(2), np.expm1(-k1) + k1


def ppo_clip__loops(logp, old_logp, advantages, eps):
    paid = []
    for now, old, advantage in zip(np.ravel(logp), np.ravel(old_logp), np.ravel(advantages)):
        q = math.exp(now - old)
        paid.append(min(q * advantage, min(max(q, 1 - eps), 1 + eps) * advantage))
    return np.array(paid).reshape(np.shape(logp))


def ppo_clip__vector(logp, old_logp, advantages, eps):
    q = np.exp(logp - old_logp)
    return np.minimum(q * advantages, np.clip(q, 1 - eps, 1 + eps) * advantages)


def ppo_clip__float32(logp, old_logp, advantages, eps):
    """A good one is paid for no more than 1 + eps, a bad one for no less than 1 - eps."""
    logp, old_logp, advantages = (np.asarray(each, dtype=np.float32) for each in (logp, old_logp, advantages))
    q = np.exp(logp - old_logp)
    q = np.where(advantages > 0, np.minimum(q, np.float32(1 + eps)), np.maximum(q, np.float32(1 - eps)))
    return q * advantages
