"""Counts: equal to the pairs one by one, exactly, in any order."""

from itertools import chain
from math import sqrt

import numpy as np
import pytest
import scipy.sparse as sp
import scipy.stats
from helpers import (
    random_network,
    slow_cells,
    steady,
)
from hypothesis import given
from hypothesis import strategies as st

from skipgram_lib import Counts, SkipgramError, Vocabulary, count_pairs
from skipgram_lib.counts import cells as cells_module
from skipgram_lib.counts import counts as counts_module
from skipgram_lib.counts.cells import (
    count_cells,
    even_groups,
    join_documents,
    keep_probability,
    row_blocks,
)
from skipgram_lib.counts.counts import entropy_floor, unigram_entropy
from skipgram_lib.counts.tables import WeightedTable
from skipgram_lib.story import counting
from skipgram_lib.story.words import encode

# "z" is known to no vocabulary here; "ab" ends every text, so that some
# pair is always there to be counted.
VOCABULARY = Vocabulary(list("abcde"), [40, 20, 10, 5, 1], 80)
V = len(VOCABULARY)
token_lists = st.lists(st.sampled_from("abcdez"), max_size=15)
texts = st.lists(token_lists, max_size=5).map(lambda t: [*t, ["a", "b"]])
windows = st.integers(1, 6)
settings = st.fixed_dictionaries(
    {
        "window": windows,
        "side": st.sampled_from(["both", "left", "right"]),
        "shrink_windows": st.booleans(),
        "sample": st.sampled_from([None, 0, 1e-3, 0.05, 1]),
    }
)
tables = st.lists(
    st.lists(st.integers(0, 4), min_size=V, max_size=V),
    min_size=V,
    max_size=V,
).map(lambda rows: np.array(rows) + np.eye(V, k=1, dtype=int))


def keep_by_formula(word, sample):
    if not sample:
        return 1.0
    share = VOCABULARY.frequencies[VOCABULARY[word]] / 76
    return min(1.0, sqrt(sample / share) + sample / share)


def same_cells(one, other):
    """Compare as stored: cells, their places, and that they are integers."""
    assert one.cells.dtype == other.cells.dtype == np.int64
    assert (one.cells != other.cells).nnz == 0
    assert one.denominator == other.denominator
    assert one.matrix().toarray().tobytes() == (
        other.matrix().toarray().tobytes()
    )


def by_hand(seed=0, V=6, C=4, **parts):
    """Counts of two vocabularies, made by hand."""
    rng = np.random.default_rng(seed)
    cells = sp.random_array(
        (V, C), density=0.6, random_state=rng, format="csr"
    )
    cells.data = rng.integers(1, 50, cells.nnz)
    centres, contexts = (
        Vocabulary([f"{name}{i}" for i in range(n)], range(n, 0, -1), 999)
        for name, n in (("w", V), ("c", C))
    )
    parts = {
        "cells": cells.astype(np.int64),
        "denominator": 3,
        "keep": rng.random(V),
        "settings": {"window": 3},
        "vocabulary": centres,
        "contexts": contexts,
        "keep_contexts": rng.random(C),
    } | parts
    return Counts(**parts)


def same_counts(one, other):
    """Compare everything that counts know, to the last bit."""
    same_cells(one, other)
    assert one.settings == other.settings
    assert one.keep.tobytes() == other.keep.tobytes()
    assert one.keep_contexts.tobytes() == other.keep_contexts.tobytes()
    assert one.vocabulary.as_dict() == other.vocabulary.as_dict()
    assert one.contexts.as_dict() == other.contexts.as_dict()
    assert (one.contexts is one.vocabulary) == (
        other.contexts is other.vocabulary
    )


# The cells


@given(texts, settings)
def test_every_cell_is_what_counting_one_by_one_gives(texts, settings):
    counts = count_pairs(texts, vocabulary=VOCABULARY, **settings)
    slow = slow_cells(
        texts,
        VOCABULARY,
        settings["window"],
        settings["side"],
        settings["shrink_windows"],
    )
    cells, N = counts.cells.toarray(), counts.matrix().toarray()
    for i, centre in enumerate("abcde"):
        for j, context in enumerate("abcde"):
            exact = slow.get((centre, context), 0)
            assert cells[i, j] == exact * counts.denominator
            kept = keep_by_formula(centre, settings["sample"])
            kept *= keep_by_formula(context, settings["sample"])
            assert N[i, j] == pytest.approx(float(exact) * kept, rel=1e-14)


@given(texts, windows)
def test_a_shrunken_window_is_the_mean_of_its_sizes(texts, window):
    shrunken = count_pairs(
        texts, vocabulary=VOCABULARY, window=window, sample=None
    )
    assert shrunken.denominator == window
    sizes = [
        count_pairs(
            texts,
            vocabulary=VOCABULARY,
            window=size,
            shrink_windows=False,
            sample=None,
        ).cells
        for size in range(1, window + 1)
    ]
    assert (shrunken.cells != sum(sizes[1:], sizes[0])).nnz == 0


@given(texts, settings, st.randoms(use_true_random=False))
def test_the_order_of_the_documents_changes_no_bit(texts, settings, random):
    shuffled = random.sample(texts, len(texts))
    same_cells(
        count_pairs(texts, vocabulary=VOCABULARY, **settings),
        count_pairs(shuffled, vocabulary=VOCABULARY, **settings),
    )


@given(texts, texts, texts, settings)
def test_counts_of_parts_add_up_to_the_bit(one, two, three, settings):
    whole, first, second, third = (
        count_pairs(part, vocabulary=VOCABULARY, **settings)
        for part in (one + two + three, one, two, three)
    )
    same_cells(first + second + third, whole)
    same_cells(third + (second + first), whole)


@given(texts, windows)
def test_counts_of_both_sides_are_the_same_read_either_way(texts, window):
    left, right, both = (
        count_pairs(
            texts, vocabulary=VOCABULARY, window=window, side=side
        ).cells
        for side in ("left", "right", "both")
    )
    assert (left != right.T).nnz == 0
    assert (both != left + right).nnz == 0


@given(texts)
def test_documents_may_be_ids_or_come_one_by_one(texts):
    ids = [VOCABULARY.encode(tokens) for tokens in texts]
    wanted = count_pairs(texts, vocabulary=VOCABULARY)
    same_cells(count_pairs(ids, vocabulary=VOCABULARY), wanted)
    same_cells(count_pairs(map(iter, texts), vocabulary=VOCABULARY), wanted)


def test_unknown_words_are_dropped_before_the_windows():
    counts = count_pairs(
        [["a", "z", "z", "b"]], vocabulary=VOCABULARY, window=1, sample=None
    )
    assert counts.cells.toarray()[0, 1] == 1


def test_a_window_may_be_longer_than_every_document():
    counts = count_pairs(
        [["a", "b"], ["c"]], vocabulary=VOCABULARY, window=50, sample=None
    )
    assert counts.cells.nnz == 2
    assert counts.matrix().toarray()[0, 1] == 1


def test_documents_are_kept_apart_by_a_whole_window():
    joined = join_documents([[1, 2], [3]], 2, V)
    assert joined.tolist() == [1, 2, V, V, 3, V, V]


def cells_by_distance(ids, window, V, side, shrink):
    """Count with a sort for each distance: the slow form."""
    right = sp.csr_array((V, V), dtype=np.int64)
    for d in range(1, window + 1):
        centre, context = ids[:-d].astype(np.int64), ids[d:]
        real = (centre < V) & (context < V)
        pair = centre[real] * V + context[real]
        cell, n = np.unique(pair, return_counts=True)
        n = n * (window + 1 - d if shrink else 1)
        right = right + sp.csr_array((n, np.divmod(cell, V)), shape=(V, V))
    left = right.T.tocsr()
    return {"right": right, "left": left, "both": right + left}[side]


@pytest.mark.parametrize("side", ["both", "left", "right"])
@pytest.mark.parametrize("shrink", [True, False])
@pytest.mark.parametrize("words", [3, 700, 40_000])
def test_cells_are_the_same_arrays_as_by_distance(words, shrink, side):
    # Enough places for several groups, of few words and of many.
    rng = np.random.default_rng(words)
    ranks = rng.zipf(1.3, 150_000) % words
    documents = np.split(ranks, np.sort(rng.integers(0, 150_000, 40)))
    ids = join_documents(documents, 4, words)
    fast = count_cells(ids, 4, words, side, shrink)
    slow = cells_by_distance(ids, 4, words, side, shrink)
    assert fast.has_canonical_format
    assert (fast.shape, fast.dtype) == ((words, words), np.int64)
    assert np.array_equal(fast.indptr, slow.indptr)
    assert np.array_equal(fast.indices, slow.indices)
    assert np.array_equal(fast.data, slow.data)


def test_sums_beyond_32_bits_are_exact():
    # One word, 4,000 times, with neighbours up to 1,000 words away.
    ids = np.zeros(4_000, int)
    counts = count_pairs(
        [ids], vocabulary=Vocabulary(["a"], [4_000], 4_000), window=1_000
    )
    wanted = 2 * sum((4_000 - d) * (1_001 - d) for d in range(1, 1_001))
    assert wanted > 2**31
    assert counts.cells.toarray().item() == wanted


@given(st.lists(st.integers(0, 9), min_size=1), st.integers(1, 30))
def test_groups_hold_every_row_once(lengths, size):
    ends = np.cumsum([0, *lengths])
    first, last = even_groups(ends, size)
    rows = [r for a, b in zip(first, last, strict=True) for r in range(a, b)]
    assert rows == list(range(len(lengths)))
    for a, b in zip(first, last, strict=True):
        assert a < b
        assert ends[b] - ends[a] < size + max(lengths) or b == a + 1


# Subsampling


@pytest.mark.parametrize("sample", [None, 0, 0.001, 0.1, 1])
def test_words_are_kept_as_the_formula_says(sample):
    wanted = [keep_by_formula(word, sample) for word in "abcde"]
    assert keep_probability(VOCABULARY, sample) == pytest.approx(wanted)


# Loss and gradients


@given(texts, windows, st.booleans())
def test_counts_are_those_of_the_story(texts, window, shrink):
    fast = count_pairs(
        texts,
        vocabulary=VOCABULARY,
        window=window,
        shrink_windows=shrink,
        sample=None,
    )
    weights = [window - k if shrink else 1 for k in range(window)]
    ids = encode(texts, VOCABULARY.words)
    slow = counting.count_pairs(ids, V, weights).toarray()
    assert (fast.cells.toarray() == slow).all()


# Floors


@given(tables)
def test_the_floor_is_scipys_entropy_of_the_rows(N):
    rows = N[N.any(axis=1)]
    entropies = scipy.stats.entropy(rows, axis=1)
    wanted = np.average(entropies, weights=rows.sum(axis=1))
    floor = entropy_floor(sp.csr_array(N.astype(float)))
    assert floor == pytest.approx(wanted, abs=1e-12)


@given(tables)
def test_unigram_entropy_is_scipys_entropy(N):
    entropy = unigram_entropy(sp.csr_array(N.astype(float)))
    assert entropy == pytest.approx(scipy.stats.entropy(N.sum(axis=0)))


@given(tables, st.integers(0, 99), st.floats(0, 9))
def test_no_network_goes_below_the_floor(N, seed, scale):
    floor = entropy_floor(sp.csr_array(N.astype(float)))
    assert floor <= unigram_entropy(sp.csr_array(N.astype(float))) + 1e-12
    network = random_network(V, 3, seed, scale)
    loss, *_ = counting.loss_and_gradients(network, np.arange(V), N)
    assert floor <= loss / N.sum() + 1e-12


# Bad input


@pytest.mark.parametrize("text", ["the quick brown fox", b"the quick"])
def test_a_document_that_is_not_split_yet_is_refused(text):
    with pytest.raises(SkipgramError) as error:
        count_pairs([["a", "b"], text], vocabulary=VOCABULARY)
    assert f"document 1 is the string {text!r}" in str(error.value)
    assert "a list of tokens is expected" in str(error.value)


@pytest.mark.parametrize("window", [0, -1, 2.5, "5", True, None])
def test_a_window_below_one_or_broken_is_refused(window):
    with pytest.raises(SkipgramError) as error:
        count_pairs([["a", "b"]], vocabulary=VOCABULARY, window=window)
    assert "window must be a whole number" in str(error.value)
    assert repr(window) in str(error.value)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"side": "up"}, "side must be 'both', 'left' or 'right', got 'up'"),
        ({"sample": -0.1}, "sample must be from 0 to 1, got -0.1"),
        ({"sample": 2}, "sample must be from 0 to 1, got 2"),
        ({"sample": "0.1"}, "sample must be a number or None, got '0.1'"),
        ({"sample": float("nan")}, "sample must be from 0 to 1, got nan"),
    ],
)
def test_other_settings_are_refused_with_their_value(settings, message):
    with pytest.raises(SkipgramError) as error:
        count_pairs([["a", "b"]], vocabulary=VOCABULARY, **settings)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("documents", "found"),
    [
        ([], "0 known words in 0 documents"),
        ([["z", "z"]], "0 known words in 1 document"),
        ([["a"]], "1 known word in 1 document"),
        ([["a"], ["b", "z"]], "2 known words in 2 documents"),
    ],
)
def test_a_text_without_a_pair_is_refused(documents, found):
    with pytest.raises(SkipgramError) as error:
        count_pairs(documents, vocabulary=VOCABULARY, window=2)
    assert str(error.value) == f"no pair within 2 words: the text has {found}"


@pytest.mark.parametrize("wrong", [-1, V])
def test_ids_of_another_vocabulary_are_refused(wrong):
    with pytest.raises(SkipgramError) as error:
        count_pairs([np.array([0, wrong])], vocabulary=VOCABULARY)
    assert str(error.value) == f"ids run from 0 to 4, got {wrong}"


@pytest.mark.parametrize(
    ("setting", "values"),
    [
        ("window", (2, 3)),
        ("side", ("left", "right")),
        ("shrink_windows", (True, False)),
        ("sample", (None, 0.1)),
    ],
)
def test_counts_made_in_different_ways_are_not_added(setting, values):
    one, other = (
        count_pairs([["a", "b"]], vocabulary=VOCABULARY, **{setting: value})
        for value in values
    )
    with pytest.raises(SkipgramError) as error:
        one + other
    assert "cannot be added" in str(error.value)
    for shown in chain(one.settings.items(), other.settings.items()):
        assert "{!r}: {!r}".format(*shown) in str(error.value)


@pytest.mark.parametrize(
    "other",
    [
        Vocabulary(["a", "b"], [2, 1], 3),
        Vocabulary(list("abcde"), [9, 8, 7, 6, 5], 35),
    ],
    ids=["smaller", "other frequencies"],
)
@pytest.mark.parametrize("sample", [0.01, None])
def test_counts_of_different_vocabularies_are_not_added(other, sample):
    one = count_pairs([["a", "b"]], vocabulary=VOCABULARY, sample=sample)
    two = count_pairs([["a", "b"]], vocabulary=other, sample=sample)
    with pytest.raises(SkipgramError, match="cannot be added"):
        one + two


# The words


@given(texts, settings, st.none() | st.integers(1, 4), st.integers(1, 2))
def test_counts_find_the_words_that_they_are_not_given(
    texts, settings, max_size, min_count
):
    texts = [*texts, ["a", "b"]]
    sizes = {"max_size": max_size, "min_count": min_count}
    words = Vocabulary.from_tokens(texts, **sizes)
    try:
        wanted = count_pairs(texts, vocabulary=words, **settings)
    except SkipgramError as error:
        with pytest.raises(SkipgramError) as again:
            count_pairs(texts, **sizes, **settings)
        assert str(again.value) == str(error)
        return
    once = map(iter, texts)
    same_counts(count_pairs(once, **sizes, **settings), wanted)


@pytest.mark.parametrize("added", [1, "counts", sp.csr_array((6, 4))])
def test_only_counts_are_added_to_counts(added):
    with pytest.raises(SkipgramError, match="other must be a Counts, got"):
        by_hand() + added


@pytest.mark.parametrize("words", [["a", "b"], [], {"a": 1}, "a"])
def test_a_vocabulary_that_is_none_is_refused(words):
    with pytest.raises(SkipgramError) as error:
        count_pairs([["a", "b"]], vocabulary=words)
    assert str(error.value) == (
        f"vocabulary must be a Vocabulary or None, got {words!r}"
    )


@pytest.mark.parametrize(
    "sizes", [{"max_size": 3}, {"max_size": None}, {"min_count": 2}]
)
def test_sizes_beside_a_vocabulary_are_refused(sizes):
    with pytest.raises(SkipgramError) as error:
        count_pairs([["a", "b"]], vocabulary=VOCABULARY, **sizes)
    sizes = {"max_size": 10_000, "min_count": 1} | sizes
    assert str(error.value) == (
        "max_size {max_size} and min_count {min_count} choose the words of a "
        "text, and a vocabulary is given, too; leave out one of both"
    ).format(**sizes)


def test_ids_need_a_vocabulary():
    with pytest.raises(SkipgramError, match="a token must be a string, got "):
        count_pairs([np.array([0, 1])])


def test_counts_say_what_they_are_in_one_line(sotu_counts):
    assert repr(sotu_counts) == (
        "Counts(10,000 x 10,000 words, 3,364,122 cells, window 5)"
    )
    assert repr(by_hand()) == "Counts(6 x 4 words, 14 cells, window 3)"


# Centres and contexts


@pytest.mark.parametrize("seed", range(4))
def test_counts_of_two_vocabularies_are_one_class(tmp_path, seed, monkeypatch):
    counts = by_hand(seed, V=4 + 5 * seed, C=9)
    dense = counts.cells.toarray() * np.outer(
        counts.keep, counts.keep_contexts
    )
    np.testing.assert_allclose(counts.matrix().toarray(), dense / 3)
    counts.save(tmp_path / "counts")
    loaded = Counts.load(tmp_path / "counts")
    same_counts(loaded, counts)
    loaded.save(tmp_path / "again")
    same_counts(Counts.load(tmp_path / "again"), counts)
    doubled = by_hand(seed, V=4 + 5 * seed, C=9, cells=counts.cells * 2)
    same_counts(loaded + counts, doubled)
    monkeypatch.setattr(counts_module, "MAX_CELLS_IN_MEMORY", 5)
    monkeypatch.setattr(cells_module, "BLOCK_CELLS", 4)
    same_tables(loaded.table(), counts.table())
    assert len(list(row_blocks(loaded.table()))) > 2
    assert isinstance(loaded.table(), WeightedTable)
    assert isinstance(counts.table(), sp.csr_array)
    assert isinstance(loaded.matrix(), sp.csr_array)


def same_tables(one, other):
    """Compare two tables in all that can be asked, to the last bit."""
    assert one.shape == other.shape
    assert one.nnz == other.nnz
    assert one.indptr.tolist() == other.indptr.tolist()
    V = one.shape[0]
    asked = [[V - 1, 0, 0], [], [1, 2, 3], slice(1, 3), slice(0, V), slice(0)]
    pairs = [(one[rows], other[rows]) for rows in asked]
    pairs.append((one.tocsr(), other.tocsr()))
    pairs += zip(row_blocks(one), row_blocks(other), strict=True)
    for a, b in pairs:
        assert a.shape == b.shape
        for name in ("indptr", "indices", "data"):
            found = getattr(a, name).tolist()
            assert found == getattr(b, name).tolist(), name
    for axis in (0, 1):
        a, b = one.sum(axis=axis), other.sum(axis=axis)
        assert a.tobytes() == b.tobytes()
    assert entropy_floor(one) == entropy_floor(other)
    assert unigram_entropy(one) == unigram_entropy(other)


@given(texts, settings, st.integers(0, 9), st.integers(1, 9))
def test_a_table_on_the_disk_is_the_one_in_memory(
    tmp_path_factory, texts, settings, most, block
):
    counts = count_pairs(texts, vocabulary=VOCABULARY, **settings)
    folder = tmp_path_factory.getbasetemp() / "on-the-disk"
    counts.save(folder)
    loaded = Counts.load(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(counts_module, "MAX_CELLS_IN_MEMORY", most)
        patch.setattr(cells_module, "BLOCK_CELLS", block)
        large = counts.cells.nnz > most
        assert isinstance(loaded.table(), WeightedTable) == large
        same_tables(loaded.table(), counts.table())


@pytest.mark.parametrize(
    "parts",
    [
        {"keep": np.ones(4)},
        {"keep_contexts": np.ones(6)},
        {"keep_contexts": None},
        {"contexts": None},
        {"vocabulary": VOCABULARY},
        {"cells": sp.csr_array((4, 6), dtype=np.int64)},
    ],
)
def test_counts_that_do_not_fit_their_words_are_refused(parts):
    with pytest.raises(SkipgramError, match=r"words and \d contexts take cel"):
        by_hand(**parts)


@pytest.mark.parametrize(
    "parts",
    [
        {"denominator": 2},
        {"keep": np.ones(6)},
        {"keep_contexts": np.ones(4)},
        {"settings": {"window": 4}},
        {"contexts": Vocabulary(list("dcba"), [4, 3, 2, 1], 99)},
        {"vocabulary": Vocabulary(list("fedcba"), [6, 5, 4, 3, 2, 1], 99)},
    ],
)
def test_counts_of_other_words_or_weights_are_not_added(parts):
    assert (by_hand() + by_hand()).cells.sum() == 2 * by_hand().cells.sum()
    with pytest.raises(SkipgramError, match="cannot be added"):
        by_hand() + by_hand(**parts)


def test_settings_name_the_words_that_were_counted():
    one, two = count_pairs([["a", "b"]]), by_hand()
    assert "contexts" not in one.settings
    assert one.contexts is one.vocabulary
    assert two.settings["contexts"] != two.settings["vocabulary"]
    assert (one + one).contexts is one.vocabulary


IDS = [[0, 1, 2, 0], [1, 2], []]


@pytest.mark.parametrize(
    "documents",
    [
        IDS,
        tuple(map(tuple, IDS)),
        (iter(ids) for ids in IDS),
        [np.array(IDS[0], np.uint8), IDS[1], np.array([], np.int64)],
        [np.array(ids, object) for ids in IDS],
        [list(map(np.int16, ids)) for ids in IDS],
        {"a": IDS[0], "b": IDS[1]}.values(),
        [np.array(list("abca")), np.array(list("bc"), object)],
        [["a", "b", "c", "a"], np.array([1, 2])],
    ],
    ids=steady,
)
def test_ids_and_words_of_every_collection_are_counted(documents):
    wanted = count_pairs([list("abca"), list("bc")], vocabulary=VOCABULARY)
    found = count_pairs(documents, vocabulary=VOCABULARY)
    assert (found.cells != wanted.cells).nnz == 0


def test_columns_of_pandas_are_documents():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"words": [["a", "b"], ["b", "c"]]})
    wanted = count_pairs([["a", "b"], ["b", "c"]], vocabulary=VOCABULARY)
    ids = [pandas.Series([0, 1]), pandas.Index([1, 2])]
    for documents in (frame["words"], frame["words"].to_numpy(), ids):
        found = count_pairs(documents, vocabulary=VOCABULARY)
        assert (found.cells != wanted.cells).nnz == 0


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ([1, "a"], "must hold words, or ids .* and not both; got int and str"),
        (["a", 1], "must hold words, or ids .*; got int and str"),
        ([0.0, 1.0], "ids that are whole numbers.* got float"),
        (np.array([0.5]), "ids that are whole numbers.* got float64"),
        ([True, False], "got bool"),
        ([None, "a"], "got NoneType and str"),
        ([[0, 1]], "got list"),
        (np.zeros((2, 2), int), "document 0 must be a list, got array"),
        ([2**70], "ids must be integers, got object"),
        ([V], f"ids run from 0 to {V - 1}, got {V}"),
        ({0, 1}, "document 0 must be in an order, which a set has not"),
        ({0: 1}, "document 0 must be a list"),
    ],
    ids=steady,
)
def test_what_is_neither_words_nor_ids_is_refused(document, said):
    with pytest.raises(SkipgramError, match=said):
        count_pairs([document], vocabulary=VOCABULARY)


def test_nothing_that_counts_hand_out_changes_them():
    counts = count_pairs([list("abcab")])
    before = counts.matrix().toarray()
    for array in (counts.keep, counts.cells.data, counts.cells.indices):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 7
    for table in (counts.matrix(), counts.table()):  # copies
        table.data[:] = 0
        table.indices[:] = 0
    assert (counts.matrix().toarray() == before).all()
    mine = np.ones(V)
    by_hand().__class__(
        sp.csr_array((V, V), dtype=int), 1, mine, {}, VOCABULARY
    )
    mine[0] = 0.5  # what was handed in stays writable


def test_sums_beyond_64_bits_are_refused_and_do_not_wrap():
    half = sp.csr_array(np.full((V, V), 2**62))
    counts = Counts(half, 1, np.ones(V), {}, VOCABULARY)
    with pytest.raises(SkipgramError, match="up to 9,223,372,036,854,775,808"):
        counts + counts


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"cells": sp.csr_array((6, 4), dtype=float)}, "cells must be whole"),
        ({"cells": np.zeros((6, 4), int)}, "cells must be a csr_array"),
        ({"keep": np.full(6, 1.5)}, "keep and keep_contexts must be from 0"),
        ({"keep": np.full(6, np.nan)}, "keep and keep_contexts must be from"),
        ({"keep": [1] * 6}, "keep and keep_contexts must be from"),
        ({"keep": np.ones(5)}, "a share for each word, got shapes"),
        ({"denominator": 0}, "denominator must be a whole number of at least"),
    ],
)
def test_counts_that_cannot_be_are_refused(change, said):
    parts = vars(by_hand().header()) | {"cells": by_hand().cells}
    with pytest.raises(SkipgramError, match=said):
        Counts(**parts | change)


@pytest.mark.parametrize("floor", [entropy_floor, unigram_entropy])
def test_what_is_no_table_has_no_floor(floor):
    with pytest.raises(SkipgramError, match=r"such as counts.matrix\(\), got"):
        floor(by_hand())


def test_documents_that_are_used_up_are_said_to_be():
    documents = iter([["a", "b"]])
    count_pairs(documents, vocabulary=VOCABULARY)
    for words in (None, VOCABULARY):
        with pytest.raises(SkipgramError, match="gone through already"):
            count_pairs(documents, vocabulary=words)


def test_the_empty_word_does_not_enter():
    with pytest.raises(SkipgramError, match="empty"):
        count_pairs([["a", "", "b"]] * 3)
    counts = count_pairs([["a", "", "b"]], vocabulary=VOCABULARY)
    assert counts.cells.nnz == 2, "no word of the vocabulary, so dropped"


def test_counts_are_saved_to_the_folder_that_is_returned(tmp_path):
    folder = by_hand().save(f"{tmp_path}/counts")
    assert folder == tmp_path / "counts"
    assert repr(Counts.load(folder)) == repr(by_hand())
