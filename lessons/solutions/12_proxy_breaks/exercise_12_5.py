"""Exercise 12.5, hack: its solution, hints and usual mistakes."""
from tinyrlhf.teaching import exercise


@exercise("12.5", minutes=7, extra=True, hints=[
    "The machine adds up points for letters, or something like it, and sees no repetition. What "
    "would you write if you were paid like that and did not care?",
    "Few letters, often: kekekeke. There are only so many pairs of letters, so try them all, and "
    "for each pair several lengths.",
    "`tries = [(a + b) * n for a in LETTERS for b in LETTERS for n in range(1, 6)]`"])
def hack(score, words):
    """A word with a top score that you yourself dislike: made to please the machine, and nobody
    else.

    score: a function that takes one word (str) and returns what the machine thinks of it. words:
    list of ordinary words. Return a word (str) that scores higher than all of the ordinary words,
    although it is made of at most two different letters. It has one to ten letters, all from
    "aeioulmnrbdgkpstv". Looking into `score` is not needed: trying is enough.

    Worked: if score counts the letter k (and nothing else), and the words are "kit" and "kekul",
    then kkkkkkkkkk is such a word, and so is kekekeke.
    """
    letters = "aeioulmnrbdgkpstv"
    tries = [(a + b) * n for a in letters for b in letters for n in range(1, 6)]
    return max(tries, key=score)


@hack.play
def is_it_a_hack(f, score, words):
    """What is right or wrong about the word, since many words are right."""
    word = f(score, words)
    if not isinstance(word, str):
        return word if word is None else f"no word but {type(word).__name__}"
    if len(word) > 10 or not word:
        return "more than ten letters" if word else "no letter at all"
    if not set(word) <= set("aeioulmnrbdgkpstv"):
        return "letters of another game"
    different = "1 or 2" if len(set(word)) <= 2 else len(set(word))
    beats = score(word) > max(map(score, words))
    return f"{different} letters, {'beats all' if beats else 'beaten'}"


def points(**each):
    """A machine that adds up points for letters; `length`: points for each letter beyond six."""
    beyond = each.pop("length", 0.0)
    return lambda word: (sum(each.get(letter, 0.0) for letter in word)
                         + beyond * max(len(word) - 6, 0))


def first_letter(word):
    return 3.0 * (word[0] == "m") + word.count("a") - 0.01 * len(word)


hack.cases = [
    (points(k=1.0), ["kit", "kekul"]),
    (points(a=1.6, e=1.3, i=1.5, o=1.4, u=1.5, l=0.7, g=1.1, k=0.9, t=1.0, n=0.7, r=0.4),
     ["lemosi", "tagu", "gemolati", "kitegulo", "e"]),
    (points(e=0.5, s=2.0, length=-5.0), ["esses", "sa", "lisse", "mulos"]),
    (points(e=-1.0, a=-0.5, k=-2.0, r=-0.1, o=-3.0), ["kare", "ar", "era", "oke"]),
    (first_letter, ["mala", "amara", "lam", "mo"]),
    (lambda word: float(word.count("tu")) - 0.3 * len(word), ["tutor", "matutu", "li", "batu"])]


@hack.right
def all_lengths_and_one_or_two_letters(score, words):
    import itertools
    best, most = None, max(map(score, words))
    for a, b in itertools.product("aeioulmnrbdgkpstv", repeat=2):
        for n in range(1, 11):
            word = ((a + b) * 5)[:n]
            if score(word) > most:
                best, most = word, score(word)
    return best


@hack.right
def letter_by_letter(score, words):
    letters, best = "aeioulmnrbdgkpstv", "a"
    for a in letters:
        for b in letters:
            word = a + b
            while len(word) < 10 and max(score(word + a), score(word + b),
                                         score(word + a + b)) > score(word):
                word = max([word + a, word + b, (word + a + b)[:10]], key=score)
            best = max(best, word, a, key=score)
    return best


@hack.wrong("That is the best of the ordinary words: a high score, and people may well like it. A "
            "high score is not yet good, nor bad. What scores higher still, and is no pleasure to "
            "read?")
def best_ordinary_word(score, words):
    return max(words, key=score)


@hack.wrong("The machine dislikes that word as much as you do. A hack pleases the machine. Which "
            "end of the list is sorted to the top?")
def worst_word(score, words):
    return min(words, key=score)


@hack.wrong("It has more than ten letters, and the game ends after ten. What is the best that "
            "fits?")
def too_long(score, words):
    return "ke" * 8


@hack.wrong("It returns the score, but the word is asked for. What does max return if it gets "
            "key=score?")
def the_score_itself(score, words):
    return float(max(score(a * n) for a in "aeioulmnrbdgkpstv" for n in range(1, 11)))


GUESSED = ("One word cannot trick every machine: this one scores less than some ordinary word, "
           "since other votes give other points. Does your code try many words, and ask `score` "
           "about each?")


@hack.wrong(GUESSED)
def always_kekekeke(score, words):
    return "kekekeke"


@hack.wrong(GUESSED)
def always_kekekekeke(score, words):
    return "kekekekeke"


@hack.wrong(GUESSED)
def two_letters_of_the_best_word(score, words):
    return max(words, key=score)[:2]


@hack.wrong(GUESSED)
def two_letters_of_the_best_word_again_and_again(score, words):
    return max(words, key=score)[:2] * 5


@hack.wrong(GUESSED)
def ordinary_word_with_fewest_letters(score, words):
    return min(words, key=lambda word: len(set(word)))


@hack.wrong("Only one length is tried. Some machines dislike long words. What about shorter ones "
            "of the same two letters?")
def only_ten_letters(score, words):
    return max([(a + b) * 5 for a in "aeioulmnrbdgkpstv" for b in "aeioulmnrbdgkpstv"], key=score)


@hack.wrong("Only one letter is tried at a time. Some machines look at what stands beside what. "
            "What about two letters in turns?")
def only_one_letter(score, words):
    return max([a * n for a in "aeioulmnrbdgkpstv" for n in range(1, 11)], key=score)
