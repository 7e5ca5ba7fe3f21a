"""Exercise 9.2, sample_word: its solution, hints and usual mistakes."""
import numpy as np

from tinyrlhf.games.words import LETTERS
from tinyrlhf.teaching import exercise


@exercise("9.2", minutes=7, tolerance=0.1, hints=[
    "A loop: ask the model what may follow the text so far, turn the logits into chances, draw a "
    "number with `rng`. Stop if it is the end mark or if the page is full; else append its letter.",
    "chances = softmax(model(text) / temperature), over all 18; subtract the largest logit before "
    "exp().",
    "`text = \"\"`, then `while len(text) < 10:` and in it `logits = model(text) / temperature`"])
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
    text = ""
    while len(text) < 10:
        logits = model(text) / temperature
        chances = np.exp(logits - logits.max())
        number = rng.choice(len(chances), p=chances / chances.sum())
        if number == 0:
            break
        text += LETTERS[number - 1]
    return text


def logits_for(**likely):
    """18 logits, -60 but for the letters given, where `end` is the end mark."""
    logits = np.full(1 + len(LETTERS), -60.0)
    for letter, logit in likely.items():
        logits[0 if letter == "end" else 1 + LETTERS.index(letter)] = logit
    return logits


def checked(text):
    if not isinstance(text, str):
        raise TypeError(f"model: expected the text so far as a string, such as 'la', got a "
                        f"{type(text).__name__}")
    return text


def spells_lano(text):
    follows = {letter: {letter: 300.0} for letter in "lano"} | {"end": {"end": 300.0, "n": 250.0}}
    letter = dict(zip(["", "l", "la", "lan"], "lano")).get(checked(text), "end")
    return logits_for(**follows[letter])


def never_ends(text):
    return logits_for(**{"ae"[len(checked(text)) % 2]: 900.0})


WAVERING = {"": logits_for(a=1.0, e=0.0), "a": logits_for(end=0.0, a=1.5),
            "e": logits_for(end=1.0, e=0.0)}
END = logits_for(end=0.0)


def wavers(text):
    """Writes a, aa, e or ee; after two letters it is over, which only a whole text can tell."""
    return WAVERING.get(checked(text), END).copy()


def may_stay_silent(text):
    return logits_for(end=0.5, a=0.0) if checked(text) == "" else END.copy()


def asked_at_most(model, most=300):
    """The same model for one word; it loses patience with a loop that never ends."""
    asked = []

    def patient(text):
        asked.append(text)
        if len(asked) > most:
            raise RuntimeError(f"a page has ten places, but for this word the model was asked more "
                               f"than {most} times")
        return model(text)

    return patient


@sample_word.play
def what_it_writes(sample_word, model, temperature, draws):
    """One word of a model that is sure; else the shares of a, aa, e, ee and all others in many
    draws."""
    rng = np.random.default_rng(1)
    words = [sample_word(asked_at_most(model), rng, temperature) for _ in range(draws)]
    odd = [word for word in words if not isinstance(word, str)]
    if odd or draws == 1:
        return (odd or words)[0]
    shares = [words.count(word) / draws for word in ("a", "aa", "e", "ee")]
    return np.array([*shares, 1 - sum(shares)])


sample_word.told = "temperature = {temperature}, words written: {draws}"
sample_word.cases = [(spells_lano, 1.0, 1), (never_ends, 1.0, 1), (wavers, 3.0, 300),
                     (wavers, 0.4, 300),
                     (may_stay_silent, 1.0, 300)]


@sample_word.law("Generators in the same state must give the same words, and move on. Is every "
                 "random number from `rng`?")
def uses_the_given_rng(f):
    one, other = (np.random.default_rng(7) for _ in range(2))
    words = [f(wavers, one, 2.0) for _ in range(30)]
    return words == [f(wavers, other, 2.0) for _ in range(30)] and len(set(words)) > 1


PLACES = ("The longest word has the wrong length: a page has ten places. A model that never ends "
          "must write ten letters, no more and no less. Where does your loop count?")


@sample_word.law(PLACES)
def ten_letters_at_most(f):
    return len(f(never_ends, np.random.default_rng(1), 1.0)) == 10


def word_by(model, rng, temperature, chances_of=None, seen=lambda text: text, most=10,
            at_the_end=lambda text: (text, True), letter=lambda number: LETTERS[number - 1]):
    """The loop of the solution, with a part exchanged."""
    text, done, draws = "", False, 0
    while len(text) < most and not done and draws < most:
        logits = np.asarray(model(seen(text)), float)
        scaled = logits / temperature if chances_of is None else chances_of(logits, temperature)
        sums = np.exp(scaled - scaled.max()).cumsum()
        number = int((sums <= sums[-1] * rng.random()).sum())           # quicker than rng.choice
        draws += 1
        text, done = at_the_end(text) if number == 0 else (text + letter(number), False)
    return text


@sample_word.right
def by_the_categorical(model, rng, temperature):
    from tinyrlhf.nn.distributions import Categorical
    text = ""
    while len(text) < 10 and (number := Categorical.sample(model(text) / temperature, rng)):
        text += LETTERS[number - 1]
    return text


@sample_word.right
def by_the_largest_of_noisy_logits(model, rng, temperature):
    letters = []
    for _ in range(10):
        number = np.argmax(model("".join(letters)) / temperature + rng.gumbel(size=18))
        if number == 0:
            break
        letters.append(LETTERS[number - 1])
    return "".join(letters)


@sample_word.wrong("The end mark became a letter: it has number 0, and LETTERS[0 - 1] is the last "
                   "letter, v. So the word goes on and on. What should happen, before anything is "
                   "appended, when 0 is drawn?")
def end_mark_as_v(model, rng, temperature):
    return word_by(model, rng, temperature, at_the_end=lambda text: (text + LETTERS[-1], False))


@sample_word.wrong("It goes on after the end mark: nothing is appended, but the next letter is "
                   "drawn all the same. The end mark is an action, and it ends the episode. Which "
                   "statement leaves a loop?")
def goes_on_after_the_end(model, rng, temperature):
    return word_by(model, rng, temperature, at_the_end=lambda text: (text, False))


@sample_word.wrong("The end mark stands in the word as a sign. It is an action that ends the word, "
                   "not a letter of it. When do you have to leave the loop: before or after "
                   "appending?")
def end_mark_in_the_word(model, rng, temperature):
    return word_by(model, rng, temperature, at_the_end=lambda text: (text + ".", True))


@sample_word.wrong("The temperature works the wrong way round: it multiplies the logits. A hot "
                   "model should be wilder, with chances more alike. What makes the differences "
                   "between logits smaller at temperature 2?")
def temperature_multiplies(model, rng, temperature):
    return word_by(model, rng, temperature, chances_of=np.multiply)


@sample_word.wrong("The temperature changes nothing. Is it used? If it divides the *chances*, it "
                   "drops out again as soon as they are made to add up to 1. What should be "
                   "divided, before exp() is taken?")
def temperature_ignored(model, rng, temperature):
    return word_by(model, rng, temperature, chances_of=lambda logits, temperature: logits)


@sample_word.wrong("It is right for small logits, but exp(900) is too large for a computer, and a "
                   "chance cannot be computed from it. Which number can you subtract from all "
                   "logits, without changing a chance, so that the largest becomes 0?")
def overflowing_softmax(model, rng, temperature):
    text = ""
    while len(text) < 10:
        weights = np.exp(model(text) / temperature)
        number = rng.choice(18, p=weights / weights.sum())
        if number == 0:
            break
        text += LETTERS[number - 1]
    return text


@sample_word.wrong("It always takes the likeliest letter, so it writes one word for ever. A policy "
                   "*draws* its action. How often should a letter of chance 0.3 come?")
def the_likeliest(model, rng, temperature):
    return word_by(model, rng, temperature, chances_of=lambda logits, temperature: 1e6 * logits)


@sample_word.wrong("All letters are equally likely, as if the model knew nothing. Where do its "
                   "logits enter the draw?")
def any_letter(model, rng, temperature):
    return word_by(model, rng, temperature, chances_of=lambda logits, temperature: 0 * logits)


@sample_word.wrong("Only the last letter is shown to the model. The state is the whole text so "
                   "far; how much of it a model uses is its own affair. What is the argument of "
                   "`model`?")
def last_letter_only(model, rng, temperature):
    return word_by(model, rng, temperature, seen=lambda text: text[-1:])


@sample_word.wrong("The model is always asked about the empty text, so it draws the first letter "
                   "again and again. What has to be handed to it after each letter?")
def always_the_beginning(model, rng, temperature):
    return word_by(model, rng, temperature, seen=lambda text: "")


@sample_word.wrong(PLACES)
def eleven_letters(model, rng, temperature):
    return word_by(model, rng, temperature, most=11)


@sample_word.wrong(PLACES)
def nine_letters(model, rng, temperature):
    return word_by(model, rng, temperature, most=9)


@sample_word.wrong(PLACES)
def cut_at_two_hundred(model, rng, temperature):
    return word_by(model, rng, temperature, most=200)


@sample_word.wrong("The page has no end: a model that never draws the end mark would write for "
                   "ever. A page has ten places, and a full one ends the word as well. What else "
                   "must your loop look at?")
def endless(model, rng, temperature):
    return word_by(model, rng, temperature, most=np.inf)


@sample_word.wrong("After the end mark it draws on and on: the text grows no longer, so your loop "
                   "never comes to an end. A page has ten places, but the end mark ends a word "
                   "before it is full. Which statement leaves a loop?")
def waits_for_a_full_page(model, rng, temperature):
    text = ""
    while len(text) < 10:
        logits = model(text) / temperature
        chances = np.exp(logits - logits.max())
        number = rng.choice(18, p=chances / chances.sum())
        text += LETTERS[number - 1] if number > 0 else ""
    return text


@sample_word.wrong("The end mark can never be drawn. It is one of the 18 actions.")
def end_mark_not_drawn(model, rng, temperature):
    text = ""
    while len(text) < 10:
        logits = model(text)[1:] / temperature
        chances = np.exp(logits - logits.max())
        text += LETTERS[rng.choice(17, p=chances / chances.sum())]
    return text


@sample_word.wrong("All letters are wrong by one: number 0 is the end mark, so the first letter "
                   "has number 1. Which place of LETTERS has the letter of number i?")
def letters_off_by_one(model, rng, temperature):
    return word_by(model, rng, temperature, letter=lambda number: LETTERS[number])


@sample_word.wrong("It never writes the empty word. The end mark may be drawn first, and then the "
                   "word has no letters. Is it asked for before the first letter, too?")
def never_empty(model, rng, temperature):
    word = ""
    while not word:
        word = word_by(model, rng, temperature)
    return word
