"""`tinyrlhf play WORLD`: drive the game by key; the policy imitates you, and you watch it do so.

It is the loop with demonstrations only: you play an episode, the policy copies all of them so far
(`improvements.imitate`), and before your next one you see what it has made of them.
"""
from functools import partial
from pathlib import Path

from tinyrlhf import runs
from tinyrlhf.episodes import rollout
from tinyrlhf.faces.keyboard import Stopped
from tinyrlhf.faces.terminal import printable
from tinyrlhf.faces.vote import ask_at_terminal
from tinyrlhf.feedback.answers import KINDS
from tinyrlhf.feedback.forms import Texts
from tinyrlhf.improvements import imitate
from tinyrlhf.questions import View
from tinyrlhf.rlhf import Stage, rlhf
from tinyrlhf.sessions import Voters

DRIVEN = next(kind for kind in KINDS if KINDS[kind].drawn)
ALWAYS = {"person": "human", "feedback": DRIVEN, "questions": 1}
IDLE = (*ALWAYS, "agreement", "rationality", "ask", "learner", "kl_coef", "demonstrations",
        "corrections")  # settings of a world for which there is no use here
EPISODES = 20  # at most, unless told
MEASURED = 40  # episodes


def play(world, given, out, resume):
    """As many episodes as the person likes; what they played is in the run's log.

    given: settings of the World; resume: a folder to go on with, or None.
    """
    if isinstance(world.form, Texts) or world.expert is None:
        raise ValueError(f"WORLD: expected a game to drive, {world.name} is none; see "
                         f"`tinyrlhf vote {world.name}`")
    for name in IDLE:
        if name in given and resume is None:
            raise ValueError(f"{name}: expected nothing, since it has no effect where people play; "
                             f"got {given[name]}")
    if resume is None or runs.left_before_it_began(resume):
        settings = world.settings(**{"rounds": EPISODES, **given, **ALWAYS})
        state = prepare(runs.begin(settings), world, settings)
        folder = runs.create(out if resume is None else resume, settings, by="play")
    else:
        folder, settings = resume, runs.settings_of(resume, by="play")
        state = runs.load(folder, or_begin=True, by="play",
                          prepare=partial(prepare, world=world, settings=settings))
    try:
        with runs.Run(folder, state) as run:
            rlhf(state, on_round=run.save)
    except Stopped:
        raise
    except KeyboardInterrupt:
        pass  # enough: all that was played is kept
    print("\n".join(summary(state, world, settings, folder)))


def prepare(state, world, settings):
    """Make the loop one of whole episodes to imitate, in the game that the world is judged in."""
    state.game = world.judged_in or state.game
    state.view, state.steps_at_most = View(), None
    state.episodes_per_update = state.group = 1
    state.plan = [Stage("play", imitate, (DRIVEN,), 1)] * settings["rounds"]
    state.measure = measure
    state.person = Voters(ask_at_terminal, state)
    return state


def measure(state):
    """What the copy is worth now."""
    rng = state.rngs["learner"]
    played = rollout(state.game, state.policy, state.game.start(MEASURED, rng), rng)
    return {"true_return": float(played.true_returns.mean())}


def summary(state, world, settings, folder):
    """What was played and learned, in a few lines."""
    n = len(state.history)
    own = ""  # settings
    log = printable(Path(folder) / "feedback.jsonl")
    for name, default in world.defaults.items():
        if name not in (*ALWAYS, "rounds", "agreement") and settings[name] != default:
            own += f" --{name.replace('_', '-')} {settings[name]}"
    kept = [f"kept in {printable(folder)}"]
    if n < len(state.plan):
        command = world.command.replace(" run ", " play ")
        kept += [f"play on: {command} --resume {printable(folder)}"]
    if not n:
        return ["nothing was learned yet", *kept]
    yours = ", ".join(f"{value:.1f}" for value in state.answers.acted().true_returns)
    copies = ", ".join(f"{row['true_return']:.1f}" for row in state.history)
    lines = [f"{world.name}: {n} episodes of yours", f"  your true returns          {yours}",
             f"  the policy after each one  {copies}", *kept]
    again = {**runs.of_its_own(settings), "rounds": n}
    if [stage.kinds for stage in world(**again).plan] == [(DRIVEN,)] * n:  # that, and nothing else
        lines += ["learn what you want from it, not only what you do:",
                  f"  {world.command} --human recorded --from {log} --feedback {DRIVEN} "
                  f"--questions 1 --rounds {n}{own}"]
    return lines
