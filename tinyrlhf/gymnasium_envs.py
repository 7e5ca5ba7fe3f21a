"""Our games as Gymnasium environments, for its checker, wrappers and other libraries' learners.

Needs `gymnasium`, as nothing else here does. Importing this module registers them:

    import tinyrlhf.gymnasium_envs
    gymnasium.make("tinyrlhf/Gridworld-v0", slip=0.2)
    gymnasium.make_vec("tinyrlhf/CartPoleFrozen-v0", num_envs=16)

`GameEnv(game)` is a game of your own. The reward is the true one, or that of `reward`: function
(states, actions, next states) -> (n,), such as a learned one.
"""
import functools

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Discrete
from gymnasium.vector import AutoresetMode, VectorEnv

from tinyrlhf import plots
from tinyrlhf.games.arm import Dance, Obstacles, PickAndPlace, Reach
from tinyrlhf.games.bandit import Bandit
from tinyrlhf.games.capture_go import CaptureGo
from tinyrlhf.games.cartpole import CartPole
from tinyrlhf.games.game import Game
from tinyrlhf.games.gridworld import Gridworld
from tinyrlhf.games.language import Language
from tinyrlhf.games.text import Text

GAMES = {"Bandit": functools.partial(Bandit, [0.0, 0.5, 1.0]), "CaptureGo": CaptureGo,
         "CartPole": CartPole, "CartPoleFrozen": functools.partial(CartPole, frozen=True),
         "Dance": Dance, "Gridworld": Gridworld, "Language": Language, "Obstacles": Obstacles,
         "PickAndPlace": PickAndPlace, "Reach": Reach, "Text": Text}
PICTURE = (4, 4)  # inches of a rendered picture, at 100 dots each


def spaces(game):
    """What is seen and what is done, as Gymnasium's spaces."""
    seen = game.observe(game.start(1, np.random.default_rng(0)))
    if hasattr(game, "n_states"):
        observations = Discrete(game.n_states)
    else:
        bounds = np.iinfo if np.issubdtype(seen.dtype, np.integer) else np.finfo
        limits = bounds(seen.dtype)
        observations = Box(limits.min, limits.max, seen.shape[1:], seen.dtype)
    if hasattr(game, "action_size"):
        return observations, Box(-1.0, 1.0, (game.action_size,), np.float64)
    return observations, Discrete(game.n_actions)


def advance(game, states, actions, played, rng, reward=None):
    """One step of n episodes, `played` (n,) steps old.

    Returns next states, rewards, and two kinds of end (n,) bool: `terminated`, after which there
    is nothing to earn, and `truncated`, the time limit of a game that could go on.
    """
    after, rewards, terminated = game.step(states, actions, rng)
    if reward is not None:
        rewards = reward(states, actions, after)
    out_of_time = played + 1 >= game.horizon
    if game.horizon_is_end:
        return after, rewards, terminated | out_of_time, np.zeros_like(terminated)
    return after, rewards, terminated, out_of_time & ~terminated


class GameEnv(gymnasium.Env):
    """One episode at a time. render_mode: None, "ansi" (text), "rgb_array" (H, W, 3).

    info["action_mask"] (A,) int8 says which actions are legal, where not all are.
    """
    metadata = {"render_modes": ["ansi", "rgb_array"], "render_fps": 10}

    def __init__(self, game, reward=None, render_mode=None):
        self.game, self.reward, self.render_mode = game, reward, render_mode
        self.observation_space, self.action_space = spaces(game)
        self.metadata = {**self.metadata, "render_fps": round(1 / game.seconds_per_step)}
        self.states, self.played = None, 0

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.states, self.played = self.game.start(1, self.np_random), 0
        return self._seen()

    def step(self, action):
        if self.states is None:
            raise gymnasium.error.ResetNeeded("step: expected reset() before it")
        self.states, rewards, terminated, truncated = advance(
            self.game, self.states, np.asarray(action)[None], self.played, self.np_random,
            self.reward)
        self.played += 1
        observation, info = self._seen()
        return (observation, float(rewards[0]), bool(terminated[0]), bool(truncated[0]), info)

    def _seen(self):
        observations = self.game.observe(self.states)
        return _single(observations), _masks(self.game, observations, single=True)

    def render(self):
        if self.render_mode is None or self.states is None:
            return None
        if self.render_mode == "ansi":
            return self.game.show(self.states[0])
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        with plots.styled_figure(*PICTURE, dpi=100) as figure:
            plots.draw_scene(figure.add_axes((0, 0, 1, 1)), self.game.scene(self.states[0]))
            canvas = FigureCanvasAgg(figure)
            canvas.draw()
            return np.asarray(canvas.buffer_rgba())[..., :3].copy()


class GameVectorEnv(VectorEnv):
    """num_envs episodes side by side.

    Next-step autoreset: after an end the next step ignores the action, begins anew with reward 0
    and both ends False; a learner masks that transition.
    """
    metadata = {"autoreset_mode": AutoresetMode.NEXT_STEP, "render_modes": []}

    def __init__(self, game, num_envs=1, reward=None):
        self.game, self.num_envs, self.reward = game, num_envs, reward
        self.single_observation_space, self.single_action_space = spaces(game)
        batch = functools.partial(gymnasium.vector.utils.batch_space, n=num_envs)
        self.observation_space = batch(self.single_observation_space)
        self.action_space = batch(self.single_action_space)
        self.states = self.over = self.played = None

    def reset(self, *, seed=None, options=None):
        """options["reset_mask"] (num_envs,) bool: only these begin anew."""
        super().reset(seed=seed)
        anew = (options or {}).get("reset_mask", np.ones(self.num_envs, bool))
        began = self.game.start(self.num_envs, self.np_random)
        if self.states is None:
            self.states, self.played = began, np.zeros(self.num_envs, int)
            self.over = np.zeros(self.num_envs, bool)
        self._begin(anew, began)
        self.over = self.over & ~anew
        return self._seen()

    def step(self, actions):
        anew = self.over
        after, rewards, terminated, truncated = advance(
            self.game, self.states, np.asarray(actions), self.played, self.np_random, self.reward)
        self.states, self.played = after, self.played + 1
        if anew.any():
            self._begin(anew, self.game.start(self.num_envs, self.np_random))
        rewards = np.where(anew, 0.0, rewards)
        terminated, truncated = terminated & ~anew, truncated & ~anew
        self.over = terminated | truncated
        observations, info = self._seen()
        return observations, rewards, terminated, truncated, info

    def _begin(self, anew, began):
        rows = anew.reshape(-1, *[1] * (began.ndim - 1))
        self.states = np.where(rows, began, self.states)
        self.played = np.where(anew, 0, self.played)

    def _seen(self):
        observations = self.game.observe(self.states)
        return observations.copy(), _masks(self.game, observations)


def _single(observations):
    """The one row; of a table a whole number, as `Discrete` has it."""
    return observations[0].copy() if observations.ndim > 1 else np.int64(observations[0])


def _masks(game, observations, single=False):
    """The info that says which actions are legal; empty where all always are."""
    if type(game).legal is Game.legal:
        return {}
    masks = game.legal(observations).astype(np.int8)
    if single:
        return {"action_mask": masks[0]}
    return {"action_mask": masks, "_action_mask": np.ones(len(masks), bool)}


def make(name, reward=None, render_mode=None, **settings):
    """The environment of this game, by its name in GAMES; settings: those of the game."""
    return GameEnv(GAMES[name](**settings), reward, render_mode)


def make_vector(name, num_envs=1, reward=None, render_mode=None, **settings):
    """The vector environment of this game."""
    return GameVectorEnv(GAMES[name](**settings), num_envs, reward)


for each in GAMES:
    gymnasium.register(f"tinyrlhf/{each}-v0", f"{__name__}:make", kwargs={"name": each},
                       vector_entry_point=f"{__name__}:make_vector")
