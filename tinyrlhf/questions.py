"""Ask: which episodes should a person be shown, and how? A function for each kind, in `ASK`."""
import numpy as np

from tinyrlhf.episodes import cut_at, join, rollout, steps_left
from tinyrlhf.feedback.answers import KINDS, PARTS, Questions

RANKED = 4  # episodes in a ranking
MANY = 8  # candidates for each question, where a criterion chooses
TRIES = 3  # beside a demonstration
PLAYS_FOR_REMARKS = 16  # plays among which one is looked for that follows a remark


class View:
    """What of a world people get to see; each world overrides what differs.

    together: compare only episodes that began alike, neighbours in groups of so many; None: any.
    tries: whose tries stand beside a demonstration, "policy" or "reference".
    stops, parts: may an episode be stopped early; are its parts worth a mark?
    remarks: {what people say: function episodes -> (B,), how well each follows it}.
    certain: function episodes -> (B,), 1 good and -1 bad for whoever judges, else 0; None: never.
    """
    together = None
    tries = "policy"
    stops = True
    parts = True
    remarks: dict = {}
    certain = None

    def clips(self, episodes, n, rng, to_act=False):
        """What n questions can be about; `to_act`: so that a person can take over. Here: all."""
        return episodes

    def beginnings(self, game, episodes, lengths, rng):
        """The first `lengths` (B,) steps of each episode, as something that can be judged."""
        return cut_at(episodes, lengths)

    def plays_needed(self, kind, n, state):
        """How many episodes to play for n questions, and how many neighbours begin alike."""
        if self.together is None:
            return state.episodes_per_update, state.group
        alike = 1 if ASK[kind] in ABOUT_SINGLE_PLAYS else self.together
        return n * alike, alike


def kinds_for(view, expert):
    """The kinds of feedback that a world has: those for which there is all that they need."""
    has = {None: True, "expert": expert is not None, "remarks": bool(view.remarks),
           "stops": view.stops, "parts": view.parts}
    return [name for name, kind in KINDS.items() if name in ASK and has[kind.needs]]


def n_candidates(kind, state, n):
    """Among how many questions n are chosen: no more where nobody knows what will be done."""
    chosen = state.criterion is not None and KINDS[kind].needs != "expert"
    return MANY * n if chosen else n


def ask(kind, state, episodes, n):
    """n questions of a kind about these episodes of the policy, chosen by the state's criterion."""
    rng = state.rngs["questions"]
    candidates = ASK[kind](kind, state, episodes, n_candidates(kind, state, n), rng)
    if len(candidates) == n:
        return candidates
    return state.criterion(candidates, state.reward_model, n, rng)


def about_pairs(kind, state, episodes, n, rng):
    """Two different episodes; a coin decides which one is shown on the left."""
    clips = state.view.clips(episodes, 2 * n, rng)
    rows = random_pairs(len(clips), n, rng, state.view.together)
    place = np.where(rng.random((n, 1)) < 0.5, [0, 1], [1, 0])
    return shown(kind, clips, np.stack(rows, axis=1), place)


def about_sets(kind, state, episodes, n, rng):
    """Four different episodes: those of one group of neighbours, or any."""
    clips = state.view.clips(episodes, RANKED * n, rng)
    if state.view.together is not None:
        together = state.view.together
        members = np.arange(min(RANKED, together))
        return shown(kind, clips, together * np.arange(n)[:, None] + members)
    return shown(kind, clips, rng.random((n, len(clips))).argsort(axis=1)[:, :RANKED])


def about_one(kind, state, episodes, n, rng):
    """A single episode."""
    clips = state.view.clips(episodes, n, rng)
    return shown(kind, clips, drawn(len(clips), n, rng)[:, None])


def about_tries(kind, state, episodes, n, rng):
    """Somebody is to show how it is done, beside tries from the same start.

    Until they have, the first column is what the policy did.
    """
    clips = state.view.clips(episodes, n, rng, to_act=True)
    asked = clips[drawn(len(clips), n, rng)]
    again = np.repeat(np.arange(n), TRIES)
    left = steps_left(state.game, asked)[again]
    tried = rollout(state.game, getattr(state, state.view.tries), asked.states[again, 0], rng,
                    asked.first_step[again], int(left.max()))
    rows = np.column_stack([np.arange(n), n + np.arange(n * TRIES).reshape(n, TRIES)])
    return shown(kind, join([asked, cut_at(tried, left)]), rows)


def about_mending(kind, state, episodes, n, rng):
    """Somebody is to mend an episode; until they have, the second column is the same."""
    clips = state.view.clips(episodes, n, rng, to_act=True)
    rows = drawn(len(clips), n, rng)
    return shown(kind, clips, np.stack([rows, rows], axis=1))


def about_stopping(kind, state, episodes, n, rng):
    """An episode until the end of each of its parts."""
    clips = state.view.clips(episodes, n, rng)
    return shown(kind, *in_parts(state, clips[drawn(len(clips), n, rng)], rng))


def about_remarks(kind, state, episodes, n, rng):
    """An episode, and for each remark the one of several others that follows it best."""
    clips = state.view.clips(episodes, PLAYS_FOR_REMARKS * n, rng)
    rows = drawn(len(clips), n, rng)
    others = rng.integers(len(clips), size=(n, PLAYS_FOR_REMARKS))
    if state.view.together is not None:
        rows = state.view.together * np.arange(n)
        others = rows[:, None] + np.arange(state.view.together)
    columns = [rows]
    for follows in state.view.remarks.values():
        best = follows(clips)[others].argmax(axis=1)
        columns.append(others[np.arange(n), best])
    return shown(kind, clips, np.column_stack(columns))


def about_reasons(kind, state, episodes, n, rng):
    """Two episodes, each until the end of each of its parts."""
    clips = state.view.clips(episodes, 2 * n, rng)
    pairs = np.stack(random_pairs(len(clips), n, rng, state.view.together), axis=1)
    beginnings, rows = in_parts(state, clips[pairs.ravel()], rng)
    return shown(kind, beginnings, rows.reshape(n, 2 * PARTS))


ASK = {"preference": about_pairs, "ranking": about_sets, "rating": about_one, "thumb": about_one,
       "demonstration": about_tries, "correction": about_mending, "stop": about_stopping,
       "comment": about_remarks, "credit": about_reasons}
ABOUT_SINGLE_PLAYS = (about_one, about_tries, about_mending, about_stopping)


def in_parts(state, episodes, rng):
    """Each episode until the end of each part: B * PARTS beginnings, and their rows (B, PARTS)."""
    ends = np.outer(episodes.lengths, np.arange(1, PARTS + 1)) / PARTS
    lengths = np.ceil(ends).astype(int)
    again = episodes[np.repeat(np.arange(len(episodes)), PARTS)]
    beginnings = state.view.beginnings(state.game, again, lengths.ravel(), rng)
    return beginnings, np.arange(lengths.size).reshape(lengths.shape)


def random_pairs(n_episodes, n, rng, together=None):
    """n pairs of different rows, (n,) and (n,); `together`: the i-th from the i-th such group."""
    size = n_episodes if together is None else together
    if size < 2:
        raise ValueError(f"questions: expected at least 2 episodes to choose from, got {size}")
    first = rng.integers(size, size=n)
    second = (first + rng.integers(1, size, size=n)) % size
    start = 0 if together is None else together * np.arange(n)
    return start + first, start + second


def drawn(size, n, rng):
    """n of the numbers below `size` in random order, none twice where there are enough."""
    return rng.permutation(size)[:n] if n <= size else rng.integers(size, size=n)


def shown(kind, episodes, rows, place=None):
    """Questions that show these rows (n, G) of some episodes, at places (n, G); else in order."""
    place = np.broadcast_to(np.arange(rows.shape[1]), rows.shape) if place is None else place
    return Questions(episodes, np.full(len(rows), kind, "<U16"), rows, place)
