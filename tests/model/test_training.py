"""Training from counts, asking a model, and keeping it on disk."""

import json
import math
import os
import pickle
import re
import shutil
import sys
import tempfile
from collections import Counter
from copy import copy, deepcopy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
from helpers import (
    assert_same_weights,
    bits,
    host,
    numeric_gradients,
    random_network,
    slow_loss,
    steady,
)
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load, load_file, save
from scipy.special import logsumexp, softmax

from skipgram_lib import (
    PLAIN,
    NegativeSampling,
    SkipGram,
    SkipgramError,
    TextFiles,
    UnknownWordError,
    Vocabulary,
    count_files,
    count_pairs,
)
from skipgram_lib.backend.base import Backend
from skipgram_lib.counts.counts import entropy_floor, unigram_entropy
from skipgram_lib.errors import NotFittedError
from skipgram_lib.model.callbacks import Checkpointing, History
from skipgram_lib.model.initialisation import initialise_from_counts
from skipgram_lib.model.network import Network, Rows, initial_network
from skipgram_lib.model.optimiser import Adam, Optimiser
from skipgram_lib.model.skipgram import find_rates
from skipgram_lib.model.softmax import (
    FullSoftmax,
    batch_gradients,
    frequency_bias,
    network_loss,
)
from skipgram_lib.model.training import Callback, Run, TrainingPlan, train
from skipgram_lib.storage.folders import HeldFolder, read_folder, write_folder
from skipgram_lib.story.counting import loss_and_gradients
from skipgram_lib.text.vocabulary_files import WORDS
from skipgram_lib.vectors.formats.model_folder import (
    MODEL,
    WEIGHTS,
    check_model_folder,
)

V, D = 7, 3
NUMPY = Backend()
seeds = st.integers(0, 1_000)


def random_counts(seed, V=V):
    """Return sparse counts with holes; the last row is empty."""
    rng = np.random.default_rng(seed)
    N = rng.integers(0, 4, (V, V)) * rng.uniform(0.5, 1.5, (V, V))
    N[0, 1], N[-1] = 2.5, 0
    return sp.csr_array(N)


def gradients_of(network, rows, N):
    """Return gradients of a batch, W_in spread out to the shape (V, D)."""
    held = NUMPY.hold_counts(N, network.W_out.dtype)
    loss, found = batch_gradients(network, np.array(rows), held, NUMPY)
    W_in = np.zeros_like(network.W_in)
    W_in[rows] = found.W_in
    return loss, replace(found, W_in=W_in)


def story_of(network, N):
    """Return mean loss and gradients of all counts, by the story."""
    found = loss_and_gradients(network, np.arange(V), N.toarray())
    loss, *gradients = (part / N.sum() for part in found)
    return loss, Network(*gradients)


# One batch of rows


@given(seeds, st.permutations(range(V)), st.integers(1, V))
def test_the_cells_of_a_batch_are_those_of_its_rows(seed, order, size):
    N, rows = random_counts(seed), np.array(order[:size])
    cells = NUMPY.hold_counts(N, np.float64).batch(rows)
    rng, dense = np.random.default_rng(seed), N.toarray()[rows]
    scores, bias = rng.normal(size=(size, V)), rng.normal(size=V)
    assert cells.pairs == pytest.approx(dense.sum(axis=1))
    wanted = (dense * (scores + bias)).sum()
    assert cells.seen(scores, bias) == pytest.approx(wanted)
    left = scores.copy()
    cells.subtract_from(left)
    np.testing.assert_allclose(left, scores - dense)


@pytest.mark.parametrize("B", [1, 8, 32, 70])
@pytest.mark.parametrize("scale", [1, 1e4])
def test_scores_become_n_softmaxes_in_place(B, scale):
    rng = np.random.default_rng(0)
    scores, bias = rng.uniform(-scale, scale, (B, V)), rng.normal(size=V)
    n, before = rng.uniform(0, 9, B), scores + bias
    log_sums = NUMPY.scale_softmax(scores, bias, n)
    np.testing.assert_allclose(log_sums, logsumexp(before, axis=1))
    wanted = n[:, None] * softmax(before, axis=1)
    np.testing.assert_allclose(scores, wanted, rtol=1e-9, atol=1e-12)


@given(seeds, st.permutations(range(V)), st.integers(1, V))
def test_gradients_of_a_batch_are_the_slopes_of_its_loss(seed, order, size):
    network, N, rows = random_network(V, D, seed), random_counts(seed), order
    rows = order[:size]

    def loss(network):
        return gradients_of(network, rows, N)[0]

    slopes = numeric_gradients(loss, network)
    assert_same_weights(gradients_of(network, rows, N)[1], slopes, 1e-6)


@given(seeds, st.permutations(range(V)), st.integers(1, V - 1))
def test_batches_add_up_to_the_whole_of_the_counts(seed, order, cut):
    network, N = random_network(V, D, seed), random_counts(seed)
    one, two = (
        gradients_of(network, rows, N) for rows in (order[:cut], order[cut:])
    )
    pairs = N.sum()
    whole, gradients = story_of(network, N)
    assert (one[0] + two[0]) / pairs == pytest.approx(whole, abs=1e-10)
    mean = Network(
        *(
            (getattr(one[1], name) + getattr(two[1], name)) / pairs
            for name in vars(network)
        )
    )
    assert_same_weights(mean, gradients, 1e-10)


class Cramped(Backend):
    """A backend with memory for the scores of three rows."""

    def rows_at_once(self, rows, row_bytes):
        return min(rows, 3)


@given(seeds, st.permutations(range(V)), st.integers(1, V))
def test_a_batch_in_parts_has_the_gradients_of_the_whole(seed, order, size):
    network, N = random_network(V, D, seed), random_counts(seed)
    rows, held = np.array(order[:size]), NUMPY.hold_counts(N, np.float64)
    loss, whole = batch_gradients(network, rows, held, NUMPY)
    in_parts, found = batch_gradients(network, rows, held, Cramped())
    assert in_parts == pytest.approx(loss, rel=1e-12)
    assert_same_weights(found, whole, 1e-12)
    cramped = network_loss(network, N, Cramped())
    assert cramped == pytest.approx(network_loss(network, N), rel=1e-12)


@given(seeds, st.integers(1, 9))
def test_the_loss_without_training_is_that_of_the_counts(seed, batch_rows):
    network, N = random_network(V, D, seed), random_counts(seed)
    before = bits(network)
    loss = network_loss(network, N, batch_rows=batch_rows)
    assert loss == pytest.approx(story_of(network, N)[0], abs=1e-10)
    assert loss == pytest.approx(slow_loss(network, N.toarray()), abs=1e-10)
    assert bits(network) == before


def test_losses_are_finite_at_scores_of_ten_thousand():
    network, N = random_network(V, D), random_counts(0)
    network.bias[:] = np.linspace(-1e4, 1e4, V)
    wanted = slow_loss(network, N.toarray())
    loss, gradients = gradients_of(network, list(range(V)), N)
    assert network_loss(network, N) == pytest.approx(wanted)
    assert loss / N.sum() == pytest.approx(wanted)
    assert all(np.isfinite(array).all() for array in vars(gradients).values())


def test_a_uniform_guess_has_a_loss_of_ln_v():
    network = initial_network(V, D, 0, scale=0, dtype=np.float64)
    N = random_counts(0)
    loss, _ = gradients_of(network, list(range(V)), N)
    assert loss / N.sum() == pytest.approx(math.log(V), rel=1e-14)
    assert network_loss(network, N) == pytest.approx(math.log(V), rel=1e-14)


def test_the_loss_of_float32_weights_is_added_in_float64():
    V = 400
    N = sp.csr_array(np.random.default_rng(0).uniform(0.1, 9, (V, V)))
    network = initial_network(V, D, 0, scale=0)
    held = NUMPY.hold_counts(N, np.float32)
    loss, _ = batch_gradients(network, np.arange(V), held, NUMPY)
    surprise = float(np.log(np.float32(V)))
    assert loss / N.sum() == pytest.approx(surprise, rel=1e-12)
    assert network_loss(network, N) == pytest.approx(surprise, rel=1e-12)


@given(seeds)
def test_the_initial_bias_is_the_log_of_the_shares_of_contexts(seed):
    N = random_counts(seed)
    share = (N.toarray().sum(axis=0) + 1) / (N.sum() + V)
    bias = FullSoftmax(N).initial_bias()
    np.testing.assert_allclose(softmax(bias), share)
    assert (bias == frequency_bias(N.sum(axis=0))).all()
    network = Network(np.zeros((V, D)), np.ones((V, D)), bias)
    loss = network_loss(network, N * 1e6)
    assert loss < unigram_entropy(N) + 0.5
    network.bias = FullSoftmax(N * 1e9).initial_bias()
    assert network_loss(network, N) == pytest.approx(unigram_entropy(N))


# Adam


def scalar_adam(weight, gradients, lr, beta1=0.9, beta2=0.99):
    """Kingma and Ba's algorithm 1 for one number."""
    m = v = 0.0
    for t, g in enumerate(gradients, 1):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
        weight -= lr * m_hat / (math.sqrt(v_hat) + 1e-8)
    return weight


@given(
    st.floats(-2, 2),
    st.lists(st.floats(-9, 9), min_size=1, max_size=6),
    st.floats(1e-4, 1),
    st.sampled_from([0.9, 0.0]),
)
def test_adam_is_the_published_algorithm(weight, gradients, lr, beta1):
    weights = np.full((3, 1), weight)
    adam = Adam.over(weights, beta1)
    assert (adam.mean is None) == (beta1 == 0)
    for t, g in enumerate(gradients, 1):
        adam.step(np.full((2, 1), g), lr, t, np.array([2, 0]))
    moved = scalar_adam(weight, gradients, lr, beta1)
    assert weights[:, 0] == pytest.approx([moved, weight, moved], abs=1e-12)


def test_a_step_moves_the_rows_of_the_batch_and_every_output_weight():
    V = 1_100
    network, wanted = random_network(V, D, 1), random_network(V, D, 1)
    gradients = random_network(V, D, 2)
    rows = np.array([5, 3])
    optimiser = Optimiser.over(network)
    for step in (1, 2):
        batch = Network(
            gradients.W_in[:2].copy(),
            gradients.W_out.copy(),
            gradients.bias.copy(),
        )
        optimiser.step(batch, Rows(rows), (0.2, 0.1), epoch=1, step=step)

    for name, at, ts, lr, beta1 in [
        ("W_in", rows, (1, 1), 0.2, 0),
        ("W_out", None, (1, 2), 0.1, 0.9),
        ("bias", None, (1, 2), 0.1, 0.9),
    ]:
        adam = Adam.over(getattr(wanted, name), beta1)
        gradient = vars(gradients)[name]
        for t in ts:
            rows_of = gradient[:2] if name == "W_in" else gradient
            adam.step(rows_of.copy(), lr, t, at)
    assert bits(network) == bits(wanted)


@pytest.mark.parametrize("C", [700, 280, 1_400])
@pytest.mark.parametrize("all_rows", [True, False])
def test_the_penalty_adds_its_gradient(all_rows, C):
    """On contexts it is in proportion to their mean pairs."""
    V, B, penalty = 700, 140, 3.0
    rows = np.random.default_rng(0).permutation(min(V, C))[:B]
    everywhere = slice(None) if all_rows else rows
    one, two, g = (random_network(V, D, seed, C=C) for seed in (1, 1, 2))
    g = Network(g.W_in[:B], g.W_out[everywhere], g.bias[everywhere])
    share = penalty * V / C * (B / V if all_rows else 1)
    penalised = Network(
        g.W_in + penalty * two.W_in[rows],
        g.W_out + share * two.W_out[everywhere],
        g.bias.copy(),
    )
    rates = (0.2, 0.1)
    moved = Rows(rows, None if all_rows else rows)
    Optimiser.over(one).step(g, moved, rates, 1, 1, penalty)
    Optimiser.over(two).step(penalised, moved, rates, 1, 1, 0.0)
    assert_same_weights(one, two, 1e-12)


def test_a_sampled_step_leaves_all_other_words_alone():
    V, rows = 40, np.array([7, 3, 30])
    network, before = random_network(V, D, 1), random_network(V, D, 1)
    gradients = random_network(3, D, 2)
    optimiser = Optimiser.over(network)
    optimiser.step(gradients, Rows(rows, rows), (0.1, 0.1), 1, 5, 1.0)
    others = np.setdiff1d(np.arange(V), rows)
    for name, array in vars(network).items():
        old = vars(before)[name]
        np.testing.assert_array_equal(array[others], old[others])
        assert (array[rows] != old[rows]).all(), name


# The plan and its steps


@given(
    st.integers(1, 4),
    st.integers(1, 9),
    st.integers(1, 30),
    st.integers(1, 30),
    seeds,
)
def test_every_epoch_visits_every_row_once(epochs, batch_rows, V, C, seed):
    plan = TrainingPlan(epochs, 0.1, batch_rows, seed, 0.1)
    batches = list(plan.batches(V, C))
    assert len(batches) == epochs * math.ceil(V / batch_rows)
    for epoch in range(1, epochs + 1):
        rows = [rows for number, rows in batches if number == epoch]
        assert all(len(some.centres) <= batch_rows for some in rows)
        centres = np.concatenate([some.centres for some in rows])
        contexts = np.concatenate([some.contexts for some in rows])
        assert sorted(centres) == list(range(V))
        assert sorted(contexts) == list(range(C))
        sizes = [len(some.contexts) for some in rows]
        assert max(sizes) - min(sizes) <= (batch_rows if C == V else 1)
        if C == V:
            assert all(some.contexts is some.centres for some in rows)
    of_all = [rows for _, rows in plan.batches(V, None)]
    for (_, some), rows in zip(batches, of_all, strict=True):
        assert rows.contexts is None
        assert (some.centres == rows.centres).all()


def test_the_order_of_rows_is_another_in_each_epoch_and_for_each_seed():
    def orders(seed):
        plan = TrainingPlan(2, 0.1, 50, seed, 0.1)
        return [rows.centres.tolist() for _, rows in plan.batches(50, None)]

    assert orders(0) == orders(0)
    assert len({tuple(order) for order in orders(0) + orders(1)}) == 4


def test_steps_follow_batch_after_batch_at_falling_rates():
    N, held_out = random_counts(0), random_counts(1)
    network, slow = random_network(V, D), random_network(V, D)
    plan = TrainingPlan(
        epochs=2, lr=0.1, batch_rows=3, seed=4, lr_in=0.2, penalty=0.3
    )
    penalty = 0.3 * N.sum() / V
    run = Run.over(network, N, plan, NUMPY)
    run.held_out = held_out
    records = list(train(run))

    optimiser, losses, epoch_losses, unseen = Optimiser.over(slow), [], [], []
    for step, (epoch, rows) in enumerate(plan.batches(V, None), 1):
        held = NUMPY.hold_counts(N, np.float64)
        loss, gradients = batch_gradients(slow, rows.centres, held, NUMPY)
        losses.append(loss)
        left = math.sqrt(1 - (step - 1) / 6)
        rates = 0.2 * left, 0.1 * left
        optimiser.step(gradients, rows, rates, epoch, step, penalty)
        if step in (3, 6):
            epoch_losses.append(sum(losses[-3:]) / N.sum())
            unseen.append(story_of(slow, held_out)[0])
    assert_same_weights(network, slow, 1e-12)
    assert [(r.epoch, r.step, r.steps) for r in records] == [
        (1, 1, 6), (1, 2, 6), (1, 3, 6), (2, 4, 6), (2, 5, 6), (2, 6, 6)
    ]  # fmt: skip
    ends = [records[2], records[5]]
    assert [r.epoch_loss for r in ends] == pytest.approx(epoch_losses)
    assert [r.held_out_loss for r in ends] == pytest.approx(unseen)
    assert [r.epoch_loss for r in records].count(None) == 4
    assert [r.held_out_loss for r in records].count(None) == 4
    for record, loss, (_, rows) in zip(
        records, losses, plan.batches(V, None), strict=True
    ):
        pairs = N.toarray()[rows.centres].sum()
        assert record.loss * pairs == pytest.approx(loss)


class Moments(Callback):
    """Notes at which moments it was called, and in which step."""

    def __init__(self):
        self.seen = []

    def restore(self, run):
        self.seen.append(("restore", run.step))

    def begin(self, run):
        self.seen.append(("begin", run.step))

    def after_step(self, run, record):
        self.seen.append(("after_step", record.step))

    def after_record(self, run, record):
        self.seen.append(("after_record", record.step))

    def end(self, run):
        self.seen.append(("end", run.step))

    def close(self, run):
        self.seen.append(("close", run.step))


def toy_run(epochs=1):
    """Return a run of two steps an epoch."""
    plan = TrainingPlan(epochs, 0.1, batch_rows=4, seed=0, lr_in=0.1)
    return Run.over(random_network(V, D), random_counts(0), plan, NUMPY)


def test_callbacks_are_called_at_each_moment():
    one, two = Moments(), Moments()
    for record in train(toy_run(), [one, two]):
        two.seen.append(("taken", record.step))
    calls = ["restore", "begin", "after_step", "after_record", "after_step"]
    calls += ["after_record", "end", "close"]
    steps = [0, 0, 1, 1, 2, 2, 2, 2]
    assert one.seen == list(zip(calls, steps, strict=True))
    taken = two.seen.index(("taken", 1))
    assert two.seen[taken - 1 : taken + 2] == [
        ("after_step", 1), ("taken", 1), ("after_record", 1)
    ]  # fmt: skip


class Failing(Callback):
    def after_step(self, run, record):
        raise RuntimeError("enough")


@pytest.mark.parametrize("stopped", ["by an error", "by leaving"])
def test_callbacks_are_closed_whatever_happens(stopped):
    moments = Moments()
    failing = [Failing()] if stopped == "by an error" else []
    steps = train(toy_run(), [moments, *failing])
    if failing:
        with pytest.raises(RuntimeError):
            next(steps)
    else:
        next(steps)
        steps.close()
    assert [name for name, _ in moments.seen] == [
        "restore", "begin", "after_step", "close"
    ]  # fmt: skip


def test_all_is_restored_before_anything_begins():
    class Refusing(Callback):
        def restore(self, run):
            raise RuntimeError("nothing to go on from")

    moments = Moments()
    with pytest.raises(RuntimeError):
        next(train(toy_run(), [moments, Refusing()]))
    assert moments.seen == [("restore", 0), ("close", 0)]


# A model that trains


PLAN = {"vector_size": 8, "seed": 3, "epochs": 5, "batch_rows": 4}


@pytest.fixture
def untrained():
    """Make a model that is trained as `toy_model`, and may be changed."""
    return SkipGram(**PLAN)


def fitted(counts, **settings):
    """Return a model of 8 features that was trained."""
    return SkipGram(**{"vector_size": 8, "seed": 3} | settings).fit(counts)


def test_the_same_seed_trains_to_the_same_bits(toy_counts, toy_model):
    again = fitted(toy_counts, **PLAN)
    other = fitted(toy_counts, **PLAN | {"seed": 4})
    assert bits(again.network) == bits(toy_model.network)
    assert bits(other.network) != bits(toy_model.network)
    assert [record.epoch_loss for record in again.history] == [
        record.epoch_loss for record in toy_model.history
    ]


def test_fit_steps_trains_as_fit_does(untrained, toy_counts, toy_model):
    records = list(untrained.fit_steps(toy_counts))
    assert bits(untrained.network) == bits(toy_model.network)
    ends = [record for record in records if record.epoch_loss is not None]
    assert untrained.history == ends
    assert [record.epoch for record in ends] == [1, 2, 3, 4, 5]


def test_the_loss_falls_from_below_ln_v_towards_the_floor(
    untrained, toy_counts
):
    untrained.set_params(**PLAIN.model | {"epochs": 200, "batch_rows": 4})
    losses = [r.epoch_loss for r in untrained.fit(toy_counts).history]
    floor = entropy_floor(toy_counts.matrix())
    assert math.log(len(untrained.vocabulary)) > losses[0] > losses[-1]
    assert floor < losses[-1] < floor + 0.02


def test_training_starts_from_the_frequencies_once(untrained, toy_counts):
    goal = FullSoftmax(toy_counts.matrix())
    bias = goal.initial_bias().astype(np.float32)
    still = {"epochs": 1, "lr": 1e-30, "warm_start": True}
    untrained.set_params(**still).fit(toy_counts)
    np.testing.assert_array_equal(host(untrained.network.bias), bias)
    untrained.set_params(epochs=3, lr=None).fit(toy_counts)
    moved = bits(untrained.network)
    untrained.set_params(**still).fit(toy_counts)
    assert bits(untrained.network) == moved
    assert len(untrained.history) == 5


def test_training_starts_from_the_counts_once(toy_counts):
    still = {"epochs": 1, "lr": 1e-30}
    V = len(toy_counts.vocabulary)
    fresh = initial_network(V, 8, 3)
    drawn = fitted(toy_counts, init="random", **still).network.W_in
    np.testing.assert_array_equal(host(drawn), fresh.W_in)
    model = fitted(toy_counts, init="counts", **still)
    initialise_from_counts(fresh, toy_counts.matrix(), 3, NUMPY)
    np.testing.assert_array_equal(host(model.network.W_in), fresh.W_in)
    np.testing.assert_array_equal(host(model.network.W_out), fresh.W_out)
    model.set_params(warm_start=True, lr=None).fit(toy_counts)
    moved = bits(model.network)
    model.set_params(**still).fit(toy_counts)
    assert bits(model.network) == moved


def test_a_second_fit_begins_anew(untrained, toy_counts, toy_model):
    other = count_pairs([["new", "york", "city"]])
    untrained.fit(other).fit(toy_counts)
    assert bits(untrained.network) == bits(toy_model.network)
    assert untrained.vocabulary is toy_counts.vocabulary
    assert len(untrained.history) == 5
    assert len(untrained.runs) == 1


def test_a_warm_start_needs_the_same_words_and_features(toy_counts, toy_model):
    warm = fitted(toy_counts, **PLAN, warm_start=True)
    before = bits(warm.network)
    with pytest.raises(SkipgramError, match="vector_size is 9, and the tr"):
        warm.set_params(vector_size=9).fit(toy_counts)
    with pytest.raises(SkipgramError, match="the counts are of another voc"):
        warm.set_params(vector_size=8).fit(count_pairs([["new", "york"]]))
    assert bits(warm.network) == before == bits(toy_model.network)
    warm.fit(toy_counts)
    assert len(warm.runs) == 2
    assert len(warm.history) == 10


def test_a_penalty_shortens_the_vectors(toy_counts):
    lengths = [
        fitted(toy_counts, epochs=50, penalty=p).vectors.lengths
        for p in (0, 0.05, 5)
    ]
    none, some, much = (np.linalg.norm(each) for each in lengths)
    assert none > 1.1 * some > 2 * much


def test_plain_is_the_network_of_the_tutorial(toy_documents):
    counts = count_pairs(toy_documents, **PLAIN.counts)
    assert counts.denominator == 1
    assert (counts.keep == 1).all()
    N = counts.matrix()
    model = fitted(counts, backend="numpy", **PLAIN.model)
    by_hand = initial_network(len(counts.vocabulary), 8, 3)
    by_hand.bias[:] = FullSoftmax(N).initial_bias()
    plan = TrainingPlan(10, 0.03, 500, 3, lr_in=0.03, penalty=0)
    assert len(list(train(Run.over(by_hand, N, plan, NUMPY)))) == 10
    assert bits(model.network) == bits(by_hand)
    with pytest.raises(TypeError):
        PLAIN.model["epochs"] = 3


def test_negative_sampling_is_another_objective(toy_counts):
    def train(objective):
        settings = {"epochs": 30, "batch_rows": 4, "objective": objective}
        return fitted(toy_counts, **settings)

    named, given = train("negative-sampling"), train(NegativeSampling())
    assert bits(named.network) == bits(given.network)
    assert bits(named.network) != bits(train("softmax").network)
    losses = [record.epoch_loss for record in named.history]
    assert losses[-1] < losses[0]
    more = train(NegativeSampling(negative=20))
    assert bits(more.network) != bits(named.network)


def test_rates_follow_the_objective():
    assert find_rates(None, None, "softmax") == (0.03, pytest.approx(0.05))
    assert find_rates(0.3, None, "softmax") == (0.3, pytest.approx(0.5))
    assert find_rates(None, None, "negative-sampling") == (0.1, 0.1)
    assert find_rates(0.2, 0.7, NegativeSampling()) == (0.2, 0.7)


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        (
            {"init": "zero"},
            "init must be 'counts' or 'random', got 'zero'",
        ),
        (
            {"objective": "hinge"},
            "objective must be 'softmax' or 'negative-sampling', got 'hinge'",
        ),
        ({"penalty": -1}, "penalty must be 0 or more, got -1"),
        ({"penalty": math.nan}, "penalty must be 0 or more, got nan"),
        ({"penalty": None}, "penalty must be 0 or more, got None"),
        ({"lr_in": 0}, "lr_in must be above 0, got 0"),
        ({"lr": "0.1"}, "lr must be above 0, got '0.1'"),
        ({"lr": [0.1], "lr_in": 0.1}, "lr must be above 0, got [0.1]"),
    ],
)
def test_settings_of_fit_are_checked(untrained, toy_counts, setting, sentence):
    with pytest.raises(SkipgramError, match=f"^{re.escape(sentence)}$"):
        untrained.set_params(**setting).fit(toy_counts)
    assert not untrained.__sklearn_is_fitted__()


def test_a_model_remembers_how_its_text_was_counted(untrained, toy_counts):
    assert untrained.fit(toy_counts) is untrained
    assert untrained.counted == toy_counts.settings


def test_held_out_text_is_measured_after_each_epoch(untrained, toy_counts):
    words = toy_counts.vocabulary
    other = count_pairs([["new", "york", "city"]], vocabulary=words, window=2)
    untrained.fit(toy_counts, held_out=other)
    measured = network_loss(untrained.network, other.matrix())
    assert untrained.history[-1].held_out_loss == measured
    assert untrained.history[0].held_out_loss != measured


@pytest.mark.parametrize(("progress", "shown"), [(True, True), (None, False)])
def test_progress_is_shown_on_request(
    untrained, toy_counts, capsys, progress, shown
):
    untrained.set_params(progress=progress).fit(toy_counts)
    output = capsys.readouterr()
    assert output.out == ""
    assert ("training" in output.err and "loss" in output.err) == shown


def test_fit_calls_callbacks_after_its_own(untrained, toy_counts):
    class Losses(Callback):
        def after_step(self, run, record):
            known.append(len(run.history))

    known = []
    untrained.set_params(batch_rows=500)
    untrained.fit(toy_counts, callbacks=[Losses()])
    assert known == [1, 2, 3, 4, 5]


class Learning(Callback):
    """Keeps what a model says it is, before and after each step."""

    def __init__(self, model):
        self.model = model
        self.vectors = []

    def restore(self, run):
        self.fitted = self.model.__sklearn_is_fitted__()

    def begin(self, run):
        self.weights = bits(self.model.network)
        self.vectors.append(self.model.vectors)

    def after_step(self, run, record):
        self.vectors.append(self.model.vectors)


def test_a_model_is_there_when_its_training_begins(untrained, toy_counts):
    seen = Learning(untrained)
    steps = untrained.fit_steps(toy_counts, callbacks=[seen])
    assert not untrained.__sklearn_is_fitted__()
    assert len(list(steps)) == 20
    assert not seen.fitted
    still = fitted(toy_counts, epochs=1, lr=1e-30, lr_in=1e-30)
    assert seen.weights == bits(still.network)


def test_vectors_are_made_once_a_step(untrained, toy_counts):
    seen = Learning(untrained)
    untrained.fit(toy_counts, callbacks=[seen])
    assert untrained.vectors is untrained.vectors is seen.vectors[-1]
    assert len({id(vectors) for vectors in seen.vectors}) == 21
    lengths = seen.vectors[-1].lengths
    untrained.set_params(epochs=1, warm_start=True).fit(toy_counts)
    assert (untrained.vectors.lengths != lengths).any()


def test_vectors_stay_as_they_were_when_training_goes_on(
    untrained, toy_counts
):
    steps = untrained.fit_steps(toy_counts)
    next(steps)
    taken = [
        (vectors, vectors.matrix.copy())
        for vectors in map(untrained.word_vectors, ("in", "out", "sum"))
    ]
    next(steps)
    steps.close()
    untrained.set_params(warm_start=True).fit(toy_counts)
    for vectors, matrix in taken:
        np.testing.assert_array_equal(vectors.matrix, matrix)
        assert (vectors.matrix != untrained.vectors.matrix).any()


def test_a_warm_start_leaves_a_copy_of_the_model_alone(toy_counts):
    model = fitted(toy_counts, **PLAN)
    before = bits(model.network)
    copy(model).set_params(warm_start=True).fit(toy_counts)
    assert bits(model.network) == before


# Asking


def test_the_probabilities_of_all_words_sum_to_one(toy_model):
    for word in toy_model.vocabulary.words:
        probs = toy_model.context_probabilities(word)
        assert probs.shape == (len(toy_model.vocabulary),)
        assert probs.sum() == pytest.approx(1, rel=1e-14)


def test_predictions_are_the_most_likely_words_in_order(toy_model):
    vocabulary, network = toy_model.vocabulary, toy_model.network
    W_in, W_out, bias = (host(a).astype(float) for a in vars(network).values())
    probs = softmax(W_out @ W_in[vocabulary["new"]] + bias)
    best = sorted(range(len(vocabulary)), key=lambda i: -probs[i])
    found = toy_model.predict_context("new", topn=3)
    assert [word for word, _ in found] == vocabulary.decode(best[:3])
    assert [p for _, p in found] == pytest.approx(probs[best[:3]], rel=1e-5)
    everything = toy_model.predict_context("new", topn=99)
    assert sum(p for _, p in everything) == pytest.approx(1)
    assert len(everything) == len(vocabulary)


def test_vectors_are_the_rows_of_the_hidden_layer(toy_model):
    vectors = toy_model.vectors
    assert vectors.words == toy_model.vocabulary.words
    assert (vectors.matrix == host(toy_model.network.W_in)).all()


# Saving and loading


def assert_same_model(one, other):
    assert bits(one.network) == bits(other.network)
    assert one.vocabulary.words == other.vocabulary.words
    assert one.vocabulary.total_tokens == other.vocabulary.total_tokens
    assert (one.vocabulary.frequencies == other.vocabulary.frequencies).all()
    assert one.history == other.history
    assert one.counted == other.counted
    assert one.runs == other.runs
    parameters = [m.get_params() | {"backend": None} for m in (one, other)]
    assert parameters[0] == parameters[1]


def test_a_loaded_model_is_the_saved_one_bit_for_bit(toy_model, tmp_path):
    toy_model.save(tmp_path / "deep" / "model")
    loaded = SkipGram.load(str(tmp_path / "deep" / "model"))
    assert_same_model(loaded, toy_model)
    assert loaded.predict_context("new") == toy_model.predict_context("new")


def test_a_loaded_model_learns_on_as_if_never_saved(
    untrained, toy_counts, tmp_path
):
    untrained.fit(toy_counts).save(tmp_path / "m")
    loaded = SkipGram.load(tmp_path / "m")
    for model in (untrained, loaded):
        model.set_params(warm_start=True).fit(toy_counts)
    assert bits(loaded.network) == bits(untrained.network)
    assert len(loaded.history) == 10


def test_an_untrained_model_says_so(untrained, tmp_path):
    sentence = "^this model is not trained yet; call fit.counts. first$"
    for ask in (
        lambda: untrained.save(tmp_path / "model"),
        lambda: untrained.network,
        lambda: untrained.vectors,
        lambda: untrained.word_vectors("out"),
        lambda: untrained.predict_context("new"),
        lambda: untrained.history,
    ):
        with pytest.raises(NotFittedError, match=sentence):
            ask()
    assert not hasattr(untrained, "network")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(AttributeError, match="SkipGram has no attribute 'ep'"):
        untrained.ep  # noqa: B018


@pytest.mark.parametrize(
    ("counting", "fitting"),
    [
        ({}, {"epochs": np.int64(2)}),
        ({}, {"epochs": 2, "batch_rows": np.int64(4)}),
        ({"window": np.int64(2)}, {"epochs": 2}),
        ({"sample": np.float32(0.5)}, {"epochs": 2}),
    ],
    ids=["epochs", "batch_rows", "window", "sample"],
)
def test_settings_may_be_numpys_numbers(
    toy_documents, tmp_path, counting, fitting
):
    model = fitted(count_pairs(toy_documents, **counting), **fitting)
    model.save(tmp_path / "model")
    assert_same_model(SkipGram.load(tmp_path / "model"), model)


def test_every_setting_is_saved(toy_counts, tmp_path):
    goal = NegativeSampling(shared=7, uses_bias=False)
    settings = {
        "vector_size": 3, "objective": goal, "epochs": 2, "lr": 0.02,
        "lr_in": 0.03, "batch_rows": 5, "init": "random", "penalty": 0.1,
        "seed": 8, "backend": NUMPY, "progress": False, "warm_start": True,
    }  # fmt: skip
    model = SkipGram(**settings)
    assert model.get_params() == settings
    model.fit(toy_counts).save(tmp_path / "model")
    loaded = SkipGram.load(tmp_path / "model", backend="numpy")
    assert loaded.get_params() == settings | {"backend": "numpy"}
    manifest = json.loads((tmp_path / "model" / "model.json").read_text())
    assert manifest["parameters"]["backend"] == "numpy"


def test_a_model_is_a_folder_of_json_and_safetensors(toy_model, tmp_path):
    toy_model.save(tmp_path / "model")
    folder = tmp_path / "model"
    names = {path.name for path in folder.iterdir()}
    manifest = json.loads((folder / "model.json").read_text("utf-8"))
    files = {file: about["name"] for file, about in manifest["files"].items()}
    assert set(files) == {"vocabulary.json", "weights.safetensors"}
    assert names == {"model.json", *files.values()}
    weights = load_file(folder / files["weights.safetensors"])
    assert (weights["W_out"] == host(toy_model.network.W_out)).all()


@pytest.fixture
def another(toy_counts):
    """Return another model than `toy_model`."""
    return fitted(toy_counts, seed=9, epochs=1)


def test_saving_replaces_an_older_model_and_leaves_no_litter(
    another, toy_model, tmp_path
):
    for model in (another, toy_model, another, toy_model):
        model.save(tmp_path / "model")
        assert_same_model(SkipGram.load(tmp_path / "model"), model)
    toy_model.save(tmp_path / "model")
    assert_only_a_model_is_in(tmp_path)


def assert_only_a_model_is_in(folder):
    """Check that there is the folder of a model, with nothing left over."""
    assert [path.name for path in folder.iterdir()] == ["model"]
    names = Counter(p.suffix for p in (folder / "model").iterdir())
    assert names == {".json": 2, ".safetensors": 1}


def fail(*arguments, **settings):
    """Stand for a function that finds the disk full."""
    raise OSError(28, "No space left on device")


def fail_at(function, number):
    """Return a function whose call of this number finds the disk full."""
    calls = []

    def sometimes(*arguments):
        calls.append(arguments)
        return fail() if len(calls) == number else function(*arguments)

    return sometimes


@pytest.mark.parametrize(
    ("name", "number"),
    [("fsync", 1), ("fsync", 2), ("fsync", 3), ("replace", 1), ("replace", 2)],
)
def test_a_save_that_fails_leaves_the_older_model(
    another, toy_model, tmp_path, monkeypatch, name, number
):
    toy_model.save(tmp_path / "model")
    monkeypatch.setattr(os, name, fail_at(getattr(os, name), number))
    with pytest.raises(SkipgramError) as error:
        another.save(tmp_path / "model")
    monkeypatch.undo()
    assert f"cannot write {tmp_path / 'model'}" in str(error.value)
    assert "No space left on device" in str(error.value)
    assert_only_a_model_is_in(tmp_path)
    assert_same_model(SkipGram.load(tmp_path / "model"), toy_model)


def test_a_first_save_that_fails_leaves_nothing(
    toy_model, tmp_path, monkeypatch
):
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(SkipgramError, match="No space left on device"):
        toy_model.save(tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


def test_an_empty_folder_becomes_a_model(toy_model, tmp_path):
    (tmp_path / "model").mkdir()
    toy_model.save(tmp_path / "model")
    assert_same_model(SkipGram.load(tmp_path / "model"), toy_model)


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_what_is_no_model_is_not_overwritten(toy_model, tmp_path, kind):
    target = tmp_path / "thesis"
    inside = target / "chapter.txt" if kind == "folder" else target
    inside.parent.mkdir(exist_ok=True)
    inside.write_text("years of work")
    with pytest.raises(SkipgramError) as error:
        toy_model.save(target)
    assert str(target) in str(error.value)
    assert re.search("name (a|another) folder$", str(error.value))
    assert inside.read_text() == "years of work"


def test_other_files_beside_a_model_are_not_lost(toy_model, tmp_path):
    toy_model.save(tmp_path / "model")
    notes = tmp_path / "model" / "notes.txt"
    notes.write_text("years of work")
    with pytest.raises(SkipgramError, match="name another folder"):
        toy_model.save(tmp_path / "model")
    assert notes.read_text() == "years of work"


def test_a_folder_that_cannot_be_made_is_named(toy_model, tmp_path):
    (tmp_path / "file").write_text("in the way")
    folder = tmp_path / "file" / "model"
    with pytest.raises(SkipgramError) as error:
        toy_model.save(folder)
    assert str(error.value).startswith(f"cannot write to {folder}: ")


def test_a_folder_that_may_not_be_written_is_named(
    toy_model, tmp_path, monkeypatch
):
    def refuse(**settings):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    with pytest.raises(SkipgramError) as error:
        toy_model.save(tmp_path / "model")
    assert str(error.value) == (
        f"cannot write to {tmp_path / 'model'}: Permission denied"
    )


# Damaged models


@pytest.fixture
def saved(toy_model, tmp_path):
    """Save a model and return its folder."""
    toy_model.save(tmp_path / "model")
    return tmp_path / "model"


def refusal(folder):
    """Return the sentence with which loading a folder is refused."""
    with pytest.raises(SkipgramError) as error:
        SkipGram.load(folder)
    assert str(folder) in str(error.value)
    return str(error.value)


def file_of(folder, file):
    """Return the path under which a folder stores one of its files."""
    if file == "model.json":
        return folder / file
    return read_folder(folder, MODEL).path(file)


FILES = ("model.json", WORDS, WEIGHTS)


def test_a_missing_folder_is_named(tmp_path):
    assert refusal(tmp_path / "nowhere") == (
        f"there is no folder {tmp_path / 'nowhere'}"
    )


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(saved, name):
    file = file_of(saved, name)
    file.unlink()
    message = refusal(saved)
    if name == "model.json":
        assert message == f"{saved} is not a model: it has no {name}"
    else:
        assert message == (
            f"{file} is damaged (it is not there); train the model again"
        )


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("share", [0, 0.3, 0.9])
def test_a_truncated_file_is_named(saved, name, share):
    file = file_of(saved, name)
    data = file.read_bytes()
    file.write_bytes(data[: int(len(data) * share)])
    message = refusal(saved)
    assert f"{file} is damaged (" in message
    assert "train the model again" in message


@pytest.mark.parametrize("name", ["model.json", WORDS])
@pytest.mark.parametrize("content", [b"\xff\xfe{}", b"[" * 100_000])
def test_json_that_cannot_be_read_is_named(saved, name, content):
    file = file_of(saved, name)
    file.write_bytes(content)
    assert f"{file} is damaged (" in refusal(saved)


def write_again(folder, changes):
    """Write a model's folder again, as if it had been saved so.

    The contents of a file that `changes` names are replaced.
    """
    stored = read_folder(folder, MODEL)
    files = {file: stored.path(file).read_bytes() for file in FILES[1:]}
    about = {"model.json": stored.about} | files | changes
    manifest = dict(about.pop("model.json"))
    manifest.pop("seal")
    manifest.pop("files")
    with write_folder(folder, MODEL) as new:
        for file, content in about.items():
            new.add(file, [content])
        new.finish(manifest)


def edit_json(folder, name, **changes):
    """Change entries of a JSON file; `None` takes one out."""
    stored = read_folder(folder, MODEL)
    old = stored.about if name == "model.json" else stored.read_json(name)
    content = {k: v for k, v in (old | changes).items() if v is not None}
    if name != "model.json":
        content = json.dumps(content).encode()
    write_again(folder, {name: content})


@pytest.mark.parametrize("version", [0, 5, "1"])
def test_another_format_version_is_named(saved, version):
    edit_json(saved, "model.json", format_version=version)
    message = refusal(saved)
    assert f"has format version {version}" in message
    assert "this library reads versions 1 to 4" in message


def test_a_model_that_version_1_of_the_library_wrote_is_read(root):
    model = SkipGram.load(root / "tests" / "data" / "model_version_1")
    assert model.vocabulary.words == ["new", "york", "city"]
    assert host(model.network.W_in).shape == (3, 2)
    assert model.contexts is model.vocabulary
    assert [record.epoch for record in model.history] == [1, 2]
    assert model.counted["window"] == 2


@pytest.mark.parametrize(
    ("name", "objective"),
    [("softmax", "softmax"), ("sampling", NegativeSampling())],
)
def test_a_model_of_format_3_is_read_and_learns_on(root, name, objective):
    folder = root / "tests" / "data" / "model_version_3" / name
    model = SkipGram.load(folder, backend="numpy")
    lines = [
        "new york is a city and new york is a state",
        "new jersey is a state near new york",
        "the kangaroo is not in new york",
    ]
    counts = count_pairs([line.split() for line in lines * 2], window=3)
    assert model.counted == counts.settings
    assert model.vocabulary.words == counts.vocabulary.words
    weights = load_file(read_folder(folder, MODEL).path(WEIGHTS))
    assert (model.network.W_out == weights["W_out"]).all()
    parameters = {
        "vector_size": 4, "seed": 3, "epochs": 3, "batch_rows": 4,
        "init": "counts", "objective": objective, "backend": "numpy",
    }  # fmt: skip
    assert model.get_params().items() >= parameters.items()
    again = SkipGram(**model.get_params()).fit(counts, held_out=counts)
    assert_same_weights(again.network, model.network, 1e-6)
    assert again.runs == model.runs
    model.set_params(warm_start=True).fit(counts)
    assert len(model.history) == 6


@pytest.fixture
def model_of_0_1(root, tmp_path):
    """Copy a model that version 0.1 of the library wrote."""
    old = root / "tests" / "data" / "v0.1" / "model"
    return Path(shutil.copytree(old, tmp_path / "model"))


def test_a_model_that_version_0_1_wrote_is_read(model_of_0_1):
    model = SkipGram.load(model_of_0_1)
    arrays = load_file(model_of_0_1 / WEIGHTS)
    for name, array in vars(model.network).items():
        assert (host(array) == arrays[name]).all()
    about = json.loads((model_of_0_1 / "model.json").read_text("utf-8"))
    (run,) = about["runs"]
    run["init"] = run.pop("start")
    assert model.runs == [run]
    assert model.get_params().items() >= run.items()
    assert model.counted == about["counts"]
    assert len(model.history) == about["runs"][0]["epochs"]


def test_a_model_of_0_1_is_replaced_by_one_of_now(model_of_0_1):
    model = SkipGram.load(model_of_0_1)
    for _ in range(2):  # the second save removes what the first replaced
        model.save(model_of_0_1)
        assert_same_model(SkipGram.load(model_of_0_1), model)
    assert_only_a_model_is_in(model_of_0_1.parent)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("version", ["of 0.1", "of now"])
def test_any_byte_of_a_model_that_changes_is_noticed(
    version, name, saved, root
):
    folder = root / "tests" / "data" / "v0.1" / "model"
    if version == "of 0.1":
        shutil.copytree(folder, saved, dirs_exist_ok=True)
    file = file_of(saved, name)
    before, rng = file.read_bytes(), np.random.default_rng(0)
    for place in rng.integers(0, len(before), 60):
        spoiled = bytearray(before)
        spoiled[place] ^= rng.integers(1, 256)
        file.write_bytes(spoiled)
        refusal(saved)
    file.write_bytes(before)
    SkipGram.load(saved)


def test_a_damaged_file_is_named(saved):
    for name in FILES:
        file = file_of(saved, name)
        before = file.read_bytes()
        *_, digit = re.finditer(rb"\d", before)
        file.write_bytes(
            before[: digit.start()]
            + (b"2" if digit[0] == b"1" else b"1")
            + before[digit.end() :]
        )
        assert f"{file} is damaged (its checksum" in refusal(saved)
        file.write_bytes(before)


def test_two_saves_at_once_are_kept_apart(toy_model, tmp_path):
    running = pytest.raises(SkipgramError, match="another run is writing")
    with HeldFolder(tmp_path / "model"), running:
        toy_model.save(tmp_path / "model")
    toy_model.save(tmp_path / "model")
    assert_only_a_model_is_in(tmp_path)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("model.json", {"vocabulary_size": 5}),
        ("model.json", {"vector_size": 9}),
        ("model.json", {"vector_size": None}),
        ("model.json", {"parameters": {"start": "counts"}}),
        ("model.json", {"parameters": [3]}),
        ("model.json", {"parameters": {"objective": {"start": 3}}}),
        ("model.json", {"history": None}),
        ("model.json", {"history": [{"epoch": 1}]}),
        ("model.json", {"counts": None}),
    ],
    ids=steady,
)
def test_json_that_does_not_fit_is_refused(saved, name, changes):
    edit_json(saved, name, **changes)
    message = refusal(saved)
    assert "do not fit together" in message
    assert message.endswith("again")


@pytest.mark.parametrize(
    "changes",
    [
        {"words": None},
        {"words": ["new", "york"]},
        {"words": ["new"] * 11},
        {"frequencies": [1, 2, 3]},
        {"frequencies": ["many"] * 11},
        {"total_tokens": None},
        {"total_tokens": "many"},
    ],
    ids=steady,
)
def test_words_that_do_not_fit_are_refused(saved, changes):
    edit_json(saved, WORDS, **changes)
    path = file_of(saved, WORDS)
    message = refusal(saved)
    assert message.startswith(f"{path} is damaged (")
    assert message.endswith("; train the model again")


@pytest.mark.parametrize("name", ["model.json", WORDS])
@pytest.mark.parametrize("content", [b"[]", b"null", b"5", b'"text"'])
def test_json_that_is_no_object_is_refused(saved, name, content):
    if name == "model.json":
        (saved / name).write_bytes(content)
    else:
        write_again(saved, {name: content})
    assert "is damaged (" in refusal(saved)


@pytest.mark.parametrize(
    "change",
    [
        lambda w: w | {"W_out": w["W_out"][:-1]},
        lambda w: w | {"W_in": w["W_in"].T.copy()},
        lambda w: w | {"bias": w["bias"][:, None]},
        lambda w: w | {"extra": w["bias"]},
        lambda w: {"W_in": w["W_in"], "W_out": w["W_out"]},
        lambda w: {name: (10 * w[name]).astype(int) for name in w},
        lambda w: w | {"bias": w["bias"].astype(float)},
    ],
    ids=[
        "short",
        "transposed",
        "column",
        "extra",
        "missing",
        "whole numbers",
        "two dtypes",
    ],
)
def test_weights_that_do_not_fit_are_refused(saved, change):
    weights = load(file_of(saved, WEIGHTS).read_bytes())
    write_again(saved, {WEIGHTS: save(change(weights))})
    message = refusal(saved)
    assert "do not fit together" in message
    assert message.endswith("again")


# Settings and input


@pytest.mark.parametrize("value", [-1, 2.5, "3", True, None])
@pytest.mark.parametrize(
    ("name", "least"),
    [("epochs", 1), ("batch_rows", 1), ("vector_size", 1), ("seed", 0)],
)
@pytest.mark.parametrize("method", ["fit", "fit_steps"])
def test_whole_numbers_are_checked(
    untrained, toy_counts, name, least, value, method
):
    untrained.set_params(**{name: value})
    with pytest.raises(SkipgramError) as error:
        getattr(untrained, method)(toy_counts)
    wanted = f"{name} must be a whole number of at least {least}"
    assert str(error.value) == f"{wanted}, got {value!r}"
    assert not untrained.__sklearn_is_fitted__()


def test_a_bad_setting_leaves_a_trained_model_as_it_is(
    toy_counts, untrained, toy_model
):
    untrained.fit(toy_counts)
    with pytest.raises(SkipgramError, match="of at least 1, got 0"):
        untrained.set_params(vector_size=0).fit(toy_counts)
    assert bits(untrained.network) == bits(toy_model.network)


@pytest.mark.parametrize("lr", [0, -0.1, math.inf, math.nan])
def test_a_learning_rate_that_is_not_above_zero_is_refused(
    untrained, toy_counts, lr
):
    with pytest.raises(SkipgramError) as error:
        untrained.set_params(lr=lr).fit(toy_counts)
    assert str(error.value) == f"lr must be above 0, got {lr}"


def test_an_unknown_backend_is_refused(untrained, toy_counts, saved):
    for use in (
        lambda: untrained.set_params(backend="torch").fit(toy_counts),
        lambda: SkipGram.load(saved, backend="torch"),
    ):
        with pytest.raises(SkipgramError, match="got 'torch'"):
            use()


@pytest.mark.parametrize("name", ["counts", "held_out"])
def test_counts_of_another_vocabulary_are_refused(untrained, toy_counts, name):
    other = count_pairs([["a", "b"]])
    untrained.fit(toy_counts)
    arguments = {"counts": toy_counts, name: other}
    with pytest.raises(SkipgramError) as error:
        untrained.set_params(warm_start=True).fit(**arguments)
    assert str(error.value) == (
        "the counts are of another vocabulary (2 words, the model has "
        f"{len(untrained.vocabulary)}); count with the model's own"
    )


def test_a_last_step_that_diverges_is_noticed(untrained, toy_counts):
    # The loss of a single step is finite; what it does to the weights is not.
    with pytest.raises(
        SkipgramError, match="too large to be used after step 1"
    ):
        untrained.set_params(epochs=1, batch_rows=500, lr=1e39)
        untrained.fit(toy_counts)


def test_checking_a_destination_makes_nothing(tmp_path):
    folder = tmp_path / "deep" / "down" / "model"
    assert check_model_folder(folder) == folder
    assert list(tmp_path.iterdir()) == []


def test_other_words_are_another_vocabulary(
    untrained, toy_documents, toy_counts
):
    words = toy_counts.vocabulary
    turned = Vocabulary(
        words.words[::-1], words.frequencies, words.total_tokens
    )
    counts = count_pairs(toy_documents, vocabulary=turned)
    assert counts.cells.shape == (len(words), len(words))
    with pytest.raises(SkipgramError, match="another vocabulary"):
        untrained.fit(toy_counts, held_out=counts)


def test_what_is_no_counts_is_refused(untrained, toy_documents, toy_counts):
    for wrong in (toy_documents, toy_counts.matrix(), None):
        with pytest.raises(SkipgramError) as error:
            untrained.fit(wrong)
        assert "counts must be a Counts, got" in str(error.value)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_loss_that_is_no_number_stops_the_training(untrained, toy_counts):
    """The first step's weights of 1e30 meet each other in epoch 2, step 5.

    A GPU is asked for its losses at the end of an epoch.
    """
    with pytest.raises(SkipgramError) as error:
        untrained.set_params(lr=1e30).fit(toy_counts)
    on_host = untrained.device.name == "numpy"
    step = "step 5;" if on_host else "step 8 or before;"
    assert f"in epoch 2, {step}" in str(error.value)
    assert "the loss became" in str(error.value)
    assert "the learning rate 1e+30 is too large" in str(error.value)


@pytest.mark.parametrize("lr", [1e25, 1e30, 1e300])
def test_a_training_that_diverges_says_so_and_nothing_else(
    untrained, toy_counts, lr
):
    """A warning of NumPy's would be an error here."""
    with pytest.raises(SkipgramError, match="the loss became"):
        untrained.set_params(epochs=20, lr=lr).fit(toy_counts)


@pytest.mark.parametrize("topn", [0, -1, 2.5, True, "all"])
def test_a_number_of_words_below_one_is_refused(toy_model, topn):
    with pytest.raises(SkipgramError) as error:
        toy_model.predict_context("new", topn=topn)
    assert "topn must be a whole number" in str(error.value)
    assert repr(topn) in str(error.value)


@pytest.mark.parametrize("ask", ["predict_context", "context_probabilities"])
def test_an_unknown_word_is_named_with_words_spelt_alike(toy_model, ask):
    with pytest.raises(UnknownWordError) as error:
        getattr(toy_model, ask)("kangaru")
    assert str(error.value) == (
        "'kangaru' is not in the vocabulary; did you mean kangaroo?"
    )


# The tutorial's own network


@pytest.fixture(scope="module")
def tutorial(sotu_counts):
    """Train 10,000 words and 300 features on the embedded corpus."""
    model = SkipGram().fit(sotu_counts)
    assert model.network.W_in.shape == (10_000, 300)
    return model


@pytest.mark.slow
def test_the_tutorials_network_learns(tutorial, sotu_counts):
    N = sotu_counts.matrix()
    losses = [record.epoch_loss for record in tutorial.history]
    assert entropy_floor(N) == pytest.approx(6.296, abs=0.01)
    assert math.log(10_000) > unigram_entropy(N) + 0.01 > losses[0]
    assert losses == sorted(losses, reverse=True)
    assert 6.6 < network_loss(tutorial.network, N) < 7.0
    assert 6.6 < losses[-1] < 7.0


@pytest.mark.slow
def test_the_tutorials_network_knows_what_stands_near_soviet(tutorial):
    probs = tutorial.context_probabilities("soviet")
    of = {word: probs[tutorial.vocabulary[word]] for word in ("union", "fish")}
    assert probs.sum() == pytest.approx(1, rel=1e-12)
    assert of["union"] > 100 * of["fish"]
    nearest = [word for word, _ in tutorial.predict_context("soviet", 20)]
    assert "union" in nearest


@pytest.mark.slow
def test_the_tutorials_loss_is_exact(tutorial, sotu_counts):
    N = sotu_counts.matrix()
    exact = slow_loss(tutorial.network, N, slab=1_000)
    assert network_loss(tutorial.network, N) == pytest.approx(exact, rel=1e-6)
    plan = TrainingPlan(1, 1e-30, batch_rows=500, seed=0, lr_in=1e-30)
    *_, last = train(Run.over(tutorial.network, N, plan, NUMPY))
    assert last.epoch_loss == pytest.approx(exact, rel=1e-6)


# What is passed in, and what is handed out


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"lr": "0.1"}, "lr must be above 0, got '0.1'"),
        ({"lr": 10**400}, "lr must be above 0, got 1000"),
        ({"lr_in": float("nan")}, "lr_in must be above 0, got nan"),
        ({"penalty": -1}, "penalty must be 0 or more, got -1"),
        ({"vector_size": 10**400}, r"vector_size must be below 2\^31"),
        ({"epochs": 2**31}, r"epochs must be below 2\^31, got 2147483648"),
        ({"progress": "k"}, "progress must be True, False or None, got 'k'"),
        ({"warm_start": 3}, "warm_start must be True or False, got 3"),
        ({"backend": 3}, "backend must be .* got 3"),
        ({"objective": 3}, "objective must be .* got 3"),
        ({"init": None}, "init must be 'counts' or 'random', got None"),
    ],
    ids=steady,
)
def test_a_setting_that_cannot_be_is_refused_by_name(
    toy_counts, settings, said
):
    with pytest.raises(SkipgramError, match=said):
        SkipGram(**settings).fit(toy_counts)


@pytest.mark.parametrize(
    "callbacks", [[3], 3, "k", {}, [Checkpointing], [print], None], ids=steady
)
def test_callbacks_are_a_list_of_callbacks(toy_counts, callbacks):
    model = SkipGram(vector_size=2, epochs=1)
    for fit in (model.fit, model.fit_steps):
        with pytest.raises(SkipgramError, match="callbacks must be"):
            fit(toy_counts, callbacks=callbacks)


def test_callbacks_may_come_one_by_one(toy_counts):
    model = SkipGram(vector_size=2, epochs=2, progress=False)
    seen = History()
    model.fit(toy_counts, callbacks=(callback for callback in [seen]))
    assert len(model.history) == 4, "two callbacks keep each epoch"


def test_numbers_of_numpy_are_numbers(toy_counts):
    given = {
        "vector_size": np.int16(3),
        "epochs": np.uint8(2),
        "lr": np.float32(0.5),
        "seed": np.int64(4),
        "warm_start": np.False_,
    }
    plain = {name: value.item() for name, value in given.items()}
    ours = SkipGram(**given).fit(toy_counts)
    assert bits(ours.network) == bits(
        SkipGram(**plain).fit(toy_counts).network
    )
    json.dumps(ours.runs)


@pytest.mark.parametrize("objective", ["softmax", "negative-sampling"])
@pytest.mark.parametrize("lr", [1e20, 1e30, 1e300])
def test_a_single_step_that_is_too_long_is_said(toy_counts, lr, objective):
    """Whether its loss was finite or not; without a warning of NumPy's."""
    model = SkipGram(vector_size=4, epochs=1, lr=lr, objective=objective)
    with pytest.raises(SkipgramError, match="the learning rate"):
        model.fit(toy_counts)


def test_what_a_model_hands_out_leaves_it_as_it_is(toy_counts):
    model = SkipGram(vector_size=4, epochs=1, backend="numpy").fit(toy_counts)
    before = bits(model.network)
    first = model.predict_context("new")
    probs = model.context_probabilities("new")
    assert abs(probs.sum() - 1) < 1e-12
    assert 0 <= probs.min() <= probs.max() <= 1
    probs[:] = 0
    model.predict_context("new").clear()
    model.get_params()["epochs"] = 9
    for matrix in ("in", "out", "sum"):
        vectors = model.word_vectors(matrix)
        assert not np.shares_memory(vectors.matrix, model.network.W_in)
        assert not np.shares_memory(vectors.matrix, model.network.W_out)
    assert bits(model.network) == before
    assert model.predict_context("new") == first
    assert model.epochs == 1


def test_the_network_of_a_model_is_its_weights(toy_counts):
    model = SkipGram(vector_size=4, epochs=1, backend="numpy").fit(toy_counts)
    kept = model.word_vectors().matrix.copy()
    vectors = model.word_vectors()
    model.network.W_in[:] = 0
    assert (model.word_vectors().matrix == 0).all()
    assert (vectors.matrix == kept).all(), "those were copied before"


def test_a_model_is_saved_to_the_folder_that_is_returned(toy_model, tmp_path):
    assert toy_model.save(f"{tmp_path}/model") == tmp_path / "model"


def test_without_a_stderr_there_is_no_bar_and_no_failure(
    toy_documents, tmp_path, monkeypatch
):
    """Programs with windows have none."""
    (tmp_path / "text.txt").write_text("one two three " * 9)
    monkeypatch.setattr(sys, "stderr", None)
    counts = count_pairs(toy_documents)
    for progress in (None, True, False):
        model = SkipGram(vector_size=2, epochs=1, progress=progress)
        model.fit(counts).save(tmp_path / "model")
        count_files(
            TextFiles(tmp_path / "text.txt"),
            tmp_path / "counts",
            progress=progress,
        )


def test_the_plain_preset_can_be_sent_to_another_process():
    assert pickle.loads(pickle.dumps(PLAIN)) is PLAIN
    assert deepcopy(PLAIN) is PLAIN
