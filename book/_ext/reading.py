"""Sphinx hook for what a reader meets on every page.

* Each page has one sentence that says what it is: the quotation under its
  title. The list of chapters on the cover, the description that search
  engines show, and the PDF's contents read it there, so they cannot drift.
* A chapter is numbered by its file: ``03_network`` is chapter 3, and
  ``workshop_03_trainer`` is W3, whatever stands before it.
* An exercise is numbered by its label: ``ex-03-1`` is Exercise 3.1, and
  ``ex-w03-1`` is Exercise W3.1, as in ``check("w03-1", …)``.
* What is folded is a ``<details>`` element, which needs no script.
* A page knows the definitions of the terms that it links to.
* A cell's names lead to their entries in the reference.
"""

import json
import re
from html import escape

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

CHAPTER = re.compile(r"notebooks/(?P<kind>workshop_)?(?P<number>\d+)_")
EXERCISE = re.compile(
    r"ex-(?P<letter>[a-z]?)0*(?P<chapter>\d*)-(?P<number>\w+)$"
)
TERM = re.compile(r'class="reference internal" href="[^"]*#(term-[^"]+)"')
FORMULA = re.compile(
    r'<span class="math notranslate nohighlight">[^<]*</span>[,.;:!?)]+'
)
SIGNATURE = re.compile(r'<dt class="sig .*?</dt>', re.DOTALL)


# --- One sentence for each page ----------------------------------------------


def sentence_of(doctree):
    """What a page is: the quotation under its title, or its first words."""
    for section in doctree.findall(nodes.section):
        for kind in nodes.block_quote, nodes.paragraph:
            for node in section.children[1:3]:
                if isinstance(node, kind):
                    text = " ".join(node.astext().split())
                    # Of a paragraph, the first sentence.
                    return re.split(r"(?<=[.?!]) ", text)[0]
    return ""


def keep_sentence(app, doctree):
    """Note the page's sentence for other pages to show."""
    if not hasattr(app.env, "book_sentences"):
        app.env.book_sentences = {}
    app.env.book_sentences[app.env.docname] = sentence_of(doctree)


def forget(app, env, docname):
    """Drop the sentence of a page that is read again."""
    getattr(env, "book_sentences", {}).pop(docname, None)


def merge(app, env, docnames, other):
    """Take over the sentences that another process read."""
    if not hasattr(env, "book_sentences"):
        env.book_sentences = {}
    for name in docnames:
        env.book_sentences[name] = other.book_sentences.get(name, "")


# --- The list of parts and chapters ------------------------------------------


class ChapterList(nodes.General, nodes.Element):
    """Stands for the list until all titles are known."""


class Chapters(SphinxDirective):
    """``{chapters}``: all parts and chapters, a line for each."""

    has_content = False

    def run(self):
        """Leave a place for the list."""
        return [ChapterList()]


def parts(env):
    """Yield (caption, names of pages) for each part of the book.

    A page that stands below another, such as a quiz, is found there.
    """
    for tree in env.external_site_map.root.subtrees:
        yield tree.caption, [str(item) for item in tree.items]


def chapter_number(env, name):
    """The number that the book gives to a page, or nothing."""
    numbers = env.toc_secnumbers.get(name, {}).get("", ())
    return f"{numbers[0]}" if numbers else ""


def chapter_entry(app, fromdoc, name):
    """One line of the list: number, title, sentence."""
    title = app.env.titles[name].astext()
    uri = app.builder.get_relative_uri(fromdoc, name)
    link = nodes.reference("", title, internal=True, refuri=uri)
    paragraph = nodes.paragraph(classes=["chapter-line"])
    number = chapter_number(app.env, name)
    paragraph += nodes.inline("", number, classes=["chapter-number"])
    paragraph += nodes.inline("", "", link, classes=["chapter-title"])
    if sentence := app.env.book_sentences.get(name):
        paragraph += nodes.Text(" ")
        paragraph += nodes.inline("", sentence, classes=["chapter-says"])
    return nodes.list_item("", paragraph)


def list_chapters(app, doctree, docname):
    """Put the list of parts and chapters in its place."""
    for place in list(doctree.findall(ChapterList)):
        box = nodes.container(classes=["chapters"])
        for caption, names in parts(app.env):
            text = nodes.paragraph(classes=["part-name"])
            text += nodes.strong("", caption or "")
            entries = [chapter_entry(app, docname, name) for name in names]
            chapters = nodes.bullet_list("", *entries, classes=["plain"])
            box += nodes.container("", text, chapters, classes=["part"])
        place.replace_self(box)


# --- Numbers of chapters and exercises ---------------------------------------


def number_of(name):
    """The number of a chapter, by its file: "3", "W3", or nothing."""
    match = CHAPTER.match(name)
    if match is None:
        return ""
    return f"{'W' if match['kind'] else ''}{int(match['number'])}"


def number_chapters(app, env):
    """Number chapters by their files instead of through the book."""
    changed = []
    for name, numbers in env.toc_secnumbers.items():
        chapter = number_of(name)
        if not chapter or not numbers.get(""):
            continue
        for anchor, number in numbers.items():
            if number:
                numbers[anchor] = (chapter, *number[1:])
        env.titles[name]["secnumber"] = list(numbers[""])
        for link in env.tocs[name].findall(nodes.reference):
            if number := numbers.get(link["anchorname"]):
                link["secnumber"] = list(number)
        changed.append(name)
    return changed


def number_exercises(app, env):
    """Number exercises by their labels instead of through the book."""
    changed = []
    for name, kinds in env.toc_fignumbers.items():
        for label in kinds.get("exercise", {}):
            if match := EXERCISE.match(label):
                chapter = match["letter"].upper() + match["chapter"]
                kinds["exercise"][label] = (chapter, match["number"])
                changed.append(name)
    # The list of chapters shows what other pages say: write it again.
    return sorted({*changed, env.config.root_doc})


# --- Folded parts ------------------------------------------------------------


class Details(nodes.General, nodes.Element):
    """A part that opens when its summary is clicked."""


class Summary(nodes.General, nodes.TextElement):
    """What is seen of a folded part."""


def open_tag(name):
    """Make the visitor that writes a start tag."""

    def visit(self, node):
        self.body.append(self.starttag(node, name))

    return visit


def close_tag(name):
    """Make the visitor that writes an end tag."""

    def depart(self, node):
        self.body.append(f"</{name}>\n")

    return depart


def fold(app, doctree, docname):
    """Turn what has the class ``dropdown`` into ``<details>``."""
    boxes = nodes.Admonition, nodes.admonition
    for node in list(doctree.findall(lambda n: isinstance(n, boxes))):
        # Each exercise holds a section of the same name.
        for section in node.findall(nodes.section):
            section["ids"] = []
        if "dropdown" not in node["classes"] or not node.children:
            continue
        title, *rest = node.children
        summary = Summary("", *unlinked(title), classes=["admonition-title"])
        details = Details(classes=["admonition", *node["classes"]])
        details["ids"] = node["ids"]
        details += [summary, *rest]
        node.replace_self(details)


def unlinked(title):
    """The words of a title. A link inside what one clicks would be a trap."""
    for child in title.children:
        if isinstance(child, nodes.reference):
            yield from child.children
        else:
            yield child


# --- From a cell to the reference --------------------------------------------


class DefinedNames(nodes.General, nodes.Element):
    """Stands for the links from a cell to the reference."""


def link_names(app, doctree, docname):
    """Link the names that a cell defines to their entries."""
    objects = app.env.get_domain("py").objects
    for place in list(doctree.findall(DefinedNames)):
        links = []
        for name in place["defines"]:
            full = f"{place['module']}.{name}"
            if full not in objects:
                continue
            entry = objects[full]
            uri = app.builder.get_relative_uri(docname, entry.docname)
            link = nodes.reference("", "", internal=True)
            link["refuri"] = f"{uri}#{entry.node_id}"
            link["reftitle"] = f"{name} in the reference"
            link += nodes.literal(text=name)
            links += [nodes.Text(", " if links else ": "), link]
        place.replace_self(links)


# --- Definitions of terms ----------------------------------------------------


def definitions(app):
    """The words of every definition in the glossary, by its anchor."""
    env = app.env
    if "book/glossary" not in env.found_docs:
        return {}
    if not hasattr(app, "book_definitions"):
        doctree = env.get_and_resolve_doctree(
            "book/glossary", app.builder, prune_toctrees=False
        )
        app.book_definitions = {
            ident: {
                "term": term.astext(),
                "says": " ".join(
                    item.next_node(nodes.definition).astext().split()
                ),
            }
            for item in doctree.findall(nodes.definition_list_item)
            for term in item.findall(nodes.term)
            for ident in term["ids"]
        }
    return app.book_definitions


def add_definitions(app, pagename, templatename, context, doctree):
    """Put the definitions of the terms on a page into the page."""
    used = set(TERM.findall(context.get("body", "")))
    if not used or pagename == "book/glossary" or app.builder.name != "html":
        return
    known = definitions(app)
    found = {name: known[name] for name in sorted(used) if name in known}
    # "</script>" in a definition would end the script.
    data = json.dumps(found, ensure_ascii=False).replace("</", "<\\/")
    context["body"] += (
        f'\n<script type="application/json" id="definitions">{data}</script>\n'
    )


# --- Formulas in a line ------------------------------------------------------


def glue(app, pagename, templatename, context, doctree):
    """Keep a formula and the comma behind it on one line."""
    if body := context.get("body"):
        context["body"] = FORMULA.sub(
            r'<span class="glued">\g<0></span>', body
        )


# --- Signatures --------------------------------------------------------------


def plain_signature(match):
    """Write the lines of a signature as plain boxes."""
    text = re.sub(r"<(/?)dl>", r"<\1div>", match[0])
    return re.sub("<dd>", '<div class="sig-line">', text).replace(
        "</dd>", "</div>"
    )


def mend_roles(app, pagename, templatename, context, doctree):
    """Say of parts of a page what they are.

    A list without terms, in a signature, is no list. And docutils gives the
    entries of a list of references a role that is no longer used.
    """
    if body := context.get("body"):
        body = body.replace('role="doc-biblioentry"', 'role="listitem"')
        context["body"] = SIGNATURE.sub(plain_signature, body)


# --- What others show of a page ----------------------------------------------


def describe(app, pagename, templatename, context, doctree):
    """Say in the page's head what it is."""
    says = getattr(app.env, "book_sentences", {}).get(pagename)
    if not says:
        says = f"{context.get('title', '')}: {app.config.project}"
    title = re.sub("<[^>]+>", "", context.get("title") or app.config.project)
    tags = [
        ("name", "description", says),
        ("property", "og:title", title),
        ("property", "og:description", says),
        ("property", "og:site_name", app.config.project),
        ("property", "og:type", "article"),
        ("name", "twitter:card", "summary"),
    ]
    # Docutils has put in a description of its own where it found one.
    context["metatags"] = context.get("metatags", "") + "".join(
        f'\n<meta {kind}="{name}" content="{escape(text)}" />'
        for kind, name, text in tags
    )


def share_visitors(app):
    """Write nodes of extensions in one page (the PDF) as in many.

    Where one extension says how its nodes look in a single page, Sphinx no
    longer asks the others how theirs look in HTML.
    """
    handlers = app.registry.translation_handlers
    known = handlers.get("html", {}) | handlers.get("singlehtml", {})
    handlers["singlehtml"] = known


def setup(app):
    """Connect the hook to Sphinx."""
    app.add_directive("chapters", Chapters)
    app.add_node(ChapterList)
    app.add_node(DefinedNames)
    app.add_node(Details, html=(open_tag("details"), close_tag("details")))
    app.add_node(Summary, html=(open_tag("summary"), close_tag("summary")))
    app.connect("builder-inited", share_visitors)
    app.connect("doctree-read", keep_sentence)
    app.connect("env-purge-doc", forget)
    app.connect("env-merge-info", merge)
    # After Sphinx has numbered what it numbers.
    app.connect("env-get-updated", number_chapters, priority=900)
    app.connect("env-get-updated", number_exercises, priority=900)
    app.connect("doctree-resolved", list_chapters)
    app.connect("doctree-resolved", link_names)
    app.connect("doctree-resolved", fold, priority=900)
    app.connect("html-page-context", add_definitions)
    app.connect("html-page-context", glue)
    app.connect("html-page-context", mend_roles)
    app.connect("html-page-context", describe)
    return {
        "version": "1",
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
