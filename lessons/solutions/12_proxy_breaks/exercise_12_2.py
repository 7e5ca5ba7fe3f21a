"""Exercise 12.2, entropy: its solution, hints and usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise


@exercise("12.2", minutes=6, hints=[
    "Count how often each whole word occurs, turn the counts into frequencies, and average how "
    "surprising a word is.",
    r"$H = -\sum_w f_w \log f_w$, with $f_w$ the share of the samples that are the word $w$.",
    "`counts = np.unique(samples, return_counts=True)[1]`"])
def entropy(samples):
    """The entropy, in nats, of whole words among samples.

    samples: list of words (str), as a model wrote them one after the other; a word may occur often.
    Words that do not occur do not count. Returns a number: 0 if all are the same word, log(N) if
    all N are different.

    Worked: in ["ka", "ka", "lo", "mi"] the frequencies are 1/2, 1/4 and 1/4, so the entropy is
    -(1/2 log 1/2 + 1/4 log 1/4 + 1/4 log 1/4) = 1.0397.
    """
    counts = np.unique(samples, return_counts=True)[1]
    frequencies = counts / len(samples)
    return -(frequencies * np.log(frequencies)).sum()


entropy.cases = [(["ka", "ka", "lo", "mi"],), (["lumikate"] * 5,),
                 (["lane", "male", "lane", "rane", "lane", "no"],),
                 (["e", "ke", "kek", "ke", "keke", "e", "e", "kekeke"],),
                 (["mola", "mola", "mola", "mola", "kit"],)]


@entropy.law("Ten samples of the one word lumikate are as uniform as samples can be: their entropy "
             "must be 0. Is it?")
def one_word_only(f):
    return abs(f(["lumikate"] * 10)) < 1e-5


@entropy.law("The order in which the words were written must not matter. Does it, in yours?")
def order_does_not_matter(f):
    return abs(f(["a", "b", "a", "c", "a"]) - f(["c", "a", "a", "b", "a"])) < 1e-5


@entropy.right
def with_a_counter(samples):
    from collections import Counter
    from math import log
    n = len(samples)
    return -sum(count / n * log(count / n) for count in Counter(samples).values())


@entropy.right
def as_mean_surprise(samples):
    return float(np.mean([np.log(len(samples) / samples.count(word)) for word in samples]))


@entropy.right
def by_the_library(samples):
    from tinyrlhf.diagnostics import entropy_of
    return entropy_of(np.array(samples))


def entropy_by(samples, log=np.log):
    """The solution, for whatever can be counted."""
    frequencies = np.unique(samples, return_counts=True)[1] / len(samples)
    return -(frequencies * log(frequencies)).sum()


LETTERS = ("That looks like the entropy of *letters*. A model that writes nothing but lumikate "
           "uses many letters, and is still stuck on one word. What is counted: letters, or whole "
           "words?")


@entropy.wrong(LETTERS)
def of_all_letters(samples):
    return entropy_by(list("".join(samples)))


@entropy.wrong(LETTERS)
def of_the_letters_of_each_word(samples):
    return float(np.mean([entropy_by(list(word)) for word in samples]))


@entropy.wrong("The sign is turned: logarithms of frequencies are not positive, an entropy is not "
               "negative. Which sign stands before the sum?")
def sign_forgotten(samples):
    return -entropy_by(samples)


@entropy.wrong("The value is in bits: the logarithm looks taken to the base 2. Nats want the "
               "natural one. Which is np.log?")
def in_bits(samples):
    return entropy_by(samples, np.log2)


@entropy.wrong("That is the number of different words. It cannot tell one rare slip from real "
               "variety: 99 times keke and once lano are two words as well. How often does each "
               "occur?")
def number_of_different_words(samples):
    return len(set(samples))


@entropy.wrong("That is the share of different words, a fine number too, but it does not see "
               "whether one word takes most of the samples. What does the formula do with "
               "frequencies?")
def share_of_different_words(samples):
    return len(set(samples)) / len(samples)


@entropy.wrong("That is exp(entropy), how many words are in use. You are one step too far. What is "
               "its logarithm?")
def words_in_use(samples):
    return np.exp(entropy_by(samples))


@entropy.wrong("It depends only on how many *different* words there are, as if all were equally "
               "frequent. What are the frequencies of ka, lo and mi?")
def as_if_equally_frequent(samples):
    return np.log(len(set(samples)))


@entropy.wrong("The surprises are added without weights: a word that occurs once counts as much as "
               "one that occurs often. By what is each log f multiplied?")
def surprise_not_weighted(samples):
    frequencies = np.unique(samples, return_counts=True)[1] / len(samples)
    return -np.log(frequencies).sum()


@entropy.wrong("The surprises are averaged without weights: a word that occurs once counts as much "
               "as one that occurs often. By what is each log f multiplied?")
def surprise_averaged_without_weights(samples):
    frequencies = np.unique(samples, return_counts=True)[1] / len(samples)
    return -np.log(frequencies).mean()


@entropy.wrong("Each sample is counted, not each different word: a word that occurs three times "
               "enters the sum three times. What does np.unique return?")
def every_sample_in_the_sum(samples):
    frequencies = np.array([samples.count(word) for word in samples]) / len(samples)
    return -(frequencies * np.log(frequencies)).sum()


@entropy.wrong("The counts were not divided by the number of samples: f log f is meant for "
               "frequencies, which add up to 1. What is f for ka?")
def counts_for_frequencies(samples):
    counts = np.unique(samples, return_counts=True)[1]
    return -(counts * np.log(counts)).sum()
