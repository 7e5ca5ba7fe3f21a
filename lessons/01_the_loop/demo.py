"""`tinyrlhf demo 1`: the room shows thumbs, and a robot learns to dance what the room likes."""
import numpy as np

from tinyrlhf.games.game import Box, Circle, Line
from tinyrlhf.numerics import softmax
from tinyrlhf.plots import BLUE, GREY, VERMILLION, draw_scene
from tinyrlhf.teaching.room import Question, definitions_of, percent_axis

lesson = definitions_of(__file__, "MOVES")
MOVES, THUMBS = lesson.MOVES, ("thumb up", "thumb down")
# left hand, right hand, left foot, right foot, height of the hips, tilt of the head
POSES = {
    "wave": ((0.25, 0.42), (0.78, 0.88), (0.42, 0.08), (0.58, 0.08), 0.34, 0.0),
    "bow": ((0.12, 0.2), (0.3, 0.16), (0.44, 0.08), (0.58, 0.08), 0.34, -0.22),
    "jump": ((0.2, 0.95), (0.8, 0.95), (0.32, 0.24), (0.68, 0.24), 0.44, 0.0),
    "kick": ((0.22, 0.62), (0.72, 0.4), (0.46, 0.08), (0.92, 0.4), 0.34, 0.0),
    "split": ((0.24, 0.6), (0.76, 0.6), (0.08, 0.08), (0.92, 0.08), 0.14, 0.0),
    "stretch": ((0.08, 0.58), (0.92, 0.58), (0.36, 0.08), (0.64, 0.08), 0.34, 0.0)}
LIKED = np.array([-1, 1, -1, -1, 1, -1])  # by the room, where it does not say
TURNS, SCHOOL, LIFE = 6, 150, 50          # with thumbs; fast ones before and after the change


def robot(move):
    """The pieces of a robot that makes this move."""
    left_hand, right_hand, left_foot, right_foot, hips, tilt = POSES[move]
    middle, neck = 0.5 + tilt / 4, hips + 0.28
    limbs = [Line(middle - 0.1, neck - 0.03, *left_hand, "agent", True),
             Line(middle + 0.1, neck - 0.03, *right_hand, "agent", True),
             Line(0.46, hips, *left_foot, "agent", True),
             Line(0.54, hips, *right_foot, "agent", True)]
    head, chin = 0.5 + tilt, neck + 0.03 - abs(tilt) / 2
    return [Line(0.0, 0.06, 1.0, 0.06, "quiet"), *limbs,
            Box(middle - 0.1, hips, middle + 0.1, neck, "agent", True),
            Box(head - 0.08, chin, head + 0.08, chin + 0.16, "agent", True),
            *(Circle(head + side * 0.035, chin + 0.09, 0.018, "floor", True) for side in (-1, 1))]


def draw_bars(axis, prefs, move=None, old=None):
    """The chance of each move, the one that is made in the other colour; dashed: before."""
    place, chances, edges = np.arange(len(MOVES)), softmax(prefs), softmax(prefs)
    colors = [VERMILLION if each == move else BLUE for each in place]
    axis.barh(place, chances, color=colors, alpha=0.75, height=0.62)
    if old is not None:
        axis.barh(place, softmax(old), facecolor="none", edgecolor=GREY, lw=2.5, linestyle="--",
                  height=0.62)
        edges = np.maximum(chances, softmax(old))
    for each in place:
        mark = " ◀" if each == move else ""
        axis.text(edges[each] + 0.02, each, f"{chances[each]:.0%}{mark}", va="center")
    axis.invert_yaxis()
    axis.set(yticks=place, yticklabels=MOVES, xticks=[], xlim=(0, 1.2),
             xlabel="chance of each move" + ("" if old is None else " (dashed: before)"))


def draw_turn(figure, prefs, move, text, color=GREY, old=None):
    """Left the chances, right the robot and what the room says."""
    left, right = figure.subplots(1, 2)
    draw_bars(left, prefs, move, old)
    draw_scene(right, robot(MOVES[move]))
    right.set_title(MOVES[move], loc="center", size=28, weight="bold", color=VERMILLION)
    right.set_xlabel(text, size=24, color=color, weight="bold")


def draw_happiness(axis, lines, change):
    """lines: (chances that the room likes the next move, colour, dash, label)."""
    for values, color, dash, label in lines:
        axis.plot(values, color=color, linestyle=dash)
        axis.text(len(values) + 1, max(values[-1], 0.06), label, color=color, va="center",
                  weight="bold")
    axis.axvline(change, color=GREY, lw=1.5)
    axis.text(change - 1, 0.5, "here the taste\nturns over", color=GREY, ha="right", va="center")
    percent_axis(axis, "chance that you like\nthe next move")
    axis.set(xlim=(0, 1.25 * len(lines[0][0])), xlabel="round")


def practise(prefs, taste, keep, rounds, rng):
    """Rounds in fast motion, taste (6,) of +1 and -1: the logits, and chances of a liked move."""
    happy = []
    for _ in range(rounds):
        happy.append(float(softmax(prefs)[taste > 0].sum()))
        move = lesson.choose(softmax(prefs), rng)
        prefs = keep * lesson.nudge(prefs, move, taste[move], 0.5)
    return prefs, happy


def named(taste):
    return " and ".join(np.array(MOVES)[taste > 0]) or "nothing"


def beats(figure, seed):
    """Draw each beat and yield its claim, or a `Question` whose hands are sent back."""
    rng, prefs, heard = np.random.default_rng(seed), np.zeros(len(MOVES)), np.zeros((len(MOVES), 2))
    for axis, name in zip(figure.subplots(2, 3).ravel(), MOVES):
        draw_scene(axis, robot(name))
        axis.set_xlabel(name, size=24, weight="bold")
    yield "A robot knows six moves, but not which of them you like"
    for turn in range(TURNS):
        move = lesson.choose(softmax(prefs), rng)
        draw_turn(figure, prefs, move, "thumb up, or thumb down?")
        claim = ("It draws a move by its chances. All thumbs, please" if turn == 0 else
                 "Act, ask, improve, and again: what about this one?")
        share = 0.85 if LIKED[move] > 0 else 0.2
        up, down = yield Question(claim, share, options=THUMBS, about=MOVES[move])
        heard[move] += up, down
        thumb, old = (up - down) / max(up + down, 1), prefs
        prefs = lesson.nudge(prefs, move, thumb, 1.5)
        color = BLUE if thumb > 0 else VERMILLION if thumb < 0 else GREY
        draw_turn(figure, prefs, move, f"{up} up, {down} down", color, old)
        this, others = ("more", "less") if thumb > 0 else ("less", "more")
        yield (f"Nothing said, nothing learned: {MOVES[move]} stays where it was" if thumb == 0 else
               f"The thumbs make a reward of {thumb:+.2f}: {MOVES[move]} becomes {this} likely, "
               f"the others together {others}")
    for claim in ("Now stay silent. What does it learn?",
                  "Nothing. Without feedback it cannot know whether it dances well"):
        draw_turn(figure, prefs, int(np.argmax(prefs)), "nobody stirs")
        yield claim
    taste = np.where(heard.sum(axis=1) > 0, np.sign(heard[:, 0] - heard[:, 1] - 0.5), LIKED)
    sure, certain = practise(prefs, taste, 1.0, SCHOOL, rng)
    fading, first = practise(prefs, taste, 0.95, SCHOOL, rng)
    left, right = figure.subplots(1, 2)
    draw_bars(left, fading)
    draw_scene(right, robot(MOVES[int(np.argmax(fading))]))
    good = softmax(fading)[taste > 0].sum()
    yield (f"{SCHOOL} more thumbs like yours, in fast motion: {good:.0%} of its moves are "
           f"{named(taste)}")
    frozen = first + [float(softmax(fading)[taste < 0].sum())] * LIFE
    yesterday = (frozen, VERMILLION, "--", "labels of\nyesterday")
    draw_happiness(figure.subplots(), [yesterday], SCHOOL)
    yield ("Now change your minds: what was good is bad. "
           "A robot that has finished school does not notice")
    _, again = practise(fading, -taste, 0.95, LIFE, rng)
    lines = [yesterday, (first + again, BLUE, "-", "keeps\nlistening")]
    draw_happiness(figure.subplots(), lines, SCHOOL)
    yield (f"The one that keeps listening: {again[0]:.0%} of its moves please you at the change, "
           f"{again[-1]:.0%} after {LIFE} more rounds")
    stuck = practise(sure, -taste, 1.0, LIFE, rng)[1]
    lines = [(first + again, BLUE, "-", "goes on\nexploring"),
             (certain + stuck, VERMILLION, "--", "never\ndoubts")]
    draw_happiness(figure.subplots(), lines, SCHOOL)
    yield ("Planned failure: this one listens too, but was too sure to try anything else, "
           f"and ends at {stuck[-1]:.0%}" if stuck[-1] < 0.5 else
           f"This one never doubts, and found its way out by luck: it ends at {stuck[-1]:.0%}")
