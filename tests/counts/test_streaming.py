"""Text in parts: the same tokens, ids and counts as in one piece."""

import gzip
import io
import os
import sys
from collections import Counter
from functools import partial
from itertools import chain, pairwise
from threading import Thread

import numpy as np
import pytest
from helpers import tokens_of_parts
from hypothesis import given, settings
from hypothesis import strategies as st

from skipgram_lib import Counts, SkipgramError, Vocabulary, count_pairs
from skipgram_lib.counts import cluster, parts
from skipgram_lib.counts.cells import count_cells, join_documents
from skipgram_lib.counts.cluster import connect, count_on_cluster
from skipgram_lib.counts.parts import parse_size, part_ids, stretches
from skipgram_lib.counts.streaming import count_files, find_vocabulary
from skipgram_lib.text import files
from skipgram_lib.text.files import (
    TextFiles,
    TextPart,
    cut_files,
    own_tokens,
    part_texts,
    part_tokens,
    white_pieces,
)
from skipgram_lib.text.tokens import tokenize

# Letters, marks, apostrophes, every kind of white space and line end, signs
# whose lower case depends on their neighbours, and four bytes of UTF-8.
SIGNS = [
    *"aabbcdeZ'’ʼ-. \t\n\r\x0b\x0c",
    *["\r\n", "\x1c", "\x85", "\u2028", "\u00a0", "\ufeff", "\0"],
    *["\u0301", "\u0308", "e\u0301", "Σ", "ΑΣ", "ς", "İ", "\u212a", "𝒳", "가"],
    *["a b ", "the ", "fox ", "\n\n", "zz zz "],
]
texts = st.lists(st.sampled_from(SIGNS), max_size=60).map("".join)
letters = st.sampled_from(["ascii", "unicode"])
documents = st.sampled_from(["file", "line"])
sizes = st.integers(1, 40)


def same_table(one, two):
    """Assert that two tables are equal, bit for bit."""
    assert one.shape == two.shape
    for name in ("indptr", "indices", "data"):
        a, b = getattr(one, name), getattr(two, name)
        assert a.dtype == b.dtype, name
        assert a.tobytes() == b.tobytes(), name


def same_counts(one, two):
    """Assert that two counts are equal, bit for bit."""
    same_table(one.cells, two.cells)
    assert one.denominator == two.denominator
    assert one.settings == two.settings
    assert one.keep.tobytes() == two.keep.tobytes()
    assert one.vocabulary.as_dict() == two.vocabulary.as_dict()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder; examples of Hypothesis write over its files."""
    return tmp_path_factory.mktemp("texts")


def write(folder, contents):
    """Write texts to files, in their order, and nothing else."""
    for old in folder.iterdir():
        old.unlink()
    for n, content in enumerate(contents):
        data = content if isinstance(content, bytes) else content.encode()
        (folder / f"{n:03}.txt").write_bytes(data)


@given(texts, st.data(), letters)
def test_tokens_of_a_text_cut_behind_white_space_are_its_tokens(
    text, data, letters
):
    white = [i + 1 for i, sign in enumerate(text) if sign in " \t\n\r\v\f"]
    cuts = data.draw(st.sets(st.sampled_from(white))) if white else set()
    ends = [0, *sorted(cuts), len(text)]
    pieces = [text[a:b] for a, b in pairwise(ends)]
    tokens = [tokenize(piece, letters) for piece in pieces]
    assert list(chain.from_iterable(tokens)) == tokenize(text, letters)


@given(
    st.lists(texts, min_size=1, max_size=3), sizes, sizes, letters, documents
)
def test_parts_have_the_tokens_of_the_whole(
    folder, contents, size, block, letters, document
):
    write(folder, contents)
    files = TextFiles(folder, letters, document)
    found = tokens_of_parts(files, size, block)
    whole = [
        token
        for path in sorted(folder.iterdir())
        for token in tokenize(
            path.read_bytes().decode().removeprefix("\ufeff"), letters
        )
    ]
    assert found == whole


@given(st.binary(max_size=80), sizes, sizes)
def test_replaced_bytes_are_those_of_the_whole(folder, data, size, block):
    data = b"a" + data  # a packed file begins in another way
    write(folder, [data])
    files = TextFiles(folder, document="file", errors="replace")
    found = [
        text
        for part in cut_files(files, size)
        for text, inside in part_texts(part, files, block)
        if inside
    ]
    whole = data.decode("utf-8", "replace").removeprefix("\ufeff")
    assert "".join(found) == whole


@given(
    st.lists(texts, min_size=1, max_size=4),
    sizes,
    sizes,
    st.integers(1, 30),
    st.integers(1, 6),
    letters,
    documents,
    st.sampled_from([1, 3, None]),
)
def test_counts_of_parts_are_those_of_the_whole(
    folder, contents, size, block, stretch, window, letters, document, most
):
    contents[0] += " the fox"
    write(folder, contents)
    files = TextFiles(folder, letters, document)
    vocabulary = Vocabulary.from_tokens(files, most)
    V = len(vocabulary)
    whole = join_and_count(files, vocabulary, window)
    streams = (
        part_ids(part, files, vocabulary, window, block)
        for part in cut_files(files, size)
    )
    cells = [
        count_cells(ids, window, V, "both", True, True)
        for ids in stretches(streams, stretch, window, V)
    ]
    assert (sum(cells) != whole).nnz == 0


def join_and_count(files, vocabulary, window):
    """Count documents in memory, even if they have no pair."""
    ids = [vocabulary.encode(document) for document in files]
    joined = join_documents(ids, window, len(vocabulary))
    return count_cells(joined, window, len(vocabulary), "both", True)


def cut_small(patch, size):
    """Cut files into parts of so many bytes, here and on workers."""
    for module in (parts, cluster):
        patch.setattr(module, "PART_BYTES", size)


@pytest.fixture
def small_parts(monkeypatch):
    """Cut files into parts of 37 bytes."""
    cut_small(monkeypatch, 37)


@pytest.fixture(scope="module")
def client():
    """Return a client with two workers, each a process, on loopback."""
    with connect(None, 2, "2GB") as client:
        yield client


def in_memory(files, **settings):
    """Count in memory: what everything else has to agree with."""
    return count_pairs(files, **settings)


def narrow(counts):
    """Put positions into 32 bits, as counts on the disk have them."""
    cells = counts.cells
    cells.indptr = cells.indptr.astype(np.int32)
    cells.indices = cells.indices.astype(np.int32)
    return counts


def check_all(files, folder, client=None, **settings):
    """Assert that words and counts of files are those found in memory."""
    counts = narrow(in_memory(files, **settings))
    settings |= {"client": client, "progress": False}
    same_counts(count_files(files, folder / "counts", **settings), counts)


@given(
    st.lists(texts, min_size=1, max_size=4),
    letters,
    documents,
    st.fixed_dictionaries(
        {
            "window": st.integers(1, 6),
            "side": st.sampled_from(["both", "left", "right"]),
            "shrink_windows": st.booleans(),
            "sample": st.sampled_from([None, 1e-3]),
        }
    ),
)
def test_one_machine_agrees_with_memory(
    folder, tmp_path_factory, contents, letters, document, settings
):
    contents[0] = "the fox " + contents[0]
    write(folder, contents)
    with pytest.MonkeyPatch.context() as patch:
        cut_small(patch, 37)
        out = tmp_path_factory.getbasetemp() / "one-machine"
        check_all(TextFiles(folder, letters, document), out, **settings)


@settings(max_examples=12)
@given(
    st.lists(texts, min_size=1, max_size=4),
    letters,
    documents,
    st.integers(10, 60),
    st.integers(1, 6),
)
def test_workers_agree_with_memory(
    folder,
    tmp_path_factory,
    client,
    contents,
    letters,
    document,
    size,
    window,
):
    contents[0] = "the fox " + contents[0]
    write(folder, contents)
    files = TextFiles(folder, letters, document)
    with pytest.MonkeyPatch.context() as patch:
        cut_small(patch, size)
        out = tmp_path_factory.getbasetemp() / "workers"
        check_all(files, out, client, window=window)


@settings(max_examples=12)
@given(
    st.lists(st.lists(st.sampled_from("abcdez"), max_size=30), max_size=6),
    st.integers(1, 6),
    st.sampled_from(["both", "left", "right"]),
    st.booleans(),
    st.integers(5, 40),
)
def test_workers_count_documents_that_are_sent(
    client, lists, window, side, shrink, size
):
    lists.append(["a", "b"])
    vocabulary = Vocabulary(list("abcde"), [40, 20, 10, 5, 1], 80)
    how = {
        "vocabulary": vocabulary,
        "window": window,
        "shrink_windows": shrink,
        "sample": 0.1,
        "side": side,
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cluster, "stretch_size", lambda *_: size)
        patch.setattr(cluster, "FAN_IN", 2)
        for sent in (lists, [vocabulary.encode(d) for d in lists]):
            same_counts(
                count_on_cluster(iter(sent), client, **how),
                count_pairs(iter(sent), **how),
            )


def test_blocks_of_rows_and_several_levels_of_sums(
    client, tmp_path, monkeypatch
):
    rng = np.random.default_rng(0)
    words = np.array(["w" + chr(97 + i) for i in range(26)])
    text = " ".join(words[rng.zipf(1.3, 3000) % 26])
    (tmp_path / "text").write_text(text)
    files = TextFiles(tmp_path / "text")
    cut_small(monkeypatch, 200)
    monkeypatch.setattr(cluster, "FAN_IN", 3)
    monkeypatch.setattr(cluster, "block_bounds", lambda *_: [0, 1, 2, 9, 26])
    assert len(cut_files(files, 200)) == 45
    check_all(files, tmp_path, client)


def test_block_bounds_cover_all_rows():
    for V in (1, 2, 50, 1000):
        f = np.maximum(10**6 // np.arange(1, V + 1), 1)
        vocabulary = Vocabulary([f"w{i}" for i in range(V)], f, f.sum())
        for room in (10**3, 10**6, 10**9):
            rows = cluster.block_bounds(vocabulary, 5, room)
            assert rows[0] == 0 and rows[-1] == V
            assert (np.diff(rows) > 0).all()
            assert len(rows) <= cluster.MAX_BLOCKS + 2


def test_a_job_that_fails_on_a_worker_names_its_file(client, tmp_path):
    for name in ("good", "bad"):
        (tmp_path / name).write_bytes(b"the fox " * 9 + name.encode())
    files = TextFiles([tmp_path / "good", tmp_path / "bad"])
    vocabulary = find_vocabulary(files, folder=tmp_path / "v")
    (tmp_path / "bad").write_bytes(b"the fox \xff fox")
    with pytest.raises(SkipgramError, match=r"/bad is not UTF-8.* offset 8;"):
        count_files(
            files, tmp_path / "c", vocabulary=vocabulary, client=client
        )
    assert not (tmp_path / "c").exists()


@pytest.mark.usefixtures("small_parts")
def test_packed_files_are_one_part(tmp_path):
    text = "the quick brown fox jumps over the lazy dog " * 9
    (tmp_path / "a.gz").write_bytes(gzip.compress(text.encode()))
    (tmp_path / "b.txt").write_text(text)
    files = TextFiles(tmp_path)
    assert [p.stop for p in cut_files(files, 10**6)] == [None, len(text)]
    check_all(files, tmp_path / "out")
    (tmp_path / "a.gz").write_bytes(gzip.compress(text.encode())[:-9])
    with pytest.raises(SkipgramError, match=r"a\.gz: the gzip data is trunc"):
        find_vocabulary(files, folder=tmp_path / "v")


def test_offset_of_a_bad_byte_is_that_of_the_file(tmp_path):
    path = tmp_path / "text"
    data = "naïve ".encode() * 50 + b"caf\xe9 " + b"the fox " * 30
    path.write_bytes(data)
    with pytest.raises(SkipgramError) as whole:
        list(TextFiles(path))
    for size in (20, 100, 1000):
        with pytest.raises(SkipgramError) as parts:
            for part in cut_files(TextFiles(path), size):
                list(part_tokens(part, TextFiles(path), 30))
        assert str(parts.value) == str(whole.value)


@pytest.mark.parametrize("read", ["words", "ids"])
@pytest.mark.parametrize("when", ["before", "while"])
@pytest.mark.parametrize("change", ["longer", "touched", "gone", "shorter"])
def test_a_file_that_changes_is_refused(tmp_path, read, when, change):
    path = tmp_path / "text"
    path.write_text("the quick brown fox " * 100)
    files = TextFiles(path)
    part = cut_files(files, 10**6)[0]

    def change_it():
        if change == "longer":
            with path.open("a") as f:
                f.write("dog")
        elif change == "shorter":
            os.truncate(path, 100)
        elif change == "touched":
            os.utime(path, ns=(0, 0))
        else:
            path.unlink()

    vocabulary = Vocabulary(["fox", "the"], [1, 1], 2)
    if read == "words":
        pieces = own_tokens(part, files)
    else:
        pieces = part_ids(part, files, vocabulary, 2)
    if when == "while":
        next(pieces)
    change_it()
    expected = (
        "no such file or directory: .*text"
        if change == "gone"
        else "text has changed since it was listed"
    )
    with pytest.raises(SkipgramError, match=expected):
        list(pieces)


@pytest.mark.parametrize("white", [" ", "\t", "  ", "\t "])
@pytest.mark.parametrize(("end", "pairs"), [("", 1), ("\n", 0), ("\r", 0)])
def test_a_line_goes_on_behind_a_space_and_a_tab(tmp_path, white, end, pairs):
    (tmp_path / "text").write_bytes(f"fox{end}{white}the".encode())
    files = TextFiles(tmp_path / "text", document="line")
    vocabulary = Vocabulary(["fox", "the"], [1, 1], 2)
    for block in range(1, 9):
        (part,) = cut_files(files, 100)
        ids = list(part_ids(part, files, vocabulary, 1, block))
        cells = count_cells(np.concatenate(ids), 1, 2, "right", False, True)
        assert cells.sum() == pairs


def test_the_mark_at_the_start_of_a_file_is_no_text(tmp_path):
    (tmp_path / "text").write_bytes("\ufeffthe \ufefffox".encode())
    files = TextFiles(tmp_path / "text")
    (part,) = cut_files(files, 100)
    texts = [text for text, _ in part_texts(part, files, 5)]
    assert texts == ["the ", "\ufefffox"]


def test_a_pipe_is_counted_as_a_file_is(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    text = b"the quick brown fox and the lazy dog " * 9
    writer = Thread(target=pipe.write_bytes, args=[text], daemon=True)
    writer.start()
    counted = count_files(TextFiles(pipe), tmp_path / "counts")
    (tmp_path / "text").write_bytes(text)
    wanted = count_pairs(TextFiles(tmp_path / "text"))
    same_counts(counted, narrow(wanted))


def blocks_of(data):
    """Bytes as they are read, 64 at a time."""
    return iter(partial(io.BytesIO(data).read, 64), b"")


def test_a_run_without_white_space_is_refused(monkeypatch):
    monkeypatch.setattr(files, "LONGEST_RUN", 1000)
    for data in (b"x" * 1001, b"a " + b"x" * 1100 + b" b"):
        with pytest.raises(SkipgramError, match="more than 1,000 bytes"):
            list(white_pieces(blocks_of(data), "text"))
    fine = b"x" * 1000 + b" " + b"y" * 990
    pieces = list(white_pieces(blocks_of(fine), "text"))
    assert b"".join(pieces) == fine


def test_a_line_of_any_length_is_read_in_pieces(tmp_path):
    path = tmp_path / "line"
    path.write_text("the quick brown fox " * 60_000)
    files = TextFiles(path, document="line")
    pieces = list(part_tokens(cut_files(files, 10**9)[0], files))
    assert len(pieces) == 5
    assert max(len(p.documents[0]) for p in pieces) < 60_000


@pytest.mark.parametrize("empty", ["", " \n ", "... 123"])
@pytest.mark.parametrize("document", ["file", "line"])
def test_a_path_without_words_is_refused(tmp_path, empty, document):
    (tmp_path / "good").write_text("the fox")
    (tmp_path / "empty").write_text(empty)
    files = TextFiles(
        [tmp_path / "good", tmp_path / "empty"], document=document
    )
    vocabulary = Vocabulary(["fox", "the"], [1, 1], 2)
    for call in (
        lambda: list(files),
        lambda: find_vocabulary(files, folder=tmp_path / "v"),
        lambda: count_files(files, tmp_path / "c"),
        lambda: count_files(files, tmp_path / "c", vocabulary=vocabulary),
    ):
        with pytest.raises(SkipgramError, match=r"no words in .*empty; is"):
            call()
    check_all(TextFiles(tmp_path, document=document), tmp_path / "out")


def test_a_text_without_pairs_is_refused(tmp_path, client):
    (tmp_path / "text").write_text("fox\nfox\nthe")
    files = TextFiles(tmp_path / "text", document="line")
    for someone in (None, client):
        with pytest.raises(SkipgramError, match="no pair within 5 words"):
            count_files(files, tmp_path / "c", client=someone)
    words = Vocabulary(["fox", "the"], [2, 1], 3)
    for nothing in ([], [["fox"]], files):
        with pytest.raises(SkipgramError, match="no pair within 2 words"):
            count_on_cluster(nothing, client, vocabulary=words, window=2)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["text"]


@pytest.fixture
def store():
    """Return an empty file system in memory, of fsspec."""
    system = pytest.importorskip("fsspec").filesystem("memory")
    system.store.clear()
    yield system
    system.store.clear()


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("document", ["file", "line"])
def test_addresses_are_read_like_files(store, tmp_path, document):
    contents = {
        "a.txt": b"\xef\xbb\xbfThe quick brown fox\njumps over\nthe lazy dog",
        "b/c.txt": b"dog and fox, fox and dog. " * 5,
        "b/d.gz": gzip.compress(b"the lazy fox\nthe quick dog"),
        "b/.hidden": b"\xff",
    }
    for name, data in contents.items():
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_bytes(data)
        store.pipe(f"/in/{name}", data)
    there = TextFiles("memory://in", document=document)
    here = TextFiles(tmp_path / "in", document=document)
    assert list(there) == list(here)
    counted = count_files(there, tmp_path / "out")
    same_counts(counted, narrow(in_memory(here)))
    some = TextFiles(["memory://in/b/*.txt", "memory://in/a.txt"])
    assert [p.path for p in cut_files(some, 10**6)] == [
        "memory:///in/b/c.txt",
        "memory://in/a.txt",
    ]


def test_an_address_that_changes_is_refused(store):
    store.pipe("/text", b"the fox " * 9)
    files = TextFiles("memory://text")
    part = cut_files(files, 10**6)[0]
    store.pipe("/text", b"the dog " * 9)
    with pytest.raises(SkipgramError, match="text has changed since"):
        list(own_tokens(part, files))
    store.rm("/text")
    with pytest.raises(SkipgramError, match="cannot read memory://text"):
        list(own_tokens(part, files))


def test_addresses_that_lead_nowhere(store):
    with pytest.raises(SkipgramError, match=r"no such file .*memory://x"):
        list(TextFiles("memory://x"))
    with pytest.raises(SkipgramError, match="cannot read nosuch://x: "):
        list(TextFiles("nosuch://x"))
    store.pipe("/none", b"123")
    with pytest.raises(SkipgramError, match="no words in memory://none"):
        list(TextFiles("memory://none"))


def test_what_is_not_installed_is_named(monkeypatch):
    for name in ("fsspec.core", "distributed"):
        monkeypatch.setitem(sys.modules, name, None)
    for call in (
        lambda: list(TextFiles("s3://bucket/x")),
        lambda: connect().__enter__(),
    ):
        with pytest.raises(
            SkipgramError, match=r"pip install '\.\[distributed\]'"
        ):
            call()


@pytest.mark.parametrize(
    ("size", "number"),
    [
        ("4GB", 4 * 10**9),
        ("4 gb", 4 * 10**9),
        ("1.5M", 1_500_000),
        ("2GiB", 2**31),
        ("1000000", 10**6),
        (2**30, 2**30),
        ("3TB", 3 * 10**12),
        ("2000k", 2 * 10**6),
        ("1024KiB", 2**20),
        ("2000000B", 2 * 10**6),
    ],
)
def test_sizes(size, number):
    assert parse_size(size) == number


@pytest.mark.parametrize(
    "size",
    ["", "GB", "4XB", "-1GB", "4G B", "4GBB", "0", "999kB", "nan", "9" * 400],
)
def test_what_is_no_size(size):
    with pytest.raises(SkipgramError, match="memory is written as"):
        parse_size(size)


def test_settings_of_files_are_checked():
    for name in ("letters", "document", "errors"):
        with pytest.raises(SkipgramError, match=f"{name} must be .*, got 'x'"):
            TextFiles(["x"], **{name: "x"})
    with pytest.raises(SkipgramError, match=r"size must be .* least 1"):
        cut_files(TextFiles(["x"]), 0)


def test_counters_add_up():
    counters = [Counter("abca"), Counter("ab"), Counter()]
    assert cluster.sum_counters(*counters) == Counter("abcaab")


def test_parts_are_named(tmp_path):
    part = TextPart("text", 1000, 2000, 5000, "")
    assert str(part) == "text (bytes 1,000 to 2,000)"
    assert len(part) == 1000
    assert str(TextPart("text.gz", 0, None, 5000, "")) == "text.gz"


@pytest.fixture
def text(tmp_path):
    """Return a file with a text."""
    path = tmp_path / "text"
    path.write_text("the quick brown fox jumps over the lazy dog " * 4)
    return TextFiles(path)


def test_files_are_counted_with_the_words_that_are_given(text, tmp_path):
    for words in (["fox", "the"], ["dog", *"abc"]):
        vocabulary = Vocabulary(words, range(len(words), 0, -1), 99)
        how = {"vocabulary": vocabulary, "window": 9, "sample": None}
        counted = count_files(text, tmp_path / "counts", **how)
        same_counts(counted, narrow(count_pairs(text, **how)))
        same_counts(Counts.load(tmp_path / "counts"), counted)
        assert counted.vocabulary.chosen is None


@pytest.mark.parametrize(
    "sizes",
    [{"max_size": 3}, {"max_size": None}, {"max_size": 4, "min_count": 4}],
)
def test_files_are_counted_with_so_many_words(text, tmp_path, sizes):
    counted = count_files(text, tmp_path / "counts", **sizes)
    same_counts(counted, narrow(count_pairs(text, **sizes)))
    assert counted.vocabulary.chosen == {"min_count": 1} | sizes
    loaded = Counts.load(tmp_path / "counts")
    assert loaded.vocabulary.chosen == counted.vocabulary.chosen


@pytest.mark.parametrize("files", ["book.txt", ["book.txt"], [["a", "b"]]])
@pytest.mark.parametrize("vocabulary", [None, Vocabulary(["a"], [1], 1)])
def test_files_that_are_none_are_refused(tmp_path, files, vocabulary):
    with pytest.raises(SkipgramError) as error:
        count_files(files, tmp_path / "counts", vocabulary=vocabulary)
    assert str(error.value) == f"files must be a TextFiles, got {files!r}"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("how", "message"),
    [
        (
            {"max_size": 5, "vocabulary": 1},
            "max_size 5 and min_count 1 choose",
        ),
        ({"min_count": 2, "vocabulary": 1}, "min_count 2 choose the words"),
        ({"max_size": 0}, "max_size must be a whole number of at least 1"),
        ({"min_count": 1.5}, "min_count must be a whole number, got 1.5"),
        ({"window": 1_001}, "a window of at most 1,000 can be counted in"),
        ({"window": 0}, "window must be a whole number of at least 1"),
        ({"side": "up"}, "side must be 'both', 'left' or 'right', got 'up'"),
        ({"sample": 2}, "sample must be from 0 to 1, got 2"),
        ({"memory": "1kB"}, "memory is written as .* 1MB or more, got '1kB'"),
    ],
)
def test_settings_are_refused_before_a_file_is_read(tmp_path, how, message):
    if "vocabulary" in how:
        how = how | {"vocabulary": Vocabulary(["fox"], [1], 1)}
    with pytest.raises(SkipgramError, match=message):
        count_files(TextFiles("nowhere"), tmp_path / "counts", **how)
    assert not list(tmp_path.iterdir())
