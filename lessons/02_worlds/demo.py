"""`tinyrlhf demo 2`: the room votes on what a robot is paid, and the robot does exactly that."""
import numpy as np

from tinyrlhf.plots import BLUE, GREY, VERMILLION, draw_behaviour
from tinyrlhf.teaching.room import Question, counted, definitions_of, draw_sides

lesson = definitions_of(__file__, "MAP", "GAMMA", "game", "SYMBOLS", "ROW", "STEPS_TO_GOAL")
NEARER, BED, STEP = (0.0, 1.0), (0.02, 0.6), (0.04, 0.5)  # what the room chooses between
QUESTIONS = [("What shall we pay the robot for its way to G?", "1 for arriving",
              "1 for arriving\nand 1 for each step nearer"),
             ("The flowers! A step costs 0.04. What shall trampling a bed cost?",
              "a bed costs 0.02", "a bed costs 0.6"),
             ("Let a bed cost 0.6. And it shall not dawdle: what shall each step cost?",
              "a step costs 0.04", "a step costs 0.5")]
LEFT_HANDS = (0.3, 0.65, 0.25)                            # their share in a room that is invented


def walk(arriving=1.0, nearer=0.0, bed=0.0, step=0.0, slip=0.0, seed=0):
    """The scenes of a perfectly planned walk of 40 steps at most, and what came of it, in words."""
    cells, _ = lesson.walk(lesson.what_we_pay(arriving, -step, -bed, nearer), slip, seed)
    beds = int(np.sum(lesson.SYMBOLS[cells] == "^"))
    ends = {"G": "arrives", "L": "jumps into the pit"}
    end = ends.get(lesson.SYMBOLS[cells[-1]], "never arrives")
    trampled = "1 bed" if beds == 1 else f"{beds or 'no'} beds"
    return [lesson.game.scene(cell) for cell in cells], f"{end},\n{trampled} trampled"


def draw(axis, scenes, below, color=GREY):
    draw_behaviour(axis, [scenes], "")
    axis.set(ylim=(0.12, 0.88))
    axis.set_xlabel(below, size=22, color=color, weight="bold")


def ask(figure, number):
    """The map above, the two rewards to choose from below it; returns the Question."""
    grid = figure.add_gridspec(2, 2, height_ratios=[3, 1])
    above = figure.add_subplot(grid[0, :])
    draw(above, walk()[0][:1], "to G, please, and not over the flower beds")
    claim, *options = QUESTIONS[number]
    draw_sides(figure.add_subplot(grid[1, :]), *options, size=24)
    return Question(claim, LEFT_HANDS[number], options=tuple(options))


def answer(figure, number, pair, options):
    """What the robot does for both rewards, and the hands; returns which one is chosen."""
    chosen = int(pair[1] > pair[0])                             # a tie goes to the left
    grid = figure.add_gridspec(3, 2, height_ratios=[1, 3.6, 0.8])
    found = [walk(**option) for option in options]
    for column, (scenes, _) in enumerate(found):
        draw(figure.add_subplot(grid[1, column]), scenes, "")
    said = [f"{text}\n{counted(count)}" + ": chosen" * (column == chosen)
            for column, (text, count) in enumerate(zip(QUESTIONS[number][1:], pair))]
    draw_sides(figure.add_subplot(grid[0, :]), *said, size=20)
    draw_sides(figure.add_subplot(grid[2, :]), *(what for _, what in found), size=22)
    return chosen


def beats(figure, seed):
    """Draw each beat and yield its claim, or a `Question` whose hands are sent back."""
    chosen = answer(figure, 0, (yield ask(figure, 0)), [dict(nearer=each) for each in NEARER])
    yield ("You pay for each step nearer. It steps back, nearer, back, nearer, and never goes in"
           if chosen else
           "It arrives as paid. The other one, paid for each step nearer, never goes in")
    draw(figure.subplots(), walk(nearer=1.0)[0][:7],
         "to go in would end the pay; the step back costs nothing")
    yield "Who is to blame? The robot has understood the reward perfectly"
    chosen = answer(figure, 1, (yield ask(figure, 1)), [dict(bed=each, step=0.04) for each in BED])
    yield ("0.6 is dear enough: it goes around. But 0.02 would not have been, and who knew that "
           "before?" if chosen else
           "Three beds at 0.02 are cheaper than two more steps at 0.04: right over the flowers")
    chosen = answer(figure, 2, (yield ask(figure, 2)), [dict(bed=0.6, step=each) for each in STEP])
    yield ("In such a hurry that the pit is the best way out" if chosen else
           "Well chosen. A step at 0.5, and it would have jumped into the pit")
    axes = figure.subplots(1, 3)
    walks = [walk(bed=0.6, step=0.04, slip=0.2, seed=seed + number) for number in range(3)]
    for axis, (scenes, what) in zip(axes, walks):
        draw(axis, scenes, what)
    unharmed = all("no beds" in what for _, what in walks)
    yield ("The best reward so far, three times on a slippery floor: "
           + ("nothing trampled, this time" if unharmed else "nobody slips on purpose"))
    axes = figure.subplots(1, 2)
    draw(axes[0], walk()[0], "this one?", BLUE)
    draw(axes[1], walk(bed=0.6, step=0.04)[0], "or this one?", VERMILLION)
    yield "Which walk is better? You see it at once. RLHF learns the reward from that answer"
