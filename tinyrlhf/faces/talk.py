"""`tinyrlhf chat RUN`: talk to a trained character model, all its stages side by side."""
import difflib
import sys

import numpy as np

from tinyrlhf import runs
from tinyrlhf.checks import check_whole
from tinyrlhf.episodes import rollout
from tinyrlhf.games.language import words_of


def talk(folder, seed=0, lines=None):
    """All stages answer what is typed (or these lines), with learned reward and log-probability."""
    state = runs.load_finished(folder)
    if not state.snapshots or not hasattr(state.game, "ask"):
        raise ValueError("run: expected a run with stages that answer prompts, as `tinyrlhf run "
                         f"chat` makes; {folder} is a run on {runs.settings_of(folder)['world']}")
    check_whole("--seed", seed, 0, 2 ** 63)
    rng = np.random.default_rng(seed)
    examples = ", ".join(map(repr, state.game.prompts[:4]))
    print(f"Ask {examples} or the like; an empty line or Ctrl-D ends.")
    for line in typed() if lines is None else lines:
        prompt = line.strip().lower()
        if not prompt:
            break
        try:
            print(side_by_side(state, prompt, rng), flush=True)
        except ValueError as error:
            print(f"  {error}; try {state.game.prompts[0]!r}", flush=True)


def typed():
    """What is typed, line by line, until Ctrl-D or Ctrl-C."""
    sign = "> " if sys.stdin.isatty() else ""
    while True:
        try:
            yield input(sign)
        except (EOFError, KeyboardInterrupt):
            return


def side_by_side(state, prompt, rng):
    """The answer of each stage to a prompt, and a word about what the model cannot know."""
    lines = []
    unknown = [word for word in words_of(prompt) if word not in state.game.vocabulary]
    near = difflib.get_close_matches(prompt, state.game.prompts, 1, 0.0)[0]
    if unknown:
        lines.append(f"  {unknown[0]!r} is no word of this language: it never stood in the corpus, "
                     f"so the model reads letters it cannot place. Try {near!r}.")
    elif prompt not in state.game.prompts:
        lines.append(f"  The model has never seen a prompt of this form; did you mean {near!r}?")
    for name in state.snapshots:
        texts, learned, log_probs = replies(state, name, [prompt], rng)
        reward = f"reward {learned[0]:5.1f}   " if np.isfinite(learned[0]) else ""
        numbers = f"{reward}log-probability {log_probs[0]:6.1f}"
        lines.append(f"  {name:<11} {texts[0]:<58} {numbers}")
    return "\n".join(lines)


def replies(state, stage, prompts, rng):
    """The answers of one stage to n prompts: texts, learned rewards (or NaN), log-probabilities."""
    episodes = rollout(state.game, state.snapshots[stage], state.game.ask(prompts), rng)
    learned = np.full(len(episodes), np.nan)
    if any("fit_loss" in row for row in state.history):
        learned = state.reward_model.rewards(episodes).sum(axis=1)
    return state.game.decode(episodes.states[:, -1]), learned, episodes.log_probs.sum(axis=1)
