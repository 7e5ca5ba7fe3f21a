"""Does the record of what happened keep every step, invent none, and survive replaying, cutting and joining?"""
import sys
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from tinyrlhf.episodes import (Episodes, clip, cut_at, join, log_probs_of, replay, rollout, splice, start_in_groups,
                               steps, steps_left, trimmed)
from tinyrlhf.games.bandit import Bandit
from tinyrlhf.games.cartpole import CartPole
from tinyrlhf.games.gridworld import Gridworld
from tinyrlhf.games.text import Text
from tinyrlhf.nn.networks import MLP, Table
from tinyrlhf.policies import Policy

sys.path.insert(0, str(Path(__file__).parent))
from oracles import blindfolded  # noqa: E402

GAMES = {"bandit": Bandit([0.0, 1.0]), "grid": Gridworld(slip=0.3, horizon=12), "cartpole": CartPole(horizon=60),
         "frozen": CartPole(frozen=True, horizon=15), "text": Text()}
games = pytest.mark.parametrize("game", GAMES.values(), ids=GAMES.keys())


class Guess:
    """Acts at random with a generator of its own: the game's luck alone can be repeated; `only` limits the actions."""
    def __init__(self, game, seed=0, only=None):
        self.actions = np.arange(game.n_actions) if only is None else np.array(only)
        self.rng = np.random.default_rng(seed)

    def act(self, observations, rng):
        n = len(observations)
        return self.rng.choice(self.actions, size=n), np.full(n, -np.log(len(self.actions)))


def play(game, n=40, seed=0, only=None, **settings):
    rng = np.random.default_rng(seed)
    return rollout(game, Guess(game, seed, only), game.start(n, rng), rng, **settings)


def assert_equal(episodes, expected, but=()):
    for field in fields(Episodes):
        if field.name not in but:
            one, other = getattr(episodes, field.name), getattr(expected, field.name)
            assert np.array_equal(one, other, equal_nan=field.name == "log_probs"), field.name


# ---- rollout

@games
def test_shapes_and_types_are_those_of_the_protocol(game):
    episodes = play(game)
    B, T = episodes.mask.shape
    assert episodes.states.shape[:2] == (B, T + 1) == (40, T + 1) and T <= game.horizon
    assert episodes.states.dtype == game.start(1, np.random.default_rng(0)).dtype
    assert all(getattr(episodes, name).shape == (B, T) for name in ("actions", "log_probs", "true_rewards"))
    assert episodes.mask.dtype == bool and episodes.ended.dtype == bool
    assert episodes.ended.shape == episodes.first_step.shape == (B,)
    assert np.array_equal(episodes.next_observations, episodes.observations[:, 1:]) and episodes.lengths.max() == T


@games
def test_nothing_happens_after_the_end_and_rows_stay_where_they_are(game):
    episodes = play(game)
    mask, T = episodes.mask, episodes.mask.shape[1]
    assert mask[:, 0].all() and (mask[:, :-1] >= mask[:, 1:]).all()    # no gaps: padding is on the right
    assert not episodes.true_rewards[~mask].any() and not episodes.log_probs[~mask].any()
    last = episodes.states[np.arange(len(mask)), episodes.lengths][:, None]
    assert np.array_equal(episodes.states[:, 1:][~mask], np.repeat(last, T, axis=1)[~mask])
    assert np.array_equal(episodes.observations, game.observe(episodes.states))
    assert (episodes.log_probs[mask] == episodes.log_probs[0, 0]).all() and episodes.log_probs[0, 0] < 0


def test_every_step_is_one_of_the_game():
    game = CartPole(horizon=60)
    episodes = play(game)
    for t in range(episodes.mask.shape[1]):
        on = episodes.mask[:, t]
        next_states, rewards, done = game.step(episodes.states[on, t], episodes.actions[on, t], None)
        assert np.array_equal(next_states, episodes.states[on, t + 1])
        assert np.array_equal(rewards, episodes.true_rewards[on, t])
        assert np.array_equal(done, episodes.ended[on] & (episodes.lengths[on] == t + 1))
    assert np.array_equal(episodes.true_returns, episodes.lengths) and 0 < episodes.ended.mean()


def test_an_end_is_told_from_a_cut():
    letters_only = play(Text(4), only=[1, 2, 3])
    assert letters_only.mask.all() and letters_only.ended.all()        # a full row is the end of a text
    assert not play(Text(4), only=[1, 2, 3], steps_at_most=3).ended.any()
    words = play(Text(10))
    assert words.ended.all() and (words.states[words.lengths < 10, -1, -1] == 0).all()
    short = play(CartPole(horizon=5))
    assert short.mask.all() and not short.ended.any()                  # the time limit of a cart is only a cut
    grid = Gridworld(slip=0.3, horizon=12)
    walks = play(grid, n=200)
    assert np.array_equal(walks.ended, grid.is_end[walks.states[:, -1]]) and 0 < walks.ended.mean() < 1
    assert (walks.lengths[~walks.ended] == 12).all()
    assert play(Bandit([0.0])).ended.all()


@pytest.mark.parametrize("game", [CartPole(frozen=True, horizon=9), Text(9)], ids=["cut", "end"])
def test_episodes_that_begin_late_stop_at_the_horizon(game):
    first_step = np.array([0, 3, 8, 5])
    episodes = play(game, n=4, only=[1], first_step=first_step)
    assert np.array_equal(episodes.lengths, 9 - first_step) and np.array_equal(episodes.first_step, first_step)
    assert (episodes.ended == game.horizon_is_end).all()
    assert play(game, only=[1], first_step=7).mask.shape == (40, 2)
    assert play(game, only=[1], first_step=4, steps_at_most=2).mask.shape == (40, 2)


def test_steps_yields_what_rollout_keeps_and_every_end_once():
    game, rng = Gridworld(horizon=12), np.random.default_rng(0)
    states = game.start(60, rng)
    history = list(steps(game, Guess(game).act, states, np.random.default_rng(1)))
    episodes = rollout(game, Guess(game), states, np.random.default_rng(1))
    for t, step in enumerate(history):
        rows = step.rows
        assert np.array_equal(rows, np.flatnonzero(episodes.mask[:, t]))
        assert np.array_equal(step.true_rewards, episodes.true_rewards[rows, t])
        assert np.array_equal(step.states, episodes.states[rows, t])
        assert np.array_equal(step.next_states, episodes.states[rows, t + 1])
        assert np.array_equal(step.actions, episodes.actions[rows, t])
        assert np.array_equal(step.over, episodes.lengths[rows] == t + 1)
    ended = np.concatenate([step.rows[step.ended] for step in history])
    assert np.array_equal(np.sort(ended), np.flatnonzero(episodes.ended)) and 0 < len(ended) < 60


def test_only_episodes_that_still_play_are_asked():
    game, asked = Gridworld(slip=0.3, horizon=12), []

    def choose(observations, rng):
        asked.append(observations)
        return Guess(game).act(observations, rng)

    for step in steps(game, choose, game.start(60, np.random.default_rng(0)), np.random.default_rng(1)):
        assert np.array_equal(asked[-1], step.observations) and not game.is_end[step.states].any()
    assert len(asked[0]) == 60 > len(asked[-1]) > 0


# ---- replay

@games
@pytest.mark.parametrize("first_step", [0, 2])
def test_replaying_the_actions_with_equal_luck_gives_the_same_episodes(game, first_step):
    if first_step >= game.horizon:
        first_step = np.zeros(40, int)
    states = game.start(40, np.random.default_rng(1))
    played = rollout(game, Guess(game), states, np.random.default_rng(2), first_step)
    again = replay(game, states, played.actions, played.mask, np.random.default_rng(2), first_step)
    assert_equal(again, played, but=["log_probs"])
    assert np.isnan(again.log_probs[again.mask]).all() and not again.log_probs[~again.mask].any()


@pytest.mark.parametrize("game", [CartPole(horizon=60), Text()], ids=["cartpole", "text"])
def test_replaying_clips_gives_the_clips(game):
    rng = np.random.default_rng(3)
    played = play(game)
    clips = clip(played, np.minimum(rng.integers(3, size=40), played.lengths - 1), 8)
    again = replay(game, clips.states[:, 0], clips.actions, clips.mask, rng, clips.first_step)
    shown = clips.mask[:, :again.mask.shape[1]]
    assert np.array_equal(again.mask, shown) and np.array_equal(again.ended, clips.ended)
    assert np.array_equal(again.states[:, 1:][shown], clips.states[:, 1:again.states.shape[1]][shown])
    assert np.array_equal(again.true_rewards, clips.true_rewards[:, :again.mask.shape[1]])


def test_a_mask_with_a_hole_is_refused():
    game = CartPole(horizon=9)
    with pytest.raises(ValueError, match="mask: expected the played steps first"):
        states, mask = game.start(2, np.random.default_rng(0)), np.array([[1, 1, 0], [1, 0, 1]])
        replay(game, states, np.zeros((2, 3), int), mask, None)


def test_a_replay_stops_where_its_mask_stops():
    game, given = CartPole(frozen=True, horizon=9), np.arange(6) < np.array([[1], [4], [6]])
    episodes = replay(game, game.start(3, np.random.default_rng(4)), np.ones((3, 6), int), given, None)
    assert np.array_equal(episodes.mask, given) and not episodes.ended.any() and not episodes.true_rewards[~given].any()
    assert np.array_equal(episodes.states[0, 1:], np.repeat(episodes.states[:1, 1], 6, axis=0))
    assert np.array_equal(episodes.observations, episodes.states) and not np.isnan(episodes.log_probs[~given]).any()


def test_a_word_broken_off_in_a_replay_has_not_ended():
    game = Text()
    _, actions, mask = game.demonstrations(["lano", "merola"])
    whole = replay(game, game.start(2, None), actions, mask, None)
    assert whole.ended.all() and np.array_equal(whole.lengths, [5, 7]) and np.array_equal(whole.true_returns, [2, 2])
    broken = mask.copy()
    broken[0, 4] = False                                               # without its end mark
    assert np.array_equal(replay(game, game.start(2, None), actions, broken, None).ended, [False, True])


# ---- clip and join

@games
def test_a_clip_is_the_slice_of_its_episode(game):
    episodes, rng = play(game), np.random.default_rng(5)
    T = episodes.mask.shape[1]
    first = rng.integers(T, size=40)
    clips = clip(episodes, first, 7)
    for row in range(40):
        span = slice(first[row], first[row] + 7)
        n = episodes.mask[row, span].sum()
        assert np.array_equal(clips.mask[row], np.arange(7) < n)
        assert np.array_equal(clips.states[row, :n + 1], episodes.states[row, first[row]:first[row] + n + 1])
        assert np.array_equal(clips.actions[row, :n], episodes.actions[row, span][:n])
        assert not clips.actions[row, n:].any()
        assert np.isclose(clips.true_returns[row], episodes.true_rewards[row, span].sum())
        assert (clips.states[row, n:] == clips.states[row, n]).all()
    assert np.array_equal(clips.first_step, first) and np.array_equal(clips.observations, game.observe(clips.states))


@games
def test_a_clip_of_a_clip_is_a_clip(game):
    episodes, rng = play(game), np.random.default_rng(6)
    outer, inner = rng.integers(episodes.mask.shape[1], size=40), rng.integers(4, size=40)
    assert_equal(clip(clip(episodes, outer, 9), inner, 5), clip(episodes, outer + inner, 5))


@games
def test_the_clip_of_everything_is_everything(game):
    episodes = play(game)
    whole = clip(episodes, np.zeros(40, int), episodes.mask.shape[1])
    assert_equal(whole, episodes, but=["actions"])
    assert np.array_equal(whole.actions[whole.mask], episodes.actions[episodes.mask])


def test_only_a_clip_that_reaches_the_end_has_ended():
    episodes = play(Text(), n=200)
    for length in (1, 3):
        first = np.maximum(episodes.lengths - length, 0)
        assert clip(episodes, first, length).ended.all()
        assert not clip(episodes, np.maximum(first - 1, 0), length).ended[first > 0].any()


def test_joining_keeps_every_part_and_pads_it_with_nothing():
    game = Gridworld(slip=0.3, horizon=12)
    sizes = enumerate([(3, 5), (7, 12), (1, 1)])
    parts = [clip(play(game, n, seed), np.zeros(n, int), length) for seed, (n, length) in sizes]
    whole, row = join(parts), 0
    assert whole.mask.shape == (11, 12) and whole.states.shape == (11, 13)
    for part in parts:
        mine, T = whole[row:row + len(part)], part.mask.shape[1]
        assert_equal(clip(mine, np.zeros(len(part), int), T), part)
        assert not mine.mask[:, T:].any() and not mine.true_rewards[:, T:].any() and not mine.log_probs[:, T:].any()
        assert (mine.states[:, T:] == part.states[:, -1:]).all()
        assert (mine.observations[:, T:] == part.observations[:, -1:]).all()
        row += len(part)
    assert all(getattr(whole, field.name).dtype == getattr(parts[0], field.name).dtype for field in fields(Episodes))
    assert_equal(join([parts[0]]), parts[0])


def test_states_of_several_numbers_and_continuous_actions_are_cut_and_joined_alike():
    rng = np.random.default_rng(7)
    states, mask = rng.normal(size=(4, 7, 2, 3)), np.arange(6) < np.array([[6], [2], [4], [1]])
    episodes = Episodes(states, states[..., 0], rng.normal(size=(4, 6, 2)), np.zeros((4, 6)), mask, mask[:, 0],
                        np.zeros(4, int), 1.0 * mask)
    clips = clip(episodes, np.array([1, 1, 0, 0]), 2)
    assert clips.actions.shape == (4, 2, 2) and np.array_equal(clips.lengths, [2, 1, 2, 1])
    assert not clips.actions[~clips.mask].any()
    both = join([clips, episodes])
    assert both.actions.shape == (8, 6, 2)
    assert np.array_equal(both.decisions[1], np.concatenate([clips.decisions[1], episodes.decisions[1]]))


# ---- views

@games
def test_decisions_and_as_table_undo_each_other(game):
    episodes = play(game)
    observations, actions = episodes.decisions
    assert len(observations) == len(actions) == episodes.mask.sum()
    assert np.array_equal(episodes.as_table(actions)[episodes.mask], actions)
    assert not episodes.as_table(actions + 1)[~episodes.mask].any()
    assert np.array_equal(episodes.as_table(episodes.true_rewards[episodes.mask]), episodes.true_rewards)


@pytest.mark.parametrize("game, network", [(Gridworld(horizon=12), Table(30, 4)),
                                           (CartPole(horizon=60), MLP((4, 8, 2), np.random.default_rng(0)))],
                         ids=["table", "mlp"])
def test_the_log_probs_of_the_decisions_are_those_of_the_acting_policy(game, network):
    rng = np.random.default_rng(8)
    network.params.vector += rng.normal(size=network.params.vector.size).astype(network.dtype)
    policy = Policy(network)
    episodes = rollout(game, policy, game.start(20, rng), rng)
    assert np.allclose(episodes.as_table(policy.log_probs(*episodes.decisions)[0]), episodes.log_probs, atol=1e-5)
    everywhere, _ = policy.log_probs(episodes.observations[:, :-1], episodes.actions)
    assert np.allclose(everywhere * episodes.mask, episodes.log_probs, atol=1e-5)


def test_rows_are_picked_by_slice_by_number_and_by_mask():
    episodes = play(GAMES["grid"])
    assert len(episodes) == 40 and len(episodes[3:5]) == 2
    assert_equal(episodes[[3, 4]], episodes[3:5])
    assert_equal(episodes[np.isin(np.arange(40), (3, 4))], episodes[3:5])


def test_blindfolded_episodes_hide_the_true_rewards_and_nothing_else():
    episodes = play(GAMES["grid"])
    hidden = blindfolded(episodes)
    assert np.isnan(hidden.true_rewards).all() and np.isnan(hidden.true_returns).all()
    assert np.isfinite(episodes.true_rewards).all()
    assert_equal(replace(hidden, true_rewards=episodes.true_rewards), episodes)


def test_groups_start_alike_and_stand_next_to_each_other():
    rng = np.random.default_rng(9)
    starts = start_in_groups(CartPole(), 12, 3, rng).reshape(4, 3, 4)
    assert (starts == starts[:, :1]).all() and len(np.unique(starts[:, 0, 0])) == 4
    with pytest.raises(ValueError, match="multiple of the group size 5, got 12"):
        start_in_groups(CartPole(), 12, 5, rng)


@pytest.mark.parametrize("name, call", [
    ("group", lambda game, rng: start_in_groups(game, 12, 0, rng)),
    ("group", lambda game, rng: start_in_groups(game, 12, 2.5, rng)),
    ("episodes", lambda game, rng: start_in_groups(game, 0, 3, rng)),
    ("episodes", lambda game, rng: start_in_groups(game, -3, 3, rng)),
    ("steps_at_most", lambda game, rng: play(game, steps_at_most=0)),
    ("steps_at_most", lambda game, rng: play(game, steps_at_most=-1)),
    ("length", lambda game, rng: clip(play(game), 0, -2)), ("first", lambda game, rng: clip(play(game), -1, 2)),
    ("parts", lambda game, rng: join([])),
    ("actions", lambda game, rng: replay(game, game.start(2, rng), np.full((2, 3), -1), np.ones((2, 3), bool), rng))])
def test_what_cannot_be_played_cut_or_joined_is_refused_by_name(name, call):
    with pytest.raises(ValueError, match=f"^{name}: expected"):
        call(GAMES["grid"], np.random.default_rng(10))


# ---- cut, spliced, trimmed

def walks(n=40, horizon=12, seed=0):
    game, rng = Gridworld(horizon=horizon), np.random.default_rng(seed)
    return game, rollout(game, Policy(Table(game.n_states, 4)), game.start(n, rng), rng)


def equal_but_for_padding(one, other):
    """Do two stacks of episodes hold the same steps?"""
    assert np.array_equal(one.lengths, other.lengths) and np.array_equal(one.ended, other.ended)
    for row, length in enumerate(one.lengths):
        for name in ("actions", "log_probs", "true_rewards"):
            assert np.array_equal(getattr(one, name)[row, :length], getattr(other, name)[row, :length]), name
        assert np.array_equal(one.states[row, :length + 1], other.states[row, :length + 1])
    for each in (one, other):
        assert not each.true_rewards[~each.mask].any() and not each.actions[~each.mask].any()


def test_what_is_cut_is_a_clip_from_the_start_in_as_many_columns_as_before():
    _, episodes = walks()
    lengths = np.random.default_rng(1).integers(1, 20, size=40)
    cut = cut_at(episodes, lengths)
    assert cut.mask.shape == episodes.mask.shape and np.array_equal(cut.lengths, np.minimum(lengths, episodes.lengths))
    for length in np.unique(lengths):
        rows = lengths == length
        equal_but_for_padding(cut[rows], clip(episodes[rows], 0, int(length)))
    assert np.array_equal(cut.ended, episodes.ended & (lengths >= episodes.lengths))
    # they stay where they stopped
    assert np.array_equal(cut.states[np.arange(40), -1], episodes.states[np.arange(40), cut.lengths])


def test_an_episode_cut_in_two_and_spliced_again_is_what_it_was():
    _, episodes = walks(seed=2)
    at = np.random.default_rng(3).integers(0, episodes.lengths + 1)
    whole = splice(episodes, at, clip(episodes, at, 12))
    equal_but_for_padding(whole, episodes)
    assert np.array_equal(whole.first_step, episodes.first_step)


def test_a_spliced_episode_is_its_beginning_and_then_its_tail():
    _, episodes = walks(seed=4)
    tails, at = walks(seed=5)[1], np.random.default_rng(6).integers(0, episodes.lengths)
    whole = splice(episodes, at, tails)
    assert np.array_equal(whole.lengths, at + tails.lengths) and np.array_equal(whole.ended, tails.ended)
    for row, start in enumerate(at):
        assert np.array_equal(whole.actions[row, :start], episodes.actions[row, :start])
        assert np.array_equal(whole.actions[row, start:whole.lengths[row]], tails.actions[row, :tails.lengths[row]])
    returns = [episodes.true_rewards[row, :start].sum() for row, start in enumerate(at)] + tails.true_returns
    assert np.allclose(whole.true_returns, returns) and not whole.true_rewards[~whole.mask].any()


def test_an_empty_tail_ends_an_episode_as_it_ended():
    _, episodes = walks(seed=7)
    nothing = clip(episodes, episodes.lengths, 2)
    assert not nothing.mask.any() and episodes.ended.any() and not episodes.ended.all()
    equal_but_for_padding(splice(episodes, episodes.lengths, nothing), episodes)


def test_trimming_leaves_out_only_columns_in_which_nobody_played():
    _, episodes = walks(seed=8)
    trim = trimmed(cut_at(episodes, np.full(40, 3)))
    assert trim.mask.shape[1] == trim.lengths.max() == 3 and trim.states.shape[1] == 4
    equal_but_for_padding(trim, cut_at(episodes, np.full(40, 3)))
    assert trimmed(cut_at(episodes, np.zeros(40, int))).mask.shape[1] == 1


def test_another_play_from_a_start_may_take_as_long_as_a_clip_or_until_the_horizon_where_the_game_ended():
    game, episodes = walks(seed=9)
    parts = clip(episodes, 2, 3)
    assert np.array_equal(steps_left(game, parts), np.where(parts.ended, 12 - 2, parts.lengths)) and parts.ended.any()


def test_the_log_probability_of_an_episode_is_the_sum_of_its_played_steps():
    _, episodes = walks(seed=10)
    assert episodes.lengths.min() < 12
    assert np.allclose(log_probs_of(Policy(Table(30, 4)), episodes)[0], episodes.log_probs.sum(axis=1))
