"""`tinyrlhf play WORLD`: drive the game by key; the policy imitates you, and you watch it do so.

It is the loop with demonstrations only: you play an episode, the policy copies all of them so far
(`improvements.imitate`), and before your next one you see what it has made of them.
"""
from pathlib import Path

from tinyrlhf import runs
from tinyrlhf.episodes import rollout
from tinyrlhf.faces.terminal import printable
from tinyrlhf.faces.vote import ask_at_terminal
from tinyrlhf.feedback.answers import KINDS
from tinyrlhf.feedback.forms import Texts
from tinyrlhf.improvements import imitate
from tinyrlhf.questions import View
from tinyrlhf.rlhf import Stage, rlhf
from tinyrlhf.sessions import Voters
from tinyrlhf.worlds import find

DRIVEN = next(kind for kind in KINDS if KINDS[kind].drawn)
MEASURED = 40  # episodes


def play(options):
    """As many episodes as the person likes; what they played is in the run's log."""
    world = find(options.world)
    if isinstance(world.form, Texts) or world.expert is None:
        raise ValueError(f"WORLD: expected a game to drive, {world.name} is none; see "
                         f"`tinyrlhf vote {world.name}`")
    settings = world.settings(seed=options.seed, person="human", feedback=DRIVEN, questions=1,
                              rounds=options.rounds)
    state = runs.begin(settings)
    prepare(state, world, options.rounds)
    folder = runs.create(options.out, settings)
    try:
        with runs.Run(folder, state) as run:
            rlhf(state, on_round=run.save)
    except KeyboardInterrupt:
        pass  # enough: all that was played is kept
    print("\n".join(summary(state, world, folder)))


def prepare(state, world, rounds):
    """Make the loop one of whole episodes to imitate, in the game that the world is judged in."""
    state.game = world.judged_in or state.game
    state.view, state.steps_at_most = View(), None
    state.episodes_per_update = state.group = 1
    state.plan = [Stage("play", imitate, (DRIVEN,), 1)] * rounds
    state.measure = measure
    state.person = Voters(ask_at_terminal, state)


def measure(state):
    """What the copy is worth now."""
    rng = state.rngs["learner"]
    played = rollout(state.game, state.policy, state.game.start(MEASURED, rng), rng)
    return {"true_return": float(played.true_returns.mean())}


def summary(state, world, folder):
    """What was played and learned, in a few lines."""
    folder = Path(folder)
    n = len(state.history)
    if not n:
        return [f"nothing was learned from; what you played is in {printable(folder)}"]
    yours = state.answers.acted().true_returns
    copies = [row["true_return"] for row in state.history]
    own = ", ".join(f"{value:.1f}" for value in yours)
    theirs = ", ".join(f"{value:.1f}" for value in copies)
    lines = [f"{world.name}: {n} episodes of yours", f"  your true returns          {own}",
             f"  the policy after each one  {theirs}", f"kept in {printable(folder)}"]
    asked = [stage.kinds for stage in world(feedback=DRIVEN, questions=1, rounds=n).plan]
    if asked == [(DRIVEN,)] * n:  # what such a run asks for, and nothing else
        log = printable(folder / "feedback.jsonl")
        lines += ["learn what you want from it, not only what you do:",
                  f"  {world.command} --human recorded --from {log} --feedback {DRIVEN} "
                  f"--questions 1 --rounds {n}"]
    return lines
