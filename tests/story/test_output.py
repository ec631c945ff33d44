"""The output layer: scores and softmax, against SciPy."""

import numpy as np
import pytest
import scipy.special
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from skipgram_lib.model import network
from skipgram_lib.model.network import softmax
from skipgram_lib.story import output
from skipgram_lib.story.output import log_softmax, output_scores

BOTH = pytest.mark.parametrize("ours", [softmax, output.softmax, log_softmax])

scores_within = {
    limit: arrays(
        np.float64,
        array_shapes(min_dims=1, max_dims=3, max_side=6),
        elements=st.floats(-limit, limit),
    )
    for limit in (50, 1e4)
}


@BOTH
@given(scores=scores_within[1e4])
def test_it_is_what_scipy_computes(ours, scores):
    peer = getattr(scipy.special, ours.__name__)(scores, axis=-1)
    np.testing.assert_allclose(ours(scores), peer, rtol=1e-12, atol=1e-12)


@given(scores_within[1e4])
def test_probabilities_sum_to_one_whatever_the_scores(scores):
    probs = softmax(scores)
    assert (probs >= 0).all()
    np.testing.assert_allclose(probs.sum(axis=-1), 1, rtol=1e-14)


@given(scores_within[50], st.floats(-1e4, 1e4))
def test_a_constant_added_to_all_scores_changes_nothing(scores, constant):
    np.testing.assert_allclose(
        softmax(scores + constant), softmax(scores), rtol=1e-10
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("far", [1e4, -1e4])
def test_scores_of_ten_thousand_neither_overflow_nor_vanish(far, dtype):
    scores = np.array([far, 0, far], dtype)
    wanted = [0.5, 0, 0.5] if far > 0 else [0, 1, 0]
    assert softmax(scores).tolist() == wanted
    assert np.isfinite(log_softmax(scores)).all()
    assert log_softmax(scores).min() == pytest.approx(-1e4, rel=1e-3)


@BOTH
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_scores_stay_as_they_are_and_so_does_their_dtype(ours, dtype):
    scores = np.array([[1, 2, 3]], dtype)
    assert ours(scores).dtype == dtype
    assert scores.tolist() == [[1, 2, 3]]


@given(st.integers(1, 5), st.integers(1, 6), st.integers(1, 4))
def test_each_score_is_one_dot_product_and_a_bias(B, V, D):
    rng = np.random.default_rng(B * V * D)
    h, W_out, bias = (rng.normal(size=s) for s in [(B, D), (V, D), V])
    wanted = [
        [sum(h[b] * W_out[v]) + bias[v] for v in range(V)] for b in range(B)
    ]
    scores = output_scores(h, W_out, bias)
    np.testing.assert_allclose(scores, wanted, rtol=1e-12, atol=1e-12)


@given(scores=scores_within[1e4])
def test_the_storys_form_is_equal_to_the_last_bit(scores):
    assert np.array_equal(output.softmax(scores), softmax(scores))


def test_the_storys_scores_are_equal_to_the_last_bit():
    rng = np.random.default_rng(0)
    W_in, W_out, bias = (rng.normal(size=s) for s in [(5, 3), (7, 3), 7])
    theirs = network.Network(W_in, W_out, bias).scores([3, 1, 3])
    ours = output_scores(W_in[[3, 1, 3]], W_out, bias)
    assert np.array_equal(ours, theirs)
