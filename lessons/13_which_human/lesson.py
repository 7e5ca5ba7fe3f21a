# %% [markdown]
# # 13. Which human, which feedback?
#
# **Goal**: read whatever people say by one formula. You will know how much each kind of feedback
# can tell, what none of them can, which question to ask, and what becomes of the answers when
# people err, lean, tire or want different things.
#
# About 45 minutes: reading 10, the experiment 5, exercises 30.

# %% [markdown]
# ## One formula for all that people say
#
# <a id="formalism"></a><a id="input-kinds"></a><a id="text-feedback"></a> People teach by rewards,
# preferences, demonstrations, corrections and words, and one formalism for all of them is often
# wished for. There is one (Jeon, Milli, Dragan 2020): whatever somebody says is a **choice among
# options**. An option is worth a weighted sum of scores, and option $k$ is taken with the chance
#
# $$P(k) = \frac{e^{\rho \, u_k}}{\sum_j e^{\rho \, u_j}}, \qquad u_k = \sum_i w_{ki} \, s_i$$
#
# with $s_i$ the score of thing $i$ and $\rho$ the **rationality**: 0 is a coin, and the larger it
# is, the surer people are. Two options are lesson 6. The kinds differ in nothing but the options:
#
# | kind | the options are |
# |---|---|
# | comparison | two walks |
# | best of four | four walks |
# | demonstration | every walk that could have been shown |
# | correction | the walk as it was, and three that are most like it |
# | words | the walk as it was, and what becomes of it by "shorter!" and seven more remarks |
# | thumb | down, worth 0, or up, worth the score |
# | rating | grade 0, 1, 2, 3 or 4, worth so many times the score |
#
# "This one!" means little where there were two, and much where there were 32. You will write the
# formula in exercise 13.1; as soon as yours passes, everything below runs on it.

# %%
import functools

import matplotlib.pyplot as plt
import numpy as np

from tinyrlhf.criteria import information_gain, volume_removal
from tinyrlhf.diagnostics import krippendorff_alpha
from tinyrlhf.episodes import rollout
from tinyrlhf.games.gridworld import Gridworld
from tinyrlhf.humans.zoo import person
from tinyrlhf.nn.networks import Table
from tinyrlhf.numerics import log_softmax, sigmoid, softmax
from tinyrlhf.plots import BLUE, GREY, VERMILLION, keep_apart
from tinyrlhf.policies import Policy
from tinyrlhf.questions import shown
from tinyrlhf.rewards import reward_distance
from tinyrlhf.teaching import LECTURE, check_claims, mine, predict, show

plt.style.use(LECTURE)


def library_choice(scores, chosen, options, rationality):
    return log_softmax(rationality * (options @ scores).T)[:, chosen]


choice_logp = mine("13", "choice_logp", library_choice)

# %% [markdown]
# ## A laboratory: 32 walks, 256 candidates
#
# A robot strolls through the garden of the gridworld: flowers, lava, a goal. A reward pays for
# steps, flowers, lava and the goal, and there are 256 candidates for what it pays; number 0 is the
# true reward of the game. People see 32 walks. Each candidate is then as likely as it makes what
# they said (Bayes' rule, all 256 one by one). To find out which one it is takes $\log_2 256 = 8$
# bits.
#
# **Regret**: out of 400 *new* walks we take the one that is liked most on average over the
# candidates. What is lost against the best of them? 0 is nothing, 1 is as much as by taking any
# walk.

# %%
GAME, N, M, RATIONALITY = Gridworld(horizon=20), 32, 256, 3.0
generator = np.random.default_rng(0)
stroller = Policy(Table(GAME.n_states, GAME.n_actions))
WALKS = rollout(GAME, stroller, GAME.start(N + 400, generator), generator)
entered = GAME.map.ravel()[WALKS.next_observations]
counts = [WALKS.lengths, *((WALKS.mask & (entered == symbol)).sum(axis=1) for symbol in "^LG")]
# (N + 400, 4)
features = np.stack([(count - count.mean()) / count.std() for count in counts], axis=1)
# one column for each candidate
returns = features @ generator.normal(size=(4, M))
returns[:, 0] = WALKS.true_returns
returns = (returns - returns[:N].mean(axis=0)) / returns[:N].std(axis=0)
SEEN, NEW = returns[:N], returns[N:]
apart = ((features[:N, None] - features[:N]) ** 2).sum(axis=2)
MOST_LIKE = np.where(apart > 0, apart, np.inf).argsort(axis=1)[:, :3]
KINDS = ["demonstration", "words", "best of four", "rating", "comparison", "thumb", "correction"]


def options_of(kind, rng):
    """Of a question about walks drawn at random: weights (K, N) of their scores."""
    only, drawn = np.eye(N), rng.permutation(N)
    if kind in ("thumb", "rating"):
        return np.outer(range(2 if kind == "thumb" else 5), only[drawn[0]])
    if kind == "words":
        some = drawn[:12]
        most, least = features[some].argmax(axis=0), features[some].argmin(axis=0)
        return only[[drawn[0], *some[most], *some[least]]]
    return only[{"demonstration": drawn, "best of four": drawn[:4], "comparison": drawn[:2],
                 "correction": [drawn[0], *MOST_LIKE[drawn[0]]]}[kind]]


def answered(kind, n, scores, rng):
    """n times (chosen, options), by somebody with these scores (N,)."""
    questions = [options_of(kind, rng) for _ in range(n)]
    return [(rng.choice(len(options), p=softmax(RATIONALITY * options @ scores)), options)
            for options in questions]


def believed(answers, rationality=RATIONALITY):
    """How likely each candidate is after the first answer, after two, ...: (n, M)."""
    said = [choice_logp(SEEN, chosen, options, rationality) for chosen, options in answers]
    return softmax(np.cumsum(said, axis=0))


def regret(belief, wanted):
    """Of the new walk most liked under a belief (M,), if the new ones are worth wanted (400,)."""
    return (wanted.max() - wanted[(NEW @ belief).argmax()]) / (wanted.max() - wanted.mean())


print("kind          options   bits that one answer tells on average")
for kind in KINDS:
    rng = np.random.default_rng(1)
    questions = [options_of(kind, rng) for _ in range(50)]
    chances = np.stack([softmax(RATIONALITY * (options @ SEEN).T) for options in questions], axis=1)
    print(f"{kind:<14} {len(questions[0]):6} "
          f"{information_gain(chances, np.full(M, 1 / M)).mean() / np.log(2):9.2f}")

# %% [markdown]
# An answer among $K$ options tells at most $\log_2 K$ bits, and less where people waver, or where
# the options are nearly alike, as in a correction.
#
# ## Which question?
#
# <a id="challenges"></a>
# Good ways of asking are one of the challenges of RLHF. Say 40 random pairs of walks are at hand
# each time, and one of them shows the same walk twice. **Information gain** asks the pair whose
# answer is expected to tell most about which candidate is right:
# $H(\text{mean chance}) - \text{mean } H(\text{chance})$, with $H$ the entropy and means over the
# candidates. **Volume removal** asks the pair whose answer is expected to cost the candidates most
# likelihood.

# %%
def asked(criterion, wanted, rng, n=8):
    """Regret after n comparisons, each the best of 40 by a criterion; wanted: a candidate."""
    evidence = np.zeros(M)
    for _ in range(n):
        pairs = rng.integers(N, size=(40, 2))
        pairs[-1] = pairs[-1, 0]
        # (M, 40)
        wins = sigmoid(RATIONALITY * (SEEN[pairs[:, 0]] - SEEN[pairs[:, 1]])).T
        chances = np.stack([wins, 1 - wins], axis=2)
        options = np.eye(N)[pairs[criterion(chances, softmax(evidence)).argmax()]]
        chosen = rng.choice(2, p=softmax(RATIONALITY * options @ SEEN[:, wanted]))
        evidence += choice_logp(SEEN, chosen, options, RATIONALITY)
    return regret(softmax(evidence), NEW[:, wanted])


def at_random(chances, weights):
    return np.zeros(chances.shape[1])  # all alike, and the first is taken


@functools.lru_cache
def regret_of_asking(criterion, seed, n_people=16):
    rng = np.random.default_rng(seed)
    return np.mean([asked(criterion, wanted, rng) for wanted in rng.integers(M, size=n_people)])


# %% [predict]
predict("13.a",
        "which leaves least regret, which most? Write the order, best first: at_random, "
        "information_gain, volume_removal.",
        ", ".join(each.__name__ for each in sorted(
            (at_random, information_gain, volume_removal),
            key=lambda each: np.mean([regret_of_asking(each, seed) for seed in (0, 1, 2)]))),
        "A clever criterion can be worse than chance: removal is happiest with a question whose "
        "answer tells nothing.")

# %%
print("mean regret of 16 people after 8 comparisons, three seeds")
for criterion in (at_random, information_gain, volume_removal):
    regrets = "".join(f"{regret_of_asking(criterion, seed):6.2f}" for seed in (0, 1, 2))
    print(f"{criterion.__name__:<17}{regrets}")

# %% [markdown]
# Volume removal asks "this walk, or this same walk?" for ever: whatever is said halves the
# likelihood of *every* candidate, and teaches nothing (Biyik and others 2019).
#
# ## How sure are they?
#
# The same answers, read as if people were a tenth as sure as they are, and ten times. The bits say
# how much likelier the right candidate has become; below 0, people misled.

# %%
TICKS = np.array([1, 2, 4, 8, 16, 32])


@functools.lru_cache
def crowd(kind, own_zero, seed, n_people):
    """What so many people want, each a candidate, and all that each of them answers."""
    rng, told = np.random.default_rng(seed), []
    for wanted in rng.integers(M, size=n_people):
        scores = SEEN[:, wanted] + own_zero * rng.normal()
        told.append((wanted, answered(kind, TICKS[-1], scores, rng)))
    return told


@functools.lru_cache
def study(kind, times=1.0, own_zero=0.0, seed=0, n_people=30):
    """Regret and bits (people, ticks) by answers, read with `times` the true rationality."""
    regrets, bits = [], []
    for wanted, answers in crowd(kind, own_zero, seed, n_people):
        beliefs = believed(answers, times * RATIONALITY)[TICKS - 1]
        regrets.append([regret(belief, NEW[:, wanted]) for belief in beliefs])
        bits.append(np.log2(M * np.maximum(beliefs[:, wanted], 1e-300)))
    return np.array(regrets), np.array(bits)


# %% [predict]
predict("13.b",
        "read rightly, 32 demonstrations tell 6.2 of the 8 bits. How many if people are taken "
        "for ten times as sure?",
        np.median(study("demonstration", 10.0)[1][:, -1]),
        "Below zero: every slip is believed, and the right candidate is as good as excluded.")

# %%
print("after 32 answers         regret                bits (median)")
print("read as          x 0.1  as it is  x 10     x 0.1  as it is   x 10")
for kind in ("demonstration", "comparison"):
    found = [study(kind, times) for times in (0.1, 1.0, 10.0)]
    print(f"{kind:<13}" + "".join(f"{regrets[:, -1].mean():8.2f}" for regrets, _ in found)
          + "  " + "".join(f"{np.median(bits[:, -1]):9.1f}" for _, bits in found))

# %% [markdown]
# Whoever is taken for too sure is believed every slip: after 32 demonstrations the right candidate
# is as good as excluded. Whoever is taken for less sure teaches slowly, which costs comparisons
# even more regret here.
#
# ## What no comparison can say
#
# <a id="reward-learned"></a>
# A learned reward is never *the* reward. Pay three times as much, add 5 to every step, or pay in
# advance for places on the way (shaping: $\gamma \phi(s') - \phi(s)$), and the best behaviour is
# the same. The EPIC distance (Gleave and others 2021) sees through all three: 0 is the same reward
# in this sense, 1 the opposite one.

# %%
garden, gamma = Gridworld(), 0.95
potential = np.random.default_rng(0).normal(size=garden.n_states)
others = {"3 R": 3 * garden.R, "R + 5": garden.R + 5,
          "R with shaping": garden.R + gamma * potential - potential[:, None, None],
          "-R": -garden.R}
for name, R in others.items():
    lost = reward_distance.regret(garden.P, garden.R, R, garden.d0, gamma)
    print(f"{name:<15} EPIC distance {reward_distance.epic(garden.R, R, gamma):.3f}, "
          f"planning on it loses {lost:.3f}")
for name, chosen, options in (("to prefer walk 1 to walk 0", 1, np.eye(N)[:2]),
                              ("of grade 4 for walk 0", 4, np.outer(range(5), np.eye(N)[0]))):
    before, after = (np.exp(choice_logp(SEEN + more, chosen, options, RATIONALITY)[0])
                     for more in (0, 1))
    print(f"the chance {name} is {before:.2f}; with 1 added to every score it is {after:.2f}")

# %% [markdown]
# So comparisons do not say where zero is. That is their strength as well: raters whose zeros differ
# ("my 2 is your 3") spoil ratings and leave comparisons alone.
#
# ## People are not the formula
#
# <a id="not-too-bad"></a>
# Human judgement is imperfect, which is why RLHF has been called a "not-too-bad" answer, no more.
# The package has people with traits: `person("mistake:0.3")` says the opposite of what they mean in
# 3 of 10 answers. That averages out, but only if the reader reckons with it (exercise 13.2):

# %%
# the same rationality, for returns as they are
SURE = RATIONALITY / WALKS.true_returns[:N].std()


def preferred(who, pairs, rng):
    """What somebody of the zoo says, 0 or 1 for each pair (n, 2), and who that was."""
    given = who.answer(GAME, shown("preference", WALKS, pairs), rng)
    return given.said[:, 0], given.person


def ask(words, n, seed):
    """n random pairs (n, 2), what people by these words say of them, and who said it."""
    rng = np.random.default_rng(seed)
    first = rng.integers(N, size=n)
    pairs = np.stack([first, (first + rng.integers(1, N, size=n)) % N], axis=1)
    return pairs, *preferred(person(words, rationality=SURE), pairs, rng)


def learned(pairs, said):
    """How likely each candidate is after each of these comparisons, (n, M)."""
    return believed(list(zip(said, np.eye(N)[pairs])))


def library_loss(win_scores, lose_scores, flip):
    return -np.mean(np.log(flip + (1 - 2 * flip) * sigmoid(win_scores - lose_scores)))


flip_corrected_loss = mine("13", "flip_corrected_loss", library_loss)
for seed in (0, 1, 2):
    pairs, said, _ = ask("mistake:0.3", 200, seed)
    # (200, M)
    win, lose = (RATIONALITY * SEEN[pairs[np.arange(200), which]] for which in (said, 1 - said))
    for flip in (0.0, 0.3):
        losses = np.array([flip_corrected_loss(win[:, m], lose[:, m], flip) for m in range(M)])
        print(f"seed {seed}: read with flip = {flip} they tell "
              f"{np.log2(M * softmax(-200 * losses)[0]):6.1f} bits")

# %% [markdown]
# Mistakes are noise; a **bias** is not. Three checks: does the learned score pay for length at
# *equal quality* (13.3)? Do people stay with their walk when the two change places (13.4)? Do they
# agree better than chance would (13.5)?

# %%
def library_bias(scores, qualities, lengths):
    columns = np.stack([np.ones(len(scores)), qualities, lengths], axis=1)
    return np.linalg.lstsq(columns, scores, rcond=None)[0][2]


def library_check(human, pairs):
    # of two answers
    firsts = np.array([2 - human(one, other) - human(other, one) for one, other in pairs])
    return np.mean(firsts == 1), np.mean(firsts == 2), np.mean(firsts == 0)


length_bias = mine("13", "length_bias", library_bias)
swap_order_check = mine("13", "swap_order_check", library_check)
agreement = mine("13", "agreement", krippendorff_alpha)
for words in ("simulated", "length:0.2"):
    scores, lengths = NEW @ learned(*ask(words, 100, seed=0)[:2])[-1], WALKS.lengths[N:]
    print(f"{words:<11} paid for a step at equal quality: "
          f"{length_bias(scores, NEW[:, 0], lengths):+.3f}, "
          f"whatever the quality: {np.polyfit(lengths, scores, 1)[0]:+.3f}")
for words in ("simulated", "position:2"):
    who, rng = person(words, rationality=SURE), np.random.default_rng(0)
    human = lambda first, second: preferred(who, np.array([[first, second]]), rng)[0][0]
    same, first, second = swap_order_check(human, rng.permutation(N).reshape(-1, 2))
    print(f"{words:<11} the same walk twice {same:.0%}, the first twice {first:.0%}, "
          f"the second {second:.0%}")
pairs = ask("simulated", 60, seed=0)[0]
for words in ("annotators", "camps"):
    people, rng = person(words, rationality=SURE).members.values(), np.random.default_rng(0)
    votes = np.array([preferred(each, pairs, rng)[0] for each in people])
    alike = np.mean([(one == other).mean() for i, one in enumerate(votes) for other in votes[:i]])
    print(f"{words:<11} two people say the same of {alike:.0%} of the pairs, "
          f"alpha {agreement(votes):+.2f}")

# %% [markdown]
# ## Two camps
#
# <a id="benefits"></a><a id="adapts"></a> Varied trainers count as a benefit of RLHF: it adapts to
# them all. Not with one model, if two camps want opposite things:

# %%
def camp_regrets(seed):
    """Regret of each camp: with one model for all, and with a model of its own."""
    pairs, said, who = ask("camps", 200, seed)
    together, found = learned(pairs, said)[-1], []
    for camp, wanted in (("camp 1", NEW[:, 0]), ("camp 2", -NEW[:, 0])):
        own = learned(pairs[who == camp], said[who == camp])[-1]
        found.append((regret(together, wanted), regret(own, wanted)))
    return np.array(found)


print("regret of camp 1 and camp 2, with one model for all -> with one each")
for seed in (0, 1, 2):
    print("    ".join(f"{together:.2f} -> {own:.2f}" for together, own in camp_regrets(seed)))

# %% [markdown]
# ## The picture to remember
#
# <a id="best-format"></a>
# Left: regret on new walks after so many answers of each kind, mean of 30 people. Right:
# comparisons only, by different people, means of 8 seeds.

# %%
COMPARISONS = np.array([10, 20, 50, 100, 200])
PEOPLE = {"simulated": (BLUE, "by the formula"), "mistake:0.2": (BLUE, "errs in 1 of 5"),
          "fatigue:40": (GREY, "tires"), "length:0.2": (VERMILLION, "likes long walks"),
          "camps": (VERMILLION, "two camps (mean)")}


@functools.lru_cache
def person_regrets(words, seed):
    """Regret after so many; of camps, who want opposite things, the mean of both."""
    beliefs = learned(*ask(words, COMPARISONS[-1], seed)[:2])[COMPARISONS - 1]
    both = [[regret(belief, wanted) for belief in beliefs] for wanted in (NEW[:, 0], -NEW[:, 0])]
    return np.mean(both, axis=0) if words == "camps" else both[0]


# %% [drawing]
def picture(table, people):
    figure, (left, right) = plt.subplots(1, 2, figsize=(16, 8), width_ratios=[1.15, 1])
    left.imshow(list(table.values()), cmap="Blues_r", vmin=-0.2, vmax=1.0, aspect="auto")
    for (row, column), value in np.ndenumerate(list(table.values())):
        left.text(column, row, f"{value:.2f}", ha="center", va="center",
                  color="white" if value < 0.35 else "black")
    left.set(xlabel="answers", title="regret by kind of feedback")
    left.set_xticks(range(len(TICKS)), TICKS)
    left.set_yticks(range(len(table)), table)
    ends = keep_apart([line[-1] for line in people.values()], 0.07, 0, 2)
    for (words, line), end, marker in zip(people.items(), ends, "osD^v"):
        color, name = PEOPLE[words]
        right.plot(COMPARISONS, line, marker=marker, markersize=10, color=color)
        right.text(215, end, name, color=color, va="center", weight="bold")
    right.set(xscale="log", xlabel="comparisons", ylabel="regret", title="regret by who answers",
              xlim=(9, 1300))
    right.set_xticks(COMPARISONS, COMPARISONS)
    right.minorticks_off()
    return figure


table = {kind: study(kind)[0].mean(axis=0) for kind in KINDS}
table["rating, own zero"] = study("rating", own_zero=1.0)[0].mean(axis=0)
table = dict(sorted(table.items(), key=lambda row: row[1].mean()))
people = {words: np.mean([person_regrets(words, seed) for seed in range(8)], axis=0)
          for words in PEOPLE}
show(picture(table, people), "kinds", "A choice among many says most. Noise fades, bias stays")

# %%
def claim_a_demonstration_says_more_than_a_comparison(seed):
    regrets = [study(kind, seed=seed, n_people=8)[0].mean()
               for kind in ("demonstration", "comparison")]
    return regrets[0] < regrets[1]


def claim_taken_for_too_sure_people_mislead_and_for_less_sure_they_do_not(seed):
    surer, less = (np.median(study("demonstration", times, seed=seed, n_people=8)[1][:, -1])
                   for times in (10.0, 0.1))
    return surer < 0 < less


def claim_information_gain_beats_chance_and_volume_removal_does_not(seed):
    gain, chance, removal = (regret_of_asking(each, seed)
                             for each in (information_gain, at_random, volume_removal))
    return gain < chance < removal


def claim_one_model_fails_a_camp_and_one_each_loses_less_than_half(seed):
    together, own = camp_regrets(seed).T
    return together.max() > 1 and own.sum() < together.sum() / 2


check_claims(globals())

# %% [markdown]
# **What you should see**: left, one choice among 32 says most, and eight comparisons leave what two
# remarks leave. Corrections among walks that are nearly alike teach little, and ratings by people
# with zeros of their own stop at about a third. Right, mistakes fade. Whoever likes long walks is
# misread for good, whoever tires is believed for too long, and one model for two camps is worse
# than taking any walk.
#
# Is a demonstration best, then? `python tests/benchmarks/kinds.py` asks the package: nine kinds,
# three layouts of the gridworld, planning on what was learned, 20 seeds. After 20 answers a
# preference with a reason ("credit"), comments, rankings and demonstrations leave a regret of 0.03
# to 0.08, preferences 0.18, corrections and thumbs 0.37 and 0.38. But whoever acts there acts as
# well as possible, not by the formula: in layouts that were not shown, 200 demonstrations still
# leave 0.18 and 200 corrections 0.39, all other kinds at most 0.02. For each minute of a person's
# time thumbs tell most bits, with the seconds assumed there. And where a reward may be of any size,
# it takes in most of a rationality ten times too large; a tenth costs every kind after 20 answers.
# A kind is as good as its reading.
#
# ## What to try next
#
# - `tinyrlhf run gridworld --person length:0.2+fatigue:100 --ask information-gain`: the whole loop
#   with such a person.
# - Set `RATIONALITY` to 1. Which kinds suffer most?
# - `ask("drift:50", 150, seed)` is somebody who changes their mind. Compare all 150 answers with
#   the last 50.
# - [`feedback/answers.py`](../../tinyrlhf/feedback/answers.py) holds the options of all nine kinds,
#   [`humans/zoo.py`](../../tinyrlhf/humans/zoo.py) the people.
