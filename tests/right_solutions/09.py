"""Right solutions of lesson 09 in different styles, written from the stubs alone; named EXERCISE__style."""
import math

import numpy as np
from tinyrlhf.games.words import LETTERS


def next_char_nll__loops(logits, targets):
    total, letters = 0.0, 0
    for text, written in zip(logits, targets):
        for row, target in zip(text, written):
            top = max(row)
            total += top + math.log(sum(math.exp(z - top) for z in row)) - row[target]
            letters += 1
    return total / letters


def next_char_nll__vector(logits, targets):
    top = logits.max(axis=-1, keepdims=True)
    log_probs = logits - top - np.log(np.exp(logits - top).sum(axis=-1, keepdims=True))
    return -np.take_along_axis(log_probs, targets[:, :, None], axis=-1).mean()


def next_char_nll__float32(logits, targets):
    logits = np.asarray(logits, dtype=np.float32)
    logits = logits - logits.max(axis=2, keepdims=True)
    texts, places = np.indices(targets.shape)
    return np.mean(np.log(np.exp(logits).sum(axis=2)) - logits[texts, places, targets], dtype=np.float32)


def next_char_nll__inplace(logits, targets):
    rows = np.array(logits, dtype=float).reshape(-1, np.shape(logits)[-1])
    rows -= rows[np.arange(len(rows)), np.ravel(targets)][:, None]
    top = rows.max(axis=1)
    rows -= top[:, None]
    np.exp(rows, out=rows)
    return float((top + np.log(rows.sum(axis=1))).mean())


def next_char_nll__logaddexp(logits, targets):
    n_chars = logits.shape[2]
    picked = np.where(np.arange(n_chars) == targets[..., None], logits, 0.0).sum(axis=2)
    return np.average(np.logaddexp.reduce(logits, axis=2) - picked)


def sample_word__loops(model, rng, temperature):
    word = ""
    while len(word) < 10:
        logits = [float(z) / temperature for z in model(word)]
        top = max(logits)
        weights = [math.exp(z - top) for z in logits]
        u, number = rng.random() * sum(weights), 0
        while number < 17 and u >= weights[number]:
            u -= weights[number]
            number += 1
        if number == 0:
            return word
        word += LETTERS[number - 1]
    return word


def sample_word__vector(model, rng, temperature):
    word = ""
    for _ in range(10):
        logits = np.asarray(model(word), dtype=float)
        weights = np.exp((logits - logits.max()) / temperature)
        number = rng.choice(18, p=weights / weights.sum())
        if number == 0:
            break
        word += LETTERS[number - 1]
    return word


def sample_word__float32(model, rng, temperature):
    letters = []
    while len(letters) < 10:
        logits = np.asarray(model("".join(letters)), dtype=np.float32)
        ends = np.cumsum(np.exp((logits - logits.max()) / np.float32(temperature)))
        number = min(np.searchsorted(ends, rng.random(dtype=np.float32) * ends[-1], side="right"), 17)
        if not number:
            break
        letters.append(LETTERS[number - 1])
    return "".join(letters)


def sample_word__gumbel(model, rng, temperature):
    word, characters = "", "." + LETTERS
    while len(word) < 10:
        drawn = characters[int(np.argmax(np.asarray(model(word)) / temperature + rng.gumbel(size=18)))]
        if drawn == ".":
            break
        word += drawn
    return word


def sample_word__recursion(model, rng, temperature):
    def go_on(text):
        if len(text) == 10:
            return text
        logits = np.divide(model(text), temperature)
        number = int(rng.multinomial(1, np.exp(logits - np.logaddexp.reduce(logits))).argmax())
        return go_on(text + LETTERS[number - 1]) if number else text

    return go_on("")


def sequence_logp__loops(model, word):
    total = 0.0
    for place in range(len(word) + 1):
        logits = [float(z) for z in model(word[:place])]
        number = LETTERS.index(word[place]) + 1 if place < len(word) else 0
        top = max(logits)
        total += logits[number] - top - math.log(sum(math.exp(z - top) for z in logits))
    return total


def sequence_logp__vector(model, word):
    logits = np.array([model(word[:place]) for place in range(len(word) + 1)])
    numbers = [*(LETTERS.index(letter) + 1 for letter in word), 0]
    log_probs = logits - logits.max(axis=1, keepdims=True)
    log_probs = log_probs - np.log(np.exp(log_probs).sum(axis=1, keepdims=True))
    return log_probs[np.arange(len(numbers)), numbers].sum()


def sequence_logp__float32(model, word):
    total, text = np.float32(0), ""
    for letter in word + ".":
        logits = np.asarray(model(text), dtype=np.float32)
        logits = logits - logits.max()
        total += logits[("." + LETTERS).index(letter)] - np.log(np.exp(logits).sum())
        text += letter
    return total


def sequence_logp__inplace(model, word):
    terms = np.zeros(len(word) + 1)
    for place in range(len(terms)):
        logits = np.array(model(word[:place]), dtype=float)
        logits -= logits[LETTERS.find(word[place:place + 1]) + 1 if place < len(word) else 0]
        terms[place] -= np.logaddexp.reduce(logits)
    return float(terms.sum())


def sequence_logp__recursion(model, word):
    def of(number, text):
        logits = np.asarray(model(text), dtype=float)
        return logits[number] - np.logaddexp.reduce(logits)

    def written(text):
        return written(text[:-1]) + of(1 + LETTERS.index(text[-1]), text[:-1]) if text else 0.0

    return float(written(word) + of(0, word))


def sft_mask__loops(prompt, reply):
    mask = []
    for _ in prompt:
        mask.append(False)
    for _ in reply + ".":
        mask.append(True)
    return np.array(mask)


def sft_mask__vector(prompt, reply):
    return np.arange(len(prompt) + len(reply) + 1) >= len(prompt)


def as_mdp__loops(word, worth):
    decisions = []
    for place in range(len(word)):
        decisions.append((word[:place], word[place], 0.0))
    decisions.append((word, ".", worth))
    return decisions


def as_mdp__float32(word, worth):
    rewards = np.zeros(len(word) + 1, np.float32)
    rewards[-1] = worth
    return [(word[:place], letter, reward) for place, (letter, reward) in enumerate(zip(word + ".", rewards))]
