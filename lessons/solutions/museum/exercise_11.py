"""Museum of bugs 11, td_errors: as published, as it is right, and what would have told."""
import numpy as np

from tinyrlhf.teaching import exercise


@exercise("museum.11", minutes=5, hints=[
    "Which reward was paid for the first action?",
    "The error of step t is of what this step was paid: r[t] + gamma V[t + 1] - V[t].",
    "`rewards + gamma * values[1:] - values[:-1]`"])
def td_errors(rewards, values, gamma):
    """By how much each step of an episode was better than expected.

    rewards: (T,), rewards[t] was paid for the action at step t; values: (T + 1,), of every state.
    Returns (T,).

    Worked: rewards [0, 1] and values [0.5, 0.5, 0] give [0, 0.5] at gamma 1.
    """
    return rewards + gamma * values[1:] - values[:-1]


td_errors.cases = [(np.array([0.0, 1.0]), np.array([0.5, 0.5, 0.0]), 1.0),
                   (np.array([1.0, -2.0, 0.5]), np.array([0.1, 0.7, -0.4, 0.2]), 0.9)]


@td_errors.law("If values foretell rewards exactly, every error must be 0. Is it?")
def true_values_leave_no_error(f):
    return np.allclose(f(np.array([1.0, 0.0, 5.0]), np.array([6.0, 5.0, 5.0, 0.0]), 1.0), 0)


@td_errors.bug("openai/spinningup, issue 50",
               "Each action is paid the reward of the action before. Where all rewards are alike "
               "nobody notices. Which reward belongs to step 0?")
def reward_of_the_step_before(rewards, values, gamma):
    paid = np.concatenate([[0.0], rewards[:-1]])
    return paid + gamma * values[1:] - values[:-1]


@td_errors.wrong("It is the other way round: better than expected must be positive.")
def reversed_sign(rewards, values, gamma):
    return values[:-1] - rewards - gamma * values[1:]


@td_errors.right
def step_by_step(rewards, values, gamma):
    return np.array([rewards[t] + gamma * values[t + 1] - values[t] for t in range(len(rewards))])
