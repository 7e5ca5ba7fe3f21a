"""Museum of bugs 13, drawn_log_probs: as published, as it is right, and what would have told."""
import numpy as np

from tinyrlhf.numerics import log_softmax
from tinyrlhf.teaching import exercise


@exercise("museum.13", minutes=4, hints=[
    "At which temperature were the tokens drawn, and at which are they scored?",
    "What was drawn from softmax(z / T) has the log-probability log_softmax(z / T).",
    "`z = logits / temperature`"])
def drawn_log_probs(logits, actions, temperature):
    """The log-probabilities of actions under the policy that drew them: softmax(logits / T).

    logits: (N, A); actions: (N,) integers; temperature: T, above 0. Returns (N,).

    Worked: logits [[0, log 3]], action 1: log 0.75 at T = 1, and log 0.9 at T = 0.5.
    """
    return log_softmax(logits / temperature)[np.arange(len(actions)), actions]


drawn_log_probs.cases = [(np.log([[1.0, 3.0]]), np.array([1]), 0.5),
                         (np.log([[1.0, 3.0, 2.0], [5.0, 1.0, 1.0]]), np.array([2, 0]), 0.3),
                         (np.array([[0.0, -2.0, 1.0]]), np.array([1]), 1.0)]


@drawn_log_probs.law("At a temperature near 0 the best action is all but certain: its "
                     "log-probability must be near 0. Is it?")
def cold_is_certain(f):
    return abs(f(np.array([[0.0, 1.0, 0.5]]), np.array([1]), 0.01)[0]) < 1e-6


@drawn_log_probs.bug("OpenRLHF/OpenRLHF, pull request 853; NVIDIA/NeMo-Aligner, issue 46",
                     "It scores at temperature 1 what was drawn at another one: the samples are "
                     "not from the policy that is scored. Where does T belong?")
def scored_at_one(logits, actions, temperature):
    return log_softmax(logits)[np.arange(len(actions)), actions]


@drawn_log_probs.wrong("It divides the log-probabilities, which then do not add up to one any "
                       "more. Divide before the softmax.")
def divided_too_late(logits, actions, temperature):
    return log_softmax(logits)[np.arange(len(actions)), actions] / temperature


@drawn_log_probs.right
def by_hand(logits, actions, temperature):
    weights = np.exp((logits - logits.max(axis=1, keepdims=True)) / temperature)
    return np.log(weights[np.arange(len(actions)), actions] / weights.sum(axis=1))
