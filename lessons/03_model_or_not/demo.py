"""`tinyrlhf demo 3`: the room bets whether a robot that never tries anything new finds the large prize; then one robot
walks through a maze, and another one thinks.
"""
import numpy as np

from tinyrlhf.exact.evaluation import hitting_times
from tinyrlhf.games.gridworld import DYNA_MAZE, MOVES, Gridworld
from tinyrlhf.learning.dyna import DynaQ
from tinyrlhf.plots import BLUE, GREEN, GREY, VERMILLION, draw_scene

GAMMA, EPISODES = 0.95, 60
FORK = Gridworld("L.S..G", slip=0.0, step_reward=0.0, lava=0.2, horizon=100)
MAZE = Gridworld(DYNA_MAZE, slip=0.0, step_reward=0.0, horizon=100_000)
FORETOLD = (0.6, 0.7)                                           # share of left hands in a room that is made up


def hands(number, seed, votes):
    """Hands for left and right at this question: the room's, else 30 simulated people's."""
    if number < len(votes):
        return votes[number]
    count = int(np.random.default_rng([seed, number]).binomial(30, FORETOLD[number]))
    return count, 30 - count


def earned(epsilon, hope, seed):
    """What each of 60 episodes at the fork pays."""
    learner = DynaQ(FORK.n_states, 4, 0, gamma=GAMMA, epsilon=epsilon, step_size=0.1)
    rng, returns = np.random.default_rng(seed), []
    for _ in range(EPISODES):
        if hope:
            learner.q[...] = learner.model.action_values(GAMMA, unseen=1 / (1 - GAMMA))
        returns.append(learner.learn(FORK, 1, rng))
    return np.array(returns)


def walks(planning_steps, moments, seed):
    """(episode, its steps, Q after it) at these episodes of the maze."""
    learner = DynaQ(MAZE.n_states, 4, planning_steps, gamma=GAMMA, epsilon=0.1, step_size=0.1)
    rng, found = np.random.default_rng(seed), []
    for episode in range(1, max(moments) + 1):
        before = learner.model.counts.sum()
        learner.learn(MAZE, 1, rng)
        if episode in moments:
            found.append((episode, int(learner.model.counts.sum() - before), learner.q.copy()))
    return found


def draw_maze(axis, Q, title, color):
    """Walls, S and G, and an arrow in each cell that has heard of G."""
    axis.set(xlim=(-0.5, 8.5), ylim=(5.5, -0.5), aspect="equal", xticks=[], yticks=[])
    axis.spines[:].set_visible(False)
    for cell, symbol in enumerate(MAZE.map.ravel()):
        row, column = divmod(cell, 9)
        if symbol == "#":
            axis.bar(column, 1, width=1, bottom=row - 0.5, color=GREY)
        elif Q[cell].max() > 0 and symbol != "S":
            down, right = 0.3 * MOVES[Q[cell].argmax()]
            axis.arrow(column - right, row - down, 2 * right, 2 * down, color=color, width=0.06, head_width=0.3,
                       length_includes_head=True)
        if symbol in "SG":
            axis.text(column, row, symbol, ha="center", va="center", weight="bold", size=26, color=VERMILLION)
    axis.set_title(title, loc="center", color=color, weight="bold")


def draw_fork(figure, left, right):
    axes = figure.subplots(2, 1, height_ratios=[2, 1])
    draw_scene(axes[0], FORK.scene(FORK.starts[0]))
    axes[0].set(ylim=(0.35, 0.65))
    axes[0].text(0.083, 0.62, "pays 0.2", ha="center", size=24, color=VERMILLION, weight="bold")
    axes[0].text(0.917, 0.62, "pays 1", ha="center", size=24, color=GREEN, weight="bold")
    axes[1].axis("off")
    for place, text, color in ((0.25, left, BLUE), (0.75, right, VERMILLION)):
        axes[1].text(place, 0.5, text, ha="center", va="center", size=26, color=color, weight="bold",
                     transform=axes[1].transAxes)


def draw_earned(axis, lines):
    """lines: (returns of 60 episodes, colour, dash, label); the mean so far."""
    for number, (returns, color, dash, label) in enumerate(lines):
        axis.plot(np.arange(1, EPISODES + 1), np.cumsum(returns) / np.arange(1, EPISODES + 1), color=color,
                  linestyle=dash)
        height = returns.mean() + (0.08 if number == 1 else 0)          # the first two are nearly equal
        axis.text(EPISODES + 1, height, label, color=color, va="center", weight="bold")
    axis.set(xlim=(0, 1.4 * EPISODES), ylim=(0, 1.08), xlabel="episode", ylabel="earned so far,\nmean of an episode",
             xticks=[0, 20, 40, 60])


def beats(figure, seed, votes):
    """Each beat draws on the figure and yields its claim; votes: (left, right) hands, a list that may grow."""
    draw_fork(figure, "it finds the 1", "it stays with the 0.2")
    yield "This robot always does what has paid best so far. In sixty episodes, which prize does it find?"
    left, right = hands(0, seed, votes)
    found = [earned(0.0, False, [seed, number])[-1] for number in range(20)]
    far = sum(each == 1 for each in found)
    draw_fork(figure, f"{left} hands, {far} of 20 robots", f"{right} hands, {20 - far} of 20 robots")
    yield "Twenty robots: whoever met the near prize first never looked for another one"
    lines = [(earned(0.0, False, [seed, 0]), GREY, ":", "what is best so far"),
             (earned(0.1, False, [seed, 0]), VERMILLION, "--", "one in ten at random"),
             (earned(1.0, False, [seed, 0]), GREEN, "-.", "all at random")]
    draw_earned(figure.subplots(), lines)
    yield "Explore! But dice are poor explorers: a few do not get there, and many do not stay there"
    lines.append((earned(0.0, True, [seed, 0]), BLUE, "-", "hope: try what\nyou have not tried"))
    draw_earned(figure.subplots(), lines)
    yield "Whoever has a model knows what was never tried. Hope for the best there, look, and be done with it"
    nothing = np.zeros((MAZE.n_states, 4))
    draw_maze(figure.subplots(), nothing, "from S to G", GREY)
    yield "The shortest way takes 14 steps. And at random: less than 200 (left hand), or more (right hand)?"
    left, right = hands(1, seed, votes)
    expected = hitting_times(MAZE.P, np.full((MAZE.n_states, 4), 0.25), MAZE.is_end)[MAZE.starts[0]]
    without, model = walks(0, (1, 3, 5), seed), walks(50, (1, 2, 3), seed)
    taken = f"{left} said less, {right} said more; this one took {without[0][1]}"
    draw_maze(figure.subplots(), without[0][2], taken, GREY)
    yield f"{expected:.1f} steps on average, exactly. And all that such a walk teaches is its last step"
    for axis, (episode, steps, Q) in zip(figure.subplots(1, 3), without):
        draw_maze(axis, Q, f"episode {episode}:\n{steps} steps", GREY)
    yield "Without a model: one more cell hears of the goal in each episode"
    for axis, (episode, steps, Q) in zip(figure.subplots(1, 3), model):
        draw_maze(axis, Q, f"episode {episode}:\n{steps} steps", BLUE)
    yield "With a model: after each step it takes fifty in its head"
    axis = figure.subplots()
    axis.axis("off")
    axis.text(0.5, 0.5, "the world stays,\nthe reward moves", ha="center", va="center", size=54, color=BLUE,
              weight="bold")
    yield "People teach the reward, round by round. Whoever knows the world need not walk again: they think again"
