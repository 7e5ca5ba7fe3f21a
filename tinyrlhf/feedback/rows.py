"""Answers about texts as the rows that TRL's trainers read, and back; a JSON object a line.

    preference         prompt, chosen, rejected     preferences, rankings, corrections   DPO, reward
    unpaired           prompt, completion, label    thumbs; ratings, but not the middle  KTO
    prompt-completion  prompt, completion           demonstrations, corrections          SFT
    prompt-only        prompt                       whatever was asked, each once        GRPO, RLOO
    metrics            a round's numbers, with TRL's names where the quantity is the same

A completion begins with a space, a prompt does not end with one. Each row has one more column,
`tinyrlhf`: the answer as our log has it, number `n` among the answers, so that a ranking is found
again in its pairs. For "same" (`tie` there is true) chosen and rejected are alike, first and
second; a trainer that is told nothing of ties should not see these rows.
Source: TRL's documentation, "Dataset formats and types"; it names no column for ties.
"""
import itertools
import json

from tinyrlhf.checks import check_choice
from tinyrlhf.feedback.answers import GRADES, SAME
from tinyrlhf.saving import finite, open_regular

OURS = "tinyrlhf"
TURN = "\n\nAssistant:"  # what a dialogue of Anthropic's public data set asks for last
COLUMNS = ("kind", "who", "round", "said", "place", "shows")  # of ours, in `OURS`
METRICS = {"kl": "objective/kl", "learned_return": "objective/scores",
           "length": "completions/mean_length", "reward_model_accuracy": "accuracy"}


def rows_of(labels, rows):
    """The rows of this form, "preference", "unpaired", ..., of labels about texts.

    labels: as `feedback.labels.labels_in` gives them; those that say nothing are no rows.
    """
    check_choice("rows", rows, FORMS)
    if any("text" not in shown for label in labels for shown in label["shows"]):
        raise ValueError("rows: expected answers about texts, as those of text and chat; got "
                         "episodes of a game")
    told = []
    for n, label in enumerate(labels):
        ours = {name: label[name] for name in COLUMNS}
        said_nothing = isinstance(label["said"], str) and label["kind"] != "comment"
        if said_nothing and rows != "prompt-only":
            continue
        for row, more in FORMS[rows](label):
            told.append({**row, OURS: {"n": n, **ours, **more}})
    if rows == "prompt-only":
        return [{"prompt": prompt} for prompt in dict.fromkeys(row["prompt"] for row in told)]
    return told


def preference_rows(label):
    """[(row, what ours adds)]; of a ranking each pair, of a correction what came of it first."""
    said, shows = label["said"], label["shows"]
    tie = label["kind"] == "preference" and said[0] == SAME
    if tie:
        pairs = [(0, 1)]
    elif label["kind"] == "preference":
        pairs = [(said[0], 1 - said[0])]
    elif label["kind"] == "ranking":
        pairs = itertools.combinations(said, 2)
    elif label["kind"] == "correction" and said[0] == 1:
        pairs = [(1, 0)]
    else:
        pairs = []
    return [({**asked(shows[better]), "chosen": completion(shows[better]),
              "rejected": completion(shows[worse])}, {"tie": tie}) for better, worse in pairs]


def unpaired_rows(label):
    n_grades = {"thumb": 2, "rating": GRADES}.get(label["kind"], 0)
    middle = (n_grades - 1) / 2
    if not n_grades or label["said"][0] == middle:
        return []
    shown = label["shows"][0]
    return [({**asked(shown), "completion": completion(shown),
              "label": label["said"][0] > middle}, {})]


def completion_rows(label):
    if label["kind"] not in ("demonstration", "correction"):
        return []
    shown = label["shows"][label["said"][0]]
    return [({**asked(shown), "completion": completion(shown)}, {})]


def prompt_rows(label):
    return [(asked(label["shows"][0]), {})]


FORMS = {"preference": preference_rows, "unpaired": unpaired_rows,
         "prompt-completion": completion_rows, "prompt-only": prompt_rows}


def metric_rows(history):
    """The rounds of a run, (round) dicts of numbers, as a TRL trainer would log them."""
    return [{METRICS.get(name, name): finite(row[name]) for name in row} for row in history]


def asked(shown):
    return {"prompt": shown.get("prompt", "").rstrip(" ")}


def completion(shown):
    return " " + shown["text"]


def labels_of(rows):
    """Undo `rows_of`: the labels, each once, in the order of their numbers.

    Rows of elsewhere have no column of ours: a pair, with its prompt or with a dialogue in the
    style of Anthropic's public data set, becomes a preference, an unpaired row a thumb, of a
    person called "imported". What is neither is a ValueError that names its row.
    """
    known, labels = {}, []
    for number, row in enumerate(rows, 1):
        try:
            ours = row.get(OURS)
            if ours is None:
                labels.append(label_of(row))
            elif ours["n"] + 0 not in known:  # a number
                known[ours["n"]] = {name: ours[name] for name in COLUMNS}
        except (LookupError, TypeError, AttributeError):
            raise ValueError(f"row {number}: expected prompt, chosen and rejected, or prompt, "
                             f"completion and label, as texts; got {str(row)[:80]}") from None
    return [*(known[n] for n in sorted(known)), *labels]


def label_of(row):
    """A label of one row that was made elsewhere."""
    if "chosen" in row:
        chosen, rejected = row["chosen"], row["rejected"]
        prompt = row.get("prompt")
        if prompt is None:
            end = chosen.rindex(TURN) + len(TURN) if TURN in chosen else 0
            prompt = chosen[:end]
            if not rejected.startswith(prompt):
                raise KeyError("another prompt")
            chosen, rejected = chosen[end:], rejected[end:]
        kind, said, texts = "preference", 0, [chosen, rejected]
    else:
        kind, said, texts = "thumb", {False: 0, True: 1}[row["label"]], [row["completion"]]
        prompt = row["prompt"]
    return {"kind": kind, "who": "imported", "round": 0, "said": [said],
            "place": list(range(len(texts))),
            "shows": [{"prompt": prompt + "", "text": text.removeprefix(" ")} for text in texts]}


def read_rows(path):
    """The rows of a file, one JSON object a line; a line that is none is a ValueError."""
    rows = []
    with open_regular(path) as file:
        for number, line in enumerate(file, 1):
            try:
                rows.append(json.loads(line))
            except (ValueError, RecursionError):
                got = line[:60].decode(errors="replace")
                raise ValueError(f"{path}: expected a JSON object in each line, got {got!r} "
                                 f"in line {number}") from None
    return rows
