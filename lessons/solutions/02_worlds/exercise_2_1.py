"""Exercise 2.1, cartpole_step: its solution, hints and usual mistakes."""
import math

import numpy as np

from tinyrlhf.teaching import exercise, near


@exercise("2.1", minutes=8, hints=[
    "Four lines of physics, one after the other, all from the old state: the push, the two "
    "accelerations, the new state. Then ask whether the new state has fallen.",
    "new state = state + 0.02 * (x', x'', angle', angle''); fallen if |x| > 2.4 or |angle| > 12 * "
    "2 pi / 360, both of the new state.",
    "`x, speed, angle, swing = state` and `force = 10.0 if action == 1 else -10.0`"])
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
    x, speed, angle, swing = state
    u = ((10.0 if action == 1 else -10.0) + 0.05 * swing**2 * math.sin(angle)) / 1.1
    swing_change = (9.8 * math.sin(angle) - u
                    * math.cos(angle)) / (0.5 * (4 / 3 - 0.1 * math.cos(angle)**2 / 1.1))
    speed_change = u - 0.05 * swing_change * math.cos(angle) / 1.1
    new = state + 0.02 * np.array([speed, speed_change, swing, swing_change])
    return new, bool(abs(new[0]) > 2.4 or abs(new[2]) > math.radians(12))


cartpole_step.cases = [(np.zeros(4), 1), (np.zeros(4), 0),
                       (np.array([0.5, -1.0, 0.1, 2.0]), 1), (np.array([0.0, 0.0, 0.2, 0.9]), 0),
                       (np.array([2.39, 0.8, 0.0, 0.1]), 0), (np.array([0.0, 0.0, 0.205, -0.5]), 1),
                       (np.array([0.0, 0.2, -0.208, -1.0]), 0),
                       (np.array([-2.39, -0.8, 0.0, 0.1]), 1),
                       (np.array([2.3, 0.5, 0.15, 0.0]), 1),
                       (np.array([-1.7, 0.5, 0.1, 0.0]), 0)]


@cartpole_step.law("Seen in a mirror (all four numbers of the state negated, left for right), the "
                   "same thing must happen, mirrored. Does it?")
def the_mirror_makes_no_difference(f):
    state = np.array([0.3, -0.5, 0.05, 0.8])
    return near(f(-state, 0)[0], -f(state, 1)[0])


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


@cartpole_step.wrong("Cart and pole go to the wrong side: the sign of the force looks reversed. "
                     "Which action pushes left, and is left plus or minus?")
def reversed_force(state, action):
    return cartpole_step(state, 1 - action)


@cartpole_step.wrong("Action 0 seems not to push at all, as if the force were 10 times the action. "
                     "0 is the name of a push to the left. Which force belongs to it?")
def no_force_to_the_left(state, action):
    left, right = cartpole_step(state, 0)[0], cartpole_step(state, 1)[0]
    new = (left + right) / 2 if action == 0 else right
    return new, cartpole_step(state, action)[1]


@cartpole_step.wrong("The new state is right, but a pole that leans by more than 12 degrees has "
                     "not fallen. The angle is in radians, where 12 is almost two full turns. How "
                     "many radians are 12 degrees?")
def degrees_for_radians(state, action):
    new, _ = cartpole_step(state, action)
    return new, bool(abs(new[0]) > 2.4 or abs(new[2]) > 12)


@cartpole_step.wrong("The new state is right, but the fall is noticed one step late: it looks as "
                     "if the old state had been asked. Whose x and angle decide?")
def asks_the_old_state(state, action):
    return cartpole_step(state, action)[0], bool(abs(state[0]) > 2.4
                                                 or abs(state[2]) > math.radians(12))


@cartpole_step.wrong("A fall to the left is overlooked: the new x or angle is below the negative "
                     "limit. Which function forgets the sign?")
def falls_to_the_right_only(state, action):
    new, _ = cartpole_step(state, action)
    return new, bool(new[0] > 2.4 or new[2] > math.radians(12))


@cartpole_step.wrong("The positions move with the new speeds. That is a fine method too (and a "
                     "steadier one), but another world: in this one everything on the right-hand "
                     "side is old. Which speeds stand in the formula?")
def moves_with_the_new_speeds(state, action):
    new, _ = cartpole_step(state, action)
    new[0], new[2] = state[0] + 0.02 * new[1], state[2] + 0.02 * new[3]
    return new, bool(abs(new[0]) > 2.4 or abs(new[2]) > math.radians(12))


@cartpole_step.wrong("The positions move with the new speeds, and a pole that leans by more than "
                     "12 degrees has not fallen. First take all that stands on the right-hand side "
                     "from the old state. Which speeds stand in the formula?")
def new_speeds_and_degrees(state, action):
    new = moves_with_the_new_speeds(state, action)[0]
    return new, bool(abs(new[0]) > 2.4 or abs(new[2]) > 12)


@cartpole_step.wrong("The new state is right, but `done` says yes while the pole stands and no "
                     "when it has fallen. What is over when done is True?")
def done_while_it_stands(state, action):
    new, done = cartpole_step(state, action)
    return new, not done


@cartpole_step.wrong("The state changes fifty times too much, as if a step took a whole second. "
                     "How long does one push last?")
def a_whole_second(state, action):
    new = state + 50 * (cartpole_step(state, action)[0] - state)
    return new, bool(abs(new[0]) > 2.4 or abs(new[2]) > math.radians(12))
