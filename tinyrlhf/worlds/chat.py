"""A tiny chat model on its way through the stages of the large ones.

    pretrained   nobody is asked: the model reads a raw corpus, rude and kind, right and wrong
    sft          people mend what the model answers; it imitates what they leave
    rl, rl_2...  people rank answers; a reward model explains them, and the policy is reinforced on
                 it, under a KL penalty
"""
from functools import partial
from typing import NamedTuple

import numpy as np

from tinyrlhf.checks import check_choice, check_range
from tinyrlhf.episodes import rollout
from tinyrlhf.feedback.forms import Texts
from tinyrlhf.games.language import N_GRAMS, Language
from tinyrlhf.games.phrases import CORPORA
from tinyrlhf.humans.experts import Writer
from tinyrlhf.humans.simulated import Boltzmann
from tinyrlhf.improvements import copying_best, directly, imitate
from tinyrlhf.learning.direct_preferences import dpo, ipo
from tinyrlhf.learning.imitation import clone
from tinyrlhf.learning.kl import kl_per_episode
from tinyrlhf.nn.networks import MLP, EmbeddingMLP
from tinyrlhf.nn.schedules import linear
from tinyrlhf.nn.sum_table import SumTable
from tinyrlhf.policies import Policy
from tinyrlhf.rewards.habits import Habits
from tinyrlhf.rewards.reward_models import Ensemble, OutcomeReward, StepReward, worst_case
from tinyrlhf.rlhf import Stage, State, from_answers
from tinyrlhf.worlds import generators, kinds_of, make_learner, refer_to_policy, world
from tinyrlhf.worlds._chat_report import ChatReport
from tinyrlhf.worlds.text import WholeTexts

LANGUAGES = tuple(CORPORA)
UPDATES = {"rloo": 150, "ppo": 100, "reinforce": 150, "grpo": 150}
DIRECT = {"dpo": dpo, "ipo": ipo}
METHODS = (*UPDATES, *DIRECT, "best-of-n")
REWARDS = ("bag", "ngram", "trunk", "ensemble")
PAIRS = ("preference", "ranking", "correction")  # kinds read as choices between two
GROUP = 4    # answers to each prompt
CARE = 0.65  # share of faults that a trainer mends
DRAFTS = 8   # answers that a person thinks of before they write one
MOST = 2.5   # true return of the best answers


class Sizes(NamedTuple):
    """How much is read, asked and learned in the stages."""
    documents: int = 20_000
    reading_steps: int = 5000
    corrections: int = 2000
    imitation_steps: int = 600
    fit_steps: int = 600  # of the bag; half as many of the others
    episodes_per_update: int = 64
    share_of_updates: float = 1.0
    direct_steps: int = 300  # of DPO and IPO
    starts: int = 1000       # prompts of best-of-n, each answered `best_of` times
    best_of: int = 16
    measured: int = 500  # answers in which a stage is measured


class Dialogue(WholeTexts):
    """Answers to one prompt are compared."""
    together = GROUP

    def __init__(self, game):
        def numbers(answers, of_text):
            return np.array([of_text(text) for text in game.decode(answers.states[:, -1])], float)

        self.remarks = {"be kind": lambda answers: numbers(answers, game.is_kind),
                        "nothing unkind": lambda answers: -numbers(answers, game.count_unkind),
                        "real words, please": lambda answers: -numbers(answers, game.unknown_words),
                        "shorter": lambda answers: -answers.lengths}


def trainer(game):
    """Somebody who answers in this language, and mends what others answer."""
    def drafts(starts, rng):
        prompts = [prompt for prompt in game.asked(starts) for _ in range(DRAFTS)]
        written = finished(game, prompts, [game.answer(prompt, rng) for prompt in prompts])
        return written.reshape(len(starts), DRAFTS, -1)

    def edits(states, rng):
        prompts = game.asked(states)
        asked_and_said = zip(prompts, game.decode(states))
        mended = [game.edited(prompt, text, rng, CARE) for prompt, text in asked_and_said]
        return finished(game, prompts, mended)[:, None]

    def as_actions(states):
        return game.demonstrations(game.asked(states), game.decode(states))[1:]

    return Writer(drafts, edits, as_actions, game.true_reward)


def finished(game, prompts, texts):
    """Prompts and whole answers as states (n, width), with the end mark where there is room."""
    states = game.ask(prompts)
    for state, text in zip(states, texts):
        numbers = game.encode(text)
        if len(text) < game.horizon:
            numbers = [*numbers, 0]
        state[0] += len(numbers)
        state[len(state) - len(numbers):] = numbers
    return states


@world(claim="{n} answers taught it to answer as people like", expert=trainer, form=Texts(),
       best=MOST, report=ChatReport(),
       idle={("method", "best-of-n"): ("kl_coef",), ("method", "dpo"): ("reward", "ask"),
             ("method", "ipo"): ("reward", "ask"), ("person", "nobody"): ("reward",)})
def chat(seed=0, language: LANGUAGES = "dialogue", method: METHODS = "rloo",
         reward: REWARDS = "bag", kl_coef=0.2, rounds=1, questions=334, feedback="ranking",
         sizes=Sizes()):
    """A character model is pretrained, fine-tuned on corrections, and reinforced on rankings.

    Sources of the stages: Ouyang et al. 2022, section 3.1; Ziegler et al. 2019.
    """
    if method in DIRECT:
        check_range("kl_coef", kl_coef, 1e-3, 1e6)  # before anything is read
    if method == "ipo":
        for kind in kinds_of(feedback):
            check_choice("feedback with ipo", kind, PAIRS)
    game, rngs = Language(language), generators(seed)
    network = EmbeddingMLP(game.n_symbols, game.slots, 8, (128,), game.n_actions, rngs["networks"],
                           0.1)
    policy = Policy(network)

    def reward_model_from(network):
        return make_reward_model(reward, game, network, rngs["networks"], sizes.fit_steps)

    def begin_again(state):
        state.learner = learner_for(state, method)

    def begin(state):
        """Reinforcement starts from the fine-tuned model."""
        refer_to_policy(state)
        state.reward_model = reward_model_from(state.reference.network)
        begin_again(state)

    mending = Boltzmann(rationality=1.0, expert=trainer(game))
    rl = Stage("rl", improvement(method, sizes), kinds_of(feedback), questions, begin=begin)
    plan = [Stage("pretrained", partial(read_corpus, sizes=sizes)),
            Stage("sft", imitate, ("correction",), sizes.corrections, person=mending),
            rl]
    for number in range(2, rounds + 1):
        plan.append(rl._replace(name=f"rl_{number}", begin=begin_again))
    state = State(game, policy, policy.copy(), None, reward_model_from(network), plan,
                  episodes_per_update=sizes.episodes_per_update,
                  updates_per_round=max(round(UPDATES.get(method, 1) * sizes.share_of_updates), 1),
                  group=GROUP, kl_coef=kl_coef, rngs=rngs, view=Dialogue(game), snapshots={},
                  measure=partial(measured, seed=seed, n=sizes.measured),
                  imitation={"learning_rate": linear(3e-3, lowest=0.05),
                             "steps": sizes.imitation_steps, "batch": 512})
    begin_again(state)
    return state


def read_corpus(state, stage, sizes):
    """An improvement without anybody's help: learn to continue raw text."""
    game, rng = state.game, state.rngs["pretraining"]
    observations, actions, mask = game.demonstrations(*game.documents(sizes.documents, rng))
    losses = clone(state.policy, observations[mask], actions[mask], rng,
                   linear(8e-3, lowest=0.05), sizes.reading_steps, batch=512)
    return {"imitation_loss": float(np.mean(losses[-100:]))}


def improvement(method, sizes):
    """How a method improves the policy by what people said."""
    if method in DIRECT:
        return directly(DIRECT[method], steps=sizes.direct_steps, batch=16,
                        learning_rate=linear(1e-4), max_grad_norm=1.0)
    if method == "best-of-n":
        return copying_best(starts=sizes.starts, group=sizes.best_of, steps=sizes.direct_steps,
                            batch=512, learning_rate=linear(3e-3))
    return from_answers


def learner_for(state, method):
    """A fresh learner, whose critic reads like the reference."""
    critic = state.reference.network.with_new_head(1, state.rngs["networks"], 0.1)
    name = method if method in UPDATES else "rloo"
    return make_learner(name, state.policy, critic, GROUP, updates=state.updates_per_round,
                        learning_rate=1e-3, minibatch=1024)


def make_reward_model(kind, game, network, rng, fit_steps=600):
    """A reward model for whole answers, by what it can see, and so by what it is blind to.

    bag: how often each character occurs, but no order. ngram: up to five characters in a row, below
    this prompt, but not how often they came before. trunk: reads like the language model whose
    lower layers it takes. ensemble: the worst case of the three, each normalised on its own.
    """
    habits = Habits(deviation_prior=1.0)
    half = max(fit_steps // 2, 1)
    if kind == "bag":
        return OutcomeReward(MLP((game.n_features, 64, 1), rng),
                             lambda answers: game.features(answers.states[:, -1]),
                             learning_rate=3e-3, prior=1.0, fit_steps=fit_steps, batch=32,
                             centred=True, habits=habits)
    if kind == "ngram":
        return StepReward(SumTable(N_GRAMS, 1, np.float32),
                          lambda answers: game.ngrams(answers.next_observations),
                          learning_rate=1e-2, prior=0.3, fit_steps=half, batch=64, habits=habits)
    if kind == "trunk":
        return StepReward(network.with_new_head(1, rng, 0.1),
                          lambda answers: answers.next_observations,
                          learning_rate=1e-3, prior=0.3, fit_steps=half, batch=32, habits=habits)
    members = [make_reward_model(each, game, network, rng, fit_steps)
               for each in ("bag", "ngram", "trunk")]
    return Ensemble(members, worst_case, bootstrap=False)


def measured(state, seed, n):
    """What n fresh answers are worth, and how far the policy is from the reference."""
    game, rng = state.game, np.random.default_rng([seed, 5])
    answers = rollout(game, state.policy, game.start(n, rng), rng)
    texts = game.decode(answers.states[:, -1])

    def mean(number):
        return float(np.mean([number(text) for text in texts]))

    return {"true_return": float(answers.true_returns.mean()),
            "real_words": 1 - mean(game.unknown_words),
            "kl": kl_per_episode(state.policy, state.reference, answers),
            "bits_per_character": bits_per_character(game, state.policy, rng, 2 * n),
            "unkind": mean(lambda text: game.count_unkind(text) > 0),
            "length": mean(len),
            "distinct": len(set(texts)) / n}


def bits_per_character(game, policy, rng, documents):
    """Surprise at fresh raw text, in bits for each character, end marks included."""
    observations, actions, mask = game.demonstrations(*game.documents(documents, rng))
    log_probs, _ = policy.log_probs(observations[mask], actions[mask])
    return -float(log_probs.mean() / np.log(2))
