"""The loop keeps its promises: it learns from answers alone, is blind to true rewards, and resumes to the same bytes."""
import copy

import numpy as np
import pytest

from tinyrlhf.feedback.records import CANT_TELL
from tinyrlhf.humans.simulated import Boltzmann, CoinFlip
from tinyrlhf.recipes import LEARNERS, WORLDS, build, settings_for, teach
from tinyrlhf.rlhf import act, improve, learn, propose, rlhf
from tinyrlhf.yardsticks import expected_return, optimal_return

SMALL = {"bandit": {"rounds": 4}, "gridworld": {"rounds": 3}, "cartpole": {"rounds": 2}, "text": {"rounds": 2, "questions": 20}}


def small(world, **changes):
    state = build(**settings_for(world, 5, **{**SMALL[world], **changes}))
    state.updates_per_round = 2
    return state


def bytes_of(state):
    return {name: np.asarray(value).tobytes() for name, value in state.state().items()}


class Blindfold:
    """Passes on everything but the true rewards, which turn NaN."""

    def __init__(self, part):
        self.part = part

    def __getattr__(self, name):
        return getattr(self.part, name)

    def update(self, episodes, reward, rng):
        return self.part.update(episodes.blindfolded(), reward, rng)

    def fit(self, answers, rng):
        blind = type(answers)(answers.first.blindfolded(), answers.second.blindfolded(), *list(vars(answers).values())[2:])
        return self.part.fit(blind, rng)

    def rewards(self, episodes):
        return self.part.rewards(episodes.blindfolded())

    def scores(self, episodes):
        return self.part.scores(episodes.blindfolded())

    def normalize(self, episodes):
        self.part.normalize(episodes.blindfolded())


@pytest.mark.parametrize("world", WORLDS)
def test_blindfolded_learner_and_reward_model_learn_the_same_bit_for_bit(world):
    seeing, blind = small(world), small(world)
    blind.learner, blind.reward_model = Blindfold(blind.learner), Blindfold(blind.reward_model)
    choose = blind.choose_questions

    def choose_blindly(state, episodes, n, rng):
        """The questions chosen from blindfolded episodes must be those chosen from seeing ones; the person gets these."""
        dice = copy.deepcopy(rng)
        blindly, seeing = choose(state, episodes.blindfolded(), n, dice), choose(state, episodes, n, rng)
        assert np.array_equal(blindly.first.states, seeing.first.states) and np.array_equal(blindly.second.states, seeing.second.states)
        return seeing

    blind.choose_questions = choose_blindly
    for state in (seeing, blind):
        rlhf(state, Boltzmann(agreement=0.9), 2)
    assert bytes_of(seeing) == bytes_of(blind)


@pytest.mark.parametrize("learner", LEARNERS)
@pytest.mark.parametrize("world", ["gridworld", "text"])
def test_saved_after_one_round_and_loaded_it_ends_in_the_same_bytes(world, learner):
    whole, first, second = (small(world, learner=learner) for _ in range(3))
    rlhf(whole, Boltzmann(agreement=0.9), 2)
    rlhf(first, Boltzmann(agreement=0.9), 1)
    second.load(first.state())
    rlhf(second, Boltzmann(agreement=0.9), 2)
    assert bytes_of(second) == bytes_of(whole)


def test_equal_seeds_give_equal_runs_and_other_seeds_do_not():
    runs = [rlhf(build(**settings_for("bandit", seed, rounds=2)), CoinFlip(), 2) for seed in (3, 3, 4)]
    assert bytes_of(runs[0]) == bytes_of(runs[1]) != bytes_of(runs[2])


def test_propose_and_learn_by_hand_are_the_loop():
    by_hand, by_loop = small("bandit"), small("bandit")
    human = Boltzmann(agreement=0.9)
    for _ in range(2):
        questions = propose(by_hand)
        learn(by_hand, questions.answered(human.compare(by_hand.game, questions.first, questions.second, by_hand.rngs["person"])))
    assert bytes_of(by_hand) == bytes_of(rlhf(by_loop, human, 2))


def test_answers_of_all_rounds_are_kept_and_the_reference_never_moves():
    state = small("bandit")
    before = state.reference.network.params.vector.copy()
    rlhf(state, CoinFlip(), 3)
    assert len(state.answers) == 3 * state.questions_per_round
    assert np.array_equal(before, state.reference.network.params.vector)
    assert not np.array_equal(before, state.policy.network.params.vector)


def test_a_round_of_cant_tell_is_kept_but_teaches_nothing_wrong():
    state = small("bandit")
    rlhf(state, Boltzmann(agreement=0.9), 1)
    questions = propose(state)
    row = learn(state, questions.answered([CANT_TELL] * len(questions)))
    assert len(state.answers) == 2 * len(questions) and np.isnan(row["reward_model_accuracy"])


def test_a_kl_penalty_keeps_the_policy_closer_to_the_reference():
    far, near = small("gridworld"), small("gridworld", kl_coef=5.0)
    for state in (far, near):
        state.updates_per_round = 20
        rlhf(state, Boltzmann(agreement=0.9), 3)
    assert near.history[-1]["kl"] < 0.5 * far.history[-1]["kl"]


def test_the_penalty_that_is_paid_is_kl_coef_times_the_log_ratio():
    state = small("text", kl_coef=0.7)
    rlhf(state, CoinFlip(), 1)
    paid = []

    class Listener:
        def update(self, episodes, reward, rng):
            reference = episodes.as_table(state.reference.log_probs(*episodes.decisions)[0])
            paid.append(np.allclose(reward(episodes), -0.7 * (episodes.log_probs - reference)))
            return {}

    state.learner = Listener()
    improve(state, lambda episodes: np.zeros(episodes.mask.shape))
    assert paid == [True] * state.updates_per_round


@pytest.mark.parametrize("world", ["bandit", "gridworld"])
def test_answers_teach_what_coin_flips_do_not(world):
    gaps = {}
    for teacher in ("person", "coin"):
        state = build(**settings_for(world, 101, teacher=teacher))
        teach(state, settings_for(world)["rounds"], teacher=teacher)
        low, high = expected_return(state, state.reference, None), optimal_return(state, 0.0)
        gaps[teacher] = (expected_return(state, state.policy, None) - low) / (high - low)
    assert gaps["person"] > 0.9 and gaps["coin"] < 0.5


def test_episodes_come_in_groups_from_equal_starts():
    state = small("cartpole")
    starts = act(state).states[:, 0].reshape(-1, state.group, 4)
    assert (starts == starts[:, :1]).all() and len(np.unique(starts[:, 0], axis=0)) == len(starts)


def test_a_person_who_throws_more_dice_is_asked_the_same_questions():
    class Fidgety(CoinFlip):
        def compare(self, game, first, second, rng):
            answers = super().compare(game, first, second, np.random.default_rng(0))
            rng.random(fidgets)
            return answers

    asked = []
    for fidgets in (0, 7):
        state = small("bandit")
        rlhf(state, Fidgety(), 2)
        asked.append(propose(state).first.actions)
    assert np.array_equal(*asked)


def test_a_round_in_which_nobody_judges_anything_leaves_the_state_as_it_was():
    state = small("bandit")
    questions = propose(state)
    before = {name: value for name, value in bytes_of(state).items() if not name.startswith("rng/")}
    with pytest.raises(ValueError, match="at least one answer"):
        learn(state, questions.answered([CANT_TELL] * len(questions)))
    assert {name: value for name, value in bytes_of(state).items() if not name.startswith("rng/")} == before
