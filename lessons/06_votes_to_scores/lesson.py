# %% [markdown]
# # 6. From votes to scores: Bradley-Terry
#
# **Goal**: turn "I like this one better" into numbers. You will know what a preference says about a
# score, how to find the scores that explain many votes best, how sure you may be of them, and why
# "a score of 3" means nothing.
#
# About 45 minutes: reading 10, the experiment 5, exercises 35, half of them extra.

# %% [markdown]
# ## Why votes, and not marks
#
# <a id="input-kinds"></a><a id="reward-learned"></a> In traditional reinforcement learning somebody
# writes the reward down as a formula. For a dance, a joke or a helpful answer nobody can. Ask
# people for marks instead, and each has their own scale: one person's 7 is another's 4. But show
# two faces and ask *which one looks friendlier*, and everyone can answer. This kind of feedback,
# the **preference**, is what most of RLHF is built on, ChatGPT included.
#
# So the reward is not written but *learned* from people. This lesson is the first half of that
# sentence: from votes to one score for each item. Lesson 7 does the other half: scores for things
# that nobody has voted on.

# %% [markdown]
# ## The model: a vote is a noisy comparison of two scores
#
# Give each item $i$ a hidden score $s_i$. People are not machines: the better item wins more often,
# not always. Bradley and Terry (1952) say
#
# $$P(i \text{ is preferred to } j) = \sigma(s_i - s_j) = \frac{1}{1 + e^{-(s_i - s_j)}}$$
#
# A lead of 0 means 50 : 50, a lead of 1 means 73 : 27, a lead of 3 means 95 : 5. Only the
# *difference* appears: add 10 to every score and no vote becomes more or less likely. That is why a
# score by itself means nothing.

# %%
import matplotlib.pyplot as plt
import numpy as np

from tinyrlhf.numerics import sigmoid
from tinyrlhf.plots import BLUE, GREY, VERMILLION
from tinyrlhf.rewards import bradley_terry
from tinyrlhf.teaching import LECTURE, check_claims, mine, predict, show

plt.style.use(LECTURE)
for lead in (0, 1, 3):
    print(f"a lead of {lead}: preferred in {sigmoid(lead):.1%} of the votes")

# %% [predict]
predict("6.a",
        "a lead of 1 wins 73 % of the votes. How many percent does a lead of 2 win?",
        100 * sigmoid(2.0),
        "Not 96 %: the odds multiply, 2.7 to 1 and then 7.4 to 1; the percentages do not add "
        "up.")

# %% [markdown]
# ## The experiment: eight robot faces, and people who waver
#
# Eight faces A to H have hidden friendliness scores. We draw pairs at random and let a simulated
# person vote by the formula above. Then we throw the hidden scores away and try to get them back
# from the votes alone.

# %%
def ask_people(n_votes, seed):
    """Hidden scores (8,) and votes (n_votes, 2), each (winner, loser)."""
    rng = np.random.default_rng(seed)
    hidden = 1.5 * rng.normal(size=8)
    hidden -= hidden.mean()                         # only differences count, so let the mean be 0
    first = rng.integers(8, size=n_votes)
    second = (first + rng.integers(1, 8, size=n_votes)) % 8  # any other item
    first_wins = rng.random(n_votes) < sigmoid(hidden[first] - hidden[second])
    return hidden, np.where(first_wins, [first, second], [second, first]).T


hidden, votes = ask_people(300, seed=0)
print("the first five votes:", ", ".join(f"{'ABCDEFGH'[winner]} over {'ABCDEFGH'[loser]}"
                                         for winner, loser in votes[:5]))

# %% [markdown]
# ## Fitting: which scores make these votes least surprising?
#
# A vote to which the model gave the chance $p$ surprises it by $-\log p$. The best scores minimise
# the total surprise, which is the same as making all votes together most likely (**maximum
# likelihood**). A small penalty holds the scores at finite values: an item that won *every* vote
# would otherwise be pushed to infinity, as each step up explains its votes a little better.
#
# $$\min_s \; \sum_{\text{votes}} -\log \sigma(s_{\text{winner}} - s_{\text{loser}})
# \; + \; \frac{\lambda}{2} \sum_i s_i^2$$
#
# Each vote pushes two scores, the winner's up and the loser's down, by the same amount: one minus
# the chance that the model gave the vote. What was expected teaches little, and a surprise a lot.
# You will write this in exercises 6.1 to 6.4; as soon as yours pass, the lines below use them.

# %%
def library_fit(pairs, n, l2):
    return bradley_terry.fit(pairs[:, 0], pairs[:, 1], n_items=n, prior=l2).scores


pref_prob = mine("06", "pref_prob", lambda score_a, score_b: sigmoid(score_a - score_b))
fit_scores = mine("06", "fit_scores", library_fit)

scores = fit_scores(votes, 8, 0.1)
print("      hidden   found")
for name, true, found in zip("ABCDEFGH", hidden, scores):
    print(f"  {name}   {true:6.2f}  {found:6.2f}")
print(f"correlation {np.corrcoef(hidden, scores)[0, 1]:.3f}")

# %% [markdown]
# ## The picture to remember
#
# Above: each vote is a dot, at the score difference of its two faces (first minus second), up if
# the first one won. The share of dots that are up, a square for each strip, follows the curve.
# Below: the scores that were found, with error bars of two standard errors, beside the hidden ones.

# %% [drawing]
def picture(hidden, votes, scores, errors):
    figure, (above, below) = plt.subplots(2, 1, figsize=(12, 9), height_ratios=[1, 1])
    rng = np.random.default_rng(0)
    asked_first = rng.random(len(votes)) < 0.5      # either the winner or the loser is shown first
    lead = np.where(asked_first, 1, -1) * (scores[votes[:, 0]] - scores[votes[:, 1]])
    height = asked_first + rng.uniform(-0.05, 0.05, len(votes))
    above.scatter(lead, height, s=40, alpha=0.35, color=BLUE, linewidths=0)
    line = np.linspace(-6, 6, 201)
    above.plot(line, [pref_prob(each, 0.0) for each in line], color=VERMILLION)
    for left in np.arange(-3.5, 3.5):               # a square: the share of dots up in a strip
        strip = asked_first[(lead > left) & (lead <= left + 1)]
        if len(strip) > 5:
            above.plot(left + 0.5, strip.mean(), "s", color=GREY, markersize=13)
    above.text(1.6, 0.62, "chance that the first wins", color=VERMILLION)
    above.set(xlabel="score of the first minus score of the second", xlim=(-6, 6))
    above.set_yticks([0, 0.5, 1], ["second won", "one half", "first won"])
    place = np.arange(8)
    below.bar(place, scores, color=BLUE, alpha=0.6, width=0.6, yerr=2 * errors,
              error_kw=dict(lw=3, capsize=8))
    below.scatter(place, hidden, marker="D", s=130, color=VERMILLION, zorder=3)
    below.axhline(0, color=GREY, lw=1)
    below.set(xlabel="face  (bar: found from the votes, diamond: hidden)",
              ylabel="friendliness score")
    below.set_xticks(place, "ABCDEFGH")
    return figure


fit = bradley_terry.fit(votes[:, 0], votes[:, 1], n_items=8, prior=0.1)
show(picture(hidden, votes, fit.scores, fit.standard_errors), "scores",
     "300 wavering votes give the hidden scores back")

# %% [markdown]
# **What you should see**: near a difference of 0 the dots are half up, half down; far out they
# agree. Almost all diamonds lie within the error bars. The bars of faces with extreme scores are
# longer: nearly all their votes were foregone, and taught little.
#
# ## How many votes are enough?
#
# A claim should be a function that can fail. This one says: 300 votes come closer to the hidden
# scores than 20.

# %%
def mean_error(n_votes, seed):
    hidden, votes = ask_people(n_votes, seed)
    return np.abs(fit_scores(votes, 8, 0.1) - hidden).mean()


def claim_more_votes_come_closer(seed):
    return mean_error(300, seed) < mean_error(20, seed)


def claim_most_error_bars_hold(seed):
    """At least 6 of 8 hidden scores lie within two standard errors."""
    hidden, votes = ask_people(300, seed)
    fit = bradley_terry.fit(votes[:, 0], votes[:, 1], n_items=8, prior=0.1)
    return np.sum(np.abs(fit.scores - hidden) < 2 * fit.standard_errors) >= 6


# %% [predict]
predict("6.b",
        "300 votes are 15 times as many as 20. By which factor does the mean error of a score "
        "shrink (mean of seeds 0 to 9)?",
        np.divide(*([np.sum([mean_error(n_votes, seed) for seed in range(10)])
                     for n_votes in (20, 300)])),
        "Not 15: errors shrink with the square root of the number of votes.")

# %%
print("mean error of a score     20    100    300 votes")
for seed in (0, 1, 2):
    errors = [mean_error(n_votes, seed) for n_votes in (20, 100, 300)]
    print(f"           seed {seed}     " + "  ".join(f"{error:5.2f}" for error in errors))
check_claims(globals())

# %% [markdown]
# ## What to try next
#
# - Let people waver more: multiply the scores by 0.3 inside `ask_people`. How many votes does it
#   take now?
# - Set `prior=0` and 20 votes. Read the message: which item cannot be placed, and why?
# - Ask only about neighbours, A-B, B-C and so on. Which error bars grow?
# - [`tinyrlhf/rewards/bradley_terry.py`](../../tinyrlhf/rewards/bradley_terry.py) does all this
#   with ties, error bars and Newton's method.
