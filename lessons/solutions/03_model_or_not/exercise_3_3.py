"""Exercise 3.3, q_update: its solution, hints and usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise, near


@exercise("3.3", minutes=7, hints=[
    "The step has just told you something new about Q[s, a]: what it paid, and where one stands "
    "now. Move the old number a little towards that.",
    r"The target is $r + \gamma \max_{a'} Q(s', a')$, or $r$ alone if it is over; then $Q(s, a) "
    r"\mathrel{+}= \alpha \, (\text{target} - Q(s, a))$.",
    "`Q = Q.copy()`, then `target = r if done else ...`"])
def q_update(Q, s, a, r, s2, done, alpha, gamma):
    """One step of Q-learning: what the table says after action a in state s has paid r and led to
    s2.

    Q: array (S, A), what each action seems worth in each state. done: True if s2 ended the episode,
    then nothing comes after it, whatever Q says there. alpha: step size, 0 to 1. gamma: discount, 0
    to 1. Returns a new array (S, A).

    Worked: Q = [[0, 0], [2, 4]], s = 0, a = 1, r = 1, s2 = 1, not done, alpha = 0.5, gamma = 0.5:
    the target is 1 + 0.5 * 4 = 3, and half the way to it is [[0, 1.5], [2, 4]].
    """
    Q = Q.copy()
    target = r if done else r + gamma * Q[s2].max()
    Q[s, a] += alpha * (target - Q[s, a])
    return Q


BEFORE = np.array([[0.5, -1.0, 2.0], [1.5, 0.2, -0.3], [-2.0, -1.2, -0.5], [0.0, 3.0, 1.0]])
q_update.cases = [(np.array([[0.0, 0.0], [2.0, 4.0]]), 0, 1, 1.0, 1, False, 0.5, 0.5),
                  (BEFORE, 1, 2, -0.4, 3, False, 0.1, 0.9), (BEFORE, 1, 2, -0.4, 3, True, 0.1, 0.9),
                  (BEFORE, 0, 0, 0.7, 2, False, 0.3, 0.8),
                  (BEFORE, 3, 1, 1.0, 3, False, 0.25, 0.95),
                  (BEFORE, 2, 1, 5.0, 0, False, 1.0, 1.0)]


@q_update.law("A step teaches about one action in one state. Do all other entries stay as they "
              "were?")
def only_one_entry(f):
    after = np.asarray(f(BEFORE, 1, 2, -0.4, 3, False, 0.1, 0.9))
    others = np.ones(BEFORE.shape, bool)
    others[1, 2] = False
    return near(after[others], BEFORE[others])


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


@q_update.wrong("It goes on counting after the end: when the episode is over, nothing comes any "
                "more, whatever the table says about s2. What is the target if done is True?")
def counts_after_the_end(Q, s, a, r, s2, done, alpha, gamma):
    return moved(Q, s, a, r + gamma * Q[s2].max(), alpha)


@q_update.wrong("It looks at Q[s2, a], as if one had to do the same again. The next action is "
                "free, and Q-learning takes the best. Which function of Q[s2] is that?")
def the_same_action_again(Q, s, a, r, s2, done, alpha, gamma):
    return moved(Q, s, a, r + gamma * (not done) * Q[s2, a], alpha)


@q_update.wrong("It takes the mean over the next actions: the worth of somebody who acts at random "
                "from there on. Q-learning asks for the best next action, even while it tries "
                "others. Mean or max?")
def mean_over_next_actions(Q, s, a, r, s2, done, alpha, gamma):
    return moved(Q, s, a, r + gamma * (not done) * Q[s2].mean(), alpha)


@q_update.wrong("It looks at the best action in s, not in s2. The step has led on: where does one "
                "stand now?")
def looks_at_the_old_state(Q, s, a, r, s2, done, alpha, gamma):
    return moved(Q, s, a, r + gamma * (not done) * Q[s].max(), alpha)


@q_update.wrong("It takes the best entry of the whole table, as if any state could be reached at "
                "once. Which row is the one of s2?")
def best_of_the_table(Q, s, a, r, s2, done, alpha, gamma):
    return moved(Q, s, a, r + gamma * (not done) * Q.max(), alpha)


@q_update.wrong("At the end it learns nothing at all. But the last step was paid, and often it is "
                "the only one that is. What is the target if done is True: nothing, or r?")
def nothing_at_the_end(Q, s, a, r, s2, done, alpha, gamma):
    return Q.copy() if done else q_update(Q, s, a, r, s2, done, alpha, gamma)


@q_update.wrong("At the end the target is 0: the reward of the last step is lost with what would "
                "have come after it. Which of the two terms does `done` switch off?")
def reward_lost_at_the_end(Q, s, a, r, s2, done, alpha, gamma):
    return moved(Q, s, a, (not done) * (r + gamma * Q[s2].max()), alpha)


@q_update.wrong("The old number is replaced by the target, without alpha. One lucky step would "
                "then overwrite all that many steps have taught. How far towards the target should "
                "it go?")
def without_step_size(Q, s, a, r, s2, done, alpha, gamma):
    return q_update(Q, s, a, r, s2, done, 1.0, gamma)


@q_update.wrong("alpha times the target is added, but the old number is not taken off: Q grows "
                "with every visit and never comes to rest. What is the error that alpha should "
                "shrink?")
def old_number_kept(Q, s, a, r, s2, done, alpha, gamma):
    Q = Q.copy()
    Q[s, a] += alpha * (r + gamma * (not done) * Q[s2].max())
    return Q


@q_update.wrong("The discount is missing: what comes after s2 is one step away, and worth gamma "
                "times as much. Where does gamma belong?")
def next_not_discounted(Q, s, a, r, s2, done, alpha, gamma):
    return q_update(Q, s, a, r, s2, done, alpha, 1.0)


@q_update.wrong("The reward is discounted as well. It has just been paid; only what comes after it "
                "is later. What does gamma multiply?")
def reward_discounted_too(Q, s, a, r, s2, done, alpha, gamma):
    return moved(Q, s, a, gamma * (r + (not done) * Q[s2].max()), alpha)


@q_update.wrong("It moves away from the target instead of towards it. If the target is above Q[s, "
                "a], should Q[s, a] rise or fall?")
def away_from_the_target(Q, s, a, r, s2, done, alpha, gamma):
    return q_update(Q, s, a, r, s2, done, -alpha, gamma)


@q_update.wrong("It writes into the entry of s2. The step has taught what it was worth to do a in "
                "s. Which entry is that?")
def wrong_entry(Q, s, a, r, s2, done, alpha, gamma):
    Q = Q.copy()
    Q[s2, a] += alpha * ((r if done else r + gamma * Q[s2].max()) - Q[s2, a])
    return Q


@q_update.wrong("alpha weighs the old number, and 1 - alpha the new one. With a small step size, "
                "should Q move little or far?")
def step_size_swapped(Q, s, a, r, s2, done, alpha, gamma):
    return q_update(Q, s, a, r, s2, done, 1 - alpha, gamma)
