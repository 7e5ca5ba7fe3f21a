"""What is a world of language of which every text can be listed? Strings of a few letters."""
import numpy as np

from tinyrlhf.checks import check_finite, check_whole
from tinyrlhf.games.game import Game


class Prefixes(Game):
    """One episode is one string; its reward comes with the last letter.

    States: (n,) integers, the number of the prefix; action a after prefix i leads to A i + a + 1,
    strings come after all prefixes. So a `Table(game.n_prefixes, A)` is any policy whatever and a
    `Table(game.n_states, 1)` any critic; `game.letters` (n_states, T) spells each state, 1 to A and
    0 where nothing is written yet.

    Args:
        rewards: (A**T,), of all strings in the order of the dictionary.
        n_letters: A, at most 26.
    """
    horizon_is_end = True

    def __init__(self, rewards, n_letters):
        check_whole("n_letters", n_letters, 2, 26)
        check_finite(rewards=rewards)
        self.rewards, self.n_actions = np.array(rewards, float), n_letters
        self.horizon = max(round(np.log(max(self.rewards.size, 1)) / np.log(n_letters)), 1)
        if self.rewards.shape != (n_letters ** self.horizon,):
            raise ValueError(f"rewards: expected {n_letters}**T of them, one for each string; "
                             f"got shape {self.rewards.shape}")
        spelled = []
        for t in range(self.horizon + 1):
            rows = np.indices((n_letters,) * t).reshape(t, n_letters ** t).T + 1
            spelled.append(np.pad(rows, [(0, 0), (0, self.horizon - t)]))
        self.letters = np.concatenate(spelled)
        self.n_states, self.n_prefixes = len(self.letters), len(self.letters) - len(self.rewards)

    def start(self, n, rng):
        return np.zeros(n, int)

    def step(self, states, actions, rng):
        following = self.n_actions * states + actions + 1
        done = following >= self.n_prefixes
        rewards = np.take(self.rewards, following - self.n_prefixes, mode="clip")
        return following, np.where(done, rewards, 0.0), done

    def show(self, state):
        return "".join("·abcdefghijklmnopqrstuvwxyz"[letter] for letter in self.letters[state])
