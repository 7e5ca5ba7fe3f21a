"""Exercise 9.3, sequence_logp: its solution, hints and usual mistakes."""
import numpy as np

from tinyrlhf.games.words import LETTERS
from tinyrlhf.teaching import exercise, near

from .exercise_9_1 import next_char_nll
from .exercise_9_2 import logits_for


@exercise("9.3", minutes=6, hints=[
    "The chance of a word is the chance of its first letter, times that of the second after the "
    "first, and so on, times that of the end mark after all of them. Logarithms turn the product "
    "into a sum.",
    "sum over i of log p(letter i | letters before i), plus log p(end mark | the whole word); log "
    "p[v] = z[v] - log(sum of exp(z)).",
    "`numbers = [1 + LETTERS.index(letter) for letter in word] + [0]`, then a loop over their "
    "places i with `logits = model(word[:i])`; np.logaddexp.reduce(logits) is a safe log(sum of "
    "exp)"])
def sequence_logp(model, word):
    """How likely is it that the model writes exactly this word? The logarithm of that chance, log
    p(word).

    model: as in 9.2, a function; model(text) gives an array (18,) of logits of any size for what
    follows this text; number 0 is the end mark, number i the letter LETTERS[i - 1]. word: a string
    of up to nine letters. Returns a number, at most 0.

    Worked: for a model that gives all 18 the same chance, sequence_logp(model, "la") is -8.671,
    which is 3 log(1/18): two letters, and the end mark.
    """
    total = 0.0
    for i, number in enumerate([1 + LETTERS.index(letter) for letter in word] + [0]):
        logits = model(word[:i])
        total += logits[number] - np.logaddexp.reduce(logits)
    return total


def all_alike(text):
    return np.zeros(1 + len(LETTERS))


def opinionated(text, sharpness=1.5):
    """Logits that depend on every letter of the text."""
    return sharpness * np.random.default_rng([len(text), *map(ord, text)]).normal(size=1
                                                                                  + len(LETTERS))


def over_sure(text):
    return opinionated(text, 900.0)


sequence_logp.cases = [(all_alike, "la"), (opinionated, "merola"), (opinionated, ""),
                       (opinionated, "kit"), (opinionated, "naan"), (over_sure, "pomel")]


@sequence_logp.law("A model that writes at most two letters, a or e, can write seven words. Their "
                   "chances must add up to 1. Do they?")
def chances_of_all_words_add_up(f):
    def model(text):
        return logits_for(end=0.5, **({} if len(text) == 2 else {"a": len(text), "e": -1.0}))

    return near(sum(np.exp(f(model, word))
                    for word in ("", "a", "e", "aa", "ae", "ea", "ee")), 1)


@sequence_logp.right
def by_the_loss(model, word):
    rows = np.array([[model(word[:i]) for i in range(len(word) + 1)]])
    return -(len(word) + 1) * next_char_nll(rows, np.array([[1 + LETTERS.index(letter)
                                                             for letter in word] + [0]]))


@sequence_logp.right
def by_the_library_s_log_softmax(model, word):
    from tinyrlhf.numerics import log_softmax
    numbers = [*map(("." + LETTERS).index, word), 0]
    return sum(log_softmax(model(word[:i]))[number] for i, number in enumerate(numbers))


def steps(model, word, seen=lambda text: text, first=1, numbers=None):
    """The log-probability of each letter and of the end mark, with a part exchanged."""
    numbers = [first + LETTERS.index(letter)
               for letter in word] + [0] if numbers is None else numbers
    rows = [np.asarray(model(seen(word[:i])), float) for i in range(len(numbers))]
    return np.array([row[number] - np.logaddexp.reduce(row) for row, number in zip(rows, numbers)])


@sequence_logp.wrong("The end mark is left out: this is the chance that the model *begins* with "
                     "these letters. Short words look likely then, and win whenever texts are "
                     "compared: \"la\" would always beat \"lan\". Which action comes after the "
                     "last letter?")
def end_mark_left_out(model, word):
    return steps(model, word)[:-1].sum()


AVERAGED = ("It is a mean over the letters. The chances multiply, so the logarithms add up; a mean "
            "makes a long text as likely as a short one. What is log(0.1 * 0.1)?")


@sequence_logp.wrong(AVERAGED)
def mean_over_the_letters(model, word):
    return steps(model, word).mean()


@sequence_logp.wrong(AVERAGED)
def sum_over_the_letters_of_the_word(model, word):
    return steps(model, word).sum() / max(len(word), 1)


@sequence_logp.wrong("That is the chance itself, not its logarithm. For a text of a page the "
                     "chance is too small for a computer; its logarithm is a plain number. Where "
                     "does the logarithm belong?")
def the_chance(model, word):
    return np.exp(steps(model, word).sum())


SMALL = ("It is right until a chance is too small, or exp() of a logit too large, for a computer. "
         "The logarithm there is a plain number, some hundreds or thousands below zero. Can you "
         "add up logarithms, without forming any chance?")


@sequence_logp.wrong(SMALL)
def logarithm_of_a_product(model, word):
    return np.log(np.prod(np.exp(steps(model, word))))


@sequence_logp.wrong(SMALL)
def softmax_overflows(model, word):
    rows = [np.asarray(model(word[:i])) for i in range(len(word) + 1)]
    numbers = [1 + LETTERS.index(letter) for letter in word] + [0]
    return sum(np.log(np.exp(row[number]) / np.exp(row).sum())
               for row, number in zip(rows, numbers))


@sequence_logp.wrong(SMALL)
def logarithm_of_a_stable_softmax(model, word):
    return sum(np.log(np.exp(each)) for each in steps(model, word))


@sequence_logp.wrong("The sign is reversed: that is the surprise at the word. A chance is at most "
                     "1. On which side of 0 is its logarithm?")
def surprise(model, word):
    return -steps(model, word).sum()


@sequence_logp.wrong("The model has already seen the letter that it should foretell: its text "
                     "reaches one letter too far. What stands on the page when the first letter is "
                     "drawn?")
def sees_the_answer(model, word):
    numbers = [1 + LETTERS.index(letter) for letter in word] + [0]
    rows = [np.asarray(model(word[:i + 1]), float) for i in range(len(numbers))]
    return sum(row[number] - np.logaddexp.reduce(row) for row, number in zip(rows, numbers))


@sequence_logp.wrong("Only the last letter is shown to the model. The state is the whole text "
                     "before the letter; how much of it a model uses is its own affair. What is "
                     "the argument of `model`?")
def model_sees_the_last_letter_only(model, word):
    return steps(model, word, seen=lambda text: text[-1:]).sum()


@sequence_logp.wrong("The model is always asked about the empty text, as if the letters did not "
                     "depend on each other. What stands on the page before the second letter?")
def letters_by_themselves(model, word):
    return steps(model, word, seen=lambda text: "").sum()


@sequence_logp.wrong("All letters are wrong by one: number 0 is the end mark, so the first letter "
                     "has number 1. Which number has the letter at place i of LETTERS?")
def letter_numbers_off_by_one(model, word):
    return steps(model, word, first=0).sum()


RAW = ("The logits are added up as they are. They are no log-probabilities yet: their exp() does "
       "not add up to 1. What has to be subtracted at each place?")


@sequence_logp.wrong(RAW)
def raw_logits_without_the_end(model, word):
    return sum(np.asarray(model(word[:i]))[1 + LETTERS.index(letter)]
               for i, letter in enumerate(word))


@sequence_logp.wrong(RAW)
def raw_logits_of_the_word(model, word):
    numbers = [1 + LETTERS.index(letter) for letter in word] + [0]
    return sum(np.asarray(model(word[:i]))[number] for i, number in enumerate(numbers))
