"""Exercise 11.1, best_regularized_policy: its solution, hints and usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise, near


@exercise("11.1", minutes=6, hints=[
    "Start from what the reference says, and make each answer more likely the better it is. Then "
    "let the chances add up to 1 again.",
    r"$\pi^*(y) = \dfrac{\pi_{ref}(y) \, e^{r(y) / c}}{Z}$, with $Z = \sum_{y'} \pi_{ref}(y') \, "
    r"e^{r(y') / c}$ and $c$ = `kl_coef`. Any constant may be taken from all rewards first: it "
    r"stands above and below the fraction line.",
    "`weights = ref * np.exp((rewards - rewards.max()) / kl_coef)`"])
def best_regularized_policy(ref, rewards, kl_coef):
    """The policy with the largest mean reward minus kl_coef times KL(policy || reference), over A
    answers.

    ref: array (A,), the chances of the answers under the reference. rewards: array (A,). kl_coef:
    the price of one nat, above 0. Returns an array (A,) of chances. Rewards may be as large as
    1000, and nothing may overflow.

    Worked: ref [0.2, 0.8], rewards [log 2, 0] and kl_coef 0.5: exp(rewards / kl_coef) is [4, 1],
    which times ref gives [0.8, 0.8], so best_regularized_policy returns [0.5, 0.5].
    """
    weights = ref * np.exp((rewards - rewards.max()) / kl_coef)
    return weights / weights.sum()


best_regularized_policy.cases = [
    (np.array([0.2, 0.8]), np.array([np.log(2), 0.0]), 0.5),
    (np.array([0.5, 0.3, 0.2]), np.array([-0.4, 0.7, 1.1]), 2.0),
    (np.array([0.06, 0.10, 0.30, 0.24, 0.30]), np.array([1.0, 0.5, -0.3, 0.0, -1.2]), 0.3),
    (np.array([0.1, 0.9]), np.array([1000.0, 999.0]), 0.25),
    (np.array([0.4, 0.5, 0.1]), np.array([1000.0, 0.0, 999.5]), 0.5)]


@best_regularized_policy.law("People's votes fix no zero: the same constant added to every reward "
                             "must change nothing. Does it?")
def a_constant_changes_nothing(f):
    ref, rewards = np.array([0.5, 0.3, 0.2]), np.array([-0.4, 0.7, 1.1])
    return near(f(ref, rewards, 0.7), f(ref, rewards + 5, 0.7))


@best_regularized_policy.law("Where a nat costs a million, nothing is worth moving for: the result "
                             "must be the reference. Is it?")
def a_dear_nat_keeps_the_reference(f):
    return np.allclose(f(np.array([0.5, 0.3, 0.2]), np.array([-0.4, 0.7, 1.1]), 1e6),
                       [0.5, 0.3, 0.2], atol=1e-4)


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
    for _ in range(40):  # the advantage of each answer is a step of the natural policy gradient
        log_policy = logits - np.logaddexp.reduce(logits)
        worth = rewards - kl_coef * (log_policy - np.log(ref))
        logits = logits + 0.9 / kl_coef * (worth - np.exp(log_policy) @ worth)
    return tilted(1.0, logits)


def tilted(ref, logits):
    weights = ref * np.exp(logits - logits.max())
    return weights / weights.sum()


@best_regularized_policy.wrong("kl_coef multiplies the rewards. Then the dearer a nat, the further "
                               "it walks from the reference. Should a large price pull it back or "
                               "push it away?")
def price_multiplies(ref, rewards, kl_coef):
    return tilted(ref, rewards * kl_coef)


@best_regularized_policy.wrong("kl_coef makes no difference: divided by outside of the exponent, "
                               "it cancels against Z. What is it that has this price, and where "
                               "does it belong?")
def price_cancels(ref, rewards, kl_coef):
    return tilted(ref, rewards)


FORGETS_Z = ("The chances do not add up to 1: Z is missing. ref times exp(reward / kl_coef) is "
             "only in proportion to them. By which sum do you divide?")


@best_regularized_policy.wrong(FORGETS_Z)
def z_forgotten(ref, rewards, kl_coef):
    return ref * np.exp(rewards / kl_coef)


@best_regularized_policy.wrong(FORGETS_Z)
def z_forgotten_but_stable(ref, rewards, kl_coef):
    return ref * np.exp((rewards - rewards.max()) / kl_coef)


@best_regularized_policy.wrong("The reference is ignored. Then an odd answer that the reference "
                               "would hardly ever give counts as much as a usual one. What should "
                               "each weight start from?")
def reference_ignored(ref, rewards, kl_coef):
    return tilted(np.ones(len(ref)), rewards / kl_coef)


@best_regularized_policy.wrong("The worst answers become the likeliest: the sign of the reward is "
                               "reversed. What does a good answer's weight do?")
def sign_reversed(ref, rewards, kl_coef):
    return tilted(ref, -rewards / kl_coef)


@best_regularized_policy.wrong("All chance goes to the answer with the best reward. That is the "
                               "best policy where nats are free; here each one has a price. What "
                               "remains of the reference?")
def greedy(ref, rewards, kl_coef):
    return np.eye(len(ref))[np.argmax(rewards)]


@best_regularized_policy.wrong("The chances of the reference are added to rewards / kl_coef in the "
                               "exponent. There they must be logarithms: what times what gives the "
                               "weight?")
def chances_taken_for_logits(ref, rewards, kl_coef):
    return tilted(np.ones(len(ref)), ref + rewards / kl_coef)


@best_regularized_policy.wrong("It is right for small rewards, but exp of a large number "
                               "overflows, and nan comes out. Only differences count: which "
                               "constant can you take from all rewards first?")
def overflows(ref, rewards, kl_coef):
    return ref * np.exp(rewards / kl_coef) / np.sum(ref * np.exp(rewards / kl_coef))
