"""Exercise 9.4, sft_mask: its solution, hints and usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise


@exercise("9.4", minutes=5, extra=True, hints=[
    "The prompt was written by the user, and the model shall not learn to write it. What it shall "
    "learn begins where the reply begins, and includes that a reply ends.",
    "False for the first len(prompt) characters, True for the len(reply) + 1 others.",
    "`places = np.arange(len(prompt) + len(reply) + 1)`"])
def sft_mask(prompt, reply):
    """Which characters of a dialogue count in the loss of supervised fine-tuning?

    The text is prompt + reply + end mark. Entry i of the mask belongs to the loss of *foretelling*
    character i of this text; the end mark is its last character.

    prompt, reply: strings. Returns an array of True and False, with one entry for each character
    and one for the end mark.

    Worked: sft_mask("hm?", "no") is [False, False, False, True, True, True]: n, o and the end mark.
    """
    return np.arange(len(prompt) + len(reply) + 1) >= len(prompt)


sft_mask.cases = [("hm?", "no"), ("what is rain?", "water."), ("", "hello"), ("who?", ""),
                  ("a", "bcdefg")]


@sft_mask.right
def piece_by_piece(prompt, reply):
    return np.array([False] * len(prompt) + [True] * len(reply) + [True])


@sft_mask.right
def by_repeating(prompt, reply):
    return np.repeat([False, True], [len(prompt), len(reply) + 1])


def mask_from(first, last, prompt, reply):
    places = np.arange(len(prompt) + len(reply) + 1)
    return (places >= first) & (places < last)


@sft_mask.wrong("The prompt counts, too. Then the model also learns to write questions, and will "
                "ask when it should answer. Whose words shall it imitate?")
def prompt_counts(prompt, reply):
    return mask_from(0, len(prompt) + len(reply) + 1, prompt, reply)


@sft_mask.wrong("The end mark does not count. Then nobody teaches the model when a reply is over, "
                "and it babbles on. What is the last action of an episode?")
def end_does_not_count(prompt, reply):
    return mask_from(len(prompt), len(prompt) + len(reply), prompt, reply)


@sft_mask.wrong("It is the wrong way round: the prompt counts and the reply does not. True means "
                "that the loss counts. Who is to be imitated?")
def wrong_way_round(prompt, reply):
    return mask_from(0, len(prompt), prompt, reply)


@sft_mask.wrong("It begins one character too early, at the last one of the prompt. That is where "
                "the model *stands* when it foretells the first character of the reply, but entry "
                "i belongs to the character that is foretold. Which one is the first of them?")
def one_too_early(prompt, reply):
    return mask_from(len(prompt) - 1, len(prompt) + len(reply), prompt, reply)


@sft_mask.wrong("It begins one character too early, at the last one of the prompt, which the user "
                "wrote. Which is the first character of the reply, counted from 0?")
def one_too_many(prompt, reply):
    return mask_from(len(prompt) - 1, len(prompt) + len(reply) + 1, prompt, reply)


@sft_mask.wrong("It begins one character too late: the first one of the reply does not count, and "
                "it decides more than any other. Which place has it, counted from 0?")
def one_too_late(prompt, reply):
    return mask_from(len(prompt) + 1, len(prompt) + len(reply) + 1, prompt, reply)


@sft_mask.wrong("There is no entry for the end mark. The text is prompt + reply + end mark, and "
                "the model must learn to end, so it counts. How long is the whole text?")
def no_place_for_the_end(prompt, reply):
    return np.arange(len(prompt) + len(reply)) >= len(prompt)


@sft_mask.wrong("Only the end mark counts, as a reward would: it comes once, at the end. Imitation "
                "gets a lesson from every character that was shown. Which of them were?")
def only_the_end(prompt, reply):
    return mask_from(len(prompt) + len(reply), len(prompt) + len(reply) + 1, prompt, reply)


@sft_mask.wrong("These are the places that count, by number. A mask has an entry for *every* "
                "place, True or False. What does a comparison such as places >= 3 give?")
def places_instead_of_a_mask(prompt, reply):
    return np.arange(len(prompt), len(prompt) + len(reply) + 1)
