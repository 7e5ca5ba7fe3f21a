"""Answers as rows for other libraries' trainers: nothing is lost on the way there and back."""
import copy
import json
import os
import re
from pathlib import Path

import numpy as np
import pytest

from tinyrlhf import cli, runs
from tinyrlhf.feedback.forms import Texts
from tinyrlhf.feedback.labels import as_labels, from_labels, labels_in
from tinyrlhf.feedback.rows import OURS, labels_of, metric_rows, read_rows, rows_of
from tinyrlhf.games.text import Text
from tinyrlhf.rlhf import rlhf
from tinyrlhf.worlds import build, find, text

TEXTS = [{"text": each} for each in ("rana", "lume", "orena", "")]
PROMPTED = [{"prompt": "what is tea?", **shown} for shown in TEXTS]


def label(kind, said, shows=TEXTS[:2], **more):
    return {"kind": kind, "who": "somebody", "round": 3, "said": said, "place": list(range(len(shows)))[::-1],
            "shows": shows, **more}


LABELS = [label("preference", [1], PROMPTED[:2]), label("preference", [2]), label("ranking", [2, 0, 3, 1], PROMPTED),
          label("rating", [4], TEXTS[:1]), label("rating", [0], TEXTS[3:]), label("thumb", [1], TEXTS[1:2]),
          label("thumb", [0], PROMPTED[1:2]), label("demonstration", [0], TEXTS), label("correction", [1]),
          label("correction", [0])]
UNSAID = [label("preference", "can't tell"), label("ranking", "skip", TEXTS), label("rating", [2], TEXTS[:1])]
FORMS = ("preference", "unpaired", "prompt-completion")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A run of a model that has read nothing, in which everything was asked that can be asked about texts."""
    folder, unread = tmp_path_factory.mktemp("run") / "text", np.random.default_rng(1)
    vector = text.character_model(Text(), unread).network.params.vector
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text, "pretrained_vector", lambda seed: vector)
        settings = find("text").settings(feedback="preference,ranking,rating,thumb,demonstration,correction",
                                         rounds=2, questions=3, person="skip")
        state = runs.begin(settings)
        state.updates_per_round = 2
        with runs.Run(runs.create(folder, settings), state) as run:
            rlhf(state, on_round=run.save)
        yield folder


def test_what_can_be_told_in_rows_comes_back_as_it_was():
    found = {}
    for form in FORMS:
        rows = json.loads(json.dumps(rows_of([*UNSAID, *LABELS], form)))
        for told in labels_of(rows[::-1]):
            found[json.dumps(told, sort_keys=True)] = told
    assert sorted(found) == sorted(json.dumps(each, sort_keys=True) for each in LABELS)


def test_the_answers_of_a_run_are_equal_after_the_round_trip(folder, tmp_path, capsys):
    capsys.readouterr()
    game, remarks = Text(), build("text").view.remarks
    told = labels_in(list(runs.events(folder / "feedback.jsonl")), runs.load(folder).plan)
    for form in FORMS:
        path = tmp_path / f"{form}.jsonl"
        assert cli.main(["export", str(folder), "--rows", form, "--out", str(path)]) == 0
        back = labels_of(read_rows(path))
        used = sorted({row[OURS]["n"] for row in read_rows(path)})
        assert as_labels(from_labels(back, game, Texts(), remarks), game, Texts(), 0, remarks) == [
            {**{name: told[n][name] for name in ("kind", "who", "said", "place", "shows")}, "round": 0} for n in used]
        assert f"{len(told) - len(used)} of {len(told)} answers are no {form} rows" in capsys.readouterr().err


def test_a_row_says_what_the_person_said():
    first, tie, *pairs, corrected = rows_of(LABELS, "preference")
    assert (first["prompt"], first["chosen"], first["rejected"]) == ("what is tea?", " lume", " rana")
    assert tie[OURS]["tie"] and (tie["chosen"], tie["rejected"]) == (" rana", " lume")
    assert not any(row[OURS]["tie"] for row in (first, *pairs, corrected))
    assert [(row["chosen"], row["rejected"]) for row in pairs] == [
        (" orena", " rana"), (" orena", " "), (" orena", " lume"), (" rana", " "), (" rana", " lume"), (" ", " lume")]
    assert (corrected["chosen"], corrected["rejected"]) == (" lume", " rana")
    assert [(row["completion"], row["label"]) for row in rows_of(LABELS, "unpaired")] == [
        (" rana", True), (" ", False), (" lume", True), (" lume", False)]
    assert [row["completion"] for row in rows_of(LABELS, "prompt-completion")] == [" rana", " lume", " rana"]
    assert rows_of([*UNSAID, *LABELS], "prompt-only") == [{"prompt": ""}, {"prompt": "what is tea?"}]


def test_pairs_of_elsewhere_become_preferences():
    dialogue = "\n\nHuman: hello\n\nAssistant: hi\n\nHuman: what is tea?\n\nAssistant:"
    rows = [{"chosen": dialogue + " dry leaves", "rejected": dialogue + " no"},
            {"prompt": "what is tea?", "chosen": " dry leaves", "rejected": "no"},
            {"chosen": "yes", "rejected": "no"}, {"prompt": "", "completion": " no", "label": False}]
    told = labels_of(rows)
    assert [each["kind"] for each in told] == ["preference"] * 3 + ["thumb"]
    assert [each["said"] for each in told] == [[0]] * 4 and {each["who"] for each in told} == {"imported"}
    assert [[shown["text"] for shown in each["shows"]] for each in told] == [
        ["dry leaves", "no"], ["dry leaves", "no"], ["yes", "no"], ["no"]]
    assert [each["shows"][0]["prompt"] for each in told] == [dialogue, "what is tea?", "", ""]


def test_a_reward_model_of_ours_learns_from_rows_of_elsewhere():
    rng, state = np.random.default_rng(0), build("text", seed=1)
    words = ["".join(rng.choice(list("aeiou"), 3)) for _ in range(60)]
    rows = [{"prompt": "", "chosen": " " + max(pair), "rejected": " " + min(pair)}
            for pair in zip(words, words[1:]) if pair[0].count("a") != pair[1].count("a")]
    for row in rows:
        row["chosen"], row["rejected"] = sorted([row["chosen"], row["rejected"]], key=lambda each: -each.count("a"))
    answers = from_labels(labels_of(rows), state.game, Texts())
    state.reward_model.fit(answers, rng)
    scores = state.reward_model.scores(answers.episodes)[answers.shows]
    assert (scores[:, 0] > scores[:, 1]).mean() > 0.95


@pytest.mark.parametrize("row", [{}, [], 7, {"chosen": "yes"}, {"chosen": "yes", "rejected": 3}, {"prompt": "hello"},
                                 {"prompt": 3, "chosen": "yes", "rejected": "no"}, {"tinyrlhf": {"n": 0}},
                                 {"chosen": "\n\nHuman: a\n\nAssistant: yes", "rejected": "no"},
                                 {"prompt": "", "completion": " no", "label": "x"}], ids=str)
def test_what_is_no_row_is_refused_by_its_number(row):
    mine = {**label("preference", [0]), "n": 0}
    for ours in ({**mine, "n": "1"}, {**mine, "n": []}, {"n": 1}):
        with pytest.raises(ValueError, match="row 2: expected prompt"):
            labels_of([{OURS: mine}, {OURS: ours}])
    with pytest.raises(ValueError, match="^row 2: expected"):
        labels_of([{"prompt": "", "chosen": " yes", "rejected": " no"}, row])


def test_a_file_that_is_none_and_a_run_without_texts_are_one_line(tmp_path, capsys):
    (tmp_path / "bad.jsonl").write_text('{"prompt": ""}\n{"prompt"\n')
    with pytest.raises(ValueError, match="bad.jsonl: expected a JSON object .* in line 2"):
        read_rows(tmp_path / "bad.jsonl")
    with pytest.raises(ValueError, match="rows: expected answers about texts"):
        rows_of([label("preference", [0], [{"states": []}] * 2)], "preference")
    assert cli.main(["export", str(tmp_path)]) == 2
    assert "expected a folder made by" in capsys.readouterr().err


def test_a_full_disk_leaves_no_half_of_an_export(folder, tmp_path, capsys, monkeypatch):
    def full(number):
        raise OSError(28, "No space left on device")

    out = tmp_path / "rows.jsonl"
    out.write_text("mine")
    assert cli.main(["export", str(folder), "--out", str(out)]) == 2
    assert "--out: expected a new file" in capsys.readouterr().err and out.read_text() == "mine"
    out.unlink()
    monkeypatch.setattr(os, "fsync", full)
    assert cli.main(["export", str(folder), "--out", str(out)]) == 2
    assert "No space left" in capsys.readouterr().err and not os.listdir(tmp_path)


def test_numbers_have_the_names_of_trl_where_they_are_the_same(folder, capsys):
    capsys.readouterr()
    assert cli.main(["export", str(folder), "--rows", "metrics"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    history = runs.load(folder).history
    assert [row["objective/kl"] for row in rows] == [row["kl"] for row in history]
    assert rows == json.loads(json.dumps(metric_rows(history))) and "kl" not in rows[0]
    assert metric_rows([{"loss": float("nan"), "kl": 1.0}]) == [{"loss": None, "objective/kl": 1.0}]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_trl_takes_a_step_of_dpo_and_of_its_reward_trainer_as_the_page_says(folder, tmp_path, monkeypatch):
    datasets = pytest.importorskip("datasets")
    pytest.importorskip("trl")
    import tokenizers
    import torch
    import transformers
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    assert cli.main(["export", str(folder), "--out", "preferences.jsonl"]) == 0
    told = read_rows("preferences.jsonl")
    data = datasets.load_dataset("json", data_files="preferences.jsonl", split="train")
    assert [(row["chosen"], row[OURS]["said"]) for row in data] == [(row["chosen"], row[OURS]["said"]) for row in told]
    symbols = ["<pad>", "<end>", "<unknown>", *" abcdefghijklmnopqrstuvwxyz"]
    letters = {letter: number for number, letter in enumerate(symbols)}
    words = tokenizers.Tokenizer(tokenizers.models.WordLevel(letters, unk_token="<unknown>"))
    words.pre_tokenizer = tokenizers.pre_tokenizers.Split("", "isolated")
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=words, pad_token="<pad>", eos_token="<end>",
                                                     unk_token="<unknown>", bos_token="<end>")
    shape = transformers.GPT2Config(vocab_size=len(letters), n_positions=64, n_embd=16, n_layer=1, n_head=2,
                                    pad_token_id=0, bos_token_id=1, eos_token_id=1, num_labels=1)
    torch.manual_seed(0)
    model = transformers.GPT2LMHeadModel(shape)
    settings = dict(output_dir="out", max_steps=1, per_device_train_batch_size=4, report_to=[], use_cpu=True,
                    bf16=False, logging_steps=1, save_strategy="no")
    given = {"model": model, "reference": copy.deepcopy(model), "tokenizer": tokenizer, "settings": settings,
             "reward_model": transformers.GPT2ForSequenceClassification(shape)}
    before = {name: [value.clone() for value in given[name].parameters()] for name in ("model", "reward_model")}
    page = Path(__file__).parent.parent.joinpath("lessons/TO_THE_LARGE.md").read_text(encoding="utf-8")
    code = re.search(r"```python\n(.*?)```", page, re.DOTALL)[1]
    exec(compile(code, "TO_THE_LARGE.md", "exec"), given)                  # our own page
    for name, trainer, metric in (("reward_model", "fit", "accuracy"), ("model", "improve", "rewards/accuracies")):
        assert any(not torch.equal(*pair) for pair in zip(before[name], given[name].parameters())), name
        logged = given[trainer].state.log_history[0]
        assert np.isfinite(logged["loss"]) and metric in logged
