"""Exercise 10.4, k1_k2_k3: its solution, hints and usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise


@exercise("10.4", minutes=6, extra=True, hints=[
    "Everything is made of one number for each sample: how much likelier the reference finds it "
    "than the policy does.",
    "With log rho = ref_logp - logp: k1 = -log rho, k2 = (log rho)**2 / 2, k3 = rho - 1 - log rho.",
    "`log_ratio = ref_logp - logp`"])
def k1_k2_k3(logp, ref_logp):
    """Three estimates of KL(policy || reference) from each sample that the policy drew.

    With rho = reference / policy: k1 = -log rho, k2 = (log rho)**2 / 2, k3 = rho - 1 - log rho.

    logp, ref_logp: arrays of any shape, log-probabilities by the policy and by the reference.
    Returns (k1, k2, k3), arrays of that shape.

    Worked: the policy gave a sample the chance 0.4, the reference 0.2, so rho is 1/2:
    k1_k2_k3(np.log([0.4]), np.log([0.2])) is ([0.693], [0.240], [0.193]).
    """
    log_ratio = ref_logp - logp
    return -log_ratio, log_ratio**2 / 2, np.exp(log_ratio) - 1 - log_ratio


@k1_k2_k3.play
def list_or_tuple(f, logp, ref_logp):
    found = f(logp, ref_logp)
    return tuple(found) if isinstance(found, (list, np.ndarray)) else found


k1_k2_k3.cases = [(np.log([0.4]), np.log([0.2])),
                  (np.log([0.7, 0.1, 0.05, 0.2]), np.log([0.2, 0.3, 0.9, 0.2])),
                  (np.array([[-1.0, -3.0], [-0.2, -2.0]]), np.array([[-2.5, -1.5], [-0.3, -6.0]]))]


@k1_k2_k3.law("Weighed by how often the policy draws each sample, k1 and k3 must both give the KL. "
              "For (0.7, 0.2, 0.1) and (0.3, 0.3, 0.4), do they?")
def k1_and_k3_are_right_on_average(f):
    policy, reference = np.array([0.7, 0.2, 0.1]), np.array([0.3, 0.3, 0.4])
    k1, _, k3 = f(np.log(policy), np.log(reference))
    exact = policy @ np.log(policy / reference)
    return abs(policy @ k1 - exact) < 1e-5 and abs(policy @ k3 - exact) < 1e-5


@k1_k2_k3.right
def estimators_of_the_library(logp, ref_logp):
    from tinyrlhf.learning import kl
    return kl.k1(logp, ref_logp), kl.k2(logp, ref_logp), kl.k3(logp, ref_logp)


@k1_k2_k3.right
def from_the_ratio(logp, ref_logp):
    rho = np.exp(ref_logp) / np.exp(logp)
    return [-np.log(rho), 0.5 * np.square(np.log(rho)), (rho - 1) - np.log(rho)]


NEGATIVE = ("k1 has lost its negative values. A divergence is never negative, but one sample of it "
            "may be: k1 is wrong on a single sample and right on average, and without its negative "
            "half the average is too large. What is left if you let it be negative?")


@k1_k2_k3.wrong(NEGATIVE)
def k1_absolute(logp, ref_logp):
    k1, k2, k3 = k1_k2_k3(logp, ref_logp)
    return np.abs(k1), k2, k3


@k1_k2_k3.wrong(NEGATIVE)
def k1_cut_off(logp, ref_logp):
    k1, k2, k3 = k1_k2_k3(logp, ref_logp)
    return np.maximum(k1, 0), k2, k3


@k1_k2_k3.wrong("The ratio is upside down: rho is reference / policy. With policy / reference k1 "
                "estimates minus the KL, and k3 estimates nothing you want. Which logarithm comes "
                "first in log rho?")
def upside_down(logp, ref_logp):
    return k1_k2_k3(ref_logp, logp)


@k1_k2_k3.wrong("k1 and k2 are right, but k3 has the ratio upside down. On average rho - 1 must be "
                "zero, and it is so only for reference / policy, as the policy drew the samples. "
                "Which of the two is in your exp()?")
def k3_upside_down(logp, ref_logp):
    k1, k2, _ = k1_k2_k3(logp, ref_logp)
    return k1, k2, k1_k2_k3(ref_logp, logp)[2]


@k1_k2_k3.wrong("k1 has the wrong sign: on average it would be minus the KL. Which of the two "
                "logarithms comes first in -log rho?")
def k1_with_the_wrong_sign(logp, ref_logp):
    k1, k2, k3 = k1_k2_k3(logp, ref_logp)
    return -k1, k2, k3


@k1_k2_k3.wrong("That looks like a ratio of the log-probabilities. rho is the ratio of the "
                "chances, and its logarithm is the *difference* of theirs. What is log(0.2 / 0.4)?")
def ratio_of_log_probabilities(logp, ref_logp):
    return -np.log(ref_logp / logp), np.log(ref_logp
                                            / logp) ** 2 / 2, ref_logp / logp - 1 - np.log(ref_logp
                                                                                           / logp)


@k1_k2_k3.wrong("k3 has the wrong sign before log rho. Near rho = 1 it should be almost flat and "
                "never below zero. What is -log rho called above?")
def k3_with_plus(logp, ref_logp):
    k1, k2, _ = k1_k2_k3(logp, ref_logp)
    return k1, k2, np.expm1(-k1) - k1


@k1_k2_k3.wrong("k3 misses the -log rho: rho - 1 is zero on average, whatever the KL is. Which "
                "term carries the KL?")
def k3_without_the_logarithm(logp, ref_logp):
    k1, k2, _ = k1_k2_k3(logp, ref_logp)
    return k1, k2, np.expm1(-k1)


@k1_k2_k3.wrong("k2 is twice as large as it should be. Near the reference it must agree with the "
                "others. Which factor is missing?")
def k2_without_one_half(logp, ref_logp):
    k1, k2, k3 = k1_k2_k3(logp, ref_logp)
    return k1, 2 * k2, k3


@k1_k2_k3.wrong("log(rho**2) is 2 log rho. Square the logarithm, not rho.")
def k2_of_the_squared_ratio(logp, ref_logp):
    k1, _, k3 = k1_k2_k3(logp, ref_logp)
    return k1, np.log(np.exp(-k1) ** 2) / 2, k3


@k1_k2_k3.wrong("These are three means. Return one estimate for each sample, so that its spread "
                "can be seen as well as its mean. What happens if the last step is left to the "
                "caller?")
def means(logp, ref_logp):
    return tuple(each.mean() for each in k1_k2_k3(logp, ref_logp))
