"""The pages of the built book, in a browser, as a folder of files.

Each page, and of those that are all alike a few, is opened once from the disk,
in both colour schemes and at four widths. What the browser said, asked for and
laid out is kept, and the tests below look at it. Other files of tests use what
is on single pages.
"""

from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import check_notebooks
import pytest
from pages import RULES

pytestmark = [pytest.mark.book, pytest.mark.slow]

# The widest first, and last the one in which axe looks at the page: each
# change of the width lays the whole page out again.
WIDTHS = (1920, 768, 360, 1400)
# Pages of source code, and of the reference of a module, are all alike.
ALIKE = ("_modules/", "book/api/")
# One of so many is opened, and these are looked at for all of their kind.
ONE_OF = 4
LIKE_OTHERS = {
    "_modules/index.html",
    "_modules/skipgram_lib/model/softmax.html",
    "_modules/skipgram_lib/text/files.html",
    "book/api/errors.html",
    "book/api/model/skipgram.html",
    "book/api/vectors/vectors.html",
}
# What a reader waits for before a page can be read: fonts, those of icons and
# of formulas, come later.
PAGE_BYTES = 1_500_000
EXPLORER_BYTES = 16_000_000
IMAGE_BYTES = 250_000

# Colours of code depend on the kind of a token, and entries of an index or of
# the reference are all alike. So a few of each kind are looked at, and the
# others are taken off the page before axe counts its nodes.
THIN = """() => {
  const seen = new Map();
  const isOneTooMany = (kind, most) => {
    seen.set(kind, (seen.get(kind) ?? 0) + 1);
    return seen.get(kind) > most;
  };
  for (const token of document.querySelectorAll(".highlight span")) {
    if (isOneTooMany(token.className, 6) && !token.querySelector("[id]")) {
      token.remove();
    }
  }
  for (const entry of document.querySelectorAll("dl.py, .genindextable li")) {
    if (entry.isConnected && isOneTooMany(entry.className, 12)) {
      entry.remove();
    }
  }
}"""
# Elements of one path of tags and classes have one colour, unless a style of
# their own says otherwise. A few of each path are left for the contrast.
FEW_OF_EACH = """() => {
  const paths = new Map([[document.body, "body"]]);
  const seen = new Map();
  for (const element of document.body.querySelectorAll("*")) {
    const above = paths.get(element.parentElement);
    if (above === undefined) continue;
    const own = [element.tagName, ...element.classList].join(".");
    const path = `${above} ${own}${element.getAttribute("style") ?? ""}`;
    seen.set(path, (seen.get(path) ?? 0) + 1);
    if (seen.get(path) > 6) {
      element.remove();
    } else {
      paths.set(element, path);
    }
  }
}"""
AXE = """async (options) => {
  const found = await axe.run(document, {
    ...options, resultTypes: ["violations"], preload: false,
  });
  return found.violations.map((broken) =>
    broken.id + ": " + broken.nodes.slice(0, 3).map(
      (node) => node.target.join(" ")).join(", "));
}"""
CONTRAST = "color-contrast"
ALL_BUT_CONTRAST = {"runOnly": RULES, "rules": {CONTRAST: {"enabled": False}}}
SCHEME = "(scheme) => { document.documentElement.dataset.theme = scheme; }"
TYPESET = "() => window.MathJax?.startup?.promise"
SEARCH = """(term) => {
  document.querySelector("#search-results").replaceChildren();
  Search.performSearch(term);
}"""
SEARCHED_ALL = """() => {
  const said = document.querySelector("#search-results .search-summary");
  return /found|did not match/.test(said?.textContent);
}"""
SIDEWAYS = """() => {
  const page = document.documentElement;
  return page.scrollWidth - page.clientWidth;
}"""


@dataclass
class Visit:
    """What happened when a page was opened."""

    said: list = field(default_factory=list)
    asked: list = field(default_factory=list)
    sideways: dict = field(default_factory=dict)
    light: list = field(default_factory=list)
    dark: list = field(default_factory=list)


@contextmanager
def listening(page, visit):
    """Keep what a page says and asks for, within a `with` block."""

    def on_console(line):
        if line.type in ("error", "warning"):
            visit.said.append(line.text)

    heard = {
        "pageerror": lambda error: visit.said.append(str(error)),
        "console": on_console,
        "request": lambda request: visit.asked.append(request.url),
        "requestfailed": lambda r: visit.said.append(f"failed: {r.url}"),
    }
    for event, keep in heard.items():
        page.on(event, keep)
    yield
    for event, keep in heard.items():
        page.remove_listener(event, keep)


def look(page, path, axe):
    """Open a page, and look at it in both schemes and at all widths.

    Without the script of axe, only what it says, asks for, and how wide it is
    on the narrowest screen, on which a line is soonest too long.
    """
    visit = Visit()
    with listening(page, visit):
        widths = WIDTHS if axe else (min(WIDTHS),)
        page.set_viewport_size({"width": widths[0], "height": 900})
        page.goto(path.as_uri())
        page.evaluate(TYPESET)
        for width in widths:
            page.set_viewport_size({"width": width, "height": 900})
            visit.sideways[width] = page.evaluate(SIDEWAYS)
        if axe:
            page.evaluate(THIN)
            page.evaluate(axe)
            visit.light = page.evaluate(AXE, ALL_BUT_CONTRAST)
            # No colour is caught on its way from one scheme to the other.
            page.add_style_tag(content="* { transition: none !important; }")
            page.evaluate(SCHEME, "dark")
    if axe:
        # From here on the page's own scripts miss what was taken off it.
        page.evaluate(FEW_OF_EACH)
        visit.dark = page.evaluate(AXE, {"runOnly": [CONTRAST]})
        page.evaluate(SCHEME, "light")
        visit.light += page.evaluate(AXE, {"runOnly": [CONTRAST]})
    return visit


@pytest.fixture(scope="module")
def axe():
    """Return the script of axe-core."""
    package = pytest.importorskip("axe_playwright_python").__file__
    (script,) = Path(package).parent.rglob("axe.min.js")
    return script.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def visits(html, browser, axe):
    """Visit the pages of the book: {its name: what happened}."""
    found = {}
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    for place, path in enumerate(sorted(html.rglob("*.html"))):
        name = path.relative_to(html).as_posix()
        alike = name.startswith(ALIKE) and name not in LIKE_OTHERS
        if name.startswith("_static/") or name == "index.html":
            continue
        if alike and place % ONE_OF:
            continue
        found[name] = look(page, path, None if alike else axe)
        page.goto("about:blank")  # what it still loads belongs to this visit
    context.close()
    return found


def of_all(visits, what):
    """What is not empty among the visits: {name of the page: what}."""
    return {name: what(visit) for name, visit in visits.items() if what(visit)}


def test_every_page_was_visited(root, visits):
    chapters = {
        f"notebooks/{path.stem}.html"
        for path in (root / "notebooks").glob("*.ipynb")
    }
    assert chapters <= set(visits)
    assert {"search.html", "genindex.html", "book/intro.html"} <= set(visits)
    assert set(visits) >= LIKE_OTHERS


def test_no_page_has_anything_to_complain_about(visits):
    assert of_all(visits, lambda visit: visit.said) == {}


def test_no_request_leaves_the_folder(visits):
    def strangers(visit):
        here = ("file:", "data:", "blob:")
        return [url for url in visit.asked if not url.startswith(here)]

    assert of_all(visits, strangers) == {}


def test_no_page_scrolls_sideways(visits):
    def too_wide(visit):
        return {w: by for w, by in visit.sideways.items() if by > 0}

    assert of_all(visits, too_wide) == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_accessible(visits, scheme):
    assert of_all(visits, lambda visit: getattr(visit, scheme)) == {}


# --- Weight ----------------------------------------------------------------


def files_of(visit):
    """The files a page asked for: {path: bytes}, each once."""
    paths = {
        Path(unquote(urlsplit(url).path))
        for url in visit.asked
        if url.startswith("file:")
    }
    return {path: path.stat().st_size for path in paths if path.is_file()}


def is_light_reading(path):
    """Tell whether a file is neither a font nor a part of MathJax."""
    fonts = path.suffix in (".woff", ".woff2", ".ttf")
    return not fonts and "mathjax" not in path.parts


def weight(visit):
    """Bytes of a page with all it loads, but for fonts and MathJax."""
    files = files_of(visit)
    return sum(files[path] for path in files if is_light_reading(path))


def test_no_page_is_heavy(visits):
    # The explorer brings ten thousand words along.
    weights = {name: weight(visit) for name, visit in visits.items()}
    assert weights.pop("book/explorer.html") < EXPLORER_BYTES
    assert min(weights.values()) > 500_000, "a stylesheet is missing"
    assert {n: w for n, w in weights.items() if w > PAGE_BYTES} == {}


def test_no_picture_is_heavy(html):
    pictures = [
        path
        for folder in ("_images", "_static")
        for path in (html / folder).rglob("*")
        if path.suffix in (".png", ".svg", ".jpg", ".gif", ".webp")
    ]
    assert len(pictures) > 20
    heavy = {
        path.name: path.stat().st_size
        for path in pictures
        if path.stat().st_size > IMAGE_BYTES
    }
    assert heavy == {}


# --- The story, in screens ---------------------------------------------------

SCREEN = {"width": 1280, "height": 900}
STORY = [
    path.stem for path in check_notebooks.notebooks() if path.name[0].isdigit()
]
# At most so many screens; chapter 5 is the long one.
MOST = dict.fromkeys(STORY, 8.0) | {"05_learning": 10.0}
MOST_IN_ALL = 70.0
# The first network of the tutorial's size is trained here, and this soon.
TRAINED = ("07_training", "list(train(network, N")
TRAINED_BY = 50.0
HEIGHT = "() => document.documentElement.scrollHeight"
TOP = """(code) => {
  const cells = [...document.querySelectorAll("div.cell")];
  const cell = cells.find((one) => one.textContent.includes(code));
  return cell.getBoundingClientRect().top + window.scrollY;
}"""


@pytest.fixture(scope="module")
def screens(html, browser):
    """Measure the chapters of the story: {name: (screens, down to where)}."""
    found = {}
    page = browser.new_page(viewport=SCREEN)
    for name in STORY:
        page.goto((html / "notebooks" / f"{name}.html").as_uri())
        page.evaluate(TYPESET)
        page.wait_for_timeout(300)
        tops = [0]
        if name == TRAINED[0]:
            tops.append(page.evaluate(TOP, TRAINED[1]))
        height = page.evaluate(HEIGHT)
        found[name] = height / SCREEN["height"], tops[-1] / SCREEN["height"]
    page.close()
    return found


def test_a_chapter_of_the_story_is_short(screens):
    measured = {
        name: round(length, 1) for name, (length, _) in screens.items()
    }
    assert {n: x for n, x in measured.items() if x > MOST[n]} == {}, measured


def test_the_story_is_read_in_an_evening(screens):
    assert sum(length for length, _ in screens.values()) <= MOST_IN_ALL


def test_the_first_network_is_trained_early(screens):
    chapter, _ = TRAINED
    before = [
        length for name, (length, _) in screens.items() if name < chapter
    ]
    _, down_to = screens[chapter]
    assert down_to > 0
    assert sum(before) + down_to <= TRAINED_BY


def test_how_to_read_is_about_a_screen(html, browser):
    page = browser.new_page(viewport=SCREEN)
    page.goto((html / "book" / "how_to_read.html").as_uri())
    article = page.locator("article.bd-article").bounding_box()
    page.close()
    assert article["height"] <= 1.25 * SCREEN["height"]


# --- The search --------------------------------------------------------------

# What somebody who knows the field types.
SEARCHED = [
    "autoencoder",
    "weight decay",
    "regularisation",
    "regularization",
    "overfitting",
    "initialisation",
    "initialization",
    "hyperparameter",
    "mini-batch",
    "minibatch",
    "unigram",
    "embedding",
    "OOV",
    "out-of-vocabulary",
    "CBOW",
    "PPMI",
    "learning rate",
    "negative sampling",
]


def test_standard_terms_are_found_by_the_search(html, browser):
    without = []
    page = browser.new_page(viewport=SCREEN)
    page.goto((html / "search.html").as_uri() + f"?q={quote(SEARCHED[0])}")
    for term in SEARCHED:
        if term != SEARCHED[0]:  # the first one is asked for by the address
            page.evaluate(SEARCH, term)
        page.wait_for_function(SEARCHED_ALL)
        if not page.locator("#search-results ul.search li a").count():
            without.append(term)
    page.close()
    assert without == []


# --- The walk has to notice what it is for ---------------------------------

BAD = """<!doctype html><html lang="en"><title>Bad</title><main><h1>Bad</h1>
<p style="color: #aaa">pale</p><img src="gone.png">
<div style="width: 1000px">wide</div></main>
<script src="https://example.org/x.js"></script>
<script>console.error("no"); undefinedFunction();</script></html>"""


def test_a_bad_page_is_noticed(tmp_path, browser, axe):
    path = tmp_path / "bad.html"
    path.write_text(BAD, encoding="utf-8")
    page = browser.new_page()
    page.route("https://**", lambda route: route.abort())
    visit = look(page, path, axe)
    page.close()
    said = "\n".join(visit.said)
    assert "no" in visit.said
    assert "undefinedFunction" in said
    assert "failed: " in said
    assert "https://example.org/x.js" in visit.asked
    assert visit.sideways[360] > 0
    assert visit.sideways[1920] == 0
    broken = " ".join(visit.light)
    assert "image-alt" in broken
    assert "color-contrast" in broken
    assert visit.dark
