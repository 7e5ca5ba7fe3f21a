"""How a stage improves the policy without reinforcement: imitation, choices alone, planning.

Each improvement is a function (state, stage) -> numbers, like `from_answers` in `rlhf.py`. Where
nobody has said anything yet, the policy stays as it is.
"""
import numpy as np

from tinyrlhf.learning.direct_preferences import clone_best, prefer
from tinyrlhf.learning.dyna import CountModel, transitions_of
from tinyrlhf.learning.imitation import clone
from tinyrlhf.rlhf import fit


def imitate(state, stage):
    """Supervised fine-tuning: copy what people did who were asked to demonstrate or to correct."""
    done = state.answers.of((*stage.kinds, *stage.also)).acted()
    if not len(done):
        return {"imitation_loss": float("nan")}
    losses = clone(state.policy, *done.decisions, state.rngs["learner"], **state.imitation)
    return {"imitation_loss": float(np.mean(losses[-100:]))}


def directly(loss, **how):
    """Improve by what people chose, without reward model; loss: `dpo`, `ipo`; how: as `prefer`."""
    def improve(state, stage):
        answers = state.answers.of(stage.kinds)
        if not answers.judged.any():
            return {"loss": float("nan")}
        rows = prefer(state.policy, state.reference, answers, state.rngs["learner"], loss,
                      state.kl_coef, **how)
        return rows[-1]
    return improve


def copying_best(**how):
    """Improve by copying the best of several plays, by learned reward; how: as `clone_best`."""
    def improve(state, stage):
        def score(episodes):
            return state.reward_model.rewards(episodes).sum(axis=1)

        fit_loss = fit(state, stage)
        drawn, kept = clone_best(state.game, state.policy, score, state.rngs["learner"], **how)
        return {"fit_loss": fit_loss, "learned_return": drawn, "learned_return_of_best": kept}
    return improve


def planning(gamma, temperature):
    """Improve a table by planning on counts of all that people were shown; nothing else is played.

    Old steps are paid what the reward model says now. The policy is softmax(Q / temperature).
    """
    def improve(state, stage):
        fit_loss, seen = fit(state, stage), state.answers.episodes
        model = CountModel(*state.policy.network.params["table"].shape)
        model.update(*transitions_of(seen, state.reward_model.rewards(seen)))
        q = model.action_values(gamma)
        state.policy.network.params["table"][...] = q / temperature
        return {"fit_loss": fit_loss, "steps": int(model.counts.sum())}
    return improve
