"""Exercise 4.3, advantages: its solution, hints and usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise


@exercise("4.3", minutes=7, hints=[
    "At each step, add up the rewards to go of all games that still run. For each game, take its "
    "own out of the sum, and divide by the number of the others.",
    "A = G - (sum - G) / (running - 1), with sum and number of the games that run at this step; "
    "where only one runs, A = G.",
    "`running = alive.sum(axis=0)`; and np.maximum(running - 1, 1) never divides by zero"])
def advantages(returns, alive):
    """How much better than the other games was each step? Its reward to go minus the mean over the
    *other* games that still run.

    returns: array (B, T), rewards to go of B games, 0 behind the end. alive: bool array (B, T),
    False behind the end of a game. Returns an array (B, T), zero where a game was over. Where a
    game runs alone there are no others, and its baseline is 0.

    Worked: advantages(np.array([[3.], [5.], [10.]]), np.array([[True], [True], [True]])) is
    [[-4.5], [-1.5], [6.]]; the first is 3 minus the mean of 5 and 10.
    """
    running = alive.sum(axis=0)
    others = np.where(alive, returns, 0.0).sum(axis=0) - returns
    baseline = others / np.maximum(running - 1, 1)
    return np.where(alive, returns - np.where(running > 1, baseline, 0.0), 0.0)


advantages.cases = [(np.array([[3.0], [5.0], [10.0]]), np.ones((3, 1), bool)),
                    (np.array([[4.0, 3.0, 2.0, 1.0], [2.0, 1.0, 0.0, 0.0], [3.0, 2.5, 1.0, 0.0]]),
                     np.array([[True, True, True, True], [True, True, False, False],
                               [True, True, True, False]])),
                    (np.array([[6.0, 1.0], [-2.0, 4.0]]), np.ones((2, 2), bool))]


@advantages.law("Raising one game's reward by 1 must raise its own advantage by 1: the baseline "
                "must not know what it is compared with.")
def baseline_is_blind(f):
    returns, alive = np.array([[1.0], [4.0], [2.0]]), np.ones((3, 1), bool)
    raised = returns + np.array([[1.0], [0.0], [0.0]])
    return abs(f(raised, alive)[0, 0] - f(returns, alive)[0, 0] - 1) < 1e-5


@advantages.right
def from_the_library(returns, alive):
    from tinyrlhf.learning.advantages import minus_leave_one_out_mean
    return minus_leave_one_out_mean(returns, alive)


@advantages.right
def game_by_game(returns, alive):
    better = np.zeros(returns.shape)
    for game, step in zip(*np.nonzero(alive)):
        others = [returns[other, step] for other in range(len(returns)) if other != game
                  and alive[other, step]]
        better[game, step] = returns[game, step] - (sum(others) / len(others) if others else 0)
    return better


OWN = ("Each game is part of its own baseline, so the baseline moves along with the action that it "
       "should judge: with n games the push shrinks to (n - 1)/n, and a game alone gets no push at "
       "all. Which games may be averaged?")


@advantages.wrong(OWN)
def own_game_included(returns, alive):
    mean = np.where(alive, returns, 0.0).sum(axis=0) / np.maximum(alive.sum(axis=0), 1)
    return np.where(alive, returns - mean, 0.0)


@advantages.wrong(OWN)
def own_and_dead_games_included(returns, alive):
    return np.where(alive, returns - returns.mean(axis=0), 0.0)


TABLE = ("One mean for the whole table is subtracted. Late steps have less to go than early ones, "
         "so they would look bad whatever was done. With which steps of the other games may step t "
         "be compared?")


@advantages.wrong(TABLE)
def one_mean_for_all(returns, alive):
    return returns - returns.mean()


@advantages.wrong(TABLE)
def one_mean_for_all_and_hidden(returns, alive):
    return np.where(alive, returns - returns.mean(), 0.0)


@advantages.wrong(TABLE)
def one_mean_for_all_that_run(returns, alive):
    return np.where(alive, returns - returns[alive].mean(), 0.0)


@advantages.wrong("Games that are over take part in the mean, as zeros. Late in the game that "
                  "makes everybody who still runs look better than expected. By how many games may "
                  "the sum be divided?")
def dead_games_in_the_mean(returns, alive):
    others = returns.sum(axis=0) - returns
    return np.where(alive, returns - others / (len(returns) - 1), 0.0)


@advantages.wrong("The baseline is the mean over the game's own steps. What came later in a game "
                  "depends on the action that is judged, so this baseline looks at the action. "
                  "Along which axis do the other games stand?")
def own_mean_over_time(returns, alive):
    total = np.where(alive, returns, 0.0).sum(axis=1, keepdims=True)
    mean = total / alive.sum(axis=1, keepdims=True)
    return np.where(alive, returns - mean, 0.0)


NORMALISED = ("It also divides by the spread at each step. Where one game is left, or all are "
              "alike, the spread is zero and the result is nan; and two games 1 apart would count "
              "as much as two games 100 apart. What is asked for is only a difference, so what may "
              "be left out?")


@advantages.wrong(NORMALISED)
def normalised_for_each_step(returns, alive):
    table = np.where(alive, returns, np.nan)
    return np.where(alive, (table - np.nanmean(table, axis=0)) / np.nanstd(table, axis=0), 0.0)


@advantages.wrong(NORMALISED)
def normalised_with_the_dead(returns, alive):
    return np.where(alive, (returns - returns.mean(axis=0)) / returns.std(axis=0), 0.0)


@advantages.wrong(NORMALISED)
def normalised_by_the_spread_of_all(returns, alive):
    mean = np.where(alive, returns, 0.0).sum(axis=0) / alive.sum(axis=0)
    return np.where(alive, (returns - mean) / (returns.std(axis=0) + 1e-8), 0.0)


@advantages.wrong(NORMALISED)
def normalised_never_by_zero(returns, alive):
    table = np.where(alive, returns, np.nan)
    return np.where(alive, (table - np.nanmean(table, axis=0)) / (np.nanstd(table, axis=0) + 1e-8),
                    0.0)


ALONE = ("A game that runs alone has no others: the sum over them is 0 and so is their number, and "
         "0/0 is nan. Its baseline shall be 0. How can the division by zero be avoided?")


@advantages.wrong(ALONE)
def alone_divides_by_zero(returns, alive):
    others = np.where(alive, returns, 0.0).sum(axis=0) - returns
    return np.where(alive, returns - others / (alive.sum(axis=0) - 1), 0.0)


@advantages.wrong(ALONE)
def alone_divides_by_zero_and_multiplies(returns, alive):
    others = np.where(alive, returns, 0.0).sum(axis=0) - returns
    return (returns - others / (alive.sum(axis=0) - 1)) * alive
