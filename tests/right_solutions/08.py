"""Right solutions of lesson 08 in different styles, written from the stubs alone; named EXERCISE__style."""
import numpy as np


def collect__loops(play, n, rng):
    pairs = []
    for _ in range(n):
        first = play(rng)
        second = play(rng)
        pairs.append((first, second))
    return pairs


def collect__comprehension(play, n, rng):
    return [(play(rng), play(rng)) for _ in range(n)]


def collect__slices(play, n, rng):
    walks = [play(rng) for _ in range(2 * n)]
    return list(zip(walks[::2], walks[1::2]))


def collect__iterator(play, n, rng):
    walks = (play(rng) for _ in range(2 * n))
    return list(zip(walks, walks))


def collect__recursion(play, n, rng):
    if n == 0:
        return []
    pair = tuple(play(rng) for _ in "12")
    return [pair] + collect__recursion(play, n - 1, rng)


def collect__inplace(play, n, rng):
    walks = [None] * (2 * n)
    for k in range(2 * n):
        walks[k] = play(rng)
    return [(walks[2 * k], walks[2 * k + 1]) for k in range(n)]


def ask__loops(human, pairs):
    said = []
    for first, second in pairs:
        if human(first["cells"], second["cells"]):
            said.append(0)
        else:
            said.append(1)
    return np.array(said, dtype=int)


def ask__vector(human, pairs):
    likes_first = np.array([human(first["cells"], second["cells"]) for first, second in pairs], dtype=bool)
    return np.where(likes_first, 0, 1)


def ask__float32(human, pairs):
    """The smallest whole numbers: what float32 is for numbers with a point."""
    return np.array([not human(*(walk["cells"] for walk in pair)) for pair in pairs], dtype=bool).astype(np.int8)


def ask__inplace(human, pairs):
    said = np.ones(len(pairs), dtype=int)
    for k, (first, second) in enumerate(pairs):
        said[k] -= bool(human(list(first["cells"]), list(second["cells"])))
    return said


def ask__fromiter(human, pairs):
    return np.fromiter((1 - bool(human(a["cells"], b["cells"])) for a, b in pairs), dtype=np.int64, count=len(pairs))


def rlhf_round__loops(policy, votes, world):
    all_votes = []
    for vote in votes:
        all_votes.append(vote)
    pairs = world.play(policy)
    answers = world.ask(pairs)
    for pair, said in zip(pairs, answers):
        all_votes.append((pair, said))
    reward_model = world.fit(all_votes)
    return world.improve(policy, reward_model), all_votes


def rlhf_round__zip(policy, votes, world):
    pairs = world.play(policy)
    votes = votes + list(zip(pairs, world.ask(pairs)))
    return world.improve(policy, world.fit(votes)), votes


def rlhf_round__inplace(policy, votes, world):
    votes = list(votes)
    pairs = world.play(policy)
    votes.extend(zip(pairs, world.ask(pairs)))
    return world.improve(policy, world.fit(votes)), votes


def rlhf_round__float32(policy, votes, world):
    """The answers as the smallest whole numbers: what float32 is for numbers with a point."""
    pairs = world.play(policy)
    answers = np.array(world.ask(pairs), dtype=np.int8)
    votes = [*votes, *((pair, answers[k]) for k, pair in enumerate(pairs))]
    return world.improve(policy, world.fit(votes)), votes


def rlhf_round__plain_numbers(policy, votes, world):
    pairs = world.play(policy)
    votes = votes[:] + [(pair, int(said)) for pair, said in zip(pairs, world.ask(pairs), strict=True)]
    better = world.improve(policy, world.fit(votes[:]))
    return better, votes


def converged__loops(history, window, tolerance):
    if len(history) < window:
        return False
    for row in history[len(history) - window:]:
        if row["preferred"] > 0.5 + tolerance or row["preferred"] < 0.5 - tolerance:
            return False
    return True


def converged__vector(history, window, tolerance):
    shares = np.array([row["preferred"] for row in history])[-window:]
    return bool(len(shares) == window and (np.abs(shares - 0.5) <= tolerance).all())


def converged__counting(history, window, tolerance):
    """How many rounds in a row, back from the last?"""
    calm = 0
    for row in reversed(history):
        if abs(row["preferred"] - 0.5) > tolerance:
            break
        calm += 1
    return calm >= window


def train__loops(robot, human, algorithm, converged, most_rounds):
    shares, tries = [], robot.act()
    while len(shares) < most_rounds:
        algorithm.update(robot, tries, human.give_feedback(tries))
        after = robot.act()
        shares.append(human.compare(tries, after))
        tries = after
        if converged(shares):
            break
    return len(shares)


def train__for(robot, human, algorithm, converged, most_rounds):
    before, shares = robot.act(), []
    for number in range(1, most_rounds + 1):
        feedback = human.give_feedback(before)
        algorithm.update(robot, before, feedback)
        before, after = robot.act(), before
        shares = shares + [human.compare(after, before)]
        if converged(shares):
            return number
    return most_rounds
