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
    NegativeSampling,
    SkipGram,
    SkipgramError,
    Vocabulary,
    count_pairs,
)
from skipgram_lib.counts import runs as sorted_runs
from skipgram_lib.counts import store
from skipgram_lib.counts.counts import (
    count_cells,
    entropy_floor,
    join_documents,
    row_blocks,
)
from skipgram_lib.counts.runs import (
    CELL_BYTES,
    WORD_BYTES,
    CellRuns,
    WordRuns,
    read_cells,
    write_cells,
)
from skipgram_lib.counts.store import (
    WeightedTable,
    load_counts,
    save_counts,
    write_counts,
)
from skipgram_lib.counts.tables import growing_array
from skipgram_lib.storage.files import SEAL, file_checksum, seal
from skipgram_lib.text.vocabulary import encode_documents

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
    table, V = read_cells(tmp_path / "run"), cells.shape[0]
    assert isinstance(table.data, np.memmap)
    for rows in ([], [2], [V - 1, 0, 0], list(range(V))):
        assert (table.take(rows) != cells[rows]).nnz == 0
    assert same_table(table.rows(1, V), cells[1:])


# --- Folders -----------------------------------------------------------------


def saved(toy_documents, toy_counts, folder):
    """Save the toy counts; return their vocabulary."""
    vocabulary = Vocabulary.from_tokens(toy_documents)
    save_counts(toy_counts, vocabulary, folder)
    return vocabulary


def test_counts_come_back_as_they_were(toy_documents, toy_counts, folder):
    """Every number, every word, every setting; and again, in its place."""
    for _ in range(2):
        vocabulary = saved(toy_documents, toy_counts, folder)
        words, counts = load_counts(folder)
        assert words.words == vocabulary.words
        assert (words.frequencies == vocabulary.frequencies).all()
        assert words.total_tokens == vocabulary.total_tokens
        assert same_table(counts.cells, toy_counts.cells)
        assert counts.settings == toy_counts.settings
        assert counts.denominator == toy_counts.denominator
        assert (counts.keep == toy_counts.keep).all()
        assert same_table(counts.matrix(), toy_counts.matrix())
    assert [path.name for path in folder.parent.iterdir()] == ["counts"]


def test_loaded_counts_can_be_added(toy_documents, toy_counts, folder):
    """The sum is in memory; the files stay as they are."""
    saved(toy_documents, toy_counts, folder)
    _, counts = load_counts(folder)
    assert same_table((counts + toy_counts).cells, toy_counts.cells * 2)
    assert same_table((counts + counts).matrix(), toy_counts.matrix() * 2)


def test_every_flipped_bit_is_found(toy_documents, toy_counts, folder):
    """In each file, at many places: refused, and the file is named."""
    saved(toy_documents, toy_counts, folder)
    rng = np.random.default_rng(0)
    for file in sorted(folder.iterdir()):
        whole = file.read_bytes()
        for place in rng.integers(0, len(whole), 40):
            broken = bytearray(whole)
            broken[place] ^= 1 << rng.integers(8)
            file.write_bytes(broken)
            with pytest.raises(SkipgramError, match=f"{file.name} is dam"):
                load_counts(folder)
        file.write_bytes(whole)
    load_counts(folder)


def test_every_missing_or_short_file_is_found(
    toy_documents, toy_counts, folder
):
    """A folder without one of its files is refused."""
    saved(toy_documents, toy_counts, folder)
    for file in sorted(folder.iterdir()):
        whole = file.read_bytes()
        file.unlink()
        with pytest.raises(SkipgramError, match=file.name):
            load_counts(folder)
        file.write_bytes(whole[:-1])
        with pytest.raises(SkipgramError, match="damaged"):
            load_counts(folder)
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
def test_sealed_nonsense_is_refused(toy_documents, toy_counts, folder, change):
    """A right checksum does not make a wrong table a right one."""
    saved(toy_documents, toy_counts, folder)
    for name, alter in change.items():
        reseal(folder, **{name: alter(stored_array(folder, name))})
    with pytest.raises(SkipgramError, match="damaged"):
        load_counts(folder)


def test_another_version_is_refused_by_name(toy_documents, toy_counts, folder):
    """A folder of the future says so, and is not called damaged."""
    saved(toy_documents, toy_counts, folder)
    reseal(folder, {"format_version": 99})
    with pytest.raises(SkipgramError, match=r"version 99.*versions 1 to 2"):
        load_counts(folder)


@pytest.mark.parametrize(
    "about", [{"denominator": 0}, {"settings": {}}, {"files": {}}]
)
def test_a_sealed_description_that_lacks_something_is_refused(
    toy_documents, toy_counts, folder, about
):
    """What `counts.json` says is looked at, too."""
    saved(toy_documents, toy_counts, folder)
    reseal(folder, about)
    with pytest.raises(SkipgramError):
        load_counts(folder)


def test_the_first_version_stays_readable(root):
    """A folder written by the first release is read for ever."""
    vocabulary, counts = load_counts(root / "tests" / "data" / "counts-1")
    assert vocabulary.words[:3] == ["new", "is", "york"]
    assert counts.cells[0, 1] == 3
    assert counts.settings["window"] == 2
    assert counts.cells.sum() == 132


def test_counts_of_version_0_1_are_those_of_their_text(root, toy_documents):
    """A folder that 0.1 wrote holds what is counted today."""
    vocabulary, ids = encode_documents(toy_documents * 2)
    wanted = count_pairs(ids, vocabulary, window=3)
    words, counts = load_counts(root / "tests" / "data" / "v0.1" / "counts")
    assert words.words == vocabulary.words
    assert words.frequencies.tolist() == vocabulary.frequencies.tolist()
    assert same_table(counts.cells, wanted.cells)
    assert same_table(counts.matrix(), wanted.matrix())
    assert counts.settings == wanted.settings
    assert counts.denominator == wanted.denominator
    assert counts.keep.tobytes() == wanted.keep.tobytes()


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
            load_counts(folder_0_1)
        file.unlink()
        with pytest.raises(SkipgramError, match=f"{file.name} is damaged"):
            load_counts(folder_0_1)
        file.write_bytes(whole)
    load_counts(folder_0_1)
    manifest = folder_0_1 / "counts.json"
    about = json.loads(manifest.read_text())
    del about["sha256"]["data.npy"]
    manifest.write_text(json.dumps(about))
    with pytest.raises(SkipgramError, match=r"lists no data\.npy"):
        load_counts(folder_0_1)


def test_counts_of_version_1_are_replaced(
    folder_0_1, toy_documents, toy_counts
):
    """By a save; their files go with the next one."""
    for _ in range(2):
        saved(toy_documents, toy_counts, folder_0_1)
        _, counts = load_counts(folder_0_1)
        assert same_table(counts.cells, toy_counts.cells)
    assert not (folder_0_1 / "data.npy").exists()
    assert len(list(folder_0_1.iterdir())) == 6


def test_counts_are_saved_over_those_that_are_mapped(
    toy_documents, toy_counts, folder
):
    """What was loaded stays what it was; the folder holds the sum."""
    vocabulary = saved(toy_documents, toy_counts, folder)
    _, first = load_counts(folder)
    save_counts(first, vocabulary, folder)
    total = first + first
    save_counts(total, vocabulary, folder)
    save_counts(total, vocabulary, folder)
    assert same_table(first.cells, toy_counts.cells)
    assert same_table(load_counts(folder)[1].cells, toy_counts.cells * 2)


KILLED = """
import os, sys
import numpy as np
from skipgram_lib.counts.store import load_counts, save_counts

vocabulary, counts = load_counts(sys.argv[1])
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
save_counts(counts + counts, vocabulary, sys.argv[1])
"""


def test_a_save_that_is_killed_leaves_old_or_new_counts(
    toy_documents, toy_counts, folder
):
    """Whenever it happens, one of the two can be read at once."""
    vocabulary = saved(toy_documents, toy_counts, folder)
    seen = set()
    for step in range(1, 60):
        command = [sys.executable, "-c", KILLED, str(folder), str(step)]
        done = subprocess.run(command, check=False)
        _, counts = load_counts(folder)
        new = counts.cells.sum() == 2 * toy_counts.cells.sum()
        factor = 2 if new else 1
        assert same_table(counts.cells, toy_counts.cells * factor)
        seen.add(factor)
        if done.returncode == 0:
            break
        assert done.returncode == 9
        save_counts(toy_counts, vocabulary, folder)
    assert seen == {1, 2}
    assert step > 10
    assert [path.name for path in folder.parent.iterdir()] == ["counts"]


def test_a_place_that_is_no_place_for_counts(
    toy_documents, toy_counts, tmp_path
):
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
            saved(toy_documents, toy_counts, tmp_path / name)
    assert (tmp_path / "full" / "letter.txt").read_text() == "mine"
    assert sorted(os.listdir(tmp_path)) == ["file", "full"]


def test_a_failure_in_the_middle_leaves_the_old_counts(
    toy_documents, toy_counts, folder
):
    """The new folder takes the old one's place when it is complete."""
    vocabulary = saved(toy_documents, toy_counts, folder)
    before = {p.name: p.read_bytes() for p in folder.iterdir()}

    def blocks():
        yield toy_counts.cells[:3]
        raise OSError(28, "No space left on device")

    with pytest.raises(SkipgramError, match=r"No space left.*nothing was ch"):
        write_counts(
            folder, vocabulary, blocks(), toy_counts.settings, 2,
            toy_counts.keep,
        )  # fmt: skip
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before
    assert [path.name for path in folder.parent.iterdir()] == ["counts"]


def test_counts_without_a_pair_are_not_written(toy_counts, folder):
    """An empty table is an error here, as it is in memory."""
    V = toy_counts.cells.shape[0]
    empty = [sp.csr_array((V, V), dtype=np.int64)]
    words = Vocabulary([f"w{i}" for i in range(V)], range(V, 0, -1), 999)
    with pytest.raises(SkipgramError, match="no pair within 2 words"):
        write_counts(
            folder, words, empty, toy_counts.settings, 2, toy_counts.keep
        )
    assert not folder.exists()


def test_counts_of_another_vocabulary_are_not_saved(toy_counts, folder):
    """The words of a folder are those of its rows."""
    with pytest.raises(SkipgramError, match="another vocabulary"):
        save_counts(toy_counts, Vocabulary(["a"], [1], 1), folder)


# --- Training ----------------------------------------------------------------


@pytest.fixture
def on_disk(toy_documents, toy_counts, folder, monkeypatch):
    """Return the toy counts as a large table would be: on the disk."""
    saved(toy_documents, toy_counts, folder)
    monkeypatch.setattr(store, "MAX_CELLS_IN_MEMORY", 0)
    monkeypatch.setattr(store, "BLOCK_CELLS", 7)
    vocabulary, counts = load_counts(folder)
    assert isinstance(counts.matrix(), WeightedTable)
    return vocabulary, counts


def test_a_table_on_disk_answers_like_one_in_memory(on_disk, sotu_counts):
    """Rows, sums and products; sums to the last bit."""
    N, table = on_disk[1].matrix(), on_disk[1]
    whole = super(type(table), table).matrix()
    assert N.shape == whole.shape
    assert N.nnz == whole.nnz
    assert (N[[3, 0, 5]] != whole[[3, 0, 5]]).nnz == 0
    for axis in (0, 1, None):
        assert np.array_equal(N.sum(axis=axis), whole.sum(axis=axis))
    assert same_table(N.tocsr(), whole)
    assert len(N.spans()) > 3
    assert entropy_floor(N) == pytest.approx(entropy_floor(whole))
    assert same_table(stack(row_blocks(N)), whole)
    assert same_table(stack(row_blocks(whole)), whole)


@pytest.mark.parametrize("objective", ["softmax", NegativeSampling(shared=4)])
def test_training_from_the_disk_is_the_same(on_disk, toy_counts, objective):
    """With random first weights, every bit of the network."""
    models = [
        SkipGram(on_disk[0], 8, seed=3).fit(
            counts, 3, batch_rows=4, start="random", objective=objective
        )
        for counts in (toy_counts, on_disk[1])
    ]
    assert bits(models[0].network) == bits(models[1].network)


def test_first_weights_from_the_disk_are_as_good(
    sotu_documents, tmp_path, monkeypatch
):
    """The factors of a table on the disk reach the same loss."""
    vocabulary = Vocabulary.from_tokens(sotu_documents[:40], 1_500)
    counts = count_pairs(sotu_documents[:40], vocabulary)
    save_counts(counts, vocabulary, tmp_path / "counts")
    _, stored = load_counts(tmp_path / "counts")
    monkeypatch.setattr(store, "MAX_CELLS_IN_MEMORY", 0)
    monkeypatch.setattr(store, "BLOCK_CELLS", 2**14)
    one, two = (
        SkipGram(vocabulary, 20, backend="numpy").fit(table, 2)
        for table in (counts, stored)
    )
    assert one.history[-1].loss == pytest.approx(two.history[-1].loss, 1e-3)


def test_a_table_on_disk_is_not_loaded(on_disk, monkeypatch):
    """A training takes rows; nobody asks for the whole."""
    monkeypatch.setattr(WeightedTable, "tocsr", None)
    SkipGram(on_disk[0], 8).fit(on_disk[1], 2, batch_rows=4)


def test_pages_are_given_back(tmp_path):
    """What was read of a mapped table does not stay in memory."""
    size = 2**22
    cells = sp.csr_array(
        (np.ones(size, np.int64), np.arange(size) % 1_024,
         np.arange(0, size + 1, 1_024)), shape=(size // 1_024, 1_024)
    )  # fmt: skip
    write_cells(tmp_path / "run", [cells])
    table = read_cells(tmp_path / "run")

    def resident():
        text = Path("/proc/self/smaps_rollup").read_text(encoding="ascii")
        return int(text.partition("\nRss:")[2].split()[0])

    if not Path("/proc/self/smaps_rollup").exists():
        pytest.skip("no /proc/self/smaps_rollup to read memory from")
    total = 0
    before = resident()
    for first in range(0, 4_096, 256):
        total += int(table.rows(first, first + 256).data.sum())
    assert total == size
    assert resident() - before < 20_000
