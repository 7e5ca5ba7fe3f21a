# %% [markdown]
# # 11. DPO: skip the reward model
#
# **Goal**: train a policy straight from votes. You will know why the best policy under a KL penalty
# has a formula, how that formula turns the policy into its own reward model, what DPO's loss can
# see and what it cannot, and when the longer road through a reward model is worth it.
#
# About 45 minutes: reading 20 without the code, the experiment 5, the first three exercises 19. The
# extra exercises take 16 more, the code 15 more.

# %% [markdown]
# ## Two roads from the same votes
#
# <a id="faq-dpo"></a>
# RLHF as in lesson 10 is a long road: votes, then a reward model, then a policy that draws answers,
# has them judged, and is reinforced. DPO (direct preference optimisation, Rafailov et al. 2023)
# goes straight: votes, then the policy. It is often presented as the simpler way to the same thing,
# and RLHF as the one that takes feedback in again and again. More carefully: both aim at the same
# policy, and their votes are the same. What differs is who fills in what the votes did not say. And
# neither owns the repetition: with both one can ask again.
#
# ## The destination has a formula
#
# Under a KL penalty, RLHF looks for the policy with the largest mean reward, minus `kl_coef` ($c$)
# for each nat it moves away from the reference:
#
# $$\max_\pi \; \mathbb{E}_{y \sim \pi}[r(y)] - c \, \mathrm{KL}(\pi \Vert \pi_{ref})
# \qquad\text{has the one solution}\qquad \pi^*(y) = \frac{\pi_{ref}(y) \, e^{r(y) / c}}{Z}$$
#
# Why: the formula says $r(y) = c \log \frac{\pi^*(y)}{\pi_{ref}(y)} + c \log Z$. Put this in place
# of $r$: the reference cancels, and what is left to be maximised is
# $c \log Z - c \, \mathrm{KL}(\pi \Vert \pi^*)$. The first part is a constant, the second is
# largest where $\pi = \pi^*$. So one need not search for the best policy, if one can list all
# answers. Here are six answers to "How was the soup?", of which we know what people feel about
# them.

# %%
import functools
import os

import matplotlib.pyplot as plt
import numpy as np

from tinyrlhf.diagnostics import accuracy
from tinyrlhf.episodes import log_probs_of, rollout
from tinyrlhf.exact.best_of_n import expected_true_reward, kl_bound
from tinyrlhf.feedback.answers import FIRST, Choices, join_answers
from tinyrlhf.humans.simulated import Boltzmann
from tinyrlhf.learning.direct_preferences import dpo, ipo, prefer, rows_of_best
from tinyrlhf.learning.imitation import clone
from tinyrlhf.learning.kl import kl_per_episode
from tinyrlhf.nn.schedules import linear
from tinyrlhf.numerics import log_softmax, sigmoid, softmax
from tinyrlhf.plots import BLUE, GREEN, GREY, ORANGE, VERMILLION, label_lines
from tinyrlhf.questions import shown
from tinyrlhf.rewards import bradley_terry
from tinyrlhf.rlhf import improve_on
from tinyrlhf.teaching import LECTURE, check_claims, mine, predict, show
from tinyrlhf.worlds.text import text
from tinyrlhf.yardsticks import Strings

plt.style.use(LECTURE)
ANSWERS = ["Delicious, thank you!", "Lovely, a bit salty.", "It was soup.", "Fine.",
           "Why do you ask?", "I have had better."]
REFERENCE = np.array([0.02, 0.05, 0.13, 0.25, 0.30, 0.25])
FELT = np.array([2.0, 1.2, 0.6, 0.9, -0.6, -1.2])
# how often people prefer answer i to answer j
CHANCE = sigmoid(FELT[:, None] - FELT)
PRICES = (1.5, 0.6, 0.3)


def library_best(ref, rewards, kl_coef):
    return softmax(np.log(ref) + rewards / kl_coef)


best_regularized_policy = mine("11", "best_regularized_policy", library_best)
print("                        felt  reference" + "".join(f"  kl_coef {price}" for price in PRICES))
best = [best_regularized_policy(REFERENCE, FELT, price) for price in PRICES]
for i, answer in enumerate(ANSWERS):
    chances = "".join(f"{policy[i]:13.2f}" for policy in best)
    print(f"{answer:22} {FELT[i]:5.1f} {REFERENCE[i]:10.2f}{chances}")

# %% [markdown]
# ## Read it backwards: the policy is a reward model
#
# Now solve the formula for the reward:
#
# $$r(y) = c \, \log \frac{\pi^*(y)}{\pi_{ref}(y)} + c \log Z$$
#
# *Any* policy is the best one for some reward: `kl_coef` times its log-ratio. That is its
# **implicit reward**, what it likes more than the reference did. The unknown $\log Z$ is the same
# for all answers to one question, and votes see only differences. So put it into the loss of lesson
# 6, and the reward model is gone:
#
# $$L = -\log \sigma\left( c \left[ \log \frac{\pi(y_w)}{\pi_{ref}(y_w)} -
# \log \frac{\pi(y_l)}{\pi_{ref}(y_l)} \right] \right)$$
#
# with $y_w$ the answer that was chosen and $y_l$ the rejected one. Where do these log-probabilities
# come from? From lesson 9: an answer is many letters, and its log-probability is the *sum* of
# theirs. Sums first, then differences to the reference, the loss comes last (exercises 11.2 and
# 11.3). At the start, policy and reference are the same, every vote looks like a toss of a coin,
# and the loss is $\log 2$. If yours begins elsewhere, look for a mistake.
#
# Below, the policy is six numbers, and the votes are exact: every pair counts as often as people
# would choose each of its sides.

# %%
@functools.lru_cache
def votes_on(n):
    """n votes as the library's losses take them: of 2 n answers the first n were chosen."""
    places = np.arange(2 * n).reshape(2, n).T
    return [Choices("preference", places, np.eye(2), 0.0, np.tile([1.0, 0.0], (n, 1)),
                    np.arange(n))]


def library_weight(chosen, rejected, ref_chosen, ref_rejected, kl_coef):
    log_ratios = np.concatenate([chosen - ref_chosen, rejected - ref_rejected])
    d_chosen, d_rejected = dpo(votes_on(len(chosen)), log_ratios, kl_coef)[1].reshape(2, -1)
    return d_chosen, d_rejected, 0 * d_chosen, 0 * d_rejected


def library_loss(chosen, rejected, ref_chosen, ref_rejected, kl_coef):
    log_ratios = np.concatenate([chosen - ref_chosen, rejected - ref_rejected])
    return dpo(votes_on(len(chosen)), log_ratios, kl_coef)[0]


dpo_loss = mine("11", "dpo_loss", library_loss)
dpo_grad_weight = mine("11", "dpo_grad_weight", library_weight)
# all 30 ways to prefer one of six to another one
WINNER, LOSER = np.nonzero(~np.eye(6, dtype=bool))


def dpo_road(shares, kl_coef, steps=500):
    """Policies (steps + 1, ..., 6) on the straight road; shares (..., 6, 6) of votes: i beats j."""
    # a pair chosen twice as often pushes twice as hard; several roads run side by side
    votes = shares[..., WINNER, LOSER]
    wins, losses = np.eye(6)[WINNER], np.eye(6)[LOSER]
    reference = np.broadcast_to(np.log(REFERENCE), shares.shape[:-1])
    logits, path, start = reference, [softmax(reference)], log_probs_of_both(reference)
    for _ in range(steps):
        now = log_probs_of_both(log_softmax(logits))
        d_chosen, d_rejected, _, _ = dpo_grad_weight(*now, *start, kl_coef)
        d_log_probs = votes * d_chosen.reshape(votes.shape) @ wins
        d_log_probs += votes * d_rejected.reshape(votes.shape) @ losses
        # their sum is 0, so log Z needs no term
        logits = logits - 2 / kl_coef**2 * votes.size * d_log_probs
        path.append(softmax(logits))
    return np.array(path)


def log_probs_of_both(log_probs):
    """Of log-probabilities (..., 6): those of all chosen answers, and of all rejected ones."""
    return log_probs[..., WINNER].ravel(), log_probs[..., LOSER].ravel()


def rlhf_road(rewards, kl_coef, steps=500):
    """Policies (steps + 1, ..., 6) of an exact policy gradient (lesson 4) on rewards (..., 6)."""
    logits = np.broadcast_to(np.log(REFERENCE), np.shape(rewards))
    path = [softmax(logits)]
    for _ in range(steps):
        chances = softmax(logits)
        worth = rewards - kl_coef * np.log(chances / REFERENCE)
        logits = logits + 2 * chances * (worth - (chances * worth).sum(axis=-1, keepdims=True))
        path.append(softmax(logits))
    return np.array(path)


def divergence(policy, other):
    """KL(policy || other) in nats."""
    return float(policy @ np.log(policy / other))


@functools.lru_cache
def both_roads(kl_coef):
    """The straight road, and the one through a Bradley-Terry reward model, from exact votes."""
    scores = bradley_terry.fit(WINNER, LOSER, counts=CHANCE[WINNER, LOSER]).scores
    return dpo_road(CHANCE / 15, kl_coef), rlhf_road(scores, kl_coef)


starts = np.log(REFERENCE)
at_first = dpo_loss(starts[WINNER], starts[LOSER], starts[WINNER], starts[LOSER], 0.6)
print(f"loss of any vote at the start: {at_first:.4f}")
print("KL to the formula's policy, in nats    0 steps        20       200       500")
for price, policy in zip(PRICES, best):
    for name, path in zip(("DPO", "reward model and RL"), both_roads(price)):
        left = [divergence(path[step], policy) for step in (0, 20, 200, 500)]
        columns = [f"{each:.0e}" if each > 1e-12 else "< 1e-12" for each in left]
        print(f"  kl_coef {price}  {name:<22}" + "".join(f"{each:>10}" for each in columns))

# %% [markdown]
# DPO arrives at the formula's policy up to the last digit that the computer has. RL arrives too, or
# is on its way; do not compare speeds between the rows, as the steps differ. But where a good
# answer is rare at first RL is slow by nature: its gradient weighs every answer by its chance. With
# exact votes on every pair, and a policy that can represent everything, the two roads lead to the
# same place. That is the theorem, and these are its conditions. From here on we take them away one
# by one.
#
# (Surer people need no other theory. If they choose with `rationality` 2 instead of 1, all their
# scores double, and $r/c$ stays the same if `kl_coef` doubles too. So `kl_coef` has a unit, that of
# the reward, and DPO measures rewards by how sure people are.)
#
# ## When everybody agrees, `kl_coef` no longer holds
#
# Suppose that one answer of two is *always* preferred, as each pair is that was asked only once.
# Then DPO wants a lead of infinity, whatever `kl_coef` is: the coefficient sets how fast it runs,
# not where it stops. Identity preference optimisation (IPO, Azar et al. 2023) replaces the
# logarithm by a squared distance from a finite lead of the log-ratios, $1 / 2c$, and stops there.

# %%
@functools.lru_cache
def chances_of_the_favourite(loss, kl_coef, steps=1000):
    """The chance of one of two equal answers before each step and at the end, if it always wins."""
    logit, chances = 0.0, [0.5]
    for _ in range(steps):
        log_ratios = log_softmax(np.array([logit, 0.0])) - np.log(0.5)
        slope = loss(votes_on(1), log_ratios, kl_coef)[1][0]
        logit -= (0.2 if loss is ipo else 1 / kl_coef) * slope
        chances.append(float(sigmoid(logit)))
    return chances


# %% [predict]
predict("11.a",
        "`kl_coef` is 2, a dear nat, and one of two answers always wins. IPO stops at a chance "
        "of 0.56. Where is DPO after 1000 steps?",
        chances_of_the_favourite(dpo, 2.0)[1000],
        "No price of a nat stops it: the loss falls as long as the lead grows.")

# %%
print("chance of the favourite after     10     100    1000 steps      IPO's formula")
for price in (0.2, 0.5, 2.0):
    for name, loss in (("DPO", dpo), ("IPO", ipo)):
        path = chances_of_the_favourite(loss, price)
        chances = "".join(f"{path[steps]:8.3f}" for steps in (10, 100, 1000))
        formula = f"{sigmoid(1 / (2 * price)):21.3f}" if loss is ipo else ""
        print(f"  kl_coef {price}  {name}           {chances}{formula}")

# %% [markdown]
# DPO never stops. In practice one stops it by hand, after an epoch or two, and that, not the
# formula, decides how far it goes.
#
# ## Words: the same 300 votes, four ways to use them
#
# Now answers that nobody can list: the invented words of lesson 9. A character model has read a
# thousand of them. It draws 300 pairs of words, and a person (who likes soft letters, two vowels,
# and no letter again so soon) prefers one of each pair; nine of ten votes agree with that true
# reward. Then
#
# - **fine-tuning on the chosen** is imitation: it raises the log-probability of what was shown,
#   here of the words that won;
# - **best of n** fits a reward model (letters and length, as in lesson 10), draws $n$ words, and
#   gives out the one that it likes best;
# - **RLHF** reinforces the model on that reward model, minus the KL penalty;
# - **DPO** takes the votes alone.
#
# All four are judged by the true reward, which no learner sees, and by how far they have moved:
# nats from where they started. From here on the page shows seeds 0 to 2; your run shows seed 0
# alone, unless `TINYRLHF_SEEDS=all` stands before its command.

# %%
PERSON = Boltzmann(rationality=1.4)
# all are on this page; a run takes the first, to save time; with range(10, 20) in their place it
# prints the ten other seeds that the text speaks of
SEEDS = (0, 1, 2) if os.environ.get("TINYRLHF_SEEDS") == "all" else (0,)


def ask(state, policy, n, rng):
    """The person's votes on n pairs of this policy's words, the chosen one always first."""
    words = rollout(state.game, policy, state.game.start(2 * n, rng), rng)
    pairs = np.arange(2 * n).reshape(2, n).T
    said = PERSON.answer(state.game, shown("preference", words, pairs), rng).said[:, :1]
    chosen_first = np.where(said == FIRST, pairs, pairs[:, ::-1])
    return shown("preference", words, chosen_first).answered(np.full(n, FIRST))


def sides(votes):
    """The chosen words, and the rejected ones."""
    return [votes.episodes[rows] for rows in votes.shows.T]


@functools.lru_cache
def votes_of(seed, n=300):
    """A world of words before the first update, and votes on n pairs of its words."""
    state = text(seed=seed, rounds=1, kl_coef=0.1)
    return state, ask(state, state.reference, n, np.random.default_rng([11, seed]))


@functools.lru_cache
def reward_model_of(seed):
    """The reward model of 300 votes; its zero and unit are those of the words that were shown."""
    state, votes = votes_of(seed)
    state.reward_model.fit_steps = 200
    state.reward_model.fit(votes, np.random.default_rng(seed))
    state.reward_model.normalize(votes.episodes)
    return state.reward_model


def new_words(policy, state, n=1000):
    rng = np.random.default_rng(7)
    return rollout(state.game, policy, state.game.start(n, rng), rng)


def place(policy, state):
    """Where a policy stands: nats from the reference, and how much the person likes its words."""
    words = new_words(policy, state)
    return kl_per_episode(policy, state.reference, words), words.true_returns.mean()


@functools.lru_cache
def rlhf_words(seed):
    """Where RLHF leads, and the policy there."""
    model, state = reward_model_of(seed), text(seed=seed, rounds=1, kl_coef=0.1)
    state.updates_per_round = 48
    improve_on(state, model.rewards)
    return place(state.policy, state), state.policy


def my_dpo(blocks, log_ratios, kl_coef, habits):
    """Your loss and weights as `prefer` asks for them, from the log-ratios of many words."""
    places, d_log_ratios = blocks[0].rows.T, np.zeros(len(log_ratios))
    chosen, rejected, start = *log_ratios[places], np.zeros(places.shape[1])
    d_log_ratios[places] = dpo_grad_weight(chosen, rejected, start, start, kl_coef)[:2]
    return dpo_loss(chosen, rejected, start, start, kl_coef), d_log_ratios, None


@functools.lru_cache
def dpo_words(seed, n=300, again=0):
    """Where DPO leads, the policy there, and mean log-ratios of chosen and rejected by step.

    again: so many votes more, on words of that policy; then it starts anew with all votes.
    """
    state, votes = votes_of(seed, n)
    if again:
        new = ask(state, dpo_words(seed, n)[1], again, np.random.default_rng([12, seed]))
        votes = join_answers([votes, new])
    # RLHF's KL penalty, in the votes' unit
    policy, price = state.reference.copy(), 0.1 / reward_model_of(seed).scale
    history = prefer(policy, state.reference, votes, np.random.default_rng(seed), my_dpo, price,
                     steps=150, learning_rate=linear(0.006, lowest=0.02))
    return place(policy, state), policy, history


@functools.lru_cache
def imitation_words(seed):
    """Where imitation of the chosen words leads, and the policy there."""
    state, votes = votes_of(seed)
    policy = state.reference.copy()
    clone(policy, *sides(votes)[0].decisions, np.random.default_rng(seed), learning_rate=0.003,
          steps=100, batch=128)
    return place(policy, state), policy


@functools.lru_cache
def best_of_words(seed):
    """Places (7, 2) of the best of 1, 2, 4, .. 64: its largest KL, and its true reward."""
    state, model = votes_of(seed)[0], reward_model_of(seed)
    words = new_words(state.reference, state, 3000)
    liked = expected_true_reward(model.scores(words), words.true_returns, 64)
    return np.array([(kl_bound(n), liked[n - 1]) for n in (1, 2, 4, 8, 16, 32, 64)])


def library_best_of(sample, score, n, how_many):
    drawn = sample(n * how_many)
    return drawn[rows_of_best(score(drawn), n)]


best_of_n = mine("11", "best_of_n", library_best_of)


def best_of_64(seed, how_many=9):
    """Words (how_many, 10), each the best of 64 new ones by the reward model."""
    state, rng = votes_of(seed)[0], np.random.default_rng(7)
    pool = new_words(state.reference, state, 3000)
    scores = reward_model_of(seed).scores(pool)
    draw = lambda k: rng.integers(len(pool), size=k)
    rows = best_of_n(draw, lambda rows: scores[rows], 64, how_many)
    return pool.states[rows, -1]


def samples(policy, state):
    return " ".join(state.game.decode(new_words(policy, state, 9).states[:, -1]))


print(f"the model at first    {samples(votes_of(0)[0].reference, votes_of(0)[0])}")
for name, road in (("imitation", imitation_words), ("DPO", dpo_words), ("RLHF", rlhf_words)):
    print(f"{name:22}{samples(road(0)[1], votes_of(0)[0])}")
print(f"best of 64            {' '.join(votes_of(0)[0].game.decode(best_of_64(0)))}")
columns = "         ".join(f"seed {seed}" for seed in SEEDS)
print(f"true reward of a word, and nats from the start  {columns}")
ROADS = {"imitation of the chosen": imitation_words, "DPO": dpo_words,
         "best of 64": lambda seed: best_of_words(seed)[-1:], "RLHF": rlhf_words,
         "DPO, 600 votes": functools.partial(dpo_words, n=600),
         "DPO, asked again": functools.partial(dpo_words, again=300)}
for name, road in ROADS.items():
    ends = [road(seed)[0] for seed in SEEDS]
    print(f"  {name:44}" + "  ".join(f"{liked:7.2f} ({nats:.1f})" for nats, liked in ends))

# %% [drawing]
def words_picture():
    figure, axis = plt.subplots(figsize=(12, 7))
    axis.plot(*np.mean([best_of_words(seed) for seed in SEEDS], axis=0).T, "--", color=GREY)
    looks = {"imitation of the chosen": (GREY, "s", "left"), "DPO": (VERMILLION, "o", "left"),
             "best of 64": (GREY, "^", "right"), "RLHF": (BLUE, "D", "above"),
             "DPO, 600 votes": (ORANGE, "v", "left"), "DPO, asked again": (GREEN, "P", "above")}
    for name, (color, marker, side) in looks.items():
        road = ROADS[name]
        nats, liked = np.transpose([np.ravel(road(seed)[0]) for seed in SEEDS])
        axis.plot(nats, liked, marker, color=color, markersize=14, alpha=0.8,
                  zorder=4 if name == "RLHF" else 3)
        x = {"left": nats.max() + 0.2, "right": nats.min() - 0.2, "above": np.median(nats)}[side]
        y = {"left": liked.mean(), "right": liked.max(), "above": liked.max() + 0.2}[side]
        axis.text(x, y, name, color="#A86F00" if color == ORANGE else color, weight="bold",
                  va="center", ha=side.replace("above", "center"))
    axis.text(0.75, 0.2, "best of 1, 2, 4, .. 64", color=GREY)
    axis.text(0.15, -1.3, "start", va="center")
    axis.plot(0, best_of_words(0)[0, 1], "s", color="black", markersize=14, clip_on=False)
    axis.set(xlabel="how far it has moved: nats from the start",
             ylabel="true reward of its words", xlim=(0, 6.8), ylim=(-1.4, 2.3))
    return figure


show(words_picture(), "words", "From 300 votes RLHF leads higher; DPO, asked again, comes close")

# %% [markdown]
# **What you should see**: imitation barely moves; it hears of a vote only what was liked. DPO
# pleases the person much more than the model did at first, but from these 300 votes it gets less
# than RLHF for about as many nats, and less than the best of 64 for more. (For the best of n the
# picture shows the most that its KL can be, $\log n - (n-1)/n$.) On ten other seeds, 10 to 19, RLHF
# was ahead of DPO on all, with 1.70 against 0.65 on average.
#
# Is the formula wrong, then? No. But DPO's policy *is* a reward model, so let us examine it as one,
# like in lesson 7: how many pairs of new words does its implicit reward put in the order of the
# true reward? First words of the model at first, where the votes were; then words that DPO's policy
# writes itself.

# %%
def library_implicit(log_probs, ref_log_probs, mask, kl_coef):
    return kl_coef * np.where(mask, log_probs - ref_log_probs, 0.0).sum(axis=1)


implicit_reward = mine("11", "implicit_reward", library_implicit)


def letters(policy, words):
    """The log-probability of each letter of each word, (N, T), zero where nothing is written."""
    return words.as_table(policy.log_probs(*words.decisions)[0])


def foretold(scores, words):
    """Share of pairs, words i and i + N/2, that the scores order as the true reward does."""
    first, second = np.split(np.arange(len(words)), 2)
    lead = words.true_returns[first] - words.true_returns[second]
    return accuracy(scores[first] - scores[second], np.where(lead == 0, 0.5, lead > 0))


@functools.lru_cache
def judges(seed):
    """Shares foretold by reward model, DPO, DPO asked again: on first words, and on DPO's."""
    state, table = votes_of(seed)[0], []
    for writer in (state.reference, dpo_words(seed)[1]):
        words = new_words(writer, state, 2000)
        scores, start = [reward_model_of(seed).scores(words)], letters(state.reference, words)
        for policy in (dpo_words(seed)[1], dpo_words(seed, again=300)[1]):
            scores.append(implicit_reward(letters(policy, words), start, words.mask, 1.0))
        table.append([foretold(each, words) for each in scores])
    return table


print("foretold             words of the model at first         words that DPO writes     "
      "(by seed)")
table = np.transpose([judges(seed) for seed in SEEDS], (2, 1, 0))
for name, (at_home, written) in zip(("reward model", "DPO", "DPO, asked again"), table):
    first, second = ("".join(f"{share:6.0%}" for share in row) for row in (at_home, written))
    print(f"  {name:28}{first}            {second}")

# %% [markdown]
# Two conditions of the theorem are missing:
#
# - **Few votes.** The reward model here learns 28 numbers: what each letter, each length, and
#   variety are worth. DPO has to find the same in nearly 4,000 weights, one context of three
#   letters at a time. So it foretells less even at home. Twice the votes help.
# - **Off the distribution.** DPO writes what it *believes* to be good, its errors included, and
#   about those words it foretells hardly more than a coin would (on seeds 10 to 19, 51 % on
#   average, the reward model 83 %): no vote ever told it of them. RLHF goes astray like that too
#   (lesson 12), but it draws new words on its way and has each of them judged by a model that still
#   knows something there. So let DPO draw once: ask the person 300 times more, now about *DPO's
#   own* words, and train on all 600 votes. That is worth more than 600 votes on old words on eight
#   of those ten seeds, and with 1.63 on average it comes near to RLHF, which had half as many.
#
# So "DPO or RLHF" is rather the question *who judges the new answers*: a model of the person, the
# person again, or nobody.
#
# Mind the other side, too. Those 28 features were well chosen for this person. If the reward model
# is told length and variety only, and not the letters, RLHF falls to where DPO is (try it). DPO
# needs nobody who chooses features.
#
# ## Both answers may fall
#
# The loss sees one thing only, the lead of the chosen answer over the rejected one. If *both*
# become rarer, and the rejected one faster, it is content. So log both.

# %% [drawing]
def falling_picture():
    figure, axis = plt.subplots(figsize=(12, 7))
    for seed in SEEDS:
        for key, color, line in (("chosen", BLUE, "-"), ("rejected", VERMILLION, "--")):
            levels = np.array([row[key] for row in dpo_words(seed)[2]]).reshape(-1, 10).mean(axis=1)
            axis.plot(np.arange(5, 10 * len(levels), 10), levels, color=color, linestyle=line)
    axis.axhline(0, color=GREY, lw=1.5)
    axis.text(0, 0.6, "as likely as at the start", color=GREY)
    ends = [np.mean([[row[key] for row in dpo_words(seed)[2][-30:]] for seed in SEEDS])
            for key in ("chosen", "rejected")]
    axis.set(xlabel="steps of DPO, a pair of lines for each seed", ylabel="mean log-ratio in nats",
             ylim=(-21, 2))
    label_lines(axis, [(ends[0], "chosen", BLUE), (ends[1], "rejected", VERMILLION)])
    for label in axis.texts[1:]:
        label.set_weight("bold")
    return figure


# %%
@functools.lru_cache
def now_and_best(seed):
    """Mean log-ratios of chosen and rejected, share of chosen that gained: by DPO, by the best.

    The best policy is known exactly, from a sweep over all words (`tinyrlhf.exact.strings`).
    """
    state, votes = votes_of(seed)
    yardstick, table = Strings(state), []
    price, best = yardstick.price_of_a_nat(), yardstick.best_objective()
    for side in sides(votes):
        now = log_probs_of(dpo_words(seed)[1], side)[0] - log_probs_of(state.reference, side)[0]
        table.append(np.stack([now, (side.true_returns - best) / price]))
    return [(chosen.mean(), rejected.mean(), np.mean(chosen > 0))
            for chosen, rejected in zip(*table)]


# %% [predict]
predict("11.b",
        "DPO is trained on 300 chosen words. How many percent of them are likelier afterwards "
        "than before (seed 0)?",
        100 * now_and_best(0)[0][2],
        "Most become rarer: the loss sees only the lead over the rejected ones, and few of the "
        "winners are good.")

# %%
print("log-ratios:  DPO, chosen  rejected  chosen that gained        best possible: the same three")
for seed in SEEDS:
    columns = [f"{won:15.1f}{lost:10.1f}{gained:16.0%}" for won, lost, gained in now_and_best(seed)]
    print(f"  seed {seed}" + (" " * 12).join(columns))
show(falling_picture(), "falling",
     "The words that won become rarer too: DPO's loss sees only the lead")

# %% [markdown]
# The right half of the table is worth a second look: the *best possible* policy for this person,
# which is known exactly here, makes nearly all of the chosen words rarer too. They won against a
# worse word, and few of them are good. So a falling likelihood of the chosen is not yet a fault. It
# is a question: where has their chance gone? The loss cannot tell; it knows only the answers that
# were compared. Here it went to words that are better than before, and not the best. Elsewhere it
# has gone to the opposite of what was chosen: a model trained to prefer "No" to "Never" became
# likelier to say "Yes" (Razin et al. 2024). So read new answers, and do not trust the loss alone.
#
# ## The picture to remember
#
# Back to the soup. Each point of the triangle is a policy. Its corners: all chance on the two kind
# answers, the two plain ones, the two rude ones (six answers do not fit on paper, so the two of
# each kind are added up). Left, exact votes, and three prices of a nat. Right, one price (0.6), but
# only twelve votes, three times anew. A reward model with a little doubt (a prior, lesson 6) meets
# DPO without any.

# %%
CORNERS = np.array([[0.5, 0.75**0.5], [0.0, 0.0], [1.0, 0.0]])
# without doubt and with it: votes added to each side of each pair, and the reward model's prior
MORE, PRIORS = (0.0, 0.25), (0.001, 0.5)


def twelve_votes(seed):
    """How often i was preferred to j in twelve votes on random pairs, (6, 6)."""
    rng, counts = np.random.default_rng(seed), np.zeros((6, 6))
    for _ in range(12):
        one, other = rng.choice(6, size=2, replace=False)
        counts[(one, other) if rng.random() < CHANCE[one, other] else (other, one)] += 1
    return counts


@functools.lru_cache
def twelve_vote_roads(seed, kl_coef=0.6):
    """DPO and RL from twelve votes, each without doubt and with it, (steps + 1, 2, 6)."""
    counts = twelve_votes(seed)
    votes = np.array([counts + more * ~np.eye(6, dtype=bool) for more in MORE])
    scores = [bradley_terry.fit(WINNER, LOSER, counts=counts[WINNER, LOSER], prior=prior).scores
              for prior in PRIORS]
    shares = votes / votes.sum(axis=(1, 2), keepdims=True)
    return dpo_road(shares, kl_coef, 2000), rlhf_road(np.array(scores), kl_coef, 2000)


# %% [drawing]
def draw_roads(axis, pairs_of_roads, stars):
    """Roads (steps, 6) on the triangle of kinds, from their start to their ends."""
    axis.plot(*CORNERS[[0, 1, 2, 0]].T, color=GREY, lw=2)
    for roads in pairs_of_roads:
        for path, color, line, marker in zip(roads, (VERMILLION, BLUE), ("-", "--"), "oD"):
            points = path.reshape(len(path), 3, 2).sum(axis=2) @ CORNERS
            axis.plot(*points.T, color=color, linestyle=line)
            axis.plot(*points[-1], marker, color=color, markersize=13 if marker == "o" else 9,
                      zorder=3)
    for price, policy in stars.items():
        x, y = policy.reshape(3, 2).sum(axis=1) @ CORNERS
        axis.plot(x, y, "*", color="black", markersize=24, mfc="none", mew=2, zorder=4)
        axis.text(x + 0.04, y + 0.02, price, color=GREY)
    start = REFERENCE.reshape(3, 2).sum(axis=1) @ CORNERS
    axis.plot(*start, "s", color="black", markersize=12)
    axis.text(start[0] + 0.03, start[1] + 0.02, "start")
    for corner, name, side in zip(CORNERS, ("always kind", "always plain", "always rude"),
                                  ("center", "left", "right")):
        axis.text(corner[0], corner[1] + (0.03 if corner[1] else -0.03), name, ha=side,
                  va="bottom" if corner[1] else "top")
    axis.set(xlim=(-0.02, 1.1), ylim=(-0.1, 0.97), aspect="equal", xticks=[], yticks=[])
    axis.spines[:].set_visible(False)


def roads_picture():
    figure, (left, right) = plt.subplots(1, 2, figsize=(14, 7.5))
    draw_roads(left, [both_roads(price) for price in PRICES], dict(zip(PRICES, best)))
    # DPO without doubt, the reward model with its prior
    twelve = [(dpo[:, 0], rlhf[:, 1]) for dpo, rlhf in map(twelve_vote_roads, SEEDS)]
    draw_roads(right, twelve, {"": best[1]})
    left.set_title("Exact votes, kl_coef 1.5, 0.6, 0.3: they meet", loc="center")
    right.set_title("Twelve votes on each seed: the long road has a prior", loc="center")
    for axis in (left, right):
        axis.text(1.08, 0.82, "DPO", color=VERMILLION, weight="bold", ha="right")
        axis.text(1.08, 0.75, "reward model, RL", color=BLUE, weight="bold", ha="right")
        axis.text(1.08, 0.68, "☆ best possible", ha="right")
    return figure


# %%
def claim_both_roads_lead_to_the_formula(seed):
    rng = np.random.default_rng(seed)
    felt = rng.normal(size=6)
    road = dpo_road(sigmoid(felt[:, None] - felt) / 15, 0.6)
    return divergence(road[-1], library_best(REFERENCE, felt, 0.6)) < 1e-9


def claim_twelve_votes_without_doubt_lead_further_astray(seed):
    ends = [road[-1] for road in twelve_vote_roads(seed)]
    return all(divergence(sure, best[1]) > divergence(doubtful, best[1]) for sure, doubtful in ends)


def claim_from_300_votes_rlhf_pleases_more_than_dpo(seed):
    return rlhf_words(seed)[0][1] > dpo_words(seed)[0][1]


def claim_the_reward_model_knows_dpos_own_words_better_than_dpo(seed):
    (_, _, _), (model, implicit, _) = judges(seed)
    return model > implicit + 0.1


def claim_asking_again_helps_dpo_more_than_as_many_votes_at_once(seed):
    return dpo_words(seed, again=300)[0][1] > dpo_words(seed, n=600)[0][1]


def claim_chosen_and_rejected_fall_together(seed):
    end = dpo_words(seed)[2][-30:]
    return np.mean([row["rejected"] for row in end]) < np.mean([row["chosen"] for row in end]) < -1


columns = "".join(f"   seed {seed}" for seed in SEEDS)
print(f"twelve votes: KL to the best policy, in nats   {columns}")
for doubt, *names in ((0, "DPO", "reward model, prior 0.001"),
                      (1, "DPO, 1/4 vote more on each side of a pair",
                       "reward model, prior 0.5")):
    for road, name in enumerate(names):
        ends = [twelve_vote_roads(seed)[road][-1, doubt] for seed in SEEDS]
        print(f"  {name:45}" + "".join(f"{divergence(end, best[1]):9.2f}" for end in ends))
check_claims(globals())
show(roads_picture(), "roads",
     "With exact votes both roads meet; with twelve, a prior holds one back")

# %% [markdown]
# **What you should see**: left, both roads end in the same three stars, though not by the same way.
# RL first makes the answers likelier that are common and not bad, and turns to the rare good one
# only then; DPO does not mind how rare an answer is. Right, an answer that happened to win all of
# its few votes draws DPO on and on towards a corner, while the prior holds the reward model back.
# It is the doubt that helps, not the road: give DPO a quarter of a vote more on each side of each
# pair, and it ends as near as the reward model does. Over forty such sets of twelve votes doubt
# brought either road nearer to the best policy on 38.
#
# In a table the two roads are one: DPO *is* the Bradley-Terry model, written with log-ratios for
# scores. It differs from RLHF where many answers share the same weights, as in all language models,
# and where an answer is new.
#
# ## What to try next
#
# - Double the second numbers of `MORE` and `PRIORS`, and double them again. When is it too much
#   doubt, and where do the roads end at last?
# - Tell the reward model less: in `reward_model_of`, put `MLP((11, 1), rng)` and the features from
#   number 17 on in its place (as `tinyrlhf/worlds/text.py` does with all 28). Does the road through
#   a reward model still lead higher?
# - Let DPO run for 600 steps at a constant learning rate of 0.01. What do the loss, the nats and
#   the true reward do?
# - Give DPO 3,000 votes: `dpo_words(0, n=3000)[0]`. How near does it come to RLHF with 300?
# - [`tinyrlhf/learning/direct_preferences.py`](../../tinyrlhf/learning/direct_preferences.py) has
#   DPO and IPO for any policy and game, and
#   [`tinyrlhf/exact/horizon.py`](../../tinyrlhf/exact/horizon.py) the best policy for any list of
#   answers. DPO there is the one likelihood of all feedback,
#   [`tinyrlhf/rewards/choice.py`](../../tinyrlhf/rewards/choice.py), with log-ratios for scores. So
#   it takes rankings as well; read in turn, the best of all and then the best of the rest, they
#   make it Plackett-Luce DPO.

# %% [markdown]
# ## For the curious: relatives
#
# Each of these changes one thing about DPO. They are short enough to read. Arguments are tables (2,
# N), chosen words above rejected ones; each returns the derivative of its loss by the
# log-probabilities of the words.

# %%
# chosen words up, rejected ones down
SIGN = np.array([[1.0], [-1.0]])


def kto(log_ratios, log_probs, lengths, kl_coef=0.1):
    """Needs no pairs, only thumbs: loss = mean of 1 - sigmoid(c (log_ratio - z)).

    For disliked words z - log_ratio. z, how far the policy has moved as a whole, is the mean
    log-ratio, at least 0; it is not differentiated. Source: Ethayarajh et al. 2024. Departs from
    the source: theirs is of answers to other questions; here is only one question.
    """
    chance = sigmoid(kl_coef * SIGN * (log_ratios - max(0.0, log_ratios.mean())))
    return -SIGN * kl_coef * chance * (1 - chance) / log_ratios.size


def simpo(log_ratios, log_probs, lengths, sharpness=2.0, margin=3.0):
    """Needs no reference: loss = -log sigmoid(sharpness (lead of the chosen) - margin).

    The lead is that of the mean log-prob of a letter. Source: Meng, Xia, Chen 2024, equation 6.
    """
    lead = sharpness * (SIGN * log_probs / lengths).sum(axis=0) - margin
    return -SIGN * sharpness * sigmoid(-lead) / lengths / len(lead)


def orpo(log_ratios, log_probs, lengths, weight=30.0):
    """Needs no reference: imitation, minus weight log sigmoid(log-odds, chosen - rejected).

    The odds are those of the mean letter, P / (1 - P) with log P = log_prob / length. Source:
    Hong, Lee, Thorne 2024, equations 6 and 7.
    """
    letter = log_probs / lengths
    lead = (SIGN * (letter - np.log1p(-np.exp(letter)))).sum(axis=0)
    # d log-odds / d log P = 1 / (1 - P)
    d_letter = -SIGN * weight * sigmoid(-lead) / (1 - np.exp(letter))
    d_letter[0] -= 1  # imitation
    return d_letter / lengths / len(lead)


@functools.lru_cache
def relative_words(rule, seed, steps=30):
    """Where a rule leads that is trained on all 300 votes at once."""
    state, votes = votes_of(seed)
    policy = state.reference.copy()
    start = np.stack([log_probs_of(state.reference, side)[0] for side in sides(votes)])
    lengths = np.stack([side.lengths for side in sides(votes)])

    def loss(blocks, log_ratios, kl_coef, habits):
        places, slopes = blocks[0].rows.T, np.zeros(len(log_ratios))
        slopes[places] = rule(log_ratios[places], log_ratios[places] + start, lengths)
        return 0.0, slopes, None

    prefer(policy, state.reference, votes, np.random.default_rng(seed), loss, steps=steps,
           batch=None, learning_rate=0.006)
    return place(policy, state)


def print_row(name, ends):
    print(f"  {name:52}" + "  ".join(f"{liked:7.2f} ({nats:.1f})" for nats, liked in ends))


seeds = "         ".join(f"seed {seed}" for seed in SEEDS)
print("300 votes: true reward of a word, and nats from the start    " + seeds)
print_row("DPO", [dpo_words(seed)[0] for seed in SEEDS])
for rule in (kto, simpo, orpo):
    print_row(rule.__name__, [relative_words(rule, seed) for seed in SEEDS])

# %% [markdown]
# KTO hears of each word only whether it won or lost, not against which, and mostly loses by it
# here. SimPO has no reference to hold it, and goes far, to a better place than DPO on one seed and
# a worse one on the two others. ORPO is imitation with a correction. The settings above are the
# best of a few tried on other seeds, and ORPO's weight is far above that of its authors (0.1),
# since with a small one it stays an imitator here. On seeds 10 to 19 DPO is ahead of KTO and of
# SimPO on eight each, and of ORPO on six, there with the better mean, 0.65 against 0.44, and the
# worse worst case. What carries over to other tasks is not this order, but what each of them can do
# without.
