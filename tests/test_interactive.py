"""Teaching within an episode: what is said is credited to what was meant, and can be learned again from its log."""
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tinyrlhf.episodes import replay, rollout
from tinyrlhf.exact.horizon import (backward_induction, demonstration_loss, expected_visits, finite_horizon_return,
                                    soft_backward_induction)
from tinyrlhf.feedback.log import Log, events
from tinyrlhf.games.cartpole import CartPole
from tinyrlhf.games.gridworld import Gridworld
from tinyrlhf.humans.experts import planner
from tinyrlhf.humans.watchers import Watcher, against_best, against_usual
from tinyrlhf.interactive import STOP, Coach, Tamer, credit, dagger, relearn, teach
from tinyrlhf.learning.imitation import clone
from tinyrlhf.nn.networks import MLP, Table
from tinyrlhf.policies import Policy
from tinyrlhf.questions import shown
from tinyrlhf.rewards.choice import choices_loss
from tinyrlhf.rewards.max_ent_irl import absorbing, max_ent_irl, rewards_on_entering

sys.path.insert(0, str(Path(__file__).parent))
from corridor import corridor  # noqa: E402

GRID = Gridworld()
ROAD = Gridworld("S..G", slip=0.0)


class Script:
    """Says what stands in a list, one entry (r,) for each moment; then nothing."""

    def __init__(self, *said):
        self.said = list(said)

    def react(self, step, chances, rng):
        return np.array(self.said.pop(0), float) if self.said else np.zeros(len(step.rows))


def table(n=4, A=4, seed=None):
    network = Table(n, A)
    if seed is not None:
        network.params.vector[:] = np.random.default_rng(seed).normal(size=n * A)
    return network


def moments(n_steps, seats, n_states=4, seed=0):
    """Arbitrary (rows, observations, actions), with rows that sometimes do not play."""
    rng = np.random.default_rng(seed)
    for t in range(n_steps):
        rows = np.arange(seats) if t == 0 else np.flatnonzero(rng.random(seats) < 0.7)
        yield rows, rng.integers(n_states, size=len(rows)), rng.integers(4, size=len(rows))


def differences(loss, vector):
    """The gradient of loss() by the entries of a vector that is changed in place."""
    gradient = np.zeros(len(vector))
    for i in range(len(vector)):
        value = vector[i]
        vector[i] = value + 1e-5
        above = loss()
        vector[i] = value - 1e-5
        gradient[i] = (above - loss()) / 2e-5
        vector[i] = value
    return gradient


# ---- credit

def test_credit_sums_to_one_over_the_steps_there_have_been():
    known = np.array([[True, True, True], [True, True, False], [True, False, False], [False, False, False]])
    weights = credit(np.array([0.2, 0.5, 0.3]), known)
    assert np.allclose(weights.sum(axis=1), [1, 1, 1, 0]) and np.allclose(weights[0], [0.2, 0.5, 0.3])
    assert not weights[~known].any()
    assert not credit(np.array([0.0, 1.0]), np.array([[True, False]])).any()     # said too early to mean anything


def test_tamer_without_delay_is_plain_regression_on_this_very_step():
    network = table(seed=0)
    learner, expected = Tamer(network, 0.3), network.params["table"].copy()
    for i, moment in enumerate(moments(20, 1)):
        signal = [1.0, -1.0, 0.0][i % 3]
        learner.learn(*moment, np.full(len(moment[0]), signal))
        for s, a in zip(*moment[1:]):
            expected[s, a] += 0.3 * (signal - expected[s, a]) * (signal != 0)
    assert np.allclose(network.params["table"], expected, atol=1e-14)


def test_tamers_step_is_down_the_squared_error_of_the_credited_sum():
    rng = np.random.default_rng(1)
    network = MLP((2, 5, 3), rng, dtype="float64")
    delay, observations, actions = np.array([0.5, 0.3, 0.2]), rng.normal(size=(6, 1, 2)), rng.integers(3, size=(6, 1))
    learner = Tamer(network, 0.1, delay)
    for s, a in zip(observations[:5], actions):
        learner.learn(np.zeros(1, int), s, a, np.zeros(1))
    before = network.params.vector.copy()

    def loss():
        liked = network.forward(observations[:, 0])[0][np.arange(6), actions[:, 0]]
        return 0.5 * (1.0 - delay @ liked[[5, 4, 3]]) ** 2

    wanted = before - 0.1 * differences(loss, network.params.vector)
    learner.learn(np.zeros(1, int), observations[5], actions[5], np.ones(1))
    assert np.allclose(network.params.vector, wanted, atol=1e-9)


def test_tamer_does_what_is_liked_best_and_draws_lots_among_equals():
    network = table(2)
    network.params["table"][0] = [1.0, 0.0, 1.0, -1.0]
    learner = Tamer(network, 0.1)
    assert np.allclose(learner.chances(np.arange(2)), [[0.5, 0, 0.5, 0], [0.25] * 4])
    actions, log_probs = learner.act(np.zeros(400, int), np.random.default_rng(0))
    assert set(actions) == {0, 2} and np.allclose(log_probs, np.log(0.5))


@pytest.mark.parametrize("make", [lambda: Tamer(table(seed=0), 0.3, (0.0, 1.0)),
                                  lambda: Coach(Policy(table(seed=0)), 0.3, delay=1)])
def test_what_is_said_a_step_late_moves_only_the_step_before(make):
    learner = make()
    params = (learner.network if isinstance(learner, Tamer) else learner.policy.network).params
    before = params["table"].copy()
    learner.learn(np.arange(2), np.array([0, 1]), np.array([2, 3]), np.zeros(2))
    learner.learn(np.arange(2), np.array([2, 3]), np.array([0, 0]), np.array([1.0, 0.0]))
    moved = np.abs(params["table"] - before).sum(axis=1) > 0
    assert list(moved) == [True, False, False, False] and params["table"][0, 2] != before[0, 2]


def test_where_a_seat_does_not_play_its_time_stands_still():
    learner = Tamer(table(), 0.5, (0.0, 0.0, 1.0))
    learner.learn(np.arange(2), np.array([0, 1]), np.array([0, 0]), np.zeros(2))
    learner.learn(np.array([0]), np.array([2]), np.array([0]), np.zeros(1))
    learner.learn(np.array([1]), np.array([2]), np.array([0]), np.ones(1))
    assert not learner.network.params["table"].any()                  # only one step ago
    learner.learn(np.array([1]), np.array([3]), np.array([0]), np.ones(1))
    assert np.argwhere(learner.network.params["table"]).tolist() == [[1, 0]]


# ---- COACH

def test_coachs_step_is_the_policy_gradient_with_these_advantages():
    rng = np.random.default_rng(0)
    policy = Policy(MLP((3, 6, 4), rng, dtype="float64"))
    observations, actions, advantages = rng.normal(size=(5, 3)), rng.integers(4, size=5), rng.normal(size=5)
    params = policy.network.params
    before = params.vector.copy()
    gradient = differences(lambda: advantages @ policy.log_probs(observations, actions)[0], params.vector)
    Coach(policy, 0.1).learn(np.arange(5), observations, actions, advantages)
    assert np.allclose(params.vector, before + 0.1 * gradient, atol=1e-9)


def test_coachs_trace_fades_by_its_decay_in_each_step_that_a_seat_plays():
    policy = Policy(table(seed=0))
    learner, params = Coach(policy, 0.5, decay=0.6), policy.network.params
    all_moments = list(moments(6, 2))
    traces = np.zeros((2, params.vector.size))
    for rows, observations, actions in all_moments:
        for row, s, a in zip(rows, observations, actions):
            _, cache = policy.log_probs(np.array([s]), np.array([a]))
            traces[row] = 0.6 * traces[row] + policy.backward(cache, np.ones(1)).vector
        learner.learn(rows, observations, actions, np.zeros(len(rows)))
    assert np.allclose(learner.traces, traces, atol=1e-14)
    before = params.vector.copy()
    learner.learn(np.array([1]), np.array([0]), np.array([0]), np.array([-1.0]))
    assert np.allclose(params.vector, before - 0.5 * learner.traces[1], atol=1e-14)


# ---- the loop, the stop button, the log

def test_a_stop_cuts_the_episode_and_is_a_thumb_down_for_what_came_before():
    learner = Tamer(table(), 0.5)
    east = Tamer(table(), 0.0)
    east.network.params["table"][:, 1] = 1.0
    learner.act = east.act
    episodes, said = teach(ROAD, learner, Script([0, 0], [STOP, 0]), np.zeros(2, int), np.random.default_rng(0))
    assert list(episodes.lengths) == [2, 3] and list(episodes.ended) == [False, True]
    assert said[0, 1] == STOP and np.isfinite(said).sum() == said.size - 1
    assert learner.network.params["table"][1, 1] == -0.5 and np.count_nonzero(learner.network.params["table"]) == 1


def test_a_stop_is_a_cut_also_where_the_horizon_is_an_end():
    game = CartPole(horizon=5)
    game.horizon_is_end = True
    learner = Coach(Policy(MLP((4, 2), np.random.default_rng(0))), 0.0)
    states = game.start(2, np.random.default_rng(0))
    episodes, _ = teach(game, learner, Script([0, STOP]), states, np.random.default_rng(0))
    assert list(episodes.lengths) == [5, 1] and list(episodes.ended) == [True, False]


@pytest.mark.parametrize("make", [lambda: Tamer(table(), 0.5, (0.4, 0.3, 0.3)),
                                  lambda: Coach(Policy(table()), 0.5, decay=0.9, delay=1)])
def test_nothing_that_comes_after_a_stop_is_blamed_on_what_was_before_it(make):
    learner = make()
    params = (learner.network if isinstance(learner, Tamer) else learner.policy.network).params
    learner.learn(np.zeros(1, int), np.array([0]), np.array([0]), np.zeros(1))
    learner.learn(np.zeros(1, int), np.array([1]), np.array([1]), np.array([STOP]))
    before = params["table"].copy()
    assert before.any()
    for s in (2, 3):
        learner.learn(np.zeros(1, int), np.array([s]), np.array([2]), np.ones(1))
    assert np.array_equal(params["table"][:2], before[:2]) and params["table"][2:].any()


def test_what_is_said_late_after_an_end_is_about_the_last_step_before_it():
    learner, rng = Tamer(table(), 0.5, (0.0, 1.0)), np.random.default_rng(0)
    learner.network.params["table"][:, 1] = 1e-6                     # goes east
    before = learner.network.params["table"].copy()
    teach(ROAD, learner, Script(), np.zeros(1, int), rng)            # reaches the goal, nothing is said
    teach(ROAD, learner, Script([-1]), np.zeros(1, int), rng)        # said in the first step of the next one
    changed = np.argwhere(learner.network.params["table"] != before)
    assert changed.tolist() == [[2, 1]]                              # the step into the goal


@pytest.mark.parametrize("make", [lambda: Tamer(Table(GRID.n_states, 4), 0.3, (0.3, 0.5, 0.2)),
                                  lambda: Coach(Policy(Table(GRID.n_states, 4)), 0.5, decay=0.6, delay=1)])
def test_learned_again_from_the_log_the_parameters_are_the_same(make, tmp_path):
    learner, again, rng = make(), make(), np.random.default_rng(0)
    person = Watcher(against_best(GRID), delay=(0.3, 0.5, 0.2), mistakes=0.1, stops_at=-0.5)
    with Log(tmp_path / "said.jsonl") as log:
        log.append("hello", who="somebody else")                     # other events may stand between
        heard = [teach(GRID, learner, person, GRID.start(3, rng), rng, log)[1] for _ in range(2)]
    kept = list(events(tmp_path / "said.jsonl"))
    relearn(again, kept)
    params = [(each.network if isinstance(each, Tamer) else each.policy.network).params.vector for each in
              (learner, again)]
    assert params[0].any() and np.array_equal(*params)
    said = sum(np.count_nonzero(each["said"]) for each in kept[1:])
    assert said == sum(np.count_nonzero(each) for each in heard) == person.said
    assert sum(sum(each["stopped"]) for each in kept[1:]) == sum((each == STOP).sum() for each in heard) > 0
    assert all("t" in each and "step" in each for each in kept[1:])


def test_a_person_must_react_to_each_seat_that_plays():
    with pytest.raises(ValueError, match="signals"):
        teach(ROAD, Tamer(table(), 0.5), Script([0.0]), np.zeros(2, int), np.random.default_rng(0))


@pytest.mark.parametrize("bad, said", [(lambda: Tamer(table(), 0.1, (0.5, 0.4)), "delay"),
                                       (lambda: Tamer(table(), -1.0), "learning_rate"),
                                       (lambda: Coach(Policy(table()), 0.1, decay=2), "decay"),
                                       (lambda: Watcher(against_best(GRID), speaks=2), "speaks"),
                                       (lambda: Watcher(against_best(GRID), delay=(0.5,)), "delay")])
def test_what_cannot_be_is_refused(bad, said):
    with pytest.raises(ValueError, match=said):
        bad()


# ---- people who watch

def step_at(states, actions):
    states = np.asarray(states)
    return type("Step", (), {"rows": np.arange(len(states)), "states": states, "actions": np.asarray(actions)})


def test_thumbs_against_the_best_are_the_sign_of_regret_whatever_the_policy():
    best = planner(GRID).act(np.arange(GRID.n_states), None)
    cells = np.flatnonzero(~GRID.is_end & (GRID.map.ravel() != "#"))
    person, rng = Watcher(against_best(GRID)), np.random.default_rng(0)
    assert (person.react(step_at(cells, best[cells]), None, rng) == 1).all()
    start = GRID.starts[0]
    person = Watcher(against_best(GRID))
    assert list(person.react(step_at([start] * 4, range(4)), None, rng)) == [1, -1, -1, -1]


def test_judged_against_the_usual_a_policy_is_neither_good_nor_bad_on_average():
    policy = np.random.default_rng(0).dirichlet(np.ones(4), GRID.n_states)
    judge, cells = against_usual(GRID), np.arange(GRID.n_states)
    advantage = np.stack([judge(cells, np.full(len(cells), a), lambda o: policy[o]) for a in range(4)], axis=1)
    assert np.allclose((policy * advantage).sum(axis=1), 0, atol=1e-10)
    assert np.abs(advantage[GRID.starts[0]]).max() > 0.01
    greedy = np.eye(4)[policy.argmax(axis=1)]
    assert np.allclose(judge(cells, policy.argmax(axis=1), lambda o: greedy[o]), 0, atol=1e-10)     # used to it


def test_watchers_speak_as_late_as_often_and_as_wrongly_as_told():
    n, rng = 20_000, np.random.default_rng(0)
    person = Watcher(lambda s, a, chances: np.ones(len(s)), speaks=0.5, delay=(0.2, 0.5, 0.3), mistakes=0.1)
    silent = Watcher(lambda s, a, chances: np.full(len(s), 0.01), notices=0.02)
    moment = step_at(np.zeros(n, int), np.zeros(n, int))
    first = person.react(moment, None, rng)
    assert abs((first != 0).mean() - 0.1) < 0.01 and abs((first[first != 0] < 0).mean() - 0.1) < 0.03
    person.judge = lambda s, a, chances: np.zeros(len(s))
    assert [abs((person.react(moment, None, rng) != 0).mean() - share) < 0.015 for share in (0.25, 0.15)] == [True] * 2
    assert not person.react(moment, None, rng).any() and not silent.react(moment, None, rng).any()
    enough = Watcher(lambda s, a, chances: np.ones(len(s)), at_most=7)
    assert sum(np.count_nonzero(enough.react(moment, None, rng)) for _ in range(3)) == 7 == enough.said


def test_who_has_pressed_stop_says_nothing_more_about_that_episode():
    judged = iter([[-1.0], [-9.0], [-1.0], [0.0]])
    person = Watcher(lambda s, a, chances: np.array(next(judged)), delay=(0.0, 1.0), stops_at=-2.0)
    moment, rng = step_at([0], [0]), np.random.default_rng(0)
    assert [person.react(moment, None, rng)[0] for _ in range(4)] == [0, -1, STOP, 0]


# ---- DAgger

def road_expert(observations, rng):
    return np.ones(len(observations), int)


def test_dagger_with_the_expert_alone_is_behaviour_cloning():
    game, how = Gridworld(slip=0.3), {"learning_rate": 0.1, "steps": 20}
    expert = planner(game).act
    policy, twin = (Policy(Table(game.n_states, 4)) for _ in range(2))
    observations, labels, losses = dagger(game, policy, expert, 2, 5, np.random.default_rng(0),
                                          beta=lambda i: 1.0, **how)
    clone(twin, observations, labels, np.random.default_rng(1), **how)
    assert np.array_equal(policy.network.params.vector, twin.network.params.vector) and len(losses) == 2
    assert np.array_equal(labels, expert(observations, None))


def test_dagger_gets_labels_where_the_learner_goes_and_the_expert_never_went():
    game = Gridworld("....\nS..G", slip=0.0, horizon=6)
    policy = Policy(Table(game.n_states, 4))
    policy.network.params["table"][:, 0] = 30.0                       # the learner always goes north
    seen, labels, _ = dagger(game, policy, road_expert, 2, 3, np.random.default_rng(0), steps=0)
    rounds = [seen[:9], seen[9:]]                                     # the expert needs three steps
    assert set(rounds[0]) == {4, 5, 6} and 0 in rounds[1] and len(rounds[1]) == 18 and (labels == 1).all()
    assert (policy.network.params["table"][:, 0] == 30.0).all()       # cloned anew, in no steps


def test_the_corridor_costs_what_the_closed_forms_say():
    for mistake, T in ((0.01, 1), (0.01, 50), (0.1, 200), (0.5, 7), (0.0, 10)):
        P, R, d0, by_clone, by_dagger = corridor(mistake)
        t = np.arange(1, T + 1)
        assert abs(-finite_horizon_return(P, R, d0, by_clone, T) - (1 - (1 - mistake) ** t).sum()) < 1e-12 * max(T, 1)
        assert abs(-finite_horizon_return(P, R, d0, by_dagger, T) - mistake * T) < 1e-12 * max(T, 1)


# ---- maximum-entropy inverse reinforcement learning

SMALL = Gridworld("S.G\n.^L", horizon=5)


def soft_demonstrations(game, r, n, seed):
    """By somebody who acts by the soft best policy of r (S,) on entering; and that policy, (T, S, A)."""
    counting = np.full((game.n_states, 4), 0.25)                      # uniform, as far as an entropy is concerned
    _, policy = soft_backward_induction(game.P, rewards_on_entering(game.P, r), counting, 1.0, game.horizon)
    time = iter(range(game.horizon))

    class Soft:
        def act(self, observations, rng):
            chances = policy[next(time)][observations]
            return (chances.cumsum(axis=1) > rng.random((len(chances), 1))).argmax(axis=1), np.zeros(len(chances))
    rng = np.random.default_rng(seed)
    return rollout(game, Soft(), game.start(n, rng), rng), policy


def test_at_what_is_found_feature_counts_match_but_for_the_prior():
    game = Gridworld("S.G\n.^L", slip=0.0, horizon=5)                # without chance also those expected from the start
    shown_walks, _ = soft_demonstrations(game, np.array([0.0, 0.5, 2.0, 0.0, -1.0, -2.0]), 60, seed=0)
    found, losses = max_ent_irl(game.P, shown_walks, game.horizon, prior=2.0, steps=250)
    demonstrated = np.bincount(shown_walks.next_observations[shown_walks.mask], minlength=6) / 60
    _, policy = soft_backward_induction(game.P, rewards_on_entering(game.P, found), np.full((6, 4), 0.25), 1.0, 5)
    visits = np.where(absorbing(game.P), 0.0, expected_visits(game.P, game.d0, policy, 5))
    expected = np.einsum("ts,tsa,sax->x", visits, policy, game.P)
    assert np.allclose(demonstrated - expected, 2.0 * found / 60, atol=1e-3) and losses[-1] < losses[0]


def test_a_planted_reward_is_found_and_planning_on_it_is_best():
    r = np.array([0.0, 0.5, 3.0, 0.0, -2.0, -3.0])
    walks, _ = soft_demonstrations(SMALL, r, 3000, seed=1)
    found, _ = max_ent_irl(SMALL.P, walks, SMALL.horizon, prior=0.1, steps=120)
    assert np.abs(found - r)[[1, 2, 4]].max() < 0.2 and found[5] < found[4] < 0       # lava is hardly ever tried
    planned = [backward_induction(SMALL.P, rewards_on_entering(SMALL.P, each), SMALL.horizon)[1] for each in (r, found)]
    returns = [finite_horizon_return(SMALL.P, rewards_on_entering(SMALL.P, r), SMALL.d0, np.eye(4)[actions],
                                     SMALL.horizon) for actions in planned]
    assert returns[1] > returns[0] - 0.05


def test_the_kind_demonstration_nears_this_likelihood_as_tries_multiply():
    game = Gridworld("S..\n..G", slip=0.0, horizon=2)                # the goal is too far: all walks are equally long
    r, each = np.array([0.5, -1.0, 0.3, 2.0, -0.4, 0.0]), np.stack(np.divmod(np.arange(16), 4), axis=1)

    def errors(times):
        actions = np.concatenate([[[1, 2]], np.repeat(each, times, axis=0)])      # tries of a uniform policy, all alike
        walks = replay(game, np.zeros(len(actions), int), actions, np.ones(actions.shape, bool),
                       np.random.default_rng(0))
        question = shown("demonstration", walks, np.arange(len(walks))[None])
        answers = question.answered(np.where(question.shows == 0, 0, -1))
        answers = replace(answers, prior=np.full(answers.shows.shape, 2 * np.log(4)))               # - log q
        entered = np.stack([np.bincount(walk, minlength=6) for walk in walks.next_observations])    # (E, 6)
        rows, blocks = answers.choices(np.arange(1))
        _, d_scores, _ = choices_loss(blocks, (entered @ r)[rows])
        _, exact = demonstration_loss(game.P, rewards_on_entering(game.P, r), walks.states[:1], actions[:1],
                                      walks.mask[:1])
        return np.abs(d_scores @ entered[rows] - exact[~absorbing(game.P)].sum(axis=(0, 1))).max()

    assert errors(40) < 0.005 and errors(40) < errors(20) / 1.9 < errors(10) / 3.5


# ---- claims on new seeds

@pytest.mark.slow
@pytest.mark.parametrize("seed", [420, 421, 422])
def test_thumbs_while_it_plays_teach_the_grid_and_a_coin_does_not(seed):
    cells = np.arange(GRID.n_states)

    def reached(learner, judge, mistakes):
        rng = np.random.default_rng(seed)
        person = Watcher(judge(GRID), speaks=0.5, delay=(0.25, 0.5, 0.25), mistakes=mistakes, notices=0.02, at_most=300)
        for _ in range(300):
            if person.said < 300:
                teach(GRID, learner, person, GRID.start(1, rng), rng)
        return finite_horizon_return(GRID.P, GRID.R, GRID.d0, learner.chances(cells), GRID.horizon)

    def tamer():
        return Tamer(Table(GRID.n_states, 4), 0.3, (0.25, 0.5, 0.25))

    coach = Coach(Policy(Table(GRID.n_states, 4)), 0.5, decay=0.6)
    assert reached(tamer(), against_best, 0.05) > 0.5 and reached(coach, against_usual, 0.05) > 0.2     # best .75
    assert reached(tamer(), against_best, 0.5) < 0.3                                                    # uniform -1.5
