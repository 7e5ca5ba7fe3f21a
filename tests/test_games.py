"""Do the small games keep the protocol, and do they do what their tables, constants and published numbers say?"""
import numpy as np
import pytest

from tinyrlhf.conformance import check_game
from tinyrlhf.exact.horizon import backward_induction, finite_horizon_return
from tinyrlhf.games.bandit import Bandit
from tinyrlhf.games.capture_go import CaptureGo
from tinyrlhf.games.cartpole import ANGLE_LIMIT, X_LIMIT, CartPole, fallen, move, true_reward
from tinyrlhf.games.game import COLORS, Box, Circle, Line, Words
from tinyrlhf.games.gridworld import Gridworld

RUSSELL_NORVIG = "...G\n.#.L\nS..."
GAMES = {"bandit": Bandit([0.0, 1.0, -0.5]), "one arm": Bandit([0.0], noise=0.0), "grid": Gridworld(),
         "always slips": Gridworld(slip=1.0),
         "two starts": Gridworld("S.G\n.^S", horizon=7), "cartpole": CartPole(), "frozen": CartPole(frozen=True),
         "capture-go": CaptureGo(), "judged": CaptureGo(judged=True, alertness=0.5)}
TABULAR = [name for name, game in GAMES.items() if hasattr(game, "P")]


def random_cartpoles(n, rng):
    return rng.normal(size=(n, 4)) * (1.5, 1.0, 0.15, 1.0)


@pytest.mark.parametrize("name", GAMES)
def test_every_game_keeps_the_protocol(name):
    check_game(GAMES[name], np.random.default_rng(0))


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.slow) if hasattr(GAMES[name], "legal") else name
                                  for name in GAMES])
def test_a_hundred_thousand_random_steps_stay_finite(name):
    game, rng = GAMES[name], np.random.default_rng(5)
    states = game.start(500, rng)
    for _ in range(200):
        actions = rng.integers(game.n_actions, size=500)
        if hasattr(game, "legal"):                             # one of those, at random
            actions = (game.legal(game.observe(states)) * rng.random((500, game.n_actions))).argmax(axis=1)
        states, rewards, done = game.step(states, actions, rng)
        assert np.isfinite(rewards).all() and np.isfinite(game.observe(states)).all()
        states[done] = game.start(int(done.sum()), rng)


@pytest.mark.parametrize("name", GAMES)
def test_every_scene_stays_in_the_unit_square_and_uses_the_common_colors(name):
    game, rng = GAMES[name], np.random.default_rng(1)
    states = game.start(50, rng)
    for _ in range(min(game.horizon, 60)):
        for piece in game.scene(states[0]):
            assert isinstance(piece, (Line, Circle, Box, Words)) and piece.color in COLORS
            assert all(0 <= value <= 1 for value in piece if isinstance(value, float))
        moved, _, done = game.step(states, rng.integers(game.n_actions, size=50), rng)
        moved[done] = game.start(done.sum(), rng)
        states = moved


@pytest.mark.parametrize("name", GAMES)
def test_every_key_is_an_action(name):
    assert GAMES[name].keys and set(GAMES[name].keys.values()) <= set(range(GAMES[name].n_actions))


# ---- tabular games

@pytest.mark.parametrize("name", TABULAR)
def test_sampled_steps_agree_with_P_and_R_within_five_sigma(name):
    game, rng, n = GAMES[name], np.random.default_rng(2), 100_000
    states, actions = rng.integers(game.n_states, size=n), rng.integers(game.n_actions, size=n)
    next_states, rewards, _ = game.step(states, actions, rng)
    counts, sums = np.zeros(game.P.shape), np.zeros(game.P.shape)
    np.add.at(counts, (states, actions, next_states), 1)
    np.add.at(sums, (states, actions, next_states), rewards)
    tries = counts.sum(axis=2, keepdims=True)
    assert (np.abs(counts - tries * game.P) <= 5 * np.sqrt(tries * game.P * (1 - game.P)) + 1e-9).all()
    noise = getattr(game, "noise", 0.0)
    assert (np.abs(sums - counts * game.R) <= 5 * noise * np.sqrt(counts) + 1e-9).all()


@pytest.mark.parametrize("name", TABULAR)
def test_starts_follow_d0(name):
    game, n = GAMES[name], 10_000
    counts = np.bincount(game.start(n, np.random.default_rng(3)), minlength=game.n_states)
    assert (np.abs(counts - n * game.d0) <= 5 * np.sqrt(n * game.d0 * (1 - game.d0))).all()


@pytest.mark.parametrize("name", TABULAR)
def test_the_end_is_absorbing_and_pays_nothing(name):
    game, rng = GAMES[name], np.random.default_rng(4)
    states = game.start(500, rng)
    ended = np.zeros(500, bool)
    for _ in range(game.horizon):
        moved, rewards, done = game.step(states, rng.integers(game.n_actions, size=500), rng)
        assert (rewards[ended] == 0).all() and done[ended].all() and (moved[ended] == states[ended]).all()
        states, ended = moved, done
    assert ended.any()
    assert (game.P[states[ended], :, states[ended]] == 1).all() and (game.R[states[ended]] == 0).all()


def test_a_bandits_rewards_spread_by_its_noise():
    n, noise = 20_000, 0.7
    _, rewards, _ = Bandit([3.0, -3.0], noise).step(np.zeros(n, int), np.zeros(n, int), np.random.default_rng(10))
    assert abs(rewards.std() - noise) < 5 * noise / np.sqrt(2 * n)


def test_a_bandit_ends_with_its_only_step_and_the_others_are_merely_cut():
    assert Bandit([1.0, 2.0]).horizon == 1 and Bandit([1.0, 2.0]).horizon_is_end
    assert not Gridworld().horizon_is_end and not CartPole().horizon_is_end


@pytest.mark.parametrize("arguments, words",
                         [(([],), "one number per arm"), (([0.0, np.nan],), "finite"),
                          (([1.0], -1.0), "noise: expected a number from 0")])
def test_a_senseless_bandit_is_refused_in_one_sentence(arguments, words):
    with pytest.raises(ValueError, match=words) as error:
        Bandit(*arguments)
    assert "\n" not in str(error.value)


# ---- gridworld

def test_the_flowers_map_has_its_published_returns():
    game, blind, firm = Gridworld(), Gridworld(flowers=0.0), Gridworld(slip=0.0)
    uniform = np.full((game.n_states, 4), 0.25)
    values, _ = backward_induction(game.P, game.R, game.horizon)
    _, actions = backward_induction(blind.P, blind.R, blind.horizon)
    west = np.eye(4)[np.full(game.n_states, 3)]                 # one step west of S there is an edge to lean on
    assert finite_horizon_return(game.P, game.R, game.d0, uniform, 40) == pytest.approx(-1.51, abs=0.005)
    assert values[0] @ game.d0 == pytest.approx(0.75, abs=0.005)
    assert finite_horizon_return(game.P, game.R, game.d0, np.eye(4)[actions], 40) == pytest.approx(0.24, abs=0.005)
    assert finite_horizon_return(firm.P, firm.R, firm.d0, west, 40) == pytest.approx(-1.60, abs=0.005)


def test_on_firm_floor_each_key_goes_where_it_says_and_walls_and_edges_stop_it():
    game = Gridworld("#..\n.S#\nG..", slip=0.0)
    for key, cell in {"up": 1, "w": 1, "right": 4, "d": 4, "down": 7, "s": 7, "left": 3, "a": 3}.items():
        assert game.step(game.starts, np.array([game.keys[key]]), np.random.default_rng(0))[0] == cell
    assert game.next_cell[1].tolist() == [1, 2, 4, 1]                           # under the upper edge, beside a wall
    assert game.show(1) == "#@.\n.S#\nG.."


def test_whoever_bumps_enters_their_own_cell_again_flowers_included():
    game = Gridworld("S^\nG.", slip=0.0, step_reward=-1.0, flowers=-10.0)
    cells, rewards, done = game.step(np.array([0, 0, 1, 0]), np.array([0, 1, 0, 2]), np.random.default_rng(0))
    assert cells.tolist() == [0, 1, 1, 2] and rewards.tolist() == [-1.0, -11.0, -11.0, 0.0]
    assert done.tolist() == [False, False, False, True]


@pytest.mark.parametrize("map, words",
                         [("S..\n.G", "equal length"), ("S.x\n..G", "'x'"), ("S G", "' '"), ("...\n..G", "one S"),
                          ("S..\n...", "one G"), ("", "one S")])
def test_a_bad_map_is_refused_in_one_sentence(map, words):
    with pytest.raises(ValueError, match=words) as error:
        Gridworld(map)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("arguments", [{"slip": 1.5}, {"slip": np.nan}, {"horizon": 0}, {"goal": np.inf}])
def test_a_senseless_gridworld_is_refused(arguments):
    with pytest.raises(ValueError, match=next(iter(arguments))):
        Gridworld(**arguments)


# ---- cartpole

def test_cartpole_follows_the_golden_trace():
    expected = [[0.0096, 0.174679195748, 0.0308, -0.24306871796],
                [0.013093583915, -0.0208688489482, 0.0259386256408, 0.0591679999394],
                [0.012676206936, 0.173871774873, 0.0271219856396, -0.22521957256],
                [0.0161536424335, 0.368595811501, 0.0226175941884, -0.509225318312],
                [0.0235255586635, 0.173162636926, 0.0124330878222, -0.209501528681]]
    states = np.array([[0.01, -0.02, 0.03, 0.04]])
    for action, row in zip([1, 0, 1, 1, 0], expected):
        states, rewards, done = CartPole().step(states, np.array([action]), None)
        assert np.abs(states[0] - row).max() < 1e-10 and rewards == 1.0 and not done


def test_cartpole_moves_as_in_gymnasium():
    gymnasium = pytest.importorskip("gymnasium")
    env, rng = gymnasium.make("CartPole-v1").unwrapped, np.random.default_rng(5)
    env.reset(seed=0)
    states, actions = random_cartpoles(300, rng), rng.integers(2, size=300)
    moved, rewards, done = CartPole().step(states, actions, rng)
    assert done.any() and not done.all()
    for state, action, after, reward, ended in zip(states, actions, moved, rewards, done):
        env.state, env.steps_beyond_terminated = state, None
        _, their_reward, their_end, _, _ = env.step(action)
        assert np.allclose(env.state, after, rtol=0, atol=1e-12) and their_reward == reward and their_end == ended


def test_a_cartpole_does_not_depend_on_its_company_or_on_the_memory_layout():
    rng = np.random.default_rng(6)
    states, actions = random_cartpoles(37, rng), rng.integers(2, size=37)
    together = move(states, actions)
    assert np.array_equal(together, move(np.asfortranarray(states), actions))
    assert np.array_equal(together, np.concatenate([move(states[i:i + 1], actions[i:i + 1]) for i in range(37)]))


def test_pushing_left_is_the_mirror_image_of_pushing_right():
    rng = np.random.default_rng(7)
    states, actions = random_cartpoles(50, rng), rng.integers(2, size=50)
    assert np.allclose(move(-states, 1 - actions), -move(states, actions), rtol=0, atol=1e-14)


def test_a_pole_has_fallen_only_strictly_beyond_the_limits():
    on = np.array([[X_LIMIT, 0, 0, 0], [0, 9, -ANGLE_LIMIT, 9]])
    beyond = np.array([[np.nextafter(X_LIMIT, 3), 0, 0, 0], [0, 0, -np.nextafter(ANGLE_LIMIT, 1), 0]])
    assert not fallen(on).any() and fallen(beyond).all()


def test_a_balanced_pole_is_cut_after_500_steps_and_one_left_alone_ends_by_itself():
    game, rng = CartPole(), np.random.default_rng(8)
    balanced, neglected = game.start(20, rng), game.start(20, rng)
    ended = np.zeros(20, bool)
    for _ in range(game.horizon):
        balanced, rewards, done = game.step(balanced, (balanced @ (0, 0, 1, 0.5) > 0).astype(int), rng)
        assert (rewards == 1).all() and not done.any()
        neglected, _, done = game.step(neglected, np.zeros(20, int), rng)
        ended |= done
    assert game.horizon == 500 and ended.all()


def test_a_frozen_pole_stays_where_it_fell_is_never_done_and_pays_its_true_reward():
    game, rng = CartPole(frozen=True), np.random.default_rng(9)
    states = game.start(30, rng)
    for _ in range(game.horizon):
        moved, rewards, done = game.step(states, rng.integers(2, size=30), rng)
        down = fallen(states)
        assert np.array_equal(moved[down], states[down]) and (moved[~down] != states[~down]).any(axis=1).all()
        assert not done.any() and np.array_equal(rewards, true_reward(moved))
        states = moved
    assert game.horizon == 200 and fallen(states).all()


def test_the_true_reward_is_one_upright_in_the_middle_and_falls_to_zero_and_a_half_at_the_limits():
    assert np.allclose(true_reward(np.array([[0, 5, 0, 5], [0, 0, ANGLE_LIMIT, 0], [-X_LIMIT, 0, 0, 0]])),
                       [1.0, 0.0, 0.5])


def test_a_cartpole_without_time_is_refused():
    assert CartPole(horizon=25).horizon == 25
    with pytest.raises(ValueError, match="whole number from 1 to 1000000, got 0"):
        CartPole(horizon=0)
