"""Checks at the doors: is this argument a number, a choice, a shape that can be used?"""
import numbers

import numpy as np


def check_shapes(**arrays):
    """Each argument is `name=(array, "B T A")`: the same letter must mean the same size everywhere.

    A number stands for itself. Returns the sizes.

    >>> check_shapes(rewards=(np.zeros((4, 7)), "B T"), mask=(np.ones((4, 7)), "B T"))
    {'B': 4, 'T': 7}
    """
    sizes, owners = {}, {}
    for name, (array, pattern) in arrays.items():
        letters, shape = pattern.split(), np.shape(array)
        got = f"got shape {shape}"
        expected = "(" + ", ".join(letters) + ")"
        if len(shape) != len(letters):
            raise ValueError(f"{name}: expected {len(letters)} dimensions {expected}, {got}")
        for letter, size in zip(letters, shape):
            known = int(letter) if letter.isdigit() else sizes.setdefault(letter, size)
            if known != size:
                origin = f", as in {owners[letter]}" if letter in owners else ""
                raise ValueError(f"{name}: expected {expected} "
                                 f"with {letter} = {known}{origin}, {got}")
            owners.setdefault(letter, name)
    return sizes


def check_finite(**arrays):
    """Refuse NaN, infinity and what is no real number by name: `check_finite(rewards=rewards)`."""
    for name, array in arrays.items():
        values = np.atleast_1d(array)
        if values.dtype.kind not in "fiub":
            raise ValueError(f"{name}: expected numbers, got {values.dtype}")
        if not np.isfinite(array).all():
            index = tuple(int(i) for i in np.argwhere(~np.isfinite(values))[0])
            raise ValueError(f"{name}: expected finite numbers, "
                             f"got {values[index]} at index {index}")


def check_indices(name, values, size):
    """Refuse what are not all whole numbers from 0 to size - 1."""
    values = np.asarray(values)
    expected = f"{name}: expected integers from 0 to {size - 1}"
    if values.dtype.kind not in "iu":
        raise ValueError(f"{expected}, got {values.dtype}")
    wrong = (values < 0) | (values >= size)
    if wrong.any():
        index = tuple(np.argwhere(wrong)[0].tolist())
        raise ValueError(f"{expected}, got {values[index]} at index {index}")


def check_choice(name, value, allowed):
    """Refuse a word that is not on the list, and print the list."""
    if value not in list(allowed):
        raise ValueError(f"{name}: expected one of {', '.join(map(str, allowed))}; got {value!r}")


def check_range(name, value, low, high):
    """Refuse what is not a number from low to high; NaN is none."""
    number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not number or not low <= value <= high:
        got = repr(value) if isinstance(value, str) else value
        raise ValueError(f"{name}: expected a number from {low} to {high}, got {got}")


def check_whole(name, value, low, high):
    """Refuse what is not a whole number from low to high."""
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not whole or not low <= value <= high:
        raise ValueError(f"{name}: expected a whole number from {low} to {high}, got {value!r}")


def check_distribution(name, probabilities):
    """Refuse what is no list of probabilities that sum to 1."""
    given = np.asarray(probabilities, float)
    if given.ndim != 1 or not given.size or not (given >= 0).all() or abs(given.sum() - 1) > 1e-9:
        raise ValueError(f"{name}: expected probabilities that sum to 1, got {given.tolist()}; "
                         "divide by their sum")
