"""How is an episode written to the log, and read back? As what happened in it, so that anybody can learn from it again."""
import numpy as np

from tinyrlhf.episodes import Episodes, join, replay


class Steps:
    """States and actions, step by step, without padding."""

    def write(self, game, episodes, row):
        """One episode as plain lists and numbers."""
        length = int(episodes.lengths[row])
        return {"first_step": int(episodes.first_step[row]), "ended": bool(episodes.ended[row]),
                "states": episodes.states[row, :length + 1].tolist(), "actions": episodes.actions[row, :length].tolist(),
                "rewards": episodes.true_rewards[row, :length].tolist()}

    def read(self, game, written):
        """Undo `write` for a list of episodes; nobody remembers how likely their actions were."""
        like = game.start(1, np.random.default_rng(0))
        return join([self.read_one(game, each, like.dtype) for each in written])

    def read_one(self, game, written, dtype):
        states, actions = np.array(written["states"], dtype)[None], np.array(written["actions"])[None]
        length = actions.shape[1]
        return Episodes(states=states, observations=game.observe(states), actions=actions, log_probs=np.zeros((1, length)),
                        mask=np.ones((1, length), bool), ended=np.array([written["ended"]]),
                        first_step=np.array([written["first_step"]]), true_rewards=np.array(written["rewards"], float)[None])


class Texts:
    """The prompt, if there is one, and what was written: a game with texts knows the rest."""

    def write(self, game, episodes, row):
        """One finished text as plain strings."""
        written = {"text": game.decode(episodes.states[row:row + 1, -1])[0]}
        return {"prompt": game.asked(episodes.states[row:row + 1, 0])[0], **written} if hasattr(game, "asked") else written

    def read(self, game, written):
        """Undo `write` for a list of texts."""
        texts = [each["text"] for each in written]
        if hasattr(game, "ask"):
            prompts = [each["prompt"] for each in written]
            return replay(game, game.ask(prompts), *game.demonstrations(prompts, texts)[1:], np.random.default_rng(0))
        return replay(game, game.start(len(texts), None), *game.demonstrations(texts)[1:], np.random.default_rng(0))
