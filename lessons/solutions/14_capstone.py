"""Exercises of lesson 14, the capstone: solutions, hints, usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise


# ---- 14.1

@exercise("14.1", minutes=9, hints=[
    "One number for each pair first: how often ours was preferred in its two orders. The pairs are what is "
    "independent, so the interval comes from their spread.",
    r"$w_i = (a_i + b_i) / 2$; rate $\bar w$; interval $\bar w \pm 1.96 \, s / \sqrt n$, where $s$ is the standard "
    "deviation of the $w_i$ with n - 1.",
    "`pairs = (ours_first + ours_second) / 2`, then look up the argument ddof of std()"])
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
    pairs = (ours_first + ours_second) / 2
    half = 1.96 * pairs.std(ddof=1) / np.sqrt(len(pairs))
    return pairs.mean(), pairs.mean() - half, pairs.mean() + half


FIRST = np.array([1.0, 1.0, 0.5, 1.0, 0.0, 1.0, 1.0, 0.5, 1.0])
SECOND = np.array([1.0, 0.0, 0.5, 1.0, 0.0, 0.5, 1.0, 0.0, 0.0])
win_rate.cases = [(np.ones(4), np.array([1.0, 0.0, 0.0, 0.0])), (FIRST, SECOND), (SECOND, FIRST[::-1]),
                  (1 - FIRST, np.array([0.0, 0.0, 0.5, 0.0, 0.0, 0.0, 1.0, 0.5, 0.0]))]


@win_rate.law("A judge who always takes what stands first knows nothing of the models: the rate is 0.5. Is it?")
def first_is_no_merit(f):
    return abs(f(np.ones(6), np.zeros(6))[0] - 0.5) < 1e-9


@win_rate.law("Seen from the other model's side the rate is 1 - rate, and the interval as wide. Are they?")
def other_side(f):
    rate, low, high = f(FIRST, SECOND)
    other, other_low, other_high = f(1 - SECOND, 1 - FIRST)
    return np.allclose([other, other_low, other_high], [1 - rate, 1 - high, 1 - low])


@win_rate.right
def pair_by_pair(ours_first, ours_second):
    n, pairs = len(ours_first), [(a + b) / 2 for a, b in zip(ours_first, ours_second)]
    rate = sum(pairs) / n
    variance = sum((each - rate) ** 2 for each in pairs) / (n - 1)
    return rate, rate - 1.96 * (variance / n) ** 0.5, rate + 1.96 * (variance / n) ** 0.5


@win_rate.right
def by_covariance(ours_first, ours_second):
    both = np.stack([ours_first, ours_second])
    error = np.sqrt(np.cov(both).sum() / 4 / both.shape[1])
    return tuple(both.mean() + 1.96 * error * np.array([0, -1, 1]))


def rate_and_interval(values, error):
    return np.mean(values), np.mean(values) - 1.96 * error, np.mean(values) + 1.96 * error


@win_rate.wrong("It looks at one order only. Many judges lean to what stands first, and then any model wins that is "
                "shown there. What was said with ours in second place?")
def one_order(ours_first, ours_second):
    return win_rate(ours_first, ours_first)


@win_rate.wrong("Pairs without a winner were dropped. Two models that nearly always write the same would then seem "
                "far apart. What does a pair count in which the judge saw no difference, or went by the place?")
def ties_dropped(ours_first, ours_second):
    kept = ours_first + ours_second != 1
    return win_rate(ours_first[kept], ours_second[kept]) if kept.sum() > 1 else (0.5, 0.5, 0.5)


@win_rate.wrong("Pairs without a winner count as won. Two equal models would then both beat each other. What is half "
                "of the way between winning and losing?")
def ties_are_wins(ours_first, ours_second):
    won = (ours_first + ours_second >= 1).astype(float)
    return win_rate(won, won)


@win_rate.wrong("Pairs without a winner count as lost. Two equal models would then both lose to each other. What is "
                "half of the way between winning and losing?")
def ties_are_losses(ours_first, ours_second):
    won = (ours_first + ours_second > 1).astype(float)
    return win_rate(won, won)


@win_rate.wrong("The interval takes the two orders of a pair for two independent pairs. But they show the same two "
                "answers: who wins in one order mostly wins in the other. How many pairs were there?")
def orders_as_pairs(ours_first, ours_second):
    both = np.concatenate([ours_first, ours_second])
    return rate_and_interval(both, both.std(ddof=1) / np.sqrt(len(both)))


@win_rate.wrong("That is the spread of single pairs, not the uncertainty of their mean. A mean of many pairs is much "
                "surer than one pair. By the root of what is the spread divided?")
def spread_of_pairs(ours_first, ours_second):
    pairs = (ours_first + ours_second) / 2
    return rate_and_interval(pairs, pairs.std(ddof=1))


@win_rate.wrong("The interval is one standard error wide to each side, which holds in 68 % of cases. How many are it "
                "for 95 %?")
def one_standard_error(ours_first, ours_second):
    rate, low, high = win_rate(ours_first, ours_second)
    return rate, rate - (rate - low) / 1.96, rate + (high - rate) / 1.96


@win_rate.wrong("The interval is that of tosses that can only be won or lost, sqrt(p (1 - p) / n). A pair here may be "
                "half won, and then spreads less. What is the standard deviation of the pairs themselves?")
def as_tosses(ours_first, ours_second):
    pairs = (ours_first + ours_second) / 2
    return rate_and_interval(pairs, np.sqrt(pairs.mean() * (1 - pairs.mean()) / len(pairs)))


@win_rate.wrong("The standard deviation divides by n. The mean was found from the same pairs, which makes them look "
                "closer to it than they are. What is it for few pairs, n or n - 1?")
def divided_by_n(ours_first, ours_second):
    pairs = (ours_first + ours_second) / 2
    return rate_and_interval(pairs, pairs.std() / np.sqrt(len(pairs)))


@win_rate.wrong("The second array was turned round, as if it said how often the *other* one won. Both arrays are about "
                "ours. Which judge would then always get 0.5?")
def second_turned_round(ours_first, ours_second):
    return win_rate(ours_first, 1 - ours_second)


@win_rate.wrong("That is how often the other model wins. Whose rate was asked for?")
def theirs(ours_first, ours_second):
    return win_rate(1 - ours_first, 1 - ours_second)


# ---- 14.2

@exercise("14.2", minutes=7, hints=[
    "Each of the four is a mean over answers. Ask of each: is this what people wanted to know, or what the machine "
    "was trained on?",
    "Distinct: the number of different texts divided by the number of texts. Unkind: the share of answers with one "
    "unkind phrase or more.",
    '`return {"true reward": np.mean(true), "KL": np.mean(nats), ...}` and look up set()'])
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
    return {"true reward": np.mean(true), "KL": np.mean(nats),
            "distinct": len(set(texts)) / len(texts), "unkind": np.mean(unkind > 0)}


TEXTS = ["sure! tea is hot.", "tea is hot.", "sure! tea is hot.", "ugh. tea is hot. you fool.", "no idea.",
         "no idea.", "sure! tea is hot."]
LEARNED = np.array([2.1, 0.4, 2.1, 0.9, -1.0, -1.0, 2.1])
TRUE = np.array([1.5, 0.5, 1.5, -2.0, 0.2, 0.2, 1.5])
NATS = np.array([2.0, -0.7, 2.0, -1.5, 0.1, 0.1, 2.0])
report_card.cases = [(["hi.", "go away.", "hi.", "no."], np.array([1.0, 2.0, 1.0, 0.0]),
                      np.array([1.0, -1.0, 1.0, 0.0]), np.array([0.5, 1.0, 0.5, -1.0]), np.array([0, 2, 0, 0])),
                     (TEXTS, LEARNED, TRUE, NATS, np.array([0, 0, 0, 2, 0, 0, 0])),
                     (TEXTS[:5], LEARNED[:5], TRUE[:5], NATS[:5], np.array([0, 1, 0, 3, 0])),
                     (TEXTS[3:5], LEARNED[3:5], TRUE[3:5], NATS[3:5], np.array([2, 0]))]


@report_card.law("A reward model that adores everything improves nothing. Does its opinion change the card?")
def flattery_changes_nothing(f):
    arguments = TRUE, NATS, np.zeros(7, int)
    return f(TEXTS, LEARNED, *arguments) == f(TEXTS, LEARNED + 100, *arguments)


@report_card.right
def by_counting(texts, learned, true, nats, unkind):
    n, seen, bad = len(texts), [], 0
    for text, phrases in zip(texts, unkind):
        bad += 1 if phrases else 0
        if text not in seen:
            seen.append(text)
    return {"unkind": bad / n, "distinct": len(seen) / n, "KL": float(sum(nats)) / n,
            "true reward": float(sum(true)) / n}


@report_card.right
def with_numpy(texts, learned, true, nats, unkind):
    shares = len(np.unique(texts)) / len(texts), np.count_nonzero(unkind) / len(unkind)
    return dict(zip(("true reward", "KL", "distinct", "unkind"), (np.mean(true), np.mean(nats), *shares)))


def card(texts, true, nats, distinct, unkind):
    return {"true reward": np.mean(true), "KL": np.mean(nats), "distinct": distinct, "unkind": np.mean(unkind)}


@report_card.wrong("The reward model's own opinion stands in the card as the result. The policy was trained to please "
                   "it, so it rises whatever happens (lesson 12). Who is asked when a result is reported?")
def proxy_as_result(texts, learned, true, nats, unkind):
    return report_card(texts, true, learned, nats, unkind)


@report_card.wrong("`unkind` is the mean number of phrases. One answer with three insults is one answer that hurts "
                   "somebody. How many *answers* have any?")
def phrases_counted(texts, learned, true, nats, unkind):
    return card(texts, true, nats, len(set(texts)) / len(texts), unkind)


@report_card.wrong("`unkind` is the share of kind answers. Should a model that insults nobody get 0 or 1?")
def kind_ones(texts, learned, true, nats, unkind):
    return card(texts, true, nats, len(set(texts)) / len(texts), unkind == 0)


@report_card.wrong("`distinct` is a number of texts, which grows with n. Only a share can be compared between reports. "
                   "What is it divided by?")
def not_a_share(texts, learned, true, nats, unkind):
    return card(texts, true, nats, len(set(texts)), unkind > 0)


@report_card.wrong("`distinct` counts only texts that were written once. A text that comes twice is still one of the "
                   "things the model can say. How many different ones are there?")
def only_unique_ones(texts, learned, true, nats, unkind):
    return card(texts, true, nats, np.mean([texts.count(text) == 1 for text in texts]), unkind > 0)


@report_card.wrong("`distinct` counts different words, not different answers. A model that says one sentence for ever "
                   "would look varied. What should be put into the set?")
def distinct_words(texts, learned, true, nats, unkind):
    words = " ".join(texts).split()
    return card(texts, true, nats, len(set(words)) / len(words), unkind > 0)


@report_card.wrong("`KL` is a mean of absolute values. Some answers have become rarer, and count below 0; only the "
                   "plain mean estimates the divergence (10.4). What does abs() do to noise around 0?")
def absolute_nats(texts, learned, true, nats, unkind):
    return report_card(texts, learned, true, np.abs(nats), unkind)


@report_card.wrong("`KL` leaves answers out that have become rarer, or cuts them off at 0. A divergence is never below "
                   "0, but its single terms may be (10.4). Which mean estimates it?")
def cut_at_zero(texts, learned, true, nats, unkind):
    return report_card(texts, learned, true, np.maximum(nats, 0), unkind)


@report_card.wrong("Something was summed and not averaged. A card about 500 answers must be comparable with one about "
                   "50. What is each divided by?")
def summed(texts, learned, true, nats, unkind):
    return {**report_card(texts, learned, true, nats, unkind), "true reward": np.sum(true), "KL": np.sum(nats)}


# ---- 14.3

@exercise("14.3", minutes=8, hints=[
    "Both runs of a seed share its pretrained model, its luck and its person. Subtract first, seed by seed; then "
    "average.",
    r"$d_i = t_i - c_i$; gain $\bar d$; interval $\bar d \pm q \, s_d / \sqrt n$ with $q$ = `times`.",
    "`differences = treated - control`, then as in 14.1"])
def fair_gain(treated, control, times):
    """What did the new thing bring, beside the same without it? The mean gain over n seeds, and an interval.

    treated, control: arrays (n,), the result of each seed with and without the new thing, all
    else equal. times: how many standard errors the interval has to each side (with few seeds
    more than 1.96: 4.30 for three, 2.26 for ten). Returns (gain, low, high); only if low is
    above 0 has a gain been shown.

    Worked: fair_gain(np.array([2.0, 2.2, 2.1]), np.array([1.8, 1.9, 2.0]), 4.30) is (0.2, -0.048,
    0.448): better on each of three seeds, and still not shown.
    """
    differences = treated - control
    half = times * differences.std(ddof=1) / np.sqrt(len(differences))
    return differences.mean(), differences.mean() - half, differences.mean() + half


AFTER = np.array([2.10, 1.95, 2.31, 2.02, 2.20])
WITHOUT = np.array([1.90, 1.88, 2.25, 1.70, 2.21])
fair_gain.cases = [(np.array([2.0, 2.2, 2.1]), np.array([1.8, 1.9, 2.0]), 4.30), (AFTER, WITHOUT, 2.78),
                   (WITHOUT, AFTER, 2.78), (np.array([0.12, 0.31, 0.05, 0.44]), np.array([0.5, 0.1, 0.2, 0.3]), 3.18)]


@fair_gain.law("What both runs of a seed share is no gain: 5 more for both on one seed changes nothing. Does it?")
def shared_luck_cancels(f):
    luck = np.array([0.0, 5.0, 0.0, -2.0, 0.0])
    return np.allclose(f(AFTER + luck, WITHOUT + luck, 2.78), f(AFTER, WITHOUT, 2.78))


@fair_gain.right
def seed_by_seed(treated, control, times):
    gains = [one - other for one, other in zip(treated, control)]
    mean = sum(gains) / len(gains)
    error = (sum((gain - mean) ** 2 for gain in gains) / (len(gains) - 1) / len(gains)) ** 0.5
    return mean, mean - times * error, mean + times * error


@fair_gain.right
def by_variances(treated, control, times):
    (one, both), (_, other) = np.cov(treated, control)
    error = np.sqrt((one + other - 2 * both) / len(treated))
    return tuple(np.mean(treated) - np.mean(control) + times * error * np.array([0, -1, 1]))


def gain_and_interval(gain, half):
    return gain, gain - half, gain + half


@fair_gain.wrong("The seeds were not paired: the interval is that of two groups that have nothing in common. But both "
                 "runs of a seed share its luck, which cancels if one subtracts first. Which differences spread?")
def unpaired(treated, control, times):
    error = np.sqrt((treated.var(ddof=1) + control.var(ddof=1)) / len(treated))
    return gain_and_interval(treated.mean() - control.mean(), times * error)


@fair_gain.wrong("It compares the best seed with the mean of the control. With enough seeds anything wins like that. "
                 "Which seeds count?")
def best_seed(treated, control, times):
    _, low, high = fair_gain(treated, control, times)
    return gain_and_interval(treated.max() - control.mean(), (high - low) / 2)


@fair_gain.wrong("It compares the best seed of one with the best of the other. The best of many tells of luck. Which "
                 "seeds count?")
def best_against_best(treated, control, times):
    _, low, high = fair_gain(treated, control, times)
    return gain_and_interval(treated.max() - control.max(), (high - low) / 2)


@fair_gain.wrong("The control is missing: that is the result, not the gain. Without the new thing most of it would "
                 "have come as well. What is subtracted?")
def no_control(treated, control, times):
    return fair_gain(treated, np.zeros(len(treated)), times)


@fair_gain.wrong("The sign is reversed: a gain comes out as a loss. Which one is subtracted from which?")
def reversed_sign(treated, control, times):
    return fair_gain(control, treated, times)


@fair_gain.wrong("That is the spread of the seeds, not the uncertainty of their mean, which shrinks with more seeds. By "
                 "the root of what is it divided?")
def spread_of_seeds(treated, control, times):
    differences = treated - control
    return gain_and_interval(differences.mean(), times * differences.std(ddof=1))


@fair_gain.wrong("The standard deviation divides by n, which flatters where seeds are few. What is it, n or n - 1?")
def divided_by_n_seeds(treated, control, times):
    differences = treated - control
    return gain_and_interval(differences.mean(), times * differences.std() / np.sqrt(len(differences)))


@fair_gain.wrong("It takes 1.96 standard errors whatever `times` says. With three seeds the spread itself is hardly "
                 "known, and 95 % needs 4.30. Which number belongs there?")
def always_two(treated, control, times):
    return fair_gain(treated, control, 1.96)


@fair_gain.wrong("It is a gain in per cent of the control. True rewards have no natural zero, so a percentage means "
                 "nothing (lesson 6). In which unit is a difference?")
def per_cent(treated, control, times):
    return fair_gain(treated / control, np.ones(len(control)), times)


# ---- 14.4

@exercise("14.4", minutes=5, extra=True, hints=[
    "Which batches of answers did this model learn from, itself or through the model it began from? Each of them was "
    "given once, and cost its time once.",
    "Sum over the *different* batches of n times seconds, over all kinds in it, divided by 3600.",
    "`for batch in set(path):` and in it `for kind, n in asked[batch].items():`"])
def person_hours(asked, path, seconds):
    """How many hours did people spend for one model?

    asked: dict of all batches of answers in the project, {batch: {kind: how many}}. path: list of
    the batches that this model learned from on its way, in order; one that was used twice, say by
    a reward model and again by DPO, stands there twice. seconds: {kind: seconds for one answer}.
    Returns a number of hours.

    Worked: person_hours({"mended": {"correction": 360}, "votes": {"preference": 900}}, ["mended",
    "votes"], {"correction": 10, "preference": 4}) is 2.0: one hour for each.
    """
    return sum(n * seconds[kind] for batch in set(path) for kind, n in asked[batch].items()) / 3600


ASKED = {"mended": {"correction": 2000}, "votes": {"preference": 1000, "rating": 150},
         "votes 2": {"preference": 500}, "checks": {"rating": 700}}
SECONDS = {"correction": 10, "preference": 4, "rating": 3}
person_hours.cases = [({"mended": {"correction": 360}, "votes": {"preference": 900}}, ["mended", "votes"],
                       {"correction": 10, "preference": 4}),
                      (ASKED, ["mended"], SECONDS), (ASKED, ["mended", "votes", "votes 2"], SECONDS),
                      (ASKED, ["mended", "votes", "votes"], SECONDS), (ASKED, [], SECONDS)]


@person_hours.right
def batch_by_batch(asked, path, seconds):
    total, counted = 0, []
    for batch in path:
        if batch not in counted:
            counted.append(batch)
            total += sum(seconds[kind] * asked[batch][kind] for kind in asked[batch])
    return total / 60 / 60


@person_hours.right
def over_all_batches(asked, path, seconds):
    return sum((batch in path) * n * seconds[kind] / 3600
               for batch, kinds in asked.items() for kind, n in kinds.items())


@person_hours.wrong("It counts what people said for *other* models too. Which batches did this one learn from?")
def whole_project(asked, path, seconds):
    return person_hours(asked, list(asked), seconds)


@person_hours.wrong("It counts the last batch only. The model stands on all that was asked before it: whoever wants to "
                    "repeat it must pay for that as well. What else is on its path?")
def last_batch(asked, path, seconds):
    return person_hours(asked, path[-1:], seconds)


@person_hours.wrong("A batch that was used twice is paid twice. People said it once, and that is why DPO and a reward "
                    "model can be compared on equal answers. How often was it asked for?")
def used_twice_paid_twice(asked, path, seconds):
    return sum(person_hours(asked, [batch], seconds) for batch in path)


@person_hours.wrong("That is in seconds or minutes. How many seconds has an hour?")
def in_minutes(asked, path, seconds):
    return 60 * person_hours(asked, path, seconds)


@person_hours.wrong("That is in seconds. How many of them has an hour?")
def in_seconds(asked, path, seconds):
    return 3600 * person_hours(asked, path, seconds)


@person_hours.wrong("All answers cost the same. A correction takes longer than a preference: `seconds` says how long "
                    "each kind takes. Which kind is looked up?")
def one_price(asked, path, seconds):
    return person_hours(asked, path, dict.fromkeys(seconds, max(seconds.values())))


@person_hours.wrong("It counts answers and not the time they take. What is each multiplied by?")
def answers_counted(asked, path, seconds):
    return person_hours(asked, path, dict.fromkeys(seconds, 3600))


# ---- 14.5

@exercise("14.5", minutes=6, extra=True, hints=[
    "A stage answers for what it added to the model that it was given, not for what it inherited.",
    "For each stage that began from another one: its value minus that one's value. Take the largest.",
    "`rise = {stage: values[stage] - values[before] for stage, before in came_from.items() if before}`"])
def responsible(values, came_from):
    """Which stage made it worse? The one in which something bad rose most above what it began with.

    values: {stage: how much of something bad its model has}. came_from: {stage: the stage whose
    model it began with}, None for the very first one, which nobody can be compared with. Several
    stages may begin with the same model. Returns the name of a stage.

    Worked: responsible({"base": 0.30, "SFT": 0.12, "RLHF": 0.02, "DPO": 0.15}, {"base": None, "SFT":
    "base", "RLHF": "SFT", "DPO": "SFT"}) is "DPO": it rose by 0.03, all others fell.
    """
    rise = {stage: values[stage] - values[before] for stage, before in came_from.items() if before}
    return max(rise, key=rise.get)


TREE = {"base": None, "SFT": "base", "RLHF": "SFT", "DPO": "SFT", "round 2": "RLHF"}
responsible.cases = [({"base": 0.30, "SFT": 0.12, "RLHF": 0.02, "DPO": 0.15},
                      {"base": None, "SFT": "base", "RLHF": "SFT", "DPO": "SFT"}),
                     ({"base": 0.02, "SFT": 0.03, "RLHF": 0.10, "DPO": 0.12, "round 2": 0.21}, TREE),
                     ({"base": 0.02, "SFT": 0.30, "RLHF": 0.31, "DPO": 0.33, "round 2": 0.35}, TREE),
                     ({"base": 0.50, "SFT": 0.10, "RLHF": 0.11, "DPO": 0.09, "round 2": 0.10}, TREE),
                     ({"base": 0.50, "SFT": 0.20, "RLHF": 0.05, "DPO": 0.24, "round 2": 0.10}, TREE)]


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


@responsible.wrong("It names the stage with the highest value. That one may have inherited nearly all of it. What was "
                   "it before?")
def highest(values, came_from):
    return max(values, key=values.get)


@responsible.wrong("It compares each stage with the row above. DPO stands below RLHF in the table and did not begin with "
                   "it. Where does `came_from` say it began?")
def row_above(values, came_from):
    names = list(values)
    return max(names[1:], key=lambda stage: values[stage] - values[names[names.index(stage) - 1]])


@responsible.wrong("It names the stage that changed most, and a fall is a change too. Who *lowered* something bad has "
                   "not made it worse. Which sign should count?")
def largest_change(values, came_from):
    return max([stage for stage in values if came_from[stage]],
               key=lambda stage: abs(values[stage] - values[came_from[stage]]))


@responsible.wrong("It names the stage with the largest ratio. From 0.02 to 0.04 is twice as much and hardly anything; "
                   "what people get to see is the difference. Which one is larger?")
def largest_ratio(values, came_from):
    return max([stage for stage in values if came_from[stage]],
               key=lambda stage: values[stage] / values[came_from[stage]])


@responsible.wrong("The very first stage is held against 0. What the corpus brought along is nobody's doing here, and "
                   "cannot be compared. Which stages began with a model?")
def first_against_nothing(values, came_from):
    return max(values, key=lambda stage: values[stage] - values.get(came_from[stage], 0))


@responsible.wrong("It names the stage that made it *better*. Something bad was measured: is a rise good news?")
def best_stage(values, came_from):
    return min([stage for stage in values if came_from[stage]],
               key=lambda stage: values[stage] - values[came_from[stage]])
