"""Predictions: asked before the cell, folded on the page, judged without running anybody's file."""
import json
import re
import sys
import types
from pathlib import Path

import pytest

from tinyrlhf.teaching import copies, pages, predictions
from tinyrlhf.teaching.exercises import stub_text
from tinyrlhf.teaching.grader import grade_lesson
from tinyrlhf.teaching.places import run_file
from tinyrlhf.teaching.predictions import judge, predict, predictions_of, said_in
from tinyrlhf.teaching.verdicts import FAILED, GUESSED, PASSED, TO_DO

ROOT = Path(__file__).parent.parent
LESSONS = sorted(path.parent for path in (ROOT / "lessons").glob("[0-9][0-9]_*/lesson.py"))
each_lesson = pytest.mark.parametrize("folder", LESSONS, ids=lambda folder: folder.name)
SIX = ROOT / "lessons" / "06_votes_to_scores"
LEAD = predictions.Prediction("6.a", "how many?", "88.1", "The odds multiply.")
ORDER = predictions.Prediction("6.b", "in which order?", "one_b, two", "So it is.")


@each_lesson
def test_each_lesson_asks_twice_and_no_answer_stands_open(folder):
    found, page = predictions_of(folder), (folder / "README.md").read_text(encoding="utf-8")
    number = int(folder.name[:2])
    assert list(found) == [f"{number}.a", f"{number}.b"]
    stub = stub_text(folder)
    for each in found.values():
        assert each.question.endswith((".", "?")) and each.because.endswith(".")
        assert f"{each.name} = None" in stub and each.because not in stub
        assert page.count(each.because) == 1 and "predict(" not in page
    hidden = [text for kind, text in pages.cells(folder) if kind == "predict"]
    assert len(hidden) == 2 and all(text.startswith("predict(") for text in hidden)


def test_a_page_shows_what_a_prediction_prints_and_not_its_call():
    kinds = [kind for kind, _ in pages.cells(SIX) if kind != "markdown"]
    page = run_file(ROOT / "lessons" / "build.py")["page"](SIX, [f"({kind} {i})" for i, kind in enumerate(kinds)])
    assert "predict(" not in page and page.index("(code 0)") < page.index("(predict 1)") < page.index("(code 2)")
    cells = json.loads(copies.notebook_text(SIX))["cells"]
    asked = ["".join(cell["source"]) for cell in cells if "".join(cell["source"]).startswith("predict(")]
    assert asked == ['predict("6.a")', 'predict("6.b")']


@pytest.mark.parametrize("said, sentence", [
    (88, "Right: 88.1. The odds multiply."), ("88.1", "Right: 88.1. The odds multiply."),
    (96, "You wrote 96, it is 88.1: 7.9 off. The odds multiply."), ("much", "You wrote 'much', it is 88.1. The odds"),
    (["x"], "You wrote \"['x']\", it is 88.1."), ("about 88 %", "Right"), ("88x", "Right"),
    ("88.5 percent.", "Right"),
    ("more than 88", "You wrote 'more than 88'"), ("88 or 96", "You wrote"), ("> 88", "You wrote"),
    ("slightly less, 88", "You wrote"), ("k88", "You wrote"), ("not 88", "You wrote"), ("88.5k", "You wrote"),
    ("80-88", "You wrote"), ("8" * 10**5 + "k", "You wrote")])
def test_a_number_is_right_within_five_percent_else_the_gap_is_told(said, sentence):
    verdict = judge(LEAD, said)
    assert verdict.state == (PASSED if sentence.startswith("Right") else GUESSED)
    assert verdict.message.startswith(sentence)


def test_an_order_may_be_written_as_text_or_list_and_none_is_to_do():
    for said in ("one_b, two", ["One_b", "two"], ("one b", "two"), "ONE-B TWO"):
        assert judge(ORDER, said).message.startswith("Right")
    assert judge(ORDER, "two, one_b").message.startswith("You wrote 'two, one_b', it is one_b, two.")
    for said in (None, "", "?", ..., []):
        assert judge(ORDER, said) == (TO_DO, "in which order?", "")


@pytest.mark.parametrize("number, right, wrong", [
    ("1.a", ["Labelled example", "the labelled examples do best", "labelled_examples!", "labeled example"],
     ["examples", "labelled examples or thumbs", "thumb", "not the labelled examples", "labelled examples, then thumbs",
      "it isn't labelled examples"]),
    ("2.a", ["Slower", "it tips slower", "slower than before"], ["faster", "slower, not faster", "slower or faster"]),
    ("10.b", ["K1", "k1 is nearest", "k-1"], ["k", "1", "k1 and k2", "k2", "both", "no k1"]),
    ("13.a", ["information gain > at random > volume removal", "Information-gain; at-random; volume-removals",
              "first information_gain, then at_random, volume_removal"],
     ["information gain, volume removal, at random", "information_gain", "volume_removal last: at_random first",
      "information_gain third, at_random second, volume_removal first",
      "information_gain < at_random < volume_removal"]),
    ("14.b", ["DPO pushed", "dpo, pushed, writes most"],
     ["DPO", "DPO or DPO pushed", "base", "coin", "DPO, DPO pushed"])])
def test_an_answer_in_words_is_right_if_it_plainly_says_so_and_never_if_it_is_unclear(number, right, wrong):
    folder = next(each for each in LESSONS if int(each.name[:2]) == int(number.split(".")[0]))
    prediction = predictions_of(folder)[number]
    assert {said: judge(prediction, said).state for said in right + wrong} == {
        **dict.fromkeys(right, PASSED), **dict.fromkeys(wrong, GUESSED)}


@pytest.mark.parametrize("line", ["predict_6_a = eighty", "predict_6_a = eighty eight  # or so", "predict_6_a=eighty",
                                  "predict_6_a = 88 %", "predict_6_a = 88.5% of them", "predict_6_a = 15 votes",
                                  "predict_6_a = 4.7x", "predict_6_a = about 4.7"])
def test_what_lacks_its_quotes_is_told_so_and_the_exercises_are_graded(line, tmp_path):
    path = tmp_path / "work" / "06.py"
    path.parent.mkdir()
    path.write_text(f"{line}\n\ndef pref_prob(a, b):\n    return 1 / 0\n", encoding="utf-8")
    found = grade_lesson(SIX, ["6.a", "6.1"], path)
    word = line.split("=")[1].split("#")[0].strip()
    assert found["6.a"][:2] == (
        FAILED, f'Expected a number, or words in quotes, such as `predict_6_a = "{word}"`.')
    assert found["6.1"].message.startswith("It stops with ZeroDivisionError: division by zero in line 4")
    assert f'File "{path}", line 4' in found["6.1"].trace and "return 1 / 0" in found["6.1"].trace


def test_a_prediction_is_read_and_never_run(tmp_path):
    path = tmp_path / "06.py"
    path.write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\npredict_6_a = -0.5\npredict_6_b = print('x')\n",
                    encoding="utf-8")
    assert said_in(path)["predict_6_a"] == -0.5 and not (tmp_path / "ran").exists()
    found = grade_lesson(SIX, ["6.a", "6.b"], path)
    assert found["6.a"].state == GUESSED and found["6.b"].message.startswith("Expected a number")
    assert not (tmp_path / "ran").exists()
    path.write_text("predict_6_a = {[1]: 2}\npredict_6_b = 1\n", encoding="utf-8")
    assert said_in(path)["predict_6_b"] == 1 and judge(LEAD, said_in(path)["predict_6_a"]).state == FAILED
    path.write_text("predict_6_a = (", encoding="utf-8")
    assert said_in(path) == {} == said_in(tmp_path / "missing.py")


@pytest.mark.parametrize("text", ["{[1]: 2}", "1 +" * 50_000 + " 1", "-" * 100_000 + "1", "9" * 400])
def test_no_value_in_a_students_file_stops_the_grading(tmp_path, text):
    (tmp_path / "06.py").write_text(f"predict_6_a = {text}\n", encoding="utf-8")
    assert grade_lesson(SIX, ["6.a"], tmp_path / "06.py")["6.a"].state in (GUESSED, TO_DO, FAILED)


@pytest.fixture
def at_a_terminal(tmp_path, monkeypatch):
    """A student's copy of lesson 6, and somebody who types `typed[0]`."""
    folder, typed = tmp_path / "lessons" / "06_votes_to_scores", []
    folder.mkdir(parents=True)
    for name in ("lesson.py", "exercises.py", "README.md"):
        (folder / name).write_text((SIX / name).read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "lessons" / "README.md").write_text("`tinyrlhf lesson list`", encoding="utf-8")
    (tmp_path / "lessons" / "work").mkdir()
    mine = tmp_path / "lessons" / "work" / "06_votes_to_scores.py"
    mine.write_text("predict_6_a = None\nkept = 1\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TINYRLHF_MINE", raising=False)
    monkeypatch.delenv("TINYRLHF_PICTURES", raising=False)
    monkeypatch.setattr(sys, "stdin", types.SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr("builtins.input", lambda question: typed.pop(0))
    return mine, typed


def test_it_asks_once_keeps_what_was_typed_and_shows_the_truth(at_a_terminal, capsys):
    mine, typed = at_a_terminal
    typed.append("96")
    for _ in range(2):                                          # the second time it is known
        predict("6.a", "how many percent?", 88.08, "The odds multiply.")
        assert "You wrote 96, it is 88.1: 7.9 off. The odds multiply." in capsys.readouterr().out
    assert said_in(mine) == {"predict_6_a": "96", "kept": 1}


@pytest.mark.parametrize("text", ["'; import os #", "\\", "a\nb", "__import__('os')", "\N{GRINNING FACE}"])
def test_whatever_is_typed_stays_a_text_in_the_students_file(at_a_terminal, text):
    mine, typed = at_a_terminal
    typed.append(text)
    predict("6.a", "how many percent?", 88.08, "The odds multiply.")
    assert said_in(mine) == {"predict_6_a": text.strip(), "kept": 1}


def test_without_an_answer_the_truth_stays_hidden(at_a_terminal, capsys):
    mine, typed = at_a_terminal
    before = mine.read_text(encoding="utf-8")
    typed.append("")
    predict("6.a", "how many percent?", 88.08, "The odds multiply.")
    said = capsys.readouterr().out
    assert "88" not in said and "odds" not in said and re.search(r"write `predict_6_a = \.\.\.` into .*06_votes", said)
    assert mine.read_text(encoding="utf-8") == before


def test_a_notebook_may_hold_its_predictions_in_a_cell(at_a_terminal, monkeypatch, capsys):
    cells = types.SimpleNamespace(get_ipython=None)
    monkeypatch.setitem(sys.modules, "__main__", cells)
    at_a_terminal[1].append("")
    predict("6.a")
    assert "write `predict_6_a = ...` into a cell above" in capsys.readouterr().out
    cells.predict_6_a = 88
    predict("6.a")
    assert "Right: 88.1" in capsys.readouterr().out


def test_students_copies_ask_and_do_not_say_the_answer(at_a_terminal, capsys):
    mine, typed = at_a_terminal
    for text in (copies.notebook_text(SIX), copies.without_answers((SIX / "lesson.py").read_text(encoding="utf-8"))):
        assert "the odds multiply" not in text and "sigmoid(2.0)" not in text and "square root of" not in text
    typed += ["", "88"]
    predict("6.a")
    said = capsys.readouterr().out
    assert "a lead of 1 wins 73 %" in said and "88" not in said and "odds" not in said
    predict("6.a")
    assert "Right: 88.1. Not 96 %: the odds multiply" in capsys.readouterr().out
    predict("6.x")
    assert "not found here" in capsys.readouterr().out
