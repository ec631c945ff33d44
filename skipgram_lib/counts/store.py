"""Counts in a folder: checked when it is read, mapped when they are used."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from skipgram_lib.backend.base import Array
from skipgram_lib.counts.counts import (
    CountMatrix,
    Counts,
    even_groups,
    no_pair_error,
    row_blocks,
    weighted_counts,
)
from skipgram_lib.counts.tables import MappedTable, write_table
from skipgram_lib.errors import SkipgramError, check_at_least, printable
from skipgram_lib.storage.folders import (
    FolderKind,
    StoredFolder,
    check_folder,
    read_folder,
    read_steadily,
    write_folder,
)
from skipgram_lib.text.vocabulary import Vocabulary, fingerprint

WORDS = "vocabulary.json"
KEEP = "keep.npy"
COUNTS = FolderKind(
    "a table of counts",
    "counts.json",
    (WORDS, "indptr.npy", "indices.npy", "data.npy", KEEP),
    "count again",
)
FORMAT_VERSION = 2
READABLE_VERSIONS = (1, 2)

# A table with more cells stays on the disk, and is read in blocks.
MAX_CELLS_IN_MEMORY = 2**25
BLOCK_CELLS = 2**21


# --- Writing -----------------------------------------------------------------


def check_counts_folder(folder: str | Path) -> Path:
    """Return where counts are written, or refuse it before any work."""
    return check_folder(folder, COUNTS)


def write_counts(
    folder: str | Path,
    vocabulary: Vocabulary,
    blocks: Iterable[sp.csr_array],
    settings: Mapping[str, Any],
    denominator: int,
    keep: NDArray[np.float64],
) -> None:
    """Write counts to a folder, all of them, or the older ones stay.

    `blocks` are consecutive rows of the cells; the rest is as in `Counts`.
    """
    words = {
        "words": vocabulary.words,
        "frequencies": vocabulary.frequencies.tolist(),
        "total_tokens": vocabulary.total_tokens,
    }
    with write_folder(folder, COUNTS) as new:
        cells = write_table(new.create, blocks)
        if not cells:
            raise no_pair_error(settings["window"], "too few known words")
        with new.create(KEEP) as file:
            np.save(file, keep)
        new.add(WORDS, [json.dumps(words).encode("ascii")])
        new.finish(
            {
                "format": "skip-gram counts",
                "format_version": FORMAT_VERSION,
                "vocabulary_size": len(vocabulary),
                "cells": cells,
                "denominator": int(denominator),
                "settings": dict(settings),
            }
        )


def save_counts(
    counts: Counts, vocabulary: Vocabulary, folder: str | Path
) -> None:
    """Write counts, with their vocabulary, to a folder.

    Parameters
    ----------
    counts : Counts
        As `count_pairs` makes them.
    vocabulary : Vocabulary
        The one they were counted with.
    folder : str or Path
        Made if it is not there; older counts in it are replaced.

    Raises
    ------
    SkipgramError
        If the counts were made with another vocabulary, or the folder holds
        other things or cannot be written.
    """
    if counts.settings["vocabulary"] != fingerprint(vocabulary.words):
        raise SkipgramError(
            "the counts were made with another vocabulary; save them with "
            "their own"
        )
    write_counts(
        folder,
        vocabulary,
        [counts.cells],
        counts.settings,
        counts.denominator,
        counts.keep,
    )


# --- Reading -----------------------------------------------------------------


def check_counts_version(stored: StoredFolder) -> None:
    """Refuse counts that another version of the format describes."""
    version = stored.about.get("format_version")
    if version not in READABLE_VERSIONS:
        raise SkipgramError(
            f"{printable(stored.folder)} has format version {version}, and "
            f"this library reads versions 1 to {FORMAT_VERSION}; use the "
            "library that wrote it"
        )


def check_listed(stored: StoredFolder) -> None:
    """Raise a ValueError unless the manifest has a checksum of each file."""
    listed = stored.about.get("files", stored.about.get("sha256", {}))
    if missing := sorted(set(COUNTS.files) - set(listed)):
        raise ValueError(f"{COUNTS.manifest} lists no {missing[0]}")


def check_cells(columns: Array, n: Array, V: int) -> None:
    """Raise a ValueError unless columns and numbers of cells can be right."""
    if columns.min() < 0 or columns.max() >= V:
        raise ValueError(f"columns from {columns.min()} to {columns.max()}")
    if n.min() < 1:
        raise ValueError(f"a cell that counts {n.min()}")


def check_table(table: MappedTable, V: int) -> None:
    """Raise a ValueError unless a table has V rows and columns, in order."""
    ends = table.indptr
    cells = len(table.indices)
    dtypes = [array.dtype.str for array in vars(table).values()]
    if dtypes != ["<i8", "<i4", "<i8"] or ends.shape != (V + 1,):
        raise ValueError(f"arrays of {dtypes}, {len(ends) - 1} rows of {V}")
    if ends[0] or ends[-1] != cells or (np.diff(ends) < 0).any():
        raise ValueError(f"{cells} cells, and rows that end at {ends[-1]}")
    if len(table.data) != cells or not cells:
        raise ValueError(f"{cells} cells with {len(table.data)} numbers")
    for start in range(0, cells, 2**22):
        part = slice(start, start + 2**22)
        check_cells(table.indices[part], table.data[part], V)
        table.release()


def load_counts(folder: str | Path) -> tuple[Vocabulary, Counts]:
    """Read counts that `save_counts` or `skipgram count` wrote.

    The cells stay on the disk, and are read where they are needed.

    Parameters
    ----------
    folder : str or Path

    Returns
    -------
    vocabulary : Vocabulary
    counts : Counts

    Raises
    ------
    SkipgramError
        If the folder is not there, incomplete, damaged, or of a version
        that this library does not know.
    """
    return read_steadily(
        Path(folder, COUNTS.manifest), lambda: load_once(folder)
    )


def load_once(folder: str | Path) -> tuple[Vocabulary, Counts]:
    """Read a folder of counts as it is now."""
    stored = read_folder(folder, COUNTS)
    check_counts_version(stored)
    try:
        check_listed(stored)
        stored.check_sums()
        vocabulary = Vocabulary(**stored.read_json(WORDS))
        return vocabulary, open_counts(stored, vocabulary)
    except SkipgramError:
        raise
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise stored.damaged(stored.folder, error) from error


def open_counts(stored: StoredFolder, vocabulary: Vocabulary) -> Counts:
    """Map the cells of a folder of counts, and check what they hold."""
    V = len(vocabulary)
    settings = stored.about["settings"]
    table = MappedTable.open(stored.path)
    check_table(table, V)
    keep = np.load(stored.path(KEEP))
    if keep.shape != (V,) or vocabulary.frequencies.shape != (V,):
        raise ValueError(f"{V} words, and shares of {keep.shape}")
    if settings["vocabulary"] != fingerprint(vocabulary.words):
        raise ValueError("the words are not those that were counted")
    unit = check_at_least("denominator", stored.about["denominator"], 1)
    return MappedCounts(mapped_cells(table), unit, keep, settings, table)


def mapped_cells(table: MappedTable) -> sp.csr_array:
    """Make a sparse array of a table without reading its cells."""
    V = len(table.indptr) - 1
    cells = sp.csr_array((V, V), dtype=np.int64)
    dtype = np.int32 if len(table.data) < 2**31 else np.int64
    cells.indptr = table.indptr.astype(dtype)
    cells.indices = table.indices
    cells.data = table.data
    return cells


# --- Using -------------------------------------------------------------------


class WeightedTable:
    """Weighted counts N that stay on the disk: a `BlockedTable`.

    Parameters
    ----------
    table : MappedTable
        The cells.
    denominator, keep : int, float64 array
        As in `Counts`.
    """

    def __init__(
        self, table: MappedTable, denominator: int, keep: NDArray[np.float64]
    ) -> None:
        self.table = table
        self.denominator = denominator
        self.keep = keep
        self.shape = (len(keep), len(keep))
        self.nnz = len(table.data)

    def weigh(self, cells: sp.csr_array, rows: Array | slice) -> sp.csr_array:
        """Weigh the cells of some rows, as `weighted_counts` does."""
        own = self.keep[rows]
        return weighted_counts(cells, self.denominator, self.keep, own)

    def __getitem__(self, rows: Array) -> sp.csr_array:
        """Rows of N, by their ids."""
        return self.weigh(self.table.take(rows), rows)

    def spans(self) -> list[tuple[int, int]]:
        """First row of each block, and the one after its last."""
        firsts, ends = even_groups(self.table.indptr, BLOCK_CELLS)
        return list(zip(firsts.tolist(), ends.tolist(), strict=True))

    def block(self, first: int, last: int) -> sp.csr_array:
        """Rows of N from `first` to `last` - 1."""
        return self.weigh(self.table.rows(first, last), slice(first, last))

    @cached_property
    def sums(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Sums of the columns, and of the rows."""
        columns = np.zeros(self.shape[1])
        rows = []
        for block in row_blocks(self):
            # One cell after the other, as SciPy adds: the same last bits.
            np.add.at(columns, block.indices, block.data)
            rows.append(block.sum(axis=1))
        return columns, np.concatenate(rows)

    def sum(self, axis: int | None = None) -> Any:
        """Sum of all cells, or of columns (axis 0) or rows (axis 1)."""
        return np.sum(self.sums[1]) if axis is None else self.sums[axis]

    def tocsr(self) -> sp.csr_array:
        """The whole of N, in memory."""
        return sp.csr_array(sp.vstack(list(row_blocks(self)), format="csr"))


@dataclass(frozen=True)
class MappedCounts(Counts):
    """Counts whose cells are on the disk; otherwise as `Counts`."""

    table: MappedTable

    def matrix(self) -> CountMatrix:
        """Return the weighted counts N: in memory, or a `WeightedTable`."""
        if self.cells.nnz <= MAX_CELLS_IN_MEMORY:
            return super().matrix()
        return WeightedTable(self.table, self.denominator, self.keep)

    def pieces(self, size: int = 2**20) -> Iterator[Array]:
        """All numbers of the cells; pages that were read are given back."""
        for piece in super().pieces(size):
            yield piece
            self.table.release()
