"""Exercise 14.5, responsible: its solution, hints and usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise


@exercise("14.5", minutes=6, extra=True, hints=[
    "A stage answers for what it added to the model that it was given, not for what it inherited.",
    "For each stage that began from another one: its value minus that one's value. Take the "
    "largest.",
    "`rise = {}`, then `for stage, before in came_from.items():`, then look up max() with a key"])
def responsible(values, came_from):
    """Which stage made it worse? The one in which something bad rose most above what it began with.

    values: {stage: how much of something bad its model has}. came_from: {stage: the stage whose
    model it began with}, None for the very first one, which nobody can be compared with. Several
    stages may begin with the same model. Returns the name of a stage.

    Worked: responsible({"base": 0.30, "SFT": 0.12, "RLHF": 0.02, "DPO": 0.15}, {"base": None,
    "SFT": "base", "RLHF": "SFT", "DPO": "SFT"}) is "DPO": it rose by 0.03, all others fell.
    """
    rise = {stage: values[stage] - values[before] for stage, before in came_from.items() if before}
    return max(rise, key=rise.get)


TREE = {"base": None, "SFT": "base", "RLHF": "SFT", "DPO": "SFT", "round 2": "RLHF"}
responsible.cases = [({"base": 0.30, "SFT": 0.12, "RLHF": 0.02, "DPO": 0.15},
                      {"base": None, "SFT": "base", "RLHF": "SFT", "DPO": "SFT"}),
                     *((dict(zip(TREE, values)), TREE) for values in (
                         (0.02, 0.03, 0.10, 0.12, 0.21), (0.02, 0.30, 0.31, 0.33, 0.35),
                         (0.50, 0.10, 0.11, 0.09, 0.10), (0.50, 0.20, 0.05, 0.24, 0.10)))]


@responsible.right
def stage_by_stage(values, came_from):
    worst, most = None, -np.inf
    for stage in values:
        before = came_from[stage]
        if before is not None and values[stage] - values[before] > most:
            worst, most = stage, values[stage] - values[before]
    return worst


@responsible.right
def sorted_by_rise(values, came_from):
    later = [stage for stage in came_from if came_from[stage] is not None]
    return sorted(later, key=lambda stage: values[came_from[stage]] - values[stage])[0]


@responsible.wrong("It names the stage with the highest value. That one may have inherited nearly "
                   "all of it. What was it before?")
def highest(values, came_from):
    return max(values, key=values.get)


@responsible.wrong("It compares each stage with the row above. DPO stands below RLHF in the table "
                   "and did not begin with it. Where does `came_from` say it began?")
def row_above(values, came_from):
    names = list(values)
    return max(names[1:], key=lambda stage: values[stage] - values[names[names.index(stage) - 1]])


@responsible.wrong("It names the stage that changed most, and a fall is a change too. Who "
                   "*lowered* something bad has not made it worse. Which sign should count?")
def largest_change(values, came_from):
    return max([stage for stage in values if came_from[stage]],
               key=lambda stage: abs(values[stage] - values[came_from[stage]]))


@responsible.wrong("It names the stage with the largest ratio. From 0.02 to 0.04 is twice as much "
                   "and hardly anything; what people get to see is the difference. Which one is "
                   "larger?")
def largest_ratio(values, came_from):
    return max([stage for stage in values if came_from[stage]],
               key=lambda stage: values[stage] / values[came_from[stage]])


@responsible.wrong("The very first stage is held against 0. What the corpus brought along is "
                   "nobody's doing here, and cannot be compared. Which stages began with a model?")
def first_against_nothing(values, came_from):
    return max(values, key=lambda stage: values[stage] - values.get(came_from[stage], 0))


@responsible.wrong("It names the stage that made it *better*. Something bad was measured: is a "
                   "rise good news?")
def best_stage(values, came_from):
    return min([stage for stage in values if came_from[stage]],
               key=lambda stage: values[stage] - values[came_from[stage]])
