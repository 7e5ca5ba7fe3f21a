"""THE STAGES of a chat model, on one page: pretrain, demonstrate, fine-tune, rank, fit, reinforce; and again, with fresh answers.

    pretrained   the model reads a raw corpus, rude and kind, right and wrong
    sft          people write dialogues, both sides of them, by editing what the model suggests; the model copies them
    rl           people rank answers, a reward model explains the rankings, the policy is reinforced on it under a leash
    rl_2, ...    the same once more, with answers of the policy as it is now

Each stage has dice of its own, so that a run that was stopped goes on to the same bytes.
"""
import inspect
import json

import numpy as np

from tinyrlhf.checks import check_choice, check_range, check_whole
from tinyrlhf.episodes import Episodes, rollout, start_in_groups
from tinyrlhf.feedback.records import Rankings, join_rankings
from tinyrlhf.games.language import N_GRAMS, Language
from tinyrlhf.games.phrases import CORPORA
from tinyrlhf.humans.simulated import Boltzmann, CoinFlip, rationality_for
from tinyrlhf.learning.direct_preferences import clone_best, dpo, ipo, prefer
from tinyrlhf.learning.imitation import clone
from tinyrlhf.learning.kl import kl_per_episode
from tinyrlhf.nn.networks import MLP, EmbeddingMLP, SumTable
from tinyrlhf.nn.schedules import linear
from tinyrlhf.policies import Policy
from tinyrlhf.recipes import AGREEMENT, TEACHERS, make_learner
from tinyrlhf.rewards.reward_models import Ensemble, OutcomeReward, StepReward, lowest
from tinyrlhf.rlhf import State, improve
from tinyrlhf.saving import load_into, states_of

UPDATES = {"rloo": 150, "ppo": 100, "reinforce": 150, "grpo": 150}
DIRECT = {"dpo": dpo, "ipo": ipo}
METHODS = (*UPDATES, *DIRECT, "best-of-n")
REWARDS = ("bag", "ngram", "trunk", "ensemble")
GROUP, BEST_OF, CARE = 4, 16, 0.65          # answers in a ranking; drawn by best-of-n; share of faults that a trainer mends


class Chat:
    """One run through the stages: the game, the policy after each stage, the reward model, all rankings, a row of numbers a stage."""

    def __init__(self, seed=0, language="dialogue", method="rloo", reward="bag", kl_coef=0.2, rounds=1, questions=334,
                 agreement=AGREEMENT, teacher="person"):
        for name, value, allowed in (("language", language, CORPORA), ("method", method, METHODS), ("reward", reward, REWARDS),
                                     ("teacher", teacher, TEACHERS)):
            check_choice(name, value, allowed)
        if teacher == "true reward" and method not in UPDATES:
            raise ValueError(f"method: expected one of {', '.join(UPDATES)} on the true reward, since nobody compares; got {method!r}")
        for name, value, low, high in (("seed", seed, 0, 2 ** 63), ("rounds", rounds, 1, 10_000), ("questions", questions, 1, 10_000)):
            check_whole(name, value, low, high)
        check_range("kl_coef", kl_coef, 0.01 if method in DIRECT else 0.0, 1e6)
        check_range("agreement", agreement, 0.5, 1.0)
        self.seed, self.method, self.kl_coef, self.questions, self.agreement = seed, method, kl_coef, questions, agreement
        self.game, self.teacher, self.person = Language(language), teacher, CoinFlip() if teacher == "coin" else None
        self.names = ["pretrained", "sft", "rl", *(f"rl_{number}" for number in range(2, rounds + 1))]
        self.blank = Policy(EmbeddingMLP(self.game.n_symbols, self.game.slots, 8, (128,), self.game.n_actions, self.dice("networks"), 0.1))
        self.reward_model = make_reward_model(reward, self.game, self.blank, self.dice("reward"))
        self.reward, self.stages, self.answers, self.history = reward, {}, None, []

    def dice(self, purpose):
        """A generator for one purpose, whoever has thrown how often before."""
        return np.random.default_rng([self.seed, *purpose.encode()])

    @property
    def policy(self):
        """The policy after the last stage."""
        return list(self.stages.values())[-1]

    @property
    def reference(self):
        """Where reinforcement starts, and what its leash is tied to: the fine-tuned model."""
        return self.stages["sft"]

    def go(self, on_row=None):
        """The stages that are not done yet; `on_row(chat, row)` sees the numbers of each as it is finished."""
        for name in self.names[len(self.stages):]:
            rng, policy = self.dice(name), (self.policy if self.stages else self.blank).copy()
            if name == "pretrained":
                notes = pretrain(self.game, policy, rng)
            elif name == "sft":
                notes = fine_tune(self.game, policy, rng)
            else:
                notes = self.reinforce(policy, rng)
            self.stages[name] = policy
            self.history.append({"stage": name, **self.measure(policy), **notes})
            if on_row:
                on_row(self, self.history[-1])
        return self

    def reinforce(self, policy, rng):
        """One round: fresh answers are ranked, the reward model is fitted to all rankings so far, the policy is improved on it."""
        if self.teacher == "true reward":
            optimize(self.game, policy, self.reference, lambda answers: answers.true_rewards, self.method, self.kl_coef, rng)
            return {}
        fresh = self.rank(policy, rng)
        if self.answers is None:                                       # the trunk is the reference's: a reward model that can read
            self.reward_model = make_reward_model(self.reward, self.game, self.reference, rng)
        self.answers = fresh if self.answers is None else join_rankings([self.answers, fresh])
        notes = {"fit_loss": self.reward_model.fit(self.answers, rng)}
        self.reward_model.normalize(self.answers.episodes[:GROUP * self.questions])    # the first answers are the reference's
        if self.method in DIRECT:
            prefer(policy, self.reference, self.answers.comparisons(), rng, DIRECT[self.method], self.kl_coef, steps=300, batch=64,
                   learning_rate=linear(1e-4), max_grad_norm=1.0)
        elif self.method == "best-of-n":
            clone_best(self.game, policy, lambda answers: self.reward_model.rewards(answers).sum(axis=1), rng, starts=1000,
                       group=BEST_OF, learning_rate=linear(3e-3), steps=300, batch=512)
        else:
            optimize(self.game, policy, self.reference, self.reward_model.rewards, self.method, self.kl_coef, rng)
        return notes

    def rank(self, policy, rng):
        """Fresh answers, GROUP to each prompt, and the order into which the person puts them.

        How sure the person is follows from their agreement on the first answers, and stays the same in later rounds.
        """
        answers = rollout(self.game, policy, start_in_groups(self.game, GROUP * self.questions, GROUP, rng), rng)
        if self.person is None:
            returns = answers.true_returns.reshape(-1, GROUP, 1)
            self.person = Boltzmann(rationality=rationality_for(self.agreement, (returns - returns.transpose(0, 2, 1)).ravel()))
        return Rankings(answers, self.person.rank(self.game, answers, GROUP, rng), np.full(self.questions, "simulated"))

    def measure(self, policy, n=500):
        """What n fresh answers of a policy are worth, and how far it is from what it was before."""
        rng = self.dice("measure")
        answers = rollout(self.game, policy, self.game.start(n, rng), rng)
        texts = self.game.decode(answers.states[:, -1])
        unknown, unkind = ([of(text) for text in texts] for of in (self.game.unknown_words, self.game.count_unkind))
        return {"gold": float(answers.true_returns.mean()), "real_words": 1 - float(np.mean(unknown)),
                "kl": kl_per_episode(policy, self.reference, answers) if "sft" in self.stages else None,
                "bits_per_character": bits_per_character(self.game, policy, self.dice("held out")),
                "unkind": float(np.mean(np.array(unkind) > 0)), "length": float(np.mean([len(text) for text in texts])),
                "distinct": len(set(texts)) / n,
                "learned": float(self.reward_model.rewards(answers).sum(axis=1).mean()) if self.answers is not None else None}

    def state(self):
        """All that the stages left behind, as one flat dict."""
        flat = {**states_of(**self.stages), **states_of(reward_model=self.reward_model), "history": json.dumps(self.history)}
        if self.answers is not None:
            flat.update({f"answers/{name}": table for name, table in vars(self.answers.episodes).items()},
                        order=self.answers.order, who=self.answers.person, rationality=getattr(self.person, "rationality", 0.0))
        return flat

    def load(self, flat):
        """Go on from what `state` returned, in place."""
        self.history, self.answers = json.loads(str(flat["history"])), None
        self.person = CoinFlip() if self.teacher == "coin" else None
        self.stages = {row["stage"]: self.blank.copy() for row in self.history}
        load_into(flat, reward_model=self.reward_model, **self.stages)
        if "order" in flat:
            episodes = Episodes(**{key.split("/")[1]: table for key, table in flat.items() if key.startswith("answers/")})
            self.answers = Rankings(episodes, flat["order"], flat["who"])
            self.person = self.person or Boltzmann(rationality=float(flat["rationality"]))


def pretrain(game, policy, rng, documents=20_000, steps=5000):
    """Unsupervised: read a raw corpus, and learn to continue it."""
    observations, actions, mask = game.demonstrations(*game.documents(documents, rng))
    losses = clone(policy, observations[mask], actions[mask], rng, linear(8e-3, lowest=0.05), steps, batch=512)
    return {"loss": float(np.mean(losses[-100:]))}


def fine_tune(game, policy, rng, demonstrations=2000, steps=600):
    """Supervised: people play both sides of a dialogue, editing what the model suggests; then the model copies the answers.

    Only answers are copied; a question that the model suggests is kept if it is one, an answer if no fault in it is seen.
    """
    suggested = game.decode(rollout(game, policy, game.ask([""] * demonstrations), rng).states[:, -1])
    questions = [text if text in game.prompts else game.prompts[rng.integers(len(game.prompts))] for text in suggested]
    answers = rollout(game, policy, game.ask(questions), rng)
    suggestions = game.decode(answers.states[:, -1])
    edited = [game.edited(prompt, text, rng, CARE) for prompt, text in zip(questions, suggestions)]
    observations, actions, mask = game.demonstrations(questions, edited)
    clone(policy, observations[mask], actions[mask], rng, linear(3e-3, lowest=0.05), steps, batch=512)
    return {"questions_kept": float(np.mean([old == new for old, new in zip(suggested, questions)])),
            "suggestions_kept": float(np.mean([old == new for old, new in zip(suggestions, edited)]))}


def make_reward_model(kind, game, policy, rng):
    """A reward model for whole answers, by what it can see, and so by what it is blind to.

    bag: how often each character occurs, but no order. ngram: up to five characters in a row, below this prompt, but not how often they
    have come already. trunk: reads like the language model whose lower layers it takes. ensemble: the sternest of the three, each
    normalised on its own; what one of them is blind to, another sees.
    """
    if kind == "ensemble":
        return Ensemble([make_reward_model(each, game, policy, rng) for each in ("bag", "ngram", "trunk")], lowest, bootstrap=False)
    if kind == "bag":
        return OutcomeReward(MLP((game.n_features, 64, 1), rng), lambda answers: game.features(answers.states[:, -1]),
                             learning_rate=3e-3, prior=1.0, fit_steps=600, batch=32, centred=True)
    if kind == "ngram":
        return StepReward(SumTable(N_GRAMS, 1, np.float32), lambda answers: game.ngrams(answers.next_observations),
                          learning_rate=1e-2, prior=0.3, fit_steps=300, batch=64)
    return StepReward(policy.network.with_new_head(1, rng, 0.1), lambda answers: answers.next_observations,
                      learning_rate=1e-3, prior=0.3, fit_steps=300, batch=32)


def optimize(game, policy, reference, reward, method, kl_coef, rng, updates=None, learning_rate=1e-3, on_row=None):
    """Reinforce a policy in place on reward(answers) - kl_coef * log-ratio; `on_row` sees the numbers of every tenth update.

    With `updates` given, the learning rate does not fall: so the over-optimisation is as strong at the end as at the start.
    """
    critic = reference.network.with_new_head(1, rng, 0.1)
    fades_over = UPDATES[method] if updates is None else None
    learner = make_learner(method, policy, critic, GROUP, fades_over, learning_rate, minibatch=1024)
    state = State(game, policy, reference, learner, reward_model=None, choose_questions=None, questions_per_round=1,
                  episodes_per_update=64, updates_per_round=10, group=GROUP, kl_coef=kl_coef, rngs={"game": rng, "learner": rng})
    for _ in range((updates or UPDATES[method]) // 10):
        row = improve(state, reward)
        if on_row:
            on_row(row)


def settings_for_chat(**given):
    """Complete settings of a chat run: what was given (None: not given), the calibrated values for the rest."""
    defaults = {name: parameter.default for name, parameter in inspect.signature(Chat).parameters.items()}
    unknown = set(given) - set(defaults)
    if unknown:
        raise ValueError(f"settings: expected {', '.join(defaults)} for chat; got {', '.join(sorted(unknown))}")
    return {"world": "chat", **defaults, **{name: value for name, value in given.items() if value is not None}}


def over_optimize(chat, updates=200, learning_rate=1e-3, n=250):
    """The same reward model without a leash, from the fine-tuned model on: rows of kl, gold, learned, and who wins against it.

    person_prefers, proxy_prefers: share of n fresh comparisons with the reference's answer to the same prompt that the optimised policy
    wins, asked of the person directly, and of the reward model (equal scores: half).
    """
    policy, rng, rows = chat.reference.copy(), chat.dice("looking on"), []

    def look(_=None):
        states = chat.game.start(n, rng)
        before, after = (rollout(chat.game, each, states, rng) for each in (chat.reference, policy))
        learned = [chat.reward_model.rewards(answers).sum(axis=1) for answers in (before, after)]
        rows.append({"kl": kl_per_episode(policy, chat.reference, after), "gold": float(after.true_returns.mean()),
                     "learned": float(learned[1].mean()), "proxy_prefers": float((0.5 + 0.5 * np.sign(learned[1] - learned[0])).mean()),
                     "person_prefers": float((chat.person.compare(chat.game, after, before, rng) == "first").mean()),
                     "sample": chat.game.show(after.states[0, -1])})

    look()
    optimize(chat.game, policy, chat.reference, chat.reward_model.rewards, "rloo", 0.0, chat.dice("without a leash"), updates,
             learning_rate, look)
    return rows


def bits_per_character(game, policy, rng, documents=1000):
    """Surprise at fresh raw text, in bits for each character, end marks included."""
    observations, actions, mask = game.demonstrations(*game.documents(documents, rng))
    return -float(policy.log_probs(observations[mask], actions[mask])[0].mean() / np.log(2))
