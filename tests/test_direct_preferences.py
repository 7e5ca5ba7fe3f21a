"""Do answers alone lead to the optimum under a KL penalty, where do they not, and is the best of several the best?"""
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from tinyrlhf.conformance import check_gradient
from tinyrlhf.episodes import log_probs_of, replay, rollout
from tinyrlhf.feedback.answers import CANT_TELL, FIRST, OTHER_READINGS, SAME, SECOND, SKIP, join_answers
from tinyrlhf.games.bandit import Bandit
from tinyrlhf.games.prefixes import Prefixes
from tinyrlhf.games.text import Text
from tinyrlhf.learning.direct_preferences import clone_best, dpo, ipo, prefer, rows_of_best
from tinyrlhf.nn.networks import EmbeddingMLP, Table
from tinyrlhf.numerics import log_sigmoid, log_softmax, sigmoid
from tinyrlhf.policies import Policy
from tinyrlhf.questions import shown

sys.path.insert(0, str(Path(__file__).parent))
import enumeration  # noqa: E402
from oracles import log_best_of_n  # noqa: E402
from planted import clips, one_of_each, pairs_of  # noqa: E402


def table_policy(logits):
    network = Table(*logits.shape)
    network.params["table"][...] = logits
    return Policy(network)


def small_tree(seed=0):
    """A game of nine strings, a random reference, and all 72 ordered pairs of different strings."""
    rng = np.random.default_rng(seed)
    game, reference = Prefixes(rng.normal(size=9), 3), table_policy(rng.normal(size=(4, 3)))
    first, second = (rows.ravel() for rows in np.indices((9, 9)))
    first, second = first[first != second], second[first != second]
    letters = game.letters[game.n_prefixes:] - 1
    every = replay(game, game.start(9, rng), letters, np.ones((9, 2), bool), rng)
    pairs = shown("preference", every, np.stack([first, second], axis=1))
    return SimpleNamespace(game=game, reference=reference, pairs=pairs, rewards=game.rewards, first=first,
                           second=second)


def trained(tree, first_wins, loss=dpo, kl_coef=0.5, steps=400, **how):
    """The table of a policy that was trained on all pairs with these shares of the first."""
    policy = tree.reference.copy()
    how = {"learning_rate": lambda left: 0.1 * left, "batch": None, **how}
    answers = tree.pairs.answered(np.full(len(tree.pairs), SAME))
    prefer(policy, tree.reference, answers, np.random.default_rng(0), loss, kl_coef, steps=steps,
           shares=np.stack([first_wins, 1 - first_wins], axis=1), **how)
    return policy.network.params["table"]


def two_arms(kl_coef, loss, steps, learning_rate):
    """Probability of the second of two arms, equally likely at first, after the first was always preferred."""
    game, reference, rng = Bandit([1.0, 0.0]), table_policy(np.zeros((2, 2))), np.random.default_rng(0)
    arms = replay(game, game.start(2, rng), np.array([[0], [1]]), np.ones((2, 1), bool), rng)
    policy, answers = reference.copy(), shown("preference", arms, np.array([[0, 1]])).answered(np.array([FIRST]))
    prefer(policy, reference, answers, rng, loss, kl_coef, learning_rate=learning_rate, steps=steps, batch=None)
    return np.exp(log_softmax(policy.network.params["table"][0]))[1]


# ---- the losses

def blocks_of(answers, readings=None):
    return answers.choices(np.arange(len(answers)), readings)


def of_pairs(loss, first, second, first_wins, kl_coef):
    """A loss of pairs of log-ratios with these shares of the first: its value, and its slopes by both."""
    n = len(first)
    _, [block] = blocks_of(pairs_of(clips(n, np.random.default_rng(0)),
                                    clips(n, np.random.default_rng(0))).answered(np.full(n, SAME)))
    block = block._replace(shares=np.stack([first_wins, 1 - first_wins], axis=1))
    value, slopes, _ = loss([block], np.concatenate([first, second]), kl_coef)
    return value, slopes[:n], slopes[n:]


@pytest.mark.parametrize("loss", [dpo, ipo])
@pytest.mark.parametrize("kl_coef", [0.1, 1.0, 3.0])
def test_both_slopes_agree_with_central_differences(loss, kl_coef):
    rng = np.random.default_rng(0)
    ratios, wins = {"first": rng.normal(size=7), "second": rng.normal(size=7)}, np.array([1, 0, 0.5, 0.9, 0.1, 0.3, 1])
    _, d_first, d_second = of_pairs(loss, *ratios.values(), wins, kl_coef)
    check_gradient(lambda: of_pairs(loss, *ratios.values(), wins, kl_coef)[0], ratios,
                   {"first": d_first, "second": d_second}, rng)


def test_dpo_and_ipo_of_pairs_are_the_losses_of_their_papers():
    rng = np.random.default_rng(1)
    first, second, wins = rng.normal(size=8), rng.normal(size=8), rng.choice([0, 0.5, 1, 0.3], size=8)
    h = first - second
    expected = -np.mean(wins * log_sigmoid(0.2 * h) + (1 - wins) * log_sigmoid(-0.2 * h))
    assert np.isclose(of_pairs(dpo, first, second, wins, 0.2)[0], expected, rtol=1e-12)
    assert np.allclose(of_pairs(dpo, first, second, wins, 0.2)[1], 0.2 * (sigmoid(0.2 * h) - wins) / 8, rtol=1e-10)
    gap = h - (2 * wins - 1) / (2 * 0.2)
    assert np.isclose(of_pairs(ipo, first, second, wins, 0.2)[0], np.mean(gap ** 2), rtol=1e-12)
    assert np.allclose(of_pairs(ipo, first, second, wins, 0.2)[1], 2 * gap / 8, rtol=1e-12)


def test_dpo_of_rankings_read_in_turn_is_that_of_plackett_and_luce():
    rng = np.random.default_rng(2)
    answers = one_of_each(rng, 6, kinds=["ranking"])
    rows, blocks = blocks_of(answers, OTHER_READINGS)
    ratios = rng.normal(size=24)
    in_order = 0.3 * np.take_along_axis(ratios[answers.shows], answers.said, axis=1)
    log_p = sum(in_order[:, turn] - np.log(np.exp(in_order[:, turn:]).sum(axis=1)) for turn in range(3))
    value, slopes, _ = dpo(blocks, ratios[rows], 0.3)
    assert np.isclose(value, -log_p.sum() / 18, rtol=1e-12)            # a mean over the choices, three in each ranking
    arrays = {"ratios": ratios}
    by_episode = {"ratios": np.bincount(rows, slopes, 24)}
    check_gradient(lambda: dpo(blocks, ratios[rows], 0.3)[0], arrays, by_episode, rng)


def test_ipo_says_that_it_knows_only_two_options():
    answers = one_of_each(np.random.default_rng(3), 2, kinds=["stop"])
    with pytest.raises(ValueError,
                       match="ipo: expected choices between two episodes, got a stop with 4 options; try dpo"):
        ipo(blocks_of(answers)[1], np.zeros(8), 0.1)
    rankings = one_of_each(np.random.default_rng(3), 2, kinds=["ranking"])
    assert np.isfinite(ipo(blocks_of(rankings)[1], np.zeros(8), 0.1)[0])           # read as pairs


@pytest.mark.parametrize("wins", [0.0, 0.3, 1.0])
def test_dpo_at_the_reference_is_log_2(wins):
    assert np.isclose(of_pairs(dpo, np.zeros(3), np.zeros(3), np.full(3, wins), 0.4)[0], np.log(2))


@pytest.mark.parametrize("slips, kl_coef", [(0.1, 0.5), (0.3, 0.1), (0.01, 2.0)])
def test_smoothed_labels_have_a_finite_optimum(slips, kl_coef):
    goal = np.array([np.log((1 - slips) / slips) / kl_coef])
    assert np.isclose(of_pairs(dpo, goal, np.zeros(1), np.array([1 - slips]), kl_coef)[1], 0, atol=1e-12)
    assert of_pairs(dpo, goal + 1, np.zeros(1), np.array([1 - slips]), kl_coef)[1] > 0
    assert of_pairs(dpo, goal + 1, np.zeros(1), np.ones(1), kl_coef)[1] < 0


def test_an_enormous_gap_stays_finite_and_what_cannot_be_written_counts_as_absent():
    for loss in (dpo, ipo):
        parts = of_pairs(loss, np.array([1e6]), np.array([-1e6]), np.zeros(1), 1.0)
        assert all(np.isfinite(part).all() for part in parts)
    value, d_first, d_second = of_pairs(dpo, np.zeros(1), np.array([-np.inf]), np.ones(1), 0.5)
    assert value == d_first[0] == d_second[0] == 0


# ---- where they lead

def test_exact_preferences_lead_to_the_optimum_under_the_kl_penalty():
    tree = small_tree()
    wins = sigmoid(tree.rewards[tree.first] - tree.rewards[tree.second])
    best, _ = enumeration.best_policy(tree.reference.network.params["table"], tree.rewards, 0.5)
    assert enumeration.kl(tree.reference.network.params["table"], best) > 0.1
    assert enumeration.kl(trained(tree, wins), best) < 1e-8
    assert enumeration.kl(trained(tree, wins, batch=24, steps=300), best) < 1e-4     # each answer keeps its own shares


@pytest.mark.slow
def test_exact_choices_among_several_lead_there_too():
    tree, rng = small_tree(3), np.random.default_rng(3)
    rows = np.stack([rng.permutation(9)[:4] for _ in range(40)])
    answers = shown("stop", tree.pairs.episodes, rows).answered(np.zeros(40, int))
    worth = tree.rewards[rows]
    policy = tree.reference.copy()
    prefer(policy, tree.reference, answers, rng, dpo, 0.5, lambda left: 0.1 * left, steps=600, batch=None,
           shares=np.exp(log_softmax(worth)))
    best, _ = enumeration.best_policy(tree.reference.network.params["table"], tree.rewards, 0.5)
    assert enumeration.kl(policy.network.params["table"], best) < 1e-8


@pytest.mark.slow
def test_the_pairs_may_be_drawn_from_any_policy_that_draws_all():
    tree = small_tree(1)
    tree.pairs = tree.pairs[np.random.default_rng(0).integers(30, size=72)]
    tree.first, tree.second = tree.pairs.shows.T
    assert len(np.unique(tree.first)) < 9 == len(np.unique(np.concatenate([tree.first, tree.second])))
    wins = sigmoid(tree.rewards[tree.first] - tree.rewards[tree.second])
    best, _ = enumeration.best_policy(tree.reference.network.params["table"], tree.rewards, 0.5)
    assert enumeration.kl(trained(tree, wins), best) < 1e-8


@pytest.mark.parametrize("rationality", [0.5, pytest.param(2.0, marks=pytest.mark.slow)])
def test_a_more_rational_person_makes_a_nat_cheaper(rationality):
    tree = small_tree()
    wins = sigmoid(rationality * (tree.rewards[tree.first] - tree.rewards[tree.second]))
    best, _ = enumeration.best_policy(tree.reference.network.params["table"], tree.rewards, 0.5 / rationality)
    assert enumeration.kl(trained(tree, wins), best) < 1e-8


@pytest.mark.parametrize("kl_coef", [0.1, 2.0])
def test_when_one_is_always_preferred_ipo_stops_where_it_should(kl_coef):
    assert np.isclose(two_arms(kl_coef, ipo, 300, lambda left: 0.3 * left), 1 - sigmoid(1 / (2 * kl_coef)), atol=1e-4)


@pytest.mark.parametrize("kl_coef", [0.1, 2.0])
def test_when_one_is_always_preferred_dpo_drops_the_other_whatever_the_kl_penalty(kl_coef):
    earlier, later = (two_arms(kl_coef, dpo, steps, 1.0) for steps in (50, 200))
    assert later < earlier < 1e-5                                    # and no end in sight


# ---- the training function

def answered(game, policy, n, seed, group=2, kind="preference"):
    """n questions about texts of a policy, answered by somebody who never errs."""
    rng = np.random.default_rng(seed)
    texts = rollout(game, policy, game.start(group * n, rng), rng)
    questions = shown(kind, texts, np.arange(group * n).reshape(n, group))
    returns = texts.true_returns[questions.shows]
    return questions.answered(np.argsort(-returns, axis=1,
                                         kind="stable") if kind == "ranking" else returns.argmax(axis=1))


def language_model():
    game = Text()
    rng = np.random.default_rng(0)
    return game, Policy(EmbeddingMLP(game.n_actions, game.window, 4, (8,), game.n_actions, rng, dtype=np.float64))


@pytest.mark.parametrize("loss, kind", [(dpo, "preference"), (ipo, "preference"), (dpo, "ranking")])
def test_the_slope_of_a_step_is_that_of_its_whole_answer(loss, kind):
    game, policy = language_model()
    answers, reference = answered(game, policy, 6, 2, 4 if kind == "ranking" else 2, kind), language_model()[1]
    reference.network.params.vector[:] += 0.1
    rows, blocks = blocks_of(answers, OTHER_READINGS if kind == "ranking" else None)
    texts = answers.episodes[rows]
    at_reference = log_probs_of(reference, texts)[0]

    def value():
        return loss(blocks, log_probs_of(policy, texts)[0] - at_reference, 0.3)

    grads = policy.backward(log_probs_of(policy, texts)[1], np.repeat(value()[1], texts.lengths))
    check_gradient(lambda: value()[0], policy.network.params, grads, np.random.default_rng(0))
    before = policy.network.params.vector.copy()
    prefer(policy, reference, answers, np.random.default_rng(0), loss, 0.3, learning_rate=1e-3, steps=1, batch=None,
           readings=OTHER_READINGS if kind == "ranking" else None)
    moved = policy.network.params.vector - before                    # Adam's first step has the sign of the gradient
    large = np.abs(grads.vector) > 1e-6
    assert np.allclose(moved[large], -1e-3 * np.sign(grads.vector[large]), rtol=0.05)


@pytest.mark.parametrize("kind, group", [("preference", 2), pytest.param("stop", 4, marks=pytest.mark.slow),
                                         pytest.param("ranking", 4, marks=pytest.mark.slow)])
def test_training_starts_as_a_coin_and_learns_which_words_were_chosen(kind, group):
    game, policy = language_model()
    reference, seen = policy.copy(), []
    frozen = reference.network.params.vector.copy()
    history = prefer(policy, reference, answered(game, policy, 200, 3, group, kind), np.random.default_rng(0),
                     learning_rate=0.003,
                     steps=100, on_step=lambda step, row: seen.append((step, row)))
    coin = np.log(4) if kind == "stop" else np.log(2)                  # a ranking is read as pairs
    assert np.isclose(history[0]["loss"], coin) and history[0]["chosen"] == history[0]["rejected"] == 0
    assert history[-1]["chosen"] > history[-1]["rejected"] + 2
    assert seen == list(enumerate(history)) and np.array_equal(reference.network.params.vector, frozen)
    fresh = answered(game, reference, 500, 4)
    ratios = log_probs_of(policy, fresh.episodes)[0] - log_probs_of(reference, fresh.episodes)[0]
    assert (ratios[fresh.shows].argmax(axis=1) == fresh.said[:, 0]).mean() > 0.7


@pytest.mark.parametrize("loss", [dpo, ipo])
def test_sides_do_not_matter_and_pairs_nobody_judged_teach_nothing(loss):
    game, policy = language_model()
    answers = answered(game, policy, 40, 5)
    swapped = shown("preference", answers.episodes, answers.shows[:, ::-1]).answered(1 - answers.said[:, 0])
    silent = shown("preference", answers.episodes, answers.shows[:10]).answered(np.array([CANT_TELL, SKIP] * 5))
    learned = []
    for part in (answers, swapped, join_answers([answers, silent])):
        student = policy.copy()
        prefer(student, policy, part, np.random.default_rng(0), loss, steps=20, batch=16)
        learned.append(student.network.params.vector)
    assert np.allclose(learned[0], learned[1], atol=1e-10) and np.array_equal(learned[0], learned[2])


def test_rankings_of_two_teach_what_their_preferences_teach():
    game, policy = language_model()
    pairs, learned = answered(game, policy, 30, 6), []
    orders = np.where(pairs.said == FIRST, [[0, 1]], [[1, 0]])
    for answers in (pairs, shown("ranking", pairs.episodes, pairs.shows).answered(orders)):
        for readings in (None, OTHER_READINGS if answers is not pairs else None):
            student = policy.copy()
            prefer(student, policy, answers, np.random.default_rng(0), steps=15, batch=8, readings=readings)
            learned.append(student.network.params.vector)
    assert np.allclose(learned, learned[0], atol=1e-10)


def test_shares_replace_what_was_said():
    tree = small_tree()
    reference = tree.reference.network.params["table"]
    assert np.allclose(trained(tree, np.full(72, 0.5), steps=50), reference, atol=1e-12)
    assert not np.allclose(trained(tree, np.full(72, 0.9) * (tree.first > tree.second), steps=50), reference)


def test_what_cannot_be_learned_from_is_refused_in_words():
    tree, rng = small_tree(), np.random.default_rng(0)
    with pytest.raises(ValueError, match="answers: expected one that says something, got 72 others"):
        prefer(tree.reference.copy(), tree.reference, tree.pairs.answered(np.full(72, SKIP)), rng)
    for wrong in (0.0, -1.0, np.nan):
        with pytest.raises(ValueError, match="kl_coef"):
            prefer(tree.reference.copy(), tree.reference, tree.pairs.answered(np.full(72, SECOND)), rng, kl_coef=wrong)
    answers = tree.pairs.answered(np.full(72, SECOND))
    with pytest.raises(ValueError, match=r"shares: expected 2 dimensions|shares: expected .* 72"):
        prefer(tree.reference.copy(), tree.reference, answers, rng, shares=np.full((71, 2), 0.5))
    for wrong in (np.nan, 1.1, -0.1):
        with pytest.raises(ValueError, match="shares: expected rows of numbers from 0 to 1 that sum to 1"):
            prefer(tree.reference.copy(), tree.reference, answers, rng, shares=np.full((72, 2), [wrong, 0.5]))
    with pytest.raises(ValueError, match="multiple of the group"):
        rows_of_best(np.zeros(7), 2)


# ---- the best of several

def test_the_best_of_each_group_is_kept():
    scores = np.random.default_rng(0).normal(size=(5, 4))
    assert np.array_equal(scores.ravel()[rows_of_best(scores.ravel(), 4)], scores.max(axis=1))


def test_what_is_kept_has_the_exact_distribution_of_best_of_n_within_4_sigma():
    rng = np.random.default_rng(1)
    log_p, rewards = log_softmax(rng.normal(size=6)), np.array([0.0, 1, 2, 2, 3, 1])
    arms = rng.choice(6, size=4 * 20_000, p=np.exp(log_p))
    kept = np.bincount(arms[rows_of_best(rewards[arms], 4)], minlength=6)
    p = np.exp(log_best_of_n(log_p, rewards, 4))
    assert (np.abs(kept - 20_000 * p) < 4 * np.sqrt(20_000 * p * (1 - p))).all()


def test_cloning_the_best_again_and_again_climbs():
    tree, rng = small_tree(), np.random.default_rng(0)
    policy, how = tree.reference.copy(), {"learning_rate": 0.05, "steps": 50}
    means = [clone_best(tree.game, policy, lambda answers: answers.true_returns, rng, **how) for _ in range(4)]
    assert all(kept >= everything - 1e-12 for everything, kept in means)
    assert means[3][0] > means[0][0] + 0.5
