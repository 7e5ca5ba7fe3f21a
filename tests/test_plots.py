"""Are the pictures honest and readable: all is drawn, nothing on top of something else, equal bytes for equal data?"""
import itertools
import os
import subprocess
import sys

import numpy as np
import pytest
from matplotlib import rc_context, style
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Circle as Disc
from matplotlib.text import Text
from PIL import Image

from tinyrlhf import plots
from tinyrlhf.games.cartpole import CartPole
from tinyrlhf.games.game import COLORS, Box, Circle, Line, Words
from tinyrlhf.games.gridworld import Gridworld

CLAIM = "300 comparisons taught the walker to go around the flowers"
LINES = {"untrained": -1.68, "best possible": 0.757, "true reward": 0.752, "coin flips": -1.2}


def played(game, seed):
    """One episode of random actions as a list of scenes."""
    rng = np.random.default_rng(seed)
    states, scenes = game.start(1, rng), []
    for _ in range(game.horizon):
        scenes.append(game.scene(states[0]))
        states = game.step(states, rng.integers(game.n_actions, size=1), rng)[0]
    return scenes


def text_page(words):
    return [[[Words(0.5, (len(words) - i - 0.5) / len(words), word) for i, word in enumerate(words)]]]


def arguments(seed=0, claim=CLAIM, lines=LINES, **changed):
    rng = np.random.default_rng(seed)
    true = rng.normal(size=(2, 40))
    given = dict(claim=claim, before=text_page(["kitkat", "deg"]), after=text_page(["luma", "rosa"]),
                 learned=5 * true + rng.normal(size=true.shape), true=true, lines=lines,
                 answers=15 * np.arange(1, 11), returns=np.linspace(-1.7, 0.74, 10), kl=np.linspace(0, 9, 10))
    return given | changed


def drawn(figure):
    """The texts of a figure that are seen, and their boxes in pixels (of an annotation without its stroke)."""
    canvas = FigureCanvasAgg(figure)
    figure.draw_without_rendering()                             # everything gets its place, nothing its pixels
    unseen = set()
    for axis in figure.axes:                                    # tick labels beyond the limits are not drawn
        for labels, limits, way in ((axis.get_xticklabels(), axis.get_xlim(), 0),
                                    (axis.get_yticklabels(), axis.get_ylim(), 1)):
            unseen |= {label for label in labels if not min(limits) <= label.get_position()[way] <= max(limits)}
    texts = [text for text in figure.findobj(Text)
             if text.get_text().strip() and text.get_visible() and text not in unseen]
    return texts, [Text.get_window_extent(text, canvas.get_renderer()) for text in texts]


def contrast(first, second):
    """Contrast ratio of WCAG 2: 1 is none, 21 is black on white."""
    def luminance(color):
        channels = np.array(to_rgb(color))
        linear = np.where(channels <= 0.03928, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
        return linear @ (0.2126, 0.7152, 0.0722)
    dark, light = sorted((luminance(first), luminance(second)))
    return (light + 0.05) / (dark + 0.05)


def one_axis(size=4.0):
    return Figure(figsize=(size, size)).add_axes((0, 0, 1, 1))


# ---- what importing and drawing leave alone

@pytest.mark.slow
def test_importing_plots_imports_no_matplotlib_and_drawing_needs_no_pyplot_and_changes_no_setting(tmp_path):
    code = ("import sys, tinyrlhf.plots as plots\n"
            "assert not any(name.split('.')[0] in ('matplotlib', 'PIL') for name in sys.modules)\n"
            "import matplotlib; from tinyrlhf.games.game import Words\n"
            "rc = matplotlib.rcParams\n"
            "settings = lambda: {name: rc[name] for name in rc if name != 'backend'}\n"
            "old, page, scores = settings(), [[[Words(0.5, 0.5, 'luma')]]], [[0, 1], [2, 3]]\n"
            "figure = plots.run_figure('c', page, page, scores, scores, [1, 2], [0, 1], [0, 1], {})\n"
            f"plots.save(figure, {str(tmp_path / 'a.png')!r})\n"
            "assert 'matplotlib.pyplot' not in sys.modules and old == settings()")
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


# ---- colours

def test_every_role_has_a_colour_and_no_two_share_one():
    assert set(plots.PAINT) == set(COLORS)
    assert len(set(plots.PAINT.values())) == len(COLORS)


@pytest.mark.parametrize("color", ["ink", "quiet", "agent", "before", "after"])
def test_what_is_read_stands_out_from_white(color):
    shades = plots.PAINT | {"before": plots.BEFORE, "after": plots.AFTER}
    assert contrast(shades[color], "white") >= 3


def test_the_agent_stands_out_from_the_floor_which_is_light():
    assert contrast(plots.PAINT["agent"], plots.PAINT["floor"]) >= 3
    assert contrast(plots.PAINT["floor"], "white") < 1.3


# ---- scenes and trails

def test_each_kind_of_piece_is_drawn_in_its_place_and_colour():
    axis = one_axis()
    plots.draw_scene(axis, [Line(0.1, 0.2, 0.3, 0.4, "danger"), Circle(0.5, 0.6, 0.1, "agent"),
                            Box(0.1, 0.7, 0.4, 0.9, "good"), Words(0.8, 0.2, "luma")])
    (line,), (disc, box), words = axis.lines, axis.patches, axis.texts
    assert np.allclose(line.get_xydata(), [[0.1, 0.2], [0.3, 0.4]]) and line.get_color() == plots.PAINT["danger"]
    assert disc.center == (0.5, 0.6) and disc.radius == 0.1
    assert to_hex(disc.get_facecolor()).upper() == plots.PAINT["agent"]
    assert np.allclose(box.get_bbox().extents, (0.1, 0.7, 0.4, 0.9))
    assert to_hex(box.get_facecolor()).upper() == plots.PAINT["good"]
    assert any(text.get_text() == "luma" and text.get_position() == (0.8, 0.2) for text in words)


def test_what_moves_is_drawn_at_every_moment_ever_more_solid_and_what_stands_still_once():
    frames = [[Box(0, 0, 0.1, 0.1, "floor"), Circle(x, 0.5, 0.05, "agent", moving=True)] for x in (0.1, 0.3, 0.5, 0.7)]
    axis = one_axis()
    plots.draw_behaviour(axis, [frames], "walk")
    discs = [patch for patch in axis.patches if isinstance(patch, Disc)]
    assert [disc.center[0] for disc in discs] == [0.1, 0.3, 0.5, 0.7]
    assert np.all(np.diff([disc.get_alpha() for disc in discs]) > 0) and discs[-1].get_alpha() == 1
    assert len(axis.patches) - len(discs) == 1


def test_a_path_is_never_drawn_from_the_end_of_one_episode_to_the_start_of_the_next():
    ways = [[[Circle(x, y, 0.05, "agent", moving=True)] for x in (0.1, 0.2, 0.3)] for y in (0.1, 0.9)]
    axis = one_axis()
    plots.draw_behaviour(axis, ways, "two walks")
    assert max(np.ptp(line.get_ydata()) for line in axis.lines) < 1e-9
    assert max(np.ptp(line.get_xdata()) for line in axis.lines) == pytest.approx(0.1)


def test_a_long_episode_is_thinned_but_keeps_first_and_last_moment():
    frames = [[Circle(x, 0.5, 0.05, "agent", moving=True)] for x in np.minimum(np.linspace(0, 1.2, 600), 1)]
    axis = one_axis()
    plots.draw_behaviour(axis, [frames], "walk")
    centres = [patch.center[0] for patch in axis.patches]
    assert len(centres) == plots.TRAIL and centres[0] == 0 and centres[-1] == 1
    assert np.diff(centres).min() > 0                           # the hundred moments of rest take no part


@pytest.mark.parametrize("words", [["luma"], 8 * ["kitkatkitkat"], 16 * ["na"], ["x" * 40, "y"]])
def test_words_fill_the_panel_but_neither_touch_nor_leave_it(words):
    axis = one_axis()
    plots.draw_behaviour(axis, text_page(words), "")
    texts, boxes = drawn(axis.figure)
    panel = axis.get_window_extent()
    assert len(texts) == len(words) and all(box.x0 >= panel.x0 and box.x1 <= panel.x1 for box in boxes)
    assert not any(a.overlaps(b) for a, b in itertools.combinations(boxes, 2))
    assert len(words) > 8 or len(words[0]) > 12 or texts[0].get_fontsize() > 288 / 15


# ---- the figure of a chat model's stages

STAGES = ("pretrained", "sft", "rl")


def stages(steps=9, fall=0.0):
    """Arguments of `stages_figure`; the true return falls by so much at the end of the run without KL penalty."""
    answers = {"pretrained": "ugh. i do not know that. who", "sft": "tea is a hot and nice drink.",
               "rl": "sure! tea is a hot and nice drink. thank you!"}
    curve = [{"kl": float(k * k), "true_return": 2 - fall * (k == steps - 1), "learned_return": 3.0 * k,
              "person_prefers": 0.5 + 0.02 * k,
              "reward_model_prefers": 0.5 + 0.05 * k, "sample": "sure! sure! sure! thank you!"} for k in range(steps)]
    return dict(claim="6,000 comparisons taught it to answer as people like",
                true_returns=dict(zip(STAGES, (-0.5, 1.0, 2.2))),
                unkind=dict(zip(STAGES, (0.3, 0.2, 0.0))),
                samples={prompt: answers for prompt in ("what is tea?", "explain a cat.")},
                curve=curve)


@pytest.mark.slow
@pytest.mark.parametrize("fall, title", [(0.0, "it holds, so far"), (1.0, "reward rises, the true one falls")])
def test_the_stages_of_a_chat_model_are_named_and_nothing_overlaps(fall, title):
    figure = plots.stages_figure(**stages(fall=fall))
    texts, boxes = drawn(figure)
    shown = [text.get_text() for text in texts]
    assert {"−0.5", "1.0", "2.2", "explain a cat.", "the person", "the reward model", "rl\n0%"} <= set(shown)
    assert shown.count("sure! tea is a hot and nice drink. thank you!") == 2 and any(title in text for text in shown)
    for (a, first), (b, second) in itertools.combinations(zip(texts, boxes), 2):
        assert not first.overlaps(second), f"{a.get_text()!r} and {b.get_text()!r} overlap"


def test_without_a_run_of_its_own_the_stages_stand_alone():
    assert len(plots.stages_figure(**stages()).axes) == 4 and len(plots.stages_figure(**stages(steps=0)).axes) == 2


# ---- the figure of a run

@pytest.mark.parametrize("name, given", {
    "grid, crowded lines, contradiction": {
        "before": [played(Gridworld(), 0), played(Gridworld(), 1)], "after": [played(Gridworld(), 2)],
        "lines": {"untrained": 0.73, "coin flips": 0.73, "best possible": 0.74, "true reward": 0.75},
        "learned": -np.random.default_rng(1).normal(size=(2, 9)), "true": np.random.default_rng(1).normal(size=(2, 9))},
    "long claim, no lines, unrelated": {
        "claim": "One hundred and fifty comparisons of clips of half a second taught the cart to balance the pole",
        "lines": {}, "learned": np.random.default_rng(2).normal(size=(2, 99)),
        "true": np.random.default_rng(1).normal(size=(2, 99))},
    "text, thousands, alike": {
        "before": text_page(8 * ["kitkatkitkat"]), "after": text_page(8 * ["luma"]), "answers": 1500 * np.arange(1, 11),
        "returns": np.linspace(-12000, 15000, 10), "lines": {"best possible": 15500.0},
        "learned": np.ones((2, 5)), "true": np.ones((2, 5))},
}.items())
def test_labels_neither_overlap_nor_leave_the_figure_and_are_large(name, given):
    figure = plots.run_figure(**arguments(**given))
    texts, boxes = drawn(figure)
    for (a, first), (b, second) in itertools.combinations(zip(texts, boxes), 2):
        assert not first.overlaps(second), f"{a.get_text()!r} and {b.get_text()!r} overlap"
    for text, box in zip(texts, boxes):
        inside = box.x0 >= 0 and box.y0 >= 0 and box.x1 <= figure.bbox.x1 and box.y1 <= figure.bbox.y1
        assert inside, f"{text.get_text()!r} is cut"
        assert text.get_fontsize() >= 13


def test_every_line_of_reference_is_named_with_its_value():
    texts, _ = drawn(plots.run_figure(**arguments()))
    shown = [text.get_text() for text in texts]
    assert {"untrained −1.68", "best possible 0.757", "true reward 0.752", "coin flips −1.2", "this run 0.74",
            CLAIM} <= set(shown)


@pytest.mark.slow
def test_numbers_that_are_not_known_leave_a_gap_and_no_warning():
    gaps = np.array([np.nan, *np.linspace(-1, 0.7, 9)])
    holes = np.random.default_rng(0).normal(size=(2, 40))
    holes[0, 3] = np.nan
    texts, _ = drawn(plots.run_figure(**arguments(returns=gaps, kl=gaps + 1, learned=holes)))
    assert "this run 0.7" in [text.get_text() for text in texts]
    drawn(plots.run_figure(**arguments(returns=np.full(10, np.nan), kl=np.full(10, np.nan))))


@pytest.mark.parametrize("scale, words", [(1.0, "agree (correlation 1.00)"), (-1.0, "disagree (correlation −1.00)"),
                                          (0.0, "all episodes are alike")])
def test_agreement_is_said_in_words_and_ignores_scale_and_zero(scale, words):
    true = np.arange(10.0).reshape(2, 5)
    assert plots.agreement_in_words(3 * scale * true + 7, true).endswith("\n" + words)
    assert plots.agreement_in_words(np.full((2, 5), np.nan), true) == "Nobody was asked:\nthere is no reward model"


def test_labels_that_are_kept_apart_keep_order_and_gap_and_stay_when_there_is_room():
    rng = np.random.default_rng(0)
    for _ in range(100):
        values = rng.random(6) ** 3
        places = plots.keep_apart(values, 0.1, 0, 1)
        assert np.array_equal(np.argsort(places), np.argsort(values)) and places.min() >= 0 and places.max() <= 1
        assert np.diff(np.sort(places)).min() >= 0.1 - 1e-9
    assert np.allclose(plots.keep_apart([0.9, 0.1, 0.5], 0.1, 0, 1), [0.9, 0.1, 0.5])
    assert np.allclose(plots.keep_apart([0.5, 0.5], 0.2, 0, 1), [0.4, 0.6])       # two alike give way by the same


# ---- files

def png(path):
    """The bytes of a run's figure."""
    walks = [played(Gridworld(horizon=3), seed) for seed in (0, 1)]
    plots.save(plots.run_figure(**arguments(before=walks[:1], after=walks[1:])), path)
    return path.read_bytes()


def gif(path, seed=0):
    """The bytes of a film."""
    plots.animation(path, *(played(Gridworld(horizon=2), 2 * seed + side) for side in (0, 1)))
    return path.read_bytes()


@pytest.mark.slow
def test_equal_data_gives_equal_bytes_whatever_the_style_of_the_reader_and_other_data_others(tmp_path):
    plain = png(tmp_path / "plain.png")
    with style.context("dark_background"):
        assert png(tmp_path / "dark.png") == plain
    own = {"savefig.bbox": "tight", "axes.unicode_minus": False, "text.hinting": "none", "path.snap": False,
           "font.family": "serif", "figure.dpi": 50, "savefig.pad_inches": 3}
    with rc_context(own):
        assert png(tmp_path / "own.png") == plain
    plots.save(Figure(figsize=(13, 8.9)), tmp_path / "blank.png")
    assert plain != (tmp_path / "blank.png").read_bytes()
    assert gif(tmp_path / "a.gif") == gif(tmp_path / "b.gif") != gif(tmp_path / "c.gif", seed=1)


def test_a_figure_is_as_it_was_when_its_picture_is_saved(tmp_path):
    figure = Figure(figsize=(1, 1), dpi=75, layout="constrained")       # a window's: its next picture is laid out, too
    engine = figure.get_layout_engine()
    plots.save(figure, tmp_path / "figure.png")
    assert figure.get_layout_engine() is engine and figure.dpi == 75


@pytest.mark.skipif(os.name == "nt", reason="links need a right there")
def test_a_picture_in_the_place_of_a_link_replaces_it(tmp_path):
    (tmp_path / "precious").write_text("precious")
    (tmp_path / "figure.png").symlink_to(tmp_path / "precious")
    plots.save(Figure(figsize=(1, 1)), tmp_path / "figure.png")
    assert (tmp_path / "precious").read_text() == "precious" and not (tmp_path / "figure.png").is_symlink()
    assert sorted(os.listdir(tmp_path)) == ["figure.png", "precious"]


@pytest.mark.slow
def test_the_film_of_fifty_steps_is_small_lasts_as_long_as_the_game_and_repeats(tmp_path):
    left, right = (played(CartPole(frozen=True, horizon=length), length) for length in (50, 30))
    plots.animation(tmp_path / "film.gif", left, right, seconds_per_step=CartPole.seconds_per_step)
    with Image.open(tmp_path / "film.gif") as film:
        assert film.info["loop"] == 0
        assert total_seconds(film) == pytest.approx(50 * CartPole.seconds_per_step + 1, rel=0.1)
    assert (tmp_path / "film.gif").stat().st_size < 50_000


@pytest.mark.slow
def test_a_film_that_would_be_too_large_leaves_out_pictures_and_keeps_its_length(tmp_path):
    walk = [[Circle(x, 0.5, 0.1, "agent", moving=True)] for x in np.linspace(0, 1, 5)]
    plots.animation(tmp_path / "long.gif", walk, walk)
    size = (tmp_path / "long.gif").stat().st_size
    plots.animation(tmp_path / "short.gif", walk, walk, max_bytes=size // 2)
    assert (tmp_path / "short.gif").stat().st_size <= size // 2
    with Image.open(tmp_path / "long.gif") as long, Image.open(tmp_path / "short.gif") as short:
        assert short.n_frames < long.n_frames == 5
        assert total_seconds(short) == pytest.approx(total_seconds(long), rel=0.15)


def total_seconds(film):
    total = 0
    for number in range(film.n_frames):
        film.seek(number)
        total += film.info["duration"]
    return total / 1000
