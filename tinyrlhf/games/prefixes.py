"""What is the smallest world of language, of which every text can be listed? Strings of a few letters, written one by one."""
import numpy as np

from tinyrlhf.checks import check_finite, check_whole
from tinyrlhf.games.game import Game


class Prefixes(Game):
    """One episode is one string. The state is the number of its prefix; the reward of the whole string comes with the last letter.

    States: (n,) integers; action a after prefix i leads to A i + a + 1, strings come after all prefixes. So a `Table(game.n_prefixes, A)`
    is any policy whatever and a `Table(game.n_states, 1)` any critic; `game.letters` (n_states, T) spells each state, 1 to A and 0 where
    nothing is written yet, for networks that should tell like from like.

    Args:
        rewards: (A**T,), of all strings in the order of the dictionary, as in `exact.enumeration`; n_letters: A, at most 26.
    """
    horizon_is_end = True

    def __init__(self, rewards, n_letters):
        check_whole("n_letters", n_letters, 2, 26)
        check_finite(rewards=rewards)
        self.rewards, self.n_actions = np.array(rewards, float), n_letters
        self.horizon = max(round(np.log(max(self.rewards.size, 1)) / np.log(n_letters)), 1)
        if self.rewards.shape != (n_letters ** self.horizon,):
            raise ValueError(f"rewards: expected {n_letters}**T of them, one for each string; got shape {self.rewards.shape}")
        spelled = [np.indices((n_letters,) * t).reshape(t, n_letters ** t).T + 1 for t in range(self.horizon + 1)]
        self.letters = np.concatenate([np.pad(rows, [(0, 0), (0, self.horizon - t)]) for t, rows in enumerate(spelled)])
        self.n_states, self.n_prefixes = len(self.letters), len(self.letters) - len(self.rewards)

    def start(self, n, rng):
        return np.zeros(n, int)

    def step(self, states, actions, rng):
        following = self.n_actions * states + actions + 1
        done = following >= self.n_prefixes
        return following, np.where(done, np.take(self.rewards, following - self.n_prefixes, mode="clip"), 0.0), done

    def show(self, state):
        return "".join("·abcdefghijklmnopqrstuvwxyz"[letter] for letter in self.letters[state])
