"""Maps of words, and small graphs of neighbours; as figures and as a page."""

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Any

# Before Matplotlib: it says what to install where that is missing.
from skipgram_lib.apps import drawing

# isort: split
import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import IdentityTransform
from numpy.typing import ArrayLike, NDArray

from skipgram_lib.apps import layout
from skipgram_lib.backend.base import Array
from skipgram_lib.errors import SkipgramError, check_number, checked, printable
from skipgram_lib.storage.files import write_file
from skipgram_lib.vectors.vectors import WordVectors

MAP_NEIGHBOURS = 6  # that an interactive map shows of a word


def boxes_overlap(boxes: Array, others: Array) -> NDArray[np.bool_]:
    """Which boxes (a, 4) overlap which others (b, 4): shape (a, b).

    A box is left, low, right, high; those that only touch do not overlap.
    """
    one = boxes[:, None]
    other = others[None]
    low_high = one[..., :2] < other[..., 2:]
    high_low = other[..., :2] < one[..., 2:]
    return np.asarray((low_high & high_low).all(axis=-1))


# Right of the point, left, above, below; then the corners.
SIDES = np.array(
    [(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1)]
)


def boxes_around(point: Array, size: Array, gap: float) -> Array:
    """Eight boxes (left, low, right, high) of one size beside a point."""
    away = gap * SIDES / np.sqrt(abs(SIDES).sum(axis=1, keepdims=True))
    corner = point + away + (SIDES - 1) / 2 * size
    return np.concatenate([corner, corner + size], axis=1)


def place_labels(
    points: Array, sizes: Array, bounds: ArrayLike, gap: float = 4.0
) -> NDArray[np.float64]:
    """Lower left corners (n, 2) of labels, of which no two overlap.

    Points (n, 2), the most important first, have labels of some sizes (n, 2),
    a gap away. None reaches beyond the bounds: left, low, right, high. A
    label without room has the corner NaN.
    """
    edges = np.asarray(bounds, np.float64)
    dots = np.concatenate([points - gap / 2, points + gap / 2], axis=1)
    placed = np.empty((0, 4))
    corners = np.full((len(points), 2), np.nan)
    for i, (point, size) in enumerate(zip(points, sizes, strict=True)):
        tries = boxes_around(point, size, gap)
        free = (tries[:, :2] >= edges[:2]).all(axis=1)
        free &= (tries[:, 2:] <= edges[2:]).all(axis=1)
        free &= ~boxes_overlap(tries, placed).any(axis=1)
        if free.any():
            covered = boxes_overlap(tries, dots).sum(axis=1)
            best = tries[np.where(free, covered, np.inf).argmin()]
            placed = np.vstack([placed, best])
            corners[i] = best[:2]
    return corners


def label_sizes(texts: list[Text], renderer: RendererBase) -> Array:
    """Widths and heights of one-line texts in pixels, shape (n, 2)."""
    sizes = []
    for text in texts:
        font = text.get_fontproperties()
        measure = renderer.get_text_width_height_descent
        _, low_height, low = measure("lp", font, False)
        width, height, below = measure(text.get_text(), font, False)
        above = max(height - below, low_height - low)
        sizes.append((width + 2, above + max(below, low) + 2))
    return np.array(sizes)


def set_places(
    ax: Axes,
    texts: list[Text],
    places: Array,
    gap: float,
    renderer: RendererBase,
) -> None:
    """Place labels by the room there is; hide those that have none."""
    box = ax.get_window_extent()
    corners = place_labels(
        ax.transData.transform(places),
        label_sizes(texts, renderer),
        [box.x0, box.y0, box.x1, box.y1],
        float(np.asarray(renderer.points_to_pixels(gap))),
    )
    for text, corner in zip(texts, corners, strict=True):
        visible = not np.isnan(corner[0])
        if text.get_visible() != visible:
            text.set_visible(visible)
        if visible and text.get_position() != (place := tuple(corner + 1)):
            text.set_position(place)


def label_points(
    ax: Axes,
    words: Sequence[str],
    places: Array,
    size: float = 8,
    gap: float = 4,
    **options: Any,
) -> list[Text]:
    """Write words beside their points (n, 2); no two of them overlap."""
    families = drawing.find_families(words)
    texts = [
        ax.text(
            0,
            0,
            word,
            family=families,
            size=size,
            color=drawing.INK,
            parse_math=False,
            transform=IdentityTransform(),
            in_layout=False,
            **options,
        )
        for word in drawing.legible(words, families)
    ]
    drawing.BeforeDrawing(ax, partial(set_places, ax, texts, places, gap))
    return texts


def dots(
    ax: Axes, places: Array, size: float, k: int = 0, label: str = ""
) -> None:
    """Draw points (n, 2) of area `size` in the colour and shape number k."""
    ax.scatter(
        places[:, 0],
        places[:, 1],
        s=size,
        c=drawing.COLOURS[k],
        marker=drawing.MARKERS[k],
        edgecolors=drawing.INK,
        linewidths=0.3,
        label=label,
    )


def draw_groups(
    ax: Axes, places: Array, groups: Mapping[str, Sequence[str]], size: float
) -> None:
    """Draw points (n, 2), those of each group in its colour and shape."""
    if len(groups) > len(drawing.COLOURS):
        raise SkipgramError(
            f"up to {len(drawing.COLOURS)} groups can be told apart, got "
            f"{len(groups)}"
        )
    start = 0
    for k, (title, words) in enumerate(groups.items()):
        end = start + len(words)
        dots(ax, places[start:end], size, k, title)
        start = end
    ax.legend(
        frameon=False, ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1)
    )


def as_places(positions: ArrayLike, n: int) -> NDArray[np.float64]:
    """Return places (n, 2) as an array, or refuse them."""
    try:
        places = np.asarray(positions, np.float64)
    except (TypeError, ValueError, OverflowError):
        raise SkipgramError(
            f"positions must be numbers, got {positions!r:.60}"
        ) from None
    if places.shape != (n, 2) or not np.isfinite(places).all():
        raise SkipgramError(
            f"positions must hold two finite numbers for each of the {n} "
            f"words, got an array of shape {places.shape}"
        )
    return places


@checked
def plot_word_map(
    vectors: WordVectors,
    words: int | Iterable[str] | Mapping[str, Sequence[str]] = 300,
    positions: ArrayLike | None = None,
    method: str = "tsne",
    seed: int = 0,
    size: float = 8,
    ax: Axes | None = None,
) -> Axes:
    """Draw words on a plane, so that like words lie together.

    No two labels overlap, in any size of the figure. A word whose label
    has no room keeps its point; enlarge the figure, or lessen `size`.

    Parameters
    ----------
    vectors : WordVectors
    words : int, or list of str, or {title: words}
        Up to eight groups get a colour, a marker and their title each.
    positions : array, shape (n, 2), optional
        Given if the places are known already.
    method : {"tsne", "pca"}
        As in `word_map_positions`, and so is `seed`.
    seed : int
        Of t-SNE.
    size : float
        Of the text, in points.
    ax : matplotlib.axes.Axes, optional
        By default the current ones.

    Returns
    -------
    Axes
    """
    size = check_number("size", size, "from 0.1 to 1000 points", 0.1, 1000)
    names = layout.map_words(vectors, words)
    ax = drawing.axes_or_current(ax)
    if positions is None:
        positions = layout.word_map_positions(vectors, names, method, seed)
    places = as_places(positions, len(names))
    area = size * (3 if len(places) < 100 else 1)
    if isinstance(words, Mapping):
        draw_groups(ax, places, words, area)
    else:
        dots(ax, places, area)
    ax.set_aspect("equal", adjustable="datalim")
    ax.axis("off")
    label_points(ax, names, places, size)
    return ax


def around(rows: Array) -> NDArray[np.float64]:
    """Places (n + 1, 2) of a word, in row 0, and of neighbours around it."""
    places = np.zeros((len(rows), 2))
    cosine = rows[1:] @ rows[0]
    rest = rows[1:] - np.outer(cosine, rows[0])
    x, y = layout.principal_plane(rest)[0].T
    order = np.argsort(np.arctan2(y, x), kind="stable")
    turn = np.empty(len(order))
    turn[order] = np.arange(len(order)) * 2 * np.pi / len(order)
    spread = max(float(np.ptp(cosine)), 1e-9)
    radius = 0.6 + 0.4 * (cosine.max() - cosine) / spread
    places[1:] = radius[:, None] * np.stack([np.cos(turn), np.sin(turn)], 1)
    return places


def line_widths(cosine: Array) -> Array:
    """Widths (n, n) of the lines between words; 0 where there is none.

    Of their cosines (n, n), those of the word in the middle come first.
    """
    least = cosine[0, 1:].min()
    most = np.triu(cosine, 1).max()
    width = 0.8 + 4 * (cosine - least) / max(most - least, 1e-6)
    return np.asarray(np.where(cosine >= least, width, 0))


def draw_edges(ax: Axes, places: Array, width: Array) -> None:
    """Draw the lines of a graph; those of word 0 are dark.

    Between places (n, 2), of widths (n, n), as `line_widths` gives them.
    """
    for i, j in zip(*np.triu_indices(len(places), 1), strict=True):
        if width[i, j]:
            ax.plot(
                *places[[i, j]].T,
                color=drawing.DARK if i == 0 else "0.75",
                lw=width[i, j],
                zorder=0.9 - i / 1e3,
            )


@checked
def plot_neighbours(
    vectors: WordVectors, word: str, topn: int = 10, ax: Axes | None = None
) -> Axes:
    """Draw a word and its nearest neighbours as a small graph.

    The nearer to the middle, the closer to the word. Beside each
    neighbour stands its cosine with the word.

    Parameters
    ----------
    vectors : WordVectors
    word : str
        The one in the middle.
    topn : int
        The number of neighbours.
    ax : matplotlib.axes.Axes, optional
        By default the current ones.

    Returns
    -------
    Axes
    """
    near = vectors.most_similar(word, topn=topn)
    ax = drawing.axes_or_current(ax)
    names = [word, *(other for other, _ in near)]
    rows = layout.rows_of(vectors, names)
    places = around(rows)
    draw_edges(ax, places, line_widths(rows @ rows.T))
    dots(ax, places, 50)
    labels = [word, *(f"{other} {c:.2f}" for other, c in near)]
    paper = {"boxstyle": "round,pad=0.1", "fc": "white", "ec": "none"}
    texts = label_points(ax, labels, places, 9, 7, bbox=paper)
    texts[0].set_fontweight("bold")
    ax.set(xlim=(-1.5, 1.5), ylim=(-1.2, 1.2), aspect="equal")
    ax.axis("off")
    return ax


def map_picture(words: list[str], places: Array, format: str) -> bytes:
    """Draw a large map; return the contents of a png or svg file."""
    figure = Figure(figsize=(16, 12), layout="constrained")
    file = BytesIO()
    ax = figure.subplots()
    dots(ax, places, 8)
    ax.set_aspect("equal", adjustable="datalim")
    ax.axis("off")
    label_points(ax, [*map(printable, words)], places, 7, 3)
    left_out = ["Software"] if format == "png" else ["Date", "Creator"]
    with mpl.rc_context({"svg.hashsalt": "map", "svg.fonttype": "path"}):
        figure.savefig(
            file, format=format, dpi=150, metadata=dict.fromkeys(left_out)
        )
    return file.getvalue()


def as_script_data(data: Any) -> str:
    """Write JSON that can stand inside a script element of a page."""
    text = json.dumps(data, separators=(",", ":"))
    for letter in "<>&":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return text


def read_page(name: str) -> str:
    """Return a file of the interactive map."""
    folder = files("skipgram_lib.apps") / "map_page"
    return (folder / name).read_text("utf-8")


def map_page(words: list[str], places: Array, near: list[list[int]]) -> bytes:
    """Return the contents of a page with a map; it needs no other file."""
    square = layout.fit_square(places * [1, -1])
    data = {"words": words, "places": square.round(4).tolist(), "near": near}
    page = read_page("map.html")
    page = page.replace(">STYLE<", f">\n{read_page('map.css')}<")
    page = page.replace(">PROGRAM<", f">\n{read_page('map.js')}<")
    return page.replace(">DATA<", f">{as_script_data(data)}<").encode()


def map_path(path: str | Path) -> Path:
    """Return the path of a map, or refuse it."""
    path = Path(path).absolute()
    if path.suffix.lower() not in (".png", ".svg", ".html"):
        raise SkipgramError(
            f"a map is written as .png, .svg or .html; {path.name!r} has "
            "none of these endings"
        )
    if not path.parent.is_dir() or path.is_dir():
        raise SkipgramError(
            f"cannot write {path}: no such folder, or a folder itself"
        )
    return path


@checked
def save_map(
    vectors: WordVectors,
    path: str | Path,
    words: int | Iterable[str] = 1_000,
    method: str = "tsne",
    seed: int = 0,
) -> None:
    """Write a map of words to a file; the same vectors, the same bytes.

    Parameters
    ----------
    vectors : WordVectors
    path : str or Path
        Ends in .png, .svg or .html. The page is interactive, and needs no
        other file and no network.
    words : int, or list of str
        As in `word_map_positions`, and so are `method` and `seed`.
    method : {"tsne", "pca"}
    seed : int

    Raises
    ------
    SkipgramError
        If the ending is another, or the file cannot be written.
    """
    path = map_path(path)
    names = list(dict.fromkeys(layout.map_words(vectors, words)))
    places = layout.word_map_positions(vectors, names, method, seed)
    format = path.suffix.lower()[1:]
    if format == "html":
        shown = WordVectors(names, layout.rows_of(vectors, names))
        near = layout.nearest_ids(shown, names, MAP_NEIGHBOURS)
        content = map_page(names, places, near.tolist())
    else:
        content = map_picture(names, places, format)
    with write_file(path) as file:
        file.write(content)
