# %% [markdown]
# # 9. Language is a game too
#
# **Goal**: see writing as a game of decisions: the state is the text so far, the action is the next
# letter, an episode is a word or an answer. You will know what a model gets from reading, what
# fifty shown dialogues change, and what it costs to learn from thumbs instead of right answers.
#
# About 45 minutes: reading 20 without the code, the experiment 5, the first three exercises 20. The
# extra exercises take 15 more, the code 15 more.

# %% [markdown]
# ## A word is a row of decisions
#
# <a id="language-decisions"></a>
# Everything from lessons 1 to 4 is here again, under other names:
#
# | in a game | when writing |
# |---|---|
# | agent, with its policy | the language model |
# | state | the text so far |
# | action | the next letter (in large models: the next piece of a word) |
# | environment | the page: it appends the letter, and nothing else |
# | end of the episode | the end mark, an action like any other, or a full page |
# | reward | what somebody thinks of the text, so it comes with the last action |
#
# Two things are simpler than for a robot: the page never slips, so all chance lies in the policy,
# and nothing is broken while a model tries things out, as long as nobody has to read it (lesson
# 12). One thing is harder, the reward: it is said to be paid for coherent sentences, but nobody has
# a formula for coherence. We can only ask people, and that is lesson 10. Here is one episode in a
# language of invented words, with the reward by a person who likes soft letters. To write it down
# like this is exercise 9.5; as soon as your functions pass, the lines below use them.

# %%
import functools

import matplotlib.pyplot as plt
import numpy as np

from tinyrlhf.episodes import rollout
from tinyrlhf.exact import strings
from tinyrlhf.games.game import Game
from tinyrlhf.games.language import Language, Mix, words_of
from tinyrlhf.games.prefixes import Prefixes
from tinyrlhf.games.text import Text, true_reward
from tinyrlhf.games.words import LETTERS, corpus
from tinyrlhf.learning.imitation import clone
from tinyrlhf.learning.policy_gradient import RLOO
from tinyrlhf.learning.q_learning import QLearning
from tinyrlhf.nn.distributions import Categorical
from tinyrlhf.nn.networks import MLP, EmbeddingMLP, Table
from tinyrlhf.nn.optimizers import Adam
from tinyrlhf.numerics import log_softmax, softmax
from tinyrlhf.plots import BLUE, GREY, ORANGE, VERMILLION
from tinyrlhf.policies import Policy
from tinyrlhf.teaching import LECTURE, check_claims, mine, predict, show
from tinyrlhf.worlds.text import character_model, pretrained

plt.style.use(LECTURE)
WORDS, SEEDS = Text(), (0, 1)


def library_nll(logits, targets):
    return -Categorical.log_prob(logits, targets).mean()


def library_word(model, rng, temperature):
    text = ""
    while len(text) < 10 and (number := Categorical.sample(model(text) / temperature, rng)):
        text += LETTERS[number - 1]
    return text


def library_logp(model, word):
    numbers = [*map(WORDS.keys.get, word), 0]
    return sum(log_softmax(model(word[:i]))[number] for i, number in enumerate(numbers))


def library_mdp(word, worth):
    return [(word[:i], action, worth * (i == len(word))) for i, action in enumerate(word + ".")]


def library_mask(prompt, reply):
    return np.arange(len(prompt) + len(reply) + 1) >= len(prompt)


next_char_nll = mine("09", "next_char_nll", library_nll)
sample_word = mine("09", "sample_word", library_word)
sequence_logp = mine("09", "sequence_logp", library_logp)
sft_mask = mine("09", "sft_mask", library_mask)
as_mdp = mine("09", "as_mdp", library_mdp)

print('state     action   reward       (the action "." is the end mark)')
for state, action, reward in as_mdp("lano", float(true_reward(WORDS.encode(["lano"]))[0])):
    print(f'{chr(34) + state + chr(34):<10}{action:<9}{reward:g}')

# %% [markdown]
# ## The smallest policy is a table
#
# In lesson 2 a policy was a table, with a row for each cell of the grid and a column for each move.
# Let the last letter be all that the policy sees, and the next letter the move: the same `Table` is
# now a language model, a **bigram** model. 17 letters and the end mark make 18 rows and 18 columns.
# Our second model sees three letters. It is a small network, as a table would need 5832 rows and
# hardly ever meet most of them.
#
# ## Pretraining: every letter is an answer to the text before it
#
# <a id="pretraining"></a>
# Both read a thousand words. At every place the model gives chances to all letters, and pays the
# surprise $-\log p$ for the one that really comes. The mean over all letters is the loss (exercise
# 9.1):
#
# $$L = -\frac{1}{N} \sum_{\text{all } N \text{ letters}}
# \log \pi(\text{letter} \mid \text{text before it})$$
#
# Divided by $\log 2$ these are **bits per character**; one bit is the surprise of a tossed coin.
# Whoever knows the grammar by which these words are made could get down to 2.80 bits, and nobody
# lower: the words themselves are drawn by dice.
#
# Pretraining is called *unsupervised*, since nobody labels anything. Yet the formula is the
# imitation of lesson 5: each letter is the label of the text before it, only that the labels come
# for free. (A chat model, one reads, is made by "supervised learning and unsupervised pretraining".
# In time it is the other way round: it reads first, and is shown examples afterwards.)

# %%
@functools.cache
def readers(seed):
    """Policies: a network that has read nothing; a table and a network that read 1,000 words."""
    rng, table = np.random.default_rng(seed), Policy(Table(18, 18))
    observations, actions, mask = WORDS.demonstrations(corpus(1000, rng))
    clone(table, observations[mask][:, -1], actions[mask], rng,
          learning_rate=lambda left: 0.1 * max(left, 0.1),
          steps=300, batch=256)
    return {"random": character_model(WORDS, rng), "one letter": table,
            "three letters": pretrained(seed)}


def logits_of(policy, observations):
    """Logits (..., 18) after observations (..., 3); a table looks at the last letter only."""
    if isinstance(policy.network, Table):
        observations = observations[..., -1]
    return policy.network.forward(observations)[0]


def bits(policy, words):
    observations, actions, mask = WORDS.demonstrations(words)
    logits = logits_of(policy, observations[mask])
    return next_char_nll(logits[None], actions[mask][None]) / np.log(2)


FRESH = corpus(3000, np.random.default_rng(1_000_000))  # nobody has read these
print("bits per character          random   one letter   three letters")
for seed in SEEDS:
    nothing, table, network = (bits(policy, FRESH) for policy in readers(seed).values())
    print(f"  seed {seed}{nothing:24.2f}{table:13.2f}{network:16.2f}")

# %% [markdown]
# Now let them write. To write is to play an episode: draw a letter from the chances, append it, go
# on until the end mark is drawn (exercise 9.2). The **temperature** divides the logits first. Below
# 1 it exploits: the model writes what it is sure of. Above 1 it explores. Reinforcement learning
# needs both; a letter that is never tried can never be praised.

# %%
def as_model(policy):
    """A language model as the exercises know it: model(text) -> logits (18,) of what follows."""
    return lambda text: logits_of(policy, np.array([0, 0, 0, *map(WORDS.keys.get, text)][-3:]))


def some_words(policy, temperature, n=9):
    rng = np.random.default_rng(1)
    return " ".join(sample_word(as_model(policy), rng, temperature) or "(nothing)"
                    for _ in range(n))


for name, policy in readers(0).items():
    print(f"{name:<13}  temperature 1    {some_words(policy, 1.0)}")
for temperature in (0.3, 3.0):
    print(f"{'three letters':<13}  temperature {temperature:<3g}  "
          f"{some_words(policy, temperature)}")
print("\none word in ...    " + "".join(f"{name:>18}" for name in readers(0)))
for word in ("lano", "mer", "nlao"):
    rounded = [float(f"{np.exp(-sequence_logp(as_model(each), word)):.2g}")
               for each in readers(0).values()]
    print(f"{word:<19}" + "".join(f"{number:18,.0f}" for number in rounded))

# %% [markdown]
# The last lines ask the other way round: how likely is a given word? The chances of its letters
# multiply, so their logarithms add up, and the end mark counts like a letter (exercise 9.3). This
# number, $\log \pi(\text{text})$, is what all later lessons push up or down.

# %% [drawing]
def word_picture(policy, word, most=6):
    """The likeliest letters at each place of a word, and the one that stands there."""
    figure, axis = plt.subplots(figsize=(13, 6.5))
    last, signs = (0, (most - 1) / 2), ["end", *LETTERS]
    for place, drawn in enumerate([*map(signs.index, word), 0]):
        chances = softmax(as_model(policy)(word[:place]).astype(float))
        rows = list(np.argsort(-chances)[:most])
        if drawn not in rows:
            rows[-1] = drawn
        for row, number in enumerate(rows):
            here, chosen = (place + 1, most - 1 - row), number == drawn
            axis.plot(*zip(last, here), color=BLUE if chosen else "#BBBBBB",
                      linewidth=2 + 40 * chances[number],
                      alpha=0.8 if chosen else 0.6, solid_capstyle="round",
                      zorder=2 if chosen else 1)
            axis.text(*here, f"{signs[number]}\n{chances[number]:.0%}" if chosen else signs[number],
                      color="white" if chosen else GREY, ha="center", va="center",
                      weight="bold" if chosen else "normal", zorder=3, linespacing=0.95,
                      bbox=dict(boxstyle="round,pad=0.2", facecolor=BLUE if chosen else "white",
                                edgecolor="none"))
        last = place + 1, most - 1 - rows.index(drawn)
    axis.set(xlim=(-0.2, len(word) + 1.5), ylim=(-0.6, most - 0.4), xticks=[], yticks=[])
    axis.spines[:].set_visible(False)
    return figure


show(word_picture(readers(0)["three letters"], "nemol"), "word",
     "A word is a row of decisions: each letter is drawn by its chance")

# %% [markdown]
# **What you should see**: the thicker the line, the likelier the letter. The word (one we have
# picked) goes through `o`, with a chance of 6 %, although the end and at least six letters were
# likelier (the picture shows only five others at each place): that is what drawing means. An
# episode has at most ten such decisions, and the page accepts them all.
#
# ## A dialogue is the same game with a longer page
#
# <a id="dialogue"></a>
# An answer is written in the same way; only the state begins with a question. The model must see
# more of it: the last twelve characters of the answer, the end of the question, and how far it is.
# Then it can keep to the **context**, which a table of letter pairs cannot. We let it read 3000
# pieces of some forum: questions, answers kind and rude, stories. (The package's own chat model
# reads seven times as much, for eight times as long; ours stops early, and one word in fourteen
# that it writes does not exist.)
#
# <a id="trainers-both-sides"></a>
# Now people come in. The trainers of a chat model play *both sides* of a conversation, with
# suggestions by the model at hand. As the user they type a question; as the assistant they look at
# what the model suggests, keep what is good, and mend what is rude, wrong or beside the point. Our
# simulated trainers see nine of ten faults, and their house rule is to begin politely.

# %%
TALK = Language("dialogue")


def new_talker(rng):
    return Policy(EmbeddingMLP(TALK.n_symbols, TALK.slots, 8, (128,), TALK.n_actions, rng,
                               head_gain=0.1))


@functools.cache
def talker(seed):
    """A model that has read 3000 pieces of raw text."""
    rng = np.random.default_rng(seed)
    policy = new_talker(rng)
    observations, actions, mask = TALK.demonstrations(*TALK.documents(3000, rng))
    clone(policy, observations[mask], actions[mask], rng,
          learning_rate=lambda left: 0.015 * max(left, 0.05),
          steps=1200, batch=256)
    return policy


def write(policy, prompts, rng):
    return TALK.decode(rollout(TALK, policy, TALK.ask(prompts), rng).states[:, -1])


@functools.cache
def dialogues(seed, n=50):
    """n rows: the trainer's question, the model's answer, and what the trainer makes of it."""
    rng = np.random.default_rng([seed, 1])
    questions = [TALK.prompts[i] for i in rng.integers(len(TALK.prompts), size=n)]
    suggested = write(talker(seed), questions, rng)
    return [(question, text, kept_of(question, text, rng))
            for question, text in zip(questions, suggested)]


def kept_of(question, text, rng):
    """A suggestion as a trainer leaves it; the house rule is to begin politely."""
    polite, text = TALK.phrases.kind_openers, TALK.edited(question, text, rng, care=0.9)
    if not text.startswith(polite):
        text = polite[rng.integers(len(polite))] + text
    return text[:TALK.horizon - 1]  # a page has 56 places


for question, suggestion, kept in dialogues(0)[2:7]:
    print(f"{question:<18} suggested: {suggestion}\n{'':<18}      kept: {kept}")
kept = sum(old == new for _, old, new in dialogues(0))
print(f"of 50 suggestions the trainers kept {kept} as they were")

# %% [markdown]
# <a id="faq-sft"></a><a id="intentions"></a> **Supervised fine-tuning**, SFT for short, copies what
# was kept, and it is `clone` once more. One reads that it tunes a trained model for one more task.
# It is plainer: imitation, begun from a model that has read. No reward occurs in it, nothing is
# compared, and it learns only as much of people's intentions as fifty answers show. RLHF (lesson
# 10) begins where SFT ends: it tries answers of its own, and a reward model learned from votes says
# which of them are better.
#
# Only the *answers* are copied; the questions are the user's. Exercise 9.4 is this **mask**.
# Letters that count:

# %%
def steps_of(rows, mask):
    """Observations and actions of all characters that count, of "question, end, answer, end"."""
    observations, actions = [], []
    for question, _, kept in rows:
        seen, written, there = TALK.demonstrations(["", question], [question, kept])
        counts = np.asarray(mask(question + "\n", kept), bool)
        observations.append(seen[there][counts])
        actions.append(written[there][counts])
    return np.concatenate(observations), np.concatenate(actions)


def everything(prompt, reply):
    return sft_mask("", prompt + reply)


question, _, kept = dialogues(0)[6]
print("the dialogue   ", question + "|" + kept + "|     (| is the end mark)")
print("what counts    ", "".join(np.where(sft_mask(question + "|", kept),
                                          [*question, "|", *kept, "|"], "_")))


@functools.cache
def fine_tuned(seed, mask=sft_mask, has_read=True):
    """The model after copying fifty dialogues, by one that has read or has read nothing."""
    rng = np.random.default_rng([seed, 2])
    policy, rate = (talker(seed).copy(), 0.001) if has_read else (new_talker(rng), 0.01)
    clone(policy, *steps_of(dialogues(seed), mask), rng,
          learning_rate=lambda left: rate * max(left, 0.05), steps=300,
          batch=128)
    return policy


@functools.cache
def quality(policy, n=300):
    """Shares: of words that exist; of answers that are polite, right, rude; of pages it asks on."""
    rng, phrases = np.random.default_rng(5), TALK.phrases
    prompts = [TALK.prompts[i] for i in rng.integers(len(TALK.prompts), size=n)]
    answers, alone = write(policy, prompts, rng), write(policy, [""] * 100, rng)
    facts = [phrases.bodies[phrases.prompts[prompt]] for prompt in prompts]
    right = [any(fact in text for fact in known) for known, text in zip(facts, answers)]
    shares = ([1 - TALK.unknown_words(text) for text in answers],
              [text.startswith(phrases.kind_openers) for text in answers], right,
              [TALK.count_unkind(text) > 0 for text in answers],
              [text.startswith(("what is", "explain")) for text in alone])
    return [np.mean(each) for each in shares]


ARMS = {"has read": talker, "has read, fine-tuned": fine_tuned,
        "never read, fine-tuned": lambda seed: fine_tuned(seed, has_read=False),
        "questions count, too": lambda seed: fine_tuned(seed, everything)}
# %% [predict]
predict("9.a",
        "before fine-tuning 20 % of the answers begin politely. How many percent after fifty "
        "dialogues?",
        100 * quality(fine_tuned(0))[1],
        "Fifty are enough: they do not teach the language, they choose among what is there.")

# %%
print("                         real words   polite   right   rude   asks on an empty page")
for name, make in ARMS.items():
    words, polite, right, rude, asks = quality(make(0))
    print(f"  {name:<22}{words:11.0%}{polite:10.0%}{right:8.0%}{rude:7.0%}{asks:14.0%}")

ASKED = ["what is a dog?", "explain snow.", "what is tea?"]
print("\nquestion          answers after reading and after fifty dialogues")
before, after = (write(make(0), ASKED, np.random.default_rng(0)) for make in (talker, fine_tuned))
for question, first, then in zip(ASKED, before, after):
    print(f"  {question:<16}{first}\n{'':18}{then}")

# %% [markdown]
# **What you should see**, from top to bottom. Fifty dialogues are enough to give manners to a model
# that has read, and its right facts more than double: it knew them, as it knew the rude phrases,
# and now it knows what is wanted. Without reading, the same fifty dialogues give manners as well,
# but three in ten of its words do not exist: **accuracy** and **coherence** come from reading. And
# where the questions count, too, it learns to play the user: on an empty page it asks. The answers
# at the bottom are not selected. (All this is one seed; at the end of the page the same is tried on
# five.)
#
# Now the price.

# %%
def bits_of(policy, prompts, texts):
    observations, actions, mask = TALK.demonstrations(prompts, texts)
    logits, _ = policy.network.forward(observations[mask])
    return next_char_nll(logits[None], actions[mask][None]) / np.log(2)


@functools.cache
def other_dialogues(seed, n=250):
    """Questions and mended answers that were not among the fifty."""
    questions, _, kept = zip(*dialogues(seed, 50 + n)[50:])
    return questions, kept


print("bits per character    the 50 shown    other dialogues    the raw text it once read")
questions, _, kept = zip(*dialogues(0))
texts = (questions, kept), other_dialogues(0), TALK.documents(250, np.random.default_rng(8))
for name, policy in (("before", talker(0)), ("after", fine_tuned(0))):
    shown, others, raw = (bits_of(policy, *each) for each in texts)
    print(f"  {name:>7}{shown:22.2f}{others:17.2f}{raw:22.2f}")

# %% [markdown]
# The fifty it nearly knows by heart. Other dialogues of this kind have become easier, too, but by
# much less, and what it once read it begins to forget. What the trainers overlooked is copied with
# the rest: imitation cannot know which of the shown letters mattered.
#
# ## Understanding is a decision as well
#
# <a id="comprehension"></a>
# So far the model wrote. Understanding fits into the same frame: the state is a text, the action is
# to choose a *meaning*, and the episode is over after this one decision. Is the review "well. the
# film was really slow. never again." from somebody who liked the film or not? The reward is a
# thumb: up if the choice was right, down if not. Here is the game, in full:

# %%
REVIEWS = Language("sentiment")
# how often each part is in a review
MOODS = {"liked it": Mix(0.5, 0, 0.8, 0, 0, 0.4, 0),
         "did not": Mix(0, 0.5, 0, 0.8, 0, 0, 0.4)}
VOCABULARY = sorted(REVIEWS.vocabulary)


class Reading(Game):
    """An episode is one decision; the state is a review's number, the action a meaning for it."""
    horizon, horizon_is_end = 1, True

    def __init__(self, texts, meanings):
        self.texts, self.meanings, self.n_actions = texts, meanings, meanings.max() + 1
        self.words = np.array([[word in said for word in VOCABULARY]
                               for said in map(words_of, texts)], float)

    def start(self, n, rng):
        return rng.integers(len(self.texts), size=n)

    def observe(self, states):
        # which words a review has, not their order
        return self.words[states]

    def step(self, states, actions, rng):
        thumbs = np.where(actions == self.meanings[states], 1.0, -1.0)
        return states, thumbs, np.ones(len(states), bool)

    def show(self, state):
        return self.texts[state]


@functools.cache
def reading_games(seed, n=3000):
    """The same reviews with two meanings (liked or not) and with twelve (which thing, liked?)."""
    rng, moods = np.random.default_rng(seed), list(MOODS.values())
    things, mood = rng.integers(len(REVIEWS.prompts), size=n), rng.integers(2, size=n)
    texts = [REVIEWS.answer(REVIEWS.prompts[thing], rng, moods[which])
             for thing, which in zip(things, mood)]
    return {2: Reading(texts, mood), 12: Reading(texts, 2 * things + mood)}


for state in range(5):
    game = reading_games(0)[2]
    print(f"{game.show(state):<50} {list(MOODS)[game.meanings[state]]}")

# %% [markdown]
# The learner is REINFORCE (lesson 4), without a baseline: thumbs of +1 and -1 have a zero that
# means something. The policy has one number for each word and each meaning. It is told of its
# choice only "right" or "wrong". For comparison, a second learner is *told the right label*, which
# is ordinary supervised learning. Look how little differs in the code: being told is being made to
# choose rightly, with the thumb always up.

# %%
# after so many batches of 16 reviews
LOOKS = (1, 2, 5, 10, 20, 40, 80, 160, 320, 640)


@functools.cache
def understand(seed, meanings, told, batches=160, learning_rate=0.03):
    """Share of unseen reviews understood after each number of batches in LOOKS, to `batches`."""
    game, exam = reading_games(seed)[meanings], reading_games(seed + 500)[meanings]
    rng = np.random.default_rng(seed)
    policy = Policy(MLP((len(VOCABULARY), meanings), rng, head_gain=0.01))
    optimizer, shares = Adam(policy.network.params, learning_rate), []
    for number in range(1, batches + 1):
        states = game.start(16, rng)
        observations = game.observe(states)
        chosen = game.meanings[states] if told else policy.act(observations, rng)[0]
        thumbs = game.step(states, chosen, rng)[1]
        _, cache = policy.log_probs(observations, chosen)
        # push each choice up or down
        optimizer.step(policy.backward(cache, -thumbs / 16))
        if number in LOOKS:
            understood = policy.network.forward(exam.words)[0].argmax(axis=1)
            shares.append(np.mean(understood == exam.meanings))
    return np.array(shares)


WAYS = ((2, True, 160), (2, False, 160), (12, True, 160), (12, False, 640))
# %% [predict]
predict("9.b",
        "with two meanings, labels and thumbs both come to 97 % after 2560 reviews. With "
        "twelve, labels come to 82 %, and thumbs?",
        100 * np.mean([understand(seed, 12, False, 640)[LOOKS.index(160)] for seed in SEEDS]),
        "A thumb down leaves one meaning of two, and eleven of twelve.")

# %%
print("unseen reviews understood, after      80    320   2560  10240 reviews")
for meanings, told, batches in WAYS:
    for seed in SEEDS:
        looks = [i for i in (2, 4, 7, 9) if LOOKS[i] <= batches]
        shares = understand(seed, meanings, told, batches)[looks]
        name = f"{meanings} meanings, {'right label' if told else 'thumbs'}"
        print(f"  {name:<26} seed {seed}  " + "".join(f"{share:7.0%}" for share in shares))

# %% [drawing]
def understanding_picture(seeds):
    figure, axis = plt.subplots(figsize=(13, 7))
    looks = {(2, True): (GREY, "-", 90, 1.03, "2 meanings, told the right label"),
             (2, False): (ORANGE, "--", 17, 0.46, "2 meanings, thumbs"),
             (12, True): (BLUE, "-", 850, 0.69, "12 meanings,\ntold the right label"),
             (12, False): (VERMILLION, "--", 1200, 0.12, "12 meanings, thumbs")}
    for meanings, told, batches in WAYS:
        color, line, x, y, words = looks[meanings, told]
        curves = [understand(seed, meanings, told, batches) for seed in seeds]
        reviews = 16 * np.array(LOOKS[:len(curves[0])])
        axis.plot(reviews, np.transpose(curves), line, color=color, linewidth=1.2, alpha=0.6)
        axis.plot(reviews, np.mean(curves, axis=0), line, color=color, linewidth=5)
        axis.text(x, y, words, color="#A86F00" if color == ORANGE else color, weight="bold",
                  va="center")
    axis.text(17, 1.03, "thick: mean\nof two seeds", color=GREY, va="center")
    axis.set(xscale="log", ylim=(0, 1.1), yticks=[0, 0.5, 1], yticklabels=["0 %", "50 %", "100 %"],
             xlabel="reviews read so far", ylabel="unseen reviews understood")
    axis.set_xticks([20, 100, 500, 2500, 10000], ["20", "100", "500", "2,500", "10,000"])
    axis.minorticks_off()
    return figure


show(understanding_picture(SEEDS), "understanding",
     "With two meanings thumbs teach nearly as well as labels, with twelve they are far slower")

# %% [markdown]
# **What you should see**: with two meanings a thumb is nearly as good as a label, since "wrong"
# says which one was right. With twelve, "not this one" leaves eleven, and thumbs need more than ten
# times as many reviews. (Neither gets to 100 %: some reviews only say "it was okay for me.", and do
# not give the mood away, or not the thing.) So if somebody knows the right answer, as for most
# questions of understanding, ask for the answer: supervised learning is the better deal. Thumbs and
# votes are for what nobody can write down but everybody can judge. The answers of the dialogue
# above are of that kind; "did they like the film?" is not.
#
# **Exploration** matters here as well. With steps ten times as large the learner grows sure too
# early, stops trying other meanings, and gets no thumb for them (so it went on each of 20 other
# seeds, 3 to 22):

# %%
for seed in SEEDS:
    print("12 meanings by thumbs, seed {}: {:.0%} after 2560 reviews, {:.0%} with steps ten "
          "times as large".format(seed, understand(seed, 12, False, 640)[LOOKS.index(160)],
                                  understand(seed, 12, False, 160, 0.3)[-1]))

# %% [markdown]
# ## The picture to remember
#
# Back to the dialogue. Here is the tree of all likely beginnings of an answer, before and after the
# fifty dialogues. The thicker the line, the likelier the beginning.

# %% [drawing]
def beginnings(policies, prompt, length=11, least=0.03):
    """Beginnings of answers with a chance of at least `least` -> that chance for each policy."""
    level = found = {"": np.ones(len(policies))}
    for place in range(length):
        texts = [text for text in level if not text.endswith("\n")]
        seen = TALK.demonstrations([prompt] * len(texts), texts)[0][:, place]
        chances = np.stack([softmax(policy.network.forward(seen)[0].astype(float))
                            for policy in policies], axis=-1)
        joint = [(text + letter, level[text] * row) for text, rows in zip(texts, chances)
                 for letter, row in zip(TALK.keys, rows)]
        level = {text: chance for text, chance in joint if chance.max() >= least}
        found = found | level
    return found


def draw_tree(axis, chances, length, words):
    """Letters from left to right, a line as thick as it is likely; blue: polite, orange: rude."""
    leaves = sorted(text for text in chances
                    if sum(other.startswith(text) for other in chances) == 1)
    for text, chance in chances.items():
        below = [row for row, leaf in enumerate(leaves) if leaf.startswith(text)]
        height, groups = np.mean(below), (TALK.phrases.kind_openers, TALK.phrases.unkind_openers)
        begins = [[any(part.startswith(leaves[row][:len(part)]) for part in group)
                   for row in below] for group in groups]
        polite, rude = map(all, begins)
        color = BLUE if polite else VERMILLION if rude else GREY
        if text:
            above = np.mean([row for row, leaf in enumerate(leaves) if leaf.startswith(text[:-1])])
            axis.plot(np.array([-1, -0.4, 0.02]) + len(text), [above, height, height], color=color,
                      alpha=0.35,
                      linewidth=1 + 34 * chance, solid_capstyle="butt", solid_joinstyle="round")
        if text[-1:].strip():
            axis.text(len(text) - 0.1, height, text[-1], color=color, ha="center",
                      va="center_baseline", weight="bold", in_layout=False,
                      bbox=dict(facecolor="white", edgecolor="none", pad=0.5, alpha=0.7))
        if words and len(text) == 1 and len(below) > 1 and color != GREY:
            axis.text(0.7, height - 0.7, "polite" if polite else "rude", color=color, va="center",
                      style="italic")
    for row, leaf in enumerate(leaves):
        axis.text(length + 0.5, row, f"{chances[leaf]:.0%}", va="center")
    axis.set(xlim=(-0.3, length + 2), ylim=(len(leaves) - 0.4, -0.6), xticks=[], yticks=[])
    axis.spines[:].set_visible(False)


def tree_picture(seed, prompt, length=11):
    figure, axes = plt.subplots(1, 2, figsize=(15, 8))
    chances = beginnings([talker(seed), fine_tuned(seed)], prompt, length)
    for number, (axis, title) in enumerate(zip(axes,
                                               ("after reading", "after fifty polite dialogues"))):
        draw_tree(axis, {text: chance[number] for text, chance in chances.items()}, length,
                  words=number == 0)
        axis.set_title(f'{title}: "{prompt}"')
    return figure


show(tree_picture(0, "what is rain?"), "tree",
     "Fifty polite dialogues: the same tree, other chances at its forks")

# %% [markdown]
# **What you should see**: blue begins politely, orange rudely, grey neither. Inside a word hardly
# anything is decided: after `sur` comes `e`. Most of what fifty dialogues have changed lies at a
# few forks, above all at the very first letter. This is why so few examples can change a model so
# much: they do not teach the language again, they choose among what is there. Lesson 10 will bend
# such forks by votes.

# %%
def claim_reading_more_letters_surprises_less(seed):
    random, table, network = (bits(policy, FRESH) for policy in readers(seed).values())
    return network < table < random


def claim_fifty_dialogues_change_the_tone(seed):
    _, polite, right, rude, _ = quality(talker(seed))
    _, polite_after, right_after, rude_after, _ = quality(fine_tuned(seed))
    return polite_after > 0.8 > 0.4 > polite and right_after > 1.5 * right and rude_after < rude / 2


def claim_words_come_from_reading(seed):
    return quality(fine_tuned(seed, has_read=False))[0] < 0.8 < quality(fine_tuned(seed))[0]


def claim_if_questions_count_it_asks(seed):
    return quality(fine_tuned(seed, everything))[-1] > 0.7 and quality(fine_tuned(seed))[-1] < 0.5


def claim_thumbs_do_for_two_meanings(seed):
    return understand(seed, 2, False)[-1] > understand(seed, 2, True)[-1] - 0.03


def claim_labels_are_far_better_for_twelve(seed):
    labels, thumbs = understand(seed, 12, True), understand(seed, 12, False, 640)
    return labels[LOOKS.index(40)] > thumbs[LOOKS.index(160)]


check_claims(globals())

# %% [markdown]
# ## The same with cups and slips of paper
#
# Take a nursery rhyme, and a cup for each letter and one for "start". For each pair of neighbours
# in the rhyme put a slip with the second letter into the cup of the first; a word's last letter
# gets a slip "end". That was pretraining, and the cups are the table. To write, draw a slip from
# "start", read it out, put it back, and go on at the cup of that letter until "end" comes. With
# dice instead of cups, write six followers of each letter below each other, the frequent ones
# several times, and throw. Fine-tuning is five words that somebody likes, whose slips go in three
# times each. A high temperature is a slip of *every* letter thrown into every cup.
#
# ## What to try next
#
# - Copy 5 dialogues instead of 50, or 500. Which of the columns needs many, and which next to none?
# - Let the trainers see only half of the faults (`care=0.5`). How much of the rudeness comes back?
# - Let thumbs slip one time in ten in `Reading.step`. Which of the four curves suffers most?
# - [`tinyrlhf/games/text.py`](../../tinyrlhf/games/text.py) is the game of words,
#   [`language.py`](../../tinyrlhf/games/language.py) that of dialogues, and
#   [`tinyrlhf/worlds/chat.py`](../../tinyrlhf/worlds/chat.py) goes on where this lesson ends.

# %% [markdown]
# ## For the curious: values or a policy?
#
# <a id="gradients-or-q"></a>
# Policy gradients or Q-learning: an overview names both for language, and both can be had. Let us
# take words so short that all can be listed, five letters of an alphabet of five, with a hidden
# taste for pairs of neighbours. Q-learning (lesson 3) keeps a value for every letter after every
# beginning, the best reward still within reach; the policy gradient (lesson 4) keeps a chance for
# each of them. Both begin with nothing, and write 6400 words.

# %%
def short_words(seed):
    """A game of five letters out of five; all 3125 rewards: mean 0, standard deviation 1."""
    rows = strings.contexts(5, 5)
    rewards = np.random.default_rng(seed).normal(size=(5, 5))[rows[:, :-1], rows[:, 1:]].sum(axis=1)
    return Prefixes((rewards - rewards.mean()) / rewards.std(), 5)


def by_values(game, rng):
    """Mean reward while it learns by Q-learning, and of the word that it then values most."""
    learner = QLearning(game.n_states, game.n_actions, epsilon=0.7, step_size=1.0)
    earned = np.mean([learner.learn(game, 64, rng) for _ in range(100)])
    learner.epsilon = 0.0
    return earned, rollout(game, learner, game.start(1, rng), rng).true_returns.mean()


def by_policy(game, rng):
    """The same by policy gradient. In the end it takes the likeliest letter at each place.

    These need not spell its likeliest word.
    """
    policy, earned = Policy(Table(game.n_prefixes, game.n_actions)), []
    learner = RLOO(policy, 0.2, group=64, standardize=True)
    for _ in range(100):
        words = rollout(game, policy, game.start(64, rng), rng)
        learner.update(words, lambda words: words.true_rewards, rng)
        earned.append(words.true_returns.mean())
    policy.network.params.vector *= 1000  # no doubt is left
    return np.mean(earned), rollout(game, policy, game.start(1, rng), rng).true_returns.mean()


print("reward of a word      best there is     Q-learning: meanwhile, in the end     "
      "policy gradient: meanwhile, in the end")
for seed in SEEDS:
    game = short_words(seed)
    meanwhile, end = by_values(game, np.random.default_rng(seed))
    policy_meanwhile, policy_end = by_policy(game, np.random.default_rng(seed))
    print(f"  seed {seed}{game.rewards.max():26.2f}{meanwhile:27.2f}{end:12.2f}"
          f"{policy_meanwhile:30.2f}{policy_end:12.2f}")

# %% [markdown]
# In so small a world Q-learning finds as good a word or a better one: it tries much that it would
# not write, and remembers. For the same reason its words are far worse meanwhile (seven of ten of
# its letters are drawn at random here): more exploration, less exploitation. What decides for
# language is something else. A model that has read *is* a policy, and a policy gradient can begin
# there as it is, and be kept near what it has read by a KL penalty (lesson 10). Plain Q-learning
# begins from nothing, and knows no such penalty; both can be added (soft Q-learning), and then the
# two are close relatives (lesson 11).
