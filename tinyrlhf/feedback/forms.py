"""How are answers written to the log, and read back? As what was shown and what was said, so that anybody can learn from it again.

A label in the log (format 2):

    {"kind": "preference", "who": "simulated", "round": 3, "said": [1], "place": [1, 0], "shows": [episode, episode]}

`said` is as in `feedback/answers.py`, but the words of a remark instead of its number, and "can't tell" or "skip" where nothing was
said. A world says in which form an episode is written: `Steps`, or `Texts`.
"""
import numpy as np

from tinyrlhf.checks import check_range
from tinyrlhf.episodes import Episodes, join, replay
from tinyrlhf.feedback.answers import CANT_TELL, KINDS, SKIP, Questions

UNSAID = {"can't tell": CANT_TELL, "skip": SKIP}
OLD_UNSAID = {"cant tell": "can't tell", "skip": "skip"}               # as format 1 spelt them
OLD_SAID = {"first": [0], "second": [1], "same": [2]}


class Steps:
    """An episode as its states and actions, step by step, without padding."""

    def write(self, game, episodes, row):
        """One episode as plain lists and numbers."""
        length = int(episodes.lengths[row])
        return {"first_step": int(episodes.first_step[row]), "ended": bool(episodes.ended[row]),
                "states": episodes.states[row, :length + 1].tolist(), "actions": episodes.actions[row, :length].tolist(),
                "rewards": episodes.true_rewards[row, :length].tolist()}

    def read(self, game, written):
        """Undo `write` for a list of episodes; nobody remembers how likely their actions were."""
        like = game.start(1, np.random.default_rng(0))
        return join([read_steps(game, each, like) for each in written])


def read_steps(game, written, like):
    """One episode (as a stack of one); `like`: any states of the game, for shape and type."""
    states, actions = np.array(written["states"], like.dtype)[None], np.array(written["actions"])[None]
    if hasattr(game, "n_states"):
        check_range("states", states.min(), 0, game.n_states - 1)
        check_range("states", states.max(), 0, game.n_states - 1)
    if hasattr(game, "n_actions") and actions.size:
        check_range("actions", actions.min(), 0, game.n_actions - 1)
        check_range("actions", actions.max(), 0, game.n_actions - 1)
    length = actions.shape[1]
    if states.shape != (1, length + 1, *like.shape[1:]):
        raise ValueError(f"states: expected {length + 1} of shape {like.shape[1:]}, got {states.shape[1:]}; is it another world's?")
    rewards = written.get("rewards", [0.0] * length)                   # format 1 did not keep them
    return Episodes(states=states, observations=game.observe(states), actions=actions, log_probs=np.zeros((1, length)),
                    mask=np.ones((1, length), bool), ended=np.array([written["ended"]]),
                    first_step=np.array([written["first_step"]]), true_rewards=np.array(rewards, float)[None])


class Texts:
    """An episode as its prompt, if there is one, and what was written: a game with texts knows the rest."""

    def write(self, game, episodes, row):
        """One finished text as plain strings."""
        written = {"text": game.decode(episodes.states[row:row + 1, -1])[0]}
        return {"prompt": game.asked(episodes.states[row:row + 1, 0])[0], **written} if hasattr(game, "asked") else written

    def read(self, game, written):
        """Undo `write` for a list of texts."""
        texts = [each["text"] for each in written]
        prompts = [[each["prompt"] for each in written]] if hasattr(game, "ask") else []
        states = game.ask(*prompts) if prompts else game.start(len(texts), None)
        return replay(game, states, *game.demonstrations(*prompts, texts)[1:], np.random.default_rng(0))


def as_labels(answers, game, form, round_number, remarks=()):
    """Answers as a list of labels (dicts) for the log; remarks: what people may say, in the order of their numbers."""
    names = {number: words for words, number in UNSAID.items()}
    labels = []
    for kind, who, said, place, shows in zip(answers.kind.tolist(), answers.person.tolist(), answers.said.tolist(),
                                             answers.place.tolist(), answers.shows.tolist()):
        rows = [row for row in shows if row >= 0]
        words = [number for number in said[:max(len(rows), 2)] if number >= 0]
        if said[0] < 0:
            words = names[said[0]]
        elif KINDS[kind].needs == "remarks" and said[0] > 0:
            words = list(remarks)[said[0] - 1]
        labels.append({"kind": kind, "who": who, "round": round_number, "said": words, "place": place[:len(rows)],
                       "shows": [form.write(game, answers.episodes, row) for row in rows]})
    return labels


def from_labels(labels, game, form, remarks=()):
    """Undo `as_labels`: Answers. What does not fit is a ValueError that says what was expected."""
    labels = [modern(label) for label in labels]
    written, shows, said = [], [], []
    for label in labels:
        shows.append(len(written) + np.arange(len(label["shows"])))
        written += label["shows"]
        said.append(said_of(label, list(remarks)))
    questions = Questions(form.read(game, written), np.array([str(label["kind"]) for label in labels], "<U16"), padded(shows),
                          padded([label["place"] for label in labels]))
    return questions.answered(padded(said), np.array([str(label["who"]) for label in labels]))


def said_of(label, remarks):
    """What was said, as a list of numbers."""
    said = label["said"]
    if not isinstance(said, str):
        return said
    if said in UNSAID:
        return [UNSAID[said]]
    if said not in remarks:
        raise ValueError(f"said: expected {', '.join(map(repr, [*UNSAID, *remarks]))}, got {said!r}")
    return [1 + remarks.index(said)]


def modern(label):
    """A label of format 1 as one of format 2; others as they are."""
    if "kind" in label:
        return label
    if label.get("verb") == "rank":
        shows = [{"prompt": label["prompt"], "text": text} for text in label["options"]]
        return {"kind": "ranking", "who": label["who"], "said": label["order"], "place": list(range(len(shows))), "shows": shows}
    answer = label["ans"]
    place = [0, 1] if label["left"] == "first" else [1, 0]
    return {"kind": "preference", "who": label["who"], "said": OLD_SAID.get(answer) or OLD_UNSAID[answer], "place": place,
            "shows": [label["first"], label["second"]]}


def padded(rows):
    """Lists of whole numbers of unequal length as one table, -1 where there is none."""
    widest = max(map(len, rows), default=0)
    table = np.array([[*row, *[-1] * (widest - len(row))] for row in rows])
    if table.size and table.dtype.kind != "i":
        raise ValueError(f"expected lists of whole numbers, got {table.dtype}")
    return table.astype(int).reshape(len(rows), widest)
