"""Scenes as characters: half blocks where there are colours, else a letter for each role."""
import os
import sys
import textwrap
import unicodedata

import numpy as np

from tinyrlhf.games.game import COLORS, Box, Circle, Line, Words

LETTERS = dict(zip(COLORS, "#:.%@+^x"))  # ink, quiet, floor, wall, agent, good, bad, danger
PALETTE = dict(zip(COLORS, (None, 244, 238, 246, 33, 35, 214, 202)))  # of 256; ink: as text is
MARKS = {"bad": "^", "danger": "x"}      # on boxes, beside the hue
NUMBERS = {color: number for number, color in enumerate(COLORS, 1)}  # 0: nothing


def look():
    """What this terminal can show: (colours?, arrows and blocks?)."""
    colours = not os.environ.get("NO_COLOR") and os.environ.get("TERM", "") != "dumb"
    try:
        "▀▄█←→↑↓".encode(sys.stdout.encoding or "ascii")
    except (UnicodeError, LookupError):
        return colours, False
    return colours, True


def harmless(text):
    """The same text with letters that cannot move a cursor, change a direction, or be wide.

    Whatever controls (C0, C1, ESC, bidirectional, zero width) is written out; marks that stack on
    a letter are left out, and what fills two columns becomes a question mark.
    """
    safe = []
    for letter in str(text):
        if unicodedata.combining(letter) or unicodedata.category(letter) in ("Mn", "Me"):
            continue
        if not letter.isprintable():
            safe.append(" " if letter == "\n" else ascii(letter)[1:-1])
        else:
            safe.append("?" if unicodedata.east_asian_width(letter) in "WF" else letter)
    return "".join(safe)


def wrapped(text, width, most=None):
    """A hostile text in rows of at most this width."""
    rows = textwrap.wrap(harmless(text), max(width, 1)) or [""]
    return rows if most is None else rows[:most]


def is_text(scene):
    """Whether a scene is nothing but words."""
    return all(isinstance(piece, Words) for piece in scene)


def painted(scene, width, height):
    """Numbers of colours (height, width) of the pieces of a scene; y points downwards here."""
    picture = np.zeros((height, width), np.uint8)
    y, x = np.mgrid[height - 0.5:-0.5:-1, 0.5:width]
    x, y = x / width, y / height
    for piece in scene:
        if isinstance(piece, Box):
            inside = (x >= piece.x0) & (x < piece.x1) & (y >= piece.y0) & (y < piece.y1)
        elif isinstance(piece, Circle):
            radius = max(piece.radius, 0.6 / width, 0.6 / height)
            inside = (x - piece.x) ** 2 + (y - piece.y) ** 2 <= radius ** 2
        elif isinstance(piece, Line):
            inside = np.zeros_like(picture, bool)
            along = np.linspace(0, 1, 2 * max(width, height))
            columns = np.clip((piece.x0 + along * (piece.x1 - piece.x0)) * width, 0, width - 1)
            rows = np.clip((1 - piece.y0 - along * (piece.y1 - piece.y0)) * height, 0, height - 1)
            inside[rows.astype(int), columns.astype(int)] = True
        else:
            continue
        picture[inside] = NUMBERS[piece.color]
    return picture


def labels_of(scene, width, height):
    """Words and marks as {(row, column): letter}, where they are in a picture of characters."""
    placed = {}
    for piece in scene:
        if isinstance(piece, Circle):  # covers what is there
            row, column = int((1 - piece.y) * height), int(piece.x * width)
            placed.pop((min(row, height - 1), min(column, width - 1)), None)
            continue
        if isinstance(piece, Words):
            x, y, text = piece.x, piece.y, harmless(piece.text)
        elif isinstance(piece, Box) and piece.color in MARKS:
            x, y = (piece.x0 + piece.x1) / 2, (piece.y0 + piece.y1) / 2
            text = MARKS[piece.color]
        else:
            continue
        row = min(max(int((1 - y) * height), 0), height - 1)
        first = int(x * width - len(text) / 2 + 0.5)
        for column, letter in enumerate(text, first):
            if 0 <= column < width:
                placed[row, column] = letter
    return placed


def rows_of(scene, width, height, colours, letters_too):
    """A scene as `height` texts of `width` characters, with colours and blocks if there are any."""
    letters = labels_of(scene, width, height)
    blocks = colours and letters_too
    picture = painted(scene, width, 2 * height if blocks else height)
    if not blocks:
        signs = np.array([" ", *(LETTERS[color] for color in COLORS)])[picture]
        for place, letter in letters.items():
            signs[place] = letter
        if not colours:
            return ["".join(row) for row in signs]
        paints = [None, *PALETTE.values()]
        return [coloured([(sign, paints[number], None) for sign, number in zip(*row)])
                for row in zip(signs, picture)]
    rows = []
    for number in range(height):
        cells = [half_block(int(upper), int(lower), letters.get((number, column)))
                 for column, (upper, lower) in enumerate(picture[2 * number:2 * number + 2].T)]
        rows.append(coloured(cells))
    return rows


def signs_of(legend, width, colours, letters_too):
    """What each sign of a picture stands for, {colour: words}, in rows of at most this width."""
    rows, room = [], 0
    for color, words in legend.items():
        if colours and letters_too:
            cell = half_block(NUMBERS[color], NUMBERS[color], MARKS.get(color))
        else:
            cell = LETTERS[color], PALETTE[color] if colours else None, None
        if len(words) + 4 > room:
            rows.append("")
            room = width
        rows[-1] += f"{coloured([cell])} {words}  "
        room -= len(words) + 4
    return rows


def half_block(upper, lower, letter):
    """(character, colour, colour behind it) of two numbers of colours, one above the other."""
    paints = [None, *PALETTE.values()]
    ink = NUMBERS["ink"]
    if letter is not None:
        behind = upper or lower
        return letter, None, paints[behind] if behind != ink else None
    if upper == lower:
        return ("█" if upper else " "), paints[upper], None
    if not lower or (upper == ink and lower):
        return "▀", paints[upper], paints[lower]
    return "▄", paints[lower], paints[upper]


def coloured(cells):
    """One row of (character, colour, colour behind it) as a text; changes are written only."""
    text, now = [], (None, None)
    for sign, front, behind in cells:
        if (front, behind) != now:
            text.append("\x1b[0m" + (f"\x1b[38;5;{front}m" if front is not None else "")
                        + (f"\x1b[48;5;{behind}m" if behind is not None else ""))
            now = front, behind
        text.append(sign)
    return "".join(text) + ("\x1b[0m" if now != (None, None) else "")
