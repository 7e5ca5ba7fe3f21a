"""`tinyrlhf demo 12`: the room votes on 20 pairs of words, a machine is optimised on them, and the room is asked again
every ten steps.
"""
import numpy as np

from tinyrlhf.episodes import rollout
from tinyrlhf.games.text import Text
from tinyrlhf.games.words import LETTERS, VOWELS, corpus
from tinyrlhf.learning.kl import kl_penalized_rewards
from tinyrlhf.learning.policy_gradient import RLOO
from tinyrlhf.numerics import sigmoid
from tinyrlhf.plots import BLUE, GREEN, GREY, VERMILLION

N_PAIRS, N_LOOKS, BETWEEN = 20, 7, 10                   # votes, thumbs, and optimisation steps from one to the next
GAME = Text()


def felt(word):
    """What the simulated room feels: variety, and vowels up to one half."""
    different, vowels = len(set(word)), sum(letter in VOWELS for letter in word)
    return different - 0.5 * (len(word) - different) + min(vowels, 0.5 * len(word))


def counts(words):
    """How often each letter occurs, (n, 17)."""
    return np.array([[word.count(letter) for letter in LETTERS] for word in words], float)


def hands(number, chance, seed, votes):
    """Hands left and right, or thumbs up and down, of question `number`: the room's, else 20 simulated people's."""
    if number < len(votes):
        return votes[number]
    left = int(np.random.default_rng([seed, number]).binomial(20, chance))
    return left, 20 - left


def points_of_letters(pairs, results, prior=1.0):
    """Points for each letter, (17,), that explain the hands best; of each pair at most ten hands count."""
    difference = counts([a for a, _ in pairs]) - counts([b for _, b in pairs])
    shown, points = np.array(results, float), np.zeros(17)
    shown *= np.minimum(1, 10 / np.maximum(shown.sum(axis=1, keepdims=True), 1))
    for _ in range(20):                                         # Newton's method
        chance, total = sigmoid(difference @ points), shown.sum(axis=1)
        slope = (shown[:, 0] - total * chance) @ difference - prior * points
        bend = (difference * (total * chance * (1 - chance))[:, None]).T @ difference + prior * np.eye(17)
        points += np.linalg.solve(bend, slope)
    return points


def climb(policy, start, points, rng, steps, kl_coef=0.0):
    """Reinforce a policy, in place, on points for letters."""
    learner = RLOO(policy, group=64, standardize=True, learning_rate=0.004)

    def rewards(episodes):
        table = np.zeros(episodes.mask.shape)
        table[np.arange(64), episodes.lengths - 1] = counts(GAME.decode(episodes.states[:, -1])) @ points
        reference = episodes.as_table(start.log_probs(*episodes.decisions)[0])
        return kl_penalized_rewards(table, episodes.log_probs, reference, kl_coef)

    for _ in range(steps):
        learner.update(rollout(GAME, policy, GAME.start(64, None), rng), rewards, rng)


def write(policy, n, rng):
    return GAME.decode(rollout(GAME, policy, GAME.start(n, None), rng).states[:, -1])


def draw_words(axis, words, notes=("",), colors=(GREY,)):
    """Words side by side, each with a note below it."""
    axis.axis("off")
    axis.set(xlim=(0, 1), ylim=(0, 1))
    size = min(54, 1400 / len(words) / (max(map(len, words)) + 2))
    for i, word in enumerate(words):
        x = (i + 0.5) / len(words)
        axis.text(x, 0.62, word, size=size, ha="center", va="center", family="DejaVu Sans Mono")
        axis.text(x, 0.12, notes[i % len(notes)], size=22, ha="center", va="center", color=colors[i % len(colors)],
                  weight="bold")


def draw_points(axis, points):
    """One bar for each letter."""
    axis.bar(range(17), points, color=[VERMILLION if letter in VOWELS else BLUE for letter in LETTERS], width=0.7)
    axis.axhline(0, color=GREY, lw=1.5)
    axis.set(xticks=range(17), xticklabels=list(LETTERS), ylabel="points",
             xlabel="points for each letter; vowels are orange",
             ylim=(min(-0.5, 1.1 * points.min()), max(0.5, 1.1 * points.max())))


def draw_lines(axis, machine, room):
    """Shares of thumbs up, as the machine expects them and as they were."""
    steps = BETWEEN * np.arange(N_LOOKS)
    axis.plot(steps[:len(machine)], machine, "--s", color=VERMILLION, markersize=11, lw=4)
    axis.plot(steps[:len(room)], room, "-o", color=BLUE, markersize=11, lw=4)
    axis.text(steps[-1] + 1.5, machine[-1] - 0.03, "the machine", color=VERMILLION, weight="bold", va="center")
    if room:
        height = room[-1] if machine[-1] - room[-1] > 0.15 else machine[-1] - 0.2
        axis.text(steps[-1] + 1.5, height, "the room", color=BLUE, weight="bold", va="center")
    axis.set(xlim=(-1, steps[-1] + 15), xticks=steps, xlabel="steps of optimisation", ylabel="thumbs up",
             ylim=(-0.05, 1.08), yticks=[0, 0.5, 1], yticklabels=["0 %", "50 %", "100 %"])


def beats(figure, seed, votes):
    """Each beat draws on the figure and yields its claim; votes: (left, right) hands, a list that may grow."""
    rng = np.random.default_rng(seed)
    words = list(dict.fromkeys(word for word in corpus(300, rng) if 3 < len(word) < 9))[:2 * N_PAIRS]
    pairs, results = list(zip(words[::2], words[1::2])), []
    for number, pair in enumerate(pairs):
        above, below = figure.subplots(2, 1, height_ratios=[1, 1.1])
        draw_words(above, pair, ("hands for left", "hands for right"), (BLUE, VERMILLION))
        draw_points(below, points_of_letters(pairs[:number], results) if results else np.zeros(17))
        yield (f"Vote {number + 1} of {N_PAIRS}: which of these words is nicer?" if number else
               "Nobody has ever seen these words. Which one is nicer? Raise your hand once")
        results.append(hands(number, sigmoid(felt(pair[0]) - felt(pair[1])), seed, votes))
    points = points_of_letters(pairs, results)
    draw_points(figure.subplots(), points)
    best, worst = LETTERS[points.argmax()], LETTERS[points.argmin()]
    yield (f"This is all that the machine knows of you: {best} is good, {worst} is bad" if points.any() else
           "You did not vote, and so the machine knows nothing of you")

    from tinyrlhf.worlds.text import pretrained                 # only here: the first picture comes sooner
    start, machine, room = pretrained(seed), [], []
    policy, usual = start.copy(), counts(write(start, 1000, rng)) @ points
    for look in range(N_LOOKS):
        if look:
            climb(policy, start, points, rng, BETWEEN)
        sample = write(policy, 64, rng)
        machine.append(float(sigmoid(counts(sample) @ points - usual.mean()).mean()))
        above, below = figure.subplots(2, 1, height_ratios=[1, 1.8])
        draw_words(above, sample[:3])
        draw_lines(below, machine, room)
        yield (f"After {BETWEEN * look} steps it writes this. Thumbs up or down, against the words before?" if look else
               "Now it writes words by itself. Thumbs up or down?")
        chance = float(np.mean([sigmoid(felt(word) - 6.0) for word in sample]))
        up, down = hands(N_PAIRS + look, chance, seed, votes)
        room.append(up / max(up + down, 1))
    draw_lines(figure.subplots(), machine, room)
    yield f"The machine expects {machine[-1]:.0%} thumbs up. You gave it {room[-1]:.0%}"
    different = len(set(sample))
    draw_words(figure.subplots(), [sample[0], f"{different} of 64"], ("what it writes now", "different words"),
               (GREY, VERMILLION))
    yield "And it hardly writes anything else any more" if different < 16 else "It still writes many different words"

    leashed = start.copy()
    climb(leashed, start, points, rng, 60, kl_coef=0.6)
    sample = write(leashed, 64, rng)
    draw_words(figure.subplots(), sample[:3])
    yield "The same votes, the same machine, but on a leash. Thumbs up or down?"
    chance = float(np.mean([sigmoid(felt(word) - 6.0) for word in sample]))
    up, down = hands(N_PAIRS + N_LOOKS, chance, seed, votes)
    axis = figure.subplots()
    shares = [room[0], room[-1], up / max(up + down, 1)]
    axis.bar(range(3), shares, color=[GREY, VERMILLION, GREEN], width=0.6)
    for i, share in enumerate(shares):
        axis.text(i, share + 0.02, f"{share:.0%}", ha="center", size=26)
    axis.set(xticks=range(3), xticklabels=["before", "without a leash", "on a leash"], ylabel="thumbs up",
             yticks=[0, 0.5, 1], yticklabels=["0 %", "50 %", "100 %"], ylim=(0, 1.12))
    yield "It never got a new vote. It only had to stay where your votes came from"
