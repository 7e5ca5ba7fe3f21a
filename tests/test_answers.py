"""Do answers of every kind mean what they say, and are the right episodes asked about?"""
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from tinyrlhf import worlds
from tinyrlhf.criteria import choose, disagreement
from tinyrlhf.episodes import Episodes, clip, rollout, start_in_groups
from tinyrlhf.feedback.answers import (CANT_TELL, FIRST, GRADES, KINDS, OTHER_READINGS, PARTS, SAME, SECOND, SKIP,
                                       Answers, Questions,
                                       join_answers)
from tinyrlhf.games.cartpole import CartPole
from tinyrlhf.games.gridworld import Gridworld
from tinyrlhf.games.text import Text
from tinyrlhf.nn.networks import MLP
from tinyrlhf.policies import Policy
from tinyrlhf.questions import PLAYS_FOR_REMARKS, RANKED, TRIES, View, ask, drawn, kinds_for, random_pairs, shown
from tinyrlhf.rlhf import act, own_plays, propose
from tinyrlhf.worlds import bandit, cartpole, gridworld, text

sys.path.insert(0, str(Path(__file__).parent))
from planted import (SHOWN, anything_said, clips, episodes_worth, one_of_each, pairs_of,  # noqa: E402
                     questions_of)

every_kind = pytest.mark.parametrize("kind", KINDS)
FIVE = np.array([FIRST, SECOND, SAME, CANT_TELL, SKIP])


def answered_pairs(said=FIVE, person="simulated", T=3, seed=0):
    rng, n = np.random.default_rng(seed), len(said)
    return pairs_of(episodes_worth(rng.normal(size=n), T), episodes_worth(rng.normal(size=n), T)).answered(said, person)


def chosen_blocks(answers, chosen=None, **how):
    return answers.choices(np.arange(len(answers)) if chosen is None else np.asarray(chosen), **how)


# ---- what was said

def test_a_preference_is_a_whole_or_two_halves_and_no_judgement_is_no_choice():
    rows, [block] = chosen_blocks(answered_pairs())
    assert np.array_equal(block.shares, [[1, 0], [0, 1], [0.5, 0.5]]) and np.array_equal(block.answer, [0, 1, 2])
    assert np.array_equal(block.weights, np.eye(2)) and np.array_equal(rows[block.rows], [[0, 5], [1, 6], [2, 7]])
    assert answered_pairs().judged.tolist() == [True, True, True, False, False]


@every_kind
def test_whatever_kind_an_answer_that_says_nothing_is_kept_and_is_no_choice(kind):
    rng = np.random.default_rng(0)
    said = anything_said(kind, 5, rng)
    said[1], said[3] = CANT_TELL, SKIP
    answers = questions_of(kind, clips(5 * SHOWN[kind], rng)).answered(said)
    rows, blocks = chosen_blocks(answers)
    assert len(answers) == 5 and {*np.concatenate([block.answer for block in blocks]).tolist()} == {0, 2, 4}
    assert chosen_blocks(answers, [1, 3])[1] == [] and len(chosen_blocks(answers, [1, 3])[0]) == 0


@pytest.mark.parametrize("kind, said, sentence", [
    ("preference", [0, 3, 1], r"expected 0 \(first\), 1 \(second\) or 2 \(same\) of each preference.* got \[3\]"),
    ("preference", [0, -3, 1], r"got \[-3\]"),
    ("preference", [0.0, 1.0, 0.0], "expected whole numbers for each of 3 questions, got float64"),
    ("preference", [0, 1], r"for each of 3 questions, got int64 \(2,\)"),
    ("preference", ["first"] * 3, "expected whole numbers"),
    ("ranking", [[0, 1, 2, 2]] * 3, "the number of each one shown, best first of each ranking"),
    ("ranking", [[1, 2, 3, 4]] * 3, "of each ranking"), ("ranking", [[0, 1, 3, -1]] * 3, "of each ranking"),
    ("rating", [0, 5, 1], "a grade from 0 to 4 of each rating"),
    ("thumb", [0, 2, 1], r"0 \(down\) or 1 \(up\) of each thumb"),
    ("demonstration", [0, 4, 0], "of each demonstration"), ("correction", [2, 1, 1], "of each correction"),
    ("stop", [4, 0, 0], "of each stop"), ("comment", [0, 3, 0], "the number of a remark"),
    ("credit", [[2, 1]] * 3, "of each credit"), ("credit", [[1, 8]] * 3, "of each credit"),
    ("credit", [[1, -3]] * 3, "of each credit")])
def test_answers_that_do_not_exist_are_refused_and_told_which_do(kind, said, sentence):
    questions = questions_of(kind, episodes_worth(np.zeros(3 * SHOWN[kind])))
    with pytest.raises(ValueError, match=sentence):
        questions.answered(said)


@every_kind
def test_every_answer_that_exists_is_taken(kind):
    said = anything_said(kind, 50, np.random.default_rng(1))
    answers = questions_of(kind, episodes_worth(np.zeros(50 * SHOWN[kind]))).answered(said)
    assert np.array_equal(answers.said, said) and KINDS[kind].valid(said, SHOWN[kind]).all()


def test_a_kind_that_nobody_knows_is_refused():
    with pytest.raises(ValueError, match="kind of feedback: expected .*preference.* got 'applause'"):
        shown("applause", episodes_worth(np.zeros(2)), np.array([[0, 1]]))


def test_answering_keeps_the_episodes_the_places_and_the_person():
    place = np.array([[1, 0], [0, 1], [1, 0]])
    questions = pairs_of(episodes_worth([1.0, 2.0, 3.0]), episodes_worth(np.zeros(3)), place)
    answers = questions.answered(np.array([SECOND, CANT_TELL, FIRST]), "Ada")
    assert isinstance(answers, Answers) and len(answers) == 3 and answers.person.tolist() == ["Ada"] * 3
    assert answers.episodes is questions.episodes and np.array_equal(answers.place, place)
    assert answers.said.tolist() == [[SECOND], [CANT_TELL], [FIRST]]
    people = ["Ada", "Grace", "Ada"]
    assert questions.answered(np.zeros(3, int), np.array(people)).person.tolist() == people


@pytest.mark.parametrize("rows", [slice(1, 4), [4, 0], np.array([True, False, True, False, True])], ids=str)
def test_picking_rows_picks_them_in_every_field_about_the_same_episodes(rows):
    answers, numbers = answered_pairs(), np.arange(5)[rows]
    picked = answers[rows]
    assert isinstance(picked, Answers) and picked.episodes is answers.episodes
    assert np.array_equal(picked.shows, answers.shows[numbers]) and np.array_equal(picked.said[:, 0], FIVE[numbers])
    questions = pairs_of(episodes_worth(np.zeros(5)), episodes_worth(np.zeros(5)))[rows]
    assert type(questions) is Questions and np.array_equal(questions.shows, answers.shows[numbers])


def returns_shown(answers):
    """The true returns of what each answer is about, NaN where no more is shown."""
    return np.where(answers.shows >= 0, answers.episodes.true_returns[answers.shows], np.nan)


def test_joined_answers_keep_all_that_they_say_though_kinds_and_lengths_differ():
    rng = np.random.default_rng(2)
    parts = [one_of_each(rng, n=2, make=lambda n, rng: clips(n, rng, T)) for T in (2, 5)]
    whole = join_answers(parts)
    assert len(whole) == 2 * len(parts[0]) and whole.episodes.mask.shape[1] == 5 and whole.said.shape[1] == 4
    for name in ("kind", "said", "person", "round", "prior", "place"):
        assert np.array_equal(getattr(whole, name), np.concatenate([getattr(part, name) for part in parts])), name
    assert np.allclose(returns_shown(whole), np.concatenate([returns_shown(part) for part in parts]), equal_nan=True)
    pair, rating = answered_pairs(), questions_of("rating",
                                                  episodes_worth(np.arange(3.0))).answered(np.array([4, 0, 2]))
    both = join_answers([rating, pair])
    assert np.array_equal(both.said[:, 0], [4, 0, 2, *FIVE]) and np.array_equal(both.shows[:3, 1], [-1] * 3)
    assert np.array_equal(both.of(("preference",)).shows, pair.shows + 3) and both.prior.shape == (8, 0)


def test_every_question_belongs_to_one_group_of_its_kind_and_size():
    answers = one_of_each(np.random.default_rng(3), n=3)
    shuffled = answers[np.random.default_rng(4).permutation(len(answers))]
    seen = []
    for kind, members, rows in shuffled.grouped():
        assert (shuffled.kind[members] == kind).all() and rows.shape == (3, SHOWN[kind]) and (rows >= 0).all()
        seen += members.tolist()
    assert sorted(seen) == list(range(len(answers)))
    some = np.array([5, 2, 20])
    assert sorted(np.concatenate([members for _, members, _ in shuffled.grouped(some)]).tolist()) == [2, 5, 20]


def test_only_shown_leaves_out_what_nobody_saw_and_columns_that_nobody_needs():
    episodes = clips(9, np.random.default_rng(5), T=8, equal=False)
    lengths = np.minimum(episodes.lengths, 3)
    short = Episodes(**{**vars(episodes), "mask": np.arange(8) < lengths[:, None],
                        "true_rewards": np.where(np.arange(8) < lengths[:, None], episodes.true_rewards, 0)})
    answers = shown("preference", short, np.array([[7, 2], [2, 5]])).answered(np.array([FIRST, SECOND]))
    kept = answers.only_shown()
    assert len(kept.episodes) == 3 and kept.episodes.mask.shape[1] == lengths[[2, 5, 7]].max()
    assert np.allclose(returns_shown(kept), returns_shown(answers)) and np.array_equal(kept.said, answers.said)


def test_what_people_did_is_the_demonstrations_and_the_corrections_as_they_should_be():
    rng = np.random.default_rng(6)
    demonstrations = questions_of("demonstration", clips(8, rng)).answered(np.array([0, SKIP]))
    corrections = questions_of("correction", clips(6, rng)).answered(np.array([1, 0, CANT_TELL]))
    ratings = questions_of("rating", clips(2, rng)).answered(np.array([4, 4]))
    acted = join_answers([ratings, corrections, demonstrations]).acted()
    expected = [corrections.episodes.true_returns[[1, 2]], demonstrations.episodes.true_returns[[0]]]
    assert np.allclose(acted.true_returns, np.concatenate(expected))


# ---- what it means

ORDERS = np.array([[2, 0, 1, 3], [3, 2, 1, 0], [0, 1, 2, 3]])


def ranked(order):
    order = np.asarray(order)
    return shown("ranking", episodes_worth(np.arange(order.size)),
                 np.arange(order.size).reshape(order.shape)).answered(order)


def test_a_ranking_says_all_its_pairs_and_scores_each_answer_once():
    rows, [block] = chosen_blocks(ranked(ORDERS))
    assert np.array_equal(np.sort(rows), np.arange(12)) and block.rows.shape == (3 * 6, 2)
    place = np.argsort(ORDERS, axis=1)                                 # of each of the four, 0 for the best
    for ranking in range(3):
        pairs = rows[block.rows[block.answer == ranking]] - 4 * ranking
        expected = {(i, j) for i in range(4) for j in range(4) if place[ranking, i] < place[ranking, j]}
        assert {*map(tuple, pairs.tolist())} == expected and len(pairs) == 6
    assert np.array_equal(block.shares, np.tile([1.0, 0.0], (18, 1)))


def test_a_ranking_read_in_turn_chooses_the_best_of_what_is_left():
    rows, blocks = chosen_blocks(ranked(ORDERS), readings=OTHER_READINGS)
    assert [block.rows.shape for block in blocks] == [(3, 4), (3, 3), (3, 2)]
    for turn, block in enumerate(blocks):
        assert np.array_equal(rows[block.rows],
                              np.take_along_axis(np.arange(12).reshape(3, 4), ORDERS, axis=1)[:, turn:])
        assert np.array_equal(block.shares, np.eye(4 - turn)[[0, 0, 0]])
        assert np.array_equal(block.weights, np.eye(4 - turn))


def test_some_answers_mean_the_same_as_when_they_stand_alone():
    answers = one_of_each(np.random.default_rng(7), n=4)
    chosen = np.array([30, 3, 4, 11, 17, 35, 8, 22])
    rows, blocks = chosen_blocks(answers, chosen)
    alone = answers[chosen].only_shown()
    rows_alone, blocks_alone = chosen_blocks(alone)
    for one, other in zip(blocks, blocks_alone, strict=True):
        assert one.kind == other.kind and np.array_equal(one.answer, chosen[other.answer])
        assert np.array_equal(one.shares, other.shares)
        assert np.array_equal(one.prior, other.prior)
        values = answers.episodes.true_returns[rows][one.rows]
        assert np.array_equal(values, alone.episodes.true_returns[rows_alone][other.rows])


def test_same_may_be_a_third_option_worth_the_mean_of_both():
    rows, [block] = chosen_blocks(answered_pairs(), readings=OTHER_READINGS)
    assert np.array_equal(block.shares, np.eye(3)) and np.array_equal(block.weights, [[1, 0], [0, 1], [0.5, 0.5]])


@every_kind
def test_shares_of_each_choice_are_of_as_many_options_as_there_are_weights_and_sum_to_1(kind):
    answers = questions_of(kind, clips(6 * SHOWN[kind], np.random.default_rng(8))).answered(
        anything_said(kind, 6, np.random.default_rng(9)))
    rows, blocks = chosen_blocks(answers)
    for block in blocks:
        assert block.shares.shape == (len(block.answer), len(block.weights))
        assert np.allclose(block.shares.sum(axis=1), 1)
        assert block.rows.shape == (len(block.answer), block.weights.shape[1]) and block.rows.max() < len(rows)


@pytest.mark.parametrize("kind, levels", [("rating", GRADES), ("thumb", 2)])
def test_a_grade_is_worth_so_many_times_the_score(kind, levels):
    _, [block] = chosen_blocks(questions_of(kind, episodes_worth([3.0])).answered(np.array([1])))
    assert np.array_equal(block.weights[:, 0], np.arange(levels))


def test_the_parts_of_an_episode_add_up_to_it_and_speak_for_one_and_against_the_other():
    rng = np.random.default_rng(10)
    scores = rng.normal(size=2 * PARTS)                                # of the episodes until the end of each part
    worth = KINDS["credit"].options(2 * PARTS) @ scores
    assert np.isclose(worth[:PARTS].sum(), scores[PARTS - 1]) and np.isclose(worth[PARTS:].sum(), -scores[-1])
    assert np.allclose(worth[:PARTS], np.diff(scores[:PARTS], prepend=0))
    assert np.allclose(worth[PARTS:], -np.diff(scores[PARTS:], prepend=0))


@pytest.mark.parametrize("preferred", [FIRST, SECOND])
def test_a_reason_is_a_preference_of_the_wholes_and_a_mark_among_parts(preferred):
    questions = shown("credit", episodes_worth(np.arange(16.0)), np.arange(16).reshape(2, 8))
    answers = questions.answered(np.array([[preferred, 5], [preferred, SKIP]]))
    rows, [wholes, marks] = chosen_blocks(answers)
    assert wholes.kind == "preference" and np.array_equal(rows[wholes.rows], [[3, 7], [11, 15]])
    assert np.array_equal(wholes.shares, np.eye(2)[[preferred] * 2])
    order = [0, 1, 2, 3, 4, 5, 6, 7] if preferred == FIRST else [4, 5, 6, 7, 0, 1, 2, 3]
    assert marks.kind == "credit" and np.array_equal(rows[marks.rows], [order]) and np.array_equal(marks.answer, [0])
    assert np.array_equal(marks.shares, np.eye(8)[[5]])


# ---- what is asked

def test_random_pairs_are_never_of_the_same_episode_and_all_pairs_come_equally_often():
    n, B = 40_000, 5
    first, second = random_pairs(B, n, np.random.default_rng(3))
    counts = np.zeros((B, B))
    np.add.at(counts, (first, second), 1)
    p = 1 / (B * (B - 1))
    assert not np.diag(counts).any()
    assert (np.abs(counts[~np.eye(B, dtype=bool)] - n * p) < 5 * np.sqrt(n * p * (1 - p))).all()


def test_pairs_that_must_begin_alike_come_one_from_each_group():
    rng, game = np.random.default_rng(5), CartPole(frozen=True, horizon=6)
    episodes = rollout(game, Policy(MLP((4, 8, 2), rng)), start_in_groups(game, 2000, 4, rng), rng)
    first, second = random_pairs(len(episodes), 500, rng, together=4)
    assert np.array_equal(episodes.states[first, 0], episodes.states[second, 0]) and (first != second).all()
    assert np.array_equal(first // 4, np.arange(500)) and len({*zip((first % 4).tolist(), (second % 4).tolist())}) == 12


def test_pairs_of_a_single_episode_are_refused():
    for together in (None, 1):
        with pytest.raises(ValueError, match="at least 2 episodes to choose from, got 1"):
            random_pairs(1, 3, np.random.default_rng(6), together)


def test_the_planted_disputes_are_asked_in_their_order():
    rng, n = np.random.default_rng(7), 30
    scores, disputed = np.tile(rng.normal(size=n), (4, 1)), np.array([3, 11, 12, 29])
    scores[:2, disputed] += 2
    scores[2:, disputed] -= 2
    scores += 100 * rng.normal(size=(4, 1))                            # a member's own level is no dispute
    level = shown("preference", episodes_worth(np.zeros(n)), np.stack([np.arange(n), np.zeros(n, int)], axis=1))
    chosen = choose(level, scores, disagreement, 4)
    assert np.array_equal(chosen.shows[:, 0], disputed) and (chosen.shows[:, 1] == 0).all()


def test_a_dispute_is_about_who_wins_not_about_how_much_better():
    # all agree that 1 beats 0; on 2 against 0 they do not
    scores = np.array([[0.0, 10.0, 1.0], [0.0, 50.0, -1.0], [0.0, 200.0, 0.5]])
    questions = shown("preference", episodes_worth(np.zeros(3)), np.array([[1, 0], [2, 0]]))
    assert choose(questions, scores, disagreement, 1).shows[:, 0].tolist() == [2]


def test_what_is_drawn_comes_once_where_there_is_enough():
    assert np.array_equal(np.sort(drawn(9, 9, np.random.default_rng(0))), np.arange(9))
    assert len({*drawn(9, 4, np.random.default_rng(0)).tolist()}) == 4
    assert len(drawn(3, 10, np.random.default_rng(0))) == 10


@pytest.fixture(scope="module")
def walks():
    """A gridworld's state, and episodes of its policy that are numbered by their first step."""
    state = worlds.build("gridworld", seed=3)
    return state, act(state)


def asked_about(walks, kind, n=40):
    state, episodes = walks
    return state, episodes, ask(kind, state, episodes, n)


@every_kind
def test_every_kind_has_a_question_that_shows_as_many_as_it_says(walks, kind):
    state, episodes, questions = asked_about(walks, kind, 7)
    n_shown = {**SHOWN, "ranking": RANKED, "demonstration": 1 + TRIES, "stop": PARTS, "credit": 2 * PARTS,
               "comment": 1 + len(state.view.remarks)}[kind]
    assert len(questions) == 7 and questions.shows.shape == (7, n_shown) and (questions.shows >= 0).all()
    assert np.array_equal(np.sort(questions.place), np.tile(np.arange(n_shown), (7, 1)))
    assert set(questions.kind.tolist()) == {kind}
    own = np.concatenate([rows.ravel() for rows in questions.own_plays()])
    assert (questions.episodes.lengths[own] > 0).all()


def test_which_one_is_left_is_a_coin_that_does_not_look(walks):
    state, episodes, questions = asked_about(walks, "preference", 20_000)
    returns = returns_shown(questions)
    better, left = returns[:, 0] > returns[:, 1], questions.place[:, 0] == 0
    assert abs(left.mean() - 0.5) < 5 * 0.5 / np.sqrt(20_000)
    assert abs(left[better].mean() - 0.5) < 5 * 0.5 / np.sqrt(better.sum())
    assert (questions.shows[:, 0] != questions.shows[:, 1]).all()


def test_the_episodes_of_a_ranking_are_four_different_ones(walks):
    _, _, questions = asked_about(walks, "ranking")
    assert all(len(set(row)) == RANKED for row in questions.shows.tolist())


@pytest.mark.parametrize("kind", ["rating", "thumb"])
def test_each_episode_is_graded_once_where_there_are_enough(walks, kind):
    _, _, questions = asked_about(walks, kind, 32)
    assert np.array_equal(np.sort(questions.shows[:, 0]), np.arange(32))


def test_tries_begin_where_the_demonstration_will_and_take_no_longer(walks):
    state, _, questions = asked_about(walks, "demonstration")
    told = questions.episodes[questions.shows.ravel()]
    begins = told.states[:, 0].reshape(questions.shows.shape)
    assert (begins == begins[:, :1]).all() and (told.lengths <= state.game.horizon).all()
    assert np.array_equal(np.unique(questions.shows), np.arange(questions.shows.size))


def test_a_clip_of_a_standing_pole_is_tried_for_as_long_as_it_lasts():
    state = worlds.build("cartpole", seed=2)
    questions = ask("demonstration", state, act(state), 6)
    assert (questions.episodes.lengths == state.view.length).all()
    assert questions.episodes.mask.shape[1] == state.view.length


def test_an_episode_that_may_be_stopped_is_shown_until_the_end_of_each_part(walks):
    state, _, questions = asked_about(walks, "stop")
    told = questions.episodes
    lengths = told.lengths[questions.shows]
    whole = lengths[:, -1:]
    assert np.array_equal(lengths, np.ceil(whole * np.arange(1, PARTS + 1) / PARTS))
    for column in range(PARTS):
        until = told[questions.shows[:, column]]
        last = clip(told[questions.shows[:, -1]], 0, state.game.horizon)
        assert np.array_equal(until.actions, np.where(until.mask, last.actions[:, :until.mask.shape[1]], 0))


def test_a_reason_shows_two_different_episodes_in_parts(walks):
    _, episodes, questions = asked_about(walks, "credit")
    wholes = returns_shown(questions)[:, PARTS - 1::PARTS]
    assert np.isin(wholes, episodes.true_returns).all() and (questions.shows[:, 3] != questions.shows[:, 7]).all()
    lengths = questions.episodes.lengths[questions.shows].reshape(-1, 2, PARTS)
    assert (np.diff(lengths, axis=2) >= 0).all()


def test_each_remark_comes_with_the_one_of_several_episodes_that_follows_it_best(walks):
    state, episodes = walks
    state.rngs["questions"] = np.random.default_rng(5)
    questions = ask("comment", state, episodes, 30)
    twin = np.random.default_rng(5)
    rows, others = drawn(len(episodes), 30, twin), twin.integers(len(episodes), size=(30, PLAYS_FOR_REMARKS))
    assert np.array_equal(questions.shows[:, 0], rows)
    for column, follows in enumerate(state.view.remarks.values(), 1):
        values = follows(episodes)
        assert np.array_equal(values[questions.shows[:, column]], values[others].max(axis=1))


def test_a_question_in_which_somebody_acts_says_what_the_policy_did_until_they_have(walks):
    _, _, questions = asked_about(walks, "correction")
    assert np.array_equal(questions.shows[:, 0], questions.shows[:, 1])


def test_a_round_of_several_kinds_asks_that_often_of_each_about_plays_of_its_own():
    state = worlds.build("gridworld", seed=1, feedback="preference,rating,stop", questions=4)
    questions = propose(state, state.plan[0])
    assert questions.kind.tolist() == ["preference"] * 4 + ["rating"] * 4 + ["stop"] * 4
    parts = [set(questions.shows[4 * i:4 * i + 4].ravel().tolist()) - {-1} for i in range(3)]
    assert not parts[0] & parts[1] and not parts[1] & parts[2]


def test_rewards_are_normalised_on_plays_of_the_policy_never_on_what_people_add():
    answers = one_of_each(np.random.default_rng(11), n=2)
    starts = np.cumsum([0, *(2 * SHOWN[kind] for kind in KINDS)])
    own = {kind: [0, 1] for kind in KINDS}
    own.update(preference=[0, 1, 2, 3], ranking=range(8), demonstration=[1, 2, 3, 5, 6, 7], correction=[0, 2],
               stop=[3, 7],
               comment=[0, 3], credit=[3, 7, 11, 15])
    expected = [start + row for start, kind in zip(starts, KINDS) for row in own[kind]]
    assert np.allclose(np.sort(own_plays(answers).true_returns), np.sort(answers.episodes.true_returns[expected]))


@pytest.mark.parametrize("world, view, missing", [
    ("gridworld", lambda: gridworld.Walks(Gridworld()), set()), ("cartpole", cartpole.Clips, set()),
    ("text", lambda: text.ViewOfWords(Text()), {"stop"}), ("bandit", bandit.OnePull, {"stop", "comment", "credit"})])
def test_a_world_has_the_kinds_for_which_it_has_what_they_need(world, view, missing):
    assert set(KINDS) - set(kinds_for(view(), worlds.find(world).expert)) == missing
    nothing = SimpleNamespace(remarks={}, stops=False, parts=False)
    assert kinds_for(nothing, None) == ["preference", "ranking", "rating", "thumb"]


def test_nobody_hides_anything_unless_a_world_says_so():
    episodes = episodes_worth(np.zeros(4))
    assert View().clips(episodes, 2, None) is episodes and View.together is None and View.stops and View.parts
