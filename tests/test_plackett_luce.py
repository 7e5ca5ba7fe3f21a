"""Laws of the scores that rankings give: Plackett-Luce, full and partial, and what all pairs make of them instead."""
from itertools import permutations

import numpy as np
import pytest

from tinyrlhf.numerics import logsumexp
from tinyrlhf.rewards import bradley_terry
from tinyrlhf.rewards.plackett_luce import check_rankings, derivatives, fit, times_before


def rankings_of(rng, scores, count, shown, kept=None):
    """Rankings (count, shown) of random items, -1 after the first `kept`, and what was on offer (count, N)."""
    n = len(scores)
    items = np.argsort(rng.random((count, n)), axis=1)[:, :shown]
    noisy = scores[items] + rng.gumbel(size=items.shape)            # the order of these is Plackett-Luce
    rankings = np.take_along_axis(items, np.argsort(-noisy, axis=1), axis=1)
    offered = (items[:, :, None] == np.arange(n)).any(axis=1)
    if kept is not None:
        rankings = np.where(np.arange(shown) < kept, rankings, -1)
    return rankings, offered


def data_of(rankings, offered=None, counts=None, n=None):
    return check_rankings(np.array(rankings), n, counts, offered)


def value_at(scores, *data):
    return derivatives(np.append(scores, [0, 0]), *data)[0]


def all_pairs(rankings, counts):
    """Bradley-Terry on all pairs of each ranking (R, K)."""
    first, second = np.triu_indices(rankings.shape[1], 1)
    return bradley_terry.fit(rankings[:, first].ravel(), rankings[:, second].ravel(),
                             counts=np.repeat(counts, len(first)))


def test_the_probabilities_of_all_rankings_add_up_to_one_also_if_few_are_named():
    scores = np.random.default_rng(0).normal(size=5)
    offered = np.array([[True, True, True, True, False]])
    for named in (1, 2, 3, 4):
        total = sum(np.exp(value_at(scores, *data_of([ranking], offered))) for ranking in permutations(range(4), named))
        assert np.isclose(total, 1, rtol=1e-12)


def test_the_likelihood_is_that_of_one_choice_after_another():
    worth = np.array([1.0, 2.0, 3.0, 4.0])
    value = value_at(np.log(worth), *data_of([[2, 0, 3, -1], [1, 3, -1, -1]], counts=[1, 2.5]))
    assert np.isclose(value, np.log(3 / 8 * 1 / 5) + 2.5 * np.log(2 / 6), rtol=1e-12)
    offered = np.ones((1, 4), bool)
    assert np.isclose(value_at(np.log(worth), *data_of([[2, 0, -1]], offered)), np.log(3 / 10 * 1 / 7), rtol=1e-12)


def test_gradient_and_information_agree_with_central_differences():
    rng = np.random.default_rng(1)
    scores = rng.normal(size=5)
    rankings, offered = rankings_of(rng, scores, 40, 4, 2)
    data = data_of(rankings, offered, rng.integers(1, 4, size=40))
    at = np.append(scores, [0, 0])
    _, gradient, information = derivatives(at, *data)
    for k, nudge in enumerate(np.eye(7)[:5] * 1e-5):
        above, below = (derivatives(at + sign * nudge, *data)[:2] for sign in (1, -1))
        assert np.isclose(gradient[k], (above[0] - below[0]) / 2e-5, rtol=1e-6, atol=1e-6)
        assert np.allclose(-information[k], (above[1] - below[1]) / 2e-5, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("prior", [0.0, 0.5])
def test_rankings_of_two_are_bradley_terry(prior):
    rng = np.random.default_rng(2)
    rankings, _ = rankings_of(rng, rng.normal(size=6), 200, 2)
    counts = rng.integers(1, 4, size=200)
    ours = fit(rankings, prior=prior, counts=counts)
    pairs = bradley_terry.fit(rankings[:, 0], rankings[:, 1], prior=prior, counts=counts)
    for name, one, other in zip(ours._fields, ours, pairs):
        assert np.allclose(one, other, rtol=1e-9, atol=1e-9), name
    assert np.allclose(ours.contrast(0, 5), pairs.contrast(0, 5), rtol=1e-9)


def test_naming_the_best_of_three_finds_how_often_each_was_named():
    result = fit([[0, -1], [1, -1], [2, -1]], counts=[10, 20, 70], offered=np.ones((3, 3), bool))
    worth = np.exp(result.scores)
    assert np.allclose(worth / worth.sum(), [0.1, 0.2, 0.7], rtol=1e-10)
    assert np.isclose(result.contrast(2, 0)[1], np.sqrt(1 / 70 + 1 / 10), rtol=1e-9)


def test_the_last_of_those_on_offer_need_not_be_named():
    rng = np.random.default_rng(3)
    rankings, offered = rankings_of(rng, rng.normal(size=5), 60, 4)
    shorter = fit(np.where(np.arange(4) < 3, rankings, -1), offered=offered)
    assert np.allclose(fit(rankings).scores, shorter.scores, atol=1e-10)
    assert not np.allclose(fit(rankings[:, :3]).scores, shorter.scores, atol=0.01)      # it says who was last


def test_counts_are_as_good_as_repeated_rankings_and_length_is_no_matter():
    rng = np.random.default_rng(4)
    rankings, _ = rankings_of(rng, rng.normal(size=5), 40, 4)
    rankings[::3, 3] = -1
    rankings[::5, 2:] = -1
    counts = rng.integers(0, 4, size=40)
    padded = np.pad(np.repeat(rankings, counts, axis=0), ((0, 0), (0, 2)), constant_values=-1)
    for one, other in zip(fit(rankings, counts=counts), fit(padded)):
        assert np.allclose(one, other, rtol=1e-9, atol=1e-9)


def test_planted_scores_lie_within_their_standard_errors_not_those_of_all_pairs():
    z, of_pairs = [], []
    for seed in range(20):
        rng = np.random.default_rng(100 + seed)
        scores = rng.normal(size=6)
        scores -= scores.mean()
        rankings, _ = rankings_of(rng, scores, 150, 5)
        for result, errors in ((fit(rankings), z), (all_pairs(rankings, np.ones(150)), of_pairs)):
            errors.append((result.scores - scores) / result.standard_errors)
    assert abs(np.mean(z)) < 1e-9 + 4 / np.sqrt(np.size(z))
    assert 0.8 < np.std(z) < 1.2 < np.std(of_pairs)                 # 120 values, 100 of them free: +- 0.07


def exactly_all_pairs(scores):
    """Per item, for many rankings of all items that are Plackett-Luce: error of all pairs over that of `fit`, and the
    standard error that all pairs report over their error.
    """
    n = len(scores)
    orders = np.array(list(permutations(range(n))))
    rankings, _, offered = data_of(orders)
    chances = np.exp(sum(scores[orders[:, k]] - logsumexp(scores[orders[:, k:]]) for k in range(n)))
    information = derivatives(np.append(scores, [0, 0]), rankings, chances, offered)[2][:n, :n]
    place = np.argsort(orders, axis=1)
    wins = place[:, :, None] < place[:, None, :]
    win, _ = bradley_terry.probabilities(scores[:, None] - scores)
    slopes = (wins - win * ~np.eye(n, dtype=bool)).sum(axis=2)      # of all pairs' log-likelihood, one row a ranking
    assert np.allclose(chances @ slopes, 0, atol=1e-12)             # so both estimators find the true scores in the end
    variance = win * (1 - win)
    covariance = np.linalg.pinv(np.diag(variance.sum(axis=1)) - variance, rcond=1e-10)  # as if pairs were independent
    sandwich = covariance @ (chances * slopes.T) @ slopes @ covariance                  # as they are
    best = np.linalg.pinv(information, rcond=1e-10)
    return np.sqrt(sandwich.diagonal() / best.diagonal()), np.sqrt(covariance.diagonal() / sandwich.diagonal())


@pytest.mark.parametrize("n, larger, too_small", [
    (2, 0, 0), (4, 4, 20), pytest.param(8, 8, 40, marks=pytest.mark.slow)])
def test_all_pairs_err_more_than_plackett_luce_and_report_less(n, larger, too_small):
    """The percentages in the docstring of `plackett_luce`: means over items, with scores from -1 to 1."""
    errors, reported = exactly_all_pairs(np.linspace(-1, 1, n))
    assert round(100 * (errors.mean() - 1)) == larger and round(100 * (1 - reported.mean())) == too_small
    assert n == 2 or (errors.min() > 1 and reported.max() < 1)


# ---- when a finite answer exists

@pytest.mark.parametrize("rankings, n_items, sentence", [
    ([[0, 1, 2], [1, 0, 2]], None, "item 2 never won against the others"),
    ([[2, 1, 0], [2, 0, 1]], None, "item 2 never lost to the others"),
    ([[0, 1, -1], [1, 0, -1], [2, 3, -1], [3, 2, -1]], None, "items 0, 1 never met the others"),
    ([[0, 1], [1, 0]], 3, "item 2 never met the others"),
])
def test_items_that_cannot_be_placed_are_named_and_the_message_says_what_to_do(rankings, n_items, sentence):
    with pytest.raises(ValueError, match=f"rankings: no .* since {sentence}; pass prior=0.1, or ask") as caught:
        fit(rankings, n_items)
    assert "\n" not in str(caught.value)
    assert np.isfinite(fit(rankings, n_items, prior=0.1).scores).all()


def test_a_fit_exists_where_each_direction_makes_some_choice_unlikelier():
    rng, found = np.random.default_rng(5), {True: 0, False: 0}
    for _ in range(60):
        n, count = int(rng.integers(3, 5)), rng.integers(3, 7)
        rankings, offered = rankings_of(rng, np.zeros(n), count, rng.integers(2, n + 1), rng.integers(1, 3))
        directions = np.indices((n,) * n).reshape(n, -1).T
        harmless = np.ptp(directions, axis=1) > 0
        left = offered.copy()
        for items in rankings.T:
            for row in np.flatnonzero(items >= 0):                  # chosen ones must gain as much as any that was left
                harmless &= directions[:, items[row]] >= directions[:, left[row]].max(axis=1)
                left[row, items[row]] = False
        found[bool(harmless.any())] += 1
        if harmless.any():
            with pytest.raises(ValueError, match="pass prior=0.1"):
                fit(rankings, n, offered=offered)
        else:
            scores = fit(rankings, n, offered=offered).scores
            gradient = derivatives(np.append(scores, [0, 0]), *data_of(rankings, offered, n=n))[1]
            assert np.abs(gradient).max() < 1e-8
    assert min(found.values()) > 10


@pytest.mark.parametrize("arguments, sentence", [
    (dict(rankings=[[0, -1, 1], [1, 0, 2]]),
     "rankings: expected -1 only after the last item, got .0, -1, 1. at index 0"),
    (dict(rankings=[[0, 1, 2], [1, 2, 1]]), "rankings: expected each item once, got .1, 2, 1. at index 1"),
    (dict(rankings=[[0, 1], [1, 3]], n_items=3), "rankings: expected integers from 0 to 2, got 3 at index .1, 1."),
    (dict(rankings=[[0, 1], [1, -2]]), "rankings: expected integers from 0 to 4999, got -2"),
    (dict(rankings=[[0.0, 1.0]]), "rankings: expected integers"),
    (dict(rankings=[0, 1]), "rankings: expected 2 dimensions .R, K."),
    (dict(rankings=[[0, 1], [1, 0]], n_items=1), "n_items: expected a whole number"),
    (dict(rankings=[[0, 1], [1, 0]], counts=[1, 2, 3]), "counts: expected .R. with R = 2"),
    (dict(rankings=[[0, 1], [1, 0]], counts=[1, -1]), "counts: expected numbers >= 0"),
    (dict(rankings=[[0, 1], [1, 0]], prior=-1), "prior: expected"),
    (dict(rankings=[[0, 1], [1, 0]], offered=np.ones((2, 3), bool), n_items=2), "offered: expected .R, 2."),
    (dict(rankings=[[0, 1], [1, 0]], offered=True), "offered: expected 2 dimensions .R, N."),
    (dict(rankings=[[0, 1], [1, 0]], offered=[[True, True], [False, True]]),
     "rankings: expected only items that were offered, got .1, 0. at index 1"),
    (dict(rankings=np.zeros((0, 2), int)), "rankings: no finite scores"),
    (dict(rankings=np.zeros((3, 0), int)), "places in a ranking: expected a whole number from 1 to 5000, got 0"),
])
def test_bad_input_is_refused_in_one_clear_line(arguments, sentence):
    with pytest.raises(ValueError, match=sentence) as caught:
        fit(**arguments)
    assert "\n" not in str(caught.value)


# ---- other ways to the same scores

def test_newton_and_hunters_minorise_maximise_loop_agree():
    rng = np.random.default_rng(6)
    rankings, offered = rankings_of(rng, rng.normal(size=5), 30, 4, 3)
    data = data_of(rankings, offered)
    worth = np.ones(5)
    for _ in range(500):                                            # Hunter 2004, section 5
        left, rate = offered.copy(), np.zeros(5)
        for item in rankings.T[:3]:
            rate += (left / (left * worth).sum(axis=1, keepdims=True)).sum(axis=0)
            left[np.arange(30), item] = False
        worth = np.bincount(rankings[:, :3].ravel(), minlength=5) / rate
        worth /= worth.prod() ** (1 / 5)
    assert np.allclose(fit(rankings, offered=offered).scores, np.log(worth), atol=1e-8)
    assert times_before(*data).sum() == 30 * (4 + 3 + 2)            # each choice from what was left


def test_choix_finds_the_same_scores():
    choix = pytest.importorskip("choix")
    rng = np.random.default_rng(7)
    rankings, _ = rankings_of(rng, rng.normal(size=20), 500, 6)
    theirs = choix.ilsr_rankings(20, rankings.tolist())
    assert np.allclose(fit(rankings).scores, theirs - theirs.mean(), atol=1e-6)


# ---- published tables

def test_critchlow_and_fligners_salad_dressings():
    """Critchlow, Fligner 1991; scores, standard errors and deviance as in the vignette "Plackett-Luce Models with Item
    Covariates" of the R package PlackettLuce.

    The rankings are those of the data set as far as they matter: the first six as printed, all 32 with the likelihood
    function that the R package hyper2 prints for it (robinhankin.github.io/hyper2/salad.html), checked below.
    """
    counts = dict(ABCD=2, BACD=1, BADC=2, CABD=1, CBAD=2, BCDA=14, BDAC=1, BDCA=5, DBCA=1, CDAB=1, CDBA=1, DCBA=1)
    rankings = np.array([["ABCD".index(letter) for letter in order] for order in counts])
    counts = np.array(list(counts.values()))
    powers = {"ABCD": -32, "ABC": -2, "ABD": -5, "ACD": -23, "BCD": -2, "AB": -3, "AC": -7, "AD": -16, "BD": -1,
              "CD": -5, "A": 10, "B": 31, "C": 29, "D": 26}
    scores = np.random.default_rng(8).normal(size=4)
    printed = sum(power * np.log(sum(np.exp(scores["ABCD".index(letter)]) for letter in letters))
                  for letters, power in powers.items())
    assert np.isclose(value_at(scores, *data_of(rankings, counts=counts)), printed, rtol=1e-12)

    result = fit(rankings, counts=counts)
    assert np.round([result.contrast(item, 0) for item in (1, 2, 3)], 4).tolist() == [
        [2.7299, 0.4481], [1.5615, 0.3965], [1.0268, 0.3771]]
    assert round(-2 * result.log_likelihood, 2) == 152.83
    worth = np.exp(result.scores) / np.exp(result.scores).sum()
    assert np.round(worth, 5).tolist() == [0.04186, 0.64176, 0.19950, 0.11688]


def test_the_toy_network_of_the_r_package_plackettluce():
    """A, B, C of its vignette "Introduction to PlackettLuce", section 2.3."""
    result = fit([[0, 1], [2, 0], [1, 0], [1, 2]])
    assert np.round([result.contrast(1, 0), result.contrast(2, 0)], 4).tolist() == [[0.8392, 1.3596], [0.4196, 1.5973]]
    assert round(-2 * result.log_likelihood, 4) == 5.1356


# Drivers 1 to 83 in the order of their arrival in the 36 races of the NASCAR season 2002, two digits each, without the
# four who were last in each of their races: nascar2002.txt of Hunter 2004 (github.com/erdman/plackett-luce).
RACES = """
83182048535167723242023162133706606633775663557014437135124479035204094541613439491582
52720482603132660344024883674177336145385114426235122537340618793959435549560953071371
72345167823713023138660461523512321439488353072545434418794960423355064162777159097003
82123752606683517267480713774932146218613144344339384255033571095970024104064553331725
721845126737665232023161034953343935075504417759330971485114832542624382380674136070
48386112045237356645514960348277140972620243557483313303135332235941250667714207181739
52325161823772380277665542601433183471744941481345072553590403351943097030063167621283
045282131277615131483472538325661471424938333274550603182360024407623743590935196741
12534832721337663149252006618333386002774403554373097145825214356274193451414218045667
37486102511372661453336221674232498331527774064139353809820355597304451260341825717043
826731513452327360387239330243250323064118094953667148551483370477745912621361453519
51526061328237530266727749044162094313331425035538190635233948731845126571743431678346
37023167133260620318824872097704667961495355387173253545141281411006344383337452511739
13513772323182536614091249601843617962423825740604730371230241678333523455774548390819
521367533242666151480249143760822533203172124104431845383955777462067134031609732983
61827748331851026741625504451342493960140953740664796634311203362535373832435283050172
53667238511279378320451834776103027149093332604143256714625248043174133955068270564442
45328237674802625112133377520372140461601841554966797409440673383934712535563143835375
83331366677962484518383104723751613534536077124341030673327125745202140949558257394720
02487213674582527761043251833731605303431814413962334909554225380620163512345666475774
02665267453274623713048277431453256133397612033549417251318338446079185542093420480656
82676258616831795351413305453437661403830232048042350943497277065260124413397455484018
13824531517237423312526104435334601432416202036649791855837167357738392516064856740981
32661245524872380456034231434960020941623553518234743913557750061437336783256169161879
32670272138348823731513349600412623818343966035344437609146177567942817452550645354157
52673312795161831434745637446602494548066055230939433562418213042118425378203132773872
67488242046013533752126143323851624466317241023414332135747756394509180623834946577955
37511352823148676042145333616649620255347243391218744456414581092178384632772479043583
32676639021252823437457762414944331856611404423851533543317448557279262175601357810983
12826148337467531383316266526049694102343871793504274555065114654409561837773942433230
270482326637316712145348351374515642184977454155440603343309433883520260796261392371
48426112833760136651820441546774315352140977623803435634767945335518233249062073390224
48391382123227515267533104497483661814626037423377553476813856610206034416090845794341
42514831325504526033621344822718144153613443677421456639094938772212260637030283237956
52663251124814821318443161413742456783537479385534776256030228493960336543160427116981
48393151326702371803568342661376748261451227446021624377042649203416285509334152533814
"""


def test_hunters_nascar_season():
    """Hunter 2004, section 5; log-worths against driver 1 as in "Introduction to PlackettLuce", section 2.3: for three
    drivers with the best average place, and three with the worst.
    """
    races = [[int(line[k:k + 2]) - 1 for k in range(0, len(line), 2)] for line in RACES.split()]
    assert len({driver for race in races for driver in race}) == 83 and {len(race) for race in races} == {42, 43}
    rankings = np.array([race + [-1] * (43 - len(race)) for race in races])
    average = [np.mean([race.index(driver) for race in races if driver in race]) for driver in range(83)]
    order = np.argsort(average, kind="stable")
    result = fit(rankings)
    shown = result.scores[order[[0, 1, 2, -3, -2, -1]]] - result.scores[0]
    assert np.round(shown, 2).tolist() == [4.15, 3.62, 2.08, 0.03, -0.31, -0.15]


def test_on_1256_rankings_of_four_films_all_pairs_find_other_scores():
    """PrefLib ED-00004 (Netflix; Bennett, Lanning 2007), as in the R package PlackettLuce, inst/extdata/netflix.soc."""
    lines = """228 4321, 220 3421, 169 4213, 98 4231, 78 4123, 64 4312, 63 2413, 62 3412, 47 2143, 41 1243, 28 3241,
        26 1423, 23 2134, 20 3214, 16 4132, 15 1234, 14 2431, 14 3124, 10 3142, 9 2314, 4 2341, 4 1432, 2 1324,
        1 1342"""
    counts, orders = zip(*(line.split() for line in lines.split(",")))
    counts = np.array(counts, int)
    rankings = np.array([[int(film) - 1 for film in order] for order in orders])
    assert counts.sum() == 1256 and len(rankings) == 24
    ours, pairs = fit(rankings, counts=counts), all_pairs(rankings, counts)
    apart = np.abs(pairs.scores - ours.scores)
    assert round(apart.max(), 2) == 0.12 and (apart / ours.standard_errors).max() > 3
