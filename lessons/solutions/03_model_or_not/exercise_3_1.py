"""Exercise 3.1, bellman_backup: its solution, hints and usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise, near


@exercise("3.1", minutes=7, hints=[
    "What is an action worth? What it pays, and, one step later and so discounted, the worth of "
    "where it leads, on average over all places where it may lead. And what is a state worth to "
    "somebody who acts well?",
    r"$Q(s, a) = R(s, a) + \gamma \sum_{s'} P(s' \mid s, a)\, V(s')$, then $V'(s) = \max_a Q(s, "
    r"a)$.",
    "`Q = R + gamma * (P @ V)`, which is (S, A)"])
def bellman_backup(V, P, R, gamma):
    """One sweep of planning: what each state is worth if the states behind it are worth V.

    V: array (S,), worth of each state so far. P: array (S, A, S), P[s, a, s2] is the chance that
    action a leads from s to s2. R: array (S, A), what action a pays in s. gamma: discount, 0 to 1.
    Returns an array (S,), a new one.

    Worked: in state 0, action 0 stays and pays 0, action 1 leads to state 1 and pays 1; in state 1
    all stays and pays 0. Then bellman_backup(np.array([2., 4.]), P, R, 0.5) is [3., 2.]: the better
    of 0 + 0.5 * 2 and 1 + 0.5 * 4.
    """
    return (R + gamma * (P @ V)).max(axis=1)


CHAIN = np.array([[[1.0, 0.0], [0.0, 1.0]], [[0.0, 1.0], [0.0, 1.0]]])
CHAIN_PAYS = np.array([[0.0, 1.0], [0.0, 0.0]])
SLIPPERY = np.array([[[0.8, 0.2, 0.0, 0.0], [0.1, 0.0, 0.6, 0.3], [0.0, 0.5, 0.5, 0.0]],
                     [[0.0, 0.0, 1.0, 0.0], [0.3, 0.3, 0.4, 0.0], [0.0, 0.9, 0.0, 0.1]],
                     [[0.25, 0.25, 0.25, 0.25], [0.0, 0.0, 0.2, 0.8], [0.7, 0.0, 0.3, 0.0]],
                     [[0.0, 0.0, 0.0, 1.0], [0.0, 0.0, 0.0, 1.0], [0.0, 0.0, 0.0, 1.0]]])
PAYS = np.array([[0.3, -0.2, 0.5], [-1.0, 0.4, 0.1], [0.2, 0.9, -0.6], [0.0, 0.0, 0.0]])
bellman_backup.cases = [(np.array([2.0, 4.0]), CHAIN, CHAIN_PAYS, 0.5),
                        (np.array([1.0, -2.0, 3.5, 0.0]), SLIPPERY, PAYS, 0.9),
                        (np.array([0.4, 5.0, -1.5, 0.0]), SLIPPERY, PAYS, 1.0),
                        (np.array([-3.0, -2.0, -4.0, 0.0]), SLIPPERY, PAYS - 1, 0.7)]


@bellman_backup.law("Swept often enough, the chain of the worked example must come to rest at [1, "
                    "0]: take the one reward there is, and then there is none. Does it?")
def comes_to_rest(f):
    V = np.array([2.0, 4.0])
    for _ in range(60):
        V = f(V, CHAIN, CHAIN_PAYS, 0.5)
    return near(V, [1.0, 0.0])


@bellman_backup.right
def by_the_library(V, P, R, gamma):
    from tinyrlhf.exact.planning import action_values
    return action_values(P, np.repeat(R[:, :, None], len(V), axis=2), V, gamma).max(axis=1)


@bellman_backup.right
def state_by_state(V, P, R, gamma):
    def worth(s, a):
        return R[s, a] + gamma * sum(P[s, a, s2] * V[s2] for s2 in range(len(V)))

    return np.array([max(worth(s, a) for a in range(R.shape[1])) for s in range(len(V))])


@bellman_backup.wrong("It averages over the actions. That is what somebody earns who acts at "
                      "random; a planner picks the best one. Which function of the actions belongs "
                      "there?")
def averages_over_actions(V, P, R, gamma):
    return (R + gamma * (P @ V)).mean(axis=1)


@bellman_backup.wrong("It takes the best place that an action may lead to, as if one could choose "
                      "one's luck. Where an action leads is chance. What is the average of V over "
                      "the places, with these chances?")
def chooses_its_luck(V, P, R, gamma):
    reachable = np.where(P > 0, V, -np.inf).max(axis=2)
    return (R + gamma * reachable).max(axis=1)


@bellman_backup.wrong("The discount is missing. What comes one step later is worth gamma times as "
                      "much today. Which term comes later?")
def no_discount(V, P, R, gamma):
    return bellman_backup(V, P, R, 1.0)


@bellman_backup.wrong("What is paid now is discounted as well. It is paid at once, and only what "
                      "comes after it later. Which term does gamma belong to?")
def reward_discounted(V, P, R, gamma):
    return gamma * (R + P @ V).max(axis=1)


@bellman_backup.wrong("The rewards are missing: only the worth of the next state counts. Then no "
                      "sweep ever brings anything new. Where does R come in?")
def no_reward(V, P, R, gamma):
    return (gamma * (P @ V)).max(axis=1)


@bellman_backup.wrong("The new worth is added to the old one. A state is not worth what it was and "
                      "what it will be: the sweep replaces V. What is left without the sum?")
def adds_to_the_old(V, P, R, gamma):
    return V + bellman_backup(V, P, R, gamma)


@bellman_backup.wrong("It takes the worst action, not the best one. Who would plan like that?")
def the_worst(V, P, R, gamma):
    return (R + gamma * (P @ V)).min(axis=1)


@bellman_backup.wrong("The actions are added up: with three actions a state seems worth three "
                      "times as much. But only one action is taken. Which one?")
def sums_over_actions(V, P, R, gamma):
    return (R + gamma * (P @ V)).sum(axis=1)


@bellman_backup.wrong("Each state is swept with the new worth of those before it. That is a "
                      "method, too, and comes to the same end, but one sweep is meant to look at "
                      "the V that was handed in. Do you write into the array that you still read "
                      "from?")
def reads_what_it_writes(V, P, R, gamma):
    V = V.copy()
    for s in range(len(V)):
        V[s] = (R[s] + gamma * (P[s] @ V)).max()
    return V


@bellman_backup.wrong("That is which action is best, not what the state is worth. What is the "
                      "worth of that action?")
def which_action(V, P, R, gamma):
    return (R + gamma * (P @ V)).argmax(axis=1)


@bellman_backup.wrong("It picks the action that pays most now, and only then looks where it leads. "
                      "An action that costs a little may lead to something good. When must the "
                      "maximum be taken, before the rest is added or after it?")
def greedy_for_now(V, P, R, gamma):
    return np.take_along_axis(R + gamma * (P @ V), R.argmax(axis=1)[:, None], axis=1)[:, 0]
