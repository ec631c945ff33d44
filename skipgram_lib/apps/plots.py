"""Figures: windows, lookups, bars, losses, similarities."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

# Before Matplotlib: it says what to install where that is missing.
from skipgram_lib.apps.drawing import (
    BARS,
    COLOURS,
    DARK,
    EDGE,
    HATCHES,
    INK,
    LIGHT,
    MARKERS,
    SHADES,
    axes_or_current,
    fit_texts,
    ink_on,
    text_widths,
)

# isort: split
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from numpy.typing import ArrayLike, NDArray

from skipgram_lib.apps.layout import check_words, rows_of
from skipgram_lib.backend.base import Array
from skipgram_lib.counts.counts import Counts
from skipgram_lib.counts.windows import as_tokens, window_offsets
from skipgram_lib.errors import SkipgramError, check_at_least
from skipgram_lib.model.skipgram import SkipGram, check_counts
from skipgram_lib.model.training import TrainingRecord
from skipgram_lib.vectors.vectors import WordVectors


def find_contexts(
    T: int, centres: Iterable[int] | None, offsets: ArrayLike
) -> dict[int, list[int]]:
    """Positions of the context words, by the position of their centre."""
    contexts = {}
    for i in range(T) if centres is None else centres:
        if not 0 <= i < T:
            raise SkipgramError(
                f"a centre must be a position from 0 to {T - 1}, got {i}"
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
    widths = text_widths(words)
    left = np.cumsum(widths + 0.9) - widths - 0.4
    texts = []
    for j, word in enumerate(words):
        face = DARK if j == centre else LIGHT if j in near else "none"
        ink = "white" if j == centre else INK if j in near else EDGE
        box = {"boxstyle": "round,pad=0.3", "fc": face, "ec": "none"}
        texts.append(
            ax.text(
                left[j],
                y,
                word,
                color=ink,
                va="center",
                bbox=box,
                parse_math=False,
            )
        )
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
    width = (text_widths(words) + 0.9).sum()
    for k, (i, near) in enumerate(contexts.items()):
        texts += draw_window(ax, words, -step * k - 1, i, near)
        if pairs:
            note = "  ".join(f"({words[i]}, {words[j]})" for j in near)
            y = -step * k - 2.5
            text = ax.text(
                0.5, y, note, color=INK, va="center", parse_math=False
            )
            texts.append(text)
            width = max(width, text_widths([note])[0] + 1)
    # Small letters are drawn on whole pixels, and come out wider: 1.05.
    ax.set(xlim=(0, 1.05 * width), ylim=(-step * len(contexts), 0), aspect=1)
    ax.axis("off")
    return texts


def plot_windows(
    tokens: Sequence[str] | Sequence[int],
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
    words = [str(token) for token in as_tokens(tokens)]
    offsets = window_offsets(window, side)
    contexts = find_contexts(len(words), centres, offsets)
    ax = axes_or_current(ax)
    fit_texts(ax, draw_windows(ax, words, contexts, pairs), 1)
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
    ax: Axes,
    corner: tuple[float, float],
    texts: list[list[str]],
    dark: int,
) -> list[Text]:
    """Draw a table down from its upper left corner, one row of it dark."""
    drawn = []
    for i, row in enumerate(texts):
        face = DARK if i == dark else "#f4f7fb"
        for j, text in enumerate(row):
            x, y = corner[0] + j, corner[1] - i - 1
            ax.add_patch(Rectangle((x, y), 1, 1, fc=face, ec="0.6", lw=0.8))
            drawn.append(
                ax.text(
                    x + 0.5,
                    y + 0.5,
                    text,
                    ha="center",
                    va="center",
                    color=ink_on(face),
                )
            )
    return drawn


def as_matrix(matrix: ArrayLike) -> Array:
    """Return a matrix as an array, or refuse it."""
    array = np.asarray(matrix)
    if array.ndim != 2 or 0 in array.shape:
        raise SkipgramError(
            f"expected a matrix (V, D), got an array of shape {array.shape}"
        )
    return array


@dataclass(frozen=True)
class LookupTexts:
    """What is written in the cells of a lookup; `row` is the one selected."""

    one_hot: list[str]
    matrix: list[list[str]]
    row: int

    @classmethod
    def of(cls, matrix: Array, row: int) -> "LookupTexts":
        """Return the texts of a matrix; "⋮" and "…" are left out cells."""
        rows = indices_to_draw(len(matrix), 7, row)
        columns = indices_to_draw(matrix.shape[1], 6)
        form = "d" if np.issubdtype(matrix.dtype, np.integer) else ".2f"

        def cell(i: int, j: int) -> str:
            if i < 0:
                return "⋮"
            return "…" if j < 0 else format(matrix[i, j], form)

        return cls(
            ["…" if i < 0 else str(int(i == row)) for i in rows],
            [[cell(i, j) for j in columns] for i in rows],
            rows.index(row),
        )


def draw_lookup(ax: Axes, texts: LookupTexts) -> list[Text]:
    """Draw a one-hot vector, a matrix and its row; return all numbers."""
    V = len(texts.matrix)
    D = len(texts.matrix[0])
    top = V / 2 + 0.5
    cells = []
    for i, text in enumerate(texts.one_hot):
        dark = 0 if i == texts.row else -1
        cells += draw_cells(ax, (i, top), [[text]], dark)
    cells += draw_cells(ax, (V + 1, V), texts.matrix, texts.row)
    row = texts.matrix[texts.row]
    cells += draw_cells(ax, (V + D + 2, top), [row], 0)
    ax.set(xlim=(0, V + 2 * D + 2), ylim=(0, V), aspect="equal")
    ax.axis("off")
    return cells


def draw_signs(ax: Axes, V: int, D: int) -> list[Text]:
    """Write × and = between the parts of a lookup of V rows, D columns."""
    places = {"×": V + 0.5, "=": V + D + 1.5}
    return [
        ax.text(x, V / 2, sign, ha="center", va="center", color=INK)
        for sign, x in places.items()
    ]


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
    matrix = as_matrix(matrix)
    row = check_at_least("row", row, 0)
    if row >= len(matrix):
        raise SkipgramError(f"row must be below {len(matrix)}, got {row}")
    ax = axes_or_current(ax)
    texts = LookupTexts.of(matrix, row)
    widest = max(text_widths(text for line in texts.matrix for text in line))
    fit_texts(ax, draw_lookup(ax, texts), min(0.5, 0.85 / widest))
    signs = draw_signs(ax, len(texts.matrix), len(texts.matrix[0]))
    fit_texts(ax, signs, 0.6)
    return ax


def bar_values(
    names: Sequence[str], series: Mapping[str, ArrayLike]
) -> dict[str, NDArray[np.float64]]:
    """Return the series as arrays, one finite value for each name."""
    if not 1 <= len(series) <= len(BARS):
        raise SkipgramError(
            f"one to {len(BARS)} sets of bars can be told apart, got "
            f"{len(series)}"
        )
    arrays = {key: np.asarray(s, np.float64) for key, s in series.items()}
    for label, values in arrays.items():
        if values.shape != (len(names),) or not np.isfinite(values).all():
            raise SkipgramError(
                f"{label!r} must hold a finite number for each of the "
                f"{len(names)} names, got {values!r:.60}"
            )
    return arrays


def plot_bars(
    names: Sequence[str],
    series: Mapping[str, ArrayLike],
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
    arrays = bar_values(names, series)
    ax = axes_or_current(ax)
    height = 0.8 / len(arrays)
    at = np.arange(len(names))
    for k, (label, values) in enumerate(arrays.items()):
        y = at + (k - (len(arrays) - 1) / 2) * height
        bars = ax.barh(
            y,
            values,
            height,
            color=BARS[k],
            ec=INK,
            lw=0.6,
            hatch=HATCHES[k],
            label=label,
        )
        if number:
            texts = [format(value, number) for value in values]
            ax.bar_label(bars, texts, padding=3, size="small")
    ax.set_yticks(at, names, parse_math=False)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.margins(x=0.12)
    if len(arrays) > 1:
        ax.legend(frameon=False)
    return ax


def plot_context_probabilities(
    model: SkipGram,
    word: str,
    others: Sequence[str] = (),
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
    names += [other for other in others if other not in names]
    columns = [model.contexts[name] for name in names]
    series = {"predicted": model.context_probabilities(word)[columns]}
    if counts is not None:
        check_counts(counts, model.vocabulary, model.contexts)
        i = model.vocabulary[word]
        row = counts.table()[i : i + 1].toarray()[0]
        series["counted"] = row[columns] / max(row.sum(), 1e-300)
    ax = plot_bars(names, series, ax=ax)
    ax.set_xlabel(f"P(nearby | {word})", parse_math=False)
    return ax


@dataclass(frozen=True)
class LossCurves:
    """Losses of the epochs, by what they are losses of."""

    epochs: list[int]
    losses: dict[str, list[float]]

    @classmethod
    def of_numbers(cls, numbers: Sequence[float], first: int) -> "LossCurves":
        """Return the curve of plain losses, from an epoch on."""
        epochs = range(first, first + len(numbers))
        return cls(list(epochs), {"trained on": list(map(float, numbers))})

    @classmethod
    def of_records(cls, records: Sequence[TrainingRecord]) -> "LossCurves":
        """Return the curves of records, those at the ends of epochs."""
        ends = [r for r in records if r.epoch_loss is not None]
        losses = [r.epoch_loss for r in ends if r.epoch_loss is not None]
        unseen = [r.held_out_loss for r in ends if r.held_out_loss is not None]
        curves = {"trained on": losses}
        if len(unseen) == len(ends):
            curves["held out"] = unseen
        return cls([r.epoch for r in ends], curves)


def loss_curves(
    history: Iterable[TrainingRecord | float], first: int
) -> LossCurves:
    """Return the curves of records, or of plain numbers."""
    records = []
    numbers = []
    for entry in history:
        if isinstance(entry, TrainingRecord):
            records.append(entry)
        else:
            numbers.append(entry)
    curves = LossCurves.of_records(records)
    if numbers:
        curves = LossCurves.of_numbers(numbers, first)
    if not curves.epochs:
        raise SkipgramError("there is no loss to draw; train the model first")
    return curves


def draw_marks(ax: Axes, marks: Mapping[str, float], lowest: float) -> None:
    """Draw named lines; a name is below its line if that is at the lowest.

    `lowest` is the smallest value of the curves.
    """
    for name, mark in marks.items():
        below = mark <= lowest
        ax.axhline(mark, color=EDGE, ls=":", lw=1.2)
        ax.annotate(
            name,
            (1, mark),
            (0, -3 if below else 3),
            ax.get_yaxis_transform(),
            "offset points",
            ha="right",
            va="top" if below else "bottom",
            color=INK,
        )


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
    curves = loss_curves(history, first)
    ax = axes_or_current(ax)
    for k, (label, losses) in enumerate(curves.losses.items()):
        ax.plot(
            curves.epochs,
            losses,
            ["-", "--"][k],
            color=COLOURS[k],
            label=label,
            marker=MARKERS[k] if len(curves.epochs) <= 40 else "",
        )
    floors = {} if floor is None else {"entropy floor": floor}
    lowest = min(map(min, curves.losses.values()))
    draw_marks(ax, floors | dict(lines or {}), lowest)
    ax.margins(y=0.14)
    ax.set(xlabel="epoch", ylabel="loss (nats per pair)")
    if len(curves.losses) > 1:
        ax.legend(frameon=False)
    return ax


def plot_similarities(
    vectors: WordVectors, words: Sequence[str], ax: Axes | None = None
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
    image = ax.imshow(cosine, cmap=SHADES, vmin=min(0, cosine.min()), vmax=1)
    ax.set_yticks(at, names, parse_math=False)
    ax.set_xticks(at, names, parse_math=False, rotation=45, ha="right")
    if len(names) > 12:
        ax.figure.colorbar(image, ax=ax, label="cosine")
        return ax
    shades = image.to_rgba(cosine)
    for i, j in np.ndindex(cosine.shape):
        ink = ink_on(to_hex(tuple(shades[i, j])))
        number = f"{cosine[i, j].round(2) + 0.0:.2f}"  # no -0.00
        ax.text(
            j, i, number, color=ink, size="small", ha="center", va="center"
        )
    return ax
