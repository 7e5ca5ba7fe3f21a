"""Our games in Gymnasium pass its checker; our CartPole is its CartPole, and learners of either work in both."""
import re
import warnings
from pathlib import Path

import numpy as np
import pytest

from tinyrlhf.episodes import rollout
from tinyrlhf.games.cartpole import CartPole
from tinyrlhf.rlhf import rlhf
from tinyrlhf.worlds import build


def returns_in_gymnasium(policy, n, rng):
    """Returns (n,) of episodes with sampled actions in the real game."""
    gymnasium = pytest.importorskip("gymnasium")
    game, returns = gymnasium.make("CartPole-v1"), np.zeros(n)
    for episode in range(n):
        observation, _ = game.reset(seed=int(rng.integers(2 ** 31)))
        over = False
        while not over:
            actions, _ = policy.act(observation[None], rng)
            observation, reward, terminated, truncated, _ = game.step(int(actions[0]))
            returns[episode] += reward
            over = terminated or truncated
    return returns


@pytest.mark.parametrize("rounds", [1, 2])
def test_a_half_trained_policy_has_the_same_mean_return_within_its_interval(rounds):
    pytest.importorskip("gymnasium")
    state = rlhf(build("cartpole", seed=3, person="nobody"), rounds)
    rng, game = np.random.default_rng(4), CartPole()
    here = rollout(game, state.policy, game.start(400, rng), rng).lengths
    there = returns_in_gymnasium(state.policy, 120, rng)
    band = 4 * np.sqrt(here.var() / len(here) + there.var() / len(there))
    assert 25 < here.mean() < 499 and abs(here.mean() - there.mean()) < band


@pytest.mark.slow
def test_a_policy_taught_by_comparisons_balances_in_gymnasium_too():
    pytest.importorskip("gymnasium")
    state = rlhf(build("cartpole", seed=120))
    assert returns_in_gymnasium(state.policy, 10, np.random.default_rng(5)).mean() >= 475


GAMES = re.findall(r'^GAMES = (\{.*?\})', Path(__file__).parent.parent.joinpath(
    "tinyrlhf/gymnasium_envs.py").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)[0]
NAMES = re.findall(r'"(\w+)":', GAMES)                     # known where gymnasium is not installed


@pytest.fixture
def envs():
    pytest.importorskip("gymnasium")
    from tinyrlhf import gymnasium_envs
    return gymnasium_envs


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_the_official_checker_finds_nothing(envs, name):
    import gymnasium
    from gymnasium.utils.env_checker import check_env
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(gymnasium.make(f"tinyrlhf/{name}-v0").unwrapped)


@pytest.mark.parametrize("name", NAMES)
def test_side_by_side_and_alone_are_the_game_itself(envs, name):
    import gymnasium
    game, rng = envs.GAMES[name](), np.random.default_rng(3)
    env = gymnasium.make(f"tinyrlhf/{name}-v0")
    many = gymnasium.make_vec(f"tinyrlhf/{name}-v0", num_envs=2)
    env.action_space.seed(4)
    (seen, _), (side, _), states = env.reset(seed=3), many.reset(seed=3), game.start(1, rng)
    assert seen in env.observation_space and side in many.observation_space
    for t in range(min(game.horizon, 30)):
        action = env.action_space.sample()
        states, rewards, done = game.step(states, np.asarray(action)[None], rng)
        seen, reward, terminated, truncated, info = env.step(action)
        assert np.array_equal(seen, game.observe(states)[0]) and reward == rewards[0]
        over = terminated or truncated
        assert over == (done[0] or t + 1 == game.horizon) and not (terminated and truncated)
        side, _, *ends, _ = many.step(many.action_space.sample())
        assert side in many.observation_space
        if over:
            assert terminated == (done[0] or game.horizon_is_end)
            break


def test_after_an_end_the_next_step_begins_anew_and_earns_nothing(envs):
    many = envs.GameVectorEnv(CartPole(horizon=7), num_envs=3)
    many.reset(seed=1)
    actions = np.array([0, 1, 0])
    ends = [many.step(actions)[3].tolist() for _ in range(16)]
    assert [t for t, each in enumerate(ends) if all(each)] == [6, 14] and sum(map(any, ends)) == 2
    many.reset(seed=1)
    for _ in range(7):
        many.step(actions)
    seen, rewards, terminated, truncated, _ = many.step(actions)
    assert np.abs(seen).max() <= 0.05 and not rewards.any() and not terminated.any() and not truncated.any()


def test_a_mask_begins_only_its_rows_anew(envs):
    many = envs.GameVectorEnv(CartPole(), num_envs=3)
    many.reset(seed=1)
    before = many.step(np.array([0, 0, 0]))[0]
    after, _ = many.reset(options={"reset_mask": np.array([True, False, True])})
    assert np.array_equal(after[1], before[1]) and not np.array_equal(after[[0, 2]], before[[0, 2]])
    assert many.played.tolist() == [0, 1, 0]
    while not many.over[1]:
        many.step(np.array([0, 0, 0]))
    many.reset(options={"reset_mask": np.array([True, False, True])})
    many.step(np.array([0, 0, 0]))
    assert many.played.tolist() == [1, 0, 1]  # the one that had ended begins anew, too


def test_a_reward_of_ones_own_takes_the_place_of_the_true_one(envs):
    env = envs.GameEnv(CartPole(), reward=lambda states, actions, after: after[:, 0] - states[:, 0])
    before, _ = env.reset(seed=5)
    after, reward, *_ = env.step(1)
    assert reward == after[0] - before[0] != 1


def test_legal_actions_are_told_and_pictures_have_pixels(envs):
    env = envs.make("CaptureGo", render_mode="rgb_array")
    _, info = env.reset(seed=0)
    assert info["action_mask"].sum() == (env.game.legal(env.game.observe(env.states))).sum() > 1
    picture = env.render()
    assert picture.dtype == np.uint8 and picture.shape == (400, 400, 3) and 20 < picture.std()
    many = envs.make_vector("CaptureGo", num_envs=4)
    assert many.reset(seed=0)[1]["action_mask"].shape == (4, env.action_space.n)
    text = envs.make("Gridworld", render_mode="ansi")
    text.reset(seed=0)
    assert text.render() == text.game.show(text.states[0])


@pytest.mark.slow
def test_stable_baselines3_learns_in_ours_unchanged(envs):
    baselines = pytest.importorskip("stable_baselines3")
    import gymnasium
    env = gymnasium.make("tinyrlhf/CartPole-v0")
    model = baselines.PPO("MlpPolicy", env, seed=0, n_steps=512, device="cpu").learn(8192)
    policy_returns = []
    for seed in range(20):
        seen, _ = env.reset(seed=seed)
        total = over = 0
        while not over:
            seen, reward, terminated, truncated, _ = env.step(model.predict(seen)[0])
            total, over = total + reward, terminated or truncated
        policy_returns.append(total)
    assert np.mean(policy_returns) > 60                    # at random it is 22
