"""The room with glass: what it rests on holds exactly, and its plan is demonstrations first, then votes."""
import shutil

import numpy as np
import pytest

from tinyrlhf import report, runs
from tinyrlhf.episodes import rollout
from tinyrlhf.exact.horizon import backward_induction, finite_horizon_return
from tinyrlhf.exact.planning import value_iteration
from tinyrlhf.rlhf import own_plays, rlhf
from tinyrlhf.worlds import build, find
from tinyrlhf.worlds.glass import STRAYS, careless, measured, room

GAME = room()
SYMBOLS = GAME.map.ravel()
UNIFORM = np.full((GAME.n_states, 4), 0.25)


def entered(symbol, policy):
    """How often a walk enters cells of this symbol, exactly, by a reward that pays 1 for it."""
    pays = np.where(GAME.is_end[:, None, None], 0.0, np.broadcast_to(SYMBOLS == symbol, GAME.P.shape))
    return finite_horizon_return(GAME.P, pays, GAME.d0, policy, GAME.horizon)


def returned(policy):
    return finite_horizon_return(GAME.P, GAME.R, GAME.d0, policy, GAME.horizon)


def heedless():
    """The plan of somebody who does not mind glass, and never strays."""
    other = room(glass=0.0)
    return np.eye(4)[value_iteration(other.P, other.R, 0.99)[1]]


def short(state):
    state.updates_per_round, state.reward_model.fit_steps = 2, 5
    return state


# ---- what it rests on

def test_who_strolls_about_hardly_ever_gets_to_the_goal():
    assert entered("G", UNIFORM) < 1 / 5000


def test_the_careless_way_leads_to_the_goal_over_glass_and_the_best_way_around_it():
    best = np.eye(4)[backward_induction(GAME.P, GAME.R, GAME.horizon)[1]]
    assert entered("G", heedless()) > 0.999 and entered("^", heedless()) > 2
    assert entered("G", best) > 0.999 and entered("^", best) < 0.1


def test_standing_still_is_better_than_strolling_and_worse_than_the_careless_way():
    still = GAME.horizon * GAME.entry_rewards[GAME.starts[0]]
    best = backward_induction(GAME.P, GAME.R, GAME.horizon)[0][0] @ GAME.d0
    assert returned(UNIFORM) < still < returned(heedless()) < best


def test_glass_is_hidden_no_observation_tells_it_from_floor():
    cells = np.arange(GAME.n_states)
    assert np.array_equal(GAME.observe(cells), room(glass=0.0).observe(cells))
    assert np.array_equal(GAME.P, room(glass=0.0).P)


def test_steps_on_glass_are_counted_as_a_reward_of_one_would_count_them():
    state = build("glass", seed=1)
    state.policy.network.params["table"][:] = np.random.default_rng(0).normal(size=(GAME.n_states, 4))
    numbers, policy = measured(state), find("glass").yardstick(state).table(state.policy)
    assert np.isclose(numbers["glass"], entered("^", policy), rtol=1e-12, atol=0)
    assert np.isclose(numbers["true_return"], returned(policy), rtol=1e-12, atol=0)


def test_people_can_say_mind_the_glass_and_do_not_speak_of_lava_that_is_not_there():
    remarks = build("glass").view.remarks
    assert list(remarks) == ["mind the glass", "go to the goal", "hurry up"]
    walks = rollout(GAME, build("glass").policy, GAME.start(300, np.random.default_rng(0)), np.random.default_rng(1))
    on_glass = (walks.mask & (SYMBOLS[walks.next_observations] == "^")).sum(axis=1)
    assert np.array_equal(remarks["mind the glass"](walks), -on_glass) and on_glass.any()


# ---- the plan

def test_demonstrations_come_first_then_rounds_of_votes():
    state = build("glass", demonstrations=7, rounds=3, questions=4)
    assert [(stage.name, stage.kinds, stage.questions) for stage in state.plan] == [
        ("demonstrations", ("demonstration",), 7), *[("round", ("preference",), 4)] * 3]
    assert [stage.name for stage in build("glass", demonstrations=0, rounds=3).plan] == ["round"] * 3
    with pytest.raises(ValueError, match="demonstrations: expected"):
        build("glass", demonstrations=-1)


def test_demonstrations_walk_over_glass_and_cost_what_it_costs():
    state = rlhf(short(build("glass", seed=3, demonstrations=200)), 1)
    shown = state.answers.acted()
    on_glass = (shown.mask & (SYMBOLS[shown.next_observations] == "^")).sum(axis=1)
    assert shown.ended.mean() > 0.9 and on_glass.mean() > 1
    assert np.allclose(shown.true_returns, 10 * shown.ended - 0.1 * shown.lengths - 3 * on_glass)


def test_the_careless_person_strays_in_a_share_of_steps_and_else_knows_the_way():
    cells = np.repeat(np.flatnonzero(~GAME.is_end), 400)
    acts = careless().act(cells, np.random.default_rng(0))
    stray = acts != heedless().argmax(axis=1)[cells]                   # a quarter of what is drawn anywhere is right
    expected = 0.75 * STRAYS
    assert abs(stray.mean() - expected) < 5 * np.sqrt(expected * (1 - expected) / len(cells))


def table(policy):
    return policy.network.params["table"].copy()


def test_after_the_demonstrations_the_clone_is_the_reference():
    state = short(build("glass", seed=3, rounds=2, questions=5))
    uniform = table(state.policy)
    clone = table(rlhf(state, 1).policy)
    assert not np.array_equal(clone, uniform) and np.array_equal(table(state.reference), uniform)
    rlhf(state)
    assert np.array_equal(table(state.reference), clone) and not np.array_equal(table(state.policy), clone)
    assert own_plays(state.answers[state.answers.round == 2]).ended.any()       # the clone played what was compared


def test_with_votes_alone_the_reference_stays_uniform():
    state = rlhf(short(build("glass", demonstrations=0, rounds=2, questions=5)))
    assert not table(state.reference).any() and table(state.policy).any()
    assert state.history[0]["stage"] == "round" and "imitation_loss" not in state.history[0]


def test_the_control_is_shown_the_way_too_and_then_votes_by_coin_or_not_at_all():
    runs_of = [rlhf(short(build("glass", seed=3, rounds=1, questions=5, person=person)), 1)
               for person in ("simulated", "coin", "nobody")]
    assert all(np.array_equal(table(run.policy), table(runs_of[0].policy)) for run in runs_of)
    assert [len(run.plan[1].kinds) for run in runs_of] == [1, 1, 0]


# ---- a run like any other

@pytest.mark.parametrize("stages", [1, 2])
def test_a_run_that_was_stopped_goes_on_to_the_same_bytes_and_can_be_reported(stages, tmp_path, monkeypatch):
    monkeypatch.setattr(report, "draw", lambda *_: None)
    settings = find("glass").settings(seed=5, rounds=2, questions=5)

    def go_on(folder, state, until):
        with runs.Run(folder, state) as at_work:
            rlhf(state, until, on_round=at_work.save)
        return {name: np.asarray(value).tobytes() for name, value in state.state().items()}

    whole = go_on(runs.create(tmp_path / "whole", settings), short(runs.begin(settings)), None)
    begun = runs.create(tmp_path / "begun", settings)
    go_on(begun, short(runs.begin(settings)), stages)
    moved = shutil.copytree(begun, tmp_path / "moved")
    assert go_on(moved, short(runs.load(moved)), None) == whole
    result, state = report.measure(settings, runs.load_finished(moved)), runs.load(moved)
    beginning = find("glass").yardstick(state).table(state.snapshots["untrained"])
    assert np.allclose(beginning, 0.25) and result["return_untrained"] == returned(beginning)
    assert result["answers"] == 20 and result["return_optimal"] > result["return_untrained"]
