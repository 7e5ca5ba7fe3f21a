"""Do simulated people answer as declared, whatever they are asked, and do experts act as well as they can?"""
import sys
from pathlib import Path

import numpy as np
import pytest

from tinyrlhf.episodes import clip, rollout
from tinyrlhf.exact.horizon import finite_horizon_return
from tinyrlhf.exact.planning import value_iteration
from tinyrlhf.feedback.answers import FIRST, KINDS, PARTS, join_answers
from tinyrlhf.games.bandit import Bandit
from tinyrlhf.games.cartpole import CartPole
from tinyrlhf.games.gridworld import Gridworld
from tinyrlhf.games.text import Text, true_reward
from tinyrlhf.humans.experts import Player, Writer, anybody, planner
from tinyrlhf.humans.simulated import MEMORY, Boltzmann, CoinFlip, differences, rationality_for
from tinyrlhf.nn.networks import MLP, Table
from tinyrlhf.numerics import sigmoid, softmax
from tinyrlhf.policies import Policy
from tinyrlhf.questions import shown
from tinyrlhf.worlds.cartpole import CLEAR, LEAN, balancer
from tinyrlhf.worlds.text import writer

sys.path.insert(0, str(Path(__file__).parent))
from oracles import blindfolded  # noqa: E402
from planted import SHOWN, episodes_worth, pairs_of, questions_of  # noqa: E402

SPOKEN = [kind for kind in KINDS if KINDS[kind].needs != "expert"]
OPTIONS = {"preference": 2, "ranking": 4, "rating": 5, "thumb": 2, "stop": 4, "comment": 3}


def questions_about(differences, rng):
    """Pairs whose true returns differ by these numbers, at random levels."""
    level = rng.normal(size=len(differences))
    return pairs_of(episodes_worth(level + differences), episodes_worth(level))


def of_pair(questions):
    """First and second of each preference."""
    return [questions.episodes[questions.shows[:, side]] for side in (0, 1)]


def counts_fit(said, chances):
    """Do n draws among K options (n,) have these frequencies within 5 standard deviations?"""
    n, counts = len(said), np.bincount(said, minlength=len(chances))
    sigma = np.sqrt(n * chances * (1 - chances))
    return len(counts) == len(chances) and (np.abs(counts - n * chances) <= 5 * sigma + 1e-9).all()


# ---- what they say

@pytest.mark.parametrize("rationality", [0.0, 0.7, 5.0])
def test_a_person_prefers_as_often_as_declared(rationality):
    rng, n = np.random.default_rng(9), 20_000
    for difference in (-0.5, 0.0, 1.0):
        questions, person = questions_about(np.full(n, difference), rng), Boltzmann(rationality=rationality)
        p = sigmoid(rationality * difference)
        assert counts_fit(person.answer(None, questions, rng).said[:, 0], np.array([p, 1 - p]))
        assert np.allclose(person.preference(*of_pair(questions)), p, rtol=1e-9)


@pytest.mark.parametrize("kind", OPTIONS)
@pytest.mark.parametrize("rationality", [0.0, 1.3])
def test_of_all_that_could_be_said_each_is_said_as_often_as_a_softmax_of_its_worth_says(kind, rationality):
    rng, n = np.random.default_rng(10), 8000
    returns = rng.normal(size=SHOWN[kind])
    questions, person = questions_of(kind, episodes_worth(np.tile(returns, n))), Boltzmann(rationality=rationality)
    worth = returns
    if SHOWN[kind] == 1:                                               # graded: what they remember is set beforehand
        grades = np.arange(OPTIONS[kind])
        levels = np.quantile(np.full(n, returns[0]), grades[1:] / len(grades))
        worth = grades * returns[0] - np.cumsum([0.0, *levels])
    said = person.answer(None, questions, rng).said
    assert counts_fit(said[:, 0], softmax(rationality * worth))
    if kind == "ranking":                                              # and then the best of the rest
        after = said[said[:, 0] == 2]
        rest = np.exp(rationality * returns) * (np.arange(4) != 2)
        assert counts_fit(after[:, 1], rest / rest.sum())
        assert np.array_equal(np.sort(said), np.tile(np.arange(4), (n, 1)))


@pytest.mark.parametrize("lapse", [0.0, 0.3])
def test_the_part_that_decided_it_is_marked_as_often_as_its_worth_says_but_for_lapses(lapse):
    rng, n = np.random.default_rng(11), 20_000
    returns = rng.normal(size=8)
    questions = questions_of("credit", episodes_worth(np.tile(returns, n)))
    said = Boltzmann(rationality=1.3, lapse=lapse).answer(None, questions, rng).said
    p = sigmoid(1.3 * (returns[3] - returns[7]))
    assert counts_fit(said[:, 0], np.array([p, 1 - p]))
    parts = np.diff(returns.reshape(2, PARTS), prepend=0, axis=1)
    for preferred in (0, 1):
        worth = np.concatenate([parts[preferred], -parts[1 - preferred]])
        assert counts_fit(said[said[:, 0] == preferred, 1], (1 - lapse) * softmax(1.3 * worth) + lapse / 8)


@pytest.mark.parametrize("kind", SPOKEN)
def test_all_that_people_say_can_be_said_and_keeps_the_questions(kind):
    rng = np.random.default_rng(12)
    questions = questions_of(kind, episodes_worth(rng.normal(size=50 * SHOWN[kind])))
    for person in (Boltzmann(agreement=0.8), Boltzmann(rationality=1.0), CoinFlip()):
        answers = person.answer(None, questions, rng)
        assert KINDS[kind].valid(answers.said, SHOWN[kind]).all() and answers.judged.all()
        assert answers.episodes is questions.episodes and np.array_equal(answers.shows, questions.shows)


def test_a_round_of_all_that_can_be_said_gives_each_kind_its_own_answer():
    rng = np.random.default_rng(13)
    parts = [questions_of(kind, episodes_worth(100 * rng.normal(size=20 * SHOWN[kind]))) for kind in SPOKEN]
    answers = Boltzmann(rationality=1e6).answer(None, join_answers(parts), rng)
    assert answers.kind.tolist() == [kind for kind in SPOKEN for _ in range(20)]
    for kind, members, shows in answers.grouped():
        returns, said = answers.episodes.true_returns[shows], answers.said[members]
        if kind == "ranking":
            assert np.array_equal(said[:, :4], np.argsort(-returns, axis=1))
        if kind in ("preference", "stop", "comment"):
            assert np.array_equal(said[:, 0], returns.argmax(axis=1))


# ---- how sure they are

@pytest.mark.parametrize("agreement", [0.5, 0.7, 0.95])
@pytest.mark.parametrize("scale", [0.01, 100.0])
def test_the_agreement_is_met_on_the_pairs_at_hand_easy_or_hard(agreement, scale):
    rng, n = np.random.default_rng(11), 10_000
    differences = scale * rng.normal(size=n) * (rng.random(n) < 0.8)   # every fifth pair is tied
    questions, person = questions_about(differences, rng), Boltzmann(agreement=agreement)
    said = person.answer(None, questions, rng).said[:, 0]
    p, differ = person.preference(*of_pair(questions)), np.abs(differences) > 1e-9 * scale
    agree = np.where(differences > 0, p, 1 - p)[differ]
    assert np.isclose(agree.mean(), agreement, atol=1e-6) and np.allclose(p[~differ], 0.5, atol=1e-6)
    agreed = ((said == FIRST) == (differences > 0))[differ].mean()
    assert abs(agreed - agreement) < 5 * np.sqrt((agree * (1 - agree)).mean() / differ.sum())


@pytest.mark.parametrize("kind", ["rating", "stop", "correction", "demonstration"])
def test_the_agreement_is_about_random_pairs_of_plays_whatever_is_asked(kind):
    rng = np.random.default_rng(14)
    returns = rng.normal(size=(500, SHOWN[kind]))
    questions, person = questions_of(kind, episodes_worth(returns.ravel())), Boltzmann(agreement=0.8)
    rationality = rationality_for(person.agreement, differences(questions, questions.episodes.true_returns))
    plays = returns[:, KINDS[kind].own]
    pairs = plays - np.roll(plays, 1, axis=0) if plays.shape[1] == 1 else plays[:, :, None] - plays[:, None]
    sizes = np.abs(pairs).ravel()
    assert np.isclose(sigmoid(rationality * sizes[sizes > 0]).mean(), 0.8, rtol=1e-9)


def test_pairs_that_are_equal_but_for_rounding_do_not_count():
    rng = np.random.default_rng(15)
    differences = np.where(np.arange(100) % 3 == 0, 1e-12, 1.0) * 5 * rng.choice([-1, 1], size=100)
    for size in (1.0, 1e4, 1e-4):
        rationality = rationality_for(0.9, size * differences)
        assert np.isclose(sigmoid(rationality * 5 * size), 0.9, rtol=1e-9)
    level = 1e4 + rng.normal(size=30)
    equal = np.sum(np.stack([level / 7] * 7), axis=0) - level          # the same returns, summed in another order
    assert 0 < np.abs(equal).max() < 1e-10
    assert np.isclose(sigmoid(rationality_for(0.9, np.concatenate([equal, np.full(70, 2.0)])) * 2.0), 0.9, rtol=1e-9)


def test_whoever_always_agrees_leaves_no_doubt():
    rng = np.random.default_rng(12)
    differences = rng.normal(size=1000) * 10.0 ** rng.integers(-4, 3, size=1000)
    said = Boltzmann(agreement=1.0).answer(None, questions_about(differences, rng), rng).said[:, 0]
    assert np.array_equal(said == FIRST, differences > 0)
    returns = rng.normal(size=(100, 4))
    orders = Boltzmann(agreement=1.0).answer(None, questions_of("ranking", episodes_worth(returns.ravel())), rng).said
    assert np.array_equal(orders, np.argsort(-returns, axis=1))


def test_the_rationality_for_an_agreement_is_exact_and_rises_with_it():
    rng = np.random.default_rng(13)
    differences, agreements = rng.normal(size=50), np.linspace(0.55, 0.99, 12)
    solved = np.array([rationality_for(agreement, differences) for agreement in agreements])
    assert np.allclose([sigmoid(b * np.abs(differences)).mean() for b in solved], agreements, rtol=1e-12)
    assert (np.diff(solved) > 0).all()
    assert np.isclose(rationality_for(0.9, np.array([2.0, -2.0, 0.0])), np.log(9) / 2, rtol=1e-12)
    assert np.isclose(rationality_for(0.8, 10 * differences), rationality_for(0.8, differences) / 10, rtol=1e-9)


def test_pairs_that_are_all_tied_are_answered_by_a_coin():
    questions, person = questions_about(np.zeros(4), np.random.default_rng(14)), Boltzmann(agreement=0.9)
    person.answer(None, questions, np.random.default_rng(0))
    assert np.allclose(person.preference(*of_pair(questions)), 0.5)


@pytest.mark.parametrize("agreement", [0.5, 0.75, 0.95])
def test_rankings_agree_with_the_true_reward_as_often_as_declared(agreement):
    rng, n = np.random.default_rng(18), 4000
    returns = np.round(rng.normal(size=(n, 4)), 1)                     # some of them tie
    order = Boltzmann(agreement=agreement).answer(None, questions_of("ranking", episodes_worth(returns.ravel())),
                                                  rng).said
    i, j = np.triu_indices(4, 1)
    in_order = np.take_along_axis(returns, order, axis=1)
    differ = in_order[:, i] != in_order[:, j]
    right = ((in_order[:, i] > in_order[:, j]) & differ).sum(axis=1)
    # pairs of one ranking are not independent, rankings are
    away = right - agreement * differ.sum(axis=1)
    assert abs(away.mean()) < 4 * away.std() / np.sqrt(n)


def test_what_a_person_is_must_be_said_once_and_in_range():
    with pytest.raises(ValueError, match="either agreement or rationality, got neither"):
        Boltzmann()
    with pytest.raises(ValueError, match="either agreement or rationality, got both"):
        Boltzmann(agreement=0.9, rationality=1.0)
    for wrong in (0.4, 1.1, np.nan, 90):
        with pytest.raises(ValueError, match="agreement: expected a number from 0.5 to 1.0"):
            Boltzmann(agreement=wrong)
    with pytest.raises(ValueError, match="rationality: expected a number from 0"):
        Boltzmann(rationality=-1.0)
    with pytest.raises(ValueError, match="lapse: expected a number from 0"):
        Boltzmann(rationality=1.0, lapse=1.5)


# ---- what is hidden, and the coin

@pytest.mark.parametrize("kind", SPOKEN)
def test_nobody_can_judge_by_a_reward_that_is_hidden_except_by_coin(kind):
    rng = np.random.default_rng(15)
    seeing = questions_of(kind, episodes_worth(10 * rng.normal(size=200 * SHOWN[kind])))
    blind = shown(kind, blindfolded(seeing.episodes), seeing.shows)
    for person in (Boltzmann(agreement=0.9), Boltzmann(rationality=1.0)):
        with pytest.raises(ValueError, match="true_rewards: expected finite numbers, got nan"):
            person.answer(None, blind, rng)
    said = [CoinFlip().answer(None, questions, np.random.default_rng(0)).said for questions in (seeing, blind)]
    assert np.array_equal(*said)


@pytest.mark.parametrize("kind", OPTIONS)
def test_the_coin_says_everything_equally_often_whatever_the_rewards(kind):
    rng, n = np.random.default_rng(16), 8000
    questions = questions_of(kind, episodes_worth(np.tile(10.0 * np.arange(SHOWN[kind]), n)))
    said = CoinFlip().answer(None, questions, rng).said
    assert counts_fit(said[:, 0], np.full(OPTIONS[kind], 1 / OPTIONS[kind]))
    if kind == "ranking":
        counts = np.unique(said, axis=0, return_counts=True)[1]
        assert len(counts) == 24 and (np.abs(counts / n - 1 / 24) < 5 * np.sqrt(23 / 24 ** 2 / n)).all()
    if kind == "preference":
        assert (CoinFlip().preference(*of_pair(questions)) == 0.5).all()


# ---- their memory

@pytest.mark.parametrize("kind, n_grades", [("rating", 5), ("thumb", 2)])
def test_levels_are_quantiles_of_what_was_graded_in_the_last_rounds(kind, n_grades):
    rng, person = np.random.default_rng(17), Boltzmann(rationality=1e9)
    rounds = [level + rng.normal(size=40) for level in (0.0, 5.0, -3.0, 20.0, 1.0, 2.0)]
    for turn, returns in enumerate(rounds):
        said = person.answer(None, questions_of(kind, episodes_worth(returns)), rng).said[:, 0]
        normal = np.concatenate(rounds[max(turn + 1 - MEMORY, 0):turn + 1])
        levels = np.quantile(normal, np.arange(1, n_grades) / n_grades)
        assert np.array_equal(said, np.searchsorted(levels, returns)), turn
    assert len(person.remembered) == MEMORY == 4


def test_a_round_of_ratings_and_thumbs_is_one_round_to_remember():
    rng, person = np.random.default_rng(18), Boltzmann(rationality=1.0)
    questions = join_answers([questions_of(kind, episodes_worth(rng.normal(size=30))) for kind in ("rating", "thumb")])
    for _ in range(MEMORY + 2):
        person.answer(None, questions, rng)
    assert [len(each) for each in person.remembered] == [60] * MEMORY


def test_what_a_person_remembers_is_saved_and_loaded():
    rng = np.random.default_rng(19)
    person, loaded = Boltzmann(agreement=0.8), Boltzmann(agreement=0.8)
    rounds = [questions_of("rating", episodes_worth(level + rng.normal(size=30 + level))) for level in range(6)]
    for questions in rounds[:3]:
        person.answer(None, questions, rng)
    loaded.load({name: np.asarray(value) for name, value in person.state().items()})
    assert loaded.latest == person.latest and [len(each) for each in loaded.remembered] == [30, 31, 32]
    for questions in rounds[3:]:
        said = [each.answer(None, questions, np.random.default_rng(1)).said for each in (person, loaded)]
        assert np.array_equal(*said)
    newcomer = Boltzmann(agreement=0.8)
    newcomer.load(Boltzmann(agreement=0.8).state())
    assert newcomer.remembered == []


# ---- who can act

def walks(n, seed=0, game=None):
    game, rng = game or Gridworld(), np.random.default_rng(seed)
    return game, rollout(game, Policy(Table(game.n_states, 4)), game.start(n, rng), rng)


def test_a_planner_demonstrates_the_best_that_can_be_done():
    game, seen = walks(4000)
    done = planner(game).demonstrate(game, seen, 1.0, np.random.default_rng(1))
    best = value_iteration(game.P, game.R, gamma=0.99)[1]
    assert np.array_equal(done.states[:, 0], seen.states[:, 0])
    assert np.array_equal(done.actions[done.mask], best[done.decisions[0]])
    expected = finite_horizon_return(game.P, game.R, game.d0, np.eye(4)[best], game.horizon)
    assert abs(done.true_returns.mean() - expected) < 5 * done.true_returns.std() / np.sqrt(len(done))
    assert done.true_returns.mean() > seen.true_returns.mean() + 0.5


def test_a_correction_keeps_what_came_before_and_is_the_planners_from_there():
    game, seen = walks(300, game=Gridworld(horizon=12))
    expert, rng = planner(game), np.random.default_rng(2)
    mended, changed = expert.correct(game, seen, 1e9, rng)
    best = value_iteration(game.P, game.R, gamma=0.99)[1]
    assert changed.mean() > 0.9 and not np.array_equal(mended.actions, seen.actions)
    for row in np.flatnonzero(changed):
        at = np.argmax(mended.actions[row, :seen.lengths[row]] != seen.actions[row, :seen.lengths[row]])
        length = mended.lengths[row]
        assert np.array_equal(mended.states[row, :at + 1], seen.states[row, :at + 1])
        assert np.allclose(mended.true_rewards[row, :at], seen.true_rewards[row, :at])
        assert np.array_equal(mended.actions[row, at:length], best[mended.states[row, at:length]])
    untouched = ~changed
    assert np.array_equal(mended.actions[untouched, :12], seen.actions[untouched, :12])
    assert (mended.lengths <= 12).all() and mended.true_returns.mean() > seen.true_returns.mean()


def test_whoever_is_surest_steps_in_at_the_worst_step_and_where_nothing_was_wrong_never():
    game, seen = walks(200)
    values, _ = value_iteration(game.P, game.R, gamma=0.99)
    worth = np.einsum("sap,sap->sa", game.P, game.R + 0.99 * values)
    regret = np.where(seen.mask, (values[:, None] - worth)[seen.states[:, :-1], seen.actions], 0.0)
    expert, rng = planner(game), np.random.default_rng(3)
    at = expert.step_in(seen, 1e9, rng)
    bad = regret.max(axis=1) > 1e-9
    assert np.allclose(regret[bad, at[bad]], regret.max(axis=1)[bad]) and (at[~bad] == seen.lengths[~bad]).all()
    done = planner(Gridworld(slip=0.0)).demonstrate(game := Gridworld(slip=0.0), walks(5, game=game)[1], 1.0, rng)
    mended, changed = planner(game).correct(game, done, 1.0, rng)
    assert not changed.any() and np.array_equal(mended.actions, done.actions) and np.array_equal(mended.mask, done.mask)


def test_where_they_step_in_is_a_softmax_of_what_each_step_costs():
    game = Gridworld(slip=0.0)
    _, seen = walks(1, seed=4, game=game)
    n, expert = 20_000, planner(game)
    values, _ = value_iteration(game.P, game.R, gamma=0.99)
    regret = (values[:, None] - np.einsum("sap,sap->sa", game.P, game.R + 0.99 * values))[seen.decisions]
    chances = softmax(2.0 * regret)
    at = expert.step_in(seen[np.zeros(n, int)], 2.0, np.random.default_rng(5))
    never = at == len(regret)                                          # those who would have mended what was right
    assert np.isclose(never.mean(), chances[regret <= 1e-9].sum(), atol=5 * 0.5 / np.sqrt(n))
    wrong = np.where(regret > 1e-9, chances, 0)
    assert counts_fit(at[~never], wrong[:at[~never].max() + 1] / wrong.sum())


def clips_of_a_pole(n, length=25):
    game, rng = CartPole(frozen=True, horizon=60), np.random.default_rng(6)
    episodes = rollout(game, Policy(MLP((4, 8, 2), rng)), game.start(n, rng), rng)
    return game, clip(episodes, rng.integers(30, size=n), length)


def test_a_corrected_clip_is_no_longer_than_it_was_and_stays_where_it_began():
    game, seen = clips_of_a_pole(60)
    mended, changed = balancer(game).correct(game, seen, 1.0, np.random.default_rng(7))
    assert changed.any() and np.array_equal(mended.lengths, seen.lengths)
    assert np.array_equal(mended.first_step, seen.first_step) and np.array_equal(mended.states[:, 0], seen.states[:, 0])
    lean = seen.states[:, :-1] @ LEAN
    mistakes = (np.abs(lean) > CLEAR) & ((lean > 0) != seen.actions) & seen.mask
    assert np.array_equal(changed, mistakes.any(axis=1))
    for row in np.flatnonzero(changed):
        at = mistakes[row].argmax()
        assert np.array_equal(mended.states[row, :at + 1], seen.states[row, :at + 1])
        assert mended.actions[row, at] != seen.actions[row, at]
        assert np.array_equal(mended.actions[row, at:25], mended.states[row, at:25] @ LEAN > 0)


def test_a_demonstrated_clip_lasts_as_long_as_the_one_that_was_seen():
    game, seen = clips_of_a_pole(40)
    done = balancer(game).demonstrate(game, seen, 1.0, np.random.default_rng(8))
    assert np.array_equal(done.lengths, seen.lengths) and np.array_equal(done.states[:, 0], seen.states[:, 0])


def test_who_demonstrates_stands_first_and_a_mended_episode_beside_what_it_was():
    game, seen = walks(12)
    person, rng = Boltzmann(rationality=1.0, expert=planner(game)), np.random.default_rng(9)
    asked = shown("demonstration", seen, np.arange(12).reshape(3, 4))
    answers = person.answer(game, asked, rng)
    assert (answers.said[:, 0] == 0).all() and np.array_equal(answers.shows[:, 1:], asked.shows[:, 1:])
    assert np.array_equal(answers.shows[:, 0], [12, 13, 14]) and len(answers.episodes) == 15
    assert np.array_equal(answers.episodes.states[12:, 0], seen.states[[0, 4, 8], 0])
    mend = shown("correction", seen, np.stack([np.arange(5)] * 2, axis=1))
    answers = person.answer(game, mend, np.random.default_rng(1))
    assert np.array_equal(answers.shows, [[row, 12 + row] for row in range(5)])
    assert np.array_equal(answers.said[:, 0], planner(game).correct(game, seen[:5], 1.0, np.random.default_rng(1))[1])


def test_in_a_mixed_round_acting_changes_nothing_about_the_other_questions():
    game, seen = walks(40)
    kinds = ("preference", "demonstration", "correction", "stop")
    parts = [shown(kind, seen, np.arange(4 * SHOWN[kind]).reshape(4, SHOWN[kind])) for kind in kinds]
    questions = join_answers(parts)
    answers = Boltzmann(rationality=1.0, expert=planner(game)).answer(game, questions, np.random.default_rng(10))
    others = ~np.isin(answers.kind, ("demonstration", "correction"))
    assert np.array_equal(answers.shows[others], questions.shows[others]) and answers.judged.all()
    assert np.array_equal(answers.episodes.actions[:len(questions.episodes), :40], questions.episodes.actions)
    assert len(answers.episodes) == len(questions.episodes) + 8 and len(np.unique(answers.acted().states[:, 0])) == 1


def test_who_cannot_act_says_so():
    game, seen = walks(8)
    for kind in ("demonstration", "correction"):
        with pytest.raises(ValueError, match=f"expected an expert for a {kind}, got None"):
            Boltzmann(rationality=1.0).answer(game, questions_of(kind, seen), np.random.default_rng(0))


def test_the_coin_acts_at_random_from_any_step_on():
    game, seen = walks(2000, game=Gridworld(slip=0.0))
    acted = CoinFlip().answer(game, questions_of("demonstration", seen), np.random.default_rng(11)).acted()
    assert len(acted) == 500 and counts_fit(acted.decisions[1], np.full(4, 0.25))
    answers = CoinFlip().answer(game, questions_of("correction", seen), np.random.default_rng(11))
    was, mended = (answers.episodes[answers.shows[:, column]] for column in (0, 1))
    kept = was.actions == mended.actions[:, :was.actions.shape[1]]
    assert answers.said.all() and 0.1 < kept[:, 0].mean() < 0.99       # said: it should have been so, whatever it is
    assert np.array_equal(was.states[:, 0], mended.states[:, 0])


def test_nobody_in_particular_steps_in_at_any_step_equally_often():
    game, seen = walks(1, seed=4, game=Gridworld(slip=0.0))
    at = anybody(game).step_in(seen[np.zeros(20_000, int)], 0.0, np.random.default_rng(12))
    assert counts_fit(at, np.full(seen.lengths[0], 1 / seen.lengths[0]))


def test_a_player_who_never_steps_in_changes_nothing():
    game, seen = walks(20)
    expert = Player(lambda observations, rng: 1 / 0, lambda episodes, rationality, rng: episodes.lengths)
    mended, changed = expert.correct(game, seen, 1.0, None)
    assert mended is seen and not changed.any()


def test_a_writer_weighs_drafts_and_edits_by_a_softmax_of_their_true_reward():
    game = Text()
    words = ["na", "nan", "krr", "lu"]
    options = np.array(game.encode(words))
    expert = Writer(lambda starts, rng: np.tile(options, (len(starts), 1, 1)), lambda states,
                    rng: np.tile(options, (len(states), 1, 1)),
                    lambda finished: game.demonstrations(game.decode(finished))[1:], true_reward)
    rng, n = np.random.default_rng(13), 4000
    seen = rollout(game, anyhow(game), game.start(n, rng), rng)
    chances = softmax(1.7 * true_reward(options))
    for done in (expert.demonstrate(game, seen, 1.7, rng), expert.correct(game, seen, 1.7, rng)[0]):
        texts = game.decode(done.states[:, -1])
        assert counts_fit(np.array([words.index(text) for text in texts]), chances)
        assert np.allclose(done.true_returns, true_reward(done.states[:, -1]))


def anyhow(game):
    """A policy that writes any letter as often as any other."""
    class Any:
        def act(self, observations, rng):
            n = len(observations)
            return rng.integers(game.n_actions, size=n), np.full(n, -np.log(game.n_actions))
    return Any()


def test_an_edited_word_is_a_letter_away_and_better_the_more_rational_its_writer():
    game, rng = Text(), np.random.default_rng(14)
    seen = rollout(game, anyhow(game), game.start(60, rng), rng)
    expert = writer(game)
    mended, changed = expert.correct(game, seen, 1e9, rng)
    before, after = game.decode(seen.states[:, -1]), game.decode(mended.states[:, -1])
    assert np.array_equal(changed, [one != other for one, other in zip(before, after)])
    assert all(abs(len(one) - len(other)) <= 1 for one, other in zip(before, after))
    assert (mended.true_returns >= seen.true_returns - 1e-12).all() and changed.mean() > 0.5
    assert expert.demonstrate(game, seen, 5.0, rng).true_returns.mean() > seen.true_returns.mean() + 0.5


def test_a_bandit_has_a_planner_too():
    game, rng = Bandit([0.0, 1.0, 0.5]), np.random.default_rng(15)
    seen = rollout(game, anyhow(game), game.start(10, rng), rng)
    assert (planner(game).demonstrate(game, seen, 1.0, rng).actions == 1).all()
    mended, changed = planner(game).correct(game, seen, 1e9, rng)
    assert np.array_equal(changed, seen.actions[:, 0] != 1) and (mended.actions[changed] == 1).all()
