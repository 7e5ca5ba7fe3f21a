"""`tinyrlhf demo 4`: the room rewards a dancing robot; a pole learns to stand, and to fall."""
import functools

import numpy as np

from tinyrlhf.numerics import softmax
from tinyrlhf.plots import BLUE, GREY, ORANGE, VERMILLION, label_lines
from tinyrlhf.teaching.room import Question, blank, counted

MOVES = ("wave", "bow")
COLORS = (BLUE, ORANGE)
STEP = 5.0  # size of a push, for a reward of all hands
UPDATES = 30


def draw_robot(axis, move, text):
    """A robot that waves (0) or bows (1)."""
    from matplotlib import patches
    axis.set(xlim=(-1.6 + 0.6 * move, 1.6 + 0.6 * move), ylim=(-0.1, 3.0), aspect="equal",
             xticks=[], yticks=[])
    axis.spines[:].set_visible(False)
    lean = (0.0, 0.9)[move]
    neck = np.array([1.3 * np.sin(lean), 1.0 + 1.3 * np.cos(lean)])
    shoulder = np.array([0.9 * np.sin(lean), 1.0 + 0.9 * np.cos(lean)])
    arms = ((0.75, 0.75), (-0.7, -0.5)) if move == 0 else ((-0.1, -0.8), (0.25, -0.75))
    strokes = [([0, neck[0]], [1, neck[1]]), ([-0.35, 0], [0, 1]), ([0.35, 0], [0, 1])]
    strokes += [([shoulder[0], shoulder[0] + x], [shoulder[1], shoulder[1] + y]) for x, y in arms]
    for x, y in strokes:
        axis.plot(x, y, color=GREY, linewidth=9, solid_capstyle="round")
    head = neck + 0.35 * np.array([np.sin(lean), np.cos(lean)])
    box = dict(boxstyle="round,pad=0.06", facecolor="#EFEFEA", edgecolor=COLORS[move], lw=6)
    axis.add_patch(patches.FancyBboxPatch(head - 0.25, 0.5, 0.5, **box))
    for side in (-0.1, 0.14):
        axis.plot(head[0] + side, head[1] + 0.05, "o", color=COLORS[move], markersize=10)
    axis.set_xlabel(text, size=26, color=(BLUE, "#A86F00")[move], weight="bold")


def push(logits, move, reward, baseline):
    """New logits: the reward, minus the expected one if `baseline`, times onehot minus chances."""
    chances = softmax(logits)
    expected = chances @ reward if baseline else 0.0
    return logits + STEP * (reward[move] - expected) * (np.eye(2)[move] - chances)


def what_follows(move, count, expected, baseline):
    """The claim about a move that `count` hands went up for."""
    if baseline:
        return f"Expected: {expected:g} hands. {count} is " + (
            f"less: it will {move} less often" if count < expected else "as many: nothing changes")
    if count == 0:
        return f"It did the {move}, and no hand went up: so nothing changes"
    return f"It did the {move}, and {counted(count)} went up, so now it will {move} more" + (
        ", though more of you like the other move" if count < expected else "")


def draw_chances(axis, before, after, title):
    """Two bars for each move: its chance before and after."""
    for move, name in enumerate(MOVES):
        axis.bar(move - 0.2, before[move], width=0.36, color="#C8C8C8")
        axis.bar(move + 0.2, after[move], width=0.36, color=COLORS[move])
        axis.text(move - 0.2, before[move] + 0.02, f"{before[move]:.0%}", ha="center", color=GREY)
        axis.text(move + 0.2, after[move] + 0.02, f"{after[move]:.0%}", ha="center", weight="bold")
    axis.set(ylim=(0, 1.1), xticks=[0, 1], xticklabels=MOVES, yticks=[], title=title,
             xlabel="chance before (grey) and after (coloured)")
    axis.spines["left"].set_visible(False)


def dance(reward, baseline, seed, tries=40, runs=20):
    """Chance of the first move after 0, 1, ... performances, (runs, tries + 1), from 50 : 50."""
    paths = np.full((runs, tries + 1), 0.5)
    for run in range(runs):
        rng, logits = np.random.default_rng([seed, run]), np.zeros(2)
        for number in range(tries):
            logits = push(logits, int(rng.random() > softmax(logits)[0]), reward, baseline)
            paths[run, number + 1] = softmax(logits)[0]
    return paths


@functools.cache
def learn(seed, baseline="leave one out", sign=1, extra=0):
    """REINFORCE on CartPole: the policies before and after, the mean length of games by update.

    The reward is `sign` for each step that stands, and `extra` at each end, however it went.
    """
    from tinyrlhf.episodes import rollout
    from tinyrlhf.games.cartpole import CartPole
    from tinyrlhf.learning.policy_gradient import Reinforce
    from tinyrlhf.nn.networks import MLP
    from tinyrlhf.policies import Policy
    rng = np.random.default_rng(seed)
    game, policy = CartPole(horizon=200), Policy(MLP((4, 16, 2), rng, head_gain=0.01))
    before, learner, lengths = policy.copy(), Reinforce(policy, 0.02, baseline=baseline), []

    def paid(episodes):
        rewards = sign * episodes.true_rewards
        rewards[np.arange(len(episodes)), episodes.lengths - 1] += extra
        return rewards

    for _ in range(UPDATES):
        episodes = rollout(game, policy, game.start(16, rng), rng)
        learner.update(episodes, paid, rng)
        lengths.append(episodes.lengths.mean())
    return before, policy, np.array(lengths)


def draw_games(figure, policy, seed):
    """Three games of a policy as fans of poles."""
    from tinyrlhf.episodes import rollout
    from tinyrlhf.games.cartpole import CartPole
    from tinyrlhf.plots import draw_behaviour
    rng, game = np.random.default_rng([seed, 9]), CartPole(horizon=200)
    episodes = rollout(game, policy, game.start(3, rng), rng)
    for axis, states, length in zip(figure.subplots(1, 3), episodes.states, episodes.lengths):
        draw_behaviour(axis, [[game.scene(state) for state in states[:length + 1]]],
                       f"{length} steps, {0.02 * length:.1f} seconds")


def draw_curves(figure, curves):
    """Mean length of the games over the games played; curves: (lengths, text, colour, dash)."""
    axis = figure.subplots()
    for lengths, _, color, line in curves:
        axis.plot(16 * np.arange(UPDATES), lengths, line, color=color, linewidth=5)
    axis.axhline(200, color=GREY, linewidth=1.5, linestyle=":")
    axis.set(xlabel="games played", xlim=(0, 16 * UPDATES - 16),
             ylabel="steps that the pole stands", ylim=(0, 225))
    label_lines(axis, [(lengths[-1], text, color) for lengths, text, color, _ in curves])


def beats(figure, seed):
    """Draw each beat and yield its claim, or a `Question` whose hands are sent back."""
    for axis, move in zip(figure.subplots(1, 2), (0, 1)):
        draw_robot(axis, move, f"hands for the {MOVES[move]}")
    claim = "It tosses a coin and dances. Which move do you like?"
    left, right = yield Question(claim, 0.6, options=MOVES)

    reward, even = np.array([left, right]) / max(left + right, 1), np.full(2, 0.5)
    worse = int(left >= right)  # the less popular move
    for baseline in (False, True):
        axes = figure.subplots(1, 2, width_ratios=[1, 1.3])
        draw_robot(axes[0], worse, counted((left, right)[worse]))
        draw_chances(axes[1], even, softmax(push(np.zeros(2), worse, reward, baseline)),
                     "with a baseline" if baseline else "no baseline")
        yield what_follows(MOVES[worse], (left, right)[worse], (left + right) / 2, baseline)

    ends = []
    for axis, baseline in zip(figure.subplots(1, 2, sharey=True), (False, True)):
        paths = dance(reward, baseline, seed)
        axis.plot(paths.T, color=BLUE if baseline else VERMILLION, linewidth=2, alpha=0.7)
        axis.set(ylim=(-0.03, 1.03), yticks=[0, 0.5, 1],
                 yticklabels=["always bow", "half and half", "always wave"],
                 xlabel="performances", title="with a baseline" if baseline else "no baseline")
        ends.append(int(np.sum((paths[:, -1] < 0.5) == (worse == 1))))
    if left == right:
        yield ("Twenty robots, and a room that likes both: "
               "without a baseline, each soon likes only one")
    elif ends[0]:
        yield (f"Twenty robots, one room: without a baseline, {ends[0]} end with the dance that "
               f"you like less; with it, {ends[1]}")
    else:
        yield "Twenty robots, one room: all find what you like, without a baseline by a detour"

    before, after, lengths = learn(seed)
    draw_games(figure, before, seed)
    yield "The same rule, a harder game. Untrained: the pole falls"
    draw_games(figure, after, seed)
    yield f"{16 * UPDATES} games later. Nobody ever told it the right move"
    draw_curves(figure, [
        (learn(seed, "leave one out", extra=50)[2], "with a baseline", BLUE, "-"),
        (learn(seed, "none", extra=50)[2], "without", "#A86F00", "--")])
    yield "Now each game is paid 50 extra, for nothing. Who copes?"

    axis = blank(figure.subplots())
    axis.text(0.5, 0.6, "gradient  =  + advantage × push", size=36, ha="center", color=GREY)
    axis.text(0.5, 0.38, "gradient  =  − advantage × push", size=36, ha="center",
              color=VERMILLION, weight="bold")
    axis.text(0.5, 0.12, "left hands: it learns nothing      right hands: it learns something else",
              size=22, ha="center")
    claim = "Now I make a mistake, and turn one sign. What will happen?"
    options = ("it learns nothing", "it learns something else")
    nothing, something = yield Question(claim, 0.4, options=options)
    _, flipped, fall = learn(seed, sign=-1)
    draw_games(figure, flipped, seed)
    yield (f"It learns as well as before: to fall as fast as it can ({nothing} said nothing, "
           f"{something} something else)")
    draw_curves(figure, [(lengths, "right sign", BLUE, "-"),
                         (fall, f"wrong sign: {fall[-1]:.0f} steps", VERMILLION, "--")])
    yield "Each did what it was paid for. Nothing stopped with an error"
