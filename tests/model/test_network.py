"""The network: first loss, gradients, and learning pair by pair."""

import math

import numpy as np
import pytest
from helpers import (
    assert_same_weights,
    bits,
    numeric_gradients,
    random_network,
)
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import softmax

from skipgram_lib import SkipgramError, Vocabulary
from skipgram_lib.backend.base import Backend
from skipgram_lib.counts.windows import training_pairs
from skipgram_lib.model.network import initial_network
from skipgram_lib.story import learning
from skipgram_lib.story.learning import (
    pair_gradients,
    pair_loss,
    sgd_pair_by_pair,
    sgd_step,
)

V, D = 6, 3
id_pairs = st.lists(
    st.tuples(st.integers(0, V - 1), st.integers(0, V - 1)),
    min_size=1,
    max_size=8,
)
seeds = st.integers(0, 1_000)


@given(st.integers(1, 40), id_pairs)
def test_a_uniform_guess_has_a_loss_of_ln_v(more, pairs):
    network = initial_network(V + more, D, 0, scale=0, dtype=np.float64)
    loss = pair_loss(network, pairs)
    assert loss == pytest.approx(math.log(V + more), rel=1e-14)


def test_small_initial_weights_start_near_ln_v():
    network = initial_network(1_000, 50, rng=0)
    pairs = training_pairs(np.arange(1_000), 2)
    assert pair_loss(network, pairs) == pytest.approx(
        math.log(1_000), rel=1e-3
    )


def test_initial_weights_are_as_described():
    network = initial_network(400, 50, rng=0, scale=0.2)
    assert network.W_in.shape == network.W_out.shape == (400, 50)
    assert (network.bias == np.zeros(400)).all()
    assert {array.dtype for array in vars(network).values()} == {
        np.dtype("float32")
    }
    for weights in (network.W_in, network.W_out):
        assert weights.std() == pytest.approx(0.2, rel=0.05)
        assert abs(weights.mean()) < 0.01
    other = initial_network(400, 50, rng=0, scale=0.2, contexts=30)
    assert (other.W_in == network.W_in).all()
    assert other.W_out.shape == (30, 50)
    assert (other.bias == np.zeros(30)).all()
    assert other.scores([3, 5]).shape == (2, 30)
    assert not (network.W_in == network.W_out).any()


def test_a_seed_decides_the_initial_weights():
    first = initial_network(V, D, 1)
    assert bits(first) == bits(initial_network(V, D, np.random.default_rng(1)))
    assert bits(first) != bits(initial_network(V, D, 2))


def test_initial_weights_are_brought_to_the_backend():
    class Recorder(Backend):
        def asarray(self, array, dtype=None):
            brought.append(array)
            return super().asarray(array, dtype)

    brought = []
    network = initial_network(V, D, 0, backend=Recorder())
    for array in vars(network).values():
        assert any(array is one for one in brought)


@given(id_pairs, seeds)
def test_the_loss_is_the_mean_surprise_of_the_contexts(pairs, seed):
    network = random_network(V, D, seed)
    surprise = []
    for centre, context in pairs:
        scores = network.W_out @ network.W_in[centre] + network.bias
        surprise.append(-math.log(softmax(scores)[context]))
    assert pair_loss(network, pairs) == pytest.approx(np.mean(surprise))


@given(id_pairs, seeds)
def test_gradients_are_the_slopes_of_the_loss(pairs, seed):
    network = random_network(V, D, seed)
    slopes = numeric_gradients(lambda n: pair_loss(n, pairs), network)
    assert_same_weights(pair_gradients(network, pairs), slopes, 1e-8)


def test_a_centre_that_occurs_twice_learns_twice():
    network = random_network(V, D)
    pairs = [(2, 1), (2, 4), (2, 1)]
    slopes = numeric_gradients(lambda n: pair_loss(n, pairs), network)
    gradients = pair_gradients(network, pairs)
    assert_same_weights(gradients, slopes, 1e-8)
    assert np.flatnonzero(gradients.W_in.any(axis=1)).tolist() == [2]


@given(id_pairs, seeds)
def test_the_gradient_of_a_batch_is_the_mean_over_its_pairs(pairs, seed):
    network = random_network(V, D, seed)
    batch = pair_gradients(network, pairs)
    single = [pair_gradients(network, [pair]) for pair in pairs]
    for name, array in vars(batch).items():
        mean = np.mean([getattr(one, name) for one in single], axis=0)
        np.testing.assert_allclose(array, mean, atol=1e-14)


@given(id_pairs, seeds)
def test_what_one_word_gains_the_others_lose(pairs, seed):
    gradients = pair_gradients(random_network(V, D, seed), pairs)
    assert gradients.bias.sum() == pytest.approx(0, abs=1e-14)
    np.testing.assert_allclose(gradients.W_out.sum(axis=0), 0, atol=1e-14)


def test_a_step_goes_against_the_gradient_in_place():
    network, before = random_network(V, D), random_network(V, D)
    arrays = list(vars(network).values())
    gradients = pair_gradients(before, [(0, 1), (3, 3)])
    sgd_step(network, [(0, 1), (3, 3)], lr=0.5)
    for name, array in vars(network).items():
        wanted = getattr(before, name) - 0.5 * getattr(gradients, name)
        np.testing.assert_array_equal(array, wanted)
        assert any(array is one for one in arrays)


def test_training_visits_every_pair_once_an_epoch_at_falling_rates():
    pairs = np.array([(0, 1), (1, 2), (2, 0), (4, 5)])
    network, slow = random_network(V, D), random_network(V, D)
    losses = sgd_pair_by_pair(network, pairs, epochs=2, lr=0.8, rng=5)

    rng, wanted = np.random.default_rng(5), []
    order = [*rng.permutation(4), *rng.permutation(4)]
    for step, i in enumerate(order):
        sgd_step(slow, pairs[[i]], lr=0.8 * (1 - step / 8))
        if step in (3, 7):
            wanted.append(pair_loss(slow, pairs))
    assert losses == pytest.approx(wanted, rel=1e-12)
    assert_same_weights(network, slow, 1e-12)


def test_the_same_seed_trains_to_the_same_bits():
    first, again, other = (random_network(V, D) for _ in range(3))
    for network, seed in ((first, 1), (again, 1), (other, 2)):
        sgd_pair_by_pair(network, [(0, 1), (1, 2), (2, 3)], 2, 0.1, seed)
    assert bits(first) == bits(again)
    assert bits(first) != bits(other)


def test_trained_probabilities_are_the_counted_shares():
    text = "new york " * 9 + "old york kangaroo"
    vocabulary = Vocabulary.from_tokens([text.split()])
    ids = vocabulary.encode(text.split())
    pairs = training_pairs(ids, window=1)
    network = initial_network(len(vocabulary), 4, rng=0, dtype=np.float64)
    losses = sgd_pair_by_pair(network, pairs, epochs=150, lr=0.3, rng=0)

    near_york = pairs[pairs[:, 0] == vocabulary["york"], 1]
    share = np.bincount(near_york, minlength=len(vocabulary)) / len(near_york)
    probs = softmax(network.scores([vocabulary["york"]])[0])
    assert probs == pytest.approx(share, abs=0.02)
    assert 0.8 < probs[vocabulary["new"]] < 0.95
    assert losses[-1] < losses[0] < math.log(len(vocabulary))


def test_the_network_of_the_story_is_that_of_the_library():
    ours = initial_network(V, D, 3, scale=0.2, dtype=np.float64)
    story = learning.initial_network(V, D, 3, scale=0.2, dtype=np.float64)
    assert bits(ours) == bits(story)
    assert (ours.scores([4, 4, 1]) == story.scores([4, 4, 1])).all()


@pytest.mark.parametrize("value", [0, -5, 2.5, True])
@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("vocabulary size", lambda value: initial_network(value, 3)),
        ("vector_size", lambda value: initial_network(3, value)),
    ],
)
def test_sizes_below_one_or_broken_are_refused(name, call, value):
    with pytest.raises(SkipgramError) as error:
        call(value)
    assert f"{name} must be a whole number of at least 1" in str(error.value)
    assert repr(value) in str(error.value)
