"""The site: what every page has, and what links to what.

Most of these tests read ``_build/html``, which `make test` builds first.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import check_notebooks
import make_pdf
import pytest
import reading
import yaml
from pages import read

from skipgram_lib.apps.cli.program import MODULES, find_command

ASSETS = re.compile(
    r'<(?:script[^>]* src|link[^>]*rel="stylesheet"[^>]* href|img[^>]* src)'
    r'="([^"#?]+)'
)
PAGE = "notebooks/01_fake_task"
EXERCISE = re.compile(
    r'class="[^"]*\bexercise\b[^"]*" id="ex-(\w+)-(\w+)">\s*'
    r'<p class="admonition-title"><span class="caption-number">([^<]*)<'
)
CODE = re.compile(r"<(pre|code|script)\b.*?</\1>", re.DOTALL)
API_LINK = re.compile(
    r'<a class="reference internal" href="[^"]*api/[^"]*#skipgram_lib[^"]*">'
    r'<code class="docutils literal notranslate">'
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
    assert "<details" in texts["notebooks/03_network.html"]


# --- The cover ---------------------------------------------------------------


@pytest.mark.book
def test_the_cover_lists_every_chapter_with_its_sentence(root, texts, cover):
    listed = dict(
        re.findall(
            r'<a class="reference internal" href="(?:\.\./)?([\w/]+\.html)">'
            r'[^<]*</a></span> <span class="chapter-says">(.*?)</span></p>',
            cover,
        )
    )
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    for part in toc["parts"]:
        for name in (chapter["file"] for chapter in part["chapters"]):
            link = f"{name}.html".removeprefix("book/")
            assert link in listed, name
            if quote := BLOCKQUOTE.search(texts[f"{name}.html"]):
                assert words(listed[link]) == words(quote[1]), name


# --- Numbers and links -------------------------------------------------------


@pytest.mark.book
def test_a_chapter_has_the_number_of_its_file(texts, cover):
    found = 0
    for name, text in texts.items():
        if not (number := reading.number_of(name)):
            continue
        found += 1
        shown = r'<h1><span class="section-number">(\w+)\. </span>'
        assert re.findall(shown, text) == [number], name
        listed = (
            rf'<span class="chapter-number">{number}</span>'
            rf'<span class="chapter-title"><a [^>]*{name}'
        )
        assert re.search(listed, cover), name
    assert found >= 18


def test_no_chapter_is_called_like_its_part_or_an_appendix(root):
    captions = {caption.lower() for caption, _ in make_pdf.parts()}
    for _, names in make_pdf.parts():
        for name in names:
            (path,) = root.glob(f"{name}.[im]*")
            text = path.read_text(encoding="utf-8")
            if path.suffix == ".ipynb":
                text = check_notebooks.prose_of(path)
            title = re.search(r"^# (.+)$", text, re.MULTILINE)[1].lower()
            assert title not in captions, name
            assert "appendix" not in title, name


@pytest.mark.book
def test_exercises_are_numbered_as_the_checker_names_them(texts):
    found = 0
    for name, text in texts.items():
        for chapter, number, title in EXERCISE.findall(text):
            wanted = re.sub("^(W?)0", r"\1", chapter.upper()) + f".{number}"
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
    assert len(calls) > 20
    wrong = [c for c in calls if not re.fullmatch(r"\([WQ]?\d*\.\d+\)", c)]
    assert wrong == []


@pytest.mark.book
def test_a_formula_has_the_number_of_its_chapter(texts):
    found = set()
    for name, text in texts.items():
        for number in re.findall(r'class="eqno">\(([^)]*)\)', text):
            chapter = reading.number_of(name) or "Q"
            assert number.split(".")[0] == chapter, (name, number)
            assert number not in found, number
            found.add(number)
    assert len(found) > 30


@pytest.mark.book
def test_a_built_page_shows_no_raw_markup(texts):
    for name, text in texts.items():
        if not name.startswith("notebooks/"):
            continue
        prose = re.sub(
            r"<pre\b.*?</pre>|<code\b.*?</code>", "", text, flags=re.S
        )
        prose = re.sub(r"<script\b.*?</script>", "", prose, flags=re.S)
        assert not re.search(r"\{(?:term|eq|ref|doc)\}|\$\$|\\tag\{", prose), (
            name
        )
        assert "<!-- tool:" not in prose, name
        assert "### Exercise" not in prose, name


@pytest.mark.book
def test_public_names_lead_to_the_reference(texts):
    linked = [
        link
        for name, text in texts.items()
        if name.startswith("notebooks/")
        for link in API_LINK.findall(text)
    ]
    assert len(linked) > 25


@pytest.mark.book
def test_the_command_line_page_has_every_command(texts):
    page = texts["book/command_line.html"]
    for name, command in ((n, find_command(n)) for n in MODULES):
        assert f'<section id="skipgram-{name}">' in page
        for option in (opt for p in command.params for opt in p.opts):
            assert not option.startswith("--") or option in page, option
    # The library's own default, and not what autodoc makes of it.
    assert "(default: 10000)" in page


@pytest.mark.book
def test_tools_of_the_site_stand_in_their_chapters(texts):
    places = {
        tool: [n for n, t in texts.items() if f'-tool="{tool}"' in t]
        for tool in ("window", "train")
    }
    assert places == {
        "window": ["notebooks/01_fake_task.html"],
        "train": ["notebooks/05_learning.html"],
    }
    for name, text in texts.items():
        has_tool = "data-skipgram-tool=" in text
        assert bool(re.search(r'src="[^"]*lab\.js', text)) == has_tool, name
        assert bool(re.search(r'href="[^"]*lab\.css', text)) == has_tool, name


@pytest.mark.book
def test_only_what_is_of_use_alone_can_be_downloaded(texts):
    for name, text in texts.items():
        if name.startswith("notebooks/"):
            offered = re.search(r'href="[^"]*_sources/[^"]*\.ipynb"', text)
            is_alone = "guide_benchmarks" not in name
            assert bool(offered) == is_alone, name


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


# --- The repository's address ------------------------------------------------


REPOSITORY = re.compile(r"(?m)^  url: (.*)$")
BUTTON = re.compile(r'href="(https://(?:colab|mybinder)[^"]*)"')


@pytest.mark.book
def test_there_are_buttons_where_there_is_a_repository(root, texts):
    config = (root / "_config.yml").read_text(encoding="utf-8")
    (url,) = REPOSITORY.findall(config)
    links = BUTTON.findall(texts[f"{PAGE}.html"])
    assert bool(links) == bool(url.strip('"'))


@pytest.mark.slow
def test_buttons_lead_to_the_repository(root, tmp_path):
    for name in ("_ext", "_inv", "_static", "_templates"):
        (tmp_path / "book").mkdir(exist_ok=True)
        (tmp_path / "book" / name).symlink_to(root / "book" / name)
    for name in ("intro.md", "references.bib"):
        shutil.copy(root / "book" / name, tmp_path / "book")
    (tmp_path / "notebooks").mkdir()
    shutil.copy(root / f"{PAGE}.ipynb", tmp_path / "notebooks")
    config = (root / "_config.yml").read_text(encoding="utf-8")
    config = REPOSITORY.sub('  url: "https://github.com/OWNER/REPO"', config)
    (tmp_path / "_config.yml").write_text(config, encoding="utf-8")
    chapters = [{"file": PAGE}]
    toc = {"format": "jb-book", "root": "book/intro", "chapters": chapters}
    (tmp_path / "_toc.yml").write_text(yaml.safe_dump(toc), encoding="utf-8")
    builder = Path(sys.executable).with_name("jupyter-book")
    done = subprocess.run(
        [builder, "build", tmp_path, "--quiet"],
        capture_output=True,
        text=True,
        check=False,
    )
    page = tmp_path / "_build" / "html" / f"{PAGE}.html"
    assert page.exists(), done.stderr
    links = BUTTON.findall(page.read_text(encoding="utf-8"))
    colab, binder = sorted(links)
    assert colab.endswith(f"/github/OWNER/REPO/blob/main/{PAGE}.ipynb")
    assert "/gh/OWNER/REPO/main" in binder


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
def test_every_entry_of_the_glossary_is_linked_from_somewhere(texts):
    entries = [
        set(re.findall(r'<dt id="(term-[^"]+)"', terms))
        for terms in texts["book/glossary.html"].split("<dd>")[:-1]
    ]
    used = {
        term for text in texts.values() for term in reading.TERM.findall(text)
    }
    assert len(entries) > 40
    # By its name, or by another that it has.
    unused = [entry for entry in entries if not entry & used]
    # A few are there because somebody may search for them.
    assert len(unused) <= 0.1 * len(entries), unused


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
    # The pages of single modules are behind those of their packages.
    assert listed == [n for n in in_toc if not n.startswith("book/api/")]
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
