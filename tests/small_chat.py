"""The stages of a chat model as they are, with less to read, to rank and to learn: a run takes a tenth of a second."""
import inspect

from tinyrlhf import chat, rlhf, stages

DEFAULTS = {stages.pretrain: {"documents": 60, "steps": 10}, stages.fine_tune: {"demonstrations": 12, "steps": 4},
            stages.bits_per_character: {"documents": 8}, stages.Chat.measure: {"n": 16}, stages.over_optimize: {"updates": 10, "n": 12},
            chat.held_out: {"prompts": 8}}


def shrink(patch):
    """Make every stage small until `patch` (a pytest.MonkeyPatch) is undone."""
    make, prefer, clone_best = stages.make_reward_model, stages.prefer, stages.clone_best

    def make_small(*given):
        model = make(*given)
        for member in getattr(model, "members", [model]):
            member.fit_steps = 4
        return model

    for function, small in DEFAULTS.items():
        parameters = inspect.signature(function).parameters.values()
        values = {parameter.name: parameter.default for parameter in parameters if parameter.default is not parameter.empty}
        assert set(small) <= set(values), f"{function.__name__} has no {', '.join(small)} any more"
        patch.setattr(function, "__defaults__", tuple({**values, **small}.values()))
    patch.setattr(stages, "UPDATES", dict.fromkeys(stages.UPDATES, 10))
    patch.setattr(stages, "BEST_OF", 4)
    patch.setattr(stages, "make_reward_model", make_small)
    patch.setattr(stages, "prefer", lambda *given, **named: prefer(*given, **{**named, "steps": 4, "batch": 8}))
    patch.setattr(stages, "clone_best", lambda *given, **named: clone_best(*given, **{**named, "starts": 4, "steps": 4, "batch": 32}))
    fewer = {"episodes_per_update": 8, "updates_per_round": 2}
    patch.setattr(stages, "State", lambda *given, **named: rlhf.State(*given, **{**named, **fewer}))
