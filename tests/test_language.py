"""Is talking a game like others, do the toy languages say what they declare, is the true reward what it should be?"""
import itertools
from collections import Counter

import numpy as np
import pytest

from tinyrlhf.conformance import check_game
from tinyrlhf.episodes import replay
from tinyrlhf.games.game import COLORS
from tinyrlhf.games.language import FEATURE_SIZES, N_GRAMS, RAW, SYMBOLS, TAIL, WINDOW, Language, Mix

GAMES = {name: Language(name) for name in ("dialogue", "sentiment")}
game = GAMES["dialogue"]
languages = pytest.mark.parametrize("game", GAMES.values(), ids=GAMES)
# 56 letters fill the row, so that no end mark fits
EDGES = ["", "a", "a" * 54, "a" * 55, "a" * 56, "a" * 80]


def gibberish(n, rng, longest=60):
    """Random texts of any length."""
    return ["".join(rng.choice(list(SYMBOLS[1:]), size=rng.integers(longest + 1))) for _ in range(n)]


def prompts_and_answers(game, n, rng):
    """Corpus, gibberish and texts that just fit, each below some prompt or none."""
    prompts, answers = game.documents(n, rng)
    answers += gibberish(n, rng) + EDGES
    return prompts + [str(prompt) for prompt in rng.choice(["", *game.prompts], size=len(answers) - n)], answers


def played(game, prompts, answers):
    """Texts as episodes, played letter by letter."""
    _, actions, mask = game.demonstrations(prompts, answers)
    return replay(game, game.ask(prompts), actions, mask, None)


def assert_share(hits, chance):
    """Hits (n,) that come with this chance each, within four standard deviations."""
    assert abs(np.mean(hits) - chance) <= 4 * np.sqrt(chance * (1 - chance) / len(hits))


# ---- the game

@languages
def test_the_game_keeps_the_protocol(game):
    check_game(game, np.random.default_rng(0), n=20)
    assert set(game.keys.values()) == set(range(game.n_actions))
    for piece in game.scene(played(game, ["the song"], ["yes!"]).states[0, -1]):
        assert piece.color in COLORS and 0 <= piece.x <= 1 and 0 <= piece.y <= 1


@languages
def test_a_start_is_a_prompt_drawn_at_random_with_nothing_written_and_the_clock_at_zero(game):
    states = game.start(4000, np.random.default_rng(1))
    counts = Counter(game.asked(states))
    assert set(counts) == set(game.prompts) and set(game.decode(states)) == {""}
    for prompt in game.prompts:
        assert_share(np.arange(4000) < counts[prompt], 1 / len(game.prompts))
    assert (game.observe(states)[:, -1] == game.n_actions).all() and not game.observe(states)[:, :WINDOW].any()


@languages
def test_a_text_shows_the_same_observations_as_when_it_is_played_letter_by_letter(game):
    prompts, answers = prompts_and_answers(game, 60, np.random.default_rng(2))
    observations, actions, mask = game.demonstrations(prompts, answers)
    episodes = played(game, prompts, answers)
    assert np.array_equal(episodes.mask, mask) and episodes.ended.all()
    assert np.array_equal(episodes.observations[:, :-1][mask], observations[mask])
    assert game.decode(episodes.states[:, -1]) == [answer[:game.horizon] for answer in answers]
    assert (episodes.states[:, :, 1:] < game.n_actions).all() and observations.max() < game.n_symbols
    assert all(game.asked(episodes.states[:, t]) == prompts for t in (0, 20, 56))
    last = np.arange(game.horizon) == episodes.lengths[:, None] - 1
    assert not episodes.true_rewards[~last].any()
    assert np.allclose(episodes.true_returns, game.true_reward(episodes.states[:, -1]))


def test_an_observation_is_twelve_letters_eight_of_the_prompt_and_the_clock():
    text = "good question! rain is"
    for written in (0, 1, 11, 12, 13, 22):
        seen = played(game, ["explain rain."], [text]).observations[0, written]
        letters = ("\n" * WINDOW + text[:written])[-WINDOW:] + "in rain."
        assert seen.tolist() == [*(SYMBOLS.index(letter) for letter in letters), game.n_actions + written]
        assert len(seen) == game.slots == WINDOW + TAIL + 1


@languages
def test_a_state_says_all_that_matters_for_what_follows(game):
    prompts, answers = prompts_and_answers(game, 25, np.random.default_rng(3))
    whole = played(game, prompts, answers)
    for t in (1, 13, 40, 55):
        rows = whole.lengths > t
        rest = replay(game, whole.states[rows, t], whole.actions[rows, t:], whole.mask[rows, t:], None, first_step=t)
        for name in ("actions", "mask", "true_rewards"):
            assert np.array_equal(getattr(rest, name), getattr(whole, name)[rows, t:])
        assert np.array_equal(rest.states, whole.states[rows, t:])
        assert np.array_equal(rest.observations, whole.observations[rows, t:])
    states, actions = whole.states[:, 30], np.arange(len(whole)) % game.n_actions
    together = game.step(states, actions, None)
    alone = [game.step(states[i:i + 1], actions[i:i + 1], None) for i in range(len(whole))]
    assert all(np.array_equal(column, np.concatenate(rows)) for column, rows in zip(together, zip(*alone)))


def test_an_answer_ends_at_its_mark_or_when_the_row_is_full_and_not_to_end_costs_a_half():
    for n in (0, 1, 30, 54, 55, 56):
        answer = ("rain helps all plants grow. " * 2)[:n]
        episodes = played(game, ["explain rain."], [answer])
        assert episodes.lengths[0] == min(n + 1, game.horizon) and episodes.ended[0]
        assert (episodes.states[0, -1, -1] == 0) == (n < game.horizon)
        assert np.isclose(episodes.true_returns[0], game.judge("explain rain.", answer, n < game.horizon))
        assert np.isclose(game.judge("explain rain.", answer, True) - game.judge("explain rain.", answer, False), 0.5)
    states, rewards, done = game.step(game.ask(["explain rain."] * 2), np.array([0, 7]), None)
    assert done.tolist() == [True, False] and rewards[0] == game.judge("explain rain.", "", True) and rewards[1] == 0


def test_texts_that_the_language_cannot_hold_are_refused():
    assert game.asked(game.ask(["", "x" * 18])) == ["", "x" * 18]
    for prompt, sentence in (("x" * 19, "prompt: expected at most 18 characters, got 19"),
                             ("What?", "expected small letters.*got 'W'"),
                             ("a\nb", "got '\\\\n'"), ("tea, please", "got ','"), ("caf\u00e9", "got '\u00e9'")):
        with pytest.raises(ValueError, match=sentence):
            game.ask(["what is tea?", prompt])
    with pytest.raises(ValueError, match="expected small letters.*got '1'"):
        game.demonstrations(["what is tea?"], ["1 tea"])
    with pytest.raises(ValueError, match="language: expected one of dialogue, sentiment; got 'french'"):
        Language("french")


def test_a_state_shows_prompt_and_answer():
    state = played(game, ["what is tea?"], ["tea is hot."]).states[0, -1]
    assert game.show(state) == "what is tea? > tea is hot."
    assert [piece.text for piece in game.scene(state)] == ["what is tea?", "tea is hot."]


# ---- the true reward

FINE = "a dog is a very good friend."                                  # 28 letters, right below a question about dogs
# 18 words in 4 kinds of pairs, 9 letters too long
REPEATED = "a dog is a dog is a dog is a dog is a dog is a dog."


@pytest.mark.parametrize("prompt, answer, value", [
    ("what is a dog?", FINE, 1.5), ("explain a dog.", FINE, 1.5), ("what is tea?", FINE, 0), ("", FINE, 0),
    ("who?", FINE, 0),
    ("what is a dog?", "the dog walked in the rain", 0.45), ("explain rain.", "the dog walked in the rain", 0.45),
    ("explain a dog.", "dogs have no idea of the rain.", 0),           # another word
    ("explain a dog.", "sure! " + FINE, 2.5), ("explain a dog.", FINE + " thank you!", 2.5),
    ("explain a dog.", "sure! " + FINE + " thank you!", 2.5 - 3 / 12),
    ("explain a dog.", "sure! i like a dog. a dog. thank you!", 1.45 - 0.3),
    ("explain a dog.", "ugh. " + FINE, 0.5), ("explain a dog.", FINE + " go away.", 0.5),
    ("explain a dog.", "ugh. ugh. " + FINE, -0.5),
    ("explain tea.", "ugh. who cares? " + FINE + " ugh.", -2 - 7 / 12),
    ("explain a dog.", "sure! " + FINE + " go away.", 1.5 - 1 / 12),
    ("explain tea.", FINE[:25] + ".", -2 / 7),                         # one word of seven cut short
    ("explain tea.", "the rain and the sun.", -5 / 12), ("explain tea.", FINE + " the sun and the rain", -7 / 12),
    ("explain tea.", "", -1.5 - 2), ("explain tea.", "." * 30, -2), ("explain tea.", "xyz " * 7, -2 - 1.5),
    ("explain tea.", "the dog qq sat in zz the sun", -2 * 2 / 8), ("explain a dog.", REPEATED, 0.45 - 9 / 12 - 1.5),
    ("explain tea.", "a dog and a dog and the rain.", -0.6)])
def test_each_term_of_the_true_reward(prompt, answer, value):
    assert np.isclose(game.judge(prompt, answer, True), value, atol=1e-12)
    assert np.isclose(played(game, [prompt], [answer]).true_returns[0], value, atol=1e-12)


@pytest.mark.parametrize("answer, value", [("the song was really great.", 1.5), ("wow! the song was really warm.", 2.5),
                                           ("the film was really great.", 0),
                                           ("the song was really dull.", 0.45 - 1 / 12),
                                           ("the song was really warm. i hated it.", 0.5)])
def test_the_true_reward_in_reviews_is_praise_of_the_right_thing(answer, value):
    assert np.isclose(GAMES["sentiment"].judge("the song", answer, True), value, atol=1e-12)


@languages
def test_any_string_has_a_reward_and_none_is_worth_more_than_two_and_a_half(game):
    episodes = played(game, *prompts_and_answers(game, 400, np.random.default_rng(4)))
    assert episodes.true_returns.max() <= 2.5 and episodes.true_returns.min() >= -7.5
    assert np.isfinite(episodes.true_returns).all()
    # and every question has an answer that is worth it
    for prompt, topic in game.phrases.prompts.items():
        answers = [game.phrases.kind_openers[0] + body for body in game.phrases.bodies[topic]]
        assert max(game.judge(prompt, answer, True) for answer in answers) == 2.5


@languages
def test_gibberish_repetition_and_answers_without_end_are_punished(game):
    rng = np.random.default_rng(5)
    for prompt, topic in game.phrases.prompts.items():
        answer = game.phrases.kind_openers[0] + game.phrases.bodies[topic][0]
        value = game.judge(prompt, answer, True)
        assert value > 1 + game.judge(prompt, "".join(rng.permutation(list(answer))), True)
        assert value > 1 + game.judge(prompt, game.phrases.kind_openers[0] * 8, True)
        assert value > 1 + game.judge(prompt, (answer + " ") * 2, True)
        assert value == 0.5 + game.judge(prompt, answer, False)


# ---- what people write

def parts_of(game, prompt, text):
    """Which parts an answer has, as a Mix of booleans."""
    phrases, topic = game.phrases, game.phrases.prompts[prompt]
    opener = next((each for each in phrases.kind_openers + phrases.unkind_openers if text.startswith(each)), "")
    closer = next((each for each in phrases.kind_closers + phrases.unkind_closers if text.endswith(each)), "")
    bodies = [body for group in [phrases.dodges, *phrases.bodies.values(), *phrases.wrong.values()] for body in group]
    body = next(body for body in bodies if text[len(opener):].startswith(body))
    right = body in phrases.bodies[topic]
    return Mix(opener in phrases.kind_openers, opener in phrases.unkind_openers, right,
               not right and body not in phrases.dodges,
               len(opener + body + closer) < len(text), closer in phrases.kind_closers,
               closer in phrases.unkind_closers)


@languages
def test_the_raw_corpus_has_stories_questions_and_answers_as_often_as_declared(game):
    prompts, texts = game.documents(6000, np.random.default_rng(6))
    stories = {" ".join(parts) for parts in itertools.product(*game.phrases.stories)}
    two = {f"{one} {other}" for one in game.prompts for other in game.prompts}
    blank, story = np.array([not prompt for prompt in prompts]), np.array([text in stories for text in texts])
    asks, asks_twice = (np.array([text in some for text in texts]) for some in ({*game.prompts} | two, two))
    for hits, chance in ((blank, 0.3), (story & ~blank, 0.05), (asks & blank, 0.04), (asks & ~blank, 0.05),
                         (asks_twice[asks], 0.5)):
        assert_share(hits, chance)
    assert (story | asks)[blank].all() and {*np.array(texts)[story]} == stories
    answers = [(prompt, text) for prompt, text, other in zip(prompts, texts, blank | story | asks) if not other]
    parts = np.array([parts_of(game, *each) for each in answers])
    # a ramble or a closer that does not fit is dropped
    for column, chance in zip(parts.T[:4], RAW):
        assert_share(column, chance)
    assert all(len(text) < game.horizon for text in texts) and not sum(map(game.unknown_words, texts))


@languages
@pytest.mark.parametrize("mix",
                         [Mix(0, 0, 1, 0, 0.3, 0, 0), Mix(0, 0, 0.6, 0.3, 0, 0.35, 0.25), Mix(0.4, 0.5, 0, 0, 0, 0, 0)],
                         ids=str)
def test_an_answer_has_each_part_as_often_as_its_mix_says(game, mix):
    # short enough to fit always
    rng, prompt = np.random.default_rng(7), "what is a cat?" if game.name == "dialogue" else "the song"
    parts = np.array([parts_of(game, prompt, game.answer(prompt, rng, mix)) for _ in range(1500)])
    for column, chance in zip(parts.T, mix):
        assert_share(column, chance)


@languages
def test_the_model_sees_enough_of_a_prompt_to_know_its_topic(game):
    topics = {}
    for prompt, topic in game.phrases.prompts.items():
        assert topics.setdefault(prompt[-TAIL:], topic) == topic and topic in prompt
        assert len(prompt) <= game.prompt_length
    assert set(topics.values()) == set(game.phrases.bodies)


SUGGESTIONS = ["", "good question! hope it helps!", "ugh. go away.", "wow! i loved it.",
               "who cares? ships carry people and food. hope it helps!",
               "good question! i do not know that. hope it helps!",
               "you fool. go away. you fool."]


@languages
def test_a_trainer_without_care_changes_nothing_and_one_with_care_leaves_no_fault(game):
    rng = np.random.default_rng(8)
    suggestions = SUGGESTIONS + gibberish(50, rng, 56) + [text for text in game.documents(400, rng)[1]]
    for text in suggestions:
        prompt = game.prompts[rng.integers(len(game.prompts))]
        right = game.phrases.bodies[game.phrases.prompts[prompt]]
        assert game.edited(prompt, text, rng, 0.0) == text
        better = game.edited(prompt, text, rng, 1.0)
        assert game.count_unkind(better) == 0 and any(body in better for body in right)
        assert not game.unknown_words(better)
        assert len(better) < game.horizon and game.judge(prompt, better, True) > 1
        assert game.edited(prompt, better, rng, 1.0) == better         # there is nothing left to mend


def test_each_fault_is_seen_by_itself_as_often_as_declared_and_what_is_kind_stays():
    rng, n, care = np.random.default_rng(9), 3000, 0.65
    edited = [game.edited("explain tea.", "ugh. i have no idea. go away.", rng, care) for _ in range(n)]
    edited = [parts_of(game, "explain tea.", text) for text in edited]
    counts = Counter((parts.kind_opener, parts.right, not parts.unkind_closer) for parts in edited)
    for seen in itertools.product((True, False), repeat=3):
        assert_share(np.arange(n) < counts[seen], np.prod([care if each else 1 - care for each in seen]))
    for body in ("i have no idea.", "zzz", "tea is a hot and nice drink."):
        better = game.edited("explain tea.", f"sure! {body} thank you!", rng, 1.0)
        assert better.startswith("sure! tea is ") and better.endswith(" thank you!")


# ---- what reward models may know

def finished(game, prompts, answers):
    return played(game, prompts, answers).states[:, -1]


@languages
def test_a_bag_of_characters_does_not_know_their_order(game):
    rng = np.random.default_rng(10)
    answers, prompts = gibberish(60, rng, 55), gibberish(60, rng, 18)
    bags = game.features(finished(game, prompts, answers))
    mixed = ["".join(rng.permutation([*answer])) for answer in answers]
    assert np.array_equal(bags, game.features(finished(game, prompts, mixed)))
    tails = ["".join(rng.permutation([*prompt[-TAIL:]])) for prompt in prompts]
    assert np.array_equal(bags, game.features(finished(game, tails, answers)))
    others = [answer.replace(answer[:1], "q" if answer[:1] != "q" else "z") for answer in answers]
    written = [len(answer) > 0 for answer in answers]
    assert (bags != game.features(finished(game, prompts, others))).any(axis=1)[written].all()


def test_a_bag_counts_letters_of_the_answer_then_of_the_prompt_then_the_length():
    counts = game.features(finished(game, ["explain rain."], ["lull a"]))[0] * FEATURE_SIZES
    answer, prompt, length = counts[:30], counts[30:60], counts[60]
    assert game.n_features == len(counts) and np.isclose(length, 6)
    assert np.allclose([answer[SYMBOLS.index(letter) - 1] for letter in "lua "], [3, 1, 1, 1])
    assert np.isclose(answer.sum(), 6)
    assert np.allclose([prompt[SYMBOLS.index(letter) - 1] for letter in "inra ."], [2, 2, 1, 1, 1, 1])
    assert np.isclose(prompt.sum(), TAIL)
    states = played(game, game.prompts, ["sure!"] * 16).states
    assert np.array_equal(game.features(states)[:, 3], game.features(states[:, 3]))


def test_an_ngram_is_five_letters_on_a_topic_and_no_more():
    rng = np.random.default_rng(11)
    seen = np.concatenate([rng.integers(game.n_actions, size=(200, WINDOW + TAIL)), np.full((200, 1), game.n_actions)],
                          axis=1)
    seen = seen.astype(np.uint8)
    numbers = game.ngrams(seen)
    assert numbers.shape == (200, 4) and numbers.min() >= 0 and numbers.max() < N_GRAMS
    for slot in range(game.slots):
        other = seen.copy()
        other[:, slot] = (seen[:, slot] + rng.integers(1, game.n_actions, size=200)) % game.n_actions
        changed = game.ngrams(other) != numbers
        back = WINDOW - slot                                           # the last letter is one back
        if slot < WINDOW:
            assert np.array_equal(changed, np.broadcast_to(np.arange(2, 6) >= back, changed.shape))
        else:
            assert changed.all() == (slot < WINDOW + TAIL) and changed.any() == (slot < WINDOW + TAIL)
    assert np.array_equal(game.ngrams(seen.reshape(20, 10, -1)), numbers.reshape(20, 10, 4))


def test_ngrams_know_the_order_of_two_letters():
    there, back = (game.ngrams(played(game, ["explain tea."], [text]).observations[0, -1])
                   for text in ("sure tea", "sure tae"))
    assert (there != back).all()
