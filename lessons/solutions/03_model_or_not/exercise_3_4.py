"""Exercise 3.4, epsilon_greedy: its solution, hints and usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise


@exercise("3.4", minutes=5, tolerance=0.05, extra=True, hints=[
    "Toss a coin that says `explore` as often as eps. If it does, take any action, all alike; else "
    "one of the best.",
    "Explore: a whole number below A, all equally likely. Else: the indices where q equals its "
    "maximum, and one of them, all equally likely.",
    "`if rng.random() < eps: return ...`; look up np.flatnonzero and rng.choice"])
def epsilon_greedy(q, eps, rng):
    """Mostly the best, sometimes anything: returns an action, a whole number from 0 to A-1.

    q: array (A,), what each action seems worth. eps: how often any action is taken at random, all
    alike, the best one too; else one of those with the largest q, all alike. rng: a
    np.random.Generator; take all randomness from it.

    Worked: epsilon_greedy(np.array([1., 3.]), 0, rng) is 1, every time; with eps 0.2 it is 0 one
    time in ten.
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


epsilon_greedy.told = "q = {q}, eps = {eps}, drawn {draws} times"
epsilon_greedy.cases = [(np.array([1.0, 3.0]), 0.0, 20), (np.array([1.0, 3.0]), 0.6, 1500),
                        (np.array([-2.0, -1.0, -1.0, -3.0]), 0.0, 1500),
                        (np.array([0.5, 2.0, 2.0, 1.0]), 0.4, 1500),
                        (np.array([0.0, 0.0, 1.0, 0.5]), 1.0, 1500)]


@epsilon_greedy.law("Generators in the same state must give the same actions. Is every random "
                    "number from `rng`?")
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


@epsilon_greedy.wrong("Where several actions are best, the first of them is always taken. In a new "
                      "world all q are 0: such a robot walks into the same wall for ever. How do "
                      "you draw one of the best?")
def ties_to_the_first(q, eps, rng):
    return int(rng.integers(len(q))) if rng.random() < eps else int(np.argmax(q))


@epsilon_greedy.wrong("When it explores, it leaves the best action out. It is meant to take any "
                      "action, the best one too: of two actions, how often should the worse one "
                      "come with eps 0.6?")
def never_the_best_when_exploring(q, eps, rng):
    others = np.flatnonzero(q < q.max())
    if rng.random() < eps and len(others):
        return int(rng.choice(others))
    return int(rng.choice(np.flatnonzero(q == q.max())))


@epsilon_greedy.wrong("eps is taken the wrong way round: with eps 0 it should never act at random, "
                      "and it always does. Which side of the comparison explores?")
def wrong_way_round(q, eps, rng):
    return epsilon_greedy(q, 1 - eps, rng)


@epsilon_greedy.wrong("It never explores: eps has no effect. Then what once looked bad is never "
                      "tried again, even if that was bad luck. When is an action taken at random?")
def never_explores(q, eps, rng):
    return epsilon_greedy(q, 0.0, rng)


@epsilon_greedy.wrong("It never explores, and of several best actions it takes the first one. Both "
                      "are chosen by rng here. Where do eps and rng come in?")
def plainly_the_best(q, eps, rng):
    return int(np.argmax(q))


@epsilon_greedy.wrong("All actions come equally often, as if nothing had been learned. How often "
                      "should the best one be taken for being the best?")
def always_at_random(q, eps, rng):
    return int(rng.integers(len(q)))


@epsilon_greedy.wrong("It takes the worst action where it should take the best one. Which of the "
                      "two is `q.max()`?")
def the_worst_action(q, eps, rng):
    return epsilon_greedy(-q, eps, rng)


@epsilon_greedy.wrong("Instead of any action it takes action 0 when it explores. The others are as "
                      "unknown. Which one should it be?")
def explores_with_the_first(q, eps, rng):
    return 0 if rng.random() < eps else int(rng.choice(np.flatnonzero(q == q.max())))


OWN_RNG = np.random.default_rng()


@epsilon_greedy.wrong("The shares are right, but the dice are not those of `rng`: run twice with "
                      "the same seed, and you get two different walks. Which random numbers does "
                      "your function use?")
def dice_of_its_own(q, eps, rng):
    return epsilon_greedy(q, eps, OWN_RNG)
