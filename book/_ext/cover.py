"""Sphinx hook that loads the live picture of the cover page.

The page holds ``<div id="fake-task-alive">`` around a drawing. Where
``tools/cover_data.py`` has written ``explorer_cover.js``, the page gets that,
and the script and the style that show it. Elsewhere the drawing stays.
"""

from pathlib import Path

HOME = 'id="fake-task-alive"'
DATA = "explorer_cover.js"


def on_page(app, pagename, templatename, context, doctree):
    """Load script and style on the page that has the picture."""
    folders = [Path(app.confdir, f) for f in app.config.html_static_path]
    has_data = any((folder / DATA).is_file() for folder in folders)
    if HOME in context.get("body", "") and has_data:
        app.add_css_file("cover.css")
        app.add_js_file(DATA, loading_method="defer")
        app.add_js_file("cover.js", loading_method="defer")


def setup(app):
    """Connect the hook to Sphinx, before those that look at the scripts."""
    app.connect("html-page-context", on_page, priority=400)
    return {
        "version": "1",
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
