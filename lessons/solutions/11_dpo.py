"""Exercises of lesson 11, DPO: solutions, hints, usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise


# ---- 11.1

@exercise("11.1", minutes=6, hints=[
    "Start from what the reference says, and make each answer more likely the better it is. Then let the chances add "
    "up to 1 again.",
    r"$\pi^*(y) = \dfrac{\pi_{ref}(y) \, e^{r(y) / c}}{Z}$, with $Z = \sum_{y'} \pi_{ref}(y') \, e^{r(y') / c}$ and "
    r"$c$ = `kl_coef`. Any constant may be taken from all rewards first: it stands above and below the fraction line.",
    "`weights = ref * np.exp((rewards - rewards.max()) / kl_coef)`"])
def best_regularized_policy(ref, rewards, kl_coef):
    """The policy with the largest mean reward minus kl_coef times KL(policy || reference), over A answers.

    ref: array (A,), the chances of the answers under the reference. rewards: array (A,). kl_coef: the price of one nat,
    above 0. Returns an array (A,) of chances. Rewards may be as large as 1000, and nothing may overflow.

    Worked: ref [0.2, 0.8], rewards [log 2, 0] and kl_coef 0.5: exp(rewards / kl_coef) is [4, 1], which times ref gives
    [0.8, 0.8], so best_regularized_policy returns [0.5, 0.5].
    """
    weights = ref * np.exp((rewards - rewards.max()) / kl_coef)
    return weights / weights.sum()


best_regularized_policy.cases = [
    (np.array([0.2, 0.8]), np.array([np.log(2), 0.0]), 0.5),
    (np.array([0.5, 0.3, 0.2]), np.array([-0.4, 0.7, 1.1]), 2.0),
    (np.array([0.06, 0.10, 0.30, 0.24, 0.30]), np.array([1.0, 0.5, -0.3, 0.0, -1.2]), 0.3),
    (np.array([0.1, 0.9]), np.array([1000.0, 999.0]), 0.25)]


@best_regularized_policy.law("People's votes fix no zero: the same constant added to every reward must change nothing. "
                             "Does it?")
def a_constant_changes_nothing(f):
    ref, rewards = np.array([0.5, 0.3, 0.2]), np.array([-0.4, 0.7, 1.1])
    return np.allclose(f(ref, rewards, 0.7), f(ref, rewards + 5, 0.7))


@best_regularized_policy.law("Where a nat costs a million, nothing is worth moving for: the result must be the "
                             "reference. Is it?")
def a_dear_nat_keeps_the_reference(f):
    return np.allclose(f(np.array([0.5, 0.3, 0.2]), np.array([-0.4, 0.7, 1.1]), 1e6), [0.5, 0.3, 0.2], atol=1e-4)


@best_regularized_policy.right
def in_logarithms(ref, rewards, kl_coef):
    logits = np.log(ref) + rewards / kl_coef
    return np.exp(logits - np.logaddexp.reduce(logits))


@best_regularized_policy.right
def by_the_library(ref, rewards, kl_coef):
    from tinyrlhf.exact.horizon import bandit_optimum
    return bandit_optimum(rewards, ref, kl_coef)[0]


@best_regularized_policy.right
def by_climbing(ref, rewards, kl_coef):
    logits = np.log(ref)
    for _ in range(40):                     # the advantage of each answer is a step of the natural policy gradient
        policy = tilted(1.0, logits)
        worth = rewards - kl_coef * (np.log(policy) - np.log(ref))
        logits = logits + 0.9 / kl_coef * (worth - policy @ worth)
    return tilted(1.0, logits)


def tilted(ref, logits):
    weights = ref * np.exp(logits - logits.max())
    return weights / weights.sum()


@best_regularized_policy.wrong("kl_coef multiplies the rewards. Then the dearer a nat, the further it walks from the "
                               "reference. Should a large price pull it back or push it away?")
def price_multiplies(ref, rewards, kl_coef):
    return tilted(ref, rewards * kl_coef)


@best_regularized_policy.wrong("kl_coef makes no difference: divided by outside of the exponent, it cancels against Z. "
                               "What is it that has this price, and where does it belong?")
def price_cancels(ref, rewards, kl_coef):
    return tilted(ref, rewards)


FORGETS_Z = ("The chances do not add up to 1: Z is missing. ref times exp(reward / kl_coef) is only in proportion to "
             "them. By which sum do you divide?")


@best_regularized_policy.wrong(FORGETS_Z)
def z_forgotten(ref, rewards, kl_coef):
    return ref * np.exp(rewards / kl_coef)


@best_regularized_policy.wrong(FORGETS_Z)
def z_forgotten_but_stable(ref, rewards, kl_coef):
    return ref * np.exp((rewards - rewards.max()) / kl_coef)


@best_regularized_policy.wrong("The reference is ignored. Then an odd answer that the reference would hardly ever give "
                               "counts as much as a usual one. What should each weight start from?")
def reference_ignored(ref, rewards, kl_coef):
    return tilted(np.ones(len(ref)), rewards / kl_coef)


@best_regularized_policy.wrong("The worst answers become the likeliest: the sign of the reward is reversed. What does "
                               "a good answer's weight do?")
def sign_reversed(ref, rewards, kl_coef):
    return tilted(ref, -rewards / kl_coef)


@best_regularized_policy.wrong("All chance goes to the answer with the best reward. That is the best policy where nats "
                               "are free; here each one has a price. What remains of the reference?")
def greedy(ref, rewards, kl_coef):
    return np.eye(len(ref))[np.argmax(rewards)]


@best_regularized_policy.wrong("The chances of the reference are added to rewards / kl_coef in the exponent. There "
                               "they must be logarithms: what times what gives the weight?")
def chances_taken_for_logits(ref, rewards, kl_coef):
    return tilted(np.ones(len(ref)), ref + rewards / kl_coef)


@best_regularized_policy.wrong("It is right for small rewards, but exp of a large number overflows, and nan comes out. "
                               "Only differences count: which constant can you take from all rewards first?")
def overflows(ref, rewards, kl_coef):
    return ref * np.exp(rewards / kl_coef) / np.sum(ref * np.exp(rewards / kl_coef))


# ---- 11.2

@exercise("11.2", minutes=6, hints=[
    "Solve the formula of 11.1 for the reward. What is left, up to a constant, is how much more the policy likes an "
    "answer than the reference did. An answer is many letters; their log-probabilities add up.",
    r"$\hat r(y) = c \sum_t \big[ \log \pi(y_t) - \log \pi_{ref}(y_t) \big]$ over the letters $t$ where the mask is "
    r"True, $c$ = `kl_coef`.",
    "`log_ratios = np.where(mask, log_probs - ref_log_probs, 0.0)`, which is (N, T)"])
def implicit_reward(log_probs, ref_log_probs, mask, kl_coef):
    """The reward of each of N answers that a policy has in mind, up to a constant: kl_coef times the log-ratio of the
    whole answer.

    log_probs, ref_log_probs: arrays (N, T), the log-probability of each letter under the policy and under the
    reference. mask: array (N, T) of True and False. Answers have different lengths; where mask is False nothing was
    written, and whatever stands there does not count. kl_coef: the price of one nat. Returns an array (N,).

    Worked: log_probs [[-1., -2., -9.]], ref_log_probs [[-2., -4., -1.]], mask [[True, True, False]], kl_coef 0.5: the
    log-ratio of the answer is 1 + 2, so implicit_reward returns [1.5].
    """
    return kl_coef * np.where(mask, log_probs - ref_log_probs, 0.0).sum(axis=1)


def some_answers(n, longest, seed):
    rng = np.random.default_rng(seed)
    mask = np.arange(longest) < rng.integers(1, longest + 1, size=n)[:, None]
    return -rng.exponential(1.5, (n, longest)), -rng.exponential(2.0, (n, longest)), mask


implicit_reward.cases = [
    (np.array([[-1.0, -2.0, -9.0]]), np.array([[-2.0, -4.0, -1.0]]), np.array([[True, True, False]]), 0.5),
    (*some_answers(4, 5, 0), 0.1), (*some_answers(3, 7, 1), 2.0), (*some_answers(5, 2, 2), 0.3)]


@implicit_reward.law("A policy that is still the reference prefers nothing: every implicit reward must be 0. Is it?")
def nothing_at_the_reference(f):
    log_probs, _, mask = some_answers(3, 4, 3)
    return np.allclose(f(log_probs, log_probs.copy(), mask, 0.7), 0)


@implicit_reward.law("Written twice in a row, an answer's log-ratio doubles, and so must its implicit reward. Does it?")
def twice_as_long(f):
    log_probs, ref, _ = some_answers(3, 4, 4)
    twice = [np.concatenate([each, each], axis=1) for each in (log_probs, ref)]
    return np.allclose(f(*twice, np.ones((3, 8), bool), 0.7), 2 * f(log_probs, ref, np.ones((3, 4), bool), 0.7))


@implicit_reward.right
def answer_by_answer(log_probs, ref_log_probs, mask, kl_coef):
    answers = zip(log_probs, ref_log_probs, mask)
    return np.array([kl_coef * (sum(one[kept]) - sum(other[kept])) for one, other, kept in answers])


@implicit_reward.right
def as_a_ratio_of_chances(log_probs, ref_log_probs, mask, kl_coef):
    chances, ref_chances = (np.prod(np.where(mask, np.exp(each), 1.0), axis=1) for each in (log_probs, ref_log_probs))
    return kl_coef * np.log(chances / ref_chances)


@implicit_reward.wrong("The reference is left out. Then an answer seems good merely because it is short or common. "
                       "Compared with whom does the policy like it more?")
def reference_left_out(log_probs, ref_log_probs, mask, kl_coef):
    return kl_coef * np.where(mask, log_probs, 0.0).sum(axis=1)


@implicit_reward.wrong("The sign is reversed: what the policy likes more than the reference did gets a smaller reward. "
                       "What is subtracted from what?")
def reversed_ratio(log_probs, ref_log_probs, mask, kl_coef):
    return -kl_coef * np.where(mask, log_probs - ref_log_probs, 0.0).sum(axis=1)


MEAN = ("That looks like the mean over the letters. The chance of an answer is the product of its letters' chances, so "
        "its log-ratio is a sum. What happens to the length?")


@implicit_reward.wrong(MEAN)
def mean_over_letters(log_probs, ref_log_probs, mask, kl_coef):
    return kl_coef * np.where(mask, log_probs - ref_log_probs, 0.0).sum(axis=1) / mask.sum(axis=1)


@implicit_reward.wrong(MEAN)
def mean_over_columns(log_probs, ref_log_probs, mask, kl_coef):
    return kl_coef * np.where(mask, log_probs - ref_log_probs, 0.0).mean(axis=1)


@implicit_reward.wrong("Places where nothing was written are counted. Short answers are filled up so that all fit into "
                       "one array. Which argument says where an answer is over?")
def padding_counted(log_probs, ref_log_probs, mask, kl_coef):
    return kl_coef * (log_probs - ref_log_probs).sum(axis=1)


@implicit_reward.wrong("It divides by kl_coef. The best policy is ref times exp(reward / kl_coef) / Z; solved for the "
                       "reward, on which side does kl_coef stand?")
def divided_by_the_price(log_probs, ref_log_probs, mask, kl_coef):
    return np.where(mask, log_probs - ref_log_probs, 0.0).sum(axis=1) / kl_coef


@implicit_reward.wrong("That is the log-ratio, in nats. To turn nats into reward one needs their price. Which argument "
                       "is not used yet?")
def price_forgotten(log_probs, ref_log_probs, mask, kl_coef):
    return np.where(mask, log_probs - ref_log_probs, 0.0).sum(axis=1)


@implicit_reward.wrong("It divides one log-probability by the other. The logarithm of a ratio is something else. How "
                       "do you write log(a / b) with log a and log b?")
def ratio_of_logarithms(log_probs, ref_log_probs, mask, kl_coef):
    return kl_coef * np.where(mask, log_probs, 0.0).sum(axis=1) / np.where(mask, ref_log_probs, 0.0).sum(axis=1)


# ---- 11.3

@exercise("11.3", minutes=7, hints=[
    "It is the loss of lesson 6, -log sigmoid(lead), with implicit rewards for scores. The unknown constant log Z "
    "stands in both, and cancels.",
    r"$\text{lead}_i = c \, [(\log \pi(y_w) - \log \pi_{ref}(y_w)) - (\log \pi(y_l) - \log \pi_{ref}(y_l))]$ for the "
    r"pair $i$; $L = \frac{1}{N} \sum_i \log(1 + e^{-\text{lead}_i})$",
    "`lead = kl_coef * ((chosen - ref_chosen) - ...)`; for log(1 + e^x) without overflow look up np.logaddexp"])
def dpo_loss(chosen, rejected, ref_chosen, ref_rejected, kl_coef):
    """How surprised a policy is by N votes, if kl_coef times the log-ratio of an answer is taken for its score: the
    mean, in nats.

    chosen, rejected: arrays (N,), log-probabilities of the preferred and of the other answer of each pair under the
    policy, summed over their letters. ref_chosen, ref_rejected: the same under the reference. Returns a number; leads
    of 1000 must not overflow.

    Worked: chosen [-4.], rejected [-6.], ref_chosen [-5.], ref_rejected [-5.], kl_coef 0.5: the lead is 0.5 * (1 -
    (-1)) = 1, so dpo_loss returns log(1 + e^-1) = 0.3133.
    """
    lead = kl_coef * ((chosen - ref_chosen) - (rejected - ref_rejected))
    return np.logaddexp(0.0, -lead).mean()


def some_votes(n, seed):
    rng = np.random.default_rng(seed)
    ref_chosen, ref_rejected = rng.normal(-12, 3, (2, n))
    return ref_chosen + rng.normal(0.5, 2, n), ref_rejected + rng.normal(-1.0, 2, n), ref_chosen, ref_rejected


dpo_loss.cases = [
    (np.array([-4.0]), np.array([-6.0]), np.array([-5.0]), np.array([-5.0]), 0.5),
    (*some_votes(3, 0), 0.1), (*some_votes(5, 1), 0.7), (*some_votes(4, 2), 2.0),
    (np.array([-2000.0, -3.0]), np.array([-3.0, -3000.0]), np.array([-9.0, -9.0]), np.array([-9.0, -9.0]), 1.0)]


@dpo_loss.law("A policy that is still the reference has no opinion: every vote must cost log 2 = 0.693, whatever "
              "kl_coef is. Does it?")
def log_two_at_the_start(f):
    reference = some_votes(6, 3)[2:]
    return all(np.isclose(f(*reference, *reference, price), np.log(2)) for price in (0.1, 1.0, 3.0))


@dpo_loss.law("If both answers of a pair lose the same share of their chance, the lead stays, and so must the loss. "
              "Does it?")
def both_may_fall(f):
    chosen, rejected, *reference = some_votes(4, 4)
    return np.isclose(f(chosen, rejected, *reference, 0.3), f(chosen - 9, rejected - 9, *reference, 0.3))


@dpo_loss.right
def as_in_lesson_six(chosen, rejected, ref_chosen, ref_rejected, kl_coef):
    scores = kl_coef * np.array([chosen - ref_chosen, rejected - ref_rejected])
    top = scores.max(axis=0)
    return np.mean(top + np.log(np.exp(scores - top).sum(axis=0)) - scores[0])


def librarys_dpo(chosen, rejected, kl_coef):
    """The library's loss of N pairs, and its derivatives by the log-ratios (N,) of the chosen and of the rejected."""
    from tinyrlhf.feedback.answers import Choices
    from tinyrlhf.learning.direct_preferences import dpo
    n = len(chosen)
    shows, shares = np.arange(2 * n).reshape(2, n).T, np.tile([1.0, 0.0], (n, 1))
    votes = Choices("preference", shows, np.eye(2), 0.0, shares, np.arange(n))
    loss, d_log_ratios, _ = dpo([votes], np.concatenate([chosen, rejected]), kl_coef)
    return loss, *np.split(d_log_ratios, 2)


@dpo_loss.right
def by_the_library_dpo(chosen, rejected, ref_chosen, ref_rejected, kl_coef):
    return librarys_dpo(chosen - ref_chosen, rejected - ref_rejected, kl_coef)[0]


@dpo_loss.wrong("Chosen and rejected look swapped: the loss falls when the rejected answer becomes likelier. Which one "
                "should gain?")
def swapped(chosen, rejected, ref_chosen, ref_rejected, kl_coef):
    return dpo_loss(rejected, chosen, ref_rejected, ref_chosen, kl_coef)


@dpo_loss.wrong("The reference is left out. Then at the start, before anything is learned, common answers look "
                "preferred to rare ones. From what is each log-probability measured?")
def without_reference(chosen, rejected, ref_chosen, ref_rejected, kl_coef):
    return dpo_loss(chosen, rejected, 0.0, 0.0, kl_coef)


@dpo_loss.wrong("The references enter with the wrong sign. Each answer is compared with its own reference: chosen - "
                "ref_chosen, and the same for the other. Which sign has ref_rejected in the difference of the two?")
def reference_added(chosen, rejected, ref_chosen, ref_rejected, kl_coef):
    return dpo_loss(chosen, rejected, -ref_chosen, -ref_rejected, kl_coef)


@dpo_loss.wrong("Both references are subtracted. In the lead, the second bracket (rejected - ref_rejected) stands "
                "behind a minus. What becomes of the minus inside it?")
def both_subtracted(chosen, rejected, ref_chosen, ref_rejected, kl_coef):
    return dpo_loss(chosen, rejected, ref_chosen, -ref_rejected, kl_coef)


@dpo_loss.wrong("kl_coef is missing. It turns nats into reward, and so decides how sure a lead of one nat is. Where "
                "does it enter?")
def no_price(chosen, rejected, ref_chosen, ref_rejected, kl_coef):
    return dpo_loss(chosen, rejected, ref_chosen, ref_rejected, 1.0)


@dpo_loss.wrong("kl_coef stands in front of the logarithm. There it only changes the size of the loss, as a learning "
                "rate would. On which side of the sigmoid does the price of a nat belong?")
def price_outside(chosen, rejected, ref_chosen, ref_rejected, kl_coef):
    return kl_coef * dpo_loss(chosen, rejected, ref_chosen, ref_rejected, 1.0)


@dpo_loss.wrong("The lead is divided by kl_coef. The implicit reward of 11.2 is kl_coef times the log-ratio. Which of "
                "the two do you need?")
def price_divides(chosen, rejected, ref_chosen, ref_rejected, kl_coef):
    return dpo_loss(chosen, rejected, ref_chosen, ref_rejected, 1 / kl_coef)


@dpo_loss.wrong("That is the sum over the votes. With twice as many votes the steps of training would be twice as "
                "long. What is asked for?")
def summed(chosen, rejected, ref_chosen, ref_rejected, kl_coef):
    return len(chosen) * dpo_loss(chosen, rejected, ref_chosen, ref_rejected, kl_coef)


@dpo_loss.wrong("The loss is negative: a minus is missing. The logarithm of a chance is at most 0, and surprise is its "
                "opposite. What is it at the start?")
def minus_forgotten(chosen, rejected, ref_chosen, ref_rejected, kl_coef):
    return -dpo_loss(chosen, rejected, ref_chosen, ref_rejected, kl_coef)


def lead_of(chosen, rejected, ref_chosen, ref_rejected, kl_coef):
    return kl_coef * (chosen - ref_chosen - rejected + ref_rejected)


CHANCE = ("That looks like the mean chance of the votes, or one minus it. A vote that was thought impossible would "
          "then cost hardly more than a surprising one. Of which function of the chance is the loss made?")


@dpo_loss.wrong(CHANCE)
def chance_of_the_votes(chosen, rejected, ref_chosen, ref_rejected, kl_coef):
    return np.mean(1 / (1 + np.exp(-lead_of(chosen, rejected, ref_chosen, ref_rejected, kl_coef))))


@dpo_loss.wrong(CHANCE)
def chance_of_the_others(chosen, rejected, ref_chosen, ref_rejected, kl_coef):
    return np.mean(1 / (1 + np.exp(lead_of(chosen, rejected, ref_chosen, ref_rejected, kl_coef))))


@dpo_loss.wrong("That is minus the chance of the vote. A surprise is minus its *logarithm*.")
def minus_the_chance(chosen, rejected, ref_chosen, ref_rejected, kl_coef):
    return -chance_of_the_votes(chosen, rejected, ref_chosen, ref_rejected, kl_coef)


@dpo_loss.wrong("The mean is over the losses, not over the leads.")
def loss_of_the_mean_lead(chosen, rejected, ref_chosen, ref_rejected, kl_coef):
    return np.logaddexp(0, -lead_of(chosen, rejected, ref_chosen, ref_rejected, kl_coef).mean())


@dpo_loss.wrong("Each answer gets a sigmoid of its own. A vote says nothing about one answer alone, only which of two "
                "is better. What is the one number that goes into the sigmoid?")
def each_for_itself(chosen, rejected, ref_chosen, ref_rejected, kl_coef):
    of_chosen = np.logaddexp(0, -kl_coef * (chosen - ref_chosen))
    return np.mean(of_chosen + np.logaddexp(0, kl_coef * (rejected - ref_rejected)))


@dpo_loss.wrong("It is right for small leads. At a lead of -1000, exp(1000) overflows, or the sigmoid rounds to 0, and "
                "the loss is infinite. Which NumPy function gives log(e^a + e^b) without taking exp of a large number?")
def rounds_to_zero(chosen, rejected, ref_chosen, ref_rejected, kl_coef):
    return np.mean(-np.log(1 / (1 + np.exp(-lead_of(chosen, rejected, ref_chosen, ref_rejected, kl_coef)))))


# ---- 11.4

@exercise("11.4", minutes=6, extra=True, hints=[
    "It is lesson 6 again: a vote pushes as hard as it surprises. And what is frozen is not pushed at all.",
    r"$\dfrac{\partial L}{\partial \log \pi(y_w)} = -\dfrac{c}{N} \, \sigma(-\text{lead})$, and the same with a plus "
    r"for the rejected one; the reference does not move.",
    "`push = kl_coef / (1 + np.exp(lead)) / len(chosen)`"])
def dpo_grad_weight(chosen, rejected, ref_chosen, ref_rejected, kl_coef):
    """How hard each vote pushes each log-probability: the derivatives of dpo_loss by its first four arguments, as
    training needs them.

    Arguments as in 11.3. Returns four arrays (N,): for chosen, rejected, ref_chosen, ref_rejected. The reference is
    frozen: it was trained before, and no vote may push it, so its two arrays are zeros.

    Worked: at the reference, with two votes and kl_coef 0.5, every vote has the chance 1/2 and pushes 0.5 * 1/2 / 2 =
    0.125: the result is [-0.125, -0.125], [0.125, 0.125], [0, 0], [0, 0].
    """
    lead = kl_coef * ((chosen - ref_chosen) - (rejected - ref_rejected))
    push = kl_coef / (1 + np.exp(lead)) / len(chosen)
    return -push, push, np.zeros(len(chosen)), np.zeros(len(chosen))


@dpo_grad_weight.play
def four_arrays(f, chosen, rejected, ref_chosen, ref_rejected, kl_coef):
    weights = f(chosen, rejected, ref_chosen, ref_rejected, kl_coef)
    if isinstance(weights, np.ndarray) and weights.ndim == 2 or isinstance(weights, list):
        weights = tuple(weights)
    if isinstance(weights, tuple) and len(weights) == 4:
        is_zero = [np.ndim(part) == 0 and part == 0 for part in weights]
        weights = tuple(np.zeros(len(chosen)) if i > 1 and is_zero[i] else weights[i] for i in range(4))
    return weights


dpo_grad_weight.cases = [(*2 * (np.array([-3.0, -8.0]), np.array([-5.0, -6.0])), 0.5),
                         (*some_votes(3, 5), 0.4), (*some_votes(5, 6), 1.5), (*some_votes(1, 7), 0.1)]


@dpo_grad_weight.law("A vote that the policy already foretells with near certainty has nothing left to teach: it must "
                     "hardly push. Does it?")
def no_push_when_sure(f):
    return abs(f(np.array([20.0]), np.array([-20.0]), np.zeros(1), np.zeros(1), 1.0)[0][0]) < 1e-9


@dpo_grad_weight.right
def by_differences(chosen, rejected, ref_chosen, ref_rejected, kl_coef):
    loss = lambda chosen, rejected: dpo_loss(chosen, rejected, ref_chosen, ref_rejected, kl_coef)
    steps = 1e-5 * np.eye(len(chosen))
    by_chosen = [(loss(chosen + step, rejected) - loss(chosen - step, rejected)) / 2e-5 for step in steps]
    by_rejected = [(loss(chosen, rejected + step) - loss(chosen, rejected - step)) / 2e-5 for step in steps]
    return np.array(by_chosen), np.array(by_rejected), 0 * ref_chosen, 0 * ref_rejected


@dpo_grad_weight.right
def by_the_librarys_dpo(chosen, rejected, ref_chosen, ref_rejected, kl_coef):
    _, d_chosen, d_rejected = librarys_dpo(chosen - ref_chosen, rejected - ref_rejected, kl_coef)
    return np.stack([d_chosen, d_rejected, 0 * d_chosen, 0 * d_rejected])


def weights_with(chosen, rejected, ref_chosen, ref_rejected, kl_coef, push=lambda p: 1 - p, signs=(-1, 1, 0, 0),
                 scale=None, price=None):
    """The solution with switches, for the wrong versions; push: of the chance p that was given to the vote."""
    p = 1 / (1 + np.exp(-lead_of(chosen, rejected, ref_chosen, ref_rejected, kl_coef if price is None else price)))
    size = (kl_coef / len(chosen) if scale is None else scale) * push(p) * np.ones(len(chosen))
    return tuple(sign * size for sign in signs)


EQUALLY = ("All pairs push equally, whether the policy knew them already or got them wrong. In DPO a vote pushes by "
           "its surprise: one minus the chance it was given. What should happen to a vote that is foretold already?")


@dpo_grad_weight.wrong(EQUALLY)
def all_pairs_equally(*votes):
    return weights_with(*votes, push=lambda p: 1.0)


@dpo_grad_weight.wrong(EQUALLY)
def all_pairs_as_at_the_start(*votes):
    return weights_with(*votes, push=lambda p: 0.5)


@dpo_grad_weight.wrong("The push is the chance that the vote was given. Then what is known already pushes hardest, and "
                       "mistakes hardly at all. How large should it be when that chance is nearly 1?")
def pushed_by_what_it_knew(*votes):
    return weights_with(*votes, push=lambda p: p)


@dpo_grad_weight.wrong("That is the slope of the chance itself, p (1 - p), and not of its logarithm. A vote that was "
                       "badly wrong would then hardly push. What is the derivative of -log sigmoid?")
def slope_of_the_chance(*votes):
    return weights_with(*votes, push=lambda p: p * (1 - p))


@dpo_grad_weight.wrong("The gradient of the reference is not stopped: it would be trained too, away from the chosen "
                       "answers, and nothing would hold the policy any more. What are the last two arrays if the "
                       "reference is frozen?")
def reference_not_stopped(*votes):
    return weights_with(*votes, signs=(-1, 1, 1, -1))


@dpo_grad_weight.wrong("All signs are reversed: a step down this gradient makes the chosen answers rarer. Does the "
                       "loss rise or fall with the log-probability of the chosen one?")
def uphill(*votes):
    return weights_with(*votes, signs=(1, -1, 0, 0))


@dpo_grad_weight.wrong("Only the chosen answers are pushed. That is imitation, as in supervised fine-tuning. What does "
                       "a vote say about the other answer?")
def only_the_chosen(*votes):
    return weights_with(*votes, signs=(-1, 0, 0, 0))


@dpo_grad_weight.wrong("Both answers are pushed up. The rejected one should lose what the chosen one gains. Which sign "
                       "has its derivative?")
def both_up(*votes):
    return weights_with(*votes, signs=(-1, -1, 0, 0))


@dpo_grad_weight.wrong("The factor kl_coef is missing. The lead is kl_coef times a difference of log-probabilities, so "
                       "the chain rule brings it out in front. Where has it gone?")
def chain_rule_forgotten(*votes):
    return weights_with(*votes, scale=1 / len(votes[0]))


@dpo_grad_weight.wrong("kl_coef is in front, but not in the lead. How surprised the policy is also depends on what a "
                       "nat is worth. Where else does it stand in 11.3?")
def lead_without_price(*votes):
    return weights_with(*votes, price=1.0)


@dpo_grad_weight.wrong("That is the gradient of the sum over the votes; the loss of 11.3 is their mean. By what do you "
                       "divide?")
def of_the_sum(*votes):
    return weights_with(*votes, scale=votes[4])


# ---- 11.5

@exercise("11.5", minutes=5, extra=True, tolerance=0.04, hints=[
    "To improve one answer, draw n and keep the best. To give out another one, draw another n.",
    "Draw n * how_many answers, let each row of a table (how_many, n) be one group, and keep the best of each row.",
    "`drawn = sample(n * how_many)`; then `scores = score(drawn).reshape(how_many, n)` and look up argmax with axis=1"])
def best_of_n(sample, score, n, how_many):
    """Answers (how_many,), each of them the best of n fresh ones: the simplest way to please a reward model, without
    any training.

    sample: a function, k -> array (k,) of k fresh answers of the reference. score: a function, answers (k,) -> their
    scores (k,). n: how many are drawn for each answer that is given out. Returns an array (how_many,) of answers.

    Worked: sample hands out 1, 8, 2, 0, one after the other, and the score of an answer is its number. Then
    best_of_n(sample, score, 4, 1) returns [8].
    """
    drawn = sample(n * how_many).reshape(how_many, n)
    scores = score(drawn.ravel()).reshape(how_many, n)
    return drawn[np.arange(how_many), scores.argmax(axis=1)]


@best_of_n.play
def shares_of_answers(f, answers, chances, scores, n, how_many):
    """How often each answer is given out; a fresh generator for each call."""
    rng, told = np.random.default_rng(0), iter(answers)

    def sample(k):
        return np.array([next(told) for _ in range(k)]) if chances is None else rng.choice(answers, size=k, p=chances)

    given = f(sample, lambda drawn: scores[np.searchsorted(np.sort(answers), drawn)], n, how_many)
    if not isinstance(given, (np.ndarray, list, tuple)):
        return given
    if np.shape(given) != (how_many,):
        raise ValueError(f"expected how_many = {how_many} answers, got shape {np.shape(given)}")
    return (np.asarray(given) == np.sort(answers)[:, None]).mean(axis=1)


FOUR = np.array([0, 1, 2, 8])
best_of_n.cases = [(np.array([1, 8, 2, 0]), None, FOUR.astype(float), 4, 1),
                   (FOUR, np.array([0.4, 0.3, 0.2, 0.1]), FOUR.astype(float), 2, 2000),
                   (FOUR, np.array([0.1, 0.2, 0.3, 0.4]), np.array([3.0, 2.0, 0.5, -1.0]), 3, 2000),
                   (FOUR, np.array([0.3, 0.2, 0.3, 0.2]), np.array([0.1, 2.0, 0.5, 1.0]), 1, 2000)]


@best_of_n.right
def one_after_the_other(sample, score, n, how_many):
    given = []
    for _ in range(how_many):
        drawn = sample(n)
        given.append(drawn[np.argmax(score(drawn))])
    return np.array(given)


@best_of_n.right
def by_the_librarys_rows(sample, score, n, how_many):
    from tinyrlhf.learning.direct_preferences import rows_of_best
    drawn = sample(n * how_many)
    return drawn[rows_of_best(score(drawn), n)]


@best_of_n.right
def strided(sample, score, n, how_many):
    drawn = sample(n * how_many).reshape(n, how_many)
    return drawn[np.argmax([score(row) for row in drawn], axis=0), np.arange(how_many)]


@best_of_n.wrong("All answers are the best of one shared batch, so everybody gets the same one. Ask twice, and you "
                 "should get two answers. How many must be drawn for each of them?")
def one_shared_batch(sample, score, n, how_many):
    drawn = sample(n)
    return np.repeat(drawn[np.argmax(score(drawn))], how_many)


@best_of_n.wrong("These are the best answers of one large batch, a contest of all against all. Then the best few are "
                 "given out again and again, as if n were far larger. Against how many others does each answer "
                 "compete?")
def the_top_of_one_batch(sample, score, n, how_many):
    drawn = sample(n * how_many)
    return drawn[np.argsort(-score(drawn), kind="stable")[:how_many]]


@best_of_n.wrong("It keeps the worst of each n. Does argmin or argmax find the highest score?")
def worst_of_n(sample, score, n, how_many):
    return best_of_n(sample, lambda drawn: -score(drawn), n, how_many)


@best_of_n.wrong("The largest answer is kept, and not the one with the best score. They were the same in the worked "
                 "example, by chance. Which function says how good an answer is?")
def largest_answer(sample, score, n, how_many):
    return sample(n * how_many).reshape(how_many, n).max(axis=1)


@best_of_n.wrong("n seems not to be used: the answers are as the reference gives them, good and bad. Among how many is "
                 "the best one kept?")
def first_of_n(sample, score, n, how_many):
    return sample(how_many)


@best_of_n.wrong("It returns the scores of the best answers. People want to read the answers themselves. What do you "
                 "index with argmax?")
def scores_instead(sample, score, n, how_many):
    return score(sample(n * how_many)).reshape(how_many, n).max(axis=1)


@best_of_n.wrong("It gives out another number of answers than it was asked for. Each of them is the best of n fresh "
                 "ones of its own. How many must be drawn in all, and how many remain?")
def only_n_drawn(sample, score, n, how_many):
    drawn = sample(n)
    return drawn[np.argsort(-score(drawn))][:how_many]
