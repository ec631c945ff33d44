r"""Sphinx hook that makes the book's pages of portable notebooks.

A notebook holds plain Markdown, which JupyterLab, Colab and a code host show
as it stands. The site can do more. While Sphinx reads a notebook, this hook
turns, in Sphinx's copy of it alone,

* an exercise, ``### Exercise 3.1`` with its ``<details>``, into an exercise
  named ``ex-03-1`` with a hint and a solution that fold;
* other ``<details>`` into parts that fold as they do everywhere;
* a formula that ends in ``\tag{3.1}`` into one that is numbered (3.1), and
  "(3.1)" in prose, in any chapter, into a link to it;
* an emphasised term of the glossary, ``*softmax*``, into a link to it;
* ``<!-- tool: window -->`` into the place of a tool of the site.

It names what folded cells hold, by their tags, and links public names of the
library to the reference.
"""

import json
import re
from pathlib import Path

from docutils import nodes

import skipgram_lib

GLOSSARY = "book/glossary"
GLOSSARY_BLOCK = re.compile(r"^```\{glossary\}\n(.*?)^```", re.M | re.S)
TAG = re.compile(r"\\tag\{((?:[WQ]?\d*)\.\d+)\}")
EXERCISE = re.compile(r"\A### Exercise ([WQ]?\d*)\.(\d+)[^\n]*\n(.*)\Z", re.S)
DETAILS = re.compile(
    r"^<details>\s*\n<summary>(?P<title>.*?)</summary>\n"
    r"(?P<body>.*?)^</details>[ \t]*$",
    re.M | re.S,
)
FENCED = re.compile(r"^(`{3,})(\w*)\n(.*?)^\1[ \t]*$", re.M | re.S)
DEFINED = re.compile(r"^(?:class|def) (\w+)", re.M)
TOOL = re.compile(r"<!-- tool: (\w+) -->")
TOOL_PLACE = """\
```{{raw}} html
<div data-skipgram-tool="{name}"><p>This tool needs JavaScript.</p></div>
```"""
TOOL_MARK = "data-skipgram-tool="
# What is no prose, in this order: code, formulas, code in a line, formulas in
# a line, links and pictures, HTML, headings.
NO_PROSE = re.compile(
    r"(?P<fence>^ *(?P<ticks>`{3,}).*?^ *(?P=ticks)[ \t]*$)"
    r"|(?P<formula>^[ ]*\$\$.*?\$\$)"
    r"|(?P<code>(?P<tick>`+)[^`].*?(?P=tick)(?!`))"
    r"|(?P<math>(?<![\\$])\$(?=\S)[^$\n]+(?:\n[^$\n]+)*?(?<=\S)\$)"
    r"|(?P<link>!?\[(?:[^\[\]]|\[[^\]]*\])*\]\([^)]*(?:\([^)]*\)[^)]*)*\))"
    r"|(?P<html></?[A-Za-z!][^>]*>)"
    r"|(?P<heading>^#{1,6} .*?$)",
    re.M | re.S,
)
EMPHASIS = re.compile(r"(?<![*\w\\])\*(?![*\s])([^*`$]+?)(?<!\s)\*(?![*\w])")
REFERENCE = re.compile(r"\(((?:[WQ]?\d*)\.\d+)\)")


# --- Exercises ---------------------------------------------------------------


def key_of(chapter, number):
    """The key of an exercise: ``03-1``, ``w07-1`` or ``q-1``."""
    letter = chapter.rstrip("0123456789").lower()
    digits = chapter.removeprefix(letter.upper())
    return f"{letter}{digits.zfill(2) if digits else ''}-{number}"


def read_exercise(text):
    """Take an exercise apart: its key, what it asks, [(title, folded)].

    Returns None for a cell that holds no exercise.
    """
    if not (match := EXERCISE.match(text.strip() + "\n")):
        return None
    chapter, number, rest = match.groups()
    folded = [(m["title"], m["body"].strip()) for m in DETAILS.finditer(rest)]
    asked = DETAILS.sub("", rest).strip()
    return key_of(chapter, number), asked, folded


def solution_blocks(text):
    """List the blocks of Python in the solution of an exercise's cell."""
    _, _, folded = read_exercise(text)
    return [
        block[3].strip("\n")
        for title, body in folded
        if title == "Solution"
        for block in FENCED.finditer(body)
        if block[2] == "python"
    ]


def directive(kind, title, options, body):
    """Write a directive around text, which may hold blocks of code."""
    longest = max((len(m[1]) for m in FENCED.finditer(body)), default=0)
    marks = "`" * max(4, longest + 1)
    lines = [f":{name}: {value}" for name, value in options.items()]
    head = "\n".join([f"{marks}{{{kind}}} {title}".rstrip(), *lines])
    return f"{head}\n\n{body}\n{marks}"


def fold_details(text):
    """Turn ``<details>`` in prose into what folds on the site."""
    return DETAILS.sub(
        lambda match: directive(
            "admonition",
            match["title"],
            {"class": "dropdown"},
            match["body"].strip(),
        ),
        text,
    )


def write_exercise(key, asked, folded):
    """Write an exercise as the directives that the site knows."""
    label = f"ex-{key}"
    parts = [directive("exercise", "", {"label": label}, asked)]
    for title, body in folded:
        if title == "Solution":
            parts.append(
                directive("solution", label, {"class": "dropdown"}, body)
            )
        else:
            kind = {"class": "dropdown hint"}
            parts.append(directive("admonition", title, kind, body))
    return "\n\n".join(parts)


# --- Formulas ----------------------------------------------------------------


def label_of(number):
    """The label of the formula with a number."""
    return "eq-" + number.lower().replace(".", "-")


def write_formula(text):
    """Write a numbered formula as a directive; others stay."""
    match = TAG.search(text)
    if match is None:
        return text
    indent = text[: len(text) - len(text.lstrip(" "))]
    body = TAG.sub("", text.strip().removeprefix("$$").removesuffix("$$"))
    lines = [line for line in body.split("\n") if line.strip()]
    lines = [line.removeprefix(indent).rstrip() for line in lines]
    written = ["```{math}", f":label: {label_of(match[1])}", "", *lines, "```"]
    return "\n".join(indent + line for line in written)


# --- Terms -------------------------------------------------------------------


def folded_term(text):
    """A term as it is compared: spelling, case, hyphens and spaces aside."""
    text = " ".join(text.lower().replace("-", " ").split())
    return text.replace("iz", "is").replace("center", "centre")


def singular_forms(text):
    """Yield a term, and what it may be the plural of."""
    yield text
    for end, instead in (
        ("ies", "y"),
        ("ices", "ix"),
        ("ices", "ex"),
        ("es", ""),
        ("es", "is"),
        ("s", ""),
    ):
        if text.endswith(end):
            yield text.removesuffix(end) + instead


def read_terms(glossary):
    """Map the terms of a glossary's text, as compared, to how it has them."""
    (block,) = GLOSSARY_BLOCK.findall(glossary)
    lines = [x.strip() for x in block.splitlines() if x[:1].strip()]
    return {folded_term(line): line for line in lines if line[0] != ":"}


def term_link(words, terms):
    """Link emphasised words to the glossary; None if they are no term."""
    for form in singular_forms(folded_term(words)):
        if form in terms:
            words = " ".join(words.split())
            return f"{{term}}`{words} <{terms[form]}>`"
    return None


# --- Prose -------------------------------------------------------------------


def link_prose(text, terms, formulas):
    """Link the terms and the numbers of formulas in a piece of prose."""

    def emphasis(match):
        return term_link(match[1], terms) or match[0]

    def reference(match):
        if match[1] not in formulas:
            return match[0]
        return f"{{eq}}`{label_of(match[1])}`"

    return REFERENCE.sub(reference, EMPHASIS.sub(emphasis, text))


def convert_text(text, terms, formulas):
    """Convert the Markdown of a cell, all but its exercise."""
    parts, end = [], 0
    # Emphasis may hold code or a formula; then it is no term.
    for match in NO_PROSE.finditer(text):
        parts.append(link_prose(text[end : match.start()], terms, formulas))
        kept = match[0]
        if match["formula"]:
            kept = write_formula(kept)
        parts.append(kept)
        end = match.end()
    parts.append(link_prose(text[end:], terms, formulas))
    place = TOOL_PLACE.format(name=r"\1")
    return TOOL.sub(place, "".join(parts))


def convert_cell(text, terms, formulas):
    """Convert a cell of Markdown."""
    if exercise := read_exercise(text):
        key, asked, folded = exercise
        asked = convert_text(asked, terms, formulas)
        folded = [
            (title, convert_text(body, terms, formulas))
            for title, body in folded
        ]
        return write_exercise(key, asked, folded)
    return fold_details(convert_text(text, terms, formulas))


# --- Cells -------------------------------------------------------------------


def name_folded(metadata, code):
    """Say of a folded cell what it holds."""
    tags = metadata.get("tags", [])
    names = ", ".join(DEFINED.findall(code))
    settings = metadata.get("mystnb", {})
    if "check" in tags:
        if not {"hide-cell", "remove-cell"} & set(tags):
            tags.append("hide-cell")
        shown = hidden = "Check"
    elif "figure" in settings and "hide-input" in tags:
        shown, hidden = "Show the drawing code", "Hide the drawing code"
    elif names and "hide-input" in tags:
        shown, hidden = f"Show the code of {names}", f"Hide {names}"
    else:
        return
    metadata["mystnb"] = settings | {
        "code_prompt_show": shown,
        "code_prompt_hide": hidden,
    }


def convert(notebook, terms, formulas):
    """Convert the cells of a notebook, in place."""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            text = "".join(cell["source"])
            cell["source"] = convert_cell(text, terms, formulas)
        elif cell["cell_type"] == "code":
            code = "".join(cell["source"])
            name_folded(cell.setdefault("metadata", {}), code)


# --- The hook ----------------------------------------------------------------


def numbers_in(path):
    """List the numbers of the formulas in a notebook."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    prose = [c["source"] for c in cells if c["cell_type"] == "markdown"]
    return TAG.findall("\n".join("".join(source) for source in prose))


def look_around(app, env, docnames):
    """Read the glossary's terms, and where which formula is."""
    glossary = Path(env.doc2path(GLOSSARY))
    known = GLOSSARY in env.found_docs and glossary.exists()
    text = glossary.read_text(encoding="utf-8") if known else ""
    app.portable_terms = read_terms(text) if known else {}
    paths = [Path(env.doc2path(name)) for name in env.found_docs]
    notebooks = [path for path in paths if path.suffix == ".ipynb"]
    app.portable_formulas = {n for p in notebooks for n in numbers_in(p)}


def on_source_read(app, docname, source):
    """Rewrite the text of a notebook before anything else reads it."""
    if Path(app.env.doc2path(docname)).suffix != ".ipynb":
        return
    notebook = json.loads(source[0])
    convert(notebook, app.portable_terms, app.portable_formulas)
    source[0] = json.dumps(notebook)


def number_formulas(app, env):
    """Number formulas by their labels instead of through the book."""
    changed = []
    for name, kinds in env.toc_fignumbers.items():
        numbers = kinds.get("displaymath", {})
        for anchor in numbers:
            label = anchor.removeprefix("equation-eq-").upper()
            if re.fullmatch(r"[WQ]?\d*-\d+", label):
                numbers[anchor] = tuple(label.split("-"))
                changed.append(name)
    return sorted(set(changed))


def public_names(env):
    """Map the names that a user imports to their entries in the reference."""
    found = {}
    for full, entry in env.get_domain("py").objects.items():
        owner, _, name = full.rpartition(".")
        _, _, class_name = owner.rpartition(".")
        if name in skipgram_lib.__all__:
            found[name] = entry
        elif class_name in skipgram_lib.__all__:
            found[f"{class_name}.{name}"] = entry
    return found


def is_inside(node, kinds):
    """Tell whether a node is part of one of some kinds."""
    while (node := node.parent) is not None:
        if isinstance(node, kinds):
            return True
    return False


def link_public_names(app, doctree, docname):
    """Link a public name to the reference where a page first has it."""
    if not docname.startswith("notebooks/"):
        return
    if not hasattr(app, "portable_names"):
        app.portable_names = public_names(app.env)
    linked = set()
    no_place = (nodes.title, nodes.reference, nodes.figure, nodes.term)
    for literal in list(doctree.findall(nodes.literal)):
        name = literal.astext().removesuffix("()")
        entry = app.portable_names.get(name)
        if entry is None or name in linked or is_inside(literal, no_place):
            continue
        linked.add(name)
        uri = app.builder.get_relative_uri(docname, entry.docname)
        link = nodes.reference("", "", internal=True)
        link["refuri"] = f"{uri}#{entry.node_id}"
        literal.replace_self(link)
        link += literal


def on_page(app, pagename, templatename, context, doctree):
    """Load the site's tools on the pages that have a place for one."""
    if TOOL_MARK in context.get("body", ""):
        app.add_css_file("lab.css")
        app.add_js_file("lab.js", loading_method="defer")


def setup(app):
    """Connect the hook to Sphinx, before those that know the directives."""
    app.connect("env-before-read-docs", look_around)
    app.connect("source-read", on_source_read, priority=300)
    app.connect("env-get-updated", number_formulas, priority=900)
    app.connect("doctree-resolved", link_public_names)
    app.connect("html-page-context", on_page, priority=400)
    return {
        "version": "1",
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
