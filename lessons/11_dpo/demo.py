"""`tinyrlhf demo 11`: the room votes on three answers; two roads lead from its votes to a policy, and meet; then it all
agrees.
"""
import numpy as np

from tinyrlhf.feedback.answers import Choices
from tinyrlhf.learning.direct_preferences import dpo, ipo
from tinyrlhf.numerics import log_softmax, softmax
from tinyrlhf.plots import BLUE, GREEN, GREY, ORANGE, VERMILLION, label_lines
from tinyrlhf.rewards import bradley_terry

QUESTION = "Does pineapple belong on a pizza?"
ANSWERS = ("Of course!", "It depends.", "Never!")
START = np.array([0.1, 0.3, 0.6])                               # how the model answers at first
PAIRS = ((0, 1), (1, 2), (0, 2))
INVENTED = (0.62, 0.6, 0.7)                             # share of hands for the left, where the room does not say
PRICES = (1.0, 0.4, 0.2)
CORNERS = np.array([[0.5, 0.75**0.5], [0.0, 0.0], [1.0, 0.0]])


def hands(number, seed, votes):
    """Hands for left and right of the pair of this number: the room's, else 30 invented ones."""
    if number < len(votes):
        return votes[number]
    left = int(np.random.default_rng([seed, number]).binomial(30, INVENTED[number]))
    return left, 30 - left


def shares_of(counted):
    """How often answer i beat j, (3, 3): shares of the hands, with half a hand more a side, so nobody is certain."""
    shares = np.zeros((3, 3))
    for (i, j), (left, right) in zip(PAIRS, counted):
        shares[i, j] = (left + 0.5) / (left + right + 1)
        shares[j, i] = 1 - shares[i, j]
    return shares


def draw_pair(figure, number):
    """Two answers side by side, and how often the model gives them so far."""
    for axis, i, side, color in zip(figure.subplots(1, 2), PAIRS[number], ("left", "right"), (BLUE, VERMILLION)):
        axis.axis("off")
        axis.text(0.5, 0.55, ANSWERS[i], size=44, ha="center", va="center", color=color, weight="bold",
                  bbox=dict(boxstyle="round,pad=0.6", facecolor="#EFEFEA", edgecolor=color, lw=4))
        axis.text(0.5, 0.3, f"so far the model says so {START[i]:.0%} of the time", ha="center", color=GREY)
        axis.text(0.5, 0.1, f"hands for {side}", size=26, ha="center")
        axis.set(xlim=(0, 1), ylim=(0, 1))


def draw_scores(axis, scores, counted):
    axis.bar(range(3), scores, color=[BLUE, ORANGE, VERMILLION], width=0.55)
    axis.axhline(0, color=GREY, lw=1.5)
    axis.set(xticks=range(3), xticklabels=ANSWERS, ylabel="score", xlim=(-0.6, 2.6))
    axis.set_xlabel("    ".join(f"{ANSWERS[i]} {left} : {right} {ANSWERS[j]}"
                                for (i, j), (left, right) in zip(PAIRS, counted)))


def reinforced(scores, price, steps=3000):
    """The first road (steps + 1, 3): an exact policy gradient on the scores, minus the price of each nat."""
    logits, path = np.log(START), [START]
    for _ in range(steps):
        chances = softmax(logits)
        worth = scores - price * np.log(chances / START)
        logits = logits + 2 * chances * (worth - chances @ worth)
        path.append(softmax(logits))
    return np.array(path)


def preferred(shares, price, loss=dpo, steps=3000):
    """The second road (steps + 1, 3): straight from the votes."""
    pairs = np.array(PAIRS)
    both_sides = np.stack([shares[pairs[:, 0], pairs[:, 1]], shares[pairs[:, 1], pairs[:, 0]]], axis=1)
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
        axis.plot(*(path[-1] @ CORNERS), marker, color=color, markersize=18 if marker == "o" else 11, zorder=3)
    for (path, *_), price in zip(roads, prices):
        axis.annotate(f"{price:g}", path[-1] @ CORNERS, xytext=(18, 4), textcoords="offset points", color=GREY)
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
    """name -> (a few words, how much the person likes a thousand of them); and DPO's log-ratios, step by step."""
    from tinyrlhf.episodes import rollout
    from tinyrlhf.feedback.answers import join_answers
    from tinyrlhf.humans.simulated import Boltzmann
    from tinyrlhf.learning.direct_preferences import prefer
    from tinyrlhf.nn.schedules import linear
    from tinyrlhf.questions import shown as pairs_of
    from tinyrlhf.rlhf import improve_on
    from tinyrlhf.worlds.text import text
    state, rng, n = text(seed=seed, rounds=1, kl_coef=0.1), np.random.default_rng([11, seed]), 300

    def ask(policy):
        words = rollout(state.game, policy, state.game.start(2 * n, rng), rng)
        questions = pairs_of("preference", words, np.arange(2 * n).reshape(2, n).T)
        return Boltzmann(rationality=1.4).answer(state.game, questions, rng)

    def directly(votes):
        policy = state.reference.copy()
        return policy, prefer(policy, state.reference, votes, rng, kl_coef=0.1 / state.reward_model.scale, steps=150,
                              learning_rate=linear(0.006, lowest=0.02))

    votes, state.reward_model.fit_steps, state.updates_per_round = ask(state.reference), 200, 48
    state.reward_model.fit(votes, rng)
    state.reward_model.normalize(votes.episodes)
    straight, history = directly(votes)
    again, _ = directly(join_answers([votes, ask(straight)]))
    improve_on(state, state.reward_model.rewards)
    shown = {}
    for name, policy in (("at first", state.reference), ("DPO", straight), ("reward model, RL", state.policy),
                         ("DPO, asked again", again)):
        new = rollout(state.game, policy, state.game.start(1000, rng), np.random.default_rng(seed))
        shown[name] = state.game.decode(new.states[:6, -1]), float(new.true_returns.mean())
    return shown, history


def draw_words(axis, shown):
    """Six words of each policy, and how much the person likes its words."""
    axis.axis("off")
    axis.set(xlim=(0, 1), ylim=(0, 1))
    for row, ((name, (words, liked)), color) in enumerate(zip(shown.items(), (GREY, VERMILLION, BLUE, GREEN))):
        height = 0.92 - 0.26 * row
        axis.text(0.0, height, name, color=color, size=24, weight="bold")
        axis.text(1.0, height, f"liked: {liked:+.1f}", color=color, size=24, weight="bold", ha="right")
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


def beats(figure, seed, votes):
    """Each beat draws on the figure and yields its claim; votes: (left, right) hands, a list that may grow."""
    for number, words in enumerate((f"{QUESTION} Which answer is better?", "And of these two?", "And the last pair?")):
        draw_pair(figure, number)
        yield words
    counted = [hands(number, seed, votes) for number in range(3)]
    shares = shares_of(counted)
    winner, loser = np.nonzero(shares)
    scores = bradley_terry.fit(winner, loser, counts=shares[winner, loser]).scores
    draw_scores(figure.subplots(), scores, counted)
    yield "The first road begins with a reward model: your votes become scores"

    first = [(reinforced(scores, price), BLUE, "--", "D") for price in PRICES]
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
    yield "Both roads at once. " + ("They end in the same places!" if apart < 0.005 else
                                    f"They aim at the same places; so far they are {apart:.0%} apart")

    order = np.argsort(np.argsort(-scores))                     # what if all had voted as the majority did?
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

    shown, history = words_of_both(seed)
    draw_words(figure.subplots(), dict(list(shown.items())[:3]))
    more = "the reward model's road" if shown["reward model, RL"][1] > shown["DPO"][1] else "DPO"
    yield f"So where do they differ? Invented words, and only 300 votes: {more} pleases more"
    draw_words(figure.subplots(), shown)
    gain = shown["DPO, asked again"][1] - shown["DPO"][1]
    yield ("DPO never heard about its own new words. 300 votes on those, and it catches up" if gain > 0.3 else
           "DPO never heard about its own new words. Now 300 votes on those")
    draw_falling(figure.subplots(), history)
    fell = np.mean([row["chosen"] for row in history[-20:]]) < 0
    yield ("Even the chosen words become rarer. DPO only watches the lead" if fell else
           "DPO only watches the lead of the chosen words")
