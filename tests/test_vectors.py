"""Word vectors: cosines, against SciPy and the slow way."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cosine

from skipgram_lib import SkipgramError, UnknownWordError, WordVectors

WORDS = ["tax", "taxes", "wheat", "corn", "navy", "army"]
seeds = st.integers(0, 1_000)


def random_vectors(seed=0):
    rng = np.random.default_rng(seed)
    return WordVectors(WORDS, rng.normal(size=(len(WORDS), 4)))


@given(seeds, st.sampled_from(WORDS), st.sampled_from(WORDS))
def test_similarity_is_scipys_cosine(seed, word, other):
    vectors = random_vectors(seed)
    wanted = 1 - cosine(vectors[word], vectors[other])
    similarity = vectors.similarity(word, other)
    assert similarity == pytest.approx(wanted, abs=1e-12)
    assert type(similarity) is float


@given(seeds, st.sampled_from(WORDS), st.integers(1, 9))
def test_the_most_similar_are_the_best_of_all_others(seed, word, topn):
    vectors = random_vectors(seed)
    others = {w: vectors.similarity(word, w) for w in WORDS if w != word}
    wanted = sorted(others.items(), key=lambda item: -item[1])[:topn]
    found = vectors.most_similar(word, topn)
    assert [w for w, _ in found] == [w for w, _ in wanted]
    assert [c for _, c in found] == pytest.approx([c for _, c in wanted])


def test_words_of_equal_cosine_stand_in_the_order_of_the_vocabulary():
    vectors = WordVectors(WORDS, np.ones((len(WORDS), 2)))
    assert [w for w, _ in vectors.most_similar("wheat")] == [
        word for word in WORDS if word != "wheat"
    ]


def test_a_vector_of_zeros_is_similar_to_none():
    matrix = np.eye(len(WORDS))
    matrix[0] = 0
    vectors = WordVectors(WORDS, matrix)
    assert vectors.similarity("tax", "navy") == 0
    assert vectors.similarity("tax", "tax") == 0
    assert np.isfinite([c for _, c in vectors.most_similar("tax")]).all()


@given(seeds, st.floats(0.01, 100))
def test_length_does_not_matter(seed, factor):
    vectors = random_vectors(seed)
    longer = WordVectors(WORDS, vectors.matrix * factor)
    assert longer.similarity("tax", "corn") == pytest.approx(
        vectors.similarity("tax", "corn")
    )


def test_vectors_are_rows_by_word():
    vectors = random_vectors()
    assert len(vectors) == len(WORDS)
    assert vectors.words == WORDS
    assert "tax" in vectors
    assert "soviet" not in vectors
    for i, word in enumerate(WORDS):
        assert (vectors[word] == vectors.matrix[i]).all()


@pytest.mark.parametrize("shape", [(5, 4), (7, 4), (6,), (6, 4, 1)])
def test_a_matrix_without_a_row_for_each_word_is_refused(shape):
    with pytest.raises(SkipgramError) as error:
        WordVectors(WORDS, np.ones(shape))
    assert "6 words need a matrix of as many rows" in str(error.value)
    assert f"got one of shape {shape}" in str(error.value)


@pytest.mark.parametrize("topn", [0, -1, 2.5, True, "all", None])
def test_a_number_of_words_below_one_is_refused(topn):
    with pytest.raises(SkipgramError) as error:
        random_vectors().most_similar("tax", topn)
    assert "topn must be a whole number of at least 1" in str(error.value)
    assert repr(topn) in str(error.value)


@pytest.mark.parametrize(
    "ask",
    [
        lambda vectors: vectors["taxs"],
        lambda vectors: vectors.similarity("taxs", "navy"),
        lambda vectors: vectors.similarity("navy", "taxs"),
        lambda vectors: vectors.most_similar("taxs"),
    ],
)
def test_an_unknown_word_is_named_with_words_spelt_alike(ask):
    with pytest.raises(UnknownWordError) as error:
        ask(random_vectors())
    message = "'taxs' is not in the vocabulary; did you mean taxes, tax?"
    assert sorted(str(error.value)) == sorted(message)
