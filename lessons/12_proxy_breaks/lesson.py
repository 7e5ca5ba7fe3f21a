# %% [markdown]
# # 12. When the proxy breaks
#
# **Goal**: see a reward model be right about ordinary words, and absurd about the words that it is
# optimised for. You will know what Goodhart's law is and which kinds of it break things, why a
# single word may be left over, when training is most dangerous, and what helps: a KL penalty,
# stopping in time, and above all asking people again.
#
# About 45 minutes: reading 20 without the code, the experiment 5, the first three exercises 17. The
# extra exercises take 18 more, the code 15 more.

# %% [markdown]
# ## A person, and a machine that guesses what the person feels
#
# <a id="proxy"></a>
# The character model of lesson 9 has read a thousand invented words and writes words like them.
# About a word our person feels, in points:
#
# - one point for each *different* letter, and half a point off for each letter that has been there
#   before;
# - one point for each vowel, as long as at most half of the letters are vowels.
#
# So *banana* is worth 3 - 1.5 + 3 = 4.5 points, *lumikate* 8 + 4 = 12. The machine does not know
# that. It hears 400 votes on pairs of ordinary words, from a person who wavers as in lesson 6: a
# lead of one point wins 73 % of the votes. Then it fits a reward model that is told only one thing
# of a word, **how often each letter occurs**. So it learns so many points for an *a*, so many for a
# *k*. In everything that follows, this model stands in for the person. It is a **proxy**.
#
# (The page shows seeds 0 to 2; your run shows seed 0 alone, unless `TINYRLHF_SEEDS=all` stands
# before its command.)

# %%
import functools
import os
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np

from tinyrlhf.diagnostics import accuracy, entropy_of, noise_ceiling
from tinyrlhf.episodes import join, rollout
from tinyrlhf.exact.best_of_n import expected_true_reward, kl_bound
from tinyrlhf.feedback.answers import FIRST, join_answers
from tinyrlhf.games.text import Text
from tinyrlhf.games.words import VOWELS, corpus
from tinyrlhf.humans.simulated import Boltzmann
from tinyrlhf.learning.imitation import clone
from tinyrlhf.learning.kl import kl_penalized_rewards, kl_per_episode
from tinyrlhf.learning.policy_gradient import RLOO
from tinyrlhf.nn.networks import MLP
from tinyrlhf.numerics import sigmoid, softmax
from tinyrlhf.plots import BLUE, GREEN, GREY, VERMILLION
from tinyrlhf.questions import random_pairs, shown
from tinyrlhf.rewards.reward_models import OutcomeReward
from tinyrlhf.teaching import LECTURE, check_claims, mine, predict, show
from tinyrlhf.worlds.text import character_model, pretrained

plt.style.use(LECTURE)
PERSON = Boltzmann(rationality=1.0)
# all are on this page; a run takes the first, to save time; with range(10, 20) in their place it
# prints the ten other seeds that the text speaks of
SEEDS = (0, 1, 2) if os.environ.get("TINYRLHF_SEEDS") == "all" else (0,)
PENALTIES = (0.0, 0.3, 1.2)
if os.environ.get("TINYRLHF_FULL") == "1":
    PENALTIES = (0.0, 0.05, 0.15, 0.3, 0.6, 1.2)


def letters(words):
    """How often each of the 17 letters occurs in words (n, 10) of character numbers -> (n, 17)."""
    # one for each letter of each word; 0 is no letter
    numbers = 18 * np.arange(len(words))[:, None] + words
    counts = np.bincount(numbers.ravel(), minlength=18 * len(words)).reshape(-1, 18)
    return counts[:, 1:].astype(float)


def felt(words):
    """What the person feels about words (n, 10), in points; the machine never sees this."""
    counts = letters(words)
    length, different = counts.sum(axis=1), (counts > 0).sum(axis=1)
    vowels = counts[:, :len(VOWELS)].sum(axis=1)
    return different - 0.5 * (length - different) + np.minimum(vowels, 0.5 * length)


class Words(Text):
    """Invented words of at most ten letters; their true reward is what this person feels."""

    true_reward = staticmethod(felt)


GAME = Words()


def write(policy, n, rng, game=GAME):
    """n words as episodes."""
    return rollout(game, policy, game.start(n, None), rng)


def finished(episodes):
    """Their words (n, 10) as character numbers."""
    return episodes.states[:, -1]


def spelled(words):
    return GAME.decode(words)


def vote(first, second, rng):
    """The person compares two stacks of episodes, pair by pair."""
    pairs = np.arange(2 * len(first)).reshape(2, -1).T
    return PERSON.answer(GAME, shown("preference", join([first, second]), pairs), rng)


def fitted(votes, rng, told=letters):
    """A reward model fitted to votes, as a function: what it is told of n words -> scores (n,)."""
    network = MLP((told(finished(votes.episodes[:1])).shape[1], 1), rng, head_gain=0.01)
    OutcomeReward(network, lambda episodes: told(finished(episodes)), learning_rate=0.1, prior=1.0,
                  fit_steps=100).fit(votes, rng)
    return lambda features: network.forward(features)[0][:, 0]


def machine(votes, ordinary, rng, told=letters):
    """A reward model fitted to votes, as a function: words (n, 10) -> promised points (n,).

    Votes say nothing about the zero. It is set so that ordinary words promise, on average, what
    the person feels about them.
    """
    score = fitted(votes, rng, told)
    shift = ordinary.true_returns.mean() - score(told(finished(ordinary))).mean()
    return lambda words: score(told(words)) + shift


@functools.lru_cache
def beginning(seed):
    """A thousand ordinary words, 400 votes on pairs of them, and the machine fitted to these."""
    rng = np.random.default_rng([12, seed])
    ordinary = write(pretrained(seed), 1000, rng)
    first, second = random_pairs(len(ordinary), 400, rng)
    votes = vote(ordinary[first], ordinary[second], rng)
    return ordinary, votes, machine(votes, ordinary, rng)


def held_out(seed):
    """Share of new votes on ordinary words that the machine foretells, and that anybody could."""
    (ordinary, _, promised), rng = beginning(seed), np.random.default_rng([1, seed])
    first, second = (ordinary[rows] for rows in random_pairs(len(ordinary), 2000, rng))
    lead = promised(finished(first)) - promised(finished(second))
    first_wins = vote(first, second, rng).said[:, 0] == FIRST
    return accuracy(lead, first_wins), noise_ceiling(PERSON.preference(first, second))


ordinary, _, promised = beginning(0)
print("word         felt   promised")
for word, points, promise in zip(spelled(finished(ordinary)[:5]), ordinary.true_returns,
                                 promised(finished(ordinary))):
    print(f"{word:<11} {points:5.1f} {promise:8.1f}")
for seed in SEEDS:
    foretold, ceiling = held_out(seed)
    print(f"seed {seed}: {foretold:.0%} of new votes on ordinary words foretold; "
          f"nobody could do better than {ceiling:.0%}")

# %% [markdown]
# By the honest test of lesson 7 this is quite a good reward model. It cannot see variety, but
# ordinary words do not differ much in that, so few votes depend on it.
#
# ## Now optimise
#
# We reinforce the character model on what the machine promises, as in lesson 10, without a KL
# penalty.

# %%
class Look(NamedTuple):
    """A policy after so many steps: nats from the start, points promised, 64 of its words."""
    step: int
    kl: float
    promised: float
    episodes: object

    @property
    def felt(self):
        return self.episodes.true_returns.mean()


def climb(policy, start, reward, rng, kl_coef=0.0, steps=48):
    """Reinforce a policy in place on reward(words) - kl_coef * (log pi - log start) -> Looks."""
    learner, looks = RLOO(policy, group=64, standardize=True, learning_rate=0.006), []

    def rewards(episodes):
        table = np.zeros(episodes.mask.shape)
        table[np.arange(len(table)), episodes.lengths - 1] = reward(finished(episodes))
        if not kl_coef:
            return table
        reference = episodes.as_table(start.log_probs(*episodes.decisions)[0])
        return kl_penalized_rewards(table, episodes.log_probs, reference, kl_coef)

    for step in range(steps + 1):
        episodes = write(policy, 64, rng)
        if step % 4 == 0:
            promised = reward(finished(episodes)).mean()
            looks.append(Look(step, kl_per_episode(policy, start, episodes), promised, episodes))
        if step < steps:
            learner.update(episodes, rewards, rng)
    return looks


@functools.lru_cache
def run(seed, kl_coef=0.0):
    start = pretrained(seed)
    return climb(start.copy(), start, beginning(seed)[2], np.random.default_rng([2, seed]), kl_coef)


print("step   nats from the start   promised   felt   three of its words")
for look in run(seed=0)[::2]:
    words = " ".join(spelled(finished(look.episodes)[:3]))
    print(f"{look.step:4} {look.kl:15.1f} {look.promised:15.1f} {look.felt:8.1f}   {words}")
for seed in SEEDS[1:]:
    look = run(seed)[-1]
    word = spelled(finished(look.episodes))[0]
    print(f"seed {seed} ends {look.kl:.0f} nats away: promised {look.promised:.1f}, felt "
          f"{look.felt:.1f}, {word}")

# %% [markdown]
# For a few steps both rise. Then the machine is ever more delighted, and the person would rather
# have the old words back. Nothing was wrong with the votes, nor with the optimiser, which did its
# job only too well.
#
# ## Goodhart's law, and its four kinds
#
# *When a measure becomes a target, it ceases to be a good measure.* Manheim and Garrabrant (2018)
# tell four ways in which that happens:
#
# | kind | what goes wrong | here |
# |---|---|---|
# | regressional | a score is truth plus chance: high scores are luck, too | little: 400 votes |
# | extremal | what holds for ordinary cases fails far away | nobody voted on such words |
# | causal | pushing the score need not push the truth | a second *k* adds score, not variety |
# | adversarial | somebody looks for the gap on purpose | you will, in exercise 12.5 |
#
# One may think that the first kind explains it all, as any noise in the score is exploited in the
# end. But bell-shaped noise alone gives no peak! Draw n things, and keep the one with the highest
# score:

# %%
def truth_of_the_best(n, draw_errors, rng):
    """Mean truth of the best of n by truth plus error, in 400 trials; the truth is normal."""
    truth = rng.normal(size=(400, n))
    return truth[np.arange(400), (truth + draw_errors(rng, truth.shape)).argmax(axis=1)].mean()


ERRORS = {"bell-shaped": lambda rng, shape: rng.normal(size=shape),
          "heavy tails": lambda rng, shape: rng.standard_t(2, size=shape)}


@functools.lru_cache
def truths(name):
    """Mean truth of the best of 4, 16, .. 4096 by truth plus errors of this name."""
    rng = np.random.default_rng(0)
    return [truth_of_the_best(4**power, ERRORS[name], rng) for power in range(1, 7)]


# %% [predict]
predict("12.a",
        "score = truth + error. With heavy-tailed errors the best of 4 has a mean truth of 0.5. "
        "And the best of 4096?",
        truths("heavy tails")[-1],
        "To search more is not to find better: in the end the largest error wins, and it says "
        "nothing about the truth.")

# %%
print("best of          4     16     64    256   1024   4096")
for name in ERRORS:
    print(f"{name:<12}" + "".join(f"{truth:7.2f}" for truth in truths(name)))

# %% [markdown]
# With bell-shaped errors the truth keeps rising, only slower than the score. It falls where *some*
# errors are huge, because those win in the end. Far from the votes our machine makes such errors,
# and they are no accident: they have a direction, and the optimiser walks along it. You can find it
# without any learning, by looking for it.

# %%
def library_hack(score, words):
    pairs = [(a + b) * 5 for a in Words.letters for b in Words.letters]
    return max(pairs, key=score)


hack = mine("12", "hack", library_hack)
for seed in SEEDS:
    ordinary, _, promised = beginning(seed)
    best = finished(ordinary)[[promised(finished(ordinary)).argmax()]]
    found = GAME.encode([hack(lambda word: promised(GAME.encode([word]))[0],
                              spelled(finished(ordinary)))])
    for name, word in (("the best of 1,000 ordinary words:", best), ("found on purpose:", found)):
        print(f"seed {seed}   {name:<34}{spelled(word)[0]:<12} "
              f"promised {promised(word)[0]:4.1f}, felt {felt(word)[0]:4.1f}")

# %% [markdown]
# ## One word is left
#
# <a id="mode-collapse"></a>
# There was something else in the last lines: all words were the same word. A strong preference for
# certain outputs, with nothing else left, is called **mode collapse**, and one reads that
# reinforcement learning is bound to end there. Is the proxy to blame? Let us pay what the person
# *truly* feels, for every single word, and look at the **entropy** of 64 whole words. Its
# exponential says how many words are in use: 64 if all are different, 1 if all are the same.

# %%
entropy = mine("12", "entropy", lambda samples: entropy_of(np.array(samples)))


@functools.lru_cache
def paid_the_truth(seed):
    start = pretrained(seed)
    return climb(start.copy(), start, felt, np.random.default_rng([3, seed]), steps=80)


# %% [predict]
predict("12.b",
        "the true reward is paid for every word, no proxy. At first about 63 of 64 words are "
        "different. How many are in use after 80 steps (seed 0)?",
        np.exp(entropy(spelled(finished(paid_the_truth(0)[-1].episodes)))),
        "A true reward does not keep variety: where all that counts is reward, one perfect word "
        "is enough.")

# %%
print("paid what is truly felt    step   felt   words in use (of 64)")
for seed in SEEDS:
    for look in paid_the_truth(seed)[::10]:
        words = spelled(finished(look.episodes))
        print(f"seed {seed} {look.step:23} {look.felt:6.1f} {np.exp(entropy(words)):9.1f}     "
              f"{words[0]}")

# %% [markdown]
# True reward: perfect. Proxy: there is none. And yet hardly more than one word is left, although
# almost three billion words are worth 15 points, namely all with five different vowels and five
# different consonants. So no reward will tell you; print the entropy beside it.
#
# Part of the cause is the *optimiser*. Take 64 words with one logit each, eight of them worth 1,
# and exact gradients. The plain gradient pushes a logit by $p_i (r_i - \bar r)$: among equals the
# more frequent one is pushed more, and takes it all. The **natural gradient** (Kakade 2001) pushes
# by
# $r_i - \bar r$, equals alike.
#
# The other part is the aim itself: where nothing but reward is paid, one perfect word is as good as
# eight, so nothing pulls back. Under a KL penalty there is one best policy, $\pi_{ref} e^{r/c}/Z$
# (lesson 11), and it keeps equals in the proportions of the reference.

# %%
GOOD = (np.arange(64) < 8).astype(float)


@functools.lru_cache
def sixty_four(seed, natural, n_draws=20, steps=1000):
    """Chances (n_draws, 64) of 64 words at the start and after so many exact gradient steps."""
    start = np.random.default_rng([4, seed]).dirichlet(np.full(64, 10.0), size=n_draws)
    logits = np.log(start)
    for _ in range(steps):
        chances = softmax(logits)
        push = GOOD - (chances @ GOOD)[:, None]
        logits = logits + (0.1 * push if natural else chances * push)
    return start, softmax(logits)


def in_use(chances):
    """exp(entropy) of chances (..., 64)."""
    return np.exp(-(chances * np.log(np.maximum(chances, 1e-300))).sum(axis=-1))


# %% [drawing]
start, plain = sixty_four(0, natural=False)
fair = sixty_four(0, natural=True)[1]
figure, axes = plt.subplots(1, 3, figsize=(13, 5.5), sharey=True)
for axis, name, chances in zip(axes, ("at the start", "plain gradient", "natural gradient"),
                               (start, plain, fair)):
    axis.bar(np.arange(8), chances[0, :8], color=BLUE)
    axis.bar(9.5, chances[0, 8:].sum(), color=GREY, width=2)
    axis.set(title=name, xticks=[3.5, 9.5], xticklabels=["eight worth 1", "56 others"],
             ylim=(0, 1.02))
    axis.set_xlabel(f"mean reward {chances[0] @ GOOD:.3f}\nwords in use {in_use(chances[0]):.1f}")
axes[0].set_ylabel("chance of each word (grey: of all others)", size=16)
show(figure, "collapse", "Both are paid perfectly. One has a single word left")
print("middle of 20 draws: mean reward {:.4f} and {:.4f}, words in use {:.2f} and "
      "{:.2f}".format(*(np.median(each @ GOOD) for each in (plain, fair)),
                      *(np.median(in_use(each)) for each in (plain, fair))))

# %% [markdown]
# ## The start is the most dangerous time
#
# <a id="hazardous-start"></a>
# One also reads that a powerful system must be pushed "in straight ways", and that the beginning of
# training is the most hazardous stage. The first is a picture more than a statement, but the second
# we can count. Suppose the person cannot bear the letter *k*: a word with a *k* costs 6 points. In
# each round the model publishes 64 words, the person votes on ten pairs of them, the machine learns
# from all votes so far, and the policy is improved. How many hated words get out?

# %%
K, HORROR = Text.keys["k"], 6.0
BEGINNINGS = {"writes at random": 0.0, "has read 1,000 words": 0.0, "has read, KL penalty": 0.6,
              "has also copied 50 words": 0.0}


def hated(words):
    return (words == K).any(axis=-1)


class Delicate(Words):
    """Words for a person who cannot bear one letter."""

    @staticmethod
    def true_reward(words):
        return felt(words) - HORROR * hated(words)


def first_policy(name, seed, rng):
    """What the model knows before the first vote."""
    if name == "writes at random":
        return character_model(GAME, rng)
    policy = pretrained(seed)
    # words that the person wrote
    if "copied" in name:
        written = [word for word in corpus(300, rng) if "k" not in word][:50]
        observations, actions, mask = GAME.demonstrations(written)
        clone(policy, observations[mask], actions[mask], rng, learning_rate=0.003, steps=60,
              batch=128)
    return policy


@functools.lru_cache
def hated_words(name, seed, rounds=8):
    """Hated words among the 64 published in each round, (rounds,)."""
    rng, game, votes, counts = np.random.default_rng([5, seed]), Delicate(), None, []
    policy = first_policy(name, seed, rng)
    start, learner = policy.copy(), RLOO(policy, group=64, standardize=True, learning_rate=0.01)
    told = lambda episodes: letters(finished(episodes))
    model = OutcomeReward(MLP((17, 1), rng, head_gain=0.01), told, 0.1, prior=1.0, fit_steps=20)

    def rewards(episodes):
        reference = episodes.as_table(start.log_probs(*episodes.decisions)[0])
        return kl_penalized_rewards(model.forward(episodes)[0], episodes.log_probs, reference,
                                    BEGINNINGS[name])

    for _ in range(rounds):
        published = write(policy, 64, rng, game)
        counts.append(hated(finished(published)).sum())
        new = vote(published[:10], published[10:20], rng)
        votes = join_answers([votes, new]) if votes else new
        model.fit(votes, rng)
        for _ in range(3):
            learner.update(write(policy, 64, rng, game), rewards, rng)
    return np.array(counts)


# %% [drawing]
figure, axis = plt.subplots(figsize=(12, 7))
print("hated words published          before any vote   rounds 2 to 4   rounds 5 to 8   "
      "(means over seeds)")
for name, color, line, place in zip(BEGINNINGS, (VERMILLION, "#A86F00", GREEN, BLUE),
                                    ("-", "--", ":", "-."),
                                    ((1.5, 20), (-0.1, 7.5), (4.6, 3.9), (4.6, -1.6))):
    counts = np.mean([hated_words(name, seed) for seed in SEEDS], axis=0)
    axis.plot(np.arange(8), counts, line, color=color, marker="o", markersize=9)
    axis.text(*place, name, color=color, weight="bold")
    print(f"{name:<30} {counts[0]:15.1f} {counts[1:4].sum():15.1f} {counts[4:].sum():15.1f}")
axis.set(xlabel="votes heard so far", ylabel="hated words, out of 64", xticks=range(0, 8),
         xticklabels=range(0, 80, 10), ylim=(-2.4, None))
show(figure, "start", "Most harm is done at the start; examples prevent most of it")

# %% [markdown]
# **What you should see**: before the first vote the model simply does what it has learned so far,
# and no feedback can help. Most hated words get out in the first rounds. Having read prevents many
# of them, and having copied what the person wrote most of the others. The KL penalty does not: it
# holds the model near its start, not near the person, and where the start wrote a *k* now and then,
# it goes on for longer. A penalty is as good as its reference. So demonstrations come first, and
# then the penalty.
#
# ## What helps
#
# Back to the person who does not mind a *k*, and to 400 votes. Which of the usual remedies save the
# words?
#
# - **A KL penalty**: none and two prices of a nat (six in all with `TINYRLHF_FULL=1`), and fresh
#   votes say which is best.
# - **Stopping early**: at each look, 20 votes between the model's words and ordinary ones say when.
# - **Caution**: five machines, each fitted to its own random selection of the votes; the one that
#   likes a word least decides (Coste et al. 2024).
# - **Fresh votes**: after each twelfth step ask 50 times about the words that the model writes
#   *now*, and fit the machine again. Once to letter counts as before, once to a machine that is
#   also told which letters occur at all. That machine also runs once without fresh votes ("told
#   more"), to see which of the two it is that helps.
# - **The person directly**: no machine. The words are compared two by two, and each is paid by its
#   own vote.

# %%
def library_stop(history):
    asked = history[~np.isnan(history[:, 2])]
    best = asked[:, 2].argmax()
    return asked[best, 0], asked[best, 2] - asked[-1, 2]


def library_pick(kl_coefs, wins, n_seen):
    shares = np.nanmean(wins[:, n_seen:], axis=1)
    return kl_coefs[np.isclose(shares, shares.max())].max()


def library_conservative(ensemble, x, reference):
    usual = np.stack([member(reference) for member in ensemble])
    scores = np.stack([member(x) for member in ensemble]) - usual.mean(axis=1, keepdims=True)
    return (scores / usual.std(axis=1, keepdims=True)).min(axis=0)


true_vs_proxy = mine("12", "true_vs_proxy", library_stop)
pick_kl_coef = mine("12", "pick_kl_coef", library_pick)
conservative = mine("12", "conservative", library_conservative)


def wins(episodes, ordinary, rng):
    """1 where the person prefers these words to ordinary ones, else 0."""
    others = ordinary[rng.integers(len(ordinary), size=len(episodes))]
    return (vote(episodes, others, rng).said[:, 0] == FIRST).astype(float)


def stopped_early(seed, rng):
    """The Look at which 20 votes were best."""
    ordinary = beginning(seed)[0]
    history = np.array([(look.step, look.promised, wins(look.episodes[:20], ordinary, rng).mean())
                        for look in run(seed)])
    return next(look for look in run(seed) if look.step == true_vs_proxy(history)[0])


def least_of_five(seed, rng):
    ordinary, votes, _ = beginning(seed)
    ensemble = [fitted(votes[rng.integers(len(votes), size=len(votes))], rng) for _ in range(5)]
    reference = letters(finished(ordinary))
    start = pretrained(seed)
    reward = lambda words: conservative(ensemble, letters(words), reference)
    return climb(start.copy(), start, reward, rng)[-1]


def fresh_votes(seed, rng, told=letters):
    ordinary, votes, _ = beginning(seed)
    start = pretrained(seed)
    policy = start.copy()
    look = climb(policy, start, machine(votes, ordinary, rng, told), rng, steps=12)[-1]
    for _ in range(3):
        others = ordinary[rng.integers(len(ordinary), size=50)]
        votes = join_answers([votes, vote(look.episodes[:50], others, rng)])
        look = climb(policy, start, machine(votes, ordinary, rng, told), rng, steps=12)[-1]
    return look


def which_occur(words):
    """How often each letter occurs, and whether it occurs: (n, 34)."""
    return np.concatenate([letters(words), letters(words) > 0], axis=1)


def told_more(seed):
    """The control: the machine is told which letters occur, but hears no fresh votes."""
    (ordinary, votes, _), start = beginning(seed), pretrained(seed)
    rng = np.random.default_rng([9, seed])
    return climb(start.copy(), start, machine(votes, ordinary, rng, which_occur), rng)[-1]


def the_person(seed, rng):
    """Words are compared two by two, and each is paid by its vote: 1/2 if it won, else -1/2."""
    def paid(words):
        first_wins = rng.random(len(words) // 2) < sigmoid(felt(words[0::2]) - felt(words[1::2]))
        return np.stack([first_wins - 0.5, 0.5 - first_wins], axis=1).ravel()

    start = pretrained(seed)
    return climb(start.copy(), start, paid, rng)


@functools.lru_cache
def remedies(seed):
    """Name -> votes that it took, and the Look at which it ended."""
    rng = np.random.default_rng([6, seed])
    directly = the_person(seed, rng)
    penalties = {f"KL penalty {kl_coef:g}": (400, run(seed, kl_coef)[-1])
                 for kl_coef in PENALTIES[1:]}
    return {"no remedy": (400, run(seed)[-1]), **penalties,
            "stopping early": (660, stopped_early(seed, rng)),
            "the least of five": (400, least_of_five(seed, rng)),
            "fresh votes": (550, fresh_votes(seed, rng)), "told more": (400, told_more(seed)),
            "fresh votes, told more": (550, fresh_votes(seed, rng, which_occur)),
            "the person directly": (384, directly[3]),
            "the person, four times as long": (1536, directly[-1])}


def words_in_use(look):
    return np.exp(entropy(spelled(finished(look.episodes))))


heads = "felt".ljust(3 + 6 * len(SEEDS)) + "words in use (of 64)"
print("at the end, for each seed        votes      " + heads)
for name in remedies(0):
    looks = [remedies(seed)[name][1] for seed in SEEDS]
    points = "".join(f"{look.felt:6.1f}" for look in looks)
    in_use_now = "".join(f"{words_in_use(look):6.1f}" for look in looks)
    print(f"{name:<31}{remedies(0)[name][0]:7,} {points}    {in_use_now}")
for seed in SEEDS:
    rng, ordinary = np.random.default_rng([7, seed]), beginning(seed)[0]
    ends = [run(seed, kl_coef)[-1].episodes for kl_coef in PENALTIES]
    fresh = np.array([np.concatenate([wins(end, ordinary, rng) for _ in range(3)])
                      for end in ends])
    proudest = PENALTIES[np.argmax([run(seed, kl_coef)[-1].promised for kl_coef in PENALTIES])]
    picked = pick_kl_coef(np.array(PENALTIES), fresh, 0)
    print(f"seed {seed}: by {fresh.shape[1]} fresh votes on each, the best kl_coef is {picked:g}; "
          f"by their own promises {proudest:g}")

# %% [drawing]
figure, axis = plt.subplots(figsize=(13, 7))
figure.get_layout_engine().set(rect=(0.02, 0, 0.96, 1))
names = list(remedies(0))
for row, name in enumerate(names):
    ends = [remedies(seed)[name][1].felt for seed in SEEDS]
    color = VERMILLION if min(ends) < 6.5 else BLUE
    axis.plot(ends, [-row] * len(ends), "o", color=color, markersize=14, alpha=0.8)
ordinary_felt = np.mean([beginning(seed)[0].true_returns.mean() for seed in SEEDS])
axis.axvline(ordinary_felt, color=GREY, lw=2, ls="--")
axis.text(ordinary_felt + 0.1, 0.3, "ordinary words", color=GREY)
labels = [f"{name}, {remedies(0)[name][0]:,} votes" for name in names]
axis.set(yticks=-np.arange(len(names)), yticklabels=labels,
         xlim=(-4.5, 15.5), ylim=(0.7 - len(names), 0.9), xticks=range(-4, 16, 4),
         xlabel="felt about the last words, in points (dots: seeds)")
show(figure, "remedies", "A KL penalty saves the words; so do votes the machine can hear")

# %% [markdown]
# **What you should see** (in the picture a row is orange if at least one seed ends no better than
# ordinary words, or hardly):
#
# - With no remedy the person ends up unhappier than with the ordinary words of the start. Of the
#   penalties that of 0.3 saves most; 1.2 is safe too, but gains less than it could (on seed 1 by so
#   little that fresh votes prefer it). Going by the promises we would have picked none at all.
# - Stopping early saves the words, too, on one seed only just: twenty votes are few to tell the
#   best moment.
# - Five machines instead of one help by luck: on two seeds up to where ordinary words are, on the
#   third not so far, and everywhere few words are left. They disagree about letters, and caution
#   heeds that; none of them can see repetition, so where that is the gap all are wrong *together*.
#   The least of many protects from errors that they do not share.
# - Fresh votes help little where the machine only counts letters. It learns to dislike the letters
#   of today's favourite, and the policy moves on to the next ones; where it is caught in the end is
#   luck. Telling the machine which letters occur brings it, without one new vote, to where the
#   penalty of 0.3 ends, or higher, on two of three seeds; fresh votes on top bring out the best
#   words, though fewer of them (on seeds 10 to 19 they end at 14 points on average, without fresh
#   votes at 11, and with nothing but fresh votes at 7). Neither alone does it. So look at what the
#   policy does *now*, ask about it, and mind whether the machine can understand the answer.
# - The person directly cannot be deceived here. A proxy is less trustworthy than that, and one does
#   well to remember it. But the person must judge *every* word. With as many votes the proxy under
#   a KL penalty comes about as far, and it asks no more, however long it goes on. This leverage is
#   why there are reward models, and why they can do so much harm.
#
# ## The picture to remember
#
# To the right: how far the policy is from its start, in nats; the scale is that of the square root
# of the KL, as in Gao, Schulman and Hilton (2022), who measured such curves for language models.
# Dots are words that the model wrote there, as high as the person likes them. Thin lines are two
# other seeds.

# %% [drawing]
def picture(seed):
    figure, axis = plt.subplots(figsize=(13, 8.5))
    jitter = np.random.default_rng(0)
    for other in SEEDS:
        stroke = dict(lw=5, alpha=1) if other == seed else dict(lw=2, alpha=0.35)
        x = np.sqrt([look.kl for look in run(other)])
        axis.plot(x, [look.promised for look in run(other)], "--", color=VERMILLION, **stroke)
        axis.plot(x, [look.felt for look in run(other)], color=BLUE, **stroke)
    for number, look in enumerate(run(seed)):
        points = look.episodes.true_returns[:12]
        x = np.sqrt(look.kl) + jitter.uniform(-0.05, 0.05, 12)
        axis.scatter(x, points, s=45, color=BLUE, alpha=0.35, linewidths=0)
        if number in (0, 2, len(run(seed)) - 1):
            places = {0: ((0, -95), "center"), 2: ((0, -115), "center")}
            place, side = places.get(number, ((0, -40), "center"))
            typical = np.abs(look.episodes.true_returns - look.felt).argmin()
            word = spelled(finished(look.episodes))[typical]
            axis.annotate(word, (np.sqrt(look.kl), look.felt), place, textcoords="offset points",
                          ha=side, family="DejaVu Sans Mono")
    for kl_coef in PENALTIES[1:]:
        look = run(seed, kl_coef)[-1]
        axis.plot(np.sqrt(look.kl), look.felt, "D", color=GREEN, markersize=15, zorder=4)
        name, place, side = f"{kl_coef:g}", (0, 16), "center"
        if kl_coef == max(PENALTIES):
            name, place, side = f"KL penalty {kl_coef:g}", (-6, 16), "right"
        axis.annotate(name, (np.sqrt(look.kl), look.felt), place, textcoords="offset points",
                      ha=side, color=GREEN, weight="bold")
    axis.text(3.0, 14.8, "what the machine promises", color=VERMILLION, ha="right", weight="bold")
    axis.text(4.4, 9.2, "what the person feels", color=BLUE, weight="bold")
    nats = np.array([0, 1, 4, 9, 16, 25, 36, 49])
    axis.set(xticks=np.sqrt(nats), xticklabels=nats, xlim=(-0.6, 7.4),
             yticks=range(-4, 17, 4), ylim=(-4, 17), ylabel="points of a word",
             xlabel="nats from the start: KL(policy \u2016 start), square-root scale")
    return figure


# %%
def claim_ordinary_words_do_not_show_it(seed):
    """The machine foretells at least 88 % of what anybody could foretell."""
    foretold, ceiling = held_out(seed)
    return foretold > 0.88 * ceiling


def claim_promises_rise_while_what_is_felt_rises_and_falls_below_the_start(seed):
    points, last = [look.felt for look in run(seed)], run(seed)[-1]
    return last.promised > 12 and max(points) > points[0] + 2 and last.felt < points[0] - 1


def claim_a_KL_penalty_saves_the_words(seed):
    return run(seed, 0.3)[-1].felt > run(seed)[0].felt + 2.5


def claim_one_word_is_left_although_every_word_was_paid_what_it_is_worth(seed):
    look = paid_the_truth(seed)[-1]
    return look.felt > 14 and np.exp(entropy(spelled(finished(look.episodes)))) < 8


def claim_equal_words_stay_equal_only_under_the_natural_gradient(seed):
    plain, natural = (np.median(in_use(sixty_four(seed, natural)[1])) for natural in (False, True))
    return plain < 1.2 and natural > 6


def claim_examples_prevent_most_of_what_is_hated(seed):
    at_random, read, _, copied = (hated_words(name, seed).sum() for name in BEGINNINGS)
    return at_random > 2 * read > 2 * copied


def claim_five_machines_are_wrong_together(seed):
    return remedies(seed)["the least of five"][1].felt < run(seed, 0.3)[-1].felt - 0.5


def claim_fresh_votes_help_most_where_they_can_be_understood(seed):
    """By a point; the control, told more without fresh votes, is no better by a quarter."""
    ends = {name: look.felt for name, (_, look) in remedies(seed).items()}
    best = ends["fresh votes, told more"]
    others = max(ends["fresh votes"], ends["KL penalty 0.3"])
    return best > others + 1 and best > ends["told more"] - 0.25


check_claims(globals())
show(picture(seed=0), "poster",
     "No KL penalty: the promise keeps rising, the true reward falls")

# %% [markdown]
# **What you should see**: for the first nats the promise is honest, and both lines rise together.
# Then they part. The person's line has a summit, and nothing in the machine's own line says where.
# The runs with a KL penalty stop on the way up or near the summit, and somewhat higher than the
# others pass by: who has to stay gets more for the same nats.
#
# ## What to try next
#
# - `TINYRLHF_FULL=1 python lessons/12_proxy_breaks/lesson.py` tries six prices of a nat instead of
#   three. Where does the summit lie?
# - Give the machine 4,000 votes instead of 400 in `beginning`. Does the cliff go away, or does it
#   only move?
# - Tell it more: move `which_occur` to the top, and write `told=which_occur` in `machine`. Is there
#   still a gap between promise and feeling?
# - Add the KL penalty to the exact gradients: `worth = GOOD - 0.1 * np.log(chances / start)`, and
#   push by `worth` minus its mean under `chances`. After how many steps does the plain gradient use
#   nearly all eight words again?
# - Let somebody else write `felt`, and find out by votes alone what they like.

# %% [markdown]
# ## For the curious: stronger optimisation walks further along the same road
#
# <a id="not-too-bad"></a>
# RLHF has been called a "not-too-bad" answer to outer alignment, the question how a system comes to
# want what we want; with the remarks that human judgement is imperfect, and that nobody knows
# whether it will still do as capabilities increase. We can put that more sharply. Here is a weak
# optimiser: write $n$ ordinary words, and keep the one with the best promise. It moves by at most
# $\log n - (n-1)/n$ nats.

# %%
NS = (1, 4, 16, 64, 256, 1024)
print("best of                   " + "".join(f"{n:8}" for n in NS))
print("at most nats away         " + "".join(f"{kl_bound(n):8.1f}" for n in NS))
for seed in SEEDS:
    words = finished(write(pretrained(seed), 4096, np.random.default_rng([8, seed])))
    ordinary, _, promised = beginning(seed)
    for name, worth in (("promised", promised(words)), ("felt", felt(words))):
        points = expected_true_reward(promised(words), worth, max(NS))
        print(f"seed {seed}: {name:<18}" + "".join(f"{points[n - 1]:8.1f}" for n in NS))

# %% [markdown]
# A thousand tries are not enough to reach the cliff. At most the first signs show, where the
# promise goes on and the feeling does not. A weak optimiser is safe with this proxy, and makes us
# believe that the proxy is good. Policy gradient walks as far in about ten steps, gets less out of
# it, and goes on. The votes, the person and the machine are the same; somebody only tries harder.
# So "it has worked so far" says how far we have walked, and not how safe the road is.
