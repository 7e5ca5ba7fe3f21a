"""`tinyrlhf demo 10`: the room agrees on a taste in words and votes on ten pairs; a language model
learns it while everybody watches.
"""
import functools

import numpy as np

from tinyrlhf.games.words import SOFT, VOWELS, corpus
from tinyrlhf.numerics import sigmoid
from tinyrlhf.plots import BLUE, GREY, ORANGE, VERMILLION
from tinyrlhf.teaching.room import Question, at_most, blank, draw_words

TRAITS = {"vowels": ("more vowels", "fewer vowels"), "letters": ("long words", "short words"),
          "hard letters": ("hard letters", "no hard letters"),
          "letters again": ("letters that come again", "no letter twice"),
          "vowel at the end": ("a vowel at the end", "a consonant at the end")}
PAIRS, KL_COEF = 10, 0.25
# after so many there is a look at its words
UPDATES = (0, 2, 5, 10, 20, 60)


def traits(words):
    """What the reward model knows of words, (n, 5): TRAITS, in about equal spreads."""
    vowels = [sum(letter in VOWELS for letter in word) for word in words]
    hard = [sum(letter not in SOFT for letter in word) for word in words]
    rows = [[2 * soft - len(word), len(word), rough, len(word) - len(set(word)),
             word != "" and word[-1] in VOWELS] for word, soft, rough in zip(words, vowels, hard)]
    return np.array(rows, float) / (0.9, 2.2, 0.9, 1.2, 0.5)  # about equal spreads


def ask(claim, lists, options):
    """A Question about two lists of words; simulated people want more vowels."""
    left, right = (0.9 * traits(words)[:, 0].mean() for words in lists)
    return Question(claim, sigmoid(left - right), options=options)


def believe(pairs, counts, prior=1.0, most=10):
    """Bradley-Terry weights of the traits, and covariance; a pair counts ten hands at most."""
    weights, precision = np.zeros(len(TRAITS)), prior * np.eye(len(TRAITS))
    if not pairs:
        return weights, np.linalg.inv(precision)
    lead = np.array([traits(pair[:1])[0] - traits(pair[1:])[0] for pair in pairs])
    shown = at_most(counts, most)
    for _ in range(30):  # Newton's method
        chance = sigmoid(lead @ weights)
        slope = lead.T @ (shown[:, 0] - shown.sum(axis=1) * chance) - prior * weights
        bend = shown.sum(axis=1) * chance * (1 - chance)
        precision = (lead * bend[:, None]).T @ lead + prior * np.eye(len(weights))
        weights = weights + np.linalg.solve(precision, slope)
    return weights, np.linalg.inv(precision)


def next_pair(words, covariance, asked):
    """The two words about whose difference the reward model is least sure."""
    rows = traits(words)
    lead = rows[:, None] - rows
    unsure = np.einsum("ijk,kl,ijl->ij", lead, covariance, lead)
    used = [word in {each for pair in asked for each in pair} for word in words]
    unsure[used], unsure[:, used] = -1, -1
    i, j = np.unravel_index(unsure.argmax(), unsure.shape)
    return words[i], words[j]


def heard(weights, covariance):
    """What the room wants, in words."""
    sure = np.abs(weights) / np.sqrt(np.diag(covariance))
    clear = [i for i in np.argsort(-np.abs(weights)) if sure[i] > 2]
    wants = [list(TRAITS.values())[i][int(weights[i] < 0)] for i in clear[:2]]
    return "What it has heard: " + ", ".join(wants) if wants else "It cannot tell yet what you want"


def draw_beliefs(axis, weights, covariance):
    """What each trait is worth, with error bars of two standard errors."""
    colors = [BLUE if weight > 0 else VERMILLION for weight in weights]
    axis.barh(range(5), weights, xerr=2 * np.sqrt(np.diag(covariance)), color=colors, alpha=0.7,
              error_kw=dict(lw=3, capsize=6))
    axis.axvline(0, color=GREY, lw=1.5)
    axis.set(yticks=range(5), yticklabels=TRAITS, ylim=(4.6, -0.6),
             xlabel="what it believes: disliked  ←   → liked")


def draw_pair(figure, pair, beliefs):
    grid = figure.add_gridspec(2, 2, height_ratios=[1, 1.5])
    for column, (word, side, color) in enumerate(zip(pair, ("left", "right"), (BLUE, VERMILLION))):
        axis = blank(figure.add_subplot(grid[0, column]))
        axis.text(0.5, 0.6, word, size=56, weight="bold", ha="center", va="center", color=color)
        axis.text(0.5, 0.1, f"hands for {side}", size=22, ha="center", va="center")
    draw_beliefs(figure.add_subplot(grid[1, :]), *beliefs)


def draw_columns(axis, columns, places=len(UPDATES)):
    """Columns of words: (heading, words, scores, note); blue: a deviation above the start."""
    axis.set(xlim=(0, places), ylim=(-12.4, 0.3))
    axis.axis("off")
    for place, (heading, words, scores, note) in enumerate(columns):
        axis.text(place + 0.5, 0, heading, ha="center", va="top", size=20, weight="bold")
        axis.text(place + 0.5, -12.4, note, ha="center", va="bottom", color=GREY)
        for row, (word, score) in enumerate(zip(words, scores)):
            look = {"color": BLUE, "weight": "bold"} if score > 1 else {"color": GREY}
            axis.text(place + 0.5, -1.3 - 0.85 * row, word or "(nothing)", ha="center", va="top",
                      size=19, **look)


class Learning:
    """The language model, and what it is paid: traits, weighed by what the room likes."""

    def __init__(self, policy, weights, seed):
        from tinyrlhf.games.text import Text
        from tinyrlhf.learning.policy_gradient import RLOO
        self.game, self.weights, self.rng = Text(), weights, np.random.default_rng([seed, 3])
        self.reference, self.policy = policy, policy.copy()
        self.learner = RLOO(self.policy, 0.01, group=128, standardize=True)
        first = traits(self.words(self.write(2000))) @ weights
        self.mean, self.spread = first.mean(), max(first.std(), 1e-6)
        self.history = []

    def write(self, n, rng=None):
        from tinyrlhf.episodes import rollout
        return rollout(self.game, self.policy, self.game.start(n, None), rng or self.rng)

    def words(self, episodes):
        return self.game.decode(episodes.states[:, -1])

    def scores(self, words):
        """In deviations of its first words; at most two, or an odd word would be worth any nats.

        Nobody was ever asked about no word at all, and it counts as the worst.
        """
        scores = np.clip((traits(words) @ self.weights - self.mean) / self.spread, -2, 2)
        return np.where(np.array(words) == "", -2.0, scores)

    def improve(self, updates, kl_coef=KL_COEF):
        """So many updates, 128 words each."""
        from tinyrlhf.learning.kl import kl_penalized_rewards, kl_per_episode

        def paid(episodes):
            rewards = np.zeros(episodes.mask.shape)
            last = np.arange(len(episodes)), episodes.lengths - 1
            rewards[last] = self.scores(self.words(episodes))
            reference = episodes.as_table(self.reference.log_probs(*episodes.decisions)[0])
            return kl_penalized_rewards(rewards, episodes.log_probs, reference, kl_coef)

        for _ in range(updates):
            episodes = self.write(128)
            nats = kl_per_episode(self.policy, self.reference, episodes)
            self.history.append((self.scores(self.words(episodes)).mean(), nats))
            self.learner.update(episodes, paid, self.rng)

    def look(self, updates, n=12):
        """Heading, words by the same dice as ever, their scores, and the mean score of 200."""
        many = self.words(self.write(200, np.random.default_rng(0)))
        reward = f"reward {self.scores(many).mean():.1f}".replace("-", "−")
        return f"{updates} updates", many[:n], self.scores(many[:n]), reward


@functools.cache
def reader(seed):
    """A model that has read 1,000 words, and 60 of its own, of three to eight letters."""
    from tinyrlhf.worlds.text import pretrained
    policy = pretrained(seed)
    written = Learning(policy, np.zeros(len(TRAITS)), seed)
    different = dict.fromkeys(written.words(written.write(300)))
    return policy, [word for word in different if 3 <= len(word) <= 8][:60]


def beats(figure, seed):
    """Each beat draws, and yields its claim, or a `Question`, for which it is sent the hands."""
    draw_words(figure.subplots(), list(dict.fromkeys(corpus(60, np.random.default_rng(seed))))[:24])
    yield "A little machine has read a thousand words of a language that does not exist"
    policy, words = reader(seed)
    draw_words(figure.subplots(), words[:24], color=BLUE)
    yield "Now it writes its own. Agree on a taste! (For example: more vowels.) It must not hear it"

    pairs, counts, beliefs = [], [], believe([], [])
    for number in range(PAIRS):
        pairs.append(next_pair(words, beliefs[1], pairs))
        draw_pair(figure, pairs[-1], beliefs)
        before = f"{counts[-1][0]} to {counts[-1][1]}. " if counts else ""
        claim = f"{before}Pair {number + 1} of {PAIRS}: which word is better?"
        counts.append((yield ask(claim, [[word] for word in pairs[-1]], pairs[-1])))
        beliefs = believe(pairs, counts)
    draw_beliefs(figure.subplots(), *beliefs)
    yield heard(*beliefs)

    learning, looks = Learning(policy, beliefs[0], seed), []
    for before, after in zip((0, *UPDATES), UPDATES):
        learning.improve(after - before)
        looks.append(learning.look(after))
        draw_columns(figure.subplots(), looks)
        yield ("Before it learns. Blue and bold: what its reward model likes" if after == 0 else
               "Two batches of words later: it writes, is paid, and writes again" if after == 2 else
               f"{128 * after:,} words later, and nobody had to vote on them")
    above, below = figure.subplots(2, 1, sharex=True)
    above.plot(range(UPDATES[-1]), np.array(learning.history)[:, 0], color=BLUE)
    below.plot(range(UPDATES[-1]), np.array(learning.history)[:, 1], color=ORANGE)
    above.set(ylabel="reward", ylim=(min(0, above.get_ylim()[0]), None))
    below.set(ylabel="nats from the start", xlabel="updates", ylim=(0, None))
    yield ("The reward rises, and each nat away from the language that it has read costs something"
           if learning.history[-1][0] > learning.history[0][0] + 0.3 else
           "It was paid for next to nothing, and learned next to nothing")

    with_penalty = ("with KL penalty", *learning.look(UPDATES[-1])[1:])
    draw_columns(figure.subplots(), [with_penalty, ("without it", ["?"] * 12, [0] * 12, "")],
                 places=2)
    yield "What would it write without the KL penalty? Guess"
    free = Learning(policy, beliefs[0], seed)
    free.improve(UPDATES[-1], kl_coef=0.0)
    (varied, near), (alike, far) = ((len(set(each.words(each.write(200)))), each.history[-1][1])
                                    for each in (learning, free))
    draw_columns(figure.subplots(), [with_penalty, ("without it", *free.look(UPDATES[-1])[1:])],
                 places=2)
    yield (f"With it: {near:.1f} nats away, {varied} different words of 200. "
           f"Without it: {far:.1f} nats, {alike} different")

    lists = looks[0][1], looks[-1][1]
    for axis, words, side, color in zip(figure.subplots(1, 2), lists,
                                        ("left: before", "right: after"), (GREY, BLUE)):
        draw_words(axis, words, columns=2, color=color)
        axis.set_title(side, loc="center", size=26, weight="bold")
    left, right = yield ask("The machine is pleased with itself. Are you? Which list is better?",
                            lists, ("left", "right"))
    axis = figure.subplots()
    axis.barh([1, 0], [left, right], color=[GREY, BLUE])
    axis.set(yticks=[1, 0], yticklabels=["before", "after"], xlabel="hands", xticks=[],
             xlim=(0, 1.1 * max(left, right, 1)))
    for place, hands in ((1, left), (0, right)):
        axis.text(hands, place, f" {hands}", va="center", weight="bold", size=26)
    verdict = "nobody can tell the difference"
    if right != left:
        verdict = ("this is the only score that counts" if right > left else
                   "it learned what it heard, and not what you meant")
    yield f"{right} hands for what it has learned, {left} for what it was: {verdict}"
