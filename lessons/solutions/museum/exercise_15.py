"""Museum of bugs 15, standardized: as published, as it is right, and what would have told."""
import numpy as np

from tinyrlhf.teaching import exercise


@exercise("museum.15", minutes=6, hints=[
    "Rewards [1, 0, 0, 0]: what is the spread of the *others* for the first one?",
    "Zero. Divide by the spread of the whole group, the own reward included, and by 1 where it is "
    "0.",
    "`spread = rewards.std()`"])
def standardized(rewards):
    """The advantages of a group of answers to one question: each reward minus the mean of the
    others, in units of the group's spread (population standard deviation); all 0 where it has none.

    rewards: (K,), K at least 2. Returns (K,).

    Worked: [1, 0, 0, 0] gives 1 / 0.433 = 2.309 for the first, -1/3 / 0.433 = -0.770 for the rest.
    """
    others = (rewards.sum() - rewards) / (len(rewards) - 1)
    return (rewards - others) / (rewards.std() or 1.0)


standardized.cases = [(np.array([1.0, 0.0, 0.0, 0.0]),), (np.array([2.0, 2.0, 2.0]),),
                      (np.array([0.5, -1.0, 3.0, 0.0, 0.25]),)]


@standardized.law("One success among eight must not outweigh a thousand other answers: is every "
                  "advantage of [1, 0, 0, 0, 0, 0, 0, 0] below 10?")
def no_explosion(f):
    return np.abs(f(np.eye(8)[0])).max() < 10


@standardized.bug("NVIDIA-NeMo/RL, issue 1518",
                  "Where the others are all alike their spread is 0, and one success is worth a "
                  "million. Whose spread can be relied on?")
def by_the_spread_of_the_others(rewards):
    others = np.array([np.delete(rewards, i) for i in range(len(rewards))])
    return (rewards - others.mean(axis=1)) / (others.std(axis=1) + 1e-6)


@standardized.wrong("Without any spread it is a division by zero. Answers that are all alike teach "
                    "nothing: 0.")
def zero_by_zero(rewards):
    others = (rewards.sum() - rewards) / (len(rewards) - 1)
    return (rewards - others) / rewards.std()


@standardized.right
def one_by_one(rewards):
    if np.ptp(rewards) == 0:
        return np.zeros(len(rewards))
    return np.array([(one - np.delete(rewards, i).mean()) / rewards.std()
                     for i, one in enumerate(rewards)])
