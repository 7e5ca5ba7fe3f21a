"""The exercises of lesson 11_dpo.

Each function says what it should return. Replace its `raise` line by your code,
and save; the verdict comes from

    tinyrlhf lesson watch 11
"""
import numpy as np


# 11.a, predict: `kl_coef` is 2, a dear nat, and one of two answers always wins. IPO stops at a
# chance of 0.56. Where is DPO after 1000 steps?
predict_11_a = None

# 11.b, predict: DPO is trained on 300 chosen words. How many percent of them are likelier
# afterwards than before (seed 0)?
predict_11_b = None


# 11.1, 6 minutes
def best_regularized_policy(ref, rewards, kl_coef):
    """The policy with the largest mean reward minus kl_coef times KL(policy || reference), over A
    answers.

    ref: array (A,), the chances of the answers under the reference. rewards: array (A,). kl_coef:
    the price of one nat, above 0. Returns an array (A,) of chances. Rewards may be as large as
    1000, and nothing may overflow.

    Worked: ref [0.2, 0.8], rewards [log 2, 0] and kl_coef 0.5: exp(rewards / kl_coef) is [4, 1],
    which times ref gives [0.8, 0.8], so best_regularized_policy returns [0.5, 0.5].
    """
    raise NotImplementedError("11.1")


# 11.2, 6 minutes
def implicit_reward(log_probs, ref_log_probs, mask, kl_coef):
    """The reward of each of N answers that a policy has in mind, up to a constant: kl_coef times
    the log-ratio of the whole answer.

    log_probs, ref_log_probs: arrays (N, T), the log-probability of each letter under the policy and
    under the reference. mask: array (N, T) of True and False. Answers have different lengths; where
    mask is False nothing was written, and whatever stands there does not count. kl_coef: the price
    of one nat. Returns an array (N,).

    Worked: log_probs [[-1., -2., -9.]], ref_log_probs [[-2., -4., -1.]], mask [[True, True,
    False]], kl_coef 0.5: the log-ratio of the answer is 1 + 2, so implicit_reward returns [1.5].
    """
    raise NotImplementedError("11.2")


# 11.3, 7 minutes
def dpo_loss(chosen, rejected, ref_chosen, ref_rejected, kl_coef):
    """How surprised a policy is by N votes, if kl_coef times the log-ratio of an answer is taken
    for its score: the mean, in nats.

    chosen, rejected: arrays (N,), log-probabilities of the preferred and of the other answer of
    each pair under the policy, summed over their letters. ref_chosen, ref_rejected: the same under
    the reference. Returns a number; leads of 1000 must not overflow.

    Worked: chosen [-4.], rejected [-6.], ref_chosen [-5.], ref_rejected [-5.], kl_coef 0.5: the
    lead is 0.5 * (1 - (-1)) = 1, so dpo_loss returns log(1 + e^-1) = 0.3133.
    """
    raise NotImplementedError("11.3")


# 11.4, 6 minutes, extra
def dpo_grad_weight(chosen, rejected, ref_chosen, ref_rejected, kl_coef):
    """How hard each vote pushes each log-probability: the derivatives of dpo_loss by its first four
    arguments, as training needs them.

    Arguments as in 11.3. Returns four arrays (N,): for chosen, rejected, ref_chosen, ref_rejected.
    The reference is frozen: it was trained before, and no vote may push it, so its two arrays are
    zeros.

    Worked: at the reference, with two votes and kl_coef 0.5, every vote has the chance 1/2 and
    pushes 0.5 * 1/2 / 2 = 0.125: the result is [-0.125, -0.125], [0.125, 0.125], [0, 0], [0, 0].
    """
    raise NotImplementedError("11.4")


# 11.5, 5 minutes, extra
def best_of_n(sample, score, n, how_many):
    """Answers (how_many,), each of them the best of n fresh ones: the simplest way to please a
    reward model, without any training.

    sample: a function, k -> array (k,) of k fresh answers of the reference. score: a function,
    answers (k,) -> their scores (k,). n: how many are drawn for each answer that is given out.
    Returns an array (how_many,) of answers.

    Worked: sample hands out 1, 8, 2, 0, one after the other, and the score of an answer is its
    number. Then best_of_n(sample, score, 4, 1) returns [8].
    """
    raise NotImplementedError("11.5")


# 11.6, 5 minutes, extra
def check_dpo_loss(f):
    """Is f a right dpo_loss (11.3)? Write the test instead of the function.

    f: a function as in 11.3, written by us: right ones in several styles, and wrong ones. Returns
    True if f is right, also where a vote is lost by a thousand nats.

    Worked: check_dpo_loss(f) is True for the solution of 11.3, and False for one that leaves out
    the reference.
    """
    raise NotImplementedError("11.6")
