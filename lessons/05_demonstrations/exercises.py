"""The exercises of lesson 05_demonstrations.

Each function says what it should return. Replace its `raise` line by your code,
and save; the verdict comes from

    tinyrlhf lesson watch 05
"""
import numpy as np


# 5.a, predict: a person balances five episodes by typing. An untrained policy stands for 21 steps.
# Taught with the typed number as its reward, for how many?
predict_5_a = None

# 5.b, predict: who judges against what the robot usually does may give TAMER 300 thumbs. After how
# many do they fall silent (mean of seeds 0 to 2)?
predict_5_b = None


# 5.1, 7 minutes
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
    raise NotImplementedError("5.1")


# 5.2, 6 minutes
def sft_grad(logits, targets):
    """The slope, by the logits, of the loss of supervised fine-tuning: the mean of -log pi(target)
    over N decisions.

    logits: array (N, A) of any size; the chances of a row are softmax(row). targets: integer array
    (N,), the actions that were demonstrated. Returns an array (N, A).

    Worked: logits (0, 1.0986) mean chances of 1/4 and 3/4. Two such decisions, in which action 0
    was demonstrated and then action 1: sft_grad(np.array([[0., 1.0986], [0., 1.0986]]),
    np.array([0, 1])) is [[-0.375, 0.375], [0.125, -0.125]].
    """
    raise NotImplementedError("5.2")


# 5.3, 5 minutes
def aggregate(data, visited, did, should):
    """DAgger's data: all labels so far, and one for each state that the learner has visited now.

    data: (states, actions), two integer arrays (N,), what was shown so far. visited: array (M,),
    the states that the learner got into. did: array (M,), what it did there. should: array (M,),
    what the expert says it should have done. Returns (states, actions), two arrays (N + M,): the
    old ones first, then the new ones in their order.

    Worked: aggregate((np.array([0, 1]), np.array([1, 1])), np.array([1, 5]), np.array([1, 0]),
    np.array([1, 3])) is ([0, 1, 1, 5], [1, 1, 1, 3]).
    """
    raise NotImplementedError("5.3")


# 5.4, 7 minutes, extra
def advice_to_update(said, taken, reward, kind, n_actions):
    """Which log-probabilities should rise, and by how much, after one step with a person beside it?

    said: what the person typed. taken: the action that the policy took. reward: what the game paid
    for it. kind: what `said` means: "action": the number of the action that they would have taken,
    a demonstration or correction; "thumb": +1 or -1, a judgement of the action taken; "nobody":
    nothing, since nobody looks: all there is is the game's reward. Returns an array (n_actions,):
    by how much to raise log pi of each action, below 0 to lower it. A person's word counts whatever
    the game pays.

    Worked: the policy pushed right (1), the person types 0 and means left: advice_to_update(0, 1,
    1.0, "action", 2) is [1, 0].
    """
    raise NotImplementedError("5.4")
