"""Sparse tables of counts in files, written and mapped block by block."""

import mmap
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, Self, TypeAlias

import numpy as np
import scipy.sparse as sp
from numpy.typing import DTypeLike, NDArray

from skipgram_lib.backend.base import Array, CountTable
from skipgram_lib.counts.cells import (
    add_tables,
    even_groups,
    row_blocks,
    weighted_counts,
)
from skipgram_lib.errors import SkipgramError

# Opens the file of an array for writing, and finds it again, by its name.
CreateFile: TypeAlias = Callable[[str], AbstractContextManager[BinaryIO]]
FindFile: TypeAlias = Callable[[str], Path]


@contextmanager
def growing_array(
    file: BinaryIO, dtype: DTypeLike
) -> Iterator[Callable[[Array], None]]:
    """Write an array with one axis, as .npy, by a function that appends."""
    kind = np.dtype(dtype)
    length = 0

    def append(block: Array) -> None:
        nonlocal length
        file.write(np.ascontiguousarray(block, kind).data)
        length += len(block)

    def write_header() -> None:
        about = {"descr": kind.str, "fortran_order": False, "shape": (length,)}
        file.seek(0)
        np.lib.format.write_array_header_1_0(file, about)

    write_header()  # NumPy leaves room in it for any length
    yield append
    write_header()


def write_table(create: CreateFile, blocks: Iterable[sp.csr_array]) -> int:
    """Write blocks of rows, in their order, as three arrays; return cells."""
    ends = [np.zeros(1, np.int64)]
    with (
        create("indices.npy") as columns,
        create("data.npy") as numbers,
        growing_array(columns, np.int32) as add_columns,
        growing_array(numbers, np.int64) as add_numbers,
    ):
        for block in blocks:
            add_columns(block.indices)
            add_numbers(block.data)
            ends.append(block.indptr[1:] + ends[-1][-1])
    with create("indptr.npy") as file:
        np.save(file, np.concatenate(ends))
    return int(ends[-1][-1])


def map_array(path: Path) -> Array:
    """Map the array of a file; read it where the system maps no files."""
    try:
        array: Array = np.load(path, mmap_mode="r")
    except OSError:
        array = np.load(path)
    return array


def release(array: Array) -> None:
    """Give back the pages of a mapped array that were read so far."""
    pages: object = array.base
    if isinstance(pages, mmap.mmap) and os.name == "posix":
        pages.madvise(mmap.MADV_DONTNEED)


@dataclass(frozen=True)
class MappedTable:
    """A sparse table whose arrays may be mapped; rows are copied from it.

    Attributes
    ----------
    indptr : int64 array, shape (rows + 1,)
        Where the rows end.
    indices : integer array, shape (cells,)
        Columns, in order in each row.
    data : array, shape (cells,)
        The numbers.
    columns : int
        How many there are.
    """

    indptr: NDArray[np.int64]
    indices: Array
    data: Array
    columns: int

    @classmethod
    def open(cls, find: FindFile, columns: int) -> Self:
        """Map the files that `write_table` wrote."""
        return cls(
            np.load(find("indptr.npy")),
            map_array(find("indices.npy")),
            map_array(find("data.npy")),
            columns,
        )

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return len(self.indptr) - 1, self.columns

    def cells(self) -> sp.csr_array:
        """Make a sparse array of the table, without reading its cells."""
        cells = sp.csr_array(self.shape, dtype=np.int64)
        dtype = np.int32 if len(self.data) < 2**31 else np.int64
        cells.indptr = self.indptr.astype(dtype)
        cells.indices = self.indices
        cells.data = self.data
        return cells

    def release(self) -> None:
        """Give back the pages that were read so far."""
        release(self.indices)
        release(self.data)

    def __getitem__(self, rows: Array | slice) -> sp.csr_array:
        """Copy rows into memory, in the order they are asked for."""
        ids = np.arange(self.shape[0])[rows]
        starts = self.indptr[ids]
        stops = self.indptr[ids + 1]
        # Rows that follow each other are read together.
        first = np.append(True, starts[1:] != stops[:-1])[: len(ids)]
        last = np.append(first[1:], True)[: len(ids)]
        spans = list(map(slice, starts[first], stops[last]))
        data, columns = (
            np.concatenate([array[:0], *(array[span] for span in spans)])
            for array in (self.data, self.indices)
        )
        self.release()
        ends = np.cumsum(np.append(0, stops - starts))
        return sp.csr_array(
            (data, columns, ends), shape=(len(ids), self.columns)
        )


@dataclass(frozen=True)
class WeightedTable:
    """Weighted counts N that stay on the disk: a `CountTable`.

    Attributes
    ----------
    table : MappedTable
        The cells.
    denominator, keep, keep_contexts
        As in `Counts`.
    """

    table: MappedTable
    denominator: int
    keep: NDArray[np.float64]
    keep_contexts: NDArray[np.float64]

    @property
    def shape(self) -> tuple[int, int]:
        """V and C."""
        return self.table.shape

    @property
    def nnz(self) -> int:
        """Number of cells."""
        return len(self.table.data)

    @property
    def indptr(self) -> NDArray[np.int64]:
        """Where the rows end."""
        return self.table.indptr

    def __getitem__(self, rows: Array | slice) -> sp.csr_array:
        """Rows of N, weighed as `weighted_counts` does."""
        return weighted_counts(
            self.table[rows],
            self.denominator,
            self.keep[rows],
            self.keep_contexts,
        )

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
        return self[:]


def as_table(N: object) -> CountTable:
    """Refuse what is no table of counts."""
    if isinstance(N, WeightedTable | sp.csr_array):
        return N
    raise SkipgramError(
        f"N must be a table of counts, such as counts.matrix(), got {N!r:.60}"
    )


def read_only(array: Array) -> Array:
    """View of an array that cannot be written to."""
    view = np.asarray(array).view()
    view.flags.writeable = False
    return view


def read_only_cells(cells: sp.csr_array) -> sp.csr_array:
    """The same cells in a table that cannot be written to."""
    found = sp.csr_array(cells.shape, dtype=cells.dtype)
    found.indptr = read_only(cells.indptr)
    found.indices = read_only(cells.indices)
    found.data = read_only(cells.data)
    return found


def add_all(tables: Iterable[sp.csr_array]) -> sp.csr_array:
    """Sum of tables of counts, the smallest first."""
    rest = list(tables)
    while len(rest) > 1:
        rest.sort(key=lambda table: -table.nnz)
        one = rest.pop()
        two = rest.pop()
        if two.nnz < 2**17:  # threads would take longer
            rest.append(one + two)
        else:
            groups = even_groups(two.indptr, -(-two.nnz // 8))
            rest.append(add_tables(one, two, groups))
    return rest[0]
