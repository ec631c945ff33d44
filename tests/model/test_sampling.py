"""Negative sampling: equal to the definition, pair by pair and on average."""

import ast
import json
import re
from dataclasses import replace
from math import log

import numpy as np
import pytest
import scipy.sparse as sp
from helpers import (
    assert_same_weights,
    bits,
    numeric_gradients,
    random_network,
)
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, log_expit, softmax

from skipgram_lib import SkipgramError, Vocabulary
from skipgram_lib.backend import base
from skipgram_lib.backend.base import Backend, sigmoid_and_softplus
from skipgram_lib.model.network import Network, Rows, initial_network
from skipgram_lib.model.sampling import (
    NegativeSampling,
    both_roles,
    draw_words,
    inclusion_probabilities,
    noise_distribution,
)

V, D = 7, 3
NUMPY = Backend()
seeds = st.integers(0, 1_000)
frequencies = st.lists(st.integers(1, 10_000), min_size=2, max_size=30)


def of(frequencies):
    """Return a vocabulary of made-up words with these frequencies."""
    words = [f"w{i}" for i in range(len(frequencies))]
    return Vocabulary(words, frequencies, sum(frequencies))


def random_counts(seed, V=V, C=None):
    """Return sparse counts with holes; the last row is empty."""
    rng = np.random.default_rng(seed)
    shape = V, C or V
    N = rng.integers(0, 4, shape) * rng.uniform(0.5, 1.5, shape)
    N[0, 1], N[-1] = 2.5, 0
    return sp.csr_array(N)


def random_words(seed, V=V):
    """Return a vocabulary with frequencies of very different sizes."""
    return of(np.random.default_rng(seed).integers(2, 30, V) ** 3)


def gradients_of(network, settings, N, rows, rng=None, seed=0):
    """Loss and gradients of a batch, spread out to whole matrices."""
    rows = rows_of(rows, *N.shape)
    objective = settings.over(N, random_words(seed, N.shape[1]))
    loss, found = objective.gradients(network, rows, NUMPY, rng)
    whole = Network(
        *(np.zeros_like(array) for array in vars(network).values())
    )
    whole.W_in[rows.centres] = found.W_in
    whole.W_out[rows.contexts] = found.W_out
    whole.bias[rows.contexts] = found.bias
    return loss, whole


def rows_of(centres, V, C):
    """Return the rows of a step; the same, or as many of the contexts."""
    centres = np.array(centres)
    if C == V:
        return Rows(centres, centres)
    return Rows(centres, np.arange(C)[: len(centres)])


def expected_loss(network, N, settings, seed=0, rows=None):
    """Loss by its definition: a loop over pairs, and over their negatives."""
    n = random_words(seed, N.shape[1]).frequencies ** settings.power
    noise, N, loss = n / n.sum(), N.toarray(), 0.0
    scores = network.W_in @ network.W_out.T
    if settings.uses_bias:
        scores += network.bias - np.log(settings.negative * noise)
    for c in range(len(N)) if rows is None else rows:
        for o in range(N.shape[1]):
            others = [j for j in range(N.shape[1]) if j != o]
            share = noise[others] / noise[others].sum()
            at_no = -(share * log_expit(-scores[c, others])).sum()
            at_no *= settings.negative
            loss += N[c, o] * (at_no - log_expit(scores[c, o]))
    return loss


def starts_and_lengths(*inclusions):
    """Starts for all samples that can be drawn, and how likely they are.

    A sample changes only where a step crosses a border, so between two
    borders one start stands for all.
    """
    steps = [np.cumsum(i[(i > 0) & (i < 1)]) % 1 for i in inclusions]
    borders = np.unique(np.concatenate([[0, 1], *steps]))
    return zip((borders[:-1] + borders[1:]) / 2, np.diff(borders), strict=True)


class Fixed(np.random.Generator):
    """A generator that draws one number, known before."""

    def __new__(cls, number):
        return super().__new__(cls, np.random.PCG64(0))

    def __init__(self, number):
        super().__init__(np.random.PCG64(0))
        self.number = number

    def random(self):
        return self.number


# Noise


@given(frequencies, st.floats(0, 3))
def test_noise_is_the_bent_frequencies(n, power):
    noise = noise_distribution(of(n), power)
    bent = [float(i) ** power for i in n]
    np.testing.assert_allclose(noise, np.array(bent) / sum(bent))


@pytest.mark.parametrize(
    ("n", "power", "message"),
    [
        ([5], 0.75, "two words or more, .* got 1 words and a frequency of 5"),
        ([5, 0], 0.75, "got 2 words and a frequency of 0"),
        ([5, 2], -1, "power must be from 0 to 10, got -1"),
        ([5, 2], float("nan"), "power must be from 0 to 10, got nan"),
        ([5, 2], None, "power must be from 0 to 10, got None"),
    ],
)
def test_noise_that_cannot_be_is_refused(n, power, message):
    with pytest.raises(SkipgramError, match=message):
        noise_distribution(of(n), power)


# Scores


def test_sigmoid_and_softplus_are_safe_at_any_score():
    scores = np.concatenate([np.linspace(-40, 40, 201), [-1e4, 1e4]])
    sigmoid, softplus = sigmoid_and_softplus(scores)
    np.testing.assert_allclose(sigmoid, expit(scores), rtol=1e-14)
    np.testing.assert_allclose(softplus, -log_expit(-scores), rtol=1e-14)
    sigmoid, softplus = sigmoid_and_softplus(scores.astype(np.float32))
    assert sigmoid.dtype == softplus.dtype == np.float32


# The sample that a batch shares


weights = st.lists(
    st.one_of(st.just(0.0), st.floats(0.01, 1e4)), min_size=1, max_size=30
).filter(any)


@given(weights, st.integers(1, 40))
def test_inclusion_is_in_proportion_to_the_weights_and_at_most_1(
    weights, size
):
    weights = np.array(weights)
    inclusion = inclusion_probabilities(weights, size)
    possible = np.count_nonzero(weights)
    assert inclusion.sum() == pytest.approx(min(size, possible))
    assert 0 <= inclusion.min() <= inclusion.max() <= 1
    assert (inclusion[weights == 0] == 0).all()
    below = (inclusion < 1) & (weights > 0)
    if below.any():
        ratios = inclusion[below] / weights[below]
        np.testing.assert_allclose(ratios, ratios[0])
        assert (weights[inclusion == 1] * ratios[0] >= 1 - 1e-9).all()


@given(weights, st.integers(1, 40))
def test_each_word_is_drawn_as_often_as_its_inclusion_says(weights, size):
    inclusion = inclusion_probabilities(np.array(weights), size)
    shares = np.zeros(len(weights))
    for start, length in starts_and_lengths(inclusion):
        drawn = draw_words(inclusion, Fixed(start))
        assert (np.diff(drawn) > 0).all(), "in order, each once"
        if length > 1e-9:
            assert len(drawn) == round(inclusion.sum())
        shares[drawn] += length
    np.testing.assert_allclose(shares, inclusion, atol=1e-8)


# The objective of a batch


settings = st.builds(
    NegativeSampling,
    negative=st.sampled_from([1, 2.5, 15]),
    power=st.sampled_from([0, 0.75, 1]),
    shared=st.integers(1, V + 2),
    uses_bias=st.booleans(),
)
batches = st.tuples(st.permutations(range(V)), st.integers(1, V)).map(
    lambda drawn: drawn[0][: drawn[1]]
)
sizes = st.sampled_from([V, 2, 4, V + 2])


@given(seeds, settings, batches, sizes)
def test_with_all_words_the_loss_is_what_pairs_expect(seed, settings, rows, C):
    network, N = random_network(V, D, seed, C=C), random_counts(seed, V, C)
    settings = replace(settings, shared=V + 2)
    loss, found = gradients_of(network, settings, N, rows, seed=seed)
    wanted = expected_loss(network, N, settings, seed, rows)
    assert loss == pytest.approx(wanted, rel=1e-12, abs=1e-12)
    slopes = numeric_gradients(
        lambda n: expected_loss(n, N, settings, seed), network
    )
    moved = rows_of(rows, V, C)
    slopes.W_in[np.setdiff1d(np.arange(V), moved.centres)] = 0
    for array in (slopes.W_out, slopes.bias):
        array[np.setdiff1d(np.arange(C), moved.contexts)] = 0
    assert_same_weights(found, slopes, 1e-5)
    assert settings.uses_bias or not found.bias.any()


@given(seeds, settings, batches, sizes)
def test_samples_are_right_on_average_over_all_that_can_be_drawn(
    seed, settings, rows, C
):
    network, N = random_network(V, D, seed, C=C), random_counts(seed, V, C)
    mean = Network(*(np.zeros_like(a) for a in vars(network).values()))
    mean_loss, objective = 0.0, settings.over(N, random_words(seed, C))
    roles = objective.centres.inclusion, objective.contexts.inclusion
    for start, length in starts_and_lengths(*roles):
        loss, found = gradients_of(
            network, settings, N, rows, Fixed(start), seed
        )
        mean_loss += length * loss
        for name, array in vars(mean).items():
            array += length * getattr(found, name)
    everything = replace(settings, shared=V + 2)
    exact_loss, exact = gradients_of(network, everything, N, rows, seed=seed)
    assert mean_loss == pytest.approx(exact_loss, rel=1e-8, abs=1e-8)
    assert_same_weights(mean, exact, 1e-6)


@given(seeds, settings, batches, sizes)
def test_rows_of_centres_follow_the_slopes_of_the_sampled_loss(
    seed, settings, rows, C
):
    network, N = random_network(V, D, seed, C=C), random_counts(seed, V, C)

    def loss(network):
        return gradients_of(network, settings, N, rows, 3, seed)[0]

    slopes = numeric_gradients(loss, network)
    found = gradients_of(network, settings, N, rows, 3, seed)[1]
    np.testing.assert_allclose(found.W_in, slopes.W_in, atol=1e-5)


def test_a_word_is_no_negative_where_it_is_the_only_positive():
    N = np.zeros((V, V))
    N[0, 1] = 3.0
    network = random_network(V, D)
    network.W_out[1] = 0
    settings = NegativeSampling(1, shared=V, uses_bias=False)
    found = gradients_of(network, settings, sp.csr_array(N), range(V))[1]
    # At a score of 0: half of 3 pairs, and no negative against them.
    np.testing.assert_allclose(found.W_out[1], -1.5 * network.W_in[0])


def test_the_optimum_is_the_pointwise_mutual_information_shifted():
    n, k = np.array([40.0, 30, 20, 10]), 3
    N = np.outer(n, n) * np.random.default_rng(0).uniform(0.5, 2, (4, 4))
    noise = n / n.sum()
    extended = N / (1 - noise)
    negatives = k * noise * (extended.sum(axis=1)[:, None] - extended)
    network = Network(np.log(N / negatives), np.eye(4), np.zeros(4))
    objective = NegativeSampling(k, power=1, shared=4, uses_bias=False).over(
        sp.csr_array(N), of(n.astype(int))
    )
    rows = rows_of(np.arange(4), 4, 4)
    found = objective.gradients(network, rows, NUMPY)[1]
    np.testing.assert_allclose(found.W_in, 0, atol=1e-9)
    np.testing.assert_allclose(found.W_out, 0, atol=1e-9)


def test_a_network_that_knows_nothing_costs_k_plus_1_times_ln_2_a_pair():
    network = initial_network(V, D, 0, scale=0, dtype=np.float64)
    N = random_counts(0)
    settings = NegativeSampling(5, shared=V, uses_bias=False)
    loss, _ = gradients_of(network, settings, N, range(V))
    assert loss / N.sum() == pytest.approx(6 * log(2), rel=1e-12)


def test_training_starts_from_the_frequencies_or_from_the_noise():
    N, words = random_counts(0), random_words(0)
    share = (N.toarray().sum(axis=0) + 1) / (N.sum() + V)
    bias = NegativeSampling().over(N, words).initial_bias()
    np.testing.assert_allclose(softmax(bias), share)
    bias = NegativeSampling(uses_bias=False).over(N, words).initial_bias()
    np.testing.assert_allclose(softmax(bias), noise_distribution(words))
    # There, a bias that is used adds nothing to the scores.
    network = random_network(V, D)
    network.bias[:] = bias
    one, other = (
        gradients_of(network, NegativeSampling(uses_bias=use), N, range(V))
        for use in (True, False)
    )
    assert one[0] == pytest.approx(other[0], rel=1e-12)
    np.testing.assert_allclose(one[1].W_in, other[1].W_in)


def test_word2vecs_scores_have_no_bias():
    one, other = random_network(V, D), random_network(V, D)
    other.bias[:] = 9
    settings = NegativeSampling(shared=3, uses_bias=False)
    first, second = (
        gradients_of(n, settings, random_counts(0), range(V), 1)
        for n in (one, other)
    )
    assert first[0] == second[0]
    assert bits(first[1]) == bits(second[1])


@given(seeds)
def test_the_same_seed_draws_the_same_bits(seed):
    network, N = random_network(V, D), random_counts(0)
    before, settings = bits(network), NegativeSampling(shared=3)
    one, other = (
        gradients_of(network, settings, N, range(V), [seed, 4])
        for _ in range(2)
    )
    assert one[0] == other[0]
    assert bits(one[1]) == bits(other[1])
    assert bits(network) == before


def test_the_counts_are_not_changed():
    N = random_counts(1)
    before = N.toarray().tobytes()
    gradients_of(random_network(V, D), NegativeSampling(), N, range(V))
    assert N.toarray().tobytes() == before


@given(seeds, st.floats(0.1, 9))
def test_roles_give_the_expected_negatives_of_every_cell(seed, k):
    N = random_counts(seed)
    noise = noise_distribution(random_words(seed))
    centres, contexts = both_roles(N, noise, k, V)
    found = np.outer(centres.pairs, contexts.pairs)
    found -= N.toarray() * np.outer(centres.own, contexts.own)
    wanted = np.zeros((V, V))
    for c, o, j in np.ndindex(V, V, V):
        if j != o:
            wanted[c, j] += k * N[c, o] * noise[j] / (1 - noise[o])
    np.testing.assert_allclose(found, wanted, atol=1e-9)
    assert (contexts.cells.toarray() == N.toarray().T).all()
    assert (np.diff(contexts.cells.indptr) == (N.toarray() > 0).sum(0)).all()


@pytest.mark.parametrize("portion", [1, 2, 7, 1_000])
def test_counted_cells_are_the_same_in_any_portions(portion, monkeypatch):
    monkeypatch.setattr(base, "CELLS_AT_ONCE", portion)
    network, N = random_network(V, D), random_counts(3)
    rows = np.array([4, V - 1, 0, 2])
    offset = np.linspace(-1, 1, V)
    found = NUMPY.counted_gradients(
        N[rows], network.W_in[rows], network.bias[rows], network.W_out, offset
    )
    n, scores = N.toarray(), network.W_in @ network.W_out.T + offset
    scores += network.bias[:, None]
    assert found.loss == pytest.approx(-(n * log_expit(scores))[rows].sum())
    delta = -(n * expit(-scores))[rows]
    np.testing.assert_allclose(found.hidden, delta @ network.W_out, atol=1e-12)
    np.testing.assert_allclose(found.offset, delta.sum(axis=1), atol=1e-12)


def test_words_without_counted_cells_have_gradients_of_zero():
    network, rows = random_network(V, D), np.array([V - 1, V - 1])
    found = NUMPY.counted_gradients(
        random_counts(3)[rows], network.W_in[rows], network.bias[rows],
        network.W_out, network.bias,
    )  # fmt: skip
    assert (found.loss, found.hidden.shape) == (0, (2, D))
    assert not found.hidden.any()
    assert not found.offset.any()


@pytest.mark.parametrize("rows", [1, 32, 70])
def test_scores_become_sigmoids_in_place(rows):
    rng = np.random.default_rng(0)
    scores = rng.normal(0, 5, (rows, V))
    n = rng.uniform(0, 9, rows)
    weights = rng.uniform(0, 2, V)
    before = scores.copy()
    loss = NUMPY.scale_sigmoids(scores, n, weights)
    each = np.outer(n, weights)
    np.testing.assert_allclose(scores, each * expit(before))
    assert loss == pytest.approx(-(each * log_expit(-before)).sum())


def test_the_loss_of_float32_scores_is_summed_in_float64():
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(40, 300)).astype(np.float32)
    n, weights = rng.uniform(1, 9, 40), rng.uniform(0.1, 5, 300)
    softplus = sigmoid_and_softplus(scores)[1].astype(float)
    loss = NUMPY.scale_sigmoids(scores, n, weights)
    assert loss == pytest.approx(n @ softplus @ weights, rel=1e-12)


def test_float32_weights_give_float32_gradients_and_a_float64_loss():
    V = 60
    N, rows = random_counts(0, V), rows_of(range(V), V, V)
    network = initial_network(V, D, 0, scale=0.3)
    exact = Network(*(a.astype(float) for a in vars(network).values()))
    objective = NegativeSampling(shared=20).over(N, random_words(0, V))
    loss, found = objective.gradients(network, rows, NUMPY, 1)
    wanted, slopes = objective.gradients(exact, rows, NUMPY, 1)
    assert {a.dtype for a in vars(found).values()} == {np.dtype(np.float32)}
    assert loss == pytest.approx(wanted, rel=1e-6)
    assert_same_weights(found, slopes, 1e-3)
    settings = NegativeSampling(shared=V, uses_bias=False)
    objective = settings.over(N, random_words(0, V))
    loss, _ = objective.gradients(initial_network(V, D, 0, 0), rows, NUMPY)
    once = float(np.log1p(np.float32(1)))
    assert loss / N.sum() == pytest.approx(6 * once, rel=1e-12)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"negative": 0}, "negative must be above 0, got 0"),
        ({"negative": float("nan")}, "negative must be above 0, got nan"),
        ({"negative": "5"}, "negative must be a number, got '5'"),
        ({"power": "1"}, "power must be a number, got '1'"),
        ({"uses_bias": 1}, "uses_bias must be True or False, got 1"),
        ({"shared": 0}, "shared must be a whole number of at least 1, got 0"),
        ({"shared": 2.5}, "shared must be a whole number, got 2.5"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings, message):
    with pytest.raises(SkipgramError, match=message):
        NegativeSampling(**settings)


def test_counts_of_another_vocabulary_are_refused():
    with pytest.raises(SkipgramError, match="7 words, and the counts 9 con"):
        NegativeSampling().over(random_counts(0, 7, 9), random_words(0))


def test_a_step_without_contexts_moves_none():
    """More steps than contexts: some steps have none."""
    network, N = random_network(V, D, C=2), random_counts(0, V, 2)
    objective = NegativeSampling().over(N, random_words(0, 2))
    rows = Rows(np.array([1, 4]), np.array([], int))
    loss, found = objective.gradients(network, rows, NUMPY, 0)
    assert loss > 0
    assert found.W_in.shape == (2, D)
    assert found.W_out.shape == (0, D)
    assert found.bias.shape == (0,)


def test_the_workshop_quotes_what_the_benchmark_measured(root):
    book = root / "notebooks" / "workshop_05_negative_sampling.ipynb"
    cells = json.loads(book.read_text(encoding="utf-8"))["cells"]
    text = "\n".join("".join(cell["source"]) for cell in cells)
    found = re.search(
        r"^measured = (\[.*?^\])$", text, re.DOTALL | re.MULTILINE
    )
    results = root / "benchmarks" / "results" / "softmax_or_sampling.json"
    runs = json.loads(results.read_text(encoding="utf-8"))["runs"]
    assert sorted(ast.literal_eval(found[1])) == sorted(
        (
            run["corpus"],
            run["words"],
            run["objective"],
            round(run["seconds"], 1),
            round(run["peak_mb"]),
            round(run["scores"]["google"]["score"], 3),
        )
        for run in runs
        if run["setting"] == "defaults"
    )
