"""`tinyrlhf demo 2`: the room votes on what a robot is paid, and the robot does exactly that."""
import numpy as np

from tinyrlhf.exact.planning import action_values, value_iteration
from tinyrlhf.games.gridworld import Gridworld
from tinyrlhf.plots import BLUE, GREY, VERMILLION, draw_behaviour

MAP = ".......\n.......\nS.^^^.G\n.......\nL......"
NEARER, BED, STEP = ((0.0, 1.0), (0.02, 0.6), (0.04, 0.5))      # what the room chooses between: left, right
QUESTIONS = [("What shall we pay the robot for its way to G?", "1 for arriving",
              "1 for arriving\nand 1 for each step nearer"),
             ("The flowers! A step costs 0.04. What shall trampling a bed cost?", "a bed costs 0.02",
              "a bed costs 0.6"),
             ("Let a bed cost 0.6. And it shall not dawdle: what shall each step cost?", "a step costs 0.04",
              "a step costs 0.5")]
FORETOLD = (0.3, 0.65, 0.25)                                     # share of left hands in a room that is made up


def walk(arriving=1.0, nearer=0.0, bed=0.0, step=0.0, slip=0.0, seed=0):
    """The scenes of a perfectly planned walk of 40 steps at most, and what came of it, in words."""
    game = Gridworld(MAP, slip=slip, goal=arriving, flowers=-bed, step_reward=-step)
    symbols, (row, column) = game.map.ravel(), np.divmod(np.arange(game.n_states), 7)
    far = np.abs(row - 2) + np.abs(column - 6)
    R = game.R + np.where(game.is_end[:, None], 0.0, nearer * (far < far[:, None]))[:, None, :]
    values = action_values(game.P, R, value_iteration(game.P, R, 0.95)[0], 0.95)
    moves = values.round(6).argmax(axis=1)                      # ties: the first
    rng = np.random.default_rng(seed)
    cells, done = [game.start(1, rng)], [False]
    while not done[0] and len(cells) <= game.horizon:
        cell, _, done = game.step(cells[-1], moves[cells[-1]], rng)
        cells.append(cell)
    cells = np.concatenate(cells)
    beds = int(np.sum(symbols[cells] == "^"))
    end = {"G": "arrives", "L": "jumps into the pit"}.get(symbols[cells[-1]], "never arrives")
    return [game.scene(cell) for cell in cells], f"{end},\n{beds or 'no'} bed{'s' * (beds != 1)} trampled"


def draw(axis, scenes, below, color=GREY):
    draw_behaviour(axis, [scenes], "")
    axis.set(ylim=(0.12, 0.88))
    axis.set_xlabel(below, size=22, color=color, weight="bold")


def hands(number, seed, votes):
    """Hands for left and right at this question: the room's, else 30 simulated people's."""
    if number < len(votes):
        return votes[number]
    count = int(np.random.default_rng([seed, number]).binomial(30, FORETOLD[number]))
    return count, 30 - count


def ask(figure, number):
    """The map above, the two rewards to choose from below it."""
    grid = figure.add_gridspec(2, 2, height_ratios=[3, 1])
    draw(figure.add_subplot(grid[0, :]), walk()[0][:1], "to G, please, and not over the flower beds")
    for column, text, color in zip((0, 1), QUESTIONS[number][1:], (BLUE, VERMILLION)):
        axis = figure.add_subplot(grid[1, column])
        axis.axis("off")
        axis.text(0.5, 0.5, text, size=24, color=color, weight="bold", ha="center", va="center")
    return QUESTIONS[number][0]


def answer(figure, number, pair, options):
    """What the robot does for each of the two rewards, the room's choice framed; returns the index of the choice."""
    left, right = pair
    chosen = int(right > left)                                  # a tie goes to the left
    axes = figure.subplots(1, 2)
    for column, (axis, option, text, color) in enumerate(zip(axes, options, QUESTIONS[number][1:], (BLUE, VERMILLION))):
        scenes, what = walk(**option)
        draw(axis, scenes, what, color)
        count = pair[column]
        axis.set_title(f"{text}\n{count} hand{'s' * (count != 1)}" + ": chosen" * (column == chosen), loc="center",
                       color=color, weight="bold" if column == chosen else "normal")
    return chosen


def beats(figure, seed, votes):
    """Each beat draws on the figure and yields its claim; votes: (left, right) hands, a list that may grow."""
    yield ask(figure, 0)
    chosen = answer(figure, 0, hands(0, seed, votes), [dict(nearer=each) for each in NEARER])
    yield ("You pay for each step nearer. It steps back, nearer, back, nearer, and never goes in" if chosen else
           "It arrives as paid. The other one, paid for each step nearer, never goes in")
    draw(figure.subplots(), walk(nearer=1.0)[0][:7], "to go in would end the pay; the step back costs nothing")
    yield "Who is to blame? The robot has understood the reward perfectly"
    yield ask(figure, 1)
    chosen = answer(figure, 1, hands(1, seed, votes), [dict(bed=each, step=0.04) for each in BED])
    yield ("0.6 is dear enough: it goes around. But 0.02 would not have been, and who knew that before?" if chosen else
           "Three beds at 0.02 are cheaper than two more steps at 0.04: right over the flowers")
    yield ask(figure, 2)
    chosen = answer(figure, 2, hands(2, seed, votes), [dict(bed=0.6, step=each) for each in STEP])
    yield ("In such a hurry that the pit is the best way out" if chosen else
           "Well chosen. A step at 0.5, and it would have jumped into the pit")
    axes = figure.subplots(1, 3)
    walks = [walk(bed=0.6, step=0.04, slip=0.2, seed=seed + number) for number in range(3)]
    for axis, (scenes, what) in zip(axes, walks):
        draw(axis, scenes, what)
    yield ("The best reward so far, three times on a slippery floor: " + (
        "nothing trampled, this time" if all("no beds" in what for _, what in walks) else "nobody slips on purpose"))
    axes = figure.subplots(1, 2)
    draw(axes[0], walk()[0], "this one?", BLUE)
    draw(axes[1], walk(bed=0.6, step=0.04)[0], "or this one?", VERMILLION)
    yield "Which walk is better? You see it at once. RLHF learns the reward from that answer"
