"""The arm moves as its kinematics says, its tasks are what they are called, and people teach it in the order said."""
import numpy as np
import pytest

from tinyrlhf.conformance import check_game
from tinyrlhf.episodes import rollout
from tinyrlhf.feedback.forms import Steps
from tinyrlhf.games.arm import (GRID, LIMITS, NEAR, SECONDS, SPEED, Dance, Obstacles, PickAndPlace, Reach, cells_of,
                                clearance, damped_least_squares, discs_of, elbow_of, felt, hand_of,
                                inverse_kinematics, jacobian, looks_at, point, steps_to_goal, ways_past,
                                x_and_y)
from tinyrlhf.humans.arm_teachers import ArmTeacher, at_pace
from tinyrlhf.nn.gaussian import Gaussian, GaussianMLP
from tinyrlhf.policies import Policy
from tinyrlhf.rlhf import act, from_true_reward, propose, rlhf
from tinyrlhf.worlds import build
from tinyrlhf.worlds.arm import NOISE, TAKEOVER, TASKS, steady

STEP = 1e-6
GAMES = (Reach, Obstacles, PickAndPlace, Dance)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def angles(rng, n=200):
    return rng.uniform(-LIMITS, LIMITS, (n, 2))


def slopes(function, q):
    """d function / d q by central differences, (..., 2)."""
    steps = STEP * np.eye(2)
    return np.stack([(function(q + step) - function(q - step)) / (2 * STEP) for step in steps], axis=-1)


def moved(game, states, actions):
    return game.step(states, np.broadcast_to(np.asarray(actions, float), (len(states), game.action_size)), None)[0]


# ---- kinematics

def test_the_jacobian_is_the_derivative_of_the_hand_and_its_determinant_the_sine_of_the_elbow(rng):
    q = angles(rng)
    first, second = jacobian(q)
    assert np.allclose(np.stack([first, second], axis=-1), slopes(hand_of, q), atol=1e-8)
    assert np.allclose((np.conj(first) * second).imag, np.sin(q[:, 1]))


def test_links_are_a_metre_long(rng):
    q = angles(rng)
    assert np.allclose(np.abs(elbow_of(q)), 1) and np.allclose(np.abs(hand_of(q) - elbow_of(q)), 1)


def test_inverse_kinematics_brings_the_hand_to_the_target_with_the_elbow_to_the_left(rng):
    q = np.stack([rng.uniform(-3, 3, 200), rng.uniform(0.0, 2.8, 200)], axis=1)
    assert np.allclose(inverse_kinematics(hand_of(q)), q, atol=1e-6)


@pytest.mark.parametrize("target", [2.01, -2.01j, 0.1, np.nan, np.inf])
def test_targets_out_of_reach_are_refused(target):
    with pytest.raises(ValueError, match="target"):
        inverse_kinematics(np.array([1.0 + 0.5j, target]))


def test_damped_least_squares_minimises_what_it_says(rng):
    q, shift = angles(rng), rng.normal(size=200) + 1j * rng.normal(size=200)

    def loss(turn):
        missed = shift - sum(column * part for column, part in zip(jacobian(q), turn.T))
        return np.abs(missed) ** 2 + 1e-2 * (turn ** 2).sum(axis=1)
    best = damped_least_squares(q, shift)
    for step in 1e-3 * np.array([(1, 0), (-1, 0), (0, 1), (0, -1)]):
        assert (loss(best + step) > loss(best)).all()


def test_a_stretched_arm_is_asked_for_no_more_than_damping_allows():
    turn = damped_least_squares(np.array([[0.0, 0.0]]), np.array([1.0 + 0j]))
    assert np.allclose(turn, 0)  # outward there is no way to go


# ---- obstacles

def test_clearance_is_the_distance_of_the_nearest_of_all_points_of_the_link(rng):
    q, states = angles(rng, 50), Obstacles().draw(50, rng)
    centres, radii = discs_of(states)
    share = np.linspace(0, 1, 2001)[:, None]
    links = [share * elbow_of(q), elbow_of(q) + share * (hand_of(q) - elbow_of(q))]
    brute = [(np.abs(link[..., None] - centres) - radii).min(axis=(0, 2)) for link in links]
    assert np.allclose(clearance(q, centres, radii), np.stack(brute, axis=1), atol=1e-3)


def test_the_skin_feels_nearness_and_the_turn_that_leads_away(rng):
    q, states = angles(rng, 50), Obstacles().draw(50, rng)
    discs = discs_of(states)
    nearness, by_shoulder, by_elbow = felt(q, *discs)
    gaps = clearance(q, *discs)
    assert np.allclose(nearness, np.exp(-gaps / 0.15))
    numeric = slopes(lambda q: clearance(q, *discs), q)
    assert np.allclose(np.stack([by_shoulder, by_elbow], axis=-1), nearness[..., None] * numeric, atol=1e-5)
    assert np.all(by_elbow[:, 0] == 0)


def test_the_way_past_a_disc_leads_to_the_side_of_the_goal_and_fades(rng):
    q, goal = angles(rng), 2 * rng.normal(size=200) + 1j
    centres = rng.normal(size=(200, 3)) + 1j * rng.normal(size=(200, 3))
    hand = hand_of(q)
    nearest = centres[np.arange(200), np.abs(centres - hand[:, None]).argmin(axis=1)]
    look = ways_past(q, goal, centres)[0]
    move = sum(column * part for column, part in zip(jacobian(q), look[:, 5:].T))
    side = ((goal - hand) * np.conj(nearest - hand)).imag
    assert ((np.conj(1j * (nearest - hand)) * move).real * side >= -1e-12).all()
    assert np.allclose(look[:, 2], np.exp(-np.abs(nearest - hand) / 0.4))


def test_obstacles_lie_in_their_area():
    assert abs(Obstacles(area=1.2).start(300, np.random.default_rng(0))[:, 0].mean() - 1.2) < 0.3


def test_every_layout_of_the_bank_has_a_way_and_a_disc_in_the_middle(rng):
    states = Obstacles().start(100, rng)
    row, column = cells_of(states[:, :2]).T
    steps = steps_to_goal(states)
    assert np.isfinite(steps[np.arange(100), row, column]).all()
    middle = (hand_of(states[:, :2]) + point(states, 2)) / 2
    assert (np.abs(discs_of(states)[0][:, 0] - middle) < 0.09).all()


@pytest.mark.slow
def test_other_layouts_are_other_layouts_and_the_same_seed_the_same(rng):
    banks = [Obstacles(layouts=seed).start(1000, np.random.default_rng(1)) for seed in (0, 1, 0)]
    assert np.array_equal(banks[0], banks[2])
    assert not (banks[0][:, None] == banks[1][None]).all(axis=2).any()


def test_steps_to_the_goal_grow_by_one_from_cell_to_cell(rng):
    steps = steps_to_goal(Obstacles().start(5, rng))
    padded = np.pad(steps, ((0, 0), (1, 1), (1, 1)), constant_values=np.inf)
    beside = np.minimum.reduce([padded[:, :-2, 1:-1], padded[:, 2:, 1:-1], padded[:, 1:-1, :-2], padded[:, 1:-1, 2:]])
    reached = np.isfinite(steps) & (steps > 0)
    assert np.array_equal(steps[reached], beside[reached] + 1) and (steps == 0).sum() == 5
    assert steps.shape == (5, GRID, GRID)


def test_touching_is_seen_counted_and_costs_but_does_not_block(rng):
    game = Obstacles()
    states = game.start(200, rng)
    states[:, 4], states[:, 7], states[:, 10] = hand_of(states[:, :2]).real, hand_of(states[:, :2]).imag, 0.1
    assert game.touching(states).all()
    after = moved(game, states, (0, 0))
    assert np.array_equal(after, states)
    path = np.stack([states, after], axis=1)
    assert game.violations(path).all() and not game.success(path).any()
    assert (game.true_reward(states, states) < Reach.true_reward(Reach(), states[:, :4], states[:, :4]) - 8).all()


def test_who_touches_has_no_success_even_at_the_goal(rng):
    states = Obstacles().start(5, rng)
    states[:, 2:4] = x_and_y(hand_of(states[:, :2]))
    assert Obstacles().success(states[:, None]).all()
    touched = states.copy()
    touched[:, 4], touched[:, 7], touched[:, 10] = states[:, 2], states[:, 3], 0.1
    assert not Obstacles().success(np.stack([touched, states], axis=1)).any()


# ---- every task

@pytest.mark.parametrize("make", GAMES)
def test_a_task_keeps_the_promises_of_a_game(make, rng):
    check_game(make(), rng)
    assert len(make.feature_names) == len(make.true_weights) == make().features(*2 * [make().start(1, rng)]).shape[-1]
    assert {name for name, _ in make.remarks.values()} <= set(make.feature_names)


@pytest.mark.parametrize("make", [Reach, Obstacles, PickAndPlace])
def test_a_scene_shows_the_goal_where_it_is_and_all_that_lies_on_the_table(make, rng):
    state = make().start(1, rng)[0]
    pieces = make().scene(state)
    goals = [piece for piece in pieces if piece.color == "good"]
    assert [(piece.x - 0.5, piece.y - 0.5) for piece in goals] == [pytest.approx(0.23 * state[2:4])]
    discs = [piece for piece in pieces if piece.color == "danger"]
    assert len(discs) == (0 if make is not Obstacles else (state[10:] > 0).sum())


@pytest.mark.parametrize("make", [Reach, Obstacles, PickAndPlace])
def test_there_is_something_to_do_at_the_start_and_it_is_within_reach(make, rng):
    states = make().start(200, rng)
    make().check(states)
    assert not make().success(states[:, None]).any() and not make().violations(states[:, None]).any()


@pytest.mark.parametrize("make", GAMES)
def test_actions_beyond_full_speed_are_full_speed_and_joints_stop_at_their_limits(make, rng):
    game, states = make(), make().start(50, rng)
    full, more = moved(game, states, 1.0), moved(game, states, 7.0)
    assert np.array_equal(full, more)
    assert np.allclose(full[:, :2], np.minimum(states[:, :2] + SECONDS * SPEED, LIMITS))
    for _ in range(60):
        states = moved(game, states, 1.0)
    assert np.allclose(states[:, :2], LIMITS) and game.violations(states[:, None]).all()


def test_features_of_reaching_are_distance_there_speed_and_height():
    state = np.array([[0, np.pi / 2, 1, 1]])
    assert np.allclose(Reach().features(state, state), [0, 1, 0, 1])
    assert np.isclose(Reach().features(state, moved(Reach(), state, (1, 1)))[0, 2], 2 * SPEED ** 2)
    away = np.array([[0, np.pi / 2, 0, 1]])
    assert np.allclose(Reach().features(away, away), [1, 0, 0, 1])


def test_a_joint_at_its_limit_counts_whenever_it_was_there():
    path = np.zeros((1, 3, 4))
    path[..., 2] = 1.5
    assert not Reach().violations(path).any()
    path[0, 0, 1] = LIMITS[1]
    assert Reach().violations(path).all()


def test_what_is_held_need_not_be_fetched_and_what_is_done_not_be_brought(rng):
    states = PickAndPlace().start(50, rng)
    for holding, done, nothing_left in ((0, 0, []), (1, 0, [0]), (0, 1, [0, 1])):
        states[:, 6:] = holding, done
        left = PickAndPlace().features(states, states)[:, :2]
        assert [column for column in (0, 1) if not left[:, column].any()] == nothing_left


def test_turning_the_whole_table_changes_no_distance_and_no_look_of_the_joints(rng):
    states = Reach().start(100, rng)
    turned = states.copy()
    turned[:, 0] += 0.7
    turned[:, 2:4] = x_and_y(point(states, 2) * np.exp(0.7j))
    for column in (0, 1, 2):  # distance, there, speed; height is not
        assert np.allclose(Reach().features(states, states)[:, column], Reach().features(turned, turned)[:, column])
    assert np.allclose(Reach().observe(states)[:, 6:], Reach().observe(turned)[:, 6:])


def test_the_bounded_look_at_a_target_is_never_longer_than_the_jacobian(rng):
    q, target = angles(rng), 2 * rng.normal(size=200) + 2j * rng.normal(size=200)
    way, turn, bounded = looks_at(q, target)
    columns = np.stack(jacobian(q), axis=-1)
    assert np.allclose(turn, [(np.conj(J) * w).real for J, w in zip(columns, target - hand_of(q))])
    assert (np.linalg.norm(bounded, axis=1) <= np.linalg.norm(columns, axis=1)).all()
    assert np.allclose(bounded * (0.1 + np.linalg.norm(way, axis=1))[:, None], turn)


def test_a_gripper_senses_what_it_touches_fully_and_less_from_further_away(rng):
    game, states = PickAndPlace(), np.repeat(PickAndPlace().start(1, rng), 20, axis=0)
    gaps = np.linspace(0, 0.3, 20)
    states[:, 4:6] = x_and_y(hand_of(states[:, :2]) + gaps)
    sensed = game.observe(states)[:, -3]
    assert np.isclose(sensed[0], 1) and (np.diff(sensed) < 0).all()


def test_an_area_is_the_same_task_turned(rng):
    front, side = (Reach(area).start(2000, rng) for area in (0.0, 1.2))
    assert abs(front[:, 0].mean()) < 0.1 and abs(side[:, 0].mean() - 1.2) < 0.1
    with pytest.raises(ValueError, match="area"):
        Reach(area=2.0)


def test_an_object_moves_only_while_it_is_held_and_is_held_only_from_near(rng):
    game, states = PickAndPlace(), PickAndPlace().start(200, rng)
    far = moved(game, states, (0.5, 0.5, 1.0))
    assert np.array_equal(far[:, 4:], states[:, 4:])
    states[:, 4:6] = x_and_y(hand_of(states[:, :2]) + 0.5 * NEAR)
    held = moved(game, states, (0, 0, 1.0))
    assert held[:, 6].all() and np.allclose(point(held, 4), hand_of(held[:, :2]))
    carried = moved(game, held, (0.3, 0.3, 1.0))
    assert np.allclose(point(carried, 4), hand_of(carried[:, :2]))
    let_go = moved(game, held, (0.3, 0.3, -1.0))
    far_off = game.to_place(held) >= NEAR
    assert not let_go[:, 6].any() and np.array_equal(let_go[far_off, 4:6], held[far_off, 4:6])
    assert not let_go[far_off, 7].any()


def test_what_is_let_go_at_the_goal_is_done_and_stays_done(rng):
    game, states = PickAndPlace(), PickAndPlace().start(50, rng)
    states[:, 4:6] = x_and_y(hand_of(states[:, :2]))
    held = moved(game, states, (0, 0, 1.0))
    held[:, 2:4] = held[:, 4:6]
    assert not game.success(held[:, None]).any()
    done = moved(game, held, (0, 0, -1.0))
    assert game.success(done[:, None]).all() and np.allclose(game.true_reward(held, done), 2.0)
    again = moved(game, done, (0.5, 0, 1.0))
    assert game.success(again[:, None]).all() and not again[:, 6].any()


def test_only_what_was_held_can_be_placed(rng):
    game, states = PickAndPlace(), PickAndPlace().start(50, rng)
    states[:, 2:4] = states[:, 4:6]
    assert not game.success(moved(game, states, (0, 0, -1.0))[:, None]).any()


def test_a_dance_counts_its_steps_and_standing_still_is_none(rng):
    game, states = Dance(), Dance().start(20, rng)
    path = [states]
    for _ in range(5):
        path.append(moved(game, path[-1], (0, 0)))
    assert np.array_equal(path[-1][:, 2], np.full(20, 5.0))
    assert not game.success(np.stack(path, axis=1)).any()


def test_rhythm_is_up_on_the_beat_and_sway_changes_sides_from_beat_to_beat(rng):
    game, states = Dance(), Dance().start(20, rng)
    hand = hand_of(states[:, :2])
    for beats, up, side in ((0, 1, 1), (0.5, -1, 0), (1, 1, -1), (1.5, -1, 0), (2, 1, 1)):
        states[:, 2] = beats * game.beat
        rhythm, sway = game.features(states, states)[:, :2].T
        assert np.allclose(rhythm, up * hand.imag) and np.allclose(sway, side * hand.real)


@pytest.mark.parametrize("make, column, value", [(PickAndPlace, 4, 70.0), (PickAndPlace, 6, 7.0), (Obstacles, 10, -3.0),
                                                 (Dance, 0, 99.0), (Dance, 2, -4.0)])
def test_each_task_refuses_what_it_cannot_be(make, column, value, rng):
    states = make().start(3, rng)
    make().check(states)
    states[1, column] = value
    with pytest.raises(ValueError, match="expected"):
        make().check(states)


@pytest.mark.parametrize("change", [{0: 3.2}, {1: -2.9}, {2: 2.5}, {3: np.nan}])
def test_states_that_cannot_be_are_refused_before_a_log_is_read_or_an_episode_replayed(change, rng):
    state = Reach().start(1, rng)
    state[:, 2:4] = 0.9, 0.3
    for column, value in change.items():
        state[0, column] = value
    written = {"first_step": 0, "ended": False, "states": [state[0].tolist()] * 2, "actions": [[0.0, 0.0]],
               "rewards": [0.0]}
    with pytest.raises(ValueError, match="target|states|joint"):
        Steps().read(Reach(), [written])


def test_a_demonstration_of_another_task_is_refused_in_one_line(rng):
    other = PickAndPlace().start(1, rng)[0].tolist()
    written = {"first_step": 0, "ended": False, "states": [other] * 2, "actions": [[0.0] * 3], "rewards": [0.0]}
    with pytest.raises(ValueError, match="another world's"):
        Steps().read(Reach(), [written])


# ---- policy and teachers

def test_a_gaussian_mlp_gives_means_and_one_noise_for_all_and_learns_the_means_alone(rng):
    network = GaussianMLP((3, 8, 2), rng, head_gain=1.0, std=0.5)
    x, weights = rng.normal(size=(5, 3)), rng.normal(size=(5, 4))
    outputs, cache = network.forward(x)
    assert np.allclose(outputs[:, 2:], np.log(0.5))
    grads = network.backward(cache, weights)
    assert np.all(grads["log_std"] == 0)
    network.params["bias_1"][0] += 1e-2
    shift = (weights * (network.forward(x)[0] - outputs)).sum() / 1e-2
    assert np.isclose(shift, grads["bias_1"][0], rtol=1e-3)


def test_without_noise_a_policy_does_its_mean_and_the_policy_itself_is_left_alone(rng):
    policy = Policy(GaussianMLP((4, 8, 2), rng, head_gain=1.0, std=0.3), Gaussian)
    observations = rng.normal(size=(10, 4))
    means = policy.network.forward(observations)[0][:, :2]
    assert np.allclose(steady(policy).act(observations, rng)[0], means, atol=1e-6)
    assert np.allclose(policy.network.params["log_std"], np.log(0.3))


def test_a_pace_keeps_the_direction_and_slows_only_what_is_too_fast():
    turns = np.array([[0.4, -0.2], [0.01, 0.02], [0.0, 0.0]])
    assert np.allclose(at_pace(turns), [[0.6, -0.3], [0.05, 0.1], [0.0, 0.0]])


@pytest.mark.parametrize("task, shows, mends", [("reach", 0.2, 0.9), ("obstacles", 0.3, 0.9), ("pick", 0.05, 0.85)])
def test_teachers_show_a_task_with_a_flaw_and_mend_it_with_care(task, shows, mends, rng):
    state = build("arm", task=task, seed=7)
    game, teacher = state.game, ArmTeacher(state.game)
    tries = rollout(game, state.policy, game.start(80, rng), rng)
    shown, mended = teacher.demonstrate(game, tries, 1.0, rng), teacher.correct(game, tries, 1.0, rng)[0]
    assert np.array_equal(shown.states[:, 0], tries.states[:, 0]) and shown.mask.all()
    assert game.success(shown.states).mean() < shows and game.success(mended.states).mean() > mends
    assert (mended.true_returns > tries.true_returns).mean() > 0.9


# ---- the course

@pytest.mark.parametrize("task", TASKS)
def test_people_show_then_mend_twice_then_judge_and_a_dance_they_only_judge(task):
    plan = build("arm", task=task, seed=7).plan
    judged = ["rounds"] * 4
    assert [stage.name for stage in plan] == (judged if task == "dance"
                                              else ["demonstrations", "corrections", "corrections", *judged])
    alone = build("arm", task=task, seed=7, demonstrations=0, corrections=0).plan
    assert [stage.name for stage in alone] == judged
    assert sum(stage.questions for stage in plan) == (60 if task == "dance" else 180)


def test_on_the_true_reward_nobody_shows_anything():
    plan = build("arm", seed=7, person="nobody").plan
    assert len(plan) == 4 and all(stage.improve is from_true_reward for stage in plan)


def test_people_take_over_for_some_steps_just_before_a_touch(rng):
    state = build("arm", task="obstacles", seed=7)
    questions = propose(state, state.plan[1])
    clips = questions.episodes
    assert clips.mask.shape[1] == TAKEOVER and clips.mask.all()
    tries = act(state, 200)
    touching = state.game.touching(tries.states)
    late = touching.any(axis=1) & (touching.argmax(axis=1) >= 9)
    clips = state.view.to_mend(tries[late], 300, rng)
    assert not state.game.touching(clips.states[:, :6]).any()  # six to nine steps before
    assert state.game.touching(clips.states).any(axis=1).mean() > 0.3


def test_the_first_round_makes_the_clone_the_reference_and_noise_falls_from_round_to_round(rng):
    state = build("arm", seed=7)
    state.policy.network.params["bias_2"][...] = 0.5  # as if it had been taught
    rounds = [stage for stage in state.plan if stage.name == "rounds"]
    stds = []
    for stage in rounds:
        stage.begin(state)
        stds.append(float(np.exp(state.policy.network.params["log_std"][0])))
        assert state.reference.network.params["bias_2"][0] == 0.5
        state.policy.network.params["bias_2"] += 1.0
    assert np.allclose(stds, np.geomspace(*NOISE, 4), rtol=1e-5)


def test_corrections_are_read_as_choices_in_the_rounds_too(monkeypatch):
    state = build("arm", seed=7, demonstrations=0, corrections=4, questions=3, rounds=1)
    state.imitation["steps"], state.updates_per_round = 2, 1
    read = []
    fit = state.reward_model.fit
    monkeypatch.setattr(state.reward_model, "fit", lambda answers, rng: read.append(answers.kind) or fit(answers, rng))
    rlhf(state)
    assert sorted(read[0]) == 4 * ["correction"] + 3 * ["preference"]


def test_compared_tries_begin_alike_and_remarks_follow_their_feature(rng):
    state = build("arm", seed=7, demonstrations=0, corrections=0)
    questions = propose(state, state.plan[0])
    shown = questions.episodes.states[questions.shows[:, :2]]
    assert np.array_equal(shown[:, 0, 0], shown[:, 1, 0])
    tries = act(state, 16)
    best = state.view.remarks["more slowly"](tries).argmax()
    speed = np.square(np.diff(tries.states[..., :2], axis=1)).sum(axis=(1, 2))
    assert best == speed.argmin()
