"""The numbers of the explorer: rounded, and written as JavaScript."""

import json
from base64 import b64encode
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, DTypeLike, NDArray

from skipgram_lib.apps.neighbours import nearest_rows
from skipgram_lib.backend.base import Array, best_columns
from skipgram_lib.counts.counts import CountMatrix
from skipgram_lib.model.network import Network, softmax
from skipgram_lib.model.skipgram import SkipGram
from skipgram_lib.vectors.search import unit_rows

# Neighbours, counted contexts and likely contexts that a page shows of a word.
NEAR = 8
COUNTED = 40
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


def rounded(network: Network) -> Network:
    """What is left of a network on the host that was quantised."""
    W_in, in_scale = quantise(network.W_in)
    W_out, out_scale = quantise(network.W_out)
    return Network(
        W_in * in_scale[:, None],
        W_out * out_scale[:, None],
        np.asarray(network.bias, np.float32),
    )


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


def counted_contexts(N: CountMatrix, k: int = COUNTED) -> dict[str, Any]:
    """Return the k contexts that each word met most often, as JSON.

    Of counts (V, V): blocks `ids` and `share`, shape (V, k), with 0 where
    there is none; the `scale` of the shares and the number of all its
    `contexts`, shape (V,).
    """
    V = N.shape[0]
    ids = np.zeros((V, k), id_dtype(V))
    share = np.zeros((V, k))
    contexts = np.zeros(V, np.uint32)
    for i in range(V):
        row = sp.csr_array(N[np.array([i])])
        largest = np.lexsort([row.indices, -row.data])[:k]
        largest = largest[row.data[largest] > 0]
        ids[i, : len(largest)] = row.indices[largest]
        share[i, : len(largest)] = row.data[largest] / (row.data.sum() or 1.0)
        contexts[i] = np.count_nonzero(row.data)
    whole, scale = quantise(share, np.uint16)
    return {
        "ids": as_block(ids),
        "share": as_block(whole),
        "scale": as_block(scale),
        "contexts": as_block(contexts),
    }


def snapshot(network: Network, rows: int = 500) -> dict[str, Any]:
    """Return neighbours and likely contexts of all words, as JSON.

    Of a network on the host, `rows` words at a time: blocks `near` (V, 8)
    and `likely` (V, 6), ids, the best first; `share` (V, 6), the
    probabilities, and its `scale` (V,).
    """
    V = len(network.bias)
    likely = []
    share = []
    for start in range(0, V, rows):
        h = network.W_in[start : start + rows]
        probs = softmax(h @ network.W_out.T + network.bias)
        best = best_columns(probs, LIKELY)
        likely.append(best)
        share.append(np.take_along_axis(probs, best, 1))
    whole, scale = quantise(np.concatenate(share), np.uint8)
    near = nearest_rows(unit_rows(network.W_in), NEAR)
    return {
        "near": as_block(near.astype(id_dtype(V))),
        "likely": as_block(np.concatenate(likely).astype(id_dtype(V))),
        "share": as_block(whole),
        "scale": as_block(scale),
    }


def on_host(model: SkipGram) -> Network:
    """Return the network of a model, on the host."""
    to_numpy = model.backend.to_numpy
    network = model.network
    return Network(
        to_numpy(network.W_in), to_numpy(network.W_out), to_numpy(network.bias)
    )
