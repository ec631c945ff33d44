"""Pictures: what they show, that they can be read, and maps in files."""

import json
import os
import re
import stat
from html.parser import HTMLParser
from io import BytesIO
from itertools import combinations, pairwise
from types import SimpleNamespace

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from helpers import run_python
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from skipgram_lib import SkipgramError, UnknownWordError, WordVectors
from skipgram_lib.apps import drawing, layout, maps, plots
from skipgram_lib.counts.windows import training_pairs
from skipgram_lib.model.training import TrainingRecord
from skipgram_lib.vectors import search

FOX = ["the", "quick", "brown", "fox", "jumps", "over", "the", "lazy", "dog"]
WILD = [
    "</script><script>x()</script>", "<b>", "&amp;", "$x_", "a$b$c", "naïve",
    "\u2028", '"', "it's", ">DATA<", ">PROGRAM<", "<!--",
]  # fmt: skip


def new_ax(width=6.0, height=4.0):
    """Return axes of a figure that pyplot knows nothing of."""
    return Figure(figsize=(width, height)).subplots()


def some_vectors(n=40, D=8, seed=0):
    """Return vectors of n words drawn at random."""
    rng = np.random.default_rng(seed)
    return WordVectors([f"word{i}" for i in range(n)], rng.normal(size=(n, D)))


def boxes_of(texts):
    """Boxes of the visible texts, as Matplotlib draws them."""
    return [t.get_window_extent().extents for t in texts if t.get_visible()]


def overlapping(boxes):
    """Count the pairs of boxes that overlap, one by one."""
    return sum(
        a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
        for a, b in combinations(boxes, 2)
    )


@pytest.fixture(autouse=True)
def no_figure_is_left_open():
    """Each function draws where it was told, and opens nothing."""
    plt.close("all")
    yield
    assert plt.get_fignums() == []


# --- What is installed ------------------------------------------------------


def test_the_library_does_not_import_matplotlib():
    code = "import sys, skipgram_lib; print('matplotlib' in sys.modules)"
    assert run_python(code) == "False\n"


def test_without_matplotlib_one_sentence_says_what_to_install():
    code = (
        "import sys\nsys.modules['matplotlib'] = None\n"
        "try:\n    import skipgram_lib.apps.plots\n"
        "except ImportError as error:\n"
        "    print(type(error).__mro__[1].__name__, error)\n"
    )
    assert run_python(code) == (
        "SkipgramError the pictures need Matplotlib, which is not installed; "
        "in the folder of this project, run: pip install '.[plots]'\n"
    )


# --- All functions ----------------------------------------------------------

HISTORY = [
    TrainingRecord(i, i, 3, 9 - i, 9 - i, 9.5 - i, 1.0) for i in (1, 2, 3)
]
DRAW = {
    "windows": lambda ax: plots.plot_windows(FOX, ax=ax),
    "lookup": lambda ax: plots.plot_lookup(np.eye(3), 1, ax=ax),
    "bars": lambda ax: plots.plot_bars(["a", "b"], {"x": [1, 2]}, ax=ax),
    "loss": lambda ax: plots.plot_loss(HISTORY, 5, ax=ax),
    "similarities": lambda ax: plots.plot_similarities(
        some_vectors(), ["word1", "word2"], ax=ax
    ),
    "map": lambda ax: maps.plot_word_map(
        some_vectors(), 9, method="pca", ax=ax
    ),
    "neighbours": lambda ax: maps.plot_neighbours(
        some_vectors(), "word1", ax=ax
    ),
}
EACH = pytest.mark.parametrize("draw", DRAW.values(), ids=list(DRAW))


@EACH
def test_it_draws_in_the_axes_it_is_given_and_returns_them(draw):
    ax = new_ax()
    assert draw(ax) is ax
    assert ax.texts or ax.lines or ax.patches
    ax.figure.savefig(BytesIO(), format="svg")


@EACH
def test_without_axes_it_draws_in_the_current_ones(draw):
    _, (_, second) = plt.subplots(1, 2)
    plt.sca(second)
    assert draw(None) is second
    plt.close("all")


@EACH
def test_what_is_not_axes_is_refused(draw):
    with pytest.raises(SkipgramError, match="ax must be a Matplotlib Axes"):
        draw(Figure())


# --- Colours ----------------------------------------------------------------

# Machado, Oliveira and Fernandes 2009, severity 1, for linear light.
EYES = {
    "all cones": np.eye(3),
    "no red cones": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "no green cones": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
}


def lab(colour, eye):
    """CIE L*a*b* coordinates of a colour as an eye sees it."""
    rgb = np.array(to_rgb(colour))
    light = np.where(
        rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4
    )
    to_xyz = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722],
         [0.0193, 0.1192, 0.9505]]
    )  # fmt: skip
    xyz = to_xyz @ np.clip(eye @ light, 0, 1) / [0.95047, 1, 1.08883]
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array(
        [116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])]
    )


@pytest.mark.parametrize("eye", EYES)
@pytest.mark.parametrize("palette", ["COLOURS", "BARS"])
def test_every_eye_tells_the_colours_apart(eye, palette):
    seen = [lab(colour, EYES[eye]) for colour in getattr(drawing, palette)]
    far = [np.linalg.norm(a - b) for a, b in combinations(seen, 2)]
    assert min(far) > 15, "2.3 is just noticeable"


def test_bars_differ_in_grey_and_by_hatch():
    lightness = sorted(lab(c, np.eye(3))[0] for c in drawing.BARS)
    assert min(np.diff(lightness)) > 20
    assert len(set(drawing.HATCHES)) == len(drawing.BARS)


def test_each_colour_has_a_marker_of_its_own():
    assert len(set(drawing.MARKERS)) == len(set(drawing.COLOURS)) == 8


@pytest.mark.parametrize("eye", EYES)
def test_more_is_darker(eye):
    shades = mpl.colormaps[drawing.SHADES](np.linspace(0, 1, 101))[:, :3]
    lightness = [lab(shade, EYES[eye])[0] for shade in shades]
    assert (np.diff(lightness) < 0).all()
    assert lightness[0] - lightness[-1] > 60


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [("black", "white", 21), ("white", "white", 1), ("#777777", "white", 4.48),
     ("#ff0000", "white", 4.00), ("#0000ff", "white", 8.59)],
)  # fmt: skip
def test_contrast_is_that_of_the_guidelines(one, other, expected):
    assert drawing.contrast(one, other) == pytest.approx(expected, abs=0.005)
    assert drawing.contrast(other, one) == drawing.contrast(one, other)


@given(st.tuples(*[st.floats(0, 1)] * 3))
def test_black_or_white_can_be_read_on_every_colour(paper):
    assert drawing.contrast(drawing.ink_on(paper), paper) >= 4.5


def test_the_fixed_inks_can_be_read_on_their_papers():
    pairs = [("white", drawing.DARK), (drawing.INK, drawing.LIGHT)]
    pairs += [(drawing.INK, "white"), (drawing.EDGE, "white")]
    assert min(drawing.contrast(*pair) for pair in pairs) >= 4.5


# --- The window -------------------------------------------------------------


def faces(ax, n):
    """Face colours of the words, a list for each line of n words."""
    boxed = [t for t in ax.texts if t.get_bbox_patch() is not None]
    colours = [t.get_bbox_patch().get_facecolor() for t in boxed]
    return [colours[i : i + n] for i in range(0, len(colours), n)]


@pytest.mark.parametrize("side", ["both", "left", "right"])
@given(window=st.integers(1, 4), T=st.integers(1, 7))
def test_windows_show_the_training_pairs(side, window, T):
    words = [f"w{i}" for i in range(T)]
    ax = plots.plot_windows(words, window, side=side, ax=new_ax())
    said = " ".join(t.get_text() for t in ax.texts if not t.get_bbox_patch())
    found = re.findall(r"\((\w+), (\w+)\)", said)
    expected = training_pairs(words, window, side).tolist()
    assert found == [tuple(pair) for pair in expected]
    dark, light = (
        mpl.colors.to_rgba(drawing.DARK),
        mpl.colors.to_rgba(drawing.LIGHT),
    )
    for i, line in enumerate(faces(ax, T)):
        assert [j for j, face in enumerate(line) if face == dark] == [i]
        near = [words[j] for j, face in enumerate(line) if face == light]
        assert near == [b for a, b in expected if a == words[i]]


@pytest.mark.parametrize("size", [(6, 4), (3, 8), (12, 3)])
@pytest.mark.parametrize("kind", ["png", "svg"])
def test_words_of_a_window_fit_and_do_not_touch(size, kind):
    ax = plots.plot_windows(FOX, 2, centres=range(4), ax=new_ax(*size))
    ax.figure.savefig(BytesIO(), format=kind, dpi=80)
    ax.figure.draw_without_rendering()
    boxes = boxes_of(ax.texts)
    assert len(boxes) == 4 * len(FOX) + 4
    assert overlapping(boxes) == 0
    room = ax.get_window_extent()
    assert min(b[0] for b in boxes) >= room.x0 - 1
    assert max(b[2] for b in boxes) <= room.x1 + 1


def test_windows_can_be_drawn_for_some_words_and_without_pairs():
    ax = plots.plot_windows(FOX, centres=[3], pairs=False, ax=new_ax())
    assert [t.get_text() for t in ax.texts] == FOX


@pytest.mark.parametrize(
    ("given_", "message"),
    [
        ({"tokens": "the quick"}, "tokens must be a list, got 'the quick'"),
        ({"tokens": []}, "no window to draw"),
        ({"tokens": FOX, "centres": []}, "no window to draw"),
        ({"tokens": FOX, "centres": [9]}, "from 0 to 8, got 9"),
        ({"tokens": FOX, "centres": [-1]}, "from 0 to 8, got -1"),
        ({"tokens": FOX, "window": 0}, "window must be"),
        ({"tokens": FOX, "side": "up"}, "side must be"),
    ],
)
def test_windows_that_cannot_be_drawn(given_, message):
    with pytest.raises(SkipgramError, match=re.escape(message)):
        plots.plot_windows(**given_, ax=new_ax())


# --- The lookup -------------------------------------------------------------


def test_a_small_lookup_is_drawn_whole():
    W_in = np.arange(15).reshape(5, 3)
    ax = plots.plot_lookup(W_in, 3, ax=new_ax())
    texts = [t.get_text() for t in ax.texts]
    assert texts[:5] == ["0", "0", "0", "1", "0"]
    assert texts[5:20] == [str(n) for n in W_in.ravel()]
    assert texts[20:23] == [str(n) for n in W_in[3]]
    dark = mpl.colors.to_rgba(drawing.DARK)
    cells = [cell.get_facecolor() for cell in ax.patches]
    assert cells.count(dark) == 1 + 3 + 3


@pytest.mark.parametrize("row", [0, 1, 2, 700, 9_998, 9_999])
def test_a_large_lookup_shows_its_ends_and_the_row(row):
    W_in = np.arange(3_000_000).reshape(10_000, 300)
    ax = plots.plot_lookup(W_in, row, ax=new_ax())
    texts = [t.get_text() for t in ax.texts]
    for i in {0, 1, row, 9_999}:
        for j in (0, 1, 299):
            assert str(W_in[i, j]) in texts
    assert texts.count("1") >= 1 and len(texts) < 80
    ax.figure.draw_without_rendering()
    assert overlapping(boxes_of(ax.texts)) == 0


@given(n=st.integers(1, 30), keep=st.integers(0, 29), most=st.integers(4, 9))
def test_what_is_left_out_is_marked(n, keep, most):
    keep = min(keep, n - 1)
    indices = plots.indices_to_draw(n, most, keep)
    real = [i for i in indices if i >= 0]
    assert real == sorted(set(real))
    assert {0, keep, n - 1} <= set(real)
    for one, other in pairwise(indices):
        assert -1 in (one, other) or other == one + 1


@pytest.mark.parametrize(
    ("matrix", "row", "message"),
    [
        (np.ones(3), 0, "expected a matrix (V, D)"),
        (np.ones((0, 3)), 0, "expected a matrix (V, D)"),
        (np.ones((3, 2)), 3, "row must be below 3, got 3"),
        (np.ones((3, 2)), -1, "row must be a whole number of at least 0"),
    ],
)
def test_lookups_that_cannot_be_drawn(matrix, row, message):
    with pytest.raises(SkipgramError, match=re.escape(message)):
        plots.plot_lookup(matrix, row, ax=new_ax())


# --- Bars -------------------------------------------------------------------


def test_bars_have_the_lengths_and_numbers_given():
    series = {"one": [0.5, 0.25], "two": [0.125, 1]}
    ax = plots.plot_bars(["$a", "b_c$d$"], series, ".3f", ax=new_ax())
    lengths = [[bar.get_width() for bar in bars] for bars in ax.containers]
    assert lengths == list(series.values())
    assert [t.get_text() for t in ax.texts] == [
        "0.500", "0.250", "0.125", "1.000"
    ]  # fmt: skip
    assert [t.get_text() for t in ax.get_legend().get_texts()] == list(series)
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names == ["$a", "b_c$d$"]
    assert not any(t.get_parse_math() for t in ax.get_yticklabels())
    assert len({bars[0].get_hatch() for bars in ax.containers}) == 2
    top, bottom = (bar.get_y() for bar in ax.containers[0])
    assert ax.get_ylim()[0] > bottom > top > ax.get_ylim()[1]
    ax.figure.draw_without_rendering()


def test_bars_of_a_group_lie_side_by_side():
    series = {name: [1.0, 1.0] for name in "abc"}
    ax = plots.plot_bars(["x", "y"], series, ax=new_ax())
    spans = sorted(
        (bar.get_y(), bar.get_y() + bar.get_height())
        for bars in ax.containers for bar in bars
    )  # fmt: skip
    for (_, end), (start, _) in pairwise(spans):
        assert start >= end - 1e-9


@pytest.mark.parametrize(
    ("series", "message"),
    [
        ({}, "one to 3 sets of bars can be told apart, got 0"),
        ({name: [1] for name in "abcd"}, "one to 3 sets"),
        ({"p": [1, 2]}, "'p' must hold a finite number for each of the 1"),
        ({"p": [np.nan]}, "'p' must hold a finite number"),
    ],
)
def test_bars_that_cannot_be_drawn(series, message):
    with pytest.raises(SkipgramError, match=re.escape(message)):
        plots.plot_bars(["a"], series, ax=new_ax())


def test_context_probabilities_are_those_of_model_and_counts(
    toy_model, toy_counts
):
    likely = toy_model.predict_context("york", 1)[0][0]
    others = ["kangaroo", likely, "jersey"]
    ax = plots.plot_context_probabilities(
        toy_model, "york", others, 3, toy_counts, ax=new_ax()
    )
    names = [label.get_text() for label in ax.get_yticklabels()]
    best = [word for word, _ in toy_model.predict_context("york", 3)]
    assert names[:3] == best
    assert set(names) == {*best, *others}
    assert len(names) == len(set(names))
    ids = [toy_model.vocabulary[name] for name in names]
    predicted, counted = (
        [bar.get_width() for bar in bars] for bars in ax.containers
    )
    probs = toy_model.context_probabilities("york")
    assert predicted == probs[ids].tolist()
    row = toy_counts.matrix().toarray()[toy_model.vocabulary["york"]]
    assert counted == (row / row.sum())[ids].tolist()
    assert ax.get_xlabel() == "P(nearby | york)"


def test_context_probabilities_name_an_unknown_word(toy_model):
    with pytest.raises(UnknownWordError, match="yorc"):
        plots.plot_context_probabilities(toy_model, "yorc", ax=new_ax())
    with pytest.raises(UnknownWordError, match="jersy"):
        plots.plot_context_probabilities(
            toy_model, "york", ["jersy"], ax=new_ax()
        )


# --- The loss ---------------------------------------------------------------


def test_loss_is_drawn_with_its_floor_and_the_held_out_loss():
    ax = plots.plot_loss(HISTORY, 5.5, {"start": 9.2}, ax=new_ax())
    seen, unseen, floor, start = ax.lines
    assert seen.get_xydata().tolist() == [[1, 8], [2, 7], [3, 6]]
    assert unseen.get_xydata().tolist() == [[1, 8.5], [2, 7.5], [3, 6.5]]
    assert list(floor.get_ydata()) == [5.5, 5.5]
    assert list(start.get_ydata()) == [9.2, 9.2]
    assert [t.get_text() for t in ax.texts] == ["entropy floor", "start"]
    assert [t.get_va() for t in ax.texts] == ["top", "bottom"]
    assert seen.get_marker() != unseen.get_marker()
    assert seen.get_linestyle() != unseen.get_linestyle()
    ax.figure.draw_without_rendering()
    room = ax.get_window_extent()
    for box in boxes_of(ax.texts):
        assert room.y0 <= box[1] and box[3] <= room.y1


def test_loss_may_be_plain_numbers_and_steps_between_epochs_are_left_out():
    ax = plots.plot_loss([3, 2, 1.5], first=0, ax=new_ax())
    assert ax.lines[0].get_xydata().tolist() == [[0, 3], [1, 2], [2, 1.5]]
    assert ax.get_legend() is None
    step = TrainingRecord(1, 1, 6, 9.9, None, None, 0.1)
    ax = plots.plot_loss([step, *HISTORY], ax=new_ax())
    assert len(ax.lines[0].get_xydata()) == 3


def test_loss_of_a_model_that_was_not_trained():
    with pytest.raises(SkipgramError, match="train the model first"):
        plots.plot_loss([], ax=new_ax())


# --- Similarities -----------------------------------------------------------


def test_similarities_are_cosines_that_can_be_read():
    vectors = some_vectors()
    names = [f"word{i}" for i in (3, 1, 4, 15, 9)]
    ax = plots.plot_similarities(vectors, names, ax=new_ax())
    (image,) = ax.images
    for i, one in enumerate(names):
        for j, other in enumerate(names):
            expected = vectors.similarity(one, other)
            assert image.get_array()[i, j] == pytest.approx(expected, abs=1e-6)
            text = ax.texts[i * len(names) + j]
            assert float(text.get_text()) == pytest.approx(expected, abs=0.006)
            assert text.get_position() == (j, i)
            paper = image.cmap(image.norm(image.get_array()[i, j]))
            assert drawing.contrast(text.get_color(), paper) >= 4.5
    assert "-0.00" not in [t.get_text() for t in ax.texts]
    labels = [*ax.get_xticklabels(), *ax.get_yticklabels()]
    assert [t.get_text() for t in labels] == names * 2
    assert not any(t.get_parse_math() for t in labels)


def test_many_similarities_get_a_scale_and_no_numbers():
    names = [f"word{i}" for i in range(13)]
    ax = plots.plot_similarities(some_vectors(), names, ax=new_ax())
    assert not ax.texts
    assert len(ax.figure.axes) == 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("word1", ", got 'word1'"),
        ([], "expected some words, got none"),
        (["nowhere"], "'nowhere' is not in the vocabulary"),
    ],
)
def test_words_that_are_none(words, message):
    for draw in (plots.plot_similarities, maps.plot_word_map):
        with pytest.raises(SkipgramError, match=re.escape(message)):
            draw(some_vectors(), words, ax=new_ax())


# --- Labels -----------------------------------------------------------------


@given(
    n=st.integers(0, 40),
    seed=st.integers(0, 999),
    width=st.floats(5, 60),
    gap=st.floats(0, 6),
)
def test_labels_never_overlap_and_are_left_out_only_for_want_of_room(
    n, seed, width, gap
):
    rng = np.random.default_rng(seed)
    points = rng.random((n, 2)) * [150, 100]
    sizes = np.stack([rng.uniform(2, width, n), rng.uniform(3, 9, n)], axis=1)
    bounds = np.array([0, 0, 150, 100])
    corners = maps.place_labels(points, sizes, bounds, gap)
    placed = []
    for point, size, corner in zip(points, sizes, corners, strict=True):
        tries = maps.boxes_around(point, size, gap)
        inside = [
            box for box in tries
            if (box[:2] >= 0).all() and (box[2:] <= bounds[2:]).all()
        ]  # fmt: skip
        if np.isnan(corner[0]):
            for box in inside:
                assert overlapping([*placed, box]) > overlapping(placed)
        else:
            assert any(np.allclose(corner, box[:2]) for box in inside)
            placed.append(np.concatenate([corner, corner + size]))
            reach = np.maximum(
                placed[-1][:2] - point, point - placed[-1][2:]
            ).max()
            assert reach <= gap + 1e-9, "a label lies beside its point"
    assert overlapping(placed) == 0


def test_boxes_that_only_touch_do_not_overlap():
    boxes = np.array([[0, 0, 1, 1], [1, 0, 2, 1], [0.5, 0.5, 1.5, 1.5]])
    expected = [[1, 0, 1], [0, 1, 1], [1, 1, 1]]
    assert maps.boxes_overlap(boxes, boxes).tolist() == [
        [bool(x) for x in row] for row in expected
    ]


@pytest.mark.parametrize("size", [(4, 3), (9, 9)])
@pytest.mark.parametrize("dpi", [50, 100, 173])
@pytest.mark.parametrize("kind", ["png", "svg"])
def test_labels_of_a_drawn_map_do_not_overlap(size, dpi, kind):
    figure = Figure(figsize=size, dpi=dpi, layout="constrained")
    vectors = some_vectors(150)
    ax = maps.plot_word_map(vectors, 150, method="pca", ax=figure.subplots())
    figure.savefig(BytesIO(), format=kind, dpi=dpi)
    figure.draw_without_rendering()
    boxes = boxes_of(ax.texts)
    assert overlapping(boxes) == 0
    assert 15 < len(boxes) < 150 or size == (9, 9)
    room = ax.get_window_extent()
    assert all(room.x0 <= b[0] and b[2] <= room.x1 for b in boxes)
    assert all(room.y0 <= b[1] and b[3] <= room.y1 for b in boxes)


def test_closer_in_there_is_room_for_more_labels():
    ax = maps.plot_word_map(
        some_vectors(200), 200, method="pca", ax=new_ax(4, 3)
    )
    ax.figure.draw_without_rendering()
    points = ax.collections[0].get_offsets()
    near = (abs(points) < 0.25).all(axis=1)
    before = sum(
        t.get_visible() for t, n in zip(ax.texts, near, strict=True) if n
    )
    ax.set(xlim=(-0.25, 0.25), ylim=(-0.25, 0.25))
    ax.figure.draw_without_rendering()
    after = sum(
        t.get_visible() for t, n in zip(ax.texts, near, strict=True) if n
    )
    assert after > before
    assert overlapping(boxes_of(ax.texts)) == 0


def test_drawing_twice_changes_nothing():
    ax = maps.plot_word_map(some_vectors(), 40, method="pca", ax=new_ax())
    ax.figure.draw_without_rendering()
    first = boxes_of(ax.texts)
    calls = []
    ax.texts[0].stale_callback = lambda *_: calls.append(1)
    ax.figure.draw_without_rendering()
    assert np.array_equal(first, boxes_of(ax.texts))
    assert not calls, "a drawing that asks for another one never ends"


def test_groups_have_colours_markers_and_a_legend():
    names = [f"word{i}" for i in range(16)]
    groups = {f"g{k}": names[2 * k : 2 * k + 2] for k in range(8)}
    ax = maps.plot_word_map(some_vectors(), groups, method="pca", ax=new_ax())
    assert len(ax.collections) == 8
    colours = {tuple(c.get_facecolor()[0]) for c in ax.collections}
    shapes = {c.get_paths()[0].vertices.tobytes() for c in ax.collections}
    assert len(colours) == len(shapes) == 8
    titles = [t.get_text() for t in ax.get_legend().get_texts()]
    assert titles == list(groups)
    places = layout.word_map_positions(some_vectors(), groups, "pca")
    drawn = np.concatenate([c.get_offsets() for c in ax.collections])
    assert np.array_equal(drawn, places)
    groups["one more"] = ["word20"]
    with pytest.raises(SkipgramError, match="up to 8 groups"):
        maps.plot_word_map(some_vectors(), groups, method="pca", ax=new_ax())


@pytest.mark.parametrize(
    "positions", [np.ones((3, 2)), np.ones((2, 3)), [[0, 1], [np.inf, 0]]]
)
def test_positions_that_do_not_fit_are_refused(positions):
    with pytest.raises(SkipgramError, match="two finite numbers for each"):
        maps.plot_word_map(some_vectors(), 2, positions, ax=new_ax())


def test_words_are_no_formulas():
    plain = [word for word in WILD if word.isprintable()]
    rows = np.random.default_rng(0).normal(size=(len(plain), 4))
    ax = maps.plot_word_map(
        WordVectors(plain, rows), len(plain), method="pca", ax=new_ax()
    )
    ax.figure.savefig(BytesIO(), format="svg")
    assert [t.get_text() for t in ax.texts] == plain
    assert not any(t.get_parse_math() for t in ax.texts)


# --- Neighbours -------------------------------------------------------------


def test_neighbours_are_those_of_the_vectors():
    vectors = some_vectors()
    ax = maps.plot_neighbours(vectors, "word7", 6, ax=new_ax(7, 6))
    near = vectors.most_similar("word7", topn=6)
    labels = [f"{word} {cosine:.2f}" for word, cosine in near]
    assert [t.get_text() for t in ax.texts] == ["word7", *labels]
    places = ax.collections[0].get_offsets()
    assert (places[0] == 0).all()
    away = np.hypot(*places[1:].T)
    assert (np.diff(away) >= -1e-9).all(), "the closer, the nearer"
    names = ["word7", *(word for word, _ in near)]
    least = near[-1][1]
    expected = {(0, j) for j in range(1, 7)} | {
        (i, j) for i, j in combinations(range(1, 7), 2)
        if vectors.similarity(names[i], names[j]) >= least
    }  # fmt: skip
    drawn = {}
    for line in ax.lines:
        ends = [
            int(np.linalg.norm(places - end, axis=1).argmin())
            for end in line.get_xydata()
        ]
        drawn[tuple(sorted(ends))] = line.get_linewidth()
    assert set(drawn) == expected
    widths = [drawn[0, j] for j in range(1, 7)]
    assert widths == sorted(widths, reverse=True)
    ax.figure.draw_without_rendering()
    assert overlapping(boxes_of(ax.texts)) == 0
    assert len(boxes_of(ax.texts)) == 7


@pytest.mark.parametrize("topn", [1, 2, 3, 20])
def test_any_number_of_neighbours(topn):
    ax = maps.plot_neighbours(some_vectors(), "word7", topn, ax=new_ax())
    assert len(ax.texts) == topn + 1
    assert np.isfinite(ax.collections[0].get_offsets()).all()


def test_neighbours_of_an_unknown_word():
    with pytest.raises(UnknownWordError, match="wurd7"):
        maps.plot_neighbours(some_vectors(), "wurd7", ax=new_ax())


# --- Files ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "start"),
    [("a.png", b"\x89PNG"), ("a.svg", b"<?xml"), ("a.HTML", b"<!doctype")],
)
def test_a_map_is_written_by_its_ending_with_the_same_bytes(
    tmp_path, name, start
):
    first, again = tmp_path / name, tmp_path / f"again{name}"
    maps.save_map(some_vectors(), first)
    maps.save_map(some_vectors(), again)
    assert first.read_bytes().startswith(start)
    assert first.read_bytes() == again.read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(
        [name, f"again{name}"]
    )


# --- Letters ----------------------------------------------------------------


def test_letters_that_no_font_has_are_one_warning_and_marks(
    tmp_path, monkeypatch
):
    installed = SimpleNamespace(ttflist=[])
    monkeypatch.setattr(drawing.font_manager, "fontManager", installed)
    words = [f"字{i}" for i in range(9)] + ["plain", "naïve"]
    vectors = WordVectors(words, some_vectors(len(words)).matrix)
    for name in ("m.png", "m.svg"):
        with pytest.warns(UserWarning) as warned:
            maps.save_map(vectors, tmp_path / name, method="pca")
        (said,) = [str(warning.message) for warning in warned]
        assert "letters of 9 of 11 words, such as '字0'" in said
        assert "font.family" in said
        assert ".html" in said
    maps.save_map(vectors, tmp_path / "m.html", method="pca")
    with pytest.warns(UserWarning, match="of 9 of 11 words"):
        ax = maps.plot_neighbours(vectors, words[0], topn=11, ax=new_ax())
    ax.figure.draw_without_rendering()
    assert "\ufffd0" in [text.get_text() for text in ax.texts]


PICTURES = {
    "windows": lambda word, ax: plots.plot_windows([word, "b"], ax=ax),
    "bars": lambda word, ax: plots.plot_bars([word], {"x": [1.0]}, ax=ax),
    "similarities": lambda word, ax: plots.plot_similarities(
        WordVectors([word, "b"], np.eye(2)), [word, "b"], ax=ax
    ),
}


@pytest.mark.parametrize("draw", PICTURES.values(), ids=PICTURES)
def test_every_picture_draws_letters_that_no_font_has_as_marks(draw):
    ax = new_ax()
    with pytest.warns(UserWarning, match="such as '字'"):
        draw("字", ax)
    ax.figure.draw_without_rendering()  # a warning of Matplotlib's is an error


def test_an_installed_font_is_taken_for_letters_that_the_usual_one_lacks():
    with mpl.rc_context({"font.family": ["cmtt10"]}):
        assert "Ж" not in drawing.letters_in(["cmtt10"])
        usual, *more = drawing.find_families(["plain", "Жук"])
        assert usual == "cmtt10"
        assert {"Ж", "у", "к"} <= drawing.letters_in(more)
        vectors = WordVectors(["Жук", "plain"], np.eye(2))
        ax = maps.plot_word_map(vectors, method="pca", ax=new_ax())
        ax.figure.draw_without_rendering()
    assert [text.get_text() for text in ax.texts] == ["Жук", "plain"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has other rights")
def test_a_map_can_be_read_by_others(tmp_path):
    (plain := tmp_path / "plain").write_bytes(b"")
    maps.save_map(some_vectors(), tmp_path / "a.html", 5, "pca")
    mode = stat.S_IMODE((tmp_path / "a.html").stat().st_mode)
    assert mode == stat.S_IMODE(plain.stat().st_mode)


@pytest.mark.parametrize("name", ["map.gif", "map", "png", "map.html.gz"])
def test_another_ending_is_refused_before_any_work(tmp_path, name):
    with pytest.raises(SkipgramError) as error:
        maps.save_map(some_vectors(), tmp_path / name)
    assert str(error.value) == (
        f"a map is written as .png, .svg or .html; {name!r} has none of "
        "these endings"
    )


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SkipgramError, match=r"nowhere.*no such folder"):
        maps.save_map(some_vectors(), tmp_path / "nowhere" / "map.png")
    (tmp_path / "is.png").mkdir()
    with pytest.raises(SkipgramError, match="a folder itself"):
        maps.save_map(some_vectors(), tmp_path / "is.png")


def test_a_write_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    (path := tmp_path / "map.html").write_text("old")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(
        SkipgramError, match=r"map\.html: No space left on device; nothing"
    ):
        maps.save_map(some_vectors(), path, 5, "pca")
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["map.html"]


class Page(HTMLParser):
    """Collects the elements of a page, and the text of its scripts."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.scripts, self.inside = [], [], False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.inside = tag == "script"
        if self.inside:
            self.scripts.append("")

    def handle_endtag(self, tag):
        self.inside = False

    def handle_data(self, data):
        if self.inside:
            self.scripts[-1] += data


def a_page(tmp_path, words):
    """Write a map of some words as a page; return it parsed, and its text."""
    rows = np.random.default_rng(0).normal(size=(len(words), 4))
    maps.save_map(WordVectors(words, rows), tmp_path / "a.html", len(words))
    text = (tmp_path / "a.html").read_text(encoding="utf-8")
    return Page(text), text


def test_a_page_holds_its_words_whatever_they_are(tmp_path):
    page, text = a_page(tmp_path, WILD)
    data, program = page.scripts
    assert json.loads(data)["words"] == WILD
    assert program.strip() == maps.read_page("map.js").strip()
    assert not any(tag == "b" for tag, _ in page.tags)
    assert text.count("</script>") == 2
    assert not {">STYLE<", ">DATA<", ">PROGRAM<"} & set(
        re.findall(r">[A-Z]+<", text)
    )


@given(st.lists(st.text(), max_size=5))
def test_no_word_ends_the_data_of_a_page(words):
    text = maps.as_script_data(words)
    assert json.loads(text) == words
    assert text.isascii()
    assert not set("<>&") & set(text)


def test_a_page_asks_for_nothing(tmp_path):
    page, text = a_page(tmp_path, WILD)
    assert "default-src 'none'" in text
    assert not re.search(r"https?:|//\w|@import|url\(|fetch|XMLHttp", text)
    loads = [
        value
        for _, attrs in page.tags
        for key, value in attrs.items()
        if key in ("src", "href")
    ]
    assert loads == ["data:,"]


def test_a_page_knows_the_nearest_words_and_the_places(tmp_path):
    page, _ = a_page(tmp_path, [f"w{i}" for i in range(30)])
    data = json.loads(page.scripts[0])
    rows = search.unit_rows(np.random.default_rng(0).normal(size=(30, 4)))
    for i, near in enumerate(data["near"]):
        cosine = rows @ rows[i]
        cosine[i] = -np.inf
        assert near == np.argsort(-cosine, kind="stable")[:6].tolist()
    places = np.array(data["places"])
    assert places.min() >= 0
    assert places.max() <= 1
    assert np.ptp(places, axis=0).max() == pytest.approx(1, abs=1e-3)
    vectors = WordVectors([f"w{i}" for i in range(30)], rows)
    real = layout.word_map_positions(vectors, 30)
    assert np.corrcoef(places[:, 0], real[:, 0])[0, 1] > 0.999
    assert np.corrcoef(places[:, 1], real[:, 1])[0, 1] < -0.999


def test_a_page_of_one_word(tmp_path):
    page, _ = a_page(tmp_path, ["alone"])
    data = json.loads(page.scripts[0])
    assert data == {"words": ["alone"], "places": [[0.5, 0.5]], "near": [[]]}
