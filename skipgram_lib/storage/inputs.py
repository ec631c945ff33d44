"""Bytes of files as they come: compressed, through a pipe, from stdin."""

import bz2
import gzip
import lzma
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
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from skipgram_lib.errors import MissingPackageError, SkipgramError, printable

# How compressed data begins, and what is told of what is not read here.
PACKED = {
    b"\x1f\x8b\x08": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"PK\x03\x04": "zip",
    b"\x1f\x9d": "compress",
    b"7z\xbc\xaf\x27\x1c": "7-Zip",
    b"Rar!\x1a\x07": "RAR",
    b"\x04\x22\x4d\x18": "LZ4",
    b"LZIP\x01": "lzip",
}
# Endings of compressed files, which say nothing about what is inside.
ENDINGS = (".gz", ".bz2", ".xz", ".zst", ".zip")
HEAD = 10


def packed_by(head: bytes) -> str:
    """What the first ten bytes of a file say it is compressed by, or ""."""
    names = (PACKED[mark] for mark in PACKED if head.startswith(mark))
    name = next(names, "")
    if name == "bzip2" and head[4:HEAD] != b"1AY&SY":
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
    kind = zstd_error()
    damaged = (EOFError, zlib.error, gzip.BadGzipFile, lzma.LZMAError, kind)
    try:
        with open_packed(file, name, path) as inside:
            yield cast(BinaryIO, inside)
    except (*damaged, zipfile.BadZipFile) as error:
        raise damaged_error(path, name, error) from error
    except OSError as error:
        if error.errno is not None:
            raise  # the system's, not that of bad data
        raise damaged_error(path, name, error) from error


def damaged_error(
    path: str | Path, name: str, error: BaseException
) -> SkipgramError:
    """Error for compressed data that cannot be decompressed."""
    return SkipgramError(
        f"{printable(path)}: the {name} data is truncated or corrupt "
        f"({error}); download or copy the file again"
    )


def open_packed(file: BinaryIO, name: str, path: str | Path) -> IO[bytes]:
    """Open compressed data for reading."""
    if name == "gzip":
        return cast(IO[bytes], gzip.GzipFile(fileobj=file))
    if name == "bzip2":
        return bz2.open(file)
    if name == "xz":
        return lzma.open(file)
    if name == "zstd":
        return cast(IO[bytes], zstd_module().open(file))
    if name == "zip":
        archive = zipfile.ZipFile(file)
        names = [n for n in archive.namelist() if not n.endswith("/")]
        if len(names) != 1:
            raise SkipgramError(
                f"{printable(path)} is a zip archive of {len(names)} files, "
                "and one is expected; unpack it, and name the file that is "
                "meant"
            )
        return archive.open(names[0])
    raise SkipgramError(
        f"{printable(path)} is compressed by {name}, which is not read here; "
        "unpack it first"
    )


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


@cache
def _copies() -> tempfile.TemporaryDirectory[str]:
    """Folder for copies of what can be read once; goes with the process."""
    return tempfile.TemporaryDirectory(prefix="skipgram-")


@cache
def copy_of(path: str) -> str:
    """Path of a copy of what a pipe, or for "-" stdin, has to say.

    It can be read as often as needed, and is deleted when the process ends.
    """
    place = os.path.join(
        _copies().name,
        "standard-input" if path == "-" else f"pipe-{os.path.basename(path)}",
    )
    with open(place, "wb") as copy, ExitStack() as stack:
        if path != "-":
            source: Any = stack.enter_context(open(path, "rb"))
        elif sys.stdin is None or sys.stdin.closed:
            raise SkipgramError("there is no standard input to read from")
        else:
            source = sys.stdin.buffer
        shutil.copyfileobj(source, copy)
    return place


def seekable_path(path: str) -> str:
    """A path as it is, or that of a copy if it is a pipe, or "-" for stdin."""
    if path == "-":
        return copy_of(path)
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return path  # whoever opens it says what is wrong
    pipe = stat.S_ISFIFO(status.st_mode)
    return copy_of(path) if pipe else path
