"""Places of words on a plane, and the words that are nearest."""

import re
import sys

import numpy as np
import pytest
from helpers import run_python
from hypothesis import given
from hypothesis import strategies as st
from sklearn.decomposition import PCA

from skipgram_lib import SkipgramError, WordVectors
from skipgram_lib.apps import layout
from skipgram_lib.apps.layout import (
    fit_square,
    nearest_ids,
    principal_plane,
    word_map_positions,
)
from skipgram_lib.errors import MissingPackageError
from skipgram_lib.vectors.search import unit_rows


def some_vectors(n=40, D=8, seed=0):
    """Return vectors of n words drawn at random."""
    rng = np.random.default_rng(seed)
    return WordVectors([f"word{i}" for i in range(n)], rng.normal(size=(n, D)))


@given(n=st.integers(3, 30), D=st.integers(3, 9), seed=st.integers(0, 99))
def test_the_plane_is_that_of_scikit_learn_up_to_signs(n, D, seed):
    rows = np.random.default_rng(seed).normal(size=(n, D)) * np.arange(
        1, D + 1
    )
    ours, kept = principal_plane(rows)
    oracle = PCA(2, svd_solver="full").fit(rows)
    theirs = oracle.transform(rows)
    signs = np.sign((ours * theirs).sum(axis=0))
    np.testing.assert_allclose(ours * signs, theirs, atol=1e-7)
    share = oracle.explained_variance_ratio_.sum()
    assert kept == pytest.approx(share, abs=1e-9)
    assert (abs(ours).max(axis=0) == ours.max(axis=0)).all()


@pytest.mark.parametrize("shape", [(1, 3), (2, 3), (5, 1), (1, 1)])
@pytest.mark.parametrize("method", ["pca", "tsne"])
def test_few_words_and_few_features_have_places(shape, method):
    n, D = shape
    places = word_map_positions(some_vectors(n, D), n, method)
    assert places.shape == (n, 2)
    assert np.isfinite(places).all()


def test_equal_vectors_have_places_too():
    vectors = WordVectors(list("abcdef"), np.ones((6, 4)))
    for method in ("pca", "tsne"):
        places = word_map_positions(vectors, 6, method)
        assert np.isfinite(places).all()


def test_words_can_be_named_grouped_or_counted():
    vectors = some_vectors()
    names = [f"word{i}" for i in range(6)]
    groups = {"one": names[:2], "two": names[2:]}
    for words in (6, names, iter(names), groups):
        places = word_map_positions(vectors, words, "pca")
        assert (places == word_map_positions(vectors, 6, "pca")).all()
    assert len(word_map_positions(vectors, 1_000, "pca")) == 40


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "umap"}, "method must be 'tsne' or 'pca', got 'umap'"),
        ({"words": 0}, "words must be a whole number of at least 1"),
        ({"words": True}, "words must be a whole number"),
        ({"words": {"a": "word1"}}, "words must be a list"),
        ({"seed": -1}, "seed must be a whole number of at least 0"),
    ],
)
def test_positions_that_cannot_be_computed(options, message):
    with pytest.raises(SkipgramError, match=re.escape(message)):
        word_map_positions(some_vectors(), **options)


def test_another_seed_is_another_map():
    one, same, other = (
        word_map_positions(some_vectors(), seed=seed) for seed in (0, 0, 1)
    )
    assert np.array_equal(one, same)
    assert abs(one - other).max() > 0.1


@pytest.mark.slow
def test_the_map_is_the_same_on_every_number_of_cores():
    # Smaller tables are not multiplied by several threads at once.
    code = (
        "import numpy as np\n"
        "from skipgram_lib import WordVectors\n"
        "from skipgram_lib.apps.layout import word_map_positions\n"
        "rows = np.random.default_rng(0).normal(size=(1_000, 300))\n"
        "vectors = WordVectors([str(i) for i in range(1_000)], rows)\n"
        "print(word_map_positions(vectors).tobytes().hex())"
    )
    first, second = (
        run_python(code, OMP_NUM_THREADS=n, OPENBLAS_NUM_THREADS=n)
        for n in "12"
    )
    assert first == second


def test_tsne_keeps_neighbours_together():
    rng = np.random.default_rng(0)
    centres = 6 * np.eye(5)[np.arange(60) % 5]
    rows = centres + rng.normal(size=(60, 5))
    vectors = WordVectors([str(i) for i in range(60)], rows)
    places = word_map_positions(vectors, 60)
    far = ((places[:, None] - places) ** 2).sum(axis=2)
    np.fill_diagonal(far, np.inf)
    assert (far.argmin(axis=1) % 5 == np.arange(60) % 5).mean() > 0.9


def test_without_scikit_learn_one_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.manifold", None)
    with pytest.raises(MissingPackageError, match="need scikit-learn"):
        word_map_positions(some_vectors())
    assert word_map_positions(some_vectors(), method="pca").any()


def test_a_vector_that_is_not_finite_is_refused():
    vectors = WordVectors(["a", "b"], [[1.0, np.nan], [1, 2]])
    with pytest.raises(SkipgramError, match="not finite"):
        word_map_positions(vectors, 2, method="pca")


def test_words_beyond_the_map_go_to_their_neighbours(monkeypatch):
    vectors = some_vectors(90, 5)
    monkeypatch.setattr(layout, "MAX_TSNE_WORDS", 60)
    places = word_map_positions(vectors, 90)
    assert (places[:60] == word_map_positions(vectors, 60)).all()
    rows = unit_rows(vectors.matrix)
    for i in range(60, 90):
        near = np.argsort(-rows[:60] @ rows[i], kind="stable")[:8]
        np.testing.assert_allclose(places[i], places[near].mean(axis=0))


def test_nearest_words_by_their_ids():
    vectors = some_vectors(1_100, 5)
    found = nearest_ids(vectors, vectors.words, 4)
    rows = unit_rows(vectors.matrix)
    scores = rows @ rows.T
    np.fill_diagonal(scores, -np.inf)
    assert (found == np.argsort(-scores, axis=1, kind="stable")[:, :4]).all()
    assert nearest_ids(some_vectors(3), ["word1"], 9).shape == (1, 2)


def test_equally_near_words_come_in_the_order_of_the_words():
    rows = np.ones((300, 3))
    rows[7] = [1, 0, 0]
    vectors = WordVectors([str(i) for i in range(300)], rows)
    found = nearest_ids(vectors, vectors.words, 3)
    assert found[7].tolist() == [0, 1, 2]
    assert found[1].tolist() == [0, 2, 3]
    assert found[299].tolist() == [0, 1, 2]


def test_places_fill_a_square():
    places = np.random.default_rng(1).normal(size=(30, 2)) * [3, 1] - 7
    square = fit_square(places)
    assert square[:, 0].min() == pytest.approx(0)
    assert square[:, 0].max() == pytest.approx(1)
    low, high = square[:, 1].min(), square[:, 1].max()
    assert 0 < low < high < 1
    assert low + high == pytest.approx(1)
    assert fit_square(places[:1]).tolist() == [[0.5, 0.5]]
