"""Counts on the disk: runs, folders, and tables that training maps."""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
import scipy.sparse as sp
from helpers import bits
from hypothesis import given
from hypothesis import strategies as st

from skipgram_lib import (
    Counts,
    NegativeSampling,
    SkipGram,
    SkipgramError,
    Vocabulary,
    count_pairs,
)
from skipgram_lib.counts import cells as cells_module
from skipgram_lib.counts import counts as counts_module
from skipgram_lib.counts import runs as sorted_runs
from skipgram_lib.counts.cells import count_cells, join_documents
from skipgram_lib.counts.runs import (
    CELL_BYTES,
    WORD_BYTES,
    CellRuns,
    WordRuns,
    read_cells,
    write_cells,
)
from skipgram_lib.counts.store import write_counts
from skipgram_lib.counts.tables import WeightedTable, growing_array
from skipgram_lib.model import initialisation
from skipgram_lib.storage.files import SEAL, file_checksum, seal

WORDS = st.text(min_size=1, max_size=3)


@pytest.fixture
def folder(tmp_path):
    """Return a folder that is not there yet."""
    return tmp_path / "counts"


def same_table(one, other):
    """Tell whether two tables are equal in every number."""
    return one.shape == other.shape and all(
        np.array_equal(getattr(one, name), getattr(other, name))
        for name in ("indptr", "indices", "data")
    )


def stack(blocks):
    """Put blocks of rows below each other."""
    return sp.csr_array(sp.vstack(list(blocks), format="csr"))


# --- Words -------------------------------------------------------------------


@given(
    st.lists(st.lists(WORDS, max_size=30), max_size=8),
    st.integers(1, 12),
    st.integers(1, 3),
    st.one_of(st.none(), st.integers(1, 10)),
)
def test_words_in_runs_are_counted_as_in_memory(
    documents, room, min_count, max_size
):
    """Whatever fits into memory, the vocabulary is the same."""
    with TemporaryDirectory() as scratch:
        runs = WordRuns(scratch, room * WORD_BYTES)
        for document in documents:
            runs.add(document)
        try:
            wanted = Vocabulary.from_tokens(documents, max_size, min_count)
        except SkipgramError as error:
            with pytest.raises(SkipgramError, match=str(error)):
                runs.vocabulary(max_size, min_count)
            return
        found = runs.vocabulary(max_size, min_count)
    assert found.words == wanted.words
    assert found.frequencies.tolist() == wanted.frequencies.tolist()
    assert found.total_tokens == wanted.total_tokens


def test_many_runs_of_words_are_merged(tmp_path, monkeypatch):
    """There are never more files than can be open together."""
    monkeypatch.setattr(sorted_runs, "MAX_RUNS", 4)
    runs, counter = WordRuns(tmp_path, WORD_BYTES), Counter()
    for i in range(50):
        piece = {f"w{i % 7}": 1, f"v{i}": 2, "\ud800\n": 1}
        runs.add(piece)
        counter.update(piece)
        assert len(list(tmp_path.iterdir())) <= 5
    assert runs.runs.written > 50
    assert dict(runs.merged()) == dict(counter)
    assert [word for word, _ in runs.merged()] == sorted(counter)


@pytest.mark.parametrize("sizes", [(0, 1), (-1, 1), (5, 0), (1.5, 1)])
def test_sizes_of_a_vocabulary_are_checked(tmp_path, sizes):
    """As `Vocabulary.from_tokens` does."""
    runs = WordRuns(tmp_path, 1_000)
    runs.add(["a", "b"])
    with pytest.raises(SkipgramError) as theirs:
        Vocabulary.from_tokens([["a", "b"]], *sizes)
    with pytest.raises(SkipgramError) as ours:
        runs.vocabulary(*sizes)
    assert str(ours.value) == str(theirs.value)


# --- Tables ------------------------------------------------------------------


@st.composite
def tables(draw):
    """Several tables of counts of one vocabulary."""
    V = draw(st.integers(1, 12))
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    return [
        sp.csr_array(
            rng.integers(1, 9, (V, V)) * (rng.random((V, V)) < share)
        ).astype(np.int64)
        for share in draw(st.lists(st.floats(0, 1), max_size=9))
    ], V


@given(tables(), st.integers(1, 60))
def test_runs_of_cells_add_up(given_tables, room):
    """Any number of tables, any memory: the sum is exact and in order."""
    several, V = given_tables
    with TemporaryDirectory() as scratch:
        runs = CellRuns(scratch, V, room * CELL_BYTES)
        for table in several:
            runs.add(table)
        found = stack(runs.blocks())
    total = sp.csr_array((V, V), dtype=np.int64)
    for table in several:
        total = total + table
    assert found.dtype == np.int64
    assert found.has_canonical_format
    assert same_table(found, total)


def test_many_runs_of_cells_are_merged(tmp_path, monkeypatch, toy_counts):
    """There are never more files than can be open together."""
    monkeypatch.setattr(sorted_runs, "MAX_RUNS", 3)
    runs = CellRuns(tmp_path, toy_counts.cells.shape[0], CELL_BYTES)
    for _ in range(20):
        runs.add(toy_counts.cells)
        assert len(list(tmp_path.iterdir())) <= 4
    assert runs.runs.written > 20
    assert same_table(stack(runs.blocks()), toy_counts.cells * 20)


@given(st.lists(st.integers(0, 4), max_size=30), st.integers(1, 4))
def test_stretches_that_overlap_count_each_pair_once(ids, window):
    """Cut anywhere, the counts of two stretches add up."""
    V, ids = 5, np.array(ids, np.int32)
    half = len(ids) // 2
    joined = join_documents([ids[:half], ids[half:]], window, V)
    for side in ("both", "left", "right"):
        whole = count_cells(joined, window, V, side, True)
        for cut in range(len(joined) - window + 1):
            one = count_cells(
                joined[: cut + window], window, V, side, True, open_end=True
            )
            two = count_cells(joined[cut:], window, V, side, True)
            assert (one + two != whole).nnz == 0


def test_an_array_grows_into_a_file_that_numpy_reads(tmp_path):
    """Also a long one, whose length takes more digits than 0."""
    for length in (0, 1, 9, 10, 123_456):
        path = tmp_path / f"{length}.npy"
        with path.open("xb") as file, growing_array(file, np.int32) as append:
            for part in np.array_split(np.arange(length), 7):
                append(part)
        read = np.load(path, allow_pickle=False)
        assert read.dtype == np.int32
        assert np.array_equal(read, np.arange(length))


def test_a_mapped_table_takes_any_rows(tmp_path, toy_counts):
    """In any order, none, all, and some twice."""
    cells = toy_counts.cells
    write_cells(tmp_path / "run", [cells[:3], cells[3:]])
    V = cells.shape[0]
    table = read_cells(tmp_path / "run", V)
    assert isinstance(table.data, np.memmap)
    for rows in ([], [2], [V - 1, 0, 0], list(range(V)), slice(1, V)):
        assert same_table(table[rows], cells[rows])
        assert not isinstance(table[rows].data, np.memmap)
    assert same_table(table.cells(), cells)


# --- Folders -----------------------------------------------------------------


def test_counts_come_back_as_they_were(toy_counts, folder):
    """Every number, every word, every setting; and again, in its place."""
    for _ in range(2):
        toy_counts.save(folder)
        counts = Counts.load(folder)
        assert counts.vocabulary.as_dict() == toy_counts.vocabulary.as_dict()
        assert counts.contexts is counts.vocabulary
        assert counts.keep_contexts is counts.keep
        assert same_table(counts.cells, toy_counts.cells)
        assert counts.settings == toy_counts.settings
        assert counts.denominator == toy_counts.denominator
        assert (counts.keep == toy_counts.keep).all()
        assert same_table(counts.matrix(), toy_counts.matrix())
    assert [path.name for path in folder.parent.iterdir()] == ["counts"]


def test_loaded_counts_can_be_added(toy_counts, folder):
    """The sum is in memory; the files stay as they are."""
    toy_counts.save(folder)
    counts = Counts.load(folder)
    assert same_table((counts + toy_counts).cells, toy_counts.cells * 2)
    assert same_table((counts + counts).matrix(), toy_counts.matrix() * 2)
    assert (counts + counts).mapped is None


def test_every_flipped_bit_is_found(toy_counts, folder):
    """In each file, at many places: refused, and the file is named."""
    toy_counts.save(folder)
    rng = np.random.default_rng(0)
    for file in sorted(folder.iterdir()):
        whole = file.read_bytes()
        for place in rng.integers(0, len(whole), 40):
            broken = bytearray(whole)
            broken[place] ^= 1 << rng.integers(8)
            file.write_bytes(broken)
            with pytest.raises(SkipgramError, match=f"{file.name} is dam"):
                Counts.load(folder)
        file.write_bytes(whole)
    Counts.load(folder)


def test_every_missing_or_short_file_is_found(toy_counts, folder):
    """A folder without one of its files is refused."""
    toy_counts.save(folder)
    for file in sorted(folder.iterdir()):
        whole = file.read_bytes()
        file.unlink()
        with pytest.raises(SkipgramError, match=file.name):
            Counts.load(folder)
        file.write_bytes(whole[:-1])
        with pytest.raises(SkipgramError, match="damaged"):
            Counts.load(folder)
        file.write_bytes(whole)


def reseal(folder, about=(), **arrays):
    """Replace arrays of a folder, and seal it as if they were right."""
    manifest = json.loads((folder / "counts.json").read_text())
    manifest |= dict(about, seal=SEAL.decode())
    for name, array in arrays.items():
        stored = manifest["files"][f"{name}.npy"]
        np.save(folder / stored["name"], array)
        stored["sha256"] = file_checksum(folder / stored["name"])
    data = json.dumps(manifest).encode()
    (folder / "counts.json").write_bytes(seal(data))


def stored_array(folder, name):
    """Read an array of a folder of counts."""
    manifest = json.loads((folder / "counts.json").read_text())
    return np.load(folder / manifest["files"][f"{name}.npy"]["name"])


@pytest.mark.parametrize(
    "change",
    [
        {"indices": lambda a: a + 10_000},
        {"indices": lambda a: a - 10_000},
        {"indices": lambda a: a.astype(np.int64)},
        {"data": lambda a: a[:-1]},
        {"data": lambda a: a * 0},
        {"data": lambda a: -a},
        {"indptr": lambda a: a[::-1].copy()},
        {"indptr": lambda a: a[:-1]},
        {"indptr": lambda a: a + 1},
        {"keep": lambda a: a[:-1]},
    ],
)
def test_sealed_nonsense_is_refused(toy_counts, folder, change):
    """A right checksum does not make a wrong table a right one."""
    toy_counts.save(folder)
    for name, alter in change.items():
        reseal(folder, **{name: alter(stored_array(folder, name))})
    with pytest.raises(SkipgramError, match="damaged"):
        Counts.load(folder)


def test_another_version_is_refused_by_name(toy_counts, folder):
    """A folder of the future says so, and is not called damaged."""
    toy_counts.save(folder)
    reseal(folder, {"format_version": 99})
    with pytest.raises(SkipgramError, match=r"version 99.*versions 1 to 3"):
        Counts.load(folder)


@pytest.mark.parametrize(
    "about",
    [
        {"denominator": 0},
        {"settings": {}},
        {"files": {}},
        {"contexts": "contexts.json"},
        {"keep_contexts": "keep_contexts.npy"},
        {"keep_contexts": "../keep.npy"},
        {"keep_contexts": ["keep.npy"]},
    ],
)
def test_a_sealed_description_that_lacks_something_is_refused(
    toy_counts, folder, about
):
    """What `counts.json` says is looked at, too."""
    toy_counts.save(folder)
    reseal(folder, about)
    with pytest.raises(SkipgramError):
        Counts.load(folder)


def test_the_first_version_stays_readable(root):
    """A folder written by the first release is read for ever."""
    counts = Counts.load(root / "tests" / "data" / "counts-1")
    assert counts.vocabulary.words[:3] == ["new", "is", "york"]
    assert counts.vocabulary.chosen is None
    assert counts.cells[0, 1] == 3
    assert counts.settings["window"] == 2
    assert counts.cells.sum() == 132


def like(counts, wanted):
    """Assert that counts of an older format are what is counted today."""
    assert counts.vocabulary.words == wanted.vocabulary.words
    found = counts.vocabulary.frequencies.tolist()
    assert found == wanted.vocabulary.frequencies.tolist()
    assert counts.vocabulary.total_tokens == wanted.vocabulary.total_tokens
    assert counts.vocabulary.chosen is None
    assert counts.contexts is counts.vocabulary
    assert same_table(counts.cells, wanted.cells)
    assert same_table(counts.matrix(), wanted.matrix())
    assert counts.settings == wanted.settings
    assert counts.denominator == wanted.denominator
    assert counts.keep.tobytes() == wanted.keep.tobytes()


def test_counts_of_version_0_1_are_those_of_their_text(root, toy_documents):
    """A folder that 0.1 wrote holds what is counted today."""
    counts = Counts.load(root / "tests" / "data" / "v0.1" / "counts")
    like(counts, count_pairs(toy_documents * 2, window=3))


def test_counts_of_the_second_format_are_those_of_their_text(root, folder):
    """And are saved in the newest."""
    text = (
        "new york city, new york state, new york harbor, new york kangaroo, "
        "new jersey state, the city the state \u00e9t\u00e9 \U0001d538"
    )
    documents = [line.split() for line in text.split(",")] * 3
    stored = Counts.load(root / "tests" / "data" / "counts-2")
    wanted = count_pairs(documents, max_size=8, window=3, sample=0.1)
    like(stored, wanted)
    stored.save(folder)
    like(Counts.load(folder), wanted)
    about = json.loads((folder / "counts.json").read_text())
    assert about["format_version"] == 3


@pytest.fixture
def folder_0_1(root, folder):
    """Return a copy of the counts that 0.1 wrote."""
    shutil.copytree(root / "tests" / "data" / "v0.1" / "counts", folder)
    return folder


def test_damage_to_counts_of_version_1_is_found(folder_0_1):
    """A flipped bit, a file that is gone, and one that is not listed."""
    for file in sorted(folder_0_1.glob("*.npy")):
        whole = file.read_bytes()
        file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        with pytest.raises(SkipgramError, match=f"{file.name} is damaged"):
            Counts.load(folder_0_1)
        file.unlink()
        with pytest.raises(SkipgramError, match=f"{file.name} is damaged"):
            Counts.load(folder_0_1)
        file.write_bytes(whole)
    Counts.load(folder_0_1)
    manifest = folder_0_1 / "counts.json"
    about = json.loads(manifest.read_text())
    del about["sha256"]["data.npy"]
    manifest.write_text(json.dumps(about))
    with pytest.raises(SkipgramError, match=r"lists no data\.npy"):
        Counts.load(folder_0_1)


def test_counts_of_version_1_are_replaced(folder_0_1, toy_counts):
    """By a save; their files go with the next one."""
    for _ in range(2):
        toy_counts.save(folder_0_1)
        counts = Counts.load(folder_0_1)
        assert same_table(counts.cells, toy_counts.cells)
    assert not (folder_0_1 / "data.npy").exists()
    assert len(list(folder_0_1.iterdir())) == 6


def test_counts_are_saved_over_those_that_are_mapped(toy_counts, folder):
    """What was loaded stays what it was; the folder holds the sum."""
    toy_counts.save(folder)
    first = Counts.load(folder)
    first.save(folder)
    total = first + first
    total.save(folder)
    total.save(folder)
    assert same_table(first.cells, toy_counts.cells)
    assert same_table(Counts.load(folder).cells, toy_counts.cells * 2)


KILLED = """
import os, sys
import numpy as np
from skipgram_lib.counts.counts import Counts

counts = Counts.load(sys.argv[1])
calls = 0


def stop_at(function):
    def call(*args, **kwargs):
        global calls
        calls += 1
        if calls == int(sys.argv[2]):
            os._exit(9)
        return function(*args, **kwargs)
    return call


for name in ("fsync", "replace", "unlink"):
    setattr(os, name, stop_at(getattr(os, name)))
(counts + counts).save(sys.argv[1])
"""


def test_a_save_that_is_killed_leaves_old_or_new_counts(toy_counts, folder):
    """Whenever it happens, one of the two can be read at once."""
    toy_counts.save(folder)
    seen = set()
    for step in range(1, 60):
        command = [sys.executable, "-c", KILLED, str(folder), str(step)]
        done = subprocess.run(command, check=False)
        counts = Counts.load(folder)
        new = counts.cells.sum() == 2 * toy_counts.cells.sum()
        factor = 2 if new else 1
        assert same_table(counts.cells, toy_counts.cells * factor)
        seen.add(factor)
        if done.returncode == 0:
            break
        assert done.returncode == 9
        toy_counts.save(folder)
    assert seen == {1, 2}
    assert step > 10
    assert [path.name for path in folder.parent.iterdir()] == ["counts"]


def test_a_place_that_is_no_place_for_counts(toy_counts, tmp_path):
    """A file, or a folder with something else in it: nothing is lost."""
    (tmp_path / "file").write_text("mine")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("mine")
    for name, reason in {
        "file": "is a file",
        "full": "other things than a table of counts, such as letter",
        "file/below": "cannot write",
    }.items():
        with pytest.raises(SkipgramError, match=reason):
            toy_counts.save(tmp_path / name)
    assert (tmp_path / "full" / "letter.txt").read_text() == "mine"
    assert sorted(os.listdir(tmp_path)) == ["file", "full"]


def test_a_failure_in_the_middle_leaves_the_old_counts(toy_counts, folder):
    """The new folder takes the old one's place when it is complete."""
    toy_counts.save(folder)
    before = {p.name: p.read_bytes() for p in folder.iterdir()}

    def blocks():
        yield toy_counts.cells[:3]
        raise OSError(28, "No space left on device")

    with pytest.raises(SkipgramError, match=r"No space left.*nothing was ch"):
        write_counts(folder, toy_counts.header(), blocks())
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before
    assert [path.name for path in folder.parent.iterdir()] == ["counts"]


def test_counts_without_a_pair_are_not_written(toy_counts, folder):
    """An empty table is an error here, as it is in memory."""
    empty = [sp.csr_array(toy_counts.cells.shape, dtype=np.int64)]
    with pytest.raises(SkipgramError, match="no pair within 2 words"):
        write_counts(folder, toy_counts.header(), empty)
    assert not folder.exists()


# --- Training ----------------------------------------------------------------


@pytest.fixture
def on_disk(toy_counts, folder, monkeypatch):
    """Return the toy counts as large ones would be: on the disk."""
    toy_counts.save(folder)
    monkeypatch.setattr(counts_module, "MAX_CELLS_IN_MEMORY", 0)
    monkeypatch.setattr(cells_module, "BLOCK_CELLS", 7)
    counts = Counts.load(folder)
    assert isinstance(counts.table(), WeightedTable)
    return counts


@pytest.mark.parametrize("objective", ["softmax", NegativeSampling(shared=4)])
def test_training_from_the_disk_is_the_same(on_disk, toy_counts, objective):
    """With random initial weights, every bit of the network."""
    models = [
        SkipGram(
            vector_size=8, seed=3, epochs=3, batch_rows=4, init="random",
            objective=objective,
        ).fit(counts)
        for counts in (toy_counts, on_disk)
    ]  # fmt: skip
    assert bits(models[0].network) == bits(models[1].network)


def test_initial_weights_from_the_disk_are_as_good(
    sotu_documents, tmp_path, monkeypatch
):
    """The factors of a table on the disk reach the same loss."""
    counts = count_pairs(sotu_documents[:40], max_size=1_500)
    counts.save(tmp_path / "counts")
    stored = Counts.load(tmp_path / "counts")
    monkeypatch.setattr(counts_module, "MAX_CELLS_IN_MEMORY", 0)
    monkeypatch.setattr(cells_module, "BLOCK_CELLS", 2**14)
    monkeypatch.setattr(initialisation, "MAX_CELLS", 0)
    one, two = (
        SkipGram(vector_size=20, epochs=2, backend="numpy").fit(each)
        for each in (counts, stored)
    )
    assert one.history[-1].loss == pytest.approx(two.history[-1].loss, 1e-3)


def test_a_table_on_disk_is_not_loaded(on_disk, monkeypatch):
    """A training takes rows; nobody asks for the whole."""
    monkeypatch.setattr(WeightedTable, "tocsr", None)
    monkeypatch.setattr(initialisation, "MAX_CELLS", 0)
    SkipGram(vector_size=8, epochs=2, batch_rows=4).fit(on_disk)


def test_pages_are_given_back(tmp_path):
    """What was read of a mapped table does not stay in memory."""
    size = 2**22
    cells = sp.csr_array(
        (np.ones(size, np.int64), np.arange(size) % 1_024,
         np.arange(0, size + 1, 1_024)), shape=(size // 1_024, 1_024)
    )  # fmt: skip
    write_cells(tmp_path / "run", [cells])
    table = read_cells(tmp_path / "run", 1_024)

    def resident():
        text = Path("/proc/self/smaps_rollup").read_text(encoding="ascii")
        return int(text.partition("\nRss:")[2].split()[0])

    if not Path("/proc/self/smaps_rollup").exists():
        pytest.skip("no /proc/self/smaps_rollup to read memory from")
    total = 0
    before = resident()
    for first in range(0, 4_096, 256):
        total += int(table[first : first + 256].data.sum())
    assert total == size
    assert resident() - before < 20_000
