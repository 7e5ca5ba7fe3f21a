"""The exercises of lesson 09_language_game.

Each function says what it should return. Replace its `raise` line by your code,
and let the grader look:

    pytest lessons/09_language_game            add --hints when stuck
"""
import numpy as np
from tinyrlhf.games.words import LETTERS


# 9.a, predict: before fine-tuning 20 % of the answers begin politely. How many percent after fifty
# dialogues?
predict_9_a = None

# 9.b, predict: with two meanings, labels and thumbs both come to 97 % after 2560 reviews. With
# twelve, labels come to 82 %, and thumbs?
predict_9_b = None


# 9.1, 7 minutes
def next_char_nll(logits, targets):
    """How surprised is a model by a batch of texts? The mean over all their letters of -log
    p(letter), in nats.

    logits: array (B, T, V), the model's numbers for each of V characters at each of T places in B
    texts, of any size. targets: integers (B, T), the characters that stand there: targets[b, t] is
    what logits[b, t] should have foretold. Returns a number.

    Worked: at both places of one text the logits are log(3) and 0, so the chances are 3 : 1.
    Character 0 comes, then character 1: next_char_nll(np.array([[[1.0986, 0.], [1.0986, 0.]]]),
    np.array([[0, 1]])) is 0.837, the mean of -log 0.75 and -log 0.25.
    """
    raise NotImplementedError("9.1")


# 9.2, 7 minutes
def sample_word(model, rng, temperature):
    """Write one word: draw letter after letter, until the end mark is drawn or there are ten
    letters.

    model: a function. model(text) gives an array (18,) of logits for what follows this text, a
    string, "" at the beginning: number 0 is the end mark, number i the letter LETTERS[i - 1]. rng:
    a np.random.Generator; take all randomness from it. temperature: the logits are divided by it;
    below 1 likely letters become likelier, above 1 all become more alike. Returns the word, a
    string without end mark.

    Worked: a model that is sure of "l", then of "a", "n", "o", and then of the end mark, writes
    "lano" at any temperature.
    """
    raise NotImplementedError("9.2")


# 9.3, 6 minutes
def sequence_logp(model, word):
    """How likely is it that the model writes exactly this word? The logarithm of that chance, log
    p(word).

    model: as in 9.2, a function; model(text) gives an array (18,) of logits of any size for what
    follows this text; number 0 is the end mark, number i the letter LETTERS[i - 1]. word: a string
    of up to nine letters. Returns a number, at most 0.

    Worked: for a model that gives all 18 the same chance, sequence_logp(model, "la") is -8.671,
    which is 3 log(1/18): two letters, and the end mark.
    """
    raise NotImplementedError("9.3")


# 9.4, 5 minutes, extra
def sft_mask(prompt, reply):
    """Which characters of a dialogue count in the loss of supervised fine-tuning?

    The text is prompt + reply + end mark. Entry i of the mask belongs to the loss of *foretelling*
    character i of this text; the end mark is its last character.

    prompt, reply: strings. Returns an array of True and False, with one entry for each character
    and one for the end mark.

    Worked: sft_mask("hm?", "no") is [False, False, False, True, True, True]: n, o and the end mark.
    """
    raise NotImplementedError("9.4")


# 9.5, 5 minutes, extra
def as_mdp(word, worth):
    """The episode of writing a word, as a list of its decisions: (state, action, reward) each.

    A state is the text so far, a string, "" at first. An action is one letter, or "." for the end
    mark, which ends the episode. The reward is what somebody thinks of the finished word, and comes
    when it is finished.

    word: a string. worth: a number. Returns a list of tuples (string, string, number).

    Worked: as_mdp("la", 2.0) is [("", "l", 0.0), ("l", "a", 0.0), ("la", ".", 2.0)].
    """
    raise NotImplementedError("9.5")


# 9.6, 5 minutes, extra
def check_sequence_logp(f):
    """Is f a right sequence_logp (9.3)? Write the test instead of the function.

    f: a function as in 9.3, written by us: right ones in several styles, and wrong ones. Returns
    True if f is right, also for logits of 1000.

    Worked: check_sequence_logp(f) is True for the solution of 9.3, and False for one that leaves
    out the end mark.
    """
    raise NotImplementedError("9.6")
