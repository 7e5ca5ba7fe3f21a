"""Is the world of invented words what it says: rows of letters, and a reward that a policy at a price can reach?"""
import sys
from pathlib import Path

import numpy as np
import pytest

from tinyrlhf.conformance import check_game
from tinyrlhf.exact.strings import Automaton, evaluate, optimum
from tinyrlhf.games.text import Text, true_reward
from tinyrlhf.games.words import CLOSED, CONSONANTS, VOWELS, corpus
from tinyrlhf.worlds import text

sys.path.insert(0, str(Path(__file__).parent))
from oracles import context_numbers, kl_to_optimum, string_rewards  # noqa: E402

game = Text()


def gibberish(n, rng):
    """Random words of any length, the empty one among them."""
    return [""] + ["".join(rng.choice(list(game.letters), size=rng.integers(game.horizon + 1))) for _ in range(n - 1)]


def counted_reference(words, added=0.01):
    """log-probabilities (V**3, V) of the next character after three, counted, with a little added everywhere."""
    observations, actions, mask = game.demonstrations(words)
    pairs = context_numbers(observations.astype(int), game.n_actions) * game.n_actions + actions
    counts = np.bincount(pairs[mask], minlength=game.n_actions ** 4).reshape(-1, game.n_actions) + added
    return np.log(counts / counts.sum(axis=1, keepdims=True))


@pytest.fixture(scope="module")
def reference():
    return counted_reference(corpus(4000, np.random.default_rng(0)))


@pytest.mark.parametrize("horizon", [4, 10, 12])
def test_the_game_keeps_the_protocol(horizon):
    check_game(Text(horizon), np.random.default_rng(0), n=30)


def test_encoding_is_undone_by_decoding():
    words = gibberish(300, np.random.default_rng(0)) + ["a" * game.horizon]
    assert game.decode(game.encode(words)) == words
    assert game.encode(words).shape == (301, game.horizon)


def test_playing_the_letters_of_a_word_gives_its_row_and_pays_its_true_reward_once():
    rng = np.random.default_rng(0)
    words = gibberish(200, rng) + ["tirtirtirt"]
    observations, actions, mask = game.demonstrations(words)
    states, paid, going = game.start(len(words), rng), np.zeros(len(words)), np.ones(len(words), bool)
    for t in range(game.horizon):
        assert np.array_equal(mask[:, t], going)
        assert np.array_equal(observations[going, t], game.observe(states)[going])
        next_states, rewards, done = game.step(states, actions[:, t], rng)
        assert (rewards[~done] == 0).all()
        paid, states = paid + rewards * going, np.where(going[:, None], next_states, states)
        going = going & ~done
    assert not going.any()
    assert np.array_equal(states, game.encode(words)) and np.allclose(paid, true_reward(states))


@pytest.mark.parametrize("word, value",
                         [("lano", 2), ("merola", 2), ("luma", 1), ("", -4), ("a", -4), ("na", -1), ("kit", -1 - 3),
                          ("kitkat", 2 - 5 - 2), ("lolo", 0), ("lalala", -2), ("aeio", -4 - 1), ("meronalo", 1),
                          ("kkkkkkkkkk", -4 - 10 - 9 - 2)])
def test_the_true_reward_of_a_word(word, value):
    assert true_reward(game.encode([word]))[0] == value


def test_the_automaton_has_the_same_reward_for_words_and_for_gibberish():
    rng = np.random.default_rng(1)
    words = gibberish(2000, rng) + corpus(500, rng)
    _, actions, _ = game.demonstrations(words)
    assert np.allclose(string_rewards(actions, Automaton(*game.automaton())), true_reward(game.encode(words)), rtol=0,
                       atol=1e-12)


@pytest.mark.slow
def test_no_text_is_liked_more_than_two():
    words = gibberish(3000, np.random.default_rng(2)) + corpus(1000, np.random.default_rng(3))
    assert true_reward(game.encode(words)).max() == 2


def test_features_do_not_know_the_order_of_the_letters():
    rng = np.random.default_rng(0)
    words = gibberish(100, rng)
    shuffled = ["".join(rng.permutation(list(word))) if word else "" for word in words]
    features = game.features(game.encode(words))
    assert features.shape == (100, len(game.letters) + 1 + game.horizon)
    assert np.array_equal(features, game.features(game.encode(shuffled)))
    assert game.features(game.encode(["lull"]))[0].nonzero()[0].tolist() == [4, 5, 17, 18, 19, 20, 21]
    assert game.features(game.encode(words).reshape(20, 5, -1)).shape == (20, 5, features.shape[1])


@pytest.mark.slow
def test_a_corpus_follows_its_grammar_and_its_generator():
    words = corpus(2000, np.random.default_rng(0))
    assert words == corpus(2000, np.random.default_rng(0)) != corpus(2000, np.random.default_rng(1))
    assert all(1 < len(word) < game.horizon and word[0] in CONSONANTS for word in words)
    assert not any(a in VOWELS and b in VOWELS for word in words for a, b in zip(word, word[1:]))
    closed = np.mean([word[2:3] != "" and word[2] not in VOWELS and word[3:4] not in tuple(VOWELS) for word in words])
    assert abs(closed - CLOSED) < 0.05


@pytest.mark.slow
def test_the_best_policy_at_a_price_reaches_97_percent_of_the_best_reward_within_3_nats(reference):
    start = evaluate(reference, reference, Automaton(*game.automaton()), 0.2)
    best = optimum(reference, game.automaton(), 0.2)
    assert best.reward >= 0.97 * 2 and best.kl <= 3
    assert start.reward < 0                                          # far below: there is something to learn
    assert np.isclose(best.value - start.value, 0.2 * kl_to_optimum(reference, reference, game.automaton(), 0.2),
                      atol=1e-9)


def test_a_row_shows_its_end_mark_and_unknown_words_are_refused():
    assert game.show(game.encode(["luma"])[0]) == "luma·" and game.show(game.start(1, None)[0]) == ""
    assert game.scene(game.encode(["luma"])[0])[0].text == "luma·"
    for word in ("Luma", "wax", "lumalumalum"):
        with pytest.raises(ValueError, match=word):
            game.encode([word])


@pytest.mark.slow
def test_the_kept_character_model_is_what_reading_makes():
    game, losses = Text(), []
    observations, actions, mask = game.demonstrations(corpus(3000, np.random.default_rng(400)))
    for vector in (text.pretrained_vector(3), text.read_words(3)):
        policy = text.character_model(game, np.random.default_rng(0))
        policy.network.params.vector[:] = vector
        losses.append(-policy.log_probs(observations[mask], actions[mask])[0].mean())
    assert abs(losses[0] - losses[1]) < 0.01 and losses[0] < 2.3    # nats; other machines round otherwise


def test_a_game_with_another_true_reward_pays_that_and_only_where_a_word_ends():
    class Long(Text):
        true_reward = staticmethod(lambda words: 10.0 * (words > 0).sum(axis=1))

    states = game.encode(["lan", "merola"])
    actions = np.array([game.keys["o"], 0])
    _, rewards, done = Long().step(states, actions, None)
    assert done.tolist() == [False, True] and rewards.tolist() == [0.0, 60.0]
