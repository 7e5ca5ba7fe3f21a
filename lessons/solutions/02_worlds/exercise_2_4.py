"""Exercise 2.4, loophole: its solution, hints and usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise

from .exercise_2_3 import lesson_map


@exercise("2.4", minutes=6, extra=True, hints=[
    "Forget what was meant; read only what is paid. What may the robot do twice?",
    "A way there and back that pays more than it costs can be walked for ever. Neither reward "
    "takes anything for the way back, and arriving ends all pay.",
    "`if reward == \"closer\": return [0, 2] * 20`, and for the flag first the way to it"])
def loophole(reward):
    """Moves that earn at least twice as much as the walk that was meant: think like the robot, who
    knows only what is paid.

    The map, where moves are 0 north, 1 east, 2 south, 3 west; G and L end the walk and all pay; off
    the map the robot stays where it is:

        .......
        .......
        S.^^^.G
        .......
        L......

    reward: a text, the reward that somebody wrote. "closer": 1 for each step that ends nearer to G
    (counting rows and columns), and 1 for arriving at G. "flag": a flag stands on the cell just
    north of G: 1 each time the robot enters that cell, and 1 for arriving at G. Returns a list of
    at most 40 moves.

    Worked: the walk that was meant, [0, 1, 1, 1, 1, 1, 1, 2], earns 8 by "closer" and 2 by "flag".
    Find moves that earn 16, and 4.
    """
    if reward == "closer":
        return [0, 2] * 20
    return [0, 1, 1, 1, 1, 1, 1] + [0, 2] * 16


loophole.cases = [("closer",), ("flag",)]
MEANT = [0, 1, 1, 1, 1, 1, 1, 2]


def earned(reward, moves):
    """What a list of moves earns, and whether it ended at G or L."""
    game, cell, total, done = lesson_map(), np.array([14]), 0, False
    far = lambda cell: abs(cell // 7 - 2) + abs(cell % 7 - 6)
    for move in moves:
        if done:
            break
        after, _, ends = game.step(cell, np.array([move]), np.random.default_rng(0))
        total += int(far(after[0]) < far(cell[0])) if reward == "closer" else int(after[0] == 13)
        total += int(after[0] == 20)
        cell, done = after, bool(ends[0])
    return total, done


@loophole.play
def walked(f, reward):
    moves = f(reward)
    if moves is None:
        return None
    moves = [int(move) if move in (0, 1, 2, 3) else -1 for move in moves]
    (total, done), enough = earned(reward, moves), 2 * earned(reward, MEANT)[0]
    if len(moves) > 40 or -1 in moves:
        return "more than 40 moves" if len(moves) > 40 else "a move other than 0, 1, 2, 3"
    if total >= enough:
        return f"at least {enough}"
    return f"only {total}, then the walk is over" if done else f"only {total}"


@loophole.right
def to_and_fro_further_on(reward):
    return [1] * 5 + [3, 1] * 17 if reward == "closer" else np.array([1] * 5 + [0, 1] + [3, 1] * 4)


@loophole.right
def up_and_down_in_the_last_column(reward):
    return [0] + [1] * 6 + [0, 2] * (15 if reward == "closer" else 4)


@loophole.wrong("That is the walk that was meant. But the reward does not say what was meant, only "
                "what is paid. Which step could be paid for again and again?")
def the_walk_that_was_meant(reward):
    return MEANT


@loophole.wrong("That is a walk that was meant. But the reward does not say what was meant, only "
                "what is paid. Which step could be paid for again and again?")
def another_walk_that_was_meant(reward):
    return [0, 1, 1, 1, 1, 1, 2, 1]


@loophole.wrong("The robot goes straight to G, and there all pay ends. The walk is shorter than "
                "the one that was meant, but earns no more. What does it cost the robot to stay "
                "away from G?")
def straight_in(reward):
    return [1] * 6


@loophole.wrong("It pays by one of the two rewards and not by the other: the same moves for both. "
                "Each reward has its own hole. What is paid twice under the other?")
def one_plan_for_both(reward):
    return loophole("closer")


@loophole.wrong("More than 40 moves: true, it could go on for ever, but the battery is empty after "
                "40. How few moves are enough?")
def without_an_end(reward):
    return loophole(reward) * 3
