"""Where do the invented words come from? From a small grammar of consonants and vowels."""
from bisect import bisect

VOWELS = "aeiou"
SOFT_VOWELS, HARD_VOWELS = "aeo", "iu"  # hard ones are rarer
SOFT_CONSONANTS, HARD_CONSONANTS = "lmnr", "bdgkpstv"
CONSONANTS = SOFT_CONSONANTS + HARD_CONSONANTS
LETTERS = VOWELS + CONSONANTS
SOFT = SOFT_VOWELS + SOFT_CONSONANTS
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
    first = letter(SOFT_CONSONANTS, HARD_CONSONANTS, rng)
    vowel = letter(SOFT_VOWELS, HARD_VOWELS, rng)
    last = letter(SOFT_CONSONANTS, HARD_CONSONANTS, rng)
    return first + vowel + last * (rng.random() < CLOSED)


def letter(soft, hard, rng):
    """Four times out of five a soft one."""
    letters = soft if rng.random() < SOFTNESS else hard
    return letters[rng.integers(len(letters))]
