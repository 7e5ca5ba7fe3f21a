"""Does the model say what was seen, and does planning in it give what the world itself would have taught?"""
import numpy as np
import pytest

from tinyrlhf.episodes import rollout
from tinyrlhf.exact.horizon import expected_visits
from tinyrlhf.exact.evaluation import hitting_times
from tinyrlhf.exact.planning import action_values, check_tables, value_iteration
from tinyrlhf.games.gridworld import DYNA_MAZE, Gridworld
from tinyrlhf.improvements import planning
from tinyrlhf.learning.dyna import CountModel, DynaQ, transitions_of
from tinyrlhf.learning.q_learning import QLearning
from tinyrlhf.rlhf import rlhf
from tinyrlhf.worlds import build, find

SMALL, GAMMA = "S.^\n..G\n.L.", 0.9


def strolled(game, n=200, seed=0):
    """Transitions of n random episodes."""
    rng, policy = np.random.default_rng(seed), QLearning(game.n_states, game.n_actions, epsilon=1.0)
    played = rollout(game, policy, game.start(n, rng), rng)
    return transitions_of(played, played.true_rewards)


def model_of(game, transitions):
    model = CountModel(game.n_states, game.n_actions)
    model.update(*transitions)
    return model


def optimum(game, R=None, gamma=GAMMA):
    """Q (S, A) by value iteration on the true tables."""
    R = game.R if R is None else R
    values, _ = value_iteration(game.P, R, gamma, tolerance=1e-10)
    return action_values(game.P, R, values, gamma)


# ---- the model

def test_the_model_is_the_likeliest_there_is():
    game = Gridworld(SMALL, slip=0.3, horizon=20)
    seen = strolled(game)
    model = model_of(game, seen)
    P, R = model.tables()
    x = seen.next_observations + game.n_states * seen.ended
    rewards = np.array([seen.rewards[(seen.observations == s) & (seen.actions == a) & (x == y)].mean()
                        for s, a, y in zip(seen.observations, seen.actions, x)])
    assert np.allclose(R[seen.observations, seen.actions, x], rewards)
    likelihood = np.log(P[seen.observations, seen.actions, x]).sum()
    rng, possible = np.random.default_rng(1), model.counts > 0
    for _ in range(50):
        other = P[:game.n_states] * np.exp(rng.normal(size=possible.shape) * 0.05)
        other /= np.maximum(other.sum(axis=2, keepdims=True), 1e-300)
        assert np.log(other[seen.observations, seen.actions, x]).sum() < likelihood


def test_planning_on_the_true_chances_is_value_iteration():
    game = Gridworld(SMALL, slip=0.2)
    model = CountModel(game.n_states, 4)
    ends = np.where(game.is_end, 100 * game.P, 0.0)
    model.counts[...] = np.concatenate([100 * game.P - ends, ends], axis=2)
    model.relabel(game.R)
    free = ~game.is_end
    assert np.allclose(model.action_values(GAMMA)[free], optimum(game)[free], atol=1e-7)


def test_without_chance_one_look_at_each_action_is_enough():
    game = Gridworld(SMALL, slip=0.0)
    states, actions = (pairs.ravel() for pairs in np.meshgrid(np.flatnonzero(~game.is_end), np.arange(4)))
    cells, rewards, ended = game.step(states, actions, np.random.default_rng(0))
    model = model_of(game, (states, actions, rewards, cells, ended))
    assert np.allclose(model.action_values(GAMMA)[states, actions], optimum(game)[states, actions], atol=1e-7)


def test_an_action_never_tried_is_worth_what_it_is_said_to_be():
    game = Gridworld(SMALL, slip=0.3, horizon=20)
    model = model_of(game, strolled(game, n=5))
    untried = model.counts.sum(axis=2) == 0
    assert 0 < untried.sum() < untried.size
    for unseen in (-3.0, 0.0, 10.0):
        check_tables(*[model.tables(unseen)[0]], R=model.tables(unseen)[1])
        assert (model.action_values(GAMMA, unseen)[untried] == unseen).all()
    best, worst = (model.action_values(GAMMA, unseen)[~untried] for unseen in (10.0, -3.0))
    assert (best >= worst).all() and (best > worst + 1).any()


def test_hope_walks_on_to_the_goal_where_caution_is_content():
    game = Gridworld("^S..G", slip=0.0, step_reward=0.0, flowers=0.1, goal=10.0, horizon=30)
    for unseen, finds_it in ((0.0, False), (10.0 / (1 - GAMMA), True)):
        learner, rng = QLearning(game.n_states, 4, epsilon=0.0), np.random.default_rng(0)
        model = model_of(game, [np.array([each]) for each in (1, 3, 0.1, 0, False)])    # it once went to the flowers
        for _ in range(40):
            learner.q[...] = model.action_values(GAMMA, unseen)
            played = rollout(game, learner, game.start(1, rng), rng, steps_at_most=1 + rng.integers(6))
            steps = np.count_nonzero(played.mask)
            model.update(*played.decisions, played.true_rewards[0], played.next_observations[0],
                         played.ended[0] & (np.arange(steps) == steps - 1))
        assert (model.counts[:, :, game.n_states + 4].sum() > 0) == finds_it


def test_an_end_is_told_from_a_state_that_looks_the_same():
    learner = DynaQ(1, 2, gamma=0.5, step_size=0.5)
    one = np.array([0, 0]), np.array([0, 1]), np.array([1.0, 1.0]), np.array([0, 0]), np.array([True, False])
    learner.model.update(*one)                                          # action 0 ends, action 1 goes on; both pay 1
    learner.plan(1000, np.random.default_rng(0))
    for _ in range(50):
        learner.plan(4, np.random.default_rng(0))
    assert np.allclose(learner.model.action_values(0.5), [[1, 1 / (1 - 0.5)]], atol=1e-7)
    assert np.allclose(learner.q, [[1, 2]], atol=1e-4)


def test_a_cut_is_no_end_for_the_model_either():
    game = Gridworld("S#G", slip=0.0, step_reward=1.0, horizon=1)      # standing still pays 1 a step
    model = model_of(game, strolled(game))
    assert np.allclose(model.action_values(0.5)[0], 1 / (1 - 0.5))


def test_the_model_draws_pairs_evenly_and_within_them_what_was_seen():
    model, n = CountModel(3, 2), 40_000
    states, actions, x = np.array([0, 0, 0, 0, 2]), np.array([1, 1, 1, 1, 0]), np.array([1, 1, 1, 2, 0])
    model.update(states, actions, np.array([1.0, 2.0, 3.0, 8.0, 5.0]), x, np.array([False] * 4 + [True]))
    drawn = model.sample(n, np.random.default_rng(2))
    first = drawn.observations == 0
    assert abs(first.mean() - 1 / 2) < 5 * 0.5 / np.sqrt(n)
    assert abs((drawn.next_observations[first] == 1).mean() - 3 / 4) < 5 * 0.5 / np.sqrt(first.sum())
    assert np.array_equal(drawn.actions, np.where(first, 1, 0)) and np.array_equal(drawn.ended, ~first)
    assert np.array_equal(drawn.rewards, np.select([~first, drawn.next_observations == 1], [5.0, 2.0], 8.0))


# ---- Dyna

def test_without_planning_it_is_q_learning_to_the_byte():
    game = Gridworld(SMALL, slip=0.2, horizon=20)
    plain, dyna = QLearning(game.n_states, 4, gamma=GAMMA), DynaQ(game.n_states, 4, planning_steps=0, gamma=GAMMA)
    rngs = [np.random.default_rng(3) for _ in range(2)]
    returns = [[learner.learn(game, n, rng) for n in (1, 7, 30)] for learner, rng in zip((plain, dyna), rngs)]
    assert returns[0] == returns[1] and plain.q.tobytes() == dyna.q.tobytes()
    assert plain.visits.tobytes() == dyna.visits.tobytes() and rngs[0].random() == rngs[1].random()


def test_thinking_alone_comes_to_the_best_plan_of_its_model():
    game = Gridworld(SMALL, slip=0.2, horizon=20)
    learner, rng = DynaQ(game.n_states, 4, planning_steps=0, gamma=GAMMA, epsilon=1.0), np.random.default_rng(4)
    learner.learn(game, 100, rng)
    for _ in range(300):
        learner.plan(1000, rng)
    tried, error = learner.model.counts.any(axis=2), np.abs(learner.q - learner.model.action_values(GAMMA))
    # of an average with step size N^-0.7, rewards of standard deviation 1 at most
    noise = 1.0 * np.sqrt(0.5 * learner.visits[tried] ** -0.7)
    assert tried.sum() >= 20 and (error[tried] < 4 * noise).all() and noise.max() < 0.03


def test_each_episode_that_still_plays_gives_its_planning_steps():
    game = Gridworld(SMALL, slip=0.2, horizon=20)
    learner = DynaQ(game.n_states, 4, planning_steps=3, epsilon=1.0)
    learner.learn(game, 25, np.random.default_rng(5))
    assert learner.visits.sum() == 4 * learner.model.counts.sum()


# ---- a reward that changes

def test_relabelling_is_having_seen_the_new_reward_from_the_start():
    game = Gridworld(SMALL, slip=0.3, horizon=20)
    seen, new = strolled(game), np.random.default_rng(6).normal(size=(game.n_states, 4, game.n_states))
    relabelled = model_of(game, seen)
    relabelled.relabel(new)
    fresh = model_of(game, seen._replace(rewards=new[seen.observations, seen.actions, seen.next_observations]))
    assert np.array_equal(relabelled.counts, fresh.counts)
    assert np.allclose(relabelled.reward_sums, fresh.reward_sums, atol=1e-9)
    more = strolled(game, seed=7)
    for model in (relabelled, fresh):
        model.update(*more)
    assert np.allclose(relabelled.reward_sums, fresh.reward_sums, atol=1e-9)


def test_relabelled_steps_teach_the_new_optimum_and_stale_ones_the_old_one():
    before, after = (Gridworld(SMALL, slip=0.0, horizon=20, flowers=flowers) for flowers in (1.0, -1.0))
    for relabel in (True, False):
        learner, rng = DynaQ(9, 4, planning_steps=0, gamma=GAMMA, epsilon=1.0, step_size=0.5), np.random.default_rng(8)
        learner.learn(before, 300, rng)
        if relabel:
            learner.model.relabel(after.R)
        for _ in range(300):                                            # no step in the world
            learner.plan(100, rng)
        tried = learner.model.counts.any(axis=2)
        errors = [np.abs(learner.q - optimum(game))[tried].mean() for game in (before, after)]
        assert errors[relabel] < 1e-6 and errors[not relabel] > 1


def test_steps_of_episodes_end_where_they_ended_and_nowhere_else():
    game = Gridworld(SMALL, slip=0.3, horizon=4)
    seen = strolled(game, n=50)
    assert np.array_equal(seen.ended, game.is_end[seen.next_observations]) and 0 < seen.ended.sum() < 50
    assert np.allclose(seen.rewards, game.entry_rewards[seen.next_observations])


def planned(seed, stages=None):
    state = build("gridworld", seed=seed)
    improve = planning(gamma=0.9, temperature=0.2)
    state.plan = [stage._replace(improve=improve) for stage in state.plan]
    return rlhf(state, stages)


def test_planning_in_the_loop_is_the_best_plan_on_what_was_shown():
    state = planned(seed=1, stages=3)
    seen, R = state.answers.episodes, np.zeros((state.game.n_states, 4, state.game.n_states))
    rewards = state.reward_model.rewards(seen)
    R[..., seen.next_observations[seen.mask]] = rewards[seen.mask]
    model = model_of(state.game, transitions_of(seen, np.zeros(seen.mask.shape)))
    model.relabel(R)
    assert np.allclose(0.2 * state.policy.network.params["table"], model.action_values(0.9), atol=1e-9)
    assert state.history[-1]["steps"] == seen.mask.sum()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(430, 435))
def test_with_a_model_what_people_watch_is_all_the_experience_that_is_needed(seed):
    state = planned(seed)
    assert state.history[-1]["answers"] == 300 and state.history[-1]["steps"] < 15_000
    state.policy.network.params["table"][...] *= 1e4                           # what it thinks best
    yardstick = find("gridworld").yardstick(state)
    low, best = yardstick.expected_return(state.reference, None), yardstick.best_return()
    assert (yardstick.expected_return(state.policy, None) - low) / (best - low) > 0.9


# ---- the maze of the book

def uniform(game):
    return np.full((game.n_states, 4), 0.25)


def maze():
    return Gridworld(DYNA_MAZE, slip=0.0, step_reward=0.0, horizon=1_000_000)


def solved_after(planning_steps, seed, most=60):
    """The first episode after which the policy thought best takes at most 20 steps, expected, ties at random."""
    game, rng = maze(), np.random.default_rng(seed)
    learner = DynaQ(game.n_states, 4, planning_steps, gamma=0.95, epsilon=0.1, step_size=0.1)
    for episode in range(1, most + 1):
        learner.learn(game, 1, rng)
        best = learner.q == learner.q.max(axis=1, keepdims=True)
        if hitting_times(game.P, best / best.sum(axis=1, keepdims=True), game.is_end)[game.starts] <= 20:
            return episode
    return most + 1


def test_the_shortest_way_through_the_maze_takes_14_steps_and_by_chance_868_7():
    game = maze()
    values, _ = value_iteration(game.P, game.R, 0.95, tolerance=1e-12)
    assert values[game.starts] == pytest.approx(0.95 ** 13)
    expected = hitting_times(game.P, uniform(game), game.is_end)[game.starts]
    assert expected == pytest.approx(868.7, abs=0.05)


def test_the_first_episode_is_a_walk_at_random_whatever_is_planned():
    game = Gridworld(DYNA_MAZE, slip=0.0, step_reward=0.0, horizon=60)
    learner, rng = DynaQ(game.n_states, 4, 10, epsilon=0.1), np.random.default_rng(9)
    learner.learn(game, 200, rng, lambda step: np.zeros(len(step.rows)))
    visits = learner.model.counts.sum(axis=(1, 2))
    expected = 200 * expected_visits(game.P, game.d0, uniform(game), 60).sum(axis=0)
    assert not learner.q.any() and np.corrcoef(visits[~game.is_end], expected[~game.is_end])[0, 1] > 0.95


@pytest.mark.slow
def test_fifty_planning_steps_solve_the_maze_in_5_episodes_none_needs_15():
    with_plans, without = ([solved_after(n, seed) for seed in range(420, 430)] for n in (50, 0))
    assert max(with_plans) <= 5 and min(without) >= 15


# ---- doors

def test_what_makes_no_sense_is_refused_before_anything_is_counted():
    for call, sentence in ((lambda: CountModel(0, 2), "n_states: expected a whole number from 1 to 2000"),
                           (lambda: CountModel(5000, 2), "n_states"), (lambda: CountModel(2, 1.5), "n_actions"),
                           (lambda: DynaQ(2, 2, planning_steps=-1), "planning_steps: expected a whole number from 0"),
                           (lambda: DynaQ(2, 2, gamma=2.0), "gamma"),
                           (lambda: CountModel(2, 2).sample(3, None), "expected transitions to draw from, got none"),
                           (lambda: CountModel(2, 2).relabel(np.full((2, 2, 2), np.nan)), "R: expected finite"),
                           (lambda: CountModel(2, 2).tables(np.inf), "unseen: expected finite")):
        with pytest.raises(ValueError, match=sentence):
            call()
    good = [np.array([each]) for each in (0, 1, 1.0, 1, False)]
    for place, value, name in ((0, 2, "observations"), (1, -1, "actions"), (2, np.nan, "rewards"),
                               (3, 2, "next_observations")):
        model, bad = CountModel(2, 2), list(good)
        bad[place] = np.array([value])
        with pytest.raises(ValueError, match=f"^{name}: expected"):
            model.update(*bad)
        assert not model.counts.any()
