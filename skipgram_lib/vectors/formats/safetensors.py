"""Word vectors in safetensors: the matrix is mapped, and not read."""

import json
import math
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from itertools import islice, pairwise
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np

from skipgram_lib.backend.base import Array
from skipgram_lib.errors import SkipgramError
from skipgram_lib.storage.sealed import DTYPES, tensor_header
from skipgram_lib.vectors.formats.common import (
    LoadOptions,
    Table,
    Vectors,
    check_shape,
    check_start,
    decode_words,
    is_plain,
    open_input,
    open_output,
    select_vectors,
)

MAX_HEADER = 100_000_000

# Types that the three tensors may have.
TENSORS = {
    "words": ["U8"],
    "offsets": ["I64"],
    "matrix": ["F16", "F32", "F64"],
}

# NumPy's names of the types, by safetensors'.
NUMPY_TYPES = {name: dtype for dtype, name in DTYPES.items()}


class Tensor(NamedTuple):
    """What a header says of a tensor: where it lies, behind the header."""

    dtype: str
    shape: tuple[int, ...]
    start: int
    stop: int


def read_header(path: Path, f: IO[bytes]) -> tuple[dict[str, Any], int]:
    """Read the header of a safetensors file, and where its data begin."""
    start = f.read(9)
    check_start(path, start, 8, b"{")
    length = int.from_bytes(start[:8], "little")
    size = f.seek(0, os.SEEK_END)
    if length > min(size - 8, MAX_HEADER):
        raise SkipgramError(
            f"{path}, byte 0: promises a header of {length:,} bytes, and the "
            f"file has {size:,}; download it again"
        )
    f.seek(8)
    try:
        header: dict[str, Any] = json.loads(f.read(length))
    except (ValueError, RecursionError) as error:
        raise SkipgramError(
            f"{path}, byte 8: the header is damaged ({error}); download the "
            "file again"
        ) from error
    header.pop("__metadata__", None)
    return header, 8 + length


def parse_tensor(name: str, about: Any) -> Tensor:
    """What the header says of a tensor, if that fits its type and shape."""
    try:
        start, stop = about["data_offsets"]
        tensor = Tensor(about["dtype"], tuple(about["shape"]), start, stop)
        numbers = [*tensor.shape, start, stop]
        whole = all(type(n) is int and n >= 0 for n in numbers)
        if not (whole and isinstance(tensor.dtype, str)):
            raise TypeError
    except (KeyError, TypeError, ValueError):
        raise SkipgramError(
            f"the header does not describe the tensor {name!r}"
        ) from None
    if tensor.dtype in NUMPY_TYPES:
        itemsize = np.dtype(NUMPY_TYPES[tensor.dtype]).itemsize
        size = math.prod(tensor.shape) * itemsize
        if stop - start != size:
            raise SkipgramError(
                f"the tensor {name!r} of {size:,} bytes has {stop - start:,}"
            )
    return tensor


def check_spans(tensors: Mapping[str, Tensor], room: int) -> None:
    """Check that tensors fill `room` bytes without holes or overlaps."""
    spans = sorted((t.start, t.stop) for t in tensors.values())
    starts = [start for start, _ in spans]
    stops = [stop for _, stop in spans]
    if [*starts, room] != [0, *stops]:
        raise SkipgramError(
            f"its tensors lie at {spans[:4]} of {room:,} bytes, and must fill "
            "them without holes or overlaps"
        )


def parse_tensors(
    path: Path, header: Mapping[str, Any], room: int
) -> dict[str, Tensor]:
    """Tensors of word vectors, if they fill `room` bytes."""
    try:
        tensors = {n: parse_tensor(n, about) for n, about in header.items()}
        check_spans(tensors, room)
        types = {name: tensor.dtype for name, tensor in tensors.items()}
        if any(types.get(n) not in allowed for n, allowed in TENSORS.items()):
            raise SkipgramError(
                "expected tensors words (U8), offsets (I64) and matrix "
                f"(F16, F32 or F64), got {dict(islice(types.items(), 4))}"
            )
    except SkipgramError as error:
        raise SkipgramError(
            f"{path} holds no word vectors, or is damaged: {error}"
        ) from None
    return tensors


def read_safetensors(path: Path, options: LoadOptions) -> Vectors:
    """Read words, and map the matrix into memory without reading it."""
    parts = {}
    with open_input(path) as f:
        header, begin = read_header(path, f)
        room = f.seek(0, os.SEEK_END) - begin
        tensors = parse_tensors(path, header, room)
        for name in TENSORS:
            tensor = tensors[name]
            if not math.prod(tensor.shape):
                raise SkipgramError(f"{path}: the tensor {name!r} is empty")
            parts[name] = map_tensor(f, begin, tensor)
        mapped = is_plain(f)
    words = split_words(path, parts["words"], parts["offsets"], options)
    check_shape(path, len(parts["offsets"]) - 1, parts["matrix"])
    matrix = parts["matrix"][: len(words)]
    return select_vectors(path, words, matrix, options, mapped)


def map_tensor(f: IO[bytes], begin: int, tensor: Tensor) -> Array:
    """Map a tensor behind a header, or read it where that cannot be."""
    dtype = np.dtype(NUMPY_TYPES[tensor.dtype])
    place = begin + tensor.start
    if is_plain(f):
        with suppress(OSError):  # of a file system that maps nothing
            return np.memmap(f, dtype, "r", place, tensor.shape)
    f.seek(place)
    data = f.read(tensor.stop - tensor.start)
    return np.frombuffer(data, dtype).reshape(tensor.shape)


def split_words(
    path: Path, text: Array, offsets: Array, options: LoadOptions
) -> list[str]:
    """Cut an array of bytes into words, at some offsets."""
    good = offsets.ndim == text.ndim == 1 and len(offsets) > 1
    if (
        not good
        or offsets[0]
        or offsets[-1] != len(text)
        or bool((np.diff(offsets) < 0).any())
    ):
        raise SkipgramError(
            f"{path}: the offsets of its words do not run from 0 to the "
            f"{text.size:,} bytes of the words; download it again"
        )
    bounds = offsets[: (options.limit or len(offsets)) + 1].tolist()
    data = bytes(text)

    def where(i: int) -> str:
        return f"{path}, vector {i}"

    raw = [data[a:b] for a, b in pairwise(bounds)]
    return decode_words(raw, replace(options, encoding="utf-8"), where)


def write_safetensors(path: Path, table: Table) -> None:
    """Write the tensors matrix, offsets and words."""
    raw = [word.encode() for word in table.words]
    offsets = np.cumsum([0, *map(len, raw)], dtype="<i8")
    header = tensor_header(
        {
            "matrix": (table.dtype.str, table.matrix.shape),
            "offsets": ("<i8", offsets.shape),
            "words": ("|u1", [int(offsets[-1])]),
        },
        {"format": "word vectors"},
    )
    with open_output(path) as f:
        f.write(header)
        for _, rows in table.blocks():
            f.write(rows.data)
        f.write(offsets.tobytes() + b"".join(raw))
