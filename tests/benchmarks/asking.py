"""What to ask, and what happens if the person is read wrongly: small laboratories.

    python tests/benchmarks/asking.py [questions kinds rationality irrationality credit] [--seeds 400-429] [--json FILE]

Plays have features, their true return is linear in them; people answer by softmax(rationality * worth). Tuned on seeds
0 to 29. Each figure is a mean over seeds with its 95 % interval; --json writes every seed's values of each row.
"""
import argparse
import json
import os
import sys
from dataclasses import replace
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

import numpy as np  # noqa: E402  (after the thread count)

from claims import seeds_of  # noqa: E402
from tinyrlhf.criteria import CRITERIA, choose, information_gain, thompson  # noqa: E402
from tinyrlhf.diagnostics import mean_interval  # noqa: E402
from tinyrlhf.episodes import Episodes  # noqa: E402
from tinyrlhf.feedback.answers import KINDS, SKIP, join_answers  # noqa: E402
from tinyrlhf.games.gridworld import Gridworld  # noqa: E402
from tinyrlhf.humans.simulated import Boltzmann  # noqa: E402
from tinyrlhf.numerics import log_softmax, logsumexp  # noqa: E402
from tinyrlhf.questions import ask, random_pairs, shown  # noqa: E402
from tinyrlhf.rewards.choice import log_likelihoods  # noqa: E402
from tinyrlhf.rewards.habits import Habits  # noqa: E402
from tinyrlhf.rewards.posterior import Particles  # noqa: E402
from tinyrlhf.rlhf import act  # noqa: E402
from tinyrlhf.worlds import build  # noqa: E402


# ---- the laboratory

def plays(features, w):
    """Episodes of one step with these features (B, D), whose true return is features . w."""
    B = len(features)
    seen = np.repeat(features[:, None], 2, axis=1)
    return Episodes(seen, seen, np.zeros((B, 1), int), np.zeros((B, 1)), np.ones((B, 1), bool), np.zeros(B, bool),
                    np.zeros(B, int), (features @ w)[:, None])


def features_of(episodes):
    return episodes.observations[:, 1]


def directions(n, D, rng):
    """n unit vectors (n, D) in all directions."""
    vectors = rng.normal(size=(n, D))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def alignment(vector, w):
    """Cosine of the angle between them; 0 where one has no direction."""
    return float(vector @ w / max(np.linalg.norm(vector) * np.linalg.norm(w), 1e-12))


def mean_of(values):
    mean, half = mean_interval(values)
    return f"{mean:6.3f} +- {half:.3f}"


def headed(columns):
    """Print what the columns of the next rows are; returns these rows, none so far."""
    print(columns)
    return {"columns": columns}


def add_row(rows, title, table, more=""):
    """Print the mean of each column of a table (seeds, columns), and keep the values of every seed."""
    table = np.asarray(table, float)
    rows[" ".join(title.split())] = table.tolist()
    print(f"  {title} " + "   ".join(map(mean_of, table.T)) + more, flush=True)


def main_of(parts, description, arguments=None):
    """Command line of a laboratory; parts: {name: function of the seeds -> rows}."""
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("parts", nargs="*", help=", ".join(parts))
    parser.add_argument("--seeds", type=seeds_of, default="400-429")
    parser.add_argument("--json", type=Path, help="every seed's values of each row")
    options = parser.parse_args(arguments)
    found = {part: parts[part](options.seeds) for part in options.parts or parts}
    if options.json:
        options.json.write_text(json.dumps({"seeds": options.seeds, **found}) + "\n", encoding="utf-8")


class Directions(Particles):
    """Rewards of length 1, enumerated: 500 directions that are weighted and never refreshed."""

    def __init__(self, D, rng, habits):
        super().__init__(features_of, D, rng, habits=habits)
        self.vectors = directions(len(self.vectors), D, rng)

    def fit(self, answers, rng):
        rows, blocks = answers.choices(np.arange(len(answers)))
        scores = self.member_scores(answers.episodes)[:, rows]
        self.log_weights = log_likelihoods(blocks, scores, self.habits)


# ---- which question: information gain against the others

def pick(name, questions, belief, rng):
    """One of the candidate questions, by the criterion of this name."""
    if name == "random":
        return questions[[rng.integers(len(questions))]]
    scores = belief.member_scores(questions.episodes)
    if name == "thompson":
        return thompson(questions, scores, 1, rng, belief.weights)
    return choose(questions, scores, CRITERIA[name], 1, belief.weights)


def learn_by_asking(name, seed, repeat, n_answers=15, D=4, rationality=5.0, n_pairs=200):
    """Alignment after each answer (n_answers,), and how often the pair of identical plays was asked."""
    world, rng = np.random.default_rng([seed, 1]), np.random.default_rng([seed, 2, repeat])
    w = directions(1, D, world)[0]
    features = world.normal(size=(2 * n_pairs, D))
    features[1] = features[0]                                          # the first pair: two identical plays
    candidates = shown("preference", plays(features, w), np.arange(2 * n_pairs).reshape(n_pairs, 2))
    person = Boltzmann(rationality=rationality)
    belief = Particles(features_of, D, rng, M=300, prior=D / rationality ** 2, moves=10)   # of rationality times w
    answers, path, identical = [], [], 0
    for _ in range(n_answers):
        asked = pick(name, candidates, belief, rng)
        identical += int(asked.shows[0, 0] == 0)
        answers.append(person.answer(None, asked.only_shown(), rng))
        belief.fit(join_answers(answers), rng)
        path.append(alignment(belief.mean, w))
    return path, identical


def questions(seeds, repeats=3):
    rows = headed("alignment of the expected reward after 1, 5, 10, 15 answers; how often identical plays were asked")
    paths = {}
    for name in ("random", "information-gain", "disagreement", "thompson", "uncertainty", "volume-removal"):
        found = [[learn_by_asking(name, seed, repeat) for repeat in range(repeats)] for seed in seeds]
        paths[name] = np.array([np.mean([path for path, _ in runs], axis=0) for runs in found])[:, [0, 4, 9, 14]]
        identical = [np.mean([times for _, times in runs]) for runs in found]
        add_row(rows, f"{name:<34}", np.column_stack([paths[name], identical]))
    for name in ("information-gain", "disagreement", "thompson"):
        add_row(rows, f"{name + ' more than random':<34}", paths[name] - paths["random"])
    return rows


# ---- which kind: demonstrations or comparisons

def kinds_asked(seed, sure, seconds, length_known, n_answers=6, D=3, n_plays=100, n_pairs=400):
    """The kind of each question that was asked, and the alignment in the end; sure: {kind: rationality}.

    One candidate is a demonstration, a choice among all plays (the same each time); the others are pairs.
    """
    rng = np.random.default_rng([seed, 3])
    w = directions(1, D, rng)[0]
    episodes = plays(rng.normal(size=(n_plays, D)), w)
    pairs = np.stack(random_pairs(n_plays, n_pairs, rng), axis=1)
    candidates = join_answers([shown("preference", episodes, pairs),
                               shown("demonstration", episodes, np.arange(n_plays)[None])])
    habits = Habits(rationality=sure)
    belief = Directions(D, rng, habits) if length_known else Particles(features_of, D, rng, prior=D, habits=habits)
    answers, kinds = [], []
    for _ in range(n_answers):
        scores = belief.member_scores(candidates.episodes)
        asked = choose(candidates, scores, information_gain, 1, belief.weights, habits, seconds).only_shown()
        name, _, shows = next(asked.grouped())
        worth = sure[name] * asked.episodes.true_returns[shows]
        answers.append(asked.answered(KINDS[name].choose(KINDS[name].options, worth, 0.0, 0.0, rng)))
        kinds.append(name)
        belief.fit(join_answers(answers), rng)
    return kinds, alignment(belief.mean, w)


def kinds(seeds):
    rows = headed("share of seeds in which the 1st, 2nd, ... 6th question is a demonstration; the 3rd to 5th are all "
                  "comparisons; alignment after 6")
    for length_known, of_demonstrations, of_pairs, cost in (
            (True, 5, 5, 1), (True, 1, 1, 1), (True, 0.3, 5, 1), (True, 5, 5, 2), (True, 5, 5, 5),
            (False, 5, 5, 1), (False, 0.3, 5, 1), (False, 5, 5, 2)):
        sure = {"demonstration": of_demonstrations, "preference": of_pairs}
        seconds = {"demonstration": cost, "preference": 1}
        found = [kinds_asked(seed, sure, seconds, length_known) for seed in seeds]
        table = np.array([[kind == "demonstration" for kind in asked] + [asked[2:5].count("preference") == 3, aligned]
                          for asked, aligned in found], float)
        length = "known" if length_known else "unknown"
        title = f"|w| {length:<8} rationality {of_demonstrations:>3} and {of_pairs}, demonstrations cost {cost}:"
        rows[" ".join(title.split())] = table.tolist()
        *shares, later = table.mean(axis=0)[:-1]
        shown_shares = " ".join(f"{share:.2f}" for share in shares)
        print(f"  {title} {shown_shares}   {later:.2f}   {mean_of(table[:, -1])}", flush=True)
    return rows


# ---- how sure: rationality assumed too high, or too low

def assume(rationality, seed, D=4, n_hypotheses=500, n_answers=30):
    """log posterior of the true reward among 500, its alignment, and the regret of planning for the likeliest."""
    rng = np.random.default_rng([seed, 4])
    hypotheses = directions(n_hypotheses, D, rng)
    episodes = plays(rng.normal(size=(2 * n_answers, D)), hypotheses[0])
    asked = shown("preference", episodes, np.arange(2 * n_answers).reshape(-1, 2))
    answers = Boltzmann(rationality=1.0).answer(None, asked, rng)
    rows, blocks = answers.choices(np.arange(n_answers))
    scores = rationality * hypotheses @ features_of(episodes)[rows].T
    log_posterior = log_softmax(log_likelihoods(blocks, scores))
    options = rng.normal(size=(100, D))
    best = options[(options @ hypotheses[log_posterior.argmax()]).argmax()]
    regret = (options @ hypotheses[0]).max() - best @ hypotheses[0]
    return log_posterior[0], alignment(np.exp(log_posterior) @ hypotheses, hypotheses[0]), regret


def rationality(seeds):
    rows = headed(f"people have rationality 1, another is assumed: log posterior of the true reward (prior "
                  f"{-np.log(500):.2f}), alignment, regret of the likeliest reward")
    for assumed in (0.1, 0.3, 1.0, 3.0, 10.0, 30.0):
        add_row(rows, f"{assumed:>4}", [assume(assumed, seed) for seed in seeds])
    return rows


# ---- which irrationality: somebody who looks ahead less than assumed

def following(P, values):
    """E[values of the next state] (M, S, A)."""
    return (values @ P.reshape(-1, P.shape[2]).T).reshape(len(values), *P.shape[:2])


def softly(P, rewards, gamma, sweeps=200):
    """log pi (M, S, A) of somebody who picks by softmax of soft values; rewards (M, S) of the state they are in."""
    values = np.zeros_like(rewards)
    for _ in range(sweeps):
        q = rewards[..., None] + gamma * following(P, values)
        values = logsumexp(q)
    return log_softmax(q)


def greedily(P, rewards, gamma, sweeps=200):
    """The same by softmax of half the advantage in its own standard deviations; rewards of the state they enter."""
    values = np.zeros_like(rewards)
    for _ in range(sweeps):
        q = following(P, rewards + gamma * values)
        values = q.max(axis=2)
    return log_softmax(0.5 * q / (q - values[..., None]).std(axis=(1, 2), keepdims=True))


def found_out(planner, expected, true, assumed, seed, n_hypotheses=80, n_seen=40):
    """log posterior of the true reward among 80 after 40 actions (expected: what they say on average).

    planner: (P, rewards, discount) -> log pi; true, assumed: the discount of who acts, and the one they are read by.
    """
    rng = np.random.default_rng([seed, 5])
    P = Gridworld("S....\n.....\n.....\n.....\n....G").P
    rewards = rng.normal(size=(n_hypotheses, len(P)))
    acts, read = planner(P, rewards[:1], true)[0], planner(P, rewards, assumed)
    states = rng.integers(len(P), size=n_seen)
    shares = np.exp(acts[states])                                      # (40, A)
    if not expected:
        shares = np.eye(4)[(rng.random((n_seen, 1)) > shares.cumsum(axis=1)[:, :-1]).sum(axis=1)]
    return log_softmax((shares * read[:, states]).sum(axis=(1, 2)))[0]


def irrationality(seeds):
    rows = headed(f"log posterior of the true reward after 40 actions (prior {-np.log(80):.2f}), by how far people "
                  "look ahead and what is assumed")
    for title, planner, expected, discounts in (
            ("soft values, reward of the state one is in", softly, False, [(.95, .95), (.5, .5), (.1, .1), (.1, .95)]),
            ("advantages of unit spread, reward of the state entered", greedily, True,
             [(.95, .95), (.5, .5), (0, 0), (0, .95)])):
        found = {pair: np.array([[found_out(planner, expected, *pair, seed)] for seed in seeds])
                 for pair in discounts}
        for (true, assumed), values in found.items():
            add_row(rows, f"{title}: gamma {true:<4} assumed {assumed:<4}", values)
        add_row(rows, f"{title}: known myopia less known foresight", found[discounts[2]] - found[discounts[0]])
    return rows


# ---- does it pay to ask why: marks on the part that decided

def accuracy_of(answers, prior, held_out):
    """Of the gridworld's own reward model, fitted to these answers, on a fixed set of pairs."""
    model = build("gridworld").reward_model
    model.prior, model.fit_steps, model.batch = prior, 200, None
    model.fit(answers, np.random.default_rng(0))
    episodes, (first, second), order = held_out
    scores = model.scores(episodes)
    return float((1 + np.sign(scores[first] - scores[second]) * order).mean() / 2)


def walks(seed, n=2048):
    """A gridworld's run before its first stage, and walks of a policy that knows nothing."""
    state = build("gridworld", seed=seed, feedback="credit")
    return state, act(state, n, 32)


def credit(seeds, sizes=(50, 100, 150, 200, 300)):
    _, episodes = walks(12345)
    first, second = random_pairs(len(episodes), 4000, np.random.default_rng(0))
    order = np.sign((episodes.true_returns[first] - episodes.true_returns[second]).round(9))
    held_out = episodes, (first[order != 0], second[order != 0]), order[order != 0]
    rows = headed(f"gridworld, passive walks: accuracy on {len(held_out[2])} pairs held out; with marks also how much "
                  "more than without")
    for prior in (1.0, 10.0):
        found = []
        for seed in seeds:
            state, episodes = walks(seed)
            asked = ask("credit", state, episodes, max(sizes))
            marked = state.person.answer(state.game, asked, state.rngs["person"])
            plain = replace(marked, said=np.column_stack([marked.said[:, 0], np.full(len(marked), SKIP)]))
            found.append([accuracy_of(answers[:n], prior, held_out) for answers, n in
                          [(marked, 50), (marked, 100), *((plain, n) for n in sizes)]])
        table = np.array(found)
        for n, column in zip(sizes, table.T[2:]):
            add_row(rows, f"prior {prior:>4g}, {n:>4} preferences           ", column[:, None])
        for n, column in zip((50, 100), table.T):
            same = table.T[2 + sizes.index(n)]
            enough = np.exp(np.interp(column.mean(), table.T[2:].mean(axis=1), np.log(sizes)))
            worth = f"   as good as {enough:.0f}: a mark pays below {enough / n - 1:.2f} of a preference"
            both = np.column_stack([column, column - same])
            add_row(rows, f"prior {prior:>4g}, {n:>4} preferences with marks", both, worth)
    return rows


PARTS = {"questions": questions, "kinds": kinds, "rationality": rationality, "irrationality": irrationality,
         "credit": credit}


if __name__ == "__main__":
    main_of(PARTS, __doc__)
