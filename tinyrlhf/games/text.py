"""What is the smallest world of language? Invented words, written letter by letter."""
import numpy as np

from tinyrlhf.checks import check_whole
from tinyrlhf.games.game import Game, Words
from tinyrlhf.games.words import LETTERS, SOFT, VOWELS

PAIRS, MISSING, LONG, MEMORY = 2, 3, 6, 3  # the numbers in `true_reward`
HARD = np.array([False, *(letter not in SOFT for letter in LETTERS)])  # by character number


def true_reward(states):
    """How much the person likes the words in rows (n, T) of character numbers -> (n,), at most 2.

    "Two vowels beside two consonants, only the soft letters a e o l m n r, none again so soon, and
    not too long": lano, merola. Nonsense has a value too.

        2
        - 3   for each vowel-and-consonant pair that is missing from two
        - 1   for each hard letter, that is any other than a e o l m n r
        - 1   for each letter that is also among the three letters before it
        - 1/2 for each letter beyond six
    """
    letters, length = states > 0, (states > 0).sum(axis=1)
    vowels = _is_vowel(states).sum(axis=1)
    again = np.zeros(states.shape, bool)
    for lag in range(1, MEMORY + 1):
        again[:, lag:] |= letters[:, lag:] & (states[:, lag:] == states[:, :-lag])
    pairs = _worth_of_pairs(np.minimum(np.minimum(vowels, length - vowels), PAIRS))
    return pairs - HARD[states].sum(axis=1) - again.sum(axis=1) - _cost_of_length(length)


def _worth_of_pairs(pairs):
    return 2.0 - MISSING * (PAIRS - pairs)


def _cost_of_length(length):
    return 0.5 * np.maximum(length - LONG, 0)


def _is_vowel(numbers):
    return (numbers > 0) & (numbers <= len(VOWELS))


class Text(Game):
    """One episode is one word: the state is the text so far, the action the next character.

    States: (n, horizon) uint8 character numbers, the newest on the right, 0 where nothing is
    written. Actions: 0 ends the word, 1..17 are the `letters`. A policy sees the last three
    characters; the true reward of the whole word comes with its last step.
    """
    letters = LETTERS
    n_actions = len(LETTERS) + 1
    window = MEMORY
    horizon_is_end = True
    keys = {"\n": 0, **{letter: i + 1 for i, letter in enumerate(LETTERS)}}
    true_reward = staticmethod(true_reward)

    def __init__(self, horizon=10):
        check_whole("horizon", horizon, self.window, 255)
        self.horizon = horizon

    def start(self, n, rng):
        """n empty words (n, horizon)."""
        return np.zeros((n, self.horizon), np.uint8)

    def observe(self, states):
        """The last three characters, (..., horizon) -> (..., 3)."""
        return states[..., -self.window:]

    def step(self, states, actions, rng):
        """Append one character each (n,); the end mark ends the word, and so does a full row."""
        next_states = np.column_stack([states[:, 1:], actions]).astype(states.dtype)
        done = (np.asarray(actions) == 0) | (next_states[:, 0] > 0)
        rewards = np.zeros(len(done))
        rewards[done] = self.true_reward(next_states[done])
        return next_states, rewards, done

    def encode(self, words):
        """Finished words as states (n, horizon): letters, then the end mark where it has room."""
        rows = np.zeros((len(words), self.horizon), np.uint8)
        for row, word in zip(rows, words):
            if len(word) > self.horizon or not set(word) <= set(self.letters):
                raise ValueError(f"words: expected at most {self.horizon} of the letters "
                                 f"{self.letters}, got {word!r}")
            numbers = [*(self.keys[letter] for letter in word), 0][:self.horizon]
            row[self.horizon - len(numbers):] = numbers
        return rows

    def decode(self, states):
        """States (n, horizon) as words, without end marks."""
        return ["".join(self.letters[number - 1] for number in row if number)
                for row in np.asarray(states)]

    def demonstrations(self, words):
        """Words as observations (n, T, 3), actions (n, T), mask (n, T), for maximum likelihood."""
        rows = [state[state > 0] for state in self.encode(words)]
        observations, actions, mask = written(rows, self.horizon, self.window)
        return observations, actions.astype(int), mask

    def features(self, states):
        """What a simple reward model may know, (..., horizon) -> (..., 18 + horizon).

        How often each letter occurs (17), how many different ones (1), is the length at least 1,
        2, ... (horizon).
        """
        counts = (states[..., None] == np.arange(1, self.n_actions)).sum(axis=-2)
        at_least = counts.sum(axis=-1, keepdims=True) >= np.arange(1, self.horizon + 1)
        different = (counts > 0).sum(axis=-1, keepdims=True)
        return np.concatenate([counts, different, at_least], axis=-1).astype(float)

    def automaton(self):
        """The true reward as the three arrays of an `exact.strings.Automaton`.

        next_state (Q, V), step_reward (V**3, V), end_reward (horizon + 1, Q): the machine counts
        vowels and consonants up to two; what comes again is seen in the context.
        """
        vowels, consonants = np.divmod(np.arange((PAIRS + 1) ** 2), PAIRS + 1)
        symbols = np.arange(self.n_actions)
        more_vowels = np.minimum(vowels[:, None] + _is_vowel(symbols), PAIRS)
        more_consonants = np.minimum(consonants[:, None] + (symbols > len(VOWELS)), PAIRS)
        contexts = np.indices((self.n_actions,) * MEMORY).reshape(MEMORY, -1).T
        again = (contexts[:, :, None] == symbols).any(axis=1) & (symbols > 0)
        next_state = more_vowels * (PAIRS + 1) + more_consonants
        step_reward = -1.0 * again - HARD[symbols]
        cost = _cost_of_length(np.arange(self.horizon + 1))
        end_reward = _worth_of_pairs(np.minimum(vowels, consonants)) - cost[:, None]
        return next_state, step_reward, end_reward

    def show(self, state):
        """The word so far; an end mark shows as a dot."""
        text = self.decode([state])[0]
        return f"{text}·" if text and np.asarray(state)[-1] == 0 else text

    def scene(self, state):
        """The word, in the middle."""
        return [Words(0.5, 0.5, self.show(state))]


def written(texts, horizon, window):
    """n texts (rows of character numbers) with their end marks, cut at the horizon T.

    Returns what was seen before each action (n, T, window), the actions (n, T), the mask (n, T).
    """
    actions = np.zeros((len(texts), horizon), np.uint8)
    mask = np.zeros(actions.shape, bool)
    for row, played, numbers in zip(actions, mask, texts):
        row[:len(numbers)] = numbers[:horizon]
        played[:len(numbers) + 1] = True
    padded = np.pad(actions, ((0, 0), (window, 0)))[:, :-1]
    return np.lib.stride_tricks.sliding_window_view(padded, window, axis=1), actions, mask
