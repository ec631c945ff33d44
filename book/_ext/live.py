"""Sphinx hook that lets the cells of some chapters run in the browser.

The setting ``live_chapters`` lists the pages. Each of them gets buttons,
by the scripts in ``book/_static/live``, and what these need to know:

* every code cell is tagged with its place in the notebook, so that the
  script finds it again on the page;
* the cells that the page leaves out, such as imports, go along as text;
* the library goes into ``_static/live/library.js``, as a zip in a string:
  a page that was opened from a folder may load a script, but no other file.

Nothing is loaded before a reader asks for it. Python itself, Pyodide, comes
from ``live_base``, by default its public CDN; the environment variable
``LIVE_BASE`` overrides it for one build. ``live_wheels`` names packages that
are not there: a requirement for PyPI, or an address that ends in ``.whl``.

The hook also takes buttons away that would lead nowhere: those for Colab and
Binder while ``repository: url`` in ``_config.yml`` is empty, and the download
of a notebook that reads files of the project, which ``not_alone`` lists.
"""

import base64
import hashlib
import io
import json
import os
import zipfile
from functools import cache
from pathlib import Path

from literate import split_directives

ROOT = Path(__file__).resolve().parents[2]
KERNEL = Path(__file__).with_name("live_kernel.py")
CDN = "https://cdn.jsdelivr.net/pyodide/v0.27.7/full/"
# The backend of Matplotlib, which looks at a module's own names.
FIGURES = """\
from matplotlib.backends.backend_agg import FigureCanvasAgg as FigureCanvas
from live_kernel import show
"""
TAG = "live-"
# The name of the cell that tools/install_cells.py writes.
INSTALL = "install"
# These tags keep a cell, or its code, off the page.
UNSEEN = {"remove-cell", "remove-input"}


# --- What a page needs to know ----------------------------------------------


def code_cells(notebook):
    """Yield the place, the cell and the code of each code cell.

    The first one, which installs the library, has no work to do in a page.
    """
    for place, cell in enumerate(notebook["cells"]):
        if cell["cell_type"] == "code" and cell.get("id") != INSTALL:
            _, code = split_directives("".join(cell["source"]))
            if code:
                yield place, cell, code


def tags_of(cell):
    """Return the tags of a cell."""
    return set(cell.get("metadata", {}).get("tags", []))


def draws(cell):
    """Tell whether all that a cell puts out are pictures."""
    kinds = {output["output_type"] for output in cell.get("outputs", [])}
    return kinds == {"display_data"}


def is_live(app, docname):
    """Tell whether the cells of a page run, and the page is a notebook."""
    path = Path(app.env.doc2path(docname))
    return docname in app.config.live_chapters and path.suffix == ".ipynb"


def on_source_read(app, docname, source):
    """Tag the code cells of a live chapter with their places."""
    if not is_live(app, docname):
        return
    notebook = json.loads(source[0])
    for place, cell, _ in code_cells(notebook):
        tags = cell.setdefault("metadata", {}).setdefault("tags", [])
        tags.append(f"{TAG}{place}")
    source[0] = json.dumps(notebook)


def settings_of(app, docname, context):
    """Collect what the scripts of a live page need to know."""
    path = Path(app.env.doc2path(docname))
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cells = list(code_cells(notebook))
    source = context.get("sourcename") or f"{docname}.ipynb"
    return {
        "base": app.config.live_base,
        "wheels": app.config.live_wheels,
        "hidden": {p: code for p, c, code in cells if tags_of(c) & UNSEEN},
        "drawing": [place for place, cell, _ in cells if draws(cell)],
        "notebook": context["pathto"](f"_sources/{source}", 1),
        "version": hashlib.sha256(packed_library()).hexdigest()[:8],
    }


def on_page(app, pagename, templatename, context, doctree):
    """Give a live page its scripts and its settings."""
    if not is_live(app, pagename) or "body" not in context:
        return
    app.add_css_file("live/live.css")
    app.add_js_file("live/live.js", loading_method="defer")
    # "<" could end the element from inside a string.
    settings = json.dumps(settings_of(app, pagename, context))
    context["body"] += (
        '<script type="application/json" id="live-settings">'
        + settings.replace("<", "\\u003c")
        + "</script>\n"
    )


# --- The library, for the browser -------------------------------------------


@cache
def packed_library():
    """Pack the library, and what runs it, into a zip; the same each time."""
    files = {"live_figures.py": FIGURES.encode()}
    for path in [KERNEL, ROOT / "notebooks" / "matplotlibrc"]:
        files[path.name] = path.read_bytes()
    library = ROOT / "skipgram_lib"
    answers = library / "apps" / "exercises.json"
    for path in sorted([*library.rglob("*.py"), answers]):
        files[path.relative_to(ROOT).as_posix()] = path.read_bytes()
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name)  # of 1980, whenever it was made
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return data.getvalue()


def write_library(app, error):
    """Write the packed library where the pages look for it."""
    if error is not None or app.builder.format != "html":
        return
    text = base64.b64encode(packed_library()).decode("ascii")
    folder = Path(app.outdir, "_static", "live")
    folder.mkdir(parents=True, exist_ok=True)
    script = f'window.skipgramLive.library = "{text}";\n'
    (folder / "library.js").write_text(script, encoding="utf-8")


# --- Addresses and buttons ---------------------------------------------------


def set_addresses(app, config):
    """Settle where Python comes from, and whether there are buttons."""
    if base := os.environ.get("LIVE_BASE"):
        config.live_base = base
    if not config.live_base.endswith("/"):
        config.live_base += "/"
    options = config.html_theme_options
    if not options.get("repository_url"):
        options["repository_url"] = ""
        options.pop("launch_buttons", None)


def take_buttons(app, pagename, templatename, context, doctree):
    """Offer no notebook alone that reads files of the project."""
    if pagename not in app.config.not_alone:
        return
    groups = context["header_buttons"]
    groups[:] = [g for g in groups if g["label"] != "launch-buttons"]
    for group in groups:
        group["buttons"] = [
            button
            for button in group.get("buttons", [])
            if button["label"] != "download-source-button"
        ]


def setup(app):
    """Connect the hook to Sphinx."""
    app.add_config_value("live_chapters", [], "env", [list])
    app.add_config_value("live_base", CDN, "html", [str])
    app.add_config_value("live_wheels", {}, "html", [dict])
    app.add_config_value("not_alone", [], "html", [list])
    app.connect("config-inited", set_addresses, priority=400)
    # Before literate.py takes cells away.
    app.connect("source-read", on_source_read, priority=400)
    app.connect("html-page-context", on_page)
    # After the theme's own, which has 501.
    app.connect("html-page-context", take_buttons, priority=600)
    app.connect("build-finished", write_library)
    return {
        "version": "1",
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
