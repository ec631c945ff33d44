"""Sphinx hook that shows a chapter as a page of a book.

A chapter is a notebook, and some of its code cells begin with ``#|`` lines
that say what is exported, and to which module: to the chapter's own, or to
another that comes from the same chapter. A reader wants to know *where* a cell
goes, not how that is said. While Sphinx reads a notebook, this hook

* takes the ``#|`` lines off the top of every code cell, and drops a cell
  that holds nothing else;
* tags each exported cell ``exported`` and ``exported-<module>``, which
  MyST-NB turns into the CSS classes ``tag_exported`` and so on;
* writes a line under each exported cell that names the module's file;
* lets the API page link each name to the cell that defines it, and the cell
  to the names' entries there.

It also shortens type names on the pages that autodoc writes and lets them lead
where they should, and keeps MathJax local where it can.

Only Sphinx's copy of the text changes. The notebook on disk, and the copy
that a reader downloads, keep their ``#|`` lines.
"""

import ast
import json
import re
import sys
from pathlib import Path
from typing import TypeVar

import reading
from docutils import nodes
from sphinx import addnodes

DIRECTIVE = re.compile(r"#\|\s*(?P<name>\w+)\s*:?\s*(?P<value>.*?)\s*$")
SHORT_NAMES = [
    (
        re.compile(
            r"~numpy\.ndarray\[tuple\[~typing\.Any, \.\.\.\], "
            r"~numpy\.dtype\[(~?[\w.]+)\]\]"
        ),
        r"~numpy.typing.NDArray[\1]",
    ),
    (re.compile(r"numpy\.random\._generator\."), "numpy.random."),
    # Such a default of a dataclass is no Python to Sphinx.
    (re.compile(r"<factory>"), "..."),
    (re.compile(r"<class '([\w.]+)'>"), r"\1"),
    (re.compile(r"scipy\.sparse\._\w+\."), "scipy.sparse."),
]
TAG = "exported-"
CSS_CLASS = "tag_" + TAG
# nbdev writes this into a module.
MADE_FROM = re.compile(r"File to edit: (?:\.\./)+(?P<page>notebooks/\w+)\.")


def split_directives(source):
    """Part a cell's leading ``#|`` lines from its code.

    Returns the directives as a dictionary, and the code left over.
    """
    directives = {}
    lines = source.split("\n")
    while lines and (match := DIRECTIVE.match(lines[0])):
        directives[match["name"]] = match["value"]
        del lines[0]
    return directives, "\n".join(lines).strip("\n")


def prepare_cells(cells):
    """Yield the cells a reader sees, without directives, with tags."""
    default_module = ""
    for cell in cells:
        if cell["cell_type"] != "code":
            yield cell
            continue
        directives, code = split_directives("".join(cell["source"]))
        default_module = directives.get("default_exp", default_module)
        if directives and not code:
            continue
        if "export" in directives:
            module = directives["export"] or default_module
            tags = cell.setdefault("metadata", {}).setdefault("tags", [])
            tags += ["exported", TAG + module.replace(".", "-")]
        yield cell | {"source": code}


def on_source_read(app, docname, source):
    """Rewrite the text of a notebook before MyST-NB parses it."""
    if Path(app.env.doc2path(docname)).suffix != ".ipynb":
        return
    notebook = json.loads(source[0])
    notebook["cells"] = list(prepare_cells(notebook["cells"]))
    source[0] = json.dumps(notebook)


def defined_names(cell):
    """List the functions and classes that a cell defines."""
    blocks = cell.findall(nodes.literal_block)
    body = ast.parse("\n".join(block.astext() for block in blocks)).body
    kinds = ast.FunctionDef, ast.ClassDef
    return [node.name for node in body if isinstance(node, kinds)]


def label_of(module, name):
    """Return the label of the cell that defines a name of a module."""
    return f"def-{module.replace('.', '-')}-{name}".lower()


def on_doctree_read(app, doctree):
    """Label every cell that goes into the library, and name the file."""
    labels = app.env.get_domain("std").anonlabels
    for cell in doctree.findall(nodes.container):
        modules = [
            name.removeprefix(CSS_CLASS)
            for name in cell["classes"]
            if name.startswith(CSS_CLASS)
        ]
        if not modules or "cell" not in cell["classes"]:
            continue
        names = defined_names(cell)
        for name in names:
            label = label_of(modules[0], name)
            cell["ids"].append(label)
            labels[label] = (app.env.docname, label)
        path = modules[0].replace("-", "/") + ".py"
        label = nodes.paragraph(classes=["exported-to"])
        label += nodes.Text("exported to ")
        package = app.config.literate_package
        label += nodes.literal(text=f"{package}/{path}")
        module = f"{package}.{modules[0].replace('-', '.')}"
        # Links to the entries of the names, when these are known.
        label += reading.DefinedNames(defines=names, module=module)
        cell.insert(1, label)


def on_signature(app, what, name, obj, options, signature, returned):
    """Print a type under the name it has in the source.

    Python resolves ``NDArray[X]`` to what NumPy builds from it, and that is
    four times as long.
    """

    def shorten(text):
        for pattern, name in SHORT_NAMES:
            text = pattern.sub(name, text)
        return text

    return shorten(signature or "") or None, shorten(returned or "") or None


def on_docstring(app, what, name, obj, options, lines):
    """Say under a name of the library which chapter explains it."""
    package, _, module = getattr(obj, "__module__", "").partition(".")
    is_inside = "." in getattr(obj, "__qualname__", ".")
    if package != app.config.literate_package or is_inside:
        return
    source = Path(sys.modules[obj.__module__].__file__)
    if not (made := MADE_FROM.search(source.read_text(encoding="utf-8"))):
        return
    number = reading.number_of(made["page"])
    kind = "workshop" if number.startswith("W") else "chapter"
    place = f"{kind} {number.removeprefix('W')}"
    label = label_of(module, obj.__name__)
    lines += ["", f"Built in :ref:`{place} <{label}>`.", ""]


def meant(module, target):
    """What a name in a module stands for, if the module has that name."""
    home, _, name = target.rpartition(".")
    return getattr(sys.modules.get(home or module), name, None)


def name_in_full(app, doctree):
    """Let the types in docstrings lead where the module's own names do.

    Two modules may have a class of one name, and Sphinx would take either. A
    type variable leads nowhere.
    """
    for link in list(doctree.findall(addnodes.pending_xref)):
        if link.get("refdomain") != "py":
            continue
        found = meant(link.get("py:module"), link["reftarget"])
        if isinstance(found, TypeVar):
            link.replace_self(nodes.Text(found.__name__))
        elif isinstance(found, type) and "." not in link["reftarget"]:
            link["reftarget"] = f"{found.__module__}.{found.__qualname__}"


def use_local_mathjax(app, config):
    """Serve MathJax from the book where tools/fetch_mathjax.py put it.

    Without that copy, Sphinx's own default stands: MathJax from a CDN.
    """
    entry = Path("mathjax", "tex-mml-chtml.js")
    if any(
        (Path(app.confdir, folder) / entry).exists()
        for folder in config.html_static_path
    ):
        config.mathjax_path = entry.as_posix()


def setup(app):
    """Connect the hook to Sphinx."""
    app.add_config_value("literate_package", "", "env")
    app.connect("config-inited", use_local_mathjax)
    app.connect("source-read", on_source_read)
    app.connect("doctree-read", on_doctree_read)
    app.connect("doctree-read", name_in_full)
    app.connect("autodoc-process-signature", on_signature)
    app.connect("autodoc-process-docstring", on_docstring, priority=400)
    return {
        "version": "1",
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
