"""The story's training: Adam by its formula, and the loop by a slow one."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from skipgram_lib.model.network import Network as FastNetwork
from skipgram_lib.model.network import Rows
from skipgram_lib.model.optimiser import Optimiser
from skipgram_lib.model.softmax import batch_gradients, network_loss
from skipgram_lib.story.counting import entropy_floor, unigram_loss
from skipgram_lib.story.learning import Network
from skipgram_lib.story.output import softmax
from skipgram_lib.story.training import adam, first_network, train


def some_counts(V, seed=0):
    """Return counts of V words; each has pairs."""
    N = np.random.default_rng(seed).poisson(2, (V, V)).astype(float)
    return sp.csr_array(N + N.T + np.eye(V))


def copied(network):
    """Return a copy of a network, in float64."""
    return Network(*(a.astype(np.float64) for a in vars(network).values()))


def test_the_first_network_answers_with_the_frequencies():
    N = some_counts(30)
    network = first_network(N, 4, np.random.default_rng(0))
    network.W_in[:] = 0
    probs = softmax(network.scores(np.arange(30)))
    share = (N.sum(axis=0) + 1) / (N.sum() + 30)
    np.testing.assert_allclose(probs, np.tile(share, (30, 1)), rtol=1e-5)
    assert network.W_out.shape == (30, 4)
    assert network.bias.dtype == np.float32


def test_its_loss_starts_at_that_of_the_unigram_model():
    N = 1_000 * some_counts(30)  # so that the 1 of the formula is small
    network = first_network(N, 4, np.random.default_rng(0))
    start = network_loss(FastNetwork(**vars(network)), N)
    assert start == pytest.approx(unigram_loss(N), abs=1e-3)
    assert start < np.log(30)


@given(
    st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=6),
    st.sampled_from([0, 0.5, 0.9]),
)
def test_adam_is_the_formula(gradients, beta):
    w, mean, square = np.zeros((3, 1))
    place = m = v = 0.0
    for t, g in enumerate(gradients, start=1):
        adam(w, np.array([g]), mean, square, t, 0.1, beta=beta)
        m = beta * m + (1 - beta) * g
        v = 0.99 * v + 0.01 * g**2
        root = (v / (1 - 0.99**t)) ** 0.5
        place -= 0.1 * m / (1 - beta**t) / (root + 1e-8)
        assert w[0] == pytest.approx(place, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("gradient", [1e-4, -1, 1e6])
def test_the_first_step_of_adam_has_the_size_of_the_learning_rate(gradient):
    w, mean, square = np.zeros((3, 1))
    adam(w, gradient, mean, square, 1, 0.1)
    assert w[0] == pytest.approx(-0.1 * np.sign(gradient), rel=1e-3)


def slow_training(network, N, epochs, batches, lr, rng):
    """Train word by word with the formulas, keep the mean losses."""
    V, T, t = N.shape[0], epochs * batches, 0
    shapes = [a.shape for a in (network.W_in, network.W_out, network.bias)]
    means = [np.zeros(shape) for shape in shapes]
    squares = [np.zeros(shape) for shape in shapes]
    losses = []
    for epoch in range(1, epochs + 1):
        total = 0.0
        for k in rng.permutation(batches):
            rate = lr * np.sqrt(1 - t / T)
            t += 1
            rows = [c for c in range(V) if c % batches == k]
            g_in, g_out, g_bias = (np.zeros(shape) for shape in shapes)
            for c in rows:
                h, n = network.W_in[c].copy(), N[[c]].toarray()[0]
                p = softmax(network.W_out @ h + network.bias)
                total -= n @ np.log(p)
                delta = n.sum() * p - n
                g_in[c] = network.W_out.T @ delta
                g_out += np.outer(delta, h)
                g_bias += delta
            for i, (w, g) in enumerate(
                [
                    (network.W_in, g_in),
                    (network.W_out, g_out),
                    (network.bias, g_bias),
                ]
            ):
                at = rows if i == 0 else slice(None)
                beta, step = (0, epoch) if i == 0 else (0.9, t)
                m = beta * means[i][at] + (1 - beta) * g[at]
                v = 0.99 * squares[i][at] + 0.01 * g[at] ** 2
                means[i][at], squares[i][at] = m, v
                root = np.sqrt(v / (1 - 0.99**step)) + 1e-8
                w[at] -= rate * m / (1 - beta**step) / root
        losses.append(total / N.sum())
    return losses


@pytest.mark.parametrize(("V", "batches"), [(12, 4), (13, 4), (9, 1)])
def test_the_loop_is_a_slow_loop(V, batches):
    N = some_counts(V)
    network = copied(first_network(N, 3, np.random.default_rng(1)))
    other = copied(network)
    settings = N, 3, batches, 0.05
    losses = list(train(network, *settings, np.random.default_rng(2)))
    slow = slow_training(other, *settings, np.random.default_rng(2))
    np.testing.assert_allclose(losses, slow, rtol=1e-6)
    for ours, theirs in zip(
        vars(network).values(), vars(other).values(), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-8)


def test_the_loop_is_that_of_the_library():
    V, epochs, batches = 40, 2, 5
    N = some_counts(V)
    ours = copied(first_network(N, 6, np.random.default_rng(1)))
    theirs = FastNetwork(**vars(copied(ours)))
    losses = train(ours, N, epochs, batches, 0.03, np.random.default_rng(2))
    optimiser, rng, t = Optimiser.over(theirs), np.random.default_rng(2), 0
    backend = optimiser.W_in.backend
    held = backend.hold_counts(N, np.dtype(np.float64))
    for epoch, mean in enumerate(losses, start=1):
        total = 0.0
        for k in rng.permutation(batches):
            rate = 0.03 * np.sqrt(1 - t / (epochs * batches))
            t += 1
            rows = np.arange(k, V, batches)
            loss, gradients = batch_gradients(theirs, rows, held, backend)
            placed = Rows(rows).on(backend)
            optimiser.step(gradients, placed, (rate, rate), epoch, t)
            total += float(loss)
        assert total / N.sum() == pytest.approx(mean, rel=1e-6)
    for name, array in vars(ours).items():
        np.testing.assert_allclose(
            array, getattr(theirs, name), rtol=1e-5, atol=1e-7
        )


def test_the_loss_falls_towards_the_floor_and_not_below():
    N = some_counts(20)
    rng = np.random.default_rng(0)
    network = first_network(N, 19, rng)
    losses = list(train(network, N, 300, 2, 0.03, rng))
    assert entropy_floor(N) <= losses[-1] + 1e-6
    assert losses[-1] < entropy_floor(N) + 0.01
    assert unigram_loss(N) > entropy_floor(N) + 0.05


def test_all_that_is_random_follows_from_the_seed():
    N, ends = some_counts(15), []
    for seed in [3, 3, 4]:
        rng = np.random.default_rng(seed)
        network = first_network(N, 4, rng)
        list(train(network, N, 2, 3, 0.03, rng))
        ends.append(network.W_in)
    assert np.array_equal(ends[0], ends[1])
    assert not np.array_equal(ends[0], ends[2])
