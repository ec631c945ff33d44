"""Put MathJax into the book, so that its formulas need no network.

The files come from the npm registry, by ``npm pack``. Only the parts that
the book uses are kept, in ``book/_static/mathjax``, with their licence. Where
npm is missing or cannot reach a registry, the book is built all the same,
and its pages load MathJax from a CDN.

    python tools/fetch_mathjax.py
"""

import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

VERSION = "3.2.2"
ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "book" / "_static" / "mathjax"
PARTS = [
    "es5/tex-mml-chtml.js",
    "es5/output/chtml/fonts/woff-v2",
    "es5/input/tex/extensions",
    "es5/ui",
    "es5/a11y",
    "LICENSE",
]


class FetchError(Exception):
    """MathJax could not be fetched; the message says why."""


# Python 3.11.4 is the first that can leave out what reaches outside a folder.
SAFELY = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}


def npm_pack(folder):
    """Let npm put the package into ``folder``; return its path."""
    npm = shutil.which("npm")
    if npm is None:
        raise FetchError("npm is not installed")
    result = subprocess.run(
        [npm, "pack", "--silent", f"mathjax@{VERSION}"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    archives = list(folder.glob("mathjax-*.tgz"))
    if result.returncode != 0 or not archives:
        reason = result.stderr.strip().split("\n")[-1]
        raise FetchError(f"`npm pack mathjax@{VERSION}` failed. {reason}")
    return archives[0]


def keep_parts(archive, folder):
    """Unpack ``archive``, and copy the parts the book uses to TARGET."""
    with tarfile.open(archive) as package:
        package.extractall(folder, **SAFELY)
    fresh = folder / "mathjax"
    for part in PARTS:
        source = folder / "package" / part
        target = fresh / part.removeprefix("es5/")
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copy(source, target)
    (fresh / "VERSION").write_text(VERSION + "\n", encoding="utf-8")
    # The last step puts everything in place at once: no half of a copy.
    if TARGET.exists():
        shutil.rmtree(TARGET)
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(fresh, TARGET)


def present():
    """Tell whether this version of MathJax is already in its place."""
    version = TARGET / "VERSION"
    return version.exists() and version.read_text().strip() == VERSION


def main():
    """Fetch MathJax if it is not there; never fail for want of a network."""
    if present():
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            keep_parts(npm_pack(folder), folder)
        except FetchError as error:
            print(
                f"No local MathJax: {error}. The book's pages will load "
                "MathJax from a CDN when they are read.",
                file=sys.stderr,
            )
            return
    print(f"MathJax {VERSION} is in {TARGET.relative_to(ROOT)}.")


if __name__ == "__main__":
    main()
