# %% [markdown]
# # 2. Worlds and hand-made rewards
#
# **Goal**: say what a world does (start, observe, step), what an episode and a return are, and see
# with your own eyes why writing a reward by hand is hard: the robot does exactly what is paid.
#
# About 45 minutes: reading 10, the experiment 5, exercises 30.

# %% [markdown]
# ## A world answers three calls
#
# <a id="agent-environment"></a>
# Lesson 1 had an agent, an action and a person. Here is the third party, the **environment**, which
# we call a world (or a game). It says how an episode starts, what the agent may see of its
# **state**, and what an action does:
#
# | call | answer |
# |---|---|
# | `game.start(n, rng)` | `n` start states; all chance comes from `rng` |
# | `game.observe(states)` | what the agent sees of them: all, or less |
# | `game.step(states, actions, rng)` | next states, rewards, and who is done |
#
# All calls play `n` episodes side by side, one row for each. The first world is CartPole: a pole
# stands on a cart, fifty times a second the agent pushes the cart to the left (action 0) or to the
# right (action 1), and each step until the pole falls is paid 1. Here `n` is 1, and we push right,
# always.

# %%
import matplotlib.pyplot as plt
import numpy as np

from tinyrlhf.episodes import collect, steps
from tinyrlhf.exact.planning import action_values, value_iteration
from tinyrlhf.games.cartpole import CartPole, fallen, move
from tinyrlhf.games.gridworld import Gridworld
from tinyrlhf.learning.advantages import returns_to_go
from tinyrlhf.plots import GREEN, VERMILLION, draw_behaviour
from tinyrlhf.teaching import LECTURE, check_claims, mine, predict, show

plt.style.use(LECTURE)
game, rng = CartPole(), np.random.default_rng(0)
state, done, time = game.start(1, rng), [False], 0
while not done[0]:
    state, reward, done = game.step(state, np.array([1]), rng)
    time += 1
    if time % 3 == 0 or done[0]:
        print(f"step {time:>2}: {game.show(state[0])}, paid {reward[0]:.0f}")

# %% [markdown]
# Inside `step` there are four lines of physics, and you write them in exercise 2.1. Look at the
# signs: the cart is pushed to the right, and the pole tips to the *left*, as a broom on the palm
# does.
#
# <a id="cartpole-code"></a>
# If you have met CartPole before, then perhaps in a code example like that of a popular overview
# article on RLHF: `reset`, then `step` until `done`. Three remarks, so that it does not trip you.
# It unpacks four values from `step`; since 2022 there are five (and `reset` gives two), because
# "the pole has fallen" (*terminated*) and "time is up" (*truncated*) are two different things. We
# tell them apart too: `done` means an end, and `game.horizon` cuts. Its text says that `render()`
# shows the game to the person, but no line calls it, so the person would be blindfolded; above,
# `game.show` draws in words. And the person there types 0 or 1, which then *is* the action. That is
# driving, not judging; lesson 5 repairs it.
#
# ## An episode, and what it is worth
#
# Look, choose, step, write down, until the world says done or the time is up: that is an
# **episode**. A function from observation to action is a **policy**. Your `rollout` (exercise 2.3)
# keeps everything: one observation more than actions, since the last look counts too. Three
# policies on CartPole: any push; push to the side to which the pole *leans*; and push to the side
# to which it leans *or is about to*.

# %%
def library_rollout(game, choose, rng):
    """One episode: observations (T+1, ...), actions (T,), rewards (T,), and did it end?

    If not, it was cut.
    """
    def choose_one(observations, rng):
        return np.array([choose(observations[0], rng)]), np.zeros(1)

    start = game.start(1, rng)
    played = collect(game, steps(game, choose_one, start, rng), start, 0)
    return played.observations[0], played.actions[0], played.true_rewards[0], bool(played.ended[0])


def library_step(state, action):
    after = move(state[None], np.array([action]))[0]
    return after, bool(fallen(after))


cartpole_step = mine("02", "cartpole_step", library_step)
discounted_returns = mine("02", "discounted_returns",
                          lambda rewards, gamma: returns_to_go(rewards[None], gamma)[0])
rollout = mine("02", "rollout", library_rollout)

POLICIES = {"any push": lambda seen, rng: int(rng.integers(2)),
            "where it leans": lambda seen, rng: int(seen[2] > 0),
            "leans, or is about to": lambda seen, rng: int(seen[2] + seen[3] > 0)}


def mean_length(choose, seed, n=10):
    rng = np.random.default_rng(seed)
    return np.mean([len(rollout(CartPole(), choose, rng)[1]) for _ in range(n)])


# %% [predict]
predict("2.a",
        "the pole is upright and tips to the right at 0.2 rad/s. The cart is pushed to the "
        "right. How does the pole now tip to the right: faster or slower?",
        "slower" if cartpole_step(np.array([0, 0, 0, 0.2]), 1)[0][3] < 0.2 else "faster",
        "The cart runs in under the pole. Whoever pushes against the fall makes it worse, as "
        "with a broom on the palm.")

# %%
print("mean steps of 10 episodes   seed 0  seed 1  seed 2")
for name, choose in POLICIES.items():
    print(f"{name:<27} " + "  ".join(f"{mean_length(choose, seed):6.3g}" for seed in (0, 1, 2)))

tilted = np.array([0.0, 0.0, 0.0, 0.2])                 # upright, but tipping to the right
left, right = (cartpole_step(tilted, action)[0][3] for action in (0, 1))
print("upright, turning at 0.2 rad/s; after one push to the left, to the right: "
      f"{left:.2f}, {right:.2f} rad/s")

# %% [markdown]
# Nobody learned anything here: a rule that looks at the right number is enough, and it mostly stays
# up until the time is up, after 500 steps. Finding such rules by trying is the business of lesson
# 4.
#
# To compare episodes we need one number. The **return** adds up the rewards that are still to come;
# a discount $\gamma$ below 1 makes those further away worth less:
#
# $$G_t = r_t + \gamma \, r_{t+1} + \gamma^2 \, r_{t+2} + \dots = r_t + \gamma \, G_{t+1}$$
#
# With $\gamma = 0.95$, "1 for ever" is worth $1/(1 - 0.95) = 20$; a reward 20 steps away counts
# about a third, and one 100 steps away next to nothing.

# %%
for rewards in (np.array([0.0, 0.0, 0.0, 1.0]), np.ones(4)):
    worth = discounted_returns(rewards, 0.95).round(2)
    print(f"rewards {rewards} are worth, seen from each step: {worth}")

# %% [markdown]
# ## Write the reward yourself
#
# <a id="traditional-vs-rlhf"></a>
# In traditional reinforcement learning a person takes part once, at the beginning: they write the
# **reward function**. Let us try. Our robot has an errand: from S to G, and please, not over the
# flower beds. L is a pit (a cross in the picture). The world stays as it is; what we write is only
# what is paid for each step.

# %%
MAP = """
.......
.......
S.^^^.G
.......
L......
"""
GAMMA = 0.95
game = Gridworld(MAP, slip=0.0)
print(game.show(game.starts[0]))

SYMBOLS = game.map.ravel()                              # (S,), cell by cell
ROW, COLUMN = np.divmod(np.arange(game.n_states), game.map.shape[1])
STEPS_TO_GOAL = np.abs(ROW - ROW[SYMBOLS == "G"]) + np.abs(COLUMN - COLUMN[SYMBOLS == "G"])


def what_we_pay(arriving=1.0, step=0.0, flowers=0.0, nearer=0.0):
    """A reward for each pair of cells (from, to), (S, S); the pit costs 1.5."""
    goal, bed, pit = (SYMBOLS == symbol for symbol in "G^L")
    on_entering = step + arriving * goal + flowers * bed - 1.5 * pit
    pay = on_entering + nearer * (STEPS_TO_GOAL < STEPS_TO_GOAL[:, None])
    return np.where(game.is_end[:, None], 0.0, pay)


PAY = {"1 for arriving": what_we_pay(),
       "1 for arriving, 1 for each step nearer": what_we_pay(nearer=1.0),
       "1 for arriving, bed −0.6, step −0.5": what_we_pay(flowers=-0.6, step=-0.5),
       "1 for arriving, bed −0.6, step −0.04": what_we_pay(flowers=-0.6, step=-0.04)}

# %% [markdown]
# The robot shall be perfect, so that nothing can be blamed on its learning: it knows the world and
# plans the best moves exactly (`value_iteration`; lesson 3 explains it). Then it walks, for 40
# steps at most.

# %%
def best_moves(pay, slip=0.0):
    """The best action in each cell, (S,), for a reward (S, S); of several, the first."""
    world = Gridworld(MAP, slip=slip)
    R = np.repeat(pay[:, None, :], 4, axis=1)           # (S, A, S): the same for all four actions
    values, _ = value_iteration(world.P, R, GAMMA)
    return action_values(world.P, R, values, GAMMA).round(6).argmax(axis=1)


def walk(pay, slip=0.0, seed=0, moves=None):
    """The cells (T+1,) that the best robot visits, and what it is paid, (T,)."""
    moves = best_moves(pay, slip) if moves is None else moves
    rng = np.random.default_rng(seed)
    cells, *_ = rollout(Gridworld(MAP, slip=slip), lambda cell, rng: moves[cell], rng)
    return cells, pay[cells[:-1], cells[1:]]


# %% [predict]
predict("2.b",
        "G is 6 steps away. Paid 1 for arriving and 1 for each step nearer, at which step does "
        "the perfect robot arrive (0: never, in 40 steps)?",
        int(np.argmax(SYMBOLS[walk(PAY["1 for arriving, 1 for each step nearer"])[0]] == "G")),
        "A bonus for progress does not hurry it: to and fro is paid for ever, and arriving ends "
        "the pay.")

# %%
print(f"{'what is paid':<38} steps  beds  last cell  worth to the robot")
for name, pay in PAY.items():
    cells, rewards = walk(pay)
    seen, worth = SYMBOLS[cells], discounted_returns(rewards, GAMMA)[0]
    print(f"{name:<38} {len(rewards):>5}  {np.sum(seen == '^'):>4}  {seen[-1]:>9}  {worth:18.3g}")

# %% [markdown]
# Read it line by line.
#
# 1. *1 for arriving*: three flower beds trampled. Nobody told the robot about flowers; with this
#    reward nobody can.
# 2. *And 1 for each step nearer*, to help it on its way: it never arrives. It walks to and fro near
#    G, since each step nearer is paid and the step away costs nothing. Arriving would end the pay.
#    This robot understood us perfectly.
# 3. *Beds cost 0.6, and hurry, each step costs 0.5*: it jumps into the pit. That is two steps and
#    the fall, 2.5 in all; the eight steps of the walk that we meant cost 4, and earn 1.
# 4. *Each step costs only 0.04*: around the flowers and to G, at last. It took four attempts, and
#    only because we could watch and *saw* what was wrong.
#
# Such things happen to careful people too: a simulated bicycle paid for riding towards the goal
# learned to ride in circles (Randløv and Alstrøm, 1998), and a boat in a racing game drove round
# and round through the same three targets instead of finishing (Clark and Amodei, 2016). It is
# called **reward hacking**; lesson 12 shows that learned rewards can be hacked as well.
#
# ## The picture to remember

# %% [drawing]
def picture(pays):
    figure, axes = plt.subplots(2, 2, figsize=(12, 9.5))
    ends = ("over the flowers", "never arrives: to and fro", "into the pit", "as was meant")
    colors = [VERMILLION] * 3 + [GREEN]
    for axis, (name, pay), what, color in zip(axes.flat, pays.items(), ends, colors):
        cells, rewards = walk(pay)
        draw_behaviour(axis, [[game.scene(cell) for cell in cells]], "")
        axis.set_title(name, loc="center")
        axis.set(ylim=(0.12, 0.88))
        axis.set_xlabel(what, size=22, weight="bold", color=color)
    return figure


show(picture(PAY), "paid", "The robot does what is paid, not what was meant")

# %% [markdown]
# **What you should see**: one world, one robot, four rewards (above each map), four walks. Only the
# last one is what we meant. The disc shows where the walk stops; on the second map the robot goes
# on pacing for as long as you let it.
#
# ## Does it also hold on a slippery floor?
#
# One walk on a dry floor might be a curiosity. Now one step in ten slips to a side; the robots know
# it and plan for it. Twenty walks for each seed.

# %%
def share_of_walks(name, what, seed, n=20):
    """In which share of n slippery walks `what(symbols of the visited cells)` holds."""
    moves = best_moves(PAY[name], slip=0.1)
    walks = [walk(PAY[name], 0.1, 1000 * seed + i, moves)[0] for i in range(n)]
    return np.mean([what(SYMBOLS[cells]) for cells in walks])


ARRIVING, NEARER, HURRY, MEANT = PAY


def claim_paid_for_arriving_it_tramples(seed):
    """At least one flower bed, in most of 20 walks."""
    return share_of_walks(ARRIVING, lambda seen: "^" in seen, seed) > 0.5


def claim_paid_for_steps_nearer_it_never_arrives(seed):
    return share_of_walks(NEARER, lambda seen: "G" in seen, seed) == 0


def claim_in_a_hurry_it_jumps(seed):
    """Into the pit, in most of 20 walks."""
    return share_of_walks(HURRY, lambda seen: "L" in seen, seed) > 0.5


def claim_paid_for_what_was_meant_it_goes_around(seed):
    """To G without a single bed, in most of 20 walks."""
    return share_of_walks(MEANT, lambda seen: "G" in seen and "^" not in seen, seed) > 0.5


def claim_looking_ahead_balances_ten_times_as_long(seed):
    looking, any_push = (mean_length(POLICIES[name], seed)
                         for name in ("leans, or is about to", "any push"))
    return looking > 10 * any_push


print(f"{'share of 20 walks':<38} tramples   arrives   in the pit")
for name in PAY:
    for seed in (0, 1, 2):
        shares = [share_of_walks(name, lambda seen: symbol in seen, seed) for symbol in "^GL"]
        print(f"{'' if seed else name:<38} " + "      ".join(f"{share:6.0%}" for share in shares))
check_claims(globals())

# %% [markdown]
# ## Can the bonus be repaired?
#
# Yes, this one can. Pay for progress, but take the same back for steps away. With a **potential**
# $\phi$ for each state (here minus the steps to G, and 0 at both ends), pay
# $\gamma \, \phi(s') - \phi(s)$ on top. Along every walk from S, whether it ends or goes on for
# ever, this adds up to the same, $-\phi(S)$. So it changes no comparison of two walks: it may help
# a learner along, and the best walk stays the best (Ng, Harada and Russell, 1999; exercise 2.5).

# %%
potential = np.where(game.is_end, 0.0, -STEPS_TO_GOAL)
honest = np.where(game.is_end[:, None], 0.0, what_we_pay() + GAMMA * potential - potential[:, None])
cells, rewards = walk(honest)
seen = SYMBOLS[cells]
beds = np.sum(seen == "^")
print(f"with an honest bonus: {len(rewards)} steps, {beds} beds, last cell {seen[-1]}")
worth = discounted_returns(rewards, GAMMA)[0]
without = discounted_returns(walk(what_we_pay())[1], GAMMA)[0]
print(f"worth {worth:.3g} = {without:.3g} without the bonus + {-potential[cells[0]]:.3g} "
      "by the potential of S")

# %% [markdown]
# It arrives. And it tramples the flowers: the repair closed one hole, and knows no more than before
# about what we want.
#
# ## From written to learned rewards
#
# <a id="reward-learned"></a><a id="real-world"></a> Each hole took somebody who *watched a walk and
# saw that it was wrong*. Seeing is easy; writing down beforehand is hard, and harder still where
# the real things are: a robot among people, a helpful answer, a good lesson. RLHF turns the order
# round. People say which of two walks they like better, and the reward is *learned* from what they
# say (lessons 6 and 7), then used just like ours above.
#
# The overview article says that the reward function is taught to the model. To be exact, there are
# two models: one learns the reward from people's answers, and another, the agent, is paid by it.
# And traditional learning needs a person too: once, and one who thinks of everything.
#
# ## What to try next
#
# - Set `GAMMA = 0.7`: this robot hardly looks ahead. Does it still pace to and fro on the second
#   map? Why not?
# - At which price of a step does the walk that was meant turn into the jump? Work it out without
#   discount, then try it in `what_we_pay`.
# - Write a fifth reward, hand it to a neighbour, and let them look for its loophole before the
#   robot does.
# - [`tinyrlhf/games/gridworld.py`](../../tinyrlhf/games/gridworld.py) is the whole world, in a
#   hundred lines; [`game.py`](../../tinyrlhf/games/game.py) says what a world must answer.
