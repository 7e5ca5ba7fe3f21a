"""Exercise 1.2, choose: its solution, hints and usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise


@exercise("1.2", minutes=4, tolerance=0.04, hints=[
    "Imagine a stick of length 1, cut into pieces as long as the chances. Throw a dart at it. "
    "Which piece did it hit?",
    "The index of the first move whose chance, added to those of all moves before it, exceeds a "
    "uniform number u; or rng.choice with p=.",
    "`u = rng.random()`, then compare it with np.cumsum(probs)"])
def choose(probs, rng):
    """Draw one of A moves: move a with the chance probs[a]. Returns its index, a whole number from
    0 to A-1.

    probs: array (A,), adding up to 1. rng: a np.random.Generator; take all randomness from it.

    Worked: choose(np.array([0., 1.]), rng) is 1, every time; with [0.2, 0.5, 0.3] it is 1 about
    every other time.
    """
    return int(rng.choice(len(probs), p=probs))


@choose.play
def how_often(choose, probs, draws):
    """The share of each move in many draws; where one move is certain, a draw that is not that
    move, if there is one.
    """
    rng = np.random.default_rng(1)
    picked = [choose(probs, rng) for _ in range(draws)]
    odd = [each for each in picked if np.ndim(each) or np.asarray(each).dtype.kind not in "iu"]
    if odd or probs.max() == 1:
        return next((each for each in odd or picked if odd or each != probs.argmax()), picked[0])
    return np.bincount(np.clip(picked, 0, len(probs) - 1), minlength=len(probs)) / draws


choose.told = "probs = {probs}, drawn {draws} times"
choose.cases = [(np.array([0.0, 1.0]), 50), (np.array([0.2, 0.5, 0.3]), 2000),
                (np.array([0.6, 0.0, 0.1, 0.3]), 2000), (np.array([1.0]), 5)]


@choose.law("Generators in the same state must give the same moves, and move on. Is every random "
            "number from `rng`?")
def uses_the_given_rng(f):
    probs, (one, other) = np.full(4, 0.25), [np.random.default_rng(7) for _ in range(2)]
    draws = [f(probs, one) for _ in range(40)]
    return draws == [f(probs, other) for _ in range(40)] and len(set(draws)) > 1


@choose.right
def by_a_dart(probs, rng):
    return min(int((np.cumsum(probs) <= rng.random()).sum()), len(probs) - 1)


@choose.right
def by_the_categorical(probs, rng):
    from tinyrlhf.nn.distributions import Categorical
    with np.errstate(divide="ignore"):
        return int(Categorical.sample(np.log(probs), rng))


@choose.wrong("It always picks the likeliest move. That is not drawing: a robot that never tries "
              "the others can never learn that you like one of them. How often should a move with "
              "chance 0.3 come?")
def the_likeliest(probs, rng):
    return int(np.argmax(probs))


@choose.wrong("All moves come equally often, as if nothing had been learned; even one with chance "
              "0 comes. Where do the chances `probs` enter?")
def ignores_the_chances(probs, rng):
    return int(rng.integers(len(probs)))


NO_INDEX = ("It returns one of the chances, not the number of a move: rng.choice(probs) draws from "
            "the numbers in `probs`. From which numbers should it draw, and where do the chances "
            "go?")


@choose.wrong(NO_INDEX)
def one_of_the_chances(probs, rng):
    return rng.choice(probs)


@choose.wrong(NO_INDEX)
def one_of_the_chances_by_its_size(probs, rng):
    return rng.choice(probs, p=probs)


@choose.wrong("It counts the moves from 1, as people do; Python counts from 0. Which index has the "
              "last of two moves?")
def counted_from_one(probs, rng):
    return int(rng.choice(len(probs), p=probs)) + 1


OWN_RNG = np.random.default_rng()


@choose.wrong("The frequencies are right, but the dice are not those of `rng`: run twice with the "
              "same seed, and you get two different dances. Which random numbers does your "
              "function use?")
def dice_of_its_own(probs, rng):
    return int(OWN_RNG.choice(len(probs), p=probs))
