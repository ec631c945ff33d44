"""Train the network of the book; write its explorer and its cover.

Three things are made, each from the one before:

* ``out/book_model``, the network of chapters 7 and 8, of the embedded corpus;
* ``book/_static/explorer``, the page in which a reader asks it;
* ``book/_static/explorer_cover.js``, what the cover of the book shows of it.

Each is made again only where something changed that it is made from. Two
stamps beside the model say from what it was made the last time. The page's
script and style are only copied, so that they can be edited without waiting.

    python tools/book_explorer.py
"""

import hashlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LIBRARY = ROOT / "skipgram_lib"
MODEL = ROOT / "out" / "book_model"
PAGE = ROOT / "book" / "_static" / "explorer"
COVER = ROOT / "book" / "_static" / "explorer_cover.js"
# The modules that a training is made of.
TRAINING = [
    "backend",
    "checkpoints",
    "counts",
    "errors",
    "hidden",
    "negative_sampling",
    "network",
    "softmax",
    "start",
    "training",
    "vocabulary",
    "windows",
]
PROGRAM = [sys.executable, "-m", "skipgram_lib"]


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


def modules(*names):
    """Return the paths of some modules of the library."""
    return [LIBRARY / f"{name}.py" for name in names]


def made_from(result, stamp, sources):
    """Whether a result is there, and its stamp says it is of these sources."""
    return (
        result.exists()
        and stamp.exists()
        and stamp.read_text(encoding="utf-8") == digest(sources)
    )


def make(result, sources, *command):
    """Run a command whose result is missing, or older than its sources."""
    stamp = MODEL.with_name(f".{result.parent.name}.made")
    if made_from(result, stamp, sources):
        return
    subprocess.run([*map(str, command)], cwd=ROOT, check=True)
    stamp.write_text(digest(sources), encoding="utf-8")


def copy_page():
    """Copy those files of the page that were edited since."""
    for file in sorted((LIBRARY / "explorer_page").iterdir()):
        copy = PAGE / file.name
        if not copy.exists() or copy.read_bytes() != file.read_bytes():
            copy.write_bytes(file.read_bytes())


def main():
    """Make what is not there; return the exit status."""
    weights = MODEL / "weights.safetensors"
    train = [*PROGRAM, "train", "--plain", "--out", MODEL]
    write = [*PROGRAM, "explorer", MODEL, "--out", PAGE]
    cover = [sys.executable, ROOT / "tools" / "cover_data.py", MODEL, COVER]
    page = [weights, *modules("explorer", "vectors")]
    try:
        make(weights, modules(*TRAINING), *train)
        make(PAGE / "model.js", page, *write)
        if (
            not COVER.exists()
            or COVER.stat().st_mtime < weights.stat().st_mtime
        ):
            subprocess.run([*map(str, cover)], cwd=ROOT, check=True)
    except subprocess.CalledProcessError as error:
        return error.returncode
    copy_page()
    return 0


if __name__ == "__main__":
    sys.exit(main())
