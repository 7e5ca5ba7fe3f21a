"""Museum of bugs 10, td_target: as published, as it is right, and what would have told."""
import numpy as np

from tinyrlhf.teaching import exercise


@exercise("museum.10", minutes=5, hints=[
    "The clock stops an episode after 200 steps. Is the state worth nothing then?",
    "Only where the world ended (terminated) does nothing follow; where we stopped looking the "
    "value goes on.",
    "`~terminated`"])
def td_target(rewards, next_values, terminated, truncated, gamma):
    """What a state is worth by one step and the value of the next state.

    rewards, next_values: (N,); terminated (N,): the world ended, nothing follows; truncated (N,):
    time was up, and the next state was still a state. Returns (N,).

    Worked: reward 1, next value 10, gamma 0.9: 10 where time was up, 1 where the world ended.
    """
    return rewards + gamma * next_values * ~terminated


td_target.cases = [
    (np.ones(2), np.full(2, 10.0), np.array([False, True]), np.array([True, False]), 0.9),
    (np.arange(4.0), np.array([3.0, 5.0, 7.0, 9.0]), np.array([False, True, False, True]),
     np.array([False, False, True, True]), 0.5)]


@td_target.law("A clock must not change what a state is worth: with and without `truncated` the "
               "target is the same. Is it?")
def the_clock_does_not_count(f):
    rest = np.ones(1), np.full(1, 10.0), np.array([False])
    return f(*rest, np.array([True]), 0.9)[0] == f(*rest, np.array([False]), 0.9)[0]


@td_target.bug("jsboige/CoursIA, pull request 7821; openai/baselines, issue 436",
               "Where time is up it counts nothing of what would follow, as if the world had "
               "ended: good states near the limit look worthless. Which of the two flags is an "
               "end?")
def done_is_done(rewards, next_values, terminated, truncated, gamma):
    return rewards + gamma * next_values * ~(terminated | truncated)


@td_target.wrong("Now the value goes on after the world has ended as well: a fallen pole is paid "
                 "for ever.")
def never_ends(rewards, next_values, terminated, truncated, gamma):
    return rewards + gamma * next_values


@td_target.right
def by_choice(rewards, next_values, terminated, truncated, gamma):
    return np.where(terminated, rewards, rewards + gamma * next_values)
