"""The books of real people: nothing is counted twice, nothing told too early, nothing lost, and undone is undone."""
import functools
import json
import math

import numpy as np
import pytest

from tinyrlhf import runs
from tinyrlhf.feedback.answers import SAME, SKIP, join_answers
from tinyrlhf.feedback.labels import counted, labels_in, votes_in
from tinyrlhf.questions import ask
from tinyrlhf.rlhf import act, propose, rlhf
from tinyrlhf.sessions import NOBODY, Said, Session, Voters, golden_pairs, is_left, report
from tinyrlhf.worlds import build, find


@functools.cache
def grid():
    return build("gridworld", seed=1)


@functools.cache
def asked(n, kind="preference"):
    """n questions about walks of an untrained walker."""
    state = build("gridworld", seed=1)
    return ask(kind, state, act(state), n)


def session(n=12, **how):
    return Session(asked(n), grid().game, rng=np.random.default_rng(0), **how)


def answer_all(books, who="ann", say=lambda ballot, options: [options[0]]):
    """One person answers everything that is dealt to them."""
    while (ballot := books.deal(who, 0.0)) is not None:
        assert books.say(who, ballot.id, say(ballot, books.screens(ballot)[1]), 1.0) == "taken"


def everything(books):
    """All that the books tell when they are closed."""
    books.close(9.0)
    answers = books.answers()
    said = {name: getattr(answers, name).tolist() for name in ("kind", "shows", "place", "said", "person")}
    told = {name: value for name, value in report(books.events).items() if value == value}
    tallies = {ballot.id: books.tally(ballot) for ballot in books.ballots}
    return said, told, {number: tally for number, tally in tallies.items() if tally}


def as_read(events):
    """Events as they come back from a file."""
    return json.loads(json.dumps(events))


@pytest.mark.parametrize("n", [1, 3, 9])
def test_undoing_n_answers_leaves_what_never_having_said_them_leaves(n):
    undone, never = session(), session()
    for books, count in ((undone, 9), (never, 9 - n)):
        for _ in range(count):
            ballot = books.deal("ann", 0.0)
            books.say("ann", ballot.id, [ballot.number % 2], 1.0)
    numbers = [undone.undo("ann", 2.0).number for _ in range(n)]
    assert numbers == list(range(8, 8 - n, -1)), "the latest first"
    assert undone.deal("ann", 3.0).number == 9 - n, "and asked again in their order"
    assert everything(undone) == everything(never)
    assert sum(event["k"] == "undo" for event in undone.events) == n, "the log keeps both"


def test_undo_goes_back_to_the_first_answer_and_no_further_and_not_once_learned():
    books = session(4)
    answer_all(books)
    assert [books.undo("ann", 1.0).number for _ in range(4)] == [3, 2, 1, 0]
    assert books.undo("ann", 1.0) is None and books.undo("bob", 1.0) is None
    answer_all(books)
    books.close(2.0)
    assert books.undo("ann", 3.0) is None


def test_a_tally_counts_distinct_voters_whatever_arrives_twice_late_changed_or_forged():
    books = session(room=True)
    ballot = books.open(0.0)
    for number in range(10):
        assert books.say(f"p{number}", ballot.id, [0], 1.0, turn=1) == "taken"
    assert books.say("p0", ballot.id, [1], 1.1, turn=2) == "taken", "a changed vote replaces the first"
    before = dict(books.votes)
    assert books.say("p0", ballot.id, [0], 1.2, turn=1) == "replayed"
    assert books.say("p0", ballot.id, [1], 1.2, turn=3) == "again"
    assert books.say("p1", "1.7", [1], 1.2, turn=9) == "unknown"
    assert books.say("p1", "2.0", [1], 1.2, turn=9) == "unknown", "of another round"
    assert books.votes == before and books.turnout(ballot) == 10
    books.close(2.0, ballot)
    assert books.say("p3", ballot.id, [1], 2.1, turn=50) == "late"
    assert books.tally(ballot) == {(0,): 9, (1,): 1}
    assert books.open(3.0).number == 1, "the next ballot"


def test_what_was_undone_does_not_come_back_by_a_replay():
    books = session()
    ballot = books.deal("ann", 0.0)
    books.say("ann", ballot.id, [1], 0.0, turn=1)
    books.undo("ann", 0.0)
    assert books.say("ann", ballot.id, [1], 0.0, turn=1) == "replayed" and books.turnout(ballot) == 0


def test_an_undo_that_is_replayed_takes_nothing_back_and_turns_hold_from_round_to_round():
    books = session()
    for turn in (1, 2):
        books.say("ann", books.deal("ann", 0.0).id, [0], 0.0, turn=turn)
    assert books.undo("ann", 0.0, turn=3).number == 1
    assert books.undo("ann", 0.0, turn=3) is None and len(books.votes) == 1
    later = Session(asked(12), grid().game, number=2, told=as_read(books.events))
    assert later.say("ann", later.deal("ann", 0.0).id, [0], 0.0, turn=3) == "replayed"


def test_nobody_answers_what_was_dealt_to_somebody_else():
    books = session()
    ballot = books.deal("ann", 0.0)
    assert books.say("bob", ballot.id, [0], 0.0) == "unknown" and not books.votes


def test_counts_and_answers_are_refused_until_they_are_closed():
    books = session(room=True)
    ballot = books.open(0.0)
    books.say("ann", ballot.id, [0], 0.0)
    with pytest.raises(ValueError, match="nobody sees counts"):
        books.tally(ballot)
    books.close(1.0, ballot)
    assert books.tally(ballot) == {(0,): 1}
    books.open_again(ballot, 2.0)                                            # a second vote, after discussion
    with pytest.raises(ValueError, match="nobody sees counts"):
        books.tally(ballot)
    with pytest.raises(ValueError, match="still open"):
        books.answers()
    assert not any("counts" in event for event in books.events if event["k"] in ("show", "label"))


def test_a_reset_forgets_the_votes_on_one_ballot_and_leaves_the_others():
    books = session(room=True)
    for said in (0, 1):
        ballot = books.open(0.0)
        books.say("ann", ballot.id, [said], 0.0)
        books.close(0.0, ballot)
    books.reset(books.ballots[0], 1.0)
    assert books.open(1.0).number == 0 and books.turnout(books.ballots[0]) == 0
    assert books.tally(books.ballots[1]) == {(1,): 1}


def test_an_answer_that_its_kind_does_not_have_changes_nothing():
    books = session()
    ballot = books.deal("ann", 0.0)
    for wrong in ([3], [-3], [0.5], ["0"], [True], [], 1, None, {}, [[0], [1]], [10 ** 30], [float("nan")]):
        assert books.say("ann", ballot.id, wrong, 0.0) == "invalid", wrong
    for more in ({"ms": -1}, {"ms": "1"}, {"ms": 0.5}, {"turn": 1e9}, {"confidence": 2}, {"confidence": float("nan")}):
        assert books.say("ann", ballot.id, [0], 0.0, **more) == "invalid", more
    assert books.say(NOBODY, ballot.id, [0], 0.0) == books.say("ann", ["x"][0], [0], 0.0) == "unknown"
    assert not books.votes and len(books.events) == 1


def test_what_cannot_be_written_does_not_count_and_can_be_said_again():
    written = []
    full = []

    def write(events):
        if full:
            raise OSError(28, "No space left on device")
        written.extend(events)

    books = session(write=write)
    ballot = books.deal("ann", 0.0)
    full.append(True)
    with pytest.raises(OSError):
        books.say("ann", ballot.id, [0], 0.0, turn=5)
    with pytest.raises(OSError):
        books.close(0.0)
    assert not books.votes and not books.closed
    full.clear()
    assert books.say("ann", ballot.id, [0], 0.0, turn=5) == "taken" and len(written) == 2


def test_everything_is_on_the_disk_before_it_counts():
    at_write = []
    books = session(4, write=lambda events: at_write.append((len(books.votes), [kind for kind, _ in events])))
    answer_all(books)
    assert [count for count, kinds in at_write if kinds == ["label"]] == [0, 1, 2, 3]


def test_a_batch_of_votes_is_written_at_once_and_judged_in_its_order():
    groups = []
    books = session(room=True, write=groups.append)
    ballot = books.open(0.0)
    votes = [Said("a", ballot.id, [0], turn=1), Said("b", ballot.id, [0], turn=1), Said("a", ballot.id, [1], turn=2),
             Said("a", ballot.id, [0], turn=1), Said("c", "no", [0]), Said("d", ballot.id, [7]),
             Said("b", ballot.id, [0])]
    assert books.say_all(votes, 1.0) == ["taken", "taken", "taken", "replayed", "unknown", "invalid", "again"]
    books.close(2.0, ballot)
    assert len(groups[1]) == 3 and books.tally(ballot) == {(0,): 1, (1,): 1}


def test_the_books_can_be_opened_again_after_any_event_and_nothing_is_asked_twice():
    whole = session(7, golden=golden())
    answer_all(whole, say=lambda ballot, options: [ballot.number % 2])
    expected = everything(whole)
    for cut in range(len(whole.events) + 1):
        again = session(7, golden=golden(), told=as_read(whole.events[:cut]))
        answered = {number for number, _ in again.votes}
        while (ballot := again.deal("ann", 0.0)) is not None:
            assert ballot.number not in answered
            answered.add(ballot.number)
            again.say("ann", ballot.id, [ballot.number % 2], 1.0)
        said = everything(again)[0]
        assert said == expected[0], f"after {cut} events"


def test_people_are_dealt_what_fewest_have_and_everybody_only_what_they_have_not_had():
    books = session(6, checks=False)
    first = [books.deal(who, 0.0).row for who in "abcdefghi"]
    assert sorted(first[:6]) == list(range(6)) and sorted(first[6:]) == first[6:] == [0, 1, 2]
    answer_all(books, "a")
    assert sorted(ballot.row for ballot in books.ballots if ballot.who == "a") == list(range(6))


def golden():
    """Pairs of walks of which one is certainly better."""
    walks = act(build("gridworld", seed=3), 64)
    return golden_pairs(build("gridworld").view.certain, walks, "preference", 3, np.random.default_rng(0))


def test_one_ballot_in_eight_repeats_one_with_sides_swapped_and_one_in_twelve_is_certain():
    books = session(48, golden=golden())
    answer_all(books)
    repeats = [ballot for ballot in books.ballots if ballot.why == "repeat"]
    assert [ballot.number + 1 for ballot in repeats] == list(range(8, len(books.ballots) + 1, 8))
    for ballot in repeats:
        first = books.ballots[ballot.of]
        assert ballot.row == first.row and ballot.place == first.place[::-1] and first.number < ballot.number
        rows, _ = books.screens(ballot)
        assert rows.tolist() == books.screens(first)[0][::-1].tolist()
    assert len({ballot.of for ballot in repeats}) == len(repeats)
    certain = [ballot.number + 1 for ballot in books.ballots if ballot.why == "golden"]
    assert certain == list(range(5, len(books.ballots) + 1, 12))
    flowers = grid().view.certain(books.questions.episodes)
    for ballot in books.ballots:
        if ballot.why == "golden":
            better, worse = books.questions.shows[ballot.row][:2]
            assert flowers[better] == 1 and flowers[worse] == -1


def test_the_order_of_checks_goes_on_from_round_to_round():
    first = session(5, number=1)
    answer_all(first)
    second = Session(asked(5), grid().game, number=2, rng=np.random.default_rng(0), told=as_read(first.events))
    answer_all(second)
    assert [ballot.why for ballot in second.ballots] == ["asked", "asked", "repeat", "asked", "asked", "asked"]


def test_repeated_and_certain_questions_are_kept_but_not_learned_from():
    books = session(12, golden=golden())
    answer_all(books)
    books.close(1.0)
    kinds = [event["k"] for event in books.events]
    assert kinds.count("label") == len(books.answers()) == 12 and kinds.count("check") == 2


def test_answers_are_of_episodes_not_of_sides_and_stand_in_the_order_of_the_questions():
    books = session(12, checks=False)
    answer_all(books, say=lambda ballot, options: [options[0]])              # always the left one
    books.close(1.0)
    answers = books.answers()
    left = np.where(asked(12).place[:, 0] == 0, 0, 1)
    assert answers.said[:, 0].tolist() == left.tolist()
    assert np.array_equal(answers.place, asked(12).place) and np.array_equal(answers.kind, asked(12).kind)
    assert np.allclose(answers.episodes.true_returns[answers.shows], asked(12).episodes.true_returns[asked(12).shows])


def test_what_nobody_answered_is_skipped_by_nobody_and_the_loop_goes_on():
    state = build("gridworld", seed=1, rounds=2, questions=4)
    state.person, state.updates_per_round = Voters(lambda books, state: books.close(0.0), state), 1
    rlhf(state)
    assert set(state.answers.person) == {NOBODY} and (state.answers.said[:, 0] == SKIP).all()
    assert len(state.history) == 2 and len(state.answers) == 8 and np.isfinite(state.policy.network.params.vector).all()


def test_several_kinds_in_one_round_are_asked_one_after_the_other():
    state = build("gridworld", seed=1, questions=2, feedback="preference,ranking,rating,stop,comment,credit")
    questions = propose(state, state.plan[0])
    books = Session(questions, state.game, remarks=state.view.remarks, rng=np.random.default_rng(0))
    said = {"preference": [SAME], "ranking": [2, 0, 1, 3], "rating": [4], "stop": [1], "comment": [2], "credit": [1, 5]}
    answer_all(books, say=lambda ballot, options: said[books.kind(ballot)])
    books.close(1.0)
    answers = books.answers()
    assert answers.kind.tolist() == questions.kind.tolist()
    for kind, numbers in said.items():
        of_kind = answers.said[answers.kind == kind]
        assert (of_kind[:, :len(numbers)] == numbers).all(), kind
    assert np.array_equal(counted(books.events)[4]["said"], [4])


def test_sides_are_fair_also_for_those_who_see_a_question_second():
    books = session(10, checks=False)
    sides = [books.deal(str(who), 0.0).place[0] == 0 for who in range(2000)]
    assert abs(np.mean(sides) - 0.5) < 2.6 * 0.5 / math.sqrt(2000)


def voted(number, who, said, place, k="label", **more):
    return {"k": k, "round": 1, "ballot": number, "q": number, "kind": "preference", "who": who, "said": [said],
            "place": place, "ms": 1000, **more}


def biased(n, bias, rng, spread=1.5):
    """Events of somebody who likes the left by so many logits; every eighth question is asked again, swapped."""
    events = []
    for number in range(n):
        gap, place = spread * rng.normal(), [0, 1] if rng.random() < 0.5 else [1, 0]
        for swapped in range(1 + (number % 8 == 0)):
            seen = place[::-1] if swapped else place
            towards_first = gap + bias * (1 if seen[0] == 0 else -1)
            said = int(rng.random() >= 1 / (1 + math.exp(-towards_first)))
            check = {"k": "check", "why": "repeat", "of": number} if swapped else {}
            events.append(voted(number + n * swapped, "ann", said, seen, **check))
    return events


def test_a_planted_liking_for_the_left_is_found_in_repeats_alone():
    rng = np.random.default_rng(0)
    for bias in (0.5, 0.0, -0.5):
        found = [report(biased(1200, bias, rng))["side_bias"] for _ in range(2)]
        assert np.abs(np.array(found) - bias).max() < 0.4 and abs(np.mean(found) - bias) < 0.25


def test_the_left_share_leaves_its_band_with_a_bias_and_mostly_not_without():
    rng = np.random.default_rng(1)
    fair = [report(biased(200, 0.0, rng)) for _ in range(40)]
    assert np.mean([abs(each["left"] - 0.5) < each["band"] for each in fair]) >= 0.9
    assert report(biased(400, 1.0, rng))["left"] > 0.5 + report(biased(400, 1.0, rng))["band"]
    assert report(biased(200, 0, rng))["band"] == pytest.approx(0.09, abs=0.01)


def graded(right, of=20, who="ann"):
    return [voted(i, who, 0 if i < right else 1, [0, 1], k="check", why="golden", of=None) for i in range(of)]


def test_fewer_than_sixteen_of_twenty_certain_questions_right_flag_a_person():
    assert report(graded(15))["flagged"] == ["ann"] and not report(graded(16))["flagged"]
    assert not report(graded(0, of=19))["flagged"], "too few to tell"
    rng = np.random.default_rng(0)
    at_random = np.mean([bool(report(graded(rng.binomial(20, 0.5)))["flagged"]) for _ in range(300)])
    careful = np.mean([bool(report(graded(rng.binomial(20, 0.95)))["flagged"]) for _ in range(300)])
    assert at_random > 0.98 and careful < 0.02


def test_agreement_needs_several_people_and_is_one_when_they_say_the_same():
    alone = [voted(i, "ann", i % 2, [0, 1]) for i in range(8)]
    both = alone + [voted(i, "bob", i % 2, [1, 0]) for i in range(8)]
    assert report(alone)["agreement"] == {} and report(both)["agreement"] == {"preference": 1.0}
    contrary = alone + [voted(i, "bob", 1 - i % 2, [0, 1]) for i in range(8)]
    assert report(contrary)["agreement"]["preference"] < -0.8


def test_consistency_and_undone_votes_in_the_report():
    first, second = voted(0, "ann", 1, [0, 1]), voted(1, "ann", 1, [1, 0], k="check", why="repeat", of=0)
    assert report([first, second])["consistency"] == 1.0 and is_left(second) and not is_left(first)
    undone = {"k": "undo", "round": 1, "ballot": 0, "who": "ann"}
    assert report([first, second, undone])["answers"] == 0 and votes_in([first, undone]) == {}


def test_others_answer_the_first_questions_and_people_the_last_few():
    state = build("gridworld", seed=1, questions=6)
    others = state.person
    voters = Voters(lambda books, state: (answer_all(books), books.close(1.0)), state, others=others, most=2)
    answers = voters.answer(state.game, propose(state, state.plan[0]), np.random.default_rng(0))
    assert answers.person.tolist() == ["simulated"] * 4 + ["ann"] * 2


def test_typed_questions_replace_what_was_to_be_shown_and_stand_in_the_answers():
    books = session(3, checks=False)
    other = join_answers([asked(5)[[4]]]).only_shown()
    ballot = books.deal("ann", 0.0)
    books.show(ballot, other, 1.0)
    rows, options = books.screens(ballot)
    first = rows[options.index(0)]
    assert books.questions.episodes.true_returns[first] == other.episodes.true_returns[other.shows[0, 0]]
    answer_all(books)
    again = session(3, checks=False, told=as_read(books.events))
    for each in (books, again):
        each.close(2.0)
        answers = each.answers()
        assert answers.episodes.true_returns[answers.shows[0, 0]] == other.episodes.true_returns[other.shows[0, 0]]
    assert counted(books.events)[0]["typed"]


class Crash(Exception):
    """Stands for a power cut."""


def clock_work(patience=math.inf):
    """A face that says left, right, left, ... and breaks down after so many answers; and the ids that it was shown."""
    shown = []

    def face(books, state):
        while (ballot := books.deal("ann", 0.0)) is not None:
            if len(shown) >= patience:
                raise Crash
            shown.append(ballot.id)
            books.say("ann", ballot.id, [ballot.number % 2], 1.0)
        books.close(2.0)
    return face, shown


def run_in(folder, face, resume=False, **how):
    """A run of two rounds of four questions in this folder; its State, or None after a crash."""
    settings = find("gridworld").settings(seed=2, rounds=2, questions=4, person="human")
    state = runs.load(folder, or_begin=True) if resume else runs.begin(settings)
    if not resume:
        runs.create(folder, settings)
    simulated = build("gridworld", seed=2, questions=4).person
    state.person = Voters(face, state, others=simulated, **how)
    state.updates_per_round = 2
    with runs.Run(folder, state) as run:
        try:
            return rlhf(state, on_round=run.save)
        except Crash:
            return None


@pytest.mark.parametrize("how", [{}, {"most": 2}])
def test_a_round_that_was_broken_off_goes_on_where_it_stopped_and_teaches_the_same(tmp_path, how):
    face, whole = clock_work()
    expected = run_in(tmp_path / "whole", face, **how)
    pieces, folder, done = [], tmp_path / "broken", None
    while done is None:
        face, shown = clock_work(patience=3)
        done = run_in(folder, face, resume=folder.exists(), **how)
        pieces += shown
    assert pieces == whole and len(whole) == (4 if how else 10), "everything asked once, checks too"
    assert np.array_equal(done.policy.network.params.vector, expected.policy.network.params.vector)
    for place in ("whole", "broken"):
        loaded = runs.load(tmp_path / place)
        assert len(loaded.answers) == 8
        assert np.array_equal(loaded.answers.said[:, 0], expected.answers.said[:, 0])
        assert loaded.answers.person.tolist() == expected.answers.person.tolist()


def test_the_log_of_a_face_is_a_person_and_teaches_the_same_again(tmp_path):
    expected = run_in(tmp_path / "run", clock_work()[0])
    settings = find("gridworld").settings(seed=2, rounds=2, questions=4, person="recorded")
    state = runs.begin(settings)
    state.updates_per_round = 2
    source = runs.source_of(tmp_path / "run" / "feedback.jsonl", state, settings)
    with runs.Run(runs.create(tmp_path / "again", settings), state, source) as run:
        rlhf(state, on_round=run.save)
        assert run.book.differences == []
    assert np.array_equal(state.policy.network.params.vector, expected.policy.network.params.vector)


def test_what_was_said_in_a_round_that_is_not_over_is_not_learned_from():
    books = session(4)
    answer_all(books)
    assert labels_in(as_read([{"v": 2, **event} for event in books.events]), grid().plan) == []
    over = [*books.events, {"k": "asked", "round": 1}]
    assert len(labels_in(as_read([{"v": 2, **event} for event in over]), grid().plan)) == 4
