"""Does what you wrote keep its promises: a gradient its formula, a game the protocol?"""
import numpy as np


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
    states = game.start(n, rng)
    promise(game, len(states) == n, f"start({n}) must return {n} rows, got {len(states)}")
    promise(game, len(game.start(1, rng)) == 1, "start(1) must return one row")
    for t in range(game.horizon):
        if hasattr(game, "n_actions"):
            actions = rng.integers(game.n_actions, size=n)
        else:
            actions = rng.normal(size=(n, game.action_size))
        next_states, done = check_step(game, states, actions, rng, t)
        over = np.reshape(done, (n,) + (1,) * (states.ndim - 1))
        states = np.where(over, game.start(n, rng), next_states).astype(states.dtype)
    if hasattr(game, "P"):
        promise(game, game.P.shape == (game.n_states, game.n_actions, game.n_states),
                "P must have shape (S, A, S)")
        promise(game, np.allclose(game.P.sum(axis=2), 1) and (game.P >= 0).all(),
                "each P[s, a] must be a distribution")
        promise(game, game.R.shape == game.P.shape, "R must have the shape of P")
        promise(game, np.isclose(game.d0.sum(), 1), "d0 must be a distribution")


def check_step(game, states, actions, rng, seed):
    """One step of all n episodes, and what may be seen and shown of it: next states, done (n,)."""
    before, n = states.copy(), len(states)
    observed = game.observe(states)
    promise(game, np.shape(observed)[0] == n, "observe must keep the leading dimension")
    stacked = game.observe(np.stack([states, states]))
    promise(game, np.array_equal(stacked[1], observed),
            "observe must accept any leading dimensions")
    next_states, rewards, done = game.step(states, actions, rng)
    promise(game, np.array_equal(states, before), "step must not change the states it is given")
    after, dtype = next_states.shape, next_states.dtype
    promise(game, after == states.shape and dtype == states.dtype,
            f"step must keep shape and dtype of the states, got {after} {dtype}")
    promise(game, rewards.shape == (n,) and np.isfinite(rewards).all(),
            f"rewards must be {n} finite numbers")
    promise(game, done.shape == (n,) and done.dtype == bool, f"done must be {n} booleans")
    promise(game, isinstance(game.show(next_states[0]), str), "show must return text")
    promise(game, all(hasattr(piece, "color") for piece in game.scene(next_states[0])),
            "scene must return pieces with a color")
    again = game.step(states[:1], actions[:1], np.random.default_rng(seed))
    same = game.step(states[:1], actions[:1], np.random.default_rng(seed))
    promise(game, all(map(np.array_equal, again, same)),
            "equal generators must give equal steps: keep no hidden state")
    return next_states, done


def promise(game, kept, sentence):
    """Raise the sentence, under the game's name, for a promise that is not kept."""
    if not kept:
        raise AssertionError(f"{type(game).__name__}: {sentence}")
