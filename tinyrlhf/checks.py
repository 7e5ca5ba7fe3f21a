"""Checks for people who write a network, a rule or a game: shapes, numbers, gradients, games."""
import numbers

import numpy as np


def check_shapes(**arrays):
    """Each argument is `name=(array, "B T A")`: the same letter must mean the same size everywhere.

    Returns the sizes by letter. A number stands for itself, and "..." at the front for any leading
    dimensions.

    >>> check_shapes(rewards=(np.zeros((4, 7)), "B T"), mask=(np.ones((4, 7)), "B T"))
    {'B': 4, 'T': 7}
    """
    sizes, owners = {}, {}
    for name, (array, pattern) in arrays.items():
        letters, shape = pattern.split(), np.shape(array)
        got = f"got shape {shape}"
        if letters[:1] == ["..."]:
            letters = letters[1:]
            shape = shape[max(len(shape) - len(letters), 0):]
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
    """Refuse NaN and infinity by name: `check_finite(rewards=rewards)`."""
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            values = np.atleast_1d(array)
            index = tuple(int(i) for i in np.argwhere(~np.isfinite(values))[0])
            raise ValueError(f"{name}: expected finite numbers, "
                             f"got {values[index]} at index {index}")


def check_choice(name, value, allowed):
    """Refuse a word that is not on the list, and print the list."""
    if value not in allowed:
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


def check_gradient(loss, arrays, gradients, rng, tolerance=1e-6, step=1e-5):
    """Compare hand-written gradients with central differences; say which entry is wrong.

    First along one random direction (two evaluations, whatever the size); only if that disagrees,
    entry by entry.

    Args:
        loss: function without arguments -> float, reading the arrays below as they are now.
        arrays: dict of float64 arrays that are changed in place and restored.
        gradients: dict with the same keys and shapes: d loss / d array.
        tolerance: largest |analytic - numeric| / max(|analytic|, |numeric|, 1e-3).
    Raises:
        AssertionError: names parameter, index, analytic and numeric value.
    """
    for name, array in arrays.items():
        if array.dtype != np.float64:
            raise ValueError(f"{name}: expected float64 for a gradient check, got {array.dtype}")
        if gradients[name].shape != array.shape:
            raise AssertionError(f"{name}: the gradient has shape {gradients[name].shape}, "
                                 f"the parameter {array.shape}")

    def difference(directions):
        saved = {name: array.copy() for name, array in arrays.items()}
        values = []
        for sign in (1, -1):
            for name, direction in directions.items():
                arrays[name][...] = saved[name] + sign * step * direction
            values.append(loss())
        for name in arrays:
            arrays[name][...] = saved[name]
        return (values[0] - values[1]) / (2 * step)

    def error(analytic, numeric):
        gap = abs(analytic - numeric) / max(abs(analytic), abs(numeric), 1e-3)
        return np.inf if np.isnan(gap) else gap

    directions = {name: rng.normal(size=array.shape) for name, array in arrays.items()}
    analytic = sum(float((gradients[name] * directions[name]).sum()) for name in arrays)
    if error(analytic, difference(directions)) <= tolerance:
        return
    worst = (0.0, "", (), 0.0, 0.0)
    for name, array in arrays.items():
        for index in np.ndindex(array.shape):
            one = np.zeros(array.shape)
            one[index] = 1.0
            analytic, numeric = float(gradients[name][index]), difference({name: one})
            worst = max(worst, (error(analytic, numeric), name, index, analytic, numeric))
    _, name, index, analytic, numeric = worst
    raise AssertionError(f"gradient of {name} at {index}: "
                         f"analytic {analytic:.8g}, numeric {numeric:.8g}")


def check_game(game, rng, n=5):
    """Play random actions; raise a sentence for the first broken promise of `games/game.py`."""
    def promise(kept, sentence):
        if not kept:
            raise AssertionError(f"{type(game).__name__}: {sentence}")

    def random_actions(count):
        if hasattr(game, "n_actions"):
            return rng.integers(game.n_actions, size=count)
        return rng.normal(size=(count, game.action_size))

    states = game.start(n, rng)
    promise(len(states) == n, f"start({n}) must return {n} rows, got {len(states)}")
    promise(len(game.start(1, rng)) == 1, "start(1) must return one row")
    for t in range(game.horizon):
        before, actions = states.copy(), random_actions(n)
        observed = game.observe(states)
        promise(np.shape(observed)[0] == n, "observe must keep the leading dimension")
        stacked = game.observe(np.stack([states, states]))
        promise(np.array_equal(stacked[1], observed), "observe must accept any leading dimensions")
        next_states, rewards, done = game.step(states, actions, rng)
        promise(np.array_equal(states, before), "step must not change the states it is given")
        after, dtype = next_states.shape, next_states.dtype
        promise(after == states.shape and dtype == states.dtype,
                f"step must keep shape and dtype of the states, got {after} {dtype}")
        promise(rewards.shape == (n,) and np.isfinite(rewards).all(),
                f"rewards must be {n} finite numbers")
        promise(done.shape == (n,) and done.dtype == bool, f"done must be {n} booleans")
        promise(isinstance(game.show(next_states[0]), str), "show must return text")
        promise(all(hasattr(piece, "color") for piece in game.scene(next_states[0])),
                "scene must return pieces with a color")
        again = game.step(states[:1], actions[:1], np.random.default_rng(t))
        same = game.step(states[:1], actions[:1], np.random.default_rng(t))
        promise(all(map(np.array_equal, again, same)),
                "equal generators must give equal steps: keep no hidden state")
        over = np.reshape(done, (n,) + (1,) * (states.ndim - 1))
        states = np.where(over, game.start(n, rng), next_states).astype(states.dtype)
    if hasattr(game, "P"):
        promise(game.P.shape == (game.n_states, game.n_actions, game.n_states),
                "P must have shape (S, A, S)")
        promise(np.allclose(game.P.sum(axis=2), 1) and (game.P >= 0).all(),
                "each P[s, a] must be a distribution")
        promise(game.R.shape == game.P.shape, "R must have the shape of P")
        promise(np.isclose(game.d0.sum(), 1), "d0 must be a distribution")
