"""Right solutions of lesson 11 in different styles, written from the stubs alone; named EXERCISE__style."""
import math

import numpy as np


def best_regularized_policy__loops(ref, rewards, kl_coef):
    top = max(reward for chance, reward in zip(ref, rewards) if chance > 0)
    weights = []
    for chance, reward in zip(ref, rewards):
        weights.append(chance * math.exp((reward - top) / kl_coef) if chance > 0 else 0.0)
    total = sum(weights)
    return np.array([weight / total for weight in weights])


def best_regularized_policy__vector(ref, rewards, kl_coef):
    with np.errstate(divide="ignore"):
        logits = np.log(ref) + rewards / kl_coef
    weights = np.exp(logits - logits.max())
    return weights / weights.sum()


def best_regularized_policy__float32(ref, rewards, kl_coef):
    ref, rewards = np.asarray(ref, dtype=np.float32), np.asarray(rewards, dtype=np.float32)
    leads = np.minimum(rewards - rewards[ref > 0].max(), np.float32(0))
    weights = ref * np.exp(leads / np.float32(kl_coef))
    return weights / weights.sum()


def best_regularized_policy__inplace(ref, rewards, kl_coef):
    policy, possible = np.array(rewards, dtype=float), np.asarray(ref) > 0
    policy -= policy[possible].max()
    policy /= kl_coef
    policy[~possible] = 0.0
    np.exp(policy, out=policy)
    policy *= ref
    policy /= policy.sum()
    return policy


def best_regularized_policy__logaddexp(ref, rewards, kl_coef):
    policy, possible = np.zeros(len(ref)), np.flatnonzero(ref)
    logits = np.log(np.asarray(ref)[possible]) + np.asarray(rewards)[possible] / kl_coef
    policy[possible] = np.exp(logits - np.logaddexp.reduce(logits))
    return policy


def implicit_reward__loops(log_probs, ref_log_probs, mask, kl_coef):
    rewards = []
    for own, ref, written in zip(log_probs, ref_log_probs, mask):
        ratio = 0.0
        for t in range(len(own)):
            if written[t]:
                ratio += own[t] - ref[t]
        rewards.append(kl_coef * ratio)
    return np.array(rewards)


def implicit_reward__vector(log_probs, ref_log_probs, mask, kl_coef):
    return kl_coef * np.where(mask, log_probs - ref_log_probs, 0.0).sum(axis=1)


def implicit_reward__float32(log_probs, ref_log_probs, mask, kl_coef):
    own, ref = (np.where(mask, each, 0).astype(np.float32) for each in (log_probs, ref_log_probs))
    return np.float32(kl_coef) * (own - ref).sum(axis=1)


def implicit_reward__inplace(log_probs, ref_log_probs, mask, kl_coef):
    ratio = np.array(log_probs, dtype=float)
    ratio -= ref_log_probs
    ratio[~mask] = 0
    ratio *= kl_coef
    return ratio.sum(axis=1)


def implicit_reward__whole_answers(log_probs, ref_log_probs, mask, kl_coef):
    """The log-probability of the whole answer first, under each of both."""
    own, ref = (np.sum(each, axis=1, where=mask) for each in (log_probs, ref_log_probs))
    return kl_coef * own - kl_coef * ref


def implicit_reward__bincount(log_probs, ref_log_probs, mask, kl_coef):
    weights = kl_coef * (log_probs[mask] - ref_log_probs[mask])
    return np.bincount(np.nonzero(mask)[0], weights=weights, minlength=len(mask))


def dpo_loss__loops(chosen, rejected, ref_chosen, ref_rejected, kl_coef):
    total = 0.0
    for good, bad, ref_good, ref_bad in zip(chosen, rejected, ref_chosen, ref_rejected):
        lead = kl_coef * ((good - ref_good) - (bad - ref_bad))
        total += max(-lead, 0.0) + math.log1p(math.exp(-abs(lead)))
    return total / len(chosen)


def dpo_loss__vector(chosen, rejected, ref_chosen, ref_rejected, kl_coef):
    lead = kl_coef * ((chosen - ref_chosen) - (rejected - ref_rejected))
    return np.logaddexp(0.0, -lead).mean()


def dpo_loss__float32(chosen, rejected, ref_chosen, ref_rejected, kl_coef):
    chosen, rejected, ref_chosen, ref_rejected = (np.asarray(each, dtype=np.float32)
                                                  for each in (chosen, rejected, ref_chosen, ref_rejected))
    lead = np.float32(kl_coef) * ((chosen - ref_chosen) - (rejected - ref_rejected))
    return np.logaddexp(np.float32(0), -lead).mean()


def dpo_loss__inplace(chosen, rejected, ref_chosen, ref_rejected, kl_coef):
    lead = np.array(chosen, dtype=float)
    lead -= ref_chosen
    lead -= rejected
    lead += ref_rejected
    lead *= kl_coef
    return float(np.mean(np.log1p(np.exp(-np.abs(lead))) - np.minimum(lead, 0.0)))


def dpo_loss__two_rewards(chosen, rejected, ref_chosen, ref_rejected, kl_coef):
    """log(e^good + e^bad) - good, with the two implicit rewards."""
    good, bad = kl_coef * (chosen - ref_chosen), kl_coef * (rejected - ref_rejected)
    return np.mean(np.logaddexp(good, bad) - good)


def dpo_loss__ratio_of_ratios(chosen, rejected, ref_chosen, ref_rejected, kl_coef):
    """The same lead in another order: policy's lead minus reference's lead."""
    lead = kl_coef * (np.subtract(chosen, rejected) - np.subtract(ref_chosen, ref_rejected))
    return sum(-x + math.log1p(math.exp(x)) if x < 0 else math.log1p(math.exp(-x)) for x in lead) / len(lead)


def dpo_grad_weight__loops(chosen, rejected, ref_chosen, ref_rejected, kl_coef):
    push = []
    for good, bad, ref_good, ref_bad in zip(chosen, rejected, ref_chosen, ref_rejected):
        lead = kl_coef * ((good - ref_good) - (bad - ref_bad))
        small = math.exp(-abs(lead))
        push.append(kl_coef * (small if lead >= 0 else 1.0) / (1 + small) / len(chosen))
    return (np.array([-each for each in push]), np.array(push), np.zeros(len(push)), np.zeros(len(push)))


def dpo_grad_weight__vector(chosen, rejected, ref_chosen, ref_rejected, kl_coef):
    lead = kl_coef * (chosen - ref_chosen - rejected + ref_rejected)
    push = kl_coef * np.exp(-np.logaddexp(0.0, lead)) / len(lead)
    return -push, push, np.zeros_like(push), np.zeros_like(push)


def dpo_grad_weight__float32(chosen, rejected, ref_chosen, ref_rejected, kl_coef):
    chosen, rejected, ref_chosen, ref_rejected = (np.asarray(each, dtype=np.float32)
                                                  for each in (chosen, rejected, ref_chosen, ref_rejected))
    lead = np.float32(kl_coef) * ((chosen - ref_chosen) - (rejected - ref_rejected))
    push = np.float32(kl_coef / len(lead)) * (np.float32(0.5) - np.float32(0.5) * np.tanh(lead / 2))
    return -push, push, 0 * push, 0 * push


def best_of_n__loops(sample, score, n, how_many):
    given = []
    for _ in range(how_many):
        answers = sample(n)
        scores = score(answers)
        best = 0
        for k in range(n):
            if scores[k] > scores[best]:
                best = k
        given.append(answers[best])
    return np.array(given)


def best_of_n__vector(sample, score, n, how_many):
    answers = sample(n * how_many)
    best = np.argmax(np.reshape(score(answers), (how_many, n)), axis=1)
    return answers.reshape(how_many, n)[np.arange(how_many), best]


def best_of_n__columns(sample, score, n, how_many):
    """n calls: each answer that is given out is kept until a better one comes."""
    best = np.array(sample(how_many))
    top = np.array(score(best))
    for _ in range(n - 1):
        fresh = sample(how_many)
        scores = score(fresh)
        better = scores > top
        best, top = np.where(better, fresh, best), np.where(better, scores, top)
    return best
