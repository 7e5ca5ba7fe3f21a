"""Exercise 2.5, shaped_rewards: its solution, hints and usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise


@exercise("2.5", minutes=4, extra=True, hints=[
    "Pay for progress, and take the same back for steps away, so that going round in a circle "
    "earns nothing.",
    "new reward[t] = reward[t] + gamma * potential[t+1] - potential[t] (Ng, Harada and Russell, "
    "1999).",
    "the potentials before each step are `potentials[:-1]`"])
def shaped_rewards(rewards, potentials, gamma):
    """Rewards with an honest bonus for progress: what the new state promises, discounted, minus
    what the old state promised.

    rewards: array (T,). potentials: array (T+1,), how promising each state of the walk looks, such
    as minus the distance to the goal. gamma: discount, 0 to 1. Returns an array (T,).

    Worked: shaped_rewards(np.zeros(2), np.array([-2., -1., -2.]), 1.0) is [1, -1]: one step nearer,
    one step back, and nothing earned.
    """
    return rewards + gamma * potentials[1:] - potentials[:-1]


shaped_rewards.cases = [(np.zeros(2), np.array([-2.0, -1.0, -2.0]), 1.0),
                        (np.array([0.0, 0.5, 1.0]), np.array([-3.0, -2.0, -1.0, 0.0]), 0.9),
                        (np.array([1.0, -1.0]), np.array([2.0, 5.0, 1.0]), 0.5)]


@shaped_rewards.law("Without discount, a walk in a circle must earn no bonus in all: it ends as "
                    "promising as it began. Does it?")
def circles_earn_nothing(f):
    return abs(np.sum(f(np.zeros(4), np.array([-4.0, -3.0, -2.0, -3.0, -4.0]), 1.0))) < 1e-5


@shaped_rewards.right
def step_by_step(rewards, potentials, gamma):
    steps = zip(rewards, potentials, potentials[1:])
    return np.array([reward + gamma * after - before for reward, before, after in steps])


@shaped_rewards.right
def by_differences(rewards, potentials, gamma):
    return rewards + np.diff(potentials) - (1 - gamma) * potentials[1:]


@shaped_rewards.wrong("Steps away cost nothing: only gains are paid. That is the hole again, there "
                      "and back for ever. What should the way back cost?")
def only_gains(rewards, potentials, gamma):
    return rewards + np.maximum(gamma * potentials[1:] - potentials[:-1], 0.0)


@shaped_rewards.wrong("The sign is reversed: the robot is paid for walking away. Which state "
                      "should count as plus, the one it comes from or the one it comes to?")
def pays_for_walking_away(rewards, potentials, gamma):
    return rewards - (gamma * potentials[1:] - potentials[:-1])


@shaped_rewards.wrong("The discount is missing: the new state's promise is one step later, so it "
                      "counts gamma times. Without it the bonus can change which walk is best. "
                      "Which of the two potentials does gamma belong to?")
def promise_not_discounted(rewards, potentials, gamma):
    return rewards + np.diff(potentials)


@shaped_rewards.wrong("The new state's promise is paid and the old one's is never taken back: a "
                      "robot that stands still at a promising place is paid for ever. What did it "
                      "have before the step?")
def pays_for_places(rewards, potentials, gamma):
    return rewards + gamma * potentials[1:]


@shaped_rewards.wrong("Steps away cost nothing: only gains are paid. That is the hole again, there "
                      "and back for ever. What should the way back cost?")
def only_gains_and_no_discount(rewards, potentials, gamma):
    return rewards + np.maximum(np.diff(potentials), 0.0)


@shaped_rewards.wrong("The discount stands at the old state's promise. The new state is the one "
                      "that is a step away. Which of the two potentials does gamma belong to?")
def discounts_the_old_promise(rewards, potentials, gamma):
    return rewards + potentials[1:] - gamma * potentials[:-1]


@shaped_rewards.wrong("Both potentials are discounted. The old state's promise is given back now, "
                      "so it counts in full. Which of the two is a step away?")
def discounts_both_promises(rewards, potentials, gamma):
    return rewards + gamma * np.diff(potentials)
