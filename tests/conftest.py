"""What several test files share: where things are."""

import shutil
import signal

import pytest
from helpers import ROOT
from hypothesis import settings

from skipgram_lib import SkipGram, count_pairs, load_sotu

# The same examples on every machine and every run; slow machines may be slow.
settings.register_profile(
    "project", derandomize=True, deadline=None, max_examples=60
)
settings.load_profile("project")


def pytest_configure():
    """Let Ctrl-C end a process, also where the tests run in the background.

    A shell has its background jobs ignore it, and `nohup` may, too; whatever
    a test starts would inherit that.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Call every test slow that has pages opened in a browser."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker("slow")


@pytest.fixture(scope="session")
def root():
    """Return the folder of the project."""
    return ROOT


@pytest.fixture(scope="session")
def html(root):
    """Return the folder of the built book; skip where there is none."""
    folder = root / "_build" / "html"
    if not (folder / "index.html").exists():
        pytest.skip("no built book in _build/html: run `make book` first")
    return folder


# A browser that talks to nobody but the page.
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def browser():
    """Return a running Chromium; skip where there is none."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("no Chromium: apt install chromium")
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="no playwright: pip install '.[test]'"
    )
    with playwright.sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=program, args=QUIET)
        yield running
        running.close()


@pytest.fixture(scope="session")
def sotu_documents():
    """Return the tokens of the embedded corpus."""
    return load_sotu()


@pytest.fixture(scope="session")
def sotu_counts(sotu_documents):
    """Return the counts of the embedded corpus, with default settings."""
    return count_pairs(sotu_documents)


@pytest.fixture(scope="session")
def sotu_vocabulary(sotu_counts):
    """Return the tutorial's 10,000 words, from the embedded corpus."""
    return sotu_counts.vocabulary


@pytest.fixture(scope="session")
def toy_documents():
    """Return documents small enough to train on in no time."""
    texts = [
        "new york is a city and new york is a state",
        "new jersey is a state near new york",
        "the kangaroo is not in new york",
    ]
    return [text.split() for text in texts]


@pytest.fixture(scope="session")
def toy_counts(toy_documents):
    """Return the counts of the toy documents, nothing left out."""
    return count_pairs(toy_documents, window=2, sample=None)


@pytest.fixture(scope="session")
def toy_model(toy_counts):
    """Return a model trained on the toy documents. Do not change it."""
    model = SkipGram(vector_size=8, seed=3, epochs=5, batch_rows=4)
    return model.fit(toy_counts)
