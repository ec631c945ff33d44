"""Sphinx hook that takes off a page what the page does not need.

The theme and the extensions of jupyter-book load two megabytes on every page:
an icon font, a grid system, a search index, a kernel's client, MathJax. This
hook

* writes one stylesheet, ``_static/theme.css``, with those of their rules that
  can apply to a page of this book;
* drops scripts from pages that have nothing for them to do;
* keeps the search index for the search page;
* writes an ``index.html`` that leads to the cover.

The book's own stylesheets and scripts are left as they are.
"""

import re
from html import escape
from pathlib import Path

import tinycss2
from sphinx.builders.html._assets import _CascadingStyleSheet

STYLES = "theme.css"
# The theme's own stylesheets, which its layout loads outside of Sphinx's list.
THEME = ["styles/theme.css", "styles/pydata-sphinx-theme.css"]
NEVER = re.compile(
    r"sphinx-thebe|THEBE_JS_URL|togglebutton|toggleHint|toggleOpenOnPrint"
)
# A script, and what a page has to hold for it to be of use.
ONLY_WITH = [
    (re.compile("mathjax|MathJax"), re.compile(r'class="[^"]*\bmath\b')),
    (re.compile("clipboard|copybutton"), re.compile('class="highlight')),
    (re.compile("design-tabs"), re.compile("sd-tab-")),
]
KINDS = {".html", ".js", ".css"}
# What no page loads: a font of icons, the menus of a grid system, the maps of
# those who debug them.
UNUSED = [
    "scripts/bootstrap*",
    "scripts/fontawesome*",
    "**/*.map",
    "sphinx-thebe*",
    "togglebutton*",
    "*webpack-macros.html",
]
WORD = re.compile(r"(?:--)?[A-Za-z_][\w-]*")
# A declaration; its value may hold a semicolon in quotes.
VARIABLE = re.compile(
    r"(?<=[{;])\s*(?P<name>--[\w-]+)\s*:"
    r"(?:\"[^\"]*\"|'[^']*'|[^;{}\"'])*(?:;|(?=\}))"
)
USE = re.compile(r"var\(\s*(--[\w-]+)")
NAMES = re.compile(r'\b(?:class|id)="([^"]*)"')


# --- Scripts and stylesheets of a page ---------------------------------------


def is_needed(script, body):
    """Tell whether a page has something for a script to do."""
    text = f"{script.filename or ''} {script.attributes.get('body') or ''}"
    if NEVER.search(text):
        return False
    return all(
        holds.search(body) for name, holds in ONLY_WITH if name.search(text)
    )


def is_own(app, name):
    """Tell whether a stylesheet is the book's."""
    name = str(name).removeprefix("_static/")
    return any(
        Path(app.confdir, folder, name).exists()
        for folder in app.config.html_static_path[:1]
    )


def on_page(app, pagename, templatename, context, doctree):
    """Leave a page the scripts it needs, and one stylesheet of the theme."""
    body = context.get("body", "")
    context["script_files"] = [
        script
        for script in context.get("script_files", [])
        if is_needed(script, body)
    ]
    own = [
        sheet
        for sheet in context.get("css_files", [])
        if is_own(app, getattr(sheet, "filename", sheet))
    ]
    theme = _CascadingStyleSheet(f"_static/{STYLES}", priority=0)
    context["css_files"] = [theme, *own]


# --- One stylesheet ----------------------------------------------------------


def words_of(folder, own=()):
    """Every class, id, word and variable that a page can name.

    Of the stylesheets, those named `own` are asked.
    """
    words = set()
    for path in folder.rglob("*"):
        if "mathjax" in path.parts or path.suffix not in KINDS:
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        if path.suffix == ".html":
            text = " ".join(NAMES.findall(text) + USE.findall(text))
        if path.suffix == ".css":
            text = " ".join(USE.findall(text)) if path.name in own else ""
        if path.name != "searchindex.js":
            words.update(WORD.findall(text))
    return words


def selectors(prelude):
    """Part a rule's selectors at the commas between them."""
    parts = [[]]
    for token in prelude:
        if token.type == "literal" and token.value == ",":
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def can_apply(selector, words):
    """Tell whether all classes and names of a selector occur somewhere."""
    before = ""
    for token in selector:
        if token.type == "hash" and token.value not in words:
            return False
        if token.type == "ident" and before != ":":
            known = before != "." or token.value in words
            if not known:
                return False
        before = token.value if token.type == "literal" else ""
    return True


def prune(rules, words):
    """Yield the rules that can apply, as text."""
    for rule in rules:
        if rule.type == "qualified-rule":
            kept = [
                tinycss2.serialize(selector).strip()
                for selector in selectors(rule.prelude)
                if can_apply(selector, words)
            ]
            if kept:
                body = tinycss2.serialize(rule.content).strip()
                yield f"{','.join(kept)}{{{body}}}"
        elif rule.type == "at-rule" and rule.at_keyword in (
            "media",
            "supports",
        ):
            inner = tinycss2.parse_rule_list(
                rule.content, skip_comments=True, skip_whitespace=True
            )
            if text := "\n".join(prune(inner, words)):
                condition = tinycss2.serialize(rule.prelude).strip()
                yield f"@{rule.at_keyword} {condition}{{{text}}}"


def without_unused(text, used):
    """Take out of a stylesheet the variables that nobody uses."""
    return VARIABLE.sub(
        lambda match: match[0] if match["name"] in used else "", text
    )


def lean(text, words):
    """Leave of a stylesheet what can apply where only these words occur."""
    rules = tinycss2.parse_stylesheet(
        text, skip_comments=True, skip_whitespace=True
    )
    kept = "\n".join(prune(rules, words))
    # A variable may stand in the definition of another.
    for _ in range(3):
        kept = without_unused(kept, set(USE.findall(kept)) | words)
    moves = [
        rule.serialize()
        for rule in rules
        if rule.type == "at-rule"
        and rule.at_keyword == "keyframes"
        and tinycss2.serialize(rule.prelude).strip() in WORD.findall(kept)
    ]
    return "\n".join([kept, *moves, ""])


FRONT = """<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{project}</title>
<meta http-equiv="refresh" content="0; url={page}">
</head>
<body><main><h1><a href="{page}">{project}</a></h1></main></body>
</html>
"""


def finish(app, exception):
    """Write the one stylesheet, and remove what no page loads."""
    if exception or app.builder.name not in ("html", "singlehtml"):
        return
    static = Path(app.outdir, "_static")
    names = THEME + [
        str(sheet.filename).removeprefix("_static/")
        for sheet in app.builder._css_files
        if not is_own(app, sheet.filename)
    ]
    text = "\n".join(
        (static / name).read_text(encoding="utf-8")
        for name in dict.fromkeys(names)
        if (static / name).is_file()
    )
    for pattern in UNUSED:
        for path in static.glob(pattern):
            path.unlink()
    own = {
        path.name
        for folder in app.config.html_static_path[:1]
        for path in Path(app.confdir, folder).rglob("*.css")
    }
    # The folder's own page leads to the cover.
    front = FRONT.format(
        language=app.config.language,
        project=escape(app.config.project),
        page=app.builder.get_target_uri(app.config.root_doc),
    )
    if app.builder.name == "html":
        Path(app.outdir, "index.html").write_text(front, encoding="utf-8")
    words = words_of(Path(app.outdir), own)
    (static / STYLES).write_text(lean(text, words), encoding="utf-8")


def setup(app):
    """Connect the hook to Sphinx."""
    app.connect("html-page-context", on_page, priority=950)
    # The theme rewrites its colours of code when the build is finished.
    app.connect("build-finished", finish, priority=950)
    return {
        "version": "1",
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
