"""Does the policy get better by imitation and straight from choices, and do weighed tries stand for all plays?"""
import itertools

import numpy as np
import pytest

from tinyrlhf.episodes import log_probs_of, replay, rollout
from tinyrlhf.exact.horizon import demonstration_loss
from tinyrlhf.feedback.answers import SKIP, join_answers
from tinyrlhf.games.bandit import Bandit
from tinyrlhf.games.gridworld import Gridworld
from tinyrlhf.games.prefixes import Prefixes
from tinyrlhf.humans.experts import planner
from tinyrlhf.humans.simulated import Boltzmann
from tinyrlhf.improvements import copying_best, directly, imitate
from tinyrlhf.learning.direct_preferences import dpo, prefer
from tinyrlhf.learning.imitation import clone, weigh_tries
from tinyrlhf.nn.networks import Table
from tinyrlhf.numerics import logsumexp
from tinyrlhf.policies import Policy
from tinyrlhf.questions import shown
from tinyrlhf.rewards.choice import choices_loss
from tinyrlhf.rlhf import Stage, act, propose, rlhf
from tinyrlhf.worlds import build

HOW = {"learning_rate": 0.05, "steps": 20}


def strings(seed=0):
    """All nine strings of a small game as episodes, and two different policies for it."""
    rng = np.random.default_rng(seed)
    game = Prefixes(rng.normal(size=9), 3)
    every = replay(game, game.start(9, rng), game.letters[game.n_prefixes:] - 1, np.ones((9, 2), bool), rng)
    policies = []
    for _ in range(2):
        network = Table(4, 3)
        network.params["table"][...] = rng.normal(size=(4, 3))
        policies.append(Policy(network))
    return every, policies


def likelihoods(answers, scores):
    """The loss of each answer alone."""
    losses = []
    for i in range(len(answers)):
        rows, blocks = answers.choices(np.array([i]))
        losses.append(choices_loss(blocks, scores[rows])[0])
    return np.array(losses)


# ---- tries beside a demonstration

def test_weighed_tries_and_a_play_of_the_clone_estimate_the_sum_over_all_plays():
    every, (actor, imitator) = strings()
    first, tried = (rows.ravel() for rows in np.indices((9, 9)))
    questions = shown("demonstration", every, np.stack([first, tried], axis=1))
    answers = weigh_tries(questions.answered(np.zeros(81, int)), actor, imitator, np.random.default_rng(0), **HOW)
    scores = np.random.default_rng(1).normal(size=9)
    by_clone, by_actor = (np.exp(log_probs_of(policy, every)[0]) for policy in (imitator, actor))
    assert not np.allclose(by_clone, by_actor) and np.isclose(by_clone.sum(), 1)
    # exp(own) / P(own): the sum of both
    total = np.exp(scores[first] + answers.prior[:, 0] + likelihoods(answers, scores))
    # over all pairs, as often as they come
    expected = (by_clone[first] * by_actor[tried] * total).sum() / 2
    assert np.isclose(expected, np.exp(scores).sum(), rtol=1e-10)


@pytest.mark.parametrize("n_tries", [1, 3])
def test_the_prior_is_one_over_the_chance_of_the_mixture_that_drew_the_options(n_tries):
    every, (actor, imitator) = strings(2)
    rows = np.random.default_rng(3).integers(9, size=(20, 1 + n_tries))
    questions = shown("demonstration", every, rows)
    answers = weigh_tries(questions.answered(np.zeros(20, int)), actor, imitator, np.random.default_rng(0), **HOW)
    by_actor, by_clone = (np.exp(log_probs_of(policy, every)[0])[rows] for policy in (actor, imitator))
    assert np.allclose(np.exp(-answers.prior), (n_tries * by_actor + by_clone) / (n_tries + 1), rtol=1e-10)


def test_with_many_tries_a_demonstration_is_as_likely_as_soft_planning_says_whoever_tried():
    game, rng, n_tries = Gridworld("S....G", slip=0.0, horizon=3), np.random.default_rng(4), 1000
    cells = 0.7 * rng.normal(size=game.n_states)                       # the reward for entering each
    rewards = np.broadcast_to(cells, game.P.shape)
    actions = np.array(list(itertools.product(range(4), repeat=3)))
    every = replay(game, game.start(64, rng), actions, np.ones((64, 3), bool), rng)
    scores = cells[every.states[:, 1:]].sum(axis=1)
    exact = np.array([demonstration_loss(game.P, rewards, *each)[0]
                      for each in zip(every.states[:, None], every.actions[:, None], every.mask[:, None])])
    assert np.allclose(exact, logsumexp(scores) - scores, rtol=1e-12)  # of all 64 ways
    unweighed = []
    for _ in range(2):
        policy = Policy(Table(game.n_states, 4))
        policy.network.params["table"][...] = rng.normal(size=(game.n_states, 4))
        tries = rollout(game, policy, game.start(n_tries, rng), rng)
        ways = tries.actions @ [16, 4, 1]
        done = np.array([0, 27, 42])
        shows = np.column_stack([done, np.tile(ways, (3, 1))])
        plain = shown("demonstration", every, shows).answered(np.zeros(3, int))
        answers = weigh_tries(plain, policy, policy.copy(), rng, learning_rate=0.05, steps=0)
        estimated = likelihoods(answers, scores) + answers.prior[:, 0] - np.log(n_tries + 1)
        terms = np.exp(scores[ways] + answers.prior[0, 1:])
        assert (np.abs(estimated - exact[done]) < 5 * terms.std() / terms.mean() / np.sqrt(n_tries)).all()
        unweighed.append(likelihoods(plain, scores).mean())
    # a contrast with whatever was tried: another likelihood
    assert abs(unweighed[0] - unweighed[1]) > 0.1


def test_only_demonstrations_that_were_given_are_weighed():
    rng = np.random.default_rng(5)
    game, policy = Bandit([0.0, 1.0, 2.0]), Policy(Table(2, 3))
    pulls = rollout(game, policy, game.start(24, rng), rng)
    parts = [shown("preference", pulls, np.arange(4).reshape(2, 2)).answered(np.array([0, 1])),
             shown("demonstration", pulls, np.arange(12).reshape(3, 4)).answered(np.array([0, SKIP, 0]))]
    answers = join_answers(parts)
    assert answers.drawn.tolist() == [False, False, True, False, True]
    weighed = weigh_tries(answers, policy, policy.copy(), rng, **HOW)
    assert np.array_equal(weighed.prior.any(axis=1), answers.drawn) and not answers.prior.any()
    assert np.array_equal(weighed.said, answers.said) and weighed.episodes is answers.episodes


def test_the_clone_comes_to_do_what_was_demonstrated():
    rng, game = np.random.default_rng(6), Bandit([0.0, 1.0, 2.0])
    actor, imitator = Policy(Table(2, 3)), Policy(Table(2, 3))
    best = replay(game, game.start(5, rng), np.full((5, 1), 2), np.ones((5, 1), bool), rng)
    shows = np.tile(np.arange(5)[:, None], (1, 4))
    weigh_tries(shown("demonstration", best, shows).answered(np.zeros(5, int)), actor, imitator, rng, learning_rate=0.1,
                steps=100)
    assert np.exp(log_probs_of(imitator, best)[0]).min() > 0.95
    assert np.allclose(np.exp(log_probs_of(actor, best)[0]), 1 / 3)


# ---- improvements as stages

def state_of(world="gridworld", **settings):
    state = build(world, seed=3, **settings)
    state.updates_per_round, state.reward_model.fit_steps = 2, 20
    return state


@pytest.mark.parametrize("kind, said", [("demonstration", 0), ("correction", 1)])
def test_imitation_copies_what_people_did(kind, said):
    state = state_of()
    state.person = Boltzmann(rationality=1e6, expert=planner(state.game))
    state.plan = [Stage("copy", imitate, (kind,), 60)]
    before = rollout(state.game, state.policy, state.game.start(500, np.random.default_rng(0)),
                     np.random.default_rng(1)).true_returns
    rlhf(state)
    after = rollout(state.game, state.policy, state.game.start(500, np.random.default_rng(0)),
                    np.random.default_rng(1)).true_returns
    done = state.answers.acted()
    assert after.mean() > before.mean() + 0.3 and state.history[0]["imitation_loss"] > 0
    assert log_probs_of(state.policy, done)[0].mean() > log_probs_of(state.reference, done)[0].mean()
    if kind == "correction":                                           # a clone of what they did, and of nothing else
        by_hand = state.reference.copy()
        clone(by_hand, *done.decisions, build("gridworld", seed=3).rngs["learner"], **state.imitation)
        assert np.array_equal(by_hand.network.params.vector, state.policy.network.params.vector)


def test_a_stage_straight_from_answers_is_what_prefer_does():
    states, how = [state_of(questions=20) for _ in range(2)], {"steps": 15, "batch": 8, "learning_rate": 0.01}
    states[0].kl_coef = states[1].kl_coef = 0.3
    states[0].plan = [Stage("direct", directly(dpo, **how), ("preference",), 20)]
    rlhf(states[0])
    by_hand = states[1]
    answers = by_hand.person.answer(by_hand.game, propose(by_hand, states[0].plan[0]), by_hand.rngs["person"])
    rows = prefer(by_hand.policy, by_hand.reference, answers, by_hand.rngs["learner"], dpo, 0.3, **how)
    assert np.allclose(states[0].policy.network.params.vector, by_hand.policy.network.params.vector, atol=1e-12)
    assert np.isclose(states[0].history[0]["loss"], rows[-1]["loss"])


def test_copying_the_best_fits_a_reward_model_and_copies_what_it_likes():
    state = state_of("bandit", questions=60)
    state.reward_model.fit_steps = 200
    state.plan = [Stage("best", copying_best(starts=64, group=8, learning_rate=0.05, steps=100), ("preference",), 60)]
    rlhf(state)
    row = state.history[0]
    assert row["fit_loss"] < np.log(2) and row["learned_return_of_best"] > row["learned_return"]
    probability = np.exp(log_probs_of(state.policy, state.answers.episodes)[0])
    assert np.corrcoef(probability, state.reward_model.scores(state.answers.episodes))[0, 1] > 0.5


@pytest.mark.parametrize("improve", [imitate, directly(dpo, steps=5), copying_best(starts=4, group=4, steps=5)],
                         ids=["imitate", "directly", "copying best"])
def test_every_improvement_looks_only_at_the_kinds_of_its_stage(improve):
    learned = []
    for others in (0, 6):
        state = state_of(kl_coef=0.3)
        corrections = propose(state, Stage("some", imitate, ("correction",), 6))
        state.answers = state.person.answer(state.game, corrections, np.random.default_rng(0))
        if others:
            walks = act(state)
            ratings = shown("rating", walks, np.arange(others)[:, None]).answered(np.full(others, 4))
            state.answers = join_answers([state.answers, ratings])
        state.rngs = {name: np.random.default_rng(1) for name in state.rngs}
        improve(state, Stage("some", improve, ("correction",), 6))
        learned.append(state.policy.network.params.vector.copy())
    assert np.array_equal(*learned) and learned[0].any()
