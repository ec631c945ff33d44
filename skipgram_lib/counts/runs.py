"""Sorted runs on the disk: words and cells counted in bounded memory."""

import heapq
import json
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import BinaryIO

import numpy as np
import scipy.sparse as sp

from skipgram_lib.counts.cells import even_groups
from skipgram_lib.counts.tables import MappedTable, add_all, write_table
from skipgram_lib.text.vocabulary import Vocabulary

# Bytes of memory that a counted word and a cell of a sum take, about.
WORD_BYTES = 250
CELL_BYTES = 64
# So many runs are merged into one: each is an open file in the end.
MAX_RUNS = 100


class RunList:
    """Runs in a folder, and how many were ever written there.

    Parameters
    ----------
    folder : str or Path
        Whoever made it removes it, with the runs.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self.paths: list[Path] = []
        self.written = 0

    def new(self) -> Path:
        """Return the path of the next run, and remember it."""
        self.paths.append(self.folder / f"run-{self.written}")
        self.written += 1
        return self.paths[-1]

    def pop_if_full(self) -> list[Path]:
        """Return and forget all runs once there are `MAX_RUNS`."""
        if len(self.paths) < MAX_RUNS:
            return []
        full = self.paths
        self.paths = []
        return full


# --- Words -------------------------------------------------------------------


def write_words(path: Path, items: Iterable[tuple[str, int]]) -> None:
    """Write words and their counts to a file, a line each."""
    with open(path, "w", encoding="ascii") as f:
        f.writelines(json.dumps(item) + "\n" for item in items)


def read_words(path: Path) -> Iterator[tuple[str, int]]:
    """Read what `write_words` wrote, a line at a time."""
    with open(path, encoding="ascii") as f:
        for line in f:
            word, n = json.loads(line)
            yield word, n


def merge_words(
    runs: Iterable[Iterable[tuple[str, int]]],
) -> Iterator[tuple[str, int]]:
    """Add up sorted runs of words; the result is sorted, too."""
    for word, same in groupby(heapq.merge(*runs), itemgetter(0)):
        yield word, sum(n for _, n in same)


class WordRuns:
    """Words counted in bounded memory: what does not fit goes to runs.

    Parameters
    ----------
    folder : str or Path
        For the runs; whoever made it removes it.
    memory : int
        Bytes that the counted words may take, about.
    """

    def __init__(self, folder: str | Path, memory: int) -> None:
        self.runs = RunList(folder)
        self.max_words = max(memory // WORD_BYTES, 1)
        self.counter: Counter[str] = Counter()

    def add(self, tokens: Iterable[str] | Mapping[str, int]) -> None:
        """Count the tokens of a piece of text, or add words with counts."""
        self.counter.update(tokens)
        if len(self.counter) > self.max_words:
            self.spill(sorted(self.counter.items()))
            self.counter = Counter()

    def spill(self, items: Iterable[tuple[str, int]]) -> None:
        """Write a run; merge the runs when there are too many."""
        write_words(self.runs.new(), items)
        if full := self.runs.pop_if_full():
            self.spill(merge_words(map(read_words, full)))
            for run in full:
                run.unlink()

    def merged(self) -> Iterator[tuple[str, int]]:
        """All words with their counts, by the alphabet."""
        runs = [read_words(path) for path in self.runs.paths]
        return merge_words([*runs, iter(sorted(self.counter.items()))])

    def vocabulary(self, max_size: int | None, min_count: int) -> Vocabulary:
        """The most frequent words; as `Vocabulary.from_tokens` finds them."""
        return Vocabulary.from_items(self.merged(), max_size, min_count)


# --- Cells -------------------------------------------------------------------


def write_cells(folder: Path, blocks: Iterable[sp.csr_array]) -> None:
    """Write a table to three files in a new folder."""

    def create(name: str) -> BinaryIO:
        return open(folder / name, "xb")

    folder.mkdir()
    write_table(create, blocks)


def read_cells(folder: Path, columns: int) -> MappedTable:
    """Map what `write_cells` wrote."""
    return MappedTable.open(folder.joinpath, columns)


def merge_tables(
    tables: list[MappedTable], max_cells: int
) -> Iterator[sp.csr_array]:
    """Add up tables of the same shape, a block of rows at a time.

    About `max_cells` cells, of all tables together, are in memory at a time.
    """
    ends = np.sum([table.indptr for table in tables], axis=0)
    for first, last in zip(
        *even_groups(ends, -(-max_cells // 2)), strict=True
    ):
        yield add_all([table[first:last] for table in tables])


class CellRuns:
    """Tables of counts, summed in bounded memory: the rest goes to runs.

    Parameters
    ----------
    folder : str or Path
        For the runs; whoever made it removes it.
    V : int
        Rows and columns.
    memory : int
        Bytes that the sum may take, about, with what adding needs.
    """

    def __init__(self, folder: str | Path, V: int, memory: int) -> None:
        self.runs = RunList(folder)
        self.V = V
        self.max_cells = max(memory // CELL_BYTES, 1)
        self.tables: list[sp.csr_array] = []

    def add(self, cells: sp.csr_array) -> None:
        """Add a table: int64, shape (V, V), columns in order."""
        tables = self.tables
        tables.append(cells)
        while len(tables) > 1 and tables[-2].nnz <= 2 * tables[-1].nnz:
            tables[-2:] = [add_all(tables[-2:])]
        if sum(table.nnz for table in tables) > self.max_cells:
            self.spill([add_all(tables)])
            self.tables = []

    def spill(self, blocks: Iterable[sp.csr_array]) -> None:
        """Write a run; merge the runs when there are too many."""
        write_cells(self.runs.new(), blocks)
        if full := self.runs.pop_if_full():
            self.spill(merge_tables(self.read(full), self.max_cells))
            for run in full:
                shutil.rmtree(run)

    def read(self, runs: Iterable[Path]) -> list[MappedTable]:
        """Map some runs."""
        return [read_cells(run, self.V) for run in runs]

    def blocks(self) -> Iterator[sp.csr_array]:
        """Blocks of rows of the sum, from the first row to the last."""
        empty = sp.csr_array((self.V, self.V), dtype=np.int64)
        in_memory = [
            MappedTable(
                np.asarray(table.indptr, np.int64),
                table.indices,
                table.data,
                self.V,
            )
            for table in [empty, *self.tables]
        ]
        mapped = self.read(self.runs.paths)
        return merge_tables([*in_memory, *mapped], self.max_cells)
