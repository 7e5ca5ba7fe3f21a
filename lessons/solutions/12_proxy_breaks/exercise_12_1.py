"""Exercise 12.1, true_vs_proxy: its solution, hints and usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise


@exercise("12.1", minutes=5, hints=[
    "The machine's promises rise for ever, so they cannot say when to stop. Which column can? Mind "
    "that it has gaps.",
    r"$\text{best} = \arg\max_{i \,:\, \text{asked}} \text{felt}_i$; the cost is "
    r"$\text{felt}_{\text{best}} - \text{felt}_{\text{last asked}}$.",
    "`asked = history[~np.isnan(history[:, 2])]`"])
def true_vs_proxy(history):
    """When should a run have been stopped, and what did it cost to go on?

    history: array (N, 3), one row for each look at the run, in order, with the columns: number of
    the step, what the machine promised, what people felt when they were asked. They were not asked
    at every look: the third column is NaN where they were not. Returns two numbers: the *step* at
    which people were happiest (the earliest, if several are equal), and by how much they were
    happier then than when they were asked for the last time.

    Worked: history = [[0, 5, 5], [10, 8, 7], [20, 12, nan], [30, 14, 3]]: they were happiest at
    step 10, and going on to step 30 cost 4, so true_vs_proxy returns (10, 4).
    """
    asked = history[~np.isnan(history[:, 2])]
    best = asked[:, 2].argmax()
    return asked[best, 0], asked[best, 2] - asked[-1, 2]


@true_vs_proxy.play
def two_numbers(f, history):
    found = f(history)
    if isinstance(found, (tuple, list, np.ndarray)) and np.size(found) == 2:
        return tuple(each if isinstance(each, str) else float(each) for each in found)
    return found


NAN = np.nan
true_vs_proxy.cases = [(np.array([[0, 5, 5], [10, 8, 7], [20, 12, NAN], [30, 14, 3]]),),
                       (np.array([[0, 5.5, 5.4], [4, 7.2, 7.0], [8, 9.1, NAN], [12, 10.6, 8.2],
                                  [16, 11.8, 7.7], [20, 13.0, 8.2], [24, 13.6, NAN],
                                  [28, 14.0, 4.1], [32, 14.3, 4.9], [36, 13.9, NAN]]),),
                       (np.array([[0, 2.0, 2.5], [5, 3.0, 2.0], [15, 4.5, -1.0], [20, 4.4, -3.5]]),
                        ),
                       (np.array([[0, 1.0, NAN], [25, 2.0, 0.5], [50, 3.0, 0.7], [75, 2.9, 1.5]]),),
                       (np.array([[0, 1, 3], [5, 2, 2], [10, 3, 6], [15, 4, 8], [20, 5, 1]]),)]


@true_vs_proxy.right
def row_by_row(history):
    best, last = None, None
    for step, _, felt in history:
        if felt == felt:
            last = felt
            best = (step, felt) if best is None or felt > best[1] else best
    return best[0], best[1] - last


@true_vs_proxy.right
def with_nan_functions(history):
    step, _, felt = history.T
    return step[np.nanargmax(felt)], np.nanmax(felt) - felt[np.flatnonzero(np.isfinite(felt))[-1]]


def stopped_at(history, row, judged=2, cost=None):
    """Answers that pick a row; the cost by the column `judged`, unless another is given."""
    asked = history[~np.isnan(history[:, 2])]
    return history[row, 0], history[row, judged] - asked[-1, judged] if cost is None else cost


PROXY = ("It picks the step with the highest promise. That is the machine's own opinion of itself, "
         "and it rises while people grow unhappy. Which column did people fill in?")


@true_vs_proxy.wrong(PROXY)
def highest_proxy(history):
    return stopped_at(history, history[:, 1].argmax())


@true_vs_proxy.wrong(PROXY)
def highest_proxy_where_asked(history):
    asked = history[~np.isnan(history[:, 2])]
    return asked[asked[:, 1].argmax(), 0], asked[asked[:, 1].argmax(), 2] - asked[-1, 2]


@true_vs_proxy.wrong(PROXY)
def highest_proxy_and_its_cost(history):
    return stopped_at(history, history[:, 1].argmax(), judged=1)


@true_vs_proxy.wrong(PROXY)
def highest_proxy_and_cost_to_the_last_row(history):
    row = history[:, 1].argmax()
    return history[row, 0], history[row, 2] - history[-1, 2]


@true_vs_proxy.wrong("NaN gets in the way: np.argmax and np.max take it for the largest number of "
                     "all. It says that nobody was asked at that look. Which rows remain without "
                     "it?")
def nan_taken_for_the_best(history):
    return stopped_at(history, history[:, 2].argmax(), cost=history[:, 2].max() - history[-1, 2])


@true_vs_proxy.wrong("The step is right, but the cost is NaN where nobody was asked at the last "
                     "look of all. When were people asked for the last time?")
def cost_to_the_last_row(history):
    best = np.nanargmax(history[:, 2])
    return history[best, 0], history[best, 2] - history[-1, 2]


@true_vs_proxy.wrong("That looks like the number of the row, but the first column says which step "
                     "it was. In what row is step 10?")
def row_instead_of_step(history):
    return np.nanargmax(history[:, 2]), true_vs_proxy.function(history)[1]


@true_vs_proxy.wrong("That looks like the number of the row once the rows with NaN are gone, but "
                     "the first column says which step it was. What is in that column?")
def row_of_those_asked(history):
    asked = history[~np.isnan(history[:, 2])]
    return asked[:, 2].argmax(), true_vs_proxy.function(history)[1]


@true_vs_proxy.wrong("If several steps are equally good, it takes the latest of them. The earliest "
                     "is nearer to the start, and safer. What does argmax do with equals, and did "
                     "you turn the rows round?")
def latest_of_equals(history):
    asked = history[~np.isnan(history[:, 2])]
    best = np.flatnonzero(asked[:, 2] == asked[:, 2].max())[-1]
    return asked[best, 0], asked[best, 2] - asked[-1, 2]


@true_vs_proxy.wrong("It stops where promise and feeling are nearest to each other. That is honest "
                     "but mostly the start, where nothing has been gained yet. When were people "
                     "happiest?")
def nearest(history):
    return stopped_at(history, np.nanargmin(np.abs(history[:, 1] - history[:, 2])))


@true_vs_proxy.wrong("The step is right, but the cost is counted in promises. By those, going on "
                     "costs nothing. Who pays the cost?")
def cost_in_promises(history):
    return stopped_at(history, np.nanargmax(history[:, 2]), judged=1)


@true_vs_proxy.wrong("The step is right, but the sign of the cost is turned: people lost something "
                     "by going on, so the cost is not negative. What minus what is it?")
def cost_with_the_wrong_sign(history):
    step, cost = true_vs_proxy.function(history)
    return step, -cost


@true_vs_proxy.wrong("The step is right, but the second number is what was *gained* since the "
                     "first look. The question is what was lost by going on. Which is the last row "
                     "where people were asked?")
def gain_instead_of_cost(history):
    asked = history[~np.isnan(history[:, 2])]
    return true_vs_proxy.function(history)[0], asked[:, 2].max() - asked[0, 2]


@true_vs_proxy.wrong("It stops at the first time that people were less happy than before. They "
                     "may become happier again later. Over which rows is the largest taken?")
def first_drop(history):
    asked = history[~np.isnan(history[:, 2])]
    drops = np.flatnonzero(np.diff(asked[:, 2]) < 0)
    best = drops[0] if len(drops) else len(asked) - 1
    return asked[best, 0], asked[best, 2] - asked[-1, 2]
