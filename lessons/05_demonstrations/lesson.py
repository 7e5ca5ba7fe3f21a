# %% [markdown]
# # 5. Show me: demonstrations, corrections, advice
#
# **Goal**: teach by showing. You will know that imitation is supervised learning, why a good copy
# of perfect driving still gets lost, how corrections bring it back, and that typing an action is
# not the same as judging one.
#
# About 40 minutes: reading 10, the experiment 5, exercises 25.

# %% [markdown]
# ## Four things that a person beside the robot may say
#
# <a id="input-kinds"></a>
# The robot did something. You may **show** what you would have done, **correct** it, say **good or
# bad**, or say which of two tries was **better**. The last is lesson 6. The first two name an
# *action*; a thumb judges the action that was *taken*. Mix these up, and nothing is learned, or the
# wrong thing. It happens in print:
#
# <a id="cartpole-code"></a><a id="action-from-feedback"></a> The overview article that these
# lessons follow has a loop for CartPole. In each step it asks
# `input("Enter feedback (0: left, 1: right): ")`, does `action = int(human_feedback)`, steps the
# game with it, and where the learning should be stands a comment. Look closely: the number that was
# typed *is* the action. The person does not judge the agent, they drive the cart; the policy is
# never asked. That is **tele-operation**. Nothing is wrong with it, if something learns from it.
# Here is the loop, with a simulated person at the keyboard who sees where the pole is about to fall
# and hits the wrong key in one step of ten. `kind` says what is made of the number.

# %%
import functools

import matplotlib.pyplot as plt
import numpy as np

from tinyrlhf.episodes import rollout
from tinyrlhf.exact.horizon import backward_induction, finite_horizon_return
from tinyrlhf.games.cartpole import CartPole
from tinyrlhf.games.gridworld import Gridworld
from tinyrlhf.humans.watchers import Watcher, against_best, against_usual
from tinyrlhf.interactive import STOP, Coach, Tamer, teach
from tinyrlhf.learning import imitation
from tinyrlhf.nn.networks import MLP, Table
from tinyrlhf.nn.optimizers import Adam
from tinyrlhf.numerics import softmax
from tinyrlhf.plots import BLUE, GREY, VERMILLION
from tinyrlhf.policies import Policy
from tinyrlhf.teaching import LECTURE, check_claims, mine, predict, show

plt.style.use(LECTURE)


def library_update(said, taken, reward, kind, n_actions):
    readings = {"action": (said, 1.0), "thumb": (taken, said), "nobody": (taken, reward)}
    action, weight = readings[kind]
    return weight * np.eye(n_actions)[action]


advice_to_update = mine("05", "advice_to_update", library_update)


def type_push(observation, rng):
    """0 or 1, to where the pole leans and falls; in one step of ten the wrong key."""
    position, speed, angle, falling = observation
    return int(10 * angle + 2 * falling + 0.5 * position + speed > 0) ^ (rng.random() < 0.1)


@functools.lru_cache
def at_the_keyboard(kind, seed, episodes=5):
    """The article's loop on a policy, returned; kind: what the typed number is taken for."""
    game, rng = CartPole(horizon=200), np.random.default_rng(seed)
    policy = Policy(MLP((4, 16, 2), rng, head_gain=0.01))
    optimizer = Adam(policy.network.params, 0.02)
    seen, pushes = [], []
    for episode in range(episodes):
        observation, done, steps = game.start(1, rng), False, 0
        while not done and steps < game.horizon:
            human_feedback = type_push(observation[0], rng)
            action = int(human_feedback)
            new_observation, reward, done = game.step(observation, np.array([action]), rng)
            if kind == "a demonstration":
                pushes.append(advice_to_update(human_feedback, action, reward[0], "action", 2))
            elif kind == "a reward":
                pushes.append(human_feedback * np.eye(2)[action])
            seen.append(observation[0])
            observation, steps = new_observation, steps + 1
        for _ in range(30 if pushes else 0):
            learn_from(policy, optimizer, np.array(seen), np.array(pushes))
    return policy


def learn_from(policy, optimizer, seen, pushes):
    """Raise each log-probability as far as it is pushed: one step of the optimizer."""
    logits, cache = policy.network.forward(seen)
    d_logits = (softmax(logits) * pushes.sum(axis=1, keepdims=True) - pushes) / len(seen)
    optimizer.step(policy.network.backward(cache, d_logits))


def steps_alone(policy, seed):
    game, rng = CartPole(horizon=200), np.random.default_rng(seed)
    return rollout(game, policy, game.start(50, rng), rng).lengths.mean()


# %% [predict]
predict("5.a",
        "a person balances five episodes by typing. An untrained policy stands for 21 steps. "
        "Taught with the typed number as its reward, for how many?",
        np.mean([steps_alone(at_the_keyboard("a reward", seed), seed) for seed in (0, 1, 2)]),
        "Worse than nothing: the number names an action, it does not judge one, and as a reward "
        "it praises right and never left.")

# %%
print("the number that was typed is taken for ...   steps that it then stands alone, of 200")
for kind in ("nothing (as printed)", "a reward", "a demonstration"):
    stands = [steps_alone(at_the_keyboard(kind, seed), seed) for seed in (0, 1, 2)]
    print(f"{kind:<45}" + "".join(f"{steps:6.0f}" for steps in stands))

# %% [markdown]
# As printed, the person has balanced poles for five episodes, and the policy has learned nothing.
# Taken for a reward, the number ruins it: 1 ("right!") praises right, 0 ("left!") praises nothing,
# and so it pushes right for ever. Read as what it is, "in this situation I would do *that*", five
# episodes are enough. Exercise 5.4 is this choice.
#
# ## Imitation is supervised learning
#
# <a id="labelled-examples"></a><a id="faq-sft"></a> Situations with labels, and a policy that is to
# give the same labels: that is the oldest kind of machine learning, here called **behaviour
# cloning**, and for language models **supervised fine-tuning** (SFT). One minimises the mean
# surprise at what was demonstrated,
#
# $$L = -\frac{1}{N} \sum_i \log \pi(a_i \mid s_i), \qquad
# \frac{\partial L}{\partial z} = \frac{1}{N} \, (\pi - \text{onehot}(a_i))$$
#
# For a table that is counting (exercise 5.1). The slope (5.2) you have met in lesson 4: it is the
# policy gradient in which every action has the advantage 1, and a person chose the actions. So SFT
# and reinforcement differ in two things only: *whose* actions are raised, and whether *how good*
# they were counts. A clone can become as good as its teacher, and does not know what its teacher
# wanted.

# %%
def library_clone(states, actions, n_states, n_actions, smooth):
    places = states * n_actions + actions
    counts = np.bincount(places, minlength=n_states * n_actions) + float(smooth)
    counts = counts.reshape(n_states, n_actions)
    counts[counts.sum(axis=1) == 0] = 1
    return counts / counts.sum(axis=1, keepdims=True)


clone = mine("05", "clone", library_clone)
garden = Gridworld()
best = backward_induction(garden.P, garden.R, garden.horizon)[1]  # (T, S): what an expert does


def demonstrations(n, seed):
    """States and actions of n walks by an expert who errs in one step of ten."""
    rng, states, actions = np.random.default_rng(seed), [], []
    here = garden.start(n, rng)
    for t in range(garden.horizon):
        errs, anything = rng.random(len(here)) < 0.1, rng.integers(4, size=len(here))
        action = np.where(errs, anything, best[t][here])
        states.append(here)
        actions.append(action)
        here, _, done = garden.step(here, action, rng)
        here = here[~done]
    return np.concatenate(states), np.concatenate(actions)


def true_return(policy):
    return finite_horizon_return(garden.P, garden.R, garden.d0, policy, garden.horizon)


perfect, at_random = np.eye(4)[best], np.full((30, 4), 0.25)
erring = 0.9 * perfect + 0.1 * at_random
print(f"true return of the best policy {true_return(perfect):.2f}, of the expert who errs "
      f"{true_return(erring):.2f}, of a random one {true_return(at_random):.2f}")
for n in (1, 10, 100):
    clones = [clone(*demonstrations(n, seed), 30, 4, 0.0) for seed in (0, 1, 2)]
    print(f"clones after so many demonstrations, three seeds: {n:3} "
          + "".join(f"{true_return(each):7.2f}" for each in clones))

# %% [markdown]
# ## Why a good copy ends among the flowers
#
# <a id="robotics"></a>
# A robot on a road, flowers on both sides; each step among the flowers costs 1. Its teacher drives
# perfectly. Its own hand slips in one step of twenty. Guess before you read on: on a road twice as
# long, how much more does it cost?
#
# The teacher has never been among the flowers, so no demonstration says what to do there, and the
# clone does what it has always seen: straight on, beside the road. One mistake is never mended. If
# mistakes come in a share $\varepsilon$ of the steps, then after $t$ steps it is off the road with
# the chance $1 - (1 - \varepsilon)^t$, and
#
# $$J_{\text{clone}} = \sum_{t=1}^{T} \big(1 - (1 - \varepsilon)^t\big)
# \approx \varepsilon \frac{T^2}{2}, \qquad J_{\text{corrected}} = \varepsilon \, T$$
#
# The right-hand side is what it costs if it comes back at once: twice as long, twice the cost; for
# the clone, four times. How does it learn to come back? By **corrections**: let the *learner*
# drive, write down the states that it gets into, and have the teacher say what they would have done
# there. Add this to all labels so far (exercise 5.3), clone again, repeat. That is DAgger, "dataset
# aggregation" (Ross, Gordon, Bagnell 2011).

# %%
aggregate = mine("05", "aggregate", lambda data, visited, did, should: (
    np.concatenate([data[0], visited]), np.concatenate([data[1], should])))
SLIPS = 0.05


def road(length):
    lines = ["^" * length] * 9
    lines[4] = "S" + "." * (length - 2) + "G"
    return Gridworld("\n".join(lines), slip=0.0, horizon=length - 1, goal=0.0, step_reward=0.0,
                     flowers=-1.0)


def teacher(cells, length):
    """East on the road; beside it, back to it."""
    rows = cells // length
    return np.where(rows < 4, 2, np.where(rows > 4, 0, 1))


class Eyes(MLP):
    """A small network that sees the row and column of a cell."""

    def __init__(self, game, rng):
        super().__init__((2, 16, 4), rng, head_gain=0.01)
        rows, columns = np.divmod(np.arange(game.n_states), game.map.shape[1])
        self.places = np.stack([(rows - 4) / 2, columns / 16], axis=1)

    def forward(self, cells):
        return super().forward(self.places[cells])


class SlippingHand(Policy):
    def act(self, cells, rng):
        actions, log_probs = super().act(cells, rng)
        slips = rng.random(len(actions)) < SLIPS
        actions[slips] = rng.integers(4, size=slips.sum())
        return actions, log_probs


@functools.lru_cache
def driven(length, corrections, seed):
    """Policy and its exact cost after 20 labelled episodes: by the teacher, or 15 corrected."""
    game, rng = road(length), np.random.default_rng(seed)
    policy = SlippingHand(Eyes(game, rng))
    beginning = policy.state()
    data = np.zeros(0, int), np.zeros(0, int)
    for turn in range(4):
        if turn and corrections:                        # the learner drives
            walks = rollout(game, policy, game.start(5, rng), rng)
            visited, did = walks.decisions
        else:                                           # the teacher drives
            visited = np.tile(game.starts[0] + np.arange(length - 1), 5)
            did = teacher(visited, length)
        data = aggregate(data, visited, did, teacher(visited, length))
        if corrections or turn == 3:                    # else nobody drives with it
            policy.load(beginning)
            imitation.clone(policy, *data, rng, learning_rate=0.03, steps=100)
    chances = softmax(policy.network.forward(np.arange(game.n_states))[0].astype(float))
    chances = (1 - SLIPS) * chances + SLIPS / 4
    return policy, -finite_horizon_return(game.P, game.R, game.d0, chances, game.horizon)


LENGTHS = (8, 16, 32, 64)
costs = {False: [driven(length, False, 0)[1] for length in LENGTHS],
         True: [driven(length, True, 0)[1] for length in LENGTHS]}
print("length of the road      " + "".join(f"{length:7}" for length in LENGTHS))
print("cost of the clone       " + "".join(f"{cost:7.2f}" for cost in costs[False]))
print("... with corrections    " + "".join(f"{cost:7.2f}" for cost in costs[True]))

# %% [markdown]
# <a id="continuous-learning"></a>
# The same number of labels, the same network, and the labels are equally right. What differs is
# *where* they were given. A teacher who stays in the loop adapts what is taught to what the learner
# does, which no collection made beforehand can.
#
# ## The picture to remember

# %% [drawing]
def draw_walks(axis, length, corrections, seed, color, title):
    """Twelve walks on the road, each a little above or below the middle of its cells."""
    game, rng = road(length), np.random.default_rng(seed)
    walks = rollout(game, driven(length, corrections, 0)[0], game.start(12, rng), rng)
    axis.axhspan(-0.5, 0.5, color="#E5E5E0")
    for i, (cells, steps) in enumerate(zip(walks.states, walks.lengths)):
        rows, columns = np.divmod(cells[:steps + 1], length)
        axis.plot(columns, 4 - rows + (i - 5.5) / 20, color=color, lw=2, alpha=0.7)
    axis.set(ylim=(-3.4, 3.4), yticks=[-2, 0, 2], yticklabels=["flowers", "road", "flowers"],
             title=title)


def draw_costs(axis, costs):
    for corrections, color, name, marker in ((False, VERMILLION, "clone", "o"),
                                             (True, BLUE, "corrected", "s")):
        axis.loglog(LENGTHS, costs[corrections], marker=marker, markersize=10, color=color)
        axis.text(72, costs[corrections][-1], name, color=color, va="center", weight="bold")
    for power, start, name in ((2, 1.6 * costs[False][0], "four times"),
                               (1, 0.3 * costs[True][0], "twice")):
        line = start * (np.array(LENGTHS) / 8.0) ** power
        axis.loglog(LENGTHS, line, ":", color=GREY)
        axis.text(72, line[-1], name, color=GREY, va="center")
    axis.set(xlabel="length of the road", xlim=(7, 230),
             ylabel="steps among the flowers", ylim=(0.1, 100),
             title="cost each time the road doubles")
    axis.set_yticks([0.1, 1, 10, 100], ["0.1", "1", "10", "100"])
    axis.set_xticks(LENGTHS, LENGTHS)
    axis.minorticks_off()


def picture(costs):
    figure = plt.figure(figsize=(16, 8))
    grid = figure.add_gridspec(2, 2, width_ratios=[1.5, 1])
    above, below, right = map(figure.add_subplot, (grid[0, 0], grid[1, 0], grid[:, 1]))
    draw_walks(above, 32, False, 1, VERMILLION, "a clone of perfect driving, 12 walks")
    draw_walks(below, 32, True, 1, BLUE, "with corrections where it went itself, 12 walks")
    below.set_xlabel("steps along the road")
    draw_costs(right, costs)
    return figure


show(picture(costs), "road",
     "One slip, and a clone is lost; corrections there bring it back")

# %% [markdown]
# **What you should see**: on the left, a clone that has slipped off the road stays beside it; the
# corrected one makes the same slips, and one step later it is back. On the right each mark is ten
# times the one below: when the road doubles, the clone's cost grows three to four times, the
# corrected one's about twice (from length 16 on).
#
# ## Thumbs while it plays
#
# <a id="adapts"></a>
# Nobody can drive a robot with a hundred joints, but everyone can say "good" and "bad" while it
# moves, and press a stop button. Two readings of such thumbs:
#
# - **TAMER** (Knox, Stone 2009): a thumb is a *label*. Learn to foretell it, $H(s, a)$, and do what
#   will be liked best. No rewards are added up: whoever says "good" has already thought of the end.
# - **COACH** (MacGlashan and others 2017): a thumb is a sample of the *advantage*, of how much
#   better this was than usual. So it goes where the advantage stands in lesson 4:
#   $\theta \leftarrow \theta + \alpha f \, \nabla \log \pi$.
#
# People are late: a thumb that comes now is about now, a step ago, or two. TAMER shares it out
# among the last steps, by how likely each delay is; COACH keeps a trace of recent slopes that
# fades. A stop is a thumb down, the episode is kept as far as it went, and nothing that comes later
# is blamed on it.
#
# And people get used to things. One of the two persons below judges against the *best* action. The
# other judges against what the robot *usually* does, and falls silent when that is no worse than
# usual.

# %%
CELLS, LATE = np.arange(garden.n_states), (0.25, 0.5, 0.25)
LEARNERS = {"TAMER": lambda: Tamer(Table(garden.n_states, 4), 0.3, LATE),
            "COACH": lambda: Coach(Policy(Table(garden.n_states, 4)), 0.5, decay=0.6)}
JUDGES = {"the best": against_best, "the usual": against_usual}


@functools.lru_cache
def thumbed(name, against, seed, mistakes=0.05):
    """Share of the way to the best policy, thumbs, stops; after 300 thumbs or 150 silent steps."""
    make, judge = LEARNERS[name], JUDGES[against]
    learner, rng = make(), np.random.default_rng(seed)
    person = Watcher(judge(garden), speaks=0.5, delay=LATE, mistakes=mistakes, notices=0.02,
                     stops_at=-0.3, at_most=300)
    silence = stops = 0
    while person.said < 300 and silence < 150:          # who has nothing to say goes home
        walk, said = teach(garden, learner, person, garden.start(1, rng), rng)
        silence = 0 if said.any() else silence + walk.lengths.sum()
        stops += (said == STOP).sum()
    low, high = true_return(at_random), true_return(perfect)
    return (true_return(learner.chances(CELLS)) - low) / (high - low), person.said, stops


# %% [predict]
predict("5.b",
        "who judges against what the robot usually does may give TAMER 300 thumbs. After how "
        "many do they fall silent (mean of seeds 0 to 2)?",
        np.mean([thumbed("TAMER", "the usual", seed)[1] for seed in (0, 1, 2)]),
        "A learner that always takes its favourite soon does only what is usual, and then there "
        "is nothing left to say.")

# %%
print("judged against ...  share of the way, seeds 0, 1   thumbs     stops")
for name in LEARNERS:
    for against in JUDGES:
        shares, thumbs, stops = np.array([thumbed(name, against, seed) for seed in (0, 1)]).T
        print(f"{name}, {against:<10}     " + "".join(f"{share:8.0%}" for share in shares)
              + f"            {thumbs.mean():6.0f}    {stops.mean():6.1f}")
coins = [thumbed("TAMER", "the best", seed, mistakes=0.5)[0] for seed in (0, 1)]
print("TAMER, thumbs by coin" + "".join(f"{share:8.0%}" for share in coins))

# %% [markdown]
# **What you should see**: three hundred thumbs, some wrong and most of them late, teach the way
# around the flowers. From somebody who gets used to things TAMER learns little, and what it learns
# is luck. It does what was praised first, always; soon that is usual, nobody says anything about it
# any more, and the better action is never tried. COACH keeps trying, and asks of a thumb only what
# such a person means by it. So it is the reading that makes the difference, and what the learner
# does with it: a TAMER that does not always take its favourite, but draws by softmax, learns from
# that person too. `python tests/benchmarks/interactive.py thumbs` has ten seeds of all of it.

# %%
def claim_only_as_a_demonstration_does_a_typed_action_teach(seed):
    alone = [steps_alone(at_the_keyboard(kind, seed), seed) for kind in
             ("nothing (as printed)", "a reward", "a demonstration")]
    return alone[2] > 100 and max(alone[:2]) < 40


def claim_twice_as_long_costs_the_clone_three_times_and_with_corrections_at_most_three(seed):
    clones, corrected = ([driven(length, corrections, seed)[1] for length in (16, 32)]
                         for corrections in (False, True))
    return (clones[1] > 3 * clones[0] and corrected[1] < 3 * corrected[0]
            and corrected[1] < clones[1] / 4)


def claim_who_gets_used_to_things_falls_silent_with_tamer_and_teaches_coach(seed):
    _, thumbs, _ = thumbed("TAMER", "the usual", seed)
    share, *_ = thumbed("COACH", "the usual", seed)
    return thumbs < 60 and share > 0.7


check_claims(globals())

# %% [markdown]
# ## What showing cannot do
#
# <a id="pick-and-place"></a>
# The article's robot arm learns to pick and place from "initial demonstrations and ongoing
# guidance", and in this order: demonstrations bring a robot into the neighbourhood of the goal,
# where it is worth judging; corrections, thumbs and votes polish what is left. The package has one
# (`tinyrlhf run arm --task pick`): twenty demonstrations by somebody who sees everything a hand too
# high place nothing; a hundred takeovers of eight steps place the object in 36 to 54 % of new
# tries, and sixty comparisons after them in 94 to 97 % (`python tests/benchmarks/arm.py`, five
# seeds). A clone does as its teacher does, mistakes included, and has no idea what the teacher was
# after. To ask *that*, what reward would make these demonstrations sensible, is inverse
# reinforcement learning. The package has it in one call,
# [`max_ent_irl`](../../tinyrlhf/rewards/max_ent_irl.py), and lesson 13 puts demonstrations beside
# all other kinds of feedback.
#
# ## What to try next
#
# - Let the hand slip in one step of five: `SLIPS = 0.2`. Does the clone's cost still grow with the
#   square?
# - Give the corrections only to the first walk of each round. How few are enough?
# - Tell TAMER that nobody is late (`LATE` is `(1.0,)`) while the person is. What does it blame?
# - [`interactive.py`](../../tinyrlhf/interactive.py) has DAgger, TAMER, COACH and the stop button,
#   and writes all that is said to a log from which it can be learned again.
