"""Where do the invented words come from? From a small grammar of consonants and vowels."""
VOWELS, SOFT, HARD = "aeiou", "lmnrsv", "dgkt"
LETTERS = VOWELS + SOFT + HARD
SYLLABLES = (0.12, 0.48, 0.32, 0.08)                                # how often a word has one, two, three, four syllables
CLOSED = 0.5                                                        # share of syllables that end in a consonant: kit, not ki


def corpus(n, rng, longest=9):
    """n words of the language, the short ones again and again; `longest` leaves room for the end mark in ten places.

    >>> import numpy as np
    >>> corpus(4, np.random.default_rng(0))
    ['verlavo', 'gekrulu', 'na', 'norutok']
    """
    return [word(rng, longest) for _ in range(n)]


def word(rng, longest=9):
    """One word of one to four syllables; a syllable that would make it longer than `longest` letters is left out, and the rest."""
    text = ""
    for _ in range(1 + rng.choice(len(SYLLABLES), p=SYLLABLES)):
        new = syllable(rng)
        if len(text + new) > longest:
            break
        text += new
    return text


def syllable(rng):
    """One consonant, one vowel, and often one more consonant."""
    first, vowel, last = (group[rng.integers(len(group))] for group in (SOFT + HARD, VOWELS, SOFT + HARD))
    return first + vowel + last * (rng.random() < CLOSED)
