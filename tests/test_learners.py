"""Do all learners keep one contract, and do those follow the exact policy gradient that claim to?"""
import sys
from pathlib import Path

import numpy as np
import pytest

from tinyrlhf import protocols
from tinyrlhf.episodes import rollout, start_in_groups
from tinyrlhf.games.bandit import Bandit
from tinyrlhf.games.gridworld import Gridworld
from tinyrlhf.learning import rules
from tinyrlhf.learning.imitation import clone
from tinyrlhf.learning.policy_gradient import BASELINES, GRPO, PPO, RLOO, ActorCritic, Reinforce, minibatches
from tinyrlhf.nn.distributions import Categorical
from tinyrlhf.nn.networks import Table
from tinyrlhf.nn.schedules import linear
from tinyrlhf.numerics import log_softmax, softmax
from tinyrlhf.saving import load_into, states_of
from tinyrlhf.policies import Policy

sys.path.insert(0, str(Path(__file__).parent))
import estimators  # noqa: E402
from oracles import blindfolded, return_gradient  # noqa: E402

slow = pytest.mark.slow
SHORT = "S.^\n..G\n.L."


def reinforce(baseline):
    return lambda policy, critic, **shared: Reinforce(policy, baseline=baseline, **shared)


def grpo(policy, critic, **shared):
    return GRPO(policy, group=4, reference=policy.copy(), kl_coef=0.01, epochs=2, **shared)


LEARNERS = {
    **{f"REINFORCE, {baseline}": reinforce(baseline) for baseline in BASELINES},
    "RLOO": lambda policy, critic, **shared: RLOO(policy, group=4, **shared),
    "GRPO": grpo,
    "actor-critic": lambda policy, critic, **shared: ActorCritic(policy, critic=critic, **shared),
    "PPO": lambda policy, critic, **shared: PPO(policy, critic=critic, epochs=2, minibatch=16, **shared),
}
every_learner = pytest.mark.parametrize("make", LEARNERS.values(), ids=LEARNERS)


def played(game, policy, n, seed):
    rng = np.random.default_rng(seed)
    return rollout(game, policy, start_in_groups(game, n, 4, rng), rng)


def true_rewards(episodes):
    return episodes.true_rewards


def a_game():
    return Gridworld(SHORT, slip=0.2, horizon=6)


def a_policy(seed=0):
    network = Table(9, 4)
    network.params.vector[:] = np.random.default_rng(seed).normal(size=36)
    return Policy(network)


def updated(make, episodes, reward, times=1, **shared):
    """A fresh policy and learner after some updates on the same episodes."""
    policy = a_policy()
    learner = make(policy, Table(9, 1), **{"learning_rate": 0.05, **shared})
    numbers = [learner.update(episodes, reward, np.random.default_rng(k)) for k in range(times)]
    return policy, learner, numbers


# ---- the contract

@every_learner
def test_an_update_returns_finite_numbers_counts_and_moves_only_the_policy(make):
    episodes, reference = played(a_game(), a_policy(), 32, seed=1), a_policy()
    policy = a_policy()
    frozen = policy.copy()
    learner = make(policy, Table(9, 1), learning_rate=0.05)
    for count in (1, 2):
        numbers = learner.update(episodes, true_rewards, np.random.default_rng(0))
        assert numbers and all(type(value) is float and np.isfinite(value) for value in numbers.values())
        assert learner.updates_done == count
    assert not np.array_equal(policy.network.params.vector, reference.network.params.vector)
    assert np.array_equal(frozen.network.params.vector, reference.network.params.vector)


@every_learner
def test_learners_see_rewards_only_through_the_given_function(make):
    episodes = played(a_game(), a_policy(), 32, seed=2)
    secret = episodes.true_rewards.copy()
    seeing, _, numbers = updated(make, episodes, lambda episodes: secret, times=2)
    blind, _, same_numbers = updated(make, blindfolded(episodes), lambda episodes: secret, times=2)
    assert seeing.network.params.vector.tobytes() == blind.network.params.vector.tobytes() and numbers == same_numbers


@every_learner
def test_what_a_reward_function_says_about_the_padding_does_not_count(make):
    episodes = played(a_game(), a_policy(), 32, seed=3)
    assert not episodes.mask.all()
    plain, _, _ = updated(make, episodes, true_rewards)
    padded, _, _ = updated(make, episodes, lambda episodes: np.where(episodes.mask, episodes.true_rewards, 7.0))
    assert plain.network.params.vector.tobytes() == padded.network.params.vector.tobytes()


@every_learner
def test_a_saved_learner_resumes_to_the_same_bytes(make):
    episodes = [played(a_game(), a_policy(), 32, seed) for seed in range(4)]
    fading = {"learning_rate": lambda left: 0.05 * left, "entropy_coef": lambda left: 0.02 * left, "updates": 4}

    def run(policy, learner, numbers):
        for k in numbers:
            learner.update(episodes[k], true_rewards, np.random.default_rng(k))
        return policy.network.params.vector.tobytes()

    policy = a_policy()
    learner = make(policy, Table(9, 1), **fading)
    run(policy, learner, [0, 1])
    saved = states_of(policy=policy, learner=learner)
    through = run(policy, learner, [2, 3])
    again = a_policy()
    resumed = make(again, Table(9, 1), **fading)
    load_into(saved, policy=again, learner=resumed)
    assert run(again, resumed, [2, 3]) == through
    assert resumed.updates_done == 4


@every_learner
@pytest.mark.parametrize("spoil", [lambda r: r * np.nan, lambda r: r + np.inf, lambda r: r[:, :-1], lambda r: r[1:],
                                   lambda r: r.sum(axis=1)],
                         ids=["nan", "inf", "a step short", "an episode short", "one each"])
def test_rewards_that_are_not_numbers_for_each_step_are_refused_in_one_line(make, spoil):
    policy = a_policy()
    learner = make(policy, Table(9, 1), learning_rate=0.05)
    episodes = played(a_game(), policy, 8, seed=4)
    with pytest.raises(ValueError, match="^rewards: expected") as refusal:
        learner.update(episodes, lambda episodes: spoil(episodes.true_rewards), np.random.default_rng(0))
    assert "\n" not in str(refusal.value)
    assert learner.updates_done == 0 and np.array_equal(policy.network.params.vector, a_policy().network.params.vector)


@every_learner
def test_every_learner_finds_the_best_arm(make):
    game, rng = Bandit([0.0, 1.0, 0.5], noise=0.0), np.random.default_rng(5)
    policy = Policy(Table(2, 3))
    learner = make(policy, Table(2, 1), learning_rate=0.1)
    for _ in range(60):
        learner.update(rollout(game, policy, start_in_groups(game, 32, 4, rng), rng), true_rewards, rng)
    assert softmax(policy.network.params["table"][0])[1] > 0.9


@every_learner
def test_the_entropy_bonus_alone_makes_a_policy_less_sure(make):
    episodes = played(a_game(), a_policy(), 32, seed=6)
    before = Categorical.entropy(a_policy().network.forward(episodes.decisions[0])[0]).mean()
    policy, _, _ = updated(make, episodes, lambda episodes: np.zeros(episodes.mask.shape), times=20, entropy_coef=0.1)
    assert Categorical.entropy(policy.network.forward(episodes.decisions[0])[0]).mean() > before + 0.1


@every_learner
def test_settings_fade_with_the_share_of_training_that_is_left(make):
    episodes = played(a_game(), a_policy(), 32, seed=7)
    fading = {"learning_rate": lambda left: 0.1 * left, "entropy_coef": lambda left: 0.2 * left}
    _, learner, _ = updated(make, episodes, true_rewards, times=3, **fading)
    assert learner.optimizer.learning_rate == 0.1                      # without a number of updates nothing fades
    rates = []
    for times in (1, 2, 4, 5):
        _, learner, _ = updated(make, episodes, true_rewards, times, updates=4, **fading)
        rates.append((learner.optimizer.learning_rate, learner.now(learner.entropy_coef)))
    # the rate just used, the bonus to come
    assert np.allclose(rates, [(0.1, 0.15), (0.075, 0.1), (0.025, 0.0), (0.0, 0.0)])


@every_learner
def test_long_gradients_are_shortened(make):
    episodes = played(a_game(), a_policy(), 32, seed=8)
    policy = a_policy()
    learner = make(policy, Table(9, 1), learning_rate=0.05, max_grad_norm=1e-3)
    learner.optimizer = estimators.Recorder()
    learner.update(episodes, true_rewards, np.random.default_rng(0))
    assert np.linalg.norm(learner.optimizer.ascent) == pytest.approx(1e-3)


@every_learner
@pytest.mark.parametrize("name, bad", [
    ("learning_rate", np.nan), ("learning_rate", -0.1), ("learning_rate", lambda left: np.nan),
    ("entropy_coef", -0.1), ("entropy_coef", np.nan), ("updates", 0), ("updates", 2.5), ("updates", -3),
    ("max_grad_norm", np.nan), ("max_grad_norm", -1.0), ("epsilon", np.nan), ("epsilon", -1e-8)])
def test_settings_that_make_no_sense_are_refused_by_name(make, name, bad):
    with pytest.raises(ValueError, match=f"^{name}: expected"):
        make(a_policy(), Table(9, 1), **{"learning_rate": 0.1, name: bad})


@pytest.mark.parametrize("make, name, bad", [
    ("RLOO", "gamma", 0.5), ("RLOO", "baseline", "none"), ("PPO", "standardize", False), ("PPO", "standardize", True),
    ("REINFORCE, none", "gamma", 1.5), ("REINFORCE, none", "gamma", np.nan), ("actor-critic", "lam", np.nan),
    ("actor-critic", "gamma", -1), ("actor-critic", "critic_learning_rate", np.nan),
    ("PPO", "critic_learning_rate", -1.0), ("PPO", "clip", np.nan)])
def test_settings_that_a_learner_would_ignore_or_cannot_use_are_refused(make, name, bad):
    with pytest.raises(ValueError, match=f"^{name}: expected"):
        LEARNERS[make](a_policy(), Table(9, 1), learning_rate=0.1, **{name: bad})


def test_every_part_has_the_methods_of_its_protocol():
    learners = [make(a_policy(), Table(9, 1), learning_rate=0.1) for make in LEARNERS.values()]
    for protocol, parts in ((protocols.Policy, [a_policy()]), (protocols.Learner, learners)):
        methods = [name for name in dir(protocol) if not name.startswith("_")]
        assert {"state", "load"} < set(methods)
        assert all(callable(getattr(part, name)) for part in parts for name in methods)


# ---- single learners

def test_reinforce_follows_returns_and_entropy_with_one_weight():
    episodes, policy, entropy_coef = played(a_game(), a_policy(), 12, seed=9), a_policy(), 0.3
    returns = [[episodes.true_rewards[b, t:].sum() for t in range(6)] for b in range(12)]

    def objective(table):
        total = 0.0
        for b, t in np.argwhere(episodes.mask):
            log_p = log_softmax(table[episodes.states[b, t]])
            total += returns[b][t] * log_p[episodes.actions[b, t]] - entropy_coef * (np.exp(log_p) * log_p).sum()
        return total / 12

    learner = Reinforce(policy, 0.1, baseline="none", entropy_coef=entropy_coef)
    learner.optimizer = estimators.Recorder()
    learner.update(episodes, true_rewards, np.random.default_rng(0))
    table = policy.network.params["table"]
    for index in [(0, 0), (1, 3), (3, 1), (4, 2)]:
        nudge = np.zeros(table.shape)
        nudge[index] = 1e-5
        slope = (objective(table + nudge) - objective(table - nudge)) / 2e-5
        assert learner.optimizer.ascent.reshape(9, 4)[index] == pytest.approx(slope, rel=1e-6, abs=1e-9)


def test_the_critic_comes_to_the_value_of_the_policy_and_reports_half_the_squared_error():
    game, rng = Bandit([0.0, 1.0, 5.0], noise=0.0), np.random.default_rng(10)
    policy, critic = Policy(Table(2, 3)), Table(2, 1)
    learner = ActorCritic(policy, 0.0, critic, critic_learning_rate=0.05)
    losses = []
    for _ in range(300):
        episodes = rollout(game, policy, game.start(64, rng), rng)
        error = episodes.true_rewards - critic.params["table"][0]
        losses.append(learner.update(episodes, true_rewards, rng)["critic_loss"])
        assert losses[-1] == pytest.approx(0.5 * (error ** 2).mean())
    assert critic.params["table"][0, 0] == pytest.approx(2.0, abs=0.3)
    assert critic.params["table"][1, 0] == 0                            # nobody stood there with a choice


@pytest.mark.parametrize("make", [lambda policy, **shared: Reinforce(policy, 0.1, **shared),
                                  lambda policy, **shared: RLOO(policy, 0.1, group=4, **shared)],
                         ids=["REINFORCE", "RLOO"])
def test_standardizing_ignores_the_unit_of_reward_and_turns_nothing(make):
    episodes, ascents = played(a_game(), a_policy(), 32, seed=18), []
    for standardize, unit in ((False, 1.0), (True, 1.0), (True, 100.0)):
        learner = make(a_policy(), standardize=standardize)
        learner.optimizer = estimators.Recorder()
        learner.update(episodes, lambda episodes: unit * episodes.true_rewards, np.random.default_rng(0))
        ascents.append(learner.optimizer.ascent)
    plain, standardized, of_cents = ascents
    assert np.allclose(standardized, of_cents) and not np.allclose(plain, standardized)
    assert np.allclose(plain / np.linalg.norm(plain), standardized / np.linalg.norm(standardized))


@pytest.mark.parametrize("make", [Reinforce, lambda policy, rate, **shared: RLOO(policy, rate, group=2, **shared)],
                         ids=["REINFORCE", "RLOO"])
def test_standardizing_blows_up_neither_one_value_nor_what_only_rounding_tells_apart(make):
    game, rng = Bandit([3.0, 3.0, 3.0], noise=0.0), np.random.default_rng(23)
    for n in (1, 2, 6) if make is Reinforce else (2, 6):
        learner = make(Policy(Table(2, 3)), 0.1, standardize=True)
        learner.optimizer = estimators.Recorder()
        episodes = rollout(game, learner.policy, game.start(n, rng), rng)
        noise = 1e-15 * np.arange(n)[:, None]
        norm = learner.update(episodes, lambda episodes: episodes.true_rewards + noise, rng)["grad_norm"]
        assert norm < 10 and (n == 1 or norm < 1e-12)


def test_ppo_whitens_each_minibatch_by_itself():
    game, rng = Bandit([0.0, 1.0, 5.0], noise=1.0), np.random.default_rng(19)
    policy, critic = Policy(Table(2, 3)), Table(2, 1)
    episodes = rollout(game, policy, game.start(40, rng), rng)
    learner = PPO(policy, 0.1, critic, epochs=1, minibatch=10, max_grad_norm=np.inf)
    learner.optimizer = estimators.Recorder()
    rows = minibatches(40, 10, np.random.default_rng(7))[-1]           # the recorder keeps the last
    rewards, scores = episodes.true_rewards[rows, 0], np.eye(3)[episodes.actions[rows, 0]] - 1 / 3
    expected = ((rewards - rewards.mean()) / rewards.std()) @ scores / 10
    learner.update(episodes, true_rewards, np.random.default_rng(7))
    assert np.allclose(learner.optimizer.ascent[:3], expected, atol=1e-6)


@pytest.mark.parametrize("make", [LEARNERS["actor-critic"], LEARNERS["PPO"]], ids=["actor-critic", "PPO"])
def test_the_critic_fades_at_its_own_rate(make):
    episodes = played(a_game(), a_policy(), 32, seed=20)
    _, learner, _ = updated(make, episodes, true_rewards, times=3, updates=4, critic_learning_rate=linear(0.8))
    assert learner.critic_optimizer.learning_rate == pytest.approx(0.4) and learner.optimizer.learning_rate == 0.05


def ppo(policy, critic, epochs=3, **shared):
    return PPO(policy, critic=critic, epochs=epochs, **shared)


def test_a_fixed_policy_drifts_nowhere_and_ppo_says_so():
    episodes = played(a_game(), a_policy(), 32, seed=11)
    _, _, [numbers] = updated(ppo, episodes, true_rewards, learning_rate=0.0)
    assert numbers["approx_kl"] == pytest.approx(0, abs=1e-15) and numbers["clip_fraction"] == 0


def test_ppo_is_held_back_by_clipping_where_a_free_learner_runs_on():
    episodes = played(a_game(), a_policy(), 32, seed=12)

    def drift(clip):
        policy, _, [numbers] = updated(ppo, episodes, true_rewards, epochs=40, minibatch=10 ** 6, clip=clip)
        assert (numbers["clip_fraction"] > 0) == (clip < 1)
        return np.abs(policy.log_probs(*episodes.decisions)[0] - episodes.log_probs[episodes.mask]).mean()

    assert drift(0.1) < 0.5 * drift(1e6)


def test_grpo_is_drawn_to_its_reference_by_k3():
    episodes, reference = played(a_game(), a_policy(), 64, seed=13), a_policy(seed=1)

    def pulled(policy, critic, **shared):
        return GRPO(policy, group=4, reference=reference, kl_coef=1.0, **shared)

    policy, _, _ = updated(pulled, episodes, lambda episodes: np.zeros(episodes.mask.shape), times=100)
    visited = episodes.decisions[0]
    goal = reference.network.forward(visited)[0]
    before, after = (Categorical.kl(p.network.forward(visited)[0], goal).mean() for p in (a_policy(), policy))
    assert after < 0.5 * before
    assert np.array_equal(reference.network.params.vector, a_policy(seed=1).network.params.vector)


def test_the_entropy_bonus_of_grpo_is_weighted_like_its_rule_whatever_the_weight(monkeypatch):
    episodes, policy = played(a_game(), a_policy(), 12, seed=21), a_policy()
    monkeypatch.setattr(rules, "token_weight", lambda mask: mask / mask.sum())         # every token alike
    learner = GRPO(policy, 0.1, group=4, entropy_coef=0.3)
    learner.optimizer = estimators.Recorder()
    learner.update(episodes, lambda episodes: np.zeros(episodes.mask.shape), np.random.default_rng(0))
    _, cache = policy.log_probs(*episodes.decisions)
    n = len(cache.actions)
    expected = policy.backward(cache, np.zeros(n), 0.3 * Categorical.d_entropy(cache.outputs) / n)
    assert np.allclose(learner.optimizer.ascent, expected.vector, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("n, size", [(10, 4), (9, 4), (8, 4), (5, 4), (3, 4), (2, 1000), (101, 7)])
def test_minibatches_use_every_row_once_and_none_alone(n, size):
    parts = minibatches(n, size, np.random.default_rng(n))
    assert sorted(np.concatenate(parts)) == list(range(n))
    assert all(2 <= len(part) <= size + 1 for part in parts)
    assert n < 9 or not np.array_equal(np.concatenate(parts), np.arange(n))


# ---- imitation

def test_cloning_comes_to_the_shares_of_the_labels():
    policy, labels = Policy(Table(1, 3)), np.array([0, 0, 0, 0, 1, 1, 2, 2])
    losses = clone(policy, np.zeros(8, int), labels, None, learning_rate=linear(0.2, lowest=0.02), steps=300)
    assert np.allclose(softmax(policy.network.params["table"][0]), [1 / 2, 1 / 4, 1 / 4], atol=1e-3)
    assert losses[0] == pytest.approx(np.log(3)) and losses[-1] == pytest.approx(1.5 * np.log(2), abs=1e-5)


@pytest.mark.parametrize("name, bad", [
    ("observations", np.array([0.0, np.nan])), ("actions", np.array([0, -1])), ("actions", np.array([0.0, np.nan])),
    ("actions", np.array([], int)), ("steps", -1), ("steps", 2.5), ("batch", 0), ("learning_rate", np.nan),
    ("learning_rate", -0.1)])
def test_cloning_refuses_by_name_what_it_cannot_copy(name, bad):
    policy, how = Policy(Table(1, 3)), {"observations": np.zeros(2, int), "actions": np.array([0, 1])}
    how[name] = bad
    with pytest.raises(ValueError, match=f"^{name}: expected"):
        clone(policy, rng=np.random.default_rng(0), **how)
    assert not policy.network.params.vector.any()


# ---- on average, exactly: over all batches of two episodes that can occur in a tiny world

def expected(estimator, with_end, gamma=1.0):
    """The expected gradient and the exact one, in a world of two states (and an end)."""
    (P, R, d0, is_end), world = estimators.tiny_world(np.random.default_rng(14), with_end)
    episodes, probability = estimators.all_episodes(P, R, d0, is_end, world.policy, horizon=2)
    assert probability.sum() == pytest.approx(1)
    gradient = estimators.expected_gradient(estimator(world), episodes, probability)
    return gradient, return_gradient(P, R, d0, world.policy.network.params["table"], 2, gamma).ravel()


OF_TWO = {**estimators.UNBIASED, "RLOO": estimators.of_learner(lambda policy, critic: RLOO(policy, 0.1, group=2))}
BIASED_OF_TWO = {**estimators.BIASED, "GRPO": estimators.of_learner(lambda policy, critic: GRPO(policy, 0.1, group=2))}


@pytest.mark.parametrize("with_end", [pytest.param(False, marks=slow), True])
@pytest.mark.parametrize("estimator", OF_TWO.values(), ids=OF_TWO)
def test_the_average_over_all_batches_is_the_exact_gradient(estimator, with_end):
    gradient, exact = expected(estimator, with_end)
    assert np.allclose(gradient, exact, rtol=0, atol=1e-10) and np.abs(exact).max() > 0.05


def test_the_batch_mean_of_two_halves_the_gradient():
    gradient, exact = expected(estimators.SHRUNK["REINFORCE, batch mean"], with_end=False)
    assert np.allclose(gradient, exact / 2, rtol=0, atol=1e-10)


@pytest.mark.slow
@pytest.mark.parametrize("estimator", BIASED_OF_TWO.values(), ids=BIASED_OF_TWO)
def test_the_others_are_wrong_even_in_direction(estimator):
    gradient, exact = expected(estimator, with_end=True)
    assert gradient @ exact / np.sqrt(gradient @ gradient * (exact @ exact)) < 0.999


@pytest.mark.slow
@pytest.mark.parametrize("make", [lambda policy, critic: Reinforce(policy, 0.1, gamma=0.6, baseline="leave one out"),
                                  lambda policy, critic: ActorCritic(policy, 0.1, critic, gamma=0.6, lam=1.0)],
                         ids=["REINFORCE", "actor-critic"])
def test_discounted_learners_leave_out_the_discount_of_the_state(make):
    (P, R, d0, is_end), world = estimators.tiny_world(np.random.default_rng(15), with_end=True)
    table = world.policy.network.params["table"]
    episodes, probability = estimators.all_episodes(P, R, d0, is_end, world.policy, horizon=2)
    gradient = estimators.expected_gradient(estimators.of_learner(make)(world), episodes, probability)
    policy = softmax(table)
    later = np.einsum("s,sa,sax->x", d0, policy, P)                     # Pr(s_1), from where one step is left
    without = (return_gradient(P, R, d0, table, 2, gamma=0.6)
               + 0.4 * return_gradient(P, R, later, table, 1))
    assert np.allclose(gradient, without.ravel(), rtol=0, atol=1e-10)


# ---- on average, sampled: on a slippery floor, five steps, four episodes at a time

@pytest.fixture(scope="module")
def with_ends():
    world = estimators.world(estimators.WITH_ENDS)
    return world, estimators.exact_gradient(world), estimators.batches(world, 1600, np.random.default_rng(16))


@pytest.fixture(scope="module")
def without_ends():
    world = estimators.world(estimators.WITHOUT_ENDS)
    return world, estimators.exact_gradient(world), estimators.batches(world, 1600, np.random.default_rng(17))


# the others stand above, in the tiny world
SAMPLED = [pytest.param(estimator, marks=[] if name in ("REINFORCE, leave one out", "actor-critic, lam 1") else slow)
           for name, estimator in estimators.UNBIASED.items()]


@pytest.mark.parametrize("estimator", SAMPLED, ids=estimators.UNBIASED)
def test_unbiased_estimators_meet_the_exact_gradient_within_4_sigma(estimator, with_ends):
    world, exact, batches = with_ends
    gradients = estimators.sampled_gradients(estimator, world, batches)
    assert abs(estimators.sigmas_off(gradients, exact)) < 4
    assert estimators.bias(gradients, exact).chance < 0.1              # else nothing would have been noticed
    assert abs(estimators.sigmas_off(gradients, 0.75 * exact)) > 4


@pytest.mark.slow
def test_the_batch_mean_of_four_shrinks_the_gradient_to_three_quarters(without_ends):
    world, exact, batches = without_ends
    assert all(batch.mask.all() for batch in batches)
    gradients = estimators.sampled_gradients(estimators.SHRUNK["REINFORCE, batch mean"], world, batches)
    assert abs(estimators.sigmas_off(gradients, 0.75 * exact)) < 4 < estimators.sigmas_off(gradients, exact)


@pytest.mark.parametrize("name, n", [("actor-critic, lam 0", 400), ("actor-critic, whitened", 1200),
                                     ("PPO at ratio 1, whitened", 400), ("GRPO", 400)])
def test_biased_estimators_miss_the_exact_gradient_by_more_than_4_sigma(name, n, with_ends):
    world, exact, batches = with_ends
    gradients = estimators.sampled_gradients(estimators.BIASED[name], world, batches[:n])
    assert estimators.sigmas_off(gradients, exact) > 4
