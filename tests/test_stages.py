"""Do the stages of a chat model go on from where they stopped, learn only from what people said, and do what each says it does?"""
import functools
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tinyrlhf import stages
from tinyrlhf.episodes import replay, rollout
from tinyrlhf.feedback.records import Rankings
from tinyrlhf.games.language import N_GRAMS, TAIL, WINDOW, Language, texts_of
from tinyrlhf.games.phrases import CORPORA, Phrases
from tinyrlhf.humans.simulated import CoinFlip
from tinyrlhf.numerics import sigmoid
from tinyrlhf.rewards.reward_models import OutcomeReward
from tinyrlhf.rlhf import State
from tinyrlhf.stages import REWARDS, Chat, make_reward_model, settings_for_chat

sys.path.insert(0, str(Path(__file__).parent))
import small_chat  # noqa: E402

KINDS = [{}, {"method": "ppo", "reward": "ngram"}, {"method": "dpo", "reward": "trunk"}, {"method": "best-of-n"},
         {"method": "ipo", "reward": "ensemble", "language": "sentiment"},
         {"teacher": "coin", "method": "reinforce", "language": "sentiment"}, {"teacher": "true reward", "method": "grpo"}]
COIN = 5


def kinds(settings):
    return pytest.mark.parametrize("settings", settings, ids=lambda settings: " ".join(settings.values()) or "default")


@pytest.fixture
def small(monkeypatch):
    small_chat.shrink(monkeypatch)


def a_chat(**settings):
    return Chat(**{"seed": 3, "questions": 6, **settings})


@functools.lru_cache
def early(language):
    """A small run up to its fine-tuned model, made once."""
    chat = a_chat(language=language)
    chat.names = chat.names[:2]
    return chat.go()


def fine_tuned(**settings):
    """A run that has two stages behind it."""
    chat = a_chat(**settings)
    before = early(chat.game.name)
    chat.stages, chat.history = {name: policy.copy() for name, policy in before.stages.items()}, list(before.history)
    return chat


@functools.lru_cache
def finished(number):
    """The run of a kind through two rounds, and what it had saved after each stage; made once."""
    chat = fine_tuned(**KINDS[number], rounds=2)
    saved = [chat.state()]
    return chat.go(lambda chat, row: saved.append(chat.state())), saved


def assert_same(one, other):
    """Two saved states hold the same names and values."""
    assert set(one) == set(other)
    for name, value in one.items():
        assert np.array_equal(value, other[name]), name


def true_reward(answers):
    return answers.true_rewards


def vectors(chat):
    return {name: policy.network.params.vector.tobytes() for name, policy in chat.stages.items()}


# ---- one after the other

@kinds(KINDS)
def test_stopped_after_any_stage_a_run_goes_on_to_the_same_numbers(small, settings):
    whole, saved = finished(KINDS.index(settings))
    assert len(saved) == 3
    for before, after in zip(saved, saved[1:]):
        chat, rows = a_chat(**settings, rounds=2), []
        chat.load(before)
        chat.names = whole.names[:len(chat.stages) + 1]
        chat.go(lambda chat, row: rows.append(row["stage"]))
        assert rows == chat.names[-1:]
        assert_same(chat.state(), after)
    chat.load(saved[-1])
    assert_same(chat.state(), saved[-1])


@pytest.mark.parametrize("language", CORPORA)
def test_stopped_after_reading_it_goes_on_to_the_same_fine_tuned_model(small, language):
    chat = a_chat(language=language)
    chat.names = chat.names[:1]
    saved = chat.go().state()
    again = a_chat(language=language)
    again.names = again.names[:2]
    again.load(saved)
    assert list(again.stages) == ["pretrained"]
    assert_same(again.go().state(), early(language).state())


def test_the_stages_come_in_their_order_and_later_ones_leave_earlier_ones_alone(small):
    chat, seen = a_chat(rounds=2), []
    chat.go(lambda chat, row: seen.append(vectors(chat)))
    assert chat.names == ["pretrained", "sft", "rl", "rl_2"] == list(chat.stages) == [row["stage"] for row in chat.history]
    assert [list(kept) for kept in seen] == [chat.names[:n] for n in (1, 2, 3, 4)]
    assert all(kept[name] == seen[-1][name] for kept in seen for name in kept)
    assert len(set(seen[-1].values())) == 4                            # each of them changed something
    assert chat.reference is chat.stages["sft"] and chat.policy is chat.stages["rl_2"]
    assert [row["kl"] for row in chat.history[:2]] == [None, 0.0] and all(row["kl"] > 0 for row in chat.history[2:])


def test_nobodys_dice_depend_on_what_the_others_do(small):
    (plain, _), other = finished(0), a_chat(method="dpo", reward="trunk", kl_coef=1.0).go()
    assert all(vectors(other)[name] == vectors(plain)[name] for name in ("pretrained", "sft"))
    assert np.array_equal(other.answers.order, plain.answers.order[:6]) and vectors(other)["rl"] != vectors(plain)["rl"]
    assert np.array_equal(other.answers.episodes.states, plain.answers[:6].episodes.states[:, :other.answers.episodes.states.shape[1]])
    stranger = a_chat(seed=4)
    stranger.names = stranger.names[:1]
    assert vectors(stranger.go())["pretrained"] != vectors(plain)["pretrained"]


@pytest.mark.parametrize("language", CORPORA)
def test_reading_and_copying_make_the_model_less_surprised_by_what_it_read(small, language):
    chat = a_chat(language=language)
    before = stages.bits_per_character(chat.game, chat.blank, chat.dice("held out"))
    assert early(language).history[0]["bits_per_character"] < before - 0.5
    chat.blank.network.params["weight_1"][...] = 0
    assert np.isclose(stages.bits_per_character(chat.game, chat.blank, chat.dice("x")), np.log2(chat.game.n_actions), rtol=1e-5)


def test_only_edited_answers_to_real_questions_are_copied(small, monkeypatch):
    monkeypatch.setattr(stages, "CARE", 1.0)
    game, copied = early("dialogue").game, []
    monkeypatch.setattr(stages, "clone", lambda policy, observations, actions, *_, **__: copied.extend([observations, actions]))
    stages.fine_tune(game, early("dialogue").stages["pretrained"], np.random.default_rng(0))
    observations, actions = copied
    ends = np.flatnonzero(actions == 0)                                # every answer ends
    tails = texts_of(observations[np.append(0, ends[:-1] + 1), WINDOW:WINDOW + TAIL])
    answers = [texts_of([part])[0] for part in np.split(actions, ends[:-1] + 1)]
    assert len(answers) == 12 and ends[-1] == len(actions) - 1
    for tail, answer in zip(tails, answers):
        topic = next(topic for prompt, topic in game.phrases.prompts.items() if prompt.endswith(tail))
        assert any(body in answer for body in game.phrases.bodies[topic]) and not game.count_unkind(answer)


def test_measuring_changes_nothing_and_says_the_same_again(small):
    chat, saved = finished(0)
    row, rng = chat.measure(chat.policy), chat.dice("measure")
    assert row == {name: value for name, value in chat.history[-1].items() if name in row}
    assert_same(chat.state(), saved[-1])
    answers = rollout(chat.game, chat.policy, chat.game.start(16, rng), rng)
    assert row["gold"] == answers.true_returns.mean() and 0 <= row["real_words"] <= 1 and 0 < row["distinct"] <= 1
    assert np.isclose(row["learned"], chat.reward_model.rewards(answers).sum(axis=1).mean())


# ---- what people said, and nothing else

@kinds(KINDS[:-1])
def test_blindfolded_after_the_ranking_reward_model_and_policy_learn_the_same(small, monkeypatch, settings):
    seeing, _ = finished(KINDS.index(settings))
    rank, see, ranked = Chat.rank, Language.true_reward, []

    def rank_then_go_blind(chat, policy, rng):
        """The person knows the taste of fresh answers; whatever comes after sees NaN, in the answers and in all that is played."""
        monkeypatch.setattr(Language, "true_reward", see)
        ranked.append(rank(chat, policy, rng))
        monkeypatch.setattr(Language, "true_reward", lambda game, states: np.full(len(states), np.nan))
        return replace(ranked[-1], episodes=ranked[-1].episodes.blindfolded())

    monkeypatch.setattr(Chat, "rank", rank_then_go_blind)
    blind = fine_tuned(**settings, rounds=2).go()
    assert np.isnan([row["gold"] for row in blind.history[2:]]).all() and len(ranked) == 2
    assert np.isnan(blind.answers.episodes.true_rewards[blind.answers.episodes.mask]).all()
    assert vectors(blind) == vectors(seeing)
    assert_same(blind.reward_model.state(), seeing.reward_model.state())


def test_with_the_true_reward_nobody_is_asked(small, monkeypatch):
    monkeypatch.setattr(Chat, "rank", None)
    chat = fine_tuned(teacher="true reward").go()
    assert chat.answers is None and chat.history[-1]["learned"] is None and chat.history[-1]["kl"] > 0


@pytest.mark.parametrize("language", CORPORA)
@pytest.mark.parametrize("agreement", [0.6, 0.9])
def test_the_person_agrees_with_their_taste_as_often_as_declared_on_the_first_answers_and_stays_the_same(small, language, agreement):
    chat = fine_tuned(agreement=agreement, language=language, questions=40)
    answers = chat.rank(chat.policy, chat.dice("rl"))
    asked = np.array(chat.game.asked(answers.episodes.states[:, 0])).reshape(40, 4)
    assert (asked == asked[:, :1]).all() and len(set(asked[:, 0])) > 3 and answers.person.tolist() == ["simulated"] * 40
    pairs = answers.comparisons()
    differences = np.abs(pairs.first.true_returns - pairs.second.true_returns)
    agree = sigmoid(chat.person.rationality * differences[differences > 1e-12])
    assert np.isclose(agree.mean(), agreement, atol=1e-6)
    person = chat.person
    chat.rank(chat.reference, chat.dice("rl_2"))
    assert chat.person is person


def test_coin_flips_move_the_policy_too_but_do_not_look(small, monkeypatch):
    chat, _ = finished(COIN)
    assert isinstance(chat.person, CoinFlip) and chat.history[-1]["kl"] > 0
    monkeypatch.setattr(Language, "true_reward", lambda game, states: -np.arange(len(states), dtype=float))
    other = fine_tuned(**KINDS[COIN]).go()
    assert np.array_equal(other.answers.order, chat.answers.order[:6])


def test_a_second_round_learns_from_fresh_answers_and_all_before_in_the_units_of_the_first(small, monkeypatch):
    chat, fitted, units = fine_tuned(rounds=2), [], []
    fit, normalize = OutcomeReward.fit, OutcomeReward.normalize
    monkeypatch.setattr(OutcomeReward, "fit", lambda model, answers, rng: (fitted.append(answers), fit(model, answers, rng))[1])
    monkeypatch.setattr(OutcomeReward, "normalize", lambda model, episodes: (units.append(episodes), normalize(model, episodes)))
    chat.go()
    assert [len(answers) for answers in fitted] == [6, 12] and len(units) == 2
    first, second = (chat.answers[rows] for rows in (slice(6), slice(6, 12)))
    for episodes in units:
        assert np.array_equal(episodes.states, first.episodes.states)
    assert np.array_equal(first.order, fitted[0].order) and not np.array_equal(first.episodes.actions, second.episodes.actions)
    log_probs = chat.stages["rl"].log_probs(*second.episodes.decisions)[0]             # drawn from the policy as it was then
    assert np.allclose(log_probs, second.episodes.log_probs[second.episodes.mask], atol=1e-5)


# ---- the leash, and without it

def test_the_leash_is_tied_to_the_fine_tuned_model_and_the_learning_rate_falls_only_under_it(small, monkeypatch):
    seen = []

    def look(state, reward):
        seen.append((state.kl_coef, state.reference, state.learner.now(state.learner.learning_rate)))
        state.learner.updates_done += 10
        return {"kl": 0.0}

    monkeypatch.setattr(stages, "improve", look)
    monkeypatch.setattr(stages, "UPDATES", {"rloo": 20})
    chat = fine_tuned(kl_coef=0.7, rounds=2).go()
    coefs, references, rates = zip(*seen)
    assert coefs == (0.7,) * 4 and all(reference is chat.reference for reference in references)
    assert rates[1] == rates[0] / 2 and rates[2:] == rates[:2]
    seen.clear()
    rows = []
    stages.optimize(chat.game, chat.policy, chat.reference, true_reward, "ppo", 0.0, chat.dice("x"), 30, 5e-4, rows.append)
    assert [rate for _, _, rate in seen] == [5e-4] * 3 and len(rows) == 3


def test_a_tight_leash_keeps_the_policy_near(small, monkeypatch):
    more = {"episodes_per_update": 16, "updates_per_round": 8}
    monkeypatch.setattr(stages, "State", lambda *given, **named: State(*given, **{**named, **more}))
    near, far = (fine_tuned(kl_coef=kl_coef, teacher="true reward").go().history[-1]["kl"] for kl_coef in (5.0, 0.0))
    assert near < far


def test_without_a_leash_it_leaves_the_reference_and_both_judges_are_asked(small):
    chat, saved = finished(0)
    rows = stages.over_optimize(chat)
    assert len(rows) == 2 and rows[0]["kl"] == 0 < rows[1]["kl"]
    assert_same(chat.state(), saved[-1])
    assert rows == stages.over_optimize(chat)
    assert all(0 <= row[name] <= 1 for row in rows for name in ("person_prefers", "proxy_prefers"))
    assert all(isinstance(row["sample"], str) and np.isfinite([row["gold"], row["learned"]]).all() for row in rows)


def test_a_proxy_that_is_the_taste_is_never_fooled(small):
    class Taste:
        rewards = staticmethod(true_reward)

    class Sure:
        """Never errs; at a tie prefers the first, or the second."""
        def __init__(self, wins_ties):
            self.wins = np.greater_equal if wins_ties else np.greater

        def compare(self, game, first, second, rng):
            return np.where(self.wins(first.true_returns, second.true_returns), "first", "second")

    chat = fine_tuned()
    chat.reward_model, curves = Taste(), []
    for chat.person in (Sure(True), Sure(False)):
        curves.append(stages.over_optimize(chat))
    for row, other in zip(*curves):
        assert np.isclose(row["gold"], row["learned"])
        assert np.isclose((row["person_prefers"] + other["person_prefers"]) / 2, row["proxy_prefers"])      # to the proxy a tie is a half


# ---- what reward models can see

def some_answers(chat, texts, prompt="explain tea."):
    _, actions, mask = chat.game.demonstrations([prompt] * len(texts), texts)
    return replay(chat.game, chat.game.ask([prompt] * len(texts)), actions, mask, None)


def a_reward_model(chat, kind):
    """With numbers at random, so that it has an opinion on everything."""
    model = make_reward_model(kind, chat.game, chat.blank, np.random.default_rng(0))
    for member in getattr(model, "members", [model]):
        member.network.params.vector[:] += np.random.default_rng(1).normal(size=member.network.params.vector.size)
    return model


def test_each_reward_model_is_blind_to_what_it_is_said_to_be_blind_to():
    chat = a_chat()
    bag, ngram, trunk = (a_reward_model(chat, kind) for kind in ("bag", "ngram", "trunk"))
    order = some_answers(chat, ["sure! tea is hot.", "tea is hot. sure!"])
    assert np.isclose(*bag.scores(order), rtol=1e-6) and not np.isclose(*ngram.scores(order)) and not np.isclose(*trunk.scores(order))
    again = ngram.scores(some_answers(chat, ["ha ha" + " ha" * n for n in (2, 3, 4, 5)]))
    assert np.allclose(np.diff(again), np.diff(again)[0], atol=1e-4)   # what has come already is worth as much once more
    assert not np.allclose(np.diff(bag.scores(some_answers(chat, ["ha ha" + " ha" * n for n in (2, 3, 4, 5)])), 2), 0, atol=1e-3)
    far = some_answers(chat, ["a dog walked in the rain and", "a cow walked in the rain and"])
    assert np.isclose(*trunk.forward(far)[0][:, 20]) and not np.isclose(*trunk.scores(far))                  # 12 letters back it is dark
    for model in (bag, ngram, trunk):
        one, other = (model.scores(some_answers(chat, ["it is hot."], prompt)) for prompt in ("explain tea.", "explain rain."))
        assert not np.isclose(one, other)
    assert ngram.network.params["table"].shape == (N_GRAMS, 1)


def test_the_trunk_takes_the_lower_layers_of_the_fine_tuned_model_before_its_first_fit(small, monkeypatch):
    chat, made = fine_tuned(reward="trunk", rounds=2), []
    make = stages.make_reward_model
    monkeypatch.setattr(stages, "make_reward_model", lambda *given: made.append((given[2], make(*given))) or made[-1][1])
    chat.go()
    assert len(made) == 1 and made[0][0] is chat.reference and chat.reward_model is made[0][1]
    trunk = make("trunk", chat.game, chat.reference, np.random.default_rng(0)).network.params
    for name in ("embedding", "weight_0", "bias_0"):
        assert np.array_equal(trunk[name], chat.reference.network.params[name])
    assert trunk["weight_1"].shape == (128, 1)


def test_an_ensemble_says_what_the_sternest_of_its_three_members_says(small):
    chat, rng = fine_tuned(), np.random.default_rng(5)
    answers = rollout(chat.game, chat.policy, chat.game.start(60, rng), rng)
    model = a_reward_model(chat, "ensemble")
    model.normalize(answers)
    each = np.stack([member.rewards(answers).sum(axis=1) for member in model.members])
    typical = each.mean(axis=1, keepdims=True)
    sternest = (each - typical).argmin(axis=0)
    assert np.allclose(model.rewards(answers).sum(axis=1), (each - typical).min(axis=0) + typical.mean(), atol=1e-5)
    assert len(set(sternest)) == 3 and not model.rewards(answers)[~answers.mask].any()


# ---- odd runs

@pytest.mark.parametrize("reward", REWARDS)
def test_a_language_of_one_letter_goes_through_all_stages(small, monkeypatch, reward):
    one = ("a",)
    monkeypatch.setitem(CORPORA, "a", Phrases({"a": "a"}, {"a": one}, one, {"a": one}, one, ("aa",), one, one, ("aa",), (one, one)))
    chat = a_chat(language="a", reward=reward).go()
    assert len(chat.history) == 3 and np.isfinite([row["gold"] for row in chat.history]).all()
    assert np.isfinite(chat.policy.network.params.vector).all() and np.isfinite(chat.history[-1]["learned"])


def test_answers_that_are_all_alike_teach_nothing_and_break_nothing(small):
    chat = fine_tuned()
    chat.policy.network.params.vector[:] = 0
    chat.policy.network.params["bias_1"][7] = 30.0                     # whatever it is asked, it says the same letter 56 times
    chat.go()
    assert len(set(chat.game.decode(chat.answers.episodes.states[:, -1]))) == 1
    assert np.isfinite(chat.policy.network.params.vector).all() and np.isfinite(chat.history[-1]["learned"])


def test_a_ranking_of_one_question_is_enough_to_go_on(small):
    for settings in ({}, {"method": "dpo"}, {"reward": "ensemble"}):
        chat = fine_tuned(questions=1, **settings).go()
        assert len(chat.answers) == 1 and isinstance(chat.answers, Rankings) and np.isfinite(chat.history[-1]["gold"])


@pytest.mark.parametrize("name, value, came", [
    ("language", "french", "dialogue, sentiment; got 'french'"), ("method", "magic", "best-of-n; got 'magic'"),
    ("reward", "eyes", "bag, ngram, trunk, ensemble; got 'eyes'"), ("teacher", "cat", "person, coin, true reward; got 'cat'"),
    ("seed", -1, "got -1"), ("seed", 1.5, "got 1.5"), ("rounds", 0, "from 1 to 10000, got 0"), ("rounds", 10_001, "got 10001"),
    ("questions", 0, "got 0"),
    ("questions", True, "got True"), ("kl_coef", -0.1, "got -0.1"), ("kl_coef", np.nan, "got nan"), ("agreement", 0.4, "got 0.4"),
    ("agreement", 1.1, "got 1.1")])
def test_settings_without_sense_are_refused_in_one_line(name, value, came):
    with pytest.raises(ValueError, match=f"^{name}: expected .*{came}$") as error:
        Chat(**{name: value})
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("method", ["dpo", "ipo"])
def test_a_method_that_needs_a_leash_or_comparisons_says_so_at_the_door(method):
    with pytest.raises(ValueError, match="kl_coef: expected a number from 0.01 to 1000000.0, got 0.0"):
        Chat(method=method, kl_coef=0.0)
    for direct in (method, "best-of-n"):
        with pytest.raises(ValueError, match=f"method: expected one of rloo, ppo, reinforce, grpo .*got '{direct}'"):
            Chat(method=direct, teacher="true reward")


def test_settings_are_completed_and_unknown_ones_refused():
    settings = settings_for_chat(method="ppo", seed=None)
    assert settings["world"] == "chat" and settings["method"] == "ppo" and settings["seed"] == 0
    del settings["world"]
    assert_same(Chat(**settings).state(), Chat(method="ppo").state())
    with pytest.raises(ValueError, match="settings: expected seed, language, .* for chat; got learner, speed"):
        settings_for_chat(speed=3, learner="ppo")


# ---- a real run

@pytest.mark.slow
def test_people_teach_what_coin_flips_do_not_and_without_a_leash_the_proxy_is_fooled():
    before, after = Chat(seed=401), {}
    before.names = before.names[:2]
    pretrained, sft = before.go().history
    assert pretrained["real_words"] > 0.95 and pretrained["bits_per_character"] < 0.3 and sft["gold"] > pretrained["gold"] + 0.5
    for teacher in ("coin", "person"):
        chat = Chat(seed=401, teacher=teacher)
        chat.stages, chat.history = {name: policy.copy() for name, policy in before.stages.items()}, list(before.history)
        after[teacher] = chat.go().history[-1]
    assert after["person"]["gold"] > sft["gold"] + 0.4 and after["person"]["unkind"] < 0.03
    assert after["coin"]["gold"] < sft["gold"] + 0.1 and after["coin"]["kl"] > 0.5 * after["person"]["kl"] > 0
    rows = stages.over_optimize(chat)
    best, last = max(rows, key=lambda row: row["gold"]), rows[-1]
    assert last["gold"] < best["gold"] - 0.4 and last["learned"] > best["learned"] and last["person_prefers"] < 0.5 < last["proxy_prefers"]
