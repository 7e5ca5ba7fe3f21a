"""Do answers mean what they say, are the right pairs asked about, and do simulated people answer as declared?"""
import numpy as np
import pytest

from tinyrlhf.episodes import Episodes, rollout, start_in_groups
from tinyrlhf.feedback.records import ANSWERS, CANT_TELL, FIRST, SAME, SECOND, SKIP, Comparisons, Rankings, join_comparisons, join_rankings
from tinyrlhf.games.cartpole import CartPole
from tinyrlhf.humans.simulated import Boltzmann, CoinFlip, rationality_for
from tinyrlhf.nn.networks import MLP
from tinyrlhf.numerics import sigmoid
from tinyrlhf.policies import Policy
from tinyrlhf.questions import most_disputed, random_pairs, same_start_pairs, show


def episodes_worth(returns, T=3):
    """Episodes of T steps with these true returns (B,); their number is their first step, so that rows can be told apart."""
    returns, B = np.asarray(returns, float), len(returns)
    states = np.arange(B)[:, None] + np.zeros((1, T + 1))
    return Episodes(states, states, np.zeros((B, T), int), np.zeros((B, T)), np.ones((B, T), bool), np.zeros(B, bool),
                    np.arange(B), np.repeat(returns[:, None] / T, T, axis=1))


def questions_about(differences, rng):
    """Pairs whose true returns differ by these numbers, at random levels."""
    level = rng.normal(size=len(differences))
    return show(episodes_worth(level + differences), episodes_worth(level), rng)


FIVE = np.array([FIRST, SECOND, SAME, CANT_TELL, SKIP])


def answered_pairs(answers=FIVE, person="simulated", T=3, seed=0):
    rng = np.random.default_rng(seed)
    n = len(answers)
    return show(episodes_worth(rng.normal(size=n), T), episodes_worth(rng.normal(size=n), T), rng).answered(answers, person)


# ---- records

def test_labels_are_the_share_of_the_first_and_unknown_for_no_judgement():
    assert np.array_equal(answered_pairs().labels, [1, 0, 0.5, np.nan, np.nan], equal_nan=True)
    assert set(ANSWERS) == set(FIVE.tolist())


def test_only_judged_pairs_are_kept_by_judged():
    judged = answered_pairs().judged
    assert judged.answers.tolist() == [FIRST, SECOND, SAME] and np.array_equal(judged.first.first_step, [0, 1, 2])


@pytest.mark.parametrize("answers, sentence", [([FIRST, "left", FIRST], "expected first, second, same, cant tell, skip; got 'left'"),
                                               ([FIRST, FIRST], "expected one for each of 3 questions, got shape \\(2,\\)"),
                                               ([[FIRST]] * 3, "got shape \\(3, 1\\)"), ([1, 0, 1], "expected first.*; got 1")])
def test_answers_that_are_none_are_refused(answers, sentence):
    questions = questions_about(np.zeros(3), np.random.default_rng(0))
    with pytest.raises(ValueError, match=sentence):
        questions.answered(answers)


def test_answering_keeps_the_pairs_the_sides_and_the_person():
    questions = questions_about(np.array([1.0, -1.0, 0.0]), np.random.default_rng(1))
    comparisons = questions.answered([SECOND, CANT_TELL, FIRST], "Ada")
    assert isinstance(comparisons, Comparisons) and len(comparisons) == 3 and comparisons.person.tolist() == ["Ada"] * 3
    assert comparisons.first is questions.first and np.array_equal(comparisons.first_is_left, questions.first_is_left)
    assert comparisons.answers.tolist() == [SECOND, CANT_TELL, FIRST]


@pytest.mark.parametrize("rows", [slice(1, 4), [4, 0], np.array([True, False, True, False, True])], ids=str)
def test_picking_rows_picks_them_in_every_field(rows):
    comparisons, numbers = answered_pairs(), np.arange(5)[rows]
    picked = comparisons[rows]
    assert isinstance(picked, Comparisons) and np.array_equal(picked.first.first_step, numbers)
    assert np.array_equal(picked.second.first_step, numbers) and np.array_equal(picked.answers, FIVE[numbers])
    assert np.array_equal(picked.first_is_left, comparisons.first_is_left[numbers]) and len(picked.person) == len(numbers)
    questions = questions_about(np.zeros(5), np.random.default_rng(2))
    assert np.array_equal(questions[rows].second.first_step, numbers)
    assert np.array_equal(questions[rows].first_is_left, questions.first_is_left[numbers])


def test_the_first_ones_stand_above_the_second_ones():
    comparisons = answered_pairs()
    assert np.allclose(comparisons.both().true_returns, np.concatenate([comparisons.first.true_returns, comparisons.second.true_returns]))


def test_joined_comparisons_keep_returns_answers_sides_and_persons_though_lengths_differ():
    parts = [answered_pairs(person="Ada", T=2), answered_pairs(FIVE[::-1], "Grace", T=5, seed=1)]
    whole = join_comparisons(parts)
    assert len(whole) == 10 and whole.first.mask.shape == (10, 5)
    assert whole.answers.tolist() == FIVE.tolist() + FIVE[::-1].tolist() and whole.person.tolist() == ["Ada"] * 5 + ["Grace"] * 5
    assert np.array_equal(whole.first_is_left, np.concatenate([part.first_is_left for part in parts]))
    for side in ("first", "second"):
        assert np.allclose(getattr(whole, side).true_returns, np.concatenate([getattr(part, side).true_returns for part in parts]))


def ranked(order, T=3, person="simulated"):
    """Rankings of episodes that are numbered by their first step, and as good as they are late."""
    order = np.asarray(order)
    return Rankings(episodes_worth(np.arange(order.size), T), order, np.full(len(order), person))


ORDERS = np.array([[2, 0, 1, 3], [3, 2, 1, 0], [0, 1, 2, 3]])


def test_a_ranking_says_all_its_pairs_and_scores_each_answer_once():
    rankings = ranked(ORDERS)
    rows, first, second, whose = rankings.pairs_of(np.arange(3))
    assert np.array_equal(np.sort(rows), np.arange(12)) and len(first) == len(second) == len(whose) == 3 * 6
    place = np.argsort(ORDERS, axis=1)                                 # of each of the four, 0 for the best
    for ranking in range(3):
        better, worse = (rows[side[whose == ranking]] - 4 * ranking for side in (first, second))
        expected = {(i, j) for i in range(4) for j in range(4) if place[ranking, i] < place[ranking, j]}
        assert {*zip(better.tolist(), worse.tolist())} == expected and len(better) == 6
    assert np.array_equal(rankings.labels, np.ones(3)) and rankings.both() is rankings.episodes


def test_some_rankings_say_the_same_pairs_as_when_they_stand_alone():
    rankings, chosen = ranked(ORDERS), np.array([2, 0])
    alone = rankings[chosen]
    assert np.array_equal(alone.order, ORDERS[chosen]) and alone.episodes.first_step.tolist() == [8, 9, 10, 11, 0, 1, 2, 3]
    rows, first, second, whose = rankings.pairs_of(chosen)
    rows_alone, *pairs, whose_alone = alone.pairs_of(np.arange(2))
    assert np.array_equal(rankings.episodes.first_step[rows], alone.episodes.first_step[rows_alone])
    assert np.array_equal(pairs, [first, second]) and np.array_equal(whose, chosen[whose_alone])
    assert len(rankings[np.array([True, False, True])]) == 2 and len(rankings[1:]) == 2 and len(rankings[3:]) == 0


def test_a_ranking_as_comparisons_prefers_the_better_one_in_each_pair():
    pairs = ranked(ORDERS).comparisons()
    assert isinstance(pairs, Comparisons) and len(pairs) == 18 and set(pairs.answers.tolist()) == {FIRST}
    place = np.argsort(ORDERS, axis=1).ravel()
    assert (place[pairs.first.first_step] < place[pairs.second.first_step]).all()
    assert np.array_equal(pairs.first.first_step // 4, pairs.second.first_step // 4)
    assert len({*zip(pairs.first.first_step.tolist(), pairs.second.first_step.tolist())}) == 18
    assert pairs.person.tolist() == ["simulated"] * 18


def test_some_comparisons_point_at_their_two_sides():
    comparisons, chosen = answered_pairs(), np.array([4, 0, 2])
    rows, first, second, whose = comparisons.pairs_of(chosen)
    returns = comparisons.both().true_returns[rows]
    assert np.array_equal(returns[first], comparisons.first.true_returns[chosen]) and np.array_equal(whose, chosen)
    assert np.array_equal(returns[second], comparisons.second.true_returns[chosen])


def test_joined_rankings_keep_orders_persons_and_returns_though_lengths_differ():
    parts = [ranked(ORDERS, 2, "Ada"), ranked(ORDERS[::-1], 5, "Grace")]
    whole = join_rankings(parts)
    assert len(whole) == 6 and whole.episodes.mask.shape == (24, 5) and np.array_equal(whole.order, [*ORDERS, *ORDERS[::-1]])
    assert whole.person.tolist() == ["Ada"] * 3 + ["Grace"] * 3
    assert np.allclose(whole.episodes.true_returns, np.tile(np.arange(12), 2))


@pytest.mark.parametrize("order", [[[0, 1, 2, 2]] * 3, [[1, 2, 3, 4]] * 3, [[0, 1, 2]] * 3, [[0, 1, 2, 3]] * 2], ids=str)
def test_orders_that_do_not_name_each_answer_once_are_refused(order):
    with pytest.raises(ValueError, match="order: expected each of 12 episodes once in its ranking"):
        Rankings(episodes_worth(np.zeros(12)), np.array(order), np.full(len(order), "Ada"))


# ---- questions

def test_random_pairs_are_never_of_the_same_episode_and_all_pairs_come_equally_often():
    n, B = 40_000, 5
    questions = random_pairs(episodes_worth(np.zeros(B)), n, np.random.default_rng(3))
    counts = np.zeros((B, B))
    np.add.at(counts, (questions.first.first_step, questions.second.first_step), 1)
    p = 1 / (B * (B - 1))
    assert not np.diag(counts).any()
    assert (np.abs(counts[~np.eye(B, dtype=bool)] - n * p) < 5 * np.sqrt(n * p * (1 - p))).all()


def test_which_one_is_left_is_a_coin_that_does_not_look():
    n = 20_000
    questions = random_pairs(episodes_worth(np.arange(4)), n, np.random.default_rng(4))
    better = questions.first.true_returns > questions.second.true_returns
    assert abs(questions.first_is_left.mean() - 0.5) < 5 * 0.5 / np.sqrt(n)
    assert abs(questions.first_is_left[better].mean() - 0.5) < 5 * 0.5 / np.sqrt(better.sum())


def test_same_start_pairs_share_their_first_state_but_are_two_episodes():
    rng, game = np.random.default_rng(5), CartPole(frozen=True, horizon=6)
    episodes = rollout(game, Policy(MLP((4, 8, 2), rng)), start_in_groups(game, 12, 4, rng), rng)
    episodes = Episodes(**{**vars(episodes), "first_step": np.arange(12)})
    questions = same_start_pairs(episodes, 500, 4, rng)
    first, second = questions.first.first_step, questions.second.first_step
    assert np.array_equal(questions.first.states[:, 0], questions.second.states[:, 0]) and (first != second).all()
    assert len({*zip(first.tolist(), second.tolist())}) == 3 * 4 * 3   # every ordered pair of every group


def test_questions_that_cannot_be_asked_are_refused():
    with pytest.raises(ValueError, match="at least 2 episodes to choose from, got 1"):
        random_pairs(episodes_worth([1.0]), 3, np.random.default_rng(6))
    with pytest.raises(ValueError, match="groups of 2 to 4 episodes"):
        same_start_pairs(episodes_worth(np.zeros(4)), 3, 1, np.random.default_rng(6))


class Panel:
    """An ensemble whose members' scores (M, B) are planted; an episode is known by its first step."""
    def __init__(self, scores):
        self.planted = np.array(scores, float)

    def member_scores(self, episodes):
        return self.planted[:, episodes.first_step]


def test_the_planted_disputes_are_asked_in_their_order():
    rng, n = np.random.default_rng(7), 30
    scores, disputed = np.tile(rng.normal(size=n), (4, 1)), np.array([3, 11, 12, 29])
    scores[:2, disputed] += 2
    scores[2:, disputed] -= 2
    scores += 100 * rng.normal(size=(4, 1))                            # a member's own level is no dispute
    episodes = episodes_worth(np.zeros(n))
    level = show(episodes, episodes[np.zeros(n, int)], rng)            # all against the undisputed first one
    chosen = most_disputed(level, Panel(scores), 4)
    assert np.array_equal(chosen.first.first_step, disputed) and (chosen.second.first_step == 0).all()


def test_a_dispute_is_about_who_wins_not_about_how_much_better():
    episodes = episodes_worth(np.zeros(3))
    panel = Panel([[0, 10, 1], [0, 50, -1], [0, 200, 0.5]])            # all agree that 1 beats 0; on 2 against 0 they do not
    questions = show(episodes[[1, 2]], episodes[[0, 0]], np.random.default_rng(8))
    assert most_disputed(questions, panel, 1).first.first_step.tolist() == [2]


# ---- simulated people

@pytest.mark.parametrize("rationality", [0.0, 0.7, 5.0])
def test_a_boltzmann_person_prefers_as_often_as_declared(rationality):
    rng, n = np.random.default_rng(9), 20_000
    for difference in (-0.5, 0.0, 1.0):
        questions = questions_about(np.full(n, difference), rng)
        human, p = Boltzmann(rationality=rationality), sigmoid(rationality * difference)
        share = (human.compare(None, questions.first, questions.second, rng) == FIRST).mean()
        assert abs(share - p) <= 5 * np.sqrt(p * (1 - p) / n)
        assert np.allclose(human.preference(questions.first, questions.second), p, rtol=1e-9)


def test_answers_are_answers():
    questions = questions_about(np.random.default_rng(10).normal(size=50), np.random.default_rng(10))
    for human in (Boltzmann(agreement=0.8), Boltzmann(rationality=1.0), CoinFlip()):
        answers = human.compare(None, questions.first, questions.second, np.random.default_rng(0))
        assert set(questions.answered(answers).answers.tolist()) == {FIRST, SECOND}


@pytest.mark.parametrize("agreement", [0.5, 0.7, 0.95])
@pytest.mark.parametrize("scale", [0.01, 100.0])
def test_the_agreement_is_met_on_the_pairs_at_hand_easy_or_hard(agreement, scale):
    rng, n = np.random.default_rng(11), 10_000
    differences = scale * rng.normal(size=n) * (rng.random(n) < 0.8)   # every fifth pair is tied
    questions, human = questions_about(differences, rng), Boltzmann(agreement=agreement)
    p, differ = human.preference(questions.first, questions.second), differences != 0
    agree = np.where(differences > 0, p, 1 - p)[differ]
    assert np.isclose(agree.mean(), agreement, atol=1e-6) and np.allclose(p[~differ], 0.5, atol=1e-6)
    answers = human.compare(None, questions.first, questions.second, rng)
    agreed = ((answers == FIRST) == (differences > 0))[differ].mean()
    assert abs(agreed - agreement) < 5 * np.sqrt((agree * (1 - agree)).mean() / differ.sum())


def test_whoever_always_agrees_leaves_no_doubt():
    rng = np.random.default_rng(12)
    differences = rng.normal(size=1000) * 10.0 ** rng.integers(-4, 3, size=1000)
    questions = questions_about(differences, rng)
    assert np.array_equal(Boltzmann(agreement=1.0).compare(None, questions.first, questions.second, rng) == FIRST, differences > 0)


def test_the_rationality_for_an_agreement_is_exact_and_rises_with_it():
    rng = np.random.default_rng(13)
    differences, agreements = rng.normal(size=50), np.linspace(0.55, 0.99, 12)
    solved = np.array([rationality_for(agreement, differences) for agreement in agreements])
    assert np.allclose([sigmoid(b * np.abs(differences)).mean() for b in solved], agreements, rtol=1e-12)
    assert (np.diff(solved) > 0).all()
    assert np.isclose(rationality_for(0.9, np.array([2.0, -2.0, 0.0])), np.log(9) / 2, rtol=1e-12)
    assert np.isclose(rationality_for(0.8, 10 * differences), rationality_for(0.8, differences) / 10, rtol=1e-9)


def test_pairs_that_are_all_tied_are_answered_by_a_coin():
    questions = questions_about(np.zeros(4), np.random.default_rng(14))
    assert np.allclose(Boltzmann(agreement=0.9).preference(questions.first, questions.second), 0.5)


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


def test_nobody_can_judge_by_a_reward_that_is_hidden_except_by_coin():
    rng = np.random.default_rng(15)
    questions = questions_about(np.ones(5), rng)
    first, second = questions.first.blindfolded(), questions.second.blindfolded()
    for human in (Boltzmann(agreement=0.9), Boltzmann(rationality=1.0)):
        with pytest.raises(ValueError, match="true_rewards: expected finite numbers, got nan"):
            human.compare(None, first, second, rng)
    assert np.array_equal(CoinFlip().compare(None, first, second, np.random.default_rng(0)),
                          CoinFlip().compare(None, questions.second, questions.first, np.random.default_rng(0)))


def test_the_coin_is_fair_whatever_the_rewards():
    rng, n = np.random.default_rng(16), 20_000
    questions = questions_about(np.full(n, 10.0), rng)
    assert abs((CoinFlip().compare(None, questions.first, questions.second, rng) == FIRST).mean() - 0.5) < 5 * 0.5 / np.sqrt(n)
    assert (CoinFlip().preference(questions.first, questions.second) == 0.5).all()


def test_a_ranking_person_orders_each_pair_as_often_as_they_would_prefer_it():
    rng, n, returns = np.random.default_rng(17), 8000, np.array([0.0, 1.0, -0.5, 0.7])
    episodes, human = episodes_worth(np.tile(returns, n)), Boltzmann(rationality=1.3)
    order = human.rank(None, episodes, 4, rng)
    assert np.array_equal(np.sort(order), np.tile(np.arange(4), (n, 1)))
    place = order.argsort(axis=1)
    for i, j in [(0, 1), (0, 2), (1, 2), (1, 3), (3, 2)]:
        p = human.preference(episodes_worth(returns[[i]]), episodes_worth(returns[[j]]))[0]
        assert abs((place[:, i] < place[:, j]).mean() - p) < 4 * np.sqrt(p * (1 - p) / n)
    best = np.exp(1.3 * returns) / np.exp(1.3 * returns).sum()         # and the first choice is a softmax
    shares = np.bincount(order[:, 0], minlength=4) / n
    assert (np.abs(shares - best) < 4 * np.sqrt(best * (1 - best) / n)).all()


@pytest.mark.parametrize("agreement", [0.5, 0.75, 0.95])
def test_rankings_agree_with_the_taste_as_often_as_declared(agreement):
    rng, n = np.random.default_rng(18), 4000
    returns = np.round(rng.normal(size=(n, 4)), 1)                     # some of them tie
    order = Boltzmann(agreement=agreement).rank(None, episodes_worth(returns.ravel()), 4, rng)
    i, j = np.triu_indices(4, 1)
    in_order = np.take_along_axis(returns, order, axis=1)
    differ = in_order[:, i] != in_order[:, j]
    right = ((in_order[:, i] > in_order[:, j]) & differ).sum(axis=1)
    away = right - agreement * differ.sum(axis=1)                      # pairs of one ranking are not independent, rankings are
    assert abs(away.mean()) < 4 * away.std() / np.sqrt(n)


def test_whoever_always_agrees_ranks_by_the_taste_and_a_coin_ranks_at_random():
    rng, n = np.random.default_rng(19), 4000
    returns = rng.normal(size=(n, 4))
    episodes = episodes_worth(returns.ravel())
    assert np.array_equal(Boltzmann(agreement=1.0).rank(None, episodes[:400], 4, rng), np.argsort(-returns[:100], axis=1))
    order = CoinFlip().rank(None, episodes.blindfolded(), 4, rng)
    counts = np.unique(order, axis=0, return_counts=True)[1]
    assert len(counts) == 24 and (np.abs(counts / n - 1 / 24) < 4 * np.sqrt(23 / 24 ** 2 / n)).all()
    for human in (Boltzmann(agreement=0.9), Boltzmann(rationality=1.0)):
        with pytest.raises(ValueError, match="true_rewards: expected finite numbers, got nan"):
            human.rank(None, episodes.blindfolded(), 4, rng)
