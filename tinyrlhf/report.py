"""Was it worth the answers? The result of a run as numbers, and the one figure, beside what it must be held against."""
from pathlib import Path

import numpy as np

from tinyrlhf import plots
from tinyrlhf.diagnostics import calibration, noise_ceiling
from tinyrlhf.episodes import join, rollout, start_in_groups
from tinyrlhf.humans.simulated import Boltzmann, differences, rationality_for
from tinyrlhf.questions import random_pairs
from tinyrlhf.rlhf import rlhf
from tinyrlhf.saving import write_json
from tinyrlhf.worlds import AGREEMENT, build, find
from tinyrlhf.yardsticks import clone_labels

SMALL_GAP = 0.01                      # where best possible and untrained are nearer than this, there is no way to go


def measure(settings, state):
    """The result of a finished run as a flat dict; returns are true ones, which the learner never saw."""
    rng = np.random.default_rng([settings["seed"], 1])              # fresh episodes, other numbers than the run's
    world = find(settings["world"])
    yardstick = world.yardstick(state)
    result = {"world": settings["world"], "seed": settings["seed"], "feedback": settings["feedback"],
              "answers": 0 if state.answers is None else len(state.answers), "comparisons": comparisons(state.answers),
              "return_untrained": yardstick.expected_return(untrained(state), rng),
              "return_after": yardstick.expected_return(state.policy, rng),
              "return_optimal": yardstick.best_return(),
              "objective_after": yardstick.objective(rng), "objective_optimal": yardstick.best_objective(),
              "return_on_true_reward": None, "kl": yardstick.expected_kl(rng), "measure": yardstick.called}
    if settings["person"] == "nobody":
        result["return_on_true_reward"] = result["return_after"]
    result.update(held_out(settings, state, rng))
    if world.report is not None:
        result.update(world.report.more(state))
    return result


def untrained(state):
    """The policy before the first answer: after the first stage, where stages are kept."""
    return next(iter(state.snapshots.values())) if state.snapshots else state.reference


def comparisons(answers):
    """How many choices between two episodes these answers make; None where there is none."""
    if answers is None:
        return 0
    blocks = answers.choices(np.arange(len(answers)))[1]
    return sum(len(block.whose) for block in blocks if np.array_equal(block.weights, np.eye(2))) or None


def held_out(settings, state, rng, n=1000):
    """How well the reward model foretells n fresh comparisons of untrained and final behaviour, beside what nobody can beat.

    They are those of the person as they were on average over the run (`typical_rationality`).
    """
    if not any("fit_loss" in row for row in state.history):
        return {"reward_model_accuracy": None, "noise_ceiling": None, "calibration_error": None}
    person = Boltzmann(rationality=typical_rationality(settings, state))
    first, second = fresh_pairs(state, rng, n)
    difference = state.reward_model.scores(first) - state.reward_model.scores(second)
    p = person.preference(first, second)
    agreeing = np.where(difference == 0, 0.5, np.where(difference > 0, p, 1 - p))   # the expected share has no luck in it
    said = (rng.random(n) < p).astype(float)
    return {"reward_model_accuracy": float(agreeing.mean()), "noise_ceiling": noise_ceiling(p),
            "calibration_error": calibration(difference, said)[2]}


def fresh_pairs(state, rng, n):
    """n pairs of what reference and final policy do now, as this world shows them."""
    alike = state.view.together or 1
    n_played = 200 if alike == 1 else n * alike // 2
    played = [rollout(state.game, policy, start_in_groups(state.game, n_played, alike, rng), rng)
              for policy in (state.reference, state.policy)]
    clips = state.view.clips(join(played), 2 * n, rng)
    first, second = random_pairs(len(clips), n, rng, state.view.together)
    return clips[first], clips[second]


def typical_rationality(settings, state):
    """The rationality that the person had, or, where they were given by an agreement, the one that fits all their answers at once."""
    if settings["rationality"] is not None:
        return settings["rationality"]
    return rationality_for(settings["agreement"], differences(state.answers, state.answers.episodes.true_returns))


def baselines(settings, state):
    """The same world three other ways: on the true reward, with coin-flip answers, and by cloning one fixed set of labels."""
    rng, returns = np.random.default_rng([settings["seed"], 2]), {}
    own = {name: value for name, value in settings.items() if name != "world"}
    yardstick = find(settings["world"]).yardstick
    for person, name in (("nobody", "return_on_true_reward"), ("coin", "return_without_feedback")):
        other = rlhf(build(settings["world"], **{**own, "person": person}))
        returns[name] = yardstick(other).expected_return(other.policy, rng)
        if person == "coin":
            returns["kl_without_feedback"] = yardstick(other).expected_kl(rng)
    agreement = settings["agreement"] or AGREEMENT                  # a rationality says nothing about labels
    other = build(settings["world"], **{**own, "person": "simulated"})
    copy = clone_labels(other, yardstick(other), settings["rounds"] * settings["questions"], rng, agreement)
    return {**returns, "return_cloned": yardstick(other).expected_return(copy, rng)}


def figure_data(settings, state, result):
    """Everything the figure shows, as plain lists; the curves begin with the untrained policy and no answers."""
    rng = np.random.default_rng([settings["seed"], 3])
    played = [rollout(state.game, policy, state.game.start(40, rng), rng) for policy in (state.reference, state.policy)]
    asked = state.answers is not None
    learned = [state.reward_model.scores(episodes) if asked else np.full(len(episodes), np.nan) for episodes in played]
    yardstick = find(settings["world"]).yardstick(state)
    whole = yardstick.game is state.game and state.steps_at_most is None        # was it trained in what it is judged by?
    measure, steps = "mean true return of an episode", state.steps_at_most or state.game.horizon
    if whole:
        lines = {"untrained": result["return_untrained"], "best possible": result["return_optimal"],
                 "true reward": result["return_on_true_reward"], "coin flips": result.get("return_without_feedback"),
                 "cloned labels": result.get("return_cloned")}
    else:                                                           # true rewards are at most 1 a step here
        lines = {"untrained": float(played[0].true_returns.mean()), "best possible": float(steps)}
        measure = (f"mean true return in {steps} steps ({yardstick.called}: {result['return_untrained']:.0f} before, "
                   f"{result['return_after']:.0f} after)")
    history = {name: [row[name] for row in state.history] for name in ("answers" if asked else "round", "true_return", "kl")}
    if whole:                                                       # the end of the curve: the final policy, not its last sample
        history["true_return"][-1] = result["return_after"]
    known = {name: value for name, value in lines.items() if value is not None and np.isfinite(value)}
    return {"learned": np.array(learned).tolist(), "true": [episodes.true_returns.tolist() for episodes in played],
            "answers": [0, *history["answers" if asked else "round"]], "returns": [lines["untrained"], *history["true_return"]],
            "kl": [0.0, *history["kl"]], "lines": known,
            "over": "answers so far" if asked else "rounds so far", "measure": measure}


def claim_of(settings, result):
    """The title of the figure: what was shown, no more."""
    n, world = result["answers"], find(settings["world"])
    if settings["person"] == "coin":
        return f"The control: {n} coin flips instead of answers"
    if settings["person"] == "nobody":
        return "Traditional: trained on the true reward"
    share = share_of_gap(result)
    if np.isnan(share):
        return f"{n} answers: from {result['return_untrained']:.2f} to {result['return_after']:.2f}"
    if share < 0.8:
        far = f", {result['kl']:.0f} nats away" if world.defaults["kl_coef"] and not settings["kl_coef"] else ""
        return f"{n} answers: {max(share, 0):.0%} of the way to the best possible{far}"
    return world.claim.format(n=n)


def share_of_gap(result):
    """How much of the way from untrained to best possible was gone; NaN where there is none, or nobody knows the best possible."""
    gap = result["return_optimal"] - result["return_untrained"]
    return (result["return_after"] - result["return_untrained"]) / gap if gap > SMALL_GAP else float("nan")


def scenes(settings, state, policy, rng):
    """What a policy does, as episodes of scenes."""
    game, world = state.game, find(settings["world"])
    if world.scenes is not None:
        return world.scenes(game, policy, rng)
    episodes = rollout(game, policy, game.start(1 if world.moving else 5, rng), rng)
    return [[game.scene(state) for state in states[:length + 1]] for states, length in zip(episodes.states, episodes.lengths)]


def draw(folder, settings, state, result):
    """figure.png with its data in figure.json; where it is worth it also a small GIF, in the game it learned in."""
    folder, world, claim = Path(folder), find(settings["world"]), claim_of(settings, result)
    if world.report is not None:
        figure, data = world.report.figure(claim, result)
    else:
        data = figure_data(settings, state, result)
        rng = np.random.default_rng([settings["seed"], 4])
        before, after = (scenes(settings, state, policy, rng) for policy in (state.reference, state.policy))
        figure = plots.run_figure(claim, before, after, **data)
        if world.moving:
            plots.animation(folder / f"{world.name}.gif", before[0], after[0], seconds_per_step=state.game.seconds_per_step)
    plots.save(figure, folder / "figure.png")
    write_json(folder / "figure.json", {"claim": claim, **data})


def sentences(settings, result):
    """The result for people."""
    def number(name, form=".2f"):
        return format(result[name], form) if result.get(name) is not None and np.isfinite(result[name]) else "-"

    share, world = share_of_gap(result), find(settings["world"])
    of_gap = f"   ({round(share, 2) + 0.0:.0%} of the gap)" if np.isfinite(share) else ""
    lines = [f"{result['world']}, seed {result['seed']}: {result['answers']} answers, {result['seconds']:.1f} s",
             f"  {result['measure']:<17} untrained {number('return_untrained')}   after {number('return_after')}"
             f"   best possible {number('return_optimal')}" + of_gap]
    if settings["kl_coef"]:
        lines.append(f"  objective          {number('objective_after')}   best possible {number('objective_optimal')}"
                     f"   (true return minus {settings['kl_coef']:g} a nat, in standard deviations of the reference)")
    lines.append(f"  policy moved       {number('kl')} nats per episode from the reference")
    if result["reward_model_accuracy"] is not None:
        lines.append(f"  reward model       foretells {number('reward_model_accuracy', '.0%')} of fresh comparisons; nobody could beat "
                     f"{number('noise_ceiling', '.0%')}; calibration error {number('calibration_error')}")
    if "return_cloned" in result:
        lines.append(f"  beside it          true reward {number('return_on_true_reward')}   cloned labels {number('return_cloned')}"
                     f"   coin flips {number('return_without_feedback')} (moved {number('kl_without_feedback')} nats)")
    if world.report is not None:
        lines += world.report.lines(result)
    return "\n".join([*lines, f"  see                {Path(result['out']) / 'figure.png'}"])
