"""The exercises of lesson 10_rlhf_lm.

Each function says what it should return. Replace its `raise` line by your code,
and save; the verdict comes from

    tinyrlhf lesson watch 10
"""
import numpy as np
from tinyrlhf.numerics import log_softmax, softmax


# 10.a, predict: for a KL penalty, which counts the words of the policy, which one is farther from
# the reference: picky or odd?
predict_10_a = None

# 10.b, predict: far from the reference, the mean of which estimator is nearest to the exact KL: k1
# (often negative for a single word), k2 or k3?
predict_10_b = None


# 10.1, 6 minutes
def kl_sampled(logp, ref_logp, mask):
    """How many nats each text is from the reference: log policy(text) - log reference(text).

    The policy wrote these texts. Averaged over many of them this is KL(policy || reference).

    logp, ref_logp: arrays (B, T), log-probability of each character by the policy and by the
    reference. mask: bool array (B, T), False behind the end of a text, whatever the others say
    there. Returns an array (B,).

    Worked: kl_sampled(np.array([[-1., -2.]]), np.array([[-1.5, -4.]]), np.array([[True, True]])) is
    [2.5]: 0.5 + 2.
    """
    raise NotImplementedError("10.1")


# 10.2, 4 minutes
def kl_penalized_reward(scores, kl, kl_coef):
    """What each text is paid: its score, minus the price of how far it has gone from the reference.

    scores: array (B,), by the reward model. kl: array (B,), nats of each text as in 10.1; below
    zero where a text has become rarer. kl_coef: the price of a nat, 0 or more. Returns an array
    (B,).

    Worked: kl_penalized_reward(np.array([2., 1.]), np.array([3., -1.]), 0.5) is [0.5, 1.5].
    """
    raise NotImplementedError("10.2")


# 10.3, 12 minutes
def rlhf_grad(logits, ref_logits, actions, mask, scores, kl_coef):
    """One step of RLHF: the slope, by the logits, of the loss - mean over texts of advantage * log
    policy(text).

    What a text is paid is its score minus kl_coef times its nats from the reference (10.1, 10.2);
    its advantage is that minus the mean over the *other* texts. Advantages are plain numbers:
    nothing flows back through them.

    logits, ref_logits: arrays (B, T, V), by the policy and by the frozen reference, for each of V
    characters at each of T places. actions: integers (B, T), the characters that were written.
    mask: bool (B, T), False behind the end of a text. scores: array (B,), by the reward model, B at
    least 2. Returns an array (B, T, V).

    Worked: two texts of one character out of two, all logits 0, written: 0 and 1, scores 1 and 0,
    mask True. The advantages are 1 and -1, and rlhf_grad is [[[-0.25, 0.25]], [[-0.25, 0.25]]]:
    raise character 0.
    """
    raise NotImplementedError("10.3")


# 10.4, 6 minutes, extra
def k1_k2_k3(logp, ref_logp):
    """Three estimates of KL(policy || reference) from each sample that the policy drew.

    With rho = reference / policy: k1 = -log rho, k2 = (log rho)**2 / 2, k3 = rho - 1 - log rho.

    logp, ref_logp: arrays of any shape, log-probabilities by the policy and by the reference.
    Returns (k1, k2, k3), arrays of that shape.

    Worked: the policy gave a sample the chance 0.4, the reference 0.2, so rho is 1/2:
    k1_k2_k3(np.log([0.4]), np.log([0.2])) is ([0.693], [0.240], [0.193]).
    """
    raise NotImplementedError("10.4")


# 10.5, 8 minutes, extra
def ppo_clip(logp, old_logp, advantages, eps):
    """What PPO is paid for each character: min(q A, clip(q, 1 - eps, 1 + eps) A) with q = policy /
    old policy.

    logp, old_logp: arrays of one shape, log-probability of each character now, and when it was
    written. advantages: array of that shape. eps: 0.1 to 0.3. Returns an array of that shape, the
    objective (to be raised, so not yet a loss).

    Worked: a good character has become 1.5 times as likely, a bad one as well:
    ppo_clip(np.log([1.5, 1.5]), np.zeros(2), np.array([1., -1.]), 0.2) is [1.2, -1.5]. The good one
    is paid no more than 1.2; the bad one must still be mended.
    """
    raise NotImplementedError("10.5")


# 10.6, 4 minutes, extra
def check_ppo_clip(f):
    """Is f a right ppo_clip (10.5)? Write the test instead of the function.

    f: a function as in 10.5, written by us: right ones in several styles, and wrong ones. Returns
    True if f is right, up to 1e-6.

    Worked: check_ppo_clip(f) is True for the solution of 10.5, and False for one that takes the
    larger of the two payments.
    """
    raise NotImplementedError("10.6")
