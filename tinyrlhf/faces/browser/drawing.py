"""What a page is told to draw: clips, what a reward model has learned. Plain lists, no markup."""
import numpy as np

from tinyrlhf.episodes import rollout
from tinyrlhf.games.game import Box, Circle, Line, Words

LETTERS = {Line: "L", Circle: "C", Box: "B", Words: "W"}
MOST_FRAMES = 120
PLAYS = 48   # of which a picture of the learned rewards is made
CELLS = 24   # of the picture, along each side
TEXTS = 6    # that are shown of what is liked and what is not


def clip_of(game, episodes, row):
    """One episode as a page draws it: a text, or frames of pieces."""
    states = episodes.states[row, :episodes.lengths[row] + 1]
    if hasattr(game, "decode"):
        prompt = game.asked(states[:1])[0] if hasattr(game, "asked") else ""
        return {"prompt": prompt, "words": game.decode(states[-1:])[0]}
    words = f"{len(states) - 1} steps; at the end: {game.show(states[-1])}"
    if len(states) == 2:
        words = f"choice {int(episodes.actions[row, 0]) + 1}"
    return {**frames_of(game, states), "words": words}


def frames_of(game, states):
    """States (T, ...) as pieces: those that never change once, the others frame by frame."""
    stride = -(-len(states) // MOST_FRAMES)
    scenes = [game.scene(state) for state in states[::stride]]
    same = min(map(len, scenes))
    still = [all(scene[i] == scenes[0][i] for scene in scenes) and not scenes[0][i].moving
             for i in range(same)]
    base = [piece_of(piece) for piece, stays in zip(scenes[0], still) if stays]
    frames = [[piece_of(piece) for i, piece in enumerate(scene) if i >= same or not still[i]]
              for scene in scenes]
    return {"base": base, "frames": frames, "seconds": stride * game.seconds_per_step}


def piece_of(piece):
    """A piece as a list: its kind, its numbers and texts in their order."""
    values = [value.item() if isinstance(value, np.generic) else value for value in piece]
    rounded = [round(value, 4) if isinstance(value, float) else value for value in values]
    return [LETTERS[type(piece)], *rounded]


def learned(state):
    """What a run has learned: clips `before` and `now`, and a `map` of what is good, or `texts`.

    Returns None before anything was learned. Drawn with a generator of its own.
    """
    if not any("fit_loss" in row for row in state.history):
        return None
    game, rng = state.game, np.random.default_rng(0)
    now, before = (rollout(game, policy, game.start(PLAYS, rng), rng,
                           steps_at_most=state.steps_at_most)
                   for policy in (state.policy, state.reference))
    picture = {"before": clip_of(game, before, 0), "now": clip_of(game, now, 0)}
    if hasattr(game, "decode"):
        returns = state.reward_model.rewards(now).sum(axis=1)
        order = np.argsort(-returns, kind="stable")
        texts = {}
        for row in [*order[:TEXTS], *order[-TEXTS:]]:
            texts[clip_of(game, now, row)["words"]] = round(float(returns[row]), 2)
        picture["texts"] = list(texts.items())
    else:
        picture["map"] = where_it_is_good(state, [before, now])
    return picture


def where_it_is_good(state, parts):
    """Mean learned reward by the place of what moves, as a clip: discs are good, crosses bad."""
    cells = {}  # cell -> [(x, y, reward)]
    for episodes in parts:
        rewards = state.reward_model.rewards(episodes)
        for row, column in np.argwhere(episodes.mask)[::episodes.mask.sum() // 2000 + 1]:
            place = place_of(state.game.scene(episodes.states[row, column + 1]))
            if place is not None:
                cell = tuple(int(CELLS * number) for number in place)
                cells.setdefault(cell, []).append((*place, rewards[row, column]))
    if not cells:
        return None
    usual = np.concatenate(list(cells.values()))[:, 2].mean()
    means = np.array([np.mean(cell, axis=0) for cell in cells.values()]) - (0, 0, usual)
    largest = max(np.abs(means[:, 2]).max(), 1e-9)
    marks = []
    for x, y, reward in means.tolist():
        radius = 0.008 + 0.028 * (abs(reward) / largest) ** 0.5
        if reward > 0:
            marks.append(Circle(x, y, radius, "agent"))
        else:
            marks += [Line(x - radius, y - side * radius, x + radius, y + side * radius, "danger")
                      for side in (-1, 1)]
    scene = state.game.scene(parts[-1].states[0, 0])
    n_good = int((means[:, 2] > 0).sum())
    return {"base": [piece_of(piece) for piece in marks], "frames": [[]], "seconds": 0,
            "pale": [piece_of(piece) for piece in scene],
            "words": f"{n_good} places better than usual, {len(means) - n_good} worse"}


def place_of(scene):
    """Where the last thing that moves is, (x, y), or None."""
    moving = [piece for piece in scene if piece.moving]
    if not moving:
        return None
    piece = moving[-1]
    if isinstance(piece, Line):
        return piece.x1, piece.y1
    if isinstance(piece, Box):
        return (piece.x0 + piece.x1) / 2, (piece.y0 + piece.y1) / 2
    return piece.x, piece.y
