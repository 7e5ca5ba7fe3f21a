"""Exercise 11.5, best_of_n: its solution, hints and usual mistakes."""
import numpy as np

from tinyrlhf.teaching import exercise


@exercise("11.5", minutes=5, extra=True, tolerance=0.04, hints=[
    "To improve one answer, draw n and keep the best. To give out another one, draw another n.",
    "Draw n * how_many answers, let each row of a table (how_many, n) be one group, and keep the "
    "best of each row.",
    "`drawn = sample(n * how_many)`; then `scores = score(drawn).reshape(how_many, n)` and look up "
    "argmax with axis=1"])
def best_of_n(sample, score, n, how_many):
    """Answers (how_many,), each of them the best of n fresh ones: the simplest way to please a
    reward model, without any training.

    sample: a function, k -> array (k,) of k fresh answers of the reference. score: a function,
    answers (k,) -> their scores (k,). n: how many are drawn for each answer that is given out.
    Returns an array (how_many,) of answers.

    Worked: sample hands out 1, 8, 2, 0, one after the other, and the score of an answer is its
    number. Then best_of_n(sample, score, 4, 1) returns [8].
    """
    drawn = sample(n * how_many).reshape(how_many, n)
    scores = score(drawn.ravel()).reshape(how_many, n)
    return drawn[np.arange(how_many), scores.argmax(axis=1)]


@best_of_n.play
def shares_of_answers(f, answers, chances, scores, n, how_many):
    """How often each answer is given out; a fresh generator for each call."""
    rng, told = np.random.default_rng(0), iter(answers)

    def sample(k):
        if chances is None:
            return np.array([next(told) for _ in range(k)])
        return rng.choice(answers, size=k, p=chances)

    given = f(sample, lambda drawn: scores[np.searchsorted(np.sort(answers), drawn)], n, how_many)
    if not isinstance(given, (np.ndarray, list, tuple)):
        return given
    if np.shape(given) != (how_many,):
        raise ValueError(f"expected how_many = {how_many} answers, got shape {np.shape(given)}")
    return (np.asarray(given) == np.sort(answers)[:, None]).mean(axis=1)


FOUR = np.array([0, 1, 2, 8])
best_of_n.cases = [(np.array([1, 8, 2, 0]), None, FOUR.astype(float), 4, 1),
                   (FOUR, np.array([0.4, 0.3, 0.2, 0.1]), FOUR.astype(float), 2, 2000),
                   (FOUR, np.array([0.1, 0.2, 0.3, 0.4]), np.array([3.0, 2.0, 0.5, -1.0]), 3, 2000),
                   (FOUR, np.array([0.3, 0.2, 0.3, 0.2]), np.array([0.1, 2.0, 0.5, 1.0]), 1, 2000)]


@best_of_n.right
def one_after_the_other(sample, score, n, how_many):
    given = []
    for _ in range(how_many):
        drawn = sample(n)
        given.append(drawn[np.argmax(score(drawn))])
    return np.array(given)


@best_of_n.right
def by_the_librarys_rows(sample, score, n, how_many):
    from tinyrlhf.learning.direct_preferences import rows_of_best
    drawn = sample(n * how_many)
    return drawn[rows_of_best(score(drawn), n)]


@best_of_n.right
def strided(sample, score, n, how_many):
    drawn = sample(n * how_many).reshape(n, how_many)
    return drawn[np.argmax([score(row) for row in drawn], axis=0), np.arange(how_many)]


@best_of_n.wrong("All answers are the best of one shared batch, so everybody gets the same one. "
                 "Ask twice, and you should get two answers. How many must be drawn for each of "
                 "them?")
def one_shared_batch(sample, score, n, how_many):
    drawn = sample(n)
    return np.repeat(drawn[np.argmax(score(drawn))], how_many)


@best_of_n.wrong("These are the best answers of one large batch, a contest of all against all. "
                 "Then the best few are given out again and again, as if n were far larger. "
                 "Against how many others does each answer compete?")
def the_top_of_one_batch(sample, score, n, how_many):
    drawn = sample(n * how_many)
    return drawn[np.argsort(-score(drawn), kind="stable")[:how_many]]


@best_of_n.wrong("It keeps the worst of each n. Does argmin or argmax find the highest score?")
def worst_of_n(sample, score, n, how_many):
    return best_of_n(sample, lambda drawn: -score(drawn), n, how_many)


@best_of_n.wrong("The largest answer is kept, and not the one with the best score. They were the "
                 "same in the worked example, by chance. Which function says how good an answer "
                 "is?")
def largest_answer(sample, score, n, how_many):
    return sample(n * how_many).reshape(how_many, n).max(axis=1)


@best_of_n.wrong("n seems not to be used: the answers are as the reference gives them, good and "
                 "bad. Among how many is the best one kept?")
def first_of_n(sample, score, n, how_many):
    return sample(how_many)


@best_of_n.wrong("It returns the scores of the best answers. People want to read the answers "
                 "themselves. What do you index with argmax?")
def scores_instead(sample, score, n, how_many):
    return score(sample(n * how_many)).reshape(how_many, n).max(axis=1)


@best_of_n.wrong("It gives out another number of answers than it was asked for. Each of them is "
                 "the best of n fresh ones of its own. How many must be drawn in all, and how many "
                 "remain?")
def only_n_drawn(sample, score, n, how_many):
    drawn = sample(n)
    return drawn[np.argsort(-score(drawn))][:how_many]
