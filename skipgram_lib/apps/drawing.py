"""What all figures share: colours, axes, and texts that keep their size.

References
----------
Okabe and Ito 2008, "Color Universal Design".
W3C 2023, "Web Content Accessibility Guidelines (WCAG) 2.2".
"""

import warnings
from collections.abc import Callable, Iterable
from functools import cache, partial

import numpy as np
from numpy.typing import NDArray

from skipgram_lib.errors import MissingPackageError, SkipgramError

# Figures import this module before Matplotlib.
try:
    from matplotlib import font_manager, rcParams
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.backend_bases import RendererBase
    from matplotlib.colors import to_rgb
    from matplotlib.text import Text
    from matplotlib.textpath import text_to_path
    from matplotlib.typing import ColorType
except ModuleNotFoundError:
    raise MissingPackageError.of("Matplotlib") from None

# Okabe and Ito's colours; in any order, tell by the marker, too.
COLOURS = [
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#E69F00",
    "#56B4E9",
    "#F0E442",
    "#000000",
]
MARKERS = ["o", "s", "^", "D", "v", "P", "X", "*"]

# Bars have area for a shade: from dark to light, with hatches.
BARS = ["#0072B2", "#E69F00", "#F7F2C0"]
HATCHES = ["", "///", "xxx"]

DARK = "#1f5a9e"
LIGHT = "#cfe1f5"
INK = "#1a1a1a"
EDGE = "#595959"
SHADES = "Blues"  # from white to dark, for numbers


def luminance(colour: ColorType) -> float:
    """Relative luminance of a Matplotlib colour: 0 is black, 1 is white."""
    rgb = np.array(to_rgb(colour))
    bent = ((rgb + 0.055) / 1.055) ** 2.4
    light = np.where(rgb <= 0.04045, rgb / 12.92, bent)
    return float(light @ [0.2126, 0.7152, 0.0722])


def contrast(one: ColorType, other: ColorType) -> float:
    """Contrast of two colours, from 1 to 21; text needs 4.5 or more."""
    dark, light = sorted([luminance(one), luminance(other)])
    return (light + 0.05) / (dark + 0.05)


def ink_on(paper: ColorType) -> str:
    """Black or white, whichever can be read better on a colour."""
    return max("black", "white", key=lambda ink: contrast(ink, paper))


def axes_or_current(ax: Axes | None) -> Axes:
    """Return the axes to draw in: those given, or the current ones."""
    if ax is None:
        import matplotlib.pyplot as plt

        return plt.gca()
    if not isinstance(ax, Axes):
        raise SkipgramError(
            "ax must be a Matplotlib Axes, as plt.subplots() returns, got "
            f"{ax!r:.40}"
        )
    return ax


def text_widths(texts: Iterable[str]) -> NDArray[np.float64]:
    """Widths of some lines of text, as multiples of the font size."""
    font = font_manager.FontProperties(size=10)
    measure = text_to_path.get_text_width_height_descent
    return np.array([measure(text, font, False)[0] / 10 for text in texts])


@cache
def letters_of(path: str) -> frozenset[str]:
    """Letters that the font in a file has."""
    return frozenset(map(chr, font_manager.get_font(path).get_charmap()))


def letters_in(families: Iterable[str]) -> set[str]:
    """Letters that fonts of some families have together."""
    fonts = (
        font_manager.findfont(font_manager.FontProperties(family=[name]))
        for name in families
    )
    return set().union(*map(letters_of, fonts))


def find_families(words: Iterable[str]) -> list[str]:
    """Families to write words in: those in use, and what these lack."""
    families = list(rcParams["font.family"])
    missing = set().union(*words) - letters_in(families)
    for font in font_manager.fontManager.ttflist if missing else []:
        upright = font.style == "normal" and "Last Resort" not in font.name
        if upright and missing & letters_of(font.fname):
            families.append(font.name)
            missing -= letters_of(font.fname)
    return families


def legible(
    words: Iterable[str], families: Iterable[str] | None = None
) -> list[str]:
    """Words for a figure: a letter that no font has is drawn as U+FFFD."""
    words = list(words)
    known = letters_in(families or rcParams["font.family"])
    missing = set().union(*words) - known
    if lacking := [word for word in words if not missing.isdisjoint(word)]:
        warnings.warn(
            f"no font has all letters of {len(lacking):,} of {len(words):,} "
            f"words, such as {lacking[0]!r}; name one that does in "
            "Matplotlib's font.family, after installing it, or draw a map as "
            ".html",
            stacklevel=2,
        )
    replaced = dict.fromkeys(map(ord, missing), "\ufffd")
    return [word.translate(replaced) for word in words]


class BeforeDrawing(Artist):
    """Calls ``action(renderer)`` at each drawing of the axes, at first."""

    def __init__(
        self, ax: Axes, action: Callable[[RendererBase], None]
    ) -> None:
        super().__init__()
        self.action = action
        self.set_zorder(-1e6)
        self.set_in_layout(False)
        ax.add_artist(self)

    def draw(self, renderer: RendererBase) -> None:
        """Call the action."""
        self.action(renderer)


def fit_texts(ax: Axes, texts: list[Text], units: float) -> None:
    """Keep the font size of texts at some units of the axes, always."""
    BeforeDrawing(ax, partial(set_sizes, ax, texts, units))


def set_sizes(
    ax: Axes, texts: list[Text], units: float, renderer: RendererBase
) -> None:
    """Set the font size that is `units` of the axes long at this moment."""
    (left, _), (right, _) = ax.transData.transform([(0, 0), (units, 0)])
    size = max(0.1, (right - left) / renderer.points_to_pixels(1))
    for text in texts:
        if text.get_fontsize() != size:
            text.set_fontsize(size)
