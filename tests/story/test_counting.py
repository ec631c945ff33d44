"""Counting: equal to the pairs one by one, in counts, loss and gradients."""

from dataclasses import astuple
from math import log

import numpy as np
import pytest
import scipy.sparse as sp
import scipy.stats
from helpers import assert_same_weights, numeric_gradients
from hypothesis import given
from hypothesis import strategies as st

from skipgram_lib.counts import counts as library
from skipgram_lib.story.counting import (
    count_pairs,
    entropy_floor,
    loss_and_gradients,
    unigram_loss,
)
from skipgram_lib.story.fake_task import training_pairs
from skipgram_lib.story.learning import Network, pair_gradients, pair_loss

V, D = 5, 3
# The last document sees to it that there is always a pair.
texts = st.lists(st.lists(st.integers(0, V - 1), max_size=12), max_size=4).map(
    lambda documents: [*documents, [0, 1]]
)
windows = st.integers(1, 6)
seeds = st.integers(0, 1_000)
tables = st.lists(
    st.lists(st.integers(0, 4), min_size=V, max_size=V),
    min_size=V,
    max_size=V,
).map(lambda rows: np.array(rows, float) + np.eye(V, k=1))


def random_network(seed=0, scale=0.5):
    """Return a float64 network without a weight or bias of zero."""
    rng = np.random.default_rng(seed)
    shapes = [(V, D), (V, D), (V,)]
    return Network(*(rng.normal(0, scale, shape) for shape in shapes))


def pairs_of(documents, window):
    """Return all pairs of some documents, one by one."""
    return [p for ids in documents for p in training_pairs(ids, window)]


def brute_force(documents, window):
    """Count the pairs of some documents one by one."""
    N = np.zeros((V, V))
    for centre, context in pairs_of(documents, window):
        N[centre, context] += 1
    return N


# The counts


@given(texts, windows)
def test_counts_are_those_of_the_pairs_one_by_one(documents, window):
    N = count_pairs(documents, V, [1] * window)
    assert N.shape == (V, V)
    assert (N.toarray() == brute_force(documents, window)).all()


@given(texts, st.lists(st.integers(0, 5), min_size=1, max_size=5))
def test_a_weight_belongs_to_a_distance(documents, weights):
    N = count_pairs(documents, V, weights).toarray()
    wanted = np.zeros((V, V))
    for distance, weight in enumerate(weights, start=1):
        at_most = brute_force(documents, distance)
        closer = brute_force(documents, distance - 1)
        wanted += weight * (at_most - closer)
    assert (N == wanted).all()
    assert (N == N.T).all()


def test_no_pair_reaches_into_the_next_document():
    N = count_pairs([[0, 1], [2]], V, [1] * 4).toarray()
    assert N.nonzero()[0].tolist() == [0, 1]
    assert N[0, 1] == N[1, 0] == 1


# Loss and gradients


@given(texts, windows, seeds)
def test_loss_and_gradients_are_those_of_the_pairs(documents, window, seed):
    network, pairs = random_network(seed), pairs_of(documents, window)
    loss, by_pairs = 0.0, [np.zeros_like(a) for a in astuple(network)]
    for centre, context in pairs:
        loss += pair_loss(network, [centre], [context])
        for_h, for_W_out, for_bias = pair_gradients(network, centre, context)
        by_pairs[0][centre] += for_h
        by_pairs[1] += for_W_out
        by_pairs[2] += for_bias
    N = count_pairs(documents, V, [1] * window).toarray()
    total, *by_counts = loss_and_gradients(network, np.arange(V), N)
    assert total == pytest.approx(loss, rel=1e-12)
    assert_same_weights(Network(*by_counts), Network(*by_pairs), 1e-10)


@given(tables, seeds, st.permutations(range(V)), st.integers(1, V))
def test_gradients_are_the_slopes_of_the_loss(N, seed, order, size):
    network, rows = random_network(seed), order[:size]
    slopes = numeric_gradients(
        lambda n: loss_and_gradients(n, rows, N[rows])[0], network
    )
    _, for_h, for_W_out, for_bias = loss_and_gradients(network, rows, N[rows])
    for_W_in = np.zeros((V, D))
    for_W_in[rows] = for_h
    found = Network(for_W_in, for_W_out, for_bias)
    assert_same_weights(found, slopes, 1e-6)


@given(tables)
def test_a_uniform_guess_has_a_loss_of_ln_v(N):
    network = random_network(scale=0)
    loss, *_ = loss_and_gradients(network, np.arange(V), N)
    assert loss / N.sum() == pytest.approx(log(V), rel=1e-14)


# Floor and baseline


@given(tables)
def test_the_floor_is_scipys_entropy_of_the_rows(N):
    rows = N[N.any(axis=1)]
    entropies = scipy.stats.entropy(rows, axis=1)
    wanted = np.average(entropies, weights=rows.sum(axis=1))
    floor = entropy_floor(sp.csr_array(N))
    assert floor == pytest.approx(wanted, abs=1e-12)
    assert floor == pytest.approx(
        library.entropy_floor(sp.csr_array(N)), abs=1e-12
    )


@given(tables)
def test_the_unigram_loss_is_scipys_entropy_of_the_contexts(N):
    loss = unigram_loss(sp.csr_array(N))
    assert loss == pytest.approx(scipy.stats.entropy(N.sum(axis=0)))
    assert loss == pytest.approx(library.unigram_entropy(sp.csr_array(N)))


@given(tables)
def test_the_unigram_loss_is_that_of_a_bias_alone(N):
    N += 0.1  # so that no logarithm is infinite
    network = random_network(scale=0)
    network.bias += np.log(N.sum(axis=0))
    loss, *_ = loss_and_gradients(network, np.arange(V), N)
    assert loss / N.sum() == pytest.approx(unigram_loss(sp.csr_array(N)))


@given(tables, seeds, st.floats(0, 9))
def test_no_network_goes_below_the_floor(N, seed, scale):
    floor = entropy_floor(sp.csr_array(N))
    assert floor <= unigram_loss(sp.csr_array(N)) + 1e-12 <= log(V) + 2e-12
    network = random_network(seed, scale)
    loss, *_ = loss_and_gradients(network, np.arange(V), N)
    assert floor <= loss / N.sum() + 1e-12
