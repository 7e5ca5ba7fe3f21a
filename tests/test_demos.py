"""The demos: what nobody raised is marked, no text is cut, what they foretell holds, and nothing stands twice."""
import ast
import itertools

import numpy as np
import pytest

from tinyrlhf.teaching import stepper
from tinyrlhf.teaching.places import lesson_folders
from tinyrlhf.teaching.room import Vote
from tinyrlhf.teaching.stepper import Stepper

LESSONS = lesson_folders()
each_lesson = pytest.mark.parametrize("folder", LESSONS, ids=lambda folder: folder.name)


def test_the_lead_that_demo_6_foretells_holds_as_often_as_it_says():
    """The simulated room's true share lies in the foretold range in 95 of 100 shows, nearly."""
    demo = stepper.run_file(LESSONS[5] / "demo.py")
    held = []
    for seed in range(400, 440):
        questions = [demo["ask"]("", pair) for pair in demo["PAIRS"]]
        hands = [stepper.invent(question, number, seed)[:2] for number, question in enumerate(questions)]
        fit = demo["fitted"]([(*pair, *each) for pair, each in zip(demo["PAIRS"], hands)], 0.5)
        low, _, high = demo["foretold"](fit, *demo["ASK_LAST"])
        held.append(low <= demo["ask"]("", demo["ASK_LAST"]).share <= high)
    assert 0.9 <= np.mean(held)


def texts(figure):
    """All that can be read, as (text, artist)."""
    found = list(figure.texts)
    for axes in figure.axes:
        found += axes.texts
        if axes.axison:
            found += [axes.title, axes._left_title, axes._right_title]
            for axis in (axes.xaxis, axes.yaxis):
                low, high = sorted(axis.get_view_interval())
                ticks = [tick for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]
                found += [axis.label, *(tick.label1 for tick in ticks)]
    return [(each.get_text(), each) for each in found if each.get_text().strip() and each.get_visible()]


def overlapping(figure):
    """Pairs of texts that cover each other, and texts that leave the picture."""
    figure.canvas.draw()
    upright = [(text, artist) for text, artist in texts(figure) if artist.get_rotation() % 90 == 0]
    found = [(text, artist.get_window_extent()) for text, artist in upright]
    wrong = [(text, "leaves the picture") for text, box in found
             if min(box.x0, box.y0) < -1 or box.x1 > figure.bbox.x1 + 1 or box.y1 > figure.bbox.y1 + 1]
    for i, (text, box) in enumerate(found):
        for other, its in found[:i]:
            wide = min(box.x1, its.x1) - max(box.x0, its.x0)
            high = min(box.y1, its.y1) - max(box.y0, its.y0)
            if wide > 3 and high > 3:
                wrong.append((text, other))
    return wrong


@pytest.mark.slow
@each_lesson
def test_each_demo_is_legible_on_any_screen_and_marks_what_nobody_raised(folder):
    show, sizes = Stepper(folder.name, seed=1, votes={0: Vote(23, 11)}), itertools.cycle([(1280, 720), (1024, 768)])
    while claim := show.next():
        show.figure.set_size_inches(np.array(next(sizes)) / show.figure.dpi)
        show.fit()
        assert not overlapping(show.figure), f"{show.beat}: {claim}"
        small = [text for text, each in texts(show.figure) if each.get_fontsize() < 18 and each is not show.footer]
        assert all(len(text) == 1 for text in small), small             # signs in the cells of a map
        assert ("INVENTED" in show.status.get_text()) == (len(show.heard) > 1)
    assert show.command() == f"tinyrlhf demo {show.number} --seed 1 --votes 23,11"
    show.plt.close(show.figure)


def functions_of(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_no_function_stands_in_two_demos_or_in_a_demo_and_its_lesson():
    seen = {}
    for folder in LESSONS:
        demo, of_lesson = functions_of(folder / "demo.py"), functions_of(folder / "lesson.py")
        for name, node in demo.items():
            body = "".join(map(ast.dump, node.body))
            copied = name in of_lesson and "".join(map(ast.dump, of_lesson[name].body)) == body
            assert not copied, f"{folder.name}: {name} stands in the lesson"
            assert body not in seen, f"{folder.name}: {name} is {seen[body]}"
            seen[body] = f"{folder.name}: {name}"
        assert not {"hands", "counted", "draw_card"} & set(demo)
