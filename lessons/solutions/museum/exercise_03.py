"""Museum of bugs 3, k3: as published, as it is right, and what would have told."""
import numpy as np

from tinyrlhf.teaching import exercise


@exercise("museum.3", minutes=4, hints=[
    "Average it over two actions by hand, with the chances of the policy.",
    "The mean of reference / policy over the policy's own actions is 1; the mean of its inverse is "
    "not.",
    "`log_ratio = ref_log_probs - log_probs`"])
def k3(log_probs, ref_log_probs):
    """The estimator k3 of KL(policy || reference) for actions that the policy drew: never
    negative, and right on average.

    log_probs, ref_log_probs: (N,) of the drawn actions. Returns (N,).

    Worked: an action of chance 0.2 in the policy and 0.4 in the reference gives 2 - 1 - log 2.
    """
    log_ratio = ref_log_probs - log_probs
    return np.exp(log_ratio) - 1 - log_ratio


k3.cases = [(np.log([0.2]), np.log([0.4])), (np.log([0.5, 0.1, 0.4]), np.log([0.2, 0.6, 0.2]))]


@k3.law("Its mean over all actions, with the chances of the policy, must be the KL. Is it?")
def mean_is_the_kl(f):
    p, q = np.array([0.5, 0.1, 0.4]), np.array([0.2, 0.6, 0.2])
    return np.isclose(p @ f(np.log(p), np.log(q)), p @ np.log(p / q))


@k3.bug("walkinglabs/hands-on-modern-rl, issue 27",
        "The ratio stands on its head: policy / reference has no mean of 1 over the policy's own "
        "actions, and one rare word can cost a hundred nats. Which way round is it?")
def upside_down(log_probs, ref_log_probs):
    log_ratio = log_probs - ref_log_probs
    return np.exp(log_ratio) - 1 - log_ratio


@k3.wrong("It takes e to the power of a ratio, which is no log-ratio (as in "
          "Rolv-Arild/rocket-learn, pull request 12). Which of the two is a logarithm already?")
def exp_of_the_ratio(log_probs, ref_log_probs):
    ratio = np.exp(ref_log_probs - log_probs)
    return np.exp(ratio) - 1 - ratio


@k3.right
def by_expm1(log_probs, ref_log_probs):
    return np.expm1(ref_log_probs - log_probs) + log_probs - ref_log_probs
