"""Exercise 9.1, next_char_nll: its solution, hints and usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise, near


@exercise("9.1", minutes=7, hints=[
    "For each place: turn its logits into chances that add up to 1, look up the chance of the "
    "letter that came, and take minus its logarithm. Then one mean over all places of all texts. "
    "It is safe if the softmax and the logarithm are taken in one step.",
    "log p[v] = z[v] - max - log(sum over u of exp(z[u] - max)), with max the largest logit of "
    "that place.",
    "`shifted = logits - logits.max(axis=-1, keepdims=True)`; at the end np.take_along_axis picks "
    "one number of each row"])
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
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_probs = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return -np.take_along_axis(log_probs, targets[..., None], axis=-1).mean()


def some_logits(*shape, seed):
    rng = np.random.default_rng(seed)
    return rng.normal(size=shape), rng.integers(shape[-1], size=shape[:-1])


next_char_nll.cases = [(np.log([[[3.0, 1.0], [3.0, 1.0]]]), np.array([[0, 1]])),
                       some_logits(3, 4, 5, seed=0), some_logits(2, 1, 3, seed=1),
                       (np.array([[[1000.0, 0.0, -1000.0], [0.0, 999.0, 1000.0]]]),
                        np.array([[1, 2]])),
                       (np.array([[[900.0, 901.0, 899.0], [-2.0, 0.0, 1.0]],
                                  [[-800.0, -801.0, -800.5], [3.0, 2.0, 3.0]]]),
                        np.array([[1, 2], [0, 1]]))]


@next_char_nll.law("A model that knows nothing gives each of 4 characters the same chance, and "
                   "must be surprised by log 4 at every place, whatever comes. Is yours?")
def knows_nothing(f):
    return near(f(np.full((3, 2, 4), 7.0), np.array([[0, 1], [2, 3], [3, 3]])), np.log(4))


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


SUMMED = ("It is summed over the letters of a text. Then a text of twenty letters weighs ten times "
          "as much as one of two, and the loss cannot be compared between long and short texts, "
          "nor turned into bits per character. By what must the sum be divided?")
UNSTABLE = ("It is right for small logits, but exp(1000) is too large for a computer, and log(0) "
            "is minus infinity. The surprise there is just about 1000, a plain number. Can you get "
            "the logarithm without forming the chance first?")


@next_char_nll.wrong(SUMMED)
def sum_over_time(logits, targets):
    return surprises(logits, targets).sum(axis=1).mean()


@next_char_nll.wrong(SUMMED)
def sum_over_all(logits, targets):
    return surprises(logits, targets).sum()


@next_char_nll.wrong("It is summed over the texts and averaged over their places. The loss is one "
                     "mean over all letters of the batch. By how many numbers do you have to "
                     "divide?")
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


@next_char_nll.wrong("The sign is missing: the logarithm of a chance is below zero, a surprise "
                     "above. Should a good model have the larger number, or the smaller?")
def log_likelihood(logits, targets):
    return -surprises(logits, targets).mean()


@next_char_nll.wrong("These are bits: the logarithm to base 2. That is how it is reported, but the "
                     "loss is in nats, with the natural logarithm. Which one is np.log?")
def in_bits(logits, targets):
    return surprises(logits, targets).mean() / np.log(2)


@next_char_nll.wrong("That is the mean of the chances, or of one minus the chances. A surprise is "
                     "-log p: only then do the surprises of the letters add up to that of the "
                     "text. Where is the logarithm?")
def one_minus_the_chance(logits, targets):
    return np.mean(1 - np.exp(-surprises(logits, targets)))


@next_char_nll.wrong("It averages the surprise at *all* characters that might have come. Only the "
                     "one that came counts. Which number of each row do you have to pick?")
def over_all_characters(logits, targets):
    return np.mean(np.logaddexp.reduce(logits, axis=-1, keepdims=True) - logits)


@next_char_nll.wrong("The logits themselves are taken for log-probabilities. They are not yet: "
                     "their exp() does not add up to 1. What has to be subtracted from each row?")
def raw_logits(logits, targets):
    return -np.take_along_axis(logits, targets[..., None], axis=-1).mean()


WHOLE_BATCH = ("The chances of the whole batch together add up to 1. Each place is a draw of its "
               "own, so those of *each place* must. Along which axis do you have to sum, and with "
               "which keepdims?")


@next_char_nll.wrong(WHOLE_BATCH)
def one_softmax_for_all(logits, targets):
    rows = logits - np.logaddexp.reduce(logits.ravel())
    return -np.take_along_axis(rows, targets[..., None], axis=-1).mean()


@next_char_nll.wrong(WHOLE_BATCH)
def one_softmax_for_all_that_overflows(logits, targets):
    chances = np.exp(logits) / np.exp(logits).sum()
    return -np.log(np.take_along_axis(chances, targets[..., None], axis=-1)).mean()


@next_char_nll.wrong("log_probs[:, :, targets] picks, at every place, the characters of *all* "
                     "places. One number is wanted for each place. Which NumPy function takes an "
                     "index along an axis; or which two index arrays must stand beside targets?")
def every_target_at_every_place(logits, targets):
    return -(logits - np.logaddexp.reduce(logits, axis=-1, keepdims=True))[:, :, targets].mean()


@next_char_nll.wrong("The letters are shifted by one once more: targets[b, t] already is the "
                     "letter that logits[b, t] should foretell. What happens if both are used as "
                     "they come?")
def shifted_again(logits, targets):
    return surprises(logits[:, :-1], targets[:, 1:]).mean()


@next_char_nll.wrong("Only the last letter of each text counts. Every letter is an answer to the "
                     "text before it, and so a lesson. Over which axes is the mean?")
def last_place_only(logits, targets):
    return surprises(logits, targets)[:, -1].mean()


@next_char_nll.wrong("It is one number for each text. Texts differ in length, so the mean is over "
                     "all letters at once. Which axes are left?")
def one_for_each_text(logits, targets):
    return surprises(logits, targets).mean(axis=1)
