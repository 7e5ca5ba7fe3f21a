"""How are answers written to the log, and read back? As what was shown, and what was said.

A label in the log (format 2):

    {"kind": "preference", "who": "simulated", "round": 3, "said": [1], "place": [1, 0],
     "shows": [episode, episode]}

`said` is as in `feedback/answers.py`, but the words of a remark instead of its number, and "can't
tell" or "skip" where nothing was said. Episodes are written as the world says (`forms.py`).
"""
import numpy as np

from tinyrlhf.checks import check_whole
from tinyrlhf.feedback.answers import CANT_TELL, KINDS, SKIP, Questions

UNSAID = {"can't tell": CANT_TELL, "skip": SKIP}
OLD_SAID = {"first": [0], "second": [1], "same": [2], "cant tell": "can't tell", "skip": "skip"}


def as_labels(answers, game, form, round_number, remarks=()):
    """Answers as labels (dicts) for the log; remarks: what people may say, in their order."""
    labels = []
    for i in range(len(answers)):
        rows = answers.shows[i][answers.shows[i] >= 0]
        labels.append({"kind": str(answers.kind[i]), "who": str(answers.person[i]),
                       "round": round_number, "said": said_in_words(answers, i, len(rows), remarks),
                       "place": answers.place[i, :len(rows)].tolist(),
                       "shows": [form.write(game, answers.episodes, row) for row in rows]})
    return labels


def said_in_words(answers, i, n_shown, remarks):
    """What was said in answer i, as it stands in a label."""
    said = answers.said[i].tolist()
    for words, number in UNSAID.items():
        if said[0] == number:
            return words
    if KINDS[str(answers.kind[i])].needs == "remarks" and said[0] > 0:
        return list(remarks)[said[0] - 1]
    return [number for number in said[:max(n_shown, 2)] if number >= 0]


def said_of(label, remarks):
    """Undo `said_in_words`: a list of numbers."""
    said = label["said"]
    if not isinstance(said, str):
        return said
    if said in UNSAID:
        return [UNSAID[said]]
    if said not in remarks:
        raise ValueError(f"said: expected {', '.join(map(repr, [*UNSAID, *remarks]))}, "
                         f"got {said!r}")
    return [1 + remarks.index(said)]


def from_labels(labels, game, form, remarks=()):
    """Undo `as_labels`; what does not fit is a ValueError."""
    written, shows = [], []
    for label in labels:
        shows.append(len(written) + np.arange(len(label["shows"])))
        written += label["shows"]
    said = padded([said_of(label, list(remarks)) for label in labels], at_least=2)
    kinds = np.array([str(label["kind"]) for label in labels], "<U16")
    questions = Questions(form.read(game, written), kinds, padded(shows),
                          padded([label["place"] for label in labels]))
    return questions.answered(said, np.array([str(label["who"]) for label in labels]))


def labels_in(events, plan):
    """The labels among the events of a log, those of format 1 as they would be in format 2.

    That one knew no rounds: what was said belongs to one round of the plan after the other.
    """
    asked = [stage.questions * len(stage.kinds) for stage in plan]
    rounds = iter(np.repeat(np.arange(1, len(plan) + 1), asked).tolist())
    labels = [event for event in events if event["k"] == "label" and "ballot" not in event]
    labels = [{"round": next(rounds, 0), **modern(label)} if label["v"] == 1 else label
              for label in labels]
    finished = {event["round"] for event in events if event["k"] == "asked"}
    of_ballots = [event for event in events if event.get("round") in finished]
    return labels + counted(of_ballots)


def counted(events):
    """The labels that count of what people said at a face (`sessions.py`), each with its `shows`.

    In the order of the questions.
    """
    shows = {}
    for event in events:
        if event["k"] == "show" and "shows" in event:
            shown = {name: event[name] for name in ("shows", "typed") if name in event}
            shows[event["round"], event["q"]] = shown
    labels = [vote for vote in votes_in(events).values() if vote["k"] == "label"]
    labels.sort(key=lambda vote: (vote["round"], vote["q"], vote["ballot"], vote["who"]))
    return [{**shows.get((vote["round"], vote["q"]), {}), **vote} for vote in labels]


def votes_in(events):
    """The last answer of each person to each ballot that was not undone.

    {(round, ballot, who): event}; `check` answers repeated and certain questions.
    """
    votes = {}
    for event in events:
        if event["k"] in ("label", "check") and "ballot" in event:
            votes[event["round"], event["ballot"], event["who"]] = event
        elif event["k"] == "undo":
            ballot = event["round"], event["ballot"]
            for key in [key for key in votes if key[:2] == ballot]:
                if event["who"] in (None, key[2]):
                    del votes[key]
    return votes


def modern(label):
    """A label of format 1 as it would be in format 2, but for its round."""
    if label["verb"] == "rank":
        shows = [{"prompt": label["prompt"], "text": text} for text in label["options"]]
        return {"kind": "ranking", "who": label["who"], "said": label["order"],
                "place": list(range(len(shows))), "shows": shows}
    shows = [{**each, "rewards": [0.0] * len(each["actions"])}  # it did not keep them
             for each in (label["first"], label["second"])]
    return {"kind": "preference", "who": label["who"], "said": OLD_SAID[label["ans"]],
            "place": [0, 1] if label["left"] == "first" else [1, 0], "shows": shows}


def padded(rows, at_least=0):
    """Lists of whole numbers of unequal length as one table, -1 where there is none."""
    table = np.full((len(rows), max([at_least, *map(len, rows)])), -1)
    for row, numbers in zip(table, rows):
        for number in numbers:
            check_whole("number", number, -2 ** 31, 2 ** 31)
        row[:len(numbers)] = numbers
    return table
