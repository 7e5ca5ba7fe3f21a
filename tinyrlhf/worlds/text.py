"""A character model that writes invented words: can it be taught a person's idea of a good one?"""
import functools
from pathlib import Path

import numpy as np

from tinyrlhf.episodes import replay, rollout
from tinyrlhf.feedback.forms import Texts
from tinyrlhf.games.game import Words
from tinyrlhf.games.text import HARD, Text, true_reward
from tinyrlhf.games.words import corpus
from tinyrlhf.humans.experts import Writer
from tinyrlhf.learning.imitation import clone
from tinyrlhf.nn.networks import MLP, EmbeddingMLP
from tinyrlhf.nn.schedules import linear
from tinyrlhf.policies import Policy
from tinyrlhf.questions import View
from tinyrlhf.rewards.habits import Habits
from tinyrlhf.rewards.reward_models import OutcomeReward
from tinyrlhf.rlhf import State
from tinyrlhf.worlds import LEARNERS, generators, make_learner, rounds_of, world

DRAFTS = 32  # words a person thinks of to write one, and changes to mend one
LEAVE_OUT, REPLACE, PUT_IN = 0, 1, 2


class WholeTexts(View):
    """A text is judged when finished, a beginning as if it ended there."""
    tries = "reference"
    stops = False

    def beginnings(self, game, episodes, lengths, rng):
        cut = lengths < episodes.lengths
        actions = episodes.actions.copy()
        actions[cut, lengths[cut]] = 0  # the end mark
        mask = np.arange(actions.shape[1]) < (lengths + cut)[:, None]
        return replay(game, episodes.states[:, 0], actions, mask, rng)


class ViewOfWords(WholeTexts):
    """What people may say of a word."""

    def __init__(self, game):
        def repeated(words):
            letters = np.arange(1, game.n_actions)
            count = (words.states[:, -1, :, None] == letters).sum(axis=1)  # (B, letters)
            return np.maximum(count - 1, 0).sum(axis=1)

        self.remarks = {"softer letters": lambda words: -HARD[words.states[:, -1]].sum(axis=1),
                        "no letter twice": lambda words: -repeated(words),
                        "shorter": lambda words: -words.lengths,
                        "more of a word": lambda words: words.lengths}


def writer(game):
    """Somebody who writes such words, and changes a letter where that helps."""
    def drafts(starts, rng):
        words = game.encode(corpus(DRAFTS * len(starts), rng))
        return words.reshape(len(starts), DRAFTS, -1)

    def edits(finished, rng):
        changed = [one_edit(game, finished, rng) for _ in range(DRAFTS)]
        return np.stack([finished, *changed], axis=1)

    def as_actions(finished):
        return game.demonstrations(game.decode(finished))[1:]

    return Writer(drafts, edits, as_actions, true_reward)


def one_edit(game, finished, rng):
    """Finished words (n, horizon), each with a letter left out, replaced or put in at random."""
    words = game.decode(finished)
    places = rng.random(len(words))  # 0: its beginning
    letters = rng.integers(len(game.letters), size=len(words))
    changes = rng.integers(3, size=len(words))
    edited = []
    for word, place, letter, change in zip(words, places, letters, changes):
        at, new = int(place * len(word)), game.letters[letter]
        if change == LEAVE_OUT:
            word = word[:at] + word[at + 1:]
        elif change == REPLACE:
            word = word[:at] + new + word[at + 1:]
        elif change == PUT_IN:
            at = int(place * (len(word) + 1))
            word = word[:at] + new + word[at:]
        edited.append(word[:game.horizon - 1])
    return game.encode(edited)


def page_of_words(game, policy, rng):
    """Ten words with what each is worth, as one scene."""
    episodes = rollout(game, policy, game.start(10, rng), rng)
    page = []
    for i, (states, value) in enumerate(zip(episodes.states, episodes.true_returns)):
        color = "ink" if value >= 1 else "danger" if value < 0 else "quiet"
        word = game.show(states[-1]) or "(nothing)"
        line = f"{word:<11} {value:5.1f}"
        page.append(Words(0.5, 0.95 - 0.1 * i, line, color))
    return [[page]]


@world(claim="{n} answers taught it which words a person likes", expert=writer,
       form=Texts(), scenes=page_of_words)
def text(seed=0, learner: LEARNERS = "rloo", rounds=6, questions=300, kl_coef=0.07,
         feedback="preference"):
    """A character model, pretrained on invented words, learns which words a person likes.

    The reward model knows which letters a word has and how long it is, not their order: it must
    guess the rest. Demonstrations are read with a higher rationality than they were made with, so
    that the prior does not outweigh what tells them from the tries beside them.
    """
    game, rngs = Text(), generators(seed)
    policy = pretrained(seed)
    n_features = game.features(game.start(1, None)).shape[-1]
    reward_model = OutcomeReward(MLP((n_features, 1), rngs["networks"], head_gain=0.01),
                                 lambda words: game.features(words.states[:, -1]),
                                 learning_rate=0.05, prior=3.0, batch=256, centred=True,
                                 habits=Habits(deviation_prior=1.0,
                                               rationality={"demonstration": 4.0}))
    critic = EmbeddingMLP(game.n_actions, game.window, 12, (64,), 1, rngs["networks"])
    improver = make_learner(learner, policy, critic, group=128, updates=200 * rounds,
                            learning_rate=0.01)
    return State(game, policy, policy.copy(), improver, reward_model,
                 rounds_of(feedback, questions, rounds), episodes_per_update=128,
                 updates_per_round=200, group=128, kl_coef=kl_coef, rngs=rngs,
                 view=ViewOfWords(game),
                 imitation={"learning_rate": 3e-3, "steps": 300, "batch": 128})


@functools.lru_cache(maxsize=8)
def pretrained_vector(seed):
    """Parameters of the pretrained character model."""
    kept = np.load(Path(__file__).with_name("pretrained.npy"))
    return kept[seed] if seed in range(len(kept)) else read_words(seed)


def read_words(seed):
    """The same, learned anew; pretrained.npy holds those of the seeds 0 to 4."""
    game, rng = Text(), generators(seed)["pretraining"]
    policy = character_model(game, rng)
    observations, actions, mask = game.demonstrations(corpus(1000, rng))
    clone(policy, observations[mask], actions[mask], rng, steps=1000, batch=256,
          learning_rate=linear(0.01, lowest=0.1))
    return policy.network.params.vector


def character_model(game, rng):
    """Three characters in, the next one out."""
    return Policy(EmbeddingMLP(game.n_actions, game.window, 12, (64,), game.n_actions, rng,
                               head_gain=0.1))


def pretrained(seed):
    """A character model that has read a thousand invented words."""
    policy = character_model(Text(), np.random.default_rng(0))
    policy.network.params.vector[:] = pretrained_vector(seed)
    return policy
