"""People who do not all want the same, or not for ever: two camps, and drift, in a laboratory of linear rewards.

    python tests/benchmarks/people.py [camps drift] [--seeds 400-429]

Satisfaction: of what somebody could gain by the best of 200 fresh plays over the average one, the share that a model's
favourite gives. Tuned on seeds 0 to 29. Each figure is a mean over seeds with its 95 % interval.
"""
import argparse

from asking import Boltzmann, Particles, directions, features_of, join_answers, mean_of, np, plays, seeds_of, shown

D = 4
RATIONALITY = 5.0


class Wishing(Boltzmann):
    """Somebody whose returns are features . wish, whatever the plays truly pay."""

    def __init__(self, wish):
        super().__init__(rationality=RATIONALITY)
        self.wish = wish

    def returns(self, episodes):
        return features_of(episodes) @ self.wish


def answers_of(person, n, rng):
    """n preferences about fresh plays."""
    questions = shown("preference", plays(rng.normal(size=(2 * n, D)), np.zeros(D)), np.arange(2 * n).reshape(n, 2))
    return person.answer(None, questions, rng)


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
    said = [answers_of(Wishing(wish), n_answers // 2, rng) for wish in wishes]
    options = rng.normal(size=(200, D))
    everybody = learned(join_answers(said), rng)
    own = [learned(answers, rng) for answers in said]
    return [[satisfaction(reward, wish, options) for reward, wish in zip(rewards, wishes)]
            for rewards in ([everybody] * 2, own, [sum(wishes)] * 2)]


def camps(seeds):
    print("satisfaction of both camps with one model of all 120 answers, of their own 60, with the true mean wish; "
          "one model: the less satisfied camp")
    for degrees in (0, 60, 90, 120, 150):
        found = np.array([two_camps(seed, degrees) for seed in seeds])  # (seeds, models, camps)
        print(f"  {degrees:>3} degrees apart   " + "   ".join(map(mean_of, found.mean(axis=2).T))
              + f"   {mean_of(found[:, 0].min(axis=1))}", flush=True)


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
    said = [answers_of(Wishing(wish), n_answers, rng) for wish in wishes]
    return [[satisfaction(learned(join_answers(said[rounds(now)]), rng), wishes[now - 1], options) for now in AFTER]
            for rounds in LEARNERS.values()]


def drift(seeds):
    print(f"satisfaction with the wish of the moment after rounds {AFTER}, 10 answers each; it turns by 150 degrees in "
          "rounds 7 to 12")
    found = np.array([drifting(seed) for seed in seeds])               # (seeds, learners, rounds)
    for name, table in zip(LEARNERS, found.transpose(1, 2, 0)):
        print(f"  {name:<28} " + "   ".join(map(mean_of, table)))
    print(f"  the last 6 rounds - the first 6, in the end: {mean_of(found[:, 2, -1] - found[:, 0, -1])}")


PARTS = {"camps": camps, "drift": drift}


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", help=", ".join(PARTS))
    parser.add_argument("--seeds", type=seeds_of, default="400-429")
    options = parser.parse_args(arguments)
    for part in options.parts or PARTS:
        PARTS[part](options.seeds)


if __name__ == "__main__":
    main()
