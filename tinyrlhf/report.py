"""Was it worth the answers? The result of a run as numbers, and the one figure, beside what it must be held against."""
from pathlib import Path

import numpy as np

from tinyrlhf import plots
from tinyrlhf.diagnostics import calibration, noise_ceiling
from tinyrlhf.episodes import join, rollout
from tinyrlhf.games.cartpole import CartPole
from tinyrlhf.games.game import Words
from tinyrlhf.games.text import Text
from tinyrlhf.humans.simulated import rationality_for
from tinyrlhf.recipes import AGREEMENT, build, make_person, teach
from tinyrlhf.runs import write_json
from tinyrlhf.yardsticks import clone_labels, expected_kl, expected_return, judged_game, optimal_return

CLAIMS = {"bandit": "{n} comparisons found the best machine", "gridworld": "{n} comparisons taught the walker to mind the flowers",
          "cartpole": "{n} comparisons of half-second clips taught it to balance",
          "text": "{n} comparisons taught it a person's taste in words"}


def measure(settings, state):
    """The result of a finished run as a flat dict; returns are true ones, which the learner never saw."""
    rng = np.random.default_rng([settings["seed"], 1])              # fresh episodes, other dice than the run's
    result = {"world": settings["world"], "seed": settings["seed"],
              "comparisons": 0 if state.answers is None else len(state.answers),
              "return_untrained": expected_return(state, state.reference, rng),
              "return_after": expected_return(state, state.policy, rng),
              "return_optimal": optimal_return(state, settings["kl_coef"]),
              "return_on_true_reward": None, "kl": expected_kl(state, rng)}
    if settings["teacher"] == "true reward":
        result["return_on_true_reward"] = result["return_after"]
    return {**result, **held_out(settings, state, rng)}


def held_out(settings, state, rng, n=1000):
    """How well the reward model foresees n fresh answers about untrained and final behaviour, beside what nobody can beat.

    The answers are those of the person as they were on average over the run (`typical_rationality`).
    """
    if state.answers is None:
        return {"reward_model_accuracy": None, "noise_ceiling": None, "calibration_error": None}
    person = make_person(rationality=typical_rationality(settings, state))
    episodes = join([rollout(state.game, policy, state.game.start(200, rng), rng) for policy in (state.reference, state.policy)])
    questions = state.choose_questions(state, episodes, n, rng)
    asked = questions.answered(person.compare(state.game, questions.first, questions.second, rng))
    difference = state.reward_model.scores(asked.first) - state.reward_model.scores(asked.second)
    p = person.preference(asked.first, asked.second)
    agreeing = np.where(difference == 0, 0.5, np.where(difference > 0, p, 1 - p))   # the expected share has no luck in it
    return {"reward_model_accuracy": float(agreeing.mean()), "noise_ceiling": noise_ceiling(p),
            "calibration_error": calibration(difference, asked.labels)[2]}


def typical_rationality(settings, state):
    """The rationality that the person had, or, where they were given by an agreement, the one that fits all their answers at once."""
    if settings["rationality"] is not None:
        return settings["rationality"]
    return rationality_for(settings["agreement"], state.answers.first.true_returns - state.answers.second.true_returns)


def baselines(settings, state):
    """The same world three other ways: on the true reward, with coin-flip answers, and by cloning one fixed set of labels."""
    rng, returns = np.random.default_rng([settings["seed"], 2]), {}
    for teacher, name in (("true reward", "return_on_true_reward"), ("coin", "return_without_feedback")):
        other = teach(build(**{**settings, "teacher": teacher}), settings["rounds"], teacher=teacher)
        returns[name] = expected_return(other, other.policy, rng)
        if teacher == "coin":
            returns["kl_without_feedback"] = expected_kl(other, rng)
    agreement = settings["agreement"] or AGREEMENT                  # a rationality says nothing about labels
    copy = clone_labels(build(**settings), settings["rounds"] * settings["questions"], rng, agreement)
    return {**returns, "return_cloned": expected_return(state, copy, rng)}


def figure_data(settings, state, result):
    """Everything the figure shows, as plain lists; the curves begin with the untrained policy and no answers."""
    rng = np.random.default_rng([settings["seed"], 3])
    played = [rollout(state.game, policy, state.game.start(40, rng), rng) for policy in (state.reference, state.policy)]
    asked = state.answers is not None
    learned = [state.reward_model.scores(episodes) if asked else np.full(len(episodes), np.nan) for episodes in played]
    whole = judged_game(state.game) is state.game and state.steps_at_most is None       # was it trained in what it is judged by?
    measure, steps = "mean true return of an episode", state.steps_at_most or state.game.horizon
    if whole:
        lines = {"untrained": result["return_untrained"], "best possible": result["return_optimal"],
                 "true reward": result["return_on_true_reward"], "coin flips": result.get("return_without_feedback"),
                 "cloned labels": result.get("return_cloned")}
    else:                                                           # CartPole: taste or reward, at most 1 a step
        lines = {"untrained": float(played[0].true_returns.mean()), "best possible": float(steps)}
        measure = (f"mean true return in {steps} steps (standard game: {result['return_untrained']:.0f} before, "
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
    n, teacher = result["comparisons"], settings["teacher"]
    if teacher == "coin":
        return f"The control: {n} coin flips instead of answers"
    if teacher == "true reward":
        return "Traditional: trained on the true reward" + ", in episodes cut at 200 steps" * (settings["world"] == "cartpole")
    share = share_of_gap(result)
    if np.isnan(share):
        return f"{n} comparisons: from {result['return_untrained']:.2f} to {result['return_after']:.2f}"
    if share < 0.8:
        leash = f", {result['kl']:.0f} nats away without a leash" if settings["world"] == "text" and not settings["kl_coef"] else ""
        return f"{n} comparisons: {max(share, 0):.0%} of the way to the best possible{leash}"
    return CLAIMS.get(settings["world"], "{n} comparisons taught it what the person likes").format(n=n)


def share_of_gap(result):
    """How much of the way from untrained to best possible was gone, 0 to 1; NaN where the best possible is not known."""
    gap = result["return_optimal"] - result["return_untrained"]
    return (result["return_after"] - result["return_untrained"]) / gap if gap else 0.0


def scenes(state, policy, rng):
    """What a policy does, as episodes of scenes; words become one page."""
    game = state.game
    if isinstance(game, Text):
        episodes = rollout(game, policy, game.start(10, rng), rng)
        lines = [f"{game.show(states[-1]):<11} {value:5.1f}" for states, value in zip(episodes.states, episodes.true_returns)]
        colors = np.where(episodes.true_returns >= 1, "ink", np.where(episodes.true_returns < 0, "danger", "quiet"))
        return [[[Words(0.5, 0.95 - 0.1 * i, line, color) for i, (line, color) in enumerate(zip(lines, colors.tolist()))]]]
    episodes = rollout(game, policy, game.start(1 if isinstance(game, CartPole) else 5, rng), rng)
    return [[game.scene(state) for state in states[:length + 1]] for states, length in zip(episodes.states, episodes.lengths)]


def draw(folder, settings, state, result):
    """figure.png with its data in figure.json; CartPole also as a small GIF, in the game it learned in."""
    folder, data = Path(folder), figure_data(settings, state, result)
    rng = np.random.default_rng([settings["seed"], 4])
    before, after = (scenes(state, policy, rng) for policy in (state.reference, state.policy))
    claim = claim_of(settings, result)
    plots.save(plots.run_figure(claim, before, after, **data), folder / "figure.png")
    write_json(folder / "figure.json", {"claim": claim, **data})
    if settings["world"] == "cartpole":
        plots.animation(folder / "cartpole.gif", before[0], after[0], seconds_per_step=state.game.seconds_per_step)


def sentences(result):
    """The result for people."""
    def number(name, form=".2f"):
        return format(result[name], form) if result.get(name) is not None and np.isfinite(result[name]) else "-"

    share = share_of_gap(result)
    what = "standard game   " if result["world"] == "cartpole" else "mean true return"
    of_gap = f"   ({round(share, 2) + 0.0:.0%} of the gap)" if np.isfinite(share) else ""
    lines = [f"{result['world']}, seed {result['seed']}: {result['comparisons']} comparisons, {result['seconds']:.1f} s",
             f"  {what}   untrained {number('return_untrained')}   after {number('return_after')}"
             f"   best possible {number('return_optimal')}" + of_gap,
             f"  policy moved       {number('kl')} nats per episode from the reference"]
    if result["reward_model_accuracy"] is not None:
        lines.append(f"  reward model       foresees {number('reward_model_accuracy', '.0%')} of fresh answers; nobody could beat "
                     f"{number('noise_ceiling', '.0%')}; calibration error {number('calibration_error')}")
    if "return_cloned" in result:
        lines.append(f"  beside it          true reward {number('return_on_true_reward')}   cloned labels {number('return_cloned')}"
                     f"   coin flips {number('return_without_feedback')} (moved {number('kl_without_feedback')} nats)")
    return "\n".join([*lines, f"  see                {Path(result['out']) / 'figure.png'}"])
