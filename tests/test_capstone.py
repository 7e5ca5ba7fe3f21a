"""The capstone (lesson 14): its judge, its votes, its reward model, and the report cards that it shows."""
import json
from pathlib import Path

import numpy as np
import pytest

from tinyrlhf.episodes import rollout
from tinyrlhf.nn.networks import EmbeddingMLP
from tinyrlhf.policies import Policy
from tinyrlhf.teaching.room import definitions_of

FOLDER = Path(__file__).parent.parent / "lessons" / "14_capstone"
pytestmark = pytest.mark.skipif(not FOLDER.exists(), reason="needs the lessons")
CONSTANTS = "GAME", "VOTES", "PARENT", "MODELS", "PATHS", "ASKED", "SECONDS", "JUDGE"


@pytest.fixture(scope="module")
def lesson():
    return definitions_of(FOLDER / "demo.py", *CONSTANTS)


@pytest.fixture(scope="module")
def answers(lesson):
    """200 answers as people write them, two neighbours to one prompt."""
    rng = np.random.default_rng(0)
    beginner = Policy(EmbeddingMLP(lesson.GAME.n_symbols, lesson.GAME.slots, 2, (4,), lesson.GAME.n_actions, rng))
    asked = rollout(lesson.GAME, beginner, np.repeat(lesson.GAME.start(100, rng), 2, axis=0), rng)
    return lesson.trainer(lesson.GAME).demonstrate(lesson.GAME, asked, np.zeros((200, 1)), rng)


def test_the_judge_leans_to_the_first_and_both_orders_cancel_it(lesson, answers):
    first, second = lesson.judged(answers[::2], answers[1::2], np.random.default_rng(0))
    turned = lesson.judged(answers[1::2], answers[::2], np.random.default_rng(1))
    assert first.mean() > second.mean() + 0.02                          # ours in front is liked more often
    rate, other = lesson.win_rate(first, second)[0], lesson.win_rate(*turned)[0]
    assert abs(rate + other - 1) < 0.15


def test_votes_below_votes_still_name_their_own_answers(lesson, answers):
    votes, more = ((answers[rows], np.array([0, 2]), np.array([1, 3])) for rows in (slice(0, 4), slice(4, 8)))
    together, wins, losses = lesson.both(votes, more)
    assert np.array_equal(together.states[wins[2:], -1], answers.states[[4, 6], -1])
    assert np.array_equal(together.states[losses[2:], -1], answers.states[[5, 7], -1])


def test_the_reward_model_orders_as_voted_and_is_normal_on_its_yardstick(lesson, answers):
    rows, returns = np.arange(200).reshape(100, 2), answers.true_returns
    order = np.argsort(returns[rows], axis=1)
    wins, losses = rows[np.arange(100), order[:, 1]], rows[np.arange(100), order[:, 0]]
    _, score = lesson.reward_model((answers, wins, losses), answers[:50], np.random.default_rng(0), steps=150)
    scores = score(answers)
    assert abs(scores[:50].mean()) < 1e-6 and abs(scores[:50].std() - 1) < 1e-6
    clear = returns[wins] > returns[losses] + 0.5
    assert np.mean(scores[wins] > scores[losses], where=clear) > 0.85


def test_the_cards_shown_have_ten_seeds_all_models_and_the_hours_of_their_path(lesson):
    cards = json.loads((FOLDER / "cards.json").read_text(encoding="utf-8"))
    assert [card["seed"] for card in cards] == list(range(400, 410))
    for card in cards:
        assert set(card["models"]) == {*lesson.MODELS, "coin", "at once", "DPO, pushed"}
        for model, column in card["models"].items():
            rate, low, high = column["win rate"]
            assert low < rate < high and 0 <= column["distinct"] <= 1 and 0 <= column["unkind"] <= 1
            hours = lesson.person_hours(lesson.ASKED, lesson.PATHS.get(model, []), lesson.SECONDS)
            assert model not in lesson.PATHS or abs(column["hours"] - hours) < 1e-3
    itself = [card["models"]["SFT"]["win rate"][0] for card in cards]   # the control of the judge
    assert abs(np.mean(itself) - 0.5) < 3 * np.std(itself, ddof=1) / np.sqrt(10) + 0.01
