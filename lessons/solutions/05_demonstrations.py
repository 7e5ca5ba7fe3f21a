"""Exercises of lesson 5, demonstrations, corrections, advice: solutions, hints, usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise


# ---- 5.1

@exercise("5.1", minutes=7, hints=[
    "In each state, how often was each action shown? Imagine each action to have been shown `smooth` times more than "
    "it was, then divide by what all actions of this state add up to.",
    r"$\pi(a \mid s) = \frac{n(s, a) + c}{\sum_b \, (n(s, b) + c)}$ with $c$ = `smooth`; where the sum is 0, $1/A$.",
    "`counts = np.full((n_states, n_actions), float(smooth))`, then look up np.add.at"])
def clone(states, actions, n_states, n_actions, smooth):
    """Behaviour cloning by counting: how likely each action is in each state, after these demonstrations.

    states, actions: integer arrays (N,), what was seen and what was done then. smooth: a number, 0 or more; each action
    of each state counts as if it had been shown so many times more. Where nothing at all counts, all actions are
    equally likely. Returns an array (n_states, n_actions), the chances of a row add up to 1.

    Worked: in state 0 of 2 somebody did action 1 twice and action 0 once: clone(np.array([0, 0, 0]), np.array([1, 0,
    1]), 2, 2, 0.5) is [[0.375, 0.625], [0.5, 0.5]].
    """
    counts = np.full((n_states, n_actions), float(smooth))
    np.add.at(counts, (states, actions), 1)
    total = counts.sum(axis=1, keepdims=True)
    return np.where(total > 0, counts / np.where(total > 0, total, 1), 1 / n_actions)


clone.cases = [(np.array([0, 0, 0]), np.array([1, 0, 1]), 2, 2, 0.5),
               (np.array([2, 0, 2, 2, 1]), np.array([3, 0, 3, 1, 2]), 3, 4, 1.0),
               (np.array([1, 1, 3]), np.array([0, 2, 2]), 5, 3, 0.0),
               (np.array([0, 4, 0]), np.array([1, 1, 1]), 5, 2, 0.2)]


@clone.law("In a state that nobody has shown, all actions must be equally likely, also with smooth = 0. Are they?")
def unseen_states_are_open(f):
    return np.allclose(f(np.array([0]), np.array([1]), 3, 4, 0.0)[1:], 0.25)


@clone.right
def by_counting(states, actions, n_states, n_actions, smooth):
    cells = np.bincount(states * n_actions + actions, minlength=n_states * n_actions).reshape(n_states, n_actions)
    counts = cells + smooth
    counts[counts.sum(axis=1) == 0] = 1.0
    return counts / counts.sum(axis=1, keepdims=True)


@clone.right
def state_by_state(states, actions, n_states, n_actions, smooth):
    rows = []
    for state in range(n_states):
        shown = list(actions[states == state])
        weights = [shown.count(action) + smooth for action in range(n_actions)]
        rows.append([weight / sum(weights) if sum(weights) else 1 / n_actions for weight in weights])
    return np.array(rows)


@clone.wrong("A state that nobody has shown becomes 0/0. Demonstrations never cover everything: what should the clone "
             "do where it knows nothing?")
def zero_by_zero(states, actions, n_states, n_actions, smooth):
    counts = np.full((n_states, n_actions), float(smooth))
    np.add.at(counts, (states, actions), 1)
    return counts / counts.sum(axis=1, keepdims=True)


@clone.wrong("All entries together add up to 1. That is how often a state *and* an action were shown; a policy says "
             "how likely an action is once it is in this state. By what is each row divided?")
def joint_chances(states, actions, n_states, n_actions, smooth):
    counts = np.full((n_states, n_actions), float(smooth))
    np.add.at(counts, (states, actions), 1)
    return counts / counts.sum()


@clone.wrong("The columns add up to 1, not the rows: how likely was this state, when this action was shown? The policy "
             "is asked the other way round. Along which axis is the sum?")
def chances_of_states(states, actions, n_states, n_actions, smooth):
    counts = np.full((n_states, n_actions), float(smooth))
    np.add.at(counts, (states, actions), 1)
    total = counts.sum(axis=0)
    return counts / np.where(total > 0, total, 1)


@clone.wrong("What was shown several times counts once: `counts[states, actions] += 1` with repeated places keeps only "
             "one of them. Which NumPy function adds them all up?")
def repeated_ones_lost(states, actions, n_states, n_actions, smooth):
    counts = np.full((n_states, n_actions), float(smooth))
    counts[states, actions] += 1
    total = counts.sum(axis=1, keepdims=True)
    return np.where(total > 0, counts / np.where(total > 0, total, 1), 1 / n_actions)


@clone.wrong("`smooth` is added above the line and forgotten below it: the rows do not add up to 1. If each of A "
             "actions counts `smooth` more, how much more does the whole row count?")
def smooth_only_above(states, actions, n_states, n_actions, smooth):
    counts = np.zeros((n_states, n_actions))
    np.add.at(counts, (states, actions), 1)
    total = counts.sum(axis=1, keepdims=True)
    return np.where(total > 0, (counts + smooth) / np.where(total > 0, total, 1), 1 / n_actions)


@clone.wrong("`smooth` does not seem to count: what was shown once is taken for certain. One demonstration should "
             "leave some doubt. Where is smooth added?")
def not_smoothed(states, actions, n_states, n_actions, smooth):
    return clone(states, actions, n_states, n_actions, 0.0)


@clone.wrong("Only the most frequent action of each state is left. People who do it now this way, now that way are to "
             "be copied with both. What are the chances, not the winner?")
def most_frequent(states, actions, n_states, n_actions, smooth):
    chances = clone(states, actions, n_states, n_actions, smooth)
    best = chances == chances.max(axis=1, keepdims=True)
    return best / best.sum(axis=1, keepdims=True)


# ---- 5.2

@exercise("5.2", minutes=6, hints=[
    "The loss is the mean surprise at what was demonstrated, -log pi(target). You know the slope of log pi(action) "
    "from exercise 4.1; here the demonstrated action takes the place of the drawn one.",
    r"$\frac{1}{N} \, (p - \text{onehot(target)})$ with $p = \text{softmax(logits)}$, row by row.",
    "`p = np.exp(logits - logits.max(axis=1, keepdims=True))`, then divide each row by its sum"])
def sft_grad(logits, targets):
    """The slope, by the logits, of the loss of supervised fine-tuning: the mean of -log pi(target) over N decisions.

    logits: array (N, A) of any size; the chances of a row are softmax(row). targets: integer array (N,), the actions
    that were demonstrated. Returns an array (N, A).

    Worked: logits (0, 1.0986) mean chances of 1/4 and 3/4. Two such decisions, in which action 0 was demonstrated and
    then action 1: sft_grad(np.array([[0., 1.0986], [0., 1.0986]]), np.array([0, 1])) is [[-0.375, 0.375], [0.125,
    -0.125]].
    """
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    p[np.arange(len(targets)), targets] -= 1
    return p / len(targets)


LOGITS = np.array([[0.5, -1.0, 2.0], [0.0, 0.3, -0.2], [1.5, 1.5, 1.0], [-2.0, 0.4, 0.1]])
sft_grad.cases = [(np.array([[0.0, np.log(3)], [0.0, np.log(3)]]), np.array([0, 1])),
                  (LOGITS, np.array([2, 0, 1, 1])), (LOGITS[:1], np.array([1])),
                  (np.array([[1000.0, 0.0], [-3.0, 900.0], [1.0, 0.0]]), np.array([1, 1, 0]))]


@sft_grad.law("Each row must add up to 0: adding the same to all logits of a row changes no chance. Does it?")
def rows_add_up_to_nothing(f):
    return np.allclose(f(LOGITS, np.array([2, 0, 1, 1])).sum(axis=1), 0)


@sft_grad.right
def by_differences(logits, targets):
    def loss(z):
        top = z.max(axis=1, keepdims=True)
        log_sum = top[:, 0] + np.log(np.exp(z - top).sum(axis=1))
        return np.mean(log_sum - z[np.arange(len(targets)), targets])

    gradient = np.zeros(logits.shape)
    for place in np.ndindex(logits.shape):
        step = np.zeros(logits.shape)
        step[place] = 1e-4
        gradient[place] = (loss(logits + step) - loss(logits - step)) / 2e-4
    return gradient


@sft_grad.right
def by_the_library(logits, targets):
    from tinyrlhf.learning.imitation import d_log_likelihood
    from tinyrlhf.nn.distributions import Categorical
    return d_log_likelihood(np.ones(len(targets)))[:, None] * Categorical.d_log_prob(logits, targets)


@sft_grad.wrong("That is the slope of log pi, as in 4.1; the loss is minus that. Going *down* this slope would make "
                "the demonstrated actions rarer. Which sign does a loss have?")
def of_the_log_probability(logits, targets):
    return -sft_grad(logits, targets)


@sft_grad.wrong("That is the slope of the sum over the decisions. The loss is their mean, so that a step is as large "
                "for 20 demonstrations as for 2,000. What is it divided by?")
def of_the_sum(logits, targets):
    return len(targets) * sft_grad(logits, targets)


@sft_grad.wrong("It is divided by the number of all logits. Only the decisions are averaged: the actions of one are "
                "not separate examples. How many decisions are there?")
def divided_by_all(logits, targets):
    return sft_grad(logits, targets) / logits.shape[1]


@sft_grad.wrong("It imitates what the policy would do itself, its most likely action, and never looks at `targets`. "
                "Whose action is to become likelier?")
def own_favourite(logits, targets):
    return sft_grad(logits, logits.argmax(axis=1))


@sft_grad.wrong("Only the demonstrated action moves. Chances add up to 1: if one rises, which others have to fall, and "
                "how much?")
def others_stay(logits, targets):
    gradient = np.zeros(logits.shape)
    rows = np.arange(len(targets))
    gradient[rows, targets] = sft_grad(logits, targets)[rows, targets]
    return gradient


@sft_grad.wrong("That is the slope of minus the chance, not of minus its logarithm. Then an example that the policy "
                "finds impossible teaches nothing, though it should teach most. Where is the logarithm?")
def of_the_chance(logits, targets):
    rows = np.arange(len(targets))
    chance = 1 + len(targets) * sft_grad(logits, targets)[rows, targets]
    return chance[:, None] * sft_grad(logits, targets)


@sft_grad.wrong("The softmax runs down the columns, over the decisions. Each decision has chances of its own, which "
                "add up to 1 over its actions. Along which axis?")
def softmax_over_decisions(logits, targets):
    p = np.exp(logits - logits.max(axis=0))
    p /= p.sum(axis=0)
    p[np.arange(len(targets)), targets] -= 1
    return p / len(targets)


@sft_grad.wrong("It is right for small logits, but exp() of a large number overflows. What can be taken off every "
                "logit of a row without changing a chance?")
def overflows(logits, targets):
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    p[np.arange(len(targets)), targets] -= 1
    return p / len(targets)


# ---- 5.3

@exercise("5.3", minutes=5, hints=[
    "Everything that was ever shown stays. What is new: the states that the learner got into, each with what the "
    "expert would have done there.",
    r"$D \leftarrow D \cup \{(s, \pi^*(s))\}$ for all states $s$ that the learner visited.",
    "`states, actions = data`, then look up np.concatenate"])
def aggregate(data, visited, did, should):
    """DAgger's data: all labels so far, and one for each state that the learner has visited now.

    data: (states, actions), two integer arrays (N,), what was shown so far. visited: array (M,), the states that the
    learner got into. did: array (M,), what it did there. should: array (M,), what the expert says it should have done.
    Returns (states, actions), two arrays (N + M,): the old ones first, then the new ones in their order.

    Worked: aggregate((np.array([0, 1]), np.array([1, 1])), np.array([1, 5]), np.array([1, 0]), np.array([1, 3])) is
    ([0, 1, 1, 5], [1, 1, 1, 3]).
    """
    states, actions = data
    return np.concatenate([states, visited]), np.concatenate([actions, should])


aggregate.cases = [((np.array([0, 1]), np.array([1, 1])), np.array([1, 5]), np.array([1, 0]), np.array([1, 3])),
                   ((np.array([2, 2, 4]), np.array([0, 1, 0])), np.array([7, 2, 4]), np.array([0, 0, 0]),
                    np.array([2, 1, 3])),
                   ((np.zeros(0, int), np.zeros(0, int)), np.array([3, 3]), np.array([1, 2]), np.array([2, 2]))]


@aggregate.law("All that was shown before must still be there, unchanged and first. Is it?")
def nothing_is_lost(f):
    states, actions = f((np.array([6, 3]), np.array([0, 2])), np.array([3]), np.array([1]), np.array([1]))
    return list(states[:2]) == [6, 3] and list(actions[:2]) == [0, 2]


@aggregate.right
def as_lists(data, visited, did, should):
    states, actions = [*data[0], *visited], [*data[1], *should]
    return np.array(states), np.array(actions)


@aggregate.right
def by_hstack(data, visited, did, should):
    return tuple(np.hstack([old, new]) for old, new in zip(data, (visited, should)))


@aggregate.wrong("The old demonstrations are gone. What was shown once is still true, and a learner that forgets it "
                 "drifts from one mistake to the next. What does *aggregate* mean?")
def old_ones_thrown_away(data, visited, did, should):
    return visited.copy(), should.copy()


@aggregate.wrong("The labels are what the learner did itself. Trained on these it becomes surer of its own mistakes. "
                 "Whose action belongs to a visited state?")
def labels_of_the_learner(data, visited, did, should):
    return np.concatenate([data[0], visited]), np.concatenate([data[1], did])


@aggregate.wrong("Only states in which the learner erred are kept. Then it never hears that it was right elsewhere, "
                 "and the share of each state in the data is no longer how often it gets there. Which visited states "
                 "count?")
def mistakes_only(data, visited, did, should):
    erred = did != should
    return np.concatenate([data[0], visited[erred]]), np.concatenate([data[1], should[erred]])


@aggregate.wrong("What had been shown for a state is dropped when something new is said about it. People may show both "
                 "ways, and how often is part of what they show. Why choose?")
def newest_only(data, visited, did, should):
    kept = ~np.isin(data[0], visited)
    return np.concatenate([data[0][kept], visited]), np.concatenate([data[1][kept], should])


@aggregate.wrong("The new labels come first. The order is not important to the clone, but it was agreed: first the old "
                 "ones. Which comes first in np.concatenate?")
def new_ones_first(data, visited, did, should):
    return np.concatenate([visited, data[0]]), np.concatenate([should, data[1]])


# ---- 5.4

@exercise("5.4", minutes=7, hints=[
    "Ask of each kind: which action is it about, the one that was taken or the one that was typed? And does it say "
    "more of it, or less?",
    "\"action\": 1 for the typed action. \"thumb\": the thumb, +1 or -1, for the action taken. \"nobody\": the game's "
    "reward for the action taken. All others 0.",
    "`push = np.zeros(n_actions)`, then an `if` for each kind"])
def advice_to_update(said, taken, reward, kind, n_actions):
    """Which log-probabilities should rise, and by how much, after one step with a person beside it?

    said: what the person typed. taken: the action that the policy took. reward: what the game paid for it. kind: what
    `said` means: "action": the number of the action that they would have taken, a demonstration or correction; "thumb":
    +1 or -1, a judgement of the action taken; "nobody": nothing, since nobody looks: all there is is the game's reward.
    Returns an array (n_actions,): by how much to raise log pi of each action, below 0 to lower it. A person's word
    counts whatever the game pays.

    Worked: the policy pushed right (1), the person types 0 and means left: advice_to_update(0, 1, 1.0, "action", 2) is
    [1, 0].
    """
    push = np.zeros(n_actions)
    if kind == "action":
        push[said] = 1.0
    elif kind == "thumb":
        push[taken] = said
    else:
        push[taken] = reward
    return push


advice_to_update.cases = [(0, 1, 1.0, "action", 2), (2, 0, -0.5, "action", 3), (1, 1, 1.0, "action", 2),
                          (-1, 1, 1.0, "thumb", 2), (1, 0, 0.0, "thumb", 3), (-1, 2, -2.0, "thumb", 4),
                          (0, 1, 0.7, "nobody", 2), (0, 2, -1.5, "nobody", 3)]


@advice_to_update.law("Who types 0 for left must teach as much as who types 1 for right. Do both raise one action by "
                      "1?")
def left_counts_as_much_as_right(f):
    return all(np.allclose(f(said, 1, 0.0, "action", 2), np.eye(2)[said]) for said in (0, 1))


@advice_to_update.right
def by_a_table(said, taken, reward, kind, n_actions):
    action, weight = {"action": (said, 1.0), "thumb": (taken, said), "nobody": (taken, reward)}[kind]
    return weight * np.eye(n_actions)[action]


@advice_to_update.right
def one_by_one(said, taken, reward, kind, n_actions):
    judged = {"thumb": float(said), "nobody": reward}
    return np.array([float(action == said) if kind == "action" else judged[kind] * (action == taken)
                     for action in range(n_actions)])


@advice_to_update.wrong("The number of the typed action is used as if it were a reward: 0 for left then teaches "
                        "nothing at all, and 1 praises whatever was done. What does somebody mean who types 0?")
def action_as_reward(said, taken, reward, kind, n_actions):
    return (reward if kind == "nobody" else said) * np.eye(n_actions)[taken]


@advice_to_update.wrong("The action taken is raised, not the one that was typed. That makes mistakes likelier just "
                        "when they are corrected. Which action did the person want?")
def raises_what_was_done(said, taken, reward, kind, n_actions):
    return (1.0 if kind == "action" else said if kind == "thumb" else reward) * np.eye(n_actions)[taken]


@advice_to_update.wrong("Advice is multiplied by the game's reward. The person has already judged; where the game pays "
                        "nothing or punishes, their word would be lost or turned round. What counts when somebody "
                        "speaks?")
def times_the_reward(said, taken, reward, kind, n_actions):
    push = advice_to_update(said, taken, reward, kind, n_actions)
    return push if kind == "nobody" else reward * push


@advice_to_update.wrong("The game's reward is added to the thumb. Then a thumb down on a step that pays 1 says "
                        "nothing. What counts when somebody speaks?")
def thumb_plus_reward(said, taken, reward, kind, n_actions):
    extra = reward if kind == "thumb" else 0.0
    return advice_to_update(said, taken, reward, kind, n_actions) + extra * np.eye(n_actions)[taken]


@advice_to_update.wrong("A thumb is taken for the number of an action: -1 is then the last one. A thumb judges what "
                        "was done. Which action is it about?")
def thumb_as_action(said, taken, reward, kind, n_actions):
    return reward * np.eye(n_actions)[taken] if kind == "nobody" else np.eye(n_actions)[said]


@advice_to_update.wrong("A thumb down does nothing here, or as much as a thumb up. Half of what people say is that "
                        "something was bad. By how much should log pi rise after -1?")
def down_is_ignored(said, taken, reward, kind, n_actions):
    said = max(said, 0) if kind == "thumb" else said
    return advice_to_update(said, taken, reward, kind, n_actions)


@advice_to_update.wrong("A thumb down does nothing here, or as much as a thumb up. Half of what people say is that "
                        "something was bad. By how much should log pi rise after -1?")
def down_counts_as_up(said, taken, reward, kind, n_actions):
    return advice_to_update(abs(said), taken, reward, kind, n_actions)


@advice_to_update.wrong("All actions that were not advised are pushed down as well. That is done by the softmax: "
                        "raising one lowers the others' chances by itself (5.2). What is pushed?")
def others_pushed_down(said, taken, reward, kind, n_actions):
    push = advice_to_update(said, taken, reward, kind, n_actions)
    return np.where(np.arange(n_actions) == said, 1.0, -1.0) if kind == "action" else push
