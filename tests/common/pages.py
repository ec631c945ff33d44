"""What tests of pages share: open one, watch what it does, check it."""

from contextlib import contextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]


@dataclass
class Element:
    """What a tag says, and where it stands."""

    tag: str
    attributes: dict
    inside: tuple


@dataclass
class Page(HTMLParser):
    """A page, read: its elements, its anchors, the text of its body."""

    elements: list = field(default_factory=list)
    anchors: set = field(default_factory=set)
    text: list = field(default_factory=list)

    # Tags that nothing closes.
    VOID = frozenset({"br", "col", "hr", "img", "input", "link", "meta"})

    def __post_init__(self):
        super().__init__()
        self.stack = []

    def __hash__(self):
        return id(self)

    def handle_starttag(self, tag, attrs):
        attributes = {name: value or "" for name, value in attrs}
        classes = attributes.get("class", "")
        inside = tuple(classes for _, classes in self.stack)
        self.elements.append(Element(tag, attributes, inside))
        self.anchors |= {
            attributes[name] for name in ("id", "name") if name in attributes
        }
        if tag not in self.VOID:
            self.stack.append((tag, classes))

    def handle_endtag(self, tag):
        if tag in [opened for opened, _ in self.stack]:
            while self.stack.pop()[0] != tag:
                pass

    def handle_data(self, data):
        if not {"script", "style"} & {tag for tag, _ in self.stack}:
            self.text.append(data)


def read(path):
    """Parse one page."""
    page = Page()
    page.feed(path.read_text(encoding="utf-8"))
    page.close()
    return page


@contextmanager
def opened(browser, address, scripts=(), **options):
    """Open a page, and fail if it complains or asks for anything afar.

    Parameters
    ----------
    browser : the fixture
    address : str or Path, of a file
    scripts : run in the page before its own
    options : of the browser's context, such as ``has_touch=True``
    """
    complaints = []
    context = browser.new_context(
        viewport=options.pop("viewport", {"width": 1100, "height": 900}),
        **options,
    )
    page = context.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))

    def on_message(message):
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    def on_request(request):
        if not request.url.startswith(("file:", "data:", "blob:")):
            complaints.append(f"asked for {request.url}")

    page.on("console", on_message)
    page.on("request", on_request)
    for script in scripts:
        page.add_init_script(script)
    try:
        page.goto(str(address) if "://" in str(address) else address.as_uri())
        yield page
        assert complaints == [], complaints
    finally:
        context.close()


def barriers(page):
    """What axe-core finds wrong for readers with a disability."""
    from axe_playwright_python.sync_playwright import Axe

    # It would load the stylesheets once more, which files do not allow.
    only = {"runOnly": {"type": "tag", "values": RULES}, "preload": False}
    found = Axe().run(page, options=only).response["violations"]
    return [
        (fault["id"], node["target"], node["failureSummary"])
        for fault in found
        for node in fault["nodes"]
    ]


def is_too_wide(page):
    """Tell whether a page scrolls sideways."""
    return page.evaluate(
        "document.documentElement.scrollWidth > window.innerWidth"
    )
