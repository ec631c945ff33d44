"""NumPy's archive of arrays, .npz, read without ever running a pickle."""

import io
import math
import os
import re
import struct
import warnings
import zipfile
import zlib
from pathlib import Path

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from skipgram_lib.backend.base import Array
from skipgram_lib.errors import SkipgramError
from skipgram_lib.vectors.formats.common import (
    LoadOptions,
    Table,
    Vectors,
    check_start,
    check_words,
    decode_words,
    open_input,
    open_output,
    select_vectors,
)

PLAIN_ZIP = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

BROKEN_ZIP = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    ValueError,
    RuntimeError,
    struct.error,
    OverflowError,
)

NPY_TYPE = re.compile(r"[<>|=]?(f[248]|[SU]\d{1,7})")


def parse_npy(data: bytes) -> Array:
    """Array in NumPy's .npy format; the SkipgramError is a phrase.

    A header that is damaged, that asks for a pickle, or that promises
    another length than the data have, is refused.
    """
    f = io.BytesIO(data)
    try:
        with warnings.catch_warnings(action="ignore"):  # of Python 2
            if npy.read_magic(f) == (1, 0):
                shape, fortran, dtype = npy.read_array_header_1_0(f)
            else:
                shape, fortran, dtype = npy.read_array_header_2_0(f)
    except Exception:  # whatever is made of a damaged one
        raise SkipgramError("its header is damaged or unusual") from None
    if dtype.hasobject:
        raise SkipgramError("it is a pickle, which is never loaded")
    if not NPY_TYPE.fullmatch(dtype.str):
        raise SkipgramError(f"its type is {dtype.str!r}, not numbers or words")
    promise = math.prod(shape) * dtype.itemsize
    found = len(data) - f.tell()
    if found != promise or not promise:
        raise SkipgramError(
            f"its header promises {promise:,} bytes, and it has {found:,}"
        )
    array = np.frombuffer(data, dtype, offset=f.tell())
    array = array.reshape(shape, order="F" if fortran else "C")
    return array.astype(dtype.newbyteorder("="), copy=False)


def read_array(archive: zipfile.ZipFile, name: str, room: int) -> Array:
    """Read an array of an archive of `room` bytes; never a pickle.

    The SkipgramError is a phrase; the caller knows the file.
    """
    names = archive.namelist()
    if f"{name}.npy" not in names:
        raise SkipgramError(f"expected arrays words and matrix, got {names}")
    entry = archive.getinfo(f"{name}.npy")
    bound = 1032 if entry.compress_type == zipfile.ZIP_DEFLATED else 1
    if (
        entry.compress_type not in PLAIN_ZIP
        or entry.compress_size > room
        or entry.file_size > bound * entry.compress_size
    ):
        raise SkipgramError(
            f"{name}.npy promises {entry.file_size:,} bytes in "
            f"{entry.compress_size:,} compressed ones"
        )
    try:
        return parse_npy(archive.read(entry))
    except SkipgramError as error:
        raise SkipgramError(f"{name}.npy: {error}") from None


def array_words(path: Path, words: Array, options: LoadOptions) -> list[str]:
    """Words of an array of strings, or of bytes in an encoding."""
    if words.dtype.kind == "S":
        where = f"{path}, word {{}}".format
        return decode_words(words.tolist(), options, where)
    if words.view(np.uint32).max() > 0x10FFFF:
        raise SkipgramError(
            f"{path}, words.npy: its characters are not Unicode"
        )
    return check_words(list(map(str, words.tolist())), "", path)


def read_npz(path: Path, options: LoadOptions) -> Vectors:
    """Read the arrays words and matrix of NumPy's archive."""
    with open_input(path, b"PK") as f:
        check_start(path, f.read(16), 0, b"PK")
        try:
            with zipfile.ZipFile(f) as archive:
                room = f.seek(0, os.SEEK_END)
                words = read_array(archive, "words", room)
                matrix = read_array(archive, "matrix", room)
        except BROKEN_ZIP as error:
            raise SkipgramError(
                f"{path} is damaged, or holds no word vectors ({error}); "
                "download it again"
            ) from error
    if words.ndim != 1 or words.dtype.kind == "f" or matrix.dtype.kind != "f":
        raise SkipgramError(
            f"{path}: words must be an array of strings, and matrix one of "
            f"numbers; got {words.dtype} and {matrix.dtype}"
        )
    names = array_words(path, words, options)
    return select_vectors(path, names, matrix, options)


def word_array(words: list[str]) -> NDArray[np.str_]:
    """Words as an array of strings, which gives each the longest's room."""
    longest = max(map(len, words))
    if longest * 4 * len(words) > 1 << 32:
        raise SkipgramError(
            f"a word of {longest:,} characters makes an array of strings too "
            "large; write .safetensors"
        )
    return np.array(words, f"<U{longest}")


def write_npz(path: Path, table: Table) -> None:
    """Write the arrays words (compressed) and matrix for `numpy.load`."""
    words = word_array(table.words)
    about = {
        "descr": table.dtype.str,
        "fortran_order": False,
        "shape": table.matrix.shape,
    }
    with open_output(path) as f, zipfile.ZipFile(f, "w") as archive:
        entry = zipfile.ZipInfo("words.npy")
        entry.compress_type = zipfile.ZIP_DEFLATED
        with archive.open(entry, "w", force_zip64=True) as g:
            npy.write_array(g, words, allow_pickle=False)
        entry = zipfile.ZipInfo("matrix.npy")
        with archive.open(entry, "w", force_zip64=True) as g:
            npy.write_array_header_1_0(g, about)
            for _, rows in table.blocks():
                g.write(rows.data)
