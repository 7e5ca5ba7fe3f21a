"""`tinyrlhf demo 9`: the room calls the next letter, then looks at a model's chances; three models side by side; fifty
polite dialogues.
"""
import functools

import numpy as np

from tinyrlhf.games.words import LETTERS, corpus
from tinyrlhf.numerics import softmax
from tinyrlhf.plots import BLUE, GREY, ORANGE, VERMILLION

CALLS = (("l", "a", "k", "it knows what may follow"),           # what is there, left, right (. is the end), what to say
         ("lan", "n", "e", "it will not choose the better one, it throws dice"),
         ("lano", "r", ".", "to end is an action like any other"))
QUESTION = "what is rain?"


@functools.cache
def readers(seed):
    """Networks that have read nothing and, of three letters, a thousand words; and a table of letter pairs."""
    from tinyrlhf.games.text import Text
    from tinyrlhf.learning.imitation import clone
    from tinyrlhf.nn.networks import Table
    from tinyrlhf.policies import Policy
    from tinyrlhf.worlds.text import character_model, pretrained
    game, rng, table = Text(), np.random.default_rng(seed), Policy(Table(18, 18))
    observations, actions, mask = game.demonstrations(corpus(1000, rng))
    clone(table, observations[mask][:, -1], actions[mask], rng, learning_rate=lambda left: 0.1 * max(left, 0.1),
          steps=300, batch=256)
    return {"nothing read": character_model(game, rng), "one letter seen": table,
            "three letters seen": pretrained(seed)}


def chances(policy, text):
    """The chances (18,) of what follows a text: the end mark, then the letters."""
    seen = np.array([0, 0, 0, *(1 + LETTERS.index(letter) for letter in text)][-3:])
    one = policy.network.params.shapes.keys() == {"table"}
    return softmax(policy.network.forward(seen[-1] if one else seen)[0].astype(float))


def write(policy, rng, dice=True):
    """One word; without dice, always the likeliest letter."""
    text = ""
    while len(text) < 10:
        row = chances(policy, text)
        number = rng.choice(18, p=row / row.sum()) if dice else row.argmax()
        if number == 0:
            break
        text += LETTERS[number - 1]
    return text


@functools.cache
def talkers(seed):
    """A model that has read 3000 pieces of a forum, the same after fifty polite answers; the dialogues' game."""
    from tinyrlhf.games.language import Language, Mix
    from tinyrlhf.learning.imitation import clone
    from tinyrlhf.nn.networks import EmbeddingMLP
    from tinyrlhf.policies import Policy
    game, rng = Language("dialogue"), np.random.default_rng(seed)
    before = Policy(EmbeddingMLP(game.n_symbols, game.slots, 8, (128,), game.n_actions, rng, head_gain=0.1))
    observations, actions, mask = game.demonstrations(*game.documents(3000, rng))
    clone(before, observations[mask], actions[mask], rng, learning_rate=lambda left: 0.015 * max(left, 0.05),
          steps=1200, batch=256)
    after, asked = before.copy(), [game.prompts[i] for i in rng.integers(len(game.prompts), size=50)]
    shown = [game.answer(prompt, rng, Mix(1, 0, 0.9, 0, 0, 0.3, 0)) for prompt in asked]
    observations, actions, mask = game.demonstrations(asked, shown)
    clone(after, observations[mask], actions[mask], rng, learning_rate=lambda left: 0.001 * max(left, 0.05), steps=300,
          batch=128)
    return game, before, after, list(zip(asked, shown))


def answers(game, policy, n=9):
    from tinyrlhf.episodes import rollout
    return game.decode(rollout(game, policy, game.ask([QUESTION] * n), np.random.default_rng(2)).states[:, -1])


def hands(number, left_share, seed, votes):
    """Hands for left and right: the room's, else of 30 simulated people; this share of them raises the left."""
    if number < len(votes):
        return votes[number]
    left = int(np.random.default_rng([seed, number]).binomial(30, left_share))
    return left, 30 - left


def named(letter):
    return "the end" if letter == "." else letter


def draw_words(axis, words, columns, size=30, **look):
    """A grid of words."""
    rows = -(-len(words) // columns)
    axis.set(xlim=(0, columns), ylim=(-rows, 0))
    axis.axis("off")
    for number, word in enumerate(words):
        axis.text(number // rows + 0.5, -(number % rows) - 0.5, word or "(nothing)", size=size, ha="center",
                  va="center", **look)


def draw_call(figure, text, left, right, notes=("hands for left", "hands for right")):
    """What stands on the page, a gap, and the two letters to choose from."""
    axis = figure.subplots()
    axis.axis("off")
    axis.text(0.5, 0.75, " ".join(text + "_"), size=80, ha="center", va="center", family="DejaVu Sans Mono")
    for x, letter, note, color in ((0.25, left, notes[0], BLUE), (0.75, right, notes[1], VERMILLION)):
        axis.text(x, 0.35, named(letter), size=64, ha="center", va="center", color=color, weight="bold")
        axis.text(x, 0.12, note, size=24, ha="center", va="center")


def draw_chances(axis, row, title, marks=(), color=BLUE):
    """Bars of all 18 chances, vowels first; marks: the letters to paint, for left and for right."""
    signs = "." + LETTERS
    paint = [VERMILLION if sign in marks[1:] else BLUE if sign in marks[:1] else "#BBBBBB" if marks else color
             for sign in signs]
    axis.barh(range(18), row, color=paint, height=0.75)
    axis.set(yticks=range(18), yticklabels=["end", *LETTERS], ylim=(17.6, -0.6), title=title,
             xticks=[0, 0.25, 0.5], xticklabels=["0 %", "25 %", "50 %"], xlim=(0, 0.7))


def draw_answers(axis, game, texts, questions=("",) * 9):
    """Answers below each other; red: rude, blue: begins politely."""
    axis.set(xlim=(0, 1), ylim=(-len(texts), 0))
    axis.axis("off")
    for row, (question, text) in enumerate(zip(questions, texts)):
        color = VERMILLION if game.count_unkind(text) else BLUE if text.startswith(game.phrases.kind_openers) else GREY
        axis.text(0.02, -row - 0.5, question + text or "(nothing)", size=24, va="center", color=color)


def beats(figure, seed, votes):
    """Each beat draws on the figure and yields its claim; votes: (left, right) hands, a list that may grow."""
    real = list(dict.fromkeys(corpus(120, np.random.default_rng([seed, 1]))))
    draw_words(figure.subplots(), real[:28], columns=4, color=GREY)
    yield "Words of a language that does not exist. Read them: a machine will, too"

    for number, (text, left, right, remark) in enumerate(CALLS):
        draw_call(figure, text, left, right)
        yield "Which letter comes next? Call it, then raise a hand for left or right" if number == 0 else "And now?"
        row = chances(readers(seed)["three letters seen"], text)
        p, q = (row[0 if each == "." else 1 + LETTERS.index(each)] for each in (left, right))
        raised = hands(number, p / (p + q), seed, votes)
        axes = figure.subplots(1, 2, width_ratios=[1, 1.2])
        axes[0].axis("off")
        axes[0].text(0.5, 0.75, " ".join(text + "_"), size=60, ha="center", va="center", family="DejaVu Sans Mono")
        for y, letter, count, color in ((0.4, left, raised[0], BLUE), (0.15, right, raised[1], VERMILLION)):
            axes[0].text(0.5, y, f"{named(letter)}: {count} hand{'s' * (count != 1)}", size=34, ha="center",
                         va="center", color=color, weight="bold")
        draw_chances(axes[1], row, f"the model, after “{text}”", (left, right))
        yield f"The model gives {named(left)} {p:.0%}, {named(right)} {q:.0%}: {remark}"

    text = "lan"
    for axis, (name, policy), color in zip(figure.subplots(1, 3), readers(seed).items(), (GREY, ORANGE, BLUE)):
        draw_chances(axis, chances(policy, text), name, color=color)
    yield f"Three models after “{text}”: a thousand words make the difference, and a memory"
    for axis, (name, policy), color in zip(figure.subplots(1, 3), readers(seed).items(), (GREY, "#A86F00", BLUE)):
        rng = np.random.default_rng([seed, 2])
        draw_words(axis, [write(policy, rng) for _ in range(9)], columns=1, size=28, color=color)
        axis.set_title(name, loc="center", size=24, weight="bold")
    yield "The same three models write. How would you tell the last two apart?"

    rng, left_is_real = np.random.default_rng([seed, 3]), seed % 2 == 1
    lists = [write(readers(seed)["three letters seen"], rng) for _ in range(9)], real[40:49]
    if left_is_real:
        lists = lists[::-1]
    for last in (False, True):
        for axis, words, side in zip(figure.subplots(1, 2), lists, ("left", "right")):
            draw_words(axis, words, columns=1, size=30, color=GREY)
            origin = "the language" if (side == "left") == left_is_real else "the machine"
            axis.set_title(origin if last else side, loc="center", size=28, weight="bold",
                           color=BLUE if last else "black")
        if not last:
            yield "One list is the real language, the other the machine's. Which is the machine's?"
    found, fooled = hands(3, 0.5, seed, votes)[::-1 if left_is_real else 1]
    as_a_coin = ": you could as well have thrown a coin" if abs(found - fooled) <= 6 else ""
    yield f"{found} found the machine, {fooled} did not" + as_a_coin

    axis = figure.subplots()
    draw_words(axis, ["?"] * 12, columns=3, size=40, color=GREY)
    yield "Dice make mistakes. I take them away: always the likeliest letter. What will it write?"
    always = [write(readers(seed)["three letters seen"], None, dice=False) for _ in range(12)]
    draw_words(figure.subplots(), always, columns=3, size=40, color=VERMILLION)
    yield "The same word for ever. A policy that never tries anything else cannot learn, either"

    game, before, after, shown = talkers(seed)
    draw_answers(figure.subplots(), game, answers(game, before))
    yield f"A longer page: it has read a forum, and is asked “{QUESTION}” nine times. Red: rude, blue: polite"
    draw_answers(figure.subplots(), game, [text for _, text in shown[:9]],
                 [f"{question}  " for question, _ in shown[:9]])
    yield "Now people show it fifty polite dialogues. These are nine of them"
    draw_answers(figure.subplots(), game, said := answers(game, after))
    polite = sum(text.startswith(game.phrases.kind_openers) for text in said)
    yield f"Asked “{QUESTION}” again: {polite} of 9 answers begin politely. It was shown how, and paid nothing"
