# %% [markdown]
# # 4. Policy gradient from scratch
#
# **Goal**: let an agent get better although nobody ever tells it the right move. You will know
# which way to push a policy after each try, why one first subtracts what was to be expected, how
# the derivatives of a small network are written by hand, and why a rising curve proves little.
#
# About 50 minutes: reading 10, the experiment 5, exercises 40, half of them extra.

# %% [markdown]
# ## The line that is usually missing
#
# <a id="action-from-feedback"></a><a id="gradients-or-q"></a> Lesson 3 learned *values*, what each
# move is worth, and read the policy off them. This lesson moves the *policy* itself. Overviews of
# RLHF name both roads, and then often leave the step itself as a comment in the code: "update the
# model here". That comment is this lesson. It is also the step that later trains the language
# model (lesson 10): there an action is a letter, and the reward comes from people.
#
# <a id="fixed-episodes"></a>
# Some examples also stop after ten games and say that the agent has learned. Without the missing
# line it has not, after ten games or ten thousand; with it, you will see here how many it takes:
# some hundreds, for balancing a pole.
#
# ## Raise the log-probability of what went well
#
# The agent draws an action $a$ with chance $\pi(a)$ and gets a reward $R$. We want a larger mean
# reward, so we want its slope:
#
# $$\nabla \, \mathbb{E}[R] = \sum_a R(a) \, \nabla \pi(a)
# = \sum_a \pi(a) \, R(a) \, \nabla \log \pi(a) = \mathbb{E}\big[R \, \nabla \log \pi(a)\big]$$
#
# The middle step is only $\nabla \log \pi = \nabla \pi / \pi$. The last one changes everything: a
# mean over actions *drawn from the policy* can be had by playing. Play, and push up the
# log-probability of what you did, as hard as it went well (REINFORCE, Williams 1992). Nobody has to
# know the right move, and nobody has to differentiate the world. And it explores by itself, since
# it draws its actions by chance; as long as it is not yet too sure (lessons 1, 9, 12).
#
# For a softmax over logits $z$ the push is short:
# $\partial \log \pi(a) / \partial z = \text{onehot}(a) - \pi$. An unlikely action is pushed harder,
# and what the chosen one gains, the others lose. You will write it in exercise 4.1; as soon as
# yours passes, all of this lesson runs on it.

# %%
import functools

import matplotlib.pyplot as plt
import numpy as np

from tinyrlhf.episodes import rollout
from tinyrlhf.games.cartpole import CartPole
from tinyrlhf.learning.advantages import minus_leave_one_out_mean, returns_to_go
from tinyrlhf.nn.distributions import Categorical
from tinyrlhf.nn.networks import MLP
from tinyrlhf.nn.optimizers import Adam
from tinyrlhf.numerics import softmax
from tinyrlhf.plots import BLUE, GREEN, GREY, ORANGE, VERMILLION
from tinyrlhf.policies import Policy
from tinyrlhf.teaching import LECTURE, check_claims, mine, predict, show

plt.style.use(LECTURE)


def library_backward(inputs, hidden, weight_1, d_logits):
    network = MLP((inputs.shape[1], *weight_1.shape), np.random.default_rng(0))
    network.params["weight_1"][...] = weight_1
    return tuple(network.backward([inputs, hidden], d_logits).values())


def library_to_go(rewards, alive, gamma):
    return returns_to_go(np.where(alive, rewards, 0.0), gamma)


logp_grad = mine("04", "logp_grad", Categorical.d_log_prob)
reward_to_go = mine("04", "reward_to_go", library_to_go)
advantages = mine("04", "advantages", minus_leave_one_out_mean)
mlp_backward = mine("04", "mlp_backward", library_backward)

logits = np.array([[0.0, 1.0, 2.0]])
print("chances of three actions:  ", *(f"{chance:6.2f}" for chance in softmax(logits)[0]))
for action in (0, 2):
    pushes_on = logp_grad(logits, np.array([action]))[0]
    print(f"the push if it drew number {action}:", *(f"{push:6.2f}" for push in pushes_on))

# %% [markdown]
# ## Credit only what came afterwards
#
# A game has many actions; their log-probabilities are summed, and the world's own chances drop out,
# since no weight of the policy changes them. An action cannot change what was paid before it
# either, so each is weighed by the reward **to go**: $G_t = r_t + \gamma G_{t+1}$. Games of
# different length stand in one table, and a second table says which steps were played at all.
# Below, the second game ends early. (With $\gamma < 1$ these weights do not give the exact slope of
# the discounted return: that has another factor $\gamma^t$, by which late actions hardly count.
# Nearly everybody leaves it out, and so do we. Here $\gamma$ is 1, and nothing is left out.)

# %%
rewards = np.array([[1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 0.0, 0.0]])
alive = np.array([[True, True, True, True], [True, True, False, False]])
to_go = reward_to_go(rewards, alive, 1.0)
print("reward to go\n", to_go)

# %% [markdown]
# ## Better than what?
#
# In CartPole every step is paid 1, so every reward to go is positive, and *everything* that was
# done is pushed up, good or bad. The better moves win in the end because they are pushed harder;
# but the noise is huge. And it depends on where zero is, which in RLHF nobody knows: a reward that
# was learned from votes has no zero of its own (lesson 6). So subtract a **baseline** $b$, what was
# to be expected, and call the rest the **advantage**, $A_t = G_t - b_t$. The mean push does not
# change, for any $b$ that does not depend on the action:
#
# $$\mathbb{E}\big[b \, \nabla \log \pi(a)\big] = b \sum_a \pi(a) \, \nabla \log \pi(a)
# = b \, \nabla \sum_a \pi(a) = b \, \nabla 1 = 0$$
#
# What may be expected at step $t$? We ask the *other* games that were played at the same time and
# still run at that step: the mean of their rewards to go. The game's own must stay out of it, as it
# depends on the action.

# %%
print("advantage\n", advantages(to_go, alive))

# %% [markdown]
# In this table, the long game did better than the short one at steps 0 and 1; afterwards it has
# nobody to be compared with, and keeps what it got.
#
# ## The network, by hand
#
# The policy is a network: four numbers (place and speed of the cart, angle and speed of the pole),
# 16 hidden numbers, two logits.
#
# $$h = \tanh(x W_0 + b_0), \qquad z = h W_1 + b_1$$
#
# We know the slope of the loss by the logits, $\partial z$ for short. The chain rule carries it
# back, from the last line to the first:
#
# $$\partial W_1 = h^\top \partial z, \quad \partial h = \partial z \, W_1^\top, \quad
# \partial s = \partial h \odot (1 - h^2), \quad \partial W_0 = x^\top \partial s$$
#
# Here $s = x W_0 + b_0$, and the slope of $\tanh$ at $s$ is $1 - h^2$: it needs the *output* of the
# tanh, which we have kept. Biases get the sums over the rows. Never trust a derivative that was
# written by hand, your own included, before you have moved the weights a little and looked:

# %%
rng = np.random.default_rng(0)
network = MLP((4, 16, 2), rng, dtype=np.float64)
observations, actions = rng.normal(size=(5, 4)), rng.integers(2, size=5)


def total_log_prob():
    return Categorical.log_prob(network.forward(observations)[0], actions).sum()


outputs, cache = network.forward(observations)
by_hand = mlp_backward(*cache, network.params["weight_1"], logp_grad(outputs, actions))
network.params["weight_0"][2, 7] += 1e-4
moved_up = total_log_prob()
network.params["weight_0"][2, 7] -= 2e-4
by_moving = (moved_up - total_log_prob()) / 2e-4
print(f"slope by one of the weights: by hand {by_hand[0][2, 7]:.3f}, by moving it {by_moving:.3f}")

# %% [markdown]
# ## The experiment: all of REINFORCE
#
# Sixteen games, one step of the optimizer, thirty times. A game ends when the pole falls, or after
# 200 steps, which are four seconds. The loss is *minus* the log-probabilities weighed by their
# advantages, as an optimizer walks down. Then the same once more with the zero of the reward moved:
# every game is paid 50 extra at its end, however it went. What is best to do does not change at
# all.

# %%
GAMES, UPDATES = 16, 30


@functools.cache
def learn(seed, extra=0.0, baseline=True):
    """Mean length of the games of each update, (30,); a game is paid `extra` besides at its end."""
    rng = np.random.default_rng(seed)
    game, network = CartPole(horizon=200), MLP((4, 16, 2), rng, head_gain=0.01)
    optimizer, lengths = Adam(network.params, 0.02), []
    for _ in range(UPDATES):
        episodes = rollout(game, Policy(network), game.start(GAMES, rng), rng)
        rewards = episodes.true_rewards.copy()
        rewards[np.arange(GAMES), episodes.lengths - 1] += extra
        better = reward_to_go(rewards, episodes.mask, 1.0)
        if baseline:
            better = advantages(better, episodes.mask)
        observations, actions = episodes.decisions
        logits, cache = network.forward(observations)
        d_logits = -better[episodes.mask][:, None] * logp_grad(logits, actions) / GAMES
        grads = network.params.like()
        for name, slope in zip(grads, mlp_backward(*cache, network.params["weight_1"], d_logits)):
            grads[name][...] = slope
        optimizer.step(grads)
        lengths.append(episodes.lengths.mean())
    return np.array(lengths)


ARMS = (((), "as it is, with a baseline ", BLUE, "-"),
        ((50, True), "50 extra, with a baseline ", GREEN, "-."),
        ((50, False), "50 extra, without         ", ORANGE, "--"))
print("steps that the pole stands, after            0    160    320    464 games")
for settings, name, _, _ in ARMS:
    for seed in (0, 1):
        lengths = learn(seed, *settings)[[0, 10, 20, 29]]
        print(f"  {name}  seed {seed}      " + "   ".join(f"{length:4.0f}" for length in lengths))

# %% [drawing]
played = GAMES * np.arange(UPDATES)
figure, axis = plt.subplots()
for settings, _, color, line in ARMS:
    curves = [learn(seed, *settings) for seed in (0, 1)]
    axis.plot(played, np.transpose(curves), line, color=color, linewidth=1.2, alpha=0.6)
    axis.plot(played, np.mean(curves, axis=0), line, color=color, linewidth=5)
axis.axhline(200, color=GREY, linewidth=1.5, linestyle=":")
axis.text(5, 203, "time is up after 200 steps", color=GREY, va="bottom")
axis.text(190, 182, "with a baseline", color=BLUE, ha="right", weight="bold")
axis.text(190, 160, "with a baseline, 50 extra", color="#00704F", ha="right", weight="bold")
axis.text(300, 8, "without, 50 extra", color="#A86F00", va="center", weight="bold")
axis.text(5, 115, "thin: two seeds\nthick: their mean", color=GREY)
axis.set(xlabel="games played", ylabel="steps that the pole stands", ylim=(0, 222), xlim=(0, None))
show(figure, "learning", "Paid 50 extra for nothing, it learns far better with a baseline")

# %% [markdown]
# **What you should see**: the pole learns to stand in some 400 games. Paid 50 extra for nothing, it
# still learns with a baseline. Without one, every move is praised so much that most runs get stuck.
# On seeds 0 to 19 (`learn` does one) the last five updates had at least 148 steps on each with the
# baseline, and without it on two seeds only. The extra costs 10 steps in the mean over all games,
# which two seeds do not show: the last game that runs has nobody to be compared with.
#
# To be fair: where the zero happens to lie well, a baseline matters less. Over all games it was
# ahead by 55 steps with the extra, and on each of these 20 seeds; without the extra by 11 steps, on
# 16 of them. The trouble is that a learned reward does not tell you whether its zero lies well.
#
# ## It learns, so is it right?
#
# Here are three programs in the package's own words, seven lines each. Each of them differs from a
# right one in *one* line. Nothing stops with an error.

# %%
def program_a(policy, optimizer, game, rng):
    episodes = rollout(game, policy, game.start(GAMES, rng), rng)                            # 1
    returns = returns_to_go(episodes.true_rewards)                                           # 2
    better = minus_leave_one_out_mean(returns, episodes.mask)                                # 3
    observations, actions = episodes.decisions                                               # 4
    log_probs, cache = policy.log_probs(observations, actions)                               # 5
    grads = policy.backward(cache, -better.T[episodes.mask.T] / GAMES)                       # 6
    optimizer.step(grads)                                                                    # 7
    return episodes.lengths.mean()


def program_b(policy, optimizer, game, rng):
    episodes = rollout(game, policy, game.start(GAMES, rng), rng)                            # 1
    returns = returns_to_go(episodes.true_rewards)                                           # 2
    better = returns - returns.sum(axis=1, keepdims=True) / episodes.lengths[:, None]        # 3
    observations, actions = episodes.decisions                                               # 4
    log_probs, cache = policy.log_probs(observations, actions)                               # 5
    grads = policy.backward(cache, -better[episodes.mask] / GAMES)                           # 6
    optimizer.step(grads)                                                                    # 7
    return episodes.lengths.mean()


def program_c(policy, optimizer, game, rng):
    episodes = rollout(game, policy, game.start(GAMES, rng), rng)                            # 1
    returns = returns_to_go(episodes.true_rewards)                                           # 2
    better = minus_leave_one_out_mean(returns, episodes.mask)                                # 3
    observations, actions = episodes.next_observations[episodes.mask], episodes.decisions[1]  # 4
    log_probs, cache = policy.log_probs(observations, actions)                               # 5
    grads = policy.backward(cache, -better[episodes.mask] / GAMES)                           # 6
    optimizer.step(grads)                                                                    # 7
    return episodes.lengths.mean()


@functools.cache
def run(program, seed):
    rng = np.random.default_rng(seed)
    policy = Policy(MLP((4, 16, 2), rng, head_gain=0.01))
    optimizer = Adam(policy.network.params, 0.02)
    game = CartPole(horizon=200)
    return np.array([program(policy, optimizer, game, rng) for _ in range(UPDATES)])


# %% [predict]
predict("4.a",
        "ours ends at 199 of 200 steps. Each of A, B and C has a wrong line. How many of the "
        "three end above 150 (mean of seeds 0 and 1)?",
        sum(np.mean([run(program, seed)[-5:] for seed in (0, 1)]) > 150
            for program in (program_a, program_b, program_c)),
        "A curve that rises proves no program right.")

# %%
print("steps that the pole stands, mean of the last five updates, seeds 0 and 1")
print("  at the start  ", *(f"{learn(seed)[0]:5.0f}" for seed in (0, 1)))
print("  ours          ", *(f"{learn(seed)[-5:].mean():5.0f}" for seed in (0, 1)))
for name, program in (("A", program_a), ("B", program_b), ("C", program_c)):
    ends = [run(program, seed)[-5:].mean() for seed in (0, 1)]
    print(f"  program {name}     ", *(f"{end:5.0f}" for end in ends))

# %% [markdown]
# A learns next to nothing. B learns, but less (on 18 of these 20): who has nothing to compare it
# with will believe that it is right. C learns nearly as well as ours, and is wrong all the same:
# here it gets away with its mistake, in another world it would not. No curve shows it; reading
# does, and tests do. Which line is it in each? Exercise 4.5 wants to know. [The
# museum](../museum/README.md) has fifteen bugs that were really published.
#
# ## The picture to remember
#
# Why does it help to subtract a number that changes nothing in the mean? Take the smallest game: a
# dancing robot has three moves, and the audience gives each performance about 5, 6 or 8 points.
# Every point of the triangle is a policy: in a corner it always does the same move, in the middle
# it does all three equally often. From the middle, we draw where one step would lead, for 200
# single performances.

# %%
MOVES, POINTS, STEP = ("wave", "turn", "bow"), np.array([5.0, 6.0, 8.0]), 0.5
CORNERS = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, np.sqrt(0.75)]])


def pushes(seed, n=200):
    """Moves (n,), and the push of each on the logits, (n, 3), without and with a baseline.

    The policy is the one in the middle.
    """
    rng = np.random.default_rng(seed)
    moves = rng.integers(3, size=n)
    points = POINTS[moves] + rng.normal(size=n)
    direction = logp_grad(np.zeros((n, 3)), moves)
    better = advantages(points[:, None], np.ones((n, 1), bool))[:, 0]
    return moves, points[:, None] * direction, better[:, None] * direction


def scatter(push):
    """Root mean squared distance of the pushes (n, 3) from their mean."""
    return np.sqrt(np.sum((push - push.mean(axis=0)) ** 2, axis=1).mean())


# %% [predict]
predict("4.b",
        "by which factor does the baseline shrink the scatter of single pushes (points 5, 6, 8, "
        "each with a noise of 1)?",
        np.mean([np.divide(*map(scatter, pushes(seed)[1:])) for seed in (0, 1, 2)]),
        "It is no fine point. The mean of all points, 6.3, says nothing about a move, and "
        "without a baseline it is most of every push.")

# %%
EXACT = (POINTS - POINTS.mean()) / 3                    # p (R - mean R), with p = 1/3
print("mean push on wave, turn, bow   ", *(f"{push:6.2f}" for push in EXACT), "   exact")
for seed in (0, 1, 2):
    for name, push in zip(("without", "with   "), pushes(seed)[1:]):
        mean = push.mean(axis=0)
        print(f"  seed {seed} {name} a baseline    ", *(f"{each:6.2f}" for each in mean),
              f"   scatter {scatter(push):.2f}")

# %% [drawing]
figure, axes = plt.subplots(1, 2, figsize=(13, 7.2))
arrow = dict(arrowstyle="-|>,head_width=0.3,head_length=0.4", color=VERMILLION, linewidth=5,
             shrinkA=0, shrinkB=0, mutation_scale=30)
moves, *both = pushes(seed=0)
titles = ("points as they are", "points minus the mean of the others")
for axis, push, title in zip(axes, both, titles):
    axis.plot(*np.vstack([CORNERS, CORNERS[:1]]).T, color=GREY, linewidth=1.5)
    middle, places = CORNERS.mean(axis=0), softmax(STEP * push) @ CORNERS
    for move, color, marker in ((0, BLUE, "o"), (1, ORANGE, "s"), (2, GREEN, "^")):
        axis.plot(*np.vstack([middle, places[moves == move]]).T, color=color, linewidth=1)
        axis.plot(*places[moves == move].T, marker, color=color, markersize=9, alpha=0.6,
                  markeredgewidth=0)
    axis.annotate("", softmax(STEP * EXACT) @ CORNERS, middle, arrowprops=arrow, zorder=5)
    axis.plot(*softmax(STEP * push.mean(axis=0)) @ CORNERS, "D", color="white",
              markeredgecolor="black", markeredgewidth=3, markersize=12, zorder=4)
    for (x, y), move, points in zip(CORNERS, MOVES, POINTS):
        place, side = (y + 0.03, "bottom") if y else (-0.03, "top")
        axis.text(x, place, f"always {move}\n({points:.0f} points)", ha="center", va=side)
    axis.text(-0.2, 0.8, f"scatter {scatter(push):.1f}", weight="bold", size=24)
    axis.set(aspect="equal", xlim=(-0.22, 1.22), ylim=(-0.15, 1.03))
    axis.set_title(title, loc="center", pad=16, color=GREY, size=20)
    axis.axis("off")
figure.supxlabel("arrow: the exact mean step, the same in both        "
                 "diamond: where the mean of these 200 leads", fontsize=18)
show(figure, "baseline", "A baseline keeps the mean step and shrinks the scatter")

# %% [markdown]
# **What you should see**: the arrow, the exact mean step, is the same in both, a small one towards
# the bow. On the left every performance pulls hard towards the move that was just done, whatever it
# earned, and even the mean of all 200 (diamond) may miss the arrow's head by as much as the arrow
# is long. On the right a move that earned less than usual is pushed *away*, single steps are small,
# and the diamond lies beside the head. The scatter is 4 to 5 times smaller; for the same certainty
# about the way, that saves 20 of 21 performances.
#
# ## The claims, as functions that can fail

# %%
def claim_the_baseline_keeps_the_mean(seed):
    """Both means of 200 pushes lie within four standard errors of the exact one."""
    return all(np.linalg.norm(push.mean(axis=0) - EXACT) < 4 * scatter(push) / np.sqrt(len(push))
               for push in pushes(seed)[1:])


def claim_the_baseline_shrinks_the_scatter_fourfold(seed):
    _, without, with_baseline = pushes(seed)
    return scatter(with_baseline) < scatter(without) / 4


def claim_the_pole_stands_for_three_seconds(seed):
    """150 steps, in the mean over the last five updates; at the start it is less than 40."""
    return learn(seed)[0] < 40 and learn(seed)[-5:].mean() > 150


def claim_with_50_extra_the_baseline_learns_better(seed):
    """In the mean over all games, and at the end."""
    lead = learn(seed, 50, True) - learn(seed, 50, False)
    return lead.mean() > 0 and lead[-5:].mean() > 0


def claim_program_b_never_ends_clearly_above_ours(seed):
    return run(program_b, seed)[-5:].mean() < learn(seed)[-5:].mean() + 2


def claim_program_c_balances_in_spite_of_its_bug(seed):
    return run(program_c, seed)[-5:].mean() > 150


check_claims(globals())

# %% [markdown]
# ## What to try next
#
# - Flip the sign of `d_logits` in `learn`. What does it learn now, and how well? (`tinyrlhf demo 4`
#   asks the room.)
# - Move the zero the other way, with `extra=-50`. Then try `extra=500`: now the baseline fails,
#   too. Look for the step at which it compares with nobody.
# - Add 100 to all `POINTS`. The best move is the same; what happens to the scatter on the left?
# - [`tinyrlhf/learning/policy_gradient.py`](../../tinyrlhf/learning/policy_gradient.py) has
#   REINFORCE, RLOO, PPO and their kin; each is these four lines with one changed.
