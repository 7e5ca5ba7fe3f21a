# %% [markdown]
# # 8. Closing the loop: RLHF for a game and a robot
#
# **Goal**: act, compare, fit, improve, and again. You will know why votes alone can be stuck for
# ever, what demonstrations buy and what they cannot, what the KL penalty to the copied policy does,
# and when the loop may stop.
#
# About 50 minutes: reading 10, the experiment 5, exercises 35.

# %% [markdown]
# ## A room with glass on the floor
#
# <a id="little-help"></a><a id="traditional-vs-rlhf"></a> Lessons 5 to 7 had the pieces: people
# show, people compare, a model generalises. Now they become a machine that learns with a little
# help from humans:
#
# 1. **act**: the policy plays some tries;
# 2. **ask**: a person compares pairs of them;
# 3. **fit**: a reward model explains *all* answers so far;
# 4. **improve**: the policy is reinforced on that model, and is then the one that acts.
#
# In traditional reinforcement learning step 2 is missing: somebody writes the reward down, and
# training goes on without people. Here is a room where nobody did. A robot is to go from S to G. In
# the middle lie three cells of glass. The floor looks alike everywhere to the robot, which knows
# its cell and nothing else. Only the person minds the glass.

# %%
import functools

import matplotlib.pyplot as plt
import numpy as np

from tinyrlhf.episodes import join
from tinyrlhf.exact.horizon import expected_visits
from tinyrlhf.feedback.answers import SECOND, join_answers
from tinyrlhf.learning.imitation import clone
from tinyrlhf.plots import BLUE, VERMILLION
from tinyrlhf.questions import ask, shown
from tinyrlhf.rlhf import act, improve_on, own_plays, rlhf
from tinyrlhf.teaching import LECTURE, check_claims, mine, predict, show
from tinyrlhf.teaching.places import lesson_folder, run_file
from tinyrlhf.worlds import build
from tinyrlhf.worlds.glass import measured, room
from tinyrlhf.yardsticks import Tabular

plt.style.use(LECTURE)
ROOM, SEEDS = room(), (0, 1)
START = build("glass")
uniform = Tabular(START).table(START.policy)
at_the_end = expected_visits(ROOM.P, ROOM.d0, uniform, ROOM.horizon + 1)[-1]
print(ROOM.show(ROOM.starts[0]))
print(f"true reward: {ROOM.entry_rewards.min():.1f} a step on glass, "
      f"{ROOM.entry_rewards.max():.1f} at the goal, "
      f"{ROOM.entry_rewards[0]:.1f} elsewhere; {ROOM.horizon} steps")
print("who strolls about gets to the goal once in "
      f"{1 / at_the_end[ROOM.map.ravel() == 'G'].sum():,.0f} walks")
strolling = Tabular(START).expected_return(START.policy, None)
print(f"a walk is worth: strolling about {strolling:.2f}, standing still "
      f"{ROOM.horizon * ROOM.entry_rewards[0]:.2f}, the best possible "
      f"{Tabular(START).best_return():.2f}")

# %% [markdown]
# ## Votes alone
#
# The loop of 6 rounds with 25 comparisons each, from a policy that strolls about. (One call of
# `rlhf` runs the plan of the world `glass`; `tinyrlhf run glass` is the same from the command
# line.) All returns and steps on glass below are exact: the room is small enough to compute them.

# %%
@functools.lru_cache
def taught(seed, **settings):
    """The state after the whole plan, and where a walk spends its steps by stage, (stages, S)."""
    visited = []

    def look(state, row):
        policy = Tabular(state).table(state.policy)
        visited.append(expected_visits(ROOM.P, ROOM.d0, policy, ROOM.horizon).sum(axis=0))

    state = rlhf(build("glass", seed=seed, **settings), on_round=look)
    return state, np.array(visited)


def to_goal(state):
    """How many of the walks that people compared got to the goal."""
    return int(own_plays(state.answers.of(("preference",))).ended.sum())


def table_of(state):
    print("\nround by round    answers   learned return   true return   steps on glass")
    for row in state.history:
        learned = f"{row['learned_return']:.2f}" if "learned_return" in row else "-"
        print(f"{row['stage']:<15} {row['answers']:9} {learned:>16} {row['true_return']:13.2f} "
              f"{row['glass']:16.2f}")


# %% [predict]
predict("8.a",
        "six rounds, 25 comparisons each. Of the 300 walks that people compare, how many reach "
        "the goal?",
        to_goal(taught(0, demonstrations=0)[0]),
        "More votes do not help: they rank what was tried, and nobody tried the goal.")

# %%
for seed in SEEDS:
    state, _ = taught(seed, demonstrations=0)
    print(f"seed {seed}: {to_goal(state)} of the 300 walks that people compared got to the goal")
table_of(state)

# %% [markdown]
# Both stand still. Nobody ever saw the goal, so nobody could prefer a walk that gets there, so
# the model never heard of it. What people did see is walks with and without glass, and the robot
# learned that lesson well: it stays away from everything. More votes of this kind will not help.
# The loop explores only what the policy tries.
#
# ## Shown first, then told
#
# <a id="pick-and-place"></a><a id="adapts"></a> So let somebody *show* the way first. Ten
# demonstrations, by a person in a hurry who does not mind glass, and strays in 15 of 100 steps. The
# robot copies them (lesson 5), and only then people who do mind compare walks, 150 times in all.
# This order, initial demonstrations and then ongoing guidance, is how robot arms learn to pick and
# place, and it is also that of ChatGPT: imitation first, preferences second. It saves votes because
# the loop starts where they can tell something (Ibarz and others 2018).

# %%
for seed in SEEDS:
    state, _ = taught(seed)
    first, last = state.history[0], state.history[-1]
    print(f"seed {seed}: true return {first['true_return']:5.2f} -> {last['true_return']:5.2f}, "
          f"steps on glass {first['glass']:.2f} -> {last['glass']:.2f}; "
          f"{to_goal(state)} of 300 walks got to the goal")
table_of(taught(0)[0])


def claim_demonstrations_make_votes_count(seed):
    alone, both = taught(seed, demonstrations=0)[0], taught(seed)[0]
    first, last = both.history[0], both.history[-1]
    rose = last["true_return"] > first["true_return"] + 3 and last["glass"] < first["glass"] / 4
    return to_goal(alone) == 0 and alone.history[-1]["true_return"] < -2.9 and rose


check_claims(globals())

# %% [drawing]
# where a walk spends its steps; glass is framed
draw_room = run_file(lesson_folder("08") / "demo.py")["draw_room"]


def draw_rounds(figure, seed):
    """After the demonstrations and after each round: where the robot walks."""
    state, visited = taught(seed)
    panels = figure.subplots(3, 2).ravel()
    for axis, number in zip(panels, (0, 1, 2, 3, 4, 6)):
        name = f"round {number}" if number else "shown, no votes yet"
        glass = state.history[number]["glass"]
        draw_room(axis, visited[number], f"{name}: {glass:.1f} steps on glass",
                  VERMILLION if glass > 1 else BLUE)


figure = plt.figure(figsize=(12, 8))
draw_rounds(figure, seed=1)
show(figure, "rounds", "Demonstrations show the way, votes lead it around the glass")

# %% [markdown]
# Each side has something that the other lacks. Demonstrations know the way but not what is wrong
# with it: no copy is better than what was copied. Votes know what is wrong but not where to go. The
# robot never saw the glass, and still learned where it is, from 150 words "this walk" or "that
# one".
#
# ## Do not run away from what was shown
#
# <a id="hazardous-start"></a>
# `kl_coef` is the price of each nat by which the policy differs from its clone. Here it is 0.15;
# without it:

# %% [predict]
predict("8.b",
        "on seed 0 the clone's walk is worth 1.24. What is a walk worth after 150 comparisons "
        "more, without a KL penalty?",
        taught(0, kl_coef=0.0)[0].history[-1]["true_return"],
        "It unlearns what it was shown: the model overrates cells on the way, and a free policy "
        "stays there.")

# %%
print("true return of a walk (steps on glass)   seed 0         seed 1")
for name, settings in (("votes alone", {"demonstrations": 0}),
                       ("demonstrations, then votes", {"kl_coef": 0.0}),
                       ("the same with the KL penalty", {})):
    ends = [taught(seed, **settings)[0].history[-1] for seed in SEEDS]
    print(f"{name:<32}" + "".join(f"{end['true_return']:9.2f} ({end['glass']:.2f})"
                                  for end in ends))

# %% [markdown]
# What happens without it? Look for the cell where the final policy spends most of a walk, and for
# what the model makes of each step there:

# %%
for seed in SEEDS:
    state, visited = taught(seed, kl_coef=0.0)
    steps = np.where(ROOM.is_end, 0.0, visited[-1])
    cell, goal = steps.argmax(), np.flatnonzero(ROOM.map.ravel() == "G")[0]
    worth = state.reward_model.network.forward(np.array([cell, goal]))[0][:, 0]
    print(f"seed {seed}: {steps[cell]:4.1f} of 30 steps on one cell, of which the learned reward "
          f"makes {steps[cell] * worth[0]:5.2f}; the goal is worth {worth[1]:.2f}")

# %% [markdown]
# The model knows a few comparisons of walks, and nothing else. It cannot tell *which* step made a
# walk better, so cells that good walks pass on their way around the glass are praised with them. A
# walk passes such a cell once. A policy that is free to move stays there, and collects the praise
# in every step: more than the goal is worth. (On some other seeds, such as 2, people have noticed
# by then, and it is on its way back.) From then on walks look alike, and votes tell little. The
# penalty keeps the policy among walks like those that people judged, while the model is young.
# Training is most hazardous at its start, and people must keep it in straight ways: a demonstration
# and a price for leaving it are two ways to do so.
#
# Do demonstrations make learning *safe*? Not these. A robot that strolls about steps on glass 0.2
# times a walk, the clone of its careless teacher about twice. Who shows decides what is copied
# first.

# %% [markdown]
# ## When may the loop stop?
#
# <a id="fixed-episodes"></a><a id="continuous-learning"></a> A simple loop runs for a fixed number
# of episodes. A better one stops when it has *converged*, and the tempting criterion is a learned
# return that no longer rises. But the learned return is the learner's opinion of itself. In the
# first table above it rests for six rounds, well content, while the robot stands still. Two more
# runs:

# %% [drawing]
def draw_plateau(figure, seed):
    """Learned and true return by round, without and with the KL penalty."""
    axes = figure.subplots(1, 2, sharey=True)
    for axis, settings, title in zip(axes, ({"kl_coef": 0.0}, {}),
                                     ("no KL penalty", "KL penalty to the clone")):
        rows = taught(seed, **settings)[0].history[1:]
        for name, color, marker in (("true", BLUE, "o"), ("learned", VERMILLION, "s")):
            values = [row[f"{name}_return"] for row in rows]
            axis.plot(range(1, len(rows) + 1), values, color=color, marker=marker, markersize=10,
                      linewidth=3)
            axis.text(len(rows) + 0.2, values[-1], name, color=color, va="center", weight="bold")
        axis.set(title=title, xlabel="round", xticks=range(1, len(rows) + 1),
                 xlim=(0.5, len(rows) + 2.2))
    axes[0].set_ylabel("return of a walk")


figure = plt.figure(figsize=(12, 6))
draw_plateau(figure, seed=1)
show(figure, "plateau", "Without KL penalty the learned return rises, the true one falls")

# %% [markdown]
# Its zero and its scale are set anew whenever the model is fitted; it is flat where the robot
# stands still; and it rises while the policy does what the model overrates. So ask those who know:
# do people still see a **difference** between this round's walks and those of the round before? If
# in two rounds running the new ones are preferred about as often as not, nothing that matters to
# them is changing. That is exercise 8.4. It costs some more answers, and it has a limit that you
# should know: standing still is also a state of rest. *Converged* says that nothing changes, not
# that all is well. Let people compare with the demonstrations, too, before everybody goes home.
#
# ## Three classes and a loop
#
# <a id="skeletons"></a><a id="robotics"></a> Overviews of RLHF for robots often sketch three
# classes: `RoboticArm` (observe, select an action, execute it), `HumanFeedback`
# (`give_feedback(action, reward)`) and `RLHFAlgorithm`
# (`update(state, action, next_state, feedback)`), and a loop `while not converged`. The plan is
# right, and four details have to be mended before it runs. The person must not be given the reward:
# if it were known, they would not be needed. One action is too little to judge; people compare
# whole tries. What is updated must be the policy by which the robot acts, so the algorithm is
# handed the robot. And `convergence_criteria_met()` has to look at something. Here it is, on top of
# this package:

# %%
def people_see_no_difference(history, window, tolerance):
    last = [row["preferred"] for row in history[-window:]]
    return len(history) >= window and all(abs(share - 0.5) <= tolerance for share in last)


def act_ask_learn(robot, human, algorithm, converged, most_rounds):
    tries, shares = robot.act(), []
    for number in range(1, most_rounds + 1):
        algorithm.update(robot, tries, human.give_feedback(tries))
        before, tries = tries, robot.act()
        shares.append(human.compare(before, tries))
        if converged(shares):
            break
    return number


converged = mine("08", "converged", people_see_no_difference)
train = mine("08", "train", act_ask_learn)


class RoboticArm:
    """Whatever moves: a game of the package, and the policy by which it acts."""

    def __init__(self, state):
        self.game, self.policy, self.state = state.game, state.policy, state

    def act(self):
        return act(self.state)  # 32 whole tries


class HumanFeedback:
    """Somebody who sees tries, never a reward. They show how it is done, and compare."""

    def __init__(self, state):
        self.state, self.rng = state, state.rngs["person"]

    def demonstrate(self, tries):
        expert = self.state.plan[0].person
        return expert.answer(self.state.game, ask("demonstration", self.state, tries, 10), self.rng)

    def give_feedback(self, tries):
        return self.state.person.answer(self.state.game, ask("preference", self.state, tries, 25),
                                        self.rng)

    def compare(self, before, after):
        pairs = np.arange(64).reshape(2, 32).T  # an old try and a new one
        asked = shown("preference", join([before, after]), pairs)
        said = self.state.person.answer(self.state.game, asked, self.rng).said
        return np.mean(said[:, 0] == SECOND)


class RLHFAlgorithm:
    """A clone of what was shown; then a reward model, and a policy gradient on its rewards."""

    def __init__(self, state):
        self.state, self.answers = state, None

    def imitate(self, robot, demonstrations):
        clone(robot.policy, *demonstrations.acted().decisions, self.state.rngs["learner"], 0.1, 40)
        self.state.reference.load(robot.policy.state())

    def update(self, robot, tries, feedback):
        self.answers = feedback if self.answers is None else join_answers([self.answers, feedback])
        self.state.reward_model.fit(self.answers, self.state.rngs["learner"])
        self.state.reward_model.normalize(own_plays(self.answers[:25]))  # of the first round
        improve_on(self.state, self.state.reward_model.rewards)


def train_robot(state, most_rounds=8):
    robot, human, algorithm = RoboticArm(state), HumanFeedback(state), RLHFAlgorithm(state)
    algorithm.imitate(robot, human.demonstrate(robot.act()))
    return train(robot, human, algorithm, lambda shares: converged(
        [{"preferred": share} for share in shares], window=2, tolerance=0.1), most_rounds)


for seed in SEEDS:
    state = build("glass", seed=seed)
    rounds = train_robot(state)
    end = measured(state)
    print(f"seed {seed}: converged after {rounds} rounds, true return {end['true_return']:.2f}, "
          f"steps on glass {end['glass']:.2f}")

# %% [markdown]
# `train` is exercise 8.5, `converged` exercise 8.4: as soon as yours pass, this cell runs on them.
# Afterwards the robot does its task alone, unless people are asked again because the floor, or what
# they mind, has changed.
#
# ## From the room to the world
#
# <a id="games"></a><a id="real-world"></a> The loop does not know that this is a room. In a game,
# experts judge moves: a Go player who marks single moves as good or bad gives this kind of feedback
# (a thumb or a rating instead of a vote), and the loop stays the same. In robotics the way is shown
# once and then corrected, which is also how a robot gets along in a new area quickly: what it must
# learn there are the few cells that nobody has told it about. In education nobody can write down
# what a good explanation is, but everybody can say which of two was better. These are the places
# for RLHF, where a reward is hard to specify and easy to recognise. Where it is easy to specify,
# write it down: that costs no answers at all. The package has some of them:
# `tinyrlhf run arm --task obstacles` (demonstrations, corrections, votes),
# `tinyrlhf run arm --task dance` (votes alone), `tinyrlhf run capture_go` (an expert rates moves).
#
# **What to remember**: votes rank what was tried, so somebody or something must try the right thing
# first. Demonstrations do that, and bring their faults along. The KL penalty keeps the policy where
# the model has been told something. And the loop stops when people see no difference, not when the
# learner is content.
