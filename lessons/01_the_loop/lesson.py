# %% [markdown]
# # 1. The loop
#
# **Goal**: say who is the agent, the environment, the action, the reward and the human, and run
# reinforcement learning from human feedback (RLHF) in 20 lines. You will know what people can do
# for a learner that a formula or a pile of examples cannot, and what it costs.
#
# About 40 minutes: reading 10, the experiment 5, exercises 25.

# %% [markdown]
# ## A robot that wants to dance for you
#
# <a id="little-help"></a><a id="agent-environment"></a> A robot knows six moves and has no idea
# which of them you like. It makes a move, you show thumb up or thumb down, and it tries another.
# After a few dozen thumbs it dances what you like. Nobody has told it *how*, it has had a little
# help from people. Five words say it all:
#
# | word | here | in a chat assistant |
# |---|---|---|
# | **agent**: the one who decides | the robot | the language model |
# | **action**: what it decides | one of six moves | the next word |
# | **environment**: where the action happens | the dance floor | the conversation |
# | **reward**: a number, more is better | +1 or -1 for the move | how good is this answer? |
# | **human**: where the reward comes from | you, with your thumb | people who compare answers |
#
# The human, from here on the **person**, need not be an expert: to know which dance you like, you
# need not be able to dance. That is why this works at all. <a id="input-kinds"></a>A thumb is one
# kind of feedback, a reward. *This one rather than that one* is another, a preference (lesson 6);
# *look, like this* a third, a demonstration (lesson 5). Lesson 13 compares them.

# %%
import matplotlib.pyplot as plt
import numpy as np

from tinyrlhf import numerics
from tinyrlhf.games.bandit import Bandit
from tinyrlhf.learning.imitation import clone
from tinyrlhf.nn.distributions import Categorical
from tinyrlhf.nn.networks import Table
from tinyrlhf.plots import BLUE, GREEN, GREY, VERMILLION
from tinyrlhf.policies import Policy
from tinyrlhf.teaching import LECTURE, check_claims, mine, predict, show

plt.style.use(LECTURE)
MOVES = ["wave", "bow", "jump", "kick", "split", "stretch"]
CHANGE, ROUNDS = 100, 200


def taste(number):
    """What people like in this round, (6,): +1 for two moves, -1 for the rest."""
    liked = ["bow", "split"] if number < CHANGE else ["wave", "jump"]
    return np.where(np.isin(MOVES, liked), 1, -1)


def people(number, move, rng):
    """A thumb: +1 up, -1 down. One time in ten it slips: people are not machines."""
    return taste(number)[move] * (1 if rng.random() < 0.9 else -1)


# %% [markdown]
# ## What the robot has in its head
#
# One number for each move, how much it tends to it: the **logits** $z$ (in the code `prefs`). They
# become chances by the **softmax**, and the robot draws its move by these chances. That rule, from
# situation to chances, is its **policy** $\pi$:
#
# $$\pi(a) = \frac{e^{z_a}}{\sum_b e^{z_b}}$$
#
# It *draws*, and does not take the largest: a move that it never tries gets no thumb, and so it
# could never find out that you love it. When the thumb comes, the robot makes the move it has just
# made more or less likely:
#
# $$z_b \leftarrow z_b + \eta \cdot \text{thumb} \cdot \big(\mathbb{1}[b = a] - \pi(b)\big)
# \quad \text{for every move } b$$
#
# The bracket is the slope of $\log \pi(a)$: the quickest way to raise the chance of what was done,
# or for a thumb down to lower it. $\eta$ says how far to go. Lesson 4 shows where this comes from.
# You will write all three in exercises 1.1 to 1.3; as soon as yours pass, the lines below use them.

# %%
def library_choose(probs, rng):
    return int(Categorical.sample(np.log(probs), rng))


def library_nudge(prefs, action, thumb, lr):
    return prefs + lr * thumb * Categorical.d_log_prob(prefs, action)


softmax = mine("01", "softmax", numerics.softmax)
choose = mine("01", "choose", library_choose)
nudge = mine("01", "nudge", library_nudge)

# %% [markdown]
# ## The loop
#
# <a id="continuous-learning"></a>
# Act, ask, improve, and again. Here it is; everything else in this course makes one of its lines
# better. `keep` lets all logits fade a little after every turn, so that the robot never grows
# too sure to try something else; you will see below what happens without.

# %%
def loop(ask, seed, keep=0.95):
    """A row (logits before the turn, move, thumb) for each round.

    ask(number, move, rng) gives the thumbs.
    """
    rng = np.random.default_rng(seed)
    prefs, rows = np.zeros(len(MOVES)), []
    for number in range(ROUNDS):
        move = choose(softmax(prefs), rng)              # the agent acts
        thumb = ask(number, move, rng)                  # the person answers
        rows.append((prefs, move, thumb))
        prefs = keep * nudge(prefs, move, thumb, 0.5)   # the agent improves
    return rows


rows = loop(people, seed=0)
for number in (0, 1, 2, 50, 51, 52):
    prefs, move, thumb = rows[number]
    chances = " ".join(f"{name} {chance:.0%}" for name, chance in zip(MOVES, softmax(prefs)))
    said = "up" if thumb > 0 else "down"
    print(f"round {number:2}: {chances}   it does: {MOVES[move]}, thumb {said}")

# %% [markdown]
# ## The experiment: three teachers, and the taste changes
#
# <a id="traditional-vs-rlhf"></a><a id="labelled-examples"></a>
# One robot, three ways to teach it. All three know what people like *today*.
#
# - **A written reward.** Traditional reinforcement learning: a programmer writes the reward down,
#   +1 for bow and split, -1 for the rest. The same loop runs, but a formula gives the thumbs. It
#   never slips, and nobody is asked again.
# - **Labelled examples.** Traditional supervised learning: before the robot starts, people label 60
#   moves as good or bad, and it copies the good ones. Then it is on its own.
# - **Thumbs.** Human feedback: people watch what this robot does now, and say what they think now.
#
# In round 100 fashion changes: bow and split are out, wave and jump are in. What we measure is the
# chance that the next move is one that people like.

# %%
def happy(all_prefs):
    """The chance of a liked move in each round, (200,), from the logits, (200, 6)."""
    return np.array([softmax(prefs)[taste(number) > 0].sum()
                     for number, prefs in enumerate(all_prefs)])


def by_thumbs(seed, keep=0.95):
    return happy([prefs for prefs, move, thumb in loop(people, seed, keep)])


def by_written_reward(seed):
    game = Bandit(means=taste(0), noise=0)              # its reward is a table, written once

    def written(number, move, rng):
        return game.step(np.zeros(1, int), np.array([move]), rng)[1][0]

    return happy([prefs for prefs, move, thumb in loop(written, seed)])


def by_labels(seed):
    rng = np.random.default_rng(seed)
    moves = rng.integers(len(MOVES), size=60)
    good = np.array([people(0, move, rng) > 0 for move in moves])
    policy = Policy(Table(1, len(MOVES)))
    clone(policy, np.zeros(good.sum(), int), moves[good], rng, learning_rate=0.1)
    return happy([policy.network.params["table"][0]] * ROUNDS)


TEACHERS = {"thumbs": by_thumbs,
            "written reward": by_written_reward,
            "labelled examples": by_labels}

# %% [predict]
predict("1.a",
        "in the first 30 rounds, while the taste is still the old one, who does best: thumbs, "
        "written reward or labelled examples?",
        max(TEACHERS, key=lambda name: np.mean([TEACHERS[name](seed)[:30] for seed in range(9)])),
        "Feedback while it acts is not better from the start: all that the labels teach lies "
        "before round 0, the thumbs have just begun.")

# %%
print("chance of a liked move, mean of rounds")
print("                            0-29  50-99  150-199")
for name, learn in TEACHERS.items():
    for seed in (0, 1, 2):
        chance = learn(seed)
        early, before, after = chance[:30].mean(), chance[50:100].mean(), chance[150:].mean()
        print(f"{name:>18}, seed {seed}    {early:.2f}   {before:.2f}     {after:.2f}")


# %% [drawing]
def curves(seeds):
    figure, axis = plt.subplots(figsize=(12, 6.5))
    looks = {"thumbs": (BLUE, "-", 205, 0.8, "thumbs:\nfollow"),
             "written reward": (VERMILLION, "--", 205, 0.19, "written\nreward"),
             "labelled examples": (GREEN, ":", 205, 0.02, "labelled\nexamples")}
    for name, (color, dash, x, y, label) in looks.items():
        for seed in seeds:
            learn = TEACHERS[name]
            axis.plot(learn(seed), color=color, linestyle=dash, alpha=0.8)
        axis.text(x, y, label, color=color, va="center", weight="bold")
    axis.axvline(CHANGE, color=GREY, lw=1.5)
    axis.text(CHANGE + 2, 1.0, "here the taste changes", color=GREY, va="center")
    axis.set(xlim=(0, 242), xticks=range(0, 201, 50), ylim=(-0.07, 1.05),
             xlabel="round  (each way to teach: three seeds)",
             ylabel="chance that people like the next move",
             yticks=[0, 0.5, 1], yticklabels=["0 %", "50 %", "100 %"])
    return figure


show(curves((0, 1, 2)), "teachers",
     "Only the robot that still listens follows when the taste changes")

# %% [markdown]
# **What you should see**: the labelled examples are better than the thumbs at first (on 59 of 60
# seeds), and mostly the best of all three (on 55), since all their teaching lies before round 0.
# The written reward and the thumbs both learn, the thumbs less smoothly, since they slip. From
# round 100 on two robots go on dancing what has gone out of fashion, for ever. New labels or a new
# line of code would mend that, but somebody has to notice. Only the third finds out by itself:
# after some 15 rounds, most of them thumbs down, half of its moves are right again.
#
# <a id="adapts"></a>
# An overview of RLHF will tell you that it adapts, and is more efficient in a world that changes.
# The first half you have just seen. Be careful with the second: the thumbs cost 200 looks at the
# robot, the labels 60, the written reward a single line. For six moves that is a bad bargain as
# long as nothing changes and somebody *can* write the reward down. RLHF is worth its price where
# nobody can.
#
# ## Listening is not enough
#
# Set `keep=1`: nothing fades. The robot still hears every thumb.

# %% [predict]
predict("1.b",
        "20 robots hear every thumb and forget nothing (`keep=1`). How many still dance the old "
        "moves 50 rounds after the taste has changed?",
        sum(by_thumbs(seed, keep=1)[150:].mean() < 0.5 for seed in range(20)),
        "To hear is not enough: what is never tried gets no thumb, and a policy that is sure "
        "hardly moves.")

# %%
print("chance of a liked move, rounds 150-199, by thumbs")
for seed in (0, 1, 2):
    fading, keeping = by_thumbs(seed)[150:].mean(), by_thumbs(seed, keep=1)[150:].mean()
    print(f"seed {seed}: with fading {fading:.2f}, without {keeping:.3f}")
stuck = sum(by_thumbs(seed, keep=1)[150:].mean() < 0.5 for seed in range(20))
print(f"without fading, {stuck} of 20 robots still dance the old moves 50 rounds after the change")

# %% [markdown]
# Why? After 100 rounds this robot is nearly certain of bow and split: 99 in 100 moves are one of
# them. Look at the update: when $\pi(a)$ is close to 1, the bracket is close to 0, and even a thumb
# down moves hardly anything; and the moves that people love now, it never tries, so they get no
# thumb at all. A few are lucky, as seed 2 is: one rare try was praised in time. Of 200 such robots,
# 12 were.
#
# One often reads that with feedback a model goes on learning, explores and mends its mistakes. That
# is true of learners that go on exploring, and it has a price: with fading the robot dances a liked
# move 8 times in 10, not 99 times in 100. This is **exploration** against **exploitation**; lesson
# 3 is about it.
#
# And the loop learns only as long as somebody answers. A chat assistant is usually trained on votes
# that were collected before, and then stays as it is until the next version. That too is RLHF; the
# loop just turns slowly.

# %%
def claim_only_thumbs_follow_the_change(seed):
    late = {name: learn(seed)[150:].mean() for name, learn in TEACHERS.items()}
    return late["thumbs"] > 0.6 and max(late["written reward"], late["labelled examples"]) < 0.2


def claim_labels_are_better_at_first(seed):
    return by_labels(seed)[:30].mean() > by_thumbs(seed)[:30].mean()


def claim_written_reward_and_thumbs_both_learn(seed):
    return min(by_written_reward(seed)[50:100].mean(), by_thumbs(seed)[50:100].mean()) > 0.6


check_claims(globals())

# %% [markdown]
# ## Is this already RLHF?
#
# <a id="faq-what"></a>
# Yes, in its smallest form: an agent improves by reinforcement learning, and the reward comes from
# people. In ChatGPT the same loop makes answers more helpful and less harmful, by the lights of
# those who vote. Two things are missing, and the rest of the course adds them.
#
# - A person had to look at *every single* move. A language model practises on millions of answers;
#   nobody can look at those. So a **reward model** learns from some votes what people would say,
#   and stands in for them (lessons 6 to 8). What the robot is taught is then a guess at what you
#   like, and a guess can be fooled (lesson 12).
# - The situation was always the same. In a game, for an arm, or in the middle of a sentence, what
#   is good depends on where you are (lesson 2).
#
# ## The picture to remember
#
# One turn of the loop with its real numbers: of all thumbs down for a move that had gone out of
# fashion, the one that changed most.

# %% [drawing]
def one_turn(rows, number):
    """Left the robot's chances before and after this turn, right what happens in between."""
    (before, move, thumb), after = rows[number], rows[number + 1][0]
    figure, (robot, world) = plt.subplots(1, 2, figsize=(12, 7), width_ratios=[1.1, 1])
    place, old, new = np.arange(len(MOVES)), softmax(before), softmax(after)
    fills, inks, weights = [BLUE] * len(MOVES), [GREY] * len(MOVES), ["normal"] * len(MOVES)
    fills[move], inks[move], weights[move] = VERMILLION, VERMILLION, "bold"
    robot.barh(place, new, color=fills, alpha=0.75, height=0.62)
    robot.barh(place, old, facecolor="none", edgecolor=GREY, lw=2.5, linestyle="--", height=0.62)
    for each in place:
        robot.text(max(old[each], new[each]) + 0.015, each, f"{old[each]:.0%} → {new[each]:.0%}",
                   va="center", color=inks[each], weight=weights[each])
    robot.invert_yaxis()
    robot.set(yticks=place, yticklabels=MOVES, xticks=[], xlim=(0, max(old) + 0.3),
              title="the AGENT: a robot and its chances",
              xlabel="chance of each move\n(dashed: before, filled: after)")
    world.set(xlim=(0, 1), ylim=(0, 1))
    world.axis("off")
    box = dict(boxstyle="round,pad=0.6", facecolor="#EFEFEA", edgecolor=GREY, linewidth=2)
    said = "more of this" if thumb > 0 else "not that again"
    for height, text in ((0.78, f"the ENVIRONMENT:\ndance floor, {MOVES[move]}"),
                         (0.22, f"the PERSON:\n“{said}”")):
        world.text(0.62, height, text, ha="center", va="center", bbox=box)
    arrows = (((-0.12, 0.72), (0.33, 0.78), -0.25), ((0.62, 0.66), (0.62, 0.34), 0),
              ((0.35, 0.22), (-0.12, 0.3), -0.25))
    for start, end, bend in arrows:
        arrow = dict(arrowstyle="-|>", lw=4, color=GREY, mutation_scale=30,
                     connectionstyle=f"arc3,rad={bend}")
        world.annotate("", end, start, annotation_clip=False, arrowprops=arrow)
    world.text(0.14, 0.93, f"1. acts: draws {MOVES[move]}", ha="center", weight="bold")
    world.text(0.66, 0.5, "2. people look", va="center", weight="bold")
    world.text(0.14, 0.05, f"3. the REWARD: {thumb:+d}", ha="center", color=VERMILLION,
               weight="bold")
    return figure


# %%
def lost(number):
    """By how much the chance of the move fell in this turn, if by a thumb that was rightly down."""
    (before, move, thumb), after = rows[number], rows[number + 1][0]
    rightly = thumb < 0 and taste(number)[move] < 0
    return (softmax(before) - softmax(after))[move] if rightly else 0.0


largest = max(range(CHANGE, ROUNDS - 1), key=lost)
print(f"round {largest}: {MOVES[rows[largest][1]]}, thumb down")
show(one_turn(rows, largest), "loop",
     "Act, ask, improve, and again: every thumb moves all the chances")

# %% [markdown]
# **What you should see**: one thumb down takes some percent from the move that was made and hands
# them to the others together, most of all to the likely ones (a rare one may even lose a little).
# Nothing more than this happens in any turn; two hundred of them make a dance.
#
# ## What to try next
#
# - Let thumbs slip three times in ten. Does the robot still learn? At five in ten, what are people
#   telling it?
# - Use only praise: a thumb down becomes 0. What happens at the change of taste, and why?
# - Look at single moves: does the robot give *both* liked moves the same chance? Nobody ever asked
#   it to (lesson 12 has a name for that).
# - [`tinyrlhf/rlhf.py`](../../tinyrlhf/rlhf.py) is the same loop with everything in it, on one
#   page; `tinyrlhf run bandit` runs it.
