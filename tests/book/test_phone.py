"""The built book on a phone: what is too wide says so, letters stay legible.

And the first stop of the tab key, which axe does not see.
"""

import re

import check_notebooks
import pytest
from pages import opened

pytestmark = [pytest.mark.book, pytest.mark.slow]

PHONE = {"width": 360, "height": 740}
PAGES = [f"notebooks/{path.stem}" for path in check_notebooks.notebooks()]
# Letters of 10 points, at this share of their size, have 9 px.
LEGIBLE = 0.675
WIDE = """() => [...document.querySelectorAll(".bd-article *")]
  .filter((box) => ["auto", "scroll"].includes(getComputedStyle(box).overflowX)
    && box.scrollWidth > box.clientWidth + 1)
  .filter((box) => box.matches(".scrolls, .pst-scrollable-table-container"))
  .filter((box) => !box.matches(".is-wide") || box.tabIndex !== 0)
  .map((box) => box.innerText.slice(0, 40))"""
SHARES = """() => [...document.querySelectorAll(".bd-article figure img")]
  .filter((image) => image.offsetParent)
  .map((image) => [image.src, image.offsetWidth / image.naturalWidth])"""


@pytest.mark.parametrize("name", [*PAGES, "book/promises", "book/from_0_1"])
def test_what_is_too_wide_says_so_and_figures_can_be_read(browser, html, name):
    page = html / f"{name}.html"
    with opened(browser, page, viewport=PHONE) as page:
        page.wait_for_load_state("load")
        page.wait_for_timeout(200)
        assert page.evaluate(WIDE) == []
        small = [one for one in page.evaluate(SHARES) if one[1] < LEGIBLE]
        assert small == []


def luminance(colour):
    """The relative luminance of WCAG of a colour such as rgb(1, 2, 3)."""
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in parts
    ]
    red, green, blue = linear
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_way_past_the_menu_can_be_read(browser, html, scheme):
    page = html / "book" / "glossary.html"
    with opened(browser, page, color_scheme=scheme) as page:
        page.keyboard.press("Tab")
        link = page.locator("#pst-skip-link a")
        assert link.evaluate("link => link === document.activeElement")
        colours = [
            link.evaluate(f"link => getComputedStyle(link).{name}")
            for name in ("color", "backgroundColor")
        ]
        low, high = sorted(map(luminance, colours))
        assert (high + 0.05) / (low + 0.05) >= 4.5, colours
