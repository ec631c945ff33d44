"""The network: its initial weights, and its first loss."""

import math

import numpy as np
import pytest
from helpers import bits
from hypothesis import given
from hypothesis import strategies as st

from skipgram_lib import SkipgramError
from skipgram_lib.backend.base import Backend
from skipgram_lib.counts.windows import training_pairs
from skipgram_lib.model.network import initial_network
from skipgram_lib.story import learning
from skipgram_lib.story.learning import pair_loss

V, D = 6, 3
id_pairs = st.lists(
    st.tuples(st.integers(0, V - 1), st.integers(0, V - 1)),
    min_size=1,
    max_size=8,
)


@given(st.integers(1, 40), id_pairs)
def test_a_uniform_guess_has_a_loss_of_ln_v(more, pairs):
    network = initial_network(V + more, D, 0, scale=0, dtype=np.float64)
    loss = pair_loss(network, *map(list, zip(*pairs, strict=True)))
    assert loss == pytest.approx(math.log(V + more), rel=1e-14)


def test_small_initial_weights_start_near_ln_v():
    network = initial_network(1_000, 50, rng=0)
    centre, context = training_pairs(np.arange(1_000), 2).T
    loss = pair_loss(network, centre, context)
    assert loss == pytest.approx(math.log(1_000), rel=1e-3)


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


def test_the_network_of_the_story_is_that_of_the_library():
    ours = initial_network(V, D, 3)
    story = learning.initial_network(V, D, np.random.default_rng(3))
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
