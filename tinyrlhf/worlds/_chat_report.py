"""What a chat's report has besides: its stages, samples, and a run without a KL penalty."""
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from tinyrlhf import plots
from tinyrlhf.episodes import rollout
from tinyrlhf.learning.kl import kl_per_episode
from tinyrlhf.learning.policy_gradient import RLOO
from tinyrlhf.rlhf import improve_on

KEPT = ("true_return", "real_words", "kl", "bits_per_character", "unkind", "length", "distinct")


class ChatReport(NamedTuple):
    """Numbers, lines and figure of a chat run, for `report.py`."""
    updates: int = 200                # without a KL penalty
    compared: int = 250               # answers of what has become of it, every ten updates

    def more(self, state):
        """Each stage's numbers, samples, and `without_kl_penalty` if there is a reward model."""
        stages = {}
        for row in state.history:
            stages[row["stage"]] = {name: row[name] for name in KEPT}
        free = []
        if "fit_loss" in state.history[-1]:
            free = without_kl_penalty(state, self.updates, n=self.compared)
        return {"stages": stages, "samples": samples(state), "without_kl_penalty": free}

    def lines(self, result):
        """What the result says besides, for people."""
        lines = []
        for name, row in result["stages"].items():
            lines.append(f"  {name:<13} true return {row['true_return']:5.2f}   "
                         f"real words {row['real_words']:4.0%}   unkind {row['unkind']:4.0%}   "
                         f"bits/character {row['bits_per_character']:.3f}")
        rows = result["without_kl_penalty"]
        if rows:
            first, last = rows[0], rows[-1]
            best = max(row["true_return"] for row in rows)
            lines.append(f"  without KL penalty the true return peaks at {best:.2f} and ends at "
                         f"{last['true_return']:.2f} while the learned one goes from "
                         f"{first['learned_return']:.1f} to {last['learned_return']:.1f}: "
                         f"{last['sample']!r}")
        for prompt, texts in result["samples"].items():
            lines.append(f"  {prompt}")
            lines += [f"    {name:<11} {text}" for name, text in texts.items()]
        return lines

    def figure(self, claim, result):
        """The figure, and its data."""
        stages = result["stages"].items()
        data = {"true_returns": {name: row["true_return"] for name, row in stages},
                "unkind": {name: row["unkind"] for name, row in stages},
                "samples": result["samples"], "curve": result["without_kl_penalty"]}
        return plots.stages_figure(claim, **data), data


def samples(state):
    """Four prompts answered at each stage: {prompt: {stage: text}}."""
    game = state.game
    prompts = game.prompts[::max(len(game.prompts) // 4, 1)][:4]
    told = {prompt: {} for prompt in prompts}
    for stage, policy in state.snapshots.items():
        answers = rollout(game, policy, game.ask(prompts), np.random.default_rng(0))
        for prompt, text in zip(prompts, game.decode(answers.states[:, -1])):
            told[prompt][stage] = text
    return told


def without_kl_penalty(state, updates=200, learning_rate=1e-3, n=250):
    """The same reward model without a KL penalty, from the fine-tuned model on.

    A row before, and one every ten updates; the learning rate does not fall. person_prefers,
    reward_model_prefers: the share of n prompts on which each prefers the policy's answer to the
    reference's (equal scores: half).
    """
    rng = np.random.default_rng(7)
    policy = state.reference.copy()
    learner = RLOO(policy, learning_rate, state.view.together, standardize=True)
    free = replace(state, policy=policy, learner=learner, kl_coef=0.0, adaptive_kl=None,
                   updates_per_round=min(10, updates), history=[], answers=None,
                   rngs={"game": rng, "learner": rng})
    rows = [compared_with_reference(free, rng, n)]
    for _ in range(max(updates // 10, 1)):
        improve_on(free, free.reward_model.rewards)
        rows.append(compared_with_reference(free, rng, n))
    return rows


def compared_with_reference(state, rng, n):
    """One row of `without_kl_penalty`."""
    starts = state.game.start(n, rng)
    before = rollout(state.game, state.reference, starts, rng)
    after = rollout(state.game, state.policy, starts, rng)
    learned_before = state.reward_model.rewards(before).sum(axis=1)
    learned = state.reward_model.rewards(after).sum(axis=1)
    prefers = 0.5 + 0.5 * np.sign(learned - learned_before)
    return {"kl": kl_per_episode(state.policy, state.reference, after),
            "true_return": float(after.true_returns.mean()),
            "learned_return": float(learned.mean()),
            "reward_model_prefers": float(prefers.mean()),
            "person_prefers": float(state.person.preference(after, before).mean()),
            "sample": state.game.show(after.states[0, -1])}
