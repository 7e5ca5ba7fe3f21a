"""`tinyrlhf demo 5`: the room shows a pole how to stand, and says good or bad to a walker."""
import functools

import numpy as np

from tinyrlhf.games.cartpole import CartPole
from tinyrlhf.games.gridworld import Gridworld
from tinyrlhf.humans.watchers import against_best
from tinyrlhf.interactive import Tamer
from tinyrlhf.nn.networks import MLP, Table
from tinyrlhf.nn.optimizers import Adam
from tinyrlhf.plots import BLUE, GREY, VERMILLION, draw_scene
from tinyrlhf.policies import Policy
from tinyrlhf.teaching.room import Question, as_shares, definitions_of

# degrees, radians per second
SITUATIONS = [(6, 0.0), (-6, 0.0), (3, 0.9), (-3, -0.9), (-5, 1.3), (5, -1.3)]
ACTIONS = ("north", "east", "south", "west")
THUMBS = 6


@functools.cache
def the_lesson():
    """What it defines; only when it is needed: the first pictures come sooner."""
    return definitions_of(__file__, "SLIPS", "LENGTHS")


def state_of(angle, falling):
    return np.array([0.0, 0.0, np.radians(angle), falling])


def draw_situation(axis, angle, falling, below=""):
    """The pole, and an arrow that says where it is moving."""
    draw_scene(axis, CartPole().scene(state_of(angle, falling)))
    if falling:
        tip = 0.5 + 0.45 * np.sin(np.radians(angle))
        axis.annotate("", (tip + 0.18 * np.sign(falling), 0.8), (tip, 0.8),
                      arrowprops=dict(arrowstyle="-|>", lw=5, color=VERMILLION, mutation_scale=40))
    axis.set(ylim=(0.1, 0.95), xlabel=below)


def stands(seen, pushes, seed):
    """Steps, of 200, that a policy stands which has learned from these pushes (n, 2)."""
    policy = Policy(MLP((4, 2), np.random.default_rng(seed), head_gain=0.01))
    optimizer = Adam(policy.network.params, 0.1)
    for _ in range(300):
        the_lesson().learn_from(policy, optimizer, seen, pushes)
    return the_lesson().steps_alone(policy, seed)


def draw_bars(axis, heights, names, colors):
    axis.barh(range(len(names)), heights, color=colors, height=0.6)
    for place, height in enumerate(heights):
        axis.text(height + 3, place, f"{height:.0f}", va="center", weight="bold")
    axis.set(yticks=range(len(names)), yticklabels=names, ylim=(len(names) - 0.4, -0.6),
             xlim=(0, 225), xlabel="steps that it then stands alone, of 200")


def draw_liked(axis, game, liked, cell=None):
    """The garden; an arrow for what is liked best in each cell of which something has been said."""
    draw_scene(axis, game.scene(game.starts[0] if cell is None else cell))
    rows, columns = game.map.shape
    size = 1 / max(rows, columns)
    for place in np.flatnonzero(np.abs(liked).max(axis=1) > 0):
        row, column = divmod(place, columns)
        x, y = (column + 0.48) * size, (1 - rows * size) / 2 + (rows - 0.52 - row) * size
        for action in np.flatnonzero(liked[place] == liked[place].max()):
            up, right = ((1, 0), (0, 1), (-1, 0), (0, -1))[action]
            axis.annotate("", (x + 0.45 * size * right, y + 0.45 * size * up), (x, y), zorder=5,
                          arrowprops=dict(arrowstyle="-|>", lw=4, color=BLUE, mutation_scale=28))


def beats(figure, seed):
    """Draw each beat and yield its claim, or a `Question` whose hands are sent back."""
    given = []
    for number, (angle, falling) in enumerate(SITUATIONS):
        draw_situation(figure.subplots(), angle, falling, "hands for left, hands for right")
        claim = ("You drive. Which way do you push the cart, left or right?" if number == 0 else
                 "And now? The arrow says where the pole is moving" if falling else "And now?")
        to_the_right = 10 * np.radians(angle) + 2 * falling > 0
        given.append((yield Question(claim, 0.1 if to_the_right else 0.9)))
    lesson = the_lesson()
    seen, pushes = np.array([state_of(*each) for each in SITUATIONS]), as_shares(given)
    typed = pushes.argmax(axis=1)
    readings = [np.zeros((6, 2)), typed[:, None] * np.eye(2)[typed], pushes]
    alone = [stands(seen, reading, seed) for reading in readings]
    names = ["thrown away,\nas in the article", "as a reward:\n0 or 1", "as a demonstration"]
    draw_bars(figure.subplots(), alone[:1], names[:1], [GREY])
    yield ("The article's loop does what you type, and learns nothing. "
           "How much could it have learned?")
    draw_bars(figure.subplots(), alone, names, [GREY, VERMILLION, BLUE])
    yield (f"Six pictures, read as what they are, and it stands {alone[2]:.0f} steps "
           f"instead of {alone[0]:.0f}")
    axis = figure.subplots()
    axis.axhspan(-0.5, 0.5, color="#E5E5E0")
    axis.plot([0, 31], [0, 0], color=GREY)
    axis.set(ylim=(-3.4, 3.4), yticks=[-2, 0, 2], yticklabels=["flowers", "road", "flowers"],
             xlabel="steps along the road")
    yield ("A perfect driver is copied. But the copy's hand slips in 1 of 20 steps: "
           "where will it end?")
    lesson.draw_walks(figure.subplots(), 32, False, seed, VERMILLION, "12 drives of the clone")
    yield "Nobody ever showed it what to do among the flowers. So it goes straight on"
    lesson.draw_walks(figure.subplots(), 32, True, seed, BLUE,
                      "12 drives after three rounds of corrections")
    yield "It drove, the teacher said what they would have done there: and now it comes back"
    costs = {False: [lesson.driven(length, False, 0)[1] for length in lesson.LENGTHS],
             True: [lesson.driven(length, True, 0)[1] for length in lesson.LENGTHS]}
    lesson.draw_costs(figure.subplots(), costs)
    yield "Twice the road: 3 to 4 times the cost for a clone, about twice with corrections"
    game, rng = Gridworld(slip=0.0), np.random.default_rng(seed)
    learner = Tamer(Table(game.n_states, 4), 0.5)
    judge, cell = against_best(game), game.start(1, rng)
    for number in range(THUMBS):
        action, _ = learner.act(cell, rng)
        liked = learner.network.params["table"].copy()
        draw_liked(figure.subplots(), game, liked, cell[0])
        share = 0.9 if judge(cell, action, None)[0] > 0 else 0.1
        claim = (f"It is going to go {ACTIONS[action[0]]}. "
                 "Hands up for good; now hands up for bad")
        up, down = yield Question(claim, share, options=("good", "bad"),
                                  about=(int(cell[0]), int(action[0])))
        learner.learn(np.zeros(1, int), cell, action, np.array([np.sign(up - down)], float))
        cell, _, done = game.step(cell, action, rng)
        cell = game.start(1, rng) if done[0] else cell
    draw_liked(figure.subplots(), game, learner.network.params["table"])
    yield f"{THUMBS} thumbs, and this is what it believes you like. With 300 it knows the way"
