"""`tinyrlhf demo 11`: the room votes on three answers; two roads lead from its votes to a policy,
and meet; then it all agrees.
"""
import numpy as np

from tinyrlhf.feedback.answers import Choices
from tinyrlhf.learning.direct_preferences import dpo, ipo
from tinyrlhf.numerics import log_softmax, softmax
from tinyrlhf.plots import BLUE, GREEN, GREY, ORANGE, VERMILLION, label_lines
from tinyrlhf.rewards import bradley_terry
from tinyrlhf.teaching.room import Question, blank, definitions_of, draw_card

QUESTION = "Does pineapple belong on a pizza?"
ANSWERS = ("Of course!", "It depends.", "Never!")
START = np.array([0.1, 0.3, 0.6])  # how the model answers at first
PAIRS = ((0, 1), (1, 2), (0, 2))
# share of hands for the left, where the room does not say
INVENTED = (0.62, 0.6, 0.7)
PRICES = (1.0, 0.4, 0.2)
lesson = definitions_of(__file__, "CORNERS", "PERSON")
CORNERS, lesson.REFERENCE = lesson.CORNERS, START


def shares_of(counted):
    """How often answer i beat j, (3, 3): shares of the hands, and half a hand more a side."""
    shares = np.zeros((3, 3))
    for (i, j), (left, right) in zip(PAIRS, counted):
        shares[i, j] = (left + 0.5) / (left + right + 1)
        shares[j, i] = 1 - shares[i, j]
    return shares


def draw_pair(figure, number):
    """Two answers side by side, and how often the model gives them so far."""
    for axis, i, side, color in zip(figure.subplots(1, 2), PAIRS[number], ("left", "right"),
                                    (BLUE, VERMILLION)):
        draw_card(axis, ANSWERS[i], color, edge=color)
        axis.text(0.5, 0.3, f"so far the model says so {START[i]:.0%} of the time", ha="center",
                  color=GREY)
        axis.text(0.5, 0.1, f"hands for {side}", size=26, ha="center")


def draw_scores(axis, scores, counted):
    axis.bar(range(3), scores, color=[BLUE, ORANGE, VERMILLION], width=0.55)
    axis.axhline(0, color=GREY, lw=1.5)
    axis.set(xticks=range(3), xticklabels=ANSWERS, ylabel="score", xlim=(-0.6, 2.6))
    axis.set_title("      ".join(f"{ANSWERS[i]} {left} : {right} {ANSWERS[j]}"
                                 for (i, j), (left, right) in zip(PAIRS, counted)), loc="center",
                   color=GREY)


def preferred(shares, price, loss=dpo, steps=3000):
    """The second road (steps + 1, 3): straight from the votes."""
    pairs = np.array(PAIRS)
    winner, loser = pairs.T
    both_sides = np.stack([shares[winner, loser], shares[loser, winner]], axis=1)
    votes = [Choices("preference", pairs, np.eye(2), 0.0, both_sides, np.arange(3))]
    logits, path = np.log(START), [START]
    for _ in range(steps):
        d_log_ratios = loss(votes, log_softmax(logits) - np.log(START), price)[1]
        logits = logits - (0.1 if loss is ipo else 0.3 / price**2) * d_log_ratios
        path.append(softmax(logits))
    return np.array(path)


def draw_roads(axis, roads, prices=()):
    """roads: (path, colour, dash, marker); prices: written beside the ends of the first roads."""
    axis.plot(*CORNERS[[0, 1, 2, 0]].T, color=GREY, lw=2)
    for path, color, dash, marker in roads:
        axis.plot(*(path @ CORNERS).T, dash, color=color, linewidth=4)
        axis.plot(*(path[-1] @ CORNERS), marker, color=color,
                  markersize=18 if marker == "o" else 11, zorder=3)
    for (path, *_), price in zip(roads, prices):
        axis.annotate(f"{price:g}", path[-1] @ CORNERS, xytext=(18, 4), textcoords="offset points",
                      color=GREY, bbox=dict(facecolor="white", edgecolor="none", pad=1))
    axis.plot(*(START @ CORNERS), "s", color="black", markersize=14, zorder=4)
    axis.annotate("start", START @ CORNERS, xytext=(14, 10), textcoords="offset points")
    for corner, answer, side in zip(CORNERS, ANSWERS, ("center", "left", "right")):
        axis.text(corner[0], corner[1] + (0.03 if corner[1] else -0.03), answer, ha=side,
                  va="bottom" if corner[1] else "top", size=22)
    axis.set(xlim=(-0.3, 1.3), ylim=(-0.12, 1.0), aspect="equal", xticks=[], yticks=[])
    axis.spines[:].set_visible(False)


def name_roads(axis, *names):
    for row, (name, color) in enumerate(names):
        axis.text(1.3, 0.85 - 0.1 * row, name, color=color, weight="bold", ha="right")


def words_of_both(seed):
    """name -> (a few words, how much the person likes a thousand of them)."""
    state, shown = lesson.votes_of(seed)[0], {}
    policies = {"at first": state.reference, "DPO": lesson.dpo_words(seed)[1],
                "reward model, RL": lesson.rlhf_words(seed)[1],
                "DPO, asked again": lesson.dpo_words(seed, again=300)[1]}
    for name, policy in policies.items():
        new = lesson.new_words(policy, state)
        shown[name] = state.game.decode(new.states[:6, -1]), float(new.true_returns.mean())
    return shown


def draw_words(axis, shown):
    """Six words of each policy, and how much the person likes its words."""
    blank(axis)
    colors = GREY, VERMILLION, BLUE, GREEN
    for row, ((name, (words, liked)), color) in enumerate(zip(shown.items(), colors)):
        height = 0.92 - 0.26 * row
        axis.text(0.02, height, name, color=color, size=24, weight="bold")
        axis.text(0.98, height, f"liked: {liked:+.1f}", color=color, size=24, weight="bold",
                  ha="right")
        axis.text(0.04, height - 0.1, "  ".join(words), size=24, family="DejaVu Sans Mono")


def draw_falling(axis, history):
    """Mean log-ratios of chosen and rejected words, in groups of ten steps."""
    ends = []
    for key, color, dash in (("chosen", BLUE, "-"), ("rejected", VERMILLION, "--")):
        levels = np.array([row[key] for row in history]).reshape(-1, 10).mean(axis=1)
        axis.plot(10 * np.arange(len(levels)) + 5, levels, dash, color=color, linewidth=5)
        ends.append((levels[-1], key, color))
    axis.axhline(0, color=GREY, lw=1.5)
    axis.set(xlabel="steps of DPO", ylabel="mean log-ratio, in nats", xlim=(0, 10 * len(levels)))
    label_lines(axis, ends)


def beats(figure, seed):
    """Each beat draws, and yields its claim, or a `Question`, for which it is sent the hands."""
    counted = []
    claims = f"{QUESTION} Which answer is better?", "And of these two?", "And the last pair?"
    for number, claim in enumerate(claims):
        draw_pair(figure, number)
        options = tuple(ANSWERS[each] for each in PAIRS[number])
        counted.append((yield Question(claim, INVENTED[number], options=options)))
    shares = shares_of(counted)
    winner, loser = np.nonzero(shares)
    scores = bradley_terry.fit(winner, loser, counts=shares[winner, loser]).scores
    draw_scores(figure.subplots(), scores, counted)
    yield "The first road begins with a reward model: your votes become scores"

    first = [(lesson.rlhf_road(scores, price, 3000), BLUE, "--", "D") for price in PRICES]
    second = [(preferred(shares, price), VERMILLION, "-", "o") for price in PRICES]
    axis = figure.subplots()
    draw_roads(axis, first[:1], PRICES[:1])
    name_roads(axis, ("reward model, RL", BLUE))
    yield f"Then the policy is reinforced. A nat costs {PRICES[0]:g}: it stays near the start"
    axis = figure.subplots()
    draw_roads(axis, first, PRICES)
    name_roads(axis, ("reward model, RL", BLUE))
    yield "The cheaper a nat, the further it goes: three prices, three places"
    axis = figure.subplots()
    draw_roads(axis, second, PRICES)
    name_roads(axis, ("DPO", VERMILLION))
    yield "The second road: DPO takes the same votes, and nobody computes a score"
    axis = figure.subplots()
    draw_roads(axis, second + first, PRICES)
    name_roads(axis, ("DPO", VERMILLION), ("reward model, RL", BLUE))
    apart = max(np.abs(one[0][-1] - other[0][-1]).max() for one, other in zip(first, second))
    where = f"They aim at the same places; so far they are {apart:.0%} apart"
    yield f"Both roads at once. {'They end in the same places!' if apart < 0.005 else where}"

    # what if all had voted as the majority did?
    order = np.argsort(np.argsort(-scores))
    agreed = np.where(order[:, None] < order, 1.0, 0.0)
    ends = [preferred(agreed, price) for price in PRICES]
    axis = figure.subplots()
    draw_roads(axis, [(path, VERMILLION, "-", "o") for path in ends])
    name_roads(axis, ("DPO", VERMILLION))
    last = ANSWERS[int(ends[-1][-1].argmax())]
    yield f"What if you had all agreed? Whatever a nat costs, it runs to \u201c{last}\u201d"
    axis = figure.subplots()
    draw_roads(axis, [(preferred(agreed, price, ipo), GREEN, "-", "o") for price in PRICES], PRICES)
    name_roads(axis, ("IPO", GREEN))
    yield "Another loss, IPO, stops: its goal is finite, however sure you are"

    shown, history = words_of_both(seed), lesson.dpo_words(seed)[2]
    draw_words(figure.subplots(), dict(list(shown.items())[:3]))
    more = "the reward model's road" if shown["reward model, RL"][1] > shown["DPO"][1] else "DPO"
    yield f"So where do they differ? Invented words, and only 300 votes: {more} pleases more"
    draw_words(figure.subplots(), shown)
    gain = shown["DPO, asked again"][1] - shown["DPO"][1]
    yield ("DPO never heard about its own new words. 300 votes on those, and it catches up"
           if gain > 0.3 else "DPO never heard about its own new words. Now 300 votes on those")
    draw_falling(figure.subplots(), history)
    fell = np.mean([row["chosen"] for row in history[-20:]]) < 0
    yield ("Even the chosen words become rarer. DPO only watches the lead" if fell else
           "DPO only watches the lead of the chosen words")
