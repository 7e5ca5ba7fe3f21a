"""Exercise 11.2, implicit_reward: its solution, hints and usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise, near


@exercise("11.2", minutes=6, hints=[
    "Solve the formula of 11.1 for the reward. What is left, up to a constant, is how much more "
    "the policy likes an answer than the reference did. An answer is many letters; their "
    "log-probabilities add up.",
    r"$\hat r(y) = c \sum_t \big[ \log \pi(y_t) - \log \pi_{ref}(y_t) \big]$ over the letters $t$ "
    r"where the mask is True, $c$ = `kl_coef`.",
    "`log_ratios = np.where(mask, log_probs - ref_log_probs, 0.0)`, which is (N, T)"])
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
    return kl_coef * np.where(mask, log_probs - ref_log_probs, 0.0).sum(axis=1)


def some_answers(n, longest, seed):
    rng = np.random.default_rng(seed)
    mask = np.arange(longest) < rng.integers(1, longest + 1, size=n)[:, None]
    return -rng.exponential(1.5, (n, longest)), -rng.exponential(2.0, (n, longest)), mask


implicit_reward.cases = [(np.array([[-1.0, -2.0, -9.0]]), np.array([[-2.0, -4.0, -1.0]]),
                          np.array([[True, True, False]]), 0.5), (*some_answers(4, 5, 0), 0.1),
                         (*some_answers(3, 7, 1), 2.0), (*some_answers(5, 2, 2), 0.3)]


@implicit_reward.law("A policy that is still the reference prefers nothing: every implicit reward "
                     "must be 0. Is it?")
def nothing_at_the_reference(f):
    log_probs, _, mask = some_answers(3, 4, 3)
    return near(f(log_probs, log_probs.copy(), mask, 0.7), 0)


@implicit_reward.law("Written twice in a row, an answer's log-ratio doubles, and so must its "
                     "implicit reward. Does it?")
def twice_as_long(f):
    log_probs, ref, _ = some_answers(3, 4, 4)
    twice = [np.concatenate([each, each], axis=1) for each in (log_probs, ref)]
    return near(f(*twice, np.ones((3, 8), bool), 0.7),
                2 * f(log_probs, ref, np.ones((3, 4), bool), 0.7))


@implicit_reward.right
def answer_by_answer(log_probs, ref_log_probs, mask, kl_coef):
    answers = zip(log_probs, ref_log_probs, mask)
    return np.array([kl_coef * (sum(one[kept]) - sum(other[kept])) for one, other, kept in answers])


@implicit_reward.right
def as_a_ratio_of_chances(log_probs, ref_log_probs, mask, kl_coef):
    chances, ref_chances = (np.prod(np.where(mask, np.exp(each), 1.0), axis=1)
                            for each in (log_probs, ref_log_probs))
    return kl_coef * np.log(chances / ref_chances)


@implicit_reward.wrong("The reference is left out. Then an answer seems good merely because it is "
                       "short or common. Compared with whom does the policy like it more?")
def reference_left_out(log_probs, ref_log_probs, mask, kl_coef):
    return kl_coef * np.where(mask, log_probs, 0.0).sum(axis=1)


@implicit_reward.wrong("The sign is reversed: what the policy likes more than the reference did "
                       "gets a smaller reward. What is subtracted from what?")
def reversed_ratio(log_probs, ref_log_probs, mask, kl_coef):
    return -kl_coef * np.where(mask, log_probs - ref_log_probs, 0.0).sum(axis=1)


MEAN = ("That looks like the mean over the letters. The chance of an answer is the product of its "
        "letters' chances, so its log-ratio is a sum. What happens to the length?")


@implicit_reward.wrong(MEAN)
def mean_over_letters(log_probs, ref_log_probs, mask, kl_coef):
    return kl_coef * np.where(mask, log_probs - ref_log_probs, 0.0).sum(axis=1) / mask.sum(axis=1)


@implicit_reward.wrong(MEAN)
def mean_over_columns(log_probs, ref_log_probs, mask, kl_coef):
    return kl_coef * np.where(mask, log_probs - ref_log_probs, 0.0).mean(axis=1)


@implicit_reward.wrong("Places where nothing was written are counted. Short answers are filled up "
                       "so that all fit into one array. Which argument says where an answer is "
                       "over?")
def padding_counted(log_probs, ref_log_probs, mask, kl_coef):
    return kl_coef * (log_probs - ref_log_probs).sum(axis=1)


@implicit_reward.wrong("It divides by kl_coef. The best policy is ref times exp(reward / kl_coef) "
                       "/ Z; solved for the reward, on which side does kl_coef stand?")
def divided_by_the_price(log_probs, ref_log_probs, mask, kl_coef):
    return np.where(mask, log_probs - ref_log_probs, 0.0).sum(axis=1) / kl_coef


@implicit_reward.wrong("That is the log-ratio, in nats. To turn nats into reward one needs their "
                       "price. Which argument is not used yet?")
def price_forgotten(log_probs, ref_log_probs, mask, kl_coef):
    return np.where(mask, log_probs - ref_log_probs, 0.0).sum(axis=1)


@implicit_reward.wrong("It divides one log-probability by the other. The logarithm of a ratio is "
                       "something else. How do you write log(a / b) with log a and log b?")
def ratio_of_logarithms(log_probs, ref_log_probs, mask, kl_coef):
    ours, reference = (np.where(mask, each, 0.0).sum(axis=1) for each in (log_probs, ref_log_probs))
    return kl_coef * ours / reference
