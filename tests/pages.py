"""What tests of pages share: open one, watch what it does, check it."""

from contextlib import contextmanager

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]


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
