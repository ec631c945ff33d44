"""Bytes of files as they come: compressed, through a pipe, from stdin."""

import gzip
import os
import shutil
import stat
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from skipgram_lib.errors import MissingPackageError, SkipgramError, printable
from skipgram_lib.storage.files import system_errors

# How compressed data begins, and what is told of what is not read here.
PACKED = {
    b"\x1f\x8b\x08": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"PK\x03\x04": "zip",
    b"PK\x05\x06": "zip",
    b"\x1f\x9d": "compress",
    b"7z\xbc\xaf\x27\x1c": "7-Zip",
    b"Rar!\x1a\x07": "RAR",
    b"\x04\x22\x4d\x18": "LZ4",
    b"LZIP\x01": "lzip",
}
# Endings of compressed files, which say nothing about what is inside.
ENDINGS = (".gz", ".bz2", ".xz", ".zst", ".zip")
HEAD = 10
# What follows "BZh9" where there is something, and where there is nothing.
BZIP2 = (b"1AY&SY", b"\x17rE8P\x90")

# Not every Python has these: that of a browser does not.
MODULES = {"bzip2": "bz2", "xz": "lzma"}


def packed_by(head: bytes) -> str:
    """What the first ten bytes of a file say it is compressed by, or ""."""
    names = (PACKED[mark] for mark in PACKED if head.startswith(mark))
    name = next(names, "")
    if name == "bzip2" and head[4:HEAD] not in BZIP2:
        return ""  # a text that begins with these letters
    return name


@contextmanager
def unpacked(file: BinaryIO, path: str | Path) -> Iterator[BinaryIO]:
    """Give what is in a file: decompressed, if its first bytes say it can be.

    `file` can be sought in. What cannot be decompressed here is refused, and
    so is what is damaged.
    """
    name = packed_by(file.read(HEAD))
    file.seek(0)
    if not name:
        yield file
        return
    lzma = sys.modules.get(MODULES["xz"])  # zipfile looks for it
    lzma_error = lzma.LZMAError if lzma else EOFError
    damaged = (EOFError, zlib.error, zipfile.BadZipFile, lzma_error)
    inside: Any = None
    with ExitStack() as stack:
        try:
            inside = stack.enter_context(open_packed(file, name, path))
            yield inside
        except (OSError, *damaged, zstd_error()) as error:
            if getattr(error, "errno", None) is not None:
                raise  # the system's, not that of bad data
            read = f" after {inside.tell():,} bytes" if inside else ""
            raise SkipgramError(
                f"{shown(path)}: the {name} data is truncated or corrupt"
                f"{read} ({error}); download or copy the file again"
            ) from error


def open_packed(file: BinaryIO, name: str, path: str | Path) -> IO[bytes]:
    """Open compressed data for reading."""
    if name == "gzip":
        return cast(IO[bytes], gzip.GzipFile(fileobj=file))
    if name in MODULES:
        try:
            opened: IO[bytes] = import_module(MODULES[name]).open(file)
        except ImportError as error:
            raise SkipgramError(
                f"{shown(path)} is compressed by {name}, which this Python "
                f"cannot read ({error}); unpack it first"
            ) from error
        return opened
    if name == "zstd":
        return cast(IO[bytes], zstd_module().open(file))
    if name == "zip":
        return open_zipped(zipfile.ZipFile(file), path)
    raise SkipgramError(
        f"{shown(path)} is compressed by {name}, which is not read here; "
        "unpack it first"
    )


def open_zipped(archive: zipfile.ZipFile, path: str | Path) -> IO[bytes]:
    """Open the one file of an archive; what a Mac adds is passed over."""
    names = [
        name
        for name in archive.namelist()
        if not name.endswith("/") and not name.startswith("__MACOSX/")
    ]
    if len(names) != 1:
        first = f" ({', '.join(map(printable, names[:3]))}, ...)"
        raise SkipgramError(
            f"{shown(path)} is a zip archive of {len(names)} files"
            f"{first if names else ''}, as office documents are, and one is "
            "expected; unpack it, and name the file that is meant"
        )
    try:
        return archive.open(names[0])
    except (RuntimeError, NotImplementedError) as error:
        raise SkipgramError(
            f"{shown(path)} cannot be unpacked here ({error}); unpack it first"
        ) from error


def zstd_module() -> Any:
    """Python's own zstd, since 3.14, or the package that brings it before."""
    try:
        from compression import zstd
    except ImportError:
        try:
            from backports import zstd
        except ImportError:
            raise MissingPackageError(
                "the file is compressed by zstd, which Python reads from "
                "3.14 on; for this one, run: pip install backports.zstd, or "
                "unpack the file first"
            ) from None
    return zstd


def zstd_error() -> type[BaseException]:
    """The error for bad data of zstd, where there is a zstd."""
    try:
        return cast(type[BaseException], zstd_module().ZstdError)
    except MissingPackageError:
        return EOFError


# --- Pipes -------------------------------------------------------------------


# The folders of copies are named so, and the copies as they are shown.
COPIES = "skipgram-input-"


@cache
def _copies() -> tempfile.TemporaryDirectory[str]:
    """Folder for copies of what can be read once; goes with the process."""
    return tempfile.TemporaryDirectory(prefix=COPIES)


def copy_input(path: str) -> str:
    """Path of a copy of what a pipe, or for "-" stdin, has to say.

    It can be read as often as needed, and is deleted when the process ends.
    """
    name = "standard input" if path == "-" else f"pipe {Path(path).name}"
    with ExitStack() as stack, system_errors(f"cannot read {name}"):
        if path != "-":
            source: Any = stack.enter_context(open(path, "rb"))
        else:
            source = getattr(sys.stdin, "buffer", None)
        if source is None or source.closed:
            raise SkipgramError("there is no standard input to read from")
        place = Path(tempfile.mkdtemp(COPIES, dir=_copies().name), name)
        with open(place, "wb") as copy:
            shutil.copyfileobj(source, copy)
    return str(place)


# Stdin says what it has to say once.
copy_of = cache(copy_input)


def seekable_path(path: str) -> str:
    """A path as it is, or that of a copy if it is a pipe, or "-" for stdin."""
    if path == "-":
        return copy_of(path)
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return path  # whoever opens it says what is wrong
    pipe = stat.S_ISFIFO(status.st_mode)
    return copy_input(path) if pipe else path


def shown(path: str | Path) -> str:
    """Path for a message; a copy is shown as what it is a copy of."""
    is_copy = COPIES in str(path)
    return Path(path).name if is_copy else printable(path)
