"""What a chat model's report has besides: a row for each stage, samples side by side, and what happens without a KL penalty."""
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from tinyrlhf.episodes import rollout
from tinyrlhf.learning.kl import kl_per_episode
from tinyrlhf.learning.policy_gradient import RLOO
from tinyrlhf import plots
from tinyrlhf.rlhf import improve_on

KEPT = ("true_return", "real_words", "kl", "bits_per_character", "unkind", "length", "distinct")


class ChatReport(NamedTuple):
    """Numbers, lines and figure of a chat run, for `report.py`."""
    updates: int = 200                # without a KL penalty
    compared: int = 250               # answers of what has become of it, every ten updates

    def more(self, state):
        """`stages` by name; `samples` {prompt: {stage: text}}; rows of a run `without_kl_penalty`, where there is a reward model."""
        fitted = "fit_loss" in state.history[-1]
        return {"stages": {row["stage"]: {name: row[name] for name in KEPT} for row in state.history}, "samples": samples(state),
                "without_kl_penalty": without_kl_penalty(state, self.updates, n=self.compared) if fitted else []}

    def lines(self, result):
        """What the result says besides, for people."""
        lines = [f"  {name:<13} true return {row['true_return']:5.2f}   real words {row['real_words']:4.0%}   unkind {row['unkind']:4.0%}"
                 f"   bits/character {row['bits_per_character']:.3f}" for name, row in result["stages"].items()]
        rows = result["without_kl_penalty"]
        if rows:
            best = max(row["true_return"] for row in rows)
            lines.append(f"  without KL penalty the true return peaks at {best:.2f} and ends at {rows[-1]['true_return']:.2f} while the "
                         f"learned one goes from {rows[0]['learned_return']:.1f} to {rows[-1]['learned_return']:.1f}: {rows[-1]['sample']!r}")
        for prompt, texts in result["samples"].items():
            lines += [f"  {prompt}"] + [f"    {name:<11} {text}" for name, text in texts.items()]
        return lines

    def figure(self, claim, result):
        """The figure, and its data."""
        stages = result["stages"]
        data = {"true_returns": {name: row["true_return"] for name, row in stages.items()},
                "unkind": {name: row["unkind"] for name, row in stages.items()}, "samples": result["samples"],
                "curve": result["without_kl_penalty"]}
        return plots.stages_figure(claim, **data), data


def replies(state, stage, prompts, rng):
    """The answers of one stage to some prompts: texts (n,), their learned rewards (n,) or NaN, log-probabilities (n,)."""
    episodes = rollout(state.game, state.snapshots[stage], state.game.ask(prompts), rng)
    fitted = any("fit_loss" in row for row in state.history)
    learned = state.reward_model.rewards(episodes).sum(axis=1) if fitted else np.full(len(episodes), np.nan)
    return state.game.decode(episodes.states[:, -1]), learned, episodes.log_probs.sum(axis=1)


def samples(state, n=4):
    """The same prompts answered at each stage: {prompt: {stage: text}}."""
    prompts = state.game.prompts[::max(len(state.game.prompts) // n, 1)][:n]
    texts = {name: replies(state, name, prompts, np.random.default_rng(0))[0] for name in state.snapshots}
    return {prompt: {name: texts[name][i] for name in texts} for i, prompt in enumerate(prompts)}


def without_kl_penalty(state, updates=200, learning_rate=1e-3, n=250):
    """The same reward model without a KL penalty, from the fine-tuned model on: a row of numbers before, and every ten updates.

    person_prefers, reward_model_prefers: share of n fresh comparisons with the reference's answer to the same prompt that the
    optimised policy wins, asked of the person directly, and of the reward model (equal scores: half).
    """
    rng = np.random.default_rng(7)
    policy = state.reference.copy()
    learner = RLOO(policy, learning_rate, state.view.together, standardize=True)       # its rate does not fall: as strong at the end
    free = replace(state, policy=policy, learner=learner, kl_coef=0.0, updates_per_round=min(10, updates), history=[], answers=None,
                   rngs={"game": rng, "learner": rng})
    rows = [compared_with_reference(free, rng, n)]
    for _ in range(max(updates // 10, 1)):
        improve_on(free, free.reward_model.rewards)
        rows.append(compared_with_reference(free, rng, n))
    return rows


def compared_with_reference(state, rng, n):
    """One row of `without_kl_penalty`."""
    starts = state.game.start(n, rng)
    before, after = (rollout(state.game, policy, starts, rng) for policy in (state.reference, state.policy))
    learned = [state.reward_model.rewards(answers).sum(axis=1) for answers in (before, after)]
    prefers = 0.5 + 0.5 * np.sign(learned[1] - learned[0])
    return {"kl": kl_per_episode(state.policy, state.reference, after), "true_return": float(after.true_returns.mean()),
            "learned_return": float(learned[1].mean()), "reward_model_prefers": float(prefers.mean()),
            "person_prefers": float(state.person.preference(after, before).mean()), "sample": state.game.show(after.states[0, -1])}
