"""Check that the library is what the notebooks export, byte for byte.

nbdev has no such check. So this one exports the notebooks again, into a
temporary folder, and compares the result with ``skipgram_lib/``. It fails
when a module

* differs from its chapter: one of the two was edited alone;
* is missing: a chapter was never exported;
* comes from no chapter: its notebook is gone, or it was written by hand.

    python tools/check_export.py [ROOT]
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

LIBRARY = "skipgram_lib"
BY_HAND = {"__init__.py", "__main__.py", "_interrupt.py", "py.typed"}
# The page that a trained network answers in: no Python, and no chapter.
PAGE = "explorer_page/"
PAGE_ENDINGS = (".html", ".css", ".js")
# nbdev's index for its own website, which this project does not use.
UNUSED = {"_modidx.py"}


def export(root, folder):
    """Export the notebooks of ``root`` into ``folder``; return the library."""
    shutil.copy(root / "pyproject.toml", folder)
    shutil.copytree(
        root / "notebooks",
        folder / "notebooks",
        ignore=shutil.ignore_patterns(".ipynb_checkpoints"),
    )
    library = folder / LIBRARY
    library.mkdir()
    for name in BY_HAND:
        if (root / LIBRARY / name).exists():
            shutil.copy(root / LIBRARY / name, library)
    program = Path(sys.executable).with_name("nbdev-export")
    subprocess.run([program], cwd=folder, check=True)
    return library


def read_files(folder):
    """Map the path of each file below ``folder`` to its bytes."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and "__pycache__" not in path.parts
        and path.name not in UNUSED
    }


def is_page(name):
    """Whether a file of the library is a part of the explorer's page."""
    return name.startswith(PAGE) and name.endswith(PAGE_ENDINGS)


def differences(root):
    """List, in sentences, how ``root``'s library departs from its chapters."""
    with tempfile.TemporaryDirectory() as folder:
        exported = read_files(export(root, Path(folder)))
    present = read_files(root / LIBRARY)
    found = []
    for name in sorted(exported.keys() | present.keys()):
        path = f"{LIBRARY}/{name}"
        if name not in present:
            found.append(f"{path} is missing: a notebook exports it.")
        elif is_page(name) or (
            name in BY_HAND and exported.get(name) == present[name]
        ):
            continue
        elif name not in exported:
            found.append(f"{path} is exported by no notebook.")
        elif exported[name] != present[name]:
            found.append(f"{path} differs from what its notebook exports.")
    return found


def main():
    """Print every difference; exit with 1 if there is one."""
    root = Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    found = differences(root)
    for sentence in found:
        print(sentence, file=sys.stderr)
    if found:
        sys.exit("Edit the notebook, not the module, then run: make export")


if __name__ == "__main__":
    main()
