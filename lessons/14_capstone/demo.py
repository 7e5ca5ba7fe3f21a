"""`tinyrlhf demo 14`: the room judges two chat models blindly, buys one by its report, and sees
what it bought.
"""
import json
from pathlib import Path
from textwrap import fill

import numpy as np

from tinyrlhf.games.language import Language
from tinyrlhf.numerics import sigmoid
from tinyrlhf.plots import BLUE, GREEN, GREY, VERMILLION
from tinyrlhf.teaching.room import Question, as_shares, blank, draw_card, draw_sides, percent_axis

GAME, PAIRS = Language(), 4
COLORS = {"base": "#8A8A8A", "SFT": GREY, "RLHF": BLUE, "DPO": VERMILLION, "round 2": GREEN}
OFFERS = "DPO, pushed", "DPO"  # model A and model B


def mean_of(cards, model, number):
    """One number of a model, mean of all saved runs; of a win rate the rate."""
    return np.mean([np.ravel(card["models"][model][number])[0] for card in cards])


def blind_pairs(card, rng):
    """(prompt, left, right, is RLHF left?) of questions that SFT and RLHF answer differently."""
    rows = list(zip(card["prompts"], card["samples"]["SFT"], card["samples"]["RLHF"]))
    differ = [row for row in rows if row[1] != row[2]]
    found = []
    for number in rng.permutation(len(differ))[:PAIRS]:
        prompt, sft, ours = differ[number]
        on_the_left = bool(rng.random() < 0.5)
        found.append((prompt, *((ours, sft) if on_the_left else (sft, ours)), on_the_left))
    return found


def draw_pair(axis, prompt, left, right, below=("", "")):
    blank(axis).text(0.5, 0.9, prompt, ha="center", va="center", size=32, weight="bold")
    draw_sides(axis, fill(left, 20), fill(right, 20), size=30, height=0.5)
    draw_sides(axis, *below, size=24, height=0.1)


def draw_offers(axis, cards):
    """Two columns of a report, and no more."""
    rows = [f"unkind answers  {mean_of(cards, model, 'unkind'):.1%}\n\n"
            f"different answers  {mean_of(cards, model, 'distinct'):.0%}" for model in OFFERS]
    draw_sides(axis, "model A", "model B", size=34, height=0.8)
    draw_sides(axis, *rows, size=26, height=0.42)


def draw_bought(axis, card):
    """What both models of the offer write."""
    blank(axis)
    for x, model, color in zip((0.02, 0.52), OFFERS, (BLUE, VERMILLION)):
        texts = card["samples"][model][:10:2]
        axis.text(x, 0.95, f"model {'AB'[x > 0.5]}", size=28, color=color, weight="bold", va="top")
        axis.text(x, 0.8, "\n".join(fill("- " + text, 34, subsequent_indent="  ")
                                    for text in texts), size=20, va="top", linespacing=1.5)


def draw_bars(axis, cards, number, title, named):
    for place, (model, color) in enumerate(COLORS.items()):
        value = mean_of(cards, model, number)
        axis.barh(place, value, color=color)
        axis.text(value, place, f" {value:.2f}" if value < 5 else f" {value:.1f}", va="center")
    axis.set(yticks=range(len(COLORS)), yticklabels=COLORS if named else [], xticks=[0],
             ylim=(len(COLORS) - 0.4, -0.6))
    axis.margins(x=0.25)
    axis.set_title(title, weight="bold")


def beats(figure, seed):
    """Each beat draws, and yields its claim, or a `Question`, for which it is sent the hands."""
    cards = json.loads(Path(__file__).with_name("cards.json").read_text(encoding="utf-8"))
    card, wins = cards[seed % len(cards)], []
    pairs = blind_pairs(card, np.random.default_rng(seed))
    for prompt, left, right, on_the_left in pairs:
        draw_pair(figure.subplots(), prompt, left, right)
        lead = GAME.judge(prompt, left, True) - GAME.judge(prompt, right, True)
        hands = yield Question("Two chat models, no names. Which answer is better?",
                               sigmoid(2 * lead),
                               options=("left", "right"), about=(prompt, left, right))
        wins.append(hands if on_the_left else hands[::-1])
    prompt, left, right, on_the_left = pairs[-1]
    names = ("RLHF", "SFT") if on_the_left else ("SFT", "RLHF")
    draw_pair(figure.subplots(), prompt, left, right, names)
    yield "One of them had imitated people, the other one had been told what people prefer"
    axis, room = figure.subplots(), np.sum(wins, axis=0)
    rates = [as_shares([room])[0, 0], mean_of(cards, "RLHF", "win rate")]
    axis.bar([0, 1], rates, color=[BLUE, GREY], width=0.5)
    for place, rate in enumerate(rates):
        axis.text(place, rate + 0.02, f"{rate:.0%}", ha="center", weight="bold")
    axis.axhline(0.5, color="black", lw=1.5, ls=":")
    axis.set_xticks([0, 1], [f"you:\n{PAIRS} pairs, {room.sum()} hands",
                             f"a simulated judge:\n{len(cards)} runs of 500 pairs"])
    percent_axis(axis, "RLHF preferred to SFT")
    yield "Preferred is not perfect: how often, by whom, in how many pairs?"
    draw_offers(figure.subplots(), cards)
    yield Question("Two models, two columns of their report cards. Which one do you buy?", 0.8,
                   options=("model A", "model B"))
    draw_bought(figure.subplots(), card)
    yield ("A is DPO, pushed too hard. Gibberish is hardly ever unkind, and hardly ever the "
           "same twice")
    columns = (("true reward", "true reward"), ("distinct", "distinct"),
               ("hours", "hours of a person"))
    for axis, (number, title) in zip(figure.subplots(1, 3), columns):
        draw_bars(axis, cards, number, title, named=number == "true reward")
    yield (f"The whole card, mean of {len(cards)} runs: what pleases people costs variety, and "
           "their time")
    draw_card(figure.subplots(),
              "Beside what?\nJudged by whom?\nOn how many seeds?\nAt whose expense?\n"
              "What was not measured?", BLUE, size=34)
    yield "Five questions for any report, ours included"
