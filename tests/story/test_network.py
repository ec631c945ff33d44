"""The hidden layer: a lookup is a product with one-hot rows."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from skipgram_lib.model import network
from skipgram_lib.story.network import lookup
from skipgram_lib.story.words import one_hot

weights = arrays(
    np.float64,
    st.tuples(st.integers(1, 8), st.integers(1, 5)),
    elements=st.floats(-1e6, 1e6),
)


def test_the_tutorials_example():
    W_in = np.array(
        [[17, 24, 1], [23, 5, 7], [4, 6, 13], [10, 12, 19], [11, 18, 25]]
    )
    assert lookup(W_in, [3]).tolist() == [[10, 12, 19]]
    assert ([0, 0, 0, 1, 0] @ W_in).tolist() == [10, 12, 19]


@given(weights, st.data())
def test_lookup_is_the_product_with_one_hot_rows(W_in, data):
    V = len(W_in)
    ids = data.draw(st.lists(st.integers(0, V - 1), max_size=9))
    centre = np.array(ids, int)
    h = lookup(W_in, centre)
    assert h.shape == (len(centre), W_in.shape[1])
    assert (h == one_hot(centre, V) @ W_in).all()
    assert (h == network.lookup(W_in, centre)).all()


def test_one_id_gives_one_row():
    W_in = np.arange(12.0).reshape(4, 3)
    assert lookup(W_in, 2).tolist() == [6, 7, 8]


def test_a_batch_is_a_copy_of_its_rows():
    W_in = np.ones((4, 3), np.float32)
    h = lookup(W_in, [2, 2])
    h += 1
    assert h.dtype == np.float32
    assert (W_in == 1).all()
