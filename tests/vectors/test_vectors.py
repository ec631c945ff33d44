"""Word vectors: cosines and searches, against gensim, SciPy, the slow way."""

import copy
import json
import pickle
from collections import UserList

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from helpers import steady
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cosine

from skipgram_lib import (
    SkipgramError,
    UnknownWordError,
    Vocabulary,
    WordVectors,
)
from skipgram_lib.backend.base import Backend, best_columns
from skipgram_lib.vectors import search
from skipgram_lib.vectors import vectors as module
from skipgram_lib.vectors.search import (
    cosine_rows,
    matrix_blocks,
    product_scores,
    row_lengths,
    unit_rows,
)
from skipgram_lib.vectors.vectors import weighted_keys

WORDS = ["tax", "taxes", "wheat", "corn", "navy", "army"]
MANY = [f"word{i}" for i in range(500)]
seeds = st.integers(0, 1_000)
word = st.sampled_from(WORDS)


def random_vectors(seed=0, words=WORDS, D=4, dtype=np.float64):
    rng = np.random.default_rng(seed)
    return WordVectors(words, rng.normal(size=(len(words), D)).astype(dtype))


def keyed_vectors():
    """Return gensim's class; skip what compares with it if it is not there."""
    return pytest.importorskip("gensim.models").KeyedVectors


def gensims(vectors):
    """Return gensim's object with the same words and vectors."""
    theirs = keyed_vectors()(vectors.vector_size, dtype=np.float32)
    theirs.add_vectors(vectors.words, vectors.matrix.astype(np.float32))
    return theirs


def assert_same(ours, theirs, tolerance=2e-6):
    """Compare two answers; words of nearly equal numbers may change places."""
    assert len(ours) == len(theirs)
    numbers = [[number for _, number in answer] for answer in (ours, theirs)]
    np.testing.assert_allclose(*numbers, atol=tolerance, rtol=tolerance)
    both = dict(ours).keys() & dict(theirs).keys()
    known, last = dict(theirs), numbers[1][-1] if theirs else 0
    for name, number in ours:
        if name in both:
            assert number == pytest.approx(known[name], abs=2 * tolerance)
        else:  # only a tie at the end of the list may be broken otherwise
            assert number == pytest.approx(last, abs=2 * tolerance)


# --- Two words ---------------------------------------------------------------


@given(seeds, word, word)
def test_similarity_is_scipys_cosine(seed, one, other):
    vectors = random_vectors(seed)
    wanted = 1 - cosine(vectors[one], vectors[other])
    similarity = vectors.similarity(one, other)
    assert similarity == pytest.approx(wanted, abs=1e-12)
    assert vectors.distance(one, other) == pytest.approx(1 - wanted, abs=1e-12)
    assert type(similarity) is float


@given(seeds, st.floats(0.01, 100))
def test_length_does_not_matter(seed, factor):
    vectors = random_vectors(seed)
    longer = WordVectors(WORDS, vectors.matrix * factor)
    assert longer.similarity("tax", "corn") == pytest.approx(
        vectors.similarity("tax", "corn")
    )


@given(seeds, word, word)
def test_rank_and_closer_than_are_those_of_the_sorted_list(seed, one, other):
    vectors = random_vectors(seed)
    order = [w for w, _ in vectors.most_similar(one, topn=9)]
    if one == other:
        assert vectors.rank(one, other) == 1
    else:
        place = order.index(other)
        assert vectors.rank(one, other) == place + 1
        assert set(vectors.closer_than(one, other)) == set(order[:place])


@given(seeds, st.lists(word, min_size=1), st.lists(word, min_size=1))
def test_sets_of_words_and_odd_ones_are_gensims(seed, some, others):
    vectors = random_vectors(seed, D=8, dtype=np.float32)
    theirs = gensims(vectors)
    wanted = float(theirs.n_similarity(some, others))
    assert vectors.n_similarity(some, others) == pytest.approx(
        wanted, abs=1e-5
    )
    distinct = sorted(set(some) | set(others))
    if len(distinct) > 2:  # of two, both are equally odd
        assert vectors.doesnt_match(distinct) == theirs.doesnt_match(distinct)


@given(seeds, word, st.lists(word))
def test_distances_are_gensims(seed, one, others):
    vectors = random_vectors(seed, dtype=np.float32)
    theirs = gensims(vectors)
    for key in (one, vectors[one] * 3):
        ours = vectors.distances(key, others)
        np.testing.assert_allclose(
            ours, theirs.distances(key, others), atol=1e-5
        )


# --- Searches ----------------------------------------------------------------


@given(seeds, word, st.integers(1, 9))
def test_the_most_similar_are_the_best_of_all_others(seed, asked, topn):
    vectors = random_vectors(seed)
    others = {w: vectors.similarity(asked, w) for w in WORDS if w != asked}
    wanted = sorted(others.items(), key=lambda item: -item[1])[:topn]
    found = vectors.most_similar(asked, topn=topn)
    assert [w for w, _ in found] == [w for w, _ in wanted]
    assert [c for _, c in found] == pytest.approx([c for _, c in wanted])


QUESTIONS = [
    (["word3"], None),
    ("word3", None),
    (["word3", "word400"], "word17"),
    ([("word3", 0.3), "word400"], [("word17", -2.0), "word18"]),
    ([("word3", 1.0)], [("word4", 0.5)]),  # a weight is taken as it is
    (None, ["word3"]),
    (["word3", "word3"], []),
]


@pytest.mark.parametrize(("positive", "negative"), QUESTIONS)
@pytest.mark.parametrize("restrict", [None, 1, 40, 9_999])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
def test_searches_are_gensims(positive, negative, restrict, dtype):
    vectors = random_vectors(5, MANY, 20, dtype)
    theirs = gensims(vectors)
    for topn in (1, 10, 600):
        options = {"topn": topn, "restrict_vocab": restrict}
        ours = vectors.most_similar(positive, negative, **options)
        wanted = theirs.most_similar(positive, negative, **options)
        assert_same(ours, wanted)


def test_raw_vectors_are_taken_as_they_are_and_words_are_not_left_out():
    vectors = random_vectors(5, MANY, 20, np.float32)
    theirs = gensims(vectors)
    raw = vectors["word7"] * 2
    for positive in (raw, [raw], [raw, "word8"], [(raw, 0.2), "word8"]):
        assert_same(
            vectors.most_similar(positive), theirs.most_similar(positive)
        )
    assert vectors.most_similar(raw)[0][0] == "word7"
    as_list = vectors.most_similar([raw.tolist()])
    assert as_list == vectors.most_similar(raw)


@pytest.mark.filterwarnings("ignore:Call to deprecated")  # within gensim
@given(seeds, st.data())
def test_products_of_cosines_are_gensims(seed, data):
    vectors = random_vectors(seed, MANY, 20, np.float32)
    names = st.lists(st.sampled_from(MANY), min_size=1, max_size=3)
    positive, negative = data.draw(names), data.draw(names)
    theirs = gensims(vectors)
    for down in (negative, []):
        ours = vectors.most_similar_cosmul(positive, down)
        wanted = theirs.most_similar_cosmul(positive, down)
        assert_same(ours, wanted, 1e-4)


def test_products_look_at_the_first_words_only_if_asked():
    vectors = random_vectors(5, MANY, 20)
    everyone = vectors.most_similar_cosmul(["word1", "word2"], topn=500)
    wanted = [pair for pair in everyone if pair[0] in MANY[:50]]
    found = vectors.most_similar_cosmul(
        ["word1", "word2"], topn=500, restrict_vocab=50
    )
    assert [w for w, _ in found] == [w for w, _ in wanted]
    assert len(found) == 48


@pytest.mark.parametrize("at_once", [1, 700, 2**24])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
def test_many_at_once_are_one_by_one(monkeypatch, at_once, dtype):
    monkeypatch.setattr(search, "SCORES_AT_ONCE", at_once)
    vectors = random_vectors(5, MANY, 20, dtype)
    asked = ["word9", "word499", "word0"]
    for restrict in (None, 30):
        together = vectors.most_similar_many(asked, 5, restrict)
        for name, answer in zip(asked, together, strict=True):
            alone = vectors.most_similar(name, topn=5, restrict_vocab=restrict)
            assert_same(answer, alone)
    raw = vectors[asked].astype(np.float64)
    for row, answer in zip(raw, vectors.most_similar_many(raw), strict=True):
        assert_same(answer, vectors.most_similar(row))
    assert vectors.most_similar_many([]) == []


def test_words_of_equal_cosine_stand_in_the_order_of_the_vocabulary():
    vectors = WordVectors(WORDS, np.ones((len(WORDS), 2)))
    assert [w for w, _ in vectors.most_similar("wheat")] == [
        name for name in WORDS if name != "wheat"
    ]


@given(seeds, st.integers(1, 12), st.integers(1, 8), st.integers(0, 3))
def test_the_best_columns_are_those_of_a_stable_sort(
    seed, topn, group, digits
):
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(3, rng.integers(1, 90))).round(digits)
    scores[0, : rng.integers(0, 5)] = -np.inf
    wanted = np.argsort(-scores, axis=1, kind="stable")[:, :topn]
    assert (best_columns(scores, topn, group) == wanted).all()


def test_the_default_groups_are_used_and_right():
    scores = np.random.default_rng(0).normal(size=(4, 20_001)).round(2)
    wanted = np.argsort(-scores, axis=1, kind="stable")[:, :10]
    assert (best_columns(scores, 10) == wanted).all()
    assert (Backend().best_columns(scores, 10) == wanted).all()


# --- Vectors -----------------------------------------------------------------


def test_vectors_are_rows_by_word():
    vectors = random_vectors()
    assert len(vectors) == len(WORDS)
    assert vectors.words == vectors.index_to_key == WORDS
    assert vectors.vector_size == 4
    assert "tax" in vectors
    assert "soviet" not in vectors
    for i, name in enumerate(WORDS):
        assert (vectors[name] == vectors.matrix[i]).all()
        assert vectors.key_to_index[name] == i
    assert (vectors[["corn", "tax"]] == vectors.vectors[[3, 0]]).all()
    assert list(vectors) == WORDS
    assert vectors[[]].shape == (0, 4)


def test_rows_by_word_are_a_dictionary_of_their_own():
    vectors = random_vectors()
    found = vectors.key_to_index
    assert type(found) is dict
    assert json.loads(json.dumps(found)) == copy.deepcopy(found) == found
    found["tax"] = 3
    assert vectors.index["tax"] == 0


HANDED_OUT = [
    lambda v: v["tax"],
    lambda v: v[["tax", "corn"]],
    lambda v: v.get_vector("tax"),
    lambda v: v.get_vector("tax", norm=True),
    lambda v: v.get_vector(v["tax"]),
    lambda v: v.get_mean_vector("tax", pre_normalize=False),
    lambda v: v.get_normed_vectors(),
    lambda v: v.matrix,
    lambda v: v.vectors,
    lambda v: v.lengths,
    lambda v: v.norms,
    # On a device, `searched` is the library's own: nothing is read-only there.
    lambda v: v.on("numpy").searched.matrix,
    lambda v: v.on("numpy").searched.scale,
    lambda v: v.distances("tax"),
    lambda v: v.most_similar("tax", topn=None),
]


@pytest.mark.parametrize("get", HANDED_OUT)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("again", [False, True], ids=["made", "unpickled"])
def test_arithmetic_on_what_is_handed_out_changes_no_vector(get, dtype, again):
    vectors = random_vectors(dtype=dtype)
    if again:
        vectors = pickle.loads(pickle.dumps(vectors))
    matrix, wanted = vectors.matrix.copy(), vectors.most_similar("tax")
    found = get(vectors)
    try:
        found *= 0
    except ValueError as error:
        assert "read-only" in str(error)
    assert (vectors.matrix == matrix).all()
    assert vectors.most_similar("tax") == wanted


def test_the_array_that_was_passed_can_still_be_written():
    matrix = np.eye(2)
    vectors = WordVectors(["a", "b"], matrix)
    matrix[0, 1] = 5
    assert vectors["a"].tolist() == [1, 5]  # kept, not copied


@pytest.mark.parametrize(
    "again",
    [copy.copy, copy.deepcopy, lambda v: pickle.loads(pickle.dumps(v))],
)
def test_copies_answer_alike(again):
    vectors = WordVectors(WORDS, np.eye(6, 4) + 1, "some.bin")
    _ = vectors.lengths, vectors.searched, vectors.key_to_index
    other = again(vectors)
    assert other.words == vectors.words
    assert repr(other) == repr(vectors)
    assert other.most_similar("tax") == vectors.most_similar("tax")
    assert not other.matrix.flags.writeable


def test_repr_says_how_many_and_from_where(tmp_path):
    vectors = random_vectors(words=[f"w{i}" for i in range(1_234)], D=3)
    assert vectors.source == ""
    assert repr(vectors) == "WordVectors(1,234 words x 3 features)"
    path = vectors.save(tmp_path / "v.npz")
    read = WordVectors.load(path)
    assert read.source == str(path)
    assert repr(read) == f"WordVectors(1,234 words x 3 features, from {path})"


# --- Collections -------------------------------------------------------------

MAKE = {
    "list": list,
    "tuple": tuple,
    "generator": iter,
    "array": np.array,
    "array of objects": lambda words: np.array(words, object),
    "series": pd.Series,
    "index": pd.Index,
    "keys": lambda words: dict.fromkeys(words).keys(),
    "own": UserList,
}
SETS = {"set": set, "frozenset": frozenset}
ASK = {
    "v[]": lambda v, w: v[w],
    "get_mean_vector": lambda v, w: v.get_mean_vector(w),
    "n_similarity": lambda v, w: v.n_similarity(w, ["corn"]),
    "distances": lambda v, w: v.distances("army", w),
    "rank_by_centrality": lambda v, w: v.rank_by_centrality(w),
    "doesnt_match": lambda v, w: v.doesnt_match(w),
    "most_similar": lambda v, w: v.most_similar(w),
    "negative": lambda v, w: v.most_similar("army", w),
    "cosmul": lambda v, w: v.most_similar_cosmul(w, "army"),
    "many": lambda v, w: v.most_similar_many(w),
    "to_given": lambda v, w: v.most_similar_to_given("army", w),
}
IN_ORDER = {"v[]", "distances", "many", "to_given"}
SOME = ["tax", "wheat", "navy"]


def assert_alike(one, other):
    """Compare two answers, numbers to rounding."""
    if isinstance(one, list):
        assert type(one) is type(other)
        for a, b in zip(one, other, strict=True):
            assert_alike(a, b)
    elif isinstance(one, tuple):
        assert [type(item) for item in one] == [type(item) for item in other]
        for a, b in zip(one, other, strict=True):
            assert_alike(a, b)
    elif isinstance(one, str):
        assert type(one) is str
        assert one == other
    else:
        np.testing.assert_allclose(one, other, atol=1e-12)


@pytest.mark.parametrize("ask", ASK.values(), ids=ASK)
@pytest.mark.parametrize("make", MAKE.values(), ids=MAKE)
def test_words_come_in_any_list(make, ask):
    vectors = random_vectors()
    assert_alike(ask(vectors, make(SOME)), ask(vectors, SOME))


@pytest.mark.parametrize(("name", "ask"), ASK.items(), ids=ASK)
@pytest.mark.parametrize("make", SETS.values(), ids=SETS)
def test_a_set_of_words_only_where_their_order_does_not_matter(
    make, name, ask
):
    vectors = random_vectors()
    if name in IN_ORDER:
        with pytest.raises(SkipgramError, match="must be in an order"):
            ask(vectors, make(SOME))
    else:
        assert_alike(ask(vectors, make(SOME)), ask(vectors, SOME))


NO_LISTS = [3, 2.5, True, b"tax", {"tax": 1}, object(), np.array("tax")]


@pytest.mark.parametrize("ask", ASK.values(), ids=ASK)
@pytest.mark.parametrize(
    "wrong", [*NO_LISTS, [3, 4], ["tax", None], ["tax", 7]], ids=steady
)
def test_what_is_no_list_of_words_is_refused(wrong, ask):
    with pytest.raises(SkipgramError):
        ask(random_vectors(), wrong)


def test_a_string_is_one_word_or_refused_and_never_letters():
    vectors = WordVectors(["a", "b", "ab"], [[1, 0], [0, 1], [-1, -3]])
    assert vectors.n_similarity("ab", "a") == vectors.similarity("ab", "a")
    mean = vectors.get_mean_vector("ab", pre_normalize=False)
    assert mean.tolist() == [-1, -3]
    assert vectors.most_similar("ab")[0][0] == "a"
    for ask in ("distances", "most_similar_to_given"):
        with pytest.raises(SkipgramError, match="must be a list, got 'ab'"):
            getattr(vectors, ask)("a", "ab")
    for ask in (vectors.doesnt_match, vectors.rank_by_centrality):
        with pytest.raises(SkipgramError, match="must be a list, got 'ab'"):
            ask("ab")


RAW = {
    "array": np.array,
    "list": list,
    "tuple": tuple,
    "series": pd.Series,
    "float16": lambda row: np.array(row, np.float16),
    "integers": lambda row: np.array(row, int),
    "longdouble": lambda row: np.array(row, np.longdouble),
    "other byte order": lambda row: np.array(row, ">f4"),
    "read-only": lambda row: np.broadcast_to(row, (4,)),
    "every second": lambda row: np.repeat(row, 2)[::2],
    "list of one": lambda row: [np.array(row)],
    "table": lambda row: np.array([row]),
    "pair": lambda row: [(np.array(row), 2.0)],
}


@pytest.mark.parametrize("make", RAW.values(), ids=RAW)
def test_numbers_in_a_row_are_a_vector(make):
    vectors = random_vectors()
    row = [1.0, -2.0, 0.0, 4.0]
    wanted = vectors.most_similar(np.array([row]))
    assert_alike(vectors.most_similar(make(row)), wanted)


@pytest.mark.parametrize(
    "wrong",
    [
        np.ma.masked_values([1.0, 2, 3, 9], 9),
        sp.csr_array([[1.0, 2, 3, 4]]),
        pd.DataFrame([[1.0, 2, 3, 4]]),
        np.array([1, 2, 3, 4j]),
        np.array(["1", "2", "3", "4"]),
        np.array([1, 2, 3, "x"], object),
        [True, False, True, True],
        [1, 2, 3],
        [10**400, 1, 1, 1],
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_row_of_numbers_is_refused(wrong):
    for key in (wrong, [wrong]):
        with pytest.raises(SkipgramError):
            random_vectors().most_similar(key)


@pytest.mark.parametrize("name", ["most_similar", "doesnt_match"])
def test_a_set_of_numbers_is_no_vector(name):
    wrong = {1.0, 2.0, 3.0, 4.0}  # in no order
    with pytest.raises(SkipgramError, match="a word, or a vector of 4"):
        getattr(random_vectors(), name)(wrong)


def test_words_that_are_used_up_are_not_all_words():
    vectors = random_vectors()
    used_up = iter(())
    with pytest.raises(SkipgramError, match="others is used up"):
        vectors.distances("tax", used_up)
    for none in ((), [], None):
        assert vectors.distances("tax", none).shape == (len(WORDS),)


@pytest.mark.parametrize(
    ("clips", "wanted"),
    [((2, 2), []), ((4, 2), []), ((9, None), []), ((10**30, 10**30), [])],
)
def test_a_search_of_no_rows_finds_nothing(clips, wanted):
    start, end = clips
    found = random_vectors().most_similar(
        "tax", clip_start=start, clip_end=end
    )
    assert found == wanted


def test_all_words_but_the_best_one_asked_with_are_found():
    vectors = random_vectors()
    for topn in (1, 4, 5, 6, 99):
        for asked in (["tax", "tax"], ["tax", "corn"], ["army"]):
            wanted = [w for w in WORDS if w not in asked]
            found = vectors.most_similar(asked, topn=topn)
            assert len(found) == min(topn, len(wanted))
            assert {w for w, _ in found} <= set(wanted)


def test_a_word_with_its_weight_alone_is_one_pair():
    vectors = random_vectors()
    wanted = vectors.most_similar([("tax", 2.0)], "navy")
    assert vectors.most_similar(("tax", 2.0), "navy") == wanted
    for weight in ("2", None, np.nan, [1]):
        with pytest.raises(SkipgramError):
            vectors.most_similar([("tax", weight)])


TABLES = {
    "list of lists": np.ndarray.tolist,
    "Fortran": np.asfortranarray,
    "frame": pd.DataFrame,
    "other byte order": lambda m: m.astype(">f8"),
    "read-only": lambda m: np.broadcast_to(m, m.shape),
    "every second": lambda m: np.repeat(np.repeat(m, 2, 0), 2, 1)[::2, ::2],
    "backwards": lambda m: m[::-1, ::-1].copy()[::-1, ::-1],
    "unmasked": np.ma.array,
    "single": lambda m: m.astype(np.float32),
    "half": lambda m: m.astype(np.float16),
    "bytes": lambda m: m.astype(np.int8),
    "dense": lambda m: sp.csr_matrix(m).todense(),
}


@pytest.mark.parametrize("make", TABLES.values(), ids=TABLES)
def test_a_table_comes_in_any_array(make):
    matrix = np.arange(24.0).reshape(6, 4) % 7 - 2
    wanted, found = (
        WordVectors(WORDS, matrix),
        WordVectors(WORDS, make(matrix)),
    )
    assert type(found.matrix) is np.ndarray
    assert found["tax"].shape == (4,)
    assert_same(found.most_similar("tax"), wanted.most_similar("tax"), 1e-3)
    assert found.similarity("tax", "corn") == pytest.approx(
        wanted.similarity("tax", "corn")
    )


class OnAGPU:
    """As a CuPy array: not turned into NumPy's unasked."""

    def __array__(self, dtype=None, copy=None):
        raise TypeError("Implicit conversion to a NumPy array is not allowed")


@pytest.mark.parametrize(
    "wrong",
    [
        sp.csr_matrix(np.ones((6, 4))),
        sp.csr_array(np.ones((6, 4))),
        np.ma.masked_equal(np.arange(24.0).reshape(6, 4), 3),
        OnAGPU(),
        iter(np.ones((6, 4))),
        {"tax": [1, 2]},
        None,
        "abcdef",
        pd.DataFrame({"a": range(6), "b": list("abcdef")}),
        np.zeros((6, 4), "datetime64[s]"),
        np.zeros(6, [("a", "f4")]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_table_of_numbers_is_refused(wrong):
    with pytest.raises(SkipgramError):
        WordVectors(WORDS, wrong)


def test_no_words_at_all_have_no_neighbours():
    vectors = WordVectors([], np.empty((0, 3)))
    assert vectors.most_similar(np.ones(3)) == []
    assert vectors.most_similar_many(np.ones((2, 3))) == [[], []]
    assert vectors.distances(np.ones(3)).shape == (0,)
    assert vectors.get_normed_vectors().shape == (0, 3)
    assert list(vectors) == []


# --- Questions about a few words ---------------------------------------------

FEW = {
    "v[word]": lambda v: v["tax"],
    "v[words]": lambda v: v[["tax", "corn"]],
    "get_vector": lambda v: v.get_vector("tax", norm=True),
    "get_mean_vector": lambda v: v.get_mean_vector(["tax", "corn"]),
    "similarity": lambda v: v.similarity("tax", "corn"),
    "distance": lambda v: v.distance("tax", "corn"),
    "n_similarity": lambda v: v.n_similarity(["tax"], ["corn", "navy"]),
    "distances": lambda v: v.distances("tax", ["corn", "navy"]),
    "rank_by_centrality": lambda v: v.rank_by_centrality(SOME),
    "doesnt_match": lambda v: v.doesnt_match(SOME),
    "to_given": lambda v: v.most_similar_to_given("tax", ["corn", "navy"]),
}


@pytest.mark.parametrize("ask", FEW.values(), ids=FEW)
def test_a_question_about_a_few_words_looks_at_no_other_row(ask):
    vectors = random_vectors()
    broken = np.full((1_006, 4), np.nan)  # whoever reads these, finds out
    broken[:6] = vectors.matrix
    large = WordVectors(WORDS + MANY + [f"x{i}" for i in range(500)], broken)
    assert_alike(ask(large), ask(vectors))
    assert "lengths" not in vars(large)
    assert "searched" not in vars(large)


def test_a_mapped_file_answers_without_being_read(tmp_path):
    rows = np.lib.format.open_memmap(
        tmp_path / "m.npy", "w+", np.float32, (20_000, 500)
    )
    rows[:6] = np.random.default_rng(0).normal(size=(6, 500))
    mapped = np.load(tmp_path / "m.npy", mmap_mode="r")
    words = WORDS + [f"x{i}" for i in range(20_000 - 6)]
    vectors = WordVectors(words, mapped)
    assert np.shares_memory(vectors.matrix, mapped)
    assert -1 < vectors.similarity("tax", "corn") < 1
    assert vectors.doesnt_match(SOME) in SOME
    assert "lengths" not in vars(vectors)


# --- Numbers -----------------------------------------------------------------


def cosines_everywhere(vectors, word, other):
    """The cosine of two words, as each method has it."""
    ids = [vectors.index[word], vectors.index[other]]
    return {
        "similarity": vectors.similarity(word, other),
        "distance": 1 - vectors.distance(word, other),
        "n_similarity": vectors.n_similarity([word], [other]),
        "distances": 1 - vectors.distances(word, [other])[0],
        "all distances": 1 - vectors.distances(word)[vectors.index[other]],
        "most_similar": dict(vectors.most_similar(word, topn=9))[other],
        "many": dict(vectors.most_similar_many([word], 9)[0])[other],
        "all": vectors.most_similar(word, topn=None)[vectors.index[other]],
        "unit": np.dot(*(vectors.get_vector(w, True) for w in (word, other))),
        "normed": np.dot(*vectors.get_normed_vectors()[ids]),
        "static": vectors.cosine_similarities(vectors[word], vectors[[other]]),
    }


@pytest.mark.parametrize(
    ("dtype", "factor"),
    [
        (np.float16, 1e-3),
        (np.float16, 1e4),
        *((np.float32, 10.0**e) for e in (-37, -30, -25, -15, 0, 15, 25, 37)),
        *((np.float64, 10.0**e) for e in (-300, -160, 0, 160, 300)),
    ],
)
def test_rows_of_any_length_have_the_same_cosine_everywhere(dtype, factor):
    rows = np.array([[1, 0], [0.9, 0.1], [0, 1], [-1, 2], [0, 0]])
    vectors = WordVectors(WORDS[:5], (rows * factor).astype(dtype))
    for other, row in zip(WORDS[1:5], rows[1:], strict=True):
        wanted = row[0] / (np.linalg.norm(row) or 1)
        for name, found in cosines_everywhere(vectors, "tax", other).items():
            assert found == pytest.approx(wanted, abs=2e-3), name


def test_short_rows_among_others_are_measured_again():
    rows = np.ones((5, 4), np.float32)
    rows[1] *= 1e-25
    rows[3] = 0
    assert row_lengths(rows).tolist() == pytest.approx([2, 2e-25, 2, 0, 2])
    assert row_lengths(rows).dtype == np.float32


@pytest.mark.parametrize("factor", [1e-44, 3e38])
def test_rows_beyond_the_type_are_refused_by_a_search(factor):
    rows = np.array([[1, 1], [factor, factor]], np.float64).astype(np.float32)
    vectors = WordVectors(["a", "b"], rows)
    assert vectors.similarity("a", "b") == pytest.approx(1)
    with pytest.raises(SkipgramError, match=r"row 1 .* too short or long for"):
        vectors.most_similar("a")


@given(seeds, st.sampled_from([np.float16, np.float32, np.float64]))
def test_no_cosine_is_beyond_one_and_no_distance_below_zero(seed, dtype):
    rows = np.random.default_rng(seed).normal(size=(3, 7))
    table = np.concatenate([rows, rows * 3, -rows]).astype(dtype)
    names = [f"w{i}" for i in range(9)]
    vectors = WordVectors(names, table)
    found = []
    for one in names:
        found += [vectors.similarity(one, other) for other in names]
        found += [c for _, c in vectors.most_similar(one, topn=9)]
        found += (1 - vectors.distances(one)).tolist()
        found += (1 - vectors.distances(one, names)).tolist()
        found += [c for c, _ in vectors.rank_by_centrality([one, one])]
        found.append(vectors.n_similarity([one, one], [one]))
    assert min(found) >= -1
    assert max(found) <= 1
    products = vectors.most_similar_cosmul("w0", topn=None)
    assert products.min() >= 0


def test_equal_raw_vectors_are_ranked():
    ones = [np.ones(4), np.ones(4), -np.ones(4)]
    ranked = random_vectors().rank_by_centrality(ones)
    assert [fit for fit, _ in ranked] == pytest.approx([1, 1, -1])


# --- gensim's other names ----------------------------------------------------


@pytest.mark.filterwarnings("ignore:Call to deprecated")  # within gensim
@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("get_index", ("corn",)),
        ("get_index", ("corn", 9)),
        ("get_index", ("soviet", 9)),
        ("has_index_for", ("corn",)),
        ("has_index_for", ("soviet",)),
        ("get_normed_vectors", ()),
        ("most_similar_to_given", ("tax", ["corn", "navy", "army"])),
        ("similar_by_word", ("tax", 3)),
        ("similar_by_key", ("tax", 3, 4)),
        ("similar_by_vector", (np.ones(4, np.float32), 3)),
        ("most_similar", ("tax", None, 0)),
        ("most_similar_cosmul", ("tax", None, 0)),
        ("most_similar", (["tax", "corn"], ["navy"], None)),
        ("most_similar_cosmul", (["tax", "corn"], ["navy"], None)),
        ("most_similar", (["tax", "navy"], ["corn"], 9, 1)),
        ("most_similar", (["tax", "navy"], ["corn"], 9, 1, 4)),
        ("most_similar", (["tax"], None, None, 2, 5)),
        ("most_similar", (["army"], None, 9, 0, 3)),
        ("rank_by_centrality", (WORDS, False)),
        ("rank_by_centrality", (WORDS, True)),
    ],
)
def test_gensims_names_give_gensims_answers(name, arguments):
    vectors = random_vectors(dtype=np.float32)
    theirs = getattr(gensims(vectors), name)(*arguments)
    keywords = {}
    if name == "most_similar":  # gensim has the clips before restrict_vocab
        arguments, clips = arguments[:3], arguments[3:]
        names = ("clip_start", "clip_end")
        keywords = dict(zip(names, clips, strict=False))
    ours = getattr(vectors, name)(*arguments, **keywords)
    if isinstance(ours, list):
        flat = [value for pair in ours for value in pair]
        wanted = [value for pair in theirs for value in pair]
        numbers = [isinstance(value, float) for value in flat]
        assert [a for a, n in zip(flat, numbers, strict=True) if not n] == [
            b for b, n in zip(wanted, numbers, strict=True) if not n
        ]
        ours, theirs = (
            [a for a, n in zip(values, numbers, strict=True) if n]
            for values in (flat, wanted)
        )
    if isinstance(ours, str):
        assert ours == theirs
    else:
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_gensims_static_names(tmp_path):
    theirs = keyed_vectors()
    vectors = random_vectors(dtype=np.float32)
    np.testing.assert_allclose(
        vectors.cosine_similarities(vectors["tax"], vectors.matrix),
        theirs.cosine_similarities(vectors["tax"], vectors.matrix),
        atol=1e-6,
    )
    np.testing.assert_allclose(vectors.norms, vectors.lengths)
    assert vectors.words_closer_than("tax", "navy") == vectors.closer_than(
        "tax", "navy"
    )
    for binary, name in ((True, "some.data"), (False, "other.data")):
        path = vectors.save_word2vec_format(tmp_path / name, binary=binary)
        read = theirs.load_word2vec_format(path, binary=binary)
        ours = WordVectors.load_word2vec_format(path, binary=binary, limit=2)
        assert ours.words == read.index_to_key[:2]
        np.testing.assert_allclose(ours.matrix, read.vectors[:2])
        np.testing.assert_allclose(read.vectors, vectors.matrix)


@given(seeds, st.booleans(), st.booleans())
def test_means_are_gensims(seed, pre, post):
    vectors = random_vectors(seed, D=8, dtype=np.float32)
    keys, weights = ["tax", vectors["navy"], "corn"], [1.0, -0.5, 2.0]
    for given_weights in (None, weights):
        ours = vectors.get_mean_vector(keys, given_weights, pre, post)
        wanted = gensims(vectors).get_mean_vector(
            keys, given_weights, pre, post
        )
        np.testing.assert_allclose(ours, wanted, atol=1e-5)
    one = vectors.get_vector("corn", norm=True)
    assert np.linalg.norm(one) == pytest.approx(1)


def test_a_vector_of_zeros_is_similar_to_none():
    matrix = np.eye(len(WORDS))
    matrix[0] = 0
    vectors = WordVectors(WORDS, matrix)
    assert vectors.similarity("tax", "navy") == 0
    assert vectors.similarity("tax", "tax") == 0
    assert np.isfinite([c for _, c in vectors.most_similar("tax")]).all()
    assert (vectors.get_vector("tax", norm=True) == 0).all()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_the_matrix_is_never_copied(dtype, monkeypatch):
    matrix = np.ones((len(WORDS), 4), dtype)
    vectors = WordVectors(WORDS, matrix).on("numpy")
    vectors.most_similar("tax")
    for rows in (vectors.matrix, vectors["tax"], vectors.searched.matrix):
        assert np.shares_memory(rows, matrix)
    blocks = [block for _, block in matrix_blocks(matrix, 4)]
    if dtype == np.float16:
        assert [block.shape for block in blocks] == [(4, 4), (2, 4)]
        assert all(block.dtype == np.float32 for block in blocks)
    else:
        assert len(blocks) == 1
        assert blocks[0] is matrix


def test_lengths_are_computed_once(monkeypatch):
    calls = []
    monkeypatch.setattr(
        module, "row_lengths", lambda m: calls.append(1) or row_lengths(m)
    )
    vectors = random_vectors()
    for name in WORDS:
        vectors.most_similar(name)
    assert calls == [1]
    np.testing.assert_allclose(
        vectors.lengths, np.linalg.norm(vectors.matrix, axis=1)
    )


def test_a_memory_map_is_searched_where_it_lies(tmp_path):
    vectors = random_vectors(3, MANY, 20, np.float32)
    np.save(tmp_path / "m.npy", vectors.matrix)
    mapped = np.load(tmp_path / "m.npy", mmap_mode="r")
    table = WordVectors(MANY, mapped).on("numpy")
    assert np.shares_memory(table.searched.matrix, mapped)
    assert table.most_similar("word1") == vectors.most_similar("word1")


def test_integers_become_floats():
    vectors = WordVectors(["a", "b"], [[2, 0], [3, 3]])
    assert vectors.matrix.dtype == np.float64
    assert vectors.similarity("a", "b") == pytest.approx(0.5**0.5)


def test_cosines_and_unit_rows_by_hand():
    vectors = WordVectors(["a", "b", "0"], [[2, 0], [3, 3], [0, 0]])
    queries = np.array([[0.0, 5.0], [0.0, 0.0]])
    found = cosine_rows(vectors.searched, queries)
    found = vectors.backend.to_numpy(found)
    assert found == pytest.approx(np.array([[0, 0.5**0.5, 0], [0, 0, 0]]))
    assert unit_rows(np.array([[3.0, 4.0], [0, 0]])).tolist() == [
        [0.6, 0.8],
        [0, 0],
    ]


def test_weights_stand_beside_their_words():
    keys, weights = weighted_keys([("tax", 2), "navy"], "corn")
    assert keys == ["tax", "navy", "corn"]
    assert weights == [2, 1, -1]


def test_product_scores_by_hand():
    cosines = np.array([[1.0, 0.5], [0.5, -0.5], [0.0, -1.0]])
    found = product_scores(cosines, 2)
    assert found.shape == (1, 2)
    assert found[0, 0] == pytest.approx(0.75 / 0.5, rel=1e-5)
    assert found[0, 1] == pytest.approx(0.75 * 0.25 / 1e-6)


def test_the_index_of_a_vocabulary_is_shared():
    vocabulary = Vocabulary.from_tokens([["tax", "tax", "navy"]])
    vectors = WordVectors(vocabulary, np.eye(2))
    assert vectors.index is vocabulary
    assert vectors.words == ["tax", "navy"]
    assert vectors["navy"].tolist() == [0, 1]
    assert [w for w, _ in vectors.most_similar("tax")] == ["navy"]


def test_word_vectors_are_one_class():
    assert WordVectors.__bases__ == (object,)
    public = [name for name in vars(WordVectors) if not name.startswith("_")]
    for name in public:
        method = getattr(WordVectors, name)
        assert name == "backend" or method.__doc__, name


# --- Error messages ----------------------------------------------------------


@pytest.mark.parametrize("shape", [(5, 4), (7, 4)])
def test_a_matrix_without_a_row_for_each_word_is_refused(shape):
    with pytest.raises(SkipgramError) as error:
        WordVectors(WORDS, np.ones(shape))
    assert "must be one for each of 6 words, got an array of" in str(
        error.value
    )
    assert str(shape) in str(error.value)


@pytest.mark.parametrize("shape", [(6,), (6, 4, 1), (6, 0)])
def test_a_matrix_of_another_shape_is_refused(shape):
    with pytest.raises(SkipgramError) as error:
        WordVectors(WORDS, np.ones(shape))
    assert f"got an array of shape {shape}" in str(error.value)


@pytest.mark.parametrize("dtype", [complex, object, "U3", np.longdouble])
def test_what_is_no_number_is_refused(dtype):
    with pytest.raises(SkipgramError, match="type float16, float32 or float"):
        WordVectors(WORDS, np.ones((6, 2)).astype(dtype))


def test_a_string_is_no_list_of_words():
    with pytest.raises(SkipgramError, match="or a list, got 'abc'"):
        WordVectors("abc", np.ones((3, 2)))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_not_finite_is_found_at_the_first_search(value):
    matrix = np.ones((len(WORDS), 4), np.float32)
    matrix[3, 2] = value
    vectors = WordVectors(WORDS, matrix)
    with pytest.raises(SkipgramError, match="row 3 of the vectors holds"):
        vectors.most_similar("tax")


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_words_of_such_vectors_are_not_compared(value):
    matrix = np.ones((len(WORDS), 4))
    matrix[3, 2] = value
    vectors = WordVectors(WORDS, matrix)
    for ask in (
        lambda: vectors.similarity("tax", "corn"),
        lambda: vectors.doesnt_match(["tax", "corn", "navy"]),
        lambda: vectors.get_vector("corn", norm=True),
    ):
        with pytest.raises(SkipgramError, match="the vector of 'corn' holds"):
            ask()
    assert vectors.similarity("tax", "navy") == pytest.approx(1)


def test_rows_of_different_lengths_are_refused():
    with pytest.raises(SkipgramError, match="the same number of features"):
        WordVectors(["a", "b"], [[1], [2, 3]])


@pytest.mark.parametrize("key", [0, None, 2.5])
def test_what_is_no_word_is_named(key):
    vectors = random_vectors()
    for asked in (key, [key]):
        with pytest.raises(
            SkipgramError, match=rf"index_to_key has that .* got {key}"
        ):
            vectors[asked]
    with pytest.raises(SkipgramError, match="expected a word, or a vector"):
        vectors.similarity("tax", key)


@pytest.mark.parametrize("topn", [-1, 2.5, True, "all"])
def test_a_number_of_words_below_zero_is_refused(topn):
    vectors = random_vectors()
    for ask in (
        vectors.most_similar,
        vectors.most_similar_cosmul,
        vectors.most_similar_many,
    ):
        with pytest.raises(SkipgramError) as error:
            ask(["tax"], topn=topn)
        assert "topn must be a whole number of at least 0" in str(error.value)
        assert repr(topn) in str(error.value)


@pytest.mark.parametrize("restrict", [0, -5, 1.5])
def test_a_search_of_no_word_is_refused(restrict):
    vectors = random_vectors()
    for ask in (
        vectors.most_similar,
        vectors.most_similar_cosmul,
        vectors.most_similar_many,
    ):
        with pytest.raises(SkipgramError, match="restrict_vocab must be"):
            ask(["tax"], restrict_vocab=restrict)


@pytest.mark.parametrize(
    "key",
    [
        5,
        0.5,
        np.ones(3),
        np.ones((2, 2)),
        [1.0, 2.0],
        [[1.0], 2.0, "x"],
        [np.nan, 0, 0, 0],
        ("tax", "navy", "corn"),
        b"tax",
    ],
    ids=steady,
)
def test_what_is_neither_word_nor_vector_is_named(key):
    with pytest.raises(SkipgramError) as error:
        random_vectors().most_similar([key])
    assert "a word, or a vector of 4 finite numbers" in str(error.value)
    assert len(str(error.value)) < 150


@pytest.mark.parametrize("nothing", [None, [], ()])
def test_a_question_without_a_word_is_refused(nothing):
    vectors = random_vectors()
    for ask in (
        vectors.most_similar,
        vectors.most_similar_cosmul,
        vectors.get_mean_vector,
    ):
        with pytest.raises(SkipgramError, match="name one at least"):
            ask(nothing)
    with pytest.raises(SkipgramError, match=r"name one|list, got None"):
        vectors.doesnt_match(nothing)


@pytest.mark.parametrize(
    "weights", [[1.0], [0, 0], [1, np.nan], [1, np.inf], ["a", "b"], 3]
)
def test_weights_that_weigh_nothing_are_refused(weights):
    with pytest.raises(SkipgramError, match="weights"):
        random_vectors().get_mean_vector(["tax", "navy"], weights)


@pytest.mark.parametrize(
    "ask",
    [
        lambda vectors: vectors["taxs"],
        lambda vectors: vectors[["navy", "taxs"]],
        lambda vectors: vectors.get_vector("taxs"),
        lambda vectors: vectors.similarity("taxs", "navy"),
        lambda vectors: vectors.similarity("navy", "taxs"),
        lambda vectors: vectors.most_similar("taxs"),
        lambda vectors: vectors.most_similar("navy", "taxs"),
        lambda vectors: vectors.most_similar_many(["navy", "taxs"]),
        lambda vectors: vectors.most_similar_cosmul("navy", "taxs"),
        lambda vectors: vectors.doesnt_match(["navy", "taxs"]),
        lambda vectors: vectors.rank("navy", "taxs"),
        lambda vectors: vectors.closer_than("taxs", "navy"),
        lambda vectors: vectors.distances("navy", ["taxs"]),
        lambda vectors: vectors.n_similarity(["navy"], ["taxs"]),
    ],
)
def test_an_unknown_word_is_named_with_words_spelt_alike(ask):
    with pytest.raises(UnknownWordError) as error:
        ask(random_vectors())
    message = "'taxs' is not in the vocabulary; did you mean taxes, tax?"
    assert sorted(str(error.value)) == sorted(message)
