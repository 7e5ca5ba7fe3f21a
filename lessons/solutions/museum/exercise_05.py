"""Museum of bugs 5, masked_objective: as published, as it is right, and what would have told."""
import numpy as np

from tinyrlhf.teaching import exercise


@exercise("museum.5", minutes=4, hints=[
    "What is 0 times infinity in floating point?",
    "Choose, do not multiply: where the mask is False no ratio may be computed, or none used.",
    "np.where, or the mask as an index"])
def masked_objective(log_probs, old_log_probs, advantages, mask):
    """The mean of ratio * advantage over the tokens that count.

    log_probs, old_log_probs, advantages: (B, T); where the mask (B, T) is False they may hold
    anything, -inf and NaN included. Returns a number.

    Worked: ratios [[2, 1]] and advantages [[3, 5]] with the second masked give 6.
    """
    ratio = np.exp(log_probs[mask] - old_log_probs[mask])
    return (ratio * advantages[mask]).mean()


masked_objective.cases = [
    (np.log([[0.4, 0.1]]), np.log([[0.2, 0.1]]), np.array([[3.0, 5.0]]), np.array([[True, False]])),
    (np.array([[-1.0, -2.0], [-1.0, -3.0]]), np.array([[-1.5, -900.0], [-np.inf, -2.0]]),
     np.array([[1.0, 2.0], [3.0, np.nan]]), np.array([[True, False], [False, True]]))]
masked_objective.cases[1][2][1, 1] = -1.0


@masked_objective.law("A token that is masked may hold -inf: the objective must stay a number. "
                      "Does it?")
def masked_infinity_is_harmless(f):
    old = np.array([[-1.0, -np.inf]])
    return np.isfinite(f(np.full((1, 2), -1.0), old, np.ones((1, 2)), np.array([[True, False]])))


@masked_objective.bug("PrimeIntellect-ai/prime-rl, pull request 2084; modelscope/ms-swift, pull "
                      "request 9767",
                      "A masked token still gets in: 0 times infinity is NaN, and one NaN is "
                      "enough for the sum. How can the mask choose instead of multiply?")
def times_zero(log_probs, old_log_probs, advantages, mask):
    ratio = np.exp(log_probs - old_log_probs)
    return (ratio * advantages * mask).sum() / mask.sum()


@masked_objective.wrong("Where it does not know, it says 0, and hides a NaN that *should* be seen. "
                        "And what do masked tokens do to the mean?")
def nan_to_num(log_probs, old_log_probs, advantages, mask):
    return np.nan_to_num(np.exp(log_probs - old_log_probs) * advantages * mask).mean()


@masked_objective.right
def chosen_first(log_probs, old_log_probs, advantages, mask):
    move = np.where(mask, log_probs, 0.0) - np.where(mask, old_log_probs, 0.0)
    return (np.exp(move) * np.where(mask, advantages, 0.0)).sum() / mask.sum()
