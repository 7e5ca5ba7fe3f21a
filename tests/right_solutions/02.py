"""Right solutions of lesson 02 in different styles, written from the stubs alone; named EXERCISE__style."""
import itertools
import math

import numpy as np


def cartpole_step__loops(state, action):
    x, speed, angle, turning = (float(value) for value in state)
    force = 10.0 if action == 1 else -10.0
    sin, cos = math.sin(angle), math.cos(angle)
    u = (force + 0.05 * turning ** 2 * sin) / 1.1
    angle_acc = (9.8 * sin - u * cos) / (0.5 * (4 / 3 - 0.1 * cos ** 2 / 1.1))
    acc = u - 0.05 * angle_acc * cos / 1.1
    new = [old + 0.02 * slope for old, slope in zip((x, speed, angle, turning), (speed, acc, turning, angle_acc))]
    return np.array(new), abs(new[0]) > 2.4 or abs(new[2]) > 12 * math.pi / 180


def cartpole_step__vector(state, action):
    _, speed, angle, turning = state
    sin, cos = np.sin(angle), np.cos(angle)
    u = (20 * action - 10 + 0.05 * turning ** 2 * sin) / 1.1
    angle_acc = (9.8 * sin - u * cos) / (0.5 * (4 / 3 - 0.1 * cos ** 2 / 1.1))
    new = state + 0.02 * np.array([speed, u - 0.05 * angle_acc * cos / 1.1, turning, angle_acc])
    return new, bool(np.any(np.abs(new[[0, 2]]) > [2.4, np.radians(12)]))


def cartpole_step__float32(state, action):
    state = np.asarray(state, dtype=np.float32)
    f = np.float32
    sin, cos = np.sin(state[2]), np.cos(state[2])
    force = f(10) if action else f(-10)
    u = (force + f(0.05) * state[3] * state[3] * sin) / f(1.1)
    angle_acc = (f(9.8) * sin - u * cos) / (f(0.5) * (f(4 / 3) - f(0.1) * cos * cos / f(1.1)))
    acc = u - f(0.05) * angle_acc * cos / f(1.1)
    new = state + f(0.02) * np.array([state[1], acc, state[3], angle_acc], dtype=np.float32)
    return new, abs(new[0]) > f(2.4) or abs(new[2]) > f(math.radians(12))


def cartpole_step__inplace(state, action):
    new = np.array(state, dtype=float)
    x, speed, angle, turning = new.tolist()
    u = ((-10, 10)[action] + 0.05 * turning ** 2 * math.sin(angle)) / 1.1
    angle_acc = 9.8 * math.sin(angle) - u * math.cos(angle)
    angle_acc /= 0.5 * (4 / 3 - 0.1 * math.cos(angle) ** 2 / 1.1)
    new[0] += 0.02 * speed
    new[2] += 0.02 * turning
    new[1] += 0.02 * (u - 0.05 * angle_acc * math.cos(angle) / 1.1)
    new[3] += 0.02 * angle_acc
    return new, not (-2.4 <= new[0] <= 2.4 and -math.radians(12) <= new[2] <= math.radians(12))


def cartpole_step__two_equations(state, action):
    """Cart and pole push each other: both accelerations from one system of two linear equations."""
    state = np.asarray(state, dtype=float)
    sin, cos = np.sin(state[2]), np.cos(state[2])
    masses = np.array([[1.1, 0.05 * cos], [cos, 2 / 3]])
    pushes = np.array([10.0 * (1 if action else -1) + 0.05 * state[3] ** 2 * sin, 9.8 * sin])
    acc, angle_acc = np.linalg.solve(masses, pushes)
    new = state + 0.02 * np.array([state[1], acc, state[3], angle_acc])
    return new, np.abs(new[0]) > 2.4 or np.abs(new[2]) > np.pi / 15


def discounted_returns__loops(rewards, gamma):
    returns = []
    for t in range(len(rewards)):
        total = 0.0
        for k in range(t, len(rewards)):
            total += gamma ** (k - t) * rewards[k]
        returns.append(total)
    return np.array(returns)


def discounted_returns__backwards(rewards, gamma):
    returns, still = [], 0.0
    for reward in rewards[::-1]:
        still = reward + gamma * still
        returns.append(still)
    return np.array(returns[::-1])


def discounted_returns__vector(rewards, gamma):
    steps = np.arange(len(rewards))
    later = steps[None, :] - steps[:, None]
    return np.where(later >= 0, float(gamma) ** np.maximum(later, 0), 0.0) @ rewards


def discounted_returns__float32(rewards, gamma):
    returns = np.array(rewards, dtype=np.float32)
    for t in range(len(returns) - 2, -1, -1):
        returns[t] += np.float32(gamma) * returns[t + 1]
    return returns


def discounted_returns__inplace(rewards, gamma):
    returns = np.array(rewards, dtype=float)
    for t in reversed(range(len(returns) - 1)):
        returns[t] += gamma * returns[t + 1]
    return returns


def discounted_returns__solve(rewards, gamma):
    """G = rewards + gamma * (G one step later), solved for G."""
    return np.linalg.solve(np.eye(len(rewards)) - gamma * np.eye(len(rewards), k=1), np.asarray(rewards, dtype=float))


def discounted_returns__polyval(rewards, gamma):
    return np.array([np.polyval(rewards[t:][::-1], gamma) for t in range(len(rewards))])


def rollout__loops(game, choose, rng):
    state = game.start(1, rng)
    observations, actions, rewards, ended = [np.array(game.observe(state)[0])], [], [], False
    while not ended and len(actions) < game.horizon:
        action = choose(observations[-1], rng)
        state, reward, done = game.step(state, np.array([action]), rng)
        observations.append(np.array(game.observe(state)[0]))
        actions.append(action)
        rewards.append(float(reward[0]))
        ended = bool(done[0])
    return np.array(observations), np.array(actions), np.array(rewards), ended


def rollout__inplace(game, choose, rng):
    """Arrays for the longest episode first, of which the rest is cut off at the end."""
    state = game.start(1, rng)
    first = np.asarray(game.observe(state)[0])
    observations = np.zeros((game.horizon + 1, *first.shape), first.dtype)
    actions, rewards = np.zeros(game.horizon, int), np.zeros(game.horizon)
    observations[0] = first
    for t in range(game.horizon):
        actions[t] = choose(observations[t].copy(), rng)
        state, reward, done = game.step(state, actions[t:t + 1].copy(), rng)
        observations[t + 1], rewards[t] = game.observe(state)[0], reward[0]
        if done[0]:
            return observations[:t + 2], actions[:t + 1], rewards[:t + 1], True
    return observations, actions, rewards, False


def rollout__float32(game, choose, rng):
    state, done = game.start(1, rng), np.array([False])
    seen, steps = [np.copy(game.observe(state)[0])], []
    for _ in range(game.horizon):
        action = choose(seen[-1], rng)
        state, reward, done = game.step(state, np.array([action]), rng)
        seen.append(np.copy(game.observe(state)[0]))
        steps.append((action, reward[0]))
        if done[0]:
            break
    actions, rewards = zip(*steps)
    return np.array(seen, dtype=np.float32), np.array(actions), np.array(rewards, dtype=np.float32), done[0]


def rollout__recursion(game, choose, rng):
    def play_on(state, steps_left):
        observation = np.array(game.observe(state)[0])
        if steps_left == 0:
            return [observation], [], [], False
        action = choose(observation, rng)
        state, reward, done = game.step(state, np.array([action]), rng)
        if done[0]:
            return [observation, np.array(game.observe(state)[0])], [action], [reward[0]], True
        observations, actions, rewards, ended = play_on(state, steps_left - 1)
        return [observation, *observations], [action, *actions], [reward[0], *rewards], ended

    observations, actions, rewards, ended = play_on(game.start(1, rng), game.horizon)
    return np.stack(observations), np.array(actions), np.array(rewards), ended


def rollout__generator(game, choose, rng):
    def steps(state):
        while True:
            action = choose(game.observe(state)[0].copy(), rng)
            state, reward, done = game.step(state, np.array([action]), rng)
            yield game.observe(state)[0].copy(), action, reward[0], done[0]
            if done[0]:
                return

    start = game.start(1, rng)
    first = game.observe(start)[0].copy()
    after, actions, rewards, done = zip(*itertools.islice(steps(start), game.horizon))
    return np.array([first, *after]), np.array(actions), np.array(rewards), bool(done[-1])


def loophole__to_and_fro(reward):
    if reward == "closer":
        return [1, 3] * 20
    return [0] + [1] * 6 + [3, 1] * 16


def loophole__up_and_down(reward):
    return {"closer": [0, 2] * 20, "flag": [0, 1, 1, 1, 1, 1, 1] + [0, 2] * 8 + [2]}[reward]


def shaped_rewards__loops(rewards, potentials, gamma):
    shaped = []
    for t in range(len(rewards)):
        shaped.append(rewards[t] + gamma * potentials[t + 1] - potentials[t])
    return np.array(shaped)


def shaped_rewards__vector(rewards, potentials, gamma):
    return rewards + gamma * potentials[1:] - potentials[:-1]


def shaped_rewards__float32(rewards, potentials, gamma):
    potentials = np.asarray(potentials, dtype=np.float32)
    return np.asarray(rewards, dtype=np.float32) + np.convolve(potentials, np.array([gamma, -1], np.float32), "valid")


def shaped_rewards__inplace(rewards, potentials, gamma):
    shaped = np.array(rewards, dtype=float)
    shaped -= potentials[:-1]
    shaped += np.multiply(gamma, potentials[1:])
    return shaped
