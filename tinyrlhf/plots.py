"""Scenes and arrays to figures: can one see what a run has learned, without reading?

Nothing here opens a window or changes a setting. A scene is a list of Line, Circle, Box,
Words (`games/game.py`), an episode a list of scenes, a behaviour a list of episodes.
"""
import io
from contextlib import contextmanager
from textwrap import fill

import numpy as np

from tinyrlhf.games.game import Box, Circle, Line, Words
from tinyrlhf.saving import whole_file

BLUE, VERMILLION, GREEN = "#0072B2", "#D55E00", "#009E73"  # colour-blind people tell these
ORANGE, GREY = "#E69F00", "#595959"  # five apart
PAINT = {"ink": "#262626", "quiet": "#767676", "floor": "#EFEFEA", "wall": "#8C8C8C",
         "agent": BLUE, "good": GREEN, "bad": ORANGE, "danger": VERMILLION}
MARKS = {"bad": "✿", "danger": "✕"}  # on boxes, beside the hue
BEFORE, AFTER = GREY, BLUE
TRAIL = 60  # moments of an episode, at most
MONOSPACE = "DejaVu Sans Mono"
STYLE = ["default", {"font.size": 15, "axes.titlesize": 15, "axes.titlelocation": "left",
                     "axes.linewidth": 1.2, "lines.linewidth": 3.0,
                     "axes.spines.top": False, "axes.spines.right": False,
                     "xtick.major.pad": 6, "ytick.major.pad": 6}]


@contextmanager
def styled_figure(width, height, **options):
    """A figure of this size in inches; what is drawn within has our style."""
    from matplotlib import style
    from matplotlib.figure import Figure
    with style.context(STYLE):
        yield Figure(figsize=(width, height), **options)


def save(figure, path):
    """Write a PNG without date and program, so that equal data gives equal bytes."""
    from matplotlib import style
    with style.context(STYLE), whole_file(path) as file:  # what a reader has set changes nothing
        dpi, engine = figure.dpi, figure.get_layout_engine()
        figure.dpi = 110
        if engine:  # left to savefig, all is drawn twice
            engine.execute(figure)
            figure.set_layout_engine(None)
        figure.savefig(file, format="png", dpi=110, facecolor="white", metadata={"Software": None})
        figure.set_layout_engine(engine)
        figure.dpi = dpi


def draw_scene(axis, pieces):
    """Draw the pieces of one scene into an empty axis."""
    axis.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), aspect="equal", xticks=[], yticks=[])
    axis.spines[:].set_visible(False)
    draw_pieces(axis, pieces)


def draw_pieces(axis, pieces, alpha=1.0):
    """Strokes are scaled to the axis, words as large as they fit."""
    from matplotlib import patches
    points = _side(axis)
    letters = word_size([piece for piece in pieces if isinstance(piece, Words)], points)
    for piece in pieces:
        paint, order = PAINT[piece.color], 3 if piece.moving else 2
        solid = dict(facecolor=paint, edgecolor="white", linewidth=0.006 * points, alpha=alpha,
                     zorder=order)
        words = dict(ha="center", va="center", alpha=alpha, zorder=order + 0.1)
        if isinstance(piece, Line):
            stroke = (0.02 if piece.moving else 0.01) * points
            axis.plot([piece.x0, piece.x1], [piece.y0, piece.y1], color=paint, alpha=alpha,
                      zorder=order + 0.2, linewidth=stroke, solid_capstyle="round")
        elif isinstance(piece, Circle):
            axis.add_artist(patches.Circle((piece.x, piece.y), piece.radius, **solid))
        elif isinstance(piece, Box):
            wide, high = piece.x1 - piece.x0, piece.y1 - piece.y0
            axis.add_artist(patches.Rectangle((piece.x0, piece.y0), wide, high, **solid))
            if piece.color in MARKS:
                axis.text(piece.x0 + wide / 2, piece.y0 + high / 2, MARKS[piece.color],
                          color="white", size=0.7 * min(wide, high) * points, **words)
        else:
            axis.text(piece.x, piece.y, piece.text, color=paint, size=letters, family=MONOSPACE,
                      **words)


def _height(axis):
    """Height of an axis in points, as font sizes and strokes are."""
    return axis.get_window_extent().height / axis.figure.dpi * 72


def _side(axis):
    """Side of the square that a scene fills, in points."""
    return min(_height(axis), axis.get_window_extent().width / axis.figure.dpi * 72)


def word_size(words, points):
    """The largest font size at which Words do not touch in a square of so many points.

    At most a twelfth of it.
    """
    def gap(places):  # to the next row or column
        return np.diff(np.unique(np.round([*places, 2], 6))).min(initial=1)

    lines = [word.text.split("\n") for word in words] or [[""]]
    most_lines = max(map(len, lines))
    most_letters = max(len(line) for text in lines for line in text + [" "])
    height = gap([word.y for word in words]) / most_lines / 1.3
    width = gap([word.x for word in words]) / most_letters / 0.65  # a letter is 0.6 wide
    return points * min(height, width, 1 / 12)


def draw_behaviour(axis, episodes, title, color=PAINT["ink"]):
    """What stands still once, what moves as a trail that grows more solid; discs leave a path."""
    draw_scene(axis, [piece for piece in episodes[0][0] if not piece.moving])
    for number, episode in enumerate(episodes):
        moments = _trail(episode)
        faint = np.linspace(0.1, 0.5, len(moments) - 1) * min(1, 12 / len(moments))
        alphas = np.append(faint, 1.0)
        shift = 0.012 * (number - (len(episodes) - 1) / 2)  # paths side by side
        for moment, previous, alpha in zip(moments, moments[:1] + moments, alphas):
            draw_pieces(axis, moment, alpha)
            for a, b in zip(previous, moment):
                if isinstance(b, Circle):
                    axis.plot([a.x + shift, b.x + shift], [a.y + shift, b.y + shift],
                              color=PAINT[b.color], alpha=max(alpha, 0.4),
                              linewidth=0.012 * _side(axis), solid_capstyle="round", zorder=2.9)
    axis.set_title(fill(title, 28), color=color, weight="bold", loc="center")


def _trail(episode):
    """What moves, where it has moved: at most TRAIL moments, evenly spaced, the last one too."""
    moments = []
    for scene in episode:
        moving = [piece for piece in scene if piece.moving]
        if moving not in moments[-1:]:
            moments.append(moving)
    places = np.unique(np.linspace(0, len(moments) - 1, TRAIL).round().astype(int))
    return [moments[i] for i in places]


def run_figure(claim, before, after, learned, true, answers, returns, kl, lines,
               over="answers so far", measure="mean true return of an episode"):
    """The one figure of a run.

    Args:
        claim: the title, a sentence.
        before, after: behaviours of the reference and of the final policy.
        learned, true: learned scores and true returns of B episodes of each of the two, (2, B).
        answers, returns, kl: number of answers (or what else `over` says), mean true return (or
            what else `measure` says), nats per episode to the reference, (R,).
        lines: name -> true return to compare with, {"untrained": -1.7, "best possible": 0.76}.
    """
    with styled_figure(13, 8.9) as figure:
        width = 68 if len(claim) <= 68 else len(claim) // 2 + 6  # two lines alike, no orphan
        figure.text(0.5, 0.98, fill(claim, width), size=22, weight="bold", ha="center", va="top")
        draw_behaviour(axis_at(figure, 0.6, 4.35, 3.2, 3.2), before, "before", BEFORE)
        draw_behaviour(axis_at(figure, 4.4, 4.35, 3.2, 3.2), after, "after", AFTER)
        draw_agreement(axis_at(figure, 8.9, 4.95, 3.8, 2.2), learned, true)
        top = axis_at(figure, 1.0, 1.85, 8.7, 1.85)
        below = axis_at(figure, 1.0, 0.8, 8.7, 0.6, sharex=top)
        draw_rounds(top, below, answers, returns, kl, lines, over, measure)
    return figure


def axis_at(figure, left, bottom, width, height, **options):
    """An axis at this place, in inches."""
    wide, high = figure.get_size_inches()
    return figure.add_axes((left / wide, bottom / high, width / wide, height / high), **options)


def draw_agreement(axis, learned, true):
    """Every episode as a point, learned score over true return, both (2, B)."""
    for row, name, marker, color, side in ((0, "● before", "o", BEFORE, "left"),
                                           (1, "▲ after", "^", AFTER, "right")):
        axis.scatter(true[row], learned[row], s=55, marker=marker, color=color, alpha=0.6,
                     linewidths=0)
        axis.text(row, 1.03, name, color=color, weight="bold", ha=side, transform=axis.transAxes)
    axis.set_title(agreement_in_words(learned, true), weight="bold", pad=26)
    axis.set(xlabel="true return of an episode", ylabel="learned score")
    axis.locator_params(nbins=4)


def agreement_in_words(learned, true):
    """The correlation of two arrays of one shape as a sentence.

    Linear, as scale and zero of a learned reward mean nothing.
    """
    pair = np.array([np.ravel(learned), np.ravel(true)], float)
    if not np.isfinite(pair[0]).any():
        return "Nobody was asked:\nthere is no reward model"
    pair = pair[:, np.isfinite(pair).all(axis=0)]
    if pair.shape[1] < 2 or np.ptp(pair, axis=1).min() == 0:
        return "Nothing to compare:\nall episodes are alike"
    correlation = np.corrcoef(pair)[0, 1]
    scale = ((0.9, "agree"), (0.6, "mostly agree"), (0.3, "agree a little"),
             (-0.3, "do not agree"), (-1.1, "disagree"))
    verb = next(verb for least, verb in scale if correlation >= least)
    return f"Learned and true reward\n{verb} (correlation {number(correlation, '.2f')})"


def draw_rounds(axis, below, answers, returns, kl, lines, over, measure):
    """Mean true return over answers between labelled lines; below it the nats to the reference."""
    for value in lines.values():
        axis.axhline(value, color=GREY, linewidth=1.5, linestyle=(0, (4, 3)))
    axis.plot(answers, returns, color=AFTER, marker="o", markersize=7)
    axis.set(title=measure, ymargin=0.08)
    axis.tick_params(labelbottom=False)
    axis.locator_params(axis="y", nbins=5)
    last = np.array(returns, float)[np.isfinite(returns)][-1:]
    labels = [(value, f"{name} {number(value)}", GREY) for name, value in lines.items()]
    labels += [(value, f"this run {number(value)}", AFTER) for value in last]
    label_lines(axis, labels)
    below.fill_between(answers, kl, color=ORANGE, alpha=0.5, linewidth=0)
    below.plot(answers, kl, color=PAINT["ink"], linewidth=2)
    below.set(title="how far from the reference policy (KL, nats per episode)",
              xlabel=over, xlim=(0, None), ylim=(0, 1.1 * max(np.nanmax([0, *kl]), 1e-3)))
    below.locator_params(axis="y", nbins=2)
    below.locator_params(axis="x", nbins=8, integer=True, steps=[1, 2, 5, 10])
    below.xaxis.set_major_formatter("{x:,.0f}")


def number(value, form=".3g"):
    return f"{value:{form}}".replace("-", "−")


def label_lines(axis, labels):
    """Write labels (value, text, colour) right of an axis, beside their values, but apart."""
    low, high = axis.get_ylim()
    gap = 19 / _height(axis) * (high - low)
    places = keep_apart([value for value, _, _ in labels], gap, low, high)
    across = axis.get_yaxis_transform()
    for (value, text, color), place in zip(labels, places):
        stroke = dict(arrowstyle="-", color=color, linewidth=1.5, relpos=(0, 0.5),
                      shrinkA=4, shrinkB=0)
        axis.annotate(text, (1, value), (1.035, place), across, across, arrowprops=stroke,
                      color=color, va="center", annotation_clip=False,
                      weight="bold" if color == AFTER else "normal")


def keep_apart(values, gap, low, high):
    """Places at least `gap` apart, in the order of the values (n,) and near to them.

    Between low and high if they fit. Without their gaps the places may only rise: isotonic
    regression, by its max-min formula.
    """
    def lowest_mean(j, i):
        return min(free[j:k + 1].mean() for k in range(i, n))

    def level(i):
        return max(lowest_mean(j, i) for j in range(i + 1))

    order = np.argsort(values, kind="stable")
    steps = gap * np.arange(len(order))
    free = np.asarray(values, float)[order] - steps
    n = len(free)
    top = max([low, *(high - steps)[-1:]])
    levels = np.clip([level(i) for i in range(n)], low, top)
    return (levels + steps)[np.argsort(order)]


def stages_figure(claim, true_returns, unkind, samples, curve):
    """A chat model on its way: what it says, how much it is liked, and what a KL penalty is for.

    Args:
        claim: the title; true_returns, unkind: {stage: mean true return}, {stage: share of unkind
            answers}; samples: {prompt: {stage: text}}.
        curve: rows of a run without KL penalty (kl, true_return, learned_return, person_prefers,
            reward_model_prefers, sample); may be empty.
    """
    with styled_figure(13, 9.9) as figure:
        figure.text(0.5, 0.98, fill(claim, 68), size=22, weight="bold", ha="center", va="top")
        draw_samples(axis_at(figure, 0.4, 4.8, 8.8, 4.3), samples)
        draw_stages(axis_at(figure, 9.9, 5.7, 2.8, 2.3), true_returns, unkind)
        if curve:
            returns = [row["true_return"] for row in curve]
            title = "Without KL penalty: it holds, so far"
            if max(returns) - returns[-1] >= 0.4:
                title = "Without KL penalty the learned\nreward rises, the true one falls"
            draw_person_and_proxy(axis_at(figure, 0.9, 1.05, 3.7, 2.7), curve, "true_return",
                                  "learned_return", title, "points, each in its own unit")
            draw_person_and_proxy(axis_at(figure, 7.6, 1.05, 3.3, 2.7), curve, "person_prefers",
                                  "reward_model_prefers", "Who prefers it to its reference?",
                                  "share of comparisons")
            figure.text(0.5, 0.005, f"at the end: {curve[-1]['sample']}", size=15,
                        family=MONOSPACE, color=VERMILLION, ha="center")
    return figure


def draw_stages(axis, true_returns, unkind):
    """One bar for the mean true return of each stage, its share of unkind answers below it."""
    count = len(true_returns)
    axis.bar(range(count), true_returns.values(), color=[BEFORE, *[AFTER] * (count - 1)])
    for place, value in enumerate(true_returns.values()):
        axis.text(place, max(value, 0) + 0.05, number(value, ".1f"), ha="center", weight="bold")
    axis.set(xticks=range(count), yticks=[], xlabel="below: share of unkind answers",
             xticklabels=[f"{name}\n{unkind[name]:.0%}" for name in true_returns])
    axis.tick_params(axis="x", labelsize=15 if count < 4 else 11)
    axis.set_title("How much the person\nlikes its answers", weight="bold", pad=16)
    axis.spines["left"].set_visible(False)


def draw_samples(axis, samples):
    """What each stage answers to the same prompts, as a table: {prompt: {stage: text}}."""
    axis.set(xlim=(0, 1), ylim=(0, 1))
    axis.set_axis_off()
    count = sum(1 + len(answers) for answers in samples.values())
    heights = iter(1 - (np.arange(count) + 0.5) / max(count, 1))
    for prompt, answers in samples.items():
        axis.text(0, next(heights), prompt, weight="bold", size=16, va="center")
        for name, text in answers.items():
            y, color = next(heights), BEFORE if name == "pretrained" else PAINT["ink"]
            axis.text(0.02, y, name, size=15, color=GREY, va="center")
            axis.text(0.17, y, text, size=15, family=MONOSPACE, color=color, va="center")


def draw_person_and_proxy(axis, curve, person, proxy, title, unit):
    """Two columns of a run over sqrt(KL): what the person says, and what the reward model says."""
    far = np.sqrt([row["kl"] for row in curve])
    ends = [(curve[-1][person], "the person", AFTER),
            (curve[-1][proxy], "the reward model", VERMILLION)]
    for name, (_, _, color) in zip((person, proxy), ends):
        axis.plot(far, [row[name] for row in curve], color=color)
    axis.set(xlabel="distance from the fine-tuned model, √nats", ylabel=unit, xlim=(0, None))
    axis.locator_params(axis="x", nbins=5)
    axis.set_title(title, weight="bold", pad=12)
    label_lines(axis, ends)


def sweep_figure(claim, found, lines, measure):
    """Each run a dot; beside each setting's dots mean and 95 % interval, as a bar.

    found: {setting: (mean, half width, values)}; lines: {words: value}, to compare with.
    """
    with styled_figure(10, 2.2 + 0.7 * len(found), layout="constrained") as figure:
        axis = figure.subplots()
        for row, (mean, half, values) in enumerate(found.values()):
            axis.plot(values, np.full(len(values), row + 0.16), "o", color=AFTER, alpha=0.5,
                      markersize=8, markeredgewidth=0)
            axis.errorbar(mean, row - 0.16, xerr=half, fmt="D", color=PAINT["ink"], capsize=5)
        for words, value in lines.items():
            axis.axvline(value, color=GREY, linestyle=":", linewidth=2)
            axis.annotate(words, (value, 1), xycoords=("data", "axes fraction"), color=GREY,
                          xytext=(0, 4), textcoords="offset points", ha="center", fontsize=13)
        axis.set_yticks(range(len(found)), found)
        axis.set(ylim=(len(found) - 0.4, -0.6), xlabel=f"{measure} (dots: runs; bar: mean, 95 %)")
        figure.suptitle(fill(claim, 80), x=0.02, ha="left", fontsize=15)
    return figure


def animation(path, before, after, seconds_per_step=0.1, max_bytes=300_000):
    """Write an endless GIF of two episodes (lists of scenes) side by side.

    The shorter one waits at its end. At most 12 pictures a second; every other one is left out
    until the file has at most `max_bytes`.
    """
    last, stride = max(len(before), len(after)) - 1, max(1, round(0.08 / seconds_per_step))
    pictures = []
    for step in [*range(0, last, stride), last]:
        now = [scenes[min(step, len(scenes) - 1)] for scenes in (before, after)]
        pictures.append(_picture(*now))
    milliseconds = max(20, round(1000 * stride * seconds_per_step))
    while True:
        file = io.BytesIO()
        times = [milliseconds] * (len(pictures) - 1) + [1000]  # a second of rest at the end
        pictures[0].save(file, "GIF", save_all=True, append_images=pictures[1:], duration=times,
                         loop=0)
        if file.tell() <= max_bytes or len(pictures) < 3:
            break
        pictures, milliseconds = pictures[:-1:2] + pictures[-1:], 2 * milliseconds
    with whole_file(path) as whole:
        whole.write(file.getvalue())


def _picture(before, after):
    """Two scenes side by side as an image, in the colours of this file and lighter ones."""
    from matplotlib import colors
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image
    with styled_figure(6.4, 3.6, dpi=80) as figure:
        canvas = FigureCanvasAgg(figure)
        draw_behaviour(axis_at(figure, 0.15, 0.1, 2.9, 2.9), [[before]], "before", BEFORE)
        draw_behaviour(axis_at(figure, 3.35, 0.1, 2.9, 2.9), [[after]], "after", AFTER)
        canvas.draw()
    pure = colors.to_rgba_array([*PAINT.values(), GREY, "white"])[:, :3]
    dark = pure[pure.min(axis=1) < 0.8]
    mixed = [1 - share * (1 - dark) for share in (0.75, 0.5, 0.25)]  # for the rims
    palette = Image.new("P", (1, 1))
    palette.putpalette((np.concatenate([pure, *mixed]) * 255).round().astype(np.uint8).tobytes())
    pixels = np.array(canvas.buffer_rgba())[..., :3]
    return Image.fromarray(pixels).quantize(palette=palette, dither=0)
