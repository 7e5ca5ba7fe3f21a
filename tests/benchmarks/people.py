"""People who do not all want the same, or not for ever, or are not all as sure: a laboratory of linear rewards.

    python tests/benchmarks/people.py [camps drift annotators] [--seeds 400-429] [--json FILE]

Satisfaction: of what somebody could gain by the best of 200 fresh plays over the average one, the share that a model's
favourite gives. Tuned on seeds 0 to 29 (annotators: 0 to 11). Each figure is a mean over seeds with its 95 % interval;
--json writes every seed's values of each row.
"""
from dataclasses import replace

from asking import add_row, alignment, directions, features_of, headed, main_of, plays

import numpy as np  # (after the thread count)

from tinyrlhf.feedback.answers import join_answers
from tinyrlhf.humans.simulated import Boltzmann
from tinyrlhf.humans.zoo import person
from tinyrlhf.nn.networks import MLP
from tinyrlhf.questions import shown
from tinyrlhf.rewards.habits import Habits
from tinyrlhf.rewards.posterior import Particles
from tinyrlhf.rewards.reward_models import OutcomeReward

D = 4
RATIONALITY = 5.0


def answers_of(somebody, wish, n, rng):
    """n preferences about fresh plays, which pay what is wished for."""
    questions = shown("preference", plays(rng.normal(size=(2 * n, D)), wish), np.arange(2 * n).reshape(n, 2))
    return somebody.answer(None, questions, rng)


def learned(answers, rng):
    """The reward (D,) that is expected after these answers."""
    belief = Particles(features_of, D, rng, M=300, prior=D / RATIONALITY ** 2, moves=10)
    belief.fit(answers, rng)
    return belief.mean


def satisfaction(reward, wish, options):
    """What the favourite of a reward among options (n, D) gives to somebody with this wish."""
    worth = options @ wish
    return (worth[(options @ reward).argmax()] - worth.mean()) / (worth.max() - worth.mean())


def between(first, second, degrees):
    """The unit vector at this angle from the first, on the side of the second."""
    side = second - (first @ second) * first
    side /= np.linalg.norm(side)
    angle = np.radians(degrees)
    return np.cos(angle) * first + np.sin(angle) * side


# ---- two camps

def two_camps(seed, degrees, n_answers=120):
    """Satisfaction, mean of both camps, of: one model of all, one a camp, the true mean wish; and of the worse-off."""
    rng = np.random.default_rng([seed, 1])
    first, second = directions(2, D, rng)
    wishes = first, between(first, second, degrees)
    said = [answers_of(Boltzmann(rationality=RATIONALITY), wish, n_answers // 2, rng) for wish in wishes]
    options = rng.normal(size=(200, D))
    everybody = learned(join_answers(said), rng)
    own = [learned(answers, rng) for answers in said]
    return [[satisfaction(reward, wish, options) for reward, wish in zip(rewards, wishes)]
            for rewards in ([everybody] * 2, own, [sum(wishes)] * 2)]


def camps(seeds):
    rows = headed("satisfaction of both camps with one model of all 120 answers, of their own 60, with the true mean "
                  "wish; one model: the less satisfied camp")
    for degrees in (0, 60, 90, 120, 150):
        found = np.array([two_camps(seed, degrees) for seed in seeds])  # (seeds, models, camps)
        less_satisfied = found[:, 0].min(axis=1)
        add_row(rows, f"{degrees:>3} degrees apart  ", np.column_stack([found.mean(axis=2), less_satisfied]))
    return rows


# ---- drift

AFTER = (6, 9, 12, 18, 24)                                             # rounds, when satisfaction is measured
LEARNERS = {"the first 6 rounds, for ever": lambda now: slice(0, 6), "all rounds so far": lambda now: slice(0, now),
            "the last 6 rounds": lambda now: slice(now - 6, now)}


def drifting(seed, degrees=150, n_answers=10):
    """Satisfaction of each learner with the wish of the moment; the wish turns in rounds 7 to 12, then stays."""
    rng = np.random.default_rng([seed, 2])
    first, second = directions(2, D, rng)
    options = rng.normal(size=(200, D))
    wishes = [between(first, second, degrees * np.clip((now - 6) / 6, 0, 1)) for now in range(1, max(AFTER) + 1)]
    said = [answers_of(Boltzmann(rationality=RATIONALITY), wish, n_answers, rng) for wish in wishes]
    return [[satisfaction(learned(join_answers(said[rounds(now)]), rng), wishes[now - 1], options) for now in AFTER]
            for rounds in LEARNERS.values()]


def drift(seeds):
    rows = headed(f"satisfaction with the wish of the moment after rounds {AFTER}, 10 answers each; it turns by 150 "
                  "degrees in rounds 7 to 12")
    found = np.array([drifting(seed) for seed in seeds])               # (seeds, learners, rounds)
    for number, name in enumerate(LEARNERS):
        add_row(rows, f"{name:<28}", found[:, number])
    add_row(rows, "the last 6 rounds - the first 6, in the end:", found[:, 2, -1:] - found[:, 0, -1:])
    return rows


# ---- annotators of different quality

SIZES = (50, 100, 200)                                                 # preferences of all five together
SPREAD = 4                                                             # rationality times 1/4, 1/2, 1, 2, 4


def fitted(answers, habits, rationality):
    """The linear reward (D,) that the package's reward model fits to these answers.

    rationality: of the middle annotator; the length of the reward is expected to be that.
    """
    network = MLP((D, 1), np.random.default_rng(0), head_gain=0.0, dtype=np.float64)
    model = OutcomeReward(network, features_of, learning_rate=0.05, prior=D / rationality ** 2, fit_steps=200,
                          habits=habits)
    model.fit(answers, np.random.default_rng(0))
    return network.params["weight_0"][:, 0]


def as_sure_as_they_are(answers):
    """The same answers, about features that are scaled by how sure their annotator is."""
    factors = SPREAD ** np.linspace(-1, 1, 5)
    number = np.array([int(name.split()[1]) for name in answers.person]) - 1
    scale = np.ones(len(answers.episodes))
    scale[answers.shows] = factors[number][:, None]
    seen = answers.episodes.observations * scale[:, None, None]
    return replace(answers, episodes=replace(answers.episodes, observations=seen))


def of_annotators(seed, rationality):
    """Alignment with the true reward (sizes, readings): all equally sure, sureness learned, sureness known."""
    rng = np.random.default_rng([seed, 3])
    wish = directions(1, D, rng)[0]
    said = answers_of(person(f"annotators:{SPREAD}", rationality=rationality), wish, max(SIZES), rng)
    table = []
    for n in SIZES:
        answers = said[:n]
        readings = ((answers, Habits()), (answers, Habits(sureness_prior=1.0, by_person=True)),
                    (as_sure_as_they_are(answers), Habits()))
        table.append([alignment(fitted(*reading, rationality), wish) for reading in readings])
    return table


def annotators(seeds):
    rows = headed(f"five annotators, the last {SPREAD ** 2} times as sure as the first: alignment of the fitted reward "
                  f"after {SIZES} preferences")
    for rationality in (0.5, 1.0, 5.0):
        found = np.array([of_annotators(seed, rationality) for seed in seeds])  # (seeds, sizes, readings)
        plain, own, known = found.transpose(2, 0, 1)
        for name, table in (("all equally sure", plain), ("sureness learned", own), ("sureness known", known),
                            ("learned - equally sure", own - plain), ("known - equally sure", known - plain)):
            add_row(rows, f"rationality {rationality:<4g} {name:<22}", table)
    return rows


PARTS = {"camps": camps, "drift": drift, "annotators": annotators}


if __name__ == "__main__":
    main_of(PARTS, __doc__)
