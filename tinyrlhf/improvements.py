"""How a stage makes the policy better without reinforcement: by imitation, or straight from what people chose.

Each improvement is a function (state, stage) -> numbers, as those in `rlhf.py` are.
"""
from dataclasses import replace

import numpy as np

from tinyrlhf.episodes import log_probs_of
from tinyrlhf.feedback.answers import KINDS
from tinyrlhf.learning.direct_preferences import clone_best, prefer
from tinyrlhf.learning.imitation import clone


def imitate(state, stage):
    """Supervised fine-tuning: copy what people did when they were asked to demonstrate or to correct."""
    done = state.answers.of(stage.kinds).acted()
    losses = clone(state.policy, *done.decisions, state.rngs["learner"], **state.imitation)
    return {"imitation_loss": float(np.mean(losses[-100:]))}


def directly(loss, **how):
    """An improvement straight from what people chose, without a reward model: `dpo`, `ipo`; how: what `prefer` takes besides."""
    def improve(state, stage):
        answers = state.answers.of(stage.kinds)
        return prefer(state.policy, state.reference, answers, state.rngs["learner"], loss, state.kl_coef, **how)[-1]
    return improve


def copying_best(**how):
    """An improvement by copying the best of several plays, by learned reward; how: what `clone_best` takes besides."""
    def improve(state, stage):
        def score(episodes):
            return state.reward_model.rewards(episodes).sum(axis=1)

        drawn, kept = clone_best(state.game, state.policy, score, state.rngs["learner"], **how)
        return {"learned_return": drawn, "learned_return_of_best": kept}
    return improve


def weigh_tries(state, answers):
    """The answers, with a prior for options that a policy has drawn: tries beside a demonstration.

        prior = - log [ (M q(episode) + clone(episode)) / (M + 1) ],     M tries of the policy q

    Weighed by one over the chance of having been drawn, tries and demonstration together estimate the sum over all
    episodes. The clone, which copies all demonstrations so far, covers what the policy itself would hardly ever do:
    with q alone a demonstration would have probability 1 before anything is learned.
    Source: Finn, Levine, Abbeel 2016, section 4.2 and appendix (fusion of the policy with a fit of the demonstrations).
    """
    drawn = np.flatnonzero(np.isin(answers.kind, [kind for kind in KINDS if KINDS[kind].drawn]) & answers.judged)
    if not len(drawn):
        return answers
    if state.imitator is None:
        state.imitator = state.reference.copy()
    shown = answers[drawn]
    clone(state.imitator, *shown.acted().decisions, state.rngs["learner"], **state.imitation)
    actor = getattr(state, state.view.tries)
    prior = np.zeros((len(answers), answers.shows.shape[1]))
    for _, members, rows in shown.grouped():
        episodes, n_tries = shown.episodes[rows.ravel()], rows.shape[1] - 1
        by_actor = np.log(n_tries) + log_probs_of(actor, episodes)[0]
        mixture = np.logaddexp(by_actor, log_probs_of(state.imitator, episodes)[0]) - np.log(n_tries + 1)
        prior[drawn[members], :n_tries + 1] = -mixture.reshape(rows.shape)
    return replace(answers, prior=prior)
