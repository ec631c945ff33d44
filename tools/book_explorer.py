"""Train the network of the book; write its explorer and its cover.

Four things are made, each from the one before:

* ``out/book_model``, a network trained as chapter 8 does it, on the embedded
  corpus: weighted counts, random initial weights, no L2 penalty, ten epochs;
* ``out/book_explorer``, the page in which a reader asks it;
* ``book/_static/explorer``, the files of that page under plain names, for the
  book's own page to load;
* ``book/_static/explorer_cover.js``, what the cover of the book shows of it.

Each is made again only where the command has changed, or something that it is
made from. A stamp beside each of the first two says what these were the last
time. The page's script and style are only copied, so that they can be edited
without waiting.

    python tools/book_explorer.py
"""

import hashlib
import json
import re
import subprocess
import sys
from html import unescape
from pathlib import Path

from skipgram_lib.apps.explorer.page import ASSETS, read_asset

ROOT = Path(__file__).resolve().parents[1]
LIBRARY = ROOT / "skipgram_lib"
MODEL = ROOT / "out" / "book_model"
EXPLORER = ROOT / "out" / "book_explorer"
PAGE = ROOT / "book" / "_static" / "explorer"
COVER = ROOT / "book" / "_static" / "explorer_cover.js"
# The modules that a training is made of, and those that write the page.
TRAINING = ["backend/**/*", "text/**/*", "counts/**/*", "model/**/*"]
PAGE_MODULES = ["vectors/**/*", "apps/layout", "apps/explorer/**/*"]
PROGRAM = [sys.executable, "-m", "skipgram_lib"]
# The settings of chapter 8: the plain network, but on weighted counts.
SETTINGS = ["--plain", "--shrink-windows", "--sample", "0.001"]


def digest(paths):
    """Return a checksum of some files.

    The lines that say which cell of a chapter a part of a module comes from
    do not count: they change with the prose around it.
    """
    whole = hashlib.sha256()
    for path in paths:
        lines = path.read_bytes().split(b"\n")
        kept = [line for line in lines if not line.startswith(b"# %% ../")]
        whole.update(b"\n".join(kept))
    return whole.hexdigest()


def modules(names):
    """Return the paths of modules of the library, by patterns."""
    return [
        path for name in names for path in sorted(LIBRARY.glob(f"{name}.py"))
    ]


def make(result, sources, *command):
    """Run a command whose result is missing, or was made of other sources."""
    command = [*map(str, command)]
    stamp = MODEL.with_name(f".{result.parent.name}.made")
    now = "\n".join([digest(sources), *command])
    last = stamp.read_text(encoding="utf-8") if stamp.exists() else None
    if result.exists() and last == now:
        return
    subprocess.run(command, cwd=ROOT, check=True)
    stamp.write_text(now, encoding="utf-8")


def write_changed(path, content):
    """Write a file, unless that is what it holds."""
    if not path.exists() or path.read_bytes() != content:
        path.write_bytes(content)


def page_names(folder):
    """Names of a page's files, as index.html has them, by what they hold."""
    text = (folder / "index.html").read_text(encoding="utf-8")
    return json.loads(unescape(re.search('data-files="([^"]+)"', text)[1]))


def copy_page():
    """Copy the files of the explorer into the book, under plain names."""
    PAGE.mkdir(parents=True, exist_ok=True)
    for name, stored in page_names(EXPLORER).items():
        if name not in ASSETS:
            write_changed(PAGE / name, (EXPLORER / stored).read_bytes())
    for name in ASSETS:
        write_changed(PAGE / name, read_asset(name))


def main():
    """Make what is not there; return the exit status."""
    # They name the other files of their folders, with their checksums.
    model, page = MODEL / "model.json", EXPLORER / "index.html"
    train = [*PROGRAM, "train", *SETTINGS, "--out", MODEL]
    write = [*PROGRAM, "explorer", MODEL, "--out", EXPLORER]
    cover = [sys.executable, ROOT / "tools" / "cover_data.py", MODEL, COVER]
    try:
        make(model, modules(TRAINING), *train)
        make(page, [model, *modules(PAGE_MODULES)], *write)
        if not COVER.exists() or COVER.stat().st_mtime < model.stat().st_mtime:
            subprocess.run([*map(str, cover)], cwd=ROOT, check=True)
    except subprocess.CalledProcessError as error:
        return error.returncode
    copy_page()
    return 0


if __name__ == "__main__":
    sys.exit(main())
