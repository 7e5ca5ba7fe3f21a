# %% [markdown]
# # 3. With and without a model of the world
#
# **Goal**: tell two kinds of learners apart, one that knows what the world does and plans in its
# head, and one that only knows what paid off. You will write both, see what each costs in steps,
# and what it is worth to know the world when the *reward* is what people keep changing.
#
# About 45 minutes: reading 10, the experiment 5, exercises 30.

# %% [markdown]
# ## A map, or a habit
#
# <a id="model-based"></a>
# You are new in a town and look for the station. With a **map** you think: left here, then straight
# on. Without one you try, and remember at each corner what worked. Learners come in the same two
# kinds.
#
# - **Model-based**: it has a model, what each action does, $P(s' \mid s, a)$, and what it pays,
#   $R(s, a)$. It *plans*: it walks in its head.
# - **Model-free**: it has no model. It keeps what it learned from real steps: a *value function*,
#   what each action is worth (Q-learning, this lesson), or a *policy*, what to do (policy
#   gradients, lesson 4; ChatGPT was made that way).
#
# The articles on RLHF name both and leave it at that. Which one should you take? That depends on
# what is dear: steps in the world, or thoughts. Here is a maze from the textbook (Sutton and Barto
# 2018, example 8.1). The way leads from S to G, and only G pays: 1.

# %%
import functools

import matplotlib.pyplot as plt
import numpy as np

from tinyrlhf.episodes import rollout
from tinyrlhf.exact.horizon import finite_horizon_return
from tinyrlhf.exact.evaluation import hitting_times
from tinyrlhf.exact.planning import action_values
from tinyrlhf.games.gridworld import DYNA_MAZE, MOVES, Gridworld
from tinyrlhf.improvements import planning
from tinyrlhf.learning.dyna import CountModel, DynaQ
from tinyrlhf.plots import BLUE, GREY, VERMILLION
from tinyrlhf.rlhf import rlhf
from tinyrlhf.teaching import LECTURE, check_claims, mine, predict, show
from tinyrlhf.worlds import build, find

plt.style.use(LECTURE)
GAMMA = 0.95
MAZE = Gridworld(DYNA_MAZE, slip=0.0, step_reward=0.0, horizon=100_000)
START, S, A = MAZE.starts[0], MAZE.n_states, MAZE.n_actions
FREE = (MAZE.map.ravel() != "#") & ~MAZE.is_end
print(MAZE.show(START))

# %% [markdown]
# ## With a model: plan
#
# The worth of a state is the discounted reward that somebody earns from there who acts as well as
# possible. Nobody knows it yet; say 0 everywhere. Then one **sweep** (Bellman 1957, exercise 3.1)
# makes it a little more true:
#
# $$V(s) \leftarrow \max_a \Big[ R(s, a) + \gamma \sum_{s'} P(s' \mid s, a) \, V(s') \Big]$$
#
# Best action, average over the luck. Sweep until nothing moves any more: that is **value
# iteration**.

# %%
def library_backup(V, P, R, gamma):
    return action_values(P, np.repeat(R[:, :, None], len(V), axis=2), V, gamma).max(axis=1)


bellman_backup = mine("03", "bellman_backup", library_backup)


def planned(P, R, sweeps=200):
    """The worth of each state (S,) after so many sweeps."""
    V = np.zeros(len(P))
    for _ in range(sweeps):
        V = bellman_backup(V, P, R, GAMMA)
    return V


R = (MAZE.P * MAZE.R).sum(axis=2)                       # what an action pays on average, (S, A)

# %% [predict]
predict("3.a",
        "S is 14 steps from G, and worth 0.513 in the end. What does it seem worth after 13 "
        "sweeps?",
        planned(MAZE.P, R, 13)[START],
        "Not nearly all of it: the news travels one cell a sweep, and in sweep 13 it has not "
        "arrived.")

# %%
for sweeps in (12, 13, 14, 200):
    V = planned(MAZE.P, R, sweeps)
    known = np.sum(V[FREE] > 0)
    print(f"after {sweeps:>3} sweeps S is worth {V[START]:.3f}, "
          f"{known} of {FREE.sum()} cells are worth something")

# %% [markdown]
# The news of the goal travels back by one cell a sweep. S is 14 steps away, so it hears of it in
# sweep 14, as $0.95^{13}$. Not one step was taken in the maze.
#
# ## Without a model: try
#
# <a id="gradients-or-q"></a><a id="action-from-feedback"></a> **Q-learning** (Watkins 1989) keeps a
# table: what action $a$ seems worth in state $s$. Each real step corrects one entry, in the
# direction of what was paid plus what the next state promises (exercise 3.3):
#
# $$Q(s, a) \leftarrow Q(s, a) + \alpha \big( r + \gamma \max_{a'} Q(s', a') - Q(s, a) \big)$$
#
# So feedback changes a value function here, and the actions follow from it: mostly the best, with
# chance $\epsilon$ any one (**epsilon-greedy**, exercise 3.4).

# %%
def library_update(Q, s, a, r, s2, done, alpha, gamma):
    """As `QLearning.update`, which takes many steps at once."""
    promised, new = 0.0 if done else gamma * Q[s2].max(), Q.copy()
    new[s, a] += alpha * (r + promised - Q[s, a])
    return new


def library_choice(q, eps, rng):
    """As `QLearning.act`, which acts in many episodes at once."""
    best = q == q.max()
    chances = eps / len(q) + (1 - eps) * best / best.sum()
    return int((chances.cumsum() > rng.random() * chances.sum()).argmax())


q_update = mine("03", "q_update", library_update)
epsilon_greedy = mine("03", "epsilon_greedy", library_choice)


@functools.lru_cache
def q_learning(seed, episodes=25):
    """Steps of each episode, and every Q on the way: after 0, 1, 2, ... episodes."""
    rng, Q = np.random.default_rng(seed), np.zeros((S, A))
    lengths, tables = [], [Q]
    for _ in range(episodes):
        s, done, n = START, False, 0
        while not done:
            a = epsilon_greedy(Q[s], 0.1, rng)
            s2, r = MAZE.next_cell[s, a], MAZE.move_rewards[s, a]
            done = bool(MAZE.is_end[s2])
            Q, s, n = q_update(Q, s, a, r, s2, done, 0.1, GAMMA), s2, n + 1
        lengths.append(n)
        tables.append(Q)
    return lengths, tables


expected = hitting_times(MAZE.P, np.full((S, A), 1 / A), MAZE.is_end)[START]
print(f"moves at random reach G after {expected:.1f} steps on average (exact)")
for seed in (0, 1, 2):
    lengths, _ = q_learning(seed)
    print(f"seed {seed}: episodes 1 to 5 took {lengths[:5]}, 21 to 25 {lengths[20:]} steps, "
          f"all {sum(lengths)}")

# %% [markdown]
# Until it has met G, every action is worth 0, so the first episode is a walk at random. How long it
# takes needs no simulation: $h(s) = 1 + \sum P h$ is a system of linear equations. And when G was
# met, only the *last* step learned anything. The news travels back again, but each cell now costs a
# walk.
#
# ## Draw the map yourself
#
# Nobody gave us the maze's $P$. But each step shows a bit of it: after $a$ in $s$ came $s'$. Count,
# and you have a model (exercise 3.2). What was never tried needs a decision: we say it goes nowhere
# and pays nothing, which is *careful*. Then plan as if the model were true. What can be planned
# after the very first episode?

# %%
def library_model(transitions, nS, nA):
    model, (s, a, r, s2) = CountModel(nS, nA), (np.array(column) for column in zip(*transitions))
    model.update(s, a, r, s2, np.zeros(len(s), bool))
    seen = model.counts.sum(axis=2)
    P = model.tables()[0][:nS, :, :nS] + (seen == 0)[:, :, None] * np.eye(nS)[:, None]
    return P, model.reward_sums.sum(axis=2) / np.maximum(seen, 1)


estimate_model = mine("03", "estimate_model", library_model)


def first_walk(seed):
    """The first episode, at random, as a list of (s, a, r, s2)."""
    rng, s, seen = np.random.default_rng(seed), START, []
    while not MAZE.is_end[s]:
        a = int(rng.integers(A))
        seen.append((s, a, MAZE.move_rewards[s, a], MAZE.next_cell[s, a]))
        s = MAZE.next_cell[s, a]
    return seen


def steps_planned(seed):
    """How many steps the first episode took, and how many the plan needs that was made after it."""
    walk = first_walk(seed)
    worth = planned(*estimate_model(walk, S, A))[START]  # 0.95 to the power of (steps - 1)
    return len(walk), 1 + round(np.log(worth) / np.log(GAMMA))


for seed in (0, 1, 2):
    walked, needed = steps_planned(seed)
    print(f"seed {seed}: a walk of {walked} steps, then a plan that needs {needed}")

# %% [markdown]
# One episode, and it knows a way of 14 to 16 steps; Q-learning needed some twenty episodes. The
# steps were of the same kind. But the planner *remembers them all*, and thinks them through.
#
# ## Both: Dyna
#
# Between the two stands **Dyna-Q** (Sutton 1990). It is Q-learning, and after each real step it
# takes $n$ more in its head: actions that it has tried before, with the outcome that its model
# remembers. With $n = 0$ nothing is left but Q-learning.

# %%
@functools.lru_cache
def dyna(seed, n=50, episodes=5):
    """Steps of each episode, and Q after 0, 1, 2, ... episodes."""
    rng = np.random.default_rng(seed)
    learner = DynaQ(S, A, n, gamma=GAMMA, epsilon=0.1, step_size=0.1)
    lengths, tables = [], [learner.q.copy()]
    for _ in range(episodes):
        learner.learn(MAZE, 1, rng)
        lengths.append(int(learner.model.counts.sum()) - sum(lengths))
        tables.append(learner.q.copy())
    return lengths, tables


for seed in (0, 1, 2):
    print(f"seed {seed}: with 50 steps in the head, episodes 1 to 5 took {dyna(seed)[0]} steps")

# %% [markdown]
# ## The picture to remember

# %% [drawing]
def draw_arrows(axis, Q, title, color):
    """What is best in each cell, where anything is known; walls grey."""
    best, known = Q.argmax(axis=1), FREE & (Q.max(axis=1) > 0)
    axis.set(xlim=(-0.5, 8.5), ylim=(5.5, -0.5), aspect="equal", xticks=[], yticks=[])
    axis.spines[:].set(visible=True, color=GREY)
    for cell, symbol in enumerate(MAZE.map.ravel()):
        row, column = divmod(cell, 9)
        if symbol == "#":
            axis.add_patch(plt.Rectangle((column - 0.5, row - 0.5), 1, 1, color=GREY))
        elif known[cell] and symbol != "S":
            down, right = 0.3 * MOVES[best[cell]]
            axis.arrow(column - right, row - down, 2 * right, 2 * down, color=color, width=0.06,
                       head_width=0.3, length_includes_head=True)
        if symbol in "SG":
            axis.text(column, row, symbol, ha="center", va="center", weight="bold",
                      color=VERMILLION, zorder=5)
    axis.set_title(title, loc="center", color=color, weight="bold")


def picture(seed):
    figure, axes = plt.subplots(2, 3, figsize=(12, 7))
    rows = (("without a model", q_learning(seed), (1, 5, 25), GREY),
            ("with a model", dyna(seed), (1, 2, 3), BLUE))
    for row, (name, (lengths, tables), moments, color) in zip(axes, rows):
        for axis, k in zip(row, moments):
            draw_arrows(axis, tables[k], f"episode {k}: {lengths[k - 1]} steps", color)
        row[0].set_ylabel(name, color=color, weight="bold")
    return figure


show(picture(0), "maps", "With a model the news of the goal travels while one thinks")

# %% [markdown]
# **What you should see**: an arrow stands in each cell that has heard of G, and shows what seems
# best there. Above, one episode teaches one cell, and after 25 little more is known than one way.
# Below, one step after another is taken in the head during the second episode, and by its end the
# whole maze points to G.
#
# ## Explore, or exploit?
#
# Whoever always takes what seems best may never learn that something else is better. Here S lies
# between two prizes: two steps to the left L ends the episode and pays 0.2, three steps to the
# right G pays 1.
#
# Epsilon-greedy explores without a plan. A model can do better, since it knows *what it has not
# tried*: let it **hope** that every such action earns the most there is, and plan. Then it goes and
# looks. (The field calls it optimism in the face of uncertainty.)

# %%
FORK, MOST = Gridworld("L.S..G", slip=0.0, step_reward=0.0, lava=0.2, horizon=100), 1 / (1 - GAMMA)


@functools.lru_cache
def explorer(eps, hope, seed, episodes=60):
    """(mean return while it learned, return of what it thinks best in the end)."""
    rng, earned = np.random.default_rng(seed), []
    learner = DynaQ(FORK.n_states, 4, 0, gamma=GAMMA, epsilon=eps, step_size=0.1)
    for _ in range(episodes):
        if hope:
            learner.q[...] = learner.model.action_values(GAMMA, unseen=MOST)
        earned.append(learner.learn(FORK, 1, rng))
    learner.epsilon = 0.0
    at_its_best = rollout(FORK, learner, FORK.start(20, rng), rng)
    return np.mean(earned), at_its_best.true_returns.mean()


# %% [predict]
predict("3.b",
        "epsilon-greedy with epsilon 0.1 has 60 episodes. On how many of 10 seeds does it find "
        "the larger prize?",
        sum(explorer(0.1, False, seed)[1] > 0.5 for seed in range(10)),
        "Most never do: having met L first, they would have to go three steps against their "
        "habit in a row.")

# %%
print("three seeds        earned while learning     what it thinks best in the end")
for name, eps, hope in (("epsilon 0", 0.0, False), ("epsilon 0.1", 0.1, False),
                        ("epsilon 1", 1.0, False), ("hope, epsilon 0", 0.0, True)):
    earned, known = np.transpose([explorer(eps, hope, seed) for seed in (0, 1, 2)])
    print(f"{name:<19}{earned[0]:7.2f}{earned[1]:7.2f}{earned[2]:7.2f}       "
          f"{known[0]:7.2f}{known[1]:7.2f}{known[2]:7.2f}")

# %% [markdown]
# Epsilon 0 met L first and stayed with it. A little chance hardly helps: to find G it would have to
# go wrong three times in a row. Epsilon 1 knows the best way, and never takes it. Hope tries
# everything once, then stops.
#
# ## And people? They change the reward
#
# <a id="continuous-learning"></a>
# In RLHF the world stays as it is, and the *reward* moves: after every round of answers the reward
# model is another one. This is where it pays to know the world. A model's $P$ is as true as before.
# Put the new reward on every remembered step (**relabel** them, as PEBBLE does; Lee, Smith, Abbeel
# 2021), and think again: no new step is needed. Whoever keeps old steps with old rewards learns,
# for ever, what people wanted *before*.
#
# Here is the loop of lesson 1 in the gridworld with flowers: 15 rounds, in each of which 15 pairs
# of walks are shown and a simulated person says which one is better. Its improvement is a plan, on
# counts of nothing but the walks that were shown (`planning`, in
# [`improvements.py`](../../tinyrlhf/improvements.py)).

# %%
@functools.lru_cache
def people_and_plans(seed):
    """The state after the last round, and the learned rewards (S, A, S) after the first and it."""
    state, rewards = build("gridworld", seed=seed), []
    improve = planning(gamma=0.9, temperature=0.2)
    state.plan = [stage._replace(improve=improve) for stage in state.plan]
    for rounds in (1, 15):
        rlhf(state, rounds)
        model, game = state.reward_model, state.game
        cells = model.scale * model.network.forward(np.arange(game.n_states))[0][:, 0]
        rewards.append(np.where(game.is_end[:, None, None], 0.0, cells) * np.ones((1, 4, 1)))
    return state, rewards


def true_return(game, q):
    """What somebody earns, by the true reward, who does what q (S, A) says is best: exact."""
    best = np.isclose(q, q.max(axis=1, keepdims=True), atol=1e-9)
    chances = best / best.sum(axis=1, keepdims=True)
    return finite_horizon_return(game.P, game.R, game.d0, chances, game.horizon)


@functools.lru_cache
def after_a_change(seed):
    """True returns: thinking on stale steps, on relabelled ones, and the plan of the loop."""
    state, (first, last) = people_and_plans(seed)
    game, found = state.game, []
    for relabelled in (False, True):
        rng = np.random.default_rng(seed)
        learner = DynaQ(game.n_states, 4, 0, gamma=0.9, epsilon=1.0)
        learner.learn(game, 60, rng,
                      lambda step: first[step.states, step.actions, step.next_states])
        if relabelled:
            learner.model.relabel(last)
        for _ in range(300):
            learner.plan(300, rng)                      # no step in the world
        found.append(true_return(game, learner.q))
    return (*found, true_return(game, state.policy.network.params["table"]))


state = people_and_plans(0)[0]
at_random = true_return(state.game, np.zeros((state.game.n_states, 4)))
print(f"moves at random earn {at_random:.2f}, "
      f"the best there is {find('gridworld').yardstick(state).best_return():.2f}")
print("true return of  Dyna-Q, stale  Dyna-Q, relabelled  the loop's plan  steps that people saw")
for seed in (0, 1, 2):
    stale, relabelled, plan = after_a_change(seed)
    print(f"seed {seed} {stale:22.2f} {relabelled:19.2f} {plan:16.2f} "
          f"{people_and_plans(seed)[0].history[-1]['steps']:22}")

# %% [markdown]
# On stale steps all that thinking leads to what fifteen answers once suggested, worse than moves at
# random. On relabelled ones it leads to the best there is, and not one step was added.
#
# The loop's plan needed no experience besides the walks that people saw, 5,600 to 7,100 steps. By
# policy gradient the same loop plays 270,000 (mean of ten seeds, 20 rounds;
# `python tests/benchmarks/dyna.py loop`). So why is ChatGPT model-free? Because there $P$ is
# trivial (the next character stands behind the last one), and the states are too many to count.
#
# And a warning. A planner reads a learned reward mercilessly. Give it the reward that the *policy
# gradient* loop has learned, and let it look far ahead ($\gamma = 0.95$): on 3 of 10 seeds it
# stands in some corner for ever, which by a slip of the reward model pays a little every step. No
# walk that people saw went there, so nobody could object. In the loop above they saw the planner do
# it, and said so in the next round. Lesson 12 has more of that.
#
# ## Does it hold?

# %%
def first_short(lengths):
    """The number of the first episode of at most 20 steps; infinite if there is none."""
    return next((k for k, n in enumerate(lengths, 1) if n <= 20), np.inf)


def claim_steps_in_the_head_save_episodes(seed):
    """Solved within five episodes, where Q-learning takes more than ten."""
    return first_short(dyna(seed)[0]) <= 5 and first_short(q_learning(seed)[0]) > 10


def claim_after_one_walk_a_plan_needs_20_steps_at_most(seed):
    return steps_planned(seed)[1] <= 20


def claim_hope_knows_as_much_as_chance_and_earns_more(seed):
    """Than epsilon 1, which knows the best way as well."""
    earned, known = explorer(0.0, True, seed)
    by_chance, known_by_chance = explorer(1.0, False, seed)
    return earned > by_chance and known == known_by_chance == 1


def claim_relabelled_steps_are_worth_more_than_stale_ones(seed):
    stale, relabelled, _ = after_a_change(seed)
    return relabelled > stale + 1


check_claims(globals())

# %% [markdown]
# ## What to try next
#
# - In `dyna`, try 5 steps in the head, then 500. When do more thoughts no longer help, and why not?
# - Move G's prize in `FORK` one step closer. Does epsilon 0.1 find it now?
# - Let the unseen be hopeful in `estimate_model` too: never tried means G is next door. What does
#   the plan do?
# - [`tinyrlhf/learning/dyna.py`](../../tinyrlhf/learning/dyna.py) has the model, on a slippery
#   floor as well; `python tests/benchmarks/dyna.py` prints more seeds.
