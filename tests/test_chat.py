"""Does a finished chat run say what came out of it, and do its stages answer whatever people type?"""
import functools
import io
import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from tinyrlhf import report, runs, saving
from tinyrlhf.faces.talk import replies, talk
from tinyrlhf.games.language import Language, words_of
from tinyrlhf.rlhf import rlhf
from tinyrlhf.worlds import find
from tinyrlhf.worlds._chat_report import ChatReport, samples

sys.path.insert(0, str(Path(__file__).parent))
from small_chat import SMALL_CHAT  # noqa: E402

STAGES = ["pretrained", "sft", "rl"]
KEPT = {"true_return", "real_words", "kl", "bits_per_character", "unkind", "length", "distinct"}


def saved_run(folder, stages=None, **changes):
    """A small run on disk; returns its settings and its state."""
    settings = SMALL_CHAT.settings(**{"seed": 3, "questions": 6, **changes})
    state = runs.begin(settings)
    with runs.Run(runs.create(folder, settings), state) as at_work:
        rlhf(state, stages, on_round=at_work.save)
    return settings, state


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    """The folder of a small run."""
    folder = tmp_path_factory.mktemp("chat") / "one"
    saved_run(folder)
    return str(folder)


def heard(capsys, folder, *lines, seed=0):
    """What `tinyrlhf chat` prints below its greeting when these lines are typed."""
    talk(folder, seed, lines)
    return capsys.readouterr().out.splitlines()[1:]


# ---- talking

@pytest.mark.slow
def test_all_stages_answer_side_by_side_and_equal_seeds_say_the_same(capsys, one):
    talk(one, 0, ["what is tea?", "what is rain?"])
    greeting, *lines = capsys.readouterr().out.splitlines()
    assert "'what is a cat?'" in greeting and "Ctrl-D" in greeting
    assert [line.split()[0] for line in lines] == STAGES * 2
    assert all(re.search(r"reward +-?\d+\.\d   log-probability +-\d+\.\d$", line) for line in lines)
    assert heard(capsys, one, "what is tea?", "what is rain?") == lines != heard(capsys, one, "what is tea?",
                                                                                 "what is rain?", seed=1)


def test_the_reward_and_the_probability_that_are_shown_are_those_of_the_text(one):
    state = runs.load(one)
    for name in STAGES:
        texts, learned, log_probs = replies(state, name, ["what is tea?", "zzz"], np.random.default_rng(0))
        observations, actions, mask = state.game.demonstrations(["what is tea?", "zzz"], texts)
        expected = np.where(mask, state.snapshots[name].log_probs(observations, actions)[0], 0.0).sum(axis=1)
        assert np.allclose(log_probs, expected, atol=1e-3) and np.isfinite(learned).all() and (log_probs < 0).all()
    assert np.ptp(learned) > 0


def test_words_outside_the_vocabulary_get_a_hint_and_an_answer(capsys, one):
    for prompt, word in (("what is quantum?", "quantum"), ("explain xyzzy.", "xyzzy"), ("catt", "catt")):
        hint, *answers = heard(capsys, one, prompt)
        assert hint.startswith(f"  '{word}' is no word of this language")
        assert any(f"Try {known!r}" in hint for known in Language().prompts)
        assert [line.split()[0] for line in answers] == STAGES
    lines = heard(capsys, one, "What IS tea?  ")                       # as it should be, but for capitals and spaces
    assert len(lines) == 3 and lines == heard(capsys, one, "what is tea?")


@pytest.mark.parametrize("typed, complaint", [
    ("what is the meaning of all this?", "at most 18 characters, got 32"), ("tea, please", "got ','"),
    ("2 teas", "got '2'"),
    ("caf\u00e9", "got '\u00e9'"), ("a\x1b[31m", "'a\\x1b[31m'"), ("\u202etea", "got '\\u202e'"),
    ("caf\ufffd", "got '\ufffd'"),
    ("x" * 5000, "at most 18 characters, got 5000")])
def test_what_cannot_be_read_gets_one_line_and_the_next_question_an_answer(capsys, one, typed, complaint):
    complained, *answers = heard(capsys, one, typed, "what is tea?")
    assert complained.startswith("  ") and complaint in complained and complained.isprintable()
    assert [line.split()[0] for line in answers] == STAGES


def test_an_empty_line_or_the_end_of_the_input_ends_the_talk(capsys, one, monkeypatch):
    assert heard(capsys, one) == heard(capsys, one, "", "what is tea?") == heard(capsys, one, "   \n") == []
    monkeypatch.setattr(sys, "stdin", io.StringIO("what is tea?\n"))
    talk(one)
    assert len(capsys.readouterr().out.splitlines()) == 4


@pytest.mark.slow
def test_a_run_that_asked_nobody_talks_too(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr("tinyrlhf.rlhf.std_of_returns", lambda game, policy: 1.0)
    saved_run(tmp_path / "true", person="nobody")
    lines = heard(capsys, tmp_path / "true", "what is tea?")
    assert len(lines) == 3 and not any("reward" in line for line in lines)


def test_only_finished_chat_runs_talk(tmp_path):
    saved_run(tmp_path / "half", stages=2)
    bandit = find("bandit").settings(rounds=1)
    state = runs.begin(bandit)
    with runs.Run(runs.create(tmp_path / "bandit", bandit), state) as at_work:
        rlhf(state, on_round=at_work.save)
    runs.create(tmp_path / "new", find("chat").settings())
    for name, sentence in (("bandit", "is a run on bandit"),
                           ("new", "stopped before its first round was done.*run chat --resume"),
                           ("half", "has 2 of 3 rounds; finish it with `python .*small_chat.py --resume"),
                           ("missing", "has no run.json")):
        with pytest.raises(ValueError, match=sentence) as error:
            talk(tmp_path / name, 0, ["what is tea?"])
        assert "\n" not in str(error.value)


# ---- what came out

@pytest.mark.parametrize("changes", [{}, *(pytest.param(changes, marks=pytest.mark.slow) for changes in (
    {"rounds": 2, "reward": "ensemble", "language": "sentiment", "person": "coin"}, {"person": "nobody"}))],
                         ids=lambda changes: " ".join(map(str, changes.values())) or "default")
def test_the_result_has_what_was_promised_and_the_report_says_it(tmp_path, monkeypatch, changes):
    monkeypatch.setattr(report, "held_out", functools.partial(report.held_out, n=40))
    settings, state = saved_run(tmp_path / "one", **changes)
    result, asked = report.measure(settings, state), settings["person"] != "nobody"
    names = [stage.name for stage in state.plan]
    assert result["answers"] == 12 + 6 * settings["rounds"] * asked and result["seed"] == 3
    assert result["world"] == "small_chat"
    assert result["comparisons"] == 12 + 36 * settings["rounds"] * asked                   # a ranking of four says six
    assert list(result["stages"]) == names and all(set(row) == KEPT for row in result["stages"].values())
    assert result["return_optimal"] == 2.5 and np.isnan(result["objective_optimal"])
    assert (result["return_on_true_reward"] is None) == (result["reward_model_accuracy"] is not None) == asked
    assert len(result["without_kl_penalty"]) == 2 * asked
    json.dumps(saving.finite(result), allow_nan=False)
    assert result["samples"] == samples(state) and len(result["samples"]) == 4
    assert set(result["samples"]) <= set(state.game.prompts)
    assert all(list(answers) == names for answers in result["samples"].values())
    text = report.sentences(settings, {**result, "seconds": 1.0, "out": "here"})
    assert all(word in text for word in [*names, *result["samples"], "here", "seed 3"]) and text.isascii()
    assert "nan" not in text
    assert ("without KL penalty" in text) == ("fresh comparisons" in text) == asked


def test_the_figure_shows_every_stage_and_the_run_without_a_kl_penalty_if_there_was_one():
    stages = {name: {"true_return": value, "unkind": 0.1} for name, value in zip(STAGES, (-0.5, 1.0, 2.0))}
    texts = {"what is tea?": dict.fromkeys(STAGES, "tea is hot.")}
    curve = [{"kl": float(k), "true_return": 1.0, "learned_return": k, "person_prefers": 0.5,
              "reward_model_prefers": 1.0, "sample": "?"}
             for k in range(3)]
    for rows, axes in ((curve, 4), ([], 2)):
        figure, data = ChatReport().figure("a claim", {"stages": stages, "samples": texts, "without_kl_penalty": rows})
        assert len(figure.axes) == axes and figure.texts[0].get_text() == "a claim" and data["curve"] == rows
        written = [text.get_text() for axis in figure.axes for text in axis.texts]
        assert "tea is hot." in written and "2.0" in written


def test_words_are_runs_of_letters_and_the_phrases_are_all_vocabulary():
    assert words_of("sure! tea is hot.") == ["sure", "tea", "is", "hot"] and words_of(" .!?") == []
    game = Language()
    assert {"tea", "sure", "cat", "fool", "winter"} <= game.vocabulary and "explain" in game.vocabulary
