"""Museum of bugs 2, kl_slope: as published, as it is right, and what would have told."""
import numpy as np

from tinyrlhf.teaching import exercise


@exercise("museum.2", minutes=8, hints=[
    "Add the slopes over all answers, each as often as the policy writes it. What do you get?",
    "The mean of k1 over own samples is the KL; the mean of its slopes is not the slope of the KL, "
    "since the samples move, too.",
    "Each sample pulls as hard as its own log-ratio: the slope of half its square."])
def kl_slope(log_probs, ref_log_probs):
    """A derivative by each log-probability whose sum over the batch is, on average, the slope of
    KL(policy || reference): the answers were drawn by the policy itself.

    log_probs, ref_log_probs: (N,) of N drawn answers. Returns (N,), for the mean over the batch.

    Worked: of log-ratios [0.5, -0.1] it is [0.25, -0.05].
    """
    return (log_probs - ref_log_probs) / len(log_probs)


kl_slope.cases = [(np.array([-1.0, -2.0]), np.array([-1.5, -1.9])),
                  (np.log([0.1, 0.4, 0.3]), np.log([0.2, 0.3, 0.35]))]


@kl_slope.law("Over all answers, weighed by their chances, the slopes by the logits must add up to "
              "that of the exact KL, p (log p / q - KL). Do they?")
def is_the_slope_of_the_exact_kl(f):
    p, q = np.array([0.5, 0.3, 0.2]), np.array([0.2, 0.2, 0.6])
    ratio = np.log(p / q)
    slopes = np.array([f(np.log(p[[i]]), np.log(q[[i]]))[0] for i in range(3)])
    by_logits = (p * slopes) @ (np.eye(3) - p)
    return np.allclose(by_logits, p * (ratio - p @ ratio), atol=1e-6)


@kl_slope.bug("allenai/open-instruct, pull request 535; NVIDIA-NeMo/RL, pull request 2506",
              "Each answer is pushed down alike, whatever the reference says of it: on average "
              "that pulls nowhere, since the slopes of log p have the mean zero. Where is the "
              "reference?")
def of_k1(log_probs, ref_log_probs):
    return np.ones(len(log_probs)) / len(log_probs)


@kl_slope.wrong("That is the slope of the estimator k3. It pulls towards the reference, but as the "
                "KL of the other direction does. Which one counts the policy's own answers?")
def of_k3(log_probs, ref_log_probs):
    return (1 - np.exp(ref_log_probs - log_probs)) / len(log_probs)


@kl_slope.right
def one_by_one(log_probs, ref_log_probs):
    ratios = [one - other for one, other in zip(log_probs, ref_log_probs)]
    return np.array(ratios) / len(ratios)
