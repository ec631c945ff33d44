"""Word vectors: cosines and searches, against gensim, SciPy, the slow way."""

import numpy as np
import pytest
from gensim.models import KeyedVectors
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


def gensims(vectors):
    """Return gensim's object with the same words and vectors."""
    theirs = KeyedVectors(vectors.vector_size, dtype=np.float32)
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
    with pytest.raises(TypeError):
        vectors.key_to_index["tax"] = 3


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
    vectors = WordVectors(WORDS, matrix)
    vectors.most_similar("tax")
    assert vectors.matrix is matrix
    assert np.shares_memory(vectors["tax"], matrix)
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
    table = WordVectors(MANY, mapped)
    assert table.matrix is mapped
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
    assert "6 words need a matrix of as many rows" in str(error.value)
    assert f"got one of shape {shape}" in str(error.value)


@pytest.mark.parametrize("shape", [(6,), (6, 4, 1), (6, 0)])
def test_a_matrix_of_another_shape_is_refused(shape):
    with pytest.raises(SkipgramError) as error:
        WordVectors(WORDS, np.ones(shape))
    assert f"a row for each word, got one of shape {shape}" in str(error.value)


@pytest.mark.parametrize("dtype", [complex, object, "U3", np.longdouble])
def test_what_is_no_number_is_refused(dtype):
    with pytest.raises(SkipgramError, match="type float16, float32 or float"):
        WordVectors(WORDS, np.ones((6, 2)).astype(dtype))


def test_a_string_is_no_list_of_words():
    with pytest.raises(SkipgramError, match="words must be a list, got 'abc'"):
        WordVectors("abc", np.ones((3, 2)))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30])
def test_a_value_that_is_not_finite_is_found_at_the_first_search(value):
    matrix = np.ones((len(WORDS), 4), np.float32)
    matrix[3, 2] = value
    vectors = WordVectors(WORDS, matrix)
    with pytest.raises(SkipgramError, match="row 3 of the vectors holds"):
        vectors.most_similar("tax")


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e200])
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
    with pytest.raises(SkipgramError, match="expected a word, got"):
        vectors[key]


@pytest.mark.parametrize("topn", [0, -1, 2.5, True, "all", None])
def test_a_number_of_words_below_one_is_refused(topn):
    vectors = random_vectors()
    for ask in (
        vectors.most_similar,
        vectors.most_similar_cosmul,
        vectors.most_similar_many,
    ):
        with pytest.raises(SkipgramError) as error:
            ask(["tax"], topn=topn)
        assert "topn must be a whole number of at least 1" in str(error.value)
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
    ids=repr,
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
        vectors.doesnt_match,
    ):
        with pytest.raises(SkipgramError, match="name one at least"):
            ask(nothing)


@pytest.mark.parametrize(
    "weights", [[1.0], [0, 0], [1, np.nan], [1, np.inf], ["a", "b"], 3]
)
def test_weights_that_weigh_nothing_are_refused(weights):
    with pytest.raises(SkipgramError, match="weights"):
        random_vectors().get_mean_vector(["tax", "navy"], weights)


def test_a_string_is_not_a_list_of_odd_ones():
    with pytest.raises(SkipgramError, match="several words, got 'tax navy'"):
        random_vectors().doesnt_match("tax navy")


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
