"""The numbers of the explorer: rounded, and written as JavaScript."""

import json
from base64 import b64encode
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from skipgram_lib.apps.layout import nearest_ids
from skipgram_lib.backend.base import Array, CountTable, best_columns
from skipgram_lib.counts.cells import row_blocks
from skipgram_lib.model.network import Network, softmax
from skipgram_lib.model.skipgram import SkipGram

# What the page shows of a word: counted contexts; in a snapshot, neighbours
# and likely contexts.
COUNTED = 40
SNAPSHOT_NEIGHBOURS = 8
LIKELY = 6


def quantise(
    matrix: ArrayLike, dtype: DTypeLike = np.int8
) -> tuple[Array, NDArray[np.float32]]:
    """Round rows to whole numbers, and give the scale of each row.

    Of a matrix of shape (V, D): whole numbers of the dtype, shape (V, D),
    whose largest stands for the largest of the row, and scales, shape (V,).
    ``whole * scale[:, None]`` is near the matrix.
    """
    rows = np.asarray(matrix, np.float64)
    most = np.iinfo(np.dtype(dtype)).max
    top = abs(rows).max(axis=1, initial=0.0)
    scale = (top / most).astype(np.float32)
    step = np.where(scale > 0, scale, 1)[:, None]
    whole = np.rint(rows / step).clip(-most, most)
    return whole.astype(dtype), scale


def as_block(array: Array) -> dict[str, Any]:
    """Return an array as JSON: dtype, shape, and its bytes as text."""
    little = array.dtype.newbyteorder("<")
    data = np.ascontiguousarray(array, little).tobytes()
    return {
        "dtype": str(array.dtype),
        "shape": list(array.shape),
        "data": b64encode(data).decode("ascii"),
    }


def data_script(name: str, data: Any) -> bytes:
    """Return a script that puts data into `window.skipgramData`, by name."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return f"(window.skipgramData ||= {{}}).{name} = {text};\n".encode()


def id_dtype(V: int) -> DTypeLike:
    """Return the smallest dtype that holds the ids of V words."""
    return np.uint16 if V <= 2**16 else np.uint32


def counted_contexts(N: CountTable, k: int = COUNTED) -> dict[str, Any]:
    """Return the k contexts that each word met most often, as JSON.

    Of counts (V, C): blocks `ids` and `share`, shape (V, k), with 0 where
    there is none; the `scale` of the shares and the number of all its
    `contexts`, shape (V,).
    """
    V, C = N.shape
    ids = np.zeros((V, k), id_dtype(C))
    share = np.zeros((V, k))
    contexts = np.zeros(V, np.uint32)
    i = 0
    for block in row_blocks(N):
        for start, end in pairwise(block.indptr):
            near = block.indices[start:end]
            n = block.data[start:end]
            best = np.lexsort([near, -n])[: min(k, np.count_nonzero(n))]
            ids[i, : len(best)] = near[best]
            share[i, : len(best)] = n[best] / (n.sum() or 1.0)
            contexts[i] = np.count_nonzero(n)
            i += 1
    whole, scale = quantise(share, np.uint16)
    return {
        "ids": as_block(ids),
        "share": as_block(whole),
        "scale": as_block(scale),
        "contexts": as_block(contexts),
    }


def snapshot(model: SkipGram, rows: int = 500) -> dict[str, Any]:
    """Return neighbours and likely contexts of all words, as JSON.

    Computed for `rows` words at a time: blocks `near` (V, 8) and `likely`
    (V, 6), ids, the best first; `share` (V, 6), the probabilities, and its
    `scale` (V,).
    """
    network = on_host(model)
    V = len(network.W_in)
    likely = []
    share = []
    for start in range(0, V, rows):
        ids = np.arange(start, min(start + rows, V))
        probs = softmax(network.scores(ids))
        best = best_columns(probs, LIKELY)
        likely.append(best)
        share.append(np.take_along_axis(probs, best, 1))
    whole, scale = quantise(np.concatenate(share), np.uint8)
    words = model.vocabulary.words
    near = nearest_ids(model.vectors, words, SNAPSHOT_NEIGHBOURS)
    return {
        "near": as_block(near.astype(id_dtype(V))),
        "likely": as_block(np.concatenate(likely).astype(id_dtype(V))),
        "share": as_block(whole),
        "scale": as_block(scale),
    }


def on_host(model: SkipGram) -> Network:
    """Return the network of a model, on the host."""
    arrays = vars(model.network).values()
    return Network(*map(model.device.to_numpy, arrays))
