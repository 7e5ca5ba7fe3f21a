"""Is a function right, and if not, which mistake is it? One sentence for the first thing wrong."""
import contextlib
import copy
import functools
import inspect
import io
import re
import reprlib
import traceback
import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tinyrlhf.teaching.relations import relation

PASSED, TO_DO, FAILED = "passed", "to do", "not yet"  # pytest's "failed" would print it twice
GUESSED = "guessed"  # a prediction that was made, and not right
STAGES = ("runs", "returns", "shape", "finite", "unchanged", "hand", "law", "value")


class Verdict(NamedTuple):
    """What is said of one exercise."""
    state: str  # PASSED, GUESSED, TO_DO or FAILED
    message: str = ""
    trace: str = ""  # the traceback, for those who ask


class Outcome(NamedTuple):
    """What a function does on one case."""
    result: object
    after: tuple  # the arguments after the call
    error: BaseException = None
    printed: str = ""


def grade(exercise, function):
    """The verdict on one function: the first stage that fails speaks.

    A usual mistake is called by its name.
    """
    function = in_the_form_of(solutions_result(exercise), function)
    right = [known_outcome(exercise, exercise.function, i) for i in range(len(exercise.cases))]
    seen = [outcome(exercise, function, case) for case in exercise.cases]
    printed = "".join(each.printed for each in seen).splitlines()
    to_do = [str(each.error) for each in seen if isinstance(each.error, NotImplementedError)]
    if to_do and to_do[0] != exercise.number:
        return Verdict(TO_DO, f"It needs exercise {to_do[0]} first.")
    if to_do:
        line = f'raise NotImplementedError("{exercise.number}")'
        return Verdict(FAILED, f"You wrote code, but the line `{line}` is still there. Delete it.")
    for stage in STAGES:
        message, error = at_stage(exercise, function, stage, right, seen)
        if message:
            said = ""
            if printed and "print" not in message:
                said = f" It printed: {' | '.join(printed[:2])}"
            message = misconception(exercise, seen) or explained(exercise, message, right, seen)
            return Verdict(FAILED, message + said, trace_of(error))
    if printed:
        return Verdict(PASSED, "It also prints, which is fine while you look for a mistake.")
    return Verdict(PASSED)


def outcome(exercise, function, case):
    """What happens on one case; arguments are copies."""
    arguments, result, stop = copy.deepcopy(case), None, None
    with quiet() as printed:
        try:
            result = exercise.player(function, *arguments)
        except (Exception, SystemExit) as error:  # whatever it is, the student mends it
            stop = error
    return Outcome(result, arguments, stop, printed.said())


class Paper(io.TextIOWrapper):
    """What is printed instead of on the screen, which it can do all that a screen can."""

    def __init__(self):
        super().__init__(io.BytesIO(), encoding="utf-8", errors="replace")

    def said(self):
        if self.closed:
            return ""
        self.flush()
        return self.buffer.getvalue().decode("utf-8", "replace")


@contextlib.contextmanager
def quiet():
    """Prints are caught, warnings not shown, and NumPy behaves as it does by itself."""
    with (contextlib.redirect_stdout(Paper()) as printed, warnings.catch_warnings(),
          np.errstate(all="warn"), np.printoptions()):
        warnings.simplefilter("ignore")
        yield printed


@functools.cache
def solutions_result(exercise):
    """What the solution itself returns, as an example of the form that is asked for."""
    results = []
    outcome(exercise, lambda *given: results.append(exercise.function(*given)) or results[-1],
            exercise.cases[0])
    return results[0] if results else None


def in_the_form_of(example, function):
    """The function with lists for arrays, lists for tuples, arrays for lists brought to form."""
    @functools.wraps(function)
    def formed(*arguments, **named):
        return like(example, function(*arguments, **named))

    return formed


def like(example, value):
    """The value, with its lists, tuples and arrays as in the example; left alone if in doubt."""
    if isinstance(example, np.ndarray) and isinstance(value, (list, tuple)):
        with contextlib.suppress(ValueError, TypeError):
            array = np.array(value)
            return array if numeric(array) else value
    if isinstance(example, (list, tuple)) and isinstance(value, (list, tuple, np.ndarray)):
        if not example or isinstance(value, np.ndarray) and value.ndim == 0:
            return value
        examples = [*example, *[example[-1]] * len(value)]
        return type(example)(like(*pair) for pair in zip(examples, value))
    return value


@functools.cache
def known_outcome(exercise, function, number):
    """What a function of the lesson itself does on a case: it never changes, so it runs once."""
    return outcome(exercise, function, exercise.cases[number])


def at_stage(exercise, function, stage, right, seen):
    """The first complaint of one stage, or None; and its error, if there is one."""
    if stage == "law":
        for sentence, law in exercise.laws:
            tried = outcome(exercise, lambda *_: law(function), exercise.cases[0])
            if isinstance(tried.result, str):  # a law that finds its own words
                return tried.result, None
            if tried.error or not tried.result:
                why = f" (It stops with {stopped(tried.error)}.)" if tried.error else ""
                return sentence + why, tried.error
        return None, None
    cases = list(zip(exercise.cases, right, seen))
    for case, wanted, got in cases[:1] if stage == "hand" else cases:
        message = complaint(exercise, case, wanted, got, stage)
        if message:
            return message, got.error
    return None, None


def complaint(exercise, case, right, seen, stage):
    """The sentence for one case at one stage, or None where there is nothing to complain."""
    wanted, got = right.result, seen.result
    if stage == "runs" and seen.error:
        more = ""
        if "truth value of an array" in str(seen.error):
            more = (" An array holds many truths: min, max, `if` and `and` want one; np.minimum, "
                    "np.where and `&` work entry by entry.")
        return f"It stops with {stopped(seen.error)}, for {given(exercise, case)}.{more}"
    if stage == "returns" and got is None and wanted is not None:
        if seen.printed:
            return ("It prints something but returns None. Printing is for people; "
                    "hand the result on with `return`.")
        return "It returns None. Is the `return` missing?"
    if stage == "shape" and form(got, whole="whole" in form(wanted)) != form(wanted):
        where = ""
        if isinstance(wanted, tuple) and isinstance(got, tuple) and len(wanted) == len(got):
            whole = "whole" in form(wanted)
            fits = [form(mine, whole) == form(ours) for mine, ours in zip(got, wanted)]
            i = fits.index(False)
            where, got, wanted = f" in part {i + 1} of {len(wanted)}", got[i], wanted[i]
        return (f"It returns{where} {form(got)}, expected {form(wanted)}, "
                f"for {given(exercise, case)}.")
    if stage == "finite" and all_finite(wanted) and not all_finite(got):
        return (f"It returns {words(got)}, for {given(exercise, case)}. Which step overflows, "
                "or divides by zero, or did a NaN of the input get through?")
    if stage == "unchanged" and not same(right.after, seen.after, 0):
        changed = [not same(*pair, 0) for pair in zip(right.after, seen.after)]
        name = argument_names(exercise)[changed.index(True)]
        return (f"It changes its input {name} in place, but the caller still needs it. "
                f"Work on {name}.copy().")
    if stage in ("hand", "value") and not same(wanted, got, exercise.tolerance):
        worked = " (the worked number of the docstring)" if stage == "hand" else ""
        where, wanted, got = first_difference(wanted, got, exercise.tolerance)
        digits = next((digits for digits in (4, 6, 8, 12)
                       if words(wanted, digits) != words(got, digits)), 17)
        return (f"For {given(exercise, case)} expected {where}{words(wanted, digits)}{worked}, "
                f"got {words(got, digits)}.")
    return None


def first_difference(wanted, got, tolerance):
    """Where two results begin to differ, in words, and what stands there in both."""
    where = ""
    while isinstance(wanted, (tuple, list)) and form(wanted, False) == form(got, False):
        wrong = [not same(*pair, tolerance) for pair in zip(wanted, got)]
        i = wrong.index(True)
        where += f"in part {i + 1} of {len(wanted)} "
        wanted, got = wanted[i], got[i]
    if np.size(wanted) > 8 and form(wanted, False) == form(got, False):
        loose = tolerance_for(got, tolerance)
        wrong = ~np.isclose(wanted, got, loose, loose, equal_nan=True)
        place = tuple(int(i) for i in np.argwhere(wrong)[0])
        where += f"at [{', '.join(map(str, place))}] "
        wanted, got = wanted[place], got[place]
    return where, wanted, got


def explained(exercise, message, right, seen):
    """The message, and what holds in all cases: which parts are right, which relation, how many."""
    good = [alike(*pair, exercise.tolerance) for pair in zip(right, seen)]
    pairs = [(one.result, other.result) for one, other in zip(right, seen)]
    if all(good):
        return message
    lengths = {len(each) if isinstance(each, tuple) else 0 for pair in pairs for each in pair}
    if len(lengths) == 1 and lengths != {0}:
        parts = list(zip(*[zip(*pair) for pair in pairs]))  # of each part, the pairs of all cases
        fine = [all(same(*pair, exercise.tolerance) for pair in part) for part in parts]
        if any(fine) and not all(fine):
            numbers = [str(i) for i, ok in enumerate(fine, 1) if ok]
            parts_named = f"part {numbers[0]}"
            if len(numbers) > 1:
                parts_named = f"parts {', '.join(numbers[:-1])} and {numbers[-1]}"
            message += f" Right in every case: {parts_named} of {len(fine)}."
        pairs = next((part for part, ok in zip(parts, fine) if not ok), [])
    if pairs and all(numeric(each) for pair in pairs for each in pair):
        with contextlib.suppress(ArithmeticError, ValueError):  # the verdict stands without it
            said = relation(pairs)
            if said:
                return f"{message} {said}"
    return f"{message} Right in {sum(good)} of {len(good)} cases." if any(good) else message


def given(exercise, case):
    """The arguments of a case, in words."""
    said = {name: words(value) for name, value in zip(argument_names(exercise), case)}
    if exercise.told:
        return exercise.told.format(**said)
    return ", ".join(f"{name} = {value}" for name, value in said.items())


def argument_names(exercise):
    names = list(inspect.signature(exercise.signature).parameters)
    return names if exercise.signature is exercise.function else names[1:]  # play(f, *case)


def misconception(exercise, seen):
    """The message of the first wrong version with the student's outcome in every case, or None."""
    for message, function in exercise.wrong_versions:
        wrong = (known_outcome(exercise, function, i) for i in range(len(seen)))
        if all(alike(one, other, exercise.tolerance) for one, other in zip(wrong, seen)):
            return message
    return None


def alike(one, other, tolerance):
    """The same outcome: result, arguments afterwards, and kind of error."""
    return (type(one.error) is type(other.error) and same(one.result, other.result, tolerance)
            and same(one.after, other.after, tolerance))


def same(one, other, tolerance):
    """Equal up to the tolerance, NaN to NaN.

    What is neither number, text, None nor made of them is not compared.
    """
    if isinstance(one, (tuple, list)) and isinstance(other, (tuple, list)):
        return len(one) == len(other) and all(same(*pair, tolerance) for pair in zip(one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return (one.keys() == other.keys()
                and all(same(one[key], other[key], tolerance) for key in one))
    if numeric(one) and numeric(other):
        tolerance = max(tolerance_for(one, tolerance), tolerance_for(other, tolerance))
        return (np.shape(one) == np.shape(other)
                and np.allclose(one, other, tolerance, tolerance, equal_nan=True))
    if comparable(one) and comparable(other):
        return not numeric(one) and not numeric(other) and one == other
    return not comparable(one) and not comparable(other)


def tolerance_for(value, tolerance):
    """Single precision has seven digits, and loses some of them on the way."""
    single = np.asarray(value).dtype in (np.float32, np.float16) and tolerance
    return max(tolerance, 1e-5) if single else tolerance


def comparable(value):
    return value is None or isinstance(value, (str, tuple, list, dict)) or numeric(value)


def numeric(value):
    return (isinstance(value, (bool, int, float, np.generic, np.ndarray))
            and np.asarray(value).dtype.kind in "biuf")


def all_finite(value):
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (tuple, list)):
        return all(map(all_finite, value))
    return not numeric(value) or bool(np.isfinite(value).all())


def form(value, whole=True):
    """What kind of thing a value is, in words; whole=False: a whole number is a number."""
    if isinstance(value, (tuple, list)):
        parts = ", ".join(form(part, whole) for part in value[:4])
        return f"a {type(value).__name__} of {len(value)} ({parts})"
    if numeric(value) and np.ndim(value):
        return f"an array of shape {np.shape(value)}"
    if not numeric(value):
        return f"a {type(value).__name__}"
    whole_number = "a whole number" if whole else "a number"
    kinds = {"b": "True or False", "i": whole_number, "u": whole_number, "f": "a number"}
    return kinds[np.asarray(value).dtype.kind]


def words(value, digits=4):
    """A value, short enough for a sentence."""
    if isinstance(value, (tuple, list)):
        parts = [words(part, digits) for part in value[:6]] + ["..."] * (len(value) > 6)
        return f"({', '.join(parts)})" if isinstance(value, tuple) else f"[{', '.join(parts)}]"
    if numeric(value):
        text = np.array2string(np.asarray(value), precision=digits, threshold=16, edgeitems=2,
                               separator=", ", suppress_small=digits < 6)
        return re.sub(r"\s+", " ", text if np.ndim(value) else text.rstrip("."))
    if isinstance(value, (str, dict, type(None))):
        return reprlib.repr(value)
    return type(value).__name__


def stopped(error):
    """Kind, text and line of an error in a student's file; the last line that is theirs."""
    def theirs(file):
        return Path(file).parent.name == "work" or re.search(r"\d_\w+[/\\]exercises.py$", file)

    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if theirs(frame.filename)]
    if isinstance(error, SyntaxError):
        lines = [error.lineno]
    text = " ".join(str(getattr(error, "msg", error)).split())
    return f"{type(error).__name__}: {text[:200]}" + (f" in line {lines[-1]}" if any(lines) else "")


def trace_of(error):
    return "".join(traceback.format_exception(error)) if error else ""
