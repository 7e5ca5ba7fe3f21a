"""Do comparisons alone lead to the leashed optimum, where do they lead astray, and is the best of several the best?"""
from types import SimpleNamespace

import numpy as np
import pytest

from tinyrlhf.checks import check_gradient
from tinyrlhf.episodes import replay, rollout
from tinyrlhf.exact import best_of_n as exact_best_of_n
from tinyrlhf.exact import enumeration
from tinyrlhf.feedback.records import Questions, join_comparisons
from tinyrlhf.games.bandit import Bandit
from tinyrlhf.games.prefixes import Prefixes
from tinyrlhf.games.text import Text
from tinyrlhf.learning.direct_preferences import answer_log_probs, best_of_n, clone_best, dpo, ipo, prefer
from tinyrlhf.nn.networks import EmbeddingMLP, Table
from tinyrlhf.numerics import log_softmax, sigmoid
from tinyrlhf.policies import Policy


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
    pairs = Questions(every[first], every[second], np.zeros(72, bool))
    return SimpleNamespace(game=game, reference=reference, pairs=pairs, rewards=game.rewards, first=first, second=second)


def trained(tree, labels, loss=dpo, kl_coef=0.5, steps=600, **how):
    """The table of a policy that was trained on all pairs with these shares of the first."""
    policy = tree.reference.copy()
    how = {"learning_rate": lambda left: 0.1 * left, "batch": None, **how}
    prefer(policy, tree.reference, tree.pairs.answered(["same"] * 72), np.random.default_rng(0), loss, kl_coef, labels, steps=steps, **how)
    return policy.network.params["table"]


def two_arms(kl_coef, loss, steps, learning_rate):
    """Probability of the second of two arms, as likely as the first at the start, after the first was always preferred."""
    game, reference, rng = Bandit([1.0, 0.0]), table_policy(np.zeros((2, 2))), np.random.default_rng(0)
    first, second = (replay(game, game.start(1, rng), np.array([[arm]]), np.ones((1, 1), bool), rng) for arm in (0, 1))
    policy, comparisons = reference.copy(), Questions(first, second, np.zeros(1, bool)).answered(["first"])
    prefer(policy, reference, comparisons, rng, loss, kl_coef, learning_rate=learning_rate, steps=steps, batch=None)
    return np.exp(log_softmax(policy.network.params["table"][0]))[1]


# ---- the losses

@pytest.mark.parametrize("loss", [dpo, ipo])
@pytest.mark.parametrize("kl_coef", [0.1, 1.0, 3.0])
def test_both_slopes_agree_with_central_differences(loss, kl_coef):
    rng = np.random.default_rng(0)
    ratios, labels = {"first": rng.normal(size=7), "second": rng.normal(size=7)}, np.array([1, 0, 0.5, 0.9, 0.1, 0.3, 1])
    _, d_first, d_second = loss(*ratios.values(), labels, kl_coef)
    check_gradient(lambda: loss(*ratios.values(), labels, kl_coef)[0], ratios, {"first": d_first, "second": d_second}, rng)


def test_dpo_is_the_loss_of_its_paper():
    chosen, rejected = np.array([0.3, -1.0]), np.array([0.1, 0.5])
    expected = -np.mean(np.log(sigmoid(0.2 * (chosen - rejected))))
    assert np.isclose(dpo(chosen, rejected, np.ones(2), 0.2)[0], expected)
    assert np.isclose(dpo(rejected, chosen, np.zeros(2), 0.2)[0], expected)


@pytest.mark.parametrize("labels", [0.0, 0.3, 1.0])
def test_dpo_at_the_reference_is_log_2(labels):
    assert np.isclose(dpo(np.zeros(3), np.zeros(3), np.full(3, labels), 0.4)[0], np.log(2))


@pytest.mark.parametrize("slips, kl_coef", [(0.1, 0.5), (0.3, 0.1), (0.01, 2.0)])
def test_smoothed_labels_have_a_finite_optimum(slips, kl_coef):
    goal = np.array([np.log((1 - slips) / slips) / kl_coef])
    assert np.isclose(dpo(goal, np.zeros(1), np.array([1 - slips]), kl_coef)[1], 0, atol=1e-12)
    assert dpo(goal + 1, np.zeros(1), np.array([1 - slips]), kl_coef)[1] > 0
    assert dpo(goal + 1, np.zeros(1), np.ones(1), kl_coef)[1] < 0


def test_an_enormous_gap_stays_finite():
    for loss in (dpo, ipo):
        assert all(np.isfinite(part).all() for part in loss(np.array([1e6]), np.array([-1e6]), np.zeros(1), 1.0))


# ---- where they lead

def test_exact_preferences_lead_to_the_leashed_optimum():
    tree = small_tree()
    labels = sigmoid(tree.rewards[tree.first] - tree.rewards[tree.second])
    best, _ = enumeration.best_policy(tree.reference.network.params["table"], tree.rewards, 0.5)
    assert enumeration.kl(tree.reference.network.params["table"], best) > 0.1
    assert enumeration.kl(trained(tree, labels), best) < 1e-8


def test_the_pairs_may_be_drawn_from_any_policy_that_draws_all():
    tree = small_tree(1)
    tree.pairs = tree.pairs[np.random.default_rng(0).integers(30, size=72)]
    tree.first, tree.second = (part.states[:, -1] - tree.game.n_prefixes for part in (tree.pairs.first, tree.pairs.second))
    assert len(np.unique(tree.first)) < 9 == len(np.unique(np.concatenate([tree.first, tree.second])))
    labels = sigmoid(tree.rewards[tree.first] - tree.rewards[tree.second])
    best, _ = enumeration.best_policy(tree.reference.network.params["table"], tree.rewards, 0.5)
    assert enumeration.kl(trained(tree, labels), best) < 1e-8


@pytest.mark.parametrize("rationality", [0.5, 2.0])
def test_a_more_rational_person_loosens_the_leash(rationality):
    tree = small_tree()
    labels = sigmoid(rationality * (tree.rewards[tree.first] - tree.rewards[tree.second]))
    best, _ = enumeration.best_policy(tree.reference.network.params["table"], tree.rewards, 0.5 / rationality)
    assert enumeration.kl(trained(tree, labels), best) < 1e-8


@pytest.mark.parametrize("kl_coef", [0.1, 0.5, 1.0, 2.0])
def test_when_one_is_always_preferred_ipo_stops_where_it_should(kl_coef):
    assert np.isclose(two_arms(kl_coef, ipo, 500, lambda left: 0.3 * left), 1 - sigmoid(1 / (2 * kl_coef)), atol=1e-4)


@pytest.mark.parametrize("kl_coef", [0.1, 0.5, 1.0, 2.0])
def test_when_one_is_always_preferred_dpo_drops_the_other_whatever_the_leash(kl_coef):
    earlier, later = (two_arms(kl_coef, dpo, steps, 1.0) for steps in (100, 400))
    assert later < earlier < 1e-5                                    # and no end in sight


# ---- the training function

def answered(game, policy, n, seed):
    """n pairs of answers of a policy, of which the truly better one was preferred."""
    rng = np.random.default_rng(seed)
    first, second = (rollout(game, policy, game.start(n, rng), rng) for _ in range(2))
    better = np.where(first.true_returns > second.true_returns, "first", "second")
    return Questions(first, second, np.zeros(n, bool)).answered(better)


def language_model():
    game = Text()
    rng = np.random.default_rng(0)
    return game, Policy(EmbeddingMLP(game.n_actions, game.window, 4, (8,), game.n_actions, rng, dtype=np.float64))


def test_the_log_probability_of_an_answer_is_the_sum_of_its_played_steps():
    game, policy = language_model()
    episodes = rollout(game, policy, game.start(50, np.random.default_rng(1)), np.random.default_rng(1))
    assert episodes.lengths.min() < episodes.lengths.max()
    assert np.allclose(answer_log_probs(policy, episodes)[0], episodes.log_probs.sum(axis=1))


@pytest.mark.parametrize("loss", [dpo, ipo])
def test_the_slope_of_a_step_is_that_of_its_whole_answer(loss):
    game, policy = language_model()
    comparisons, reference = answered(game, policy, 6, 2), language_model()[1]
    reference.network.params.vector[:] += 0.1
    at_reference = [answer_log_probs(reference, side)[0] for side in (comparisons.first, comparisons.second)]
    value = lambda: loss(*(answer_log_probs(policy, side)[0] - log_probs for side, log_probs in
                           zip((comparisons.first, comparisons.second), at_reference)), comparisons.labels, 0.3)
    both, (_, *slopes) = comparisons.both(), value()
    grads = policy.backward(answer_log_probs(policy, both)[1], np.repeat(np.concatenate(slopes), both.lengths))
    check_gradient(lambda: value()[0], policy.network.params, grads, np.random.default_rng(0))
    before = policy.network.params.vector.copy()
    prefer(policy, reference, comparisons, np.random.default_rng(0), loss, 0.3, learning_rate=1e-3, steps=1, batch=None)
    moved = policy.network.params.vector - before                    # Adam's first step has the sign of the gradient
    large = np.abs(grads.vector) > 1e-6
    assert np.allclose(moved[large], -1e-3 * np.sign(grads.vector[large]), rtol=0.05)


def test_training_starts_at_log_2_and_learns_which_words_were_chosen():
    game, policy = language_model()
    reference, seen = policy.copy(), []
    frozen = reference.network.params.vector.copy()
    history = prefer(policy, reference, answered(game, policy, 300, 3), np.random.default_rng(0), learning_rate=0.003, steps=150,
                     on_step=lambda step, row: seen.append((step, row)))
    assert np.isclose(history[0]["loss"], np.log(2)) and history[0]["chosen"] == history[0]["rejected"] == 0
    assert history[-1]["chosen"] > history[-1]["rejected"] + 5
    assert seen == list(enumerate(history)) and np.array_equal(reference.network.params.vector, frozen)
    fresh = answered(game, reference, 500, 4)
    gaps = [answer_log_probs(policy, side)[0] - answer_log_probs(reference, side)[0] for side in (fresh.first, fresh.second)]
    assert ((gaps[0] > gaps[1]) == (fresh.labels == 1)).mean() > 0.7


@pytest.mark.parametrize("loss", [dpo, ipo])
def test_sides_do_not_matter_and_pairs_nobody_judged_teach_nothing(loss):
    game, policy = language_model()
    comparisons = answered(game, policy, 40, 5)
    swapped = Questions(comparisons.second, comparisons.first, comparisons.first_is_left).answered(
        np.where(comparisons.answers == "first", "second", "first"))
    unsure = join_comparisons([comparisons, comparisons[:10].answered(["cant tell", "skip"] * 5)])
    learned = []
    for part in (comparisons, swapped, unsure):
        student = policy.copy()
        prefer(student, policy, part, np.random.default_rng(0), loss, steps=20, batch=16)
        learned.append(student.network.params.vector)
    assert np.allclose(learned[0], learned[1], atol=1e-10) and np.array_equal(learned[0], learned[2])


def test_labels_replace_the_answers():
    tree = small_tree()
    assert np.allclose(trained(tree, np.full(72, 0.5), steps=50), tree.reference.network.params["table"], atol=1e-12)
    assert not np.allclose(trained(tree, np.full(72, 0.9) * (tree.first > tree.second), steps=50), tree.reference.network.params["table"])


def test_what_cannot_be_learned_from_is_refused_in_words():
    tree, rng = small_tree(), np.random.default_rng(0)
    comparisons = tree.pairs.answered(["skip"] * 72)
    with pytest.raises(ValueError, match="at least one share"):
        prefer(tree.reference.copy(), tree.reference, comparisons, rng)
    with pytest.raises(ValueError, match="labels: expected .* 72"):
        prefer(tree.reference.copy(), tree.reference, comparisons, rng, labels=np.ones(71))
    for wrong in (np.nan, 1.1, -0.1):
        with pytest.raises(ValueError, match="share from 0 to 1"):
            prefer(tree.reference.copy(), tree.reference, comparisons, rng, labels=np.full(72, wrong))
    with pytest.raises(ValueError, match="kl_coef"):
        prefer(tree.reference.copy(), tree.reference, comparisons, rng, labels=np.ones(72), kl_coef=0.0)
    with pytest.raises(ValueError, match="multiple of the group"):
        best_of_n(np.zeros(7), 2)


# ---- the best of several

def test_the_best_of_each_group_is_kept():
    scores = np.random.default_rng(0).normal(size=(5, 4))
    assert np.array_equal(scores.ravel()[best_of_n(scores.ravel(), 4)], scores.max(axis=1))


def test_what_is_kept_has_the_exact_distribution_of_best_of_n_within_4_sigma():
    rng = np.random.default_rng(1)
    log_p, rewards = log_softmax(rng.normal(size=6)), np.array([0.0, 1, 2, 2, 3, 1])
    arms = rng.choice(6, size=4 * 20_000, p=np.exp(log_p))
    kept = np.bincount(arms[best_of_n(rewards[arms], 4)], minlength=6)
    p = np.exp(exact_best_of_n.log_best_of_n(log_p, rewards, 4))
    assert (np.abs(kept - 20_000 * p) < 4 * np.sqrt(20_000 * p * (1 - p))).all()


def test_cloning_the_best_again_and_again_climbs():
    tree, rng = small_tree(), np.random.default_rng(0)
    policy = tree.reference.copy()
    means = [clone_best(tree.game, policy, lambda answers: answers.true_returns, rng, learning_rate=0.05, steps=50) for _ in range(4)]
    assert all(kept >= everything - 1e-12 for everything, kept in means)
    assert means[3][0] > means[0][0] + 0.5
