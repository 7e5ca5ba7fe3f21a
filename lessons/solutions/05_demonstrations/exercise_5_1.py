"""Exercise 5.1, clone: its solution, hints and usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise, near


@exercise("5.1", minutes=7, hints=[
    "In each state, how often was each action shown? Imagine each action to have been shown "
    "`smooth` times more than it was, then divide by what all actions of this state add up to.",
    r"$\pi(a \mid s) = \frac{n(s, a) + c}{\sum_b \, (n(s, b) + c)}$ with $c$ = `smooth`; where the "
    r"sum is 0, $1/A$.",
    "`counts = np.full((n_states, n_actions), float(smooth))`, then look up np.add.at"])
def clone(states, actions, n_states, n_actions, smooth):
    """Behaviour cloning by counting: how likely each action is in each state, after these
    demonstrations.

    states, actions: integer arrays (N,), what was seen and what was done then. smooth: a number, 0
    or more; each action of each state counts as if it had been shown so many times more. Where
    nothing at all counts, all actions are equally likely. Returns an array (n_states, n_actions),
    the chances of a row add up to 1.

    Worked: in state 0 of 2 somebody did action 1 twice and action 0 once: clone(np.array([0, 0,
    0]), np.array([1, 0, 1]), 2, 2, 0.5) is [[0.375, 0.625], [0.5, 0.5]].
    """
    counts = np.full((n_states, n_actions), float(smooth))
    np.add.at(counts, (states, actions), 1)
    total = counts.sum(axis=1, keepdims=True)
    return np.where(total > 0, counts / np.where(total > 0, total, 1), 1 / n_actions)


clone.cases = [(np.array([0, 0, 0]), np.array([1, 0, 1]), 2, 2, 0.5),
               (np.array([2, 0, 2, 2, 1]), np.array([3, 0, 3, 1, 2]), 3, 4, 1.0),
               (np.array([1, 1, 3]), np.array([0, 2, 2]), 5, 3, 0.0),
               (np.array([0, 4, 0]), np.array([1, 1, 1]), 5, 2, 0.2)]


@clone.law("In a state that nobody has shown, all actions must be equally likely, also with smooth "
           "= 0. Are they?")
def unseen_states_are_open(f):
    return near(f(np.array([0]), np.array([1]), 3, 4, 0.0)[1:], 0.25)


@clone.right
def by_counting(states, actions, n_states, n_actions, smooth):
    cells = np.bincount(states * n_actions + actions,
                        minlength=n_states * n_actions).reshape(n_states, n_actions)
    counts = cells + smooth
    counts[counts.sum(axis=1) == 0] = 1.0
    return counts / counts.sum(axis=1, keepdims=True)


@clone.right
def state_by_state(states, actions, n_states, n_actions, smooth):
    rows = []
    for state in range(n_states):
        shown = list(actions[states == state])
        weights = [shown.count(action) + smooth for action in range(n_actions)]
        rows.append([weight / sum(weights) if sum(weights) else 1 / n_actions
                     for weight in weights])
    return np.array(rows)


@clone.wrong("A state that nobody has shown becomes 0/0. Demonstrations never cover everything: "
             "what should the clone do where it knows nothing?")
def zero_by_zero(states, actions, n_states, n_actions, smooth):
    counts = np.full((n_states, n_actions), float(smooth))
    np.add.at(counts, (states, actions), 1)
    return counts / counts.sum(axis=1, keepdims=True)


@clone.wrong("All entries together add up to 1. That is how often a state *and* an action were "
             "shown; a policy says how likely an action is once it is in this state. By what is "
             "each row divided?")
def joint_chances(states, actions, n_states, n_actions, smooth):
    counts = np.full((n_states, n_actions), float(smooth))
    np.add.at(counts, (states, actions), 1)
    return counts / counts.sum()


@clone.wrong("The columns add up to 1, not the rows: how likely was this state, when this action "
             "was shown? The policy is asked the other way round. Along which axis is the sum?")
def chances_of_states(states, actions, n_states, n_actions, smooth):
    counts = np.full((n_states, n_actions), float(smooth))
    np.add.at(counts, (states, actions), 1)
    total = counts.sum(axis=0)
    return counts / np.where(total > 0, total, 1)


@clone.wrong("What was shown several times counts once: `counts[states, actions] += 1` with "
             "repeated places keeps only one of them. Which NumPy function adds them all up?")
def repeated_ones_lost(states, actions, n_states, n_actions, smooth):
    counts = np.full((n_states, n_actions), float(smooth))
    counts[states, actions] += 1
    total = counts.sum(axis=1, keepdims=True)
    return np.where(total > 0, counts / np.where(total > 0, total, 1), 1 / n_actions)


@clone.wrong("`smooth` is added above the line and forgotten below it: the rows do not add up to "
             "1. If each of A actions counts `smooth` more, how much more does the whole row "
             "count?")
def smooth_only_above(states, actions, n_states, n_actions, smooth):
    counts = np.zeros((n_states, n_actions))
    np.add.at(counts, (states, actions), 1)
    total = counts.sum(axis=1, keepdims=True)
    return np.where(total > 0, (counts + smooth) / np.where(total > 0, total, 1), 1 / n_actions)


@clone.wrong("`smooth` does not seem to count: what was shown once is taken for certain. One "
             "demonstration should leave some doubt. Where is smooth added?")
def not_smoothed(states, actions, n_states, n_actions, smooth):
    return clone(states, actions, n_states, n_actions, 0.0)


@clone.wrong("Only the most frequent action of each state is left. People who do it now this way, "
             "now that way are to be copied with both. What are the chances, not the winner?")
def most_frequent(states, actions, n_states, n_actions, smooth):
    chances = clone(states, actions, n_states, n_actions, smooth)
    best = chances == chances.max(axis=1, keepdims=True)
    return best / best.sum(axis=1, keepdims=True)
