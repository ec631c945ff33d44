"""The story's weights of the counts, and its questions to a network."""

import numpy as np
import pytest
import scipy.sparse as sp

from skipgram_lib import WordVectors, count_pairs
from skipgram_lib.counts import cells
from skipgram_lib.story.answers import (
    keep_probability,
    most_similar,
    predict_context,
    subsample,
)
from skipgram_lib.story.counting import count_pairs as story_counts
from skipgram_lib.story.learning import Network

WORDS = ["the", "soviet", "union", "tax", "taxes"]


@pytest.fixture
def network():
    """Return a network of five words, in float64."""
    rng = np.random.default_rng(0)
    return Network(*(rng.normal(size=s) for s in [(5, 3), (5, 3), 5]))


def test_keep_probability_by_hand():
    # Shares of the text: 0.9, 0.09, 0.01; the threshold is 0.01.
    keep = keep_probability(np.array([900, 90, 10]), 0.01)
    by_hand = [np.sqrt(1 / 90) + 1 / 90, np.sqrt(1 / 9) + 1 / 9, 1]
    np.testing.assert_allclose(keep, by_hand, rtol=1e-12)


def test_a_pair_is_left_if_both_words_are():
    N, keep = sp.csr_array([[0, 8.0], [4, 2]]), np.array([0.5, 0.25])
    left = subsample(N, keep)
    assert left.toarray().tolist() == [[0, 1], [0.5, 0.125]]
    assert left[[1]].toarray().tolist() == [[0.5, 0.125]]


def test_subsampled_counts_are_what_a_die_leaves_on_average():
    rng, keep = np.random.default_rng(0), np.array([0.3, 0.8, 1.0])
    pairs = rng.integers(0, 3, (30, 2))
    N = np.zeros((3, 3))
    np.add.at(N, tuple(pairs.T), 1)
    thrown = np.zeros((3, 3))
    for _ in range(2_000):
        stays = rng.random(pairs.shape) < keep[pairs]
        np.add.at(thrown, tuple(pairs[stays.all(axis=1)].T), 1 / 2_000)
    expected = subsample(sp.csr_array(N), keep).toarray()
    np.testing.assert_allclose(thrown, expected, atol=0.15)


def test_both_weights_are_those_of_the_library(sotu_documents, sotu_counts):
    vocabulary = sotu_counts.vocabulary
    keep = keep_probability(vocabulary.frequencies, 1e-3)
    theirs = cells.keep_probability(vocabulary, 1e-3)
    np.testing.assert_allclose(keep, theirs, rtol=1e-13)
    some = sotu_documents[:20]
    ids = [vocabulary.encode(tokens).tolist() for tokens in some]
    plain = story_counts(ids, len(vocabulary), [1, 0.8, 0.6, 0.4, 0.2])
    counts = count_pairs(some, vocabulary=vocabulary)
    own = cells.keep_probability(counts.vocabulary, 1e-3)
    np.testing.assert_allclose(counts.keep, own, rtol=1e-13)
    assert abs(subsample(plain, own) - counts.matrix()).max() < 1e-9


def test_the_likeliest_words_by_hand(network):
    for i, word in enumerate(WORDS):
        scores = network.W_out @ network.W_in[i] + network.bias
        powers = np.exp(scores)
        found = predict_context(network, WORDS, word, 5)
        assert sum(p for _, p in found) == pytest.approx(1)
        ps = [p for _, p in found]
        assert ps == sorted(ps, reverse=True)
        for other, p in found:
            share = powers[WORDS.index(other)] / powers.sum()
            assert p == pytest.approx(share)
        assert predict_context(network, WORDS, word, 2) == found[:2]


def test_similar_words_are_those_of_the_library(network):
    vectors = WordVectors(WORDS, network.W_in)
    for word in WORDS:
        ours = most_similar(network.W_in, WORDS, word, 4)
        theirs = vectors.most_similar(word, topn=4)
        assert [w for w, _ in ours] == [w for w, _ in theirs]
        for (_, one), (_, other) in zip(ours, theirs, strict=True):
            assert one == pytest.approx(other)
        assert word not in dict(ours)


def test_a_word_that_is_longer_is_no_less_similar():
    W_in = np.array([[3.0, 4], [40, 30], [4, 3], [-3, -4]])
    found = most_similar(W_in, WORDS[:4], "the", 3)
    assert found[-1] == ("tax", pytest.approx(-1))
    assert dict(found)["soviet"] == pytest.approx(0.96)
    assert dict(found)["union"] == pytest.approx(0.96)
