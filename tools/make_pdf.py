"""Print the whole book as one PDF, with Debian's Chromium.

Sphinx writes all pages into one (its builder ``singlehtml``), so that every
link between them is a link inside the PDF. This script puts a cover and a list
of contents before it, lets MathJax set the formulas, moves hints and solutions
to the end of their chapters, and lets Chromium print the page: with an
outline, and a number at the foot of each page.

    python tools/make_pdf.py
"""

import argparse
import re
import shutil
import subprocess
import sys
from html import escape
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "_build" / "skip-gram-exactly.pdf"
BROWSERS = "chromium", "chromium-browser", "google-chrome"
ARTICLE = re.compile(r'<article class="bd-article">(.*)</article>', re.DOTALL)
MATHJAX = re.compile(
    r"<script>window\.MathJax = .*?</script>|"
    r"<script [^>]*tex-mml-chtml[^>]*></script>"
)
STYLES = re.compile(r'<link [^>]*rel="stylesheet"[^>]*>')
STATIC = re.compile(r'(src|href)="(?:\.\./)?_static')
# Sphinx leaves the page's own name in links to what stands on it.
OWN_LINK = re.compile(r'href="(?:[\w./]*?intro\.html)?#(?:[^"#]*#)?')
# Pictures lie one folder up from the page; live parts stay in the browser.
PICTURE = re.compile(r'(src|href)="_images/')
SCRIPT = re.compile(r"<script\b.*?</script>|<link [^>]*>", re.DOTALL)
FOOT = (
    '<div style="width:100%; font:8pt sans-serif; color:#56616d; '
    'text-align:center"><span class="pageNumber"></span></div>'
)
MARGINS = {"top": "18mm", "bottom": "20mm", "left": "20mm", "right": "20mm"}
PAGE = """<!DOCTYPE html>
<html lang="en" data-theme="light" data-mode="light">
<head>
<meta charset="utf-8">
<title>Skip-gram, exactly</title>
{head}
<link rel="stylesheet" href="../_static/pdf.css">
<script defer src="../_static/pdf.js"></script>
</head>
<body class="book-pdf">
<header class="pdf-cover">
<img src="../_static/logo.svg" alt="">
<p class="pdf-title">Skip-gram, exactly</p>
<p class="pdf-says">{says}</p>
</header>
<nav class="pdf-contents"><p class="pdf-heading">Contents</p>
{contents}
</nav>
<main class="bd-content"><article class="bd-article">{article}</article></main>
</body>
</html>
"""


class PdfError(Exception):
    """The PDF could not be made; the message says why."""


def find_browser():
    """Path of Chromium; what to install if there is none."""
    for name in BROWSERS:
        if path := shutil.which(name):
            return path
    raise PdfError(
        "There is no Chromium, which prints the PDF. On Debian and Ubuntu: "
        "sudo apt install chromium"
    )


def build_one_page(output):
    """Let Sphinx write all pages into one; return its path."""
    # What a build that failed has left there would let this one fail, too.
    shutil.rmtree(output / "_build" / "singlehtml", ignore_errors=True)
    builder = Path(sys.executable).with_name("jupyter-book")
    result = subprocess.run(
        [
            str(builder), "build", str(ROOT), "--path-output", str(output),
            "--builder", "custom", "--custom-builder", "singlehtml", "--quiet",
        ],
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    page = output / "_build" / "singlehtml" / "book" / "intro.html"
    if result.returncode or not page.is_file():
        reason = (result.stderr or result.stdout).strip()
        raise PdfError(f"Sphinx could not write the book:\n{reason}")
    return page


def parts():
    """Yield the caption and the pages of each part, as _toc.yml has them."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    for part in toc["parts"]:
        names = []
        for chapter in part["chapters"]:
            names.append(chapter["file"])
            names += [below["file"] for below in chapter.get("sections", [])]
        yield part["caption"], names


def title_of(article, name):
    """The heading of a page, without its link to itself."""
    start = article.find(f'id="document-{name}"')
    match = re.compile(r"<h\d>(.*?)</h\d>", re.DOTALL).search(article, start)
    if start < 0 or match is None:
        raise PdfError(
            f"The page {name} is not in the book that Sphinx wrote."
        )
    return re.sub(r'<a class="headerlink".*?</a>', "", match[1])


def contents(article):
    """Write the list of parts and chapters."""
    lines = []
    for caption, names in parts():
        lines.append(f"<p>{escape(caption)}</p><ol>")
        for name in names:
            title = title_of(article, name)
            lines.append(f'<li><a href="#document-{name}">{title}</a></li>')
        lines.append("</ol>")
    return "\n".join(lines)


def write_page(page):
    """Write the page that is printed, beside the one that Sphinx wrote."""
    text = page.read_text(encoding="utf-8")
    article = ARTICLE.search(text)[1]
    article = SCRIPT.sub("", OWN_LINK.sub('href="#', article))
    article = PICTURE.sub(r'\1="../_images/', article)
    says = re.search(r"<blockquote>\s*<div><p>(.*?)</p>", article, re.DOTALL)
    head = text.partition("</head>")[0]
    head = "\n".join(STYLES.findall(head) + MATHJAX.findall(text))
    target = page.with_name("print.html")
    target.write_text(
        PAGE.format(
            head=STATIC.sub(r'\1="../_static', head),
            says=says[1] if says else "",
            contents=contents(article),
            article=article,
        ),
        encoding="utf-8",
    )
    return target


def print_page(browser, page, target):
    """Let Chromium set the formulas and print the page."""
    from playwright.sync_api import sync_playwright

    target.parent.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        # A container often runs as root, where the sandbox does not start.
        chromium = playwright.chromium.launch(
            executable_path=browser, args=["--no-sandbox"]
        )
        tab = chromium.new_page(color_scheme="light")
        tab.set_default_timeout(600_000)
        tab.goto(page.as_uri())
        tab.wait_for_function("window.bookIsReady === true")
        wide = tab.evaluate("window.tooWide()")
        tab.pdf(
            path=target,
            format="A4",
            margin=MARGINS,
            outline=True,
            tagged=True,
            print_background=True,
            display_header_footer=True,
            header_template="<span></span>",
            footer_template=FOOT,
        )
        chromium.close()
    return wide


def main(arguments=None):
    """Build the page, print it, and say where it is."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--path-output", type=Path, default=ROOT)
    parser.add_argument("--out", type=Path, default=TARGET)
    options = parser.parse_args(arguments)
    try:
        browser = find_browser()
        page = write_page(build_one_page(options.path_output))
        wide = print_page(browser, page, options.out)
    except PdfError as error:
        print(error, file=sys.stderr)
        return 1
    for what in wide:
        print(f"Wider than the page: {what}", file=sys.stderr)
    print(f"The book is in {options.out}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
