"""A pole on a cart: can it be taught to stand by judgements of half-second clips?"""

import numpy as np

from tinyrlhf.episodes import clip, join
from tinyrlhf.games.cartpole import ANGLE_LIMIT, X_LIMIT, CartPole, fallen
from tinyrlhf.humans.experts import Player
from tinyrlhf.nn.networks import MLP
from tinyrlhf.policies import Policy
from tinyrlhf.questions import View
from tinyrlhf.rewards.habits import Habits
from tinyrlhf.rewards.reward_models import StepReward
from tinyrlhf.rlhf import State
from tinyrlhf.worlds import LEARNERS, REWARDED, generators, make_learner, rounds_of, world

LEAN = np.array([0.5, 1.0, 10.0, 2.0])  # an expert pushes to where state @ LEAN points,
HALF = ("early", "upright")             # of the clips begin so
CLEAR = 0.5                             # and from here on a push against it is a mistake


def near_zero(number):
    """How near one number of the state stays to zero: function clips -> (B,)."""
    return lambda clips: -np.abs(clips.states[:, 1:, number]).mean(axis=1)


class Clips(View):
    """People see clips of half a second: half of them begin early, since later most poles lie.

    Or half begin `upright`, as do all that somebody is to act in: of two poles that lie nothing
    can be said.
    """
    length, early = 25, 60
    remarks = {"keep it upright": near_zero(2), "stay in the middle": near_zero(0),
               "more calmly": near_zero(3)}

    def __init__(self, half="early"):
        self.half = half

    def certain(self, clips):
        upright = np.abs(clips.states[..., 2]).max(axis=1) < ANGLE_LIMIT / 4
        lies = fallen(clips.states[:, 0])
        return upright.astype(int) - lies

    def clips(self, episodes, n, rng, to_act=False):
        if to_act:
            states = episodes.states[:, :self.early]
            upright = np.abs(states[..., 2]) < ANGLE_LIMIT / 2
            rows, first = np.nonzero(upright & ~fallen(states))
            drawn = rng.integers(len(rows), size=n)
            return clip(episodes[rows[drawn]], first[drawn], self.length)
        late = episodes.mask.shape[1] - self.length + 1
        if self.half == "upright":
            first = rng.integers(late, size=n // 2)
            others = clip(episodes[rng.integers(len(episodes), size=n // 2)], first, self.length)
            return join([others, self.clips(episodes, n - n // 2, rng, to_act=True)])
        rows = rng.integers(len(episodes), size=n)
        early = rng.random(n) < 0.5
        first = np.where(early, rng.integers(self.early, size=n), rng.integers(late, size=n))
        return clip(episodes[rows], first, self.length)


def balancer(game):
    """Pushes to where pole and cart lean, and steps in at the first clear mistake."""
    def act(observations, rng):
        return (observations @ LEAN > 0).astype(int)

    def first_clear_mistake(clips, rationality, rng):
        lean = clips.states[:, :-1] @ LEAN
        mistake = clips.mask & (np.abs(lean) > CLEAR) & ((lean > 0) != clips.actions)
        return np.where(mistake.any(axis=1), mistake.argmax(axis=1), clips.lengths)

    return Player(act, first_clear_mistake)


def standard_game(state):
    """On the true reward it learns in the game itself: 1 for each step that stands."""
    state.game = CartPole()
    state.steps_at_most = 200
    state.true_reward_scale = 0.1


def pushes_and_poses(episodes):
    """Each push (-1 or 1), and the state after it, scaled to about one: (B, T, 5)."""
    pushes = 2.0 * episodes.actions[..., None] - 1
    poses = episodes.next_observations * (1.0, 0.5, 5.0, 0.5)  # metres, radians, and per second
    return np.concatenate([pushes, poses], axis=-1)


def what_one_sees(episodes):
    """After each step: fallen? else place, its square, lean squared, speeds; the push: (B, T, 7).
    """
    states = episodes.next_observations
    down = fallen(states)
    x, speed, angle, turn = np.moveaxis(np.where(down[..., None], 0.0, states), -1, 0)
    x = x / X_LIMIT
    speeds = np.minimum(np.abs([speed, turn]), 3.0) / 2
    pushes = 2.0 * episodes.actions - 1
    return np.stack([down, x, x * x, (angle / ANGLE_LIMIT) ** 2, *speeds, pushes], axis=-1)


@world(claim="{n} answers about half-second clips taught it to balance", judged_in=CartPole(),
       best=CartPole().horizon, called="standard game", expert=balancer,
       on_true_reward=standard_game, moving=True,
       idle={("person", "nobody"): ("rewarded", "clips")})
def cartpole(seed=0, learner: LEARNERS = "ppo", rounds=10, questions=20, kl_coef=0.0,
             feedback="preference", rewarded: REWARDED = "states", clips: HALF = "early",
             updates=10):
    """An MLP learns to balance from clips of half a second, in a game that never ends early.

    The entropy bonus keeps the policy exploring while the reward model knows little: without it one
    run in ten believes its first answers too much, falls the same way ever after, and never sees a
    pole that stands. With 200 steps instead of 250 one run in fifty drifted off the track later on.
    The reward model is shown the push as well as the pose: a person who likes poles that stand does
    not care, but a coin would seem to like some push, and so the control falls. Thumbs are read as
    if people had been surer than they were: one says little, and the prior outweighs it.

    For people with a wish of their own, "on the left", and little patience: features rewarded,
    clips upright, more updates in a round.
    """
    game, rngs = CartPole(frozen=True, horizon=250), generators(seed)
    policy = Policy(MLP((4, 64, 64, 2), rngs["networks"], head_gain=0.01))
    habits, how = Habits(rationality={"thumb": 3.0}), {"prior": 0.3, "batch": 64, "centred": True,
                                                       "target_std": 0.1, "limit": 10}
    if rewarded == "states":
        reward_model = StepReward(MLP((5, 32, 32, 1), rngs["networks"]), pushes_and_poses,
                                  learning_rate=3e-3, habits=habits, **how)
    else:
        linear = MLP((7, 1), rngs["networks"], head_gain=0.01)
        reward_model = StepReward(linear, what_one_sees, learning_rate=0.03, fit_steps=300,
                                  habits=habits, **how)
    critic = MLP((4, 64, 64, 1), rngs["networks"])
    improver = make_learner(learner, policy, critic, group=4, updates=updates * rounds,
                            learning_rate=1e-3, entropy_coef=0.6, entropy_until=0.3, gamma=0.99,
                            minibatch=400)
    return State(game, policy, policy.copy(), improver, reward_model,
                 rounds_of(feedback, questions, rounds), episodes_per_update=16,
                 updates_per_round=updates, group=4, kl_coef=kl_coef, rngs=rngs,
                 view=Clips(clips),
                 imitation={"learning_rate": 3e-3, "steps": 100, "batch": 256})
