"""Exercises of lesson 10, RLHF for the tiny language model: solutions, hints, usual mistakes."""
import numpy as np

from tinyrlhf.numerics import log_softmax, softmax
from tinyrlhf.teaching import exercise


# ---- 10.1

@exercise("10.1", minutes=6, hints=[
    "How much likelier has each text become? The log-probability of a text is the sum of those of its characters; "
    "compare the policy's with the reference's.",
    "log policy(text) - log reference(text) = sum over its characters of (logp - ref_logp).",
    "`gap = logp - ref_logp`, which is (B, T); what stands behind the end of a text must not be summed"])
def kl_sampled(logp, ref_logp, mask):
    """How many nats each text is from the reference: log policy(text) - log reference(text).

    The policy wrote these texts. Averaged over many of them this is KL(policy || reference).

    logp, ref_logp: arrays (B, T), log-probability of each character by the policy and by the reference. mask: bool
    array (B, T), False behind the end of a text, whatever the others say there. Returns an array (B,).

    Worked: kl_sampled(np.array([[-1., -2.]]), np.array([[-1.5, -4.]]), np.array([[True, True]])) is [2.5]: 0.5 + 2.
    """
    return np.where(mask, logp - ref_logp, 0.0).sum(axis=1)


def some_texts(rows, columns, seed):
    """Log-probabilities by policy and reference, and a mask with texts of different length; behind the end stands
    nonsense.
    """
    rng = np.random.default_rng(seed)
    mask = np.arange(columns) < rng.permutation(np.linspace(1, columns, rows).round().astype(int))[:, None]
    logp, ref_logp = -rng.exponential(1.5, size=(2, rows, columns))
    return np.where(mask, logp, -3.0), np.where(mask, ref_logp, -7.0), mask


kl_sampled.cases = [(np.array([[-1.0, -2.0]]), np.array([[-1.5, -4.0]]), np.array([[True, True]])),
                    some_texts(4, 5, 0), some_texts(3, 2, 1)]


@kl_sampled.law("Exchange policy and reference, and every number must change its sign: a divergence has a direction. "
                "Does yours?")
def exchange_changes_the_sign(f):
    logp, ref_logp, mask = some_texts(4, 3, 2)
    return np.allclose(f(logp, ref_logp, mask), -np.asarray(f(ref_logp, logp, mask)))


@kl_sampled.right
def text_by_text(logp, ref_logp, mask):
    return np.array([sum(p[kept]) - sum(q[kept]) for p, q, kept in zip(logp, ref_logp, mask)])


@kl_sampled.right
def with_the_library(logp, ref_logp, mask):
    from tinyrlhf.learning.kl import k1
    return np.einsum("bt,bt->b", k1(logp, ref_logp), mask)


DIRECTION = ("The direction is reversed: these are nats by which the texts have become *less* likely. The texts were "
             "written by the policy, and KL(policy || reference) is the mean of log policy - log reference. Which of "
             "the two comes first?")
ABSOLUTE = ("It looks like a distance, which is never negative and the same in both directions. A text may well have "
            "become less likely than it was, and must count as negative: only then is the mean right. What does the "
            "absolute value throw away?")
SQUARES = ("Squares make it a distance, the same in both directions. KL is none, and it is no mean of squares: a text "
           "that became likelier counts up, one that became rarer counts down. What is left if nothing is squared?")
PADDING = ("Characters behind the end of a text are counted. Nobody wrote them: short texts are filled up so that all "
           "fit into one array. Which argument says where a text is over?")
AVERAGED = ("It is a mean over the characters. The log-probability of a text is the *sum* of those of its characters, "
            "or long texts could drift away at half price. What happens to the leash of a text that is twice as long?")


@kl_sampled.wrong(DIRECTION)
def reversed_direction(logp, ref_logp, mask):
    return -kl_sampled(logp, ref_logp, mask)


@kl_sampled.wrong(ABSOLUTE)
def absolute_of_each_text(logp, ref_logp, mask):
    return np.abs(kl_sampled(logp, ref_logp, mask))


@kl_sampled.wrong(ABSOLUTE)
def absolute_of_each_character(logp, ref_logp, mask):
    return (np.abs(logp - ref_logp) * mask).sum(axis=1)


@kl_sampled.wrong(ABSOLUTE)
def not_below_zero(logp, ref_logp, mask):
    return np.maximum(kl_sampled(logp, ref_logp, mask), 0)


@kl_sampled.wrong(SQUARES)
def squares(logp, ref_logp, mask):
    return ((logp - ref_logp) ** 2 * mask).sum(axis=1)


@kl_sampled.wrong(SQUARES)
def half_squares(logp, ref_logp, mask):
    return 0.5 * ((logp - ref_logp) ** 2 * mask).sum(axis=1)


@kl_sampled.wrong(SQUARES)
def euclidean_distance(logp, ref_logp, mask):
    return np.sqrt(((logp - ref_logp) ** 2 * mask).sum(axis=1))


@kl_sampled.wrong(PADDING)
def padding_counted(logp, ref_logp, mask):
    return (logp - ref_logp).sum(axis=1)


@kl_sampled.wrong(AVERAGED)
def mean_over_characters(logp, ref_logp, mask):
    return kl_sampled(logp, ref_logp, mask) / mask.sum(axis=1)


@kl_sampled.wrong(AVERAGED)
def mean_over_columns(logp, ref_logp, mask):
    return kl_sampled(logp, ref_logp, mask) / mask.shape[1]


ONE_NUMBER = ("It is one number for the whole batch. Each text will get its own reward, and so needs its own nats. "
              "Along which axis do you sum?")


@kl_sampled.wrong(ONE_NUMBER)
def mean_over_texts(logp, ref_logp, mask):
    return kl_sampled(logp, ref_logp, mask).mean()


@kl_sampled.wrong(ONE_NUMBER)
def sum_over_texts(logp, ref_logp, mask):
    return kl_sampled(logp, ref_logp, mask).sum()


@kl_sampled.wrong("It is one number for each character. The nats of a text are those of its characters together, (B,). "
                  "What is left to do?")
def one_number_for_each_character(logp, ref_logp, mask):
    return np.where(mask, logp - ref_logp, 0.0)


WEIGHED = ("Each character is weighed by its chance, as in the sum over *all* characters. But these were drawn: likely "
           "ones already come up more often. What is the weight of a sample in a mean?")


@kl_sampled.wrong(WEIGHED)
def weighed_by_the_chance(logp, ref_logp, mask):
    return (np.exp(logp) * (logp - ref_logp) * mask).sum(axis=1)


@kl_sampled.wrong(WEIGHED)
def weighed_by_the_chance_with_padding(logp, ref_logp, mask):
    return (np.exp(logp) * (logp - ref_logp)).sum(axis=1)


@kl_sampled.wrong("That compares chances, not their logarithms: from 0.5 to 0.4 would count a hundred times as much as "
                  "from 0.001 to nothing. What is the difference of two logarithms?")
def difference_of_chances(logp, ref_logp, mask):
    return ((np.exp(logp) - np.exp(ref_logp)) * mask).sum(axis=1)


# ---- 10.2

@exercise("10.2", minutes=4, hints=[
    "Going away from the reference costs. What does a nat cost, and for whom?",
    "reward of a text = its score - kl_coef times its nats.",
    "One line: begin with `return scores`"])
def kl_penalized_reward(scores, kl, kl_coef):
    """What each text is paid: its score, minus the price of how far it has gone from the reference.

    scores: array (B,), by the reward model. kl: array (B,), nats of each text as in 10.1; below zero where a text has
    become rarer. kl_coef: the price of a nat, 0 or more. Returns an array (B,).

    Worked: kl_penalized_reward(np.array([2., 1.]), np.array([3., -1.]), 0.5) is [0.5, 1.5].
    """
    return scores - kl_coef * kl


kl_penalized_reward.cases = [(np.array([2.0, 1.0]), np.array([3.0, -1.0]), 0.5),
                             (np.array([0.5, -1.0, 2.0, 0.0]), np.array([1.0, 4.0, -0.5, 0.25]), 0.2),
                             (np.array([1.0, 3.0, -2.0]), np.array([2.0, -1.0, 1.5]), 0.0)]


@kl_penalized_reward.law("Two texts with equal scores, one of them farther from the reference: the farther one must be "
                         "paid less. Is it?")
def farther_is_paid_less(f):
    near, far = f(np.array([1.0, 1.0]), np.array([0.5, 2.5]), 0.1)
    return far < near


@kl_penalized_reward.right
def text_by_text_paid(scores, kl, kl_coef):
    return np.array([score - kl_coef * nats for score, nats in zip(scores, kl)])


@kl_penalized_reward.right
def penalty_by_the_library(scores, kl, kl_coef):
    from tinyrlhf.learning.kl import kl_penalized_rewards
    return kl_penalized_rewards(scores, kl, np.zeros(len(kl)), kl_coef)


@kl_penalized_reward.wrong("Going away from the reference is paid, not charged: the sign of the penalty is plus. Such "
                           "a model runs off as fast as it can. Which sign pulls it back?")
def plus_instead_of_minus(scores, kl, kl_coef):
    return scores + kl_coef * kl


@kl_penalized_reward.wrong("kl_coef stands at the score. It is the price of a *nat*: 0 must mean that distance is "
                           "free, and here it means that the score is worth nothing. What does it multiply?")
def coefficient_on_the_reward(scores, kl, kl_coef):
    return kl_coef * scores - kl


@kl_penalized_reward.wrong("It mixes score and penalty with weights that add up to 1. Then a tighter leash also makes "
                           "the score worth less. Only the nats have a price. What is the weight of the score?")
def weighted_mean(scores, kl, kl_coef):
    return (1 - kl_coef) * scores - kl_coef * kl


@kl_penalized_reward.wrong("The price is not used: each nat costs 1, whatever kl_coef says. Where does it belong?")
def price_forgotten(scores, kl, kl_coef):
    return scores - kl


@kl_penalized_reward.wrong("It divides by kl_coef: then a cheap nat costs most. A price multiplies.")
def divided_by_the_price(scores, kl, kl_coef):
    return scores - kl / kl_coef


SAME_FOR_ALL = ("Every text is charged the same, for the nats of the whole batch. A number that is equal for all drops "
                "out as soon as the baseline is subtracted, and the leash is gone. Whose nats should a text pay for?")


@kl_penalized_reward.wrong(SAME_FOR_ALL)
def mean_of_the_batch(scores, kl, kl_coef):
    return scores - kl_coef * np.mean(kl)


@kl_penalized_reward.wrong(SAME_FOR_ALL)
def sum_of_the_batch(scores, kl, kl_coef):
    return scores - kl_coef * np.sum(kl)


ONE_SIDED = ("A text that has become rarer, with nats below zero, gets nothing back or is even charged. It must be "
             "paid for that: only with both signs is the penalty the KL on average, and the pull is back towards the "
             "reference. What happens without abs() or maximum()?")


@kl_penalized_reward.wrong(ONE_SIDED)
def absolute_nats(scores, kl, kl_coef):
    return scores - kl_coef * np.abs(kl)


@kl_penalized_reward.wrong(ONE_SIDED)
def only_positive_nats(scores, kl, kl_coef):
    return scores - kl_coef * np.maximum(kl, 0)


# ---- 10.3

@exercise("10.3", minutes=12, hints=[
    "Three steps you know: what each text is paid (10.1 and 10.2), minus what the *others* are paid on average (4.3), "
    "times the push of each of its characters (4.1). It is the slope of a loss, so a good text's sign is minus.",
    "A = reward - mean reward of the other texts; d_logits = - A (onehot(action) - softmax(logits)) / B, and 0 where "
    "the mask is False. The reference only enters the reward.",
    "`onehot = np.arange(logits.shape[-1]) == actions[..., None]`, which is (B, T, V); then `logp = "
    "(log_softmax(logits) * onehot).sum(axis=-1)`"])
def rlhf_grad(logits, ref_logits, actions, mask, scores, kl_coef):
    """One step of RLHF: the slope, by the logits, of the loss - mean over texts of advantage * log policy(text).

    What a text is paid is its score minus kl_coef times its nats from the reference (10.1, 10.2); its advantage is that
    minus the mean over the *other* texts. Advantages are plain numbers: nothing flows back through them.

    logits, ref_logits: arrays (B, T, V), by the policy and by the frozen reference, for each of V characters at each of
    T places. actions: integers (B, T), the characters that were written. mask: bool (B, T), False behind the end of a
    text. scores: array (B,), by the reward model, B at least 2. Returns an array (B, T, V).

    Worked: two texts of one character out of two, all logits 0, written: 0 and 1, scores 1 and 0, mask True. The
    advantages are 1 and -1, and rlhf_grad is [[[-0.25, 0.25]], [[-0.25, 0.25]]]: raise character 0.
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
    return logits, ref_logits, rng.integers(characters, size=(n, steps)), mask, rng.normal(size=n), kl_coef


rlhf_grad.cases = [(np.zeros((2, 1, 2)), np.zeros((2, 1, 2)), np.array([[0], [1]]), np.ones((2, 1), bool),
                    np.array([1.0, 0.0]), 0.5),
                   some_batch(3, 2, 3, 0.3, 0), some_batch(4, 3, 2, 1.0, 1), some_batch(2, 2, 3, 0.0, 2)]


@rlhf_grad.law("The push on the logits of each written character must sum to zero: what one character gains, the "
               "others lose. Does it?")
def pushes_sum_to_zero(f):
    return np.allclose(np.sum(f(*some_batch(3, 4, 5, 0.3, 3)), axis=-1), 0, atol=1e-9)


@rlhf_grad.law("Adding 10 to all scores must change nothing: a learned reward has no zero of its own. Is the baseline "
               "there?")
def zero_of_the_score_does_not_matter(f):
    *texts, scores, kl_coef = some_batch(3, 4, 5, 0.3, 4)
    return np.allclose(f(*texts, scores + 10, kl_coef), f(*texts, scores, kl_coef))


@rlhf_grad.right
def step_by_the_library(logits, ref_logits, actions, mask, scores, kl_coef):
    from tinyrlhf.learning.advantages import leave_one_out
    from tinyrlhf.learning.kl import kl_penalized_rewards
    from tinyrlhf.learning.rules import reinforce
    from tinyrlhf.nn.distributions import Categorical
    log_probs, reference = (Categorical.log_prob(table, actions) for table in (logits, ref_logits))
    rewards = np.where(mask, kl_penalized_rewards(0.0, log_probs, reference, kl_coef), 0.0).sum(axis=1) + scores
    advantages = np.where(mask, leave_one_out(rewards, len(rewards))[:, None], 0.0)
    return reinforce(advantages, 1 / len(rewards))[..., None] * Categorical.d_log_prob(logits, actions)


@rlhf_grad.right
def by_differences(logits, ref_logits, actions, mask, scores, kl_coef):
    pick = lambda table: np.take_along_axis(log_softmax(table), actions[..., None], axis=-1)[..., 0] * mask
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


def step(logits, ref_logits, actions, mask, scores, kl_coef, sign=-1, paid=None, advantage=None, push=None,
         counted=None, share=None):
    """The solution with switches, from which the wrong versions are made."""
    onehot = np.arange(logits.shape[-1]) == actions[..., None]
    logp, ref_logp = ((log_softmax(table) * onehot).sum(axis=-1) for table in (logits, ref_logits))
    rewards = paid(logp, ref_logp) if paid else scores - kl_coef * ((logp - ref_logp) * mask).sum(axis=1)
    others = (rewards.sum() - rewards) / (len(rewards) - 1)
    advantages = advantage(rewards) if advantage else rewards - others
    slope = push(onehot, softmax(logits), softmax(ref_logits)) if push else onehot - softmax(logits)
    weights = advantages[:, None] * (mask if counted is None else counted) / (len(rewards) if share is None else share)
    return sign * weights[..., None] * slope


REFERENCE = ("Something flows back through the reference: where its chances appear in the push, the model is pulled as "
             "if the reference were moving. It is frozen; its log-probabilities are only numbers in the reward. Which "
             "chances belong into onehot - chances?")
NOISE = ("The leash is in the reward already. The derivative of the sampled log-ratio beside it is zero on average and "
         "only adds noise. Which of the two can go?")
TWICE = ("The leash is counted twice: in the reward, and once more as a derivative of its own. Its price in the reward "
         "is enough, since the policy gradient turns every reward into a push. Which of the two can go?")
PADDED = ("Characters behind the end of a text are counted: nobody wrote them, yet they are pushed or charged. A mask "
          "belongs to both, the nats and the push. Where is it missing?")
OWN = ("Each text is part of its own baseline, so the push shrinks to (B - 1)/B of what it should be. Lesson 4 took "
       "the mean over the others. How do you take a text's own reward out of the sum?")
SPREAD = ("The advantages are divided by their standard deviation. Many programs do, but then the step no longer is "
          "the slope of this loss. Which division can go?")
LENGTH = ("The push is divided by the number of characters. Then a bad text can hide by being long. The "
          "log-probability of a text is a sum. By what is a mean over B texts divided?")


@rlhf_grad.wrong(REFERENCE)
def through_the_reference(*batch):
    return step(*batch, push=lambda onehot, chances, ref_chances: ref_chances - chances)


@rlhf_grad.wrong(REFERENCE)
def pushed_from_the_reference(*batch):
    return step(*batch, push=lambda onehot, chances, ref_chances: onehot - ref_chances)


@rlhf_grad.wrong(NOISE)
def leash_in_the_reward_and_in_the_loss(logits, ref_logits, actions, mask, scores, kl_coef):
    onehot = np.arange(logits.shape[-1]) == actions[..., None]
    extra = kl_coef * mask[..., None] * (onehot - softmax(logits)) / len(scores)
    return step(logits, ref_logits, actions, mask, scores, kl_coef) + extra


@rlhf_grad.wrong(TWICE)
def leash_counted_twice(logits, ref_logits, actions, mask, scores, kl_coef):
    gap = log_softmax(logits) - log_softmax(ref_logits)
    slope = softmax(logits) * (gap - (softmax(logits) * gap).sum(axis=-1, keepdims=True))
    return step(logits, ref_logits, actions, mask, scores, kl_coef) + kl_coef * mask[..., None] * slope / len(scores)


@rlhf_grad.wrong(TWICE)
def leash_counted_twice_through_the_reference(logits, ref_logits, actions, mask, scores, kl_coef):
    extra = kl_coef * mask[..., None] * (softmax(ref_logits) - softmax(logits)) / len(scores)
    return step(logits, ref_logits, actions, mask, scores, kl_coef) + extra


@rlhf_grad.wrong("The leash stands in the loss, as a derivative of the sampled log-ratio, and not in the reward. On "
                 "average that pulls nowhere: the mean of onehot - chances over what the policy draws is zero. What "
                 "must the nats be subtracted from?")
def leash_in_the_loss(logits, ref_logits, actions, mask, scores, kl_coef):
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


UPHILL = ("All signs are reversed: what was paid well becomes less likely. It is the slope of a *loss*, and an "
          "optimizer walks down. Which sign has the push in it?")


@rlhf_grad.wrong(UPHILL)
def uphill(*batch):
    return step(*batch, sign=1)


@rlhf_grad.wrong(UPHILL)
def uphill_with_own_text_in_the_baseline(*batch):
    return step(*batch, sign=1, advantage=lambda rewards: rewards - rewards.mean())


@rlhf_grad.wrong("The leash is missing: these are the advantages of the scores alone, so nothing holds the model near "
                 "the reference. What has to be subtracted from the scores first?")
def no_leash(logits, ref_logits, actions, mask, scores, kl_coef):
    return step(logits, ref_logits, actions, mask, scores, 0.0)


@rlhf_grad.wrong("Texts are paid for going away from the reference: the penalty has the wrong sign, or policy and "
                 "reference are exchanged in it. What should a text cost that the policy writes more often than the "
                 "reference?")
def leash_reversed(logits, ref_logits, actions, mask, scores, kl_coef):
    return step(logits, ref_logits, actions, mask, scores, -kl_coef)


@rlhf_grad.wrong("Only one character after the other is charged its own nats. The leash holds the text as a whole: an "
                 "early character may lead to nats that come later. Over what do you sum them, before the advantage is "
                 "taken?")
def leash_per_character(logits, ref_logits, actions, mask, scores, kl_coef):
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
    return step(logits, ref_logits, actions, mask, scores, kl_coef, advantage=lambda rewards: rewards - rewards.mean(),
                counted=np.ones(mask.shape))


@rlhf_grad.wrong("There is no baseline: the rewards themselves push. A learned reward has no zero of its own, so every "
                 "text may be pushed up. What did lesson 4 subtract?")
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
    return step(logits, ref_logits, actions, mask, scores, kl_coef, counted=mask / mask.sum(axis=1, keepdims=True))


@rlhf_grad.wrong("It is the slope of the sum over the texts; the loss is their mean. By which number is it too large?")
def summed_over_texts(*batch):
    return step(*batch, share=1)


@rlhf_grad.wrong("The characters that were written are missing: the push is -chances alone, which lowers everything. "
                 "Which entry of each row has to be raised by 1?")
def onehot_forgotten(*batch):
    return step(*batch, push=lambda onehot, chances, ref_chances: -chances)


@rlhf_grad.wrong("Only the logits of the written characters are pushed. The chances of a place add up to 1, so the "
                 "others must give way. Which term is missing beside the one-hot?")
def onehot_alone(*batch):
    return step(*batch, push=lambda onehot, chances, ref_chances: onehot.astype(float))


# ---- 10.4

@exercise("10.4", minutes=6, extra=True, hints=[
    "Everything is made of one number for each sample: how much likelier the reference finds it than the policy does.",
    "With log rho = ref_logp - logp: k1 = -log rho, k2 = (log rho)**2 / 2, k3 = rho - 1 - log rho.",
    "`log_ratio = ref_logp - logp`"])
def k1_k2_k3(logp, ref_logp):
    """Three estimates of KL(policy || reference) from each sample that the policy drew.

    With rho = reference / policy: k1 = -log rho, k2 = (log rho)**2 / 2, k3 = rho - 1 - log rho.

    logp, ref_logp: arrays of any shape, log-probabilities by the policy and by the reference. Returns (k1, k2, k3),
    arrays of that shape.

    Worked: the policy gave a sample the chance 0.4, the reference 0.2, so rho is 1/2: k1_k2_k3(np.log([0.4]),
    np.log([0.2])) is ([0.693], [0.240], [0.193]).
    """
    log_ratio = ref_logp - logp
    return -log_ratio, log_ratio**2 / 2, np.exp(log_ratio) - 1 - log_ratio


@k1_k2_k3.play
def list_or_tuple(f, logp, ref_logp):
    found = f(logp, ref_logp)
    return tuple(found) if isinstance(found, (list, np.ndarray)) else found


k1_k2_k3.cases = [(np.log([0.4]), np.log([0.2])), (np.log([0.7, 0.1, 0.05, 0.2]), np.log([0.2, 0.3, 0.9, 0.2])),
                  (np.array([[-1.0, -3.0], [-0.2, -2.0]]), np.array([[-2.5, -1.5], [-0.3, -6.0]]))]


@k1_k2_k3.law("Weighed by how often the policy draws each sample, k1 and k3 must both give the KL. For (0.7, 0.2, 0.1) "
              "and (0.3, 0.3, 0.4), do they?")
def k1_and_k3_are_right_on_average(f):
    policy, reference = np.array([0.7, 0.2, 0.1]), np.array([0.3, 0.3, 0.4])
    k1, _, k3 = f(np.log(policy), np.log(reference))
    exact = policy @ np.log(policy / reference)
    return abs(policy @ k1 - exact) < 1e-9 and abs(policy @ k3 - exact) < 1e-9


@k1_k2_k3.right
def estimators_of_the_library(logp, ref_logp):
    from tinyrlhf.learning import kl
    return kl.k1(logp, ref_logp), kl.k2(logp, ref_logp), kl.k3(logp, ref_logp)


@k1_k2_k3.right
def from_the_ratio(logp, ref_logp):
    rho = np.exp(ref_logp) / np.exp(logp)
    return [-np.log(rho), 0.5 * np.square(np.log(rho)), (rho - 1) - np.log(rho)]


NEGATIVE = ("k1 has lost its negative values. A divergence is never negative, but one sample of it may be: k1 is wrong "
            "on a single sample and right on average, and without its negative half the average is too large. What is "
            "left if you let it be negative?")


@k1_k2_k3.wrong(NEGATIVE)
def k1_absolute(logp, ref_logp):
    k1, k2, k3 = k1_k2_k3(logp, ref_logp)
    return np.abs(k1), k2, k3


@k1_k2_k3.wrong(NEGATIVE)
def k1_cut_off(logp, ref_logp):
    k1, k2, k3 = k1_k2_k3(logp, ref_logp)
    return np.maximum(k1, 0), k2, k3


@k1_k2_k3.wrong("The ratio is upside down: rho is reference / policy. With policy / reference k1 estimates minus the "
                "KL, and k3 estimates nothing you want. Which logarithm comes first in log rho?")
def upside_down(logp, ref_logp):
    return k1_k2_k3(ref_logp, logp)


@k1_k2_k3.wrong("k1 and k2 are right, but k3 has the ratio upside down. On average rho - 1 must be zero, and it is so "
                "only for reference / policy, as the policy drew the samples. Which of the two is in your exp()?")
def k3_upside_down(logp, ref_logp):
    k1, k2, _ = k1_k2_k3(logp, ref_logp)
    return k1, k2, k1_k2_k3(ref_logp, logp)[2]


@k1_k2_k3.wrong("k1 has the wrong sign: on average it would be minus the KL. Which of the two logarithms comes first "
                "in -log rho?")
def k1_with_the_wrong_sign(logp, ref_logp):
    k1, k2, k3 = k1_k2_k3(logp, ref_logp)
    return -k1, k2, k3


@k1_k2_k3.wrong("That looks like a ratio of the log-probabilities. rho is the ratio of the chances, and its logarithm "
                "is the *difference* of theirs. What is log(0.2 / 0.4)?")
def ratio_of_log_probabilities(logp, ref_logp):
    return -np.log(ref_logp / logp), np.log(ref_logp / logp) ** 2 / 2, ref_logp / logp - 1 - np.log(ref_logp / logp)


@k1_k2_k3.wrong("k3 has the wrong sign before log rho. Near rho = 1 it should be almost flat and never below zero. "
                "What is -log rho called above?")
def k3_with_plus(logp, ref_logp):
    k1, k2, _ = k1_k2_k3(logp, ref_logp)
    return k1, k2, np.expm1(-k1) - k1


@k1_k2_k3.wrong("k3 misses the -log rho: rho - 1 is zero on average, whatever the KL is. Which term carries the KL?")
def k3_without_the_logarithm(logp, ref_logp):
    k1, k2, _ = k1_k2_k3(logp, ref_logp)
    return k1, k2, np.expm1(-k1)


@k1_k2_k3.wrong("k2 is twice as large as it should be. Near the reference it must agree with the others. Which factor "
                "is missing?")
def k2_without_one_half(logp, ref_logp):
    k1, k2, k3 = k1_k2_k3(logp, ref_logp)
    return k1, 2 * k2, k3


@k1_k2_k3.wrong("log(rho**2) is 2 log rho. Square the logarithm, not rho.")
def k2_of_the_squared_ratio(logp, ref_logp):
    k1, _, k3 = k1_k2_k3(logp, ref_logp)
    return k1, np.log(np.exp(-k1) ** 2) / 2, k3


@k1_k2_k3.wrong("These are three means. Return one estimate for each sample, so that its spread can be seen as well as "
                "its mean. What happens if the last step is left to the caller?")
def means(logp, ref_logp):
    return tuple(each.mean() for each in k1_k2_k3(logp, ref_logp))


# ---- 10.5

@exercise("10.5", minutes=8, extra=True, hints=[
    "How many times as likely is the character now? Compare what it is paid without a limit and with the limit, and "
    "take the less favourable of the two, whatever the sign of the advantage.",
    "min(q A, clip(q, 1 - eps, 1 + eps) A) with q = exp(logp - old_logp).",
    "`ratio = np.exp(logp - old_logp)`; then np.clip and np.minimum"])
def ppo_clip(logp, old_logp, advantages, eps):
    """What PPO is paid for each character: min(q A, clip(q, 1 - eps, 1 + eps) A) with q = policy / old policy.

    logp, old_logp: arrays of one shape, log-probability of each character now, and when it was written. advantages:
    array of that shape. eps: 0.1 to 0.3. Returns an array of that shape, the objective (to be raised, so not yet a
    loss).

    Worked: a good character has become 1.5 times as likely, a bad one as well: ppo_clip(np.log([1.5, 1.5]),
    np.zeros(2), np.array([1., -1.]), 0.2) is [1.2, -1.5]. The good one is paid no more than 1.2; the bad one must still
    be mended.
    """
    ratio = np.exp(logp - old_logp)
    return np.minimum(ratio * advantages, np.clip(ratio, 1 - eps, 1 + eps) * advantages)


ppo_clip.cases = [(np.log([1.5, 1.5]), np.zeros(2), np.array([1.0, -1.0]), 0.2),
                  (np.log([0.5, 0.5, 0.9, 0.9, 1.1, 1.1]) - 1, -np.ones(6),
                   np.array([2.0, -2.0, 1.0, -1.0, 0.5, -0.5]), 0.3),
                  (np.log([[0.4, 0.9], [0.3, 0.02]]), np.log([[0.2, 0.3], [0.4, 0.1]]),
                   np.array([[1.0, -1.0], [-2.0, 3.0]]), 0.1)]


@ppo_clip.law("Where nothing has changed yet (logp = old_logp), the objective must be the advantage itself. Is it?")
def unchanged_is_the_advantage(f):
    logp, advantages = np.log([0.1, 0.5, 0.9]), np.array([1.0, -2.0, 0.5])
    return np.allclose(f(logp, logp.copy(), advantages, 0.2), advantages)


@ppo_clip.law("It must never be paid more than without clipping: PPO is the cautious one of the two. Is it, for bad "
              "characters, too?")
def never_above_unclipped(f):
    logp, old = np.log([0.05, 0.3, 0.9, 0.5]), np.log([0.2, 0.2, 0.5, 0.9])
    advantages = np.array([-1.0, -1.0, 1.0, 1.0])
    return np.all(f(logp, old, advantages, 0.2) <= np.exp(logp - old) * advantages + 1e-9)


@ppo_clip.right
def by_cases(logp, old_logp, advantages, eps):
    ratio = np.exp(logp) / np.exp(old_logp)
    return advantages * np.where(advantages > 0, np.minimum(ratio, 1 + eps), np.maximum(ratio, 1 - eps))


@ppo_clip.right
def by_the_slope_of_the_library(logp, old_logp, advantages, eps):
    from tinyrlhf.learning import rules
    slope = -rules.ppo_clip(logp, old_logp, advantages, weight=1.0, clip=eps)           # q A, or zero where it is flat
    return np.where(slope != 0, slope, advantages * np.where(advantages > 0, 1 + eps, 1 - eps))


@ppo_clip.wrong("It takes the larger of the two. For a good character that pays without limit once it has become "
                "likelier, the very thing that clipping should stop. Which of the two is the cautious choice?")
def larger_instead_of_smaller(logp, old_logp, advantages, eps):
    ratio = np.exp(logp - old_logp)
    return np.maximum(ratio * advantages, np.clip(ratio, 1 - eps, 1 + eps) * advantages)


SWAPPED = ("Good characters are right, bad ones are not: min and max are exchanged where the advantage is negative. "
           "The minimum is taken of the *products*, for both signs; the negative advantage has turned the order around "
           "already. Does the bad character of the docstring get -1.5?")


@ppo_clip.wrong(SWAPPED)
def maximum_for_negative_advantages(logp, old_logp, advantages, eps):
    ratio = np.exp(logp - old_logp)
    both = ratio * advantages, np.clip(ratio, 1 - eps, 1 + eps) * advantages
    return np.where(advantages >= 0, np.minimum(*both), np.maximum(*both))


@ppo_clip.wrong(SWAPPED)
def lower_limit_as_a_ceiling(logp, old_logp, advantages, eps):
    ratio = np.exp(logp - old_logp)
    return advantages * np.where(advantages > 0, np.minimum(ratio, 1 + eps), np.minimum(ratio, 1 - eps))


@ppo_clip.wrong(SWAPPED)
def minimum_of_the_ratios(logp, old_logp, advantages, eps):
    ratio = np.exp(logp - old_logp)
    return np.minimum(ratio, np.clip(ratio, 1 - eps, 1 + eps)) * advantages


ALWAYS = ("It clips always. Then a good character that has become rarer, or a bad one that has become likelier, gets "
          "no push any more and can never be mended. With what must the clipped product be compared?")


@ppo_clip.wrong(ALWAYS)
def always_clipped(logp, old_logp, advantages, eps):
    return np.clip(np.exp(logp - old_logp), 1 - eps, 1 + eps) * advantages


@ppo_clip.wrong(ALWAYS)
def product_clipped(logp, old_logp, advantages, eps):
    return np.clip(np.exp(logp - old_logp) * advantages, (1 - eps) * advantages, (1 + eps) * advantages)


@ppo_clip.wrong("That looks like a ratio of the log-probabilities. The ratio of two chances is exp() of the "
                "*difference* of their logarithms. From 0.5 to 0.25, what is it?")
def ratio_of_logarithms(logp, old_logp, advantages, eps):
    ratio = logp / old_logp
    return np.minimum(ratio * advantages, np.clip(ratio, 1 - eps, 1 + eps) * advantages)


@ppo_clip.wrong("The difference of the log-probabilities is used as the ratio; where nothing has changed it is 0 and "
                "should be 1. Which function turns a difference of logarithms into a ratio?")
def difference_of_logarithms(logp, old_logp, advantages, eps):
    ratio = logp - old_logp
    return np.minimum(ratio * advantages, np.clip(ratio, 1 - eps, 1 + eps) * advantages)


@ppo_clip.wrong("The ratio is upside down, old / new. A good character that has become likelier would be paid less and "
                "less. Which of the two stands above?")
def upside_down_ratio(logp, old_logp, advantages, eps):
    return ppo_clip(old_logp, logp, advantages, eps)


@ppo_clip.wrong("It is not clipped at all: on the same batch the model would be paid for going on and on. What should "
                "hold it between 1 - eps and 1 + eps?")
def not_clipped(logp, old_logp, advantages, eps):
    return np.exp(logp - old_logp) * advantages


@ppo_clip.wrong("All signs are reversed: that is the loss. Here the objective is asked for, which is to be raised. "
                "What is the objective of a good character that has not changed?")
def as_a_loss(logp, old_logp, advantages, eps):
    return -ppo_clip(logp, old_logp, advantages, eps)


MEAN = "It is one number, the mean. Return one for each character; the mean is taken later. Which step can be left out?"


@ppo_clip.wrong(MEAN)
def one_number(logp, old_logp, advantages, eps):
    return np.mean(ppo_clip(logp, old_logp, advantages, eps))


@ppo_clip.wrong(MEAN)
def one_number_as_a_loss(logp, old_logp, advantages, eps):
    return -np.mean(ppo_clip(logp, old_logp, advantages, eps))


BEFORE_EXP = ("The *logarithm* of the ratio is clipped, not the ratio itself; the limits 1 - eps and 1 + eps are meant "
              "for exp(logp - old_logp). In which order do exp and clip come?")


@ppo_clip.wrong(BEFORE_EXP)
def logarithm_clipped_around_one(logp, old_logp, advantages, eps):
    ratio = np.exp(logp - old_logp)
    return np.minimum(ratio * advantages, np.exp(np.clip(logp - old_logp, 1 - eps, 1 + eps)) * advantages)


@ppo_clip.wrong(BEFORE_EXP)
def logarithm_clipped_around_zero(logp, old_logp, advantages, eps):
    ratio = np.exp(logp - old_logp)
    return np.minimum(ratio * advantages, np.exp(np.clip(logp - old_logp, -eps, eps)) * advantages)
