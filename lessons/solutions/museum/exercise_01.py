"""Museum of bugs 1, clipped_objective: as published, as it is right, and what would have told."""
import numpy as np

from tinyrlhf.teaching import exercise


@exercise("museum.1", minutes=5, hints=[
    "Try a bad action (advantage -1) that has become half as likely, and one twice as likely.",
    "The minimum is of two payments, not of two ratios.",
    "`np.minimum(ratio * advantages, ...)`"])
def clipped_objective(log_probs, old_log_probs, advantages, clip):
    """What PPO is paid for each action, to be raised: the less favourable of what it earns without
    a limit on its ratio to the old policy and with one.

    log_probs, old_log_probs, advantages: arrays (N,); clip: such as 0.2. Returns (N,).

    Worked: three bad actions (advantage -1) of ratio 0.5, 1 and 2 and clip 0.2 give -0.8, -1, -2.
    """
    ratio = np.exp(log_probs - old_log_probs)
    return np.minimum(ratio * advantages, np.clip(ratio, 1 - clip, 1 + clip) * advantages)


clipped_objective.cases = [
    (np.log([0.1, 0.2, 0.4]), np.log([0.2, 0.2, 0.2]), -np.ones(3), 0.2),
    (np.log([0.1, 0.5, 0.9, 0.3]), np.log([0.3, 0.3, 0.8, 0.31]), np.array([2, 1, -3, 0.5]), 0.1)]


@clipped_objective.law("A bad action that has become rarer than 1 - clip must not be pushed "
                       "further down: a small move must pay nothing. Does it, for an advantage "
                       "below 0?")
def stops_pushing_down(f):
    now, old, bad = np.log([0.1]), np.log([0.2]), np.array([-1.0])
    return np.allclose(f(now - 0.01, old, bad, 0.2), f(now, old, bad, 0.2), atol=1e-9)


@clipped_objective.bug("takuseno/ppo, issue 3",
                       "The smaller of the two ratios is not the smaller of the two payments: "
                       "times a negative advantage it is the larger one. When is the minimum "
                       "taken?")
def the_smaller_ratio(log_probs, old_log_probs, advantages, clip):
    ratio = np.exp(log_probs - old_log_probs)
    return np.minimum(ratio, np.clip(ratio, 1 - clip, 1 + clip)) * advantages


@clipped_objective.wrong("That takes the larger payment. PPO is the cautious one of the two: what "
                         "is to be raised is the minimum, what is to be lowered its negative.")
def the_larger_payment(log_probs, old_log_probs, advantages, clip):
    ratio = np.exp(log_probs - old_log_probs)
    return np.maximum(ratio * advantages, np.clip(ratio, 1 - clip, 1 + clip) * advantages)


@clipped_objective.right
def by_sign(log_probs, old_log_probs, advantages, clip):
    ratio = np.exp(log_probs - old_log_probs)
    kept = np.where(advantages > 0, np.minimum(ratio, 1 + clip), np.maximum(ratio, 1 - clip))
    return kept * advantages
