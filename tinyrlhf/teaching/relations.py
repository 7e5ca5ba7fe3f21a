"""How does a wrong result stand to the right one? One sentence that is true of all cases."""
import numpy as np

TOLERANCE = 1e-5
FORMULAS = [
    (lambda right: 1 - right, "1 minus the expected result"),
    (lambda right: 1 / right, "1 divided by the expected result"),
    (np.log, "the logarithm of the expected result"),
    (np.exp, "exp() of the expected result"),
    (np.square, "the square of the expected result"),
    (np.sqrt, "the square root of the expected result"),
    (np.abs, "the expected result without its signs")]
ORDERS = [  # of arrays
    (lambda right: right.T, "the expected array, transposed"),
    (lambda right: right[::-1], "the expected array in reversed order"),
    (lambda right: right[..., ::-1], "the expected array with each row reversed"),
    (lambda right: np.roll(right, 1, axis=0), "the expected array, one place too late"),
    (lambda right: np.roll(right, -1, axis=0), "the expected array, one place too early"),
    (lambda right: np.cumsum(right, axis=-1), "the running sum of the expected array"),
    (lambda right: right.sum(), "the sum of the expected numbers"),
    (lambda right: right.mean(), "the mean of the expected numbers"),
    (lambda right: right.sum(axis=0), "the sum of the expected array over its first axis"),
    (lambda right: right.mean(axis=0), "the mean of the expected array over its first axis"),
    (lambda right: right.sum(axis=-1), "the sum of the expected array over its last axis"),
    (lambda right: right.ravel(), "the expected array as one row"),
    (lambda right: right[None], "the expected array with an axis too many"),
    (lambda right: right[..., None], "the expected array with an axis too many")]


def relation(pairs):
    """The sentence, or None where nothing is found.

    pairs: a list of (right, wrong), arrays or numbers, one for each case.
    """
    pairs = [(np.asarray(right, float), np.asarray(wrong, float)) for right, wrong in pairs]
    pairs = [pair for pair in pairs if not close(*pair) or pair[0].any()]
    if all(close(*pair) for pair in pairs):
        return None
    orders = ORDERS if all(right.ndim for right, _ in pairs) else []
    with np.errstate(all="ignore"):
        if all(right.shape == wrong.shape for right, wrong in pairs):
            said = times(pairs) or shifted(pairs) or first_of(FORMULAS, pairs)
            return said or first_of(orders, pairs) or other_order(pairs) or in_part(pairs)
        return first_of(orders, pairs)


def close(one, other):
    return one.shape == other.shape and np.allclose(one, other, TOLERANCE, 1e-9, equal_nan=True)


def first_of(forms, pairs):
    """The first form that turns every right result into the wrong one."""
    for form, said in forms:
        if all(close(form(right), wrong) for right, wrong in pairs):
            return f"Yours is {said}."
    return None


def times(pairs):
    """Is it the right result times a number, everywhere, or in each case?"""
    factors = [np.vdot(right, wrong) / np.vdot(right, right) for right, wrong in pairs]
    found = all(close(factor * right, wrong) for factor, (right, wrong) in zip(factors, pairs))
    if not found or not np.isfinite(factors).all():
        return None
    if not np.any(factors):
        return "Yours is 0 everywhere."
    if np.ptp(factors) < TOLERANCE * max(np.abs(factors)):
        if abs(factors[0] + 1) < TOLERANCE:
            return "Yours is -1 times the expected result: a sign is reversed."
        return f"Yours is {number(factors[0])} times the expected result."
    if all(np.count_nonzero(right) > 1 or whole(factor)
           for factor, (right, _) in zip(factors, pairs)):
        listed = ", ".join(map(number, factors[:4]))
        return f"Yours is the expected result times a number of its own in each case: {listed}."
    return None


def shifted(pairs):
    """Is a number added, everywhere, or in each case?"""
    shifts = [(wrong - right).mean() for right, wrong in pairs]
    found = all(close(right + shift, wrong) for shift, (right, wrong) in zip(shifts, pairs))
    if not found or not np.isfinite(shifts).all():
        return None
    if np.ptp(shifts) < TOLERANCE * max(np.abs(shifts)):
        return f"Yours is the expected result, shifted by a constant: {number(shifts[0])}."
    if all(right.size > 1 for right, _ in pairs):
        return "Yours is the expected result, shifted by a number of its own in each case."
    return None


def other_order(pairs):
    """Are the right numbers there, with other signs or in other places?"""
    if all(close(np.abs(right), np.abs(wrong)) for right, wrong in pairs):
        return "The sizes are right, some signs are not."
    if all(close(np.sort(right, None), np.sort(wrong, None)) for right, wrong in pairs):
        return "These are the right numbers in wrong places."
    return None


def in_part(pairs):
    """Which rows or entries are right in every case that has some?"""
    pairs = [pair for pair in pairs if pair[0].ndim]
    good = [np.isclose(*pair, TOLERANCE, 1e-9, equal_nan=True) for pair in pairs]
    rows = [each.reshape(len(each), -1).all(axis=1) for each in good if len(each) > 1]
    what = "entry" if all(right.ndim == 1 for right, _ in pairs) else "row"
    for said, where, others in (("Only the first", 0, slice(1, None)),
                                ("Only the last", -1, slice(None, -1))):
        if rows and all(each[where] and not each[others].any() for each in rows):
            return f"{said} {what} is right."
        if rows and all(each[others].all() for each in rows):
            return f"{said} {what} is not right."
    right = sum(each.sum() for each in good)
    if right:
        return f"{right} of {sum(each.size for each in good)} entries are right."
    return None


def whole(factor):
    """Is it a whole number, or one divided by a whole number?"""
    return any(np.isfinite(each) and abs(each - round(each)) < TOLERANCE * abs(each)
               for each in (factor, 1 / factor))


def number(value):
    """A factor in words: 3, 1/3, 0.4142."""
    if 0 < abs(value) < 0.9 and whole(value):
        return f"1/{round(1 / value)}".replace("1/-", "-1/")
    return f"{value:.4g}"
