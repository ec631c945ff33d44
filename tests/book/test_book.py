"""The built book: every link leads somewhere, and nothing comes from afar.

These tests read ``_build/html``, which `make test` builds first.
"""

import ast
import json
import re
from urllib.parse import unquote, urlsplit

import check_notebooks
import export
import literate
import pytest
from pages import read

pytestmark = pytest.mark.book

NOTEBOOKS = check_notebooks.notebooks()
PAGES = [path.stem for path in NOTEBOOKS]
CHAPTERS = [p.stem for p in NOTEBOOKS if not check_notebooks.is_guide(p)]
# A browser fetches what these name without being asked.
LOADING = {"script", "link", "img", "iframe", "source", "video", "audio"}
# Links that tell something about the page and load nothing.
NOT_LOADED = {"canonical", "search", "index", "next", "prev", "author"}


@pytest.fixture(scope="module")
def pages(html):
    """Parse all pages of the book."""
    found = {
        path: read(path)
        for path in html.rglob("*.html")
        if "_static" not in path.relative_to(html).parts
    }
    assert len(found) > len(PAGES)
    return found


def links(page):
    """Yield each element that points somewhere, with its address."""
    for element in page.elements:
        for name in ("href", "src"):
            if element.attributes.get(name):
                yield element, element.attributes[name]


def is_elsewhere(address):
    """Tell whether an address leaves the book."""
    return bool(urlsplit(address).scheme) or address.startswith("//")


def broken_links(pages):
    """List the links to files and anchors that are not there."""
    broken = []
    for path, page in pages.items():
        for _, address in links(page):
            if is_elsewhere(address):
                continue
            parts = urlsplit(address)
            target = path
            if parts.path:
                target = (path.parent / unquote(parts.path)).resolve()
            anchor = unquote(parts.fragment)
            if not target.exists():
                broken.append((path.name, address, "no such file"))
            elif (
                anchor
                and target in pages
                and anchor not in pages[target].anchors
            ):
                broken.append((path.name, address, "no such anchor"))
    return broken


def foreign_assets(pages):
    """List what a browser would fetch from another server."""
    return [
        (path.name, element.tag, address)
        for path, page in pages.items()
        for element, address in links(page)
        if element.tag in LOADING
        and is_elsewhere(address)
        and not address.startswith("data:")
        and element.attributes.get("rel") not in NOT_LOADED
    ]


def pictures(page):
    """Yield the pictures of a page that belong to its text."""
    for element in page.elements:
        if element.tag == "img" and "bd-article" in " ".join(element.inside):
            yield element


def test_every_link_leads_to_a_page_and_an_anchor(pages):
    assert broken_links(pages) == []


def test_nothing_is_loaded_from_another_server(html, pages):
    local = (html / "_static" / "mathjax" / "tex-mml-chtml.js").exists()
    allowed = "" if local else "mathjax"
    found = [
        asset
        for asset in foreign_assets(pages)
        if not (allowed and allowed in asset[2])
    ]
    assert found == []


def test_no_page_declares_a_name_twice(pages):
    # The browser would report an error on every page.
    for path in pages:
        text = path.read_text(encoding="utf-8")
        scripts = re.findall(r"<script>([^<]+)</script>", text)
        names = re.findall(r"\bconst (\w+)", "\n".join(scripts))
        assert len(names) == len(set(names)), path.name


def test_these_tests_see_bad_links(tmp_path):
    path = tmp_path / "page.html"
    path.write_text(
        '<p id="here"></p><a href="#here">a</a><a href="#there">b</a>'
        '<a href="gone.html">c</a><a href="https://example.org">d</a>'
        '<script src="https://example.org/x.js"></script>'
    )
    pages = {path: read(path)}
    assert [link[1] for link in broken_links(pages)] == ["#there", "gone.html"]
    assert [asset[1] for asset in foreign_assets(pages)] == ["script"]


@pytest.mark.parametrize("chapter", PAGES)
class TestNotebook:
    """What holds for the page of every notebook, chapter or guide."""

    @pytest.fixture
    def page(self, html, chapter):
        """Parse the chapter's page."""
        return read(html / "notebooks" / f"{chapter}.html")

    @pytest.fixture
    def notebook(self, root, chapter):
        """Read the chapter's notebook."""
        path = root / "notebooks" / f"{chapter}.ipynb"
        return json.loads(path.read_text(encoding="utf-8"))

    def test_no_directive_is_visible(self, page, chapter):
        seen = "".join(page.text)
        assert not re.search(
            r"^\s*#\|\s*(export|default_exp|module|hide)", seen, re.MULTILINE
        )

    def test_exported_cells_name_their_module(self, page, notebook, chapter):
        cells = literate.prepare_cells(notebook["cells"])
        tags = [cell["metadata"].get("tags", []) for cell in cells]
        exported = sum(
            "exported" in cell_tags and "remove-cell" not in cell_tags
            for cell_tags in tags
        )
        labels = [
            element
            for element in page.elements
            if element.attributes.get("class") == "exported-to"
        ]
        assert len(labels) == exported

    def test_the_download_is_the_notebook_itself(self, html, root, chapter):
        name = f"notebooks/{chapter}.ipynb"
        assert (html / "_sources" / name).read_bytes() == (
            root / name
        ).read_bytes()

    def test_every_picture_says_what_it_shows(self, page, chapter):
        for picture in pictures(page):
            words = picture.attributes.get("alt", "").split()
            assert len(words) >= 3, picture.attributes

    def test_every_picture_has_a_caption(self, page, chapter):
        figures = sum(element.tag == "figure" for element in page.elements)
        assert figures == len(list(pictures(page)))

    def test_solutions_are_folded(self, page, chapter):
        solutions = [
            element.attributes["class"].split()
            for element in page.elements
            if "solution" in element.attributes.get("class", "").split()
        ]
        assert len(solutions) >= (3 if chapter in CHAPTERS else 0)
        assert all("dropdown" in classes for classes in solutions)

    def test_checks_are_folded(self, html, page, notebook, chapter):
        checks = sum(
            "check" in cell["metadata"].get("tags", [])
            and "remove-cell" not in cell["metadata"]["tags"]
            for cell in notebook["cells"]
        )
        path = html / "notebooks" / f"{chapter}.html"
        folded = re.findall(
            r'<p class="collapsed admonition-title">Check</p>',
            path.read_text(encoding="utf-8"),
        )
        assert len(folded) == checks

    def test_no_cell_ended_in_an_error_that_is_not_meant(
        self, page, notebook, chapter
    ):
        meant = sum(
            bool(check_notebooks.MAY_FAIL & set(tags))
            for cell in notebook["cells"]
            if (tags := cell["metadata"].get("tags"))
        )
        errors = sum(
            "traceback" in element.attributes.get("class", "").split()
            for element in page.elements
        )
        assert errors <= meant


@pytest.mark.parametrize("name", ["intro", "how_to_read"])
def test_pictures_of_other_pages_say_what_they_show(html, name):
    page = read(html / "book" / f"{name}.html")
    for picture in pictures(page):
        assert picture.attributes.get("alt")


def modules_of(root):
    """Map each module and each room of the library to its file."""
    return {
        ".".join(path.relative_to(root).with_suffix("").parts): path
        for path in (root / "skipgram_lib").rglob("*.py")
        if not path.stem.startswith("_")
    }


def reference(html):
    """List the paths of the pages of the reference."""
    folder = html / "book"
    return [*folder.glob("api*.html"), *(folder / "api").rglob("*.html")]


def test_every_module_has_its_page_in_the_reference(root, html):
    modules = modules_of(root)
    assert len(modules) > 40
    for module in modules:
        name = module.removeprefix("skipgram_lib.").replace(".", "/")
        page = read(html / "book" / "api" / f"{name}.html")
        assert f"module-{module}" in page.anchors


def test_the_reference_lists_every_module_with_its_sentence(root, html):
    listed = "".join(
        path.read_text(encoding="utf-8")
        for path in (html / "book").glob("api_*.html")
    )
    for module, path in modules_of(root).items():
        name = module.removeprefix("skipgram_lib.")
        lines = ast.get_docstring(ast.parse(path.read_text("utf-8")))
        says = re.search(
            rf'<span class="pre">{re.escape(name)}</span></code></a>: ([^<]*)',
            listed,
        )
        assert says, name
        words = re.sub(r"[`\W]", "", lines.splitlines()[0])
        assert re.sub(r"&\w+;|\W", "", says[1]) == words, name


def test_every_name_that_a_chapter_exports_leads_to_its_cell(root, html):
    pages = [read(path) for path in reference(html)]
    targets = {address for page in pages for _, address in links(page)}
    modules = modules_of(root)
    without, found = [], 0
    for file, notebook in export.exported_files(root).items():
        module = file.removesuffix(".py").replace("/", ".")
        source = modules[module].read_text(encoding="utf-8")
        for name in re.findall(r"^(?:def|class) ([^\W_]\w*)", source, re.M):
            label = literate.label_of(module.partition(".")[2], name)
            found += 1
            wanted = f"notebooks/{notebook.stem}.html#{label}"
            if not any(address.endswith(wanted) for address in targets):
                without.append(label)
    assert found > 100
    assert without == []


# --- The hook -------------------------------------------------------------


def code(source):
    """Return a code cell."""
    return {"cell_type": "code", "source": source, "metadata": {}}


def test_hook_takes_directives_off_and_tags_exports():
    cells = [
        code("#| default_exp windows\n#| module text.files Reads files."),
        code(["#| export\n", "\n", "x = 1"]),
        code("#| export text.files\ny = 2"),
        code("x  #| not a directive"),
        {"cell_type": "markdown", "source": "#| stays", "metadata": {}},
    ]
    first, second, third, prose = literate.prepare_cells(cells)
    assert first["source"] == "x = 1"
    assert first["metadata"]["tags"] == ["exported", "exported-windows"]
    assert second["source"] == "y = 2"
    assert second["metadata"]["tags"] == ["exported", "exported-text-files"]
    assert third["source"] == "x  #| not a directive"
    assert "tags" not in third["metadata"]
    assert prose["source"] == "#| stays"


def test_hook_reads_every_spelling_of_a_directive():
    directives, body = literate.split_directives("#|hide\n#| eval: false\n1")
    assert directives == {"hide": "", "eval": "false"}
    assert body == "1"


def test_hook_writes_defaults_that_sphinx_can_read():
    signature = "(a: ~m.A = <factory>, b: ~m.B = <class 'dict'>)"
    said, _ = literate.on_signature(None, "class", "", None, {}, signature, "")
    assert said == "(a: ~m.A = ..., b: ~m.B = dict)"
