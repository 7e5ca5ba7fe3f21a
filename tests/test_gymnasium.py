"""A policy that learned in our CartPole is as good in Gymnasium's CartPole-v1."""
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
    assert returns_in_gymnasium(state.policy, 30, np.random.default_rng(5)).mean() >= 475
