"""Exercises of lesson 2, worlds and hand-made rewards: solutions, hints, usual mistakes."""
import math

import numpy as np

from tinyrlhf.teaching import exercise


# ---- 2.1

@exercise("2.1", minutes=8, hints=[
    "Four lines of physics, one after the other, all from the old state: the push, the two accelerations, the new "
    "state. Then ask whether the new state has fallen.",
    "new state = state + 0.02 * (x', x'', angle', angle''); fallen if |x| > 2.4 or |angle| > 12 * 2 pi / 360, both of "
    "the new state.",
    "`x, speed, angle, swing = state` and `force = 10.0 if action == 1 else -10.0`"])
def cartpole_step(state, action):
    """One step of CartPole: what does a push of 10 newton do to cart and pole in 0.02 seconds?

    state: array (4,): place x of the cart in m, its speed x' in m/s, angle of the pole from upright in radians
    (positive: leaning to the right), its speed of turning in rad/s. action: 0 pushes left (force -10), 1 pushes right
    (force +10). Everything on the right-hand sides is taken from the old state:

    u         = (force + 0.05 angle'^2 sin(angle)) / 1.1
        angle''   = (9.8 sin(angle) - u cos(angle)) / (0.5 (4/3 - 0.1 cos(angle)^2 / 1.1))
        x''       = u - 0.05 angle'' cos(angle) / 1.1
        new state = state + 0.02 (x', x'', angle', angle'')

    Returns (new state, an array (4,); done). done is True when the new x is beyond 2.4 m or the new angle is beyond 12
    degrees, to either side.

    Worked: cartpole_step(np.zeros(4), 1) is ([0, 0.1951, 0, -0.2927], False): push the cart right, and the pole tips to
    the left.
    """
    x, speed, angle, swing = state
    u = ((10.0 if action == 1 else -10.0) + 0.05 * swing**2 * math.sin(angle)) / 1.1
    swing_change = (9.8 * math.sin(angle) - u * math.cos(angle)) / (0.5 * (4 / 3 - 0.1 * math.cos(angle)**2 / 1.1))
    speed_change = u - 0.05 * swing_change * math.cos(angle) / 1.1
    new = state + 0.02 * np.array([speed, speed_change, swing, swing_change])
    return new, bool(abs(new[0]) > 2.4 or abs(new[2]) > math.radians(12))


cartpole_step.cases = [(np.zeros(4), 1), (np.zeros(4), 0),
                       (np.array([0.5, -1.0, 0.1, 2.0]), 1), (np.array([0.0, 0.0, 0.2, 0.9]), 0),
                       (np.array([2.39, 0.8, 0.0, 0.1]), 0), (np.array([0.0, 0.0, 0.205, -0.5]), 1),
                       (np.array([0.0, 0.2, -0.208, -1.0]), 0)]


@cartpole_step.law("Seen in a mirror (all four numbers of the state negated, left for right), the same thing must "
                   "happen, mirrored. Does it?")
def the_mirror_makes_no_difference(f):
    state = np.array([0.3, -0.5, 0.05, 0.8])
    return np.allclose(f(-state, 0)[0], -f(state, 1)[0])


@cartpole_step.right
def physics_of_the_library(state, action):
    from tinyrlhf.games.cartpole import fallen, move
    new = move(state[None], np.array([action]))[0]
    return new, bool(fallen(new))


@cartpole_step.right
def number_by_number(state, action):
    x, speed, angle, swing = (float(part) for part in state)
    force, sine, cosine = (-10.0, 10.0)[action], np.sin(angle), np.cos(angle)
    u = (force + 0.05 * swing * swing * sine) / 1.1
    turn = (9.8 * sine - u * cosine) / (0.5 * (4 / 3 - 0.1 * cosine * cosine / 1.1))
    x, angle = x + 0.02 * speed, angle + 0.02 * swing
    new = np.array([x, speed + 0.02 * (u - 0.05 * turn * cosine / 1.1), angle, swing + 0.02 * turn])
    return new, not (-2.4 <= x <= 2.4 and abs(np.degrees(angle)) <= 12)


@cartpole_step.wrong("Cart and pole go to the wrong side: the sign of the force looks reversed. Which action pushes "
                     "left, and is left plus or minus?")
def reversed_force(state, action):
    return cartpole_step(state, 1 - action)


@cartpole_step.wrong("Action 0 seems not to push at all, as if the force were 10 times the action. 0 is the name of a "
                     "push to the left. Which force belongs to it?")
def no_force_to_the_left(state, action):
    left, right = cartpole_step(state, 0)[0], cartpole_step(state, 1)[0]
    new = (left + right) / 2 if action == 0 else right
    return new, cartpole_step(state, action)[1]


@cartpole_step.wrong("The new state is right, but a pole that leans by more than 12 degrees has not fallen. The angle "
                     "is in radians, where 12 is almost two full turns. How many radians are 12 degrees?")
def degrees_for_radians(state, action):
    new, _ = cartpole_step(state, action)
    return new, bool(abs(new[0]) > 2.4 or abs(new[2]) > 12)


@cartpole_step.wrong("The new state is right, but the fall is noticed one step late: it looks as if the old state had "
                     "been asked. Whose x and angle decide?")
def asks_the_old_state(state, action):
    return cartpole_step(state, action)[0], bool(abs(state[0]) > 2.4 or abs(state[2]) > math.radians(12))


@cartpole_step.wrong("A fall to the left is overlooked: the new x or angle is below the negative limit. Which function "
                     "forgets the sign?")
def falls_to_the_right_only(state, action):
    new, _ = cartpole_step(state, action)
    return new, bool(new[0] > 2.4 or new[2] > math.radians(12))


@cartpole_step.wrong("The positions move with the new speeds. That is a fine method too (and a steadier one), but "
                     "another world: in this one everything on the right-hand side is old. Which speeds stand in the "
                     "formula?")
def moves_with_the_new_speeds(state, action):
    new, _ = cartpole_step(state, action)
    new[0], new[2] = state[0] + 0.02 * new[1], state[2] + 0.02 * new[3]
    return new, bool(abs(new[0]) > 2.4 or abs(new[2]) > math.radians(12))


@cartpole_step.wrong("The positions move with the new speeds, and a pole that leans by more than 12 degrees has not "
                     "fallen. First take all that stands on the right-hand side from the old state. Which speeds stand "
                     "in the formula?")
def new_speeds_and_degrees(state, action):
    new = moves_with_the_new_speeds(state, action)[0]
    return new, bool(abs(new[0]) > 2.4 or abs(new[2]) > 12)


@cartpole_step.wrong("The new state is right, but `done` says yes while the pole stands and no when it has fallen. "
                     "What is over when done is True?")
def done_while_it_stands(state, action):
    new, done = cartpole_step(state, action)
    return new, not done


@cartpole_step.wrong("The state changes fifty times too much, as if a step took a whole second. How long does one push "
                     "last?")
def a_whole_second(state, action):
    new = state + 50 * (cartpole_step(state, action)[0] - state)
    return new, bool(abs(new[0]) > 2.4 or abs(new[2]) > math.radians(12))


# ---- 2.2

@exercise("2.2", minutes=5, hints=[
    "Start at the end. After the last step nothing is left; one step earlier, what is left is this reward and a little "
    "less than what comes after.",
    "return[t] = reward[t] + gamma * return[t+1], and 0 after the last step.",
    "`returns, later = np.zeros(len(rewards)), 0.0`, then a loop over `reversed(range(len(rewards)))`"])
def discounted_returns(rewards, gamma):
    """What is still to come, at each step of one episode: the reward of this step and of all later ones, each step
    further away worth less.

    rewards: array (T,). gamma: discount, from 0 (only now counts) to 1 (all steps count alike).
    Returns an array (T,): entry t is rewards[t] + gamma * rewards[t+1] + gamma^2 * rewards[t+2] + ...

    Worked: discounted_returns(np.array([1., 0., 4.]), 0.5) is [2, 2, 4].
    """
    returns, later = np.zeros(len(rewards)), 0.0
    for t in reversed(range(len(rewards))):
        later = rewards[t] + gamma * later
        returns[t] = later
    return returns


discounted_returns.cases = [(np.array([1.0, 0.0, 4.0]), 0.5), (np.ones(5), 0.9), (np.array([2.0, -1.0, 0.5, 3.0]), 0.8),
                            (np.array([2.0, -1.0, 3.0]), 1.0), (np.array([1.0, 2.0, 3.0]), 0.0), (np.array([3.0]), 0.5)]


@discounted_returns.law("A reward of 1 at each of n steps must be worth (1 - gamma^n) / (1 - gamma) at the start. Is "
                        "it, for n = 40, gamma = 0.95?")
def a_constant_reward_is_a_geometric_sum(f):
    return abs(f(np.ones(40), 0.95)[0] - (1 - 0.95**40) / 0.05) < 1e-6


@discounted_returns.right
def returns_of_the_library(rewards, gamma):
    from tinyrlhf.learning.advantages import returns_to_go
    return returns_to_go(rewards[None], gamma)[0]


@discounted_returns.right
def sum_by_sum(rewards, gamma):
    return np.array([np.sum(rewards[t:] * gamma ** np.arange(len(rewards) - t)) for t in range(len(rewards))])


@discounted_returns.wrong("It sums forward: each step gets the rewards of the past. A decision can only change what "
                          "comes after it. At which end of the episode does the sum have to start?")
def looks_back(rewards, gamma):
    return discounted_returns(rewards[::-1], gamma)[::-1]


@discounted_returns.wrong("Each return is gamma times too small: the reward of the step itself is discounted already. "
                          "It is paid now, so it counts in full. From which reward on does gamma count?")
def discounts_the_present(rewards, gamma):
    return gamma * discounted_returns(rewards, gamma)


@discounted_returns.wrong("The discount is counted from the start of the episode: later entries come out too small. "
                          "Seen from step t, the reward of step t is not far away. From where do you count the steps?")
def counts_from_the_start(rewards, gamma):
    return np.cumsum((rewards * gamma ** np.arange(len(rewards)))[::-1])[::-1]


@discounted_returns.wrong("These are plain sums, as if gamma were 1. A reward one step away counts gamma times as "
                          "much, two steps away gamma squared. Where does gamma come in?")
def no_discount(rewards, gamma):
    return discounted_returns(rewards, 1.0)


@discounted_returns.wrong("Only the next step is looked at: rewards[t] + gamma * rewards[t+1]. What comes after that "
                          "counts too. What could you add instead of the next reward?")
def one_step_ahead(rewards, gamma):
    return rewards + gamma * np.append(rewards[1:], 0.0)


@discounted_returns.wrong("The right numbers in the wrong order: the last step comes first. You worked from the end to "
                          "the start, which is good. What is left to do with the list?")
def last_comes_first(rewards, gamma):
    return discounted_returns(rewards, gamma)[::-1]


@discounted_returns.wrong("Every entry is the return of the whole episode. From step t on, only what is still to come "
                          "counts. What is left at the last step?")
def the_first_return_everywhere(rewards, gamma):
    return np.full(len(rewards), discounted_returns(rewards, gamma)[0])


# ---- 2.3

@exercise("2.3", minutes=9, hints=[
    "Look, choose, step, write down; again and again. You look once more than you act: before the first move, and "
    "after each one.",
    "look 0, move 0, pay 0, look 1, move 1, pay 1, ..., look T: T moves, T rewards, T + 1 observations. Stop when the "
    "world says done, or when T = game.horizon.",
    "`state, done = game.start(1, rng), False` and `observations = [game.observe(state)[0]]`"])
def rollout(game, choose, rng):
    """Play one episode and keep all of it.

    game: a world of this package. It plays many episodes side by side, so states, actions, rewards and done are arrays
    with one entry for each episode; you play one, so they have length 1: state = game.start(1, rng) observation =
    game.observe(state)[0] next_state, reward, done = game.step(state, np.array([action]), rng) choose: function
    (observation, rng) -> action. rng: the dice, a numpy Generator. The episode stops when the world says done[0], or is
    cut after game.horizon steps. Returns (observations, actions, rewards, ended) for an episode of T steps: array (T+1,
    ...) with the first and the last observation, array (T,), array (T,), and True if the world said done, False if the
    episode was only cut.

    Worked: on the map of this lesson a robot that always goes east arrives after 6 moves over three flower beds:
    observations [14, 15, 16, 17, 18, 19, 20], actions six times 1, rewards [-0.04, -0.64, -0.64, -0.64, -0.04, 0.96],
    ended True.
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


rollout.cases = [(lesson_map(), lambda observation, rng: 1), (lesson_map(horizon=4), lambda observation, rng: 1),
                 (cart(), lambda observation, rng: 1), (in_fog(), lambda observation, rng: 1 if observation < 6 else 0),
                 (lesson_map(horizon=6), lambda observation, rng: 1)]


@rollout.play
def with_the_same_dice(f, game, choose):
    return f(game, choose, np.random.default_rng(0))


@rollout.law("Whatever is thrown by the policy must come from the rng that it is handed: two runs with equal dice must "
             "be equal. Are they?")
def equal_dice_give_equal_episodes(f):
    runs = [f(cart(), lambda observation, rng: int(rng.integers(2)), np.random.default_rng(3)) for _ in range(2)]
    return all(np.array_equal(a, b) for a, b in zip(*runs))


@rollout.right
def episodes_of_the_library(game, choose, rng):
    from tinyrlhf.episodes import collect, steps
    start = game.start(1, rng)
    played = steps(game, lambda seen, rng: (np.array([choose(seen[0], rng)]), np.zeros(1)), start, rng)
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


@rollout.wrong("The observations are one step off: the one stored beside each move is what was seen after it. A move "
               "must stand beside what the robot saw when it chose. What is kept before the first move?")
def observation_after_the_move(game, choose, rng):
    observations, *rest = rollout(game, choose, rng)
    return (observations[1:], *rest)


@rollout.wrong("The last observation is missing. T moves have T + 1 observations around them, and the last shows how "
               "it all came out. What is seen after the last move?")
def last_observation_lost(game, choose, rng):
    observations, *rest = rollout(game, choose, rng)
    return (observations[:-1], *rest)


@rollout.wrong("`ended` is True also where the time was up. A cut is not an end: the robot might have gone on, and "
               "learners count on the difference. Who may say that an episode has ended?")
def a_cut_taken_for_an_end(game, choose, rng):
    return (*rollout(game, choose, rng)[:3], True)


@rollout.wrong("It plays on after the world said done. Nothing that happens then is part of the episode. What should "
               "the loop look at, besides the horizon?")
def plays_on_after_the_end(game, choose, rng):
    states, actions, rewards, ended = [game.start(1, rng)], [], [], False
    for _ in range(game.horizon):
        actions.append(choose(game.observe(states[-1])[0], rng))
        state, reward, done = game.step(states[-1], np.array(actions[-1:]), rng)
        states, rewards, ended = states + [state], rewards + [reward[0]], ended or bool(done[0])
    return game.observe(np.concatenate(states)), np.array(actions), np.array(rewards), ended


@rollout.wrong("It keeps the states of the world. A robot knows only what it sees, and in fog that is less: keep what "
               "game.observe(state) gives, and let the robot choose by it. Where do you need the state itself?")
def states_for_observations(game, choose, rng):
    look = game.observe
    game.observe = lambda states: states
    try:
        return rollout(game, choose, rng)
    finally:
        game.observe = look


@rollout.wrong("It keeps the states, although the robot chooses by what it sees. Later a learner will be given this "
               "list as what the robot saw. What does game.observe(state) give?")
def states_kept_beside_observations(game, choose, rng):
    _, actions, rewards, ended = rollout(game, choose, rng)
    state, states = game.start(1, np.random.default_rng(0)), []
    for action in [*actions, 0]:
        states.append(state[0])
        state = game.step(state, np.array([action]), rng)[0]
    return np.array(states), actions, rewards, ended


@rollout.wrong("It plays on beyond game.horizon when the world never says done. In a world without an end that would "
               "last for ever. How many steps are allowed?")
def never_looks_at_the_horizon(game, choose, rng):
    horizon, game.horizon = game.horizon, 10_000
    try:
        return rollout(game, choose, rng)
    finally:
        game.horizon = horizon


@rollout.wrong("The step that ends the episode is missing: the loop stops before it is written down, and with it the "
               "reward for arriving. What has to happen first, writing down or stopping?")
def the_last_step_lost(game, choose, rng):
    observations, actions, rewards, ended = rollout(game, choose, rng)
    last = len(rewards) - ended
    return observations[:len(observations) - ended], actions[:last], rewards[:last], ended


@rollout.wrong("The steps are right, but they come as lists; what comes after it wants arrays, to slice and to add up. "
               "Which NumPy function makes an array of a list?")
def lists_for_arrays(game, choose, rng):
    *parts, ended = rollout(game, choose, rng)
    return (*map(list, parts), ended)


# ---- 2.4

@exercise("2.4", minutes=6, extra=True, hints=[
    "Forget what was meant; read only what is paid. What may the robot do twice?",
    "A way there and back that pays more than it costs can be walked for ever. Neither reward takes anything for the "
    "way back, and arriving ends all pay.",
    "`if reward == \"closer\": return [0, 2] * 20`, and for the flag first the way to it"])
def loophole(reward):
    """Moves that earn at least twice as much as the walk that was meant: think like the robot, who knows only what is
    paid.

    The map, where moves are 0 north, 1 east, 2 south, 3 west; G and L end the walk and all pay; off the map the robot
    stays where it is:

    .......
        .......
        S.^^^.G
        .......
        L......

    reward: a text, the reward that somebody wrote. "closer": 1 for each step that ends nearer to G (counting rows and
    columns), and 1 for arriving at G. "flag": a flag stands on the cell just north of G: 1 each time the robot enters
    that cell, and 1 for arriving at G. Returns a list of at most 40 moves.

    Worked: the walk that was meant, [0, 1, 1, 1, 1, 1, 1, 2], earns 8 by "closer" and 2 by "flag". Find moves that earn
    16, and 4.
    """
    if reward == "closer":
        return [0, 2] * 20
    return [0, 1, 1, 1, 1, 1, 1] + [0, 2] * 16


loophole.cases = [("closer",), ("flag",)]
MEANT = [0, 1, 1, 1, 1, 1, 1, 2]


def earned(reward, moves):
    """What a list of moves earns, and whether it ended at G or L."""
    game, cell, total, done = lesson_map(), np.array([14]), 0, False
    far = lambda cell: abs(cell // 7 - 2) + abs(cell % 7 - 6)
    for move in moves:
        if done:
            break
        after, _, ends = game.step(cell, np.array([move]), np.random.default_rng(0))
        total += int(far(after[0]) < far(cell[0])) if reward == "closer" else int(after[0] == 13)
        total += int(after[0] == 20)
        cell, done = after, bool(ends[0])
    return total, done


@loophole.play
def walked(f, reward):
    moves = f(reward)
    if moves is None:
        return None
    moves = [int(move) if move in (0, 1, 2, 3) else -1 for move in moves]
    (total, done), enough = earned(reward, moves), 2 * earned(reward, MEANT)[0]
    if len(moves) > 40 or -1 in moves:
        return "more than 40 moves" if len(moves) > 40 else "a move other than 0, 1, 2, 3"
    return f"at least {enough}" if total >= enough else f"only {total}" + ", then the walk is over" * done


@loophole.right
def to_and_fro_further_on(reward):
    return [1] * 5 + [3, 1] * 17 if reward == "closer" else np.array([1] * 5 + [0, 1] + [3, 1] * 4)


@loophole.right
def up_and_down_in_the_last_column(reward):
    return [0] + [1] * 6 + [0, 2] * (15 if reward == "closer" else 4)


@loophole.wrong("That is the walk that was meant. But the reward does not say what was meant, only what is paid. Which "
                "step could be paid for again and again?")
def the_walk_that_was_meant(reward):
    return MEANT


@loophole.wrong("That is a walk that was meant. But the reward does not say what was meant, only what is paid. Which "
                "step could be paid for again and again?")
def another_walk_that_was_meant(reward):
    return [0, 1, 1, 1, 1, 1, 2, 1]


@loophole.wrong("The robot goes straight to G, and there all pay ends. The walk is shorter than the one that was "
                "meant, but earns no more. What does it cost the robot to stay away from G?")
def straight_in(reward):
    return [1] * 6


@loophole.wrong("It pays by one of the two rewards and not by the other: the same moves for both. Each reward has its "
                "own hole. What is paid twice under the other?")
def one_plan_for_both(reward):
    return loophole("closer")


@loophole.wrong("More than 40 moves: true, it could go on for ever, but the battery is empty after 40. How few moves "
                "are enough?")
def without_an_end(reward):
    return loophole(reward) * 3


# ---- 2.5

@exercise("2.5", minutes=4, extra=True, hints=[
    "Pay for progress, and take the same back for steps away, so that going round in a circle earns nothing.",
    "new reward[t] = reward[t] + gamma * potential[t+1] - potential[t] (Ng, Harada and Russell, 1999).",
    "the potentials before each step are `potentials[:-1]`"])
def shaped_rewards(rewards, potentials, gamma):
    """Rewards with an honest bonus for progress: what the new state promises, discounted, minus what the old state
    promised.

    rewards: array (T,). potentials: array (T+1,), how promising each state of the walk looks, such as minus the
    distance to the goal. gamma: discount, 0 to 1. Returns an array (T,).

    Worked: shaped_rewards(np.zeros(2), np.array([-2., -1., -2.]), 1.0) is [1, -1]: one step nearer, one step back, and
    nothing earned.
    """
    return rewards + gamma * potentials[1:] - potentials[:-1]


shaped_rewards.cases = [(np.zeros(2), np.array([-2.0, -1.0, -2.0]), 1.0),
                        (np.array([0.0, 0.5, 1.0]), np.array([-3.0, -2.0, -1.0, 0.0]), 0.9),
                        (np.array([1.0, -1.0]), np.array([2.0, 5.0, 1.0]), 0.5)]


@shaped_rewards.law("Without discount, a walk in a circle must earn no bonus in all: it ends as promising as it began. "
                    "Does it?")
def circles_earn_nothing(f):
    return abs(np.sum(f(np.zeros(4), np.array([-4.0, -3.0, -2.0, -3.0, -4.0]), 1.0))) < 1e-9


@shaped_rewards.right
def step_by_step(rewards, potentials, gamma):
    steps = zip(rewards, potentials, potentials[1:])
    return np.array([reward + gamma * after - before for reward, before, after in steps])


@shaped_rewards.right
def by_differences(rewards, potentials, gamma):
    return rewards + np.diff(potentials) - (1 - gamma) * potentials[1:]


@shaped_rewards.wrong("Steps away cost nothing: only gains are paid. That is the hole again, there and back for ever. "
                      "What should the way back cost?")
def only_gains(rewards, potentials, gamma):
    return rewards + np.maximum(gamma * potentials[1:] - potentials[:-1], 0.0)


@shaped_rewards.wrong("The sign is reversed: the robot is paid for walking away. Which state should count as plus, the "
                      "one it comes from or the one it comes to?")
def pays_for_walking_away(rewards, potentials, gamma):
    return rewards - (gamma * potentials[1:] - potentials[:-1])


@shaped_rewards.wrong("The discount is missing: the new state's promise is one step later, so it counts gamma times. "
                      "Without it the bonus can change which walk is best. Which of the two potentials does gamma "
                      "belong to?")
def promise_not_discounted(rewards, potentials, gamma):
    return rewards + np.diff(potentials)


@shaped_rewards.wrong("The new state's promise is paid and the old one's is never taken back: a robot that stands "
                      "still at a promising place is paid for ever. What did it have before the step?")
def pays_for_places(rewards, potentials, gamma):
    return rewards + gamma * potentials[1:]


@shaped_rewards.wrong("Steps away cost nothing: only gains are paid. That is the hole again, there and back for ever. "
                      "What should the way back cost?")
def only_gains_and_no_discount(rewards, potentials, gamma):
    return rewards + np.maximum(np.diff(potentials), 0.0)


@shaped_rewards.wrong("The discount stands at the old state's promise. The new state is the one that is a step away. "
                      "Which of the two potentials does gamma belong to?")
def discounts_the_old_promise(rewards, potentials, gamma):
    return rewards + potentials[1:] - gamma * potentials[:-1]


@shaped_rewards.wrong("Both potentials are discounted. The old state's promise is given back now, so it counts in "
                      "full. Which of the two is a step away?")
def discounts_both_promises(rewards, potentials, gamma):
    return rewards + gamma * np.diff(potentials)
