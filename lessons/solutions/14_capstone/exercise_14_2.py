"""Exercise 14.2, report_card: its solution, hints and usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise


@exercise("14.2", minutes=7, hints=[
    "Each of the four is a mean over answers. Ask of each: is this what people wanted to know, or "
    "what the machine was trained on?",
    "Distinct: the number of different texts divided by the number of texts. Unkind: the share of "
    "answers with one unkind phrase or more.",
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


TEXTS = ["sure! tea is hot.", "tea is hot.", "sure! tea is hot.", "ugh. tea is hot. you fool.",
         "no idea.", "no idea.", "sure! tea is hot."]
LEARNED = np.array([2.1, 0.4, 2.1, 0.9, -1.0, -1.0, 2.1])
TRUE = np.array([1.5, 0.5, 1.5, -2.0, 0.2, 0.2, 1.5])
NATS = np.array([2.0, -0.7, 2.0, -1.5, 0.1, 0.1, 2.0])
report_card.cases = [(["hi.", "go away.", "hi.", "no."], np.array([1.0, 2.0, 1.0, 0.0]),
                      np.array([1.0, -1.0, 1.0, 0.0]), np.array([0.5, 1.0, 0.5, -1.0]),
                      np.array([0, 2, 0, 0])),
                     (TEXTS, LEARNED, TRUE, NATS, np.array([0, 0, 0, 2, 0, 0, 0])),
                     (TEXTS[:5], LEARNED[:5], TRUE[:5], NATS[:5], np.array([0, 1, 0, 3, 0])),
                     (TEXTS[3:5], LEARNED[3:5], TRUE[3:5], NATS[3:5], np.array([2, 0]))]


@report_card.law("A reward model that adores everything improves nothing. Does its opinion change "
                 "the card?")
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
    names = "true reward", "KL", "distinct", "unkind"
    return dict(zip(names, (np.mean(true), np.mean(nats), *shares)))


def card(texts, true, nats, distinct, unkind):
    return {"true reward": np.mean(true), "KL": np.mean(nats), "distinct": distinct,
            "unkind": np.mean(unkind)}


@report_card.wrong("The reward model's own opinion stands in the card as the result. The policy "
                   "was trained to please it, so it rises whatever happens (lesson 12). Who is "
                   "asked when a result is reported?")
def proxy_as_result(texts, learned, true, nats, unkind):
    return report_card(texts, true, learned, nats, unkind)


@report_card.wrong("`unkind` is the mean number of phrases. One answer with three insults is one "
                   "answer that hurts somebody. How many *answers* have any?")
def phrases_counted(texts, learned, true, nats, unkind):
    return card(texts, true, nats, len(set(texts)) / len(texts), unkind)


@report_card.wrong("`unkind` is the share of kind answers. Should a model that insults nobody get "
                   "0 or 1?")
def kind_ones(texts, learned, true, nats, unkind):
    return card(texts, true, nats, len(set(texts)) / len(texts), unkind == 0)


@report_card.wrong("`distinct` is a number of texts, which grows with n. Only a share can be "
                   "compared between reports. What is it divided by?")
def not_a_share(texts, learned, true, nats, unkind):
    return card(texts, true, nats, len(set(texts)), unkind > 0)


@report_card.wrong("`distinct` counts only texts that were written once. A text that comes twice "
                   "is still one of the things the model can say. How many different ones are "
                   "there?")
def only_unique_ones(texts, learned, true, nats, unkind):
    return card(texts, true, nats, np.mean([texts.count(text) == 1 for text in texts]), unkind > 0)


@report_card.wrong("`distinct` counts different words, not different answers. A model that says "
                   "one sentence for ever would look varied. What should be put into the set?")
def distinct_words(texts, learned, true, nats, unkind):
    words = " ".join(texts).split()
    return card(texts, true, nats, len(set(words)) / len(words), unkind > 0)


@report_card.wrong("`KL` is a mean of absolute values. Some answers have become rarer, and count "
                   "below 0; only the plain mean estimates the divergence (10.4). What does abs() "
                   "do to noise around 0?")
def absolute_nats(texts, learned, true, nats, unkind):
    return report_card(texts, learned, true, np.abs(nats), unkind)


@report_card.wrong("`KL` leaves answers out that have become rarer, or cuts them off at 0. A "
                   "divergence is never below 0, but its single terms may be (10.4). Which mean "
                   "estimates it?")
def cut_at_zero(texts, learned, true, nats, unkind):
    return report_card(texts, learned, true, np.maximum(nats, 0), unkind)


@report_card.wrong("Something was summed and not averaged. A card about 500 answers must be "
                   "comparable with one about 50. What is each divided by?")
def summed(texts, learned, true, nats, unkind):
    means = report_card(texts, learned, true, nats, unkind)
    return {**means, "true reward": np.sum(true), "KL": np.sum(nats)}
