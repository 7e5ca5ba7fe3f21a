"""The state of a run as one flat dict, so that it can be saved without pickle: every part that changes has `state` and `load`."""


def states_of(**parts):
    """The states of several parts in one flat dict: `states_of(policy=policy)` -> {"policy/vector": ...}."""
    return {f"{name}/{key}": value for name, part in parts.items() for key, value in part.state().items()}


def load_into(flat, **parts):
    """Undo `states_of`: give each part its own entries back."""
    for name, part in parts.items():
        part.load({key[len(name) + 1:]: value for key, value in flat.items() if key.startswith(name + "/")})
