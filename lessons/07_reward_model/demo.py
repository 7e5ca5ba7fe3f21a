"""`tinyrlhf demo 7`: the room chooses between walks, at random or where five models disagree."""
import functools

import numpy as np

from tinyrlhf.criteria import choose_by
from tinyrlhf.feedback.answers import FIRST, SAME, SECOND, join_answers
from tinyrlhf.games.gridworld import Gridworld
from tinyrlhf.numerics import sigmoid
from tinyrlhf.plots import BLUE, GREY, VERMILLION, draw_behaviour, keep_apart
from tinyrlhf.questions import random_pairs, shown
from tinyrlhf.rewards.reward_models import Ensemble
from tinyrlhf.teaching.room import Question, at_most, definitions_of

lesson = definitions_of(__file__, "MAP", "PERSON", "WEST", "SYMBOLS", "PLACES", "THINGS",
                        "FEATURES")
WEST, EAST, stroll = lesson.WEST, lesson.EAST, lesson.stroll
GARDEN = Gridworld("\n".join(row[:5] for row in lesson.MAP))  # the western half, seen large


def asked_of(walks, n, rng):
    """n questions about two of these walks, drawn at random."""
    return shown("preference", walks, np.stack(random_pairs(len(walks), n, rng), axis=1))


def both_of(questions):
    """The first and the second walk of each."""
    return questions.episodes[questions.shows[:, 0]], questions.episodes[questions.shows[:, 1]]


def asked_for(question, claim):
    """What the room is asked."""
    share = float(lesson.PERSON.preference(*both_of(question))[0])
    return Question(claim, share, people=20, about=tuple(question.shows[0].tolist()))


def believed(question, left, right):
    """The room's hands as answers: at most ten, so that a loud room does not drown the rest."""
    hands = np.round(at_most([(left, right)], 10)[0]).astype(int)
    said = np.repeat([FIRST, SECOND], hands) if hands.any() else np.array([SAME])
    return question[np.zeros(len(said), int)].only_shown().answered(said, "room")


def simulated(pairs, rng):
    return lesson.PERSON.answer(WEST, pairs.only_shown(), rng)


def draw_walk(axis, walks, title, color):
    """The first of these walks in the western garden."""
    rows, columns = np.divmod(walks.states[0][:walks.lengths[0] + 1], 11)
    draw_behaviour(axis, [[GARDEN.scene(cell) for cell in 5 * rows + columns]], title, color)


def draw_pair(figure, question, titles, chances=None):
    """Two walks side by side, and what five models foretell in between."""
    widths = [4, 4] if chances is None else [4, 3, 4]
    axes, walks = figure.subplots(1, len(widths), width_ratios=widths), both_of(question)
    for axis, walk, title, color in zip(axes[[0, -1]], walks, titles, (BLUE, VERMILLION)):
        draw_walk(axis, walk, title, color)
    if chances is not None:
        draw_bets(axes[1], chances)


def draw_bets(axis, chances):
    """One bar for each model, from one half towards the walk that it expects to win."""
    colors = [BLUE if chance > 0.5 else VERMILLION for chance in chances]
    axis.barh(range(5), 0.5 - chances, color=colors, height=0.6)
    axis.axvline(0, color=GREY, lw=2)
    axis.set(xlim=(-0.5, 0.5), xticks=[-0.5, 0, 0.5], xticklabels=["left", "?", "right"],
             xlabel="who will win?",
             yticks=range(5), yticklabels=[f"model {i + 1}" for i in range(5)])


def bets(ensemble, question):
    """The chance of the first walk by each member, (5,)."""
    first, second = (ensemble.member_scores(walk)[:, 0] for walk in both_of(question))
    return sigmoid(first - second)


def draw_rewards(axis, rewards, seen, note, title=""):
    """Rewards of all cells in colours, hatched where no vote ever was."""
    from matplotlib import colors, patches
    paint = colors.LinearSegmentedColormap.from_list("liking", [VERMILLION, "white", BLUE])
    largest = max(np.abs(rewards).max(), 0.5)
    axis.imshow(rewards.reshape(7, 11), cmap=paint, vmin=-largest, vmax=largest)
    for cell, symbol in enumerate(lesson.SYMBOLS):
        row, column = divmod(cell, 11)
        place = dict(xy=(column - 0.5, row - 0.5), width=1, height=1, lw=0)
        if symbol == "#":
            axis.add_patch(patches.Rectangle(**place, color=GREY))
        elif not seen[cell]:
            axis.add_patch(patches.Rectangle(**place, fill=False, hatch="/", edgecolor=GREY))
        axis.text(column, row, {"^": "✿", "G": "G"}.get(symbol, ""), ha="center", va="center")
    axis.spines[:].set_visible(False)
    axis.set(xticks=[], yticks=[], title=title)
    axis.set_xlabel(note)


def seen_cells(answers):
    walks = answers.episodes
    return np.isin(np.arange(77), walks.next_observations[walks.mask])


@functools.cache
def mean_race(seed, disputed):
    """Shares of new pairs foretold after 5, 10, .. 60 votes, the mean of five."""
    return np.mean([lesson.race(each, disputed) for each in range(seed, seed + 5)], axis=0)


def draw_race(axis, lines):
    places = keep_apart([shares[-1] for _, shares, _, _ in lines], 0.06, 0.4, 1)
    for (name, shares, color, dash), place, marker in zip(lines, places, "os"):
        axis.plot(np.arange(5, 61, 5), shares, dash, color=color, marker=marker, markersize=10)
        axis.text(61, place, name, color=color, va="center", weight="bold")
    axis.set(xlabel="votes", xlim=(0, 74), xticks=range(0, 61, 10),
             ylabel="share of new pairs foretold", ylim=(0.4, 1))


def beats(figure, seed):
    """Draw each beat and yield its claim, or a `Question` whose hands are sent back."""
    rng = np.random.default_rng(seed)
    pairs = asked_of(stroll(WEST, 300, rng, habit=1.5), 200, rng)
    members = [lesson.reward_model("the cell", rng, fit_steps=40) for _ in range(5)]
    ensemble, answers = Ensemble(members), None
    legend = "blue: liked, orange: disliked, hatched: no vote"
    first, second = both_of(pairs)
    differs = first.true_returns != second.true_returns
    at_random = [pairs[np.flatnonzero(differs)[:1]], pairs[np.flatnonzero(~differs)[:1]]]
    for number, question in enumerate(at_random):
        draw_pair(figure, question, ("hands for left", "hands for right"))
        left, right = yield asked_for(question, (
            "You like benches (G) and mind trampled flowers. Which walk is better?",
            "The next pair, also drawn at random. Which walk is better?")[number])
        new = believed(question, left, right)
        answers = join_answers([answers, new]) if answers else new
        ensemble.fit(answers, rng)
        if number == 0:
            draw_rewards(figure.subplots(), ensemble_rewards(ensemble), seen_cells(answers), legend)
            yield f"{left} to {right}. The first rewards: whole walks are praised or blamed"
        else:
            draw_pair(figure, question, (f"left: {left}", f"right: {right}"))
            yield f"{left} to {right}. But both walks are worth the same: this question was wasted"
    extra = simulated(pairs[10:20], rng)
    answers = join_answers([answers, extra])
    ensemble.fit(answers, rng)
    draw_rewards(figure.subplots(), ensemble_rewards(ensemble), seen_cells(answers), legend)
    yield "Ten more random pairs, answered by a simulated person"
    left_over = pairs[20:]
    for number in (0, 1):
        question = choose_by("disagreement", left_over, ensemble, 1, rng)
        before = bets(ensemble, question)
        draw_pair(figure, question, ("hands for left", "hands for right"), before)
        left, right = yield asked_for(question, (
            "Five models, trained on different votes, disagree here. So ask here!",
            "And what do they dispute now? Which walk is better?")[number])
        answers = join_answers([answers, believed(question, left, right)])
        ensemble.fit(answers, rng)
        after = bets(ensemble, question)
        draw_pair(figure, question, (f"left: {left}", f"right: {right}"), after)
        agreed, agree = (np.sum((chances > 0.5) == (left > right)) for chances in (before, after))
        yield (f"{left} to {right}: you are in two minds, and so should they be"
               if left == right else
               f"{left} to {right}. Models that agree with you: {agreed} of 5 before, {agree} now")
    lines = [(f"{name} pairs", mean_race(seed, name == "disputed"), color, dash)
             for name, color, dash in (("random", GREY, "--"), ("disputed", BLUE, "-"))]
    draw_race(figure.subplots(), lines)
    random, disputed = (shares[-1] for _, shares, _, _ in lines)
    yield (f"Mean of five races: disputed pairs end at {disputed:.0%}, "
           f"random pairs at {random:.0%}")
    many = simulated(asked_of(stroll(WEST, 300, rng), 300, rng), rng)
    table, things = (lesson.reward_model(told, rng) for told in ("the cell", "what lies there"))
    table.fit(many, rng)
    home, away = (lesson.pairs_foretold(table, stroll(game, 800, rng)) for game in (WEST, EAST))
    rewards = table.network.params["table"][:, 0]
    draw_rewards(figure.subplots(), rewards, seen_cells(many),
                 f"new pairs foretold: west {home:.0%}, east {away:.0%}")
    yield "300 votes, and it knows this garden. But what is behind the fence?"
    things.fit(many, rng)
    axes = figure.subplots(1, 2)
    home, away = (lesson.pairs_foretold(things, stroll(game, 800, rng)) for game in (WEST, EAST))
    learned = things.network.forward(lesson.THINGS)[0][:, 0]
    draw_rewards(axes[0], rewards, seen_cells(many), "it can only toss a coin", "Told the cell")
    draw_rewards(axes[1], learned - np.median(learned), seen_cells(many),
                 f"west {home:.0%}, east {away:.0%}", "Told what lies there")
    yield "The same votes. Told what lies there, it knows a garden it has never seen"


def ensemble_rewards(ensemble):
    """The mean of the members' rewards of all 77 cells."""
    return np.mean([member.network.params["table"][:, 0] for member in ensemble.members], axis=0)
