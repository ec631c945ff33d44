"""The site: what every page has, and what links to what.

Most of these tests read ``_build/html``, which `make test` builds first.
"""

import json
import os
import re
import subprocess
import sys
from urllib.parse import unquote, urlsplit

import make_pdf
import pytest
import reading
from pages import read

ASSETS = re.compile(
    r'<(?:script[^>]* src|link[^>]*rel="stylesheet"[^>]* href|img[^>]* src)'
    r'="([^"#?]+)'
)
EXERCISE = re.compile(
    r'class="[^"]*\bexercise\b[^"]*" id="ex-(\w+)-(\w+)">\s*'
    r'<p class="admonition-title"><span class="caption-number">([^<]*)<'
)
BLOCKQUOTE = re.compile(r"</h1>\s*<blockquote>\s*<div><p>(.*?)</p>", re.DOTALL)


def words(text):
    """The words of a piece of HTML, without its tags."""
    plain = re.sub(r"<[^>]+>", "", text).replace("&amp;", "&")
    return " ".join(plain.split())


@pytest.fixture(scope="module")
def texts(html):
    """Read every page that a reader can come to."""
    return {
        path.relative_to(html).as_posix(): path.read_text(encoding="utf-8")
        for path in html.rglob("*.html")
        if "_static" not in path.parts and path.name != "index.html"
    }


@pytest.fixture(scope="module")
def cover(texts):
    """Read the first page."""
    return texts["book/intro.html"]


# --- What a page has ---------------------------------------------------------


@pytest.mark.book
def test_every_page_says_what_it_is(texts):
    for name, text in texts.items():
        assert '<html lang="en"' in text, name
        assert text.count("<h1") >= 1, name
        assert re.search(r"<title>[^<]{5,}", text), name
        (says,) = re.findall(
            r'<meta name="description" content="([^"]*)"', text
        )
        assert len(says) > 10, name
        assert "#main-content" in text, name
        assert 'id="main-content"' in text, name


@pytest.mark.book
def test_a_page_loads_nothing_it_does_not_need(texts):
    for name, text in texts.items():
        assert ("searchindex.js" in text) == (name == "search.html"), name
        loaded = " ".join(ASSETS.findall(text))
        for extra in ("fontawesome", "thebe", "togglebutton"):
            assert extra not in loaded, name
        # Sphinx counts the formulas of the pages below the cover, too.
        if name != "book/intro.html":
            has_formula = re.search(r'class="[^"]*\bmath\b', text) is not None
            assert ("tex-mml-chtml" in text) <= has_formula, name


@pytest.mark.book
def test_what_is_folded_needs_no_script(texts):
    for name, text in texts.items():
        classes = re.findall(r'<(\w+) class="([^"]*)"', text)
        folded = {
            tag
            for tag, names in classes
            if {"admonition", "dropdown"} <= set(names.split())
        }
        assert folded <= {"details"}, name
        assert "togglebutton" not in text, name
    assert "<details" in texts["notebooks/03_hidden_layer.html"]


# --- The cover ---------------------------------------------------------------


@pytest.mark.book
def test_the_cover_lists_every_page_with_its_sentence(texts, cover):
    listed = dict(
        re.findall(
            r'<a class="reference internal" href="(?:\.\./)?([\w/]+\.html)">'
            r'[^<]*</a></span> <span class="chapter-says">(.*?)</span></p>',
            cover,
        )
    )
    for _, names in make_pdf.parts():
        for name in names:
            link = f"{name}.html".removeprefix("book/")
            assert link in listed, name
            if quote := BLOCKQUOTE.search(texts[f"{name}.html"]):
                assert words(listed[link]) == words(quote[1]), name


@pytest.mark.book
def test_the_cover_has_three_paths_of_pages(cover):
    paths = re.findall(
        r'<div class="path docutils container">(.*?)</ol>', cover, re.DOTALL
    )
    assert len(paths) == 3
    for path in paths:
        assert len(re.findall(r"<a ", path)) >= 5


# --- Numbers and links -------------------------------------------------------


@pytest.mark.book
def test_a_chapter_has_the_number_of_its_file(texts, cover):
    found = 0
    for name, text in texts.items():
        if not (match := reading.CHAPTER.match(name)):
            continue
        number, found = str(int(match["number"])), found + 1
        shown = r'<h1><span class="section-number">(\d+)\. </span>'
        assert re.findall(shown, text) == [number], name
        listed = (
            rf'<span class="chapter-number">{number}</span>'
            rf'<span class="chapter-title"><a [^>]*{match[0]}'
        )
        assert re.search(listed, cover), name
    assert found >= 8


@pytest.mark.book
def test_exercises_are_numbered_as_the_checker_names_them(texts):
    found = 0
    for name, text in texts.items():
        for chapter, number, title in EXERCISE.findall(text):
            wanted = f"{chapter.upper().lstrip('0')}.{number}"
            assert title.strip() == f"Exercise {wanted}", name
            found += 1
    assert found > 70


@pytest.mark.book
def test_formulas_are_called_by_their_numbers(texts):
    calls = [
        words(call)
        for text in texts.values()
        for call in re.findall(
            r'<a class="reference internal" href="[^"]*#equation-[^"]*">'
            r"(.*?)</a>",
            text,
        )
    ]
    assert calls
    assert all(re.fullmatch(r"\(\d+\)", call) for call in calls), calls


@pytest.mark.book
def test_names_of_a_cell_lead_to_the_reference_and_back(html, texts):
    reference = [name for name in texts if name.startswith("book/api")]
    anchors = {name: read(html / name).anchors for name in reference}
    linked = set()
    for text in texts.values():
        for line in re.findall(r'<p class="exported-to">(.*?)</p>', text):
            for address in re.findall(r'href="([^"]+)"', line):
                parts = urlsplit(address)
                page = parts.path.removeprefix("../")
                assert unquote(parts.fragment) in anchors[page], address
                linked.add(unquote(parts.fragment))
    back = re.findall(
        r'#def-([\w-]+)"', "".join(texts[name] for name in reference)
    )
    assert len(back) > 100
    assert {f"def-{label}" for label in back} <= {
        "def-" + name.removeprefix("skipgram_lib.").replace(".", "-").lower()
        for name in linked
    }


# --- Terms -------------------------------------------------------------------


@pytest.mark.book
def test_a_page_knows_the_terms_it_links_to(texts):
    pages = 0
    for name, text in texts.items():
        used = set(reading.TERM.findall(text))
        if not used or name == "book/glossary.html":
            continue
        (data,) = re.findall(
            r'<script type="application/json" id="definitions">(.*?)</script>',
            text,
        )
        known = json.loads(data)
        assert set(known) == used, name
        assert all(len(found["says"]) > 15 for found in known.values()), name
        pages += 1
    assert pages > 15


@pytest.mark.book
def test_every_term_of_the_glossary_is_linked_from_somewhere(html, texts):
    terms = {
        anchor
        for anchor in read(html / "book" / "glossary.html").anchors
        if anchor.startswith("term-")
    }
    used = {
        term for text in texts.values() for term in reading.TERM.findall(text)
    }
    assert len(terms) > 40
    assert terms - used == set()


# --- The hooks ---------------------------------------------------------------


def test_a_formula_and_its_comma_stay_together():
    formula = '<span class="math notranslate nohighlight">\\(D\\)</span>'
    context = {"body": f"{formula}, and {formula} alone"}
    reading.glue(None, "page", "page.html", context, None)
    assert context["body"] == (
        f'<span class="glued">{formula},</span> and {formula} alone'
    )


def test_a_signature_of_many_lines_is_no_list():
    context = {
        "body": '<dl class="py"><dt class="sig x">f(<dl>\n<dd>a</dd>\n</dl>)'
        "</dt>\n<dd><p>Says.</p></dd></dl>"
    }
    reading.mend_roles(None, "page", "page.html", context, None)
    assert context["body"] == (
        '<dl class="py"><dt class="sig x">f(<div>\n<div class="sig-line">a'
        "</div>\n</div>)</dt>\n<dd><p>Says.</p></dd></dl>"
    )


def test_a_reference_is_an_item_of_its_list():
    context = {
        "body": '<div role="list"><p role="doc-biblioentry">B</p></div>'
    }
    reading.mend_roles(None, "page", "page.html", context, None)
    assert context["body"] == '<div role="list"><p role="listitem">B</p></div>'


# --- The PDF -----------------------------------------------------------------


def test_without_chromium_the_pdf_says_so(monkeypatch, capsys):
    monkeypatch.setattr(make_pdf.shutil, "which", lambda name: None)
    assert make_pdf.main([]) == 1
    said = capsys.readouterr().err
    assert said == (
        "There is no Chromium, which prints the PDF. On Debian and Ubuntu: "
        "sudo apt install chromium\n"
    )


def test_the_pdf_asks_for_every_page_of_the_book(root):
    listed = [name for _, names in make_pdf.parts() for name in names]
    in_toc = re.findall(
        r"- file: (\S+)", (root / "_toc.yml").read_text(encoding="utf-8")
    )
    assert listed == in_toc
    with pytest.raises(make_pdf.PdfError, match="book/gone is not in"):
        make_pdf.title_of("<article></article>", "book/gone")


@pytest.mark.slow
@pytest.mark.book
def test_the_pdf_has_every_chapter_and_nothing_sticks_out(
    root, html, tmp_path
):
    if "SKIPGRAM_FULL_SIZE" not in os.environ:
        pytest.skip("takes a minute or more: run it with SKIPGRAM_FULL_SIZE=1")
    try:
        make_pdf.find_browser()
    except make_pdf.PdfError as error:
        pytest.skip(str(error))
    target = tmp_path / "book.pdf"
    # In a process of its own: a browser of other tests may be running here.
    program = [sys.executable, root / "tools" / "make_pdf.py"]
    done = subprocess.run(
        [*program, "--out", target], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    data = target.read_bytes()
    # Chromium writes the tree of a PDF as plain text.
    pages = len(re.findall(rb"/Type\s*/Page\b", data))
    titles = len(re.findall(rb"/Title\b", data))
    listed = [name for _, names in make_pdf.parts() for name in names]
    assert pages > 3 * len(listed)
    assert titles > 5 * len(listed)
    assert b"/Outlines" in data
