"""What did bugs that were really published do? Each of lessons/museum, and its mended form, in our worlds.

    python tests/benchmarks/bugs.py [--seeds 400-409] [NUMBER ...]              (four minutes for all)

Each row is a mean over the seeds (with half the width of a 95 % interval where it varies): what was measured, as it
should be, and with the bug. The two functions are those of lessons/solutions/museum, so what is measured is what is
graded.
"""
import argparse
import functools
import os
import sys
from pathlib import Path

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
    os.environ[threads] = "1"                                       # read once, when numpy is imported

import numpy as np  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT)]

from tinyrlhf.diagnostics import mean_interval  # noqa: E402
from tinyrlhf.episodes import rollout  # noqa: E402
from tinyrlhf.exact import strings  # noqa: E402
from tinyrlhf.exact.evaluation import evaluate_policy  # noqa: E402
from tinyrlhf.games.cartpole import CartPole  # noqa: E402
from tinyrlhf.games.gridworld import Gridworld  # noqa: E402
from tinyrlhf.games.language import Language  # noqa: E402
from tinyrlhf.games.text import Text, true_reward  # noqa: E402
from tinyrlhf.games.words import corpus  # noqa: E402
from tinyrlhf.learning.advantages import leave_one_out, returns_to_go  # noqa: E402
from tinyrlhf.learning.kl import kl_per_episode  # noqa: E402
from tinyrlhf.learning.policy_gradient import RLOO  # noqa: E402
from tinyrlhf.nn.distributions import Categorical  # noqa: E402
from tinyrlhf.nn.networks import Table  # noqa: E402
from tinyrlhf.nn.optimizers import Adam  # noqa: E402
from tinyrlhf.numerics import log_softmax, sigmoid, softmax  # noqa: E402
from tinyrlhf.policies import Policy  # noqa: E402
from tinyrlhf.teaching.exercises import exercises_of  # noqa: E402
from tinyrlhf.worlds.text import character_model, pretrained  # noqa: E402

GAME, GARDEN = Text(), Gridworld()
REFERENCE = np.array([0.02, 0.05, 0.13, 0.25, 0.30, 0.25])             # the soup of lesson 11
FELT = np.array([2.0, 1.2, 0.6, 0.9, -0.6, -1.2])


def write(policy, n, seed):
    return rollout(GAME, policy, GAME.start(n, None), np.random.default_rng(seed))


@functools.cache
def taught(seed, updates=40):
    """A character model after so many updates on the true reward of its words."""
    policy, rng = pretrained(seed).copy(), np.random.default_rng(seed)
    learner = RLOO(policy, group=64, standardize=True, learning_rate=0.006)
    for _ in range(updates):
        learner.update(rollout(GAME, policy, GAME.start(64, None), rng), lambda words: words.true_rewards, rng)
    return policy


def table(policy, words):
    """Log-probabilities (B, T) of what was written, and of what stands behind the end."""
    return policy.log_probs(words.observations[:, :-1], words.actions)[0]


def exact_kl(policy, reference):
    rows = strings.contexts(GAME.n_actions, GAME.window)
    one, other = (log_softmax(each.network.forward(rows)[0].astype(float)) for each in (policy, reference))
    return strings.evaluate(one, other, strings.Automaton(*GAME.automaton()), kl_coef=0.0).kl


def slopes(f, x, by=1e-5):
    """df / dx by central differences, in the shape of x."""
    found = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        above, below = x.copy(), x.copy()
        above[place] += by
        below[place] -= by
        found[place] = (f(above) - f(below)) / (2 * by)
    return found


def cosine(one, other):
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


def gradient(policy, words, d_log_probs):
    """Of the sum of d_log_probs (B, T) * log-probabilities, as one vector."""
    _, cache = policy.log_probs(*words.decisions)
    return policy.backward(cache, d_log_probs[words.mask]).vector.astype(float)


def clipped_objective(f, seed):
    """nats from the old policy after 20 steps on one batch"""
    policy, words = pretrained(seed).copy(), write(pretrained(seed), 128, seed)
    better = leave_one_out(words.true_returns, 128)[:, None] * words.mask
    old, better, optimizer = words.log_probs[words.mask], better[words.mask], Adam(policy.network.params, 0.01)
    for _ in range(20):
        now, cache = policy.log_probs(*words.decisions)
        slope = (f(now + 1e-4, old, better, 0.2) - f(now - 1e-4, old, better, 0.2)) / 2e-4
        optimizer.step(policy.backward(cache, -slope / 128))
    return kl_per_episode(policy, pretrained(seed), write(policy, 1000, seed))


def kl_slope(f, seed, price=0.6):
    """soup, exact gradients: nats from the best policy at 0.6 a nat"""
    logits, best = np.log(REFERENCE), softmax(np.log(REFERENCE) + FELT / price)
    for _ in range(5000):
        p = softmax(logits)
        pull = np.concatenate([f(np.log(p[[i]]), np.log(REFERENCE[[i]])) for i in range(6)])
        logits = logits + p * (FELT - p @ FELT) - price * p * (pull - p @ pull)
    p = softmax(logits)
    return p @ (np.log(np.maximum(p, 1e-300)) - np.log(best))


def k3(f, seed):
    """estimate of the nats a word, divided by the exact ones"""
    policy, words = taught(seed), write(taught(seed), 4000, seed)
    ratio = f(table(policy, words), table(pretrained(seed), words))
    return (ratio * words.mask).sum(axis=1).mean() / exact_kl(policy, pretrained(seed))


def nats_of(f, seed):
    """mean error of the nats of one word"""
    policy, words = taught(seed), write(taught(seed), 4000, seed)
    there = np.column_stack([np.ones(4000, bool), words.mask])
    log_probs, reference = table(policy, words), table(pretrained(seed), words)
    return np.abs(f(log_probs, reference, there) - np.where(words.mask, log_probs - reference, 0.0).sum(axis=1)).mean()


def masked_objective(f, seed):
    """share of weights that are numbers after a step on 64 words, one masked -inf among them"""
    policy, words = pretrained(seed).copy(), write(pretrained(seed), 64, seed)
    old, better = words.log_probs.copy(), leave_one_out(words.true_returns, 64)[:, None] * np.ones(words.mask.shape)
    old[~words.mask] = np.where(np.arange((~words.mask).sum()) == 0, -np.inf, 0.0)
    with np.errstate(all="ignore"):
        step = slopes(lambda x: f(x, old, better, words.mask), table(policy, words))
    after = policy.network.params.vector + gradient(policy, words, step)
    return np.isfinite(after).mean()


def loss_of_parts(f, seed):
    """16 words, one in each part: cosine to the gradient of one large batch"""
    words = write(pretrained(seed), 16, seed)
    lengths, policy = np.cumsum(words.lengths)[:-1], taught(seed)
    losses = -table(policy, words)[words.mask]

    def by_weights(weigh):
        weights, d = slopes(lambda x: weigh(np.split(x, lengths)), losses), np.zeros(words.mask.shape)
        d[words.mask] = weights
        return gradient(policy, words, d)

    return cosine(by_weights(f), by_weights(lambda parts: np.concatenate(parts).mean()))


def mean_where(f, seed):
    """share of batches of 2 dialogues, cut at 14 characters, whose loss is a number"""
    talk, rng = Language("dialogue"), np.random.default_rng(seed)
    asked = np.array([len(prompt) for prompt in talk.prompts])[rng.integers(len(talk.prompts), size=(1000, 2))]
    with np.errstate(all="ignore"):
        losses = [f(np.ones((2, 14)), np.arange(14) >= lengths[:, None]) for lengths in asked]
    return np.isfinite(losses).mean()


def score_of(f, seed):
    """share of new pairs of words ordered as the person does by a model that sees three letters"""
    rng = np.random.default_rng(seed)
    made = [word for word in corpus(4000, rng) if word]
    lengths, tokens = np.array([len(word) for word in made]), GAME.encode(made).astype(int)
    before = np.pad(tokens, [(0, 0), (2, 0)])
    seen = np.eye(18)[np.stack([before[:, lag:lag + 10] for lag in range(3)], axis=2)].reshape(len(made), 10, 54)
    worth = true_reward(GAME.encode(made))
    weights, at_end = np.zeros(54), seen[np.arange(len(made)), lengths - 1]
    pairs = rng.permutation(len(made) // 2 * 2).reshape(-1, 2)
    old, new = pairs[:400], pairs[400:]
    lead, wins = at_end[old[:, 0]] - at_end[old[:, 1]], worth[old[:, 0]] > worth[old[:, 1]]
    for _ in range(500):
        weights += 0.5 * (lead.T @ (wins - sigmoid(lead @ weights)) - 0.1 * weights) / len(old)
    scores = f(seen @ weights, lengths)
    said, true = np.sign(scores[new[:, 0]] - scores[new[:, 1]]), np.sign(worth[new[:, 0]] - worth[new[:, 1]])
    return np.mean((1 + said * true)[true != 0] / 2)


def what_counts(f, seed):
    """share of words that end before the page does, after copying 1000 words"""
    rng, policy = np.random.default_rng(seed), character_model(GAME, np.random.default_rng(seed))
    observations, actions, mask = GAME.demonstrations(corpus(1000, rng))
    counts, optimizer = f(actions, mask.sum(axis=1)), Adam(policy.network.params, 0.01)
    for _ in range(300):
        rows = rng.integers(len(actions), size=32)
        here = counts[rows]
        _, cache = policy.log_probs(observations[rows][here], actions[rows][here])
        optimizer.step(policy.backward(cache, np.full(here.sum(), -1 / here.sum())))
    return np.mean(write(policy, 1000, seed).actions[:, -1] == 0)


def td_target(f, seed, gamma=0.99):
    """learned value of an upright pole that never falls, cut after 200 steps (true: 100)"""
    class Balances:
        def act(self, seen, rng):
            return (seen[:, 2] + seen[:, 3] + 0.1 * seen[:, 1] + 0.02 * seen[:, 0] > 0).astype(int), np.zeros(len(seen))

    rng, game = np.random.default_rng(seed), CartPole(horizon=200)
    games = rollout(game, Balances(), game.start(50, rng), rng)
    last = np.arange(games.mask.shape[1]) == games.lengths[:, None] - 1
    over, cut = (last & games.ended[:, None])[games.mask], (last & ~games.ended[:, None])[games.mask]

    def features(seen):
        return np.concatenate([np.ones((len(seen), 1)), seen, seen**2], axis=1)

    now, after = features(games.observations[:, :-1][games.mask]), features(games.next_observations[games.mask])
    goes_on = f(np.zeros(len(now)), np.ones(len(now)), over, cut, gamma)            # what of the next value counts
    weights = np.linalg.solve(now.T @ (now - goes_on[:, None] * after) + 1e-6 * np.eye(9), now.sum(axis=0))
    return weights[0]


def td_errors(f, seed, game=GARDEN, gamma=0.95):
    """flower garden: cosine of the policy gradient to the right one"""
    rng, policy = np.random.default_rng(seed), Policy(Table(game.n_states, game.n_actions))
    policy.network.params.vector[:] = rng.normal(size=policy.network.params.vector.shape)
    chances = softmax(policy.network.params["table"].astype(float))
    values = evaluate_policy(game.P, game.R, chances, gamma)
    walks = rollout(game, policy, game.start(500, rng), rng)

    def by(errors_of):
        errors = np.zeros(walks.mask.shape)
        for i, n in enumerate(walks.lengths):
            errors[i, :n] = errors_of(walks.true_rewards[i, :n], values[walks.states[i, :n + 1]], gamma)
        return gradient(policy, walks, returns_to_go(errors, gamma * 0.95))

    return cosine(by(f), by(lambda rewards, values, gamma: rewards + gamma * values[1:] - values[:-1]))


def critic_slope(f, seed):
    """flower garden: how much of the returns the critic explains (the best table: 1)"""
    rng = np.random.default_rng(seed)
    walks = rollout(GARDEN, Policy(Table(GARDEN.n_states, 4)), GARDEN.start(200, rng), rng)
    cells = walks.states[:, :-1][walks.mask]
    returns = returns_to_go(walks.true_rewards, 0.95)[walks.mask]
    values, means = np.zeros(GARDEN.n_states), np.bincount(cells, returns, GARDEN.n_states)
    counts = np.bincount(cells, minlength=GARDEN.n_states)
    for _ in range(3000):
        rows = rng.integers(len(cells), size=64)
        np.add.at(values, cells[rows], -0.5 * f(values[cells[rows]], returns[rows, None]))
    best = (means / np.maximum(counts, 1))[cells]
    explained = [1 - np.mean((returns - each) ** 2) / returns.var() for each in (values[cells], best)]
    return explained[0] / explained[1]


def drawn_log_probs(f, seed, temperature=0.3):
    """drawn at temperature 0.3: cosine of the policy gradient to the right one"""
    policy = pretrained(seed)
    cold = policy.copy()
    for name in ("weight_1", "bias_1"):
        if name in cold.network.params:
            cold.network.params[name][...] /= temperature
    words = write(cold, 2000, seed)
    observations, actions = words.decisions
    logits, cache = policy.network.forward(observations)
    better = np.broadcast_to(leave_one_out(words.true_returns, 2000)[:, None], words.mask.shape)[words.mask]
    assert np.allclose(cold.network.forward(observations)[0], logits / temperature, atol=1e-3)

    def by(log_probs):
        d = np.stack([(log_probs(logits + 1e-3 * one, actions, temperature)
                       - log_probs(logits - 1e-3 * one, actions, temperature)) / 2e-3 for one in np.eye(18)], axis=1)
        return policy.network.backward(cache, (better[:, None] * d).astype(np.float32)).vector.astype(float)

    def right(logits, actions, temperature):
        return Categorical.log_prob(logits / temperature, actions)

    logits = logits.astype(float)
    return cosine(by(f), by(right))


def answer_log_probs(f, seed, price=0.5):
    """all words of up to 4 letters out of 3, exact votes: nats from the best policy"""
    rng, words, frontier = np.random.default_rng(seed), [], [()]
    for length in range(5):
        words += [word + (3,) for word in frontier] if length < 4 else frontier         # 3 is the end mark
        frontier = [word + (letter,) for word in frontier for letter in range(3)]
    nodes = {prefix: i for i, prefix in enumerate(sorted({word[:i] for word in words for i in range(len(word))}))}
    mask = np.arange(4) < np.array([len(word) for word in words])[:, None]
    row = np.array([[nodes[word[:i]] if i < len(word) else 0 for i in range(4)] for word in words])
    letter = np.array([[word[i] if i < len(word) else 0 for i in range(4)] for word in words])
    reference, reward = log_softmax(rng.normal(size=(len(nodes), 4))), rng.normal(size=len(words))
    start = np.where(mask, reference[row, letter], 0.0)
    best = log_softmax(start.sum(axis=1) + reward / price)
    chance, logits = sigmoid(reward[:, None] - reward), reference.copy()
    size = f(np.ones((len(words), 4)), mask)                                            # mean or sum: 1 or its length
    per_token = np.where(mask, (size / mask.sum(axis=1))[:, None], 0.0)
    moment, spread = np.zeros(logits.shape), np.zeros(logits.shape)
    for step in range(3000):
        now = np.where(mask, log_softmax(logits)[row, letter], 0.0)
        implied = price * (f(now, mask) - f(start, mask))
        push = (sigmoid(implied[:, None] - implied) - chance).sum(axis=1) * price / len(words) ** 2
        d = np.zeros(logits.shape)
        np.add.at(d, (row, letter), push[:, None] * per_token)
        d -= softmax(logits) * d.sum(axis=1, keepdims=True)
        moment, spread = 0.9 * moment + 0.1 * d, 0.99 * spread + 0.01 * d**2
        logits -= 0.05 * max(1 - step / 3000, 0.01) * moment / (np.sqrt(spread) + 1e-12)
    now = np.where(mask, log_softmax(logits)[row, letter], 0.0).sum(axis=1)
    return np.exp(now) @ (now - best)


def standardized(f, seed):
    """the largest advantage in 1000 groups of 8 answers, of which one in 8 is right"""
    rng = np.random.default_rng(seed)
    return max(np.abs(f(rewards)).max() for rewards in (rng.random((1000, 8)) < 1 / 8).astype(float))


def measured(each, seeds):
    """(right, bug), each (seeds,), of one exercise of the museum."""
    measure = globals()[each.name]
    return np.array([[measure(f, seed) for seed in seeds] for f in (each.function, each.published)])


def words(values):
    mean, half = mean_interval(values)
    text = f"{mean:.3g}" if abs(mean) > 1e-12 else "0"
    return text + (f" +- {half:.1g}" if half > max(0.005 * abs(mean), 1e-12) else "")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", default="400-409")
    parser.add_argument("numbers", nargs="*", type=int)
    options = parser.parse_args()
    first, last = map(int, options.seeds.split("-"))
    print("| | function | what was measured | right | with the bug |\n|---|---|---|---|---|")
    for each in exercises_of(ROOT / "lessons" / "museum").values():
        number = int(each.number.split(".")[1])
        if not options.numbers or number in options.numbers:
            right, bug = measured(each, range(first, last + 1))
            what = globals()[each.name].__doc__
            print(f"| {number} | `{each.name}` | {what} | {words(right)} | {words(bug)} |", flush=True)


if __name__ == "__main__":
    main()
