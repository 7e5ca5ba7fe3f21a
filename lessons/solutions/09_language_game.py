"""Exercises of lesson 9, language is a game too: solutions, hints, usual mistakes."""
import numpy as np

from tinyrlhf.games.words import LETTERS
from tinyrlhf.teaching import exercise


# ---- 9.1

@exercise("9.1", minutes=7, hints=[
    "For each place: turn its logits into chances that add up to 1, look up the chance of the letter that came, and "
    "take minus its logarithm. Then one mean over all places of all texts. It is safe if the softmax and the logarithm "
    "are taken in one step.",
    "log p[v] = z[v] - max - log(sum over u of exp(z[u] - max)), with max the largest logit of that place.",
    "`shifted = logits - logits.max(axis=-1, keepdims=True)`; at the end np.take_along_axis picks one number of each "
    "row"])
def next_char_nll(logits, targets):
    """How surprised is a model by a batch of texts? The mean over all their letters of -log p(letter), in nats.

    logits: array (B, T, V), the model's numbers for each of V characters at each of T places in B texts, of any size.
    targets: integers (B, T), the characters that stand there: targets[b, t] is what logits[b, t] should have foretold.
    Returns a number.

    Worked: at both places of one text the logits are log(3) and 0, so the chances are 3 : 1. Character 0 comes, then
    character 1: next_char_nll(np.array([[[1.0986, 0.], [1.0986, 0.]]]), np.array([[0, 1]])) is 0.837, the mean of -log
    0.75 and -log 0.25.
    """
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_probs = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return -np.take_along_axis(log_probs, targets[..., None], axis=-1).mean()


def some_logits(*shape, seed):
    rng = np.random.default_rng(seed)
    return rng.normal(size=shape), rng.integers(shape[-1], size=shape[:-1])


next_char_nll.cases = [(np.log([[[3.0, 1.0], [3.0, 1.0]]]), np.array([[0, 1]])),
                       some_logits(3, 4, 5, seed=0), some_logits(2, 1, 3, seed=1),
                       (np.array([[[1000.0, 0.0, -1000.0], [0.0, 999.0, 1000.0]]]), np.array([[1, 2]]))]


@next_char_nll.law("A model that knows nothing gives each of 4 characters the same chance, and must be surprised by "
                   "log 4 at every place, whatever comes. Is yours?")
def knows_nothing(f):
    return np.isclose(f(np.full((3, 2, 4), 7.0), np.array([[0, 1], [2, 3], [3, 3]])), np.log(4))


@next_char_nll.right
def by_the_library(logits, targets):
    from tinyrlhf.nn.distributions import Categorical
    return -Categorical.log_prob(logits, targets).mean()


@next_char_nll.right
def place_by_place(logits, targets):
    rows, numbers = logits.reshape(-1, logits.shape[-1]), targets.ravel()
    return np.mean([np.logaddexp.reduce(row) - row[number] for row, number in zip(rows, numbers)])


def surprises(logits, targets):
    """The surprise (B, T) at each place."""
    rows = logits - np.logaddexp.reduce(logits, axis=-1, keepdims=True)
    return -np.take_along_axis(rows, targets[..., None], axis=-1)[..., 0]


SUMMED = ("It is summed over the letters of a text. Then a text of twenty letters weighs ten times as much as one of "
          "two, and the loss cannot be compared between long and short texts, nor turned into bits per character. By "
          "what must the sum be divided?")
UNSTABLE = ("It is right for small logits, but exp(1000) is too large for a computer, and log(0) is minus infinity. "
            "The surprise there is just about 1000, a plain number. Can you get the logarithm without forming the "
            "chance first?")


@next_char_nll.wrong(SUMMED)
def sum_over_time(logits, targets):
    return surprises(logits, targets).sum(axis=1).mean()


@next_char_nll.wrong(SUMMED)
def sum_over_all(logits, targets):
    return surprises(logits, targets).sum()


@next_char_nll.wrong("It is summed over the texts and averaged over their places. The loss is one mean over all "
                     "letters of the batch. By how many numbers do you have to divide?")
def sum_over_texts(logits, targets):
    return surprises(logits, targets).mean(axis=1).sum()


@next_char_nll.wrong(UNSTABLE)
def overflows(logits, targets):
    chances = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    return -np.log(np.take_along_axis(chances, targets[..., None], axis=-1)).mean()


@next_char_nll.wrong(UNSTABLE)
def logarithm_of_zero(logits, targets):
    weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
    chances = weights / weights.sum(axis=-1, keepdims=True)
    return -np.log(np.take_along_axis(chances, targets[..., None], axis=-1)).mean()


@next_char_nll.wrong(UNSTABLE)
def logarithm_of_the_sum_overflows(logits, targets):
    chosen = np.take_along_axis(logits, targets[..., None], axis=-1)[..., 0]
    return (np.log(np.exp(logits).sum(axis=-1)) - chosen).mean()


@next_char_nll.wrong("The sign is missing: the logarithm of a chance is below zero, a surprise above. Should a good "
                     "model have the larger number, or the smaller?")
def log_likelihood(logits, targets):
    return -surprises(logits, targets).mean()


@next_char_nll.wrong("These are bits: the logarithm to base 2. That is how it is reported, but the loss is in nats, "
                     "with the natural logarithm. Which one is np.log?")
def in_bits(logits, targets):
    return surprises(logits, targets).mean() / np.log(2)


@next_char_nll.wrong("That is the mean of the chances, or of one minus the chances. A surprise is -log p: only then do "
                     "the surprises of the letters add up to that of the text. Where is the logarithm?")
def one_minus_the_chance(logits, targets):
    return np.mean(1 - np.exp(-surprises(logits, targets)))


@next_char_nll.wrong("It averages the surprise at *all* characters that might have come. Only the one that came "
                     "counts. Which number of each row do you have to pick?")
def over_all_characters(logits, targets):
    return np.mean(np.logaddexp.reduce(logits, axis=-1, keepdims=True) - logits)


@next_char_nll.wrong("The logits themselves are taken for log-probabilities. They are not yet: their exp() does not "
                     "add up to 1. What has to be subtracted from each row?")
def raw_logits(logits, targets):
    return -np.take_along_axis(logits, targets[..., None], axis=-1).mean()


WHOLE_BATCH = ("The chances of the whole batch together add up to 1. Each place is a draw of its own, so those of "
               "*each place* must. Along which axis do you have to sum, and with which keepdims?")


@next_char_nll.wrong(WHOLE_BATCH)
def one_softmax_for_all(logits, targets):
    rows = logits - np.logaddexp.reduce(logits.ravel())
    return -np.take_along_axis(rows, targets[..., None], axis=-1).mean()


@next_char_nll.wrong(WHOLE_BATCH)
def one_softmax_for_all_that_overflows(logits, targets):
    chances = np.exp(logits) / np.exp(logits).sum()
    return -np.log(np.take_along_axis(chances, targets[..., None], axis=-1)).mean()


@next_char_nll.wrong("log_probs[:, :, targets] picks, at every place, the characters of *all* places. One number is "
                     "wanted for each place. Which NumPy function takes an index along an axis; or which two index "
                     "arrays must stand beside targets?")
def every_target_at_every_place(logits, targets):
    return -(logits - np.logaddexp.reduce(logits, axis=-1, keepdims=True))[:, :, targets].mean()


@next_char_nll.wrong("The letters are shifted by one once more: targets[b, t] already is the letter that logits[b, t] "
                     "should foretell. What happens if both are used as they come?")
def shifted_again(logits, targets):
    return surprises(logits[:, :-1], targets[:, 1:]).mean()


@next_char_nll.wrong("Only the last letter of each text counts. Every letter is an answer to the text before it, and "
                     "so a lesson. Over which axes is the mean?")
def last_place_only(logits, targets):
    return surprises(logits, targets)[:, -1].mean()


@next_char_nll.wrong("It is one number for each text. Texts differ in length, so the mean is over all letters at once. "
                     "Which axes are left?")
def one_for_each_text(logits, targets):
    return surprises(logits, targets).mean(axis=1)


# ---- 9.2

@exercise("9.2", minutes=7, tolerance=0.1, hints=[
    "A loop: ask the model what may follow the text so far, turn the logits into chances, draw a number with `rng`. "
    "Stop if it is the end mark or if the page is full; else append its letter.",
    "chances = softmax(model(text) / temperature), over all 18; subtract the largest logit before exp().",
    "`text = \"\"`, then `while len(text) < 10:` and in it `logits = model(text) / temperature`"])
def sample_word(model, rng, temperature):
    """Write one word: draw letter after letter, until the end mark is drawn or there are ten letters.

    model: a function. model(text) gives an array (18,) of logits for what follows this text, a string, "" at the
    beginning: number 0 is the end mark, number i the letter LETTERS[i - 1]. rng: a np.random.Generator; take all
    randomness from it. temperature: the logits are divided by it; below 1 likely letters become likelier, above 1 all
    become more alike. Returns the word, a string without end mark.

    Worked: a model that is sure of "l", then of "a", "n", "o", and then of the end mark, writes "lano" at any
    temperature.
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
        raise TypeError(f"model: expected the text so far as a string, such as 'la', got a {type(text).__name__}")
    return text


def spells_lano(text):
    follows = {letter: {letter: 300.0} for letter in "lano"} | {"end": {"end": 300.0, "n": 250.0}}
    return logits_for(**follows[dict(zip(["", "l", "la", "lan"], "lano")).get(checked(text), "end")])


def never_ends(text):
    return logits_for(**{"ae"[len(checked(text)) % 2]: 900.0})


WAVERING = {"": logits_for(a=1.0, e=0.0), "a": logits_for(end=0.0, a=1.5), "e": logits_for(end=1.0, e=0.0)}
END = logits_for(end=0.0)


def wavers(text):
    """Writes a, aa, e or ee; after two letters it is over, which only a whole text can tell."""
    return WAVERING.get(checked(text), END).copy()


def asked_at_most(model, most=300):
    """The same model for one word; it loses patience with a loop that never ends."""
    asked = []

    def patient(text):
        asked.append(text)
        if len(asked) > most:
            raise RuntimeError(f"a page has ten places, but for this word the model was asked more than {most} times")
        return model(text)

    return patient


@sample_word.play
def what_it_writes(sample_word, model, temperature, draws):
    """One word of a model that is sure; else the shares of a, aa, e, ee and all others in many draws."""
    rng = np.random.default_rng(1)
    words = [sample_word(asked_at_most(model), rng, temperature) for _ in range(draws)]
    odd = [word for word in words if not isinstance(word, str)]
    if odd or draws == 1:
        return (odd or words)[0]
    shares = [words.count(word) / draws for word in ("a", "aa", "e", "ee")]
    return np.array([*shares, 1 - sum(shares)])


sample_word.cases = [(spells_lano, 1.0, 1), (never_ends, 1.0, 1), (wavers, 3.0, 300), (wavers, 0.4, 300)]


@sample_word.law("Generators in the same state must give the same words, and move on. Is every random number from "
                 "`rng`?")
def uses_the_given_rng(f):
    one, other = (np.random.default_rng(7) for _ in range(2))
    words = [f(wavers, one, 2.0) for _ in range(30)]
    return words == [f(wavers, other, 2.0) for _ in range(30)] and len(set(words)) > 1


PLACES = ("The longest word has the wrong length: a page has ten places. A model that never ends must write ten "
          "letters, no more and no less. Where does your loop count?")


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


@sample_word.wrong("The end mark became a letter: it has number 0, and LETTERS[0 - 1] is the last letter, v. So the "
                   "word goes on and on. What should happen, before anything is appended, when 0 is drawn?")
def end_mark_as_v(model, rng, temperature):
    return word_by(model, rng, temperature, at_the_end=lambda text: (text + LETTERS[-1], False))


@sample_word.wrong("It goes on after the end mark: nothing is appended, but the next letter is drawn all the same. The "
                   "end mark is an action, and it ends the episode. Which statement leaves a loop?")
def goes_on_after_the_end(model, rng, temperature):
    return word_by(model, rng, temperature, at_the_end=lambda text: (text, False))


@sample_word.wrong("The end mark stands in the word as a sign. It is an action that ends the word, not a letter of it. "
                   "When do you have to leave the loop: before or after appending?")
def end_mark_in_the_word(model, rng, temperature):
    return word_by(model, rng, temperature, at_the_end=lambda text: (text + ".", True))


@sample_word.wrong("The temperature works the wrong way round: it multiplies the logits. A hot model should be wilder, "
                   "with chances more alike. What makes the differences between logits smaller at temperature 2?")
def temperature_multiplies(model, rng, temperature):
    return word_by(model, rng, temperature, chances_of=lambda logits, temperature: logits * temperature)


@sample_word.wrong("The temperature changes nothing. Is it used? If it divides the *chances*, it drops out again as "
                   "soon as they are made to add up to 1. What should be divided, before exp() is taken?")
def temperature_ignored(model, rng, temperature):
    return word_by(model, rng, temperature, chances_of=lambda logits, temperature: logits)


@sample_word.wrong("It is right for small logits, but exp(900) is too large for a computer, and a chance cannot be "
                   "computed from it. Which number can you subtract from all logits, without changing a chance, so "
                   "that the largest becomes 0?")
def overflowing_softmax(model, rng, temperature):
    text = ""
    while len(text) < 10:
        weights = np.exp(model(text) / temperature)
        number = rng.choice(18, p=weights / weights.sum())
        if number == 0:
            break
        text += LETTERS[number - 1]
    return text


@sample_word.wrong("It always takes the likeliest letter, so it writes one word for ever. A policy *draws* its action. "
                   "How often should a letter of chance 0.3 come?")
def the_likeliest(model, rng, temperature):
    return word_by(model, rng, temperature, chances_of=lambda logits, temperature: 1e6 * logits)


@sample_word.wrong("All letters are equally likely, as if the model knew nothing. Where do its logits enter the draw?")
def any_letter(model, rng, temperature):
    return word_by(model, rng, temperature, chances_of=lambda logits, temperature: 0 * logits)


@sample_word.wrong("Only the last letter is shown to the model. The state is the whole text so far; how much of it a "
                   "model uses is its own affair. What is the argument of `model`?")
def last_letter_only(model, rng, temperature):
    return word_by(model, rng, temperature, seen=lambda text: text[-1:])


@sample_word.wrong("The model is always asked about the empty text, so it draws the first letter again and again. What "
                   "has to be handed to it after each letter?")
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


@sample_word.wrong("The page has no end: a model that never draws the end mark would write for ever. A page has ten "
                   "places, and a full one ends the word as well. What else must your loop look at?")
def endless(model, rng, temperature):
    return word_by(model, rng, temperature, most=np.inf)


@sample_word.wrong("After the end mark it draws on and on: the text grows no longer, so your loop never comes to an "
                   "end. A page has ten places, but the end mark ends a word before it is full. Which statement leaves "
                   "a loop?")
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


@sample_word.wrong("All letters are wrong by one: number 0 is the end mark, so the first letter has number 1. Which "
                   "place of LETTERS has the letter of number i?")
def letters_off_by_one(model, rng, temperature):
    return word_by(model, rng, temperature, letter=lambda number: LETTERS[number])


# ---- 9.3

@exercise("9.3", minutes=6, hints=[
    "The chance of a word is the chance of its first letter, times that of the second after the first, and so on, "
    "times that of the end mark after all of them. Logarithms turn the product into a sum.",
    "sum over i of log p(letter i | letters before i), plus log p(end mark | the whole word); log p[v] = z[v] - "
    "log(sum of exp(z)).",
    "`numbers = [1 + LETTERS.index(letter) for letter in word] + [0]`, then a loop over their places i with `logits = "
    "model(word[:i])`; np.logaddexp.reduce(logits) is a safe log(sum of exp)"])
def sequence_logp(model, word):
    """How likely is it that the model writes exactly this word? The logarithm of that chance, log p(word).

    model: as in 9.2, a function; model(text) gives an array (18,) of logits of any size for what follows this text;
    number 0 is the end mark, number i the letter LETTERS[i - 1]. word: a string of up to nine letters. Returns a
    number, at most 0.

    Worked: for a model that gives all 18 the same chance, sequence_logp(model, "la") is -8.671, which is 3 log(1/18):
    two letters, and the end mark.
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
    return sharpness * np.random.default_rng([len(text), *map(ord, text)]).normal(size=1 + len(LETTERS))


def over_sure(text):
    return opinionated(text, 900.0)


sequence_logp.cases = [(all_alike, "la"), (opinionated, "merola"), (opinionated, ""), (opinionated, "kit"),
                       (opinionated, "naan"), (over_sure, "pomel")]


@sequence_logp.law("A model that writes at most two letters, a or e, can write seven words. Their chances must add up "
                   "to 1. Do they?")
def chances_of_all_words_add_up(f):
    model = lambda text: logits_for(end=0.5) if len(text) == 2 else logits_for(end=0.5, a=len(text), e=-1.0)
    return np.isclose(sum(np.exp(f(model, word)) for word in ("", "a", "e", "aa", "ae", "ea", "ee")), 1)


@sequence_logp.right
def by_the_loss(model, word):
    rows = np.array([[model(word[:i]) for i in range(len(word) + 1)]])
    return -(len(word) + 1) * next_char_nll(rows, np.array([[1 + LETTERS.index(letter) for letter in word] + [0]]))


@sequence_logp.right
def by_the_library_s_log_softmax(model, word):
    from tinyrlhf.numerics import log_softmax
    numbers = [*map(("." + LETTERS).index, word), 0]
    return sum(log_softmax(model(word[:i]))[number] for i, number in enumerate(numbers))


def steps(model, word, seen=lambda text: text, first=1, numbers=None):
    """The log-probability of each letter and of the end mark, with a part exchanged."""
    numbers = [first + LETTERS.index(letter) for letter in word] + [0] if numbers is None else numbers
    rows = [np.asarray(model(seen(word[:i])), float) for i in range(len(numbers))]
    return np.array([row[number] - np.logaddexp.reduce(row) for row, number in zip(rows, numbers)])


@sequence_logp.wrong("The end mark is left out: this is the chance that the model *begins* with these letters. Short "
                     "words look likely then, and win whenever texts are compared: \"la\" would always beat \"lan\". "
                     "Which action comes after the last letter?")
def end_mark_left_out(model, word):
    return steps(model, word)[:-1].sum()


AVERAGED = ("It is a mean over the letters. The chances multiply, so the logarithms add up; a mean makes a long text "
            "as likely as a short one. What is log(0.1 * 0.1)?")


@sequence_logp.wrong(AVERAGED)
def mean_over_the_letters(model, word):
    return steps(model, word).mean()


@sequence_logp.wrong(AVERAGED)
def sum_over_the_letters_of_the_word(model, word):
    return steps(model, word).sum() / max(len(word), 1)


@sequence_logp.wrong("That is the chance itself, not its logarithm. For a text of a page the chance is too small for a "
                     "computer; its logarithm is a plain number. Where does the logarithm belong?")
def the_chance(model, word):
    return np.exp(steps(model, word).sum())


SMALL = ("It is right until a chance is too small, or exp() of a logit too large, for a computer. The logarithm there "
         "is a plain number, some hundreds or thousands below zero. Can you add up logarithms, without forming any "
         "chance?")


@sequence_logp.wrong(SMALL)
def logarithm_of_a_product(model, word):
    return np.log(np.prod(np.exp(steps(model, word))))


@sequence_logp.wrong(SMALL)
def softmax_overflows(model, word):
    rows = [np.asarray(model(word[:i])) for i in range(len(word) + 1)]
    numbers = [1 + LETTERS.index(letter) for letter in word] + [0]
    return sum(np.log(np.exp(row[number]) / np.exp(row).sum()) for row, number in zip(rows, numbers))


@sequence_logp.wrong(SMALL)
def logarithm_of_a_stable_softmax(model, word):
    return sum(np.log(np.exp(each)) for each in steps(model, word))


@sequence_logp.wrong("The sign is reversed: that is the surprise at the word. A chance is at most 1. On which side of "
                     "0 is its logarithm?")
def surprise(model, word):
    return -steps(model, word).sum()


@sequence_logp.wrong("The model has already seen the letter that it should foretell: its text reaches one letter too "
                     "far. What stands on the page when the first letter is drawn?")
def sees_the_answer(model, word):
    numbers = [1 + LETTERS.index(letter) for letter in word] + [0]
    rows = [np.asarray(model(word[:i + 1]), float) for i in range(len(numbers))]
    return sum(row[number] - np.logaddexp.reduce(row) for row, number in zip(rows, numbers))


@sequence_logp.wrong("Only the last letter is shown to the model. The state is the whole text before the letter; how "
                     "much of it a model uses is its own affair. What is the argument of `model`?")
def model_sees_the_last_letter_only(model, word):
    return steps(model, word, seen=lambda text: text[-1:]).sum()


@sequence_logp.wrong("The model is always asked about the empty text, as if the letters did not depend on each other. "
                     "What stands on the page before the second letter?")
def letters_by_themselves(model, word):
    return steps(model, word, seen=lambda text: "").sum()


@sequence_logp.wrong("All letters are wrong by one: number 0 is the end mark, so the first letter has number 1. Which "
                     "number has the letter at place i of LETTERS?")
def letter_numbers_off_by_one(model, word):
    return steps(model, word, first=0).sum()


RAW = ("The logits are added up as they are. They are no log-probabilities yet: their exp() does not add up to 1. What "
       "has to be subtracted at each place?")


@sequence_logp.wrong(RAW)
def raw_logits_without_the_end(model, word):
    return sum(np.asarray(model(word[:i]))[1 + LETTERS.index(letter)] for i, letter in enumerate(word))


@sequence_logp.wrong(RAW)
def raw_logits_of_the_word(model, word):
    numbers = [1 + LETTERS.index(letter) for letter in word] + [0]
    return sum(np.asarray(model(word[:i]))[number] for i, number in enumerate(numbers))


# ---- 9.4

@exercise("9.4", minutes=5, extra=True, hints=[
    "The prompt was written by the user, and the model shall not learn to write it. What it shall learn begins where "
    "the reply begins, and includes that a reply ends.",
    "False for the first len(prompt) characters, True for the len(reply) + 1 others.",
    "`places = np.arange(len(prompt) + len(reply) + 1)`"])
def sft_mask(prompt, reply):
    """Which characters of a dialogue count in the loss of supervised fine-tuning?

    The text is prompt + reply + end mark. Entry i of the mask belongs to the loss of *foretelling* character i of this
    text; the end mark is its last character.

    prompt, reply: strings. Returns an array of True and False, with one entry for each character and one for the end
    mark.

    Worked: sft_mask("hm?", "no") is [False, False, False, True, True, True]: n, o and the end mark.
    """
    return np.arange(len(prompt) + len(reply) + 1) >= len(prompt)


sft_mask.cases = [("hm?", "no"), ("what is rain?", "water."), ("", "hello"), ("who?", ""), ("a", "bcdefg")]


@sft_mask.right
def piece_by_piece(prompt, reply):
    return np.array([False] * len(prompt) + [True] * len(reply) + [True])


@sft_mask.right
def by_repeating(prompt, reply):
    return np.repeat([False, True], [len(prompt), len(reply) + 1])


def mask_from(first, last, prompt, reply):
    places = np.arange(len(prompt) + len(reply) + 1)
    return (places >= first) & (places < last)


@sft_mask.wrong("The prompt counts, too. Then the model also learns to write questions, and will ask when it should "
                "answer. Whose words shall it imitate?")
def prompt_counts(prompt, reply):
    return mask_from(0, len(prompt) + len(reply) + 1, prompt, reply)


@sft_mask.wrong("The end mark does not count. Then nobody teaches the model when a reply is over, and it babbles on. "
                "What is the last action of an episode?")
def end_does_not_count(prompt, reply):
    return mask_from(len(prompt), len(prompt) + len(reply), prompt, reply)


@sft_mask.wrong("It is the wrong way round: the prompt counts and the reply does not. True means that the loss counts. "
                "Who is to be imitated?")
def wrong_way_round(prompt, reply):
    return mask_from(0, len(prompt), prompt, reply)


@sft_mask.wrong("It begins one character too early, at the last one of the prompt. That is where the model *stands* "
                "when it foretells the first character of the reply, but entry i belongs to the character that is "
                "foretold. Which one is the first of them?")
def one_too_early(prompt, reply):
    return mask_from(len(prompt) - 1, len(prompt) + len(reply), prompt, reply)


@sft_mask.wrong("It begins one character too early, at the last one of the prompt, which the user wrote. Which is the "
                "first character of the reply, counted from 0?")
def one_too_many(prompt, reply):
    return mask_from(len(prompt) - 1, len(prompt) + len(reply) + 1, prompt, reply)


@sft_mask.wrong("It begins one character too late: the first one of the reply does not count, and it decides more than "
                "any other. Which place has it, counted from 0?")
def one_too_late(prompt, reply):
    return mask_from(len(prompt) + 1, len(prompt) + len(reply) + 1, prompt, reply)


@sft_mask.wrong("There is no entry for the end mark. The text is prompt + reply + end mark, and the model must learn "
                "to end, so it counts. How long is the whole text?")
def no_place_for_the_end(prompt, reply):
    return np.arange(len(prompt) + len(reply)) >= len(prompt)


@sft_mask.wrong("Only the end mark counts, as a reward would: it comes once, at the end. Imitation gets a lesson from "
                "every character that was shown. Which of them were?")
def only_the_end(prompt, reply):
    return mask_from(len(prompt) + len(reply), len(prompt) + len(reply) + 1, prompt, reply)


@sft_mask.wrong("These are the places that count, by number. A mask has an entry for *every* place, True or False. "
                "What does a comparison such as places >= 3 give?")
def places_instead_of_a_mask(prompt, reply):
    return np.arange(len(prompt), len(prompt) + len(reply) + 1)


# ---- 9.5

@exercise("9.5", minutes=5, extra=True, hints=[
    "Put yourself into the model's place: what stands on the page before each decision, what is decided, what is it "
    "paid? The first page is empty, and the last decision is to end.",
    "Step i: the state is word[:i], the action is character i of word + \".\", and the reward is 0 except at the last "
    "step.",
    "`steps = []`, then `for i, action in enumerate(word + \".\"):`"])
def as_mdp(word, worth):
    """The episode of writing a word, as a list of its decisions: (state, action, reward) each.

    A state is the text so far, a string, "" at first. An action is one letter, or "." for the end mark, which ends the
    episode. The reward is what somebody thinks of the finished word, and comes when it is finished.

    word: a string. worth: a number. Returns a list of tuples (string, string, number).

    Worked: as_mdp("la", 2.0) is [("", "l", 0.0), ("l", "a", 0.0), ("la", ".", 2.0)].
    """
    return [(word[:i], action, worth if i == len(word) else 0.0) for i, action in enumerate(word + ".")]


@as_mdp.play
def list_of_tuples(as_mdp, word, worth):
    found = as_mdp(word, worth)
    if not isinstance(found, (list, tuple)):
        return found
    return [tuple(step) if isinstance(step, list) else step for step in found]


as_mdp.cases = [("la", 2.0), ("merol", -1.5), ("a", 0.5), ("", -4.0)]


@as_mdp.right
def step_by_step(word, worth):
    steps, text = [], ""
    for letter in word:
        steps.append([text, letter, 0])
        text += letter
    return steps + [[text, ".", worth]]


@as_mdp.right
def by_zip(word, worth):
    n = len(word)
    return list(zip([word[:i] for i in range(n + 1)], list(word) + ["."], [0.0] * n + [worth]))


def decisions(word, worth, rewards, states=None, actions=None):
    actions = word + "." if actions is None else actions
    states = [word[:i] for i in range(len(actions))] if states is None else states
    return [(state, action, float(reward)) for state, action, reward in zip(states, actions, rewards)]


@as_mdp.wrong("Every letter is paid the full reward, so a word of five letters earns six times what it is worth, and "
              "long words pay best. Somebody judges the finished word, once. When is it finished?")
def reward_at_every_letter(word, worth):
    return decisions(word, worth, [worth] * (len(word) + 1))


@as_mdp.wrong("The reward is shared out among the letters. The sum is right, but nobody said what each letter "
              "contributes; to find that out is the learner's task. When does somebody judge the word?")
def reward_shared_out(word, worth):
    return decisions(word, worth, [worth / (len(word) + 1)] * (len(word) + 1))


NO_END = ("The end mark is missing. To stop is a decision, too, and the last one: until it is taken, the word may "
          "still go on. Which action stands after the last letter?")


@as_mdp.wrong(NO_END)
def end_mark_missing_and_all_paid(word, worth):
    return decisions(word, worth, [worth] * len(word), actions=word)


@as_mdp.wrong(NO_END)
def end_mark_missing(word, worth):
    return decisions(word, worth, [0.0] * (len(word) - 1) + [worth], actions=word)


@as_mdp.wrong("The end mark is there, but the reward comes one step before it. After the last letter the word may "
              "still go on; it is only finished when the end mark is written. Which step gets the reward?")
def reward_before_the_end(word, worth):
    return decisions(word, worth, [0.0] * (len(word) - 1) + [worth, 0.0] if word else [0.0])


@as_mdp.wrong("Each state already contains the letter that is about to be chosen. Then the choice would be no choice. "
              "What stands on the page *before* the first letter is written?")
def state_after_the_action(word, worth):
    states = [(word + ".")[:i + 1] for i in range(len(word) + 1)]
    return decisions(word, worth, [0.0] * len(word) + [worth], states)


@as_mdp.wrong("Each state already contains the letter that is about to be chosen. Then the choice would be no choice. "
              "What stands on the page *before* the first letter is written?")
def state_after_the_action_without_the_end(word, worth):
    return decisions(word, worth, [0.0] * len(word) + [worth], states=[word[:i + 1] for i in range(len(word) + 1)])


@as_mdp.wrong("The state is the last letter only. A model may see no more than that, but the state of the game is the "
              "whole text: the reward depends on all of it. What stands on the page?")
def last_letter_as_state(word, worth):
    states = [word[max(i - 1, 0):i] for i in range(len(word) + 1)]
    return decisions(word, worth, [0.0] * len(word) + [worth], states)


@as_mdp.wrong("The first decision is missing: the page is empty, and a first letter has to be chosen. What is the "
              "first state?")
def first_decision_missing(word, worth):
    return decisions(word, worth, [0.0] * len(word) + [worth])[1:]


@as_mdp.wrong("Nothing is paid at all. The reward is 0 before the end, but not at the end. Where does `worth` enter?")
def never_paid(word, worth):
    return decisions(word, worth, [0.0] * (len(word) + 1))
