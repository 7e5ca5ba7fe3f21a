"""Does a finished chat run say what came out of it, and do its stages answer whatever people type?"""
import io
import json
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from tinyrlhf import chat, runs
from tinyrlhf.games.language import Language, words_of
from tinyrlhf.recipes import settings_for
from tinyrlhf.stages import Chat

sys.path.insert(0, str(Path(__file__).parent))
import small_chat  # noqa: E402

STAGES = ["pretrained", "sft", "rl"]
KEPT = {"gold", "real_words", "kl", "bits_per_character", "unkind", "length", "distinct", "learned"}


@pytest.fixture
def small(monkeypatch):
    small_chat.shrink(monkeypatch)


def saved_run(folder, **changes):
    """A small run on disk; returns its settings and its state."""
    with pytest.MonkeyPatch.context() as patch:
        small_chat.shrink(patch)
        settings = runs.complete_settings("chat", **{"seed": 3, "questions": 6, **changes})
        state = runs.begin(settings)
        runs.create(folder, settings)
        return settings, state.go(lambda state, row: runs.save(folder, state))


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    """The folder of a small run."""
    folder = tmp_path_factory.mktemp("chat") / "one"
    saved_run(folder)
    return str(folder)


def heard(capsys, folder, *lines, seed=0):
    """What `tinyrlhf chat` prints below its greeting when these lines are typed."""
    chat.talk(folder, seed, lines)
    return capsys.readouterr().out.splitlines()[1:]


# ---- talking

def test_all_stages_answer_side_by_side_and_equal_seeds_say_the_same(capsys, one):
    chat.talk(one, 0, ["what is tea?", "what is rain?"])
    greeting, *lines = capsys.readouterr().out.splitlines()
    assert "'what is a cat?'" in greeting and "Ctrl-D" in greeting
    assert [line.split()[0] for line in lines] == STAGES * 2
    assert all(re.search(r"reward +-?\d+\.\d   log-probability +-\d+\.\d$", line) for line in lines)
    assert heard(capsys, one, "what is tea?", "what is rain?") == lines != heard(capsys, one, "what is tea?", "what is rain?", seed=1)


def test_the_reward_and_the_probability_that_are_shown_are_those_of_the_text(one):
    state = runs.load(one)
    for name in STAGES:
        texts, learned, log_probs = chat.reply(state, name, ["what is tea?", "zzz"], np.random.default_rng(0))
        observations, actions, mask = state.game.demonstrations(["what is tea?", "zzz"], texts)
        expected = np.where(mask, state.stages[name].log_probs(observations, actions)[0], 0.0).sum(axis=1)
        assert np.allclose(log_probs, expected, atol=1e-3) and np.isfinite(learned).all() and (log_probs < 0).all()
    assert np.ptp(learned) > 0


def test_words_outside_the_vocabulary_get_a_hint_and_an_answer(capsys, one):
    for prompt, word in (("what is quantum?", "quantum"), ("explain xyzzy.", "xyzzy"), ("catt", "catt")):
        hint, *answers = heard(capsys, one, prompt)
        assert hint.startswith(f"  '{word}' is no word of this language") and any(f"Try {known!r}" in hint for known in Language().prompts)
        assert [line.split()[0] for line in answers] == STAGES
    lines = heard(capsys, one, "What IS tea?  ")                       # as it should be, but for capitals and spaces
    assert len(lines) == 3 and lines == heard(capsys, one, "what is tea?")


@pytest.mark.parametrize("typed, complaint", [
    ("what is the meaning of all this?", "at most 18 characters, got 32"), ("tea, please", "got ','"), ("2 teas", "got '2'"),
    ("caf\u00e9", "got '\u00e9'"), ("a\x1b[31m", "'a\\x1b[31m'"), ("\u202etea", "got '\\u202e'"),
    ("x" * 5000, "at most 18 characters, got 5000")])
def test_what_cannot_be_read_gets_one_line_and_the_next_question_an_answer(capsys, one, typed, complaint):
    complained, *answers = heard(capsys, one, typed, "what is tea?")
    assert complained.startswith("  ") and complaint in complained and complained.isprintable()
    assert [line.split()[0] for line in answers] == STAGES


def test_an_empty_line_or_the_end_of_the_input_ends_the_talk(capsys, one, monkeypatch):
    assert heard(capsys, one) == heard(capsys, one, "", "what is tea?") == heard(capsys, one, "   \n") == []
    monkeypatch.setattr(sys, "stdin", io.StringIO("what is tea?\n"))
    chat.talk(one)
    assert len(capsys.readouterr().out.splitlines()) == 4


def test_a_run_that_asked_nobody_talks_too(capsys, tmp_path):
    saved_run(tmp_path / "true", teacher="true reward")
    assert len(heard(capsys, tmp_path / "true", "what is tea?")) == 3


def test_only_finished_chat_runs_talk(tmp_path):
    runs.create(tmp_path / "bandit", settings_for("bandit"))
    runs.create(tmp_path / "new", runs.complete_settings("chat"))
    _, state = saved_run(tmp_path / "half")
    del state.stages["rl"], state.history[-1]
    runs.save(tmp_path / "half", state)
    for name, sentence in (("bandit", "is a run on bandit"), ("new", "stopped before its first round was done.*run chat --resume"),
                           ("half", "has 2 of 3 stages; finish it with `tinyrlhf run chat --resume"), ("missing", "has no run.json")):
        with pytest.raises(ValueError, match=sentence) as error:
            chat.talk(tmp_path / name, 0, ["what is tea?"])
        assert "\n" not in str(error.value)


# ---- what came out

@pytest.mark.parametrize("changes", [{}, {"rounds": 2, "reward": "ensemble", "language": "sentiment", "teacher": "coin"},
                                     {"teacher": "true reward"}], ids=lambda changes: " ".join(map(str, changes.values())) or "default")
def test_the_result_has_what_was_promised_and_the_report_says_it(small, tmp_path, changes):
    settings, state = saved_run(tmp_path / "one", **changes)
    result, asked = chat.measure(settings, state), settings["teacher"] != "true reward"
    assert result["comparisons"] == 6 * 6 * settings["rounds"] * asked and result["seed"] == 3 and result["world"] == "chat"
    assert list(result["stages"]) == state.names and all(set(row) == KEPT for row in result["stages"].values())
    assert result["return_untrained"] == result["stages"]["pretrained"]["gold"] and result["return_optimal"] == 2.5
    assert result["return_after"] == result["stages"][state.names[-1]]["gold"] and result["kl"] == result["stages"][state.names[-1]]["kl"]
    assert (result["return_on_true_reward"] is None) == (result["reward_model_accuracy"] is not None) == asked
    assert len(result["without_a_leash"]) == 2 * asked
    json.dumps(runs.finite(result), allow_nan=False)
    samples = chat.sample(state)
    assert samples == chat.sample(state) and len(samples) == 4 and set(samples) <= set(state.game.prompts)
    assert all(list(answers) == state.names for answers in samples.values())
    text = chat.sentences({**result, "seconds": 1.0, "out": "here"}, samples)
    assert all(word in text for word in [*state.names, *samples, "here", "seed 3"]) and text.isascii() and "nan" not in text
    assert ("without leash" in text) == ("foresees" in text) == asked


class Judge:
    """A reward model whose scores are a multiple of the taste."""
    def __init__(self, factor):
        self.factor = factor

    def scores(self, episodes):
        return self.factor * episodes.true_returns


@pytest.mark.parametrize("factor", [1.0, -1.0, 0.0])
def test_who_knows_the_taste_foresees_as_much_as_anybody_can(one, factor):
    state = runs.load(one)
    state.reward_model = Judge(factor)
    numbers = chat.held_out(state, prompts=10)
    expected = 0.5 + factor * (numbers["noise_ceiling"] - 0.5)
    assert np.isclose(numbers["reward_model_accuracy"], expected, atol=0.02 * abs(factor))       # a tie is half right
    assert numbers["accuracy_on_clear_pairs"] == (factor > 0) and 0.5 < numbers["noise_ceiling"] <= 1
    state.game.judge = lambda *_: 1.0
    assert chat.held_out(state, prompts=2)["accuracy_on_clear_pairs"] is None            # no pair is clear


def test_the_figure_shows_every_stage_and_the_run_without_a_leash_if_there_was_one(one):
    gold, unkind = {"pretrained": -0.5, "sft": 1.0, "rl": 2.0}, dict.fromkeys(STAGES, 0.1)
    samples = {"what is tea?": dict.fromkeys(STAGES, "tea is hot.")}
    curve = [{"kl": float(k), "gold": 1.0, "learned": k, "person_prefers": 0.5, "proxy_prefers": 1.0, "sample": "?"} for k in range(3)]
    for rows, axes in ((curve, 4), ([], 2)):
        figure = chat.stages_figure("a claim", gold, unkind, samples, rows)
        assert len(figure.axes) == axes and figure.texts[0].get_text() == "a claim"
        written = [text.get_text() for axis in figure.axes for text in axis.texts]
        assert "tea is hot." in written and "2.0" in written


def test_words_are_runs_of_letters_and_the_phrases_are_all_vocabulary():
    assert words_of("sure! tea is hot.") == ["sure", "tea", "is", "hot"] and words_of(" .!?") == []
    game = Language()
    assert {"tea", "sure", "cat", "fool", "winter"} <= game.vocabulary and "explain" in game.vocabulary


def test_a_run_says_its_stages_in_order(small, monkeypatch, tmp_path, capsys):
    class Line:
        say, close = staticmethod(print), staticmethod(lambda: None)

    settings = runs.complete_settings("chat", seed=3, questions=6)
    state = Chat(**{name: value for name, value in settings.items() if name != "world"})
    runs.create(tmp_path / "one", settings)
    monkeypatch.setattr(chat, "draw", lambda *_: None)
    chat.run(settings, state, tmp_path / "one", SimpleNamespace(json=False), Line, 0.0)
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("stage")]
    assert [line.split()[1:3] for line in lines] == [[f"{n}/3", word] for n, name in enumerate(STAGES, 1) for word in (name + ":", name)]
