"""Does what you wrote keep its promises: a gradient its formula, a game the protocol?"""
import numpy as np


def check_gradient(loss, arrays, gradients, rng):
    """Compare hand-written gradients with central differences; say which entry is wrong.

    First along one random direction (two evaluations); if that disagrees, entry by entry.

    Args:
        loss: function without arguments -> float, reading the arrays below as they are now.
        arrays: dict of float64 arrays that are changed in place and restored.
        gradients: dict with the same keys and shapes: d loss / d array.
    Raises:
        AssertionError: |analytic - numeric| / max(|analytic|, |numeric|, 1e-3) is above 1e-6; names
            parameter, index, analytic and numeric value.
    """
    step = 1e-5
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
    if error(analytic, difference(directions)) <= 1e-6:
        return
    entries = []
    for name, array in arrays.items():
        for index in np.ndindex(array.shape):
            one = np.zeros(array.shape)
            one[index] = 1.0
            analytic, numeric = float(gradients[name][index]), difference({name: one})
            entries.append((error(analytic, numeric), name, index, analytic, numeric))
    _, name, index, analytic, numeric = max(entries)
    raise AssertionError(f"gradient of {name} at {index}: "
                         f"analytic {analytic:.8g}, numeric {numeric:.8g}")


def check_game(game, rng, n=5):
    """Play random actions; raise a sentence for the first broken promise of `games/game.py`."""
    for kept, sentence in promises(game, rng, n):
        if not kept:
            raise AssertionError(f"{type(game).__name__}: {sentence}")


def promises(game, rng, n):
    """Is it kept, and which is it? One promise after the other."""
    states = game.start(n, rng)
    yield len(states) == n, f"start({n}) must return {n} rows, got {len(states)}"
    yield len(game.start(1, rng)) == 1, "start(1) must return one row"
    for t in range(game.horizon):
        if hasattr(game, "n_actions"):
            actions = rng.integers(game.n_actions, size=n)
        else:
            actions = rng.normal(size=(n, game.action_size))
        yield from promises_of_a_step(game, states, actions, seed=t)
        next_states, _, done = game.step(states, actions, rng)
        over = np.reshape(done, (n,) + (1,) * (states.ndim - 1))
        states = np.where(over, game.start(n, rng), next_states).astype(states.dtype)
    if hasattr(game, "P"):
        shape = game.n_states, game.n_actions, game.n_states
        is_distribution = np.allclose(game.P.sum(axis=-1), 1) and (game.P >= 0).all()
        yield game.P.shape == shape, "P must have shape (S, A, S)"
        yield is_distribution, "each P[s, a] must be a distribution"
        yield game.R.shape == shape, "R must have the shape of P"
        yield np.isclose(game.d0.sum(), 1), "d0 must be a distribution"


def promises_of_a_step(game, states, actions, seed):
    """What one step of all n episodes, and what may be seen and shown of it, must be like."""
    before, n = states.copy(), len(states)
    observed = game.observe(states)
    stacked = game.observe(np.stack([states, states]))
    yield np.shape(observed)[0] == n, "observe must keep the leading dimension"
    yield np.array_equal(stacked[1], observed), "observe must accept any leading dimensions"
    next_states, rewards, done = game.step(states, actions, np.random.default_rng(seed))
    yield np.array_equal(states, before), "step must not change the states it is given"
    shape, dtype = next_states.shape, next_states.dtype
    kept = shape == states.shape and dtype == states.dtype
    yield kept, f"step must keep shape and dtype of the states, got {shape} {dtype}"
    finite = rewards.shape == (n,) and np.isfinite(rewards).all()
    yield finite, f"rewards must be {n} finite numbers"
    yield done.shape == (n,) and done.dtype == bool, f"done must be {n} booleans"
    yield isinstance(game.show(next_states[0]), str), "show must return text"
    pieces = game.scene(next_states[0])
    yield all(hasattr(piece, "color") for piece in pieces), "scene must return pieces with a color"
    again = game.step(states, actions, np.random.default_rng(seed))
    equal = all(map(np.array_equal, again, (next_states, rewards, done)))
    yield equal, "equal generators must give equal steps: keep no hidden state"
