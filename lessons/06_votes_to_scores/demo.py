"""`tinyrlhf demo 6`: the room votes on pairs of faces, and scores with error bars appear."""
import numpy as np

from tinyrlhf.numerics import sigmoid
from tinyrlhf.plots import BLUE, GREY, VERMILLION
from tinyrlhf.rewards import bradley_terry
from tinyrlhf.teaching.room import Question, as_shares, counted

NAMES = "ABCDEFGH"
MOUTH = (0.9, -0.8, 0.35, -0.3, 0.7, 0.0, 1.1, -0.1)  # how far the corners of the mouth go up
BROW = (0.1, -0.4, 0.5, 0.3, -0.5, 0.0, 0.2, -0.2)    # how far the brows tilt outwards
EYES = (0.10, 0.06, 0.13, 0.09, 0.05, 0.12, 0.07, 0.14)
PAIRS = [(0, 1), (2, 3), (4, 5), (6, 7), (1, 2), (5, 6), (3, 4), (7, 0)]  # a ring: each twice
ASK_LAST = (0, 5)


def draw_face(axis, face):
    from matplotlib import patches
    axis.set(xlim=(-1.15, 1.15), ylim=(-1.15, 1.15), aspect="equal", xticks=[], yticks=[])
    axis.spines[:].set_visible(False)
    axis.add_patch(patches.FancyBboxPatch((-0.85, -0.85), 1.7, 1.7, boxstyle="round,pad=0.15",
                                          facecolor="#EFEFEA", edgecolor=GREY, lw=3))
    for side in (-1, 1):
        axis.add_patch(patches.Circle((0.4 * side, 0.25), EYES[face] * 1.6, color=BLUE))
        tilt = 0.2 * BROW[face]
        axis.plot([0.2 * side, 0.62 * side], [0.62 + tilt, 0.62 - tilt], color=GREY)
    x = np.linspace(-0.5, 0.5, 30)
    axis.plot(x, -0.5 + MOUTH[face] * (x**2 - 0.12), color=VERMILLION, lw=6)
    axis.set_title(NAMES[face], loc="center", size=30, weight="bold")


def ask(claim, pair):
    """A Question; simulated people are drawn to mouths that smile and brows that tilt outwards."""
    score = 1.5 * (np.array(MOUTH) + np.array(BROW))
    left, right = pair
    return Question(claim, sigmoid(score[left] - score[right]), options=(NAMES[left], NAMES[right]))


def fitted(results, prior):
    """Scores and error bars from [(left, right, hands left, hands right), ..]: each hand a vote."""
    rows = []
    for left, right, a, b in results:
        rows += [(left, right, 1)] * a + [(left, right, 0)] * b
    first, second, outcome = np.array(rows or [(0, 1, 1), (0, 1, 0)]).T  # nobody voted: a draw
    return bradley_terry.fit(first, second, outcome, n_items=8, prior=prior)


def foretold(fit, a, b):
    """The share of hands for a against b: two standard errors below, likeliest, two above."""
    lead, error = fit.contrast(a, b)
    return sigmoid(lead + error * np.array([-2, 0, 2]))


def draw_scores(axis, fit, note=""):
    axis.bar(range(8), fit.scores, yerr=2 * fit.standard_errors, color=BLUE, alpha=0.7, width=0.6,
             error_kw=dict(lw=3, capsize=8))
    axis.axhline(0, color=GREY, lw=1)
    axis.set(xticks=range(8), xticklabels=list(NAMES), ylabel="friendliness score", title=note)


def draw_pair(figure, pair, texts, fit=None):
    """Two faces with a text under each, and the scores so far below them."""
    grid = figure.add_gridspec(2, 2, height_ratios=[1.5, 1] if fit else [1, 0.001])
    for column, (face, text, color) in enumerate(zip(pair, texts, (BLUE, VERMILLION))):
        axis = figure.add_subplot(grid[0, column])
        draw_face(axis, face)
        axis.set_xlabel(text, size=24, color=color, weight="bold")
    if fit:
        draw_scores(figure.add_subplot(grid[1, :]), fit)


def beats(figure, seed):
    """Draw each beat and yield its claim, or a `Question` whose hands are sent back."""
    results = []
    for number, pair in enumerate(PAIRS):
        fit = fitted(results, 0.5) if results else None
        draw_pair(figure, pair, ("hands for left", "hands for right"), fit)
        left, right = yield ask("Which face is friendlier? Raise your hand once" if number == 0 else
                                "And now: which face is friendlier?", pair)
        results.append((*pair, left, right))
        draw_pair(figure, pair, (counted(left), counted(right)), fitted(results, 0.5))
        if number < 2:
            a, b = (NAMES[face] for face in pair)
            yield f"Each hand is a vote: {left} up for {a}, {right} up for {b}"
        else:
            votes = sum(row[2] + row[3] for row in results)
            yield f"{votes} votes so far: the bars move, and grow surer"
    beaten = []  # as if the first face had won every hand
    for left, right, a, b in results:
        hands = {left: (a + b, 0), right: (0, a + b)}.get(0, (a, b))
        beaten.append((left, right, *hands))
    axes = figure.subplots(1, 2, sharey=True)
    draw_scores(axes[0], fitted(beaten, 0.5), "with a penalty on large scores")
    draw_scores(axes[1], fitted(beaten, 0.001), "with hardly any")
    yield f"Had {NAMES[0]} won every single hand, its score would run away, and its error bar too"
    fit = fitted(results, 0.5)
    a, b = ASK_LAST
    low, chance, high = foretold(fit, a, b)
    texts = (f"foretold: {chance:.0%}\n({low:.0%} to {high:.0%})",
             f"foretold: {1 - chance:.0%}\n({1 - high:.0%} to {1 - low:.0%})")
    draw_pair(figure, ASK_LAST, texts, fit)
    claim = f"You never compared {NAMES[a]} and {NAMES[b]}. This is how you are going to vote"
    left, right = yield ask(claim, ASK_LAST)
    draw_pair(figure, ASK_LAST, (counted(left), counted(right)), fit)
    yield (f"Foretold for {NAMES[a]}: {low:.0%} to {high:.0%} of the hands. "
           f"Raised: {as_shares([(left, right)])[0, 0]:.0%}")
