"""Text in parts: the same tokens, ids and counts as in one piece."""

import gzip
import io
import os
from collections import Counter
from itertools import chain

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skipgram_lib import (
    SkipgramError,
    Vocabulary,
    count_pairs,
    read_documents,
    tokenize,
)
from skipgram_lib import distributed as parts_of_text
from skipgram_lib.counts import count_cells
from skipgram_lib.distributed import (
    TextFiles,
    TextPart,
    connect,
    count_files,
    count_on_cluster,
    cut_files,
    find_vocabulary,
    own_tokens,
    parse_size,
    part_ids,
    part_tokens,
    stretches,
    white_pieces,
)

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
    pieces = [text[a:b] for a, b in zip(ends, ends[1:], strict=False)]
    tokens = [tokenize(piece, letters) for piece in pieces]
    assert list(chain.from_iterable(tokens)) == tokenize(text, letters)


@given(st.lists(texts, min_size=1, max_size=3), sizes, sizes, letters,
       documents)
def test_parts_have_the_tokens_of_the_whole(
    folder, contents, size, block, letters, document
):
    write(folder, contents)
    files = TextFiles(folder, letters, document)
    found = [
        token
        for part in cut_files(files, size)
        for piece in part_tokens(part, files, block)
        if piece.inside
        for tokens in piece.documents
        for token in tokens
    ]
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
    write(folder, [data])
    files = TextFiles(folder, "unicode", "file", "replace")
    found = [
        parts_of_text.piece_text(piece, part, "replace")
        for part in cut_files(files, size)
        for piece in parts_of_text.part_bytes(part, block)
        if piece.inside
    ]
    whole = data.decode("utf-8", "replace").removeprefix("\ufeff")
    assert "".join(found) == whole


@given(
    st.lists(texts, min_size=1, max_size=4), sizes, sizes, st.integers(1, 30),
    st.integers(1, 6), letters, documents, st.sampled_from([1, 3, None]),
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
    joined = parts_of_text.join_documents(ids, window, len(vocabulary))
    return count_cells(joined, window, len(vocabulary), "both", True)
