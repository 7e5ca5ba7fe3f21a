"""Exercise 5.3, aggregate: its solution, hints and usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise


@exercise("5.3", minutes=5, hints=[
    "Everything that was ever shown stays. What is new: the states that the learner got into, each "
    "with what the expert would have done there.",
    r"$D \leftarrow D \cup \{(s, \pi^*(s))\}$ for all states $s$ that the learner visited.",
    "`states, actions = data`, then look up np.concatenate"])
def aggregate(data, visited, did, should):
    """DAgger's data: all labels so far, and one for each state that the learner has visited now.

    data: (states, actions), two integer arrays (N,), what was shown so far. visited: array (M,),
    the states that the learner got into. did: array (M,), what it did there. should: array (M,),
    what the expert says it should have done. Returns (states, actions), two arrays (N + M,): the
    old ones first, then the new ones in their order.

    Worked: aggregate((np.array([0, 1]), np.array([1, 1])), np.array([1, 5]), np.array([1, 0]),
    np.array([1, 3])) is ([0, 1, 1, 5], [1, 1, 1, 3]).
    """
    states, actions = data
    return np.concatenate([states, visited]), np.concatenate([actions, should])


aggregate.cases = [((np.array([0, 1]), np.array([1, 1])), np.array([1, 5]), np.array([1, 0]),
                    np.array([1, 3])),
                   ((np.array([2, 2, 4]), np.array([0, 1, 0])), np.array([7, 2, 4]),
                    np.array([0, 0, 0]), np.array([2, 1, 3])),
                   ((np.zeros(0, int), np.zeros(0, int)), np.array([3, 3]), np.array([1, 2]),
                    np.array([2, 2]))]


@aggregate.law("All that was shown before must still be there, unchanged and first. Is it?")
def nothing_is_lost(f):
    states, actions = f((np.array([6, 3]), np.array([0, 2])), np.array([3]), np.array([1]),
                        np.array([1]))
    return list(states[:2]) == [6, 3] and list(actions[:2]) == [0, 2]


@aggregate.right
def as_lists(data, visited, did, should):
    states, actions = [*data[0], *visited], [*data[1], *should]
    return np.array(states), np.array(actions)


@aggregate.right
def by_hstack(data, visited, did, should):
    return tuple(np.hstack([old, new]) for old, new in zip(data, (visited, should)))


@aggregate.wrong("The old demonstrations are gone. What was shown once is still true, and a "
                 "learner that forgets it drifts from one mistake to the next. What does "
                 "*aggregate* mean?")
def old_ones_thrown_away(data, visited, did, should):
    return visited.copy(), should.copy()


@aggregate.wrong("The labels are what the learner did itself. Trained on these it becomes surer of "
                 "its own mistakes. Whose action belongs to a visited state?")
def labels_of_the_learner(data, visited, did, should):
    return np.concatenate([data[0], visited]), np.concatenate([data[1], did])


@aggregate.wrong("Only states in which the learner erred are kept. Then it never hears that it was "
                 "right elsewhere, and the share of each state in the data is no longer how often "
                 "it gets there. Which visited states count?")
def mistakes_only(data, visited, did, should):
    erred = did != should
    return np.concatenate([data[0], visited[erred]]), np.concatenate([data[1], should[erred]])


@aggregate.wrong("What had been shown for a state is dropped when something new is said about it. "
                 "People may show both ways, and how often is part of what they show. Why choose?")
def newest_only(data, visited, did, should):
    kept = ~np.isin(data[0], visited)
    return np.concatenate([data[0][kept], visited]), np.concatenate([data[1][kept], should])


@aggregate.wrong("The new labels come first. The order is not important to the clone, but it was "
                 "agreed: first the old ones. Which comes first in np.concatenate?")
def new_ones_first(data, visited, did, should):
    return np.concatenate([visited, data[0]]), np.concatenate([should, data[1]])
