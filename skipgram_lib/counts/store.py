"""Counts in a folder: checked when it is read, mapped when they are used."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from skipgram_lib.backend.base import Array
from skipgram_lib.counts.cells import no_pair_error
from skipgram_lib.counts.tables import MappedTable, write_table
from skipgram_lib.errors import SkipgramError, check_at_least
from skipgram_lib.storage.folders import (
    FolderKind,
    StoredFolder,
    check_folder,
    read_folder,
    read_steadily,
    write_folder,
)
from skipgram_lib.text.vocabulary import Vocabulary, fingerprint
from skipgram_lib.text.vocabulary_files import (
    CONTEXTS,
    WORDS,
    add_vocabularies,
    read_vocabularies,
)

TABLE = ("indptr.npy", "indices.npy", "data.npy")
KEEP = "keep.npy"
KEEP_CONTEXTS = "keep_contexts.npy"
COUNTS = FolderKind(
    "a table of counts",
    "counts.json",
    (WORDS, CONTEXTS, *TABLE, KEEP, KEEP_CONTEXTS),
    "count again",
)
FORMAT_VERSION = 3


@dataclass(frozen=True)
class CountsHeader:
    """What a folder of counts holds beside the cells; as in `Counts`."""

    denominator: int
    keep: NDArray[np.float64]
    settings: dict[str, Any]
    vocabulary: Vocabulary
    contexts: Vocabulary
    keep_contexts: NDArray[np.float64]


def name_words(
    settings: Mapping[str, Any], vocabulary: Vocabulary, contexts: Vocabulary
) -> dict[str, Any]:
    """Settings, and the fingerprints of the words that were counted."""
    named = {**settings, "vocabulary": fingerprint(vocabulary.words)}
    if contexts is not vocabulary:
        named["contexts"] = fingerprint(contexts.words)
    return named


def are_shares(share: Array) -> bool:
    """Whether an array holds numbers from 0 to 1 only."""
    return share.dtype.kind == "f" and bool(abs(share - 0.5).max() <= 0.5)


def check_shares(
    cells: sp.csr_array | MappedTable, header: CountsHeader
) -> None:
    """Refuse cells or shares that do not fit the words."""
    V = len(header.vocabulary)
    C = len(header.contexts)
    shares = [header.keep, header.keep_contexts]
    shapes = [share.shape for share in shares]
    if cells.shape != (V, C) or shapes != [(V,), (C,)]:
        raise SkipgramError(
            f"{V:,} words and {C:,} contexts take cells of shape {(V, C)}, "
            "and keep and keep_contexts a share for each word, got shapes "
            f"{cells.shape} and {shapes}"
        )
    if not all(map(are_shares, shares)):
        raise SkipgramError("keep and keep_contexts must be from 0 to 1")
    if cells.data.dtype.kind not in "iu":
        raise SkipgramError(
            f"cells must be whole numbers, got {cells.data.dtype}"
        )


# --- Writing -----------------------------------------------------------------


def check_counts_folder(folder: str | Path) -> Path:
    """Return where counts are written, or refuse it before any work."""
    return check_folder(folder, COUNTS)


def write_counts(
    folder: str | Path, header: CountsHeader, blocks: Iterable[sp.csr_array]
) -> None:
    """Write counts to a folder, all of them, or the older ones stay.

    `blocks` are consecutive rows of the cells.
    """
    shares = {KEEP: header.keep}
    if header.keep_contexts is not header.keep:
        shares[KEEP_CONTEXTS] = header.keep_contexts
    words = (header.vocabulary, header.contexts)
    with write_folder(folder, COUNTS) as new:
        cells = write_table(new.create, blocks)
        if not cells:
            raise no_pair_error(
                header.settings["window"], "too few known words"
            )
        for name, array in shares.items():
            with new.create(name) as file:
                np.save(file, array)
        new.finish(
            {
                "format": "skip-gram counts",
                "format_version": FORMAT_VERSION,
                **add_vocabularies(new, *words),
                "keep": KEEP,
                "keep_contexts": list(shares)[-1],
                "vocabulary_size": len(header.vocabulary),
                "cells": cells,
                "denominator": int(header.denominator),
                "settings": name_words(header.settings, *words),
            }
        )


# --- Reading -----------------------------------------------------------------


def check_cells(columns: Array, n: Array, C: int) -> None:
    """Raise a ValueError unless columns and numbers of cells can be right."""
    if columns.min() < 0 or columns.max() >= C:
        raise ValueError(f"columns from {columns.min()} to {columns.max()}")
    if n.min() < 1:
        raise ValueError(f"a cell that counts {n.min()}")


def check_table(table: MappedTable, V: int) -> None:
    """Raise a ValueError unless a table has V rows, and columns in order."""
    ends = table.indptr
    cells = len(table.indices)
    arrays = (ends, table.indices, table.data)
    dtypes = [array.dtype.str for array in arrays]
    if dtypes != ["<i8", "<i4", "<i8"] or ends.shape != (V + 1,):
        raise ValueError(f"arrays of {dtypes}, {len(ends) - 1} rows of {V}")
    if ends[0] or ends[-1] != cells or (np.diff(ends) < 0).any():
        raise ValueError(f"{cells} cells, and rows that end at {ends[-1]}")
    if len(table.data) != cells or not cells:
        raise ValueError(f"{cells} cells with {len(table.data)} numbers")
    for start in range(0, cells, 2**22):
        part = slice(start, start + 2**22)
        check_cells(table.indices[part], table.data[part], table.columns)
        table.release()


def read_counts(folder: str | Path) -> tuple[CountsHeader, MappedTable]:
    """Read a folder of counts; the cells stay on the disk.

    Raises
    ------
    SkipgramError
        If the folder is not there, incomplete, damaged, or of a version
        that this library does not know.
    """
    return read_steadily(
        Path(folder, COUNTS.manifest), lambda: read_once(folder)
    )


def read_once(folder: str | Path) -> tuple[CountsHeader, MappedTable]:
    """Read a folder of counts as it is now."""
    stored = read_folder(folder, COUNTS)
    stored.check_version((1, 2, FORMAT_VERSION))
    stored.check_sums()
    try:
        header = read_header(stored)
        table = MappedTable.open(stored.path, len(header.contexts))
        check_table(table, len(header.vocabulary))
        check_shares(table, header)
        return header, table
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise stored.damaged(stored.folder, error) from error


def read_header(stored: StoredFolder) -> CountsHeader:
    """Read what is beside the cells; formats 1 and 2 have one vocabulary."""
    about = stored.about
    file = about.get("keep_contexts", KEEP)
    listed = about.get("files", about.get("sha256", {}))
    if missing := sorted({WORDS, *TABLE, KEEP, file} - set(listed)):
        raise ValueError(f"{COUNTS.manifest} lists no {missing[0]}")
    words = read_vocabularies(stored)
    if about["settings"] != name_words(about["settings"], *words):
        raise ValueError("the words are not those that were counted")
    keep = np.load(stored.path(KEEP))
    return CountsHeader(
        check_at_least("denominator", about["denominator"], 1),
        keep,
        about["settings"],
        *words,
        keep if file == KEEP else np.load(stored.path(file)),
    )
