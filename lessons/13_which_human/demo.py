"""`tinyrlhf demo 13`: two halves of the room with secret instructions, one model for all, then two;
which feedback says most?
"""
from textwrap import fill, shorten

import numpy as np

from tinyrlhf.diagnostics import krippendorff_alpha
from tinyrlhf.numerics import log_softmax, sigmoid, softmax
from tinyrlhf.plots import BLUE, GREY, VERMILLION
from tinyrlhf.teaching.room import Question, at_most, blank, draw_card

QUESTION = "How do I boil an egg?"
ANSWERS = ["Eight minutes.",
           "Good morning! Eight minutes.",
           "In boiling water, for eight minutes.",
           "With pleasure! In boiling water, for eight minutes.",
           "Boil water, put the egg in, wait for eight minutes, cool it.",
           "Lovely idea! Boil water, put the egg in, wait for eight minutes, cool it. Enjoy!",
           "Fill a pot and bring it to the boil. Lower the egg in with a spoon. Wait for eight "
           "minutes. Cool the egg in cold water, then peel it.",
           "What a nice plan! Fill a pot and bring it to the boil. Lower the egg in with a spoon. "
           "Wait for eight minutes. Cool the egg in cold water, then peel it. "
           "Enjoy your breakfast!"]
LONG, FRIENDLY = np.repeat([-1.5, -0.5, 0.5, 1.5], 2), np.tile([-1.0, 1.0], 4)
PAIRS = [(0, 5), (6, 1), (2, 7)]
# of a candidate: how much length, friendliness
LIKES = np.linspace(-4, 4, 41)
# (41, 41, 8): candidates, answers
SCORES = LIKES[:, None, None] * LONG + LIKES[:, None] * FRIENDLY
# simulated: what they were told, and their own
HALVES = {"left half": (-2.0, 0.7), "right half": (2.0, 0.7)}
KINDS = {"one of two": 2, "one of four": 4, "one of all eight": 8}


def ask(half, pair):
    """A Question to this half of the room."""
    length, friendliness = HALVES[half]
    scores = length * LONG + friendliness * FRIENDLY
    return Question(f'"{QUESTION}" The {half} of the room: which answer is better?',
                    sigmoid(scores[pair[0]] - scores[pair[1]]), people=15, about=(half, *pair))


def told(rows):
    """How likely each candidate is, (41, 41), after rows (left, right, hands); ten hands count."""
    evidence = -0.1 * (LIKES[:, None] ** 2 + LIKES ** 2)  # extreme likes are rarer
    for left, right, a, b in rows:
        lead = SCORES[..., left] - SCORES[..., right]
        a, b = at_most([(a, b)], 10)[0]
        evidence = evidence + a * np.log(sigmoid(lead)) + b * np.log(sigmoid(-lead))
    return softmax(evidence.ravel()).reshape(evidence.shape)


def foretold(belief, pair):
    """The share of hands that a model expects for the left answer."""
    return (belief * sigmoid(SCORES[..., pair[0]] - SCORES[..., pair[1]])).sum()


def best_answer(belief):
    return int((belief[..., None] * SCORES).sum(axis=(0, 1)).argmax())


def draw_belief(axis, belief, title, color):
    """A map: which likes are how likely?"""
    from matplotlib.colors import LinearSegmentedColormap
    axis.imshow(belief.T, origin="lower", extent=(-4, 4, -4, 4), aspect="auto",
                cmap=LinearSegmentedColormap.from_list("belief", ["white", color]))
    axis.axhline(0, color=GREY, lw=1)
    axis.axvline(0, color=GREY, lw=1)
    axis.set(xticks=[-4, 0, 4], xticklabels=["short", "", "long"], yticks=[-4, 0, 4],
             yticklabels=["curt", "", "friendly"])
    axis.set_title(title, loc="center", color=color, weight="bold")


def draw_pair(figure, pair, below):
    for axis, answer, text, color in zip(figure.subplots(1, 2), pair, below, (BLUE, VERMILLION)):
        blank(axis).text(0.5, 0.6, fill(ANSWERS[answer], 30), ha="center", va="center", size=24)
        axis.text(0.5, 0.05, text, ha="center", size=24, color=color, weight="bold")


def draw_agreement(axis, shares, alphas):
    for offset, values, color, name in ((-0.2, shares, GREY, "two people agree"),
                                        (0.2, alphas, BLUE, "alpha")):
        axis.bar(np.arange(3) + offset, values, width=0.36, color=color)
        for place, value in enumerate(values):
            axis.text(place + offset, max(value, 0) + 0.02, f"{value:.2f}", ha="center",
                      color=color)
        axis.text(2.5, 0.8 + offset, name, color=color, weight="bold")
    axis.axhline(0, color="black", lw=1)
    axis.set(xticks=range(3), xticklabels=["all", "left half", "right half"], xlim=(-0.5, 3.6),
             ylim=(min(0, *alphas) - 0.1, 1.15))


def ballots(rows):
    """Hands as (people, pairs), 0 for left, in any order: agreement does not ask who said what."""
    most = max(max(a + b for *_, a, b in rows), 2)
    table = np.full((most, len(rows)), -1)
    for column, (_, _, a, b) in enumerate(rows):
        table[:a + b, column] = np.repeat([0, 1], [a, b])
    return table


def agreement(rows):
    """The chance that two people say the same, and Krippendorff's alpha (the chance, if all do)."""
    table = ballots(rows)
    same = np.mean([(a * (a - 1) + b * (b - 1)) / max((a + b) * (a + b - 1), 1)
                    for *_, a, b in rows])
    alpha = krippendorff_alpha(table)
    return same, same if np.isnan(alpha) else alpha


def one_answer(belief, options, wanted, rng):
    """The belief after somebody who wants `wanted` (8,) has chosen an answer, and which."""
    chosen = rng.choice(options, p=softmax(wanted[options]))
    log_chances = log_softmax(SCORES[..., options])[..., list(options).index(chosen)]
    after = belief * np.exp(log_chances)
    return after / after.sum(), chosen


def bits(belief, prior):
    """How much narrower belief has become."""
    entropy = lambda p: -(p * np.log2(np.maximum(p, 1e-300))).sum()
    return entropy(prior) - entropy(belief)


def race(kind, seed, n=12, people=40):
    """Mean bits after 0, 1, .. n answers of this kind by simulated people."""
    rng, prior, curves = np.random.default_rng(seed), told([]), []
    for _ in range(people):
        wanted = rng.normal(size=2) @ np.stack([LONG, FRIENDLY]) * 1.5
        belief, curve = prior, [0.0]
        for _ in range(n):
            belief, _ = one_answer(belief, rng.permutation(8)[:KINDS[kind]], wanted, rng)
            curve.append(bits(belief, prior))
        curves.append(curve)
    return np.mean(curves, axis=0)


def beats(figure, seed):
    """Each beat draws, and yields its claim, or a `Question`, for which it is sent the hands."""
    draw_card(figure.subplots(), "LEFT HALF:\nthe shorter answer is better,\nwhatever it says",
              BLUE, edge=BLUE)
    yield "Right half of the room: close your eyes! Left half: remember this"
    draw_card(figure.subplots(), "RIGHT HALF:\nthe longer answer is better,\nwhatever it says",
              VERMILLION, edge=VERMILLION)
    yield "Left half of the room: close your eyes! Right half: remember this"
    rows = {half: [] for half in HALVES}
    for number in range(2 * len(PAIRS)):
        pair, half = PAIRS[number // 2], list(HALVES)[number % 2]
        draw_pair(figure, pair, ("hands for left", "hands for right"))
        rows[half].append((*pair, *(yield ask(half, pair))))
    counted = [" + ".join(f"{rows[half][-1][side]}" for half in HALVES) for side in (2, 3)]
    draw_pair(figure, PAIRS[-1], [f"hands: {text}" for text in counted])
    yield "Lower your hands. What will a model make of all of them together?"
    everybody = [(*one[:2], one[2] + other[2], one[3] + other[3])
                 for one, other in zip(*rows.values())]
    together = told(everybody)
    axes = figure.subplots(1, 2)
    draw_belief(axes[0], together, "what you like, says one model", GREY)
    draw_card(axes[1], "Its best answer:\n\n" + fill(ANSWERS[best_answer(together)], 30), "black",
              size=24)
    chance = foretold(together, PAIRS[-1])
    yield (f"One model for all: {chance:.0%} for the last pair's left answer. How many of you "
           "does it please?")
    for axis, half, color in zip(figure.subplots(1, 2), HALVES, (BLUE, VERMILLION)):
        own = told(rows[half])
        draw_belief(axis, own, half, color)
        axis.set_xlabel(fill(shorten(ANSWERS[best_answer(own)], 60), 34))
    yield "One model for each half: now the secret is out"
    found = [agreement(each) for each in (everybody, *rows.values())]
    draw_agreement(figure.subplots(), *zip(*found))
    yield "How well did you agree, beyond chance? All together, and each half"
    rng, prior = np.random.default_rng(seed), told([])
    wanted = 2.0 * LONG + 1.5 * FRIENDLY
    for axis, (kind, size) in zip(figure.subplots(1, 3), KINDS.items()):
        options = np.array([4, 1, 2, 5, 0, 3, 6, 7])[:size]
        belief, chosen = one_answer(prior, options, wanted, rng)
        draw_belief(axis, belief, f"{kind}:\n{bits(belief, prior):.1f} bits", BLUE)
    yield "Somebody likes it long and friendly. What does one single answer tell?"
    axis = figure.subplots()
    for kind, color, marker in zip(KINDS, (GREY, VERMILLION, BLUE), "osD"):
        curve = race(kind, seed)
        axis.plot(range(13), curve, color=color, marker=marker, markersize=10)
        axis.text(12.2, curve[-1], kind, color=color, va="center", weight="bold")
    axis.set(xlabel="answers", ylabel="bits known", xlim=(0, 16))
    yield "The more there was to choose from, the more a choice says"
