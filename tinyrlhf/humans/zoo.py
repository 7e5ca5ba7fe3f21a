"""People as they are: forgetful, biased, tired, of two minds.

    person("myopic:0.8+skip", agreement=0.9)

Each is a simulated person with traits, and each trait has one knob, its strength. What a trait does
is declared here, so that it can be held against what is said, and against what is learned from it.
Whoever demonstrates or corrects acts as their expert does, whatever their traits.
"""
from dataclasses import replace

import numpy as np

from tinyrlhf.checks import check_range
from tinyrlhf.feedback.answers import KINDS, SAME, SKIP, join_answers
from tinyrlhf.humans.simulated import Absent, Boltzmann, CoinFlip
from tinyrlhf.saving import load_into, states_of

ANNOTATORS = 5


class Trait:
    """What sets somebody apart from a softmax of true returns; a trait overrides one method.

    It has no memory of its own: all members of a panel share it, and it is not saved.
    knob: default, lowest and highest value of the strength.
    """
    knob = 0.1, 0.0, 1.0

    def __init__(self, strength=None):
        self.strength = self.knob[0] if strength is None else strength
        check_range("strength", self.strength, *self.knob[1:])

    def affects(self, kind):
        """Does it change what is said of this kind (`feedback.answers.Kind`)?"""
        return kind.needs != "expert"

    def sees(self, rewards, mask):
        """What they make of true rewards, (B, T) where the mask holds, else 0."""
        return rewards

    def sureness(self, answered, rng):
        """Factors (n,) of their rationality; answered (n,): how many answers came before each.

        0: they do not look; -1: they want the opposite.
        """
        return np.ones(len(answered))

    def lean(self, place):
        """Logits added to plays that are shown beside each other at these places, (m, G)."""
        return np.zeros(place.shape)

    def says(self, kind, returns, said):
        """What comes out instead of `said` (m, S); returns (m, G): of the plays, as they see them.
        """
        return said


class Myopic(Trait):
    """Recent steps count most: strength^(steps ago). B-Pref's myopic teacher."""
    knob = 0.9, 0.0, 1.0

    def sees(self, rewards, mask):
        ago = mask.sum(axis=1, keepdims=True) - 1 - np.arange(mask.shape[1])
        return rewards * self.strength ** np.maximum(ago, 0)


class PeakEnd(Trait):
    """Judges the whole by (peak + end) / 2, its strongest and its last step, however long it took.

    Source: Kahneman, Fredrickson, Schreiber, Redelmeier 1993.
    """
    knob = 1.0, 0.0, 1.0

    def sees(self, rewards, mask):
        rows = np.arange(len(rewards))
        peak = rewards[rows, np.abs(rewards).argmax(axis=1)]
        end = rewards[rows, np.maximum(mask.sum(axis=1) - 1, 0)]
        lengths = np.maximum(mask.sum(axis=1), 1)
        remembered = mask * ((peak + end) / 2 / lengths)[:, None]  # their sum is (peak + end) / 2
        return (1 - self.strength) * rewards + self.strength * remembered


class LikesLength(Trait):
    """Each step is worth that much true reward more."""
    knob = 0.1, -1e6, 1e6

    def sees(self, rewards, mask):
        return rewards + self.strength * mask


class Contrary(Trait):
    """Wants the opposite."""
    knob = 1.0, 1.0, 1.0

    def sees(self, rewards, mask):
        return -rewards


class Drift(Trait):
    """A change of mind: after `strength` answers a coin, after twice as many the opposite."""
    knob = 100.0, 1.0, 1e9

    def sureness(self, answered, rng):
        return 1 - np.minimum(answered / self.strength, 2.0)


class Fatigue(Trait):
    """Half as sure after every `strength` answers."""
    knob = 100.0, 1.0, 1e9

    def sureness(self, answered, rng):
        return 0.5 ** (answered / self.strength)


class Lapse(Trait):
    """Answers without looking, as often as this."""

    def sureness(self, answered, rng):
        return (rng.random(len(answered)) >= self.strength).astype(float)


class Mistake(Trait):
    """Takes better for worse, as often as this. B-Pref's mistake teacher."""

    def sureness(self, answered, rng):
        return np.where(rng.random(len(answered)) < self.strength, -1.0, 1.0)


class Quality(Trait):
    """More or less sure than others: a factor of their rationality."""
    knob = 1.0, 0.0, 1e6

    def sureness(self, answered, rng):
        return np.full(len(answered), self.strength)


class Position(Trait):
    """Likes what is shown first of several plays: that many logits."""
    knob = 1.0, -100.0, 100.0

    def affects(self, kind):
        return super().affects(kind) and kind.own == slice(None) and kind.n_shown != 1

    def lean(self, place):
        return self.strength * (place == 0)


class Skip(Trait):
    """Says nothing where all that is shown is among the worst `strength` of a round.

    Source: Lee, Smith, Dragan, Abbeel 2021 (B-Pref).
    Departs from the source: there the threshold is a share of the mean return, which must be
    positive; here a share of the questions, coarse where a round asks few.
    """

    def says(self, kind, returns, said):
        best = returns.max(axis=1)
        bad = best < np.quantile(best, self.strength)
        return np.where(bad[:, None], SKIP, said)


class Equal(Trait):
    """Says "same" of the `strength` of pairs in a round that differ least.

    Source: B-Pref. Departs from the source: as `Skip`.
    """

    def affects(self, kind):
        return kind.offsets == (SAME,)

    def says(self, kind, returns, said):
        gaps = np.abs(returns[:, 0] - returns[:, 1])
        alike = gaps < np.quantile(gaps, self.strength)
        return np.where(alike[:, None], SAME, said)


TRAITS = {"myopic": Myopic, "peak-end": PeakEnd, "length": LikesLength, "drift": Drift,
          "fatigue": Fatigue, "lapse": Lapse, "mistake": Mistake, "position": Position,
          "skip": Skip, "equal": Equal}


class Panel:
    """Several people; one of them, drawn by these shares, answers each question, by name.

    How sure they are is settled on the questions of all of them.
    """

    def __init__(self, members, shares):
        self.members, self.shares = members, np.asarray(shares)

    def answer(self, game, questions, rng):
        who = rng.choice(len(self.members), size=len(questions), p=self.shares)
        parts = []
        for number, (name, member) in enumerate(self.members.items()):
            member.settle(questions)
            asked = questions[who == number]
            if len(asked):
                answers = member.choose(game, asked.only_shown(), rng)
                parts.append(replace(answers, person=np.full(len(asked), name)))
        as_asked = np.argsort(np.argsort(who, kind="stable"))
        return join_answers(parts)[as_asked]

    def preference(self, first, second):
        """P(first) of N pairs, (N,), by somebody drawn from them."""
        chances = [member.preference(first, second) for member in self.members.values()]
        return self.shares @ np.stack(chances)

    def state(self):
        return states_of(**self.members)

    def load(self, state):
        load_into(state, **self.members)


def camps(strength, make):
    """Two camps: a share `strength` judges by the opposite of what the others want."""
    return Panel({"camp 1": make(), "camp 2": make(Contrary())}, [1 - strength, strength])


def annotators(strength, make):
    """Five people, the last `strength` squared times as sure as the first."""
    factors = strength ** np.linspace(-1, 1, ANNOTATORS)
    members = {f"annotator {number}": make(Quality(factor))
               for number, factor in enumerate(factors, 1)}
    return Panel(members, np.full(ANNOTATORS, 1 / ANNOTATORS))


GROUPS = {"camps": camps, "annotators": annotators}
HOW_SURE = ("oracle", "stochastic")  # instead of an agreement
KNOBS = {"oracle": (1.0, 0.5, 1.0), "stochastic": (1.0, 0.0, 1e9),  # agreement; rationality
         **{name: trait.knob for name, trait in TRAITS.items()},
         "camps": (0.5, 0.0, 1.0), "annotators": (3.0, 1.0, 1e3)}
ABOUT = {"oracle": "Agrees as often as this with what they see.",
         "stochastic": "As rational as this, in inverse true reward.",
         **{name: each.__doc__.splitlines()[0] for name, each in {**TRAITS, **GROUPS}.items()}}
EXCLUSIVE = [HOW_SURE, tuple(GROUPS),
             *(("oracle", name) for name in ("fatigue", "position", "annotators"))]  # too sure
PLAIN = ("simulated", "recorded", "human", "coin", "nobody")  # nobody: on the true reward


def parse(words):
    """"myopic:0.8+skip" -> {"myopic": 0.8, "skip": 0.1}; refuses what nobody is."""
    if words in PLAIN:
        return {}
    strengths = {}
    for word in words.split("+"):
        name, colon, strength = word.strip().partition(":")
        if name not in KNOBS:
            raise ValueError(f"person: expected {', '.join(PLAIN)}; or one or more of "
                             f"{', '.join(KNOBS)}, joined by +, each with :STRENGTH if you like; "
                             f"got {word!r}")
        try:
            strengths[name] = float(strength) if colon else KNOBS[name][0]
        except ValueError:
            raise ValueError(f"person: expected a number after {name}:, got {word!r}") from None
        check_range(f"person {name}", strengths[name], *KNOBS[name][1:])
    if len(strengths) < len(words.split("+")):
        raise ValueError(f"person: expected each name once, got {words!r}")
    for several in EXCLUSIVE:
        if set(several) <= set(strengths):
            raise ValueError(f"person: expected {' or '.join(several)}, since nobody is both; got "
                             f"{words!r}")
    return strengths


def check_affects(words, kinds):
    """Refuse a trait that changes nothing that is said of these kinds of feedback."""
    for name in parse(words):
        trait = TRAITS.get(name, Trait)()
        if kinds and not any(trait.affects(KINDS[kind]) for kind in kinds):
            raise ValueError(f"person: expected nobody {name}, since it changes nothing that is "
                             f"said of {', '.join(kinds)}; got {words!r}")


def person(words, agreement=None, rationality=None, expert=None, lapse=0.0):
    """Somebody by the words of `parse`, traits in their order; the rest as in `Boltzmann`."""
    if words == "coin":
        return CoinFlip()
    if words in ("recorded", "human"):
        return Absent()
    strengths = parse(words)
    if "oracle" in strengths:
        agreement, rationality = strengths["oracle"], None
    if "stochastic" in strengths:
        agreement, rationality = None, strengths["stochastic"]
    traits = [TRAITS[name](strengths[name]) for name in strengths if name in TRAITS]

    def make(*more):
        return Boltzmann(agreement, rationality, expert, lapse, [*traits, *more])

    for name in set(strengths) & set(GROUPS):
        return GROUPS[name](strengths[name], make)
    return make()
