"""A network of two vocabularies: its centres are not its contexts."""

import numpy as np
import pytest
import scipy.sparse as sp
from helpers import assert_same_weights, bits, host, numeric_gradients
from scipy.special import softmax as exact_softmax

from skipgram_lib import (
    Counts,
    NegativeSampling,
    SkipGram,
    SkipgramError,
    UnknownWordError,
    Vocabulary,
)
from skipgram_lib.backend.base import Backend
from skipgram_lib.counts import counts as counts_module
from skipgram_lib.counts.counts import entropy_floor, unigram_entropy
from skipgram_lib.model.callbacks import Checkpointing
from skipgram_lib.model.network import Rows, initial_network
from skipgram_lib.model.perplexity import held_out_perplexity
from skipgram_lib.model.softmax import FullSoftmax, network_loss
from skipgram_lib.model.training import Callback

V, C, D = 11, 6, 4
OBJECTIVES = ["softmax", NegativeSampling(shared=3), NegativeSampling()]
NUMPY = Backend()
SETTINGS = {
    "window": 2,
    "side": "both",
    "shrink_windows": False,
    "sample": 0.0,
}


def words(letter, n):
    """Return a vocabulary of n words that begin with a letter."""
    frequencies = np.arange(n, 0, -1) * 3
    names = [f"{letter}{i}" for i in range(n)]
    return Vocabulary(names, frequencies, int(frequencies.sum()))


def make_counts(seed=0, V=V, C=C):
    """Return counts of V centres and C contexts of their own."""
    rng = np.random.default_rng(seed)
    cells = rng.integers(1, 9, (V, C)) * (rng.random((V, C)) < 0.6)
    cells[0, 0] = 5
    return Counts(
        sp.csr_array(cells), 2, rng.uniform(0.3, 1, V), SETTINGS,
        words("a", V), words("b", C), rng.uniform(0.3, 1, C),
    )  # fmt: skip


@pytest.fixture(scope="module")
def counts():
    """Return counts of two vocabularies."""
    return make_counts()


@pytest.fixture(scope="module", params=OBJECTIVES, ids=str)
def model(request, counts):
    """Return a trained model. Do not change it."""
    return untrained(request.param).fit(counts, held_out=make_counts(1))


def untrained(objective="softmax", **settings):
    """Return a model of some steps an epoch."""
    given = {"vector_size": D, "epochs": 30, "batch_rows": 4, "seed": 2}
    return SkipGram(objective=objective, **given | settings)


def test_gradients_of_the_softmax_are_the_slopes_of_its_loss(counts):
    network = initial_network(V, D, 1, 0.5, np.float64, contexts=C)
    N = counts.matrix()
    rows = Rows(np.array([7, 2, 10]))

    def loss(network):
        return FullSoftmax(N).gradients(network, rows, NUMPY)[0]

    found = FullSoftmax(N).gradients(network, rows, NUMPY)[1]
    slopes = numeric_gradients(loss, network)
    assert_same_weights(
        type(found)(found.W_in, found.W_out, found.bias),
        type(found)(slopes.W_in[rows.centres], slopes.W_out, slopes.bias),
        1e-6,
    )


def test_a_step_moves_what_it_should(counts):
    """With all words shared, both halves of a step are the exact slopes."""
    network = initial_network(V, D, 1, 0.5, np.float64, contexts=C)
    goal = NegativeSampling(shared=V).over(counts.table(), counts.contexts)
    everything = Rows(np.arange(V), np.arange(C))

    def loss(network):
        return goal.gradients(network, everything, NUMPY)[0]

    slopes = numeric_gradients(loss, network)
    found = goal.gradients(network, everything, NUMPY)[1]
    assert_same_weights(found, slopes, 1e-5)
    some = Rows(np.array([3, 8]), np.array([5, 0, 1]))
    part = goal.gradients(network, some, NUMPY)[1]
    np.testing.assert_allclose(part.W_in, slopes.W_in[[3, 8]], atol=1e-5)
    np.testing.assert_allclose(part.W_out, slopes.W_out[[5, 0, 1]], atol=1e-5)


def test_the_loss_falls_towards_the_floor(counts):
    model = untrained(epochs=200, penalty=0.0).fit(counts)
    losses = [record.epoch_loss for record in model.history]
    floor = entropy_floor(counts.matrix())
    assert floor < losses[-1] < losses[0]
    assert losses[-1] < floor + 0.05 < unigram_entropy(counts.matrix())


def test_every_objective_lowers_its_loss(model):
    losses = [record.epoch_loss for record in model.history]
    assert losses[-1] < losses[0]
    assert all(np.isfinite(r.held_out_loss) for r in model.history)
    shapes = [array.shape for array in vars(model.network).values()]
    assert shapes == [(V, D), (C, D), (C,)]


@pytest.mark.parametrize(("rows", "contexts"), [(V, 60), (60, C), (1, 9)])
@pytest.mark.parametrize("objective", OBJECTIVES, ids=str)
def test_any_two_sizes_train(objective, rows, contexts):
    counts = make_counts(3, rows, contexts)
    model = untrained(objective, epochs=3, batch_rows=2).fit(counts)
    assert np.isfinite(model.history[-1].epoch_loss)


@pytest.mark.parametrize("objective", OBJECTIVES, ids=str)
@pytest.mark.parametrize("init", ["counts", "random"])
def test_training_from_the_disk_is_the_same(
    counts, tmp_path, monkeypatch, objective, init
):
    counts.save(tmp_path / "counts")
    loaded = Counts.load(tmp_path / "counts")
    assert loaded.contexts.words == counts.contexts.words
    monkeypatch.setattr(counts_module, "MAX_CELLS_IN_MEMORY", 0)
    settings = {"objective": objective, "init": init, "epochs": 3}
    one, two = (untrained(**settings).fit(c) for c in (counts, loaded))
    assert not isinstance(loaded.table(), sp.csr_array)
    assert bits(one.network) == bits(two.network)
    assert one.counted == two.counted


def test_a_saved_model_comes_back(model, tmp_path):
    model.save(tmp_path / "model")
    loaded = SkipGram.load(tmp_path / "model")
    assert bits(loaded.network) == bits(model.network)
    assert loaded.vocabulary.words == model.vocabulary.words
    assert loaded.contexts.words == model.contexts.words
    assert loaded.get_params() == model.get_params()
    assert loaded.predict_context("a3") == model.predict_context("a3")
    names = sorted(
        p.name.split("-")[0] for p in (tmp_path / "model").iterdir()
    )
    assert names == ["contexts", "model.json", "vocabulary", "weights"]


def test_centres_are_asked_and_contexts_answer(model):
    W_in, W_out, bias = (
        host(array).astype(float) for array in vars(model.network).values()
    )
    wanted = exact_softmax(W_out @ W_in[3] + bias)
    np.testing.assert_allclose(
        model.context_probabilities("a3"), wanted, rtol=1e-5
    )
    found = model.predict_context("a3", topn=99)
    assert sum(p for _, p in found) == pytest.approx(1)
    assert {word for word, _ in found} == set(model.contexts.words)
    with pytest.raises(UnknownWordError):
        model.predict_context("b0")
    assert {w[0] for w, _ in model.vectors.most_similar("a1")} == {"a"}
    assert model.word_vectors("out").words == model.contexts.words
    assert model.word_vectors("in").words == model.vocabulary.words
    with pytest.raises(SkipgramError, match="different words"):
        model.word_vectors("sum")
    assert "trained on 11 x 6 words, 30 epochs" in repr(model)


def test_held_out_text_needs_both_vocabularies(model, counts):
    assert held_out_perplexity(model, counts) == pytest.approx(
        np.exp(network_loss(model.network, counts.matrix()))
    )
    other = Counts(
        counts.cells, 2, counts.keep, SETTINGS, counts.vocabulary,
        words("c", C), counts.keep_contexts,
    )  # fmt: skip
    with pytest.raises(SkipgramError, match="the counts are of other context"):
        held_out_perplexity(model, other)


def test_initial_weights_are_factors_of_both(counts):
    class First(Callback):
        def begin(self, run):
            network = run.network
            self.product = host(network.W_in) @ host(network.W_out).T

    first = First()
    untrained(vector_size=C).fit(counts, callbacks=[first])
    N = counts.matrix()
    share = N.toarray() * N.sum()
    expected = np.outer(N.sum(axis=1), N.sum(axis=0))
    with np.errstate(divide="ignore", invalid="ignore"):
        wanted = np.maximum(np.log(share / expected), 0)
    np.testing.assert_allclose(first.product, np.nan_to_num(wanted), atol=0.03)


@pytest.mark.parametrize("objective", OBJECTIVES, ids=str)
@pytest.mark.parametrize("stop", [1, 4, 7])
def test_resumed_is_as_never_stopped(counts, tmp_path, objective, stop):
    whole = untrained(objective, epochs=3).fit(counts)
    keep = Checkpointing(tmp_path, every=0)
    steps = untrained(objective, epochs=3).fit_steps(counts, callbacks=[keep])
    for record in steps:
        if record.step == stop:
            break
    steps.close()
    resumed = untrained(objective, epochs=3)
    again = Checkpointing(tmp_path, every=0, resume=True)
    resumed.fit(counts, callbacks=[again])
    assert bits(resumed.network) == bits(whole.network)
    other = make_counts(0, V, C)
    other = Counts(
        other.cells, 2, other.keep, SETTINGS, other.vocabulary,
        words("c", C), other.keep_contexts,
    )  # fmt: skip
    with pytest.raises(SkipgramError, match=r"contexts is .*, and the che"):
        untrained(objective, epochs=3).fit(other, callbacks=[again])
