"""`tinyrlhf demo 12`: the room votes on eight pairs of words, a machine is optimised on them, and
the room is asked again on the way.
"""
import numpy as np

from tinyrlhf.games.words import LETTERS, VOWELS, corpus
from tinyrlhf.numerics import sigmoid
from tinyrlhf.plots import BLUE, GREEN, GREY, VERMILLION
from tinyrlhf.teaching.room import Question, as_shares, at_most, blank, definitions_of, percent_axis

# pairs; steps from one look to the next, in all; then thumbs
N_PAIRS, BETWEEN, LAST, ASKED = 8, 10, 60, (0, 20, 60)
THUMBS = "thumb up", "thumb down"
lesson = definitions_of(__file__, "GAME", "PERSON")


def points_of_letters(pairs, results, prior=1.0):
    """Points of the letters, (17,), that explain the hands best; at most ten of a pair count."""
    first, second = (lesson.letters(lesson.GAME.encode(words)) for words in zip(*pairs))
    difference, shown, points = first - second, at_most(results, 10), np.zeros(17)
    for _ in range(20):  # Newton's method
        chance, total = sigmoid(difference @ points), shown.sum(axis=1)
        slope = (shown[:, 0] - total * chance) @ difference - prior * points
        weight = total * chance * (1 - chance)
        bend = (difference * weight[:, None]).T @ difference + prior * np.eye(17)
        points += np.linalg.solve(bend, slope)
    return points


def draw_words(axis, words, notes=("",), colors=(GREY,)):
    """Words side by side, each with a note below it."""
    blank(axis)
    size = min(54, 1400 / len(words) / (max(map(len, words)) + 2))
    for i, word in enumerate(words):
        x = (i + 0.5) / len(words)
        axis.text(x, 0.62, word, size=size, ha="center", va="center", family="DejaVu Sans Mono")
        axis.text(x, 0.12, notes[i % len(notes)], size=22, ha="center", va="center",
                  color=colors[i % len(colors)], weight="bold")


def draw_points(axis, points):
    """One bar for each letter."""
    colors = [VERMILLION if letter in VOWELS else BLUE for letter in LETTERS]
    axis.bar(range(17), points, color=colors, width=0.7)
    axis.axhline(0, color=GREY, lw=1.5)
    axis.set(xticks=range(17), xticklabels=list(LETTERS), ylabel="points",
             xlabel="points for each letter; vowels are orange",
             ylim=(min(-0.5, 1.1 * points.min()), max(0.5, 1.1 * points.max())))


def draw_lines(axis, machine, room):
    """Shares of thumbs up, as the machine expects them and as they were."""
    axis.plot(BETWEEN * np.arange(len(machine)), machine, "--s", color=VERMILLION, markersize=11,
              lw=4)
    axis.plot(ASKED[:len(room)], room, "-o", color=BLUE, markersize=11, lw=4)
    axis.text(LAST + 1.5, machine[-1] - 0.03, "the machine", color=VERMILLION, weight="bold",
              va="center")
    if room:
        height = room[-1] if machine[-1] - room[-1] > 0.15 else machine[-1] - 0.2
        axis.text(LAST + 1.5, height, "the room", color=BLUE, weight="bold", va="center")
    percent_axis(axis, "thumbs up")
    axis.set(xlim=(-1, LAST + 15), xticks=range(0, LAST + 1, BETWEEN),
             xlabel="steps of optimisation")


def ask(claim, sample):
    """A Question about words; the simulated room likes variety, and vowels up to one half."""
    return Question(claim, float(sigmoid(sample.true_returns - 6.0).mean()), people=20,
                    options=THUMBS)


def beats(figure, seed):
    """Each beat draws, and yields its claim, or a `Question`, for which it is sent the hands."""
    rng = np.random.default_rng(seed)
    words = dict.fromkeys(word for word in corpus(300, rng) if 3 < len(word) < 9)
    words = list(words)[:2 * N_PAIRS]
    pairs, results = list(zip(words[::2], words[1::2])), []
    for number, pair in enumerate(pairs):
        above, below = figure.subplots(2, 1, height_ratios=[1, 1.1])
        draw_words(above, pair, ("hands for left", "hands for right"), (BLUE, VERMILLION))
        draw_points(below, points_of_letters(pairs[:number], results) if results else np.zeros(17))
        claim = (f"Vote {number + 1} of {N_PAIRS}: which of these words is nicer?" if number else
                 "Nobody has ever seen these words. Which one is nicer? Raise your hand once")
        left, right = lesson.felt(lesson.GAME.encode(pair))
        results.append((yield Question(claim, sigmoid(left - right), people=20, options=pair)))
    points = points_of_letters(pairs, results)
    draw_points(figure.subplots(), points)
    best, worst = LETTERS[points.argmax()], LETTERS[points.argmin()]
    yield (f"This is all that the machine knows of you: {best} is good, {worst} is bad"
           if points.any() else "You did not vote, and so the machine knows nothing of you")

    def paid(words):
        return lesson.letters(words) @ points

    # only here: the first picture comes sooner
    from tinyrlhf.worlds.text import pretrained
    start, machine, room = pretrained(seed), [], []
    policy, usual = start.copy(), paid(lesson.finished(lesson.write(start, 1000, rng))).mean()
    for step in range(0, LAST + 1, BETWEEN):
        if step:
            lesson.climb(policy, start, paid, rng, steps=BETWEEN)
        sample = lesson.write(policy, 64, rng)
        words = lesson.spelled(lesson.finished(sample))
        machine.append(float(sigmoid(paid(lesson.finished(sample)) - usual).mean()))
        if step in ASKED:
            above, below = figure.subplots(2, 1, height_ratios=[1, 1.8])
            draw_words(above, words[:3])
            draw_lines(below, machine, room)
            claim = (f"After {step} steps it writes this. Thumbs up or down, against the words "
                     "before?" if step else "Now it writes words by itself. Thumbs up or down?")
            room += as_shares([(yield ask(claim, sample))])[:, 0].tolist()
    draw_lines(figure.subplots(), machine, room)
    yield f"The machine expects {machine[-1]:.0%} thumbs up. You gave it {room[-1]:.0%}"
    different = len(set(words))
    draw_words(figure.subplots(), [words[0], f"{different} of 64"],
               ("what it writes now", "different words"),
               (GREY, VERMILLION))
    yield ("And it hardly writes anything else any more" if different < 16 else
           "It still writes many different words")

    penalised = start.copy()
    lesson.climb(penalised, start, paid, rng, kl_coef=0.6, steps=LAST)
    sample = lesson.write(penalised, 64, rng)
    draw_words(figure.subplots(), lesson.spelled(lesson.finished(sample))[:3])
    last = yield ask("The same votes, the same machine, and a KL penalty. Thumbs up or down?",
                     sample)
    axis = figure.subplots()
    shares = [room[0], room[-1], as_shares([last])[0, 0]]
    axis.bar(range(3), shares, color=[GREY, VERMILLION, GREEN], width=0.6)
    for i, share in enumerate(shares):
        axis.text(i, share + 0.02, f"{share:.0%}", ha="center", size=26)
    percent_axis(axis, "thumbs up")
    axis.set(xticks=range(3), xticklabels=["before", "no KL penalty", "KL penalty"],
             ylim=(0, 1.12))
    yield "It never got a new vote. It only had to stay where your votes came from"
