"""Sparse tables of counts in files, written and mapped block by block."""

import mmap
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self, TypeAlias

import numpy as np
import scipy.sparse as sp
from numpy.typing import DTypeLike, NDArray

from skipgram_lib.backend.base import Array
from skipgram_lib.counts.counts import add_tables, even_groups

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
    indptr : int64 array, shape (V + 1,)
        Where the rows end.
    indices : integer array, shape (cells,)
        Columns, in order in each row.
    data : array, shape (cells,)
        The numbers.
    """

    indptr: NDArray[np.int64]
    indices: Array
    data: Array

    @classmethod
    def open(cls, find: FindFile) -> Self:
        """Map the files that `write_table` wrote."""
        return cls(
            np.load(find("indptr.npy")),
            np.load(find("indices.npy"), mmap_mode="r"),
            np.load(find("data.npy"), mmap_mode="r"),
        )

    def release(self) -> None:
        """Give back the pages that were read so far."""
        release(self.indices)
        release(self.data)

    def take(self, rows: Iterable[int]) -> sp.csr_array:
        """Copy some rows into memory, in the order they are asked for."""
        spans = [slice(*self.indptr[[row, row + 1]]) for row in rows]
        ends = np.cumsum([0, *(span.stop - span.start for span in spans)])
        data, columns = (
            np.concatenate([array[:0], *(array[span] for span in spans)])
            for array in (self.data, self.indices)
        )
        return self.copied(data, columns, ends)

    def rows(self, first: int, last: int) -> sp.csr_array:
        """Copy the rows from `first` to `last` - 1 into memory."""
        ends = self.indptr[first : last + 1]
        span = slice(ends[0], ends[-1])
        data = np.array(self.data[span])
        columns = np.array(self.indices[span])
        return self.copied(data, columns, ends - ends[0])

    def copied(self, data: Array, columns: Array, ends: Array) -> sp.csr_array:
        """Make a table of rows that were copied, and give back the pages."""
        self.release()
        shape = (len(ends) - 1, len(self.indptr) - 1)
        return sp.csr_array((data, columns, ends), shape=shape)


def add_all(tables: Iterable[sp.csr_array]) -> sp.csr_array:
    """Sum of tables of counts, the smallest first."""
    rest = list(tables)
    while len(rest) > 1:
        rest.sort(key=lambda table: -table.nnz)
        one = rest.pop()
        two = rest.pop()
        groups = even_groups(two.indptr, -(-two.nnz // 8) or 1)
        rest.append(add_tables(one, two, groups))
    return rest[0]
