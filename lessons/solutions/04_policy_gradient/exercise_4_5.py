"""Exercise 4.5, silent_bug: its solution, hints and usual mistakes."""
from tinyrlhf.teaching import exercise


@exercise("4.5", minutes=5, extra=True, hints=[
    "Read each line aloud and ask: whose numbers are these, of which game and which step, seen "
    "before the action or after it? Then lay the three programs side by side: each is wrong where "
    "the other two agree.",
    "B: a baseline must not depend on what the action led to. C: log pi(action | observation) "
    "wants what the agent saw when it chose.",
    '`return {"A": 6, "B": ..., "C": ...}[program]`'])
def silent_bug(program):
    """In which line is the bug of each program in the lesson's section "It learns, so is it right?"

    program: "A", "B" or "C". Returns the number at the end of that line, 1 to 7, or 0 if the
    program is right.

    Worked: silent_bug("A") is 6: `better.T[episodes.mask.T]` lists the advantages step by step, the
    log-probabilities stand game by game, so each action is pushed by the advantage of another one.
    """
    return {"A": 6, "B": 3, "C": 4}[program]


silent_bug.cases = [("A",), ("B",), ("C",)]


@silent_bug.law("That is not the line of program B. With what does it compare a reward to go, and "
                "may that depend on the action?")
def found_in_b(f):
    return f("B") == 3


@silent_bug.law("B is found, but that is not the line of program C. To which moment do the numbers "
                "of each line belong, before the action or after it?")
def found_in_c(f):
    return f("C") == 4


@silent_bug.right
def with_ifs(program):
    if program == "A":
        return 6
    return 3 if program == "B" else 4


@silent_bug.wrong("B and C learn a little or a lot, so they are right? A program can learn in "
                  "spite of a mistake; each of the three has one. Which line differs from the "
                  "other two programs?")
def it_learns_so_it_is_right(program):
    return {"A": 6, "B": 0, "C": 0}[program]


@silent_bug.wrong("B is found. C balances as well as the right program, and has a bug all the "
                  "same: in CartPole 1/50 of a second makes little difference. What did the agent "
                  "see when it chose its action?")
def a_good_curve_is_right(program):
    return {"A": 6, "B": 3, "C": 0}[program]


@silent_bug.wrong("C is found. B's curve rises, but less than that of the right program, and that "
                  "is a bug's doing. What does it subtract from a reward to go?")
def a_rising_curve_is_right(program):
    return {"A": 6, "B": 0, "C": 4}[program]
