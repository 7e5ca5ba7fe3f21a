"""How fast is tinyrlhf beside the libraries people would use instead, on the same machine, in the same minute?

    python tests/benchmarks/compare.py [--rows cartpole,mlp,...] [--rounds 5] [--quick]
        [--json FILE]

Project and peer take turns (A B A B ...), a figure is the median over the rounds, and only ratios are compared with
what is to be reached: seconds move with the machine. One BLAS thread on both sides. A peer that is not installed is
said to be absent.
"""
import argparse
import importlib
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS",
                "NUMEXPR_NUM_THREADS"):
    os.environ[threads] = "1"                                       # read once, when numpy is imported

import numpy as np  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))


class Row(NamedTuple):
    """One line of the table."""
    row: str
    project: str                    # what was measured, with its unit
    peer: str
    # times as fast as the peer; for `at most` rows: times the peer's seconds; NaN: not measured
    ratio: float
    reach: float
    at_most: bool = False
    note: str = ""

    @property
    def verdict(self):
        if np.isnan(self.ratio):
            return self.note
        reached = self.ratio <= self.reach if self.at_most else self.ratio >= self.reach
        return ("reached" if reached else "SHORT") + (f", {self.note}" if self.note else "")


def race(ours, theirs, rounds, clock=time.process_time):
    """Median seconds of two functions without arguments that take turns; the first turn of each only warms up.

    Seconds are those of this process, in which both work with one thread; `time.perf_counter` counts waiting too.
    """
    seconds = np.array([[stopwatch(ours, clock), stopwatch(theirs, clock)] for _ in range(rounds + 1)])
    return np.median(seconds[1:], axis=0)


def stopwatch(function, clock):
    """Seconds of one call; seconds a token where the function returns how many tokens it handled."""
    start = clock()
    tokens = function()
    return (clock() - start) / (tokens if isinstance(tokens, int) else 1)


def repeat(function, times):
    """A function that calls the given one several times, so that one turn is long enough to be timed."""
    def many():
        for _ in range(times):
            function()
    return many


def peer(name):
    """The module, or None where it is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def absent(row, name, reach, at_most=False):
    return Row(row, "-", "-", np.nan, reach, at_most, f"{name} is absent")


def rate(amount, seconds, unit):
    """5.2M steps/s, 178k steps/s."""
    per_second = amount / seconds
    return f"{per_second / 1e6:.2f}M {unit}/s" if per_second >= 1e6 else f"{per_second / 1e3:.3g}k {unit}/s"


def bradley_terry(rounds, quick):
    """100 items, 100k comparisons: a maximum likelihood fit, against choix's iterative Luce spectral ranking."""
    choix = peer("choix")
    if choix is None:
        return [absent("Bradley-Terry 100 x 100k", "choix", 40)]
    from tinyrlhf.rewards.bradley_terry import fit
    n, count, rng = 100, 100_000, np.random.default_rng(0)
    planted = rng.normal(size=n)
    first = rng.integers(n, size=count)
    second = (first + rng.integers(1, n, size=count)) % n
    outcome = (rng.random(count) < 1 / (1 + np.exp(planted[second] - planted[first]))).astype(float)
    winners, losers = np.where(outcome == 1, first, second), np.where(outcome == 1, second, first)
    pairs = list(zip(winners.tolist(), losers.tolist()))            # each side gets the data in the form it asks for
    ours, theirs = race(repeat(lambda: fit(first, second, outcome), 10), lambda: choix.ilsr_pairwise(n, pairs),
                        rounds) / (10, 1)
    reference = choix.ilsr_pairwise(n, pairs)
    gap = np.abs(fit(first, second, outcome).scores - (reference - reference.mean())).max()
    note = f"scores equal to {gap:.0e}" + ("" if gap < 1e-6 else ": WRONG, expected 1e-6")
    return [Row(f"Bradley-Terry {n} x {count // 1000}k", f"{ours * 1e3:.2f} ms", f"choix {theirs * 1e3:.0f} ms",
                theirs / ours, 40, note=note)]


def import_time(rounds, quick):
    """Fresh processes, seconds of a core: the package, all its modules that do not draw, and the command line's help,
    against numpy alone."""
    import resource
    # as installed: compiled once, in the turn that warms up
    compiled = tempfile.TemporaryDirectory()
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": compiled.name}

    def seconds(*arguments):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, *arguments], cwd=ROOT, env=environment, capture_output=True, check=True)
        return sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2]) - sum(before[:2])      # user and system

    files = sorted((ROOT / "tinyrlhf").rglob("*.py"))
    drawing = {"faces", "teaching", "plots.py", "gymnasium_envs.py", "__main__.py", "__init__.py"}
    modules = [".".join(file.relative_to(ROOT).with_suffix("").parts) for file in files if not
               drawing & set(file.parts) and "import plots" not in file.read_text(encoding="utf-8")]
    table, turns = [], max(rounds, 9)
    for name, arguments, reach in (("import tinyrlhf", ("-c", "import tinyrlhf"), 1.3),
                                   ("import all modules that do not draw", ("-c", "import " + ", ".join(modules)), 1.3),
                                   ("tinyrlhf --help", ("-m", "tinyrlhf", "--help"), 2.0)):
        taken = [[seconds(*arguments), seconds("-c", "import numpy")] for _ in range(turns + 1)]
        ours, theirs = np.median(taken[1:], axis=0)
        table.append(Row(name, f"{ours * 1e3:.0f} ms", f"numpy {theirs * 1e3:.0f} ms", ours / theirs, reach, True))
    compiled.cleanup()
    return table


def cartpole(rounds, quick):
    """Random actions, finished rows start again: against Gymnasium's own vectorised environment and its
    SyncVectorEnv."""
    gymnasium, table = peer("gymnasium"), []
    for mode, n, reach in (*(("vector_entry_point", n, 1.5) for n in (16, 64, 256)), ("sync", 16, 6)):
        name = f"CartPole N={n}" + (" SyncVectorEnv" if mode == "sync" else "")
        if gymnasium is None:
            table.append(absent(name, "gymnasium", reach))
            continue
        actions = np.random.default_rng(0).integers(2, size=(200 if quick else 2000, n))
        envs = gymnasium.make_vec("CartPole-v1", num_envs=n, vectorization_mode=mode)
        envs.reset(seed=0)
        ours, theirs = race(lambda: play_ours(actions), lambda: play_theirs(envs, actions), rounds)
        envs.close()
        table.append(Row(name, rate(actions.size, ours, "steps"), f"gymnasium {rate(actions.size, theirs, 'steps')}",
                         theirs / ours, reach))
    return table


def play_ours(actions):
    """CartPole with actions (T, N): finished rows, fallen or at the horizon, start again."""
    from tinyrlhf.games.cartpole import CartPole
    game, rng, n = CartPole(), np.random.default_rng(0), actions.shape[1]
    states, age = game.start(n, rng), np.zeros(n, int)
    for row in actions:
        states, _, done = game.step(states, row, rng)
        age += 1
        done |= age >= game.horizon
        if done.any():
            states[done] = game.start(np.count_nonzero(done), rng)
            age[done] = 0


def play_theirs(envs, actions):
    for row in actions:
        envs.step(row)


def mlp(rounds, quick):
    """Forward, backward and Adam of a tanh network with two hidden layers, 8 inputs, 4 outputs, squared error,
    float32."""
    table, kernel = [], blas()
    for batch, hidden, reach, of_limit in ((64, 64, 2.5, 0.45), (256, 64, 2.5, 0.45), (1024, 128, 1.2, 0.7),
                                           (4096, 128, 1.2, 0.7)):
        name, sizes, rng = f"MLP batch {batch}, hidden {hidden}", (8, hidden, hidden, 4), np.random.default_rng(0)
        inputs, targets = (rng.normal(size=(batch, size)).astype(np.float32) for size in (8, 4))
        times = max(3, (20_000 if quick else 200_000) // batch // (hidden // 64) ** 2)
        ours = mlp_ours(sizes, inputs, targets)
        rivals = mlp_torch(sizes, inputs, targets, compiled=not quick)
        best = None
        for kind, theirs in rivals.items():
            seconds = race(repeat(ours, times), repeat(theirs, times), rounds) / times
            best = min(best or (np.inf,), (seconds[1], kind, seconds[0]))
        if best:
            table.append(Row(name, f"{best[2] * 1e6:.0f} us", f"torch {best[1]} {best[0] * 1e6:.0f} us",
                             best[0] / best[2], reach))
        else:
            table.append(absent(name, "torch", reach))
        seconds, limit = race(repeat(ours, times), repeat(products_alone(sizes, inputs), times), rounds) / times
        table.append(Row("  against its products alone", f"{seconds * 1e6:.0f} us",
                         f"the products {limit * 1e6:.0f} us",
                         limit / seconds, of_limit, note=kernel))
    return table


def mlp_ours(sizes, inputs, targets):
    from tinyrlhf.nn.networks import MLP
    from tinyrlhf.nn.optimizers import Adam
    network = MLP(sizes, np.random.default_rng(0))
    adam = Adam(network.params, 1e-3)

    def train():
        outputs, cache = network.forward(inputs)
        adam.step(network.backward(cache, (outputs - targets) * (1 / len(inputs))))
    return train


def mlp_torch(sizes, inputs, targets, compiled):
    """The same training step in torch, by kind: eager with either Adam, and compiled where a compiler works."""
    torch = peer("torch")
    if torch is None:
        return {}
    torch.set_num_threads(1)
    inputs, targets = torch.from_numpy(inputs), torch.from_numpy(targets)

    def build(fused, compiled):
        layers = [torch.nn.Linear(sizes[0], sizes[1]), torch.nn.Tanh(), torch.nn.Linear(sizes[1], sizes[2]),
                  torch.nn.Tanh(),
                  torch.nn.Linear(sizes[2], sizes[3])]
        network = torch.nn.Sequential(*layers)
        adam = torch.optim.Adam(network.parameters(), lr=1e-3, fused=fused)
        if compiled:
            network = torch.compile(network)

        def train():
            adam.zero_grad()
            (0.5 / len(inputs) * (network(inputs) - targets).square().sum()).backward()
            adam.step()
        return train

    rivals = {"eager": build(False, False), "fused": build(True, False)}
    try:
        if compiled:
            candidate = build(True, True)
            candidate()
            rivals["compiled"] = candidate
    # no compiler, or none that works: the eager ones stand
    except Exception:
        pass
    return rivals


def products_alone(sizes, inputs):
    """The eight matrix products of one training step, into arrays that are there already: no program can do with
    less."""
    rng, batch = np.random.default_rng(0), len(inputs)
    weights = [rng.normal(size=pair).astype(np.float32) for pair in zip(sizes, sizes[1:])]
    signals = [inputs] + [rng.normal(size=(batch, size)).astype(np.float32) for size in sizes[1:]]
    d_weights, d_signals = [np.empty_like(weight) for weight in weights], [np.empty_like(signal) for signal in signals]
    forward = [np.empty_like(signal) for signal in signals]

    def products():
        for layer, weight in enumerate(weights):
            np.matmul(signals[layer], weight, out=forward[layer + 1])
        for layer in reversed(range(len(weights))):
            np.matmul(signals[layer].T, signals[layer + 1], out=d_weights[layer])
            if layer:
                np.matmul(signals[layer + 1], weights[layer].T, out=d_signals[layer])
    return products


def ppo(rounds, quick):
    """PPO on CartPole with RL Zoo's settings, 8 environments: training steps a second, and seconds until it is
    solved."""
    names = {"PPO on CartPole": 5, "PPO, seconds to return 475": 4}
    if peer("stable_baselines3") is None:
        return [absent(name, "stable-baselines3", reach) for name, reach in names.items()]
    total, solved = (2_560, None) if quick else (20_480, 475)
    played = np.array([[ppo_ours(seed, total)[::2], ppo_theirs(seed, total)[::2]] for seed in range(rounds + 1)])[1:]
    (ours, theirs) = np.median(played[..., 1] / played[..., 0], axis=0)
    table = [Row("PPO on CartPole", rate(ours, 1, "steps"), f"stable-baselines3 {rate(theirs, 1, 'steps')}",
                 ours / theirs, 5)]
    if not solved:
        return table
    runs = np.array([[ppo_ours(seed, 100_000, solved), ppo_theirs(seed, 100_000, solved)]
                     for seed in range(max(rounds, 5))])
    seconds = np.where(runs[..., 1] > 0, runs[..., 0], np.inf)      # a run that never gets there took for ever
    ours, theirs = np.median(seconds, axis=0)
    note = "solved by {:.0f} and {:.0f} of {} seeds in a median of {:.0f}k and {:.0f}k steps".format(
        *runs[..., 1].sum(axis=0), len(runs), *np.median(runs[..., 2], axis=0) / 1e3)
    return table + [Row("PPO, seconds to return 475", f"{ours:.2f} s", f"stable-baselines3 {theirs:.2f} s",
                        theirs / ours, 4, note=note)]


def ppo_ours(seed, total, solved=np.inf):
    """Train until the last 16 finished episodes return `solved` on average, for `total` steps at most -> seconds,
    solved?, steps."""
    from tinyrlhf.episodes import rollout
    from tinyrlhf.games.cartpole import CartPole
    from tinyrlhf.learning.policy_gradient import PPO
    from tinyrlhf.nn.networks import MLP
    from tinyrlhf.policies import Policy
    start, rng, game, steps, finished = time.perf_counter(), np.random.default_rng(seed), CartPole(), 0, [0]
    policy, critic = Policy(MLP((4, 64, 64, 2), rng, head_gain=0.01)), MLP((4, 64, 64, 1), rng)
    learner = PPO(policy, 1e-3, critic, gamma=0.98, lam=0.8, epochs=20, minibatch=256, clip=0.2)
    states, age = game.start(8, rng), np.zeros(8, int)
    while steps < total and (len(finished) < 16 or np.mean(finished[-16:]) < solved):
        left = 1 - steps / total
        learner.learning_rate, learner.critic_learning_rate, learner.clip = 1e-3 * left, 1e-3 * left, 0.2 * left
        episodes = rollout(game, policy, states, rng, first_step=age, steps_at_most=32)
        learner.update(episodes, lambda episodes: episodes.true_rewards, rng)
        steps, age = steps + episodes.mask.sum(), age + episodes.lengths
        over = episodes.ended | (age >= game.horizon)
        finished.extend(age[over])                                  # CartPole pays 1 per step
        states, age = np.where(over[:, None], game.start(8, rng), episodes.states[:, -1]), np.where(over, 0, age)
    return time.perf_counter() - start, float(np.mean(finished[-16:]) >= solved), steps


def ppo_theirs(seed, total, solved=np.inf):
    """The same settings, the same question, in stable-baselines3 -> seconds, solved?, steps."""
    import stable_baselines3
    import torch
    from stable_baselines3.common.callbacks import BaseCallback
    from stable_baselines3.common.env_util import make_vec_env
    torch.set_num_threads(1)

    class Stop(BaseCallback):
        def _on_step(self):
            recent = [episode["r"] for episode in self.model.ep_info_buffer] if self.n_calls % 32 == 0 else []
            self.solved = len(recent) == 16 and np.mean(recent) >= solved
            return not self.solved

    model = stable_baselines3.PPO(
        "MlpPolicy", make_vec_env("CartPole-v1", 8, seed=seed), n_steps=32, batch_size=256, n_epochs=20, gamma=0.98,
        gae_lambda=0.8,
        learning_rate=lambda left: 1e-3 * left, clip_range=lambda left: 0.2 * left, ent_coef=0.0, stats_window_size=16,
        seed=seed,
        policy_kwargs={"net_arch": {"pi": [64, 64], "vf": [64, 64]}}, device="cpu", verbose=0)
    stop = Stop()
    start = time.perf_counter()
    model.learn(total, callback=stop)
    return time.perf_counter() - start, float(stop.solved), model.num_timesteps


def language(rounds, quick):
    """The chat stages' network: batches of 512 characters as `clone` takes them, 256 answers sampled, RLOO on 64
    answers under a KL penalty.
    Torch samples as is usual, all rows until the last has ended; and by this package's tricks: only rows that run, one
    uniform each."""
    names = {"characters: training": 1.5, "characters: sampling": 1.7, "  against the same tricks": 0.8,
             "characters: RLHF": 1.7, "  against the same tricks in RLHF": 1.0}
    torch, table = peer("torch"), []
    if torch is None:
        return [absent(name, "torch", reach) for name, reach in names.items()]
    torch.set_num_threads(1)
    (chat, *data), turns = chat_world(100 if quick else 600), (10, 1, 2) if quick else (60, 6, 30)
    ours, usual, tuned = chat_ours(chat, *data,
                                   *turns), *(chat_torch(torch, chat, *data, *turns, tuned) for tuned in (False, True))
    network, seen = chat.policy.network, data[0][:2000]
    gap = np.abs(network.forward(seen)[0] - torch_twin(torch,
                                                       network)(torch.from_numpy(seen).int()).detach().numpy()).max()
    same = f"logits equal to {gap:.0e}" + ("" if gap < 1e-4 else ": WRONG, expected 1e-4")
    for (name, reach), task, theirs in zip(names.items(), (0, 1, 1, 2, 2), (usual, usual, tuned, usual, tuned)):
        seconds, limit = race(ours[task], theirs[task], rounds)
        table.append(Row(name, rate(1, seconds, "tokens"), f"torch {rate(1, limit, 'tokens')}", limit / seconds, reach,
                         note="the game's true reward not counted" if task else same))
    return table


def chat_world(steps):
    """A chat whose true reward is not computed, since that is work on Python's strings, and whose policy has read;
    what it read; prompts."""
    from tinyrlhf.learning.imitation import clone
    from tinyrlhf.worlds import build
    chat, rng = build("chat"), np.random.default_rng(0)
    chat.game.true_reward = lambda states: np.zeros(len(states))
    prompts = [chat.game.prompts[i] for i in rng.integers(len(chat.game.prompts), size=2000)]
    observations, actions, mask = chat.game.demonstrations(prompts,
                                                           [chat.game.answer(prompt, rng) for prompt in prompts])
    clone(chat.policy, observations[mask], actions[mask], rng, lambda left: 8e-3 * left, steps, batch=512)
    return chat, observations[mask], actions[mask], chat.game.ask(prompts[:256])


def chat_ours(chat, observations, actions, starts, trainings, samplings, updates):
    """Train, sample, reinforce: each returns how many tokens. Next to nothing is reinforced, lest the answers of one
    side become longer."""
    from tinyrlhf.episodes import rollout
    from tinyrlhf.learning.imitation import clone
    from tinyrlhf.learning.policy_gradient import RLOO
    from tinyrlhf.rlhf import State, improve_on
    student, policy, rng, tokens = chat.policy.copy(), chat.policy.copy(), np.random.default_rng(0), []
    learner = RLOO(policy, 1e-9, group=4, standardize=True)
    state = State(chat.game, policy, chat.policy, learner, reward_model=None, plan=[], episodes_per_update=64,
                  updates_per_round=updates, group=4, kl_coef=0.2, rngs={"game": rng, "learner": rng})

    def reward(answers):
        tokens.append(int(answers.mask.sum()))
        return chat.reward_model.rewards(answers)

    def reinforce():
        tokens.clear()
        improve_on(state, reward)
        # the last time the reward is asked for, it is only reported
        return sum(tokens[:-1])

    return (lambda: 512 * len(clone(student, observations, actions, rng, 1e-3, trainings, batch=512)),
            lambda: sum(int(rollout(chat.game, chat.policy, starts, rng).mask.sum()) for _ in range(samplings)),
            reinforce)


def chat_torch(torch, chat, observations, actions, starts, trainings, samplings, updates, tuned):
    """The same three in torch; indices of 32 bits and a fused Adam are its fastest."""
    from tinyrlhf.games.language import FEATURE_SIZES
    student, policy, reference, reward = (torch_twin(torch, of.network)
                                          for of in (*[chat.policy] * 3, chat.reward_model))
    copying = torch.optim.Adam(student.parameters(), 1e-3, fused=True)
    learning = torch.optim.Adam(policy.parameters(), 1e-9, fused=True)
    tails, prompts = (torch.from_numpy(chat.game.observe(rows)[:, -9:-1]).int()
                      for rows in (starts, chat.game.ask(chat.game.prompts)))
    observations, actions = torch.from_numpy(observations).int(), torch.from_numpy(actions).long()
    sizes = torch.from_numpy(FEATURE_SIZES)
    sample, surprise = torch_sampler(torch, policy, chat.game, tuned), torch.nn.functional.cross_entropy

    def train():
        rows = torch.randint(len(actions), (512,))
        loss = surprise(student(observations[rows]), actions[rows])
        copying.zero_grad()
        loss.backward()
        copying.step()
        return loss.item()                                             # `clone` returns its losses too

    def reinforce():
        with torch.no_grad():
            asked = prompts[torch.randint(len(prompts), (16,))].repeat_interleave(4, 0)
            seen, done, log_probs, mask = sample(asked)
            counts = [(symbols[..., None] == torch.arange(1, chat.game.n_actions)).sum(1) for symbols in (done, asked)]
            scores = reward((torch.cat([*counts, (done > 0).sum(1, keepdim=True)], 1) / sizes).float())[:, 0]
            seen, done = seen[mask], done[mask].long()
            scores.index_add_(0, mask.nonzero()[:, 0],
                              surprise(reference(seen), done, reduction="none") + log_probs[mask], alpha=-0.2)
            groups = scores.view(-1, 4)
            advantages = (4 / 3 * (groups - groups.mean(1, keepdim=True))).view(-1, 1).expand(mask.shape)[mask]
            advantages /= advantages.std(correction=0) + 1e-8
        learning.zero_grad()
        ((surprise(policy(seen), done, reduction="none") * advantages).sum() / 64).backward()
        learning.step()
        return len(done)

    return (lambda: 512 * len([train() for _ in range(trainings)]),
            lambda: sum(int(sample(tails)[-1].sum()) for _ in range(samplings)),
            lambda: sum(reinforce() for _ in range(updates)))


def torch_twin(torch, network):
    """The same network in torch, with the same weights."""
    layers = [torch.nn.Embedding(*network.params.shapes["embedding"]),
              torch.nn.Flatten()] if "embedding" in network.params else []
    for layer in range(network.depth):
        layers += [torch.nn.Tanh()] * (layer > 0) + [torch.nn.Linear(*network.params.shapes[f"weight_{layer}"])]
    twin = torch.nn.Sequential(*layers)
    for theirs, (name, mine) in zip(twin.parameters(), network.params.items()):
        theirs.data.copy_(torch.from_numpy(mine.T if name.startswith("weight") else mine))
    return twin


def torch_sampler(torch, model, game, tuned):
    """A function of the prompts' tails (n, 8) -> observations (n, T, 21), actions, log-probabilities and mask (n,
    T)."""
    window, T = game.slots - 9, game.horizon

    @torch.inference_mode()
    def sample(tails):
        n, rows = len(tails), torch.arange(len(tails)) if tuned else slice(None)
        seen, text = (torch.zeros(shape, dtype=torch.int32) for shape in ((n, T, game.slots), (n, window + T)))
        seen[:, :, window:-1], seen[:, :, -1] = tails[:, None], game.n_actions + torch.arange(T)
        log_probs, running = torch.zeros(n, T), torch.ones(n, dtype=torch.bool)
        for t in range(T):
            seen[:, t, :window] = text[:, t:t + window]
            log_p = model(seen[rows, t]).log_softmax(-1)
            sums = log_p.exp().cumsum(-1) if tuned else None
            if tuned:
                symbols = torch.searchsorted(sums, torch.rand(len(sums), 1) * sums[:, -1:])
            else:
                symbols = torch.multinomial(log_p.exp(), 1)
            log_probs[rows, t], text[rows, window + t] = log_p.gather(1, symbols)[:, 0], symbols[:, 0].int()
            goes_on = symbols[:, 0] != 0
            rows, running = (rows[goes_on], goes_on) if tuned else (rows, running & goes_on)
            if not running.any():
                break
        mask = torch.nn.functional.pad((text[:, window:-1] != 0).cumprod(1), (1, 0), value=1).bool()
        return seen, text[:, window:] * mask, log_probs * mask, mask
    return sample


def feedback(rounds, quick):
    """A reward model, linear in three features of six steps, fitted to 1,000 answers of each kind: 100 steps of Adam
    on all of them, against the same likelihood in torch."""
    from tinyrlhf.feedback.answers import KINDS
    from tinyrlhf.nn.networks import MLP
    from tinyrlhf.rewards.reward_models import StepReward
    sys.path.insert(0, str(ROOT / "tests"))
    from planted import one_of_each
    torch, table, steps, reach = peer("torch"), [], 10 if quick else 100, 0.5
    for kind in KINDS:
        name, rng = f"fit to 1,000 answers: {kind}", np.random.default_rng(0)
        if torch is None:
            table.append(absent(name, "torch", reach))
            continue
        answers = one_of_each(rng, n=1000, kinds=[kind])
        model = StepReward(MLP((3, 1), rng, dtype=np.float64), lambda clips: clips.next_observations, fit_steps=steps)
        ours, theirs = race(lambda: model.fit(answers, rng), fit_in_torch(torch, answers, steps), rounds)
        table.append(Row(name, f"{ours * 1e3:.1f} ms", f"torch {theirs * 1e3:.1f} ms", theirs / ours, reach))
    return table


def fit_in_torch(torch, answers, steps):
    """The same choices, worth of options and prior; what is learned of people besides is left out."""
    torch.set_num_threads(1)

    def train():
        rows, blocks = answers.choices(np.arange(len(answers)))
        features = torch.from_numpy(answers.episodes.next_observations[rows])
        tables = [[torch.as_tensor(each) for each in (block.rows, block.weights, block.prior, block.shares)]
                  for block in blocks]
        n_choices, network = sum(len(block.answer) for block in blocks), torch.nn.Linear(3, 1).double()
        adam = torch.optim.Adam(network.parameters(), lr=3e-3, fused=True)
        for _ in range(steps):
            adam.zero_grad()
            scores = network(features)[..., 0].sum(1)
            loss = sum(p.square().sum() for p in network.parameters()) / 2
            for seen, weights, prior, shares in tables:
                loss = loss - (shares * (scores[seen] @ weights.T + prior).log_softmax(1)).sum()
            (loss / n_choices).backward()
            adam.step()
    return train


def arm(rounds, quick):
    """A step of N arms that reach for goals, true reward included, against plain Python, one arm after the other."""
    from tinyrlhf.games.arm import Reach
    game, table = Reach(), []
    for n, reach in ((16, 0.4), (64, 1.2), (1024, 5)):
        rng = np.random.default_rng(0)
        states, actions = game.start(n, rng), rng.normal(size=(n, 2))
        rows, moves, times = states.tolist(), actions.tolist(), 5 if quick else 20_000 // n
        gap = np.abs(game.step(states, actions, rng)[1] - [reached(*each) for each in zip(rows, moves)]).max()
        note = f"rewards equal to {gap:.0e}" + ("" if gap < 1e-9 else ": WRONG, expected 1e-9")
        ours, theirs = race(repeat(lambda: game.step(states, actions, rng), times),
                            repeat(lambda: [reached(*each) for each in zip(rows, moves)], times), rounds) / times
        table.append(Row(f"arm, a step of N={n}", rate(n, ours, "steps"), f"plain Python {rate(n, theirs, 'steps')}",
                         theirs / ours, reach, note=note))
    return table


def reached(state, action):
    """The true reward of one arm's step: both joints turn, and the hand is so far from the goal."""
    shoulder, elbow, x, y = state
    shoulder = min(max(shoulder + 0.2 * min(max(action[0], -1), 1), -math.pi), math.pi)
    elbow = min(max(elbow + 0.2 * min(max(action[1], -1), 1), -2.8), 2.8)
    distance = math.hypot(math.cos(shoulder) + math.cos(shoulder + elbow) - x,
                          math.sin(shoulder) + math.sin(shoulder + elbow) - y)
    return 1.0 - distance + 0.5 * (distance < 0.1)


def vote(rounds, quick):
    """A vote is on the disk before it is acknowledged: one, and those of a room as one group, against writing the
    same JSON and waiting for the disk, without numbers, check sums or looking at what it is."""
    from tinyrlhf.feedback.log import Log
    episode = {"first_step": 0, "ended": True, "states": list(range(21)), "actions": [3] * 20, "rewards": [0.5] * 20}
    said = {"kind": "preference", "who": "ada", "round": 1, "said": [0], "place": [0, 1], "shows": [episode, episode]}
    table, times = [], 2 if quick else 20

    def write(file, n):
        file.write("".join(json.dumps(said) + "\n" for _ in range(n)).encode())
        os.fsync(file.fileno())

    with tempfile.TemporaryDirectory() as folder:
        for n, reach in ((1, 2), (200, 8)):
            with Log(Path(folder, f"{n}.jsonl")) as log, open(Path(folder, f"{n}.plain"), "wb", 0) as file:
                ours, theirs = race(repeat(lambda: log.append_group([("label", said)] * n), times),
                                    repeat(lambda: write(file, n), times), rounds, time.perf_counter) / times
            table.append(Row(f"on the disk: {n} vote{'s' * (n > 1)}", f"{ours * 1e3:.2f} ms",
                             f"plain {theirs * 1e3:.2f} ms", ours / theirs, reach, True))
    return table


def blas():
    """Which kernel multiplies matrices: OpenBLAS tells when it is loaded."""
    told = subprocess.run([sys.executable, "-c", "import numpy"], env={**os.environ, "OPENBLAS_VERBOSE": "2"},
                          capture_output=True, text=True).stderr
    return next((line.removeprefix("Core: ") + " kernel" for line in told.splitlines() if line.startswith("Core: ")),
                "kernel unknown")


ROWS = {"cartpole": cartpole, "mlp": mlp, "ppo": ppo, "language": language, "bradley-terry": bradley_terry,
        "feedback": feedback, "arm": arm, "vote": vote, "import": import_time}


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", default=",".join(ROWS), help="which, separated by commas: " + ", ".join(ROWS))
    parser.add_argument("--rounds", type=int, default=5, help="turns of each side, at least 5 for figures to be quoted")
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that everything runs")
    parser.add_argument("--json", metavar="FILE", help="also write the table there")
    chosen = parser.parse_args(arguments)
    names = chosen.rows.split(",")
    if not set(names) <= set(ROWS):
        parser.error(f"--rows: expected some of {', '.join(ROWS)}; got {chosen.rows}")
    if chosen.rounds < 1:
        parser.error(f"--rounds: expected 1 or more, got {chosen.rounds}")
    layout = "{:<36} {:>16} {:>34} {:>8} {:>9}  {}"
    print(layout.format("row", "project", "peer", "ratio", "reach", "verdict"))
    table = []
    for name in names:
        for row in ROWS[name](chosen.rounds, chosen.quick):
            ratio = "-" if np.isnan(row.ratio) else f"{row.ratio:.2f}x"
            reach = f"{'<=' if row.at_most else '>='} {row.reach:g}x"
            print(layout.format(row.row, row.project, row.peer, ratio, reach, row.verdict), flush=True)
            table.append({**row._asdict(), "ratio": None if np.isnan(row.ratio) else float(row.ratio),
                          "verdict": row.verdict})
    if chosen.json:
        Path(chosen.json).write_text(json.dumps({"python": sys.version.split()[0], "numpy": np.__version__,
                                                 "rounds": chosen.rounds,
                                                 "quick": chosen.quick, "rows": table}, indent=1) + "\n")


if __name__ == "__main__":
    main()
