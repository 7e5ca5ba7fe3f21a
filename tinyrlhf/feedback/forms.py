"""How is an episode written to the log, and read back? A world says how: as `Steps` or `Texts`."""
import numpy as np

from tinyrlhf.checks import check_indices
from tinyrlhf.episodes import Episodes, check_legal, join, replay


class Steps:
    """An episode as its states and actions, step by step, without padding."""

    def write(self, game, episodes, row):
        """One episode as plain lists and numbers."""
        length = int(episodes.lengths[row])
        return {"first_step": int(episodes.first_step[row]), "ended": bool(episodes.ended[row]),
                "states": episodes.states[row, :length + 1].tolist(),
                "actions": episodes.actions[row, :length].tolist(),
                "rewards": episodes.true_rewards[row, :length].tolist()}

    def read(self, game, written):
        """Undo `write` for a list of episodes; how likely their actions were is not kept."""
        like = game.start(1, np.random.default_rng(0))
        return join([read_steps(game, each, like) for each in written])


def read_steps(game, written, like):
    """A stack of one episode; `like`: any states of the game, for shape and type."""
    for name in ("states", "actions"):
        if hasattr(game, f"n_{name}"):
            check_indices(name, written[name], getattr(game, f"n_{name}"))
    states = np.array(written["states"], like.dtype)[None]
    actions = np.array(written["actions"])[None]
    length = actions.shape[1]
    if states.shape != (1, length + 1, *like.shape[1:]):
        raise ValueError(f"states: expected {length + 1} of shape {like.shape[1:]}, "
                         f"got {states.shape[1:]}; is it another world's?")
    game.check(states)
    observations = game.observe(states)
    check_legal(game, observations[0, :-1], actions[0])
    return Episodes(states=states, observations=observations, actions=actions,
                    log_probs=np.zeros((1, length)), mask=np.ones((1, length), bool),
                    ended=np.array([written["ended"]]),
                    first_step=np.array([written["first_step"]]),
                    true_rewards=np.array(written["rewards"], float)[None])


TEXT = "text"


class Texts:
    """An episode as its prompt, if there is one, and its text: such a game knows the rest."""

    def write(self, game, episodes, row):
        """One finished text as plain strings."""
        states = episodes.states[[row]]
        prompt = {"prompt": game.asked(states[:, 0])[0]} if hasattr(game, "asked") else {}
        return {**prompt, "text": game.decode(states[:, -1])[0]}

    def read(self, game, written):
        """Undo `write` for a list of texts."""
        rng = np.random.default_rng(0)
        texts = [each["text"] for each in written]
        if hasattr(game, "ask"):
            prompts = [each["prompt"] for each in written]
            return replay(game, game.ask(prompts), *game.demonstrations(prompts, texts)[1:], rng)
        return replay(game, game.start(len(texts), rng), *game.demonstrations(texts)[1:], rng)
