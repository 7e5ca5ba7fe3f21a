"""Exercise 13.5, agreement: its solution, hints and usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise


@exercise("13.5", minutes=6, extra=True, hints=[
    "How often do two people differ about the same pair, and how often do two answers differ that "
    "are drawn from all answers there are?",
    r"$\alpha = 1 - D_o / D_e$. With $k$ of $P$ people for 1: $D_o$ is the mean over the pairs of "
    r"$\frac{2 k (P - k)}{P (P - 1)}$. With $K$ of all $N$ answers being 1: $D_e = \frac{2 K (N - "
    r"K)}{N (N - 1)}$.",
    "`for_one = votes.sum(axis=0)`"])
def agreement(votes):
    """Krippendorff's alpha: how well do people agree, beyond chance? 1 is perfectly, 0 as well as
    by chance.

    votes: array (P, U) of 0 and 1, what each of P people said of each of U pairs; both answers
    occur. alpha = 1 - observed / expected: observed is the share of all two different people who
    differ about a pair, expected the share of all two different answers that differ, whoever gave
    them and whatever about. Returns a number, below 0 too.

    Worked: agreement(np.array([[0, 1, 1, 0], [0, 1, 0, 0]])) is 0.533. The two differ about 1 of 4
    pairs; of the 8 answers 3 are 1, so 2 * 3 * 5 of the 8 * 7 ways to draw two differ: 1 - 0.25 /
    0.536.
    """
    n_people, n_answers = len(votes), votes.size
    for_one = votes.sum(axis=0)
    observed = np.mean(2 * for_one * (n_people - for_one)) / (n_people * (n_people - 1))
    expected = 2 * votes.sum() * (n_answers - votes.sum()) / (n_answers * (n_answers - 1))
    return 1 - observed / expected


SAID = np.array([[1, 0, 0, 1, 0, 0, 1], [1, 0, 1, 1, 0, 0, 0], [1, 0, 0, 1, 1, 0, 1]])
agreement.cases = [(np.array([[0, 1, 1, 0], [0, 1, 0, 0]]),), (SAID,),
                   (np.array([[0, 1, 0, 0, 1], [1, 0, 1, 0, 0]]),),
                   (np.array([[0, 0, 0, 0, 1, 0], [0, 0, 0, 0, 0, 1], [0, 0, 0, 1, 0, 0],
                              [0, 0, 0, 0, 1, 0]]),)]


@agreement.law("People who always say the same must get 1. Do they, for [[0, 1, 1], [0, 1, 1]]?")
def unanimity_is_one(f):
    return abs(f(np.array([[0, 1, 1], [0, 1, 1]])) - 1) < 1e-5


@agreement.law("Two people who say 0 of nearly everything, but differ where one says 1, agree on 8 "
               "of 10 pairs and yet no better than by chance: alpha is -0.06. Is it?")
def saying_0_of_everything_is_no_agreement(f):
    return abs(f(np.eye(10, dtype=int)[[8, 9]]) + 1 / 18) < 1e-5


@agreement.right
def with_the_librarys_alpha(votes):
    from tinyrlhf.diagnostics import krippendorff_alpha
    return krippendorff_alpha(votes)


@agreement.right
def two_by_two(votes):
    differ = lambda values: np.mean([one != other for i, one in enumerate(values)
                                     for other in values[:i]])
    return 1 - np.mean([differ(column) for column in votes.T]) / differ(votes.ravel())


def observed_of(votes):
    n_people, for_one = len(votes), votes.sum(axis=0)
    return np.mean(2 * for_one * (n_people - for_one)) / (n_people * (n_people - 1))


@agreement.wrong("That is the raw share of equal answers. People who say 0 of nearly everything "
                 "agree often, without having looked. How often would answers agree that are drawn "
                 "at random from all?")
def raw_share(votes):
    return 1 - observed_of(votes)


@agreement.wrong("It takes chance to be a fair coin. But where 9 of 10 answers are 0, two of them "
                 "agree by chance far more often than every second time. How often are the answers "
                 "1?")
def a_fair_coin(votes):
    return 1 - observed_of(votes) / 0.5


@agreement.wrong("The expected part also draws an answer together with itself, and of course these "
                 "two agree. After one of N answers was drawn, how many are left for the second?")
def drawn_with_itself(votes):
    return 1 - observed_of(votes) / (2 * votes.mean() * (1 - votes.mean()))


@agreement.wrong("The observed part also compares each person with themselves, and of course they "
                 "agree. How many other people are there?")
def compared_with_themselves(votes):
    n_people = len(votes)
    return 1 - (1 - agreement(votes)) * (n_people - 1) / n_people


@agreement.wrong("Chance is made from each person's own habit (Cohen's kappa). Alpha draws from "
                 "the answers of all people together. From which answers are the two drawn that "
                 "are expected to differ?")
def cohens_kappa(votes):
    kappas = []
    for i, one in enumerate(votes):
        for other in votes[:i]:
            chance = one.mean() * other.mean() + (1 - one.mean()) * (1 - other.mean())
            kappas.append((np.mean(one == other) - chance) / (1 - chance))
    return np.mean(kappas)


@agreement.wrong("That is how much they disagree, as a share of chance: 0 where all say the same. "
                 "What must it be taken from, so that 1 is perfect?")
def disagreement(votes):
    return 1 - agreement(votes)


@agreement.wrong("That looks like the share of answers that follow the majority. With few people "
                 "somebody always does, even if all toss coins. How often do two of them say the "
                 "same of a pair?")
def share_of_the_majority(votes):
    return np.mean(np.maximum(votes.mean(axis=0), 1 - votes.mean(axis=0)))


@agreement.wrong("It is expected / observed, upside down. When people differ less than by chance, "
                 "should alpha rise or fall?")
def upside_down(votes):
    return 1 - 1 / (1 - agreement(votes))
