"""`tinyrlhf demo 3`: which prize finds who tries nothing new, and what is it worth to think?"""
import functools

import numpy as np

from tinyrlhf.exact.evaluation import hitting_times
from tinyrlhf.learning.dyna import DynaQ
from tinyrlhf.plots import BLUE, GREEN, GREY, VERMILLION, draw_scene
from tinyrlhf.teaching.room import Question, counted, definitions_of, draw_card, draw_sides

lesson = definitions_of(__file__, "GAMMA", "MAZE", "START", "FREE", "FORK")
MAZE, FORK, EPISODES = lesson.MAZE, lesson.FORK, 60


@functools.cache
def earned(epsilon, hope, *seed):
    """What each of 60 episodes at the fork pays."""
    learner = DynaQ(FORK.n_states, 4, 0, gamma=lesson.GAMMA, epsilon=epsilon, step_size=0.1)
    rng, returns = np.random.default_rng(seed), []
    for _ in range(EPISODES):
        if hope:
            learner.q[...] = learner.model.action_values(lesson.GAMMA, unseen=lesson.MOST)
        returns.append(learner.learn(FORK, 1, rng))
    return np.array(returns)


def draw_mazes(figure, lengths, tables, moments, color):
    for axis, k in zip(figure.subplots(1, 3), moments):
        lesson.draw_arrows(axis, tables[k], f"episode {k}:\n{lengths[k - 1]} steps", color)


def draw_fork(figure, left, right):
    axes = figure.subplots(2, 1, height_ratios=[2, 1])
    draw_scene(axes[0], FORK.scene(FORK.starts[0]))
    axes[0].set(ylim=(0.35, 0.65))
    axes[0].text(0.083, 0.62, "pays 0.2", ha="center", size=24, color=VERMILLION, weight="bold")
    axes[0].text(0.917, 0.62, "pays 1", ha="center", size=24, color=GREEN, weight="bold")
    draw_sides(axes[1], left, right)


def draw_earned(axis, lines):
    """lines: (returns of 60 episodes, colour, dash, label); the mean so far."""
    for number, (returns, color, dash, label) in enumerate(lines):
        episodes = np.arange(1, EPISODES + 1)
        axis.plot(episodes, np.cumsum(returns) / episodes, color=color, linestyle=dash)
        height = returns.mean() + (0.08 if number == 1 else 0)  # the first two are nearly equal
        axis.text(EPISODES + 1, height, label, color=color, va="center", weight="bold")
    axis.set(xlim=(0, 1.4 * EPISODES), xticks=[0, 20, 40, 60], xlabel="episode",
             ylim=(0, 1.08), ylabel="earned so far,\nmean of an episode")


def beats(figure, seed):
    """Draw each beat and yield its claim, or a `Question` whose hands are sent back."""
    draw_fork(figure, "it finds the 1", "it stays with the 0.2")
    claim = ("This robot always does what has paid best so far. "
             "In sixty episodes, which prize does it find?")
    left, right = yield Question(claim, 0.6, options=("the 1", "the 0.2"))
    found = [earned(0.0, False, seed, number)[-1] for number in range(20)]
    far = sum(each == 1 for each in found)
    draw_fork(figure, f"{counted(left)}, {far} of 20 robots",
              f"{counted(right)}, {20 - far} of 20 robots")
    yield "Twenty robots: whoever met the near prize first never looked for another one"
    lines = [(earned(0.0, False, seed, 0), GREY, ":", "what is best so far"),
             (earned(0.1, False, seed, 0), VERMILLION, "--", "one in ten at random"),
             (earned(1.0, False, seed, 0), GREEN, "-.", "all at random")]
    draw_earned(figure.subplots(), lines)
    yield "Explore! But chance explores badly: a little does not get there, and much does not stay"
    lines.append((earned(0.0, True, seed, 0), BLUE, "-", "hope: try what\nyou have not tried"))
    draw_earned(figure.subplots(), lines)
    yield ("Whoever has a model knows what was never tried. "
           "Hope for the best there, look, and be done with it")
    lesson.draw_arrows(figure.subplots(), np.zeros((MAZE.n_states, 4)), "from S to G", GREY)
    claim = ("The shortest way takes 14 steps. And at random: "
             "less than 200 (left hand), or more (right hand)?")
    left, right = yield Question(claim, 0.7, options=("less", "more"))
    expected = hitting_times(MAZE.P, np.full((MAZE.n_states, 4), 0.25), MAZE.is_end)[lesson.START]
    lengths, tables = lesson.dyna(seed, 0)
    taken = f"{left} said less, {right} said more; this one took {lengths[0]}"
    lesson.draw_arrows(figure.subplots(), tables[1], taken, GREY)
    yield (f"{expected:.1f} steps on average, exactly. "
           "And all that such a walk teaches is its last step")
    draw_mazes(figure, lengths, tables, (1, 3, 5), GREY)
    yield "Without a model: one more cell hears of the goal in each episode"
    draw_mazes(figure, *lesson.dyna(seed, 50), (1, 2, 3), BLUE)
    yield "With a model: after each step it takes fifty in its head"
    draw_card(figure.subplots(), "the world stays,\nthe reward moves", BLUE, size=54)
    yield ("People teach the reward, round by round. "
           "Whoever knows the world need not walk again: they think again")
