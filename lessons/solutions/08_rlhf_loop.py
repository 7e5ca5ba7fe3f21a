"""Exercises of lesson 8, closing the loop: solutions, hints, usual mistakes."""
from types import SimpleNamespace

import numpy as np

from tinyrlhf.teaching import exercise


# ---- 8.1

@exercise("8.1", minutes=5, hints=[
    "Each pair needs two walks, and each walk is played anew. All luck comes from the one generator that you are "
    "given: hand it on, and it never gives the same numbers twice.",
    "n pairs are 2n calls of `play(rng)`.",
    "`return [(play(rng), ...) for _ in range(n)]`"])
def collect(play, n, rng):
    """n pairs of walks to be compared: all 2n played one after the other, the first of a pair before the second.

    play: function rng -> one walk, of whatever type; it draws all its luck from that generator. n: a whole number. rng:
    a numpy Generator. Returns a list of n tuples (first, second).

    Worked: if play draws a number from 0 to 99, collect(play, 2, np.random.default_rng(0)) is [(85, 63), (51, 26)].
    """
    return [(play(rng), play(rng)) for _ in range(n)]


def number(rng):
    return int(rng.integers(100))


@collect.play
def with_the_same_luck(collect, play, n):
    return collect(play, n, np.random.default_rng(0))


collect.cases = [(number, 2), (number, 5), (lambda rng: int(rng.integers(2, 7)), 3), (number, 0)]


@collect.law("Two of 200 pairs drawn from a million walks should hardly ever begin with the same walk. Do they differ?")
def walks_differ(f):
    pairs = f(lambda rng: int(rng.integers(10**9)), 200, np.random.default_rng(1))
    return len(pairs) == 200 and len({walk for pair in pairs for walk in pair}) == 400


@collect.right
def one_by_one(play, n, rng):
    walks = [play(rng) for _ in range(2 * n)]
    return list(zip(walks[::2], walks[1::2]))


@collect.right
def in_a_loop(play, n, rng):
    pairs = []
    while len(pairs) < n:
        first = play(rng)
        pairs.append((first, play(rng)))
    return pairs


@collect.wrong("Both walks of a pair are the same: it was played once and shown twice, or twice with equal luck. "
               "Nobody can prefer one of them, and no vote says anything. How often is play called for one pair?")
def shown_twice(play, n, rng):
    walks = [play(rng) for _ in range(n)]
    return [(walk, walk) for walk in walks]


@collect.wrong("Every walk begins with a generator made anew, so all have the same luck and all pairs are identical. "
               "Which generator were you given?")
def a_new_generator_each_time(play, n, rng):
    return [(play(np.random.default_rng(0)), play(np.random.default_rng(0))) for _ in range(n)]


@collect.wrong("There are n walks, not n pairs: each stands in two pairs, next to its neighbours. Then one odd walk "
               "spoils two answers. How many walks do n pairs need?")
def neighbours(play, n, rng):
    walks = [play(rng) for _ in range(n + 1)]
    return list(zip(walks, walks[1:]))


@collect.wrong("The first half of all walks stands against the second half. As pairs they are as good, but the order "
               "was to be: first of a pair, second of a pair, next pair. What does play(rng) return the second time?")
def halves(play, n, rng):
    walks = [play(rng) for _ in range(2 * n)]
    return list(zip(walks[:n], walks[n:]))


@collect.wrong("Python evaluates the second walk of each pair before the first here. Which of the two is played first?")
def second_first(play, n, rng):
    return [pair[::-1] for pair in collect(play, n, rng)]


@collect.wrong("That is one long list of walks. Who is asked needs to know which two belong together. Where are the "
               "pairs?")
def no_pairs(play, n, rng):
    return [play(rng) for _ in range(2 * n)]


# ---- 8.2

@exercise("8.2", minutes=5, hints=[
    "People see what happened. They do not see a number, and neither do you: the answer is what they say.",
    'A walk is a dict; what can be seen of it is `walk["cells"]`. human(first, second) is True or False.',
    '`said = [human(first["cells"], second["cells"]) for first, second in pairs]`, then 0 where True'])
def ask(human, pairs):
    """Which walk of each pair does a person prefer?

    human: function (cells of the first walk, cells of the second) -> True if they like the first better. pairs: list of
    n tuples (first, second); a walk is a dict with "cells", the list of cells that it visited, and "reward", which the
    game keeps to itself. Returns an array (n,) of whole numbers: 0 where the first is preferred, 1 where the second is.

    Worked: a person who likes short walks is asked about cells [1, 2] and [1, 2, 3], then about [5, 5, 5] and [5]: ask
    gives [0, 1], whatever the rewards are.
    """
    return np.array([0 if human(first["cells"], second["cells"]) else 1 for first, second in pairs], int)


def likes_short(first, second):
    return len(first) < len(second)


def minds_seven(first, second):
    return list(first).count(7) < list(second).count(7)


def walk(cells, reward):
    return {"cells": cells, "reward": reward}


ask.cases = [(likes_short, [(walk([1, 2], 0.0), walk([1, 2, 3], 5.0)), (walk([5, 5, 5], 2.0), walk([5], 1.0))]),
             (minds_seven, [(walk([7, 7, 1], 9.0), walk([7], 1.0)), (walk([3], 1.0), walk([7, 1], 3.0)),
                            (walk([7], 0.0), walk([2, 2], 0.5))]),
             (minds_seven, [(walk([7, 2], 1.0), walk([2, 7], 4.0)), (walk([1], 0.0), walk([7, 7], 2.0))])]


@ask.law("Two people of opposite taste must get opposite answers about the same walks. Do they?")
def it_is_the_person_who_answers(f):
    pairs = ask.cases[0][1]
    return np.array_equal(f(lambda a, b: not likes_short(a, b), pairs), 1 - np.asarray(f(likes_short, pairs)))


@ask.right
def by_inversion(human, pairs):
    return 1 - np.array([human(a["cells"], b["cells"]) for a, b in pairs]).astype(int)


@ask.right
def pair_by_pair(human, pairs):
    said = np.ones(len(pairs), int)
    for i, (first, second) in enumerate(pairs):
        if human(first["cells"], second["cells"]):
            said[i] = 0
    return said


@ask.wrong("Nobody is asked: the rewards of the game are compared. That is traditional reinforcement learning with a "
           "detour. In RLHF the reward is what nobody can write down. Who knows which walk is better?")
def reads_the_reward(human, pairs):
    return np.array([int(second["reward"] > first["reward"]) for first, second in pairs])


@ask.wrong("People are shown the game's reward instead of the walk. Then they can only repeat it, and what they mind "
           "is never learned. What can be seen of a walk?")
def shows_the_reward(human, pairs):
    return np.array([0 if human([first["reward"]], [second["reward"]]) else 1 for first, second in pairs])


@ask.wrong("The answers are the wrong way round: True means that the first is preferred, and the first has the number "
           "0. What is int(True)?")
def true_is_one(human, pairs):
    return 1 - ask(human, pairs)


@ask.wrong("The two walks change places before the person sees them. Then their answer is about the other one. Which "
           "comes first?")
def changed_places(human, pairs):
    return np.array([0 if human(second["cells"], first["cells"]) else 1 for first, second in pairs])


@ask.wrong("All pairs get the answer to the first one. Each pair is a question of its own. How often is the person "
           "asked about n pairs?")
def the_first_answer_for_all(human, pairs):
    return np.full(len(pairs), ask(human, pairs[:1])[0])


# ---- 8.3

@exercise("8.3", minutes=8, hints=[
    "Act, ask, fit, improve, in this order. The policy only ever learns from the model, and the model from all votes "
    "that there have been.",
    "votes = old ones + new ones; model = fit(votes); policy = improve(policy, model).",
    "`pairs = world.play(policy)` and `votes = votes + list(zip(pairs, world.ask(pairs)))`"])
def rlhf_round(policy, votes, world):
    """One round of the loop: act, ask, fit, improve.

    policy: whatever world.play and world.improve understand. votes: list of (pair, said) of all earlier rounds, which
    the caller still needs as it is. world has the functions play(policy) -> a list of n pairs of walks; ask(pairs) ->
    n answers; fit(votes) -> a reward model, which says of a walk what it is worth; improve(policy, reward model) -> a
    better policy; and reward, the game's own, which also says of a walk what it is worth. Returns (policy, votes): the
    new policy, and all votes, old ones first.

    Worked: with a world in which walks and policies are numbers, rlhf_round(1, [((5, 6), 1)], world) asks about the
    pairs (1, 2) and (2, 3), gets 1 and 0, and returns the policy 8 and three votes.
    """
    pairs = world.play(policy)
    votes = votes + list(zip(pairs, world.ask(pairs)))
    model = world.fit(votes)
    return world.improve(policy, model), votes


def small_world(asked):
    """Walks and policies are numbers; a model is worth the winners' sum on top of what it is asked about."""
    def fit(votes):
        total = sum(pair[said] for pair, said in votes)
        return lambda walk: walk + total

    def improve(policy, reward):
        return reward(policy) - policy - 2 * (len(asked) == 2)

    def ask(pairs):
        asked.extend(pairs)
        return [1, 0, 1][:len(pairs)]

    return SimpleNamespace(play=lambda policy: [(policy, policy + 1), (policy + 1, policy + 2)], ask=ask, fit=fit,
                           improve=improve, reward=lambda walk: 100 * walk)


@rlhf_round.play
def in_a_small_world(rlhf_round, policy, votes):
    asked = []
    return (*rlhf_round(policy, votes, small_world(asked)), asked)


rlhf_round.cases = [(1, [((5, 6), 1)]), (4, []), (-3, [((0, 2), 0), ((7, 3), 1), ((2, 2), 0)])]


@rlhf_round.right
def step_by_step(policy, votes, world):
    kept = list(votes)
    pairs = world.play(policy)
    for pair, said in zip(pairs, world.ask(pairs)):
        kept.append((pair, said))
    return world.improve(policy, world.fit(kept)), kept


@rlhf_round.right
def by_unpacking(policy, votes, world):
    pairs = world.play(policy)
    said = world.ask(pairs)
    every = [*votes, *((pair, answer) for pair, answer in zip(pairs, said))]
    return world.improve(policy, lambda walk: world.fit(every)(walk)), every


@rlhf_round.wrong("The policy is improved on the game's own reward. That is traditional reinforcement learning: people "
                  "were asked for nothing. Whose reward should the policy learn from?")
def on_the_games_reward(policy, votes, world):
    policy_after, votes = rlhf_round(policy, votes, world)
    return world.improve(policy, world.reward), votes


@rlhf_round.wrong("The votes of earlier rounds are forgotten. The walker no longer meets what it has learned to avoid, "
                  "so the new votes do not mention it, and it will be tried again. What should the model explain?")
def earlier_votes_forgotten(policy, votes, world):
    pairs = world.play(policy)
    votes = list(zip(pairs, world.ask(pairs)))
    return world.improve(policy, world.fit(votes)), votes


@rlhf_round.wrong("The model is fitted to the old votes, before the new ones are in. People were asked for nothing "
                  "until the next round. What comes first, asking or fitting?")
def fitted_before_asking(policy, votes, world):
    model = world.fit(votes)
    pairs = world.play(policy)
    return world.improve(policy, model), votes + list(zip(pairs, world.ask(pairs)))


@rlhf_round.wrong("The new votes are used, but not returned: the next round begins without them. What does the caller "
                  "need for the next round?")
def votes_not_returned(policy, votes, world):
    return rlhf_round(policy, votes, world)[0], votes


@rlhf_round.wrong("The new votes stand before the old ones. The order of rounds tells how people changed. Which come "
                  "first?")
def new_ones_first(policy, votes, world):
    pairs = world.play(policy)
    every = list(zip(pairs, world.ask(pairs))) + votes
    return world.improve(policy, world.fit(every)), every


@rlhf_round.wrong("The policy is improved first, and people are asked about the walks of the new one, which nothing "
                  "has been learned from yet. In which order do act, ask, fit and improve come?")
def improved_before_asking(policy, votes, world):
    policy = world.improve(policy, world.fit(votes))
    pairs = world.play(policy)
    return policy, votes + list(zip(pairs, world.ask(pairs)))


# ---- 8.4

@exercise("8.4", minutes=7, hints=[
    "Ask those who know: do people still see a difference between the walks of this round and those of the round "
    "before? The learned return is the learner's own opinion of itself.",
    'Each of the last `window` rows needs |row["preferred"] - 1/2| <= tolerance; fewer rows are too few to tell.',
    '`last = [row["preferred"] for row in history[-window:]]`'])
def converged(history, window, tolerance):
    """Has learning come to rest? Only if people see no more difference, several rounds in a row.

    history: list of dicts, one for each round: "preferred", in which share of comparisons people preferred the walks of
    this round to those of the round before (1/2: no difference; less: it got worse); "learned", the mean return of the
    reward model. window: a whole number, at least 1. tolerance: so far from 1/2 counts as no difference, either way.
    Returns True if in each of the last `window` rounds there was no difference; False with fewer rounds than that.

    Worked: people preferred the new walks in shares 0.9, 0.7, 0.52 and 0.49 of the comparisons: converged(history, 2,
    0.05) is True, and converged(history, 3, 0.05) is False.
    """
    last = [row["preferred"] for row in history[-window:]]
    return len(history) >= window and all(abs(share - 0.5) <= tolerance for share in last)


def told(preferred, learned):
    return [{"preferred": share, "learned": value} for share, value in zip(preferred, learned)]


converged.cases = [
    (told([0.9, 0.7, 0.52, 0.49], [0.1, 0.6, 0.9, 1.2]), 2, 0.05),
    (told([0.9, 0.7, 0.52, 0.49], [0.1, 1.0, 1.0, 1.0]), 3, 0.05),
    (told([0.8, 0.8, 0.3, 0.2], [0.5, 0.9, 0.9, 0.9]), 2, 0.05), (told([0.5], [0.0]), 2, 0.1),
    (told([0.9, 0.5, 0.8], [0.2, 0.4, 0.4]), 2, 0.1), (told([0.9, 0.8, 0.5], [0.2, 0.4, 0.4]), 2, 0.1),
    (told([0.9, 0.55, 0.45, 0.5], [0.0, 1.0, 2.0, 3.0]), 3, 0.06), (told([0.4, 0.6], [0.3, 0.3]), 2, 0.05),
    (told([0.5, 0.5], [2.0, 1.0]), 2, 0.0)]


@converged.law("No rounds at all are no proof. Is converged([], 1, 0.1) False?")
def nothing_proves_nothing(f):
    return not f([], 1, 0.1)


@converged.right
def by_the_largest_gap(history, window, tolerance):
    shares = np.array([row["preferred"] for row in history])[-window:]
    return bool(len(history) >= window and np.abs(shares - 0.5).max() <= tolerance)


@converged.right
def counted_backwards(history, window, tolerance):
    calm = 0
    for row in reversed(history):
        if not 0.5 - tolerance <= row["preferred"] <= 0.5 + tolerance:
            break
        calm += 1
    return calm >= window


@converged.wrong("It stops when the *learned* return no longer rises. That is the learner's opinion of itself: it also "
                 "comes to rest where the policy stands still, and while true returns fall. Who can tell whether "
                 "anything still changes?")
def plateau_of_the_learned_return(history, window, tolerance):
    last = [row["learned"] for row in history[-window:]]
    return len(history) >= window and max(last) - min(last) <= tolerance


@converged.wrong("It stops as soon as the new walks are no longer preferred, also where people clearly prefer the old "
                 "ones. Then it is getting worse, and has not come to rest. How far from 1/2 may a share be, and on "
                 "which side?")
def worse_is_fine(history, window, tolerance):
    last = [row["preferred"] for row in history[-window:]]
    return len(history) >= window and all(share - 0.5 <= tolerance for share in last)


@converged.wrong("It looks at the last round only. With few comparisons one calm round is luck. How many must be calm "
                 "in a row?")
def last_round_only(history, window, tolerance):
    return len(history) >= window and abs(history[-1]["preferred"] - 0.5) <= tolerance


@converged.wrong("One calm round among the last ones is enough for it. How many of them must be calm?")
def any_calm_round(history, window, tolerance):
    last = [row["preferred"] for row in history[-window:]]
    return len(history) >= window and any(abs(share - 0.5) <= tolerance for share in last)


@converged.wrong("It averages the last rounds: a better one and a worse one cancel, and it looks calm while people see "
                 "a difference every time. Should the mean be close to 1/2, or each share?")
def on_average(history, window, tolerance):
    last = [row["preferred"] for row in history[-window:]]
    return len(history) >= window and abs(np.mean(last) - 0.5) <= tolerance + 1e-12


@converged.wrong("It is satisfied with fewer rounds than the window has. After one calm round nobody knows. How many "
                 "rows must there be?")
def too_few_rounds(history, window, tolerance):
    last = [row["preferred"] for row in history[-window:]]
    return len(last) > 0 and all(abs(share - 0.5) <= tolerance for share in last)


# ---- 8.5

@exercise("8.5", minutes=10, hints=[
    "Tries come before feedback, feedback before an update, an update before new tries. Then people compare the old "
    "tries with the new ones.",
    "In each round: give_feedback(tries), update(robot, tries, feedback), new tries = act(), and compare(old, new) "
    "is added to the shares. converged(shares)?",
    "`for number in range(1, most_rounds + 1):`"])
def train(robot, human, algorithm, converged, most_rounds):
    """The training loop of a robot with a person: until it has converged, or for most_rounds rounds.

    robot.act() -> some tries. human.give_feedback(tries) -> what a person says of them. algorithm.update(robot, tries,
    feedback) makes the robot better. human.compare(before, after) -> the share in which they prefer the tries `after`.
    converged: function of the list of all such shares so far -> True or False, looked at after each round. Returns how
    many rounds it took.

    Worked: with people who see no more difference in round 3, train(robot, human, algorithm, converged, 9) is 3. Then
    feedback was given 3 times, and tries were played 4 times.
    """
    tries, shares = robot.act(), []
    for number in range(1, most_rounds + 1):
        algorithm.update(robot, tries, human.give_feedback(tries))
        before, tries = tries, robot.act()
        shares.append(human.compare(before, tries))
        if converged(shares):
            break
    return number


class Played(Exception):
    """It goes on and on."""


def cast(calm_from, told):
    """A robot whose tries are numbered, a person and an algorithm who note what happens in `told`."""
    def note(*what):
        told.append(" ".join(map(str, what)))
        if len(told) > 60:
            raise Played("more than 60 calls")

    def act():
        acted.append(0)
        note("act", len(acted))
        return len(acted)

    def give_feedback(tries):
        note("feedback on", tries)
        return f"said of {tries}"

    def compare(before, after):
        note("compare", before, after)
        return 0.5 if after > calm_from else 0.9

    acted = []
    return (SimpleNamespace(act=act), SimpleNamespace(give_feedback=give_feedback, compare=compare),
            SimpleNamespace(update=lambda robot, tries, feedback: note("update", tries, feedback)))


def calm(shares):
    return bool(shares) and shares[-1] == 0.5


@train.play
def on_a_stage(train, calm_from, most_rounds):
    told = []
    try:
        rounds = train(*cast(calm_from, told), calm, most_rounds)
    except Played:
        rounds = -1
    return rounds, told


train.cases = [(3, 9), (5, 3), (1, 1), (2, 2)]


@train.right
def with_a_while(robot, human, algorithm, converged, most_rounds):
    shares, tries = [], robot.act()
    while len(shares) < most_rounds and not converged(shares):
        feedback = human.give_feedback(tries)
        algorithm.update(robot, tries, feedback)
        after = robot.act()
        shares.append(human.compare(tries, after))
        tries = after
    return len(shares)


@train.right
def with_a_return(robot, human, algorithm, converged, most_rounds):
    shares, tries = [], robot.act()
    for _ in range(most_rounds):
        said = human.give_feedback(tries)
        algorithm.update(robot, tries, said)
        tries, before = robot.act(), tries
        shares += [human.compare(before, tries)]
        if converged(shares):
            return len(shares)
    return most_rounds


@train.wrong("It never stops by itself: most_rounds is not looked at. People are not there for ever, and a criterion "
             "may never be met. What else ends the loop?")
def without_a_limit(robot, human, algorithm, converged, most_rounds):
    return with_a_while(robot, human, algorithm, converged, 10**9)


@train.wrong("It always takes most_rounds rounds: the criterion is not looked at. After each round, has it converged?")
def without_the_criterion(robot, human, algorithm, converged, most_rounds):
    return with_a_while(robot, human, algorithm, lambda shares: False, most_rounds)


@train.wrong("The update gets the new tries with what was said of the old ones. Then praise and blame go to the wrong "
             "tries. Which tries did the person see?")
def feedback_on_other_tries(robot, human, algorithm, converged, most_rounds):
    tries, shares = robot.act(), []
    for number in range(1, most_rounds + 1):
        feedback, before, tries = human.give_feedback(tries), tries, robot.act()
        algorithm.update(robot, tries, feedback)
        shares.append(human.compare(before, tries))
        if converged(shares):
            break
    return number


@train.wrong("It compares tries that were played before any update of this round: of course people see no difference. "
             "When should the new tries be played?")
def compared_before_the_update(robot, human, algorithm, converged, most_rounds):
    tries, shares = robot.act(), []
    for number in range(1, most_rounds + 1):
        feedback, before, tries = human.give_feedback(tries), tries, robot.act()
        shares.append(human.compare(before, tries))
        algorithm.update(robot, before, feedback)
        if converged(shares):
            break
    return number


@train.wrong("Nothing is ever updated: people speak, and nobody listens. What makes the robot better?")
def never_updated(robot, human, algorithm, converged, most_rounds):
    return with_a_while(robot, human, SimpleNamespace(update=lambda *what: None), converged, most_rounds)


@train.wrong("The old tries are forgotten: it compares with the very first ones, and people will always see that. With "
             "which tries should the new ones be compared?")
def compared_with_the_first(robot, human, algorithm, converged, most_rounds):
    first = tries = robot.act()
    shares = []
    for number in range(1, most_rounds + 1):
        algorithm.update(robot, tries, human.give_feedback(tries))
        tries = robot.act()
        shares.append(human.compare(first, tries))
        if converged(shares):
            break
    return number


@train.wrong("That is one round too few or too many: it counts before or after the last one. How many times was "
             "feedback given?")
def miscounted(robot, human, algorithm, converged, most_rounds):
    return with_a_while(robot, human, algorithm, converged, most_rounds) - 1
