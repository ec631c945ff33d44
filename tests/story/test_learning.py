"""Learning: the loss and its gradients of a pair, and training by pairs."""

import math
from collections import Counter
from dataclasses import astuple

import numpy as np
import pytest
from helpers import assert_same_weights, bits, numeric_gradients
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import softmax

from skipgram_lib.story.fake_task import training_pairs
from skipgram_lib.story.learning import (
    Network,
    initial_network,
    pair_gradients,
    pair_loss,
    sgd,
    sgd_step,
)
from skipgram_lib.story.words import encode, most_frequent

V, D = 6, 3
ids = st.integers(0, V - 1)
id_pairs = st.lists(st.tuples(ids, ids), min_size=1, max_size=8)
seeds = st.integers(0, 1_000)


def random_network(seed=0):
    """Return a float64 network without a weight or bias of zero."""
    rng = np.random.default_rng(seed)
    shapes = [(V, D), (V, D), (V,)]
    return Network(*(rng.normal(0, 0.5, shape) for shape in shapes))


def loss_of(network, pairs):
    """Return the mean loss of pairs."""
    return pair_loss(network, *map(list, zip(*pairs, strict=True)))


def mean_gradients(network, pairs):
    """Return the mean of the pairs' gradients, spread over all weights."""
    mean = Network(*(np.zeros_like(a) for a in astuple(network)))
    for centre, context in pairs:
        for_h, for_W_out, for_bias = pair_gradients(network, centre, context)
        mean.W_in[centre] += for_h / len(pairs)
        mean.W_out += for_W_out / len(pairs)
        mean.bias += for_bias / len(pairs)
    return mean


# The loss


@given(id_pairs)
def test_a_uniform_guess_has_a_loss_of_ln_v(pairs):
    network = Network(np.zeros((V, D)), np.zeros((V, D)), np.zeros(V))
    assert loss_of(network, pairs) == pytest.approx(math.log(V), rel=1e-14)


def test_initial_weights_are_small_and_their_loss_is_near_ln_v():
    network = initial_network(400, 50, np.random.default_rng(0))
    assert {a.dtype for a in astuple(network)} == {np.dtype("float32")}
    for weights in (network.W_in, network.W_out):
        assert weights.shape == (400, 50)
        assert weights.std() == pytest.approx(0.03, rel=0.05)
    assert not (network.W_in == network.W_out).any()
    assert (network.bias == np.zeros(400)).all()
    some = list(range(400))
    assert pair_loss(network, some, some[::-1]) == pytest.approx(
        math.log(400), rel=1e-3
    )


@given(id_pairs, seeds)
def test_the_loss_is_the_mean_of_the_contexts_losses(pairs, seed):
    network = random_network(seed)
    losses = []
    for centre, context in pairs:
        scores = network.W_out @ network.W_in[centre] + network.bias
        losses.append(-math.log(softmax(scores)[context]))
    assert loss_of(network, pairs) == pytest.approx(np.mean(losses))


# Its gradients


@given(ids, ids, seeds)
def test_gradients_are_the_slopes_of_the_loss(centre, context, seed):
    network, pairs = random_network(seed), [(centre, context)]
    slopes = numeric_gradients(lambda n: loss_of(n, pairs), network)
    assert_same_weights(mean_gradients(network, pairs), slopes, 1e-8)
    others = np.delete(slopes.W_in, centre, axis=0)
    assert not others.any(), "only the centre's row takes part"


@given(id_pairs, seeds)
def test_gradients_of_pairs_add_up_also_where_a_centre_comes_twice(
    pairs, seed
):
    network = random_network(seed)
    pairs = [*pairs, pairs[0], (pairs[0][0], 4)]
    slopes = numeric_gradients(lambda n: loss_of(n, pairs), network)
    assert_same_weights(mean_gradients(network, pairs), slopes, 1e-8)


@given(ids, ids, seeds)
def test_what_one_word_gains_the_others_lose(centre, context, seed):
    network = random_network(seed)
    _, for_W_out, for_bias = pair_gradients(network, centre, context)
    assert for_bias.sum() == pytest.approx(0, abs=1e-14)
    np.testing.assert_allclose(for_W_out.sum(axis=0), 0, atol=1e-14)
    assert (for_bias < 0).nonzero()[0].tolist() == [context]


@given(ids, seeds)
def test_rows_with_the_same_target_are_pulled_together(context, seed):
    network = random_network(seed)
    one, other = (pair_gradients(network, c, context)[0] for c in (0, 1))
    pull = (network.W_in[0] - network.W_in[1]) @ (one - other)
    assert pull > 0


# Training


def test_a_step_goes_against_the_gradient_in_place():
    network, before = random_network(), random_network()
    arrays = list(vars(network).values())
    gradients = mean_gradients(before, [(3, 1)])
    sgd_step(network, 3, 1, lr=0.5)
    for name, array in vars(network).items():
        wanted = getattr(before, name) - 0.5 * getattr(gradients, name)
        np.testing.assert_array_equal(array, wanted)
        assert any(array is one for one in arrays)


def test_training_visits_every_pair_once_an_epoch_in_a_new_order():
    pairs = [(0, 1), (1, 2), (2, 0), (4, 5)]
    network, slow = random_network(), random_network()
    sgd(network, pairs, epochs=2, lr=0.8, rng=np.random.default_rng(5))
    rng = np.random.default_rng(5)
    orders = [rng.permutation(4).tolist() for _ in range(2)]
    assert orders[0] != orders[1]
    for i in [*orders[0], *orders[1]]:
        sgd_step(slow, *pairs[i], lr=0.8)
    assert bits(network) == bits(slow)


def test_the_same_seed_trains_to_the_same_bits():
    first, again, other = (random_network() for _ in range(3))
    for network, seed in ((first, 1), (again, 1), (other, 2)):
        rng = np.random.default_rng(seed)
        sgd(network, [(0, 1), (1, 2), (2, 3)], 2, 0.1, rng)
    assert bits(first) == bits(again)
    assert bits(first) != bits(other)


def trained_on(text, D, epochs=150):
    """Train on a text of lines; return words, pairs, start and network."""
    documents = [line.split() for line in text]
    words = most_frequent(documents, 99)
    pairs = [
        pair
        for tokens in encode(documents, words)
        for pair in training_pairs(tokens, 1)
    ]
    rng = np.random.default_rng(0)
    network = initial_network(len(words), D, rng)
    start = network.W_in.copy()
    for k in range(10):
        sgd(network, pairs, epochs // 10, 0.3 * (1 - k / 10), rng)
    return words, pairs, start, network


def test_trained_probabilities_are_the_shares():
    words, pairs, _, network = trained_on(
        ["new york " * 9 + "old york kangaroo"], D=4
    )
    york = words.index("york")
    near = Counter(o for c, o in pairs if c == york)
    share = [near[i] / near.total() for i in range(len(words))]
    probs = softmax(network.scores(york))
    assert probs == pytest.approx(share, abs=0.02)
    assert 0.8 < probs[words.index("new")] < 0.95
    assert loss_of(network, pairs) < math.log(len(words)) / 2


def test_words_with_the_same_contexts_get_the_same_vector():
    text = ["the cat sleeps", "the dog sleeps", "a cat eats fish",
            "a dog eats fish", "the bird sings"]  # fmt: skip
    words, _, start, network = trained_on(text, D=2, epochs=400)
    cat, dog, bird = (words.index(w) for w in ("cat", "dog", "bird"))

    def distance(W_in, one, other):
        return np.linalg.norm(W_in[one] - W_in[other])

    W_in = network.W_in
    assert distance(W_in, cat, dog) < distance(start, cat, dog)
    assert distance(W_in, cat, dog) < 0.02 * distance(W_in, cat, bird)
