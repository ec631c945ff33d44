"""One sealed file for some arrays: safetensors that know if they are whole."""

import json
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skipgram_lib.storage.files import SEAL, checksum, new_file

# NumPy's types and the format's: "<f4" is F32, four bytes are 32 bits.
DTYPES = {
    code: f"{code[1].upper()}{8 * int(code[2])}"
    for code in ("<f2", "<f4", "<f8", "<i4", "<i8", "|u1")
}


def tensor_header(
    tensors: Mapping[str, tuple[str, Sequence[int]]],
    metadata: Mapping[str, str],
) -> bytes:
    """First bytes of a safetensors file, for arrays that follow in order.

    Parameters
    ----------
    tensors : mapping
        Type, one of `DTYPES`, and shape of each array, by name.
    metadata : mapping
        Strings by name.
    """
    header: dict[str, Any] = {"__metadata__": dict(metadata)}
    end = 0
    for name, (dtype, shape) in tensors.items():
        start = end
        end += int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
        header[name] = {
            "dtype": DTYPES[dtype],
            "shape": list(shape),
            "data_offsets": [start, end],
        }
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text


def write_sealed(
    path: Path, arrays: Mapping[str, NDArray[Any]], about: Any
) -> None:
    """Write arrays, and what JSON can hold, to one sealed safetensors file.

    Whoever calls this holds the folder.
    """
    tensors = {
        n: (array.dtype.str, array.shape) for n, array in arrays.items()
    }
    notes = {"sha256": SEAL.decode(), "about": json.dumps(about)}
    header = tensor_header(tensors, notes)
    rows = [array.reshape(-1).view(np.uint8) for array in arrays.values()]
    digits = checksum([header, *rows]).encode()
    with new_file(path) as f:
        f.write(header.replace(SEAL, digits, 1))
        for row in rows:
            f.write(row.data)


# A sealed file begins with its length and this; then comes its seal.
BEGIN = b'{"__metadata__":{"sha256":"'


def check_sealed(path: Path) -> None:
    """Raise a ValueError if any byte of a sealed file is not as written."""
    with open(path, "rb") as f:
        begin = f.read(8 + len(BEGIN))
        digits = f.read(len(SEAL))
        rest = iter(partial(f.read, 1 << 20), b"")
        if checksum(chain([begin, SEAL], rest)).encode() != digits:
            raise ValueError("its checksum is not that of its contents")


def read_sealed(path: Path) -> tuple[dict[str, NDArray[Any]], Any]:
    """Read a sealed file: its arrays by name, and what was written with them.

    Raises
    ------
    ValueError, OSError
        If it cannot be read, or is damaged.
    """
    from safetensors import SafetensorError, safe_open

    check_sealed(path)
    try:
        with safe_open(path, "np") as f:
            about = json.loads(f.metadata()["about"])
            names = f.keys()  # safe_open is no dictionary
            return {name: f.get_tensor(name) for name in names}, about
    except SafetensorError as error:
        raise ValueError(str(error)) from error
