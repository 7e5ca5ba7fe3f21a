"""Exercises of lesson 3, with and without a model of the world: solutions, hints, usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise


# ---- 3.1

@exercise("3.1", minutes=7, hints=[
    "What is an action worth? What it pays, and, one step later and so discounted, the worth of where it leads, on "
    "average over all places where it may lead. And what is a state worth to somebody who acts well?",
    r"$Q(s, a) = R(s, a) + \gamma \sum_{s'} P(s' \mid s, a)\, V(s')$, then $V'(s) = \max_a Q(s, a)$.",
    "`Q = R + gamma * (P @ V)`, which is (S, A)"])
def bellman_backup(V, P, R, gamma):
    """One sweep of planning: what each state is worth if the states behind it are worth V.

    V: array (S,), worth of each state so far. P: array (S, A, S), P[s, a, s2] is the chance that action a leads from s
    to s2. R: array (S, A), what action a pays in s. gamma: discount, 0 to 1. Returns an array (S,), a new one.

    Worked: in state 0, action 0 stays and pays 0, action 1 leads to state 1 and pays 1; in state 1 all stays and pays
    0. Then bellman_backup(np.array([2., 4.]), P, R, 0.5) is [3., 2.]: the better of 0 + 0.5 * 2 and 1 + 0.5 * 4.
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


@bellman_backup.law("Swept often enough, the chain of the worked example must come to rest at [1, 0]: take the one "
                    "reward there is, and then there is none. Does it?")
def comes_to_rest(f):
    V = np.array([2.0, 4.0])
    for _ in range(60):
        V = f(V, CHAIN, CHAIN_PAYS, 0.5)
    return np.allclose(V, [1.0, 0.0])


@bellman_backup.right
def by_the_library(V, P, R, gamma):
    from tinyrlhf.exact.planning import action_values
    return action_values(P, np.repeat(R[:, :, None], len(V), axis=2), V, gamma).max(axis=1)


@bellman_backup.right
def state_by_state(V, P, R, gamma):
    def worth(s, a):
        return R[s, a] + gamma * sum(P[s, a, s2] * V[s2] for s2 in range(len(V)))

    return np.array([max(worth(s, a) for a in range(R.shape[1])) for s in range(len(V))])


@bellman_backup.wrong("It averages over the actions. That is what somebody earns who acts at random; a planner picks "
                      "the best one. Which function of the actions belongs there?")
def averages_over_actions(V, P, R, gamma):
    return (R + gamma * (P @ V)).mean(axis=1)


@bellman_backup.wrong("It takes the best place that an action may lead to, as if one could choose one's luck. Where an "
                      "action leads is chance. What is the average of V over the places, with these chances?")
def chooses_its_luck(V, P, R, gamma):
    reachable = np.where(P > 0, V, -np.inf).max(axis=2)
    return (R + gamma * reachable).max(axis=1)


@bellman_backup.wrong("The discount is missing. What comes one step later is worth gamma times as much today. Which "
                      "term comes later?")
def no_discount(V, P, R, gamma):
    return bellman_backup(V, P, R, 1.0)


@bellman_backup.wrong("What is paid now is discounted as well. It is paid at once, and only what comes after it later. "
                      "Which term does gamma belong to?")
def reward_discounted(V, P, R, gamma):
    return gamma * (R + P @ V).max(axis=1)


@bellman_backup.wrong("The rewards are missing: only the worth of the next state counts. Then no sweep ever brings "
                      "anything new. Where does R come in?")
def no_reward(V, P, R, gamma):
    return (gamma * (P @ V)).max(axis=1)


@bellman_backup.wrong("The new worth is added to the old one. A state is not worth what it was and what it will be: "
                      "the sweep replaces V. What is left without the sum?")
def adds_to_the_old(V, P, R, gamma):
    return V + bellman_backup(V, P, R, gamma)


@bellman_backup.wrong("It takes the worst action, not the best one. Who would plan like that?")
def the_worst(V, P, R, gamma):
    return (R + gamma * (P @ V)).min(axis=1)


@bellman_backup.wrong("The actions are added up: with three actions a state seems worth three times as much. But only "
                      "one action is taken. Which one?")
def sums_over_actions(V, P, R, gamma):
    return (R + gamma * (P @ V)).sum(axis=1)


@bellman_backup.wrong("Each state is swept with the new worth of those before it. That is a method, too, and comes to "
                      "the same end, but one sweep is meant to look at the V that was handed in. Do you write into "
                      "the array that you still read from?")
def reads_what_it_writes(V, P, R, gamma):
    V = V.copy()
    for s in range(len(V)):
        V[s] = (R[s] + gamma * (P[s] @ V)).max()
    return V


@bellman_backup.wrong("That is which action is best, not what the state is worth. What is the worth of that action?")
def which_action(V, P, R, gamma):
    return (R + gamma * (P @ V)).argmax(axis=1)


@bellman_backup.wrong("It picks the action that pays most now, and only then looks where it leads. An action that "
                      "costs a little may lead to something good. When must the maximum be taken, before the rest is "
                      "added or after it?")
def greedy_for_now(V, P, R, gamma):
    return np.take_along_axis(R + gamma * (P @ V), R.argmax(axis=1)[:, None], axis=1)[:, 0]


# ---- 3.2

@exercise("3.2", minutes=9, hints=[
    "Make a table with a place for each (s, a, s2), go through what was seen, and count. What shares of the rows are "
    "chances; where nothing was counted, you must say something.",
    r"$\hat P(s' \mid s, a) = N(s, a, s') / N(s, a)$, $\hat R(s, a)$ = sum of rewards / $N(s, a)$. Never seen: "
    r"$\hat P(s \mid s, a) = 1$, $\hat R(s, a) = 0$.",
    "`counts = np.zeros((nS, nA, nS))`, then `for s, a, r, s2 in transitions:`"])
def estimate_model(transitions, nS, nA):
    """What does the world do? A model from what was seen: chances are shares, rewards are means.

    transitions: list of (s, a, r, s2): in state s action a paid r and led to s2. nS, nA: how many states and actions
    there are. Returns (P, R): P, array (nS, nA, nS), P[s, a, s2] is the share of s2 among all that followed s and a;
    R, array (nS, nA), the mean of what a paid in s. Of a pair (s, a) that was never seen say: it stays in s, pays 0.

    Worked: estimate_model([(0, 0, 1.0, 1), (0, 0, 0.0, 0), (0, 0, 0.5, 1)], 2, 1) gives P = [[[1/3, 2/3]], [[0, 1]]]
    and R = [[0.5], [0]].
    """
    counts, rewards = np.zeros((nS, nA, nS)), np.zeros((nS, nA))
    for s, a, r, s2 in transitions:
        counts[s, a, s2] += 1
        rewards[s, a] += r
    seen = counts.sum(axis=2)
    P = counts / np.maximum(seen, 1)[:, :, None]
    P[np.arange(nS), :, np.arange(nS)] += seen == 0
    return P, rewards / np.maximum(seen, 1)


WALK = [(0, 1, 0.5, 2), (2, 0, -1.0, 2), (2, 0, 0.0, 1), (1, 1, 2.0, 0), (0, 1, 1.5, 1), (1, 1, 1.0, 0),
        (0, 1, 0.4, 2), (2, 0, -0.2, 1), (1, 0, 0.3, 1), (2, 0, 0.7, 0), (0, 1, 0.0, 2)]
estimate_model.cases = [([(0, 0, 1.0, 1), (0, 0, 0.0, 0), (0, 0, 0.5, 1)], 2, 1), (WALK, 3, 2), (WALK[:5], 4, 3),
                        ([(1, 0, -2.0, 3)] * 4 + [(1, 0, 1.0, 1)], 4, 2)]


@estimate_model.law("Each row of P holds the chances of all that may follow one action, so it must sum to 1, also "
                    "where nothing was seen. Does it?")
def rows_sum_to_one(f):
    return np.allclose(f(WALK, 4, 3)[0].sum(axis=2), 1)


@estimate_model.law("To see everything twice changes no share and no mean. Does the model stay the same?")
def twice_is_the_same(f):
    return all(np.allclose(*pair) for pair in zip(f(WALK, 3, 2), f(WALK + WALK, 3, 2)))


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


@estimate_model.wrong("It divides by the number of all transitions. That is how often something happens at all, not "
                      "how likely it is *when* a is done in s. How often was this pair (s, a) seen?")
def divided_by_all(transitions, nS, nA):
    counts, rewards = counted(transitions, nS, nA)
    return with_rows(counts, len(transitions)), rewards / len(transitions)


@estimate_model.wrong("The chances are right, but the rewards are divided by the number of all transitions. The mean "
                      "of what a pair pays is over the times when that pair was seen. How many were those?")
def rewards_divided_by_all(transitions, nS, nA):
    return estimate_model(transitions, nS, nA)[0], counted(transitions, nS, nA)[1] / len(transitions)


@estimate_model.wrong("The rewards are sums: what was seen twice pays twice as much. By what must they be divided?")
def sums_of_rewards(transitions, nS, nA):
    return estimate_model(transitions, nS, nA)[0], counted(transitions, nS, nA)[1]


@estimate_model.wrong("It divides by how often the state was seen, whatever was done there. But P says what follows "
                      "one action. How often was a done in s?")
def divided_by_state(transitions, nS, nA):
    counts, rewards = counted(transitions, nS, nA)
    visits = np.maximum(counts.sum(axis=(1, 2)), 1)
    return with_rows(counts, visits[:, None, None]), rewards / visits[:, None]


@estimate_model.wrong("Pairs never seen get a row of zeros: an action that leads nowhere, not even to where one is. "
                      "What did the task say of them?")
def unseen_lead_nowhere(transitions, nS, nA):
    counts, rewards = counted(transitions, nS, nA)
    seen = np.maximum(counts.sum(axis=2), 1)
    return counts / seen[:, :, None], rewards / seen


@estimate_model.wrong("It divides 0 by 0 where a pair was never seen, and a planner would carry the NaN into every "
                      "state. What should it say there instead?")
def unseen_are_nan(transitions, nS, nA):
    counts, rewards = counted(transitions, nS, nA)
    seen = counts.sum(axis=2)
    with np.errstate(invalid="ignore"):
        return counts / seen[:, :, None], rewards / seen


@estimate_model.wrong("Pairs never seen lead everywhere alike. That is an honest way to say `I don't know`, but a "
                      "planner may then hope to jump to the goal from anywhere. What did the task say of them?")
def unseen_lead_anywhere(transitions, nS, nA):
    counts, rewards = counted(transitions, nS, nA)
    seen = counts.sum(axis=2)
    P = np.where(seen[:, :, None] > 0, counts / np.maximum(seen, 1)[:, :, None], 1 / nS)
    return P, rewards / np.maximum(seen, 1)


@estimate_model.wrong("Only the last thing seen counts: a new one writes over those before it. Where nothing is left "
                      "to chance that is enough. Here the same action leads to different places. How do you keep both?")
def only_the_last(transitions, nS, nA):
    last = {(s, a): (s, a, r, s2) for s, a, r, s2 in transitions}
    return estimate_model(list(last.values()), nS, nA)


@estimate_model.wrong("The chances run backwards: P[s2, a, s], from where one came to where one went. Which index is "
                      "the state in which the action was taken?")
def backwards(transitions, nS, nA):
    P, R = estimate_model(transitions, nS, nA)
    return estimate_model([(s2, a, r, s) for s, a, r, s2 in transitions], nS, nA)[0], R


@estimate_model.wrong("That looks like one added to every count, so that nothing is impossible (Laplace). A fair "
                      "choice, but another one: here P is the share of what was seen. What are the counts before that?")
def one_for_everything(transitions, nS, nA):
    counts, rewards = counted(transitions, nS, nA)
    P = (counts + 1) / (counts + 1).sum(axis=2, keepdims=True)
    return P, rewards / np.maximum(counts.sum(axis=2), 1)


@estimate_model.wrong("It looks as if each place counted once, however often it was seen. Then the rare is as likely "
                      "as the usual. Do you add to a count, or set it to 1?")
def each_place_once(transitions, nS, nA):
    counts, rewards = counted(transitions, nS, nA)
    once = (counts > 0).astype(float)
    return (with_rows(once, np.maximum(once.sum(axis=2, keepdims=True), 1)),
            rewards / np.maximum(counts.sum(axis=2), 1))


# ---- 3.3

@exercise("3.3", minutes=7, hints=[
    "The step has just told you something new about Q[s, a]: what it paid, and where one stands now. Move the old "
    "number a little towards that.",
    r"The target is $r + \gamma \max_{a'} Q(s', a')$, or $r$ alone if it is over; then "
    r"$Q(s, a) \mathrel{+}= \alpha \, (\text{target} - Q(s, a))$.",
    "`Q = Q.copy()`, then `target = r if done else ...`"])
def q_update(Q, s, a, r, s2, done, alpha, gamma):
    """One step of Q-learning: what the table says after action a in state s has paid r and led to s2.

    Q: array (S, A), what each action seems worth in each state. done: True if s2 ended the episode, then nothing comes
    after it, whatever Q says there. alpha: step size, 0 to 1. gamma: discount, 0 to 1. Returns a new array (S, A).

    Worked: Q = [[0, 0], [2, 4]], s = 0, a = 1, r = 1, s2 = 1, not done, alpha = 0.5, gamma = 0.5: the target is
    1 + 0.5 * 4 = 3, and half the way to it is [[0, 1.5], [2, 4]].
    """
    Q = Q.copy()
    target = r if done else r + gamma * Q[s2].max()
    Q[s, a] += alpha * (target - Q[s, a])
    return Q


BEFORE = np.array([[0.5, -1.0, 2.0], [1.5, 0.2, -0.3], [-2.0, -1.2, -0.5], [0.0, 3.0, 1.0]])
q_update.cases = [(np.array([[0.0, 0.0], [2.0, 4.0]]), 0, 1, 1.0, 1, False, 0.5, 0.5),
                  (BEFORE, 1, 2, -0.4, 3, False, 0.1, 0.9), (BEFORE, 1, 2, -0.4, 3, True, 0.1, 0.9),
                  (BEFORE, 0, 0, 0.7, 2, False, 0.3, 0.8), (BEFORE, 3, 1, 1.0, 3, False, 0.25, 0.95),
                  (BEFORE, 2, 1, 5.0, 0, False, 1.0, 1.0)]


@q_update.law("A step teaches about one action in one state. Do all other entries stay as they were?")
def only_one_entry(f):
    after = np.asarray(f(BEFORE, 1, 2, -0.4, 3, False, 0.1, 0.9))
    others = np.ones(BEFORE.shape, bool)
    others[1, 2] = False
    return np.array_equal(after[others], BEFORE[others])


@q_update.right
def by_the_learner_of_the_library(Q, s, a, r, s2, done, alpha, gamma):
    from tinyrlhf.learning.q_learning import QLearning
    learner = QLearning(*Q.shape, gamma=gamma, step_size=alpha)
    learner.q[...] = Q
    learner.update(*(np.array([each]) for each in (s, a, r, s2, done)))
    return learner.q


@q_update.right
def as_a_mean_of_old_and_new(Q, s, a, r, s2, done, alpha, gamma):
    here = np.zeros(Q.shape)
    here[s, a] = alpha
    return (1 - here) * Q + here * (r + gamma * (not done) * max(Q[s2]))


def moved(Q, s, a, target, alpha):
    Q = Q.copy()
    Q[s, a] += alpha * (target - Q[s, a])
    return Q


@q_update.wrong("It goes on counting after the end: when the episode is over, nothing comes any more, whatever the "
                "table says about s2. What is the target if done is True?")
def counts_after_the_end(Q, s, a, r, s2, done, alpha, gamma):
    return moved(Q, s, a, r + gamma * Q[s2].max(), alpha)


@q_update.wrong("It looks at Q[s2, a], as if one had to do the same again. The next action is free, and Q-learning "
                "takes the best. Which function of Q[s2] is that?")
def the_same_action_again(Q, s, a, r, s2, done, alpha, gamma):
    return moved(Q, s, a, r + gamma * (not done) * Q[s2, a], alpha)


@q_update.wrong("It takes the mean over the next actions: the worth of somebody who acts at random from there on. "
                "Q-learning asks for the best next action, even while it tries others. Mean or max?")
def mean_over_next_actions(Q, s, a, r, s2, done, alpha, gamma):
    return moved(Q, s, a, r + gamma * (not done) * Q[s2].mean(), alpha)


@q_update.wrong("It looks at the best action in s, not in s2. The step has led on: where does one stand now?")
def looks_at_the_old_state(Q, s, a, r, s2, done, alpha, gamma):
    return moved(Q, s, a, r + gamma * (not done) * Q[s].max(), alpha)


@q_update.wrong("It takes the best entry of the whole table, as if any state could be reached at once. Which row is "
                "the one of s2?")
def best_of_the_table(Q, s, a, r, s2, done, alpha, gamma):
    return moved(Q, s, a, r + gamma * (not done) * Q.max(), alpha)


@q_update.wrong("At the end it learns nothing at all. But the last step was paid, and often it is the only one that "
                "is. What is the target if done is True: nothing, or r?")
def nothing_at_the_end(Q, s, a, r, s2, done, alpha, gamma):
    return Q.copy() if done else q_update(Q, s, a, r, s2, done, alpha, gamma)


@q_update.wrong("At the end the target is 0: the reward of the last step is lost with what would have come after it. "
                "Which of the two terms does `done` switch off?")
def reward_lost_at_the_end(Q, s, a, r, s2, done, alpha, gamma):
    return moved(Q, s, a, (not done) * (r + gamma * Q[s2].max()), alpha)


@q_update.wrong("The old number is replaced by the target, without alpha. One lucky step would then overwrite all that "
                "many steps have taught. How far towards the target should it go?")
def without_step_size(Q, s, a, r, s2, done, alpha, gamma):
    return q_update(Q, s, a, r, s2, done, 1.0, gamma)


@q_update.wrong("alpha times the target is added, but the old number is not taken off: Q grows with every visit and "
                "never comes to rest. What is the error that alpha should shrink?")
def old_number_kept(Q, s, a, r, s2, done, alpha, gamma):
    Q = Q.copy()
    Q[s, a] += alpha * (r + gamma * (not done) * Q[s2].max())
    return Q


@q_update.wrong("The discount is missing: what comes after s2 is one step away, and worth gamma times as much. Where "
                "does gamma belong?")
def next_not_discounted(Q, s, a, r, s2, done, alpha, gamma):
    return q_update(Q, s, a, r, s2, done, alpha, 1.0)


@q_update.wrong("The reward is discounted as well. It has just been paid; only what comes after it is later. What does "
                "gamma multiply?")
def reward_discounted_too(Q, s, a, r, s2, done, alpha, gamma):
    return moved(Q, s, a, gamma * (r + (not done) * Q[s2].max()), alpha)


@q_update.wrong("It moves away from the target instead of towards it. If the target is above Q[s, a], should Q[s, a] "
                "rise or fall?")
def away_from_the_target(Q, s, a, r, s2, done, alpha, gamma):
    return q_update(Q, s, a, r, s2, done, -alpha, gamma)


@q_update.wrong("It writes into the entry of s2. The step has taught what it was worth to do a in s. Which entry is "
                "that?")
def wrong_entry(Q, s, a, r, s2, done, alpha, gamma):
    Q = Q.copy()
    Q[s2, a] += alpha * ((r if done else r + gamma * Q[s2].max()) - Q[s2, a])
    return Q


@q_update.wrong("alpha weighs the old number, and 1 - alpha the new one. With a small step size, should Q move little "
                "or far?")
def step_size_swapped(Q, s, a, r, s2, done, alpha, gamma):
    return q_update(Q, s, a, r, s2, done, 1 - alpha, gamma)


# ---- 3.4

@exercise("3.4", minutes=5, tolerance=0.05, extra=True, hints=[
    "Toss a coin that says `explore` as often as eps. If it does, take any action, all alike; else one of the best.",
    "Explore: a whole number below A, all equally likely. Else: the indices where q equals its maximum, and one of "
    "them, all equally likely.",
    "`if rng.random() < eps: return ...`; look up np.flatnonzero and rng.choice"])
def epsilon_greedy(q, eps, rng):
    """Mostly the best, sometimes anything: returns an action, a whole number from 0 to A-1.

    q: array (A,), what each action seems worth. eps: how often any action is taken at random, all alike, the best one
    too; else one of those with the largest q, all alike. rng: a np.random.Generator; take all randomness from it.

    Worked: epsilon_greedy(np.array([1., 3.]), 0, rng) is 1, every time; with eps 0.2 it is 0 one time in ten.
    """
    if rng.random() < eps:
        return int(rng.integers(len(q)))
    return int(rng.choice(np.flatnonzero(q == q.max())))


@epsilon_greedy.play
def how_often(epsilon_greedy, q, eps, draws):
    """The share of each action in many draws; what is no index, if something is none."""
    rng = np.random.default_rng(3)
    picked = [epsilon_greedy(q, eps, rng) for _ in range(draws)]
    odd = [each for each in picked if np.ndim(each) or np.asarray(each).dtype.kind not in "iu"]
    return odd[0] if odd else np.bincount(np.clip(picked, 0, len(q) - 1), minlength=len(q)) / draws


epsilon_greedy.cases = [(np.array([1.0, 3.0]), 0.0, 20), (np.array([1.0, 3.0]), 0.6, 1500),
                        (np.array([-2.0, -1.0, -1.0, -3.0]), 0.0, 1500), (np.array([0.5, 2.0, 2.0, 1.0]), 0.4, 1500),
                        (np.array([0.0, 0.0, 1.0, 0.5]), 1.0, 1500)]


@epsilon_greedy.law("Generators in the same state must give the same actions. Is every random number from `rng`?")
def uses_the_given_rng(f):
    q, (one, other) = np.zeros(4), [np.random.default_rng(7) for _ in range(2)]
    return [f(q, 0.5, one) for _ in range(40)] == [f(q, 0.5, other) for _ in range(40)]


@epsilon_greedy.right
def by_its_chances(q, eps, rng):
    best = q == q.max()
    return int(rng.choice(len(q), p=eps / len(q) + (1 - eps) * best / best.sum()))


@epsilon_greedy.right
def by_shuffled_order(q, eps, rng):
    order = rng.permutation(len(q))
    return int(order[0] if rng.random() < eps else order[np.argmax(q[order])])


@epsilon_greedy.wrong("Where several actions are best, the first of them is always taken. In a new world all q are 0: "
                      "such a robot walks into the same wall for ever. How do you draw one of the best?")
def ties_to_the_first(q, eps, rng):
    return int(rng.integers(len(q))) if rng.random() < eps else int(np.argmax(q))


@epsilon_greedy.wrong("When it explores, it leaves the best action out. It is meant to take any action, the best one "
                      "too: of two actions, how often should the worse one come with eps 0.6?")
def never_the_best_when_exploring(q, eps, rng):
    others = np.flatnonzero(q < q.max())
    if rng.random() < eps and len(others):
        return int(rng.choice(others))
    return int(rng.choice(np.flatnonzero(q == q.max())))


@epsilon_greedy.wrong("eps is taken the wrong way round: with eps 0 it should never act at random, and it always does. "
                      "Which side of the comparison explores?")
def wrong_way_round(q, eps, rng):
    return epsilon_greedy(q, 1 - eps, rng)


@epsilon_greedy.wrong("It never explores: eps has no effect. Then what once looked bad is never tried again, even if "
                      "that was bad luck. When is an action taken at random?")
def never_explores(q, eps, rng):
    return epsilon_greedy(q, 0.0, rng)


@epsilon_greedy.wrong("It never explores, and of several best actions it takes the first one. Both are chosen by rng "
                      "here. Where do eps and rng come in?")
def plainly_the_best(q, eps, rng):
    return int(np.argmax(q))


@epsilon_greedy.wrong("All actions come equally often, as if nothing had been learned. How often should the best one "
                      "be taken for being the best?")
def always_at_random(q, eps, rng):
    return int(rng.integers(len(q)))


@epsilon_greedy.wrong("It takes the worst action where it should take the best one. Which of the two is `q.max()`?")
def the_worst_action(q, eps, rng):
    return epsilon_greedy(-q, eps, rng)


@epsilon_greedy.wrong("Instead of any action it takes action 0 when it explores. The others are as unknown. Which one "
                      "should it be?")
def explores_with_the_first(q, eps, rng):
    return 0 if rng.random() < eps else int(rng.choice(np.flatnonzero(q == q.max())))


OWN_RNG = np.random.default_rng()


@epsilon_greedy.wrong("The shares are right, but the dice are not those of `rng`: run twice with the same seed, and "
                      "you get two different walks. Which random numbers does your function use?")
def dice_of_its_own(q, eps, rng):
    return epsilon_greedy(q, eps, OWN_RNG)
