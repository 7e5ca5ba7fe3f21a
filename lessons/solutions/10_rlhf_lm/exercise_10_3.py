"""Exercise 10.3, rlhf_grad: its solution, hints and usual mistakes."""
import numpy as np

from tinyrlhf.numerics import log_softmax, softmax
from tinyrlhf.teaching import exercise, near

from .exercise_10_1 import kl_sampled
from .exercise_10_2 import kl_penalized_reward


@exercise("10.3", minutes=12, hints=[
    "Three steps you know: what each text is paid (10.1 and 10.2), minus what the *others* are "
    "paid on average (4.3), times the push of each of its characters (4.1). It is the slope of a "
    "loss, so a good text's sign is minus.",
    "A = reward - mean reward of the other texts; d_logits = - A (onehot(action) - "
    "softmax(logits)) / B, and 0 where the mask is False. The reference only enters the reward.",
    "`onehot = np.arange(logits.shape[-1]) == actions[..., None]`, which is (B, T, V); then `logp "
    "= (log_softmax(logits) * onehot).sum(axis=-1)`"])
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
    onehot = np.arange(logits.shape[-1]) == actions[..., None]
    logp, ref_logp = ((log_softmax(table) * onehot).sum(axis=-1) for table in (logits, ref_logits))
    rewards = kl_penalized_reward(scores, kl_sampled(logp, ref_logp, mask), kl_coef)
    advantages = rewards - (rewards.sum() - rewards) / (len(rewards) - 1)
    push = onehot - softmax(logits)
    return -(advantages[:, None] * mask)[..., None] * push / len(rewards)


def some_batch(n, steps, characters, kl_coef, seed):
    rng = np.random.default_rng(seed)
    mask = np.arange(steps) < rng.permutation(np.linspace(1, steps, n).round().astype(int))[:, None]
    logits, ref_logits = rng.normal(size=(2, n, steps, characters))
    return logits, ref_logits, rng.integers(characters,
                                            size=(n, steps)), mask, rng.normal(size=n), kl_coef


rlhf_grad.cases = [(np.zeros((2, 1, 2)), np.zeros((2, 1, 2)), np.array([[0], [1]]),
                    np.ones((2, 1), bool), np.array([1.0, 0.0]), 0.5), some_batch(3, 2, 3, 0.3, 0),
                   some_batch(4, 3, 2, 1.0, 1), some_batch(2, 2, 3, 0.0, 2)]


@rlhf_grad.law("The push on the logits of each written character must sum to zero: what one "
               "character gains, the others lose. Does it?")
def pushes_sum_to_zero(f):
    return near(np.sum(f(*some_batch(3, 4, 5, 0.3, 3)), axis=-1), 0)


@rlhf_grad.law("Adding 10 to all scores must change nothing: a learned reward has no zero of its "
               "own. Is the baseline there?")
def zero_of_the_score_does_not_matter(f):
    *texts, scores, kl_coef = some_batch(3, 4, 5, 0.3, 4)
    return near(f(*texts, scores + 10, kl_coef), f(*texts, scores, kl_coef))


@rlhf_grad.right
def step_by_the_library(logits, ref_logits, actions, mask, scores, kl_coef):
    from tinyrlhf.learning.advantages import leave_one_out
    from tinyrlhf.learning.kl import kl_penalized_rewards
    from tinyrlhf.learning.rules import reinforce
    from tinyrlhf.nn.distributions import Categorical
    log_probs, reference = (Categorical.log_prob(table, actions) for table in (logits, ref_logits))
    rewards = np.where(mask, kl_penalized_rewards(0.0, log_probs, reference, kl_coef),
                       0.0).sum(axis=1) + scores
    advantages = np.where(mask, leave_one_out(rewards, len(rewards))[:, None], 0.0)
    weights = reinforce(advantages, 1 / len(rewards))
    return weights[..., None] * Categorical.d_log_prob(logits, actions)


@rlhf_grad.right
def by_differences(logits, ref_logits, actions, mask, scores, kl_coef):
    pick = lambda table: np.take_along_axis(log_softmax(table), actions[..., None],
                                            axis=-1)[..., 0] * mask
    rewards = scores - kl_coef * (pick(logits) - pick(ref_logits)).sum(axis=1)
    advantages = np.array([rewards[i] - np.delete(rewards, i).mean() for i in range(len(rewards))])
    gradient = np.zeros(logits.shape)
    for place in np.ndindex(*logits.shape):
        moved = [logits.copy(), logits.copy()]
        moved[0][place] += 1e-5
        moved[1][place] -= 1e-5
        up, down = (-np.mean(advantages * pick(table).sum(axis=1)) for table in moved)
        gradient[place] = (up - down) / 2e-5
    return gradient


def step(logits, ref_logits, actions, mask, scores, kl_coef, sign=-1, paid=None, advantage=None,
         push=None, counted=None, share=None):
    """The solution with switches, from which the wrong versions are made."""
    onehot = np.arange(logits.shape[-1]) == actions[..., None]
    logp, ref_logp = ((log_softmax(table) * onehot).sum(axis=-1) for table in (logits, ref_logits))
    rewards = paid(logp, ref_logp) if paid else scores - kl_coef * ((logp - ref_logp)
                                                                    * mask).sum(axis=1)
    others = (rewards.sum() - rewards) / (len(rewards) - 1)
    advantages = advantage(rewards) if advantage else rewards - others
    slope = push(onehot, softmax(logits), softmax(ref_logits)) if push else onehot - softmax(logits)
    weights = advantages[:, None] * (mask if counted is None
                                     else counted) / (len(rewards) if share is None else share)
    return sign * weights[..., None] * slope


REFERENCE = ("Something flows back through the reference: where its chances appear in the push, "
             "the model is pulled as if the reference were moving. It is frozen; its "
             "log-probabilities are only numbers in the reward. Which chances belong into onehot - "
             "chances?")
NOISE = ("The penalty is in the reward already. The derivative of the sampled log-ratio beside it "
         "is zero on average and only adds noise. Which of the two can go?")
TWICE = ("The penalty is counted twice: in the reward, and once more as a derivative of its own. "
         "Its price in the reward is enough, since the policy gradient turns every reward into a "
         "push. Which of the two can go?")
PADDED = ("Characters behind the end of a text are counted: nobody wrote them, yet they are pushed "
          "or charged. A mask belongs to both, the nats and the push. Where is it missing?")
OWN = ("Each text is part of its own baseline, so the push shrinks to (B - 1)/B of what it should "
       "be. Lesson 4 took the mean over the others. How do you take a text's own reward out of the "
       "sum?")
SPREAD = ("The advantages are divided by their standard deviation. Many programs do, but then the "
          "step no longer is the slope of this loss. Which division can go?")
LENGTH = ("The push is divided by the number of characters. Then a bad text can hide by being "
          "long. The log-probability of a text is a sum. By what is a mean over B texts divided?")


@rlhf_grad.wrong(REFERENCE)
def through_the_reference(*batch):
    return step(*batch, push=lambda onehot, chances, ref_chances: ref_chances - chances)


@rlhf_grad.wrong(REFERENCE)
def pushed_from_the_reference(*batch):
    return step(*batch, push=lambda onehot, chances, ref_chances: onehot - ref_chances)


@rlhf_grad.wrong(NOISE)
def penalty_in_the_reward_and_in_the_loss(logits, ref_logits, actions, mask, scores, kl_coef):
    onehot = np.arange(logits.shape[-1]) == actions[..., None]
    extra = kl_coef * mask[..., None] * (onehot - softmax(logits)) / len(scores)
    return step(logits, ref_logits, actions, mask, scores, kl_coef) + extra


@rlhf_grad.wrong(TWICE)
def penalty_counted_twice(logits, ref_logits, actions, mask, scores, kl_coef):
    gap = log_softmax(logits) - log_softmax(ref_logits)
    slope = softmax(logits) * (gap - (softmax(logits) * gap).sum(axis=-1, keepdims=True))
    return step(logits, ref_logits, actions, mask, scores,
                kl_coef) + kl_coef * mask[..., None] * slope / len(scores)


@rlhf_grad.wrong(TWICE)
def penalty_counted_twice_through_the_reference(logits, ref_logits, actions, mask, scores, kl_coef):
    extra = kl_coef * mask[..., None] * (softmax(ref_logits) - softmax(logits)) / len(scores)
    return step(logits, ref_logits, actions, mask, scores, kl_coef) + extra


@rlhf_grad.wrong("The penalty stands in the loss, as a derivative of the sampled log-ratio, and "
                 "not in the reward. On average that pulls nowhere: the mean of onehot - chances "
                 "over what the policy draws is zero. What must the nats be subtracted from?")
def penalty_in_the_loss(logits, ref_logits, actions, mask, scores, kl_coef):
    onehot = np.arange(logits.shape[-1]) == actions[..., None]
    extra = kl_coef * mask[..., None] * (onehot - softmax(logits)) / len(scores)
    return step(logits, ref_logits, actions, mask, scores, 0.0) + extra


@rlhf_grad.wrong(PADDED)
def padding_pushed(logits, ref_logits, actions, mask, scores, kl_coef):
    return step(logits, ref_logits, actions, mask, scores, kl_coef, counted=np.ones(mask.shape))


@rlhf_grad.wrong(PADDED)
def padding_charged(logits, ref_logits, actions, mask, scores, kl_coef):
    paid = lambda logp, ref: scores - kl_coef * (logp - ref).sum(axis=1)
    return step(logits, ref_logits, actions, mask, scores, kl_coef, paid=paid)


@rlhf_grad.wrong(PADDED)
def padding_pushed_and_charged(logits, ref_logits, actions, mask, scores, kl_coef):
    return step(logits, ref_logits, actions, np.ones(mask.shape), scores, kl_coef)


UPHILL = ("All signs are reversed: what was paid well becomes less likely. It is the slope of a "
          "*loss*, and an optimizer walks down. Which sign has the push in it?")


@rlhf_grad.wrong(UPHILL)
def uphill(*batch):
    return step(*batch, sign=1)


@rlhf_grad.wrong(UPHILL)
def uphill_with_own_text_in_the_baseline(*batch):
    return step(*batch, sign=1, advantage=lambda rewards: rewards - rewards.mean())


@rlhf_grad.wrong("The penalty is missing: these are the advantages of the scores alone, so nothing "
                 "holds the model near the reference. What has to be subtracted from the scores "
                 "first?")
def no_penalty(logits, ref_logits, actions, mask, scores, kl_coef):
    return step(logits, ref_logits, actions, mask, scores, 0.0)


@rlhf_grad.wrong("Texts are paid for going away from the reference: the penalty has the wrong "
                 "sign, or policy and reference are exchanged in it. What should a text cost that "
                 "the policy writes more often than the reference?")
def penalty_reversed(logits, ref_logits, actions, mask, scores, kl_coef):
    return step(logits, ref_logits, actions, mask, scores, -kl_coef)


@rlhf_grad.wrong("Only one character after the other is charged its own nats. The penalty holds "
                 "the text as a whole: an early character may lead to nats that come later. Over "
                 "what do you sum them, before the advantage is taken?")
def penalty_per_character(logits, ref_logits, actions, mask, scores, kl_coef):
    onehot = np.arange(logits.shape[-1]) == actions[..., None]
    logp, ref_logp = ((log_softmax(table) * onehot).sum(axis=-1) for table in (logits, ref_logits))
    rewards = scores[:, None] - kl_coef * (logp - ref_logp)
    advantages = rewards - (rewards.sum(axis=0) - rewards) / (len(scores) - 1)
    return -(advantages * mask)[..., None] * (onehot - softmax(logits)) / len(scores)


@rlhf_grad.wrong(OWN)
def own_text_in_the_baseline(*batch):
    return step(*batch, advantage=lambda rewards: rewards - rewards.mean())


@rlhf_grad.wrong(OWN)
def own_text_in_the_baseline_and_padding_pushed(logits, ref_logits, actions, mask, scores, kl_coef):
    return step(logits, ref_logits, actions, mask, scores, kl_coef,
                advantage=lambda rewards: rewards - rewards.mean(), counted=np.ones(mask.shape))


@rlhf_grad.wrong("There is no baseline: the rewards themselves push. A learned reward has no zero "
                 "of its own, so every text may be pushed up. What did lesson 4 subtract?")
def no_baseline(*batch):
    return step(*batch, advantage=lambda rewards: rewards)


@rlhf_grad.wrong(SPREAD)
def advantages_of_spread_one(*batch):
    return step(*batch, advantage=lambda rewards: (rewards - rewards.mean()) / rewards.std())


@rlhf_grad.wrong(SPREAD)
def advantages_of_sample_spread_one(*batch):
    return step(*batch, advantage=lambda rewards: (rewards - rewards.mean()) / rewards.std(ddof=1))


@rlhf_grad.wrong(SPREAD)
def advantages_divided_by_the_spread_of_the_rewards(*batch):
    def advantage(rewards):
        others = (rewards - rewards.mean()) * len(rewards) / (len(rewards) - 1)
        return others / rewards.std()

    return step(*batch, advantage=advantage)


@rlhf_grad.wrong(LENGTH)
def divided_by_all_characters(logits, ref_logits, actions, mask, scores, kl_coef):
    return step(logits, ref_logits, actions, mask, scores, kl_coef, share=mask.sum())


@rlhf_grad.wrong(LENGTH)
def divided_by_own_length(logits, ref_logits, actions, mask, scores, kl_coef):
    return step(logits, ref_logits, actions, mask, scores, kl_coef,
                counted=mask / mask.sum(axis=1, keepdims=True))


@rlhf_grad.wrong("It is the slope of the sum over the texts; the loss is their mean. By which "
                 "number is it too large?")
def summed_over_texts(*batch):
    return step(*batch, share=1)


@rlhf_grad.wrong("The characters that were written are missing: the push is -chances alone, which "
                 "lowers everything. Which entry of each row has to be raised by 1?")
def onehot_forgotten(*batch):
    return step(*batch, push=lambda onehot, chances, ref_chances: -chances)


@rlhf_grad.wrong("Only the logits of the written characters are pushed. The chances of a place add "
                 "up to 1, so the others must give way. Which term is missing beside the one-hot?")
def onehot_alone(*batch):
    return step(*batch, push=lambda onehot, chances, ref_chances: onehot.astype(float))
