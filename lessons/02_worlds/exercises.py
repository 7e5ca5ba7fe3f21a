"""The exercises of lesson 02_worlds.

Each function says what it should return. Replace its `raise` line by your code,
and save; the verdict comes from

    tinyrlhf lesson watch 02
"""
import math
import numpy as np


# 2.a, predict: the pole is upright and tips to the right at 0.2 rad/s. The cart is pushed to the
# right. How does the pole now tip to the right: faster or slower?
predict_2_a = None

# 2.b, predict: G is 6 steps away. Paid 1 for arriving and 1 for each step nearer, at which step
# does the perfect robot arrive (0: never, in 40 steps)?
predict_2_b = None


# 2.1, 8 minutes
def cartpole_step(state, action):
    """One step of CartPole: what does a push of 10 newton do to cart and pole in 0.02 seconds?

    state: array (4,): place x of the cart in m, its speed x' in m/s, angle of the pole from upright
    in radians (positive: leaning to the right), its speed of turning in rad/s. action: 0 pushes
    left (force -10), 1 pushes right (force +10). Everything on the right-hand sides is taken from
    the old state:

        u         = (force + 0.05 angle'^2 sin(angle)) / 1.1
        angle''   = (9.8 sin(angle) - u cos(angle)) / (0.5 (4/3 - 0.1 cos(angle)^2 / 1.1))
        x''       = u - 0.05 angle'' cos(angle) / 1.1
        new state = state + 0.02 (x', x'', angle', angle'')

    Returns (new state, an array (4,); done). done is True when the new x is beyond 2.4 m or the new
    angle is beyond 12 degrees, to either side.

    Worked: cartpole_step(np.zeros(4), 1) is ([0, 0.1951, 0, -0.2927], False): push the cart right,
    and the pole tips to the left.
    """
    raise NotImplementedError("2.1")


# 2.2, 5 minutes
def discounted_returns(rewards, gamma):
    """What is still to come, at each step of one episode: the reward of this step and of all later
    ones, each step further away worth less.

    rewards: array (T,). gamma: discount, from 0 (only now counts) to 1 (all steps count alike).
    Returns an array (T,): entry t is rewards[t] + gamma * rewards[t+1] + gamma^2 * rewards[t+2] +
    ...

    Worked: discounted_returns(np.array([1., 0., 4.]), 0.5) is [2, 2, 4].
    """
    raise NotImplementedError("2.2")


# 2.3, 9 minutes
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
    raise NotImplementedError("2.3")


# 2.4, 6 minutes, extra
def loophole(reward):
    """Moves that earn at least twice as much as the walk that was meant: think like the robot, who
    knows only what is paid.

    The map, where moves are 0 north, 1 east, 2 south, 3 west; G and L end the walk and all pay; off
    the map the robot stays where it is:

        .......
        .......
        S.^^^.G
        .......
        L......

    reward: a text, the reward that somebody wrote. "closer": 1 for each step that ends nearer to G
    (counting rows and columns), and 1 for arriving at G. "flag": a flag stands on the cell just
    north of G: 1 each time the robot enters that cell, and 1 for arriving at G. Returns a list of
    at most 40 moves.

    Worked: the walk that was meant, [0, 1, 1, 1, 1, 1, 1, 2], earns 8 by "closer" and 2 by "flag".
    Find moves that earn 16, and 4.
    """
    raise NotImplementedError("2.4")


# 2.5, 4 minutes, extra
def shaped_rewards(rewards, potentials, gamma):
    """Rewards with an honest bonus for progress: what the new state promises, discounted, minus
    what the old state promised.

    rewards: array (T,). potentials: array (T+1,), how promising each state of the walk looks, such
    as minus the distance to the goal. gamma: discount, 0 to 1. Returns an array (T,).

    Worked: shaped_rewards(np.zeros(2), np.array([-2., -1., -2.]), 1.0) is [1, -1]: one step nearer,
    one step back, and nothing earned.
    """
    raise NotImplementedError("2.5")
