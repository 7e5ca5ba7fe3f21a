"""How is talking a game? The prompt is the start state, the next character is the action.

The reward is how much a person likes the answer.
"""
import functools
import re
from typing import NamedTuple

import numpy as np

from tinyrlhf.checks import check_choice
from tinyrlhf.games.game import Game, Words
from tinyrlhf.games.phrases import CORPORA
from tinyrlhf.games.text import written

SYMBOLS = "\n .!?abcdefghijklmnopqrstuvwxyz"        # a character's number is its place
WINDOW, TAIL = 12, 8                                # last characters of answer and prompt
PROMPT, ANSWER = slice(1, 19), slice(19, None)      # columns of the states; the first is the clock
PROMPT_TAIL = slice(PROMPT.stop - TAIL, PROMPT.stop)
SEEN = np.r_[-WINDOW:0, PROMPT_TAIL, 0]             # by the policy
SHORT, LONG = 26, 42                                # an answer so long is neither short nor long
N_GRAMS = 2 ** 15                                   # as many n-grams are told apart
FEATURE_SIZES = np.r_[np.full(2 * (len(SYMBOLS) - 1), 3.0), 10.0]  # typical numbers of a bag


class Mix(NamedTuple):
    """How often an answer has each part; bodies neither right nor off the topic are dodges."""
    kind_opener: float
    unkind_opener: float
    right: float
    off_topic: float
    ramble: float
    kind_closer: float
    unkind_closer: float


RAW = Mix(0.25, 0.25, 0.5, 0.2, 0.3, 0.2, 0.2)  # how people write


class Language(Game):
    """One episode is one answer to a prompt; the true reward falls on its last character.

    States: (n, 1 + prompt_length + horizon) uint8: a clock, the prompt, the answer so far, both
    right-aligned, with 0 where nothing is written. Actions: character numbers; 0 ends the answer. A
    policy sees the last 12 characters of the answer, the last 8 of the prompt, and the clock, whose
    symbols follow the characters'.
    """
    n_actions = len(SYMBOLS)
    horizon, prompt_length = 56, PROMPT.stop - PROMPT.start
    horizon_is_end = True
    keys = {letter: number for number, letter in enumerate(SYMBOLS)}
    n_symbols, slots = n_actions + horizon + 1, len(SEEN)  # for an EmbeddingMLP
    n_features = 2 * (n_actions - 1) + 1

    def __init__(self, name="dialogue"):
        check_choice("language", name, CORPORA)
        self.name, self.phrases = name, CORPORA[name]
        self.prompts = list(self.phrases.prompts)
        self.judge = functools.lru_cache(maxsize=100_000)(self._judge)
        self.vocabulary = frozenset(words_of(str(tuple(self.phrases))))

    def start(self, n, rng):
        """n prompts, drawn at random."""
        return self.ask([self.prompts[i] for i in rng.integers(len(self.prompts), size=n)])

    def ask(self, prompts):
        """These prompts as start states (n, width)."""
        states = np.zeros((len(prompts), 1 + self.prompt_length + self.horizon), np.uint8)
        states[:, 0] = self.n_actions  # the clock stands at 0
        for row, prompt in zip(states, prompts):
            if len(prompt) > self.prompt_length:
                raise ValueError(f"prompt: expected at most {self.prompt_length} characters, "
                                 f"got {len(prompt)}: {prompt!r}")
            row[PROMPT.stop - len(prompt):PROMPT.stop] = self.encode(prompt)
        return states

    def encode(self, text):
        """The character numbers of a text."""
        unknown = [letter for letter in text if letter not in SYMBOLS[1:]]
        if unknown:
            raise ValueError("text: expected small letters, spaces and . ! ?, "
                             f"got {unknown[0]!r} in {text!r}")
        return [self.keys[letter] for letter in text]

    def observe(self, states):
        """(..., width) -> (..., 21): 12 characters, 8 of the prompt, the clock."""
        return states.take(SEEN, axis=-1)

    def step(self, states, actions, rng):
        """Append one character each (n,); the end mark ends an answer, and so does a full row."""
        next_states = states.copy()
        next_states[:, 0] += 1
        next_states[:, ANSWER.start:-1] = states[:, ANSWER.start + 1:]
        next_states[:, -1] = actions
        done = (np.asarray(actions) == 0) | (next_states[:, 0] == self.n_actions + self.horizon)
        rewards = np.zeros(len(states))
        rewards[done] = self.true_reward(next_states[done])
        return next_states, rewards, done

    def true_reward(self, states):
        """How much the person likes the texts in rows of states -> (n,), at most 2.5."""
        finished = (states[:, -1] == 0).tolist()
        rows = zip(self.asked(states), self.decode(states), finished)
        return np.array([self.judge(*row) for row in rows], float)

    def _judge(self, prompt, answer, finished):
        """The reward of one answer.

            1.5   for a right body (0.45 for the topic's name alone)
            + 1   for anything kind
            - 1   for each unkind phrase, at most 2
            - 1/12 for each letter beyond 26 to 42, at most 1.5
            - 2   x share of words that do not exist
            - 0.3 for each repeated pair of words, at most 5
            - 0.5 if it does not end
        """
        topic, words = self.phrases.prompts.get(prompt), words_of(answer)
        pairs = list(zip(words, words[1:]))
        right = any(body in answer for body in self.phrases.bodies.get(topic, ()))
        named = topic is not None and topic.split()[-1] in words
        length = max(SHORT - len(answer), len(answer) - LONG, 0)
        repeated = len(pairs) - len(set(pairs))
        return (1.5 * right + 0.45 * (named and not right)
                + self.is_kind(answer) - min(self.count_unkind(answer), 2)
                - min(length / 12, 1.5)
                - 2 * self.unknown_words(answer)
                - 0.3 * min(repeated, 5)
                - 0.5 * (not finished))

    def is_kind(self, answer):
        """Is anything in it that the person likes to hear?"""
        kind = self.phrases.kind_openers + self.phrases.kind_closers
        return any(phrase.strip() in answer for phrase in kind)

    def count_unkind(self, answer):
        """How many unkind phrases are in it?"""
        unkind = self.phrases.unkind_openers + self.phrases.unkind_closers
        return sum(answer.count(phrase.strip()) for phrase in unkind)

    def unknown_words(self, answer):
        """Share of its words that do not exist; 1 if it has none at all."""
        words = words_of(answer)
        if not words:
            return 1.0
        return float(np.mean([word not in self.vocabulary for word in words]))

    def decode(self, states):
        """The answers in rows of states, as texts without end mark."""
        return texts_of(states[:, ANSWER])

    def asked(self, states):
        """The prompts in rows of states."""
        return texts_of(states[:, PROMPT])

    def features(self, states):
        """How often each character is in the answer and in the prompt's tail, and the length.

        States (..., width) -> (..., 61).
        """
        counts = [(states[..., columns, None] == np.arange(1, self.n_actions)).sum(axis=-2)
                  for columns in (ANSWER, PROMPT_TAIL)]
        length = (states[..., ANSWER] > 0).sum(axis=-1, keepdims=True)
        return np.concatenate([*counts, length], axis=-1) / FEATURE_SIZES

    def ngrams(self, observations):
        """Which 2- to 5-grams end here, below this prompt, as hashes below N_GRAMS.

        Observations (..., 21) -> (..., 4).
        """
        letters = observations[..., :WINDOW].astype(np.int64)
        tail = observations[..., WINDOW:-1].astype(np.int64)
        prompt = tail @ (self.n_actions ** np.arange(TAIL) % N_GRAMS)
        sizes = np.arange(2, 6)
        numbers = np.stack([letters[..., -size:] @ self.n_actions ** np.arange(size)
                            for size in sizes], axis=-1)
        return ((numbers * 31 + sizes) * 1_000_003 + prompt[..., None] * 8_191) % N_GRAMS

    def documents(self, n, rng):
        """The raw corpus: n prompts and what stands below each, as on some forum.

        Stories and questions, also below no prompt, and answers.
        """
        kinds = rng.choice(5, size=n, p=(0.26, 0.04, 0.05, 0.05, 0.6))
        numbers = rng.integers(len(self.prompts), size=n)
        asked = [self.prompts[i] if kind > 1 else "" for kind, i in zip(kinds, numbers)]
        below = (self.story, self.questions, self.story, self.questions, self.answer)
        return asked, [below[kind](prompt, rng) for kind, prompt in zip(kinds, asked)]

    def answer(self, prompt, rng, mix=RAW):
        """An answer as people of this mix write it."""
        phrases, topic = self.phrases, self.phrases.prompts[prompt]
        right = phrases.bodies[topic]
        off_topic = [body for bodies in phrases.bodies.values() for body in bodies
                     if body not in right]
        wrong = phrases.wrong.get(topic, off_topic)
        opener = _maybe(rng, mix.kind_opener, phrases.kind_openers,
                        mix.unkind_opener, phrases.unkind_openers)
        body = _maybe(rng, mix.right, right, mix.off_topic, wrong) or _any(rng, phrases.dodges)
        more = _maybe(rng, mix.ramble, [*phrases.rambles, *(" " + each for each in right)])
        closer = _maybe(rng, mix.kind_closer, phrases.kind_closers,
                        mix.unkind_closer, phrases.unkind_closers)
        text = opener + body + more + closer
        return text if len(text) < self.horizon else opener + body

    def edited(self, prompt, suggestion, rng, care):
        """What a person makes of a suggested answer, who sees each fault with probability `care`.

        A closer is at fault if it is unkind, or leaves no room for the end.
        """
        phrases, right = self.phrases, self.phrases.bodies[self.phrases.prompts[prompt]]
        mend_opener, mend_closer, mend_body = rng.random(3) < care
        openers = phrases.kind_openers + phrases.unkind_openers
        closers = phrases.kind_closers + phrases.unkind_closers
        opener = next((each for each in openers if suggestion.startswith(each)), "")
        rest = suggestion[len(opener):]
        closer = next((each for each in closers if rest.endswith(each)), "")
        body = rest[:len(rest) - len(closer)]
        if mend_opener and opener in phrases.unkind_openers:
            opener = _any(rng, phrases.kind_openers)
        if mend_body and body not in right:
            body = _any(rng, right)
        too_long = len(opener + body + closer) >= self.horizon
        if mend_closer and (closer in phrases.unkind_closers or too_long):
            closer = ""
        return opener + body + closer

    def story(self, prompt, rng):
        """A line of prose."""
        return " ".join(_any(rng, part) for part in self.phrases.stories)

    def questions(self, prompt, rng):
        """One or two questions."""
        return " ".join(_any(rng, self.prompts) for _ in range(1 + rng.integers(2)))

    def demonstrations(self, prompts, answers):
        """Texts as observations (n, T, 21), actions (n, T), mask (n, T), for maximum likelihood."""
        rows = [self.encode(answer) for answer in answers]
        windows, actions, mask = written(rows, self.horizon, WINDOW)
        tails = np.repeat(self.ask(prompts)[:, None, PROMPT_TAIL], self.horizon, axis=1)
        clock = self.n_actions + np.arange(self.horizon, dtype=np.uint8)[:, None]
        clocks = np.broadcast_to(clock, (*actions.shape, 1))
        return np.concatenate([windows, tails, clocks], axis=-1), actions, mask

    def show(self, state):
        """Prompt and answer so far."""
        return f"{self.asked(state[None])[0]} > {self.decode(state[None])[0]}"

    def scene(self, state):
        """The prompt, and the answer below it."""
        prompt, answer = self.asked(state[None])[0], self.decode(state[None])[0]
        return [Words(0.5, 0.7, prompt, "quiet"), Words(0.5, 0.4, answer)]


def words_of(text):
    """The words of a text: runs of letters."""
    return re.findall("[a-z]+", text)


def texts_of(rows):
    """Rows (n, T) of character numbers as texts."""
    return ["".join(SYMBOLS[number] for number in row if number)
            for row in np.asarray(rows).tolist()]


def _any(rng, phrases):
    return phrases[rng.integers(len(phrases))]


def _maybe(rng, chance, phrases, other_chance=0.0, others=()):
    """One of the phrases with this chance, one of the others with that chance, else nothing."""
    number = rng.random()
    if number < chance:
        return _any(rng, phrases)
    return _any(rng, others) if number < chance + other_chance else ""
