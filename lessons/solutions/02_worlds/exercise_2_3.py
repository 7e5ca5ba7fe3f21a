"""Exercise 2.3, rollout: its solution, hints and usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise


@exercise("2.3", minutes=9, hints=[
    "Look, choose, step, write down; again and again. You look once more than you act: before the "
    "first move, and after each one.",
    "look 0, move 0, pay 0, look 1, move 1, pay 1, ..., look T: T moves, T rewards, T + 1 "
    "observations. Stop when the world says done, or when T = game.horizon.",
    "`state, done = game.start(1, rng), False` and `observations = [game.observe(state)[0]]`"])
def rollout(game, choose, rng):
    """Play one episode and keep all of it.

    game: a world of this package. It plays many episodes side by side, so states, actions, rewards
    and done are arrays with one entry for each episode; you play one, so they have length 1:

        state = game.start(1, rng)
        observation = game.observe(state)[0]
        next_state, reward, done = game.step(state, np.array([action]), rng)

    choose: function (observation, rng) -> action. rng: a np.random.Generator. The episode stops
    when the world says done[0], or is cut after game.horizon steps. Returns (observations, actions,
    rewards, ended) for an episode of T steps: array (T+1, ...) with the first and the last
    observation, array (T,), array (T,), and True if the world said done, False if the episode was
    only cut.

    Worked: on the map of this lesson a robot that always goes east arrives after 6 moves over three
    flower beds: observations [14, 15, 16, 17, 18, 19, 20], actions six times 1, rewards [-0.04,
    -0.64, -0.64, -0.64, -0.04, 0.96], ended True.
    """
    state, done = game.start(1, rng), False
    observations, actions, rewards = [game.observe(state)[0]], [], []
    while not done and len(actions) < game.horizon:
        actions.append(choose(observations[-1], rng))
        state, reward, is_end = game.step(state, np.array(actions[-1:]), rng)
        observations.append(game.observe(state)[0])
        rewards.append(reward[0])
        done = bool(is_end[0])
    return np.array(observations), np.array(actions), np.array(rewards), done


def lesson_map(horizon=40):
    from tinyrlhf.games.gridworld import Gridworld
    return Gridworld(".......\n.......\nS.^^^.G\n.......\nL......", slip=0.0, horizon=horizon)


def in_fog():
    """The same map, but the robot sees only its column: observation and state are two things."""
    game = lesson_map()
    game.observe = lambda states: np.asarray(states) % 7
    return game


def cart():
    from tinyrlhf.games.cartpole import CartPole
    return CartPole()


rollout.cases = [(lesson_map(), lambda observation, rng: 1),
                 (lesson_map(horizon=4), lambda observation, rng: 1),
                 (cart(), lambda observation, rng: 1),
                 (in_fog(), lambda observation, rng: 1 if observation < 6 else 0),
                 (lesson_map(horizon=6), lambda observation, rng: 1),
                 (cart(), lambda observation, rng: int(rng.integers(2))),
                 (lesson_map(horizon=8), lambda observation, rng: 1 if observation < 16 else 0)]


@rollout.play
def with_the_same_dice(f, game, choose):
    return f(game, choose, np.random.default_rng(0))


@rollout.law("Whatever is thrown by the policy must come from the rng that it is handed: two runs "
             "with equal dice must be equal. Are they?")
def equal_dice_give_equal_episodes(f):
    runs = [f(cart(), lambda observation, rng: int(rng.integers(2)), np.random.default_rng(3))
            for _ in range(2)]
    return all(np.array_equal(a, b) for a, b in zip(*runs))


@rollout.right
def episodes_of_the_library(game, choose, rng):
    from tinyrlhf.episodes import collect, steps
    start = game.start(1, rng)
    played = steps(game, lambda seen, rng: (np.array([choose(seen[0], rng)]), np.zeros(1)), start,
                   rng)
    played = collect(game, played, start, 0)
    return played.observations[0], played.actions[0], played.true_rewards[0], bool(played.ended[0])


@rollout.right
def with_a_for_loop(game, choose, rng):
    states, moves, pay, ended = [game.start(1, rng)], [], [], False
    for _ in range(game.horizon):
        action = choose(game.observe(states[-1])[0], rng)
        after, reward, done = game.step(states[-1], np.array([action]), rng)
        states, moves, pay = states + [after], moves + [action], pay + [float(reward[0])]
        if done[0]:
            ended = True
            break
    return game.observe(np.concatenate(states)), np.array(moves), np.array(pay), ended


@rollout.wrong("The observations are one step off: the one stored beside each move is what was "
               "seen after it. A move must stand beside what the robot saw when it chose. What is "
               "kept before the first move?")
def observation_after_the_move(game, choose, rng):
    observations, *rest = rollout(game, choose, rng)
    return (observations[1:], *rest)


@rollout.wrong("The last observation is missing. T moves have T + 1 observations around them, and "
               "the last shows how it all came out. What is seen after the last move?")
def last_observation_lost(game, choose, rng):
    observations, *rest = rollout(game, choose, rng)
    return (observations[:-1], *rest)


@rollout.wrong("`ended` is True also where the time was up. A cut is not an end: the robot might "
               "have gone on, and learners count on the difference. Who may say that an episode "
               "has ended?")
def a_cut_taken_for_an_end(game, choose, rng):
    return (*rollout(game, choose, rng)[:3], True)


@rollout.wrong("It plays on after the world said done. Nothing that happens then is part of the "
               "episode. What should the loop look at, besides the horizon?")
def plays_on_after_the_end(game, choose, rng):
    states, actions, rewards, ended = [game.start(1, rng)], [], [], False
    for _ in range(game.horizon):
        actions.append(choose(game.observe(states[-1])[0], rng))
        state, reward, done = game.step(states[-1], np.array(actions[-1:]), rng)
        states, rewards, ended = states + [state], rewards + [reward[0]], ended or bool(done[0])
    return game.observe(np.concatenate(states)), np.array(actions), np.array(rewards), ended


@rollout.wrong("It keeps the states of the world. A robot knows only what it sees, and in fog that "
               "is less: keep what game.observe(state) gives, and let the robot choose by it. "
               "Where do you need the state itself?")
def states_for_observations(game, choose, rng):
    look = game.observe
    game.observe = lambda states: states
    try:
        return rollout(game, choose, rng)
    finally:
        game.observe = look


@rollout.wrong("It keeps the states, although the robot chooses by what it sees. Later a learner "
               "will be given this list as what the robot saw. What does game.observe(state) give?")
def states_kept_beside_observations(game, choose, rng):
    _, actions, rewards, ended = rollout(game, choose, rng)
    state, states = game.start(1, np.random.default_rng(0)), []
    for action in [*actions, 0]:
        states.append(state[0])
        state = game.step(state, np.array([action]), rng)[0]
    return np.array(states), actions, rewards, ended


@rollout.wrong("It plays on beyond game.horizon when the world never says done. In a world without "
               "an end that would last for ever. How many steps are allowed?")
def never_looks_at_the_horizon(game, choose, rng):
    horizon, game.horizon = game.horizon, 10_000
    try:
        return rollout(game, choose, rng)
    finally:
        game.horizon = horizon


@rollout.wrong("The step that ends the episode is missing: the loop stops before it is written "
               "down, and with it the reward for arriving. What has to happen first, writing down "
               "or stopping?")
def the_last_step_lost(game, choose, rng):
    observations, actions, rewards, ended = rollout(game, choose, rng)
    last = len(rewards) - ended
    return observations[:len(observations) - ended], actions[:last], rewards[:last], ended
