"""Is capture-Go played by its rules, can nobody play an illegal move, and does an expert's judgement teach it?"""
import copy
from dataclasses import replace

import numpy as np
import pytest

from tinyrlhf.conformance import check_gradient
from tinyrlhf.episodes import clip, replay, rollout
from tinyrlhf.feedback.forms import Steps
from tinyrlhf.feedback.labels import as_labels, from_labels
from tinyrlhf.games.capture_go import (DRAWN, GOING, LOST, WON, CaptureGo, after_each_move, as_points, as_set,
                                       judgement, liberties, stones)
from tinyrlhf.humans.experts import anybody
from tinyrlhf.nn.distributions import Categorical
from tinyrlhf.nn.masked import MaskedMLP
from tinyrlhf.nn.networks import MLP
from tinyrlhf.numerics import softmax
from tinyrlhf.policies import Policy
from tinyrlhf.questions import kinds_for
from tinyrlhf.rlhf import propose, rlhf
from tinyrlhf.worlds import build, find
from tinyrlhf.worlds.capture_go import CLEAR, Moves, looks, master
from tinyrlhf.yardsticks import clone_labels

GAME = CaptureGo()
BOARD = np.arange(16).reshape(4, 4)
SYMMETRIES = [board.ravel() for turned in (BOARD, BOARD.T) for board in (np.rot90(turned, k) for k in range(4))]


class Picks:
    """Plays what a function of the observations says."""

    def __init__(self, act):
        self.choose = act

    def act(self, observations, rng):
        return self.choose(observations, rng), np.zeros(len(observations))


class FirstLegal:
    """A generator for which nothing comes first by luck: an opponent plays its first legal move."""

    @staticmethod
    def random(size=None):
        return np.full(size, 0.5)


def at_random(observations, rng):
    return anybody(GAME).act(observations, rng)


def read(text):
    """A board, rows parted by spaces, as a state."""
    points = ["O.#".index(symbol) - 1 for row in text.split() for symbol in row]
    return np.array([*points, GOING], np.int8)


def random_states(n, rng):
    """Boards after some moves of random games, in which nobody has won yet."""
    episodes = rollout(GAME, Picks(at_random), GAME.start(n, rng), rng)
    row, column = np.nonzero(episodes.mask)
    return episodes.states[row, column]


def plain_liberties(board, point):
    """The liberties of the group on a point of a board (16,), as one counts them by hand."""
    def neighbours(at):
        row, column = divmod(at, 4)
        return [4 * r + c for r, c in ((row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1))
                if 0 <= r < 4 and 0 <= c < 4]

    group, waiting, free = set(), [point], set()
    while waiting:
        at = waiting.pop()
        if at not in group:
            group.add(at)
            waiting += [near for near in neighbours(at) if board[near] == board[point]]
            free |= {near for near in neighbours(at) if not board[near]}
    return free


def plain_move(board, point, color=1):
    """(takes, legal) of a stone of this colour on a point, by hand."""
    if board[point]:
        return False, False
    after = board.copy()
    after[point] = color
    takes = any(after[other] == -color and not plain_liberties(after, other) for other in range(16))
    return takes, takes or bool(plain_liberties(after, point))


# ---- the rules

@pytest.mark.parametrize("board, point, takes, legal", [
    pytest.param("O... #... .... ....", 1, True, True, id="in the corner"),
    pytest.param("O... .... .... ....", 1, False, True, id="not yet in the corner"),
    pytest.param("#O#. .... .... ....", 5, True, True, id="on the edge"),
    pytest.param(".... .#.. #O#. ....", 13, True, True, id="in the centre"),
    pytest.param(".... .#.. #O.. ....", 13, False, True, id="not yet in the centre"),
    pytest.param("OO.. ##.. .... ....", 2, True, True, id="a group of two"),
    pytest.param("OO#. O#.. .... ....", 8, True, True, id="a bent group"),
    pytest.param("O.O# #.#. .... ....", 1, True, True, id="two groups at once"),
    pytest.param(".O#. O#.. #... ....", 0, True, True, id="into a corner without liberties, but it takes"),
    pytest.param(".O.. O... .... ....", 0, False, False, id="suicide in the corner"),
    pytest.param("#.O. OO.. .... ....", 1, False, False, id="suicide of a group"),
    pytest.param("##O. .#O. OO.. ....", 4, False, False, id="suicide of a larger group"),
    pytest.param("##O. .#O. O... ....", 4, False, True, id="a group that keeps a liberty"),
    pytest.param("#... .... .... ....", 0, False, False, id="on my own stone"),
    pytest.param("O... .... .... ....", 0, False, False, id="on theirs")])
def test_a_stone_takes_what_it_leaves_without_liberties_and_suicide_is_illegal(board, point, takes, legal):
    state = read(board)
    *_, took, may = after_each_move(*stones(state))
    assert all(plain_liberties(state, at) for at in range(16) if state[at])     # a position of a game
    assert (took[point], may[point]) == (takes, legal) == plain_move(state, point)


def test_liberties_takes_and_legal_moves_are_those_counted_by_hand():
    states = random_states(40, np.random.default_rng(0))
    mine, theirs = stones(states)
    counted = liberties(mine, theirs)
    *_, takes, legal = after_each_move(mine, theirs)
    *_, takes_mine, their_legal = after_each_move(theirs, mine)
    assert len(states) > 200 and takes.any() and (~legal & (states[:, :16] == 0)).any()
    for i, board in enumerate(states[:, :16]):
        for point in range(16):
            assert (takes[i, point], legal[i, point]) == plain_move(board, point)
            assert (takes_mine[i, point], their_legal[i, point]) == plain_move(board, point, -1)
            expected = plain_liberties(board, point) if board[point] == 1 else range(16)
            assert np.flatnonzero(as_points(counted[i, point])).tolist() == sorted(expected)


def test_turned_and_mirrored_boards_have_turned_and_mirrored_moves_and_judgements():
    states = random_states(50, np.random.default_rng(1))
    own, other, takes, legal = after_each_move(*stones(states))
    worth = judgement(own, other, takes)
    for image in SYMMETRIES:
        turned = np.column_stack([states[:, image], states[:, 16:]])
        own, other, *rest = after_each_move(*stones(turned))
        for seen, before in zip((*rest, judgement(own, other, rest[0])), (takes, legal, worth)):
            assert np.array_equal(seen, before[:, image])


def test_a_board_does_not_depend_on_the_boards_beside_it():
    rng = np.random.default_rng(2)
    states = random_states(20, rng)
    actions = rng.integers(16, size=len(states))
    for game in (GAME, CaptureGo(judged=True, alertness=1.0)):
        together = game.step(states, actions, FirstLegal)
        alone = [game.step(states[i:i + 1], actions[i:i + 1], FirstLegal) for i in range(len(states))]
        for all_of_them, ones in zip(together, zip(*alone)):
            assert np.array_equal(all_of_them, np.concatenate(ones))


@pytest.mark.parametrize("board, move, result", [
    ("O... #... .... ....", 1, WON), (".O.. O... .... ....", 0, LOST), ("#... .... .... ....", 0, LOST),
    ("#O.. .... .... ....", 15, LOST), ("#O.. .... .... ....", 4, GOING)])
def test_a_move_wins_by_taking_and_loses_by_being_illegal_or_taken_in_reply(board, move, result):
    eager = CaptureGo(alertness=1.0)
    states, rewards, done = eager.step(read(board)[None], np.array([move]), np.random.default_rng(0))
    assert states[0, 16] == result and done == (result != GOING) and rewards == (result == WON)
    after, rewards, done = eager.step(states, np.array([15]), np.random.default_rng(0))
    if result != GOING:                                                # the end is absorbing and pays nothing
        assert np.array_equal(after, states) and rewards == 0 and done


def test_without_a_legal_reply_or_a_legal_move_after_it_the_game_is_drawn():
    rng = np.random.default_rng(3)
    episodes = rollout(GAME, Picks(at_random), GAME.start(1000, rng), rng)
    last = episodes.states[:, -1]
    drawn = last[last[:, 16] == DRAWN]
    assert len(drawn) > 10 and (episodes.true_returns[last[:, 16] == DRAWN] == 0.5).all()
    for board in drawn[:, :16]:
        stuck = [not any(plain_move(board, point, color)[1] for point in range(16)) for color in (1, -1)]
        assert any(stuck)


def test_every_game_ends_within_eight_moves_and_only_by_what_was_taken_or_a_draw():
    rng = np.random.default_rng(4)
    episodes = rollout(GAME, Picks(at_random), GAME.start(1000, rng), rng)
    last, played = episodes.states[:, -1], episodes.mask.sum(axis=1)
    assert (last[:, 16] != GOING).all() and episodes.ended.all() and played.max() == 8
    for state in last:
        dead = {int(state[point]) for point in range(16) if state[point] and not plain_liberties(state[:16], point)}
        assert {WON: -1 in dead, LOST: 1 in dead, DRAWN: not dead}[state[16]]


def test_the_opponent_plays_its_legal_moves_alike_often():
    rng, n = np.random.default_rng(5), 4000
    state = read(".#.. #... .... ....")                                # in the corner it would be suicide
    after, _, _ = GAME.step(np.repeat(state[None], n, axis=0), np.full(n, 15), rng)
    counts, legal = (after[:, :16] == -1).sum(axis=0), ~np.isin(np.arange(16), [0, 1, 4, 15])
    assert counts.sum() == n and not counts[~legal].any()
    assert (np.abs(counts[legal] - n / 12) < 5 * np.sqrt(n / 12)).all()


def test_an_opponent_takes_as_often_as_it_is_alert():
    rng, n = np.random.default_rng(6), 4000
    state = np.repeat(read("#O.. .... .... ....")[None], n, axis=0)
    for alertness in (0.0, 0.5, 1.0):
        after, _, _ = CaptureGo(alertness=alertness).step(state, np.full(n, 15), rng)
        chance = alertness + (1 - alertness) / 13                      # of 13 legal moves one takes
        lost = (after[:, 16] == LOST).mean()
        assert abs(lost - chance) <= 5 * np.sqrt(chance * (1 - chance) / n)


def test_in_random_games_the_opponent_never_plays_an_illegal_move():
    rng = np.random.default_rng(7)
    episodes = rollout(GAME, Picks(at_random), GAME.start(100, rng), rng)
    for row, column in zip(*np.nonzero(episodes.mask)):
        before, after = episodes.states[row, column:column + 2].astype(int)
        new = after[:16] - before[:16]
        mine, theirs = np.flatnonzero(new == 1), np.flatnonzero(new == -1)
        assert mine.tolist() == [episodes.actions[row, column]] and (before[:16] * new == 0).all()
        before[mine] = 1
        replies = [point for point in range(16) if plain_move(before[:16], point, -1)[1]]
        assert len(theirs) == (after[16] != WON and replies != []) and set(theirs) <= set(replies)


def test_half_of_the_games_begin_with_one_stone_of_the_opponent_anywhere():
    starts, n = GAME.start(8000, np.random.default_rng(8)), 8000
    stones_of_theirs = (starts[:, :16] == -1).sum(axis=1)
    assert set(stones_of_theirs) == {0, 1} and (starts[:, :16] <= 0).all() and (starts[:, 16] == GOING).all()
    assert abs(stones_of_theirs.mean() - 0.5) < 5 * 0.5 / np.sqrt(n)
    counts = (starts[:, :16] == -1).sum(axis=0)
    assert (np.abs(counts - n / 32) < 5 * np.sqrt(n / 32)).all()


def test_each_point_has_a_key_and_an_opponent_is_at_most_always_alert():
    for game in (GAME, CaptureGo(judged=True), CaptureGo(alertness=0.5)):
        assert sorted(game.keys.values()) == list(range(16))
    with pytest.raises(ValueError, match="alertness: expected a number from 0 to 1, got 2"):
        CaptureGo(alertness=2)


def test_show_and_scene_tell_mine_from_theirs_and_mark_what_was_taken():
    state = read("O... #... .... ....")
    won = GAME.step(state[None], np.array([1]), FirstLegal)[0][0]
    assert GAME.show(state) == "O . . .\n# . . .\n. . . .\n. . . ."
    assert GAME.show(won).splitlines() == ["O # . .", "# . . .", ". . . .", ". . . .", "won"]
    for board, colors in ((state, ["floor", "agent"]), (won, ["floor", "danger", "agent", "agent"])):
        assert [piece.color for piece in GAME.scene(board) if hasattr(piece, "radius")] == colors
    corner = [piece for piece in GAME.scene(won) if hasattr(piece, "radius")][0]
    assert corner.x < 0.2 and corner.y > 0.8                           # the first point is the upper left one


# ---- no policy can play an illegal move

def test_a_masked_network_gives_illegal_moves_no_chance_and_others_the_softmax_of_theirs():
    rng = np.random.default_rng(9)
    network = MaskedMLP((80, 16, 16), rng, head_gain=30.0)
    observations = GAME.observe(random_states(200, rng))
    legal, logits = GAME.legal(observations), MLP.forward(network, observations)[0]
    chances = softmax(network.forward(observations)[0])
    assert (chances[~legal] == 0).all() and (~legal).any()
    for chance, logit, may in zip(chances, logits, legal):
        assert np.allclose(chance[may], softmax(logit[may]))
    actions, log_probs = Policy(network).act(np.repeat(observations, 20, axis=0), rng)
    assert np.repeat(legal, 20, axis=0)[np.arange(len(actions)), actions].all() and np.isfinite(log_probs).all()


def test_the_gradient_through_the_mask_is_exact_for_chances_and_for_entropy():
    rng = np.random.default_rng(10)
    policy = Policy(MaskedMLP((80, 5, 16), rng, dtype=np.float64))
    observations = GAME.observe(random_states(30, rng))
    actions, weights = at_random(observations, rng), rng.normal(size=(2, len(observations)))

    def loss():
        log_probs, cache = policy.log_probs(observations, actions)
        return float(weights[0] @ log_probs + weights[1] @ Categorical.entropy(cache.outputs))

    _, cache = policy.log_probs(observations, actions)
    d_outputs = weights[1][:, None] * Categorical.d_entropy(cache.outputs)
    check_gradient(loss, policy.network.params, policy.backward(cache, weights[0], d_outputs), rng)


def test_an_impossible_output_passes_nothing_back_whatever_is_asked_of_it():
    rng = np.random.default_rng(11)
    network = MaskedMLP((3, 4, 2), rng, dtype=np.float64)
    outputs, cache = network.forward(np.array([[0.3, 1.0, 0.0]]))
    assert outputs[0, 1] == -np.inf and np.isfinite(outputs[0, 0])
    assert not network.backward(cache, np.array([[0.0, 7.0]])).vector.any()


def test_whoever_has_no_clue_plays_legal_moves_alike_often():
    rng, n = np.random.default_rng(12), 5000
    state = read(".O.# O... ..O. #...")
    observations = np.repeat(GAME.observe(state)[None], n, axis=0)
    legal, counts = GAME.legal(observations)[0], np.bincount(at_random(observations, rng), minlength=16)
    assert not legal[0] and not counts[~legal].any()
    assert (np.abs(counts[legal] - n / legal.sum()) < 5 * np.sqrt(n / legal.sum())).all()


def test_wrong_labels_are_legal_moves_too(monkeypatch):
    cloned = []
    monkeypatch.setattr("tinyrlhf.yardsticks.clone", lambda policy, *labels, **_: cloned.append(labels[:2]))
    rng = np.random.default_rng(13)
    clone_labels(Policy(MaskedMLP((80, 8, 16), rng)), GAME, master(GAME), 500, rng, agreement=0.5)
    observations, actions = cloned[0]
    legal = GAME.legal(observations)
    worth = np.where(legal, judged(observations), -9.0)
    assert legal[np.arange(500), actions].all()
    best = worth[np.arange(500), actions] == worth.max(axis=1)
    assert 0.5 <= best.mean() + 5 * 0.5 / np.sqrt(500) and best.mean() < 0.95


# ---- illegal moves at the doors

def test_a_replay_with_a_move_on_an_occupied_point_is_refused_in_one_line():
    starts, rng = np.repeat(read("O... .... .... ....")[None], 2, axis=0), np.random.default_rng(14)
    mask = np.ones((2, 1), bool)
    assert replay(GAME, starts, np.array([[5], [6]]), mask, rng).mask.all()
    before = starts.copy()
    for actions, came in (([[5], [0]], 0), ([[0], [5]], 0)):
        with pytest.raises(ValueError, match=f"^actions: expected one that is legal there .*, got {came}$"):
            replay(GAME, starts, np.array(actions), mask, rng)
    assert np.array_equal(starts, before)
    with pytest.raises(ValueError, match="actions: expected integers from 0 to 15, got 16"):
        replay(GAME, starts, np.array([[5], [16]]), mask, rng)


def some_answers(feedback="rating", questions=6):
    state = build("capture_go", seed=3, feedback=feedback, questions=questions)
    return state, state.person.answer(state.game, propose(state, state.plan[0]), state.rngs["person"]).only_shown()


@pytest.mark.parametrize("kind", ["rating", "preference", "demonstration", "correction"])
def test_moves_come_back_from_the_log_as_they_were_played(kind):
    state, answers = some_answers(kind)
    again = from_labels(as_labels(answers, state.game, Steps(), 1), state.game, Steps())
    rows, others = answers.episodes[answers.shows.ravel()], again.episodes[again.shows.ravel()]
    for name in ("states", "observations", "actions", "mask", "ended", "first_step", "true_rewards"):
        assert np.array_equal(getattr(rows, name), getattr(others, name)), name
    assert rows.mask.shape[1] == 1                                     # single moves
    assert np.array_equal(again.said[:, :1], answers.said[:, :1])


def test_a_log_with_an_illegal_move_is_refused_in_one_line():
    state, answers = some_answers()
    labels = as_labels(answers, state.game, Steps(), 1)
    for point, occupied in enumerate(labels[2]["shows"][0]["states"][0][:16]):
        broken = copy.deepcopy(labels)
        broken[2]["shows"][0]["actions"] = [point]
        if occupied:
            with pytest.raises(ValueError, match=f"^actions: expected one that is legal there .*, got {point}$"):
                from_labels(broken, state.game, Steps())


# ---- the expert

def judged(observations):
    """The expert's judgement of each move (n, 16), from what is seen."""
    mine, theirs = as_set(observations[:, :16] > 0), as_set(observations[:, 16:32] > 0)
    own, other, takes, _ = after_each_move(mine, theirs)
    return judgement(own, other, takes)


@pytest.mark.parametrize("board, better, worse", [
    ("O.#. #... .... ....", 1, 15), ("#O.. .... .... ....", 4, 15), (".... .... .O.. ....", 10, 15)])
def test_the_expert_takes_saves_what_is_attacked_and_likes_liberties(board, better, worse):
    worth = judged(GAME.observe(read(board))[None])[0]
    assert worth[better] > worth[worse]


def test_a_judgement_is_one_for_taking_minus_one_for_leaving_a_stone_to_be_taken_else_between():
    observations = GAME.observe(random_states(8, np.random.default_rng(15)))
    worth = judged(observations)
    for seen, row in zip(observations, worth):
        board = (seen[:16] - seen[16:32]).astype(int)
        for point in np.flatnonzero(seen[-16:]):
            takes, _ = plain_move(board, point)
            after = np.where(np.arange(16) == point, 1, board)
            loses = not takes and any(plain_move(after, reply, -1)[0] for reply in range(16))
            assert (row[point] == 1.0) == takes and (row[point] == -1.0) == loses and abs(row[point]) <= 1


def test_a_move_pays_what_the_expert_thinks_it_lost_and_the_best_one_nothing():
    game, rng = CaptureGo(judged=True), np.random.default_rng(16)
    states = random_states(100, rng)
    observations, actions = game.observe(states), rng.integers(16, size=len(states))
    legal, worth = game.legal(observations), judged(observations)
    _, rewards, _ = game.step(states, actions, rng)
    best = np.where(legal, worth, -np.inf).max(axis=1)
    may = legal[np.arange(len(states)), actions]
    assert np.allclose(rewards[may], (worth[np.arange(len(states)), actions] - best)[may])
    assert (rewards[~may] == -2).all() and (~may).any() and rewards.max() == 0.0
    assert (game.step(states, master(game).act(observations, rng), rng)[1] == 0).all()


def test_the_expert_beats_the_random_player_nearly_always():
    rng, n = np.random.default_rng(17), 1000
    wins = [rollout(GAME, Picks(act), GAME.start(n, rng), rng).true_returns.mean()
            for act in (at_random, master(GAME).act)]
    assert 0.4 < wins[0] < 0.57 and wins[1] > 0.95


def test_the_expert_takes_back_clear_mistakes_alone():
    state, answers = some_answers("correction", 40)
    as_it_was, mended = (answers.episodes[answers.shows[:, column]] for column in (0, 1))
    mistake = as_it_was.true_returns < -CLEAR
    assert 5 < mistake.sum() < 35 and np.array_equal(answers.said[:, 0] == 1, mistake)
    assert (mended.true_returns[mistake] == 0).all() and np.array_equal(mended.states[:, 0], as_it_was.states[:, 0])
    assert np.array_equal(mended.actions[~mistake], as_it_was.actions[~mistake])


def test_coins_act_by_legal_moves_too():
    state = build("capture_go", seed=3, feedback="demonstration", person="coin", questions=20)
    answers = state.person.answer(state.game, propose(state, state.plan[0]), state.rngs["person"])
    shown = answers.episodes[answers.shows.ravel()]
    assert state.game.legal(shown.decisions[0])[np.arange(shown.mask.sum()), shown.decisions[1]].all()


# ---- the world

def test_what_a_reward_model_sees_of_a_move_does_not_depend_on_how_the_board_lies():
    rng = np.random.default_rng(18)
    episodes = rollout(GAME, Picks(at_random), GAME.start(50, rng), rng)
    row, column = np.nonzero(episodes.mask)
    moves = clip(episodes[row], column, 1)
    seen = looks(moves)
    assert seen.shape == (len(row), 1, 26) and len(np.unique(seen, axis=0)) > 20
    for image in SYMMETRIES:
        turned = np.concatenate([moves.states[..., image], moves.states[..., 16:]], axis=-1)
        actions = np.argsort(image)[moves.actions]
        assert np.array_equal(looks(replace(moves, states=turned, actions=actions)), seen)


def test_the_view_shows_single_moves_of_all_times_and_has_six_kinds_of_feedback():
    rng = np.random.default_rng(19)
    episodes = rollout(GAME, Picks(at_random), GAME.start(200, rng), rng)
    moves = Moves().clips(episodes, 2000, rng)
    assert moves.mask.shape == (2000, 1) and moves.mask.all() and not moves.ended.any()
    counts, played = np.bincount(moves.first_step, minlength=8), episodes.mask.sum(axis=0)
    expected = 2000 * played / played.sum()
    assert (np.abs(counts - expected) <= 5 * np.sqrt(expected) + 1).all()
    state = build("capture_go")
    assert kinds_for(state.view, find("capture_go").expert) == ["preference", "ranking", "rating", "thumb",
                                                                "demonstration", "correction"]


def short(**settings):
    state = build("capture_go", **{"seed": 3, "rounds": 2, "questions": 5, **settings})
    state.updates_per_round, state.reward_model.fit_steps, state.episodes_per_update = 2, 5, 8
    state.imitation["steps"] = 3
    return state


@pytest.mark.parametrize("kind", ["rating", "demonstration"])
def test_stopped_after_a_round_a_run_goes_on_to_the_same_bytes(kind):
    whole = rlhf(short(feedback=kind))
    half, again = rlhf(short(feedback=kind), 1), short(feedback=kind)
    again.load(half.state(), half.answers)
    rlhf(again)
    assert {name: np.asarray(value).tobytes() for name, value in again.state().items()} == {
        name: np.asarray(value).tobytes() for name, value in whole.state().items()}


def test_a_run_is_judged_by_the_share_of_wins_and_draws_a_page_of_games():
    state = short(rounds=1)
    yardstick, rng = find("capture_go").yardstick(state), np.random.default_rng(20)
    assert yardstick.called == "share of wins" and not yardstick.game.judged and not yardstick.game.alertness
    assert 0.4 < yardstick.expected_return(state.policy, rng) < 0.6
    assert 0.95 < yardstick.expected_return(Picks(master(GAME).act), rng) <= yardstick.best_return() == 1.0
    page = find("capture_go").scenes(state.game, state.policy, rng)[0][0]
    assert {piece.text for piece in page if hasattr(piece, "text")} <= {"won", "lost", "drawn"}
    assert sum(hasattr(piece, "text") for piece in page) == 4
    assert all(0 <= value <= 1 for piece in page for value in piece if isinstance(value, float))


@pytest.mark.slow
def test_300_ratings_teach_it_to_win_and_coins_do_not():
    shares = {"simulated": [], "coin": []}
    for seed in range(410, 415):
        for person, found in shares.items():
            state = rlhf(build("capture_go", seed=seed, person=person))
            yardstick = find("capture_go").yardstick(state)
            found.append(yardstick.expected_return(state.policy, np.random.default_rng(seed)))
            assert len(state.answers) == 300
    assert min(shares["simulated"]) >= 0.8 and np.mean(shares["coin"]) < 0.75
