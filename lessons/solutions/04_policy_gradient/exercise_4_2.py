"""Exercise 4.2, reward_to_go: its solution, hints and usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise


@exercise("4.2", minutes=7, hints=[
    "Begin at the end of the game: after the last step nothing is to come. Then walk backwards; "
    "what is to go from step t is its own reward plus what is to go from the next step, discounted "
    "once.",
    "G at t = reward at t + gamma times G at t + 1, with reward 0 in steps that were not played, "
    "and G = 0 behind the last column.",
    "`returns = np.where(alive, rewards, 0.0)`, then `for t in reversed(range(returns.shape[1] - "
    "1)):`"])
def reward_to_go(rewards, alive, gamma):
    """What each action still had before it: the discounted sum of the rewards from its step to the
    end of its game.

    rewards: array (B, T), B games side by side. alive: bool array (B, T), False behind the end of a
    game, whatever `rewards` says there. gamma: discount, 0 to 1. Returns an array (B, T), zero
    where a game was over.

    Worked: reward_to_go(np.array([[8., 4., 2.]]), np.array([[True, True, True]]), 0.5) is [[10.5,
    5., 2.]].
    """
    returns = np.where(alive, rewards, 0.0)
    for t in reversed(range(returns.shape[1] - 1)):
        returns[:, t] += gamma * returns[:, t + 1]
    return returns


reward_to_go.cases = [(np.array([[8.0, 4.0, 2.0]]), np.array([[True, True, True]]), 0.5),
                      (np.array([[1.0, 2.0, -1.0, 3.0], [2.0, 1.0, 7.0, 7.0],
                                 [5.0, 7.0, 7.0, 7.0]]), np.arange(4) < np.array([[4], [2], [1]]),
                       0.9),
                      (np.ones((2, 3)), np.array([[True, True, False], [True, True, True]]), 1.0),
                      (np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]),
                       np.arange(3) < np.array([[3], [2]]), 0.0)]


@reward_to_go.right
def with_the_library(rewards, alive, gamma):
    from tinyrlhf.learning.advantages import returns_to_go
    return returns_to_go(np.where(alive, rewards, 0.0), gamma)


@reward_to_go.right
def one_sum_for_each_step(rewards, alive, gamma):
    returns = np.zeros(rewards.shape)
    for game, step in zip(*np.nonzero(alive)):
        for later in range(step, rewards.shape[1]):
            weight = alive[game, later] * gamma ** (later - step)
            returns[game, step] += weight * rewards[game, later]
    return returns


PAST = ("Every step of a game gets the same number, the return of the whole game. An action cannot "
        "change what was paid before it; to credit it with that is only noise. Where should the "
        "sum for step t begin?")


@reward_to_go.wrong(PAST)
def past_credited(rewards, alive, gamma):
    total = (np.where(alive, rewards, 0.0) * gamma
             ** np.arange(rewards.shape[1])).sum(axis=1, keepdims=True)
    return np.where(alive, total, 0.0)


@reward_to_go.wrong(PAST)
def past_credited_without_discount(rewards, alive, gamma):
    return np.where(alive, np.where(alive, rewards, 0.0).sum(axis=1, keepdims=True), 0.0)


@reward_to_go.wrong(PAST)
def past_credited_everywhere(rewards, alive, gamma):
    return np.where(alive, rewards, 0.0).sum(axis=1, keepdims=True) + np.zeros(rewards.shape)


FORWARDS = ("The sums run forwards: they hold what was paid up to each step, not what comes from "
            "it on. Which end of the game must the loop start from?")


@reward_to_go.wrong(FORWARDS)
def forwards(rewards, alive, gamma):
    returns = np.where(alive, rewards, 0.0)
    for t in range(1, returns.shape[1]):
        returns[:, t] += gamma * returns[:, t - 1]
    return np.where(alive, returns, 0.0)


@reward_to_go.wrong(FORWARDS)
def forwards_without_discount(rewards, alive, gamma):
    return np.cumsum(np.where(alive, rewards, 0.0), axis=1)


@reward_to_go.wrong(FORWARDS)
def forwards_without_discount_and_hidden(rewards, alive, gamma):
    return np.where(alive, np.cumsum(np.where(alive, rewards, 0.0), axis=1), 0.0)


@reward_to_go.wrong("The loop walks forwards, so it adds the next step's reward before the steps "
                    "behind it have been added to that: only one step of the future is seen. In "
                    "which order must t run, so that the next sum is ready?")
def loop_in_the_wrong_order(rewards, alive, gamma):
    returns = np.where(alive, rewards, 0.0)
    returns[:, :-1] += gamma * returns[:, 1:]
    return returns


DEAD = ("Steps behind the end of a game are counted. What stands in the table there was never "
        "played: the game was over. Which array tells you where, and when must it be used, before "
        "the sum or after it?")


@reward_to_go.wrong(DEAD)
def dead_steps_counted(rewards, alive, gamma):
    return reward_to_go(rewards, np.ones_like(alive), gamma)


@reward_to_go.wrong(DEAD)
def dead_steps_counted_and_hidden(rewards, alive, gamma):
    return np.where(alive, dead_steps_counted(rewards, alive, gamma), 0.0)


@reward_to_go.wrong("gamma is not used: these are the sums for gamma = 1. Each step into the "
                    "future should make a reward count less. By which factor does the next step's "
                    "sum come in?")
def no_discount(rewards, alive, gamma):
    return reward_to_go(rewards, alive, 1.0)


@reward_to_go.wrong("The discount counts from the beginning of the game, so late actions count for "
                    "almost nothing. For the action at step t, the reward of step t itself is not "
                    "discounted. How far away is a reward, seen from step t?")
def discounted_from_the_beginning(rewards, alive, gamma):
    rewards = np.where(alive, rewards, 0.0) * gamma ** np.arange(rewards.shape[1])
    return np.cumsum(rewards[:, ::-1], axis=1)[:, ::-1]


@reward_to_go.wrong("The rewards before the own step are right to be left out, but its own reward "
                    "is left out, too. The action at step t is paid at step t. Where does the sum "
                    "begin?")
def own_reward_left_out(rewards, alive, gamma):
    return np.where(alive, reward_to_go(rewards, alive, gamma) - rewards, 0.0)
