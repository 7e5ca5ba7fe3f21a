"""Where do the invented words come from? From a small grammar of consonants and vowels."""
from bisect import bisect

VOWELS, CONSONANTS = "aeiou", "lmnrbdgkpstv"
LETTERS = VOWELS + CONSONANTS
SOFT = "aeolmnr"  # all others are hard, and rarer
SOFTNESS = 0.8  # share of soft ones among vowels, and consonants
SYLLABLES = 0.12, 0.60, 0.92  # share with at most one, two, three of four
CLOSED = 0.5  # share of syllables that end in a consonant: kit
LONGEST = 9  # leaves room for the end mark in ten places


def corpus(n, rng):
    """n words of the language, the short ones again and again.

    >>> import numpy as np
    >>> corpus(4, np.random.default_rng(0))
    ['marevpa', 'rari', 'nennunnok', 'morromnen']
    """
    return [word(rng) for _ in range(n)]


def word(rng):
    """One word of one to four syllables; one that would make it longer than LONGEST ends it."""
    text = ""
    for _ in range(1 + bisect(SYLLABLES, rng.random())):
        new = syllable(rng)
        if len(text + new) > LONGEST:
            break
        text += new
    return text


def syllable(rng):
    """One consonant, one vowel, and often one more consonant."""
    first, vowel, last = (letter(group, rng) for group in (CONSONANTS, VOWELS, CONSONANTS))
    return first + vowel + last * (rng.random() < CLOSED)


def letter(group, rng):
    """A vowel or a consonant, four times out of five a soft one."""
    soft = rng.random() < SOFTNESS
    choices = [each for each in group if (each in SOFT) == soft]
    return choices[rng.integers(len(choices))]
