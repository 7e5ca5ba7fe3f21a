"""One person with a wish that is not the true reward, for three minutes; does the policy do it then?

    python tests/benchmarks/wishes.py WORLD [--seeds 420-429] [--feedback ranking] [--rounds 8] [--questions 5] [--coin]

gridworld: walk straight through the flowers to the goal. cartpole: balance on the left half.
They answer what `tinyrlhf vote WORLD` asks unless told, repeated and certain questions included, by what can be seen on
a terminal of 80 columns (`sessions.Voters`, as there). With --coin they answer at random: the control. Prints for each
seed which share of new episodes does what they wanted, how often they answered, and the mean with its 95 % interval.

    python tests/benchmarks/wishes.py cartpole --at-a-screen 430 [--out FOLDER]

The same wish for CartPole by somebody who knows nothing but the screen of `tinyrlhf vote cartpole --seed 430`, 80 x 24
without colours: they watch each pair to its end, and take the key of the pole that stands longer, then of the cart
nearer to the middle of the left half.
"""
import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.update({name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")})

sys.path.insert(0, str(Path(__file__).parent.parent))

import numpy as np  # noqa: E402

from tinyrlhf.cli import FOR_PEOPLE  # noqa: E402
from tinyrlhf.diagnostics import mean_interval  # noqa: E402
from tinyrlhf.episodes import rollout  # noqa: E402
from tinyrlhf.feedback.answers import SAME  # noqa: E402
from tinyrlhf.games.cartpole import CartPole, fallen  # noqa: E402
from tinyrlhf.rlhf import rlhf  # noqa: E402
from tinyrlhf.sessions import Voters  # noqa: E402
from tinyrlhf.worlds import find  # noqa: E402

SECONDS = {"preference": 4.0, "ranking": 9.0}                # that an answer takes
COLUMN = {"preference": 0.19, "ranking": 0.39}               # metres of the track in one character of a terminal
WIDE = 34                                                    # characters of a picture, on a screen of 80 x 24
WANTED = -1.2                                                # metres: the middle of the left half


def entered(game, walks, symbol):
    """Whether each walk enters such a cell, (B,)."""
    return (walks.mask & (game.map.ravel()[walks.states[:, 1:]] == symbol)).any(axis=1)


def through_the_flowers(game, walks, kind):
    """How well each walk does what the person wants, (B,)."""
    goal, lava, flowers = (entered(game, walks, symbol) for symbol in "GL^")
    return 3.0 * goal - 3.0 * lava + flowers - 0.05 * walks.lengths


def on_the_left(game, clips, kind):
    """First how long it stands; if to the end, how near it then is to the middle of the left half, in characters."""
    stands = (~fallen(clips.states[:, 1:])).mean(axis=1)
    away = np.round(np.abs(clips.states[:, -1, 0] - WANTED) / COLUMN[kind])
    return np.round(20 * stands) - np.where(stands == 1, COLUMN[kind] * away, 5)


def walked(state, rng):
    """The share of 500 walks through flowers to the goal in at most 5 steps; the shortest has 2."""
    walks = rollout(state.game, state.policy, state.game.start(500, rng), rng)
    return (entered(state.game, walks, "G") & entered(state.game, walks, "^") & (walks.lengths <= 5)).mean()


def balanced(state, rng):
    """The share of 100 poles that stand for 5 s, the last 2.5 s of them on the left half all the time."""
    game = CartPole(frozen=True, horizon=250)
    states = rollout(game, state.policy, game.start(100, rng), rng).states
    return (~fallen(states[:, -1]) & (states[:, 125:, 0] < 0).all(axis=1)).mean()


WISHES = {"gridworld": (through_the_flowers, walked), "cartpole": (on_the_left, balanced)}


def answering(worth, rng, coin, asked):
    """A face that answers by this worth, or at random; counts in `asked`, {kind: answers}."""
    def face(session, state):
        while (ballot := session.deal("one", 0.0)) is not None:
            rows, options = session.screens(ballot)
            kind = session.kind(ballot)
            values = worth(state.game, session.questions.episodes[rows], kind)
            values = rng.random(len(rows)) if coin else values
            order = np.argsort(-values - 1e-6 * rng.random(len(rows)))
            said = [options[i] for i in order] if kind == "ranking" else [options[order[0]]]
            if kind == "preference" and values[0] == values[1]:
                said = [SAME]
            assert session.say("one", ballot.id, said, 0.0) == "taken"
            asked[kind] = asked.get(kind, 0) + 1
        session.close(0.0)
    return face


def after(world, seed, coin=False, **settings):
    """(share of new episodes that do it, {kind: answers}) after a session with this person."""
    worth, share = WISHES[world]
    rng, asked = np.random.default_rng(seed), {}
    state = find(world)(seed=seed, **settings)
    state.person = Voters(answering(worth, rng, coin, asked), state)
    rlhf(state)
    return share(state, rng), asked


def at_a_screen(seed, folder):
    """A session at a terminal; prints what came out."""
    from screen import Screen

    from tinyrlhf import runs
    screen = Screen([sys.executable, "-m", "tinyrlhf", "vote", "cartpole", "--seed", str(seed), "--out", folder],
                    NO_COLOR="1", PYTHONPATH=str(Path(__file__).parents[2]))
    answers, looking, learning, before = 0, 0.0, 0.0, time.monotonic()
    while not screen.gone:
        screen.watch(0.05)
        if "enter: learn" in screen.text:
            screen.press(b"\r")
            screen.watch(0.3)
            before = time.monotonic()
        elif "Which is better?" in screen.text and "all is answered" not in screen.text:
            learning += time.monotonic() - before
            began, looks = time.monotonic(), 0
            stood, where = [0, 0], [None, None]
            while time.monotonic() < began + 2.3:                        # a clip takes 2 s, at a quarter of its speed
                screen.watch(0.04)
                looks += 1
                for side, first in enumerate((0, WIDE + 2)):
                    half = [row[first:first + WIDE] for row in screen.rows[3:20]]
                    stood[side] += any("#" in row for row in half) and not any("x" in row for row in half)
                    carts = [row.index("@") + row.count("@") / 2 for row in half if "@" in row]
                    where[side] = carts[-1] if carts else -9.0
            away = [abs(each - WIDE * (0.5 + 0.15 * WANTED)) for each in where]
            shares = [round(10 * each / looks) for each in stood]
            values = [(shares[side], -round(away[side]) * (shares[side] == 10)) for side in (0, 1)]
            key = b"=" if values[0] == values[1] else b"\x1b[D" if values[0] > values[1] else b"\x1b[C"
            screen.press(key)
            answers += 1
            screen.watch(0.4)                                                # a hand and an eye need a moment
            looking += time.monotonic() - began
            before = time.monotonic()
    code = screen.ended()
    state = runs.load(folder)
    share = balanced(state, np.random.default_rng(seed))
    print(f"seed {seed}: {answers} answers in {looking:.0f} s, {looking / answers:.1f} s each; {learning:.0f} s of "
          f"waiting while it learned (load {os.getloadavg()[0]:.0f}); {share:.2f} of new poles "
          f"stand on the left half; exit code {code}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("world", choices=WISHES)
    parser.add_argument("--seeds", default="420-429")
    parser.add_argument("--feedback", choices=SECONDS, default="preference")
    parser.add_argument("--rounds", type=int, default=FOR_PEOPLE["rounds"])
    parser.add_argument("--questions", type=int, default=FOR_PEOPLE["questions"])
    parser.add_argument("--coin", action="store_true")
    parser.add_argument("--at-a-screen", type=int, metavar="SEED")
    parser.add_argument("--out")
    options = parser.parse_args()
    if options.at_a_screen is not None:
        at_a_screen(options.at_a_screen, options.out or tempfile.mkdtemp() + "/run")
        return
    first, last = map(int, options.seeds.split("-"))
    settings = {name: value for name, value in FOR_PEOPLE.items() if name in find(options.world).defaults}
    settings |= {name: getattr(options, name) for name in ("feedback", "rounds", "questions")}
    shares = []
    for seed in range(first, last + 1):
        began = time.process_time()
        share, asked = after(options.world, seed, options.coin, **settings)
        shares.append(share)
        seconds = sum(SECONDS[kind] * n for kind, n in asked.items())
        print(f"seed {seed}: {share:.2f}   {sum(asked.values())} answers, {seconds:.0f} s, and "
              f"{time.process_time() - began:.0f} s of a processor", flush=True)
    print("coin flips" if options.coin else "the person", "{:.2f} +- {:.2f}".format(*mean_interval(shares)))


if __name__ == "__main__":
    main()
