"""Ask: which episodes should a person be shown next, and how? One function for each kind of feedback, in `ASK`."""
import numpy as np

from tinyrlhf.episodes import cut_at, join, rollout, steps_left
from tinyrlhf.feedback.answers import KINDS, PARTS, Questions
from tinyrlhf.numerics import sigmoid

RANKED, TRIES, CANDIDATES = 4, 3, 16  # episodes in a ranking; tries beside a demonstration; plays that a remark is looked for in


class View:
    """What of a world people get to see; each world overrides what differs.

    together: only episodes that began alike may be compared, neighbours in groups of so many; None: any.
    tries: whose tries stand beside a demonstration, "policy" or "reference".
    stops, parts: may an episode be stopped early; are its parts worth a mark?
    remarks: {what people say: function episodes -> (B,), how well each follows it}.
    """
    together = None
    tries = "policy"
    stops = True
    parts = True
    remarks: dict = {}

    def clips(self, episodes, n, rng, to_act=False):
        """What n questions can be about, of these episodes; `to_act`: such that a person can take over. Here: all of them."""
        return episodes

    def beginnings(self, game, episodes, lengths, rng):
        """The first `lengths` (B,) steps of each episode, as things that can be judged."""
        return cut_at(episodes, lengths)

    def plays_needed(self, kind, n, state):
        """How many episodes to play for n questions of a kind, and how many neighbours of them begin alike."""
        if self.together is None:
            return state.episodes_per_update, state.group
        alike = 1 if kind in ALONE else self.together
        return n * alike, alike


def ask(kind, state, episodes, n):
    """n questions of a kind about these episodes of the policy."""
    return ASK[kind](kind, state, episodes, n, state.rngs["questions"])


def about_pairs(kind, state, episodes, n, rng):
    """Two different episodes, drawn at random; a coin decides which one is shown on the left."""
    clips = state.view.clips(episodes, 2 * n, rng)
    first, second = random_pairs(len(clips), n, rng, state.view.together)
    return shown(kind, clips, np.stack([first, second], axis=1), np.where(rng.random((n, 1)) < 0.5, [0, 1], [1, 0]))


def about_sets(kind, state, episodes, n, rng):
    """Four different episodes: of one group of neighbours each, or drawn at random."""
    clips = state.view.clips(episodes, RANKED * n, rng)
    if state.view.together is not None:
        return shown(kind, clips, np.arange(RANKED * n).reshape(n, RANKED))
    return shown(kind, clips, rng.random((n, len(clips))).argsort(axis=1)[:, :RANKED])


def about_one(kind, state, episodes, n, rng):
    """A single episode."""
    clips = state.view.clips(episodes, n, rng)
    return shown(kind, clips, drawn(len(clips), n, rng)[:, None])


def about_tries(kind, state, episodes, n, rng):
    """Somebody is to show how it is done (the first column, until they have, is what the policy did), beside tries from there."""
    clips = state.view.clips(episodes, n, rng, to_act=True)
    asked = clips[drawn(len(clips), n, rng)]
    starts = np.repeat(asked.states[:, 0], TRIES, axis=0)
    left = np.repeat(steps_left(state.game, asked), TRIES)
    first_step = np.repeat(asked.first_step, TRIES)
    tried = rollout(state.game, getattr(state, state.view.tries), starts, rng, first_step, int(left.max()))
    rows = np.column_stack([np.arange(n), n + np.arange(n * TRIES).reshape(n, TRIES)])
    return shown(kind, join([asked, cut_at(tried, left)]), rows)


def about_a_mend(kind, state, episodes, n, rng):
    """Somebody is to mend an episode (the second column, until they have, is the same)."""
    clips = state.view.clips(episodes, n, rng, to_act=True)
    rows = drawn(len(clips), n, rng)
    return shown(kind, clips, np.stack([rows, rows], axis=1))


def about_stopping(kind, state, episodes, n, rng):
    """An episode until the end of each of its parts."""
    clips = state.view.clips(episodes, n, rng)
    return shown(kind, *in_parts(state, clips[drawn(len(clips), n, rng)], rng))


def about_remarks(kind, state, episodes, n, rng):
    """An episode, and for each remark the one of several others that follows it best."""
    clips = state.view.clips(episodes, CANDIDATES * n, rng)
    rows = drawn(len(clips), n, rng)
    others = rng.integers(len(clips), size=(n, CANDIDATES))
    if state.view.together is not None:
        rows = state.view.together * np.arange(n)
        others = rows[:, None] + np.arange(state.view.together)
    best = [others[np.arange(n), follows(clips)[others].argmax(axis=1)] for follows in state.view.remarks.values()]
    return shown(kind, clips, np.column_stack([rows, *best]))


def about_reasons(kind, state, episodes, n, rng):
    """Two episodes, each until the end of each of its parts."""
    clips = state.view.clips(episodes, 2 * n, rng)
    pairs = np.stack(random_pairs(len(clips), n, rng, state.view.together), axis=1)
    parts, rows = in_parts(state, clips[pairs.ravel()], rng)
    return shown(kind, parts, rows.reshape(n, 2 * PARTS))


ASK = {"preference": about_pairs, "ranking": about_sets, "rating": about_one, "thumb": about_one, "demonstration": about_tries,
       "correction": about_a_mend, "stop": about_stopping, "comment": about_remarks, "credit": about_reasons}
ALONE = [kind for kind, ask_about in ASK.items() if ask_about in (about_one, about_tries, about_a_mend, about_stopping)]


def drawn(size, n, rng):
    """n of the numbers below `size`, in random order, each at most once where there are enough."""
    return rng.permutation(size)[:n] if n <= size else rng.integers(size, size=n)


def in_parts(state, episodes, rng):
    """Each episode until the end of each of its parts: B * PARTS beginnings, and their rows (B, PARTS)."""
    lengths = np.ceil(np.outer(episodes.lengths, np.arange(1, PARTS + 1)) / PARTS).astype(int)
    beginnings = state.view.beginnings(state.game, episodes[np.repeat(np.arange(len(episodes)), PARTS)], lengths.ravel(), rng)
    return beginnings, np.arange(lengths.size).reshape(lengths.shape)


def random_pairs(n_episodes, n, rng, together=None):
    """n pairs of different rows, (n,) and (n,), drawn at random; with `together` the i-th pair from the i-th group of neighbours."""
    size = n_episodes if together is None else together
    if size < 2:
        raise ValueError(f"questions: expected at least 2 episodes to choose from, got {size}")
    first = rng.integers(size, size=n)
    second = (first + rng.integers(1, size, size=n)) % size
    group = 0 if together is None else together * np.arange(n)
    return group + first, group + second


def shown(kind, episodes, rows, place=None):
    """Questions of one kind that show these rows (n, G) of some episodes; without places (n, G), from left to right."""
    place = np.broadcast_to(np.arange(rows.shape[1]), rows.shape) if place is None else place
    return Questions(episodes, np.full(len(rows), kind, "<U16"), rows, place)


def most_disputed(questions, ensemble, n):
    """The n of these preferences on which the members of an ensemble disagree most about who wins.

    Source: Christiano et al. 2017, section 2.2.4 (variance of the predicted preference over the ensemble).
    """
    scores = ensemble.member_scores(questions.episodes)[:, questions.shows]      # (M, N, 2)
    wins = sigmoid(scores[..., 0] - scores[..., 1])
    return questions[np.sort(np.argsort(-wins.var(axis=0), kind="stable")[:n])]


def kinds_for(view, expert):
    """The kinds of feedback that a world has: those for which it has all that they need."""
    has = {None: True, "expert": expert is not None, "remarks": bool(view.remarks), "stops": view.stops, "parts": view.parts}
    return [name for name, kind in KINDS.items() if has[kind.needs]]
