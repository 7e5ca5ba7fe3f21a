# %% [markdown]
# # 10. RLHF for the tiny language model
#
# **Goal**: the stages of ChatGPT in one file: copy what people show, learn what they like better,
# and reinforce it under a KL penalty. You will know what that penalty measures and why its
# direction matters, what belongs in the gradient, and what people give at each stage.
#
# About 50 minutes: reading 20 without the code, the experiment 5, the first three exercises 22. The
# extra exercises take 18 more, the code 15 more.

# %% [markdown]
# ## Four stages, two networks
#
# <a id="faq-what"></a><a id="faq-sft"></a><a id="intentions"></a> RLHF trains a model on what
# people say about its behaviour, so that it does more of what they like. InstructGPT was made in
# these stages (Ouyang et al. 2022), and ChatGPT, as its makers say, in nearly the same way, so that
# their answers become more helpful, less harmful and closer to what users want; we go through all
# of them in a few seconds, with words instead of answers.
#
# | stage | what people give | what is learned |
# |---|---|---|
# | pretraining | texts they wrote anyway | which character comes next |
# | supervised fine-tuning, **SFT** | some good texts | to copy them |
# | **reward model**, a second network | votes on pairs of the model's texts | what people prefer |
# | **reinforcement** | nothing more | to write what the reward model likes, near the SFT model |
#
# SFT is at times described as tuning a trained model to "another same task". It is plainer than
# that: imitation of examples. Somebody has to be able to write them, and only good ones can be
# shown. RLHF is the last two stages: people only have to *judge*, the model tries, and it also
# hears what was worse. The reward comes from the reward model, which captures what the votes say of
# people's intentions; lesson 7 showed how much that leaves open.
#
# ## Stages 0 and 1: read a thousand words, then copy a hundred
#
# The model is that of lesson 9: it sees the last three characters and draws the next one. It has
# read a thousand invented words. Our person likes words such as *lano* and *merola*: two vowels
# beside two consonants, soft letters (a e o l m n r), none again so soon, and not too long; such a
# word is worth 2, and each fault costs. The model does not know that. The person leafs through a
# heap of words and jots down a hundred, mostly such as they like, and the model copies those.

# %%
import difflib
import functools
import re

import matplotlib.pyplot as plt
import numpy as np

from tinyrlhf import questions
from tinyrlhf.episodes import rollout
from tinyrlhf.exact import strings
from tinyrlhf.feedback.answers import join_answers
from tinyrlhf.games.text import Text, true_reward
from tinyrlhf.games.words import SOFT, corpus
from tinyrlhf.humans.simulated import Boltzmann
from tinyrlhf.learning import kl as library_kl
from tinyrlhf.learning.advantages import leave_one_out
from tinyrlhf.learning.imitation import clone
from tinyrlhf.learning.kl import kl_penalized_rewards, kl_per_episode
from tinyrlhf.learning.rules import reinforce
from tinyrlhf.nn.distributions import Categorical
from tinyrlhf.nn.networks import MLP
from tinyrlhf.nn.optimizers import Adam
from tinyrlhf.numerics import log_softmax, sigmoid, softmax
from tinyrlhf.plots import BLUE, GREEN, GREY, ORANGE, VERMILLION
from tinyrlhf.rewards.reward_models import OutcomeReward
from tinyrlhf.teaching import LECTURE, check_claims, mine, predict, show
from tinyrlhf.worlds import text

plt.style.use(LECTURE)
# nine of ten votes agree with the person's own taste
GAME, PERSON = Text(), Boltzmann(agreement=0.9)
AUTOMATON = strings.Automaton(*GAME.automaton())
pretrained = functools.cache(text.pretrained)  # seed -> policy


@functools.cache
def copied(seed, shown=100):
    """The words that a person showed, and the SFT model that has copied them."""
    rng, policy = np.random.default_rng(seed), pretrained(seed).copy()
    heap = corpus(3000, rng)
    liked = softmax(true_reward(GAME.encode(heap)))
    words = [heap[i] for i in rng.choice(len(heap), size=shown, p=liked)]
    observations, actions, mask = GAME.demonstrations(words)
    clone(policy, observations[mask], actions[mask], rng, learning_rate=0.003, steps=200, batch=128)
    return words, policy


def write(policy, n, rng):
    """n words as episodes."""
    return rollout(GAME, policy, GAME.start(n, None), rng)


def texts(episodes):
    return GAME.decode(episodes.states[:, -1])


def log_table(policy):
    """The log-probabilities (U, V) of each character after each of the U contexts of three."""
    contexts = strings.contexts(GAME.n_actions, GAME.window)
    return log_softmax(policy.network.forward(contexts)[0].astype(float))


@functools.cache
def exactly(policy, reference):
    """Mean true reward, and KL(policy || reference) in nats a word: exact, over all words."""
    swept = strings.evaluate(log_table(policy), log_table(reference), AUTOMATON, kl_coef=0.0)
    return swept.reward, swept.kl


shown, sft = copied(0)
print("shown:", " ".join(shown[:8]))
print("mean true reward         pretrained    shown    SFT")
for seed in (0, 1):
    (words, policy), before = copied(seed), pretrained(seed)
    liked = true_reward(GAME.encode(words)).mean()
    print(f"  seed {seed}                {exactly(before, policy)[0]:8.2f} {liked:8.2f} "
          f"{exactly(policy, policy)[0]:6.2f}")

# %% [markdown]
# The copy is far better than before, and not as good as what it copies. Copying for longer would
# help: 4,000 steps instead of 200 come to 0.76 and 0.75, still below what was shown. (The true
# reward is printed for *us*; the model never sees it.)
#
# ## Stage 2: who gives the votes?
#
# <a id="trainers-both-sides"></a><a id="ranking"></a> One reads that human trainers play both sides
# of a conversation, user and assistant, with suggestions by the model at hand, and that these
# dialogues are then collected to create a reward model. Let us do it once, with tiny dialogues.

# %%
# user, the model's suggestion, what was kept
DIALOGUES = [("hello!", "hello! what do you want?", "hello! how can i help?"),
             ("what is rain?", "rain is water. go away.", "rain is water from clouds."),
             ("is tea hot?", "yes, tea is hot.", "yes, tea is hot."),
             ("who are you?", "i am a cat.", "i am a small program.")]


def typed(suggestion, kept):
    """Letters that had to be typed to get from the suggestion to what was kept."""
    steps = difflib.SequenceMatcher(None, suggestion, kept, autojunk=False).get_opcodes()
    return sum(end - start for kind, _, _, start, end in steps if kind != "equal")


for user, suggestion, kept in DIALOGUES:
    print(f"{user:<14} suggested: {suggestion:<25} kept: {kept:<27} "
          f"typed {typed(suggestion, kept):2} of {len(kept)} letters")

# %% [markdown]
# Suggestions save work. But look at what was kept: four good answers. That is food for SFT. A
# reward model cannot learn from it, as nothing in it is *worse* than anything else. So in a second,
# separate job the model writes several answers to one question, and people **rank** them. A ranking
# of four says of each of its six pairs who won, so three rankings give 18 comparisons. They are
# fewer than 18 independent votes, since three placements decide six pairs; so keep all pairs of one
# ranking together when you split or batch them (Ouyang et al. do). (An edit is a vote as well: the
# trainer liked the new text better than the suggestion. We add those.)

# %%
# the best one first
RANKINGS = {"what is snow?": ["snow is frozen rain.", "snow, i think.", "no idea.",
                              "go away, you fool."],
            "is ice cold?": ["yes, ice is cold.", "ice is nice.", "i think so.",
                             "who cares about ice?"],
            "what is a cat?": ["a cat is a soft pet.", "no idea what a cat is.", "a song.",
                               "a cat, you fool."]}
EMPTY = {"what", "is", "a", "i", "you"}
RUDE, UNSURE = {"fool", "cares", "away", "want"}, {"idea", "think"}


def features(question, answer):
    """On the subject? rude? unsure? at least four words?"""
    asked, said = (re.findall("[a-z]+", text) for text in (question, answer))
    subject, used = set(asked) - EMPTY, set(said)
    return [len(subject & used) > 0, len(used & RUDE) > 0, len(used & UNSURE) > 0, len(said) >= 4]


votes = [(question, answers[i], answers[j]) for question, answers in RANKINGS.items()
         for i in range(4) for j in range(i + 1, 4)]
print(f"{len(RANKINGS)} rankings of 4 answers: {len(votes)} comparisons")
votes += [(user, kept, suggestion) for user, suggestion, kept in DIALOGUES if kept != suggestion]
lead = np.array([np.subtract(features(question, won), features(question, lost), dtype=float)
                 for question, won, lost in votes])
weights = np.zeros(4)
# Bradley-Terry, as in lesson 6, with a weak penalty
for _ in range(500):
    weights += 0.5 * (lead.T @ sigmoid(-lead @ weights) - 0.3 * weights) / len(lead)
print("worth of: on the subject {:.1f}, rude {:.1f}, unsure {:.1f}, "
      "four words {:.1f}".format(*weights))
for answer in ("a ship sails the sea.", "a ship, i think.", "no idea.", "why, you fool?"):
    print(f"what is a ship?  {answer:<22} {weights @ features('what is a ship?', answer):5.2f}")

# %% [markdown]
# It judges answers that nobody has ranked. So much for dialogues; the words of our model have no
# question, and the person simply compares two of them. The reward model knows which letters a word
# has and how long it is, not their order. Its zero and unit come from words of the SFT model, which
# stay the same (lesson 7): reward 0 is the mean of those words, and 1 is their standard deviation.

# %%
def ask(episodes, n, rng):
    """n votes on random pairs of these words."""
    pairs = np.stack(questions.random_pairs(len(episodes), n, rng), axis=1)
    return PERSON.answer(GAME, questions.shown("preference", episodes, pairs), rng)


def new_reward_model(rng):
    features = lambda episodes: GAME.features(episodes.states[:, -1])
    return OutcomeReward(MLP((28, 1), rng, head_gain=0.01), features, learning_rate=0.05, prior=3.0,
                         centred=True)


rng = np.random.default_rng(0)
words, reward_model = write(sft, 300, rng), new_reward_model(rng)
reward_model.fit(ask(words, 200, rng), rng)
reward_model.normalize(words)
scores = reward_model.rewards(words).sum(axis=1)
order = np.argsort(scores)
for name, rows in (("its favourites ", order[::-1]), ("likes least    ", order)):
    print(name, "  ".join(f"{texts(words)[i]} {scores[i]:.1f}" for i in rows[:5]))

# %% [markdown]
# ## The KL penalty: how far from the SFT model?
#
# The next stage will push the model towards whatever scores high. A reward model is only right
# about texts like those it was asked about; so the way must not lead too far from the SFT model,
# the **reference**: the KL penalty of lesson 8 is a leash that is tied to it. What is far? For a
# text $y$ that the policy wrote,
# $\log \pi(y) - \log \pi_{ref}(y)$ says how much likelier it has become. Its mean over the policy's
# own texts is the **Kullback-Leibler divergence**, in nats:
#
# $$KL(\pi \,\Vert\, \pi_{ref}) = \mathbb{E}_{y \sim \pi}\big[\log \pi(y) - \log \pi_{ref}(y)\big]$$
#
# It is often called a distance. It is none: it has a direction. Below, one policy has become picky
# and writes only two of six words; another one writes all as before, but now and then *vvvv*, which
# the reference hardly ever would. Which one is farther away?

# %% [drawing]
WORDS = ["mora", "lano", "nemel", "kir", "bop", "vvvv"]
REFERENCE = np.array([0.30, 0.25, 0.20, 0.15, 0.099, 0.001])
POLICIES = {"picky: two words only": np.array([0.50, 0.49, 0.004, 0.003, 0.002, 0.001]),
            "odd: now and then vvvv": np.array([0.24, 0.20, 0.16, 0.12, 0.08, 0.20])}


def divergence(p, q):
    return np.sum(p * np.log(p / q))


def directions_picture():
    figure, axes = plt.subplots(1, 2, figsize=(13, 6), sharey=True)
    for axis, (name, policy), color in zip(axes, POLICIES.items(), (BLUE, VERMILLION)):
        axis.bar(np.arange(6) - 0.2, REFERENCE, width=0.38, color="#BBBBBB")
        axis.bar(np.arange(6) + 0.2, policy, width=0.38, color=color)
        axis.set_xticks(range(6), WORDS)
        axis.set_title(name, color=color, weight="bold")
        axis.text(5.5, 0.47, f"KL(policy ‖ reference)  {divergence(policy, REFERENCE):.2f}\n"
                             f"KL(reference ‖ policy)  {divergence(REFERENCE, policy):.2f}",
                  ha="right", va="top", linespacing=1.6)
    axes[0].set(ylabel="chance of the word  (grey: reference)", ylim=(0, 0.55))
    return figure


# %% [predict]
predict("10.a",
        "for a KL penalty, which counts the words of the policy, which one is farther from the "
        "reference: picky or odd?",
        max(POLICIES, key=lambda name: divergence(POLICIES[name], REFERENCE)).split(":")[0],
        "It is no distance. To drop four words of six is cheap; to write often what the "
        "reference hardly ever would is dear.")

# %%
show(directions_picture(), "directions",
     "Which one is farther away? It depends on whose words you count")

# %% [markdown]
# The penalty counts the words *of the policy*, so for it the picky one is nearer. To drop some
# words costs little; to write what the reference never would costs a lot. First of all it keeps the
# model from gibberish. The reward with the penalty is
#
# $$R(y) = r(y) - c \, \big(\log \pi(y) - \log \pi_{ref}(y)\big)$$
#
# with `kl_coef` $c$, the price of a nat. Here it is 0.25: a text that has become $e$ times as
# likely must be better by a quarter of a standard deviation. These two lines are exercises 10.1 and
# 10.2.
#
# ## What enters the gradient
#
# <a id="gradients-or-q"></a><a id="text-feedback"></a> The rest is lesson 4: write a batch of
# words, subtract from each reward the mean of the *others*, and push the log-probability of every
# character of a word by that advantage. Policy gradient and not Q-learning: a Q-learner would need
# the worth of every character after every beginning, while a language model already *is* a policy.
# Human feedback, votes and corrections alike, has become a reward: what it praises is reinforced,
# what it blames is discouraged.
#
# Three things are easy to get wrong. Behind the end of a word stand padded characters, which nobody
# wrote. The reference is frozen: its log-probabilities are numbers in the reward, and nothing flows
# back through them. And the penalty is part of the *reward*. Who also puts the sampled log-ratio
# into the loss adds nothing but noise, as its slope is zero on average; who adds the slope of the
# exact KL pays twice. Exercise 10.3 is this step.

# %%
def library_grad(logits, ref_logits, actions, mask, scores, kl_coef):
    log_probs = Categorical.log_prob(logits, actions) * mask
    reference = Categorical.log_prob(ref_logits, actions) * mask
    rewards = scores + kl_penalized_rewards(0.0, log_probs, reference, kl_coef).sum(axis=1)
    d_log_probs = reinforce(leave_one_out(rewards, len(rewards))[:, None] * mask, 1 / len(rewards))
    return d_log_probs[..., None] * Categorical.d_log_prob(logits, actions)


def library_nats(logp, ref_logp, mask):
    return ((logp - ref_logp) * mask).sum(axis=1)


KL_COEF = 0.25
kl_sampled = mine("10", "kl_sampled", library_nats)
kl_penalized_reward = mine("10", "kl_penalized_reward", lambda scores, kl, c: scores - c * kl)
rlhf_grad = mine("10", "rlhf_grad", library_grad)


def penalized(words, ref_logits, reward_model, kl_coef):
    """Scores, nats and penalised rewards of written words, (B,) each."""
    scores = reward_model.rewards(words).sum(axis=1)
    ref_log_probs = Categorical.log_prob(ref_logits, words.actions)
    kl = kl_sampled(words.log_probs, ref_log_probs, words.mask)
    return scores, kl, kl_penalized_reward(scores, kl, kl_coef)


@functools.cache
def rlhf(seed, kl_coef, rounds=2, updates=40, n_votes=200):
    """RLHF from the SFT model: the policy, and (score, true reward, nats, reward) by update."""
    rng, reference = np.random.default_rng([seed, 1]), copied(seed)[1]
    policy, reward_model = reference.copy(), new_reward_model(rng)
    yardstick = write(reference, 1000, rng)
    optimizer, answers, history = Adam(policy.network.params, 0.01), [], []
    for _ in range(rounds):
        # ask about the words it writes now
        answers.append(ask(write(policy, 128, rng), n_votes, rng))
        reward_model.fit(join_answers(answers), rng)
        reward_model.normalize(yardstick)
        for _ in range(updates):
            words = write(policy, 128, rng)
            logits, cache = policy.network.forward(words.observations[:, :-1])
            ref_logits, _ = reference.network.forward(words.observations[:, :-1])
            scores, kl, rewards = penalized(words, ref_logits, reward_model, kl_coef)
            d_logits = rlhf_grad(logits, ref_logits, words.actions, words.mask, scores, kl_coef)
            optimizer.learning_rate = 0.01 * max(1 - len(history) / (rounds * updates), 0.1)
            optimizer.step(policy.network.backward(cache, d_logits))
            history.append((scores.mean(), words.true_returns.mean(), kl.mean(), rewards.mean()))
    return policy, np.array(history)


_, history = rlhf(0, KL_COEF)
print("update   reward model   person   nats from SFT   reward, KL penalised")
for update in (0, 1, 5, 20, 39, 40, 79):
    score, liked, nats, reward = np.round(history[update], 2) + 0.0
    print(f"{update:6} {score:14.2f} {liked:8.2f} {nats:15.2f} {reward:22.2f}")

# %% [markdown]
# <a id="iterations"></a>
# After 40 updates the person is asked again, about what the model writes *now*, and learning goes
# on with all votes: feedback, adaptation, feedback, that is the interactive part of RLHF. (Here the
# reward model's opinion drops between update 39 and update 40: the new votes corrected it.) Are
# unpleasant outputs gone? Let us count words with a hard letter, which this person minds. And once,
# for comparison, the same without the KL penalty:

# %%
def report(policy, seed, n=200):
    """Exact true reward, nats from SFT; of n words: share with hard letters, different ones."""
    liked, nats = exactly(policy, copied(seed)[1])
    words = texts(write(policy, n, np.random.default_rng(seed)))
    return liked, nats, np.mean([not set(word) <= set(SOFT) for word in words]), len(set(words))


print("seed    stage            true reward   nats from SFT   with a hard letter   "
      "different of 200")
for seed in (0, 1):
    for name, policy in (("pretrained", pretrained(seed)), ("SFT", copied(seed)[1]),
                         ("RLHF, kl_coef .25", rlhf(seed, KL_COEF)[0]),
                         ("RLHF, no penalty", rlhf(seed, 0.0)[0])):
        liked, nats, hard, different = report(policy, seed)
        print(f"seed {seed}  {name:<17} {liked:10.2f} {nats:15.2f} {hard:20.0%} {different:18}")

# %% [markdown]
# RLHF writes words that please the person better than the words which that same person had *shown*.
# (It also cost 400 votes. Below you can try whether 1000 shown words would do as well.) Problematic
# outputs become rare, not impossible. And the penalty buys variety: without it, all is staked on
# the one word that scores best. Whether this word is good is then up to the reward model alone: on
# seed 2, which is not shown, it is worth 0. Lesson 12 is about that.
#
# ## Three ways to estimate it
#
# Our texts are short, so we can compute the KL exactly. A large model can only sample, and there
# are three estimators in use. With $\rho = \pi_{ref}/\pi$ of a character that the policy drew
# (Schulman 2020):
#
# $$k_1 = -\log \rho, \qquad k_2 = \tfrac12 (\log \rho)^2, \qquad k_3 = (\rho - 1) - \log \rho$$
#
# A divergence is never negative, while $k_1$ of a single sample often is, and one easily concludes
# that $k_1$ is wrong. You will write them in exercise 10.4; here they are tried, close to the
# reference after one update, and far from it at the end.

# %%
k1_k2_k3 = mine("10", "k1_k2_k3", lambda *log_probs: tuple(
    estimate(*log_probs) for estimate in (library_kl.k1, library_kl.k2, library_kl.k3)))


@functools.cache
def estimates(seed, updates, batches=60):
    """Nats a word after so many updates a round: by batches of 100, (3, batches), and exactly."""
    policy, _ = rlhf(seed, KL_COEF, 1, 1) if updates == 1 else rlhf(seed, KL_COEF)
    reference = copied(seed)[1]
    words = write(policy, 100 * batches, np.random.default_rng(seed))
    ref_logp = words.as_table(reference.log_probs(*words.decisions)[0])
    nats = [(k * words.mask).sum(axis=1) for k in k1_k2_k3(words.log_probs, ref_logp)]
    return np.reshape(nats, (3, batches, 100)).mean(axis=2), exactly(policy, reference)[1]


# %% [drawing]
def estimators_picture(seed):
    figure, axes = plt.subplots(1, 2, figsize=(13, 6.5))
    jitter = np.random.default_rng(0).uniform(-0.25, 0.25, (3, 60))
    for axis, updates, place in zip(axes, (1, 40), ("near: after one update", "far: at the end")):
        found, exact = estimates(seed, updates)
        for i, (color, marker) in enumerate(((BLUE, "o"), (ORANGE, "s"), (GREEN, "^"))):
            inside = found[i] < 2.2 * exact
            axis.plot((i + jitter[i])[inside], found[i][inside], marker, color=color, markersize=8,
                      alpha=0.6, markeredgewidth=0)
            if not inside.all():
                above = f"{np.sum(~inside)} of k{i + 1} above, up to {found[i].max():.0f} "
                axis.text(2.5, 2.2 * exact, above, ha="right", va="bottom")
        axis.axhline(exact, color="black", linewidth=2)
        axis.text(2.5, exact, " exact", va="center")
        axis.set(xlim=(-0.5, 2.5), ylim=(0, 2.2 * exact))
        axis.set_xticks(range(3), ["k1", "k2", "k3"])
        axis.set_title(place, pad=30)
        means = "".join(f"    k{i + 1} {found[i].mean():.2f}" for i in range(3))
        print(f"{place:<24} exact {exact:.2f}{means}")
    axes[0].set_ylabel("nats a word")
    return figure


# %% [predict]
predict("10.b",
        "far from the reference, the mean of which estimator is nearest to the exact KL: k1 "
        "(often negative for a single word), k2 or k3?",
        "k{}".format(1 + np.argmin([abs(nats.mean() - estimates(0, 40)[1])
                                    for nats in estimates(0, 40)[0]])),
        "A negative estimate of something positive may well be right on average, and one that "
        "is never negative need not be.")

# %%
show(estimators_picture(seed=0), "estimators",
     "k1 is right on average, near and far; k2 and k3 are calmer when near")

# %% [markdown]
# **What you should see**: each dot is the estimate from one batch of 100 words. Near the reference
# all three are about right, and k1 scatters most. Far from it, k2 falls short, and k3 is wild: it
# is right on average only thanks to rare, huge values. So k1, "which can be negative", is fine, and
# it is what we put into the reward. (In the *loss* things are different again: there k1 pulls
# nowhere at all. [`kl.py`](../../tinyrlhf/learning/kl.py) has the table.)
#
# ## Use a batch more than once, but not for ever
#
# We throw each batch of words away after one step. Where writing is expensive one wants more steps
# from it. But the batch was drawn by the *old* policy, and the more the new one differs, the less
# it says. **PPO** (Schulman et al. 2017) weighs each character with the ratio $q = \pi/\pi_{old}$,
# and stops paying once it has moved far enough:
#
# $$\min\big(q A, \; \text{clip}(q, 1-\epsilon, 1+\epsilon) \, A\big)$$

# %%
def library_clip(logp, old_logp, advantages, eps):
    ratio = np.exp(logp - old_logp)
    return np.minimum(ratio * advantages, np.clip(ratio, 1 - eps, 1 + eps) * advantages)


ppo_clip = mine("10", "ppo_clip", library_clip)


@functools.cache
def reuse(seed, eps, steps=20):
    """Nats from the old policy after each of 20 steps on one and the same batch of 128 words."""
    rng, old = np.random.default_rng([seed, 2]), copied(seed)[1]
    policy, words, reward_model = old.copy(), write(old, 128, rng), new_reward_model(rng)
    reward_model.fit(ask(words, 200, rng), rng)
    reward_model.normalize(words)
    better = leave_one_out(reward_model.rewards(words).sum(axis=1), 128)[:, None] * words.mask
    optimizer, nats = Adam(policy.network.params, 0.01), [0.0]
    for _ in range(steps):
        logp, cache = policy.log_probs(*words.decisions)
        slope = [ppo_clip(logp + move, words.log_probs[words.mask], better[words.mask], eps)
                 for move in (1e-4, -1e-4)]
        optimizer.step(policy.backward(cache, -(slope[0] - slope[1]) / 2e-4 / 128))
        nats.append(kl_per_episode(policy, old, write(policy, 200, rng)))
    return np.array(nats)


# %% [drawing]
def ppo_picture():
    figure, axes = plt.subplots(1, 3, figsize=(15, 6))
    ratio = np.linspace(0.4, 1.6, 121)
    for axis, advantage, color, went in zip(axes, (1.0, -1.0), (BLUE, VERMILLION),
                                            ("well", "badly")):
        axis.plot(ratio, advantage * ratio, "--", color=GREY, linewidth=2)
        axis.plot(ratio, ppo_clip(np.log(ratio), np.zeros(121), np.full(121, advantage), 0.2),
                  color=color, linewidth=5)
        axis.axvline(1, color=GREY, linewidth=1, linestyle=":")
        axis.set(xlabel="new chance / old chance", xticks=[0.4, 0.8, 1, 1.2, 1.6])
        axis.set_title(f"it went {went}", color=color, weight="bold")
    axes[0].set_ylabel("what the step is paid")
    for eps, color, line, name in ((np.inf, ORANGE, "--", "not clipped"),
                                   (0.2, BLUE, "-", "clipped")):
        nats = np.array([reuse(seed, eps) for seed in (0, 1)])
        axes[2].plot(nats.T, line, color=color, linewidth=2)
        axes[2].text(20.3, nats[:, -1].mean(), name, color="#A86F00" if color == ORANGE else color,
                     weight="bold", va="center")
    axes[2].set(xlabel="steps on the same batch", ylabel="nats from the old policy", xlim=(0, 20.3),
                xticks=[0, 10, 20])
    axes[2].set_title("two seeds", color=GREY)
    return figure


show(ppo_picture(), "ppo", "PPO stops paying for a character that has moved far enough")

# %% [markdown]
# **What you should see** (dashed: not clipped): what went well is paid up to a ratio of 1.2 and not
# beyond; what went badly need not be pushed below 0.8. The *minimum* keeps the other sides open: a
# good character that has become rarer, or a bad one that has become likelier, can always be mended.
# Without clipping, 20 steps on one batch carry the model 11 nats away, on the word of 128 samples.
# Note that clipping ties each step to the policy of a moment ago, while the KL penalty ties the
# whole run to the SFT model.
#
# ## The picture to remember

# %% [drawing]
def draw_words(axis, policy, title, note):
    """A box with 14 words of a policy, from the same random numbers; blue and bold: liked."""
    words = texts(write(policy, 14, np.random.default_rng(7)))
    axis.set(xlim=(0, 7), ylim=(0, 2), xticks=[], yticks=[])
    axis.spines[:].set_visible(True)
    axis.patch.set_facecolor("#F6F6F2")
    axis.set_title(title, weight="bold")
    axis.set_title(note, loc="right", color=BLUE, weight="bold")
    for number, (word, worth) in enumerate(zip(words, true_reward(GAME.encode(words)))):
        look = {"color": BLUE, "weight": "bold"} if worth >= 1 else {"color": GREY}
        axis.text(number % 7 + 0.5, 1.4 - 0.8 * (number // 7), word, ha="center", va="center",
                  size=19, family="DejaVu Sans Mono", **look)


def picture(seed):
    figure = plt.figure(figsize=(13, 12.5))
    grid = figure.add_gridspec(5, 1, height_ratios=[1, 1, 1, 1.7, 1.1])
    policy, history = rlhf(seed, KL_COEF)
    stages = (("pretrained: has read 1000 words", pretrained(seed)),
              ("SFT: has copied 100 words", copied(seed)[1]),
              ("RLHF: has heard 400 votes", policy))
    for row, (title, stage) in enumerate(stages):
        note = f"mean true reward {exactly(stage, copied(seed)[1])[0]:.2f}"
        draw_words(figure.add_subplot(grid[row]), stage, title, note.replace("-", "−"))
    above, below = figure.add_subplot(grid[3]), figure.add_subplot(grid[4])
    for column, color, line, name in ((0, ORANGE, "--", "reward model\n(its own unit)"),
                                      (1, BLUE, "-", "the person")):
        above.plot(history[:, column], line, color=color)
        above.text(80.5, history[-20:, column].mean(), name,
                   color="#A86F00" if color == ORANGE else color,
                   weight="bold", va="center")
    below.plot(history[:, 2], color=GREY)
    for axis in (above, below):
        axis.axvline(40, color=GREY, linewidth=1.5, linestyle=":")
        axis.set(xlim=(0, 98), ylim=(0, None), xticks=[0, 20, 40, 60, 80])
    above.text(40.3, 0, " asked again", color=GREY, va="bottom")
    above.set_ylabel("worth of a word")
    below.set(ylabel="nats from SFT", xlabel="updates of RLHF, 128 words each")
    return figure


# %%
def claim_each_stage_pleases_the_person_more(seed):
    """By at least one half."""
    sft = copied(seed)[1]
    stages = pretrained(seed), sft, rlhf(seed, KL_COEF)[0]
    return min(np.diff([exactly(policy, sft)[0] for policy in stages])) > 0.5


def claim_it_ends_above_the_words_it_was_shown_which_SFT_does_not(seed):
    words, sft = copied(seed)
    end, _ = exactly(rlhf(seed, KL_COEF)[0], sft)
    return exactly(sft, sft)[0] < true_reward(GAME.encode(words)).mean() < end


def claim_the_KL_penalty_keeps_it_near_and_varied(seed):
    """Fewer nats away than without it, and at least three times as many different words."""
    _, near, _, varied = report(rlhf(seed, KL_COEF)[0], seed)
    _, far, _, alike = report(rlhf(seed, 0.0)[0], seed)
    return near < far and varied >= 3 * alike


def claim_k1_is_right_near_and_far(seed):
    """Within four standard errors of the exact KL."""
    found = [(nats[0], exact) for nats, exact in (estimates(seed, 1), estimates(seed, 40))]
    return all(abs(k1.mean() - exact) < 4 * k1.std() / np.sqrt(len(k1)) for k1, exact in found)


def claim_k3_is_calmer_than_k1_near_and_wilder_far(seed):
    near, far = (estimates(seed, updates)[0].std(axis=1) for updates in (1, 40))
    return near[2] < near[0] and far[2] > far[0]


def claim_clipping_keeps_one_batch_from_carrying_it_away(seed):
    return reuse(seed, 0.2)[-1] < 0.5 * reuse(seed, np.inf)[-1]


check_claims(globals())
show(picture(seed=0), "stages", "Read, copy, reinforce: each stage pleases the person more")

# %% [markdown]
# **What you should see**: all three boxes use the same random numbers. More and more words turn
# blue and bold, which means that the person likes them (a true reward of at least 1). Below, the
# reward model's view of the words and the person's own rise together, each in its own unit, steeply
# at first, while the model moves away from the SFT model; then the penalty holds it. After the
# person was asked again, the reward model is stricter, and the person's line rises further while
# the model hardly goes farther away.
#
# ## What to try next
#
# - Set `KL_COEF` to 0.05 and to 1. What happens to the true reward, and to the variety of words?
# - Let a coin vote: `from tinyrlhf.humans.simulated import CoinFlip`, `PERSON = CoinFlip()`. What
#   does RLHF make of that?
# - Show 1000 words instead of 100 (`copied(seed, shown=1000)`). Does SFT catch up with RLHF?
# - [`tinyrlhf/rlhf.py`](../../tinyrlhf/rlhf.py) is this loop for every world; `tinyrlhf run text`
#   runs it and writes a report. The same loop trains a small chat model, whose plan is the table
#   above: [`tinyrlhf/worlds/chat.py`](../../tinyrlhf/worlds/chat.py).
