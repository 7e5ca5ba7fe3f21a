"""`tinyrlhf demo 8`: two walks side by side, and the room is the judge. The robot learns to go
around the glass that only people mind: the room, and simulated ones, since no room has the patience
for 100 votes.
"""
from dataclasses import replace

import numpy as np

from tinyrlhf.exact.horizon import expected_visits
from tinyrlhf.feedback.answers import FIRST, SAME, SECOND, join_answers
from tinyrlhf.numerics import sigmoid
from tinyrlhf.plots import BLUE, GREY, VERMILLION
from tinyrlhf.questions import ask
from tinyrlhf.rlhf import act, improve_on, own_plays, rlhf
from tinyrlhf.teaching.room import Question
from tinyrlhf.worlds import build, refer_to_policy
from tinyrlhf.worlds.glass import measured, room
from tinyrlhf.yardsticks import Tabular

ROOM = room()
GLASS = ROOM.map.ravel() == "^"
# of the questions the room gets two pairs
ROUNDS, PAIRS, QUESTIONS = 4, 2, 25


def visits_of(state):
    """Where a walk of the policy spends its steps, (S,), exact."""
    policy = Tabular(state).table(state.policy)
    return expected_visits(ROOM.P, ROOM.d0, policy, ROOM.horizon).sum(axis=0)


def draw_room(axis, visits, title, color):
    """Where a walk spends its steps, the darker the longer; glass is framed."""
    from matplotlib import patches
    inside = np.where(ROOM.is_end, 0.0, visits).reshape(ROOM.map.shape)
    axis.imshow(np.sqrt(inside), cmap="Blues", vmin=0, vmax=1.4)
    for row, column in np.argwhere(ROOM.map == "^"):
        axis.add_patch(patches.Rectangle((column - 0.5, row - 0.5), 1, 1, fill=False,
                                         color=VERMILLION, linewidth=3))
    for row, column in np.argwhere(np.isin(ROOM.map, ("S", "G"))):
        axis.text(column, row, ROOM.map[row, column], ha="center", va="center", weight="bold")
    axis.spines[:].set_visible(False)
    axis.set(xticks=[], yticks=[])
    axis.set_title(title, color=color)


def draw_walks(axis, walks, title, color):
    """Paths beside each other, each with a dot where it ends."""
    draw_room(axis, np.zeros(len(GLASS)), title, color)
    for number, (states, length) in enumerate(zip(walks.states, walks.lengths)):
        shift = 0.12 * (number - (len(walks) - 1) / 2)
        rows, columns = np.divmod(states[:length + 1], ROOM.map.shape[1]) + np.full((2, 1), shift)
        axis.plot(columns, rows, color=color, lw=4, alpha=0.7, solid_capstyle="round")
        axis.plot(columns[-1], rows[-1], "o", color=color, markersize=12)


def draw_pair(figure, walks, pair, titles):
    for axis, number, title, color in zip(figure.subplots(2, 1), pair, titles, (BLUE, GREY)):
        draw_walks(axis, walks[[number]], title, color)


def room_says(answers, number, left, right):
    """The same answers, but to one of the questions the room's, by majority."""
    said = answers.said.copy()
    said[number, 0] = SAME if left == right else FIRST if left > right else SECOND
    return replace(answers, said=said)


def improve(state, answers):
    """Fit all answers, and let the policy follow; the unit of reward is set by the first round."""
    rng = state.rngs["learner"]
    state.reward_model.fit(answers, rng)
    state.reward_model.normalize(own_plays(answers[:QUESTIONS]))
    improve_on(state, state.reward_model.rewards)


def beats(figure, seed):
    """Each beat draws, and yields its claim, or a `Question`, for which it is sent the hands."""
    state = build("glass", seed=seed)
    draw_walks(figure.subplots(), act(state, 4, 1), "four walks before anybody helps", GREY)
    yield "The robot shall go from S to G. By strolling about it hardly ever gets there"
    rlhf(state, stages=1)
    refer_to_policy(state)
    figures = [(f"copied: {measured(state)['glass']:.1f} steps on glass", visits_of(state),
                VERMILLION)]
    draw_walks(figure.subplots(), act(state, 4, 1), "four walks after ten demonstrations", BLUE)
    yield ("Somebody in a hurry has shown the way. The framed cells are glass: only you know, "
           "and you mind")
    answers, number = None, 0
    for turn in range(1, ROUNDS + 1):
        questions = ask("preference", state, act(state), QUESTIONS)
        new, walks = state.person.answer(ROOM, questions, state.rngs["person"]), questions.episodes
        differ = np.abs(np.subtract(*walks.true_returns[questions.shows.T]))
        # the others are too much alike for a room
        for asked in np.argsort(-differ)[:PAIRS]:
            pair = questions.shows[asked]
            names = "walk A (the first number)", "walk B (the second number)"
            draw_pair(figure, walks, pair, names)
            returns = walks.true_returns[pair]
            left, right = yield Question(f"Round {turn}: which walk is better?",
                                         sigmoid(0.7 * (returns[0] - returns[1])), people=20,
                                         options=("walk A", "walk B"), about=(turn, *pair.tolist()))
            new = room_says(new, asked, left, right)
            number += 1
        answers = new if answers is None else join_answers([answers, new])
        improve(state, answers)
        glass = measured(state)["glass"]
        title, visits, color = f"round {turn}: {glass:.1f} steps on glass", visits_of(state), BLUE
        figures.append((title, visits, color))
        draw_room(figure.subplots(), visits, title, color)
        yield (f"{number} votes of yours, {len(answers) - number} of others who mind glass: it "
               "walks here")
    axes = figure.subplots(3, 2).ravel()
    for axis, (title, visits, color) in zip(axes, figures):
        draw_room(axis, visits, title, color)
    axes[-1].axis("off")
    yield "Shown once, corrected by votes. The robot never saw the glass"
    state = build("glass", seed=seed, demonstrations=0, rounds=3)
    rlhf(state)
    draw_room(figure.subplots(), visits_of(state), "75 votes, and nobody showed the way",
              VERMILLION)
    yield "And without demonstrations? It stands still: no vote ever saw the goal"
