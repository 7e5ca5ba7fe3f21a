"""Is every world what its file says, and do the stages of a chat model learn only from what people said, each as it
should?"""
import functools
import inspect
import sys
from argparse import Namespace
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tinyrlhf import improvements, report, rlhf, worlds
from tinyrlhf.cli import world_names
from tinyrlhf.episodes import replay, rollout
from tinyrlhf.feedback.answers import KINDS, SKIP, Answers
from tinyrlhf.games.cartpole import ANGLE_LIMIT, fallen
from tinyrlhf.games.gridworld import Gridworld
from tinyrlhf.games.language import N_GRAMS
from tinyrlhf.games.phrases import CORPORA, Phrases
from tinyrlhf.humans import zoo
from tinyrlhf.humans.simulated import Boltzmann, CoinFlip
from tinyrlhf.rewards.reward_models import OutcomeReward
from tinyrlhf.rlhf import act, from_answers, from_true_reward, improve_on
from tinyrlhf.worlds import build, find, generators
from tinyrlhf.worlds._chat_report import without_kl_penalty
from tinyrlhf.worlds.cartpole import what_one_sees
from tinyrlhf.worlds.chat import METHODS, REWARDS, bits_per_character, chat, make_reward_model
from tinyrlhf.worlds.gridworld import signs_entered

sys.path.insert(0, str(Path(__file__).parent))
from oracles import blindfolded  # noqa: E402
from small_chat import SMALL, SMALL_CHAT  # noqa: E402

pytestmark = pytest.mark.usefixtures("barely_pretrained")
MATRIX = {"arm": list(KINDS), "bandit": list(KINDS)[:6], "gridworld": list(KINDS), "glass": list(KINDS),
          "cartpole": list(KINDS), "capture_go": list(KINDS)[:6],
          "text": [kind for kind in KINDS if kind != "stop"], "chat": [kind for kind in KINDS if kind != "stop"]}
SORTS = [{}, {"method": "ppo", "reward": "ngram", "feedback": "rating,comment"}, {"method": "dpo", "reward": "trunk"},
         {"method": "best-of-n"},
         {"method": "ipo", "reward": "ensemble", "language": "sentiment", "feedback": "preference"},
         {"person": "coin", "method": "reinforce", "feedback": "demonstration"}, {"person": "nobody", "method": "grpo"}]


def sorts(settings, slow=()):
    """Tests each of these settings, those of the numbers `slow` only where there is time."""
    marked = [pytest.param(each, marks=[pytest.mark.slow] * (number in slow)) for number, each in enumerate(settings)]
    return pytest.mark.parametrize("settings", marked, ids=lambda settings: " ".join(settings.values()) or "default")


def assert_same(one, other):
    """Two saved states hold the same names and values."""
    assert set(one) == set(other)
    for name, value in one.items():
        assert np.array_equal(value, other[name]), name


# ---- worlds by name

@functools.cache
def default(name):
    """A world with its calibrated values."""
    return build(name, seed=7)


def test_worlds_are_found_by_the_names_of_their_files():
    assert world_names() == sorted(MATRIX)
    for name in world_names():
        assert find(name).name == name and find(name).make.__module__ == f"tinyrlhf.worlds.{name}"
        assert find(name).make.__doc__
        assert find(name).command == f"tinyrlhf run {name}"
    for name in ("mars", "", "_chat_report", "../cli", "worlds.text", None, ["bandit"], "\x1b[31m"):
        with pytest.raises(ValueError, match="world: expected the name of a file") as error:
            find(name)
        assert str(error.value).isprintable()


@pytest.mark.parametrize("name", MATRIX)
def test_the_settings_of_a_world_are_the_arguments_of_its_function_and_build_the_same_run(name):
    defaults, settings = find(name).defaults, find(name).settings(seed=7)
    own = [each for each in inspect.signature(find(name).make).parameters if each != "sizes"]
    assert list(defaults) == [*own, "person", "agreement", "rationality", "ask"]
    assert settings == {"world": name, **defaults, "seed": 7, "agreement": 0.9}
    assert find(name).settings(**{key: value for key, value in settings.items() if key != "world"}) == settings
    state = default(name)
    assert isinstance(state.person, Boltzmann) and state.person.agreement == 0.9 and state.person.lapse > 0
    stages = [stage for stage in state.plan if stage.person is None and ",".join(stage.kinds) == defaults["feedback"]]
    assert len(stages) == defaults["rounds"] and all(stage.questions == defaults["questions"] for stage in stages)
    assert state.answers is None and state.history == [] and state.kl_coef == defaults["kl_coef"]
    assert_same(state.policy.state(), state.reference.state())


@pytest.mark.parametrize("name", MATRIX)
def test_a_world_offers_the_kinds_of_its_row_and_says_which_it_has(name):
    for kind in KINDS:
        if kind in MATRIX[name]:
            assert [stage.kinds for stage in build(name, seed=7, feedback=kind, rounds=1).plan
                    if stage.person is None][-1] == (kind,)
        else:
            with pytest.raises(ValueError,
                               match=f"^feedback on {name}: expected one of {', '.join(MATRIX[name])}; got '{kind}'$"):
                build(name, seed=7, feedback=f"preference,{kind}")


@pytest.mark.parametrize("name", MATRIX)
def test_a_fit_takes_as_many_steps_of_as_many_answers_however_many_there_are(name):
    for reward in REWARDS if name == "chat" else [None]:
        model = build(name, seed=7, **({"reward": reward} if reward else {})).reward_model
        for member in getattr(model, "members", [model]):
            assert member.batch and member.fit_steps


def test_no_round_of_a_long_run_reads_more_than_one_of_a_short_run(monkeypatch):
    read, choices = [], Answers.choices
    monkeypatch.setattr(Answers, "choices", lambda answers, chosen,
                        *more: read.append(len(chosen)) or choices(answers, chosen, *more))
    state = build("bandit", seed=3, rounds=8, questions=40)
    state.updates_per_round, rounds = 2, []
    rlhf.rlhf(state, on_round=lambda state, row: rounds.append([n for n in read if n <= 64]) or read.clear())
    assert [len(batches) for batches in rounds[2:]] == [len(rounds[2])] * 6 and max(map(max, rounds)) == 64


@pytest.mark.parametrize("name", MATRIX)
def test_on_the_true_reward_nobody_is_asked_and_with_coins_nobody_looks(name):
    state = build(name, seed=7, person="nobody")
    asked = [stage for stage in default(name).plan if stage.person is None]
    asked = asked[-len(state.plan):]  # where nobody is there, nobody shows or mends either
    for stage, before in zip([stage for stage in state.plan if stage.person is None], asked):
        assert (stage.kinds, stage.questions) == ((), 0) and stage.name == before.name
        assert stage.begin is not None or before.begin is None
        assert stage.improve is (from_true_reward if before.improve is from_answers else stage.improve)
    assert isinstance(build(name, seed=7, person="coin").person, CoinFlip)
    if name == "cartpole":
        assert not state.game.frozen and state.steps_at_most == 200 and default(name).game.frozen


def test_generators_are_independent_of_each_other_and_of_other_seeds():
    drawn = [rng.random(3).tolist() for seed in (0, 1) for rng in generators(seed).values()]
    assert len({tuple(numbers) for numbers in drawn}) == 12
    assert drawn[:6] == [rng.random(3).tolist() for rng in generators(0).values()]
    seen = build("bandit", seed=3)
    seen.rngs["game"].random(100)
    other = build("bandit", seed=3)
    assert seen.rngs["person"].random() == other.rngs["person"].random()


@pytest.mark.parametrize("world, name, value, came", [
    ("chat", "language", "french", "dialogue, sentiment; got 'french'"),
    ("chat", "method", "magic", "best-of-n; got 'magic'"),
    ("chat", "reward", "eyes", "bag, ngram, trunk, ensemble; got 'eyes'"),
    ("chat", "person", "cat", "simulated, recorded, human, coin, nobody; .*got 'cat'"),
    ("bandit", "learner", "magic", "ppo; got 'magic'"), ("bandit", "seed", -1, "got -1"),
    ("bandit", "seed", 1.5, "got 1.5"),
    ("bandit", "rounds", 0, "from 1 to 10000, got 0"), ("chat", "rounds", 10_001, "got 10001"),
    ("bandit", "questions", 0, "got 0"),
    ("bandit", "questions", True, "got True"), ("text", "kl_coef", -0.1, "got -0.1"),
    ("bandit", "kl_coef", np.nan, "got nan"),
    ("bandit", "kl_coef", True, "got True"), ("bandit", "agreement", 0.4, "got 0.4"),
    ("chat", "agreement", 1.1, "got 1.1"),
    ("bandit", "feedback", 3, "expected text, got 3"),
    ("bandit", "feedback", "rating,rating", "each kind once, got rating,rating")])
def test_settings_without_sense_are_refused_in_one_line(world, name, value, came):
    with pytest.raises(ValueError, match=f"^{name}: expected .*{came}$|^{name}: {came}$") as error:
        build(world, **{name: value})
    assert "\n" not in str(error.value)


def test_a_setting_that_has_no_effect_beside_another_is_refused():
    for given, named in (({"person": "coin", "agreement": 0.8}, "agreement"),
                         ({"person": "nobody", "questions": 5}, "questions"),
                         ({"person": "nobody", "feedback": "rating"}, "feedback"),
                         ({"method": "best-of-n", "kl_coef": 0.1}, "kl_coef")):
        with pytest.raises(ValueError, match=f"^{named}: expected nothing"):
            chat.refuse_idle(given)
    chat.refuse_idle({"person": "coin", "questions": 5})
    with pytest.raises(ValueError, match="settings: expected seed, language, .* for chat; got learner, speed"):
        chat.settings(speed=3, learner="ppo")


@pytest.mark.parametrize("method", ["dpo", "ipo", "best-of-n"])
def test_a_method_that_needs_a_kl_penalty_or_answers_says_so_at_the_door(method):
    if method != "best-of-n":
        with pytest.raises(ValueError, match="kl_coef: expected a number from 0.001 to 1000000.0, got 0.0"):
            chat(method=method, kl_coef=0.0)
    with pytest.raises(ValueError, match="person: expected somebody who answers, .*; got nobody"):
        chat(method=method, person="nobody")


# ---- the stages of a chat model

def a_chat(**settings):
    return chat(sizes=SMALL, **{"seed": 3, "questions": 6, **settings})


@functools.cache
def early(language="dialogue"):
    """A small run up to its fine-tuned model, made once."""
    return rlhf.rlhf(a_chat(language=language), 2)


def fine_tuned(**settings):
    """A run that has two stages behind it."""
    state = a_chat(**settings)
    before = early(settings.get("language", "dialogue"))
    own = ("learner/", "reward_model/", "person/")
    flat = {name: value for name, value in before.state().items() if not name.startswith(own)}
    now = {name: value for name, value in state.state().items() if name.startswith(own)}
    state.load({**flat, **now}, before.answers)
    return state


@functools.cache
def finished(number):
    """The run of a sort through two rounds, and what it had saved after each stage; made once."""
    state = fine_tuned(**SORTS[number], rounds=2)
    saved = [(state.state(), state.answers)]
    return rlhf.rlhf(state, on_round=lambda state, row: saved.append((state.state(), state.answers))), saved


def vectors(state):
    return {name: policy.network.params.vector.tobytes() for name, policy in state.snapshots.items()}


@sorts(SORTS, slow=(1, 2, 3, 4, 5, 6))
def test_stopped_after_any_stage_a_run_goes_on_to_the_same_numbers(settings):
    whole, saved = finished(SORTS.index(settings))
    assert len(saved) == 3
    for number, (before, after) in enumerate(zip(saved, saved[1:]), 3):
        state, rows = a_chat(**settings, rounds=2), []
        state.load(*before)
        rlhf.rlhf(state, number, on_round=lambda state, row: rows.append(row["stage"]))
        assert rows == [whole.plan[number - 1].name]
        assert_same(state.state(), after[0])


@pytest.mark.slow
@pytest.mark.parametrize("language", CORPORA)
def test_stopped_after_reading_it_goes_on_to_the_same_fine_tuned_model(language):
    saved = rlhf.rlhf(a_chat(language=language), 1).state()
    again = a_chat(language=language)
    again.load(saved, None)
    assert list(again.snapshots) == ["pretrained"]
    assert_same(rlhf.rlhf(again, 2).state(), early(language).state())


def test_the_stages_come_in_their_order_and_later_ones_leave_earlier_ones_alone():
    seen = []
    state = rlhf.rlhf(a_chat(rounds=2), on_round=lambda state, row: seen.append(vectors(state)))
    names = ["pretrained", "sft", "rl", "rl_2"]
    assert names == [stage.name for stage in state.plan] == list(state.snapshots) == [row["stage"]
                                                                                      for row in state.history]
    assert [list(kept) for kept in seen] == [names[:n] for n in (1, 2, 3, 4)]
    assert all(kept[name] == seen[-1][name] for kept in seen for name in kept)
    assert len(set(seen[-1].values())) == 4                            # each of them changed something
    assert_same(state.reference.state(), state.snapshots["sft"].state())
    assert_same(state.policy.state(), state.snapshots["rl_2"].state())
    assert [row["answers"] for row in state.history] == [0, 12, 18, 24]


def test_nobodys_numbers_depend_on_what_the_others_do():
    (plain, _), other = finished(0), rlhf.rlhf(a_chat(method="dpo", reward="bag", kl_coef=1.0))
    assert all(vectors(other)[name] == vectors(plain)[name] for name in ("pretrained", "sft"))
    assert np.array_equal(other.answers.said, plain.answers.said[:18]) and vectors(other)["rl"] != vectors(plain)["rl"]
    assert vectors(rlhf.rlhf(a_chat(seed=4), 1))["pretrained"] != vectors(plain)["pretrained"]


@pytest.mark.parametrize("language", CORPORA)
def test_reading_makes_the_model_less_surprised_by_what_it_read(language):
    state, rng = a_chat(language=language), np.random.default_rng(0)
    before = bits_per_character(state.game, state.policy, rng, 32)
    assert early(language).history[0]["bits_per_character"] < before - 0.5
    state.policy.network.params["weight_1"][...] = 0
    assert np.isclose(bits_per_character(state.game, state.policy, rng, 8), np.log2(state.game.n_actions), rtol=1e-5)


def test_only_what_people_left_in_mended_answers_is_copied(monkeypatch):
    monkeypatch.setattr(sys.modules["tinyrlhf.worlds.chat"], "CARE", 1.0)
    copied = []
    monkeypatch.setattr(improvements, "clone", lambda policy, observations, actions, *_,
                        **__: copied.append((observations, actions)) or [0.0])
    state = rlhf.rlhf(a_chat(), 2)
    (observations, actions), game = copied[0], state.game
    done = state.answers.acted()
    assert np.array_equal(observations, done.decisions[0]) and np.array_equal(actions, done.decisions[1])
    for prompt, text in zip(game.asked(done.states[:, 0]), game.decode(done.states[:, -1])):
        topic = game.phrases.prompts[prompt]
        assert any(body in text for body in game.phrases.bodies[topic]) and not game.count_unkind(text)


def test_measuring_changes_nothing_and_says_the_same_again():
    state, saved = finished(0)
    row = state.measure(state)
    assert row == {name: value for name, value in state.history[-1].items() if name in row}
    assert_same(state.state(), saved[-1][0])
    rng = np.random.default_rng([3, 5])
    answers = rollout(state.game, state.policy, state.game.start(16, rng), rng)
    assert row["true_return"] == answers.true_returns.mean() and 0 <= row["real_words"] <= 1
    assert 0 < row["distinct"] <= 1


# ---- what people said, and nothing else

class Blindfolding:
    """Somebody whose answers show nobody what they want, but by what they say."""

    def __init__(self, person):
        self.person = person
        self.state, self.load = person.state, person.load

    def answer(self, game, questions, rng):
        answers = self.person.answer(game, questions, rng)
        return replace(answers, episodes=blindfolded(answers.episodes))


@sorts(SORTS[:-1], slow=(1, 2, 3, 4, 5))
def test_blindfolded_after_the_answers_reward_model_and_policy_learn_the_same(settings):
    seeing, _ = finished(SORTS.index(settings))
    blind = fine_tuned(**settings, rounds=2)
    blind.person = Blindfolding(blind.person)
    rlhf.rlhf(blind)
    later = blind.answers[blind.answers.round > 2].only_shown().episodes
    assert np.isnan(later.true_rewards[later.mask]).all()
    assert vectors(blind) == vectors(seeing)
    assert_same(blind.reward_model.state(), seeing.reward_model.state())


@pytest.mark.slow
def test_coin_flips_move_the_policy_too_but_do_not_look(monkeypatch):
    state, _ = finished(5)
    assert isinstance(state.person, CoinFlip) and state.history[-1]["kl"] > 0
    before = {method: fine_tuned(feedback="ranking", person="coin") for method in ("as it is", "otherwise")}
    said = [rlhf.rlhf(before["as it is"]).answers.said]
    monkeypatch.setattr(type(state.game), "true_reward", lambda game, states: -np.arange(len(states), dtype=float))
    said.append(rlhf.rlhf(before["otherwise"]).answers.said)
    assert np.array_equal(*said)


@pytest.mark.slow
def test_a_second_round_learns_from_fresh_answers_and_all_before_in_the_units_of_the_first(monkeypatch):
    state, fitted, units = fine_tuned(rounds=2), [], []
    fit, normalize = OutcomeReward.fit, OutcomeReward.normalize
    monkeypatch.setattr(OutcomeReward, "fit", lambda model, answers,
                        rng: (fitted.append(answers), fit(model, answers, rng))[1])
    monkeypatch.setattr(OutcomeReward, "normalize", lambda model,
                        episodes: (units.append(episodes), normalize(model, episodes))[1])
    rlhf.rlhf(state)
    assert [len(answers) for answers in fitted] == [6, 12]
    assert all(set(answers.kind) == {"ranking"} for answers in fitted)
    ranked = state.answers.of(("ranking",))
    first, second = ranked[ranked.round == 3].only_shown(), ranked[ranked.round == 4].only_shown()
    for episodes in units:
        texts = state.game.decode(episodes.states[:, -1])
        assert sorted(texts) == sorted(state.game.decode(first.episodes.states[:, -1]))
    # drawn from the policy as it was then
    log_probs = state.snapshots["rl"].log_probs(*second.episodes.decisions)[0]
    assert np.allclose(log_probs, second.episodes.log_probs[second.episodes.mask], atol=1e-5)


# ---- the KL penalty, and without it

def test_the_kl_penalty_is_to_the_fine_tuned_model_and_each_round_has_a_fresh_learner_whose_rate_falls(monkeypatch):
    seen = []

    def look(state, reward):
        seen.append((state.kl_coef, state.reference.state()["vector"].tolist(),
                     state.learner.now(state.learner.learning_rate)))
        return {"kl": 0.0}

    monkeypatch.setattr(rlhf, "improve_on", look)
    state = rlhf.rlhf(fine_tuned(kl_coef=0.7, rounds=2))
    assert [kl_coef for kl_coef, _, _ in seen] == [0.7, 0.7] and seen[0][2] == seen[1][2] == 1e-3
    assert seen[0][1] == seen[1][1] == state.snapshots["sft"].state()["vector"].tolist()
    done, _ = finished(0)
    assert done.learner.now(done.learner.learning_rate) == pytest.approx(2e-5)               # its lowest


@pytest.mark.slow
def test_a_higher_price_of_a_nat_keeps_the_policy_nearer():
    def moved(kl_coef):
        state = fine_tuned(kl_coef=kl_coef, person="nobody")
        state.true_reward_scale = 1.0
        state.episodes_per_update, state.updates_per_round = 16, 8
        return rlhf.rlhf(state).history[-1]["kl"]
    assert moved(5.0) < moved(0.0)


@pytest.mark.parametrize("world", ["bandit", "gridworld", "text"])
def test_a_nat_costs_the_same_on_the_true_reward_as_on_a_learned_one(monkeypatch, world):
    state, rng, seen = build(world, person="nobody"), np.random.default_rng(5), []
    monkeypatch.setattr(rlhf, "improve_on", lambda state, reward: seen.append(reward))
    from_true_reward(state, state.plan[0])
    played = rollout(state.game, state.reference, state.game.start(4000, rng), rng)
    assert seen[0](played).sum(axis=1).std() == pytest.approx(1, rel=0.1)


@pytest.mark.parametrize("method", ["rloo", "dpo", "best-of-n"])
def test_where_nobody_says_anything_every_stage_of_a_chat_model_goes_on(monkeypatch, method):
    def silent(self, game, questions, rng):
        return questions.answered(np.full((len(questions), 4), SKIP))

    monkeypatch.setattr(Boltzmann, "answer", silent)
    state = SMALL_CHAT(questions=6, method=method)
    rlhf.rlhf(state)
    assert len(state.history) == len(state.plan) and not state.answers.judged.any()
    np.testing.assert_array_equal(state.snapshots["sft"].network.params.vector,
                                  state.snapshots["pretrained"].network.params.vector)


def test_a_stage_begins_before_its_questions_so_that_tries_are_those_of_its_reference():
    state = fine_tuned(feedback="demonstration")
    rlhf.propose(state, state.plan[2])
    tuned = state.snapshots["sft"].network.params.vector
    np.testing.assert_array_equal(state.reference.network.params.vector, tuned)


def test_labels_of_a_chat_model_are_cloned_into_one_that_has_read(monkeypatch):
    seen = []

    def look(policy, *arguments, **imitation):
        seen.append(policy)
        return policy

    monkeypatch.setattr(report, "clone_labels", look)
    monkeypatch.setattr(rlhf, "std_of_returns", lambda game, policy: 1.0)
    report.baselines(SMALL_CHAT.settings(questions=6))
    read = rlhf.rlhf(SMALL_CHAT(questions=6), stages=1)
    np.testing.assert_array_equal(seen[0].network.params.vector, read.policy.network.params.vector)


def test_without_a_kl_penalty_it_leaves_the_reference_and_both_judges_are_asked():
    state, saved = finished(0)
    rows = without_kl_penalty(state, updates=20, n=12)
    assert len(rows) == 3 and rows[0]["kl"] == 0 < rows[1]["kl"]
    assert_same(state.state(), saved[-1][0])
    assert rows == without_kl_penalty(state, updates=20, n=12)
    assert len(without_kl_penalty(state, updates=3, n=12)) == 2
    assert all(0 <= row[name] <= 1 for row in rows for name in ("person_prefers", "reward_model_prefers"))
    assert all(isinstance(row["sample"], str) and np.isfinite([row["true_return"], row["learned_return"]]).all()
               for row in rows)


def test_a_reward_model_that_is_the_true_reward_is_never_fooled():
    class Truth:
        @staticmethod
        def rewards(episodes):
            return episodes.true_rewards

    state = replace(fine_tuned(), reward_model=Truth(), person=Boltzmann(rationality=1e6))
    for row in without_kl_penalty(state, updates=10, n=12):
        assert np.isclose(row["true_return"], row["learned_return"])
        assert np.isclose(row["person_prefers"], row["reward_model_prefers"])


# ---- what reward models can see

def some_answers(game, texts, prompt="explain tea."):
    _, actions, mask = game.demonstrations([prompt] * len(texts), texts)
    return replay(game, game.ask([prompt] * len(texts)), actions, mask, None)


def a_reward_model(state, kind):
    """With numbers at random, so that it has an opinion on everything."""
    model = make_reward_model(kind, state.game, state.policy.network, np.random.default_rng(0))
    for member in getattr(model, "members", [model]):
        member.network.params.vector[:] += np.random.default_rng(1).normal(size=member.network.params.vector.size)
    return model


def test_each_reward_model_is_blind_to_what_it_is_said_to_be_blind_to():
    state = a_chat()
    game, (bag, ngram, trunk) = state.game, (a_reward_model(state, kind) for kind in ("bag", "ngram", "trunk"))
    order = some_answers(game, ["sure! tea is hot.", "tea is hot. sure!"])
    assert np.isclose(*bag.scores(order), rtol=1e-6) and not np.isclose(*ngram.scores(order))
    assert not np.isclose(*trunk.scores(order))
    again = ngram.scores(some_answers(game, ["ha ha" + " ha" * n for n in (2, 3, 4, 5)]))
    assert np.allclose(np.diff(again), np.diff(again)[0],
                       atol=1e-4)   # what has come already is worth as much once more
    assert not np.allclose(np.diff(bag.scores(some_answers(game, ["ha ha" + " ha" * n for n in (2, 3, 4, 5)])), 2), 0,
                           atol=1e-3)
    far = some_answers(game, ["a dog walked in the rain and", "a cow walked in the rain and"])
    assert np.isclose(*trunk.forward(far)[0][:, 20])
    assert not np.isclose(*trunk.scores(far))                  # 12 letters back it is dark
    for model in (bag, ngram, trunk):
        one, other = (model.scores(some_answers(game, ["it is hot."], prompt))
                      for prompt in ("explain tea.", "explain rain."))
        assert not np.isclose(one, other)
    assert ngram.network.params["table"].shape == (N_GRAMS, 1)


def test_the_trunk_takes_the_lower_layers_of_the_fine_tuned_model():
    state = fine_tuned(reward="trunk")
    stage = state.plan[2]
    stage.begin(state)
    trunk, reference = state.reward_model.network.params, state.snapshots["sft"].network.params
    for name in ("embedding", "weight_0", "bias_0"):
        assert np.array_equal(trunk[name], reference[name])
    assert trunk["weight_1"].shape == (128, 1)
    later = a_chat(reward="trunk", rounds=2).plan[3]
    before = state.reward_model
    later.begin(state)
    assert state.reward_model is before                              # what it has learned stays


def test_an_ensemble_says_what_the_worst_case_of_its_three_members_says():
    state, rng = fine_tuned(), np.random.default_rng(5)
    answers = rollout(state.game, state.policy, state.game.start(60, rng), rng)
    model = a_reward_model(state, "ensemble")
    model.normalize(answers)
    each = np.stack([member.rewards(answers).sum(axis=1) for member in model.members])
    typical = each.mean(axis=1, keepdims=True)
    assert np.allclose(model.rewards(answers).sum(axis=1), (each - typical).min(axis=0) + typical.mean(), atol=1e-5)
    assert len(set((each - typical).argmin(axis=0))) == 3 and not model.rewards(answers)[~answers.mask].any()


# ---- odd runs

@pytest.mark.parametrize("reward", REWARDS)
def test_a_language_of_one_letter_goes_through_all_stages(monkeypatch, reward):
    one = ("a",)
    monkeypatch.setitem(CORPORA, "a",
                        Phrases({"a": "a"}, {"a": one}, one, {"a": one}, one, ("aa",), one, one, ("aa",), (one, one)))
    monkeypatch.setitem(chat.make.__annotations__, "language", (*CORPORA, "a"))
    monkeypatch.setattr(worlds, "arguments_of", worlds.arguments_of.__wrapped__)
    state = rlhf.rlhf(a_chat(language="a", reward=reward))
    assert len(state.history) == 3 and np.isfinite([row["true_return"] for row in state.history]).all()
    assert np.isfinite(state.policy.network.params.vector).all() and np.isfinite(state.history[-1]["learned_return"])


def test_answers_that_are_all_alike_teach_nothing_and_break_nothing():
    state = fine_tuned()
    state.policy.network.params.vector[:] = 0
    # whatever it is asked, it says the same letter 56 times
    state.policy.network.params["bias_1"][7] = 30.0
    rlhf.rlhf(state)
    ranked = state.answers.of(("ranking",)).only_shown()
    assert len(set(state.game.decode(ranked.episodes.states[:, -1]))) == 1
    assert np.isfinite(state.policy.network.params.vector).all() and np.isfinite(state.history[-1]["learned_return"])


@sorts([{}, {"method": "dpo"}, {"reward": "ensemble"}])
def test_one_question_is_enough_to_go_on(settings):
    state = rlhf.rlhf(fine_tuned(questions=1, **settings))
    assert (state.answers.kind == "ranking").sum() == 1 and np.isfinite(state.history[-1]["true_return"])


def test_every_method_is_one_of_the_plan():
    for method in METHODS:
        assert [stage.name for stage in a_chat(method=method).plan] == ["pretrained", "sft", "rl"]
    assert improve_on is rlhf.improve_on and zoo.PLAIN == ("simulated", "recorded", "human", "coin", "nobody")


# ---- a real run

@pytest.mark.slow
def test_people_teach_what_coin_flips_do_not_and_without_a_kl_penalty_the_reward_model_is_fooled():
    before, after = rlhf.rlhf(chat(seed=401), 2), {}
    pretrained, sft = before.history
    assert pretrained["real_words"] > 0.95 and pretrained["bits_per_character"] < 0.3
    assert sft["true_return"] > pretrained["true_return"] + 0.5
    for person in ("coin", "simulated"):
        state = chat(seed=401, person=person)
        fresh = {name: value for name, value in state.state().items() if name.startswith("person/")}
        state.load({**{name: value for name, value in before.state().items() if not name.startswith("person/")},
                    **fresh}, before.answers)
        after[person] = rlhf.rlhf(state).history[-1]
    assert after["simulated"]["true_return"] > sft["true_return"] + 0.4 and after["simulated"]["unkind"] < 0.03
    assert after["coin"]["true_return"] < sft["true_return"] + 0.1
    assert after["coin"]["kl"] > 0.5 * after["simulated"]["kl"] > 0
    rows = without_kl_penalty(state)
    best, last = max(rows, key=lambda row: row["true_return"]), rows[-1]
    assert last["true_return"] < best["true_return"] - 0.4 and last["learned_return"] > best["learned_return"]
    assert last["person_prefers"] < 0.5 < last["reward_model_prefers"]


def test_half_of_the_clips_begin_upright_if_that_is_wanted():
    rng = np.random.default_rng(0)
    for half, at_least in (("early", 0), ("upright", 0.5)):
        state = build("cartpole", seed=3, clips=half)
        clips = state.view.clips(act(state), 60, rng)
        first = clips.states[:, 0]
        stands = ~fallen(first) & (np.abs(first[:, 2]) < ANGLE_LIMIT / 2)
        assert len(clips) == 60 and clips.actions.shape[1] == 25 and not stands.all()
        assert at_least <= stands.mean() < at_least + 0.5


def test_features_are_what_one_sees_of_a_pole_whether_it_lies_or_where_it_stands():
    states = np.array([[0.6, 1, 0.05, -1], [-0.6, -1, -0.05, 1], [0.6, 1, 0.5, -1], [-2.5, 3, 0, 0]])
    actions = np.array([[0, 1, 0, 0]])
    steps = Namespace(next_observations=states[None], actions=actions)
    right, left, lies, gone = what_one_sees(steps)[0]
    assert right[1] == -left[1] == 0.25 and np.array_equal(right[2:6], left[2:6]) and right[6] == -left[6]
    assert lies.tolist() == gone.tolist() == [1, 0, 0, 0, 0, 0, -1]
    game = Gridworld()
    goal, lava, flowers, floor = (int(np.flatnonzero(game.map.ravel() == symbol)[0]) for symbol in "GL^.")
    walks = Namespace(next_observations=np.array([[goal, lava, flowers, floor]]))
    assert np.array_equal(signs_entered(game, walks)[0], [[1, 0, 0, 1], [0, 1, 0, 1], [0, 0, 1, 1], [0, 0, 0, 1]])
