"""The yardsticks are what they say: exact where the world is small, never beaten; and no report claims what they
cannot carry."""
import numpy as np
import pytest

from tinyrlhf import report
from tinyrlhf.diagnostics import noise_ceiling
from tinyrlhf.episodes import rollout
from tinyrlhf.exact.horizon import kl_to_reference
from tinyrlhf.games.cartpole import CartPole
from tinyrlhf.games.gridworld import Gridworld
from tinyrlhf.games.text import Text
from tinyrlhf.humans.simulated import Boltzmann
from tinyrlhf.report import claim_of, sentences, share_of_gap
from tinyrlhf.rlhf import rlhf
from tinyrlhf.worlds import build, find
from tinyrlhf.yardsticks import Sampled, clone_labels


@pytest.fixture(scope="module")
def states():
    return {world: build(world, seed=7) for world in ("bandit", "gridworld", "cartpole", "text")}


def yardstick_of(world, state):
    return find(world).yardstick(state)


def changed(state, scale, seed=0):
    """A copy of the reference with noise in its parameters."""
    policy, rng = state.reference.copy(), np.random.default_rng(seed)
    policy.network.params.vector[:] += scale * rng.normal(size=policy.network.params.vector.shape)
    return policy


def worth(game, policy):
    """The return of a policy (S, A), step by step backwards from the horizon; nothing shared with `exact`."""
    values = np.zeros(game.n_states)
    for _ in range(game.horizon):
        values = sum(policy[:, action] * (game.P[:, action] * (game.R[:, action] + values)).sum(axis=1)
                     for action in range(game.n_actions))
    return game.d0 @ values


@pytest.mark.parametrize("world", ["bandit", "gridworld"])
def test_the_return_in_a_table_is_that_of_planning_for_any_policy(states, world):
    state, yardstick = states[world], yardstick_of(world, states[world])
    uniform = np.full((state.game.n_states, state.game.n_actions), 1 / state.game.n_actions)
    assert yardstick.expected_return(state.reference, None) == pytest.approx(worth(state.game, uniform), abs=1e-12)
    other = changed(state, 2.0)
    assert yardstick.expected_return(other, None) == pytest.approx(worth(state.game, yardstick.table(other)), abs=1e-12)


def test_a_policy_is_measured_by_what_it_sees_of_a_tabular_game(monkeypatch):
    state = build("gridworld", seed=7)
    policy, n = changed(state, 2.0), state.game.n_states
    as_it_is = yardstick_of("gridworld", state).table(policy)
    monkeypatch.setattr(state.game, "observe", lambda states: n - 1 - states, raising=False)
    np.testing.assert_array_equal(yardstick_of("gridworld", state).table(policy), as_it_is[::-1])


@pytest.mark.parametrize("world", ["bandit", "gridworld", "text"])
def test_the_exact_return_is_the_mean_of_sampled_episodes(states, world):
    state, rng = states[world], np.random.default_rng(1)
    policy = changed(state, 0.3)
    returns = rollout(state.game, policy, state.game.start(4000, rng), rng).true_returns
    assert abs(returns.mean() - yardstick_of(world, state).expected_return(policy,
                                                                           None)) < 5 * returns.std() / np.sqrt(4000)
    sampled = Sampled(state)
    assert abs(sampled.expected_return(policy, rng) - returns.mean()) < 5 * returns.std() / np.sqrt(1000)
    assert np.isnan(sampled.best_return()) and np.isnan(sampled.best_objective())


@pytest.mark.parametrize("world", ["bandit", "gridworld"])
def test_no_policy_beats_the_optimum_of_a_table_and_the_expert_almost_reaches_it(states, world):
    state, yardstick = states[world], yardstick_of(world, states[world])
    best = yardstick.best_return()
    assert all(yardstick.expected_return(changed(state, 3.0, seed), None) <= best + 1e-12 for seed in range(20))
    greedy = np.eye(state.game.n_actions)[state.person.expert.act(np.arange(state.game.n_states), None)]
    assert best - 0.01 < worth(state.game, greedy) <= best + 1e-12


def test_cartpole_is_judged_in_the_standard_game_where_500_steps_are_the_most(states):
    state, rng = states["cartpole"], np.random.default_rng(0)
    yardstick = yardstick_of("cartpole", state)
    assert state.game.frozen and not yardstick.game.frozen and yardstick.best_return() == yardstick.game.horizon == 500
    assert 10 < yardstick.expected_return(state.reference,
                                          rng) < 60               # a random policy stands for about 22 steps
    assert yardstick.called == "standard game"
    assert yardstick_of("gridworld", states["gridworld"]).game is states["gridworld"].game


class Chooses:
    """A policy that does what the expert says."""

    def __init__(self, expert):
        self.expert = expert

    def act(self, observations, rng):
        return self.expert.act(observations, rng), np.zeros(len(observations))


def test_the_expert_solves_cartpole(states):
    rng = np.random.default_rng(0)
    game = CartPole()
    assert rollout(game, Chooses(states["cartpole"].person.expert), game.start(100, rng), rng).true_returns.min() >= 475


# ---- two figures, never mixed

@pytest.mark.parametrize("world", ["bandit", "gridworld"])
@pytest.mark.parametrize("kl_coef", [0.05, 5.0])
def test_no_policy_has_a_higher_objective_than_the_best_nor_a_higher_return_than_the_best_return(world, kl_coef):
    state = build(world, seed=7, kl_coef=kl_coef)
    yardstick = yardstick_of(world, state)
    price = yardstick.price_of_a_nat()
    on_true_reward = build(world, seed=7, kl_coef=kl_coef, person="nobody")
    on_true_reward.updates_per_round = 1
    rlhf(on_true_reward, 1)
    assert price == pytest.approx(kl_coef / on_true_reward.true_reward_scale, rel=1e-12)     # the run's own unit
    best, best_return = yardstick.best_objective(), yardstick.best_return()
    assert best <= best_return
    for seed, scale in enumerate((0.0, 0.01, 0.03, 0.1, 0.3, 1.0)):
        state.policy = changed(state, scale, seed)
        objective, reached = yardstick.objective(None), yardstick.expected_return(state.policy, None)
        assert objective <= best + 1e-9 and reached <= best_return + 1e-9
        assert objective == pytest.approx(reached - price * yardstick.expected_kl(None))


@pytest.mark.slow
def test_the_text_optimum_is_worth_its_reward_minus_the_price_of_its_kl(states):
    state = build("text", seed=7, kl_coef=0.07)
    state.game = Text(horizon=5)
    yardstick = yardstick_of("text", state)
    price = yardstick.price_of_a_nat()
    high, best, low = (yardstick.optimum(each) for each in (1e4 * price, price, price / 10))
    assert best.value == pytest.approx(best.reward - price * best.kl) and yardstick.best_objective() == best.value
    assert high.reward < best.reward < low.reward <= yardstick.best_return() + 1e-9 <= 2.0 + 2e-9
    assert high.reward == pytest.approx(yardstick.expected_return(state.reference, None), abs=0.02)
    for seed, scale in enumerate((0.0, 0.1)):
        state.policy = changed(state, scale, seed)
        assert yardstick.objective(None) < best.value


def test_without_a_kl_penalty_objective_and_true_return_are_the_same_figure(states):
    for world in ("bandit", "gridworld"):
        state, yardstick = states[world], yardstick_of(world, states[world])
        assert state.kl_coef == 0 and yardstick.price_of_a_nat() == 0
        assert yardstick.objective(None) == yardstick.expected_return(state.policy, None)
        assert yardstick.best_objective() == yardstick.best_return()


def test_the_distance_to_the_reference_is_zero_at_first_and_exact_or_close_to_it(states):
    rng = np.random.default_rng(2)
    for world in ("bandit", "gridworld", "text"):
        state = build(world, seed=7)
        if world == "gridworld":
            state.game = Gridworld(slip=0.15)                       # 0.85 + 0.075 + 0.075 is not quite 1
        yardstick = yardstick_of(world, state)
        assert yardstick.expected_kl(rng) == pytest.approx(0, abs=1e-6)
        state.policy.network.params.vector[:] = changed(state, 0.3 if world == "text" else 1.5).network.params.vector
        if world == "text":
            words = rollout(state.game, state.policy, state.game.start(4000, rng), rng)
            ratios = words.log_probs - words.as_table(state.reference.log_probs(*words.decisions)[0])
            totals = ratios.sum(axis=1, where=words.mask)
            assert abs(yardstick.expected_kl(rng) - totals.mean()) < 5 * totals.std() / np.sqrt(4000)
        else:
            policy = yardstick.table(state.policy)
            uniform = np.full(policy.shape, 1 / state.game.n_actions)
            if world == "gridworld":
                # an episode is over there, planning goes on without pay
                policy[state.game.is_end] = uniform[0]
            exact = kl_to_reference(state.game.P, state.game.d0, policy, uniform, state.game.horizon)
            assert yardstick.expected_kl(rng) == pytest.approx(exact, rel=1e-9)
            assert Sampled(state).expected_kl(rng, n=4000) == pytest.approx(exact, rel=0.1)


# ---- labels cloned once

def labelled(state, yardstick, rng, agreement=0.9):
    return clone_labels(state.reference, yardstick.game, state.person.expert, 200, rng, agreement, **state.imitation)


@pytest.mark.parametrize("world, gap", [("bandit", 0.5), ("gridworld", 0.5), ("cartpole", 0.3), ("text", 0.02)])
def test_cloned_labels_are_better_than_no_training_and_leave_the_reference_alone(states, world, gap):
    state, rng, yardstick = states[world], np.random.default_rng(3), yardstick_of(world, states[world])
    before = state.reference.network.params.vector.copy()
    how = {"n": 200} if world == "cartpole" else {}
    untrained = yardstick.expected_return(state.reference, rng, **how)
    best = 2.0 if world == "text" else yardstick.best_return()
    cloned = yardstick.expected_return(labelled(state, yardstick, rng), rng, **how)
    assert cloned - untrained > gap * (best - untrained)
    assert np.array_equal(state.reference.network.params.vector, before)


def test_labels_that_never_agree_teach_nothing(states):
    state, rng = states["gridworld"], np.random.default_rng(4)
    yardstick = yardstick_of("gridworld", state)
    good, random = (yardstick.expected_return(labelled(state, yardstick, rng, agreement), rng)
                    for agreement in (0.9, 0.0))
    assert random < good - 0.5


# ---- what a report may claim

RESULT = {"world": "gridworld", "seed": 0, "answers": 300, "seconds": 1.0, "measure": "mean true return",
          "return_untrained": -1.5, "return_after": 0.7,
          "return_optimal": 0.75, "objective_after": 0.6, "objective_optimal": 0.7, "kl": 3.0,
          "reward_model_accuracy": None, "out": "here"}


def test_a_run_that_failed_is_not_titled_a_success():
    settings = find("gridworld").settings(seed=1)
    low, high = {**RESULT, "return_after": -1.4}, RESULT
    assert "300 answers: 4% of the way" in claim_of(settings, low)
    assert claim_of(settings, high) == "300 answers taught the walker to mind the flowers"
    assert claim_of({**settings, "person": "coin"}, high) == "The control: 300 coin flips instead of answers"
    assert claim_of({**settings, "person": "nobody"}, high) == "Traditional: trained on the true reward"
    text = find("text").settings(kl_coef=0.0)
    assert claim_of(text, {**low, "kl": 40.0}).endswith("40 nats away")


@pytest.mark.parametrize("optimal", [float("nan"), -1.5, -1.495, -2.0])
def test_where_there_is_no_way_to_go_no_share_and_no_success_is_claimed(optimal):
    settings, result = find("text").settings(kl_coef=100.0), {**RESULT, "world": "text", "return_optimal": optimal}
    assert np.isnan(share_of_gap(result))
    assert claim_of(settings, result) == "300 answers: from -1.50 to 0.70"
    said = sentences(settings, result)
    assert "of the gap" not in said and "nan" not in said and "%" not in said


def test_the_objective_stands_beside_the_return_where_there_is_a_price_and_shares_are_of_the_return_alone():
    said = sentences(find("text").settings(), {**RESULT, "world": "text"})
    assert "(98% of the gap)" in said and "objective" in said and said.count("%") == 1
    assert "objective" not in sentences(find("text").settings(kl_coef=0.0), {**RESULT, "world": "text"})


@pytest.mark.slow
def test_a_run_with_a_price_never_comes_farther_than_the_best_possible(kl_coef=0.3):
    settings = find("text").settings(seed=3, kl_coef=kl_coef, rounds=1, questions=20)
    state = build("text", **{name: value for name, value in settings.items() if name != "world"})
    state.updates_per_round = 30
    result = report.measure(settings, rlhf(state))
    assert result["return_untrained"] < result["return_optimal"] and result["return_after"] <= result["return_optimal"]
    assert result["objective_after"] <= result["objective_optimal"] + 1e-9
    assert share_of_gap(result) <= 1


class Judge:
    """A reward model whose scores are a multiple of the true return."""

    def __init__(self, factor):
        self.factor = factor

    def scores(self, episodes):
        return self.factor * episodes.true_returns


@pytest.mark.parametrize("world", ["bandit", "cartpole"])
def test_who_knows_the_true_reward_foretells_as_much_as_anybody_can(world):
    settings = find(world).settings(rationality=1.3)
    state = build(world, **{name: value for name, value in settings.items() if name != "world"})
    state.history = [{"fit_loss": 0.1}]
    first, second = report.fresh_pairs(state, np.random.default_rng(0), 100)
    ceiling = noise_ceiling(Boltzmann(rationality=1.3).preference(first, second))
    for factor in (1.0, -1.0, 0.0):                                    # a tie is half right
        state.reward_model = Judge(factor)
        numbers = report.held_out(settings, state, np.random.default_rng(0), n=100)
        assert 0.5 < numbers["noise_ceiling"] <= 1 and numbers["noise_ceiling"] == pytest.approx(ceiling)
        assert numbers["reward_model_accuracy"] == pytest.approx(0.5 + factor * (ceiling - 0.5))
