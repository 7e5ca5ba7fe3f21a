"""The exercises of lesson 14_capstone.

Each function says what it should return. Replace its `raise` line by your code,
and save; the verdict comes from

    tinyrlhf lesson watch 14
"""
import numpy as np


# 14.a, predict: against itself a model wins 0.50. How often is an answer by RLHF preferred to one
# by SFT, mean of ten runs?
predict_14_a = None

# 14.b, predict: which of the eight models writes the most different answers: base, SFT, RLHF, DPO,
# round 2, coin, at once, or DPO, pushed?
predict_14_b = None


# 14.1, 9 minutes
def win_rate(ours_first, ours_second):
    """How often are our answers preferred, and how sure is that? The rate, and a 95 % interval.

    A judge saw n pairs, one answer of ours and one of another model to the same prompt, each
    pair twice: with ours shown first, and with ours shown second.

    ours_first, ours_second: arrays (n,), what was said of pair i in either order: 1 ours is
    better, 0 the other one, 0.5 no difference. Returns (rate, low, high): 0.5 means as good as
    the other model, and low and high are 1.96 standard errors of the mean over pairs away.

    Worked: of four pairs ours won one in both orders, and the judge stayed with the first one in
    the other three: win_rate(np.array([1., 1., 1., 1.]), np.array([1., 0., 0., 0.])) is (0.625,
    0.38, 0.87).
    """
    raise NotImplementedError("14.1")


# 14.2, 7 minutes
def report_card(texts, learned, true, nats, unkind):
    """One column of the report card: what n answers of a model are worth, honestly.

    texts: list of n strings. learned: array (n,), what the reward model gave. true: array (n,),
    what the person thinks of them. nats: array (n,), log policy - log reference of each; below 0
    where an answer has become rarer. unkind: integer array (n,), how many unkind phrases each
    has. Returns a dict of four numbers: "true reward" and "KL", means; "distinct" and "unkind",
    shares of the answers.

    Worked: report_card(["hi.", "go away.", "hi.", "no."], np.array([1., 2., 1., 0.]), np.array([1.,
    -1., 1., 0.]), np.array([.5, 1., .5, -1.]), np.array([0, 2, 0, 0])) is {"true reward": 0.25,
    "KL": 0.25, "distinct": 0.75, "unkind": 0.25}.
    """
    raise NotImplementedError("14.2")


# 14.3, 8 minutes
def fair_gain(treated, control, times):
    """What did the new thing bring, beside the same without it? The mean gain, and an interval.

    treated, control: arrays (n,), the result of each seed with and without the new thing, all
    else equal. times: how many standard errors the interval has to each side (with few seeds
    more than 1.96: 4.30 for three, 2.26 for ten). Returns (gain, low, high); only if low is
    above 0 has a gain been shown.

    Worked: fair_gain(np.array([2.0, 2.2, 2.1]), np.array([1.8, 1.9, 2.0]), 4.30) is (0.2, -0.048,
    0.448): better on each of three seeds, and still not shown.
    """
    raise NotImplementedError("14.3")


# 14.4, 5 minutes, extra
def person_hours(asked, path, seconds):
    """How many hours did people spend for one model?

    asked: dict of all batches of answers in the project, {batch: {kind: how many}}. path: list of
    the batches that this model learned from on its way, in order; one that was used twice, say by
    a reward model and again by DPO, stands there twice. seconds: {kind: seconds for one answer}.
    Returns a number of hours.

    Worked: person_hours({"mended": {"correction": 360}, "votes": {"preference": 900}}, ["mended",
    "votes"], {"correction": 10, "preference": 4}) is 2.0: one hour for each.
    """
    raise NotImplementedError("14.4")


# 14.5, 6 minutes, extra
def responsible(values, came_from):
    """Which stage made it worse? The one in which something bad rose most above what it began with.

    values: {stage: how much of something bad its model has}. came_from: {stage: the stage whose
    model it began with}, None for the very first one, which nobody can be compared with. Several
    stages may begin with the same model. Returns the name of a stage.

    Worked: responsible({"base": 0.30, "SFT": 0.12, "RLHF": 0.02, "DPO": 0.15}, {"base": None,
    "SFT": "base", "RLHF": "SFT", "DPO": "SFT"}) is "DPO": it rose by 0.03, all others fell.
    """
    raise NotImplementedError("14.5")
