"""Was it worth the answers? The result of a run as numbers, and the one figure."""
from pathlib import Path

import numpy as np

from tinyrlhf import plots
from tinyrlhf.diagnostics import calibration, noise_ceiling
from tinyrlhf.episodes import join, rollout, start_in_groups
from tinyrlhf.humans.simulated import Boltzmann, differences, rationality_for
from tinyrlhf.humans.zoo import PLAIN
from tinyrlhf.questions import random_pairs
from tinyrlhf.rlhf import rlhf
from tinyrlhf.runs import begin
from tinyrlhf.saving import write_json
from tinyrlhf.worlds import AGREEMENT, find
from tinyrlhf.yardsticks import clone_labels

SMALL_GAP = 0.01  # from untrained to best possible: too small for a share


def measure(settings, state):
    """The result of a finished run as a flat dict; returns are true ones."""
    rng = np.random.default_rng([settings["seed"], 1])  # fresh episodes, not those of the run
    world = find(settings["world"])
    yardstick = world.yardstick(state)
    result = {"world": settings["world"], "seed": settings["seed"],
              "feedback": settings.get("feedback"), "answers": len(state.answers or ()),
              "comparisons": comparisons(state.answers),
              "return_untrained": yardstick.expected_return(untrained(state), rng),
              "return_after": yardstick.expected_return(state.policy, rng),
              "return_optimal": yardstick.best_return(),
              "objective_after": yardstick.objective(rng),
              "objective_optimal": yardstick.best_objective(),
              "return_on_true_reward": None,
              "kl": yardstick.expected_kl(rng), "measure": yardstick.called}
    if settings["person"] == "nobody":
        result["return_on_true_reward"] = result["return_after"]
    result.update(held_out(settings, state, rng))
    counted = world.counts(state) if world.counts else {}
    result.update(counted, counted=list(counted))
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
    _, blocks = answers.choices(np.arange(len(answers)))
    pairs = [len(block.answer) for block in blocks if np.array_equal(block.weights, np.eye(2))]
    return sum(pairs) or None


def held_out(settings, state, rng, n=1000):
    """Accuracy on n fresh comparisons of untrained and final behaviour, beside its ceiling."""
    fitted = any("fit_loss" in row for row in state.history)
    if not fitted or settings["person"] not in ("simulated", "coin"):  # who knows how sure
        return {"reward_model_accuracy": None, "noise_ceiling": None, "calibration_error": None}
    person = Boltzmann(rationality=typical_rationality(settings, state))
    first, second = fresh_pairs(state, rng, n)
    difference = state.reward_model.scores(first) - state.reward_model.scores(second)
    p = person.preference(first, second)
    expected = np.select([difference > 0, difference < 0], [p, 1 - p], 0.5)  # no luck in it
    said = (rng.random(n) < p).astype(float)
    return {"reward_model_accuracy": float(expected.mean()), "noise_ceiling": noise_ceiling(p),
            "calibration_error": calibration(difference, said)[2]}


def fresh_pairs(state, rng, n):
    """n pairs of what reference and final policy do now, as this world shows them."""
    alike = state.view.together or 1
    n_played = 200 if alike == 1 else n * alike // 2
    played = []
    for policy in (state.reference, state.policy):
        starts = start_in_groups(state.game, n_played, alike, rng)
        played.append(rollout(state.game, policy, starts, rng))
    clips = state.view.clips(join(played), 2 * n, rng)
    first, second = random_pairs(len(clips), n, rng, state.view.together)
    return clips[first], clips[second]


def typical_rationality(settings, state):
    """The person's rationality; if an agreement was given, the one that fits all their answers."""
    if settings["rationality"] is not None:
        return settings["rationality"]
    theirs = [n for n, stage in enumerate(state.plan, 1) if stage.person is None]
    answers = state.answers[np.isin(state.answers.round, theirs)]
    apart = differences(answers, answers.episodes.true_returns)
    return rationality_for(settings["agreement"], apart)


def baselines(settings):
    """The same world on the true reward, on coin flips, and from a fixed set of cloned labels."""
    rng, returns = np.random.default_rng([settings["seed"], 2]), {}
    world = find(settings["world"])
    for person, name in (("nobody", "return_on_true_reward"), ("coin", "return_without_feedback")):
        other = rlhf(begin({**settings, "person": person}))
        yardstick = world.yardstick(other)
        returns[name] = yardstick.expected_return(other.policy, rng)
    returns["kl_without_feedback"] = yardstick.expected_kl(rng)
    if world.expert is not None:
        agreement = settings["agreement"] or AGREEMENT  # a rationality says nothing of labels
        copy = clone_labels(untrained(other), yardstick.game, world.expert(other.game),
                            len(other.answers), rng, agreement, **other.imitation)
        returns["return_cloned"] = yardstick.expected_return(copy, rng)
    return returns


def figure_data(settings, state, result):
    """All that the figure shows, as plain lists; curves begin before the first answer."""
    rng = np.random.default_rng([settings["seed"], 3])
    played = [rollout(state.game, policy, state.game.start(40, rng), rng)
              for policy in (untrained(state), state.policy)]
    asked = state.answers is not None
    learned = [state.reward_model.scores(episodes) if asked else np.full(40, np.nan)
               for episodes in played]
    returns = [row.get("true_return", np.nan) for row in state.history]
    if find(settings["world"]).judged_in is None and state.steps_at_most is None:
        measure = "mean true return of an episode"
        lines = {"untrained": result["return_untrained"],
                 "best possible": result["return_optimal"],
                 "true reward": result["return_on_true_reward"],
                 "coin flips": result.get("return_without_feedback"),
                 "cloned labels": result.get("return_cloned")}
        returns[-1] = result["return_after"]  # of the final policy, not a sample
    else:                                     # it was not trained in what judges it
        steps = state.steps_at_most or state.game.horizon
        measure = (f"mean true return in {steps} steps ({result['measure']}: "
                   f"{result['return_untrained']:.3g} before, {result['return_after']:.3g} after)")
        lines = {"untrained": float(played[0].true_returns.mean()),
                 "best possible": steps * state.game.best_reward}
    known = {name: value for name, value in lines.items()
             if value is not None and np.isfinite(value)}
    so_far = [row["answers" if asked else "round"] for row in state.history]
    return {"learned": [scores.tolist() for scores in learned],
            "true": [episodes.true_returns.tolist() for episodes in played],
            "answers": [0, *so_far],
            "returns": [lines["untrained"], *returns],
            "kl": [0.0, *(row.get("kl", np.nan) for row in state.history)], "lines": known,
            "over": "answers so far" if asked else "rounds so far", "measure": measure}


def claim_of(settings, result):
    """The title of the figure."""
    n, world = result["answers"], find(settings["world"])
    if settings["person"] == "coin":
        return f"The control: {n} coin flips instead of answers"
    if settings["person"] == "nobody":
        return "Traditional: trained on the true reward"
    share = share_of_gap(result)
    if np.isnan(share):
        if result.get("counted"):
            first = result["counted"][0]
            return f"{n} answers: {first} in {result[first]:.0%} of new tries"
        before, after = result["return_untrained"], result["return_after"]
        return f"{n} answers: from {before:.2f} to {after:.2f}"
    if share <= 0:
        return f"{n} answers: no better than untrained"
    if share < 0.8:
        claim = f"{n} answers: {share:.0%} of the way to the best possible"
        if world.defaults["kl_coef"] and not settings["kl_coef"]:
            claim += f", {result['kl']:.0f} nats away"
        return claim
    return world.claim.format(n=n)


def share_of_gap(result):
    """How much of the way from untrained to best possible was gone; NaN where there is none."""
    gap = result["return_optimal"] - result["return_untrained"]
    gone = result["return_after"] - result["return_untrained"]
    return gone / gap if gap > SMALL_GAP else float("nan")


def scenes(settings, state, policy, rng):
    """What a policy does, as episodes of scenes."""
    game, world = state.game, find(settings["world"])
    if world.scenes is not None:
        return world.scenes(game, policy, rng)
    episodes = rollout(game, policy, game.start(1 if world.moving else 5, rng), rng)
    shown = []
    for states, length in zip(episodes.states, episodes.lengths):
        shown.append([game.scene(state) for state in states[:length + 1]])
    return shown


def draw(folder, settings, state, result):
    """figure.png with its data in figure.json, and a GIF where things move."""
    folder, world = Path(folder), find(settings["world"])
    claim = claim_of(settings, result)
    if world.report is not None:
        figure, data = world.report.figure(claim, result)
    else:
        data = figure_data(settings, state, result)
        rng = np.random.default_rng([settings["seed"], 4])
        before = scenes(settings, state, untrained(state), rng)
        after = scenes(settings, state, state.policy, rng)
        figure = plots.run_figure(claim, before, after, **data)
        if world.moving:
            plots.animation(folder / f"{world.name}.gif", before[0], after[0],
                            seconds_per_step=state.game.seconds_per_step)
    plots.save(figure, folder / "figure.png")
    write_json(folder / "figure.json", {"claim": claim, **data})


def sentences(settings, result):
    """The result for people."""
    def number(name, form=".2f"):
        value = result.get(name)
        return format(value, form) if value is not None and np.isfinite(value) else "-"

    share, world = share_of_gap(result), find(settings["world"])
    of_gap = f"   ({round(share, 2) + 0.0:.0%} of the gap)" if np.isfinite(share) else ""
    who = "" if settings["person"] in PLAIN else f" of {settings['person']}"
    chosen = "" if settings["ask"] == "random" else f", asked by {settings['ask']}"
    lines = [f"{result['world']}, seed {result['seed']}: {result['answers']} answers{who}{chosen}, "
             f"{result['seconds']:.1f} s",
             f"  {result['measure']:<17} untrained {number('return_untrained')}   "
             f"after {number('return_after')}   best possible {number('return_optimal')}{of_gap}"]
    if settings["kl_coef"]:
        lines.append(f"  objective          {number('objective_after')}   "
                     f"best possible {number('objective_optimal')}   (true return minus "
                     f"{settings['kl_coef']:g} a nat, in standard deviations of the reference)")
    lines.append(f"  policy moved       {number('kl')} nats per episode from the reference")
    if result["reward_model_accuracy"] is not None:
        lines.append(f"  reward model       accuracy on fresh comparisons "
                     f"{number('reward_model_accuracy', '.0%')}; nobody could beat "
                     f"{number('noise_ceiling', '.0%')}; "
                     f"calibration error {number('calibration_error')}")
    if "return_without_feedback" in result:
        lines.append(f"  beside it          true reward {number('return_on_true_reward')}   "
                     f"cloned labels {number('return_cloned')}   "
                     f"coin flips {number('return_without_feedback')} "
                     f"(moved {number('kl_without_feedback')} nats)")
    counted = result.get("counted")
    if counted:
        shares = [f"{name.replace('_', ' ')} {number(name, '.0%')}" for name in counted]
        lines.append(f"  counted            {'   '.join(shares)}")
    if world.report is not None:
        lines += world.report.lines(result)
    return "\n".join([*lines, f"  see                {Path(result['out']) / 'figure.png'}"])
