"""What a person said: two episodes were shown, and one of five answers came back."""
from dataclasses import dataclass, fields

import numpy as np

from tinyrlhf.episodes import Episodes, join

FIRST, SECOND, SAME, CANT_TELL, SKIP = "first", "second", "same", "cant tell", "skip"
ANSWERS = (FIRST, SECOND, SAME, CANT_TELL, SKIP)


@dataclass(frozen=True)
class Questions:
    """N pairs of episodes or clips, waiting for an answer. Which one a person sees on the left is drawn, and kept."""
    first: Episodes
    second: Episodes
    first_is_left: np.ndarray     # (N,) bool

    def __post_init__(self):
        sizes = {name: len(getattr(self, name)) for name in vars(self)}
        if len(set(sizes.values())) > 1:
            raise ValueError(f"questions: expected as many of each, got {', '.join(f'{n} {name}' for name, n in sizes.items())}")

    def __len__(self):
        return len(self.first)

    def __getitem__(self, rows):
        return Questions(self.first[rows], self.second[rows], self.first_is_left[rows])

    def answered(self, answers, person="simulated"):
        """The same pairs with their answers (N,), ready to learn from."""
        answers = np.asarray(answers)
        if answers.shape != (len(self),):
            raise ValueError(f"answers: expected one for each of {len(self)} questions, got shape {answers.shape}")
        unknown = [answer for answer in answers.tolist() if answer not in ANSWERS]
        if unknown:
            raise ValueError(f"answers: expected {', '.join(ANSWERS)}; got {unknown[0]!r}")
        return Comparisons(self.first, self.second, self.first_is_left, answers.astype("<U9"), np.full(len(self), person))


@dataclass(frozen=True)
class Comparisons(Questions):
    """N answered pairs. Answers name first or second, never a side; "can't tell" and "skip" are kept, not trained on."""
    answers: np.ndarray           # (N,) of ANSWERS
    person: np.ndarray            # (N,) who answered

    def __getitem__(self, rows):
        return Comparisons(*(getattr(self, field.name)[rows] for field in fields(self)))

    @property
    def judged(self):
        """Only the pairs that say something: first, second or same."""
        return self[np.isin(self.answers, (FIRST, SECOND, SAME))]

    @property
    def labels(self):
        """Share of the first, (N,): 1 first, 0 second, 1/2 same; NaN for "can't tell" and "skip"."""
        share = {FIRST: 1.0, SECOND: 0.0, SAME: 0.5}
        return np.array([share.get(answer, np.nan) for answer in self.answers.tolist()])

    def both(self):
        """All episodes in one, the N first ones above the N second ones."""
        return join([self.first, self.second])


def join_comparisons(parts):
    """Several Comparisons below each other."""
    return Comparisons(join([part.first for part in parts]), join([part.second for part in parts]),
                       *(np.concatenate([getattr(part, name) for part in parts]) for name in ("first_is_left", "answers", "person")))
