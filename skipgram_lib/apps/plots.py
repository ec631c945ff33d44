"""Figures: windows, lookups, bars, losses, similarities."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

# Before Matplotlib: it says what to install where that is missing.
from skipgram_lib.apps import drawing
from skipgram_lib.apps.drawing import DARK, EDGE, INK, LIGHT, axes_or_current

# isort: split
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from numpy.typing import ArrayLike, NDArray

from skipgram_lib.apps.layout import check_words, rows_of
from skipgram_lib.backend.select import backend_of
from skipgram_lib.counts.counts import Counts
from skipgram_lib.counts.windows import Document, as_document, window_offsets
from skipgram_lib.errors import (
    SkipgramError,
    as_list,
    as_words,
    check_at_least,
    checked,
)
from skipgram_lib.model.skipgram import SkipGram, check_counts
from skipgram_lib.model.training import TrainingRecord
from skipgram_lib.vectors.vectors import WordVectors

PAPER = "#f4f7fb"  # of a cell that is not selected


def write(
    ax: Axes, x: float, y: float, text: str, ink: str = INK, **style: Any
) -> Text:
    """Write a text, which is no formula, at a place of its left middle."""
    style |= {"va": "center", "parse_math": False, "color": ink}
    return ax.text(x, y, text, **style)


def as_numbers(name: str, values: Iterable[float]) -> NDArray[np.float64]:
    """Return a list of numbers as an array, or refuse it."""
    found = as_list(name, values)
    try:
        return np.array(found, np.float64)
    except (TypeError, ValueError, OverflowError):
        raise SkipgramError(
            f"{name} must be numbers, got {found!r:.60}"
        ) from None


def find_contexts(
    T: int, centres: Iterable[int] | None, offsets: ArrayLike
) -> dict[int, list[int]]:
    """Positions of the context words, by the position of their centre."""
    contexts = {}
    for i in range(T) if centres is None else as_list("centres", centres):
        if i not in range(T):
            raise SkipgramError(
                f"a centre must be a position from 0 to {T - 1}, got {i!r:.60}"
            )
        near = (i + np.asarray(offsets)).tolist()
        contexts[i] = [j for j in near if 0 <= j < T]
    if not contexts:
        raise SkipgramError("there is no window to draw; give some tokens")
    return contexts


def draw_window(
    ax: Axes, words: list[str], y: float, centre: int, near: list[int]
) -> list[Text]:
    """Draw a line of words: one dark, some light, the others plain."""
    widths = drawing.text_widths(words)
    left = np.cumsum(widths + 0.9) - widths - 0.4
    texts = []
    for j, word in enumerate(words):
        face = DARK if j == centre else LIGHT if j in near else "none"
        ink = "white" if j == centre else INK if j in near else EDGE
        box = {"boxstyle": "round,pad=0.3", "fc": face, "ec": "none"}
        texts.append(write(ax, left[j], y, word, ink, bbox=box))
    return texts


def draw_windows(
    ax: Axes, words: list[str], contexts: dict[int, list[int]], pairs: bool
) -> list[Text]:
    """Draw windows one below the other, and fit the axes to them.

    Contexts are as `find_contexts` gives them; `pairs` says whether the
    training pairs are written below each line.
    """
    texts = []
    step = 3.4 if pairs else 2.2
    width = (drawing.text_widths(words) + 0.9).sum()
    for k, (i, near) in enumerate(contexts.items()):
        texts += draw_window(ax, words, -step * k - 1, i, near)
        if pairs:
            note = "  ".join(f"({words[i]}, {words[j]})" for j in near)
            texts.append(write(ax, 0.5, -step * k - 2.5, note))
            width = max(width, drawing.text_widths([note])[0] + 1)
    # Small letters are drawn on whole pixels, and come out wider: 1.05.
    ax.set(xlim=(0, 1.05 * width), ylim=(-step * len(contexts), 0), aspect=1)
    ax.axis("off")
    return texts


@checked
def plot_windows(
    tokens: Document,
    window: int = 2,
    centres: Iterable[int] | None = None,
    side: str = "both",
    pairs: bool = True,
    ax: Axes | None = None,
) -> Axes:
    """Draw the windows over a sentence, a line each.

    The centre word is white on dark, its context words black on light.

    Parameters
    ----------
    tokens : sequence of T words
    window : int
        As in `window_offsets`.
    centres : iterable of int, optional
        Positions of the centre words; by default all.
    side : {"both", "left", "right"}
        As in `window_offsets`.
    pairs : bool
        Whether its training pairs are written under each line.
    ax : matplotlib.axes.Axes, optional
        By default the current ones.

    Returns
    -------
    Axes

    References
    ----------
    Chapter 1 of the book; the figure is that of McCormick 2016.
    """
    words = drawing.legible(map(str, as_document("tokens", tokens)))
    offsets = window_offsets(window, side)
    contexts = find_contexts(len(words), centres, offsets)
    ax = axes_or_current(ax)
    drawing.fit_texts(ax, draw_windows(ax, words, contexts, pairs), 1)
    return ax


def indices_to_draw(n: int, most: int, keep: int = 0) -> list[int]:
    """Indices to draw, of n: all up to `most`, or the ends and `keep`."""
    if n <= most:
        return list(range(n))
    chosen = sorted({0, 1, keep, n - 1})
    indices = [0]
    for before, i in pairwise(chosen):
        indices += [i] if i == before + 1 else [-1, i]
    return indices


def draw_cells(
    ax: Axes, x: float, y: float, texts: list[list[str]], dark: ArrayLike
) -> list[Text]:
    """Draw a table down from its upper left corner, some cells of it dark."""
    is_dark = np.broadcast_to(dark, np.shape(texts))
    drawn = []
    for i, j in np.ndindex(is_dark.shape):
        face = DARK if is_dark[i, j] else PAPER
        corner = (x + j, y - i - 1)
        ax.add_patch(Rectangle(corner, 1, 1, fc=face, ec="0.6", lw=0.8))
        ink = drawing.ink_on(face)
        place = (x + j + 0.5, y - i - 0.5)
        drawn.append(write(ax, *place, texts[i][j], ink, ha="center"))
    return drawn


def lookup_texts(
    matrix: NDArray[Any], row: int
) -> tuple[list[list[str]], int]:
    """What is written of a matrix, and where its row is.

    "⋮" and "…" stand for rows and columns that are left out.
    """
    rows = indices_to_draw(len(matrix), 7, row)
    columns = indices_to_draw(matrix.shape[1], 6)
    form = "d" if np.issubdtype(matrix.dtype, np.integer) else ".2f"

    def cell(i: int, j: int) -> str:
        if i < 0:
            return "⋮"
        return "…" if j < 0 else format(matrix[i, j], form)

    texts = [[cell(i, j) for j in columns] for i in rows]
    return texts, rows.index(row)


def draw_lookup(ax: Axes, texts: list[list[str]], row: int) -> None:
    """Draw a one-hot vector times a matrix = its row, and fit the axes."""
    V = len(texts)
    D = len(texts[0])
    top = V / 2 + 0.5
    at = np.arange(V) == row
    one_hot = [
        "…" if line[0] == "⋮" else str(int(is_row))
        for line, is_row in zip(texts, at, strict=True)
    ]
    cells = draw_cells(ax, 0, top, [one_hot], at)
    cells += draw_cells(ax, V + 1, V, texts, at[:, None])
    cells += draw_cells(ax, V + D + 2, top, [texts[row]], True)
    widest = max(drawing.text_widths(text for line in texts for text in line))
    drawing.fit_texts(ax, cells, min(0.5, 0.85 / widest))
    signs = {"×": V + 0.5, "=": V + D + 1.5}
    drawn = [write(ax, signs[s], V / 2, s, ha="center") for s in signs]
    drawing.fit_texts(ax, drawn, 0.6)
    ax.set(xlim=(0, V + 2 * D + 2), ylim=(0, V), aspect="equal")
    ax.axis("off")


@checked
def plot_lookup(matrix: ArrayLike, row: int, ax: Axes | None = None) -> Axes:
    """Draw a one-hot vector times a matrix, and the row it selects.

    Parameters
    ----------
    matrix : array, shape (V, D)
        A large one is drawn by its ends and the row.
    row : int
        From 0 to V - 1.
    ax : matplotlib.axes.Axes, optional
        By default the current ones.

    Returns
    -------
    Axes
    """
    array = backend_of(matrix).to_numpy(matrix)
    if array.ndim != 2 or 0 in array.shape or array.dtype.kind not in "iuf":
        raise SkipgramError(
            "expected a matrix (V, D) of numbers, got an array of shape "
            f"{array.shape} and type {array.dtype}"
        )
    if check_at_least("row", row, 0) >= len(array):
        raise SkipgramError(f"row must be below {len(array)}, got {row}")
    ax = axes_or_current(ax)
    draw_lookup(ax, *lookup_texts(array, row))
    return ax


def bar_values(
    names: list[str], series: Mapping[str, Iterable[float]]
) -> dict[str, NDArray[np.float64]]:
    """Return the series as arrays, one finite value for each name."""
    most = len(drawing.BARS)
    if not 1 <= len(series) <= most:
        raise SkipgramError(
            f"one to {most} sets of bars can be told apart, got {len(series)}"
        )
    arrays = {key: as_numbers(repr(key), s) for key, s in series.items()}
    for label, values in arrays.items():
        if values.shape != (len(names),) or not np.isfinite(values).all():
            raise SkipgramError(
                f"{label!r} must hold a finite number for each of the "
                f"{len(names)} names, got {values!r:.60}"
            )
    return arrays


@checked
def plot_bars(
    names: Iterable[str],
    series: Mapping[str, Iterable[float]],
    number: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Draw one bar, or a group of up to three, for each of some names.

    Parameters
    ----------
    names : sequence of n words
        From top to bottom.
    series : mapping of str to array of shape (n,)
        Label of each set of bars, and its lengths.
    number : str
        Format such as ".2f" to write the lengths beside the bars.
    ax : matplotlib.axes.Axes, optional
        By default the current ones.

    Returns
    -------
    Axes
    """
    names = as_words("names", names)
    arrays = bar_values(names, series)
    ax = axes_or_current(ax)
    height = 0.8 / len(arrays)
    at = np.arange(len(names))
    for k, (label, values) in enumerate(arrays.items()):
        y = at + (k - (len(arrays) - 1) / 2) * height
        bars = ax.barh(y, values, height, label=label, ec=INK, lw=0.6)
        for bar in bars:
            bar.set(fc=drawing.BARS[k], hatch=drawing.HATCHES[k])
        if number:
            texts = [format(value, number) for value in values]
            ax.bar_label(bars, texts, padding=3, size="small")
    ax.set_yticks(at, drawing.legible(names), parse_math=False)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.margins(x=0.12)
    if len(arrays) > 1:
        ax.legend(frameon=False)
    return ax


@checked
def plot_context_probabilities(
    model: SkipGram,
    word: str,
    others: Iterable[str] = (),
    topn: int = 10,
    counts: Counts | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw P(nearby | word): its largest values, and those of `others`.

    Parameters
    ----------
    model : SkipGram
    word : str
        The centre word.
    others : sequence of str
        Words to draw below the `topn` most likely ones.
    topn : int
        How many of the most likely words are drawn.
    counts : Counts, optional
        If given, the counted shares stand beside the predictions.
    ax : matplotlib.axes.Axes, optional
        By default the current ones.

    Returns
    -------
    Axes
    """
    names = [near for near, _ in model.predict_context(word, topn)]
    others = as_words("others", others)
    names += [other for other in others if other not in names]
    columns = [model.contexts[name] for name in names]
    series = {"predicted": model.context_probabilities(word)[columns]}
    if counts is not None:
        check_counts(counts, model.vocabulary, model.contexts)
        i = model.vocabulary[word]
        row = counts.table()[i : i + 1].toarray()[0]
        series["counted"] = row[columns] / max(row.sum(), 1e-300)
    ax = plot_bars(names, series, ax=ax)
    [label] = drawing.legible([f"P(nearby | {word})"])
    ax.set_xlabel(label, parse_math=False)
    return ax


def loss_curves(
    history: Iterable[TrainingRecord | float], first: int
) -> tuple[Sequence[int], dict[str, list[float]]]:
    """Epochs, and losses at their ends by what they are losses of.

    Of records, or of plain numbers, which begin with the epoch `first`.
    """
    entries = as_list("history", history)
    if all(isinstance(entry, TrainingRecord) for entry in entries):
        ends = [r for r in entries if r.epoch_loss is not None]
        epochs: Sequence[int] = [r.epoch for r in ends]
        losses = {"trained on": [r.epoch_loss for r in ends]}
        unseen = [r.held_out_loss for r in ends]
        if None not in unseen:
            losses["held out"] = unseen
    else:
        losses = {"trained on": as_numbers("history", entries).tolist()}
        epochs = range(first, first + len(entries))
    if not epochs:
        raise SkipgramError("history has no losses; train the model first")
    return epochs, losses


def draw_mark(ax: Axes, name: str, mark: float, below: bool) -> None:
    """Draw a named line; its name is above or below it, at the right."""
    ax.axhline(mark, color=EDGE, ls=":", lw=1.2)
    frame = ax.get_yaxis_transform()
    gap = (0, -3 if below else 3)
    place: dict[str, Any] = {"ha": "right", "va": "top" if below else "bottom"}
    ax.annotate(
        name, (1, mark), gap, frame, "offset points", color=INK, **place
    )


@checked
def plot_loss(
    history: Iterable[TrainingRecord | float],
    floor: float | None = None,
    lines: Mapping[str, float] | None = None,
    first: int = 1,
    ax: Axes | None = None,
) -> Axes:
    """Draw the loss over the epochs, with marks to read it against.

    Parameters
    ----------
    history : iterable of TrainingRecord, or of float
        Records, or a loss (nats per pair) for each epoch. Held-out losses,
        where all records have them, are a second curve.
    floor : float, optional
        Entropy floor of the counts, nats per pair.
    lines : mapping of str to float, optional
        Other marks, by name.
    first : int
        Number of the first epoch, for plain losses.
    ax : matplotlib.axes.Axes, optional
        By default the current ones.

    Returns
    -------
    Axes
    """
    epochs, curves = loss_curves(history, first)
    marks = {} if floor is None else {"entropy floor": floor}
    marks |= lines or {}
    heights = as_numbers("floor and lines", marks.values())
    ax = axes_or_current(ax)
    for k, (label, losses) in enumerate(curves.items()):
        marker = drawing.MARKERS[k] if len(epochs) <= 40 else ""
        style = marker + ["-", "--"][k]
        ax.plot(epochs, losses, style, color=drawing.COLOURS[k], label=label)
    lowest = min(map(min, curves.values()))
    for name, mark in zip(marks, heights, strict=True):
        draw_mark(ax, name, mark, mark <= lowest)
    ax.margins(y=0.14)
    ax.set(xlabel="epoch", ylabel="loss (nats per pair)")
    if len(curves) > 1:
        ax.legend(frameon=False)
    return ax


@checked
def plot_similarities(
    vectors: WordVectors, words: Iterable[str], ax: Axes | None = None
) -> Axes:
    """Draw the cosines of some words with each other; darker is closer.

    Parameters
    ----------
    vectors : WordVectors
    words : sequence of n of its words
        Up to 12 get their numbers written.
    ax : matplotlib.axes.Axes, optional
        By default the current ones.

    Returns
    -------
    Axes
    """
    names = check_words(words)
    ax = axes_or_current(ax)
    rows = rows_of(vectors, names)
    cosine = rows @ rows.T
    at = np.arange(len(names))
    lowest = min(0, cosine.min())
    image = ax.imshow(cosine, cmap=drawing.SHADES, vmin=lowest, vmax=1)
    shown = drawing.legible(names)
    ax.set_yticks(at, shown, parse_math=False)
    ax.set_xticks(at, shown, parse_math=False, rotation=45, ha="right")
    if len(names) > 12:
        ax.figure.colorbar(image, ax=ax, label="cosine")
        return ax
    shades = image.to_rgba(cosine)
    for i, j in np.ndindex(cosine.shape):
        ink = drawing.ink_on(to_hex(tuple(shades[i, j])))
        number = f"{cosine[i, j].round(2) + 0.0:.2f}"  # no -0.00
        write(ax, j, i, number, ink, size="small", ha="center")
    return ax
