"""Is every rule the derivative of the loss it names, and do the KL estimators pull where they should?"""
import numpy as np
import pytest

from tinyrlhf.episodes import rollout
from tinyrlhf.exact.horizon import kl_to_reference
from tinyrlhf.games.bandit import Bandit
from tinyrlhf.games.gridworld import Gridworld
from tinyrlhf.learning.imitation import d_log_likelihood
from tinyrlhf.learning import rules
from tinyrlhf.learning.kl import kl_penalized_rewards, kl_per_episode
from tinyrlhf.nn.distributions import Categorical
from tinyrlhf.nn.networks import Table
from tinyrlhf.numerics import log_softmax, softmax
from tinyrlhf.policies import Policy


def central_differences(loss, point, step=1e-5):
    """d loss / d point, entry by entry; the loss is a function of the point alone."""
    slope = np.zeros(point.shape)
    for index in np.ndindex(point.shape):
        nudge = np.zeros(point.shape)
        nudge[index] = step
        slope[index] = (loss(point + nudge) - loss(point - nudge)) / (2 * step)
    return slope


def assert_slope(rule, loss, point):
    assert rule.shape == point.shape
    assert np.allclose(rule, central_differences(loss, point), rtol=1e-6, atol=1e-8)


def log_probs_around(rng, shape, clip):
    """Old and new log-probabilities, with ratios on both sides of both kinks and none at a kink."""
    old = np.log(rng.uniform(0.05, 0.95, size=shape))
    ratio = rng.choice([0.3, 1 - clip - 0.02, 1 - clip + 0.02, 1.0, 1 + clip - 0.02, 1 + clip + 0.02, 2.5], size=shape)
    return old, old + np.log(ratio * rng.uniform(0.995, 1.005, size=shape))


# ---- the losses, as the papers write them

def reinforce_loss(log_probs, advantages, weight):
    return -np.sum(weight * advantages * log_probs)


def clipped_objective(log_probs, old, advantages, clip):
    ratio = np.exp(log_probs - old)
    return np.minimum(ratio * advantages, np.clip(ratio, 1 - clip, 1 + clip) * advantages)


def grpo_loss(log_probs, old, reference, advantages, mask, clip, kl_coef):
    answers = []
    for b in range(len(mask)):
        tokens = []
        for t in np.flatnonzero(mask[b]):
            log_ratio = reference[b, t] - log_probs[b, t]
            k3 = np.exp(log_ratio) - 1 - log_ratio
            tokens.append(clipped_objective(log_probs[b, t], old[b, t], advantages[b], clip) - kl_coef * k3)
        answers.append(np.mean(tokens))
    return -np.mean(answers)


SHAPES = [(1,), (9,), (3, 5), (2, 1, 4)]


@pytest.mark.parametrize("shape", SHAPES)
def test_reinforce_is_the_slope_of_its_loss(shape):
    rng = np.random.default_rng(len(shape))
    log_probs, advantages, weight = -rng.exponential(size=shape), rng.normal(size=shape), rng.uniform(0.1, 1)
    assert_slope(rules.reinforce(advantages, weight), lambda x: reinforce_loss(x, advantages, weight), log_probs)


@pytest.mark.parametrize("clip", [0.1, 0.2, 0.3])
@pytest.mark.parametrize("shape", SHAPES + [(20, 10)])
def test_ppo_is_the_slope_of_its_loss(shape, clip):
    rng = np.random.default_rng(len(shape))
    old, log_probs = log_probs_around(rng, shape, clip)
    advantages, weight = rng.normal(size=shape), rng.uniform(0.1, 1, size=shape)
    slope = rules.ppo_clip(log_probs, old, advantages, weight, clip)
    assert_slope(slope, lambda x: -np.sum(weight * clipped_objective(x, old, advantages, clip)), log_probs)


@pytest.mark.parametrize("clip, kl_coef", [(0.2, 0.0), (0.2, 0.4), (0.1, 3.0)])
def test_grpo_is_the_slope_of_its_loss(clip, kl_coef):
    rng = np.random.default_rng(3)
    mask = np.arange(6) < np.array([1, 2, 6, 4, 3])[:, None]
    old, log_probs = log_probs_around(rng, mask.shape, clip)
    reference, advantages = np.log(rng.uniform(0.05, 0.95, size=mask.shape)), rng.normal(size=5)
    slope = rules.grpo(log_probs, old, reference, advantages, rules.token_weight(mask), clip, kl_coef)
    assert_slope(slope, lambda x: grpo_loss(x, old, reference, advantages, mask, clip, kl_coef), log_probs)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_slope_of_the_critic_is_that_of_half_the_squared_error(shape):
    rng = np.random.default_rng(4)
    values, targets, weight = rng.normal(size=shape), rng.normal(size=shape), rng.uniform(0.1, 1, size=shape)
    assert_slope(rules.critic_slope(values, targets, weight), lambda x: np.sum(weight * (x - targets) ** 2) / 2, values)


@pytest.mark.parametrize("shape", SHAPES[:3])
def test_imitation_is_the_slope_of_the_mean_negative_log_likelihood(shape):
    rng = np.random.default_rng(5)
    log_probs, mask = -rng.exponential(size=shape), rng.random(shape) < 0.7
    mask.ravel()[0] = True
    assert_slope(d_log_likelihood(mask), lambda x: -x[mask].mean(), log_probs)


# ---- PPO

@pytest.mark.parametrize("ratio, advantage, held", [
    (1.21, 2.0, True), (1.19, 2.0, False), (0.79, 2.0, False), (0.1, 2.0, False),    # good: free until 20 % more likely
    # bad: free until 20 % less likely
    (0.79, -2.0, True), (0.81, -2.0, False), (1.21, -2.0, False), (5.0, -2.0, False)])
def test_ppo_stops_exactly_where_a_step_has_gone_far_enough(ratio, advantage, held):
    slope = rules.ppo_clip(np.log([ratio]), np.zeros(1), np.array([advantage]), 0.5, clip=0.2)
    assert slope[0] == (0.0 if held else pytest.approx(-0.5 * ratio * advantage))


@pytest.mark.parametrize("clip", [0.0, 0.2])
def test_ppo_at_ratio_1_is_reinforce(clip):
    rng = np.random.default_rng(6)
    log_probs, advantages = -rng.exponential(size=(4, 5)), rng.normal(size=(4, 5))
    assert np.array_equal(rules.ppo_clip(log_probs, log_probs, advantages, 0.3, clip), rules.reinforce(advantages, 0.3))


def test_an_absurd_ratio_stays_finite():
    slope = rules.ppo_clip(np.array([2000.0, -2000.0]), np.zeros(2), np.array([-1.0, 1.0]), 1.0)
    assert np.isfinite(slope).all()


# ---- GRPO

def test_grpo_is_a_mean_over_tokens_and_then_over_answers():
    mask = np.array([[True, False, False, False], [True, True, True, True]])
    slope = rules.grpo(np.zeros((2, 4)), np.zeros((2, 4)), np.zeros((2, 4)), np.ones(2), rules.token_weight(mask))
    # a short answer's word weighs more
    assert np.allclose(slope, [[-1 / 2, 0, 0, 0], [-1 / 8, -1 / 8, -1 / 8, -1 / 8]])


def test_grpo_at_ratio_1_and_at_the_reference_is_reinforce_per_token():
    rng = np.random.default_rng(7)
    log_probs, advantages, weight = -rng.exponential(size=(3, 4)), rng.normal(size=3), np.full((3, 4), 1 / 12)
    slope = rules.grpo(log_probs, log_probs, log_probs, advantages, weight, 0.2, kl_coef=5.0)
    assert np.allclose(slope, rules.reinforce(np.repeat(advantages[:, None], 4, axis=1), 1 / 12))


def test_grpo_says_nothing_about_the_padding():
    rng = np.random.default_rng(8)
    mask = np.arange(5) < np.array([2, 5, 1])[:, None]
    tables = [-rng.exponential(size=mask.shape) for _ in range(3)]
    weight = rules.token_weight(mask)
    assert (rules.grpo(*tables, rng.normal(size=3), weight, 0.2, 1.0)[~mask] == 0).all()
    assert np.allclose(weight.sum(axis=1), 1 / 3) and not weight[~mask].any()


def test_another_weight_makes_grpo_another_mean():
    rng = np.random.default_rng(12)
    log_probs, old, reference = -rng.exponential(size=(3, 3, 5))
    advantages, weight = rng.normal(size=3), rng.random((3, 5))
    slope = rules.grpo(log_probs, old, reference, advantages, weight, 0.2, 1.0)
    plain = rules.grpo(log_probs, old, reference, advantages, np.ones((3, 5)), 0.2, 1.0)
    assert np.allclose(slope, weight * plain)                          # the KL penalty is weighted as well


def test_k3_draws_towards_the_reference():
    log_probs, reference = np.log([[0.6, 0.2]]), np.log([[0.3, 0.4]])
    slope = rules.grpo(log_probs, log_probs, reference, np.zeros(1), np.full((1, 2), 0.5), 0.2, 1.0)
    assert np.allclose(slope, [[0.5 * (1 - 0.5), 0.5 * (1 - 2.0)]])    # too likely: down; too rare: up


# ---- which divergence each estimator pulls at, by adding up over all five symbols

def two_distributions():
    rng = np.random.default_rng(9)
    logits, other = rng.normal(size=(2, 5))
    scores = np.eye(5) - softmax(logits)                               # d log p(a) / d logits, one row for each a
    return logits, other, scores


def kl(p, q):
    return np.sum(p * np.log(p / q))


def test_k3_as_a_loss_has_the_gradient_of_the_other_direction():
    logits, other, scores = two_distributions()
    p, weight = softmax(logits), np.full((5, 1), 1 / 5)
    k3_slope = 5 * rules.grpo(log_softmax(logits)[:, None], log_softmax(logits)[:, None], log_softmax(other)[:, None],
                              np.zeros(5), weight, 0.2, 1.0)[:, 0]
    expected = (p * k3_slope) @ scores
    assert np.allclose(expected, central_differences(lambda z: kl(softmax(other), softmax(z)), logits), atol=1e-8)
    assert not np.allclose(expected, central_differences(lambda z: kl(softmax(z), softmax(other)), logits), atol=1e-3)


def test_the_log_ratio_in_the_reward_has_the_gradient_of_the_true_kl():
    logits, other, scores = two_distributions()
    rewards = kl_penalized_rewards(np.zeros(5), log_softmax(logits), log_softmax(other), kl_coef=0.7)
    slopes = rules.reinforce(rewards, softmax(logits))                 # weighted by how often each symbol comes
    expected = central_differences(lambda z: 0.7 * kl(softmax(z), softmax(other)), logits)
    assert np.allclose(slopes @ scores, expected, atol=1e-8)


def test_the_penalised_reward_costs_what_the_policy_likes_more_than_the_reference():
    rewards, log_probs, reference = np.array([[1.0, 2.0]]), np.log([[0.5, 0.1]]), np.log([[0.25, 0.4]])
    penalized = kl_penalized_rewards(rewards, log_probs, reference, 2.0)
    assert np.allclose(penalized, [[1 - 2 * np.log(2), 2 + 2 * np.log(4)]])
    assert np.array_equal(kl_penalized_rewards(rewards, log_probs, reference, 0.0), rewards)


# ---- KL per episode

def table_policy(logits):
    network = Table(*logits.shape)
    network.params["table"][...] = logits
    return Policy(network)


def test_kl_per_episode_is_the_exact_kl_within_4_sigma():
    rng = np.random.default_rng(10)
    game = Gridworld("S.^\n..G\n.L.", slip=0.3, horizon=8)
    logits, other = rng.normal(size=(2, game.n_states, 4))
    other[game.is_end] = logits[game.is_end]                           # after the end nobody decides anything
    policy, reference = table_policy(logits), table_policy(other)
    episodes = rollout(game, policy, game.start(4000, rng), rng)
    each = np.array([kl_per_episode(policy, reference, episodes[row:row + 1]) for row in range(len(episodes))])
    exact = kl_to_reference(game.P, game.d0, softmax(logits), softmax(other), game.horizon)
    assert kl_per_episode(policy, reference, episodes) == pytest.approx(each.mean())
    assert abs(each.mean() - exact) < 4 * each.std() / np.sqrt(len(each)) < 0.1 * exact


def test_kl_per_episode_leaves_nothing_to_chance_where_states_leave_nothing_to_chance():
    rng = np.random.default_rng(11)
    logits, other = rng.normal(size=(2, 2, 3))
    policy, reference, game = table_policy(logits), table_policy(other), Bandit([0.0, 1.0, 2.0])
    three = rollout(game, policy, game.start(3, rng), rng)
    exact = kl(softmax(logits[0]), softmax(other[0]))
    assert kl_per_episode(policy, reference, three) == pytest.approx(exact, abs=1e-12)
    assert kl_per_episode(policy, policy.copy(), three) == 0


def test_the_exact_kl_is_the_mean_of_the_sampled_log_ratio():
    logits, other, _ = two_distributions()
    assert Categorical.kl(logits, other) == pytest.approx(softmax(logits) @ (log_softmax(logits) - log_softmax(other)))
