"""Exercise 2.2, discounted_returns: its solution, hints and usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise, near


@exercise("2.2", minutes=5, hints=[
    "Start at the end. After the last step nothing is left; one step earlier, what is left is this "
    "reward and a little less than what comes after.",
    "return[t] = reward[t] + gamma * return[t+1], and 0 after the last step.",
    "`returns, later = np.zeros(len(rewards)), 0.0`, then a loop over "
    "`reversed(range(len(rewards)))`"])
def discounted_returns(rewards, gamma):
    """What is still to come, at each step of one episode: the reward of this step and of all later
    ones, each step further away worth less.

    rewards: array (T,). gamma: discount, from 0 (only now counts) to 1 (all steps count alike).
    Returns an array (T,): entry t is rewards[t] + gamma * rewards[t+1] + gamma^2 * rewards[t+2] +
    ...

    Worked: discounted_returns(np.array([1., 0., 4.]), 0.5) is [2, 2, 4].
    """
    returns, later = np.zeros(len(rewards)), 0.0
    for t in reversed(range(len(rewards))):
        later = rewards[t] + gamma * later
        returns[t] = later
    return returns


discounted_returns.cases = [(np.array([1.0, 0.0, 4.0]), 0.5), (np.ones(5), 0.9),
                            (np.array([2.0, -1.0, 0.5, 3.0]), 0.8),
                            (np.array([2.0, -1.0, 3.0]), 1.0), (np.array([1.0, 2.0, 3.0]), 0.0),
                            (np.array([3.0]), 0.5)]


@discounted_returns.law("A reward of 1 at each of n steps must be worth (1 - gamma^n) / (1 - "
                        "gamma) at the start. Is it, for n = 40, gamma = 0.95?")
def a_constant_reward_is_a_geometric_sum(f):
    return near(f(np.ones(40), 0.95)[0], (1 - 0.95**40) / 0.05)


@discounted_returns.right
def returns_of_the_library(rewards, gamma):
    from tinyrlhf.learning.advantages import returns_to_go
    return returns_to_go(rewards[None], gamma)[0]


@discounted_returns.right
def sum_by_sum(rewards, gamma):
    return np.array([np.sum(rewards[t:] * gamma ** np.arange(len(rewards) - t))
                     for t in range(len(rewards))])


@discounted_returns.wrong("It sums forward: each step gets the rewards of the past. A decision can "
                          "only change what comes after it. At which end of the episode does the "
                          "sum have to start?")
def looks_back(rewards, gamma):
    return discounted_returns(rewards[::-1], gamma)[::-1]


@discounted_returns.wrong("Each return is gamma times too small: the reward of the step itself is "
                          "discounted already. It is paid now, so it counts in full. From which "
                          "reward on does gamma count?")
def discounts_the_present(rewards, gamma):
    return gamma * discounted_returns(rewards, gamma)


@discounted_returns.wrong("The discount is counted from the start of the episode: later entries "
                          "come out too small. Seen from step t, the reward of step t is not far "
                          "away. From where do you count the steps?")
def counts_from_the_start(rewards, gamma):
    return np.cumsum((rewards * gamma ** np.arange(len(rewards)))[::-1])[::-1]


@discounted_returns.wrong("These are plain sums, as if gamma were 1. A reward one step away counts "
                          "gamma times as much, two steps away gamma squared. Where does gamma "
                          "come in?")
def no_discount(rewards, gamma):
    return discounted_returns(rewards, 1.0)


@discounted_returns.wrong("Only the next step is looked at: rewards[t] + gamma * rewards[t+1]. "
                          "What comes after that counts too. What could you add instead of the "
                          "next reward?")
def one_step_ahead(rewards, gamma):
    return rewards + gamma * np.append(rewards[1:], 0.0)


@discounted_returns.wrong("The right numbers in the wrong order: the last step comes first. You "
                          "worked from the end to the start, which is good. What is left to do "
                          "with the list?")
def last_comes_first(rewards, gamma):
    return discounted_returns(rewards, gamma)[::-1]


@discounted_returns.wrong("Every entry is the return of the whole episode. From step t on, only "
                          "what is still to come counts. What is left at the last step?")
def the_first_return_everywhere(rewards, gamma):
    return np.full(len(rewards), discounted_returns(rewards, gamma)[0])
