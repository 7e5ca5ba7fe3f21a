"""Do the people of the zoo answer as their knob says, alone and together?"""
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tinyrlhf.episodes import join
from tinyrlhf.feedback.answers import FIRST, KINDS, SAME, SKIP, join_answers
from tinyrlhf.humans import zoo
from tinyrlhf.humans.simulated import Absent, Boltzmann, CoinFlip
from tinyrlhf.humans.zoo import person
from tinyrlhf.numerics import sigmoid

sys.path.insert(0, str(Path(__file__).parent))
from planted import SHOWN, clips, episodes_worth, pairs_of, questions_of  # noqa: E402

GAP = 0.8
N = 8000
SURE = 2.0


def pairs(gap=GAP, n=N, place=None):
    """n pairs whose first is worth so much more."""
    return pairs_of(episodes_worth(np.full(n, gap)), episodes_worth(np.zeros(n)), place)


def said(words, questions, answered=0, rng=None):
    """What somebody says who has given so many answers before."""
    somebody = person(words, rationality=SURE)
    somebody.answered = answered
    return somebody.answer(None, questions, rng or np.random.default_rng(1)).said[:, 0]


def share_first(words, answered=0, gap=GAP, place=None):
    return (said(words, pairs(gap, place=place), answered) == FIRST).mean()


def near(share, expected):
    """Is a share of N draws within 5 standard deviations?"""
    return abs(share - expected) <= 5 * np.sqrt(expected * (1 - expected) / N) + 1e-12


def seen(words, episodes):
    """What somebody makes of episodes, (B,)."""
    return person(words, rationality=1.0).returns(episodes)


def episode_of(rewards):
    """One episode with these true rewards, (T,)."""
    episode = episodes_worth([0.0], len(rewards))
    return replace(episode, true_rewards=np.array([rewards]))


# ---- what they make of what they see

def test_a_myopic_person_counts_recent_steps_most():
    episodes = clips(30, np.random.default_rng(0), equal=False)
    for strength in (0.0, 0.7, 1.0):
        by_hand = [sum(strength ** (length - 1 - t) * rewards[t] for t in range(length))
                   for length, rewards in zip(episodes.lengths, episodes.true_rewards)]
        assert np.allclose(seen(f"myopic:{strength}", episodes), by_hand)
    assert np.allclose(seen("myopic:1", episodes), episodes.true_returns)


def test_peak_and_end_stand_for_all_steps():
    episodes = clips(30, np.random.default_rng(1), equal=False)
    by_hand = []
    for length, rewards in zip(episodes.lengths, episodes.true_rewards):
        steps = list(rewards[:length])
        by_hand.append((max(steps, key=abs) + steps[-1]) / 2)
    assert np.allclose(seen("peak-end", episodes), by_hand)
    half = (np.array(by_hand) + episodes.true_returns) / 2
    assert np.allclose(seen("peak-end:0.5", episodes), half)
    assert np.allclose(seen("peak-end:0", episodes), episodes.true_returns)


def test_more_pain_with_a_better_end_is_remembered_as_less():
    """Sixty seconds in cold water, and the same with thirty more that are a little warmer."""
    short, long = (np.concatenate([np.full(60, -4.0), np.full(more, -3.0)]) for more in (0, 30))
    trials = join([episode_of(short), episode_of(long)])
    assert trials.true_returns.tolist() == [-240, -330]
    assert np.allclose(seen("peak-end", trials), [-4, -3.5])


def test_who_likes_length_pays_for_each_step():
    episodes = clips(30, np.random.default_rng(2), equal=False)
    for strength in (-1.0, 2.0):
        more = seen(f"length:{strength}", episodes) - episodes.true_returns
        assert np.allclose(more, strength * episodes.lengths)


def test_judgements_add_up_in_the_order_of_the_words():
    episodes = clips(20, np.random.default_rng(3))
    last_only = episodes.true_rewards[np.arange(20), episodes.lengths - 1]
    assert np.allclose(seen("myopic:0+peak-end:0", episodes), last_only)
    assert np.allclose(seen("length:3+myopic:0", episodes), last_only + 3)
    assert np.allclose(seen("myopic:0+length:3", episodes), last_only + 3 * episodes.lengths)


# ---- how sure they are

@pytest.mark.parametrize("words, answered, factor", [
    ("simulated", 0, 1), ("drift:1e9", 0, 1), ("drift:1e9", 5e8, 0.5), ("drift:1e9", 1e9, 0), ("drift:1e9", 2e9, -1),
    ("drift:1e9", 9e9, -1), ("fatigue:1e9", 0, 1), ("fatigue:1e9", 1e9, 0.5), ("fatigue:1e9", 2e9, 0.25),
    ("drift:1e9+fatigue:1e9", 2e9, -0.25)])
def test_drift_and_fatigue_change_how_sure_people_are_with_what_they_have_answered(words, answered, factor):
    assert near(share_first(words, answered), sigmoid(SURE * factor * GAP))


def test_each_answer_counts_towards_fatigue_and_drift():
    for words, first, last in (("fatigue:1000", SURE, 0.0), ("drift:2000", SURE, -SURE)):
        right = said(words, pairs(gap=2.0)) == FIRST
        assert right[:200].mean() > 0.9 and abs(right[-2000:].mean() - sigmoid(2 * last)) < 0.06


@pytest.mark.parametrize("strength", [0.0, 0.3, 1.0])
def test_lapses_are_coins_and_mistakes_take_better_for_worse(strength):
    right = sigmoid(SURE * GAP)
    assert near(share_first(f"lapse:{strength}"), (1 - strength) * right + strength / 2)
    assert near(share_first(f"mistake:{strength}"), (1 - strength) * right + strength * (1 - right))
    sure_of_it = (said(f"oracle+mistake:{strength}", pairs()) == FIRST).mean()
    assert near(sure_of_it, 1 - strength)


def test_a_mistaken_ranking_is_upside_down_and_a_lapse_is_any_order():
    questions = questions_of("ranking", episodes_worth(np.tile([3.0, 2.0, 1.0, 0.0], 500)))
    order = person("oracle+mistake:1").answer(None, questions, np.random.default_rng(2)).said
    assert (order == [3, 2, 1, 0]).all()
    order = person("oracle+lapse:1").answer(None, questions, np.random.default_rng(2)).said
    assert (np.bincount(order[:, 0], minlength=4) > 80).all()


def test_an_oracle_is_never_wrong_and_a_stochastic_teacher_as_sure_as_its_strength():
    assert (said("oracle", pairs(gap=1e-3)) == FIRST).all()
    assert near(share_first("stochastic:3"), sigmoid(3 * GAP))
    assert near(share_first("stochastic"), sigmoid(GAP))
    assert person("myopic", agreement=0.8).agreement == 0.8


# ---- where they look, and what they leave out

@pytest.mark.parametrize("strength", [-1.0, 0.0, 2.0])
def test_what_is_shown_first_gains_that_many_logits(strength):
    for place, sign in (([0, 1], 1), ([1, 0], -1)):
        share = share_first(f"position:{strength}", place=np.tile(place, (N, 1)))
        assert near(share, sigmoid(SURE * GAP + sign * strength))
    grades = questions_of("rating", episodes_worth(np.linspace(0, 1, 200)))
    assert np.array_equal(said(f"position:{strength}", grades), said("simulated", grades))


def test_the_worst_are_skipped_and_the_most_alike_called_the_same():
    rng = np.random.default_rng(4)
    best, gap = rng.permutation(1000).astype(float), rng.permutation(1000) + 1.0
    questions = pairs_of(episodes_worth(best), episodes_worth(best - gap))
    skipped = said("oracle+skip:0.2", questions) == SKIP
    assert skipped.sum() == 200 and best[skipped].max() < best[~skipped].min()
    same = said("oracle+equal:0.3", questions) == SAME
    assert same.sum() == 300 and gap[same].max() < gap[~same].min()
    assert (said("oracle+skip:0+equal:0", questions) == FIRST).all()


def test_a_trait_that_changes_nothing_of_what_is_asked_is_refused():
    zoo.check_affects("position+equal+myopic", ["preference", "rating"])
    zoo.check_affects("simulated", ["demonstration"])
    zoo.check_affects("coin", [])
    for words, kinds in (("position", ["rating", "stop"]), ("equal", ["ranking"]), ("myopic", ["demonstration"]),
                         ("oracle+skip", ["correction"]), ("camps", ["demonstration", "correction"])):
        with pytest.raises(ValueError, match="it changes nothing that is said of " + ", ".join(kinds)):
            zoo.check_affects(words, kinds)


def test_only_a_pair_can_be_called_the_same():
    rng = np.random.default_rng(5)
    for kind in KINDS:
        if KINDS[kind].needs != "expert" and kind != "preference":
            questions = questions_of(kind, episodes_worth(rng.normal(size=40 * SHOWN[kind])))
            plain, equal = (said(words, questions) for words in ("simulated", "equal:1"))
            assert np.array_equal(plain, equal)


# ---- several people

def test_camps_want_opposite_things_and_each_answers_under_its_name():
    answers = person("camps:0.25", rationality=SURE).answer(None, pairs(), np.random.default_rng(6))
    for name, share, sign in (("camp 1", 0.75, 1), ("camp 2", 0.25, -1)):
        own = answers.person == name
        assert near(own.mean(), share)
        right = sigmoid(sign * SURE * GAP)
        assert abs((answers.said[own, 0] == FIRST).mean() - right) < 5 * np.sqrt(right * (1 - right) / own.sum())


def test_annotators_differ_in_how_sure_they_are_by_powers_of_their_spread():
    answers = person("annotators:4", rationality=SURE).answer(None, pairs(), np.random.default_rng(7))
    names = np.unique(answers.person)
    assert names.tolist() == [f"annotator {number}" for number in range(1, 6)]
    for name, factor in zip(names, (0.25, 0.5, 1, 2, 4)):
        own = answers.said[answers.person == name, 0] == FIRST
        right = sigmoid(SURE * factor * GAP)
        assert abs(own.mean() - right) < 5 * np.sqrt(right * (1 - right) / len(own)) and near(len(own) / N, 0.2)


def test_a_panel_answers_each_question_where_it_stood():
    rng = np.random.default_rng(8)
    parts = [questions_of(kind, episodes_worth(rng.normal(size=12 * SHOWN[kind])))
             for kind in KINDS if KINDS[kind].needs != "expert"]
    questions = join_answers(parts)
    answers = person("annotators", agreement=0.9).answer(None, questions, rng)
    assert np.array_equal(answers.kind, questions.kind)
    for row in range(len(questions)):
        there = questions.shows[row] >= 0
        asked = questions.episodes[questions.shows[row][there]]
        told = answers.episodes[answers.shows[row][:there.sum()]]
        assert np.array_equal(asked.states, told.states)


def test_how_sure_a_panel_is_is_settled_on_all_its_questions():
    rng = np.random.default_rng(16)
    panel, alone = person("annotators", agreement=0.8), person("simulated", agreement=0.8)
    for _ in range(3):
        worth = rng.normal(size=(2, 15))
        questions = pairs_of(*(episodes_worth(each) for each in worth))
        for each in (panel, alone):
            each.answer(None, questions, rng)
        assert {member.latest for member in panel.members.values()} == {alone.latest}


def test_a_panel_as_a_judge_is_the_mean_of_its_members():
    first, second = episodes_worth([1.0, 0.0]), episodes_worth([0.0, 2.0])
    p = sigmoid(SURE * np.array([1.0, -2.0]))
    judged = person("camps:0.25", rationality=SURE).preference(first, second)
    assert np.allclose(judged, 0.75 * p + 0.25 * (1 - p))


# ---- all together

@pytest.mark.parametrize("words", ["+".join(zoo.TRAITS), *zoo.KNOBS])
def test_whoever_is_asked_whatever_it_is_says_what_can_be_said(words):
    rng = np.random.default_rng(9)
    parts = [questions_of(kind, episodes_worth(rng.normal(size=9 * SHOWN[kind])))
             for kind in KINDS if KINDS[kind].needs != "expert"]
    somebody = person(words, agreement=0.9, lapse=0.1)
    for _ in range(3):
        answers = somebody.answer(None, join_answers(parts), rng)
        for kind, members, shows in answers.grouped(np.flatnonzero(answers.judged)):
            assert KINDS[kind].valid(answers.said[members], shows.shape[1]).all()


@pytest.mark.parametrize("words", ["drift:20+fatigue:30+position", "annotators+drift:20", "camps+skip"])
def test_saved_and_loaded_they_go_on_as_they_were(words):
    questions = questions_of("rating", episodes_worth(np.random.default_rng(10).normal(size=40)))
    somebody, other = person(words, agreement=0.9), person(words, agreement=0.9)
    somebody.answer(None, questions, np.random.default_rng(11))
    other.load(somebody.state())
    told = [each.answer(None, questions, np.random.default_rng(12)) for each in (somebody, other)]
    assert np.array_equal(told[0].said, told[1].said) and np.array_equal(told[0].person, told[1].person)


def test_without_traits_people_are_as_they_were():
    rng = np.random.default_rng(13)
    questions = questions_of("preference", replace(clips(60, rng), ended=np.zeros(60, bool)))
    for words, plain in (("simulated", Boltzmann(agreement=0.8)), ("coin", CoinFlip())):
        told = [each.answer(None, questions, np.random.default_rng(14)).said
                for each in (person(words, agreement=0.8), plain)]
        assert np.array_equal(*told)
    assert isinstance(person("recorded"), Absent)


@pytest.mark.parametrize("words, came", [
    ("cat", "expected simulated, .*got 'cat'"), ("", "got ''"), ("myopic:", "a number after myopic:, got 'myopic:'"),
    ("myopic:x", "a number after myopic:"), ("myopic:2", "person myopic: expected a number from 0.0 to 1.0, got 2.0"),
    ("fatigue:0", "from 1.0"), ("mistake:nan", "person mistake: expected a number"),
    ("skip+skip:0.2", "each name once"),
    ("oracle+stochastic", "oracle or stochastic, since nobody is both"), ("oracle:0.3", "from 0.5 to 1.0"),
    ("camps+annotators", "camps or annotators, since nobody is both"), ("oracle+fatigue", "oracle or fatigue"),
    ("position+oracle", "oracle or position"), ("oracle+annotators", "oracle or annotators"),
    ("coin+skip", "got 'coin'")])
def test_nobody_who_does_not_exist_is_asked(words, came):
    with pytest.raises(ValueError, match=came) as error:
        person(words)
    assert str(error.value).startswith("person") and "\n" not in str(error.value)
