"""`tinyrlhf demo 9`: the room calls the next letter, then looks at a model's chances; three models
side by side; fifty polite dialogues.
"""
import numpy as np

from tinyrlhf.games.words import LETTERS, corpus
from tinyrlhf.numerics import softmax
from tinyrlhf.plots import BLUE, GREY, ORANGE, VERMILLION
from tinyrlhf.teaching.room import Question, blank, counted, definitions_of, draw_words

# what is there, left, right (. is the end), what to say
CALLS = (("l", "a", "k", "it knows what may follow"),
         ("lan", "n", "e", "it will not choose the better one, it throws dice"),
         ("lano", "r", ".", "to end is an action like any other"))
QUESTION = "what is rain?"
NAMES = {"random": "nothing read", "one letter": "one letter seen",
         "three letters": "three letters seen"}
lesson = definitions_of(__file__, "WORDS", "TALK")
POLITE = lesson.TALK.phrases.kind_openers


def chances(policy, text):
    """The chances (18,) of what follows a text: the end mark, then the letters."""
    return softmax(lesson.as_model(policy)(text).astype(float))


def some_words(policy, seed):
    rng, model = np.random.default_rng(seed), lesson.as_model(policy)
    return [lesson.sample_word(model, rng, 1.0) for _ in range(9)]


def likeliest(policy):
    """The word that comes of always taking the likeliest letter."""
    text = ""
    while len(text) < 10 and (number := chances(policy, text).argmax()):
        text += LETTERS[number - 1]
    return text


def answers(policy):
    return lesson.write(policy, [QUESTION] * 9, np.random.default_rng(2))


def named(letter):
    return "the end" if letter == "." else letter


def draw_call(figure, text, left, right, notes=("hands for left", "hands for right")):
    """What stands on the page, a gap, and the two letters to choose from."""
    axis = blank(figure.subplots())
    axis.text(0.5, 0.75, " ".join(text + "_"), size=80, ha="center", va="center",
              family="DejaVu Sans Mono")
    for x, letter, note, color in ((0.25, left, notes[0], BLUE),
                                   (0.75, right, notes[1], VERMILLION)):
        axis.text(x, 0.35, named(letter), size=64, ha="center", va="center", color=color,
                  weight="bold")
        axis.text(x, 0.12, note, size=24, ha="center", va="center")


def draw_chances(axis, row, title, marks=(), color=BLUE):
    """Bars of all 18 chances, vowels first; marks: the letters to paint, for left and for right."""
    signs = "." + LETTERS
    paint = {sign: "#BBBBBB" if marks else color for sign in signs}
    paint |= dict(zip(marks, (BLUE, VERMILLION)))
    axis.barh(range(18), row, color=list(paint.values()), height=0.75)
    axis.set(yticks=range(18), yticklabels=["end", *LETTERS], ylim=(17.6, -0.6), title=title,
             xticks=[0, 0.25, 0.5], xticklabels=["0 %", "25 %", "50 %"], xlim=(0, 0.7))


def draw_answers(axis, texts, questions=("",) * 9):
    """Answers below each other; orange: rude, blue: begins politely."""
    blank(axis).set(ylim=(-len(texts), 0))
    for row, (question, text) in enumerate(zip(questions, texts)):
        color = BLUE if text.startswith(POLITE) else GREY
        if lesson.TALK.count_unkind(text):
            color = VERMILLION
        axis.text(0.02, -row - 0.5, question + text or "(nothing)", size=24, va="center",
                  color=color)


def beats(figure, seed):
    """Each beat draws, and yields its claim, or a `Question`, for which it is sent the hands."""
    real = list(dict.fromkeys(corpus(120, np.random.default_rng([seed, 1]))))
    draw_words(figure.subplots(), real[:28])
    yield "Words of a language that does not exist. Read them: a machine will, too"

    for number, (text, left, right, remark) in enumerate(CALLS):
        draw_call(figure, text, left, right)
        row = chances(lesson.readers(seed)["three letters"], text)
        p, q = (row[0 if each == "." else 1 + LETTERS.index(each)] for each in (left, right))
        raised = yield Question("Which letter comes next? Call it, then raise a hand for left or "
                                "right" if number == 0 else "And now?", p / (p + q),
                                options=(named(left), named(right)))
        axes = figure.subplots(1, 2, width_ratios=[1, 1.2])
        blank(axes[0]).text(0.5, 0.75, " ".join(text + "_"), size=60, ha="center", va="center",
                            family="DejaVu Sans Mono")
        for y, letter, count, color in ((0.4, left, raised[0], BLUE),
                                        (0.15, right, raised[1], VERMILLION)):
            axes[0].text(0.5, y, f"{named(letter)}: {counted(count)}", size=34, ha="center",
                         va="center", color=color, weight="bold")
        draw_chances(axes[1], row, f"the model, after “{text}”", (left, right))
        yield f"The model gives {named(left)} {p:.0%}, {named(right)} {q:.0%}: {remark}"

    text = "lan"
    for axis, (name, title), color in zip(figure.subplots(1, 3), NAMES.items(),
                                          (GREY, ORANGE, BLUE)):
        draw_chances(axis, chances(lesson.readers(seed)[name], text), title, color=color)
    yield f"Three models after “{text}”: a thousand words make the difference, and a memory"
    for axis, (name, title), color in zip(figure.subplots(1, 3), NAMES.items(),
                                          (GREY, "#A86F00", BLUE)):
        draw_words(axis, some_words(lesson.readers(seed)[name], [seed, 2]), columns=1, size=28,
                   color=color)
        axis.set_title(title, loc="center", size=24, weight="bold")
    yield "The same three models write. How would you tell the last two apart?"

    left_is_real = seed % 2 == 1
    lists = some_words(lesson.readers(seed)["three letters"], [seed, 3]), real[40:49]
    if left_is_real:
        lists = lists[::-1]
    for last in (False, True):
        for axis, words, side in zip(figure.subplots(1, 2), lists, ("left", "right")):
            draw_words(axis, words, columns=1)
            origin = "the language" if (side == "left") == left_is_real else "the machine"
            axis.set_title(origin if last else side, loc="center", size=28, weight="bold",
                           color=BLUE if last else "black")
        if not last:
            said = yield Question("One list is the real language, the other the machine's. "
                                  "Which is the machine's?", 0.5)
    found, fooled = said[::-1 if left_is_real else 1]
    verdict = f"{found} found the machine, {fooled} did not"
    if abs(found - fooled) <= 2 * (found + fooled) ** 0.5:
        verdict += ": you could as well have thrown a coin"
    yield verdict

    draw_words(figure.subplots(), ["?"] * 12, columns=3, size=40)
    yield "Dice make mistakes. I take them away: always the likeliest letter. What will it write?"
    always = likeliest(lesson.readers(seed)["three letters"])
    draw_words(figure.subplots(), [always] * 12, columns=3, size=40, color=VERMILLION)
    yield "The same word for ever. A policy that never tries anything else cannot learn, either"

    draw_answers(figure.subplots(), answers(lesson.talker(seed)))
    yield (f"A longer page: it has read a forum, and is asked “{QUESTION}” nine times. Orange: "
           "rude, blue: polite")
    shown = lesson.dialogues(seed)[:9]
    draw_answers(figure.subplots(), [kept for _, _, kept in shown],
                 [f"{question}  " for question, _, _ in shown])
    yield "Now people show it fifty polite dialogues. These are nine of them"
    draw_answers(figure.subplots(), said := answers(lesson.fine_tuned(seed)))
    polite = sum(text.startswith(POLITE) for text in said)
    yield (f"Asked “{QUESTION}” again: {polite} of 9 answers begin politely. It was shown how, "
           "and paid nothing")
