"""Exercise 3.2, estimate_model: its solution, hints and usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise, near


@exercise("3.2", minutes=9, hints=[
    "Make a table with a place for each (s, a, s2), go through what was seen, and count. What "
    "shares of the rows are chances; where nothing was counted, you must say something.",
    r"$\hat P(s' \mid s, a) = N(s, a, s') / N(s, a)$, $\hat R(s, a)$ = sum of rewards / $N(s, a)$. "
    r"Never seen: $\hat P(s \mid s, a) = 1$, $\hat R(s, a) = 0$.",
    "`counts = np.zeros((nS, nA, nS))`, then `for s, a, r, s2 in transitions:`"])
def estimate_model(transitions, nS, nA):
    """What does the world do? A model from what was seen: chances are shares, rewards are means.

    transitions: list of (s, a, r, s2): in state s action a paid r and led to s2. nS, nA: how many
    states and actions there are. Returns (P, R): P, array (nS, nA, nS), P[s, a, s2] is the share of
    s2 among all that followed s and a; R, array (nS, nA), the mean of what a paid in s. Of a pair
    (s, a) that was never seen say: it stays in s, pays 0.

    Worked: estimate_model([(0, 0, 1.0, 1), (0, 0, 0.0, 0), (0, 0, 0.5, 1)], 2, 1) gives P = [[[1/3,
    2/3]], [[0, 1]]] and R = [[0.5], [0]].
    """
    counts, rewards = np.zeros((nS, nA, nS)), np.zeros((nS, nA))
    for s, a, r, s2 in transitions:
        counts[s, a, s2] += 1
        rewards[s, a] += r
    seen = counts.sum(axis=2)
    P = counts / np.maximum(seen, 1)[:, :, None]
    P[np.arange(nS), :, np.arange(nS)] += seen == 0
    return P, rewards / np.maximum(seen, 1)


WALK = [(0, 1, 0.5, 2), (2, 0, -1.0, 2), (2, 0, 0.0, 1), (1, 1, 2.0, 0), (0, 1, 1.5, 1),
        (1, 1, 1.0, 0), (0, 1, 0.4, 2), (2, 0, -0.2, 1), (1, 0, 0.3, 1), (2, 0, 0.7, 0),
        (0, 1, 0.0, 2)]
estimate_model.cases = [([(0, 0, 1.0, 1), (0, 0, 0.0, 0), (0, 0, 0.5, 1)], 2, 1), (WALK, 3, 2),
                        (WALK[:5], 4, 3), ([(1, 0, -2.0, 3)] * 4 + [(1, 0, 1.0, 1)], 4, 2)]


@estimate_model.law("Each row of P holds the chances of all that may follow one action, so it must "
                    "sum to 1, also where nothing was seen. Does it?")
def rows_sum_to_one(f):
    return near(f(WALK, 4, 3)[0].sum(axis=2), 1)


@estimate_model.law("To see everything twice changes no share and no mean. Does the model stay the "
                    "same?")
def twice_is_the_same(f):
    return all(near(*pair) for pair in zip(f(WALK, 3, 2), f(WALK + WALK, 3, 2)))


@estimate_model.right
def pair_by_pair(transitions, nS, nA):
    P, R = np.zeros((nS, nA, nS)), np.zeros((nS, nA))
    for s in range(nS):
        for a in range(nA):
            seen = [(r, s2) for s1, a1, r, s2 in transitions if (s1, a1) == (s, a)] or [(0.0, s)]
            P[s, a] = np.bincount([s2 for _, s2 in seen], minlength=nS) / len(seen)
            R[s, a] = np.mean([r for r, _ in seen])
    return P, R


@estimate_model.right
def by_counts_of_the_library(transitions, nS, nA):
    from tinyrlhf.learning.dyna import CountModel
    model, (s, a, r, s2) = CountModel(nS, nA), (np.array(column) for column in zip(*transitions))
    model.update(s, a, r, s2, np.zeros(len(s), bool))
    seen = model.counts.sum(axis=2)
    P = model.tables()[0][:nS, :, :nS] + (seen == 0)[:, :, None] * np.eye(nS)[:, None]
    return P, model.reward_sums.sum(axis=2) / np.maximum(seen, 1)


def counted(transitions, nS, nA):
    """Counts (nS, nA, nS) and sums of rewards (nS, nA)."""
    counts, rewards = np.zeros((nS, nA, nS)), np.zeros((nS, nA))
    for s, a, r, s2 in transitions:
        counts[s, a, s2] += 1
        rewards[s, a] += r
    return counts, rewards


def with_rows(counts, divisor):
    """Chances from counts, where rows never seen stay."""
    P, (nS, _, _) = counts / divisor, counts.shape
    P[np.arange(nS), :, np.arange(nS)] += counts.sum(axis=2) == 0
    return P


@estimate_model.wrong("It divides by the number of all transitions. That is how often something "
                      "happens at all, not how likely it is *when* a is done in s. How often was "
                      "this pair (s, a) seen?")
def divided_by_all(transitions, nS, nA):
    counts, rewards = counted(transitions, nS, nA)
    return with_rows(counts, len(transitions)), rewards / len(transitions)


@estimate_model.wrong("The chances are right, but the rewards are divided by the number of all "
                      "transitions. The mean of what a pair pays is over the times when that pair "
                      "was seen. How many were those?")
def rewards_divided_by_all(transitions, nS, nA):
    return estimate_model(transitions, nS, nA)[0], counted(transitions, nS,
                                                           nA)[1] / len(transitions)


@estimate_model.wrong("The rewards are sums: what was seen twice pays twice as much. By what must "
                      "they be divided?")
def sums_of_rewards(transitions, nS, nA):
    return estimate_model(transitions, nS, nA)[0], counted(transitions, nS, nA)[1]


@estimate_model.wrong("It divides by how often the state was seen, whatever was done there. But P "
                      "says what follows one action. How often was a done in s?")
def divided_by_state(transitions, nS, nA):
    counts, rewards = counted(transitions, nS, nA)
    visits = np.maximum(counts.sum(axis=(1, 2)), 1)
    return with_rows(counts, visits[:, None, None]), rewards / visits[:, None]


@estimate_model.wrong("Pairs never seen get a row of zeros: an action that leads nowhere, not even "
                      "to where one is. What did the task say of them?")
def unseen_lead_nowhere(transitions, nS, nA):
    counts, rewards = counted(transitions, nS, nA)
    seen = np.maximum(counts.sum(axis=2), 1)
    return counts / seen[:, :, None], rewards / seen


@estimate_model.wrong("It divides 0 by 0 where a pair was never seen, and a planner would carry "
                      "the NaN into every state. What should it say there instead?")
def unseen_are_nan(transitions, nS, nA):
    counts, rewards = counted(transitions, nS, nA)
    seen = counts.sum(axis=2)
    with np.errstate(invalid="ignore"):
        return counts / seen[:, :, None], rewards / seen


@estimate_model.wrong("Pairs never seen lead everywhere alike. That is an honest way to say `I "
                      "don't know`, but a planner may then hope to jump to the goal from anywhere. "
                      "What did the task say of them?")
def unseen_lead_anywhere(transitions, nS, nA):
    counts, rewards = counted(transitions, nS, nA)
    seen = counts.sum(axis=2)
    P = np.where(seen[:, :, None] > 0, counts / np.maximum(seen, 1)[:, :, None], 1 / nS)
    return P, rewards / np.maximum(seen, 1)


@estimate_model.wrong("Only the last thing seen counts: a new one writes over those before it. "
                      "Where nothing is left to chance that is enough. Here the same action leads "
                      "to different places. How do you keep both?")
def only_the_last(transitions, nS, nA):
    last = {(s, a): (s, a, r, s2) for s, a, r, s2 in transitions}
    return estimate_model(list(last.values()), nS, nA)


@estimate_model.wrong("The chances run backwards: P[s2, a, s], from where one came to where one "
                      "went. Which index is the state in which the action was taken?")
def backwards(transitions, nS, nA):
    P, R = estimate_model(transitions, nS, nA)
    return estimate_model([(s2, a, r, s) for s, a, r, s2 in transitions], nS, nA)[0], R


@estimate_model.wrong("That looks like one added to every count, so that nothing is impossible "
                      "(Laplace). A fair choice, but another one: here P is the share of what was "
                      "seen. What are the counts before that?")
def one_for_everything(transitions, nS, nA):
    counts, rewards = counted(transitions, nS, nA)
    P = (counts + 1) / (counts + 1).sum(axis=2, keepdims=True)
    return P, rewards / np.maximum(counts.sum(axis=2), 1)


@estimate_model.wrong("It looks as if each place counted once, however often it was seen. Then the "
                      "rare is as likely as the usual. Do you add to a count, or set it to 1?")
def each_place_once(transitions, nS, nA):
    counts, rewards = counted(transitions, nS, nA)
    once = (counts > 0).astype(float)
    return (with_rows(once, np.maximum(once.sum(axis=2, keepdims=True), 1)),
            rewards / np.maximum(counts.sum(axis=2), 1))
