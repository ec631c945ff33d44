"""The nearest rows of each row of a table, for pages that show them all."""

import numpy as np
from numpy.typing import NDArray

from skipgram_lib.backend.base import Array, best_columns

ROWS_AT_ONCE = 500


def nearest_rows(
    units: Array, k: int, among: int | None = None
) -> NDArray[np.int64]:
    """Ids of the k rows of largest cosine, the nearest first, without itself.

    Rows `units`, shape (V, D), have length 1. Only the first `among` rows are
    answers. Where there are fewer than k of them, the answer is narrower.
    """
    found = []
    V = len(units)
    k = min(k, (among or V) - 1)
    for start in range(0, V, ROWS_AT_ONCE):
        cosine = units[start : start + ROWS_AT_ONCE] @ units[:among].T
        own = np.arange(start, min(start + ROWS_AT_ONCE, cosine.shape[1]))
        cosine[own - start, own] = -np.inf
        found.append(best_columns(cosine, k))
    return np.concatenate(found)
